/* System calls that libc lacks: see sys.h. */
#include "base.h"

#include <linux/close_range.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000u
#endif

/* The kernel's struct statx up to stx_mnt_id (Linux 5.8); musl 1.2.3 does not declare it. */
struct statx_mount {
	uint32_t mask;
	unsigned char skipped[140];
	uint64_t mnt_id;
	unsigned char rest[104];
};
_Static_assert(offsetof(struct statx_mount, mnt_id) == 0x90, "stx_mnt_id is at 0x90");
_Static_assert(sizeof(struct statx_mount) == 256, "struct statx has 256 bytes");

int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	struct open_how h = *how;

	h.flags |= O_CLOEXEC;
	return (int)syscall(SYS_openat2, dirfd, path, &h, sizeof(h));
}

pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int sys_pivot_root_here(void)
{
	return (int)syscall(SYS_pivot_root, ".", ".");
}

int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

int sys_memfd_create(const char *name, unsigned int flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

int sys_mount_id(int fd, uint64_t *ret)
{
	struct statx_mount st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
		return -1;
	*ret = st.mnt_id;
	return 0;
}

long sys_keyctl_join_session(const char *name)
{
	return syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name, 0, 0, 0);
}

int sys_sched_setattr(pid_t pid, const void *attr)
{
	return (int)syscall(SYS_sched_setattr, pid, attr, 0);
}

int sys_ioprio_set(int which, int who, int prio)
{
	return (int)syscall(SYS_ioprio_set, which, who, prio);
}

long sys_set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	return syscall(SYS_set_mempolicy, mode, mask, maxnode);
}

bool sys_in_initial_userns(void)
{
	/* PROC_USER_INIT_INO, the same since Linux 3.8. A map of all ids onto themselves would not
	 * do: root can give one to any namespace. */
	static const char initial[] = "user:[4026531837]";
	char link[64];
	ssize_t n = readlink("/proc/self/ns/user", link, sizeof(link) - 1);

	if (n < 0)
		return true;
	link[n] = '\0';
	return str_eq(link, initial);
}
