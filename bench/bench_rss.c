/*
 * bench_rss: what a command's process holds when it exits, from its page tables. The command is
 * traced only to stop it there; its children are not. For a short process that gives nothing back
 * this is its peak.
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static long cont(pid_t pid, int sig)
{
	return ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig);
}

int rss_at_exit(const struct cmd *c, long *ret_kib)
{
	const int exit_stop = SIGTRAP | PTRACE_EVENT_EXIT << 8;
	pid_t pid = spawn_start(c, true), got;
	int status = -1;

	if (pid < 0)
		return -1;
	if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		ptrace(PTRACE_SETOPTIONS, pid, NULL,
		       (void *)(intptr_t)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL |
					  PTRACE_O_TRACEEXEC));
		cont(pid, 0);
	}
	for (;;) {
		got = waitpid(pid, &status, __WALL);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || !WIFSTOPPED(status))
			break;
		if (status >> 8 == exit_stop)
			*ret_kib = proc_value(pid, "smaps_rollup", "\nRss:");
		/* Event stops are ours alone; any other signal is the command's. */
		cont(pid, status >> 16 ? 0 : WSTOPSIG(status));
	}
	if (got >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	spawn_complain(c, "traced for its memory", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return -1;
}
