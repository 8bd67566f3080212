/*
 * linux.resources, of config.json and of `update`: one table decodes it and writes it
 * again. What cgroup version 2 has no counterpart for is an error by name: a limit
 * that is asked for and not enforced would be worse than none. Engines that write what
 * asks for nothing (0, empty, -1 for "no limit") pass.
 */
#include "runtime/spec_private.h"

#define CPU_PERIOD_MIN 1000	/* the kernel's, microseconds */
#define CPU_PERIOD_MAX 1000000
#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

/* devices */

static const struct json_word rule_words[] = {
	{"a", 'a'},
	{"b", 'b'},
	{"c", 'c'},
	{.name = ""},
};

struct rule_entry {
	struct opt_bool allow;
	int type;
	struct opt_i64 major, minor;
	const char *access;
};

static const struct json_field rule_fields[] = {
	F("allow", OPT_BOOL, rule_entry, allow, .required = true),
	F("type", ENUM, rule_entry, type, .words = rule_words, .noun = "type of device"),
	F("major", OPT_I64, rule_entry, major),
	F("minor", OPT_I64, rule_entry, minor),
	F("access", STR, rule_entry, access),
	JSON_FIELD_END,
};

static const struct {
	char letter;
	uint8_t bit;
} access_letters[] = {
	{'r', CG_DEVICE_READ},
	{'w', CG_DEVICE_WRITE},
	{'m', CG_DEVICE_MKNOD},
};

static int decode_access(struct err *e, const struct json *node, const char *access, bool allow,
			 uint32_t *ret)
{
	const uint32_t all = CG_DEVICE_READ | CG_DEVICE_WRITE | CG_DEVICE_MKNOD;

	*ret = access ? 0 : all;
	for (const char *s = access ? access : ""; *s; s++) {
		size_t i = 0;

		/* Rules written for cgroup v1 have it; runc takes it. What denies, denies all. */
		if (*s == 'a' && !allow) {
			*ret |= all;
			continue;
		}
		while (i < ARRAY_SIZE(access_letters) && access_letters[i].letter != *s)
			i++;
		if (i == ARRAY_SIZE(access_letters))
			return spec_bad(e, node, "access", "\"%s\": '%c' is none of r, w, m",
					access, *s);
		*ret |= access_letters[i].bit;
	}
	return *ret ? 0 : spec_bad(e, node, "access", "empty");
}

static int check_number(struct err *e, const struct json *node, const char *member, int64_t number,
			int64_t min)
{
	if (number < min || number > UINT32_MAX)
		return spec_bad(e, node, member, "%lld is no device number", (long long)number);
	return 0;
}

static int decode_rule(struct err *e, struct arena *a, const struct json *node,
		       struct cg_device_rule *ret)
{
	struct rule_entry rule = {.type = 'a', .major.v = -1, .minor.v = -1};
	int r = json_decode(e, a, node, rule_fields, &rule);

	if (r == 0)
		r = check_number(e, node, "major", rule.major.v, -1);
	if (r == 0)
		r = check_number(e, node, "minor", rule.minor.v, -1);
	if (r < 0)
		return r;
	*ret = (struct cg_device_rule){
		.allow = rule.allow.v,
		.type = (char)rule.type,
		.major = rule.major.v,
		.minor = rule.minor.v,
	};
	return decode_access(e, node, rule.access, ret->allow, &ret->access);
}

static int decode_devices(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct cg_resources *res = target;
	int r = json_expect(e, node, JSON_ARRAY);

	if (r < 0)
		return r;
	res->devices.v = arena_array(a, node->count, sizeof(*res->devices.v));
	if (!res->devices.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next)
		r = decode_rule(e, a, c, &res->devices.v[res->devices.n++]);
	return r;
}

static void write_devices(struct json_writer *w, const struct cg_resources *res)
{
	char access[4];

	if (!res->devices.n)
		return;
	json_write_array(w, "devices");
	for (size_t i = 0; i < res->devices.n; i++) {
		const struct cg_device_rule *rule = &res->devices.v[i];
		const char type[] = {rule->type, '\0'};
		size_t n = 0;

		for (size_t k = 0; k < ARRAY_SIZE(access_letters); k++)
			if (rule->access & access_letters[k].bit)
				access[n++] = access_letters[k].letter;
		access[n] = '\0';
		json_write_object(w, NULL);
		json_write_bool(w, "allow", rule->allow);
		json_write_str(w, "type", type);
		json_write_int(w, "major", rule->major);
		json_write_int(w, "minor", rule->minor);
		json_write_str(w, "access", access);
		json_write_close(w);
	}
	json_write_close(w);
}

/* What version 2 does not have. */

static int refuse(struct err *e, const struct json *node, const char *why)
{
	return json_bad_member(e, ERR_UNSUPPORTED, node->parent, node->key, "%s", why);
}

/* Integers that ask for nothing: 0, -1, and the greatest uint64, which Go programs make of -1. */
static int refuse_number(struct err *e, const struct json *node, const char *why)
{
	int64_t v = 0;
	int r;

	if (node->type == JSON_NUMBER && str_eq(node->str, "18446744073709551615"))
		return 0;
	r = json_to_i64(e, node, &v);
	return r < 0 || v == 0 || v == -1 ? r : refuse(e, node, why);
}

static int refuse_kernel(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a, (void)target;
	return refuse_number(e, node,
			     "cgroup version 2 has no limit of its own for this: kernel memory "
			     "counts in memory.limit");
}

static int refuse_swappiness(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a, (void)target;
	return refuse_number(e, node,
			     "cgroup version 2 has no swappiness of a container; limit its swap "
			     "with memory.swap");
}

static int refuse_oom_disable(struct err *e, struct arena *a, const struct json *node, void *target)
{
	bool v = false;
	int r = json_to_bool(e, node, &v);

	(void)a, (void)target;
	return r < 0 || !v ? r
			   : refuse(e, node,
				    "cgroup version 2 cannot switch the OOM killer off; "
				    "process.oomScoreAdj -1000 protects a process, unified "
				    "memory.high throttles instead");
}

static int refuse_realtime(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a, (void)target;
	return refuse_number(e, node,
			     "cgroup version 2 has no limit for realtime scheduling; use cpu.quota "
			     "and unified cpu.max");
}

static int refuse_leaf_weight(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a, (void)target;
	return refuse_number(e, node, "cgroup version 2 has no leaf weights; use weight");
}

#define NO_CLASSES \
	"network classes exist on cgroup version 1 only; match the cgroup's path instead " \
	"(nftables \"socket cgroupv2\")"

static int refuse_class(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a, (void)target;
	return refuse_number(e, node, NO_CLASSES);
}

static int refuse_priorities(struct err *e, struct arena *a, const struct json *node, void *target)
{
	int r = json_expect(e, node, JSON_ARRAY);

	(void)a, (void)target;
	return r < 0 || !node->count ? r : refuse(e, node, NO_CLASSES);
}

/* The objects of numbers. Their members are in resources, so every table is of that struct. */

#define R(name, kind, member, ...) F(name, kind, cg_resources, member, ##__VA_ARGS__)

static const struct json_field memory_fields[] = {
	R("limit", OPT_I64, memory.limit),
	R("reservation", OPT_I64, memory.reservation),
	R("swap", OPT_I64, memory.swap),
	R("checkBeforeUpdate", OPT_BOOL, memory.check_before_update),
	F_CALL("kernel", refuse_kernel),
	F_CALL("kernelTCP", refuse_kernel),
	F_CALL("swappiness", refuse_swappiness),
	F_CALL("disableOOMKiller", refuse_oom_disable),
	F_IGNORE("useHierarchy"),	/* version 2 knows nothing else */
	JSON_FIELD_END,
};

static int check_limit(struct err *e, const struct json *node, const char *member,
		       const struct opt_i64 *v)
{
	if (v->set && v->v < -1)
		return spec_bad(e, node, member, "%lld is negative; -1 means no limit",
				(long long)v->v);
	return 0;
}

static int memory_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct cg_resources *res = target;
	int r = check_limit(e, node, "limit", &res->memory.limit);

	(void)a;
	if (r == 0)
		r = check_limit(e, node, "reservation", &res->memory.reservation);
	return r < 0 ? r : check_limit(e, node, "swap", &res->memory.swap);
}

static const struct json_field cpu_fields[] = {
	R("shares", OPT_U64, cpu.shares),
	R("quota", OPT_I64, cpu.quota),
	R("period", OPT_U64, cpu.period),
	R("burst", OPT_U64, cpu.burst),
	R("idle", OPT_I64, cpu.idle),
	R("cpus", OPT_STR, cpu.cpus),
	R("mems", OPT_STR, cpu.mems),
	F_CALL("realtimeRuntime", refuse_realtime),
	F_IGNORE("realtimePeriod"),	/* of a runtime that is not there */
	JSON_FIELD_END,
};

static int cpu_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct cg_cpu *cpu = &((struct cg_resources *)target)->cpu;
	uint64_t period = cpu->period.v;
	int r = spec_check_list(e, a, node, "cpus", &cpu->cpus);

	if (r == 0)
		r = spec_check_list(e, a, node, "mems", &cpu->mems);
	if (r < 0)
		return r;
	if (cpu->idle.set && cpu->idle.v != 0 && cpu->idle.v != 1)
		return spec_bad(e, node, "idle", "%lld is neither 0 nor 1", (long long)cpu->idle.v);
	if (period != 0 && (period < CPU_PERIOD_MIN || period > CPU_PERIOD_MAX))
		return spec_bad(e, node, "period", "%llu is not in %d..%d microseconds",
				(unsigned long long)period, CPU_PERIOD_MIN, CPU_PERIOD_MAX);
	if (cpu->quota.v > 0 && cpu->quota.v < CPU_PERIOD_MIN)
		return spec_bad(e, node, "quota", "%lld is less than %d microseconds",
				(long long)cpu->quota.v, CPU_PERIOD_MIN);
	return 0;
}

static const struct json_field pids_fields[] = {
	R("limit", OPT_I64, pids_limit),
	JSON_FIELD_END,
};

static int pids_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a;
	return check_limit(e, node, "limit", &((struct cg_resources *)target)->pids_limit);
}

/* blockIO */

static int check_weight(struct err *e, const struct json *node, const struct opt_u32 *weight)
{
	if (weight->v != 0 && (weight->v < WEIGHT_MIN || weight->v > WEIGHT_MAX))
		return spec_bad(e, node, "weight", "%u is not in %d..%d", weight->v, WEIGHT_MIN,
				WEIGHT_MAX);
	return 0;
}

static const struct json_field weight_device_fields[] = {
	F("major", I64, cg_weight_device, major, .required = true),
	F("minor", I64, cg_weight_device, minor, .required = true),
	F("weight", OPT_U32, cg_weight_device, weight),
	F_CALL("leafWeight", refuse_leaf_weight),
	JSON_FIELD_END,
};

static int weight_device_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct cg_weight_device *d = target;
	int r = check_number(e, node, "major", d->major, 0);

	(void)a;
	if (r == 0)
		r = check_number(e, node, "minor", d->minor, 0);
	return r < 0 ? r : check_weight(e, node, &d->weight);
}

static const struct json_field throttle_fields[] = {
	F("major", I64, cg_throttle_device, major, .required = true),
	F("minor", I64, cg_throttle_device, minor, .required = true),
	F("rate", U64, cg_throttle_device, rate, .required = true),
	JSON_FIELD_END,
};

static int throttle_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct cg_throttle_device *d = target;
	int r = check_number(e, node, "major", d->major, 0);

	(void)a;
	return r < 0 ? r : check_number(e, node, "minor", d->minor, 0);
}

#define THROTTLE(name, index)                                                         \
	R(name, LIST, block_io.throttle[index], .fields = throttle_fields,            \
	  .size = sizeof(struct cg_throttle_device), .call = throttle_done)

static const struct json_field block_io_fields[] = {
	R("weight", OPT_U32, block_io.weight),
	F_CALL("leafWeight", refuse_leaf_weight),
	R("weightDevice", LIST, block_io.weight_devices, .fields = weight_device_fields,
	  .size = sizeof(struct cg_weight_device), .call = weight_device_done),
	THROTTLE("throttleReadBpsDevice", CG_READ_BPS),
	THROTTLE("throttleWriteBpsDevice", CG_WRITE_BPS),
	THROTTLE("throttleReadIOPSDevice", CG_READ_IOPS),
	THROTTLE("throttleWriteIOPSDevice", CG_WRITE_IOPS),
	JSON_FIELD_END,
};

static int block_io_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	(void)a;
	return check_weight(e, node, &((struct cg_resources *)target)->block_io.weight);
}

/* hugepageLimits, rdma, network, unified */

static const struct json_field hugepage_fields[] = {
	F("pageSize", STR, cg_hugepage_limit, page_size, .required = true),
	F("limit", U64, cg_hugepage_limit, limit, .required = true),
	JSON_FIELD_END,
};

/* "64KB", "2MB", "1GB": becomes part of a file's name. */
static int hugepage_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const char *size = ((struct cg_hugepage_limit *)target)->page_size;
	size_t digits = strspn(size, "0123456789");

	(void)a;
	if (digits == 0 || digits > 9 || size[0] == '0' || !strchr("KMG", size[digits]) ||
	    !str_eq(size + digits + (size[digits] != '\0'), "B"))
		return spec_bad(e, node, "pageSize", "\"%s\" is no page size such as 2MB or 1GB",
				size);
	return 0;
}

static const struct json_field rdma_fields[] = {
	F("hcaHandles", OPT_U32, cg_rdma_limit, hca_handles),
	F("hcaObjects", OPT_U32, cg_rdma_limit, hca_objects),
	JSON_FIELD_END,
};

static int decode_rdma(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct cg_resources *res = target;
	int r = json_expect(e, node, JSON_OBJECT);

	if (r < 0)
		return r;
	res->rdma.v = arena_array(a, node->count, sizeof(*res->rdma.v));
	if (!res->rdma.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		struct cg_rdma_limit *limit = &res->rdma.v[res->rdma.n++];

		limit->device = c->key;
		if (!*c->key || strpbrk(c->key, " \t") || !str_is_printable(c->key))
			return json_bad(e, c, "no name of an RDMA device");
		r = json_decode(e, a, c, rdma_fields, limit);
	}
	return r;
}

static const struct json_field network_fields[] = {
	F_CALL("classID", refuse_class),
	F_CALL("priorities", refuse_priorities),
	JSON_FIELD_END,
};

/* "CONTROLLER.NAME": a file of a controller, never one of the core ("cgroup.procs"), never a path. */
static int check_unified(struct err *e, const struct json *node)
{
	const char *file = node->key, *dot = strchr(file, '.');
	char name[16];

	if (strchr(file, '/') || !str_is_printable(file))
		return json_bad(e, node, "must be a file name of a cgroup, without slashes");
	if (str_has_prefix(file, "cgroup."))
		return json_bad(e, node, "files of the cgroup itself are bawn's to write");
	if (!dot || !dot[1] ||
	    str_format(name, sizeof(name), "%.*s", (int)(dot - file), file) < 0 ||
	    cg_controller_find(name) < 0)
		return json_bad(e, node,
				"no file of a controller (cpu, cpuset, io, memory, hugetlb, pids, "
				"rdma, misc)");
	return 0;
}

static int decode_unified(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct cg_resources *res = target;
	int r = json_expect(e, node, JSON_OBJECT);

	if (r < 0)
		return r;
	res->unified.v = arena_array(a, node->count, sizeof(*res->unified.v));
	if (!res->unified.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		struct cg_unified *u = &res->unified.v[res->unified.n++];

		u->file = c->key;
		r = check_unified(e, c);
		if (r == 0)
			r = json_to_text(e, c, &u->value);
	}
	return r;
}

static const struct json_field resources_fields[] = {
	{.name = "memory", .kind = FIELD_OBJECT, .fields = memory_fields, .call = memory_done},
	{.name = "cpu", .kind = FIELD_OBJECT, .fields = cpu_fields, .call = cpu_done},
	{.name = "pids", .kind = FIELD_OBJECT, .fields = pids_fields, .call = pids_done},
	{.name = "blockIO", .kind = FIELD_OBJECT, .fields = block_io_fields, .call = block_io_done},
	R("hugepageLimits", LIST, hugepages, .fields = hugepage_fields,
	  .size = sizeof(struct cg_hugepage_limit), .call = hugepage_done),
	F_CALL("rdma", decode_rdma),
	{.name = "network", .kind = FIELD_OBJECT, .fields = network_fields},
	F_CALL("unified", decode_unified),
	F_CALL("devices", decode_devices),
	JSON_FIELD_END,
};

int spec_resources_decode(struct err *e, struct arena *a, const struct json *node, void *resources)
{
	return json_decode(e, a, node, resources_fields, resources);
}

int spec_parse_resources(struct err *e, struct arena *a, const char *what, const char *text,
			 size_t len, struct cg_resources *ret)
{
	struct json *tree;
	int r = json_parse(e, a, what, text, len, &tree);

	if (r < 0)
		return r;
	r = spec_resources_decode(e, a, tree, ret);
	return r < 0 ? err_wrap(e, r, "%s", what) : 0;
}

void spec_write_resources(struct json_writer *w, const char *key, const struct cg_resources *res)
{
	json_write_object(w, key);
	json_encode(w, resources_fields, res);
	if (res->rdma.n) {
		json_write_object(w, "rdma");
		for (size_t i = 0; i < res->rdma.n; i++) {
			json_write_object(w, res->rdma.v[i].device);
			json_encode(w, rdma_fields, &res->rdma.v[i]);
			json_write_close(w);
		}
		json_write_close(w);
	}
	if (res->unified.n) {
		json_write_object(w, "unified");
		for (size_t i = 0; i < res->unified.n; i++)
			json_write_str(w, res->unified.v[i].file, res->unified.v[i].value);
		json_write_close(w);
	}
	write_devices(w, res);
	json_write_close(w);
}
