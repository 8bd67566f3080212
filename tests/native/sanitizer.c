/*
 * What the programs of build/asan need of their own: a leak check that works for a
 * container runtime, and an exit status that is none of bawn's.
 *
 * LeakSanitizer looks for leaks at exit from a helper that it clones. After `exec` has
 * joined a pid namespace for its children that helper would be born in the container,
 * from where it does not see us, and both would wait for ever; so we go back first.
 * It cannot work where we may not go back (root of a user namespace), without a /proc
 * (a unit test in a chroot), and below strace, which traces us already. bawn's children
 * end with execve or _exit and are not checked.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

int __lsan_is_turned_off(void);
const char *__asan_default_options(void);

static bool is_traced(void)
{
	static const char none[] = "\nTracerPid:\t0\n";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	char text[1024] = "";

	if (fd < 0)
		return true;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return !strstr(text, none);
}

/* The sanitizer asks this right before its check. */
int __lsan_is_turned_off(void)
{
	int fd = is_traced() ? -1 : open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	bool back;

	if (fd < 0)
		return 1;
	back = setns(fd, CLONE_NEWPID) == 0;
	close(fd);
	return !back;
}

const char *__asan_default_options(void)
{
	return "exitcode=99";
}
