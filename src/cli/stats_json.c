/*
 * The document of `bawn stats`, which others build on: docs/format/stats.md describes every
 * member. Members may be added; a change of a name, unit or meaning needs a new version.
 */
#include "cli.h"

enum { STATS_VERSION = 1 };

enum member_kind { COUNT, LIMIT, FLAG };
struct member {
	const char *name;	/* NULL ends a table */
	size_t offset;		/* of a struct opt_u64 */
	enum member_kind kind;
};

/* What the kernel does not have is no member; "max" is null. */
static void put_members(struct json_writer *w, const struct member *m, const void *base)
{
	for (; m->name; m++) {
		const struct opt_u64 *v = (const void *)((const char *)base + m->offset);

		if (!v->set)
			continue;
		if (m->kind == FLAG)
			json_write_bool(w, m->name, v->v != 0);
		else if (m->kind == LIMIT && v->v == CG_NO_LIMIT)
			json_write_str(w, m->name, NULL);
		else
			json_write_u64(w, m->name, v->v);
	}
}

static void put_object(struct json_writer *w, const char *key, const struct member *m,
		       const void *base)
{
	json_write_object(w, key);
	put_members(w, m, base);
	json_write_close(w);
}

/* clang-format off */
#define CPU(member) offsetof(struct cg_cpu_stat, member)
static const struct member cpu_members[] = {
	{"usage_usec", CPU(usage_usec), COUNT},
	{"user_usec", CPU(user_usec), COUNT},
	{"system_usec", CPU(system_usec), COUNT},
	{"nice_usec", CPU(nice_usec), COUNT},
	{"force_idle_usec", CPU(force_idle_usec), COUNT},
	{"nr_periods", CPU(nr_periods), COUNT},
	{"nr_throttled", CPU(nr_throttled), COUNT},
	{"throttled_usec", CPU(throttled_usec), COUNT},
	{"nr_bursts", CPU(nr_bursts), COUNT},
	{"burst_usec", CPU(burst_usec), COUNT},
	{"quota_usec", CPU(quota_usec), LIMIT},
	{"period_usec", CPU(period_usec), COUNT},
	{"max_burst_usec", CPU(max_burst_usec), COUNT},
	{"weight", CPU(weight), COUNT},
	{"idle", CPU(idle), FLAG},
	{0},
};

#define MEMORY(member) offsetof(struct cg_memory_stat, member)
static const struct member memory_members[] = {
	{"current_bytes", MEMORY(current), COUNT},
	{"peak_bytes", MEMORY(peak), COUNT},
	{"max_bytes", MEMORY(max), LIMIT},
	{"high_bytes", MEMORY(high), LIMIT},
	{"low_bytes", MEMORY(low), LIMIT},
	{"min_bytes", MEMORY(min), LIMIT},
	{"oom_group", MEMORY(oom_group), FLAG},
	{0},
};
static const struct member swap_members[] = {
	{"current_bytes", MEMORY(swap_current), COUNT},
	{"peak_bytes", MEMORY(swap_peak), COUNT},
	{"max_bytes", MEMORY(swap_max), LIMIT},
	{"high_bytes", MEMORY(swap_high), LIMIT},
	{0},
};
static const struct member swap_event_members[] = {
	{"high", MEMORY(swap_events_high), COUNT},
	{"max", MEMORY(swap_events_max), COUNT},
	{"fail", MEMORY(swap_events_fail), COUNT},
	{0},
};
static const struct member zswap_members[] = {
	{"current_bytes", MEMORY(zswap_current), COUNT},
	{"max_bytes", MEMORY(zswap_max), LIMIT},
	{0},
};

#define EVENT(member) offsetof(struct cg_memory_events, member)
static const struct member memory_event_members[] = {
	{"low", EVENT(low), COUNT},
	{"high", EVENT(high), COUNT},
	{"max", EVENT(max), COUNT},
	{"oom", EVENT(oom), COUNT},
	{"oom_kill", EVENT(oom_kill), COUNT},
	{"oom_group_kill", EVENT(oom_group_kill), COUNT},
	{0},
};

#define PIDS(member) offsetof(struct cg_pids_stat, member)
static const struct member pids_members[] = {
	{"current", PIDS(current), COUNT},
	{"max", PIDS(max), LIMIT},
	{"peak", PIDS(peak), COUNT},
	{0},
};
static const struct member pids_event_members[] = {
	{"max", PIDS(events_max), COUNT},
	{0},
};

#define IO(member) offsetof(struct cg_io_device, member)
static const struct member io_members[] = {
	{"read_bytes", IO(rbytes), COUNT},
	{"written_bytes", IO(wbytes), COUNT},
	{"discarded_bytes", IO(dbytes), COUNT},
	{"reads", IO(rios), COUNT},
	{"writes", IO(wios), COUNT},
	{"discards", IO(dios), COUNT},
	{"max_read_bytes_per_second", IO(rbps_max), LIMIT},
	{"max_written_bytes_per_second", IO(wbps_max), LIMIT},
	{"max_reads_per_second", IO(riops_max), LIMIT},
	{"max_writes_per_second", IO(wiops_max), LIMIT},
	{"weight", IO(weight), COUNT},
	{0},
};
static const struct member io_weight_members[] = {
	{"weight", offsetof(struct cg_io_stat, weight), COUNT},
	{0},
};

#define HUGETLB(member) offsetof(struct cg_hugetlb_stat, member)
static const struct member hugetlb_members[] = {
	{"current_bytes", HUGETLB(current), COUNT},
	{"max_bytes", HUGETLB(max), LIMIT},
	{"reserved_current_bytes", HUGETLB(rsvd_current), COUNT},
	{"reserved_max_bytes", HUGETLB(rsvd_max), LIMIT},
	{0},
};
static const struct member hugetlb_event_members[] = {
	{"max", HUGETLB(events_max), COUNT},
	{0},
};

#define RDMA(member) offsetof(struct cg_rdma_stat, member)
static const struct member rdma_members[] = {
	{"handles", RDMA(handles), COUNT},
	{"handles_max", RDMA(handles_max), LIMIT},
	{"objects", RDMA(objects), COUNT},
	{"objects_max", RDMA(objects_max), LIMIT},
	{0},
};

#define MISC(member) offsetof(struct cg_misc_stat, member)
static const struct member misc_members[] = {
	{"current", MISC(current), COUNT},
	{"max", MISC(max), LIMIT},
	{"peak", MISC(peak), COUNT},
	{0},
};
static const struct member misc_event_members[] = {
	{"max", MISC(events_max), COUNT},
	{0},
};
/* clang-format on */

static void put_null(struct json_writer *w, const char *key)
{
	json_write_str(w, key, NULL);
}

static void put_memory(struct json_writer *w, const struct cg_memory_stat *m)
{
	if (!m->current.set) {
		put_null(w, "memory");
		return;
	}
	json_write_object(w, "memory");
	put_members(w, memory_members, m);
	if (m->swap_current.set) {
		json_write_object(w, "swap");
		put_members(w, swap_members, m);
		put_object(w, "events", swap_event_members, m);
		json_write_close(w);
	}
	if (m->zswap_current.set)
		put_object(w, "zswap", zswap_members, m);
	put_object(w, "events", memory_event_members, &m->events);
	put_object(w, "events_local", memory_event_members, &m->events_local);
	json_write_object(w, "stat");
	for (size_t i = 0; i < m->stat.n; i++)
		json_write_u64(w, m->stat.v[i].key, m->stat.v[i].v);
	json_write_close(w);
	json_write_close(w);
}

static void put_io(struct json_writer *w, const struct cg_io_stat *io)
{
	if (!io->set) {
		put_null(w, "io");
		return;
	}
	json_write_object(w, "io");
	put_members(w, io_weight_members, io);
	json_write_array(w, "devices");
	for (size_t i = 0; i < io->n; i++) {
		json_write_object(w, NULL);
		json_write_u64(w, "major", io->v[i].major);
		json_write_u64(w, "minor", io->v[i].minor);
		put_members(w, io_members, &io->v[i]);
		json_write_close(w);
	}
	json_write_close(w);
	json_write_close(w);
}

static void put_pids(struct json_writer *w, const struct cg_pids_stat *p)
{
	if (!p->current.set) {
		put_null(w, "pids");
		return;
	}
	json_write_object(w, "pids");
	put_members(w, pids_members, p);
	put_object(w, "events", pids_event_members, p);
	json_write_close(w);
}

static void put_cpuset(struct json_writer *w, const struct cg_stat *s)
{
	if (!s->cpus_effective) {
		put_null(w, "cpuset");
		return;
	}
	json_write_object(w, "cpuset");
	json_write_str(w, "cpus_effective", s->cpus_effective);
	json_write_str(w, "mems_effective", s->mems_effective);
	json_write_close(w);
}

static void put_hugetlb(struct json_writer *w, const struct cg_stat *s)
{
	if (!s->hugetlb.n) {
		put_null(w, "hugetlb");
		return;
	}
	json_write_array(w, "hugetlb");
	for (size_t i = 0; i < s->hugetlb.n; i++) {
		json_write_object(w, NULL);
		json_write_str(w, "page_size", s->hugetlb.v[i].size);
		put_members(w, hugetlb_members, &s->hugetlb.v[i]);
		put_object(w, "events", hugetlb_event_members, &s->hugetlb.v[i]);
		json_write_close(w);
	}
	json_write_close(w);
}

static void put_rdma(struct json_writer *w, const struct cg_stat *s)
{
	if (!s->rdma.set) {
		put_null(w, "rdma");
		return;
	}
	json_write_array(w, "rdma");
	for (size_t i = 0; i < s->rdma.n; i++) {
		json_write_object(w, NULL);
		json_write_str(w, "device", s->rdma.v[i].device);
		put_members(w, rdma_members, &s->rdma.v[i]);
		json_write_close(w);
	}
	json_write_close(w);
}

static void put_misc(struct json_writer *w, const struct cg_stat *s)
{
	if (!s->misc.set) {
		put_null(w, "misc");
		return;
	}
	json_write_array(w, "misc");
	for (size_t i = 0; i < s->misc.n; i++) {
		json_write_object(w, NULL);
		json_write_str(w, "resource", s->misc.v[i].resource);
		put_members(w, misc_members, &s->misc.v[i]);
		put_object(w, "events", misc_event_members, &s->misc.v[i]);
		json_write_close(w);
	}
	json_write_close(w);
}

static void put_psi_line(struct json_writer *w, const char *key, const struct cg_psi_line *l)
{
	if (!l->set)
		return;
	json_write_object(w, key);
	json_write_hundredths(w, "avg10_percent", l->avg10);
	json_write_hundredths(w, "avg60_percent", l->avg60);
	json_write_hundredths(w, "avg300_percent", l->avg300);
	json_write_u64(w, "total_usec", l->total_usec);
	json_write_close(w);
}

static void put_psi(struct json_writer *w, const char *key, const struct cg_psi *p)
{
	if (!p->some.set && !p->full.set) {
		put_null(w, key);
		return;
	}
	json_write_object(w, key);
	put_psi_line(w, "some", &p->some);
	put_psi_line(w, "full", &p->full);
	json_write_close(w);
}

static void put_cgroup(struct json_writer *w, const struct cg_stat *s)
{
	put_object(w, "cpu", cpu_members, &s->cpu);
	put_cpuset(w, s);
	put_memory(w, &s->memory);
	put_io(w, &s->io);
	put_pids(w, &s->pids);
	put_hugetlb(w, s);
	put_rdma(w, s);
	put_misc(w, s);
	json_write_object(w, "psi");
	put_psi(w, "cpu", &s->cpu.psi);
	put_psi(w, "memory", &s->memory.psi);
	put_psi(w, "io", &s->io.psi);
	put_psi(w, "irq", &s->irq_psi);
	json_write_close(w);
}

static void put_no_cgroup(struct json_writer *w)
{
	static const char *const keys[] = {"cpu",     "cpuset", "memory", "io", "pids",
					   "hugetlb", "rdma",	"misc",	  "psi"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		put_null(w, keys[i]);
}

static void put_network(struct json_writer *w, const struct net_interfaces *net)
{
	if (!net->set) {
		put_null(w, "network");
		return;
	}
	json_write_object(w, "network");
	json_write_array(w, "interfaces");
	for (size_t i = 0; i < net->n; i++) {
		const struct net_interface *n = &net->v[i];

		json_write_object(w, NULL);
		json_write_str(w, "name", n->name);
		json_write_u64(w, "rx_bytes", n->rx_bytes);
		json_write_u64(w, "rx_packets", n->rx_packets);
		json_write_u64(w, "rx_errors", n->rx_errors);
		json_write_u64(w, "rx_dropped", n->rx_dropped);
		json_write_u64(w, "tx_bytes", n->tx_bytes);
		json_write_u64(w, "tx_packets", n->tx_packets);
		json_write_u64(w, "tx_errors", n->tx_errors);
		json_write_u64(w, "tx_dropped", n->tx_dropped);
		json_write_close(w);
	}
	json_write_close(w);
	json_write_bool(w, "truncated", net->cut);
	json_write_close(w);
}

void stats_write(struct json_writer *w, const struct stats_list *l)
{
	json_write_object(w, NULL);
	json_write_str(w, "schema", "bawn-stats");
	json_write_int(w, "version", STATS_VERSION);
	json_write_array(w, "containers");
	for (size_t i = 0; i < l->n; i++) {
		const struct container_stats *s = &l->v[i];
		const char *cgroup = s->info.cgroup;

		json_write_object(w, NULL);
		json_write_str(w, "id", s->info.id);
		json_write_str(w, "status", container_status_name(s->info.status));
		json_write_int(w, "pid", s->info.pid);
		json_write_str(w, "cgroup", cgroup && *cgroup ? cgroup : NULL);
		json_write_u64(w, "time_usec", s->time_usec);
		if (s->has_cgroup)
			put_cgroup(w, &s->cg);
		else
			put_no_cgroup(w);
		put_network(w, &s->net);
		if (s->accounting)
			json_write_tree(w, "accounting", s->accounting);
		else
			put_null(w, "accounting");
		json_write_close(w);
	}
	json_write_close(w);
	json_write_close(w);
}
