/*
 * recvtty: receives terminals at a --console-socket, for runc's integration suite, which brings a
 * Go program of this name.
 *
 *   recvtty [--mode single|null] [--pid-file FILE] [--no-stdin] SOCKET
 *
 * null takes any number of terminals and reads them empty; they stay open until recvtty is killed,
 * which hangs them up. single (the default) takes one, shows on stdout what it says, without the
 * carriage returns of ONLCR, and types stdin into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <termios.h>

#include "../lib/fdsock.h"

static char name[4096]; /* of the terminal: comes with it */

static void write_pid(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f) != 0)
		err(1, "write %s", path);
}

static void watch(int ep, int fd, unsigned int events)
{
	struct epoll_event ev = {.events = events, .data.fd = fd};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0)
		err(1, "epoll");
}

/* Edge-triggered: a terminal whose last user is gone would be ready for ever. */
static int null_mode(int listener)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev;
	char buf[65536];

	watch(ep, listener, EPOLLIN);
	for (;;) {
		int fd;

		if (epoll_wait(ep, &ev, 1, -1) < 0 && errno != EINTR)
			err(1, "epoll_wait");
		if (ev.data.fd != listener) {
			while (read(ev.data.fd, buf, sizeof(buf)) > 0)
				;
			continue;
		}
		fd = fdsock_accept(listener, name, sizeof(name));
		if (fd < 0)
			continue; /* who only tries whether the socket answers */
		fcntl(fd, F_SETFL, O_NONBLOCK);
		watch(ep, fd, EPOLLIN | EPOLLET);
	}
}

/* false at the end of from */
static bool copy(int from, int to)
{
	char buf[65536];
	ssize_t n = read(from, buf, sizeof(buf)), done = 0;

	while (done < n) {
		ssize_t w = write(to, buf + done, (size_t)(n - done));

		if (w < 0)
			return false;
		done += w;
	}
	return n > 0;
}

static int single_mode(int listener, bool with_stdin)
{
	int tty = fdsock_accept(listener, name, sizeof(name));
	struct pollfd p[] = {
		{.fd = tty, .events = POLLIN},
		{.fd = with_stdin ? STDIN_FILENO : -1, .events = POLLIN},
	};
	struct termios t;

	if (tty < 0 || tcgetattr(tty, &t) < 0)
		errx(1, "no terminal in the message");
	close(listener);
	t.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(tty, TCSANOW, &t);
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			err(1, "poll");
		if (p[0].revents && !copy(tty, STDOUT_FILENO))
			return 0;
		if (p[1].revents && !copy(STDIN_FILENO, tty))
			p[1].fd = -1;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"mode", required_argument, NULL, 'm'},
		{"pid-file", required_argument, NULL, 'p'},
		{"no-stdin", no_argument, NULL, 'n'},
		{0},
	};
	const char *mode = "single", *pid_file = NULL;
	bool with_stdin = true;
	int opt;

	while ((opt = getopt_long(argc, argv, "m:", options, NULL)) != -1) {
		if (opt == 'm')
			mode = optarg;
		else if (opt == 'p')
			pid_file = optarg;
		else if (opt == 'n')
			with_stdin = false;
		else
			return 1;
	}
	if (optind + 1 != argc)
		errx(1,
		     "usage: recvtty [--mode single|null] [--pid-file FILE] [--no-stdin] SOCKET");
	if (pid_file)
		write_pid(pid_file);
	if (strcmp(mode, "null") == 0)
		return null_mode(fdsock_listen(argv[optind]));
	if (strcmp(mode, "single") == 0)
		return single_mode(fdsock_listen(argv[optind]), with_stdin);
	errx(1, "no such mode: %s", mode);
}
