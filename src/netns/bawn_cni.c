/*
 * bawn-cni: networks of bawn's own for engines that ask for one by the Container Network Interface
 * (SPEC.md of containernetworking/cni, versions 0.3.0 to 1.0.0). See bawn-cni(1).
 *
 * Input: CNI_* variables and a configuration on standard input, of an engine that runs as root.
 * Output: a result or an error, as JSON on standard output. Exit status: 0, or 1 with an error.
 * Nothing is kept beside the record of the port: its mark is made of the container's ID.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cni.h"
#include "netns.h"
#include "port.h"

#define DEFAULT_ROOT "/var/lib/bawn/networks"

struct call {
	struct arena arena;
	struct cni_config config;
	const char *id, *netns, *interface;
	char mark[LEASE_MARK_SIZE];
	unsigned int code;		/* of the error, when there is one */
	struct json_writer w;		/* the answer */
	bool answers;
};

static uint64_t fnv(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return hash;
}

/* The same whenever the ID is the same: DEL has nothing else. */
static void make_mark(const char *id, char mark[LEASE_MARK_SIZE])
{
	uint64_t first = fnv(0xcbf29ce484222325, "bawn-cni:");

	first = fnv(first, id);
	(void)str_format(mark, LEASE_MARK_SIZE, "%016llx%016llx", (unsigned long long)first,
			 (unsigned long long)fnv(first * 0x9e3779b97f4a7c15, id));
}

/* SPEC.md, "Parameters": an ID begins with a letter or digit; "_", "." and "-" may follow. */
static int take_environment(struct err *e, struct call *c, bool needs_netns)
{
	const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	c->code = CNI_BAD_ENVIRONMENT;
	c->id = getenv("CNI_CONTAINERID");
	c->netns = getenv("CNI_NETNS");
	c->interface = getenv("CNI_IFNAME");
	if (!c->id || !*c->id || strchr("_.-", *c->id) || c->id[strspn(c->id, allowed)] ||
	    strlen(c->id) > 1024)
		return err_set(e, ERR_USAGE, "CNI_CONTAINERID: no ID of a container");
	if (!c->interface || !*c->interface || strlen(c->interface) >= IF_NAMESIZE ||
	    strpbrk(c->interface, "/:,%= ") || str_eq(c->interface, ".") ||
	    str_eq(c->interface, ".."))
		return err_set(e, ERR_USAGE, "CNI_IFNAME: no name of an interface");
	if (needs_netns && (!c->netns || c->netns[0] != '/'))
		return err_set(e, ERR_USAGE, "CNI_NETNS: no absolute path");
	make_mark(c->id, c->mark);
	return 0;
}

static int take_config(struct err *e, struct call *c)
{
	_buf_ struct buf text = {0};
	int r = fd_read_all(STDIN_FILENO, JSON_MAX_DOCUMENT, &text);

	c->code = CNI_BAD_INPUT;
	if (r < 0)
		return err_num(e, r, "read the configuration");
	r = cni_read_config(e, &c->arena, text.data ? text.data : "", text.len, &c->config);
	if (r < 0)
		return r;
	if (!c->config.root)
		c->config.root = DEFAULT_ROOT;
	c->code = CNI_BAD_VERSION;
	if (!cni_version_is_known(c->config.version))
		return err_set(e, ERR_CONFIG, "cniVersion \"%.40s\" is not supported",
			       c->config.version);
	return 0;
}

static int open_netns(struct err *e, const struct call *c)
{
	int fd = openat(AT_FDCWD, c->netns, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "CNI_NETNS: open %s", c->netns) : fd;
}

/* ---- the record ------------------------------------------------------------------------------ */

struct search {
	const char *interface;
	struct port_record port;
	bool found;
};

static int is_it(struct err *e, void *arg, const struct network *n, const struct port_record *p)
{
	struct search *s = arg;

	(void)e, (void)n;
	if (strcmp(p->interface, s->interface) != 0)
		return 0;
	s->port = *p;
	s->found = true;
	return 0;
}

static int find(struct err *e, const struct call *c, struct network *n, struct search *s)
{
	_close_ int root = FD_NONE;
	int r = network_root_open(e, c->config.root, &root);

	*s = (struct search){.interface = c->interface};
	if (r == 0)
		r = network_load(e, root, c->config.network, n);
	if (r == 0)
		r = lease_walk(e, root, n, c->mark, is_it, s);
	if (r == 0 && !s->found)
		r = err_set(e, ERR_NOT_FOUND, "container %s has no interface %s on network %s",
			    c->id, c->interface, n->name);
	return r;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int cmd_add(struct err *e, struct call *c)
{
	_close_ int netns = FD_NONE;
	struct network_attach want = {
		.root = c->config.root,
		.owner = c->netns,
		.mark = c->mark,
	};
	struct network n;
	struct search s;
	int r = netns = open_netns(e, c);

	if (r < 0)
		return r;
	want.netns_fd = netns;
	c->code = CNI_BAD_CONFIG;
	want.spec = cni_want(e, &c->arena, &c->config, c->interface);
	r = want.spec ? cni_publish(e, &c->arena, &c->config, &want.publish) : -ENOMEM;
	if (r == 0) {
		c->code = CNI_FAILED;
		r = network_attach(e, &want);
	}
	if (r == 0)
		r = find(e, c, &n, &s);
	if (r == 0)
		cni_write_result(&c->w, c->config.version, c->netns, &n, &s.port);
	return r;
}

/* What is not there is no error, nor that the network namespace is gone. */
static int cmd_del(struct err *e, struct call *c)
{
	_close_ int netns = FD_NONE;
	struct network_detach want = {.root = c->config.root, .mark = c->mark};
	struct err ignored;
	int r;

	c->answers = false;
	c->code = CNI_FAILED;
	netns = c->netns && *c->netns ? open_netns(&ignored, c) : FD_NONE;
	want.netns_fd = netns < 0 ? FD_NONE : netns;
	want.spec = arena_printf(&c->arena, "%s,name=%s", c->config.network, c->interface);
	if (!want.spec)
		return err_nomem(e);
	r = network_detach(e, &want);
	return r < 0 && e->code == ERR_NOT_FOUND ? 0 : r;
}

static int cmd_check(struct err *e, struct call *c)
{
	_close_ int netns = FD_NONE;
	struct network n;
	struct search s;
	int r = netns = open_netns(e, c);

	c->answers = false;
	c->code = CNI_FAILED;
	if (r < 0)
		return r;
	r = find(e, c, &n, &s);
	return r < 0 ? r : port_check(e, netns, &s.port);
}

static const struct command {
	const char *name;
	bool needs_netns;
	int (*run)(struct err *e, struct call *c);
} commands[] = {
	{"ADD", true, cmd_add},
	{"DEL", false, cmd_del},
	{"CHECK", true, cmd_check},
};

static int run(struct err *e, struct call *c)
{
	const char *name = getenv("CNI_COMMAND");
	const struct command *command = NULL;
	int r;

	c->code = CNI_BAD_ENVIRONMENT;
	if (!name)
		return err_set(e, ERR_USAGE,
			       "CNI_COMMAND is not set: bawn-cni is run by an engine; "
			       "see bawn-cni(1)");
	c->answers = true;
	if (str_eq(name, "VERSION")) {
		cni_write_versions(&c->w);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(name, commands[i].name))
			command = &commands[i];
	if (!command)
		return err_set(e, ERR_USAGE, "CNI_COMMAND: unknown command \"%.40s\"", name);
	r = take_config(e, c);
	if (r == 0)
		r = take_environment(e, c, command->needs_netns);
	return r < 0 ? r : command->run(e, c);
}

int main(void)
{
	struct call c = {0};
	_buf_ struct buf out = {0};
	struct err e = {0};
	int r;

	json_write_begin(&c.w, false);
	r = run(&e, &c);
	if (r < 0) {
		const char *version = c.config.version ? c.config.version : "1.0.0";

		cni_write_error(&c.w, version, e.code == ERR_NOT_FOUND ? CNI_NOT_FOUND : c.code,
				e.msg);
	}
	if (json_write_end(&c.w, &out) == 0 && (r < 0 || c.answers)) {
		buf_str(&out, "\n");
		if (fd_write_all(STDOUT_FILENO, out.data, out.len) < 0)
			r = -EIO;
	}
	arena_done(&c.arena);
	return r < 0;
}
