/* Which CRIU can work on which kernel. */
#include "t.h"

#include "checkpoint/criu.h"

static int check(const char *version, const char *release, const char **remedy)
{
	struct criu criu = {.path = "/criu"};
	struct err e = {0};

	snprintf(criu.version_text, sizeof(criu.version_text), "%s", version);
	OK(criu_parse_version(version, &criu.version));
	return criu_check_kernel(&e, &criu, release, remedy);
}

TEST(versions_are_parsed)
{
	uint32_t v;

	OK(criu_parse_version("3.17.1", &v));
	EQ(v, CRIU_VERSION_OF(3, 17));
	OK(criu_parse_version("4.2", &v));
	EQ(v, CRIU_VERSION_OF(4, 2));
	OK(criu_parse_version("6.1.0-28-amd64", &v));
	EQ(v, CRIU_VERSION_OF(6, 1));
	EQ(criu_parse_version("", &v), -EINVAL);
	EQ(criu_parse_version("4", &v), -EINVAL);
	EQ(criu_parse_version("x.1", &v), -EINVAL);
}

TEST(kernels_since_6_13_need_4_1)
{
	const char *remedy;

	EQ(check("3.17.1", "6.1.0-28-amd64", &remedy), 0);
	TRUE(!remedy);
	EQ(check("3.17.1", "6.12.99", &remedy), 0);
	EQ(check("3.17.1", "6.13.0-rc1", &remedy), -EOPNOTSUPP);
	TRUE(strstr(remedy, "6.12"));
	EQ(check("4.0", "6.18", &remedy), -EOPNOTSUPP);
	EQ(check("4.1", "6.18", &remedy), 0);
	EQ(check("4.2.0", "7.0", &remedy), 0);
}

TEST(older_than_3_17_never_work)
{
	const char *remedy;

	EQ(check("3.16.1", "5.14.0", &remedy), -EOPNOTSUPP);
	STREQ(remedy, "upgrade CRIU");
	EQ(check("2.12", "6.18", &remedy), -EOPNOTSUPP);
}

TEST(a_program_that_is_not_there)
{
	struct criu criu;
	struct err e = {0};

	EQ(criu_find(&e, "/nonexistent/criu", &criu), -ENOENT);
	STREQ(e.msg, "CRIU: /nonexistent/criu: no such file or directory");
	EQ(criu_find(&e, "no-such-criu", &criu), -EOPNOTSUPP);
	TRUE(strstr(e.msg, "install"));
	OK(criu_find(&e, "/bin/sh", &criu));
	STREQ(criu.path, "/bin/sh");
}
