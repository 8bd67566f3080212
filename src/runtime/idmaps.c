/*
 * Id maps: who has CAP_SETUID and CAP_SETGID may write any map of ids that we have
 * ourselves. An ordinary user may map the own uid and, once setgroups(2) is denied in the
 * namespace, the own gid; the ranges of /etc/subuid and /etc/subgid take newuidmap and
 * newgidmap, setuid programs of the system. They are found in PATH, but only in
 * directories and files that nobody but root can write to.
 */
#include "runtime/idmaps.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/subprocess.h"

/* They may ask a directory server for the user's name. */
#define HELPER_LIMIT_MS 30000

struct kind {
	const char *file, *member, *helper, *ranges;
};

static const struct kind uids = {"uid_map", "uidMappings", "newuidmap", "/etc/subuid"};
static const struct kind gids = {"gid_map", "gidMappings", "newgidmap", "/etc/subgid"};

/* 0 or -errno */
static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];

	(void)str_format(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_write_at(AT_FDCWD, path, text, strlen(text));
}

static bool roots_alone(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == 0 &&
	       !(st.st_mode & 022);
}

static int open_helper(struct err *e, const struct kind *k)
{
	const char *list = getenv("PATH");
	char dir[PATH_MAX];

	for (const char *p = list ? list : "/usr/bin:/bin"; *p; p += *p == ':') {
		size_t n = strcspn(p, ":");
		_close_ int at = FD_NONE, fd = FD_NONE;

		if (*p == '/' && str_format(dir, sizeof(dir), "%.*s", (int)n, p) == 0)
			at = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (at >= 0 && roots_alone(at, S_IFDIR))
			fd = openat(at, k->helper, O_PATH | O_CLOEXEC);
		if (fd >= 0 && roots_alone(fd, S_IFREG))
			return take_fd(&fd);
		p += n;
	}
	return err_set(
		e, ERR_UNSUPPORTED,
		"an ordinary user can map more than the own id only with %s, which is not in "
		"PATH; install it (Debian: uidmap)",
		k->helper);
}

static int helper_failed(struct err *e, const struct kind *k, const struct subprocess_end *end)
{
	if (end->timed_out)
		return err_num(e, ETIMEDOUT, "%s", k->helper);
	if (end->signal)
		return err_num(e, EIO, "%s: killed by signal %d", k->helper, end->signal);
	err_set(e, ERR_CONFIG, "%s; what user %u may map is in %s",
		*end->output ? end->output : k->helper, (unsigned int)getuid(), k->ranges);
	e->num = EPERM;
	return -EPERM;
}

/* newuidmap PID CONTAINER-ID HOST-ID SIZE... */
static int fill_argv(struct err *e, struct arena *a, pid_t pid, const struct kind *k,
		     const struct spec_id_maps *maps, char ***ret)
{
	char **argv = arena_array(a, 3 * maps->n + 3, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return err_nomem(e);
	argv[n++] = arena_strdup(a, k->helper);
	argv[n++] = arena_printf(a, "%d", (int)pid);
	for (size_t i = 0; i < maps->n; i++) {
		argv[n++] = arena_printf(a, "%u", maps->v[i].container_id);
		argv[n++] = arena_printf(a, "%u", maps->v[i].host_id);
		argv[n++] = arena_printf(a, "%u", maps->v[i].size);
	}
	for (size_t i = 0; i < n; i++)
		if (!argv[i])
			return err_nomem(e);
	*ret = argv;
	return 0;
}

static int run_helper(struct err *e, pid_t pid, const struct kind *k,
		      const struct spec_id_maps *maps)
{
	static char *const no_env[] = {NULL};
	_close_ int program = open_helper(e, k), in = FD_NONE;
	_arena_ struct arena a = {0};
	struct subprocess_end end;
	struct subprocess p = {
		.dirfd = program,
		.path = "",
		.envp = no_env,
		.cgroup_fd = FD_NONE,
		.limit_ms = HELPER_LIMIT_MS,
	};
	char **argv = NULL;
	int r = program < 0 ? program : fill_argv(e, &a, pid, k, maps, &argv);

	if (r < 0)
		return r;
	p.argv = argv;
	p.in = in = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_sys(e, "open /dev/null");
	r = subprocess_run(e, &p, &end);
	if (r < 0)
		return err_wrap(e, r, "%s", k->helper);
	return end.timed_out || end.signal || end.status ? helper_failed(e, k, &end) : 0;
}

static bool is_only(const struct spec_id_maps *maps, uint32_t id)
{
	return maps->n == 1 && maps->v[0].size == 1 && maps->v[0].host_id == id;
}

static int write_map(struct err *e, pid_t pid, const struct kind *k,
		     const struct spec_id_maps *maps, bool is_own)
{
	_buf_ struct buf text = {0};
	int r;

	if (!maps->n)
		return 0;
	for (size_t i = 0; i < maps->n; i++)
		buf_printf(&text, "%u %u %u\n", maps->v[i].container_id, maps->v[i].host_id,
			   maps->v[i].size);
	if (text.failed)
		return err_nomem(e);
	r = write_file(pid, k->file, text.data);
	/* Unprivileged, a group can be mapped only with setgroups denied (CVE-2014-8989). */
	if (r == -EPERM && k == &gids && is_own && write_file(pid, "setgroups", "deny") == 0)
		r = write_file(pid, k->file, text.data);
	if (r == -EPERM && !is_own && geteuid() != 0)
		return run_helper(e, pid, k, maps);
	if (r == -EPERM)
		return err_num(e, r, "write /proc/%d/%s: bawn itself must have all of these ids",
			       (int)pid, k->file);
	return r < 0 ? err_num(e, r, "write /proc/%d/%s", (int)pid, k->file) : 0;
}

int idmaps_write(struct err *e, pid_t pid, const struct spec_linux *l)
{
	const struct kind *k = &uids;
	int r = write_map(e, pid, k, &l->uid_maps, is_only(&l->uid_maps, geteuid()));

	if (r == 0) {
		k = &gids;
		r = write_map(e, pid, k, &l->gid_maps, is_only(&l->gid_maps, getegid()));
	}
	return r < 0 ? err_wrap(e, r, "linux.%s", k->member) : 0;
}
