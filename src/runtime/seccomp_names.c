/* The names of seccomp profiles: actions, operators, architectures, flags and system calls. The
 * last come from a table that the build makes (tools/gen_syscalls.c). */
#include "runtime/seccomp_internal.h"

#include <sys/syscall.h>

#include "runtime/seccomp_hash.h"
#include "syscall_table.h"

static const struct {
	const char *name;
	uint32_t action;
	bool takes_errno;
} actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG, false },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false },
};

static const char *const ops[] = {
	[OP_NE] = "SCMP_CMP_NE",
	[OP_LT] = "SCMP_CMP_LT",
	[OP_LE] = "SCMP_CMP_LE",
	[OP_EQ] = "SCMP_CMP_EQ",
	[OP_GE] = "SCMP_CMP_GE",
	[OP_GT] = "SCMP_CMP_GT",
	[OP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

/* All that the OCI specification knows: a profile may list architectures of other machines. */
static const char *const archs[] = {
	"SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",	    "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",	   "SCMP_ARCH_MIPS64",	    "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",	    "SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",	    "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",    "SCMP_ARCH_SH",	   "SCMP_ARCH_SHEB",
};

static const struct {
	const char *name;
	unsigned int flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

#define NUMBERS(from, table)                                                  \
	{                                                                     \
		.first = (from), .names = (table), .count = ARRAY_SIZE(table) \
	}

const struct seccomp_abi seccomp_abis[ABIS_MAX] = {
#if defined(__x86_64__)
	{
		.name = "SCMP_ARCH_X86_64",
		.audit = AUDIT_ARCH_X86_64,
		.numbers = { NUMBERS(0, syscall_x86_64) },
	},
	{
		.name = "SCMP_ARCH_X32",
		.audit = AUDIT_ARCH_X86_64,
		.narrow = true,
		.numbers = { NUMBERS(0x40000000, syscall_x32) },
	},
	{
		.name = "SCMP_ARCH_X86",
		.audit = AUDIT_ARCH_I386,
		.narrow = true,
		.muxed = true,
		.numbers = { NUMBERS(0, syscall_x86) },
	},
#elif defined(__aarch64__)
	{
		.name = "SCMP_ARCH_AARCH64",
		.audit = AUDIT_ARCH_AARCH64,
		.numbers = {NUMBERS(0, syscall_aarch64)},
	},
	{
		.name = "SCMP_ARCH_ARM",
		.audit = AUDIT_ARCH_ARM,
		.narrow = true,
		.numbers = {NUMBERS(0, syscall_arm),
			    NUMBERS(SYSCALL_ARM_PRIVATE, syscall_arm_private)},
	},
#else
#error "no system call table for this architecture"
#endif
};

#if defined(__x86_64__)
const size_t seccomp_abi_count = 3;
#else
const size_t seccomp_abi_count = 2;
#endif

/* ipc(2) takes a version from the upper half of its first argument: only the lower selects. */
const struct seccomp_mux seccomp_muxes[MUXES] = {
	{"socketcall",
	 0xffffffff,
	 {{"socket", 1},    {"bind", 2},	{"connect", 3},	    {"listen", 4},
	  {"accept", 5},    {"getsockname", 6}, {"getpeername", 7}, {"socketpair", 8},
	  {"send", 9},	    {"recv", 10},	{"sendto", 11},	    {"recvfrom", 12},
	  {"shutdown", 13}, {"setsockopt", 14}, {"getsockopt", 15}, {"sendmsg", 16},
	  {"recvmsg", 17},  {"accept4", 18},	{"recvmmsg", 19},   {"sendmmsg", 20}}},
	{"ipc",
	 0xffff,
	 {{"semop", 1},
	  {"semget", 2},
	  {"semctl", 3},
	  {"semtimedop", 4},
	  {"msgsnd", 11},
	  {"msgrcv", 12},
	  {"msgget", 13},
	  {"msgctl", 14},
	  {"shmat", 21},
	  {"shmdt", 22},
	  {"shmget", 23},
	  {"shmctl", 24}}},
};

size_t seccomp_name_count(void)
{
	return SYSCALL_NAMES;
}

const char *seccomp_name(size_t index)
{
	return syscall_pool + syscall_name_at[index];
}

int seccomp_name_find(const char *name)
{
	uint32_t slot = syscall_hash(name);

	while (syscall_hash_slots[slot]) {
		int index = syscall_hash_slots[slot] - 1;

		if (strcmp(seccomp_name((size_t)index), name) == 0)
			return index;
		slot = (slot + 1) % ARRAY_SIZE(syscall_hash_slots);
	}
	return -1;
}

int seccomp_syscall_number(const char *name)
{
	const struct seccomp_numbers *n = &seccomp_abis[0].numbers[0];
	int index = seccomp_name_find(name);

	for (size_t i = 0; index >= 0 && i < n->count; i++)
		if (n->names[i] == index + 1)
			return (int)i;
	return -1;
}

int seccomp_action_parse(const char *name, uint32_t *ret, bool *ret_takes_errno)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0) {
			*ret = actions[i].action;
			*ret_takes_errno = actions[i].takes_errno;
			return 0;
		}
	return -EINVAL;
}

int seccomp_op_parse(const char *name, enum seccomp_op *ret)
{
	int i = name ? str_lookup(ops, ARRAY_SIZE(ops), name) : -1;

	if (i < 0)
		return -EINVAL;
	*ret = (enum seccomp_op)i;
	return 0;
}

int seccomp_flag_parse(const char *name, unsigned int *ret)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].name, name) == 0) {
			*ret = flags[i].flag;
			return 0;
		}
	return -EINVAL;
}

const char *seccomp_action_name(size_t i)
{
	return i < ARRAY_SIZE(actions) ? actions[i].name : NULL;
}

const char *seccomp_op_name(size_t i)
{
	return i < ARRAY_SIZE(ops) ? ops[i] : NULL;
}

const char *seccomp_arch_name(size_t i)
{
	return i < ARRAY_SIZE(archs) ? archs[i] : NULL;
}

const char *seccomp_flag_name(size_t i)
{
	return i < ARRAY_SIZE(flags) ? flags[i].name : NULL;
}

bool seccomp_action_known(const char *name)
{
	bool takes_errno;
	uint32_t action;

	return seccomp_action_parse(name, &action, &takes_errno) == 0;
}

bool seccomp_op_known(const char *name)
{
	enum seccomp_op op;

	return seccomp_op_parse(name, &op) == 0;
}

bool seccomp_arch_known(const char *name)
{
	return name && str_lookup(archs, ARRAY_SIZE(archs), name) >= 0;
}

bool seccomp_flag_known(const char *name)
{
	unsigned int flag;

	return seccomp_flag_parse(name, &flag) == 0;
}

/* The kernel checks flags before it looks at the program: EFAULT means that it knew them. */
bool seccomp_flag_supported(const char *name)
{
	unsigned int flag;

	if (seccomp_flag_parse(name, &flag) < 0)
		return false;
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

bool seccomp_action_supported(const char *name)
{
	bool takes_errno;
	uint32_t action;

	if (seccomp_action_parse(name, &action, &takes_errno) < 0)
		return false;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
