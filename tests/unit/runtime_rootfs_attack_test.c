/*
 * Hostile rootfs trees and volumes: refused, or without any effect on the host.
 * where: native vm
 */
#include "rootfs_run.h"

#include <sys/syscall.h>
#include <sys/sysmacros.h>

/* The image's /dev is a link to a host directory (CVE-2026-41579, CVE-2026-47766). */
TEST(dev_link_is_refused)
{
	static const char *const targets[] = {"../host", "/host", "host", "/proc/self/root"};
	struct run t = {.error = -EACCES, .text = "/dev"};

	setup();
	OK(mkdirat(bundle, "rootfs/host", 0755));
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		OK(symlinkat(targets[i], bundle, "rootfs/dev"));
		run(&t);
		OK(unlinkat(bundle, "rootfs/dev", 0));
	}
	EQ(unlinkat(bundle, "rootfs/host", AT_REMOVEDIR), 0);
	OK(unlinkat(bundle, "host/file", 0));
	OK(unlinkat(bundle, "host", AT_REMOVEDIR));
}

/* CVE-2019-19921, CVE-2023-27561. */
TEST(proc_and_sys_links_are_refused)
{
	struct run t = {.error = -EACCES, .text = "/proc", .mounts = {mount_proc}};
	struct run u = {.error = -EACCES, .text = "/sys", .mounts = {mount_sys}};

	setup();
	OK(symlinkat("/tmp", bundle, "rootfs/proc"));
	OK(symlinkat("/tmp", bundle, "rootfs/sys"));
	run(&t);
	run(&u);
}

TEST(dev_something_else_is_refused)
{
	struct run t = {.error = -EACCES, .text = "/dev/zero"};

	setup();
	OK(mkdirat(bundle, "rootfs/dev", 0755));
	OK(symlinkat("/host", bundle, "rootfs/dev/zero"));
	run(&t);
	OK(unlinkat(bundle, "rootfs/dev/zero", 0));
	OK(mknodat(bundle, "rootfs/dev/zero", S_IFCHR | 0666, makedev(1, 1)));
	run(&t);
	/* The right one with another mode is put right. */
	OK(unlinkat(bundle, "rootfs/dev/zero", 0));
	OK(mknodat(bundle, "rootfs/dev/zero", S_IFCHR | 0600, makedev(1, 5)));
	t.error = 0;
	t.text = NULL;
	run(&t);
	EQ(faccessat(bundle, "rootfs/dev/null", F_OK, 0), 0);
}

/*
 * CVE-2021-30465: a directory of a shared volume that is a mount's destination is exchanged
 * with a link to a host directory all the time. Any result will do, as long as nothing is made
 * or mounted in that directory.
 */
TEST_LIMIT(race_on_a_shared_volume, 60)
{
	struct run t = {
		.any_result = true,
		.mounts = {{.destination = "/vol", .source = "shared", .bind = true},
			   {.destination = "/vol/good/deep/dir", .type = "tmpfs"},
			   {.destination = "/vol/good/file", .source = "host/file", .bind = true}},
	};
	char canary[128];
	pid_t pid;

	setup();
	OK(mkdirat(bundle, "shared", 0777));
	OK(mkdirat(bundle, "shared/good", 0777));
	OK(mkdirat(bundle, "canary", 0777));
	snprintf(canary, sizeof(canary), "%s/canary", t_tmpdir());
	OK(symlinkat(canary, bundle, "shared/evil"));
	pid = fork();
	OK(pid);
	if (pid == 0) {
		for (;;)
			syscall(SYS_renameat2, bundle, "shared/good", bundle, "shared/evil", 2);
	}
	for (int i = 0; i < 200; i++)
		run(&t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	OK(rmdir(canary));
}
