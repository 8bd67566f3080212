// SPDX-License-Identifier: Apache-2.0
/*
 * vmio - carries a script's output and status out of the test VM.
 *
 *	vmio guest <JOB			pid 1 of the VM, or a service of its systemd:
 *					runs the job
 *	vmio host CONSOLE SECONDS <STREAM 3>VERDICT
 *					outside: unpacks what the guest sends
 *	vmio listen SOCKET CMD...	runs CMD with a listening socket as fd 3
 *	vmio readonly DIR CMD...	runs CMD with all of / read-only at DIR
 *
 * The guest sends frames (a type byte, a 32-bit length, the bytes) through one
 * virtio port: stdout, stderr and status share it, so when the status has come
 * all output has come too, and the VM may be killed at once. A serial console
 * would change "\n" and mix in the kernel's messages; a file would not stream.
 *
 * JOB is a list of strings, each closed by a NUL: the working directory, the
 * environment ("NAME=VALUE"), an empty string, the command and its arguments.
 * Called by init (guest) and run (the others). Both ends are trusted.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT "/dev/vport0p1"
#define BOOT_SILENCE_MS (30 * 1000)
#define DRAIN_MS (5 * 1000)

enum { FRAME_MAX = 32768, FD_VERDICT = 3, FD_LISTEN = 3, EXIT_VM = 125 };
enum { FRAME_HELLO = 'h', FRAME_OUT = 'o', FRAME_ERR = 'e', FRAME_STATUS = 's' };

struct frame {
	uint8_t type;
	uint32_t len_le;
	uint8_t data[FRAME_MAX];
} __attribute__((packed));

#define FRAME_HEAD offsetof(struct frame, data)

/* All that the guest's loop needs; out and err are the script's two pipes. */
struct guest {
	int port, sigfd, out, err;
	pid_t script;
	int status;
	bool exited;
};

/* ---- both ---- */

static int write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* The caller's stdout is non-blocking: wait for room. */
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads len bytes; 1 when they are there, 0 at the end of the stream. */
static int read_all(int fd, void *buf, size_t len)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

static void send_frame(int port, uint8_t type, const void *data, size_t len)
{
	static struct frame f;

	f.type = type;
	f.len_le = htole32((uint32_t)len);
	memcpy(f.data, data, len);
	if (write_all(port, &f, FRAME_HEAD + len) < 0)
		_exit(EXIT_VM); /* pid 1: the kernel panics and says so */
}

_Noreturn static void send_status(int port, int status)
{
	send_frame(port, FRAME_STATUS, &(uint8_t){(uint8_t)status}, 1);
	for (;;)
		pause(); /* the host kills the VM: faster than powering off */
}

/* In the guest the message goes to the host once there is a port. */
static int die_port = -1;

_Noreturn static void die(const char *fmt, ...)
{
	int err = errno, n;
	char msg[512] = "vmio: ";
	va_list ap;

	va_start(ap, fmt);
	n = 6 + vsnprintf(msg + 6, sizeof(msg) - 100, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(msg) - 100)
		n = sizeof(msg) - 100;
	n += snprintf(msg + n, sizeof(msg) - (size_t)n, ": %s\n", strerror(err));
	if (die_port >= 0) {
		send_frame(die_port, FRAME_ERR, msg, (size_t)n);
		send_status(die_port, EXIT_VM);
	}
	fputs(msg, stderr);
	exit(EXIT_VM);
}

/* ---- guest ---- */

/* The driver makes the node some time after the module was loaded. */
static int open_port(void)
{
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	int watch = inotify_init1(IN_CLOEXEC);
	int fd;

	if (watch < 0 || inotify_add_watch(watch, "/dev", IN_CREATE) < 0)
		die("watch /dev");
	while ((fd = open(PORT, O_WRONLY | O_CLOEXEC)) < 0) {
		if (errno != ENOENT)
			die("open %s", PORT);
		if (read(watch, event, sizeof(event)) < 0)
			die("read the watch on /dev");
	}
	close(watch);
	return fd;
}

/* Reads the job from stdin; returns its end. Never freed: pid 1 needs it. */
static char *read_job(char **ret_job)
{
	struct stat st;
	char *job;

	if (fstat(STDIN_FILENO, &st) < 0)
		die("stat the job");
	job = malloc((size_t)st.st_size + 1);
	if (!job || read_all(STDIN_FILENO, job, (size_t)st.st_size) != 1)
		die("read the job");
	job[st.st_size] = '\0';
	*ret_job = job;
	return job + st.st_size;
}

static char **job_argv(char *from, const char *end)
{
	size_t n = 0;
	char **argv;

	for (const char *p = from; p < end; p += strlen(p) + 1)
		n++;
	argv = calloc(n + 1, sizeof(*argv));
	if (!argv || n == 0)
		die("no command in the job");
	for (size_t i = 0; i < n; i++, from += strlen(from) + 1)
		argv[i] = from;
	return argv;
}

static void mkdir_parents(const char *dir)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/", dir) >= (int)sizeof(path))
		die("%s: name too long", dir);
	for (char *p = path + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			die("mkdir %s", path);
	}
}

/* The one writable directory of the host, at the path it has there. */
static void mount_results(void)
{
	const char *dir = getenv("BAWN_RESULTS");

	if (!dir || !*dir)
		return;
	mkdir_parents(dir);
	if (mount("results", dir, "virtiofs", 0, NULL) < 0)
		die("mount the results directory %s", dir);
}

/* Takes directory and environment from the job; returns the command. */
static char **enter_job(void)
{
	char *job, *end = read_job(&job);
	char *env = job + strlen(job) + 1;

	clearenv();
	putenv("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	putenv("HOME=/root");
	putenv("LANG=C.UTF-8");
	for (; env < end && *env; env += strlen(env) + 1)
		putenv(env);
	mount_results();
	if (chdir(job) < 0)
		die("the caller's directory %s", job);
	return job_argv(env + 1, end);
}

/* What a login on a normal Debian would give. */
static void set_limits(void)
{
	struct rlimit nofile = {.rlim_cur = 1024, .rlim_max = 524288};

	if (setrlimit(RLIMIT_NOFILE, &nofile) < 0)
		die("set RLIMIT_NOFILE");
}

static void exec_script(char **argv, int out, int err)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(EXIT_VM);
	if (null > 2)
		close(null);
	execvp(argv[0], argv);
	fprintf(stderr, "vmio: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/*
 * The script gets pipes, not the port: a port can be opened only once, so
 * "echo >/dev/stderr" would fail on it.
 */
static void start_script(struct guest *g, char **argv)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		die("pipe");
	g->script = fork();
	if (g->script < 0)
		die("fork");
	if (g->script == 0)
		exec_script(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	g->out = out[0];
	g->err = err[0];
}

static void forward(int port, int *fd, uint8_t type)
{
	static char buf[FRAME_MAX];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n > 0) {
		send_frame(port, type, buf, (size_t)n);
		return;
	}
	close(*fd);
	*fd = -1;
}

/*
 * Reaps all children, the adopted ones too. When the script has ended, what it
 * left running is killed: only then do the pipes end.
 */
static void reap(struct guest *g)
{
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	if (read(g->sigfd, &si, sizeof(si)) < 0)
		die("read the signalfd");
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != g->script)
			continue;
		g->exited = true;
		g->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		kill(-1, SIGKILL);
	}
}

/* Forwards output until the script has ended and both pipes are empty. */
static void serve(struct guest *g)
{
	while (!g->exited || g->out >= 0 || g->err >= 0) {
		struct pollfd p[] = {
			{.fd = g->out, .events = POLLIN},
			{.fd = g->err, .events = POLLIN},
			{.fd = g->sigfd, .events = POLLIN},
		};
		int n = poll(p, 3, g->exited ? DRAIN_MS : -1);

		if (n == 0)
			return; /* unkillable process (state D) holds a pipe */
		if (n < 0 && errno != EINTR)
			die("poll");
		if (p[0].revents)
			forward(g->port, &g->out, FRAME_OUT);
		if (p[1].revents)
			forward(g->port, &g->err, FRAME_ERR);
		if (p[2].revents)
			reap(g);
	}
}

_Noreturn static void guest_main(void)
{
	struct guest g = {.out = -1, .err = -1};
	sigset_t chld;
	char **argv;

	g.port = open_port();
	send_frame(g.port, FRAME_HELLO, "", 0);
	die_port = g.port;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	g.sigfd = signalfd(-1, &chld, SFD_CLOEXEC);
	if (g.sigfd < 0)
		die("signalfd");
	set_limits();
	argv = enter_job();
	start_script(&g, argv);
	serve(&g);
	sync(); /* the results directory; all else is thrown away */
	send_status(g.port, g.status);
}

/* ---- host ---- */

_Noreturn static void verdict(const char *word, int status)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %d\n", word, status);

	if (write_all(FD_VERDICT, line, (size_t)n) < 0)
		_exit(EXIT_VM);
	_exit(0);
}

/* In a handler, so that a reader that does not read cannot hold the limit up. */
static void on_limit(int sig)
{
	static const char line[] = "limit 0\n";

	(void)sig;
	_exit(write(FD_VERDICT, line, sizeof(line) - 1) < 0 ? EXIT_VM : 0);
}

/* Waits for the first frame; each byte on the console is a sign of life. */
static void await_hello(const char *console)
{
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd p[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = watch, .events = POLLIN},
	};

	if (watch < 0 || inotify_add_watch(watch, console, IN_MODIFY) < 0)
		die("watch %s", console);
	while (!p[0].revents) {
		int n = poll(p, 2, BOOT_SILENCE_MS);

		if (n < 0 && errno != EINTR)
			die("poll");
		if (n == 0)
			verdict("noboot", 0);
		if (p[1].revents && read(watch, event, sizeof(event)) < 0)
			die("read the watch on %s", console);
	}
	close(watch);
}

static bool read_frame(struct frame *f)
{
	if (!read_all(STDIN_FILENO, f, FRAME_HEAD))
		return false;
	if (le32toh(f->len_le) > FRAME_MAX)
		return false;
	return read_all(STDIN_FILENO, f->data, le32toh(f->len_le));
}

_Noreturn static void host_main(const char *console, const char *seconds)
{
	static struct frame f;

	signal(SIGALRM, on_limit);
	alarm((unsigned int)strtoul(seconds, NULL, 10));
	await_hello(console);
	if (!read_frame(&f) || f.type != FRAME_HELLO)
		verdict("noboot", 0);
	while (read_frame(&f)) {
		if (f.type == FRAME_STATUS)
			verdict("exit", f.data[0]);
		if (write_all(f.type == FRAME_ERR ? 2 : 1, f.data, le32toh(f.len_le)) < 0)
			die("write the script's output");
	}
	verdict("lost", 0);
}

/* ---- listen ---- */

/* Says a line on stdout once the socket takes connections, then execs. */
_Noreturn static void listen_main(const char *path, char **argv)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(sa.sun_path))
		die("%s: socket name too long", path);
	strcpy(sa.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 1) < 0)
		die("listen on %s", path);
	if (fd != FD_LISTEN && (dup2(fd, FD_LISTEN) < 0 || close(fd) < 0))
		die("dup2");
	if (write_all(STDOUT_FILENO, "\n", 1) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		die("write");
	execvp(argv[0], argv);
	die("%s", argv[0]);
}

/* ---- readonly ---- */

/*
 * In a mount namespace of CMD's own. Not with mount(8): before util-linux 2.39 it
 * takes "ro=recursive" and does nothing.
 */
_Noreturn static void readonly_main(const char *dir, char **argv)
{
	struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};

	if (unshare(CLONE_NEWNS) < 0)
		die("unshare the mount namespace");
	/* Slave: a mount that goes away on the host must not live on here. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		die("make / a slave");
	if (mount("/", dir, NULL, MS_BIND | MS_REC, NULL) < 0)
		die("mount / on %s", dir);
	if (mount_setattr(AT_FDCWD, dir, AT_RECURSIVE, &ro, sizeof(ro)) < 0)
		die("make %s read-only", dir);
	execvp(argv[0], argv);
	die("%s", argv[0]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "guest") == 0)
		guest_main();
	if (argc == 4 && strcmp(argv[1], "host") == 0)
		host_main(argv[2], argv[3]);
	if (argc >= 4 && strcmp(argv[1], "listen") == 0)
		listen_main(argv[2], argv + 3);
	if (argc >= 4 && strcmp(argv[1], "readonly") == 0)
		readonly_main(argv[2], argv + 3);
	fputs("usage: vmio guest | host CONSOLE SECONDS | listen SOCKET CMD... "
	      "| readonly DIR CMD...\n",
	      stderr);
	return EXIT_VM;
}
