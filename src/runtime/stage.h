/*
 * A start in two stages: a first process joins namespaces, then makes the one that counts
 * as its sibling, so that it belongs to the caller of bawn. See ns.h for when.
 */
#ifndef BAWN_RUNTIME_STAGE_H
#define BAWN_RUNTIME_STAGE_H

#include "runtime/channel.h"

/* Stage one: makes the process with `flags` (CLONE_NEW*), reports it over the channel and ends.
 * Returns in the new process only. */
void stage_make(int channel, uint64_t flags);

/* The parent: waits for the report and for the end of stage one, which *pid and *pidfd are; then
 * they are the new process. */
int stage_take(struct err *e, int channel, pid_t *pid, int *pidfd);

#endif
