/* Namespaces of a container: which are made, which are joined by path, id maps, time offsets. */
#ifndef BAWN_RUNTIME_NS_H
#define BAWN_RUNTIME_NS_H

#include "base/base.h"
#include "runtime/runtime.h"
#include "runtime/spec.h"

/* Why the kernel refuses a user namespace. */
#define NS_USER_REFUSED                                                                    \
	" (not possible in a chroot; else: may this user make user namespaces? see "       \
	"kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"

struct ns_plan {
	uint64_t make;			/* CLONE_NEW* of the namespaces to make */
	int join[NS_KIND_MAX];		/* fds of the namespaces to join, FD_NONE otherwise */
	int own_pid, own_time;		/* ours, to come back after the child is made */
	bool two_stages;		/* a first process joins, then makes the second */
	bool late;			/* ns_enter_for_children() is for that first one too */
	bool user_first;		/* and it is born in the new user namespace */
};

/* Opens the paths and checks that each is a namespace of its kind. */
int ns_plan_open(struct err *e, struct ns_plan *plan, const struct spec_linux *l,
		 const struct runtime *rt);
void ns_plan_done(struct ns_plan *plan);

/* Parent, before clone, or stage one: namespaces that only take effect for children (pid by path,
 * time). */
int ns_enter_for_children(struct err *e, struct ns_plan *plan, const struct spec_linux *l);
/* Parent, after clone: back to its own, so that hooks run where they should. */
int ns_leave_for_children(struct err *e, struct ns_plan *plan);

/* Child: joins every namespace given by path (all but pid). Namespaces that belong to the user
 * namespace being joined can only be entered after it, those of the host only before. */
int ns_join(struct err *e, const struct ns_plan *plan);

/* Child, alone in a new network namespace: sets lo up. */
int ns_loopback_up(struct err *e);

#endif
