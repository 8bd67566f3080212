/* Private: requests to the kernel over a netlink socket, answered before the call returns. */
#ifndef BAWN_NETNS_NL_H
#define BAWN_NETNS_NL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/base.h"

struct nl {
	struct mnl_socket *sock;
	uint32_t seq;
};

/* An rtnetlink socket of the calling thread's network namespace. */
int nl_open(struct err *e, struct nl *nl);
/* One for nftables, of the same thread's. */
int nl_open_nftables(struct err *e, struct nl *nl);
void nl_close(struct nl *nl);	/* accepts a zeroed struct */
int nl_fd(const struct nl *nl);
/* The network namespace that the socket is of, without /proc: an fd that the caller owns. */
int nl_namespace(struct err *e, const struct nl *nl);
/* Runs visit(e, arg) in the container's network namespace; the thread comes back to home_fd,
 * whatever happens over there. */
int nl_visit(struct err *e, int home_fd, int netns_fd, int (*visit)(struct err *e, void *arg),
	     void *arg);

/* A request being built. Attributes that do not fit make nl_call() fail. */
#define NL_REQUEST_MAX 1024
struct nl_request {
	union {
		struct nlmsghdr hdr;
		char space[NL_REQUEST_MAX];
	};
	bool failed;
};

/* `header` is what follows the netlink header: struct ifinfomsg, struct ifaddrmsg. NLM_F_REQUEST is
 * added to flags. */
void nl_begin(struct nl_request *req, uint16_t type, uint16_t flags, const void *header,
	      size_t size);
void nl_put(struct nl_request *req, uint16_t type, const void *data, size_t size);
void nl_put_u32(struct nl_request *req, uint16_t type, uint32_t value);
void nl_put_str(struct nl_request *req, uint16_t type, const char *value);
/* Bytes that are no attribute: a second header inside of a nested one. */
void nl_put_header(struct nl_request *req, const void *header, size_t size);
/* What is put until nl_nest_end() is nested; NULL (which that takes) when there is no room. */
struct nlattr *nl_nest(struct nl_request *req, uint16_t type);
void nl_nest_end(struct nl_request *req, struct nlattr *nest);

/* The first attribute of that type in a message, behind `offset` bytes of payload; or NULL. */
const struct nlattr *nl_attr(const struct nlmsghdr *msg, size_t offset, uint16_t type);
/* The same inside of an attribute that holds others. */
const struct nlattr *nl_nested(const struct nlattr *nest, uint16_t type);

/* Called for each message of a reply; -errno ends the call. */
typedef int (*nl_reply)(const struct nlmsghdr *msg, void *data);

/* Sends the request and waits for the whole answer: an acknowledgement (NLM_F_ACK), one message,
 * or a dump up to its end. Returns 0 or -errno; then e says why, with the kernel's own reason in
 * brackets when it gave one. -EINTR: the dump is not consistent, ask again. reply may be NULL. */
int nl_call(struct err *e, struct nl *nl, struct nl_request *req, nl_reply reply, void *data);

#endif
