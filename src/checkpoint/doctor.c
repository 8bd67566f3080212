/* What the host can and cannot do: see checkpoint.h. Each check tries the thing itself where that
 * changes nothing, rather than to believe a version. */
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "checkpoint.h"
#include "criu.h"

#include "cgroups/cgroups.h"
#include "runtime/helper.h"

#define KERNEL_MIN_TEXT "5.14"
#define KERNEL_MIN CRIU_VERSION_OF(5, 14)
/* CRIU's page server moves pages through a pipe of this size, and does not see when it got a
 * smaller one: it then ends at the first page. */
#define PAGE_PIPE_SIZE (4u << 20)

struct doctor {
	const struct runtime *rt;
	const char *criu;
	struct arena *arena;
	struct doctor_report *report;
	struct utsname kernel;
};

static const char *const status_names[] = {"ok", "warn", "fail"};

const char *doctor_status_name(enum doctor_status status)
{
	return status_names[status];
}

/* message and remedy are constants or the arena's; what memory was not enough for is empty. */
static void add(struct doctor *d, const char *name, enum doctor_status status, const char *message,
		const char *remedy)
{
	struct doctor_report *r = d->report;

	if (r->n == DOCTOR_MAX)
		return;
	r->checks[r->n++] = (struct doctor_check){
		.name = name,
		.status = status,
		.message = message ? message : "",
		.remedy = status == DOCTOR_OK ? NULL : remedy,
	};
	if (status > r->worst)
		r->worst = status;
}

static void check_kernel(struct doctor *d)
{
	const char *text = arena_printf(d->arena, "Linux %s", d->kernel.release);
	uint32_t version;

	if (criu_parse_version(d->kernel.release, &version) < 0 || version < KERNEL_MIN)
		add(d, "kernel", DOCTOR_FAIL, text, "boot Linux " KERNEL_MIN_TEXT " or later");
	else
		add(d, "kernel", DOCTOR_OK, text, NULL);
}

static const char *controllers_text(struct arena *a, uint32_t have, bool wanted)
{
	const char *text = "";

	for (int c = 0; c < CG_CONTROLLER_MAX && text; c++)
		if ((have >> c & 1) == wanted)
			text = arena_printf(a, "%s%s%s", text, *text ? " " : "",
					    cg_controller_name((enum cg_controller)c));
	return text;
}

static void check_cgroup(struct doctor *d)
{
	const uint32_t usual = 1u << CG_CPU | 1u << CG_MEMORY | 1u << CG_PIDS;
	_cg_mount_ struct cg_mount m = {.fd = FD_NONE};
	uint32_t have = 0;
	struct err e;

	if (cg_mount_open(&e, &m) < 0 || cg_controllers(&e, m.fd, &have) < 0) {
		add(d, "cgroup", DOCTOR_FAIL, arena_strdup(d->arena, e.msg),
		    "boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 on "
		    "/sys/fs/cgroup");
		return;
	}
	if ((have & usual) == usual)
		add(d, "cgroup", DOCTOR_OK,
		    arena_printf(d->arena, "version 2 at %s: %s", m.point,
				 controllers_text(d->arena, have, true)),
		    NULL);
	else
		add(d, "cgroup", DOCTOR_WARN,
		    arena_printf(d->arena, "version 2 at %s without controllers: %s", m.point,
				 controllers_text(d->arena, have, false)),
		    "limits of these cannot be set: boot without cgroup version 1");
}

static void check_namespaces(struct doctor *d)
{
	static const char *const names[] = {"mnt", "pid",    "net",  "uts",
					    "ipc", "cgroup", "user", "time"};
	const char *missing = "";
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(names) && missing; i++) {
		(void)str_format(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (faccessat(AT_FDCWD, path, F_OK, 0) < 0)
			missing = arena_printf(d->arena, "%s%s%s", missing, *missing ? " " : "",
					       names[i]);
	}
	if (missing && *missing)
		add(d, "namespaces", DOCTOR_FAIL, arena_printf(d->arena, "missing: %s", missing),
		    "use a kernel with CONFIG_NAMESPACES and all of its kinds");
	else
		add(d, "namespaces", DOCTOR_OK, "all kinds", NULL);
}

static void check_helpers(struct doctor *d)
{
	static const struct {
		const char *name, *use;
	} helpers[] = {
		{"bawn-net", "--network and linux.netDevices"},
		{"bawn-systemd", "--systemd-cgroup"},
		{"bawn-criu", "checkpoint and restore"},
	};
	char path[PATH_MAX];
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		if (helper_find(&e, d->rt, helpers[i].name, path, sizeof(path)) == 0)
			add(d, helpers[i].name, DOCTOR_OK, arena_strdup(d->arena, path), NULL);
		else
			add(d, helpers[i].name, DOCTOR_WARN, arena_strdup(d->arena, e.msg),
			    arena_printf(d->arena, "%s need it: make install", helpers[i].use));
	}
}

/* One that is not there is a choice; one that is there and cannot work is a mistake. */
static void check_criu(struct doctor *d)
{
	const char *remedy = "look at what it says: run it with the argument check";
	struct criu criu;
	struct err e;

	if (criu_find(&e, d->criu, &criu) < 0) {
		add(d, "criu", d->criu ? DOCTOR_FAIL : DOCTOR_WARN, arena_strdup(d->arena, e.msg),
		    "for checkpoint and restore: install CRIU, or name it with --criu");
		return;
	}
	if (criu_ask_version(&e, d->rt, &criu) < 0 ||
	    criu_check_kernel(&e, &criu, d->kernel.release, &remedy) < 0)
		add(d, "criu", DOCTOR_FAIL, arena_strdup(d->arena, e.msg), remedy);
	else
		add(d, "criu", DOCTOR_OK,
		    arena_printf(d->arena, "CRIU %s (%s)", criu.version_text, criu.path), NULL);
}

/* CRIU stops processes and puts code into them. */
static void check_rights(struct doctor *d)
{
	_buf_ struct buf text = {0};
	struct err e;

	if (runtime_is_unprivileged(d->rt)) {
		add(d, "rights", DOCTOR_WARN, "bawn has no rights on the host",
		    "for checkpoint and restore: be root");
		return;
	}
	if (file_read_at(&e, AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 64, &text) == 0 &&
	    text.len && text.data[0] == '3')
		add(d, "rights", DOCTOR_WARN, "kernel.yama.ptrace_scope is 3: nobody may trace",
		    "for checkpoint and restore: boot with kernel.yama.ptrace_scope up to 2");
	else
		add(d, "rights", DOCTOR_OK, "root, and may trace processes", NULL);
}

/* Whether a page that is written to afterwards is marked in /proc/self/pagemap. */
static bool soft_dirty_works(void)
{
	_close_ int pagemap = openat(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long size = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0, bits[2] = {0};
	char *page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	off_t at;

	if (page == MAP_FAILED)
		return false;
	at = (off_t)((uintptr_t)page / (uintptr_t)size * sizeof(entry));
	for (int i = 0; i < 2 && pagemap >= 0; i++) {
		*(volatile char *)page = (char)i;
		if (i == 0 && file_write_at(AT_FDCWD, "/proc/self/clear_refs", "4", 1) < 0)
			break;
		if (pread(pagemap, &entry, sizeof(entry), at) != sizeof(entry))
			break;
		bits[i] = entry >> 55 & 1;
	}
	munmap(page, (size_t)size);
	return !bits[0] && bits[1];
}

static void check_soft_dirty(struct doctor *d)
{
	if (soft_dirty_works())
		add(d, "soft-dirty", DOCTOR_OK, "the kernel tells which pages are new", NULL);
	else
		add(d, "soft-dirty", DOCTOR_WARN,
		    "the kernel does not tell which pages are new (CONFIG_MEM_SOFT_DIRTY)",
		    "without it there is no --pre-dump: a dump writes all memory at once");
}

/* What CRIU's lazy pages need of it: to see what the process does with its memory. */
static bool userfaultfd_works(void)
{
	_close_ int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP |
			    UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMOVE,
	};

	return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0;
}

static void check_userfaultfd(struct doctor *d)
{
	if (userfaultfd_works())
		add(d, "userfaultfd", DOCTOR_OK, "memory can follow later", NULL);
	else
		add(d, "userfaultfd", DOCTOR_WARN,
		    "the kernel gives no userfaultfd with all events, so no lazy pages",
		    "use a kernel with CONFIG_USERFAULTFD; needs CAP_SYS_PTRACE");
}

static bool has_cap_sys_resource(void)
{
	_buf_ struct buf text = {0};
	struct err e;
	const char *line;
	unsigned long long caps = 0;

	if (file_read_at(&e, AT_FDCWD, "/proc/self/status", 64u << 10, &text) < 0)
		return false;
	line = text.data ? strstr(text.data, "\nCapEff:") : NULL;
	return line && sscanf(line, "\nCapEff: %llx", &caps) == 1 && caps >> CAP_SYS_RESOURCE & 1;
}

static void check_pipe_size(struct doctor *d)
{
	static const char path[] = "/proc/sys/fs/pipe-max-size";
	_buf_ struct buf text = {0};
	uint64_t size = 0;
	struct err e;

	if (file_read_at(&e, AT_FDCWD, path, 64, &text) == 0 && text.data) {
		text.data[strcspn(text.data, "\n")] = '\0';
		(void)str_to_u64(text.data, &size);
	}
	if (size >= PAGE_PIPE_SIZE || has_cap_sys_resource())
		add(d, "pipe-size", DOCTOR_OK, "pages can be sent to another host", NULL);
	else
		add(d, "pipe-size", DOCTOR_WARN,
		    arena_printf(d->arena,
				 "fs.pipe-max-size is %llu and bawn has no CAP_SYS_RESOURCE: CRIU "
				 "cannot send lazy pages",
				 (unsigned long long)size),
		    arena_printf(d->arena, "sysctl fs.pipe-max-size=%u", PAGE_PIPE_SIZE));
}

int doctor_host(struct err *e, const struct runtime *rt, const char *criu, struct arena *a,
		struct doctor_report *ret)
{
	struct doctor d = {.rt = rt, .criu = criu, .arena = a, .report = ret};

	*ret = (struct doctor_report){0};
	if (uname(&d.kernel) < 0)
		return err_sys(e, "ask for the kernel's version");
	check_kernel(&d);
	check_cgroup(&d);
	check_namespaces(&d);
	check_rights(&d);
	check_helpers(&d);
	check_criu(&d);
	check_soft_dirty(&d);
	check_userfaultfd(&d);
	check_pipe_size(&d);
	return 0;
}
