/*
 * The mounts, made by the child inside its namespaces. Destinations are UNTRUSTED
 * names below the rootfs: each is resolved to an fd, the mount goes onto that fd, and
 * the name is looked up again to see that the mount is what it shows.
 */
#include "runtime/rootfs_private.h"

#include "runtime/dev.h"
#include "runtime/mask.h"

#include <stdio.h>
#include <sys/stat.h>

static bool is_kind(const struct spec_mount *m, const char *type)
{
	return m->type && str_eq(m->type, type);
}

static bool wants_readonly(const struct spec_mount *m)
{
	return (m->attr_set | m->rec_attr_set) & MOUNT_ATTR_RDONLY;
}

/* A file system of which every mount is an instance of its own or takes no renames. */
static bool is_own_instance(const char *type)
{
	static const char *const types[] = {"proc", "sysfs", "tmpfs", "devpts", "mqueue"};

	return str_lookup(types, ARRAY_SIZE(types), type) >= 0;
}

/* What fsmount(2) is asked for. */
static struct mount_fs fs_of(const struct rootfs *r, const struct spec_mount *m)
{
	return (struct mount_fs){
		.type = m->type,
		.source = m->source,
		.data = m->data.v,
		.n_data = m->data.n,
		.context = r->opt.spec->linux_.mount_label,
		.sb_flags = m->sb_flags,
		.attrs = m->attr_set | m->rec_attr_set,
	};
}

/* Whether mounts[i] lies below a file system that an earlier mount of config.json made: nobody
 * outside this mount namespace can rename anything there. */
static bool is_below_fresh(const struct spec *spec, size_t i)
{
	const char *destination = spec->mounts.v[i].destination;

	/* A mount namespace that others are in already. */
	if (spec->linux_.ns[NS_MNT].path)
		return false;
	for (size_t j = 0; j < i; j++) {
		const struct spec_mount *above = &spec->mounts.v[j];

		if (above->type && !above->bind && is_own_instance(above->type) &&
		    rootfs_is_below(destination, above->destination))
			return true;
	}
	return false;
}

/* Puts `fd` on the destination of mounts[i]; the caller still owns it. */
static int attach(struct err *e, struct rootfs *r, size_t i, int fd, int target)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	const struct mount_change own = {
		.propagation = m->bind ? 0 : m->propagation,
		.recursive = m->propagation_recursive,
	};
	int rc;

	if (is_below_fresh(r->opt.spec, i))
		rc = mount_attach_fd(e, fd, target, m->destination);
	else
		rc = mount_attach(e, fd, target, r->root_fd, m->destination);
	return rc < 0 ? rc : mount_change(e, fd, &own);
}

static bool is_file(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int mount_bind(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = FD_NONE, fd = take_fd(&r->mounts[i].fd);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", m->source ? m->source : "the source");
	target = S_ISDIR(st.st_mode) ? path_make_dir(e, r->root_fd, m->destination)
				     : path_make_file(e, r->root_fd, m->destination);
	if (m->optional && !is_file(target))
		return 0;
	return target < 0 ? target : attach(e, r, i, fd, target);
}

/* A container that is asked for a /proc must not get one elsewhere (CVE-2019-19921). */
static int ordinary_dir(struct err *e, const struct rootfs *r, const struct spec_mount *m)
{
	int fd = path_make_dir_exact(e, r->root_fd, m->destination);

	if (fd < 0 && e->code == ERR_SECURITY)
		return err_wrap(e, fd, "must be mounted on ordinary directory");
	return fd;
}

static int mount_proc(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = ordinary_dir(e, r, m);
	_close_ int fd = FD_NONE;
	struct mount_fs fs = fs_of(r, m);
	int rc;

	if (target < 0)
		return target;
	fs.context = NULL;
	fd = mount_new_fs(e, &fs);
	if (fd == -EPERM)
		return err_wrap(e, fd,
				"a new proc needs a pid namespace of its own and a /proc "
				"outside that nothing is mounted on");
	if (fd < 0)
		return fd;
	rc = attach(e, r, i, fd, target);
	if (rc < 0)
		return rc;
	/* Serves as r->proc_fd as it is: whole, writable, of the new pid namespace. */
	if (r->proc_fd < 0 && m->data.n == 0 && !wants_readonly(m))
		r->proc_fd = take_fd(&fd);
	return 0;
}

/* Shows the tree the host has at `path`, read-only: what a user namespace gets where a
 * file system belongs to a namespace that it shares with the host. */
static int clone_readonly(struct err *e, const char *path, uint64_t attrs)
{
	const struct mount_change change = {
		.set = MOUNT_ATTR_RDONLY | (attrs & ~(uint64_t)MOUNT_ATTR__ATIME),
		.recursive = true,
	};
	_close_ int fd = mount_clone(e, AT_FDCWD, path, true);
	int rc = fd < 0 ? fd : mount_change(e, fd, &change);

	return rc < 0 ? rc : take_fd(&fd);
}

static int mount_sysfs(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = ordinary_dir(e, r, m);
	_close_ int fd = FD_NONE;
	struct mount_fs fs = fs_of(r, m);

	if (target < 0)
		return target;
	fs.context = NULL;
	fd = mount_new_fs(e, &fs);
	if (fd == -EPERM)
		fd = clone_readonly(e, "/sys", fs.attrs);
	return fd < 0 ? fd : attach(e, r, i, fd, target);
}

static int mount_cgroup(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = path_make_dir(e, r->root_fd, m->destination);
	_close_ int fd = take_fd(&r->mounts[i].fd);
	struct mount_fs fs = fs_of(r, m);

	if (target < 0)
		return target;
	/* The options of a v1 hierarchy mean nothing here. */
	if (is_kind(m, "cgroup"))
		fs.n_data = 0;
	fs.type = "cgroup2";
	fs.context = NULL;
	if (fd < 0)
		fd = mount_new_fs(e, &fs);
	return fd < 0 ? fd : attach(e, r, i, fd, target);
}

/* A tmpfs gets the mode of the directory it covers unless the options name one. */
static const char *inherited_mode(const struct spec_mount *m, int target, char *buf, size_t size)
{
	struct stat st;

	for (size_t i = 0; i < m->data.n; i++) {
		if (str_has_prefix(m->data.v[i], "mode="))
			return NULL;
	}
	if (fstat(target, &st) < 0)
		return NULL;
	snprintf(buf, size, "mode=%o", (unsigned int)(st.st_mode & 07777));
	return buf;
}

static int new_tmpfs(struct err *e, struct rootfs *r, const struct spec_mount *m, int target)
{
	enum { MAX_DATA = 32 };
	struct mount_fs fs = fs_of(r, m);
	char mode_buf[16], *data[MAX_DATA + 1];
	const char *mode = inherited_mode(m, target, mode_buf, sizeof(mode_buf));

	/* Read-only comes at the end: devices and mount points are still to be made in it. */
	fs.attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	fs.sb_flags &= ~(uint64_t)MS_RDONLY;
	if (mode) {
		if (fs.n_data > MAX_DATA)
			return err_num(e, E2BIG, "tmpfs options");
		for (size_t i = 0; i < fs.n_data; i++)
			data[i] = fs.data[i];
		data[fs.n_data++] = mode_buf;
		fs.data = data;
	}
	return mount_new_fs(e, &fs);
}

static int mount_tmpfs(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = path_make_dir(e, r->root_fd, m->destination);
	_close_ int fd = target < 0 ? target : new_tmpfs(e, r, m, target);
	int rc;

	if (fd < 0)
		return fd;
	rc = m->tmpcopyup ? rootfs_copy_up(e, target, fd) : 0;
	if (rc == 0)
		rc = attach(e, r, i, fd, target);
	if (rc == 0 && wants_readonly(m)) {
		r->mounts[i].late_ro = true;
		r->mounts[i].fd = take_fd(&fd);
	}
	return rc;
}

static int mount_mqueue(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = path_make_dir(e, r->root_fd, m->destination);
	const struct mount_fs fs = fs_of(r, m);
	_close_ int fd = target < 0 ? target : mount_new_fs(e, &fs);

	/* With the host's ipc namespace; a joined one has other queues than the host's. */
	if (fd == -EPERM && target >= 0 && !r->opt.spec->linux_.ns[NS_IPC].present)
		fd = mount_clone(e, AT_FDCWD, "/dev/mqueue", false);
	return fd < 0 ? fd : attach(e, r, i, fd, target);
}

static int mount_devpts(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = path_make_dir(e, r->root_fd, m->destination);
	const struct mount_fs fs = fs_of(r, m);
	_close_ int fd = target < 0 ? target : mount_new_fs(e, &fs);

	return fd < 0 ? fd : attach(e, r, i, fd, target);
}

/* overlay, ext4, ... */
static int mount_other(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];
	_close_ int target = path_make_dir(e, r->root_fd, m->destination);
	struct mount_fs fs = fs_of(r, m);
	_close_ int fd = FD_NONE;

	if (target < 0)
		return target;
	/* A disk is not to be written at all then, not even its journal. */
	if (wants_readonly(m))
		fs.sb_flags |= MS_RDONLY;
	fd = mount_new_fs(e, &fs);
	return fd < 0 ? fd : attach(e, r, i, fd, target);
}

static const struct {
	const char *type;
	int (*mount)(struct err *e, struct rootfs *r, size_t i);
} kinds[] = {
	{"proc", mount_proc},	   {"sysfs", mount_sysfs}, {"cgroup", mount_cgroup},
	{"cgroup2", mount_cgroup}, {"tmpfs", mount_tmpfs}, {"mqueue", mount_mqueue},
	{"devpts", mount_devpts},
};

static int mount_one(struct err *e, struct rootfs *r, size_t i)
{
	const struct spec_mount *m = &r->opt.spec->mounts.v[i];

	if (rootfs_is_destination(m->destination, "/"))
		return err_set(e, ERR_CONFIG, "this is the rootfs itself");
	if (m->bind)
		return mount_bind(e, r, i);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (is_kind(m, kinds[k].type))
			return kinds[k].mount(e, r, i);
	}
	return m->type ? mount_other(e, r, i) : err_set(e, ERR_CONFIG, "no type");
}

/* The rootfs's own path; FD_NONE where the root of a user namespace may not go. */
static int root_target(struct err *e, const struct rootfs *r)
{
	_close_ int fd = FD_NONE;
	struct stat want, have;
	char path[PATH_MAX];
	int rc;

	rc = rootfs_host_path(e, r, r->opt.spec->root_path, path, sizeof(path));
	if (rc < 0)
		return rc;
	fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		return FD_NONE;
	if (fd < 0 || fstat(fd, &have) < 0 || fstat(r->root_fd, &want) < 0)
		return err_sys(e, "root.path %s", path);
	if (have.st_dev != want.st_dev || have.st_ino != want.st_ino)
		return err_set(e, ERR_SECURITY, "root.path %s: was exchanged during the start",
			       path);
	return take_fd(&fd);
}

/* Where hooks see the rootfs. */
static int attach_at_path(struct err *e, struct rootfs *r)
{
	_close_ int target = root_target(e, r);

	if (target < 0 && target != FD_NONE)
		return target;
	r->at_path = target >= 0;
	return mount_attach_fd(e, r->root_fd, r->at_path ? target : AT_FDCWD, "the rootfs");
}

static int attach_root(struct err *e, struct rootfs *r)
{
	/* Hooks know paths as bawn's root shows them. */
	int rc = rootfs_cut_off(e, r, r->opt.at_path);

	if (rc == 0 && r->deferred)
		rc = rootfs_open_deferred(e, r);
	if (rc < 0)
		return rc;
	return r->opt.at_path ? attach_at_path(e, r)
			      : mount_attach_fd(e, r->root_fd, AT_FDCWD, "the rootfs");
}

/* The host's /dev is not to be filled with nodes. */
static bool dev_is_bind(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		if (spec->mounts.v[i].bind &&
		    rootfs_is_destination(spec->mounts.v[i].destination, "/dev"))
			return true;
	}
	return false;
}

static int mount_all(struct err *e, struct rootfs *r)
{
	const struct spec *spec = r->opt.spec;
	const struct dev_options dev = {
		.spec = spec,
		.root_fd = r->root_fd,
		.bind = r->opt.userns,
	};

	for (size_t i = 0; i < spec->mounts.n; i++) {
		int rc = mount_one(e, r, i);

		if (rc < 0)
			return err_wrap(e, rc, "mounts[%zu] %s on %s", i,
					spec->mounts.v[i].type ? spec->mounts.v[i].type : "bind",
					spec->mounts.v[i].destination);
	}
	return dev_is_bind(spec) ? 0 : dev_populate(e, &dev);
}

/* process.cwd is made when it is missing, as other runtimes do. When that fails, the change to it
 * fails as well and says why. */
static void make_cwd(const struct rootfs *r)
{
	const struct spec_process *p = r->opt.spec->process;
	_close_ int fd = FD_NONE;
	struct err ignored;

	if (p && !str_eq(p->cwd, "/"))
		fd = path_make_dir(&ignored, r->root_fd, p->cwd);
}

int rootfs_mount(struct err *e, struct rootfs *r)
{
	mode_t mask;
	int rc;

	if (!r->opt.mnt_ns)
		return 0;
	rc = r->staged ? rootfs_take_staged(e, r) : 0;
	if (rc == 0)
		rc = attach_root(e, r);
	if (rc < 0)
		return rc;
	if (r->opt.spec->linux_.masked_paths.n > 0) {
		r->null_fd = mask_open_null(e);
		if (r->null_fd < 0)
			return r->null_fd;
	}
	/* Modes of what is made below are meant as they are written. */
	mask = umask(0);
	rc = mount_all(e, r);
	if (rc == 0)
		make_cwd(r);
	umask(mask);
	return rc;
}
