/*
 * The intent log: a line is on disk before the thing it names is made, so that after
 * a SIGKILL at any point `delete --force` knows what may exist. Lines:
 *
 *	cgroup MARK KEEP PATH
 *	hook-cgroup MARK KEEP PATH
 *	unit MARK 0 NAME		a transient unit of systemd
 *	network MARK 0 ROOT		interfaces on networks that are defined in ROOT
 *
 * The log is our own file in a 0700 directory; it is still read with care.
 */
#include <stdio.h>

#include "runtime/container.h"

#define INTENT_NAME "intent"
#define INTENT_MAX 65536

static const char *const kind_names[INTENT_KIND_MAX] = {
	[INTENT_CGROUP] = "cgroup",
	[INTENT_HOOK_CGROUP] = "hook-cgroup",
	[INTENT_UNIT] = "unit",
	[INTENT_NETWORK] = "network",
};

int intent_add(struct err *e, const struct container *c, enum intent_kind kind,
	       const struct cg_place *place)
{
	_close_ int fd = openat(c->dir_fd, INTENT_NAME,
				O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	_buf_ struct buf line = {0};
	int r;

	if (fd < 0)
		return err_sys(e, "open the intent log");
	buf_printf(&line, "%s %s %u %s\n", kind_names[kind], place->mark, place->keep, place->path);
	if (line.failed)
		return err_nomem(e);
	r = fd_write_all(fd, line.data, line.len);
	return r < 0 ? err_num(e, r, "write the intent log") : 0;
}

/* "MARK KEEP PATH" */
static bool parse_place(char *text, struct cg_place *place)
{
	char *keep = strchr(text, ' '), *path = keep ? strchr(keep + 1, ' ') : NULL;

	if (!path)
		return false;
	*keep++ = '\0';
	*path++ = '\0';
	memset(place, 0, sizeof(*place));
	return str_to_u32(keep, &place->keep) == 0 &&
	       str_format(place->mark, sizeof(place->mark), "%s", text) == 0 &&
	       str_format(place->path, sizeof(place->path), "%s", path) == 0;
}

int intent_get(struct err *e, const struct container *c, enum intent_kind kind,
	       struct cg_place *place, bool *found)
{
	_buf_ struct buf text = {0};
	char *line, *end;
	int r;

	*found = false;
	r = file_read_at(e, c->dir_fd, INTENT_NAME, INTENT_MAX, &text);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	for (line = text.data; line && (end = strchr(line, '\n')); line = end + 1) {
		char *rest;

		*end = '\0';
		rest = strchr(line, ' ');
		if (!rest)
			continue;
		*rest++ = '\0';
		if (str_eq(line, kind_names[kind]))
			*found = parse_place(rest, place);
	}
	return 0;
}

int container_hook_cgroup(struct err *e, struct container *c, int *ret_fd)
{
	struct cg_place place;
	bool found;
	int r;

	if (!c->state.has_cgroup)
		return 0;
	r = container_cg_mount(e, c);
	if (r == 0)
		r = intent_get(e, c, INTENT_HOOK_CGROUP, &place, &found);
	if (r < 0)
		return r;
	if (found) {
		r = cg_open(e, &c->cg, &place, ret_fd);
		/* Removed already by a delete that was killed then. */
		return r == -ENOENT ? cg_create(e, &c->cg, &place, ret_fd) : r;
	}
	r = cg_sibling(e, &c->state.cgroup, ":hooks", &place);
	if (r == 0)
		r = intent_add(e, c, INTENT_HOOK_CGROUP, &place);
	return r < 0 ? r : cg_create(e, &c->cg, &place, ret_fd);
}
