/*
 * inject: makes system calls for a program under valgrind that valgrind does not know.
 *
 * Usage: inject PROGRAM [ARG...]
 *
 * valgrind 3.19 answers ENOSYS to clone3, openat2, pidfd_open, fsopen and others, and a
 * program in it cannot get around it. But it passes sched_get_priority_max(2) on as it
 * is: preload.c makes that call with a pointer to the call it wants, and this program,
 * which traces PROGRAM, puts the wanted call in its place before the kernel sees it.
 * clone3 takes the place of the next clone(2): valgrind must know that it forks.
 * Exit status: PROGRAM's.
 */
#include "inject.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                   \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC)

/* Of one process. A changed call is put right again when it returns. */
struct task {
	pid_t pid;
	bool inside, changed;
	struct user_regs_struct before;
	unsigned long clone3_args, clone3_size;
};

static struct task tasks[64];

static struct task *task_of(pid_t pid)
{
	struct task *unused = NULL;

	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		if (tasks[i].pid == pid)
			return &tasks[i];
		if (!tasks[i].pid)
			unused = &tasks[i];
	}
	if (!unused)
		errx(2, "too many processes");
	*unused = (struct task){.pid = pid};
	return unused;
}

static bool get_wish(pid_t pid, unsigned long at, struct wish *wish)
{
	unsigned long *words = (unsigned long *)wish;

	for (size_t i = 0; i < sizeof(*wish) / sizeof(*words); i++) {
		errno = 0;
		words[i] = (unsigned long)ptrace(PTRACE_PEEKDATA, pid, at + i * sizeof(*words), 0);
		if (errno || words[0] != WISH_MAGIC)
			return false;
	}
	return true;
}

static void set_call(struct user_regs_struct *r, long nr, const unsigned long *a)
{
	r->orig_rax = (unsigned long)nr;
	r->rdi = a[0], r->rsi = a[1], r->rdx = a[2], r->r10 = a[3], r->r8 = a[4], r->r9 = a[5];
}

static void on_entry(struct task *t)
{
	struct user_regs_struct r;
	struct wish wish;

	if (ptrace(PTRACE_GETREGS, t->pid, 0, &r) < 0)
		return;
	t->before = r;
	if (r.orig_rax == SYS_sched_get_priority_max && get_wish(t->pid, r.rdi, &wish)) {
		if (wish.nr == SYS_clone3) {
			t->clone3_args = wish.args[0];
			t->clone3_size = wish.args[1];
			return;
		}
		set_call(&r, (long)wish.nr, wish.args);
	} else if (r.orig_rax == SYS_clone && t->clone3_args) {
		set_call(&r, SYS_clone3, (unsigned long[6]){t->clone3_args, t->clone3_size});
		t->clone3_args = 0;
	} else {
		return;
	}
	t->changed = ptrace(PTRACE_SETREGS, t->pid, 0, &r) == 0;
}

static void on_return(struct task *t)
{
	struct user_regs_struct r;

	if (!t->changed || ptrace(PTRACE_GETREGS, t->pid, 0, &r) < 0)
		return;
	t->changed = false;
	t->before.rax = r.rax;
	t->before.orig_rax = (unsigned long)-1; /* no restart of the call that was not made */
	ptrace(PTRACE_SETREGS, t->pid, 0, &t->before);
}

/* false when the process is on its own now: what it executes is not valgrind's. */
static bool on_stop(pid_t pid, int status, bool is_first)
{
	struct task *t = task_of(pid);
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		t->inside = !t->inside;
		if (t->inside)
			on_entry(t);
		else
			on_return(t);
		sig = 0;
	} else if (status >> 16 == PTRACE_EVENT_EXEC && !is_first) {
		ptrace(PTRACE_DETACH, pid, 0, 0);
		return false;
	} else if (status >> 16 || sig == SIGTRAP || sig == SIGSTOP) {
		sig = 0;
	}
	ptrace(PTRACE_SYSCALL, pid, 0, sig);
	return true;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		err(2, "%s", argv[0]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS) < 0 || ptrace(PTRACE_SYSCALL, pid, 0, 0) < 0)
		err(2, "trace %s", argv[0]);
	return pid;
}

/* Until no process is left, which may be long after the first one. */
static void trace(char **argv, int result)
{
	pid_t first = start(argv), pid;
	int status;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status) && on_stop(pid, status, pid == first))
			continue;
		task_of(pid)->pid = 0;
		if (pid == first && write(result, &status, sizeof(status)) != sizeof(status))
			err(2, "write");
	}
}

int main(int argc, char **argv)
{
	int fds[2], status;

	if (argc < 2)
		errx(2, "usage: inject PROGRAM [ARG...]");
	if (pipe2(fds, O_CLOEXEC) < 0)
		err(2, "pipe");
	if (fork() == 0) {
		trace(argv + 1, fds[1]);
		return 0;
	}
	close(fds[1]);
	if (read(fds[0], &status, sizeof(status)) != sizeof(status))
		errx(2, "no result");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
