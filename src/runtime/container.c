/* A container's directory, lock and life: see container.h. */
#include "runtime/container.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/gate.h"

int container_id_check(struct err *e, const char *id)
{
	size_t n = strlen(id);

	if (n == 0 || n > CONTAINER_ID_MAX)
		return err_set(e, ERR_USAGE,
			       "invalid container id: it has %zu characters, not 1 to %d", n,
			       CONTAINER_ID_MAX);
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)id[i];
		bool ok = (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
			  (ch >= '0' && ch <= '9') || ch == '_' || ch == '+' || ch == '-' ||
			  (ch == '.' && i > 0);

		if (!ok)
			return err_set(e, ERR_USAGE,
				       "invalid container id \"%s\": allowed are letters, digits, "
				       "\"_\", \"+\", \"-\" and, not first, \".\"",
				       id);
	}
	return 0;
}

static int open_dir(struct container *c)
{
	c->dir_fd = c->rt->root_fd < 0 ? -ENOENT
				       : openat(c->rt->root_fd, c->id,
						O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->dir_fd < 0 ? -1 : 0;
}

static int set_id(struct err *e, struct container *c, const struct runtime *rt, const char *id)
{
	int r = container_id_check(e, id);

	*c = (struct container){.rt = rt, .dir_fd = FD_NONE, .cg = {.fd = FD_NONE}};
	if (r < 0)
		return r;
	return str_format(c->id, sizeof(c->id), "%s", id);
}

/* Somebody who clears up (gc, delete --force) may take the new directory for one whose maker died
 * until it is locked: then it is made again. -EAGAIN: lost that race. */
static int try_new(struct err *e, struct container *c)
{
	struct stat st;

	if (mkdirat(c->rt->root_fd, c->id, 0700) < 0)
		return errno == EEXIST
			       ? err_set(e, ERR_EXISTS, "container with id exists already: %s",
					 c->id)
			       : err_sys(e, "make the state directory %s/%s", c->rt->root, c->id);
	if (open_dir(c) == 0 && flock(c->dir_fd, LOCK_EX) == 0 && fstat(c->dir_fd, &st) == 0 &&
	    st.st_nlink > 0)
		return 0;
	fd_close(&c->dir_fd);
	err_num(e, EAGAIN, "make and lock the state directory %s/%s", c->rt->root, c->id);
	return -EAGAIN;
}

int container_new(struct err *e, struct container *c, const struct runtime *rt, const char *id)
{
	int r = set_id(e, c, rt, id);

	if (r < 0)
		return r;
	for (int round = 0; round < 64; round++) {
		r = try_new(e, c);
		if (r != -EAGAIN)
			break;
	}
	return r;
}

static int not_found(struct err *e, const struct container *c)
{
	return err_set(e, ERR_NOT_FOUND, "container \"%s\" does not exist", c->id);
}

int container_open_dir(struct err *e, struct container *c, const struct runtime *rt, const char *id)
{
	int r = set_id(e, c, rt, id);

	if (r < 0)
		return r;
	if (open_dir(c) == 0)
		return 0;
	return errno == ENOENT ? not_found(e, c)
			       : err_sys(e, "open the state directory %s/%s", rt->root, c->id);
}

static int container_ready(struct err *e, const struct container *c)
{
	if (c->has_state)
		return 0;
	return err_set(e, ERR_STATE,
		       "container \"%s\" is still being created, or its creation was killed; "
		       "\"bawn delete --force %s\" clears up",
		       c->id, c->id);
}

int container_open(struct err *e, struct container *c, const struct runtime *rt, const char *id)
{
	int r = container_open_dir(e, c, rt, id);

	return r < 0 ? r : container_load_state(e, c);
}

int container_open_locked(struct err *e, struct container *c, const struct runtime *rt,
			  const char *id)
{
	int r = container_open_dir(e, c, rt, id);

	/* One that is being made is refused at once: its hooks may take long. */
	if (r == 0 && !container_try_lock(c)) {
		r = container_load_state(e, c);
		if (r == 0)
			r = container_ready(e, c);
	}
	if (r == 0)
		r = container_lock(e, c);
	if (r == 0)
		r = container_load_state(e, c);
	return r < 0 ? r : container_ready(e, c);
}

int container_open_ready(struct err *e, struct container *c, const struct runtime *rt,
			 const char *id)
{
	int r = container_open(e, c, rt, id);

	return r < 0 ? r : container_ready(e, c);
}

int container_lock(struct err *e, const struct container *c)
{
	struct stat st;

	while (flock(c->dir_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock the state directory of %s", c->id);
	if (fstat(c->dir_fd, &st) < 0)
		return err_sys(e, "look at the state directory of %s", c->id);
	return st.st_nlink == 0 ? not_found(e, c) : 0;
}

pid_t container_lock_holder(const struct container *c)
{
	_buf_ struct buf locks = {0};
	struct err ignored;
	char object[64];
	struct stat st;

	if (fstat(c->dir_fd, &st) < 0 ||
	    file_read_at(&ignored, AT_FDCWD, "/proc/locks", 16u << 20, &locks) < 0)
		return 0;
	(void)str_format(object, sizeof(object), "%02x:%02x:%llu ", major(st.st_dev),
			 minor(st.st_dev), (unsigned long long)st.st_ino);
	/* "1: FLOCK  ADVISORY  WRITE 815 00:19:4711 0 EOF" */
	for (const char *line = locks.data; line; line = strchr(line, '\n')) {
		int pid = 0, at = 0;

		line += *line == '\n';
		if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %n", &pid, &at) == 1 && at > 0 &&
		    str_has_prefix(line + at, object))
			return pid;
	}
	return 0;
}

bool container_try_lock(const struct container *c)
{
	return flock(c->dir_fd, LOCK_EX | LOCK_NB) == 0;
}

void container_unlock(const struct container *c)
{
	(void)flock(c->dir_fd, LOCK_UN);
}

int container_load_spec(struct err *e, const struct container *c, struct spec *spec)
{
	_buf_ struct buf text = {0};
	int r = file_read_at(e, c->dir_fd, "config.json", JSON_MAX_DOCUMENT, &text);

	if (r < 0)
		return r;
	/* It has warned when the container was made. */
	log_mute_warnings(true);
	r = spec_parse(e, "config.json", text.data ? text.data : "", text.len, spec);
	log_mute_warnings(false);
	return r;
}

/* A process whose first thread has ended alone (pthread_exit() in main) is alive but shows that
 * thread's state, Z. Only a zombie without further threads has ended: or else a container could
 * look stopped while it runs. */
int process_start_time(pid_t pid, uint64_t *ret)
{
	_close_ int fd = FD_NONE;
	char path[32], text[1024], *p, *state;
	ssize_t n;

	(void)str_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	/* "PID (COMM) STATE ...": COMM may hold anything, its last ')' ends it. */
	p = strrchr(text, ')');
	if (!p || p[1] != ' ' || p[2] == 'X')
		return -ESRCH;
	p += 2;
	state = p;
	for (int field = 3; field < 22; field++) {
		/* num_threads; 0 once it has been waited for */
		if (field == 20 && *state == 'Z' && (*p == '0' || *p == '1') && p[1] == ' ')
			return -ESRCH;
		p = strchr(p, ' ');
		if (!p)
			return -ESRCH;
		p++;
	}
	p[strcspn(p, " ")] = '\0';
	return str_to_u64(p, ret) < 0 ? -ESRCH : 0;
}

static bool is_alive(const struct container_state *s)
{
	uint64_t start;

	return s->pid > 0 && process_start_time(s->pid, &start) == 0 && start == s->start_time;
}

int container_pidfd(struct err *e, const struct container *c)
{
	_close_ int fd = c->state.pid > 0 ? sys_pidfd_open(c->state.pid) : FD_NONE;

	/* In this order: once the pidfd is open, the number cannot change its owner unseen. */
	if (fd < 0 || !is_alive(&c->state)) {
		err_set(e, ERR_STATE, "container not running: process already finished");
		return -ESRCH;
	}
	return take_fd(&fd);
}

int container_cg_mount(struct err *e, struct container *c)
{
	return c->cg.fd >= 0 ? 0 : cg_mount_open(e, &c->cg);
}

int container_cgroup(struct err *e, struct container *c, int *ret_fd)
{
	int r;

	if (!c->state.has_cgroup)
		return err_set(e, ERR_UNSUPPORTED, "container \"%s\" was created without a cgroup",
			       c->id);
	r = container_cg_mount(e, c);
	return r < 0 ? r : cg_open(e, &c->cg, &c->state.cgroup, ret_fd);
}

static bool is_paused(struct container *c)
{
	_close_ int fd = FD_NONE;
	struct cg_events ev = {0};
	struct err ignored;

	return container_cgroup(&ignored, c, &fd) == 0 && cg_read_events(&ignored, fd, &ev) == 0 &&
	       ev.frozen;
}

enum container_status container_status(struct container *c)
{
	if (!c->has_state)
		return STATUS_CREATING;
	if (!is_alive(&c->state))
		return STATUS_STOPPED;
	if (is_paused(c))
		return STATUS_PAUSED;
	/* A running container has no gate: one call to see that instead of three. */
	if (faccessat(c->dir_fd, GATE_NAME, F_OK, 0) < 0)
		return STATUS_RUNNING;
	return gate_answers(c->dir_fd) ? STATUS_CREATED : STATUS_RUNNING;
}

/* What is there besides: temporary files of somebody who was killed. */
static int remove_rest(struct err *e, const struct container *c)
{
	int fd = openat(c->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return err_sys(e, "list the state directory of %s", c->id);
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR && unlinkat(c->dir_fd, entry->d_name, 0) < 0 &&
		    errno != ENOENT)
			return err_sys(e, "remove %s/%s/%s", c->rt->root, c->id, entry->d_name);
	}
	return 0;
}

/* The directory holds only files that bawn made. */
int container_remove_dir(struct err *e, const struct container *c)
{
	static const char *const names[] = {"state.json", "intent", "config.json"};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unlinkat(c->dir_fd, names[i], 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s/%s/%s", c->rt->root, c->id, names[i]);
	if (unlinkat(c->rt->root_fd, c->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	r = errno == ENOTEMPTY || errno == EEXIST ? remove_rest(e, c) : 0;
	if (r < 0)
		return r;
	if (unlinkat(c->rt->root_fd, c->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove the state directory %s/%s", c->rt->root, c->id);
	return 0;
}

void container_done(struct container *c)
{
	fd_close(&c->dir_fd);
	cg_mount_done(&c->cg);
	arena_done(&c->arena);
}
