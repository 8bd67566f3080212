/*
 * Growable bytes. data is always NUL-terminated when non-NULL; len excludes the
 * NUL. Appending after a failed allocation does nothing, so that a caller checks
 * `failed` once at the end.
 */
#ifndef BAWN_BUF_H
#define BAWN_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	bool failed;
};

/* Makes room for `more` further bytes and the NUL. False when memory is out. */
bool buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_done(struct buf *b);
#define _buf_ __attribute__((cleanup(buf_done)))

#endif
