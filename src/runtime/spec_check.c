/*
 * What needs more than one property to judge: above all the namespaces against what
 * is to be set inside them. Without a namespace of its own a container would change
 * the host; that is an error, not a surprise.
 */
#include "runtime/spec_private.h"

#define HOST_NAME_MAX_LINUX 64u	/* __NEW_UTS_LEN */
#define MAPS_MAX 340u		/* of the kernel, per file */

static int check_names(struct err *e, const struct spec *s)
{
	const struct {
		const char *member, *value;
	} names[] = {{"hostname", s->hostname}, {"domainname", s->domainname}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i].value)
			continue;
		if (!s->linux_.ns[NS_UTS].present)
			return spec_bad(e, s->tree, names[i].member, "needs a uts namespace");
		if (strlen(names[i].value) > HOST_NAME_MAX_LINUX)
			return spec_bad(e, s->tree, names[i].member, "longer than %u bytes",
					HOST_NAME_MAX_LINUX);
	}
	return 0;
}

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int check_maps(struct err *e, const struct json *node, const char *member,
		      const struct spec_id_maps *maps)
{
	const struct json *item = json_get(node, member);

	if (maps->n > MAPS_MAX)
		return spec_bad(e, node, member, "%zu mappings; the limit is %u", maps->n,
				MAPS_MAX);
	item = item ? item->child : NULL;
	for (size_t i = 0; i < maps->n; i++, item = item ? item->next : NULL) {
		const struct spec_id_map *m = &maps->v[i];
		const struct json *at = item ? item : node;

		if (m->size == 0)
			return spec_bad(e, at, "size", "0");
		/* UINT32_MAX itself is no id. */
		if (m->size > UINT32_MAX - m->container_id || m->size > UINT32_MAX - m->host_id)
			return spec_bad(e, at, "size", "%u goes beyond the last id", m->size);
		for (size_t k = 0; k < i; k++) {
			const struct spec_id_map *o = &maps->v[k];

			if (overlap(m->container_id, o->container_id, m->size, o->size))
				return spec_bad(e, at, "containerID", "overlaps with mapping %zu",
						k);
			if (overlap(m->host_id, o->host_id, m->size, o->size))
				return spec_bad(e, at, "hostID", "overlaps with mapping %zu", k);
		}
	}
	return 0;
}

static bool mapped(const struct spec_id_maps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->n; i++)
		if (id >= maps->v[i].container_id && id - maps->v[i].container_id < maps->v[i].size)
			return true;
	return false;
}

/* A joined user namespace has its mappings; engines write them into the config once more. */
static int check_user_ns(struct err *e, const struct spec *s, const struct json *node)
{
	const struct spec_linux *l = &s->linux_;
	int r;

	r = check_maps(e, node, "uidMappings", &l->uid_maps);
	if (r == 0)
		r = check_maps(e, node, "gidMappings", &l->gid_maps);
	if (r < 0)
		return r;
	if (!l->ns[NS_USER].present) {
		if (l->uid_maps.n || l->gid_maps.n)
			return spec_bad(e, node, l->uid_maps.n ? "uidMappings" : "gidMappings",
					"needs a user namespace");
		return 0;
	}
	if (l->ns[NS_USER].path)
		return 0;
	if (!l->uid_maps.n || !l->gid_maps.n)
		return spec_bad(e, node, l->uid_maps.n ? "gidMappings" : "uidMappings",
				"missing; a new user namespace needs it");
	if (s->process && !mapped(&l->uid_maps, s->process->user.uid))
		return spec_bad(e, json_get(s->tree, "process"), "user.uid",
				"%u is not in linux.uidMappings", s->process->user.uid);
	if (s->process && !mapped(&l->gid_maps, s->process->user.gid))
		return spec_bad(e, json_get(s->tree, "process"), "user.gid",
				"%u is not in linux.gidMappings", s->process->user.gid);
	return 0;
}

static int check_namespace_users(struct err *e, const struct spec_linux *l, const struct json *node)
{
	const struct {
		const char *member;
		bool given;
		enum ns_kind ns;
	} users[] = {
		{"timeOffsets", l->time_monotonic.set || l->time_boottime.set, NS_TIME},
		{"netDevices", l->net_devices.n > 0, NS_NET},
		{"maskedPaths", l->masked_paths.n > 0, NS_MNT},
		{"readonlyPaths", l->readonly_paths.n > 0, NS_MNT},
		{"rootfsPropagation", l->rootfs_propagation != 0, NS_MNT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		if (users[i].given && !l->ns[users[i].ns].present)
			return spec_bad(e, node, users[i].member, "needs a %s namespace",
					ns_kind_name(users[i].ns));
	if (users[0].given && l->ns[NS_TIME].path)
		return spec_bad(e, node, "timeOffsets", "cannot be set in a joined time namespace");
	return 0;
}

static int check_mounts(struct err *e, struct spec *s)
{
	const struct json *node = json_get(s->tree, "mounts");
	const struct spec_linux *l = &s->linux_;
	int r = 0;

	node = node ? node->child : NULL;
	for (size_t i = 0; i < s->mounts.n && r == 0 && node; i++, node = node->next) {
		struct spec_mount *m = &s->mounts.v[i];

		if (!m->idmap)
			continue;
		if (m->uid_maps.n == 0 && !l->ns[NS_USER].present)
			return spec_bad(e, node, "options",
					"idmap needs mappings or a user namespace");
		if (m->uid_maps.n == 0 && !l->ns[NS_USER].path) {
			m->uid_maps = l->uid_maps;
			m->gid_maps = l->gid_maps;
		}
		r = check_maps(e, node, "uidMappings", &m->uid_maps);
		if (r == 0)
			r = check_maps(e, node, "gidMappings", &m->gid_maps);
	}
	return r;
}

int spec_check(struct err *e, struct spec *spec)
{
	const struct json *node = json_get(spec->tree, "linux");
	int r;

	/* Without the object nothing in it is set, and no namespace is there. */
	r = check_names(e, spec);
	if (r == 0 && node && node->type == JSON_OBJECT) {
		r = check_user_ns(e, spec, node);
		if (r == 0)
			r = check_namespace_users(e, &spec->linux_, node);
		if (r == 0)
			r = spec_sysctl_check(e, node, &spec->linux_);
	}
	return r < 0 ? r : check_mounts(e, spec);
}
