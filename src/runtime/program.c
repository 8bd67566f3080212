/*
 * The last steps of every process that bawn starts in a container, in the order of
 * docs/adr/0005: limits, labels, directory, credentials, program file; then the start
 * gate; then the seccomp filter and execve, with nothing in between.
 */
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>

#include "runtime/launch.h"
#include "runtime/process.h"

uint64_t program_ignored_signals(void)
{
	_close_ int fd = openat(AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[1024], *p;
	uint64_t mask = 0;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return ~0ull;
	text[n] = '\0';
	/* Field 33, "sigignore"; the second one ends with the last ')'. */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 33; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return ~0ull;
	p[strcspn(p, " ")] = '\0';
	return str_to_u64(p, &mask) < 0 ? ~0ull : mask;
}

void program_reset_signals(uint64_t ignored)
{
	sigset_t none;

	for (int sig = 1; sig < 32; sig++)
		if (ignored >> (sig - 1) & 1)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Loading a filter needs no_new_privs or CAP_SYS_ADMIN (seccomp(2)). */
static uint64_t caps_for_seccomp(const struct program *p)
{
	return p->seccomp && !p->process->no_new_privileges ? 1ull << CAP_SYS_ADMIN : 0;
}

int program_confine(struct err *e, const struct program *p, int proc_fd, char *path, size_t size)
{
	struct err first;
	int r, cwd;

	r = process_labels(e, p->process, proc_fd);
	if (r < 0)
		return r;
	/* With the rights of set-up first; where only the user may enter, again after. */
	cwd = process_chdir(&first, p->process);
	r = process_credentials(e, p->process, caps_for_seccomp(p));
	if (r < 0)
		return r;
	if (cwd == -EACCES)
		cwd = process_chdir(&first, p->process);
	if (cwd < 0) {
		*e = first;
		return cwd;
	}
	process_find_home(p->process);
	r = process_find_program(e, p->process, path, size);
	if (r < 0)
		return r;
	/* Ours are all close-on-exec already; this catches what bawn's caller left open. */
	if (sys_close_range(3 + p->preserve_fds, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(e, "mark the inherited files close-on-exec");
	return 0;
}

static int pack_strings(struct arena *a, struct strv *list)
{
	char **v = arena_array(a, list->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		v[i] = arena_strdup(a, list->v[i]);
		if (!v[i])
			return -ENOMEM;
	}
	list->v = v;
	return 0;
}

static int pack_filter(struct arena *a, struct program *p)
{
	struct seccomp_program *copy;
	size_t size;

	if (!p->seccomp)
		return 0;
	copy = arena_alloc(a, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *p->seccomp;
	size = copy->len * sizeof(*copy->insns);
	copy->insns = arena_alloc(a, size);
	if (!copy->insns)
		return -ENOMEM;
	memcpy(copy->insns, p->seccomp->insns, size);
	p->seccomp = copy;
	return 0;
}

int program_pack(struct err *e, struct program *p, struct arena *a)
{
	struct spec_process *copy = arena_alloc(a, sizeof(*copy));

	if (!copy)
		return err_nomem(e);
	/* Of the process only args, env and rlimits are looked at from here on. */
	copy->args = p->process->args;
	copy->env = p->process->env;
	copy->rlimits.n = p->process->rlimits.n;
	copy->rlimits.v = arena_array(a, copy->rlimits.n, sizeof(*copy->rlimits.v));
	if (!copy->rlimits.v)
		return err_nomem(e);
	for (size_t i = 0; i < copy->rlimits.n; i++) {
		copy->rlimits.v[i] = p->process->rlimits.v[i];
		copy->rlimits.v[i].type = arena_strdup(a, copy->rlimits.v[i].type);
		if (!copy->rlimits.v[i].type)
			return err_nomem(e);
	}
	p->process = copy;
	if (pack_strings(a, &copy->args) < 0 || pack_strings(a, &copy->env) < 0 ||
	    pack_filter(a, p) < 0)
		return err_nomem(e);
	return 0;
}

int program_load_notify(struct err *e, const struct program *p)
{
	_close_ int listener = FD_NONE;
	int r;

	if (!p->seccomp || !p->seccomp->notify)
		return 0;
	r = seccomp_program_load(e, p->seccomp, &listener);
	return r < 0 ? r : channel_send(e, p->channel, MSG_LISTENER, listener);
}

int program_execute(struct err *e, const struct program *p, const char *path)
{
	int r = process_limits(e, p->process);

	if (r < 0)
		return r;
	if (p->seccomp && !p->seccomp->notify) {
		int none;

		r = seccomp_program_load(e, p->seccomp, &none);
		if (r < 0)
			return r;
	}
	execve(path, p->process->args.v, p->process->env.v);
	return process_exec_error(e, p->process, errno);
}

void program_fail(int channel, const struct err *err)
{
	channel_send_error(channel, err);
	_exit(1);
}
