/*
 * bawn: global options, the table of verbs, the last line a user sees and the
 * exit status. Everything that every verb pays for is here, so it is little: no
 * locale, no stdio, one poll(2) for the standard fds.
 */
#include "cli.h"

#include <poll.h>

#include "path/path.h"

const struct verb *const verbs[] = {
	&verb_run,    &verb_create, &verb_start,  &verb_exec,	 &verb_state, &verb_list,
	&verb_ps,     &verb_stats,  &verb_events, &verb_update,	 &verb_kill,  &verb_delete,
	&verb_pause,  &verb_resume, &verb_gc,	  &verb_network, &verb_spec,  &verb_features,
	&verb_doctor, &verb_help,   NULL,
};

static const char *const log_formats[] = {"text", "json", NULL};

static const char *const rootless_modes[] = {
	[ROOTLESS_AUTO] = "auto",
	[ROOTLESS_TRUE] = "true",
	[ROOTLESS_FALSE] = "false",
	NULL,
};

/* Index 0 is "not given", so that an explicit --cgroup-manager beats --systemd-cgroup. */
static const char *const cgroup_managers[] = {
	"auto",
	[CGROUP_MANAGER_CGROUPFS + 1] = "cgroupfs",
	[CGROUP_MANAGER_SYSTEMD + 1] = "systemd",
	[CGROUP_MANAGER_DISABLED + 1] = "disabled",
	NULL,
};

/* clang-format off */
#define GLOBAL(field) offsetof(struct globals, field)

const struct opt global_options[] = {
	{"root", 0, OPT_STR, "DIR",
	 "directory for the state of the containers (default: /run/bawn; without privileges "
	 "$XDG_RUNTIME_DIR/bawn)", GLOBAL(root), NULL},
	{"log", 0, OPT_STR, "FILE", "append diagnostics to FILE; errors still go to standard "
	 "error too", GLOBAL(log), NULL},
	{"log-format", 0, OPT_CHOICE, "FORMAT", "text or json (default: text)",
	 GLOBAL(log_format), log_formats},
	{"debug", 0, OPT_BOOL, NULL, "say more in the log", GLOBAL(debug), NULL},
	{"rootless", 0, OPT_CHOICE, "WHEN", "true, false or auto (default: auto): run without "
	 "privileges, which means without the cgroups that cannot be had", GLOBAL(rootless),
	 rootless_modes},
	{"cgroup-manager", 0, OPT_CHOICE, "WHO", "cgroupfs, systemd or disabled (default: auto, "
	 "which is cgroupfs unless --systemd-cgroup is given)", GLOBAL(cgroup_manager),
	 cgroup_managers},
	{"systemd-cgroup", 0, OPT_BOOL, NULL, "the same as --cgroup-manager systemd",
	 GLOBAL(systemd_cgroup), NULL},
	{"network-root", 0, OPT_STR, "DIR", "directory for the networks (default: " NETWORK_ROOT ")",
	 GLOBAL(network_root), NULL},
	{"version", 'v', OPT_BOOL, NULL, "print the version and exit", GLOBAL(version), NULL},
	{0},
};
/* clang-format on */

const struct verb *verb_find(struct err *e, const char *name)
{
	const char *near = NULL;
	unsigned int best = OPT_UNLIKE;

	for (const struct verb *const *v = verbs; *v; v++) {
		if (str_eq((*v)->name, name))
			return *v;
	}
	for (const struct verb *const *v = verbs; *v; v++) {
		unsigned int d = opt_unlikeness(name, (*v)->name);

		if (d < best) {
			best = d;
			near = (*v)->name;
		}
	}
	if (near)
		err_set(e, ERR_USAGE, "unknown verb \"%.100s\"; did you mean %s?", name, near);
	else
		err_set(e, ERR_USAGE, "unknown verb \"%.100s\"", name);
	return NULL;
}

/* A closed standard fd would be taken by the next file that is opened, and a message or the
 * container's output would end up in that file. */
static int open_standard_fds(struct err *e)
{
	struct pollfd fds[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

	if (poll(fds, ARRAY_SIZE(fds), 0) <= 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (!(fds[i].revents & POLLNVAL))
			continue;
		/* lint-ok: calls, it takes the place of an fd that is inherited */
		if (open("/dev/null", O_RDWR) < 0)
			return err_sys(e, "open /dev/null");
	}
	return 0;
}

/* Without O_NONBLOCK, open(2) of a FIFO would wait for a reader, perhaps for ever. Lines are then
 * written without it, so that none is lost when the reader is slow. */
static int log_open(struct err *e, const char *path)
{
	_close_ int fd =
		openat(AT_FDCWD, path,
		       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	if (fd < 0 && errno == ENXIO)
		return err_sys(e, "open log file %s: nobody reads it", path);
	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0)
		return err_sys(e, "open log file %s", path);
	return take_fd(&fd);
}

/* Opens --log. Before that, and when it fails, lines go to standard error. */
static int log_start(struct err *e, struct cli *c)
{
	const char *path = c->global.log;
	struct log_options o = {
		.fd = STDERR_FILENO,
		.plain = true,
		.verb = c->verb ? c->verb->name : NULL,
		.id = c->id,
	};

	if (path && !str_eq(path, "/dev/stderr")) {
		int fd = log_open(e, path);

		if (fd < 0) {
			log_setup(&o);
			return fd;
		}
		o.fd = c->log_fd = fd;
		o.plain = false;
	}
	o.json = c->global.log_format;
	o.debug = c->global.debug;
	log_setup(&o);
	return 0;
}

/* The caller's fds 3 and up are passed on by number: one that is closed would be taken by a file
 * of bawn's, which must never reach the container. So this comes before any is opened; only the
 * sealed image is open already. */
static int check_preserved_fds(struct err *e, const struct cli *c)
{
	const struct args *a = &c->args;
	uint32_t n = a->launch.preserve_fds ? a->launch.preserve_fds : a->exec.preserve_fds;

	for (uint32_t i = 0; i < n; i++) {
		int fd = i < INT32_MAX - 3 ? (int)i + 3 : -1;

		if (fd == c->seal_fd || fcntl(fd, F_GETFD) < 0)
			return err_set(e, ERR_USAGE, "--preserve-fds %u: fd %d is not open", n, fd);
	}
	return 0;
}

static int take_words(struct err *e, struct cli *c, const struct opt_parse *p)
{
	const struct verb *v = c->verb;

	c->words = p->words;
	c->n_words = p->n_words;
	if (v->flags & VERB_ID) {
		int r;

		if (!c->n_words)
			return err_set(e, ERR_USAGE, "no container ID given");
		r = container_id_check(e, c->words[0]);
		if (r < 0)
			return r;
		c->id = *c->words++;
		c->n_words--;
	}
	if ((v->flags & VERB_COMMAND) && c->n_words && str_eq(c->words[0], "--")) {
		c->words++;
		c->n_words--;
	}
	if (c->n_words < v->min_words)
		return err_set(e, ERR_USAGE, "an argument is missing%s",
			       v->flags & VERB_ID ? " after the container ID" : "");
	if (c->n_words > v->max_words)
		return err_set(e, ERR_USAGE, "unexpected argument %.100s", c->words[v->max_words]);
	return 0;
}

static int open_runtime(struct err *e, struct cli *c)
{
	const struct globals *g = &c->global;

	c->rt.root = g->root;
	c->rt.network_root = g->network_root;
	c->rt.rootless = (enum rootless_mode)g->rootless;
	if (g->cgroup_manager)
		c->rt.cgroup_manager = (enum cgroup_manager)(g->cgroup_manager - 1);
	else if (g->systemd_cgroup)
		c->rt.cgroup_manager = CGROUP_MANAGER_SYSTEMD;
	return runtime_open(e, &c->rt, c->verb->flags & VERB_MAKE_ROOT);
}

static int run_verb(struct err *e, struct cli *c, char **argv)
{
	struct opt_parse p = {
		.options = c->verb->options,
		.out = &c->args,
		.arena = &c->arena,
		.stop_at_word = c->verb->flags & VERB_COMMAND,
	};
	int r;

	r = opt_parse(e, &p, argv);
	if (r < 0)
		return r;
	if (p.help)
		return help_print_verb(e, c, c->verb);
	r = take_words(e, c, &p);
	if (r < 0)
		return r;
	r = check_preserved_fds(e, c);
	if (r < 0)
		return r;
	r = log_start(e, c);
	if (r < 0)
		return r;
	if (c->verb->flags & VERB_ROOT) {
		r = open_runtime(e, c);
		if (r < 0)
			return r;
	}
	return c->verb->run(e, c);
}

static int run(struct err *e, struct cli *c, char **argv)
{
	struct opt_parse p = {
		.options = global_options,
		.out = &c->global,
		.arena = &c->arena,
		.stop_at_word = true,
	};
	int r;

	r = open_standard_fds(e);
	if (r < 0)
		return r;
	r = opt_parse(e, &p, argv + 1);
	if (r < 0)
		return r;
	if (p.help)
		return help_print(e, c);
	if (c->global.version)
		return version_print(e, c);
	if (!p.n_words)
		return err_set(e, ERR_USAGE, "no verb given");
	c->verb = verb_find(e, p.words[0]);
	if (!c->verb && p.n_words > 1 && (str_eq(p.words[1], "-h") || str_eq(p.words[1], "--help")))
		return err_wrap(e, -EINVAL, "No help topic for '%.100s'", p.words[0]);
	if (!c->verb)
		return -EINVAL;
	if (c->verb->flags & VERB_SEAL) {
		r = selfexe_seal(e, argv, environ, &c->seal_fd);
		if (r < 0)
			return r;
	}
	return run_verb(e, c, p.words + 1);
}

static int exit_status(const struct cli *c, const struct err *e)
{
	if (e->code == ERR_USAGE)
		return CLI_USAGE;
	if (!c->verb || !(c->verb->flags & VERB_STATUS))
		return CLI_FAILED;
	if (e->code == ERR_COMMAND_NOT_FOUND)
		return CLI_NO_PROGRAM;
	if (e->code == ERR_COMMAND_DENIED)
		return CLI_NOT_EXECUTABLE;
	/* Detached the status is never the program's: there is nothing to tell bawn's from. */
	return c->args.launch.detach || c->args.exec.detach ? CLI_FAILED : CLI_NOT_RUN;
}

/* The last line: in the log for engines, and on standard error for people (and conmon). */
static void report(struct cli *c, struct err *e)
{
	struct log_options terminal = {
		.fd = STDERR_FILENO,
		.plain = true,
		.verb = c->verb ? c->verb->name : NULL,
		.id = c->id,
	};
	struct err ignored;

	if (e->code == ERR_USAGE) {
		bool of_verb = c->verb && c->verb != &verb_help;
		size_t len = strlen(e->msg);

		(void)str_format(e->msg + len, sizeof(e->msg) - len, "%s try 'bawn%s%s --help'",
				 len && e->msg[len - 1] == '?' ? "" : ";", of_verb ? " " : "",
				 of_verb ? c->verb->name : "");
	}
	if (c->log_fd < 0)
		(void)log_start(&ignored, c);
	log_error(e);
	if (c->log_fd < 0)
		return;
	log_setup(&terminal);
	log_error(e);
}

int main(int argc, char **argv)
{
	struct cli c = {
		.argv0 = argv[0], .log_fd = FD_NONE, .seal_fd = FD_NONE, .rt.root_fd = FD_NONE};
	struct err e = {0};
	int r, status;

	if (argc < 1)
		return CLI_USAGE;
	c.rt.image_fd = &c.seal_fd;
	r = run(&e, &c, argv);
	status = r < 0 ? exit_status(&c, &e) : c.status;
	if (r < 0)
		report(&c, &e);
	runtime_done(&c.rt);
	arena_done(&c.arena);
	return status;
}
