/*
 * Device programs in the kernel: load, attach, replace. A cgroup without one allows
 * every device, so a container gets one before its first process, always.
 * Programs of others (systemd, an administrator) on the same cgroup are left alone;
 * ours is known by its name.
 */
#include "cg.h"

#include <stdlib.h>
#include <sys/syscall.h>

#define PROG_NAME "bawn_devices"
#define PROGS_MAX 64		/* BPF_CGROUP_MAX_PROGS */
#define RACES_MAX 16
#define LOG_SIZE (64u << 10)

_Static_assert(sizeof(PROG_NAME) <= BPF_OBJ_NAME_LEN, "the kernel's limit for names");

#define RULE_CHAR(major, minor)                                                             \
	{                                                                                   \
		true, 'c', major, minor, CG_DEVICE_MKNOD | CG_DEVICE_READ | CG_DEVICE_WRITE \
	}

/* The lists of runc and crun. Making a device node is harmless where opening it is refused. */
const struct cg_device_rule cg_default_devices[] = {
	{ true, 'a', -1, -1, CG_DEVICE_MKNOD },
	RULE_CHAR(1, 3),	/* null */
	RULE_CHAR(1, 5),	/* zero */
	RULE_CHAR(1, 7),	/* full */
	RULE_CHAR(1, 8),	/* random */
	RULE_CHAR(1, 9),	/* urandom */
	RULE_CHAR(5, 0),	/* tty */
	RULE_CHAR(5, 1),	/* console */
	RULE_CHAR(5, 2),	/* ptmx */
	RULE_CHAR(136, -1),	/* pts */
	RULE_CHAR(10, 200),	/* net/tun: gives nothing without CAP_NET_ADMIN in the netns */
};
const size_t cg_default_devices_n = ARRAY_SIZE(cg_default_devices);

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int not_permitted(struct err *e, int num, const char *what)
{
	if (num == -EPERM || num == -EACCES)
		return cg_fail(e, EPERM, ERR_UNSUPPORTED,
			       "%s: operation not permitted: device rules need CAP_BPF and "
			       "CAP_NET_ADMIN (or CAP_SYS_ADMIN) outside user namespaces",
			       what);
	if (num == -ENOSYS || num == -EOPNOTSUPP)
		return cg_fail(e, EOPNOTSUPP, ERR_UNSUPPORTED,
			       "%s: this kernel has no BPF for cgroups (CONFIG_CGROUP_BPF)", what);
	return err_num(e, num, "%s", what);
}

/* The verifier's last line says why. */
static int explain_load(struct err *e, int num, union bpf_attr *attr)
{
	_free_ char *log = calloc(1, LOG_SIZE);
	char *last;
	size_t len;
	int fd;

	if (!log || num == -EPERM || num == -ENOSYS)
		return not_permitted(e, num, "load device program");
	attr->log_level = 1;
	attr->log_buf = ptr(log);
	attr->log_size = LOG_SIZE;
	fd = sys_bpf(BPF_PROG_LOAD, attr);
	if (fd >= 0)
		return fd;
	len = strnlen(log, LOG_SIZE - 1);
	while (len > 0 && log[len - 1] == '\n')
		log[--len] = '\0';
	last = strrchr(log, '\n');
	return err_num(e, fd, "load device program (%u instructions): %.300s", attr->insn_cnt,
		       last ? last + 1 : log);
}

static int load(struct err *e, const struct cg_device_rule *rules, size_t n)
{
	_free_ struct bpf_insn *insns = NULL;
	union bpf_attr attr;
	size_t insns_n = 0;
	int r;

	r = cg_device_program(e, rules, n, &insns, &insns_n);
	if (r < 0)
		return r;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = ptr(insns);
	attr.insn_cnt = (uint32_t)insns_n;
	attr.license = ptr("Apache-2.0");
	memcpy(attr.prog_name, PROG_NAME, sizeof(PROG_NAME));
	for (int i = 0; i < RACES_MAX; i++) {
		r = sys_bpf(BPF_PROG_LOAD, &attr);
		if (r != -EAGAIN)	/* a signal came while the verifier worked */
			break;
	}
	return r < 0 ? explain_load(e, r, &attr) : r;
}

/* An fd of our program if id is one: FD_NONE when not, or -errno; -ENOENT: it is gone. */
static int open_if_ours(uint32_t id)
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	_close_ int fd = FD_NONE;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = ptr(&info);
	r = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (r < 0)
		return r;
	info.name[sizeof(info.name) - 1] = '\0';
	return str_eq(info.name, PROG_NAME) ? take_fd(&fd) : FD_NONE;
}

/* The device program that an earlier call attached here: an fd, FD_NONE when there is none, or
 * -errno with a message; -ENOENT when it was replaced while we looked. */
static int find_ours(struct err *e, int cgroup_fd)
{
	uint32_t id[PROGS_MAX];
	union bpf_attr attr;
	int r, fd;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = ptr(id);
	attr.query.prog_cnt = PROGS_MAX;
	r = sys_bpf(BPF_PROG_QUERY, &attr);
	if (r < 0)
		return not_permitted(e, r, "query device programs of the cgroup");
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < PROGS_MAX; i++) {
		fd = open_if_ours(id[i]);
		if (fd >= 0)
			return fd;
		if (fd != FD_NONE)
			return not_permitted(e, fd, "open a device program of the cgroup");
	}
	return FD_NONE;
}

/* One try; -ENOENT when a parallel update was faster. */
static int attach(struct err *e, int cgroup_fd, int prog_fd)
{
	_close_ int old = find_ours(e, cgroup_fd);
	union bpf_attr attr;
	int r;

	if (old < 0 && old != FD_NONE)
		return old;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	r = sys_bpf(BPF_PROG_ATTACH, &attr);
	if (r == -EPERM)
		return cg_fail(
			e, EPERM, ERR_UNSUPPORTED,
			"attach device program: operation not permitted: a parent cgroup has "
			"one without BPF_F_ALLOW_MULTI, or a capability is missing");
	return r < 0 ? not_permitted(e, r, "attach device program") : 0;
}

int cg_devices_apply(struct err *e, int cgroup_fd, const struct cg_device_rule *rules, size_t n)
{
	_close_ int fd = load(e, rules, n);
	int r = fd;

	for (int i = 0; i < RACES_MAX && fd >= 0; i++) {
		r = attach(e, cgroup_fd, fd);
		if (r != -ENOENT)
			break;
	}
	return r;
}
