/* The id maps of a container's user namespace. */
#ifndef BAWN_RUNTIME_IDMAPS_H
#define BAWN_RUNTIME_IDMAPS_H

#include "base/base.h"
#include "runtime/spec.h"

/* Parent: writes the maps of the child's new user namespace through our /proc. What we may not
 * write ourselves (ranges of an ordinary user) newuidmap and newgidmap write. */
int idmaps_write(struct err *e, pid_t pid, const struct spec_linux *l);

#endif
