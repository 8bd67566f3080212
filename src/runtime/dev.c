/*
 * /dev: nodes and links. Everything is made by name below fds of real directories and looked
 * at again afterwards; what is there already must be exactly the wanted device (D5).
 *
 * As other runtimes do, the default devices are made whatever /dev is, unless
 * config.json binds the host's (then this is not called) or mounts something in their place.
 */
#include "runtime/dev.h"

#include "path/path.h"
#include "runtime/rootfs_private.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct spec_device default_devices[] = {
	{.path = "/dev/null", .type = 'c', .major = 1, .minor = 3, .mode = 0666},
	{.path = "/dev/zero", .type = 'c', .major = 1, .minor = 5, .mode = 0666},
	{.path = "/dev/full", .type = 'c', .major = 1, .minor = 7, .mode = 0666},
	{.path = "/dev/random", .type = 'c', .major = 1, .minor = 8, .mode = 0666},
	{.path = "/dev/urandom", .type = 'c', .major = 1, .minor = 9, .mode = 0666},
	{.path = "/dev/tty", .type = 'c', .major = 5, .minor = 0, .mode = 0666},
};

static const struct {
	const char *name, *target;
} links[] = {
	{"ptmx", "pts/ptmx"},	       {"fd", "/proc/self/fd"},	      {"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},
};

struct dev {
	const struct dev_options *o;
	int fd;			/* the container's /dev */
	bool bind;
};

static mode_t file_type(const struct spec_device *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool same_device(const struct spec_device *d, const struct stat *st)
{
	if ((st->st_mode & S_IFMT) != file_type(d))
		return false;
	return d->type == 'p' ||
	       st->st_rdev == makedev((unsigned int)d->major, (unsigned int)d->minor);
}

/* The directory of the device, which is dev->fd itself or is kept in *owned, and its name there. */
static int open_parent(struct err *e, const struct dev *dev, const struct spec_device *d,
		       int *owned, const char **name)
{
	const char *slash = strrchr(d->path, '/');
	const char *in_dev = str_after(d->path, "/dev/");
	char parent[PATH_MAX];
	int root = dev->o->root_fd;

	*name = slash ? slash + 1 : d->path;
	if (!slash || !(*name)[0] || str_eq(*name, ".") || str_eq(*name, ".."))
		return err_set(e, ERR_CONFIG, "not a path of a device");
	if (str_format(parent, sizeof(parent), "%.*s/", (int)(slash - d->path), d->path) < 0)
		return err_num(e, ENAMETOOLONG, "its directory");
	if (in_dev && in_dev == *name)
		return dev->fd;
	/* Below /dev no link leads out of it. */
	*owned = in_dev ? path_make_dir(e, dev->fd, parent + strlen("/dev/"))
			: path_make_dir(e, root, parent);
	return *owned;
}

/* Compares what has been made, or what was there. */
static int verify_node(struct err *e, int dir, const char *name, const struct spec_device *d)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat");
	if (!same_device(d, &st))
		return err_set(e, ERR_SECURITY, "the rootfs has something else in its place");
	if ((st.st_mode & 07777) != (d->mode & 07777) || st.st_uid != d->uid || st.st_gid != d->gid)
		return -ESTALE;
	return 0;
}

static int make_node(struct err *e, int dir, const char *name, const struct spec_device *d)
{
	for (int again = 0; again < 2; again++) {
		int rc;

		if (mknodat(dir, name, file_type(d) | (d->mode & 07777),
			    makedev((unsigned int)d->major, (unsigned int)d->minor)) == 0) {
			if ((d->uid || d->gid) &&
			    fchownat(dir, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
				return err_sys(e, "chown");
			/* mknod never takes over what is there: this is ours. */
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(e, "make the node");
		rc = verify_node(e, dir, name, d);
		if (rc != -ESTALE)
			return rc;
		/* The right device with another mode or owner: chmod would follow a link. */
		if (unlinkat(dir, name, 0) < 0)
			return err_sys(e, "replace the node");
	}
	return err_num(e, ESTALE, "mode or owner of the node");
}

/* The host's node of the same path on a file of that name. */
static int bind_node(struct err *e, int dir, const char *name, const struct spec_device *d)
{
	_close_ int target = path_make_file(e, dir, name);
	_close_ int fd = FD_NONE;
	struct stat st;

	if (target < 0)
		return target;
	fd = mount_clone(e, AT_FDCWD, d->path, false);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	if (!same_device(d, &st))
		return err_set(e, ERR_SECURITY, "the host's node is another device");
	return mount_attach(e, fd, target, dir, name);
}

static int make_or_bind(struct err *e, struct dev *dev, int dir, const char *name,
			const struct spec_device *d)
{
	bool bind = dev->bind && d->type != 'p';
	int rc = bind ? 0 : make_node(e, dir, name, d);

	/* No right to make nodes: this and the rest are bound. */
	if (rc == -EPERM && !dev->bind)
		bind = dev->bind = true;
	return bind ? bind_node(e, dir, name, d) : rc;
}

/* `mounts` has something at the very place, as rootless podman's --privileged binds all nodes. */
static bool is_mounted(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		if (rootfs_is_destination(spec->mounts.v[i].destination, path))
			return true;
	}
	return false;
}

static int add_device(struct err *e, struct dev *dev, const struct spec_device *d)
{
	const char *name;
	_close_ int owned = FD_NONE;
	int dir = open_parent(e, dev, d, &owned, &name);
	int rc;

	if (dir < 0) {
		rc = dir;
	} else if (is_mounted(dev->o->spec, d->path)) {
		/* Its mode and owner are those of what is mounted. */
		rc = verify_node(e, dir, name, d);
		rc = rc == -ESTALE ? 0 : rc;
	} else {
		rc = make_or_bind(e, dev, dir, name, d);
	}
	return rc < 0 ? err_wrap(e, rc, "device %s", d->path) : 0;
}

static bool is_listed(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->linux_.devices.n; i++) {
		if (str_eq(spec->linux_.devices.v[i].path, path))
			return true;
	}
	return false;
}

static int add_link(struct err *e, int dev, const char *name, const char *target)
{
	if (symlinkat(target, dev, name) == 0)
		return 0;
	/* An image may bring a node ptmx, which would be the host's; other names may stay. */
	if (errno == EEXIST && !str_eq(name, "ptmx"))
		return 0;
	if (errno == EEXIST && unlinkat(dev, name, 0) == 0 && symlinkat(target, dev, name) == 0)
		return 0;
	return err_sys(e, "link /dev/%s", name);
}

int dev_populate(struct err *e, const struct dev_options *o)
{
	_close_ int fd = path_make_dir_exact(e, o->root_fd, "/dev");
	struct dev dev = {.o = o, .fd = fd, .bind = o->bind};
	int rc = fd < 0 ? fd : 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(default_devices); i++) {
		const char *path = default_devices[i].path;

		if (!is_listed(o->spec, path) && !is_mounted(o->spec, path))
			rc = add_device(e, &dev, &default_devices[i]);
	}
	for (size_t i = 0; rc == 0 && i < o->spec->linux_.devices.n; i++)
		rc = add_device(e, &dev, &o->spec->linux_.devices.v[i]);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(links); i++)
		rc = add_link(e, fd, links[i].name, links[i].target);
	return rc;
}
