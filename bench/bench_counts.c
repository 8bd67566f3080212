/*
 * bench_counts: figures that do not depend on how busy the machine is, fit to gate CI on: system
 * calls and processes per verb (by strace), sizes, memory and files left behind. Runs while no
 * other container of the benchmark exists.
 */
#include "bench.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRACE_TIMEOUT_MS = 30000, TRACE_STEP_MS = 10 };

static const struct target traced = {.bundle = "live", .id = "traced", .root = "count"};
static const struct target traced_run = {.bundle = "typ", .id = "traced-run", .root = "count"};

static void trace_file(const struct config *cfg, char *ret_path)
{
	snprintf(ret_path, PATH_BYTES_MAX, "%s/trace", cfg->tmp);
}

static void build_traced(struct cmd *c, const struct config *cfg, const struct runtime *rt,
			 enum verb verb, const struct target *t)
{
	static struct cmd inner;
	char path[PATH_BYTES_MAX];

	trace_file(cfg, path);
	unlink(path); /* trace_create looks for this one's end */
	cmd_build(&inner, cfg, rt, verb, t);
	*c = (struct cmd){0};
	cmd_add(c, "/usr/bin/strace");
	cmd_add(c, "-f");
	cmd_add(c, "-q");
	cmd_add(c, "-e");
	cmd_add(c, "signal=none");
	cmd_add(c, "-o");
	cmd_add(c, "%s", path);
	if (inner.preload) { /* for the runtime, not for strace */
		cmd_add(c, "-E");
		cmd_add(c, "LD_PRELOAD=%s", inner.preload);
	}
	cmd_add(c, "--");
	for (size_t i = 0; i < inner.n; i++)
		cmd_add(c, "%s", inner.argv[i]);
}

static bool is_call(const char *call, const char *const *names)
{
	for (; *names; names++) {
		const size_t n = strlen(*names);

		if (!strncmp(call, *names, n) && call[n] == '(')
			return true;
	}
	return false;
}

/* Lines are "PID call(...", "PID <... call resumed>" and "PID +++ exited with N +++". */
static bool read_trace(const struct config *cfg, struct op_counts *ret)
{
	static const char *const clones[] = {"clone", "clone3", "fork", "vfork", NULL};
	static const char *const execs[] = {"execve", "execveat", NULL};
	char path[PATH_BYTES_MAX];
	bool main_ended = false;
	char *line = NULL;
	size_t room = 0;
	long first = 0;
	FILE *f;

	*ret = (struct op_counts){0};
	trace_file(cfg, path);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (getline(&line, &room, f) > 0) {
		char *call;
		long pid = strtol(line, &call, 10);

		call += strspn(call, " ");
		if (!first)
			first = pid;
		if (!strncmp(call, "+++", 3)) {
			main_ended |= pid == first;
			continue;
		}
		if (*call == '<')
			continue;
		ret->syscalls++;
		ret->clones += is_call(call, clones);
		ret->execs += is_call(call, execs);
	}
	free(line);
	fclose(f);
	return main_ended;
}

static int trace_verb(const struct config *cfg, const struct runtime *rt, enum verb verb,
		      const struct target *t, struct op_counts *ret)
{
	struct usage u = {.code = 127};
	struct cmd c;

	build_traced(&c, cfg, rt, verb, t);
	if (spawn_measure(&c, &u) < 0 || u.code != 0) {
		spawn_complain(&c, rt->name, u.code);
		return -1;
	}
	return read_trace(cfg, ret) ? 0 : -1;
}

/* strace stays with the waiting init, so create is over when the trace says its process ended. */
static int trace_create(const struct config *cfg, const struct runtime *rt, const struct target *t,
			struct op_counts *ret)
{
	struct cmd c;
	pid_t strace;
	int waited = 0, r;

	build_traced(&c, cfg, rt, V_CREATE, t);
	strace = spawn_start(&c, false);
	if (strace < 0)
		return -1;
	while (!read_trace(cfg, ret) && waited < TRACE_TIMEOUT_MS) {
		usleep(TRACE_STEP_MS * 1000);
		waited += TRACE_STEP_MS;
	}
	r = cmd_run(cfg, rt, V_DELETE_FORCE, t);
	spawn_wait_gone(strace);
	return waited < TRACE_TIMEOUT_MS ? r : -1;
}

static long value_after(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? strtol(p + strlen(key), NULL, 10) : -1;
}

static void read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "re");
	if (f) {
		n = fread(buf, 1, size - 1, f);
		fclose(f);
	}
	buf[n] = 0;
}

long proc_value(pid_t pid, const char *name, const char *key)
{
	static char text[8192];

	read_proc(pid, name, text, sizeof(text));
	return value_after(text, key);
}

static void measure_init(pid_t pid, struct counts *ret)
{
	ret->init_rss_kib = proc_value(pid, "smaps_rollup", "\nRss:");
	ret->init_pss_kib = proc_value(pid, "smaps_rollup", "\nPss:");
	ret->init_dirty_kib = proc_value(pid, "smaps_rollup", "\nPrivate_Dirty:");
	ret->init_threads = proc_value(pid, "status", "\nThreads:");
}

/* As the subreaper this process inherits whatever a runtime leaves running. */
static long count_left(pid_t init)
{
	static char text[4096];
	char name[32], *end;
	long left = 0;

	snprintf(name, sizeof(name), "task/%d/children", (int)getpid());
	read_proc(getpid(), name, text, sizeof(text));
	for (char *p = text;; p = end) {
		long pid = strtol(p, &end, 10);

		if (end == p)
			return left;
		left += pid != init;
	}
}

static struct counts *walked;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F) {
		walked->state_bytes += st->st_size;
		walked->state_files++;
	}
	return 0;
}

static int measure_running(const struct config *cfg, const struct runtime *rt, struct counts *ret)
{
	char root[PATH_BYTES_MAX];
	int r = -1;

	if (cmd_run(cfg, rt, V_CREATE, &traced) < 0)
		return -1;
	measure_init(cmd_init_pid(cfg, rt, &traced), ret);
	if (trace_verb(cfg, rt, V_START, &traced, &ret->verb[V_START]) == 0 &&
	    trace_verb(cfg, rt, V_STATE, &traced, &ret->verb[V_STATE]) == 0 &&
	    trace_verb(cfg, rt, V_EXEC, &traced, &ret->verb[V_EXEC]) == 0)
		r = 0;
	ret->left_processes = count_left(cmd_init_pid(cfg, rt, &traced));
	if (!rt->is_floor) {
		walked = ret;
		ret->state_bytes = ret->state_files = 0;
		cmd_root(cfg, rt, &traced, root);
		nftw(root, add_file, 16, FTW_PHYS);
	}
	if (r == 0)
		r = trace_verb(cfg, rt, V_DELETE_FORCE, &traced, &ret->verb[V_DELETE_FORCE]);
	if (r < 0)
		cmd_run(cfg, rt, V_DELETE_FORCE, &traced);
	return r;
}

static int measure_kill(const struct config *cfg, const struct runtime *rt, struct counts *ret)
{
	pid_t init;

	if (cmd_run(cfg, rt, V_CREATE, &traced) < 0 || cmd_run(cfg, rt, V_START, &traced) < 0)
		return -1;
	init = cmd_init_pid(cfg, rt, &traced);
	if (trace_verb(cfg, rt, V_KILL, &traced, &ret->verb[V_KILL]) < 0 ||
	    !spawn_wait_gone(init) ||
	    trace_verb(cfg, rt, V_DELETE, &traced, &ret->verb[V_DELETE]) < 0) {
		cmd_run(cfg, rt, V_DELETE_FORCE, &traced);
		return -1;
	}
	return 0;
}

static long count_lines(const char *text, const char *word)
{
	long n = 0;

	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
		n++;
	return n;
}

static void measure_executable(const struct runtime *rt, struct counts *ret)
{
	const char *text = "";
	struct cmd c = {0};
	struct stat st;

	if (stat(rt->exe, &st) == 0)
		ret->exe_bytes = (long)st.st_size;
	cmd_add(&c, "/usr/bin/readelf");
	cmd_add(&c, "-dW");
	cmd_add(&c, "%s", rt->exe);
	if (spawn_capture(&c, &text) == 0)
		ret->needed = count_lines(text, "(NEEDED)");
	c = (struct cmd){0};
	cmd_add(&c, "/usr/bin/ldd");
	cmd_add(&c, "%s", rt->exe);
	/* ldd fails for a static one, which is the answer 0; the vdso has no "=>". */
	if (spawn_capture(&c, &text) >= 0)
		ret->objects = count_lines(text, "=>");
}

static int measure_rss(const struct config *cfg, struct runtime *rt, struct counts *ret)
{
	struct cmd c;
	int r = 0;

	cmd_build(&c, cfg, rt, V_RUN, &traced_run);
	r |= rss_at_exit(&c, &ret->run_rss_kib);
	if (cmd_run(cfg, rt, V_CREATE, &traced) < 0)
		return -1;
	cmd_build(&c, cfg, rt, V_STATE, &traced);
	r |= rss_at_exit(&c, &ret->state_rss_kib);
	return r | cmd_run(cfg, rt, V_DELETE_FORCE, &traced);
}

int counts_take(const struct config *cfg, struct runtime *rt, struct counts *ret)
{
	int r = 0;

	memset(ret, -1, sizeof(*ret));
	measure_executable(rt, ret);
	if (access("/usr/bin/strace", X_OK) < 0)
		return measure_rss(cfg, rt, ret);
	/* The second run: what a first one caches is the table's business, see run-cold. */
	if (cmd_run(cfg, rt, V_RUN, &traced_run) < 0)
		return -1;
	r |= trace_verb(cfg, rt, V_RUN, &traced_run, &ret->verb[V_RUN]);
	r |= trace_create(cfg, rt, &traced, &ret->verb[V_CREATE]);
	r |= measure_running(cfg, rt, ret);
	r |= measure_kill(cfg, rt, ret);
	r |= measure_rss(cfg, rt, ret);
	return r;
}
