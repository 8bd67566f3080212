/* A value of the type that was asked for, or the error that it is none. */
#include "message.h"

static int add_value(sd_bus_message *m, const char *type, const struct gvariant *v);

/* The integer types and their greatest values; the smallest of a signed one is -max - 1. */
static const struct integer_type {
	char type;
	bool is_signed;
	uint64_t max;
} integer_types[] = {
	{'y', false, UINT8_MAX},  {'n', true, INT16_MAX},   {'q', false, UINT16_MAX},
	{'i', true, INT32_MAX},	  {'u', false, UINT32_MAX}, {'x', true, INT64_MAX},
	{'t', false, UINT64_MAX},
};

/* The bytes of the integer in its type are the low ones of a 64 bit number in two's complement;
 * every D-Bus integer is passed by a pointer to its own type. */
static int add_integer(sd_bus_message *m, const struct integer_type *t, const struct gvariant *v)
{
	uint64_t max = t->max, n = v->integer;
	union {
		uint8_t y;
		uint16_t q;
		uint32_t u;
		uint64_t t;
	} raw;

	if (v->kind != GVARIANT_INT || (v->negative && n && !t->is_signed))
		return -EINVAL;
	if (v->negative && n ? n - 1 > max : n > max)
		return -ERANGE;
	if (v->negative)
		n = -n;
	if (max <= UINT8_MAX)
		raw.y = (uint8_t)n;
	else if (max <= UINT16_MAX)
		raw.q = (uint16_t)n;
	else if (max <= UINT32_MAX)
		raw.u = (uint32_t)n;
	else
		raw.t = n;
	return sd_bus_message_append_basic(m, t->type, &raw);
}

static int add_double(sd_bus_message *m, const struct gvariant *v)
{
	double d = v->real;

	if (v->kind == GVARIANT_INT)
		d = v->negative ? -(double)v->integer : (double)v->integer;
	else if (v->kind != GVARIANT_DOUBLE)
		return -EINVAL;
	return sd_bus_message_append_basic(m, 'd', &d);
}

static int add_array(sd_bus_message *m, const char *item, const struct gvariant *v)
{
	int r = v->kind == GVARIANT_ARRAY ? sd_bus_message_open_container(m, 'a', item) : -EINVAL;

	for (const struct gvariant *c = v->child; c && r >= 0; c = c->next)
		r = add_value(m, item, c);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int add_tuple(sd_bus_message *m, const char *items, const struct gvariant *v)
{
	_arena_ struct arena a = {0};
	const struct gvariant *c = v->child;
	const char *one;
	size_t n;
	int r = v->kind == GVARIANT_TUPLE ? sd_bus_message_open_container(m, 'r', items) : -EINVAL;

	for (; r >= 0 && *items && c; items += n, c = c->next) {
		n = gvariant_type_length(items);
		one = arena_strndup(&a, items, n);
		r = one ? add_value(m, one, c) : -ENOMEM;
	}
	if (r >= 0 && (*items || c))
		return -EINVAL;
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int add_value(sd_bus_message *m, const char *type, const struct gvariant *v)
{
	_arena_ struct arena a = {0};
	int truth = v->truth;
	const char *inner;

	if (v->type && !str_eq(v->type, type))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(integer_types); i++)
		if (integer_types[i].type == *type)
			return add_integer(m, &integer_types[i], v);
	switch (*type) {
	case 'b':
		return v->kind == GVARIANT_BOOL ? sd_bus_message_append_basic(m, 'b', &truth)
						: -EINVAL;
	case 'd':
		return add_double(m, v);
	case 'a':
		return add_array(m, type + 1, v);
	case '(':
		inner = arena_strndup(&a, type + 1, strlen(type) - 2);
		return inner ? add_tuple(m, inner, v) : -ENOMEM;
	default:
		return v->kind == GVARIANT_STR ? sd_bus_message_append_basic(m, *type, v->str)
					       : -EINVAL;
	}
}

static int add_property(sd_bus_message *m, const struct unit_property *p)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', p->type);
	if (r >= 0)
		r = add_value(m, p->type, p->value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int message_add_properties(struct err *e, sd_bus_message *m, const struct unit_property *v,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = add_property(m, &v[i]);

		if (r == -ERANGE || r == -EINVAL)
			return err_set(e, ERR_CONFIG, "%s: the value does not fit its type \"%s\"",
				       v[i].label, v[i].type);
		if (r < 0)
			return err_num(e, r, "%s", v[i].label);
	}
	return 0;
}
