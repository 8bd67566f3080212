/* A container's firewall: see nft_firewall.h. */
#include "nft_firewall.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <netinet/in.h>

#define PRIORITY -100			/* after the guard, before what counts */
#define FLOWS_MAX 65536u		/* of one family */
#define FRAGMENTS_MAX 1024u

/* Seconds that a flow is remembered after a packet of it. */
enum {
	NEW_OR_CLOSING = 120,
	TCP_OPEN = 5 * 24 * 3600,	/* as conntrack does */
	DATAGRAMS = 180,
	SCTP = 3600,
	PING = 30,
	FRAGMENTS = 30,
};

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, TCP_FLAGS = 13 };

/* One direction of one family. */
struct program {
	struct nft_batch *b;
	const struct firewall *rules;
	enum firewall_direction direction;
	bool six, remember;		/* remember: replies would not pass otherwise */
	uint32_t peer, peer_size;	/* the other's address in the header */
	uint32_t peer_port, own_port;
	const char *table;
	char chain[8], live[12], fresh[12], pass[12];
	struct nft_set flows, fragments;
	char flows_name[12], fragments_name[16];
};

static struct nft_rule rule(const struct program *g, const char *chain)
{
	return nft_rule(g->b, NFPROTO_NETDEV, g->table, chain);
}

static void match_ether_type(struct nft_rule *r, uint16_t type)
{
	uint16_t wire = htons(type);

	nft_match(r, NFT_LINK, 12, &wire, sizeof(wire));
}

static uint8_t icmp_of(const struct program *g)
{
	return g->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

static void match_icmp(const struct program *g, struct nft_rule *r, uint8_t first, uint8_t last)
{
	nft_match_protocol(r, icmp_of(g));
	nft_match_range(r, NFT_TRANSPORT, 0, &first, &last, 1);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static void flow_key(const struct program *g, struct nft_rule *r)
{
	nft_key_payload(r, NFT_NETWORK, g->peer, g->peer_size);
	nft_key_meta(r, NFT_META_L4PROTO);
	nft_key_payload(r, NFT_TRANSPORT, g->peer_port, 2);
	nft_key_payload(r, NFT_TRANSPORT, g->own_port, 2);
}

/* The identifier of a ping stands for both ports. */
static void ping_key(const struct program *g, struct nft_rule *r)
{
	nft_key_payload(r, NFT_NETWORK, g->peer, g->peer_size);
	nft_key_meta(r, NFT_META_L4PROTO);
	nft_key_payload(r, NFT_TRANSPORT, 4, 2);
	nft_key_payload(r, NFT_TRANSPORT, 4, 2);
}

static void fragment_key(const struct program *g, struct nft_rule *r)
{
	nft_key_payload(r, NFT_NETWORK, g->peer, g->peer_size);
	if (g->six)
		nft_key_fragment(r, 4, 4);
	else
		nft_key_payload(r, NFT_NETWORK, 4, 2);
}

static void update_flow(const struct program *g, struct nft_rule *r, uint64_t seconds)
{
	flow_key(g, r);
	nft_update(r, &g->flows, seconds);
}

/* ---- the chains ------------------------------------------------------------------------------ */

/* Of all fragments only the first one has ports: the others follow it or go nowhere. */
static void judge_fragments(const struct program *g)
{
	static const uint8_t offset4[] = {0x1f, 0xff}, offset6[] = {0xff, 0xf8};
	struct nft_rule follows = rule(g, g->chain), other = rule(g, g->chain);
	struct nft_rule *both[] = {&follows, &other};

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		if (g->six)
			nft_match_fragment_bits(both[i], 2, offset6, sizeof(offset6));
		else
			nft_match_any_bit(both[i], NFT_NETWORK, 6, offset4, sizeof(offset4));
	}
	fragment_key(g, &follows);
	nft_lookup(&follows, &g->fragments, false);
	nft_verdict(&follows, NF_ACCEPT);
	nft_verdict(&other, NF_DROP);
}

static void let_through(const struct program *g)
{
	static const uint8_t more4[] = {0x20, 0}, more6[] = {0, 1};
	struct nft_rule first = rule(g, g->pass), all;

	if (g->six)
		nft_match_fragment_bits(&first, 2, more6, sizeof(more6));
	else
		nft_match_any_bit(&first, NFT_NETWORK, 6, more4, sizeof(more4));
	fragment_key(g, &first);
	nft_update(&first, &g->fragments, FRAGMENTS);
	nft_end(&first);
	all = rule(g, g->pass);
	nft_verdict(&all, NF_ACCEPT);
}

static void update_tcp(const struct program *g, uint8_t any_of, uint8_t all_of, uint64_t seconds)
{
	struct nft_rule r = rule(g, g->live);

	nft_match_protocol(&r, IPPROTO_TCP);
	if (any_of)
		nft_match_any_bit(&r, NFT_TRANSPORT, TCP_FLAGS, &any_of, 1);
	else
		nft_match_masked(&r, NFT_TRANSPORT, TCP_FLAGS, &all_of, &all_of, 1);
	update_flow(g, &r, seconds);
	nft_goto(&r, g->pass);
}

/* A packet of a known flow. What ends a TCP connection is followed by packets without data, which
 * do not lengthen it again: data has PSH. */
static void keep_alive(const struct program *g)
{
	static const struct {
		uint8_t protocol;
		uint64_t seconds;
	} others[] = {{IPPROTO_UDP, DATAGRAMS}, {IPPROTO_SCTP, SCTP}};
	struct nft_rule all;

	update_tcp(g, FIN | RST, 0, NEW_OR_CLOSING);
	update_tcp(g, PSH, 0, TCP_OPEN);
	update_tcp(g, 0, SYN | ACK, TCP_OPEN);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct nft_rule r = rule(g, g->live);

		nft_match_protocol(&r, others[i].protocol);
		update_flow(g, &r, others[i].seconds);
		nft_goto(&r, g->pass);
	}
	all = rule(g, g->live);
	nft_goto(&all, g->pass);
}

/* A packet that the rules allow: what answers it is let through for a while. */
static void begin_flows(const struct program *g)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	const uint8_t request = g->six ? 128 : 8;
	struct nft_rule all;

	for (size_t i = 0; i < ARRAY_SIZE(protocols) && g->remember; i++) {
		struct nft_rule r = rule(g, g->fresh);

		nft_match_protocol(&r, protocols[i]);
		update_flow(g, &r, NEW_OR_CLOSING);
		nft_goto(&r, g->pass);
	}
	if (g->remember) {
		struct nft_rule r = rule(g, g->fresh);

		match_icmp(g, &r, request, request);
		ping_key(g, &r);
		nft_update(&r, &g->flows, PING);
		nft_goto(&r, g->pass);
	}
	all = rule(g, g->fresh);
	nft_goto(&all, g->pass);
}

static void accept_icmp(const struct program *g, uint8_t first, uint8_t last)
{
	struct nft_rule r = rule(g, g->chain);

	match_icmp(g, &r, first, last);
	nft_goto(&r, g->pass);
}

/* Neighbours are found whatever the rules say; errors come in, which only tell of what the
 * container sent. Out they do not go: nobody could say what they are about. */
static void accept_control(const struct program *g)
{
	if (g->six) {
		accept_icmp(g, 130, 137);
		accept_icmp(g, 143, 143);
	}
	if (g->direction != FIREWALL_IN)
		return;
	if (g->six) {
		accept_icmp(g, 1, 4);
	} else {
		accept_icmp(g, 3, 3);
		accept_icmp(g, 11, 12);
	}
}

static void accept_known(const struct program *g)
{
	const uint8_t reply = g->six ? 129 : 0;
	struct nft_rule known = rule(g, g->chain), pong;

	flow_key(g, &known);
	nft_lookup(&known, &g->flows, false);
	nft_goto(&known, g->live);
	pong = rule(g, g->chain);
	match_icmp(g, &pong, reply, reply);
	ping_key(g, &pong);
	nft_lookup(&pong, &g->flows, false);
	nft_goto(&pong, g->pass);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static void end_with(const struct program *g, struct nft_rule *r, bool allow)
{
	if (allow)
		nft_goto(r, g->fresh);
	else
		nft_verdict(r, NF_DROP);
}

static void match_peer(const struct program *g, struct nft_rule *r, const struct prefix *peer)
{
	uint8_t mask[16] = {0};

	for (uint8_t i = 0; i < peer->len; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	nft_match_masked(r, NFT_NETWORK, g->peer, mask, peer->ip.bytes, g->peer_size);
}

static void put_rule(const struct program *g, const struct firewall_rule *f)
{
	uint16_t from = htons(f->from), to = htons(f->to);
	struct nft_rule r;

	if (f->direction != g->direction || firewall_is_policy(f) ||
	    (f->peer.ip.family && (f->peer.ip.family == AF_INET6) != g->six))
		return;
	r = rule(g, g->chain);
	if (f->protocol)
		nft_match_protocol(&r, f->protocol == IPPROTO_ICMP ? icmp_of(g) : f->protocol);
	if (f->peer.ip.family)
		match_peer(g, &r, &f->peer);
	if (f->from)
		nft_match_range(&r, NFT_TRANSPORT, 2, &from, &to, sizeof(to));
	end_with(g, &r, f->allow);
}

static void write_program(const struct program *g)
{
	const char *const chains[] = {g->chain, g->live, g->fresh, g->pass};
	struct nft_rule rest;

	nft_set(g->b, &g->flows);
	nft_set(g->b, &g->fragments);
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		nft_chain(g->b, g->table, chains[i]);
		nft_flush(g->b, NFPROTO_NETDEV, g->table, chains[i]);
	}
	accept_control(g);
	judge_fragments(g);
	accept_known(g);
	for (size_t i = 0; i < g->rules->n; i++)
		put_rule(g, &g->rules->rules[i]);
	rest = rule(g, g->chain);
	end_with(g, &rest, firewall_allows_rest(g->rules, g->direction));
	keep_alive(g);
	begin_flows(g);
	let_through(g);
}

static void make_program(struct program *g, struct nft_batch *b, const struct port_record *p,
			 enum firewall_direction direction, bool six)
{
	static const char *const names[] = {"in", "out"};
	const uint8_t address = six ? NFT_IP6 : NFT_IP4;
	bool in = direction == FIREWALL_IN;
	char family = six ? '6' : '4';

	*g = (struct program){
		.b = b,
		.rules = &p->firewall,
		.direction = direction,
		.six = six,
		.remember = firewall_restricts(&p->firewall, in ? FIREWALL_OUT : FIREWALL_IN),
		.peer = six ? (in ? 8 : 24) : (in ? 12 : 16),
		.peer_size = six ? 16 : 4,
		.peer_port = in ? 0 : 2,
		.own_port = in ? 2 : 0,
		.table = p->port,
	};
	(void)str_format(g->chain, sizeof(g->chain), "%s%c", names[direction], family);
	(void)str_format(g->live, sizeof(g->live), "%s%c_live", names[direction], family);
	(void)str_format(g->fresh, sizeof(g->fresh), "%s%c_new", names[direction], family);
	(void)str_format(g->pass, sizeof(g->pass), "%s%c_pass", names[direction], family);
	(void)str_format(g->flows_name, sizeof(g->flows_name), "flows%c", family);
	(void)str_format(g->fragments_name, sizeof(g->fragments_name), "fragments_%s%c",
			 names[direction], family);
	g->flows = (struct nft_set){
		NFPROTO_NETDEV,
		p->port,
		g->flows_name,
		{address, NFT_PROTOCOL, NFT_SERVICE, NFT_SERVICE},
		.flags = NFT_SET_EVAL | NFT_SET_TIMEOUT,
		.size = FLOWS_MAX,
	};
	g->fragments = (struct nft_set){
		NFPROTO_NETDEV,
		p->port,
		g->fragments_name,
		{address, NFT_FRAGMENT},
		.flags = NFT_SET_EVAL | NFT_SET_TIMEOUT,
		.size = FRAGMENTS_MAX,
	};
}

/* By the type in the frame. What is neither IP nor ARP no rule can judge. */
static void divide(struct nft_batch *b, const struct port_record *p, const char *chain,
		   uint32_t hook, const struct program programs[2])
{
	struct nft_rule r;

	nft_chain_of_port(b, p->port, chain, hook, PRIORITY);
	nft_flush(b, NFPROTO_NETDEV, p->port, chain);
	for (size_t i = 0; i < 2; i++) {
		r = nft_rule(b, NFPROTO_NETDEV, p->port, chain);
		match_ether_type(&r, programs[i].six ? ETH_P_IPV6 : ETH_P_IP);
		nft_goto(&r, programs[i].chain);
	}
	r = nft_rule(b, NFPROTO_NETDEV, p->port, chain);
	match_ether_type(&r, ETH_P_ARP);
	nft_verdict(&r, NF_ACCEPT);
	r = nft_rule(b, NFPROTO_NETDEV, p->port, chain);
	nft_verdict(&r, NF_DROP);
}

void nft_add_firewall(struct nft_batch *b, const struct port_record *p)
{
	struct program programs[FIREWALL_DIRECTIONS][2];

	for (size_t d = 0; d < FIREWALL_DIRECTIONS; d++)
		for (size_t i = 0; i < 2; i++) {
			make_program(&programs[d][i], b, p, (enum firewall_direction)d, i == 1);
			write_program(&programs[d][i]);
		}
	divide(b, p, "in", NF_NETDEV_EGRESS, programs[FIREWALL_IN]);
	divide(b, p, "out", NF_NETDEV_INGRESS, programs[FIREWALL_OUT]);
}
