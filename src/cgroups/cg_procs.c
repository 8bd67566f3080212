/*
 * Processes of a cgroup tree: listing, signals, kill, freezing, waiting for their end.
 * The processes are hostile and fork while we look.
 */
#include "cg.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/xattr.h>

#define SIGNAL_BATCH 128	/* pidfds open at once */
#define KILL_ROUNDS 2
#define KILL_LOOK_MS 20		/* how long the killed may take until more is done */
#define KILL_FREEZE_MS 50

struct pids {
	pid_t *v;
	size_t n, cap;
	bool threaded;		/* read lists of threads */
};

static int add_pid(struct pids *p, pid_t pid)
{
	if (p->n == CG_PROCS_MAX)
		return -E2BIG;
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 64;
		pid_t *v = reallocarray(p->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = pid;
	return 0;
}

/* The process of a thread; 0 when it is gone. The thread is not pinned, its number may have passed
 * to another process: cg_signal() lists twice, and both times it would have to hit the same one. */
static pid_t process_of(pid_t tid)
{
	static const char key[] = "\nTgid:\t";	/* not in the name above it: \n is escaped */
	char path[32], text[1024];
	const char *at;
	pid_t pid = 0;

	if (str_format(path, sizeof(path), "/proc/%d/status", (int)tid) < 0 ||
	    cg_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, key);
	if (!at)
		return 0;
	for (at += sizeof(key) - 1; *at >= '0' && *at <= '9' && pid < INT_MAX / 10; at++)
		pid = 10 * pid + (*at - '0');
	return pid;
}

/* Numbers, one per line; 0 stands for a process outside our pid namespace. */
static int read_pids(int fd, struct pids *p)
{
	char text[4096];
	pid_t pid = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) != 0) {
		if (n < 0)
			return -errno;
		for (ssize_t i = 0; i < n; i++) {
			int r = 0;

			if (text[i] >= '0' && text[i] <= '9' && pid < INT_MAX / 10) {
				pid = 10 * pid + (text[i] - '0');
				continue;
			}
			if (p->threaded && pid > 0)
				pid = process_of(pid);
			if (pid > 0)
				r = add_pid(p, pid);
			if (r < 0)
				return r;
			pid = 0;
		}
	}
	return 0;
}

/* -EOPNOTSUPP: the process list of a threaded cgroup. */
static int procs_of(struct pids *p, int dirfd, const char *name)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	r = read_pids(fd, p);
	return r == -ENODEV ? 0 : r;
}

static int procs_below(void *arg, int parent_fd, const char *name)
{
	char file[NAME_MAX + 16];
	struct pids *p = arg;
	int r = str_format(file, sizeof(file), "%s/cgroup.%s", name,
			   p->threaded ? "threads" : "procs");

	if (r >= 0)
		r = procs_of(p, parent_fd, file);
	/* Then all its processes are in the list of the domain above it. */
	return r == -EOPNOTSUPP ? 0 : r;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cg_procs(struct err *e, int cgroup_fd, bool deep, pid_t **ret, size_t *ret_n)
{
	struct pids p = { 0 };
	const struct cg_visitor v = { .enter = procs_below, .arg = &p };
	size_t n = 0;
	int r;

	r = procs_of(&p, cgroup_fd, "cgroup.procs");
	if (r == -EOPNOTSUPP) {
		p.threaded = true;
		r = procs_of(&p, cgroup_fd, "cgroup.threads");
	}
	if (r == 0 && deep)
		r = cg_walk(cgroup_fd, &v);
	if (r < 0) {
		free(p.v);
		return err_num(e, r, "list the processes of the container's cgroup");
	}
	/* The kernel does not promise order, and a process can move while we walk. */
	if (p.n > 1)
		qsort(p.v, p.n, sizeof(*p.v), by_pid);
	for (size_t i = 0; i < p.n; i++)
		if (n == 0 || p.v[n - 1] != p.v[i])
			p.v[n++] = p.v[i];
	*ret = p.v;
	*ret_n = n;
	return 0;
}

/* Signals those of pid[0..n) that are in the cgroup. The pidfd is opened first and the list read
 * after that: a pid that is still listed then is held by the process that the pidfd means, even if
 * the number was used again before. Returns how many got it, or -errno. */
static int signal_batch(struct err *e, int cgroup_fd, const pid_t *pid, size_t n, int sig)
{
	int fd[SIGNAL_BATCH], sent = 0, r, failed = 0;
	_free_ pid_t *now = NULL;
	size_t now_n = 0;

	for (size_t i = 0; i < n; i++)
		fd[i] = sys_pidfd_open(pid[i]);
	r = cg_procs(e, cgroup_fd, true, &now, &now_n);
	for (size_t i = 0; i < n; i++) {
		if (fd[i] < 0)
			continue;
		if (r == 0 && now_n && bsearch(&pid[i], now, now_n, sizeof(*now), by_pid)) {
			if (sys_pidfd_send_signal(fd[i], sig) == 0)
				sent++;
			else if (errno != ESRCH)
				failed = err_sys(e, "signal process %d", (int)pid[i]);
		}
		fd_close(&fd[i]);
	}
	return r < 0 ? r : failed < 0 ? failed : sent;
}

int cg_signal(struct err *e, int cgroup_fd, int sig)
{
	_free_ pid_t *pid = NULL;
	int sent = 0, r;
	size_t n = 0;

	r = cg_procs(e, cgroup_fd, true, &pid, &n);
	for (size_t i = 0; i < n && r >= 0; i += SIGNAL_BATCH) {
		size_t part = n - i < SIGNAL_BATCH ? n - i : SIGNAL_BATCH;

		r = signal_batch(e, cgroup_fd, pid + i, part, sig);
		sent += r > 0 ? r : 0;
	}
	return r < 0 ? r : sent;
}

static bool is_empty_in(int cgroup_fd, int timeout_ms)
{
	return cg_wait(cgroup_fd, "populated", false, cg_now_ms() + timeout_ms) == 0;
}

/* On a cgroup that is frozen only while its processes are killed. Should bawn be killed meanwhile,
 * the next one that looks (cg_read_events) sees by this that nobody wanted a pause, and by the lock
 * that nobody is at work. Not a "user." attribute: a container could set that. */
#define KILL_NOTE "trusted.bawn.kill"

bool cg_frozen_to_kill(int cgroup_fd)
{
	if (fgetxattr(cgroup_fd, KILL_NOTE, NULL, 0) < 0)
		return false;
	if (flock(cgroup_fd, LOCK_EX | LOCK_NB) == 0) {
		(void)file_write_at(cgroup_fd, "cgroup.freeze", "0", 1);
		(void)fremovexattr(cgroup_fd, KILL_NOTE);
		(void)flock(cgroup_fd, LOCK_UN);
	}
	return true;
}

/* One by one, and frozen meanwhile: frozen processes die of SIGKILL but cannot fork. */
static int kill_each(struct err *e, int cgroup_fd)
{
	int r;

	(void)flock(cgroup_fd, LOCK_EX | LOCK_NB);
	(void)fsetxattr(cgroup_fd, KILL_NOTE, "1", 1, 0);
	if (file_write_at(cgroup_fd, "cgroup.freeze", "1", 1) == 0)
		(void)cg_wait(cgroup_fd, "frozen", true, cg_now_ms() + KILL_FREEZE_MS);
	r = cg_signal(e, cgroup_fd, SIGKILL);
	(void)file_write_at(cgroup_fd, "cgroup.freeze", "0", 1);
	(void)fremovexattr(cgroup_fd, KILL_NOTE);
	(void)flock(cgroup_fd, LOCK_UN);
	return r < 0 ? r : 0;
}

static int lift_cpu_limit(void *arg, int parent_fd, const char *name)
{
	char file[NAME_MAX + sizeof("/cpu.max")];

	(void)arg;
	if (str_format(file, sizeof(file), "%s/cpu.max", name) == 0)
		(void)file_write_at(parent_fd, file, "max", 3);
	return 0;
}

/* To end takes time on a processor: at a thousandth of one, many seconds. Nothing in here, or in
 * the cgroups that a container has made in its own, is to run any more. */
static void lift_cpu_limits(int cgroup_fd)
{
	const struct cg_visitor v = {.enter = lift_cpu_limit};

	(void)lift_cpu_limit(NULL, cgroup_fd, ".");
	(void)cg_walk(cgroup_fd, &v);
}

int cg_kill(struct err *e, int cgroup_fd)
{
	int written = file_write_at(cgroup_fd, "cgroup.kill", "1", 1), r = 0;

	/* A privileged container that sees the host's cgroups can make its own one threaded. */
	if (written < 0 && written != -EOPNOTSUPP)
		return err_num(e, written, "write cgroup.kill");
	/* The kernel sends the signal to first threads. It is lost on one that has ended while
	 * others of its process live: pthread_exit() in main, a container's choice. A signal to
	 * the process, by pidfd, is not. */
	for (int i = 0; i < KILL_ROUNDS && r == 0; i++) {
		if (written == 0 && is_empty_in(cgroup_fd, KILL_LOOK_MS))
			return 0;
		if (i == 0)
			lift_cpu_limits(cgroup_fd);
		r = kill_each(e, cgroup_fd);
	}
	return written == 0 ? 0 : r;
}

int cg_still_alive(struct err *e, int cgroup_fd, int timeout_ms)
{
	char who[400];

	cg_describe_procs(cgroup_fd, who, sizeof(who));
	return cg_fail(e, ETIMEDOUT, ERR_STATE, "still alive after %d ms: %s", timeout_ms, who);
}

int cg_wait_empty(struct err *e, int cgroup_fd, int timeout_ms)
{
	int r = cg_wait(cgroup_fd, "populated", false, cg_now_ms() + timeout_ms);

	if (r == -ETIMEDOUT)
		return cg_still_alive(e, cgroup_fd, timeout_ms);
	return r < 0 ? err_num(e, r, "wait for the end of the container's processes") : 0;
}

int cg_freeze(struct err *e, int cgroup_fd, bool frozen, int timeout_ms)
{
	const char *verb = frozen ? "freeze" : "thaw";
	char who[400];
	int r, up;

	/* A note that was left must not make a pause look like no pause. */
	if (frozen)
		(void)fremovexattr(cgroup_fd, KILL_NOTE);
	r = file_write_at(cgroup_fd, "cgroup.freeze", frozen ? "1" : "0", 1);
	if (r < 0)
		return err_num(e, r, "%s: write cgroup.freeze", verb);
	if (!frozen && cg_frozen_by(cgroup_fd, &up))
		return cg_fail(e, EBUSY, ERR_STATE,
			       "thaw: a cgroup %d level(s) above is frozen: thaw that first", up);
	r = cg_wait(cgroup_fd, "frozen", frozen, cg_now_ms() + timeout_ms);
	if (r != -ETIMEDOUT)
		return r < 0 ? err_num(e, r, "%s: wait", verb) : 0;
	cg_describe_procs(cgroup_fd, who, sizeof(who));
	if (frozen)
		file_write_at(cgroup_fd, "cgroup.freeze", "0", 1);
	return cg_fail(e, ETIMEDOUT, ERR_STATE, "%s: not done after %d ms: %s", verb, timeout_ms,
		       who);
}
