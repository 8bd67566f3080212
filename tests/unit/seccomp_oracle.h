/*
 * What the seccomp tests compare with:
 *  - an interpreter for classic BPF over struct seccomp_data,
 *  - a model of the profile's meaning written straight from the rules in seccomp.h,
 *  - the program that libseccomp makes when it is called in the way of runc.
 * x86-64 only: there the three ABIs can be told apart by number and architecture.
 */
#ifndef BAWN_TEST_SECCOMP_ORACLE_H
#define BAWN_TEST_SECCOMP_ORACLE_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "runtime/seccomp.h"
#include "t.h"

#define X32_BIT 0x40000000u
#define NR_MAX 600
#define NAMES_MAX 700
#define RULES_MAX 64
#define ACTION(v) ((v)&SECCOMP_RET_ACTION_FULL)
#define NO_VERDICT 0x12345678u

enum { ABI_64, ABI_32, ABI_X32, ABIS };

static const uint32_t abi_token[ABIS] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };
static const char *const abi_name[ABIS] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };

/* ---- names ----------------------------------------------------------------------------- */

static char *name_of[NAMES_MAX];	/* by id */
static int name_count;
static int id_of[ABIS][NR_MAX];		/* by number, -1 none */

static int name_id(const char *name)
{
	for (int i = 0; i < name_count; i++)
		if (strcmp(name_of[i], name) == 0)
			return i;
	TRUE(name_count < NAMES_MAX);
	name_of[name_count] = strdup(name);
	return name_count++;
}

__attribute__((unused)) static void names_init(void)
{
	for (int abi = 0; abi < ABIS; abi++)
		for (int nr = 0; nr < NR_MAX; nr++) {
			int number = abi == ABI_X32 ? nr | (int)X32_BIT : nr;
			char *s = seccomp_syscall_resolve_num_arch(abi_token[abi], number);

			id_of[abi][nr] = s ? name_id(s) : -1;
			free(s);
		}
}

/* ---- interpreter ------------------------------------------------------------------------ */

__attribute__((unused)) static uint32_t bpf_run(const struct sock_filter *f, size_t len,
						const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &f[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			TRUE(i->k % 4 == 0 && i->k < sizeof(*d));
			memcpy(&a, (const char *)d + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			T_FAIL("instruction %zu: code %#x", pc, i->code);
		}
	}
	T_FAIL("ran off the end");
}

/* ---- profiles ---------------------------------------------------------------------------- */

struct rule {
	uint32_t action;			/* resolved */
	uint64_t names[NAMES_MAX / 64 + 1];	/* bits: ids */
	struct spec_seccomp_arg args[6];
	size_t n;
};

struct profile {
	struct spec_seccomp spec;
	struct spec_seccomp_rule spec_rules[RULES_MAX];
	struct rule rules[RULES_MAX];
	size_t n;
	uint32_t default_action;
	bool abi[ABIS];
	uint32_t largest[ABIS];		/* as runc's -ENOSYS stub sees it; without the x32 bit */
};

static uint32_t action_value(const char *name, const struct opt_u32 *errno_ret)
{
	uint32_t data = errno_ret->set ? errno_ret->v : EPERM;

	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		return SCMP_ACT_ERRNO(data);
	if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		return SCMP_ACT_TRACE(data);
	return strcmp(name, "SCMP_ACT_ALLOW") == 0	    ? SCMP_ACT_ALLOW
	       : strcmp(name, "SCMP_ACT_LOG") == 0	    ? SCMP_ACT_LOG
	       : strcmp(name, "SCMP_ACT_TRAP") == 0	    ? SCMP_ACT_TRAP
	       : strcmp(name, "SCMP_ACT_NOTIFY") == 0	    ? SCMP_ACT_NOTIFY
	       : strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0 ? SCMP_ACT_KILL_PROCESS
							    : SCMP_ACT_KILL_THREAD;
}

/* Fills in what the model needs from p->spec. */
__attribute__((unused)) static void profile_prepare(struct profile *p)
{
	const struct spec_seccomp *s = &p->spec;

	p->default_action = action_value(s->default_action, &s->default_errno_ret);
	p->n = s->rules.n;
	memset(p->abi, 0, sizeof(p->abi));
	p->abi[ABI_64] = true;
	for (size_t i = 0; i < s->architectures.n; i++)
		for (int abi = 0; abi < ABIS; abi++)
			p->abi[abi] |= strcmp(s->architectures.v[i], abi_name[abi]) == 0;
	memset(p->largest, 0, sizeof(p->largest));
	for (size_t i = 0; i < p->n; i++) {
		const struct spec_seccomp_rule *from = &s->rules.v[i];
		struct rule *r = &p->rules[i];

		memset(r, 0, sizeof(*r));
		r->action = action_value(from->action, &from->errno_ret);
		r->n = from->args.n;
		TRUE(r->n <= ARRAY_SIZE(r->args));
		if (r->n)
			memcpy(r->args, from->args.v, r->n * sizeof(r->args[0]));
		for (size_t k = 0; k < from->names.n; k++) {
			int id = name_id(from->names.v[k]);

			r->names[id / 64] |= UINT64_C(1) << (id % 64);
			for (int abi = 0; abi < ABIS; abi++) {
				int nr = seccomp_syscall_resolve_name_arch(abi_token[abi],
									   name_of[id]);

				if (nr > 0 && ((uint32_t)nr & ~X32_BIT) > p->largest[abi])
					p->largest[abi] = (uint32_t)nr & ~X32_BIT;
			}
		}
	}
}

/* ---- model -------------------------------------------------------------------------------- */

static bool stricter(uint32_t a, uint32_t b)
{
	return (int32_t)ACTION(a) < (int32_t)ACTION(b);
}

static bool arg_matches(const struct spec_seccomp_arg *c, const uint64_t *args, bool narrow)
{
	uint64_t trim = narrow ? UINT32_MAX : UINT64_MAX;
	uint64_t a = args[c->index] & trim, v = c->value & trim;
	const char *op = c->op + strlen("SCMP_CMP_");

	if (strcmp(op, "NE") == 0)
		return a != v;
	if (strcmp(op, "EQ") == 0)
		return a == v;
	if (strcmp(op, "LT") == 0)
		return a < v;
	if (strcmp(op, "LE") == 0)
		return a <= v;
	if (strcmp(op, "GE") == 0)
		return a >= v;
	if (strcmp(op, "GT") == 0)
		return a > v;
	return (a & v) == (c->value_two & v);
}

static bool rule_matches(const struct rule *r, const uint64_t *args, bool narrow)
{
	unsigned int seen = 0, hits = 0;
	bool twice = false;

	for (size_t i = 0; i < r->n; i++) {
		twice |= seen & 1u << r->args[i].index;
		seen |= 1u << r->args[i].index;
		hits += arg_matches(&r->args[i], args, narrow);
	}
	return twice ? hits > 0 : hits == r->n;
}

static bool has_name(const struct rule *r, int id)
{
	return r->names[id / 64] >> (id % 64) & 1;
}

/* args NULL: argument rules count as if they matched (see *ret_only_args). */
static uint32_t model_rules(const struct profile *p, int id, const uint64_t *args, bool narrow,
			    bool *ret_only_args)
{
	uint32_t best = NO_VERDICT;

	*ret_only_args = false;
	for (size_t i = 0; i < p->n; i++)
		if (has_name(&p->rules[i], id) && p->rules[i].n == 0 &&
		    p->rules[i].action != p->default_action)
			return p->rules[i].action;
	for (size_t i = 0; i < p->n; i++) {
		const struct rule *r = &p->rules[i];

		if (!has_name(r, id) || r->action == p->default_action ||
		    (args && !rule_matches(r, args, narrow)))
			continue;
		*ret_only_args = true;
		if (best == NO_VERDICT || stricter(r->action, best))
			best = r->action;
	}
	return best;
}

static const struct {
	const char *mux, *name;
	uint32_t selector;
} muxed[] = {
	{"socketcall", "socket", 1},
	{"socketcall", "bind", 2},
	{"socketcall", "connect", 3},
	{"socketcall", "listen", 4},
	{"socketcall", "accept", 5},
	{"socketcall", "getsockname", 6},
	{"socketcall", "getpeername", 7},
	{"socketcall", "socketpair", 8},
	{"socketcall", "send", 9},
	{"socketcall", "recv", 10},
	{"socketcall", "sendto", 11},
	{"socketcall", "recvfrom", 12},
	{"socketcall", "shutdown", 13},
	{"socketcall", "setsockopt", 14},
	{"socketcall", "getsockopt", 15},
	{"socketcall", "sendmsg", 16},
	{"socketcall", "recvmsg", 17},
	{"socketcall", "accept4", 18},
	{"socketcall", "recvmmsg", 19},
	{"socketcall", "sendmmsg", 20},
	{"ipc", "semop", 1},
	{"ipc", "semget", 2},
	{"ipc", "semctl", 3},
	{"ipc", "semtimedop", 4},
	{"ipc", "msgsnd", 11},
	{"ipc", "msgrcv", 12},
	{"ipc", "msgget", 13},
	{"ipc", "msgctl", 14},
	{"ipc", "shmat", 21},
	{"ipc", "shmdt", 22},
	{"ipc", "shmget", 23},
	{"ipc", "shmctl", 24},
};

static bool is_mux(int id)
{
	return id >= 0 &&
	       (strcmp(name_of[id], "socketcall") == 0 || strcmp(name_of[id], "ipc") == 0);
}

/* What comes to socketcall or ipc through the names behind it, on top of its own rules. */
static uint32_t model_mux(const struct profile *p, int mux, const uint64_t *args, uint32_t best,
			  bool *ret_any)
{
	for (size_t i = 0; i < ARRAY_SIZE(muxed); i++) {
		bool only_args, strict;
		uint32_t a, mask;

		if (strcmp(muxed[i].mux, name_of[mux]) != 0)
			continue;
		a = model_rules(p, name_id(muxed[i].name), NULL, true, &only_args);
		if (a == NO_VERDICT || (only_args && !stricter(a, p->default_action)))
			continue;
		*ret_any = true;
		strict = stricter(a, p->default_action);
		mask = strict && strcmp(muxed[i].mux, "ipc") == 0 ? 0xffff : UINT32_MAX;
		if ((args[0] & mask) == muxed[i].selector &&
		    (best == NO_VERDICT || stricter(a, best)))
			best = a;
	}
	return best;
}

__attribute__((unused)) static uint32_t model_verdict(const struct profile *p,
						      const struct seccomp_data *d)
{
	uint32_t nr = (uint32_t)d->nr, verdict = NO_VERDICT, low = nr & ~X32_BIT;
	bool permissive = ACTION(p->default_action) == SECCOMP_RET_ALLOW ||
			  ACTION(p->default_action) == SECCOMP_RET_LOG ||
			  ACTION(p->default_action) == SECCOMP_RET_TRACE;
	int abi = d->arch == AUDIT_ARCH_I386 ? ABI_32 : nr >= X32_BIT ? ABI_X32 : ABI_64;
	bool only_args;

	if (d->arch != AUDIT_ARCH_I386 && d->arch != AUDIT_ARCH_X86_64)
		return SECCOMP_RET_KILL_THREAD;
	if (!p->abi[abi])
		return abi == ABI_X32 && nr == UINT32_MAX ? p->default_action
							  : SECCOMP_RET_KILL_THREAD;
	if (abi == ABI_32 || nr >> 31)	/* above all x32 numbers */
		low = nr;
	if (low < NR_MAX && id_of[abi][low] >= 0) {
		int id = id_of[abi][low];
		bool unconditional, any = false;

		verdict = model_rules(p, id, (const uint64_t *)d->args, abi != ABI_64, &only_args);
		unconditional = verdict != NO_VERDICT && !only_args;
		if (abi == ABI_32 && is_mux(id) && !unconditional)
			verdict = model_mux(p, id, (const uint64_t *)d->args, verdict, &any);
		/* Rules that do not match are rules: such a number is not new. */
		if (verdict == NO_VERDICT &&
		    (any || model_rules(p, id, NULL, abi != ABI_64, &only_args) != NO_VERDICT))
			return p->default_action;
	}
	if (verdict != NO_VERDICT)
		return verdict;
	if (!permissive && p->largest[abi] > 0 && low > p->largest[abi])
		return SCMP_ACT_ERRNO(ENOSYS);
	return p->default_action;
}

/* ---- libseccomp, called as runc does ------------------------------------------------------- */

struct program {
	struct sock_filter *insns;
	size_t len;
};

static enum scmp_compare compare_op(const char *op)
{
	static const char *const names[] = { "", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };

	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		if (strcmp(op + strlen("SCMP_CMP_"), names[i]) == 0)
			return (enum scmp_compare)i;
	T_FAIL("operator %s", op);
}

/* Adds a rule; libseccomp's refusal of conflicting rules is returned. */
static int oracle_add(scmp_filter_ctx ctx, const struct rule *r, int nr)
{
	struct scmp_arg_cmp cmp[6];
	unsigned int seen = 0;
	bool twice = false;
	int rc = 0;

	for (size_t i = 0; i < r->n; i++) {
		twice |= seen & 1u << r->args[i].index;
		seen |= 1u << r->args[i].index;
		cmp[i] = (struct scmp_arg_cmp){r->args[i].index, compare_op(r->args[i].op),
					       r->args[i].value, r->args[i].value_two};
	}
	if (!twice)
		return seccomp_rule_add_array(ctx, r->action, nr, (unsigned int)r->n, cmp);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		rc = seccomp_rule_add_array(ctx, r->action, nr, 1, &cmp[i]);
	return rc;
}

/* 0, or libseccomp's refusal. `optimize` is runc's: 2 (binary tree) for long profiles. */
__attribute__((unused)) static int oracle_compile(const struct profile *p, int optimize,
						  struct program *ret)
{
	scmp_filter_ctx ctx = seccomp_init(p->default_action);
	int fd = memfd_create("bpf", MFD_CLOEXEC), rc = 0;
	off_t size;

	TRUE(ctx && fd >= 0);
	for (int abi = ABI_32; abi < ABIS; abi++)
		if (p->abi[abi])
			OK(seccomp_arch_add(ctx, abi_token[abi]));
	OK(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, (uint32_t)optimize));
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		const struct spec_seccomp_rule *from = &p->spec.rules.v[i];

		for (size_t k = 0; k < from->names.n && rc == 0; k++) {
			int nr = seccomp_syscall_resolve_name(from->names.v[k]);

			if (p->rules[i].action != p->default_action && nr != __NR_SCMP_ERROR)
				rc = oracle_add(ctx, &p->rules[i], nr);
		}
	}
	if (rc == 0) {
		OK(seccomp_export_bpf(ctx, fd));
		size = lseek(fd, 0, SEEK_END);
		ret->len = (size_t)size / sizeof(*ret->insns);
		ret->insns = malloc((size_t)size);
		EQ(pread(fd, ret->insns, (size_t)size, 0), size);
	}
	seccomp_release(ctx);
	close(fd);
	return rc;
}

/* The verdict with runc's -ENOSYS stub in front of the program. */
__attribute__((unused)) static uint32_t
oracle_verdict(const struct profile *p, const struct program *prog, const struct seccomp_data *d)
{
	uint32_t nr = (uint32_t)d->nr;
	int abi = d->arch == AUDIT_ARCH_I386 ? ABI_32 : nr & X32_BIT ? ABI_X32 : ABI_64;
	uint32_t largest = p->largest[abi] | (abi == ABI_X32 ? X32_BIT : 0);
	uint32_t action = ACTION(p->default_action);
	bool stub = action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG &&
		    action != SECCOMP_RET_TRACE &&
		    (d->arch == AUDIT_ARCH_I386 || d->arch == AUDIT_ARCH_X86_64);

	if (stub && p->abi[abi] && p->largest[abi] && nr > largest)
		return SCMP_ACT_ERRNO(ENOSYS);
	return bpf_run(prog->insns, prog->len, d);
}

#endif
