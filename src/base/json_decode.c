/*
 * Decoding by table: see json_decode.h. Input: UNTRUSTED values in a tree whose
 * size the reader has bounded.
 */
#include "base.h"

int json_expect(struct err *e, const struct json *node, enum json_type type)
{
	if (node->type == type)
		return 0;
	return json_bad(e, node, "expected %s, got %s", json_type_name(type),
			json_type_name(node->type));
}

/* An integer literal: JSON also knows 1.0 and 1e3, no count or id is written so. */
static int expect_integer(struct err *e, const struct json *node)
{
	int r = json_expect(e, node, JSON_NUMBER);

	if (r == 0 && node->str[strspn(node->str, "-0123456789")] != '\0')
		r = json_bad(e, node, "expected an integer, got %s", node->str);
	return r;
}

int json_to_i64(struct err *e, const struct json *node, int64_t *ret)
{
	int r = expect_integer(e, node);

	if (r == 0 && str_to_i64(node->str, ret) < 0)
		r = json_bad(e, node, "%s is out of range", node->str);
	return r;
}

int json_to_u64(struct err *e, const struct json *node, uint64_t *ret)
{
	int r = expect_integer(e, node);

	if (r == 0 && *node->str == '-')
		return json_bad(e, node, "%s is negative", node->str);
	if (r == 0 && str_to_u64(node->str, ret) < 0)
		r = json_bad(e, node, "%s is out of range", node->str);
	return r;
}

int json_to_u32(struct err *e, const struct json *node, uint32_t *ret)
{
	uint64_t v;
	int r = json_to_u64(e, node, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return json_bad(e, node, "%s is out of range", node->str);
	*ret = (uint32_t)v;
	return 0;
}

int json_to_id(struct err *e, const struct json *node, uint32_t *ret)
{
	uint32_t v = 0;
	int r = json_to_u32(e, node, &v);

	if (r < 0)
		return r;
	if (v == UINT32_MAX)
		return json_bad(e, node, "%s is no user or group id", node->str);
	*ret = v;
	return 0;
}

int json_to_bool(struct err *e, const struct json *node, bool *ret)
{
	int r = json_expect(e, node, JSON_BOOL);

	if (r == 0)
		*ret = node->boolean;
	return r;
}

int json_to_text(struct err *e, const struct json *node, const char **ret)
{
	int r = json_expect(e, node, JSON_STRING);

	if (r == 0)
		*ret = node->str;
	return r;
}

int json_to_str(struct err *e, const struct json *node, const char **ret)
{
	int r = json_expect(e, node, JSON_STRING);

	if (r == 0 && !str_is_printable(node->str))
		r = json_bad(e, node, "control character in a name");
	if (r == 0)
		*ret = node->str;
	return r;
}

static int to_strings(struct err *e, struct arena *a, const struct json *node, bool text,
		      struct strv *ret)
{
	struct strv v = {0};
	const char *s;
	int r = json_expect(e, node, JSON_ARRAY);

	if (r < 0)
		return r;
	v.v = arena_array(a, (size_t)node->count + 1, sizeof(*v.v));
	if (!v.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		r = text ? json_to_text(e, c, &s) : json_to_str(e, c, &s);
		v.v[v.n++] = c->str;
	}
	if (r == 0)
		*ret = v;
	return r;
}

int json_to_strv(struct err *e, struct arena *a, const struct json *node, struct strv *ret)
{
	return to_strings(e, a, node, false, ret);
}

int json_to_word(struct err *e, const struct json *node, const struct json_word *words,
		 const char *noun, int *ret)
{
	int r = json_expect(e, node, JSON_STRING);

	if (r < 0)
		return r;
	for (; words->name[0]; words++) {
		if (strcmp(words->name, node->str) == 0) {
			*ret = words->value;
			return 0;
		}
	}
	return json_bad(e, node, "unknown %s \"%s\"", noun, node->str);
}

static int decode_struct(struct err *e, struct arena *a, const struct json *node,
			 const struct json_field *f, void *out)
{
	int r = json_decode(e, a, node, f->fields, out);

	if (r == 0 && f->call)
		r = f->call(e, a, node, out);
	return r;
}

static int decode_opt_object(struct err *e, struct arena *a, const struct json *node,
			     const struct json_field *f, void **target)
{
	void *p = arena_alloc(a, f->size);
	int r;

	if (!p)
		return err_nomem(e);
	r = decode_struct(e, a, node, f, p);
	if (r == 0)
		*target = p;
	return r;
}

static int decode_list(struct err *e, struct arena *a, const struct json *node,
		       const struct json_field *f, void *target)
{
	struct list_of list = {0};
	int r = json_expect(e, node, JSON_ARRAY);

	if (r < 0)
		return r;
	list.v = arena_array(a, node->count, f->size);
	if (!list.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next)
		r = decode_struct(e, a, c, f, (char *)list.v + f->size * list.n++);
	if (r == 0)
		memcpy(target, &list, sizeof(list));	/* a LIST_OF() of another type */
	return r;
}

/* The kinds made of one plain value. */
static int decode_scalar(struct err *e, const struct json *node, const struct json_field *f,
			 void *target)
{
	struct opt_bool *opt_bool = target;
	struct opt_u32 *opt_u32 = target;
	struct opt_i64 *opt_i64 = target;
	struct opt_u64 *opt_u64 = target;

	switch (f->kind) {
	case FIELD_BOOL:
		return json_to_bool(e, node, target);
	case FIELD_OPT_BOOL:
		opt_bool->set = true;
		return json_to_bool(e, node, &opt_bool->v);
	case FIELD_U32:
		return json_to_u32(e, node, target);
	case FIELD_ID:
		return json_to_id(e, node, target);
	case FIELD_I64:
		return json_to_i64(e, node, target);
	case FIELD_U64:
		return json_to_u64(e, node, target);
	case FIELD_OPT_U32:
		opt_u32->set = true;
		return json_to_u32(e, node, &opt_u32->v);
	case FIELD_OPT_I64:
		opt_i64->set = true;
		return json_to_i64(e, node, &opt_i64->v);
	case FIELD_OPT_U64:
		opt_u64->set = true;
		return json_to_u64(e, node, &opt_u64->v);
	default:
		return json_to_word(e, node, f->words, f->noun, target);
	}
}

static int decode_opt_str(struct err *e, const struct json *node, const char **target)
{
	int r = json_to_str(e, node, target);

	if (r == 0 && **target == '\0')
		*target = NULL;
	return r;
}

static int decode_field(struct err *e, struct arena *a, const struct json *node,
			const struct json_field *f, void *target)
{
	switch (f->kind) {
	case FIELD_STR:
		return json_to_str(e, node, target);
	case FIELD_OPT_STR:
		return decode_opt_str(e, node, target);
	case FIELD_TEXT:
		return json_to_text(e, node, target);
	case FIELD_STRV:
		return to_strings(e, a, node, false, target);
	case FIELD_TEXTV:
		return to_strings(e, a, node, true, target);
	case FIELD_OBJECT:
		return decode_struct(e, a, node, f, target);
	case FIELD_OPT_OBJECT:
		return decode_opt_object(e, a, node, f, target);
	case FIELD_LIST:
		return decode_list(e, a, node, f, target);
	case FIELD_CALL:
		return f->call(e, a, node, target);
	case FIELD_NODE:
		*(const struct json **)target = node;
		return 0;
	case FIELD_IGNORE:
		return 0;
	default:
		return decode_scalar(e, node, f, target);
	}
}

static const struct json_field *find_field(const struct json_field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (fields->name[0] == name[0] && strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

int json_decode(struct err *e, struct arena *a, const struct json *node,
		const struct json_field *fields, void *out)
{
	int r = json_expect(e, node, JSON_OBJECT);

	if (r < 0)
		return r;
	for (const struct json *c = node->child; c; c = c->next) {
		const struct json_field *f = find_field(fields, c->key);

		if (!f)
			json_warn(c, "unknown property ignored");
		if (!f || c->type == JSON_NULL)
			continue;
		r = decode_field(e, a, c, f, (char *)out + f->offset);
		if (r < 0)
			return r;
	}
	for (; fields->name; fields++) {
		const struct json *c;

		if (!fields->required)
			continue;
		c = json_get(node, fields->name);
		if (!c || c->type == JSON_NULL)
			return json_bad_member(e, ERR_CONFIG, node, fields->name, "missing");
	}
	return 0;
}
