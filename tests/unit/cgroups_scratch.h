/* A scratch cgroup for a test, /bawn-test-PID, which goes away whatever happens to the test. */
#ifndef BAWN_TEST_CGROUPS_SCRATCH_H
#define BAWN_TEST_CGROUPS_SCRATCH_H

#include <poll.h>
#include <sys/stat.h>

#include "cgroups/cg.h"
#include "t.h"

static struct cg_mount mnt = { .fd = FD_NONE };
static struct err err;
static char scratch[64];	/* "/bawn-test-PID" */

static int scratch_rmdir(void *arg, int parent_fd, const char *name)
{
	(void)arg;
	unlinkat(parent_fd, name, AT_REMOVEDIR);
	return 0;
}

/* The test's guard: waits for its end in a session of its own and clears up. */
__attribute__((noreturn)) static void scratch_guard(int pidfd, int ready)
{
	const struct cg_visitor v = { .enter = scratch_rmdir, .leave = scratch_rmdir };
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int fd;

	setsid();	/* the harness kills the test's process group */
	close(ready);
	poll(&p, 1, -1);
	fd = cg_open_dir(mnt.fd, scratch, O_RDONLY);
	if (fd >= 0) {
		file_write_at(fd, "cgroup.freeze", "0", 1);
		file_write_at(fd, "cgroup.kill", "1", 1);
		cg_wait(fd, "populated", false, cg_now_ms() + 5000);
		cg_walk(fd, &v);
		unlinkat(mnt.fd, scratch + 1, AT_REMOVEDIR);
	}
	_exit(0);
}

/* Skips the test where it cannot run. Returns an fd of the scratch cgroup. */
__attribute__((unused)) static int scratch_open(void)
{
	int pidfd, fd, ready[2];
	char c;

	if (geteuid() != 0)
		SKIP("needs root");
	if (cg_mount_open(&err, &mnt) < 0)
		SKIP("%s", err.msg);
	snprintf(scratch, sizeof(scratch), "/bawn-test-%d", (int)getpid());
	pidfd = sys_pidfd_open(getpid());
	OK(pidfd);
	if (mkdirat(mnt.fd, scratch + 1, 0755) < 0)
		SKIP("mkdir %s%s: %s", mnt.point, scratch, strerror(errno));
	OK(pipe(ready));
	if (fork() == 0) {
		close(ready[0]);
		scratch_guard(pidfd, ready[1]);
	}
	close(ready[1]);
	EQ(read(ready[0], &c, 1), 0);
	close(ready[0]);
	close(pidfd);
	fd = cg_open_dir(mnt.fd, scratch, O_RDONLY);
	OK(fd);
	return fd;
}

/* A resolved place below the scratch cgroup. */
__attribute__((unused)) static void scratch_place(const char *name, struct cg_place *ret)
{
	char path[PATH_MAX];

	OK(str_format(path, sizeof(path), "%s/%s", scratch, name));
	OK_ERR(&err, cg_resolve(&err, &mnt, path, "id", ret));
}

/* Path of a cgroup in the scratch cgroup, relative to mnt.fd; good until the next call. */
__attribute__((unused)) static const char *scratch_sub(const char *name)
{
	static char path[PATH_MAX];

	OK(str_format(path, sizeof(path), "%s/%s", scratch + 1, name));
	return path;
}

__attribute__((unused)) static bool scratch_has(const char *name)
{
	return faccessat(mnt.fd, scratch_sub(name), F_OK, 0) == 0;
}

/* A process in the cgroup that runs f(arg) and then waits for ever. */
__attribute__((unused)) static pid_t spawn_into(int cgroup_fd, void (*f)(void *), void *arg)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned long long)cgroup_fd,
	};
	pid_t pid = sys_clone3(&args);

	if (pid == 0) {
		if (f)
			f(arg);
		for (;;)
			pause();
	}
	return pid;
}

#endif
