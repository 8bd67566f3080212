/*
 * The end of exec, out of sight. A process of ours inside the container's pid namespace can be
 * traced, read and written by a container that has CAP_SYS_PTRACE over our user namespace,
 * whatever its dumpable attribute says (CVE-2016-9962). So the set-up is done by a process that
 * stays outside, where the container has no name for it. The last process is a copy of it that is
 * made inside and has nothing but what the program will have: its credentials and its filter, no
 * fd of ours, and no memory of ours but the program's own arguments.
 *
 * What this cannot keep from a tracer: the last process can be held or made to do something
 * else. That gives the tracer nothing that it could not do to the program a moment later; bawn's
 * wait has a limit. See docs/adr/0007.
 */
#ifndef BAWN_RUNTIME_SHELTER_H
#define BAWN_RUNTIME_SHELTER_H

#include "runtime/launch.h"

struct shelter_report;

struct shelter {
	struct shelter_report *first;	/* shared by parent and the process outside */
	struct err *last;		/* shared with the last process: UNTRUSTED */
	int maps;			/* of the process outside: its own memory map */
};

/* Whether a process of the container may be able to trace one that joins it: by the bounding set of
 * its config, of this exec or of an earlier one, which the state directory remembers. */
int shelter_is_needed(struct err *e, int state_dir, const struct spec *spec, uint64_t configured,
		      uint64_t given, bool *ret);

/* Parent, before the process outside is made. */
int shelter_open(struct err *e, struct shelter *s);
void shelter_done(struct shelter *s);

/* The process outside, while /proc is the host's. */
int shelter_enter(struct err *e, struct shelter *s);

/* The process outside, confined, its children born in the pid namespace: makes the last process and
 * ends when that has executed its program or failed. */
_Noreturn void shelter_execute(struct shelter *s, const struct program *p, const char *path);

/* Parent: waits for that, with a limit. *pid and *pidfd name the process outside at first, then
 * (also after a failure) the last one as far as there is one; else *pid is 0. */
int shelter_wait(struct err *e, struct shelter *s, pid_t *pid, int *pidfd);

#endif
