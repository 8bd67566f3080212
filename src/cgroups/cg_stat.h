/*
 * What the kernel counts for a cgroup and what limits it has: part of cgroups.h.
 *
 * Nothing here is made up: a value whose file or key is missing (controller not enabled here,
 * older kernel, PSI off) has `set` false, which is not the same as 0. Lists belong to the arena.
 */
#ifndef BAWN_CGROUPS_CG_STAT_H
#define BAWN_CGROUPS_CG_STAT_H

#include "base/base.h"

#define CG_NO_LIMIT UINT64_MAX		/* "max" in a file */

/* The host decides how many of each there are, so these are bounds against nonsense only. */
#define CG_STAT_TEXT_MAX (1u << 20)	/* bytes of one file */
#define CG_STAT_KEYS_MAX 512
#define CG_STAT_DEVICES_MAX 4096

struct cg_pair {
	const char *key;
	uint64_t v;
};
struct cg_pairs {			/* every key of a file, known or not, in its order */
	struct cg_pair *v;
	size_t n;
};

struct cg_psi_line {
	bool set;
	uint32_t avg10, avg60, avg300;	/* hundredths of a percent */
	uint64_t total_usec;
};
struct cg_psi {
	struct cg_psi_line some, full;
};

struct cg_cpu_stat {
	struct opt_u64 usage_usec, user_usec, system_usec, nice_usec, force_idle_usec;
	struct opt_u64 nr_periods, nr_throttled, throttled_usec, nr_bursts, burst_usec;
	struct opt_u64 quota_usec, period_usec, max_burst_usec, weight, idle;
	struct cg_psi psi;
};

struct cg_memory_events {
	struct opt_u64 low, high, max, oom, oom_kill, oom_group_kill;
};
struct cg_memory_stat {
	struct opt_u64 current, peak, max, high, low, min, oom_group;
	struct opt_u64 swap_current, swap_peak, swap_max, swap_high;
	struct opt_u64 zswap_current, zswap_max;
	struct cg_memory_events events, events_local;
	struct opt_u64 swap_events_high, swap_events_max, swap_events_fail;
	struct cg_pairs stat;
	struct cg_psi psi;
};

struct cg_pids_stat {
	struct opt_u64 current, max, peak, events_max;
};

struct cg_io_device {
	uint32_t major, minor;
	struct opt_u64 rbytes, wbytes, rios, wios, dbytes, dios;
	struct opt_u64 rbps_max, wbps_max, riops_max, wiops_max;	/* set: it has limits */
	struct opt_u64 weight;
};
struct cg_io_stat {
	bool set;
	struct cg_io_device *v;
	size_t n;
	struct opt_u64 weight;		/* of devices without a weight of their own */
	struct cg_psi psi;
};

struct cg_hugetlb_stat {
	char size[16];			/* "2MB" */
	struct opt_u64 current, max, events_max, rsvd_current, rsvd_max;
};
struct cg_rdma_stat {
	const char *device;
	struct opt_u64 handles, objects, handles_max, objects_max;
};
struct cg_misc_stat {
	const char *resource;
	struct opt_u64 current, max, peak, events_max;
};

struct cg_stat {
	struct opt_u64 nr_descendants, nr_dying_descendants;
	struct cg_cpu_stat cpu;
	struct cg_memory_stat memory;
	struct cg_pids_stat pids;
	struct cg_io_stat io;
	const char *cpus_effective, *mems_effective;	/* "0-3,8"; NULL without cpuset */
	struct {
		struct cg_hugetlb_stat *v;
		size_t n;
	} hugetlb;
	struct {
		bool set;
		struct cg_rdma_stat *v;
		size_t n;
	} rdma;
	struct {
		bool set;
		struct cg_misc_stat *v;
		size_t n;
	} misc;
	struct cg_psi irq_psi;
};

/* Reads all of it. -ENOENT (ERR_NOT_FOUND) when the cgroup is removed meanwhile. */
int cg_stat_read(struct err *e, int cgroup_fd, struct arena *a, struct cg_stat *ret);

/* memory.events as a file to poll(2) for POLLPRI: it says when a process is killed for want of
 * memory. FD_NONE without the memory controller; -errno. Each read makes poll wait for the next
 * change. -ENODEV: the cgroup was removed. */
int cg_memory_events_open(struct err *e, int cgroup_fd);
int cg_memory_events_read(struct err *e, int events_fd, struct cg_memory_events *ret);

#endif
