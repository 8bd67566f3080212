/*
 * Command line options by table, for the global ones and for every verb. Accepts
 * what Go's flag packages accept, because engines were written against those:
 * --name VALUE, --name=VALUE, the same with one dash (-no-subreaper), -x VALUE,
 * booleans with an optional =true or =false; and, as people expect, -td for -t -d.
 */
#ifndef BAWN_CLI_OPT_H
#define BAWN_CLI_OPT_H

#include "base/base.h"

enum opt_kind {
	OPT_END,	/* ends a table */
	OPT_BOOL,	/* bool */
	OPT_STR,	/* const char *, never empty */
	OPT_TEXT,	/* const char *, may be empty */
	OPT_U32,	/* uint32_t */
	OPT_DURATION,	/* int64_t: nanoseconds, more than 0 */
	OPT_LIST,	/* struct strv, one element each time it is given */
	OPT_CHOICE,	/* int: index in `choices` */
	OPT_IGNORED,	/* boolean that other runtimes have and bawn does not need */
};

struct opt {
	const char *name;
	char letter;			/* 0: none */
	enum opt_kind kind;
	const char *arg;		/* "FILE", for the help */
	const char *help;
	size_t offset;			/* of the value in opt_parse.out */
	const char *const *choices;	/* of OPT_CHOICE, ends with NULL */
};

/* --help and -h are known everywhere; this row describes them in help texts. */
extern const struct opt opt_help;

struct opt_parse {
	const struct opt *options;
	void *out;			/* zeroed by the caller */
	struct arena *arena;		/* for OPT_LIST */
	bool stop_at_word;		/* options end at the first word; else they may follow it */
	bool help;			/* result: --help was given, parsing ended there */
	char **words;			/* result: what is no option, within argv */
	size_t n_words;
};

/* argv ends with NULL and holds the arguments only. Moves words to the front of argv unless
 * stop_at_word. Fails with ERR_USAGE. */
int opt_parse(struct err *e, struct opt_parse *p, char **argv);

/* How far a mistyped word is from a known one: OPT_UNLIKE when it is no use to suggest it. */
#define OPT_UNLIKE 100u
unsigned int opt_unlikeness(const char *word, const char *known);

#endif
