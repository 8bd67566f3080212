/* Installs a compiled filter, or asks it. Runs in the container's init just before exec: no
 * allocation, no system call but the one. */
#include "runtime/seccomp_internal.h"

#include <sys/syscall.h>

int seccomp_program_load(struct err *e, const struct seccomp_program *p, int *ret_listener)
{
	struct sock_fprog prog = { .len = p->len, .filter = p->insns };
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->flags, &prog);

	if (r < 0)
		return err_sys(e, "load the seccomp filter (%u instructions, flags %#x)", p->len,
			       p->flags);
	*ret_listener = -EBADF;
	if (p->notify)
		*ret_listener = (int)r;
	else if (r > 0)		/* TSYNC: the thread that could not follow */
		return err_num(e, ESRCH, "load the seccomp filter in thread %ld", r);
	return 0;
}

/* Where the jump i leads to from the accumulator a: how many instructions are passed over. */
static uint32_t jump(const struct sock_filter *i, uint32_t a)
{
	bool taken = true;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		taken = a == i->k;
		break;
	case BPF_JGT:
		taken = a > i->k;
		break;
	case BPF_JGE:
		taken = a >= i->k;
		break;
	case BPF_JSET:
		taken = a & i->k;
		break;
	}
	return taken ? i->jt : i->jf;
}

/* The instructions that seccomp_emit.c writes. */
static uint32_t verdict(const struct seccomp_program *p, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (uint32_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *i = &p->insns[pc];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			memcpy(&a, (const char *)d + i->k, sizeof(a));
			break;
		case BPF_ALU:
			a &= i->k;
			break;
		case BPF_JMP:
			pc += jump(i, a);
			break;
		default:
			return i->k;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool seccomp_program_allows(const struct seccomp_program *p, long nr, const uint64_t *args)
{
	struct seccomp_data d = {.nr = (int)nr, .arch = seccomp_abis[0].audit};
	uint32_t v;

	for (int i = 0; i < SYSCALL_ARGS; i++)
		d.args[i] = args[i];
	v = verdict(p, &d) & SECCOMP_RET_ACTION_FULL;
	return v == SECCOMP_RET_ALLOW || v == SECCOMP_RET_LOG;
}
