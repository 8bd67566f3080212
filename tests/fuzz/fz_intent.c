/*
 * Fuzz target: the intent log. Whatever the bytes, each kind is found or not; what was
 * found can be added to the log and is then what is found.
 */
#include "runtime/container.h"

#include "fuzz.h"

static void check_kind(const struct container *c, enum intent_kind kind)
{
	struct cg_place place = {0}, again = {0};
	struct err e = {0};
	bool found;
	int r = intent_get(&e, c, kind, &place, &found);

	check_error(&e, r);
	if (r < 0 || !found)
		return;
	need(memchr(place.mark, '\0', sizeof(place.mark)));
	need(memchr(place.path, '\0', sizeof(place.path)));
	scratch_write("intent", NULL, 0);
	need(intent_add(&e, c, kind, &place) == 0);
	need(intent_get(&e, c, kind, &again, &found) == 0 && found);
	need(str_eq(place.mark, again.mark) && str_eq(place.path, again.path));
	need(place.keep == again.keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container c = {.dir_fd = scratch_fd(), .id = "fuzz"};

	for (int kind = 0; kind < INTENT_KIND_MAX; kind++) {
		scratch_write("intent", data, size);
		check_kind(&c, (enum intent_kind)kind);
	}
	return 0;
}
