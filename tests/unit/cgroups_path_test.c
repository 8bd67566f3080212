/* cgroups/: mount discovery, own cgroup, where a container's cgroup goes. */
#include "cgroups_scratch.h"

#include "../../src/cgroups/cg_find.c"

static void mount_or_skip(void)
{
	if (cg_mount_open(&err, &mnt) < 0)
		SKIP("%s", err.msg);
}

/* The path that cg_resolve() decides on, or NULL. */
static const char *resolved(const char *cgroups_path, const char *id)
{
	static struct cg_place p;

	return cg_resolve(&err, &mnt, cgroups_path, id, &p) < 0 ? NULL : p.path;
}

TEST(mount_is_cgroup2)
{
	struct statfs sfs;

	mount_or_skip();
	OK(fstatfs(mnt.fd, &sfs));
	EQ(sfs.f_type, CGROUP2_SUPER_MAGIC);
	OK(faccessat(mnt.fd, "cgroup.procs", F_OK, 0));
	cg_mount_done(&mnt);
	EQ(mnt.fd, FD_NONE);
}

TEST(mountinfo_lines)
{
	static const struct {
		const char *line, *whole, *part;
	} t[] = {
		{"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
		 "/sys/fs/cgroup/unified", NULL},
		{"41 31 0:38 / /a\\040b\\134c rw shared:9 master:3 - cgroup2 none rw", "/a b\\c",
		 NULL},
		{"41 31 0:38 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup rw", NULL,
		 "/sys/fs/cgroup"},
		{"41 31 0:38 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu", NULL, NULL},
		{"41 31 0:38 / /x rw - cgroup22 cgroup rw", NULL, NULL},
		{"41 31 - cgroup2 cgroup rw", NULL, NULL},
		{"", NULL, NULL},
	};
	char line[256];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		snprintf(line, sizeof(line), "%s", t[i].line);
		STREQ(cgroup2_point(line, true), t[i].whole);
		snprintf(line, sizeof(line), "%s", t[i].line);
		STREQ(cgroup2_point(line, false), t[i].part);
	}
}

/* What the parser finds is what the fast path finds. */
TEST(mountinfo_search)
{
	struct cg_mount found = { .fd = FD_NONE };
	_buf_ struct buf text = { 0 };
	struct stat a, b;

	mount_or_skip();
	OK_ERR(&err, file_read_at(&err, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text));
	OK(search(&text, true, &found));
	OK(fstat(mnt.fd, &a));
	OK(fstat(found.fd, &b));
	EQ(a.st_dev, b.st_dev);
	cg_mount_done(&found);
}

TEST(self_path)
{
	char path[PATH_MAX], tiny[1];
	int fd;

	mount_or_skip();
	OK_ERR(&err, cg_self_path(&err, path, sizeof(path)));
	EQ(path[0], '/');
	fd = cg_open_dir(mnt.fd, path, O_PATH);
	OK(fd);
	EQ(cg_self_path(&err, tiny, sizeof(tiny)), -ENAMETOOLONG);
}

TEST(self_path_of_removed_cgroup)
{
	int fd = scratch_open();
	char path[PATH_MAX], want[PATH_MAX];

	OK(file_write_at(fd, "cgroup.procs", "0", 1));
	OK_ERR(&err, cg_self_path(&err, path, sizeof(path)));
	snprintf(want, sizeof(want), "%s", scratch);
	STREQ(path, want);
	OK(file_write_at(mnt.fd, "cgroup.procs", "0", 1));
}

TEST(controllers)
{
	uint32_t c = ~0u;

	mount_or_skip();
	OK_ERR(&err, cg_controllers(&err, mnt.fd, &c));
	EQ(c & ~((1u << CG_CONTROLLER_MAX) - 1), 0);
	for (enum cg_controller i = 0; i < CG_CONTROLLER_MAX; i++)
		TRUE(cg_controller_name(i));
	STREQ(cg_controller_name(CG_MEMORY), "memory");
	STREQ(cg_controller_name(CG_CONTROLLER_MAX), "unknown");
}

TEST(resolve_paths)
{
	static const struct {
		const char *in, *id, *want;	/* want NULL: refused */
	} t[] = {
		{ "/a/b", "x", "/a/b" },
		{ "//a/./b//", "x", "/a/b" },
		{ "/a", "x", "/a" },
		{ "/bawn-none/..", "x", NULL },
		{ "/../a", "x", NULL },
		{ "..", "x", NULL },
		{ "/", "x", NULL },
		{ "/.", "x", NULL },
		{ "/a/cgroup.procs", "x", NULL },
		{ "/a\nb", "x", NULL },
		{ "/a\x7f", "x", NULL },
		{ "/..a/b..", "x", "/..a/b.." },
		{ "machine.slice:libpod:abc", "x", "/machine.slice/libpod-abc.scope" },
		{ "a-b-c.slice:p:n", "x", "/a.slice/a-b.slice/a-b-c.slice/p-n.scope" },
		{ ":p:n", "x", "/system.slice/p-n.scope" },
		{ "-.slice:p:n", "x", "/p-n.scope" },
		{ "a.slice::n", "x", "/a.slice/n.scope" },
		{ "a.slice:p:n.slice", "x", "/a.slice/n.slice" },
		{ "a.slice:p:", "x", NULL },
		{ "a:p:n", "x", NULL },
		{ "a--b.slice:p:n", "x", NULL },
		{ "a-.slice:p:n", "x", NULL },
		{ "-a.slice:p:n", "x", NULL },
		{ ".slice:p:n", "x", NULL },
		{ "/a:b:c", "x", "/a:b:c" },
		{ NULL, "", NULL },
		{ NULL, "a/b", NULL },
	};

	mount_or_skip();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		STREQ(resolved(t[i].in, t[i].id), t[i].want);
}

TEST(resolve_default_parent)
{
	static const struct {
		const char *in, *id, *want;
	} t[] = {
		{ NULL, "web1", "/bawn-web1" },
		{ "", "web1", "/bawn-web1" },
		{ "a/b", "web1", "/bawn/a/b" },
		{ ".", "web1", NULL },
		{ NULL, "cgroup.procs", "/bawn-cgroup.procs" },
		{ NULL, "cpu.stat", "/bawn-cpu.stat" },
		{ NULL, "..", "/bawn-.." },
	};

	if (geteuid() != 0)
		SKIP("needs root");
	mount_or_skip();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		STREQ(resolved(t[i].in, t[i].id), t[i].want);
}

TEST(resolve_long)
{
	char *path = malloc(3 * PATH_MAX);

	mount_or_skip();
	TRUE(path);
	memset(path, 'a', 3 * PATH_MAX);
	path[0] = '/';
	path[257] = '\0';
	EQ(resolved(path, "x") == NULL, true);		/* one name of 256 bytes */
	path[256] = '\0';
	TRUE(resolved(path, "x"));
	for (size_t i = 0; i < 3 * PATH_MAX - 1; i++)
		path[i] = i % 100 ? 'a' : '/';
	path[3 * PATH_MAX - 1] = '\0';
	EQ(resolved(path, "x") == NULL, true);
	EQ(err.num, ENAMETOOLONG);
	path[PATH_MAX - 1] = '\0';
	TRUE(resolved(path, "x"));
	EQ(strlen(resolved(path, "x")), PATH_MAX - 1);
	free(path);
}

TEST(resolve_keeps_what_exists)
{
	struct cg_place p, q;

	scratch_open();
	scratch_place("a/b/c", &p);
	EQ(p.keep, strlen(scratch));
	EQ(p.id, 0);
	EQ(strlen(p.mark), CG_MARK_SIZE - 1);
	scratch_place("a", &q);
	EQ(q.keep, strlen(scratch));
	TRUE(!str_eq(p.mark, q.mark));
}

TEST(resolve_as_other_user)
{
	int fd = scratch_open();
	struct cg_place p;
	char want[128];

	/* Delegation as systemd does it: the directory, cgroup.procs, subtree_control. */
	OK(mkdirat(fd, "own", 0755));
	OK(file_write_at(fd, "own/cgroup.procs", "0", 1));
	OK(fchownat(fd, "own", 65534, 65534, 0));
	OK(fchownat(fd, "own/cgroup.procs", 65534, 65534, 0));
	if (fork() == 0) {
		OK(setgid(65534));
		OK(setuid(65534));
		OK_ERR(&err, cg_resolve(&err, &mnt, NULL, "x", &p));
		snprintf(want, sizeof(want), "%s/own/bawn-x", scratch);
		STREQ(p.path, want);
		_exit(0);
	}
	int status;
	OK(wait(&status));
	EQ(status, 0);
	OK(fchownat(fd, ".", 65534, 65534, 0));
	OK(fchownat(fd, "cgroup.procs", 65534, 65534, 0));
	if (fork() == 0) {
		OK(setgid(65534));
		OK(setuid(65534));
		OK_ERR(&err, cg_resolve(&err, &mnt, NULL, "x", &p));
		snprintf(want, sizeof(want), "%s/bawn-x", scratch);
		STREQ(p.path, want);
		_exit(0);
	}
	OK(wait(&status));
	EQ(status, 0);
	OK(file_write_at(mnt.fd, "cgroup.procs", "0", 1));
	if (fork() == 0) {
		OK(setuid(65534));
		EQ(cg_resolve(&err, &mnt, NULL, "x", &p), -EACCES);
		TRUE(strstr(err.msg, "Delegate=yes"));
		_exit(0);
	}
	OK(wait(&status));
	EQ(status, 0);
}

TEST(sibling)
{
	struct cg_place p = { .path = "/bawn/x", .keep = 5, .mark = "0" }, q;
	char name[NAME_MAX + 2];

	OK_ERR(&err, cg_sibling(&err, &p, ":hooks", &q));
	STREQ(q.path, "/bawn/x:hooks");
	EQ(q.keep, 5);
	EQ(strlen(q.mark), CG_MARK_SIZE - 1);
	memset(name, 'a', NAME_MAX);
	name[NAME_MAX] = '\0';
	EQ(cg_sibling(&err, &p, name, &q), -ENAMETOOLONG);
	name[NAME_MAX - 1] = '\0';
	OK_ERR(&err, cg_sibling(&err, &p, name, &q));
}

TEST(flags_of_cgroup_events)
{
	EQ(cg_flag("populated 1\nfrozen 0", "populated"), 1);
	EQ(cg_flag("populated 1\nfrozen 0", "frozen"), 0);
	EQ(cg_flag("populated 0\nfrozen 1", "frozen"), 1);
	EQ(cg_flag("xfrozen 1\nfrozenx 1", "frozen"), 0);
	EQ(cg_flag("", "frozen"), 0);
}
