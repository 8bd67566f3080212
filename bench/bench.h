/*
 * The benchmark driver, shared between its files.
 *
 * bench.c reads the options and runs the rounds, bench_spawn.c starts and measures one command,
 * bench_cmd.c knows the command lines, bench_ops.c what is done around each measured command,
 * bench_counts.c and bench_rss.c the deterministic block, bench_box.c the machine, bench_report.c
 * the output.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum {
	RT_MAX = 8,
	ROUNDS_MAX = 1000,
	ARGV_MAX = 32,
	CMD_BYTES_MAX = 4096,
	PATH_BYTES_MAX = 512,
	BATCH = 50, /* containers of one parallel sample */
};

enum verb { V_RUN, V_CREATE, V_START, V_STATE, V_EXEC, V_KILL, V_DELETE, V_DELETE_FORCE, V_MAX };

struct cmd {
	const char *argv[ARGV_MAX];
	const char *preload; /* for LD_PRELOAD, or NULL */
	size_t n;
	char text[CMD_BYTES_MAX];
	size_t used;
};

struct usage {
	double wall_us;
	double cpu_us;
	long rss_kib;
	long faults;
	long switches;
	int code; /* exit status, 128 + n for a signal */
};

struct runtime {
	const char *name;
	const char *exe;
	const char *preload;
	bool is_floor;
	bool has_live; /* its long-running container is up */
};

struct config {
	const char *tmp;     /* state, pid files, traces: on a tmpfs */
	const char *bundles; /* made by bench/bundles */
	const char *filter;  /* of floor and fexec */
	const char *fexec;
	const char *cgroup; /* where the floor makes its cgroups */
	const char *json;
	const char *ops;	 /* comma list, or NULL for all */
	const char *rts;
	int rounds;
	int warm;
	int batches;
	unsigned settle_us;
	bool times;
	bool counts;
	bool rr; /* SCHED_RR was granted */
	size_t n_rts;
	struct runtime rt[RT_MAX];
};

/* Which container a command is about. */
struct target {
	const char *bundle;
	const char *id;
	const char *root; /* name of the state directory below config.tmp/RUNTIME */
};

/* ---- bench_spawn.c ---- */

/* Once, before the first command: null and capture files, orphans come to this process. */
void spawn_init(void);
/* Runs the command, waits for it, fills ret_u; -1 when it could not be started at all. */
int spawn_measure(const struct cmd *c, struct usage *ret_u);
/* Same, with the command's output in *ret_text (valid until the next spawn). */
int spawn_capture(const struct cmd *c, const char **ret_text);
/* Without waiting; returns the pid, -1 on failure. traced: stops at its execve (ptrace). */
pid_t spawn_start(const struct cmd *c, bool traced);
/* Any child: the pid and its usage except wall_us. Orphans of containers turn up here too. */
pid_t spawn_wait_any(struct usage *ret_u);
/* Reaps until pid is gone; false after five seconds. */
bool spawn_wait_gone(pid_t pid);
/* Says which command failed, how, and what it wrote to stderr. */
void spawn_complain(const struct cmd *c, const char *what, int code);
double now_us(void);

/* ---- bench_cmd.c ---- */

/* Appends one formatted argument. */
void cmd_add(struct cmd *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The command line of a verb for a runtime (the floor has its own, see floor.c). */
void cmd_build(struct cmd *c, const struct config *cfg, const struct runtime *rt, enum verb verb,
	       const struct target *t);
const char *cmd_verb_name(enum verb verb);
/* Path of the pid file that V_CREATE writes. */
void cmd_pid_file(const struct config *cfg, const struct runtime *rt, const struct target *t,
		  char *ret_path);
void cmd_root(const struct config *cfg, const struct runtime *rt, const struct target *t,
	      char *ret_path);
/* Runs a verb untimed; complains and returns -1 when it fails. */
int cmd_run(const struct config *cfg, const struct runtime *rt, enum verb verb,
	    const struct target *t);
pid_t cmd_init_pid(const struct config *cfg, const struct runtime *rt, const struct target *t);

/* ---- bench_ops.c ---- */

struct op {
	const char *name;
	const char *title;
	int (*run)(const struct config *cfg, struct runtime *rt, const struct op *op,
		   struct usage *ret_u);
	enum verb verb;
	struct target target;
	int parallel; /* 0: one command a sample */
};

extern const struct op op_table[];
extern const size_t op_count;
/* Ends a runtime's long-running container. */
void op_teardown(const struct config *cfg, struct runtime *rt);
/* True if name is in the comma list, or the list is NULL. */
bool op_listed(const char *list, const char *name);
/* Runs BATCH containers, at most P at once; wall and usage per container. */
int op_batch(const struct config *cfg, struct runtime *rt, const struct op *op,
	     struct usage *ret_u);
/* Removes a directory with all below it. */
void remove_tree(const char *path);

/* ---- bench_counts.c ---- */

struct op_counts {
	long syscalls;
	long clones;
	long execs;
};

/* -1 where something could not be found out. */
struct counts {
	struct op_counts verb[V_MAX];
	long exe_bytes;
	long needed;	  /* shared libraries the executable names */
	long objects;	  /* all that get loaded for it */
	long run_rss_kib; /* of the runtime's process at the end of run, state */
	long state_rss_kib;
	long init_rss_kib; /* of a created init */
	long init_pss_kib;
	long init_dirty_kib;
	long init_threads;
	long state_bytes; /* after start */
	long state_files;
	long left_processes; /* of the runtime, after start, besides the container's */
};

/* The number after key in the text of a /proc file, -1 if it is not there. */
long proc_value(pid_t pid, const char *name, const char *key);
/* Returns -1 (after a message) when a command failed; what was found is kept. */
int counts_take(const struct config *cfg, struct runtime *rt, struct counts *ret);

/* ---- bench_rss.c ---- */

/* Runs the command and reads its resident set, page by page, as it exits; -1 if it fails. */
int rss_at_exit(const struct cmd *c, long *ret_kib);

/* ---- bench_box.c ---- */

struct box {
	char kernel[160];
	char cpu[128];
	double load_start;
	double load_end;
	long cpus;
	long mounts;
	double getppid_us;
	double fault_us;
	double cpuid_us; /* 0 where there is no such instruction */
	double vfork_us;
	double exec_us; /* vfork, execve of the static busybox `true`, wait */
};

void box_measure(const struct config *cfg, struct box *ret);
/* Page fault cost: last, because it makes this process large and ru_maxrss is inherited. */
double box_fault_us(void);
double box_load(void);

/* ---- bench_report.c ---- */

struct cell {
	struct usage *samples;
	size_t n;
	bool failed;
};

struct results {
	const struct config *cfg;
	struct box box;
	struct cell *cells; /* op_count x n_rts */
	struct counts counts[RT_MAX];
	bool has_counts[RT_MAX];
};

struct cell *result_cell(const struct results *r, size_t op, size_t rt);
void report_box(const struct results *r, FILE *f);
void report_times(const struct results *r, FILE *f);
void report_counts(const struct results *r, FILE *f);
int report_json(const struct results *r, const char *path);

#endif
