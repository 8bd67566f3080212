/* JSON writer: yajl's generator printing into a buffer of ours, which keeps its errors. */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <yajl/yajl_gen.h>

#include "json_private.h"

/* One allocation: yajl would use memory it did not get. */
struct writer {
	yajl_gen gen;
	struct buf out;
	bool in_array[JSON_MAX_DEPTH + 1];
	size_t depth;
	struct json_pool pool;
	_Alignas(max_align_t) char mem[2048];
};

static void print(void *ctx, const char *s, size_t len)
{
	buf_add(ctx, s, len);
}

int json_write_begin(struct json_writer *w, bool pretty)
{
	struct writer *j = calloc(1, sizeof(*j));
	yajl_alloc_funcs funcs;

	*w = (struct json_writer){.gen = j, .failed = !j};
	if (!j)
		return -ENOMEM;
	j->pool.mem = j->mem;
	j->pool.size = sizeof(j->mem);
	json_pool_funcs(&j->pool, &funcs);
	j->gen = yajl_gen_alloc(&funcs);
	yajl_gen_config(j->gen, yajl_gen_print_callback, print, &j->out);
	yajl_gen_config(j->gen, yajl_gen_beautify, pretty ? 1 : 0);
	yajl_gen_config(j->gen, yajl_gen_indent_string, "  ");
	return 0;
}

static void check(struct json_writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete)
		w->failed = true;
}

/* Replaces what is no UTF-8: file names and messages may hold anything. */
static void put_dirty_string(struct json_writer *w, const char *s, size_t len)
{
	struct writer *j = w->gen;
	_buf_ struct buf clean = {0};

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_sequence((const unsigned char *)s + i, len - i);
		if (n)
			buf_add(&clean, s + i, n);
		else
			buf_str(&clean, "\xef\xbf\xbd");
		n = n ? n : 1;
	}
	if (clean.failed)
		w->failed = true;
	else
		check(w, yajl_gen_string(j->gen, (const unsigned char *)clean.data, clean.len));
}

static void put_string(struct json_writer *w, const char *s)
{
	struct writer *j = w->gen;
	size_t len = strlen(s), i = 0, n;

	while (i < len && (n = utf8_sequence((const unsigned char *)s + i, len - i)) > 0)
		i += n;
	if (i < len)
		put_dirty_string(w, s, len);
	else
		check(w, yajl_gen_string(j->gen, (const unsigned char *)s, len));
}

/* The generator, with the key written; NULL after a failure. */
static yajl_gen begin_value(struct json_writer *w, const char *key)
{
	struct writer *j = w->gen;

	if (w->failed)
		return NULL;
	if (key)
		put_string(w, key);
	return w->failed ? NULL : j->gen;
}

static void open_level(struct json_writer *w, bool array)
{
	struct writer *j = w->gen;

	if (j->depth >= ARRAY_SIZE(j->in_array))
		w->failed = true;
	else
		j->in_array[j->depth++] = array;
}

void json_write_object(struct json_writer *w, const char *key)
{
	yajl_gen g = begin_value(w, key);

	if (!g)
		return;
	check(w, yajl_gen_map_open(g));
	open_level(w, false);
}

void json_write_array(struct json_writer *w, const char *key)
{
	yajl_gen g = begin_value(w, key);

	if (!g)
		return;
	check(w, yajl_gen_array_open(g));
	open_level(w, true);
}

void json_write_close(struct json_writer *w)
{
	struct writer *j = w->gen;

	if (w->failed)
		return;
	if (j->depth == 0)
		w->failed = true;
	else if (j->in_array[--j->depth])
		check(w, yajl_gen_array_close(j->gen));
	else
		check(w, yajl_gen_map_close(j->gen));
}

void json_write_str(struct json_writer *w, const char *key, const char *value)
{
	yajl_gen g = begin_value(w, key);

	if (g && value)
		put_string(w, value);
	else if (g)
		check(w, yajl_gen_null(g));
}

static void put_number(struct json_writer *w, const char *key, const char *literal)
{
	yajl_gen g = begin_value(w, key);

	if (g)
		check(w, yajl_gen_number(g, literal, strlen(literal)));
}

void json_write_int(struct json_writer *w, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	put_number(w, key, text);
}

void json_write_u64(struct json_writer *w, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_number(w, key, text);
}

void json_write_hundredths(struct json_writer *w, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%02u", value / 100, (unsigned int)(value % 100));
	put_number(w, key, text);
}

void json_write_bool(struct json_writer *w, const char *key, bool value)
{
	yajl_gen g = begin_value(w, key);

	if (g)
		check(w, yajl_gen_bool(g, value));
}

static void put_leaf(struct json_writer *w, const char *key, const struct json *node)
{
	if (node->type == JSON_NUMBER)
		put_number(w, key, node->str);
	else if (node->type == JSON_BOOL)
		json_write_bool(w, key, node->boolean);
	else
		json_write_str(w, key, node->type == JSON_STRING ? node->str : NULL);
}

/* Without recursion: the walk goes back up by the parents, to where it began. */
void json_write_tree(struct json_writer *w, const char *key, const struct json *node)
{
	const struct json *top = node;

	for (;;) {
		const char *name = node == top ? key : node->key;

		if (node->type == JSON_OBJECT)
			json_write_object(w, name);
		else if (node->type == JSON_ARRAY)
			json_write_array(w, name);
		else
			put_leaf(w, name, node);
		if (node->child) {
			node = node->child;
			continue;
		}
		if (node->type == JSON_OBJECT || node->type == JSON_ARRAY)
			json_write_close(w);
		while (node != top && !node->next) {
			node = node->parent;
			json_write_close(w);
		}
		if (node == top)
			return;
		node = node->next;
	}
}

int json_write_end(struct json_writer *w, struct buf *out)
{
	struct writer *j = w->gen;
	int r = -ENOMEM;

	if (!j)
		return r;
	if (!w->failed && !j->out.failed && j->depth == 0) {
		buf_add(out, j->out.data ? j->out.data : "", j->out.len);
		r = out->failed ? -ENOMEM : 0;
	}
	yajl_gen_free(j->gen);
	buf_done(&j->out);
	free(j);
	*w = (struct json_writer){.failed = true};
	return r;
}
