/* Running hooks: see hook.h. */
#include "runtime/hook.h"

#include <linux/memfd.h>
#include <signal.h>

#include "runtime/subprocess.h"

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

static int hook_failed(struct err *e, const char *what, int value, const char *output)
{
	return err_set(e, ERR_HOOK, "%s %d%s%s", what, value, *output ? ": " : "", output);
}

static int hook_run(struct err *e, const struct spec_hook *h, const struct hook_context *ctx)
{
	static char *const nothing[] = {NULL};
	_close_ int in = state_file(e, ctx);
	const struct subprocess p = {
		.dirfd = AT_FDCWD,
		.path = h->path,
		.argv = h->args.n ? h->args.v : nothing,
		.envp = h->env.n ? h->env.v : nothing,
		.cwd = ctx->cwd,
		.cgroup_fd = ctx->cgroup_fd,
		.in = in,
		.limit_ms = h->timeout.set ? h->timeout.v * 1000 : -1,
		.seccomp = ctx->seccomp,
	};
	struct subprocess_end end;
	int r = in < 0 ? in : subprocess_run(e, &p, &end);

	if (r < 0)
		return r;
	if (end.timed_out)
		return hook_failed(e, "killed: its timeout is over; seconds:", (int)h->timeout.v,
				   end.output);
	if (end.signal == SIGSYS)
		return hook_failed(e, "bad system call: killed by signal", end.signal, end.output);
	if (end.signal)
		return hook_failed(e, "killed by signal", end.signal, end.output);
	if (end.status)
		return hook_failed(e, "exit status", end.status, end.output);
	return 0;
}

int hooks_run(struct err *e, const struct spec_hooks *hooks, const struct hook_context *ctx)
{
	for (size_t i = 0; i < hooks->n; i++) {
		int r = hook_run(e, &hooks->v[i], ctx);

		if (r < 0) {
			e->code = ERR_HOOK;
			err_wrap(e, r, "error running hook: hooks.%s[%zu]: %s",
				 kind_names[ctx->kind], i, hooks->v[i].path);
			/* runtime-spec: after the end, a failure is a warning, the others run. */
			if (ctx->kind != HOOK_POSTSTOP)
				return r;
			log_warning("%s", e->msg);
		}
	}
	return 0;
}
