/*
 * linux.resources as properties of a systemd unit, in GVariant's text form. The files of the
 * cgroup are written too and are what counts; the properties are there so that systemd says
 * the same, and writes the same when it writes. What systemd has no property for, or only one
 * that needs a device node, is in the files alone: cpu.idle, bursts, huge pages, rdma, limits
 * for single block devices.
 */
#include <inttypes.h>

#include "runtime/unit.h"

#define NO_LIMIT UINT64_MAX
#define USEC_PER_SEC 1000000
#define QUOTA_STEP 10000	/* systemd rounds to percents of a CPU */
#define PERIOD_DEFAULT 100000
#define CPUS_MAX 8192

struct list {
	struct err *e;
	struct arena *a;
	struct strv *v;
	int r;			/* the first failure */
};

static void add(struct list *l, const char *name, const char *value)
{
	if (l->r == 0 && l->v->n == UNIT_PROPERTIES_MAX)
		l->r = err_num(l->e, E2BIG, "properties of the systemd unit");
	if (l->r < 0)
		return;
	l->v->v[l->v->n] = arena_printf(l->a, "%s=%s", name, value);
	if (!l->v->v[l->v->n++])
		l->r = err_nomem(l->e);
}

static void add_u64(struct list *l, const char *name, uint64_t n)
{
	char value[32];

	(void)str_format(value, sizeof(value), "uint64 %" PRIu64, n);
	add(l, name, value);
}

/* 0 leaves it as it is, -1 is "no limit". */
static void add_limit(struct list *l, const char *name, struct opt_i64 limit)
{
	if (limit.set && limit.v != 0)
		add_u64(l, name, limit.v < 0 ? NO_LIMIT : (uint64_t)limit.v);
}

static void add_quota(struct list *l, int64_t quota, uint64_t period)
{
	uint64_t usec = NO_LIMIT;

	if (quota > 0 && (uint64_t)quota <= UINT64_MAX / USEC_PER_SEC) {
		usec = (uint64_t)quota * USEC_PER_SEC / (period ? period : PERIOD_DEFAULT);
		usec = (usec + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	}
	if (quota)
		add_u64(l, "CPUQuotaPerSecUSec", usec);
	if (period)
		add_u64(l, "CPUQuotaPeriodUSec", period);
}

/* One "N" or "N-M" of a list: sets its bits. Returns what follows, NULL when it is none. */
static const char *take_range(const char *s, unsigned char *bits)
{
	char digits[8];
	uint32_t from, to;
	size_t n = strspn(s, "0123456789");

	if (str_format(digits, sizeof(digits), "%.*s", (int)n, s) < 0 ||
	    str_to_u32(digits, &from) < 0)
		return NULL;
	to = from;
	s += n;
	if (*s == '-') {
		n = strspn(++s, "0123456789");
		if (str_format(digits, sizeof(digits), "%.*s", (int)n, s) < 0 ||
		    str_to_u32(digits, &to) < 0)
			return NULL;
		s += n;
	}
	if (to < from || to >= CPUS_MAX)
		return NULL;
	for (; from <= to; from++)
		bits[from / 8] |= (unsigned char)(1u << from % 8);
	return s;
}

/* "0-3,7" as the bytes of a mask, the first CPU in the lowest bit of the first byte. A list that
 * is not understood here is left to the kernel's file. */
static void add_mask(struct list *l, const char *name, const char *cpus)
{
	unsigned char bits[CPUS_MAX / 8] = {0};
	_buf_ struct buf text = {0};
	size_t used = 0;

	while (*cpus) {
		cpus = take_range(cpus + strspn(cpus, ", \n"), bits);
		if (!cpus)
			return;
		cpus += strspn(cpus, ", \n");
	}
	for (size_t i = 0; i < sizeof(bits); i++)
		if (bits[i])
			used = i + 1;
	buf_str(&text, "@ay [");
	for (size_t i = 0; i < used; i++)
		buf_printf(&text, "%s%u", i ? "," : "", bits[i]);
	buf_str(&text, "]");
	if (text.failed)
		l->r = err_nomem(l->e);
	else if (used)
		add(l, name, text.data);
}

/* ---- linux.resources.unified ---- */

/* A number or "max"; the kernel knows more forms, which are left to its files. */
static bool number(const char *text, uint64_t *ret)
{
	*ret = NO_LIMIT;
	return str_eq(text, "max") || str_to_u64(text, ret) == 0;
}

static void add_cpu_max(struct list *l, const char *value)
{
	const char *blank = strchr(value, ' ');
	uint64_t quota, period = 0;
	char first[32];

	if (str_format(first, sizeof(first), "%.*s", blank ? (int)(blank - value) : 31, value) <
		    0 ||
	    !number(first, &quota) || (blank && str_to_u64(blank + 1, &period) < 0))
		return;
	add_quota(l, quota > INT64_MAX ? -1 : (int64_t)quota, period);
}

static void add_unified(struct list *l, const struct cg_unified *u)
{
	static const struct {
		const char *file, *property;
	} same[] = {
		{"cpu.weight", "CPUWeight"}, {"memory.min", "MemoryMin"},
		{"memory.low", "MemoryLow"}, {"memory.high", "MemoryHigh"},
		{"memory.max", "MemoryMax"}, {"memory.swap.max", "MemorySwapMax"},
		{"pids.max", "TasksMax"},
	};
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (str_eq(u->file, same[i].file) && number(u->value, &n))
			add_u64(l, same[i].property, n);
	if (str_eq(u->file, "cpu.max"))
		add_cpu_max(l, u->value);
	if (str_eq(u->file, "cpuset.cpus"))
		add_mask(l, "AllowedCPUs", u->value);
	if (str_eq(u->file, "cpuset.mems"))
		add_mask(l, "AllowedMemoryNodes", u->value);
}

int unit_limits(struct err *e, struct arena *a, const struct cg_resources *r, struct strv *v)
{
	struct list l = {.e = e, .a = a, .v = v};
	struct opt_i64 swap;
	int ret = cg_swap_max(e, &r->memory, &swap);

	if (ret < 0)
		return ret;
	add_limit(&l, "MemoryMax", r->memory.limit);
	add_limit(&l, "MemoryLow", r->memory.reservation);
	if (swap.set)
		add_u64(&l, "MemorySwapMax", swap.v < 0 ? NO_LIMIT : (uint64_t)swap.v);
	if (r->cpu.shares.set && r->cpu.shares.v)
		add_u64(&l, "CPUWeight", cg_cpu_weight(r->cpu.shares.v));
	add_quota(&l, r->cpu.quota.set ? r->cpu.quota.v : 0,
		  r->cpu.period.set ? r->cpu.period.v : 0);
	add_limit(&l, "TasksMax", r->pids_limit);
	if (r->cpu.cpus)
		add_mask(&l, "AllowedCPUs", r->cpu.cpus);
	if (r->cpu.mems)
		add_mask(&l, "AllowedMemoryNodes", r->cpu.mems);
	if (r->block_io.weight.set && r->block_io.weight.v)
		add_u64(&l, "IOWeight", cg_io_weight(r->block_io.weight.v));
	for (size_t i = 0; i < r->unified.n; i++)
		add_unified(&l, &r->unified.v[i]);
	return l.r;
}

/* ---- devices ---- */

static bool is_denied_later(const struct cg_device_rule *v, size_t n, size_t i)
{
	const struct cg_device_rule *a = &v[i];

	for (const struct cg_device_rule *d = a + 1; d < v + n; d++)
		if (!d->allow && (d->type == 'a' || d->type == a->type) &&
		    (d->major < 0 || d->major == a->major) &&
		    (d->minor < 0 || d->minor == a->minor) && (d->access & a->access) == a->access)
			return true;
	return false;
}

/* ('/dev/char/1:3','rwm') or, for all minors, ('char-1','rwm'). systemd cannot say "any major, this
 * minor": then all of them, since it may allow more than our own program but not less. */
static void add_rule(struct buf *b, const struct cg_device_rule *r, char type)
{
	const char *class = type == 'b' ? "block" : "char";

	buf_str(b, str_has_suffix(b->data ? b->data : "", "[") ? "(" : ",(");
	if (r->major < 0)
		buf_printf(b, "'%s-*'", class);
	else if (r->minor < 0)
		buf_printf(b, "'%s-%" PRIi64 "'", class, r->major);
	else
		buf_printf(b, "'/dev/%s/%" PRIi64 ":%" PRIi64 "'", class, r->major, r->minor);
	buf_printf(b, ",'%s%s%s')", r->access & CG_DEVICE_READ ? "r" : "",
		   r->access & CG_DEVICE_WRITE ? "w" : "", r->access & CG_DEVICE_MKNOD ? "m" : "");
}

static void add_rules(struct buf *b, const struct cg_device_rule *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i].allow || is_denied_later(v, n, i))
			continue;
		if (v[i].type != 'c')
			add_rule(b, &v[i], 'b');
		if (v[i].type != 'b')
			add_rule(b, &v[i], 'c');
	}
}

int unit_devices(struct err *e, struct arena *a, const struct cg_resources *r, struct strv *v)
{
	struct list l = {.e = e, .a = a, .v = v};
	_buf_ struct buf text = {0};

	buf_str(&text, "@a(ss) [");
	add_rules(&text, r->devices.v, r->devices.n);
	add_rules(&text, cg_default_devices, cg_default_devices_n);
	buf_str(&text, "]");
	if (text.failed)
		return err_nomem(e);
	add(&l, "DevicePolicy", "'strict'");
	add(&l, "DeviceAllow", text.data);
	return l.r;
}
