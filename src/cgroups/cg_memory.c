/*
 * A memory limit of processes that run. The kernel's answer to a memory.max below what
 * is in use is to reclaim and then to kill (runc#3509). So the use is brought down
 * first: memory.high slows the processes down and reclaims, memory.reclaim asks again,
 * and the limit itself is set while all of them stand still. What cannot be reclaimed
 * makes the update fail, and the limit stays as it was.
 */
#include "cg_limits.h"

#include <stdio.h>

#define RECLAIM_ROUNDS 16
#define FREEZE_MS 5000

static int read_bytes(int cgroup_fd, const char *file, uint64_t *ret)
{
	char text[32];
	ssize_t n = cg_read(cgroup_fd, file, text, sizeof(text));

	if (n < 0)
		return (int)n;
	*ret = UINT64_MAX;	/* "max" */
	return str_eq(text, "max") ? 0 : str_to_u64(text, ret);
}

/* "64M" as the kernel reads it. False: "max" or what it will refuse. */
static bool parse_bytes(const char *text, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	const char *units = "KMG",
		   *unit = text[digits] ? strchr(units, text[digits] & ~0x20) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	char number[24];

	if (text[digits] && (!unit || text[digits + 1]))
		return false;
	if (str_format(number, sizeof(number), "%.*s", (int)digits, text) < 0 ||
	    str_to_u64(number, ret) < 0 || *ret > UINT64_MAX >> shift)
		return false;
	*ret <<= shift;
	return true;
}

static int write_text(int cgroup_fd, const char *file, const char *text)
{
	return file_write_at(cgroup_fd, file, text, strlen(text));
}

/* Asks for the use to fall to `target`, until it is there or does not fall any more. */
static void reclaim(int cgroup_fd, uint64_t target)
{
	uint64_t before = UINT64_MAX, use;
	char text[32];

	for (int i = 0; i < RECLAIM_ROUNDS; i++) {
		if (read_bytes(cgroup_fd, "memory.current", &use) < 0 || use <= target ||
		    use >= before)
			return;
		before = use;
		(void)str_format(text, sizeof(text), "%llu", (unsigned long long)(use - target));
		/* Kernel 5.19. -EAGAIN: less than that; before: memory.high does it alone. */
		if (write_text(cgroup_fd, "memory.reclaim", text) == -ENOENT)
			return;
	}
}

static int too_much(struct err *e, const char *what, uint64_t limit, uint64_t use)
{
	return cg_fail(e, EBUSY, ERR_STATE,
		       "%s: %llu bytes are less than the %llu that the container uses and that "
		       "cannot be reclaimed; the limit stays as it was",
		       what, (unsigned long long)limit, (unsigned long long)use);
}

/* Nothing in the cgroup runs: what is reclaimed now stays so. */
static int set_when_frozen(struct err *e, int cgroup_fd, const char *what, const char *value,
			   uint64_t limit)
{
	uint64_t use = 0;
	int r;

	reclaim(cgroup_fd, limit - limit / 64);
	r = read_bytes(cgroup_fd, "memory.current", &use);
	if (r == 0 && use > limit)
		return too_much(e, what, limit, use);
	if (r == 0)
		r = write_text(cgroup_fd, "memory.max", value);
	return r < 0 ? err_num(e, r, "%s: write \"%s\" to memory.max", what, value) : 0;
}

static int set_frozen(struct err *e, int cgroup_fd, const char *what, const char *value,
		      uint64_t limit)
{
	struct cg_events ev;
	struct err ignored;
	int r = cg_read_events(e, cgroup_fd, &ev);

	if (r < 0 || ev.frozen)
		return r < 0 ? r : set_when_frozen(e, cgroup_fd, what, value, limit);
	r = cg_freeze(e, cgroup_fd, true, FREEZE_MS);
	if (r < 0)
		return err_wrap(e, r, "%s", what);
	r = set_when_frozen(e, cgroup_fd, what, value, limit);
	if (cg_freeze(&ignored, cgroup_fd, false, FREEZE_MS) < 0 && r == 0) {
		*e = ignored;
		r = -e->num;
	}
	return r;
}

static int lower(struct err *e, int cgroup_fd, const char *what, const char *value, uint64_t limit)
{
	uint64_t high_bytes = 0;
	char high[32];
	int r = (int)cg_read(cgroup_fd, "memory.high", high, sizeof(high)), back;

	if (r >= 0)
		r = read_bytes(cgroup_fd, "memory.high", &high_bytes);
	if (r >= 0 && high_bytes > limit)
		r = write_text(cgroup_fd, "memory.high", value);
	if (r < 0)
		return err_num(e, r, "%s: set memory.high for a while", what);
	reclaim(cgroup_fd, limit - limit / 64);
	r = set_frozen(e, cgroup_fd, what, value, limit);
	back = write_text(cgroup_fd, "memory.high", high);
	if (r == 0 && back < 0)
		r = err_num(e, back, "%s: put memory.high back to %s", what, high);
	return r;
}

int cg_set_memory_max(struct err *e, int cgroup_fd, const char *what, const char *value)
{
	uint64_t limit = UINT64_MAX, use = 0;
	int r = read_bytes(cgroup_fd, "memory.current", &use);

	if (r < 0)
		return err_num(e, r, "%s: read memory.current", what);
	if (parse_bytes(value, &limit) && use > limit - limit / 4)
		return lower(e, cgroup_fd, what, value, limit);
	r = write_text(cgroup_fd, "memory.max", value);
	return r < 0 ? err_num(e, r, "%s: write \"%s\" to memory.max", what, value) : 0;
}

int cg_check_memory_use(struct err *e, int cgroup_fd, const struct cg_memory *m)
{
	uint64_t use = 0, swapped = 0;
	int r = read_bytes(cgroup_fd, "memory.current", &use);

	if (r < 0)
		return err_num(e, r, "read memory.current");
	(void)read_bytes(cgroup_fd, "memory.swap.current", &swapped);
	if (m->limit.v > 0 && use > (uint64_t)m->limit.v)
		return cg_fail(e, EBUSY, ERR_STATE,
			       "memory.limit: %lld bytes are less than the %llu in use, and "
			       "checkBeforeUpdate is set: nothing was changed",
			       (long long)m->limit.v, (unsigned long long)use);
	if (m->swap.v > 0 && use + swapped > (uint64_t)m->swap.v)
		return cg_fail(e, EBUSY, ERR_STATE,
			       "memory.swap: %lld bytes are less than the %llu of memory and swap "
			       "in use, and checkBeforeUpdate is set: nothing was changed",
			       (long long)m->swap.v, (unsigned long long)(use + swapped));
	return 0;
}
