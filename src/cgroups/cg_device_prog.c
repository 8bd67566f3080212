/*
 * Device rules to BPF. The kernel asks with (type, access bits, major, minor), where
 * open(O_RDWR) asks for read and write in one question. Rules are walked from the
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

/* r1 context, r2 device type, r3 undecided access bits; r0 scratch and verdict. */
enum { R_TMP = BPF_REG_0, R_CTX = BPF_REG_1, R_TYPE = BPF_REG_2, R_ACCESS = BPF_REG_3 };

#define INSNS_PER_RULE 9	/* type 1, major 2, minor 2, decision 4 */
#define INSNS_AROUND 6		/* prologue 4, default verdict 2 */

struct program {
	struct bpf_insn *v;
	size_t n;
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

/* A new load for each comparison: the verifier learns nothing about a register that lives on, all
 * paths are alike for it after a rule, and its work stays linear in the number of rules. */
static void add_field_differs(struct program *p, size_t field, int64_t want)
{
	add(p, BPF_LDX | BPF_W | BPF_MEM, R_TMP, R_CTX, (int)field, 0);
	add(p, BPF_JMP32 | BPF_JNE | BPF_K, R_TMP, 0, 0, (int32_t)(uint32_t)want);
}

static void add_decision(struct program *p, const struct cg_device_rule *rule)
{
	int32_t bits = (int32_t)rule->access;

	if (rule->access == ALL_ACCESS) {
		add_return(p, rule->allow);
	} else if (rule->allow) {
		add(p, BPF_ALU | BPF_AND | BPF_K, R_ACCESS, 0, 0, ~bits & ALL_ACCESS);
		add(p, BPF_JMP32 | BPF_JNE | BPF_K, R_ACCESS, 0, 0, 0);
		add_return(p, true);
	} else {
		add(p, BPF_JMP32 | BPF_JSET | BPF_K, R_ACCESS, 0, 1, bits);
		add(p, BPF_JMP | BPF_JA, 0, 0, 0, 0);
		add_return(p, false);
	}
}

static bool is_open_jump(const struct bpf_insn *i)
{
	bool jump = BPF_CLASS(i->code) == BPF_JMP32 || i->code == (BPF_JMP | BPF_JA);

	return jump && i->off == 0;
}

static void add_rule(struct program *p, const struct cg_device_rule *rule)
{
	size_t start = p->n;

	if (rule->type != 'a')
		add(p, BPF_JMP32 | BPF_JNE | BPF_K, R_TYPE, 0, 0,
		    rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->major >= 0)
		add_field_differs(p, offsetof(struct bpf_cgroup_dev_ctx, major), rule->major);
	if (rule->minor >= 0)
		add_field_differs(p, offsetof(struct bpf_cgroup_dev_ctx, minor), rule->minor);
	add_decision(p, rule);
	/* Jumps that were left open go behind the rule. */
	for (size_t i = start; i < p->n; i++)
		if (is_open_jump(&p->v[i]))
			p->v[i].off = (int16_t)(p->n - i - 1);
}

static bool decides_everything(const struct cg_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       rule->access == ALL_ACCESS;
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

int cg_device_program(struct err *e, const struct cg_device_rule *rules, size_t n,
		      struct bpf_insn **ret, size_t *ret_n)
{
	struct program p = { 0 };
	bool done = false;
	int r = check_rules(e, rules, n);

	if (r < 0)
		return r;
	p.v = calloc(n * INSNS_PER_RULE + INSNS_AROUND, sizeof(*p.v));
	if (!p.v)
		return err_nomem(e);
	/* access_type: device type in the low half, access bits in the high half */
	add(&p, BPF_LDX | BPF_W | BPF_MEM, R_ACCESS, R_CTX,
	    (int)offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	add(&p, BPF_ALU | BPF_MOV | BPF_X, R_TYPE, R_ACCESS, 0, 0);
	add(&p, BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	add(&p, BPF_ALU | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16);
	while (n > 0 && !done) {
		add_rule(&p, &rules[--n]);
		done = decides_everything(&rules[n]);
	}
	if (!done)
		add_return(&p, false);
	*ret = p.v;
	*ret_n = p.n;
	return 0;
}
