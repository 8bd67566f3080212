/*
 * Argument rules as BPF: comparisons of 64-bit arguments by words, alternatives in
 * the order of strictness, and what the multiplexing calls of x86 let through.
 */
#include "runtime/seccomp_internal.h"

#define WORD_MAX 0xffffffffu

static uint32_t low_word(uint64_t v)
{
	return (uint32_t)v;
}

static uint32_t high_word(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

/* Offsets of the words of an argument. Both architecture families are little endian. */
static uint32_t low_offset(uint32_t arg)
{
	return (uint32_t)offsetof(struct seccomp_data, args) + arg * 8;
}

static uint32_t high_offset(uint32_t arg)
{
	return low_offset(arg) + 4;
}

/* t when (word & mask) == value, else f. */
static uint32_t emit_masked(struct seccomp_emitter *m, uint32_t offset, uint32_t mask,
			    uint32_t value, uint32_t t, uint32_t f)
{
	uint32_t l;

	if (mask == 0)
		return t;
	if (mask == WORD_MAX)
		return seccomp_emit_load(m, offset, seccomp_emit_jump(m, BPF_JEQ, value, t, f));
	if (value == 0)
		return seccomp_emit_load(m, offset, seccomp_emit_jump(m, BPF_JSET, mask, f, t));
	if (value == mask && (mask & (mask - 1)) == 0)
		return seccomp_emit_load(m, offset, seccomp_emit_jump(m, BPF_JSET, mask, t, f));
	l = seccomp_emit_jump(m, BPF_JEQ, value, t, f);
	return seccomp_emit_load(m, offset, seccomp_emit_and(m, mask, l));
}

/* t when the argument is greater than value (code BPF_JGT) or not smaller (BPF_JGE), else f. */
static uint32_t emit_order(struct seccomp_emitter *m, uint16_t code, const struct seccomp_cond *c,
			   bool narrow, uint32_t t, uint32_t f)
{
	uint32_t high = high_word(c->value), low = low_word(c->value);
	uint32_t l;

	if (code == BPF_JGE && low == 0 && (narrow || high == 0))
		return t;
	l = seccomp_emit_load(m, low_offset(c->arg), seccomp_emit_jump(m, code, low, t, f));
	if (narrow)
		return l;
	if (high == 0) {	/* above 0 is not 0 */
		l = seccomp_emit_jump(m, BPF_JEQ, 0, l, t);
	} else {
		l = seccomp_emit_jump(m, BPF_JEQ, high, l, f);
		l = seccomp_emit_jump(m, BPF_JGT, high, t, l);
	}
	return seccomp_emit_load(m, high_offset(c->arg), l);
}

static uint32_t emit_equal(struct seccomp_emitter *m, const struct seccomp_cond *c, bool narrow,
			   uint32_t t, uint32_t f)
{
	uint32_t l =
		emit_masked(m, low_offset(c->arg), low_word(c->mask), low_word(c->value), t, f);

	if (narrow)
		return l;
	return emit_masked(m, high_offset(c->arg), high_word(c->mask), high_word(c->value), l, f);
}

static uint32_t emit_cond(struct seccomp_emitter *m, const struct seccomp_cond *c, bool narrow,
			  uint32_t t, uint32_t f)
{
	switch (c->op) {
	case OP_EQ:
	case OP_MASKED_EQ:
		return emit_equal(m, c, narrow, t, f);
	case OP_NE:
		return emit_equal(m, c, narrow, f, t);
	case OP_GT:
		return emit_order(m, BPF_JGT, c, narrow, t, f);
	case OP_LE:
		return emit_order(m, BPF_JGT, c, narrow, f, t);
	case OP_GE:
		return emit_order(m, BPF_JGE, c, narrow, t, f);
	case OP_LT:
		return emit_order(m, BPF_JGE, c, narrow, f, t);
	}
	return f;
}

/* Whether c compares the whole low word for equality. */
static bool is_low_eq(const struct seccomp_cond *c)
{
	return (c->op == OP_EQ || c->op == OP_MASKED_EQ) && low_word(c->mask) == WORD_MAX;
}

static bool same_cond(const struct seccomp_cond *a, const struct seccomp_cond *b)
{
	return a->op == b->op && a->arg == b->arg && a->mask == b->mask && a->value == b->value;
}

/* Whether b differs from a only in the low word that its last condition wants: a list of values,
 * by far the most frequent form. */
static bool same_but_low(const struct seccomp_alt *a, const struct seccomp_alt *b, bool narrow)
{
	const struct seccomp_cond *x, *y;

	if (a->action != b->action || a->n != b->n || a->n == 0)
		return false;
	for (size_t i = 0; i + 1 < a->n; i++)
		if (!same_cond(&a->conds[i], &b->conds[i]))
			return false;
	x = &a->conds[a->n - 1];
	y = &b->conds[b->n - 1];
	return is_low_eq(x) && is_low_eq(y) && x->arg == y->arg &&
	       (narrow || (high_word(x->mask) == high_word(y->mask) &&
			   high_word(x->value) == high_word(y->value)));
}

/* Appends a number, which goes to t, to the ranges of a background f. */
static size_t add_value(struct seccomp_range *r, size_t n, uint32_t value, uint32_t t, uint32_t f)
{
	if (r[n - 1].to == f && r[n - 1].first == value)	/* the one before was value - 1 */
		n--;
	if (n == 0 || r[n - 1].to != t)
		r[n++] = (struct seccomp_range){ .first = value, .to = t };
	if (value < WORD_MAX)
		r[n++] = (struct seccomp_range){ .first = value + 1, .to = f };
	return n;
}

/* The last conditions of a list of alternatives that differ by low word: one search. */
static uint32_t emit_values(struct seccomp_emitter *m, const struct seccomp_alt *alts, size_t n,
			    bool narrow, uint32_t t, uint32_t f)
{
	const struct seccomp_cond *c = &alts[0].conds[alts[0].n - 1];
	struct seccomp_range *r = arena_array(m->arena, 2 * n + 2, sizeof(*r));
	uint32_t *values = arena_array(m->arena, n, sizeof(*values));
	size_t count = 1;
	uint32_t l;

	if (!r || !values) {
		m->nomem = true;
		return f;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t v = low_word(alts[i].conds[alts[i].n - 1].value);
		size_t at = i;

		for (; at > 0 && values[at - 1] > v; at--)
			values[at] = values[at - 1];
		values[at] = v;
	}
	r[0] = (struct seccomp_range){ .first = 0, .to = f };
	for (size_t i = 0; i < n; i++)
		if (i == 0 || values[i] != values[i - 1])
			count = add_value(r, count, values[i], t, f);
	l = seccomp_emit_load(m, low_offset(c->arg),
			      seccomp_emit_tree(m, r, count, UINT64_C(1) << 32));
	if (narrow)
		return l;
	return emit_masked(m, high_offset(c->arg), high_word(c->mask), high_word(c->value), l, f);
}

uint32_t seccomp_emit_alts(struct seccomp_emitter *m, const struct seccomp_alt *alts, size_t n,
			   bool narrow)
{
	uint32_t next = LABEL(LABEL_RET, 0);

	while (n > 0 && !m->full) {
		const struct seccomp_alt *alt = &alts[n - 1];
		size_t same = 1, conds = alt->n;
		uint32_t l = LABEL(LABEL_RET, alt->action);

		while (same < n && same_but_low(alt, alt - same, narrow))
			same++;
		if (same > 1) {
			l = emit_values(m, alt - same + 1, same, narrow, l, next);
			conds--;
		}
		while (conds-- > 0)
			l = emit_cond(m, &alt->conds[conds], narrow, l, next);
		next = l;
		n -= same;
	}
	return next;
}

/* Strictest first, else in the order of the profile. */
static void sort_alts(const struct seccomp_rules *r, struct seccomp_alt *alts, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct seccomp_alt alt = alts[i];
		size_t at = i;

		for (; at > 0 &&
		       seccomp_stricter(r->actions[alt.action], r->actions[alts[at - 1].action]);
		     at--)
			alts[at] = alts[at - 1];
		alts[at] = alt;
	}
}

static size_t chain_length(const struct seccomp_rules *r, uint32_t chain)
{
	size_t n = 0;

	for (; chain; chain = r->chains[chain].prev)
		n += r->chains[chain].alt_count;
	return n;
}

/* The n alternatives of a chain in the order of the profile. */
static void chain_collect(const struct seccomp_rules *r, uint32_t chain, struct seccomp_alt *alts,
			  size_t n)
{
	for (; chain; chain = r->chains[chain].prev) {
		const struct seccomp_chain *c = &r->chains[chain];

		n -= c->alt_count;
		for (uint32_t i = 0; i < c->alt_count; i++)
			alts[n + i] = r->alts[c->alt + i];
	}
}

uint32_t seccomp_emit_chain(struct seccomp_emitter *m, uint32_t chain, bool narrow)
{
	unsigned short *at = &m->chain_at[narrow][chain];
	size_t n = chain_length(m->rules, chain);
	struct seccomp_alt *alts;
	uint32_t l;

	if (*at)
		return LABEL(LABEL_AT, *at);
	if (n > BPF_MAXINSNS) {
		m->full = true;
		return LABEL(LABEL_RET, 0);
	}
	alts = arena_array(m->arena, n, sizeof(*alts));
	if (!alts) {
		m->nomem = true;
		return LABEL(LABEL_RET, 0);
	}
	chain_collect(m->rules, chain, alts, n);
	sort_alts(m->rules, alts, n);
	l = seccomp_emit_alts(m, alts, n, narrow);
	if (l >> LABEL_SHIFT == LABEL_AT)
		*at = (unsigned short)(l & UINT16_MAX);
	return l;
}

uint32_t seccomp_emit_mux(struct seccomp_emitter *m, unsigned int mux)
{
	uint32_t l;

	if (m->mux[mux].at)
		return LABEL(LABEL_AT, m->mux[mux].at);
	l = seccomp_emit_alts(m, m->mux[mux].alts, m->mux[mux].n, true);
	if (l >> LABEL_SHIFT == LABEL_AT)
		m->mux[mux].at = (unsigned short)(l & UINT16_MAX);
	return l;
}

/* What a filter can say about a call behind a multiplexer: index of an action. The arguments are
 * in memory, so argument rules can only count as if they all held. */
static uint32_t blind_action(const struct seccomp_rules *r, const struct seccomp_verdict *v)
{
	if (v->action)
		return v->action - 1u;
	if (v->strictest && seccomp_stricter(r->actions[v->strictest - 1], r->actions[0]))
		return v->strictest - 1u;
	return 0;
}

static int mux_prepare(struct seccomp_emitter *m, unsigned int i)
{
	const struct seccomp_rules *r = m->rules;
	const struct seccomp_mux *mux = &seccomp_muxes[i];
	int own = seccomp_name_find(mux->name);
	uint32_t chain = r->verdicts[own].chain;
	size_t n = chain_length(r, chain), max = ARRAY_SIZE(mux->calls);
	struct seccomp_cond *conds = arena_array(m->arena, max, sizeof(*conds));
	struct seccomp_alt *alts = arena_array(m->arena, n + max, sizeof(*alts));

	if (!conds || !alts)
		return -ENOMEM;
	chain_collect(r, chain, alts, n);
	for (size_t c = 0; mux->calls[c].name; c++) {
		int index = seccomp_name_find(mux->calls[c].name);
		uint32_t action = blind_action(r, &r->verdicts[index]);
		bool strict = seccomp_stricter(r->actions[action], r->actions[0]);

		m->mux[i].calls[m->mux[i].call_count++] = index;
		if (action == 0)
			continue;
		/* Bits that the kernel ignores must not help around a prohibition. */
		conds[c] = (struct seccomp_cond){
			.op = OP_MASKED_EQ,
			.mask = strict ? mux->mask : UINT64_MAX,
			.value = mux->calls[c].selector,
		};
		alts[n++] = (struct seccomp_alt){ action, 1, &conds[c] };
	}
	sort_alts(r, alts, n);
	m->mux[i].index = own;
	m->mux[i].alts = alts;
	m->mux[i].n = n;
	return 0;
}

int seccomp_mux_prepare(struct seccomp_emitter *m)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < MUXES; i++)
		r = mux_prepare(m, i);
	return r;
}
