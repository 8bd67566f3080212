/*
 * OCI runtime-spec 1.3 config.json as C structs (Linux part). Everything lives in
 * the arena of struct spec; strings are NUL-terminated UTF-8 without control bytes
 * where the field is a name or a path. Filled by spec_parse.c by table, judged by
 * spec_check.c; the rest of the runtime only reads it.
 */
#ifndef BAWN_RUNTIME_SPEC_H
#define BAWN_RUNTIME_SPEC_H

#include "base/base.h"
#include "cgroups/cgroups.h"

struct spec_user {
	uint32_t uid, gid;
	struct opt_u32 umask;
	struct {
		uint32_t *v;
		size_t n;
	} additional_gids;
};

/* Capability sets as bit masks (bit n = capability number n). */
struct spec_caps {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct spec_rlimit {
	int resource;		/* RLIMIT_* */
	const char *type;	/* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
};

struct spec_scheduler {
	uint32_t policy;	/* SCHED_* */
	int64_t nice;
	int64_t priority;
	uint64_t flags;		/* SCHED_FLAG_* */
	uint64_t runtime, deadline, period;
};

struct spec_io_priority {
	int io_class;		/* IOPRIO_CLASS_* */
	int64_t priority;
};

struct spec_process {
	bool terminal;
	struct opt_u32 console_height, console_width;
	const char *cwd;
	struct strv env, args;
	char *home;		/* where in env the value of HOME goes that is still to be found */
	struct spec_user user;
	bool has_caps;
	struct spec_caps caps;	/* all zero when the config has none */
	LIST_OF(struct spec_rlimit) rlimits;
	bool no_new_privileges;
	const char *apparmor_profile, *selinux_label;
	struct opt_i64 oom_score_adj;
	struct spec_scheduler *scheduler;
	struct spec_io_priority *io_priority;
	const char *cpu_affinity_initial, *cpu_affinity_final;	/* lists: "0-3,7" */
};

struct spec_id_map {
	uint32_t container_id, host_id, size;
};
struct spec_id_maps {
	struct spec_id_map *v;
	size_t n;
};

/* One mount with its options resolved to kernel terms by mount_options.c. */
struct spec_mount {
	const char *destination, *source, *type;	/* type is "bind" for all binds */
	struct strv options;				/* as written */
	bool bind, recursive_bind;			/* bind / rbind */
	uint64_t attr_set, attr_clear;			/* MOUNT_ATTR_* of the mount itself */
	uint64_t rec_attr_set, rec_attr_clear;		/* of the whole tree: rro, rnosuid, ... */
	uint64_t propagation;				/* MS_SHARED, MS_SLAVE, ... or 0 */
	bool propagation_recursive;
	uint64_t sb_flags;				/* MS_SYNCHRONOUS, ... of the superblock */
	struct strv data;				/* file system options: "size=64k" */
	bool tmpcopyup;
	bool optional;		/* bawn's own: left out where there is no file to mount it on */
	bool idmap, idmap_recursive;			/* idmap/ridmap, or mappings given */
	/* With idmap: these; empty when the container joins a user namespace: then that one. */
	struct spec_id_maps uid_maps, gid_maps;
};

struct spec_hook {
	const char *path;
	struct strv args, env;
	struct opt_i64 timeout;		/* seconds, > 0 */
};

struct spec_hooks {
	const struct spec_hook *v;
	size_t n;
};

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KIND_MAX,
};

enum ns_kind {
	NS_USER,		/* joined and created first */
	NS_CGROUP,
	NS_IPC,
	NS_UTS,
	NS_NET,
	NS_PID,
	NS_MNT,
	NS_TIME,
	NS_KIND_MAX,
};

struct spec_ns {
	bool present;
	const char *path;	/* NULL: make a new one */
};

struct spec_time_offset {
	bool set;
	int64_t secs;
	uint32_t nanosecs;
};

struct spec_device {
	const char *path;
	char type;		/* 'c', 'b', 'p' (u becomes c) */
	int64_t major, minor;
	uint32_t mode;		/* permission bits; default 0666 */
	uint32_t uid, gid;
};

struct spec_net_device {
	const char *host_name;	/* on the host */
	const char *name;	/* inside; equal to host_name when not given */
};

struct spec_sysctl {
	const char *key, *value;	/* as written */
	const char *path;		/* below /proc/sys, checked: "net/ipv4/ip_forward" */
};

struct spec_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	const char *op;		/* "SCMP_CMP_EQ", checked */
};

struct spec_seccomp_rule {
	struct strv names;
	const char *action;	/* "SCMP_ACT_ALLOW", checked */
	struct opt_u32 errno_ret;
	LIST_OF(struct spec_seccomp_arg) args;
};

struct spec_seccomp {
	const char *default_action;
	struct opt_u32 default_errno_ret;
	struct strv architectures, flags;
	const char *listener_path, *listener_metadata;
	LIST_OF(struct spec_seccomp_rule) rules;
};

struct spec_memory_policy {
	const char *mode;	/* "MPOL_BIND" */
	int value;		/* MPOL_*, with the MPOL_F_* of flags */
	const char *nodes;
	struct strv flags;
};
/* Their names (walk until NULL). */
const char *spec_memory_mode(size_t i);
const char *spec_memory_flag(size_t i);

struct spec_linux {
	struct spec_ns ns[NS_KIND_MAX];
	struct spec_id_maps uid_maps, gid_maps;
	struct spec_time_offset time_monotonic, time_boottime;
	LIST_OF(struct spec_device) devices;
	LIST_OF(struct spec_net_device) net_devices;
	const char *cgroups_path;
	struct cg_resources resources;
	LIST_OF(struct spec_sysctl) sysctl;
	struct spec_seccomp *seccomp;
	uint64_t rootfs_propagation;	/* MS_* | MS_REC; 0 when not given */
	struct strv masked_paths, readonly_paths;
	const char *mount_label;
	bool has_personality;
	unsigned long personality;	/* PER_* */
	struct spec_memory_policy *memory_policy;
};

struct spec_annotation {
	const char *key, *value;
};

struct spec {
	struct arena arena;
	const struct json *tree;	/* the whole document, for pass-through */
	const char *oci_version;
	const char *hostname, *domainname;
	const char *root_path;		/* as written; may be relative to the bundle */
	bool root_readonly;
	struct spec_process *process;	/* NULL when absent (create only) */
	LIST_OF(struct spec_mount) mounts;
	struct spec_hooks hooks[HOOK_KIND_MAX];
	LIST_OF(struct spec_annotation) annotations;
	struct spec_linux linux_;
};

/* Parses and checks a config.json text. `what` names it in messages. Everything in *spec
 * (zeroed by the caller) lives until spec_done(). */
int spec_parse(struct err *e, const char *what, const char *text, size_t len, struct spec *spec);

/* What needs more than one property to judge, which spec_parse() does as well: namespaces against
 * what is set in them. May complete mounts (idmap without mappings of its own). */
int spec_check(struct err *e, struct spec *spec);

/* Parses a process document alone (exec --process FILE) into the arena of `spec`. */
int spec_parse_process(struct err *e, struct spec *spec, const char *what, const char *text,
		       size_t len, struct spec_process **ret);

void spec_done(struct spec *spec);

/* Parses what linux.resources holds, alone (update --resources FILE), and writes it again. Unknown
 * properties are gone then, and what asks for nothing. */
int spec_parse_resources(struct err *e, struct arena *a, const char *what, const char *text,
			 size_t len, struct cg_resources *ret);
void spec_write_resources(struct json_writer *w, const char *key, const struct cg_resources *res);

/* Value of an annotation, or NULL. */
const char *spec_annotation(const struct spec *spec, const char *key);

/* "prestart", "createRuntime", ... and "user", "cgroup", ...: spec names and CLONE_NEW* flags. */
const char *hook_kind_name(enum hook_kind kind);
const char *ns_kind_name(enum ns_kind kind);	/* as in config.json: "network", "mount" */
const char *ns_kind_proc_name(enum ns_kind kind);	/* as in /proc/PID/ns: "net", "mnt" */
uint64_t ns_kind_flag(enum ns_kind kind);

/* Writes the default config.json of `bawn spec`. */
int spec_write_default(struct err *e, bool rootless, struct buf *out);

/* mount option tables (mount_options.c): resolves m->options into the fields above. */
int mount_options_resolve(struct err *e, struct arena *a, const struct json *node,
			  struct spec_mount *m);
/* The names it knows, sorted, for `features`: walks until NULL. */
const char *mount_option_name(size_t i);

#endif
