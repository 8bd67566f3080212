/*
 * root.c: names inside a hostile rootfs. The matrix of link shapes, for opening and for making.
 * where: native vm
 */
#include "path/path.h"
#include "t.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct err e;

/* T/root is the rootfs, T/host must stay as it is: one file "canary". */
static int make_tree(void)
{
	const char *tmp = t_tmpdir();
	char long_name[300];
	int t, root;

	t = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(t);
	OK(mkdirat(t, "root", 0755));
	OK(mkdirat(t, "host", 0755));
	OK(close(openat(t, "host/canary", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	root = openat(t, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	OK(root);
	OK(mkdirat(root, "dir", 0755));
	OK(mkdirat(root, "dir/sub", 0755));
	OK(close(openat(root, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	OK(symlinkat("/dir", root, "abs"));
	OK(symlinkat("dir/sub", root, "rel"));
	OK(symlinkat("../../../host", root, "dotdot"));
	OK(symlinkat("loop2", root, "loop1"));
	OK(symlinkat("loop1", root, "loop2"));
	OK(symlinkat("/nowhere/deep/x", root, "dangling"));
	OK(symlinkat("../up/y", root, "dir/dangling_rel"));
	OK(symlinkat("/proc/self/root/host", root, "magic"));
	OK(symlinkat("/dir/sub/", root, "slash"));
	OK(symlinkat("/d\xc3\xacr/\xf0\x9f\x90\xb3", root, "unicode"));
	snprintf(long_name, sizeof(long_name), "%s/host", tmp);
	OK(symlinkat(long_name, root, "hostpath"));
	for (int i = 0; i < 41; i++) {
		char from[24], to[24];

		snprintf(from, sizeof(from), "chain%d", i);
		snprintf(to, sizeof(to), i == 40 ? "dir" : "chain%d", i + 1);
		OK(symlinkat(to, root, from));
	}
	close(t);
	return root;
}

static bool canary_alone(int root)
{
	char path[PATH_MAX];

	(void)root;
	/* rmdir works only if nothing was added. */
	snprintf(path, sizeof(path), "%s/host/canary", t_tmpdir());
	if (unlink(path) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/host", t_tmpdir());
	return rmdir(path) == 0;
}

static ino_t inode_of(int dir, const char *name)
{
	struct stat st;

	OK(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH)));
	return st.st_ino;
}

TEST(open_matrix)
{
	static const struct {
		const char *path, *inode;	/* the place inside the root it must be, or: */
		int error;
	} cases[] = {
		{"/", "", 0},
		{"dir", "dir", 0},
		{"/dir/../../..//dir/./sub", "dir/sub", 0},
		{"abs", "dir", 0},
		{"/abs/sub", "dir/sub", 0},
		{"rel", "dir/sub", 0},
		{"dotdot", NULL, ENOENT},
		{"hostpath", NULL, ENOENT},
		{"loop1", NULL, ELOOP},
		{"dangling", NULL, ENOENT},
		{"magic", NULL, ENOENT},
		{"slash", "dir/sub", 0},
		{"dir/", "dir", 0},
		{"file/", NULL, ENOTDIR},
		{"unicode", NULL, ENOENT},
		{"chain1", "dir", 0},
		{"chain0", NULL, ELOOP},
	};
	int root = make_tree();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = path_open(&e, root, cases[i].path, O_PATH);

		if (cases[i].error) {
			if (fd != -cases[i].error)
				T_FAIL("%s: %d, want %d", cases[i].path, fd, -cases[i].error);
			TRUE(strstr(e.msg, cases[i].path));
			continue;
		}
		OK_ERR(&e, fd);
		EQ(inode_of(fd, ""), inode_of(root, cases[i].inode));
		close(fd);
	}
	TRUE(canary_alone(root));
}

TEST(open_too_long)
{
	static char path[PATH_MAX + 10];
	int root = make_tree();

	memset(path, 'a', sizeof(path) - 1);
	EQ(path_open(&e, root, path, O_PATH), -ENAMETOOLONG);
	EQ(path_make_dir(&e, root, path), -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		path[i] = '/';
	EQ(path_make_dir(&e, root, path), -ENAMETOOLONG);
	/* As long as the kernel takes, nothing there yet. */
	path[1000] = '\0';
	OK_ERR(&e, path_make_dir(&e, root, path));
}

TEST(open_exact_refuses_links)
{
	int root = make_tree();

	OK_ERR(&e, path_open_exact(&e, root, "/dir/sub", O_PATH));
	EQ(path_open_exact(&e, root, "/abs", O_PATH | O_DIRECTORY), -EACCES);
	EQ(e.code, ERR_SECURITY);
	EQ(path_open_exact(&e, root, "/abs/sub", O_PATH), -EACCES);
	EQ(path_make_dir_exact(&e, root, "/abs/new"), -EACCES);
	EQ(e.code, ERR_SECURITY);
	EQ(path_make_dir_exact(&e, root, "/dangling"), -EACCES);
	EQ(path_make_dir_exact(&e, root, "/dotdot"), -EACCES);
	EQ(path_make_dir_exact(&e, root, "/file"), -ENOTDIR);
	OK_ERR(&e, path_make_dir_exact(&e, root, "/new/x"));
	TRUE(canary_alone(root));
}

TEST(make_matrix)
{
	static const struct {
		const char *path, *made;	/* where it must be afterwards */
		bool file;
		int error;
	} cases[] = {
		{"/a/b/c", "a/b/c", false, 0},
		{"a//b/./d/", "a/b/d", false, 0},
		{"/f/file", "f/file", true, 0},
		{"/abs/new", "dir/new", false, 0},
		{"rel/new", "dir/sub/new", true, 0},
		{"dotdot", "host", false, 0},
		{"dotdot/x", "host/x", true, 0},
		{"dangling", "nowhere/deep/x", true, 0},
		{"dangling", "nowhere/deep/x", true, 0},
		{"dir/dangling_rel/z", "up/y/z", false, 0},
		{"unicode", "d\xc3\xacr/\xf0\x9f\x90\xb3", false, 0},
		{"slash/deeper", "dir/sub/deeper", false, 0},
		{"magic", "proc/self/root/host", false, 0},
		{"loop1/x", NULL, false, ELOOP},
		{"chain0/x", NULL, false, ELOOP},
		{"chain1/x", "dir/x", false, 0},
		{"file/x", NULL, false, ENOTDIR},
		{"file", NULL, false, ENOTDIR},
		{"file", "file", true, 0},
		{"missing/../x", NULL, false, ENOENT},
		{"../../../top", "top", false, 0},
	};
	int root = make_tree();

	umask(0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = cases[i].file ? path_make_file(&e, root, cases[i].path)
				       : path_make_dir(&e, root, cases[i].path);

		if (cases[i].error) {
			if (fd != -cases[i].error)
				T_FAIL("%s: %d, want %d", cases[i].path, fd, -cases[i].error);
			continue;
		}
		if (fd < 0)
			T_FAIL("%s: %s", cases[i].path, e.msg);
		EQ(inode_of(fd, ""), inode_of(root, cases[i].made));
		close(fd);
	}
	TRUE(canary_alone(root));
}

TEST(make_modes)
{
	int root = make_tree();
	struct stat st;

	umask(0);
	OK_ERR(&e, path_make_file(&e, root, "/m1/m2/f"));
	OK(fstatat(root, "m1/m2", &st, 0));
	EQ(st.st_mode, S_IFDIR | 0755);
	OK(fstatat(root, "m1/m2/f", &st, 0));
	EQ(st.st_mode, S_IFREG | 0644);
}

TEST(magic_links_are_refused)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	OK(root);
	EQ(path_open(&e, root, "/proc/self/root/etc", O_PATH), -ELOOP);
	TRUE(path_open(&e, root, "/proc/1/root", O_PATH) < 0);	/* or not even allowed to look */
	EQ(path_open(&e, root, "/proc/self/cwd", O_PATH), -ELOOP);
	EQ(path_make_dir(&e, root, "/proc/self/cwd/x"), -ELOOP);
	EQ(path_make_file(&e, root, "/proc/self/fd/0"), -ELOOP);
	OK_ERR(&e, path_open(&e, root, "/proc/self/status", O_PATH));
}

/* Somebody exchanges a directory with a link to the host while paths are made below it. */
TEST_LIMIT(race_exchange, 30)
{
	int root = make_tree(), made = 0;
	pid_t pid;

	OK(symlinkat("../../host", root, "evil"));
	OK(mkdirat(root, "good", 0755));
	pid = fork();
	OK(pid);
	if (pid == 0) {
		for (;;)
			syscall(SYS_renameat2, root, "evil", root, "good", 2 /* RENAME_EXCHANGE */);
	}
	for (int i = 0; i < 5000; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "good/%d/x", i);
		fd = i % 2 ? path_make_dir(&e, root, path) : path_make_file(&e, root, path);
		made += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TRUE(made > 1000);
	TRUE(canary_alone(root));
}

TEST(no_fd_leaks)
{
	int root = make_tree(), before = dup(root);

	close(before);
	path_make_dir(&e, root, "loop1/x");
	path_make_dir(&e, root, "file/x");
	path_make_dir_exact(&e, root, "dangling/x");
	close(path_make_dir(&e, root, "dangling/x/y/z"));
	close(path_make_file(&e, root, "q/w/e"));
	EQ(dup(root), before);
}
