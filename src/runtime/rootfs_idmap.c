/*
 * Idmapped mounts: the kernel takes the mapping from a user namespace, which is made
 * here by a child that does nothing else and is gone when this returns. A file system that
 * cannot do it is an error: nothing is ever chowned instead.
 */
#include "runtime/rootfs_private.h"

#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#ifndef CLONE_NEWUSER
#define CLONE_NEWUSER 0x10000000
#endif

static const char *fs_name(int fd)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} names[] = {
		{TMPFS_MAGIC, "tmpfs"},
		{EXT4_SUPER_MAGIC, "ext4"},
		{XFS_SUPER_MAGIC, "xfs"},
		{BTRFS_SUPER_MAGIC, "btrfs"},
		{OVERLAYFS_SUPER_MAGIC, "overlay"},
		{NFS_SUPER_MAGIC, "nfs"},
		{0x65735546, "fuse"},
		{0x2fc12fc1, "zfs"},
		{PROC_SUPER_MAGIC, "proc"},
		{SYSFS_MAGIC, "sysfs"},
		{0x01021997, "9p"},
		{SQUASHFS_MAGIC, "squashfs"},
	};
	struct statfs sfs;

	for (size_t i = 0; fstatfs(fd, &sfs) == 0 && i < ARRAY_SIZE(names); i++) {
		if ((unsigned long)sfs.f_type == names[i].magic)
			return names[i].name;
	}
	return "of this source";
}

static int write_maps(struct err *e, int proc, pid_t pid, const char *file,
		      const struct spec_id_maps *maps)
{
	char name[48], text[4096];
	size_t len = 0;

	for (size_t i = 0; i < maps->n; i++) {
		int n = snprintf(text + len, sizeof(text) - len, "%u %u %u\n",
				 maps->v[i].container_id, maps->v[i].host_id, maps->v[i].size);

		if (n < 0 || (size_t)n >= sizeof(text) - len)
			return err_num(e, E2BIG, "id mappings");
		len += (size_t)n;
	}
	snprintf(name, sizeof(name), "%d/%s", (int)pid, file);
	return procfs_write(e, proc, name, text, len);
}

static int map_and_open(struct err *e, pid_t pid, const struct spec_id_maps *uids,
			const struct spec_id_maps *gids)
{
	_close_ int proc = procfs_open(e);
	char name[48];
	int rc;

	if (proc < 0)
		return proc;
	rc = write_maps(e, proc, pid, "uid_map", uids);
	if (rc == 0)
		rc = write_maps(e, proc, pid, "gid_map", gids);
	snprintf(name, sizeof(name), "%d/ns/user", (int)pid);
	return rc < 0 ? rc : procfs_open_link(e, proc, name, O_RDONLY);
}

/* The child lives until the pipe ends, so not longer than this process. */
static int userns_of(struct err *e, const struct spec_id_maps *uids,
		     const struct spec_id_maps *gids)
{
	struct clone_args args = {.flags = CLONE_NEWUSER};
	int fd, pipe_fds[2];
	pid_t pid;
	char c;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = sys_clone3(&args);
	if (pid == 0) {
		close(pipe_fds[1]);
		while (read(pipe_fds[0], &c, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	if (pid < 0)
		fd = err_sys(e, "make a user namespace");
	else
		fd = map_and_open(e, pid, uids, gids);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return fd;
}

/* The mount's own mapping, else the container's. */
static int open_userns(struct err *e, const struct rootfs *r, const struct spec_mount *m)
{
	const struct spec_linux *l = &r->opt.spec->linux_;
	int fd;

	if (m->uid_maps.n > 0 && m->gid_maps.n > 0)
		return userns_of(e, &m->uid_maps, &m->gid_maps);
	if (l->ns[NS_USER].path) {
		fd = openat(AT_FDCWD, l->ns[NS_USER].path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, "open %s", l->ns[NS_USER].path) : fd;
	}
	if (l->uid_maps.n == 0 || l->gid_maps.n == 0)
		return err_set(e, ERR_CONFIG, "idmap: neither the mount nor linux has id mappings");
	return userns_of(e, &l->uid_maps, &l->gid_maps);
}

int rootfs_idmap(struct err *e, const struct rootfs *r, size_t i, int mount_fd)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int userns = open_userns(e, r, m);
	const struct mount_change change = {
		.set = MOUNT_ATTR_IDMAP,
		.userns_fd = userns,
		.recursive = m->idmap_recursive,
	};
	int rc;

	if (userns < 0)
		return userns;
	rc = mount_change(e, mount_fd, &change);
	if (rc == -EINVAL)
		return err_set(e, ERR_UNSUPPORTED,
			       "the file system (%s) cannot be idmapped by this kernel",
			       fs_name(mount_fd));
	return rc < 0 ? err_wrap(e, rc, "idmap") : 0;
}
