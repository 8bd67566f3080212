/*
 * preload: lets bawn run under valgrind. System calls that valgrind does not know are
 * left to inject.c; and bawn finds itself sealed already, since valgrind does not take
 * part in the second run from the sealed image (src/path/selfexe.c).
 */
#include "inject.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL_SEALS 0x0f
#define LAST_FD 511

typedef long (*syscall_fn)(long, ...);

static const short unknown[] = {
	SYS_seccomp,	   SYS_pidfd_send_signal, SYS_pidfd_open,
	SYS_clone3,	   SYS_openat2,		  SYS_close_range,
	SYS_faccessat2,	   SYS_open_tree,	  SYS_move_mount,
	SYS_fsopen,	   SYS_fsconfig,	  SYS_fsmount,
	SYS_mount_setattr, SYS_sched_setattr,	  SYS_pivot_root,
};

static int is_unknown(long nr)
{
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (unknown[i] == nr)
			return 1;
	return 0;
}

long syscall(long nr, ...)
{
	syscall_fn real = (syscall_fn)dlsym(RTLD_NEXT, "syscall");
	volatile struct wish wish = {.magic = WISH_MAGIC, .nr = (unsigned long)nr};
	va_list ap;
	long r;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		wish.args[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (!is_unknown(nr))
		return real(nr, wish.args[0], wish.args[1], wish.args[2], wish.args[3],
			    wish.args[4], wish.args[5]);
	/* valgrind's own fds are the highest ones. */
	if (nr == SYS_close_range && wish.args[1] > LAST_FD)
		wish.args[1] = LAST_FD;
	r = real(SYS_sched_get_priority_max, &wish);
	/* The announcement; this call is the one that becomes clone3. */
	return nr == SYS_clone3 ? real(SYS_clone, 17L /* SIGCHLD */, 0L, 0L, 0L, 0L) : r;
}

/* "Executed from fd N", and below: "its file is a memfd with all seals". */
unsigned long getauxval(unsigned long type)
{
	static char name[32];

	if (type != AT_EXECFN)
		return ((unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval"))(type);
	snprintf(name, sizeof(name), "/dev/fd/%d", open("/dev/null", O_RDONLY));
	return (unsigned long)name;
}

int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (cmd == F_GET_SEALS)
		return ALL_SEALS;
	return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl"))(fd, cmd, arg);
}
