/* Writing by the tables that decode: the inverse of json_decode(). */
#include "base.h"

static void encode_list(struct json_writer *w, const struct json_field *f, const void *value)
{
	struct list_of list;

	memcpy(&list, value, sizeof(list));	/* a LIST_OF() of another type */
	if (!list.n)
		return;
	json_write_array(w, f->name);
	for (size_t i = 0; i < list.n; i++) {
		json_write_object(w, NULL);
		json_encode(w, f->fields, (const char *)list.v + i * f->size);
		json_write_close(w);
	}
	json_write_close(w);
}

static void encode_field(struct json_writer *w, const struct json_field *f, const void *value)
{
	const struct opt_bool *opt_bool = value;
	const struct opt_u32 *opt_u32 = value;
	const struct opt_i64 *opt_i64 = value;
	const struct opt_u64 *opt_u64 = value;
	const char *const *str = value;

	switch (f->kind) {
	case FIELD_STR:
	case FIELD_OPT_STR:
		if (*str)
			json_write_str(w, f->name, *str);
		break;
	case FIELD_I64:
		json_write_int(w, f->name, *(const int64_t *)value);
		break;
	case FIELD_U64:
		json_write_u64(w, f->name, *(const uint64_t *)value);
		break;
	case FIELD_OPT_BOOL:
		if (opt_bool->set)
			json_write_bool(w, f->name, opt_bool->v);
		break;
	case FIELD_OPT_U32:
		if (opt_u32->set)
			json_write_u64(w, f->name, opt_u32->v);
		break;
	case FIELD_OPT_I64:
		if (opt_i64->set)
			json_write_int(w, f->name, opt_i64->v);
		break;
	case FIELD_OPT_U64:
		if (opt_u64->set)
			json_write_u64(w, f->name, opt_u64->v);
		break;
	case FIELD_OBJECT:
		json_write_object(w, f->name);
		json_encode(w, f->fields, value);
		json_write_close(w);
		break;
	case FIELD_LIST:
		encode_list(w, f, value);
		break;
	default:	/* CALL and the like: the caller's */
		break;
	}
}

void json_encode(struct json_writer *w, const struct json_field *fields, const void *in)
{
	for (; fields->name; fields++)
		encode_field(w, fields, (const char *)in + fields->offset);
}
