/*
 * filter CONFIG: the seccomp filter that bawn loads for a config.json, as the array of struct
 * sock_filter that floor and fexec load. Input: trusted (made by bench/bundles).
 */
#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "runtime/seccomp.h"

static int compile(struct err *e, const char *config, struct spec *spec,
		   struct seccomp_program *ret)
{
	_buf_ struct buf text = {0};
	int r = file_read_at(e, AT_FDCWD, config, JSON_MAX_DOCUMENT, &text);

	if (r == 0)
		r = spec_parse(e, config, text.data ? text.data : "", text.len, spec);
	if (r == 0 && !spec->linux_.seccomp)
		return err_set(e, ERR_CONFIG, "%s: linux.seccomp: is missing", config);
	return r < 0 ? r : seccomp_compile(e, &spec->arena, spec->linux_.seccomp, ret);
}

int main(int argc, char **argv)
{
	struct seccomp_program program;
	struct spec spec = {0};
	struct err e;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: filter CONFIG >FILTER\n");
		return 2;
	}
	r = compile(&e, argv[1], &spec, &program);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, (const char *)program.insns,
				 program.len * sizeof(*program.insns));
	if (r < 0)
		fprintf(stderr, "filter: %s\n", e.msg);
	spec_done(&spec);
	return r < 0;
}
