/* The two halves behind filter_gen.c: reading linux.seccomp and compiling it. */
#ifndef BENCH_FILTER_GEN_H
#define BENCH_FILTER_GEN_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum {
	X32_BIT = 0x40000000,
	PROFILE_RULES_MAX = 8, /* conditions of one system call, any of which may match */
	PROFILE_ARGS_MAX = 6,  /* comparisons of one condition, all of which must match */
	PROFILE_NR_MAX = 1024,
	PROFILE_ARCH_MAX = 3,
};

enum cmp { CMP_EQ, CMP_NE, CMP_MASKED_EQ };

struct arg {
	unsigned index;
	enum cmp cmp;
	uint64_t value;
	uint64_t value_two;
};

struct rule {
	uint32_t action;
	unsigned n_args;
	struct arg args[PROFILE_ARGS_MAX];
};

/* One system call number of one architecture; no rule: the default action. */
struct verdict {
	unsigned n_rules;
	struct rule rules[PROFILE_RULES_MAX];
};

struct arch_table {
	uint32_t token; /* libseccomp's */
	uint32_t audit; /* what seccomp_data.arch holds */
	uint32_t base;	/* X32_BIT or 0 */
	struct verdict nr[PROFILE_NR_MAX];
};

struct profile {
	uint32_t default_action;
	size_t n_archs;
	struct arch_table archs[PROFILE_ARCH_MAX];
};

/* Reads linux.seccomp of a config.json; NULL after a message on stderr. Never freed. */
struct profile *profile_read(const char *path);

/* Compiles into insns (room for BPF_MAXINSNS); returns the length, 0 if it does not fit. */
size_t compile(const struct profile *p, struct sock_filter *insns);

#endif
