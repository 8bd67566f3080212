/*
 * Private: one nftables transaction being built. Errors stick: nft_commit() reports them. A rule is
 * written as nft(8) reads: matches in order, then what ends it, nft_verdict() or nft_masquerade().
 */
#ifndef BAWN_NETNS_NFT_BATCH_H
#define BAWN_NETNS_NFT_BATCH_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

#include "ip.h"

struct nft_batch {
	char *space;
	struct mnl_nlmsg_batch *messages;
	uint32_t seq, last;		/* last: number of the message that is acknowledged */
	int failed;			/* -errno */
};

int nft_begin(struct err *e, struct nft_batch *b);
/* Sends it, waits for the answer, and frees everything. */
int nft_commit(struct err *e, struct nft_batch *b);

/* add: makes it, which is no error when it is there; else removes it with all in it. */
void nft_table(struct nft_batch *b, uint32_t family, const char *table, bool add);
/* netdev, table and chain of the device's name: what comes in through it; what no rule accepts is
 * dropped. */
void nft_chain_of_device(struct nft_batch *b, const char *device);
/* inet: "type TYPE hook HOOK priority PRIORITY", accepts. */
void nft_chain_of_hook(struct nft_batch *b, const char *table, const char *chain, const char *type,
		       uint32_t hook, int32_t priority);

/* Sets of the inet table "bawn". Those of addresses hold prefixes. */
enum nft_key { NFT_KEY_IP4, NFT_KEY_IP6, NFT_KEY_DEVICE, NFT_KEY_DEVICES };
void nft_set(struct nft_batch *b, const char *set, enum nft_key key);
void nft_add(struct nft_batch *b, const char *set, const void *key, uint32_t key_size);
void nft_add_prefix(struct nft_batch *b, const char *set, const struct prefix *p);

enum nft_base {
	NFT_LINK = NFT_PAYLOAD_LL_HEADER,
	NFT_NETWORK = NFT_PAYLOAD_NETWORK_HEADER,
	NFT_TRANSPORT = NFT_PAYLOAD_TRANSPORT_HEADER,
};
struct nft_rule {
	struct nft_batch *batch;
	struct nftnl_rule *rule;	/* NULL once it has ended */
};
struct nft_rule nft_rule(struct nft_batch *b, uint32_t family, const char *table,
			 const char *chain);
void nft_match(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *data,
	       uint32_t size);
void nft_match_not(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *data,
		   uint32_t size);
void nft_match_protocol(struct nft_rule *r, uint8_t protocol);	/* behind extension headers */
void nft_match_family(struct nft_rule *r, uint8_t family);	/* NFPROTO_IPV4, NFPROTO_IPV6 */
void nft_match_fragment(struct nft_rule *r);			/* IPv6, also the first one */
/* invert: what is not in the set. */
void nft_lookup(struct nft_rule *r, const char *set, enum nft_base base, uint32_t offset,
		uint32_t size, bool invert);
void nft_lookup_device(struct nft_rule *r, const char *set, bool in);	/* or out */
void nft_lookup_devices(struct nft_rule *r, const char *set);		/* in and out as one key */
void nft_verdict(struct nft_rule *r, uint32_t verdict);		/* NF_ACCEPT, NF_DROP */
void nft_masquerade(struct nft_rule *r);

#endif
