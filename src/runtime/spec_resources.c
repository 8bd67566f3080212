/*
 * linux.resources: this version enforces the device rules and nothing else. A limit
 * that is asked for and not enforced would be worse than none, so each is an error
 * here; engines that write what asks for nothing (0, empty, -1 for "no limit") pass.
 */
#include "runtime/spec_private.h"

/* devices */

static const struct json_word rule_words[] = {
	{"a", 'a'},
	{"b", 'b'},
	{"c", 'c'},
	{.name = ""},
};

struct rule_entry {
	struct opt_bool allow;
	int type;
	struct opt_i64 major, minor;
	const char *access;
};

static const struct json_field rule_fields[] = {
	F("allow", OPT_BOOL, rule_entry, allow, .required = true),
	F("type", ENUM, rule_entry, type, .words = rule_words, .noun = "type of device"),
	F("major", OPT_I64, rule_entry, major),
	F("minor", OPT_I64, rule_entry, minor),
	F("access", STR, rule_entry, access),
	JSON_FIELD_END,
};

static int decode_access(struct err *e, const struct json *node, const char *access, uint32_t *ret)
{
	static const struct {
		char letter;
		uint8_t bit;
	} letters[] = {
		{'r', DEVICE_ACCESS_READ},
		{'w', DEVICE_ACCESS_WRITE},
		{'m', DEVICE_ACCESS_MKNOD},
	};

	*ret = access ? 0 : DEVICE_ACCESS_READ | DEVICE_ACCESS_WRITE | DEVICE_ACCESS_MKNOD;
	for (const char *s = access ? access : ""; *s; s++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(letters) && letters[i].letter != *s)
			i++;
		if (i == ARRAY_SIZE(letters))
			return spec_bad(e, node, "access", "\"%s\": '%c' is none of r, w, m",
					access, *s);
		*ret |= letters[i].bit;
	}
	return *ret ? 0 : spec_bad(e, node, "access", "empty");
}

static int check_number(struct err *e, const struct json *node, const char *member,
			const struct opt_i64 *number)
{
	if (number->set && (number->v < -1 || number->v > UINT32_MAX))
		return spec_bad(e, node, member, "%lld is no device number", (long long)number->v);
	return 0;
}

static int decode_rule(struct err *e, struct arena *a, const struct json *node,
		       struct spec_device_rule *ret)
{
	struct rule_entry rule = {.type = 'a'};
	int r = json_decode(e, a, node, rule_fields, &rule);

	if (r == 0)
		r = check_number(e, node, "major", &rule.major);
	if (r == 0)
		r = check_number(e, node, "minor", &rule.minor);
	if (r < 0)
		return r;
	*ret = (struct spec_device_rule){
		.allow = rule.allow.v,
		.type = (char)rule.type,
		.major = rule.major.set ? rule.major.v : -1,
		.minor = rule.minor.set ? rule.minor.v : -1,
	};
	return decode_access(e, node, rule.access, &ret->access);
}

static int decode_devices(struct err *e, struct arena *a, const struct json *node,
			  struct spec_linux *l)
{
	int r = json_expect(e, node, JSON_ARRAY);

	if (r < 0)
		return r;
	l->device_rules.v = arena_array(a, node->count, sizeof(*l->device_rules.v));
	if (!l->device_rules.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next)
		r = decode_rule(e, a, c, &l->device_rules.v[l->device_rules.n++]);
	return r;
}

/* The others. A property is one of these; its value asks for something or not. */

enum ask {
	ASK_COUNT,	/* an integer; 0 asks for nothing */
	ASK_LIMIT,	/* an integer; 0 and -1 ask for nothing */
	ASK_FLAG,	/* a boolean; false asks for nothing */
	ASK_WORD,	/* a string; "" asks for nothing */
	ASK_ANY_ITEM,	/* an array; asks when not empty */
	ASK_ANY_MEMBER,	/* an object; asks when not empty */
	ASK_NEVER,	/* an integer or boolean that changes nothing by itself on cgroup v2 */
};

static const struct {
	char group[16];		/* "": directly in resources */
	char name[24];
	uint8_t ask;
} properties[] = {
	{"", "unified", ASK_ANY_MEMBER},
	{"", "hugepageLimits", ASK_ANY_ITEM},
	{"", "rdma", ASK_ANY_MEMBER},
	{"memory", "limit", ASK_LIMIT},
	{"memory", "reservation", ASK_LIMIT},
	{"memory", "swap", ASK_LIMIT},
	{"memory", "kernel", ASK_LIMIT},
	{"memory", "kernelTCP", ASK_LIMIT},
	{"memory", "swappiness", ASK_LIMIT},
	{"memory", "disableOOMKiller", ASK_FLAG},
	{"memory", "useHierarchy", ASK_NEVER},		/* v2 knows nothing else */
	{"memory", "checkBeforeUpdate", ASK_NEVER},	/* about a limit that is not there */
	{"cpu", "shares", ASK_COUNT},
	{"cpu", "quota", ASK_LIMIT},
	{"cpu", "burst", ASK_COUNT},
	{"cpu", "period", ASK_NEVER},			/* of a quota that is not there */
	{"cpu", "realtimeRuntime", ASK_LIMIT},
	{"cpu", "realtimePeriod", ASK_NEVER},
	{"cpu", "cpus", ASK_WORD},
	{"cpu", "mems", ASK_WORD},
	{"cpu", "idle", ASK_COUNT},
	{"pids", "limit", ASK_LIMIT},
	{"blockIO", "weight", ASK_COUNT},
	{"blockIO", "leafWeight", ASK_COUNT},
	{"blockIO", "weightDevice", ASK_ANY_ITEM},
	{"blockIO", "throttleReadBpsDevice", ASK_ANY_ITEM},
	{"blockIO", "throttleWriteBpsDevice", ASK_ANY_ITEM},
	{"blockIO", "throttleReadIOPSDevice", ASK_ANY_ITEM},
	{"blockIO", "throttleWriteIOPSDevice", ASK_ANY_ITEM},
	{"network", "classID", ASK_COUNT},
	{"network", "priorities", ASK_ANY_ITEM},
};

/* 1 when the value asks for something, 0 when not, -errno when it has the wrong type. */
static int asks(struct err *e, const struct json *node, enum ask ask)
{
	const char *word = NULL;
	bool flag = false;
	int64_t v = 0;
	int r;

	switch (ask) {
	case ASK_FLAG:
		r = json_to_bool(e, node, &flag);
		return r < 0 ? r : flag;
	case ASK_WORD:
		r = json_to_str(e, node, &word);
		return r < 0 ? r : *word != '\0';
	case ASK_ANY_ITEM:
		r = json_expect(e, node, JSON_ARRAY);
		return r < 0 ? r : node->count > 0;
	case ASK_ANY_MEMBER:
		r = json_expect(e, node, JSON_OBJECT);
		return r < 0 ? r : node->count > 0;
	case ASK_NEVER:
		if (node->type == JSON_BOOL)
			return 0;
		break;
	default:
		break;
	}
	/* "No limit" is also written as the greatest uint64: that is a real value. */
	if (node->type == JSON_NUMBER && str_eq(node->str, "18446744073709551615"))
		return ask != ASK_NEVER;
	r = json_to_i64(e, node, &v);
	return r < 0 ? r : ask != ASK_NEVER && v != 0 && !(ask == ASK_LIMIT && v == -1);
}

static int check_property(struct err *e, const struct json *node, const char *group)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (strcmp(properties[i].group, group) != 0 ||
		    strcmp(properties[i].name, node->key) != 0)
			continue;
		r = node->type == JSON_NULL ? 0 : asks(e, node, (enum ask)properties[i].ask);
		return r <= 0 ? r
			      : json_bad_member(e, ERR_UNSUPPORTED, node->parent, node->key,
						"this resource is not supported by this "
						"version of bawn");
	}
	json_warn(node, "unknown property ignored");
	return 0;
}

static bool is_group(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (properties[i].group[0] && strcmp(properties[i].group, name) == 0)
			return true;
	return false;
}

static int check_group(struct err *e, const struct json *node)
{
	int r = json_expect(e, node, JSON_OBJECT);

	for (const struct json *c = node->child; c && r == 0; c = c->next)
		r = check_property(e, c, node->key);
	return r;
}

int spec_resources_decode(struct err *e, struct arena *a, const struct json *node, void *lx)
{
	struct spec_linux *l = lx;
	int r = json_expect(e, node, JSON_OBJECT);

	l->has_resources = true;
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		if (c->type == JSON_NULL)
			continue;
		if (str_eq(c->key, "devices"))
			r = decode_devices(e, a, c, l);
		else if (is_group(c->key))
			r = check_group(e, c);
		else
			r = check_property(e, c, "");
	}
	return r;
}
