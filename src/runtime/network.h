/* Networks of bawn's own, in the life of a container. */
#ifndef BAWN_RUNTIME_NETWORK_H
#define BAWN_RUNTIME_NETWORK_H

#include "runtime/helper.h"
#include "runtime/launch.h"

/* Before anything is made: checks that it can be done, and logs the intent. */
int launch_plan_networks(struct err *e, struct launch *l);
/* The interfaces, in the child's network namespace. */
int launch_networks(struct err *e, const struct launch *l);
/* Takes them away, whatever of them exists. */
int container_release_networks(struct err *e, struct container *c);

#endif
