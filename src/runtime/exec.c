/*
 * exec: one more process in a running container. Parent and child as in create, but
 * everything is there already: the child joins the namespaces of the init process.
 * Until its execve the child is undumpable, and it never sees a path of the host.
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "path/path.h"
#include "runtime/announce.h"
#include "runtime/caps.h"
#include "runtime/console.h"
#include "runtime/exec.h"
#include "runtime/process.h"
#include "runtime/relay.h"
#include "runtime/stage.h"
#include "runtime/unit.h"

/* --network can have given it another network namespace than its configuration. */
static uint64_t ns_flags(const struct spec_linux *l, const struct container_state *s)
{
	uint64_t flags = s->net_ns == NET_NS_HOST ? 0 : CLONE_NEWNET;

	for (int k = 0; k < NS_KIND_MAX; k++)
		if (l->ns[k].present && k != NS_NET)
			flags |= ns_kind_flag((enum ns_kind)k);
	return flags;
}

/* As the host's root we may enter the container's namespaces before its user namespace, and some
 * (a shared network) only before; an ordinary user only after. */
static int join(struct err *e, const struct exec *x)
{
	uint64_t user = x->ns & CLONE_NEWUSER;
	uint64_t later = x->sheltered ? CLONE_NEWUSER : CLONE_NEWUSER | CLONE_NEWPID;
	uint64_t rest = x->ns & ~later;
	bool early = rest && setns(x->init, (int)rest) == 0;

	if (rest && !early && (errno != EPERM || !user))
		return err_sys(e, "join the container's namespaces");
	if (user && setns(x->init, CLONE_NEWUSER) < 0)
		return err_sys(e, "join the container's user namespace");
	if (rest && !early && setns(x->init, (int)rest) < 0)
		return err_sys(e, "join the container's namespaces");
	return user ? process_become_root(e) : 0;
}

/* Without a mount namespace the container is a chroot. */
static int enter_root(struct err *e, const struct exec *x)
{
	if (x->ns & CLONE_NEWNS)
		return 0;
	if (fchdir(x->root_fd) < 0 || chroot(".") < 0)
		return err_sys(e, "enter the container's root");
	return 0;
}

static int open_terminal(struct err *e, const struct exec *x)
{
	const struct spec_process *p = x->program.process;
	_close_ int root = FD_NONE;
	struct console_options o = {
		.rows = (uint16_t)p->console_height.v,
		.cols = (uint16_t)p->console_width.v,
		.uid = p->user.uid,
		.gid = (uint32_t)-1,
	};
	struct console console = {FD_NONE, FD_NONE};
	int r;

	if (!p->terminal)
		return 0;
	root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "open the container's root");
	o.root_fd = root;
	r = console_open(e, &o, &console);
	if (r == 0)
		r = channel_send(e, x->channel[1], MSG_CONSOLE, console.master);
	if (r == 0)
		r = console_attach(e, &console);
	if (r == 0 && !x->sheltered)
		r = console_control(e);
	console_done(&console);
	return r;
}

static int open_procfs(struct err *e, const struct spec_process *p)
{
	return process_has_labels(p) ? procfs_open(e) : FD_NONE;
}

static int child_set_up(struct err *e, struct exec *x, char *path, size_t size)
{
	const struct spec_process *p = x->program.process;
	const struct spec_linux *l = &x->spec.linux_;
	_close_ int proc = FD_NONE;
	int r;

	r = process_affinity(e, p->cpu_affinity_initial);
	if (r == 0 && !x->late)
		r = enter_root(e, x);
	if (r == 0 && !x->late)
		r = join(e, x);
	/* becoming root of a user namespace may have made it dumpable again */
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_sys(e, "make the process undumpable");
	if (r == 0 && !x->c.state.no_new_keyring)
		r = process_keyring(e, x->c.id);
	if (r == 0)
		r = open_terminal(e, x);
	if (r == 0 && l->memory_policy)
		r = process_memory_policy(e, l->memory_policy);
	if (r == 0 && l->has_personality && personality(l->personality) < 0)
		r = err_sys(e, "linux.personality: set");
	if (r < 0)
		return r;
	proc = open_procfs(e, p);
	if (proc < 0 && proc != FD_NONE)
		return proc;
	r = process_affinity(e, p->cpu_affinity_final);
	if (r == 0)
		r = program_confine(e, &x->program, proc, path, size);
	return r < 0 ? r : program_load_notify(e, &x->program);
}

/* An ordinary user's rights begin in the container's user namespace: there a first process joins
 * the others, all in one call. Returns in the process that is in the pid namespace too. */
static void stage_one(struct exec *x)
{
	struct err e;
	int r = 0;

	/* Nobody in the container may look at what we have open: not then either. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_sys(&e, "make the process undumpable");
	if (r == 0 && setns(x->init, (int)x->ns) < 0)
		r = err_sys(&e, "join the container's namespaces%s",
			    errno == EPERM ? " (before its start only root may)" : "");
	if (r == 0)
		r = process_become_root(&e);
	if (r == 0)
		r = enter_root(&e, x);
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_sys(&e, "make the process undumpable");
	if (r < 0)
		program_fail(x->channel[1], &e);
	stage_make(x->channel[1], 0);
}

_Noreturn static void child_main(struct exec *x)
{
	char path[PATH_MAX];
	struct err e = {0};
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (x->rt->image_fd)
		fd_close(x->rt->image_fd);
	fd_close(&x->channel[0]);
	fd_close(&x->c.dir_fd);
	program_reset_signals(x->ignored_signals);
	if (x->rt->uid != 0 && (process_privileged(&e, 0, x->program.process) < 0 ||
				process_schedule(&e, 0, x->program.process) < 0))
		program_fail(x->channel[1], &e);
	if (x->late) {
		stage_one(x);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		/* Stage one's report must be the first message. */
		if (channel_expect(&e, x->channel[1], MSG_GO, NULL) < 0)
			_exit(1);
	}
	setsid();
	r = x->sheltered ? shelter_enter(&e, &x->shelter) : 0;
	/* Not "< 0": see init_main(). */
	if (r == 0)
		r = child_set_up(&e, x, path, sizeof(path));
	if (r > 0)
		err_num(&e, EPROTO, "a step of the set-up answered %d", r);
	if (r != 0)
		program_fail(x->channel[1], &e);
	/* As in init.c: off before the parent may exit with success. */
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (channel_send(&e, x->channel[1], MSG_READY, FD_NONE) < 0 ||
	    channel_expect(&e, x->channel[1], MSG_GO, NULL) < 0)
		_exit(1);
	if (x->sheltered)
		shelter_execute(&x->shelter, &x->program, path);
	program_execute(&e, &x->program, path);
	program_fail(x->channel[1], &e);
}

/* The cgroup that the container's init has moved to (systemd), below the container's own. */
static int init_cgroup(struct err *e, const struct exec *x, int cgroup_fd, int *ret_fd)
{
	_buf_ struct buf text = {0};
	const char *own = x->c.state.cgroup.path, *sub;
	char path[64];
	int r;

	(void)str_format(path, sizeof(path), "/proc/%d/cgroup", (int)x->c.state.pid);
	r = file_read_at(e, AT_FDCWD, path, 65536, &text);
	if (r < 0)
		return r;
	for (char *line = text.data; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		sub = str_after(line, "0::");
		sub = sub ? str_after(sub, own) : NULL;
		if (sub && *sub == '/')
			return cg_open_sub(e, cgroup_fd, sub + 1, ret_fd);
		line = end;
	}
	return err_num(e, EBUSY, "the container's cgroup takes no processes");
}

/* In the words of runc, which its users look for. */
static int cannot_add(struct err *e, const struct exec *x, int num)
{
	const char *sub = x->opt->cgroup ? x->opt->cgroup : "";

	sub += strspn(sub, "/");
	return err_num(e, num, "%sadding pid of the process to cgroups: %s%s%s/cgroup.procs",
		       x->opt->cgroup ? "--cgroup: " : "", x->c.state.cgroup.path, *sub ? "/" : "",
		       sub);
}

static int open_cgroup(struct err *e, struct exec *x)
{
	_close_ int fd = FD_NONE;
	int r;

	if (!x->c.state.has_cgroup)
		return 0;
	r = container_cgroup(e, &x->c, &fd);
	if (r < 0)
		return r;
	if (!x->opt->cgroup || str_eq(x->opt->cgroup, "/")) {
		x->cgroup_fd = take_fd(&fd);
		return 0;
	}
	r = cg_open_sub(e, fd, x->opt->cgroup, &x->cgroup_fd);
	if (r == -EXDEV)
		return err_set(e, ERR_USAGE, "--cgroup: %s is not a sub cgroup path",
			       x->opt->cgroup);
	return r < 0 ? cannot_add(e, x, r) : 0;
}

static pid_t clone_once(struct exec *x)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&x->pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (x->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)x->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		child_main(x);
	return pid;
}

static int clone_child(struct err *e, struct exec *x)
{
	/* For our children only; we stay where we are. */
	if (x->ns & CLONE_NEWPID && !x->sheltered && setns(x->init, CLONE_NEWPID) < 0) {
		if (errno != EPERM || !(x->ns & CLONE_NEWUSER))
			return err_sys(e, "join the container's pid namespace");
		x->late = true;
	}
	x->late = x->late || (x->rt->uid != 0 && x->ns & CLONE_NEWUSER);
	/* If the child is visible in the container, then from its first instant: no ptrace, no
	 * /proc/PID/fd (CVE-2016-9962). It inherits this; or does it itself, when it goes there
	 * later. */
	if (!x->late && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "make the process undumpable");
	x->ignored_signals = program_ignored_signals();
	log_debug("nsexec container setup: join the namespaces %#llx", (unsigned long long)x->ns);
	x->pid = clone_once(x);
	if (x->pid < 0 && errno == EBUSY && !x->opt->cgroup) {
		/* cgroup v2: no processes where controllers are distributed (systemd inside). */
		_close_ int outer = take_fd(&x->cgroup_fd);
		int r = init_cgroup(e, x, outer, &x->cgroup_fd);

		if (r < 0)
			return r;
		x->pid = clone_once(x);
	}
	if (x->pid < 0 && errno == EBUSY)
		return cannot_add(e, x, -EBUSY);
	if (x->pid < 0 && errno == EACCES && x->c.state.unit && !x->opt->cgroup) {
		/* From a login session, see ADR 0008: systemd moves it. */
		fd_close(&x->cgroup_fd);
		x->attach = true;
		x->pid = clone_once(x);
	}
	if (x->pid < 0)
		return err_sys(e, "start a process in the container's cgroup");
	log_debug("child process in init(): pid %d", (int)x->pid);
	fd_close(&x->channel[1]);
	return 0;
}

static int converse(struct err *e, struct exec *x)
{
	for (;;) {
		_close_ int fd = FD_NONE;
		int kind = channel_recv(e, x->channel[0], &fd), r = 0;

		/* Who executes in a paused container waits until it is resumed. */
		if (kind == -ETIMEDOUT && x->opt->ignore_paused)
			continue;
		if (kind < 0)
			return kind;
		switch (kind) {
		case MSG_CONSOLE:
			r = announce_console(e, x->opt->console_socket, take_fd(&fd), &x->console);
			break;
		case MSG_LISTENER:
			r = announce_listener(e, &x->c, x->spec.linux_.seccomp, x->pid, fd);
			break;
		case MSG_READY:
			return x->rt->uid == 0 ? process_privileged(e, x->pid, x->program.process)
					       : 0;
		default:
			return err_num(e, ECHILD, "the process died during set-up");
		}
		if (r < 0)
			return r;
	}
}

/* "go", and waits until the program runs or could not be executed. */
static int let_go(struct err *e, struct exec *x)
{
	int r;

	log_debug("setns_init: about to exec");
	r = channel_send(e, x->channel[0], MSG_GO, FD_NONE);
	if (r < 0)
		return r;
	/* As in launch.c: while the child works. */
	if (x->rt->image_fd)
		fd_close(x->rt->image_fd);
	return x->sheltered ? shelter_wait(e, &x->shelter, &x->pid, &x->pidfd)
			    : channel_recv(e, x->channel[0], NULL);
}

static int announce(struct err *e, struct exec *x)
{
	int r = x->rt->uid == 0 ? process_schedule(e, x->pid, x->program.process) : 0;

	if (r == 0)
		r = announce_pid(e, x->opt->pid_file, x->pid);
	return r < 0 ? r
		     : announce_fd(e, "--pidfd-socket", x->opt->pidfd_socket, "pidfd", x->pidfd);
}

/* The process has not executed anything yet, or there is nobody who waits for it. */
static void end_process(struct exec *x)
{
	struct pollfd p = {.fd = x->pidfd, .events = POLLIN};

	if (x->pid <= 0)
		return;
	/* While somebody in the container traces it, its end is not ours to collect. */
	if (sys_pidfd_send_signal(x->pidfd, SIGKILL) == 0)
		(void)poll(&p, 1, CHANNEL_LIMIT_S * 1000);
	waitpid(x->pid, NULL, WNOHANG);
}

static int start(struct err *e, struct exec *x)
{
	int r = channel_open(e, x->channel);

	if (r == 0)
		r = channel_limit(e, x->channel[0]);
	if (r == 0 && x->sheltered)
		r = shelter_open(e, &x->shelter);
	if (r < 0)
		return r;
	x->program.channel = x->channel[1];
	r = clone_child(e, x);
	if (r == 0 && x->late)
		r = stage_take(e, x->channel[0], &x->pid, &x->pidfd);
	if (r == 0 && x->late)
		r = channel_send(e, x->channel[0], MSG_GO, FD_NONE);
	if (r == 0)
		r = converse(e, x);
	if (r == 0 && x->attach)
		r = unit_attach(e, &x->c, x->pid);
	/* Outside of the container's sight the process is known once it runs. */
	if (r == 0)
		r = x->sheltered ? let_go(e, x) : announce(e, x);
	if (r == 0)
		r = x->sheltered ? announce(e, x) : let_go(e, x);
	if (r < 0)
		end_process(x);
	return r;
}

static int check_state(struct err *e, struct exec *x)
{
	switch (container_status(&x->c)) {
	case STATUS_STOPPED:
	case STATUS_CREATING:
		return err_set(e, ERR_STATE,
			       "cannot exec in a stopped container: container not running");
	case STATUS_PAUSED:
		if (x->opt->ignore_paused)
			return 0;
		return err_set(
			e, ERR_STATE,
			"cannot exec in a paused container; resume it or use --ignore-paused");
	default:
		return 0;
	}
}

static int open_container(struct err *e, struct exec *x)
{
	char path[64];
	int r = container_open_ready(e, &x->c, x->rt, x->opt->id);

	if (r == 0)
		r = check_state(e, x);
	if (r < 0)
		return r;
	x->init = container_pidfd(e, &x->c);
	if (x->init < 0)
		return x->init;
	r = container_load_spec(e, &x->c, &x->spec);
	if (r < 0)
		return r;
	x->ns = ns_flags(&x->spec.linux_, &x->c.state);
	if (x->ns & CLONE_NEWNS)
		return 0;
	(void)str_format(path, sizeof(path), "/proc/%d/root", (int)x->c.state.pid);
	x->root_fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (x->root_fd < 0)
		return err_sys(e, "open the container's root");
	/* Opened by number: still the container's if its init is alive now. */
	if (sys_pidfd_send_signal(x->init, 0) < 0)
		return err_set(e, ERR_STATE, "container not running: process already finished");
	return 0;
}

static int check_terminal(struct err *e, const struct exec *x)
{
	bool terminal = x->program.process->terminal;

	if (terminal && x->opt->detach && !x->opt->console_socket)
		return err_set(e, ERR_USAGE, "a terminal with --detach needs --console-socket");
	if (!terminal && x->opt->console_socket)
		return err_set(e, ERR_USAGE,
			       "--console-socket: the process has no terminal; "
			       "give --tty");
	return 0;
}

static int prepare(struct err *e, struct exec *x)
{
	uint64_t configured;
	int r = open_container(e, x);

	if (r < 0)
		return r;
	/* Options change the container's own process document. */
	configured = x->spec.process ? x->spec.process->caps.bounding : 0;
	r = exec_process(e, x->opt, &x->spec, &x->program.process);
	if (r == 0)
		r = check_terminal(e, x);
	if (r < 0)
		return r;
	x->program.preserve_fds = x->opt->preserve_fds;
	r = process_environment(e, &x->spec.arena, x->program.process);
	if (r == 0 && x->spec.linux_.seccomp) {
		r = seccomp_compile(e, &x->spec.arena, x->spec.linux_.seccomp, &x->seccomp);
		x->program.seccomp = &x->seccomp;
	}
	if (r < 0)
		return r;
	if (!(x->ns & CLONE_NEWUSER))
		caps_limit_to_own(&x->program.process->caps);
	r = shelter_is_needed(e, x->c.dir_fd, &x->spec, configured,
			      x->program.process->caps.bounding, &x->sheltered);
	/* A listener would be announced with the wrong process. */
	x->sheltered = x->sheltered && !x->seccomp.notify;
	x->program.terminal = x->program.process->terminal;
	return r < 0 ? r : open_cgroup(e, x);
}

static void exec_done(struct exec *x)
{
	shelter_done(&x->shelter);
	fd_close(&x->channel[0]);
	fd_close(&x->channel[1]);
	fd_close(&x->init);
	fd_close(&x->root_fd);
	fd_close(&x->cgroup_fd);
	fd_close(&x->pidfd);
	fd_close(&x->console);
	container_done(&x->c);
	spec_done(&x->spec);
}

int container_exec(struct err *e, const struct runtime *rt, const struct exec_options *o,
		   int *ret_status)
{
	struct relay relay = {0};
	struct exec x = {
		.rt = rt,
		.opt = o,
		.c = {.dir_fd = FD_NONE, .cg = {.fd = FD_NONE}},
		.init = FD_NONE,
		.root_fd = FD_NONE,
		.cgroup_fd = FD_NONE,
		.channel = {FD_NONE, FD_NONE},
		.pidfd = FD_NONE,
		.console = FD_NONE,
	};
	int r;

	*ret_status = 0;
	if (!o->detach)
		relay_begin(&relay);
	r = prepare(e, &x);
	if (r == 0)
		r = start(e, &x);
	if (r == 0 && !o->detach)
		r = relay_run(e, x.pid, x.pidfd, take_fd(&x.console), ret_status);
	relay_end(&relay);
	exec_done(&x);
	return r;
}
