/* netns/: reading the kernel's messages and building requests; no socket is opened. */
#include "t.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "../../src/netns/link.h"

static struct nl_request told;	/* an address as the kernel tells it */

static void tell(unsigned char family, const char *local, const char *label, uint32_t flags)
{
	struct ifaddrmsg info = {
		.ifa_family = family,
		.ifa_prefixlen = 24,
		.ifa_flags = (unsigned char)flags,
		.ifa_index = 7,
	};
	struct ifa_cacheinfo life = {.ifa_prefered = 0, .ifa_valid = UINT32_MAX};
	unsigned char bytes[16];

	nl_begin(&told, RTM_NEWADDR, 0, &info, sizeof(info));
	EQ(inet_pton(family, local, bytes), 1);
	nl_put(&told, family == AF_INET ? IFA_LOCAL : IFA_ADDRESS, bytes,
	       family == AF_INET ? 4 : 16);
	nl_put_u32(&told, IFA_FLAGS, flags);
	nl_put(&told, IFA_CACHEINFO, &life, sizeof(life));
	if (label)
		nl_put_str(&told, IFA_LABEL, label);
	TRUE(!told.failed);
}

static const char *label_of(const struct nl_request *req)
{
	const struct nlattr *attr = nl_attr(&req->hdr, sizeof(struct ifaddrmsg), IFA_LABEL);

	return attr ? mnl_attr_get_str(attr) : NULL;
}

TEST(request_goes_to_the_new_device)
{
	const struct link to = {.index = 12, .name = "eth0"};
	const struct ifaddrmsg *info;
	const struct nlattr *attr;
	struct nl_request req;
	char text[64];

	tell(AF_INET6, "fd00::1", NULL, IFA_F_PERMANENT | IFA_F_NODAD | IFA_F_TENTATIVE);
	addr_request(&req, &told.hdr, &to, "h0");
	TRUE(!req.failed);
	EQ(req.hdr.nlmsg_type, RTM_NEWADDR);
	EQ(req.hdr.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	info = mnl_nlmsg_get_payload(&req.hdr);
	EQ(info->ifa_index, 12);
	EQ(info->ifa_prefixlen, 24);
	EQ(info->ifa_flags, 0);
	attr = nl_attr(&req.hdr, sizeof(*info), IFA_FLAGS);
	TRUE(attr);
	EQ(mnl_attr_get_u32(attr), IFA_F_NODAD);
	attr = nl_attr(&req.hdr, sizeof(*info), IFA_CACHEINFO);
	TRUE(attr);
	EQ(mnl_attr_get_payload_len(attr), sizeof(struct ifa_cacheinfo));
	TRUE(!nl_attr(&req.hdr, sizeof(*info), IFA_LOCAL));
	TRUE(!label_of(&req));
	STREQ(addr_text(&req.hdr, text, sizeof(text)), "fd00::1/24");
}

TEST(labels_follow_the_name)
{
	static const struct {
		const char *label, *to, *want;
	} t[] = {
		{"h0", "eth0", "eth0"},
		{"h0:web", "eth0", "eth0:web"},
		{"h0x", "eth0", "h0x"},
		{"other", "eth0", "other"},
		/* No room: the kernel takes the name. */
		{"h0:0123456789", "a-longer-name", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct link to = {.index = 2};
		struct nl_request req;

		OK(str_format(to.name, sizeof(to.name), "%s", t[i].to));
		tell(AF_INET, "192.0.2.1", t[i].label, IFA_F_PERMANENT);
		addr_request(&req, &told.hdr, &to, "h0");
		TRUE(!req.failed);
		if (t[i].want)
			STREQ(label_of(&req), t[i].want);
		else
			TRUE(!label_of(&req));
	}
}

/* A message that is cut off anywhere is read to its end and no further. */
TEST(cut_off_messages)
{
	const struct link to = {.index = 2, .name = "eth0"};

	tell(AF_INET, "192.0.2.1", "h0:web", IFA_F_PERMANENT);
	for (uint32_t len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)); len <= told.hdr.nlmsg_len;
	     len++) {
		struct nlmsghdr *cut = malloc(len);
		struct nl_request req;
		char text[64];

		memcpy(cut, &told, len);
		cut->nlmsg_len = len;
		addr_request(&req, cut, &to, "h0");
		(void)addr_text(cut, text, sizeof(text));
		TRUE(!nl_attr(cut, len, IFA_LABEL));
		free(cut);
	}
}

TEST(a_request_that_does_not_fit_fails)
{
	char big[NL_REQUEST_MAX] = {0};
	struct ifaddrmsg info = {0};
	struct nl_request req;
	struct nl nl = {0};
	struct err e;

	nl_begin(&req, RTM_NEWADDR, NLM_F_ACK, &info, sizeof(info));
	nl_put_str(&req, IFA_LABEL, "fits");
	TRUE(!req.failed);
	nl_put(&req, IFA_ADDRESS, big, sizeof(big));
	TRUE(req.failed);
	EQ(nl_call(&e, &nl, &req, NULL, NULL), -EMSGSIZE);
}
