/* bawn exec: a further process in a container that runs. */
#include "cli.h"

#define EXEC(field) offsetof(struct args, exec.field)

/* clang-format off */
static const struct opt exec_options[] = {
	{"process", 'p', OPT_STR, "FILE", "take the process from this JSON file (the \"process\" "
	 "object of config.json) instead of a command", EXEC(process_file), NULL},
	{"tty", 't', OPT_BOOL, NULL, "give the process a terminal", EXEC(tty), NULL},
	{"detach", 'd', OPT_BOOL, NULL, "return when the process runs instead of waiting for it",
	 EXEC(detach), NULL},
	{"user", 'u', OPT_STR, "UID[:GID]", "run as these numbers inside the container",
	 EXEC(user), NULL},
	{"additional-gids", 'g', OPT_LIST, "GID", "add a supplementary group; can be repeated",
	 EXEC(additional_gids), NULL},
	{"cwd", 0, OPT_STR, "DIR", "working directory inside the container", EXEC(cwd), NULL},
	{"env", 'e', OPT_LIST, "NAME=VALUE", "set an environment variable; can be repeated",
	 EXEC(env), NULL},
	{"cap", 'c', OPT_LIST, "CAP", "add a capability, such as CAP_NET_RAW; can be repeated",
	 EXEC(caps), NULL},
	{"no-new-privs", 0, OPT_BOOL, NULL, "the process can gain no privileges by execve(2)",
	 EXEC(no_new_privs), NULL},
	{"apparmor", 0, OPT_TEXT, "PROFILE", "AppArmor profile of the process", EXEC(apparmor),
	 NULL},
	{"process-label", 0, OPT_TEXT, "LABEL", "SELinux label of the process",
	 EXEC(process_label), NULL},
	{"cgroup", 0, OPT_STR, "PATH", "run in this existing cgroup below the container's",
	 EXEC(cgroup), NULL},
	{"pid-file", 0, OPT_STR, "FILE", "write the process ID to FILE", EXEC(pid_file), NULL},
	{"console-socket", 0, OPT_STR, "SOCKET", "send the master side of the terminal to this "
	 "Unix socket", EXEC(console_socket), NULL},
	{"pidfd-socket", 0, OPT_STR, "SOCKET", "send a pidfd of the process to this Unix socket",
	 EXEC(pidfd_socket), NULL},
	{"preserve-fds", 0, OPT_U32, "N", "pass on N file descriptors from number 3 up "
	 "(default: 0)", EXEC(preserve_fds), NULL},
	{"ignore-paused", 0, OPT_BOOL, NULL, "do not refuse a paused container: the process runs "
	 "when it is resumed", EXEC(ignore_paused), NULL},
	{"no-subreaper", 0, OPT_IGNORED, NULL, "accepted for compatibility, without effect", 0,
	 NULL},
	{0},
};
/* clang-format on */

static int run_exec(struct err *e, struct cli *c)
{
	struct exec_options *o = &c->args.exec;

	if (o->process_file && c->n_words)
		return err_set(e, ERR_USAGE, "both --process and a command (%.100s) are given",
			       c->words[0]);
	if (!o->process_file && !c->n_words)
		return err_set(e, ERR_USAGE, "no command given, and no --process FILE");
	o->id = c->id;
	o->args.v = c->words;
	o->args.n = c->n_words;
	return container_exec(e, &c->rt, o, &c->status);
}

const struct verb verb_exec = {
	.name = "exec",
	.summary = "run a further process in a running container",
	.words = "ID [COMMAND [ARGUMENT...]]",
	.text = "Runs COMMAND, or the process that --process describes, in the namespaces and the "
		"cgroup of the container ID, with the rights of its first process unless options "
		"say otherwise. All that follows ID belongs to the command; one '--' between the "
		"two is dropped.\n"
		"Exits with the status of the process (128+N when signal N ended it), 125 when "
		"bawn fails before it runs (with --detach 1), 126 when the command cannot be executed, 127 when it "
		"was not found.",
	.examples = "bawn exec web ps -ef\n"
		    "bawn exec --tty --env TERM=xterm --user 1000:1000 web /bin/sh\n"
		    "bawn exec --detach --process job.json --pid-file job.pid web",
	.options = exec_options,
	.flags = VERB_ID | VERB_COMMAND | VERB_SEAL | VERB_STATUS | VERB_ROOT,
	.max_words = SIZE_MAX,
	.run = run_exec,
};
