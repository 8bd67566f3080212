/*
 * Limits: a plan of writes is made first, from values alone; then the controllers that
 * it needs are enabled, then it is carried out. For a cgroup in use each file is read
 * before it is written, and a failure puts back what was written before it.
 */
#include "cg_limits.h"

#include <stdio.h>

#define FILE_MAX (64u << 10) /* of a cgroup; io.max has a line a device */

static int make_plan(struct err *e, struct cg_plan *p)
{
	int r = cg_plan_memory(e, p);

	if (r == 0)
		r = cg_plan_cpu(e, p);
	if (r < 0)
		return r;
	cg_plan_io(p);
	cg_plan_others(p);
	return p->failed ? err_nomem(e) : 0;
}

/* Where the controller is not there, nothing is limited either: then there is nothing to write. */
static bool is_no_limit(const struct cg_write *w)
{
	return !str_eq(w->what, "unified") &&
	       (str_eq(w->value, "max") || str_has_prefix(w->value, "max ") ||
		str_has_suffix(w->value, "=max"));
}

static int enable_all(struct err *e, const struct cg_plan *p, const struct cg_mount *m,
		      const struct cg_place *place, int cgroup_fd)
{
	const char *what[CG_CONTROLLER_MAX] = {0};
	uint32_t need = 0;

	for (size_t i = p->writes.n; i-- > 0;) {
		const struct cg_write *w = &p->writes.v[i];

		if (is_no_limit(w))
			continue;
		need |= 1u << w->controller;
		what[w->controller] = str_eq(w->what, "unified") ? w->file : w->what;
	}
	return need ? cg_enable(e, m, place, cgroup_fd, need, what) : 0;
}

/* The line of text that puts w back. */
static char *old_line(struct arena *a, const struct cg_write *w, const char *text)
{
	size_t n = w->key ? strlen(w->key) : 0;

	if (!w->key)
		return *text && *text != '\n' ? arena_strndup(a, text, strcspn(text, "\n"))
					      : arena_strdup(a, "\n");
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, w->key, n) == 0 && line[n] == ' ')
			return arena_strndup(a, line, strcspn(line, "\n"));
	return arena_strdup(a, w->none ? w->none : "");
}

/* What is there now. An empty list of CPUs or nodes, all that the parent has, cannot be put back
 * while there are processes (ENOSPC): then it is what the list stands for. */
static int read_old(int cgroup_fd, const struct cg_write *w, struct buf *text)
{
	struct err ignored;
	char effective[64];
	int r = file_read_at(&ignored, cgroup_fd, w->file, FILE_MAX, text);

	if (r < 0 || w->controller != CG_CPUSET || !text->data || !str_eq(text->data, "\n"))
		return r;
	text->len = 0;
	r = str_format(effective, sizeof(effective), "%s.effective", w->file);
	return r < 0 ? r : file_read_at(&ignored, cgroup_fd, effective, FILE_MAX, text);
}

/* A file that cannot be read (memory.reclaim) has nothing to put back. */
static int remember(struct err *e, struct arena *a, int cgroup_fd, struct cg_write *w)
{
	_buf_ struct buf text = {0};

	if (read_old(cgroup_fd, w, &text) < 0) {
		w->old = "";
		return 0;
	}
	w->old = old_line(a, w, text.data ? text.data : "");
	return w->old ? 0 : err_nomem(e);
}

static const char *remedy(const struct cg_write *w, int r)
{
	if (r == -ENOENT && str_eq(w->file, "io.weight"))
		return "; weights need the BFQ scheduler (io.bfq.weight) or a kernel with "
		       "CONFIG_BLK_CGROUP_IOCOST";
	if (r == -ENOENT && str_eq(w->file, "memory.swap.max"))
		return "; the kernel does not account for swap (boot with swapaccount=1)";
	if (r == -ENOENT && w->controller == CG_HUGETLB)
		return "; this machine has no huge pages of this size";
	if (r == -ENOENT)
		return "; this kernel has no such file";
	if (r == -ENODEV && w->controller == CG_IO)
		return "; give the numbers of a whole block device, not of a partition";
	if (r == -EINVAL || r == -ERANGE)
		return "; the kernel does not take this value";
	return "";
}

static int explain_write(struct err *e, int r, const struct cg_write *w)
{
	char why[128];

	err_text(-r, why, sizeof(why));
	return cg_fail(e, -r, r == -ENOENT ? ERR_UNSUPPORTED : ERR_SYSTEM,
		       "%s: write \"%s\" to %s of the container's cgroup: %s%s", w->what,
		       str_eq(w->value, "\n") ? "" : w->value, w->file, why, remedy(w, r));
}

static int write_one(int cgroup_fd, const struct cg_write *w)
{
	return file_write_at(cgroup_fd, w->file, w->value, strlen(w->value));
}

/* in_use: the cgroup has processes. 0 or -errno with a message. */
static int carry_out(struct err *e, struct cg_plan *p, int cgroup_fd, struct cg_write *w,
		     bool in_use)
{
	int r;

	if (w->else_file && faccessat(cgroup_fd, w->file, F_OK, 0) < 0) {
		w->file = w->else_file;
		w->value = w->else_value;
	}
	if (in_use) {
		r = remember(e, p->arena, cgroup_fd, w);
		if (r == 0 && str_eq(w->file, "memory.max") && !is_no_limit(w)) {
			r = cg_set_memory_max(e, cgroup_fd, w->what, w->value);
			if (r < 0)
				w->old = NULL;
			return r;
		}
		if (r < 0)
			return r;
	}
	r = write_one(cgroup_fd, w);
	if (r == 0 || (r == -ENOENT && (w->optional || is_no_limit(w))))
		return 0;
	w->old = NULL;
	return explain_write(e, r, w);
}

/* A memory limit that was raised for a moment may be below what is in use by now. */
static int put_one_back(int cgroup_fd, const struct cg_write *w)
{
	struct err ignored;

	if (str_eq(w->file, "memory.max"))
		return cg_set_memory_max(&ignored, cgroup_fd, w->what, w->old);
	return file_write_at(cgroup_fd, w->file, w->old, strlen(w->old));
}

/* What cannot be put back is said, in the message of the failure that made it necessary. */
static void put_back(struct err *e, struct cg_plan *p, int cgroup_fd, const char *weight)
{
	for (size_t i = p->writes.n; i-- > 0;) {
		const struct cg_write *w = &p->writes.v[i];
		size_t len = strlen(e->msg);

		if (!w->old || !*w->old)
			continue;
		if (put_one_back(cgroup_fd, w) < 0)
			(void)str_format(e->msg + len, sizeof(e->msg) - len,
					 "; %s could not be put back to \"%s\"", w->file, w->old);
	}
	/* cpu.idle has set the default weight. */
	if (*weight)
		(void)file_write_at(cgroup_fd, "cpu.weight", weight, strlen(weight));
}

static int apply(struct err *e, struct cg_plan *p, const struct cg_mount *m,
		 const struct cg_place *place, int cgroup_fd, bool in_use)
{
	char weight[32] = "";
	int r = make_plan(e, p);

	if (r < 0 || !p->writes.n)
		return r;
	if (in_use && cg_read(cgroup_fd, "cpu.weight", weight, sizeof(weight)) < 0)
		weight[0] = '\0';
	r = enable_all(e, p, m, place, cgroup_fd);
	if (r == 0)
		r = cg_check_cpuset(e, cgroup_fd, &p->change->cpu);
	if (r == 0 && in_use && p->change->memory.check_before_update.v)
		r = cg_check_memory_use(e, cgroup_fd, &p->want->memory);
	for (size_t i = 0; i < p->writes.n && r == 0; i++)
		r = carry_out(e, p, cgroup_fd, &p->writes.v[i], in_use);
	if (r < 0 && in_use)
		put_back(e, p, cgroup_fd, weight);
	return r;
}

int cg_limits_apply(struct err *e, const struct cg_mount *m, const struct cg_place *place,
		    int cgroup_fd, const struct cg_resources *r)
{
	static const struct cg_resources nothing;
	_arena_ struct arena a = {0};
	struct cg_plan p = {.arena = &a, .want = r, .now = &nothing, .change = r};

	return apply(e, &p, m, place, cgroup_fd, false);
}

int cg_limits_none(struct err *e, const struct cg_resources *r)
{
	static const struct cg_resources nothing;
	_arena_ struct arena a = {0};
	struct cg_plan p = {.arena = &a, .want = r, .now = &nothing, .change = r};
	int rc = make_plan(e, &p);

	for (size_t i = 0; i < p.writes.n && rc == 0; i++)
		if (!is_no_limit(&p.writes.v[i]))
			rc = err_set(e, ERR_UNSUPPORTED, "linux.resources.%s: needs a cgroup",
				     p.writes.v[i].what);
	return rc;
}

int cg_limits_update(struct err *e, const struct cg_mount *m, const struct cg_place *place,
		     int cgroup_fd, const struct cg_resources *now,
		     const struct cg_resources *change)
{
	_arena_ struct arena a = {0};
	struct cg_resources want = *now;
	struct cg_plan p = {.arena = &a, .want = &want, .now = now, .change = change};
	int r = cg_resources_merge(e, &a, &want, change);

	return r < 0 ? r : apply(e, &p, m, place, cgroup_fd, true);
}
