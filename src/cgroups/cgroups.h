/*
 * Control groups, version 2 only: where they are mounted, the life of a container's
 * cgroup, freezing, killing, device access. Cgroup v1 is neither read nor written.
 *
 * A cgroup is named by a struct cg_place, which is made before anything happens
 * (cg_resolve), goes into the intent log, and is all that cg_remove() needs after a
 * crash. Its random mark is stored on the directory as an extended attribute, so
 * that removal never kills what another container or another program put there.
 *
 *	cg_mount_open -> cg_resolve -> [log the place] -> cg_create -> cg_limits_apply,
 *	cg_devices_apply -> clone3(CLONE_INTO_CGROUP, fd) ... cg_mount_open -> cg_open
 *	-> cg_freeze, cg_kill
 *	... cg_mount_open -> cg_remove
 *
 * Every fd is O_CLOEXEC and belongs to the caller. Time limits are milliseconds >= 0;
 * waiting is poll(2) on cgroup.events. Kernel 5.14: cgroup.kill; 5.7: clone into a
 * cgroup, user.* attributes; 5.6: BPF_F_REPLACE.
 */
#ifndef BAWN_CGROUPS_H
#define BAWN_CGROUPS_H

#include <limits.h>

#include "base/base.h"
#include "cgroups/cg_stat.h"
#include "cgroups/resources.h"

/* The cgroup2 mount that this process sees. */
struct cg_mount {
	int fd;			/* O_PATH of its root; owned */
	char point[PATH_MAX];	/* "/sys/fs/cgroup", for messages and state */
};

/* Finds and opens it: /sys/fs/cgroup, /sys/fs/cgroup/unified, else /proc/self/mountinfo.
 * ERR_UNSUPPORTED when there is none. 2 to 5 system calls. */
int cg_mount_open(struct err *e, struct cg_mount *ret);
void cg_mount_done(struct cg_mount *m);
#define _cg_mount_ __attribute__((cleanup(cg_mount_done)))

/* This process's own cgroup ("/" or "/a/b", relative to its cgroup namespace): the "0::" line. */
int cg_self_path(struct err *e, char *buf, size_t size);

/* Controllers as bits 1 << CG_*: those that a cgroup may use (cgroup.controllers). 0 is a valid
 * answer: a hybrid host whose controllers are on v1. */
enum cg_controller {
	CG_CPUSET,
	CG_CPU,
	CG_IO,
	CG_MEMORY,
	CG_HUGETLB,
	CG_PIDS,
	CG_RDMA,
	CG_MISC,
	CG_CONTROLLER_MAX,
};
int cg_controllers(struct err *e, int cgroup_fd, uint32_t *ret);
const char *cg_controller_name(enum cg_controller c);
int cg_controller_find(const char *name);	/* -1: there is none of this name */

#define CG_MARK_SIZE 33

/* One cgroup of ours. Everything but id is known before it exists; store all of it. Good until
 * the next boot. */
struct cg_place {
	char path[PATH_MAX];		/* "/bawn-ID", below the mount's root; no "." or ".." */
	uint32_t keep;			/* the first `keep` bytes of path were there before us */
	char mark[CG_MARK_SIZE];	/* 32 hex digits, unique for this cgroup */
	uint64_t id;			/* inode, the kernel's cgroup id; 0: not created yet */
};
/* A new random mark: by it what belongs to a container is told from what only has its name. */
int cg_new_mark(struct err *e, char mark[CG_MARK_SIZE]);

/* Decides where a container's cgroup will be; changes nothing. cgroups_path is
 * linux.cgroupsPath or NULL:
 *   "/a/b"                 below the root of our view of cgroup2
 *   "a/b"                  below PARENT/bawn
 *   "slice:prefix:name"    where systemd would have it: /SLICE.slice/prefix-name.scope
 *   NULL or ""             PARENT/bawn-ID
 * PARENT is the root where this process may make cgroups there; else (rootless, delegation) the
 * parent of the own cgroup, or the own cgroup.
 * -EINVAL (ERR_CONFIG) for "..", control bytes, names starting with "cgroup.", the root itself;
 * -EACCES when no parent is writable. */
int cg_resolve(struct err *e, const struct cg_mount *m, const char *cgroups_path, const char *id,
	       struct cg_place *ret);

/* A second place beside another one, of the same parent: path + suffix (hooks). The suffix holds
 * a byte that ids cannot hold, such as ':'. */
int cg_sibling(struct err *e, const struct cg_place *place, const char *suffix,
	       struct cg_place *ret);

/* The unit of systemd that a container gets. */
#define CG_UNIT_MAX 255
struct cg_unit {
	char name[CG_UNIT_MAX + 1];	/* "bawn-ID.scope", "x.slice" */
	char slice[CG_UNIT_MAX + 1];	/* it is in this one */
	char mark[CG_MARK_SIZE];	/* of the unit and of its cgroup */
};
/* cgroups_path: "SLICE:PREFIX:NAME", as for cg_resolve(), or NULL or "" for ":bawn:ID". SLICE is
 * system.slice by default, with `user` (a user's own systemd) user.slice. What systemd does not
 * take in names is escaped. */
int cg_unit_resolve(struct err *e, const char *cgroups_path, const char *id, bool user,
		    struct cg_unit *ret);

/* The place of a cgroup that systemd made, and taking it: what cg_resolve() and cg_create() are for
 * one that we make. Processes may be in it. */
int cg_place_at(struct err *e, const char *path, const char *mark, struct cg_place *ret);
int cg_adopt(struct err *e, const struct cg_mount *m, struct cg_place *place, int *ret_fd);

/* Makes the cgroup and missing parents, sets place->id, returns a directory fd for clone3 and
 * for everything below. An existing cgroup is taken over when it is empty and nobody's.
 * -EBUSY (ERR_EXISTS): it has processes or belongs to another container; -EBUSY (ERR_STATE): it
 * or a parent is frozen, or it distributes controllers; -EOPNOTSUPP: threaded parent. On failure
 * nothing that it made is left. */
int cg_create(struct err *e, const struct cg_mount *m, struct cg_place *place, int *ret_fd);

/* Gives the cgroup to the root of a container's user namespace, as the kernel's list says. */
int cg_delegate(struct err *e, int cgroup_fd, uid_t uid, gid_t gid);

/* Opens it again. -ENOENT (ERR_NOT_FOUND) when it is gone, also when somebody else's cgroup has
 * its path now. */
int cg_open(struct err *e, const struct cg_mount *m, const struct cg_place *place, int *ret_fd);

/* A cgroup inside another one (exec --cgroup, systemd inside); never leaves cgroup_fd. */
int cg_open_sub(struct err *e, int cgroup_fd, const char *path, int *ret_fd);

/* Kills all processes, waits for their end, removes the cgroup with everything below it, then the
 * parents made by us that are empty now. 0 also when there is nothing (any more), or when what is
 * there is not ours. The caller need not call cg_kill() before.
 * -ETIMEDOUT: processes do not end; the message names them and their state. Safe to repeat. */
int cg_remove(struct err *e, const struct cg_mount *m, const struct cg_place *place,
	      int timeout_ms);

struct cg_events {
	bool populated;		/* a live process in it or below; zombies do not count */
	bool frozen;		/* all processes of the subtree are stopped, not just by cg_kill */
};
int cg_read_events(struct err *e, int cgroup_fd, struct cg_events *ret);

/* SIGKILL for every process of the subtree, at once, also frozen ones. Waits for their end up to
 * 20 ms. What is left then is freed from limits of processor time and gets it again, in up to
 * 0.2 s, in a way that no process can evade. */
int cg_kill(struct err *e, int cgroup_fd);
/* Any signal, to each process once. Others that are forked meanwhile may miss it, except for
 * SIGKILL (cg_kill). Pids are pinned by pidfd and checked again: no reuse. Returns how many. */
int cg_signal(struct err *e, int cgroup_fd, int sig);
/* Waits for populated 0. -ETIMEDOUT names what is left. */
int cg_wait_empty(struct err *e, int cgroup_fd, int timeout_ms);

/* Freezes or thaws and waits until it is so. A freeze that takes too long is undone
 * (-ETIMEDOUT). -EBUSY when a parent keeps it frozen. */
int cg_freeze(struct err *e, int cgroup_fd, bool frozen, int timeout_ms);

/* Pids (of our pid namespace) in the cgroup and, if deep, below it; sorted, each once. *ret is
 * malloc'ed. -E2BIG beyond CG_PROCS_MAX. */
#define CG_PROCS_MAX (4u << 20)
int cg_procs(struct err *e, int cgroup_fd, bool deep, pid_t **ret, size_t *ret_n);

/* Limits (resources.h). Enables the controllers that r needs in every parent, then writes the files
 * of the cgroup, which has no processes yet; without limits it does nothing. Controllers that were
 * enabled stay so, other cgroups may count on them by then; of the rest the caller gets rid with
 * cg_remove().
 * ERR_UNSUPPORTED: a controller or file is missing here; -EBUSY (ERR_STATE): a parent holds
 * processes and so cannot distribute controllers. */
int cg_limits_apply(struct err *e, const struct cg_mount *m, const struct cg_place *place,
		    int cgroup_fd, const struct cg_resources *r);
/* Every controller that there is, in all parents, as far as the kernel and our rights allow: an
 * engine reads the statistics of a cgroup that it named, and may set limits later. */
void cg_enable_available(const struct cg_mount *m, const struct cg_place *place, int cgroup_fd);
/* Without a cgroup: 0 when r asks for no limit, else -EOPNOTSUPP with a message that names it. */
int cg_limits_none(struct err *e, const struct cg_resources *r);

/* cg_limits_apply() for a cgroup in use, where `now` is in effect: writes what `change` sets. All
 * or nothing: when a write fails, those before it are taken back. A memory limit below what is in
 * use makes the kernel reclaim first, and is refused (ERR_STATE) when that does not help, or at
 * once with check_before_update: nothing is killed. */
int cg_limits_update(struct err *e, const struct cg_mount *m, const struct cg_place *place,
		     int cgroup_fd, const struct cg_resources *now,
		     const struct cg_resources *change);

/* What every container may use; callers append these after the rules of the config, as the other
 * runtimes do: null, zero, full, random, urandom, tty, ptmx, pts, console, net/tun, and mknod of
 * anything. */
extern const struct cg_device_rule cg_default_devices[];
extern const size_t cg_default_devices_n;

/* Attaches a BPF program with these rules, or replaces ours atomically. For each requested access
 * bit the last rule that covers it decides; without any: denied. Programs of others on the same
 * cgroup and its parents stay: all must agree. cgroup_fd must be empty the first time.
 * -EPERM (ERR_UNSUPPORTED) when BPF is not permitted here: the caller decides. */
#define CG_DEVICE_RULES_MAX 1024
int cg_devices_apply(struct err *e, int cgroup_fd, const struct cg_device_rule *rules, size_t n);

#endif
