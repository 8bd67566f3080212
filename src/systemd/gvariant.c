/*
 * GVariant text to a tree (docs.gtk.org/glib/gvariant-text.html), as much of it as
 * properties of systemd units need. Input: annotations of config.json, any bytes.
 */
#include "systemd.h"

#include <ctype.h>
#include <math.h>

struct parser {
	struct err *e;
	struct arena *a;
	const char *text, *p;
	unsigned int depth, items;
};

static const struct {
	const char *word, *type;
} type_words[] = {
	{"boolean", "b"}, {"byte", "y"},   {"int16", "n"},	{"uint16", "q"},
	{"int32", "i"},	  {"uint32", "u"}, {"int64", "x"},	{"uint64", "t"},
	{"double", "d"},  {"string", "s"}, {"objectpath", "o"}, {"signature", "g"},
};

static int wrong(const struct parser *p, const char *what)
{
	return err_set(p->e, ERR_CONFIG, "%s at byte %zu of %.200s", what, (size_t)(p->p - p->text),
		       p->text);
}

static void skip_blanks(struct parser *p)
{
	p->p += strspn(p->p, " \t\n\r");
}

/* Takes the word when it stands here, whole. */
static bool take_word(struct parser *p, const char *word)
{
	const char *rest = str_after(p->p, word);

	if (!rest || isalnum((unsigned char)*rest) || *rest == '_')
		return false;
	p->p = rest;
	return true;
}

static size_t type_length(const char *s, unsigned int depth)
{
	size_t n = 1, one;

	if (*s && strchr("bynqiuxtdsog", *s))
		return 1;
	if (depth == GVARIANT_DEPTH_MAX || (*s != 'a' && *s != '('))
		return 0;
	if (*s == 'a') {
		one = type_length(s + 1, depth + 1);
		return one ? one + 1 : 0;
	}
	while (s[n] != ')') {
		one = type_length(s + n, depth + 1);
		if (!one)
			return 0;
		n += one;
	}
	return n > 1 ? n + 1 : 0;
}

size_t gvariant_type_length(const char *signature)
{
	return type_length(signature, 0);
}

/* "uint64 5" or "@t 5": the type in front of a value. */
static int parse_type(struct parser *p, const char **ret)
{
	size_t n;

	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
		if (take_word(p, type_words[i].word)) {
			*ret = type_words[i].type;
			skip_blanks(p);
			return 0;
		}
	if (*p->p != '@')
		return 0;
	n = gvariant_type_length(p->p + 1);
	if (!n || !p->p[1 + n] || !strchr(" \t\n\r", p->p[1 + n]))
		return wrong(p, "no known type after \"@\"");
	*ret = arena_strndup(p->a, p->p + 1, n);
	if (!*ret)
		return err_nomem(p->e);
	p->p += 1 + n;
	skip_blanks(p);
	return 0;
}

/* A character after a backslash; the others of GLib (\v, \u...) are not needed in unit files. */
static int unescape(char c)
{
	static const char from[] = "\\'\"ntrab f", to[] = "\\'\"\n\t\r\a\b \f";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : -1;
}

static int parse_string(struct parser *p, struct gvariant *v)
{
	char quote = *p->p++, *out;
	size_t n = 0;
	int c;

	out = arena_alloc(p->a, strlen(p->p) + 1);
	if (!out)
		return err_nomem(p->e);
	for (; *p->p != quote; p->p++) {
		if (!*p->p)
			return wrong(p, "string without an end");
		c = *p->p;
		if (c == '\\') {
			p->p++;
			c = unescape(*p->p);
			if (c < 0)
				return wrong(p, "unknown escape in a string");
		}
		out[n++] = (char)c;
	}
	p->p++;
	v->kind = GVARIANT_STR;
	v->str = out;
	return 0;
}

static int parse_integer(struct parser *p, struct gvariant *v, const char *digits, char *end)
{
	char *stop;

	errno = 0;
	v->integer = strtoull(digits, &stop, 0); /* lint-ok: calls, hexadecimal and octal too */
	if (stop != end || errno)
		return wrong(p, errno ? "number too big" : "no number");
	v->kind = GVARIANT_INT;
	return 0;
}

static int parse_number(struct parser *p, struct gvariant *v)
{
	size_t n = strcspn(p->p, " \t\n\r,])");
	char word[64], *digits = word, *end;
	int r;

	if (n == 0 || n >= sizeof(word))
		return wrong(p, "no value of a known form");
	memcpy(word, p->p, n);
	word[n] = '\0';
	v->negative = word[0] == '-';
	digits += word[0] == '-' || word[0] == '+';
	if (!isdigit((unsigned char)*digits) && *digits != '.')
		return wrong(p, "no value of a known form");
	if (!str_has_prefix(digits, "0x") && strpbrk(digits, ".eE")) {
		v->kind = GVARIANT_DOUBLE;
		v->real = strtod(word, &end);
		r = *end || !isfinite(v->real) ? wrong(p, "no number") : 0;
	} else {
		r = parse_integer(p, v, digits, word + n);
	}
	p->p += n;
	return r;
}

static int parse_value(struct parser *p, struct gvariant **ret);

static int parse_items(struct parser *p, struct gvariant *v)
{
	char close = *p->p == '[' ? ']' : ')';
	struct gvariant **tail = &v->child;
	int r;

	v->kind = close == ']' ? GVARIANT_ARRAY : GVARIANT_TUPLE;
	if (++p->depth > GVARIANT_DEPTH_MAX)
		return wrong(p, "nested too deep");
	for (p->p++, skip_blanks(p); *p->p != close; skip_blanks(p)) {
		r = parse_value(p, tail);
		if (r < 0)
			return r;
		tail = &(*tail)->next;
		skip_blanks(p);
		if (*p->p == ',')
			p->p++;
		else if (*p->p != close)
			return wrong(p,
				     close == ']' ? "want \",\" or \"]\"" : "want \",\" or \")\"");
	}
	p->p++;
	p->depth--;
	return close == ')' && !v->child ? wrong(p, "empty tuple") : 0;
}

static int parse_value(struct parser *p, struct gvariant **ret)
{
	struct gvariant *v = arena_alloc(p->a, sizeof(*v));
	int r;

	if (!v)
		return err_nomem(p->e);
	if (++p->items > GVARIANT_ITEMS_MAX)
		return wrong(p, "too many values");
	*ret = v;
	skip_blanks(p);
	r = parse_type(p, &v->type);
	if (r < 0)
		return r;
	if (*p->p == '[' || *p->p == '(')
		return parse_items(p, v);
	if (*p->p == '\'' || *p->p == '"')
		return parse_string(p, v);
	v->truth = take_word(p, "true");
	if (v->truth || take_word(p, "false")) {
		v->kind = GVARIANT_BOOL;
		return 0;
	}
	return parse_number(p, v);
}

int gvariant_parse(struct err *e, struct arena *a, const char *text, struct gvariant **ret)
{
	struct parser p = {.e = e, .a = a, .text = text, .p = text};
	int r = parse_value(&p, ret);

	if (r < 0)
		return r;
	skip_blanks(&p);
	return *p.p ? wrong(&p, "something after the value") : 0;
}

/* The first element with a type decides for all, "[1, uint64 2]" is of two uint64. */
static const char *array_signature(struct arena *a, const struct gvariant *v)
{
	const struct gvariant *of = v->child;
	const char *item;

	for (const struct gvariant *c = v->child; c; c = c->next)
		if (c->type) {
			of = c;
			break;
		}
	item = of ? gvariant_signature(a, of) : NULL;
	return item ? arena_printf(a, "a%s", item) : NULL;
}

static const char *tuple_signature(struct arena *a, const struct gvariant *v)
{
	_buf_ struct buf b = {0};
	const char *item;

	buf_str(&b, "(");
	for (const struct gvariant *c = v->child; c; c = c->next) {
		item = gvariant_signature(a, c);
		if (!item)
			return NULL;
		buf_str(&b, item);
	}
	buf_str(&b, ")");
	return b.failed ? NULL : arena_strdup(a, b.data);
}

const char *gvariant_signature(struct arena *a, const struct gvariant *v)
{
	static const char *const basic[] = {
		[GVARIANT_BOOL] = "b", [GVARIANT_INT] = "i",	[GVARIANT_DOUBLE] = "d",
		[GVARIANT_STR] = "s",  [GVARIANT_ARRAY] = NULL, [GVARIANT_TUPLE] = NULL,
	};

	if (v->type)
		return v->type;
	if (v->kind == GVARIANT_ARRAY)
		return array_signature(a, v);
	return v->kind == GVARIANT_TUPLE ? tuple_signature(a, v) : basic[v->kind];
}
