/*
 * killat: runs a command and kills one of its processes at the entry of its Nth system
 * call, before the call takes effect.
 *
 *   killat main N COMMAND...     the command's first process
 *   killat child N COMMAND...    the first process that it makes (and what that makes), until
 *                                its execve: then it is let go
 *   killat main|child 0 COMMAND  kills nothing
 *
 * Prints nothing but, on fd 3 when it is open, the number of system calls counted. Exit status: 0
 * when it killed, 3 when the process ended (or executed) before its Nth call, 1 on trouble. In
 * C and not by strace -e inject, which counts per call name and cannot tell the processes apart.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

static pid_t main_pid;
static bool of_child;
static long wanted, counted;
static bool killed;

/* Whether this process is the one whose calls count. */
static bool counts(pid_t pid)
{
	return of_child ? pid != main_pid : pid == main_pid;
}

static void go_on(pid_t pid, int sig)
{
	ptrace(counts(pid) && !killed ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL,
	       (void *)(intptr_t)sig);
}

/* A stop for a system call comes twice, at entry and exit. */
static void at_syscall(pid_t pid)
{
	static pid_t inside;

	if (inside == pid) {
		inside = 0;
		go_on(pid, 0);
		return;
	}
	inside = pid;
	if (++counted != wanted) {
		go_on(pid, 0);
		return;
	}
	killed = true;
	kill(pid, SIGKILL);
}

static void at_stop(pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		at_syscall(pid);
	} else if (event == PTRACE_EVENT_EXEC && of_child && pid != main_pid) {
		/* The container's program runs: its calls are not ours. */
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	} else if (event || sig == SIGTRAP || (sig == SIGSTOP && pid != main_pid)) {
		go_on(pid, 0);
	} else {
		go_on(pid, sig);
	}
}

static void start(char **argv)
{
	int status;

	main_pid = fork();
	if (main_pid < 0)
		err(1, "fork");
	if (main_pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	if (waitpid(main_pid, &status, 0) < 0 || !WIFSTOPPED(status))
		errx(1, "the command did not start");
	if (ptrace(PTRACE_SETOPTIONS, main_pid, NULL,
		   (void *)(intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
				      (of_child ? CHILDREN : 0))) < 0)
		err(1, "ptrace");
	go_on(main_pid, 0);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 4 || (strcmp(argv[1], "main") && strcmp(argv[1], "child")))
		errx(1, "usage: killat main|child N COMMAND...");
	of_child = strcmp(argv[1], "child") == 0;
	wanted = strtol(argv[2], NULL, 10);
	start(argv + 3);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			at_stop(pid, status);
		else if (pid == main_pid)
			break;
	}
	dprintf(3, "%ld\n", counted);
	return killed ? 0 : 3;
}
