/*
 * Reads the statistics and limits of a cgroup: which file holds what. The texts are parsed in
 * cg_stat_parse.c and cg_stat_tables.c. Input: files of the kernel. A container can neither shape
 * them nor their number: what is below its own cgroup is not looked at.
 */
#include "cg.h"

#include "cg_stat_parse.h"

#define HUGEPAGES_DIR "/sys/kernel/mm/hugepages"
#define HUGEPAGES_MAX 32		/* sizes */
#define CPUSET_LIST_MAX 4096

struct reader {
	int fd;				/* of the cgroup */
	struct arena *a;
	struct buf text;		/* of the file that was read last */
};

/* 1 with the text, 0 when there is no such file (the controller is off here, the kernel is older,
 * or does not account this), -errno. */
static int read_stat(struct reader *r, const char *name, struct slice *ret)
{
	_close_ int fd = openat(r->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int n;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP ? 0 : -errno;
	r->text.len = 0;
	n = fd_read_all(fd, CG_STAT_TEXT_MAX, &r->text);
	if (n == -ENODEV || n == -EOPNOTSUPP)
		return 0;
	if (n < 0)
		return n;
	*ret = (struct slice){ r->text.data, r->text.len };
	return 1;
}

/* ---- files with one value ---- */

#define AT(member_) offsetof(struct cg_stat, member_)
static const struct cg_stat_key value_files[] = {
	{ "cpu.weight", AT(cpu.weight) },
	{ "cpu.idle", AT(cpu.idle) },
	{ "cpu.max.burst", AT(cpu.max_burst_usec) },
	{ "memory.current", AT(memory.current) },
	{ "memory.peak", AT(memory.peak) },
	{ "memory.max", AT(memory.max) },
	{ "memory.high", AT(memory.high) },
	{ "memory.low", AT(memory.low) },
	{ "memory.min", AT(memory.min) },
	{ "memory.oom.group", AT(memory.oom_group) },
	{ "memory.swap.current", AT(memory.swap_current) },
	{ "memory.swap.peak", AT(memory.swap_peak) },
	{ "memory.swap.max", AT(memory.swap_max) },
	{ "memory.swap.high", AT(memory.swap_high) },
	{ "memory.zswap.current", AT(memory.zswap_current) },
	{ "memory.zswap.max", AT(memory.zswap_max) },
	{ "pids.current", AT(pids.current) },
	{ "pids.max", AT(pids.max) },
	{ "pids.peak", AT(pids.peak) },
	{ NULL, 0 },
};

static int read_value(struct reader *r, const char *name, struct opt_u64 *ret)
{
	struct slice text, word;
	int n = read_stat(r, name, &text);

	if (n > 0 && slice_line(&text, &word))
		cg_parse_value(word, ret);
	return n;
}

/* ---- files of "KEY VALUE" lines ---- */

static const struct cg_stat_key cgroup_keys[] = {
	{ "nr_descendants", AT(nr_descendants) },
	{ "nr_dying_descendants", AT(nr_dying_descendants) },
	{ NULL, 0 },
};
static const struct cg_stat_key cpu_keys[] = {
	{ "usage_usec", AT(cpu.usage_usec) },
	{ "user_usec", AT(cpu.user_usec) },
	{ "system_usec", AT(cpu.system_usec) },
	{ "nice_usec", AT(cpu.nice_usec) },
	{ "core_sched.force_idle_usec", AT(cpu.force_idle_usec) },
	{ "nr_periods", AT(cpu.nr_periods) },
	{ "nr_throttled", AT(cpu.nr_throttled) },
	{ "throttled_usec", AT(cpu.throttled_usec) },
	{ "nr_bursts", AT(cpu.nr_bursts) },
	{ "burst_usec", AT(cpu.burst_usec) },
	{ NULL, 0 },
};
#define EVENT(member_) offsetof(struct cg_memory_events, member_)
static const struct cg_stat_key memory_event_keys[] = {
	{ "low", EVENT(low) },
	{ "high", EVENT(high) },
	{ "max", EVENT(max) },
	{ "oom", EVENT(oom) },
	{ "oom_kill", EVENT(oom_kill) },
	{ "oom_group_kill", EVENT(oom_group_kill) },
	{ NULL, 0 },
};
static const struct cg_stat_key swap_event_keys[] = {
	{ "high", AT(memory.swap_events_high) },
	{ "max", AT(memory.swap_events_max) },
	{ "fail", AT(memory.swap_events_fail) },
	{ NULL, 0 },
};
static const struct cg_stat_key pids_event_keys[] = {
	{ "max", AT(pids.events_max) },
	{ NULL, 0 },
};
static const struct {
	const char *name;
	const struct cg_stat_key *keys;
	size_t offset;
} key_files[] = {
	{ "cgroup.stat", cgroup_keys, 0 },
	{ "cpu.stat", cpu_keys, 0 },
	{ "memory.events", memory_event_keys, AT(memory.events) },
	{ "memory.events.local", memory_event_keys, AT(memory.events_local) },
	{ "memory.swap.events", swap_event_keys, 0 },
	{ "pids.events", pids_event_keys, 0 },
};

static int read_keys(struct reader *r, const char *name, const struct cg_stat_key *keys, void *base)
{
	struct slice text;
	int n = read_stat(r, name, &text);

	if (n > 0)
		cg_parse_keys(text, keys, base);
	return n;
}

/* ---- pressure ---- */

static const struct {
	const char *name;
	size_t offset;
} psi_files[] = {
	{ "cpu.pressure", AT(cpu.psi) },
	{ "memory.pressure", AT(memory.psi) },
	{ "io.pressure", AT(io.psi) },
	{ "irq.pressure", AT(irq_psi) },
};

static int read_psi(struct reader *r, const char *name, struct cg_psi *ret)
{
	struct slice text;
	int n = read_stat(r, name, &text);

	if (n > 0)
		cg_parse_psi(text, ret);
	return n;
}

/* ---- the rest, each with a form of its own ---- */

static int read_memory_stat(struct reader *r, struct cg_stat *s)
{
	struct slice text;
	int n = read_stat(r, "memory.stat", &text);

	return n > 0 ? cg_parse_pairs(r->a, text, &s->memory.stat) : n;
}

static int read_cpu_max(struct reader *r, struct cg_stat *s)
{
	struct slice text;
	int n = read_stat(r, "cpu.max", &text);

	if (n > 0)
		cg_parse_cpu_max(text, &s->cpu);
	return n;
}

static int read_io(struct reader *r, struct cg_stat *s)
{
	struct slice text;
	int n = read_stat(r, "io.stat", &text);

	if (n <= 0)
		return n;
	s->io.set = true;
	n = cg_parse_io(r->a, text, false, &s->io);
	if (n >= 0 && (n = read_stat(r, "io.max", &text)) > 0)
		n = cg_parse_io(r->a, text, true, &s->io);
	/* io.weight is there with the cost model, io.bfq.weight with that scheduler. */
	if (n >= 0 && (n = read_stat(r, "io.bfq.weight", &text)) > 0)
		n = cg_parse_io_weight(r->a, text, &s->io);
	if (n >= 0 && (n = read_stat(r, "io.weight", &text)) > 0)
		n = cg_parse_io_weight(r->a, text, &s->io);
	return n;
}

static int read_list(struct reader *r, const char *name, const char **ret)
{
	struct slice text, line = { "", 0 };
	int n = read_stat(r, name, &text);

	if (n <= 0)
		return n;
	(void)slice_line(&text, &line);
	*ret = arena_strndup(r->a, line.p, line.n < CPUSET_LIST_MAX ? line.n : 0);
	return *ret ? 0 : -ENOMEM;
}

static int read_cpuset(struct reader *r, struct cg_stat *s)
{
	int n = read_list(r, "cpuset.cpus.effective", &s->cpus_effective);

	return n < 0 ? n : read_list(r, "cpuset.mems.effective", &s->mems_effective);
}

static int read_rdma(struct reader *r, struct cg_stat *s)
{
	struct slice text;
	int n = read_stat(r, "rdma.current", &text);

	if (n > 0)
		n = cg_parse_rdma(r->a, text, false, s);
	if (n >= 0 && (n = read_stat(r, "rdma.max", &text)) > 0)
		n = cg_parse_rdma(r->a, text, true, s);
	return n;
}

static int read_misc(struct reader *r, struct cg_stat *s)
{
	static const char *const names[] = {
		[CG_MISC_CURRENT] = "misc.current",
		[CG_MISC_MAX] = "misc.max",
		[CG_MISC_PEAK] = "misc.peak",
		[CG_MISC_EVENTS] = "misc.events",
	};
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && n >= 0; i++) {
		struct slice text;

		n = read_stat(r, names[i], &text);
		if (n > 0)
			n = cg_parse_misc(r->a, text, (enum cg_misc_file)i, s);
	}
	return n;
}

/* One page size; takes no place in the list when the controller is off. */
static int read_hugetlb_size(struct reader *r, const char *size, struct cg_stat *s)
{
	static const struct cg_stat_key event_keys[] = {
		{ "max", offsetof(struct cg_hugetlb_stat, events_max) },
		{ NULL, 0 },
	};
	struct cg_hugetlb_stat h = { .size = "" };
	const struct {
		const char *suffix;
		struct opt_u64 *to;
	} files[] = {
		{ "current", &h.current },
		{ "max", &h.max },
		{ "rsvd.current", &h.rsvd_current },
		{ "rsvd.max", &h.rsvd_max },
	};
	char name[64];
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)str_format(name, sizeof(name), "hugetlb.%s.%s", size, files[i].suffix);
		n = read_value(r, name, files[i].to);
		if (n < 0)
			return n;
	}
	if (!h.current.set)
		return 0;
	(void)str_format(name, sizeof(name), "hugetlb.%s.events", size);
	n = read_keys(r, name, event_keys, &h);
	(void)str_format(h.size, sizeof(h.size), "%s", size);
	s->hugetlb.v[s->hugetlb.n++] = h;
	return n < 0 ? n : 0;
}

/* The page sizes come from the host: a container could make cgroups with names like those files. */
static int read_hugetlb(struct reader *r, struct cg_stat *s)
{
	int fd = openat(AT_FDCWD, HUGEPAGES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int n = 0;

	if (!dir) {
		fd_close(&fd);
		return 0;
	}
	s->hugetlb.v = arena_array(r->a, HUGEPAGES_MAX, sizeof(*s->hugetlb.v));
	if (!s->hugetlb.v)
		return -ENOMEM;
	while (n >= 0 && s->hugetlb.n < HUGEPAGES_MAX && (entry = readdir(dir))) {
		char size[sizeof(s->hugetlb.v->size)];

		if (cg_hugetlb_size(entry->d_name, size, sizeof(size)))
			n = read_hugetlb_size(r, size, s);
	}
	return n;
}

static int failed(struct err *e, int r, const char *name)
{
	return err_num(e, r, "read %s of the container's cgroup", name);
}

static int read_tables(struct err *e, struct reader *r, struct cg_stat *s)
{
	for (const struct cg_stat_key *f = value_files; f->key; f++) {
		int n = read_value(r, f->key, (void *)((char *)s + f->offset));

		if (n < 0)
			return failed(e, n, f->key);
	}
	for (size_t i = 0; i < ARRAY_SIZE(key_files); i++) {
		int n = read_keys(r, key_files[i].name, key_files[i].keys,
				  (char *)s + key_files[i].offset);

		if (n < 0)
			return failed(e, n, key_files[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(psi_files); i++) {
		int n = read_psi(r, psi_files[i].name, (void *)((char *)s + psi_files[i].offset));

		if (n < 0)
			return failed(e, n, psi_files[i].name);
	}
	return 0;
}

int cg_stat_read(struct err *e, int cgroup_fd, struct arena *a, struct cg_stat *ret)
{
	static const struct {
		const char *name;
		int (*read)(struct reader *r, struct cg_stat *s);
	} others[] = {
		{"memory.stat", read_memory_stat},
		{"cpu.max", read_cpu_max},
		{"io.stat", read_io},
		{"cpuset.cpus.effective", read_cpuset},
		{"rdma.current", read_rdma},
		{"misc.current", read_misc},
		{"hugetlb.*", read_hugetlb},
	};
	struct reader r = { .fd = cgroup_fd, .a = a };
	int n;

	*ret = (struct cg_stat){ .cpus_effective = NULL };
	n = read_tables(e, &r, ret);
	for (size_t i = 0; i < ARRAY_SIZE(others) && n >= 0; i++) {
		n = others[i].read(&r, ret);
		if (n < 0)
			failed(e, n, others[i].name);
	}
	buf_done(&r.text);
	/* Of a removed cgroup all files are missing. */
	if (n >= 0 && faccessat(cgroup_fd, "cgroup.procs", F_OK, 0) < 0)
		return cg_fail(e, ENOENT, ERR_NOT_FOUND, "the container's cgroup is gone");
	return n < 0 ? n : 0;
}

int cg_memory_events_open(struct err *e, int cgroup_fd)
{
	int fd = openat(cgroup_fd, "memory.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENODEV ? FD_NONE : failed(e, -errno, "memory.events");
}

int cg_memory_events_read(struct err *e, int events_fd, struct cg_memory_events *ret)
{
	char text[1024];
	ssize_t n = pread(events_fd, text, sizeof(text), 0);

	if (n < 0)
		return failed(e, -errno, "memory.events");
	*ret = (struct cg_memory_events){.low = {.set = false}};
	cg_parse_keys((struct slice){text, (size_t)n}, memory_event_keys, ret);
	return 0;
}
