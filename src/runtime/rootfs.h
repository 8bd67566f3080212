/*
 * The container's file tree. rootfs_prepare() runs in the parent on the host and
 * turns every trusted path of config.json into a detached mount; the others run in
 * the child inside its namespaces and know only fds and names inside the rootfs
 * (UNTRUSTED). Nothing allocates after rootfs_prepare().
 *
 *   parent: rootfs_prepare -> clone -> rootfs_done
 *   child:  (namespaces, id maps) rootfs_mount -> host hooks -> sysctl_apply(proc_fd)
 *           -> createContainer hooks -> console_open -> rootfs_pivot -> rootfs_mask -> rootfs_done
 */
#ifndef BAWN_RUNTIME_ROOTFS_H
#define BAWN_RUNTIME_ROOTFS_H

#include "runtime/spec.h"

struct rootfs_options {
	const struct spec *spec;	/* outlives the struct rootfs */
	const char *bundle;		/* absolute path of the bundle */
	int bundle_fd;			/* the same, opened; borrowed for rootfs_prepare */
	bool mnt_ns;			/* the child will have its own mount namespace */
	bool cgroup_ns;			/* ... and its own cgroup namespace */
	bool userns;			/* ... and is in a user namespace, new or joined */
	bool own_userns;		/* ... a new one */
	const char *stage;		/* locks mounts' flags in a user namespace: a directory
					 * to mount on on the way (rootfs_stage.c); or NULL */
	bool no_pivot;
	bool at_path;			/* hooks look for the mounts below the rootfs's path */
	int cgroup_fd;			/* borrowed: the container's cgroup directory, or FD_NONE;
					 * for a cgroup mount without cgroup namespace */
	bool cgroup_writable;		/* that mount may be writable (delegated cgroup) */
};

struct rootfs_mount_state;

struct rootfs {
	struct rootfs_options opt;
	struct arena arena;
	int root_fd;			/* the rootfs; attached by rootfs_mount() */
	int proc_fd;			/* see rootfs_procfs(); may be FD_NONE before it */
	int null_fd;			/* mount of the host's /dev/null for masked files */
	bool at_path;			/* attached there; else on top of "/" */
	bool staged;			/* rootfs_stage() is, or is to be, done */
	bool deferred;			/* the parent may not clone mounts: the child does */
	struct rootfs_mount_state *mounts;	/* one per spec mount */
};

/* Opens rootfs and sources, and sets r->staged: see rootfs_stage(). *r need not be initialised. On
 * failure nothing stays open. */
int rootfs_prepare(struct err *e, struct rootfs *r, const struct rootfs_options *o);

/* When r->staged is set: between the two, in a process in the parent's user namespace, whose child
 * the container's process is. */
int rootfs_stage(struct err *e, struct rootfs *r);

/* In the child: tree propagation, rootfs on top of "/" or, at_path, of itself; all mounts in order,
 * devices and links. */
int rootfs_mount(struct err *e, struct rootfs *r);

/* A procfs of the container's pid namespace for sysctls, LSM labels and the like: the one the
 * container got, seen without what is mounted on it; else a new one. 0: it is in r->proc_fd
 * and stays the rootfs's. */
int rootfs_procfs(struct err *e, struct rootfs *r);

/* Makes the rootfs the root and the current directory: late read-only mounts, pivot_root and the
 * old tree away. With no_pivot or without a mount namespace: chroot, which a process with
 * CAP_SYS_CHROOT can leave. */
int rootfs_pivot(struct err *e, struct rootfs *r);

/* maskedPaths and readonlyPaths; after rootfs_pivot(). */
int rootfs_mask(struct err *e, struct rootfs *r);

/* Closes everything; parent and child both call it, the parent right after the clone: its fds keep
 * the mounts busy. Accepts a zeroed struct and one that is done. */
void rootfs_done(struct rootfs *r);
#define _rootfs_ __attribute__((cleanup(rootfs_done)))

#endif
