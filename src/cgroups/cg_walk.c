/*
 * Walking a tree of cgroups that a hostile container made: any depth (deeper than
 * PATH_MAX and RLIMIT_NOFILE), any width, changing meanwhile. Iterative, one open
 * directory, names of unvisited siblings on an explicit stack, upwards by "..".
 * Cgroups cannot be renamed, so ".." of a cgroup is always the cgroup it was made in.
 */
#include "cg.h"

#include <stdlib.h>
#include <sys/stat.h>

#define NAMES_MAX (64u << 20)	/* bytes of names on the stack */

struct level {
	char *names;		/* "a\0b\0c\0", owned */
	size_t len, pos, next;	/* pos: the child we are in; next: the one after it */
	ino_t ino;
};

struct walk {
	int fd;			/* O_PATH of the current directory; owned */
	struct level *v;
	size_t depth, cap;	/* levels in use; allocated */
	size_t names, visited;
};

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->depth; i++)
		free(w->v[i].names);
	free(w->v);
	fd_close(&w->fd);
}

/* Appends the names of the sub-directories of w->fd to b. */
static int list_children(const struct walk *w, struct buf *b)
{
	_closedir_ DIR *dir = NULL;
	const struct dirent *d;
	_close_ int fd = openat(w->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	take_fd(&fd);
	for (errno = 0; (d = readdir(dir)); errno = 0) {
		if (d->d_type != DT_DIR || str_eq(d->d_name, ".") || str_eq(d->d_name, ".."))
			continue;
		buf_add(b, d->d_name, strlen(d->d_name) + 1);
		if (b->len + w->names > NAMES_MAX)
			return -E2BIG;
	}
	if (errno != 0 && errno != ENOENT && errno != ENODEV)
		return -errno;
	return b->failed ? -ENOMEM : 0;
}

/* Puts the directory w->fd on the stack with its children. */
static int push(struct walk *w)
{
	_buf_ struct buf b = { 0 };
	struct level *l;
	struct stat st;
	int r;

	if (w->depth == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;

		l = reallocarray(w->v, cap, sizeof(*l));
		if (!l)
			return -ENOMEM;
		w->v = l;
		w->cap = cap;
	}
	if (fstat(w->fd, &st) < 0)
		return -errno;
	if (st.st_nlink != 2) {	/* kernfs: 2 + number of sub-directories */
		r = list_children(w, &b);
		if (r < 0)
			return r;
	}
	w->names += b.len;
	l = &w->v[w->depth++];
	*l = (struct level){ .names = b.data, .len = b.len, .ino = st.st_ino };
	b = (struct buf){ 0 };
	return 0;
}

static struct level *top_level(const struct walk *w)
{
	return &w->v[w->depth - 1];
}

/* Leaves the current directory for its parent, whose level is on the stack. */
static int pop(struct walk *w)
{
	struct level *l = top_level(w);
	struct stat st;
	int fd;

	w->names -= l->len;
	free(l->names);
	w->depth--;
	if (w->depth == 0)
		return 0;
	fd = openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fd_close(&w->fd);
	w->fd = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_ino == top_level(w)->ino ? 0 : -ESTALE;
}

/* Goes into the child at l->pos: 1, 0 when it vanished, -errno. */
static int descend(struct walk *w, const char *name)
{
	int r = cg_open_dir(w->fd, name, O_PATH);

	if (r == -ENOENT || r == -ENODEV || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	fd_close(&w->fd);
	w->fd = r;
	r = push(w);
	return r < 0 ? r : 1;
}

static int step(struct walk *w, const struct cg_visitor *v)
{
	struct level *l = top_level(w);
	const char *name;
	int r;

	if (l->next >= l->len) {
		r = pop(w);
		if (r < 0 || w->depth == 0 || !v->leave)
			return r;
		l = top_level(w);
		return v->leave(v->arg, w->fd, l->names + l->pos);
	}
	l->pos = l->next;
	name = l->names + l->pos;
	l->next += strlen(name) + 1;
	if (++w->visited > CG_WALK_MAX)
		return -E2BIG;
	r = v->enter(v->arg, w->fd, name);
	if (r != 0)
		return r < 0 ? r : 0;
	r = descend(w, name);
	return r < 0 ? r : 0;
}

int cg_walk(int top_fd, const struct cg_visitor *v)
{
	__attribute__((cleanup(walk_done))) struct walk w = { .fd = FD_NONE };
	struct stat st;
	int r;

	if (fstat(top_fd, &st) == 0 && st.st_nlink == 2)	/* nothing below: nearly always */
		return 0;
	w.fd = openat(top_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return -errno;
	r = push(&w);
	while (r >= 0 && w.depth > 0)
		r = step(&w, v);
	return r;
}
