/*
 * Masked and read-only paths. The process is inside its new root already; names are
 * resolved by the kernel below the root fd without magic links, mounts go from fd to fd.
 *
 * All masks come from one null device (opened on the host: CVE-2025-31133 was the
 * container's own) and one empty tmpfs. Each template is attached by its first use, because
 * a detached mount can be cloned by Linux 6.15 and later only.
 */
#include "runtime/mask.h"

#include "path/path.h"

#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#ifndef ST_RDONLY
#define ST_RDONLY 1
#endif

struct template
{
	int fd;
	bool attached;
	dev_t dev;		/* of the empty directory */
};

static int changed(struct err *e, const char *path)
{
	return err_set(e, ERR_SECURITY, "%s changed in the rootfs while it was covered", path);
}

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int mask_open_null(struct err *e)
{
	_close_ int fd = mount_clone(e, AT_FDCWD, "/dev/null", false);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat /dev/null");
	if (!is_null(&st))
		return err_set(e, ERR_SECURITY, "/dev/null of the host is not the null device");
	return take_fd(&fd);
}

static int open_empty_dir(struct err *e)
{
	static const char *const data[] = {"nr_inodes=1", "mode=755"};
	const struct mount_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = (char *const *)(uintptr_t)data,
		.n_data = ARRAY_SIZE(data),
		.sb_flags = MS_RDONLY,
		.attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			 MOUNT_ATTR_NOEXEC,
	};

	return mount_new_fs(e, &fs);
}

/* The object to cover: an fd, or -ENOENT when there is none. */
static int open_target(struct err *e, int root, const char *path)
{
	int fd = path_open(e, root, path, O_PATH);

	return fd == -ENOTDIR ? -ENOENT : fd;
}

static int cover(struct err *e, struct template *t, int target, const char *path)
{
	_close_ int clone = FD_NONE;

	if (!t->attached) {
		t->attached = true;
		return mount_attach_fd(e, t->fd, target, path);
	}
	clone = mount_clone(e, t->fd, "", false);
	return clone < 0 ? clone : mount_attach_fd(e, clone, target, path);
}

static int hide_file(struct err *e, int target, const char *path, struct template *null)
{
	int rc = cover(e, null, target, path);
	struct stat st;

	if (rc < 0)
		return rc;
	/* What the container will see by this name. */
	return stat(path, &st) == 0 && is_null(&st) ? 0 : changed(e, path);
}

static int hide_dir(struct err *e, int target, const char *path, struct template *dir)
{
	struct stat st;
	int rc;

	if (dir->fd < 0) {
		dir->fd = open_empty_dir(e);
		if (dir->fd < 0)
			return dir->fd;
		if (fstat(dir->fd, &st) < 0)
			return err_sys(e, "stat the empty directory");
		dir->dev = st.st_dev;
	}
	rc = cover(e, dir, target, path);
	if (rc < 0)
		return rc;
	return stat(path, &st) == 0 && st.st_dev == dir->dev ? 0 : changed(e, path);
}

static int hide_one(struct err *e, int root, const char *path, struct template *null,
		    struct template *dir)
{
	_close_ int target = open_target(e, root, path);
	struct stat st;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (fstat(target, &st) < 0)
		return err_sys(e, "stat %s", path);
	return S_ISDIR(st.st_mode) ? hide_dir(e, target, path, dir)
				   : hide_file(e, target, path, null);
}

int mask_hide(struct err *e, int root, const struct strv *paths, int *null_fd)
{
	struct template null = {.fd = *null_fd}, dir = {.fd = FD_NONE};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < paths->n; i++) {
		rc = hide_one(e, root, paths->v[i], &null, &dir);
		if (rc < 0)
			err_wrap(e, rc, "linux.maskedPaths[%zu]", i);
	}
	fd_close(&dir.fd);
	return rc;
}

static int make_readonly(struct err *e, int root, const char *path)
{
	const struct mount_change change = {.set = MOUNT_ATTR_RDONLY, .recursive = true};
	_close_ int target = open_target(e, root, path);
	_close_ int clone = FD_NONE;
	struct statfs sfs;
	int rc;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	clone = mount_clone(e, target, "", true);
	rc = clone < 0 ? clone : mount_change(e, clone, &change);
	if (rc == 0)
		rc = mount_attach_fd(e, clone, target, path);
	if (rc < 0)
		return rc;
	return statfs(path, &sfs) == 0 && (sfs.f_flags & ST_RDONLY) ? 0 : changed(e, path);
}

int mask_readonly(struct err *e, int root, const struct strv *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		int rc = make_readonly(e, root, paths->v[i]);

		if (rc < 0)
			return err_wrap(e, rc, "linux.readonlyPaths[%zu]", i);
	}
	return 0;
}
