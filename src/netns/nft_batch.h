/*
 * Private: one nftables transaction being built. Errors stick: nft_commit() reports them. A rule is
 * written as nft(8) reads: matches in order, then what ends it, nft_verdict() or nft_masquerade().
 */
#ifndef BAWN_NETNS_NFT_BATCH_H
#define BAWN_NETNS_NFT_BATCH_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

#include "ip.h"

struct nft_set;
struct nftnl_set;

struct nft_batch {
	char *space;
	struct mnl_nlmsg_batch *messages;
	uint32_t seq;
	struct nlmsghdr *last;		/* the message that is acknowledged */
	int failed;			/* -errno */
	struct {			/* elements that share a message, until it is full */
		const struct nft_set *set;
		struct nftnl_set *list;	/* NULL: none */
		bool add;
		unsigned int n;
	} elements;
};

int nft_begin(struct err *e, struct nft_batch *b);
/* Sends it, waits for the answer, and frees everything. */
int nft_commit(struct err *e, struct nft_batch *b);
/* Frees everything; nothing is changed. */
void nft_abandon(struct nft_batch *b);

/* For those who build messages: the next one, NULL after a failure. */
struct nlmsghdr *nft_message(struct nft_batch *b, uint16_t type, uint32_t family, uint16_t flags);
void nft_message_done(struct nft_batch *b);
void nft_fail(struct nft_batch *b, int num);
void nft_flush_elements(struct nft_batch *b);

/* add: makes it, which is no error when it is there; else removes it with all in it. */
void nft_table(struct nft_batch *b, uint32_t family, const char *table, bool add);
/* netdev, table and chain of the device's name: what comes in through it; what no rule accepts is
 * dropped. */
void nft_chain_of_device(struct nft_batch *b, const char *device);
/* A named counter; one that is there goes on. */
void nft_add_counter(struct nft_batch *b, uint32_t family, const char *table, const char *name);
/* Removes all rules of a chain. */
void nft_flush(struct nft_batch *b, uint32_t family, const char *table, const char *chain);
/* netdev, table of the device's name: after that one (hook NF_NETDEV_INGRESS), or what leaves
 * through the device (_EGRESS); what no rule drops is accepted. */
void nft_chain_of_port(struct nft_batch *b, const char *device, const char *chain, uint32_t hook,
		       int32_t priority);
/* netdev: one that rules go to. */
void nft_chain(struct nft_batch *b, const char *table, const char *chain);
/* inet: "type TYPE hook HOOK priority PRIORITY", accepts. */
void nft_chain_of_hook(struct nft_batch *b, const char *table, const char *chain, const char *type,
		       uint32_t hook, int32_t priority);

enum nft_type {
	NFT_NONE,
	NFT_IP4,
	NFT_IP6,
	NFT_PROTOCOL,
	NFT_SERVICE,
	NFT_GROUP,
	NFT_DEVICE,
	NFT_FRAGMENT
};
#define NFT_FIELDS 4
/* A set, or with `data` a map. What a key and a value are made of, in order. */
struct nft_set {
	uint32_t family;		/* NFPROTO_* */
	const char *table, *name;
	uint8_t key[NFT_FIELDS], data[NFT_FIELDS];
	uint32_t flags;			/* NFT_SET_INTERVAL: of prefixes; NFT_SET_EVAL... */
	uint32_t size;			/* at most; 0: no limit */
};
void nft_set(struct nft_batch *b, const struct nft_set *set);

/* A key or value in the bytes that the kernel compares: fields begin at multiples of 4. */
struct nft_bytes {
	uint8_t v[64];
	uint32_t size;
};
void nft_put(struct nft_bytes *to, const void *field, uint32_t size);
void nft_put_device(struct nft_bytes *to, const char *name);
/* add: no error when it is there with the same value; else it must be there. value: of maps. */
void nft_element(struct nft_batch *b, const struct nft_set *set, bool add,
		 const struct nft_bytes *key, const struct nft_bytes *value);
void nft_add_prefix(struct nft_batch *b, const struct nft_set *set, const struct prefix *p);

enum nft_base {
	NFT_LINK = NFT_PAYLOAD_LL_HEADER,
	NFT_NETWORK = NFT_PAYLOAD_NETWORK_HEADER,
	NFT_TRANSPORT = NFT_PAYLOAD_TRANSPORT_HEADER,
};
struct nft_rule {
	struct nft_batch *batch;
	struct nftnl_rule *rule;	/* NULL once it has ended */
	uint32_t key;			/* bytes of the key that are loaded */
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
/* At least one of the bits. */
void nft_match_any_bit(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *bits,
		       uint32_t size);
void nft_match_masked(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *mask,
		      const void *data, uint32_t size);
/* Numbers in network order, both included. */
void nft_match_range(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *first,
		     const void *last, uint32_t size);
/* Bits of the fragment header of IPv6. */
void nft_match_fragment_bits(struct nft_rule *r, uint32_t offset, const void *bits, uint32_t size);

/* A key is loaded field by field, then looked up. meta: NFT_META_* */
void nft_key_payload(struct nft_rule *r, enum nft_base base, uint32_t offset, uint32_t size);
void nft_key_meta(struct nft_rule *r, uint32_t meta);
void nft_key_fragment(struct nft_rule *r, uint32_t offset, uint32_t size);	/* as above */
/* The set (NFT_SET_EVAL, NFT_SET_TIMEOUT) has the key from now on for that long. No match when it
 * is full. */
void nft_update(struct nft_rule *r, const struct nft_set *set, uint64_t seconds);
/* invert: what is not in the set. */
void nft_lookup(struct nft_rule *r, const struct nft_set *set, bool invert);
/* What exceeds it: a bucket of one second and a burst (nft_limit.c). */
void nft_limit_over(struct nft_rule *r, uint64_t bytes_per_second, uint32_t burst);
/* The key is replaced by the map's value; no match when it has none. */
void nft_map(struct nft_rule *r, const struct nft_set *map);
void nft_match_local(struct nft_rule *r);	/* the destination is an address of the host */
void nft_match_translated(struct nft_rule *r);	/* a connection with nft_translate(), both ways */
void nft_count(struct nft_rule *r, const char *counter);
void nft_verdict(struct nft_rule *r, uint32_t verdict);		/* NF_ACCEPT, NF_DROP */
void nft_goto(struct nft_rule *r, const char *chain);
void nft_end(struct nft_rule *r);	/* and on with the next rule */
void nft_masquerade(struct nft_rule *r);
/* "dnat" to the address and port of nft_map(). */
void nft_translate(struct nft_rule *r, uint8_t family);

#endif
