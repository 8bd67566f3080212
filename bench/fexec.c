/*
 * fexec: the least an exec into a running container can cost.
 *
 * Joins the namespaces of the process in the pid file by one setns(2) of its pidfd, makes a child
 * straight in the container's cgroup, and runs the command there with the capabilities and the
 * filter of the bundle `typ`. Reads no configuration and checks nothing. See floor.c.
 */
#include "raw.h"

#include <getopt.h>

static struct sock_filter filter_insns[BPF_MAXINSNS];

static _Noreturn void child(const struct sock_fprog *filter, char **argv)
{
	const struct rlimit nofile = {1024, 1024};

	setsid();
	must("rlimit", setrlimit(RLIMIT_NOFILE, &nofile));
	must("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	drop_caps();
	must("close_range", syscall(SYS_close_range, 3, ~0U, 0));
	load_filter(filter);
	exec_command(argv);
}

static int run(const char *cgroup, const char *pid_file, const struct sock_fprog *filter,
	       char **argv)
{
	int cgroup_fd = (int)must(cgroup, open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int target = (int)must("pidfd_open", syscall(SYS_pidfd_open, read_pid(pid_file), 0));
	int pidfd, status;
	pid_t pid;

	must("setns", syscall(SYS_setns, target,
			      CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
				      CLONE_NEWUTS | CLONE_NEWCGROUP));
	pid = clone_into(0, cgroup_fd, &pidfd);
	if (pid == 0)
		child(filter, argv);
	must("clone3", pid);
	must("wait", waitpid(pid, &status, 0));
	return exit_code(status);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"filter", 1, NULL, 'f'},
		{"cgroup", 1, NULL, 'c'},
		{"pid-file", 1, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	struct sock_fprog filter = {0};
	const char *cgroup = NULL, *pid_file = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
		switch (opt) {
		case 'f':
			read_filter(optarg, filter_insns, &filter);
			break;
		case 'c':
			cgroup = optarg;
			break;
		case 'p':
			pid_file = optarg;
			break;
		default:
			optind = argc;
		}
	}
	if (!cgroup || !pid_file || optind >= argc) {
		fputs("usage: fexec [--filter FILE] --cgroup DIR --pid-file FILE COMMAND [ARG...]\n",
		      stderr);
		return 2;
	}
	return run(cgroup, pid_file, &filter, argv + optind);
}
