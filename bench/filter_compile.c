/*
 * filter_compile: tables of verdicts by system call number to classic BPF.
 *
 * Classic BPF only jumps forward, so code is emitted from its end towards its start: every target
 * is known when a jump to it is written. A label is the number of instructions from that one to
 * the end. Conditional jumps reach 255 instructions; further targets get a stepping stone.
 */
#include "filter_gen.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	REACH = 250, /* some way below 255: the second target's stepping stone moves the first */
	ACTIONS_MAX = 16,
};

struct emitter {
	struct sock_filter code[BPF_MAXINSNS]; /* filled from the end */
	size_t n;
	struct {
		uint32_t action;
		size_t label;
	} rets[ACTIONS_MAX]; /* the nearest return of each action */
	size_t n_rets;
	bool full;
};

struct range {
	uint32_t first;
	bool plain;
	uint32_t action;	       /* of a plain one */
	const struct verdict *verdict; /* of one with conditions */
};

static size_t emit(struct emitter *e, int code, uint32_t k, size_t jt, size_t jf)
{
	if (e->n == BPF_MAXINSNS) {
		e->full = true;
		return e->n;
	}
	e->n++;
	e->code[BPF_MAXINSNS - e->n] = (struct sock_filter){
		.code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k};
	return e->n;
}

static size_t near(struct emitter *e, size_t label)
{
	const struct sock_filter *target = &e->code[BPF_MAXINSNS - label];

	if (e->n - label <= REACH)
		return label;
	if (target->code == (BPF_RET | BPF_K))
		return emit(e, BPF_RET | BPF_K, target->k, 0, 0);
	return emit(e, BPF_JMP | BPF_JA, (uint32_t)(e->n - label), 0, 0);
}

static size_t jump(struct emitter *e, int op, uint32_t k, size_t yes, size_t no)
{
	yes = near(e, yes);
	no = near(e, no);
	return emit(e, BPF_JMP | op | BPF_K, k, e->n - yes, e->n - no);
}

static size_t ret(struct emitter *e, uint32_t action)
{
	size_t i = 0;

	while (i < e->n_rets && e->rets[i].action != action)
		i++;
	if (i < e->n_rets && e->n - e->rets[i].label <= REACH)
		return e->rets[i].label;
	if (i == ACTIONS_MAX) {
		e->full = true;
		return 0;
	}
	e->rets[i].action = action;
	e->rets[i].label = emit(e, BPF_RET | BPF_K, action, 0, 0);
	if (i == e->n_rets)
		e->n_rets++;
	return e->rets[i].label;
}

static size_t load(struct emitter *e, size_t offset)
{
	return emit(e, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Tests one 32-bit half of an argument (little endian: the low half is first). */
static size_t test_half(struct emitter *e, const struct arg *a, bool high, size_t yes, size_t no)
{
	const unsigned shift = high ? 32 : 0;
	const uint64_t want = a->cmp == CMP_MASKED_EQ ? a->value_two : a->value;

	jump(e, BPF_JEQ, (uint32_t)(want >> shift), yes, no);
	if (a->cmp == CMP_MASKED_EQ)
		emit(e, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(a->value >> shift), 0, 0);
	return load(e, offsetof(struct seccomp_data, args) + a->index * sizeof(uint64_t) +
			       (high ? sizeof(uint32_t) : 0));
}

static size_t test_arg(struct emitter *e, const struct arg *a, size_t match, size_t fail)
{
	const size_t equal = a->cmp == CMP_NE ? fail : match;
	const size_t differs = a->cmp == CMP_NE ? match : fail;
	const size_t low = test_half(e, a, false, equal, differs);

	return test_half(e, a, true, low, differs);
}

static size_t rules(struct emitter *e, const struct verdict *v, uint32_t default_action)
{
	size_t next = ret(e, default_action);

	for (unsigned r = v->n_rules; r-- > 0;) {
		const struct rule *rule = &v->rules[r];
		size_t match = ret(e, rule->action);

		for (unsigned i = rule->n_args; i-- > 0;)
			match = test_arg(e, &rule->args[i], match, next);
		next = match;
	}
	return next;
}

/* Neighbouring numbers with the same plain action become one range. */
static size_t make_ranges(const struct profile *p, const struct arch_table *t, struct range *ranges)
{
	size_t n = 0;

	for (uint32_t nr = 0; nr < PROFILE_NR_MAX; nr++) {
		const struct verdict *v = &t->nr[nr];
		struct range r = {.first = t->base | nr, .plain = true, .verdict = v};

		if (v->n_rules == 0)
			r.action = p->default_action;
		else if (v->rules[0].n_args == 0)
			r.action = v->rules[0].action;
		else
			r.plain = false;
		if (n > 0 && r.plain && ranges[n - 1].plain && ranges[n - 1].action == r.action)
			continue;
		ranges[n++] = r;
	}
	return n;
}

static size_t tree(struct emitter *e, const struct range *r, size_t n, uint32_t default_action)
{
	const size_t mid = n / 2;
	size_t above, below;

	if (n == 1)
		return r->plain ? ret(e, r->action) : rules(e, r->verdict, default_action);
	above = tree(e, r + mid, n - mid, default_action);
	below = tree(e, r, mid, default_action);
	return jump(e, BPF_JGE, r[mid].first, above, below);
}

static size_t arch_code(struct emitter *e, const struct profile *p, uint32_t audit, uint32_t base)
{
	static struct range ranges[PROFILE_NR_MAX];
	size_t n;

	for (size_t a = 0; a < p->n_archs; a++) {
		if (p->archs[a].audit != audit || p->archs[a].base != base)
			continue;
		n = make_ranges(p, &p->archs[a], ranges);
		return tree(e, ranges, n, p->default_action);
	}
	return ret(e, SECCOMP_RET_KILL_THREAD);
}

size_t compile(const struct profile *p, struct sock_filter *insns)
{
	struct emitter *e = calloc(1, sizeof(*e));
	size_t other = 0, n = 0;

	if (!e)
		return 0;
	other = ret(e, SECCOMP_RET_KILL_THREAD);
	for (size_t a = p->n_archs; a-- > 0;) {
		const struct arch_table *t = &p->archs[a];
		size_t x32, mine;

		if (t->base != 0)
			continue; /* shares its audit value with its 64-bit sibling */
		x32 = t->audit == AUDIT_ARCH_X86_64 ? arch_code(e, p, t->audit, X32_BIT) : 0;
		mine = arch_code(e, p, t->audit, 0);
		if (x32)
			jump(e, BPF_JGE, X32_BIT, x32, mine);
		mine = load(e, offsetof(struct seccomp_data, nr));
		other = jump(e, BPF_JEQ, t->audit, mine, other);
	}
	load(e, offsetof(struct seccomp_data, arch));
	n = e->full ? 0 : e->n;
	memcpy(insns, e->code + BPF_MAXINSNS - n, n * sizeof(*insns));
	free(e);
	return n;
}
