/*
 * Private: nftables messages (libnftnl), each function one transaction.
 *
 * What leaves a container is judged where it enters the host, on the ingress hook of its veth's
 * host end: rules in forward chains see neither ARP nor what stays on a bridge. One small chain for
 * each port, so that no packet passes rules of other containers.
 */
#ifndef BAWN_NETNS_NFT_H
#define BAWN_NETNS_NFT_H

#include "lease.h"

/* Lets through: ARP, IP and neighbour discovery in this record's name, DHCP requests, duplicate
 * address detection of its own addresses. Nothing else: no other protocol, no VLAN tag, no router
 * advertisement, no answer of a DHCP server. On a routed network, which has no neighbours, nothing
 * but IP. A guard that is there is replaced. In a table of its
 * own, of the port's name: that can be removed in one step, whether it is there or not. */
int nft_guard_port(struct err *e, const struct network *n, const struct port_record *id);
/* What nft_guard_port() counts: IP of each version to and from the container, and what it sent in
 * vain. */
enum nft_counter { COUNT_IN4, COUNT_IN6, COUNT_OUT4, COUNT_OUT6, COUNT_DROPPED, COUNT_MAX };
extern const char *const nft_counters[COUNT_MAX];
struct nft_count {
	bool set;			/* this kernel counts it */
	uint64_t bytes, packets;
};
int nft_read_counters(struct err *e, const char *port, struct nft_count ret[COUNT_MAX]);
/* Nothing that arrives for the host itself through a device gets further. */
int nft_close_device(struct err *e, const char *device);
/* Removes what one of these made. */
int nft_remove_device(struct err *e, const char *device);

/* What the record publishes and published_take() has taken: elements of maps in the table of all
 * networks. */
int nft_publish_port(struct err *e, int root_fd, const struct port_record *p);
int nft_unpublish_port(struct err *e, int root_fd, const struct port_record *p);

/* Everything that is not of one port, for all networks at once: translates the addresses of what
 * leaves a bridge network, keeps networks apart from each other but for published ports, publishes
 * what the records say. Replaces what was there; without networks nothing is left. */
int nft_apply_networks(struct err *e, int root_fd, const struct network_list *networks);

#endif
