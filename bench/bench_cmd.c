/*
 * bench_cmd: the command lines. All OCI runtimes take the same ones; the floor's are its own.
 */
#include "bench.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const verb_names[] = {
	[V_RUN] = "run",       [V_CREATE] = "create",
	[V_START] = "start",   [V_STATE] = "state",
	[V_EXEC] = "exec",     [V_KILL] = "kill",
	[V_DELETE] = "delete", [V_DELETE_FORCE] = "delete -f",
};
_Static_assert(COUNT(verb_names) == V_MAX, "a name for each verb");

const char *cmd_verb_name(enum verb verb)
{
	return verb_names[verb];
}

void cmd_add(struct cmd *c, const char *fmt, ...)
{
	const size_t room = sizeof(c->text) - c->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->text + c->used, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room || c->n + 1 >= ARGV_MAX) {
		fputs("bench: command line too long\n", stderr);
		exit(1);
	}
	c->argv[c->n++] = c->text + c->used;
	c->argv[c->n] = NULL;
	c->used += (size_t)n + 1;
}

void cmd_root(const struct config *cfg, const struct runtime *rt, const struct target *t,
	      char *ret_path)
{
	snprintf(ret_path, PATH_BYTES_MAX, "%s/%s/%s", cfg->tmp, rt->name, t->root);
}

void cmd_pid_file(const struct config *cfg, const struct runtime *rt, const struct target *t,
		  char *ret_path)
{
	snprintf(ret_path, PATH_BYTES_MAX, "%s/%s-%s.pid", cfg->tmp, rt->name, t->id);
}

static void add_floor_place(struct cmd *c, const struct config *cfg, const struct target *t)
{
	cmd_add(c, "--cgroup");
	cmd_add(c, "%s", cfg->cgroup);
	cmd_add(c, "--id");
	cmd_add(c, "floor-%s", t->id);
}

static void add_floor_start(struct cmd *c, const struct config *cfg, const struct target *t)
{
	add_floor_place(c, cfg, t);
	if (strcmp(t->bundle, "min") != 0) {
		cmd_add(c, "--filter");
		cmd_add(c, "%s", cfg->filter);
	}
	cmd_add(c, "--rootfs");
	cmd_add(c, "%s/rootfs", cfg->bundles);
	if (strcmp(t->bundle, "live") != 0) {
		cmd_add(c, "/bin/true");
		return;
	}
	cmd_add(c, "/bin/sleep");
	cmd_add(c, "100000");
}

static void build_fexec(struct cmd *c, const struct config *cfg, const struct target *t,
			const char *pid_file)
{
	cmd_add(c, "%s", cfg->fexec);
	cmd_add(c, "--filter");
	cmd_add(c, "%s", cfg->filter);
	cmd_add(c, "--cgroup");
	cmd_add(c, "%s/floor-%s", cfg->cgroup, t->id);
	cmd_add(c, "--pid-file");
	cmd_add(c, "%s", pid_file);
	cmd_add(c, "/bin/true");
}

static void build_floor(struct cmd *c, const struct config *cfg, const struct runtime *rt,
			enum verb verb, const struct target *t)
{
	/* state asks whether the init is there, start opens the gate, kill kills. */
	static const char *const signals[V_MAX] = {
		[V_STATE] = "0",
		[V_START] = "10",
		[V_KILL] = "9",
	};
	char pid_file[PATH_BYTES_MAX];

	cmd_pid_file(cfg, rt, t, pid_file);
	if (verb == V_EXEC) {
		build_fexec(c, cfg, t, pid_file);
		return;
	}
	cmd_add(c, "%s", rt->exe);
	if (verb != V_RUN) {
		cmd_add(c, "--pid-file");
		cmd_add(c, "%s", pid_file);
	}
	if (signals[verb]) {
		cmd_add(c, "--signal");
		cmd_add(c, "%s", signals[verb]);
	} else if (verb == V_DELETE || verb == V_DELETE_FORCE) {
		cmd_add(c, "--delete");
		add_floor_place(c, cfg, t);
	} else {
		if (verb == V_CREATE)
			cmd_add(c, "--hold");
		add_floor_start(c, cfg, t);
	}
}

static void build_oci(struct cmd *c, const struct config *cfg, const struct runtime *rt,
		      enum verb verb, const struct target *t)
{
	char path[PATH_BYTES_MAX];

	c->preload = rt->preload;
	cmd_root(cfg, rt, t, path);
	cmd_add(c, "%s", rt->exe);
	cmd_add(c, "--root");
	cmd_add(c, "%s", path);
	cmd_add(c, "%s", verb == V_DELETE_FORCE ? "delete" : verb_names[verb]);
	if (verb == V_RUN || verb == V_CREATE) {
		cmd_add(c, "--bundle");
		cmd_add(c, "%s/%s", cfg->bundles, t->bundle);
	}
	if (verb == V_CREATE) {
		cmd_pid_file(cfg, rt, t, path);
		cmd_add(c, "--pid-file");
		cmd_add(c, "%s", path);
	}
	if (verb == V_DELETE_FORCE)
		cmd_add(c, "--force");
	cmd_add(c, "%s", t->id);
	if (verb == V_EXEC)
		cmd_add(c, "/bin/true");
	if (verb == V_KILL)
		cmd_add(c, "KILL");
}

void cmd_build(struct cmd *c, const struct config *cfg, const struct runtime *rt, enum verb verb,
	       const struct target *t)
{
	c->n = 0;
	c->used = 0;
	c->preload = NULL;
	if (rt->is_floor)
		build_floor(c, cfg, rt, verb, t);
	else
		build_oci(c, cfg, rt, verb, t);
}

int cmd_run(const struct config *cfg, const struct runtime *rt, enum verb verb,
	    const struct target *t)
{
	struct cmd c;
	struct usage u = {.code = 127};

	cmd_build(&c, cfg, rt, verb, t);
	if (spawn_measure(&c, &u) == 0 && u.code == 0)
		return 0;
	spawn_complain(&c, rt->name, u.code);
	return -1;
}

pid_t cmd_init_pid(const struct config *cfg, const struct runtime *rt, const struct target *t)
{
	char path[PATH_BYTES_MAX], text[24] = "";
	FILE *f;

	cmd_pid_file(cfg, rt, t, path);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}
