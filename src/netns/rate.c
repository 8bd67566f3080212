/* Rates as people write them: see rate.h. Input: options of the command line. */
#include "rate.h"

#include <strings.h>

#define RATE_MIN 8000u			/* bits per second */
/* The kernel counts a second's bytes in nanoseconds of 64 bits (nft_limit.c). */
#define RATE_MAX UINT64_C(100000000000)
#define BURST_MIN 1600u			/* a packet of 1500 bytes */
#define BURST_MAX (1u << 30)
#define BURST_DEFAULT_MIN (32u << 10)
#define MTU_DEFAULT 1500u

struct unit {
	const char *name;
	uint64_t factor;
};

/* As in tc(8): "bit" in bits, "bps" in bytes per second, "ki" of 1024. */
static const struct unit rate_units[] = {
	{"", 1},
	{"bit", 1},
	{"kbit", 1000},
	{"mbit", 1000000},
	{"gbit", 1000000000},
	{"kibit", 1 << 10},
	{"mibit", 1 << 20},
	{"gibit", 1 << 30},
	{"bps", 8},
	{"kbps", 8000},
	{"mbps", 8000000},
	{"gbps", 8000000000},
	{"kibps", 8 << 10},
	{"mibps", 8 << 20},
	{"gibps", UINT64_C(8) << 30},
};
/* Sizes: always of 1024. */
static const struct unit size_units[] = {
	{"", 1},	{"b", 1},	 {"k", 1 << 10}, {"kb", 1 << 10},
	{"m", 1 << 20}, {"mb", 1 << 20}, {"g", 1 << 30}, {"gb", 1 << 30},
};

/* A whole number and a unit of the table. */
static int parse(const char *text, const struct unit *units, size_t n, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t number;
	char word[24];
	int r = str_format(word, sizeof(word), "%.*s", (int)digits, text);

	if (r == 0)
		r = str_to_u64(word, &number);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(text + digits, units[i].name) == 0)
			return __builtin_mul_overflow(number, units[i].factor, ret) ? -ERANGE : 0;
	return -EINVAL;
}

static int take_rate(struct err *e, const char *option, const char *text, uint64_t *ret)
{
	int r;

	*ret = 0;
	if (str_eq(text, "none"))
		return 1;
	r = parse(text, rate_units, ARRAY_SIZE(rate_units), ret);
	if (r == -EINVAL)
		return err_set(e, ERR_USAGE,
			       "%s: \"%.40s\" is no rate: want a whole number and bit, kbit, mbit, "
			       "gbit (per second), bps, kbps, mbps, gbps (bytes), or none",
			       option, text);
	if (r < 0 || *ret < RATE_MIN || *ret > RATE_MAX)
		return err_set(e, ERR_USAGE, "%s: %.40s: want 8kbit to 100gbit", option, text);
	return 1;
}

static int take_burst(struct err *e, const char *text, uint32_t *ret)
{
	uint64_t bytes = 0;
	int r = parse(text, size_units, ARRAY_SIZE(size_units), &bytes);

	if (r == -EINVAL)
		return err_set(e, ERR_USAGE,
			       "burst: \"%.40s\" is no size: want a whole number of bytes, with k, "
			       "m or g of 1024",
			       text);
	if (r < 0 || bytes < BURST_MIN || bytes > BURST_MAX)
		return err_set(e, ERR_USAGE, "burst: %.40s: want 1600 to 1g bytes", text);
	*ret = (uint32_t)bytes;
	return 1;
}

int rate_option(struct err *e, const char *option, struct rate *r)
{
	const char *value;
	int done;

	if ((value = str_after(option, "rate="))) {
		done = take_rate(e, "rate", value, &r->in);
		if (done > 0)
			r->out = r->in;
		return done;
	}
	if ((value = str_after(option, "rate-in=")))
		return take_rate(e, "rate-in", value, &r->in);
	if ((value = str_after(option, "rate-out=")))
		return take_rate(e, "rate-out", value, &r->out);
	if ((value = str_after(option, "burst=")))
		return take_burst(e, value, &r->burst);
	return 0;
}

int rate_check(struct err *e, const struct rate *r, const struct network *n)
{
	uint32_t need = (n->mtu ? n->mtu : MTU_DEFAULT) + 100;
	uint32_t burst = r->burst ? r->burst : BURST_DEFAULT_MIN;

	if (rate_is_set(r) && network_has_parent(n->kind))
		return err_set(e, ERR_UNSUPPORTED,
			       "rate: the host does not see what passes through a %s; "
			       "use a bridge or a routed network",
			       network_kind_names[n->kind]);
	if (r->burst && !r->in && !r->out)
		return err_set(e, ERR_USAGE, "burst: there is no rate to exceed");
	if ((r->in || r->out) && burst < need)
		return err_set(e, ERR_USAGE,
			       "burst: %u is less than a packet of the network's MTU: want %u",
			       burst, need);
	return 0;
}

uint32_t rate_burst(const struct rate *r, uint64_t bits_per_second)
{
	uint64_t burst = r->burst ? r->burst : bits_per_second / 8 / 50;

	if (!r->burst && burst < BURST_DEFAULT_MIN)
		burst = BURST_DEFAULT_MIN;
	return (uint32_t)(burst > BURST_MAX ? BURST_MAX : burst);
}
