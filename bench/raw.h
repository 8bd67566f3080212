/*
 * What floor.c and fexec.c share: raw system calls and the last steps before execve.
 *
 * Only system calls and a handful of libc calls that cost nothing at program start: both programs
 * exist to show how cheap the work can be, so nothing here allocates or goes through stdio before
 * something has failed. musl 1.2.3 has no wrappers for the newer calls, hence syscall(2).
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit status of floor and fexec themselves; the command's own status is passed through. */
enum { RAW_EXIT_FAILED = 125 };

/* The 11 capabilities of the bundle `typ` (see bench/bundles); a bit each. */
#define RAW_CAPS                                                                                 \
	((UINT64_C(1) << CAP_CHOWN) | (UINT64_C(1) << CAP_DAC_OVERRIDE) |                        \
	 (UINT64_C(1) << CAP_FOWNER) | (UINT64_C(1) << CAP_FSETID) | (UINT64_C(1) << CAP_KILL) | \
	 (UINT64_C(1) << CAP_SETGID) | (UINT64_C(1) << CAP_SETUID) |                             \
	 (UINT64_C(1) << CAP_SETPCAP) | (UINT64_C(1) << CAP_NET_BIND_SERVICE) |                  \
	 (UINT64_C(1) << CAP_SYS_CHROOT) | (UINT64_C(1) << CAP_SETFCAP))

/* Says which step failed and ends the process, child or parent. */
static inline _Noreturn void die(const char *step)
{
	dprintf(STDERR_FILENO, "%s: %s\n", step, strerror(errno));
	_exit(RAW_EXIT_FAILED);
}

static inline long must(const char *step, long r)
{
	if (r < 0)
		die(step);
	return r;
}

/* The filter is read whole into the caller's buffer of BPF_MAXINSNS instructions. */
static inline void read_filter(const char *path, struct sock_filter *insns, struct sock_fprog *prog)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		die(path);
	n = read(fd, insns, BPF_MAXINSNS * sizeof(*insns));
	if (n <= 0 || (size_t)n % sizeof(*insns) != 0) {
		errno = EINVAL;
		die(path);
	}
	close(fd);
	prog->filter = insns;
	prog->len = (unsigned short)((size_t)n / sizeof(*insns));
}

static inline pid_t clone_into(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | CLONE_INTO_CGROUP,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)cgroup_fd,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* uid 0 stays, so the ids are set for the cost of setting them, as a runtime does. */
static inline void drop_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)RAW_CAPS, .permitted = (uint32_t)RAW_CAPS},
		{.effective = (uint32_t)(RAW_CAPS >> 32), .permitted = (uint32_t)(RAW_CAPS >> 32)},
	};

	for (int cap = 0; cap < 64; cap++) {
		if (RAW_CAPS >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* EINVAL: past the kernel's last one */
	}
	must("setgroups", syscall(SYS_setgroups, 0, NULL));
	must("setresgid", syscall(SYS_setresgid, 0, 0, 0));
	must("setresuid", syscall(SYS_setresuid, 0, 0, 0));
	must("capset", syscall(SYS_capset, &head, data));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static inline void load_filter(const struct sock_fprog *prog)
{
	if (prog->len > 0)
		must("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, prog));
}

static inline _Noreturn void exec_command(char **argv)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char term[] = "TERM=xterm";
	static char *const env[] = {path, term, NULL};

	execve(argv[0], argv, env);
	die("execve");
}

static inline int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline pid_t read_pid(const char *path)
{
	char buf[24] = "";
	int fd = (int)must(path, open(path, O_RDONLY | O_CLOEXEC));

	must(path, read(fd, buf, sizeof(buf) - 1));
	close(fd);
	return (pid_t)strtol(buf, NULL, 10);
}

#endif
