/*
 * floor: the least a container start can cost on this kernel.
 *
 * One static process does what the bundle `typ` asks for and nothing else: no configuration is
 * parsed, no state is kept, nothing is checked twice, the seccomp filter comes ready made from a
 * file. What a runtime takes above this is its own. It is a measuring stick, not a runtime: the
 * rootfs is trusted and its mount targets must exist (bench/bundles makes them).
 *
 * Other modes are the floors of the other verbs: --hold (create), --detach (create and start),
 * --signal (start, state, kill), --delete. --stamps repeats a start and prints where time goes.
 */
#include "devprog.h"
#include "raw.h"

#include <getopt.h>
#include <linux/mount.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <time.h>

enum { STAMP_RUNS_MAX = 400, READY_FD = 3 };

enum step {
	ST_CGROUP,
	ST_BPF,
	ST_CLONE,
	ST_HOST_LO,
	ST_ROOT,
	ST_PROC,
	ST_DEV,
	ST_PTS,
	ST_SHM,
	ST_MQUEUE,
	ST_SYSFS,
	ST_CGROUP2,
	ST_SYSCTL,
	ST_NODES,
	ST_MASKED,
	ST_READONLY,
	ST_PIVOT,
	ST_SESSION,
	ST_CAPS,
	ST_SECCOMP,
	ST_EXEC_WAIT,
	ST_RMDIR,
	ST_MAX,
};

static const char *const step_names[] = {
	[ST_CGROUP] = "cgroup mkdir + open",
	[ST_BPF] = "device program load + attach",
	[ST_CLONE] = "clone3, 6 namespaces, to the child",
	[ST_HOST_LO] = "hostname, lo up",
	[ST_ROOT] = "slave + bind of the root",
	[ST_PROC] = "proc",
	[ST_DEV] = "/dev tmpfs",
	[ST_PTS] = "devpts",
	[ST_SHM] = "shm",
	[ST_MQUEUE] = "mqueue",
	[ST_SYSFS] = "sysfs",
	[ST_CGROUP2] = "cgroup2",
	[ST_SYSCTL] = "1 sysctl",
	[ST_NODES] = "6 nodes, 6 links",
	[ST_MASKED] = "masked paths",
	[ST_READONLY] = "read-only paths",
	[ST_PIVOT] = "pivot_root + detach the old root",
	[ST_SESSION] = "setsid, rlimit, no_new_privs",
	[ST_CAPS] = "capabilities and ids",
	[ST_SECCOMP] = "close_range, seccomp",
	[ST_EXEC_WAIT] = "execve, run, exit, wait",
	[ST_RMDIR] = "cgroup rmdir",
};
_Static_assert(sizeof(step_names) / sizeof(*step_names) == ST_MAX, "a name for each step");

struct floor {
	const char *rootfs;
	const char *cgroup_parent;
	const char *pid_file;
	const char *id;
	char **argv;
	struct sock_fprog filter;
	uint64_t *stamps; /* shared with the child, NULL when nobody looks */
	bool hold;
	bool detach;
	int ready_fd; /* write end, in the child, of the pipe that says "done" */
};

#define CONTAINER_NS \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static struct sock_filter filter_insns[BPF_MAXINSNS];

static void stamp(const struct floor *f, enum step step)
{
	struct timespec t;

	if (!f->stamps)
		return;
	clock_gettime(CLOCK_MONOTONIC, &t);
	f->stamps[step + 1] = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the root file system ---- */

static void bring_lo_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo"};
	int s = (int)must("socket", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	must("SIOCGIFFLAGS", ioctl(s, SIOCGIFFLAGS, &ifr));
	ifr.ifr_flags |= IFF_UP;
	must("SIOCSIFFLAGS", ioctl(s, SIOCSIFFLAGS, &ifr));
	close(s);
}

/* A new file system instance as a detached mount; opts is a NULL-ended list of key, value. */
static int new_fs(const char *type, const char *const *opts, unsigned attrs)
{
	int fs = (int)must(type, syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
	int mnt;

	for (; *opts; opts += 2) {
		const unsigned how = opts[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		must(*opts, syscall(SYS_fsconfig, fs, how, opts[0], opts[1], 0));
	}
	must(type, syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	mnt = (int)must(type, syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs));
	close(fs);
	return mnt;
}

static void attach(int mnt, int dir, const char *path)
{
	must(path, syscall(SYS_move_mount, mnt, "", dir, path, MOVE_MOUNT_F_EMPTY_PATH));
}

static int mount_at(int root, const char *path, const char *type, const char *const *opts,
		    unsigned attrs)
{
	int mnt = new_fs(type, opts, attrs);

	attach(mnt, root, path);
	return mnt;
}

/* A copy of the mount at path, or -1 where this kernel has no such path. */
static int clone_path(int dir, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static int bind_root(const char *rootfs)
{
	struct mount_attr slave = {.propagation = 1UL << 19 /* MS_SLAVE */};
	int root;

	must("slave",
	     syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &slave, sizeof(slave)));
	root = (int)must(rootfs, clone_path(AT_FDCWD, rootfs, AT_RECURSIVE));
	must(rootfs, syscall(SYS_move_mount, root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH));
	return root;
}

enum {
	NOSUID_NOEXEC = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	NOTHING = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV,
};

static void make_mounts(const struct floor *f, int root, int *ret_proc, int *ret_dev)
{
	static const char *const none[] = {NULL};
	static const char *const dev[] = {"mode", "755", "size", "65536k", NULL};
	static const char *const pts[] = {"newinstance", NULL,	"ptmxmode", "0666", "mode",
					  "0620",	 "gid", "5",	    NULL};
	static const char *const shm[] = {"mode", "1777", "size", "65536k", NULL};

	*ret_proc = mount_at(root, "proc", "proc", none, NOTHING);
	stamp(f, ST_PROC);
	*ret_dev = mount_at(root, "dev", "tmpfs", dev, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	stamp(f, ST_DEV);
	must("mkdir pts", mkdirat(*ret_dev, "pts", 0755));
	close(mount_at(*ret_dev, "pts", "devpts", pts, NOSUID_NOEXEC));
	stamp(f, ST_PTS);
	must("mkdir shm", mkdirat(*ret_dev, "shm", 0755));
	close(mount_at(*ret_dev, "shm", "tmpfs", shm, NOTHING));
	stamp(f, ST_SHM);
	must("mkdir mqueue", mkdirat(*ret_dev, "mqueue", 0755));
	close(mount_at(*ret_dev, "mqueue", "mqueue", none, NOTHING));
	stamp(f, ST_MQUEUE);
	close(mount_at(root, "sys", "sysfs", none, NOTHING | MOUNT_ATTR_RDONLY));
	stamp(f, ST_SYSFS);
	close(mount_at(root, "sys/fs/cgroup", "cgroup2", none, NOTHING | MOUNT_ATTR_RDONLY));
	stamp(f, ST_CGROUP2);
}

static void write_sysctl(int proc)
{
	int fd = (int)must("sysctl",
			   openat(proc, "sys/net/ipv4/ping_group_range", O_WRONLY | O_CLOEXEC));

	must("sysctl", write(fd, "0 0", 3));
	close(fd);
}

static void make_nodes(int dev)
{
	static const struct {
		const char *name;
		unsigned major, minor;
	} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},	  {"full", 1, 7},
		     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
	static const char *const links[][2] = {
		{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
		{"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
		{"/proc/kcore", "core"},       {"pts/ptmx", "ptmx"},
	};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		must(nodes[i].name, mknodat(dev, nodes[i].name, S_IFCHR | 0666,
					    makedev(nodes[i].major, nodes[i].minor)));
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		must(links[i][1], symlinkat(links[i][0], dev, links[i][1]));
}

/* Directories get one empty read-only tmpfs (copies of it after the first), files /dev/null. */
static void mask_paths(int root)
{
	static const char *const opts[] = {"mode", "755", "size", "4k", NULL};
	static const char *const dirs[] = {"proc/acpi", "proc/asound", "proc/scsi", "sys/firmware"};
	static const char *const files[] = {"proc/kcore",	  "proc/keys",
					    "proc/latency_stats", "proc/timer_list",
					    "proc/timer_stats",	  "proc/sched_debug"};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		int mnt;

		if (faccessat(root, dirs[i], F_OK, 0) < 0)
			continue;
		mnt = first ? clone_path(root, first, 0)
			    : new_fs("tmpfs", opts, NOTHING | MOUNT_ATTR_RDONLY);
		attach((int)must("mask", mnt), root, dirs[i]);
		close(mnt);
		if (!first)
			first = dirs[i];
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int mnt;

		if (faccessat(root, files[i], F_OK, 0) < 0)
			continue;
		mnt = (int)must("mask", clone_path(root, "dev/null", 0));
		attach(mnt, root, files[i]);
		close(mnt);
	}
}

static void make_read_only(int root)
{
	static const char *const paths[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
					    "proc/sysrq-trigger"};
	struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int mnt = clone_path(root, paths[i], AT_RECURSIVE);

		if (mnt < 0)
			continue;
		must(paths[i], syscall(SYS_mount_setattr, mnt, "", AT_EMPTY_PATH | AT_RECURSIVE,
				       &ro, sizeof(ro)));
		attach(mnt, root, paths[i]);
		close(mnt);
	}
}

static void enter_root(int root)
{
	must("fchdir", fchdir(root));
	must("pivot_root", syscall(SYS_pivot_root, ".", "."));
	must("umount", syscall(SYS_umount2, ".", 2 /* MNT_DETACH */));
	must("chdir", chdir("/"));
}

/* ---- the child ---- */

/* Blocked signals reach even the init of a pid namespace, so one signal is the start gate. */
static void wait_at_gate(void)
{
	sigset_t gate;
	int got;

	sigemptyset(&gate);
	sigaddset(&gate, SIGUSR1);
	sigprocmask(SIG_BLOCK, &gate, NULL);
	must("ready", write(READY_FD, "r", 1));
	close(READY_FD);
	sigwait(&gate, &got);
	sigprocmask(SIG_UNBLOCK, &gate, NULL);
}

static _Noreturn void child(const struct floor *f)
{
	const struct rlimit nofile = {1024, 1024};
	int root, proc, dev;

	stamp(f, ST_CLONE);
	umask(0);
	must("sethostname", sethostname("bench", 5));
	bring_lo_up();
	stamp(f, ST_HOST_LO);
	root = bind_root(f->rootfs);
	stamp(f, ST_ROOT);
	make_mounts(f, root, &proc, &dev);
	write_sysctl(proc);
	stamp(f, ST_SYSCTL);
	make_nodes(dev);
	stamp(f, ST_NODES);
	mask_paths(root);
	stamp(f, ST_MASKED);
	make_read_only(root);
	stamp(f, ST_READONLY);
	enter_root(root);
	stamp(f, ST_PIVOT);
	setsid();
	umask(022);
	must("rlimit", setrlimit(RLIMIT_NOFILE, &nofile));
	must("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	stamp(f, ST_SESSION);
	drop_caps();
	stamp(f, ST_CAPS);
	if (f->ready_fd >= 0 && f->ready_fd != READY_FD)
		must("dup3", dup3(f->ready_fd, READY_FD, O_CLOEXEC));
	must("close_range",
	     syscall(SYS_close_range, f->ready_fd >= 0 ? READY_FD + 1 : READY_FD, ~0U, 0));
	load_filter(&f->filter);
	stamp(f, ST_SECCOMP);
	if (f->hold)
		wait_at_gate();
	exec_command(f->argv);
}

/* ---- the parent ---- */

static void write_pid(const char *path, pid_t pid)
{
	char buf[24];
	int fd = (int)must(path, open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
	int n = snprintf(buf, sizeof(buf), "%d", (int)pid);

	must(path, write(fd, buf, (size_t)n));
	close(fd);
}

/* One byte: held at the gate; none: execve closed the pipe. */
static void wait_ready(const struct floor *f, int fd)
{
	char byte;
	ssize_t n = read(fd, &byte, 1);

	if (n != (f->hold ? 1 : 0)) {
		errno = ECHILD;
		die("child");
	}
	close(fd);
}

static int start(struct floor *f)
{
	char cgroup[256];
	int pipe_fds[2] = {-1, -1};
	int cgroup_fd, pidfd, status;
	pid_t pid;

	snprintf(cgroup, sizeof(cgroup), "%s/%s", f->cgroup_parent, f->id);
	must(cgroup, mkdir(cgroup, 0755));
	cgroup_fd = (int)must(cgroup, open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	stamp(f, ST_CGROUP);
	attach_device_program(cgroup_fd);
	stamp(f, ST_BPF);
	if (f->hold || f->detach)
		must("pipe", pipe2(pipe_fds, O_CLOEXEC));
	f->ready_fd = pipe_fds[1];
	pid = clone_into(CONTAINER_NS, cgroup_fd, &pidfd);
	if (pid == 0)
		child(f);
	must("clone3", pid);
	close(cgroup_fd);
	close(pidfd);
	if (f->hold || f->detach) {
		close(pipe_fds[1]);
		wait_ready(f, pipe_fds[0]);
		write_pid(f->pid_file, pid);
		return 0;
	}
	must("wait", waitpid(pid, &status, 0));
	stamp(f, ST_EXEC_WAIT);
	must("rmdir", rmdir(cgroup));
	stamp(f, ST_RMDIR);
	return exit_code(status);
}

/*
 * Waits for the init by a pidfd: when it is gone, so is its whole pid namespace. Not by polling
 * cgroup.events: the kernel lets that file notify once in 10 ms, and the start was one.
 */
static void kill_all(const struct floor *f, const char *cgroup)
{
	int dir = (int)must(cgroup, open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int kill_fd = (int)must("cgroup.kill", openat(dir, "cgroup.kill", O_WRONLY | O_CLOEXEC));
	struct pollfd init = {.events = POLLIN};

	init.fd = (int)must("pidfd_open", syscall(SYS_pidfd_open, read_pid(f->pid_file), 0));
	must("cgroup.kill", write(kill_fd, "1", 1));
	must("poll", poll(&init, 1, 5000));
}

static int delete_container(const struct floor *f)
{
	char cgroup[256];

	snprintf(cgroup, sizeof(cgroup), "%s/%s", f->cgroup_parent, f->id);
	if (rmdir(cgroup) < 0) {
		kill_all(f, cgroup);
		must("rmdir", rmdir(cgroup));
	}
	must(f->pid_file, unlink(f->pid_file));
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Medians over `runs` starts in this one process; the first three warm caches and are left out. */
static int profile(struct floor *f, int runs)
{
	static uint64_t took[ST_MAX + 1][STAMP_RUNS_MAX];
	const int warm = 3;
	int code;

	if (runs < 1 || runs > STAMP_RUNS_MAX)
		runs = 50;
	f->stamps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f->stamps == MAP_FAILED)
		die("mmap");
	for (int i = -warm; i < runs; i++) {
		stamp(f, (enum step) - 1);
		code = start(f);
		if (code != 0)
			return code;
		for (int s = 0; s < ST_MAX && i >= 0; s++)
			took[s][i] = f->stamps[s + 1] - f->stamps[s];
		if (i >= 0)
			took[ST_MAX][i] = f->stamps[ST_MAX] - f->stamps[0];
	}
	printf("floor, median of %d starts in one process, us\n", runs);
	for (int s = 0; s <= ST_MAX; s++) {
		qsort(took[s], (size_t)runs, sizeof(took[s][0]), compare);
		printf("  %-36s %8.1f\n", s < ST_MAX ? step_names[s] : "whole",
		       (double)took[s][runs / 2] / 1000);
	}
	return 0;
}

static _Noreturn void usage(void)
{
	fputs("usage: floor [--filter FILE] [--cgroup PARENT] [--id ID] [--stamps N]\n"
	      "             [--hold | --detach] [--pid-file FILE] --rootfs DIR COMMAND [ARG...]\n"
	      "       floor --signal N --pid-file FILE\n"
	      "       floor --delete --cgroup PARENT --id ID --pid-file FILE\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"filter", 1, NULL, 'f'},   {"cgroup", 1, NULL, 'c'}, {"id", 1, NULL, 'i'},
		{"stamps", 1, NULL, 's'},   {"hold", 0, NULL, 'h'},   {"detach", 0, NULL, 'd'},
		{"pid-file", 1, NULL, 'p'}, {"rootfs", 1, NULL, 'r'}, {"signal", 1, NULL, 'k'},
		{"delete", 0, NULL, 'D'},   {NULL, 0, NULL, 0},
	};
	struct floor f = {.cgroup_parent = "/sys/fs/cgroup", .id = "floor"};
	int opt, stamps = 0, sig = -1;
	bool delete = false;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
		switch (opt) {
		case 'f':
			read_filter(optarg, filter_insns, &f.filter);
			break;
		case 'c':
			f.cgroup_parent = optarg;
			break;
		case 'i':
			f.id = optarg;
			break;
		case 's':
			stamps = (int)strtol(optarg, NULL, 10);
			break;
		case 'h':
			f.hold = true;
			break;
		case 'd':
			f.detach = true;
			break;
		case 'p':
			f.pid_file = optarg;
			break;
		case 'r':
			f.rootfs = optarg;
			break;
		case 'k':
			sig = (int)strtol(optarg, NULL, 10);
			break;
		case 'D':
			delete = true;
			break;
		default:
			usage();
		}
	}
	if (sig >= 0 && f.pid_file)
		return must("kill", kill(read_pid(f.pid_file), sig)) < 0;
	if (delete &&f.pid_file)
		return delete_container(&f);
	f.argv = argv + optind;
	if (!f.rootfs || !*f.argv || ((f.hold || f.detach) && !f.pid_file))
		usage();
	return stamps > 0 ? profile(&f, stamps) : start(&f);
}
