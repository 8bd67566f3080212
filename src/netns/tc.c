/* Queueing of a device: see rate.h. */
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>

#include "rate.h"

#define QUEUE "tbf"
/* How long a packet waits before the queue is full, and what always has room. */
#define WAIT_MS 50
#define ROOM_MIN 32768u

static void begin(struct nl_request *req, uint16_t type, uint16_t flags, int index)
{
	const struct tcmsg header = {
		.tcm_ifindex = index,
		.tcm_parent = TC_H_ROOT,
		.tcm_handle = type == RTM_NEWQDISC ? TC_H_MAKE(1 << 16, 0) : 0,
	};

	nl_begin(req, type, NLM_F_ACK | flags, &header, sizeof(header));
}

/* Bytes that wait: of the rate, and a burst on top, which is one packet at times. */
static uint32_t queue_limit(uint64_t bytes_per_second, uint32_t burst)
{
	uint64_t room = bytes_per_second * WAIT_MS / 1000;

	if (room < ROOM_MIN)
		room = ROOM_MIN;
	return room + burst > UINT32_MAX ? UINT32_MAX : (uint32_t)(room + burst);
}

static int add_queue(struct err *e, struct nl *nl, int index, uint64_t bytes_per_second,
		     uint32_t burst)
{
	const struct tc_tbf_qopt parms = {
		.rate = {.linklayer = TC_LINKLAYER_ETHERNET,
			 .rate = bytes_per_second > UINT32_MAX ? UINT32_MAX
							       : (uint32_t)bytes_per_second},
		.limit = queue_limit(bytes_per_second, burst),
	};
	struct nl_request req;
	struct nlattr *options;
	int r;

	begin(&req, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
	nl_put_str(&req, TCA_KIND, QUEUE);
	options = nl_nest(&req, TCA_OPTIONS);
	nl_put(&req, TCA_TBF_PARMS, &parms, sizeof(parms));
	nl_put_u32(&req, TCA_TBF_BURST, burst);
	if (bytes_per_second > UINT32_MAX)
		nl_put(&req, TCA_TBF_RATE64, &bytes_per_second, sizeof(bytes_per_second));
	nl_nest_end(&req, options);
	r = nl_call(e, nl, &req, NULL, NULL);
	return r == -ENOENT ? err_set(e, ERR_UNSUPPORTED,
				      "rate: this kernel has no " QUEUE " queueing: it takes "
				      "CONFIG_NET_SCH_TBF, the module sch_tbf")
			    : r;
}

/* -ENOENT, -EINVAL (no handle): the device has the queue that it was made with. */
static int remove_queue(struct err *e, struct nl *nl, int index)
{
	struct nl_request req;
	int r;

	begin(&req, RTM_DELQDISC, 0, index);
	r = nl_call(e, nl, &req, NULL, NULL);
	return r == -ENOENT || r == -EINVAL ? 0 : r;
}

int link_set_rate(struct err *e, struct nl *nl, int index, const struct rate *r,
		  uint64_t bits_per_second)
{
	if (!bits_per_second)
		return remove_queue(e, nl, index);
	return add_queue(e, nl, index, bits_per_second / 8, rate_burst(r, bits_per_second));
}

static int read_drops(const struct nlmsghdr *msg, void *data)
{
	const struct nlattr *stats = nl_attr(msg, sizeof(struct tcmsg), TCA_STATS2);
	const struct nlattr *attr = stats ? nl_nested(stats, TCA_STATS_QUEUE) : NULL;
	struct gnet_stats_queue queue;
	uint64_t *drops = data;

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(queue))
		return -EBADMSG;
	memcpy(&queue, mnl_attr_get_payload(attr), sizeof(queue));
	*drops = queue.drops;
	return 0;
}

int link_get_drops(struct err *e, struct nl *nl, int index, uint64_t *ret)
{
	struct nl_request req;

	*ret = 0;
	/* Linux before 6.9 answers who wants an echo of the notification. */
	begin(&req, RTM_GETQDISC, NLM_F_ECHO, index);
	return nl_call(e, nl, &req, read_drops, ret);
}
