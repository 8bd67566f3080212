/*
 * Requests to the kernel: see nl.h. Every reply is bounded in size, number of messages
 * and time, and belongs to the request by its sequence number.
 */
#include "nl.h"

#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#define REPLY_SIZE 32768	/* the kernel's own limit for one part of a dump */
#define REPLY_MESSAGES 65536
#define REPLY_SECONDS 8

static int open_bus(struct err *e, struct nl *nl, int bus)
{
	struct timeval limit = {.tv_sec = REPLY_SECONDS};
	int on = 1;

	*nl = (struct nl){.sock = mnl_socket_open2(bus, SOCK_CLOEXEC)};
	if (!nl->sock)
		return err_sys(e, "open a netlink socket");
	/* Strict: dumps are filtered by the kernel. The sizes of errors without the request. */
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0 ||
	    setsockopt(nl_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return err_sys(e, "set up a netlink socket");
	return 0;
}

int nl_open(struct err *e, struct nl *nl)
{
	return open_bus(e, nl, NETLINK_ROUTE);
}

int nl_open_nftables(struct err *e, struct nl *nl)
{
	return open_bus(e, nl, NETLINK_NETFILTER);
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

int nl_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->sock);
}

int nl_namespace(struct err *e, const struct nl *nl)
{
	int fd = ioctl(nl_fd(nl), SIOCGSKNS);

	return fd < 0 ? err_sys(e, "open the host's network namespace") : fd;
}

int nl_visit(struct err *e, int home_fd, int netns_fd, int (*visit)(struct err *e, void *arg),
	     void *arg)
{
	int r;

	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the container's network namespace");
	r = visit(e, arg);
	if (setns(home_fd, CLONE_NEWNET) < 0)
		return err_sys(e, "return to the host's network namespace");
	return r;
}

void nl_begin(struct nl_request *req, uint16_t type, uint16_t flags, const void *header,
	      size_t size)
{
	req->failed = false;
	mnl_nlmsg_put_header(req->space);
	req->hdr.nlmsg_type = type;
	req->hdr.nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(mnl_nlmsg_put_extra_header(&req->hdr, size), header, size);
}

void nl_put(struct nl_request *req, uint16_t type, const void *data, size_t size)
{
	if (!mnl_attr_put_check(&req->hdr, sizeof(req->space), type, size, data))
		req->failed = true;
}

void nl_put_u32(struct nl_request *req, uint16_t type, uint32_t value)
{
	nl_put(req, type, &value, sizeof(value));
}

void nl_put_str(struct nl_request *req, uint16_t type, const char *value)
{
	nl_put(req, type, value, strlen(value) + 1);
}

void nl_put_header(struct nl_request *req, const void *header, size_t size)
{
	if (MNL_ALIGN(req->hdr.nlmsg_len) + MNL_ALIGN(size) > sizeof(req->space)) {
		req->failed = true;
		return;
	}
	memcpy(mnl_nlmsg_put_extra_header(&req->hdr, size), header, size);
}

struct nlattr *nl_nest(struct nl_request *req, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start_check(&req->hdr, sizeof(req->space), type);

	req->failed = req->failed || !nest;
	return nest;
}

void nl_nest_end(struct nl_request *req, struct nlattr *nest)
{
	if (nest)
		mnl_attr_nest_end(&req->hdr, nest);
}

/* libmnl's own loops cast const away. */
static const struct nlattr *find_attr(const void *from, const void *end, uint16_t type)
{
	const struct nlattr *attr = from;

	while (mnl_attr_ok(attr, (int)((const char *)end - (const char *)attr))) {
		if (mnl_attr_get_type(attr) == type)
			return attr;
		attr = mnl_attr_next(attr);
	}
	return NULL;
}

const struct nlattr *nl_attr(const struct nlmsghdr *msg, size_t offset, uint16_t type)
{
	size_t size = mnl_nlmsg_get_payload_len(msg);
	const char *end = (const char *)mnl_nlmsg_get_payload(msg) + size;

	return size < offset ? NULL
			     : find_attr(mnl_nlmsg_get_payload_offset(msg, offset), end, type);
}

const struct nlattr *nl_nested(const struct nlattr *nest, uint16_t type)
{
	const char *payload = mnl_attr_get_payload(nest);

	return find_attr(payload, payload + mnl_attr_get_payload_len(nest), type);
}

/* The kernel's words behind an error or the end of a dump, when there are any. */
static const char *reason_at(const struct nlmsghdr *msg, size_t offset)
{
	const struct nlattr *attr = NULL;

	if (msg->nlmsg_flags & NLM_F_ACK_TLVS)
		attr = nl_attr(msg, offset, NLMSGERR_ATTR_MSG);
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attr);
}

static int refused(struct err *e, int num, const char *reason)
{
	char why[128];

	err_set(e, ERR_CONFIG, "%s%s%s%s", err_text(num, why, sizeof(why)), reason ? " (" : "",
		reason ? reason : "", reason ? ")" : "");
	e->code = ERR_SYSTEM;
	e->num = num < 0 ? -num : num;
	return -e->num;
}

/* NLMSG_ERROR (an acknowledgement when its error is 0) or NLMSG_DONE. */
static int verdict(struct err *e, const struct nlmsghdr *msg)
{
	size_t size = mnl_nlmsg_get_payload_len(msg), offset = sizeof(int);
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(msg);
	int num;

	/* Both begin with an int; old kernels end a dump without one. */
	if (size < sizeof(num))
		return msg->nlmsg_type == NLMSG_DONE ? 0 : refused(e, EBADMSG, NULL);
	memcpy(&num, error, sizeof(num));
	if (num >= 0)
		return 0;
	if (msg->nlmsg_type == NLMSG_ERROR) {
		if (size < sizeof(*error))
			return refused(e, EBADMSG, NULL);
		offset = sizeof(*error);
		if (!(msg->nlmsg_flags & NLM_F_CAPPED))
			offset += mnl_nlmsg_get_payload_len(&error->msg);
	}
	return refused(e, num, reason_at(msg, offset));
}

struct answer {
	nl_reply reply;
	void *data;
	size_t messages;
	bool dump, interrupted;
};

/* 1: more will come; 0: the answer is complete. */
static int take_message(struct err *e, const struct nlmsghdr *msg, struct answer *a)
{
	int r;

	if (++a->messages > REPLY_MESSAGES)
		return refused(e, E2BIG, NULL);
	a->interrupted = a->interrupted || msg->nlmsg_flags & NLM_F_DUMP_INTR;
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
		r = verdict(e, msg);
		return r == 0 && a->interrupted ? refused(e, EINTR, NULL) : r;
	}
	if (msg->nlmsg_type < NLMSG_MIN_TYPE)
		return 1;
	r = a->reply ? a->reply(msg, a->data) : 0;
	if (r < 0)
		return refused(e, r, NULL);
	return a->dump;
}

static int take_part(struct err *e, const struct nl *nl, const void *part, size_t size,
		     struct answer *a)
{
	int left = (int)size, r = 1;

	for (const struct nlmsghdr *m = part; r > 0 && mnl_nlmsg_ok(m, left);
	     m = mnl_nlmsg_next(m, &left)) {
		/* Of an earlier call that was given up. */
		if (m->nlmsg_seq != nl->seq)
			continue;
		r = take_message(e, m, a);
	}
	return r;
}

int nl_call(struct err *e, struct nl *nl, struct nl_request *req, nl_reply reply, void *data)
{
	bool dump = (req->hdr.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct answer a = {.reply = reply, .data = data, .dump = dump};
	_Alignas(struct nlmsghdr) char part[REPLY_SIZE];
	int r = 1;

	if (req->failed)
		return refused(e, EMSGSIZE, NULL);
	req->hdr.nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->sock, &req->hdr, req->hdr.nlmsg_len) < 0)
		return err_sys(e, "ask the kernel");
	while (r > 0) {
		ssize_t n = mnl_socket_recvfrom(nl->sock, part, sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_num(e, errno == EAGAIN ? ETIMEDOUT : errno,
				       "wait for the kernel's answer");
		r = take_part(e, nl, part, (size_t)n, &a);
	}
	return r;
}
