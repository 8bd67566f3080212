/*
 * What happens to a container while it runs: its statistics at intervals, processes that the
 * kernel killed for want of memory. Waits in poll(2): for the end of the first process (pidfd)
 * and for a change of memory.events, which the kernel reports as POLLPRI.
 */
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "runtime/container.h"
#include "runtime/stats.h"

struct watch {
	struct container *c;
	const struct events_options *o;
	int pidfd, memory_fd;		/* owned; memory_fd: FD_NONE without that controller */
	int proc;			/* owned; for container_read_stats() */
	uint64_t oom_kills;		/* that were seen */
	int64_t next_ms;		/* when the statistics are due */
};

static void watch_done(struct watch *w)
{
	fd_close(&w->pidfd);
	fd_close(&w->memory_fd);
	fd_close(&w->proc);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int show_stats(struct err *e, struct watch *w)
{
	_arena_ struct arena a = {0};
	struct container_stats stats;
	int r = container_read_stats(e, w->c, &w->proc, &a, &stats);

	/* Without a cgroup it is being deleted: the pidfd says so next. */
	if (r < 0 || !stats.has_cgroup)
		return r;
	return w->o->show(e, w->o->arg, EVENT_STATS, &stats);
}

/* Shows an event when processes were killed since the last look; several at once are one event. */
static int look_for_oom(struct err *e, struct watch *w, bool show)
{
	struct cg_memory_events now;
	uint64_t before = w->oom_kills;
	int r;

	if (w->memory_fd < 0)
		return 0;
	r = cg_memory_events_read(e, w->memory_fd, &now);
	if (r == -ENODEV) {
		fd_close(&w->memory_fd);
		return 0;
	}
	if (r < 0)
		return r;
	w->oom_kills = now.oom_kill.v;
	return show && w->oom_kills > before ? w->o->show(e, w->o->arg, EVENT_OOM, NULL) : 0;
}

static int open_watch(struct err *e, struct watch *w)
{
	_close_ int cgroup_fd = FD_NONE;
	int r = container_cgroup(e, w->c, &cgroup_fd);

	if (r < 0)
		return r;
	w->pidfd = container_pidfd(e, w->c);
	if (w->pidfd < 0)
		return w->pidfd;
	if (!w->o->interval_ns)
		return 0;
	w->memory_fd = cg_memory_events_open(e, cgroup_fd);
	if (w->memory_fd < 0 && w->memory_fd != FD_NONE)
		return w->memory_fd;
	return look_for_oom(e, w, false);
}

static int timeout_ms(const struct watch *w)
{
	int64_t left = w->next_ms - now_ms();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* One wait and what it brought: 1 when that was all. */
static int step(struct err *e, struct watch *w, int64_t interval_ms)
{
	struct pollfd p[] = {
		{.fd = w->pidfd, .events = POLLIN},
		{.fd = w->memory_fd, .events = POLLPRI},
		{.fd = w->o->out_fd},	/* POLLERR without being asked for */
	};
	int n = poll(p, ARRAY_SIZE(p), timeout_ms(w)), r;

	if (n < 0)
		return errno == EINTR ? 0 : err_sys(e, "wait for events");
	/* Also at the end: what was killed last may have been the first process. */
	r = p[1].revents || p[0].revents ? look_for_oom(e, w, true) : 0;
	if (r < 0)
		return r;
	if (p[0].revents || p[2].revents & (POLLERR | POLLNVAL))
		return 1;
	if (now_ms() < w->next_ms)
		return 0;
	/* No burst after a wait that took longer. */
	w->next_ms += interval_ms;
	if (w->next_ms < now_ms())
		w->next_ms = now_ms() + interval_ms;
	return show_stats(e, w);
}

int container_events(struct err *e, const struct runtime *rt, const struct events_options *o)
{
	__attribute__((cleanup(watch_done))) struct watch w = {
		.o = o,
		.pidfd = FD_NONE,
		.memory_fd = FD_NONE,
		.proc = FD_NONE,
	};
	int64_t interval_ms = o->interval_ns / 1000000 + (o->interval_ns % 1000000 != 0);
	_container_ struct container c;
	int r = container_open_ready(e, &c, rt, o->id);

	if (r < 0)
		return r;
	w.c = &c;
	r = open_watch(e, &w);
	if (r < 0)
		return r;
	if (!interval_ms)
		return show_stats(e, &w);
	w.next_ms = now_ms() + interval_ms;
	do
		r = step(e, &w, interval_ms);
	while (r == 0);
	return r < 0 ? r : 0;
}
