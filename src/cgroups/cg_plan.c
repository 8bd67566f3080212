/*
 * Which files of a cgroup get which values. Nothing is read or written here; 0 means
 * "leave it" where no limit can be 0.
 */
#include <stdarg.h>
#include <stdio.h>

#include "cg_limits.h"

#define IO_MAX_NONE "rbps=max wbps=max riops=max wiops=max"

struct cg_write *cg_plan_add(struct cg_plan *p, enum cg_controller c, const char *what,
			     const char *file, const char *fmt, ...)
{
	struct cg_write *w = &p->spare;
	char value[256];
	va_list ap;

	if (p->writes.n == p->room) {
		size_t room = p->room ? 2 * p->room : 16;
		struct cg_write *v = arena_array(p->arena, room, sizeof(*v));

		if (v && p->writes.n)
			memcpy(v, p->writes.v, p->writes.n * sizeof(*v));
		if (v) {
			p->writes.v = v;
			p->room = room;
		}
	}
	if (p->writes.n < p->room)
		w = &p->writes.v[p->writes.n++];
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	*w = (struct cg_write){.controller = c, .what = what, .file = file};
	w->value = arena_strdup(p->arena, value);
	p->failed = p->failed || !w->value || !file || w == &p->spare;
	return w;
}

/* memory */

static struct cg_write *add_bytes(struct cg_plan *p, const char *what, const char *file, int64_t v)
{
	if (v < 0)
		return cg_plan_add(p, CG_MEMORY, what, file, "max");
	return cg_plan_add(p, CG_MEMORY, what, file, "%lld", (long long)v);
}

static bool asked(const struct opt_i64 *v)
{
	return v->set && v->v != 0;
}

int cg_plan_memory(struct err *e, struct cg_plan *p)
{
	const struct cg_memory *want = &p->want->memory, *change = &p->change->memory;
	struct opt_i64 swap = {0};
	int r = 0;

	if (asked(&change->limit) || asked(&change->swap))
		r = cg_swap_max(e, want, &swap);
	if (r < 0)
		return r;
	/* Swap first: it gives room for what a lower limit drives out. Where swap is not accounted
	 * for, none is used by containers either way. */
	if (swap.set)
		add_bytes(p, "memory.swap", "memory.swap.max", swap.v)->optional = swap.v <= 0;
	if (asked(&change->reservation))
		add_bytes(p, "memory.reservation", "memory.low", want->reservation.v);
	if (asked(&change->limit))
		add_bytes(p, "memory.limit", "memory.max", want->limit.v);
	return 0;
}

/* cpu, cpuset */

/* Quota and period are one file; a period that was never given stays as it is. */
static void add_quota(struct cg_plan *p)
{
	const struct cg_cpu *want = &p->want->cpu;
	char quota[24] = "max", period[24] = "";

	if (!asked(&p->change->cpu.quota) &&
	    !(p->change->cpu.period.set && p->change->cpu.period.v))
		return;
	if (want->quota.v > 0)
		snprintf(quota, sizeof(quota), "%lld", (long long)want->quota.v);
	if (want->period.v)
		snprintf(period, sizeof(period), " %llu", (unsigned long long)want->period.v);
	cg_plan_add(p, CG_CPU, asked(&p->change->cpu.quota) ? "cpu.quota" : "cpu.period", "cpu.max",
		    "%s%s", quota, period);
}

static void add_burst(struct cg_plan *p)
{
	if (p->change->cpu.burst.set)
		cg_plan_add(p, CG_CPU, "cpu.burst", "cpu.max.burst", "%llu",
			    (unsigned long long)p->change->cpu.burst.v);
}

/* Idle first: the kernel refuses the weight of a cgroup that is idle, and sets the default weight
 * when it no longer is. */
static void add_weight(struct cg_plan *p)
{
	const struct cg_cpu *want = &p->want->cpu, *change = &p->change->cpu;
	uint64_t weight = cg_cpu_weight(want->shares.v);
	bool set = change->shares.v != 0;

	if (change->idle.set) {
		cg_plan_add(p, CG_CPU, "cpu.idle", "cpu.idle", "%lld", (long long)change->idle.v);
		set = true;
	}
	if (set && weight && want->idle.v == 0)
		cg_plan_add(p, CG_CPU, "cpu.shares", "cpu.weight", "%llu",
			    (unsigned long long)weight);
}

int cg_plan_cpu(struct err *e, struct cg_plan *p)
{
	const struct cg_cpu *want = &p->want->cpu, *change = &p->change->cpu;

	if (want->quota.v > 0 && want->burst.v > (uint64_t)want->quota.v &&
	    (asked(&change->quota) || change->burst.set))
		return err_set(e, ERR_CONFIG, "cpu.burst: %llu is more than cpu.quota %lld",
			       (unsigned long long)want->burst.v, (long long)want->quota.v);
	add_weight(p);
	/* The kernel wants burst <= quota at every instant. */
	if (want->burst.v < p->now->cpu.burst.v) {
		add_burst(p);
		add_quota(p);
	} else {
		add_quota(p);
		add_burst(p);
	}
	if (change->cpus)
		cg_plan_add(p, CG_CPUSET, "cpu.cpus", "cpuset.cpus", "%s", "")->value =
			change->cpus;
	if (change->mems)
		cg_plan_add(p, CG_CPUSET, "cpu.mems", "cpuset.mems", "%s", "")->value =
			change->mems;
	return 0;
}

/* io */

static const char *device_key(struct cg_plan *p, int64_t major, int64_t minor)
{
	const char *key = arena_printf(p->arena, "%lld:%lld", (long long)major, (long long)minor);

	p->failed = p->failed || !key;
	return key ? key : "";
}

/* BFQ's own file counts where BFQ is the scheduler, and takes the weights of version 1. */
static void add_io_weight(struct cg_plan *p, const char *what, const char *key, uint32_t weight)
{
	struct cg_write *w = cg_plan_add(p, CG_IO, what, "io.bfq.weight", "%s %u", key, weight);

	w->else_file = "io.weight";
	w->else_value =
		arena_printf(p->arena, "%s %llu", key, (unsigned long long)cg_io_weight(weight));
	w->key = key;
	w->none = arena_printf(p->arena, "%s default", key);
	p->failed = p->failed || !w->else_value || !w->none;
}

static void add_throttle(struct cg_plan *p, enum cg_throttle t)
{
	static const char *const what[CG_THROTTLE_MAX] = {
		[CG_READ_BPS] = "blockIO.throttleReadBpsDevice",
		[CG_WRITE_BPS] = "blockIO.throttleWriteBpsDevice",
		[CG_READ_IOPS] = "blockIO.throttleReadIOPSDevice",
		[CG_WRITE_IOPS] = "blockIO.throttleWriteIOPSDevice",
	};
	const struct cg_block_io *io = &p->change->block_io;
	struct cg_write *w;

	for (size_t i = 0; i < io->throttle[t].n; i++) {
		const struct cg_throttle_device *d = &io->throttle[t].v[i];
		const char *key = device_key(p, d->major, d->minor);
		char rate[24] = "max";

		if (d->rate != 0 && d->rate != UINT64_MAX)
			snprintf(rate, sizeof(rate), "%llu", (unsigned long long)d->rate);
		w = cg_plan_add(p, CG_IO, what[t], "io.max", "%s %s=%s", key, cg_throttle_key(t),
				rate);
		w->key = key;
		w->none = arena_printf(p->arena, "%s " IO_MAX_NONE, key);
		p->failed = p->failed || !w->none;
	}
}

void cg_plan_io(struct cg_plan *p)
{
	const struct cg_block_io *io = &p->change->block_io;

	if (io->weight.v)
		add_io_weight(p, "blockIO.weight", "default", io->weight.v);
	for (size_t i = 0; i < io->weight_devices.n; i++) {
		const struct cg_weight_device *d = &io->weight_devices.v[i];

		if (d->weight.v)
			add_io_weight(p, "blockIO.weightDevice", device_key(p, d->major, d->minor),
				      d->weight.v);
	}
	for (int t = 0; t < CG_THROTTLE_MAX; t++)
		add_throttle(p, (enum cg_throttle)t);
}

/* pids, hugetlb, rdma, unified */

/* Both what is used and what is reserved for use, where the kernel tells them apart. */
static void add_hugepages(struct cg_plan *p, const struct cg_hugepage_limit *h)
{
	const char *max = arena_printf(p->arena, "hugetlb.%s.max", h->page_size);
	const char *reserved = arena_printf(p->arena, "hugetlb.%s.rsvd.max", h->page_size);
	char value[24] = "max";

	if (h->limit != UINT64_MAX)
		snprintf(value, sizeof(value), "%llu", (unsigned long long)h->limit);
	cg_plan_add(p, CG_HUGETLB, "hugepageLimits", max, "%s", value);
	cg_plan_add(p, CG_HUGETLB, "hugepageLimits", reserved, "%s", value)->optional = true;
}

static void add_rdma(struct cg_plan *p, const struct cg_rdma_limit *l)
{
	struct cg_write *w;

	if (l->hca_handles.set) {
		w = cg_plan_add(p, CG_RDMA, "rdma", "rdma.max", "%s hca_handle=%u", l->device,
				l->hca_handles.v);
		w->key = l->device;
	}
	if (l->hca_objects.set) {
		w = cg_plan_add(p, CG_RDMA, "rdma", "rdma.max", "%s hca_object=%u", l->device,
				l->hca_objects.v);
		w->key = l->device;
	}
}

/* The kernel takes one line at a time. */
static void add_unified_line(struct cg_plan *p, const struct cg_unified *u, const char *line,
			     size_t len)
{
	size_t word = strcspn(line, " \n");
	const char *dot = strchr(u->file, '.');
	char name[16];
	struct cg_write *w;

	(void)str_format(name, sizeof(name), "%.*s", (int)(dot - u->file), u->file);
	w = cg_plan_add(p, (enum cg_controller)cg_controller_find(name), "unified", u->file, "%s",
			"");
	/* An empty value still has to be a write: a list of no cpus. */
	w->value = len ? arena_strndup(p->arena, line, len) : "\n";
	p->failed = p->failed || !w->value;
	if (word >= len ||
	    (w->controller != CG_IO && w->controller != CG_RDMA && w->controller != CG_MISC))
		return;
	w->key = arena_strndup(p->arena, line, word);
	if (str_eq(u->file, "io.max"))
		w->none = arena_printf(p->arena, "%.*s " IO_MAX_NONE, (int)word, line);
	else if (w->controller == CG_IO)
		w->none = arena_printf(p->arena, "%.*s default", (int)word, line);
	p->failed = p->failed || !w->key;
}

static void add_unified(struct cg_plan *p, const struct cg_unified *u)
{
	const char *line = u->value, *end;

	do {
		end = line + strcspn(line, "\n");
		if (end > line || line == u->value)
			add_unified_line(p, u, line, (size_t)(end - line));
		line = end + 1;
	} while (*end);
}

void cg_plan_others(struct cg_plan *p)
{
	const struct cg_resources *c = p->change;

	if (asked(&c->pids_limit) && c->pids_limit.v < 0)
		cg_plan_add(p, CG_PIDS, "pids.limit", "pids.max", "max");
	else if (asked(&c->pids_limit))
		cg_plan_add(p, CG_PIDS, "pids.limit", "pids.max", "%lld",
			    (long long)c->pids_limit.v);
	for (size_t i = 0; i < c->hugepages.n; i++)
		add_hugepages(p, &c->hugepages.v[i]);
	for (size_t i = 0; i < c->rdma.n; i++)
		add_rdma(p, &c->rdma.v[i]);
	for (size_t i = 0; i < c->unified.n; i++)
		add_unified(p, &c->unified.v[i]);
}
