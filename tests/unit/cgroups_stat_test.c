/* Statistics files: texts as kernels write them, and texts that none should write. */
#include "cgroups/cg.h"
#include "cgroups/cg_stat_parse.h"
#include "t.h"

static struct opt_u64 value(const char *text)
{
	struct opt_u64 v = { .set = false };

	cg_parse_value(slice_of(text), &v);
	return v;
}

static void is_value(struct opt_u64 v, uint64_t want)
{
	TRUE(v.set);
	EQ(v.v, want);
}

TEST(values)
{
	static const char *const bad[] = {
		"",
		" ",
		"-1",
		"+1",
		"1 ",
		"0x10",
		"1.5",
		"Max",
		"maxx",
		"18446744073709551616",
		"99999999999999999999999999999999",
		"1k",
		"one",
	};

	is_value(value("0"), 0);
	is_value(value("9223372036854771712"), 9223372036854771712ull);
	is_value(value("18446744073709551615"), UINT64_MAX);
	is_value(value("00000000000000000000007"), 7);
	is_value(value("max"), CG_NO_LIMIT);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (value(bad[i]).set)
			T_FAIL("\"%s\" is taken for a value", bad[i]);
}

struct two {
	struct opt_u64 a, b;
};
static const struct cg_stat_key two_keys[] = {
	{"a", offsetof(struct two, a)},
	{"b.c", offsetof(struct two, b)},
	{NULL, 0},
};

TEST(keys_known_unknown_missing)
{
	struct two t = { .a.set = false };

	cg_parse_keys(slice_of("new 5\na 1\nb 2\n\nb.cd 3\naa 4\n a\t7 8\n"), two_keys, &t);
	is_value(t.a, 7);	/* the last one counts */
	TRUE(!t.b.set);
	cg_parse_keys(slice_of("b.c"), two_keys, &t);
	TRUE(!t.b.set);
	cg_parse_keys(slice_of("b.c nonsense\n"), two_keys, &t);
	TRUE(!t.b.set);
	cg_parse_keys(slice_of("b.c 12"), two_keys, &t);	/* no newline at the end */
	is_value(t.b, 12);
}

TEST(pairs_keep_every_key)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_pairs p;

	OK(cg_parse_pairs(&a,
			  slice_of("anon 8192\nfile 18446744073709551615\nnew_in_7.0 3\n"
				   "bad -1\nhalf\n\xff 5\nspace  6\n"),
			  &p));
	EQ(p.n, 4);
	STREQ(p.v[0].key, "anon");
	EQ(p.v[0].v, 8192);
	EQ(p.v[1].v, UINT64_MAX);
	STREQ(p.v[2].key, "new_in_7.0");
	STREQ(p.v[3].key, "space");
	OK(cg_parse_pairs(&a, slice_of(""), &p));
	EQ(p.n, 0);
}

TEST(pairs_are_bounded)
{
	_arena_ struct arena a = { .head = NULL };
	_buf_ struct buf b = { .data = NULL };
	struct cg_pairs p;

	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "key%d %d\n", i, i);
	OK(cg_parse_pairs(&a, (struct slice){ b.data, b.len }, &p));
	EQ(p.n, CG_STAT_KEYS_MAX);
}

TEST(pressure)
{
	struct cg_psi p = {.some = {.set = false}};

	cg_parse_psi(slice_of("some avg10=97.93 avg60=0.05 avg300=100.00 total=660114866\n"
			      "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
		     &p);
	TRUE(p.some.set && p.full.set);
	EQ(p.some.avg10, 9793);
	EQ(p.some.avg60, 5);
	EQ(p.some.avg300, 10000);
	EQ(p.some.total_usec, 660114866);
	EQ(p.full.total_usec, 0);
}

TEST(pressure_with_only_full_or_in_pieces)
{
	static const char *const bad[] = {
		"some avg10=0.00 avg60=0.00 avg300=0.00\n",
		"some avg10=x avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=0.0x avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=99999999999.00 avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n",
		"part avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
		"some\n",
		"\n",
		"",
	};
	struct cg_psi p = {.some = {.set = false}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cg_parse_psi(slice_of(bad[i]), &p);
		TRUE(!p.some.set && !p.full.set);
	}
	cg_parse_psi(slice_of("full avg30=1 total=5 avg300=1 avg10=2.5 avg60=3.129 new=7\n"), &p);
	TRUE(!p.some.set && p.full.set);
	EQ(p.full.avg10, 250);
	EQ(p.full.avg60, 312);
	EQ(p.full.avg300, 100);
}

TEST(cpu_max)
{
	struct cg_cpu_stat c = {.weight = {.set = false}};

	cg_parse_cpu_max(slice_of("max 100000\n"), &c);
	is_value(c.quota_usec, CG_NO_LIMIT);
	is_value(c.period_usec, 100000);
	cg_parse_cpu_max(slice_of("5000 1000000"), &c);
	is_value(c.quota_usec, 5000);
	is_value(c.period_usec, 1000000);
	c = (struct cg_cpu_stat){.weight = {.set = false}};
	cg_parse_cpu_max(slice_of("5000\n"), &c);
	TRUE(c.quota_usec.set && !c.period_usec.set);
}

TEST(io_of_several_devices)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_io_stat io = { .set = true };

	OK(cg_parse_io(&a,
		       slice_of("8:0 rbytes=1 wbytes=18446744073709551615 rios=3 wios=4 dbytes=5 "
				"dios=6 cost.usage=7\n259:1048575 rbytes=9\n253:0 \nnonsense\n"
				"8: rbytes=1\n4294967296:0 rbytes=1\n"),
		       false, &io));
	EQ(io.n, 3);
	EQ(io.v[0].major, 8);
	is_value(io.v[0].wbytes, UINT64_MAX);
	is_value(io.v[0].dios, 6);
	EQ(io.v[1].minor, 1048575);
	is_value(io.v[1].rbytes, 9);
	TRUE(!io.v[1].wbytes.set && !io.v[2].rbytes.set);
	OK(cg_parse_io(&a,
		       slice_of("8:0 rbps=1048576 wbps=max riops=max wiops=120\n7:0 rbps=max\n"),
		       true, &io));
	EQ(io.n, 4);
	is_value(io.v[0].rbps_max, 1048576);
	is_value(io.v[0].wbps_max, CG_NO_LIMIT);
	is_value(io.v[0].wiops_max, 120);
	TRUE(!io.v[1].rbps_max.set);
	OK(cg_parse_io_weight(&a, slice_of("default 100\n8:0 250\n"), &io));
	is_value(io.weight, 100);
	is_value(io.v[0].weight, 250);
	OK(cg_parse_io_weight(&a, slice_of("42\n"), &io));
	is_value(io.weight, 42);
}

TEST(io_is_bounded)
{
	_arena_ struct arena a = { .head = NULL };
	_buf_ struct buf b = { .data = NULL };
	struct cg_io_stat io = { .set = true };

	for (int i = 0; i < CG_STAT_DEVICES_MAX + 1000; i++)
		buf_printf(&b, "8:%d rbytes=%d\n", i, i);
	OK(cg_parse_io(&a, (struct slice){ b.data, b.len }, false, &io));
	EQ(io.n, CG_STAT_DEVICES_MAX);
	for (size_t i = 0; i < io.n; i++)
		is_value(io.v[i].rbytes, i);
}

TEST(rdma)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_stat s = { .rdma.set = false };

	OK(cg_parse_rdma(&a, slice_of(""), false, &s));
	TRUE(s.rdma.set && s.rdma.n == 0);
	OK(cg_parse_rdma(&a, slice_of("mlx4_0 hca_handle=1 hca_object=20\nocrdma1 hca_handle=0\n"),
			 false, &s));
	OK(cg_parse_rdma(&a, slice_of("ocrdma1 hca_handle=2 hca_object=max\n"), true, &s));
	EQ(s.rdma.n, 2);
	STREQ(s.rdma.v[0].device, "mlx4_0");
	is_value(s.rdma.v[0].objects, 20);
	is_value(s.rdma.v[1].handles, 0);
	TRUE(!s.rdma.v[1].objects.set);
	is_value(s.rdma.v[1].handles_max, 2);
	is_value(s.rdma.v[1].objects_max, CG_NO_LIMIT);
}

TEST(misc)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_stat s = { .misc.set = false };

	OK(cg_parse_misc(&a, slice_of("sev 0\nsev_es 3\n"), CG_MISC_CURRENT, &s));
	OK(cg_parse_misc(&a, slice_of("sev max\nsev_es 10\n"), CG_MISC_MAX, &s));
	OK(cg_parse_misc(&a, slice_of("sev_es 4\n"), CG_MISC_PEAK, &s));
	OK(cg_parse_misc(&a, slice_of("sev.max 0\nsev_es.max 7\n.max 1\nsev_es.other 2\n"),
			 CG_MISC_EVENTS, &s));
	EQ(s.misc.n, 2);
	STREQ(s.misc.v[1].resource, "sev_es");
	is_value(s.misc.v[0].max, CG_NO_LIMIT);
	is_value(s.misc.v[1].current, 3);
	is_value(s.misc.v[1].peak, 4);
	is_value(s.misc.v[1].events_max, 7);
	TRUE(!s.misc.v[0].peak.set);
}

TEST(hugepage_sizes)
{
	static const char *const bad[] = {
		"hugepages-",
		"hugepages-kB",
		"hugepages-0kB",
		"hugepages-2048",
		"hugepages-2048KB",
		"hugepages-2048kB ",
		"hugepages-maxkB",
		"2048kB",
		".",
		"..",
		"hugepages--1kB",
	};
	char size[16];

	TRUE(cg_hugetlb_size("hugepages-64kB", size, sizeof(size)));
	STREQ(size, "64KB");
	TRUE(cg_hugetlb_size("hugepages-2048kB", size, sizeof(size)));
	STREQ(size, "2MB");
	TRUE(cg_hugetlb_size("hugepages-1048576kB", size, sizeof(size)));
	STREQ(size, "1GB");
	TRUE(cg_hugetlb_size("hugepages-16777216kB", size, sizeof(size)));
	STREQ(size, "16GB");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (cg_hugetlb_size(bad[i], size, sizeof(size)))
			T_FAIL("%s is taken for a page size", bad[i]);
}

/* ---- a directory that looks like a cgroup ---- */

static int fake;

static void put(const char *name, const char *text)
{
	struct err e;

	OK_ERR(&e, file_create_at(&e, fake, name, text, strlen(text), 0600));
}

static void make_fake(void)
{
	fake = open(t_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(fake);
	put("cgroup.procs", "");
}

TEST(a_whole_cgroup)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_stat s;
	struct err e = { 0 };

	make_fake();
	put("cpu.stat", "usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 1\n"
			"nr_throttled 2\nthrottled_usec 3\nnr_bursts 4\nburst_usec 5\n");
	put("cpu.max", "max 100000\n");
	put("cpu.max.burst", "0\n");
	put("cpu.weight", "100\n");
	put("cpu.pressure", "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n");
	put("memory.current", "4096\n");
	put("memory.max", "max\n");
	put("memory.min", "0\n");
	put("memory.stat", "anon 1\nfile 2\n");
	put("memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
	put("memory.events.local", "oom_kill 1\n");
	put("memory.swap.current", "7\n");
	put("memory.swap.events", "high 8\nmax 9\nfail 10\n");
	put("pids.current", "1\n");
	put("pids.max", "max\n");
	put("pids.events", "max 11\n");
	put("io.stat", "8:0 rbytes=1\n");
	put("cpuset.cpus.effective", "0-1,3\n");
	put("cpuset.mems.effective", "\n");
	put("misc.current", "");
	OK_ERR(&e, cg_stat_read(&e, fake, &a, &s));
	is_value(s.cpu.usage_usec, 30);
	is_value(s.cpu.burst_usec, 5);
	is_value(s.cpu.quota_usec, CG_NO_LIMIT);
	is_value(s.cpu.max_burst_usec, 0);
	EQ(s.cpu.psi.some.avg10, 100);
	is_value(s.memory.current, 4096);
	is_value(s.memory.max, CG_NO_LIMIT);
	is_value(s.memory.min, 0);
	is_value(s.memory.events.oom_group_kill, 6);
	is_value(s.memory.events_local.oom_kill, 1);
	is_value(s.memory.swap_current, 7);
	is_value(s.memory.swap_events_fail, 10);
	EQ(s.memory.stat.n, 2);
	is_value(s.pids.events_max, 11);
	TRUE(s.io.set && s.io.n == 1);
	STREQ(s.cpus_effective, "0-1,3");
	STREQ(s.mems_effective, "");
	TRUE(s.misc.set && !s.misc.n);
	/* What has no file is not there, and is not 0. */
	TRUE(!s.memory.peak.set && !s.memory.swap_max.set && !s.pids.peak.set && !s.cpu.idle.set);
	TRUE(!s.memory.events_local.low.set && !s.memory.psi.some.set && !s.rdma.set);
	TRUE(!s.nr_descendants.set && !s.hugetlb.n);
}

TEST(a_bare_cgroup_and_one_that_is_gone)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_memory_events events;
	struct cg_stat s;
	struct err e = { 0 };
	int fd;

	make_fake();
	OK_ERR(&e, cg_stat_read(&e, fake, &a, &s));
	TRUE(!s.cpu.usage_usec.set && !s.memory.current.set && !s.io.set && !s.misc.set);
	TRUE(!s.cpus_effective);
	EQ(cg_memory_events_open(&e, fake), FD_NONE);
	put("memory.events", "oom 1\noom_kill 7\n");
	fd = cg_memory_events_open(&e, fake);
	OK_ERR(&e, fd);
	OK_ERR(&e, cg_memory_events_read(&e, fd, &events));
	is_value(events.oom_kill, 7);
	TRUE(!events.oom_group_kill.set);
	close(fd);
	OK(unlinkat(fake, "cgroup.procs", 0));
	EQ(cg_stat_read(&e, fake, &a, &s), -ENOENT);
	EQ(e.code, ERR_NOT_FOUND);
}

TEST(a_file_beyond_all_bounds)
{
	_arena_ struct arena a = { .head = NULL };
	struct cg_stat s;
	struct err e = { 0 };
	int fd;

	make_fake();
	fd = openat(fake, "memory.stat", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	OK(ftruncate(fd, CG_STAT_TEXT_MAX + 1));
	close(fd);
	EQ(cg_stat_read(&e, fake, &a, &s), -EFBIG);
	TRUE(strstr(e.msg, "memory.stat"));
}
