/* netns/rate: how people write rates. */
#include "t.h"

#include "../../src/netns/rate.h"

static struct err err;

TEST(rates)
{
	static const struct {
		const char *text;
		uint64_t bits;
	} good[] = {
		{"8000", 8000},	      {"8000bit", 8000},     {"10mbit", 10000000},
		{"10MBIT", 10000000}, {"1gbit", 1000000000}, {"100gbit", 100000000000},
		{"64kibit", 65536},   {"1mibit", 1048576},   {"1000bps", 8000},
		{"500kbps", 4000000}, {"2mibps", 16777216},  {"none", 0},
	};
	static const char *const bad[] = {
		"",
		"mbit",
		"-1mbit",
		"+1mbit",
		"1.5mbit",
		"1 mbit",
		"10mb",
		"10m",
		"7999",
		"0",
		"101gbit",
		"18446744073709551615kbit",
		"18446744073709551616",
		"0x10000",
		"10mbit ",
		"None",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct rate r = {.in = 1, .out = 2, .burst = 3};
		char option[64];

		(void)str_format(option, sizeof(option), "rate-in=%s", good[i].text);
		EQ(rate_option(&err, option, &r), 1);
		EQ(r.in, good[i].bits);
		EQ(r.out, 2);
		(void)str_format(option, sizeof(option), "rate=%s", good[i].text);
		EQ(rate_option(&err, option, &r), 1);
		EQ(r.out, good[i].bits);
		EQ(r.burst, 3);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct rate r = {0};
		char option[64];

		(void)str_format(option, sizeof(option), "rate-out=%s", bad[i]);
		EQ(rate_option(&err, option, &r), -EINVAL);
		EQ(err.code, ERR_USAGE);
	}
}

TEST(bursts)
{
	static const char *const bad[] = {"", "k", "1599", "2g", "-1", "1.5k", "10kbit", "64 k"};
	struct rate r = {0};

	EQ(rate_option(&err, "burst=1600", &r), 1);
	EQ(r.burst, 1600);
	EQ(rate_option(&err, "burst=64k", &r), 1);
	EQ(r.burst, 65536);
	EQ(rate_option(&err, "burst=1G", &r), 1);
	EQ(r.burst, 1 << 30);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char option[64];

		(void)str_format(option, sizeof(option), "burst=%s", bad[i]);
		EQ(rate_option(&err, option, &r), -EINVAL);
	}
	EQ(rate_option(&err, "ip=10.0.0.1", &r), 0);
	EQ(rate_option(&err, "rates=1mbit", &r), 0);
}

TEST(a_burst_holds_a_packet)
{
	const struct network usual = {0}, wide = {.mtu = 9000}, loopback = {.mtu = 65535};
	struct rate r = {.in = 8000, .burst = 1600};

	EQ(rate_check(&err, &r, &usual), 0);
	EQ(rate_check(&err, &r, &wide), -EINVAL);
	r.burst = 0;
	EQ(rate_check(&err, &r, &wide), 0);
	EQ(rate_check(&err, &r, &loopback), -EINVAL);
	r = (struct rate){.burst = 1600};
	EQ(rate_check(&err, &r, &usual), -EINVAL);
}

TEST(a_parent_has_no_rates)
{
	const struct network n = {.kind = NETWORK_MACVLAN};
	struct rate r = {.in = 8000};

	EQ(rate_check(&err, &r, &n), -EOPNOTSUPP);
	r = (struct rate){0};
	EQ(rate_check(&err, &r, &n), 0);
}

TEST(burst_that_nobody_asked_for)
{
	struct rate r = {0};

	EQ(rate_burst(&r, 8000), 32768);
	EQ(rate_burst(&r, 1000000000), 2500000);
	r.burst = 2000;
	EQ(rate_burst(&r, 1000000000), 2000);
}
