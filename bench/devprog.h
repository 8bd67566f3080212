/*
 * The device program of the bundle `typ` (make any node, use the default ones) for a cgroup v2,
 * assembled from a table: loading and attaching one is a part of every container start.
 */
#ifndef BENCH_DEVPROG_H
#define BENCH_DEVPROG_H

#include "raw.h"

#include <linux/bpf.h>
#include <stddef.h>

struct dev_rule {
	char type;
	int major; /* -1: any */
	int minor;
	int access;
};

enum { DEV_ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE };

static const struct dev_rule dev_rules[] = {
	{'c', -1, -1, BPF_DEVCG_ACC_MKNOD},
	{'b', -1, -1, BPF_DEVCG_ACC_MKNOD},
	{'c', 1, 3, DEV_ALL},
	{'c', 1, 5, DEV_ALL},
	{'c', 1, 7, DEV_ALL},
	{'c', 1, 8, DEV_ALL},
	{'c', 1, 9, DEV_ALL},
	{'c', 5, 0, DEV_ALL},
	{'c', 5, 2, DEV_ALL},
	{'c', 136, -1, DEV_ALL},
};

static inline struct bpf_insn *emit(struct bpf_insn *p, int code, int dst, int src, int off,
				    int imm)
{
	*p = (struct bpf_insn){.code = (uint8_t)code, .off = (int16_t)off, .imm = imm};
	p->dst_reg = (unsigned)dst & 15u;
	p->src_reg = (unsigned)src & 15u;
	return p + 1;
}

static inline struct bpf_insn *emit_rule(struct bpf_insn *p, const struct dev_rule *r)
{
	const int jne = BPF_JMP | BPF_JNE | BPF_K;
	int left = 3 + (r->access == DEV_ALL ? 0 : 3) + (r->major >= 0) + (r->minor >= 0);

	p = emit(p, jne, 2, 0, --left, r->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
	if (r->access != DEV_ALL) {
		p = emit(p, BPF_ALU | BPF_MOV | BPF_X, 6, 3, 0, 0);
		p = emit(p, BPF_ALU | BPF_AND | BPF_K, 6, 0, 0, DEV_ALL & ~r->access);
		left -= 3;
		p = emit(p, jne, 6, 0, left, 0);
	}
	if (r->major >= 0)
		p = emit(p, jne, 4, 0, --left, r->major);
	if (r->minor >= 0)
		p = emit(p, jne, 5, 0, --left, r->minor);
	p = emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
	return emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static inline void attach_device_program(int cgroup_fd)
{
	const int ldx = BPF_LDX | BPF_MEM | BPF_W;
	struct bpf_insn insns[128];
	struct bpf_insn *p = insns;
	union bpf_attr attr;
	int prog;

	p = emit(p, ldx, 2, 1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	p = emit(p, BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0);
	p = emit(p, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	p = emit(p, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	p = emit(p, ldx, 4, 1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	p = emit(p, ldx, 5, 1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	for (size_t i = 0; i < sizeof(dev_rules) / sizeof(*dev_rules); i++)
		p = emit_rule(p, &dev_rules[i]);
	p = emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	p = emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)(p - insns);
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	prog = (int)must("bpf load", syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	must("bpf attach", syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)));
	close(prog);
}

#endif
