/* The start gate of a created container: see gate.h. */
#include "runtime/gate.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "runtime/channel.h"

/* sun_path holds 108 bytes; the state root may be longer. Hence the way through the dirfd. */
static void gate_address(struct sockaddr_un *sa, int dir_fd)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	(void)str_format(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/" GATE_NAME, dir_fd);
}

int gate_listen(struct err *e, int dir_fd)
{
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;

	if (fd < 0)
		return err_sys(e, "make the start gate");
	gate_address(&sa, dir_fd);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 8) < 0)
		return err_sys(e, "make the start gate");
	return take_fd(&fd);
}

int gate_wait(struct err *e, int listener)
{
	for (;;) {
		_close_ int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		/* Who connects and says nothing must not keep `start` out. */
		const struct timeval limit = {.tv_sec = 1};
		struct err ignored;

		if (conn < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (conn < 0)
			return err_sys(e, "wait at the start gate");
		setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (channel_recv(&ignored, conn, NULL) == MSG_GO)
			return take_fd(&conn);
	}
}

static int connect_to(int dir_fd, int flags, int patience_s)
{
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	const struct timeval limit = {.tv_sec = patience_s};
	struct sockaddr_un sa;

	if (fd < 0)
		return -errno;
	/* Bounds connect(2) too: a stopped process lets its queue fill up. */
	if (patience_s && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	gate_address(&sa, dir_fd);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return take_fd(&fd);
}

bool gate_answers(int dir_fd)
{
	_close_ int fd = connect_to(dir_fd, SOCK_NONBLOCK, 0);

	/* A full queue is a queue. */
	return fd >= 0 || fd == -EAGAIN;
}

int gate_connect(int dir_fd)
{
	return connect_to(dir_fd, 0, GATE_PATIENCE_S);
}

int gate_go(struct err *e, int conn)
{
	int r = channel_send(e, conn, MSG_GO, FD_NONE);

	if (r < 0)
		return r;
	r = channel_recv(e, conn, NULL);
	return r > 0 ? err_num(e, EPROTO, "unexpected answer %d from the start gate", r) : r;
}
