/*
 * The `linux` object of config.json, except mounts, seccomp, sysctl and resources.
 * Input: the engine's config. Each function judges its own value; what depends on
 * the namespaces is left to spec_check.c.
 */
#include "runtime/spec_private.h"

#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

/* namespaces */

struct ns_entry {
	int kind;
	const char *path;
};

static const struct json_word ns_words[] = {
	{"user", NS_USER}, {"cgroup", NS_CGROUP}, {"ipc", NS_IPC},
	{"uts", NS_UTS},   {"network", NS_NET},	  {"pid", NS_PID},
	{"mount", NS_MNT}, {"time", NS_TIME},	  {.name = ""},
};

_Static_assert(ARRAY_SIZE(ns_words) == NS_KIND_MAX + 1, "a namespace is missing");

static const struct json_field ns_fields[] = {
	F("type", ENUM, ns_entry, kind, .required = true, .words = ns_words, .noun = "namespace"),
	F("path", OPT_STR, ns_entry, path),
	JSON_FIELD_END,
};

static int decode_namespaces(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_linux *l = target;
	int r = json_expect(e, node, JSON_ARRAY);

	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		struct ns_entry entry = {0};

		r = json_decode(e, a, c, ns_fields, &entry);
		if (r < 0)
			return r;
		if (l->ns[entry.kind].present)
			return spec_bad(e, c, "type", "namespace \"%s\" is given twice",
					ns_kind_name((enum ns_kind)entry.kind));
		if (entry.path && entry.path[0] != '/')
			return spec_bad(e, c, "path", "\"%s\" is no absolute path", entry.path);
		l->ns[entry.kind] = (struct spec_ns){.present = true, .path = entry.path};
	}
	return r;
}

/* id mappings: lists of these are also in mounts */

const struct json_field spec_id_map_fields[] = {
	F("containerID", ID, spec_id_map, container_id, .required = true),
	F("hostID", ID, spec_id_map, host_id, .required = true),
	F("size", U32, spec_id_map, size, .required = true),
	JSON_FIELD_END,
};

/* devices */

static const struct json_word device_words[] = {
	{"b", 'b'}, {"c", 'c'},	  {"u", 'c'}, /* unbuffered: to Linux the same */
	{"p", 'p'}, {.name = ""},
};

struct device_entry {
	struct spec_device dev;
	int type;
	struct opt_i64 major, minor;
	struct opt_u32 mode;
};

static const struct json_field device_fields[] = {
	F("path", STR, device_entry, dev.path, .required = true),
	F("type", ENUM, device_entry, type, .required = true, .words = device_words,
	  .noun = "type of device"),
	F("major", OPT_I64, device_entry, major),
	F("minor", OPT_I64, device_entry, minor),
	F("fileMode", OPT_U32, device_entry, mode),
	F("uid", ID, device_entry, dev.uid),
	F("gid", ID, device_entry, dev.gid),
	JSON_FIELD_END,
};

/* The width of the kernel's dev_t; what is above would be cut off without a word. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

static int check_device_number(struct err *e, const struct json *node, const char *member,
			       const struct opt_i64 *number, int64_t max)
{
	if (!number->set)
		return spec_bad(e, node, member, "missing");
	if (number->v < 0 || number->v > max)
		return spec_bad(e, node, member, "%lld is not in 0..%lld", (long long)number->v,
				(long long)max);
	return 0;
}

static int decode_device(struct err *e, struct arena *a, const struct json *node,
			 struct spec_device *ret)
{
	struct device_entry d = {0};
	int r = json_decode(e, a, node, device_fields, &d);

	if (r < 0)
		return r;
	if (d.dev.path[0] != '/')
		return spec_bad(e, node, "path", "\"%s\" is no absolute path", d.dev.path);
	/* Engines that copy st_mode of a host's node leave its type in. */
	if (d.mode.v & ~(uint32_t)(S_IFMT | 07777))
		return spec_bad(e, node, "fileMode", "%u is no file mode", d.mode.v);
	if (d.type != 'p')
		r = check_device_number(e, node, "major", &d.major, MAJOR_MAX);
	if (r == 0 && d.type != 'p')
		r = check_device_number(e, node, "minor", &d.minor, MINOR_MAX);
	d.dev.type = (char)d.type;
	d.dev.major = d.major.v;
	d.dev.minor = d.minor.v;
	d.dev.mode = d.mode.set ? d.mode.v & 07777 : 0666;
	*ret = d.dev;
	return r;
}

static int decode_devices(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_linux *l = target;
	int r = json_expect(e, node, JSON_ARRAY);

	if (r < 0)
		return r;
	l->devices.v = arena_array(a, node->count, sizeof(*l->devices.v));
	if (!l->devices.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next)
		r = decode_device(e, a, c, &l->devices.v[l->devices.n++]);
	return r;
}

/* netDevices */

#define IF_NAME_MAX 15u	/* IFNAMSIZ with its NUL is 16 */

/* As the kernel's dev_valid_name(). A "%d" in the new name asks the kernel for a free number. */
static bool valid_if_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= IF_NAME_MAX && !strpbrk(name, "/: \t\n\v\f\r") &&
	       str_is_printable(name) && !str_eq(name, ".") && !str_eq(name, "..");
}

static const struct json_field net_device_fields[] = {
	F("name", OPT_STR, spec_net_device, name),
	JSON_FIELD_END,
};

static int decode_net_device(struct err *e, struct arena *a, const struct json *node,
			     const struct spec_linux *l, struct spec_net_device *ret)
{
	struct spec_net_device d = {.host_name = node->key};
	int r = json_decode(e, a, node, net_device_fields, &d);

	if (r < 0)
		return r;
	if (!valid_if_name(d.host_name))
		return json_bad(e, node, "no name of a network device");
	if (d.name && !valid_if_name(d.name))
		return spec_bad(e, node, "name", "\"%s\" is no name of a network device", d.name);
	d.name = d.name ? d.name : d.host_name;
	for (size_t i = 0; i < l->net_devices.n; i++)
		if (str_eq(l->net_devices.v[i].name, d.name) && !strchr(d.name, '%'))
			return spec_bad(e, node, "name", "\"%s\" is given twice", d.name);
	*ret = d;
	return 0;
}

static int decode_net_devices(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_linux *l = target;
	int r = json_expect(e, node, JSON_OBJECT);

	if (r < 0)
		return r;
	/* Each is compared with each, and each costs the host a netlink exchange. */
	if (node->count > 1024)
		return json_bad(e, node, "%u network devices; the limit is 1024", node->count);
	l->net_devices.v = arena_array(a, node->count, sizeof(*l->net_devices.v));
	if (!l->net_devices.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		r = decode_net_device(e, a, c, l, &l->net_devices.v[l->net_devices.n]);
		l->net_devices.n++;
	}
	return r;
}

/* timeOffsets */

static const struct json_field time_fields[] = {
	F("secs", I64, spec_time_offset, secs),
	F("nanosecs", U32, spec_time_offset, nanosecs),
	JSON_FIELD_END,
};

static int time_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_time_offset *t = target;

	(void)a;
	t->set = true;
	if (t->nanosecs > 999999999)
		return spec_bad(e, node, "nanosecs", "%u is not below a second", t->nanosecs);
	return 0;
}

static const struct json_field time_offsets_fields[] = {
	F("monotonic", OBJECT, spec_linux, time_monotonic, .fields = time_fields,
	  .call = time_done),
	F("boottime", OBJECT, spec_linux, time_boottime, .fields = time_fields, .call = time_done),
	JSON_FIELD_END,
};

/* rootfsPropagation */

static const struct json_word propagation_words[] = {
	{"private", MS_PRIVATE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"shared", MS_SHARED},
	{"rshared", MS_SHARED | MS_REC},
	{"slave", MS_SLAVE},
	{"rslave", MS_SLAVE | MS_REC},
	{"unbindable", MS_UNBINDABLE},
	{"runbindable", MS_UNBINDABLE | MS_REC},
	{.name = ""},
};

static int decode_propagation(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_linux *l = target;
	int flags = 0, r;

	(void)a;
	if (node->type == JSON_STRING && !*node->str)
		return 0;
	r = json_to_word(e, node, propagation_words, "mount propagation", &flags);
	l->rootfs_propagation = (uint64_t)flags;
	return r;
}

/* personality */

static const struct json_word personality_words[] = {
	{"LINUX", PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{.name = ""},
};

struct personality_entry {
	int domain;
	struct strv flags;
};

static const struct json_field personality_fields[] = {
	F("domain", ENUM, personality_entry, domain, .required = true, .words = personality_words,
	  .noun = "execution domain"),
	F("flags", STRV, personality_entry, flags),
	JSON_FIELD_END,
};

static int decode_personality(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct personality_entry p = {0};
	struct spec_linux *l = target;
	int r = json_decode(e, a, node, personality_fields, &p);

	if (r < 0)
		return r;
	if (p.flags.n)
		return json_bad_member(e, ERR_UNSUPPORTED, node, "flags",
				       "no flag is defined by the specification");
	l->has_personality = true;
	l->personality = (unsigned long)p.domain;
	return 0;
}

/* memoryPolicy */

static const struct json_word memory_mode_words[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", 6},	/* Linux 6.9 */
	{.name = ""},
};

static const struct json_word memory_flag_words[] = {
	{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
	{.name = ""},
};

const char *spec_memory_mode(size_t i)
{
	return i + 1 < ARRAY_SIZE(memory_mode_words) ? memory_mode_words[i].name : NULL;
}

const char *spec_memory_flag(size_t i)
{
	return i + 1 < ARRAY_SIZE(memory_flag_words) ? memory_flag_words[i].name : NULL;
}

static const struct json_field memory_policy_fields[] = {
	F("mode", STR, spec_memory_policy, mode, .required = true),
	F("nodes", OPT_STR, spec_memory_policy, nodes),
	F("flags", STRV, spec_memory_policy, flags),
	JSON_FIELD_END,
};

static int memory_policy_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct json *flags = json_get(node, "flags");
	struct spec_memory_policy *m = target;
	int r, mode = 0, flag = 0;
	bool none, some;

	r = json_to_word(e, json_get(node, "mode"), memory_mode_words, "memory policy", &mode);
	m->value = mode;
	for (const struct json *c = flags ? flags->child : NULL; c && r == 0; c = c->next) {
		r = json_to_word(e, c, memory_flag_words, "memory policy flag", &flag);
		m->value |= flag;
	}
	if (r == 0)
		r = spec_check_list(e, a, node, "nodes", &m->nodes);
	none = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
	some = !none && mode != MPOL_PREFERRED;
	if (r == 0 && none && m->nodes)
		r = spec_bad(e, node, "nodes", "%s takes no nodes", m->mode);
	if (r == 0 && some && !m->nodes)
		r = spec_bad(e, node, "nodes", "%s needs at least one node", m->mode);
	return r;
}

/* seccomp: what engines without a profile write is an empty object */
static int decode_seccomp(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_linux *l = target;
	int r;

	if (node->type == JSON_OBJECT && node->count == 0)
		return 0;
	l->seccomp = arena_alloc(a, sizeof(*l->seccomp));
	if (!l->seccomp)
		return err_nomem(e);
	r = json_decode(e, a, node, spec_seccomp_fields, l->seccomp);
	return r < 0 ? r : spec_seccomp_done(e, a, node, l->seccomp);
}

static int decode_paths(struct err *e, struct arena *a, const struct json *node, void *target)
{
	int r = json_to_strv(e, a, node, target);

	for (const struct json *c = node->child; c && r == 0; c = c->next)
		if (c->str[0] != '/')
			r = json_bad(e, c, "\"%s\" is no absolute path", c->str);
	return r;
}

/* D8: below the cgroup root whatever it says. Systemd's form "slice:prefix:name" has no dots. */
static int decode_cgroups_path(struct err *e, struct arena *a, const struct json *node,
			       void *target)
{
	const char *path = NULL, *end;
	struct spec_linux *l = target;
	int r = json_to_str(e, node, &path);

	(void)a;
	if (r < 0 || !*path)
		return r;
	for (const char *s = path; s; s = end ? end + 1 : NULL) {
		end = strchr(s, '/');
		if (strncmp(s, "..", end ? (size_t)(end - s) : 3) == 0 && (!end || end - s == 2))
			return json_bad(e, node, "\"%s\" leads out by \"..\"", path);
	}
	l->cgroups_path = path;
	return 0;
}

static int decode_intel_rdt(struct err *e, struct arena *a, const struct json *node, void *target)
{
	bool mounted = access("/sys/fs/resctrl/info", F_OK) == 0;

	(void)a, (void)target;
	return json_bad_member(e, ERR_UNSUPPORTED, node->parent, "intelRdt", "%s",
			       mounted ? "not supported by this version of bawn"
				       : "not available: /sys/fs/resctrl is not mounted");
}

const struct json_field spec_linux_fields[] = {
	F_CALL("namespaces", decode_namespaces),
	F("uidMappings", LIST, spec_linux, uid_maps, .fields = spec_id_map_fields,
	  .size = sizeof(struct spec_id_map)),
	F("gidMappings", LIST, spec_linux, gid_maps, .fields = spec_id_map_fields,
	  .size = sizeof(struct spec_id_map)),
	{.name = "timeOffsets", .kind = FIELD_OBJECT, .fields = time_offsets_fields},
	F_CALL("devices", decode_devices),
	F_CALL("netDevices", decode_net_devices),
	F_CALL("cgroupsPath", decode_cgroups_path),
	F("resources", CALL, spec_linux, resources, .call = spec_resources_decode),
	F_CALL("intelRdt", decode_intel_rdt),
	F("sysctl", CALL, spec_linux, sysctl, .call = spec_sysctl_decode),
	F_CALL("seccomp", decode_seccomp),
	F_CALL("rootfsPropagation", decode_propagation),
	F("maskedPaths", CALL, spec_linux, masked_paths, .call = decode_paths),
	F("readonlyPaths", CALL, spec_linux, readonly_paths, .call = decode_paths),
	F("mountLabel", OPT_STR, spec_linux, mount_label),
	F_CALL("personality", decode_personality),
	F("memoryPolicy", OPT_OBJECT, spec_linux, memory_policy, .fields = memory_policy_fields,
	  .size = sizeof(struct spec_memory_policy), .call = memory_policy_done),
	JSON_FIELD_END,
};
