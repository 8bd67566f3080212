/*
 * Private: networks as objects. One is a directory ROOT/NAME with network.json, which is written
 * before anything is made in the kernel and removed after all of it is gone: so `delete` and
 * `reload` find whatever a killed bawn left. Format: docs/format/network.md.
 */
#ifndef BAWN_NETNS_NETWORK_H
#define BAWN_NETNS_NETWORK_H

#include <net/if.h>

#include "ip.h"

#define NETWORK_NAME_MAX 64
#define NETWORK_MTU_MIN 1280u		/* what IPv6 needs: RFC 8200, section 5 */
#define NETWORK_MTU_MAX 65535u
#define NETWORK_DNS_MAX 4

enum network_kind {
	NETWORK_BRIDGE,			/* the host is the gateway, addresses are translated */
	NETWORK_GUEST_LAN,		/* no way out and no host address */
	NETWORK_ROUTED,			/* a wire for each container, none between them */
	NETWORK_MACVLAN,		/* on the wire of a device of the host's */
	NETWORK_IPVLAN,			/* the same, with its MAC address */
	NETWORK_KIND_MAX,
};
extern const char *const network_kind_names[NETWORK_KIND_MAX];

struct subnet {
	struct prefix prefix;		/* family 0: none */
	struct ip gateway;		/* family 0: none */
};
enum { SUBNET_V4, SUBNET_V6, SUBNET_MAX };

struct network {
	char name[NETWORK_NAME_MAX + 1];
	enum network_kind kind;
	char bridge[IF_NAMESIZE];	/* "": a kind without one */
	char parent[IF_NAMESIZE];	/* the same */
	uint32_t group;			/* of its devices on the host; 0: it has none */
	struct subnet subnets[SUBNET_MAX];
	uint32_t mtu;			/* 0: the kernel's default */
	bool isolate;			/* its containers from each other */
	struct ip dns[NETWORK_DNS_MAX];
	size_t n_dns;
};

static inline bool network_has_bridge(enum network_kind kind)
{
	return kind == NETWORK_BRIDGE || kind == NETWORK_GUEST_LAN;
}
/* The host is on it, and leads to it. */
static inline bool network_has_host(enum network_kind kind)
{
	return kind == NETWORK_BRIDGE || kind == NETWORK_ROUTED;
}
static inline bool network_has_parent(enum network_kind kind)
{
	return kind == NETWORK_MACVLAN || kind == NETWORK_IPVLAN;
}

/* Letters, digits, "_", "-" and, not first, "."; ERR_USAGE. */
int network_name_check(struct err *e, const char *name);

/* ROOT, made when missing, and locked against every other change of a network. */
int network_root_open(struct err *e, const char *root, int *ret_fd);

/* -ENOENT with ERR_NOT_FOUND when there is none of that name. */
int network_load(struct err *e, int root_fd, const char *name, struct network *ret);
/* The file's object, as a member of another document. */
void network_put(struct json_writer *w, const char *key, const struct network *n);
int network_save(struct err *e, int root_fd, const struct network *n);
/* Removes the directory; what is in it besides network.json must be gone. */
int network_forget(struct err *e, int root_fd, const char *name);

struct network_list {
	struct network *v;		/* in the arena, sorted by name */
	size_t n;
};
int network_list(struct err *e, int root_fd, struct arena *a, struct network_list *ret);

#endif
