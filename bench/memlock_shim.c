/*
 * memlock_shim: preloaded into crun 1.8 only. That crun raises RLIMIT_MEMLOCK before it loads a
 * BPF program and gives up when it may not; where root lacks CAP_SYS_RESOURCE it could not be
 * measured at all. Kernels since 5.11 do not charge BPF to that limit, so saying yes is harmless.
 */
#include <dlfcn.h>
#include <sys/resource.h>

typedef int (*setrlimit_fn)(__rlimit_resource_t, const struct rlimit *);

int setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	setrlimit_fn next;

	if (what == RLIMIT_MEMLOCK)
		return 0;
	next = (setrlimit_fn)dlsym(RTLD_NEXT, "setrlimit");
	return next(what, limit);
}
