/*
 * Fuzz target: state.json. Whatever the bytes, it is a state or one line of error; a
 * state can be shown, written and read again, and is then the same.
 */
#include "runtime/container.h"

#include "fuzz.h"

static bool same(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

static void check_again(struct container *c)
{
	struct container again = {.dir_fd = c->dir_fd, .id = "fuzz"};
	const struct container_state *s = &c->state, *t = &again.state;
	struct container_info info;
	_buf_ struct buf out = {0};
	struct err e = {0};

	container_describe(c, STATUS_STOPPED, &info);
	need(container_write_state_json(&e, &info, &out) == 0);
	need(container_prepare_state(&e, c) == 0);
	need(container_commit_state(&e, c) == 0);
	/* What was parsed has no bad UTF-8 that writing would change. */
	need(container_load_state(&e, &again) == 0 && again.has_state);
	need(s->pid == t->pid && s->start_time == t->start_time);
	need(same(s->bundle, t->bundle) && same(s->owner, t->owner));
	need(s->has_cgroup == t->has_cgroup && s->shares_pids == t->shares_pids);
	need(!s->has_cgroup ||
	     (s->cgroup.keep == t->cgroup.keep && s->cgroup.id == t->cgroup.id &&
	      str_eq(s->cgroup.path, t->cgroup.path) && str_eq(s->cgroup.mark, t->cgroup.mark)));
	arena_done(&again.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container c = {.dir_fd = scratch_fd(), .id = "fuzz"};
	struct err e = {0};
	int r;

	log_setup(&(struct log_options){.fd = STDERR_FILENO, .json = true});
	scratch_write("state.json", data, size);
	r = container_load_state(&e, &c);
	check_error(&e, r);
	need(c.has_state == (r == 0));
	if (r == 0)
		check_again(&c);
	arena_done(&c.arena);
	return 0;
}
