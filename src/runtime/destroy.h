/* Taking a container apart, from whatever point its life has reached. */
#ifndef BAWN_RUNTIME_DESTROY_H
#define BAWN_RUNTIME_DESTROY_H

#include "runtime/container.h"

/* Kills every process of it, removes its cgroups, runs the poststop hooks of spec (may be NULL; a
 * failure is a warning), removes its directory. Needs only the state directory: also right for a
 * container whose maker was killed at any point. Caller holds the lock. */
int container_destroy(struct err *e, struct container *c, const struct spec *spec);

/* SIGKILL to everything and nothing else; does not need the lock. */
int container_kill_all(struct err *e, struct container *c);

#endif
