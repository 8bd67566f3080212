/* Two stages: see stage.h. */
#include "runtime/stage.h"

#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>

#include "runtime/launch.h"

void stage_make(int channel, uint64_t flags)
{
	_close_ int pidfd = FD_NONE;
	struct clone_args args = {
		.flags = CLONE_PARENT | CLONE_PIDFD | flags,
		.pidfd = (uintptr_t)&pidfd,
	};
	struct err e;
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		return;
	if (pid < 0)
		err_sys(&e, "make the container's process and its namespaces%s",
			errno == EPERM && flags & CLONE_NEWUSER ? NS_USER_REFUSED : "");
	if (pid < 0 || channel_send(&e, channel, MSG_PID, pidfd) < 0)
		program_fail(channel, &e);
	_exit(0);
}

/* "Pid:\t123" in the fdinfo of a pidfd. */
static int pid_of_pidfd(struct err *e, int pidfd, pid_t *ret)
{
	_buf_ struct buf text = {0};
	char path[64];
	const char *p;
	char digits[16];
	uint32_t pid;
	int r;

	(void)str_format(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = file_read_at(e, AT_FDCWD, path, 4096, &text);
	if (r < 0)
		return r;
	p = text.data ? strstr(text.data, "Pid:\t") : NULL;
	if (!p ||
	    str_format(digits, sizeof(digits), "%.*s", (int)strspn(p + 5, "0123456789"), p + 5) <
		    0 ||
	    str_to_u32(digits, &pid) < 0)
		return err_num(e, ESRCH, "find the pid of the container's process");
	*ret = (pid_t)pid;
	return 0;
}

int stage_take(struct err *e, int channel, pid_t *pid, int *pidfd)
{
	_close_ int fd = FD_NONE;
	pid_t first = *pid;
	int r;

	r = channel_expect(e, channel, MSG_PID, &fd);
	if (r == 0 && fd < 0)
		r = err_num(e, EPROTO, "stage one sent no process");
	if (r == 0)
		r = pid_of_pidfd(e, fd, pid);
	if (r < 0)
		return r;
	while (waitpid(first, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(pidfd);
	*pidfd = take_fd(&fd);
	return 0;
}
