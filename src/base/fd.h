/* File descriptor ownership and complete reads and writes. Every fd is O_CLOEXEC. */
#ifndef BAWN_FD_H
#define BAWN_FD_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"

/* "No fd" is any negative value; owned fds start as FD_NONE. */
#define FD_NONE (-EBADF)

/* Closes *fd if it is one and sets it to FD_NONE; keeps errno. */
void fd_close(int *fd);
#define _close_ __attribute__((cleanup(fd_close)))

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

void dir_close(DIR **dir);
#define _closedir_ __attribute__((cleanup(dir_close)))

/* Writes all of it; 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* Reads until EOF (of a nonblocking fd too), appending to b; more than max bytes in total is
 * -EFBIG. 0 or -errno. */
int fd_read_all(int fd, size_t max, struct buf *b);

/* Reads a whole file below dirfd (AT_FDCWD allowed; name may hold slashes; links are followed:
 * for trusted paths only). At most max bytes. A pipe or terminal (/dev/stdin, /dev/fd/N) is read to
 * its end; a FIFO that nobody writes to is an error after 5 seconds. Fills e with the name. */
int file_read_at(struct err *e, int dirfd, const char *name, size_t max, struct buf *b);

/* Writes a small control file (cgroup, procfs) below dirfd in a single write(2): 0 or -errno,
 * no message: the caller knows what the value meant. Never creates the file. */
int file_write_at(int dirfd, const char *name, const char *data, size_t len);

/* Writes a new file NAME below dirfd, or over the old one. */
int file_create_at(struct err *e, int dirfd, const char *name, const void *data, size_t len,
		   mode_t mode);

/* Replaces NAME below dirfd atomically: temporary file, write, rename. mode as for open(2). */
int file_replace_at(struct err *e, int dirfd, const char *name, const void *data, size_t len,
		    mode_t mode);

/* Makes a directory (0700) and those above it (mode `parents`) that are missing. For trusted paths
 * only. `what` names it in messages. */
int dirs_make(struct err *e, const char *what, const char *path, mode_t parents);

/* Sends or receives up to one fd with a message over a SOCK_SEQPACKET or SOCK_STREAM socket.
 * fd < 0 sends none; *ret_fd is FD_NONE when none came. Returns bytes, 0 on EOF, or -errno. */
ssize_t fd_send(int sock, const void *data, size_t len, int fd);
ssize_t fd_recv(int sock, void *data, size_t len, int *ret_fd);

/* Connects to the SOCK_STREAM unix socket at a trusted path of any length. Returns the socket. */
int unix_connect(struct err *e, const char *path);

#endif
