/* Private: network devices and their addresses, as the kernel shows and takes them. */
#ifndef BAWN_NETNS_LINK_H
#define BAWN_NETNS_LINK_H

#include <net/if.h>

#include "nl.h"

struct link {
	int index;
	unsigned int flags;		/* IFF_* */
	char name[IF_NAMESIZE];
};

/* By name (an alternative name will do) when name is not NULL, else by index. -ENODEV when there is
 * none. */
int link_get(struct err *e, struct nl *nl, const char *name, int index, struct link *ret);
int link_set_up(struct err *e, struct nl *nl, int index);

struct link_target {
	int netns_fd;
	int index;			/* the device's index there: must be free */
	const char *name;		/* NULL: keep it */
};
/* Moves a device that nl's namespace has. The kernel sets it down and drops its addresses. Not
 * atomic: it can be in the other namespace under its old name when this fails. */
int link_move(struct err *e, struct nl *nl, int index, const struct link_target *target);

/* Addresses as the kernel told them. */
#define ADDR_MAX 4096u
struct addr_list {
	struct nlmsghdr **v;
	size_t n;
	struct arena arena;
};
/* The permanent addresses of global scope of one device, of every family. */
int addr_list(struct err *e, struct nl *nl, int index, struct addr_list *ret);
void addr_list_done(struct addr_list *list);	/* accepts a zeroed struct */

/* Gives them to a device, perhaps of another namespace. Labels ("eth0:web") follow the name. */
int addr_add_all(struct err *e, struct nl *nl, const struct link *to, const char *old_name,
		 const struct addr_list *list);
/* The request that adds one: apart from addr_add_all() for tests. */
void addr_request(struct nl_request *req, const struct nlmsghdr *addr, const struct link *to,
		  const char *old_name);
/* "192.0.2.1/24" */
const char *addr_text(const struct nlmsghdr *addr, char *buf, size_t size);

#endif
