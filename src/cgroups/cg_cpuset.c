/*
 * cpuset: the kernel takes cpus and memory nodes that are not there, or not the
 * parent's, and then uses the parent's all: the container would run where it must not.
 */
#include "cg_limits.h"

#define LIST_BITS 65536

/* One "LO[-HI]" at *s; false at the end or at what is none. */
static bool next_range(const char **s, uint64_t *lo, uint64_t *hi)
{
	uint64_t *v[] = {lo, hi};

	*lo = *hi = 0;
	if (**s < '0' || **s > '9')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		for (; **s >= '0' && **s <= '9' && *v[i] < LIST_BITS; ++*s)
			*v[i] = *v[i] * 10 + (uint64_t)(**s - '0');
		if (i == 0 && **s != '-') {
			*hi = *lo;
			break;
		}
		*s += i == 0;
	}
	*s += **s == ',';
	return *lo <= *hi && *hi < LIST_BITS;
}

/* Whether n is in a list of the kernel's: sorted, without overlap. */
static bool contains(const char *list, uint64_t n)
{
	uint64_t lo, hi;

	while (next_range(&list, &lo, &hi))
		if (n >= lo && n <= hi)
			return true;
	return false;
}

static int check_list(struct err *e, int cgroup_fd, const char *what, const char *noun,
		      const char *file, const char *list)
{
	char there[4096];
	uint64_t lo, hi;
	ssize_t n = cg_read(cgroup_fd, file, there, sizeof(there));

	if (n < 0)
		return err_num(e, (int)n, "%s: read %s of the parent cgroup", what, file + 3);
	for (const char *s = list; next_range(&s, &lo, &hi);)
		for (uint64_t i = lo; i <= hi; i++)
			if (!contains(there, i))
				return cg_fail(e, EINVAL, ERR_CONFIG,
					       "%s: \"%s\": there is no %s %llu here; the parent "
					       "cgroup has %s",
					       what, list, noun, (unsigned long long)i, there);
	return 0;
}

int cg_check_cpuset(struct err *e, int cgroup_fd, const struct cg_cpu *cpu)
{
	int r = 0;

	if (cpu->cpus)
		r = check_list(e, cgroup_fd, "cpu.cpus", "CPU", "../cpuset.cpus.effective",
			       cpu->cpus);
	if (r == 0 && cpu->mems)
		r = check_list(e, cgroup_fd, "cpu.mems", "memory node", "../cpuset.mems.effective",
			       cpu->mems);
	return r;
}
