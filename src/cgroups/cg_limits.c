/* Limits: what a container may use, as files of its cgroup. */
#include "cg.h"

int cg_limits_apply(struct err *e, const struct cg_mount *m, const struct cg_place *place,
		    int cgroup_fd, const struct cg_resources *r)
{
	static const struct cg_resources nothing;
	struct cg_resources limits = *r;

	(void)m, (void)cgroup_fd;
	memset(&limits.devices, 0, sizeof(limits.devices));
	if (memcmp(&limits, &nothing, sizeof(limits)) == 0)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, "cgroup %s: limits are not supported by this version",
		       place->path);
}
