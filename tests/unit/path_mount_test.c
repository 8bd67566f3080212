/*
 * mount.c, procfs.c and selfexe.c: mounts by fd, a procfs of one's own, a sealed program.
 * where: native vm
 */
#include "path/path.h"
#include "t.h"

#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

static struct err e;

static void need_private_ns(void)
{
	const struct mount_change change = {.propagation = MS_PRIVATE, .recursive = true};
	int slash;

	if (geteuid() != 0)
		SKIP("needs root");
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("needs the right to make mount namespaces: %s", strerror(errno));
	slash = open("/", O_PATH | O_CLOEXEC);
	OK(slash);
	OK_ERR(&e, mount_change(&e, slash, &change));
	close(slash);
}

static unsigned long flags_of(int fd)
{
	struct statfs sfs;

	OK(fstatfs(fd, &sfs));
	return (unsigned long)sfs.f_flags;
}

static int new_tmpfs(uint64_t attrs)
{
	char *data[] = {(char[]){"size=64k"}, (char[]){"mode=711"}};
	const struct mount_fs fs = {
		.type = "tmpfs",
		.source = "t",
		.data = data,
		.n_data = 2,
		.attrs = attrs,
	};

	return mount_new_fs(&e, &fs);
}

TEST(new_fs_options_and_attributes)
{
	struct statfs sfs;
	struct stat st;
	int fd;

	need_private_ns();
	fd = new_tmpfs(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		       MOUNT_ATTR_NOATIME);
	OK_ERR(&e, fd);
	OK(fstat(fd, &st));
	EQ(st.st_mode & 07777, 0711);
	OK(fstatfs(fd, &sfs));
	EQ(sfs.f_type, TMPFS_MAGIC);
	EQ(sfs.f_blocks * (unsigned long)sfs.f_bsize, 65536);
	EQ(flags_of(fd) & 0x40f, 0x40e);	/* nosuid, nodev, noexec, noatime */
	/* Usable before anybody can see it. */
	OK(mkdirat(fd, "x", 0755));
}

TEST(new_fs_says_why)
{
	char *bad[] = {(char[]){"size=elephant"}};
	char *unknown[] = {(char[]){"elephant"}};
	char longest[300] = "size=";
	char *too_long[] = {longest};
	struct mount_fs fs = {.type = "tmpfs", .data = bad, .n_data = 1};

	need_private_ns();
	EQ(mount_new_fs(&e, &fs), -EINVAL);
	TRUE(strstr(e.msg, "option size of tmpfs"));
	TRUE(strstr(e.msg, "Bad value for 'size'"));
	fs.data = unknown;
	EQ(mount_new_fs(&e, &fs), -EINVAL);
	TRUE(strstr(e.msg, "elephant"));
	memset(longest + 5, '1', 290);
	fs.data = too_long;
	EQ(mount_new_fs(&e, &fs), -ENAMETOOLONG);
	fs = (struct mount_fs){.type = "elephantfs"};
	EQ(mount_new_fs(&e, &fs), -ENODEV);
	STREQ(e.msg, "the kernel has no file system type elephantfs: no such device");
}

TEST(change_attributes)
{
	struct mount_change c = {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC};
	int fd;

	need_private_ns();
	fd = mount_clone(&e, AT_FDCWD, "/", false);
	OK_ERR(&e, fd);
	OK_ERR(&e, mount_change(&e, fd, &c));
	EQ(flags_of(fd) & 9, 9);
	EQ(faccessat(fd, "etc", W_OK, 0), -1);
	EQ(errno, EROFS);
	c = (struct mount_change){.clear = MOUNT_ATTR_NOEXEC, .set = MOUNT_ATTR_NOATIME};
	OK_ERR(&e, mount_change(&e, fd, &c));
	EQ(flags_of(fd) & 0x409, 0x401);
	c = (struct mount_change){0};
	OK_ERR(&e, mount_change(&e, -1, &c));
}

TEST(attach_and_verify)
{
	int root, target, fd;

	need_private_ns();
	root = open(t_tmpdir(), O_PATH | O_CLOEXEC);
	OK(root);
	target = path_make_dir(&e, root, "/a/b");
	OK_ERR(&e, target);
	fd = new_tmpfs(0);
	OK_ERR(&e, mount_attach(&e, fd, target, root, "/a/b"));
	OK(mkdirat(fd, "in", 0755));
	OK(faccessat(root, "a/b/in", F_OK, 0));
	/* A file does not go on a directory. */
	fd = mount_clone(&e, AT_FDCWD, "/dev/null", false);
	OK_ERR(&e, fd);
	EQ(mount_attach(&e, fd, target, root, "/a/b"), -ENOTDIR);
	TRUE(strstr(e.msg, "/a/b"));
}

/* The directory moved away between lookup and mount: seen, and nothing outside is mounted on. */
TEST(attach_notices_a_swap)
{
	int root, target, fd;

	need_private_ns();
	root = open(t_tmpdir(), O_PATH | O_CLOEXEC);
	target = path_make_dir(&e, root, "/a");
	OK_ERR(&e, target);
	OK(renameat(root, "a", root, "b"));
	OK(mkdirat(root, "a", 0755));
	fd = new_tmpfs(0);
	EQ(mount_attach(&e, fd, target, root, "/a"), -EACCES);
	EQ(e.code, ERR_SECURITY);
}

TEST(procfs_new)
{
	_buf_ struct buf b = {0};
	struct stat st;
	char link[64];
	int proc, fd;

	need_private_ns();
	proc = procfs_open(&e);
	OK_ERR(&e, proc);
	OK(fstat(proc, &st));
	EQ(st.st_ino, 1);
	OK_ERR(&e, procfs_read(&e, proc, "self/comm", 100, &b));
	TRUE(b.len > 1);
	OK_ERR(&e, procfs_write(&e, proc, "self/comm", "renamed", 7));
	OK_ERR(&e, procfs_write(&e, proc, "thread-self/comm", "renamed", 7));
	EQ(procfs_open_at(&e, proc, "self/root", O_RDONLY), -EACCES);
	EQ(procfs_open_at(&e, proc, "self/fd/0", O_RDONLY), -EACCES);
	EQ(e.code, ERR_SECURITY);
	EQ(procfs_open_at(&e, proc, "../etc/passwd", O_RDONLY), -EACCES);
	EQ(procfs_open_at(&e, proc, "sys/none", O_RDONLY), -ENOENT);
	fd = procfs_open_link(&e, proc, "self/ns/mnt", O_RDONLY);
	OK_ERR(&e, fd);
	OK(readlink("/proc/self/ns/mnt", link, sizeof(link)));
	OK(fstat(fd, &st));
	TRUE(strtoul(link + strlen("mnt:["), NULL, 10) == st.st_ino);
}

/* Something mounted on a member: a clone of /proc shows it, the functions refuse it. */
TEST(procfs_overmounted)
{
	int root, proc, fd, target;

	need_private_ns();
	proc = mount_clone(&e, AT_FDCWD, "/proc", false);
	OK_ERR(&e, proc);
	root = open("/", O_PATH | O_CLOEXEC);
	target = path_open(&e, root, "/proc", O_PATH);
	OK_ERR(&e, mount_attach(&e, proc, target, root, "/proc"));
	fd = mount_clone(&e, AT_FDCWD, "/dev/null", false);
	target = openat(proc, "uptime", O_PATH | O_CLOEXEC);
	OK_ERR(&e, mount_attach_fd(&e, fd, target, "x"));
	EQ(procfs_write(&e, proc, "uptime", "x", 1), -EACCES);
	EQ(e.code, ERR_SECURITY);
}

/* selfexe: this program runs itself; the second run comes out with its exit status. */
extern char **environ;

static int run_sealed(bool fallback)
{
	char *argv[] = {(char[]){"sealed"}, (char[]){"--filter"}, (char[]){"sealed_second"}, NULL};
	char name[64] = "SEALED_SECOND=";
	char *envp[] = {name, NULL};
	size_t n = strlen(name);
	pid_t pid = fork();
	int status, fd;

	if (pid == 0) {
		(void)str_format(name + n, sizeof(name) - n, "%s", program_invocation_short_name);
		/* No rights, no overlay: a memfd. */
		if (fallback && unshare(CLONE_NEWUSER) < 0)
			_exit(T_SKIPPED);
		OK_ERR(&e, selfexe_seal(&e, argv, envp, &fd));
		T_FAIL("came back");
	}
	OK(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(sealed_second)
{
	char *argv[] = {NULL};
	_close_ int dir = FD_NONE;
	int fd = FD_NONE, exe;

	if (!getenv("SEALED_SECOND"))
		SKIP("part of the next ones");
	OK_ERR(&e, selfexe_seal(&e, argv, environ, &fd));
	TRUE(selfexe_kind() != SELFEXE_PLAIN);
	TRUE(fd > 2);
	TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	exe = open("/proc/self/exe", O_WRONLY | O_CLOEXEC);
	EQ(exe, -1);
	TRUE(errno == EROFS || errno == ETXTBSY || errno == EPERM);
	/* Where it came from, beside which helper programs are looked for. */
	dir = selfexe_open_dir();
	EQ(dir < 0, selfexe_kind() == SELFEXE_OVERLAY);
	OK(faccessat(dir < 0 ? fd : dir, getenv("SEALED_SECOND"), X_OK, 0));
}

TEST(seal_overlay)
{
	EQ(selfexe_kind(), SELFEXE_PLAIN);
	if (geteuid() != 0)
		SKIP("needs root");
	EQ(run_sealed(false), 0);
}

TEST(seal_memfd)
{
	int r = run_sealed(true);

	if (r == T_SKIPPED)
		SKIP("no user namespaces");
	EQ(r, 0);
}
