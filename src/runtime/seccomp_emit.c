/*
 * Writes BPF from the end to the start: every target is known when a jump to it is
 * written, and how far it is. A conditional jump reaches 255 instructions; a return
 * that is too far is written again, anything else gets an unconditional jump in between.
 */
#include "runtime/seccomp_internal.h"

/* Two more instructions may come between choosing a target and the jump. */
#define REACH (UINT8_MAX - 2)
/* Instructions to begin with: fits the usual profiles, and memory that is not touched first costs
 * more than writing the program. */
#define FIRST_CAPACITY 512
/* Single numbers that a leaf of the tree compares one after the other. */
#define LEAF_SINGLES 3

static enum label_kind label_kind(uint32_t l)
{
	return (enum label_kind)(l >> LABEL_SHIFT);
}

static uint32_t label_index(uint32_t l)
{
	return l & ((1u << LABEL_SHIFT) - 1);
}

int seccomp_emit_init(struct seccomp_emitter *m, struct arena *a, const struct seccomp_rules *r)
{
	*m = (struct seccomp_emitter){ .rules = r, .arena = a };
	m->capacity = FIRST_CAPACITY;
	m->insns = arena_array(a, m->capacity, sizeof(*m->insns));
	for (int i = 0; i < 2; i++)
		m->chain_at[i] = arena_array(a, r->chain_count, sizeof(*m->chain_at[i]));
	return m->insns && m->chain_at[0] && m->chain_at[1] ? 0 : -ENOMEM;
}

/* Makes room for one more. Positions do not change: they count from the end. */
static bool grow(struct seccomp_emitter *m)
{
	struct sock_filter *bigger;

	m->full |= m->count == BPF_MAXINSNS;
	if (m->full || m->nomem)
		return false;
	bigger = arena_array(m->arena, 2 * m->capacity, sizeof(*bigger));
	if (!bigger) {
		m->nomem = true;
		return false;
	}
	memcpy(bigger + m->capacity, m->insns, m->capacity * sizeof(*bigger));
	m->insns = bigger;
	m->capacity *= 2;
	return true;
}

/* Returns the position of the new instruction. */
static unsigned int emit(struct seccomp_emitter *m, uint16_t code, unsigned int jt, unsigned int jf,
			 uint32_t k)
{
	if (m->count == m->capacity && !grow(m))
		return m->count;
	m->count++;
	m->insns[m->capacity - m->count] = (struct sock_filter){
		.code = code,
		.jt = (uint8_t)jt,
		.jf = (uint8_t)jf,
		.k = k,
	};
	return m->count;
}

/* A position within reach of the next jump that leads to l. */
static unsigned int near(struct seccomp_emitter *m, uint32_t l)
{
	uint32_t index = label_index(l);

	if (label_kind(l) == LABEL_AT) {
		if (m->count - index <= REACH)
			return index;
		return emit(m, BPF_JMP | BPF_JA, 0, 0, m->count - index);
	}
	if (!m->rets[index] || m->count - m->rets[index] > REACH)
		m->rets[index] =
			(unsigned short)emit(m, BPF_RET | BPF_K, 0, 0, m->rules->actions[index]);
	return m->rets[index];
}

/* Argument rules are written where they are first needed. */
static uint32_t resolve(struct seccomp_emitter *m, uint32_t l)
{
	switch (label_kind(l)) {
	case LABEL_WIDE:
	case LABEL_NARROW:
		return seccomp_emit_chain(m, label_index(l), label_kind(l) == LABEL_NARROW);
	case LABEL_MUX:
		return seccomp_emit_mux(m, label_index(l));
	default:
		return l;
	}
}

uint32_t seccomp_emit_jump(struct seccomp_emitter *m, uint16_t code, uint32_t k, uint32_t t,
			   uint32_t f)
{
	unsigned int at_t, at_f;

	if (t == f)
		return t;
	at_t = near(m, t);
	at_f = near(m, f);
	return LABEL(LABEL_AT, emit(m, (uint16_t)(BPF_JMP | BPF_K | code), m->count - at_t,
				    m->count - at_f, k));
}

uint32_t seccomp_emit_load(struct seccomp_emitter *m, uint32_t offset, uint32_t l)
{
	if (l != LABEL(LABEL_AT, m->count))	/* the comparison turned out to be needless */
		return l;
	return LABEL(LABEL_AT, emit(m, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset));
}

uint32_t seccomp_emit_and(struct seccomp_emitter *m, uint32_t mask, uint32_t l)
{
	if (l != LABEL(LABEL_AT, m->count))
		return l;
	return LABEL(LABEL_AT, emit(m, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask));
}

void seccomp_emit_start(struct seccomp_emitter *m, uint32_t l)
{
	if (l == LABEL(LABEL_AT, m->count))
		return;
	if (label_kind(l) == LABEL_AT)
		emit(m, BPF_JMP | BPF_JA, 0, 0, m->count - label_index(l));
	else
		emit(m, BPF_RET | BPF_K, 0, 0, m->rules->actions[label_index(l)]);
}

/* Few single numbers in a background of one verdict: compared in turn, which takes fewer
 * instructions than splitting. Returns false when the ranges do not look like that. */
static bool emit_leaf(struct seccomp_emitter *m, const struct seccomp_range *r, size_t n,
		      uint64_t end, uint32_t background, uint32_t *ret)
{
	size_t singles = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t next = i + 1 < n ? r[i + 1].first : end;

		if (r[i].to == background)
			continue;
		if (next - r[i].first != 1 || ++singles > LEAF_SINGLES)
			return false;
	}
	*ret = resolve(m, background);
	for (size_t i = n; i-- > 0;) {
		if (r[i].to != background)
			*ret = seccomp_emit_jump(m, BPF_JEQ, r[i].first, resolve(m, r[i].to), *ret);
	}
	return true;
}

uint32_t seccomp_emit_tree(struct seccomp_emitter *m, const struct seccomp_range *r, size_t n,
			   uint64_t end)
{
	size_t mid = n / 2;
	uint32_t low, high;

	if (n == 1)
		return resolve(m, r[0].to);
	if (n <= 2 * LEAF_SINGLES + 1 &&
	    (emit_leaf(m, r, n, end, r[0].to, &low) || emit_leaf(m, r, n, end, r[1].to, &low)))
		return low;
	high = seccomp_emit_tree(m, r + mid, n - mid, end);
	low = seccomp_emit_tree(m, r, mid, r[mid].first);
	return seccomp_emit_jump(m, BPF_JGE, r[mid].first, high, low);
}
