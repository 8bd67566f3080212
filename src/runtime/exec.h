/* Private to exec: its state, and the process document made from its options. */
#ifndef BAWN_RUNTIME_EXEC_H
#define BAWN_RUNTIME_EXEC_H

#include "runtime/launch.h"
#include "runtime/shelter.h"

struct exec {
	const struct runtime *rt;
	const struct exec_options *opt;
	struct container c;
	struct spec spec;
	struct program program;
	struct seccomp_program seccomp;
	uint64_t ns;			/* CLONE_NEW* to join */
	bool late;			/* only in the user namespace we may join the others */
	bool attach;			/* systemd moves the process into the container's unit */
	int init;			/* pidfd of the container's init */
	int root_fd;			/* its root, when it has no mount namespace */
	int cgroup_fd;
	int channel[2];			/* parent, child */
	uint64_t ignored_signals;
	bool sheltered;			/* pid and pidfd are first those of the process outside */
	struct shelter shelter;
	pid_t pid;
	int pidfd;
	int console;
};

/* The process to start: --process FILE, or the container's own process changed by the options.
 * Lives in the arena of spec. */
int exec_process(struct err *e, const struct exec_options *o, struct spec *spec,
		 struct spec_process **ret);

#endif
