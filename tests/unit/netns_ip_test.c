/* netns/ip: addresses and prefixes. */
#include "t.h"

#include "../../src/netns/ip.h"

static struct err err;

static struct prefix parsed(const char *text)
{
	struct prefix p = {0};

	OK(prefix_parse(&err, text, &p));
	return p;
}

static struct ip address(const char *text)
{
	struct ip ip = {0};

	OK(ip_parse(text, &ip));
	return ip;
}

TEST(text)
{
	static const char *const good[] = {
		"0.0.0.0/0",   "10.88.0.0/16",	  "192.0.2.1/32", "::/0",
		"fd00:1::/64", "2001:db8::1/128", "10.128.0.0/9", "fe80::/10",
	};
	static const char *const bad[] = {
		"",
		"/",
		"10.0.0.0",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0/8",
		"010.0.0.0/8",
		"::/129",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/8 ",
		" 10.0.0.0/8",
		"fd00::1::/64",
		"x/8",
		"10.0.0.1/24",
		"fd00::1/64",
		"10.0.0.128/24",
		"fe81::/9",
		"1111111111111111111111111111111111111111111111111111111111/8",
	};
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct prefix p = parsed(good[i]);

		STREQ(prefix_text(&p, text), good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct prefix p;

		TRUE(prefix_parse(&err, bad[i], &p) < 0);
	}
	TRUE(strstr(err.msg, "is no subnet") != NULL);
	TRUE(prefix_parse(&err, "10.0.0.129/25", &(struct prefix){0}) < 0);
	TRUE(strstr(err.msg, "did you mean 10.0.0.128/25?") != NULL);
}

TEST(overlap)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{"10.0.0.0/8", "10.1.2.0/24", true},	 {"10.0.0.0/24", "10.0.1.0/24", false},
		{"0.0.0.0/0", "192.0.2.0/24", true},	 {"0.0.0.0/0", "::/0", false},
		{"10.0.0.0/25", "10.0.0.128/25", false}, {"fd00::/8", "fd12::/64", true},
		{"10.0.0.0/24", "10.0.0.0/24", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix a = parsed(cases[i].a), b = parsed(cases[i].b);

		EQ(prefix_overlaps(&a, &b), cases[i].overlap);
		EQ(prefix_overlaps(&b, &a), cases[i].overlap);
	}
}

TEST(numbers)
{
	static const struct {
		const char *prefix, *address;
		uint64_t hosts, n;
	} cases[] = {
		{"10.88.0.0/24", "10.88.0.1", 254, 1},
		{"10.88.0.0/24", "10.88.0.254", 254, 254},
		{"10.88.0.0/24", "10.88.0.255", 254, 0},
		{"10.88.0.0/24", "10.88.0.0", 254, 0},
		{"10.88.0.0/24", "10.88.1.1", 254, 0},
		{"10.88.0.0/16", "10.88.1.2", 65534, 258},
		{"10.0.0.0/30", "10.0.0.2", 2, 2},
		{"10.0.0.0/31", "10.0.0.1", 0, 0},
		{"10.0.0.1/32", "10.0.0.1", 0, 0},
		{"0.0.0.0/0", "255.255.255.254", 4294967294, 4294967294},
		{"fd00::/64", "fd00::1", 1ull << 32, 1},
		{"fd00::/64", "fd00::1:0:0", 1ull << 32, 1ull << 32},
		{"fd00::/64", "fd00::1:0:1", 1ull << 32, 0},
		{"fd00::/64", "fd00::ffff:ffff:ffff:ffff", 1ull << 32, 0},
		{"fd00::/127", "fd00::1", 1, 1},
		{"::/0", "8000::", 1ull << 32, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = parsed(cases[i].prefix);
		struct ip ip = address(cases[i].address), back;

		EQ(prefix_hosts(&p), cases[i].hosts);
		EQ(prefix_index(&p, &ip), cases[i].n);
		if (!cases[i].n)
			continue;
		back = prefix_at(&p, cases[i].n);
		TRUE(ip_equal(&back, &ip));
	}
}
