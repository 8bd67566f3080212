/* Private to cgroups/: doors to cgroup directories and files. */
#ifndef BAWN_CGROUPS_CG_H
#define BAWN_CGROUPS_CG_H

#include <linux/bpf.h>

#include "cgroups.h"

/* Where relative paths go, and what the names of cgroups without a path start with. */
#define CG_OWN_NAME "bawn"

/* err_set() with an errno of its own. Returns -num. */
int cg_fail(struct err *e, int num, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Opens a directory below `at` without leaving it: no "..", no links, no other mounts. path may
 * start with '/', which means `at`. flags: O_PATH or O_RDONLY. Returns an fd or -errno. */
int cg_open_dir(int at, const char *path, int flags);

/* Reads a control file that fits into buf; NUL-terminated, without the last newline. Length or
 * -errno. */
ssize_t cg_read(int dirfd, const char *name, char *buf, size_t size);

/* Value of "KEY 0|1" in the text of a cgroup.events; false when there is no such key. */
bool cg_flag(const char *text, const char *key);

/* Waits until KEY in cgroup.events is `want`; a removed cgroup counts as 0. 0 or -errno, without
 * a message: -ETIMEDOUT. */
int cg_wait(int dirfd, const char *key, bool want, int64_t deadline_ms);
int64_t cg_now_ms(void);	/* CLOCK_MONOTONIC */
int cg_left_ms(int64_t deadline_ms);

/* "NAME (state D, pid 7), ..." of up to four processes in the subtree, for messages. */
void cg_describe_procs(int dirfd, char *buf, size_t size);

/* -ETIMEDOUT with their names. */
int cg_still_alive(struct err *e, int cgroup_fd, int timeout_ms);

/* Whether a frozen cgroup is so only for a kill, that goes on or was itself killed; then it is
 * thawed. */
bool cg_frozen_to_kill(int cgroup_fd);

/* True when dirfd or a cgroup above it is set to freeze; up: how many levels above. */
bool cg_frozen_by(int dirfd, int *ret_up);

/* Walks all cgroups below top; top itself is not visited. A tree made by a container: depth,
 * width and change while we look are its choice, so: one fd, no recursion, "..", bounds.
 * enter(): before a cgroup's children; > 0 means do not go in. leave(): after them; may be NULL.
 * Both return -errno to stop. */
struct cg_visitor {
	int (*enter)(void *arg, int parent_fd, const char *name);
	int (*leave)(void *arg, int parent_fd, const char *name);
	void *arg;
};
#define CG_WALK_MAX (1u << 20)	/* cgroups visited */
int cg_walk(int top_fd, const struct cg_visitor *v);

/* Whose is this directory? */
enum cg_owner { CG_OURS, CG_UNMARKED, CG_FOREIGN };
enum cg_owner cg_owner_of(int fd, const struct cg_place *place);
/* Sets our mark: 0, -EEXIST when there is one, -errno. Marks of parents are CG_MARK_PARENT. */
int cg_mark(int fd, const char *mark);
#define CG_MARK_PARENT "parent"

/* Length of the parent's path: "/a/b" -> 2, "/a" -> 0. */
size_t cg_parent_len(const char *path, size_t len);
/* Removes parents of place that bawn made and that are empty. */
void cg_remove_parents(const struct cg_mount *m, const struct cg_place *place);

/* The device program of a rule list; *ret is malloc'ed. 0, -EINVAL or -ENOMEM with a message. */
int cg_device_program(struct err *e, const struct cg_device_rule *rules, size_t n,
		      struct bpf_insn **ret, size_t *ret_n);

#endif
