/*
 * linux.resources of the OCI runtime-spec 1.3 as decoded: what a container may use. Part of
 * cgroups.h. What cgroup version 2 has no counterpart for (kernel memory, swappiness, realtime
 * scheduling, network classes, leaf weights) is refused by the decoder and not in here.
 *
 * A member that is not set, an empty list and a NULL string mean "leave it as it is". So does 0
 * where no limit can be 0 (memory, cpu shares, quota and period, pids, weights): engines write 0
 * for what nobody asked for. -1 means "no limit".
 */
#ifndef BAWN_CGROUPS_RESOURCES_H
#define BAWN_CGROUPS_RESOURCES_H

#include "base/base.h"

struct cg_memory {
	struct opt_i64 limit;		/* bytes: memory.max */
	struct opt_i64 reservation;	/* bytes: memory.low */
	struct opt_i64 swap;		/* bytes of memory plus swap; see cg_swap_max() */
	struct opt_bool check_before_update;
};

struct cg_cpu {
	struct opt_u64 shares;		/* as on version 1; see cg_cpu_weight() */
	struct opt_i64 quota;		/* microseconds a period; negative: no limit */
	struct opt_u64 period, burst;	/* microseconds */
	struct opt_i64 idle;		/* 0 or 1: SCHED_IDLE */
	const char *cpus, *mems;	/* lists, "0-3,7" */
};

struct cg_weight_device {
	int64_t major, minor;
	struct opt_u32 weight;		/* 10..1000 */
};

struct cg_throttle_device {
	int64_t major, minor;
	uint64_t rate;			/* bytes or operations a second; 0: no limit */
};

/* The throttle lists, in the order of cg_throttle_key(). */
enum cg_throttle {
	CG_READ_BPS,
	CG_WRITE_BPS,
	CG_READ_IOPS,
	CG_WRITE_IOPS,
	CG_THROTTLE_MAX,
};

struct cg_block_io {
	struct opt_u32 weight;		/* 10..1000, as on version 1; see cg_io_weight() */
	LIST_OF(struct cg_weight_device) weight_devices;
	LIST_OF(struct cg_throttle_device) throttle[CG_THROTTLE_MAX];
};

struct cg_hugepage_limit {
	const char *page_size;		/* "2MB", checked */
	uint64_t limit;			/* bytes; UINT64_MAX: no limit */
};

struct cg_rdma_limit {
	const char *device;		/* "mlx5_0" */
	struct opt_u32 hca_handles, hca_objects;
};

/* A file of the cgroup by name, checked: "memory.high", of a controller, no path. */
struct cg_unified {
	const char *file, *value;
};

/* Device access. */
enum {
	CG_DEVICE_MKNOD = 1,	/* BPF_DEVCG_ACC_* */
	CG_DEVICE_READ = 2,
	CG_DEVICE_WRITE = 4,
};
struct cg_device_rule {
	bool allow;
	char type;		/* 'a' both, 'b', 'c' */
	int64_t major, minor;	/* -1: any */
	uint32_t access;	/* CG_DEVICE_*, at least one */
};

struct cg_resources {
	struct cg_memory memory;
	struct cg_cpu cpu;
	struct opt_i64 pids_limit;
	struct cg_block_io block_io;
	LIST_OF(struct cg_hugepage_limit) hugepages;
	LIST_OF(struct cg_rdma_limit) rdma;
	LIST_OF(struct cg_unified) unified;	/* written last: they win */
	LIST_OF(struct cg_device_rule) devices;	/* see cg_devices_apply(); empty: default only */
};

/* cpu.shares (2..262144) as cpu.weight (1..10000) by the formula of systemd and runc 1.3, by which
 * the default of the one is the default of the other; 0 (not set) stays 0. */
uint64_t cg_cpu_weight(uint64_t shares);
/* blockIO.weight (10..1000) as io.weight (1..10000); 0 stays 0. */
uint64_t cg_io_weight(uint32_t weight);
/* memory.swap.max for memory.limit and memory.swap: the latter is memory plus swap. *ret is not
 * set when nothing shall be written; -1: no limit. ERR_CONFIG: swap without limit, or below it. */
int cg_swap_max(struct err *e, const struct cg_memory *m, struct opt_i64 *ret);
/* "rbps", "wbps", "riops", "wiops": as in io.max. */
const char *cg_throttle_key(enum cg_throttle t);

/* What `into` is after `change` (update): a member that is set replaces, a device in a list
 * replaces the entry of the same device. New lists are in the arena, the rest points to both. */
int cg_resources_merge(struct err *e, struct arena *a, struct cg_resources *into,
		       const struct cg_resources *change);

#endif
