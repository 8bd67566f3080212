/* Named counters: see nft_batch.h, nft.h. */
#include "nft.h"

#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft_batch.h"
#include "nl.h"

void nft_add_counter(struct nft_batch *b, uint32_t family, const char *table, const char *name)
{
	struct nlmsghdr *m = nft_message(b, NFT_MSG_NEWOBJ, family, NLM_F_CREATE);
	struct nftnl_obj *o = m ? nftnl_obj_alloc() : NULL;

	if (!o) {
		nft_fail(b, ENOMEM);
		return;
	}
	nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, table);
	nftnl_obj_set_str(o, NFTNL_OBJ_NAME, name);
	nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	/* Without a value the kernel takes no counter. */
	nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_PKTS, 0);
	nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_BYTES, 0);
	nftnl_obj_nlmsg_build_payload(m, o);
	nftnl_obj_free(o);
	nft_message_done(b);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_u64(const struct nlattr *object, uint16_t type, uint64_t *ret)
{
	const struct nlattr *attr = nl_nested(object, type);
	uint64_t wire;

	if (!attr || mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
		return false;
	wire = mnl_attr_get_u64(attr);
	*ret = be64toh(wire);
	return true;
}

static int read_counter(const struct nlmsghdr *msg, void *data)
{
	const struct nlattr *object = nl_attr(msg, sizeof(struct nfgenmsg), NFTA_OBJ_DATA);
	struct nft_count *count = data;

	count->set = object && read_u64(object, NFTA_COUNTER_BYTES, &count->bytes) &&
		     read_u64(object, NFTA_COUNTER_PACKETS, &count->packets);
	return count->set ? 0 : -EBADMSG;
}

/* One by one: a dump would walk through the tables of all containers. */
int nft_read_counters(struct err *e, const char *port, struct nft_count ret[COUNT_MAX])
{
	const struct nfgenmsg header = {.nfgen_family = NFPROTO_NETDEV, .version = NFNETLINK_V0};
	struct nl nl;
	int r = nl_open_nftables(e, &nl);

	for (size_t i = 0; i < COUNT_MAX && r == 0; i++) {
		struct nl_request req;

		ret[i] = (struct nft_count){.set = false};
		nl_begin(&req, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ, 0, &header,
			 sizeof(header));
		nl_put_str(&req, NFTA_OBJ_TABLE, port);
		nl_put_str(&req, NFTA_OBJ_NAME, nft_counters[i]);
		nl_put_u32(&req, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
		r = nl_call(e, &nl, &req, read_counter, &ret[i]);
		/* Nobody has made it, or somebody has flushed nftables. */
		if (r == -ENOENT)
			r = 0;
	}
	nl_close(&nl);
	return r < 0 ? err_wrap(e, r, "read the counters of %s", port) : 0;
}
