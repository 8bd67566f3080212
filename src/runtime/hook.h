/* OCI hooks: programs named by config.json that run at points of a container's life. */
#ifndef BAWN_RUNTIME_HOOK_H
#define BAWN_RUNTIME_HOOK_H

#include "base/base.h"
#include "runtime/seccomp.h"
#include "runtime/spec.h"

struct hook_context {
	enum hook_kind kind;
	const char *state;	/* the state document, given to each hook on its standard input */
	size_t state_len;
	const char *cwd;	/* NULL: leave it (inside the container) */
	int cgroup_fd;		/* hooks are born in it when >= 0 */
	/* Loaded right before a hook's execve, or NULL: programs of the container run under its
	 * filter. */
	const struct seccomp_program *seccomp;
};

/* Runs them in order. The first that fails, exits non-zero or exceeds its timeout (seconds) ends
 * it with ERR_HOOK, naming the hook, with the start of what it printed. Environment and arguments
 * are exactly the config's (CVE-2025-23266); no fd but 0, 1, 2 is passed. */
int hooks_run(struct err *e, const struct spec_hooks *hooks, const struct hook_context *ctx);

#endif
