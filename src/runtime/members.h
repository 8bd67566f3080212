/* The processes of a container that has no cgroup to list them. */
#ifndef BAWN_RUNTIME_MEMBERS_H
#define BAWN_RUNTIME_MEMBERS_H

#include "runtime/container.h"

/* Those in the pid namespace of its first process and in namespaces below it, sorted; none when it
 * has stopped. *ret is malloc'ed. An error when the container has no pid namespace of its own. */
int members_list(struct err *e, const struct container *c, pid_t **ret, size_t *ret_n);

/* Sends a signal to each once; those that are forked meanwhile may miss it. SIGKILL goes to the
 * first process, which takes all others with it. -ESRCH when there is none. */
int members_signal(struct err *e, const struct container *c, int sig);

#endif
