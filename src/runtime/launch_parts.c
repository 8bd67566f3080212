/* What the parent does for the child and for its caller on the way: see launch.h. */
#include <linux/mount.h>
#include <sched.h>

#include "runtime/announce.h"
#include "runtime/hook.h"
#include "runtime/launch.h"

/* Who the container's root is on the host; false when it is nobody. */
static bool map_root(const struct spec_id_maps *maps, uint32_t *ret)
{
	for (size_t i = 0; i < maps->n; i++)
		if (maps->v[i].container_id == 0 && maps->v[i].size > 0) {
			*ret = maps->v[i].host_id;
			return true;
		}
	return false;
}

bool launch_delegates(const struct launch *l)
{
	const struct spec_linux *lx = &l->spec.linux_;

	if (!(l->ns.make & CLONE_NEWUSER) || !lx->ns[NS_CGROUP].present)
		return false;
	for (size_t i = 0; i < l->spec.mounts.n; i++) {
		const struct spec_mount *m = &l->spec.mounts.v[i];

		if (m->type && str_has_prefix(m->type, "cgroup") &&
		    !(m->attr_set & MOUNT_ATTR_RDONLY))
			return true;
	}
	return false;
}

int launch_delegate(struct err *e, const struct launch *l)
{
	uint32_t uid, gid;
	int r;

	if (!launch_delegates(l) || !map_root(&l->spec.linux_.uid_maps, &uid) ||
	    !map_root(&l->spec.linux_.gid_maps, &gid))
		return 0;
	r = cg_delegate(e, l->cgroup_fd, uid, gid);
	/* An ordinary user can give it to nobody else; the usual map has the own uid for root. */
	if (r == -EPERM && runtime_is_unprivileged(l->rt)) {
		log_debug("the container's root may not write to its cgroup: %s", e->msg);
		return 0;
	}
	return r;
}

static int run_hooks(struct err *e, const struct launch *l, enum hook_kind kind,
		     enum container_status status, int cgroup_fd)
{
	struct hook_context ctx = {.kind = kind, .cwd = l->bundle, .cgroup_fd = cgroup_fd};
	struct container c = l->c;
	struct container_info info;
	_buf_ struct buf state = {0};
	int r;

	container_describe(&c, status, &info);
	r = container_write_state_json(e, &info, &state);
	ctx.state = state.data;
	ctx.state_len = state.len;
	return r < 0 ? r : hooks_run(e, &l->spec.hooks[kind], &ctx);
}

int launch_hooks(struct err *e, struct launch *l, enum hook_kind kind, enum container_status status)
{
	_close_ int fd = FD_NONE;
	int r;

	if (!l->spec.hooks[kind].n)
		return 0;
	r = container_hook_cgroup(e, &l->c, &fd);
	return r < 0 ? r : run_hooks(e, l, kind, status, fd);
}

int launch_announce(struct err *e, struct launch *l)
{
	int r = container_commit_state(e, &l->c);

	l->c.has_state = r == 0;
	if (r == 0)
		r = announce_fd(e, "--pidfd-socket", l->opt->pidfd_socket, "pidfd", l->pidfd);
	/* Last: it is not taken back. */
	return r < 0 ? r : announce_pid(e, l->opt->pid_file, l->pid);
}
