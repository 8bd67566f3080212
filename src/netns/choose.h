/* Private: what a new network gets when nobody says it. */
#ifndef BAWN_NETNS_CHOOSE_H
#define BAWN_NETNS_CHOOSE_H

#include "link.h"
#include "network.h"

/* What subnets must not overlap: the host's routes and the other networks. */
struct taken {
	const struct prefix_list *routes;
	const struct network_list *networks;
};
/* Who has something of that prefix already, as text in why; false: it is free. */
bool subnet_is_taken(const struct taken *t, const struct prefix *p, char *why, size_t size);

/* IPv4: the first free one of 10.88.0.0/24 to 10.127.255.0/24. IPv6: a random unique local prefix
 * (RFC 4193) of length 64. */
int subnet_choose4(struct err *e, const struct taken *t, struct prefix *ret);
int subnet_choose6(struct err *e, const struct taken *t, struct prefix *ret);

#endif
