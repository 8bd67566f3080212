/*
 * bench: measures container runtimes against the floor and each other.
 *
 * All commands are interleaved: each round runs every operation once with every runtime, in an
 * order shuffled each time, so that a busy minute hurts all alike. A command that
 * fails is a failed benchmark: it is shown with what it said, its row says FAILED and the exit
 * status is 1. Started by bench/run, which prepares everything; never call it outside of a
 * cgroup namespace of its own on a host with cgroup v1 (runc would write there).
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

static void set_realtime(struct config *cfg)
{
	const struct sched_param param = {.sched_priority = 1};

	/* The system call: musl's wrapper refuses, because POSIX means threads there. */
	cfg->rr = syscall(SYS_sched_setscheduler, 0, SCHED_RR, &param) == 0;
	if (!cfg->rr)
		fprintf(stderr, "bench: no SCHED_RR: %s\n", strerror(errno));
}

static struct runtime *find_runtime(struct config *cfg, const char *name, size_t len)
{
	for (size_t i = 0; i < cfg->n_rts; i++) {
		if (strlen(cfg->rt[i].name) == len && !strncmp(cfg->rt[i].name, name, len))
			return &cfg->rt[i];
	}
	return NULL;
}

static void add_runtime(struct config *cfg, const char *name, const char *exe, bool is_floor)
{
	struct runtime *rt = &cfg->rt[cfg->n_rts];

	if (!op_listed(cfg->rts, name))
		return;
	if (!exe || access(exe, X_OK) < 0) {
		fprintf(stderr, "bench: %s left out: %s: %s\n", name, exe ? exe : "no path",
			strerror(errno));
		return;
	}
	if (cfg->n_rts == RT_MAX) {
		fputs("bench: too many runtimes\n", stderr);
		exit(2);
	}
	*rt = (struct runtime){.name = name, .exe = exe, .is_floor = is_floor};
	cfg->n_rts++;
}

/* NAME=VALUE, cut in place. */
static char *cut(char *arg)
{
	char *value = strchr(arg, '=');

	if (!value) {
		fprintf(stderr, "bench: want NAME=PATH, not %s\n", arg);
		exit(2);
	}
	*value = 0;
	return value + 1;
}

static int number(const char *arg, int min, int max)
{
	char *end;
	long v = strtol(arg, &end, 10);

	if (*end || end == arg || v < min || v > max) {
		fprintf(stderr, "bench: want a number from %d to %d, not %s\n", min, max, arg);
		exit(2);
	}
	return (int)v;
}

static _Noreturn void usage(int code)
{
	fputs("usage: bench/run [OPTION...]\n"
	      "  --rounds N      rounds, 60\n"
	      "  --warm N        rounds before the first that counts, 3\n"
	      "  --batches N     rounds of the parallel operations, 5\n"
	      "  --settle-us N   pause before each measured command, 500\n"
	      "  --ops LIST      of: ",
	      stderr);
	for (size_t i = 0; i < op_count; i++)
		fprintf(stderr, "%s%s", i ? "," : "", op_table[i].name);
	fputs("\n  --rts LIST      of: floor,bawn,crun,runc and those of --rt\n"
	      "  --rt NAME=PATH  one more runtime\n"
	      "  --preload NAME=LIB  LD_PRELOAD for a runtime\n"
	      "  --no-times, --no-counts  without that block\n"
	      "  --json FILE     the figures as JSON too\n"
	      "set by bench/run: --tmp DIR --bundles DIR --filter FILE\n"
	      "  --floor PATH --fexec PATH --cgroup DIR\n",
	      stderr);
	exit(code);
}

struct pair {
	const char *name, *value;
};

struct wanted {
	struct pair rts[RT_MAX];
	struct pair preloads[RT_MAX];
	size_t n_rts, n_preloads;
	const char *floor;
};

static void keep_pair(struct pair *pairs, size_t *n, char *arg)
{
	if (*n == RT_MAX)
		usage(2);
	pairs[*n].value = cut(arg);
	pairs[(*n)++].name = arg;
}

static void parse_option(struct config *cfg, struct wanted *w, int opt)
{
	switch (opt) {
	case 'n':
		cfg->rounds = number(optarg, 1, ROUNDS_MAX);
		break;
	case 'w':
		cfg->warm = number(optarg, 0, ROUNDS_MAX);
		break;
	case 'b':
		cfg->batches = number(optarg, 0, ROUNDS_MAX);
		break;
	case 's':
		cfg->settle_us = (unsigned)number(optarg, 0, 1000000);
		break;
	case 'o':
		cfg->ops = optarg;
		break;
	case 'r':
		cfg->rts = optarg;
		break;
	case 'R':
		keep_pair(w->rts, &w->n_rts, optarg);
		break;
	case 'P':
		keep_pair(w->preloads, &w->n_preloads, optarg);
		break;
	case 'T':
		cfg->times = false;
		break;
	case 'C':
		cfg->counts = false;
		break;
	case 'j':
		cfg->json = optarg;
		break;
	case 't':
		cfg->tmp = optarg;
		break;
	case 'B':
		cfg->bundles = optarg;
		break;
	case 'f':
		cfg->filter = optarg;
		break;
	case 'l':
		w->floor = optarg;
		break;
	case 'x':
		cfg->fexec = optarg;
		break;
	case 'c':
		cfg->cgroup = optarg;
		break;
	case 'h':
		usage(0);
	default:
		usage(2);
	}
}

static void parse_options(struct config *cfg, int argc, char **argv)
{
	static const struct option options[] = {
		{"rounds", 1, NULL, 'n'},    {"warm", 1, NULL, 'w'},	{"batches", 1, NULL, 'b'},
		{"settle-us", 1, NULL, 's'}, {"ops", 1, NULL, 'o'},	{"rts", 1, NULL, 'r'},
		{"rt", 1, NULL, 'R'},	     {"preload", 1, NULL, 'P'}, {"no-times", 0, NULL, 'T'},
		{"no-counts", 0, NULL, 'C'}, {"json", 1, NULL, 'j'},	{"tmp", 1, NULL, 't'},
		{"bundles", 1, NULL, 'B'},   {"filter", 1, NULL, 'f'},	{"floor", 1, NULL, 'l'},
		{"fexec", 1, NULL, 'x'},     {"cgroup", 1, NULL, 'c'},	{"help", 0, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct wanted w = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) >= 0)
		parse_option(cfg, &w, opt);
	if (optind != argc || !cfg->tmp || !cfg->bundles || !cfg->filter || !cfg->fexec)
		usage(2);
	add_runtime(cfg, "floor", w.floor, true);
	for (size_t i = 0; i < w.n_rts; i++)
		add_runtime(cfg, w.rts[i].name, w.rts[i].value, false);
	for (size_t i = 0; i < w.n_preloads; i++) {
		const char *name = w.preloads[i].name;
		struct runtime *rt = find_runtime(cfg, name, strlen(name));

		if (rt)
			rt->preload = w.preloads[i].value;
	}
}

static void make_dirs(const struct config *cfg)
{
	static const char *const roots[] = {"", "/state", "/cold", "/count"};
	char path[PATH_BYTES_MAX];

	for (size_t rt = 0; rt < cfg->n_rts; rt++) {
		for (size_t i = 0; i < COUNT(roots); i++) {
			snprintf(path, sizeof(path), "%s/%s%s", cfg->tmp, cfg->rt[rt].name,
				 roots[i]);
			if (mkdir(path, 0700) < 0 && errno != EEXIST) {
				perror(path);
				exit(1);
			}
		}
	}
}

/* The parallel operations run in few rounds only: one sample of theirs is 50 containers. */
static bool due(const struct config *cfg, const struct op *op, int round)
{
	if (!op->parallel)
		return true;
	if (cfg->batches == 0)
		return false;
	if (round < 0)
		return round == -1;
	return round < cfg->batches;
}

static void run_cell(const struct results *r, struct config *cfg, size_t op, size_t rt, int round)
{
	struct cell *c = result_cell(r, op, rt);
	struct usage u = {.code = 127};

	if (c->failed)
		return;
	if (op_table[op].run(cfg, &cfg->rt[rt], &op_table[op], &u) < 0) {
		fprintf(stderr, "bench: %s of %s: given up in round %d\n", op_table[op].title,
			cfg->rt[rt].name, round);
		c->failed = true;
		return;
	}
	if (round >= 0)
		c->samples[c->n++] = u;
}

/*
 * A fresh order each time: what ran before leaves the caches warm or cold for the next, so no
 * runtime may have the same one in front of it always. The same numbers in every run.
 */
static void shuffle(size_t *order, size_t n)
{
	static uint32_t x = 0x9e3779b9;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k, kept = order[i - 1];

		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		k = x % i;
		order[i - 1] = order[k];
		order[k] = kept;
	}
}

static void run_rounds(const struct results *r, struct config *cfg)
{
	size_t order[RT_MAX];

	for (int round = -cfg->warm; round < cfg->rounds && !stopped; round++) {
		for (size_t op = 0; op < op_count && !stopped; op++) {
			if (!op_listed(cfg->ops, op_table[op].name) ||
			    !due(cfg, &op_table[op], round))
				continue;
			shuffle(order, cfg->n_rts);
			for (size_t k = 0; k < cfg->n_rts && !stopped; k++)
				run_cell(r, cfg, op, order[k], round);
		}
	}
	for (size_t rt = 0; rt < cfg->n_rts; rt++)
		op_teardown(cfg, &cfg->rt[rt]);
}

static int take_counts(struct results *r, struct config *cfg)
{
	int failed = 0;

	if (access("/usr/bin/strace", X_OK) < 0)
		fputs("bench: no strace: no system call counts (apt install strace)\n", stderr);
	for (size_t rt = 0; rt < cfg->n_rts && !stopped; rt++) {
		if (counts_take(cfg, &cfg->rt[rt], &r->counts[rt]) < 0)
			failed = 1;
		r->has_counts[rt] = true;
	}
	return failed;
}

static void allocate(struct results *r)
{
	const size_t cells = op_count * r->cfg->n_rts, rounds = (size_t)r->cfg->rounds;
	struct usage *samples = calloc(cells * rounds, sizeof(*samples));

	r->cells = calloc(cells, sizeof(*r->cells));
	if (!samples || !r->cells) {
		fputs("bench: out of memory\n", stderr);
		exit(1);
	}
	for (size_t i = 0; i < cells; i++)
		r->cells[i].samples = samples + i * rounds;
}

int main(int argc, char **argv)
{
	static struct config cfg = {
		.rounds = 60,
		.warm = 3,
		.batches = 5,
		.settle_us = 500,
		.times = true,
		.counts = true,
		.cgroup = "/sys/fs/cgroup",
	};
	static struct results r = {.cfg = &cfg};
	const struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int failed = 0;

	parse_options(&cfg, argc, argv);
	if (cfg.n_rts == 0) {
		fputs("bench: nothing to measure\n", stderr);
		return 1;
	}
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	spawn_init();
	make_dirs(&cfg);
	allocate(&r);
	set_realtime(&cfg);
	box_measure(&cfg, &r.box);
	if (cfg.counts)
		failed |= take_counts(&r, &cfg);
	if (cfg.times)
		run_rounds(&r, &cfg);
	r.box.load_end = box_load();
	r.box.fault_us = box_fault_us();
	report_box(&r, stdout);
	if (cfg.times)
		report_times(&r, stdout);
	if (cfg.counts)
		report_counts(&r, stdout);
	for (size_t i = 0; i < op_count * cfg.n_rts; i++)
		failed |= r.cells[i].failed;
	if (cfg.json && report_json(&r, cfg.json) < 0)
		failed = 1;
	if (stopped)
		fputs("bench: stopped early by a signal\n", stderr);
	return failed || stopped;
}
