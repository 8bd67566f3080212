/* Private to cgroups/: limits as a plan of writes, made by cg_plan.c, done by cg_limits.c. */
#ifndef BAWN_CGROUPS_CG_LIMITS_H
#define BAWN_CGROUPS_CG_LIMITS_H

#include "cg.h"

/* One line for one file. */
struct cg_write {
	enum cg_controller controller;
	const char *what;		/* the property, for messages: "memory.limit" */
	const char *file, *value;
	/* For files of many lines, what puts this one back: the line that starts with `key`, or
	 * `none` when there is no such line now. */
	const char *key, *none;
	/* Tried when there is no such file here. */
	const char *else_file, *else_value;
	bool optional;			/* a file that is missing means the same as this value */
	const char *old;		/* set when it was written: what was there before */
};

struct cg_plan {
	struct arena *arena;
	const struct cg_resources *want;	/* all of it, in effect when the plan is done */
	const struct cg_resources *now;		/* in effect before */
	const struct cg_resources *change;	/* what is asked for */
	LIST_OF(struct cg_write) writes;
	size_t room;
	bool failed;				/* memory is out */
	struct cg_write spare;			/* what is added then */
};

/* Adds a write; value is formatted into the arena. Returns it for its other members, never NULL. */
struct cg_write *cg_plan_add(struct cg_plan *p, enum cg_controller c, const char *what,
			     const char *file, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* By topic. 0, or -EINVAL (ERR_CONFIG) when values contradict each other. */
int cg_plan_memory(struct err *e, struct cg_plan *p);
int cg_plan_cpu(struct err *e, struct cg_plan *p);
void cg_plan_io(struct cg_plan *p);
void cg_plan_others(struct cg_plan *p);	/* pids, hugetlb, rdma, then unified */

/* Whether the cpus and mems asked for are there (kernels take others and ignore them). */
int cg_check_cpuset(struct err *e, int cgroup_fd, const struct cg_cpu *cpu);

/* Enables controllers (bits; what[c]: the property that needs it) in each parent of place that has
 * not. */
int cg_enable(struct err *e, const struct cg_mount *m, const struct cg_place *place, int cgroup_fd,
	      uint32_t need, const char *const what[CG_CONTROLLER_MAX]);

/* memory.max of a cgroup in use: reclaims first when it is lowered, never makes the kernel kill. */
int cg_set_memory_max(struct err *e, int cgroup_fd, const char *what, const char *value);
/* check_before_update: refuses what would not fit, with figures. */
int cg_check_memory_use(struct err *e, int cgroup_fd, const struct cg_memory *m);

#endif
