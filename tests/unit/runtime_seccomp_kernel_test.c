/*
 * Compiled filters in the kernel: what calls do, signals, listener; and the built-in profile, both
 * by the interpreter and with real programs under it.
 * where: native vm
 */
#include "seccomp_oracle.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "seccomp_build.h"

static struct draft d;

/* Loads the draft in this process. */
static int load(void)
{
	struct seccomp_program p = draft_compile(&d);
	struct err e;
	int listener = 0;

	OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	OK_ERR(&e, seccomp_program_load(&e, &p, &listener));
	EQ(listener >= 0, p.notify);
	EQ(p.notify ? fcntl(listener, F_GETFD) : FD_CLOEXEC, FD_CLOEXEC);
	return listener;
}

/* Loads it in a child, which calls nr with arg; returns the wait status. The exit status is 0 for
 * success, else the errno. */
static int try(long nr, long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		load();
		_exit(syscall(nr, arg, 0, 0, 0, 0, 0) < 0 ? errno : 0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_exit(long nr, long arg, int want)
{
	int status = try(nr, arg);

	TRUE(WIFEXITED(status));
	EQ(WEXITSTATUS(status), want);
}

static void expect_sigsys(long nr, long arg)
{
	int status = try(nr, arg);

	TRUE(WIFSIGNALED(status));
	EQ(WTERMSIG(status), SIGSYS);
}

TEST(actions)
{
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ERRNO", NO_ERRNO, "getppid");
	draft_rule(&d, "SCMP_ACT_ERRNO", EXFULL, "getpgrp");
	draft_rule(&d, "SCMP_ACT_KILL_PROCESS", NO_ERRNO, "getuid");
	draft_rule(&d, "SCMP_ACT_KILL", NO_ERRNO, "geteuid");
	draft_rule(&d, "SCMP_ACT_TRAP", NO_ERRNO, "getgid");
	draft_rule(&d, "SCMP_ACT_LOG", NO_ERRNO, "getegid");
	draft_rule(&d, "SCMP_ACT_TRACE", NO_ERRNO, "getsid");	/* nobody traces: ENOSYS */
	draft_rule(&d, "SCMP_ACT_ERRNO", EDOM, "personality");
	draft_arg(&d, 0, "SCMP_CMP_EQ", 8, 0);
	expect_exit(SYS_getppid, 0, EPERM);
	expect_exit(SYS_getpgrp, 0, EXFULL);
	expect_sigsys(SYS_getuid, 0);
	expect_sigsys(SYS_geteuid, 0);
	expect_sigsys(SYS_getgid, 0);
	expect_exit(SYS_getegid, 0, 0);
	expect_exit(SYS_getsid, 0, ENOSYS);
	expect_exit(SYS_personality, 8, EDOM);
	expect_exit(SYS_personality, 0xffffffff, 0);
	expect_exit(SYS_getpid, 0, 0);
	expect_sigsys(0x40000000 | 39, 0);	/* x32 is not listed */
}

TEST(newer_calls_are_missing)
{
	draft_init(&d, "SCMP_ACT_ERRNO", EACCES);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO,
		   "exit_group write fstat fcntl mmap munmap sigaltstack "
		   "madvise rt_sigprocmask getpid gettid");
	expect_exit(SYS_read, 0, EACCES);
	expect_exit(SYS_openat2, 0, ENOSYS);
	expect_exit(5000, 0, ENOSYS);
}

/* int $0x80, or -ENOSYS where the kernel has no 32-bit entry (then it is SIGSEGV). */
static int int80_status(long nr, long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long r;

		load();
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(arg), "c"(0) : "memory");
		_exit(r < 0 && r > -256 ? (int)-r : 0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	return status;
}

TEST(int80)
{
	int status;

	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	d.s.architectures = words(&d.a, "SCMP_ARCH_X86");
	draft_rule(&d, "SCMP_ACT_ERRNO", EDOM, "socket");
	draft_arg(&d, 0, "SCMP_CMP_EQ", AF_ALG, 0);
	status = int80_status(20, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		SKIP("no 32-bit system calls here");
	EQ(status, 0);
	EQ(WEXITSTATUS(int80_status(102, 1)), EDOM);	/* socketcall(SYS_SOCKET) */
	EQ(WEXITSTATUS(int80_status(359, AF_ALG)), EDOM);
	d.s.architectures = words(&d.a, "SCMP_ARCH_X86_64");
	EQ(WTERMSIG(int80_status(20, 0)), SIGSYS);
}

TEST(listener)
{
	struct seccomp_notif_resp resp = { .error = -ENOTEMPTY };
	struct seccomp_notif req;
	int fd, status;
	pid_t pid;

	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_NOTIFY", NO_ERRNO, "rmdir");
	fd = load();
	pid = fork();
	if (pid == 0)
		_exit(rmdir("/nowhere") < 0 ? errno : 0);
	memset(&req, 0, sizeof(req));
	OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req));
	EQ(req.pid, pid);
	EQ(req.data.nr, SYS_rmdir);
	resp.id = req.id;
	OK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp));
	EQ(waitpid(pid, &status, 0), pid);
	EQ(WEXITSTATUS(status), ENOTEMPTY);
}

TEST(needs_privilege_or_nnp)
{
	struct seccomp_program p;
	struct err e;
	int listener;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		SKIP("cannot drop root");
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	p = draft_compile(&d);
	EQ(seccomp_program_load(&e, &p, &listener), -EACCES);
	TRUE(strstr(e.msg, "load the seccomp filter"));
}

TEST(what_the_kernel_supports)
{
	TRUE(seccomp_flag_supported("SECCOMP_FILTER_FLAG_TSYNC"));
	TRUE(seccomp_flag_supported("SECCOMP_FILTER_FLAG_LOG"));
	for (size_t i = 0; seccomp_action_name(i); i++)
		TRUE(seccomp_action_supported(seccomp_action_name(i)));
}

/* ---- the built-in profile --------------------------------------------------------------- */

#define ALLOW 0

/* Expected errno by call and arguments; most of these are doors to the kernel's larger holes. */
static const struct {
	const char *name;
	int want;
	uint64_t args[3];
} expected[] = {
	{"keyctl", EPERM, {0}},
	{"add_key", EPERM, {0}},
	{"request_key", EPERM, {0}},
	{"bpf", EPERM, {0}},
	{"perf_event_open", EPERM, {0}},
	{"userfaultfd", EPERM, {0}},
	{"io_uring_setup", EPERM, {0}},
	{"io_uring_enter", EPERM, {0}},
	{"io_uring_register", EPERM, {0}},
	{"kexec_load", EPERM, {0}},
	{"kexec_file_load", EPERM, {0}},
	{"init_module", EPERM, {0}},
	{"finit_module", EPERM, {0}},
	{"delete_module", EPERM, {0}},
	{"mount", EPERM, {0}},
	{"umount2", EPERM, {0}},
	{"pivot_root", EPERM, {0}},
	{"fsopen", EPERM, {0}},
	{"fsconfig", EPERM, {0}},
	{"fsmount", EPERM, {0}},
	{"fspick", EPERM, {0}},
	{"open_tree", EPERM, {0}},
	{"move_mount", EPERM, {0}},
	{"mount_setattr", EPERM, {0}},
	{"open_tree_attr", EPERM, {0}},
	{"ptrace", EPERM, {0}},
	{"process_vm_readv", EPERM, {0}},
	{"process_vm_writev", EPERM, {0}},
	{"pidfd_getfd", EPERM, {0}},
	{"kcmp", EPERM, {0}},
	{"setns", EPERM, {0}},
	{"open_by_handle_at", EPERM, {0}},
	{"swapon", EPERM, {0}},
	{"swapoff", EPERM, {0}},
	{"reboot", EPERM, {0}},
	{"acct", EPERM, {0}},
	{"quotactl", EPERM, {0}},
	{"quotactl_fd", EPERM, {0}},
	{"settimeofday", EPERM, {0}},
	{"clock_settime", EPERM, {0}},
	{"syslog", EPERM, {0}},
	{"vhangup", EPERM, {0}},
	{"iopl", EPERM, {0}},
	{"ioperm", EPERM, {0}},
	{"modify_ldt", EPERM, {0}},
	{"uselib", EPERM, {0}},
	{"move_pages", EPERM, {0}},
	{"migrate_pages", EPERM, {0}},
	{"fanotify_init", EPERM, {0}},
	{"lookup_dcookie", EPERM, {0}},
	/* namespaces */
	{"clone3", ENOSYS, {0}},
	{"clone", ALLOW, {SIGCHLD}},
	{"clone", ALLOW, {0x3d0f00}}, /* a thread */
	{"clone", EPERM, {CLONE_NEWUSER | SIGCHLD}},
	{"clone", EPERM, {CLONE_NEWNS}},
	{"clone", EPERM, {CLONE_NEWNET}},
	{"clone", EPERM, {CLONE_NEWPID}},
	{"clone", EPERM, {CLONE_NEWIPC}},
	{"clone", EPERM, {CLONE_NEWUTS}},
	{"clone", EPERM, {CLONE_NEWCGROUP}},
	{"unshare", ALLOW, {CLONE_FS}},
	{"unshare", EPERM, {CLONE_NEWUSER}},
	{"unshare", EPERM, {CLONE_NEWTIME}},
	{"unshare", EPERM, {CLONE_NEWCGROUP}},
	/* the kernel looks at 32 bits of these arguments, so does the filter */
	{"personality", ALLOW, {0}},
	{"personality", ALLOW, {0xffffffff}},
	{"personality", EPERM, {READ_IMPLIES_EXEC}},
	{"personality", EPERM, {ADDR_NO_RANDOMIZE}},
	{"ioctl", EIO, {0, 0x5412}},
	{"ioctl", EIO, {0, 0xffffffff00005412}},
	{"ioctl", ENOTTY, {0, 0x541c}},
	{"ioctl", ENOTTY, {0, 0x10000541c}},
	{"ioctl", EINVAL, {0, 0x5423}},
	{"ioctl", ALLOW, {0, 0x5413}},
	{"ioctl", ALLOW, {0, 0}},
	{"ioctl", ALLOW, {0, UINT64_MAX}},
	{"socket", ALLOW, {AF_UNIX}},
	{"socket", ALLOW, {AF_INET, SOCK_STREAM}},
	{"socket", ALLOW, {AF_INET6}},
	{"socket", ALLOW, {AF_PACKET}},
	{"socket", EPERM, {AF_ALG}},
	{"socket", EPERM, {AF_VSOCK}},
	{"socket", EPERM, {0x100000000 | AF_ALG}},
	{"socket", EPERM, {0}},
	{"socket", ALLOW, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}},
	{"socket", ALLOW, {AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT}},
	{"socket", ALLOW, {AF_NETLINK, SOCK_RAW, NETLINK_GENERIC}},
	{"socket", EINVAL, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}},
	{"socket", EINVAL, {0x100000000 | AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}},
	{"socket", EPERM, {AF_NETLINK, SOCK_RAW, NETLINK_CRYPTO}},
	{"socket", EPERM, {AF_NETLINK, SOCK_RAW, NETLINK_XFRM}},
	{"socketpair", ALLOW, {AF_UNIX}},
	{"socketpair", EPERM, {AF_TIPC}},
	/* what everything needs */
	{"execve", ALLOW, {0}},
	{"futex", ALLOW, {0}},
	{"rseq", ALLOW, {0}},
	{"openat2", ALLOW, {0}},
	{"restart_syscall", ALLOW, {0}},
	{"rt_sigreturn", ALLOW, {0}},
	{"pidfd_open", ALLOW, {0}},
	{"landlock_restrict_self", ALLOW, {0}},
	{"seccomp", ALLOW, {0}},
	{"memfd_create", ALLOW, {0}},
	{"name_to_handle_at", ALLOW, {0}},
	{"uretprobe", ALLOW, {0}},
	{"mseal", ALLOW, {0}},
	{"fchmodat2", ALLOW, {0}},
};

TEST(default_profile_table)
{
	struct seccomp_program p;

	draft_default(&d);
	p = draft_compile(&d);
	EQ(p.flags, 0);
	printf("# %u instructions\n", p.len);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64 };
		uint32_t want = expected[i].want ? SCMP_ACT_ERRNO((uint32_t)expected[i].want)
						 : SCMP_ACT_ALLOW,
			 got;

		data.nr = seccomp_syscall_number(expected[i].name);
		TRUE(data.nr >= 0);
		memcpy(data.args, expected[i].args, sizeof(expected[i].args));
		got = bpf_run(p.insns, p.len, &data);
		if (got != want)
			T_FAIL("%s %#llx %#llx: %#x, want %#x", expected[i].name,
			       (unsigned long long)data.args[0], (unsigned long long)data.args[1],
			       got, want);
		data.arch = AUDIT_ARCH_I386;
		EQ(bpf_run(p.insns, p.len, &data), SCMP_ACT_KILL_THREAD);
		data.arch = AUDIT_ARCH_X86_64;
		data.nr |= 0x40000000;
		EQ(bpf_run(p.insns, p.len, &data), SCMP_ACT_KILL_THREAD);
	}
	EQ(bpf_run(p.insns, p.len, &(struct seccomp_data){ .nr = 472, .arch = AUDIT_ARCH_X86_64 }),
	   SCMP_ACT_ERRNO(ENOSYS));
}

/* Every name of the profile is one that exists: a slip of the pen would forbid silently. */
TEST(default_profile_names)
{
	draft_default(&d);
	for (size_t i = 0; i < d.s.rules.n; i++)
		for (size_t k = 0; k < d.s.rules.v[i].names.n; k++)
			if (seccomp_syscall_number(d.s.rules.v[i].names.v[k]) < 0)
				T_FAIL("%s", d.s.rules.v[i].names.v[k]);
}

TEST(default_profile_like_libseccomp)
{
	static struct profile p;
	struct seccomp_program mine;
	struct program theirs = {NULL, 0};

	names_init();
	draft_default(&d);
	mine = draft_compile(&d);
	p.spec = d.s;
	profile_prepare(&p);
	OK(oracle_compile(&p, 1, &theirs));
	printf("# libseccomp: %zu instructions\n", theirs.len);
	for (uint32_t nr = 0; nr < NR_MAX; nr++) {
		struct seccomp_data data = { .nr = (int)nr, .arch = AUDIT_ARCH_X86_64 };
		static const uint64_t v[] = {
			0,	1,	    2,		 9,	      10,	  12,	     15,
			16,	17,	    38,		 40,	      0x5412,	  0x5413,    0x541c,
			0x5423, 0x10000000, 0x100000000, 0x100005412, 0xffffffff, UINT64_MAX};

		/* Names that this libseccomp does not know. */
		if (nr > p.largest[ABI_64] || id_of[ABI_64][nr] < 0)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(v) * ARRAY_SIZE(v) * ARRAY_SIZE(v); i++) {
			uint32_t got, want;

			data.args[0] = v[i % ARRAY_SIZE(v)];
			data.args[1] = v[i / ARRAY_SIZE(v) % ARRAY_SIZE(v)];
			data.args[2] = v[i / ARRAY_SIZE(v) / ARRAY_SIZE(v)];
			want = bpf_run(theirs.insns, theirs.len, &data);
			got = bpf_run(mine.insns, mine.len, &data);
			if (got != want)
				T_FAIL("nr %u (%#llx, %#llx, %#llx): %#x, want %#x", nr,
				       (unsigned long long)data.args[0],
				       (unsigned long long)data.args[1],
				       (unsigned long long)data.args[2], got, want);
		}
	}
	free(theirs.insns);
}

TEST(default_profile_runs_programs)
{
	static const char script[] =
		"set -e; cd /; ls -l /etc >/dev/null; echo a b | tr ' ' '\\n' | sort | wc -l >/dev/null; "
		"grep -q '^Seccomp:.*2' /proc/self/status; (sleep 0 & wait); "
		"! unshare -U true 2>/dev/null; ! mount -t tmpfs x /mnt 2>/dev/null";
	int status;
	pid_t pid;

	draft_default(&d);
	expect_exit(SYS_mount, 0, EPERM);
	expect_exit(SYS_clone3, 0, ENOSYS);
	expect_exit(SYS_socket, AF_ALG, EPERM);
	pid = fork();
	if (pid == 0) {
		load();
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(99);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}
