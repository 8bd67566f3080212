/* Namespaces of a container: see ns.h. The order rules are in namespaces(7), setns(2). */
#include "runtime/ns.h"

#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static const struct {
	const char *name, *proc_name;
	uint64_t flag;
} kinds[NS_KIND_MAX] = {
	[NS_USER] = {"user", "user", CLONE_NEWUSER},
	[NS_CGROUP] = {"cgroup", "cgroup", CLONE_NEWCGROUP},
	[NS_IPC] = {"ipc", "ipc", CLONE_NEWIPC},
	[NS_UTS] = {"uts", "uts", CLONE_NEWUTS},
	[NS_NET] = {"network", "net", CLONE_NEWNET},
	[NS_PID] = {"pid", "pid", CLONE_NEWPID},
	[NS_MNT] = {"mount", "mnt", CLONE_NEWNS},
	[NS_TIME] = {"time", "time", CLONE_NEWTIME},
};

const char *ns_kind_name(enum ns_kind kind)
{
	return kinds[kind].name;
}

const char *ns_kind_proc_name(enum ns_kind kind)
{
	return kinds[kind].proc_name;
}

uint64_t ns_kind_flag(enum ns_kind kind)
{
	return kinds[kind].flag;
}

static int open_path(struct err *e, enum ns_kind kind, const char *path)
{
	_close_ int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	int type;

	if (fd < 0)
		return err_sys(e, "linux.namespaces: open the %s namespace %s", kinds[kind].name,
			       path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0 || (uint64_t)type != kinds[kind].flag)
		return err_set(e, ERR_CONFIG, "linux.namespaces: %s is not a %s namespace", path,
			       kinds[kind].name);
	return take_fd(&fd);
}

int ns_plan_open(struct err *e, struct ns_plan *plan, const struct spec_linux *l,
		 const struct runtime *rt)
{
	bool joins = false;

	plan->make = 0;
	plan->own_pid = plan->own_time = FD_NONE;
	for (int k = 0; k < NS_KIND_MAX; k++)
		plan->join[k] = FD_NONE;
	for (int k = 0; k < NS_KIND_MAX; k++) {
		const struct spec_ns *ns = &l->ns[k];

		if (!ns->present)
			continue;
		if (!ns->path) {
			plan->make |= kinds[k].flag;
			continue;
		}
		plan->join[k] = open_path(e, (enum ns_kind)k, ns->path);
		if (plan->join[k] < 0)
			return plan->join[k];
		joins = joins || (k != NS_PID && k != NS_TIME);
	}
	/* One clone3 makes all namespaces at once, and the new ones belong to the new user
	 * namespace. When a user namespace is joined, or made while others are joined, a first
	 * process must join before the container's own is made. */
	/* Root of a user namespace could not come back from them, and an ordinary user not even go
	 * there before it is in the container's user namespace. */
	plan->late = (plan->join[NS_PID] >= 0 || plan->join[NS_TIME] >= 0 ||
		      plan->make & CLONE_NEWTIME) &&
		     runtime_is_unprivileged(rt);
	plan->user_first = plan->late && rt->uid != 0 && plan->make & CLONE_NEWUSER;
	plan->two_stages =
		plan->join[NS_USER] >= 0 || (joins && plan->make & CLONE_NEWUSER) || plan->late;
	return 0;
}

void ns_plan_done(struct ns_plan *plan)
{
	for (int k = 0; k < NS_KIND_MAX; k++)
		fd_close(&plan->join[k]);
	fd_close(&plan->own_pid);
	fd_close(&plan->own_time);
}

static int enter_child_ns(struct err *e, int fd, int *own, enum ns_kind kind)
{
	char path[64];

	(void)str_format(path, sizeof(path), "/proc/self/ns/%s", kinds[kind].proc_name);
	*own = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (*own < 0)
		return err_sys(e, "open %s", path);
	if (fd >= 0 && setns(fd, (int)kinds[kind].flag) < 0)
		return err_sys(e, "join the %s namespace", kinds[kind].name);
	return 0;
}

static int write_time_offsets(struct err *e, const struct spec_linux *l)
{
	char text[128];
	size_t len = 0;
	int r;

	if (l->time_monotonic.set)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "monotonic %lld %u\n",
					(long long)l->time_monotonic.secs,
					l->time_monotonic.nanosecs);
	if (l->time_boottime.set)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "boottime %lld %u\n",
					(long long)l->time_boottime.secs,
					l->time_boottime.nanosecs);
	if (!len)
		return 0;
	r = file_write_at(AT_FDCWD, "/proc/self/timens_offsets", text, len);
	return r < 0 ? err_num(e, r, "linux.timeOffsets: set") : 0;
}

int ns_enter_for_children(struct err *e, struct ns_plan *plan, const struct spec_linux *l)
{
	int r = 0;

	if (plan->join[NS_PID] >= 0)
		r = enter_child_ns(e, plan->join[NS_PID], &plan->own_pid, NS_PID);
	if (r == 0 && plan->join[NS_TIME] >= 0)
		return enter_child_ns(e, plan->join[NS_TIME], &plan->own_time, NS_TIME);
	if (r < 0 || !(plan->make & CLONE_NEWTIME))
		return r;
	/* Offsets can only be written before the first process is inside, so not with clone3. */
	r = enter_child_ns(e, FD_NONE, &plan->own_time, NS_TIME);
	if (r < 0)
		return r;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, "make the time namespace");
	return write_time_offsets(e, l);
}

int ns_leave_for_children(struct err *e, struct ns_plan *plan)
{
	if (plan->own_pid >= 0 && setns(plan->own_pid, CLONE_NEWPID) < 0)
		return err_sys(e, "return to the own pid namespace");
	if (plan->own_time >= 0 && setns(plan->own_time, CLONE_NEWTIME) < 0)
		return err_sys(e, "return to the own time namespace");
	return 0;
}

int ns_join(struct err *e, const struct ns_plan *plan)
{
	bool done[NS_KIND_MAX] = {[NS_PID] = true, [NS_TIME] = true, [NS_USER] = true};

	for (int round = 0; round < 2; round++) {
		for (int k = 0; k < NS_KIND_MAX; k++) {
			if (done[k] || plan->join[k] < 0)
				continue;
			done[k] = setns(plan->join[k], (int)kinds[k].flag) == 0;
			if (!done[k] && (round > 0 || plan->join[NS_USER] < 0 || errno != EPERM))
				return err_sys(e, "join the %s namespace", kinds[k].name);
		}
		if (round == 0 && plan->join[NS_USER] >= 0 &&
		    setns(plan->join[NS_USER], CLONE_NEWUSER) < 0)
			return err_sys(e, "join the user namespace");
	}
	return 0;
}

int ns_loopback_up(struct err *e)
{
	_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &ifr) < 0)
		return err_sys(e, "set the loopback interface up");
	return 0;
}
