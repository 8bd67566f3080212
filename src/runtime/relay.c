/* Foreground relay: see relay.h. One poll loop; the terminal is restored on every way out. */
#include "runtime/relay.h"

#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>

struct loop {
	pid_t pid;
	int pidfd, master, signals;
	bool stdin_open;
	struct buf to_container, to_user;	/* what could not be written yet */
};

#define PENDING_MAX 65536	/* then the reading side waits: back-pressure, no growth */

/* musl's sigfillset leaves out 32 to 34, which it keeps for itself; they are passed on as well. */
static void fill_signals(sigset_t *set)
{
	memset(set, 0xff, sizeof(*set));
}

void relay_begin(struct relay *r)
{
	sigset_t all;

	fill_signals(&all);
	r->blocked = sigprocmask(SIG_SETMASK, &all, &r->saved) == 0;
}

void relay_end(struct relay *r)
{
	if (r->blocked)
		sigprocmask(SIG_SETMASK, &r->saved, NULL);
	r->blocked = false;
}

void relay_window_size(int master)
{
	struct winsize ws;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0)
		(void)ioctl(master, TIOCSWINSZ, &ws);
}

static void pass_signal(const struct loop *l)
{
	struct signalfd_siginfo si;

	if (read(l->signals, &si, sizeof(si)) != sizeof(si))
		return;
	switch (si.ssi_signo) {
	case SIGCHLD:
	case SIGPIPE:
		return;
	case SIGWINCH:
		if (l->master >= 0)
			relay_window_size(l->master);
		return;
	default:
		(void)sys_pidfd_send_signal(l->pidfd, (int)si.ssi_signo);
	}
}

/* Reads what is there into b; false at the end of the source. */
static bool fill(int fd, struct buf *b)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n > 0)
		buf_add(b, chunk, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool drain(int fd, struct buf *b)
{
	ssize_t n = write(fd, b->data, b->len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	b->len -= (size_t)n;
	memmove(b->data, b->data + n, b->len);
	return true;
}

/* After the process has ended: what it printed last. Others may still hold the terminal, so this
 * stops when nothing is there. */
static void finish_output(struct loop *l)
{
	struct pollfd p = {.fd = l->master, .events = POLLIN};

	while (l->master >= 0 && !l->to_user.failed) {
		while (l->to_user.len)
			if (!drain(STDOUT_FILENO, &l->to_user))
				return;
		if (poll(&p, 1, 0) <= 0 || !fill(l->master, &l->to_user))
			return;
	}
}

enum { ON_EXIT, ON_SIGNAL, ON_MASTER, ON_STDIN, ON_STDOUT, ON_MAX };

static void watch(const struct loop *l, struct pollfd *p)
{
	short master = 0;

	for (int i = 0; i < ON_MAX; i++)
		p[i] = (struct pollfd){.fd = -1};
	p[ON_EXIT] = (struct pollfd){.fd = l->pidfd, .events = POLLIN};
	p[ON_SIGNAL] = (struct pollfd){.fd = l->signals, .events = POLLIN};
	if (l->master < 0)
		return;
	if (l->to_user.len < PENDING_MAX)
		master |= POLLIN;
	if (l->to_container.len)
		master |= POLLOUT;
	p[ON_MASTER] = (struct pollfd){.fd = l->master, .events = master};
	if (l->stdin_open && l->to_container.len < PENDING_MAX)
		p[ON_STDIN] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	if (l->to_user.len)
		p[ON_STDOUT] = (struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT};
}

static void move_bytes(struct loop *l, const struct pollfd *p)
{
	if (p[ON_STDIN].revents)
		l->stdin_open = fill(STDIN_FILENO, &l->to_container);
	if (p[ON_MASTER].revents & POLLOUT && !drain(l->master, &l->to_container))
		l->to_container.len = 0;
	if (p[ON_MASTER].revents & (POLLIN | POLLHUP | POLLERR) && !fill(l->master, &l->to_user))
		fd_close(&l->master);
	if (p[ON_STDOUT].revents && !drain(STDOUT_FILENO, &l->to_user))
		l->to_user.len = 0;
}

static int loop_run(struct err *e, struct loop *l)
{
	for (;;) {
		struct pollfd p[ON_MAX];

		watch(l, p);
		if (poll(p, ON_MAX, -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for the process");
		if (p[ON_SIGNAL].revents)
			pass_signal(l);
		if (l->master >= 0)
			move_bytes(l, p);
		if (p[ON_EXIT].revents)
			return 0;
	}
}

static int reap(struct err *e, pid_t pid, int *ret_status)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for process %d", (int)pid);
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int relay_run(struct err *e, pid_t pid, int pidfd, int master, int *ret_status)
{
	struct loop l = {.pid = pid, .pidfd = pidfd, .master = master, .stdin_open = true};
	_close_ int signals = FD_NONE;
	struct termios saved, raw;
	bool tty = false;
	sigset_t all;
	int r;

	fill_signals(&all);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return err_sys(e, "make a signalfd");
	l.signals = signals;
	if (master >= 0) {
		relay_window_size(master);
		fcntl(master, F_SETFL, O_NONBLOCK);
		tty = tcgetattr(STDIN_FILENO, &saved) == 0;
	}
	if (tty) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	r = loop_run(e, &l);
	finish_output(&l);
	if (tty)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	fd_close(&l.master);
	buf_done(&l.to_container);
	buf_done(&l.to_user);
	return r < 0 ? r : reap(e, pid, ret_status);
}
