/*
 * procfs through an fd that nobody can mount on or replace (CVE-2019-16884,
 * CVE-2025-52881). Names are resolved without links and without crossing a mount;
 * "self" and "thread-self" are links, so they are read first and replaced by the
 * numbers of the procfs's own pid namespace.
 */
#include "path/path.h"

#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { PROC_ROOT_INODE = 1 };

static bool is_procfs(int fd)
{
	struct statfs sfs;

	return fstatfs(fd, &sfs) == 0 && sfs.f_type == PROC_SUPER_MAGIC;
}

static bool is_procfs_root(int fd)
{
	struct stat st;

	return is_procfs(fd) && fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT_INODE;
}

int procfs_open(struct err *e)
{
	const struct mount_fs fs = {
		.type = "proc",
		.attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
	_close_ int fd = mount_new_fs(e, &fs);
	struct err second;

	if (fd >= 0)
		return take_fd(&fd);
	fd = mount_clone(&second, AT_FDCWD, "/proc", false);
	if (fd < 0)
		fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_wrap(e, -e->num, "open a procfs");
	if (!is_procfs_root(fd))
		return err_set(e, ERR_SECURITY, "/proc is not a proc file system");
	log_debug("no new procfs (%s): using the one on /proc", e->msg);
	return take_fd(&fd);
}

/* "self/x" -> "123/x", "thread-self/x" -> "123/task/123/x", other names as they are. */
static int resolve_self(int proc, const char *name, char *out, size_t size)
{
	size_t len = strcspn(name, "/");
	char first[16], target[64];
	ssize_t n;

	if (str_format(first, sizeof(first), "%.*s", (int)len, name) < 0 ||
	    (!str_eq(first, "self") && !str_eq(first, "thread-self")))
		return str_format(out, size, "%s", name);
	n = readlinkat(proc, first, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return str_format(out, size, "%s%s", target, name + len);
}

static int open_checked(int proc, const char *name, int flags)
{
	const struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	char path[PATH_MAX];
	int fd, r;

	r = resolve_self(proc, name, path, sizeof(path));
	if (r < 0)
		return r;
	fd = sys_openat2(proc, path, &how);
	if (fd < 0)
		return -errno;
	if (!is_procfs(fd)) {
		close(fd);
		return -EXDEV;
	}
	return fd;
}

/* What the openat2 errors mean here. */
static int open_failed(struct err *e, int r, const char *name)
{
	if (r == -EXDEV || r == -ELOOP)
		return err_set(e, ERR_SECURITY,
			       "/proc/%s: refused: reached through a mount or a link", name);
	return err_num(e, r, "open /proc/%s", name);
}

int procfs_open_at(struct err *e, int proc, const char *name, int flags)
{
	int fd = open_checked(proc, name, flags);

	return fd < 0 ? open_failed(e, fd, name) : fd;
}

int procfs_write(struct err *e, int proc, const char *name, const void *data, size_t len)
{
	_close_ int fd = procfs_open_at(e, proc, name, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, data, len);
	if (n < 0)
		return err_sys(e, "write /proc/%s", name);
	if ((size_t)n != len)
		return err_num(e, EIO, "write /proc/%s: short write", name);
	return 0;
}

int procfs_read(struct err *e, int proc, const char *name, size_t max, struct buf *b)
{
	_close_ int fd = procfs_open_at(e, proc, name, O_RDONLY);
	int r;

	if (fd < 0)
		return fd;
	r = fd_read_all(fd, max, b);
	return r < 0 ? err_num(e, r, "read /proc/%s", name) : 0;
}

int procfs_open_link(struct err *e, int proc, const char *name, int flags)
{
	_close_ int link = FD_NONE, dir = FD_NONE;
	const char *last = strrchr(name, '/');
	char parent[PATH_MAX];
	int fd;

	if (!last || str_format(parent, sizeof(parent), "%.*s", (int)(last - name), name) < 0)
		return err_num(e, EINVAL, "open /proc/%s", name);
	/* That the link itself is procfs's own, before it is followed. */
	dir = procfs_open_at(e, proc, parent, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir;
	link = open_checked(dir, last + 1, O_PATH | O_NOFOLLOW);
	if (link < 0)
		return open_failed(e, link, name);
	fd = openat(dir, last + 1, flags | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open /proc/%s", name) : fd;
}
