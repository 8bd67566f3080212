/*
 * Fuzz target: the document of `update --resources`, which is linux.resources. What is
 * taken is written (resources.json), read again and written the same; an update by it
 * twice is like once.
 */
#include <stdlib.h>

#include "runtime/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
	if (!good)
		abort();
}

static void write_to(struct buf *out, const struct cg_resources *r)
{
	struct json_writer w;

	json_write_begin(&w, false);
	spec_write_resources(&w, NULL, r);
	need(json_write_end(&w, out) == 0);
}

static void same(const struct buf *a, const struct buf *b)
{
	need(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cg_resources r = {0}, again = {0}, merged = {0};
	_buf_ struct buf first = {0}, second = {0}, once = {0}, twice = {0};
	_arena_ struct arena a = {0};
	struct opt_i64 swap;
	struct err e = {0};
	int ret;

	log_setup(&(struct log_options){.fd = STDERR_FILENO, .json = true});
	ret = spec_parse_resources(&e, &a, "resources", size ? (const char *)data : "", size, &r);
	need(ret == 0 || (ret < 0 && e.num > 0 && e.code != ERR_NONE && e.msg[0]));
	if (ret < 0)
		return 0;
	write_to(&first, &r);
	need(spec_parse_resources(&e, &a, "again", first.data, first.len, &again) == 0);
	write_to(&second, &again);
	same(&first, &second);
	need(cg_resources_merge(&e, &a, &merged, &r) == 0);
	write_to(&once, &merged);
	need(cg_resources_merge(&e, &a, &merged, &r) == 0);
	write_to(&twice, &merged);
	same(&once, &twice);
	(void)cg_swap_max(&e, &merged.memory, &swap);
	need(cg_cpu_weight(merged.cpu.shares.v) <= 10000);
	return 0;
}
