/*
 * A container on disk: its directory below the state root, the lock, state.json,
 * the intent log, and what they say about its life.
 *
 *	ROOT/ID/config.json	the configuration as it was at create
 *	ROOT/ID/intent		what will be made outside of ROOT/ID; see docs/format/state.md
 *	ROOT/ID/state.json	written when the container is "created"
 *	ROOT/ID/resources.json	what is in effect of linux.resources after an update
 *	ROOT/ID/ptrace		an exec gave CAP_SYS_PTRACE: shelter.c
 *	ROOT/ID/gate		the start gate while it waits for `start`
 *
 * Creating the directory (mkdir, exclusive) takes the id. flock(2) on the directory is
 * held by whoever changes the container; a reader needs none, files are replaced whole.
 */
#ifndef BAWN_RUNTIME_CONTAINER_H
#define BAWN_RUNTIME_CONTAINER_H

#include "base/base.h"
#include "cgroups/cgroups.h"
#include "runtime/runtime.h"
#include "runtime/spec.h"

enum container_net_ns { NET_NS_OWN, NET_NS_HOST, NET_NS_JOINED };

struct container_state {
	pid_t pid;
	uint64_t start_time;		/* of pid: field 22 of /proc/PID/stat, clock ticks */
	const char *oci_version, *bundle, *rootfs, *created, *owner;
	bool has_cgroup;
	struct cg_place cgroup;
	const char *unit;		/* of systemd, with this cgroup, or NULL */
	bool hooks, poststart, poststop;	/* it has any hooks; it has such hooks */
	bool no_new_keyring;		/* it was made with --no-new-keyring */
	struct container_network {	/* what it has of networks of bawn's own: network.h */
		const char *root;	/* of the networks */
		const char *mark;	/* by which it is found there; NULL: nothing */
	} network;
	bool shares_pids;		/* no pid namespace of its own: init's end ends no other */
	int net_ns;			/* enum container_net_ns */
	const struct json *annotations;
};

struct container {
	const struct runtime *rt;
	char id[CONTAINER_ID_MAX + 1];
	int dir_fd;			/* FD_NONE when it does not exist */
	struct cg_mount cg;		/* opened on first use: container_cg_mount() */
	struct arena arena;		/* of everything below */
	bool has_state;
	bool cgroup_refused;		/* what is at the intent log's cgroup is somebody else's */
	struct container_state state;
};

/* Takes the id: makes the directory and locks it. ERR_EXISTS when it is taken. */
int container_new(struct err *e, struct container *c, const struct runtime *rt, const char *id);

/* Opens the directory of an existing one; ERR_NOT_FOUND "does not exist". */
int container_open_dir(struct err *e, struct container *c, const struct runtime *rt,
		       const char *id);

/* The same, and reads state.json if there is one. */
int container_open(struct err *e, struct container *c, const struct runtime *rt, const char *id);

/* The same, and without state.json (still being made, or its maker died) it is an error. */
int container_open_ready(struct err *e, struct container *c, const struct runtime *rt,
			 const char *id);

/* Waits for the lock. -ENOENT (ERR_NOT_FOUND) when the container was deleted meanwhile. */
int container_lock(struct err *e, const struct container *c);
/* container_open() of what shall be changed: locked, and the state read under the lock. */
int container_open_locked(struct err *e, struct container *c, const struct runtime *rt,
			  const char *id);
/* false: somebody else holds it. */
bool container_try_lock(const struct container *c);
void container_unlock(const struct container *c);
/* Who holds it, by /proc/locks; 0 when nobody does or cannot be told. */
pid_t container_lock_holder(const struct container *c);

/* Reads state.json if there is one (has_state). */
int container_load_state(struct err *e, struct container *c);
/* Writes state.json in two steps: the work first, then the rename that makes it valid. */
int container_prepare_state(struct err *e, const struct container *c);
int container_commit_state(struct err *e, const struct container *c);
/* The configuration copy. */
int container_load_spec(struct err *e, const struct container *c, struct spec *spec);

enum container_status container_status(struct container *c);

/* A pidfd of the init process, verified by start time. -ESRCH (ERR_STATE) when it ended. */
int container_pidfd(struct err *e, const struct container *c);

/* The cgroup2 mount, opened once. */
int container_cg_mount(struct err *e, struct container *c);
/* Its cgroup, opened; ERR_UNSUPPORTED with the reason when it has none. */
int container_cgroup(struct err *e, struct container *c, int *ret_fd);

/* The state document that hooks, `state` and `list` show. */
void container_describe(struct container *c, enum container_status status,
			struct container_info *info);
/* Its members, into an object that is open. */
void container_write_state_members(struct json_writer *w, const struct container_info *info);
int container_write_state_json(struct err *e, const struct container_info *info, struct buf *out);

/* Removes the directory. The container must be dead and its cgroup gone. */
int container_remove_dir(struct err *e, const struct container *c);

void container_done(struct container *c);
#define _container_ __attribute__((cleanup(container_done)))

/* Start time of a process or -ESRCH; zombies count as ended. */
int process_start_time(pid_t pid, uint64_t *ret);

/* The intent log: one line per thing, written before it is made. */
enum intent_kind {
	INTENT_CGROUP,
	INTENT_HOOK_CGROUP,
	INTENT_UNIT,
	INTENT_NETWORK,
	INTENT_KIND_MAX
};
int intent_add(struct err *e, const struct container *c, enum intent_kind kind,
	       const struct cg_place *place);
/* Reads it; *found tells whether that kind is there. A torn last line counts as not written. */
int intent_get(struct err *e, const struct container *c, enum intent_kind kind,
	       struct cg_place *place, bool *found);
/* Hooks are born in a cgroup beside the container's: outside of its limits and device policy, but
 * found again after a crash. One that a hook leaves a daemon in stays until delete. Leaves *ret_fd
 * alone when the container has no cgroup. */
int container_hook_cgroup(struct err *e, struct container *c, int *ret_fd);

#endif
