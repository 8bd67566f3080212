/* netns/usage: sums of counters that begin again now and then. */
#include "t.h"

#include "../../src/netns/usage.h"

static const char first[] = "0123456789abcdef0123456789abcdef";
static const char second[] = "fedcba9876543210fedcba9876543210";

static void add(struct usage *u, const char *mark, uint64_t bytes, uint32_t month)
{
	const struct usage_sum now = {.v = {[USAGE_OUT6_BYTES] = bytes}};

	usage_add(u, mark, &now, month);
}

TEST(counters_of_one_life)
{
	struct usage u = {0};

	add(&u, first, 100, 202611);
	add(&u, first, 100, 202611);
	EQ(u.total.v[USAGE_OUT6_BYTES], 100);
	add(&u, first, 150, 202611);
	EQ(u.total.v[USAGE_OUT6_BYTES], 150);
	EQ(u.total.v[USAGE_IN4_BYTES], 0);
	/* Flushed meanwhile. */
	add(&u, first, 30, 202611);
	EQ(u.total.v[USAGE_OUT6_BYTES], 180);
	add(&u, first, 31, 202611);
	EQ(u.total.v[USAGE_OUT6_BYTES], 181);
}

TEST(another_life)
{
	struct usage u = {0};

	add(&u, first, 100, 202611);
	add(&u, second, 200, 202611);
	EQ(u.total.v[USAGE_OUT6_BYTES], 300);
	add(&u, second, 201, 202611);
	EQ(u.total.v[USAGE_OUT6_BYTES], 301);
}

TEST(months)
{
	struct usage u = {0};

	add(&u, first, 100, 202611);
	add(&u, first, 150, 202612);
	EQ(u.months[0].month, 202612);
	EQ(u.months[0].sum.v[USAGE_OUT6_BYTES], 50);
	EQ(u.months[1].month, 202611);
	EQ(u.months[1].sum.v[USAGE_OUT6_BYTES], 100);
	EQ(u.total.v[USAGE_OUT6_BYTES], 150);
	for (uint32_t i = 1; i <= USAGE_MONTHS; i++)
		add(&u, first, 150 + i, 202700 + i);
	EQ(u.months[0].month, 202713);
	EQ(u.months[USAGE_MONTHS - 1].month, 202701);
	EQ(u.total.v[USAGE_OUT6_BYTES], 163);
}
