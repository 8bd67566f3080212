/* Private: network devices and their addresses, as the kernel shows and takes them. */
#ifndef BAWN_NETNS_LINK_H
#define BAWN_NETNS_LINK_H

#include <net/if.h>

#include "ip.h"
#include "nl.h"

struct link {
	int index;
	unsigned int flags;		/* IFF_* */
	uint32_t mtu;
	char name[IF_NAMESIZE];
};

/* By name (an alternative name will do) when name is not NULL, else by index. -ENODEV when there is
 * none. */
int link_get(struct err *e, struct nl *nl, const char *name, int index, struct link *ret);
int link_set_up(struct err *e, struct nl *nl, int index);
/* For one that is down: when it is up, the kernel gives it no link-local address. */
int link_set_no_local(struct err *e, struct nl *nl, int index);
int link_set_master(struct err *e, struct nl *nl, int index, int master);

int link_delete(struct err *e, struct nl *nl, int index);

/* What devices are made with: all are down at first. */
struct link_new {
	const char *name;
	uint32_t mtu;			/* 0: the kernel's default */
	uint32_t group;			/* for rules; 0: none in particular */
	const uint8_t *mac;		/* NULL: the kernel chooses */
};
/* A bridge without members. */
int link_add_bridge(struct err *e, struct nl *nl, const struct link_new *new);

struct veth {
	struct link_new here;		/* the mtu is of both ends */
	int master;			/* the bridge that it is a port of; 0: none */
	/* Neither end asks for addresses of neighbours: all that is sent is for the other end,
	 * which has the same MAC address. */
	bool no_arp;
	int peer_netns_fd;		/* where the other end is born */
	const char *peer_name;
	const uint8_t *peer_mac;
};
int link_add_veth(struct err *e, struct nl *nl, const struct veth *v);
/* Of a bridge's port; flag: IFLA_BRPORT_*, which takes one byte. */
int link_set_port_flag(struct err *e, struct nl *nl, int index, uint16_t flag);

struct link_child {
	const char *kind;		/* "macvlan", whose children reach each other, or "ipvlan" */
	int parent;
	struct link_new there;
	int netns_fd;			/* where it is born */
};
int link_add_child(struct err *e, struct nl *nl, const struct link_child *c);

struct link_target {
	int netns_fd;
	int index;			/* the device's index there: must be free */
	const char *name;		/* NULL: keep it */
};
/* Moves a device that nl's namespace has. The kernel sets it down and drops its addresses. Not
 * atomic: it can be in the other namespace under its old name when this fails. */
int link_move(struct err *e, struct nl *nl, int index, const struct link_target *target);

/* An address with its subnet. Without duplicate address detection: nobody else has it, and the
 * program may use it at once. Not an error when it is there already. */
int addr_add(struct err *e, struct nl *nl, int index, const struct ip *ip, uint8_t prefix_len);
int addr_remove(struct err *e, struct nl *nl, int index, const struct ip *ip, uint8_t prefix_len);

struct route {
	struct prefix to;		/* length 0: everywhere */
	int index;
	const struct ip *gateway;	/* NULL: the destination is on the link */
	const struct ip *source;	/* to send from; NULL: the kernel chooses */
};
/* -EEXIST when there is one to the same destination. */
int route_add(struct err *e, struct nl *nl, const struct route *route);

/* Every destination that a routing table knows, but for the default routes. */
struct prefix_list {
	struct prefix *v;
	size_t n;
};
int route_list(struct err *e, struct nl *nl, struct arena *a, struct prefix_list *ret);

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
