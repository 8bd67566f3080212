/*
 * The text level of JSON: UTF-8, escapes, and the memory pool that yajl works in.
 * Input: UNTRUSTED bytes; nothing here relies on their being JSON.
 */
#include "base.h"
#include "json_private.h"

size_t utf8_sequence(const unsigned char *s, size_t left)
{
	unsigned char min = 0x80, max = 0xbf;	/* of the second byte: RFC 3629, section 4 */
	size_t n;

	if (left == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		min = 0xa0;
	else if (s[0] == 0xed)
		max = 0x9f;
	else if (s[0] == 0xf0)
		min = 0x90;
	else if (s[0] == 0xf4)
		max = 0x8f;
	if (left < n || s[1] < min || s[1] > max)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Code unit of the \uXXXX at s, or -1. */
static int unicode_escape(const unsigned char *s, size_t left)
{
	int v = 0;

	if (left < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_value(s[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* Steps over the escape at s: bytes of text, or 0 with *why. *ret_bytes: what it decodes to. */
static size_t escape(const unsigned char *s, size_t left, size_t *ret_bytes, const char **why)
{
	int unit, low;

	*ret_bytes = 1;
	*why = "unknown escape in a string";
	if (left < 2 || s[1] == '\0' || !strchr("\"\\/bfnrtu", s[1]))
		return 0;
	if (s[1] != 'u')
		return 2;
	unit = unicode_escape(s, left);
	*why = unit < 0 ? "\\u without four hexadecimal digits" : "NUL character in a string";
	if (unit <= 0)
		return 0;
	*why = "half a surrogate pair";
	if (unit < 0xd800 || unit > 0xdfff) {
		*ret_bytes = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
		return 6;
	}
	low = unicode_escape(s + 6, left - 6);
	if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_bytes = 4;
	return 12;
}

/* ASCII that stands for itself in a string. */
static const bool plain[256] = {
	[0x20 ... 0x21] = true,
	[0x23 ... 0x5b] = true,
	[0x5d ... 0x7f] = true,
};
_Static_assert('"' == 0x22 && '\\' == 0x5c, "the gaps in the table");

/* One string, from behind its opening quote. Returns the offset behind the closing one, or 0. */
static size_t check_string(const unsigned char *s, size_t i, size_t len, size_t *longest,
			   struct json_fault *fault)
{
	size_t start = i, bytes = 0, n, m;
	bool escaped = false;

	for (;; i += n, bytes += m) {
		size_t from = i;

		while (i < len && plain[s[i]])
			i++;
		bytes += i - from;
		if (i >= len || s[i] == '"')
			break;
		fault->offset = i;
		if (s[i] == '\\') {
			escaped = true;
			n = escape(s + i, len - i, &m, &fault->why);
		} else {
			fault->why =
				s[i] < 0x20 ? "control character in a string" : "invalid UTF-8";
			n = m = s[i] < 0x20 ? 0 : utf8_sequence(s + i, len - i);
		}
		if (n == 0)
			return 0;
	}
	fault->offset = start - 1;
	fault->why = "string without an end";
	if (i >= len)
		return 0;
	fault->why = "string longer than 262144 bytes";
	_Static_assert(JSON_MAX_STRING == 262144, "the message names the limit");
	if (bytes > JSON_MAX_STRING)
		return 0;
	if (escaped && bytes > *longest)
		*longest = bytes;
	return i + 1;
}

bool json_text_check(const char *text, size_t len, size_t *ret_longest, struct json_fault *fault)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0;

	*ret_longest = 0;
	while (i < len) {
		if (s[i] == '"') {
			i = check_string(s, i + 1, len, ret_longest, fault);
			if (i == 0)
				return false;
		} else {
			i++;	/* outside of strings yajl takes ASCII only */
		}
	}
	return true;
}

#define POOL_ALIGN _Alignof(max_align_t)

struct pool_block {
	_Alignas(max_align_t) size_t size;
};

static void *pool_malloc(void *ctx, size_t size)
{
	struct json_pool *pool = ctx;
	struct pool_block *b;
	size_t need;

	if (size > pool->size)
		return NULL;
	need = sizeof(*b) + ((size + POOL_ALIGN - 1) & ~(POOL_ALIGN - 1));
	if (need > pool->size - pool->used)
		return NULL;
	pool->last = pool->used;
	b = (struct pool_block *)(void *)(pool->mem + pool->used);
	b->size = size;
	pool->used += need;
	return b + 1;
}

static void *pool_realloc(void *ctx, void *old, size_t size)
{
	struct json_pool *pool = ctx;
	struct pool_block *b;
	size_t keep;
	void *p;

	if (!old)
		return pool_malloc(ctx, size);
	b = (struct pool_block *)old - 1;
	keep = b->size < size ? b->size : size;
	if ((char *)b == pool->mem + pool->last)
		pool->used = pool->last;	/* the same place again, with more room */
	p = pool_malloc(ctx, size);
	if (p && p != old)
		memcpy(p, old, keep);
	return p;
}

static void pool_free(void *ctx, void *p)
{
	(void)ctx, (void)p;	/* the whole pool goes at once */
}

void json_pool_funcs(struct json_pool *pool, yajl_alloc_funcs *ret)
{
	*ret = (yajl_alloc_funcs){
		.malloc = pool_malloc,
		.realloc = pool_realloc,
		.free = pool_free,
		.ctx = pool,
	};
}
