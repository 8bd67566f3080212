/*
 * linux.sysctl. Each value is one write to one file below a procfs that nobody else can
 * mount on (CVE-2025-52881, CVE-2022-0811).
 */
#include "runtime/sysctl.h"

#include "path/path.h"

#include <limits.h>

/* "net.ipv4.ip_forward" -> "sys/net/ipv4/ip_forward"; in names, the other separator is
 * literal as in sysctl(8): "net/ipv4/conf/eth0.100/forwarding", "net.ipv4.conf.eth0/100.forwarding".
 */
static int file_of(const char *key, char *out, size_t size)
{
	bool slashes = key[strcspn(key, "./")] == '/';
	int rc = str_format(out, size, "sys/%s", key);

	for (char *p = out + 4; rc == 0 && !slashes && *p; p++) {
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	}
	return rc;
}

int sysctl_apply(struct err *e, int proc, const struct spec *spec)
{
	for (size_t i = 0; i < spec->linux_.sysctl.n; i++) {
		const struct spec_sysctl *s = &spec->linux_.sysctl.v[i];
		char file[PATH_MAX];
		int rc = file_of(s->key, file, sizeof(file));

		if (rc < 0)
			err_num(e, rc, "name too long");
		else
			rc = procfs_write(e, proc, file, s->value, strlen(s->value));
		if (rc < 0)
			return err_wrap(e, rc, "linux.sysctl %s", s->key);
	}
	return 0;
}
