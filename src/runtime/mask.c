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

struct template {
	int fd;
	bool attached;
};

int mask_open_null(struct err *e)
{
	_close_ int fd = mount_clone(e, AT_FDCWD, "/dev/null", false);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, ERR_SECURITY, "/dev/null of the host is not the null device");
	return take_fd(&fd);
}

static int open_empty_dir(struct err *e)
{
	static const char *const data[] = {"size=4k", "nr_inodes=1", "mode=755"};
	const struct mount_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = (char *const *)(uintptr_t)data,
		.n_data = ARRAY_SIZE(data),
		.sb_flags = MS_RDONLY,
		.attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};

	return mount_new_fs(e, &fs);
}

/* The object to cover: an fd, or -ENOENT when there is none. */
static int open_target(struct err *e, int root, const char *path)
{
	int fd = path_open(e, root, path, O_PATH);

	return fd == -ENOTDIR ? -ENOENT : fd;
}

static int cover(struct err *e, struct template *t, int target, int root, const char *path)
{
	_close_ int clone = FD_NONE;
	int rc;

	if (!t->attached) {
		t->attached = true;
		return mount_attach(e, t->fd, target, root, path);
	}
	clone = mount_clone(e, t->fd, "", false);
	rc = clone < 0 ? clone : mount_attach(e, clone, target, root, path);
	return rc;
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
	if (!S_ISDIR(st.st_mode))
		return cover(e, null, target, root, path);
	if (dir->fd < 0)
		dir->fd = open_empty_dir(e);
	return dir->fd < 0 ? dir->fd : cover(e, dir, target, root, path);
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
	int rc;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	clone = mount_clone(e, target, "", true);
	rc = clone < 0 ? clone : mount_change(e, clone, &change);
	return rc < 0 ? rc : mount_attach(e, clone, target, root, path);
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
