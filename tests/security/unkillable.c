/*
 * unkillable: processes that hide from a signal to their first thread. That thread ends alone, by a
 * bare system call; another one lives on. /proc/PID/stat shows such a process as a zombie, and a
 * SIGKILL to the thread, which is what cgroup.kill sends, is lost. A signal to the process works.
 *
 *	unkillable init		the container's first process does it
 *	unkillable child N	N children do it, and the first process sleeps
 *	unkillable orphan N	the same, and the first process ends
 *	unkillable chain N	N children do it, and each goes on in a new process all the time
 *	unkillable traced	the first process does it, and one of its threads, which a child
 *				traces, does not become free when it is dead
 *
 * Prints "ready" when it is so.
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

__attribute__((noreturn)) static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static bool is_zombie(const char *stat)
{
	char text[256] = "", *state;
	FILE *f = fopen(stat, "re");

	if (!f || !fgets(text, sizeof(text), f))
		err(1, "%s", stat);
	fclose(f);
	state = strrchr(text, ')');
	return state && state[2] == 'Z';
}

/* From a thread beside the first one. */
static void wait_for_leader(void)
{
	while (!is_zombie("/proc/self/stat"))
		usleep(1000);
}

static void *stay(void *ready)
{
	wait_for_leader();
	if (ready)
		puts("ready");
	sleep_for_ever();
}

__attribute__((noreturn)) static void end_leader(void *(*rest)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, rest, arg) != 0)
		errx(1, "pthread_create");
	for (;;)
		syscall(SYS_exit, 0);
}

/* The next link is made as soon as this one's first thread is gone. */
static void *next_link(void *unused)
{
	(void)unused;
	wait_for_leader();
	if (fork() == 0)
		end_leader(next_link, NULL);
	_exit(0);
}

static void children(int n, void *(*rest)(void *))
{
	char path[64];

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
			end_leader(rest, NULL);
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		while (rest == stay && !is_zombie(path))
			usleep(1000);
	}
	puts("ready");
}

static pid_t traced;

static void *be_traced(void *unused)
{
	(void)unused;
	traced = (pid_t)syscall(SYS_gettid);
	sleep_for_ever();
}

static void trace_a_thread(void)
{
	int p[2];
	char c;
	pthread_t t;

	if (pthread_create(&t, NULL, be_traced, NULL) != 0 || pipe(p) < 0)
		errx(1, "cannot make a thread");
	while (!*(volatile pid_t *)&traced)
		usleep(1000);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* yama */
	if (fork() == 0) {
		setsid();
		if (ptrace(PTRACE_SEIZE, traced, 0, 0) < 0)
			err(1, "ptrace");
		if (write(p[1], "x", 1) != 1)
			err(1, "write");
		/* Never waits for it. */
		sleep_for_ever();
	}
	close(p[1]);
	if (read(p[0], &c, 1) != 1)
		errx(1, "the tracer has failed");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (strcmp(what, "init") == 0)
		end_leader(stay, "");
	if (strcmp(what, "traced") == 0) {
		trace_a_thread();
		end_leader(stay, "");
	}
	if (strcmp(what, "child") == 0 || strcmp(what, "orphan") == 0)
		children(n, stay);
	else if (strcmp(what, "chain") == 0)
		children(n, next_link);
	else
		errx(2, "unknown command");
	if (strcmp(what, "orphan") == 0)
		return 0;
	sleep_for_ever();
}
