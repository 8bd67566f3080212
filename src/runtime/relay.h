/* The foreground: signals and the terminal are passed on while a process of ours runs. */
#ifndef BAWN_RUNTIME_RELAY_H
#define BAWN_RUNTIME_RELAY_H

#include <signal.h>

#include "base/base.h"

struct relay {
	sigset_t saved;		/* the caller's signal mask */
	bool blocked;
};

/* Holds signals back so that none is lost before relay_run(). Before clone. */
void relay_begin(struct relay *r);

/* Passes signals to the process and, with a terminal master (else FD_NONE), bytes and window
 * sizes between it and our stdin/stdout (raw while it lasts). Returns when the process, our child,
 * has ended: *ret_status is its exit status as a shell shows it (128+n for signal n). */
int relay_run(struct err *e, pid_t pid, int pidfd, int master, int *ret_status);

/* Gives the terminal the size of the one we have, if any; before the program looks at it. */
void relay_window_size(int master);

/* Back to the caller's signal mask. */
void relay_end(struct relay *r);

#endif
