/*
 * What a container may use: device policy, and `update`. The resources in effect are
 * those of config.json until the first update, then those of resources.json, which is
 * written before the cgroup is changed and takes its place when that has worked.
 */
#include <stdio.h>

#include "runtime/resources.h"
#include "runtime/unit.h"

#define RECORD "resources.json"
#define RECORD_NEW RECORD ".new"

int resources_devices(struct err *e, const struct runtime *rt, int cgroup_fd,
		      const struct cg_resources *res)
{
	size_t n = res->devices.n;
	_free_ struct cg_device_rule *rules = calloc(n + cg_default_devices_n, sizeof(*rules));
	int r;

	if (!rules)
		return err_nomem(e);
	if (n)
		memcpy(rules, res->devices.v, n * sizeof(*rules));
	memcpy(rules + n, cg_default_devices, cg_default_devices_n * sizeof(*rules));
	r = cg_devices_apply(e, cgroup_fd, rules, n + cg_default_devices_n);
	/* Without the right to use BPF there is no right to make device nodes either. */
	if (r == -EPERM && runtime_is_unprivileged(rt)) {
		log_debug("no device policy: %s", e->msg);
		return 0;
	}
	return r;
}

/* In *spec, which the caller frees, or in a. */
static int load(struct err *e, const struct container *c, struct arena *a, struct spec *spec,
		struct cg_resources *ret)
{
	_buf_ struct buf text = {0};
	int r = file_read_at(e, c->dir_fd, RECORD, JSON_MAX_DOCUMENT, &text);

	if (r == 0)
		return spec_parse_resources(e, a, RECORD, text.data ? text.data : "", text.len,
					    ret);
	if (r != -ENOENT)
		return r;
	r = container_load_spec(e, c, spec);
	*ret = spec->linux_.resources;
	return r;
}

static int prepare(struct err *e, const struct container *c, const struct cg_resources *res)
{
	_buf_ struct buf out = {0};
	struct json_writer w;

	json_write_begin(&w, false);
	spec_write_resources(&w, NULL, res);
	if (json_write_end(&w, &out) < 0)
		return err_nomem(e);
	return file_create_at(e, c->dir_fd, RECORD_NEW, out.data, out.len, 0600);
}

/* Devices first: their program is replaced in one step, by the old rules again when a limit after
 * them cannot be set. */
static int change_cgroup(struct err *e, struct container *c, int fd, const struct cg_resources *now,
			 const struct cg_resources *change)
{
	struct err ignored;
	int r = change->devices.n ? resources_devices(e, c->rt, fd, change) : 0;

	if (r < 0)
		return err_wrap(e, r, "devices");
	r = cg_limits_update(e, &c->cg, &c->state.cgroup, fd, now, change);
	if (r < 0 && change->devices.n && resources_devices(&ignored, c->rt, fd, now) < 0)
		log_warning("the device rules could not be put back: %s", ignored.msg);
	return r;
}

static int update_locked(struct err *e, struct container *c, struct arena *a, struct spec *spec,
			 const struct cg_resources *change)
{
	struct cg_resources now = {0}, want;
	_close_ int fd = FD_NONE;
	int r = load(e, c, a, spec, &now);

	want = now;
	if (r == 0)
		r = cg_resources_merge(e, a, &want, change);
	if (r == 0)
		r = container_cgroup(e, c, &fd);
	if (r == 0)
		r = prepare(e, c, &want);
	if (r < 0)
		return r;
	r = change_cgroup(e, c, fd, &now, change);
	if (r == 0 && c->state.unit) {
		unit_update(c, &want, change->devices.n > 0);
		/* systemd has written the same, but for a quota, which it rounds. */
		r = cg_limits_apply(e, &c->cg, &c->state.cgroup, fd, change);
	}
	if (r < 0) {
		(void)unlinkat(c->dir_fd, RECORD_NEW, 0);
		return r;
	}
	return renameat(c->dir_fd, RECORD_NEW, c->dir_fd, RECORD) < 0 ? err_sys(e, "write " RECORD)
								      : 0;
}

int container_update(struct err *e, const struct runtime *rt, const char *id,
		     const struct cg_resources *change)
{
	_container_ struct container c;
	_arena_ struct arena a = {0};
	struct spec spec = {0};
	int r = container_open_locked(e, &c, rt, id);

	if (r < 0)
		return r;
	if (container_status(&c) == STATUS_STOPPED)
		return err_set(e, ERR_STATE,
			       "cannot update a container that is not running: stopped");
	r = update_locked(e, &c, &a, &spec, change);
	spec_done(&spec);
	return r;
}
