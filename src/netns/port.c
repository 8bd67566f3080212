/* A container's interface: see port.h. */
#include "port.h"

#include "link.h"
#include "nft.h"

/* Guarded before it is up: not one frame passes that is not the container's. */
static int make_link(struct err *e, struct port_sides *s, const struct network *n,
		     const struct port_record *p)
{
	struct link bridge, port;
	struct veth v = {
		.name = p->port,
		.peer_netns_fd = s->netns_fd,
		.peer_name = p->interface,
		.peer_mac = p->mac,
		.mtu = n->mtu,
	};
	int r = link_get(e, &s->here, n->bridge, 0, &bridge);

	if (r == -ENODEV)
		return err_set(e, ERR_STATE, "its bridge %s is gone: run bawn network reload",
			       n->bridge);
	if (r < 0)
		return r;
	v.master = bridge.index;
	r = link_add_veth(e, &s->here, &v);
	if (r < 0)
		return err_wrap(e, r, "make the interface %s", p->interface);
	r = nft_guard_port(e, p);
	if (r == 0)
		r = link_get(e, &s->here, p->port, 0, &port);
	return r < 0 ? r : link_set_up(e, &s->here, port.index);
}

static int set_up_interface(struct err *e, struct nl *there, const struct network *n,
			    const struct port_record *p)
{
	struct link link;
	int r = link_get(e, there, p->interface, 0, &link);

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++)
		if (p->ips[i].family)
			r = addr_add(e, there, link.index, &p->ips[i], n->subnets[i].prefix.len);
	if (r == 0)
		r = link_set_up(e, there, link.index);
	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		if (!n->subnets[i].gateway.family)
			continue;
		r = route_add_default(e, there, link.index, &n->subnets[i].gateway);
		/* An earlier interface has one. */
		if (r == -EEXIST)
			r = 0;
	}
	return r < 0 ? err_wrap(e, r, "set up the interface %s", p->interface) : 0;
}

int port_make(struct err *e, struct port_sides *s, const struct network *n,
	      const struct port_record *p)
{
	int r = make_link(e, s, n, p);

	return r < 0 ? r : set_up_interface(e, &s->there, n, p);
}

/* A bridge that was lost is another one now; so may be the port's guard. */
int port_restore(struct err *e, struct nl *here, const struct network *n,
		 const struct port_record *p)
{
	struct link port, bridge;
	int r = link_get(e, here, p->port, 0, &port);

	if (r == -ENODEV)
		return 0;
	if (r == 0)
		r = nft_guard_port(e, p);
	if (r == 0)
		r = link_get(e, here, n->bridge, 0, &bridge);
	return r < 0 ? r : link_set_master(e, here, port.index, bridge.index);
}

int port_remove(struct err *e, struct nl *here, const struct port_record *p)
{
	struct link link;
	int r = link_get(e, here, p->port, 0, &link);

	if (r == 0)
		r = link_delete(e, here, link.index);
	return r == 0 || r == -ENODEV ? nft_unguard_port(e, p->port) : r;
}
