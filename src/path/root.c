/*
 * Names inside a rootfs. Input: UNTRUSTED directory tree, possibly changed by others
 * while we look. The kernel resolves (openat2 RESOLVE_IN_ROOT), so nothing found here
 * can lie outside the root; missing parts are made one component at a time with
 * mkdirat(2) on an fd (CVE-2024-45310). Where a dangling link leads is found by
 * joining strings, but the joined string is resolved inside the root again: the
 * string decides where in the root something is made, never whether it is in there.
 */
#include "path/path.h"

#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <time.h>

enum {
	EAGAIN_TRIES = 128,		/* then as long as the deadline lasts */
	EAGAIN_DEADLINE_NS = 2000000,
	MAX_LINKS = 40,			/* as the kernel */
};

#define IN_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
#define IN_ROOT_EXACT (RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* openat2 gives EAGAIN when any rename or mount on the host ran while it walked "..": common on
 * busy hosts, hence the tries; bounded, because an attacker can rename for ever. */
static int open_in(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	const struct open_how how = {.flags = flags, .resolve = resolve};
	int64_t deadline = 0;

	for (int i = 0;; i++) {
		int fd = sys_openat2(root, path, &how);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (i < EAGAIN_TRIES)
			continue;
		if (deadline == 0)
			deadline = now_ns() + EAGAIN_DEADLINE_NS;
		if (now_ns() > deadline)
			return -EAGAIN;
	}
}

static int link_refused(struct err *e, const char *path)
{
	return err_set(e, ERR_SECURITY, "%s in the rootfs: a symbolic link is not accepted here",
		       path);
}

int path_open(struct err *e, int root, const char *path, uint64_t flags)
{
	int fd = open_in(root, path, flags, IN_ROOT);

	return fd < 0 ? err_num(e, fd, "open %s in the rootfs", path) : fd;
}

int path_open_exact(struct err *e, int root, const char *path, uint64_t flags)
{
	int fd = open_in(root, path, flags, IN_ROOT_EXACT);

	if (fd == -ELOOP)
		return link_refused(e, path);
	return fd < 0 ? err_num(e, fd, "open %s in the rootfs", path) : fd;
}

/* A path on its way to being made. Restarts when a dangling link is met. */
struct maker {
	int root;
	bool file;			/* the last component becomes a file */
	uint64_t resolve;
	size_t prefix_len;		/* bytes of path that exist */
	char path[PATH_MAX];
};

static int set_path(struct maker *m, const char *a, size_t a_len, const char *b, const char *c)
{
	return str_format(m->path, sizeof(m->path), "%.*s%s%s%s", (int)a_len, a, b, c[0] ? "/" : "",
			  c);
}

/* Opens the longest prefix of m->path, without the last component, that exists. */
static int open_prefix(struct maker *m)
{
	size_t len = strlen(m->path);

	for (;;) {
		char cut;
		int fd;

		while (len > 0 && m->path[len - 1] == '/')
			len--;
		while (len > 0 && m->path[len - 1] != '/')
			len--;
		cut = m->path[len];
		m->path[len] = '\0';
		fd = open_in(m->root, len > 0 ? m->path : "/", O_PATH | O_DIRECTORY, m->resolve);
		m->path[len] = cut;
		m->prefix_len = len;
		if (fd != -ENOENT || len == 0)
			return fd;
	}
}

/* Opens what is there already: an O_PATH fd, -ELOOP for a symbolic link, or -errno. */
static int open_one(int dir, const char *name)
{
	_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISLNK(st.st_mode) ? -ELOOP : take_fd(&fd);
}

/* Makes or opens one component. A fresh file is returned as opened by its creation, all else as
 * O_PATH. A directory that was exchanged for a link meanwhile is -ENOTDIR or -ELOOP. */
static int make_one(int dir, const char *name, bool file)
{
	int fd;

	if (file)
		fd = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	else if (mkdirat(dir, name, 0755) == 0)
		fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = -1;
	if (fd >= 0)
		return fd;
	return errno == EEXIST ? open_one(dir, name) : -errno;
}

/* Puts what the link `name` in directory `dir` holds in its place in m->path. */
static int follow(struct maker *m, int dir, const char *name, const char *rest)
{
	char target[PATH_MAX], before[PATH_MAX], after[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	target[n] = '\0';
	memcpy(before, m->path, m->prefix_len);
	memcpy(after, rest, strlen(rest) + 1);
	return set_path(m, before, target[0] == '/' ? 0 : m->prefix_len, target, after);
}

/* Next component of *rest into name; *rest moves behind it and the slashes. False at the end. */
static bool next_component(const char **rest, char *name, size_t size)
{
	size_t len;

	do {
		*rest += strspn(*rest, "/");
		len = strcspn(*rest, "/");
		str_format(name, size, "%.*s", (int)len, *rest);
		*rest += len;
	} while (str_eq(name, "."));
	*rest += strspn(*rest, "/");
	return len > 0;
}

/* Makes what follows the prefix: an fd; -ELOOP after having followed a link (try again). */
static int make_rest(struct maker *m, int prefix)
{
	const char *rest = m->path + m->prefix_len;
	_close_ int dir = prefix;
	char name[PATH_MAX];

	while (next_component(&rest, name, sizeof(name))) {
		size_t end = (size_t)(rest - m->path);
		int fd, r;

		/* ".." behind something that does not exist. */
		if (str_eq(name, ".."))
			return -ENOENT;
		fd = make_one(dir, name, m->file && !*rest);
		if (fd == -ELOOP) {
			r = m->resolve & RESOLVE_NO_SYMLINKS ? -EACCES : follow(m, dir, name, rest);
			return r < 0 ? r : -ELOOP;
		}
		if (fd < 0)
			return fd;
		fd_close(&dir);
		dir = fd;
		m->prefix_len = end;
	}
	return take_fd(&dir);
}

static int make(struct err *e, const char *path, struct maker *m)
{
	uint64_t flags = O_PATH | (m->file ? 0 : O_DIRECTORY);
	int r = open_in(m->root, path, flags, m->resolve);

	if (r == -ENOENT) {
		r = set_path(m, "", 0, path, "");
		for (int i = 0; r >= 0 || r == -ELOOP; i++) {
			int prefix = i < MAX_LINKS ? open_prefix(m) : -EMLINK;

			r = prefix < 0 ? prefix : make_rest(m, prefix);
			if (r >= 0)
				return r;
			if (prefix < 0)
				break;
		}
	}
	if (m->resolve & RESOLVE_NO_SYMLINKS && (r == -ELOOP || r == -EACCES))
		return link_refused(e, path);
	if (r == -EMLINK)
		r = -ELOOP;
	return r < 0 ? err_num(e, r, "make %s in the rootfs", path) : r;
}

int path_make_dir(struct err *e, int root, const char *path)
{
	struct maker m = {.root = root, .resolve = IN_ROOT};

	return make(e, path, &m);
}

int path_make_dir_exact(struct err *e, int root, const char *path)
{
	struct maker m = {.root = root, .resolve = IN_ROOT_EXACT};

	return make(e, path, &m);
}

int path_make_file(struct err *e, int root, const char *path)
{
	struct maker m = {.root = root, .resolve = IN_ROOT, .file = true};

	return make(e, path, &m);
}
