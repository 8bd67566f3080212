/* bawn update: resources of a container that exists, from options or a document. */
#include "cli.h"

#include <unistd.h>

#include "runtime/spec.h"

#define UPDATE(i) (offsetof(struct args, update) + (i) * sizeof(const char *))

enum value_kind { VALUE_INTEGER, VALUE_BYTES, VALUE_TEXT };

enum {
	SET_MEMORY,
	SET_MEMORY_RESERVATION,
	SET_MEMORY_SWAP,
	SET_KERNEL_MEMORY,
	SET_KERNEL_MEMORY_TCP,
	SET_CPU_SHARE,
	SET_CPU_PERIOD,
	SET_CPU_QUOTA,
	SET_CPU_BURST,
	SET_CPU_IDLE,
	SET_CPU_RT_PERIOD,
	SET_CPU_RT_RUNTIME,
	SET_CPUSET_CPUS,
	SET_CPUSET_MEMS,
	SET_PIDS_LIMIT,
	SET_BLKIO_WEIGHT,
	SET_MAX,
	L3_CACHE_SCHEMA = SET_MAX,
	MEM_BW_SCHEMA,
	RESOURCES,
	NET_RATE,
	UPDATE_VALUES,
};
_Static_assert((int)UPDATE_VALUES == UPDATE_OPTIONS_MAX, "room in struct args");

/* Where each goes in linux.resources, so that an option means what the property means. Those of
 * one object are neighbours. */
static const struct {
	const char *option, *object, *member;
	enum value_kind kind;
} members[SET_MAX] = {
	[SET_MEMORY] = {"memory", "memory", "limit", VALUE_BYTES},
	[SET_MEMORY_RESERVATION] = {"memory-reservation", "memory", "reservation", VALUE_BYTES},
	[SET_MEMORY_SWAP] = {"memory-swap", "memory", "swap", VALUE_BYTES},
	[SET_KERNEL_MEMORY] = {"kernel-memory", "memory", "kernel", VALUE_BYTES},
	[SET_KERNEL_MEMORY_TCP] = {"kernel-memory-tcp", "memory", "kernelTCP", VALUE_BYTES},
	[SET_CPU_SHARE] = {"cpu-share", "cpu", "shares", VALUE_INTEGER},
	[SET_CPU_PERIOD] = {"cpu-period", "cpu", "period", VALUE_INTEGER},
	[SET_CPU_QUOTA] = {"cpu-quota", "cpu", "quota", VALUE_INTEGER},
	[SET_CPU_BURST] = {"cpu-burst", "cpu", "burst", VALUE_INTEGER},
	[SET_CPU_IDLE] = {"cpu-idle", "cpu", "idle", VALUE_INTEGER},
	[SET_CPU_RT_PERIOD] = {"cpu-rt-period", "cpu", "realtimePeriod", VALUE_INTEGER},
	[SET_CPU_RT_RUNTIME] = {"cpu-rt-runtime", "cpu", "realtimeRuntime", VALUE_INTEGER},
	[SET_CPUSET_CPUS] = {"cpuset-cpus", "cpu", "cpus", VALUE_TEXT},
	[SET_CPUSET_MEMS] = {"cpuset-mems", "cpu", "mems", VALUE_TEXT},
	[SET_PIDS_LIMIT] = {"pids-limit", "pids", "limit", VALUE_INTEGER},
	[SET_BLKIO_WEIGHT] = {"blkio-weight", "blockIO", "weight", VALUE_INTEGER},
};

/* clang-format off */
static const struct opt update_options[] = {
	{"resources", 'r', OPT_STR, "FILE", "read them from FILE (- for standard input) instead of "
	 "options: a JSON object like linux.resources in config.json", UPDATE(RESOURCES), NULL},
	{"memory", 0, OPT_STR, "BYTES", "memory limit; -1 for none", UPDATE(SET_MEMORY), NULL},
	{"memory-reservation", 0, OPT_STR, "BYTES", "memory that is not taken away while others "
	 "have some (memory.low)", UPDATE(SET_MEMORY_RESERVATION), NULL},
	{"memory-swap", 0, OPT_STR, "BYTES", "limit of memory plus swap; -1 for no limit of swap",
	 UPDATE(SET_MEMORY_SWAP), NULL},
	{"cpu-share", 0, OPT_STR, "N", "share of CPU time under load, 2 to 262144; 1024 is the "
	 "usual one", UPDATE(SET_CPU_SHARE), NULL},
	{"cpu-period", 0, OPT_STR, "USEC", "length of a period of --cpu-quota",
	 UPDATE(SET_CPU_PERIOD), NULL},
	{"cpu-quota", 0, OPT_STR, "USEC", "CPU time in a period; -1 for no limit",
	 UPDATE(SET_CPU_QUOTA), NULL},
	{"cpu-burst", 0, OPT_STR, "USEC", "CPU time not used before that may be added in a period",
	 UPDATE(SET_CPU_BURST), NULL},
	{"cpu-idle", 0, OPT_STR, "N", "1: only CPU time that nobody else wants (SCHED_IDLE); 0: as usual",
	 UPDATE(SET_CPU_IDLE), NULL},
	{"cpuset-cpus", 0, OPT_STR, "LIST", "CPUs to use, such as 0-3,7", UPDATE(SET_CPUSET_CPUS),
	 NULL},
	{"cpuset-mems", 0, OPT_STR, "LIST", "memory nodes to use", UPDATE(SET_CPUSET_MEMS), NULL},
	{"pids-limit", 0, OPT_STR, "N", "number of processes and threads; -1 for no limit",
	 UPDATE(SET_PIDS_LIMIT), NULL},
	{"blkio-weight", 0, OPT_STR, "N", "share of I/O under load, 10 to 1000",
	 UPDATE(SET_BLKIO_WEIGHT), NULL},
	{"kernel-memory", 0, OPT_STR, "BYTES", "not on cgroup version 2; only 0 and -1 are "
	 "accepted", UPDATE(SET_KERNEL_MEMORY), NULL},
	{"kernel-memory-tcp", 0, OPT_STR, "BYTES", "the same", UPDATE(SET_KERNEL_MEMORY_TCP), NULL},
	{"cpu-rt-period", 0, OPT_STR, "USEC", "accepted, without effect on cgroup version 2",
	 UPDATE(SET_CPU_RT_PERIOD), NULL},
	{"cpu-rt-runtime", 0, OPT_STR, "USEC", "not on cgroup version 2; only 0 and -1 are "
	 "accepted", UPDATE(SET_CPU_RT_RUNTIME), NULL},
	{"net-rate", 0, OPT_STR, "RATES", "how fast it may receive and send on its networks: "
	 "[name=INTERFACE,]rate=, rate-in=, rate-out=, burst=, as --network of 'run'",
	 UPDATE(NET_RATE), NULL},
	{"l3-cache-schema", 0, OPT_STR, "SCHEMA", "Intel RDT: not supported by this version",
	 UPDATE(L3_CACHE_SCHEMA), NULL},
	{"mem-bw-schema", 0, OPT_STR, "SCHEMA", "Intel RDT: not supported by this version",
	 UPDATE(MEM_BW_SCHEMA), NULL},
	{0},
};
/* clang-format on */

/* "64m", "64MB", "64MiB", "67108864", "-1". */
static int parse_bytes(const char *text, int64_t *ret)
{
	static const char units[] = "kmgtp";
	size_t digits = strspn(text, "-0123456789");
	const char *rest = text + digits, *unit;
	char number[24];
	int shift = 0, r;

	r = str_format(number, sizeof(number), "%.*s", (int)digits, text);
	if (r == 0)
		r = str_to_i64(number, ret);
	if (r < 0)
		return r;
	unit = *rest ? strchr(units, *rest | 0x20) : NULL;
	if (unit) {
		shift = 10 * (int)(unit - units + 1);
		rest += 1 + (rest[1] == 'i');
	}
	if (*rest && (*rest | 0x20) == 'b')
		rest++;
	if (*rest || (shift && *ret < 0))
		return -EINVAL;
	return __builtin_mul_overflow(*ret, INT64_C(1) << shift, ret) ? -ERANGE : 0;
}

static int bad_value(struct err *e, size_t i, const char *value)
{
	return err_set(e, ERR_USAGE, "--%s: \"%.100s\" is no number%s", members[i].option, value,
		       members[i].kind == VALUE_BYTES ? " of bytes such as 67108864 or 64M" : "");
}

static int write_member(struct err *e, struct json_writer *w, size_t i, const char *value)
{
	uint64_t number;
	int64_t bytes;

	switch (members[i].kind) {
	case VALUE_TEXT:
		json_write_str(w, members[i].member, value);
		return 0;
	case VALUE_BYTES:
		if (parse_bytes(value, &bytes) < 0)
			return bad_value(e, i, value);
		json_write_int(w, members[i].member, bytes);
		return 0;
	default:
		if (str_to_u64(value, &number) == 0)
			json_write_u64(w, members[i].member, number);
		else if (str_to_i64(value, &bytes) == 0)
			json_write_int(w, members[i].member, bytes);
		else
			return bad_value(e, i, value);
		return 0;
	}
}

/* The options as a document. */
static int write_options(struct err *e, const char *const *values, struct buf *out)
{
	const char *object = NULL;
	struct json_writer w;
	int r = 0;

	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	for (size_t i = 0; i < SET_MAX && r == 0; i++) {
		if (!values[i])
			continue;
		if (!object || strcmp(object, members[i].object) != 0) {
			if (object)
				json_write_close(&w);
			object = members[i].object;
			json_write_object(&w, object);
		}
		r = write_member(e, &w, i, values[i]);
	}
	if (object)
		json_write_close(&w);
	json_write_close(&w);
	if (json_write_end(&w, out) < 0 && r == 0)
		r = err_nomem(e);
	return r;
}

static int read_document(struct err *e, const char *path, struct buf *out)
{
	int r;

	if (!str_eq(path, "-"))
		return file_read_at(e, AT_FDCWD, path, JSON_MAX_DOCUMENT, out);
	r = fd_read_all(STDIN_FILENO, JSON_MAX_DOCUMENT, out);
	return r < 0 ? err_num(e, r, "read the resources from standard input") : 0;
}

static int run_update(struct err *e, struct cli *c)
{
	const char *const *values = c->args.update;
	const char *document = values[RESOURCES];
	struct cg_resources change = {0};
	_buf_ struct buf text = {0};
	size_t given = 0;
	int r;

	for (size_t i = 0; i < SET_MAX; i++)
		given += values[i] != NULL;
	if (values[L3_CACHE_SCHEMA] || values[MEM_BW_SCHEMA])
		return err_set(e, ERR_UNSUPPORTED,
			       "--%s: Intel RDT is not supported by this "
			       "version of bawn",
			       values[L3_CACHE_SCHEMA] ? "l3-cache-schema" : "mem-bw-schema");
	if (values[NET_RATE])
		return given || document
			       ? err_set(e, ERR_USAGE, "--net-rate and resources at the same time")
			       : container_set_net_rate(e, &c->rt, c->id, values[NET_RATE]);
	if (!given && !document)
		return err_set(e, ERR_USAGE, "nothing to update was given");
	if (given && document)
		return err_set(e, ERR_USAGE, "--resources and other resources at the same time");
	r = document ? read_document(e, document, &text) : write_options(e, values, &text);
	if (r == 0)
		r = spec_parse_resources(e, &c->arena, document ? "resources" : "options",
					 text.data ? text.data : "", text.len, &change);
	return r < 0 ? r : container_update(e, &c->rt, c->id, &change);
}

const struct verb verb_update = {
	.name = "update",
	.summary = "change the resources of a container",
	.words = "ID",
	.text = "Changes what the container ID may use while it runs, is paused or waits for "
		"'start'. What is not given, or is 0, stays as it is. All is changed or, after an "
		"error, nothing.\n"
		"BYTES may end in k, m, g or t. A memory limit below what the container uses makes "
		"the kernel reclaim first; if that does not help, the update fails and nothing is "
		"killed. With checkBeforeUpdate in FILE it fails at once.",
	.examples = "bawn update --memory 256m --memory-swap 512m web\n"
		    "bawn update --cpu-quota 50000 --cpu-period 100000 web\n"
		    "bawn update --net-rate name=eth0,rate=10mbit,burst=64k web\n"
		    "echo '{\"unified\": {\"memory.high\": \"200000000\"}}' | bawn update -r - web",
	.options = update_options,
	.flags = VERB_ID | VERB_ROOT,
	.run = run_update,
};
