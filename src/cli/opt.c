/* The option parser: see opt.h. Its messages are parsed by engines ("flag needs an argument"). */
#include "opt.h"

const struct opt opt_help = {
	.name = "help", .letter = 'h', .kind = OPT_BOOL, .help = "show this help and exit"};

#define DISTANCE_MAX_LEN 32

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many letters differ; two swapped neighbours count once. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][DISTANCE_MAX_LEN + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > DISTANCE_MAX_LEN || lb > DISTANCE_MAX_LEN)
		return OPT_UNLIKE;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = min2(min2(up[j], row[j - 1]) + 1,
				      up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min2(row[j], up2[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

unsigned int opt_unlikeness(const char *word, const char *known)
{
	size_t len = strlen(word);
	unsigned int d;

	/* A word that was cut short is more likely than one with wrong letters. */
	if (len >= 3 && str_has_prefix(known, word))
		return 0;
	d = distance(word, known);
	return d <= (len < 5 ? 1 : 2) ? d : OPT_UNLIKE;
}

static const char *nearest(const struct opt *options, const char *name)
{
	unsigned int best = OPT_UNLIKE;
	const char *ret = NULL;

	for (; options->kind != OPT_END; options++) {
		unsigned int d = opt_unlikeness(name, options->name);

		if (d < best) {
			best = d;
			ret = options->name;
		}
	}
	return ret;
}

static int unknown(struct err *e, const struct opt *options, const char *arg)
{
	const char *name = arg + strspn(arg, "-");
	char word[64];
	const char *near = NULL;

	if (!str_format(word, sizeof(word), "%.*s", (int)strcspn(name, "="), name))
		near = nearest(options, word);
	if (near)
		return err_set(e, ERR_USAGE, "unknown option %.100s; did you mean --%s?", arg,
			       near);
	return err_set(e, ERR_USAGE, "unknown option %.100s", arg);
}

static const struct opt *find(const struct opt *options, const char *name, size_t len)
{
	for (; options->kind != OPT_END; options++) {
		if (len == 1 && options->letter == name[0])
			return options;
		if (!strncmp(options->name, name, len) && !options->name[len])
			return options;
	}
	if ((len == 1 && name[0] == 'h') || (len == 4 && !memcmp(name, "help", 4)))
		return &opt_help;
	return NULL;
}

/* What Go's strconv.ParseBool takes. */
static int parse_bool(struct err *e, const char *name, const char *text, bool *ret)
{
	static const char *const words[] = {"true",  "1", "t", "T", "TRUE",  "True",
					    "false", "0", "f", "F", "FALSE", "False"};
	int i = str_lookup(words, ARRAY_SIZE(words), text);

	if (i < 0)
		return err_set(e, ERR_USAGE, "--%s: \"%.100s\" is neither true nor false", name,
			       text);
	*ret = i < 6;
	return 0;
}

static int parse_choice(struct err *e, const struct opt *o, const char *text, int *ret)
{
	_buf_ struct buf all = {0};

	for (int i = 0; o->choices[i]; i++) {
		if (str_eq(o->choices[i], text)) {
			*ret = i;
			return 0;
		}
		buf_printf(&all, "%s%s", i ? ", " : "", o->choices[i]);
	}
	return err_set(e, ERR_USAGE, "--%s: \"%.100s\" is none of %s", o->name, text,
		       all.failed ? "the known values" : all.data);
}

/* Room for n + 1 pointers is kept as a power of two, from 8 up. */
static int list_add(struct err *e, struct arena *a, struct strv *list, char *text)
{
	size_t room = list->n + 1;

	if (!list->v || (room >= 8 && !(room & (room - 1)))) {
		char **v = arena_array(a, list->v ? room * 2 : 8, sizeof(*v));

		if (!v)
			return err_nomem(e);
		if (list->v)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
	}
	list->v[list->n++] = text;
	return 0;
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_BOOL && o->kind != OPT_IGNORED;
}

/* An option without a value; `text` is what came after "=", or NULL. */
static int store_bool(struct err *e, struct opt_parse *p, const struct opt *o, const char *text)
{
	bool ignored, *out = &ignored;

	if (o == &opt_help)
		out = &p->help;
	else if (o->kind == OPT_BOOL)
		out = (bool *)((char *)p->out + o->offset);
	*out = true;
	return text ? parse_bool(e, o->name, text, out) : 0;
}

static int store_value(struct err *e, struct opt_parse *p, const struct opt *o, char *value)
{
	void *out = (char *)p->out + o->offset;

	switch (o->kind) {
	case OPT_STR:
		if (!*value)
			return err_set(e, ERR_USAGE, "--%s: the value is empty", o->name);
		*(const char **)out = value;
		return 0;
	case OPT_TEXT:
		*(const char **)out = value;
		return 0;
	case OPT_U32:
		if (str_to_u32(value, out))
			return err_set(e, ERR_USAGE, "--%s: \"%.100s\" is no number from 0 to %u",
				       o->name, value, UINT32_MAX);
		return 0;
	case OPT_DURATION:
		if (str_to_duration(value, out) || *(int64_t *)out <= 0)
			return err_set(e, ERR_USAGE,
				       "--%s: \"%.100s\" is no duration above 0, such as 5s, 500ms "
				       "or 1m30s",
				       o->name, value);
		return 0;
	case OPT_LIST:
		return list_add(e, p->arena, out, value);
	case OPT_CHOICE:
		return parse_choice(e, o, value, out);
	case OPT_BOOL:
	case OPT_IGNORED:
	case OPT_END:
		break;
	}
	return 0;
}

/* -td: only letters of booleans, only with one dash. 1 when it was that, 0 when not. */
static int parse_letters(struct err *e, struct opt_parse *p, const char *letters)
{
	for (const char *l = letters; *l; l++) {
		const struct opt *o = find(p->options, l, 1);

		if (!o || takes_value(o))
			return 0;
	}
	for (const char *l = letters; *l; l++) {
		int r = store_bool(e, p, find(p->options, l, 1), NULL);

		if (r < 0)
			return r;
	}
	return 1;
}

/* One option at argv[0]; returns how many arguments it took, 1 or 2. */
static int parse_one(struct err *e, struct opt_parse *p, char **argv)
{
	char *name = argv[0] + (argv[0][1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	char *value = name[len] ? name + len + 1 : NULL;
	const struct opt *o = find(p->options, name, len);
	int r;

	if (!o) {
		r = argv[0][1] != '-' ? parse_letters(e, p, name) : 0;
		return r ? r : unknown(e, p->options, argv[0]);
	}
	if (!takes_value(o)) {
		r = store_bool(e, p, o, value);
		return r < 0 ? r : 1;
	}
	if (value) {
		r = store_value(e, p, o, value);
		return r < 0 ? r : 1;
	}
	if (!argv[1])
		return err_set(e, ERR_USAGE, "flag needs an argument: --%s", o->name);
	r = store_value(e, p, o, argv[1]);
	return r < 0 ? r : 2;
}

int opt_parse(struct err *e, struct opt_parse *p, char **argv)
{
	char **words = argv;

	p->words = argv;
	while (*argv && !p->help) {
		char *arg = *argv;
		int r;

		if (str_eq(arg, "--")) {
			argv++;
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			if (p->stop_at_word)
				break;
			*words++ = arg;
			argv++;
			continue;
		}
		r = parse_one(e, p, argv);
		if (r < 0)
			return r;
		argv += r;
	}
	if (p->stop_at_word)
		p->words = words = argv;
	/* The rest are words; they move down over the options before them. */
	while (*argv)
		*words++ = *argv++;
	*words = NULL;
	p->n_words = (size_t)(words - p->words);
	return 0;
}
