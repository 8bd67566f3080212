/*
 * rootfs, devices, masks, tmpcopyup, console, sysctl: what a well-meant config.json gets.
 * where: native vm
 */
#include "rootfs_run.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "runtime/console.h"
#include "runtime/sysctl.h"

static void check_typical(struct rootfs *r)
{
	char buf[64] = "";
	int fd;

	(void)r;
	EQ(type_of("/proc"), PROC_SUPER_MAGIC);
	EQ(type_of("/dev"), TMPFS_MAGIC);
	EQ(type_of("/dev/pts"), DEVPTS_SUPER_MAGIC);
	EQ(type_of("/sys"), SYSFS_MAGIC);
	EQ(flags_of("/sys") & 0xf, 0xf);
	OK(readlink("/proc/self", buf, sizeof(buf)));
	STREQ(buf, "1");
	EQ(stat_of("/dev/null").st_rdev, makedev(1, 3));
	EQ(stat_of("/dev/null").st_mode, S_IFCHR | 0666);
	EQ(stat_of("/dev/tty").st_rdev, makedev(5, 0));
	EQ(stat_of("/dev/fd").st_mode & S_IFMT, S_IFLNK);
	memset(buf, 0, sizeof(buf));
	OK(readlink("/dev/ptmx", buf, sizeof(buf)));
	STREQ(buf, "pts/ptmx");
	EQ(stat_of("/dev/x/extra").st_rdev, makedev(10, 200));
	EQ(stat_of("/dev/x/extra").st_mode, S_IFCHR | 0640);
	EQ(stat_of("/dev/x/extra").st_gid, 7);
	fd = open("/etc/file", O_RDONLY | O_CLOEXEC);
	OK(fd);
	OK(read(fd, buf, sizeof(buf)));
	TRUE(str_has_prefix(buf, "from the host"));
	TRUE(!can_write("/etc/file"));
	TRUE(can_write("/vol/file"));
	/* Root read-only, old root gone. */
	EQ(mkdir("/x", 0755), -1);
	EQ(errno, EROFS);
	EQ(access("/tmp", F_OK), -1);
	EQ(umask(022), 022);
}

static struct spec_device extra[] = {
	{.path = "/dev/x/extra", .type = 'c', .major = 10, .minor = 200, .mode = 0640, .gid = 7},
};

static void typical(struct run *t)
{
	t->mounts[0] = mount_proc;
	t->mounts[1] = mount_dev;
	t->mounts[2] = mount_pts;
	t->mounts[3] = mount_sys;
	t->mounts[4] = (struct spec_mount){.destination = "/etc/file",
					   .source = "host/file",
					   .bind = true,
					   .attr_set = MOUNT_ATTR_RDONLY};
	t->mounts[5] = (struct spec_mount){.destination = "/vol",
					   .source = "host",
					   .type = "bind",
					   .bind = true,
					   .recursive_bind = true};
}

TEST(typical_tree)
{
	struct run t = {
		.spec.root_readonly = true,
		.spec.linux_.devices = {.v = extra, .n = 1},
		.check = check_typical,
	};

	setup();
	typical(&t);
	run(&t);
	t.no_pivot = true;
	run(&t);
}

static void check_userns(struct rootfs *r)
{
	(void)r;
	EQ(stat_of("/dev/null").st_rdev, makedev(1, 3));
	EQ(stat_of("/dev/null").st_uid, 65534);	/* the host's */
	TRUE(can_write("/dev/null"));
	EQ(type_of("/proc"), PROC_SUPER_MAGIC);
	EQ(type_of("/sys"), SYSFS_MAGIC);
	EQ(type_of("/dev/pts"), DEVPTS_SUPER_MAGIC);
	OK(access("/secret/file", F_OK));
}

TEST(user_namespace)
{
	struct run t = {
		.userns = true,
		.check = check_userns,
		.spec.linux_.masked_paths = STRV(S("/proc/uptime"), S("/proc/version")),
		.spec.linux_.readonly_paths = STRV(S("/proc/sys")),
	};

	setup();
	OK(fchownat(bundle, "rootfs", 100000, 100000, 0));
	/* A source that the container's root cannot reach by path. */
	OK(mkdirat(bundle, "closed", 0700));
	OK(mkdirat(bundle, "closed/dir", 0755));
	touch("closed/dir/file", "x");
	OK(fchmod(bundle, 0700));
	t.mounts[0] = mount_proc;
	t.mounts[1] = mount_dev;
	t.mounts[2] = mount_pts;
	t.mounts[3] = mount_sys;
	t.mounts[4] =
		(struct spec_mount){.destination = "/secret", .source = "closed/dir", .bind = true};
	run(&t);
}

/* A runtime without any privilege on the host: sources are opened in the child. */
TEST(rootless)
{
	enum { ID = 54321 };
	struct run t = {
		.userns = true,
		.rootless = ID,
		.check = check_userns,
		.spec.linux_.masked_paths = STRV(S("/proc/uptime"), S("/proc/version")),
	};

	setup();
	touch("rootfs/file", "x");
	OK(fchownat(bundle, "rootfs", ID, ID, 0));
	OK(fchownat(bundle, "", ID, ID, AT_EMPTY_PATH));
	OK(setresgid(ID, ID, ID));
	OK(setresuid(ID, ID, ID));
	OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	t.mounts[0] = mount_proc;
	t.mounts[1] = mount_dev;
	t.mounts[2] = mount_pts;
	t.mounts[2].data.n--;	/* gid 5 is not mapped */
	t.mounts[3] = mount_sys;
	t.mounts[4] = (struct spec_mount){
		.destination = "/secret", .source = "rootfs", .bind = true, .recursive_bind = true};
	run(&t);
}

static void check_masks(struct rootfs *r)
{
	struct stat a = stat_of("/proc/uptime"), b = stat_of("/proc/version");

	(void)r;
	EQ(a.st_rdev, makedev(1, 3));
	EQ(b.st_rdev, makedev(1, 3));
	EQ(type_of("/sys/firmware"), TMPFS_MAGIC);
	EQ(type_of("/sys/kernel"), TMPFS_MAGIC);
	EQ(stat_of("/sys/firmware").st_dev, stat_of("/sys/kernel").st_dev);
	EQ(mkdir("/sys/kernel/x", 0755), -1);
	EQ(errno, EROFS);
	EQ(flags_of("/proc/sys") & 1, 1);
	EQ(flags_of("/proc") & 1, 0);
	TRUE(!can_write("/proc/sys/kernel/domainname"));
	EQ(flags_of("/real") & 1, 1);
}

TEST(masked_and_readonly)
{
	struct run t = {
		.spec.linux_.masked_paths =
			STRV(S("/proc/uptime"), S("/proc/none"), S("/proc/version"),
			     S("/sys/firmware"), S("/sys/kernel"), S("/file/x")),
		.spec.linux_.readonly_paths = STRV(S("/proc/sys"), S("/none"), S("/link")),
		.check = check_masks,
	};

	setup();
	touch("rootfs/file", "");
	OK(mkdirat(bundle, "rootfs/real", 0755));
	OK(symlinkat("/real", bundle, "rootfs/link"));
	t.mounts[0] = mount_proc;
	t.mounts[1] = mount_sys;
	run(&t);
}

TEST(missing_source)
{
	struct run t = {.error = -ENOENT,
			.text = "mounts[0].source nowhere: no such file or directory",
			.mounts = {{.destination = "/x", .source = "nowhere", .bind = true}}};
	struct run u = {.error = -ENOENT,
			.text = "nothing: no such file or directory",
			.spec.root_path = "nothing"};

	setup();
	run(&t);
	run(&u);
}

static void check_copyup(struct rootfs *r)
{
	char buf[32] = "";
	struct stat st = stat_of("/data/sub/f");

	(void)r;
	EQ(type_of("/data"), TMPFS_MAGIC);
	EQ(st.st_mode, S_IFREG | 04750);
	EQ(st.st_uid, 12);
	EQ(st.st_mtime, 1000);
	EQ(st.st_size, 13);
	EQ(stat_of("/data/sub").st_mode, S_IFDIR | 0701);
	EQ(stat_of("/data").st_mode, S_IFDIR | 0751);
	OK(readlink("/data/link", buf, sizeof(buf)));
	STREQ(buf, "/etc/shadow");
	EQ(stat_of("/data/pipe").st_mode & S_IFMT, S_IFIFO);
	TRUE(flags_of("/data") & 1);
	EQ(getxattr("/data/sub/f", "trusted.t", buf, sizeof(buf)), 3);
}

TEST(tmpcopyup)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct run t = {
		.check = check_copyup,
		.mounts = {{.destination = "/data",
			    .type = "tmpfs",
			    .source = "tmpfs",
			    .attr_set = MOUNT_ATTR_RDONLY,
			    .tmpcopyup = true}},
	};
	int fd;

	setup();
	OK(mkdirat(bundle, "rootfs/data", 0700));
	OK(fchmodat(bundle, "rootfs/data", 0751, 0));
	OK(mkdirat(bundle, "rootfs/data/sub", 0701));
	touch("rootfs/data/sub/f", "0123456789abc");
	fd = openat(bundle, "rootfs/data/sub/f", O_RDONLY | O_CLOEXEC);
	OK(fchown(fd, 12, 13));
	OK(fchmod(fd, 04750));
	OK(fsetxattr(fd, "trusted.t", "abc", 3, 0));
	OK(futimens(fd, times));
	OK(symlinkat("/etc/shadow", bundle, "rootfs/data/link"));
	OK(mknodat(bundle, "rootfs/data/pipe", S_IFIFO | 0600, 0));
	run(&t);
}

static void use_console(struct rootfs *r)
{
	const struct console_options o = {.root_fd = r->root_fd,
					  .bind = true,
					  .rows = 24,
					  .cols = 81,
					  .uid = 7,
					  .gid = (gid_t)-1};
	struct winsize size;
	struct console c;

	OK_ERR(&e, console_open(&e, &o, &c));
	OK(ioctl(c.master, TIOCGWINSZ, &size));
	EQ(size.ws_col, 81);
	OK(setsid());
	OK_ERR(&e, console_attach(&e, &c));
	OK_ERR(&e, console_control(&e));
	EQ(isatty(0) && isatty(2), 1);
	OK(dup2(c.master, 100));
}

static void check_console(struct rootfs *r)
{
	struct stat st = stat_of("/dev/console"), pts = stat_of("/dev/pts/0");
	char c;

	(void)r;
	EQ(st.st_rdev, pts.st_rdev);
	EQ(st.st_ino, pts.st_ino);
	EQ(st.st_uid, 7);
	EQ(st.st_gid, 5);
	OK(open("/dev/tty", O_RDWR | O_CLOEXEC));
	OK(write(open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC), "x", 1));
	OK(read(100, &c, 1));
	EQ(c, 'x');
	/* What was the test's output is the pty now. */
	_exit(0);
}

TEST(console)
{
	struct run t = {
		.before_pivot = use_console,
		.check = check_console,
		.mounts = {mount_proc, mount_dev, mount_pts},
	};

	setup();
	run(&t);
}

static struct spec_sysctl sysctls[] = {
	{.key = "kernel.domainname", .path = "kernel/domainname", .value = "example.org"},
	{.key = "net.ipv4.ip_forward", .path = "net/ipv4/ip_forward", .value = "1"},
};

static void use_sysctl(struct rootfs *r)
{
	_buf_ struct buf b = {0};
	struct spec spec = {.linux_.sysctl = {.v = sysctls, .n = ARRAY_SIZE(sysctls)}};
	struct spec_sysctl none = {.key = "net.none", .path = "net/none", .value = "1"};
	int proc;

	OK_ERR(&e, rootfs_procfs(&e, r));
	proc = r->proc_fd;
	OK_ERR(&e, sysctl_apply(&e, proc, &spec));
	OK_ERR(&e, procfs_read(&e, proc, "sys/kernel/domainname", 100, &b));
	STREQ(b.data, "example.org\n");
	spec.linux_.sysctl.v = &none;
	spec.linux_.sysctl.n = 1;
	EQ(sysctl_apply(&e, proc, &spec), -ENOENT);
	TRUE(str_has_prefix(e.msg, "linux.sysctl net.none: "));
}

TEST(sysctl)
{
	struct run with = {.before_pivot = use_sysctl, .mounts = {mount_proc}};
	struct run without = {.before_pivot = use_sysctl};

	setup();
	run(&with);
	run(&without);
}

/* Mounts made in the container's binds do not appear on the host, whatever the host's are. */
static void mount_in_bind(struct rootfs *r)
{
	const struct mount_fs fs = {.type = "tmpfs"};
	int target = path_make_dir(&e, r->root_fd, "/vol/dir"), fd = mount_new_fs(&e, &fs);

	OK_ERR(&e, target);
	OK_ERR(&e, mount_attach(&e, fd, target, r->root_fd, "/vol/dir"));
	OK(mkdirat(fd, "seen", 0755));
}

TEST(binds_do_not_propagate_to_the_host)
{
	const struct mount_change shared = {.propagation = MS_SHARED, .recursive = true};
	struct run t = {.before_pivot = mount_in_bind};
	int slash;

	setup();
	if (unshare(CLONE_NEWNS) < 0)
		SKIP("no mount namespaces");
	/* A path of the new namespace: mounts of another one cannot be cloned. */
	close(bundle);
	bundle = open(t_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	slash = open("/", O_PATH | O_CLOEXEC);
	OK_ERR(&e,
	       mount_change(&e, slash,
			    &(struct mount_change){.propagation = MS_PRIVATE, .recursive = true}));
	OK_ERR(&e, mount_change(&e, slash, &shared));
	OK(mkdirat(bundle, "host/dir", 0755));
	t.mounts[0] = (struct spec_mount){
		.destination = "/vol", .source = "host", .bind = true, .recursive_bind = true};
	run(&t);
	EQ(faccessat(bundle, "host/dir/seen", F_OK, 0), -1);
	/* With rshared on both it does. */
	t.mounts[0].propagation = MS_SHARED;
	t.mounts[0].propagation_recursive = true;
	t.spec.linux_.rootfs_propagation = MS_SHARED | MS_REC;
	run(&t);
	EQ(faccessat(bundle, "host/dir/seen", F_OK, 0), 0);
}

static void check_idmap(struct rootfs *r)
{
	(void)r;
	EQ(stat_of("/vol/file").st_uid, 5000);
}

TEST(idmap)
{
	static struct spec_id_map map[] = {{0, 5000, 1000}};
	struct run t = {
		.check = check_idmap,
		.mounts = {{.destination = "/vol",
			    .source = "host",
			    .bind = true,
			    .idmap = true,
			    .uid_maps = {map, 1},
			    .gid_maps = {map, 1}}},
	};
	struct run bad = {
		.error = -EOPNOTSUPP, .text = "(proc) cannot be idmapped", .mounts = {t.mounts[0]}};

	setup();
	run(&t);
	bad.mounts[0].source = "/proc";
	run(&bad);
	STREQ(strstr(e.msg, "mounts[0]"), e.msg);
}

TEST(needs_mount_namespace)
{
	const struct spec spec = {.root_path = "rootfs", .root_readonly = true};
	const struct rootfs_options o = {.spec = &spec, .cgroup_fd = FD_NONE};
	struct rootfs r;

	EQ(rootfs_prepare(&e, &r, &o), -EINVAL);
	STREQ(e.msg, "root.readonly: not possible without a mount namespace");
}

TEST(chroot_without_mount_namespace)
{
	const struct spec spec = {.root_path = "rootfs"};
	struct rootfs r = {0};

	setup();
	rootfs_done(&r);	/* a zeroed one */
	touch("rootfs/inside", "");
	const struct rootfs_options o = {.spec = &spec, .bundle_fd = bundle, .cgroup_fd = FD_NONE};

	OK_ERR(&e, rootfs_prepare(&e, &r, &o));
	OK_ERR(&e, rootfs_mount(&e, &r));
	OK_ERR(&e, rootfs_pivot(&e, &r));
	OK_ERR(&e, rootfs_mask(&e, &r));
	rootfs_done(&r);
	rootfs_done(&r);
	OK(access("/inside", F_OK));
	EQ(access("/proc", F_OK), -1);
}

static void check_cgroup(struct rootfs *r)
{
	(void)r;
	EQ(type_of("/sys/fs/cgroup"), CGROUP2_SUPER_MAGIC);
	OK(access("/sys/fs/cgroup/cgroup.procs", R_OK));
}

TEST(cgroup)
{
	struct run t = {
		.check = check_cgroup,
		.mounts = {mount_sys,
			   {.destination = "/sys/fs/cgroup",
			    .source = "cgroup",
			    .type = "cgroup",
			    .attr_set = MOUNT_ATTR_RDONLY}},
	};

	setup();
	run(&t);
}
