/*
 * Foreground relay: see relay.h. One poll loop; the terminal is restored on every way out.
 *
 * All signals are blocked here, so neither job control nor a reader that went away ends or stops
 * us: reading the terminal in the background fails with EIO, writing to a closed pipe with EPIPE.
 */
#include "runtime/relay.h"

#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

struct loop {
	int pidfd, master, signals;
	bool stdin_open, stdin_tty;
	bool in_front;		/* stdin may be read: no terminal, or one that is ours to use */
	bool hung;		/* nobody inside has the terminal open just now */
	bool saved_valid;
	struct termios saved;	/* the modes of the terminal before it became raw */
	struct buf to_container, to_user;	/* what could not be written yet */
};

#define PENDING_MAX 65536	/* then the reading side waits: back-pressure, no growth */
#define CHUNK 4096		/* what a pipe that polls as writable takes without blocking */
#define LOOK_AGAIN_MS 200	/* nothing reports that a terminal is ours or in use again */
#define LAST_READS 256		/* a terminal holds less; others inside could go on for ever */

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
	struct timespec now = {0};
	sigset_t pipe;

	/* One of our own writes may have raised it: it would take the place of the status. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (r->blocked) {
		(void)sigtimedwait(&pipe, NULL, &now);
		sigprocmask(SIG_SETMASK, &r->saved, NULL);
	}
	r->blocked = false;
}

void relay_window_size(int master)
{
	struct winsize ws;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0)
		(void)ioctl(master, TIOCSWINSZ, &ws);
}

/* Is the terminal ours to use? One that is not our controlling terminal knows no background (and
 * one that hung up gets as far as read, which says so). */
static bool is_foreground(void)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	return front < 0 || front == getpgrp();
}

/* Makes the terminal raw if it is ours to use, else leaves it to the shell. What is restored is
 * what the shell gave us the first time: later it may be our own raw mode. */
static void terminal_take(struct loop *l)
{
	struct termios raw;

	l->in_front = is_foreground();
	if (!l->in_front)
		return;
	if (!l->saved_valid && tcgetattr(STDIN_FILENO, &l->saved) < 0)
		return;
	l->saved_valid = true;
	raw = l->saved;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	relay_window_size(l->master);
}

static void terminal_give_back(struct loop *l)
{
	if (l->saved_valid && is_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &l->saved);
	l->saved_valid = false;
}

/* Takes one signal and does with it what is due. Returns its number, 0 if there was none. */
static int pass_signal(struct loop *l)
{
	struct signalfd_siginfo si;

	if (read(l->signals, &si, sizeof(si)) != sizeof(si))
		return 0;
	switch (si.ssi_signo) {
	case SIGCHLD:
	case SIGPIPE:
	case SIGTTIN:	/* for a process group of ours in the background: about our terminal, */
	case SIGTTOU:	/* not about the one inside */
		break;
	case SIGWINCH:
		if (l->master >= 0)
			relay_window_size(l->master);
		break;
	case SIGCONT:
		/* We were stopped (only SIGSTOP can do that), and the shell changed the modes. */
		if (l->stdin_tty)
			l->in_front = false;
		__attribute__((fallthrough));
	default:
		(void)sys_pidfd_send_signal(l->pidfd, (int)si.ssi_signo);
	}
	return (int)si.ssi_signo;
}

/* Reads what is there into b: 1, 0 at the end of the source, -errno. */
static int fill(int fd, struct buf *b)
{
	char chunk[CHUNK];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n > 0)
		buf_add(b, chunk, (size_t)n);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	return n > 0;
}

/* Writes the start of b: 0, or -errno and b is empty. */
static int drain(int fd, struct buf *b)
{
	ssize_t n = write(fd, b->data, b->len < CHUNK ? b->len : CHUNK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		b->len = 0;
		return -errno;
	}
	b->len -= (size_t)n;
	memmove(b->data, b->data + n, b->len);
	return 0;
}

/* A program with our stdout would be told that nobody reads it any more; one on a terminal hears
 * it as a hangup, which is what closing the master is. */
static void drain_to_user(struct loop *l)
{
	int r = drain(STDOUT_FILENO, &l->to_user);

	if (r == -EPIPE || r == -EIO)
		fd_close(&l->master);
}

/* After the process has ended: what it printed last, as much as there is now. */
static void read_rest(struct loop *l, int *reads)
{
	while (l->master >= 0 && l->to_user.len < PENDING_MAX) {
		size_t before = l->to_user.len;

		if (fill(l->master, &l->to_user) <= 0 || l->to_user.len == before ||
		    ++*reads == LAST_READS)
			fd_close(&l->master);
	}
}

static bool asks_to_end(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

/* Waits for who reads our stdout as the program itself would have had to. There is no process any
 * more that signals could be passed to, so they end this. */
static void finish_output(struct loop *l)
{
	struct pollfd p[] = {
		{.fd = STDOUT_FILENO, .events = POLLOUT},
		{.fd = l->signals, .events = POLLIN},
	};
	int reads = 0;

	/* Ctrl-C is to work while a slow reader takes the rest. */
	if (l->saved_valid && !isatty(STDOUT_FILENO))
		terminal_give_back(l);
	for (;;) {
		read_rest(l, &reads);
		if (!l->to_user.len)
			return;
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents && asks_to_end(pass_signal(l)))
			return;
		if (p[0].revents)
			drain_to_user(l);
	}
}

enum { ON_EXIT, ON_SIGNAL, ON_MASTER, ON_STDIN, ON_STDOUT, ON_MAX };

static void watch_for(struct pollfd *p, int fd, short events)
{
	/* poll(2) reports a hangup even if no event is asked for: it would return at once. */
	*p = (struct pollfd){.fd = events ? fd : -1, .events = events};
}

static void watch(const struct loop *l, struct pollfd *p)
{
	bool in = l->master >= 0 && l->stdin_open && l->in_front;
	short master = 0;

	if (l->master >= 0 && !l->hung) {
		if (l->to_user.len < PENDING_MAX)
			master |= POLLIN;
		if (l->to_container.len)
			master |= POLLOUT;
	}
	watch_for(&p[ON_EXIT], l->pidfd, POLLIN);
	watch_for(&p[ON_SIGNAL], l->signals, POLLIN);
	watch_for(&p[ON_MASTER], l->master, master);
	watch_for(&p[ON_STDIN], STDIN_FILENO, in && l->to_container.len < PENDING_MAX ? POLLIN : 0);
	watch_for(&p[ON_STDOUT], STDOUT_FILENO, l->to_user.len ? POLLOUT : 0);
}

static void read_stdin(struct loop *l)
{
	int r = fill(STDIN_FILENO, &l->to_container);

	if (r > 0)
		return;
	/* In the background now: the terminal is read again when it is ours again. */
	if (r == -EIO && l->stdin_tty)
		l->in_front = false;
	else
		l->stdin_open = false;
}

/* A hangup means that nobody inside has the terminal open. A process may still open it again
 * (/dev/console), and it must not get SIGHUP, so it stays. */
static void serve_master(struct loop *l, const struct pollfd *p)
{
	if (p->revents & POLLOUT)
		(void)drain(l->master, &l->to_container);
	if (p->events & POLLIN && p->revents & (POLLIN | POLLHUP | POLLERR))
		l->hung = fill(l->master, &l->to_user) <= 0;
	else if (p->revents & (POLLHUP | POLLERR))
		l->hung = true;
}

static void move_bytes(struct loop *l, const struct pollfd *p)
{
	if (p[ON_STDIN].revents)
		read_stdin(l);
	if (p[ON_MASTER].revents)
		serve_master(l, &p[ON_MASTER]);
	if (p[ON_STDOUT].revents)
		drain_to_user(l);
}

static int loop_run(struct err *e, struct loop *l)
{
	for (;;) {
		struct pollfd p[ON_MAX];

		watch(l, p);
		if (poll(p, ON_MAX, l->in_front && !l->hung ? -1 : LOOK_AGAIN_MS) < 0 &&
		    errno != EINTR)
			return err_sys(e, "wait for the process");
		l->hung = false;
		if (p[ON_SIGNAL].revents)
			(void)pass_signal(l);
		if (!l->in_front)
			terminal_take(l);
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
	struct loop l = {.pidfd = pidfd, .master = master, .stdin_open = true, .in_front = true};
	_close_ int signals = FD_NONE;
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
		l.stdin_tty = isatty(STDIN_FILENO);
		if (l.stdin_tty)
			terminal_take(&l);
	}
	r = loop_run(e, &l);
	finish_output(&l);
	terminal_give_back(&l);
	fd_close(&l.master);
	buf_done(&l.to_container);
	buf_done(&l.to_user);
	return r < 0 ? r : reap(e, pid, ret_status);
}
