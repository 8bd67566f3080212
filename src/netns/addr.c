/* Addresses of network devices: see link.h. */
#include "link.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <stdio.h>

/* The rest of the flags is the kernel's to set. */
#define FLAGS_TO_KEEP                                                                    \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
	 IFA_F_MCAUTOJOIN)
#define DUMP_TRIES 8

static const uint16_t attributes_to_keep[] = {
	IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY, IFA_PROTO, IFA_CACHEINFO,
};

static const struct nlattr *find_attr(const struct nlmsghdr *addr, uint16_t type)
{
	return nl_attr(addr, sizeof(struct ifaddrmsg), type);
}

static uint32_t flags_of(const struct nlmsghdr *addr)
{
	const struct nlattr *attr = find_attr(addr, IFA_FLAGS);
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(addr);

	if (attr && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		return mnl_attr_get_u32(attr);
	return info->ifa_flags;
}

struct collect {
	struct addr_list *list;
	uint32_t index;
	size_t max;
};

static int take_addr(const struct nlmsghdr *msg, void *data)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(msg);
	struct collect *c = data;
	struct nlmsghdr *copy;

	if (msg->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(msg) < sizeof(*info))
		return -EBADMSG;
	if (info->ifa_index != c->index || info->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(flags_of(msg) & IFA_F_PERMANENT))
		return 0;
	if (c->list->n == ADDR_MAX)
		return -E2BIG;
	copy = arena_alloc(&c->list->arena, msg->nlmsg_len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, msg, msg->nlmsg_len);
	c->list->v[c->list->n++] = copy;
	return 0;
}

int addr_list(struct err *e, struct nl *nl, int index, struct addr_list *ret)
{
	struct ifaddrmsg info = {.ifa_family = AF_UNSPEC, .ifa_index = (uint32_t)index};
	struct collect c = {.list = ret, .index = (uint32_t)index};
	struct nl_request req;
	int r = -EINTR;

	*ret = (struct addr_list){0};
	ret->v = arena_array(&ret->arena, ADDR_MAX, sizeof(struct nlmsghdr *));
	if (!ret->v)
		return err_nomem(e);
	for (int try = 0; r == -EINTR && try < DUMP_TRIES; try++) {
		ret->n = 0;
		nl_begin(&req, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
		r = nl_call(e, nl, &req, take_addr, &c);
	}
	return r;
}

void addr_list_done(struct addr_list *list)
{
	arena_done(&list->arena);
	*list = (struct addr_list){0};
}

/* "OLD" and "OLD:x" become "NEW" and "NEW:x"; false when there is no room for it. */
static bool new_label(const char *label, const char *old_name, const char *name, char *ret)
{
	const char *rest = str_after(label, old_name);

	if (!rest || (*rest && *rest != ':'))
		return str_format(ret, IF_NAMESIZE, "%s", label) == 0;
	return str_format(ret, IF_NAMESIZE, "%s%s", name, rest) == 0;
}

void addr_request(struct nl_request *req, const struct nlmsghdr *addr, const struct link *to,
		  const char *old_name)
{
	const struct nlattr *label = find_attr(addr, IFA_LABEL);
	struct ifaddrmsg info;
	char text[IF_NAMESIZE];

	memcpy(&info, mnl_nlmsg_get_payload(addr), sizeof(info));
	info.ifa_index = (uint32_t)to->index;
	info.ifa_flags = 0;
	nl_begin(req, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	nl_put_u32(req, IFA_FLAGS, flags_of(addr) & FLAGS_TO_KEEP);
	for (size_t i = 0; i < ARRAY_SIZE(attributes_to_keep); i++) {
		const struct nlattr *attr = find_attr(addr, attributes_to_keep[i]);

		if (attr)
			nl_put(req, attributes_to_keep[i], mnl_attr_get_payload(attr),
			       mnl_attr_get_payload_len(attr));
	}
	/* Without a label the kernel takes the device's name. */
	if (label && mnl_attr_validate(label, MNL_TYPE_NUL_STRING) == 0 &&
	    new_label(mnl_attr_get_str(label), old_name, to->name, text))
		nl_put_str(req, IFA_LABEL, text);
}

const char *addr_text(const struct nlmsghdr *addr, char *buf, size_t size)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(addr);
	const struct nlattr *attr = find_attr(addr, IFA_LOCAL);
	size_t want = info->ifa_family == AF_INET ? 4 : 16;
	char text[INET6_ADDRSTRLEN] = "";

	attr = attr ? attr : find_attr(addr, IFA_ADDRESS);
	if (attr && mnl_attr_get_payload_len(attr) == want)
		inet_ntop(info->ifa_family, mnl_attr_get_payload(attr), text, sizeof(text));
	snprintf(buf, size, "%s/%u", text, info->ifa_prefixlen);
	return buf;
}

static int add_one(struct err *e, struct nl *nl, const struct link *to, const char *old_name,
		   const struct nlmsghdr *addr)
{
	struct nl_request req;
	char text[64];
	int r;

	addr_request(&req, addr, to, old_name);
	r = nl_call(e, nl, &req, NULL, NULL);
	return r < 0 ? err_wrap(e, r, "add the address %s", addr_text(addr, text, sizeof(text)))
		     : 0;
}

static bool is_ipv6(const struct nlmsghdr *addr)
{
	return ((const struct ifaddrmsg *)mnl_nlmsg_get_payload(addr))->ifa_family == AF_INET6;
}

/* The order of addresses counts when the kernel chooses a source. It shows IPv6 addresses newest
 * first, the others oldest first. */
int addr_add_all(struct err *e, struct nl *nl, const struct link *to, const char *old_name,
		 const struct addr_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++)
		if (!is_ipv6(list->v[i]))
			r = add_one(e, nl, to, old_name, list->v[i]);
	for (size_t i = list->n; i > 0 && r == 0; i--)
		if (is_ipv6(list->v[i - 1]))
			r = add_one(e, nl, to, old_name, list->v[i - 1]);
	return r;
}
