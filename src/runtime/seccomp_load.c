/* Installs a compiled filter. Runs in the container's init just before exec: no allocation, no
 * system call but the one. */
#include "runtime/seccomp_internal.h"

#include <sys/syscall.h>

int seccomp_program_load(struct err *e, const struct seccomp_program *p, int *ret_listener)
{
	struct sock_fprog prog = { .len = p->len, .filter = p->insns };
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->flags, &prog);

	if (r < 0)
		return err_sys(e, "load the seccomp filter (%u instructions, flags %#x)", p->len,
			       p->flags);
	*ret_listener = -EBADF;
	if (p->notify)
		*ret_listener = (int)r;
	else if (r > 0)		/* TSYNC: the thread that could not follow */
		return err_num(e, ESRCH, "load the seccomp filter in thread %ld", r);
	return 0;
}
