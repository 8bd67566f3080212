/*
 * The parent's half of create and run: prepare everything that can be prepared on
 * the host, log the intent, clone, then answer the child until it is ready.
 *
 * After SIGKILL at any instruction here, the child ends by itself (its parent's death
 * signal, or the end of the conversation), and what remains is the state directory,
 * whose intent log names the cgroups: `delete --force` takes both away.
 */
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "runtime/launch.h"

#include "runtime/announce.h"
#include "runtime/caps.h"
#include "runtime/destroy.h"
#include "runtime/gate.h"
#include "runtime/hook.h"
#include "runtime/idmaps.h"
#include "runtime/network.h"
#include "runtime/process.h"
#include "runtime/resources.h"
#include "runtime/stage.h"
#include "runtime/unit.h"

static int open_bundle(struct err *e, struct launch *l)
{
	const char *bundle = l->opt->bundle ? l->opt->bundle : ".";
	char link[32];
	ssize_t n;

	l->bundle_fd = openat(AT_FDCWD, bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->bundle_fd < 0)
		return err_sys(e, "open the bundle %s", bundle);
	/* Its absolute path without links, for the state and for hooks. */
	(void)str_format(link, sizeof(link), "/proc/self/fd/%d", l->bundle_fd);
	n = readlink(link, l->bundle, sizeof(l->bundle) - 1);
	if (n < 0)
		return err_sys(e, "find the path of the bundle %s", bundle);
	l->bundle[n] = '\0';
	return 0;
}

/* LISTEN_FDS (sd_listen_fds(3)): sockets handed to bawn go on to the container's program. */
static int pass_listen_fds(struct err *e, struct launch *l)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	struct spec_process *p = l->spec.process;
	uint32_t n, owner, end;
	char **v;

	if (!fds || str_to_u32(fds, &n) < 0 || n == 0 || n > 1024)
		return 0;
	if (pid && (str_to_u32(pid, &owner) < 0 || owner != (uint32_t)getpid()))
		return 0;
	end = 3 + l->program.preserve_fds + n;
	for (uint32_t fd = end - n; fd < end; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		/* One of our own, which are all close-on-exec, is none either. */
		if (flags < 0 || flags & FD_CLOEXEC)
			return err_set(e, ERR_USAGE, "LISTEN_FDS=%u: fd %u is not open", n, fd);
	}
	v = arena_array(&l->spec.arena, p->env.n + 3, sizeof(*v));
	if (!v)
		return err_nomem(e);
	if (p->env.n)
		memcpy(v, p->env.v, p->env.n * sizeof(*v));
	v[p->env.n] = arena_printf(&l->spec.arena, "LISTEN_FDS=%u", n);
	v[p->env.n + 1] = arena_strdup(&l->spec.arena, "LISTEN_PID=1");
	if (!v[p->env.n] || !v[p->env.n + 1])
		return err_nomem(e);
	p->env.v = v;
	p->env.n += 2;
	l->program.preserve_fds += n;
	return 0;
}

static int load_config(struct err *e, struct launch *l, struct buf *text)
{
	const char *name = l->opt->config ? l->opt->config : "config.json";
	int r;

	r = file_read_at(e, l->opt->config ? AT_FDCWD : l->bundle_fd, name, JSON_MAX_DOCUMENT,
			 text);
	if (r < 0)
		return err_wrap(e, r, "bundle %s", l->bundle);
	r = spec_parse(e, "config.json", text->data ? text->data : "", text->len, &l->spec);
	if (r < 0)
		return r;
	if (!l->spec.process)
		return err_set(e, ERR_CONFIG, "config.json: process: is missing");
	if (l->spec.process->terminal && l->opt->detach && !l->opt->console_socket)
		return err_set(e, ERR_USAGE,
			       "process.terminal with --detach: nobody would hold the terminal; "
			       "give --console-socket");
	if (!l->spec.process->terminal && l->opt->console_socket)
		return err_set(e, ERR_USAGE, "--console-socket: process.terminal is not true");
	return 0;
}

/* What the child needs and what can be computed without touching anything. */
static int plan(struct err *e, struct launch *l)
{
	struct spec_process *p = l->spec.process;
	int r;

	l->program.process = p;
	l->program.preserve_fds = l->opt->preserve_fds;
	r = launch_choose_networks(e, l);
	if (r == 0)
		r = process_environment(e, &l->spec.arena, p);
	if (r == 0)
		r = pass_listen_fds(e, l);
	if (r == 0 && l->spec.linux_.seccomp) {
		r = seccomp_compile(e, &l->spec.arena, l->spec.linux_.seccomp, &l->seccomp);
		l->program.seccomp = &l->seccomp;
	}
	if (r == 0 && !l->spec.linux_.ns[NS_USER].present)
		caps_limit_to_own(&p->caps);
	return r < 0 ? r : ns_plan_open(e, &l->ns, &l->spec.linux_, l->rt);
}

/* There can be none for the reason `why`, or shall be none (NULL). */
static int without_cgroup(struct err *e, const struct launch *l, const char *why)
{
	int r = cg_limits_none(e, &l->spec.linux_.resources);

	if (r < 0 && !why)
		log_warning("%s; --cgroup-manager disabled leaves it out", e->msg);
	if (!why)
		return 0;
	if (r < 0)
		return err_wrap(e, r, "%s", why);
	log_warning("the container gets no cgroup, so it cannot be paused or limited: %s", why);
	return 0;
}

/* *ret: whether there can be one. Without rights to any, the container goes without, unless the
 * config names one or needs one. Nothing is made here. */
static int find_cgroup(struct err *e, struct launch *l, bool *ret)
{
	struct container_state *s = &l->c.state;
	const char *path = l->spec.linux_.cgroups_path;
	struct err why;
	int r;

	*ret = false;
	if (l->rt->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return without_cgroup(e, l, NULL);
	r = container_cg_mount(e, &l->c);
	if (r == 0)
		r = cg_resolve(e, &l->c.cg, path, l->c.id, &s->cgroup);
	*ret = r == 0;
	if ((r != -EACCES && r != -EOPNOTSUPP) || (path && *path) || !runtime_is_rootless(l->rt))
		return r;
	why = *e;
	return without_cgroup(e, l, why.msg);
}

static int make_own_cgroup(struct err *e, struct launch *l)
{
	struct container_state *s = &l->c.state;
	bool found;
	int r = find_cgroup(e, l, &found);

	if (r < 0 || !found)
		return r;
	r = intent_add(e, &l->c, INTENT_CGROUP, &s->cgroup);
	if (r == 0)
		r = cg_create(e, &l->c.cg, &s->cgroup, &l->cgroup_fd);
	if (r < 0) {
		l->c.cgroup_refused = true;
		return r;
	}
	s->has_cgroup = true;
	if (l->spec.linux_.cgroups_path)
		cg_enable_available(&l->c.cg, &s->cgroup, l->cgroup_fd);
	return cg_limits_apply(e, &l->c.cg, &s->cgroup, l->cgroup_fd, &l->spec.linux_.resources);
}

static int confine_devices(struct err *e, struct launch *l)
{
	return resources_devices(e, l->rt, l->cgroup_fd, &l->spec.linux_.resources);
}

/* Whether the child does the same with and without device rules until it is ready: it makes no
 * nodes but those that every container has, and runs no program of the config's. */
static bool devices_can_wait(const struct launch *l)
{
	return l->spec.linux_.devices.n == 0 && l->spec.hooks[HOOK_CREATE_CONTAINER].n == 0;
}

static int make_cgroup(struct err *e, struct launch *l)
{
	bool systemd = l->rt->cgroup_manager == CGROUP_MANAGER_SYSTEMD;
	int r = systemd ? unit_make(e, l) : make_own_cgroup(e, l);

	if (r < 0 || !l->c.state.has_cgroup)
		return r;
	r = launch_delegate(e, l);
	return r < 0 || devices_can_wait(l) ? r : confine_devices(e, l);
}

static int prepare_root(struct err *e, struct launch *l)
{
	const struct spec_linux *lx = &l->spec.linux_;
	struct rootfs_options o = {
		.spec = &l->spec,
		.bundle = l->bundle,
		.bundle_fd = l->bundle_fd,
		.mnt_ns = lx->ns[NS_MNT].present,
		.cgroup_ns = lx->ns[NS_CGROUP].present,
		.userns = lx->ns[NS_USER].present,
		.own_userns = l->ns.make & CLONE_NEWUSER,
		.no_pivot = l->opt->no_pivot,
		.at_path = l->spec.hooks[HOOK_PRESTART].n || l->spec.hooks[HOOK_CREATE_RUNTIME].n ||
			   l->spec.hooks[HOOK_CREATE_CONTAINER].n,
		.cgroup_fd = l->cgroup_fd,
		.cgroup_writable = launch_delegates(l),
	};
	int r;

	/* Who cannot change mounts does not need to be kept from it. */
	if (lx->ns[NS_USER].present && l->ns.make & CLONE_NEWNS &&
	    l->spec.process->caps.bounding >> CAP_SYS_ADMIN & 1) {
		o.stage = arena_printf(&l->spec.arena, "%s/%s", l->rt->root, l->c.id);
		if (!o.stage)
			return err_nomem(e);
	}
	r = rootfs_prepare(e, &l->fs, &o);
	l->ns.two_stages = l->ns.two_stages || l->fs.staged;
	return r;
}

static int open_channels(struct err *e, struct launch *l, bool with_gate)
{
	int r = channel_open(e, l->channel);

	if (r < 0)
		return r;
	l->program.channel = l->channel[1];
	if (!with_gate)
		return 0;
	l->gate = gate_listen(e, l->c.dir_fd);
	return l->gate < 0 ? l->gate : 0;
}

static int explain_clone(struct err *e, const struct launch *l)
{
	const char *hint = "";

	if (errno == EPERM && l->rt->uid != 0 && !l->spec.linux_.ns[NS_USER].present)
		hint = " (an ordinary user needs a user namespace: see bawn spec --rootless)";
	else if (errno == EPERM && l->ns.make & CLONE_NEWUSER)
		hint = NS_USER_REFUSED;
	else if (errno == ENOSPC)
		hint = " (a limit in /proc/sys/user is reached, or namespaces are nested too deep)";
	return err_sys(e, "make the container's first process and its namespaces%s", hint);
}

static int clone_child(struct err *e, struct launch *l)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&l->pidfd,
		.exit_signal = SIGCHLD,
	};
	int r = 0;

	if (!l->ns.two_stages)
		args.flags |= l->ns.make & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	else if (l->ns.user_first)
		args.flags |= CLONE_NEWUSER;
	if (l->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)l->cgroup_fd;
	}
	if (!l->ns.late)
		r = ns_enter_for_children(e, &l->ns, &l->spec.linux_);
	if (r < 0)
		return r;
	/* Inherited, so that there is no instant in which a container whose pid namespace is joined
	 * can trace the child (CVE-2016-9962). An ordinary user must still reach its uid_map: there
	 * the child does it itself. */
	if (l->rt->uid == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "make the process undumpable");
	l->ignored_signals = program_ignored_signals();
	/* These debug lines are runc's for the same steps: people grep for them. */
	log_debug("nsexec container setup: make the namespaces %#llx",
		  (unsigned long long)l->ns.make);
	l->pid = sys_clone3(&args);
	/* A user may not move processes from a login session to the user's own systemd. */
	if (l->pid < 0 && errno == EACCES && l->unit.pid) {
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		l->unit_attach = true;
		l->pid = sys_clone3(&args);
	}
	if (l->pid == 0)
		init_main(l);
	if (l->pid < 0)
		return explain_clone(e, l);
	log_debug("child process in init(): pid %d", (int)l->pid);
	fd_close(&l->channel[1]);
	fd_close(&l->gate);
	rootfs_done(&l->fs);
	return ns_leave_for_children(e, &l->ns);
}

/* The state that hooks and later commands see. */
static int fill_state(struct err *e, struct launch *l)
{
	struct container_state *s = &l->c.state;
	struct arena *a = &l->spec.arena;
	struct timespec now;
	char stamp[32];
	struct tm tm;
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	s->pid = l->pid;
	r = process_start_time(l->pid, &s->start_time);
	if (r < 0)
		return err_num(e, r, "find the container's process");
	s->oci_version = l->spec.oci_version;
	s->bundle = l->bundle;
	s->rootfs = l->spec.root_path[0] == '/'
			    ? l->spec.root_path
			    : arena_printf(a, "%s/%s", l->bundle, l->spec.root_path);
	s->created = arena_printf(a, "%s.%09ldZ", stamp, now.tv_nsec);
	s->owner = l->rt->uid == 0 ? "root" : arena_printf(a, "%u", l->rt->uid);
	for (int k = 0; k < HOOK_KIND_MAX; k++)
		s->hooks = s->hooks || l->spec.hooks[k].n;
	s->poststart = l->spec.hooks[HOOK_POSTSTART].n > 0;
	s->poststop = l->spec.hooks[HOOK_POSTSTOP].n > 0;
	s->no_new_keyring = l->opt->no_new_keyring;
	s->shares_pids = !l->spec.linux_.ns[NS_PID].present || l->spec.linux_.ns[NS_PID].path;
	s->net_ns = !l->spec.linux_.ns[NS_NET].present ? NET_NS_HOST
		    : l->spec.linux_.ns[NS_NET].path   ? NET_NS_JOINED
						       : NET_NS_OWN;
	s->annotations = json_get(l->spec.tree, "annotations");
	return s->rootfs && s->created && s->owner ? 0 : err_nomem(e);
}

static int start_child(struct err *e, struct launch *l)
{
	int r = clone_child(e, l);

	if (r == 0 && l->ns.user_first) {
		r = idmaps_write(e, l->pid, &l->spec.linux_);
		if (r == 0)
			r = channel_send(e, l->channel[0], MSG_GO, FD_NONE);
	}
	if (r == 0 && l->ns.two_stages)
		r = stage_take(e, l->channel[0], &l->pid, &l->pidfd);
	if (r == 0 && l->unit.pid)
		r = unit_settle(e, l);
	if (r == 0 && l->ns.make & CLONE_NEWUSER && !l->ns.user_first)
		r = idmaps_write(e, l->pid, &l->spec.linux_);
	if (r == 0 && init_waits_first(l))
		r = channel_send(e, l->channel[0], MSG_GO, FD_NONE);
	return r < 0 ? r : fill_state(e, l);
}

static int at_namespaces(struct err *e, struct launch *l)
{
	int r = l->spec.linux_.net_devices.n ? launch_net_devices(e, l) : 0;

	if (r == 0 && l->networks.n)
		r = launch_networks(e, l);
	if (r == 0)
		r = launch_hooks(e, l, HOOK_PRESTART, STATUS_CREATING);
	if (r == 0)
		r = launch_hooks(e, l, HOOK_CREATE_RUNTIME, STATUS_CREATING);
	return r < 0 ? r : channel_send(e, l->channel[0], MSG_GO, FD_NONE);
}

/* Answers the child until it is ready. */
static int converse(struct err *e, struct launch *l)
{
	for (;;) {
		_close_ int fd = FD_NONE;
		int kind = channel_recv(e, l->channel[0], &fd), r = 0;

		if (kind < 0)
			return kind;
		switch (kind) {
		case MSG_NAMESPACES:
			r = at_namespaces(e, l);
			break;
		case MSG_CONSOLE:
			r = announce_console(e, l->opt->console_socket, take_fd(&fd), &l->console);
			break;
		case MSG_LISTENER:
			r = announce_listener(e, &l->c, l->spec.linux_.seccomp, l->pid, fd);
			break;
		case MSG_READY:
			log_debug("init: closing the pipe to signal completion");
			/* An ordinary user's child has done it itself. */
			if (l->rt->uid != 0)
				return 0;
			r = process_privileged(e, l->pid, l->spec.process);
			return r < 0 ? r : process_schedule(e, l->pid, l->spec.process);
		case 0:
			return err_num(e, ECHILD, "the container's process died during set-up");
		default:
			return err_num(e, EPROTO, "unexpected message %d from the child", kind);
		}
		if (r < 0)
			return r;
	}
}

/* What the child does not wait for before it is ready is done while it sets itself up: that takes
 * the longest, and runs on another CPU. */
static int work_beside_child(struct err *e, struct launch *l, const struct buf *config)
{
	int r = 0;

	if (l->c.state.has_cgroup && devices_can_wait(l))
		r = confine_devices(e, l);
	/* No need to replace it atomically: nothing reads it before state.json is there. */
	if (r == 0)
		r = file_create_at(e, l->c.dir_fd, "config.json", config->data, config->len, 0600);
	if (r == 0)
		r = container_prepare_state(e, &l->c);
	/* The last one to close the sealed image waits for the kernel to take its mount apart: the
	 * child has closed its copy long since. But a helper program comes from there. */
	if (l->rt->image_fd && !l->spec.linux_.net_devices.n && !l->networks.n && !l->c.state.unit)
		fd_close(l->rt->image_fd);
	return r;
}

int launch_prepare(struct err *e, struct launch *l, bool with_gate)
{
	_buf_ struct buf text = {0};
	int r;

	r = open_bundle(e, l);
	if (r == 0)
		r = load_config(e, l, &text);
	if (r == 0)
		r = plan(e, l);
	if (r == 0)
		r = container_new(e, &l->c, l->rt, l->opt->id);
	if (r < 0)
		return r;
	l->made = true;
	r = launch_plan_networks(e, l);
	if (r == 0)
		r = launch_network_files(e, l);
	if (r == 0)
		r = make_cgroup(e, l);
	if (r == 0)
		r = prepare_root(e, l);
	if (r == 0)
		r = open_channels(e, l, with_gate);
	if (r < 0)
		return r;
	l->wait_for_hooks = l->spec.hooks[HOOK_PRESTART].n ||
			    l->spec.hooks[HOOK_CREATE_RUNTIME].n || l->spec.linux_.net_devices.n ||
			    l->networks.n;
	r = start_child(e, l);
	r = channel_explain(e, l->channel[0], r);
	if (r == 0)
		r = work_beside_child(e, l, &text);
	if (r == 0)
		r = converse(e, l);
	if (r == 0)
		r = launch_announce(e, l);
	return r;
}

void launch_undo(struct launch *l)
{
	struct err e;

	helper_end(&l->unit);
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (!l->made)
		return;
	if (container_destroy(&e, &l->c, l->pid > 0 ? &l->spec : NULL) < 0)
		log_warning("clear up after the failure: %s", e.msg);
}

void launch_init(struct launch *l, const struct runtime *rt, const struct launch_options *o)
{
	*l = (struct launch){
		.rt = rt,
		.opt = o,
		.c = {.rt = rt, .dir_fd = FD_NONE, .cg = {.fd = FD_NONE}},
		.bundle_fd = FD_NONE,
		.cgroup_fd = FD_NONE,
		.unit = {.pidfd = FD_NONE, .sock = FD_NONE},
		.channel = {FD_NONE, FD_NONE},
		.gate = FD_NONE,
		.pidfd = FD_NONE,
		.joined_net = FD_NONE,
		.console = FD_NONE,
		.fs = {.root_fd = FD_NONE, .proc_fd = FD_NONE, .null_fd = FD_NONE},
	};
	for (int k = 0; k < NS_KIND_MAX; k++)
		l->ns.join[k] = FD_NONE;
	l->ns.own_pid = l->ns.own_time = FD_NONE;
}

void launch_done(struct launch *l)
{
	fd_close(&l->bundle_fd);
	fd_close(&l->cgroup_fd);
	helper_end(&l->unit);
	fd_close(&l->channel[0]);
	fd_close(&l->channel[1]);
	fd_close(&l->gate);
	fd_close(&l->pidfd);
	fd_close(&l->joined_net);
	fd_close(&l->console);
	ns_plan_done(&l->ns);
	rootfs_done(&l->fs);
	container_done(&l->c);
	spec_done(&l->spec);
}
