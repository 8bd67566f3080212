/* Finding and running helper programs: see helper.h. */
#include "runtime/helper.h"

#include <limits.h>

#include "runtime/subprocess.h"

#ifndef BAWN_LIBEXECDIR
#define BAWN_LIBEXECDIR "/usr/local/libexec/bawn"
#endif

#define HELPER_LIMIT_MS 10000

static int helper_open(struct err *e, const struct runtime *rt, const char *name)
{
	/* When bawn runs from a memfd this is no directory: then only the second place counts. */
	int beside = rt->image_fd ? *rt->image_fd : FD_NONE, fd = FD_NONE;
	char path[PATH_MAX];

	if (beside >= 0)
		fd = openat(beside, name, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (str_format(path, sizeof(path), "%s/%s", BAWN_LIBEXECDIR, name) == 0)
		fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(
			e, ERR_UNSUPPORTED,
			"the helper program is neither beside bawn nor in %s; install it there",
			BAWN_LIBEXECDIR);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

/* The message of the helper is complete: no errno text is added. */
static int helper_failed(struct err *e, const struct subprocess_end *end)
{
	if (end->timed_out)
		err_set(e, ERR_CONFIG, "killed: not done in %d seconds", HELPER_LIMIT_MS / 1000);
	else if (end->signal)
		err_set(e, ERR_CONFIG, "killed by signal %d", end->signal);
	else if (*end->output)
		err_set(e, ERR_CONFIG, "%s", end->output);
	else
		err_set(e, ERR_CONFIG, "exit status %d", end->status);
	e->code = ERR_SYSTEM;
	e->num = end->timed_out ? ETIMEDOUT : EIO;
	return -e->num;
}

int helper_run(struct err *e, const struct runtime *rt, const char *name, char *const argv[],
	       const int *fds, size_t n_fds)
{
	static char *const no_env[] = {NULL};
	_close_ int program = helper_open(e, rt, name);
	_close_ int in = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	const struct subprocess p = {
		.dirfd = program,
		.path = "",
		.argv = argv,
		.envp = no_env,
		.cgroup_fd = FD_NONE,
		.in = in,
		.fds = fds,
		.n_fds = n_fds,
		.limit_ms = HELPER_LIMIT_MS,
	};
	struct subprocess_end end;
	int r = program;

	if (r >= 0 && in < 0)
		r = err_sys(e, "open /dev/null");
	if (r >= 0)
		r = subprocess_run(e, &p, &end);
	if (r == 0 && (end.timed_out || end.signal || end.status))
		r = helper_failed(e, &end);
	return r < 0 ? err_wrap(e, r, "%s", name) : 0;
}
