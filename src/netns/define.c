/* What a new network is: see define.h. Input: the command line. */
#include "define.h"

#include "bridge.h"
#include "choose.h"

#define GROUP_FIRST 0x62770000u		/* "bw": unlike numbers that people choose */

static int take_prefix(struct err *e, struct network *n, const struct taken *t,
		       const struct prefix *p)
{
	struct subnet *s = &n->subnets[p->ip.family == AF_INET ? SUBNET_V4 : SUBNET_V6];
	const struct prefix_list none = {0};
	const struct taken others = {.routes = &none, .networks = t->networks};
	char text[PREFIX_TEXT], why[128];

	if (s->prefix.ip.family)
		return err_set(e, ERR_USAGE, "two subnets of the same family: %s is the second",
			       prefix_text(p, text));
	if (prefix_hosts(p) < 2)
		return err_set(e, ERR_USAGE, "subnet %s has no room for a gateway and a container",
			       prefix_text(p, text));
	/* What a parent leads to has its subnet already, and so has the host. */
	if (subnet_is_taken(network_has_parent(n->kind) ? &others : t, p, why, sizeof(why)))
		return err_set(e, ERR_EXISTS, "subnet %s is not free: %s", prefix_text(p, text),
			       why);
	s->prefix = *p;
	return 0;
}

static int take_subnets(struct err *e, struct network *n, const struct network_request *req,
			const struct taken *t)
{
	struct prefix p;
	int r = 0;

	for (size_t i = 0; i < req->subnets.n && r == 0; i++) {
		r = prefix_parse(e, req->subnets.v[i], &p);
		if (r == 0)
			r = take_prefix(e, n, t, &p);
	}
	if (r < 0 || req->subnets.n)
		return r;
	if (!req->no_ip4)
		r = subnet_choose4(e, t, &n->subnets[SUBNET_V4].prefix);
	if (r == 0 && !req->no_ip6)
		r = subnet_choose6(e, t, &n->subnets[SUBNET_V6].prefix);
	if (r == 0 && req->no_ip4 && req->no_ip6)
		r = err_set(e, ERR_USAGE, "a network without IPv4 and IPv6 has no addresses");
	return r;
}

static int take_gateways(struct err *e, struct network *n, const struct network_request *req)
{
	if (n->kind == NETWORK_GUEST_LAN)
		return req->gateways.n ? err_set(e, ERR_USAGE, "a guest-lan has no gateway") : 0;
	/* Elsewhere than on the host only the administrator knows it. */
	for (size_t i = 0; i < SUBNET_MAX; i++)
		if (n->subnets[i].prefix.ip.family && !network_has_parent(n->kind))
			n->subnets[i].gateway = prefix_at(&n->subnets[i].prefix, 1);
	for (size_t i = 0; i < req->gateways.n; i++) {
		struct subnet *s;
		struct ip ip;

		if (ip_parse(req->gateways.v[i], &ip) < 0)
			return err_set(e, ERR_USAGE, "\"%.60s\" is no address for a gateway",
				       req->gateways.v[i]);
		s = &n->subnets[ip.family == AF_INET ? SUBNET_V4 : SUBNET_V6];
		if (!prefix_index(&s->prefix, &ip))
			return err_set(e, ERR_USAGE, "gateway %s is in no subnet of the network",
				       req->gateways.v[i]);
		s->gateway = ip;
	}
	return 0;
}

static int take_dns(struct err *e, struct network *n, const struct network_request *req)
{
	if (req->dns.n > NETWORK_DNS_MAX)
		return err_set(e, ERR_USAGE, "more than %d --dns", NETWORK_DNS_MAX);
	for (; n->n_dns < req->dns.n; n->n_dns++)
		if (ip_parse(req->dns.v[n->n_dns], &n->dns[n->n_dns]) < 0)
			return err_set(e, ERR_USAGE, "--dns \"%.60s\" is no address",
				       req->dns.v[n->n_dns]);
	return 0;
}

static int check_device_name(struct err *e, const char *option, const char *name)
{
	if (*name && *name != '.' && strlen(name) < IF_NAMESIZE && !strpbrk(name, "/ ") &&
	    str_is_printable(name))
		return 0;
	return err_set(e, ERR_USAGE, "%s \"%.60s\" is no name of a device", option, name);
}

static int take_bridge(struct err *e, struct nl *nl, const struct network_list *networks,
		       const char *bridge, struct network *n)
{
	struct link link;
	int r;

	if (!bridge)
		return bridge_choose_name(e, nl, networks, n->name, n->bridge);
	r = check_device_name(e, "--bridge", bridge);
	if (r < 0)
		return r;
	(void)str_format(n->bridge, sizeof(n->bridge), "%s", bridge);
	r = link_get(e, nl, bridge, 0, &link);
	return r == -ENODEV ? 0
	       : r < 0	    ? r
			    : err_set(e, ERR_EXISTS, "there is a device %s already", bridge);
}

/* Its own name is kept, also when an alternative one was given. */
static int take_parent(struct err *e, struct nl *nl, const char *parent, struct network *n)
{
	struct link link;
	int r = check_device_name(e, "--parent", parent);

	if (r < 0)
		return r;
	r = link_get(e, nl, parent, 0, &link);
	if (r == -ENODEV)
		return err_set(e, ERR_NOT_FOUND, "--parent %s: the host has no such device",
			       parent);
	if (r < 0)
		return err_wrap(e, r, "--parent %s", parent);
	if (link.flags & IFF_LOOPBACK)
		return err_set(e, ERR_USAGE, "--parent %s: leads nowhere, it is a loopback device",
			       parent);
	if (n->mtu > link.mtu)
		return err_set(e, ERR_USAGE, "--mtu %u: its parent %s has %u", n->mtu, parent,
			       link.mtu);
	memcpy(n->parent, link.name, sizeof(n->parent));
	return 0;
}

/* The first number that no other network has. */
static uint32_t free_group(const struct network_list *networks)
{
	uint32_t group = GROUP_FIRST;

	for (size_t i = 0; i < networks->n; i++)
		if (networks->v[i].group == group) {
			group++;
			i = (size_t)-1;
		}
	return group;
}

static int take_devices(struct err *e, struct nl *nl, const struct network_list *networks,
			const struct network_request *req, struct network *n)
{
	bool parent = network_has_parent(n->kind);

	if (req->bridge && !network_has_bridge(n->kind))
		return err_set(e, ERR_USAGE, "--bridge: a %s network has none", req->kind);
	if (req->parent && !parent)
		return err_set(e, ERR_USAGE, "--parent: only macvlan and ipvlan have one");
	if (parent && req->isolate)
		return err_set(e, ERR_USAGE, "--isolate: on a parent the kernel does not do it");
	if (parent && !req->parent)
		return err_set(e, ERR_USAGE, "--kind %s: give --parent, the host's device to use",
			       req->kind);
	if (parent)
		return take_parent(e, nl, req->parent, n);
	n->group = free_group(networks);
	return network_has_bridge(n->kind) ? take_bridge(e, nl, networks, req->bridge, n) : 0;
}

int network_define(struct err *e, struct nl *nl, struct arena *a,
		   const struct network_list *networks, const struct network_request *req,
		   struct network *ret)
{
	int kind = str_lookup(network_kind_names, NETWORK_KIND_MAX, req->kind);
	struct network n = {
		.kind = (enum network_kind)kind, .mtu = req->mtu, .isolate = req->isolate};
	struct prefix_list routes;
	const struct taken t = {.routes = &routes, .networks = networks};
	int r;

	if (kind < 0)
		return err_set(e, ERR_USAGE, "unknown kind \"%.60s\"", req->kind);
	if (req->mtu && (req->mtu < NETWORK_MTU_MIN || req->mtu > NETWORK_MTU_MAX))
		return err_set(e, ERR_USAGE, "--mtu %u: want %u to %u", req->mtu, NETWORK_MTU_MIN,
			       NETWORK_MTU_MAX);
	(void)str_format(n.name, sizeof(n.name), "%s", req->name);
	r = take_devices(e, nl, networks, req, &n);
	if (r == 0)
		r = route_list(e, nl, a, &routes);
	if (r == 0)
		r = take_subnets(e, &n, req, &t);
	if (r == 0)
		r = take_gateways(e, &n, req);
	if (r == 0)
		r = take_dns(e, &n, req);
	if (r == 0)
		*ret = n;
	return r;
}
