/* cgroups/: lists of processes, signals, kill, freezing, waiting. */
#include "cgroups_scratch.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct cg_place place;

static int open_container(void)
{
	int fd = FD_NONE;

	scratch_open();
	scratch_place("x", &place);
	OK_ERR(&err, cg_create(&err, &mnt, &place, &fd));
	return fd;
}

static bool frozen(int fd)
{
	struct cg_events ev;

	OK_ERR(&err, cg_read_events(&err, fd, &ev));
	return ev.frozen;
}

static bool populated(int fd)
{
	struct cg_events ev;

	OK_ERR(&err, cg_read_events(&err, fd, &ev));
	return ev.populated;
}

TEST(events)
{
	int fd = open_container(), status;
	pid_t pid;

	EQ(populated(fd), false);
	EQ(frozen(fd), false);
	pid = spawn_into(fd, NULL, NULL);
	OK(pid);
	EQ(populated(fd), true);
	EQ(cg_wait_empty(&err, fd, 20), -ETIMEDOUT);
	TRUE(strstr(err.msg, "still alive after 20 ms: "));
	OK_ERR(&err, cg_kill(&err, fd));
	OK_ERR(&err, cg_wait_empty(&err, fd, 5000));
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, SIGKILL);
	OK_ERR(&err, cg_wait_empty(&err, fd, 0));
}

TEST(freeze_and_thaw)
{
	int fd = open_container();

	OK_ERR(&err, cg_freeze(&err, fd, true, 1000));	/* empty */
	EQ(frozen(fd), true);
	OK_ERR(&err, cg_freeze(&err, fd, false, 1000));
	for (int i = 0; i < 3; i++)
		OK(spawn_into(fd, NULL, NULL));
	for (int i = 0; i < 20; i++) {
		OK_ERR(&err, cg_freeze(&err, fd, true, 5000));
		EQ(frozen(fd), true);
		OK_ERR(&err, cg_freeze(&err, fd, true, 5000));
		OK_ERR(&err, cg_freeze(&err, fd, false, 5000));
		EQ(frozen(fd), false);
	}
}

TEST(thaw_below_a_frozen_parent)
{
	int fd = open_container();

	OK(spawn_into(fd, NULL, NULL));
	OK(file_write_at(fd, "../cgroup.freeze", "1", 1));
	EQ(cg_freeze(&err, fd, false, 1000), -EBUSY);
	TRUE(strstr(err.msg, "1 level(s) above"));
	OK(file_write_at(fd, "../cgroup.freeze", "0", 1));
	OK_ERR(&err, cg_freeze(&err, fd, false, 1000));
}

/* A page fault in the kernel that nobody serves: only SIGKILL ends it, no freezer. */
static void hang_in_kernel(void *arg)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC), *ready = arg, p[2];
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	reg.range.start = (uintptr_t)page;
	reg.range.len = 4096;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) < 0 ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg) < 0 || pipe(p) < 0 || write(p[1], "x", 1) != 1)
		_exit(T_SKIPPED);
	close(ready[1]);
	if (read(p[0], page, 1) < 0)
		_exit(T_SKIPPED);
}

TEST(freeze_that_takes_too_long_is_undone)
{
	int fd = open_container(), ready[2], status;
	char text[16];
	pid_t pid;

	OK(pipe(ready));
	pid = spawn_into(fd, hang_in_kernel, ready);
	OK(pid);
	close(ready[1]);
	EQ(read(ready[0], text, 1), 0);
	usleep(20000);
	if (waitpid(pid, &status, WNOHANG) == pid)
		SKIP("no userfaultfd");
	EQ(cg_freeze(&err, fd, true, 50), -ETIMEDOUT);
	TRUE(strstr(err.msg, "(state "));
	OK(cg_read(fd, "cgroup.freeze", text, sizeof(text)));
	STREQ(text, "0");
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 5000));
}

TEST(procs_shallow_and_deep)
{
	int fd = open_container(), sub;
	pid_t *pid = NULL, a, b, c;
	size_t n = 9;

	OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	EQ(n, 0);
	free(pid);
	OK(mkdirat(fd, "sub", 0755));
	OK(mkdirat(fd, "sub/sub", 0755));
	OK(mkdirat(fd, "other", 0755));
	OK_ERR(&err, cg_open_sub(&err, fd, "sub/sub", &sub));
	a = spawn_into(fd, NULL, NULL);
	b = spawn_into(sub, NULL, NULL);
	OK_ERR(&err, cg_open_sub(&err, fd, "other", &sub));
	c = spawn_into(sub, NULL, NULL);
	OK_ERR(&err, cg_procs(&err, fd, false, &pid, &n));
	EQ(n, 1);
	EQ(pid[0], a);
	free(pid);
	OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	EQ(n, 3);
	EQ((pid[0] == a) + (pid[1] == a) + (pid[2] == a), 1);
	EQ((pid[0] == b) + (pid[1] == b) + (pid[2] == b), 1);
	EQ((pid[0] == c) + (pid[1] == c) + (pid[2] == c), 1);
	TRUE(pid[0] < pid[1] && pid[1] < pid[2]);
	free(pid);
}

/* A threaded subtree has no process lists of its own; the processes are listed above it. */
TEST(procs_of_threaded_subtree)
{
	int fd = open_container();
	_free_ pid_t *pid = NULL;
	size_t n = 0;

	OK(mkdirat(fd, "t", 0755));
	OK(file_write_at(fd, "t/cgroup.type", "threaded", 8));
	OK(spawn_into(fd, NULL, NULL));
	OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	EQ(n, 1);
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 5000));
}

static void block_usr1(void *arg)
{
	sigset_t set;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

TEST(signal_each)
{
	int fd = open_container(), status;

	EQ(cg_signal(&err, fd, SIGTERM), 0);
	for (int i = 0; i < 300; i++)	/* more than one batch */
		OK(spawn_into(fd, block_usr1, NULL));
	EQ(cg_signal(&err, fd, 0), 300);
	EQ(cg_signal(&err, fd, SIGTERM), 300);
	for (int i = 0; i < 300; i++) {
		OK(wait(&status));
		EQ(status, SIGTERM);
	}
	EQ(cg_signal(&err, fd, SIGTERM), 0);
}

TEST(signal_goes_nowhere_else)
{
	int fd = open_container(), status;
	pid_t out = fork();

	if (out == 0)
		for (;;)
			pause();
	OK(spawn_into(fd, NULL, NULL));
	EQ(cg_signal(&err, fd, SIGKILL), 1);
	EQ(waitpid(out, &status, WNOHANG), 0);
	kill(out, SIGKILL);
}

static void fork_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		fork();
}

TEST_LIMIT(kill_fork_bomb, 60)
{
	int fd = open_container();
	struct rlimit old, few;
	struct cg_events ev;

	/* No pids controller on hybrid hosts: RLIMIT_NPROC of another user bounds it. */
	OK(getrlimit(RLIMIT_NPROC, &old));
	few = (struct rlimit){ 200, 200 };
	if (fork() == 0) {
		OK(file_write_at(fd, "cgroup.procs", "0", 1));
		OK(setrlimit(RLIMIT_NPROC, &few));
		OK(setuid(61234));
		fork_for_ever(NULL);
	}
	do
		OK_ERR(&err, cg_read_events(&err, fd, &ev));
	while (!ev.populated);
	OK_ERR(&err, cg_kill(&err, fd));
	OK_ERR(&err, cg_wait_empty(&err, fd, 20000));
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 0));
}

TEST(wait_for_a_removed_cgroup)
{
	int fd = open_container();

	OK_ERR(&err, cg_remove(&err, &mnt, &place, 1000));
	OK_ERR(&err, cg_wait_empty(&err, fd, 1000));
	TRUE(cg_kill(&err, fd) < 0);
	TRUE(cg_freeze(&err, fd, true, 1000) < 0);
}

/* The name of a process is its own choice and lands in our messages. */
static void take_bad_name(void *arg)
{
	int *ready = arg;

	prctl(PR_SET_NAME, "a)\033[2J\n");
	close(ready[1]);
}

TEST(names_in_messages_are_harmless)
{
	int fd = open_container(), ready[2];
	char who[200];

	OK(pipe(ready));
	OK(spawn_into(fd, take_bad_name, ready));
	close(ready[1]);
	EQ(read(ready[0], who, 1), 0);
	cg_describe_procs(fd, who, sizeof(who));
	TRUE(str_has_prefix(who, "a)?[2J"));
	TRUE(str_is_printable(who));
}
