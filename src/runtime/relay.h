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
 * has ended and our stdout has taken all it printed (or SIGTERM, INT, HUP or QUIT came after its
 * end): *ret_status is its exit status as a shell shows it (128+n for signal n).
 *
 * Job control: nothing but SIGSTOP stops us. SIGTSTP is passed on like any other signal, and
 * Ctrl-Z in raw mode goes to the terminal inside. While we are in the background of our own
 * terminal it is neither made raw nor read, output goes on, and fg makes up for it; SIGTTIN and
 * SIGTTOU are about that terminal and not passed on. When nobody reads our stdout any more, the
 * terminal inside is hung up. */
int relay_run(struct err *e, pid_t pid, int pidfd, int master, int *ret_status);

/* Gives the terminal the size of the one we have, if any; before the program looks at it. */
void relay_window_size(int master);

/* Back to the caller's signal mask, without a SIGPIPE of ours. */
void relay_end(struct relay *r);

#endif
