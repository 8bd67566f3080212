/* Private: from what was asked for to a network, before anything of it is made. */
#ifndef BAWN_NETNS_DEFINE_H
#define BAWN_NETNS_DEFINE_H

#include "link.h"
#include "netns.h"
#include "network.h"

/* What is not given is chosen, what is given is checked against the host and the other networks. */
int network_define(struct err *e, struct nl *nl, struct arena *a,
		   const struct network_list *networks, const struct network_request *req,
		   struct network *ret);

#endif
