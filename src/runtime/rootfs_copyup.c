/*
 * tmpcopyup: what the rootfs has at a place goes into the tmpfs that covers it. Works on
 * fds only, follows no link, is bounded, and copies owner, mode, times and extended
 * attributes as far as it can. Input: UNTRUSTED tree.
 */
#include "runtime/rootfs_private.h"

#include <limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

enum {
	MAX_DEPTH = 32,
	MAX_ENTRIES = 100000,
	MAX_XATTR = 4096,
};

struct copy {
	unsigned int entries, depth;
};

struct dirent64_raw {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static int copy_dir(struct err *e, struct copy *c, int from, int to);

static int copy_data(struct err *e, int from, int to, const char *name)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 1 << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_sys(e, "copy %s", name) : 0;
}

/* Best effort: a tmpfs takes few of them. */
static void copy_xattrs(int from, int to)
{
	char names[MAX_XATTR], value[MAX_XATTR];
	ssize_t len = flistxattr(from, names, sizeof(names));

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n = fgetxattr(from, names + at, value, sizeof(value));

		if (n >= 0)
			fsetxattr(to, names + at, value, (size_t)n, 0);
	}
}

/* Owner before mode: chown clears the set-id bits. */
static int copy_attributes(struct err *e, int from, int to, const struct stat *st, const char *name)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return err_sys(e, "set the owner and mode of %s", name);
	copy_xattrs(from, to);
	futimens(to, times);
	return 0;
}

static int copy_file(struct err *e, int dir, int to_dir, const char *name)
{
	_close_ int from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_close_ int to = FD_NONE;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(e, "open %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SECURITY, "%s changed while it was copied", name);
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_sys(e, "create %s", name);
	r = copy_data(e, from, to, name);
	return r < 0 ? r : copy_attributes(e, from, to, &st, name);
}

static int copy_subdir(struct err *e, struct copy *c, int dir, int to_dir, const char *name)
{
	_close_ int from = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int to = FD_NONE;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(e, "open %s", name);
	if (mkdirat(to_dir, name, 0700) < 0)
		return err_sys(e, "make the directory %s", name);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_sys(e, "open the copy of %s", name);
	r = copy_dir(e, c, from, to);
	return r < 0 ? r : copy_attributes(e, from, to, &st, name);
}

static int copy_link(struct err *e, int dir, int to_dir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read the link %s", name);
	target[n] = '\0';
	if (symlinkat(target, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "make the link %s", name);
	return 0;
}

/* Sockets and pipes; devices are not copied. */
static int copy_special(struct err *e, int to_dir, const char *name, const struct stat *st)
{
	if (!S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode))
		return 0;
	if (mknodat(to_dir, name, (st->st_mode & S_IFMT) | (st->st_mode & 07777), 0) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "make %s", name);
	return 0;
}

static int copy_entry(struct err *e, struct copy *c, int dir, int to_dir, const char *name)
{
	struct stat st;

	if (str_eq(name, ".") || str_eq(name, ".."))
		return 0;
	if (++c->entries > MAX_ENTRIES)
		return err_num(e, E2BIG, "more than %d entries", MAX_ENTRIES);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "stat %s", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(e, dir, to_dir, name);
	case S_IFDIR:
		return copy_subdir(e, c, dir, to_dir, name);
	case S_IFLNK:
		return copy_link(e, dir, to_dir, name, &st);
	default:
		return copy_special(e, to_dir, name, &st);
	}
}

static int copy_dir(struct err *e, struct copy *c, int from, int to)
{
	char buf[4096] __attribute__((aligned(8)));
	long n;
	int r = 0;

	if (++c->depth > MAX_DEPTH)
		return err_num(e, ELOOP, "deeper than %d directories", MAX_DEPTH);
	while (r == 0 && (n = syscall(SYS_getdents64, from, buf, sizeof(buf))) > 0) {
		for (long at = 0; r == 0 && at < n;) {
			const struct dirent64_raw *d = (const void *)(buf + at);

			r = copy_entry(e, c, from, to, d->name);
			at += d->len;
		}
	}
	c->depth--;
	if (r == 0 && n < 0)
		return err_sys(e, "read a directory");
	return r;
}

int rootfs_copy_up(struct err *e, int from, int to)
{
	_close_ int dir = openat(from, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct copy c = {0};
	struct stat st;
	int r;

	if (dir < 0 || out < 0 || fstat(dir, &st) < 0)
		return err_sys(e, "tmpcopyup: open the directory");
	r = copy_dir(e, &c, dir, out);
	/* The mode is a mount option; see inherited_mode(). */
	if (r == 0 && fchown(out, st.st_uid, st.st_gid) < 0)
		r = err_sys(e, "set the owner");
	return r < 0 ? err_wrap(e, r, "tmpcopyup") : 0;
}
