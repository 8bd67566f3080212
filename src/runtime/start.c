/* start: opens the gate of a created container. */
#include "runtime/destroy.h"
#include "runtime/gate.h"
#include "runtime/hook.h"
#include "runtime/container.h"

static int wrong_state(struct err *e, struct container *c)
{
	enum container_status status = container_status(c);

	if (status == STATUS_STOPPED)
		return err_set(e, ERR_STATE, "cannot start a container that has stopped");
	return err_set(e, ERR_STATE, "cannot start a container in the %s state",
		       container_status_name(status));
}

static int poststart(struct err *e, struct container *c)
{
	struct hook_context ctx = {.kind = HOOK_POSTSTART, .cgroup_fd = FD_NONE};
	_close_ int fd = FD_NONE;
	struct container_info info;
	_buf_ struct buf state = {0};
	struct spec spec = {0};
	int r;

	if (!c->state.poststart)
		return 0;
	r = container_load_spec(e, c, &spec);
	container_describe(c, STATUS_RUNNING, &info);
	if (r == 0)
		r = container_write_state_json(e, &info, &state);
	if (r == 0)
		r = container_hook_cgroup(e, c, &fd);
	if (r == 0) {
		ctx.cgroup_fd = fd;
		ctx.state = state.data;
		ctx.state_len = state.len;
		ctx.cwd = c->state.bundle;
		r = hooks_run(e, &spec.hooks[HOOK_POSTSTART], &ctx);
	}
	spec_done(&spec);
	return r;
}

int container_start(struct err *e, const struct runtime *rt, const char *id)
{
	_container_ struct container c;
	_close_ int conn = FD_NONE;
	int r;

	r = container_open_locked(e, &c, rt, id);
	if (r < 0)
		return r;
	conn = gate_connect(c.dir_fd);
	if (conn == -EAGAIN)
		return err_num(e, ETIMEDOUT,
			       "the container's first process (%d) does not answer: "
			       "is it stopped",
			       (int)c.state.pid);
	if (conn < 0)
		return wrong_state(e, &c);
	r = gate_go(e, conn);
	/* Executed or failed: nobody waits there any more. */
	if (unlinkat(c.dir_fd, GATE_NAME, 0) < 0 && errno != ENOENT && r == 0)
		r = err_sys(e, "remove the start gate");
	if (r < 0)
		return r;
	r = poststart(e, &c);
	if (r < 0) {
		struct err ignored;

		/* runtime-spec: a failing poststart hook stops the container. */
		(void)container_kill_all(&ignored, &c);
	}
	return r;
}
