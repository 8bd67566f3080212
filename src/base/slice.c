/* Lines and words of a text: see slice.h. */
#include "base.h"

struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool slice_line(struct slice *text, struct slice *ret)
{
	const char *eol;
	size_t n;

	if (!text->n)
		return false;
	eol = memchr(text->p, '\n', text->n);
	n = eol ? (size_t)(eol - text->p) : text->n;
	*ret = (struct slice){ text->p, n };
	n += eol != NULL;
	text->p += n;
	text->n -= n;
	return true;
}

bool slice_word(struct slice *line, struct slice *ret)
{
	size_t n = 0;

	while (line->n && is_blank(*line->p)) {
		line->p++;
		line->n--;
	}
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	*ret = (struct slice){ line->p, n };
	line->p += n;
	line->n -= n;
	return n > 0;
}

bool slice_is(struct slice s, const char *word)
{
	return strlen(word) == s.n && memcmp(s.p, word, s.n) == 0;
}

bool slice_split(struct slice s, char at, struct slice *ret_key, struct slice *ret_value)
{
	const char *sep = s.n ? memchr(s.p, at, s.n) : NULL;
	size_t n;

	if (!sep)
		return false;
	n = (size_t)(sep - s.p);
	*ret_key = (struct slice){ s.p, n };
	*ret_value = (struct slice){ sep + 1, s.n - n - 1 };
	return true;
}

int slice_to_u64(struct slice s, uint64_t *ret)
{
	char text[24];

	if (s.n >= sizeof(text))
		return -ERANGE;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return str_to_u64(text, ret);
}
