/*
 * bawn-net: what bawn does with network devices, in a program of its own, since netlink and
 * nftables are nothing that the start of a container without them should pay for.
 *
 *	bawn-net move FD HOST-NAME NAME [HOST-NAME NAME]...
 *	bawn-net create ROOT NAME [kind=KIND] [bridge=NAME] [parent=NAME] [subnet=PREFIX]...
 *		 [gateway=IP]... [dns=IP]... [mtu=N] [ip4=no] [ip6=no]
 *		 [isolate=yes]
 *	bawn-net delete ROOT NAME
 *	bawn-net reload ROOT
 *	bawn-net attach FD ROOT OWNER MARK [name=NAME] [publish=PORTS]... [firewall=RULE]...
 *		 [later=yes] NETWORK[,OPTION]...
 *	bawn-net detach FD|- ROOT MARK NETWORK[,name=INTERFACE]
 *	bawn-net release ROOT MARK
 *	bawn-net usage|export FD ROOT MARK
 *	bawn-net rate FD ROOT MARK [name=INTERFACE,]OPTION[,OPTION]...
 *
 * FD is an inherited network namespace, the container's; with usage and export it is where the
 * answer goes. Started by bawn with an empty environment.
 * Exit status: 0; 1 with one line on standard error; 2 usage.
 */
#include <stdio.h>

#include "netns.h"

static int fd_argument(const char *text, int *ret)
{
	uint32_t fd;

	if (str_to_u32(text, &fd) < 0 || fd > INT32_MAX)
		return -EINVAL;
	*ret = (int)fd;
	return 0;
}

static int cmd_move(struct err *e, struct arena *a, size_t argc, char **argv)
{
	size_t n = (argc - 1) / 2;
	struct netns_move *moves = arena_array(a, n, sizeof(*moves));
	int fd;

	if (argc % 2 == 0 || fd_argument(argv[0], &fd) < 0)
		return err_set(e, ERR_USAGE, "want FD and pairs of names");
	if (!moves)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		moves[i] =
			(struct netns_move){.host_name = argv[1 + 2 * i], .name = argv[2 + 2 * i]};
	return netns_move_devices(e, fd, moves, n);
}

static int create_option(struct err *e, struct network_request *req, const char *option)
{
	const char *value;

	if ((value = str_after(option, "kind=")))
		req->kind = value;
	else if ((value = str_after(option, "bridge=")))
		req->bridge = value;
	else if ((value = str_after(option, "parent=")))
		req->parent = value;
	else if ((value = str_after(option, "mtu=")) && str_to_u32(value, &req->mtu) == 0)
		return 0;
	else if (str_eq(option, "ip4=no"))
		req->no_ip4 = true;
	else if (str_eq(option, "ip6=no"))
		req->no_ip6 = true;
	else if (str_eq(option, "isolate=yes"))
		req->isolate = true;
	else
		return err_set(e, ERR_USAGE, "unknown option \"%.60s\"", option);
	return 0;
}

static int cmd_create(struct err *e, struct arena *a, size_t argc, char **argv)
{
	struct network_request req = {.root = argv[0], .name = argv[1], .kind = "bridge"};
	struct {
		const char *key;
		struct strv *list;
	} lists[] = {
		{"subnet=", &req.subnets},
		{"gateway=", &req.gateways},
		{"dns=", &req.dns},
	};
	int r = 0;

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		lists[k].list->v = arena_array(a, argc, sizeof(char *));
		if (!lists[k].list->v)
			return err_nomem(e);
	}
	for (size_t i = 2; i < argc && r == 0; i++) {
		bool taken = false;

		for (size_t k = 0; k < ARRAY_SIZE(lists) && !taken; k++) {
			size_t len = strlen(lists[k].key);

			taken = str_has_prefix(argv[i], lists[k].key);
			if (taken)
				lists[k].list->v[lists[k].list->n++] = argv[i] + len;
		}
		if (!taken)
			r = create_option(e, &req, argv[i]);
	}
	return r < 0 ? r : network_create(e, &req);
}

static int cmd_delete(struct err *e, struct arena *a, size_t argc, char **argv)
{
	(void)a, (void)argc;
	return network_delete(e, argv[0], argv[1]);
}

static int cmd_reload(struct err *e, struct arena *a, size_t argc, char **argv)
{
	(void)a, (void)argc;
	return network_reload(e, argv[0]);
}

/* KEY=VALUE of the container; a network's name has no "=". */
static int attach_option(struct err *e, struct network_attach *want, char *word)
{
	const char *value;

	if ((value = str_after(word, "name=")))
		want->name = value;
	else if (str_has_prefix(word, "publish="))
		want->publish.v[want->publish.n++] = word + strlen("publish=");
	else if (str_has_prefix(word, "firewall="))
		want->firewall.v[want->firewall.n++] = word + strlen("firewall=");
	else if (str_eq(word, "later=yes"))
		want->later = true;
	else
		return err_set(e, ERR_USAGE, "unknown option \"%.60s\"", word);
	return 0;
}

static int cmd_attach(struct err *e, struct arena *a, size_t argc, char **argv)
{
	struct network_attach want = {.root = argv[1], .owner = argv[2], .mark = argv[3]};
	int r = 0;

	want.publish.v = arena_array(a, argc, sizeof(char *));
	want.firewall.v = arena_array(a, argc, sizeof(char *));
	if (!want.publish.v || !want.firewall.v)
		return err_nomem(e);
	if (fd_argument(argv[0], &want.netns_fd) < 0)
		return err_set(e, ERR_USAGE, "\"%.20s\" is no fd", argv[0]);
	for (size_t i = 4; i < argc && r == 0; i++) {
		want.spec = argv[i];
		if (argv[i][strcspn(argv[i], "=,")] == '=')
			r = attach_option(e, &want, argv[i]);
		else
			r = network_attach(e, &want);
	}
	if (r == 0 && want.publish.n)
		r = err_set(e, ERR_USAGE,
			    "publish \"%.80s\": the host does not lead to any of the "
			    "container's networks",
			    want.publish.v[0]);
	return r;
}

static int cmd_detach(struct err *e, struct arena *a, size_t argc, char **argv)
{
	struct network_detach d = {
		.netns_fd = FD_NONE, .root = argv[1], .mark = argv[2], .spec = argv[3]};

	(void)a, (void)argc;
	if (!str_eq(argv[0], "-") && fd_argument(argv[0], &d.netns_fd) < 0)
		return err_set(e, ERR_USAGE, "\"%.20s\" is no fd", argv[0]);
	return network_detach(e, &d);
}

static int cmd_release(struct err *e, struct arena *a, size_t argc, char **argv)
{
	(void)a, (void)argc;
	return network_release(e, argv[0], argv[1]);
}

static int cmd_rate(struct err *e, struct arena *a, size_t argc, char **argv)
{
	struct network_rate want = {.root = argv[1], .mark = argv[2], .spec = argv[3]};

	(void)a, (void)argc;
	if (fd_argument(argv[0], &want.netns_fd) < 0)
		return err_set(e, ERR_USAGE, "\"%.20s\" is no fd", argv[0]);
	return network_set_rate(e, &want);
}

typedef int (*network_question)(struct err *e, const char *root, const char *mark, struct buf *out);

static int answer(struct err *e, char **argv, network_question ask)
{
	_buf_ struct buf out = {0};
	int fd, r;

	if (fd_argument(argv[0], &fd) < 0)
		return err_set(e, ERR_USAGE, "\"%.20s\" is no fd", argv[0]);
	r = ask(e, argv[1], argv[2], &out);
	if (r < 0)
		return r;
	r = fd_write_all(fd, out.data, out.len);
	return r < 0 ? err_num(e, r, "write the answer") : 0;
}

static int cmd_usage(struct err *e, struct arena *a, size_t argc, char **argv)
{
	(void)a, (void)argc;
	return answer(e, argv, network_usage);
}

static int cmd_export(struct err *e, struct arena *a, size_t argc, char **argv)
{
	(void)a, (void)argc;
	return answer(e, argv, network_export);
}

static const struct command {
	const char *name;
	size_t min, max;		/* arguments */
	int (*run)(struct err *e, struct arena *a, size_t argc, char **argv);
} commands[] = {
	{"move", 3, SIZE_MAX, cmd_move},     {"create", 2, SIZE_MAX, cmd_create},
	{"delete", 2, 2, cmd_delete},	     {"reload", 1, 1, cmd_reload},
	{"attach", 5, SIZE_MAX, cmd_attach}, {"detach", 4, 4, cmd_detach},
	{"release", 2, 2, cmd_release},	     {"rate", 4, 4, cmd_rate},
	{"usage", 3, 3, cmd_usage},	     {"export", 3, 3, cmd_export},
};

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	size_t n = argc > 2 ? (size_t)argc - 2 : 0;
	struct arena a = {0};
	struct err e = {0};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(commands) && argc > 1; i++)
		if (str_eq(argv[1], commands[i].name))
			command = &commands[i];
	if (!command || n < command->min || n > command->max) {
		dprintf(STDERR_FILENO,
			"usage: bawn-net move|create|delete|reload|attach|detach|release|rate|usage|export "
			"ARGUMENT... (started by bawn)\n");
		return 2;
	}
	r = command->run(&e, &a, n, argv + 2);
	if (r < 0)
		dprintf(STDERR_FILENO, "%s\n", e.msg);
	arena_done(&a);
	return r < 0;
}
