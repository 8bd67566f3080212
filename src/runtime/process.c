/* Attributes of a container's process, in the order in which they are applied: see process.h. */
#include "runtime/process.h"

#include <limits.h>
#include <linux/ioprio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "path/path.h"
#include "runtime/caps.h"

static int become_failed(struct err *e, const char *whom, const char *member)
{
	if (errno == EINVAL)
		return err_set(
			e, ERR_CONFIG,
			"linux.%s: containerID 0 is missing; as %s 0 the container is set up",
			member, whom);
	return err_sys(e, "become %s 0 of the user namespace", whom);
}

int process_become_root(struct err *e)
{
	if (syscall(SYS_setresgid, 0, 0, 0) < 0)
		return become_failed(e, "group", "gidMappings");
	if (syscall(SYS_setresuid, 0, 0, 0) < 0)
		return become_failed(e, "user", "uidMappings");
	return 0;
}

int process_keyring(struct err *e, const char *id)
{
	char name[160];

	(void)str_format(name, sizeof(name), "_ses.%s", id);
	/* ENOSYS: a kernel without keyrings has none to share. */
	if (sys_keyctl_join_session(name) < 0 && errno != ENOSYS)
		return err_sys(e, "make a session keyring (--no-new-keyring leaves it out)");
	return 0;
}

/* struct sched_attr of sched_setattr(2), version 0; libc has none. */
struct sched_attr_v0 {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int process_schedule(struct err *e, pid_t pid, const struct spec_process *p)
{
	const struct spec_scheduler *s = p->scheduler;
	struct sched_attr_v0 attr;

	if (!s)
		return 0;
	attr = (struct sched_attr_v0){
		.size = sizeof(attr),
		.policy = s->policy,
		.flags = s->flags,
		.nice = (int32_t)s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	if (sys_sched_setattr(pid, &attr) < 0)
		return err_sys(e, "process.scheduler: set policy %u", s->policy);
	return 0;
}

static int set_oom_score(struct err *e, pid_t pid, int64_t value)
{
	char path[64], text[24];
	int r;

	if (pid)
		(void)str_format(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	else
		(void)str_format(path, sizeof(path), "/proc/self/oom_score_adj");
	(void)str_format(text, sizeof(text), "%d", (int)value);
	r = file_write_at(AT_FDCWD, path, text, strlen(text));
	/* To lower it takes CAP_SYS_RESOURCE on the host. Engines ask for 0 as a matter of course,
	 * where systemd gives a user's session 100 or 200: no reason to fail. */
	if (r == -EACCES && (pid == 0 || !sys_in_initial_userns())) {
		log_warning("process.oomScoreAdj: cannot be lowered to %s without privileges",
			    text);
		return 0;
	}
	return r < 0 ? err_num(e, r, "process.oomScoreAdj: set to %s", text) : 0;
}

static int explain_limit(struct err *e, size_t i, const struct spec_rlimit *l)
{
	struct rlimit rl = {0};

	if (errno != EPERM || getrlimit(l->resource, &rl) < 0)
		return err_sys(e, "process.rlimits[%zu]: set %s to %llu:%llu", i, l->type,
			       (unsigned long long)l->soft, (unsigned long long)l->hard);
	return err_num(e, EPERM,
		       "process.rlimits[%zu]: raise %s to %llu, above the hard limit %llu", i,
		       l->type, (unsigned long long)l->hard, (unsigned long long)rl.rlim_max);
}

/* To raise a hard limit takes CAP_SYS_RESOURCE on the host, which the process loses on its way. */
static int raise_limit(struct err *e, pid_t pid, size_t i, const struct spec_rlimit *l)
{
	struct rlimit rl;

	/* Who may not look may not raise it: whether it must be, the process itself finds out. */
	if (prlimit(pid, l->resource, NULL, &rl) < 0)
		return errno == EPERM ? 0 : err_sys(e, "process.rlimits[%zu]: read %s", i, l->type);
	if (rl.rlim_max >= l->hard)
		return 0;
	rl.rlim_max = l->hard;
	return prlimit(pid, l->resource, &rl, NULL) < 0 ? explain_limit(e, i, l) : 0;
}

int process_privileged(struct err *e, pid_t pid, const struct spec_process *p)
{
	int r = 0;

	for (size_t i = 0; i < p->rlimits.n && r == 0; i++)
		r = raise_limit(e, pid, i, &p->rlimits.v[i]);
	if (r == 0 && p->io_priority) {
		const struct spec_io_priority *io = p->io_priority;
		int prio = IOPRIO_PRIO_VALUE(io->io_class, (int)io->priority);

		if (sys_ioprio_set(IOPRIO_WHO_PROCESS, pid, prio) < 0)
			r = err_sys(e, "process.ioPriority: set class %d, priority %d",
				    io->io_class, (int)io->priority);
	}
	if (r == 0 && p->oom_score_adj.set)
		r = set_oom_score(e, pid, p->oom_score_adj.v);
	return r;
}

int process_limits(struct err *e, const struct spec_process *p)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct spec_rlimit *l = &p->rlimits.v[i];
		struct rlimit rl = {.rlim_cur = l->soft, .rlim_max = l->hard};

		if (setrlimit(l->resource, &rl) < 0)
			return explain_limit(e, i, l);
	}
	return 0;
}

#define LIST_BITS 1024u
#define LONG_BITS (8 * sizeof(unsigned long))

/* A list of numbers as the kernel writes them, "0-3,7", to bits. -EINVAL when it is not one. */
static int parse_list(const char *s, unsigned long *bits)
{
	memset(bits, 0, LIST_BITS / 8);
	while (*s) {
		unsigned long lo = 0, hi = 0;

		for (; *s >= '0' && *s <= '9' && lo < LIST_BITS; s++)
			lo = lo * 10 + (unsigned long)(*s - '0');
		if (*s == '-')
			for (s++; *s >= '0' && *s <= '9' && hi < LIST_BITS; s++)
				hi = hi * 10 + (unsigned long)(*s - '0');
		else
			hi = lo;
		if (hi >= LIST_BITS || lo > hi || (*s && *s != ','))
			return -EINVAL;
		for (; lo <= hi; lo++)
			bits[lo / LONG_BITS] |= 1ul << lo % LONG_BITS;
		s += *s == ',';
	}
	return 0;
}

int process_affinity(struct err *e, const char *cpus)
{
	unsigned long bits[LIST_BITS / LONG_BITS];

	if (!cpus || !*cpus)
		return 0;
	if (parse_list(cpus, bits) < 0)
		return err_set(e, ERR_CONFIG, "process.execCPUAffinity: bad CPU list \"%s\"", cpus);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(bits), bits) < 0)
		return err_sys(e, "process.execCPUAffinity: set CPUs \"%s\"", cpus);
	return 0;
}

int process_memory_policy(struct err *e, const struct spec_memory_policy *m)
{
	unsigned long bits[LIST_BITS / LONG_BITS];
	bool nodes = m->nodes && *m->nodes;

	if (nodes && parse_list(m->nodes, bits) < 0)
		return err_set(e, ERR_CONFIG, "linux.memoryPolicy.nodes: bad list \"%s\"",
			       m->nodes);
	if (sys_set_mempolicy(m->value, nodes ? bits : NULL, nodes ? LIST_BITS + 1 : 0) < 0)
		return err_sys(e, "linux.memoryPolicy: set %s", m->mode);
	return 0;
}

/* The AppArmor directory is newer (5.8) than the shared file; both take "exec PROFILE". "No such
 * file" would be said of the profile, and engines take those words for a missing program. */
static int set_apparmor(struct err *e, const char *profile, int proc_fd)
{
	char text[1024];
	int r = str_format(text, sizeof(text), "exec %s", profile);

	if (r == 0)
		r = procfs_write(e, proc_fd, "thread-self/attr/apparmor/exec", text, strlen(text));
	if (r == -ENOENT)
		return err_set(e, ERR_CONFIG,
			       "process.apparmorProfile: apply \"%s\": not loaded in this kernel; "
			       "apparmor_parser(8) loads profiles where AppArmor is on",
			       profile);
	return r < 0 ? err_wrap(e, r, "process.apparmorProfile: apply \"%s\"", profile) : 0;
}

bool process_has_labels(const struct spec_process *p)
{
	return (p->apparmor_profile && *p->apparmor_profile) ||
	       (p->selinux_label && *p->selinux_label);
}

int process_labels(struct err *e, const struct spec_process *p, int proc_fd)
{
	int r = 0;

	if (p->apparmor_profile && *p->apparmor_profile)
		r = set_apparmor(e, p->apparmor_profile, proc_fd);
	if (r == 0 && p->selinux_label && *p->selinux_label) {
		r = procfs_write(e, proc_fd, "thread-self/attr/exec", p->selinux_label,
				 strlen(p->selinux_label));
		if (r < 0)
			err_wrap(e, r, "process.selinuxLabel: apply \"%s\"", p->selinux_label);
	}
	return r;
}

int process_chdir(struct err *e, const struct spec_process *p)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	_close_ int fd = FD_NONE;
	char where[PATH_MAX];

	/* The caller is at the container's root: that is where the kernel starts to look. */
	if (str_eq(p->cwd, "/"))
		return 0;
	fd = sys_openat2(AT_FDCWD, p->cwd, &how);
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ERR_SECURITY, "process.cwd: %s leads through a magic link",
			       p->cwd);
	if (fd < 0 || fchdir(fd) < 0)
		return err_sys(e, "process.cwd: change to %s", p->cwd);
	/* The raw system call says "(unreachable)/..." or ENOENT for what is not below our root. */
	if (syscall(SYS_getcwd, where, sizeof(where)) < 0 || where[0] != '/')
		return err_set(e, ERR_SECURITY, "process.cwd: %s is not inside the container",
			       p->cwd);
	return 0;
}

static int set_ids(struct err *e, const struct spec_user *u)
{
	const gid_t *groups = u->additional_gids.v;

	/* Raw calls: the libc wrappers would signal threads that do not exist.
	 * Groups always, also with an empty list: a group left over is a right left over
	 * (CVE-2022-2989). A user namespace with setgroups denied has no groups to lose either. */
	if (syscall(SYS_setgroups, u->additional_gids.n, groups) < 0 &&
	    !(errno == EPERM && u->additional_gids.n == 0))
		return err_sys(e, "process.user.additionalGids: set%s",
			       errno == EPERM ? " (in this user namespace setgroups is denied: "
						"linux.gidMappings must be ranges of /etc/subgid)"
					      : "");
	if (syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0)
		return err_sys(e, "process.user.gid: set to %u", u->gid);
	if (syscall(SYS_setresuid, u->uid, u->uid, u->uid) < 0)
		return err_sys(e, "process.user.uid: set to %u", u->uid);
	return 0;
}

int process_credentials(struct err *e, const struct spec_process *p, uint64_t keep)
{
	int r = caps_drop_bounding(e, p->caps.bounding);

	if (r < 0)
		return r;
	if (p->user.uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "keep capabilities over setuid");
	r = set_ids(e, &p->user);
	if (r < 0)
		return r;
	/* A change of ids makes the process dumpable again when suid_dumpable says so. */
	if ((p->user.uid != 0 || p->user.gid != 0) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "make the process undumpable");
	umask(p->user.umask.set ? p->user.umask.v : 0022);
	r = caps_set(e, &p->caps, keep);
	if (r < 0)
		return r;
	if (p->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "process.noNewPrivileges: set");
	return 0;
}

static const char *env_get(const struct strv *env, const char *name)
{
	const char *value = NULL;

	/* The last one wins, as in a shell. */
	for (size_t i = 0; i < env->n; i++) {
		const char *rest = str_after(env->v[i], name);

		if (rest && *rest == '=')
			value = rest + 1;
	}
	return value;
}

/* 0, or the errno execve would give. */
static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	/* With the effective ids: faccessat2 (5.8). */
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return errno;
	return 0;
}

int process_exec_error(struct err *e, const struct spec_process *p, int num)
{
	const char *name = p->args.v[0];
	enum err_code code = ERR_COMMAND_DENIED;
	char why[128];

	num = num < 0 ? -num : num;
	if (num == ENOENT || num == ENOTDIR)
		code = ERR_COMMAND_NOT_FOUND;
	err_set(e, code, "exec: \"%s\": %s", name, err_text(num, why, sizeof(why)));
	e->num = num;
	return -num;
}

static int search_path(const char *list, const char *name, char *path, size_t size)
{
	int worst = ENOENT;

	for (const char *dir = list;; dir++) {
		size_t n = strcspn(dir, ":");
		int num = str_format(path, size, "%.*s%s%s", (int)n, dir, n ? "/" : "", name) < 0
				  ? ENOENT
				  : check_program(path);

		if (num == 0)
			return 0;
		if (num == EACCES)
			worst = EACCES;
		dir += n;
		if (!*dir)
			return -worst;
	}
}

int process_find_program(struct err *e, const struct spec_process *p, char *path, size_t size)
{
	static const char default_path[] =
		"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *name = p->args.v[0], *list;
	int r;

	if (strchr(name, '/')) {
		r = str_format(path, size, "%s", name) < 0 ? ENAMETOOLONG : check_program(name);
		return r ? process_exec_error(e, p, r) : 0;
	}
	list = env_get(&p->env, "PATH");
	r = *name ? search_path(list ? list : default_path, name, path, size) : -ENOENT;
	if (r == -EACCES)
		return process_exec_error(e, p, r);
	if (r < 0)
		return err_set(e, ERR_COMMAND_NOT_FOUND,
			       "exec: \"%s\": executable file not found in $PATH", name);
	return 0;
}

int process_environment(struct err *e, struct arena *a, struct spec_process *p)
{
	static const char name[] = "HOME=";
	struct strv env = {.n = p->env.n};
	char *home;

	if (env_get(&p->env, "HOME"))
		return 0;
	env.v = arena_array(a, env.n + 2, sizeof(*env.v));
	home = arena_alloc(a, sizeof(name) - 1 + PROCESS_HOME_SIZE);
	if (!env.v || !home)
		return err_nomem(e);
	if (env.n)
		memcpy(env.v, p->env.v, env.n * sizeof(*env.v));
	memcpy(home, name, sizeof(name) - 1);
	env.v[env.n++] = home;
	home += sizeof(name) - 1;
	(void)str_format(home, PROCESS_HOME_SIZE, "%s", p->user.uid == 0 ? "/root" : "/");
	if (p->user.uid != 0)
		p->home = home;
	p->env = env;
	return 0;
}
