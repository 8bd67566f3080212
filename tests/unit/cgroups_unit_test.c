/* cgroups/cg_unit.c: which systemd unit a container gets. */
#include "t.h"

#include "cgroups/cgroups.h"

static struct err err;

/* "SLICE UNIT", or "" with err. */
static const char *named(const char *path, const char *id, bool user)
{
	static char text[2 * CG_UNIT_MAX + 8];
	struct cg_unit u;

	if (cg_unit_resolve(&err, path, id, user, &u) < 0)
		return "";
	EQ(strlen(u.mark), CG_MARK_SIZE - 1);
	snprintf(text, sizeof(text), "%s %s", u.slice, u.name);
	return text;
}

TEST(defaults)
{
	STREQ(named(NULL, "c1", false), "system.slice bawn-c1.scope");
	STREQ(named("", "c1", true), "user.slice bawn-c1.scope");
	STREQ(named(":p:n", "c1", false), "system.slice p-n.scope");
	STREQ(named(":p:n", "c1", true), "user.slice p-n.scope");
	STREQ(named("::n", "c1", false), "system.slice n.scope");
}

TEST(slices_and_names)
{
	STREQ(named("machine.slice:libpod:1f", "c", false), "machine.slice libpod-1f.scope");
	STREQ(named("a-b.slice:p:n", "c", false), "a-b.slice p-n.scope");
	STREQ(named("-:p:n", "c", false), "-.slice p-n.scope");
	STREQ(named("a.slice:p:n:m", "c", false), "a.slice p-n:m.scope");
	STREQ(named("x.slice:p:a-b.slice", "c", false), "a.slice a-b.slice");
	STREQ(named("x.slice:p:a.slice", "c", false), "-.slice a.slice");
}

TEST(what_systemd_does_not_take_is_escaped)
{
	STREQ(named(NULL, "a+b", false), "system.slice bawn-a\\x2bb.scope");
	STREQ(named(":p/q:n@m ../x", "c", false),
	      "system.slice p\\x2fq-n\\x40m\\x20..\\x2fx.scope");
	STREQ(named(":p:\xc3\xa4", "c", false), "system.slice p-\\xc3\\xa4.scope");
	STREQ(named(":p:a\\x2db", "c", false), "system.slice p-a\\x2db.scope");
}

TEST(refused)
{
	static const char *const bad[] = {
		"/a/b",		 "a",
		"a:b",		 ":p:",
		"a.slice:p:",	 "a:p:n",
		"a/b.slice:p:n", "../a.slice:p:n",
		".slice:p:n",	 "-a.slice:p:n",
		"a-.slice:p:n",	 "a--b.slice:p:n",
		"a b.slice:p:n", ":p:-.slice",
		":p:a/b.slice",	 ":p:.slice",
		":p:a--b.slice",
	};
	char longest[400];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		STREQ(named(bad[i], "c", false), "");
		TRUE(strstr(err.msg, "linux.cgroupsPath"));
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, ":p:", 3);
	STREQ(named(longest, "c", false), "");
	EQ(err.num, ENAMETOOLONG);
	longest[251] = '\0';
	STREQ(named(longest, "c", false), "");
	longest[250] = '\0';
	TRUE(*named(longest, "c", false));
}

TEST(every_unit_has_its_own_mark)
{
	struct cg_unit a, b;

	OK(cg_unit_resolve(&err, NULL, "c", false, &a));
	OK(cg_unit_resolve(&err, NULL, "c", false, &b));
	TRUE(strcmp(a.mark, b.mark) != 0);
}

TEST(place_of_a_unit)
{
	struct cg_place p;
	static const char *const bad[] = {"", "/", "a", "/a/../b", "/a//b", "/a/", "/a\nb"};

	OK(cg_place_at(&err, "/system.slice/x.scope", "0123", &p));
	STREQ(p.path, "/system.slice/x.scope");
	EQ(p.keep, strlen("/system.slice"));
	STREQ(p.mark, "0123");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		TRUE(cg_place_at(&err, bad[i], "0123", &p) < 0);
}
