/*
 * Values of the OCI resources, which were made for cgroup version 1, as version 2 has
 * them. Pure functions: the same for the files of a cgroup and for systemd's properties.
 */
#include <math.h>

#include "cg.h"

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define WEIGHT_MAX 10000
#define IO_WEIGHT_MIN 10	/* of version 1 */
#define IO_WEIGHT_MAX 1000

uint64_t cg_cpu_weight(uint64_t shares)
{
	double l;

	if (shares == 0)
		return 0;
	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	/* A parabola in the logarithms through (2, 1), (1024, 100) and (262144, 10000). */
	l = log2((double)shares);
	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

uint64_t cg_io_weight(uint32_t weight)
{
	if (weight == 0)
		return 0;
	if (weight < IO_WEIGHT_MIN)
		return 1;
	if (weight > IO_WEIGHT_MAX)
		return WEIGHT_MAX;
	return 1 + (uint64_t)(weight - IO_WEIGHT_MIN) * (WEIGHT_MAX - 1) /
			   (IO_WEIGHT_MAX - IO_WEIGHT_MIN);
}

int cg_swap_max(struct err *e, const struct cg_memory *m, struct opt_i64 *ret)
{
	int64_t limit = m->limit.set ? m->limit.v : 0, swap = m->swap.set ? m->swap.v : 0;

	*ret = (struct opt_i64){0};
	/* No limit on memory means none on the sum either. */
	if (swap == -1 || (swap == 0 && limit == -1))
		*ret = (struct opt_i64){.set = true, .v = -1};
	if (swap == -1 || swap == 0)
		return 0;
	if (limit <= 0)
		return err_set(e, ERR_CONFIG,
			       "memory.swap: %lld is a limit on memory plus swap: it needs "
			       "memory.limit too",
			       (long long)swap);
	if (swap < limit)
		return err_set(e, ERR_CONFIG,
			       "memory.swap: %lld is less than memory.limit %lld: it is a limit on "
			       "memory plus swap",
			       (long long)swap, (long long)limit);
	*ret = (struct opt_i64){.set = true, .v = swap - limit};
	return 0;
}

const char *cg_throttle_key(enum cg_throttle t)
{
	static const char *const keys[CG_THROTTLE_MAX] = {
		[CG_READ_BPS] = "rbps",
		[CG_WRITE_BPS] = "wbps",
		[CG_READ_IOPS] = "riops",
		[CG_WRITE_IOPS] = "wiops",
	};

	return keys[t];
}
