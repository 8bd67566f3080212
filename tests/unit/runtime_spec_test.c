/* config.json: the top level, process, hooks; each property good, of a wrong type, out of range. */
#include <linux/capability.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "runtime/caps_names.h"
#include "spec_cases.h"

TEST(version)
{
	static const char *const good[] = {"1.0.0",
					   "1.0.2-dev",
					   "1.0.2",
					   "1.1.0+x",
					   "1.3.0+x",
					   "1.2",
					   "1.99.123-rc.1+build.7",
					   "1.0.0-rc5"};
	static const char *const bad[] = {
		"",	"0.1.0",   "2.0.0", "1",    "1.",   "1.x",	    "1.0.", "1.0.x",
		"v1.0", "1.0.0.0", " 1.0",  "1.0 ", "11.0", "1.1234567890", "01.0"};
	char text[128];
	struct spec spec;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}",
			 good[i]);
		OK_ERR(&e, parse_text(text, &spec));
		STREQ(spec.oci_version, good[i]);
		spec_done(&spec);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}",
			 bad[i]);
		TRUE(parse_text(text, &spec) < 0);
		EQ(e.code, ERR_UNSUPPORTED);
		TRUE(str_has_prefix(e.msg, "config.json: ociVersion: version"));
		spec_done(&spec);
	}
	TRUE(parse_text("{\"root\":{\"path\":\"r\"}}", &spec) < 0);
	STREQ(e.msg, "config.json: ociVersion: missing");
	spec_done(&spec);
	TRUE(parse_text("{\"ociVersion\":1,\"root\":{\"path\":\"r\"}}", &spec) < 0);
	STREQ(e.msg, "config.json: ociVersion: expected a string, got a number");
	spec_done(&spec);
	TRUE(parse_text("[]", &spec) < 0);
	STREQ(e.msg, "config.json: expected an object, got an array");
	spec_done(&spec);
	TRUE(parse_text("{\n\"a\" 1}", &spec) < 0);
	TRUE(str_has_prefix(e.msg, "config.json: line 2, column "));
	spec_done(&spec);
}

TEST(top_good)
{
	static const struct good_case cases[] = {
		{TOP, "\"hostname\":\"\",\"domainname\":null"},
		{TOP, "\"annotations\":{}"},
		{TOP, "\"annotations\":{\"a.b\":\"x\\ny\",\"c\":\"\",\"d\":null}"},
		{TOP, "\"hooks\":{}"},
		{TOP,
		 "\"hooks\":{\"prestart\":[{\"path\":\"/h\"}],\"createRuntime\":[],"
		 "\"createContainer\":null,\"startContainer\":[{\"path\":\"/h\",\"args\":[\"h\","
		 "\"\\u0001\"],\"env\":[\"A=1\"],\"timeout\":1}],\"poststart\":[],\"poststop\":[]}"},
		{TOP, "\"process\":null,\"mounts\":null,\"hooks\":null,\"linux\":null"},
		{TOP, "\"solaris\":{\"x\":1},\"windows\":{},\"vm\":{},\"zos\":[],\"freebsd\":1"},
		{TOP, "\"mounts\":[]"},
		{TOP, "\"linux\":{}"},
	};

	CHECK_GOOD(cases);
}

static const struct bad_case top_bad_cases[] = {
	{TOP, "\"hostname\":1", "hostname: expected a string, got a number"},
	{TOP, "\"hostname\":\"a\\nb\"", "hostname: control character in a name"},
	{TOP, "\"hostname\":\"a\"", "hostname: needs a uts namespace"},
	{TOP, "\"domainname\":\"a\",\"linux\":{}", "domainname: needs a uts namespace"},
	{TOP, "\"domainname\":[]", "domainname: expected a string, got an array"},
	{TOP, "\"annotations\":[]", "annotations: expected an object, got an array"},
	{TOP, "\"annotations\":{\"a\":1}", "annotations.a: expected a string, got a number"},
	{TOP, "\"annotations\":{\"\":\"x\"}", "annotations[\"\"]: no name of an annotation"},
	{TOP, "\"annotations\":{\"a\\nb\":\"x\"}",
	 "annotations[\"a\nb\"]: no name of an annotation"},
	{TOP, "\"mounts\":{}", "mounts: expected an array, got an object"},
	{TOP, "\"mounts\":[1]", "mounts[0]: expected an object, got a number"},
	{TOP, "\"process\":[]", "process: expected an object, got an array"},
	{TOP, "\"linux\":[]", "linux: expected an object, got an array"},
	{TOP, "\"hooks\":[]", "hooks: expected an object, got an array"},
	{TOP, "\"hooks\":{\"prestart\":{}}", "hooks.prestart: expected an array, got an object"},
	{TOP, "\"hooks\":{\"poststop\":[{}]}", "hooks.poststop[0].path: missing"},
	{TOP, "\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}",
	 "hooks.poststop[0].path: \"x\" is no absolute path"},
	{TOP, "\"hooks\":{\"poststop\":[{\"path\":\"\"}]}",
	 "hooks.poststop[0].path: \"\" is no absolute path"},
	{TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}",
	 "hooks.poststop[0].timeout: 0 is no number of seconds above 0"},
	{TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":-1}]}",
	 "hooks.poststop[0].timeout: -1 is no number of seconds above 0"},
	{TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"args\":\"y\"}]}",
	 "hooks.poststop[0].args: expected an array, got a string"},
	{TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"env\":[1]}]}",
	 "hooks.poststop[0].env[0]: expected a string, got a number"},
	{TOP, "\"root\":{\"path\":\"x\"}", "root: given twice"},
};

TEST(top_bad)
{
	CHECK_BAD(top_bad_cases);
}

TEST(root)
{
	static const struct {
		const char *root, *msg;
	} cases[] = {
		{"{}", "config.json: root.path: missing"},
		{"{\"path\":\"\"}", "config.json: root.path: empty"},
		{"{\"path\":1}", "config.json: root.path: expected a string, got a number"},
		{"{\"path\":\"a\\tb\"}", "config.json: root.path: control character in a name"},
		{"{\"path\":\"a\",\"readonly\":1}",
		 "config.json: root.readonly: expected a boolean, got a number"},
		{"[]", "config.json: root: expected an object, got an array"},
		{"null", "config.json: root: missing"},
	};
	struct spec spec;
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "{\"ociVersion\":\"1.0.0\",\"root\":%s}",
			 cases[i].root);
		TRUE(parse_text(text, &spec) < 0);
		STREQ(e.msg, cases[i].msg);
		spec_done(&spec);
	}
	TRUE(parse_text("{\"ociVersion\":\"1.0.0\"}", &spec) < 0);
	STREQ(e.msg, "config.json: root: missing");
	spec_done(&spec);
	OK_ERR(&e,
	       parse_text("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/a\",\"readonly\":true}}",
			  &spec));
	STREQ(spec.root_path, "/a");
	TRUE(spec.root_readonly);
	spec_done(&spec);
}

static const struct good_case process_good_cases[] = {
	{PROCESS, "\"terminal\":true,\"consoleSize\":{\"height\":65535,\"width\":0}"},
	{PROCESS, "\"terminal\":false,\"consoleSize\":{\"height\":65536,\"width\":70000}"},
	{PROCESS, "\"env\":[],\"commandLine\":\"x\""},
	{PROCESS, "\"env\":[\"A=\",\"B=\\u0001\\n\"]"},
	{PROCESS, "\"user\":{\"uid\":4294967294,\"gid\":0,\"umask\":511,\"additionalGids\":[0,1],"
		  "\"username\":\"x\"}"},
	{PROCESS, "\"user\":{}"},
	{PROCESS, "\"capabilities\":{}"},
	{PROCESS, "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"cap_kill\",\"BPF\"],"
		  "\"ambient\":null}"},
	{PROCESS, "\"rlimits\":[]"},
	{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,"
		  "\"hard\":18446744073709551615}]"},
	{PROCESS, "\"noNewPrivileges\":false,\"apparmorProfile\":\"\",\"selinuxLabel\":\"a:b\""},
	{PROCESS, "\"oomScoreAdj\":-1000"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-20}"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":99,"
		  "\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]}"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,\"deadline\":2,"
		  "\"period\":3}"},
	{PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7}"},
	{PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\"}"},
	{PROCESS, "\"execCPUAffinity\":{\"initial\":\"0-3,7\",\"final\":\"\"}"},
	{PROCESS, "\"execCPUAffinity\":{\"initial\":\" 1 , 2 - 3 \"}"},
};

TEST(process_good)
{
	CHECK_GOOD(process_good_cases);
}

static const struct bad_case process_bad_cases[] = {
	{TOP, "\"process\":{\"args\":[\"a\"]}", "process.cwd: missing"},
	{TOP, "\"process\":{\"cwd\":\"a\",\"args\":[\"a\"]}",
	 "process.cwd: \"a\" is no absolute path"},
	{TOP, "\"process\":{\"cwd\":\"\",\"args\":[\"a\"]}",
	 "process.cwd: \"\" is no absolute path"},
	{TOP, "\"process\":{\"cwd\":\"/a\\u001bb\",\"args\":[\"a\"]}",
	 "process.cwd: control character in a name"},
	{TOP, "\"process\":{\"cwd\":\"/\"}", "process.args: names no program"},
	{TOP, "\"process\":{\"cwd\":\"/\",\"args\":[]}", "process.args: names no program"},
	{TOP, "\"process\":{\"cwd\":\"/\",\"args\":[\"\"]}",
	 "process.args[0]: empty name of a program"},
	{TOP, "\"process\":{\"cwd\":\"/\",\"args\":[\"a\",1]}",
	 "process.args[1]: expected a string, got a number"},
	{PROCESS, "\"terminal\":1", "process.terminal: expected a boolean, got a number"},
	{PROCESS, "\"consoleSize\":{\"height\":1}", "process.consoleSize.width: missing"},
	{PROCESS, "\"consoleSize\":{\"height\":-1,\"width\":1}",
	 "process.consoleSize.height: -1 is negative"},
	{PROCESS, "\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":65536}",
	 "process.consoleSize: more than 65535 rows or columns"},
	{PROCESS, "\"env\":\"A=1\"", "process.env: expected an array, got a string"},
	{PROCESS, "\"env\":[null]", "process.env[0]: expected a string, got null"},
	{PROCESS, "\"user\":[]", "process.user: expected an object, got an array"},
	{PROCESS, "\"user\":{\"umask\":512}", "process.user.umask: 512 is no umask"},
	{PROCESS, "\"user\":{\"additionalGids\":[1,4294967295]}",
	 "process.user.additionalGids[1]: 4294967295 is no user or group id"},
	{PROCESS, "\"user\":{\"additionalGids\":1}",
	 "process.user.additionalGids: expected an array, got a number"},
	{PROCESS, "\"capabilities\":[]", "process.capabilities: expected an object, got an array"},
	{PROCESS, "\"capabilities\":{\"bounding\":\"CAP_KILL\"}",
	 "process.capabilities.bounding: expected an array, got a string"},
	{PROCESS, "\"capabilities\":{\"effective\":[1]}",
	 "process.capabilities.effective[0]: expected a string, got a number"},
	{PROCESS, "\"rlimits\":{}", "process.rlimits: expected an array, got an object"},
	{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_FOO\",\"soft\":1,\"hard\":1}]",
	 "process.rlimits[0].type: unknown resource limit \"RLIMIT_FOO\""},
	{PROCESS,
	 "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
	 "{\"type\":\"RLIMIT_AS\",\"soft\":2,\"hard\":1}]",
	 "process.rlimits[1].soft: above the hard limit of 1"},
	{PROCESS,
	 "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
	 "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]",
	 "process.rlimits[1].type: RLIMIT_CPU is given twice"},
	{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]",
	 "process.rlimits[0].hard: missing"},
	{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":-1,\"hard\":1}]",
	 "process.rlimits[0].soft: -1 is negative"},
	{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":\"unlimited\"}]",
	 "process.rlimits[0].hard: expected a number, got a string"},
	{PROCESS, "\"noNewPrivileges\":\"yes\"",
	 "process.noNewPrivileges: expected a boolean, got a string"},
	{PROCESS, "\"apparmorProfile\":1",
	 "process.apparmorProfile: expected a string, got a number"},
	{PROCESS, "\"selinuxLabel\":\"a\\nb\"",
	 "process.selinuxLabel: control character in a name"},
	{PROCESS, "\"oomScoreAdj\":1001", "process.oomScoreAdj: 1001 is not in -1000..1000"},
	{PROCESS, "\"oomScoreAdj\":\"1\"", "process.oomScoreAdj: expected a number, got a string"},
	{PROCESS, "\"scheduler\":{}", "process.scheduler.policy: missing"},
	{PROCESS, "\"scheduler\":{\"policy\":\"FIFO\"}",
	 "process.scheduler.policy: unknown scheduling policy \"FIFO\""},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_ISO\"}",
	 "!process.scheduler.policy: Linux has no SCHED_ISO"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}",
	 "process.scheduler.nice: 20 is not in -20..19"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}",
	 "process.scheduler.priority: needs SCHED_FIFO or SCHED_RR"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":0}",
	 "process.scheduler.priority: 0 is not in 1..99"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"period\":1}",
	 "process.scheduler.period: needs SCHED_DEADLINE"},
	{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}",
	 "process.scheduler.flags[0]: unknown scheduler flag \"X\""},
	{PROCESS, "\"ioPriority\":{}", "process.ioPriority.class: missing"},
	{PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_NONE\"}",
	 "process.ioPriority.class: unknown I/O priority class \"IOPRIO_CLASS_NONE\""},
	{PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}",
	 "process.ioPriority.priority: 8 is not in 0..7"},
	{PROCESS, "\"execCPUAffinity\":{\"initial\":\"3-1\"}",
	 "process.execCPUAffinity.initial: \"3-1\" is no list like \"0-3,7\""},
	{PROCESS, "\"execCPUAffinity\":{\"final\":\"1,\"}",
	 "process.execCPUAffinity.final: \"1,\" is no list like \"0-3,7\""},
	{PROCESS, "\"execCPUAffinity\":{\"final\":\"-1\"}",
	 "process.execCPUAffinity.final: \"-1\" is no list like \"0-3,7\""},
	{PROCESS, "\"execCPUAffinity\":{\"final\":\"99999999999\"}",
	 "process.execCPUAffinity.final: \"99999999999\" is no list like \"0-3,7\""},
	{PROCESS, "\"execCPUAffinity\":{\"final\":1}",
	 "process.execCPUAffinity.final: expected a string, got a number"},
};

TEST(process_bad)
{
	CHECK_BAD(process_bad_cases);
}

TEST(process_values)
{
	static const char text[] =
		"\"terminal\":true,\"consoleSize\":{\"height\":25,\"width\":80},\"env\":[\"A=1\"],"
		"\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,\"additionalGids\":[5,6]},"
		"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_BPF\"],\"inheritable\":[],"
		"\"ambient\":[\"CAP_KILL\"]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":20}],"
		"\"noNewPrivileges\":true,\"oomScoreAdj\":-5,"
		"\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":7,\"flags\":"
		"[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_DL_OVERRUN\"]},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":3},"
		"\"execCPUAffinity\":{\"initial\":\" 00 - 3 , 7\"}";
	struct spec spec;
	const struct spec_process *p;

	OK_ERR(&e, parse_in(PROCESS, text, &spec));
	p = spec.process;
	TRUE(p->terminal && p->console_height.v == 25 && p->console_width.v == 80);
	STREQ(p->args.v[0], "sh");
	STREQ(p->args.v[1], NULL);
	STREQ(p->env.v[0], "A=1");
	EQ(p->user.uid, 1);
	EQ(p->user.gid, 2);
	TRUE(p->user.umask.set);
	EQ(p->user.umask.v, 022);
	EQ(p->user.additional_gids.n, 2);
	EQ(p->user.additional_gids.v[1], 6);
	TRUE(p->has_caps);
	EQ(p->caps.bounding, 1ull << CAP_CHOWN | 1ull << CAP_BPF);
	EQ(p->caps.inheritable, 0);
	EQ(p->caps.ambient, 1ull << CAP_KILL);
	EQ(p->rlimits.v[0].resource, RLIMIT_NOFILE);
	STREQ(p->rlimits.v[0].type, "RLIMIT_NOFILE");
	EQ(p->rlimits.v[0].hard, 20);
	TRUE(p->no_new_privileges);
	EQ(p->oom_score_adj.v, -5);
	EQ(p->scheduler->policy, 2);
	EQ(p->scheduler->flags, 5);
	EQ(p->io_priority->io_class, 1);
	STREQ(p->cpu_affinity_initial, "0-3,7");
	spec_done(&spec);
}

TEST(process_warnings)
{
	FILE *f = catch_warnings();
	struct spec spec;

	OK_ERR(&e, parse_in(PROCESS,
			    "\"env\":[\"A=1\",\"B\",\"=C\"],\"capabilities\":{\"bounding\":"
			    "[\"CAP_FOO\"]},\"hobby\":1",
			    &spec));
	spec_done(&spec);
	STREQ(caught(f),
	      "bawn: warning: config.json: process.capabilities.bounding[0]: unknown capability "
	      "\"CAP_FOO\" ignored\n"
	      "bawn: warning: config.json: process.hobby: unknown property ignored\n"
	      "bawn: warning: config.json: process.env[1]: no NAME=VALUE\n"
	      "bawn: warning: config.json: process.env[2]: no NAME=VALUE\n");
}

TEST(process_alone)
{
	static const char text[] = "{\"cwd\":\"/x\",\"args\":[\"a\"],\"user\":{\"uid\":7}}";
	struct spec_process *p;
	struct spec spec = {0};

	OK_ERR(&e, spec_parse_process(&e, &spec, "process.json", text, strlen(text), &p));
	STREQ(p->cwd, "/x");
	EQ(p->user.uid, 7);
	TRUE(spec_parse_process(&e, &spec, "process.json", "{\"cwd\":\"/\",\"args\":[1]}", 22, &p) <
	     0);
	STREQ(e.msg, "process.json: args[0]: expected a string, got a number");
	TRUE(spec_parse_process(&e, &spec, "process.json", "{\"cwd\":\"/\"}", 11, &p) < 0);
	STREQ(e.msg, "process.json: args: names no program");
	spec_done(&spec);
}

TEST(process_args_size)
{
	_buf_ struct buf b = {0};
	struct spec spec;

	buf_str(&b, "\"env\":[");
	for (int i = 0; i < 40; i++) {
		buf_printf(&b, "%s\"V%d=", i ? "," : "", i);
		for (int k = 0; k < 60000; k++)
			buf_add(&b, "x", 1);
		buf_str(&b, "\"");
	}
	buf_str(&b, "]");
	TRUE(parse_in(PROCESS, b.data, &spec) < 0);
	TRUE(strstr(e.msg, "process.args: with env 240") && strstr(e.msg, "the limit is 2097152"));
	spec_done(&spec);
}

/* T21: what once became uid 0 or wrapped around (CVE-2024-40635, CVE-2026-30892). */
/* clang-format off */
static const char *const odd[] = {
	"-1", "-0", "+1", "0x10", "0X10", "010", "00", "1.0", "1.5", "1e0", "1e3", "1E9", "1e-1",
	"\"0\"", "\"1\"", "\"root\"", "\"\"", "[]", "[0]", "{}", "true", "false", " ", "-", ".",
	"NaN", "Infinity", "4294967295", "4294967296", "4294967297", "-4294967296",
	"2147483648.0", "9223372036854775807", "9223372036854775808", "18446744073709551615",
	"18446744073709551616", "18446744073709551617", "36893488147419103232",
	"99999999999999999999999999999999999999999999", "0b1", "0o7", "1_000", "1,2", "1 2",
	"\xd9\xa1", "\xef\xbc\x91", "0x", "--1", "- 1", "1-", "1+1", "0.0", "1e",
	"\"4294967295\"", "\"-1\"", "'1'", "nan", "inf", "u32", "1L", "1u", "0d", "#1",
	"\\u0031", "\"\\u0031\"",
};
/* clang-format on */

TEST(ids)
{
	static const char *const members[] = {"uid", "gid", "additionalGids"};
	char text[160];
	int count = 0;
	struct spec spec;

	for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
		for (size_t i = 0; i < ARRAY_SIZE(odd); i++, count++) {
			/* Two numbers in a list are two numbers. */
			if (m == 2 && str_eq(odd[i], "1,2"))
				continue;
			snprintf(text, sizeof(text),
				 m < 2 ? "\"user\":{\"%s\":%s}" : "\"user\":{\"%s\":[0,%s]}",
				 members[m], odd[i]);
			if (parse_in(PROCESS, text, &spec) == 0)
				T_FAIL("accepted: %s", text);
			spec_done(&spec);
		}
		for (uint64_t id = 1; id <= UINT32_MAX; id *= 2, count++) {
			uint32_t want = (uint32_t)id, got;

			snprintf(text, sizeof(text),
				 m < 2 ? "\"user\":{\"%s\":%u}" : "\"user\":{\"%s\":[0,%u]}",
				 members[m], want);
			OK_ERR(&e, parse_in(PROCESS, text, &spec));
			got = m == 0   ? spec.process->user.uid
			      : m == 1 ? spec.process->user.gid
				       : spec.process->user.additional_gids.v[1];
			EQ(got, want);
			spec_done(&spec);
		}
	}
	TRUE(count >= 200);
}

/* libcap is the oracle. */
TEST(capability_names)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		char *name = cap_to_name(cap);
		cap_value_t value;

		TRUE(name && caps_name(cap));
		EQ(strcasecmp(caps_name(cap), name), 0);
		EQ(caps_from_name(name), cap);
		EQ(caps_from_name(caps_name(cap)), cap);
		EQ(caps_from_name(caps_name(cap) + 4), cap);
		EQ(cap_from_name(caps_name(cap), &value), 0);
		EQ(value, cap);
		cap_free(name);
	}
	STREQ(caps_name(CAP_LAST_CAP + 1), NULL);
	STREQ(caps_name(-1), NULL);
	EQ(caps_from_name("CAP_"), -1);
	EQ(caps_from_name(""), -1);
	EQ(caps_from_name("CAP_CHOWN "), -1);
	EQ(caps_from_name("CAP_CAP_CHOWN"), -1);
}

TEST(hooks_and_annotations)
{
	struct spec spec;

	OK_ERR(&e, parse_in(TOP,
			    "\"hooks\":{\"poststart\":[{\"path\":\"/a\",\"args\":[\"a\",\"b\"],"
			    "\"timeout\":9},{\"path\":\"/c\"}]},\"annotations\":{\"k\":\"v\","
			    "\"org.bawn.isolation\":\"vm\"}",
			    &spec));
	EQ(spec.hooks[HOOK_POSTSTART].n, 2);
	EQ(spec.hooks[HOOK_PRESTART].n, 0);
	STREQ(spec.hooks[HOOK_POSTSTART].v[0].args.v[1], "b");
	EQ(spec.hooks[HOOK_POSTSTART].v[0].timeout.v, 9);
	TRUE(!spec.hooks[HOOK_POSTSTART].v[1].timeout.set);
	STREQ(spec_annotation(&spec, "org.bawn.isolation"), "vm");
	STREQ(spec_annotation(&spec, "absent"), NULL);
	EQ(spec.tree->type, JSON_OBJECT);
	spec_done(&spec);
}

TEST(default_spec)
{
	for (int rootless = 0; rootless < 2; rootless++) {
		FILE *f = catch_warnings();
		_buf_ struct buf text = {0};
		const struct spec_linux *l;
		struct spec spec;

		OK_ERR(&e, spec_write_default(&e, rootless, &text));
		OK_ERR(&e, parse_text(text.data, &spec));
		STREQ(caught(f), "");
		l = &spec.linux_;
		STREQ(spec.oci_version, "1.3.0");
		TRUE(spec.process->no_new_privileges && spec.process->terminal &&
		     spec.root_readonly);
		EQ(spec.process->caps.bounding, spec.process->caps.permitted);
		EQ(spec.process->caps.ambient | spec.process->caps.inheritable, 0);
		EQ(spec.mounts.n, 7);
		TRUE(l->masked_paths.n >= 12 && l->readonly_paths.n == 5);
		TRUE(l->seccomp && l->seccomp->rules.n > 0);
		EQ(l->ns[NS_USER].present, rootless);
		EQ(l->ns[NS_NET].present, !rootless);
		TRUE(l->ns[NS_CGROUP].present && l->ns[NS_MNT].present && !l->ns[NS_TIME].present);
		EQ(l->resources.devices.n, !rootless);
		TRUE(rootless ||
		     (!l->resources.devices.v[0].allow && l->resources.devices.v[0].access == 7));
		EQ(l->uid_maps.n, rootless);
		EQ(spec.mounts.v[2].data.n, rootless ? 3 : 4);
		EQ(spec.mounts.v[5].bind, rootless);
		spec_done(&spec);
	}
}
