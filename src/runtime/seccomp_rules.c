/*
 * Reads linux.seccomp into one verdict per system call name. Nothing here depends on an
 * architecture: names become numbers when the program is written. Input: the spec.
 */
#include "runtime/seccomp_internal.h"

#define ERRNO_MAX 4095		/* the kernel cuts larger values off */

static const char *const notify_forbidden[] = {
	"sendmsg",	/* carries the listener out of the process */
};

const char *seccomp_notify_forbidden(size_t i)
{
	return i < ARRAY_SIZE(notify_forbidden) ? notify_forbidden[i] : NULL;
}

bool seccomp_stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(a & SECCOMP_RET_ACTION_FULL) < (int32_t)(b & SECCOMP_RET_ACTION_FULL);
}

int seccomp_action_index(struct seccomp_rules *r, uint32_t action)
{
	for (size_t i = 0; i < r->action_count; i++)
		if (r->actions[i] == action)
			return (int)i;
	if (r->action_count == ACTIONS_MAX)
		return -E2BIG;
	r->actions[r->action_count] = action;
	return (int)r->action_count++;
}

static int read_action(struct err *e, const char *name, const struct opt_u32 *errno_ret,
		       uint32_t *ret)
{
	bool takes_errno;
	uint32_t data;

	if (seccomp_action_parse(name, ret, &takes_errno) < 0)
		return err_set(e, ERR_CONFIG, "unknown action \"%s\"", name ? name : "");
	if (!takes_errno && errno_ret->set)	/* the specification wants an error */
		return err_set(e, ERR_CONFIG, "%s returns no errno", name);
	if (!takes_errno)
		return 0;
	data = errno_ret->set ? errno_ret->v : EPERM;
	if (data > (*ret == SECCOMP_RET_ERRNO ? ERRNO_MAX : SECCOMP_RET_DATA))
		return err_set(e, ERR_CONFIG, "errno %u is too large", data);
	*ret |= data;
	return 0;
}

static int read_cond(struct err *e, const struct spec_seccomp_arg *arg, struct seccomp_cond *ret)
{
	if (arg->index >= SYSCALL_ARGS)
		return err_set(e, ERR_CONFIG, "argument index %u is above %d", arg->index,
			       SYSCALL_ARGS - 1);
	if (seccomp_op_parse(arg->op, &ret->op) < 0)
		return err_set(e, ERR_CONFIG, "unknown operator \"%s\"", arg->op ? arg->op : "");
	ret->arg = arg->index;
	ret->value = arg->value;
	ret->mask = UINT64_MAX;
	if (ret->op == OP_MASKED_EQ) {
		ret->mask = arg->value;
		ret->value = arg->value_two & arg->value;
	}
	return 0;
}

/* The conditions of a rule as one alternative, or as one each when two of them look at the same
 * argument (what runc and crun have always done). Appends to r->alts. */
static int read_args(struct err *e, struct arena *a, const struct spec_seccomp_rule *rule,
		     uint16_t action, struct seccomp_rules *r)
{
	struct seccomp_cond *conds = arena_array(a, rule->args.n, sizeof(*conds));
	unsigned int seen = 0;
	bool twice = false;

	if (!conds)
		return err_nomem(e);
	for (size_t i = 0; i < rule->args.n; i++) {
		struct seccomp_cond c;
		int rc = read_cond(e, &rule->args.v[i], &c);
		size_t at = i;

		if (rc < 0)
			return rc;
		twice |= seen & 1u << c.arg;
		seen |= 1u << c.arg;
		if (twice && i >= SYSCALL_ARGS) {	/* no need to sort what is split */
			conds[i] = c;
			continue;
		}
		for (; at > 0 && conds[at - 1].arg > c.arg; at--)
			conds[at] = conds[at - 1];
		conds[at] = c;
	}
	for (size_t i = 0; i < (twice ? rule->args.n : 1); i++)
		r->alts[r->alt_count++] = (struct seccomp_alt){
			.action = action,
			.n = twice ? 1 : rule->args.n,
			.conds = conds + i,
		};
	return 0;
}

/* The chain with this rule's alternatives put in front. Names that come along together keep
 * sharing one. */
static uint32_t chain_extend(struct seccomp_rules *r, uint32_t chain, uint32_t rule,
			     uint32_t first_alt)
{
	struct seccomp_chain *c = &r->chains[chain];

	if (c->memo_rule == rule + 1)
		return c->memo_next;
	r->chains[r->chain_count] = (struct seccomp_chain){
		.prev = chain,
		.alt = first_alt,
		.alt_count = (uint32_t)r->alt_count - first_alt,
	};
	c->memo_rule = rule + 1;
	c->memo_next = (uint32_t)r->chain_count++;
	return c->memo_next;
}

static int check_notify(struct err *e, const char *name)
{
	if (str_lookup(notify_forbidden, ARRAY_SIZE(notify_forbidden), name) < 0)
		return 0;
	return err_set(e, ERR_CONFIG,
		       "SCMP_ACT_NOTIFY cannot be used for %s, which hands the listener over",
		       name);
}

/* Applies rule nr to the verdicts of its names; action is an index, 0 the default. */
static int apply_rule(struct err *e, const struct spec_seccomp_rule *rule, uint32_t nr,
		      uint16_t action, uint32_t first_alt, struct seccomp_rules *r)
{
	bool notify = r->actions[action] == SECCOMP_RET_USER_NOTIF;

	for (size_t i = 0; i < rule->names.n; i++) {
		const char *name = rule->names.v[i];
		int rc = notify ? check_notify(e, name) : 0;
		int index = seccomp_name_find(name);
		struct seccomp_verdict *v;

		if (rc < 0)
			return rc;
		if (*name == '\0')
			return err_set(e, ERR_CONFIG, "names[%zu] is empty", i);
		if (index < 0) {
			log_debug("linux.seccomp: unknown system call %s ignored", name);
			continue;
		}
		v = &r->verdicts[index];
		v->named = true;
		if (action == 0)
			continue;
		if (rule->args.n > 0) {
			v->chain = chain_extend(r, v->chain, nr, first_alt);
			if (!v->strictest ||
			    seccomp_stricter(r->actions[action], r->actions[v->strictest - 1]))
				v->strictest = (uint16_t)(action + 1);
		} else if (!v->action) {
			v->action = (uint16_t)(action + 1);
		}
	}
	return 0;
}

static int read_rule(struct err *e, struct arena *a, const struct spec_seccomp_rule *rule,
		     uint32_t nr, struct seccomp_rules *r)
{
	uint32_t action, first_alt = (uint32_t)r->alt_count;
	int rc, index;

	rc = read_action(e, rule->action, &rule->errno_ret, &action);
	if (rc < 0)
		return rc;
	index = seccomp_action_index(r, action);
	if (index < 0)
		return err_set(e, ERR_UNSUPPORTED, "more than %d different actions", ACTIONS_MAX);
	r->notify |= action == SECCOMP_RET_USER_NOTIF;
	if (rule->args.n > 0) {
		rc = read_args(e, a, rule, (uint16_t)index, r);
		if (rc < 0)
			return rc;
	}
	return apply_rule(e, rule, nr, (uint16_t)index, first_alt, r);
}

static int allocate(struct err *e, struct arena *a, const struct spec_seccomp *s,
		    struct seccomp_rules *r)
{
	size_t alts = 0, chains = 1;

	for (size_t i = 0; i < s->rules.n; i++) {
		const struct spec_seccomp_rule *rule = &s->rules.v[i];

		alts += rule->args.n;
		chains += rule->args.n > 0 ? rule->names.n : 0;
	}
	if (s->rules.n > UINT32_MAX / 2 || alts > UINT32_MAX / 2 || chains >= 1u << LABEL_SHIFT)
		return err_set(e, ERR_UNSUPPORTED, "linux.seccomp: too many rules");
	r->verdicts = arena_array(a, seccomp_name_count(), sizeof(*r->verdicts));
	r->alts = arena_array(a, alts, sizeof(*r->alts));
	r->chains = arena_array(a, chains, sizeof(*r->chains));
	r->chain_count = 1;
	return r->verdicts && r->alts && r->chains ? 0 : err_nomem(e);
}

int seccomp_rules_read(struct err *e, struct arena *a, const struct spec_seccomp *s,
		       struct seccomp_rules *ret)
{
	uint32_t action;
	int r;

	r = read_action(e, s->default_action, &s->default_errno_ret, &action);
	if (r == 0 && action == SECCOMP_RET_USER_NOTIF)
		r = err_set(e, ERR_CONFIG, "SCMP_ACT_NOTIFY would stop bawn itself");
	if (r < 0)
		return err_wrap(e, r, "linux.seccomp.defaultAction");
	ret->actions[0] = action;
	ret->action_count = 1;
	r = allocate(e, a, s, ret);
	for (size_t i = 0; r == 0 && i < s->rules.n; i++) {
		r = read_rule(e, a, &s->rules.v[i], (uint32_t)i, ret);
		if (r < 0)
			err_wrap(e, r, "linux.seccomp.syscalls[%zu]", i);
	}
	return r;
}
