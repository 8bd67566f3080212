/*
 * Controllers down the tree: a cgroup has those that every cgroup above it distributes
 * (cgroup.subtree_control). What is missing is enabled there, nothing is ever disabled:
 * other cgroups may have limits by it.
 */
#include "cg_limits.h"

/* The controllers named in a file of one line. */
static int read_mask(struct err *e, int fd, const char *path, const char *file, uint32_t *ret)
{
	char text[512], *save = NULL;
	ssize_t n = cg_read(fd, file, text, sizeof(text));

	if (n < 0)
		return err_num(e, (int)n, "read %s of cgroup %s", file, path);
	*ret = 0;
	for (char *name = strtok_r(text, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		int c = cg_controller_find(name);

		if (c >= 0)
			*ret |= 1u << c;
	}
	return 0;
}

int cg_controllers(struct err *e, int cgroup_fd, uint32_t *ret)
{
	return read_mask(e, cgroup_fd, "of the container", "cgroup.controllers", ret);
}

static enum cg_controller lowest(uint32_t mask)
{
	return (enum cg_controller)__builtin_ctz(mask);
}

static int not_available(struct err *e, const struct cg_mount *m, const char *path,
			 enum cg_controller c, const char *what)
{
	const char *remedy = path[0] ? "it was not given to that cgroup; enable it in "
				       "cgroup.subtree_control of its parent"
				     : "the kernel does not have it, or it is on cgroup version 1 "
				       "(boot with systemd.unified_cgroup_hierarchy=1)";

	return cg_fail(e, EOPNOTSUPP, ERR_UNSUPPORTED,
		       "%s: the %s controller is not available in %s%s: %s", what,
		       cg_controller_name(c), m->point, path, remedy);
}

static int explain(struct err *e, int r, const struct cg_mount *m, const char *path, int fd,
		   enum cg_controller c, const char *what)
{
	char who[400];

	if (r == -EBUSY) {
		cg_describe_procs(fd, who, sizeof(who));
		return cg_fail(e, EBUSY, ERR_STATE,
			       "%s: cgroup %s%s has processes (%s) and so cannot give the %s "
			       "controller to cgroups below it: move them into a cgroup of their "
			       "own, or set linux.cgroupsPath to another place",
			       what, m->point, path, who, cg_controller_name(c));
	}
	if (r == -EACCES || r == -EPERM || r == -EROFS)
		return cg_fail(e, EACCES, ERR_UNSUPPORTED,
			       "%s: the %s controller is not delegated to this user: %s%s is not "
			       "ours to change (systemd: Delegate=%s)",
			       what, cg_controller_name(c), m->point, path, cg_controller_name(c));
	return err_num(e, r, "%s: enable the %s controller in %s%s/cgroup.subtree_control", what,
		       cg_controller_name(c), m->point, path);
}

/* The kernel would enable some (cpu, pids) in a cgroup with processes, as the root of threaded
 * ones: no container could live below it then. The root of all, which has no type, may. */
static bool has_processes(int fd)
{
	char text[32];

	return cg_read(fd, "cgroup.type", text, sizeof(text)) > 0 &&
	       cg_read(fd, "cgroup.procs", text, sizeof(text)) > 0;
}

static int give(int fd, enum cg_controller c)
{
	char text[16];
	int r = str_format(text, sizeof(text), "+%s", cg_controller_name(c));

	return r < 0 ? r : file_write_at(fd, "cgroup.subtree_control", text, strlen(text));
}

/* To enable in parents. */
struct job {
	struct err *e;
	const struct cg_mount *m;
	uint32_t missing;
	const char *const *what;	/* [c]: the property that needs it */
};

/* For each parent of place from the top: "", "/a", "/a/b". Ends when visit() fails. */
static int each_parent(const struct job *j, const struct cg_place *place,
		       int (*visit)(const struct job *j, const char *path))
{
	size_t parent = cg_parent_len(place->path, strlen(place->path));
	char path[PATH_MAX];
	int r = 0;

	for (size_t len = 0; len <= parent && r == 0; len++) {
		if (len > 0 && place->path[len] != '/')
			continue;
		memcpy(path, place->path, len);
		path[len] = '\0';
		r = visit(j, path);
	}
	return r;
}

static int enable_in(const struct job *j, const char *path)
{
	const struct cg_mount *m = j->m;
	const char *const *what = j->what;
	uint32_t need = j->missing;
	struct err *e = j->e;
	_close_ int fd = cg_open_dir(m->fd, path, O_PATH);
	uint32_t given, available;
	int r;

	if (fd < 0)
		return err_num(e, fd, "open cgroup %s%s", m->point, path);
	r = read_mask(e, fd, path, "cgroup.subtree_control", &given);
	if (r == 0 && (need & ~given) == 0)
		return 0;
	if (r == 0)
		r = read_mask(e, fd, path, "cgroup.controllers", &available);
	if (r < 0)
		return r;
	if (need & ~given & ~available) {
		enum cg_controller c = lowest(need & ~given & ~available);

		return not_available(e, m, path, c, what[c]);
	}
	if (has_processes(fd)) {
		enum cg_controller c = lowest(need & ~given);

		return explain(e, -EBUSY, m, path, fd, c, what[c]);
	}
	/* One by one, so that a refusal has a name. */
	for (need &= ~given; need; need &= need - 1) {
		enum cg_controller c = lowest(need);

		r = give(fd, c);
		if (r < 0)
			return explain(e, r, m, path, fd, c, what[c]);
	}
	return 0;
}

static int enable_available_in(const struct job *j, const char *path)
{
	_close_ int fd = cg_open_dir(j->m->fd, path, O_PATH);
	uint32_t given;

	if (fd < 0 || read_mask(j->e, fd, path, "cgroup.subtree_control", &given) < 0 ||
	    (j->missing & ~given) == 0 || has_processes(fd))
		return 0;
	for (uint32_t rest = j->missing & ~given; rest; rest &= rest - 1) {
		enum cg_controller c = lowest(rest);
		int r = give(fd, c);

		if (r < 0)
			log_debug("cgroup %s%s: +%s: %s", j->m->point, path, cg_controller_name(c),
				  strerror(-r));
	}
	return 0;
}

void cg_enable_available(const struct cg_mount *m, const struct cg_place *place, int cgroup_fd)
{
	struct err ignored;
	struct job j = {.e = &ignored, .m = m};
	uint32_t have;

	if (read_mask(&ignored, m->fd, "", "cgroup.controllers", &j.missing) < 0 ||
	    cg_controllers(&ignored, cgroup_fd, &have) < 0)
		return;
	j.missing &= ~have;
	if (j.missing)
		(void)each_parent(&j, place, enable_available_in);
}

int cg_enable(struct err *e, const struct cg_mount *m, const struct cg_place *place, int cgroup_fd,
	      uint32_t need, const char *const what[CG_CONTROLLER_MAX])
{
	struct job j = {.e = e, .m = m, .what = what};
	uint32_t have;
	int r = read_mask(e, cgroup_fd, place->path, "cgroup.controllers", &have);

	j.missing = need & ~have;
	return r < 0 || !j.missing ? r : each_parent(&j, place, enable_in);
}
