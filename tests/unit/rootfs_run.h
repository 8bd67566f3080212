/*
 * Runs a container's file tree set-up in namespaces of its own. A hand-made struct spec takes the
 * place of config.json; a small directory tree that of an image.
 */
#ifndef BAWN_TEST_ROOTFS_RUN_H
#define BAWN_TEST_ROOTFS_RUN_H

#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "path/path.h"
#include "runtime/rootfs.h"
#include "t.h"

#define STRV(...)                                                     \
	{                                                             \
		.v = (char *[]){__VA_ARGS__, NULL},                   \
		.n = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *) \
	}
#define S(s) ((char[]){s})

static struct err e;
static int bundle = -1;

static const uint64_t container_ns =
	CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

static void touch(const char *name, const char *text)
{
	int fd = openat(bundle, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	OK(fd);
	EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* bundle/rootfs, bundle/host; the test goes on as root only. */
static void setup(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
	umask(022);
	bundle = open(t_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(bundle);
	OK(mkdirat(bundle, "rootfs", 0755));
	OK(mkdirat(bundle, "host", 0755));
	touch("host/file", "from the host");
}

__attribute__((unused)) static const struct spec_mount mount_proc = {
	.destination = "/proc", .source = "proc", .type = "proc"};
__attribute__((unused)) static const struct spec_mount mount_dev = {
	.destination = "/dev",
	.source = "tmpfs",
	.type = "tmpfs",
	.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
	.data = STRV(S("mode=755"), S("size=65536k")),
};
__attribute__((unused)) static const struct spec_mount mount_pts = {
	.destination = "/dev/pts",
	.source = "devpts",
	.type = "devpts",
	.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	.data = STRV(S("newinstance"), S("ptmxmode=0666"), S("mode=0620"), S("gid=5")),
};
__attribute__((unused)) static const struct spec_mount mount_sys = {
	.destination = "/sys",
	.source = "sysfs",
	.type = "sysfs",
	.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY,
};

/* Runs check() in a container's namespaces with everything set up; its process must exit 0. */
struct run {
	struct spec spec;
	struct spec_mount mounts[12];
	bool userns, no_pivot;
	uid_t rootless;		/* the only id that is mapped */
	bool any_result;
	int error;		/* expected from rootfs_prepare or rootfs_mount, `text` in e.msg */
	const char *text;
	void (*before_pivot)(struct rootfs *r);
	void (*check)(struct rootfs *r);
};

static void expect(const struct run *t, int rc)
{
	if (rc != t->error && !t->any_result)
		T_FAIL("%d (%s), want %d", rc, rc < 0 ? e.msg : "", t->error);
	if (t->text && !strstr(e.msg, t->text))
		T_FAIL("message \"%s\" lacks \"%s\"", e.msg, t->text);
}

static _Noreturn void child(const struct run *t, struct rootfs *r, int go)
{
	char c;
	int rc;

	(void)!read(go, &c, 1);
	if (t->userns) {
		OK(setgid(0));
		OK(setuid(0));
	}
	rc = rootfs_mount(&e, r);
	if (rc < 0 || t->error) {
		expect(t, rc);
		_exit(0);
	}
	if (t->before_pivot)
		t->before_pivot(r);
	OK_ERR(&e, rootfs_pivot(&e, r));
	OK_ERR(&e, rootfs_mask(&e, r));
	if (t->check)
		t->check(r);
	fflush(stdout);
	_exit(0);
}

static void write_proc(pid_t pid, const char *file, const char *text)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/%s", (int)pid, file);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	OK(fd);
	OK(write(fd, text, strlen(text)));
	close(fd);
}

static void map_user(pid_t pid, uid_t rootless)
{
	char map[64] = "0 100000 65536";

	if (rootless) {
		snprintf(map, sizeof(map), "0 %u 1", rootless);
		write_proc(pid, "setgroups", "deny");
	}
	write_proc(pid, "uid_map", map);
	write_proc(pid, "gid_map", map);
}

static void run(struct run *t)
{
	struct clone_args args = {.flags = container_ns, .exit_signal = SIGCHLD};
	struct rootfs r;
	const struct rootfs_options o = {
		.spec = &t->spec,
		.bundle = t_tmpdir(),
		.bundle_fd = bundle,
		.mnt_ns = true,
		.cgroup_ns = true,
		.userns = t->userns,
		.no_pivot = t->no_pivot,
		.cgroup_fd = FD_NONE,
	};
	int status, go[2], rc;
	pid_t pid;

	if (!t->spec.root_path)
		t->spec.root_path = "rootfs";
	t->spec.mounts.v = t->mounts;
	for (t->spec.mounts.n = 0; t->mounts[t->spec.mounts.n].destination; t->spec.mounts.n++)
		;
	rc = rootfs_prepare(&e, &r, &o);
	if (rc == -EOPNOTSUPP && !t->error)
		SKIP("%.150s", e.msg);
	if (rc < 0) {
		expect(t, rc);
		return;
	}
	OK(pipe(go));
	if (t->userns)
		args.flags |= CLONE_NEWUSER;
	fflush(stdout);
	pid = sys_clone3(&args);
	if (pid < 0)
		SKIP("no namespaces: %s", strerror(errno));
	if (pid == 0)
		child(t, &r, go[0]);
	if (t->userns)
		map_user(pid, t->rootless);
	(void)!write(go[1], "", 1);
	rootfs_done(&r);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

__attribute__((unused)) static unsigned long flags_of(const char *path)
{
	struct statfs sfs;

	OK(statfs(path, &sfs));
	return (unsigned long)sfs.f_flags;
}

__attribute__((unused)) static long type_of(const char *path)
{
	struct statfs sfs;

	OK(statfs(path, &sfs));
	return (long)sfs.f_type;
}

__attribute__((unused)) static struct stat stat_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		T_FAIL("lstat %s: %s", path, strerror(errno));
	return st;
}

__attribute__((unused)) static bool can_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	close(fd);
	return fd >= 0;
}

#endif
