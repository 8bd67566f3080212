/*
 * linux.sysctl. Each value is one write to one file below a procfs that nobody else can
 * mount on (CVE-2025-52881, CVE-2022-0811).
 */
#include "runtime/sysctl.h"

#include "path/path.h"

#include <limits.h>

int sysctl_apply(struct err *e, int proc, const struct spec *spec)
{
	for (size_t i = 0; i < spec->linux_.sysctl.n; i++) {
		const struct spec_sysctl *s = &spec->linux_.sysctl.v[i];
		char file[PATH_MAX];
		int rc = str_format(file, sizeof(file), "sys/%s", s->path);

		if (rc < 0)
			err_num(e, rc, "name too long");
		else
			rc = procfs_write(e, proc, file, s->value, strlen(s->value));
		if (rc < 0)
			return err_wrap(e, rc, "linux.sysctl %s", s->key);
	}
	return 0;
}
