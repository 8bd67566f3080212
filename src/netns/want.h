/* Private: what a container asks a network for, as people write it. */
#ifndef BAWN_NETNS_WANT_H
#define BAWN_NETNS_WANT_H

#include "lease.h"

/* NETWORK[,OPTION=VALUE]...: the network's name, and into the record what the options say; the rest
 * of it stays as it is. */
int want_parse(struct err *e, const char *text, char network[NETWORK_NAME_MAX + 1],
	       struct port_record *p);

#endif
