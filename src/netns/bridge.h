/* Private: a network in the kernel. */
#ifndef BAWN_NETNS_BRIDGE_H
#define BAWN_NETNS_BRIDGE_H

#include "link.h"
#include "network.h"

/* Makes what is missing: the bridge, its addresses, forwarding. It may be there already. */
int bridge_up(struct err *e, struct nl *nl, const struct network *n);
/* Removes the bridge; none is fine. */
int bridge_down(struct err *e, struct nl *nl, const struct network *n);

/* A name that no device of this network namespace has: "bw-NAME", or made of a number. */
int bridge_choose_name(struct err *e, struct nl *nl, const struct network_list *networks,
		       const char *network, char ret[IF_NAMESIZE]);

#endif
