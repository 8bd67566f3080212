/* Helper programs: what only some containers need and what brings big libraries with it. */
#ifndef BAWN_RUNTIME_HELPER_H
#define BAWN_RUNTIME_HELPER_H

#include "runtime/runtime.h"

/* Whether there is one of this name, and where: a path for messages. */
int helper_find(struct err *e, const struct runtime *rt, const char *name, char *path, size_t size);

/* Runs the helper `name` ("bawn-net") and waits for its end, 10 seconds at most. It is looked for
 * beside the bawn that runs (in the sealed image, if there is one), then in the libexec directory
 * of the installation. Its environment is empty, its standard input too; fds become its fds 3, 4,
 * ... and it gets no other. When it fails, what it printed is the error. */
int helper_run(struct err *e, const struct runtime *rt, const char *name, char *const argv[],
	       const int *fds, size_t n_fds);

/* A helper that stays, and talks over a SOCK_SEQPACKET socket: its standard input and output. */
struct helper {
	pid_t pid;		/* 0: none */
	int pidfd, sock;
};
struct helper_start {
	const char *name;
	char *const *argv;
	const int *fds;		/* its fds 3, 4, ... */
	size_t n_fds;
	bool sees_our_end;	/* by the end of the conversation; else it dies with us */
};
int helper_start(struct err *e, const struct runtime *rt, const struct helper_start *s,
		 struct helper *ret);
/* Its next message: "ok" or "ok TEXT", of which *text is the TEXT. Anything else is its error. Waits
 * as long as helper_run(). */
int helper_answer(struct err *e, const struct helper *h, const char *name, char *text, size_t size);
/* Its next message, whatever it is, and the fd that came with it. limit_ms < 0: none. */
int helper_hear(struct err *e, const struct helper *h, int limit_ms, char *text, size_t size,
		int *ret_fd);
int helper_say(struct err *e, const struct helper *h, const char *text);
/* Ends it at once. */
void helper_end(struct helper *h);

#endif
