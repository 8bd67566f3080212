/*
 * The container's terminal: a pty of the container's own devpts (never the
 * caller's), bound on /dev/console by fd (CVE-2025-52565, CVE-2016-10124).
 */
#ifndef BAWN_RUNTIME_CONSOLE_H
#define BAWN_RUNTIME_CONSOLE_H

#include "runtime/spec.h"

struct console {
	int master;		/* for the engine's console socket */
	int slave;		/* for console_attach() */
};

struct console_options {
	int root_fd;		/* the container's root: r->root_fd, or "/" once inside */
	bool bind;		/* bind the slave on /dev/console (create; not exec) */
	uint16_t rows, cols;	/* 0: leave as they are */
	uint32_t uid, gid;	/* owner of the slave; (uint32_t)-1 leaves the group */
};

/* Opens a pty in /dev/pts of the root. Call with the capabilities of set-up. */
int console_open(struct err *e, const struct console_options *o, struct console *ret);

/* Makes the slave fds 0, 1, 2, and closes it. */
int console_attach(struct err *e, struct console *c);
/* Makes fd 0 the controlling terminal. After setsid(). */
int console_control(struct err *e);

void console_done(struct console *c);

#endif
