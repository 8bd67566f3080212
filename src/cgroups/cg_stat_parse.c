/*
 * Parsers of flat statistics files: numbers, "KEY VALUE" lines, pressure.
 * Input: text of the kernel; but nothing depends on its being well-formed. Unknown keys are
 * skipped, what is no number counts as absent.
 */
#include "cg_stat_parse.h"

#define KEY_LEN_MAX 64

void cg_parse_value(struct slice s, struct opt_u64 *ret)
{
	uint64_t v = CG_NO_LIMIT;

	if (slice_is(s, "max") || slice_to_u64(s, &v) == 0)
		*ret = (struct opt_u64){ .set = true, .v = v };
}

void cg_parse_keys(struct slice text, const struct cg_stat_key *keys, void *base)
{
	struct slice line, key, value;

	while (slice_line(&text, &line)) {
		if (!slice_word(&line, &key) || !slice_word(&line, &value))
			continue;
		for (const struct cg_stat_key *k = keys; k->key; k++)
			if (slice_is(key, k->key))
				cg_parse_value(value, (void *)((char *)base + k->offset));
	}
}

static size_t count_lines(struct slice text)
{
	struct slice line;
	size_t n = 0;

	while (n < CG_STAT_KEYS_MAX && slice_line(&text, &line))
		n++;
	return n;
}

/* Keys end up as members of documents. */
static bool is_key(struct slice s)
{
	if (s.n > KEY_LEN_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

int cg_parse_pairs(struct arena *a, struct slice text, struct cg_pairs *ret)
{
	size_t room = count_lines(text);
	struct slice line, key, word;

	ret->n = 0;
	ret->v = arena_array(a, room, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	while (ret->n < room && slice_line(&text, &line)) {
		struct opt_u64 value = { .set = false };
		struct cg_pair *pair = &ret->v[ret->n];

		if (!slice_word(&line, &key) || !is_key(key) || !slice_word(&line, &word))
			continue;
		cg_parse_value(word, &value);
		if (!value.set)
			continue;
		pair->key = arena_strndup(a, key.p, key.n);
		pair->v = value.v;
		if (!pair->key)
			return -ENOMEM;
		ret->n++;
	}
	return 0;
}

/* "97.93" -> 9793; further digits are dropped. */
static bool parse_hundredths(struct slice s, uint32_t *ret)
{
	struct slice whole = s, part = { s.p, 0 };
	struct opt_u64 v = { .set = false };
	uint64_t sum;

	(void)slice_split(s, '.', &whole, &part);
	cg_parse_value(whole, &v);
	if (!v.set || v.v > UINT32_MAX / 100 - 1)
		return false;
	sum = v.v * 100;
	for (size_t i = 0; i < part.n; i++) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
		if (i < 2)
			sum += (uint64_t)(part.p[i] - '0') * (i == 0 ? 10 : 1);
	}
	*ret = (uint32_t)sum;
	return true;
}

/* The words after "some" or "full". All four must be there. */
static void parse_psi_line(struct slice line, struct cg_psi_line *ret)
{
	struct cg_psi_line l = { .set = true };
	struct slice word, key, value;
	unsigned int seen = 0;

	while (slice_word(&line, &word)) {
		struct opt_u64 total = { .set = false };

		if (!slice_split(word, '=', &key, &value))
			continue;
		if (slice_is(key, "avg10") && parse_hundredths(value, &l.avg10)) {
			seen |= 1;
		} else if (slice_is(key, "avg60") && parse_hundredths(value, &l.avg60)) {
			seen |= 2;
		} else if (slice_is(key, "avg300") && parse_hundredths(value, &l.avg300)) {
			seen |= 4;
		} else if (slice_is(key, "total")) {
			cg_parse_value(value, &total);
			l.total_usec = total.v;
			seen |= total.set ? 8 : 0;
		}
	}
	if (seen == 15)
		*ret = l;
}

void cg_parse_psi(struct slice text, struct cg_psi *ret)
{
	struct slice line, kind;

	while (slice_line(&text, &line)) {
		if (!slice_word(&line, &kind))
			continue;
		if (slice_is(kind, "some"))
			parse_psi_line(line, &ret->some);
		else if (slice_is(kind, "full"))
			parse_psi_line(line, &ret->full);
	}
}

void cg_parse_cpu_max(struct slice text, struct cg_cpu_stat *ret)
{
	struct slice line, word;

	if (!slice_line(&text, &line))
		return;
	if (slice_word(&line, &word))
		cg_parse_value(word, &ret->quota_usec);
	if (slice_word(&line, &word))
		cg_parse_value(word, &ret->period_usec);
}

bool cg_hugetlb_size(const char *name, char *buf, size_t size)
{
	const char *number = str_after(name, "hugepages-");
	struct opt_u64 kb = { .set = false };
	struct slice digits, rest;

	if (!number || !slice_split(slice_of(number), 'k', &digits, &rest) || !slice_is(rest, "B"))
		return false;
	cg_parse_value(digits, &kb);
	if (!kb.set || kb.v == 0 || kb.v == CG_NO_LIMIT)
		return false;
	if (kb.v >= 1u << 20)
		return str_format(buf, size, "%lluGB", (unsigned long long)(kb.v >> 20)) == 0;
	if (kb.v >= 1u << 10)
		return str_format(buf, size, "%lluMB", (unsigned long long)(kb.v >> 10)) == 0;
	return str_format(buf, size, "%lluKB", (unsigned long long)kb.v) == 0;
}
