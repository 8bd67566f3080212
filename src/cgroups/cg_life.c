/*
 * Making, opening and removing cgroups. Parallel makers and removers of the same
 * parent are expected: whoever loses a race with rmdir starts again. After a kill at
 * any instruction cg_remove() finds with the logged place what is left, and knows by
 * the mark what it may kill:
 *   our mark     processes are ours: kill, remove
 *   no mark      killed between mkdir and the mark (so nothing of ours is inside), or
 *                somebody else's: removed only when empty, never killed
 *   other mark   another container's: left alone
 */
#include "cg.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define RACES_MAX 64
#define BUSY_MAX 64
#define KILL_AGAIN_MS 500

/* trusted.* cannot be changed from inside a container, but needs CAP_SYS_ADMIN. */
static const char *const mark_names[] = { "trusted.bawn", "user.bawn" };

int cg_mark(int fd, const char *mark)
{
	int r = -EPERM;

	for (size_t i = 0; i < ARRAY_SIZE(mark_names) && r == -EPERM; i++)
		r = fsetxattr(fd, mark_names[i], mark, strlen(mark), XATTR_CREATE) < 0 ? -errno : 0;
	return r;
}

/* The mark of fd into buf: its length, 0 when it has none. */
static size_t read_mark(int fd, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(mark_names); i++) {
		ssize_t n = fgetxattr(fd, mark_names[i], buf, size - 1);

		if (n > 0) {
			buf[n] = '\0';
			return (size_t)n;
		}
	}
	buf[0] = '\0';
	return 0;
}

enum cg_owner cg_owner_of(int fd, const struct cg_place *place)
{
	char mark[64];
	struct stat st;

	/* Cgroup ids are not reused until the next boot; a container may drop a user.* mark. */
	if (place->id)
		return fstat(fd, &st) == 0 && st.st_ino == place->id ? CG_OURS : CG_FOREIGN;
	if (read_mark(fd, mark, sizeof(mark)) == 0)
		return CG_UNMARKED;
	return str_eq(mark, place->mark) ? CG_OURS : CG_FOREIGN;
}

/* The first len bytes of path; "" stands for the root. */
static int prefix(const char *path, size_t len, char buf[PATH_MAX])
{
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(buf, path, len);
	buf[len] = '\0';
	return 0;
}

static const char *leaf_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* A place comes back from the state directory: it must look like one of cg_resolve(). */
static int check_place(struct err *e, const struct cg_place *p)
{
	if (p->path[0] != '/' || !p->path[1] || str_has_suffix(p->path, "/") ||
	    strlen(p->mark) != CG_MARK_SIZE - 1)
		return err_set(e, ERR_SYSTEM, "cgroup \"%s\" with mark \"%s\" is no cgroup of bawn",
			       p->path, p->mark);
	return 0;
}

static int open_parent(const struct cg_mount *m, const char *path, size_t len)
{
	char part[PATH_MAX];
	int r = prefix(path, len, part);

	return r < 0 ? r : cg_open_dir(m->fd, part, O_PATH);
}

/* Makes the parent path[0..len) in its own parent, which exists. */
static int make_parent(const struct cg_mount *m, const char *path, size_t len)
{
	_close_ int up = FD_NONE, fd = FD_NONE;
	char part[PATH_MAX];
	int r = prefix(path, len, part);

	if (r < 0)
		return r;
	up = open_parent(m, path, cg_parent_len(path, len));
	if (up < 0)
		return up;
	if (mkdirat(up, leaf_of(part), 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = cg_open_dir(up, leaf_of(part), O_RDONLY);
	return fd < 0 ? fd : cg_mark(fd, CG_MARK_PARENT);
}

/* Opens the parent of path, making what is missing. -ENOENT or -ENODEV when another bawn removes
 * an empty parent at the same time: try again. */
static int reach_parent(const struct cg_mount *m, const char *path)
{
	size_t want = cg_parent_len(path, strlen(path));
	int fd = open_parent(m, path, want), r;

	if (fd != -ENOENT)
		return fd;
	for (size_t len = 1; len <= want; len++) {
		r = path[len] == '/' ? make_parent(m, path, len) : 0;
		if (r < 0)
			return r;
	}
	return open_parent(m, path, want);
}

/* Bawn made this parent and it may go when empty. Without a mark only if bawn was killed between
 * mkdir and mark: then creation never came to an end and the parent was not there before. */
static bool parent_is_ours(int fd, const struct cg_place *place, size_t len)
{
	char mark[64];

	if (read_mark(fd, mark, sizeof(mark)) > 0)
		return str_eq(mark, CG_MARK_PARENT);
	return place->id == 0 && len > place->keep;
}

void cg_remove_parents(const struct cg_mount *m, const struct cg_place *place)
{
	size_t len = cg_parent_len(place->path, strlen(place->path));
	char part[PATH_MAX];

	for (; len > 0; len = cg_parent_len(place->path, len)) {
		_close_ int up = open_parent(m, place->path, cg_parent_len(place->path, len));
		_close_ int fd = FD_NONE;

		if (up < 0 || prefix(place->path, len, part) < 0)
			continue;	/* the one above may be left over as well */
		fd = cg_open_dir(up, leaf_of(part), O_RDONLY);
		if (fd == -ENOENT)
			continue;
		if (fd < 0 || !parent_is_ours(fd, place, len) ||
		    unlinkat(up, leaf_of(part), AT_REMOVEDIR) < 0)
			return;
	}
}

static int not_empty(struct err *e, int fd, const char *path)
{
	_free_ pid_t *pid = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	cg_procs(&ignored, fd, true, &pid, &n);
	return err_set(e, ERR_EXISTS,
		       "container's cgroup is not empty: %zu process(es) found in %s", n, path);
}

/* A new container can run in fd: nobody is in it, nothing stops it. */
static int check_usable(struct err *e, int fd, const char *path, bool existed)
{
	struct cg_events ev;
	char text[256];
	int r, up;

	r = cg_read_events(e, fd, &ev);
	if (r < 0)
		return r;
	if (ev.populated)
		return not_empty(e, fd, path);
	if (ev.frozen && cg_frozen_by(fd, &up))
		return cg_fail(e, EBUSY, ERR_STATE,
			       "container's cgroup unexpectedly frozen%s: %s: thaw it (echo 0 > "
			       "cgroup.freeze)",
			       up ? " by a parent" : "", path);
	r = (int)cg_read(fd, "cgroup.type", text, sizeof(text));
	if (r < 0)
		return err_num(e, r, "read cgroup.type of %s", path);
	if (!str_eq(text, "domain") && !str_eq(text, "domain threaded"))
		return err_set(e, ERR_UNSUPPORTED,
			       "cgroup %s is \"%s\": containers cannot run below a threaded cgroup",
			       path, text);
	if (existed && cg_read(fd, "cgroup.subtree_control", text, sizeof(text)) > 0)
		return cg_fail(
			e, EBUSY, ERR_STATE,
			"cgroup %s distributes controllers (%s) to cgroups below it: it cannot "
			"hold processes",
			path, text);
	return 0;
}

/* Takes the directory for place. A mark that is there already wins, whoever was first. */
static int claim(struct err *e, int fd, const struct cg_mount *m, struct cg_place *place)
{
	struct stat st;
	int r = cg_mark(fd, place->mark);

	if (r == -EEXIST)
		return err_set(
			e, ERR_EXISTS,
			"cgroup %s belongs to another container of bawn; delete that, or if it "
			"is left over: rmdir %s%s",
			place->path, m->point, place->path);
	if (r < 0)
		return err_num(e, r, "mark cgroup %s", place->path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat cgroup %s", place->path);
	place->id = st.st_ino;
	return 0;
}

static int explain_mkdir(struct err *e, int r, const struct cg_mount *m, const char *path)
{
	const char *hint = "";

	if (r == -EAGAIN)
		hint = " (cgroup.max.depth or cgroup.max.descendants of a parent is reached)";
	else if (r == -EROFS)
		hint = " (the cgroup2 mount is read-only here)";
	else if (r == -EACCES || r == -EPERM)
		hint = " (needs a cgroup that was delegated to this user)";
	return err_num(e, r, "create cgroup %s%s%s", m->point, path, hint);
}

/* One try: *ret_fd, or -errno with a message. -ENOENT and -ENODEV: lost a race. */
static int try_create(struct err *e, const struct cg_mount *m, struct cg_place *place, int *ret_fd)
{
	const char *path = place->path, *leaf = leaf_of(path);
	_close_ int parent = reach_parent(m, path), fd = FD_NONE;
	bool existed;
	int r;

	if (parent < 0)
		return explain_mkdir(e, parent, m, path);
	existed = mkdirat(parent, leaf, 0755) < 0;
	if (existed && errno != EEXIST)
		return explain_mkdir(e, -errno, m, path);
	fd = cg_open_dir(parent, leaf, O_RDONLY);
	r = fd < 0 ? err_num(e, fd, "open cgroup %s%s", m->point, path) : 0;
	/* A new one right below the root of our view can only be empty, and were the root frozen or
	 * threaded, so would be this process. */
	if (r == 0 && (existed || leaf != path + 1))
		r = check_usable(e, fd, path, existed);
	if (r == 0)
		r = claim(e, fd, m, place);
	if (r < 0) {
		if (!existed)
			unlinkat(parent, leaf, AT_REMOVEDIR);
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int cg_create(struct err *e, const struct cg_mount *m, struct cg_place *place, int *ret_fd)
{
	int r = check_place(e, place);

	if (r < 0)
		return r;
	place->id = 0;
	for (int i = 0; i < RACES_MAX; i++) {
		r = try_create(e, m, place, ret_fd);
		if (r != -ENOENT && r != -ENODEV)
			break;
	}
	if (r < 0)
		cg_remove_parents(m, place);
	return r;
}

int cg_adopt(struct err *e, const struct cg_mount *m, struct cg_place *place, int *ret_fd)
{
	_close_ int fd = cg_open_dir(m->fd, place->path, O_RDONLY);
	int r;

	if (fd < 0)
		return err_num(e, fd, "open cgroup %s%s, which systemd made", m->point,
			       place->path);
	r = claim(e, fd, m, place);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int gone(struct err *e, const struct cg_place *place)
{
	return err_set(e, ERR_NOT_FOUND, "cgroup %s of the container does not exist any more",
		       place->path);
}

int cg_open(struct err *e, const struct cg_mount *m, const struct cg_place *place, int *ret_fd)
{
	_close_ int fd = FD_NONE;
	int r = check_place(e, place);

	if (r < 0)
		return r;
	fd = cg_open_dir(m->fd, place->path, O_RDONLY);
	if (fd == -ENOENT || (fd >= 0 && cg_owner_of(fd, place) != CG_OURS))
		return gone(e, place);
	if (fd < 0)
		return err_num(e, fd, "open cgroup %s%s", m->point, place->path);
	*ret_fd = take_fd(&fd);
	return 0;
}

int cg_open_sub(struct err *e, int cgroup_fd, const char *path, int *ret_fd)
{
	int fd = cg_open_dir(cgroup_fd, path, O_RDONLY);

	if (fd < 0)
		return err_num(e, fd, "open cgroup %s in the container's cgroup", path);
	*ret_fd = fd;
	return 0;
}

static int remove_one(void *arg, int parent_fd, const char *name)
{
	(void)arg;
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV)
		return 1;
	return errno == EBUSY || errno == ENOTEMPTY ? 0 : -errno;
}

static int remove_left(void *arg, int parent_fd, const char *name)
{
	int r = remove_one(arg, parent_fd, name);

	return r < 0 ? r : 0;
}

static int kill_and_wait(struct err *e, int fd, int64_t deadline, int timeout_ms)
{
	for (;;) {
		int64_t again = cg_now_ms() + KILL_AGAIN_MS;
		int r = cg_kill(e, fd);

		if (r < 0)
			return r;
		r = cg_wait(fd, "populated", false, again < deadline ? again : deadline);
		if (r != -ETIMEDOUT)
			return r < 0 ? err_num(e, r, "wait for the end of its processes") : 0;
		if (cg_now_ms() >= deadline)
			return cg_still_alive(e, fd, timeout_ms);
	}
}

/* Kills and removes until the directory is gone. Busy without processes means that somebody adds
 * cgroups or mounts something there: a bounded number of tries. */
static int remove_busy(struct err *e, int parent, int fd, const struct cg_place *place,
		       int timeout_ms)
{
	const struct cg_visitor v = { .enter = remove_one, .leave = remove_left };
	int64_t deadline = cg_now_ms() + timeout_ms;
	int r;

	for (int i = 0; i < BUSY_MAX; i++) {
		r = kill_and_wait(e, fd, deadline, timeout_ms);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return err_wrap(e, r, "remove cgroup %s", place->path);
		r = cg_walk(fd, &v);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return err_num(e, r, "remove cgroups below %s", place->path);
		r = remove_one(NULL, parent, leaf_of(place->path));
		if (r == 1)
			return 0;
		if (r < 0)
			return err_num(e, r, "remove cgroup %s", place->path);
	}
	return err_num(e, EBUSY, "remove cgroup %s", place->path);
}

int cg_remove(struct err *e, const struct cg_mount *m, const struct cg_place *place, int timeout_ms)
{
	_close_ int parent = FD_NONE, fd = FD_NONE;
	enum cg_owner owner;
	int r = check_place(e, place);

	if (r < 0)
		return r;
	parent = open_parent(m, place->path, cg_parent_len(place->path, strlen(place->path)));
	fd = parent < 0 ? parent : cg_open_dir(parent, leaf_of(place->path), O_RDONLY);
	if (fd < 0 && fd != -ENOENT)
		return err_num(e, fd, "open cgroup %s%s", m->point, place->path);
	if (fd >= 0) {
		owner = cg_owner_of(fd, place);
		if (owner == CG_FOREIGN)
			return 0;
		r = remove_one(NULL, parent, leaf_of(place->path));
		if (r < 0)
			return err_num(e, r, "remove cgroup %s%s", m->point, place->path);
		if (r == 0 && owner == CG_UNMARKED)
			return 0;
		r = r == 1 ? 0 : remove_busy(e, parent, fd, place, timeout_ms);
		if (r < 0)
			return r;
	}
	cg_remove_parents(m, place);
	return 0;
}
