/*
 * The container runtime as a library: what the command line (and later a hosting
 * layer) calls. Functions print nothing, keep no globals and take explicit roots.
 * Each returns 0 or a positive result, -errno with *e filled in otherwise.
 */
#ifndef BAWN_RUNTIME_RUNTIME_H
#define BAWN_RUNTIME_RUNTIME_H

#include <signal.h>

#include "base/base.h"
#include "cgroups/cgroups.h"

struct spec;

enum rootless_mode { ROOTLESS_AUTO, ROOTLESS_TRUE, ROOTLESS_FALSE };
enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

struct runtime {
	const char *root;		/* state root; runtime_open() fills in the default */
	enum rootless_mode rootless;
	enum cgroup_manager cgroup_manager;
	int root_fd;			/* O_PATH, owned */
	const char *network_root;	/* of network files; NULL: NETWORK_ROOT */
	uid_t uid;			/* who we are; set by runtime_open() */
	int *image_fd;			/* the fd of selfexe_seal() or NULL; closed by us */
	char root_default[256];
};

/* Opens the state root, makes it (0700) when `create`. Without it a missing root is fine: every
 * id is then unknown and list is empty. Refuses a root that others can write to. */
int runtime_open(struct err *e, struct runtime *rt, bool create);
void runtime_done(struct runtime *rt);

/* Whether bawn has no rights on the host: it runs as an ordinary user, or as the root of a user
 * namespace, as under rootless podman. Asks the kernel: for where something was refused. */
bool runtime_is_unprivileged(const struct runtime *rt);
/* Whether a cgroup that cannot be had is done without: --rootless, by default when unprivileged. */
bool runtime_is_rootless(const struct runtime *rt);
#define _runtime_ __attribute__((cleanup(runtime_done)))

#define CONTAINER_ID_MAX 128
/* ^[A-Za-z0-9_+-][A-Za-z0-9_+.-]{0,127}$ : what runc and crun both accept. */
int container_id_check(struct err *e, const char *id);

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};
const char *container_status_name(enum container_status status);

/* What `state` and `list` show. Strings live in the arena given. */
struct container_info {
	const char *id;
	const char *oci_version;
	pid_t pid;			/* 0 when stopped */
	enum container_status status;
	const char *bundle, *rootfs;
	const char *created;		/* RFC 3339, UTC, nanoseconds */
	const char *owner;
	const char *cgroup;		/* "" when it has none */
	const struct json *annotations;	/* object or NULL */
};

int container_state(struct err *e, const struct runtime *rt, const char *id, struct arena *a,
		    struct container_info *ret);

/* All containers, sorted by id. A broken state directory is reported as status "stopped"
 * with empty fields rather than hiding the others. */
struct container_list {
	struct container_info *v;
	size_t n;
};
int container_list(struct err *e, const struct runtime *rt, struct arena *a,
		   struct container_list *ret);
/* Only the ids: does not open the containers' state. */
int container_ids(struct err *e, const struct runtime *rt, struct arena *a, struct strv *ret);

struct launch_options {
	const char *id;
	const char *bundle;		/* NULL: current directory */
	const char *config;		/* file name of the config, NULL: BUNDLE/config.json */
	const char *pid_file, *console_socket, *pidfd_socket;
	uint32_t preserve_fds;		/* fds 3 .. 3+n-1 stay open */
	struct strv networks;		/* NAME[,OPTION]...: network.h */
	struct strv publish;		/* [HOSTIP:]HOST:CTR[/PROTOCOL] of one of them */
	struct strv firewall;		/* DIRECTION:ACTION[:PROTOCOL[:PORTS[:ADDRESS]]] of all */
	bool no_pivot, no_new_keyring;
	bool detach, keep;		/* run only */
};

/* create: the container waits at its start gate when this returns. */
int container_create(struct err *e, const struct runtime *rt, const struct launch_options *o);

int container_start(struct err *e, const struct runtime *rt, const char *id);

/* create + start in one. Detached: returns 0 when the program runs. In the foreground: relays the
 * terminal and signals, waits, deletes (unless keep), and stores the exit status as a shell
 * would see it (128+n for signals) in *ret_status. */
int container_run(struct err *e, const struct runtime *rt, const struct launch_options *o,
		  int *ret_status);

struct exec_options {
	const char *id;
	const char *process_file;	/* --process; else the fields below */
	struct strv args;
	struct strv env, caps;		/* added to the container's own */
	const char *cwd, *user;		/* user: "UID[:GID]", numbers only */
	struct strv additional_gids;	/* numbers */
	bool tty, detach, no_new_privs, ignore_paused;
	const char *apparmor, *process_label, *cgroup;
	const char *pid_file, *console_socket, *pidfd_socket;
	uint32_t preserve_fds;
};
int container_exec(struct err *e, const struct runtime *rt, const struct exec_options *o,
		   int *ret_status);

/* all: every process of the container instead of its init. */
int container_kill(struct err *e, const struct runtime *rt, const char *id, int sig, bool all);

/* force: kills a running container first; an unknown id is then no error; clears up after a
 * bawn that was killed at any point. */
int container_delete(struct err *e, const struct runtime *rt, const char *id, bool force);

int container_pause(struct err *e, const struct runtime *rt, const char *id);
int container_resume(struct err *e, const struct runtime *rt, const char *id);

/* Sets what `change` sets; all or nothing. Not for stopped containers. */
struct cg_resources;
int container_update(struct err *e, const struct runtime *rt, const char *id,
		     const struct cg_resources *change);

struct pid_list {
	pid_t *v;			/* arena */
	size_t n;
};
/* pids of all processes, as the caller's pid namespace sees them. */
int container_pids(struct err *e, const struct runtime *rt, const char *id, struct arena *a,
		   struct pid_list *ret);

/* One network interface of a container, as it counts itself: "rx" is what came in. */
struct net_interface {
	const char *name;		/* the container's choice: any bytes */
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};
#define NET_INTERFACES_MAX 1024
struct net_interfaces {
	bool set;			/* it runs, in a network namespace that is not ours */
	bool cut;			/* it has more than are listed */
	struct net_interface *v;
	size_t n;
};
/* The text of a /proc/PID/net/dev: 0 or -ENOMEM. */
int net_interfaces_parse(struct arena *a, struct slice text, struct net_interfaces *ret);

/* What `stats` and `events` show. */
struct container_stats {
	struct container_info info;
	uint64_t time_usec;		/* when it was read: since 1970 */
	bool has_cgroup;		/* cg holds something */
	struct cg_stat cg;
	struct net_interfaces net;
	const struct json *accounting;	/* sums of networks: docs/format/stats.md; NULL: not read */
};
struct stats_list {
	struct container_stats *v;
	size_t n;
};
/* Of the containers in ids, in that order; an unknown one is an error. NULL: of all, sorted.
 * accounting: with it, which takes a helper process for each that has networks. */
int container_stats_list(struct err *e, const struct runtime *rt, const struct strv *ids,
			 bool accounting, struct arena *a, struct stats_list *ret);

enum event_kind { EVENT_STATS, EVENT_OOM };
struct events_options {
	const char *id;
	int64_t interval_ns;		/* between EVENT_STATS; 0: one at once, and that is all */
	int out_fd;			/* where events go, or FD_NONE: ends when nobody reads */
	/* stats: of EVENT_STATS only. A negative result ends it. */
	int (*show)(struct err *e, void *arg, enum event_kind kind,
		    const struct container_stats *stats);
	void *arg;
};
/* Shows what happens to a container until it ends: EVENT_OOM when processes of it were killed for
 * want of memory, and its statistics. 0 when it has ended. */
int container_events(struct err *e, const struct runtime *rt, const struct events_options *o);

/* Networks: ROOT/NAME/network.json, docs/format/network.md. */
#define NETWORK_ROOT "/var/lib/bawn/networks"
/* "create NAME KEY=VALUE...", "delete NAME", "reload", as the helper bawn-net takes them. */
int runtime_network_change(struct err *e, const struct runtime *rt, const char *command,
			   const struct strv *args);
/* The names of all, sorted. */
int runtime_networks(struct err *e, const struct runtime *rt, struct arena *a, struct strv *ret);
/* Appends the document of one. */
int runtime_network_inspect(struct err *e, const struct runtime *rt, const char *name,
			    struct buf *out);

/* Gives a container that is created or runs an interface: NAME[,OPTION...] as for --network.
 * ERR_STATE when it does not run or has no network namespace of its own. */
int container_network_attach(struct err *e, const struct runtime *rt, const char *id,
			     const char *network);
/* Takes one away, NAME[,name=INTERFACE]; ERR_NOT_FOUND when it has none like that. */
int container_network_detach(struct err *e, const struct runtime *rt, const char *id,
			     const char *network);
/* The document of what a container has on networks: docs/format/network.md. */
int container_network_export(struct err *e, const struct runtime *rt, const char *id,
			     struct arena *a, struct json **ret);
/* networks, publish and firewall from such a document, into the arena. */
int launch_options_from_export(struct err *e, struct arena *a, const char *path,
			       struct launch_options *o);
/* update --net-rate: [name=INTERFACE,]rate=RATE... of what the container has on networks. */
int container_set_net_rate(struct err *e, const struct runtime *rt, const char *id,
			   const char *spec);

/* gc: removes what killed bawns left: containers that never got as far as "created" and have no
 * living maker. Appends the ids it removed. */
int runtime_gc(struct err *e, const struct runtime *rt, struct arena *a, struct strv *ret_removed);

/* SIGNAL names: "TERM", "SIGTERM", "15", "RTMIN+3"; 0 is allowed. */
int signal_parse(struct err *e, const char *text, int *ret);

/* The `features` document (OCI features.md). */
int runtime_features(struct err *e, struct buf *out);

#endif
