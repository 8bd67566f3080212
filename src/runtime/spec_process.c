/*
 * The `process` object of config.json, also alone in exec --process FILE. Input:
 * the engine's config; ids and names in it come from images and users.
 */
#include "runtime/spec_private.h"

#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include "runtime/caps_names.h"

/* All of argv and environ together, as the kernel has it for the usual 8 MiB stack. */
#define ARGS_MAX (2u << 20)
#define GROUPS_MAX 65536u	/* NGROUPS_MAX */

static int decode_gids(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_user *u = target;
	int r = json_expect(e, node, JSON_ARRAY);

	if (r < 0)
		return r;
	if (node->count > GROUPS_MAX)
		return json_bad(e, node, "%u groups; the limit is %u", node->count, GROUPS_MAX);
	u->additional_gids.v = arena_array(a, node->count, sizeof(*u->additional_gids.v));
	if (!u->additional_gids.v)
		return err_nomem(e);
	for (const struct json *c = node->child; c && r == 0; c = c->next)
		r = json_to_id(e, c, &u->additional_gids.v[u->additional_gids.n++]);
	return r;
}

static int decode_umask(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct opt_u32 *mask = target;
	int r = json_to_u32(e, node, &mask->v);

	(void)a;
	mask->set = true;
	if (r == 0 && mask->v > 0777)
		r = json_bad(e, node, "%u is no umask", mask->v);
	return r;
}

static const struct json_field user_fields[] = {
	F("uid", ID, spec_user, uid),
	F("gid", ID, spec_user, gid),
	F("umask", CALL, spec_user, umask, .call = decode_umask),
	F_CALL("additionalGids", decode_gids),
	F_IGNORE("username"),	/* Windows */
	JSON_FIELD_END,
};

/* Names this kernel cannot know are a warning, not an error: OCI, "capabilities". */
static int decode_cap_set(struct err *e, struct arena *a, const struct json *node, void *target)
{
	uint64_t *set = target;
	int r = json_expect(e, node, JSON_ARRAY);

	(void)a;
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		const char *name = NULL;
		int cap;

		r = json_to_str(e, c, &name);
		if (r < 0)
			break;
		cap = caps_from_name(name);
		if (cap < 0)
			json_warn(c, "unknown capability \"%s\" ignored", name);
		else
			*set |= UINT64_C(1) << cap;
	}
	return r;
}

#define CAP_SET(name, member) F(name, CALL, spec_caps, member, .call = decode_cap_set)
static const struct json_field caps_fields[] = {
	CAP_SET("bounding", bounding),	     CAP_SET("effective", effective),
	CAP_SET("inheritable", inheritable), CAP_SET("permitted", permitted),
	CAP_SET("ambient", ambient),	     JSON_FIELD_END,
};

static int decode_caps(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_process *p = target;

	p->has_caps = true;
	return json_decode(e, a, node, caps_fields, &p->caps);
}

#define R(name)             \
	{                   \
#name, name \
	}
static const struct json_word rlimit_words[] = {
	R(RLIMIT_AS),	  R(RLIMIT_CORE),   R(RLIMIT_CPU),	  R(RLIMIT_DATA),
	R(RLIMIT_FSIZE),  R(RLIMIT_LOCKS),  R(RLIMIT_MEMLOCK),	  R(RLIMIT_MSGQUEUE),
	R(RLIMIT_NICE),	  R(RLIMIT_NOFILE), R(RLIMIT_NPROC),	  R(RLIMIT_RSS),
	R(RLIMIT_RTPRIO), R(RLIMIT_RTTIME), R(RLIMIT_SIGPENDING), R(RLIMIT_STACK),
	{.name = ""},
};
#undef R

static const struct json_field rlimit_fields[] = {
	F("type", ENUM, spec_rlimit, resource, .required = true, .words = rlimit_words,
	  .noun = "resource limit"),
	F("soft", U64, spec_rlimit, soft, .required = true),
	F("hard", U64, spec_rlimit, hard, .required = true),
	JSON_FIELD_END,
};

static int rlimit_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_rlimit *l = target;

	(void)a;
	l->type = json_get(node, "type")->str;
	if (l->soft > l->hard)
		return spec_bad(e, node, "soft", "above the hard limit of %llu",
				(unsigned long long)l->hard);
	return 0;
}

static const struct json_word policy_words[] = {
	{"SCHED_OTHER", SCHED_NORMAL},
	{"SCHED_FIFO", SCHED_FIFO},
	{"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH},
	{"SCHED_ISO", 4},	/* a number Linux keeps free and never used */
	{"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
	{.name = ""},
};

static const struct json_word sched_flag_words[] = {
	{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
	{.name = ""},
};

static int decode_sched_flags(struct err *e, struct arena *a, const struct json *node, void *target)
{
	uint64_t *flags = target;
	int r = json_expect(e, node, JSON_ARRAY), bit = 0;

	(void)a;
	for (const struct json *c = node->child; c && r == 0; c = c->next) {
		r = json_to_word(e, c, sched_flag_words, "scheduler flag", &bit);
		*flags |= (uint64_t)bit;
	}
	return r;
}

static const struct json_field scheduler_fields[] = {
	F("policy", ENUM, spec_scheduler, policy, .required = true, .words = policy_words,
	  .noun = "scheduling policy"),
	F("nice", I64, spec_scheduler, nice),
	F("priority", I64, spec_scheduler, priority),
	F("flags", CALL, spec_scheduler, flags, .call = decode_sched_flags),
	F("runtime", U64, spec_scheduler, runtime),
	F("deadline", U64, spec_scheduler, deadline),
	F("period", U64, spec_scheduler, period),
	JSON_FIELD_END,
};

/* The combinations that sched_setattr(2) would refuse with a bare EINVAL. */
static int scheduler_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct spec_scheduler *s = target;
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	(void)a;
	if (s->policy == 4)
		return json_bad_member(e, ERR_UNSUPPORTED, node, "policy",
				       "Linux has no SCHED_ISO");
	if (s->nice < -20 || s->nice > 19)
		return spec_bad(e, node, "nice", "%lld is not in -20..19", (long long)s->nice);
	if (realtime && (s->priority < 1 || s->priority > 99))
		return spec_bad(e, node, "priority", "%lld is not in 1..99",
				(long long)s->priority);
	if (!realtime && s->priority != 0)
		return spec_bad(e, node, "priority", "needs SCHED_FIFO or SCHED_RR");
	if (s->policy != SCHED_DEADLINE && (s->runtime || s->deadline || s->period))
		return spec_bad(e, node,
				s->runtime    ? "runtime"
				: s->deadline ? "deadline"
					      : "period",
				"needs SCHED_DEADLINE");
	return 0;
}

static const struct json_word io_class_words[] = {
	{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
	{.name = ""},
};

static const struct json_field io_priority_fields[] = {
	F("class", ENUM, spec_io_priority, io_class, .required = true, .words = io_class_words,
	  .noun = "I/O priority class"),
	F("priority", I64, spec_io_priority, priority),
	JSON_FIELD_END,
};

static int io_priority_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	const struct spec_io_priority *io = target;

	(void)a;
	if (io->priority < 0 || io->priority > 7)
		return spec_bad(e, node, "priority", "%lld is not in 0..7",
				(long long)io->priority);
	return 0;
}

static const struct json_field console_fields[] = {
	F("height", OPT_U32, spec_process, console_height, .required = true),
	F("width", OPT_U32, spec_process, console_width, .required = true),
	JSON_FIELD_END,
};

static const struct json_field affinity_fields[] = {
	F("initial", OPT_STR, spec_process, cpu_affinity_initial),
	F("final", OPT_STR, spec_process, cpu_affinity_final),
	JSON_FIELD_END,
};

static int affinity_done(struct err *e, struct arena *a, const struct json *node, void *target)
{
	struct spec_process *p = target;
	int r = spec_check_list(e, a, node, "initial", &p->cpu_affinity_initial);

	return r < 0 ? r : spec_check_list(e, a, node, "final", &p->cpu_affinity_final);
}

const struct json_field spec_process_fields[] = {
	F("terminal", BOOL, spec_process, terminal),
	{.name = "consoleSize", .kind = FIELD_OBJECT, .fields = console_fields},
	F("cwd", STR, spec_process, cwd, .required = true),
	F("env", TEXTV, spec_process, env),
	F("args", TEXTV, spec_process, args),
	F_IGNORE("commandLine"), /* Windows */
	F("user", OBJECT, spec_process, user, .fields = user_fields),
	F_CALL("capabilities", decode_caps),
	F("rlimits", LIST, spec_process, rlimits, .fields = rlimit_fields,
	  .size = sizeof(struct spec_rlimit), .call = rlimit_done),
	F("noNewPrivileges", BOOL, spec_process, no_new_privileges),
	F("apparmorProfile", OPT_STR, spec_process, apparmor_profile),
	F("selinuxLabel", OPT_STR, spec_process, selinux_label),
	F("oomScoreAdj", OPT_I64, spec_process, oom_score_adj),
	F("scheduler", OPT_OBJECT, spec_process, scheduler, .fields = scheduler_fields,
	  .size = sizeof(struct spec_scheduler), .call = scheduler_done),
	F("ioPriority", OPT_OBJECT, spec_process, io_priority, .fields = io_priority_fields,
	  .size = sizeof(struct spec_io_priority), .call = io_priority_done),
	{.name = "execCPUAffinity",
	 .kind = FIELD_OBJECT,
	 .fields = affinity_fields,
	 .call = affinity_done},
	JSON_FIELD_END,
};

static int check_args(struct err *e, const struct json *node, const struct spec_process *p)
{
	size_t total = 0;

	if (p->args.n == 0)
		return spec_bad(e, node, "args", "names no program");
	if (*p->args.v[0] == '\0')
		return spec_bad(e, node, "args[0]", "empty name of a program");
	for (size_t i = 0; i < p->args.n; i++)
		total += strlen(p->args.v[i]) + 1 + sizeof(char *);
	for (size_t i = 0; i < p->env.n; i++) {
		total += strlen(p->env.v[i]) + 1 + sizeof(char *);
		if (!strchr(p->env.v[i], '=') || p->env.v[i][0] == '=')
			log_warning("%s: process.env[%zu]: no NAME=VALUE", json_document(node), i);
	}
	if (total > ARGS_MAX)
		return spec_bad(e, node, "args", "with env %zu bytes; the limit is %u", total,
				ARGS_MAX);
	return 0;
}

static int check_rlimits(struct err *e, const struct json *node, const struct spec_process *p)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < p->rlimits.n; i++) {
		uint32_t bit = 1u << p->rlimits.v[i].resource;
		char member[48];

		if (seen & bit) {
			(void)str_format(member, sizeof(member), "rlimits[%zu].type", i);
			return spec_bad(e, node, member, "%s is given twice", p->rlimits.v[i].type);
		}
		seen |= bit;
	}
	_Static_assert(RLIM_NLIMITS <= 32, "bits of seen");
	return 0;
}

int spec_process_done(struct err *e, struct arena *a, const struct json *node, void *process)
{
	struct spec_process *p = process;
	int r;

	(void)a;
	if (p->cwd[0] != '/')
		return spec_bad(e, node, "cwd", "\"%s\" is no absolute path", p->cwd);
	if (p->oom_score_adj.set && (p->oom_score_adj.v < -1000 || p->oom_score_adj.v > 1000))
		return spec_bad(e, node, "oomScoreAdj", "%lld is not in -1000..1000",
				(long long)p->oom_score_adj.v);
	/* The size means nothing without a terminal (OCI, "consoleSize"). */
	if (p->terminal && p->console_height.set &&
	    (p->console_height.v > UINT16_MAX || p->console_width.v > UINT16_MAX))
		return spec_bad(e, node, "consoleSize", "more than 65535 rows or columns");
	r = check_args(e, node, p);
	return r < 0 ? r : check_rlimits(e, node, p);
}

/* One number of a list with the blanks around it; false when there is none or it is too big. */
static bool list_number(const char **s, unsigned int *ret)
{
	unsigned int v = 0;

	*s += strspn(*s, " ");
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9' && v <= UINT16_MAX; ++*s)
		v = v * 10 + (unsigned int)(**s - '0');
	*s += strspn(*s, " ");
	*ret = v;
	return v <= UINT16_MAX;
}

int spec_check_list(struct err *e, struct arena *a, const struct json *node, const char *member,
		    const char **list)
{
	size_t size = *list ? strlen(*list) + 1 : 0, used = 0;
	const char *s = *list;
	char *out;

	if (size <= 1)
		return 0;
	out = arena_alloc(a, size);
	if (!out)
		return err_nomem(e);
	for (bool more = true; more; more = *s++ == ',') {
		unsigned int lo, hi;
		bool range;

		if (!list_number(&s, &lo))
			break;
		hi = lo;
		range = *s == '-';
		s += range;
		if ((range && !list_number(&s, &hi)) || hi < lo || (*s && *s != ','))
			break;
		used += (size_t)snprintf(out + used, size - used, range ? "%s%u-%u" : "%s%u",
					 used ? "," : "", lo, hi);
		if (*s == '\0') {
			*list = out;
			return 0;
		}
	}
	return spec_bad(e, node, member, "\"%s\" is no list like \"0-3,7\"", *list);
}
