/* kill, pause, resume, and the pids of a container. */
#include <signal.h>
#include <stdio.h>

#include "runtime/container.h"
#include "runtime/members.h"

#define FREEZE_TIMEOUT_MS 10000

static const char *const signal_names[] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",	    [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",	    [SIGBUS] = "BUS",	[SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1",	    [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",	    [SIGTERM] = "TERM", [SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",	    [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",	    [SIGURG] = "URG",	[SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
	[SIGIO] = "IO",	    [SIGPWR] = "PWR",	    [SIGSYS] = "SYS",
};

/* The kernel's numbers, as systemd uses them ("RTMIN+3" halts it): 34, not libc's own minimum,
 * which differs between libraries. */
#define RTMIN 34
#define RTMAX 64

static int parse_realtime(const char *name)
{
	const char *rest = str_after(name, "RTMIN");
	uint32_t n = 0;

	if (rest && (*rest == '\0' || (*rest == '+' && str_to_u32(rest + 1, &n) == 0)))
		return n <= RTMAX - RTMIN ? RTMIN + (int)n : -1;
	rest = str_after(name, "RTMAX");
	if (rest && (*rest == '\0' || (*rest == '-' && str_to_u32(rest + 1, &n) == 0)))
		return n <= RTMAX - RTMIN ? RTMAX - (int)n : -1;
	return -1;
}

int signal_parse(struct err *e, const char *text, int *ret)
{
	char name[16];
	uint32_t number;
	size_t n = 0;
	int sig;

	if (str_to_u32(text, &number) == 0) {
		if (number > RTMAX)
			return err_set(e, ERR_USAGE, "invalid signal %s: the highest is %d", text,
				       RTMAX);
		*ret = (int)number;
		return 0;
	}
	for (; text[n] && n < sizeof(name) - 1; n++)
		name[n] = text[n] >= 'a' && text[n] <= 'z' ? (char)(text[n] - 'a' + 'A') : text[n];
	name[n] = '\0';
	{
		const char *bare = str_after(name, "SIG");

		bare = bare ? bare : name;
		sig = str_eq(bare, "IOT") ? SIGABRT
		      : str_eq(bare, "POLL")
			      ? SIGIO
			      : str_lookup(signal_names, ARRAY_SIZE(signal_names), bare);
		if (sig < 0)
			sig = parse_realtime(bare);
	}
	if (sig < 0 || text[n])
		return err_set(e, ERR_USAGE,
			       "invalid signal \"%s\": give a number or a name such as TERM", text);
	*ret = sig;
	return 0;
}

static int finished(struct err *e)
{
	err_set(e, ERR_STATE, "container not running: process already finished");
	return -ESRCH;
}

static int signal_first(struct err *e, const struct container *c, int sig)
{
	_close_ int pidfd = container_pidfd(e, c);

	if (pidfd < 0)
		return pidfd;
	if (sys_pidfd_send_signal(pidfd, sig) == 0)
		return 0;
	return errno == ESRCH ? finished(e)
			      : err_sys(e, "send signal %d to process %d", sig, (int)c->state.pid);
}

/* Its processes are known by their pid namespace; without one of its own only the first is. */
static int signal_without_cgroup(struct err *e, const struct container *c, int sig)
{
	int r;

	if (!c->state.shares_pids)
		return members_signal(e, c, sig);
	r = signal_first(e, c, sig);
	if (r == 0)
		log_warning("--all: the container has neither a cgroup nor a pid namespace of its "
			    "own, so only its first process got the signal");
	return r;
}

/* None left to signal is success, as with runc: engines send it to what may have ended. */
static int signal_all(struct err *e, struct container *c, int sig)
{
	_close_ int fd = FD_NONE, pidfd = FD_NONE;
	struct err ignored;
	int r;

	if (!c->state.has_cgroup)
		return signal_without_cgroup(e, c, sig);
	r = container_cgroup(e, c, &fd);
	if (r == -ENOENT) {
		pidfd = container_pidfd(&ignored, c);
		if (pidfd < 0)
			return 0;
	}
	if (r == 0)
		r = sig == SIGKILL ? cg_kill(e, fd) : cg_signal(e, fd, sig);
	return r < 0 ? err_wrap(e, r, "--all") : 0;
}

/* A container without a pid namespace of its own: what its first process has left behind is killed
 * also when that is dead. */
static int kill_shared(struct err *e, struct container *c)
{
	_close_ int fd = FD_NONE;
	struct cg_events ev = {0};
	int r = container_cgroup(e, c, &fd);

	if (r == 0)
		r = cg_read_events(e, fd, &ev);
	if (r == -ENOENT || r == -ENODEV || (r == 0 && !ev.populated))
		return finished(e);
	return r < 0 ? r : cg_kill(e, fd);
}

int container_kill(struct err *e, const struct runtime *rt, const char *id, int sig, bool all)
{
	_container_ struct container c;
	int r = container_open_ready(e, &c, rt, id);

	if (r < 0)
		return r;
	if (all)
		return signal_all(e, &c, sig);
	if (sig == SIGKILL && c.state.shares_pids && c.state.has_cgroup)
		return kill_shared(e, &c);
	return signal_first(e, &c, sig);
}

static int set_frozen(struct err *e, const struct runtime *rt, const char *id, bool frozen)
{
	_container_ struct container c;
	_close_ int fd = FD_NONE;
	enum container_status status;
	int r = container_open_locked(e, &c, rt, id);

	if (r < 0)
		return r;
	status = container_status(&c);
	if (frozen ? status != STATUS_RUNNING && status != STATUS_CREATED : status != STATUS_PAUSED)
		return err_set(e, ERR_STATE, "cannot %s a container that is %s: %s",
			       frozen ? "pause" : "resume", frozen ? "not running" : "not paused",
			       container_status_name(status));
	r = container_cgroup(e, &c, &fd);
	if (r == 0)
		r = cg_freeze(e, fd, frozen, FREEZE_TIMEOUT_MS);
	return r;
}

int container_pause(struct err *e, const struct runtime *rt, const char *id)
{
	return set_frozen(e, rt, id, true);
}

int container_resume(struct err *e, const struct runtime *rt, const char *id)
{
	return set_frozen(e, rt, id, false);
}

int container_pids(struct err *e, const struct runtime *rt, const char *id, struct arena *a,
		   struct pid_list *ret)
{
	_container_ struct container c;
	_close_ int fd = FD_NONE;
	_free_ pid_t *pids = NULL;
	int r;

	ret->n = 0;
	r = container_open_ready(e, &c, rt, id);
	if (r == 0 && !c.state.has_cgroup) {
		r = members_list(e, &c, &pids, &ret->n);
	} else if (r == 0) {
		r = container_cgroup(e, &c, &fd);
		if (r == 0)
			r = cg_procs(e, fd, true, &pids, &ret->n);
	}
	/* A stopped container whose cgroup is gone has no processes. */
	if (r == -ENOENT && c.has_state)
		return 0;
	if (r < 0)
		return r;
	ret->v = arena_array(a, ret->n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	if (ret->n)
		memcpy(ret->v, pids, ret->n * sizeof(*pids));
	return 0;
}
