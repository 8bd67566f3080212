/*
 * The container's file tree, first and last steps: opening what is on the host before
 * the clone, and making the rootfs the root. See rootfs.h for the order.
 *
 * The rootfs is cloned by the parent and attached by the child on top of "/": no path to
 * it is looked up in the container's namespaces, where a user namespace's root may not
 * be allowed to go, and the rootfs need not be a mount point. Only for hooks, which know
 * that path alone, it is attached there (rootfs_options.at_path).
 *
 * "/" is the root of the mount namespace. When bawn is called in a chroot, its own root is another
 * one; a container set up there would have the whole host below its root, for exec and for
 * everybody else who joins the mount namespace.
 */
#include "runtime/rootfs_private.h"

#include "runtime/mask.h"

#include <sys/stat.h>

/* Compares component by component as far as `path` goes; *rest is what `destination` has more. */
static bool starts_with(const char *destination, const char *path, const char **rest)
{
	for (;;) {
		size_t len;

		destination += strspn(destination, "/");
		path += strspn(path, "/");
		len = strcspn(path, "/");
		*rest = destination;
		if (len == 0)
			return true;
		if (len != strcspn(destination, "/") || memcmp(path, destination, len) != 0)
			return false;
		path += len;
		destination += len;
	}
}

bool rootfs_is_destination(const char *destination, const char *path)
{
	const char *rest;

	return starts_with(destination, path, &rest) && !*rest;
}

bool rootfs_is_below(const char *destination, const char *above)
{
	const char *rest;

	return starts_with(destination, above, &rest) && *rest && !strstr(rest, "..");
}

uint64_t rootfs_base_propagation(const struct rootfs *r)
{
	uint64_t p = r->opt.spec->linux_.rootfs_propagation & ~(uint64_t)MS_REC;

	return p ? p : MS_SLAVE;
}

/* Without a mount namespace every one of these would change the host. */
static int check_needs_mnt_ns(struct err *e, const struct spec *spec)
{
	const char *what = NULL;

	if (spec->mounts.n > 0)
		what = "mounts";
	else if (spec->linux_.masked_paths.n > 0)
		what = "linux.maskedPaths";
	else if (spec->linux_.readonly_paths.n > 0)
		what = "linux.readonlyPaths";
	else if (spec->linux_.devices.n > 0)
		what = "linux.devices";
	else if (spec->root_readonly)
		what = "root.readonly";
	if (!what)
		return 0;
	return err_set(e, ERR_CONFIG, "%s: not possible without a mount namespace", what);
}

static int open_root(struct err *e, struct rootfs *r)
{
	const char *path = r->opt.spec->root_path;

	if (r->opt.mnt_ns)
		return rootfs_clone_root(e, r, r->opt.bundle_fd, path);
	r->root_fd = openat(r->opt.bundle_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->root_fd < 0 ? err_sys(e, "root.path %s", path) : 0;
}

static int open_sources(struct err *e, struct rootfs *r)
{
	const struct spec *spec = r->opt.spec;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct spec_mount *m = &spec->mounts.v[i];
		int rc = 0;

		if (m->bind)
			rc = rootfs_open_bind(e, r, i, r->opt.bundle_fd, m->source);
		else if (m->idmap)
			rc = err_set(e, ERR_UNSUPPORTED,
				     "mounts[%zu] on %s: only bind mounts can be idmapped", i,
				     m->destination);
		else if (m->type && str_has_prefix(m->type, "cgroup") && !r->opt.cgroup_ns)
			rc = rootfs_open_cgroup(e, r, i);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int prepare(struct err *e, struct rootfs *r)
{
	const struct spec *spec = r->opt.spec;
	int rc;

	if (!r->opt.mnt_ns) {
		rc = check_needs_mnt_ns(e, spec);
		return rc < 0 ? rc : open_root(e, r);
	}
	r->mounts = arena_array(&r->arena, spec->mounts.n, sizeof(*r->mounts));
	if (!r->mounts)
		return err_nomem(e);
	for (size_t i = 0; i < spec->mounts.n; i++)
		r->mounts[i].fd = FD_NONE;
	rc = open_root(e, r);
	/* A runtime without privileges gets them with the new namespaces: in the child. */
	if (rc == -EPERM) {
		r->deferred = true;
		return 0;
	}
	return rc < 0 ? rc : open_sources(e, r);
}

int rootfs_prepare(struct err *e, struct rootfs *r, const struct rootfs_options *o)
{
	int rc;

	*r = (struct rootfs){
		.opt = *o,
		.root_fd = FD_NONE,
		.proc_fd = FD_NONE,
		.null_fd = FD_NONE,
	};
	rc = prepare(e, r);
	/* Without rights on the host there is nobody outside who could do it. */
	r->staged = o->stage && !r->deferred;
	if (rc < 0)
		rootfs_done(r);
	return rc;
}

int rootfs_procfs(struct err *e, struct rootfs *r)
{
	if (r->proc_fd < 0)
		r->proc_fd = procfs_open(e);
	return r->proc_fd < 0 ? r->proc_fd : 0;
}

/* Read-only mounts that things were made in, then the rootfs itself. After the pivot: pivot_root
 * takes no shared mount. */
static int finish_attributes(struct err *e, struct rootfs *r)
{
	const struct spec *spec = r->opt.spec;
	uint64_t propagation = rootfs_base_propagation(r);
	const struct mount_change late = {.set = MOUNT_ATTR_RDONLY};
	struct mount_change root = {.set = spec->root_readonly ? MOUNT_ATTR_RDONLY : 0};
	int rc;

	/* Slave and private it is already; shared only now, so that no mount made so far spread. */
	if (propagation == MS_SHARED || propagation == MS_UNBINDABLE)
		root.propagation = propagation;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		if (!r->mounts[i].late_ro)
			continue;
		rc = mount_change(e, r->mounts[i].fd, &late);
		if (rc < 0)
			return err_wrap(e, rc, "mounts[%zu] on %s: make it read-only", i,
					spec->mounts.v[i].destination);
		fd_close(&r->mounts[i].fd);
	}
	rc = mount_change(e, r->root_fd, &root);
	return rc < 0 ? err_wrap(e, rc, "rootfs") : 0;
}

int rootfs_enter_top(struct err *e, const struct rootfs *r)
{
	/* In a chroot the kernel lets no user namespace begin. */
	if (r->opt.own_userns)
		return chdir("/") < 0 ? err_sys(e, "enter the root directory") : 0;
	return mount_enter_top(e);
}

int rootfs_cut_off(struct err *e, const struct rootfs *r, bool come_back)
{
	const struct mount_change change = {
		.propagation = rootfs_base_propagation(r) == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE,
		.recursive = true,
	};
	_close_ int bawns_root = FD_NONE;
	int rc;

	if (come_back) {
		bawns_root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (bawns_root < 0)
			return err_sys(e, "open /");
	}
	rc = rootfs_enter_top(e, r);
	if (rc == 0)
		rc = mount_change(e, AT_FDCWD, &change);
	/* lint-ok: calls, back to where bawn was called */
	if (rc == 0 && come_back && (fchdir(bawns_root) < 0 || chroot(".") < 0))
		rc = err_sys(e, "return to the root directory");
	return rc;
}

int rootfs_pivot(struct err *e, struct rootfs *r)
{
	int rc = r->at_path ? rootfs_enter_top(e, r) : 0;

	/* Who joins this mount namespace begins at the mount on top of "/", not at our root. */
	if (rc == 0 && r->at_path && r->opt.no_pivot)
		rc = mount_attach_fd(e, r->root_fd, AT_FDCWD, "/");
	if (rc < 0)
		return rc;
	if (fchdir(r->root_fd) < 0)
		return err_sys(e, "enter the rootfs");
	if (!r->opt.mnt_ns || r->opt.no_pivot) {
		/* lint-ok: calls, this is the process's own root, entered by fd */
		if (chroot(".") < 0)
			return err_sys(e, "chroot to the rootfs");
	} else {
		/* The old root ends up on top of the new one at "/", where "." finds it. */
		if (sys_pivot_root_here() < 0)
			return err_sys(
				e, "pivot_root%s",
				errno == EINVAL
					? " (is the host's root a ramfs? then use --no-pivot)"
					: "");
		rc = mount_detach_here(e);
		if (rc < 0)
			return rc;
	}
	return r->opt.mnt_ns ? finish_attributes(e, r) : 0;
}

int rootfs_mask(struct err *e, struct rootfs *r)
{
	const struct spec_linux *l = &r->opt.spec->linux_;
	int rc = mask_hide(e, r->root_fd, &l->masked_paths, &r->null_fd);

	return rc < 0 ? rc : mask_readonly(e, r->root_fd, &l->readonly_paths);
}

void rootfs_done(struct rootfs *r)
{
	/* Zeroed, never prepared or done already: 0 is not a fd of ours. */
	if (!r->opt.spec)
		return;
	for (size_t i = 0; r->mounts && i < r->opt.spec->mounts.n; i++)
		fd_close(&r->mounts[i].fd);
	r->opt.spec = NULL;
	fd_close(&r->root_fd);
	fd_close(&r->proc_fd);
	fd_close(&r->null_fd);
	r->mounts = NULL;
	arena_done(&r->arena);
}
