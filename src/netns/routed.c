/* Routed networks: see routed.h. */
#include "routed.h"

#include "sysctl.h"

static uint8_t whole(const struct ip *ip)
{
	return (uint8_t)(ip_size(ip) * 8);
}

typedef int (*addr_change)(struct err *e, struct nl *nl, int index, const struct ip *ip,
			   uint8_t prefix_len);

static int change_gateways(struct err *e, struct nl *nl, const struct network *n,
			   addr_change change)
{
	struct link lo;
	int r = link_get(e, nl, "lo", 0, &lo);

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct ip *gateway = &n->subnets[i].gateway;

		if (gateway->family)
			r = change(e, nl, lo.index, gateway, whole(gateway));
	}
	return r < 0 ? err_wrap(e, r, "network %s: its gateway on lo", n->name) : 0;
}

int routed_up(struct err *e, struct nl *nl, const struct network *n)
{
	int r = change_gateways(e, nl, n, addr_add);

	return r < 0 ? r : net_allow_forwarding(e, n);
}

int routed_down(struct err *e, struct nl *nl, const struct network *n)
{
	return change_gateways(e, nl, n, addr_remove);
}

/* Existing is fine: what is asked for is there. */
static int add(struct err *e, struct nl *nl, const struct route *route)
{
	int r = route_add(e, nl, route);

	return r == -EEXIST ? 0 : r;
}

int routed_add_port(struct err *e, struct nl *here, const struct network *n,
		    const struct port_record *p, int index)
{
	int r = 0;

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct route route = {
			.to = {.ip = p->ips[i], .len = whole(&p->ips[i])},
			.index = index,
			.source = &n->subnets[i].gateway,
		};

		if (p->ips[i].family)
			r = add(e, here, &route);
	}
	return r < 0 ? err_wrap(e, r, "add the host's route to the container") : 0;
}

int routed_add_routes(struct err *e, struct nl *there, const struct network *n, int index)
{
	int r = 0;

	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct subnet *s = &n->subnets[i];
		const struct ip *gateway = &s->gateway;
		const struct route routes[] = {
			{.to = {.ip = *gateway, .len = whole(gateway)}, .index = index},
			{.to = s->prefix, .index = index, .gateway = gateway},
			{.to.ip.family = gateway->family, .index = index, .gateway = gateway},
		};

		for (size_t k = 0; gateway->family && k < ARRAY_SIZE(routes) && r == 0; k++)
			r = add(e, there, &routes[k]);
	}
	return r;
}
