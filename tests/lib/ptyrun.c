/*
 * ptyrun: runs a program on a terminal and plays a person at it.
 *
 *   ptyrun [-s ROWS COLS] PROGRAM [ARG...]	<STEPS	>TRANSCRIPT
 *
 * STEPS, one on each line, each with a time limit of 60 seconds:
 *   expect TEXT	wait until TEXT was shown, behind what the expect before it found
 *   send TEXT		type it; \r, \n, \\ and \ooo (octal) are known
 *   raw, cooked	wait until the terminal is in this mode
 *   resize ROWS COLS
 *   kill NUMBER	send the signal to the program
 *   hangup		close the terminal and wait for the program
 *
 * Then it waits for the program, writes all that was shown to stdout and the line "terminal:
 * restored" or "terminal: changed" to stderr. Exit status: the program's, 128+N when signal N ended
 * it, 124 when a step waited in vain (stderr says which).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define STEP_LIMIT_S 60
#define SHOWN_MAX (64u << 20)

static int master, slave;
static pid_t child;
static char *shown;
static size_t shown_n, found_at;
static struct termios at_start;

/* Takes in what comes within ms milliseconds; false at the end. */
static bool listen_for(int ms)
{
	struct pollfd p = {.fd = master, .events = POLLIN};
	ssize_t n;

	if (master < 0)
		return false;
	if (poll(&p, 1, ms) <= 0)
		return true;
	if (shown_n >= SHOWN_MAX)
		errx(2, "more than %u bytes of output", SHOWN_MAX);
	n = read(master, shown + shown_n, SHOWN_MAX - shown_n);
	if (n > 0)
		shown_n += (size_t)n;
	return n > 0 || (n < 0 && errno == EINTR);
}

static bool found(const char *text)
{
	char *p = memmem(shown + found_at, shown_n - found_at, text, strlen(text));

	if (!p)
		return false;
	found_at = (size_t)(p - shown) + strlen(text);
	return true;
}

static bool is_raw(void)
{
	struct termios t;

	return tcgetattr(slave, &t) == 0 && !(t.c_lflag & (ICANON | ECHO | ISIG));
}

/* 'e' expect, 'r' raw, 'c' cooked */
static bool reached(char what, const char *text)
{
	return what == 'e' ? found(text) : is_raw() == (what == 'r');
}

static void give_up(const char *what, const char *text)
{
	kill(child, SIGKILL);
	fwrite(shown, 1, shown_n, stdout);
	fprintf(stderr, "ptyrun: waited in vain: %s %s\n", what, text);
	exit(124);
}

static void wait_for(const char *what, const char *text)
{
	time_t end = time(NULL) + STEP_LIMIT_S;

	while (!reached(what[0], text))
		if (!listen_for(20) || time(NULL) > end)
			give_up(what, text);
}

static void type(const char *s)
{
	for (; *s; s++) {
		char c = *s;

		if (c == '\\' && s[1]) {
			c = *++s;
			if (c >= '0' && c <= '7') {
				c = (char)strtol((char[]){s[0], s[1], s[2], '\0'}, NULL, 8);
				s += 2;
			} else if (c == 'r' || c == 'n') {
				c = c == 'r' ? '\r' : '\n';
			}
		}
		if (write(master, &c, 1) != 1)
			err(2, "type");
	}
}

static void resize(const char *text)
{
	struct winsize ws = {0};

	if (sscanf(text, "%hu %hu", &ws.ws_row, &ws.ws_col) != 2 ||
	    ioctl(master, TIOCSWINSZ, &ws) < 0)
		err(2, "resize %s", text);
}

static void step(char *line)
{
	char *text = strchr(line, ' ');

	if (text)
		*text++ = '\0';
	else
		text = line + strlen(line);
	if (strcmp(line, "expect") == 0 || strcmp(line, "raw") == 0 || strcmp(line, "cooked") == 0)
		wait_for(line, text);
	else if (strcmp(line, "send") == 0)
		type(text);
	else if (strcmp(line, "resize") == 0)
		resize(text);
	else if (strcmp(line, "kill") == 0)
		kill(child, atoi(text));
	else if (strcmp(line, "hangup") == 0)
		close(slave), close(master), master = -1;
	else if (*line)
		errx(2, "unknown step %s", line);
}

static int finish(void)
{
	time_t end = time(NULL) + STEP_LIMIT_S;
	struct termios now;
	int status;

	while (waitpid(child, &status, WNOHANG) != child) {
		if (time(NULL) > end)
			give_up("end of", "the program");
		if (!listen_for(20))
			usleep(20000);
	}
	while (listen_for(0)) {
		struct pollfd p = {.fd = master, .events = POLLIN};

		if (poll(&p, 1, 0) <= 0)
			break;
	}
	fwrite(shown, 1, shown_n, stdout);
	if (master >= 0 && tcgetattr(slave, &now) == 0)
		fprintf(stderr, "terminal: %s\n",
			now.c_lflag == at_start.c_lflag && now.c_iflag == at_start.c_iflag &&
					now.c_oflag == at_start.c_oflag &&
					now.c_cflag == at_start.c_cflag
				? "restored"
				: "changed");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct winsize ws = {.ws_row = 24, .ws_col = 80};
	char line[4096];

	if (argc > 3 && strcmp(argv[1], "-s") == 0) {
		ws.ws_row = (unsigned short)atoi(argv[2]);
		ws.ws_col = (unsigned short)atoi(argv[3]);
		argv += 3, argc -= 3;
	}
	if (argc < 2)
		errx(2, "usage: ptyrun [-s ROWS COLS] PROGRAM [ARG...]");
	shown = malloc(SHOWN_MAX);
	if (!shown || openpty(&master, &slave, NULL, NULL, &ws) < 0 ||
	    tcgetattr(slave, &at_start) < 0)
		err(2, "make a terminal");
	fcntl(master, F_SETFD, FD_CLOEXEC);
	child = fork();
	if (child == 0) {
		if (login_tty(slave) < 0)
			err(2, "login_tty");
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	if (child < 0)
		err(2, "fork");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		step(line);
	}
	return finish();
}
