/*
 * bench_spawn: starts one command and measures it.
 *
 * vfork(2), so that the driver's own size costs nothing, and wait4(2) of any child: this process
 * is the subreaper, as a container engine's monitor is, so a killed container's init must be
 * reaped while the runtime that killed it is still being measured. rusage counts what the command
 * waited for itself; a detached init is not in it. ru_maxrss starts at what this process had at
 * vfork, hence the driver is static and small; and kernels since 6.2 count it per CPU in batches
 * of 32 pages, so it is coarse for small programs: bench_rss.c has the exact figure.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CAPTURE_BYTES_MAX = 16384, GONE_TIMEOUT_US = 5000000, GONE_STEP_US = 200 };

static int null_fd = -1;
static int out_fd = -1; /* only for spawn_capture */
static int err_fd = -1;

double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int capture_file(const char *name)
{
	int fd = (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

void spawn_init(void)
{
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	out_fd = capture_file("bench-stdout");
	err_fd = capture_file("bench-stderr");
	if (null_fd < 0 || out_fd < 0 || err_fd < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
		perror("bench: start");
		exit(1);
	}
}

static pid_t start_with(const struct cmd *c, int fd, bool traced)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char preload[PATH_BYTES_MAX];
	char *env[] = {path, c->preload ? preload : NULL, NULL};
	pid_t pid;

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", c->preload ? c->preload : "");
	pid = vfork();
	if (pid == 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(err_fd, STDERR_FILENO);
		if (traced)
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve(c->argv[0], (char *const *)(uintptr_t)c->argv, env);
		_exit(127);
	}
	return pid;
}

pid_t spawn_start(const struct cmd *c, bool traced)
{
	return start_with(c, null_fd, traced);
}

pid_t spawn_wait_any(struct usage *ret_u)
{
	struct rusage ru;
	int status;
	pid_t pid;

	do {
		pid = wait4(-1, &status, 0, &ru);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return -1;
	ret_u->cpu_us = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
			(double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	ret_u->rss_kib = ru.ru_maxrss;
	ret_u->faults = ru.ru_minflt;
	ret_u->switches = ru.ru_nvcsw + ru.ru_nivcsw;
	ret_u->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return pid;
}

static int measure_with(const struct cmd *c, int fd, struct usage *ret_u)
{
	double start;
	pid_t pid, got;

	if (ftruncate(err_fd, 0) < 0)
		return -1;
	start = now_us();
	pid = start_with(c, fd, false);
	if (pid < 0)
		return -1;
	do {
		got = spawn_wait_any(ret_u);
	} while (got >= 0 && got != pid);
	ret_u->wall_us = now_us() - start;
	return got < 0 ? -1 : 0;
}

int spawn_measure(const struct cmd *c, struct usage *ret_u)
{
	return measure_with(c, null_fd, ret_u);
}

static const char *read_capture(int fd)
{
	static char text[CAPTURE_BYTES_MAX];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

int spawn_capture(const struct cmd *c, const char **ret_text)
{
	struct usage u;

	if (ftruncate(out_fd, 0) < 0 || measure_with(c, out_fd, &u) < 0)
		return -1;
	*ret_text = read_capture(out_fd);
	return u.code;
}

bool spawn_wait_gone(pid_t pid)
{
	const struct timespec step = {.tv_nsec = GONE_STEP_US * 1000L};

	for (int waited = 0; waited < GONE_TIMEOUT_US; waited += GONE_STEP_US) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (pid <= 0 || kill(pid, 0) < 0)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

void spawn_complain(const struct cmd *c, const char *what, int code)
{
	fprintf(stderr, "bench: FAILED: %s: exit status %d of:", what, code);
	for (size_t i = 0; i < c->n; i++)
		fprintf(stderr, " %s", c->argv[i]);
	fprintf(stderr, "\n%s\n", read_capture(err_fd));
}
