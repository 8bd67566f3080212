/* linux.resources: what is decoded, what is refused, and that it is written as it was read. */
#include "spec_cases.h"

/* The messages give reasons and remedies: cases have their beginnings. */
static void check_refused(const struct bad_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct bad_case *c = &cases[i];
		bool unsupported = c->msg[0] == '!';
		struct spec spec;

		if (parse_in(c->place, c->text, &spec) == 0)
			T_FAIL("accepted: %s", c->text);
		if (!str_has_prefix(e.msg, "config.json: ") ||
		    !str_has_prefix(e.msg + 13, c->msg + unsupported))
			T_FAIL("%s: got \"%s\", want \"%s\"", c->text, e.msg, c->msg);
		EQ(e.code, unsupported ? ERR_UNSUPPORTED : ERR_CONFIG);
		spec_done(&spec);
	}
}

#define RES(text) "\"resources\":{" text "}"

TEST(asks_for_nothing)
{
	static const struct good_case cases[] = {
		{LINUX, RES("")},
		{LINUX, RES("\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],\"memory\":{},"
			    "\"cpu\":{\"shares\":0},\"pids\":{\"limit\":0},"
			    "\"blockIO\":{\"weight\":0}")},
		{LINUX, RES("\"memory\":{\"limit\":-1,\"swap\":-1,\"reservation\":0,"
			    "\"disableOOMKiller\":false,\"useHierarchy\":true,"
			    "\"checkBeforeUpdate\":true,\"swappiness\":null,\"kernel\":0,"
			    "\"kernelTCP\":-1}")},
		{LINUX, RES("\"cpu\":{\"quota\":-1,\"period\":100000,\"cpus\":\"\",\"mems\":\"\","
			    "\"realtimePeriod\":1000000,\"realtimeRuntime\":0,\"burst\":0,"
			    "\"idle\":0}")},
		{LINUX, RES("\"pids\":{\"limit\":-1},\"hugepageLimits\":[],\"rdma\":{},"
			    "\"unified\":{},\"network\":{\"classID\":0,\"priorities\":[]},"
			    "\"blockIO\":null")},
		{LINUX, RES("\"blockIO\":{\"leafWeight\":0,\"weightDevice\":[],"
			    "\"throttleReadBpsDevice\":[],\"throttleWriteIOPSDevice\":null}")},
		{LINUX, RES("\"memory\":{\"swappiness\":18446744073709551615}")},
	};

	CHECK_GOOD(cases);
}

TEST(not_on_version_2)
{
	static const struct bad_case cases[] = {
		{LINUX, RES("\"memory\":{\"kernel\":1048576}"),
		 "!linux.resources.memory.kernel: cgroup version 2 has no limit"},
		{LINUX, RES("\"memory\":{\"kernelTCP\":1}"),
		 "!linux.resources.memory.kernelTCP: cgroup version 2 has no limit"},
		{LINUX, RES("\"memory\":{\"swappiness\":60}"),
		 "!linux.resources.memory.swappiness: cgroup version 2 has no swappiness"},
		{LINUX, RES("\"memory\":{\"disableOOMKiller\":true}"),
		 "!linux.resources.memory.disableOOMKiller: cgroup version 2 cannot"},
		{LINUX, RES("\"cpu\":{\"realtimeRuntime\":950000}"),
		 "!linux.resources.cpu.realtimeRuntime: cgroup version 2 has no limit"},
		{LINUX, RES("\"blockIO\":{\"leafWeight\":10}"),
		 "!linux.resources.blockIO.leafWeight: cgroup version 2 has no leaf weights"},
		{LINUX,
		 RES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":9}]}"),
		 "!linux.resources.blockIO.weightDevice[0].leafWeight: cgroup version 2"},
		{LINUX, RES("\"network\":{\"classID\":1}"),
		 "!linux.resources.network.classID: network classes exist on cgroup version 1"},
		{LINUX, RES("\"network\":{\"priorities\":[{\"name\":\"a\",\"priority\":1}]}"),
		 "!linux.resources.network.priorities: network classes"},
	};

	check_refused(cases, ARRAY_SIZE(cases));
}

TEST(bad_numbers)
{
	static const struct bad_case cases[] = {
		{LINUX, RES("\"memory\":{\"limit\":\"1\"}"),
		 "linux.resources.memory.limit: expected a number, got a string"},
		{LINUX, RES("\"memory\":{\"limit\":-2}"),
		 "linux.resources.memory.limit: -2 is negative; -1 means no limit"},
		{LINUX, RES("\"memory\":{\"limit\":9223372036854775808}"),
		 "linux.resources.memory.limit: 9223372036854775808 is out of range"},
		{LINUX, RES("\"memory\":{\"swap\":-9223372036854775808}"),
		 "linux.resources.memory.swap: -9223372036854775808 is negative"},
		{LINUX, RES("\"memory\":{\"reservation\":1.5}"),
		 "linux.resources.memory.reservation: expected an integer, got 1.5"},
		{LINUX, RES("\"memory\":{\"checkBeforeUpdate\":1}"),
		 "linux.resources.memory.checkBeforeUpdate: expected a boolean, got a number"},
		{LINUX, RES("\"memory\":{\"kernel\":\"\"}"),
		 "linux.resources.memory.kernel: expected a number, got a string"},
		{LINUX, RES("\"memory\":[]"),
		 "linux.resources.memory: expected an object, got an array"},
		{LINUX, RES("\"cpu\":{\"shares\":-1}"),
		 "linux.resources.cpu.shares: -1 is negative"},
		{LINUX, RES("\"cpu\":{\"shares\":18446744073709551616}"),
		 "linux.resources.cpu.shares: 18446744073709551616 is out of range"},
		{LINUX, RES("\"cpu\":{\"period\":999}"),
		 "linux.resources.cpu.period: 999 is not in 1000..1000000 microseconds"},
		{LINUX, RES("\"cpu\":{\"period\":1000001}"),
		 "linux.resources.cpu.period: 1000001 is not in"},
		{LINUX, RES("\"cpu\":{\"quota\":999}"),
		 "linux.resources.cpu.quota: 999 is less than 1000 microseconds"},
		{LINUX, RES("\"cpu\":{\"idle\":2}"), "linux.resources.cpu.idle: 2 is neither"},
		{LINUX, RES("\"cpu\":{\"burst\":-1}"), "linux.resources.cpu.burst: -1 is negative"},
		{LINUX, RES("\"cpu\":{\"cpus\":1}"),
		 "linux.resources.cpu.cpus: expected a string, got a number"},
		{LINUX, RES("\"cpu\":{\"cpus\":\"0-\"}"), "linux.resources.cpu.cpus: "},
		{LINUX, RES("\"cpu\":{\"mems\":\"x\"}"), "linux.resources.cpu.mems: "},
		{LINUX, RES("\"pids\":{\"limit\":-2}"),
		 "linux.resources.pids.limit: -2 is negative; -1 means no limit"},
	};

	check_refused(cases, ARRAY_SIZE(cases));
}

TEST(bad_lists)
{
	static const struct bad_case cases[] = {
		{LINUX, RES("\"blockIO\":{\"weight\":9}"),
		 "linux.resources.blockIO.weight: 9 is not in 10..1000"},
		{LINUX, RES("\"blockIO\":{\"weight\":1001}"),
		 "linux.resources.blockIO.weight: 1001 is not in 10..1000"},
		{LINUX, RES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"weight\":10}]}"),
		 "linux.resources.blockIO.weightDevice[0].minor: missing"},
		{LINUX,
		 RES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":5}]}"),
		 "linux.resources.blockIO.weightDevice[0].weight: 5 is not in 10..1000"},
		{LINUX, RES("\"blockIO\":{\"throttleReadIOPSDevice\":[{}]}"),
		 "linux.resources.blockIO.throttleReadIOPSDevice[0].major: missing"},
		{LINUX,
		 RES("\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":-1,\"minor\":0,"
		     "\"rate\":1}]}"),
		 "linux.resources.blockIO.throttleReadBpsDevice[0].major: -1 is no device number"},
		{LINUX, RES("\"hugepageLimits\":[{\"pageSize\":\"2MB\"}]"),
		 "linux.resources.hugepageLimits[0].limit: missing"},
		{LINUX, RES("\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":0}]"),
		 "linux.resources.hugepageLimits[0].pageSize: \"2M\" is no page size"},
		{LINUX, RES("\"hugepageLimits\":[{\"pageSize\":\"2MB/../x\",\"limit\":0}]"),
		 "linux.resources.hugepageLimits[0].pageSize: \"2MB/../x\" is no page size"},
		{LINUX, RES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":-1}]"),
		 "linux.resources.hugepageLimits[0].limit: -1 is negative"},
		{LINUX, RES("\"rdma\":{\"a b\":{}}"), "linux.resources.rdma[\"a b\"]: no name of"},
		{LINUX, RES("\"rdma\":{\"mlx5_0\":{\"hcaHandles\":-1}}"),
		 "linux.resources.rdma.mlx5_0.hcaHandles: -1 is negative"},
		{LINUX, RES("\"unified\":[]"),
		 "linux.resources.unified: expected an object, got an array"},
		{LINUX, RES("\"unified\":{\"memory.high\":1}"),
		 "linux.resources.unified[\"memory.high\"]: expected a string, got a number"},
		{LINUX, RES("\"unified\":{\"../memory.high\":\"1\"}"),
		 "linux.resources.unified[\"../memory.high\"]: must be a file name"},
		{LINUX, RES("\"unified\":{\"cgroup.procs\":\"1\"}"),
		 "linux.resources.unified[\"cgroup.procs\"]: files of the cgroup itself"},
		{LINUX, RES("\"unified\":{\"memory\":\"1\"}"),
		 "linux.resources.unified.memory: no file of a controller"},
		{LINUX, RES("\"unified\":{\"foo.max\":\"1\"}"),
		 "linux.resources.unified[\"foo.max\"]: no file of a controller"},
	};

	check_refused(cases, ARRAY_SIZE(cases));
}

static const char whole[] =
	"{\"memory\":{\"limit\":9223372036854775807,\"reservation\":-1,\"swap\":-1,"
	"\"checkBeforeUpdate\":true},"
	"\"cpu\":{\"shares\":18446744073709551615,\"quota\":-1,\"period\":1000,\"burst\":0,"
	"\"idle\":1,\"cpus\":\"0-3,7\",\"mems\":\"0\"},"
	"\"pids\":{\"limit\":0},"
	"\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1000}],"
	"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":18446744073709551615}],"
	"\"throttleWriteIOPSDevice\":[{\"major\":0,\"minor\":4294967295,\"rate\":0}]},"
	"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":18446744073709551615}],"
	"\"network\":{},"
	"\"rdma\":{\"mlx5_0\":{\"hcaHandles\":4294967295,\"hcaObjects\":0}},"
	"\"unified\":{\"memory.high\":\"1\\n2\"},"
	"\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":-1,"
	"\"access\":\"rm\"}]}";

TEST(edges_and_round_trip)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf out = {0};
	struct cg_resources r = {0};
	struct json_writer w;

	OK_ERR(&e, spec_parse_resources(&e, &a, "resources", whole, strlen(whole), &r));
	EQ(r.memory.limit.v, INT64_MAX);
	EQ(r.cpu.shares.v, UINT64_MAX);
	TRUE(r.pids_limit.set && r.pids_limit.v == 0);
	EQ(r.block_io.throttle[CG_READ_BPS].v[0].rate, UINT64_MAX);
	EQ(r.block_io.throttle[CG_WRITE_IOPS].v[0].minor, UINT32_MAX);
	EQ(r.hugepages.v[0].limit, UINT64_MAX);
	STREQ(r.unified.v[0].value, "1\n2");
	json_write_begin(&w, false);
	spec_write_resources(&w, NULL, &r);
	OK(json_write_end(&w, &out));
	STREQ(out.data, whole);
}
