/*
 * replay: main() of a fuzz target without libFuzzer: runs it once with each file
 * that is given, so that any compiler can check a corpus. The last line on
 * stderr names the input that a crash came from.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16 << 20 };

int main(int argc, char **argv)
{
	uint8_t *data = malloc(INPUT_MAX);
	size_t size;
	FILE *f;

	if (!data)
		err(1, "memory");
	for (int i = 1; i < argc; i++) {
		f = fopen(argv[i], "re");
		if (!f)
			err(1, "%s", argv[i]);
		size = fread(data, 1, INPUT_MAX, f);
		fclose(f);
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	return 0;
}
