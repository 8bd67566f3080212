/*
 * filter_profile: linux.seccomp of a config.json into tables by system call number. Supports what
 * bench/bundles writes: ALLOW, ERRNO and KILL actions, EQ, NE and MASKED_EQ comparisons, x86.
 */
#include "filter_gen.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

enum { CONFIG_BYTES_MAX = 1 << 20 };

static yajl_val get(yajl_val v, const char *key, yajl_type type)
{
	const char *path[] = {key, NULL};

	return yajl_tree_get(v, path, type);
}

static uint64_t number(yajl_val v, const char *key)
{
	yajl_val n = get(v, key, yajl_t_number);

	return n ? strtoull(YAJL_GET_NUMBER(n), NULL, 0) : 0;
}

static int parse_action(yajl_val v, const char *key, const char *errno_key, uint32_t *ret)
{
	yajl_val name = get(v, key, yajl_t_string);
	yajl_val code = get(v, errno_key, yajl_t_number);
	const char *s = name ? YAJL_GET_STRING(name) : "";

	if (!strcmp(s, "SCMP_ACT_ALLOW"))
		*ret = SECCOMP_RET_ALLOW;
	else if (!strcmp(s, "SCMP_ACT_ERRNO"))
		*ret = SECCOMP_RET_ERRNO | (code ? (uint32_t)number(v, errno_key) : 1);
	else if (!strcmp(s, "SCMP_ACT_KILL_PROCESS"))
		*ret = SECCOMP_RET_KILL_PROCESS;
	else
		return -1;
	return 0;
}

static int parse_arg(yajl_val v, struct arg *ret)
{
	yajl_val op = get(v, "op", yajl_t_string);
	const char *s = op ? YAJL_GET_STRING(op) : "";

	ret->index = (unsigned)number(v, "index");
	ret->value = number(v, "value");
	ret->value_two = number(v, "valueTwo");
	if (!strcmp(s, "SCMP_CMP_EQ"))
		ret->cmp = CMP_EQ;
	else if (!strcmp(s, "SCMP_CMP_NE"))
		ret->cmp = CMP_NE;
	else if (!strcmp(s, "SCMP_CMP_MASKED_EQ"))
		ret->cmp = CMP_MASKED_EQ;
	else
		return -1;
	return ret->index < 6 ? 0 : -1;
}

static int parse_rule(yajl_val v, struct rule *ret)
{
	yajl_val args = get(v, "args", yajl_t_array);

	memset(ret, 0, sizeof(*ret));
	if (parse_action(v, "action", "errnoRet", &ret->action) < 0)
		return -1;
	if (!args)
		return 0;
	if (args->u.array.len > PROFILE_ARGS_MAX)
		return -1;
	ret->n_args = (unsigned)args->u.array.len;
	for (unsigned i = 0; i < ret->n_args; i++) {
		if (parse_arg(args->u.array.values[i], &ret->args[i]) < 0)
			return -1;
	}
	return 0;
}

/*
 * By number, not by name: libseccomp answers a made-up number for the calls that x86 also has
 * behind socketcall(2) and ipc(2). A name that an architecture has not is skipped.
 */
static const char *name_of(const struct profile *p, size_t arch, int nr)
{
	static char *names[PROFILE_ARCH_MAX][PROFILE_NR_MAX];
	static int known[PROFILE_ARCH_MAX];
	const struct arch_table *t = &p->archs[arch];

	if (!known[arch]) {
		known[arch] = 1;
		for (int i = 0; i < PROFILE_NR_MAX; i++)
			names[arch][i] =
				seccomp_syscall_resolve_num_arch(t->token, (int)t->base | i);
	}
	return names[arch][nr] ? names[arch][nr] : "";
}

static int add_rule(struct profile *p, const char *name, const struct rule *rule)
{
	for (size_t a = 0; a < p->n_archs; a++) {
		for (int nr = 0; nr < PROFILE_NR_MAX; nr++) {
			struct verdict *v = &p->archs[a].nr[nr];

			if (strcmp(name_of(p, a, nr), name) != 0)
				continue;
			if (v->n_rules == PROFILE_RULES_MAX)
				return -1;
			v->rules[v->n_rules++] = *rule;
		}
	}
	return 0;
}

static int parse_archs(yajl_val list, struct profile *p)
{
	static const struct arch_table known[] = {
		{.token = SCMP_ARCH_X86_64, .audit = AUDIT_ARCH_X86_64},
		{.token = SCMP_ARCH_X86, .audit = AUDIT_ARCH_I386},
		{.token = SCMP_ARCH_X32, .audit = AUDIT_ARCH_X86_64, .base = X32_BIT},
	};
	static const char *const names[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};

	for (size_t i = 0; list && i < list->u.array.len; i++) {
		const char *s = YAJL_GET_STRING(list->u.array.values[i]);
		size_t k = 0;

		while (k < PROFILE_ARCH_MAX && strcmp(s ? s : "", names[k]) != 0)
			k++;
		if (k == PROFILE_ARCH_MAX || p->n_archs == PROFILE_ARCH_MAX)
			return -1;
		p->archs[p->n_archs++] = known[k];
	}
	return 0;
}

static int parse_profile(yajl_val v, struct profile *p)
{
	yajl_val calls = get(v, "syscalls", yajl_t_array);

	if (parse_action(v, "defaultAction", "defaultErrnoRet", &p->default_action) < 0 ||
	    parse_archs(get(v, "architectures", yajl_t_array), p) < 0)
		return -1;
	for (size_t i = 0; calls && i < calls->u.array.len; i++) {
		yajl_val group = calls->u.array.values[i];
		yajl_val names = get(group, "names", yajl_t_array);
		struct rule rule;

		if (parse_rule(group, &rule) < 0)
			return -1;
		for (size_t k = 0; names && k < names->u.array.len; k++) {
			if (add_rule(p, YAJL_GET_STRING(names->u.array.values[k]), &rule) < 0)
				return -1;
		}
	}
	return 0;
}

struct profile *profile_read(const char *path)
{
	static char text[CONFIG_BYTES_MAX];
	const char *where[] = {"linux", "seccomp", NULL};
	struct profile *p = calloc(1, sizeof(*p));
	char why[256] = "no linux.seccomp";
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	yajl_val tree, seccomp;

	if (f)
		fclose(f);
	text[n] = 0;
	tree = n ? yajl_tree_parse(text, why, sizeof(why)) : NULL;
	seccomp = tree ? yajl_tree_get(tree, where, yajl_t_object) : NULL;
	if (!p || !seccomp || parse_profile(seccomp, p) < 0) {
		fprintf(stderr, "filter_gen: %s: %s\n", path,
			seccomp ? "something in linux.seccomp is not supported" : why);
		free(p);
		p = NULL;
	}
	yajl_tree_free(tree);
	return p;
}
