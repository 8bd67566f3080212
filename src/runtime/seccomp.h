/*
 * seccomp: linux.seccomp of the config as a classic BPF program, and its installation.
 *
 * The compiler sorts every system call number of every architecture into ranges with
 * the same verdict and searches them as a balanced tree. A verdict is found like this:
 *
 *  - an architecture (or the x32 mode) that the profile does not list: kill the thread;
 *    the native one is always listed. Listed ones that this kernel cannot run are
 *    ignored, so are system call names that nobody knows;
 *  - a rule without arguments decides; of several the first one;
 *  - else of the argument rules that match the strictest one (in the kernel's order:
 *    kill process, kill thread, trap, errno, notify, trace, log, allow);
 *  - else ENOSYS for a number above all those that the profile names, unless the default
 *    is to allow, log or trace: new libc must see "not there", not "forbidden";
 *  - else the default action.
 *
 * A rule with the default action is no rule (but its names count for ENOSYS). A rule that
 * looks at one argument twice is one rule per condition. On 32-bit architectures the low
 * words of arguments are compared. All that is what runc and libseccomp do, with these
 * differences: conflicting argument rules are an error or in tree order there; and what
 * x86 reaches through socketcall(2) and ipc(2), whose arguments a filter cannot see:
 * a rule without arguments covers that way in too, and where there are argument rules
 * only, the strictest of them and the default counts. An unconditional rule for socketcall
 * or ipc itself overrules this.
 *
 * Input: the spec, checked by the validator or not.
 */
#ifndef BAWN_RUNTIME_SECCOMP_H
#define BAWN_RUNTIME_SECCOMP_H

#include <linux/filter.h>

#include "base/base.h"
#include "runtime/spec.h"

struct seccomp_program {
	struct sock_filter *insns;	/* in the arena */
	unsigned short len;
	unsigned int flags;		/* SECCOMP_FILTER_FLAG_* */
	bool notify;			/* loading it gives a listener */
};

/*
 * 0, or -errno: a name, operator, flag, errno or argument index that is wrong, more than the
 * 4096 instructions that the kernel takes, or SCMP_ACT_NOTIFY for a call without which the
 * listener cannot be handed over: see seccomp_notify_forbidden(). Ignored names go to the debug
 * log.
 */
int seccomp_compile(struct err *e, struct arena *a, const struct spec_seccomp *s,
		    struct seccomp_program *ret);

/*
 * Installs the filter in the calling process: needs no_new_privs or CAP_SYS_ADMIN. No allocation.
 * *ret_listener is a close-on-exec fd that the caller owns when p->notify, else -EBADF. From the
 * return on the filter is in force: between here and exec only what the profile allows works.
 */
int seccomp_program_load(struct err *e, const struct seccomp_program *p, int *ret_listener);

/*
 * Whether the filter lets the calling process's own architecture do `nr` with args (6 of them), as
 * from instruction address 0. No system call, no allocation.
 */
bool seccomp_program_allows(const struct seccomp_program *p, long nr, const uint64_t *args);

/*
 * With a listener, nobody answers notifications before it has left the process: what bawn calls
 * to hand it over must not be notified. Everything later (close, read, recvmsg at the start gate,
 * execve) may be: the agent answers. Walks until NULL.
 */
const char *seccomp_notify_forbidden(size_t i);

/* The names of the config, for `features` (walk until NULL) and for the validator. */
const char *seccomp_action_name(size_t i);
const char *seccomp_op_name(size_t i);
const char *seccomp_arch_name(size_t i);
const char *seccomp_flag_name(size_t i);
bool seccomp_action_known(const char *name);
bool seccomp_op_known(const char *name);
bool seccomp_arch_known(const char *name);
bool seccomp_flag_known(const char *name);
/* Whether the running kernel takes the flag or the action. */
bool seccomp_flag_supported(const char *name);
bool seccomp_action_supported(const char *name);

/* Number of a system call for the native architecture, or -1. */
int seccomp_syscall_number(const char *name);

#endif
