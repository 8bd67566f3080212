/*
 * A program file that the container cannot write, whatever it does with
 * /proc/PID/exe of a runtime process (CVE-2019-5736).
 *
 * First choice: a read-only overlay of the program's directory with no upper layer,
 * mounted nowhere. Nothing is copied and the text stays in the shared page cache. A
 * read-only clone of the file's own mount would be cheaper still, but a process with
 * CAP_SYS_ADMIN in some user namespace that gets hold of a detached mount can clear
 * its read-only attribute; an overlay without an upper layer has nothing to write to.
 * Second choice: a memfd with all seals (its pages are private memory of the process).
 *
 * The second run recognises itself by AT_EXECFN, which the kernel sets for execveat(2)
 * on an fd ("/dev/fd/7/bawn"), never by environment or arguments, and believes it only if
 * the image behind it is one of the two kinds. An installation on an overlay or a
 * read-only root is started by its path, so it is not mistaken for sealed.
 *
 * A memfd lies in no directory. Where the program came from, and where its helper programs
 * are, is written behind its bytes before the seals: a NUL and the directory's path.
 */
#include "path/path.h"

#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#endif
#ifndef ST_RDONLY
#define ST_RDONLY 1
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 0x0001U
#define MFD_ALLOW_SEALING 0x0002U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U	/* Linux 6.3 */
#endif
#define SEALS 0x0f		/* F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE */

static const char exe_path[] = "/proc/self/exe";

/* The fd number N of an AT_EXECFN "/dev/fd/N" or "/dev/fd/N/name", or -1. */
static int execfn_fd(void)
{
	const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	const char *number = name ? str_after(name, "/dev/fd/") : NULL;
	char digits[12];
	uint32_t fd;

	if (!number)
		return -1;
	if (str_format(digits, sizeof(digits), "%.*s", (int)strcspn(number, "/"), number) < 0 ||
	    str_to_u32(digits, &fd) < 0 || fd > INT_MAX)
		return -1;
	return (int)fd;
}

static bool is_lower_only_overlay(int exe, int mount)
{
	struct statfs sfs;
	uint64_t a, b;

	return fstatfs(exe, &sfs) == 0 && sfs.f_type == OVERLAYFS_SUPER_MAGIC &&
	       (sfs.f_flags & ST_RDONLY) && sys_mount_id(exe, &a) == 0 &&
	       sys_mount_id(mount, &b) == 0 && a == b;
}

static bool is_sealed_memfd(int exe)
{
	int seals = fcntl(exe, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

/* The kind of image; *ret_fd is the fd it was executed through. */
static enum selfexe_kind kind_of_self(int *ret_fd)
{
	_close_ int exe = FD_NONE;

	*ret_fd = execfn_fd();
	if (*ret_fd < 0)
		return SELFEXE_PLAIN;
	exe = openat(AT_FDCWD, exe_path, O_RDONLY | O_CLOEXEC);
	if (exe < 0)
		return SELFEXE_PLAIN;
	if (is_lower_only_overlay(exe, *ret_fd))
		return SELFEXE_OVERLAY;
	return is_sealed_memfd(exe) ? SELFEXE_MEMFD : SELFEXE_PLAIN;
}

enum selfexe_kind selfexe_kind(void)
{
	int fd;

	return kind_of_self(&fd);
}

/* An overlay needs two lower directories that do not contain one another. The second one is of no
 * use, so it is one that holds nothing of interest. */
static int overlay_of(struct err *e, int dir)
{
	static const char *const seconds[] = {"/sys/fs", "/usr", "/etc"};
	int fd = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(seconds) && fd < 0; i++) {
		char lower[64];
		char *data[] = {lower};
		const struct mount_fs fs = {
			.type = "overlay",
			.data = data,
			.n_data = 1,
			.attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		};

		snprintf(lower, sizeof(lower), "lowerdir=/proc/self/fd/%d:%s", dir, seconds[i]);
		fd = mount_new_fs(e, &fs);
	}
	return fd;
}

/* The directory of the program file, "" for "/", and its name in it. */
static int own_path(struct err *e, char dir[static PATH_MAX], const char **ret_name)
{
	ssize_t n = readlink(exe_path, dir, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return err_sys(e, "read the link %s", exe_path);
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return err_num(e, ENOENT, "%s", dir);
	*slash = '\0';
	*ret_name = slash + 1;
	return 0;
}

/* Returns only on failure. */
static int exec_overlay(struct err *e, char *const argv[], char *const envp[], const char *path,
			const char *name)
{
	_close_ int dir = FD_NONE, mount = FD_NONE;

	dir = openat(AT_FDCWD, path[0] ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open %s", path);
	mount = overlay_of(e, dir);
	if (mount < 0)
		return mount;
	/* Kept over the exec: the second run says when it is closed. */
	if (fcntl(mount, F_SETFD, 0) == 0)
		sys_execveat(mount, name, argv, envp, 0);
	return err_sys(e, "execute %s from an overlay", name);
}

static int copy_exe(struct err *e, int to)
{
	_close_ int from = openat(AT_FDCWD, exe_path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t done = 0;

	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(e, "open %s", exe_path);
	while (done < st.st_size) {
		ssize_t n = sendfile(to, from, &done, (size_t)(st.st_size - done));

		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return err_sys(e, "copy %s", exe_path);
	}
	return 0;
}

/* Returns only on failure. */
static int exec_memfd(struct err *e, char *const argv[], char *const envp[], const char *path)
{
	const char *dir = path[0] ? path : "/";
	const struct iovec end[] = {{(char[]){""}, 1}, {(char *)(uintptr_t)dir, strlen(dir)}};
	_close_ int fd = sys_memfd_create("bawn", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int r;

	if (fd < 0 && errno == EINVAL)
		fd = sys_memfd_create("bawn", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, "make a memfd");
	r = copy_exe(e, fd);
	if (r < 0)
		return r;
	if (writev(fd, end, ARRAY_SIZE(end)) < 0)
		return err_sys(e, "write a memfd");
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return err_sys(e, "seal a memfd");
	if (fcntl(fd, F_SETFD, 0) == 0)
		sys_execveat(fd, "", argv, envp, AT_EMPTY_PATH);
	return err_sys(e, "execute from a memfd");
}

/* Whether uid 0 here is uid 0 of the machine. */
static bool is_host_root(void)
{
	_close_ int fd = openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	unsigned int inside = 1, outside = 1, count = 0;
	char text[64];
	ssize_t n;

	if (geteuid() != 0)
		return false;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return true;
	text[n] = '\0';
	return sscanf(text, "%u %u %u", &inside, &outside, &count) != 3 || outside == 0;
}

/* Executed as "/dev/fd/N/name", as exec_overlay() does it. If that did not come out as sealed,
 * doing it again would go on for ever. */
static bool tried_overlay(void)
{
	const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	const char *number = name ? str_after(name, "/dev/fd/") : NULL;

	return number && strchr(number, '/');
}

int selfexe_seal(struct err *e, char *const argv[], char *const envp[], int *ret_fd)
{
	char path[PATH_MAX];
	const char *name;
	int fd, r;

	*ret_fd = FD_NONE;
	if (kind_of_self(&fd) != SELFEXE_PLAIN) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			*ret_fd = fd;
		return 0;
	}
	r = own_path(e, path, &name);
	if (r == 0 && !tried_overlay()) {
		exec_overlay(e, argv, envp, path, name);
		log_debug("sealing: %s", e->msg);
	}
	if (r == 0)
		r = exec_memfd(e, argv, envp, path);
	if (!is_host_root()) {
		log_debug("running from an image that is not sealed: %s", e->msg);
		return 0;
	}
	return err_wrap(e, r, "cannot protect the program file (neither overlayfs nor memfd)");
}

/* What exec_memfd() wrote behind the program. */
static int memfd_dir(char path[static PATH_MAX])
{
	_close_ int exe = openat(AT_FDCWD, exe_path, O_RDONLY | O_CLOEXEC);
	const ssize_t length = PATH_MAX;
	char end[PATH_MAX + 1], *dir;
	struct stat st;

	if (exe < 0 || fstat(exe, &st) < 0 ||
	    pread(exe, end, (size_t)length, st.st_size - length) != length)
		return -ENOENT;
	end[length] = '\0';
	dir = memrchr(end, '\0', (size_t)length);
	return dir && dir[1] == '/' ? str_format(path, PATH_MAX, "%s", dir + 1) : -ENOENT;
}

int selfexe_open_dir(void)
{
	char path[PATH_MAX];
	const char *name;
	struct err e;
	int r;

	switch (selfexe_kind()) {
	case SELFEXE_PLAIN:
		r = own_path(&e, path, &name);
		break;
	case SELFEXE_MEMFD:
		r = memfd_dir(path);
		break;
	default:
		return -ENOENT;
	}
	if (r < 0)
		return r;
	r = openat(AT_FDCWD, path[0] ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}
