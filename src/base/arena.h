/*
 * Arena: many small objects with one lifetime (a parsed config). Memory is
 * zeroed; nothing is freed singly. Not for use between clone and exec.
 */
#ifndef BAWN_ARENA_H
#define BAWN_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *head;
	bool fixed;			/* see arena_place() */
};

/* Zeroed memory aligned for any type, or NULL when memory is out. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* The same for count * size, with the product checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Everything of `from` lives as long as `into` from now on; `from` is empty. */
void arena_merge(struct arena *into, struct arena *from);
/* An empty arena in memory of the caller's, zeroed and aligned for any type. It does not grow, and
 * there is nothing to free. */
void arena_place(struct arena *a, void *memory, size_t size);
#define ARENA_OVERHEAD 64u	/* of arena_place() in all, and at the most of each object */
/* Frees everything; accepts a zeroed struct. */
void arena_done(struct arena *a);

#define _arena_ __attribute__((cleanup(arena_done)))

static inline void free_ptr(void *p)
{
	free(*(void **)p);
}
#define _free_ __attribute__((cleanup(free_ptr)))

/* Hands ownership out of a _free_ variable. */
#define take_ptr(p)                             \
	({                                      \
		__typeof__(*(p)) taken_ = *(p); \
		*(p) = NULL;                    \
		taken_;                         \
	})

#endif
