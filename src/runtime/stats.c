/* What containers use: the statistics of their cgroups and network interfaces. Changes nothing but
 * the sums of traffic, to which what the kernel has counted is added. */
#include <poll.h>
#include <time.h>

#include "path/path.h"
#include "runtime/container.h"
#include "runtime/net_stats.h"
#include "runtime/network.h"
#include "runtime/stats.h"

static bool has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

/* The pidfd is held while /proc/PID is read: when the process lives after that, it was the one
 * that was read. Without the right to look, as without a living process, there is nothing. */
static int read_net(struct err *e, struct container *c, int *proc, struct arena *a,
		    struct net_interfaces *ret)
{
	_close_ int pidfd = container_pidfd(e, c);
	int r;

	*ret = (struct net_interfaces){.set = false};
	if (pidfd < 0)
		return 0;
	if (*proc < 0)
		*proc = procfs_open(e);
	if (*proc < 0)
		return *proc;
	r = net_stats_read(e, *proc, c->state.pid, a, ret);
	if (has_ended(pidfd)) {
		*ret = (struct net_interfaces){.set = false};
		return 0;
	}
	if (r == -EACCES || r == -EPERM) {
		log_debug("%s: network interfaces: %s", c->id, e->msg);
		return 0;
	}
	return r;
}

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int container_read_stats(struct err *e, struct container *c, int *proc, struct arena *a,
			 struct container_stats *ret)
{
	_close_ int fd = FD_NONE;
	int r;

	*ret = (struct container_stats){.time_usec = now_usec()};
	container_describe(c, container_status(c), &ret->info);
	if (!c->has_state)
		return 0;
	if (c->state.has_cgroup) {
		r = container_cgroup(e, c, &fd);
		if (r == 0)
			r = cg_stat_read(e, fd, a, &ret->cg);
		if (r < 0 && r != -ENOENT)
			return r;
		ret->has_cgroup = r == 0;
	}
	return read_net(e, c, proc, a, &ret->net);
}

/* Of one that is a guest on networks. What cannot be had is not worth the other numbers. */
static void read_accounting(const struct container *c, struct arena *a, const struct json **ret)
{
	struct json *tree;
	struct err why;

	if (container_network_usage(&why, c, a, &tree) < 0)
		log_warning("%s: accounting: %s", c->id, why.msg);
	else
		*ret = tree;
}

static int stats_of(struct err *e, const struct runtime *rt, const char *id, int *proc,
		    bool accounting, struct arena *a, struct container_stats *ret)
{
	_container_ struct container c;
	int r = container_open(e, &c, rt, id);

	if (r == 0)
		r = container_read_stats(e, &c, proc, a, ret);
	if (r < 0)
		return r;
	if (accounting)
		read_accounting(&c, a, &ret->accounting);
	ret->info.id = arena_strdup(a, c.id);
	ret->info.cgroup = arena_strdup(a, ret->info.cgroup);
	arena_merge(a, &c.arena);
	return ret->info.id && ret->info.cgroup ? 0 : err_nomem(e);
}

int container_stats_list(struct err *e, const struct runtime *rt, const struct strv *ids,
			 bool accounting, struct arena *a, struct stats_list *ret)
{
	_close_ int proc = FD_NONE;
	struct strv all = {0};
	int r = ids ? 0 : container_ids(e, rt, a, &all);

	if (r < 0)
		return r;
	if (!ids)
		ids = &all;
	ret->n = 0;
	ret->v = arena_array(a, ids->n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_nomem(e);
	for (size_t i = 0; i < ids->n; i++) {
		r = stats_of(e, rt, ids->v[i], &proc, accounting, a, &ret->v[ret->n]);
		if (r == 0) {
			ret->n++;
			continue;
		}
		if (ids != &all)
			return r;
		/* Deleted meanwhile, or broken: the others are shown. */
		if (e->code != ERR_NOT_FOUND)
			log_warning("%s: %s", ids->v[i], e->msg);
	}
	return 0;
}
