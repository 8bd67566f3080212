/* Network devices: see link.h. */
#include "link.h"

static int read_link(const struct nlmsghdr *msg, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct link *link = data;
	const struct nlattr *attr;

	if (msg->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(msg) < sizeof(*info))
		return -EBADMSG;
	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	attr = nl_attr(msg, sizeof(*info), IFLA_IFNAME);
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ||
	    str_format(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attr)) < 0)
		return -EBADMSG;
	return 0;
}

int link_get(struct err *e, struct nl *nl, const char *name, int index, struct link *ret)
{
	struct ifinfomsg info = {.ifi_index = name ? 0 : index};
	struct nl_request req;

	*ret = (struct link){0};
	nl_begin(&req, RTM_GETLINK, 0, &info, sizeof(info));
	if (name)
		nl_put_str(&req, IFLA_IFNAME, name);
	return nl_call(e, nl, &req, read_link, ret);
}

int link_set_up(struct err *e, struct nl *nl, int index)
{
	struct ifinfomsg info = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct nl_request req;

	nl_begin(&req, RTM_SETLINK, NLM_F_ACK, &info, sizeof(info));
	return nl_call(e, nl, &req, NULL, NULL);
}

int link_move(struct err *e, struct nl *nl, int index, const struct link_target *target)
{
	struct ifinfomsg info = {.ifi_index = index};
	struct nl_request req;

	nl_begin(&req, RTM_SETLINK, NLM_F_ACK, &info, sizeof(info));
	nl_put_u32(&req, IFLA_NET_NS_FD, (uint32_t)target->netns_fd);
	nl_put_u32(&req, IFLA_NEW_IFINDEX, (uint32_t)target->index);
	if (target->name)
		nl_put_str(&req, IFLA_IFNAME, target->name);
	return nl_call(e, nl, &req, NULL, NULL);
}
