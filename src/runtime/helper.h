/* Helper programs: what only some containers need and what brings big libraries with it. */
#ifndef BAWN_RUNTIME_HELPER_H
#define BAWN_RUNTIME_HELPER_H

#include "runtime/runtime.h"

/* Runs the helper `name` ("bawn-net") and waits for its end, 10 seconds at most. It is looked for
 * beside the bawn that runs (in the sealed image), then in the libexec directory of the
 * installation. Its environment is empty, its standard input too; fds become its fds 3, 4, ... and
 * it gets no other. When it fails, what it printed is the error. */
int helper_run(struct err *e, const struct runtime *rt, const char *name, char *const argv[],
	       const int *fds, size_t n_fds);

#endif
