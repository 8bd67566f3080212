/* The state root: where containers' directories are. */
#include "runtime/runtime.h"

#include <stdlib.h>
#include <sys/stat.h>

bool runtime_is_unprivileged(const struct runtime *rt)
{
	return rt->uid != 0 || !sys_in_initial_userns();
}

bool runtime_is_rootless(const struct runtime *rt)
{
	return rt->rootless == ROOTLESS_AUTO ? runtime_is_unprivileged(rt)
					     : rt->rootless == ROOTLESS_TRUE;
}

/* The root of a user namespace has no right to /run, and where it has (in a container), no
 * XDG_RUNTIME_DIR as a rule. podman passes an empty one. */
static void choose_root(struct runtime *rt)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	bool users = run && run[0] == '/' && (rt->uid != 0 || !sys_in_initial_userns());

	if (users)
		(void)str_format(rt->root_default, sizeof(rt->root_default), "%s/bawn", run);
	else if (rt->uid == 0)
		(void)str_format(rt->root_default, sizeof(rt->root_default), "/run/bawn");
	else
		(void)str_format(rt->root_default, sizeof(rt->root_default), "/run/user/%u/bawn",
				 rt->uid);
	rt->root = rt->root_default;
}

/* A default may be of no use here. */
static int explain_root(const struct runtime *rt, struct err *e, int r)
{
	return rt->root == rt->root_default
		       ? err_wrap(e, r, "no state root (set XDG_RUNTIME_DIR or give --root DIR)")
		       : r;
}

int runtime_open(struct err *e, struct runtime *rt, bool create)
{
	struct stat st;
	int r;

	rt->root_fd = FD_NONE;
	rt->uid = geteuid();
	if (!rt->root || !*rt->root)
		choose_root(rt);
	for (int round = 0; rt->root_fd < 0; round++) {
		rt->root_fd = openat(AT_FDCWD, rt->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (rt->root_fd >= 0)
			break;
		if (errno == ENOENT && !create)
			return 0;
		if (errno != ENOENT || round > 0)
			return explain_root(rt, e, err_sys(e, "open the state root %s", rt->root));
		r = dirs_make(e, "state root", rt->root, 0700);
		if (r < 0)
			return explain_root(rt, e, r);
	}
	if (fstat(rt->root_fd, &st) < 0)
		return err_sys(e, "look at the state root %s", rt->root);
	if (st.st_uid != rt->uid || st.st_mode & 022)
		return err_set(e, ERR_SECURITY,
			       "state root %s: others may write to it (owner %u, mode %04o); "
			       "make it belong to uid %u with mode 0700",
			       rt->root, st.st_uid, st.st_mode & 07777, rt->uid);
	return 0;
}

void runtime_done(struct runtime *rt)
{
	fd_close(&rt->root_fd);
}
