/* Rules and their expressions: see nft_batch.h. */
#include "nft_batch.h"

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

/* Keys grow from the first register on; what is compared at once is in the last one. */
#define REGISTER NFT_REG_4
#define KEY_MAX 48u

struct nft_rule nft_rule(struct nft_batch *b, uint32_t family, const char *table, const char *chain)
{
	struct nft_rule r = {.batch = b, .rule = nftnl_rule_alloc()};

	if (!r.rule) {
		nft_fail(b, ENOMEM);
		return r;
	}
	nftnl_rule_set_u32(r.rule, NFTNL_RULE_FAMILY, family);
	nftnl_rule_set_str(r.rule, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(r.rule, NFTNL_RULE_CHAIN, chain);
	return r;
}

void nft_flush(struct nft_batch *b, uint32_t family, const char *table, const char *chain)
{
	struct nft_rule all = nft_rule(b, family, table, chain);
	struct nlmsghdr *m = all.rule ? nft_message(b, NFT_MSG_DELRULE, family, 0) : NULL;

	if (m) {
		nftnl_rule_nlmsg_build_payload(m, all.rule);
		nft_message_done(b);
	}
	if (all.rule)
		nftnl_rule_free(all.rule);
}

/* A new expression at the end of the rule; NULL after a failure. */
static struct nftnl_expr *add(struct nft_rule *r, const char *name)
{
	struct nftnl_expr *x = r->rule ? nftnl_expr_alloc(name) : NULL;

	if (x)
		nftnl_rule_add_expr(r->rule, x);
	else
		nft_fail(r->batch, ENOMEM);
	return x;
}

static void load_payload(struct nft_rule *r, enum nft_base base, uint32_t offset, uint32_t size,
			 uint32_t to)
{
	struct nftnl_expr *x = add(r, "payload");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, size);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, to);
}

static void load_meta(struct nft_rule *r, uint32_t key, uint32_t to)
{
	struct nftnl_expr *x = add(r, "meta");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, to);
}

static void compare(struct nft_rule *r, uint32_t op, const void *data, uint32_t size)
{
	struct nftnl_expr *x = add(r, "cmp");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, REGISTER);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(x, NFTNL_EXPR_CMP_DATA, data, size);
}

static void mask(struct nft_rule *r, const void *bits, uint32_t size)
{
	static const uint8_t zero[16];
	struct nftnl_expr *x = add(r, "bitwise");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, REGISTER);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, REGISTER);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, size);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, bits, size);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, zero, size);
}

/* One bit of them at least. */
static void match_bits(struct nft_rule *r, const void *bits, uint32_t size)
{
	static const uint8_t zero[16];

	mask(r, bits, size);
	compare(r, NFT_CMP_NEQ, zero, size);
}

void nft_match_any_bit(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *bits,
		       uint32_t size)
{
	load_payload(r, base, offset, size, REGISTER);
	match_bits(r, bits, size);
}

void nft_match_masked(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *bits,
		      const void *data, uint32_t size)
{
	load_payload(r, base, offset, size, REGISTER);
	mask(r, bits, size);
	compare(r, NFT_CMP_EQ, data, size);
}

void nft_match_range(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *first,
		     const void *last, uint32_t size)
{
	load_payload(r, base, offset, size, REGISTER);
	compare(r, NFT_CMP_GTE, first, size);
	compare(r, NFT_CMP_LTE, last, size);
}

void nft_match(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *data,
	       uint32_t size)
{
	load_payload(r, base, offset, size, REGISTER);
	compare(r, NFT_CMP_EQ, data, size);
}

void nft_match_not(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *data,
		   uint32_t size)
{
	load_payload(r, base, offset, size, REGISTER);
	compare(r, NFT_CMP_NEQ, data, size);
}

void nft_match_protocol(struct nft_rule *r, uint8_t protocol)
{
	load_meta(r, NFT_META_L4PROTO, REGISTER);
	compare(r, NFT_CMP_EQ, &protocol, sizeof(protocol));
}

void nft_match_family(struct nft_rule *r, uint8_t family)
{
	load_meta(r, NFT_META_NFPROTO, REGISTER);
	compare(r, NFT_CMP_EQ, &family, sizeof(family));
}

/* "fib daddr type local" */
void nft_match_local(struct nft_rule *r)
{
	struct nftnl_expr *x = add(r, "fib");
	const uint32_t local = RTN_LOCAL;

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, REGISTER);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	compare(r, NFT_CMP_EQ, &local, sizeof(local));
}

/* "ct status dnat": of a connection that was led elsewhere, both directions. */
void nft_match_translated(struct nft_rule *r)
{
	struct nftnl_expr *x = add(r, "ct");
	const uint32_t bit = IPS_DST_NAT;

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, NFT_CT_STATUS);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, REGISTER);
	match_bits(r, &bit, sizeof(bit));
}

static void load_fragment(struct nft_rule *r, uint32_t offset, uint32_t size, uint32_t flags,
			  uint32_t to)
{
	struct nftnl_expr *x = add(r, "exthdr");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_DREG, to);
	nftnl_expr_set_u8(x, NFTNL_EXPR_EXTHDR_TYPE, IPPROTO_FRAGMENT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OFFSET, offset);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_LEN, size);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_FLAGS, flags);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
}

void nft_match_fragment(struct nft_rule *r)
{
	const uint8_t present = 1;

	load_fragment(r, 0, 1, NFT_EXTHDR_F_PRESENT, REGISTER);
	compare(r, NFT_CMP_EQ, &present, sizeof(present));
}

void nft_match_fragment_bits(struct nft_rule *r, uint32_t offset, const void *bits, uint32_t size)
{
	load_fragment(r, offset, size, 0, REGISTER);
	match_bits(r, bits, size);
}

/* The register for the next `size` bytes of the key. */
static uint32_t key_register(struct nft_rule *r, uint32_t size)
{
	uint32_t at = r->key;

	r->key += (size + 3) / 4 * 4;
	if (r->key > KEY_MAX)
		nft_fail(r->batch, E2BIG);
	return NFT_REG32_00 + at / 4;
}

void nft_key_payload(struct nft_rule *r, enum nft_base base, uint32_t offset, uint32_t size)
{
	load_payload(r, base, offset, size, key_register(r, size));
}

void nft_key_meta(struct nft_rule *r, uint32_t meta)
{
	bool name = meta == NFT_META_IIFNAME || meta == NFT_META_OIFNAME;

	load_meta(r, meta, key_register(r, name ? IF_NAMESIZE : 4));
}

void nft_key_fragment(struct nft_rule *r, uint32_t offset, uint32_t size)
{
	load_fragment(r, offset, size, 0, key_register(r, size));
}

void nft_update(struct nft_rule *r, const struct nft_set *set, uint64_t seconds)
{
	struct nftnl_expr *x = add(r, "dynset");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u64(x, NFTNL_EXPR_DYNSET_TIMEOUT, seconds * 1000);
	nftnl_expr_set_str(x, NFTNL_EXPR_DYNSET_SET_NAME, set->name);
	r->key = 0;
}

void nft_lookup(struct nft_rule *r, const struct nft_set *set, bool invert)
{
	struct nftnl_expr *x = add(r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, set->name);
	if (invert)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	r->key = 0;
}

void nft_limit_over(struct nft_rule *r, uint64_t bytes_per_second, uint32_t burst)
{
	struct nftnl_expr *x = add(r, "limit");

	if (!x)
		return;
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_RATE, bytes_per_second);
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKT_BYTES);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
}

void nft_map(struct nft_rule *r, const struct nft_set *map)
{
	struct nftnl_expr *x = add(r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, map->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
	r->key = 0;
}

void nft_count(struct nft_rule *r, const char *counter)
{
	struct nftnl_expr *x = add(r, "objref");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(x, NFTNL_EXPR_OBJREF_IMM_NAME, counter);
}

void nft_end(struct nft_rule *r)
{
	struct nlmsghdr *m = r->rule ? nft_message(r->batch, NFT_MSG_NEWRULE,
						   nftnl_rule_get_u32(r->rule, NFTNL_RULE_FAMILY),
						   NLM_F_CREATE | NLM_F_APPEND)
				     : NULL;

	if (m) {
		nftnl_rule_nlmsg_build_payload(m, r->rule);
		nft_message_done(r->batch);
	}
	if (r->rule)
		nftnl_rule_free(r->rule);
	r->rule = NULL;
}

void nft_verdict(struct nft_rule *r, uint32_t verdict)
{
	struct nftnl_expr *x = add(r, "immediate");

	if (x) {
		nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT, verdict);
	}
	nft_end(r);
}

void nft_goto(struct nft_rule *r, const char *chain)
{
	struct nftnl_expr *x = add(r, "immediate");

	if (x) {
		nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT, (uint32_t)NFT_GOTO);
		nftnl_expr_set_str(x, NFTNL_EXPR_IMM_CHAIN, chain);
	}
	nft_end(r);
}

void nft_masquerade(struct nft_rule *r)
{
	(void)add(r, "masq");
	nft_end(r);
}

void nft_translate(struct nft_rule *r, uint8_t family)
{
	struct nftnl_expr *x = add(r, "nat");

	if (x) {
		nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
		nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_FAMILY, family);
		nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
		nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_PROTO_MIN,
				   NFT_REG32_00 + (family == NFPROTO_IPV4 ? 1 : 4));
	}
	nft_end(r);
}
