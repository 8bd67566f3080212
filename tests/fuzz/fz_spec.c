/*
 * Fuzz target: config.json and process.json. Whatever the bytes, the parser gives a
 * spec or one line of error; what it took as JSON it can write and read again.
 */
#include <stdlib.h>

#include "base/base.h"
#include "runtime/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
	if (!good)
		abort();
}

static void check_error(const struct err *e, int r)
{
	need(r == 0 || (r < 0 && e->num > 0 && e->code != ERR_NONE && e->msg[0]));
}

/* Reading, writing and reading again gives the same text. */
static void round_trip(const char *text, size_t size)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf once = {0}, twice = {0};
	struct buf *outs[] = {&once, &twice};
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(outs); i++) {
		struct json_writer w;
		struct json *tree;
		int r = json_parse(&e, &a, "fuzz", text, size, &tree);

		check_error(&e, r);
		if (r < 0) {
			need(i == 0);
			return;
		}
		json_write_begin(&w, i > 0);
		json_write_tree(&w, NULL, tree);
		need(json_write_end(&w, outs[i]) == 0);
		outs[i]->len = 0;
		json_write_begin(&w, false);
		json_write_tree(&w, NULL, tree);
		need(json_write_end(&w, outs[i]) == 0);
		text = once.data;
		size = once.len;
	}
	need(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	struct spec_process *process = NULL;
	struct spec spec = {0};
	struct err e = {0};
	int r;

	/* No warnings: with JSON logs they are written for debugging only. */
	log_setup(&(struct log_options){.fd = STDERR_FILENO, .json = true});
	r = spec_parse(&e, "config.json", text, size, &spec);
	check_error(&e, r);
	need(r < 0 || (spec.oci_version && spec.root_path));
	need(r < 0 || !spec.process || (spec.process->args.n > 0 && spec.process->cwd[0] == '/'));
	spec_done(&spec);
	r = spec_parse_process(&e, &spec, "process.json", text, size, &process);
	check_error(&e, r);
	spec_done(&spec);
	round_trip(text, size);
	return 0;
}
