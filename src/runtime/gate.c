/* The start gate of a created container: see gate.h. */
#include "runtime/gate.h"

#include <stdio.h>
#include <sys/socket.h>
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
		struct err ignored;

		if (conn < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (conn < 0)
			return err_sys(e, "wait at the start gate");
		if (channel_recv(&ignored, conn, NULL) == MSG_GO)
			return take_fd(&conn);
	}
}

int gate_connect(int dir_fd)
{
	_close_ int fd = FD_NONE;
	struct sockaddr_un sa;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	gate_address(&sa, dir_fd);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return take_fd(&fd);
}

int gate_go(struct err *e, int conn)
{
	int r = channel_send(e, conn, MSG_GO, FD_NONE);

	if (r < 0)
		return r;
	r = channel_recv(e, conn, NULL);
	return r > 0 ? err_num(e, EPROTO, "unexpected answer %d from the start gate", r) : r;
}
