/* Network devices: see link.h. */
#include "link.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>

static int read_link(const struct nlmsghdr *msg, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct link *link = data;
	const struct nlattr *attr;

	if (msg->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(msg) < sizeof(*info))
		return -EBADMSG;
	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	attr = nl_attr(msg, sizeof(*info), IFLA_MTU);
	if (attr && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		link->mtu = mnl_attr_get_u32(attr);
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

int link_set_no_local(struct err *e, struct nl *nl, int index)
{
	struct ifinfomsg info = {.ifi_index = index};
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct nlattr *families, *ip6;
	struct nl_request req;
	int r;

	nl_begin(&req, RTM_SETLINK, NLM_F_ACK, &info, sizeof(info));
	families = nl_nest(&req, IFLA_AF_SPEC);
	ip6 = nl_nest(&req, AF_INET6);
	nl_put(&req, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	nl_nest_end(&req, ip6);
	nl_nest_end(&req, families);
	r = nl_call(e, nl, &req, NULL, NULL);
	/* Without IPv6 there is none anyway. */
	return r == -EAFNOSUPPORT ? 0 : r;
}

int link_set_master(struct err *e, struct nl *nl, int index, int master)
{
	struct ifinfomsg info = {.ifi_index = index};
	struct nl_request req;

	nl_begin(&req, RTM_SETLINK, NLM_F_ACK, &info, sizeof(info));
	nl_put_u32(&req, IFLA_MASTER, (uint32_t)master);
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

int link_delete(struct err *e, struct nl *nl, int index)
{
	struct ifinfomsg info = {.ifi_index = index};
	struct nl_request req;

	nl_begin(&req, RTM_DELLINK, NLM_F_ACK, &info, sizeof(info));
	return nl_call(e, nl, &req, NULL, NULL);
}

/* Both headers of a pair of devices say what they are not to do. */
static struct ifinfomsg new_header(bool no_arp)
{
	unsigned int flags = no_arp ? IFF_NOARP : 0;

	return (struct ifinfomsg){.ifi_flags = flags, .ifi_change = flags};
}

static void begin_new(struct nl_request *req, const struct link_new *new, bool no_arp)
{
	const struct ifinfomsg header = new_header(no_arp);

	nl_begin(req, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	nl_put_str(req, IFLA_IFNAME, new->name);
	if (new->mtu)
		nl_put_u32(req, IFLA_MTU, new->mtu);
	if (new->group)
		nl_put_u32(req, IFLA_GROUP, new->group);
	if (new->mac)
		nl_put(req, IFLA_ADDRESS, new->mac, 6);
}

int link_add_bridge(struct err *e, struct nl *nl, const struct link_new *new)
{
	struct nl_request req;
	struct nlattr *info;

	begin_new(&req, new, false);
	info = nl_nest(&req, IFLA_LINKINFO);
	nl_put_str(&req, IFLA_INFO_KIND, "bridge");
	nl_nest_end(&req, info);
	return nl_call(e, nl, &req, NULL, NULL);
}

/* linux/veth.h: VETH_INFO_PEER holds a struct ifinfomsg and attributes of the other end. */
static void put_peer(struct nl_request *req, const struct veth *v)
{
	const struct ifinfomsg header = new_header(v->no_arp);
	struct nlattr *peer = nl_nest(req, VETH_INFO_PEER);

	nl_put_header(req, &header, sizeof(header));
	nl_put_str(req, IFLA_IFNAME, v->peer_name);
	nl_put(req, IFLA_ADDRESS, v->peer_mac, 6);
	nl_put_u32(req, IFLA_NET_NS_FD, (uint32_t)v->peer_netns_fd);
	if (v->here.mtu)
		nl_put_u32(req, IFLA_MTU, v->here.mtu);
	nl_nest_end(req, peer);
}

int link_set_port_flag(struct err *e, struct nl *nl, int index, uint16_t flag)
{
	const struct ifinfomsg info = {.ifi_family = AF_BRIDGE, .ifi_index = index};
	const uint8_t on = 1;
	struct nl_request req;
	struct nlattr *port;

	nl_begin(&req, RTM_SETLINK, NLM_F_ACK, &info, sizeof(info));
	port = nl_nest(&req, IFLA_PROTINFO);
	nl_put(&req, flag, &on, sizeof(on));
	nl_nest_end(&req, port);
	return nl_call(e, nl, &req, NULL, NULL);
}

int link_add_veth(struct err *e, struct nl *nl, const struct veth *v)
{
	struct nlattr *info, *data;
	struct nl_request req;

	begin_new(&req, &v->here, v->no_arp);
	if (v->master)
		nl_put_u32(&req, IFLA_MASTER, (uint32_t)v->master);
	info = nl_nest(&req, IFLA_LINKINFO);
	nl_put_str(&req, IFLA_INFO_KIND, "veth");
	data = nl_nest(&req, IFLA_INFO_DATA);
	put_peer(&req, v);
	nl_nest_end(&req, data);
	nl_nest_end(&req, info);
	return nl_call(e, nl, &req, NULL, NULL);
}

static void put_mode(struct nl_request *req, const char *kind)
{
	const uint32_t macvlan = MACVLAN_MODE_BRIDGE;
	const uint16_t ipvlan = IPVLAN_MODE_L2;
	struct nlattr *data = nl_nest(req, IFLA_INFO_DATA);

	if (str_eq(kind, "macvlan"))
		nl_put(req, IFLA_MACVLAN_MODE, &macvlan, sizeof(macvlan));
	else
		nl_put(req, IFLA_IPVLAN_MODE, &ipvlan, sizeof(ipvlan));
	nl_nest_end(req, data);
}

int link_add_child(struct err *e, struct nl *nl, const struct link_child *c)
{
	struct nl_request req;
	struct nlattr *info;

	begin_new(&req, &c->there, false);
	nl_put_u32(&req, IFLA_LINK, (uint32_t)c->parent);
	nl_put_u32(&req, IFLA_NET_NS_FD, (uint32_t)c->netns_fd);
	info = nl_nest(&req, IFLA_LINKINFO);
	nl_put_str(&req, IFLA_INFO_KIND, c->kind);
	put_mode(&req, c->kind);
	nl_nest_end(&req, info);
	return nl_call(e, nl, &req, NULL, NULL);
}
