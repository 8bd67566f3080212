/* bawn start, kill, delete, pause, resume, gc: one library call each. */
#include "cli.h"

static const struct opt no_options[] = {{0}};

static int run_start(struct err *e, struct cli *c)
{
	return container_start(e, &c->rt, c->id);
}

const struct verb verb_start = {
	.name = "start",
	.summary = "let the program of a created container run",
	.words = "ID",
	.text = "Lets the program of the container ID run, which 'bawn create' made. Returns when "
		"the program was executed, or says why it could not be.",
	.examples = "bawn start web",
	.options = no_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_start,
};

/* clang-format off */
static const struct opt kill_options[] = {
	{"all", 'a', OPT_BOOL, NULL, "send it to every process of the container",
	 offsetof(struct args, all), NULL},
	{0},
};
/* clang-format on */

static int run_kill(struct err *e, struct cli *c)
{
	int sig, r;

	r = signal_parse(e, c->n_words ? c->words[0] : "TERM", &sig);
	if (r < 0)
		return r;
	return container_kill(e, &c->rt, c->id, sig, c->args.all);
}

const struct verb verb_kill = {
	.name = "kill",
	.summary = "send a signal to a container's first process",
	.words = "ID [SIGNAL]",
	.text = "Sends SIGNAL to the first process of the container ID, or with --all to each of "
		"its processes. SIGNAL is a name with or without SIG (KILL, SIGTERM, RTMIN+3) or "
		"a number; TERM when it is not given. Signal 0 only asks whether the process is "
		"there.",
	.examples = "bawn kill web\n"
		    "bawn kill web KILL\n"
		    "bawn kill --all web 9",
	.options = kill_options,
	.flags = VERB_ID | VERB_ROOT,
	.max_words = 1,
	.run = run_kill,
};

/* clang-format off */
static const struct opt delete_options[] = {
	{"force", 'f', OPT_BOOL, NULL, "kill the container first if it runs, clear up after a "
	 "bawn that was killed, and do not mind when there is no such container",
	 offsetof(struct args, force), NULL},
	{0},
};
/* clang-format on */

static int run_delete(struct err *e, struct cli *c)
{
	return container_delete(e, &c->rt, c->id, c->args.force);
}

const struct verb verb_delete = {
	.name = "delete",
	.summary = "remove a stopped container and all it holds",
	.words = "ID",
	.text = "Removes what the host keeps for the container ID: its state, its cgroup and "
		"whatever else was made for it; the bundle stays as it is. Without --force the "
		"container must have stopped, or be created and not started.",
	.examples = "bawn delete web\n"
		    "bawn delete --force web",
	.options = delete_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_delete,
};

static int run_pause(struct err *e, struct cli *c)
{
	return container_pause(e, &c->rt, c->id);
}

const struct verb verb_pause = {
	.name = "pause",
	.summary = "stop all processes of a container until 'bawn resume'",
	.words = "ID",
	.text = "Freezes the cgroup of the container ID. Returns when all its processes stand "
		"still. They notice nothing but the time that passes.",
	.examples = "bawn pause web",
	.options = no_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_pause,
};

static int run_resume(struct err *e, struct cli *c)
{
	return container_resume(e, &c->rt, c->id);
}

const struct verb verb_resume = {
	.name = "resume",
	.summary = "let a paused container go on",
	.words = "ID",
	.text = "Lets the processes of the container ID go on, which 'bawn pause' stopped.",
	.examples = "bawn resume web",
	.options = no_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_resume,
};

static int run_gc(struct err *e, struct cli *c)
{
	struct strv removed = {0};
	_buf_ struct buf b = {0};
	int r, printed;

	/* What was removed before a failure is reported as well. */
	r = runtime_gc(e, &c->rt, &c->arena, &removed);
	for (size_t i = 0; i < removed.n; i++)
		buf_printf(&b, "%s\n", removed.v[i]);
	if (r < 0) {
		struct err ignored;

		(void)cli_print(&ignored, &b);
		return r;
	}
	printed = cli_print(e, &b);
	return printed;
}

const struct verb verb_gc = {
	.name = "gc",
	.summary = "remove what bawns that were killed left behind",
	.words = "",
	.text = "Removes containers that were never completely created and whose maker is gone: "
		"their processes, cgroups and state. Containers that are created, running, paused "
		"or stopped are left alone. Prints the IDs it removed, one per line.",
	.examples = "bawn gc",
	.options = no_options,
	.flags = VERB_ROOT,
	.run = run_gc,
};
