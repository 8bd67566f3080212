/* Messages between the runtime and the container's first process: see channel.h. */
#include "runtime/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

int channel_open(struct err *e, int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket pair");
	return 0;
}

int channel_limit(struct err *e, int sock)
{
	const struct timeval limit = {.tv_sec = CHANNEL_LIMIT_S};

	if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return err_sys(e, "limit the time to wait for the other half of bawn");
	return 0;
}

int channel_late(struct err *e)
{
	return err_num(
		e, ETIMEDOUT,
		"the process made no progress for %d seconds: something in the container stops "
		"or traces it, or has frozen its cgroup",
		CHANNEL_LIMIT_S);
}

int channel_send(struct err *e, int sock, enum msg_kind kind, int fd)
{
	uint32_t head = kind;
	ssize_t n = fd_send(sock, &head, sizeof(head), fd);

	if (n < 0)
		return err_num(e, (int)n, "talk to the other half of bawn");
	return 0;
}

void channel_send_error(int sock, const struct err *err)
{
	struct msg m = {.kind = MSG_ERROR, .err = *err};

	(void)fd_send(sock, &m, sizeof(m), FD_NONE);
}

int channel_take_error(struct err *e, const struct err *theirs)
{
	/* First the copy: the other side may write on. */
	*e = *theirs;
	e->msg[sizeof(e->msg) - 1] = '\0';
	if (e->num <= 0 || e->num > 4095 || e->code == ERR_NONE ||
	    (unsigned int)e->code >= ERR_CODE_MAX || !e->msg[0])
		return err_num(e, EPROTO, "container process sent a malformed error");
	return -e->num;
}

int channel_recv(struct err *e, int sock, int *ret_fd)
{
	_close_ int fd = FD_NONE;
	struct msg m;
	ssize_t n;

	if (ret_fd)
		*ret_fd = FD_NONE;
	n = fd_recv(sock, &m, sizeof(m), &fd);
	/* It ended without reading all that we sent. That is told first, what it said is still to
	 * be had. */
	if (n == -ECONNRESET)
		n = fd_recv(sock, &m, sizeof(m), &fd);
	if (n == -EAGAIN)
		return channel_late(e);
	if (n < 0)
		return err_num(e, (int)n, "listen to the other half of bawn");
	if (n == 0)
		return 0;
	if ((size_t)n < sizeof(m.kind) || m.kind == 0 || m.kind >= MSG_KIND_MAX)
		return err_num(e, EPROTO, "malformed message from the other half of bawn");
	if (m.kind == MSG_ERROR && (size_t)n != sizeof(m))
		return err_num(e, EPROTO, "container process sent a part of an error");
	if (m.kind == MSG_ERROR)
		return channel_take_error(e, &m.err);
	if ((size_t)n != sizeof(m.kind))
		return err_num(e, EPROTO, "message %u has a wrong length", m.kind);
	if (ret_fd)
		*ret_fd = take_fd(&fd);
	return (int)m.kind;
}

int channel_explain(struct err *e, int sock, int r)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	struct err theirs;

	/* What it said before is of no use any more. */
	while (r < 0 && sock >= 0 && poll(&p, 1, 0) > 0) {
		int kind = channel_recv(&theirs, sock, NULL);

		if (kind < 0) {
			*e = theirs;
			return kind;
		}
		if (kind == 0)
			break;
	}
	return r;
}

int channel_expect(struct err *e, int sock, enum msg_kind kind, int *ret_fd)
{
	int r = channel_recv(e, sock, ret_fd);

	if (r < 0)
		return r;
	if (r == 0)
		return err_num(e, ECHILD, "the other half of bawn died");
	if (r != (int)kind) {
		if (ret_fd)
			fd_close(ret_fd);
		return err_num(e, EPROTO, "message %d where %d was due", r, kind);
	}
	return 0;
}
