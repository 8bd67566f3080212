/* nftables messages: see nft_batch.h. */
#include "nft_batch.h"

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <sys/time.h>

#define SPACE (4u << 20)
#define MESSAGE_MAX 65536u
#define ANSWER_SECONDS 8

void nft_fail(struct nft_batch *b, int num)
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

struct nlmsghdr *nft_message(struct nft_batch *b, uint16_t type, uint32_t family, uint16_t flags)
{
	nft_flush_elements(b);
	if (b->failed)
		return NULL;
	b->last = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(b->messages), type,
					(uint16_t)family, flags, b->seq++);
	return b->last;
}

void nft_message_done(struct nft_batch *b)
{
	if (!mnl_nlmsg_batch_next(b->messages))
		nft_fail(b, EMSGSIZE);
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
	/* Everything is one message to the kernel. */
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

/* Reads until the last message is answered, and errors of others before; the first one counts. */
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
		    : read_answers(e, s, b->last ? b->last->nlmsg_seq : 0);
	mnl_socket_close(s);
	return r;
}

void nft_abandon(struct nft_batch *b)
{
	nft_fail(b, ECANCELED);
	nft_flush_elements(b);
	mnl_nlmsg_batch_stop(b->messages);
	free(b->space);
}

int nft_commit(struct err *e, struct nft_batch *b)
{
	int r;

	nft_flush_elements(b);
	if (b->last)
		b->last->nlmsg_flags |= NLM_F_ACK;
	nftnl_batch_end(mnl_nlmsg_batch_current(b->messages), b->seq);
	nft_message_done(b);
	r = b->failed ? err_num(e, b->failed, "build it") : transact(e, b);
	mnl_nlmsg_batch_stop(b->messages);
	free(b->space);
	return r;
}

/* ---- tables, chains -------------------------------------------------------------------------- */

void nft_table(struct nft_batch *b, uint32_t family, const char *table, bool add)
{
	struct nlmsghdr *m = nft_message(b, add ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE, family,
					 add ? NLM_F_CREATE : 0);
	struct nftnl_table *t = m ? nftnl_table_alloc() : NULL;

	if (!t) {
		nft_fail(b, ENOMEM);
		return;
	}
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, table);
	nftnl_table_nlmsg_build_payload(m, t);
	nftnl_table_free(t);
	nft_message_done(b);
}

static void put_chain(struct nft_batch *b, uint32_t family, struct nftnl_chain *c)
{
	struct nlmsghdr *m = c ? nft_message(b, NFT_MSG_NEWCHAIN, family, NLM_F_CREATE) : NULL;

	if (m) {
		nftnl_chain_nlmsg_build_payload(m, c);
		nft_message_done(b);
	}
	if (c)
		nftnl_chain_free(c);
	else
		nft_fail(b, ENOMEM);
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

void nft_chain_of_port(struct nft_batch *b, const char *device, const char *chain, uint32_t hook,
		       int32_t priority)
{
	struct nftnl_chain *c = base_chain(device, chain, "filter", hook, priority, NF_ACCEPT);

	if (c)
		nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
	put_chain(b, NFPROTO_NETDEV, c);
}

void nft_chain(struct nft_batch *b, const char *table, const char *chain)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (c) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain);
	}
	put_chain(b, NFPROTO_NETDEV, c);
}

void nft_chain_of_hook(struct nft_batch *b, const char *table, const char *chain, const char *type,
		       uint32_t hook, int32_t priority)
{
	put_chain(b, NFPROTO_INET, base_chain(table, chain, type, hook, priority, NF_ACCEPT));
}
