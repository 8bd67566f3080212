/*
 * Who belongs to a container without a cgroup: /proc is searched for processes in its pid
 * namespace. What we may not look at is none of ours: the owner of a container's user namespace
 * may look at all of it.
 */
#include "runtime/members.h"

#include <dirent.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The kernel's MAX_PID_NS_LEVEL */
#define LEVELS_MAX 32
#define MEMBERS_MAX (4u << 20)

static int open_ns(pid_t pid)
{
	char path[48];

	(void)str_format(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

static bool is_inside(pid_t pid, const struct stat *ns)
{
	_close_ int fd = open_ns(pid);
	struct stat st;

	for (int i = 0; fd >= 0 && i <= LEVELS_MAX; i++) {
		int up;

		if (fstat(fd, &st) < 0)
			return false;
		if (st.st_dev == ns->st_dev && st.st_ino == ns->st_ino)
			return true;
		up = ioctl(fd, NS_GET_PARENT);
		fd_close(&fd);
		fd = up;
	}
	return false;
}

static int add(struct err *e, pid_t **list, size_t *n, pid_t pid)
{
	/* Room grows at each power of two. */
	if ((*n & (*n - 1)) == 0) {
		pid_t *more = *n < MEMBERS_MAX
				      ? reallocarray(*list, *n ? 2 * *n : 1, sizeof(**list))
				      : NULL;

		if (!more)
			return err_nomem(e);
		*list = more;
	}
	(*list)[(*n)++] = pid;
	return 0;
}

static int search(struct err *e, pid_t init, const struct stat *ns, pid_t **list, size_t *n)
{
	int fd = openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return err_sys(e, "list /proc");
	while (r == 0 && (entry = readdir(dir))) {
		uint32_t pid;

		if (str_to_u32(entry->d_name, &pid) == 0 && pid <= INT32_MAX &&
		    ((pid_t)pid == init || is_inside((pid_t)pid, ns)))
			r = add(e, list, n, (pid_t)pid);
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int check_pid_ns(struct err *e, const struct container *c)
{
	return c->state.shares_pids
		       ? err_set(e, ERR_UNSUPPORTED,
				 "container \"%s\" has neither a cgroup nor a pid namespace of its "
				 "own to tell its processes by",
				 c->id)
		       : 0;
}

int members_list(struct err *e, const struct container *c, pid_t **ret, size_t *ret_n)
{
	struct err stopped;
	_close_ int pidfd = container_pidfd(&stopped, c), ns = FD_NONE;
	_free_ pid_t *list = NULL;
	struct stat st = {0};
	int r = check_pid_ns(e, c);

	*ret = NULL;
	*ret_n = 0;
	if (r < 0 || pidfd < 0)
		return r;
	/* Until its program runs it cannot be looked at, but then it is the only one. */
	ns = open_ns(c->state.pid);
	if (ns >= 0 && fstat(ns, &st) < 0)
		return err_sys(e, "look at the container's pid namespace");
	/* Opened by number: the container's if its first process is alive now. */
	if (sys_pidfd_send_signal(pidfd, 0) < 0)
		return 0;
	r = search(e, c->state.pid, &st, &list, ret_n);
	if (r < 0)
		return r;
	qsort(list, *ret_n, sizeof(*list), compare);
	*ret = take_ptr(&list);
	return 0;
}

static int gone(struct err *e)
{
	err_set(e, ERR_STATE, "container not running: process already finished");
	return -ESRCH;
}

int members_signal(struct err *e, const struct container *c, int sig)
{
	_close_ int init = container_pidfd(e, c), ns = FD_NONE;
	_free_ pid_t *list = NULL;
	struct stat st = {0};
	size_t n = 0, sent = 0;
	int r = check_pid_ns(e, c);

	if (r < 0 || init < 0)
		return r < 0 ? r : init;
	if (sig != SIGKILL) {
		ns = open_ns(c->state.pid);
		if (ns >= 0 && fstat(ns, &st) < 0)
			return err_sys(e, "look at the container's pid namespace");
		r = members_list(e, c, &list, &n);
	}
	if (r < 0)
		return r;
	if (sys_pidfd_send_signal(init, sig) == 0)
		sent++;
	else if (errno != ESRCH)
		return err_sys(e, "send signal %d to process %d", sig, (int)c->state.pid);
	for (size_t i = 0; i < n; i++) {
		_close_ int fd = list[i] == c->state.pid ? FD_NONE : sys_pidfd_open(list[i]);

		/* Asked again with the pidfd in hand: the number may be another's by now. */
		if (fd >= 0 && is_inside(list[i], &st) && sys_pidfd_send_signal(fd, sig) == 0)
			sent++;
	}
	return sent ? 0 : gone(e);
}
