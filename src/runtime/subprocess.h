/* Programs that bawn runs and waits for: hooks and its own helper programs. */
#ifndef BAWN_RUNTIME_SUBPROCESS_H
#define BAWN_RUNTIME_SUBPROCESS_H

#include "base/base.h"
#include "runtime/seccomp.h"

#define SUBPROCESS_OUTPUT_MAX 512
#define SUBPROCESS_FDS_MAX 8

struct subprocess {
	int dirfd;			/* what to execute: as for execveat(2); "" is dirfd itself */
	const char *path;
	char *const *argv, *const *envp;
	const char *cwd;		/* NULL: leave it */
	int cgroup_fd;			/* it is born in it when >= 0 */
	int in;				/* its standard input */
	const int *fds;			/* become its fds 3, 4, ...; it gets no other */
	size_t n_fds;
	int64_t limit_ms;		/* < 0: none */
	bool sees_our_end;		/* it has something to do then; else it dies with us */
	const struct seccomp_program *seccomp;	/* loaded as the last step before execve, or NULL */
};

/* How it ended, and the start of what it printed (standard output and error), without newlines at
 * the end. */
struct subprocess_end {
	bool timed_out;			/* and was killed */
	int signal;			/* that killed it, or 0 */
	int status;			/* of its exit */
	char output[SUBPROCESS_OUTPUT_MAX + 1];
};

/* Starts it; its standard output and error are `out`. Returns its pid. */
pid_t subprocess_start(struct err *e, const struct subprocess *p, int out, int *ret_pidfd);

/* Runs it and waits for its end. It dies with us. An error is one of bawn's own doing. */
int subprocess_run(struct err *e, const struct subprocess *p, struct subprocess_end *ret);

#endif
