/*
 * Ports of the host that lead to containers: two maps for each family in the table of all networks,
 * from an address, a protocol and a port, or for every address of the host from protocol and port.
 * So a packet passes two lookups however many ports are published.
 */
#include "nft_publish.h"

#include <linux/netfilter.h>
#include <netinet/in.h>

#define TABLE "bawn"
#define ADDRESS4 16			/* of the destination, in the headers */
#define ADDRESS6 24
#define PORT 2

static const struct nft_set one[SUBNET_MAX] = {
	[SUBNET_V4] = {NFPROTO_INET,
		       TABLE,
		       "publish4",
		       {NFT_IP4, NFT_PROTOCOL, NFT_SERVICE},
		       .data = {NFT_IP4, NFT_SERVICE}},
	[SUBNET_V6] = {NFPROTO_INET,
		       TABLE,
		       "publish6",
		       {NFT_IP6, NFT_PROTOCOL, NFT_SERVICE},
		       .data = {NFT_IP6, NFT_SERVICE}},
};
static const struct nft_set any[SUBNET_MAX] = {
	[SUBNET_V4] = {NFPROTO_INET,
		       TABLE,
		       "publish_any4",
		       {NFT_PROTOCOL, NFT_SERVICE},
		       .data = {NFT_IP4, NFT_SERVICE}},
	[SUBNET_V6] = {NFPROTO_INET,
		       TABLE,
		       "publish_any6",
		       {NFT_PROTOCOL, NFT_SERVICE},
		       .data = {NFT_IP6, NFT_SERVICE}},
};

/* ---- the chains ------------------------------------------------------------------------------ */

/* "dnat ip to ip daddr . meta l4proto . th dport map @publish4", then the same without "ip daddr"
 * for "fib daddr type local". */
static void translate(struct nft_batch *b, const char *chain, size_t i)
{
	uint8_t family = i == SUBNET_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct nft_rule to_one = nft_rule(b, NFPROTO_INET, TABLE, chain), to_any;

	nft_match_family(&to_one, family);
	nft_key_payload(&to_one, NFT_NETWORK, i == SUBNET_V4 ? ADDRESS4 : ADDRESS6,
			i == SUBNET_V4 ? 4 : 16);
	nft_key_meta(&to_one, NFT_META_L4PROTO);
	nft_key_payload(&to_one, NFT_TRANSPORT, PORT, 2);
	nft_map(&to_one, &one[i]);
	nft_translate(&to_one, family);
	to_any = nft_rule(b, NFPROTO_INET, TABLE, chain);
	nft_match_family(&to_any, family);
	nft_match_local(&to_any);
	nft_key_meta(&to_any, NFT_META_L4PROTO);
	nft_key_payload(&to_any, NFT_TRANSPORT, PORT, 2);
	nft_map(&to_any, &any[i]);
	nft_translate(&to_any, family);
}

/* Answers to ::1 that come from a device are dropped by the kernel: better no connection than one
 * that hangs. */
static void leave_loopback6(struct nft_batch *b)
{
	static const uint8_t loopback[16] = {[15] = 1};
	struct nft_rule r = nft_rule(b, NFPROTO_INET, TABLE, "output");

	nft_match_family(&r, NFPROTO_IPV6);
	nft_match(&r, NFT_NETWORK, ADDRESS6, loopback, sizeof(loopback));
	nft_verdict(&r, NF_ACCEPT);
}

/* A container that talked to 127.0.0.1 would answer itself. */
static void hide_loopback4(struct nft_batch *b)
{
	static const uint8_t loopback = 127;
	struct nft_rule r = nft_rule(b, NFPROTO_INET, TABLE, "postrouting");

	nft_match_family(&r, NFPROTO_IPV4);
	nft_match_translated(&r);
	nft_match(&r, NFT_NETWORK, 12, &loopback, sizeof(loopback));
	nft_masquerade(&r);
}

void nft_add_publishing(struct nft_batch *b)
{
	nft_chain_of_hook(b, TABLE, "prerouting", "nat", NF_INET_PRE_ROUTING, -100);
	nft_chain_of_hook(b, TABLE, "output", "nat", NF_INET_LOCAL_OUT, -100);
	for (size_t i = 0; i < SUBNET_MAX; i++) {
		nft_set(b, &one[i]);
		nft_set(b, &any[i]);
	}
	leave_loopback6(b);
	for (size_t i = 0; i < SUBNET_MAX; i++) {
		translate(b, "prerouting", i);
		translate(b, "output", i);
	}
	hide_loopback4(b);
}

/* ---- the ports ------------------------------------------------------------------------------- */

static void put_element(struct nft_batch *b, const struct published_port *port, bool add)
{
	size_t i = port->host.family == AF_INET ? SUBNET_V4 : SUBNET_V6;
	uint16_t from = htons(port->from), to = htons(port->to);
	struct nft_bytes key = {0}, value = {0};

	if (!published_is_any(port))
		nft_put(&key, port->host.bytes, (uint32_t)ip_size(&port->host));
	nft_put(&key, &port->of->protocol, 1);
	nft_put(&key, &from, sizeof(from));
	nft_put(&value, port->container.bytes, (uint32_t)ip_size(&port->container));
	nft_put(&value, &to, sizeof(to));
	nft_element(b, published_is_any(port) ? &any[i] : &one[i], add, &key, add ? &value : NULL);
}

struct change {
	struct nft_batch *batch;
	int root_fd;
	const struct port_record *record;
	bool add;
};

/* What a container asked for and did not get is another one's. */
static int change_own(struct err *e, void *arg, const struct published_port *port)
{
	const struct change *c = arg;

	(void)e;
	if (published_is_own(c->root_fd, c->record, port))
		put_element(c->batch, port, c->add);
	return 0;
}

static void change(struct nft_batch *b, int root_fd, const struct port_record *p, bool add)
{
	struct change c = {.batch = b, .root_fd = root_fd, .record = p, .add = add};
	struct err none;

	(void)published_walk(&none, p, change_own, &c);
}

void nft_add_published(struct nft_batch *b, int root_fd, const struct port_record *p)
{
	change(b, root_fd, p, true);
}

int nft_publish_port(struct err *e, int root_fd, const struct port_record *p)
{
	struct nft_batch b;
	int r = nft_begin(e, &b);

	if (r < 0)
		return r;
	change(&b, root_fd, p, true);
	r = nft_commit(e, &b);
	if (r == -ENOENT)
		return err_set(e, ERR_STATE,
			       "the nftables rules of the networks are gone: run "
			       "bawn network reload");
	return r < 0 ? err_wrap(e, r, "publish ports") : 0;
}

int nft_unpublish_port(struct err *e, int root_fd, const struct port_record *p)
{
	struct nft_batch b;
	int r = nft_begin(e, &b);

	if (r < 0)
		return r;
	/* Added first, so that it is there to be removed. */
	change(&b, root_fd, p, true);
	change(&b, root_fd, p, false);
	r = nft_commit(e, &b);
	/* Somebody has removed the table, with all that was in it. */
	return r < 0 && r != -ENOENT ? err_wrap(e, r, "take back published ports") : 0;
}
