/* Options of a start from a document of `bawn network export`: docs/format/network.md. */
#include "runtime/network.h"

#define IMPORT_VERSION 1

struct import_rate {
	uint64_t in, out, burst;
};
struct import_network {
	const char *name;
};
struct import_interface {
	const char *name, *mac;
	struct import_network network;
	struct strv addresses, publish, firewall;
	struct import_rate rate;
};
struct import {
	uint32_t version;
	LIST_OF(struct import_interface) interfaces;
};

static const struct json_field rate_fields[] = {
	JSON_FIELD("in", U64, struct import_rate, in),
	JSON_FIELD("out", U64, struct import_rate, out),
	JSON_FIELD("burst", U64, struct import_rate, burst),
	JSON_FIELD_END,
};
/* The rest of the definition is for who makes the network. */
static const struct json_field network_fields[] = {
	JSON_FIELD("name", STR, struct import_network, name, .required = true),
	{.name = "version", .kind = FIELD_IGNORE},
	{.name = "kind", .kind = FIELD_IGNORE},
	{.name = "bridge", .kind = FIELD_IGNORE},
	{.name = "parent", .kind = FIELD_IGNORE},
	{.name = "group", .kind = FIELD_IGNORE},
	{.name = "isolate", .kind = FIELD_IGNORE},
	{.name = "subnets", .kind = FIELD_IGNORE},
	{.name = "mtu", .kind = FIELD_IGNORE},
	{.name = "dns", .kind = FIELD_IGNORE},
	JSON_FIELD_END,
};
static const struct json_field interface_fields[] = {
	JSON_FIELD("name", STR, struct import_interface, name, .required = true),
	JSON_FIELD("network", OBJECT, struct import_interface, network, .required = true,
		   .fields = network_fields),
	JSON_FIELD("mac", STR, struct import_interface, mac),
	JSON_FIELD("addresses", STRV, struct import_interface, addresses),
	JSON_FIELD("publish", STRV, struct import_interface, publish),
	JSON_FIELD("firewall", STRV, struct import_interface, firewall),
	JSON_FIELD("rate", OBJECT, struct import_interface, rate, .fields = rate_fields),
	{.name = "routes", .kind = FIELD_IGNORE},
	JSON_FIELD_END,
};
static const struct json_field import_fields[] = {
	JSON_FIELD("version", U32, struct import, version, .required = true),
	JSON_FIELD("interfaces", LIST, struct import, interfaces, .required = true,
		   .fields = interface_fields, .size = sizeof(struct import_interface)),
	JSON_FIELD_END,
};

static char *add_number(struct arena *a, char *text, const char *key, uint64_t value)
{
	return text && value ? arena_printf(a, "%s,%s=%llu", text, key, (unsigned long long)value)
			     : text;
}

/* As --network has it. */
static char *word_of(struct arena *a, const struct import_interface *i)
{
	char *text = arena_printf(a, "%s,name=%s", i->network.name, i->name);

	if (i->mac && text)
		text = arena_printf(a, "%s,mac=%s", text, i->mac);
	for (size_t k = 0; k < i->addresses.n && text; k++)
		text = arena_printf(a, "%s,%s=%s", text,
				    strchr(i->addresses.v[k], ':') ? "ip6" : "ip",
				    i->addresses.v[k]);
	text = add_number(a, text, "rate-in", i->rate.in);
	text = add_number(a, text, "rate-out", i->rate.out);
	return add_number(a, text, "burst", i->rate.burst);
}

static int take(struct err *e, struct arena *a, const struct import *in, struct launch_options *o)
{
	size_t ports = 0;

	for (size_t i = 0; i < in->interfaces.n; i++)
		ports += in->interfaces.v[i].publish.n;
	o->networks = (struct strv){.v = arena_array(a, in->interfaces.n + 1, sizeof(char *))};
	o->publish = (struct strv){.v = arena_array(a, ports + 1, sizeof(char *))};
	if (!o->networks.v || !o->publish.v)
		return err_nomem(e);
	for (size_t i = 0; i < in->interfaces.n; i++) {
		const struct import_interface *interface = &in->interfaces.v[i];
		char *word = word_of(a, interface);

		if (!word)
			return err_nomem(e);
		o->networks.v[o->networks.n++] = word;
		/* Every interface has the same. */
		o->firewall = interface->firewall;
		for (size_t k = 0; k < interface->publish.n; k++)
			o->publish.v[o->publish.n++] = interface->publish.v[k];
	}
	return 0;
}

int launch_options_from_export(struct err *e, struct arena *a, const char *path,
			       struct launch_options *o)
{
	_buf_ struct buf text = {0};
	struct import in = {0};
	struct json *tree;
	int r;

	if (o->networks.n || o->publish.n || o->firewall.n)
		return err_set(e, ERR_USAGE,
			       "--network-from and --network, --publish or --firewall "
			       "exclude each other");
	r = file_read_at(e, AT_FDCWD, path, JSON_MAX_DOCUMENT, &text);
	if (r == 0)
		r = json_parse(e, a, path, text.data ? text.data : "", text.len, &tree);
	if (r == 0)
		r = json_decode(e, a, tree, import_fields, &in);
	if (r == 0 && in.version != IMPORT_VERSION)
		r = err_set(e, ERR_UNSUPPORTED, "%s: version %u; this bawn knows version %d", path,
			    in.version, IMPORT_VERSION);
	if (r == 0)
		r = take(e, a, &in, o);
	return r < 0 ? err_wrap(e, r, "--network-from") : 0;
}
