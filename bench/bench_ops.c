/*
 * bench_ops: what is measured, and what has to happen around it untimed.
 *
 * Each function brings its container into the state the verb needs, measures that one command, and
 * leaves nothing behind but the long-running container that `state` and `exec` share.
 */
#include "bench.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

static const struct target live = {.bundle = "live", .id = "live", .root = "state"};

static int measure(const struct config *cfg, const struct runtime *rt, const struct op *op,
		   struct usage *ret_u)
{
	struct cmd c;

	cmd_build(&c, cfg, rt, op->verb, &op->target);
	if (cfg->settle_us)
		usleep(cfg->settle_us);
	if (spawn_measure(&c, ret_u) == 0 && ret_u->code == 0)
		return 0;
	spawn_complain(&c, op->title, ret_u->code);
	return -1;
}

static int run_plain(const struct config *cfg, struct runtime *rt, const struct op *op,
		     struct usage *ret_u)
{
	return measure(cfg, rt, op, ret_u);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The first start ever: whatever a runtime caches beside its state is gone. */
static int run_cold(const struct config *cfg, struct runtime *rt, const struct op *op,
		    struct usage *ret_u)
{
	char root[PATH_BYTES_MAX];

	cmd_root(cfg, rt, &op->target, root);
	remove_tree(root);
	return measure(cfg, rt, op, ret_u);
}

/* On the way out of a failure too: the next round must find nothing. */
static int discard(const struct config *cfg, const struct runtime *rt, const struct target *t)
{
	pid_t init = cmd_init_pid(cfg, rt, t);
	int r = cmd_run(cfg, rt, V_DELETE_FORCE, t);
	char path[PATH_BYTES_MAX];

	spawn_wait_gone(init);
	cmd_pid_file(cfg, rt, t, path);
	unlink(path);
	return r;
}

static int run_create(const struct config *cfg, struct runtime *rt, const struct op *op,
		      struct usage *ret_u)
{
	int r = measure(cfg, rt, op, ret_u);

	return discard(cfg, rt, &op->target) < 0 ? -1 : r;
}

static int run_start(const struct config *cfg, struct runtime *rt, const struct op *op,
		     struct usage *ret_u)
{
	int r;

	if (cmd_run(cfg, rt, V_CREATE, &op->target) < 0)
		return -1;
	r = measure(cfg, rt, op, ret_u);
	if (r == 0)
		spawn_wait_gone(cmd_init_pid(cfg, rt, &op->target));
	return discard(cfg, rt, &op->target) < 0 ? -1 : r;
}

static int bring_up(const struct config *cfg, struct runtime *rt, const struct target *t)
{
	if (cmd_run(cfg, rt, V_CREATE, t) < 0)
		return -1;
	if (cmd_run(cfg, rt, V_START, t) == 0)
		return 0;
	discard(cfg, rt, t);
	return -1;
}

static int run_on_live(const struct config *cfg, struct runtime *rt, const struct op *op,
		       struct usage *ret_u)
{
	if (!rt->has_live && bring_up(cfg, rt, &live) < 0)
		return -1;
	rt->has_live = true;
	return measure(cfg, rt, op, ret_u);
}

void op_teardown(const struct config *cfg, struct runtime *rt)
{
	if (rt->has_live)
		discard(cfg, rt, &live);
	rt->has_live = false;
}

static int run_kill(const struct config *cfg, struct runtime *rt, const struct op *op,
		    struct usage *ret_u)
{
	int r;

	if (bring_up(cfg, rt, &op->target) < 0)
		return -1;
	r = measure(cfg, rt, op, ret_u);
	if (r == 0)
		spawn_wait_gone(cmd_init_pid(cfg, rt, &op->target));
	return discard(cfg, rt, &op->target) < 0 ? -1 : r;
}

/* Of a container whose init has ended and was reaped. */
static int run_delete(const struct config *cfg, struct runtime *rt, const struct op *op,
		      struct usage *ret_u)
{
	int r = -1;

	if (bring_up(cfg, rt, &op->target) < 0)
		return -1;
	if (spawn_wait_gone(cmd_init_pid(cfg, rt, &op->target)))
		r = measure(cfg, rt, op, ret_u);
	if (r < 0)
		discard(cfg, rt, &op->target);
	return r;
}

static int run_delete_force(const struct config *cfg, struct runtime *rt, const struct op *op,
			    struct usage *ret_u)
{
	int r;

	if (bring_up(cfg, rt, &op->target) < 0)
		return -1;
	r = measure(cfg, rt, op, ret_u);
	spawn_wait_gone(cmd_init_pid(cfg, rt, &op->target));
	if (r < 0)
		discard(cfg, rt, &op->target);
	return r;
}

static int start_numbered(const struct config *cfg, const struct runtime *rt, const struct op *op,
			  int number, struct cmd *c, pid_t *ret_pid)
{
	char id[32];
	struct target t = op->target;

	snprintf(id, sizeof(id), "%s-%d", op->target.id, number);
	t.id = id;
	cmd_build(c, cfg, rt, op->verb, &t);
	*ret_pid = spawn_start(c, false);
	return *ret_pid < 0 ? -1 : 0;
}

int op_batch(const struct config *cfg, struct runtime *rt, const struct op *op, struct usage *ret_u)
{
	pid_t pids[BATCH];
	int started = 0, ended = 0, failed = 0;
	double start;
	struct cmd c;

	memset(ret_u, 0, sizeof(*ret_u));
	start = now_us();
	while (ended < BATCH) {
		struct usage u;
		pid_t pid;

		while (started < BATCH && started - ended < op->parallel) {
			if (start_numbered(cfg, rt, op, started, &c, &pids[started]) < 0)
				return -1;
			started++;
		}
		pid = spawn_wait_any(&u);
		if (pid < 0)
			return -1;
		for (int i = 0; i < started; i++) {
			if (pids[i] != pid)
				continue;
			ended++;
			if (u.code != 0)
				failed = u.code;
			ret_u->cpu_us += u.cpu_us / BATCH;
			ret_u->faults += u.faults;
			ret_u->switches += u.switches;
			if (u.rss_kib > ret_u->rss_kib)
				ret_u->rss_kib = u.rss_kib;
		}
	}
	ret_u->wall_us = (now_us() - start) / BATCH;
	ret_u->faults /= BATCH;
	ret_u->switches /= BATCH;
	if (failed)
		spawn_complain(&c, op->title, failed);
	return failed ? -1 : 0;
}

const struct op op_table[] = {
	{"run", "run typ", run_plain, V_RUN, {"typ", "run", "state"}, 0},
	{"run-min", "run min", run_plain, V_RUN, {"min", "run-min", "state"}, 0},
	{"run-cold", "run typ, no caches", run_cold, V_RUN, {"typ", "run-cold", "cold"}, 0},
	{"create", "create", run_create, V_CREATE, {"typ", "create", "state"}, 0},
	{"start", "start", run_start, V_START, {"typ", "start", "state"}, 0},
	{"state", "state", run_on_live, V_STATE, {"live", "live", "state"}, 0},
	{"exec", "exec", run_on_live, V_EXEC, {"live", "live", "state"}, 0},
	{"kill", "kill", run_kill, V_KILL, {"live", "kill", "state"}, 0},
	{"delete", "delete, stopped", run_delete, V_DELETE, {"typ", "delete", "state"}, 0},
	{"delete-f",
	 "delete -f, running",
	 run_delete_force,
	 V_DELETE_FORCE,
	 {"live", "delete-f", "state"},
	 0},
	{"par8", "50 runs, 8 at once, each", op_batch, V_RUN, {"typ", "par8", "state"}, 8},
	{"par50", "50 runs at once, each", op_batch, V_RUN, {"typ", "par50", "state"}, 50},
};
const size_t op_count = COUNT(op_table);

bool op_listed(const char *list, const char *name)
{
	const size_t n = strlen(name);

	if (!list)
		return true;
	for (const char *p = list; *p; p += strcspn(p, ",")) {
		p += *p == ',';
		if (strcspn(p, ",") == n && !strncmp(p, name, n))
			return true;
	}
	return false;
}
