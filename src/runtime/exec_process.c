/* The process document of an exec, from a file or from the command line: see exec.h. */
#include "runtime/caps_names.h"
#include "runtime/exec.h"

/* "UID" or "UID:GID": numbers only, the image's passwd is never read (CVE-2016-3697). Parsed
 * into locals, taken over at the end (CVE-2026-30892). */
static int parse_user(struct err *e, const char *text, struct spec_user *user)
{
	char copy[32];
	uint32_t uid, gid = user->gid;
	char *colon;

	if (str_format(copy, sizeof(copy), "%s", text) < 0)
		goto bad;
	colon = strchr(copy, ':');
	if (colon)
		*colon++ = '\0';
	if (str_to_id(copy, &uid) < 0 || (colon && str_to_id(colon, &gid) < 0))
		goto bad;
	user->uid = uid;
	user->gid = gid;
	return 0;
bad:
	return err_set(e, ERR_USAGE, "--user: \"%s\" is not UID or UID:GID with numbers", text);
}

static int set_groups(struct err *e, struct arena *a, const struct strv *ids,
		      struct spec_user *user)
{
	if (!ids->n)
		return 0;
	user->additional_gids.n = 0;
	user->additional_gids.v = arena_array(a, ids->n, sizeof(uint32_t));
	if (!user->additional_gids.v)
		return err_nomem(e);
	for (size_t i = 0; i < ids->n; i++) {
		uint32_t *gid = &user->additional_gids.v[user->additional_gids.n];

		if (str_to_id(ids->v[i], gid) < 0)
			return err_set(e, ERR_USAGE, "--additional-gids: \"%s\" is not a group id",
				       ids->v[i]);
		user->additional_gids.n++;
	}
	return 0;
}

static int add_env(struct err *e, struct arena *a, const struct strv *more, struct strv *env)
{
	char **v;

	if (!more->n)
		return 0;
	v = arena_array(a, env->n + more->n + 1, sizeof(*v));
	if (!v)
		return err_nomem(e);
	if (env->n)
		memcpy(v, env->v, env->n * sizeof(*v));
	for (size_t i = 0; i < more->n; i++) {
		if (!strchr(more->v[i], '='))
			return err_set(e, ERR_USAGE, "--env: \"%s\" is not NAME=VALUE", more->v[i]);
		v[env->n + i] = more->v[i];
	}
	env->v = v;
	env->n += more->n;
	return 0;
}

static int add_caps(struct err *e, const struct strv *names, struct spec_caps *caps)
{
	for (size_t i = 0; i < names->n; i++) {
		int cap = caps_from_name(names->v[i]);

		if (cap < 0)
			return err_set(e, ERR_USAGE, "--cap: unknown capability \"%s\"",
				       names->v[i]);
		caps->bounding |= 1ull << cap;
		caps->effective |= 1ull << cap;
		caps->permitted |= 1ull << cap;
	}
	return 0;
}

static int from_options(struct err *e, const struct exec_options *o, struct spec *spec,
			struct spec_process *p)
{
	int r;

	if (!o->args.n)
		return err_set(e, ERR_USAGE, "the command to execute is missing");
	p->args = o->args;
	/* What was meant for the container's first process alone. */
	p->terminal = false;
	p->console_height.set = p->console_width.set = false;
	r = add_env(e, &spec->arena, &o->env, &p->env);
	if (r == 0 && o->user)
		r = parse_user(e, o->user, &p->user);
	if (r == 0)
		r = set_groups(e, &spec->arena, &o->additional_gids, &p->user);
	if (r == 0)
		r = add_caps(e, &o->caps, &p->caps);
	if (r == 0 && o->cwd && o->cwd[0] != '/')
		r = err_set(e, ERR_USAGE, "--cwd: %s is not an absolute path", o->cwd);
	if (o->cwd)
		p->cwd = o->cwd;
	return r;
}

int exec_process(struct err *e, const struct exec_options *o, struct spec *spec,
		 struct spec_process **ret)
{
	_buf_ struct buf text = {0};
	struct spec_process *p = spec->process;
	int r;

	if (o->process_file) {
		r = file_read_at(e, AT_FDCWD, o->process_file, JSON_MAX_DOCUMENT, &text);
		if (r == 0)
			r = spec_parse_process(e, spec, o->process_file, text.data ? text.data : "",
					       text.len, &p);
	} else {
		r = from_options(e, o, spec, p);
	}
	if (r < 0)
		return r;
	p->terminal = p->terminal || o->tty;
	p->no_new_privileges = p->no_new_privileges || o->no_new_privs;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	*ret = p;
	return 0;
}
