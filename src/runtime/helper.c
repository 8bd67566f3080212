/* Finding and running helper programs: see helper.h. */
#include "runtime/helper.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "path/path.h"
#include "runtime/subprocess.h"

#ifndef BAWN_LIBEXECDIR
#define BAWN_LIBEXECDIR "/usr/local/libexec/bawn"
#endif

#define HELPER_LIMIT_MS 10000

static int helper_open(struct err *e, const struct runtime *rt, const char *name)
{
	/* The directory of bawn itself, unless it runs from a memfd or needs no sealed image. */
	int beside = rt->image_fd ? *rt->image_fd : FD_NONE;
	int fd = beside < 0 ? FD_NONE : openat(beside, name, O_PATH | O_CLOEXEC);
	_close_ int own = fd < 0 ? selfexe_open_dir() : FD_NONE;
	char path[PATH_MAX];

	if (own >= 0)
		fd = openat(own, name, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (str_format(path, sizeof(path), "%s/%s", BAWN_LIBEXECDIR, name) == 0)
		fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(
			e, ERR_UNSUPPORTED,
			"the helper program is neither beside bawn nor in %s; install it there",
			BAWN_LIBEXECDIR);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

int helper_find(struct err *e, const struct runtime *rt, const char *name, char *path, size_t size)
{
	_close_ int fd = helper_open(e, rt, name);
	char link[32];
	ssize_t n;

	if (fd < 0)
		return err_wrap(e, fd, "%s", name);
	(void)str_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n < 0)
		return err_sys(e, "find the path of %s", name);
	path[n] = '\0';
	return 0;
}

/* The message of the helper is complete: no errno text is added. */
static int helper_failed(struct err *e, const struct subprocess_end *end)
{
	if (end->timed_out)
		err_set(e, ERR_CONFIG, "killed: not done in %d seconds", HELPER_LIMIT_MS / 1000);
	else if (end->signal)
		err_set(e, ERR_CONFIG, "killed by signal %d", end->signal);
	else if (*end->output)
		err_set(e, ERR_CONFIG, "%s", end->output);
	else
		err_set(e, ERR_CONFIG, "exit status %d", end->status);
	e->code = ERR_SYSTEM;
	e->num = end->timed_out ? ETIMEDOUT : EIO;
	return -e->num;
}

static char *const no_env[] = {NULL};

int helper_run(struct err *e, const struct runtime *rt, const char *name, char *const argv[],
	       const int *fds, size_t n_fds)
{
	_close_ int program = helper_open(e, rt, name);
	_close_ int in = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	const struct subprocess p = {
		.dirfd = program,
		.path = "",
		.argv = argv,
		.envp = no_env,
		.cgroup_fd = FD_NONE,
		.in = in,
		.fds = fds,
		.n_fds = n_fds,
		.limit_ms = HELPER_LIMIT_MS,
	};
	struct subprocess_end end;
	int r = program;

	if (r >= 0 && in < 0)
		r = err_sys(e, "open /dev/null");
	if (r >= 0)
		r = subprocess_run(e, &p, &end);
	if (r == 0 && (end.timed_out || end.signal || end.status))
		r = helper_failed(e, &end);
	return r < 0 ? err_wrap(e, r, "%s", name) : 0;
}

int helper_start(struct err *e, const struct runtime *rt, const struct helper_start *s,
		 struct helper *ret)
{
	_close_ int program = helper_open(e, rt, s->name), theirs = FD_NONE;
	struct subprocess p = {
		.dirfd = program,
		.path = "",
		.argv = s->argv,
		.envp = no_env,
		.cgroup_fd = FD_NONE,
		.fds = s->fds,
		.n_fds = s->n_fds,
		.sees_our_end = s->sees_our_end,
	};
	int pair[2], r;

	if (program < 0)
		return err_wrap(e, program, "%s", s->name);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket pair");
	p.in = theirs = pair[1];
	r = subprocess_start(e, &p, theirs, &ret->pidfd);
	ret->sock = pair[0];
	ret->pid = r < 0 ? 0 : r;
	if (r < 0)
		helper_end(ret);
	return r < 0 ? err_wrap(e, r, "%s", s->name) : 0;
}

int helper_hear(struct err *e, const struct helper *h, int limit_ms, char *text, size_t size,
		int *ret_fd)
{
	struct pollfd p = {.fd = h->sock, .events = POLLIN};
	ssize_t n;
	int r;

	*ret_fd = FD_NONE;
	do
		r = poll(&p, 1, limit_ms);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return err_num(e, ETIMEDOUT, "no answer in %d seconds", limit_ms / 1000);
	n = fd_recv(h->sock, text, size - 1, ret_fd);
	if (n <= 0)
		return err_num(e, n < 0 ? (int)-n : ECHILD, "no answer");
	text[n] = '\0';
	return 0;
}

int helper_say(struct err *e, const struct helper *h, const char *text)
{
	ssize_t n = fd_send(h->sock, text, strlen(text), FD_NONE);

	return n < 0 ? err_num(e, (int)n, "send to the helper program") : 0;
}

int helper_answer(struct err *e, const struct helper *h, const char *name, char *text, size_t size)
{
	_close_ int fd = FD_NONE;
	char said[PATH_MAX];
	const char *rest;
	int r = helper_hear(e, h, HELPER_LIMIT_MS, said, sizeof(said), &fd);

	if (r < 0)
		return err_wrap(e, r, "%s", name);
	rest = str_after(said, "ok");
	if (!rest || (*rest && *rest != ' ')) {
		err_set(e, ERR_SYSTEM, "%s: %s", name, said);
		return -EIO;
	}
	return str_format(text, size, "%s", *rest ? rest + 1 : rest) < 0
		       ? err_num(e, ENAMETOOLONG, "%s: answer", name)
		       : 0;
}

void helper_end(struct helper *h)
{
	if (h->pid > 0) {
		sys_pidfd_send_signal(h->pidfd, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	h->pid = 0;
	fd_close(&h->pidfd);
	fd_close(&h->sock);
}
