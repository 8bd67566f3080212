/*
 * Host paths of config.json (trusted) turned into detached mounts. Attributes and
 * propagation are set before anybody can reach the mount.
 *
 * A clone of a shared host mount is its peer: what the container mounts in it would
 * appear on the host. So it first becomes what it would be had it been made in the
 * container's mount namespace (slave by default), then what the mount asks for.
 */
#include "runtime/rootfs_private.h"

#include <limits.h>
#include <sys/stat.h>

/* "shared" in rootfsPropagation means: leave mounts the peers that they are. */
static uint64_t first_propagation(const struct rootfs *r)
{
	switch (rootfs_base_propagation(r)) {
	case MS_SHARED:
		return 0;
	case MS_SLAVE:
		return MS_SLAVE;
	default:
		return MS_PRIVATE;
	}
}

int rootfs_clone_root(struct err *e, struct rootfs *r, int dir, const char *path)
{
	const struct mount_change change = {
		.propagation =
			rootfs_base_propagation(r) == MS_SHARED ? MS_SLAVE : first_propagation(r),
		.recursive = true,
	};
	struct stat st;
	int rc;

	r->root_fd = mount_clone(e, dir, path, true);
	if (r->root_fd < 0)
		return err_wrap(e, r->root_fd, "root.path");
	if (fstat(r->root_fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_num(e, ENOTDIR, "root.path %s", path);
	rc = mount_change(e, r->root_fd, &change);
	return rc < 0 ? err_wrap(e, rc, "root.path %s", path) : 0;
}

/* In as few calls as the kernel allows: one for the usual bind of a file. */
static int apply_attributes(struct err *e, const struct rootfs *r, const struct spec_mount *m,
			    int fd)
{
	bool own_replaces =
		m->propagation && m->propagation_recursive && m->propagation != MS_SHARED;
	struct mount_change tree = {
		.set = m->rec_attr_set,
		.clear = m->rec_attr_clear,
		.propagation = own_replaces ? m->propagation : first_propagation(r),
		.recursive = true,
	};
	struct mount_change top = {.set = m->attr_set, .clear = m->attr_clear};
	const struct mount_change own = {
		.propagation = own_replaces ? 0 : m->propagation,
		.recursive = m->propagation_recursive,
	};
	int rc;

	/* rec_* options come on top of the plain ones. */
	if (!m->recursive_bind && !(m->rec_attr_set | m->rec_attr_clear)) {
		tree.set = m->attr_set;
		tree.clear = m->attr_clear;
		top = (struct mount_change){0};
	}
	rc = mount_change(e, fd, &top);
	if (rc == 0)
		rc = mount_change(e, fd, &tree);
	if (rc == 0)
		rc = mount_change(e, fd, &own);
	return rc;
}

int rootfs_open_bind(struct err *e, struct rootfs *r, size_t i, int dir, const char *path)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int fd = FD_NONE;
	int rc;

	if (!path || !path[0])
		return err_set(e, ERR_CONFIG, "mounts[%zu].source: missing", i);
	fd = mount_clone(e, dir, path, m->recursive_bind);
	if (fd == -EINVAL && !m->recursive_bind && r->deferred)
		return err_num(e, fd,
			       "mounts[%zu].source %s: has mounts below that a user namespace may "
			       "not leave out (use rbind)",
			       i, m->source);
	if (fd < 0)
		return err_num(e, fd, "mounts[%zu].source %s", i, m->source);
	rc = m->idmap ? rootfs_idmap(e, r, i, fd) : 0;
	if (rc == 0)
		rc = apply_attributes(e, r, m, fd);
	/* Such flags of mounts from outside are locked: mount_namespaces(7). */
	if (rc == -EPERM && !m->idmap)
		rc = err_wrap(
			e, rc,
			"a user namespace may not take away what the source has (ro, nosuid, ...)");
	if (rc < 0)
		return err_wrap(e, rc, "mounts[%zu] %s on %s", i, m->source, m->destination);
	r->mounts[i].fd = take_fd(&fd);
	return 0;
}

int rootfs_open_cgroup(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	const struct mount_change change = {
		/* Without a cgroup namespace the files are the host's own (CVE-2023-25809). */
		.set = m->attr_set | m->rec_attr_set |
		       (r->opt.cgroup_writable ? 0 : MOUNT_ATTR_RDONLY),
		.propagation = MS_PRIVATE,
	};
	_close_ int fd = FD_NONE;
	int rc;

	if (r->opt.cgroup_fd < 0)
		return err_set(
			e, ERR_CONFIG,
			"mounts[%zu] on %s: a cgroup mount needs a cgroup namespace or a cgroup", i,
			m->destination);
	fd = mount_clone(e, r->opt.cgroup_fd, "", false);
	rc = fd < 0 ? fd : mount_change(e, fd, &change);
	if (rc < 0)
		return err_wrap(e, rc, "mounts[%zu] on %s: cgroup", i, m->destination);
	r->mounts[i].fd = take_fd(&fd);
	return 0;
}

int rootfs_host_path(struct err *e, const struct rootfs *r, const char *path, char *out,
		     size_t size)
{
	bool relative = path[0] != '/';
	int rc = str_format(out, size, "%s%s%s", relative ? r->opt.bundle : "", relative ? "/" : "",
			    path);

	return rc < 0 ? err_num(e, rc, "%s", path) : 0;
}

int rootfs_open_deferred(struct err *e, struct rootfs *r)
{
	const struct spec *spec = r->opt.spec;
	char path[PATH_MAX];
	int rc = rootfs_host_path(e, r, spec->root_path, path, sizeof(path));

	if (rc == 0)
		rc = rootfs_clone_root(e, r, AT_FDCWD, path);
	for (size_t i = 0; rc == 0 && i < spec->mounts.n; i++) {
		const struct spec_mount *m = &spec->mounts.v[i];

		if (!m->bind)
			continue;
		rc = rootfs_host_path(e, r, m->source ? m->source : "", path, sizeof(path));
		if (rc == 0)
			rc = rootfs_open_bind(e, r, i, AT_FDCWD, m->source ? path : NULL);
	}
	return rc;
}
