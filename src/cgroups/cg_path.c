/*
 * Which path a container's cgroup gets. Nothing is changed here: the caller writes
 * the place into the intent log before cg_create() makes it.
 * Input: linux.cgroupsPath and the id, from the config and the command line.
 */
#include "cg.h"

#include <stdio.h>
#include <sys/random.h>

size_t cg_parent_len(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 0 && path[len - 1] == '/')
		len--;
	return len;
}

static int check_name(struct err *e, const char *path, const char *name, size_t len)
{
	if (len == 2 && memcmp(name, "..", 2) == 0)
		return err_set(e, ERR_CONFIG, "cgroup path %s: \"..\" is not allowed", path);
	if (len > NAME_MAX)
		return err_set(e, ERR_CONFIG, "cgroup path %s: name of more than %d bytes", path,
			       NAME_MAX);
	if (len >= 7 && memcmp(name, "cgroup.", 7) == 0)
		return err_set(e, ERR_CONFIG,
			       "cgroup path %s: \"cgroup.\" starts names of the kernel", path);
	return 0;
}

/* Appends the names in `path` to out ("/a/b"): no empty names, no ".". */
static int append(struct err *e, char *out, size_t size, const char *path)
{
	size_t used = strlen(out);
	int r;

	if (!str_is_printable(path))
		return err_set(e, ERR_CONFIG, "cgroup path has a control byte");
	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		r = len == 1 && *p == '.' ? 0 : check_name(e, path, p, len);
		if (r < 0)
			return r;
		if (len != 1 || *p != '.') {
			if (size - used < len + 2)
				return err_num(e, ENAMETOOLONG, "cgroup path %.100s...", path);
			used += (size_t)snprintf(out + used, size - used, "/%.*s", (int)len, p);
		}
		p += len;
	}
	return 0;
}

/* "a-b.slice" lies in /a.slice/a-b.slice; "-.slice" is the root. */
static int append_slice(struct err *e, char *out, size_t size, const char *slice)
{
	size_t len = strlen(slice), suffix = strlen(".slice");
	char name[NAME_MAX + 16];
	int r = 0;

	if (str_eq(slice, "-.slice"))
		return 0;
	if (!str_has_suffix(slice, ".slice") || len == suffix || len > NAME_MAX ||
	    strchr(slice, '/') || slice[0] == '-' || slice[len - suffix - 1] == '-' ||
	    strstr(slice, "--"))
		return err_set(e, ERR_CONFIG,
			       "cgroup path: \"%.300s\" is no name of a systemd slice", slice);
	for (size_t i = 1; i < len - suffix && r == 0; i++) {
		if (slice[i] != '-')
			continue;
		snprintf(name, sizeof(name), "%.*s.slice", (int)i, slice);
		r = append(e, out, size, name);
	}
	return r < 0 ? r : append(e, out, size, slice);
}

/* "SLICE:PREFIX:NAME" of systemd users, for hosts where the same config runs without systemd. */
static int append_systemd(struct err *e, char *out, size_t size, const char *path)
{
	_free_ char *copy = strdup(path);
	char *prefix, *name, unit[NAME_MAX + 1];
	int r;

	if (!copy)
		return err_nomem(e);
	prefix = strchr(copy, ':');
	name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name)
		return err_set(e, ERR_CONFIG, "cgroup path %s: want SLICE:PREFIX:NAME", path);
	*prefix++ = '\0';
	*name++ = '\0';
	if (!*name || strchr(prefix, '/') || strchr(name, '/'))
		return err_set(e, ERR_CONFIG, "cgroup path %s: want SLICE:PREFIX:NAME", path);
	r = append_slice(e, out, size, *copy ? copy : "system.slice");
	if (r < 0)
		return r;
	if (str_has_suffix(name, ".slice"))
		r = str_format(unit, sizeof(unit), "%s", name);
	else
		r = str_format(unit, sizeof(unit), "%s%s%s.scope", prefix, *prefix ? "-" : "",
			       name);
	return r < 0 ? err_num(e, r, "cgroup path %.300s", path) : append(e, out, size, unit);
}

static bool is_systemd(const char *path)
{
	const char *a = strchr(path, ':'), *b = a ? strchr(a + 1, ':') : NULL;

	return b && !strchr(b + 1, ':') && !strchr(path, '/');
}

/* May this process make cgroups in `path` and move processes there? */
static bool writable(const struct cg_mount *m, const char *path)
{
	_close_ int fd = cg_open_dir(m->fd, path, O_PATH);

	return fd >= 0 && faccessat(fd, ".", W_OK | X_OK, 0) == 0 &&
	       faccessat(fd, "cgroup.procs", W_OK, 0) == 0;
}

/* Without the root of the tree: a sibling of the own cgroup rather than a child, since a cgroup
 * with processes (ours) cannot distribute controllers. */
static int default_parent(struct err *e, const struct cg_mount *m, char *out, size_t size)
{
	char self[PATH_MAX];
	size_t len;
	int r;

	out[0] = '\0';
	if (faccessat(m->fd, ".", W_OK | X_OK, 0) == 0 &&
	    faccessat(m->fd, "cgroup.procs", W_OK, 0) == 0)
		return 0;
	r = cg_self_path(e, self, sizeof(self));
	if (r < 0)
		return r;
	len = cg_parent_len(self, strlen(self));
	r = append(e, out, size, self);
	if (r < 0)
		return r;
	if (len > 0 && len < size) {
		char saved = out[len];

		out[len] = '\0';
		if (writable(m, out))
			return 0;
		out[len] = saved;
	}
	if (writable(m, out))
		return 0;
	return cg_fail(e, EACCES, ERR_SYSTEM,
		       "own cgroup %s and its parents in %s are not writable: permission denied; "
		       "ask for one with systemd-run --user --scope -p Delegate=yes",
		       self, m->point);
}

/* "bawn-ID": one level, so that nothing but the container's own cgroup is made and removed, and no
 * name that a controller's file can have. */
static int append_id(struct err *e, char *out, size_t size, const char *id)
{
	char name[NAME_MAX + 1];

	if (!*id || strchr(id, '/'))
		return err_set(e, ERR_CONFIG, "container id \"%s\" is no name for a cgroup", id);
	if (str_format(name, sizeof(name), CG_OWN_NAME "-%s", id) < 0)
		return err_num(e, ENAMETOOLONG, "cgroup for container id %.100s...", id);
	return append(e, out, size, name);
}

int cg_new_mark(struct err *e, char mark[CG_MARK_SIZE])
{
	unsigned char raw[(CG_MARK_SIZE - 1) / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_sys(e, "getrandom");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(mark + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

/* Length of the longest parent of path that exists. */
static uint32_t existing(const struct cg_mount *m, const char *path)
{
	size_t len = cg_parent_len(path, strlen(path));
	char part[PATH_MAX];

	for (; len > 0; len = cg_parent_len(path, len)) {
		memcpy(part, path, len);
		part[len] = '\0';
		if (faccessat(m->fd, part + 1, F_OK, 0) == 0 || errno != ENOENT)
			break;
	}
	return (uint32_t)len;
}

int cg_resolve(struct err *e, const struct cg_mount *m, const char *cgroups_path, const char *id,
	       struct cg_place *ret)
{
	size_t size = sizeof(ret->path), parent;
	char *path = ret->path;
	int r = 0;

	path[0] = '\0';
	ret->id = 0;
	if (!cgroups_path || !*cgroups_path) {
		r = default_parent(e, m, path, size);
		if (r == 0)
			r = append_id(e, path, size, id);
	} else if (is_systemd(cgroups_path)) {
		r = append_systemd(e, path, size, cgroups_path);
	} else {
		if (cgroups_path[0] != '/')
			r = default_parent(e, m, path, size);
		if (r == 0 && cgroups_path[0] != '/')
			r = append(e, path, size, CG_OWN_NAME);
		parent = strlen(path);
		if (r == 0)
			r = append(e, path, size, cgroups_path);
		if (r == 0 && strlen(path) == parent)
			r = err_set(e, ERR_CONFIG, "cgroup path %s names no cgroup of its own",
				    cgroups_path);
	}
	if (r < 0)
		return r;
	ret->keep = existing(m, path);
	return cg_new_mark(e, ret->mark);
}

int cg_place_at(struct err *e, const char *path, const char *mark, struct cg_place *ret)
{
	int r;

	ret->path[0] = '\0';
	ret->id = 0;
	r = append(e, ret->path, sizeof(ret->path), path);
	if (r == 0 && (!ret->path[0] || !str_eq(ret->path, path)))
		r = err_set(e, ERR_SYSTEM, "\"%.200s\" is no path of a cgroup", path);
	if (r < 0)
		return r;
	ret->keep = (uint32_t)cg_parent_len(ret->path, strlen(ret->path));
	return str_format(ret->mark, sizeof(ret->mark), "%s", mark);
}

int cg_sibling(struct err *e, const struct cg_place *place, const char *suffix,
	       struct cg_place *ret)
{
	size_t len = strlen(place->path);

	if (len - cg_parent_len(place->path, len) - 1 + strlen(suffix) > NAME_MAX ||
	    str_format(ret->path, sizeof(ret->path), "%s%s", place->path, suffix) < 0)
		return err_num(e, ENAMETOOLONG, "cgroup %.200s%s", place->path, suffix);
	ret->keep = place->keep;
	ret->id = 0;
	return cg_new_mark(e, ret->mark);
}
