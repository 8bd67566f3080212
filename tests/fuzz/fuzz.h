/* What the fuzz targets share. */
#ifndef BAWN_TEST_FUZZ_H
#define BAWN_TEST_FUZZ_H

#include <stdlib.h>
#include <sys/stat.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void need(bool good)
{
	if (!good)
		abort();
}

/* Success, or a failure that says what failed. */
static inline void check_error(const struct err *e, int r)
{
	need(r >= 0 || (e->num > 0 && e->code != ERR_NONE && e->msg[0]));
}

/* A directory of this process that is removed at its end. */
static char scratch_path[] = "/tmp/bawn-fuzz.XXXXXX";

__attribute__((unused)) static void scratch_remove(void)
{
	static const char *const names[] = {"state.json", "state.json.new", "intent", "process"};
	int fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(fd, names[i], 0);
	close(fd);
	rmdir(scratch_path);
}

__attribute__((unused)) static int scratch_fd(void)
{
	static int fd = -1;

	if (fd < 0) {
		need(mkdtemp(scratch_path));
		fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		atexit(scratch_remove);
	}
	return fd;
}

__attribute__((unused)) static void scratch_write(const char *name, const uint8_t *data, size_t n)
{
	struct err e;

	need(file_create_at(&e, scratch_fd(), name, data, n, 0600) == 0);
}

#endif
