/* systemd/: values in GVariant's text form, and which properties annotations may set. */
#include "t.h"

#include "systemd/systemd.h"

static struct err err;
static struct arena arena;

static struct gvariant *parsed(const char *text)
{
	struct gvariant *v = NULL;

	return gvariant_parse(&err, &arena, text, &v) < 0 ? NULL : v;
}

static const char *signature(const char *text)
{
	struct gvariant *v = parsed(text);
	const char *s = v ? gvariant_signature(&arena, v) : NULL;

	return s ? s : "";
}

TEST(types)
{
	static const struct {
		const char *text, *type;
	} t[] = {
		{"5", "i"},
		{"-5", "i"},
		{" 0x1F ", "i"},
		{"true", "b"},
		{"false", "b"},
		{"1.5", "d"},
		{"1e3", "d"},
		{"'a b'", "s"},
		{"\"it's\"", "s"},
		{"uint64 5", "t"},
		{"byte 0xff", "y"},
		{"@t 5", "t"},
		{"int64 -1", "x"},
		{"objectpath '/a'", "o"},
		{"['a', 'b']", "as"},
		{"[]", ""},
		{"@as []", "as"},
		{"[1, uint64 2]", "at"},
		{"('a', 1)", "(si)"},
		{"(1,)", "(i)"},
		{"[('a', 'rw')]", "a(ss)"},
		{"@a(ss) []", "a(ss)"},
		{"[[1],[2]]", "aai"},
		{"@ay [1,2]", "ay"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		STREQ(signature(t[i].text), t[i].type);
}

TEST(values)
{
	EQ(parsed("uint64 18446744073709551615")->integer, UINT64_MAX);
	TRUE(parsed("-7")->negative);
	EQ(parsed("-7")->integer, 7);
	EQ(parsed("010")->integer, 8);
	STREQ(parsed("'a\\'b\\n\\\\'")->str, "a'b\n\\");
	STREQ(parsed("''")->str, "");
	STREQ(parsed("['a', 'b',]")->child->next->str, "b");
}

TEST(refused_values)
{
	static const char *const bad[] = {
		"",
		" ",
		"x",
		"truex",
		"1 2",
		"'a",
		"'a\\q'",
		"'\\",
		"[1",
		"[1 2]",
		"[,]",
		"()",
		"(",
		"18446744073709551616",
		"0x",
		"--1",
		"1.2.3",
		"1e999",
		"nan",
		"inf",
		"{'a': 1}",
		"<1>",
		"b'x'",
		"nothing",
		"uint64",
		"uint65 1",
		"@ 5",
		"@z 5",
		"@t5",
		"@( 5",
		"@() 5",
		"@aaaaaaaaaas []",
		"[[[[[[[[[1]]]]]]]]]",
		"@h 1",
		"1]",
		"\x80",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct gvariant *v = parsed(bad[i]);

		if (v)
			printf("# %s\n", bad[i]);
		TRUE(!v);
		TRUE(err.msg[0] && !strchr(err.msg, '\n'));
	}
}

TEST(too_many_values)
{
	struct buf b = {0};

	buf_str(&b, "[1");
	for (int i = 0; i < GVARIANT_ITEMS_MAX; i++)
		buf_str(&b, ",1");
	buf_str(&b, "]");
	TRUE(!parsed(b.data));
	TRUE(strstr(err.msg, "too many"));
	buf_done(&b);
}

static struct unit_property property;

static int parse(const char *text)
{
	return unit_property_parse(&err, &arena, text, &property);
}

TEST(properties)
{
	OK(parse("MemoryMax=uint64 5"));
	STREQ(property.name, "MemoryMax");
	STREQ(property.type, "t");
	OK(parse("org.systemd.property.CollectMode='inactive-or-failed'"));
	STREQ(property.name, "CollectMode");
	STREQ(property.label, "org.systemd.property.CollectMode");
	OK(parse("org.systemd.property.After=['a=b.service']"));
	STREQ(property.value->child->str, "a=b.service");
	/* Only annotations are in seconds. */
	OK(parse("CPUQuotaPerSecUSec=uint64 5"));
	EQ(property.value->integer, 5);
}

TEST(seconds_become_microseconds)
{
	OK(parse("org.systemd.property.TimeoutStopSec=7"));
	STREQ(property.name, "TimeoutStopUSec");
	STREQ(property.type, "t");
	EQ(property.value->integer, 7000000);
	OK(parse("org.systemd.property.TimeoutStopSec=uint64 7"));
	EQ(property.value->integer, 7000000);
	OK(parse("org.systemd.property.TimeoutStopSec=0.25"));
	EQ(property.value->integer, 250000);
	OK(parse("org.systemd.property.TimeoutStopUSec=uint64 7"));
	EQ(property.value->integer, 7);
	TRUE(parse("org.systemd.property.TimeoutStopSec=-1") < 0);
	TRUE(parse("org.systemd.property.TimeoutStopSec='7'") < 0);
	TRUE(parse("org.systemd.property.TimeoutStopSec=18446744073709551615") < 0);
	TRUE(parse("org.systemd.property.TimeoutStopSec=1e300") < 0);
}

TEST(refused_properties)
{
	static const char *const bad[] = {
		"org.systemd.property.=1",
		"org.systemd.property.ab=1",
		"org.systemd.property.A-B=1",
		"org.systemd.property.ExecStart=1",
		"org.systemd.property.ExecStopPost=[('/bin/sh', @as [], false)]",
		"org.systemd.property.PIDs=[uint32 1]",
		"org.systemd.property.Slice='-.slice'",
		"org.systemd.property.DeviceAllow=[('/dev/sda','rw')]",
		"org.systemd.property.DevicePolicy='auto'",
		"org.systemd.property.Delegate=false",
		"org.systemd.property.Documentation=['man:x(1)']",
		"org.systemd.property.FailureAction='reboot'",
		"org.systemd.property.JobTimeoutAction='reboot'",
		"org.systemd.property.Conflicts=['sshd.service']",
		"org.systemd.property.OnFailure=['x.service']",
		"org.systemd.property.Wants=['x.service']",
		"org.systemd.property.Requires=['x.service']",
		"org.systemd.property.BindsTo=['x.service']",
		"org.systemd.property.After=[]",
		"org.systemd.property.After=['a'",
		"org.systemd.property.After",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		TRUE(parse(bad[i]) < 0);
		TRUE(strstr(err.msg, "org.systemd.property.") != NULL);
	}
}
