/* The systemd unit of a container: see unit.h. */
#include "runtime/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define HELPER "bawn-systemd"
/* So many processes the cgroup must hold until the helper has left it. */
#define START_TASKS 16

static bool is_user(const struct runtime *rt)
{
	return runtime_is_unprivileged(rt);
}

/* Where systemd listens, system-wide or the user's own. */
static char *bus_address(struct arena *a, const struct runtime *rt)
{
	const char *address =
		getenv(is_user(rt) ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (address && *address)
		return arena_strdup(a, address);
	if (!is_user(rt))
		return arena_strdup(a, "unix:path=/run/dbus/system_bus_socket");
	if (run && run[0] == '/')
		return arena_printf(a, "unix:path=%s/bus", run);
	return arena_printf(a, "unix:path=/run/user/%u/bus", rt->uid);
}

/* The number of tasks that the container may have, when it is too small to start with; else 0. */
static uint64_t small_tasks(const struct cg_resources *r)
{
	uint64_t n = r->pids_limit.set && r->pids_limit.v > 0 ? (uint64_t)r->pids_limit.v : 0;

	for (size_t i = 0; i < r->unified.n; i++)
		if (str_eq(r->unified.v[i].file, "pids.max") &&
		    str_to_u64(r->unified.v[i].value, &n) < 0)
			n = 0;
	return n < START_TASKS ? n : 0;
}

/* The limits, the devices, then the annotations, which win. */
static int add_properties(struct err *e, struct launch *l, struct strv *v)
{
	const struct cg_resources *res = &l->spec.linux_.resources;
	struct arena *a = &l->spec.arena;
	int r = unit_devices(e, a, res, v);

	if (r == 0)
		r = unit_limits(e, a, res, v);
	if (r == 0 && small_tasks(res)) {
		v->v[v->n] = arena_printf(a, "TasksMax=uint64 %d", START_TASKS);
		r = v->v[v->n++] ? 0 : err_nomem(e);
	}
	for (size_t i = 0; i < l->spec.annotations.n && r == 0; i++) {
		const struct spec_annotation *an = &l->spec.annotations.v[i];

		if (!str_has_prefix(an->key, UNIT_ANNOTATION))
			continue;
		if (strchr(an->key, '='))
			return err_set(e, ERR_CONFIG,
				       "annotation %s: \"=\" is in no property's name", an->key);
		v->v[v->n] = arena_printf(a, "%s=%s", an->key, an->value);
		r = v->v[v->n++] ? 0 : err_nomem(e);
	}
	return r;
}

static int start_helper(struct err *e, struct launch *l, const struct cg_unit *u, char *cgroup,
			size_t size)
{
	static char helper[] = HELPER, verb[] = "start";
	struct arena *a = &l->spec.arena;
	char *const words[] = {
		helper,
		verb,
		bus_address(a, l->rt),
		arena_strdup(a, u->name),
		arena_strdup(a, u->slice),
		arena_strdup(a, u->mark),
		arena_printf(a, "bawn container %s", l->c.id),
	};
	const size_t n = ARRAY_SIZE(words);
	char **argv = arena_array(a, n + UNIT_PROPERTIES_MAX + 1 + l->spec.annotations.n + 1,
				  sizeof(*argv));
	struct strv properties = {.v = argv + n};
	int r;

	for (size_t i = 0; i < n; i++)
		if (!argv || !words[i])
			return err_nomem(e);
	memcpy(argv, words, sizeof(words));
	r = add_properties(e, l, &properties);
	if (r == 0)
		r = helper_start(e, l->rt, &(struct helper_start){.name = HELPER, .argv = argv},
				 &l->unit);
	return r < 0 ? r : helper_answer(e, &l->unit, HELPER, cgroup, size);
}

static int adopt(struct err *e, struct launch *l, const struct cg_unit *u, const char *cgroup)
{
	struct container_state *s = &l->c.state;
	int r = container_cg_mount(e, &l->c);

	if (r == 0)
		r = cg_place_at(e, cgroup, u->mark, &s->cgroup);
	if (r == 0)
		r = intent_add(e, &l->c, INTENT_CGROUP, &s->cgroup);
	if (r < 0)
		return r;
	r = cg_adopt(e, &l->c.cg, &s->cgroup, &l->cgroup_fd);
	if (r < 0) {
		l->c.cgroup_refused = true;
		return r;
	}
	s->has_cgroup = true;
	s->unit = arena_strdup(&l->spec.arena, u->name);
	return s->unit ? 0 : err_nomem(e);
}

int unit_make(struct err *e, struct launch *l)
{
	struct cg_place intent = {0};
	char cgroup[PATH_MAX];
	struct cg_unit u;
	int r;

	r = cg_unit_resolve(e, l->spec.linux_.cgroups_path, l->c.id, is_user(l->rt), &u);
	if (r < 0)
		return r;
	(void)str_format(intent.path, sizeof(intent.path), "%s", u.name);
	(void)str_format(intent.mark, sizeof(intent.mark), "%s", u.mark);
	r = intent_add(e, &l->c, INTENT_UNIT, &intent);
	if (r == 0)
		r = start_helper(e, l, &u, cgroup, sizeof(cgroup));
	return r < 0 ? err_wrap(e, r, "systemd") : adopt(e, l, &u, cgroup);
}

/* One message to the helper, and its "ok". */
static int tell(struct err *e, const struct launch *l, const char *text)
{
	char answer[16];
	int r = helper_say(e, &l->unit, text);

	return r < 0 ? r : helper_answer(e, &l->unit, HELPER, answer, sizeof(answer));
}

int unit_settle(struct err *e, struct launch *l)
{
	uint64_t tasks = small_tasks(&l->spec.linux_.resources);
	char text[64];
	int r = 0;

	if (l->unit_attach) {
		(void)str_format(text, sizeof(text), "attach %d", (int)l->pid);
		r = tell(e, l, text);
	}
	if (r == 0 && tasks) {
		(void)str_format(text, sizeof(text), "set TasksMax=uint64 %llu",
				 (unsigned long long)tasks);
		r = tell(e, l, text);
	}
	if (r == 0)
		helper_end(&l->unit);
	if (r == 0)
		r = cg_limits_apply(e, &l->c.cg, &l->c.state.cgroup, l->cgroup_fd,
				    &l->spec.linux_.resources);
	return r;
}

int unit_attach(struct err *e, const struct container *c, pid_t pid)
{
	static char helper[] = HELPER, verb[] = "attach";
	_arena_ struct arena a = {0};
	char *argv[] = {helper,
			verb,
			bus_address(&a, c->rt),
			arena_strdup(&a, c->state.unit),
			arena_printf(&a, "%d", (int)pid),
			NULL};
	int r;

	if (!argv[2] || !argv[3] || !argv[4])
		return err_nomem(e);
	r = helper_run(e, c->rt, HELPER, argv, NULL, 0);
	return r < 0 ? err_wrap(e, r, "systemd") : 0;
}

static int update(struct err *e, const struct container *c, struct arena *a,
		  const struct cg_resources *want, bool devices)
{
	static char helper[] = HELPER, verb[] = "set";
	char *const words[] = {helper, verb, bus_address(a, c->rt), arena_strdup(a, c->state.unit)};
	const size_t n = ARRAY_SIZE(words);
	char **argv = arena_array(a, n + UNIT_PROPERTIES_MAX + 1, sizeof(*argv));
	struct strv properties = {.v = argv + n};
	int r;

	if (!argv || !words[2] || !words[3])
		return err_nomem(e);
	memcpy(argv, words, sizeof(words));
	r = unit_limits(e, a, want, &properties);
	if (r == 0 && devices)
		r = unit_devices(e, a, want, &properties);
	return r < 0 || !properties.n ? r : helper_run(e, c->rt, HELPER, argv, NULL, 0);
}

void unit_update(const struct container *c, const struct cg_resources *want, bool devices)
{
	_arena_ struct arena a = {0};
	struct err e;

	if (update(&e, c, &a, want, devices) < 0)
		log_warning("the new limits hold, but systemd does not know them: %s", e.msg);
}

bool unit_stop(const struct container *c, const char *unit, const char *mark)
{
	static char helper[] = HELPER, verb[] = "stop";
	_arena_ struct arena a = {0};
	char *argv[] = {helper,
			verb,
			bus_address(&a, c->rt),
			arena_strdup(&a, unit),
			arena_strdup(&a, mark),
			NULL};
	struct err e;

	if (!argv[2] || !argv[3] || !argv[4])
		err_nomem(&e);
	else if (helper_run(&e, c->rt, HELPER, argv, NULL, 0) == 0)
		return true;
	log_warning("systemd unit %s: %s", unit, e.msg);
	return false;
}
