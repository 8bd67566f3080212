/*
 * cgroups/: device rules. The emitted program against a reference in C, in an own BPF
 * interpreter for many random rule sets, and in the kernel for some: mknod and access
 * fail with EPERM exactly when the program says so.
 * where: native vm
 */
#include "cgroups_scratch.h"

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

enum { M = CG_DEVICE_MKNOD, R = CG_DEVICE_READ, W = CG_DEVICE_WRITE };

struct question {
	char type;
	uint32_t major, minor, access;
};

/* What the list means, bit by bit: the last rule that covers the bit decides. */
static bool bit_allowed(const struct cg_device_rule *rules, size_t n, const struct question *q,
			uint32_t bit)
{
	while (n-- > 0) {
		const struct cg_device_rule *r = &rules[n];

		if ((r->type == 'a' || r->type == q->type) &&
		    (r->major == -1 || r->major == q->major) &&
		    (r->minor == -1 || r->minor == q->minor) && (r->access & bit))
			return r->allow;
	}
	return false;
}

static bool allowed(const struct cg_device_rule *rules, size_t n, const struct question *q)
{
	for (uint32_t bit = 1; bit <= W; bit <<= 1)
		if ((q->access & bit) && !bit_allowed(rules, n, q, bit))
			return false;
	return true;
}

/* The instructions that the emitter uses, and no others. */
static bool interpret(const struct bpf_insn *v, size_t n, const struct question *q)
{
	uint32_t kind = q->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	struct bpf_cgroup_dev_ctx ctx = { q->access << 16 | kind, q->major, q->minor };
	uint64_t r[11] = { 0 };
	size_t pc = 0;

	for (;;) {
		const struct bpf_insn *i = &v[pc++];
		uint32_t imm = (uint32_t)i->imm, dst = (uint32_t)r[i->dst_reg];
		bool jump = false;

		TRUE(pc <= n);
		switch (i->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			EQ(i->src_reg, BPF_REG_1);
			TRUE(i->off >= 0 && i->off <= 8);
			r[i->dst_reg] = ((const uint32_t *)&ctx)[i->off / 4];
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = dst & imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = dst >> imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			jump = dst != imm;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			jump = dst == imm;
			break;
		case BPF_JMP32 | BPF_JSET | BPF_K:
			jump = (dst & imm) != 0;
			break;
		case BPF_JMP | BPF_JA:
			jump = true;
			break;
		case BPF_JMP | BPF_EXIT:
			TRUE(r[0] <= 1);
			return r[0];
		default:
			T_FAIL("instruction %zu has code %#x", pc - 1, i->code);
		}
		if (jump) {
			TRUE(i->off > 0);
			pc += (size_t)i->off;
		}
	}
}

static bool ask(const struct cg_device_rule *rules, size_t n, struct question q)
{
	_free_ struct bpf_insn *v = NULL;
	size_t insns = 0;

	OK_ERR(&err, cg_device_program(&err, rules, n, &v, &insns));
	EQ(interpret(v, insns, &q), allowed(rules, n, &q));
	return interpret(v, insns, &q);
}

static uint32_t below(uint32_t n)
{
	static uint64_t state = 88172645463325252u;	/* xorshift */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

/* Few numbers, so that rules overlap. */
static void random_rules(struct cg_device_rule *rules, size_t n)
{
	static const int64_t major[] = { -1, 600, 600, 601, 700 }, minor[] = { -1, 0, 1, 1, 255 };

	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && below(3) == 0;	/* like its neighbour but for numbers */

		rules[i] = (struct cg_device_rule){
			.allow = again ? rules[i - 1].allow : below(2),
			.type = again ? rules[i - 1].type : "abc"[below(3)],
			.major = again && below(2) ? rules[i - 1].major : major[below(5)],
			.minor = minor[below(5)],
			.access = again ? rules[i - 1].access : 1 + below(7),
		};
	}
}

TEST(examples)
{
	const struct cg_device_rule deny_all[] = {{false, 'a', -1, -1, M | R | W}};
	const struct cg_device_rule allow_all[] = {{true, 'a', -1, -1, M | R | W}};
	const struct cg_device_rule hole[] = {
		{ true, 'c', 8, -1, M | R | W },
		{ false, 'c', 8, 3, W },
	};
	const struct cg_device_rule parts[] = {
		{ true, 'c', 8, 3, R },
		{ true, 'c', -1, 3, W },
	};
	const struct cg_device_rule big[] = {{true, 'b', UINT32_MAX, 0x80000000, R}};

	EQ(ask(NULL, 0, (struct question){ 'c', 1, 3, R }), false);
	EQ(ask(deny_all, 1, (struct question){ 'c', 1, 3, R }), false);
	EQ(ask(allow_all, 1, (struct question){ 'b', 8, 0, M | R | W }), true);
	EQ(ask(hole, 2, (struct question){ 'c', 8, 3, R }), true);
	EQ(ask(hole, 2, (struct question){ 'c', 8, 3, W }), false);
	EQ(ask(hole, 2, (struct question){ 'c', 8, 3, R | W }), false);	/* crun 1.28 allows it */
	EQ(ask(hole, 2, (struct question){ 'c', 8, 4, R | W }), true);
	EQ(ask(hole, 2, (struct question){ 'b', 8, 4, R | W }), false);
	EQ(ask(parts, 2, (struct question){ 'c', 8, 3, R | W }), true);
	EQ(ask(parts, 2, (struct question){ 'c', 9, 3, R | W }), false);
	EQ(ask(big, 1, (struct question){ 'b', UINT32_MAX, 0x80000000, R }), true);
	EQ(ask(big, 1, (struct question){ 'b', UINT32_MAX, 0, R }), false);
}

TEST(defaults)
{
	const struct cg_device_rule *d = cg_default_devices;
	size_t n = cg_default_devices_n;

	EQ(ask(d, n, (struct question){ 'c', 1, 3, R | W }), true);
	EQ(ask(d, n, (struct question){ 'c', 136, 77, R | W }), true);
	EQ(ask(d, n, (struct question){ 'c', 1, 1, R }), false);		/* mem */
	EQ(ask(d, n, (struct question){ 'b', 8, 0, R }), false);
	EQ(ask(d, n, (struct question){ 'b', 8, 0, M }), true);
	EQ(ask(d, n, (struct question){ 'b', 8, 0, M | R }), false);
	EQ(ask(d, n, (struct question){ 'b', 1, 3, R }), false);
	EQ(ask(d, n, (struct question){ 'c', 10, 229, R }), false);		/* fuse */
}

TEST_LIMIT(random_rules_in_the_interpreter, 60)
{
	struct cg_device_rule rules[24];

	for (int round = 0; round < 4000; round++) {
		_free_ struct bpf_insn *v = NULL;
		size_t n = below(ARRAY_SIZE(rules) + 1), insns = 0;

		random_rules(rules, n);
		OK_ERR(&err, cg_device_program(&err, rules, n, &v, &insns));
		for (int i = 0; i < 2 * 4 * 4 * 8; i++) {
			static const uint32_t major[] = { 600, 601, 700, 5 };
			static const uint32_t minor[] = { 0, 1, 255, 7 };
			const struct question q = {"bc"[i & 1], major[i >> 1 & 3],
						   minor[i >> 3 & 3], (uint32_t)i >> 5};

			if (q.access == 0)
				interpret(v, insns, &q);	/* ends, either way */
			else if (interpret(v, insns, &q) != allowed(rules, n, &q))
				T_FAIL("round %d: %c %u:%u access %u", round, q.type, q.major,
				       q.minor, q.access);
		}
	}
}

/* What an engine says twice costs nothing. */
TEST(covered_rules_are_left_out)
{
	struct cg_device_rule rules[64] = {{false, 'a', -1, -1, M | R | W}};
	size_t n = cg_default_devices_n, once, twice;
	struct bpf_insn *v;

	memcpy(rules + 1, cg_default_devices, n * sizeof(*rules));
	memcpy(rules + 1 + n, cg_default_devices, n * sizeof(*rules));
	OK_ERR(&err, cg_device_program(&err, rules, 1 + n, &v, &once));
	free(v);
	OK_ERR(&err, cg_device_program(&err, rules, 1 + 2 * n, &v, &twice));
	free(v);
	EQ(once, twice);
	TRUE(once <= 40);	/* each instruction is 1 us of every start */
}

TEST(bad_rules)
{
	struct cg_device_rule many[CG_DEVICE_RULES_MAX + 1];
	static const struct cg_device_rule bad[] = {
		{ true, 'p', 1, 1, R },
		{ true, 0, 1, 1, R },
		{ true, 'c', -2, 1, R },
		{ true, 'c', 1, INT64_MIN, R },
		{ true, 'c', (int64_t)UINT32_MAX + 1, 1, R },
		{ true, 'c', 1, 1, 0 },
		{ true, 'c', 1, 1, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EQ(cg_devices_apply(&err, FD_NONE, &bad[i], 1), -EINVAL);
		EQ(err.code, ERR_CONFIG);
	}
	random_rules(many, ARRAY_SIZE(many));
	EQ(cg_devices_apply(&err, FD_NONE, many, ARRAY_SIZE(many)), -EINVAL);
}

static int container(void)
{
	struct cg_place p;
	int fd = FD_NONE;

	scratch_open();
	scratch_place("x", &p);
	OK_ERR(&err, cg_create(&err, &mnt, &p, &fd));
	return fd;
}

static void apply(int fd, const struct cg_device_rule *rules, size_t n)
{
	int r = cg_devices_apply(&err, fd, rules, n);

	if (r == -EPERM || r == -EOPNOTSUPP)
		SKIP("%s", err.msg);
	OK_ERR(&err, r);
}

static const uint32_t k_major[] = { 600, 601, 700, 701 }, k_minor[] = { 0, 1, 255, 7 };

/* Nodes for all questions, made outside the cgroup. */
static void make_nodes(void)
{
	OK(chdir(t_tmpdir()));
	for (int i = 0; i < 2 * 4 * 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d", i);
		OK(mknod(name, (i & 1 ? S_IFCHR : S_IFBLK) | 0600,
			 makedev(k_major[i >> 1 & 3], k_minor[i >> 3 & 3])));
	}
}

/* The kernel's answer for node i, from inside the cgroup. access(2) asks as open(2) does, but calls
 * no driver and loads no module. */
static bool kernel_allows(int i, uint32_t access_bits)
{
	char name[32];
	int r, mode = (access_bits & R ? R_OK : 0) | (access_bits & W ? W_OK : 0);

	if (access_bits == M) {
		unlink("new");
		r = mknod("new", (i & 1 ? S_IFCHR : S_IFBLK) | 0600,
			  makedev(k_major[i >> 1 & 3], k_minor[i >> 3 & 3]));
	} else {
		snprintf(name, sizeof(name), "n%d", i);
		r = access(name, mode);
	}
	return r >= 0 || errno != EPERM;
}

static void compare_in_kernel(const struct cg_device_rule *rules, size_t n)
{
	static const uint32_t bits[] = { M, R, W, R | W };

	for (int i = 0; i < 2 * 4 * 4; i++)
		for (size_t a = 0; a < ARRAY_SIZE(bits); a++) {
			const struct question q = {"bc"[i & 1], k_major[i >> 1 & 3],
						   k_minor[i >> 3 & 3], bits[a]};

			if (kernel_allows(i, bits[a]) != allowed(rules, n, &q))
				T_FAIL("%c %u:%u access %u: kernel and rules differ", q.type,
				       q.major, q.minor, q.access);
		}
}

/* Also replaces the program 400 times on a cgroup that is in use. */
TEST_LIMIT(random_rules_in_the_kernel, 60)
{
	int fd = container(), status;
	struct cg_device_rule rules[16];

	make_nodes();
	apply(fd, NULL, 0);
	if (fork() == 0) {
		OK(file_write_at(fd, "cgroup.procs", "0", 1));
		compare_in_kernel(NULL, 0);
		for (int round = 0; round < 400; round++) {
			size_t n = below(ARRAY_SIZE(rules) + 1);

			random_rules(rules, n);
			apply(fd, rules, n);
			compare_in_kernel(rules, n);
		}
		_exit(0);
	}
	OK(wait(&status));
	EQ(status, 0);
}

/* Lists as engines write them: rules that decide everything, with dead rules before them. */
TEST(lists_of_engines)
{
	static const struct cg_device_rule privileged[] = {
		{ false, 'a', -1, -1, M | R | W },
		{ true, 'c', 1, 3, R },
		{ true, 'a', -1, -1, M | R | W },
	};
	struct cg_device_rule docker[32] = {
		{ true, 'a', -1, -1, M | R | W },
		{ false, 'a', -1, -1, M | R | W },
		{ true, 'c', 600, 1, M | R | W },
		{ true, 'b', 700, -1, R },
	};
	int fd = container(), status;

	make_nodes();
	memcpy(docker + 4, cg_default_devices, cg_default_devices_n * sizeof(*docker));
	if (fork() == 0) {
		OK(file_write_at(fd, "cgroup.procs", "0", 1));
		apply(fd, docker, 4 + cg_default_devices_n);
		compare_in_kernel(docker, 4 + cg_default_devices_n);
		apply(fd, privileged, ARRAY_SIZE(privileged));
		compare_in_kernel(privileged, ARRAY_SIZE(privileged));
		_exit(0);
	}
	OK(wait(&status));
	EQ(status, 0);
}

TEST(open_is_checked)
{
	static const struct cg_device_rule rules[] = {
		{ true, 'c', 1, 3, R | W },
		{ false, 'c', 1, 3, W },
	};
	int fd = container(), status;

	OK(chdir(t_tmpdir()));
	OK(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
	if (open("null", O_RDWR | O_CLOEXEC) < 0)
		SKIP("%s is mounted nodev", t_tmpdir());
	apply(fd, rules, ARRAY_SIZE(rules));
	if (fork() == 0) {
		OK(file_write_at(fd, "cgroup.procs", "0", 1));
		OK(open("null", O_RDONLY | O_CLOEXEC));
		EQ(open("null", O_WRONLY | O_CLOEXEC), -1);
		EQ(errno, EPERM);
		EQ(open("null", O_RDWR | O_CLOEXEC), -1);
		EQ(errno, EPERM);
		_exit(0);
	}
	OK(wait(&status));
	EQ(status, 0);
}

static uint32_t attached(int fd)
{
	uint32_t ids[64];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = 64;
	OK(syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)));
	return attr.query.prog_cnt;
}

/* A program that allows everything, attached by somebody else. */
static void attach_foreign(int fd, const char *name)
{
	static const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	long prog;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)allow;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", name);
	prog = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	OK(prog);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)fd;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	OK(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)));
}

TEST(replaces_only_ours)
{
	int fd = container();

	EQ(attached(fd), 0);
	apply(fd, cg_default_devices, cg_default_devices_n);
	EQ(attached(fd), 1);
	for (int i = 0; i < 10; i++)
		apply(fd, cg_default_devices, cg_default_devices_n);
	EQ(attached(fd), 1);
	attach_foreign(fd, "sd_devices");
	EQ(attached(fd), 2);
	apply(fd, NULL, 0);
	EQ(attached(fd), 2);
}

/* Updates in parallel: one program is left. */
TEST(parallel_updates)
{
	int fd = container(), status;

	apply(fd, NULL, 0);
	for (int w = 0; w < 4; w++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < 50; i++)
			apply(fd, cg_default_devices, cg_default_devices_n);
		_exit(0);
	}
	for (int w = 0; w < 4; w++) {
		wait(&status);
		EQ(status, 0);
	}
	EQ(attached(fd), 1);
}

/* The verifier's work is linear: the longest list loads. */
TEST_LIMIT(longest_list, 60)
{
	struct cg_device_rule rules[CG_DEVICE_RULES_MAX];
	int fd = container();

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = (struct cg_device_rule){i & 1, "abc"[i % 3], (int64_t)(i % 300),
						   (int64_t)i, 1 + (uint32_t)i % 7};
	apply(fd, rules, ARRAY_SIZE(rules));
}

TEST(without_privilege)
{
	int fd = container(), status;

	if (fork() == 0) {
		OK(setuid(65534));
		EQ(cg_devices_apply(&err, fd, NULL, 0), -EPERM);
		EQ(err.code, ERR_UNSUPPORTED);
		TRUE(strstr(err.msg, "CAP_BPF"));
		_exit(0);
	}
	OK(wait(&status));
	EQ(status, 0);
}

TEST(not_a_cgroup)
{
	int fd;

	if (geteuid() != 0)
		SKIP("needs root");
	fd = open("/", O_RDONLY | O_CLOEXEC);
	TRUE(cg_devices_apply(&err, fd, NULL, 0) < 0);
}
