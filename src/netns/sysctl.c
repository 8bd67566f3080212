/* Settings in /proc/sys/net: see sysctl.h. */
#include "sysctl.h"

#include <stdarg.h>
#include <stdio.h>

int net_sysctl(struct err *e, const char *value, const char *key, ...)
{
	char name[128] = "/proc/sys/net/";
	size_t len = strlen(name);
	va_list ap;
	int r;

	va_start(ap, key);
	r = vsnprintf(name + len, sizeof(name) - len, key, ap);
	va_end(ap);
	if (r < 0 || (size_t)r >= sizeof(name) - len)
		return err_num(e, ENAMETOOLONG, "set net/%s", key);
	r = file_write_at(AT_FDCWD, name, value, strlen(value));
	return r < 0 ? err_num(e, r, "write %s to %s", value, name) : 0;
}

int net_allow_forwarding(struct err *e, const struct network *n)
{
	int r = 0;

	if (n->subnets[SUBNET_V4].gateway.family)
		r = net_sysctl(e, "1", "ipv4/ip_forward");
	if (r == 0 && n->subnets[SUBNET_V6].gateway.family)
		r = net_sysctl(e, "1", "ipv6/conf/all/forwarding");
	return r;
}
