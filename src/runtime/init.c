/*
 * The child's half of a start: a straight line of steps from clone3 to execve. A step
 * that fails is reported to the parent as one message, and the process ends. What
 * runs here is in the container's namespaces but still bawn, undumpable and with all
 * rights; input from the rootfs is UNTRUSTED and only touched through rootfs.h.
 */
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>

#include "runtime/console.h"
#include "runtime/gate.h"
#include "runtime/hook.h"
#include "runtime/launch.h"
#include "runtime/process.h"
#include "runtime/stage.h"
#include "runtime/sysctl.h"

static int wait_for_go(struct err *e, const struct launch *l)
{
	return channel_expect(e, l->channel[1], MSG_GO, NULL);
}

static bool in_user_ns(const struct launch *l)
{
	return l->spec.linux_.ns[NS_USER].present;
}

static int set_names(struct err *e, const struct spec *spec)
{
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return err_sys(e, "hostname: set \"%s\"", spec->hostname);
	if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return err_sys(e, "domainname: set \"%s\"", spec->domainname);
	return 0;
}

static int join_keyring(struct err *e, const struct launch *l)
{
	return l->opt->no_new_keyring ? 0 : process_keyring(e, l->c.id);
}

/* Namespaces that clone3 could not make, and what belongs to each of them. */
static int enter_namespaces(struct err *e, struct launch *l)
{
	const struct spec_linux *lx = &l->spec.linux_;
	int r = 0;

	if (init_waits_first(l))
		r = wait_for_go(e, l);
	if (r == 0 && in_user_ns(l))
		r = process_become_root(e);
	if (r < 0)
		return r;
	/* fork(2) and a change of ids cleared it. */
	if (in_user_ns(l) || l->ns.two_stages)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* Not yet for an ordinary user (launch.c), and not any more after a change of ids. */
	if ((in_user_ns(l) || l->rt->uid != 0) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "make the process undumpable");
	if (!l->ns.two_stages)
		r = ns_join(e, &l->ns);
	if (r < 0)
		return r;
	/* clone3 would make the cgroup namespace before it puts the child into its cgroup. */
	if (l->ns.make & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, "make the cgroup namespace");
	if (lx->ns[NS_NET].present && !lx->ns[NS_NET].path)
		r = ns_loopback_up(e);
	if (r == 0)
		r = set_names(e, &l->spec);
	return r < 0 ? r : join_keyring(e, l);
}

static int run_hooks(struct err *e, const struct launch *l, enum hook_kind kind,
		     enum container_status status)
{
	struct hook_context ctx = {.kind = kind, .cgroup_fd = FD_NONE};
	struct container_info info;
	_buf_ struct buf state = {0};
	struct container c = l->c;
	int r;

	if (!l->spec.hooks[kind].n)
		return 0;
	/* One with a listener is in force already: program_load_notify(). */
	if (kind == HOOK_START_CONTAINER && l->program.seccomp && !l->program.seccomp->notify)
		ctx.seccomp = l->program.seccomp;
	c.state.pid = l->pid;
	c.state.oci_version = l->spec.oci_version;
	c.state.bundle = l->bundle;
	c.state.annotations = json_get(l->spec.tree, "annotations");
	container_describe(&c, status, &info);
	r = container_write_state_json(e, &info, &state);
	ctx.state = state.data;
	ctx.state_len = state.len;
	return r < 0 ? r : hooks_run(e, &l->spec.hooks[kind], &ctx);
}

/* Their directory is the rootfs, as with runc: hooks use it ("ldconfig -r ."). */
static int create_container_hooks(struct err *e, const struct launch *l)
{
	if (!l->spec.hooks[HOOK_CREATE_CONTAINER].n)
		return 0;
	if (fchdir(l->fs.root_fd) < 0)
		return err_sys(e, "change into the rootfs for the createContainer hooks");
	return run_hooks(e, l, HOOK_CREATE_CONTAINER, STATUS_CREATING);
}

static int open_console(struct err *e, const struct launch *l, struct console *console)
{
	const struct spec_process *p = l->spec.process;
	struct console_options o = {
		.root_fd = l->fs.root_fd,
		.bind = true,
		.rows = (uint16_t)p->console_height.v,
		.cols = (uint16_t)p->console_width.v,
		.uid = p->user.uid,
		.gid = (uint32_t)-1,
	};
	int r = console_open(e, &o, console);

	if (r == 0)
		r = channel_send(e, l->channel[1], MSG_CONSOLE, console->master);
	if (r == 0)
		r = console_attach(e, console);
	if (r == 0)
		r = console_control(e);
	console_done(console);
	return r;
}

/* The parent's part, network devices and host hooks: with the mounts made, so that a hook can add
 * to them in this mount namespace, below the rootfs's own path. */
static int let_hooks_run(struct err *e, struct launch *l)
{
	int r = channel_send(e, l->channel[1], MSG_NAMESPACES, FD_NONE);

	return r < 0 ? r : wait_for_go(e, l);
}

static int build_root(struct err *e, struct launch *l)
{
	struct console console = {FD_NONE, FD_NONE};
	int r;

	r = rootfs_mount(e, &l->fs);
	if (r == 0 && l->wait_for_hooks)
		r = let_hooks_run(e, l);
	if (r == 0 && l->spec.linux_.sysctl.n)
		r = rootfs_procfs(e, &l->fs);
	if (r == 0 && l->spec.linux_.sysctl.n)
		r = sysctl_apply(e, l->fs.proc_fd, &l->spec);
	if (r == 0)
		r = create_container_hooks(e, l);
	if (r == 0 && l->spec.process->terminal)
		r = open_console(e, l, &console);
	if (r == 0)
		r = rootfs_pivot(e, &l->fs);
	return r < 0 ? r : rootfs_mask(e, &l->fs);
}

/* Our pid as the host sees it, for the hooks' state: the host's /proc is still there to ask. */
static pid_t host_pid(const struct spec *spec)
{
	char text[16] = "";
	uint32_t pid = 0;

	if (!spec->hooks[HOOK_CREATE_CONTAINER].n && !spec->hooks[HOOK_START_CONTAINER].n)
		return 0;
	if (readlink("/proc/self", text, sizeof(text) - 1) > 0)
		(void)str_to_u32(text, &pid);
	return (pid_t)pid;
}

static int set_up(struct err *e, struct launch *l, char *path, size_t size)
{
	int r;

	r = enter_namespaces(e, l);
	if (r == 0)
		r = build_root(e, l);
	if (r == 0 && l->spec.linux_.memory_policy)
		r = process_memory_policy(e, l->spec.linux_.memory_policy);
	if (r == 0 && l->spec.linux_.has_personality && personality(l->spec.linux_.personality) < 0)
		r = err_sys(e, "linux.personality: set");
	if (r == 0 && process_has_labels(l->spec.process))
		r = rootfs_procfs(e, &l->fs);
	if (r == 0)
		r = program_confine(e, &l->program, l->fs.proc_fd, path, size);
	if (r == 0)
		r = program_load_notify(e, &l->program);
	return r;
}

/* Tells the parent that everything is prepared and waits for the start. Returns the socket over
 * which a failure from here on is reported. */
static int wait_for_start(struct err *e, struct launch *l)
{
	int r;

	/* From here the end of the conversation tells that the parent died; its death signal must
	 * be off before it may exit with success, which is right after MSG_GO. */
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	r = channel_send(e, l->channel[1], MSG_READY, FD_NONE);
	if (r == 0)
		r = wait_for_go(e, l);
	if (r < 0)
		return r;
	if (l->gate < 0)
		return l->channel[1];
	/* `create` is done: from now on only `start` is listened to, perhaps for a long time, in
	 * which nothing of the host is kept open but the gate and what was passed on. */
	if (sys_close_range(3 + l->program.preserve_fds, (unsigned int)l->gate - 1, 0) < 0 ||
	    sys_close_range((unsigned int)l->gate + 1, ~0u, 0) < 0)
		return err_sys(e, "close the files of the set-up");
	if (!l->spec.hooks[HOOK_START_CONTAINER].n) {
		r = program_pack(e, &l->program, &l->packed);
		if (r < 0)
			return r;
		arena_done(&l->fs.arena);
		spec_done(&l->spec);
	}
	return gate_wait(e, l->gate);
}

/* Returns in the container's own process only. */
static void stage_one(struct launch *l)
{
	uint64_t flags = l->ns.make & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	struct err e;
	int r = l->fs.staged ? rootfs_stage(&e, &l->fs) : 0;

	if (l->ns.user_first) {
		flags &= ~(uint64_t)CLONE_NEWUSER;
		r = wait_for_go(&e, l);
	} else if (r == 0) {
		r = ns_join(&e, &l->ns);
	}
	/* Before a change of ids: an undumpable process may not write its time offsets. */
	if (r == 0 && l->ns.late)
		r = ns_enter_for_children(&e, &l->ns, &l->spec.linux_);
	if (r == 0 && (l->ns.user_first || l->ns.join[NS_USER] >= 0))
		r = process_become_root(&e);
	/* The next one may be born in a pid namespace that others are in. */
	if (r == 0 && (l->ns.late || l->ns.join[NS_USER] >= 0) &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_sys(&e, "make the process undumpable");
	if (r < 0)
		program_fail(l->channel[1], &e);
	stage_make(l->channel[1], flags);
}

void init_main(struct launch *l)
{
	char path[PATH_MAX];
	struct err e = {0};
	int r, sock;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* These belong to the parent alone. */
	if (l->rt->image_fd)
		fd_close(l->rt->image_fd);
	fd_close(&l->channel[0]);
	fd_close(&l->c.dir_fd);
	program_reset_signals(l->ignored_signals);
	/* An ordinary user has no rights outside that the process would lose: it does it itself,
	 * while its files in /proc still are its own. */
	if (l->rt->uid != 0 && (process_privileged(&e, 0, l->spec.process) < 0 ||
				process_schedule(&e, 0, l->spec.process) < 0))
		program_fail(l->channel[1], &e);
	if (l->ns.two_stages)
		stage_one(l);
	setsid();
	l->pid = host_pid(&l->spec);
	/* Not "< 0": a step that was left out must never look like success. */
	r = set_up(&e, l, path, sizeof(path));
	if (r > 0)
		err_num(&e, EPROTO, "a step of the set-up answered %d", r);
	if (r != 0)
		program_fail(l->channel[1], &e);
	sock = wait_for_start(&e, l);
	if (sock < 0)
		_exit(1);
	if (l->spec.hooks[HOOK_START_CONTAINER].n &&
	    run_hooks(&e, l, HOOK_START_CONTAINER, STATUS_CREATED) < 0)
		program_fail(sock, &e);
	program_execute(&e, &l->program, path);
	program_fail(sock, &e);
}
