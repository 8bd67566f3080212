/* Strict number parsing and string helpers: see str.h. */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>

int str_to_u64(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s || !*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return -ERANGE;
	}
	*ret = v;
	return 0;
}

int str_to_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = str_to_u64(s, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int str_to_i64(const char *s, int64_t *ret)
{
	bool negative = s && *s == '-';
	uint64_t v;
	int r = str_to_u64(negative ? s + 1 : s, &v);

	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int str_to_id(const char *s, uint32_t *ret)
{
	uint32_t v;
	int r = str_to_u32(s, &v);

	if (r < 0)
		return r;
	if (v == UINT32_MAX)
		return -ERANGE;
	*ret = v;
	return 0;
}

/* The unit at *s, in nanoseconds; 0 for none. */
static uint64_t duration_unit(const char **s)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000},	/* micro sign */
		{"\xce\xbcs", 1000},	/* Greek mu */
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60 * 1000000000ull},
		{"h", 3600 * 1000000000ull},
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		const char *rest = str_after(*s, units[i].name);

		if (!rest)
			continue;
		*s = rest;
		return units[i].ns;
	}
	return 0;
}

/* "1.5h" at *s: a number, perhaps with a fraction, and its unit. */
static int duration_part(const char **s, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, scale = 1, unit;
	const char *start = *s;

	for (; **s >= '0' && **s <= '9'; ++*s)
		if (__builtin_mul_overflow(whole, 10u, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(**s - '0'), &whole))
			return -ERANGE;
	if (**s == '.') {
		start++;
		for (++*s; **s >= '0' && **s <= '9'; ++*s) {
			if (scale >= 1000000)	/* with hours still below 2^64 */
				continue;
			part = part * 10 + (uint64_t)(**s - '0');
			scale *= 10;
		}
	}
	if (*s == start)
		return -EINVAL;
	unit = duration_unit(s);
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, part * unit / scale, ret))
		return -ERANGE;
	return 0;
}

int str_to_duration(const char *s, int64_t *ret_ns)
{
	bool negative = *s == '-';
	uint64_t sum = 0, part;

	s += *s == '-' || *s == '+';
	if (str_eq(s, "0")) {
		*ret_ns = 0;
		return 0;
	}
	do {
		int r = duration_part(&s, &part);

		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, part, &sum) || sum > INT64_MAX)
			return -ERANGE;
	} while (*s);
	*ret_ns = negative ? -(int64_t)sum : (int64_t)sum;
	return 0;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

const char *str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return str_after(s, prefix) != NULL;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

int str_lookup(const char *const *table, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (table[i] && strcmp(table[i], s) == 0)
			return (int)i;
	return -1;
}

int str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}
