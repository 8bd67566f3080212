/* Small profiles written down in tests, and the built-in one. */
#ifndef BAWN_TEST_SECCOMP_BUILD_H
#define BAWN_TEST_SECCOMP_BUILD_H

#include "default_seccomp.h"
#include "runtime/spec_private.h"

#define NO_ERRNO UINT32_MAX

struct draft {
	struct arena a;
	struct spec_seccomp s;
	struct spec_seccomp_rule rules[RULES_MAX];
};

/* "one two three" as a list in the arena. */
__attribute__((unused)) static struct strv words(struct arena *a, const char *text)
{
	struct strv v = { .v = arena_array(a, strlen(text) / 2 + 2, sizeof(char *)) };
	char *copy = arena_strdup(a, text), *save;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		v.v[v.n++] = w;
	return v;
}

/* d is zeroed or used before. */
__attribute__((unused)) static void draft_init(struct draft *d, const char *action, uint32_t num)
{
	arena_done(&d->a);
	memset(d, 0, sizeof(*d));
	d->s.default_action = action;
	if (num != NO_ERRNO)
		d->s.default_errno_ret = (struct opt_u32){ true, num };
	d->s.rules.v = d->rules;
	d->s.flags = words(&d->a, "");
}

__attribute__((unused)) static void draft_rule(struct draft *d, const char *action, uint32_t num,
					       const char *names)
{
	struct spec_seccomp_rule *r = &d->rules[d->s.rules.n++];

	TRUE(d->s.rules.n <= RULES_MAX);
	r->action = action;
	if (num != NO_ERRNO)
		r->errno_ret = (struct opt_u32){ true, num };
	r->names = words(&d->a, names);
	r->args.v = arena_array(&d->a, 6, sizeof(*r->args.v));
}

/* A condition of the last rule. */
__attribute__((unused)) static void draft_arg(struct draft *d, uint32_t index, const char *op,
					      uint64_t value, uint64_t value_two)
{
	struct spec_seccomp_rule *r = &d->rules[d->s.rules.n - 1];

	r->args.v[r->args.n++] = (struct spec_seccomp_arg){ index, value, value_two, op };
}

__attribute__((unused)) static struct seccomp_program draft_compile(struct draft *d)
{
	struct seccomp_program p;
	struct err e;

	OK_ERR(&e, seccomp_compile(&e, &d->a, &d->s, &p));
	return p;
}

/* config/seccomp.json as it is built in. */
__attribute__((unused)) static void draft_default(struct draft *d)
{
	struct json *tree;
	struct err e;

	arena_done(&d->a);
	memset(d, 0, sizeof(*d));
	OK_ERR(&e, json_parse(&e, &d->a, "default", default_seccomp_json,
			      sizeof(default_seccomp_json) - 1, &tree));
	OK_ERR(&e, json_decode(&e, &d->a, tree, spec_seccomp_fields, &d->s));
	OK_ERR(&e, spec_seccomp_done(&e, &d->a, tree, &d->s));
}

#endif
