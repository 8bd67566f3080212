/*
 * cgroups/: lists of processes, signals, kill, freezing, waiting.
 * where: native vm
 */
#include "cgroups_scratch.h"

#include <linux/userfaultfd.h>
#include <pthread.h>
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

static char proc_state(void)
{
	char text[256] = "", *p;

	OK(cg_read(AT_FDCWD, "/proc/self/stat", text, sizeof(text)));
	p = strrchr(text, ')');
	return p ? p[2] : '?';
}

static void *outlive(void *arg)
{
	int *ready = arg;

	while (proc_state() != 'Z')
		usleep(1000);
	close(ready[1]);
	for (;;)
		pause();
	return NULL;
}

/* pthread_exit() in main: the first thread ends and another one lives. */
static void end_first_thread(void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, outlive, arg) == 0)
		for (;;)
			syscall(SYS_exit, 0);
	_exit(T_SKIPPED);
}

static pid_t spawn_headless(int fd)
{
	int ready[2];
	pid_t pid;
	char c;

	OK(pipe(ready));
	pid = spawn_into(fd, end_first_thread, ready);
	OK(pid);
	close(ready[1]);
	EQ(read(ready[0], &c, 1), 0);
	close(ready[0]);
	return pid;
}

/* The kernel's own signal is lost on them. */
TEST(kill_processes_whose_first_thread_has_ended)
{
	int fd = open_container(), status;
	pid_t first = spawn_headless(fd), second = spawn_headless(fd);
	pid_t whole = spawn_into(fd, NULL, NULL);
	_free_ pid_t *pid = NULL;
	size_t n = 0;

	OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	EQ(n, 3);
	OK_ERR(&err, cg_kill(&err, fd));
	OK_ERR(&err, cg_wait_empty(&err, fd, 1000));
	EQ(waitpid(first, &status, 0), first);
	EQ(status, SIGKILL);
	EQ(waitpid(second, &status, 0), second);
	EQ(status, SIGKILL);
	EQ(waitpid(whole, &status, 0), whole);
	EQ(status, SIGKILL);
	EQ(frozen(fd), false);
}

TEST(remove_kills_processes_whose_first_thread_has_ended)
{
	int fd = open_container(), sub;
	int64_t start;

	OK(mkdirat(fd, "sub", 0755));
	OK_ERR(&err, cg_open_sub(&err, fd, "sub", &sub));
	spawn_headless(fd);
	spawn_headless(sub);
	start = cg_now_ms();
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 5000));
	TRUE(cg_now_ms() - start < 2000);
	EQ(scratch_has("x"), false);
}

TEST(kill_while_frozen)
{
	int fd = open_container();

	spawn_headless(fd);
	OK_ERR(&err, cg_freeze(&err, fd, true, 1000));
	OK_ERR(&err, cg_kill(&err, fd));
	OK_ERR(&err, cg_wait_empty(&err, fd, 1000));
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 0));
}

static void *next_process(void *unused)
{
	pthread_t t;

	(void)unused;
	while (proc_state() != 'Z')
		sched_yield();
	if (fork() != 0)
		_exit(0);
	if (pthread_create(&t, NULL, next_process, NULL) == 0)
		for (;;)
			syscall(SYS_exit, 0);
	_exit(1);
}

static void chain_of_processes(void *unused)
{
	pthread_t t;

	signal(SIGCHLD, SIG_IGN);
	if (pthread_create(&t, NULL, next_process, unused) == 0)
		for (;;)
			syscall(SYS_exit, 0);
}

/* A list of them is out of date at once: they are frozen for it. */
TEST_LIMIT(kill_processes_that_run_away, 60)
{
	int fd = open_container(), status;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 8; i++)
			OK(spawn_into(fd, chain_of_processes, NULL));
		for (int i = 0; i < 8; i++)
			OK(wait(&status));	/* each is at its second link */
		OK_ERR(&err, cg_kill(&err, fd));
		OK_ERR(&err, cg_wait_empty(&err, fd, 1000));
		EQ(frozen(fd), false);
	}
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 0));
}

/* By a container that sees the cgroups above its own. It has neither a list of processes nor
 * cgroup.kill then. */
TEST(kill_in_a_threaded_cgroup)
{
	int fd = open_container(), sub, status;
	_free_ pid_t *pid = NULL;
	pid_t a, b, c;
	size_t n = 0;

	OK(mkdirat(fd, "sub", 0755));
	if (file_write_at(fd, "cgroup.type", "threaded", 8) < 0 ||
	    file_write_at(fd, "sub/cgroup.type", "threaded", 8) < 0)
		SKIP("cannot make the cgroup threaded");
	OK_ERR(&err, cg_open_sub(&err, fd, "sub", &sub));
	a = spawn_into(fd, NULL, NULL);
	b = spawn_headless(fd);
	c = spawn_headless(sub);
	EQ(file_write_at(fd, "cgroup.kill", "1", 1), -EOPNOTSUPP);
	OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	EQ(n, 3);
	EQ(pid[0], a);
	EQ(pid[1], b);
	EQ(pid[2], c);
	EQ(cg_signal(&err, fd, 0), 3);
	OK_ERR(&err, cg_kill(&err, fd));
	OK_ERR(&err, cg_wait_empty(&err, fd, 1000));
	EQ(waitpid(a, &status, 0), a);
	EQ(status, SIGKILL);
	spawn_headless(sub);
	OK_ERR(&err, cg_remove(&err, &mnt, &place, 5000));
	EQ(waitpid(b, &status, 0), b);
	EQ(waitpid(c, &status, 0), c);
	EQ(scratch_has("x"), false);
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
