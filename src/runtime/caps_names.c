/* Capability names: see caps_names.h. The numbers are those of <linux/capability.h>. */
#include "runtime/caps_names.h"

#include <linux/capability.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define N(cap) [cap] = #cap

/* Arrays, not pointers: nothing to relocate at program start. */
static const char names[][24] = {
	N(CAP_CHOWN),
	N(CAP_DAC_OVERRIDE),
	N(CAP_DAC_READ_SEARCH),
	N(CAP_FOWNER),
	N(CAP_FSETID),
	N(CAP_KILL),
	N(CAP_SETGID),
	N(CAP_SETUID),
	N(CAP_SETPCAP),
	N(CAP_LINUX_IMMUTABLE),
	N(CAP_NET_BIND_SERVICE),
	N(CAP_NET_BROADCAST),
	N(CAP_NET_ADMIN),
	N(CAP_NET_RAW),
	N(CAP_IPC_LOCK),
	N(CAP_IPC_OWNER),
	N(CAP_SYS_MODULE),
	N(CAP_SYS_RAWIO),
	N(CAP_SYS_CHROOT),
	N(CAP_SYS_PTRACE),
	N(CAP_SYS_PACCT),
	N(CAP_SYS_ADMIN),
	N(CAP_SYS_BOOT),
	N(CAP_SYS_NICE),
	N(CAP_SYS_RESOURCE),
	N(CAP_SYS_TIME),
	N(CAP_SYS_TTY_CONFIG),
	N(CAP_MKNOD),
	N(CAP_LEASE),
	N(CAP_AUDIT_WRITE),
	N(CAP_AUDIT_CONTROL),
	N(CAP_SETFCAP),
	N(CAP_MAC_OVERRIDE),
	N(CAP_MAC_ADMIN),
	N(CAP_SYSLOG),
	N(CAP_WAKE_ALARM),
	N(CAP_BLOCK_SUSPEND),
	N(CAP_AUDIT_READ),
	N(CAP_PERFMON),
	N(CAP_BPF),
	N(CAP_CHECKPOINT_RESTORE),
};

#define COUNT (sizeof(names) / sizeof(names[0]))

_Static_assert(COUNT == CAP_LAST_CAP + 1, "a capability is missing");
_Static_assert(COUNT <= 64, "sets are kept as 64 bits");

int caps_from_name(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcasecmp(names[i], name) == 0 || strcasecmp(names[i] + 4, name) == 0)
			return (int)i;
	return -1;
}

const char *caps_name(int cap)
{
	return cap >= 0 && (size_t)cap < COUNT ? names[cap] : NULL;
}
