/*
 * Private: a network without a wire between its containers. Each has one to the host alone, where
 * neither side asks for addresses of neighbours. The host has the gateway's addresses on its
 * loopback device, and a route to each container.
 */
#ifndef BAWN_NETNS_ROUTED_H
#define BAWN_NETNS_ROUTED_H

#include "lease.h"
#include "link.h"

/* Makes what is missing: the gateway's addresses, forwarding. */
int routed_up(struct err *e, struct nl *nl, const struct network *n);
int routed_down(struct err *e, struct nl *nl, const struct network *n);

/* The host's routes to a container behind the device `index`. They go with the device. */
int routed_add_port(struct err *e, struct nl *here, const struct network *n,
		    const struct port_record *p, int index);
/* The container's routes: to the gateway, to its network, and everywhere when it has none yet. */
int routed_add_routes(struct err *e, struct nl *there, const struct network *n, int index);

#endif
