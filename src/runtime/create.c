/* create and run: see launch.h for the common part. */
#include <signal.h>
#include <sys/wait.h>

#include "runtime/destroy.h"
#include "runtime/launch.h"
#include "runtime/relay.h"

int container_create(struct err *e, const struct runtime *rt, const struct launch_options *o)
{
	_launch_ struct launch l;
	int r;

	launch_init(&l, rt, o);
	r = launch_prepare(e, &l, true);
	/* From here the child no longer depends on us. */
	if (r == 0)
		r = channel_send(e, l.channel[0], MSG_GO, FD_NONE);
	if (r < 0)
		launch_undo(&l);
	return r;
}

/* Says go and waits for the end of the conversation, which is the execve. */
static int go(struct err *e, struct launch *l)
{
	int r = channel_send(e, l->channel[0], MSG_GO, FD_NONE);

	if (r == 0)
		r = channel_recv(e, l->channel[0], NULL);
	if (r > 0)
		r = err_num(e, EPROTO, "unexpected message %d from the child", r);
	return r < 0 ? r : launch_hooks(e, l, HOOK_POSTSTART, STATUS_RUNNING);
}

static int run_foreground(struct err *e, struct launch *l, int *ret_status)
{
	int r, cleared = 0;
	struct err why;

	container_unlock(&l->c);
	r = relay_run(e, l->pid, l->pidfd, take_fd(&l->console), ret_status);
	if (l->opt->keep)
		return r;
	/* It is reaped: its number means nothing any more. */
	if (r == 0)
		l->c.state.pid = 0;
	/* Somebody may have deleted it in between: then there is nothing left to do. */
	if (container_lock(&why, &l->c) == 0)
		cleared = container_destroy(&why, &l->c, &l->spec);
	if (r == 0 && cleared < 0) {
		*e = why;
		return cleared;
	}
	return r;
}

int container_run(struct err *e, const struct runtime *rt, const struct launch_options *o,
		  int *ret_status)
{
	struct relay relay = {0};
	_launch_ struct launch l;
	int r;

	*ret_status = 0;
	launch_init(&l, rt, o);
	if (!o->detach)
		relay_begin(&relay);
	r = launch_prepare(e, &l, false);
	if (r == 0)
		r = go(e, &l);
	if (r < 0)
		launch_undo(&l);
	else if (!o->detach)
		r = run_foreground(e, &l, ret_status);
	relay_end(&relay);
	return r;
}
