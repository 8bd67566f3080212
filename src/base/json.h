/*
 * JSON: a reader with hard limits (input: possibly UNTRUSTED) that builds a tree
 * in an arena, and a writer. Both are yajl underneath.
 *
 * Limits (ATTACKS: parser bounds): document 8 MiB, depth 64, string 64 KiB, no
 * duplicate keys, valid UTF-8, no NUL inside strings.
 */
#ifndef BAWN_JSON_H
#define BAWN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "err.h"

#define JSON_MAX_DOCUMENT (8u << 20)
#define JSON_MAX_DEPTH 64
#define JSON_MAX_STRING (256u << 10)
#define JSON_MAX_NODES (1u << 18)
#define JSON_MAX_NUMBER 64u		/* characters of a literal */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* 48 bytes: a waiting container keeps its config, so the tree is private memory of each. */
struct json {
	const char *key;		/* member name, NULL in arrays and at the top */
	char *str;			/* STRING: the value; NUMBER: the literal; else NULL. Not
					 * const only because an argv is not; never written to */
	struct json *parent, *child, *next;
	uint32_t count;			/* children of an array or object */
	uint8_t type;			/* enum json_type */
	bool boolean;
};

/* `what` names the document in messages ("config.json"). The tree lives in the arena. */
int json_parse(struct err *e, struct arena *a, const char *what, const char *text, size_t len,
	       struct json **ret);

/* Member of an object, or NULL; also NULL when `object` is NULL or no object. */
const struct json *json_get(const struct json *object, const char *key);

/* "process.rlimits[2].type" of a node, into buf; returns buf. Keys that are no plain words are
 * quoted: linux.sysctl["net.ipv4.ip_forward"]. */
const char *json_path(const struct json *node, char *buf, size_t size);

/* The name the document was parsed under. */
const char *json_document(const struct json *node);

/* An ERR_CONFIG that names the node: "process.cwd: MSG". Returns -EINVAL. */
int json_bad(struct err *e, const struct json *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a member of an object that may be missing; with a chosen code. */
int json_bad_member(struct err *e, enum err_code code, const struct json *object,
		    const char *member, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* log_warning("DOCUMENT: PATH: MSG"). */
void json_warn(const struct json *node, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *json_type_name(enum json_type type);

/* Writer. Errors are sticky; check with json_write_end(). key is NULL inside arrays. A NULL string
 * value is written as null; bytes that are no UTF-8 become U+FFFD. */
struct json_writer {
	void *gen;
	bool failed;
};
int json_write_begin(struct json_writer *w, bool pretty);
void json_write_object(struct json_writer *w, const char *key);
void json_write_array(struct json_writer *w, const char *key);
void json_write_close(struct json_writer *w);	/* closes the innermost object or array */
void json_write_str(struct json_writer *w, const char *key, const char *value);
void json_write_int(struct json_writer *w, const char *key, int64_t value);
void json_write_u64(struct json_writer *w, const char *key, uint64_t value);
void json_write_hundredths(struct json_writer *w, const char *key, uint64_t value); /* 5 -> 0.05 */
void json_write_bool(struct json_writer *w, const char *key, bool value);
/* Writes a parsed tree again (annotations, pass-through documents). */
void json_write_tree(struct json_writer *w, const char *key, const struct json *node);
/* Appends the document to out and frees the writer: 0 or -ENOMEM. */
int json_write_end(struct json_writer *w, struct buf *out);

#endif
