/*
 * Pieces of a text without copying it: lines, words, "KEY=VALUE". Input: any bytes; a slice is
 * never NUL-terminated.
 */
#ifndef BAWN_SLICE_H
#define BAWN_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *p;
	size_t n;
};

struct slice slice_of(const char *text);
/* Takes the next line off the front (without its newline), or the next word, which blanks and tabs
 * separate. False when there is none. */
bool slice_line(struct slice *text, struct slice *ret);
bool slice_word(struct slice *line, struct slice *ret);
bool slice_is(struct slice s, const char *word);
/* "KEY=VALUE", "8:16": splits at the first `at`; false when there is none. */
bool slice_split(struct slice s, char at, struct slice *ret_key, struct slice *ret_value);
/* As str_to_u64(). */
int slice_to_u64(struct slice s, uint64_t *ret);

#endif
