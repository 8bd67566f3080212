/* bawn create, bawn run: a bundle becomes a container. */
#include "cli.h"

#define LAUNCH(field) offsetof(struct args, launch.field)
#define RUN_ONLY 2

/* clang-format off */
static const struct opt run_options[] = {
	{"detach", 'd', OPT_BOOL, NULL, "return when the program runs instead of waiting for it",
	 LAUNCH(detach), NULL},
	{"keep", 0, OPT_BOOL, NULL, "do not delete the container when its program has ended",
	 LAUNCH(keep), NULL},
	/* From here on those of create as well: RUN_ONLY counts the ones before. */
	{"bundle", 'b', OPT_STR, "DIR", "directory of the bundle (default: current directory)",
	 LAUNCH(bundle), NULL},
	{"config", 'f', OPT_STR, "FILE", "configuration to use instead of config.json in the "
	 "bundle", LAUNCH(config), NULL},
	{"pid-file", 0, OPT_STR, "FILE", "write the process ID of the container's first process "
	 "to FILE", LAUNCH(pid_file), NULL},
	{"console-socket", 0, OPT_STR, "SOCKET", "send the master side of the container's "
	 "terminal to this Unix socket", LAUNCH(console_socket), NULL},
	{"pidfd-socket", 0, OPT_STR, "SOCKET", "send a pidfd of the container's first process to "
	 "this Unix socket", LAUNCH(pidfd_socket), NULL},
	{"preserve-fds", 0, OPT_U32, "N", "pass on N file descriptors from number 3 up "
	 "(default: 0)", LAUNCH(preserve_fds), NULL},
	{"network", 0, OPT_LIST, "NAME[,OPTION...]", "give the container an interface on a network "
	 "of 'bawn network', or a network namespace: none (with lo alone), host, container:ID; "
	 "options: ip=ADDRESS, ip6=ADDRESS, mac=ADDRESS, name=INTERFACE (default: eth0, eth1, ...), "
	 "rate=RATE, rate-in=RATE, rate-out=RATE (such as 10mbit), burst=BYTES", LAUNCH(networks), NULL},
	{"publish", 0, OPT_LIST, "PORTS", "lead a port of the host to one of the container: "
	 "[ADDRESS:]PORT:PORT[/PROTOCOL]; PROTOCOL: tcp (default), udp, sctp; ranges: "
	 "8000-8009:80-89; can be repeated", LAUNCH(publish), NULL},
	{"firewall", 0, OPT_LIST, "RULE", "let through or drop what comes in or goes out on networks: "
	 "in|out:allow|deny[:PROTOCOL[:PORTS[:ADDRESS]]], as in:deny and in:allow:tcp:443; the first "
	 "one that matches counts, replies pass; can be repeated", LAUNCH(firewall), NULL},
	{"network-from", 0, OPT_STR, "FILE", "networks, ports and rules as 'bawn network export' has "
	 "written them", offsetof(struct args, network_from), NULL},
	{"no-pivot", 0, OPT_BOOL, NULL, "move the root mount instead of calling pivot_root(2): "
	 "for a host that runs from an initramfs; weaker", LAUNCH(no_pivot), NULL},
	{"no-new-keyring", 0, OPT_BOOL, NULL, "keep the caller's session keyring",
	 LAUNCH(no_new_keyring), NULL},
	{"no-subreaper", 0, OPT_IGNORED, NULL, "accepted for compatibility, without effect", 0,
	 NULL},
	{0},
};
/* clang-format on */

static int take_options(struct err *e, struct cli *c)
{
	const char *from = c->args.network_from;

	c->args.launch.id = c->id;
	return from ? launch_options_from_export(e, &c->arena, from, &c->args.launch) : 0;
}

static int run_create(struct err *e, struct cli *c)
{
	int r = take_options(e, c);

	return r < 0 ? r : container_create(e, &c->rt, &c->args.launch);
}

static int run_run(struct err *e, struct cli *c)
{
	int r = take_options(e, c);

	return r < 0 ? r : container_run(e, &c->rt, &c->args.launch, &c->status);
}

const struct verb verb_create = {
	.name = "create",
	.summary = "make a container whose program waits for 'bawn start'",
	.words = "ID",
	.text = "Makes the container ID from the bundle: namespaces, cgroup, mounts and all that "
		"config.json asks for. Its program does not run before 'bawn start ID'.\n"
		"A bundle is a directory with a config.json and a root file system. ID names the "
		"container on this host and must not be in use.",
	.examples = "bawn create --bundle /srv/web --pid-file /run/web.pid web\n"
		    "bawn start web",
	.options = run_options + RUN_ONLY,
	.flags = VERB_ID | VERB_SEAL | VERB_ROOT | VERB_MAKE_ROOT,
	.run = run_create,
};

const struct verb verb_run = {
	.name = "run",
	.summary = "create a container, start it and wait for it",
	.words = "ID",
	.text = "Does what 'create' and 'start' do, passes signals and the terminal on, waits for "
		"the program, deletes the container and exits with the program's status (128+N "
		"when signal N ended it).\n"
		"When bawn fails before the program runs, the status is 125 (with --detach 1); "
		"126 means that the program cannot be executed, 127 that it was not found.",
	.examples = "bawn run --bundle /srv/web web\n"
		    "bawn run --detach --pid-file /run/web.pid --bundle /srv/web web",
	.options = run_options,
	.flags = VERB_ID | VERB_SEAL | VERB_STATUS | VERB_ROOT | VERB_MAKE_ROOT,
	.run = run_run,
};
