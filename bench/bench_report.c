/*
 * bench_report: the tables and the JSON. Ratios are of medians within this one run, the only
 * comparison that survives a change of machine or load.
 */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct summary {
	double median, p10, p90, min, cpu;
	long rss, faults, switches;
};

struct cell *result_cell(const struct results *r, size_t op, size_t rt)
{
	return &r->cells[op * r->cfg->n_rts + rt];
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(*v), compare);
	return v[(size_t)((double)(n - 1) * q + 0.5)];
}

static bool summarize(const struct cell *c, struct summary *ret)
{
	static double v[ROUNDS_MAX];
	const size_t n = c->n;

	if (c->failed || n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		v[i] = c->samples[i].wall_us;
	ret->median = quantile(v, n, 0.5);
	ret->p10 = quantile(v, n, 0.1);
	ret->p90 = quantile(v, n, 0.9);
	ret->min = v[0];
	for (size_t i = 0; i < n; i++)
		v[i] = c->samples[i].cpu_us;
	ret->cpu = quantile(v, n, 0.5);
	ret->rss = 0;
	for (size_t i = 0; i < n; i++) {
		if (c->samples[i].rss_kib > ret->rss)
			ret->rss = c->samples[i].rss_kib;
		v[i] = (double)c->samples[i].faults;
	}
	ret->faults = (long)quantile(v, n, 0.5);
	for (size_t i = 0; i < n; i++)
		v[i] = (double)c->samples[i].switches;
	ret->switches = (long)quantile(v, n, 0.5);
	return true;
}

void report_box(const struct results *r, FILE *f)
{
	const struct box *b = &r->box;

	fprintf(f, "machine   %s, %ld CPUs, %s\n", b->cpu, b->cpus, b->kernel);
	fprintf(f, "          SCHED_RR %s; load %.2f at start, %.2f at end; %ld mounts\n",
		r->cfg->rr ? "on" : "OFF (medians under load are not to be trusted)", b->load_start,
		b->load_end, b->mounts);
	fprintf(f, "constants getppid %.2f us, page fault %.2f us, ", b->getppid_us, b->fault_us);
	if (b->cpuid_us > 0)
		fprintf(f, "CPUID %.2f us, ", b->cpuid_us);
	fprintf(f, "vfork+exit %.0f us, vfork+exec of static busybox true %.0f us\n", b->vfork_us,
		b->exec_us);
}

/* How many times slower the named runtime is; blank for itself and where there is no figure. */
static void print_ratio(const struct results *r, FILE *f, size_t op, size_t rt, const char *name,
			bool inverse)
{
	const struct config *cfg = r->cfg;
	struct summary mine, other;

	for (size_t i = 0; i < cfg->n_rts; i++) {
		if (i == rt || strcmp(cfg->rt[i].name, name) != 0 ||
		    !summarize(result_cell(r, op, i), &other) ||
		    !summarize(result_cell(r, op, rt), &mine))
			continue;
		fprintf(f, " %8.2f",
			inverse ? mine.median / other.median : other.median / mine.median);
		return;
	}
	fprintf(f, " %8s", "-");
}

static void print_row(const struct results *r, FILE *f, size_t op, size_t rt)
{
	const struct cell *c = result_cell(r, op, rt);
	struct summary s;

	if (c->n == 0 && !c->failed)
		return;
	fprintf(f, "%-24s %-8s", op_table[op].title, r->cfg->rt[rt].name);
	if (!summarize(c, &s)) {
		fputs(" FAILED\n", f);
		return;
	}
	fprintf(f, " %4zu %9.0f %9.0f %9.0f %7ld %6ld %5ld", c->n, s.median, s.p10, s.cpu, s.rss,
		s.faults, s.switches);
	print_ratio(r, f, op, rt, "floor", true);
	print_ratio(r, f, op, rt, "crun", false);
	print_ratio(r, f, op, rt, "runc", false);
	fputc('\n', f);
}

void report_times(const struct results *r, FILE *f)
{
	fprintf(f, "\nWall and CPU in us (of what a command leaves running: not in it), medians; "
		   "peak RSS in KiB of the largest process, coarse below 1000.\n"
		   "/floor: times the floor's median. crun, runc: times faster than that one.\n");
	fprintf(f, "%-24s %-8s %4s %9s %9s %9s %7s %6s %5s %8s %8s %8s\n", "operation", "runtime",
		"n", "median", "p10", "cpu", "rss", "faults", "csw", "/floor", "crun", "runc");
	for (size_t op = 0; op < op_count; op++) {
		for (size_t rt = 0; rt < r->cfg->n_rts; rt++)
			print_row(r, f, op, rt);
	}
}

struct figure {
	const char *title;
	size_t offset; /* of a long in struct counts */
};

static const struct figure figures[] = {
	{"executable, bytes", offsetof(struct counts, exe_bytes)},
	{"shared libraries named", offsetof(struct counts, needed)},
	{"shared libraries loaded", offsetof(struct counts, objects)},
	{"run: RSS KiB of the runtime at exit", offsetof(struct counts, run_rss_kib)},
	{"state: RSS KiB at exit", offsetof(struct counts, state_rss_kib)},
	{"created init: RSS KiB", offsetof(struct counts, init_rss_kib)},
	{"created init: PSS KiB", offsetof(struct counts, init_pss_kib)},
	{"created init: private dirty KiB", offsetof(struct counts, init_dirty_kib)},
	{"created init: threads", offsetof(struct counts, init_threads)},
	{"after start: processes left", offsetof(struct counts, left_processes)},
	{"after start: state bytes", offsetof(struct counts, state_bytes)},
	{"after start: state files", offsetof(struct counts, state_files)},
};

static long figure_of(const struct counts *c, const struct figure *fig)
{
	return *(const long *)(const void *)((const char *)c + fig->offset);
}

static void print_count(FILE *f, long value)
{
	char text[32] = "-";

	if (value >= 0)
		snprintf(text, sizeof(text), "%ld", value);
	fprintf(f, " %16s", text);
}

void report_counts(const struct results *r, FILE *f)
{
	const size_t n = r->cfg->n_rts;

	fputs("\nDeterministic: system calls / clones / execs of the whole tree (strace -f, the "
	      "command's own first exec included)\n",
	      f);
	fprintf(f, "%-36s", "");
	for (size_t rt = 0; rt < n; rt++)
		fprintf(f, " %16s", r->cfg->rt[rt].name);
	fputc('\n', f);
	for (int v = 0; v < V_MAX; v++) {
		fprintf(f, "%-36s", cmd_verb_name((enum verb)v));
		for (size_t rt = 0; rt < n; rt++) {
			const struct op_counts *c = &r->counts[rt].verb[v];
			char text[64] = "-";

			if (r->has_counts[rt] && c->syscalls >= 0)
				snprintf(text, sizeof(text), "%ld/%ld/%ld", c->syscalls, c->clones,
					 c->execs);
			fprintf(f, " %16s", text);
		}
		fputc('\n', f);
	}
	for (size_t i = 0; i < COUNT(figures); i++) {
		fprintf(f, "%-36s", figures[i].title);
		for (size_t rt = 0; rt < n; rt++)
			print_count(f, r->has_counts[rt] ? figure_of(&r->counts[rt], &figures[i])
							 : -1);
		fputc('\n', f);
	}
}

/* ---- JSON: one object, stable keys; names here need no escaping but the CPU's and paths ---- */

static void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; s && *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		if ((unsigned char)*s >= ' ')
			fputc(*s, f);
	}
	fputc('"', f);
}

static void json_box(const struct results *r, FILE *f)
{
	const struct box *b = &r->box;

	fputs("{\n \"format\": 1,\n \"machine\": {\"kernel\": ", f);
	json_string(f, b->kernel);
	fputs(", \"cpu\": ", f);
	json_string(f, b->cpu);
	fprintf(f,
		", \"cpus\": %ld, \"mounts\": %ld, \"sched_rr\": %s, \"load_start\": %.2f, "
		"\"load_end\": %.2f, \"getppid_us\": %.3f, \"page_fault_us\": %.3f, "
		"\"cpuid_us\": %.3f, \"vfork_us\": %.1f, \"exec_us\": %.1f},\n \"times\": [",
		b->cpus, b->mounts, r->cfg->rr ? "true" : "false", b->load_start, b->load_end,
		b->getppid_us, b->fault_us, b->cpuid_us, b->vfork_us, b->exec_us);
}

static void json_times(const struct results *r, FILE *f)
{
	const char *sep = "\n  ";
	struct summary s;

	for (size_t op = 0; op < op_count; op++) {
		for (size_t rt = 0; rt < r->cfg->n_rts; rt++) {
			const struct cell *c = result_cell(r, op, rt);

			if (!summarize(c, &s))
				continue;
			fprintf(f,
				"%s{\"op\": \"%s\", \"runtime\": \"%s\", \"n\": %zu, "
				"\"median_us\": %.1f, \"p10_us\": %.1f, \"p90_us\": %.1f, "
				"\"min_us\": %.1f, \"cpu_us\": %.1f, \"rss_kib\": %ld, "
				"\"faults\": %ld, \"switches\": %ld}",
				sep, op_table[op].name, r->cfg->rt[rt].name, c->n, s.median, s.p10,
				s.p90, s.min, s.cpu, s.rss, s.faults, s.switches);
			sep = ",\n  ";
		}
	}
}

static void json_counts(const struct results *r, FILE *f)
{
	const char *sep = "\n  ";

	for (size_t rt = 0; rt < r->cfg->n_rts; rt++) {
		const struct counts *c = &r->counts[rt];

		if (!r->has_counts[rt])
			continue;
		fprintf(f, "%s{\"runtime\": \"%s\", \"verbs\": {", sep, r->cfg->rt[rt].name);
		for (int v = 0; v < V_MAX; v++)
			fprintf(f, "%s\"%s\": [%ld, %ld, %ld]", v ? ", " : "",
				cmd_verb_name((enum verb)v), c->verb[v].syscalls, c->verb[v].clones,
				c->verb[v].execs);
		fputc('}', f);
		for (size_t i = 0; i < COUNT(figures); i++)
			fprintf(f, ", \"%s\": %ld", figures[i].title, figure_of(c, &figures[i]));
		fputc('}', f);
		sep = ",\n  ";
	}
}

int report_json(const struct results *r, const char *path)
{
	FILE *f = fopen(path, "we");
	bool bad;

	if (f) {
		json_box(r, f);
		json_times(r, f);
		fputs("],\n \"counts\": [", f);
		json_counts(r, f);
		fputs("]\n}\n", f);
		bad = ferror(f) != 0;
		bad |= fclose(f) != 0;
	}
	if (!f || bad) {
		fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}
