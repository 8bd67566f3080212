/*
 * The conversation between the runtime (parent) and the process that becomes the
 * container (child): one fixed struct per message over a SOCK_SEQPACKET pair. Both
 * ends are bawn; still every length and kind is checked (CVE-2021-43784 was an
 * overflow in a home-made format).
 */
#ifndef BAWN_RUNTIME_CHANNEL_H
#define BAWN_RUNTIME_CHANNEL_H

#include "base/base.h"

enum msg_kind {
	MSG_ERROR = 1,		/* child: err is filled in; it exits */
	MSG_PID,		/* stage one: the container's process, fd = its pidfd */
	MSG_NAMESPACES,		/* child: namespaces are made; waits for MSG_GO */
	MSG_CONSOLE,		/* child: fd = terminal master */
	MSG_LISTENER,		/* child: fd = seccomp notify listener */
	MSG_READY,		/* child: only the start is missing; waits for MSG_GO */
	MSG_GO,			/* parent */
	MSG_KIND_MAX,
};

struct msg {
	uint32_t kind;
	struct err err;
};

/* A pair of connected sockets, both O_CLOEXEC. */
int channel_open(struct err *e, int pair[2]);

/* From now on channel_recv() from this socket waits so long at most: where a hostile container can
 * stop or hold the peer. */
#define CHANNEL_LIMIT_S 30
int channel_limit(struct err *e, int sock);
/* The error of such a wait: -ETIMEDOUT. */
int channel_late(struct err *e);

/* fd is passed along when >= 0 and stays the caller's. */
int channel_send(struct err *e, int sock, enum msg_kind kind, int fd);
/* Best effort: the peer may be gone. */
void channel_send_error(int sock, const struct err *err);

/* Waits for a message. Returns its kind, 0 when the peer closed (exec or death), or -errno.
 * MSG_ERROR becomes *e and its -errno. *ret_fd (may be NULL) is owned by the caller. */
int channel_recv(struct err *e, int sock, int *ret_fd);

/* Waits for exactly this kind; anything else, EOF included, is an error. */
int channel_expect(struct err *e, int sock, enum msg_kind kind, int *ret_fd);

/* Takes over an error from where somebody else may have written it: whole and in range, or an error
 * that says so. Returns -errno. */
int channel_take_error(struct err *e, const struct err *theirs);

/* For a step of ours that failed with r because the peer is gone: when the peer has said why, that
 * is the reason. Does not wait. */
int channel_explain(struct err *e, int sock, int r);

#endif
