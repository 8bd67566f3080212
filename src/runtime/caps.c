/*
 * Capability sets: see caps.h. libcap's own calls bring string handling and allocation
 * that a process between clone and exec must not need; these are the two system calls
 * behind them (capabilities(7)).
 */
#include "runtime/caps.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int caps_drop_bounding(struct err *e, uint64_t bounding)
{
	/* The kernel says EINVAL past its last capability; no need to know that number. */
	for (int cap = 0; cap < 64; cap++) {
		if (bounding >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;
		return err_sys(e, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

static int set_ambient(struct err *e, uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "clear the ambient capabilities");
	for (int cap = 0; ambient >> cap; cap++) {
		if (!(ambient >> cap & 1))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, "process.capabilities.ambient: raise capability %d", cap);
	}
	return 0;
}

int caps_set(struct err *e, const struct spec_caps *caps, uint64_t keep)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	uint64_t effective = caps->effective | keep, permitted = caps->permitted | keep;
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(caps->inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(e, "process.capabilities: set");
	/*
	 * The kernel's rule for ambient ones. buildah asks for all of its capabilities as ambient
	 * and none as inheritable: other runtimes leave them out without a word, too.
	 */
	return set_ambient(e, caps->ambient & caps->permitted & caps->inheritable);
}

void caps_limit_to_own(struct spec_caps *caps)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint64_t own, missing;

	if (syscall(SYS_capget, &head, data) < 0)
		return;
	own = data[0].permitted | (uint64_t)data[1].permitted << 32;
	missing = (caps->permitted | caps->effective | caps->inheritable | caps->ambient) & ~own;
	if (!missing)
		return;
	log_warning("process.capabilities: not held by bawn itself, left out: mask 0x%llx",
		    (unsigned long long)missing);
	caps->permitted &= own;
	caps->effective &= own;
	caps->inheritable &= own;
	caps->ambient &= own;
}
