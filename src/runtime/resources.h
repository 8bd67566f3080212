/* What a container may use. */
#ifndef BAWN_RUNTIME_RESOURCES_H
#define BAWN_RUNTIME_RESOURCES_H

#include "runtime/container.h"

/* The device rules of res, then what every container may use. Unprivileged, where the kernel does
 * not permit it: nothing. */
int resources_devices(struct err *e, const struct runtime *rt, int cgroup_fd,
		      const struct cg_resources *res);

#endif
