/*
 * Fuzz target: annotations as properties of a systemd unit. Input: "NAME=VALUE". Whatever it is
 * becomes a property with a type, or one line of error.
 */
#include "systemd/systemd.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unit_property p = {0};
	struct arena a = {0};
	struct err e = {0};
	char *text = strndup((const char *)data, size);
	int r;

	need(text);
	r = unit_property_parse(&e, &a, text, &p);
	check_error(&e, r);
	need(r < 0 || (p.name && p.label && p.value && gvariant_type_length(p.type)));
	free(text);
	arena_done(&a);
	return 0;
}
