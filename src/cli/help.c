/* `bawn --help`, `bawn VERB --help`, `bawn help [VERB]` and `--version`, made from the tables. */
#include "cli.h"

#define WIDTH 80
#define OPTION_COLUMN 30
#define VERB_COLUMN 12

/* Appends text at column `column`, broken at blanks, further lines indented by `indent`. */
static void wrap(struct buf *b, size_t column, size_t indent, const char *text)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && column + 1 + len > WIDTH) {
			buf_printf(b, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		if (!first)
			buf_str(b, " ");
		buf_add(b, text, len);
		column += len + !first;
		first = false;
		text += len + strspn(text + len, " ");
	}
	buf_str(b, "\n");
}

/* One paragraph per line of text. */
static void paragraphs(struct buf *b, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		_buf_ struct buf one = {0};

		buf_add(&one, text, len);
		if (!one.failed)
			wrap(b, 0, 0, one.data);
		text += len;
		if (*text == '\n')
			text++;
		if (*text)
			buf_str(b, "\n");
	}
}

static void examples(struct buf *b, const char *text)
{
	buf_str(b, "\nExamples:\n");
	while (*text) {
		size_t len = strcspn(text, "\n");

		buf_str(b, "  ");
		buf_add(b, text, len);
		buf_str(b, "\n");
		text += len;
		if (*text == '\n')
			text++;
	}
}

static void option(struct buf *b, const struct opt *o)
{
	size_t start = b->len, column;

	if (o->letter)
		buf_printf(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(b, "      --%s", o->name);
	if (o->arg)
		buf_printf(b, " %s", o->arg);
	column = b->len - start;
	if (column + 2 > OPTION_COLUMN)
		buf_printf(b, "\n%*s", OPTION_COLUMN, "");
	else
		buf_printf(b, "%*s", (int)(OPTION_COLUMN - column), "");
	wrap(b, OPTION_COLUMN, OPTION_COLUMN, o->help);
}

static void options(struct buf *b, const struct opt *o)
{
	for (; o->kind != OPT_END; o++)
		option(b, o);
	option(b, &opt_help);
}

/* As which program we were called: installed as "runc" it is runc that answers. The examples stay. */
static const char *program(const struct cli *c)
{
	const char *slash = strrchr(c->argv0, '/');

	return slash ? slash + 1 : c->argv0;
}

int help_print_verb(struct err *e, const struct cli *c, const struct verb *v)
{
	_buf_ struct buf b = {0};

	buf_printf(&b, "NAME:\n   %s %s - %s\n\nUsage: %s [global options] %s [options]%s%s\n\n",
		   program(c), v->name, v->summary, program(c), v->name, v->words[0] ? " " : "",
		   v->words);
	paragraphs(&b, v->text);
	buf_str(&b, "\nOptions:\n");
	options(&b, v->options);
	examples(&b, v->examples);
	buf_printf(&b, "\nThe global options are shown by 'bawn --help'. Manual: bawn-%s(8).\n",
		   v->name);
	return cli_print(e, &b);
}

int help_print(struct err *e, const struct cli *c)
{
	_buf_ struct buf b = {0};

	buf_printf(&b,
		   "NAME:\n   %s - Open Container Initiative runtime\n\n"
		   "Usage: %s [global options] VERB [options] [arguments]\n\nVerbs:\n",
		   program(c), program(c));
	for (const struct verb *const *v = verbs; *v; v++) {
		buf_printf(&b, "  %-*s", VERB_COLUMN - 2, (*v)->name);
		wrap(&b, VERB_COLUMN, VERB_COLUMN, (*v)->summary);
	}
	buf_str(&b, "\nGlobal options, always before the verb:\n");
	options(&b, global_options);
	examples(&b, "mkdir -p web/rootfs && bawn spec --bundle web\n"
		     "bawn run --bundle web web\n"
		     "bawn exec web ls -l /");
	buf_str(&b, "\n'bawn VERB --help' says more about a verb. Manual: bawn(8).\n");
	return cli_print(e, &b);
}

/* Engines read the first line ("NAME version X"), "commit:" and "spec:". No further line may
 * hold the word "version": docker takes the last one that does. */
int version_print(struct err *e, const struct cli *c)
{
	_buf_ struct buf b = {0};

	buf_printf(&b, "%s version " BAWN_VERSION "\n", program(c));
	buf_str(&b, "commit: v" BAWN_VERSION "\nspec: 1.3.0\n+CGROUP2 +SECCOMP +EBPF +YAJL\n");
	return cli_print(e, &b);
}

static int run_help(struct err *e, struct cli *c)
{
	const struct verb *v;

	if (!c->n_words)
		return help_print(e, c);
	v = verb_find(e, c->words[0]);
	return v ? help_print_verb(e, c, v) : -EINVAL;
}

static const struct opt no_options[] = {{0}};

const struct verb verb_help = {
	.name = "help",
	.summary = "show what bawn or one of its verbs can do",
	.words = "[VERB]",
	.text = "The same as 'bawn --help' and 'bawn VERB --help'.",
	.examples = "bawn help exec",
	.options = no_options,
	.max_words = 1,
	.run = run_help,
};
