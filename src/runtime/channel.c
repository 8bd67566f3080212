/* Messages between the runtime and the container's first process: see channel.h. */
#include "runtime/channel.h"

#include <poll.h>
#include <sys/socket.h>

int channel_open(struct err *e, int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket pair");
	return 0;
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

/* An error message is believed only when it is whole and in range. */
static int take_error(struct err *e, const struct msg *m, size_t len)
{
	if (len != sizeof(*m) || m->err.num <= 0 || m->err.num > 4095 || m->err.code == ERR_NONE ||
	    (unsigned int)m->err.code >= ERR_CODE_MAX || !m->err.msg[0])
		return err_num(e, EPROTO, "container process sent a malformed error");
	*e = m->err;
	e->msg[sizeof(e->msg) - 1] = '\0';
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
	if (n == -ECONNRESET)
		return 0;
	if (n < 0)
		return err_num(e, (int)n, "listen to the other half of bawn");
	if (n == 0)
		return 0;
	if ((size_t)n < sizeof(m.kind) || m.kind == 0 || m.kind >= MSG_KIND_MAX)
		return err_num(e, EPROTO, "malformed message from the other half of bawn");
	if (m.kind == MSG_ERROR)
		return take_error(e, &m, (size_t)n);
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
