/* An interface for a container: see netns.h. */
#include "netns.h"

#include "hosts.h"
#include "link.h"
#include "port.h"
#include "sysctl.h"
#include "want.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

struct attachment {
	const struct network_attach *want;
	int root_fd;
	struct network network;
	struct port_record port;
	struct port_sides sides;
};

/* Runs in the container's network namespace, which may have no IPv6. */
static int refuse_routers(struct err *e, void *arg)
{
	int r = net_sysctl(e, "0", "ipv6/conf/default/accept_ra");

	(void)arg;
	return r == -ENOENT ? 0 : r;
}

static int open_sides(struct err *e, struct attachment *a)
{
	int r = port_sides_open(e, &a->sides);

	/* The gateway there is what the administrator says. */
	if (r == 0 && network_has_parent(a->network.kind))
		r = port_visit(e, &a->sides, refuse_routers, NULL);
	return r;
}

/* The first of eth0, eth1... that the container does not have. */
static int choose_interface(struct err *e, struct attachment *a)
{
	char *name = a->port.interface;
	struct link link;
	int r = 0;

	for (unsigned int i = 0; r == 0; i++) {
		(void)str_format(name, IF_NAMESIZE, "eth%u", i);
		r = link_get(e, &a->sides.there, name, 0, &link);
	}
	return r == -ENODEV ? 0 : r;
}

/* Asked before anything is made: the port's name is made of it. */
static int check_interface(struct err *e, struct attachment *a)
{
	struct link link;
	int r = link_get(e, &a->sides.there, a->port.interface, 0, &link);

	if (r == 0)
		return err_set(e, ERR_EXISTS, "the container has an interface %s already",
			       a->port.interface);
	return r == -ENODEV ? 0 : r;
}

static void take_back(struct attachment *a)
{
	struct err ignored;

	if (port_remove_there(&ignored, &a->sides.there, &a->port) == 0 &&
	    port_remove(&ignored, a->root_fd, &a->sides.here, &a->port) == 0)
		(void)lease_release(&ignored, a->root_fd, &a->network, &a->port);
}

static int attach(struct err *e, struct attachment *a)
{
	int r = rate_check(e, &a->port.rate, &a->network);

	if (r == 0 && a->network.kind == NETWORK_IPVLAN && port_has_mac(&a->port))
		r = err_set(e, ERR_USAGE, "mac=: an ipvlan has the MAC address of its parent");
	if (r == 0)
		r = open_sides(e, a);
	if (r == 0)
		r = a->port.interface[0] ? check_interface(e, a) : choose_interface(e, a);
	if (r == 0)
		r = lease_take(e, a->root_fd, &a->network, &a->port);
	if (r < 0)
		return r;
	r = a->port.n_publish ? published_take(e, a->root_fd, &a->port) : 0;
	if (r == 0)
		r = port_make(e, &a->sides, &a->network, &a->port);
	if (r == 0)
		r = port_publish(e, a->root_fd, &a->port);
	if (r == 0)
		r = hosts_add(e, a->root_fd, &a->network, &a->port);
	if (r < 0)
		take_back(a);
	return r;
}

/* The first network that the host leads to has the ports. */
static int take_publish(struct err *e, struct network_attach *want, struct attachment *a)
{
	struct port_record *p = &a->port;

	if (!network_has_host(a->network.kind) || !want->publish.n)
		return 0;
	for (size_t i = 0; i < want->publish.n; i++) {
		const struct ip *host = &p->publish[i].host;

		if (host->family &&
		    !a->network.subnets[host->family == AF_INET ? SUBNET_V4 : SUBNET_V6]
			     .prefix.ip.family)
			return err_set(
				e, ERR_USAGE,
				"publish \"%.80s\": network %s has no address of that family",
				want->publish.v[i], a->network.name);
	}
	p->n_publish = want->publish.n;
	want->publish.n = 0;
	return 0;
}

static int parse_firewall(struct err *e, const struct network_attach *want, struct port_record *p)
{
	int r = 0;

	for (size_t i = 0; i < want->firewall.n && r == 0; i++)
		r = firewall_parse(e, want->firewall.v[i], &p->firewall);
	return r < 0 ? r : firewall_check(e, &p->firewall);
}

static int copy_firewall(struct err *e, void *arg, const struct network *n,
			 const struct port_record *p)
{
	struct port_record *to = arg;

	(void)e, (void)n;
	to->firewall = p->firewall;
	return 0;
}

/* All interfaces of a container have the same. */
static int inherit_firewall(struct err *e, struct attachment *a)
{
	_arena_ struct arena arena = {0};
	struct network_list all = {0};
	int r = network_list(e, a->root_fd, &arena, &all);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = lease_walk(e, a->root_fd, &all.v[i], a->port.mark, copy_firewall, &a->port);
	return r;
}

static int take_firewall(struct err *e, const struct network_attach *want, struct attachment *a)
{
	int r = want->later ? inherit_firewall(e, a) : 0;

	if (r == 0 && a->port.firewall.n && network_has_parent(a->network.kind))
		return err_set(e, ERR_USAGE,
			       "firewall: the host does not see what passes through a "
			       "parent");
	return r;
}

static int parse_publish(struct err *e, const struct network_attach *want, struct port_record *p)
{
	unsigned int ports = 0;
	int r = 0;

	if (want->publish.n > PUBLISH_MAX)
		return err_set(e, ERR_USAGE, "more than %d times publish", PUBLISH_MAX);
	for (size_t i = 0; i < want->publish.n && r == 0; i++) {
		r = publish_parse(e, want->publish.v[i], &p->publish[i]);
		ports += r < 0 ? 0 : p->publish[i].count;
		for (size_t k = 0; k < i && r == 0; k++)
			if (publish_overlaps(&p->publish[k], &p->publish[i]))
				r = err_set(e, ERR_USAGE, "publish \"%.80s\": in \"%.80s\" already",
					    want->publish.v[i], want->publish.v[k]);
	}
	if (r == 0 && ports > PUBLISH_PORTS_MAX)
		return err_set(e, ERR_USAGE, "%u ports are published, more than %u", ports,
			       PUBLISH_PORTS_MAX);
	return r;
}

/* In lower case, since resolvers see no difference. What has a dot would stand in for somebody's
 * name in the DNS, and "localhost" is everybody's own: by such names no container is found. */
static void take_name(const char *text, char name[LEASE_NAME_SIZE])
{
	size_t len = text ? strspn(text, NAME_CHARACTERS) : 0;

	if (len == 0 || text[len] || len >= LEASE_NAME_SIZE)
		return;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	if (str_eq(name, "localhost"))
		name[0] = '\0';
}

/* What the container is, whatever it wants. */
static int take_identity(struct err *e, const struct network_attach *want, struct port_record *p)
{
	if (strlen(want->mark) != LEASE_MARK_SIZE - 1)
		return err_set(e, ERR_USAGE, "\"%.60s\" is no mark of a container", want->mark);
	memcpy(p->mark, want->mark, LEASE_MARK_SIZE);
	if (str_format(p->owner, sizeof(p->owner), "%s", want->owner) < 0)
		return err_set(e, ERR_USAGE, "\"%.60s\": too long", want->owner);
	take_name(want->name, p->name);
	return 0;
}

int network_attach(struct err *e, struct network_attach *want)
{
	struct attachment a = {.want = want, .root_fd = FD_NONE, .sides.netns_fd = want->netns_fd};
	char name[NETWORK_NAME_MAX + 1] = "";
	int r = take_identity(e, want, &a.port);

	if (r == 0)
		r = parse_publish(e, want, &a.port);
	if (r == 0)
		r = parse_firewall(e, want, &a.port);
	if (r == 0)
		r = want_parse(e, want->spec, name, &a.port);
	if (r == 0)
		r = network_root_open(e, want->root, &a.root_fd);
	if (r == 0)
		r = network_load(e, a.root_fd, name, &a.network);
	if (r == 0)
		r = take_publish(e, want, &a);
	if (r == 0)
		r = take_firewall(e, want, &a);
	if (r == 0) {
		r = attach(e, &a);
		if (r < 0)
			(void)err_wrap(e, r, "network %s", name);
	}
	port_sides_close(&a.sides);
	fd_close(&a.root_fd);
	return r;
}
