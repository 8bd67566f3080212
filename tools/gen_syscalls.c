/*
 * Writes the system call tables (build/gen/syscall_table.h) to stdout. Runs on the
 * build machine; linked with libseccomp, which knows the names and numbers, so that
 * the runtime itself does not need it. The header has the tables of every family of
 * architectures that bawn can be built for and selects by predefined macros.
 *
 *	gen_syscalls > build/gen/syscall_table.h
 */
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/runtime/seccomp_hash.h"

#define NAMES_MAX 1000
#define NR_MAX 1024
#define PSEUDO_MIN (-20000)	/* libseccomp's numbers of calls that an architecture lacks */
#define X32_BIT 0x40000000
#define ARM_PRIVATE 0xf0000	/* breakpoint, cacheflush, ... set_tls */
#define ARM_PRIVATE_MAX 16
#define NONE (-1)

enum { X86_64, X86, X32, AARCH64, ARM, ARM_HIGH, COLUMNS };

static const struct column {
	const char *name;
	uint32_t token;
	int first, max;		/* numbers first .. first + max - 1 */
} columns[COLUMNS] = {
	[X86_64] = { "x86_64", SCMP_ARCH_X86_64, 0, NR_MAX },
	[X86] = { "x86", SCMP_ARCH_X86, 0, NR_MAX },
	[X32] = { "x32", SCMP_ARCH_X32, X32_BIT, NR_MAX },
	[AARCH64] = { "aarch64", SCMP_ARCH_AARCH64, 0, NR_MAX },
	[ARM] = { "arm", SCMP_ARCH_ARM, 0, NR_MAX },
	[ARM_HIGH] = { "arm_private", SCMP_ARCH_ARM, ARM_PRIVATE, ARM_PRIVATE_MAX },
};

/* Calls newer than some libseccomp that bawn may be built with. From number 424 on a call has the
 * same number everywhere; the two of x86-64 alone fill a gap there. */
static const struct {
	const char *name;
	int nr;
	bool x86_64_only;
} newer[] = {
	{"uretprobe", 335, true},	   {"uprobe", 336, true},
	{"cachestat", 451, false},	   {"fchmodat2", 452, false},
	{"map_shadow_stack", 453, false},  {"futex_wake", 454, false},
	{"futex_wait", 455, false},	   {"futex_requeue", 456, false},
	{"statmount", 457, false},	   {"listmount", 458, false},
	{"lsm_get_self_attr", 459, false}, {"lsm_set_self_attr", 460, false},
	{"lsm_list_modules", 461, false},  {"mseal", 462, false},
	{"setxattrat", 463, false},	   {"getxattrat", 464, false},
	{"listxattrat", 465, false},	   {"removexattrat", 466, false},
	{"open_tree_attr", 467, false},	   {"file_getattr", 468, false},
	{"file_setattr", 469, false},	   {"listns", 470, false},
	{"rseq_slice_yield", 471, false},
};

struct call {
	char *name;
	int nr[COLUMNS];	/* from the column's first; NONE */
};

static struct call calls[NAMES_MAX];
static size_t count;

static struct call *find(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}

static struct call *add(const char *name)
{
	struct call *c = find(name);

	if (c)
		return c;
	if (count == NAMES_MAX) {
		fprintf(stderr, "gen_syscalls: NAMES_MAX is too small\n");
		exit(1);
	}
	c = &calls[count++];
	c->name = strdup(name);
	for (int i = 0; i < COLUMNS; i++)
		c->nr[i] = NONE;
	return c;
}

/* Every name, with its numbers. libseccomp resolves numbers to names: asking the other way round
 * would hide the direct numbers of calls that x86 also multiplexes. */
static void collect(void)
{
	for (int nr = PSEUDO_MIN; nr < 0; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, nr);

		if (name)
			add(name);
		free(name);
	}
	for (int i = 0; i < COLUMNS; i++) {
		for (int n = 0; n < columns[i].max; n++) {
			char *name = seccomp_syscall_resolve_num_arch(columns[i].token,
								      columns[i].first + n);

			if (name)
				add(name)->nr[i] = n;
			free(name);
		}
	}
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		struct call *c;

		if (find(newer[i].name))
			continue;
		c = add(newer[i].name);
		for (int col = 0; col <= ARM; col++)
			if (col == X86_64 || !newer[i].x86_64_only)
				c->nr[col] = newer[i].nr;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct call *)a)->name, ((const struct call *)b)->name);
}

static void print_array(const char *name, const uint16_t *v, size_t n)
{
	printf("static const uint16_t %s[%zu] = {", name, n);
	for (size_t i = 0; i < n; i++)
		printf("%s%u,", i % 12 ? " " : "\n\t", v[i]);
	printf("\n};\n\n");
}

static void print_names(void)
{
	static uint16_t hash[1 << SYSCALL_HASH_BITS], at[NAMES_MAX];
	size_t pos = 0;

	printf("#define SYSCALL_NAMES %zu\n\n", count);
	printf("static const char syscall_pool[] =");
	for (size_t i = 0; i < count; i++) {
		uint32_t h = syscall_hash(calls[i].name);

		printf("\n\t\"%s\\0\"", calls[i].name);
		at[i] = (uint16_t)pos;
		pos += strlen(calls[i].name) + 1;
		while (hash[h])
			h = (h + 1) % (1u << SYSCALL_HASH_BITS);
		hash[h] = (uint16_t)(i + 1);
	}
	printf(";\n\n");
	print_array("syscall_name_at", at, count);
	printf("/* name index + 1, 0 free; collisions go on in the next slot */\n");
	print_array("syscall_hash_slots", hash, 1u << SYSCALL_HASH_BITS);
}

/* Number to name index + 1, 0 where there is no call. */
static void print_column(int col)
{
	static uint16_t v[NR_MAX];
	char name[64];
	size_t n = 0;

	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < count; i++) {
		int nr = calls[i].nr[col];

		if (nr == NONE)
			continue;
		if (v[nr]) {
			fprintf(stderr, "gen_syscalls: %s: two names for %d\n", columns[col].name,
				nr);
			exit(1);
		}
		v[nr] = (uint16_t)(i + 1);
		if ((size_t)nr + 1 > n)
			n = (size_t)nr + 1;
	}
	snprintf(name, sizeof(name), "syscall_%s", columns[col].name);
	print_array(name, v, n);
}

int main(void)
{
	const struct scmp_version *version = seccomp_version();

	collect();
	if (count < 300) {
		fprintf(stderr, "gen_syscalls: libseccomp knows %zu names only\n", count);
		return 1;
	}
	qsort(calls, count, sizeof(calls[0]), by_name);
	printf("/* Made by tools/gen_syscalls with libseccomp %u.%u.%u. Do not edit. */\n",
	       version->major, version->minor, version->micro);
	print_names();
	printf("#if defined(__x86_64__)\n");
	for (int i = X86_64; i <= X32; i++)
		print_column(i);
	printf("#elif defined(__aarch64__)\n");
	printf("#define SYSCALL_ARM_PRIVATE %#x\n", ARM_PRIVATE);
	for (int i = AARCH64; i <= ARM_HIGH; i++)
		print_column(i);
	printf("#endif\n");
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
