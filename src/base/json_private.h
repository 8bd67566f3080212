/* What the parts of the JSON module share; nobody else includes this. */
#ifndef BAWN_JSON_PRIVATE_H
#define BAWN_JSON_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <yajl/yajl_common.h>

/* Length of the well-formed UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF), or 0. */
size_t utf8_sequence(const unsigned char *s, size_t left);

struct json_fault {
	size_t offset;		/* of the byte at fault */
	const char *why;
};

/* The checks that yajl lacks or does loosely, in one pass before it sees the text: strict UTF-8,
 * no NUL escape, paired surrogates, string length. *ret_longest: length of the longest string with
 * escapes, which yajl must copy. False with *fault filled in. */
bool json_text_check(const char *text, size_t len, size_t *ret_longest, struct json_fault *fault);

/* yajl never looks whether memory was given to it. So all it needs is set aside beforehand. */
struct json_pool {
	char *mem;
	size_t size, used;
	size_t last;		/* offset of the newest block, which can grow in place */
};
void json_pool_funcs(struct json_pool *pool, yajl_alloc_funcs *ret);

#endif
