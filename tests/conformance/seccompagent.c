/*
 * seccompagent: answers seccomp notifications, for runc's integration suite, which brings a Go
 * program of this name. What the suite expects of it:
 *
 *   seccompagent -socketfile=SOCKET [-pid-file=FILE]
 *
 * mkdir("X") makes X-METADATA in the container, METADATA being what came with the listener; chmod
 * and its relatives fail with ENOMEDIUM; all else goes on. It serves any number of containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../lib/fdsock.h"

#define LISTENERS_MAX 64

static struct pollfd polled[LISTENERS_MAX + 1]; /* [0] is the socket */
static char metadata[LISTENERS_MAX + 1][64];
static nfds_t polled_n = 1;

/* The state is JSON; here a pattern is enough, and a metadata that is no plain word is not used. */
static void take_metadata(char *out, const char *state)
{
	const char *p = strstr(state, "\"metadata\"");

	if (!p || sscanf(p, "\"metadata\" : \"%63[A-Za-z0-9_-]\"", out) != 1)
		strcpy(out, "agent-generated-suffix");
}

static void take_listener(void)
{
	static char state[65536];
	int fd = fdsock_accept(polled[0].fd, state, sizeof(state));

	if (fd < 0)
		return;
	if (polled_n == LISTENERS_MAX + 1)
		errx(1, "more than %d containers", LISTENERS_MAX);
	take_metadata(metadata[polled_n], state);
	polled[polled_n++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void read_string(pid_t pid, uint64_t at, char *out, size_t size)
{
	char mem[64];
	ssize_t n;
	int fd;

	snprintf(mem, sizeof(mem), "/proc/%d/mem", pid);
	fd = open(mem, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, out, size - 1, (off_t)at);
	out[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* The container's links must not lead out of it. */
static int open_in(pid_t pid, const char *where, const char *dir)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	char root[64];
	int base, fd;

	snprintf(root, sizeof(root), "/proc/%d/%s", pid, where);
	base = open(root, O_PATH | O_CLOEXEC);
	fd = (int)syscall(SYS_openat2, base, dir, &how, sizeof(how));
	close(base);
	return fd;
}

static bool make_dir(const struct seccomp_notif *req, const char *suffix)
{
	char path[4096], name[4200];
	bool made;
	int dir;

	read_string((pid_t)req->pid, req->data.args[0], path, sizeof(path));
	snprintf(name, sizeof(name), "%s-%s", basename(strdupa(path)), suffix);
	dir = open_in((pid_t)req->pid, *path == '/' ? "root" : "cwd", dirname(strdupa(path)));
	made = dir >= 0 && mkdirat(dir, name, (mode_t)req->data.args[1]) == 0;
	close(dir);
	return made;
}

static void fill(struct seccomp_notif_resp *resp, const struct seccomp_notif *req,
		 const char *suffix)
{
	switch (req->data.nr) {
#ifdef SYS_mkdir
	case SYS_mkdir:
		resp->error = make_dir(req, suffix) ? 0 : -ENOSYS;
		break;
	case SYS_chmod:
#endif
	case SYS_fchmod:
	case SYS_fchmodat:
		resp->error = -ENOMEDIUM;
		break;
	default:
		resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
}

static void answer(int fd, const char *suffix)
{
	struct seccomp_notif req = {0};
	struct seccomp_notif_resp resp = {0};

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
		return; /* the caller was killed */
	resp.id = req.id;
	fill(&resp, &req, suffix);
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

static void serve(void)
{
	for (;;) {
		if (poll(polled, polled_n, -1) < 0 && errno != EINTR)
			err(1, "poll");
		for (nfds_t i = 1; i < polled_n; i++) {
			if (polled[i].revents & POLLIN) {
				answer(polled[i].fd, metadata[i]);
			} else if (polled[i].revents) {
				close(polled[i].fd);
				polled[i].fd = -1; /* poll passes over it */
			}
		}
		if (polled[0].revents)
			take_listener();
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socketfile", required_argument, NULL, 's'},
		{"pid-file", required_argument, NULL, 'p'},
		{0},
	};
	const char *path = NULL;
	FILE *f = NULL;
	int opt;

	while ((opt = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			path = optarg;
		else if (opt != 'p')
			return 1;
		else if (!(f = fopen(optarg, "we")) || fprintf(f, "%d", getpid()) < 0 || fclose(f))
			err(1, "write %s", optarg);
	}
	if (!path || optind != argc)
		errx(1, "usage: seccompagent -socketfile=SOCKET [-pid-file=FILE]");
	unlink(path);
	polled[0] = (struct pollfd){.fd = fdsock_listen(path), .events = POLLIN};
	serve();
}
