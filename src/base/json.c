/*
 * JSON reader: yajl's events become a tree in an arena, with every limit enforced
 * while parsing. Input: UNTRUSTED.
 *
 * The arena gets one copy of the text; strings of the tree lie in that copy, ended
 * in place by a NUL, because a container that waits for its start keeps the tree.
 */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <yajl/yajl_parse.h>

#include "json_private.h"

/* The top node, with what concerns the whole document. */
struct document {
	struct json root;
	const char *name;
};

struct reader {
	struct arena *arena;
	char *text;			/* the copy; text[len] is a blank */
	size_t len;
	struct document *doc;
	struct json *open[JSON_MAX_DEPTH];
	struct json *last[JSON_MAX_DEPTH];	/* newest child of open[] */
	size_t depth;
	const char *key;
	uint32_t nodes;
	const char *why;		/* reason to stop, a constant */
	const struct json *where;	/* duplicate member, or NULL */
	bool nomem;
};

static int stop(struct reader *r, const char *why)
{
	r->why = why;
	return 0;	/* ends yajl's parse */
}

static int out_of_memory(struct reader *r)
{
	r->nomem = true;
	return 0;
}

static struct json *add_node(struct reader *r, enum json_type type)
{
	struct json *node, *parent;

	if (r->nodes++ >= JSON_MAX_NODES) {
		stop(r, "too many values");
		return NULL;
	}
	if (r->depth == 0) {
		node = &r->doc->root;
		node->type = (uint8_t)type;
		return node;
	}
	node = arena_alloc(r->arena, sizeof(*node));
	if (!node) {
		out_of_memory(r);
		return NULL;
	}
	node->type = (uint8_t)type;
	parent = r->open[r->depth - 1];
	node->parent = parent;
	node->key = r->key;
	r->key = NULL;
	if (parent->count++ == 0)
		parent->child = node;
	else
		r->last[r->depth - 1]->next = node;
	r->last[r->depth - 1] = node;
	return node;
}

/* yajl's bytes as an ended string. They lie in our text, behind an opening quote and before a
 * closing one that the lexer has passed, or, when escapes had to be decoded, in yajl's buffer. */
static char *take_string(struct reader *r, const unsigned char *s, size_t len)
{
	uintptr_t at = (uintptr_t)s - (uintptr_t)r->text;
	char *p;

	if (at < r->len && len < r->len - at) {
		p = r->text + at;
		p[len] = '\0';
		return p;
	}
	p = arena_strndup(r->arena, (const char *)s, len);
	if (!p)
		out_of_memory(r);
	return p;
}

static int on_null(void *ctx)
{
	return add_node(ctx, JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int value)
{
	struct json *node = add_node(ctx, JSON_BOOL);

	if (node)
		node->boolean = value != 0;
	return node != NULL;
}

/* What follows a number is not read yet, so it cannot become a NUL; what precedes it is a bracket,
 * colon, comma or blank that is done with. The literal moves there. */
static int on_number(void *ctx, const char *s, size_t len)
{
	struct reader *r = ctx;
	uintptr_t at = (uintptr_t)s - (uintptr_t)r->text;
	struct json *node;

	if (len > JSON_MAX_NUMBER)
		return stop(r, "number of more than 64 characters");
	_Static_assert(JSON_MAX_NUMBER == 64, "the message names the limit");
	node = add_node(r, JSON_NUMBER);
	if (!node)
		return 0;
	if (at > 0 && at < r->len) {
		node->str = r->text + at - 1;
		memmove(node->str, s, len);
		node->str[len] = '\0';
		return 1;
	}
	node->str = arena_strndup(r->arena, s, len);
	return node->str ? 1 : out_of_memory(r);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct json *node = add_node(ctx, JSON_STRING);

	if (node)
		node->str = take_string(ctx, s, len);
	return node && node->str;
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;

	r->key = take_string(r, s, len);
	return r->key != NULL;
}

static int open_node(struct reader *r, enum json_type type)
{
	struct json *node;

	if (r->depth == JSON_MAX_DEPTH)
		return stop(r, "nested more than 64 levels deep");
	_Static_assert(JSON_MAX_DEPTH == 64, "the message names the limit");
	node = add_node(r, type);
	if (node)
		r->open[r->depth++] = node;
	return node != NULL;
}

static int on_start_object(void *ctx)
{
	return open_node(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
	return open_node(ctx, JSON_ARRAY);
}

static int on_end_array(void *ctx)
{
	struct reader *r = ctx;

	r->depth--;
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* Many members: by sorting, so that no document costs quadratic time. */
static int check_many_members(struct reader *r, const struct json *object)
{
	_free_ const struct json **sorted = calloc(object->count, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return out_of_memory(r);
	for (const struct json *c = object->child; c; c = c->next)
		sorted[n++] = c;
	qsort(sorted, n, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
			r->where = sorted[i];
			return 0;
		}
	}
	return 1;
}

static int on_end_object(void *ctx)
{
	struct reader *r = ctx;
	const struct json *object = r->open[--r->depth];

	if (object->count > 16)
		return check_many_members(r, object);
	for (const struct json *a = object->child; a; a = a->next) {
		for (const struct json *b = a->next; b; b = b->next) {
			if (a->key[0] == b->key[0] && strcmp(a->key, b->key) == 0) {
				r->where = b;
				return 0;
			}
		}
	}
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* offset: of the byte at fault in the text as it came. */
static int fail_at(struct err *e, const char *what, const char *text, size_t len, size_t offset,
		   const char *why, int why_len)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset && i < len; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return err_set(e, ERR_CONFIG, "%s: line %zu, column %zu: %.*s", what, line, column, why_len,
		       why);
}

/* What yajl says, "lexical error: invalid char in json text.\n", as one of our messages. */
static int fail_syntax(struct err *e, yajl_handle y, const char *what, const char *text, size_t len,
		       size_t offset)
{
	const char *why = (const char *)yajl_get_error(y, 0, NULL, 0);
	size_t n = why ? strlen(why) : 0;

	while (n > 0 && (why[n - 1] == '\n' || why[n - 1] == '.'))
		n--;
	return fail_at(e, what, text, len, offset, n ? why : "parse error", n ? (int)n : 11);
}

static int run_yajl(struct err *e, struct reader *r, struct json_pool *pool, const char *what,
		    const char *text, size_t len)
{
	yajl_status status;
	yajl_alloc_funcs funcs;
	size_t offset;
	yajl_handle y;

	json_pool_funcs(pool, &funcs);
	y = yajl_alloc(&callbacks, &funcs, r);
	yajl_config(y, yajl_dont_validate_strings, 1);	/* json_text_check() is stricter */
	/* With the blank behind it the last token is complete in this call. */
	status = yajl_parse(y, (const unsigned char *)r->text, len + 1);
	offset = yajl_get_bytes_consumed(y);
	offset = offset > 0 ? offset - 1 : 0;
	if (r->nomem)
		return err_nomem(e);
	if (r->where)
		return err_wrap(e, json_bad(e, r->where, "given twice"), "%s", what);
	if (r->why)
		return fail_at(e, what, text, len, offset, r->why, (int)strlen(r->why));
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(y);
		offset = len;
	}
	if (status != yajl_status_ok)
		return fail_syntax(e, y, what, text, len, offset);
	return 0;
}

int json_parse(struct err *e, struct arena *a, const char *what, const char *text, size_t len,
	       struct json **ret)
{
	struct reader r = {.arena = a, .len = len};
	struct json_pool pool = {0};
	struct json_fault fault;
	size_t longest;
	int result;

	if (len > JSON_MAX_DOCUMENT)
		return err_set(e, ERR_CONFIG, "%s: %zu bytes; the limit is %u", what, len,
			       JSON_MAX_DOCUMENT);
	if (!json_text_check(text, len, &longest, &fault))
		return fail_at(e, what, text, len, fault.offset, fault.why, (int)strlen(fault.why));
	/* yajl: fixed parts below 1 KiB, one buffer of 2 KiB, and one for decoding that
	 * doubles from 2 KiB until the longest string fits (all its sizes add up to 4 times). */
	pool.size = 8192 + 4 * longest;
	r.text = arena_alloc(a, len + 1);
	pool.mem = arena_alloc(a, pool.size);	/* a mapping less than memory of its own */
	r.doc = arena_alloc(a, sizeof(*r.doc));
	if (!pool.mem || !r.doc || !r.text)
		return err_nomem(e);
	if (len)
		memcpy(r.text, text, len);
	r.text[len] = ' ';
	r.doc->name = arena_strdup(a, what);
	if (!r.doc->name)
		return err_nomem(e);
	result = run_yajl(e, &r, &pool, what, text, len);
	if (result == 0)
		*ret = &r.doc->root;
	return result;
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *c = object->child; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

static bool plain_key(const char *key)
{
	const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	return *key && key[strspn(key, plain)] == '\0';
}

static int print_step(char *buf, size_t size, const struct json *node, bool first)
{
	uint32_t index = 0;

	if (node->key && plain_key(node->key))
		return snprintf(buf, size, "%s%s", first ? "" : ".", node->key);
	if (node->key)
		return snprintf(buf, size, "[\"%.200s\"]", node->key);
	for (const struct json *c = node->parent->child; c != node; c = c->next)
		index++;
	return snprintf(buf, size, "[%u]", index);
}

const char *json_path(const struct json *node, char *buf, size_t size)
{
	const struct json *steps[JSON_MAX_DEPTH + 1];
	size_t n = 0, used = 0;
	int len;

	if (size == 0)
		return buf;
	buf[0] = '\0';
	for (; node->parent && n < ARRAY_SIZE(steps); node = node->parent)
		steps[n++] = node;
	for (bool first = true; n > 0 && used < size; first = false) {
		len = print_step(buf + used, size - used, steps[--n], first);
		used += len > 0 ? (size_t)len : 0;
	}
	return buf;
}

const char *json_document(const struct json *node)
{
	while (node->parent)
		node = node->parent;
	/* Every tree comes from json_parse(), and its top node is the start of a document. */
	return ((const struct document *)(const void *)node)->name;
}

#define PATH_ROOM 512

int json_bad(struct err *e, const struct json *node, const char *fmt, ...)
{
	char path[PATH_ROOM], why[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	json_path(node, path, sizeof(path));
	return err_set(e, ERR_CONFIG, "%s%s%s", path, *path ? ": " : "", why);
}

int json_bad_member(struct err *e, enum err_code code, const struct json *object,
		    const char *member, const char *fmt, ...)
{
	char path[PATH_ROOM], why[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	json_path(object, path, sizeof(path));
	return err_set(e, code, "%s%s%s: %s", path, *path ? "." : "", member, why);
}

void json_warn(const struct json *node, const char *fmt, ...)
{
	char path[PATH_ROOM], why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	json_path(node, path, sizeof(path));
	log_warning("%s: %s%s%s", json_document(node), path, *path ? ": " : "", why);
}

const char *json_type_name(enum json_type type)
{
	static const char names[][12] = {
		[JSON_NULL] = "null",	    [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}
