/* File descriptor ownership, complete I/O and fd passing: see fd.h. */
#include "base.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FIFO_LIMIT_MS 5000	/* how long a FIFO's first writer may take */
#define FIFO_LOOK_MS 100

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = FD_NONE;
	errno = saved;
}

void dir_close(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	*dir = NULL;
	errno = saved;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A nonblocking fd (pipe, terminal) whose writer has more to say: until then. */
static bool wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, -1) > 0 || errno == EINTR;
}

/* whole: a short read of a regular file is its end; the call that would say so is saved. */
static int read_all(int fd, size_t max, bool whole, struct buf *b)
{
	for (;;) {
		size_t room;
		ssize_t n;

		if (!buf_reserve(b, b->cap > b->len + 1 ? 1 : 4096))
			return -ENOMEM;
		room = b->cap - b->len - 1;
		n = read(fd, b->data + b->len, room);
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_readable(fd))))
			continue;
		if (n < 0)
			return -errno;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (b->len > max)
			return -EFBIG;
		if (n == 0 || (whole && (size_t)n < room))
			return 0;
	}
}

int fd_read_all(int fd, size_t max, struct buf *b)
{
	return read_all(fd, max, false, b);
}

/* A FIFO that nobody writes to yet reads as empty. Opened without O_NONBLOCK it would keep us in
 * open(2) for ever; so wait for a writer, but not for long. Once there it may be slow. */
static int read_fifo(int fd, size_t max, struct buf *b)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t before = b->len;

	for (int ms = 0; ms < FIFO_LIMIT_MS; ms += FIFO_LOOK_MS) {
		int r = read_all(fd, max, false, b);

		if (r < 0 || b->len > before)
			return r;
		/* That a writer comes is not reported, only its first byte (so this looks again
		 * and again) and that it has left. */
		if (poll(&p, 1, FIFO_LOOK_MS) > 0 && !(p.revents & POLLIN))
			return 0;
	}
	return -ETIMEDOUT;
}

int file_read_at(struct err *e, int dirfd, const char *name, size_t max, struct buf *b)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool fifo, sized;
	int r;

	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "read %s", name);
	/* One read for a regular file: its size is known (and bounded before it is believed).
	 * Files of procfs and the like say 0. */
	sized = S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size <= max;
	if (sized && !buf_reserve(b, (size_t)st.st_size + 1))
		return err_nomem(e);
	fifo = S_ISFIFO(st.st_mode);
	r = fifo ? read_fifo(fd, max, b) : read_all(fd, max, sized, b);
	if (fifo && r == -ETIMEDOUT)
		return err_num(e, r, "read %s: nobody writes to this FIFO", name);
	if (r < 0)
		return err_num(e, r, "read %s", name);
	return 0;
}

int file_write_at(int dirfd, const char *name, const char *data, size_t len)
{
	_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, data, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int file_create_at(struct err *e, int dirfd, const char *name, const void *data, size_t len,
		   mode_t mode)
{
	_close_ int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	int r;

	if (fd < 0)
		return err_sys(e, "create %s", name);
	r = fd_write_all(fd, data, len);
	return r < 0 ? err_num(e, r, "write %s", name) : 0;
}

int file_replace_at(struct err *e, int dirfd, const char *name, const void *data, size_t len,
		    mode_t mode)
{
	_close_ int fd = FD_NONE;
	char tmp[4096];
	int r;

	r = str_format(tmp, sizeof(tmp), "%s.%d.tmp", name, (int)getpid());
	if (r < 0)
		return err_num(e, r, "replace %s", name);
	/* Others may write to the directory: nothing that is there already is used. */
	if (unlinkat(dirfd, tmp, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", tmp);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(e, "create %s", tmp);
	r = fd_write_all(fd, data, len);
	if (r == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, tmp, 0);
		return err_num(e, r, "write %s", name);
	}
	return 0;
}

int dirs_make(struct err *e, const char *what, const char *path, mode_t parents)
{
	char part[4096];
	int r = str_format(part, sizeof(part), "%s", path);

	if (r < 0 || !*path)
		return err_num(e, r < 0 ? r : ENOENT, "make the %s %s", what, path);
	for (char *p = part + 1;; p++) {
		char end = *p;

		if (end != '/' && end)
			continue;
		*p = '\0';
		if (mkdir(part, end ? parents : 0700) < 0 && errno != EEXIST)
			return err_sys(e, "make the %s %s", what, part);
		*p = end;
		if (!end)
			return 0;
	}
}

ssize_t fd_send(int sock, const void *data, size_t len, int fd)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t fd_recv(int sock, void *data, size_t len, int *ret_fd)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = data, .iov_len = len};
	/* Not the whole space: its padding has room for a second fd, which nobody would close. */
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	struct cmsghdr *c;
	ssize_t n;

	*ret_fd = FD_NONE;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return n;
}

int unix_connect(struct err *e, const char *path)
{
	_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_close_ int target = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (sock < 0 || target < 0)
		return err_sys(e, "open the socket %s", path);
	/* sun_path holds 108 bytes, engines' paths can be longer: go through the fd. */
	(void)str_format(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", target);
	if (connect(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_sys(e, "connect to the socket %s", path);
	return take_fd(&sock);
}
