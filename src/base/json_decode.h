/*
 * Table-driven decoding of a JSON tree into C structs: a table names each
 * property of an object, its kind and where it goes. A wrong type is an error with
 * the JSON path, an unknown property a warning (the OCI rule), null counts as absent.
 */
#ifndef BAWN_JSON_DECODE_H
#define BAWN_JSON_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

struct strv {			/* strings in an arena; v[n] is NULL, so v is an argv */
	char **v;
	size_t n;
};

struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};
struct opt_bool {
	bool set;
	bool v;
};

/* Strings: names and paths hold no control bytes (CVE-2022-4318); text holds any byte but NUL. */
enum field_kind {
	FIELD_STR,		/* const char *: a name or path */
	FIELD_OPT_STR,		/* the same; "" counts as absent */
	FIELD_TEXT,		/* const char *: text */
	FIELD_STRV,		/* struct strv of names or paths */
	FIELD_TEXTV,		/* struct strv of text: argv, environ */
	FIELD_BOOL,		/* bool */
	FIELD_OPT_BOOL,		/* struct opt_bool */
	FIELD_U32,		/* uint32_t */
	FIELD_ID,		/* uint32_t: a user or group id, so not 4294967295 */
	FIELD_I64,		/* int64_t */
	FIELD_U64,		/* uint64_t */
	FIELD_OPT_U32,		/* struct opt_u32 */
	FIELD_OPT_I64,		/* struct opt_i64 */
	FIELD_OPT_U64,		/* struct opt_u64 */
	FIELD_ENUM,		/* int: value of a word in `words` */
	FIELD_OBJECT,		/* nested struct at offset, decoded by `fields`, then `call` */
	FIELD_OPT_OBJECT,	/* pointer to a struct of `size`, allocated when present */
	FIELD_LIST,		/* struct list_of: array of structs of `size`, each by `fields` */
	FIELD_CALL,		/* whatever `call` makes of it */
	FIELD_NODE,		/* const struct json *: kept as it is, any type */
	FIELD_IGNORE,		/* known, of no interest here */
};

/* Every FIELD_LIST target has this shape; declare with LIST_OF(struct x). */
struct list_of {
	void *v;
	size_t n;
};
#define LIST_OF(type)     \
	struct {          \
		type *v;  \
		size_t n; \
	}

struct json_word {
	char name[28];
	int32_t value;
};

/* FIELD_CALL: target is at the offset. OBJECT, OPT_OBJECT and each element of a LIST: called
 * after decoding, with the struct. Fills e and returns -errno when it does not like the value. */
typedef int (*json_call)(struct err *e, struct arena *a, const struct json *node, void *target);

struct json_field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	const struct json_field *fields;	/* of nested objects; ends with a NULL name */
	size_t size;				/* of nested structs */
	bool required;
	json_call call;				/* FIELD_CALL; optional with nested structs */
	const struct json_word *words;		/* FIELD_ENUM; ends with an empty name */
	const char *noun;			/* FIELD_ENUM: 'unknown NOUN "x"' */
};

/* A table row: JSON_FIELD("uid", ID, struct user, uid, .required = true). */
#define JSON_FIELD(name_, kind_, type_, member_, ...)                                       \
	{                                                                                   \
		.name = (name_), .kind = FIELD_##kind_, .offset = offsetof(type_, member_), \
		##__VA_ARGS__                                                               \
	}
#define JSON_FIELD_END       \
	{                    \
		.name = NULL \
	}

/* Decodes object `node` into the zeroed struct `out`. Strings point into the arena. */
int json_decode(struct err *e, struct arena *a, const struct json *node,
		const struct json_field *fields, void *out);

/* Members of an open object from the struct that json_decode() fills: what is set, of the plain
 * kinds, nested objects and lists. Anything else is the caller's to write. */
void json_encode(struct json_writer *w, const struct json_field *fields, const void *in);

/* One value, checked; an error with the path otherwise. Numbers are integer literals in range. */
int json_to_i64(struct err *e, const struct json *node, int64_t *ret);
int json_to_u64(struct err *e, const struct json *node, uint64_t *ret);
int json_to_u32(struct err *e, const struct json *node, uint32_t *ret);
int json_to_id(struct err *e, const struct json *node, uint32_t *ret);
int json_to_bool(struct err *e, const struct json *node, bool *ret);
int json_to_str(struct err *e, const struct json *node, const char **ret);	/* name or path */
int json_to_text(struct err *e, const struct json *node, const char **ret);
int json_to_strv(struct err *e, struct arena *a, const struct json *node, struct strv *ret);
int json_to_word(struct err *e, const struct json *node, const struct json_word *words,
		 const char *noun, int *ret);

/* 0 when node has the type, else an error "expected an array, got a number". */
int json_expect(struct err *e, const struct json *node, enum json_type type);

#endif
