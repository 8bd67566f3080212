/* Running hooks with a time limit: see hook.h. Waits with poll(2) on a pidfd, never sleeps. */
#include "runtime/hook.h"

#include <linux/memfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define OUTPUT_MAX 512

static const char *const kind_names[HOOK_KIND_MAX] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
};

const char *hook_kind_name(enum hook_kind kind)
{
	return kind_names[kind];
}

/* What the hook printed so far; only its start is kept. */
struct output {
	int fd;
	char text[OUTPUT_MAX + 1];
	size_t len;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

_Noreturn static void hook_child(const struct spec_hook *h, const struct hook_context *ctx, int in,
				 int out)
{
	static char *const no_args[] = {NULL}, *const no_env[] = {NULL};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
	    sys_close_range(3, ~0u, 0) < 0 || (ctx->cwd && chdir(ctx->cwd) < 0))
		_exit(126);
	execve(h->path, h->args.n ? h->args.v : no_args, h->env.n ? h->env.v : no_env);
	dprintf(2, "cannot execute: %s", strerror(errno));
	_exit(127);
}

/* A memfd instead of a pipe: a hook that does not read its input cannot block us. */
static int state_file(struct err *e, const struct hook_context *ctx)
{
	_close_ int fd = sys_memfd_create("state", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "make the hook's input");
	r = fd_write_all(fd, ctx->state, ctx->state_len);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_num(e, r < 0 ? r : errno, "write the hook's input");
	return take_fd(&fd);
}

static pid_t hook_spawn(struct err *e, const struct spec_hook *h, const struct hook_context *ctx,
			int out, int *ret_pidfd)
{
	_close_ int in = state_file(e, ctx);
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (in < 0)
		return in;
	if (ctx->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)ctx->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(e, "start a process");
	if (pid == 0)
		hook_child(h, ctx, in, out);
	return pid;
}

static void output_read(struct output *o)
{
	char rest[1024];
	bool keep = o->len < OUTPUT_MAX;
	ssize_t n = keep ? read(o->fd, o->text + o->len, OUTPUT_MAX - o->len)
			 : read(o->fd, rest, sizeof(rest));

	if (n > 0 && keep)
		o->len += (size_t)n;
	if (n <= 0 && errno != EAGAIN && errno != EINTR)
		fd_close(&o->fd);
}

/* Waits for the end of the process, reading what it prints. -ETIMEDOUT after the deadline. */
static int hook_wait(int pidfd, struct output *o, int64_t deadline)
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
		if (n > 0 && fds[1].revents)
			output_read(o);
		else if (n > 0 && fds[0].revents)
			return 0;
	}
}

static int hook_failed(struct err *e, const char *what, int value, struct output *o)
{
	while (o->len && o->text[o->len - 1] == '\n')
		o->len--;
	o->text[o->len] = '\0';
	return err_set(e, ERR_HOOK, "%s %d%s%s", what, value, o->len ? ": " : "", o->text);
}

static int hook_run(struct err *e, const struct spec_hook *h, const struct hook_context *ctx)
{
	int64_t deadline = h->timeout.set ? now_ms() + h->timeout.v * 1000 : -1;
	_close_ int pidfd = FD_NONE, out = FD_NONE;
	struct output o = {.fd = FD_NONE};
	int pipefd[2], status, r;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	o.fd = pipefd[0];
	out = pipefd[1];
	fcntl(o.fd, F_SETFL, O_NONBLOCK);
	pid = hook_spawn(e, h, ctx, out, &pidfd);
	fd_close(&out);
	r = pid < 0 ? pid : hook_wait(pidfd, &o, deadline);
	if (pid > 0 && r < 0)
		sys_pidfd_send_signal(pidfd, SIGKILL);
	fd_close(&o.fd);
	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == -ETIMEDOUT)
		return hook_failed(e, "killed: its timeout is over; seconds:", (int)h->timeout.v,
				   &o);
	if (r < 0)
		return err_num(e, r, "wait");
	if (WIFSIGNALED(status))
		return hook_failed(e, "killed by signal", WTERMSIG(status), &o);
	if (WEXITSTATUS(status) != 0)
		return hook_failed(e, "exit status", WEXITSTATUS(status), &o);
	return 0;
}

int hooks_run(struct err *e, const struct spec_hooks *hooks, const struct hook_context *ctx)
{
	for (size_t i = 0; i < hooks->n; i++) {
		int r = hook_run(e, &hooks->v[i], ctx);

		if (r < 0) {
			e->code = ERR_HOOK;
			return err_wrap(e, r, "hooks.%s[%zu]: %s", kind_names[ctx->kind], i,
					hooks->v[i].path);
		}
	}
	return 0;
}
