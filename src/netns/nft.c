/* The transactions: see nft.h. The batch and the expressions: nft_batch.c. */
#include "nft.h"

#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <netinet/in.h>

#include "nft_batch.h"
#include "nft_firewall.h"
#include "nft_publish.h"

#define TABLE "bawn"
/* The chain of a port's table that sees what goes to the container. */
#define RECEIVED "received"

/* Offsets in the headers. */
enum {
	ETHER_SOURCE = 6,
	ETHER_TYPE = 12,
	ARP_LENGTHS = 4,
	ARP_SENDER_MAC = 8,
	ARP_SENDER_IP = 14,
	IP_SOURCE = 12,
	IP_DESTINATION = 16,
	IP6_SOURCE = 8,
	ICMP6_TYPE = 0,
	ND_TARGET = 8,
};

#define MULTICAST_LISTENER_REPORT_2 143
#define NEIGHBOUR_SOLICITATION 135
#define NEIGHBOUR_ADVERTISEMENT 136
#define ROUTER_ADVERTISEMENT 134
#define REDIRECT 137
#define DHCP_SERVER 67
#define DHCP6_SERVER 547

static const struct nft_set nat_sets[] = {
	[SUBNET_V4] = {NFPROTO_INET, TABLE, "nat4", {NFT_IP4}, .flags = NFT_SET_INTERVAL},
	[SUBNET_V6] = {NFPROTO_INET, TABLE, "nat6", {NFT_IP6}, .flags = NFT_SET_INTERVAL},
};
static const struct nft_set own_sets[] = {
	[SUBNET_V4] = {NFPROTO_INET, TABLE, "own4", {NFT_IP4}, .flags = NFT_SET_INTERVAL},
	[SUBNET_V6] = {NFPROTO_INET, TABLE, "own6", {NFT_IP6}, .flags = NFT_SET_INTERVAL},
};
static const struct nft_set groups = {NFPROTO_INET, TABLE, "groups", {NFT_GROUP}, .data = {0}};
static const struct nft_set same = {
	NFPROTO_INET, TABLE, "same", {NFT_GROUP, NFT_GROUP}, .data = {0},
};

static const struct ip none4 = {.family = AF_INET}, none6 = {.family = AF_INET6};

/* ---- one port -------------------------------------------------------------------------------- */

const char *const nft_counters[COUNT_MAX] = {
	[COUNT_IN4] = "in4",   [COUNT_IN6] = "in6",	    [COUNT_OUT4] = "out4",
	[COUNT_OUT6] = "out6", [COUNT_DROPPED] = "dropped",
};

static void end_counted(struct nft_rule *r, enum nft_counter counter, uint32_t verdict)
{
	nft_count(r, nft_counters[counter]);
	nft_verdict(r, verdict);
}

/* The type as it is in the frame: a tagged one does not say IP here, unlike "meta protocol". */
static void match_ether_type(struct nft_rule *r, uint16_t type)
{
	uint16_t wire = htons(type);

	nft_match(r, NFT_LINK, ETHER_TYPE, &wire, sizeof(wire));
}

static void match_icmp6(struct nft_rule *r, uint8_t type)
{
	match_ether_type(r, ETH_P_IPV6);
	nft_match_protocol(r, IPPROTO_ICMPV6);
	nft_match(r, NFT_TRANSPORT, ICMP6_TYPE, &type, sizeof(type));
}

static void guard_mac(struct nft_batch *b, const struct port_record *id)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	nft_match_not(&r, NFT_LINK, ETHER_SOURCE, id->mac, sizeof(id->mac));
	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

/* The container's end has a queue of this rate, which a program in it may take away. */
static void drop_excess(struct nft_batch *b, const struct port_record *id)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	nft_limit_over(&r, id->rate.out / 8, rate_burst(&id->rate, id->rate.out));
	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

/* RFC 826, and the probes of RFC 5227, which have no sender. */
static void allow_arp(struct nft_batch *b, const struct port_record *id, const struct ip *sender)
{
	static const uint8_t lengths[] = {ETH_ALEN, 4};
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_ether_type(&r, ETH_P_ARP);
	nft_match(&r, NFT_NETWORK, ARP_LENGTHS, lengths, sizeof(lengths));
	nft_match(&r, NFT_NETWORK, ARP_SENDER_MAC, id->mac, sizeof(id->mac));
	nft_match(&r, NFT_NETWORK, ARP_SENDER_IP, sender->bytes, 4);
	nft_verdict(&r, NF_ACCEPT);
}

/* With route_localnet, which published ports need, the host would take it. */
static void drop_loopback(struct nft_batch *b, const struct port_record *id)
{
	static const uint8_t loopback = 127;
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_ether_type(&r, ETH_P_IP);
	nft_match(&r, NFT_NETWORK, IP_DESTINATION, &loopback, sizeof(loopback));
	nft_verdict(&r, NF_DROP);
}

static void allow_source4(struct nft_batch *b, const struct port_record *id)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_ether_type(&r, ETH_P_IP);
	nft_match(&r, NFT_NETWORK, IP_SOURCE, id->ips[SUBNET_V4].bytes, 4);
	end_counted(&r, COUNT_OUT4, NF_ACCEPT);
}

/* A client that has no address yet: RFC 2131, section 4.1. */
static void allow_dhcp(struct nft_batch *b, const struct port_record *id)
{
	static const uint8_t everybody[] = {255, 255, 255, 255}, ports[] = {0, 68, 0, 67};
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_ether_type(&r, ETH_P_IP);
	nft_match(&r, NFT_NETWORK, IP_SOURCE, none4.bytes, 4);
	nft_match(&r, NFT_NETWORK, IP_DESTINATION, everybody, sizeof(everybody));
	nft_match_protocol(&r, IPPROTO_UDP);
	nft_match(&r, NFT_TRANSPORT, 0, ports, sizeof(ports));
	end_counted(&r, COUNT_OUT4, NF_ACCEPT);
}

/* Whoever answers DHCP requests (RFC 2131, RFC 8415) tells the others where their gateway is. */
static void drop_dhcp_server(struct nft_batch *b, const struct port_record *id, uint16_t type,
			     uint16_t port)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);
	uint16_t wire = htons(port);

	match_ether_type(&r, type);
	nft_match_protocol(&r, IPPROTO_UDP);
	nft_match(&r, NFT_TRANSPORT, 0, &wire, sizeof(wire));
	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

static void drop_icmp6(struct nft_batch *b, const struct port_record *id, uint8_t type)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_icmp6(&r, type);
	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

/* What is hidden in fragments; neighbour discovery has none (RFC 6980). */
static void drop_icmp6_fragments(struct nft_batch *b, const struct port_record *id)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_ether_type(&r, ETH_P_IPV6);
	nft_match_fragment(&r);
	nft_match_protocol(&r, IPPROTO_ICMPV6);
	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

static void drop_foreign_advertisement(struct nft_batch *b, const struct port_record *id,
				       const struct ip *local)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_icmp6(&r, NEIGHBOUR_ADVERTISEMENT);
	nft_match_not(&r, NFT_TRANSPORT, ND_TARGET, id->ips[SUBNET_V6].bytes, 16);
	nft_match_not(&r, NFT_TRANSPORT, ND_TARGET, local->bytes, 16);
	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

static void allow_source6(struct nft_batch *b, const struct port_record *id,
			  const struct ip *source)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_ether_type(&r, ETH_P_IPV6);
	nft_match(&r, NFT_NETWORK, IP6_SOURCE, source->bytes, 16);
	end_counted(&r, COUNT_OUT6, NF_ACCEPT);
}

/* Without an address yet: asks whether anybody has its own one, joins groups. */
static void allow_detection(struct nft_batch *b, const struct port_record *id, uint8_t type,
			    const struct ip *target)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	match_icmp6(&r, type);
	nft_match(&r, NFT_NETWORK, IP6_SOURCE, none6.bytes, 16);
	if (target)
		nft_match(&r, NFT_TRANSPORT, ND_TARGET, target->bytes, 16);
	end_counted(&r, COUNT_OUT6, NF_ACCEPT);
}

static void guard_ip4(struct nft_batch *b, const struct network *n, const struct port_record *id)
{
	drop_dhcp_server(b, id, ETH_P_IP, DHCP_SERVER);
	drop_loopback(b, id);
	allow_source4(b, id);
	if (n->kind == NETWORK_ROUTED)
		return;
	allow_arp(b, id, &id->ips[SUBNET_V4]);
	allow_arp(b, id, &none4);
	allow_dhcp(b, id);
}

static void guard_ip6(struct nft_batch *b, const struct network *n, const struct port_record *id)
{
	const struct ip *own = &id->ips[SUBNET_V6], local = ip_link_local(id->mac);

	drop_icmp6_fragments(b, id);
	drop_dhcp_server(b, id, ETH_P_IPV6, DHCP6_SERVER);
	drop_icmp6(b, id, ROUTER_ADVERTISEMENT);
	drop_icmp6(b, id, REDIRECT);
	if (n->kind == NETWORK_ROUTED) {
		drop_icmp6(b, id, NEIGHBOUR_SOLICITATION);
		drop_icmp6(b, id, NEIGHBOUR_ADVERTISEMENT);
		allow_source6(b, id, own);
		return;
	}
	drop_foreign_advertisement(b, id, &local);
	allow_source6(b, id, own);
	allow_source6(b, id, &local);
	allow_detection(b, id, NEIGHBOUR_SOLICITATION, own);
	allow_detection(b, id, NEIGHBOUR_SOLICITATION, &local);
	allow_detection(b, id, MULTICAST_LISTENER_REPORT_2, NULL);
}

static void drop_rest(struct nft_batch *b, const struct port_record *id)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, id->port);

	end_counted(&r, COUNT_DROPPED, NF_DROP);
}

static void count_received(struct nft_batch *b, const struct port_record *id, uint16_t type,
			   enum nft_counter counter)
{
	struct nft_rule r = nft_rule(b, NFPROTO_NETDEV, id->port, RECEIVED);

	match_ether_type(&r, type);
	end_counted(&r, counter, NF_ACCEPT);
}

static void add_counters(struct nft_batch *b, const struct port_record *id, bool sees_received)
{
	for (size_t i = 0; i < COUNT_MAX; i++)
		if (sees_received || (i != COUNT_IN4 && i != COUNT_IN6))
			nft_add_counter(b, NFPROTO_NETDEV, id->port, nft_counters[i]);
	if (!sees_received)
		return;
	nft_chain_of_port(b, id->port, RECEIVED, NF_NETDEV_EGRESS, 0);
	nft_flush(b, NFPROTO_NETDEV, id->port, RECEIVED);
	count_received(b, id, ETH_P_IP, COUNT_IN4);
	count_received(b, id, ETH_P_IPV6, COUNT_IN6);
}

/* The table is made first, so that it is there to be removed. */
static void remove_table(struct nft_batch *b, uint32_t family, const char *table)
{
	nft_table(b, family, table, true);
	nft_table(b, family, table, false);
}

static void replace_table(struct nft_batch *b, uint32_t family, const char *table)
{
	remove_table(b, family, table);
	nft_table(b, family, table, true);
}

static int guard_port(struct err *e, const struct network *n, const struct port_record *id,
		      bool sees_received)
{
	struct nft_batch b;
	int r = nft_begin(e, &b);

	if (r < 0)
		return r;
	/* Not the whole table: its counters go on. */
	nft_table(&b, NFPROTO_NETDEV, id->port, true);
	nft_chain_of_device(&b, id->port);
	nft_flush(&b, NFPROTO_NETDEV, id->port, id->port);
	add_counters(&b, id, sees_received);
	guard_mac(&b, id);
	if (id->rate.out)
		drop_excess(&b, id);
	if (id->ips[SUBNET_V4].family)
		guard_ip4(&b, n, id);
	if (id->ips[SUBNET_V6].family)
		guard_ip6(&b, n, id);
	drop_rest(&b, id);
	if (id->firewall.n)
		nft_add_firewall(&b, id);
	return nft_commit(e, &b);
}

/* Linux before 5.16, or without CONFIG_NETFILTER_EGRESS, does not see what leaves through a device.
 */
int nft_guard_port(struct err *e, const struct network *n, const struct port_record *id)
{
	int r = guard_port(e, n, id, true);

	if (r == -EOPNOTSUPP)
		r = guard_port(e, n, id, false);
	if (r == -EOPNOTSUPP && id->firewall.n)
		return err_set(e, ERR_UNSUPPORTED,
			       "firewall: needs CONFIG_NETFILTER_EGRESS (Linux 5.16)");
	return r < 0 ? err_wrap(e, r, "guard the port %s", id->port) : 0;
}

int nft_close_device(struct err *e, const char *device)
{
	struct nft_batch b;
	int r = nft_begin(e, &b);

	if (r < 0)
		return r;
	replace_table(&b, NFPROTO_NETDEV, device);
	nft_chain_of_device(&b, device);
	r = nft_commit(e, &b);
	return r < 0 ? err_wrap(e, r, "close the device %s", device) : 0;
}

int nft_remove_device(struct err *e, const char *device)
{
	struct nft_batch b;
	int r = nft_begin(e, &b);

	if (r < 0)
		return r;
	remove_table(&b, NFPROTO_NETDEV, device);
	r = nft_commit(e, &b);
	return r < 0 ? err_wrap(e, r, "remove the rules of the device %s", device) : 0;
}

/* ---- all networks ---------------------------------------------------------------------------- */

static void add_subnets(struct nft_batch *b, const struct network_list *networks, size_t family)
{
	nft_set(b, &nat_sets[family]);
	nft_set(b, &own_sets[family]);
	for (size_t i = 0; i < networks->n; i++) {
		const struct network *n = &networks->v[i];
		const struct prefix *subnet = &n->subnets[family].prefix;

		if (subnet->ip.family && n->kind == NETWORK_BRIDGE)
			nft_add_prefix(b, &nat_sets[family], subnet);
		if (subnet->ip.family && network_has_host(n->kind))
			nft_add_prefix(b, &own_sets[family], subnet);
	}
}

/* "ip saddr @SOURCES ip daddr @SOURCES", or "ip daddr != @SOURCES" */
static void match_addresses(struct nft_rule *r, size_t family, const struct nft_set *set,
			    bool leaves)
{
	bool v4 = family == SUBNET_V4;
	uint32_t size = v4 ? 4 : 16;

	nft_match_family(r, v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_key_payload(r, NFT_NETWORK, v4 ? IP_SOURCE : IP6_SOURCE, size);
	nft_lookup(r, set, false);
	nft_key_payload(r, NFT_NETWORK, v4 ? IP_DESTINATION : IP6_SOURCE + 16, size);
	nft_lookup(r, set, leaves);
}

/* "ip saddr @nat4 ip daddr != @nat4 masquerade": between networks of ours there is none. */
static void masquerade(struct nft_batch *b, size_t family)
{
	struct nft_rule r = nft_rule(b, NFPROTO_INET, TABLE, "postrouting");

	match_addresses(&r, family, &nat_sets[family], true);
	nft_masquerade(&r);
}

static void match_group(struct nft_rule *r, uint32_t meta, const struct nft_set *set)
{
	nft_key_meta(r, meta);
	nft_lookup(r, set, false);
}

/* "meta iifgroup . meta oifgroup" */
static void match_groups(struct nft_rule *r, const struct nft_set *set)
{
	nft_key_meta(r, NFT_META_IIFGROUP);
	nft_key_meta(r, NFT_META_OIFGROUP);
	nft_lookup(r, set, false);
}

/* Groups of devices, since a routed network has one for each container:
 * "meta iifgroup . meta oifgroup @same accept", "iifgroup @groups oifgroup @groups drop". Published
 * ports are for everybody: "ct status dnat accept" comes first. Containers that are isolated from
 * each other are so through the host as well. */
static void keep_apart(struct nft_batch *b, const struct network_list *networks)
{
	struct nft_rule published, stays, leaves;

	nft_set(b, &groups);
	nft_set(b, &same);
	for (size_t i = 0; i < networks->n; i++) {
		const uint32_t *group = &networks->v[i].group;
		struct nft_bytes key = {0};

		if (!*group)
			continue;
		nft_put(&key, group, sizeof(*group));
		nft_element(b, &groups, true, &key, NULL);
		nft_put(&key, group, sizeof(*group));
		if (!networks->v[i].isolate)
			nft_element(b, &same, true, &key, NULL);
	}
	published = nft_rule(b, NFPROTO_INET, TABLE, "forward");
	nft_match_translated(&published);
	nft_verdict(&published, NF_ACCEPT);
	stays = nft_rule(b, NFPROTO_INET, TABLE, "forward");
	match_groups(&stays, &same);
	nft_verdict(&stays, NF_ACCEPT);
	leaves = nft_rule(b, NFPROTO_INET, TABLE, "forward");
	match_group(&leaves, NFT_META_IIFGROUP, &groups);
	match_group(&leaves, NFT_META_OIFGROUP, &groups);
	nft_verdict(&leaves, NF_DROP);
}

/* A container that comes through the host to one that might answer it directly, or to itself: the
 * answer must come back the same way. By addresses, since br_netfilter names no devices here:
 * "ip saddr @own4 ip daddr @own4 ct status dnat masquerade". */
static void masquerade_hairpin(struct nft_batch *b, size_t family)
{
	struct nft_rule r = nft_rule(b, NFPROTO_INET, TABLE, "postrouting");

	match_addresses(&r, family, &own_sets[family], false);
	nft_match_translated(&r);
	nft_masquerade(&r);
}

struct rebuild {
	struct nft_batch batch;
	int root_fd;
};

static int publish_again(struct err *e, void *arg, const struct network *n,
			 const struct port_record *p)
{
	struct rebuild *rebuild = arg;

	(void)e, (void)n;
	nft_add_published(&rebuild->batch, rebuild->root_fd, p);
	return 0;
}

static void write_rules(struct nft_batch *b, const struct network_list *networks)
{
	nft_table(b, NFPROTO_INET, TABLE, true);
	nft_chain_of_hook(b, TABLE, "postrouting", "nat", NF_INET_POST_ROUTING, 100);
	nft_chain_of_hook(b, TABLE, "forward", "filter", NF_INET_FORWARD, 0);
	for (size_t i = 0; i < SUBNET_MAX; i++) {
		add_subnets(b, networks, i);
		masquerade(b, i);
		masquerade_hairpin(b, i);
	}
	keep_apart(b, networks);
	nft_add_publishing(b);
}

int nft_apply_networks(struct err *e, int root_fd, const struct network_list *networks)
{
	struct rebuild rebuild = {.root_fd = root_fd};
	struct nft_batch *b = &rebuild.batch;
	int r = nft_begin(e, b), walked = 0;

	if (r < 0)
		return r;
	remove_table(b, NFPROTO_INET, TABLE);
	if (networks->n)
		write_rules(b, networks);
	for (size_t i = 0; i < networks->n && walked == 0; i++)
		walked = lease_walk(e, root_fd, &networks->v[i], NULL, publish_again, &rebuild);
	if (walked < 0) {
		nft_abandon(b);
		return walked;
	}
	r = nft_commit(e, b);
	return r < 0 ? err_wrap(e, r, "write the nftables rules of the networks") : 0;
}
