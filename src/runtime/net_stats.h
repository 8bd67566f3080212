/* Counters of a container's network interfaces. */
#ifndef BAWN_RUNTIME_NET_STATS_H
#define BAWN_RUNTIME_NET_STATS_H

#include "runtime/runtime.h"

/* Of the network namespace of process pid, by the procfs fd `proc`; ret->set stays false when that
 * is our own. The caller makes sure (pidfd) that pid meant the right process all the time. */
int net_stats_read(struct err *e, int proc, pid_t pid, struct arena *a, struct net_interfaces *ret);

#endif
