/*
 * The mounts' way into a user namespace. The kernel locks the flags of a mount (read-only, nosuid,
 * nodev, noexec, access time), and submounts where they are, when a mount namespace is copied into
 * a user namespace that is not its owner; not when a detached mount is attached there. Without the
 * locks a container with CAP_SYS_ADMIN in its user namespace could take away what config.json, or
 * the host, has put on the mounts it was given.
 *
 * So stage one, a process with bawn's rights, makes a mount namespace of its own and attaches
 * rootfs and sources to a tmpfs in it, on top of the container's state directory. The container's
 * process is born with a copy of it all, which belongs to its user namespace, finds the tmpfs as
 * its current directory, and takes clones from there: they keep the locks, and the topmost mount of
 * each can be attached and unmounted. The rest goes away with the old root.
 *
 * A mount that passes mounts on to the host, as config.json asks for, would be cut off from it by
 * the copy, and an unbindable one cannot be cloned: those are handed over as they are.
 */
#include "runtime/rootfs_private.h"

#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#define ROOT_NAME "root"

static bool can_be_staged(const struct rootfs *r, size_t i)
{
	uint64_t own = r->opt.spec->mounts.v[i].propagation;

	if (r->mounts[i].fd < 0 || own == MS_UNBINDABLE)
		return false;
	return own ? own != MS_SHARED : rootfs_base_propagation(r) != MS_SHARED;
}

/* Attaches *fd below the stage by this name, and closes it. */
static int put(struct err *e, int stage, const char *name, int *fd)
{
	_close_ int mount = take_fd(fd), target = FD_NONE;
	struct stat st;
	int r;

	if (fstat(mount, &st) < 0)
		return err_sys(e, "look at mount %s", name);
	r = S_ISDIR(st.st_mode) ? mkdirat(stage, name, 0700)
				: mknodat(stage, name, S_IFREG | 0600, 0);
	if (r < 0)
		return err_sys(e, "make a mount point for %s", name);
	target = openat(stage, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open the mount point for %s", name);
	return mount_attach_fd(e, mount, target, name);
}

static int put_all(struct err *e, struct rootfs *r, int stage)
{
	int rc = put(e, stage, ROOT_NAME, &r->root_fd);

	for (size_t i = 0; rc == 0 && i < r->opt.spec->mounts.n; i++) {
		char name[24];

		if (!can_be_staged(r, i))
			continue;
		snprintf(name, sizeof(name), "%zu", i);
		r->mounts[i].staged = true;
		rc = put(e, stage, name, &r->mounts[i].fd);
	}
	return rc;
}

static int make_stage(struct err *e)
{
	/* Passable for the container's root, who is nobody here. */
	static const char *const data[] = {"mode=711"};
	const struct mount_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = (char *const *)(uintptr_t)data,
		.n_data = ARRAY_SIZE(data),
	};

	return mount_new_fs(e, &fs);
}

int rootfs_stage(struct err *e, struct rootfs *r)
{
	_close_ int stage = FD_NONE, target = FD_NONE;
	int rc;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace");
	target = openat(AT_FDCWD, r->opt.stage, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open %s", r->opt.stage);
	rc = rootfs_cut_off(e, r, true);
	if (rc < 0)
		return rc;
	stage = make_stage(e);
	if (stage < 0)
		return stage;
	rc = mount_attach_fd(e, stage, target, r->opt.stage);
	if (rc == 0)
		rc = put_all(e, r, stage);
	if (rc == 0 && fchdir(stage) < 0)
		rc = err_sys(e, "enter the tmpfs of the mounts");
	return rc;
}

int rootfs_take_staged(struct err *e, struct rootfs *r)
{
	r->root_fd = mount_clone(e, AT_FDCWD, ROOT_NAME, true);
	if (r->root_fd < 0)
		return err_wrap(e, r->root_fd, "root.path");
	for (size_t i = 0; i < r->opt.spec->mounts.n; i++) {
		char name[24];

		if (!r->mounts[i].staged)
			continue;
		snprintf(name, sizeof(name), "%zu", i);
		r->mounts[i].fd = mount_clone(e, AT_FDCWD, name, true);
		if (r->mounts[i].fd < 0)
			return err_wrap(e, r->mounts[i].fd, "mounts[%zu] on %s", i,
					r->opt.spec->mounts.v[i].destination);
	}
	return 0;
}
