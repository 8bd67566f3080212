/* Networks in the kernel: see bridge.h. */
#include "bridge.h"

#include "nft.h"
#include "sysctl.h"

#define NUMBERS 10000

/* No host address on a guest LAN, not even a link-local one: the host cannot be reached from it,
 * and says nothing on it. */
static int set_addresses(struct err *e, struct nl *nl, const struct network *n, int index)
{
	bool ip6 = n->subnets[SUBNET_V6].gateway.family;
	int r = net_sysctl(e, ip6 ? "0" : "1", "ipv6/conf/%s/disable_ipv6", n->bridge);

	/* Routers do not listen to others, least of all to containers. */
	if (r == 0)
		r = net_sysctl(e, "0", "ipv6/conf/%s/accept_ra", n->bridge);
	for (size_t i = 0; i < SUBNET_MAX && r == 0; i++) {
		const struct subnet *s = &n->subnets[i];

		if (s->gateway.family)
			r = addr_add(e, nl, index, &s->gateway, s->prefix.len);
	}
	return r;
}

/* Of its own, the same when it is made again. Else it is the lowest of its ports', and changes when
 * they come and go, which every neighbour has to find out. */
static void choose_mac(const struct network *n, uint8_t mac[6])
{
	const struct subnet *s =
		&n->subnets[n->subnets[SUBNET_V4].prefix.ip.family ? SUBNET_V4 : SUBNET_V6];

	ip_mac(s->gateway.family ? &s->gateway : &s->prefix.ip, mac);
}

int bridge_up(struct err *e, struct nl *nl, const struct network *n)
{
	uint8_t mac[6];
	const struct link_new new = {
		.name = n->bridge, .mtu = n->mtu, .group = n->group, .mac = mac};
	struct link link;
	int r = link_get(e, nl, n->bridge, 0, &link);

	if (r == -ENODEV) {
		choose_mac(n, mac);
		r = link_add_bridge(e, nl, &new);
		if (r == 0)
			r = link_get(e, nl, n->bridge, 0, &link);
	}
	if (r == 0)
		r = set_addresses(e, nl, n, link.index);
	if (r == 0 && n->kind == NETWORK_GUEST_LAN)
		r = nft_close_device(e, n->bridge);
	if (r == 0)
		r = link_set_up(e, nl, link.index);
	if (r == 0 && n->kind == NETWORK_BRIDGE)
		r = net_allow_forwarding(e, n);
	return r < 0 ? err_wrap(e, r, "network %s: bridge %s", n->name, n->bridge) : 0;
}

int bridge_down(struct err *e, struct nl *nl, const struct network *n)
{
	struct link link;
	int r = link_get(e, nl, n->bridge, 0, &link);

	if (r == 0)
		r = link_delete(e, nl, link.index);
	if (r == -ENODEV)
		r = 0;
	if (r == 0 && n->kind == NETWORK_GUEST_LAN)
		r = nft_remove_device(e, n->bridge);
	return r < 0 ? err_wrap(e, r, "network %s: remove the bridge %s", n->name, n->bridge) : 0;
}

static int is_free(struct err *e, struct nl *nl, const struct network_list *networks,
		   const char *name)
{
	struct link link;
	int r;

	for (size_t i = 0; i < networks->n; i++)
		if (str_eq(networks->v[i].bridge, name))
			return 0;
	r = link_get(e, nl, name, 0, &link);
	return r == -ENODEV ? 1 : r < 0 ? r : 0;
}

int bridge_choose_name(struct err *e, struct nl *nl, const struct network_list *networks,
		       const char *network, char ret[IF_NAMESIZE])
{
	int r = 0;

	if (str_format(ret, IF_NAMESIZE, "bw-%s", network) == 0)
		r = is_free(e, nl, networks, ret);
	for (int i = 0; r == 0 && i < NUMBERS; i++) {
		(void)str_format(ret, IF_NAMESIZE, "bw%d", i);
		r = is_free(e, nl, networks, ret);
	}
	if (r == 0)
		return err_num(e, EBUSY, "find a name for the bridge");
	return r < 0 ? err_wrap(e, r, "find a name for the bridge") : 0;
}
