/*
 * fdsock.h: the listening end of a unix socket over which file descriptors come.
 */
#ifndef TESTS_FDSOCK_H
#define TESTS_FDSOCK_H

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Bound under another name: a socket that is there but not listened at would refuse. */
static int fdsock_listen(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.new", path) >=
	    (int)sizeof(addr.sun_path))
		errx(2, "%s: too long for a socket", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 16) < 0)
		err(2, "listen at %s", path);
	if (rename(addr.sun_path, path) < 0)
		err(2, "rename to %s", path);
	return fd;
}

/* One message with one fd; its text goes to text[size], NUL-terminated. -1 when there is no fd. */
static int fdsock_receive(int conn, char *text, size_t size)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = text, .iov_len = size - 1};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd;

	text[n > 0 ? n : 0] = '\0';
	if (n < 0 || !c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Accepts one connection and takes the fd of its first message. */
static int fdsock_accept(int listener, char *text, size_t size)
{
	int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC), fd;

	if (conn < 0)
		err(2, "accept");
	fd = fdsock_receive(conn, text, size);
	close(conn);
	return fd;
}

#endif
