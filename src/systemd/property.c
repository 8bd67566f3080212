/*
 * "NAME=VALUE" to a property of a unit. Those from annotations are judged: what bawn
 * sets itself, and what would make systemd do more than look after this unit (run,
 * stop or reboot something), is refused. Input: config.json.
 */
#include "systemd.h"

#include <ctype.h>
#include <math.h>

#define PREFIX "org.systemd.property."
#define USEC_PER_SEC 1000000

static const struct {
	const char *name, *why;
} refused[] = {
	{"PIDs", "is for bawn"},
	{"Slice", "comes from linux.cgroupsPath"},
	{"Delegate", "is for bawn"},
	{"DelegateControllers", "is for bawn"},
	{"Documentation", "is for bawn: by it a unit is known to be the container's"},
	{"DevicePolicy", "comes from linux.resources.devices"},
	{"DeviceAllow", "comes from linux.resources.devices"},
	{"BPFProgram", "would attach programs of the host"},
	{"IPIngressFilterPath", "would attach programs of the host"},
	{"IPEgressFilterPath", "would attach programs of the host"},
	{"Conflicts", "would stop other units"},
	{"PropagatesStopTo", "would stop other units"},
	{"OnFailure", "would start other units"},
	{"OnSuccess", "would start other units"},
	{"Upholds", "would start other units"},
	{"Wants", "would start other units"},
	{"Requires", "would start other units"},
	{"BindsTo", "would start other units"},
	{"SuccessAction", "could stop the host"},
	{"FailureAction", "could stop the host"},
	{"JobTimeoutAction", "could stop the host"},
	{"StartLimitAction", "could stop the host"},
	{"RebootArgument", "could stop the host"},
	{"JobTimeoutRebootArgument", "could stop the host"},
};

static int check_name(struct err *e, const char *label, const char *name)
{
	size_t n = 0;

	while (isalpha((unsigned char)name[n]))
		n++;
	if (n < 3 || name[n])
		return err_set(e, ERR_CONFIG,
			       "annotation %.200s: a property's name has three or more ASCII "
			       "letters and nothing else",
			       label);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strcmp(name, refused[i].name) == 0)
			return err_set(e, ERR_CONFIG, "annotation %s: refused: it %s", label,
				       refused[i].why);
	return str_has_prefix(name, "Exec") ? err_set(e, ERR_CONFIG,
						      "annotation %s: refused: it would run "
						      "programs on the host",
						      label)
					    : 0;
}

/* "TimeoutStopSec" is "TimeoutStopUSec" on the bus, in microseconds. */
static bool is_seconds(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && str_has_suffix(name, "Sec") && islower((unsigned char)name[n - 4]);
}

static int to_microseconds(struct err *e, struct arena *a, struct unit_property *p)
{
	size_t n = strlen(p->name);
	struct gvariant *usec = arena_alloc(a, sizeof(*usec));

	p->name = arena_printf(a, "%.*sUSec", (int)(n - 3), p->name);
	if (!usec || !p->name)
		return err_nomem(e);
	if (p->value->kind == GVARIANT_INT && !p->value->negative &&
	    p->value->integer <= UINT64_MAX / USEC_PER_SEC)
		usec->integer = p->value->integer * USEC_PER_SEC;
	else if (p->value->kind == GVARIANT_DOUBLE && p->value->real >= 0 &&
		 p->value->real < (double)(UINT64_MAX / USEC_PER_SEC / 2))
		usec->integer = (uint64_t)llround(p->value->real * USEC_PER_SEC);
	else
		return err_set(e, ERR_CONFIG, "annotation %s: want a number of seconds, 0 or more",
			       p->label);
	usec->kind = GVARIANT_INT;
	p->value = usec;
	p->type = "t";
	return 0;
}

int unit_property_parse(struct err *e, struct arena *a, const char *text, struct unit_property *ret)
{
	const char *value = strchr(text, '='), *name;
	struct gvariant *v;
	int r;

	if (!value)
		return err_set(e, ERR_CONFIG, "property %.200s: want NAME=VALUE", text);
	ret->label = arena_strndup(a, text, (size_t)(value - text));
	if (!ret->label)
		return err_nomem(e);
	name = str_after(ret->label, PREFIX);
	ret->name = name ? name : ret->label;
	r = name ? check_name(e, ret->label, name) : 0;
	if (r < 0)
		return r;
	r = gvariant_parse(e, a, value + 1, &v);
	if (r < 0)
		return err_wrap(e, r, "%s%s", name ? "annotation " : "", ret->label);
	ret->value = v;
	ret->type = gvariant_signature(a, v);
	if (name && is_seconds(name))
		return to_microseconds(e, a, ret);
	return ret->type ? 0
			 : err_set(e, ERR_CONFIG,
				   "%s: the type of %.200s is not clear; write it: "
				   "\"@as []\"",
				   ret->label, value + 1);
}
