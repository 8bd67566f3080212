/*
 * Private to create, run and exec: what the two halves of a start share. The parent
 * fills it in, clones, and the child reads its own copy.
 */
#ifndef BAWN_RUNTIME_LAUNCH_H
#define BAWN_RUNTIME_LAUNCH_H

#include "runtime/channel.h"
#include "runtime/container.h"
#include "runtime/helper.h"
#include "runtime/ns.h"
#include "runtime/rootfs.h"
#include "runtime/seccomp.h"

/* The last stretch of the way, the same for a container's first process and for exec. */
struct program {
	struct spec_process *process;
	const struct seccomp_program *seccomp;	/* NULL: none */
	int channel;				/* to the parent */
	uint32_t preserve_fds;
	bool terminal;				/* its fd 0 becomes its own: shelter.h */
};

struct launch {
	const struct runtime *rt;
	const struct launch_options *opt;
	struct container c;
	struct spec spec;
	char bundle[PATH_MAX];
	int bundle_fd;
	struct ns_plan ns;
	struct rootfs fs;
	struct seccomp_program seccomp;
	struct program program;
	struct arena packed;		/* see program_pack() */
	int cgroup_fd;			/* FD_NONE: without */
	struct strv networks;		/* of --network or its annotation, without "none" etc. */
	int joined_net;			/* --network container:ID: its namespace, or FD_NONE */
	struct helper unit;		/* --cgroup-manager systemd: unit.h */
	bool unit_attach;		/* the child could not be born in its cgroup */
	int channel[2];			/* parent, child */
	int gate;			/* listener of the start gate; FD_NONE for run */
	bool wait_for_hooks;		/* the child stops for the parent in its new namespaces */
	uint64_t ignored_signals;
	pid_t pid;
	int pidfd;
	int console;			/* terminal master */
	bool made;			/* the state directory is ours */
};

/* The child's half (init.c): from the first instruction after clone to execve. Never returns. */
_Noreturn void init_main(struct launch *l);

/* Whether the child begins by waiting for MSG_GO: until its user namespace has maps; and when there
 * is a stage one, until that one's MSG_PID is read, which must be the first message. */
static inline bool init_waits_first(const struct launch *l)
{
	return l->ns.two_stages || l->ns.make & CLONE_NEWUSER;
}

/* program.c: limits, labels, cwd, credentials, then finds the file to execute. After it nothing
 * of bawn's rights is left but what the seccomp filter needs. */
int program_confine(struct err *e, const struct program *p, int proc_fd, char *path, size_t size);
/* Copies what the two functions below need into one small block, so that a process that waits long
 * at its start gate can give back everything else. */
int program_pack(struct err *e, struct program *p, struct arena *a);
/* Installs the filter and executes. Returns only on failure. */
int program_execute(struct err *e, const struct program *p, const char *path);
/* With SCMP_ACT_NOTIFY the filter comes before the start gate, while the parent is still there
 * to take over the listener; does nothing otherwise. */
int program_load_notify(struct err *e, const struct program *p);
/* Ends the child: tells the parent (or `start`) why. */
_Noreturn void program_fail(int channel, const struct err *err);

/* What a child inherits from whoever called bawn and must not: ignored signals (nohup, shells, some
 * engines; the mask is asked for once, in the parent, which is cheaper than 31 calls) and the
 * signal mask. Real-time signals, which nobody ignores for others, are left alone. */
uint64_t program_ignored_signals(void);
void program_reset_signals(uint64_t ignored);

/* launch.c: everything up to "only the start is missing". with_gate: `start` comes later. */
void launch_init(struct launch *l, const struct runtime *rt, const struct launch_options *o);
int launch_prepare(struct err *e, struct launch *l, bool with_gate);
/* Takes back whatever launch_prepare() made. */
void launch_undo(struct launch *l);
void launch_done(struct launch *l);
#define _launch_ __attribute__((cleanup(launch_done)))

/* launch_parts.c: the parent's answers to the child and to the caller. */
/* A writable cgroup mount in a user namespace of its own asks for a cgroup of its own too. */
bool launch_delegates(const struct launch *l);
int launch_delegate(struct err *e, const struct launch *l);
int launch_hooks(struct err *e, struct launch *l, enum hook_kind kind,
		 enum container_status status);
int launch_announce(struct err *e, struct launch *l);
/* net_devices.c: moves linux.netDevices into the child's network namespace. */
int launch_net_devices(struct err *e, const struct launch *l);

#endif
