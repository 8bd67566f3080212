/* Statistics of one container that is open. */
#ifndef BAWN_RUNTIME_STATS_H
#define BAWN_RUNTIME_STATS_H

#include "runtime/container.h"

/* Reads them all; strings live in `a` and in the container. *proc: FD_NONE at first, a procfs then,
 * for the next call; the caller closes it. */
int container_read_stats(struct err *e, struct container *c, int *proc, struct arena *a,
			 struct container_stats *ret);

#endif
