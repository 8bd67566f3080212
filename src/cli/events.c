/*
 * bawn events: one JSON object a line, with the names and units of runc, which engines decode.
 * What runc has from version 1 of cgroups only is left out: Go's decoders then see 0.
 */
#include "cli.h"

#define DEFAULT_INTERVAL_NS 5000000000
#define LIST_MAX 65536

static void put_opt(struct json_writer *w, const char *key, const struct opt_u64 *v)
{
	if (v->set)
		json_write_u64(w, key, v->v);
}

static void put_ns(struct json_writer *w, const char *key, const struct opt_u64 *usec)
{
	uint64_t ns;

	if (usec->set && !__builtin_mul_overflow(usec->v, (uint64_t)1000, &ns))
		json_write_u64(w, key, ns);
}

static void put_psi_line(struct json_writer *w, const char *key, const struct cg_psi_line *l)
{
	json_write_object(w, key);
	json_write_hundredths(w, "avg10", l->avg10);
	json_write_hundredths(w, "avg60", l->avg60);
	json_write_hundredths(w, "avg300", l->avg300);
	json_write_u64(w, "total", l->total_usec);
	json_write_close(w);
}

static void put_psi(struct json_writer *w, const struct cg_psi *p)
{
	if (!p->some.set || !p->full.set)
		return;
	json_write_object(w, "psi");
	put_psi_line(w, "some", &p->some);
	put_psi_line(w, "full", &p->full);
	json_write_close(w);
}

static void put_cpu(struct json_writer *w, const struct cg_cpu_stat *cpu)
{
	json_write_object(w, "cpu");
	json_write_object(w, "usage");
	put_ns(w, "total", &cpu->usage_usec);
	put_ns(w, "kernel", &cpu->system_usec);
	put_ns(w, "user", &cpu->user_usec);
	json_write_close(w);
	json_write_object(w, "throttling");
	put_opt(w, "periods", &cpu->nr_periods);
	put_opt(w, "throttledPeriods", &cpu->nr_throttled);
	put_ns(w, "throttledTime", &cpu->throttled_usec);
	json_write_close(w);
	put_psi(w, &cpu->psi);
	json_write_close(w);
}

/* "0-3,8" as [0,1,2,3,8] */
static void put_list(struct json_writer *w, const char *key, const char *list)
{
	struct slice rest = slice_of(list), item, first, last;
	size_t n = 0;

	json_write_array(w, key);
	while (rest.n) {
		uint64_t from, to;

		if (!slice_split(rest, ',', &item, &rest)) {
			item = rest;
			rest.n = 0;
		}
		if (!slice_split(item, '-', &first, &last))
			first = last = item;
		if (slice_to_u64(first, &from) < 0 || slice_to_u64(last, &to) < 0)
			continue;
		for (; from <= to && n < LIST_MAX; from++, n++)
			json_write_u64(w, NULL, from);
	}
	json_write_close(w);
}

static void put_cpuset(struct json_writer *w, const struct cg_stat *s)
{
	json_write_object(w, "cpuset");
	if (s->cpus_effective)
		put_list(w, "cpus", s->cpus_effective);
	if (s->mems_effective)
		put_list(w, "mems", s->mems_effective);
	json_write_close(w);
}

static const struct opt_u64 none;

static void put_entry(struct json_writer *w, const char *key, const struct opt_u64 *limit,
		      const struct opt_u64 *usage, const struct opt_u64 *max,
		      const struct opt_u64 *failures)
{
	json_write_object(w, key);
	put_opt(w, "limit", limit);
	put_opt(w, "usage", usage);
	put_opt(w, "max", max);
	put_opt(w, "failcnt", failures);
	json_write_close(w);
}

static struct opt_u64 raw_value(const struct cg_pairs *stat, const char *key)
{
	for (size_t i = 0; i < stat->n; i++)
		if (str_eq(stat->v[i].key, key))
			return (struct opt_u64){.set = true, .v = stat->v[i].v};
	return none;
}

static struct opt_u64 sum(const struct opt_u64 *a, const struct opt_u64 *b)
{
	struct opt_u64 s = {.set = a->set};

	if (__builtin_add_overflow(a->v, b->set ? b->v : 0, &s.v))
		s.v = CG_NO_LIMIT;
	return s;
}

/* "swap" means memory and swap together, as in version 1. */
static void put_memory(struct json_writer *w, const struct cg_memory_stat *m)
{
	const struct opt_u64 cache = raw_value(&m->stat, "file"),
			     sock = raw_value(&m->stat, "sock"),
			     kernel = raw_value(&m->stat, "kernel"),
			     usage = sum(&m->current, &m->swap_current),
			     limit = sum(&m->max, &m->swap_max);

	json_write_object(w, "memory");
	put_opt(w, "cache", &cache);
	put_entry(w, "usage", &m->max, &m->current, &m->peak, &m->events.max);
	put_entry(w, "swap", &limit, &usage, &none, &m->swap_events_max);
	put_entry(w, "kernel", &none, &kernel, &none, &none);
	put_entry(w, "kernelTCP", &none, &sock, &none, &none);
	if (m->stat.n) {
		json_write_object(w, "raw");
		for (size_t i = 0; i < m->stat.n; i++)
			json_write_u64(w, m->stat.v[i].key, m->stat.v[i].v);
		json_write_close(w);
	}
	put_psi(w, &m->psi);
	json_write_close(w);
}

static void put_pids(struct json_writer *w, const struct cg_pids_stat *p)
{
	json_write_object(w, "pids");
	put_opt(w, "current", &p->current);
	if (p->max.set && p->max.v != CG_NO_LIMIT)
		put_opt(w, "limit", &p->max);
	json_write_close(w);
}

static void put_io_value(struct json_writer *w, const struct cg_io_device *d, const char *op,
			 const struct opt_u64 *v)
{
	if (!v->set)
		return;
	json_write_object(w, NULL);
	json_write_u64(w, "major", d->major);
	json_write_u64(w, "minor", d->minor);
	json_write_str(w, "op", op);
	json_write_u64(w, "value", v->v);
	json_write_close(w);
}

static void put_blkio(struct json_writer *w, const struct cg_io_stat *io)
{
	json_write_object(w, "blkio");
	if (io->n) {
		json_write_array(w, "ioServiceBytesRecursive");
		for (size_t i = 0; i < io->n; i++) {
			put_io_value(w, &io->v[i], "Read", &io->v[i].rbytes);
			put_io_value(w, &io->v[i], "Write", &io->v[i].wbytes);
		}
		json_write_close(w);
		json_write_array(w, "ioServicedRecursive");
		for (size_t i = 0; i < io->n; i++) {
			put_io_value(w, &io->v[i], "Read", &io->v[i].rios);
			put_io_value(w, &io->v[i], "Write", &io->v[i].wios);
		}
		json_write_close(w);
	}
	put_psi(w, &io->psi);
	json_write_close(w);
}

static void put_hugetlb(struct json_writer *w, const struct cg_stat *s)
{
	json_write_object(w, "hugetlb");
	for (size_t i = 0; i < s->hugetlb.n; i++) {
		const struct cg_hugetlb_stat *h = &s->hugetlb.v[i];

		put_entry(w, h->size, &none, h->rsvd_current.set ? &h->rsvd_current : &h->current,
			  &none, &h->events_max);
	}
	json_write_close(w);
}

static void put_network(struct json_writer *w, const struct net_interfaces *net)
{
	if (!net->set) {
		json_write_str(w, "network_interfaces", NULL);
		return;
	}
	json_write_array(w, "network_interfaces");
	for (size_t i = 0; i < net->n; i++) {
		json_write_object(w, NULL);
		json_write_str(w, "Name", net->v[i].name);
		json_write_u64(w, "RxBytes", net->v[i].rx_bytes);
		json_write_u64(w, "RxPackets", net->v[i].rx_packets);
		json_write_u64(w, "RxErrors", net->v[i].rx_errors);
		json_write_u64(w, "RxDropped", net->v[i].rx_dropped);
		json_write_u64(w, "TxBytes", net->v[i].tx_bytes);
		json_write_u64(w, "TxPackets", net->v[i].tx_packets);
		json_write_u64(w, "TxErrors", net->v[i].tx_errors);
		json_write_u64(w, "TxDropped", net->v[i].tx_dropped);
		json_write_close(w);
	}
	json_write_close(w);
}

static void put_stats(struct json_writer *w, const struct container_stats *s)
{
	json_write_object(w, "data");
	put_cpu(w, &s->cg.cpu);
	put_cpuset(w, &s->cg);
	put_memory(w, &s->cg.memory);
	put_pids(w, &s->cg.pids);
	put_blkio(w, &s->cg.io);
	put_hugetlb(w, &s->cg);
	json_write_object(w, "intel_rdt");
	json_write_close(w);
	put_network(w, &s->net);
	json_write_close(w);
}

static int show_event(struct err *e, void *arg, enum event_kind kind,
		      const struct container_stats *stats)
{
	const struct cli *c = arg;
	struct json_writer w = {0};

	if (json_write_begin(&w, false) < 0)
		return err_nomem(e);
	json_write_object(&w, NULL);
	json_write_str(&w, "type", kind == EVENT_OOM ? "oom" : "stats");
	json_write_str(&w, "id", c->id);
	if (kind == EVENT_STATS)
		put_stats(&w, stats);
	json_write_close(&w);
	return cli_print_json(e, &w);
}

static int run_events(struct err *e, struct cli *c)
{
	const struct events_options o = {
		.id = c->id,
		.interval_ns = c->args.stats	     ? 0
			       : c->args.interval_ns ? c->args.interval_ns
						     : DEFAULT_INTERVAL_NS,
		.out_fd = STDOUT_FILENO,
		.show = show_event,
		.arg = c,
	};

	return container_events(e, &c->rt, &o);
}

/* clang-format off */
static const struct opt events_options[] = {
	{"interval", 0, OPT_DURATION, "DURATION", "time between two lines of statistics, such as "
	 "5s, 500ms or 1m30s (default: 5s)", offsetof(struct args, interval_ns), NULL},
	{"stats", 0, OPT_BOOL, NULL, "print the statistics once and exit",
	 offsetof(struct args, stats), NULL},
	{0},
};
/* clang-format on */

const struct verb verb_events = {
	.name = "events",
	.summary = "follow a container: statistics, killed for want of memory",
	.words = "ID",
	.text = "Prints a JSON object a line until the container ID ends: {\"type\":\"stats\"} with "
		"its statistics, each time the interval has passed, and {\"type\":\"oom\"} when the "
		"kernel has killed processes of it for want of memory. Names and units are those "
		"of runc; 'bawn stats' has more.",
	.examples = "bawn events web\n"
		    "bawn events --interval 1m web | jq -c 'select(.type == \"oom\")'\n"
		    "bawn events --stats web | jq .data.cpu.usage.total",
	.options = events_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_events,
};
