/* config.json: each property good, of a wrong type, out of range; the checks between properties. */
#include "runtime/spec.h"

#include <linux/capability.h>
#include <linux/mount.h>
#include <stdio.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "runtime/caps_names.h"
#include "t.h"

static struct err e;

/* Where the text of a case goes. */
enum place { TOP, PROCESS, LINUX, NS, MOUNT, SECCOMP };

#define HEAD "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"rootfs\"}"
#define ALL_NS                                                                                 \
	"\"namespaces\":[{\"type\":\"user\"},{\"type\":\"cgroup\"},{\"type\":\"ipc\"},"        \
	"{\"type\":\"uts\"},{\"type\":\"network\"},{\"type\":\"pid\"},{\"type\":\"mount\"},"   \
	"{\"type\":\"time\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}],"  \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}]"

static const char *const before[] = {
	[TOP] = HEAD ",",
	[PROCESS] = HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],",
	[LINUX] = HEAD ",\"linux\":{",
	[NS] = HEAD ",\"linux\":{" ALL_NS ",",
	[MOUNT] = HEAD ",\"linux\":{" ALL_NS "},\"mounts\":[{\"destination\":\"/m\",",
	[SECCOMP] = HEAD ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",",
};
static const char *const after[] = {"}", "}}", "}}", "}}", "}]}", "}}}"};

static int parse_text(const char *text, struct spec *spec)
{
	e = (struct err){0};
	*spec = (struct spec){0};
	return spec_parse(&e, "config.json", text, strlen(text), spec);
}

static int parse_in(enum place place, const char *text, struct spec *spec)
{
	_buf_ struct buf b = {0};

	buf_str(&b, before[place]);
	buf_str(&b, text);
	buf_str(&b, after[place]);
	return parse_text(b.data, spec);
}

/* Warnings of everything since go to the file returned. */
static FILE *catch_warnings(void)
{
	FILE *f = tmpfile();

	TRUE(f);
	log_setup(&(struct log_options){.fd = fileno(f), .plain = true});
	return f;
}

static const char *caught(FILE *f)
{
	static char text[4096];
	size_t n;

	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	log_setup(&(struct log_options){.fd = STDERR_FILENO, .plain = true});
	return text;
}

struct good_case {
	enum place place;
	const char *text;
};

struct bad_case {
	enum place place;
	const char *text, *msg;	/* msg without "config.json: "; '!' in front: ERR_UNSUPPORTED */
};

static void check_good(const struct good_case *cases, size_t n)
{
	FILE *f = catch_warnings();

	for (size_t i = 0; i < n; i++) {
		struct spec spec;

		if (parse_in(cases[i].place, cases[i].text, &spec) < 0)
			T_FAIL("%s: %s", cases[i].text, e.msg);
		spec_done(&spec);
	}
	STREQ(caught(f), "");
}

static void check_bad(const struct bad_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct bad_case *c = &cases[i];
		bool unsupported = c->msg[0] == '!';
		struct spec spec;
		int r = parse_in(c->place, c->text, &spec);

		if (r == 0)
			T_FAIL("accepted: %s", c->text);
		if (!str_has_prefix(e.msg, "config.json: ") ||
		    strcmp(e.msg + 13, c->msg + unsupported) != 0)
			T_FAIL("%s: got \"%s\", want \"%s\"", c->text, e.msg, c->msg);
		EQ(e.code, unsupported ? ERR_UNSUPPORTED : ERR_CONFIG);
		spec_done(&spec);
	}
}

#define CHECK_GOOD(t) check_good(t, ARRAY_SIZE(t))
#define CHECK_BAD(t) check_bad(t, ARRAY_SIZE(t))

TEST(version)
{
	static const char *const good[] = {"1.0.0", "1.0.2-dev", "1.0.2", "1.1.0+x", "1.3.0+x", "1.2",
					   "1.99.123-rc.1+build.7", "1.0.0-rc5"};
	static const char *const bad[] = {"",	"0.1.0", "2.0.0", "1",	 "1.",	"1.x",	"1.0.",
					  "1.0.x", "v1.0", "1.0.0.0", " 1.0", "1.0 ", "11.0",
					  "1.1234567890", "01.0"};
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
		{TOP, "\"hooks\":{\"prestart\":[{\"path\":\"/h\"}],\"createRuntime\":[],"
		      "\"createContainer\":null,\"startContainer\":[{\"path\":\"/h\",\"args\":[\"h\","
		      "\"\\u0001\"],\"env\":[\"A=1\"],\"timeout\":1}],\"poststart\":[],\"poststop\":[]}"},
		{TOP, "\"process\":null,\"mounts\":null,\"hooks\":null,\"linux\":null"},
		{TOP, "\"solaris\":{\"x\":1},\"windows\":{},\"vm\":{},\"zos\":[],\"freebsd\":1"},
		{TOP, "\"mounts\":[]"},
		{TOP, "\"linux\":{}"},
	};

	CHECK_GOOD(cases);
}

TEST(top_bad)
{
	static const struct bad_case cases[] = {
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

	CHECK_BAD(cases);
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
		snprintf(text, sizeof(text), "{\"ociVersion\":\"1.0.0\",\"root\":%s}", cases[i].root);
		TRUE(parse_text(text, &spec) < 0);
		STREQ(e.msg, cases[i].msg);
		spec_done(&spec);
	}
	TRUE(parse_text("{\"ociVersion\":\"1.0.0\"}", &spec) < 0);
	STREQ(e.msg, "config.json: root: missing");
	spec_done(&spec);
	OK_ERR(&e, parse_text("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/a\",\"readonly\":true}}",
			      &spec));
	STREQ(spec.root_path, "/a");
	TRUE(spec.root_readonly);
	spec_done(&spec);
}

TEST(process_good)
{
	static const struct good_case cases[] = {
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

	CHECK_GOOD(cases);
}

TEST(process_bad)
{
	static const struct bad_case cases[] = {
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
		{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
			  "{\"type\":\"RLIMIT_AS\",\"soft\":2,\"hard\":1}]",
		 "process.rlimits[1].soft: above the hard limit of 1"},
		{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
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
		{PROCESS, "\"oomScoreAdj\":\"1\"",
		 "process.oomScoreAdj: expected a number, got a string"},
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

	CHECK_BAD(cases);
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

	OK_ERR(&e, parse_in(PROCESS, "\"env\":[\"A=1\",\"B\",\"=C\"],\"capabilities\":{\"bounding\":"
				     "[\"CAP_FOO\"]},\"hobby\":1", &spec));
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
	TRUE(spec_parse_process(&e, &spec, "process.json", "{\"cwd\":\"/\",\"args\":[1]}", 22, &p) < 0);
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
TEST(ids)
{
	static const char *const odd[] = {
		"-1", "-0", "+1", "0x10", "0X10", "010", "00", "1.0", "1.5", "1e0", "1e3", "1E9", "1e-1",
		"\"0\"", "\"1\"", "\"root\"", "\"\"", "[]", "[0]", "{}", "true", "false", " ", "-", ".",
		"NaN", "Infinity", "4294967295", "4294967296", "4294967297", "-4294967296",
		"2147483648.0", "9223372036854775807", "9223372036854775808", "18446744073709551615",
		"18446744073709551616", "18446744073709551617", "36893488147419103232",
		"99999999999999999999999999999999999999999999", "0b1", "0o7", "1_000", "1,2", "1 2",
		"\xd9\xa1", "\xef\xbc\x91", "0x", "--1", "- 1", "1-", "1+1", "0.0", "1e", "\"4294967295\"",
		"\"-1\"", "'1'", "nan", "inf", "u32", "1L", "1u", "0d", "#1", "\\u0031", "\"\\u0031\"",
	};
	static const char *const members[] = {"uid", "gid", "additionalGids"};
	char text[160];
	int count = 0;
	struct spec spec;

	for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
		const char *form = m < 2 ? "\"user\":{\"%s\":%s}" : "\"user\":{\"%s\":[0,%s]}";

		for (size_t i = 0; i < ARRAY_SIZE(odd); i++, count++) {
			/* Two numbers in a list are two numbers. */
			if (m == 2 && str_eq(odd[i], "1,2"))
				continue;
			snprintf(text, sizeof(text), form, members[m], odd[i]);
			if (parse_in(PROCESS, text, &spec) == 0)
				T_FAIL("accepted: %s", text);
			spec_done(&spec);
		}
		for (uint64_t id = 1; id <= UINT32_MAX; id *= 2, count++) {
			uint32_t want = (uint32_t)id, got;

			snprintf(text, sizeof(text), m < 2 ? "\"user\":{\"%s\":%u}" :
							     "\"user\":{\"%s\":[0,%u]}", members[m], want);
			OK_ERR(&e, parse_in(PROCESS, text, &spec));
			got = m == 0 ? spec.process->user.uid :
			      m == 1 ? spec.process->user.gid :
				       spec.process->user.additional_gids.v[1];
			EQ(got, want);
			spec_done(&spec);
		}
	}
	TRUE(count >= 200);
}

TEST(linux_good)
{
	static const struct good_case cases[] = {
		{LINUX, "\"namespaces\":[]"},
		{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"},"
			"{\"type\":\"mount\",\"path\":\"\"}]"},
		{LINUX, "\"namespaces\":[{\"type\":\"user\",\"path\":\"/p\"}]"},
		{LINUX, "\"namespaces\":[{\"type\":\"user\",\"path\":\"/p\"}],\"uidMappings\":"
			"[{\"containerID\":0,\"hostID\":1,\"size\":1}]"},
		{LINUX, "\"uidMappings\":[],\"gidMappings\":null"},
		{NS, "\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999},"
		     "\"boottime\":{}}"},
		{LINUX, "\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,"
			"\"fileMode\":438,\"uid\":0,\"gid\":0},{\"path\":\"/dev/p\",\"type\":\"p\"},"
			"{\"path\":\"/x\",\"type\":\"b\",\"major\":4095,\"minor\":1048575,"
			"\"fileMode\":25008}]"},
		{NS, "\"netDevices\":{\"eth0\":{},\"eth1\":{\"name\":\"c%d\"},\"eth2\":{\"name\":\"c%d\"}}"},
		{LINUX, "\"netDevices\":{}"},
		{LINUX, "\"cgroupsPath\":\"\""},
		{LINUX, "\"cgroupsPath\":\"/a/..b/c..\""},
		{LINUX, "\"cgroupsPath\":\"user.slice:libpod:abc\""},
		{LINUX, "\"seccomp\":{}"},
		{LINUX, "\"rootfsPropagation\":\"\""},
		{NS, "\"rootfsPropagation\":\"rslave\""},
		{NS, "\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"]"},
		{LINUX, "\"maskedPaths\":[],\"mountLabel\":\"\""},
		{LINUX, "\"mountLabel\":\"system_u:object_r:x:s0:c1,c2\""},
		{LINUX, "\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"\"}"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\","
			"\"flags\":[\"MPOL_F_STATIC_NODES\"]}"},
		{LINUX, "\"intelRdt\":null"},
		{LINUX, "\"sysctl\":{}"},
	};

	CHECK_GOOD(cases);
}

TEST(linux_bad)
{
	static const struct bad_case cases[] = {
		{LINUX, "\"namespaces\":{}", "linux.namespaces: expected an array, got an object"},
		{LINUX, "\"namespaces\":[{}]", "linux.namespaces[0].type: missing"},
		{LINUX, "\"namespaces\":[{\"type\":\"net\"}]",
		 "linux.namespaces[0].type: unknown namespace \"net\""},
		{LINUX, "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]",
		 "linux.namespaces[1].type: namespace \"pid\" is given twice"},
		{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]",
		 "linux.namespaces[0].path: \"x\" is no absolute path"},
		{LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":1}]",
		 "linux.namespaces[0].path: expected a string, got a number"},
		{LINUX, "\"namespaces\":[{\"type\":\"user\"}]",
		 "linux.uidMappings: missing; a new user namespace needs it"},
		{LINUX, "\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,"
			"\"hostID\":0,\"size\":1}]",
		 "linux.gidMappings: missing; a new user namespace needs it"},
		{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
		 "linux.uidMappings: needs a user namespace"},
		{LINUX, "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
		 "linux.gidMappings: needs a user namespace"},
		{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0}]",
		 "linux.uidMappings[0].size: missing"},
		{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]",
		 "linux.uidMappings[0].size: 0"},
		{LINUX, "\"uidMappings\":[{\"containerID\":4294967295,\"hostID\":0,\"size\":1}]",
		 "linux.uidMappings[0].containerID: 4294967295 is no user or group id"},
		{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967294,\"size\":2}]",
		 "linux.uidMappings[0].size: 2 goes beyond the last id"},
		{LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":10},"
			"{\"containerID\":9,\"hostID\":10,\"size\":1}]",
		 "linux.uidMappings[1].containerID: overlaps with mapping 0"},
		{LINUX, "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":10},"
			"{\"containerID\":10,\"hostID\":0,\"size\":6}]",
		 "linux.gidMappings[1].hostID: overlaps with mapping 0"},
		{LINUX, "\"timeOffsets\":{\"boottime\":{\"secs\":1}}",
		 "linux.timeOffsets: needs a time namespace"},
		{LINUX, "\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],\"timeOffsets\":"
			"{\"monotonic\":{}}",
		 "linux.timeOffsets: cannot be set in a joined time namespace"},
		{NS, "\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}",
		 "linux.timeOffsets.boottime.nanosecs: 1000000000 is not below a second"},
		{NS, "\"timeOffsets\":{\"boottime\":{\"secs\":\"1\"}}",
		 "linux.timeOffsets.boottime.secs: expected a number, got a string"},
		{LINUX, "\"devices\":[{\"path\":\"dev/x\",\"type\":\"p\"}]",
		 "linux.devices[0].path: \"dev/x\" is no absolute path"},
		{LINUX, "\"devices\":[{\"path\":\"/dev/x\",\"type\":\"x\"}]",
		 "linux.devices[0].type: unknown type of device \"x\""},
		{LINUX, "\"devices\":[{\"type\":\"c\"}]", "linux.devices[0].path: missing"},
		{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"minor\":1}]",
		 "linux.devices[0].major: missing"},
		{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1}]",
		 "linux.devices[0].minor: missing"},
		{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":-1,\"minor\":0}]",
		 "linux.devices[0].major: -1 is not in 0..4095"},
		{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"b\",\"major\":1,\"minor\":1048576}]",
		 "linux.devices[0].minor: 1048576 is not in 0..1048575"},
		{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"fileMode\":65536}]",
		 "linux.devices[0].fileMode: 65536 is no file mode"},
		{LINUX, "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"uid\":-1}]",
		 "linux.devices[0].uid: -1 is negative"},
		{LINUX, "\"netDevices\":{\"eth0\":{}}", "linux.netDevices: needs a network namespace"},
		{NS, "\"netDevices\":[]", "linux.netDevices: expected an object, got an array"},
		{NS, "\"netDevices\":{\"\":{}}",
		 "linux.netDevices[\"\"]: no name of a network device"},
		{NS, "\"netDevices\":{\"a/b\":{}}",
		 "linux.netDevices[\"a/b\"]: no name of a network device"},
		{NS, "\"netDevices\":{\"..\":{}}",
		 "linux.netDevices[\"..\"]: no name of a network device"},
		{NS, "\"netDevices\":{\"sixteen_bytes_xx\":{}}",
		 "linux.netDevices.sixteen_bytes_xx: no name of a network device"},
		{NS, "\"netDevices\":{\"eth0\":{\"name\":\"a b\"}}",
		 "linux.netDevices.eth0.name: \"a b\" is no name of a network device"},
		{NS, "\"netDevices\":{\"eth0\":{\"name\":\"x\"},\"x\":{}}",
		 "linux.netDevices.x.name: \"x\" is given twice"},
		{LINUX, "\"cgroupsPath\":\"/a/../b\"",
		 "linux.cgroupsPath: \"/a/../b\" leads out by \"..\""},
		{LINUX, "\"cgroupsPath\":\"..\"", "linux.cgroupsPath: \"..\" leads out by \"..\""},
		{LINUX, "\"cgroupsPath\":\"../a\"", "linux.cgroupsPath: \"../a\" leads out by \"..\""},
		{LINUX, "\"cgroupsPath\":\"a/..\"", "linux.cgroupsPath: \"a/..\" leads out by \"..\""},
		{LINUX, "\"cgroupsPath\":\"a\\nb\"", "linux.cgroupsPath: control character in a name"},
		{LINUX, "\"cgroupsPath\":1", "linux.cgroupsPath: expected a string, got a number"},
		{NS, "\"rootfsPropagation\":\"slaves\"",
		 "linux.rootfsPropagation: unknown mount propagation \"slaves\""},
		{LINUX, "\"rootfsPropagation\":\"slave\"",
		 "linux.rootfsPropagation: needs a mount namespace"},
		{NS, "\"maskedPaths\":[\"proc\"]",
		 "linux.maskedPaths[0]: \"proc\" is no absolute path"},
		{NS, "\"maskedPaths\":[\"\"]", "linux.maskedPaths[0]: \"\" is no absolute path"},
		{NS, "\"readonlyPaths\":[\"/a\",\"b\"]",
		 "linux.readonlyPaths[1]: \"b\" is no absolute path"},
		{NS, "\"readonlyPaths\":\"/a\"",
		 "linux.readonlyPaths: expected an array, got a string"},
		{LINUX, "\"maskedPaths\":[\"/a\"]", "linux.maskedPaths: needs a mount namespace"},
		{LINUX, "\"mountLabel\":{}", "linux.mountLabel: expected a string, got an object"},
		{LINUX, "\"personality\":{\"domain\":\"BSD\"}",
		 "linux.personality.domain: unknown execution domain \"BSD\""},
		{LINUX, "\"personality\":{}", "linux.personality.domain: missing"},
		{LINUX, "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}",
		 "!linux.personality.flags: no flag is defined by the specification"},
		{LINUX, "\"memoryPolicy\":{}", "linux.memoryPolicy.mode: missing"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"X\"}",
		 "linux.memoryPolicy.mode: unknown memory policy \"X\""},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}",
		 "linux.memoryPolicy.nodes: MPOL_LOCAL takes no nodes"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}",
		 "linux.memoryPolicy.nodes: MPOL_BIND needs at least one node"},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"x\"}",
		 "linux.memoryPolicy.nodes: \"x\" is no list like \"0-3,7\""},
		{LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"F\"]}",
		 "linux.memoryPolicy.flags[0]: unknown memory policy flag \"F\""},
	};

	CHECK_BAD(cases);
}

TEST(hostname_length)
{
	char text[400];
	struct spec spec;

	for (int n = 64; n <= 65; n++) {
		snprintf(text, sizeof(text),
			 HEAD ",\"hostname\":\"%0*d\",\"linux\":{\"namespaces\":[{\"type\":\"uts\"}]}}", n,
			 0);
		EQ(parse_text(text, &spec), n == 64 ? 0 : -EINVAL);
		if (n == 65)
			STREQ(e.msg, "config.json: hostname: longer than 64 bytes");
		spec_done(&spec);
	}
}

TEST(ids_must_be_mapped)
{
	static const char form[] = HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":%d,"
				   "\"gid\":%d}},\"linux\":{" ALL_NS "}}";
	char text[1024];
	struct spec spec;

	snprintf(text, sizeof(text), form, 8, 8);
	OK_ERR(&e, parse_text(text, &spec));
	spec_done(&spec);
	snprintf(text, sizeof(text), form, 9, 8);
	TRUE(parse_text(text, &spec) < 0);
	STREQ(e.msg, "config.json: process.user.uid: 9 is not in linux.uidMappings");
	spec_done(&spec);
	snprintf(text, sizeof(text), form, 8, 9);
	TRUE(parse_text(text, &spec) < 0);
	STREQ(e.msg, "config.json: process.user.gid: 9 is not in linux.gidMappings");
	spec_done(&spec);
}

TEST(linux_values)
{
	struct spec spec;
	const struct spec_linux *l = &spec.linux_;

	OK_ERR(&e, parse_in(NS, "\"devices\":[{\"path\":\"/d\",\"type\":\"u\",\"major\":1,\"minor\":3},"
				"{\"path\":\"/e\",\"type\":\"b\",\"major\":7,\"minor\":0,\"fileMode\":25008,"
				"\"uid\":1,\"gid\":2}],\"netDevices\":{\"a\":{\"name\":\"b\"},\"c\":{}},"
				"\"timeOffsets\":{\"boottime\":{\"secs\":-1}},"
				"\"rootfsPropagation\":\"rshared\",\"personality\":{\"domain\":\"LINUX32\"},"
				"\"cgroupsPath\":\"/x\",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":"
				"\"0 - 1\"}", &spec));
	for (int k = 0; k < NS_KIND_MAX; k++)
		TRUE(l->ns[k].present && !l->ns[k].path);
	EQ(l->uid_maps.v[0].host_id, 1);
	EQ(l->devices.v[0].type, 'c');
	EQ(l->devices.v[0].mode, 0666);
	EQ(l->devices.v[1].type, 'b');
	EQ(l->devices.v[1].mode, 0660);
	EQ(l->devices.v[1].gid, 2);
	STREQ(l->net_devices.v[0].host_name, "a");
	STREQ(l->net_devices.v[0].name, "b");
	STREQ(l->net_devices.v[1].name, "c");
	TRUE(!l->time_monotonic.set && l->time_boottime.set);
	EQ(l->time_boottime.secs, -1);
	EQ(l->rootfs_propagation, MS_SHARED | MS_REC);
	TRUE(l->has_personality);
	EQ(l->personality, 8);
	STREQ(l->cgroups_path, "/x");
	STREQ(l->memory_policy->nodes, "0-1");
	spec_done(&spec);
}

/* T19 */
TEST(sysctl_names)
{
	static const struct {
		const char *key, *path;	/* NULL: refused in all namespaces of its own */
	} names[] = {
		{"kernel.msgmax", "kernel/msgmax"},
		{"kernel/msgmax", "kernel/msgmax"},
		{"kernel.msgmnb", "kernel/msgmnb"},
		{"kernel.msgmni", "kernel/msgmni"},
		{"kernel.sem", "kernel/sem"},
		{"kernel.shmall", "kernel/shmall"},
		{"kernel.shmmax", "kernel/shmmax"},
		{"kernel.shmmni", "kernel/shmmni"},
		{"kernel.shm_rmid_forced", "kernel/shm_rmid_forced"},
		{"fs.mqueue.msg_max", "fs/mqueue/msg_max"},
		{"fs/mqueue/queues_max", "fs/mqueue/queues_max"},
		{"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
		{"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
		{"net.ipv4.conf.eno2/100.rp_filter", "net/ipv4/conf/eno2.100/rp_filter"},
		{"net/ipv4/conf/eno2.100/rp_filter", "net/ipv4/conf/eno2.100/rp_filter"},
		{"net.core.somaxconn", "net/core/somaxconn"},
		{"net.ipv4.ping_group_range", "net/ipv4/ping_group_range"},
		{"net.ipv4.conf.wlan0-x.forwarding", "net/ipv4/conf/wlan0-x/forwarding"},
		{"kernel.domainname", "kernel/domainname"},
		{"user.max_user_namespaces", "user/max_user_namespaces"},
		{"user/max_net_namespaces", "user/max_net_namespaces"},
		{"kernel.hostname", NULL},
		{"kernel/hostname", NULL},
		{"kernel.core_pattern", NULL},
		{"kernel.core_pipe_limit", NULL},
		{"kernel.modprobe", NULL},
		{"kernel.hotplug", NULL},
		{"kernel.poweroff_cmd", NULL},
		{"kernel.sysrq", NULL},
		{"kernel.panic", NULL},
		{"kernel.randomize_va_space", NULL},
		{"kernel.msgmax.x", NULL},
		{"kernel.msgmaxx", NULL},
		{"kernel.shm_next_id", NULL},
		{"kernel.ns_last_pid", NULL},
		{"vm.overcommit_memory", NULL},
		{"vm.swappiness", NULL},
		{"fs.file-max", NULL},
		{"fs.mqueue", NULL},
		{"fs.mqueuex.y", NULL},
		{"fs.binfmt_misc.register", NULL},
		{"fs.suid_dumpable", NULL},
		{"dev.tty.legacy_tiocsti", NULL},
		{"debug.exception-trace", NULL},
		{"abi.vsyscall32", NULL},
		{"net", NULL},
		{"net.", NULL},
		{"netx.y", NULL},
		{"net..ipv4", NULL},
		{"net/../kernel/core_pattern", NULL},
		{"net/ipv4/../../kernel/core_pattern", NULL},
		{"net.ipv4.//.//.kernel", NULL},
		{"net.//.kernel.core_pattern", NULL},
		{"net/./x", NULL},
		{"/net/ipv4/x", NULL},
		{".net.ipv4.x", NULL},
		{"net/ipv4/", NULL},
		{"../net/x", NULL},
		{"", NULL},
		{".", NULL},
		{"..", NULL},
		{"net.ipv4.x=1 kernel.core_pattern", NULL},
		{"net.ipv4.x+kernel.core_pattern", NULL},
		{"net.ipv4.x\\nkernel.core_pattern", NULL},
		{"net.ipv4 .x", NULL},
		{"net.*.x", NULL},
		{"NET.ipv4.x", NULL},
		{"user", NULL},
		{"net.\xc3\xa4.x", NULL},
	};
	char text[256];
	struct spec spec;

	TRUE(ARRAY_SIZE(names) >= 60);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "\"sysctl\":{\"%s\":\"a+b\\tc\\nd\"}", names[i].key);
		if (!names[i].path) {
			if (parse_in(NS, text, &spec) == 0)
				T_FAIL("accepted: %s", names[i].key);
			TRUE(str_has_prefix(e.msg, "config.json: linux.sysctl"));
		} else {
			OK_ERR(&e, parse_in(NS, text, &spec));
			STREQ(spec.linux_.sysctl.v[0].key, names[i].key);
			STREQ(spec.linux_.sysctl.v[0].path, names[i].path);
			STREQ(spec.linux_.sysctl.v[0].value, "a+b\tc\nd");
			spec_done(&spec);
			/* In the host's namespace none is allowed. */
			TRUE(parse_in(LINUX, text, &spec) < 0);
			TRUE(strstr(e.msg, "not allowed in the host's "));
		}
		spec_done(&spec);
	}
}

TEST(sysctl_bad)
{
	static const struct bad_case cases[] = {
		{NS, "\"sysctl\":[]", "linux.sysctl: expected an object, got an array"},
		{NS, "\"sysctl\":{\"net.x\":1}",
		 "linux.sysctl[\"net.x\"]: expected a string, got a number"},
		{NS, "\"sysctl\":{\"vm.swappiness\":\"1\"}",
		 "linux.sysctl[\"vm.swappiness\"]: sysctl \"vm.swappiness\" is not in a separate kernel "
		 "namespace"},
		{NS, "\"sysctl\":{\"net..x\":\"1\"}", "linux.sysctl[\"net..x\"]: no name of a sysctl"},
		{NS, "\"sysctl\":{\"kernel.hostname\":\"x\"}",
		 "linux.sysctl[\"kernel.hostname\"]: use the property \"hostname\" instead"},
		{LINUX, "\"sysctl\":{\"net.ipv4.x\":\"1\"}",
		 "linux.sysctl[\"net.ipv4.x\"]: not allowed in the host's network namespace"},
		{LINUX, "\"sysctl\":{\"kernel.sem\":\"1\"}",
		 "linux.sysctl[\"kernel.sem\"]: not allowed in the host's ipc namespace"},
		{LINUX, "\"sysctl\":{\"kernel.domainname\":\"1\"}",
		 "linux.sysctl[\"kernel.domainname\"]: not allowed in the host's uts namespace"},
		{LINUX, "\"sysctl\":{\"user.x\":\"1\"}",
		 "linux.sysctl[\"user.x\"]: not allowed in the host's user namespace"},
		/* Joining one's own namespace is the host's too. */
		{LINUX, "\"namespaces\":[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}],"
			"\"sysctl\":{\"net.x\":\"1\"}",
		 "linux.sysctl[\"net.x\"]: not allowed in the host's network namespace"},
	};
	static const struct good_case good[] = {
		{LINUX, "\"namespaces\":[{\"type\":\"network\",\"path\":\"/run/netns/gone\"}],"
			"\"sysctl\":{\"net.x\":\"1\",\"net.y\":null}"},
	};

	CHECK_BAD(cases);
	CHECK_GOOD(good);
}

#define UNSUPPORTED ": this resource is not supported by this version of bawn"

TEST(resources_good)
{
	static const struct good_case cases[] = {
		{LINUX, "\"resources\":{}"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],\"memory\":{},"
			"\"cpu\":{\"shares\":0},\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":0}}"},
		{LINUX, "\"resources\":{\"memory\":{\"limit\":-1,\"swap\":-1,\"reservation\":0,"
			"\"disableOOMKiller\":false,\"useHierarchy\":true,\"checkBeforeUpdate\":true,"
			"\"swappiness\":null,\"kernel\":0,\"kernelTCP\":-1}}"},
		{LINUX, "\"resources\":{\"cpu\":{\"quota\":-1,\"period\":100000,\"cpus\":\"\",\"mems\":\"\","
			"\"realtimePeriod\":1000000,\"realtimeRuntime\":0,\"burst\":0,\"idle\":0}}"},
		{LINUX, "\"resources\":{\"pids\":{\"limit\":-1},\"hugepageLimits\":[],\"rdma\":{},"
			"\"unified\":{},\"network\":{\"classID\":0,\"priorities\":[]},\"blockIO\":null}"},
		{LINUX, "\"resources\":{\"blockIO\":{\"leafWeight\":0,\"weightDevice\":[],"
			"\"throttleReadBpsDevice\":[],\"throttleWriteIOPSDevice\":null}}"},
	};

	CHECK_GOOD(cases);
}

TEST(resources_bad)
{
	static const struct bad_case cases[] = {
		{LINUX, "\"resources\":{\"memory\":{\"limit\":1}}",
		 "!linux.resources.memory.limit" UNSUPPORTED},
		{LINUX, "\"resources\":{\"memory\":{\"limit\":9223372036854775807}}",
		 "!linux.resources.memory.limit" UNSUPPORTED},
		{LINUX, "\"resources\":{\"memory\":{\"disableOOMKiller\":true}}",
		 "!linux.resources.memory.disableOOMKiller" UNSUPPORTED},
		{LINUX, "\"resources\":{\"cpu\":{\"shares\":1024}}",
		 "!linux.resources.cpu.shares" UNSUPPORTED},
		{LINUX, "\"resources\":{\"cpu\":{\"quota\":50000}}",
		 "!linux.resources.cpu.quota" UNSUPPORTED},
		{LINUX, "\"resources\":{\"cpu\":{\"cpus\":\"0\"}}",
		 "!linux.resources.cpu.cpus" UNSUPPORTED},
		{LINUX, "\"resources\":{\"pids\":{\"limit\":2048}}",
		 "!linux.resources.pids.limit" UNSUPPORTED},
		{LINUX, "\"resources\":{\"blockIO\":{\"weight\":10}}",
		 "!linux.resources.blockIO.weight" UNSUPPORTED},
		{LINUX, "\"resources\":{\"blockIO\":{\"throttleReadIOPSDevice\":[{}]}}",
		 "!linux.resources.blockIO.throttleReadIOPSDevice" UNSUPPORTED},
		{LINUX, "\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}",
		 "!linux.resources.hugepageLimits" UNSUPPORTED},
		{LINUX, "\"resources\":{\"network\":{\"classID\":1}}",
		 "!linux.resources.network.classID" UNSUPPORTED},
		{LINUX, "\"resources\":{\"rdma\":{\"mlx\":{}}}", "!linux.resources.rdma" UNSUPPORTED},
		{LINUX, "\"resources\":{\"unified\":{\"memory.high\":\"1\"}}",
		 "!linux.resources.unified" UNSUPPORTED},
		{LINUX, "\"resources\":{\"memory\":{\"limit\":\"1\"}}",
		 "linux.resources.memory.limit: expected a number, got a string"},
		{LINUX, "\"resources\":{\"memory\":[]}",
		 "linux.resources.memory: expected an object, got an array"},
		{LINUX, "\"resources\":[]", "linux.resources: expected an object, got an array"},
		{LINUX, "\"resources\":{\"unified\":[]}",
		 "linux.resources.unified: expected an object, got an array"},
		{LINUX, "\"resources\":{\"cpu\":{\"cpus\":1}}",
		 "linux.resources.cpu.cpus: expected a string, got a number"},
		{LINUX, "\"resources\":{\"devices\":{}}",
		 "linux.resources.devices: expected an array, got an object"},
		{LINUX, "\"resources\":{\"devices\":[{}]}", "linux.resources.devices[0].allow: missing"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":1}]}",
		 "linux.resources.devices[0].allow: expected a boolean, got a number"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"p\"}]}",
		 "linux.resources.devices[0].type: unknown type of device \"p\""},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}",
		 "linux.resources.devices[0].access: \"rx\": 'x' is none of r, w, m"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"\"}]}",
		 "linux.resources.devices[0].access: empty"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"major\":-2}]}",
		 "linux.resources.devices[0].major: -2 is no device number"},
		{LINUX, "\"resources\":{\"devices\":[{\"allow\":true,\"minor\":4294967296}]}",
		 "linux.resources.devices[0].minor: 4294967296 is no device number"},
	};
	struct spec spec;

	CHECK_BAD(cases);
	TRUE(parse_in(LINUX, "\"intelRdt\":{\"closID\":\"x\"}", &spec) < 0);
	EQ(e.code, ERR_UNSUPPORTED);
	TRUE(str_has_prefix(e.msg, "config.json: linux.intelRdt: not "));
	spec_done(&spec);
}

TEST(device_rules)
{
	struct spec spec;
	const struct spec_device_rule *r;

	OK_ERR(&e, parse_in(LINUX, "\"resources\":{\"devices\":[{\"allow\":false},{\"allow\":true,"
				   "\"type\":\"c\",\"major\":1,\"minor\":-1,\"access\":\"mr\"}]}", &spec));
	TRUE(spec.linux_.has_resources);
	EQ(spec.linux_.device_rules.n, 2);
	r = spec.linux_.device_rules.v;
	TRUE(!r[0].allow && r[0].type == 'a' && r[0].major == -1 && r[0].minor == -1);
	EQ(r[0].access, 7);
	TRUE(r[1].allow && r[1].type == 'c' && r[1].major == 1 && r[1].minor == -1);
	EQ(r[1].access, DEVICE_ACCESS_MKNOD | DEVICE_ACCESS_READ);
	spec_done(&spec);
}

TEST(seccomp_good)
{
	static const struct good_case cases[] = {
		{SECCOMP, "\"syscalls\":[]"},
		{SECCOMP, "\"architectures\":[\"SCMP_ARCH_X86_64\"],\"flags\":"
			  "[\"SECCOMP_FILTER_FLAG_LOG\"]"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\",\"b\"],\"action\":\"SCMP_ACT_ERRNO\","
			  "\"errnoRet\":4095,\"args\":[{\"index\":5,\"value\":18446744073709551615,"
			  "\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\"}],"
			  "\"listenerPath\":\"/run/x\",\"listenerMetadata\":\"a\\nb\""},
		{SECCOMP, "\"listenerPath\":\"\",\"listenerMetadata\":\"\""},
	};

	CHECK_GOOD(cases);
}

TEST(seccomp_bad)
{
	static const struct bad_case cases[] = {
		{LINUX, "\"seccomp\":[]", "linux.seccomp: expected an object, got an array"},
		{LINUX, "\"seccomp\":{\"flags\":[]}", "linux.seccomp.defaultAction: missing"},
		{LINUX, "\"seccomp\":{\"defaultAction\":\"ALLOW\"}",
		 "linux.seccomp.defaultAction: unknown seccomp action \"ALLOW\""},
		{SECCOMP, "\"defaultErrnoRet\":1",
		 "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW returns no errno"},
		{SECCOMP, "\"architectures\":[\"x\"]",
		 "linux.seccomp.architectures[0]: unknown seccomp architecture \"x\""},
		{SECCOMP, "\"flags\":[\"x\"]", "linux.seccomp.flags[0]: unknown seccomp flag \"x\""},
		{SECCOMP, "\"listenerPath\":\"x\"",
		 "linux.seccomp.listenerPath: \"x\" is no absolute path"},
		{SECCOMP, "\"listenerMetadata\":\"x\"",
		 "linux.seccomp.listenerMetadata: needs a listenerPath"},
		{SECCOMP, "\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]",
		 "linux.seccomp.syscalls[0].names: missing"},
		{SECCOMP, "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]",
		 "linux.seccomp.syscalls[0].names: names no system call"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"x\"}]",
		 "linux.seccomp.syscalls[0].action: unknown seccomp action \"x\""},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\"}]",
		 "linux.seccomp.listenerPath: missing; SCMP_ACT_NOTIFY needs it"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1}]",
		 "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL returns no errno"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\","
			  "\"errnoRet\":4096}]",
		 "linux.seccomp.syscalls[0].errnoRet: 4096 is no errno"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_TRACE\","
			  "\"errnoRet\":65536}]",
		 "linux.seccomp.syscalls[0].errnoRet: 65536 does not fit 16 bits"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
			  "[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]",
		 "linux.seccomp.syscalls[0].args[0].index: 6 is not in 0..5"},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
			  "[{\"index\":0,\"value\":0,\"op\":\"EQ\"}]}]",
		 "linux.seccomp.syscalls[0].args[0].op: unknown seccomp operator \"EQ\""},
		{SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
			  "[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]",
		 "linux.seccomp.syscalls[0].args[0].value: -1 is negative"},
	};

	CHECK_BAD(cases);
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

	OK_ERR(&e, parse_in(TOP, "\"hooks\":{\"poststart\":[{\"path\":\"/a\",\"args\":[\"a\",\"b\"],"
				 "\"timeout\":9},{\"path\":\"/c\"}]},\"annotations\":{\"k\":\"v\","
				 "\"org.bawn.isolation\":\"vm\"}", &spec));
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
		TRUE(spec.process->no_new_privileges && spec.process->terminal && spec.root_readonly);
		EQ(spec.process->caps.bounding, spec.process->caps.permitted);
		EQ(spec.process->caps.ambient | spec.process->caps.inheritable, 0);
		EQ(spec.mounts.n, 7);
		TRUE(l->masked_paths.n >= 12 && l->readonly_paths.n == 5);
		TRUE(l->seccomp && l->seccomp->rules.n > 0);
		EQ(l->ns[NS_USER].present, rootless);
		EQ(l->ns[NS_NET].present, !rootless);
		TRUE(l->ns[NS_CGROUP].present && l->ns[NS_MNT].present && !l->ns[NS_TIME].present);
		EQ(l->device_rules.n, !rootless);
		TRUE(rootless || (!l->device_rules.v[0].allow && l->device_rules.v[0].access == 7));
		EQ(l->uid_maps.n, rootless);
		EQ(spec.mounts.v[2].data.n, rootless ? 3 : 4);
		EQ(spec.mounts.v[5].bind, rootless);
		spec_done(&spec);
	}
}
