/* bawn network: networks as objects. */
#include "cli.h"

#define NETWORK(field) offsetof(struct args, network.field)

static const char *const kinds[] = {"bridge", "guest-lan", "routed", "macvlan", "ipvlan", NULL};

/* clang-format off */
static const struct opt network_options[] = {
	{"kind", 0, OPT_CHOICE, "KIND", "create: bridge, guest-lan, routed, macvlan, ipvlan "
	 "(default: bridge)",
	 NETWORK(kind), kinds},
	{"subnet", 0, OPT_LIST, "PREFIX", "create: its addresses, once for IPv4 and once for IPv6 "
	 "(default: a free 10.x.y.0/24 and a random fdxx:.../64)", NETWORK(subnets), NULL},
	{"gateway", 0, OPT_LIST, "ADDRESS", "create: the host's address (default: the first one); "
	 "with a parent, the router's (default: none)",
	 NETWORK(gateways), NULL},
	{"dns", 0, OPT_LIST, "ADDRESS", "create: a name server for the containers",
	 NETWORK(dns), NULL},
	{"mtu", 0, OPT_U32, "BYTES", "create: largest packet, 1280 to 65535 (default: 1500)",
	 NETWORK(mtu), NULL},
	{"bridge", 0, OPT_STR, "NAME", "create: name of the bridge on the host (default: bw-NAME)",
	 NETWORK(bridge), NULL},
	{"parent", 0, OPT_STR, "DEVICE", "create: the host's device that a macvlan or ipvlan uses",
	 NETWORK(parent), NULL},
	{"no-ipv4", 0, OPT_BOOL, NULL, "create: choose no IPv4 subnet", NETWORK(no_ipv4), NULL},
	{"no-ipv6", 0, OPT_BOOL, NULL, "create: choose no IPv6 subnet", NETWORK(no_ipv6), NULL},
	{"isolate", 0, OPT_BOOL, NULL, "create: its containers do not reach each other",
	 NETWORK(isolate), NULL},
	{"format", 'f', OPT_CHOICE, "FORMAT", "list: table or json (default: table)",
	 offsetof(struct args, format), output_formats},
	{0},
};
/* clang-format on */

static int add_words(struct err *e, struct cli *c, struct strv *v, const char *key,
		     const struct strv *values)
{
	for (size_t i = 0; i < values->n; i++) {
		v->v[v->n] = arena_printf(&c->arena, "%s=%s", key, values->v[i]);
		if (!v->v[v->n++])
			return err_nomem(e);
	}
	return 0;
}

static int create(struct err *e, struct cli *c)
{
	const struct network_args *n = &c->args.network;
	struct strv v = {0};
	char *words[4];
	size_t room = n->subnets.n + n->gateways.n + n->dns.n + 9;
	int r;

	v.v = arena_array(&c->arena, room, sizeof(*v.v));
	if (!v.v)
		return err_nomem(e);
	v.v[v.n++] = c->words[1];
	words[0] = arena_printf(&c->arena, "kind=%s", kinds[n->kind]);
	words[1] = n->bridge ? arena_printf(&c->arena, "bridge=%s", n->bridge) : NULL;
	words[2] = n->mtu ? arena_printf(&c->arena, "mtu=%u", n->mtu) : NULL;
	words[3] = n->parent ? arena_printf(&c->arena, "parent=%s", n->parent) : NULL;
	if (!words[0] || (n->bridge && !words[1]) || (n->mtu && !words[2]) ||
	    (n->parent && !words[3]))
		return err_nomem(e);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i])
			v.v[v.n++] = words[i];
	r = add_words(e, c, &v, "subnet", &n->subnets);
	if (r == 0)
		r = add_words(e, c, &v, "gateway", &n->gateways);
	if (r == 0)
		r = add_words(e, c, &v, "dns", &n->dns);
	if (n->no_ipv4)
		v.v[v.n++] = arena_strdup(&c->arena, "ip4=no");
	if (n->no_ipv6)
		v.v[v.n++] = arena_strdup(&c->arena, "ip6=no");
	if (n->isolate)
		v.v[v.n++] = arena_strdup(&c->arena, "isolate=yes");
	return r < 0 ? r : runtime_network_change(e, &c->rt, "create", &v);
}

static int delete_one(struct err *e, struct cli *c)
{
	const struct strv name = {.v = c->words + 1, .n = 1};

	return runtime_network_change(e, &c->rt, "delete", &name);
}

static int reload(struct err *e, struct cli *c)
{
	return runtime_network_change(e, &c->rt, "reload", &(struct strv){0});
}

static int attach(struct err *e, struct cli *c)
{
	return container_network_attach(e, &c->rt, c->words[1], c->words[2]);
}

static int detach(struct err *e, struct cli *c)
{
	return container_network_detach(e, &c->rt, c->words[1], c->words[2]);
}

static int inspect(struct err *e, struct cli *c)
{
	_buf_ struct buf b = {0};
	int r = runtime_network_inspect(e, &c->rt, c->words[1], &b);

	if (r == 0 && b.len && b.data[b.len - 1] != '\n')
		buf_str(&b, "\n");
	return r < 0 ? r : cli_print(e, &b);
}

/* ---- list ------------------------------------------------------------------------------------ */

enum { COLUMN_NAME, COLUMN_KIND, COLUMN_DEVICE, COLUMN_SUBNETS, COLUMNS };

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *node = json_get(object, key);

	return node && node->type == JSON_STRING ? node->str : "";
}

static const char *device_of(const struct json *network)
{
	static const char *const keys[] = {"bridge", "parent"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_get(network, keys[i]))
			return text_of(network, keys[i]);
	return "-";
}

static const char *subnets_of(struct cli *c, const struct json *network)
{
	const struct json *list = json_get(network, "subnets");
	const char *text = "";

	for (const struct json *s = list ? list->child : NULL; s && text; s = s->next)
		text = arena_printf(&c->arena, "%s%s%s", text, *text ? " " : "",
				    text_of(s, "subnet"));
	return text;
}

static int load(struct err *e, struct cli *c, const char *name, struct json **ret)
{
	_buf_ struct buf b = {0};
	int r = runtime_network_inspect(e, &c->rt, name, &b);

	return r < 0 ? r : json_parse(e, &c->arena, name, b.data ? b.data : "", b.len, ret);
}

static int print_table(struct err *e, struct cli *c, struct json *const *networks, size_t n)
{
	const char **cells = arena_array(&c->arena, (n + 1) * COLUMNS, sizeof(*cells));
	static const char *const head[COLUMNS] = {"NAME", "KIND", "DEVICE", "SUBNETS"};
	_buf_ struct buf b = {0};

	if (!cells)
		return err_nomem(e);
	memcpy(cells, head, sizeof(head));
	for (size_t i = 0; i < n; i++) {
		const char **row = cells + (i + 1) * COLUMNS;

		row[COLUMN_NAME] = text_of(networks[i], "name");
		row[COLUMN_KIND] = text_of(networks[i], "kind");
		row[COLUMN_DEVICE] = device_of(networks[i]);
		row[COLUMN_SUBNETS] = subnets_of(c, networks[i]);
		if (!row[COLUMN_SUBNETS])
			return err_nomem(e);
	}
	table_format(&b, cells, n + 1, COLUMNS);
	return cli_print(e, &b);
}

static int print_json(struct err *e, struct json *const *networks, size_t n)
{
	struct json_writer w;

	json_write_begin(&w, true);
	json_write_array(&w, NULL);
	for (size_t i = 0; i < n; i++)
		json_write_tree(&w, NULL, networks[i]);
	json_write_close(&w);
	return cli_print_json(e, &w);
}

static int list(struct err *e, struct cli *c)
{
	struct json **networks;
	struct strv names;
	size_t n = 0;
	int r = runtime_networks(e, &c->rt, &c->arena, &names);

	if (r < 0)
		return r;
	networks = arena_array(&c->arena, names.n, sizeof(*networks));
	if (!networks)
		return err_nomem(e);
	for (size_t i = 0; i < names.n; i++) {
		r = load(e, c, names.v[i], &networks[n]);
		/* Deleted meanwhile. */
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		n++;
	}
	return c->args.format == FORMAT_JSON ? print_json(e, networks, n)
					     : print_table(e, c, networks, n);
}

static int export(struct err *e, struct cli *c)
{
	struct json_writer w;
	struct json *tree;
	int r = container_id_check(e, c->words[1]);

	if (r == 0)
		r = container_network_export(e, &c->rt, c->words[1], &c->arena, &tree);
	if (r < 0)
		return r;
	json_write_begin(&w, true);
	json_write_tree(&w, NULL, tree);
	return cli_print_json(e, &w);
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const struct command {
	const char *name;
	size_t words;			/* behind the command */
	int (*run)(struct err *e, struct cli *c);
} commands[] = {
	{"create", 1, create},	   {"list", 0, list},	  {"inspect", 1, inspect},
	{"delete", 1, delete_one}, {"reload", 0, reload}, {"attach", 2, attach},
	{"detach", 2, detach},	   {"export", 1, export},
};

static const char *const wanted[] = {"no argument", "one NAME", "ID and NAME"};

static int run_network(struct err *e, struct cli *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!str_eq(c->words[0], commands[i].name))
			continue;
		if (c->n_words != commands[i].words + 1)
			return err_set(e, ERR_USAGE, "network %s: want %s", commands[i].name,
				       wanted[commands[i].words]);
		return commands[i].run(e, c);
	}
	return err_set(e, ERR_USAGE, "network: unknown command \"%.60s\"", c->words[0]);
}

const struct verb verb_network = {
	.name = "network",
	.summary = "make and remove networks for containers",
	.words = "COMMAND [ID] [NAME]",
	.text = "create NAME makes a network that 'bawn run --network NAME' gives containers an "
		"interface on. On a bridge (the default) the host is the gateway and translates "
		"addresses; a guest-lan has no way out and no address of the host; on a routed "
		"network containers reach the host alone, which routes and translates nothing; "
		"macvlan and ipvlan put them on the wire of a device of the host.\n"
		"list and inspect NAME show them, delete NAME removes one that no container uses, "
		"reload makes again what the kernel has lost, after a reboot or when somebody "
		"flushed nftables.\n"
		"attach ID NAME[,OPTION...] gives a container that runs an interface, with the "
		"options of 'bawn run --network'; detach ID NAME[,name=INTERFACE] takes one away. "
		"export ID prints what it has, for 'bawn run --network-from'.\n"
		"What a container sends is checked where it enters the host: only its own MAC and "
		"IP addresses pass, no VLAN tags, no router advertisements (but not with macvlan "
		"and ipvlan, which the host does not see). Networks do not reach each other.",
	.examples =
		"bawn network create web\n"
		"bawn network create --kind guest-lan --subnet 192.168.7.0/24 lan\n"
		"bawn network create --kind routed --subnet 203.0.113.64/26 tenants\n"
		"bawn network create --kind macvlan --parent eth1 --subnet 192.0.2.0/24 office\n"
		"bawn run --network web,ip=10.88.0.7 --network lan --bundle b ID\n"
		"bawn network attach ID lan,name=lan1",
	.options = network_options,
	.flags = VERB_ROOT,
	.min_words = 1,
	.max_words = 3,
	.run = run_network,
};
