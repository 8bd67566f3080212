/*
 * Device rules to BPF. The kernel asks with (type, access bits, major, minor), where
 * openat(AT_FDCWD, O_RDWR) asks for read and write in one question. Rules are walked from the
 * last to the first with the bits that are still undecided:
 *
 *	allow rule that matches the device: its bits are granted; none left: allow
 *	deny rule that matches: any undecided bit in its bits: deny
 *	end of the list: deny
 *
 * So each bit is decided by the last rule that covers it, in any mixture of allow and
 * deny rules and wildcards. (crun compares a rule with the question as a whole, by
 * which denying "w" is not enough against O_RDWR; runc cannot deny a part of a
 * wildcard.)
 */
#include "cg.h"

#include <stdlib.h>

enum { ALL_ACCESS = CG_DEVICE_MKNOD | CG_DEVICE_READ | CG_DEVICE_WRITE };
_Static_assert((int)CG_DEVICE_MKNOD == (int)BPF_DEVCG_ACC_MKNOD, "kernel bit");
_Static_assert((int)CG_DEVICE_READ == (int)BPF_DEVCG_ACC_READ, "kernel bit");
_Static_assert((int)CG_DEVICE_WRITE == (int)BPF_DEVCG_ACC_WRITE, "kernel bit");

/* Loading costs about 1 us per instruction (verifier, JIT) at each start of a container. So rules
 * that a later one covers are left out (engines name the default devices again), and neighbours
 * that differ only in their numbers share what they can:
 *
 *	run:	same verdict, type, access bits		one test of the type
 *	group:	and same major				one test of the major, one decision
 *
 * The order inside a run does not matter, as all its rules say the same.
 *
 * r1 context, r2 device type, r3 undecided access bits; r0 scratch and verdict. */
enum { R_TMP = BPF_REG_0, R_CTX = BPF_REG_1, R_TYPE = BPF_REG_2, R_ACCESS = BPF_REG_3 };

#define INSNS_PER_RULE 9	/* at most: type 1, major 2, minor 2, decision 4 */
#define INSNS_AROUND 6		/* prologue 4, default verdict 2 */

struct program {
	struct bpf_insn *v;
	size_t n;
	bool closed;		/* every question has its answer */
};

static void add(struct program *p, int code, int dst, int src, int off, int32_t imm)
{
	p->v[p->n++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(dst & 0xf),
		.src_reg = (uint8_t)(src & 0xf),
		.off = (int16_t)off,
		.imm = imm,
	};
}

static void add_return(struct program *p, bool allow)
{
	add(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	add(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* A new load for each group: the verifier learns nothing about a register that lives on, all paths
 * are alike for it after a group, and its work stays linear in the number of rules. */
static void add_load(struct program *p, size_t field)
{
	add(p, BPF_LDX | BPF_W | BPF_MEM, R_TMP, R_CTX, (int)field, 0);
}

/* Conditional jump on a 32 bit comparison of reg with a number; the target is not known yet. */
static void add_jump(struct program *p, int op, int reg, int64_t number)
{
	add(p, BPF_JMP32 | op | BPF_K, reg, 0, 0, (int32_t)(uint32_t)number);
}

/* Open jumps in [start, end) go to where the next instruction will be. */
static void land(struct program *p, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		struct bpf_insn *jump = &p->v[i];
		bool is_jump =
			BPF_CLASS(jump->code) == BPF_JMP32 || jump->code == (BPF_JMP | BPF_JA);

		if (is_jump && jump->off == 0)
			jump->off = (int16_t)(p->n - i - 1);
	}
}

static void add_decision(struct program *p, const struct cg_device_rule *rule)
{
	if (rule->access == ALL_ACCESS) {
		add_return(p, rule->allow);
	} else if (rule->allow) {
		add(p, BPF_ALU | BPF_AND | BPF_K, R_ACCESS, 0, 0,
		    (int32_t)(~rule->access & ALL_ACCESS));
		add_jump(p, BPF_JNE, R_ACCESS, 0);
		add_return(p, true);
	} else {
		add(p, BPF_JMP32 | BPF_JSET | BPF_K, R_ACCESS, 0, 1, (int32_t)rule->access);
		add(p, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		add_return(p, false);
	}
}

static bool same_run(const struct cg_device_rule *a, const struct cg_device_rule *b)
{
	return a->allow == b->allow && a->type == b->type && a->access == b->access;
}

static bool same_group(const struct cg_device_rule *a, const struct cg_device_rule *b)
{
	return a->major == b->major && a->minor >= 0 && b->minor >= 0;
}

/* n rules of one group. */
static void add_group(struct program *p, const struct cg_device_rule *rules, size_t n)
{
	size_t start = p->n, minors;

	if (rules->major >= 0) {
		add_load(p, offsetof(struct bpf_cgroup_dev_ctx, major));
		add_jump(p, BPF_JNE, R_TMP, rules->major);
	}
	if (rules->minor >= 0) {
		add_load(p, offsetof(struct bpf_cgroup_dev_ctx, minor));
		minors = p->n;
		for (size_t i = 0; i < n - 1; i++)
			add_jump(p, BPF_JEQ, R_TMP, rules[i].minor);
		add_jump(p, BPF_JNE, R_TMP, rules[n - 1].minor);
		land(p, minors, p->n - 1);
	}
	add_decision(p, rules);
	land(p, start, p->n);
}

/* n rules of one run, none of them for all numbers unless it is the only one. */
static void add_run(struct program *p, const struct cg_device_rule *rules, size_t n)
{
	size_t start = p->n, group;

	if (rules->type != 'a')
		add_jump(p, BPF_JNE, R_TYPE,
			 rules->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	for (size_t i = 0; i < n; i += group) {
		for (group = 1; i + group < n; group++)
			if (!same_group(&rules[i], &rules[i + group]))
				break;
		add_group(p, rules + i, group);
	}
	if (rules->type != 'a')
		land(p, start, start + 1);
}

/* The last run of rules[0..n). A rule for all numbers stands for its whole run; what would follow
 * it could not be reached, which the verifier refuses. Returns how many rules are left to do. */
static size_t add_last_run(struct program *p, const struct cg_device_rule *rules, size_t n)
{
	const struct cg_device_rule *last = &rules[n - 1], *all = NULL;
	size_t i = n;

	while (i > 0 && same_run(&rules[i - 1], last)) {
		i--;
		if (rules[i].major < 0 && rules[i].minor < 0)
			all = &rules[i];
	}
	add_run(p, all ? all : rules + i, all ? 1 : n - i);
	p->closed = all && all->type == 'a' && all->access == ALL_ACCESS;
	return i;
}

static int check_rules(struct err *e, const struct cg_device_rule *rules, size_t n)
{
	if (n > CG_DEVICE_RULES_MAX)
		return err_set(e, ERR_CONFIG, "%zu device rules: more than %d", n,
			       CG_DEVICE_RULES_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct cg_device_rule *r = &rules[i];

		if (r->type != 'a' && r->type != 'b' && r->type != 'c')
			return err_set(e, ERR_CONFIG, "device rule %zu: type must be a, b or c", i);
		if (r->major < -1 || r->major > UINT32_MAX || r->minor < -1 ||
		    r->minor > UINT32_MAX)
			return err_set(e, ERR_CONFIG,
				       "device rule %zu: %jd:%jd is no device number", i,
				       (intmax_t)r->major, (intmax_t)r->minor);
		if (r->access == 0 || r->access > ALL_ACCESS)
			return err_set(e, ERR_CONFIG, "device rule %zu: no access given (r, w, m)",
				       i);
	}
	return 0;
}

/* Every question that b decides is decided by a. */
static bool covers(const struct cg_device_rule *a, const struct cg_device_rule *b)
{
	return (a->type == 'a' || a->type == b->type) && (a->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || a->minor == b->minor) && (a->access & b->access) == b->access;
}

/* Copies the rules that no later rule covers to out; returns how many. */
static size_t drop_covered(const struct cg_device_rule *rules, size_t n, struct cg_device_rule *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t later = i + 1;

		while (later < n && !covers(&rules[later], &rules[i]))
			later++;
		if (later == n)
			out[kept++] = rules[i];
	}
	return kept;
}

int cg_device_program(struct err *e, const struct cg_device_rule *rules, size_t n,
		      struct bpf_insn **ret, size_t *ret_n)
{
	_free_ struct cg_device_rule *kept = NULL;
	struct program p = {0};
	int r = check_rules(e, rules, n);

	if (r < 0)
		return r;
	kept = calloc(n + 1, sizeof(*kept));
	p.v = calloc(n * INSNS_PER_RULE + INSNS_AROUND, sizeof(*p.v));
	if (!p.v || !kept) {
		free(p.v);
		return err_nomem(e);
	}
	n = drop_covered(rules, n, kept);
	/* access_type: device type in the low half, access bits in the high half */
	add(&p, BPF_LDX | BPF_W | BPF_MEM, R_ACCESS, R_CTX,
	    (int)offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	add(&p, BPF_ALU | BPF_MOV | BPF_X, R_TYPE, R_ACCESS, 0, 0);
	add(&p, BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	add(&p, BPF_ALU | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16);
	while (n > 0 && !p.closed)
		n = add_last_run(&p, kept, n);
	if (!p.closed)
		add_return(&p, false);
	*ret = p.v;
	*ret_n = p.n;
	return 0;
}
