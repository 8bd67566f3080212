/*
 * Network devices of containers and networks that bawn makes, over netlink (libmnl, libnftnl). For
 * helper executables: the core does not link it. Input: names from config.json and the command
 * line, replies of the kernel.
 */
#ifndef BAWN_NETNS_H
#define BAWN_NETNS_H

#include "base/base.h"

#define NETNS_MAX_DEVICES 1024u

struct netns_move {
	const char *host_name;	/* in the caller's network namespace */
	const char *name;	/* in the other one; "eth%d": the kernel picks a free number */
};

/* Moves network devices of the caller's network namespace into the one that netns_fd refers to,
 * gives them their names there and their permanent addresses of global scope back, and sets them
 * up (runtime-spec, linux.netDevices). All are looked at before the first one is moved. When one
 * fails, those that are moved already are put back with their names, these addresses and their
 * state; routes through them are lost, as with every move. Errors name the device. The calling
 * thread enters the other namespace for a moment: needs CAP_SYS_ADMIN and CAP_NET_ADMIN in both. */
int netns_move_devices(struct err *e, int netns_fd, const struct netns_move *moves, size_t n);

/*
 * Networks. `root` is the directory of their files (docs/format/network.md), which every change
 * locks. After SIGKILL at any instruction, the same call again, or the opposite one, succeeds.
 */
struct network_request {
	const char *root, *name;
	const char *kind;		/* network_kind_names */
	const char *bridge;		/* NULL: chosen */
	const char *parent;		/* NULL: a kind without one */
	struct strv subnets;		/* at most one of each family; none: both are chosen */
	struct strv gateways;		/* of these; none: the first address */
	struct strv dns;
	uint32_t mtu;			/* 0: the kernel's default */
	bool no_ip4, no_ip6;		/* choose none of that family */
	bool isolate;			/* its containers do not reach each other */
};
/* ERR_EXISTS when there is one of the name, or when a subnet overlaps with another network's or
 * with a route of the host. */
int network_create(struct err *e, const struct network_request *req);
/* ERR_STATE while containers are attached. */
int network_delete(struct err *e, const char *root, const char *name);
/* Makes again whatever the kernel has lost of all networks (after a reboot, or when somebody
 * flushed nftables), and gives back what containers had that are gone. */
int network_reload(struct err *e, const char *root);

struct network_attach {
	const char *root;
	const char *owner;		/* the container's state directory */
	const char *mark;		/* 32 hexadecimal digits of the container's own */
	int netns_fd;
	const char *name;		/* for the others of the network; NULL: none */
	const char *spec;		/* NETWORK[,ip=...][,ip6=...][,mac=...][,name=...] */
	struct strv publish;		/* [HOSTIP:]HOST:CTR[/PROTOCOL]; none once it is done */
	struct strv firewall;		/* DIRECTION:ACTION[:PROTOCOL[:PORTS[:ADDRESS]]] */
	bool later;			/* it runs: the firewall of its other interfaces */
};
/* Gives a container an interface of a network: named (by default the first of eth0, eth1... that is
 * free), addressed, with a default route when it is the first that has one, up, and guarded on the
 * host's side before that. A failure leaves nothing. */
int network_attach(struct err *e, struct network_attach *a);

struct network_detach {
	const char *root, *mark;
	int netns_fd;			/* FD_NONE: the container does not run */
	const char *spec;		/* NETWORK[,name=...]: which of several */
};
/* Takes one interface away; what other networks give a default route takes its place. ERR_NOT_FOUND
 * when there is none. */
int network_detach(struct err *e, const struct network_detach *d);

struct network_rate {
	const char *root, *mark;
	int netns_fd;
	const char *spec;		/* [name=INTERFACE,]rate=... as for network_attach() */
};
/* Changes the rates of one interface of a container, or of all. What the spec leaves out stays. */
int network_set_rate(struct err *e, const struct network_rate *want);
/* What a container has received and sent on networks, as JSON: docs/format/stats.md. */
int network_usage(struct err *e, const char *root, const char *mark, struct buf *out);
/* A container's interfaces as JSON from which they can be made again: docs/format/network.md. */
int network_export(struct err *e, const char *root, const char *mark, struct buf *out);
/* Takes away everything that network_attach() made for the mark, of every network. */
int network_release(struct err *e, const char *root, const char *mark);

#endif
