/*
 * Delegation of a cgroup to the root of a user namespace (cgroup-v2.rst, "Delegation
 * Containment"): it gets the directory and the files that the kernel names for this, so
 * that it can make cgroups below and move its own processes, but not raise its limits.
 */
#include <sys/stat.h>

#include "cgroups/cg.h"

/* What every kernel since 5.14 delegates; newer ones tell more in /sys/kernel/cgroup/delegate. */
static const char known[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n";

static int give(struct err *e, int cgroup_fd, const char *name, uid_t uid, gid_t gid)
{
	if (fchownat(cgroup_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "delegate the cgroup: give %s to %u:%u", name, uid, gid);
}

int cg_delegate(struct err *e, int cgroup_fd, uid_t uid, gid_t gid)
{
	_buf_ struct buf list = {0};
	struct err ignored;
	int r;

	if (file_read_at(&ignored, AT_FDCWD, "/sys/kernel/cgroup/delegate", 65536, &list) < 0 ||
	    !list.len) {
		buf_done(&list);
		buf_str(&list, known);
	}
	if (list.failed)
		return err_nomem(e);
	r = give(e, cgroup_fd, ".", uid, gid);
	for (char *name = list.data, *end; r == 0 && (end = strchr(name, '\n')); name = end + 1) {
		*end = '\0';
		/* Names only: a kernel would have to be mad, but this is a write as root. */
		if (*name && !strchr(name, '/'))
			r = give(e, cgroup_fd, name, uid, gid);
	}
	return r;
}
