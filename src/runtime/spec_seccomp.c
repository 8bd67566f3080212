/* linux.seccomp of config.json: names and numbers; what they mean is seccomp.c's matter. */
#include "runtime/spec_private.h"

#include "runtime/seccomp.h"

#define ERRNO_MAX 4095u	/* the kernel's MAX_ERRNO: above it no system call can return */

typedef bool (*known_fn)(const char *name);

static int check_name(struct err *e, const struct json *node, known_fn known, const char *noun)
{
	return known(node->str) ? 0 : json_bad(e, node, "unknown %s \"%s\"", noun, node->str);
}

static int check_names(struct err *e, const struct json *list, known_fn known, const char *noun)
{
	int r = 0;

	for (const struct json *c = list ? list->child : NULL; c && r == 0; c = c->next)
		r = check_name(e, c, known, noun);
	return r;
}

/* OCI: an errno for an action that has none is an error. */
static int check_action(struct err *e, const struct json *node, const char *action_member,
			const char *errno_member, const struct opt_u32 *value)
{
	const struct json *action = json_get(node, action_member);
	int r = check_name(e, action, seccomp_action_known, "seccomp action");

	if (r < 0 || !value->set)
		return r;
	if (!str_eq(action->str, "SCMP_ACT_ERRNO") && !str_eq(action->str, "SCMP_ACT_TRACE"))
		return spec_bad(e, node, errno_member, "%s returns no errno", action->str);
	if (str_eq(action->str, "SCMP_ACT_ERRNO") && value->v > ERRNO_MAX)
		return spec_bad(e, node, errno_member, "%u is no errno", value->v);
	if (value->v > UINT16_MAX)
		return spec_bad(e, node, errno_member, "%u does not fit 16 bits", value->v);
	return 0;
}

static const struct json_field arg_fields[] = {
	F("index", U32, spec_seccomp_arg, index, .required = true),
	F("value", U64, spec_seccomp_arg, value, .required = true),
	F("valueTwo", U64, spec_seccomp_arg, value_two),
	F("op", STR, spec_seccomp_arg, op, .required = true),
	JSON_FIELD_END,
};

static int arg_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct spec_seccomp_arg *arg = target;

	(void)a;
	if (arg->index > 5)
		return spec_bad(e, node, "index", "%u is not in 0..5", arg->index);
	return check_name(e, json_get(node, "op"), seccomp_op_known, "seccomp operator");
}

static const struct json_field rule_fields[] = {
	F("names", STRV, spec_seccomp_rule, names, .required = true),
	F("action", STR, spec_seccomp_rule, action, .required = true),
	F("errnoRet", OPT_U32, spec_seccomp_rule, errno_ret),
	F("args", LIST, spec_seccomp_rule, args, .fields = arg_fields,
	  .size = sizeof(struct spec_seccomp_arg), .call = arg_done),
	JSON_FIELD_END,
};

static int rule_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct spec_seccomp_rule *rule = target;

	(void)a;
	if (rule->names.n == 0)
		return spec_bad(e, node, "names", "names no system call");
	return check_action(e, node, "action", "errnoRet", &rule->errno_ret);
}

const struct json_field spec_seccomp_fields[] = {
	F("defaultAction", STR, spec_seccomp, default_action, .required = true),
	F("defaultErrnoRet", OPT_U32, spec_seccomp, default_errno_ret),
	F("architectures", STRV, spec_seccomp, architectures),
	F("flags", STRV, spec_seccomp, flags),
	F("listenerPath", OPT_STR, spec_seccomp, listener_path),
	F("listenerMetadata", TEXT, spec_seccomp, listener_metadata),
	F("syscalls", LIST, spec_seccomp, rules, .fields = rule_fields,
	  .size = sizeof(struct spec_seccomp_rule), .call = rule_done),
	JSON_FIELD_END,
};

int spec_seccomp_done(struct err *e, struct arena *a, const struct json *node, void *seccomp)
{
	const struct spec_seccomp *s = seccomp;
	int r;

	(void)a;
	r = check_action(e, node, "defaultAction", "defaultErrnoRet", &s->default_errno_ret);
	if (r == 0)
		r = check_names(e, json_get(node, "architectures"), seccomp_arch_known,
				"seccomp architecture");
	if (r == 0)
		r = check_names(e, json_get(node, "flags"), seccomp_flag_known, "seccomp flag");
	if (r < 0)
		return r;
	if (s->listener_path && s->listener_path[0] != '/')
		return spec_bad(e, node, "listenerPath", "\"%s\" is no absolute path",
				s->listener_path);
	if (s->listener_metadata && *s->listener_metadata && !s->listener_path)
		return spec_bad(e, node, "listenerMetadata", "needs a listenerPath");
	for (size_t i = 0; i < s->rules.n; i++)
		if (str_eq(s->rules.v[i].action, "SCMP_ACT_NOTIFY") && !s->listener_path)
			return spec_bad(e, node, "listenerPath",
					"missing; SCMP_ACT_NOTIFY needs it");
	return 0;
}
