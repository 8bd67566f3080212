/* Private: settings of the network namespace of the calling thread. */
#ifndef BAWN_NETNS_SYSCTL_H
#define BAWN_NETNS_SYSCTL_H

#include "network.h"

/* Writes /proc/sys/net/KEY; KEY with slashes. */
int net_sysctl(struct err *e, const char *value, const char *key, ...)
	__attribute__((format(printf, 3, 4)));

/* The host forwards packets of the families in which the network has a gateway. */
int net_allow_forwarding(struct err *e, const struct network *n);

#endif
