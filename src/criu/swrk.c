/* A `criu swrk` process and the packets between it and us: see criu.h. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criu.h"

#define END_LIMIT_MS 2000

/* Of the child before it is CRIU. */
enum { EXIT_CGROUP = 125, EXIT_FDS, EXIT_EXEC };

/* CRIU runs iptables, tar and ip by their names. Nothing of the caller's environment reaches it:
 * CRIU_CONFIG_FILE and others would change what it does. */
static char *const criu_env[] = {
	(char *)(uintptr_t) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	NULL,
};

_Noreturn static void child(const struct swrk_options *o, int sock)
{
	char fd[16];
	/* The files in /etc/criu and $HOME come after what the request does not set. */
	char *const argv[] = {
		(char *)(uintptr_t) "criu",
		(char *)(uintptr_t) "--no-default-config",
		(char *)(uintptr_t) "swrk",
		fd,
		NULL,
	};
	int in = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (o->cgroup_fd >= 0 && file_write_at(o->cgroup_fd, "cgroup.procs", "0", 1) < 0)
		_exit(EXIT_CGROUP);
	(void)snprintf(fd, sizeof(fd), "%d", sock);
	if (in < 0 || dup2(in, 0) < 0 || dup2(o->log_fd, 1) < 0 || dup2(o->log_fd, 2) < 0 ||
	    fcntl(sock, F_SETFD, 0) < 0)
		_exit(EXIT_FDS);
	execve(o->program, argv, criu_env);
	_exit(EXIT_EXEC);
}

int swrk_start(struct err *e, const struct swrk_options *o, struct swrk *ret)
{
	_close_ int ours = FD_NONE, theirs = FD_NONE;
	int pair[2];

	*ret = (struct swrk){.sock = FD_NONE, .pidfd = FD_NONE};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	ret->pid = fork();
	if (ret->pid == 0)
		child(o, theirs);
	if (ret->pid < 0) {
		ret->pid = 0;
		return err_sys(e, "start %s", o->program);
	}
	ret->sock = take_fd(&ours);
	ret->pidfd = sys_pidfd_open(ret->pid);
	return ret->pidfd < 0 ? err_sys(e, "open a pidfd of CRIU") : 0;
}

/* How it ended: it is no more than an exit status or a signal, and its log. One that has closed the
 * socket and stays is killed. */
static int explain_end(struct err *e, struct swrk *s)
{
	struct pollfd end = {.fd = s->pidfd, .events = POLLIN};
	int status = 0;

	if (poll(&end, 1, END_LIMIT_MS) <= 0)
		kill(s->pid, SIGKILL);
	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
	if (WIFSIGNALED(status))
		return err_set(e, ERR_STATE, "CRIU was killed by signal %d", WTERMSIG(status));
	switch (WEXITSTATUS(status)) {
	case EXIT_CGROUP:
		return err_set(e, ERR_STATE, "CRIU cannot be moved to the container's cgroup");
	case EXIT_EXEC:
		return err_set(e, ERR_STATE, "CRIU cannot be executed");
	default:
		return err_set(e, ERR_STATE, "CRIU ended without an answer, exit status %d",
			       WEXITSTATUS(status));
	}
}

int swrk_send(struct err *e, struct swrk *s, const CriuReq *req)
{
	size_t len = criu_req__get_packed_size(req);
	_free_ uint8_t *data = malloc(len);
	ssize_t n;

	if (!data)
		return err_nomem(e);
	criu_req__pack(req, data);
	n = fd_send(s->sock, data, len, FD_NONE);
	if (n == -EPIPE || n == -ECONNRESET)
		return explain_end(e, s);
	return n < 0 ? err_num(e, (int)n, "send to CRIU") : 0;
}

int swrk_receive(struct err *e, struct swrk *s, CriuResp **ret, int *ret_fd)
{
	ssize_t n = recv(s->sock, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	_free_ uint8_t *data = n > 0 ? malloc((size_t)n) : NULL;

	*ret_fd = FD_NONE;
	/* Nothing there: its end was seen. A child of CRIU's may hold the socket open. */
	if (n <= 0)
		return explain_end(e, s);
	if (!data)
		return err_nomem(e);
	n = fd_recv(s->sock, data, (size_t)n, ret_fd);
	if (n < 0)
		return err_num(e, (int)n, "receive from CRIU");
	*ret = criu_resp__unpack(NULL, (size_t)n, data);
	if (!*ret)
		return err_set(e, ERR_STATE, "CRIU answers what is no message of its protocol");
	return 0;
}

void swrk_end(struct swrk *s)
{
	fd_close(&s->sock);
	fd_close(&s->pidfd);
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
}
