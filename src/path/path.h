/*
 * The only doors to paths, procfs and mounts. Everything below a container's
 * rootfs is UNTRUSTED: its names are resolved by the kernel inside one root fd
 * (openat2 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), never as strings, and mounts
 * go from fd to fd. Nothing here allocates, so all of it is usable between clone
 * and exec. Every fd returned is O_CLOEXEC.
 */
#ifndef BAWN_PATH_H
#define BAWN_PATH_H

#include "base/base.h"

/* ---- root.c: names inside a root fd ---- */

/* Opens what `path` names inside `root` (absolute and relative mean the same; links are resolved
 * inside, magic links refused). `flags` as for open(2) without O_CREAT. */
int path_open(struct err *e, int root, const char *path, uint64_t flags);

/* The same, but no component may be a symbolic link: /proc, /sys and /dev must be exactly
 * themselves (CVE-2019-19921, CVE-2023-27561, CVE-2026-41579). ERR_SECURITY for a link. */
int path_open_exact(struct err *e, int root, const char *path, uint64_t flags);

/* An O_PATH fd of the directory or file `path`, created with what is missing on the way (dirs 0755,
 * the file empty, 0644). Links, dangling ones too, lead to places inside the root. An existing
 * object is returned whatever its type is, but path_make_dir refuses what is no directory. */
int path_make_dir(struct err *e, int root, const char *path);
int path_make_file(struct err *e, int root, const char *path);
/* path_make_dir where no component may be a link. */
int path_make_dir_exact(struct err *e, int root, const char *path);

/* ---- procfs.c: /proc that nobody can shape ---- */

/* A detached procfs of the caller's pid namespace. Where the kernel grants no new one (a user
 * namespace below a masked /proc) it is a clone of /proc, or /proc itself, checked to be the root
 * of a procfs; that is logged (debug). Members that something is mounted on are refused anyway. */
int procfs_open(struct err *e);

/* Opens `name` ("self/attr/exec") below procfs fd `proc`: no links, no other mount. */
int procfs_open_at(struct err *e, int proc, const char *name, int flags);
/* One write(2) of `data` to an existing file. */
int procfs_write(struct err *e, int proc, const char *name, const void *data, size_t len);
/* Appends the file, at most `max` bytes, to b (allocates). */
int procfs_read(struct err *e, int proc, const char *name, size_t max, struct buf *b);
/* Opens a magic link of a process this caller made or is: "self/ns/user", "123/ns/mnt",
 * "self/exe". The directory is reached as in procfs_open_at, the last component is followed. */
int procfs_open_link(struct err *e, int proc, const char *name, int flags);

/* ---- mount.c: mounts by fd; there is no mount(2) in this program ---- */

struct mount_fs {
	const char *type;		/* "tmpfs" */
	const char *source;		/* may be NULL */
	char *const *data;		/* "size=64k", "ro"; n_data of them */
	size_t n_data;
	const char *context;		/* SELinux label or NULL */
	uint64_t sb_flags;		/* MS_SYNCHRONOUS, _DIRSYNC, _LAZYTIME, _RDONLY ... */
	uint64_t attrs;			/* MOUNT_ATTR_* of the mount */
};

/* A new, detached mount of a new file system. The kernel's own reason is part of the message. */
int mount_new_fs(struct err *e, const struct mount_fs *fs);

/* A detached clone of what dirfd/path names ("" = dirfd itself); with everything mounted below it
 * when recursive. Follows links: for trusted paths and for fds. */
int mount_clone(struct err *e, int dirfd, const char *path, bool recursive);

struct mount_change {
	uint64_t set, clear;		/* MOUNT_ATTR_* */
	uint64_t propagation;		/* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
	int userns_fd;			/* for MOUNT_ATTR_IDMAP in set */
	bool recursive;
};
/* All of it in one call; does nothing when there is nothing to change. AT_FDCWD is the mount of the
 * current directory, here and in mount_attach_fd. */
int mount_change(struct err *e, int mount_fd, const struct mount_change *change);

/* Attaches a detached mount on the object that target_fd refers to. */
int mount_attach_fd(struct err *e, int mount_fd, int target_fd, const char *what);
/* Whether `path` inside root shows mount_fd's mount now; ERR_SECURITY when it shows something
 * else, as when the rootfs was changed meanwhile. */
int mount_verify(struct err *e, int mount_fd, int root, const char *path);
/* mount_attach_fd, then mount_verify. `path` inside root is what target_fd was opened by. */
int mount_attach(struct err *e, int mount_fd, int target_fd, int root, const char *path);
/* Makes the root of the mount namespace (with what is mounted on it) this process's root and
 * current directory: out of a chroot. */
int mount_enter_top(struct err *e);
/* Lazily detaches what is mounted at the current directory. */
int mount_detach_here(struct err *e);

/* ---- selfexe.c: a program file that the container cannot write (CVE-2019-5736) ---- */

/* First thing in create, run and exec, before any input is read and any thread runs. Returns 0 when
 * this process runs from a sealed image; else executes itself from one, with the same arguments,
 * and does not return. An error is final for host root; where it cannot matter (a user
 * namespace) the result is 0. The fd that keeps the image is marked close-on-exec by the second
 * run and is returned in *ret_fd (FD_NONE when there is none): whoever closes it last waits for a
 * kernel grace period, so leave it open until there is time. */
int selfexe_seal(struct err *e, char *const argv[], char *const envp[], int *ret_fd);

enum selfexe_kind { SELFEXE_PLAIN, SELFEXE_OVERLAY, SELFEXE_MEMFD };
/* What this process runs from, for `doctor` and tests. */
enum selfexe_kind selfexe_kind(void);

/* An O_PATH fd of the directory that the program was first started from, or -errno. When it runs
 * from an overlay, selfexe_seal()'s fd is that directory instead. */
int selfexe_open_dir(void);

#endif
