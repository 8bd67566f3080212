/* What seccomp.h says about profiles, one by one, and where that differs from libseccomp. */
#include "seccomp_oracle.h"

#include "seccomp_build.h"

static struct draft d;

static uint32_t verdict(const struct seccomp_program *p, uint32_t arch, uint32_t nr, uint64_t a0,
			uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = arch, .args = {a0, a1, a2}};

	return bpf_run(p->insns, p->len, &data);
}

static uint32_t native(const struct seccomp_program *p, const char *name, uint64_t a0, uint64_t a1,
		       uint64_t a2)
{
	int nr = seccomp_syscall_number(name);

	TRUE(nr >= 0);
	return verdict(p, AUDIT_ARCH_X86_64, (uint32_t)nr, a0, a1, a2);
}

static uint32_t int80(const struct seccomp_program *p, uint32_t nr, uint64_t a0)
{
	return verdict(p, AUDIT_ARCH_I386, nr, a0, 0, 0);
}

#define EPERM_RET SCMP_ACT_ERRNO(EPERM)
#define ENOSYS_RET SCMP_ACT_ERRNO(ENOSYS)

TEST(first_unconditional_rule_wins)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_KILL_PROCESS", NO_ERRNO, "read");
	draft_arg(&d, 0, "SCMP_CMP_EQ", 3, 0);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "read write statx");
	draft_rule(&d, "SCMP_ACT_LOG", NO_ERRNO, "read");
	p = draft_compile(&d);
	EQ(native(&p, "read", 3, 0, 0), SCMP_ACT_ALLOW);
	EQ(native(&p, "open", 3, 0, 0), EPERM_RET);
}

TEST(strictest_argument_rule_wins)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "ioctl");
	draft_arg(&d, 1, "SCMP_CMP_GE", 0, 0);
	draft_rule(&d, "SCMP_ACT_ERRNO", EIO, "ioctl");
	draft_arg(&d, 1, "SCMP_CMP_MASKED_EQ", 0xffffffff, 0x5412);
	draft_rule(&d, "SCMP_ACT_LOG", NO_ERRNO, "ioctl");
	draft_arg(&d, 0, "SCMP_CMP_EQ", 7, 0);
	p = draft_compile(&d);
	EQ(native(&p, "ioctl", 0, 0x5413, 0), SCMP_ACT_ALLOW);
	EQ(native(&p, "ioctl", 7, 0x5413, 0), SCMP_ACT_LOG);
	EQ(native(&p, "ioctl", 7, 0x5412, 0), SCMP_ACT_ERRNO(EIO));
	EQ(native(&p, "ioctl", 0, 0xabc00005412, 0), SCMP_ACT_ERRNO(EIO));
}

TEST(rule_with_default_action_is_none)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ERRNO", 1);
	draft_rule(&d, "SCMP_ACT_ERRNO", NO_ERRNO, "clone");	/* the same: EPERM */
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "clone");
	draft_arg(&d, 0, "SCMP_CMP_MASKED_EQ", 0x7e020000, 0);
	draft_rule(&d, "SCMP_ACT_ERRNO", EACCES, "kill");
	p = draft_compile(&d);
	EQ(native(&p, "clone", 17, 0, 0), SCMP_ACT_ALLOW);
	EQ(native(&p, "clone", 0x10000011, 0, 0), EPERM_RET);
	EQ(native(&p, "kill", 0, 0, 0), SCMP_ACT_ERRNO(EACCES));
}

TEST(same_argument_twice_is_either)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "personality");
	draft_arg(&d, 0, "SCMP_CMP_EQ", 0, 0);
	draft_arg(&d, 0, "SCMP_CMP_EQ", 8, 0);
	p = draft_compile(&d);
	EQ(native(&p, "personality", 0, 0, 0), SCMP_ACT_ALLOW);
	EQ(native(&p, "personality", 8, 0, 0), SCMP_ACT_ALLOW);
	EQ(native(&p, "personality", 1, 0, 0), EPERM_RET);
}

TEST(enosys_above_what_the_profile_names)
{
	static const char *const passing[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "read statx no_such_call");
	p = draft_compile(&d);
	EQ(native(&p, "statx", 0, 0, 0), SCMP_ACT_ALLOW);
	EQ(native(&p, "memfd_create", 0, 0, 0), EPERM_RET);	/* 319: an old one */
	EQ(native(&p, "io_pgetevents", 0, 0, 0), ENOSYS_RET);	/* 333, statx is 332 */
	EQ(verdict(&p, AUDIT_ARCH_X86_64, 0x3fffffff, 0, 0, 0), ENOSYS_RET);
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		draft_init(&d, passing[i], NO_ERRNO);
		draft_rule(&d, "SCMP_ACT_KILL", NO_ERRNO, "statx");
		p = draft_compile(&d);
		EQ(native(&p, "clone3", 0, 0, 0), action_value(passing[i], &d.s.default_errno_ret));
	}
	/* As runc: number 0 says nothing about the age of a profile. */
	draft_init(&d, "SCMP_ACT_KILL", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "read");
	p = draft_compile(&d);
	EQ(native(&p, "clone3", 0, 0, 0), SCMP_ACT_KILL_THREAD);
}

TEST(other_architectures)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ERRNO", NO_ERRNO, "getpid waitpid");
	d.s.architectures = words(&d.a, "SCMP_ARCH_AARCH64 SCMP_ARCH_LOONGARCH64");
	p = draft_compile(&d);
	EQ(native(&p, "getpid", 0, 0, 0), EPERM_RET);	/* native is never left out */
	EQ(int80(&p, 20, 0), SCMP_ACT_KILL_THREAD);
	EQ(verdict(&p, AUDIT_ARCH_AARCH64, 172, 0, 0, 0), SCMP_ACT_KILL_THREAD);
	EQ(verdict(&p, AUDIT_ARCH_X86_64, X32_BIT | 39, 0, 0, 0), SCMP_ACT_KILL_THREAD);
	EQ(verdict(&p, AUDIT_ARCH_X86_64, 0x80000000, 0, 0, 0), SCMP_ACT_KILL_THREAD);
	EQ(verdict(&p, AUDIT_ARCH_X86_64, UINT32_MAX, 0, 0, 0), SCMP_ACT_ALLOW);
	d.s.architectures = words(&d.a, "SCMP_ARCH_X86 SCMP_ARCH_X32");
	p = draft_compile(&d);
	EQ(int80(&p, 20, 0), EPERM_RET);
	EQ(int80(&p, 7, 0), EPERM_RET);		/* waitpid: x86 only */
	EQ(int80(&p, 39, 0), SCMP_ACT_ALLOW);
	EQ(verdict(&p, AUDIT_ARCH_X86_64, X32_BIT | 39, 0, 0, 0), EPERM_RET);
	EQ(verdict(&p, AUDIT_ARCH_X86_64, 39, 0, 0, 0), EPERM_RET);
}

/* What socketcall(1, ...) and socket(2) of x86 get, for a rule on socket. */
static void socket_verdicts(uint32_t mux, uint32_t direct)
{
	struct seccomp_program p;

	d.s.architectures = words(&d.a, "SCMP_ARCH_X86");
	p = draft_compile(&d);
	EQ(int80(&p, 102, 1), mux);
	EQ(int80(&p, 359, 1), direct);
}

TEST(multiplexed_calls_never_widen)
{
	/* A rule without arguments opens the old way in as well. */
	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "socket statx");
	socket_verdicts(SCMP_ACT_ALLOW, SCMP_ACT_ALLOW);
	/* libseccomp allows socketcall(1) whole here, AF_ALG and all. */
	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "socket");
	draft_arg(&d, 0, "SCMP_CMP_EQ", 1, 0);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "statx");
	socket_verdicts(EPERM_RET, SCMP_ACT_ALLOW);
	/* A prohibition counts for the whole. */
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ERRNO", NO_ERRNO, "socket");
	draft_arg(&d, 0, "SCMP_CMP_EQ", 38, 0);
	socket_verdicts(EPERM_RET, SCMP_ACT_ALLOW);
	/* Unless the profile speaks about socketcall itself. */
	draft_rule(&d, "SCMP_ACT_LOG", NO_ERRNO, "socketcall");
	socket_verdicts(SCMP_ACT_LOG, SCMP_ACT_ALLOW);
}

TEST(ipc_version_bits_do_not_help)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ERRNO", NO_ERRNO, "shmat");
	d.s.architectures = words(&d.a, "SCMP_ARCH_X86");
	p = draft_compile(&d);
	EQ(int80(&p, 117, 21), EPERM_RET);
	EQ(int80(&p, 117, 0x10015), EPERM_RET);
	EQ(int80(&p, 117, 22), SCMP_ACT_ALLOW);
	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_ALLOW", NO_ERRNO, "shmat");
	d.s.architectures = words(&d.a, "SCMP_ARCH_X86");
	p = draft_compile(&d);
	EQ(int80(&p, 117, 21), SCMP_ACT_ALLOW);
	EQ(int80(&p, 117, 0x10015), EPERM_RET);
}

TEST(flags)
{
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	EQ(draft_compile(&d).flags, 0);
	d.s.flags.v = NULL;		/* no list at all */
	EQ(draft_compile(&d).flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	d.s.flags = words(&d.a, "SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_TSYNC "
				"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	EQ(draft_compile(&d).flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
	draft_rule(&d, "SCMP_ACT_NOTIFY", NO_ERRNO, "mkdir execve close read recvmsg");
	p = draft_compile(&d);
	TRUE(p.notify);
	EQ(p.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC |
			    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
			    1u << 5 /* WAIT_KILLABLE_RECV */);
	EQ(native(&p, "mkdir", 0, 0, 0), SCMP_ACT_NOTIFY);
}

/* The message of a draft that is refused. */
static const char *refusal(void)
{
	static struct err e;
	struct seccomp_program p;

	int r = seccomp_compile(&e, &d.a, &d.s, &p);

	TRUE(r < 0);
	EQ(r, -e.num);
	return e.msg;
}

TEST(refusals)
{
	draft_init(&d, "SCMP_ACT_NOTIFY", NO_ERRNO);
	TRUE(strstr(refusal(), "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY"));
	draft_init(&d, "SCMP_ACT_ERRNO", 4096);
	TRUE(strstr(refusal(), "errno 4096 is too large"));
	draft_init(&d, "SCMP_ACT_ALLOW", 1);
	TRUE(strstr(refusal(), "SCMP_ACT_ALLOW returns no errno"));
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_NOTIFY", NO_ERRNO, "mkdir sendmsg");
	TRUE(strstr(refusal(),
		    "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for sendmsg"));
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	draft_rule(&d, "SCMP_ACT_KILL", NO_ERRNO, "mkdir");
	draft_arg(&d, 6, "SCMP_CMP_EQ", 0, 0);
	TRUE(strstr(refusal(), "argument index 6 is above 5"));
	d.rules[0].args.v[0] = (struct spec_seccomp_arg){ 0, 0, 0, "SCMP_CMP_LIKE" };
	TRUE(strstr(refusal(), "unknown operator \"SCMP_CMP_LIKE\""));
	d.rules[0].action = "SCMP_ACT_SHRUG";
	TRUE(strstr(refusal(), "unknown action \"SCMP_ACT_SHRUG\""));
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	d.s.architectures = words(&d.a, "SCMP_ARCH_PDP11");
	TRUE(strstr(refusal(), "unknown architecture \"SCMP_ARCH_PDP11\""));
	draft_init(&d, "SCMP_ACT_ALLOW", NO_ERRNO);
	d.s.flags = words(&d.a, "SECCOMP_FILTER_FLAG_NEW_LISTENER");
	TRUE(strstr(refusal(), "unknown flag"));
	STREQ(seccomp_notify_forbidden(0), "sendmsg");
	EQ(seccomp_notify_forbidden(1), NULL);
}

TEST(too_large)
{
	static struct spec_seccomp_rule rules[1500];
	static struct spec_seccomp_arg args[1500];

	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		args[i] = (struct spec_seccomp_arg){ (uint32_t)i % 2, i << 33, 0, "SCMP_CMP_LT" };
		rules[i] = (struct spec_seccomp_rule){ .action = "SCMP_ACT_ALLOW" };
		rules[i].names = words(&d.a, "read");
		rules[i].args.v = &args[i];
		rules[i].args.n = 1;
	}
	d.s.rules.v = rules;
	d.s.rules.n = 500;
	TRUE(draft_compile(&d).len > 2000);
	d.s.rules.n = ARRAY_SIZE(rules);
	TRUE(strstr(refusal(), "needs more than 4096 instructions"));
	d.s.rules.n = 300;
	for (uint32_t i = 0; i < 300; i++) {
		rules[i].action = "SCMP_ACT_TRACE";
		rules[i].errno_ret = (struct opt_u32){ true, i };
	}
	TRUE(strstr(refusal(), "different actions"));
}

/* A thousand values of one argument are a search, not a thousand comparisons. */
TEST(value_lists_are_searched)
{
	static struct spec_seccomp_rule rules[1000];
	static struct spec_seccomp_arg args[1000];
	struct seccomp_program p;

	draft_init(&d, "SCMP_ACT_ERRNO", NO_ERRNO);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		args[i] = (struct spec_seccomp_arg){ 1, (i * 7) % 1000 + 5, 0, "SCMP_CMP_EQ" };
		rules[i] = (struct spec_seccomp_rule){ .action = "SCMP_ACT_ALLOW" };
		rules[i].names = words(&d.a, "ioctl");
		rules[i].args.v = &args[i];
		rules[i].args.n = 1;
	}
	d.s.rules.v = rules;
	d.s.rules.n = ARRAY_SIZE(rules);
	p = draft_compile(&d);
	TRUE(p.len < 30);
	for (uint64_t v = 0; v < 1100; v++)
		EQ(native(&p, "ioctl", 0, v, 0), v >= 5 && v < 1005 ? SCMP_ACT_ALLOW : EPERM_RET);
}

TEST(tables)
{
	names_init();
	for (int i = 0; i < NR_MAX; i++)
		if (id_of[ABI_64][i] >= 0)
			EQ(seccomp_syscall_number(name_of[id_of[ABI_64][i]]), i);
	EQ(seccomp_syscall_number("mseal"), 462);	/* newer than some libseccomp */
	EQ(seccomp_syscall_number("waitpid"), -1);
	for (size_t i = 0; seccomp_action_name(i); i++)
		TRUE(seccomp_action_known(seccomp_action_name(i)));
	for (size_t i = 0; seccomp_op_name(i); i++)
		TRUE(seccomp_op_known(seccomp_op_name(i)));
	for (size_t i = 0; seccomp_arch_name(i); i++)
		TRUE(seccomp_arch_known(seccomp_arch_name(i)));
	for (size_t i = 0; seccomp_flag_name(i); i++)
		TRUE(seccomp_flag_known(seccomp_flag_name(i)));
	TRUE(!seccomp_action_known("ALLOW") && !seccomp_op_known("EQ") && !seccomp_flag_known(""));
	TRUE(!seccomp_arch_known(NULL) && !seccomp_flag_supported("x") &&
	     !seccomp_action_supported("x"));
}
