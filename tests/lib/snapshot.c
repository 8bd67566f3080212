/*
 * snapshot: what a container runtime can leave behind on this host, one sorted line each.
 *
 *   snapshot [-a] [-c CGROUP] [-p PID] [DIR...]
 *
 * assert_clean compares two of them. Only what this view owns is shown: the processes, device
 * programs and cgroups below the cgroup2 root CGROUP, this mount and network namespace, the open
 * files of PID, and the names below each DIR. With -a the machine is ours alone (the test VM):
 * then all processes, all BPF programs and the key counts too. Its own ancestors are not shown.
 * In C because a shell would take a second for each test in the VM.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char **lines;
static size_t lines_n, lines_max;
static bool whole_machine;
static const char *cgroup_root = "/sys/fs/cgroup";
static int ancestors[64];

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
	va_list ap;

	if (lines_n == lines_max) {
		lines_max = lines_max ? lines_max * 2 : 256;
		lines = reallocarray(lines, lines_max, sizeof(*lines));
		if (!lines)
			err(1, "memory");
	}
	va_start(ap, fmt);
	if (vasprintf(&lines[lines_n++], fmt, ap) < 0)
		err(1, "memory");
	va_end(ap);
}

/* The first line of a small file, "" when there is none. */
static const char *read_line(const char *path)
{
	static char line[4096];
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* All kernel threads are children of kthreadd, which is process 2. */
static bool is_kernel_thread(int pid, int ppid)
{
	return pid == 2 || ppid == 2;
}

static bool is_ancestor(int pid)
{
	for (size_t i = 0; i < 64 && ancestors[i]; i++)
		if (ancestors[i] == pid)
			return true;
	return false;
}

static void find_ancestors(void)
{
	char path[64];
	const char *p;
	int pid = getpid();

	for (size_t i = 0; i < 64 && pid > 1; i++) {
		ancestors[i] = pid;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		p = strrchr(read_line(path), ')');
		if (!p || sscanf(p, ") %*c %d", &pid) != 1)
			break;
	}
}

/* start time and parent, from behind the ")" of /proc/PID/stat: fields 4 and 22 */
static void add_process(int pid)
{
	unsigned long long start = 0;
	char path[64], netns[64] = "";
	int ppid = 0, field = 3;
	const char *line, *p;
	char state, name[32] = "";
	ssize_t n;

	if (is_ancestor(pid))
		return;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	line = read_line(path);
	p = strrchr(line, ')');
	if (!p || !strchr(line, '('))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(p - strchr(line, '(')) - 1,
		 strchr(line, '(') + 1);
	if (sscanf(p, ") %c %d", &state, &ppid) != 2 || is_kernel_thread(pid, ppid))
		return;
	for (p += 2; *p && field < 22; p++)
		field += *p == ' ';
	start = strtoull(p, NULL, 10);
	add("process %d (%s) started at tick %llu%s", pid, name, start,
	    state == 'Z' || state == 'X' ? ", dead" : "");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	n = readlink(path, netns, sizeof(netns) - 1);
	if (n > 0)
		add("netns %.*s", (int)n, netns);
}

static void add_all_processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (isdigit((unsigned char)de->d_name[0]))
			add_process(atoi(de->d_name));
	if (d)
		closedir(d);
}

static void add_processes_of(const char *cgroup)
{
	char path[4200], line[32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		add_process(atoi(line));
	if (f)
		fclose(f);
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void add_device_programs_of(const char *cgroup)
{
	__u32 ids[16];
	union bpf_attr attr = {.query = {.attach_type = BPF_CGROUP_DEVICE}};
	int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	attr.query.target_fd = (__u32)fd;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = 16;
	if (bpf(BPF_PROG_QUERY, &attr) == 0)
		for (__u32 i = 0; i < attr.query.prog_cnt; i++)
			add("bpf program %u on cgroup %s", ids[i], cgroup);
	close(fd);
}

static void add_all_programs(void)
{
	union bpf_attr attr = {.start_id = 0};

	while (bpf(BPF_PROG_GET_NEXT_ID, &attr) == 0) {
		add("bpf program %u", attr.next_id);
		attr.start_id = attr.next_id;
	}
}

static int add_cgroup(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (type != FTW_D)
		return 0;
	add("cgroup %s", path);
	add_device_programs_of(path);
	if (!whole_machine)
		add_processes_of(path);
	return 0;
}

/* Without the ids of mounts and their parents, which say nothing about the host. */
static void add_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[8192];
	int at;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		at = 0;
		sscanf(line, "%*d %*d %*s %n", &at);
		add("mount %s", line + at);
	}
	if (f)
		fclose(f);
}

static void add_names(const char *what, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.')
			add("%s %s", what, de->d_name);
	if (d)
		closedir(d);
}

static void add_links(void)
{
	FILE *f = fopen("/proc/net/dev", "re");
	char line[512], name[64];

	while (f && fgets(line, sizeof(line), f))
		if (strchr(line, ':') && sscanf(line, " %63[^:]", name) == 1)
			add("link %s", name);
	if (f)
		fclose(f);
}

static void add_fds_of(pid_t pid)
{
	char path[64], target[256];
	struct dirent *de;
	ssize_t n;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		n = readlinkat(dirfd(d), de->d_name, target, sizeof(target));
		if (n > 0)
			add("fd %s of the test -> %.*s", de->d_name, (int)n, target);
	}
	if (d)
		closedir(d);
}

/* "UID: usage nkeys/nikeys qnkeys/max qnbytes/max": the key counts of each user. */
static void add_keys(void)
{
	FILE *f = fopen("/proc/key-users", "re");
	unsigned int uid, keys;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %u: %*u %*u/%*u %u", &uid, &keys) == 2)
			add("keys of user %u: %u", uid, keys);
	if (f)
		fclose(f);
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type;
	if (ftw->level > 0)
		add("file %s", path);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_sorted(void)
{
	qsort(lines, lines_n, sizeof(*lines), compare);
	for (size_t i = 0; i < lines_n; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0 || lines[i][0] == 'm')
			puts(lines[i]);
}

int main(int argc, char **argv)
{
	pid_t fds_of = 0;
	int opt;

	while ((opt = getopt(argc, argv, "ac:p:")) != -1) {
		if (opt == 'a')
			whole_machine = true;
		else if (opt == 'c')
			cgroup_root = optarg;
		else if (opt == 'p')
			fds_of = atoi(optarg);
		else
			return 2;
	}
	find_ancestors();
	nftw(cgroup_root, add_cgroup, 32, FTW_PHYS | FTW_MOUNT);
	if (whole_machine) {
		add_all_processes();
		add_all_programs();
		add_keys();
	}
	add_mounts();
	add_names("netns name", "/run/netns");
	add_links();
	if (fds_of)
		add_fds_of(fds_of);
	add("core_pattern %s", read_line("/proc/sys/kernel/core_pattern"));
	add("hostname %s", read_line("/proc/sys/kernel/hostname"));
	add("domainname %s", read_line("/proc/sys/kernel/domainname"));
	for (; optind < argc; optind++)
		nftw(argv[optind], add_file, 32, FTW_PHYS | FTW_MOUNT);
	print_sorted();
	return 0;
}
