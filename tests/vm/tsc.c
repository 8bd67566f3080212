// SPDX-License-Identifier: Apache-2.0
/*
 * tsc - prints the rate of this host's time stamp counter in kHz.
 *
 * run puts it on the VM's command line (tsc_early_khz=): under TCG the guest's
 * counter is the host's, and a guest that calibrates it itself on a busy host
 * hangs more often than not.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define WINDOW_NS 20000000ull

struct point {
	uint64_t ns, tsc;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Of 50 tries the one whose two clock readings are nearest: not preempted. */
static struct point sample(void)
{
	struct point best = {0};
	uint64_t best_gap = UINT64_MAX;

	for (int i = 0; i < 50; i++) {
		uint64_t before = now_ns();
		uint64_t tsc = __rdtsc();
		uint64_t after = now_ns();

		if (after - before < best_gap) {
			best_gap = after - before;
			best = (struct point){.ns = before + best_gap / 2, .tsc = tsc};
		}
	}
	return best;
}

int main(void)
{
	struct timespec window = {.tv_nsec = WINDOW_NS};
	struct point a = sample(), b;

	nanosleep(&window, NULL);
	b = sample();
	printf("%.0f\n", (double)(b.tsc - a.tsc) * 1e6 / (double)(b.ns - a.ns));
	return 0;
}
