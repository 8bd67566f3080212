/* Private to seccomp_*.c: the tables, the rules sorted by system call, and the program builder. */
#ifndef BAWN_RUNTIME_SECCOMP_INTERNAL_H
#define BAWN_RUNTIME_SECCOMP_INTERNAL_H

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "runtime/seccomp.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5)	/* Linux 5.19 */
#endif

#define SYSCALL_ARGS 6
#define ABIS_MAX 3
#define MUXES 2
#define ACTIONS_MAX 250		/* different return values of one program */

/* -- seccomp_names.c ------------------------------------------------------------------- */

enum seccomp_op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

/* Consecutive system call numbers: name index + 1 of each, 0 where there is none. */
struct seccomp_numbers {
	uint32_t first;
	const uint16_t *names;
	size_t count;
};

/* An architecture that this kernel runs; [0] is the native one. Those that share an audit
 * architecture (x86-64 and x32) differ by their numbers. */
struct seccomp_abi {
	const char *name;		/* "SCMP_ARCH_X86_64" */
	uint32_t audit;			/* AUDIT_ARCH_* */
	bool narrow;			/* 32-bit arguments: only the low words count */
	bool muxed;			/* has socketcall and ipc */
	struct seccomp_numbers numbers[2];
};
extern const struct seccomp_abi seccomp_abis[ABIS_MAX];
extern const size_t seccomp_abi_count;

/* The calls that socketcall(2) or ipc(2) multiplex, with the first argument that selects them. */
struct seccomp_mux {
	const char *name;		/* "socketcall" */
	uint32_t mask;			/* the bits of the selector that the kernel looks at */
	struct {
		const char *name;
		uint32_t selector;
	} calls[21];			/* ends with a NULL name */
};
extern const struct seccomp_mux seccomp_muxes[MUXES];

size_t seccomp_name_count(void);
const char *seccomp_name(size_t index);
/* Name index, or -1. */
int seccomp_name_find(const char *name);

/* 0 or -EINVAL. */
int seccomp_action_parse(const char *name, uint32_t *ret, bool *ret_takes_errno);
int seccomp_op_parse(const char *name, enum seccomp_op *ret);
int seccomp_flag_parse(const char *name, unsigned int *ret);

/* -- seccomp_rules.c: what the profile says about each name ---------------------------- */

struct seccomp_cond {
	enum seccomp_op op;
	uint32_t arg;
	uint64_t mask, value;		/* mask: of OP_MASKED_EQ */
};

/* Conditions that must all hold, in the order of arguments, and the action then. */
struct seccomp_alt {
	uint32_t action;		/* index of rules.actions */
	size_t n;
	const struct seccomp_cond *conds;
};

/* The argument rules of a name, last one first. Names with the same rules share the list. */
struct seccomp_chain {
	uint32_t prev;			/* chain, 0 at the end */
	uint32_t alt, alt_count;	/* what this link adds */
	uint32_t memo_rule, memo_next;	/* the last extension that was made of it */
};

struct seccomp_verdict {
	uint16_t action;		/* unconditional: index of rules.actions + 1; 0: none */
	uint16_t strictest;		/* of the argument rules: index + 1; 0: none */
	bool named;
	uint32_t chain;			/* argument rules; 0: none */
};

struct seccomp_rules {
	uint32_t actions[ACTIONS_MAX];	/* SECCOMP_RET_*; [0] is the default */
	size_t action_count;
	struct seccomp_verdict *verdicts;	/* by name index */
	struct seccomp_alt *alts;
	size_t alt_count;
	struct seccomp_chain *chains;	/* [0] is not used */
	size_t chain_count;
	bool notify;
};

int seccomp_rules_read(struct err *e, struct arena *a, const struct spec_seccomp *s,
		       struct seccomp_rules *ret);
/* Index of an action, added when new; -E2BIG when there are too many. */
int seccomp_action_index(struct seccomp_rules *r, uint32_t action);
/* The kernel's precedence: true when action a is stricter than b. */
bool seccomp_stricter(uint32_t a, uint32_t b);

/* -- seccomp_emit.c: the program, written from its end to its start --------------------- */

/* Where a jump goes is a number, a label: its kind in the upper bits, then an index. */
enum label_kind {
	LABEL_RET,		/* return rules.actions[index] */
	LABEL_AT,		/* the instruction at this position, counted from the end */
	LABEL_WIDE,		/* argument rules of a chain, 64-bit arguments */
	LABEL_NARROW,		/* the same, low words only */
	LABEL_MUX,		/* socketcall or ipc */
};
#define LABEL_SHIFT 28
#define LABEL(kind, index) (((uint32_t)(kind) << LABEL_SHIFT) | (uint32_t)(index))

/* Numbers from `first` to the next range's. */
struct seccomp_range {
	uint32_t first;
	uint32_t to;
};

struct seccomp_emitter {
	const struct seccomp_rules *rules;
	struct arena *arena;
	struct sock_filter *insns;	/* filled from the end */
	unsigned int count, capacity;
	bool full, nomem;
	unsigned short rets[ACTIONS_MAX];	/* position of the nearest return, 0 none */
	unsigned short *chain_at[2];	/* positions of emitted chains: [narrow][chain] */
	struct {
		int index;		/* name index of socketcall or ipc */
		int calls[21];		/* and of the calls behind it */
		size_t call_count;
		struct seccomp_alt *alts;
		size_t n;
		unsigned short at;
	} mux[MUXES];
};

int seccomp_emit_init(struct seccomp_emitter *m, struct arena *a, const struct seccomp_rules *r);
/* An instruction that jumps to t or f; returns its label, which is t when both are the same. */
uint32_t seccomp_emit_jump(struct seccomp_emitter *m, uint16_t code, uint32_t k, uint32_t t,
			   uint32_t f);
/* Loads a word of struct seccomp_data for the instruction at l, if that was just emitted. */
uint32_t seccomp_emit_load(struct seccomp_emitter *m, uint32_t offset, uint32_t l);
/* Masks the accumulator for the instruction at l, if that was just emitted. */
uint32_t seccomp_emit_and(struct seccomp_emitter *m, uint32_t mask, uint32_t l);
/* A search tree over A; the last range ends before `end`. */
uint32_t seccomp_emit_tree(struct seccomp_emitter *m, const struct seccomp_range *r, size_t n,
			   uint64_t end);
/* Makes l the beginning of the program. */
void seccomp_emit_start(struct seccomp_emitter *m, uint32_t l);
/* seccomp_args.c: the rules of a chain or a mux, strictest first; otherwise the default. */
uint32_t seccomp_emit_alts(struct seccomp_emitter *m, const struct seccomp_alt *alts, size_t n,
			   bool narrow);
uint32_t seccomp_emit_chain(struct seccomp_emitter *m, uint32_t chain, bool narrow);
uint32_t seccomp_emit_mux(struct seccomp_emitter *m, unsigned int mux);
/* Fills in m->mux[i].alts: what reaches the multiplexed calls through socketcall or ipc. */
int seccomp_mux_prepare(struct seccomp_emitter *m);

#endif
