/* Arena of zeroed memory in growing chunks: see arena.h. */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>

/* What does not fit into the first chunk is a whole config.json. Its chunk is large enough for
 * malloc to map it: one system call, zeroed by the kernel, and only pages in use cost memory. */
#define CHUNK_FIRST 4096u
#define CHUNK_NEXT 262144u

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char data[];
};

static struct arena_chunk *chunk_new(const struct arena *a, size_t need)
{
	size_t size = CHUNK_FIRST - sizeof(struct arena_chunk);
	struct arena_chunk *c;

	if (a->fixed) {
		errno = ENOMEM;
		return NULL;
	}
	if (a->head || need > size)
		size = CHUNK_NEXT;
	if (size < need)
		size = need;
	c = calloc(1, sizeof(*c) + size);
	if (c)
		c->size = size;
	return c;
}

_Static_assert(sizeof(struct arena_chunk) + _Alignof(max_align_t) <= ARENA_OVERHEAD, "overhead");

void arena_place(struct arena *a, void *memory, size_t size)
{
	*a = (struct arena){.head = memory, .fixed = true};
	a->head->size = size - sizeof(struct arena_chunk);
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_chunk *c = a->head;
	void *p;

	if (size > SIZE_MAX / 4) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < size) {
		c = chunk_new(a, size);
		if (!c)
			return NULL;
		c->next = a->head;
		a->head = c;
	}
	p = c->data + c->used;
	c->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void arena_done(struct arena *a)
{
	struct arena_chunk *c = a->head;

	while (c && !a->fixed) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
	a->head = NULL;
}

void arena_merge(struct arena *into, struct arena *from)
{
	struct arena_chunk **end = &into->head;

	while (*end)
		end = &(*end)->next;
	*end = from->head;
	from->head = NULL;
}
