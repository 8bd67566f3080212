/*
 * config.json to struct spec: the top level, and the order of the work. Input: the
 * engine's file; bounded by the JSON reader, decoded by tables, judged by spec_check.
 */
#include "runtime/spec_private.h"

static int decode_version(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const char *version = NULL, *s;
	struct spec *spec = target;
	int r = json_to_str(e, node, &version);

	(void)a;
	if (r < 0)
		return r;
	spec->oci_version = version;
	/* 1.MINOR[.PATCH][-PRE][+BUILD]: every 1.x is compatible with all others. */
	s = str_after(version, "1.");
	for (int parts = 0; s && parts < 2; parts++) {
		size_t digits = strspn(s, "0123456789");

		if (digits == 0 || digits > 9)
			break;
		s += digits;
		if (*s == '\0' || *s == '-' || *s == '+')
			return 0;
		if (*s++ != '.')
			break;
	}
	return json_bad_member(e, ERR_UNSUPPORTED, node->parent, node->key,
			       "version \"%s\" is not supported; 1.x is", version);
}

static const struct json_field root_fields[] = {
	F("path", STR, spec, root_path, .required = true),
	F("readonly", BOOL, spec, root_readonly),
	JSON_FIELD_END,
};

static int root_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct spec *spec = target;

	(void)a;
	return *spec->root_path ? 0 : spec_bad(e, node, "path", "empty");
}

static const struct json_field hook_fields[] = {
	F("path", STR, spec_hook, path, .required = true),
	F("args", TEXTV, spec_hook, args),
	F("env", TEXTV, spec_hook, env),
	F("timeout", OPT_I64, spec_hook, timeout),
	JSON_FIELD_END,
};

static int hook_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct spec_hook *h = target;

	(void)a;
	if (h->path[0] != '/')
		return spec_bad(e, node, "path", "\"%s\" is no absolute path", h->path);
	if (h->timeout.set && (h->timeout.v <= 0 || h->timeout.v > INT32_MAX))
		return spec_bad(e, node, "timeout", "%lld is no number of seconds above 0",
				(long long)h->timeout.v);
	return 0;
}

#define HOOKS(name, kind)                                                                         \
	F(name, LIST, spec, hooks[kind], .fields = hook_fields, .size = sizeof(struct spec_hook), \
	  .call = hook_done)

static const struct json_field hooks_fields[] = {
	HOOKS("prestart", HOOK_PRESTART),
	HOOKS("createRuntime", HOOK_CREATE_RUNTIME),
	HOOKS("createContainer", HOOK_CREATE_CONTAINER),
	HOOKS("startContainer", HOOK_START_CONTAINER),
	HOOKS("poststart", HOOK_POSTSTART),
	HOOKS("poststop", HOOK_POSTSTOP),
	JSON_FIELD_END,
};

static int decode_annotations(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec *spec = target;
	int r = json_expect(e, node, JSON_OBJECT);

	if (r < 0)
		return r;
	spec->annotations.v = arena_array(a, node->count, sizeof(*spec->annotations.v));
	if (!spec->annotations.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		struct spec_annotation *note = &spec->annotations.v[spec->annotations.n];

		if (c->type == JSON_NULL)
			continue;
		if (!*c->key || !str_is_printable(c->key))
			return json_bad(e, c, "no name of an annotation");
		note->key = c->key;
		r = json_to_text(e, c, &note->value);
		spec->annotations.n++;
	}
	return r;
}

static const struct json_field spec_fields[] = {
	{.name = "ociVersion", .kind = FIELD_CALL, .call = decode_version, .required = true},
	{.name = "root",
	 .kind = FIELD_OBJECT,
	 .fields = root_fields,
	 .call = root_done,
	 .required = true},
	F("process", OPT_OBJECT, spec, process, .fields = spec_process_fields,
	  .size = sizeof(struct spec_process), .call = spec_process_done),
	F("hostname", OPT_STR, spec, hostname),
	F("domainname", OPT_STR, spec, domainname),
	F("mounts", LIST, spec, mounts, .fields = spec_mount_fields,
	  .size = sizeof(struct spec_mount), .call = spec_mount_done),
	{.name = "hooks", .kind = FIELD_OBJECT, .fields = hooks_fields},
	F_CALL("annotations", decode_annotations),
	F("linux", OBJECT, spec, linux_, .fields = spec_linux_fields),
	/* Other platforms. */
	F_IGNORE("solaris"),
	F_IGNORE("windows"),
	F_IGNORE("vm"),
	F_IGNORE("zos"),
	F_IGNORE("freebsd"),
	JSON_FIELD_END,
};

int spec_parse(struct err *e, const char *what, const char *text, size_t len, struct spec *spec)
{
	struct json *tree;
	int r = json_parse(e, &spec->arena, what, text, len, &tree);

	if (r < 0)
		return r;
	spec->tree = tree;
	r = json_decode(e, &spec->arena, tree, spec_fields, spec);
	if (r == 0)
		r = spec_check(e, spec);
	return r < 0 ? err_wrap(e, r, "%s", what) : 0;
}

int spec_parse_process(struct err *e, struct spec *spec, const char *what, const char *text,
		       size_t len, struct spec_process **ret)
{
	struct spec_process *p = arena_alloc(&spec->arena, sizeof(*p));
	struct json *tree;
	int r;

	if (!p)
		return err_nomem(e);
	r = json_parse(e, &spec->arena, what, text, len, &tree);
	if (r < 0)
		return r;
	r = json_decode(e, &spec->arena, tree, spec_process_fields, p);
	if (r == 0)
		r = spec_process_done(e, &spec->arena, tree, p);
	if (r < 0)
		return err_wrap(e, r, "%s", what);
	*ret = p;
	return 0;
}

void spec_done(struct spec *spec)
{
	arena_done(&spec->arena);
	*spec = (struct spec){0};
}

const char *spec_annotation(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.n; i++)
		if (strcmp(spec->annotations.v[i].key, key) == 0)
			return spec->annotations.v[i].value;
	return NULL;
}
