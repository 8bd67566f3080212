/* Resources in effect, changed by others: what later updates are relative to. */
#include "cg.h"

/* A set member replaces; 0 only where it is a value. */
static void merge_i64(struct opt_i64 *into, const struct opt_i64 *change, bool zero)
{
	if (change->set && (change->v != 0 || zero))
		*into = *change;
}

static void merge_u64(struct opt_u64 *into, const struct opt_u64 *change, bool zero)
{
	if (change->set && (change->v != 0 || zero))
		*into = *change;
}

static void merge_memory(struct cg_memory *into, const struct cg_memory *change)
{
	merge_i64(&into->limit, &change->limit, false);
	merge_i64(&into->reservation, &change->reservation, false);
	merge_i64(&into->swap, &change->swap, false);
	/* Of this change alone: it says how to make it. */
	into->check_before_update = change->check_before_update;
	/* A memory limit taken away takes the limit of the sum with it. */
	if (change->limit.set && change->limit.v == -1 &&
	    (!change->swap.set || change->swap.v == 0))
		into->swap = (struct opt_i64){.set = true, .v = -1};
}

static void merge_cpu(struct cg_cpu *into, const struct cg_cpu *change)
{
	merge_u64(&into->shares, &change->shares, false);
	merge_i64(&into->quota, &change->quota, false);
	merge_u64(&into->period, &change->period, false);
	merge_u64(&into->burst, &change->burst, true);
	merge_i64(&into->idle, &change->idle, true);
	if (change->cpus)
		into->cpus = change->cpus;
	if (change->mems)
		into->mems = change->mems;
}

/* Two entries of a list are about the same thing. */
typedef bool (*same_fn)(const void *a, const void *b);

static bool same_weight(const void *a, const void *b)
{
	const struct cg_weight_device *x = a, *y = b;

	return x->major == y->major && x->minor == y->minor;
}

static bool same_throttle(const void *a, const void *b)
{
	const struct cg_throttle_device *x = a, *y = b;

	return x->major == y->major && x->minor == y->minor;
}

static bool same_page_size(const void *a, const void *b)
{
	return str_eq(((const struct cg_hugepage_limit *)a)->page_size,
		      ((const struct cg_hugepage_limit *)b)->page_size);
}

static bool same_rdma(const void *a, const void *b)
{
	return str_eq(((const struct cg_rdma_limit *)a)->device,
		      ((const struct cg_rdma_limit *)b)->device);
}

static bool same_file(const void *a, const void *b)
{
	return str_eq(((const struct cg_unified *)a)->file, ((const struct cg_unified *)b)->file);
}

/* `into` and `change` are LIST_OF(); old entries that the change names too give way. */
static int merge_list(struct err *e, struct arena *a, void *into, const void *change, size_t size,
		      same_fn same)
{
	struct list_of old, new, all = {0};
	size_t j;

	memcpy(&old, into, sizeof(old));
	memcpy(&new, change, sizeof(new));
	if (new.n == 0)
		return 0;
	all.v = arena_array(a, old.n + new.n, size);
	if (!all.v)
		return err_nomem(e);
	for (size_t i = 0; i < old.n; i++) {
		const char *entry = (const char *)old.v + i * size;

		for (j = 0; j < new.n; j++)
			if (same(entry, (const char *)new.v + j *size))
				break;
		if (j == new.n)
			memcpy((char *)all.v + size * all.n++, entry, size);
	}
	memcpy((char *)all.v + size * all.n, new.v, new.n *size);
	all.n += new.n;
	memcpy(into, &all, sizeof(all));
	return 0;
}

#define MERGE(e, a, into, change, same) \
	merge_list((e), (a), &(into), &(change), sizeof(*(into).v), (same))

static int merge_lists(struct err *e, struct arena *a, struct cg_resources *into,
		       const struct cg_resources *change)
{
	struct cg_block_io *io = &into->block_io;
	const struct cg_block_io *io_change = &change->block_io;
	int r = MERGE(e, a, io->weight_devices, io_change->weight_devices, same_weight);

	for (int t = 0; t < CG_THROTTLE_MAX && r == 0; t++)
		r = MERGE(e, a, io->throttle[t], io_change->throttle[t], same_throttle);
	if (r == 0)
		r = MERGE(e, a, into->hugepages, change->hugepages, same_page_size);
	if (r == 0)
		r = MERGE(e, a, into->rdma, change->rdma, same_rdma);
	if (r == 0)
		r = MERGE(e, a, into->unified, change->unified, same_file);
	return r;
}

int cg_resources_merge(struct err *e, struct arena *a, struct cg_resources *into,
		       const struct cg_resources *change)
{
	merge_memory(&into->memory, &change->memory);
	merge_cpu(&into->cpu, &change->cpu);
	merge_i64(&into->pids_limit, &change->pids_limit, false);
	if (change->block_io.weight.set && change->block_io.weight.v)
		into->block_io.weight = change->block_io.weight;
	/* Rules are a program: in their order, all or none. */
	if (change->devices.n)
		memcpy(&into->devices, &change->devices, sizeof(into->devices));
	return merge_lists(e, a, into, change);
}
