/*
 * The command line: main.c finds the verb in a table, opt.c parses, the verb's
 * file calls the library and prints. A verb is one `struct verb` in its own file
 * and one line in main.c; help texts are made from the same tables.
 */
#ifndef BAWN_CLI_CLI_H
#define BAWN_CLI_CLI_H

#include "opt.h"
#include "runtime/runtime.h"

enum {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NOT_RUN = 125,		/* run, exec in the foreground: the program did not run */
	CLI_NOT_EXECUTABLE = 126,
	CLI_NO_PROGRAM = 127,
};

enum output_format { FORMAT_TABLE, FORMAT_JSON };
extern const char *const output_formats[];

#define UPDATE_OPTIONS_MAX 20

/* What the options of any verb can say. */
struct args {
	struct launch_options launch;
	struct exec_options exec;
	const char *update[UPDATE_OPTIONS_MAX];		/* update.c; NULL: not given */
	const char *bundle, *network_from;
	const char *criu;
	int format;
	struct network_args {				/* network.c */
		int kind;
		const char *bridge, *parent;
		struct strv subnets, gateways, dns;
		uint32_t mtu;
		bool no_ipv4, no_ipv6, isolate;
	} network;
	int64_t interval_ns;
	bool all, stats, force, quiet, rootless;
};

struct globals {
	const char *root, *log;
	const char *network_root;
	int log_format, rootless, cgroup_manager;
	bool debug, systemd_cgroup, version;
};

struct cli {
	const char *argv0;
	struct globals global;
	struct args args;
	struct arena arena;
	struct runtime rt;
	const struct verb *verb;	/* NULL until it is known */
	const char *id;			/* NULL until checked, and for verbs without */
	char **words;			/* what follows the ID (or the verb) */
	size_t n_words;
	int status;			/* of the container's program: run, exec */
	int log_fd;
	int seal_fd;			/* keeps the sealed image until the process ends */
};

enum {
	VERB_ID = 1,		/* the first word is a container ID */
	VERB_COMMAND = 2,	/* what follows the ID is not bawn's: options end there */
	VERB_SEAL = 4,		/* runs a container's program: from a sealed copy of bawn */
	VERB_STATUS = 8,	/* exits with the program's status */
	VERB_ROOT = 16,		/* needs the state root */
	VERB_MAKE_ROOT = 32,	/* makes it when it is missing */
};

struct verb {
	const char *name;
	const char *summary;	/* one line, small first letter, no full stop */
	const char *words;	/* "ID [SIGNAL]" */
	const char *text;	/* one paragraph per line */
	const char *examples;	/* one per line */
	const struct opt *options;
	unsigned int flags;
	size_t min_words, max_words;	/* after the ID */
	int (*run)(struct err *e, struct cli *c);
};

/* Ends with NULL, in the order of the help. */
extern const struct verb *const verbs[];
/* The verb, or NULL with a usage error that suggests one. */
const struct verb *verb_find(struct err *e, const char *name);

extern const struct verb verb_create, verb_start, verb_run, verb_state, verb_kill, verb_delete,
	verb_exec, verb_list, verb_ps, verb_pause, verb_resume, verb_spec, verb_features, verb_gc,
	verb_stats, verb_events, verb_update, verb_network, verb_doctor, verb_help;

extern const struct opt global_options[];

/* Standard output, all of it: 0 or -errno. */
int cli_print(struct err *e, const struct buf *b);
/* The same, and what the JSON writer says before: ends the document and the line. */
int cli_print_json(struct err *e, struct json_writer *w);

/* The document of `bawn stats`: docs/format/stats.md. */
void stats_write(struct json_writer *w, const struct stats_list *l);

int help_print(struct err *e, const struct cli *c);
int help_print_verb(struct err *e, const struct cli *c, const struct verb *verb);
int version_print(struct err *e, const struct cli *c);

/* A table for people: columns aligned, control bytes shown as '?', empty cells as '-'.
 * `cells` has n_rows * n_columns elements. */
#define TABLE_MAX_COLUMNS 8
void table_format(struct buf *out, const char *const *cells, size_t n_rows, size_t n_columns);

#endif
