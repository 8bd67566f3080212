/*
 * Thin wrappers: system calls that libc lacks (musl 1.2.3 and glibc 2.36 both are
 * supported), with the libc convention: -1 and errno. EINTR is retried where a
 * signal must not matter. Mount system calls take fds and live in path/.
 */
#ifndef BAWN_SYS_H
#define BAWN_SYS_H

#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* O_CLOEXEC is added. */
int sys_openat2(int dirfd, const char *path, const struct open_how *how);
/* Returns as fork(2). A bare clone3: no atfork handlers, the child shares nothing with libc's
 * locks; the parent must be single-threaded. */
pid_t sys_clone3(struct clone_args *args);
int sys_pidfd_open(pid_t pid);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
int sys_pivot_root_here(void);	/* pivot_root(".", ".") */
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_memfd_create(const char *name, unsigned int flags);
/* Mount id of fd (statx STATX_MNT_ID); 0 or -1. */
int sys_mount_id(int fd, uint64_t *ret);
long sys_keyctl_join_session(const char *name);
int sys_sched_setattr(pid_t pid, const void *attr);
int sys_ioprio_set(int which, int who, int prio);
/* Whether this process is in the user namespace of the machine; true when /proc cannot tell. */
bool sys_in_initial_userns(void);
long sys_set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode);

#endif
