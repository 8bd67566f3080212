/*
 * recvfd: the other end of the sockets that a runtime sends file descriptors to.
 *
 *   recvfd tty SOCKET [TEXT]	--console-socket: shows what the terminal says on stdout
 *				until its last user is gone; types TEXT first
 *   recvfd pidfd SOCKET	--pidfd-socket: prints the pid, waits for its end, prints "ended"
 *   recvfd seccomp SOCKET ERRNO	a seccomp agent: prints the state that comes with the
 *				listener, then answers each notification with ERRNO (0: continue)
 *
 * The socket appears when it can be connected to. Each says "message: ..." for the bytes that came
 * with the fd on stderr.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "fdsock.h"

static char message[65536];

static int receive_fd(const char *path)
{
	int listener = fdsock_listen(path);
	int fd = fdsock_accept(listener, message, sizeof(message));

	close(listener);
	unlink(path);
	if (fd < 0)
		errx(2, "no fd in the message: %s", message);
	fprintf(stderr, "message: %s\n", message);
	return fd;
}

static void show(const char *buf, size_t n)
{
	while (n) {
		ssize_t w = write(1, buf, n);

		if (w <= 0)
			err(2, "write");
		buf += w;
		n -= (size_t)w;
	}
}

static int tty(const char *path, const char *text)
{
	int fd = receive_fd(path);
	char buf[65536];
	ssize_t n;

	if (text && write(fd, text, strlen(text)) < 0)
		err(2, "type");
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		show(buf, (size_t)n);
	return 0;
}

static int pidfd(const char *path)
{
	int fd = receive_fd(path);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char name[64], line[256];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "Pid:\t", 5) == 0)
			printf("%s", line + 5);
	fflush(stdout);
	if (poll(&p, 1, -1) != 1)
		err(2, "poll");
	puts("ended");
	return 0;
}

static int answer(int fd, int num)
{
	struct seccomp_notif req = {0};
	struct seccomp_notif_resp resp = {0};

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
		return errno == EINTR || errno == ENOENT ? 0 : -1;
	printf("syscall %d\n", req.data.nr);
	fflush(stdout);
	resp.id = req.id;
	resp.error = -num;
	resp.flags = num ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	return 0;
}

static int seccomp(const char *path, int num)
{
	int fd = receive_fd(path);

	printf("%s\n", message);
	fflush(stdout);
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			err(2, "poll");
		if (p.revents & POLLHUP)
			return 0;
		if (p.revents & POLLIN && answer(fd, num) < 0)
			return 0;
	}
}

int main(int argc, char **argv)
{
	/* A test that fails must not leave it behind for ever. */
	alarm(300);
	if (argc >= 3 && strcmp(argv[1], "tty") == 0)
		return tty(argv[2], argc > 3 ? argv[3] : NULL);
	if (argc == 3 && strcmp(argv[1], "pidfd") == 0)
		return pidfd(argv[2]);
	if (argc == 4 && strcmp(argv[1], "seccomp") == 0)
		return seccomp(argv[2], atoi(argv[3]));
	fprintf(stderr, "usage: recvfd tty|pidfd|seccomp SOCKET ...\n");
	return 2;
}
