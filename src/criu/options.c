/* criu_opts from words: protobuf-c describes every field, so that no table of ours has to. */
#include <limits.h>

#include "criu.h"

static void *at(void *message, unsigned int offset)
{
	return (char *)message + offset;
}

static int wrong(struct err *e, const ProtobufCFieldDescriptor *f, const char *value,
		 const char *want)
{
	return err_set(e, ERR_USAGE, "option %s: \"%.100s\" is not %s", f->name, value, want);
}

static int set_enum(struct err *e, const ProtobufCFieldDescriptor *f, int *target,
		    const char *value)
{
	const ProtobufCEnumValue *v =
		protobuf_c_enum_descriptor_get_value_by_name(f->descriptor, value);

	if (!v)
		return wrong(e, f, value, "one of its values");
	*target = v->value;
	return 0;
}

/* One value of a plain type into its place. */
static int set_plain(struct err *e, const ProtobufCFieldDescriptor *f, void *target,
		     const char *value)
{
	int64_t n;

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(const char **)target = value;
		return 0;
	case PROTOBUF_C_TYPE_ENUM:
		return set_enum(e, f, target, value);
	case PROTOBUF_C_TYPE_BOOL:
		if (str_to_i64(value, &n) < 0 || n < 0 || n > 1)
			return wrong(e, f, value, "0 or 1");
		*(protobuf_c_boolean *)target = (protobuf_c_boolean)n;
		return 0;
	case PROTOBUF_C_TYPE_UINT32:
		return str_to_u32(value, target) < 0 ? wrong(e, f, value, "a number") : 0;
	case PROTOBUF_C_TYPE_INT32:
		if (str_to_i64(value, &n) < 0 || n < INT_MIN || n > INT_MAX)
			return wrong(e, f, value, "a number");
		*(int32_t *)target = (int32_t)n;
		return 0;
	default:
		return err_set(e, ERR_UNSUPPORTED, "option %s has a type of its own", f->name);
	}
}

/* Optional numbers have a flag "has_NAME" beside them. */
static int set_single(struct err *e, const ProtobufCFieldDescriptor *f, void *message,
		      const char *value)
{
	if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->type != PROTOBUF_C_TYPE_STRING)
		*(protobuf_c_boolean *)at(message, f->quantifier_offset) = 1;
	return set_plain(e, f, at(message, f->offset), value);
}

/* VALUE,...,VALUE from the end on. */
static int make_message(struct err *e, struct arena *a, const ProtobufCFieldDescriptor *f,
			const char *value, void **ret)
{
	const ProtobufCMessageDescriptor *d = f->descriptor;
	char *rest = arena_strdup(a, value);
	void *message = arena_alloc(a, d->sizeof_message);
	int r = rest && message ? 0 : err_nomem(e);

	if (r == 0)
		protobuf_c_message_init(d, message);
	for (unsigned int i = d->n_fields; r == 0 && i-- > 0;) {
		char *comma = i ? strrchr(rest, ',') : NULL;

		if (i && !comma)
			return err_set(e, ERR_USAGE, "option %s: \"%.100s\" has too few values",
				       f->name, value);
		r = set_single(e, &d->fields[i], message, comma ? comma + 1 : rest);
		if (comma)
			*comma = '\0';
	}
	*ret = message;
	return r;
}

/* Strings and messages are arrays of pointers. */
static int add_repeated(struct err *e, struct arena *a, const ProtobufCFieldDescriptor *f,
			void *message, const char *value)
{
	size_t *n = at(message, f->quantifier_offset);
	void ***list = at(message, f->offset);
	void **longer = arena_array(a, *n + 1, sizeof(*longer));
	int r = 0;

	if (!longer)
		return err_nomem(e);
	if (*n)
		memcpy(longer, *list, *n * sizeof(*longer));
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		r = make_message(e, a, f, value, &longer[*n]);
	else
		r = set_plain(e, f, &longer[*n], value);
	*list = longer;
	*n += r == 0;
	return r;
}

int criu_option(struct err *e, struct arena *a, CriuOpts *o, const char *word)
{
	const char *value = strchr(word, '=');
	char *name = value ? arena_strndup(a, word, (size_t)(value - word)) : NULL;
	const ProtobufCFieldDescriptor *f;

	if (!value)
		return err_set(e, ERR_USAGE, "\"%.100s\" is no NAME=VALUE", word);
	if (!name)
		return err_nomem(e);
	value++;
	f = protobuf_c_message_descriptor_get_field_by_name(&criu_opts__descriptor, name);
	if (!f)
		return err_set(e, ERR_USAGE, "CRIU's protocol has no option \"%.60s\"", name);
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return add_repeated(e, a, f, o, value);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return make_message(e, a, f, value, at(o, f->offset));
	return set_single(e, f, o, value);
}
