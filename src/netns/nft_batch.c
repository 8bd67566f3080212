/* nftables messages: see nft_batch.h. */
#include "nft_batch.h"

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/time.h>

#define SPACE (4u << 20)
#define MESSAGE_MAX 8192u
#define ANSWER_SECONDS 8
#define SETS_TABLE "bawn"
/* Registers of 4 bytes hold keys that are made of two names: 16 bytes further. */
#define REGISTER NFT_REG_1
#define REGISTER_NEXT NFT_REG_2

static void fail(struct nft_batch *b, int num)
{
	if (!b->failed)
		b->failed = -num;
}

int nft_begin(struct err *e, struct nft_batch *b)
{
	*b = (struct nft_batch){.space = malloc(SPACE + MESSAGE_MAX), .seq = 1};
	if (b->space)
		b->messages = mnl_nlmsg_batch_start(b->space, SPACE);
	if (!b->messages) {
		free(b->space);
		return err_nomem(e);
	}
	nftnl_batch_begin(mnl_nlmsg_batch_current(b->messages), b->seq++);
	mnl_nlmsg_batch_next(b->messages);
	return 0;
}

/* The next message; NULL after a failure. */
static struct nlmsghdr *message(struct nft_batch *b, uint16_t type, uint32_t family, uint16_t flags)
{
	if (b->failed)
		return NULL;
	b->last = b->seq++;
	return nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(b->messages), type, (uint16_t)family,
				     flags | NLM_F_ACK, b->last);
}

static void message_done(struct nft_batch *b)
{
	if (!mnl_nlmsg_batch_next(b->messages))
		fail(b, EMSGSIZE);
}

/* ---- sending --------------------------------------------------------------------------------- */

static struct mnl_socket *open_socket(struct err *e)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	int size = SPACE, on = 1, fd;

	if (!s) {
		err_sys(e, "open an nftables socket");
		return NULL;
	}
	fd = mnl_socket_get_fd(s);
	/* Everything is one message to the kernel, and each part of it is answered. */
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
	    mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &on, sizeof(on)) < 0) {
		err_sys(e, "set up an nftables socket");
		mnl_socket_close(s);
		return NULL;
	}
	return s;
}

/* Reads until the last message is answered; the first error counts. */
static int read_answers(struct err *e, struct mnl_socket *s, uint32_t last)
{
	_Alignas(struct nlmsghdr) char part[32768];
	uint32_t seen = 0;
	int error = 0;

	while (seen != last) {
		ssize_t n = mnl_socket_recvfrom(s, part, sizeof(part));
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_num(e, errno == EAGAIN ? ETIMEDOUT : errno,
				       "wait for the kernel's answer");
		for (const struct nlmsghdr *m = (const void *)part; mnl_nlmsg_ok(m, left);
		     m = mnl_nlmsg_next(m, &left)) {
			const struct nlmsgerr *answer = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type != NLMSG_ERROR)
				continue;
			seen = m->nlmsg_seq;
			error = error ? error : answer->error;
			/* The whole batch was refused, before its parts were looked at. */
			if (answer->error && m->nlmsg_seq == 1)
				seen = last;
		}
	}
	return error ? err_num(e, error, "the kernel refuses it") : 0;
}

static int transact(struct err *e, const struct nft_batch *b)
{
	struct mnl_socket *s = open_socket(e);
	int r;

	if (!s)
		return -e->num;
	r = mnl_socket_sendto(s, mnl_nlmsg_batch_head(b->messages),
			      mnl_nlmsg_batch_size(b->messages)) < 0
		    ? err_sys(e, "send it to the kernel")
		    : read_answers(e, s, b->last);
	mnl_socket_close(s);
	return r;
}

int nft_commit(struct err *e, struct nft_batch *b)
{
	int r;

	nftnl_batch_end(mnl_nlmsg_batch_current(b->messages), b->seq);
	message_done(b);
	r = b->failed ? err_num(e, b->failed, "build it") : transact(e, b);
	mnl_nlmsg_batch_stop(b->messages);
	free(b->space);
	return r;
}

/* ---- tables, chains, sets -------------------------------------------------------------------- */

void nft_table(struct nft_batch *b, uint32_t family, const char *table, bool add)
{
	struct nlmsghdr *m = message(b, add ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE, family,
				     add ? NLM_F_CREATE : 0);
	struct nftnl_table *t = m ? nftnl_table_alloc() : NULL;

	if (!t) {
		fail(b, ENOMEM);
		return;
	}
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, table);
	nftnl_table_nlmsg_build_payload(m, t);
	nftnl_table_free(t);
	message_done(b);
}

static void put_chain(struct nft_batch *b, uint32_t family, struct nftnl_chain *c)
{
	struct nlmsghdr *m = c ? message(b, NFT_MSG_NEWCHAIN, family, NLM_F_CREATE) : NULL;

	if (m) {
		nftnl_chain_nlmsg_build_payload(m, c);
		message_done(b);
	}
	if (c)
		nftnl_chain_free(c);
	else
		fail(b, ENOMEM);
}

static struct nftnl_chain *base_chain(const char *table, const char *chain, const char *type,
				      uint32_t hook, int32_t priority, uint32_t policy)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return NULL;
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, type);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, policy);
	return c;
}

void nft_chain_of_device(struct nft_batch *b, const char *device)
{
	struct nftnl_chain *c =
		base_chain(device, device, "filter", NF_NETDEV_INGRESS, -300, NF_DROP);

	if (c)
		nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
	put_chain(b, NFPROTO_NETDEV, c);
}

void nft_chain_of_hook(struct nft_batch *b, const char *table, const char *chain, const char *type,
		       uint32_t hook, int32_t priority)
{
	put_chain(b, NFPROTO_INET, base_chain(table, chain, type, hook, priority, NF_ACCEPT));
}

static struct nftnl_set *new_set(const char *set)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		return NULL;
	nftnl_set_set_str(s, NFTNL_SET_TABLE, SETS_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set);
	return s;
}

/* Types and byte order are for those who list the set (nftables, datatype.h): the kernel does
 * not look at them. */
static const struct {
	uint32_t type, size, flags, order;
} keys[] = {
	[NFT_KEY_IP4] = {7, 4, NFT_SET_INTERVAL, 2},
	[NFT_KEY_IP6] = {8, 16, NFT_SET_INTERVAL, 2},
	[NFT_KEY_DEVICE] = {41, 16, 0, 1},
	[NFT_KEY_DEVICES] = {41 << 6 | 41, 32, 0, 0},
};

static void put_byte_order(struct nftnl_set *s, uint32_t order)
{
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(64);

	if (!u)
		return;
	if (nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, order))
		nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u),
				   nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

void nft_set(struct nft_batch *b, const char *set, enum nft_key key)
{
	struct nftnl_set *s = new_set(set);
	struct nlmsghdr *m = s ? message(b, NFT_MSG_NEWSET, NFPROTO_INET, NLM_F_CREATE) : NULL;

	if (m) {
		nftnl_set_set_u32(s, NFTNL_SET_FLAGS, keys[key].flags);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, keys[key].type);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, keys[key].size);
		nftnl_set_set_u32(s, NFTNL_SET_ID, b->last);
		put_byte_order(s, keys[key].order);
		nftnl_set_nlmsg_build_payload(m, s);
		message_done(b);
	}
	if (s)
		nftnl_set_free(s);
	else
		fail(b, ENOMEM);
}

static void add_element(struct nftnl_set *s, const void *key, uint32_t size, bool end)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (!element)
		return;	/* a set without elements is refused */
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, size);
	if (end)
		nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	nftnl_set_elem_add(s, element);
}

static void put_elements(struct nft_batch *b, struct nftnl_set *s)
{
	struct nlmsghdr *m = message(b, NFT_MSG_NEWSETELEM, NFPROTO_INET, NLM_F_CREATE);

	if (m) {
		nftnl_set_elems_nlmsg_build_payload(m, s);
		message_done(b);
	}
	nftnl_set_free(s);
}

void nft_add(struct nft_batch *b, const char *set, const void *key, uint32_t key_size)
{
	struct nftnl_set *s = new_set(set);

	if (!s) {
		fail(b, ENOMEM);
		return;
	}
	add_element(s, key, key_size, false);
	put_elements(b, s);
}

/* From its first address up to, not including, the one behind its last. */
void nft_add_prefix(struct nft_batch *b, const char *set, const struct prefix *p)
{
	struct nftnl_set *s = new_set(set);
	struct ip end = p->ip;
	uint32_t size = (uint32_t)ip_size(&end), carry = 1;

	if (!s) {
		fail(b, ENOMEM);
		return;
	}
	for (size_t i = size; i > 0; i--) {
		size_t bit = p->len > (i - 1) * 8 ? p->len - (i - 1) * 8 : 0;
		uint32_t host = bit >= 8 ? 0 : 0xffu >> bit;

		carry += (uint32_t)(end.bytes[i - 1] | host);
		end.bytes[i - 1] = (uint8_t)carry;
		carry >>= 8;
	}
	add_element(s, p->ip.bytes, size, false);
	if (!carry)
		add_element(s, end.bytes, size, true);
	put_elements(b, s);
}

/* ---- rules ----------------------------------------------------------------------------------- */

struct nft_rule nft_rule(struct nft_batch *b, uint32_t family, const char *table, const char *chain)
{
	struct nft_rule r = {.batch = b, .rule = nftnl_rule_alloc()};

	if (!r.rule) {
		fail(b, ENOMEM);
		return r;
	}
	nftnl_rule_set_u32(r.rule, NFTNL_RULE_FAMILY, family);
	nftnl_rule_set_str(r.rule, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(r.rule, NFTNL_RULE_CHAIN, chain);
	return r;
}

/* A new expression at the end of the rule; NULL after a failure. */
static struct nftnl_expr *add(struct nft_rule *r, const char *name)
{
	struct nftnl_expr *x = r->rule ? nftnl_expr_alloc(name) : NULL;

	if (x)
		nftnl_rule_add_expr(r->rule, x);
	else
		fail(r->batch, ENOMEM);
	return x;
}

static void load_payload(struct nft_rule *r, enum nft_base base, uint32_t offset, uint32_t size)
{
	struct nftnl_expr *x = add(r, "payload");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, size);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, REGISTER);
}

static void load_meta(struct nft_rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *x = add(r, "meta");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, reg);
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

static void look_up(struct nft_rule *r, const char *set, bool invert)
{
	struct nftnl_expr *x = add(r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, REGISTER);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, set);
	if (invert)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void nft_match(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *data,
	       uint32_t size)
{
	load_payload(r, base, offset, size);
	compare(r, NFT_CMP_EQ, data, size);
}

void nft_match_not(struct nft_rule *r, enum nft_base base, uint32_t offset, const void *data,
		   uint32_t size)
{
	load_payload(r, base, offset, size);
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

void nft_match_fragment(struct nft_rule *r)
{
	struct nftnl_expr *x = add(r, "exthdr");
	const uint8_t present = 1;

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_DREG, REGISTER);
	nftnl_expr_set_u8(x, NFTNL_EXPR_EXTHDR_TYPE, IPPROTO_FRAGMENT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OFFSET, 0);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_LEN, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_FLAGS, NFT_EXTHDR_F_PRESENT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
	compare(r, NFT_CMP_EQ, &present, sizeof(present));
}

void nft_lookup(struct nft_rule *r, const char *set, enum nft_base base, uint32_t offset,
		uint32_t size, bool invert)
{
	load_payload(r, base, offset, size);
	look_up(r, set, invert);
}

void nft_lookup_device(struct nft_rule *r, const char *set, bool in)
{
	load_meta(r, in ? NFT_META_IIFNAME : NFT_META_OIFNAME, REGISTER);
	look_up(r, set, false);
}

void nft_lookup_devices(struct nft_rule *r, const char *set)
{
	load_meta(r, NFT_META_IIFNAME, REGISTER);
	load_meta(r, NFT_META_OIFNAME, REGISTER_NEXT);
	look_up(r, set, false);
}

static void end_rule(struct nft_rule *r)
{
	struct nlmsghdr *m = r->rule ? message(r->batch, NFT_MSG_NEWRULE,
					       nftnl_rule_get_u32(r->rule, NFTNL_RULE_FAMILY),
					       NLM_F_CREATE | NLM_F_APPEND)
				     : NULL;

	if (m) {
		nftnl_rule_nlmsg_build_payload(m, r->rule);
		message_done(r->batch);
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
	end_rule(r);
}

void nft_masquerade(struct nft_rule *r)
{
	(void)add(r, "masq");
	end_rule(r);
}
