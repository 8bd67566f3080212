/*
 * Fuzz target: linux.seccomp, from JSON to the filter. Whatever the bytes, there is one
 * line of error or a program that the kernel would take: forward jumps that stay
 * inside, known instructions, a return at the end.
 */
#include "runtime/seccomp.h"

#include "fuzz.h"

static void check_insn(const struct sock_filter *f, size_t pc, size_t len)
{
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		need(f->k % 4 == 0 && f->k < 64);
		break;
	case BPF_JMP | BPF_JA:
		need(f->k < len - pc - 1);
		break;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		need(f->jt < len - pc - 1 && f->jf < len - pc - 1);
		break;
	default:
		need(f->code == (BPF_ALU | BPF_AND | BPF_K) || f->code == (BPF_RET | BPF_K));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_program p = {0};
	_buf_ struct buf text = {0};
	struct spec spec = {0};
	struct err e = {0};
	int r;

	log_setup(&(struct log_options){.fd = STDERR_FILENO, .json = true});
	buf_printf(&text,
		   "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":"
		   "%.*s}}",
		   (int)size, (const char *)data);
	r = spec_parse(&e, "config.json", text.data, text.len, &spec);
	check_error(&e, r);
	if (r == 0 && spec.linux_.seccomp) {
		r = seccomp_compile(&e, &spec.arena, spec.linux_.seccomp, &p);
		check_error(&e, r);
		need(r < 0 || (p.len > 0 && p.len <= BPF_MAXINSNS));
		need(r < 0 || p.insns[p.len - 1].code == (BPF_RET | BPF_K));
		for (size_t i = 0; r >= 0 && i < p.len; i++)
			check_insn(&p.insns[i], i, p.len);
	}
	spec_done(&spec);
	return 0;
}
