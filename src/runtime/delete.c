/* delete and gc: takes containers away, whatever state they were left in. */
#include "runtime/destroy.h"

#include <poll.h>
#include <signal.h>

#define MAKER_TIMEOUT_MS 10000

static int delete_locked(struct err *e, struct container *c, bool force)
{
	struct spec spec = {0};
	bool hooks = c->has_state && c->state.poststop;
	enum container_status status = container_status(c);
	int r = 0;

	if (!force && !c->has_state)
		return err_set(e, ERR_STATE, "container \"%s\" was never finished; use --force",
			       c->id);
	if (!force && status != STATUS_STOPPED && status != STATUS_CREATED)
		return err_set(e, ERR_STATE,
			       "cannot delete container \"%s\" that is not stopped: %s; "
			       "kill it first or use --force",
			       c->id, container_status_name(status));
	/* Before the directory is gone; a damaged copy must not keep anybody from deleting. */
	if (hooks && container_load_spec(e, c, &spec) < 0)
		log_warning("poststop hooks are left out: %s", e->msg);
	r = container_destroy(e, c, &spec);
	spec_done(&spec);
	return r;
}

/* Its maker is alive, perhaps stuck in a hook or with a peer that does not answer. What it waits
 * for is killed, and itself. Other holders of the lock (start, pause) have bounded work to do. */
static int stop_maker(struct err *e, struct container *c)
{
	_close_ int pidfd = FD_NONE;
	struct pollfd p = {.events = POLLIN};
	struct err ignored;
	pid_t maker;

	(void)container_load_state(&ignored, c);
	if (!c->has_state) {
		maker = container_lock_holder(c);
		pidfd = maker > 0 ? sys_pidfd_open(maker) : FD_NONE;
		/* Asked again with the pidfd in hand: the number belongs to the holder. */
		if (pidfd >= 0 && container_lock_holder(c) == maker) {
			sys_pidfd_send_signal(pidfd, SIGKILL);
			p.fd = pidfd;
			if (poll(&p, 1, MAKER_TIMEOUT_MS) == 0)
				return err_num(e, ETIMEDOUT,
					       "process %d, which makes the container, "
					       "does not end",
					       (int)maker);
		}
	}
	return container_kill_all(e, c);
}

int container_delete(struct err *e, const struct runtime *rt, const char *id, bool force)
{
	_container_ struct container c;
	int r;

	r = container_open_dir(e, &c, rt, id);
	if (r == 0 && force && !container_try_lock(&c))
		r = stop_maker(e, &c);
	if (r == 0)
		r = container_lock(e, &c);
	if (r < 0)
		return force && e->code == ERR_NOT_FOUND ? 0 : r;
	r = container_load_state(e, &c);
	/* A damaged state.json is no reason to keep anything: the intent log is enough. */
	return r < 0 && !force ? r : delete_locked(e, &c, force);
}

/* Nobody makes it any more and it never became "created". */
static int collect(struct err *e, const struct runtime *rt, const char *id, struct arena *a,
		   struct strv *removed)
{
	_container_ struct container c;
	int r = container_open_dir(e, &c, rt, id);

	if (r < 0 || !container_try_lock(&c) || container_lock(e, &c) < 0)
		return 0;
	if (container_load_state(e, &c) < 0 || c.has_state)
		return 0;
	r = container_destroy(e, &c, NULL);
	if (r < 0)
		return err_wrap(e, r, "%s", id);
	removed->v[removed->n] = arena_strdup(a, id);
	return removed->v[removed->n++] ? 0 : err_nomem(e);
}

int runtime_gc(struct err *e, const struct runtime *rt, struct arena *a, struct strv *ret_removed)
{
	struct strv ids = {0};
	int r = container_ids(e, rt, a, &ids);

	if (r < 0)
		return r;
	ret_removed->n = 0;
	ret_removed->v = arena_array(a, ids.n + 1, sizeof(char *));
	if (!ret_removed->v)
		return err_nomem(e);
	for (size_t i = 0; i < ids.n && r == 0; i++)
		r = collect(e, rt, ids.v[i], a, ret_removed);
	return r;
}
