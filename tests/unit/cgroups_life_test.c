/*
 * cgroups/: create, open, remove; crashes between any two steps; races; hostile trees.
 * where: native vm
 */
#include "cgroups_scratch.h"

#include <sys/resource.h>
#include <sys/xattr.h>

static int create(struct cg_place *p)
{
	int fd = FD_NONE;

	OK_ERR(&err, cg_create(&err, &mnt, p, &fd));
	return fd;
}

TEST(create_and_remove)
{
	struct cg_place p;
	int fd, again;

	scratch_open();
	scratch_place("a/b/c", &p);
	fd = create(&p);
	TRUE(scratch_has("a/b/c"));
	TRUE(p.id != 0);
	OK_ERR(&err, cg_open(&err, &mnt, &p, &again));
	EQ(cg_owner_of(again, &p), CG_OURS);
	close(fd);
	close(again);
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(scratch_has("a"), false);
	TRUE(scratch_has("."));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(cg_open(&err, &mnt, &p, &again), -ENOENT);
	EQ(err.code, ERR_NOT_FOUND);
}

TEST(parents_of_others_stay)
{
	int top = scratch_open();
	struct cg_place p, q;

	OK(mkdirat(top, "theirs", 0755));
	scratch_place("theirs/ours/x", &p);
	scratch_place("theirs/ours/y", &q);
	close(create(&p));
	close(create(&q));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	TRUE(scratch_has("theirs/ours/y"));
	OK_ERR(&err, cg_remove(&err, &mnt, &q, 1000));
	EQ(scratch_has("theirs/ours"), false);
	TRUE(scratch_has("theirs"));
}

/* The last one out removes the parent, also when it did not make it. */
TEST(parents_shared)
{
	struct cg_place p, q;

	scratch_open();
	scratch_place("ours/x", &p);
	close(create(&p));
	scratch_place("ours/y", &q);
	EQ(q.keep, strlen(scratch) + strlen("/ours"));
	close(create(&q));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	OK_ERR(&err, cg_remove(&err, &mnt, &q, 1000));
	EQ(scratch_has("ours"), false);
}

TEST(remove_kills)
{
	struct cg_place p;
	pid_t pid[5];
	int fd, status;

	scratch_open();
	scratch_place("x", &p);
	fd = create(&p);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		pid[i] = spawn_into(fd, NULL, NULL);
		OK(pid[i]);
	}
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 5000));
	EQ(scratch_has("x"), false);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		EQ(waitpid(pid[i], &status, 0), pid[i]);
		EQ(status, SIGKILL);
	}
}

TEST(remove_kills_frozen)
{
	struct cg_place p;
	int fd;

	scratch_open();
	scratch_place("x", &p);
	fd = create(&p);
	OK(spawn_into(fd, NULL, NULL));
	OK_ERR(&err, cg_freeze(&err, fd, true, 5000));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 5000));
	EQ(scratch_has("x"), false);
}

TEST(occupied_is_refused_and_survives)
{
	int top = scratch_open(), status, fd;
	struct cg_place p;
	pid_t pid;

	OK(mkdirat(top, "x", 0755));
	fd = openat(top, "x", O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid = spawn_into(fd, NULL, NULL);	/* O_PATH is enough for clone3 */
	OK(pid);
	scratch_place("x", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -EEXIST);
	STREQ(err_code_name(err.code), "exists");
	TRUE(strstr(err.msg, "container's cgroup is not empty: 1 process(es) found"));
	/* Clearing up after the failure must not kill the occupant. */
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(waitpid(pid, &status, WNOHANG), 0);
	TRUE(scratch_has("x"));
}

TEST(empty_existing_is_taken_over)
{
	int top = scratch_open();
	struct cg_place p;

	OK(mkdirat(top, "x", 0755));
	scratch_place("x", &p);
	close(create(&p));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(scratch_has("x"), false);
}

TEST(two_containers_one_path)
{
	struct cg_place p, q;
	int fd, other, status;
	pid_t pid;

	scratch_open();
	scratch_place("x", &p);
	scratch_place("x", &q);
	fd = create(&p);
	EQ(cg_create(&err, &mnt, &q, &other), -EEXIST);	/* still empty: the mark decides */
	TRUE(strstr(err.msg, "another container"));
	pid = spawn_into(fd, NULL, NULL);
	OK(pid);
	EQ(cg_create(&err, &mnt, &q, &other), -EEXIST);
	OK_ERR(&err, cg_remove(&err, &mnt, &q, 1000));
	EQ(cg_open(&err, &mnt, &q, &other), -ENOENT);
	EQ(waitpid(pid, &status, WNOHANG), 0);
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 5000));
	EQ(scratch_has("x"), false);
}

/* Ours was removed and somebody made another one of the same name: not ours, even with a
 * copied mark. */
TEST(replaced_is_left_alone)
{
	int top = scratch_open(), fd, status;
	struct cg_place p;
	pid_t pid;

	scratch_place("x", &p);
	close(create(&p));
	OK(unlinkat(top, "x", AT_REMOVEDIR));
	OK(mkdirat(top, "x", 0755));
	fd = cg_open_dir(top, "x", O_RDONLY);
	OK(cg_mark(fd, p.mark));
	pid = spawn_into(fd, NULL, NULL);
	OK(pid);
	EQ(cg_open(&err, &mnt, &p, &fd), -ENOENT);
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(waitpid(pid, &status, WNOHANG), 0);
}

/* Killed after the intent was written: at each step of cg_create() by hand. The intent has no id
 * yet. */
TEST(crash_before_mkdir)
{
	struct cg_place p;

	scratch_open();
	scratch_place("a/b/x", &p);
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(scratch_has("a"), false);
}

TEST(crash_between_mkdir_of_parent_and_mark)
{
	int top = scratch_open();
	struct cg_place p;

	scratch_place("a/b/x", &p);
	OK(mkdirat(top, "a", 0755));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(scratch_has("a"), false);
}

TEST(crash_between_mkdir_and_mark)
{
	int top = scratch_open();
	struct cg_place p;

	scratch_place("x", &p);
	OK(mkdirat(top, "x", 0755));
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 1000));
	EQ(scratch_has("x"), false);
}

TEST(crash_after_clone_without_id)
{
	struct cg_place p;
	int fd;

	scratch_open();
	scratch_place("a/x", &p);
	fd = create(&p);
	OK(spawn_into(fd, NULL, NULL));
	p.id = 0;	/* the record with the id was never written */
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 5000));
	EQ(scratch_has("a"), false);
}

TEST(frozen_is_refused)
{
	int top = scratch_open(), fd;
	struct cg_place p;

	OK(mkdirat(top, "x", 0755));
	OK(file_write_at(top, "x/cgroup.freeze", "1", 1));
	scratch_place("x", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -EBUSY);
	EQ(err.code, ERR_STATE);
	TRUE(strstr(err.msg, "frozen"));
	TRUE(!strstr(err.msg, "by a parent"));
	TRUE(scratch_has("x"));		/* not made by us */
}

TEST(frozen_parent_is_refused)
{
	int top = scratch_open(), fd;
	struct cg_place p;

	OK(mkdirat(top, "a", 0755));
	OK(file_write_at(top, "a/cgroup.freeze", "1", 1));
	scratch_place("a/b/x", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -EBUSY);
	TRUE(strstr(err.msg, "frozen by a parent"));
	EQ(scratch_has("a/b"), false);
	TRUE(scratch_has("a"));
}

TEST(threaded_parent_is_refused)
{
	int top = scratch_open(), fd;
	struct cg_place p;

	OK(mkdirat(top, "a", 0755));
	OK(file_write_at(top, "a/cgroup.type", "threaded", 8));
	scratch_place("a/x", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -EOPNOTSUPP);
	TRUE(strstr(err.msg, "threaded"));
	EQ(scratch_has("a/x"), false);
}

TEST(limits_of_the_parent_are_explained)
{
	int top = scratch_open(), fd;
	struct cg_place p;

	OK(file_write_at(top, "cgroup.max.descendants", "1", 1));
	scratch_place("a/x", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -EAGAIN);
	TRUE(strstr(err.msg, "max.descendants"));
	EQ(scratch_has("a"), false);
}

TEST(control_file_is_no_cgroup)
{
	struct cg_place p;
	int fd;

	scratch_open();
	scratch_place("cpu.stat", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -ENOTDIR);
	scratch_place("cpu.stat/x", &p);
	EQ(cg_create(&err, &mnt, &p, &fd), -ENOTDIR);
}

TEST(bad_place_is_refused)
{
	struct cg_place p = { .path = "/" }, q = { .path = "x" }, r = { .path = "/a/" };
	int fd;

	scratch_open();
	EQ(cg_create(&err, &mnt, &p, &fd), -EINVAL);
	EQ(cg_remove(&err, &mnt, &p, 0), -EINVAL);
	EQ(cg_remove(&err, &mnt, &q, 0), -EINVAL);
	EQ(cg_open(&err, &mnt, &r, &fd), -EINVAL);
	memset(q.mark, '0', CG_MARK_SIZE - 1);
	snprintf(q.path, sizeof(q.path), "/a/../b");
	TRUE(cg_open(&err, &mnt, &q, &fd) < 0);
}

TEST(open_sub_stays_inside)
{
	struct cg_place p;
	int fd, sub;

	scratch_open();
	scratch_place("x", &p);
	fd = create(&p);
	OK(mkdirat(fd, "in", 0755));
	OK_ERR(&err, cg_open_sub(&err, fd, "/in", &sub));
	OK_ERR(&err, cg_open_sub(&err, fd, "in", &sub));
	OK_ERR(&err, cg_open_sub(&err, fd, "/", &sub));
	EQ(cg_open_sub(&err, fd, "in/../..", &sub), -EXDEV);
	EQ(cg_open_sub(&err, fd, "..", &sub), -EXDEV);
	EQ(cg_open_sub(&err, fd, "none", &sub), -ENOENT);
	EQ(cg_open_sub(&err, fd, "cgroup.procs", &sub), -ENOTDIR);
}

/* Many makers and removers below one parent: nobody fails, nothing is left. */
TEST_LIMIT(parallel_create_and_remove, 60)
{
	int status, fd;

	scratch_open();
	for (int w = 0; w < 8; w++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < 150; i++) {
			struct cg_place p;
			char name[32];

			snprintf(name, sizeof(name), "a/b/%d", w);
			scratch_place(name, &p);
			OK_ERR(&err, cg_create(&err, &mnt, &p, &fd));
			OK(spawn_into(fd, NULL, NULL));
			close(fd);
			OK_ERR(&err, cg_remove(&err, &mnt, &p, 10000));
			wait(NULL);
		}
		_exit(0);
	}
	for (int w = 0; w < 8; w++) {
		wait(&status);
		EQ(status, 0);
	}
	EQ(scratch_has("a"), false);
}

/* A path of 1000 cgroups is longer than PATH_MAX and deeper than the fd limit allows. */
static int make_deep(int fd, int depth)
{
	fd = dup(fd);
	for (int i = 0; i < depth; i++) {
		_close_ int up = fd;

		OK(mkdirat(up, "deeper", 0755));
		fd = openat(up, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		OK(fd);
	}
	return fd;
}

TEST_LIMIT(deep_tree, 60)
{
	struct rlimit few = { 32, 32 };
	_free_ pid_t *pid = NULL;
	struct cg_place p;
	int fd, low;
	size_t n;

	scratch_open();
	OK(setrlimit(RLIMIT_NOFILE, &few));
	scratch_place("x", &p);
	fd = create(&p);
	low = make_deep(fd, 1000);
	OK(spawn_into(low, NULL, NULL));
	OK(spawn_into(fd, NULL, NULL));
	close(low);
	OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	EQ(n, 2);
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 20000));
	EQ(scratch_has("x"), false);
}

TEST_LIMIT(wide_tree, 60)
{
	struct cg_place p;
	char name[300];
	int fd;

	scratch_open();
	scratch_place("x", &p);
	fd = create(&p);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "%d-%0200d", i, 0);
		OK(mkdirat(fd, name, 0755));
		if (i % 100 == 0) {
			strcat(name, "/a");
			OK(mkdirat(fd, name, 0755));
		}
	}
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 20000));
	EQ(scratch_has("x"), false);
}

/* Processes that make cgroups, move into them and fork while they are removed. */
static void busy_with_cgroups(void *arg)
{
	int fd = *(int *)arg;

	for (unsigned int i = 0;; i++) {
		char name[64];

		snprintf(name, sizeof(name), "g%u", i % 50);
		mkdirat(fd, name, 0755);
		strcat(name, "/h");
		mkdirat(fd, name, 0755);
		strcat(name, "/cgroup.procs");
		file_write_at(fd, name, "0", 1);
		if (i % 4 == 0 && i < 200)
			fork();
	}
}

TEST_LIMIT(tree_that_changes, 60)
{
	struct cg_place p;
	_free_ pid_t *pid = NULL;
	size_t n;
	int fd;

	scratch_open();
	scratch_place("x", &p);
	fd = create(&p);
	OK(file_write_at(fd, "cgroup.max.descendants", "300", 3));
	OK(spawn_into(fd, busy_with_cgroups, &fd));
	for (int i = 0; i < 20; i++) {
		struct timespec ms5 = { .tv_nsec = 5000000 };

		nanosleep(&ms5, NULL);
		free(pid);
		pid = NULL;
		OK_ERR(&err, cg_procs(&err, fd, true, &pid, &n));
	}
	OK_ERR(&err, cg_remove(&err, &mnt, &p, 20000));
	EQ(scratch_has("x"), false);
}
