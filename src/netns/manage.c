/* Networks are made, removed, made again: see netns.h. */
#include "netns.h"

#include <sys/stat.h>

#include "bridge.h"
#include "choose.h"
#include "nft.h"
#include "port.h"

/* What every change begins with. */
struct session {
	int root_fd;			/* locked */
	struct nl nl;
	struct arena arena;
	struct network_list networks;
};

static int session_open(struct err *e, struct session *s, const char *root)
{
	int r;

	*s = (struct session){.root_fd = FD_NONE};
	r = network_root_open(e, root, &s->root_fd);
	if (r == 0)
		r = network_list(e, s->root_fd, &s->arena, &s->networks);
	return r < 0 ? r : nl_open(e, &s->nl);
}

static void session_done(struct session *s)
{
	nl_close(&s->nl);
	arena_done(&s->arena);
	fd_close(&s->root_fd);
}

/* ---- create ---------------------------------------------------------------------------------- */

static int take_prefix(struct err *e, struct network *n, const struct taken *t,
		       const struct prefix *p)
{
	struct subnet *s = &n->subnets[p->ip.family == AF_INET ? SUBNET_V4 : SUBNET_V6];
	char text[PREFIX_TEXT], why[128];

	if (s->prefix.ip.family)
		return err_set(e, ERR_USAGE, "two subnets of the same family: %s is the second",
			       prefix_text(p, text));
	if (prefix_hosts(p) < 2)
		return err_set(e, ERR_USAGE, "subnet %s has no room for a gateway and a container",
			       prefix_text(p, text));
	if (subnet_is_taken(t, p, why, sizeof(why)))
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
	for (size_t i = 0; i < SUBNET_MAX; i++)
		if (n->subnets[i].prefix.ip.family)
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

static int take_bridge(struct err *e, struct session *s, struct network *n, const char *bridge)
{
	struct link link;
	int r;

	if (!bridge)
		return bridge_choose_name(e, &s->nl, &s->networks, n->name, n->bridge);
	if (str_format(n->bridge, sizeof(n->bridge), "%s", bridge) < 0 || strchr(bridge, '/') ||
	    !str_is_printable(bridge) || strchr(bridge, ' ') || bridge[0] == '.')
		return err_set(e, ERR_USAGE, "--bridge \"%.60s\" is no name of a device", bridge);
	r = link_get(e, &s->nl, bridge, 0, &link);
	return r == -ENODEV ? 0
	       : r < 0	    ? r
			    : err_set(e, ERR_EXISTS, "there is a device %s already", bridge);
}

static int define(struct err *e, struct session *s, const struct network_request *req,
		  struct network *n)
{
	int kind = str_lookup(network_kind_names, NETWORK_KIND_MAX, req->kind);
	struct prefix_list routes;
	const struct taken t = {.routes = &routes, .networks = &s->networks};
	int r;

	*n = (struct network){.kind = (enum network_kind)kind, .mtu = req->mtu};
	if (kind < 0)
		return err_set(e, ERR_USAGE, "unknown kind \"%.60s\"", req->kind);
	if (req->mtu && (req->mtu < NETWORK_MTU_MIN || req->mtu > NETWORK_MTU_MAX))
		return err_set(e, ERR_USAGE, "--mtu %u: want %u to %u", req->mtu, NETWORK_MTU_MIN,
			       NETWORK_MTU_MAX);
	(void)str_format(n->name, sizeof(n->name), "%s", req->name);
	r = route_list(e, &s->nl, &s->arena, &routes);
	if (r == 0)
		r = take_subnets(e, n, req, &t);
	if (r == 0)
		r = take_gateways(e, n, req);
	if (r == 0)
		r = take_dns(e, n, req);
	return r < 0 ? r : take_bridge(e, s, n, req->bridge);
}

/* After a failure or a kill the file is there, and `delete` knows what to remove. */
static int realise(struct err *e, struct session *s, const struct network *n)
{
	int r = network_save(e, s->root_fd, n);

	if (r == 0)
		r = bridge_up(e, &s->nl, n);
	if (r == 0)
		r = network_list(e, s->root_fd, &s->arena, &s->networks);
	return r < 0 ? r : nft_apply_networks(e, &s->networks);
}

static int take_away(struct err *e, struct session *s, const struct network *n)
{
	int r = bridge_down(e, &s->nl, n);

	if (r == 0)
		r = lease_forget(e, s->root_fd, n);
	if (r == 0)
		r = network_forget(e, s->root_fd, n->name);
	if (r == 0)
		r = network_list(e, s->root_fd, &s->arena, &s->networks);
	return r < 0 ? r : nft_apply_networks(e, &s->networks);
}

int network_create(struct err *e, const struct network_request *req)
{
	struct session s;
	struct network n;
	struct err ignored;
	int r = network_name_check(e, req->name);

	if (r < 0)
		return r;
	r = session_open(e, &s, req->root);
	if (r == 0 && network_load(&ignored, s.root_fd, req->name, &n) != -ENOENT)
		r = err_set(e, ERR_EXISTS, "network \"%s\" exists already", req->name);
	if (r == 0)
		r = define(e, &s, req, &n);
	if (r == 0) {
		r = realise(e, &s, &n);
		if (r < 0)
			(void)take_away(&ignored, &s, &n);
	}
	session_done(&s);
	return r;
}

/* ---- delete, reload -------------------------------------------------------------------------- */

static int remove_port(struct err *e, struct session *s, const struct network *n,
		       const struct port_record *p)
{
	int r = port_remove(e, &s->nl, p);

	return r < 0 ? r : lease_release(e, s->root_fd, n, p);
}

static bool is_gone(const struct port_record *p)
{
	struct stat st;

	return stat(p->owner, &st) < 0 && errno == ENOENT;
}

static int release_gone(struct err *e, void *arg, const struct network *n,
			const struct port_record *p)
{
	return is_gone(p) ? remove_port(e, arg, n, p) : 0;
}

static int release_any(struct err *e, void *arg, const struct network *n,
		       const struct port_record *p)
{
	return remove_port(e, arg, n, p);
}

static int refuse(struct err *e, void *arg, const struct network *n, const struct port_record *p)
{
	(void)arg, (void)n;
	return err_set(e, ERR_STATE, "a container uses it: %s", p->owner);
}

int network_delete(struct err *e, const char *root, const char *name)
{
	struct session s;
	struct network n;
	int r = session_open(e, &s, root);

	if (r == 0)
		r = network_load(e, s.root_fd, name, &n);
	if (r == 0)
		r = lease_walk(e, s.root_fd, &n, NULL, release_gone, &s);
	if (r == 0)
		r = lease_walk(e, s.root_fd, &n, NULL, refuse, NULL);
	if (r == 0)
		r = take_away(e, &s, &n);
	session_done(&s);
	return r;
}

static int restore_port(struct err *e, void *arg, const struct network *n,
			const struct port_record *p)
{
	struct session *s = arg;

	return is_gone(p) ? remove_port(e, s, n, p) : port_restore(e, &s->nl, n, p);
}

int network_reload(struct err *e, const char *root)
{
	struct session s;
	int r = session_open(e, &s, root);

	for (size_t i = 0; r == 0 && i < s.networks.n; i++) {
		r = bridge_up(e, &s.nl, &s.networks.v[i]);
		if (r == 0)
			r = lease_walk(e, s.root_fd, &s.networks.v[i], NULL, restore_port, &s);
	}
	if (r == 0)
		r = nft_apply_networks(e, &s.networks);
	session_done(&s);
	return r;
}

int network_release(struct err *e, const char *root, const char *mark)
{
	struct session s;
	int r = strlen(mark) == LEASE_MARK_SIZE - 1
			? session_open(e, &s, root)
			: err_set(e, ERR_USAGE, "\"%.60s\" is no mark of a container", mark);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < s.networks.n; i++)
		r = lease_walk(e, s.root_fd, &s.networks.v[i], mark, release_any, &s);
	session_done(&s);
	return r;
}
