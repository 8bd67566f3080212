/* bawn stats: what containers use, once. The document is written in stats_json.c. */
#include "cli.h"

enum { COL_ID, COL_STATUS, COL_CPU, COL_MEMORY, COL_PIDS, COL_IO, COL_NET, COL_OOM, COL_MAX };

/* 1023 -> "1023B", 1536 -> "1.5KiB", rounded down. */
static const char *bytes_text(struct arena *a, uint64_t v)
{
	static const char units[] = "KMGTPE";
	uint64_t rest = 0;
	int unit = -1;

	for (; v >= 1024 && units[unit + 1]; unit++) {
		rest = v % 1024;
		v /= 1024;
	}
	if (unit < 0)
		return arena_printf(a, "%lluB", (unsigned long long)v);
	return arena_printf(a, "%llu.%u%ciB", (unsigned long long)v,
			    (unsigned int)(rest * 10 / 1024), units[unit]);
}

static const char *limit_text(struct arena *a, const struct opt_u64 *limit, bool bytes)
{
	if (!limit->set || limit->v == CG_NO_LIMIT)
		return "";
	return bytes ? bytes_text(a, limit->v)
		     : arena_printf(a, "%llu", (unsigned long long)limit->v);
}

/* "12.3MiB/64.0MiB", or "12.3MiB" without a limit. NULL when memory is out, "" for no value. */
static const char *use_text(struct arena *a, const struct opt_u64 *use, const struct opt_u64 *limit,
			    bool bytes)
{
	const char *have, *of = limit_text(a, limit, bytes);

	if (!use->set)
		return "";
	have = bytes ? bytes_text(a, use->v) : arena_printf(a, "%llu", (unsigned long long)use->v);
	return have && of ? arena_printf(a, "%s%s%s", have, *of ? "/" : "", of) : NULL;
}

static const char *cpu_text(struct arena *a, const struct cg_cpu_stat *cpu)
{
	if (!cpu->usage_usec.set)
		return "";
	return arena_printf(a, "%llu.%02us", (unsigned long long)(cpu->usage_usec.v / 1000000),
			    (unsigned int)(cpu->usage_usec.v % 1000000 / 10000));
}

static const char *pair_text(struct arena *a, uint64_t in, uint64_t out)
{
	const char *x = bytes_text(a, in), *y = bytes_text(a, out);

	return x && y ? arena_printf(a, "%s/%s", x, y) : NULL;
}

static const char *io_text(struct arena *a, const struct cg_io_stat *io)
{
	uint64_t in = 0, out = 0;

	for (size_t i = 0; i < io->n; i++) {
		in += io->v[i].rbytes.v;
		out += io->v[i].wbytes.v;
	}
	return io->set ? pair_text(a, in, out) : "";
}

/* Without what it sends to itself. */
static const char *net_text(struct arena *a, const struct net_interfaces *net)
{
	uint64_t in = 0, out = 0;

	for (size_t i = 0; i < net->n; i++) {
		if (str_eq(net->v[i].name, "lo"))
			continue;
		in += net->v[i].rx_bytes;
		out += net->v[i].tx_bytes;
	}
	return net->set ? pair_text(a, in, out) : "";
}

static int fill_row(struct err *e, struct arena *a, const struct container_stats *s,
		    const char **row)
{
	const struct opt_u64 no_limit = {.set = false};

	row[COL_ID] = s->info.id;
	row[COL_STATUS] = container_status_name(s->info.status);
	row[COL_CPU] = cpu_text(a, &s->cg.cpu);
	row[COL_MEMORY] = use_text(a, &s->cg.memory.current, &s->cg.memory.max, true);
	row[COL_PIDS] = use_text(a, &s->cg.pids.current, &s->cg.pids.max, false);
	row[COL_IO] = io_text(a, &s->cg.io);
	row[COL_NET] = net_text(a, &s->net);
	row[COL_OOM] = use_text(a, &s->cg.memory.events.oom_kill, &no_limit, false);
	for (size_t i = 0; i < COL_MAX; i++)
		if (!row[i])
			return err_nomem(e);
	return 0;
}

static int print_table(struct err *e, struct arena *a, const struct stats_list *l)
{
	static const char *const header[COL_MAX] = {
		"ID", "STATUS", "CPU", "MEMORY", "PIDS", "IO R/W", "NET RX/TX", "OOM KILLS",
	};
	const char **cells = arena_array(a, (l->n + 1) * COL_MAX, sizeof(*cells));
	_buf_ struct buf b = {0};

	if (!cells)
		return err_nomem(e);
	memcpy(cells, header, sizeof(header));
	for (size_t i = 0; i < l->n; i++) {
		int r = fill_row(e, a, &l->v[i], cells + (i + 1) * COL_MAX);

		if (r < 0)
			return r;
	}
	table_format(&b, cells, l->n + 1, COL_MAX);
	return cli_print(e, &b);
}

static int print_json(struct err *e, const struct stats_list *l)
{
	struct json_writer w = {0};

	if (json_write_begin(&w, true) < 0)
		return err_nomem(e);
	stats_write(&w, l);
	return cli_print_json(e, &w);
}

static int run_stats(struct err *e, struct cli *c)
{
	struct strv ids = {.v = c->words, .n = c->n_words};
	struct stats_list list = {0};
	int r;

	if (c->args.all && ids.n)
		return err_set(e, ERR_USAGE, "--all and a container ID exclude each other");
	if (!c->args.all && !ids.n)
		return err_set(e, ERR_USAGE, "no container ID given; --all shows all containers");
	for (size_t i = 0; i < ids.n; i++) {
		r = container_id_check(e, ids.v[i]);
		if (r < 0)
			return r;
	}
	r = container_stats_list(e, &c->rt, c->args.all ? NULL : &ids,
				 c->args.format == FORMAT_JSON, &c->arena, &list);
	if (r < 0)
		return r;
	return c->args.format == FORMAT_JSON ? print_json(e, &list)
					     : print_table(e, &c->arena, &list);
}

/* clang-format off */
static const struct opt stats_options[] = {
	{"all", 'a', OPT_BOOL, NULL, "of all containers of the state root",
	 offsetof(struct args, all), NULL},
	{"format", 'f', OPT_CHOICE, "FORMAT", "table or json (default: table)",
	 offsetof(struct args, format), output_formats},
	{0},
};
/* clang-format on */

const struct verb verb_stats = {
	.name = "stats",
	.summary = "show what containers use: CPU, memory, I/O, network",
	.words = "[ID...]",
	.text = "Shows what the containers with these IDs, or with --all all of the state root, "
		"have used so far and what limits they have. The JSON form holds every counter of "
		"their cgroups and network interfaces; what the kernel does not account is left "
		"out rather than shown as 0.",
	.examples = "bawn stats web\n"
		    "bawn stats --all\n"
		    "bawn stats --format json web | jq '.containers[0].memory.current_bytes'",
	.options = stats_options,
	.flags = VERB_ROOT,
	.max_words = SIZE_MAX,
	.run = run_stats,
};
