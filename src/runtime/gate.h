/*
 * The start gate: a created container's process listens on the unix socket `gate` in
 * its state directory (0700) until `start` connects and says go. The answer is the
 * end of the connection when the program was executed, or a struct err.
 * "created" means: the gate answers (docs/adr/0004).
 */
#ifndef BAWN_RUNTIME_GATE_H
#define BAWN_RUNTIME_GATE_H

#include "base/base.h"

#define GATE_NAME "gate"

/* Binds and listens; returns the listener. */
int gate_listen(struct err *e, int dir_fd);

/* Container side: blocks until somebody says go; returns that connection, over which a failure
 * is reported with channel_send_error(). Connections that only look are ignored. */
int gate_wait(struct err *e, int listener);

/* Whether somebody waits there; never blocks. */
bool gate_answers(int dir_fd);

/* Returns a connection, or -errno without message: -ECONNREFUSED, -ENOENT when nobody waits there,
 * -EAGAIN when it does not take connections for GATE_PATIENCE_S seconds. */
#define GATE_PATIENCE_S 10
int gate_connect(int dir_fd);

/* Says go over a connection and waits for the outcome: 0 when the program was executed. */
int gate_go(struct err *e, int conn);

#endif
