/*
 * What the programs of build/asan need of their own: a leak check that works for a
 * container runtime, and an exit status that is none of bawn's.
 *
 * LeakSanitizer looks for leaks at exit from a helper that it clones. After `exec` has
 * joined a pid namespace for its children that helper would be born in the container,
 * from where it does not see us, and both would wait for ever; so we go back first.
 * Without a /proc (a unit test in a chroot) it cannot work. bawn's children end with
 * execve or _exit and are not checked.
 */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

int __lsan_is_turned_off(void);
const char *__asan_default_options(void);

/* The sanitizer asks this right before its check. */
int __lsan_is_turned_off(void)
{
	int fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 1;
	(void)setns(fd, CLONE_NEWPID);
	close(fd);
	return 0;
}

const char *__asan_default_options(void)
{
	return "exitcode=99";
}
