/* One entry of `mounts` in config.json. The destination names a place in an UNTRUSTED tree; that it
 * is reached safely is the matter of path/. */
#include "runtime/spec_private.h"

static const char bind_type[] = "bind";

const struct json_field spec_mount_fields[] = {
	F("destination", STR, spec_mount, destination, .required = true),
	F("type", OPT_STR, spec_mount, type),
	F("source", OPT_STR, spec_mount, source),
	F("options", STRV, spec_mount, options),
	F("uidMappings", LIST, spec_mount, uid_maps, .fields = spec_id_map_fields,
	  .size = sizeof(struct spec_id_map)),
	F("gidMappings", LIST, spec_mount, gid_maps, .fields = spec_id_map_fields,
	  .size = sizeof(struct spec_id_map)),
	JSON_FIELD_END,
};

static int check_idmap(struct err *e, const struct json *node, struct spec_mount *m)
{
	if (m->uid_maps.n || m->gid_maps.n)
		m->idmap = true;
	if (!m->idmap)
		return 0;
	if (!m->bind)
		return json_bad_member(e, ERR_UNSUPPORTED, node, "options",
				       "id mappings are for bind mounts only");
	if (!m->uid_maps.n != !m->gid_maps.n)
		return spec_bad(e, node, m->uid_maps.n ? "gidMappings" : "uidMappings", "missing");
	return 0;
}

static int check_bind(struct err *e, const struct json *node, struct spec_mount *m)
{
	m->type = bind_type;
	if (!m->source)
		return spec_bad(e, node, "source", "missing; a bind mount needs one");
	/* The kernel would ignore them without a word. */
	if (m->data.n)
		return spec_bad(e, node, "options", "\"%s\" is no option of a bind mount",
				m->data.v[0]);
	if (m->sb_flags)
		json_warn(node, "a bind mount cannot change flags of its file system");
	return 0;
}

int spec_mount_done(struct err *e, struct arena *a, const struct json *node, void *mount)
{
	struct spec_mount *m = mount;
	int r;

	if (!*m->destination)
		return spec_bad(e, node, "destination", "empty");
	if (m->destination[0] != '/')
		json_warn(node, "destination \"%s\" is relative to \"/\"; that is deprecated",
			  m->destination);
	r = mount_options_resolve(e, a, node, m);
	if (r < 0)
		return r;
	if (str_eq(m->type, bind_type))
		m->bind = true;
	if (m->bind)
		r = check_bind(e, node, m);
	else if (!m->type)
		r = spec_bad(e, node, "type", "missing; only bind mounts have none");
	if (r == 0 && m->tmpcopyup && !str_eq(m->type, "tmpfs"))
		r = spec_bad(e, node, "options", "tmpcopyup is for tmpfs");
	return r < 0 ? r : check_idmap(e, node, m);
}
