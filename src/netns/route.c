/* Addresses given and routes: see link.h. */
#include <linux/if_addr.h>

#include "link.h"

#define ROUTES_MAX 65536u
#define DUMP_TRIES 8

static int change_addr(struct err *e, struct nl *nl, int index, const struct ip *ip,
		       uint8_t prefix_len, bool add)
{
	const struct ifaddrmsg info = {
		.ifa_family = ip->family,
		.ifa_prefixlen = prefix_len,
		.ifa_index = (uint32_t)index,
		.ifa_scope = RT_SCOPE_UNIVERSE,
	};
	struct nl_request req;

	if (add)
		nl_begin(&req, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &info,
			 sizeof(info));
	else
		nl_begin(&req, RTM_DELADDR, NLM_F_ACK, &info, sizeof(info));
	nl_put(&req, IFA_LOCAL, ip->bytes, ip_size(ip));
	nl_put(&req, IFA_ADDRESS, ip->bytes, ip_size(ip));
	if (add)
		nl_put_u32(&req, IFA_FLAGS, IFA_F_NODAD);
	return nl_call(e, nl, &req, NULL, NULL);
}

int addr_add(struct err *e, struct nl *nl, int index, const struct ip *ip, uint8_t prefix_len)
{
	int r = change_addr(e, nl, index, ip, prefix_len, true);

	return r == -EEXIST ? 0 : r;
}

int addr_remove(struct err *e, struct nl *nl, int index, const struct ip *ip, uint8_t prefix_len)
{
	int r = change_addr(e, nl, index, ip, prefix_len, false);

	return r == -EADDRNOTAVAIL ? 0 : r;
}

int route_add(struct err *e, struct nl *nl, const struct route *route)
{
	const struct ip *to = &route->to.ip;
	const struct rtmsg header = {
		.rtm_family = to->family,
		.rtm_dst_len = route->to.len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_request req;

	nl_begin(&req, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header,
		 sizeof(header));
	if (route->to.len)
		nl_put(&req, RTA_DST, to->bytes, ip_size(to));
	if (route->gateway)
		nl_put(&req, RTA_GATEWAY, route->gateway->bytes, ip_size(to));
	if (route->source)
		nl_put(&req, RTA_PREFSRC, route->source->bytes, ip_size(to));
	nl_put_u32(&req, RTA_OIF, (uint32_t)route->index);
	return nl_call(e, nl, &req, NULL, NULL);
}

static int take_route(const struct nlmsghdr *msg, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(msg);
	struct prefix_list *list = data;
	const struct nlattr *to;
	struct prefix *p;

	if (msg->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(msg) < sizeof(*route))
		return -EBADMSG;
	to = nl_attr(msg, sizeof(*route), RTA_DST);
	/* Multicast and link-local are everybody's. */
	if (!to || route->rtm_dst_len == 0 || route->rtm_type == RTN_MULTICAST ||
	    (route->rtm_family != AF_INET && route->rtm_family != AF_INET6))
		return 0;
	if (list->n == ROUTES_MAX)
		return -E2BIG;
	p = &list->v[list->n];
	*p = (struct prefix){.ip.family = route->rtm_family, .len = route->rtm_dst_len};
	if (mnl_attr_get_payload_len(to) != ip_size(&p->ip) || p->len > ip_size(&p->ip) * 8)
		return -EBADMSG;
	memcpy(p->ip.bytes, mnl_attr_get_payload(to), ip_size(&p->ip));
	list->n++;
	return 0;
}

int route_list(struct err *e, struct nl *nl, struct arena *a, struct prefix_list *ret)
{
	const struct rtmsg all = {.rtm_family = AF_UNSPEC};
	struct nl_request req;
	int r = -EINTR;

	ret->v = arena_array(a, ROUTES_MAX, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	for (int try = 0; r == -EINTR && try < DUMP_TRIES; try++) {
		ret->n = 0;
		nl_begin(&req, RTM_GETROUTE, NLM_F_DUMP, &all, sizeof(all));
		r = nl_call(e, nl, &req, take_route, ret);
	}
	return r;
}
