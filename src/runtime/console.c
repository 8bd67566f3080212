/*
 * The container's terminal. The pty comes from the devpts that the container sees on
 * /dev/pts; its slave is got from the master by TIOCGPTPEER and bound by fd, so a
 * /dev/pts/N swapped for something else is never used (CVE-2025-52565).
 */
#include "runtime/console.h"

#include "path/path.h"

#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static bool is_devpts(int fd)
{
	struct statfs sfs;

	return fstatfs(fd, &sfs) == 0 && sfs.f_type == DEVPTS_SUPER_MAGIC;
}

static int open_master(struct err *e, int root)
{
	_close_ int fd = path_open_exact(e, root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	struct stat st;
	int unlocked = 0;

	if (fd == -ENOENT)
		return err_wrap(e, fd, "process.terminal needs a devpts mount on /dev/pts");
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) ||
	    !is_devpts(fd))
		return err_set(e, ERR_SECURITY, "/dev/pts/ptmx in the rootfs is not a devpts");
	if (ioctl(fd, TIOCSPTLCK, &unlocked) < 0)
		return err_sys(e, "unlock the pty");
	return take_fd(&fd);
}

static int open_slave(struct err *e, int master, const struct console_options *o)
{
	_close_ int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	const struct winsize size = {.ws_row = o->rows, .ws_col = o->cols};

	if (fd < 0)
		return err_sys(e, "open the pty's slave");
	if (!is_devpts(fd))
		return err_set(e, ERR_SECURITY, "the pty's slave is not on a devpts");
	if ((o->rows || o->cols) && ioctl(fd, TIOCSWINSZ, &size) < 0)
		return err_sys(e, "set the size of the pty");
	if (fchown(fd, o->uid, o->gid) < 0)
		return err_sys(e, "chown the pty to %u", o->uid);
	return take_fd(&fd);
}

static int open_console_file(struct err *e, int dev)
{
	int fd = openat(dev, "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return err_sys(e, "create /dev/console");
	return fd < 0 ? path_open_exact(e, dev, "console", O_PATH) : fd;
}

static int bind_console(struct err *e, int root, int slave)
{
	_close_ int dev = path_open_exact(e, root, "/dev", O_PATH | O_DIRECTORY);
	_close_ int target = dev < 0 ? dev : open_console_file(e, dev);
	_close_ int clone = FD_NONE;

	if (target < 0)
		return target;
	clone = mount_clone(e, slave, "", false);
	return clone < 0 ? clone : mount_attach(e, clone, target, root, "/dev/console");
}

int console_open(struct err *e, const struct console_options *o, struct console *ret)
{
	_close_ int master = open_master(e, o->root_fd);
	_close_ int slave = master < 0 ? master : open_slave(e, master, o);
	int rc = slave;

	if (rc >= 0 && o->bind)
		rc = bind_console(e, o->root_fd, slave);
	if (rc < 0)
		return err_wrap(e, rc, "terminal");
	*ret = (struct console){.master = take_fd(&master), .slave = take_fd(&slave)};
	return 0;
}

int console_attach(struct err *e, struct console *c)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(c->slave, fd) < 0)
			return err_sys(e, "put the pty on fd %d", fd);
	}
	if (c->slave > 2)
		fd_close(&c->slave);
	c->slave = FD_NONE;
	return 0;
}

int console_control(struct err *e)
{
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return err_sys(e, "make the pty the controlling terminal");
	return 0;
}

void console_done(struct console *c)
{
	fd_close(&c->master);
	fd_close(&c->slave);
}
