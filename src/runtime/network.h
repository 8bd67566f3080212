/* Networks of bawn's own, in the life of a container. */
#ifndef BAWN_RUNTIME_NETWORK_H
#define BAWN_RUNTIME_NETWORK_H

#include "runtime/helper.h"
#include "runtime/launch.h"

/* Which networks: those of the command line, else of the annotation org.bawn.network. "none", "host"
 * and "container:ID" change the namespaces of the configuration instead. */
int launch_choose_networks(struct err *e, struct launch *l);
/* The network namespace of a container that runs, -ESRCH when it has ended. */
int container_open_netns(struct err *e, const struct container *c);
/* Before anything is made: checks that it can be done, and logs the intent. */
int launch_plan_networks(struct err *e, struct launch *l);
/* Files that tell the container of its networks, as mounts: network_files.c. */
int launch_network_files(struct err *e, struct launch *l);
/* The interfaces, in the child's network namespace. */
int launch_networks(struct err *e, const struct launch *l);
/* What it has received and sent on them, over all its lives: a JSON array in the arena, or NULL
 * when it has none. */
int container_network_usage(struct err *e, const struct container *c, struct arena *a,
			    struct json **ret);
/* Takes them away, whatever of them exists. */
int container_release_networks(struct err *e, struct container *c);

/* Where the networks' files are. */
const char *network_root(const struct runtime *rt);
/* Runs bawn-net with these words; netns becomes its fd 3 unless it is FD_NONE. */
int network_helper(struct err *e, const struct runtime *rt, const struct strv *words, int netns);
/* Words and more words as one list, in the arena. */
int network_words(struct err *e, struct arena *a, const char *const *words, size_t n,
		  const struct strv *more, struct strv *ret);

#endif
