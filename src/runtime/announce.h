/* Telling engines about a new process: pid file, pidfd socket, console socket. */
#ifndef BAWN_RUNTIME_ANNOUNCE_H
#define BAWN_RUNTIME_ANNOUNCE_H

#include "base/base.h"
#include "runtime/container.h"

/* Decimal without newline, replaced atomically. NULL path: nothing to do. */
int announce_pid(struct err *e, const char *path, pid_t pid);
/* Sends an fd with a short text over the unix stream socket at path. NULL path: nothing to do. */
int announce_fd(struct err *e, const char *option, const char *path, const char *text, int fd);

/* A new terminal's master: to the --console-socket, or without one, after it got the size of our
 * own terminal, to *ret. Takes the fd over. */
int announce_console(struct err *e, const char *path, int master, int *ret);

/* Hands a seccomp listener to the agent at linux.seccomp.listenerPath, with the
 * ContainerProcessState of the runtime-spec. */
int announce_listener(struct err *e, const struct container *c, const struct spec_seccomp *s,
		      pid_t pid, int listener);

#endif
