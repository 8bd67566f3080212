/*
 * probe: a program for containers that says what busybox cannot.
 *
 *   probe sched | ioprio | affinity | fds | keyring | clock | personality | mempolicy
 *   probe syscall NUMBER [ARG...]	prints "= RESULT" or "errno NUMBER (TEXT)"; ARG: number
 *					or @TEXT, the address of a string
 *   probe catch			says each signal it gets, ends with 42 after SIGUSR2
 *   probe size				the terminal's rows and columns, again after each change,
 *					until a line is typed
 *   probe dispositions			numbers of the signals that are ignored or blocked
 *   probe COMMAND , COMMAND ...	one after the other
 *
 * Static: it runs in a root file system with nothing else.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void show_sched(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
		uint32_t util_min, util_max;
	} a = {.size = sizeof(a)};

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
		printf("sched: %m\n");
	printf("sched policy=%u nice=%d priority=%u flags=%llu runtime=%llu deadline=%llu "
	       "period=%llu\n",
	       a.policy, a.nice, a.priority, (unsigned long long)a.flags,
	       (unsigned long long)a.runtime, (unsigned long long)a.deadline,
	       (unsigned long long)a.period);
}

static void show_ioprio(void)
{
	long v = syscall(SYS_ioprio_get, 1, 0);

	printf("ioprio class=%ld priority=%ld\n", v >> 13, v & 0x1fff);
}

static void show_affinity(void)
{
	cpu_set_t set;

	printf("affinity");
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &set))
				printf(" %d", i);
	puts("");
}

static void show_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *de;
	char target[256];
	ssize_t n;

	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.' || atoi(de->d_name) == dirfd(d))
			continue;
		n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);
		printf("fd %s %.*s\n", de->d_name, (int)(n > 0 ? n : 0), target);
	}
	if (d)
		closedir(d);
}

static void show_keyring(void)
{
	char text[256] = "";

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)) < 0)
		printf("keyring: %m\n");
	else
		printf("keyring %s\n", text);
}

static void show_clock(void)
{
	struct timespec m, b;

	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_BOOTTIME, &b);
	printf("clock monotonic=%lld boottime=%lld\n", (long long)m.tv_sec, (long long)b.tv_sec);
}

static void show_mempolicy(void)
{
	unsigned long nodes[16] = {0};
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, 0, 0) < 0)
		printf("mempolicy: %m\n");
	printf("mempolicy mode=%d nodes=%lx\n", mode, nodes[0]);
}

static unsigned long value(const char *s)
{
	return *s == '@' ? (unsigned long)(s + 1) : strtoul(s, NULL, 0);
}

static void do_syscall(int argc, char **argv)
{
	unsigned long a[7] = {0};
	long r;

	for (int i = 0; i < argc && i < 7; i++)
		a[i] = value(argv[i]);
	r = syscall((long)a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	if (r < 0)
		printf("errno %d (%m)\n", errno);
	else
		printf("= %ld\n", r);
}

static void do_catch(void)
{
	sigset_t all;
	int sig = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	puts("ready");
	while (sig != SIGUSR2) {
		fflush(stdout);
		if (sigwait(&all, &sig) == 0)
			printf("signal %d\n", sig);
	}
	fflush(stdout);
	exit(42);
}

static void on_winch(int sig)
{
	(void)sig;
}

static void show_sizes(void)
{
	struct sigaction sa = {.sa_handler = on_winch};
	struct pollfd p = {.fd = 0, .events = POLLIN};
	struct winsize ws;
	sigset_t winch, none;

	/* Only the wait is interrupted, so no change is missed. */
	sigemptyset(&none);
	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	sigprocmask(SIG_BLOCK, &winch, NULL);
	sigaction(SIGWINCH, &sa, NULL);
	do {
		if (ioctl(0, TIOCGWINSZ, &ws) == 0)
			printf("size %d %d\n", ws.ws_row, ws.ws_col);
		else
			printf("size: %m\n");
		fflush(stdout);
	} while (ppoll(&p, 1, NULL, &none) < 0 && errno == EINTR);
}

static void show_dispositions(void)
{
	struct sigaction sa;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	printf("dispositions");
	for (int i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			printf(" %d:ignored", i);
		if (sigismember(&blocked, i) == 1)
			printf(" %d:blocked", i);
	}
	puts("");
}

static int one(int argc, char **argv)
{
	const char *what = argc ? argv[0] : "";
	const struct {
		const char *name;
		void (*show)(void);
	} shows[] = {
		{"sched", show_sched},	       {"ioprio", show_ioprio},
		{"affinity", show_affinity},   {"fds", show_fds},
		{"keyring", show_keyring},     {"clock", show_clock},
		{"mempolicy", show_mempolicy}, {"catch", do_catch},
		{"size", show_sizes},	       {"dispositions", show_dispositions},
	};

	for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
		if (strcmp(shows[i].name, what) == 0)
			return shows[i].show(), 0;
	if (strcmp(what, "personality") == 0)
		printf("personality %x\n", (unsigned int)personality(0xffffffff));
	else if (strcmp(what, "syscall") == 0 && argc > 1)
		do_syscall(argc - 1, argv + 1);
	else
		return printf("probe: unknown %s\n", what), 2;
	return 0;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int from = 1, to; from < argc && status == 0; from = to + 1) {
		for (to = from; to < argc && strcmp(argv[to], ",") != 0;)
			to++;
		status = one(to - from, argv + from);
		fflush(stdout);
	}
	return status;
}
