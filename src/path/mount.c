/*
 * All mounts of the program are made here, by fd. Sources are detached mounts,
 * targets are fds below the rootfs and never strings (CVE-2021-30465); attributes
 * are set before anybody can see the mount. <sys/mount.h> is not included: it
 * clashes with <linux/mount.h>, and mount(2) is not used.
 */
#include "path/path.h"

#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* Superblock flags that fsconfig(2) takes by name. */
static const struct {
	uint64_t flag;
	const char *name;
} sb_flag_names[] = {
	{MS_RDONLY, "ro"},     {MS_SYNCHRONOUS, "sync"},  {MS_DIRSYNC, "dirsync"},
	{MS_MANDLOCK, "mand"}, {MS_LAZYTIME, "lazytime"},
};

static int sys_fsconfig(int fs_fd, unsigned int cmd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs_fd, cmd, key, value, 0);
}

/* The newest error line the kernel left in the file system context, or "". Lines look like
 * "e tmpfs: Bad value for 'size'". */
static const char *fs_reason(int fs_fd, char *buf, size_t size)
{
	char line[256];
	ssize_t n;

	buf[0] = '\0';
	while ((n = read(fs_fd, line, sizeof(line) - 1)) > 0) {
		while (n > 0 && line[n - 1] == '\n')
			n--;
		line[n] = '\0';
		if (n > 2 && line[0] == 'e')
			snprintf(buf, size, " (%s)", line + 2);
	}
	return buf;
}

static int fs_failed(struct err *e, int fs_fd, const struct mount_fs *fs, const char *what)
{
	char reason[280];
	int num = errno;

	return err_num(e, num, "%s %s%s", what, fs->type, fs_reason(fs_fd, reason, sizeof(reason)));
}

/* "key=value" or "flag" */
static int set_option(struct err *e, int fs_fd, const struct mount_fs *fs, const char *option)
{
	const char *eq = strchr(option, '=');
	char key[256], what[320];
	int r;

	if (str_format(key, sizeof(key), "%.*s", eq ? (int)(eq - option) : -1, option) < 0)
		return err_num(e, ENAMETOOLONG, "option %.40s... of %s", option, fs->type);
	if (eq)
		r = sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, key, eq + 1);
	else
		r = sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL);
	if (r == 0)
		return 0;
	/* fsconfig(2) takes values of up to 255 bytes. */
	if (eq && strlen(eq + 1) > 255)
		errno = ENAMETOOLONG;
	snprintf(what, sizeof(what), "option %s of", key);
	return fs_failed(e, fs_fd, fs, what);
}

static int set_options(struct err *e, int fs_fd, const struct mount_fs *fs)
{
	int r;

	if (fs->source && sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", fs->source) < 0)
		return fs_failed(e, fs_fd, fs, "source of");
	for (size_t i = 0; fs->sb_flags && i < ARRAY_SIZE(sb_flag_names); i++) {
		if (!(fs->sb_flags & sb_flag_names[i].flag))
			continue;
		r = set_option(e, fs_fd, fs, sb_flag_names[i].name);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < fs->n_data; i++) {
		r = set_option(e, fs_fd, fs, fs->data[i]);
		if (r < 0)
			return r;
	}
	if (fs->context && sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "context", fs->context) < 0)
		return fs_failed(e, fs_fd, fs, "option context of");
	return 0;
}

int mount_new_fs(struct err *e, const struct mount_fs *fs)
{
	_close_ int fs_fd = (int)syscall(SYS_fsopen, fs->type, FSOPEN_CLOEXEC);
	int fd, r;

	if (fs_fd < 0 && errno == ENODEV)
		return err_num(e, ENODEV, "the kernel has no file system type %s", fs->type);
	if (fs_fd < 0)
		return err_sys(e, "open file system type %s", fs->type);
	r = set_options(e, fs_fd, fs);
	if (r < 0)
		return r;
	if (sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fs_failed(e, fs_fd, fs, "create");
	fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, (unsigned int)fs->attrs);
	return fd < 0 ? fs_failed(e, fs_fd, fs, "mount") : fd;
}

int mount_clone(struct err *e, int dirfd, const char *path, bool recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
			     (recursive ? AT_RECURSIVE : 0);
	int fd = (int)syscall(SYS_open_tree, dirfd, path, flags);

	return fd < 0 ? err_sys(e, "clone the mount of %s", path[0] ? path : "an open file") : fd;
}

int mount_change(struct err *e, int mount_fd, const struct mount_change *c)
{
	struct mount_attr attr = {
		.attr_set = c->set,
		.attr_clr = c->clear,
		.propagation = c->propagation,
		.userns_fd = c->set & MOUNT_ATTR_IDMAP ? (uint64_t)(unsigned int)c->userns_fd : 0,
	};
	unsigned int flags = AT_EMPTY_PATH | (c->recursive ? AT_RECURSIVE : 0);

	/* Access time modes are a number, not bits: setting one means clearing the field. */
	if (attr.attr_set & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (!attr.attr_set && !attr.attr_clr && !attr.propagation)
		return 0;
	if (syscall(SYS_mount_setattr, mount_fd, "", flags, &attr, sizeof(attr)) < 0)
		return err_sys(e, "change mount attributes");
	return 0;
}

static bool is_dir(int fd)
{
	int saved = errno;
	struct stat st;
	bool yes = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

	errno = saved;
	return yes;
}

int mount_attach_fd(struct err *e, int mount_fd, int target_fd, const char *what)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

	if (syscall(SYS_move_mount, mount_fd, "", target_fd, "", flags) == 0)
		return 0;
	/* ENOTDIR in older kernels, EINVAL like everything else in newer ones. */
	if (errno == ENOTDIR || (errno == EINVAL && is_dir(mount_fd) != is_dir(target_fd)))
		return err_num(e, ENOTDIR, "mount on %s: one is a directory, the other is not",
			       what);
	return err_sys(e, "mount on %s", what);
}

int mount_verify(struct err *e, int mount_fd, int root, const char *path)
{
	_close_ int seen = path_open(e, root, path, O_PATH);
	uint64_t want, have;

	if (seen < 0)
		return seen;
	if (sys_mount_id(mount_fd, &want) < 0 || sys_mount_id(seen, &have) < 0)
		return err_sys(e, "read the mount id of %s", path);
	if (want != have)
		return err_set(e, ERR_SECURITY, "%s changed in the rootfs while it was mounted on",
			       path);
	return 0;
}

int mount_attach(struct err *e, int mount_fd, int target_fd, int root, const char *path)
{
	int r = mount_attach_fd(e, mount_fd, target_fd, path);

	return r < 0 ? r : mount_verify(e, mount_fd, root, path);
}

int mount_enter_top(struct err *e)
{
	_close_ int self = sys_pidfd_open(getpid());

	if (self < 0)
		return err_sys(e, "open a pidfd of bawn itself");
	/* Joining sets root and directory, whatever the namespace: setns(2). */
	if (setns(self, CLONE_NEWNS) < 0)
		return err_sys(e, "enter the root of the mount namespace%s",
			       errno == EPERM ? " (is CAP_SYS_CHROOT missing?)" : "");
	return 0;
}

int mount_detach_here(struct err *e)
{
	if (syscall(SYS_umount2, ".", MNT_DETACH) < 0)
		return err_sys(e, "detach the old root");
	return 0;
}
