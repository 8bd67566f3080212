/* The end of exec, out of the container's sight: see shelter.h. */
#include "runtime/shelter.h"

#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime/caps.h"
#include "runtime/console.h"

#define STACK_SIZE 65536u

struct shelter_report {
	pid_t pid;	/* of the last process, as the kernel writes it */
	struct err err;
};

/* At the start of the one piece of memory that the last process inherits; an arena follows. */
struct last {
	_Alignas(max_align_t) struct program program;
	struct err *report;
	char path[PATH_MAX];
};

/* In the state directory, once an exec has given the capability to a container without it. */
#define MARK_NAME "ptrace"

static bool can_trace(uint64_t caps)
{
	return caps >> CAP_SYS_PTRACE & 1;
}

int shelter_is_needed(struct err *e, int state_dir, const struct spec *spec, uint64_t configured,
		      uint64_t given, bool *ret)
{
	const struct spec_ns *ns = spec->linux_.ns;
	_close_ int fd = FD_NONE;

	*ret = false;
	if (!ns[NS_PID].present || ns[NS_USER].present)
		return 0;
	*ret = true;
	if (can_trace(configured))
		return 0;
	if (!can_trace(given)) {
		*ret = faccessat(state_dir, MARK_NAME, F_OK, 0) == 0;
		return 0;
	}
	fd = openat(state_dir, MARK_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(e, "write \"" MARK_NAME "\" in the state directory") : 0;
}

static void *map(size_t size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

int shelter_open(struct err *e, struct shelter *s)
{
	s->first = map(sizeof(*s->first), MAP_SHARED);
	s->last = map(sizeof(*s->last), MAP_SHARED);
	if (s->first != MAP_FAILED && s->last != MAP_FAILED)
		return 0;
	err_sys(e, "share memory with the process");
	shelter_done(s);
	return -e->num;
}

void shelter_done(struct shelter *s)
{
	if (s->first && s->first != MAP_FAILED)
		munmap(s->first, sizeof(*s->first));
	if (s->last && s->last != MAP_FAILED)
		munmap(s->last, sizeof(*s->last));
	s->first = NULL;
	s->last = NULL;
}

int shelter_enter(struct err *e, struct shelter *s)
{
	s->maps = openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	return s->maps < 0 ? err_sys(e, "open /proc/self/maps") : 0;
}

/* ---- the process outside ------------------------------------------------------------------- */

/* What stays: files (our own text and data), the vdso, and where one of the addresses lies. */
static bool inherited(const char *line, uintptr_t start, uintptr_t end, const uintptr_t *keep,
		      size_t n)
{
	unsigned long inode = 0;
	int name = 0;

	if (sscanf(line, "%*s %*s %*s %*s %lu %n", &inode, &name) < 1 || inode ||
	    str_has_prefix(line + name, "[v"))
		return true;
	for (size_t i = 0; i < n; i++)
		if (keep[i] >= start && keep[i] < end)
			return true;
	return false;
}

/* The memory of everything else, above all the stack with bawn's environment and the heap with the
 * host's paths, is not copied into the last process. */
static int leave_memory_behind(struct err *e, const struct shelter *s, const void *block)
{
	static char in_bss;
	const uintptr_t keep[] = {(uintptr_t)block, (uintptr_t)&in_bss, (uintptr_t)&errno};
	_buf_ struct buf maps = {0};
	int r = fd_read_all(s->maps, JSON_MAX_DOCUMENT, &maps);

	if (r < 0 || !maps.data)
		return err_num(e, r < 0 ? r : EIO, "read /proc/self/maps");
#ifdef BAWN_SANITIZED
	/* Its code looks at shadow memory to the end. */
	return 0;
#endif
	if (madvise(s->first, sizeof(*s->first), MADV_DONTFORK) < 0)
		return err_sys(e, "keep memory from being inherited");
	for (char *line = maps.data, *next; line && *line; line = next) {
		unsigned long start, end;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			return err_num(e, EPROTO, "read /proc/self/maps: \"%s\"", line);
		if (!inherited(line, start, end, keep, ARRAY_SIZE(keep)) &&
		    madvise((void *)start, end - start, MADV_DONTFORK) < 0)
			return err_sys(e, "keep memory from being inherited: %s", line);
	}
	return 0;
}

static size_t packed_size(const struct program *p)
{
	const struct strv *lists[] = {&p->process->args, &p->process->env};
	size_t size = 8 * ARENA_OVERHEAD + sizeof(*p->process) + sizeof(*p->seccomp);

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			size += strlen(lists[k]->v[i]) + sizeof(char *) + ARENA_OVERHEAD;
	for (size_t i = 0; i < p->process->rlimits.n; i++)
		size += sizeof(p->process->rlimits.v[i]) + strlen(p->process->rlimits.v[i].type) +
			ARENA_OVERHEAD;
	return size + (p->seccomp ? p->seccomp->len * sizeof(*p->seccomp->insns) : 0);
}

/* One block: a stack, and above it what the last process needs. */
static struct last *pack(struct err *e, const struct shelter *s, const struct program *p,
			 const char *path)
{
	size_t size = packed_size(p);
	char *block = map(STACK_SIZE + sizeof(struct last) + size, MAP_PRIVATE);
	struct arena arena;
	struct last *l;

	if (block == MAP_FAILED) {
		err_nomem(e);
		return NULL;
	}
	l = (struct last *)(void *)(block + STACK_SIZE);
	l->program = *p;
	l->program.channel = FD_NONE;
	l->report = s->last;
	(void)str_format(l->path, sizeof(l->path), "%s", path);
	arena_place(&arena, l + 1, size);
	return program_pack(e, &l->program, &arena) < 0 ? NULL : l;
}

/* In the container, in its sight. Errors go into shared memory: it has no fd of ours.
 * A sanitizer would say that it does not know this stack. */
__attribute__((no_sanitize("address"))) static int last_process(void *arg)
{
	struct last *l = arg;
	struct err e = {0};
	int r = 0;

	setsid();
	if (l->program.terminal)
		r = console_control(&e);
	if (r == 0)
		program_execute(&e, &l->program, l->path);
	*l->report = e;
	_exit(1);
}

/* As fork(2) in a legacy call, which any profile that knows processes allows. The vfork flag makes
 * us wait until the copy has executed its program or ended. */
#define LAST_FLAGS (CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_VFORK | SIGCHLD)

/* Whether the filter lets through all that is still called until execve. If so, it can be loaded
 * out of the container's sight, and a tracer never finds a process without it. */
static bool filter_allows_rest(const struct program *p)
{
	const struct {
		long nr;
		uint64_t args[6];
		bool called;
	} calls[] = {
		{SYS_capset, {0}, !p->process->no_new_privileges},
		{SYS_clone, {LAST_FLAGS}, true},
		{SYS_setsid, {0}, true},
		{SYS_ioctl, {STDIN_FILENO, TIOCSCTTY}, p->terminal},
		{SYS_prlimit64, {0}, p->process->rlimits.n > 0},
		{SYS_execve, {0}, true},
		{SYS_exit_group, {1}, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].called &&
		    !seccomp_program_allows(p->seccomp, calls[i].nr, calls[i].args))
			return false;
	return true;
}

/* After it we are what the program will be. */
static int load_filter(struct err *e, const struct program *p, struct last *l)
{
	int none, r;

	if (!p->seccomp || p->seccomp->notify || !filter_allows_rest(p))
		return 0;
	r = seccomp_program_load(e, p->seccomp, &none);
	if (r < 0)
		return r;
	l->program.seccomp = NULL;
	return p->process->no_new_privileges ? 0 : caps_set(e, &p->process->caps, 0);
}

static int make_last(struct err *e, struct shelter *s, const struct program *p, const char *path)
{
	struct last *l = pack(e, s, p, path);
	int r;

	if (!l)
		return -e->num;
	r = leave_memory_behind(e, s, l);
	if (r < 0)
		return r;
	/* Also the channel, and our map. */
	if (sys_close_range(3 + p->preserve_fds, ~0u, 0) < 0)
		return err_sys(e, "close the files of the set-up");
	r = load_filter(e, p, l);
	if (r == 0 && clone(last_process, (char *)l, LAST_FLAGS, l, &s->first->pid, NULL, NULL) < 0)
		r = err_sys(e, "start a process in the container's pid namespace");
	return r;
}

void shelter_execute(struct shelter *s, const struct program *p, const char *path)
{
	struct err e = {0};

	if (make_last(&e, s, p, path) < 0)
		s->first->err = e;
	_exit(0);
}

/* ---- the parent ---------------------------------------------------------------------------- */

int shelter_wait(struct err *e, struct shelter *s, pid_t *pid, int *pidfd)
{
	struct pollfd p = {.fd = *pidfd, .events = POLLIN};
	struct err theirs;
	int r;

	do
		r = poll(&p, 1, CHANNEL_LIMIT_S * 1000);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		r = channel_late(e);
	else if (r < 0)
		r = err_sys(e, "wait for the process");
	else
		r = 0;
	if (r < 0)
		sys_pidfd_send_signal(*pidfd, SIGKILL);
	/* It is our child, and nobody else can trace it. */
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(pidfd);
	*pid = s->first->pid;
	if (*pid > 0)
		*pidfd = sys_pidfd_open(*pid);
	if (*pid > 0 && *pidfd < 0)
		r = err_sys(e, "open the process %d", (int)*pid);
	if (r < 0)
		return r;
	if (s->first->err.num) {
		*e = s->first->err;
		return -e->num;
	}
	if (*pid <= 0)
		return err_num(e, ECHILD, "the process died during set-up");
	theirs = *s->last;
	return theirs.num ? channel_take_error(e, &theirs) : 0;
}
