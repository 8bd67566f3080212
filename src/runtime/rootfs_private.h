/* Shared by the files of rootfs: see rootfs.h. */
#ifndef BAWN_RUNTIME_ROOTFS_PRIVATE_H
#define BAWN_RUNTIME_ROOTFS_PRIVATE_H

#include "path/path.h"
#include "runtime/rootfs.h"

#include <linux/mount.h>

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* What becomes of one mount of config.json on its way into the rootfs. */
struct rootfs_mount_state {
	int fd;			/* detached source until attached; later only if late_ro */
	bool staged;		/* to be found on the stage: rootfs_stage.c */
	bool late_ro;		/* becomes read-only at the end: things are made in it before */
};

/* ---- rootfs_source.c ---- */

/* The clone of the rootfs, ready to be attached; `dir` and `path` as for openat(2). */
int rootfs_clone_root(struct err *e, struct rootfs *r, int dir, const char *path);
/* The detached mount of bind number i with its attributes. */
int rootfs_open_bind(struct err *e, struct rootfs *r, size_t i, int dir, const char *path);
/* The same of the container's cgroup directory. */
int rootfs_open_cgroup(struct err *e, struct rootfs *r, size_t i);
/* The config's path as seen from anywhere: the bundle's fd is of the parent's mount namespace. */
int rootfs_host_path(struct err *e, const struct rootfs *r, const char *path, char *out,
		     size_t size);
/* Sources that only the child can open (a runtime without privileges on the host). */
int rootfs_open_deferred(struct err *e, struct rootfs *r);

/* ---- rootfs_stage.c ---- */

/* Rootfs and sources from the stage, which is the current directory. */
int rootfs_take_staged(struct err *e, struct rootfs *r);

/* ---- rootfs_idmap.c ---- */

/* Maps the detached mount as mounts[i] asks for. */
int rootfs_idmap(struct err *e, const struct rootfs *r, size_t i, int mount_fd);

/* ---- rootfs_copyup.c ---- */

/* Copies what directory `from` (O_PATH) holds into the empty directory `to`. Both UNTRUSTED. */
int rootfs_copy_up(struct err *e, int from, int to);

/* ---- rootfs.c ---- */

/* "/dev", "/dev/" and "//dev" are the same destination. */
bool rootfs_is_destination(const char *destination, const char *path);
/* "/dev/pts" is below "/dev/"; by name alone, false when a ".." is in it. */
bool rootfs_is_below(const char *destination, const char *above);
/* Makes the root of the mount namespace ours: out of a chroot, or where we are already. */
int rootfs_enter_top(struct err *e, const struct rootfs *r);
/* Cuts the copied host tree off from the host: all of it, also when bawn was called in a chroot.
 * Then root and current directory are those of the mount namespace; with come_back, bawn's. */
int rootfs_cut_off(struct err *e, const struct rootfs *r, bool come_back);
/* The propagation of rootfsPropagation without MS_REC: what host mounts get at first. */
uint64_t rootfs_base_propagation(const struct rootfs *r);

#endif
