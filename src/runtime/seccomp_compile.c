/*
 * linux.seccomp to a program: selects the architectures, lays the verdicts of all
 * numbers of each out as ranges and has them written as search trees.
 */
#include "runtime/seccomp_internal.h"

/* The program for one audit architecture. */
struct section {
	struct seccomp_range *ranges;
	size_t count;
};

/* What a number without a rule gets. */
struct outside {
	uint32_t listed, newer;	/* up to the largest number that the profile names, and above */
	uint32_t largest;
};

static int read_architectures(struct err *e, const struct spec_seccomp *s, bool *enabled)
{
	enabled[0] = true;
	for (size_t i = 0; i < s->architectures.n; i++) {
		const char *name = s->architectures.v[i];
		bool runs = false;

		if (!seccomp_arch_known(name))
			return err_set(e, ERR_CONFIG,
				       "linux.seccomp.architectures[%zu]: unknown architecture "
				       "\"%s\"",
				       i, name);
		for (size_t abi = 0; abi < seccomp_abi_count; abi++) {
			if (strcmp(seccomp_abis[abi].name, name) != 0)
				continue;
			enabled[abi] = true;
			runs = true;
		}
		if (!runs)
			log_debug("linux.seccomp.architectures[%zu]: %s ignored: this kernel never "
				  "runs it",
				  i, name);
	}
	return 0;
}

static int read_flags(struct err *e, const struct spec_seccomp *s, struct seccomp_program *p)
{
	/* As runc: no list at all (not an empty one) asks for no speculation mitigations, which
	 * kernels before 5.16 turn on for every filtered process. */
	if (!s->flags.v)
		p->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < s->flags.n; i++) {
		unsigned int flag;

		if (seccomp_flag_parse(s->flags.v[i], &flag) < 0)
			return err_set(e, ERR_CONFIG,
				       "linux.seccomp.flags[%zu]: unknown flag \"%s\"", i,
				       s->flags.v[i]);
		p->flags |= flag;
	}
	if (p->notify) {
		p->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		if (p->flags & SECCOMP_FILTER_FLAG_TSYNC)	/* both use the return value */
			p->flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	} else {		/* the kernel refuses it without a listener */
		p->flags &= ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	}
	return 0;
}

/* Adds numbers from `first` on; the next call goes on where these end. */
static void add_range(struct section *s, uint64_t first, uint32_t to)
{
	struct seccomp_range *last = s->count ? &s->ranges[s->count - 1] : NULL;

	if (first > UINT32_MAX)
		return;
	if (last && last->first == first)
		s->count--;		/* the one before was empty */
	if (s->count && s->ranges[s->count - 1].to == to)
		return;
	s->ranges[s->count++] = (struct seccomp_range){ .first = (uint32_t)first, .to = to };
}

/* The verdict of a call that the profile has rules for; false when it has none. */
static bool verdict_label(const struct seccomp_emitter *m, const struct seccomp_abi *abi,
			  uint16_t name, uint32_t *ret)
{
	const struct seccomp_verdict *v = &m->rules->verdicts[name - 1];

	if (v->action) {
		*ret = LABEL(LABEL_RET, v->action - 1);
		return true;
	}
	for (unsigned int i = 0; abi->muxed && i < MUXES; i++) {
		if (m->mux[i].n && m->mux[i].index == name - 1) {
			*ret = LABEL(LABEL_MUX, i);
			return true;
		}
	}
	if (!v->chain)
		return false;
	*ret = LABEL(abi->narrow ? LABEL_NARROW : LABEL_WIDE, v->chain);
	return true;
}

static bool is_muxed(const struct seccomp_emitter *m, uint16_t name)
{
	for (unsigned int i = 0; i < MUXES; i++)
		for (size_t c = 0; c < m->mux[i].call_count; c++)
			if (m->mux[i].calls[c] == name - 1)
				return true;
	return false;
}

/* Largest number that the profile names, 0 if none. Calls that x86 also multiplexes do not count:
 * their direct numbers came late, a profile that lists them says nothing about its age. */
static uint32_t largest_named(const struct seccomp_emitter *m, const struct seccomp_abi *abi)
{
	for (size_t part = ARRAY_SIZE(abi->numbers); part-- > 0;) {
		const struct seccomp_numbers *n = &abi->numbers[part];

		for (size_t i = n->count; i-- > 0;) {
			uint16_t name = n->names[i];

			if (name && m->rules->verdicts[name - 1].named &&
			    !(abi->muxed && is_muxed(m, name)))
				return n->first + (uint32_t)i;
		}
	}
	return 0;
}

static uint32_t outside_label(const struct outside *o, uint64_t nr)
{
	return nr > o->largest ? o->newer : o->listed;
}

/* Numbers from..to-1 that no call has. */
static void add_gap(struct section *s, const struct outside *o, uint64_t from, uint64_t to)
{
	if (from < to)
		add_range(s, from, outside_label(o, from));
	if (from <= o->largest && (uint64_t)o->largest + 1 < to)
		add_range(s, (uint64_t)o->largest + 1, o->newer);
}

/* The numbers of an ABI, from `from` up to `end`. */
static void add_abi(const struct seccomp_emitter *m, struct section *s,
		    const struct seccomp_abi *abi, uint32_t newer, uint64_t from, uint64_t end)
{
	struct outside o = { .listed = LABEL(LABEL_RET, 0), .newer = newer };

	o.largest = largest_named(m, abi);
	if (o.largest == 0)	/* the profile does not know this architecture */
		o.newer = o.listed;
	for (size_t part = 0; part < ARRAY_SIZE(abi->numbers); part++) {
		const struct seccomp_numbers *n = &abi->numbers[part];

		if (n->count == 0)
			continue;
		add_gap(s, &o, from, n->first);
		for (size_t i = 0; i < n->count; i++) {
			uint64_t nr = (uint64_t)n->first + i;
			uint32_t to;

			if (!n->names[i] || !verdict_label(m, abi, n->names[i], &to))
				to = outside_label(&o, nr);
			add_range(s, nr, to);
		}
		from = (uint64_t)n->first + n->count;
	}
	add_gap(s, &o, from, end);
}

/* All ABIs of seccomp_abis[first] .. [last], which share an audit architecture. */
static uint32_t emit_section(struct seccomp_emitter *m, size_t first, size_t last,
			     const bool *enabled, uint32_t newer, uint32_t refused)
{
	const uint64_t end = UINT64_C(1) << 32;
	struct section s = { .count = 0 };
	size_t max = 8;
	uint64_t from = 0;
	uint32_t tree;

	for (size_t i = first; i <= last; i++)
		for (size_t part = 0; part < ARRAY_SIZE(seccomp_abis[i].numbers); part++)
			max += seccomp_abis[i].numbers[part].count + 4;	/* and the gaps around */
	s.ranges = arena_array(m->arena, max, sizeof(*s.ranges));
	if (!s.ranges) {
		m->nomem = true;
		return refused;
	}
	for (size_t i = first; i <= last; i++) {
		uint64_t next = i < last ? seccomp_abis[i + 1].numbers[0].first : end;

		if (enabled[i]) {
			add_abi(m, &s, &seccomp_abis[i], newer, from, next);
		} else {
			add_range(&s, from, refused);
			/* A tracer that cancels a call sets its number to -1: libseccomp leaves it
			 * to the rules of the other ABI, so do we. */
			if (next == end)
				add_range(&s, end - 1, LABEL(LABEL_RET, 0));
		}
		from = next;
	}
	tree = seccomp_emit_tree(m, s.ranges, s.count, end);
	return seccomp_emit_load(m, offsetof(struct seccomp_data, nr), tree);
}

/* Whether system calls from the future should say so: not where the default lets them pass, and
 * a tracer decides itself. */
static bool wants_enosys(uint32_t default_action)
{
	switch (default_action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_TRACE:
		return false;
	default:
		return true;
	}
}

static int emit_program(struct err *e, struct seccomp_emitter *m, struct seccomp_rules *rules,
			const bool *enabled)
{
	int kill = seccomp_action_index(rules, SECCOMP_RET_KILL_THREAD);
	int newer = wants_enosys(rules->actions[0])
			    ? seccomp_action_index(rules, SECCOMP_RET_ERRNO | ENOSYS)
			    : 0;
	uint32_t next;

	if (kill < 0 || newer < 0)
		return err_set(e, ERR_UNSUPPORTED, "linux.seccomp: too many different actions");
	next = LABEL(LABEL_RET, kill);
	for (size_t last = seccomp_abi_count; last-- > 0;) {
		const uint32_t audit = seccomp_abis[last].audit;
		size_t first = last;
		bool any = enabled[last];
		uint32_t l;

		for (; first > 0 && seccomp_abis[first - 1].audit == audit; first--)
			any |= enabled[first - 1];
		if (any) {
			l = emit_section(m, first, last, enabled, LABEL(LABEL_RET, newer),
					 LABEL(LABEL_RET, kill));
			next = seccomp_emit_jump(m, BPF_JEQ, audit, l, next);
		}
		last = first;
	}
	seccomp_emit_start(m, seccomp_emit_load(m, offsetof(struct seccomp_data, arch), next));
	if (m->nomem)
		return err_nomem(e);
	if (m->full)
		return err_set(e, ERR_UNSUPPORTED,
			       "linux.seccomp: the filter needs more than %d instructions",
			       BPF_MAXINSNS);
	return 0;
}

int seccomp_compile(struct err *e, struct arena *a, const struct spec_seccomp *s,
		    struct seccomp_program *ret)
{
	struct seccomp_program p = { .flags = 0 };
	struct seccomp_rules rules = { .action_count = 0 };
	bool enabled[ABIS_MAX] = { false };
	struct seccomp_emitter m;
	int r;

	r = read_architectures(e, s, enabled);
	if (r == 0)
		r = seccomp_rules_read(e, a, s, &rules);
	if (r < 0)
		return r;
	p.notify = rules.notify;
	r = read_flags(e, s, &p);
	if (r < 0)
		return r;
	if (seccomp_emit_init(&m, a, &rules) < 0 || seccomp_mux_prepare(&m) < 0)
		return err_nomem(e);
	r = emit_program(e, &m, &rules, enabled);
	if (r < 0)
		return r;
	p.insns = m.insns + m.capacity - m.count;
	p.len = (unsigned short)m.count;
	*ret = p;
	return 0;
}
