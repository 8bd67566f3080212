/*
 * Undoing: see destroy.h. What may exist outside of the state directory is named by
 * state.json or, when the maker died before writing it, by the intent log.
 */
#include "runtime/destroy.h"

#include <poll.h>
#include <signal.h>

#include "runtime/hook.h"
#include "runtime/network.h"
#include "runtime/unit.h"

/* How long killed processes may take to end. */
#define END_TIMEOUT_MS 10000
/* And the first one before the rest of its cgroup is killed. */
#define FIRST_TIMEOUT_MS 100

/* 1 and *place, and the mount open; 0 when there is none. */
static int find_cgroup(struct err *e, struct container *c, enum intent_kind kind,
		       struct cg_place *place)
{
	bool found = true;
	int r = 0;

	if (kind == INTENT_CGROUP && c->cgroup_refused)
		return 0;
	if (kind == INTENT_CGROUP && c->has_state && c->state.has_cgroup)
		*place = c->state.cgroup;
	else
		r = intent_get(e, c, kind, place, &found);
	if (r < 0 || !found)
		return r;
	r = container_cg_mount(e, c);
	return r < 0 ? r : 1;
}

static int remove_cgroup(struct err *e, struct container *c, enum intent_kind kind)
{
	struct cg_place place;
	int r = find_cgroup(e, c, kind, &place);

	return r <= 0 ? r : cg_remove(e, &c->cg, &place, END_TIMEOUT_MS);
}

/* wait_ms: for the end of its processes; 0: not at all. */
static int kill_cgroup(struct err *e, struct container *c, enum intent_kind kind, int wait_ms)
{
	struct cg_place place;
	_close_ int fd = FD_NONE;
	int r = find_cgroup(e, c, kind, &place);

	if (r <= 0)
		return r;
	r = cg_open(e, &c->cg, &place, &fd);
	if (r == 0)
		r = cg_kill(e, fd);
	if (r == 0 && wait_ms)
		r = cg_wait_empty(e, fd, wait_ms);
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/* The first process and, with it, its pid namespace. -ETIMEDOUT after wait_ms. */
static int kill_init(struct err *e, const struct container *c, int wait_ms)
{
	struct err ignored;
	_close_ int pidfd = container_pidfd(&ignored, c);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return 0;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return err_sys(e, "kill process %d", (int)c->state.pid);
	if (poll(&p, 1, wait_ms) == 0)
		return err_num(e, ETIMEDOUT, "process %d does not end", (int)c->state.pid);
	return 0;
}

/* For a container with a cgroup this is not needed, only faster: the kernel reports changes of
 * cgroup.events at most every 10 ms, the end of a process at once. *slow: others hold its end up by
 * ptrace, or it has no processor time; both until the cgroup is killed. */
static int kill_init_first(struct err *e, const struct container *c, bool *slow)
{
	bool cgroup_too = c->state.has_cgroup;
	int r = kill_init(e, c, cgroup_too ? FIRST_TIMEOUT_MS : END_TIMEOUT_MS);

	*slow = cgroup_too && r == -ETIMEDOUT;
	return *slow ? 0 : r;
}

/* r and *e of before, or those of the next step when it is the first that fails. */
static int first_error(struct err *e, int r, const struct err *next, int next_r)
{
	if (r < 0 || next_r >= 0)
		return r;
	*e = *next;
	return next_r;
}

int container_kill_all(struct err *e, struct container *c)
{
	struct err next = {0};
	int r = kill_cgroup(e, c, INTENT_CGROUP, 0);

	/* Whatever fails, the rest is tried. */
	r = first_error(e, r, &next, kill_init(&next, c, END_TIMEOUT_MS));
	/* The maker may wait for a hook. */
	return first_error(e, r, &next, kill_cgroup(&next, c, INTENT_HOOK_CGROUP, 0));
}

/* With a unit, its end comes before that of the cgroup: were the directory gone before the kernel
 * has told systemd that it is empty, the unit would stay. When systemd cannot be asked, *left: it
 * removes both by itself. */
static int end_unit(struct err *e, struct container *c, bool *left)
{
	const char *name = c->state.unit, *mark = c->state.cgroup.mark;
	struct cg_place unit;
	bool found = name != NULL;
	int r = 0;

	*left = false;
	if (!c->has_state) {
		r = intent_get(e, c, INTENT_UNIT, &unit, &found);
		name = unit.path;
		mark = unit.mark;
	}
	if (r < 0 || !found)
		return r;
	r = kill_cgroup(e, c, INTENT_CGROUP, END_TIMEOUT_MS);
	if (r == 0)
		*left = !unit_stop(c, name, mark);
	return r;
}

/* Each hook is born in the hooks' cgroup: a time limit ends also what it has started. */
static void poststop(struct container *c, const struct spec *spec)
{
	struct hook_context ctx = {.kind = HOOK_POSTSTOP};
	_close_ int fd = FD_NONE;
	struct container_info info;
	_buf_ struct buf state = {0};
	struct err e;
	int r;

	container_describe(c, STATUS_STOPPED, &info);
	r = container_write_state_json(&e, &info, &state);
	if (r == 0)
		r = container_hook_cgroup(&e, c, &fd);
	if (r < 0) {
		log_warning("poststop hooks are left out: %s", e.msg);
		return;
	}
	ctx.cgroup_fd = fd;
	ctx.state = state.data;
	ctx.state_len = state.len;
	ctx.cwd = c->state.bundle;
	(void)hooks_run(&e, &spec->hooks[HOOK_POSTSTOP], &ctx);
}

int container_destroy(struct err *e, struct container *c, const struct spec *spec)
{
	bool left = false, slow = false;
	int r = 0;

	if (c->has_state)
		r = kill_init_first(e, c, &slow);
	if (r == 0)
		r = end_unit(e, c, &left);
	if (r == 0 && !left)
		r = remove_cgroup(e, c, INTENT_CGROUP);
	if (r == 0 && slow)
		r = kill_init(e, c, END_TIMEOUT_MS);
	if (r == 0)
		r = container_release_networks(e, c);
	if (r == 0 && spec && spec->hooks[HOOK_POSTSTOP].n)
		poststop(c, spec);
	if (r == 0 && (!c->has_state || c->state.hooks))
		r = remove_cgroup(e, c, INTENT_HOOK_CGROUP);
	return r < 0 ? r : container_remove_dir(e, c);
}
