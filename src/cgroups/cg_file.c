/*
 * Doors to cgroup directories and control files, and waiting for cgroup.events.
 * Input: directories that a container may have made; their names are hostile.
 */
#include "cg.h"

#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* The kernel holds a notification of cgroup.events back until 10 ms after the one before
 * (CGROUP_FILE_NOTIFY_MIN_INTV): a container paused soon after its start would cost 10 to 20 ms
 * instead of 0.1. So the file is looked at some times before the wait: about 0.1 ms at most. */
#define EARLY_LOOKS 48

int cg_fail(struct err *e, int num, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	e->num = num;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -num;
}

int cg_open_dir(int at, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_DIRECTORY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	int fd;

	path += strspn(path, "/");
	fd = sys_openat2(at, *path ? path : ".", &how);
	return fd < 0 ? -errno : fd;
}

ssize_t cg_read(int dirfd, const char *name, char *buf, size_t size)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

bool cg_flag(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return line[n + 1] == '1';
	}
	return false;
}

int64_t cg_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int cg_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - cg_now_ms();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int cg_wait(int dirfd, const char *key, bool want, int64_t deadline_ms)
{
	_close_ int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int looks = 0;
	bool last = false;
	char text[256];

	if (fd < 0)
		return errno == ENODEV || errno == ENOENT ? (want ? -ENODEV : 0) : -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0 && errno == ENODEV)	/* removed meanwhile */
			return want ? -ENODEV : 0;
		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (cg_flag(text, key) == want)
			return 0;
		if (last)
			return -ETIMEDOUT;
		if (looks++ < EARLY_LOOKS) {
			sched_yield();
			continue;
		}
		/* The kernel remembers what this file has read: a change between the read and the
		 * poll is not lost. */
		n = poll(&p, 1, cg_left_ms(deadline_ms));
		if (n < 0 && errno != EINTR)
			return -errno;
		last = n == 0;
	}
}

int cg_read_events(struct err *e, int cgroup_fd, struct cg_events *ret)
{
	char text[256];
	ssize_t n = cg_read(cgroup_fd, "cgroup.events", text, sizeof(text));

	if (n < 0)
		return err_num(e, (int)n, "read cgroup.events");
	ret->populated = cg_flag(text, "populated");
	ret->frozen = cg_flag(text, "frozen") && !cg_frozen_to_kill(cgroup_fd);
	return 0;
}

bool cg_frozen_by(int dirfd, int *ret_up)
{
	char name[PATH_MAX] = "cgroup.freeze", text[16];

	/* The root has no cgroup.freeze; ".." above the root stays at the mount point's parent,
	 * which has none either. */
	for (*ret_up = 0; cg_read(dirfd, name, text, sizeof(text)) >= 0; ++*ret_up) {
		size_t up = 3 * (size_t)*ret_up;

		if (text[0] == '1')
			return true;
		if (str_format(name + up, sizeof(name) - up, "../cgroup.freeze") < 0)
			break;
	}
	return false;
}

/* "NAME (state D, pid 7)". The name is the process's choice: what is not printable becomes '?'. */
static int describe(pid_t pid, char *buf, size_t size)
{
	char path[32], text[256], *open, *close;

	if (str_format(path, sizeof(path), "/proc/%d/stat", (int)pid) < 0 ||
	    cg_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return str_format(buf, size, "pid %d", (int)pid);
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open || strlen(close) < 3)
		return str_format(buf, size, "pid %d", (int)pid);
	*close = '\0';
	for (char *p = open + 1; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	return str_format(buf, size, "%s (state %c, pid %d)", open + 1, close[2], (int)pid);
}

void cg_describe_procs(int dirfd, char *buf, size_t size)
{
	struct err ignored = { 0 };
	_free_ pid_t *pid = NULL;
	size_t n = 0, used;

	if (cg_procs(&ignored, dirfd, true, &pid, &n) < 0 || n == 0) {
		snprintf(buf, size, "processes of another pid namespace");
		return;
	}
	buf[0] = '\0';
	for (size_t i = 0; i < n && i < 4; i++) {
		used = strlen(buf);
		if (i && size - used > 3)
			used += (size_t)snprintf(buf + used, size - used, ", ");
		describe(pid[i], buf + used, size - used);
	}
	used = strlen(buf);
	if (n > 4)
		snprintf(buf + used, size - used, " and %zu more", n - 4);
}
