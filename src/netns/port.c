/* A container's interface: see port.h. */
#include "port.h"

#include <linux/if_link.h>

#include "link.h"
#include "nft.h"
#include "routed.h"
#include "sysctl.h"

/* ---- sides ----------------------------------------------------------------------------------- */

int port_visit(struct err *e, struct port_sides *s, int (*visit)(struct err *e, void *arg),
	       void *arg)
{
	_close_ int home = nl_namespace(e, &s->here);

	return home < 0 ? home : nl_visit(e, home, s->netns_fd, visit, arg);
}

static int open_there(struct err *e, void *arg)
{
	struct port_sides *s = arg;

	return nl_open(e, &s->there);
}

int port_sides_open(struct err *e, struct port_sides *s)
{
	int r = nl_open(e, &s->here);

	return r < 0 || s->netns_fd < 0 ? r : port_visit(e, s, open_there, s);
}

void port_sides_close(struct port_sides *s)
{
	nl_close(&s->here);
	nl_close(&s->there);
}

/* ---- the host's side ------------------------------------------------------------------------- */

static int find_bridge(struct err *e, struct nl *here, const struct network *n, struct link *ret)
{
	int r = link_get(e, here, n->bridge, 0, ret);

	return r == -ENODEV ? err_set(e, ERR_STATE,
				      "its bridge %s is gone: run bawn network reload", n->bridge)
			    : r;
}

static int add_veth(struct err *e, struct port_sides *s, const struct network *n,
		    const struct port_record *p)
{
	struct link bridge = {0};
	struct veth v = {
		.here = {.name = p->port, .mtu = n->mtu},
		.no_arp = n->kind == NETWORK_ROUTED,
		.peer_netns_fd = s->netns_fd,
		.peer_name = p->interface,
		.peer_mac = p->mac,
	};
	int r = 0;

	if (n->kind == NETWORK_ROUTED) {
		v.here.group = n->group;
		v.here.mac = p->mac;
	} else {
		r = find_bridge(e, &s->here, n, &bridge);
	}
	if (r < 0)
		return r;
	v.master = bridge.index;
	r = link_add_veth(e, &s->here, &v);
	if (r == -EXFULL)
		return err_set(e, ERR_STATE,
			       "its bridge %s has 1023 ports, which is all that a bridge takes: "
			       "make another network",
			       n->bridge);
	return r < 0 ? err_wrap(e, r, "make the interface %s", p->interface) : 0;
}

static bool has_published4(const struct port_record *p)
{
	for (size_t i = 0; i < p->n_publish; i++)
		if (p->publish[i].host.family != AF_INET6 && p->ips[SUBNET_V4].family)
			return true;
	return false;
}

/* br_netfilter shows bridged frames to the hooks of IP. */
static bool bridge_is_filtered(void)
{
	static const char key[] = "/proc/sys/net/bridge/bridge-nf-call-iptables";
	_buf_ struct buf value = {0};
	struct err ignored;

	return file_read_at(&ignored, AT_FDCWD, key, 16, &value) == 0 && value.len &&
	       value.data[0] == '1';
}

/* What the host sends from 127.0.0.1 may leave through the device; containers cannot make use of
 * it: the guards of their ports let nothing to 127.0.0.0/8 through. Where br_netfilter has led a
 * frame to a port of its own bridge, that may be the one where it came from. */
static int prepare_publishing(struct err *e, struct nl *here, const struct network *n,
			      const struct port_record *p, int index)
{
	bool bridge = network_has_bridge(n->kind);
	int r = has_published4(p) ? net_sysctl(e, "1", "ipv4/conf/%s/route_localnet",
					       bridge ? n->bridge : p->port)
				  : 0;

	if (r == 0 && p->n_publish && bridge && bridge_is_filtered())
		r = link_set_port_flag(e, here, index, IFLA_BRPORT_MODE);
	return r;
}

static int isolate(struct err *e, struct nl *here, const struct network *n, int index)
{
	return n->isolate && network_has_bridge(n->kind)
		       ? link_set_port_flag(e, here, index, IFLA_BRPORT_ISOLATED)
		       : 0;
}

/* Guarded before it is up: not one frame passes that is not the container's. */
static int make_port(struct err *e, struct port_sides *s, const struct network *n,
		     const struct port_record *p)
{
	struct link port;
	int r = add_veth(e, s, n, p);

	if (r == 0)
		r = nft_guard_port(e, n, p);
	if (r == 0)
		r = link_get(e, &s->here, p->port, 0, &port);
	/* The host has its addresses on the bridge, or on lo. */
	if (r == 0)
		r = link_set_no_local(e, &s->here, port.index);
	if (r == 0 && p->rate.in)
		r = link_set_rate(e, &s->here, port.index, &p->rate, p->rate.in);
	if (r == 0)
		r = isolate(e, &s->here, n, port.index);
	if (r == 0)
		r = prepare_publishing(e, &s->here, n, p, port.index);
	if (r == 0)
		r = link_set_up(e, &s->here, port.index);
	if (r == 0 && n->kind == NETWORK_ROUTED)
		r = routed_add_port(e, &s->here, n, p, port.index);
	return r;
}

static int make_child(struct err *e, struct port_sides *s, const struct network *n,
		      const struct port_record *p)
{
	struct link_child c = {
		.kind = network_kind_names[n->kind],
		.there = {.name = p->interface, .mtu = n->mtu},
		.netns_fd = s->netns_fd,
	};
	struct link parent;
	int r = link_get(e, &s->here, n->parent, 0, &parent);

	if (r == -ENODEV)
		return err_set(e, ERR_STATE, "its parent %s is gone: the host has no such device",
			       n->parent);
	if (r == 0 && !(parent.flags & IFF_UP))
		return err_set(e, ERR_STATE, "its parent %s is down: set it up first", n->parent);
	c.parent = parent.index;
	if (port_has_mac(p))
		c.there.mac = p->mac;
	if (r == 0)
		r = link_add_child(e, &s->here, &c);
	if (r == -EBUSY)
		return err_set(e, ERR_STATE,
			       "its parent %s is a port of a bridge, or has interfaces of another "
			       "kind: it takes either macvlan or ipvlan",
			       n->parent);
	if (r == -EOPNOTSUPP)
		return err_set(e, ERR_UNSUPPORTED, "this kernel has no %s", c.kind);
	return r < 0 ? err_wrap(e, r, "make the interface %s on %s", p->interface, n->parent) : 0;
}

/* ---- the container's side -------------------------------------------------------------------- */

static int add_default_routes(struct err *e, struct nl *there, const struct network *n, int index)
{
	int r = 0;

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct ip *gateway = &n->subnets[i].gateway;
		const struct route route = {
			.to.ip.family = gateway->family, .index = index, .gateway = gateway};

		if (!gateway->family)
			continue;
		r = route_add(e, there, &route);
		/* An earlier interface has one. */
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

static int add_routes(struct err *e, struct nl *there, const struct network *n, int index)
{
	return n->kind == NETWORK_ROUTED ? routed_add_routes(e, there, n, index)
					 : add_default_routes(e, there, n, index);
}

/* Runs in the container's network namespace. */
static int enable_ip6(struct err *e, void *arg)
{
	const char *interface = arg;

	return net_sysctl(e, "0", "ipv6/conf/%s/disable_ipv6", interface);
}

static int add_address(struct err *e, struct port_sides *s, const struct port_record *p, int index,
		       const struct ip *ip, size_t len)
{
	int r = addr_add(e, &s->there, index, ip, (uint8_t)len);
	char interface[IF_NAMESIZE];

	if (r != -EACCES || ip->family != AF_INET6)
		return r;
	/* Its network namespace began without IPv6. */
	memcpy(interface, p->interface, sizeof(interface));
	r = port_visit(e, s, enable_ip6, interface);
	return r < 0 ? r : addr_add(e, &s->there, index, ip, (uint8_t)len);
}

/* The link-local address is the one that the kernel would give it, which waits to see whether
 * anybody else has it: nobody can. An ipvlan's has more to it than the MAC address; on a routed
 * network there is no use for one. */
static int add_addresses(struct err *e, struct port_sides *s, const struct network *n,
			 const struct port_record *p, int index)
{
	bool ip6 = p->ips[SUBNET_V6].family, routed = n->kind == NETWORK_ROUTED;
	const struct ip local = ip_link_local(p->mac);
	int r = 0;

	if (!ip6 || routed)
		r = link_set_no_local(e, &s->there, index);
	else if (port_has_mac(p))
		r = add_address(e, s, p, index, &local, 64);
	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct ip *ip = &p->ips[i];
		size_t len = routed ? ip_size(ip) * 8 : n->subnets[i].prefix.len;

		if (ip->family)
			r = add_address(e, s, p, index, ip, len);
	}
	return r;
}

static int set_up_interface(struct err *e, struct port_sides *s, const struct network *n,
			    const struct port_record *p)
{
	struct link link;
	int r = link_get(e, &s->there, p->interface, 0, &link);

	if (r == 0)
		r = add_addresses(e, s, n, p, link.index);
	if (r == 0 && p->rate.out)
		r = link_set_rate(e, &s->there, link.index, &p->rate, p->rate.out);
	if (r == 0)
		r = link_set_up(e, &s->there, link.index);
	if (r == 0)
		r = add_routes(e, &s->there, n, link.index);
	return r < 0 ? err_wrap(e, r, "set up the interface %s", p->interface) : 0;
}

int port_restore_routes(struct err *e, struct nl *there, const struct network *n,
			const struct port_record *p)
{
	struct link link;
	int r = link_get(e, there, p->interface, 0, &link);

	if (r == 0 && link.flags & IFF_UP)
		r = add_routes(e, there, n, link.index);
	return r == -ENODEV ? 0 : r;
}

int port_remove_there(struct err *e, struct nl *there, const struct port_record *p)
{
	struct link link;
	int r = *p->port ? -ENODEV : link_get(e, there, p->interface, 0, &link);

	if (r == 0)
		r = link_delete(e, there, link.index);
	return r == -ENODEV ? 0 : r;
}

/* ---- both ------------------------------------------------------------------------------------ */

int port_make(struct err *e, struct port_sides *s, const struct network *n,
	      const struct port_record *p)
{
	int r = network_has_parent(n->kind) ? make_child(e, s, n, p) : make_port(e, s, n, p);

	return r < 0 ? r : set_up_interface(e, s, n, p);
}

int port_publish(struct err *e, int root_fd, const struct port_record *p)
{
	return p->n_publish ? nft_publish_port(e, root_fd, p) : 0;
}

static int unpublish(struct err *e, int root_fd, const struct port_record *p)
{
	int r = p->n_publish ? nft_unpublish_port(e, root_fd, p) : 0;

	return r == 0 && p->n_publish ? published_release(e, root_fd, p) : r;
}

static int restore_master(struct err *e, struct nl *here, const struct network *n, int port)
{
	struct link bridge;
	int r = find_bridge(e, here, n, &bridge);

	return r < 0 ? r : link_set_master(e, here, port, bridge.index);
}

/* A bridge that was lost is another one now; so may be the port's guard, and the routes. */
int port_restore(struct err *e, struct nl *here, const struct network *n,
		 const struct port_record *p)
{
	struct link port;
	int r = *p->port ? link_get(e, here, p->port, 0, &port) : -ENODEV;

	if (r == -ENODEV)
		return 0;
	if (r == 0)
		r = nft_guard_port(e, n, p);
	if (r == 0 && p->rate.in)
		r = link_set_rate(e, here, port.index, &p->rate, p->rate.in);
	if (r == 0 && n->kind == NETWORK_ROUTED)
		r = routed_add_port(e, here, n, p, port.index);
	else if (r == 0)
		r = restore_master(e, here, n, port.index);
	if (r == 0)
		r = isolate(e, here, n, port.index);
	return r < 0 ? r : prepare_publishing(e, here, n, p, port.index);
}

int port_remove(struct err *e, int root_fd, struct nl *here, const struct port_record *p)
{
	struct link link;
	int r = unpublish(e, root_fd, p);

	if (r == 0)
		r = *p->port ? link_get(e, here, p->port, 0, &link) : -ENODEV;
	if (r == 0)
		r = link_delete(e, here, link.index);
	if (r < 0 && r != -ENODEV)
		return r;
	return *p->port ? nft_remove_device(e, p->port) : 0;
}
