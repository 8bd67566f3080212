/* Running programs with a time limit: see subprocess.h. Waits with poll(2) on a pidfd. */
#include "runtime/subprocess.h"

#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/* What the program printed so far; only its start is kept. */
struct output {
	int fd;
	char *text;
	size_t len;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The fds get their numbers, from 3 on, and the rest ends with execve. First all of them go above
 * these numbers, out of each other's way. */
static int arrange_fds(const struct subprocess *p, int out, int *dirfd)
{
	int first_free = 3 + (int)p->n_fds, high[SUBPROCESS_FDS_MAX];

	if (*dirfd >= 0)
		*dirfd = fcntl(*dirfd, F_DUPFD_CLOEXEC, first_free);
	for (size_t i = 0; i < p->n_fds; i++) {
		high[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, first_free);
		if (high[i] < 0)
			return -1;
	}
	if (dup2(p->in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return -1;
	for (size_t i = 0; i < p->n_fds; i++)
		if (dup2(high[i], 3 + (int)i) < 0)
			return -1;
	return sys_close_range((unsigned int)first_free, ~0u, CLOSE_RANGE_CLOEXEC);
}

_Noreturn static void child(const struct subprocess *p, int out)
{
	int dirfd = p->dirfd, listener;
	struct err e;
	sigset_t none;

	if (!p->sees_our_end)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* What our caller ignores (nohup, some engines) is not the program's business. */
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (arrange_fds(p, out, &dirfd) < 0 || (p->cwd && chdir(p->cwd) < 0))
		_exit(126);
	if (p->seccomp && seccomp_program_load(&e, p->seccomp, &listener) < 0) {
		dprintf(2, "%s", e.msg);
		_exit(126);
	}
	/* A filter may know execve only. */
	if (dirfd == AT_FDCWD)
		execve(p->path, p->argv, p->envp);
	else
		sys_execveat(dirfd, p->path, p->argv, p->envp, p->path[0] ? 0 : AT_EMPTY_PATH);
	dprintf(2, "cannot execute: %s", strerror(errno));
	_exit(127);
}

pid_t subprocess_start(struct err *e, const struct subprocess *p, int out, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (p->n_fds > SUBPROCESS_FDS_MAX)
		return err_num(e, E2BIG, "pass %zu fds to %s", p->n_fds, p->path);
	if (p->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)p->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(e, "start a process");
	if (pid == 0)
		child(p, out);
	return pid;
}

static void output_read(struct output *o)
{
	char rest[1024];
	bool keep = o->len < SUBPROCESS_OUTPUT_MAX;
	ssize_t n = keep ? read(o->fd, o->text + o->len, SUBPROCESS_OUTPUT_MAX - o->len)
			 : read(o->fd, rest, sizeof(rest));

	if (n > 0 && keep)
		o->len += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_close(&o->fd);
}

/* Waits for the end of the process, reading what it prints. -ETIMEDOUT after the deadline. What is
 * in the pipe at the end is still read, but not forever: a daemon that stays may print on. */
static int wait_for_end(int pidfd, struct output *o, int64_t deadline)
{
	for (;;) {
		struct pollfd fds[2] = {
			{.fd = pidfd, .events = POLLIN},
			{.fd = o->fd, .events = POLLIN},
		};
		int64_t left = deadline < 0 ? -1 : deadline - now_ms();
		int n;

		if (deadline >= 0 && left <= 0)
			return -ETIMEDOUT;
		n = poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		if (fds[0].revents && (!fds[1].revents || o->len == SUBPROCESS_OUTPUT_MAX))
			return 0;
		if (fds[1].revents)
			output_read(o);
	}
}

static void output_end(struct output *o)
{
	fd_close(&o->fd);
	while (o->len && o->text[o->len - 1] == '\n')
		o->len--;
	o->text[o->len] = '\0';
}

int subprocess_run(struct err *e, const struct subprocess *p, struct subprocess_end *ret)
{
	int64_t deadline = p->limit_ms < 0 ? -1 : now_ms() + p->limit_ms;
	_close_ int pidfd = FD_NONE, out = FD_NONE;
	struct output o = {.fd = FD_NONE, .text = ret->output};
	int pipefd[2], status = 0, r;
	pid_t pid;

	*ret = (struct subprocess_end){0};
	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	o.fd = pipefd[0];
	out = pipefd[1];
	fcntl(o.fd, F_SETFL, O_NONBLOCK);
	pid = subprocess_start(e, p, out, &pidfd);
	fd_close(&out);
	r = pid < 0 ? pid : wait_for_end(pidfd, &o, deadline);
	if (pid > 0 && r < 0)
		sys_pidfd_send_signal(pidfd, SIGKILL);
	output_end(&o);
	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ret->timed_out = r == -ETIMEDOUT;
	if (r < 0 && !ret->timed_out)
		return err_num(e, r, "wait");
	ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return 0;
}
