/* Conversions from cgroup version 1's values, merging of updates, and the plan of writes. */
#include "cgroups/cg_limits.h"
#include <stdio.h>

#include "t.h"

static struct err e;

TEST(cpu_weight)
{
	static const uint64_t cases[][2] = {
		{0, 0},		 {1, 1},	  {2, 1},
		{3, 2},		 {100, 17},	  {512, 59},
		{1023, 100},	 {1024, 100},	  {2048, 174},
		{4096, 303},	 {10240, 639},	  {262143, 10000},
		{262144, 10000}, {262145, 10000}, {UINT64_MAX, 10000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		EQ(cg_cpu_weight(cases[i][0]), cases[i][1]);
	/* Never less for more. */
	for (uint64_t s = 1; s < 262144; s += 7)
		TRUE(cg_cpu_weight(s) <= cg_cpu_weight(s + 7));
}

TEST(io_weight)
{
	static const uint32_t cases[][2] = {
		{0, 0},	     {9, 1},	    {10, 1},	   {11, 11},
		{500, 4950}, {1000, 10000}, {1001, 10000}, {UINT32_MAX, 10000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		EQ(cg_io_weight(cases[i][0]), cases[i][1]);
}

#define SET(value)                         \
	{                                  \
		.set = true, .v = (value)  \
	}

TEST(swap)
{
	static const struct {
		struct opt_i64 limit, swap;
		int64_t want;	/* -2: nothing is written; -3: an error */
	} cases[] = {
		{{0}, {0}, -2},
		{SET(100), {0}, -2},
		{SET(100), SET(0), -2},
		{SET(0), SET(-1), -1},
		{{0}, SET(-1), -1},
		{SET(-1), {0}, -1},
		{SET(-1), SET(-1), -1},
		{SET(100), SET(100), 0},
		{SET(100), SET(300), 200},
		{SET(1), SET(INT64_MAX), INT64_MAX - 1},
		{SET(INT64_MAX), SET(INT64_MAX), 0},
		{SET(100), SET(99), -3},
		{SET(INT64_MAX), SET(1), -3},
		{{0}, SET(100), -3},
		{SET(0), SET(100), -3},
		{SET(-1), SET(100), -3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cg_memory m = {.limit = cases[i].limit, .swap = cases[i].swap};
		struct opt_i64 got;
		int r = cg_swap_max(&e, &m, &got);

		EQ(r, cases[i].want == -3 ? -EINVAL : 0);
		if (r < 0)
			TRUE(str_has_prefix(e.msg, "memory.swap: "));
		else
			EQ(got.set ? got.v : -2, cases[i].want);
	}
}

/* "FILE=VALUE;FILE=VALUE" of the plan that takes `now` to `change`. */
static const char *plan(const struct cg_resources *now, const struct cg_resources *change)
{
	static char text[2048];
	_arena_ struct arena a = {0};
	struct cg_resources want = *now;
	struct cg_plan p = {.arena = &a, .want = &want, .now = now, .change = change};
	size_t n = 0;

	text[0] = '\0';
	OK_ERR(&e, cg_resources_merge(&e, &a, &want, change));
	if (cg_plan_memory(&e, &p) < 0 || cg_plan_cpu(&e, &p) < 0)
		return e.msg;
	cg_plan_io(&p);
	cg_plan_others(&p);
	TRUE(!p.failed);
	for (size_t i = 0; i < p.writes.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%s", i ? ";" : "",
				      p.writes.v[i].file, p.writes.v[i].value);
	return text;
}

static const struct cg_resources none;

TEST(plan_of_nothing)
{
	struct cg_resources zero = {
		.memory = {.limit = SET(0), .reservation = SET(0), .swap = SET(0)},
		.cpu = {.shares = SET(0), .quota = SET(0), .period = SET(0)},
		.pids_limit = SET(0),
		.block_io.weight = SET(0),
	};

	STREQ(plan(&none, &none), "");
	STREQ(plan(&none, &zero), "");
	/* docker update sends zeros for what it does not change (runc#4225). */
	STREQ(plan(&(struct cg_resources){.memory.limit = SET(5), .cpu.quota = SET(7)}, &zero), "");
}

TEST(plan_memory)
{
	struct cg_resources now = {.memory = {.limit = SET(100), .swap = SET(150)}};
	struct cg_resources r = {.memory.limit = SET(120)};

	STREQ(plan(&now, &r), "memory.swap.max=30;memory.max=120");
	r.memory.limit.v = 151;
	TRUE(str_has_prefix(plan(&now, &r), "memory.swap: 150 is less than memory.limit 151"));
	r.memory.limit.v = -1;
	STREQ(plan(&now, &r), "memory.swap.max=max;memory.max=max");
	r.memory.limit.v = INT64_MAX;
	r.memory.reservation = (struct opt_i64)SET(-1);
	STREQ(plan(&none, &r), "memory.low=max;memory.max=9223372036854775807");
}

TEST(plan_cpu)
{
	struct cg_resources now = {.cpu = {.quota = SET(50000), .period = SET(100000)}};
	struct cg_resources r = {.cpu.period = SET(20000)};

	STREQ(plan(&none, &r), "cpu.max=max 20000");
	STREQ(plan(&now, &r), "cpu.max=50000 20000");
	r.cpu.quota = (struct opt_i64)SET(-1);
	STREQ(plan(&now, &r), "cpu.max=max 20000");
	r = (struct cg_resources){.cpu.quota = SET(10000)};
	STREQ(plan(&none, &r), "cpu.max=10000");
	r.cpu.burst = (struct opt_u64)SET(5000);
	STREQ(plan(&none, &r), "cpu.max=10000;cpu.max.burst=5000");
	now.cpu.burst = (struct opt_u64)SET(40000);
	STREQ(plan(&now, &r), "cpu.max.burst=5000;cpu.max=10000 100000");
	r.cpu.burst.set = false;
	STREQ(plan(&now, &r), "cpu.burst: 40000 is more than cpu.quota 10000");
	r = (struct cg_resources){.cpu = {.shares = SET(2048), .idle = SET(1)}};
	STREQ(plan(&none, &r), "cpu.idle=1");
	now = r;
	r = (struct cg_resources){.cpu.idle = SET(0)};
	STREQ(plan(&now, &r), "cpu.idle=0;cpu.weight=174");
	r = (struct cg_resources){.cpu = {.cpus = "0-1", .mems = "0"}};
	STREQ(plan(&none, &r), "cpuset.cpus=0-1;cpuset.mems=0");
}

TEST(plan_others)
{
	struct cg_weight_device weight = {.major = 8, .minor = 0, .weight = SET(200)};
	struct cg_throttle_device throttle[] = {{.major = 8, .minor = 16, .rate = 1000},
						{.major = 8, .minor = 32}};
	struct cg_hugepage_limit pages = {"2MB", UINT64_MAX};
	struct cg_rdma_limit rdma = {"mlx5_0", SET(2), SET(0)};
	struct cg_unified unified[] = {
		{"memory.high", "5"}, {"io.max", "8:0 rbps=1\n8:16 rbps=2"}, {"cpuset.cpus", ""}};
	struct cg_resources r = {
		.pids_limit = SET(-1),
		.block_io = {.weight = SET(10), .weight_devices = {&weight, 1}},
		.hugepages = {&pages, 1},
		.rdma = {&rdma, 1},
		.unified = {unified, 3},
	};

	r.block_io.throttle[CG_WRITE_IOPS].v = throttle;
	r.block_io.throttle[CG_WRITE_IOPS].n = 2;
	STREQ(plan(&none, &r),
	      "io.bfq.weight=default 10;io.bfq.weight=8:0 200;io.max=8:16 wiops=1000;"
	      "io.max=8:32 wiops=max;pids.max=max;hugetlb.2MB.max=max;hugetlb.2MB.rsvd.max=max;"
	      "rdma.max=mlx5_0 hca_handle=2;rdma.max=mlx5_0 hca_object=0;memory.high=5;"
	      "io.max=8:0 rbps=1;io.max=8:16 rbps=2;cpuset.cpus=\n");
}

TEST(merge)
{
	_arena_ struct arena a = {0};
	struct cg_throttle_device old[] = {{8, 0, 1}, {8, 16, 2}}, new[] = {{8, 16, 3}, {8, 32, 4}};
	struct cg_unified files[] = {{"memory.high", "1"}, {"memory.low", "2"}},
			  change_files[] = {{"memory.high", "3"}};
	struct cg_device_rule rules[] = {{.type = 'a'}};
	struct cg_resources r = {.memory = {.limit = SET(7), .check_before_update = {true, true}},
				 .cpu = {.burst = SET(5), .cpus = "0"},
				 .unified = {files, 2},
				 .devices = {rules, 1}};
	struct cg_resources change = {.memory.limit = SET(0),
				      .cpu = {.burst = SET(0), .mems = "1"},
				      .unified = {change_files, 1}};

	r.block_io.throttle[CG_READ_BPS].v = old;
	r.block_io.throttle[CG_READ_BPS].n = 2;
	change.block_io.throttle[CG_READ_BPS].v = new;
	change.block_io.throttle[CG_READ_BPS].n = 2;
	OK_ERR(&e, cg_resources_merge(&e, &a, &r, &change));
	EQ(r.memory.limit.v, 7);
	TRUE(!r.memory.check_before_update.set);
	TRUE(r.cpu.burst.set && r.cpu.burst.v == 0);
	STREQ(r.cpu.cpus, "0");
	STREQ(r.cpu.mems, "1");
	EQ(r.block_io.throttle[CG_READ_BPS].n, 3);
	EQ(r.block_io.throttle[CG_READ_BPS].v[0].rate, 1);
	EQ(r.block_io.throttle[CG_READ_BPS].v[1].rate, 3);
	EQ(r.block_io.throttle[CG_READ_BPS].v[2].rate, 4);
	EQ(r.unified.n, 2);
	STREQ(r.unified.v[0].file, "memory.low");
	STREQ(r.unified.v[1].value, "3");
	EQ(r.devices.n, 1);
}
