/*
 * bench_box: what this machine's basic operations cost, so that two tables can be compared at all.
 * Medians of small loops; a figure without a machine next to it means nothing.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { LOOPS = 15, FAULT_PAGES = 1024, CALLS = 1000, PROCESSES = 20 };

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median over LOOPS of what once() takes, per its own count of operations. */
static double median_of(double (*once)(void))
{
	double took[LOOPS];

	for (int i = 0; i < LOOPS; i++)
		took[i] = once();
	qsort(took, LOOPS, sizeof(*took), compare);
	return took[LOOPS / 2];
}

static double once_getppid(void)
{
	double start = now_us();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now_us() - start) / CALLS;
}

/* Anonymous, one page each. */
static double once_fault(void)
{
	const size_t page = 4096, size = FAULT_PAGES * page;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double start;

	if (p == MAP_FAILED)
		return 0;
	madvise(p, size, MADV_NOHUGEPAGE);
	start = now_us();
	for (size_t i = 0; i < size; i += page)
		((volatile char *)p)[i] = 1;
	start = (now_us() - start) / FAULT_PAGES;
	munmap(p, size);
	return start;
}

static double once_cpuid(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;
	double start = now_us();

	for (int i = 0; i < CALLS; i++) {
		__cpuid(0, a, b, c, d);
		(void)a, (void)b, (void)c, (void)d;
	}
	return (now_us() - start) / CALLS;
#else
	return 0;
#endif
}

static double once_vfork(void)
{
	double start = now_us();

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return (now_us() - start) / PROCESSES;
}

static struct cmd exec_cmd;

static double once_exec(void)
{
	struct usage u;

	return spawn_measure(&exec_cmd, &u) == 0 && u.code == 0 ? u.wall_us : 0;
}

double box_load(void)
{
	double load[1] = {-1};

	return getloadavg(load, 1) == 1 ? load[0] : -1;
}

static void read_cpu_name(char *ret, size_t size)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "re");

	snprintf(ret, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, "model name", 10) != 0)
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(ret, size, "%s", colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

/* A new mount namespace copies them all: 2 us each. */
static long count_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	long n = 0;
	int c;

	while (f && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

void box_measure(const struct config *cfg, struct box *ret)
{
	struct utsname un;

	memset(ret, 0, sizeof(*ret));
	ret->load_start = box_load();
	uname(&un);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s %s", un.release, un.machine);
	read_cpu_name(ret->cpu, sizeof(ret->cpu));
	ret->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	ret->mounts = count_mounts();
	ret->getppid_us = median_of(once_getppid);
	ret->cpuid_us = median_of(once_cpuid);
	ret->vfork_us = median_of(once_vfork);
	cmd_add(&exec_cmd, "%s/rootfs/bin/true", cfg->bundles);
	ret->exec_us = median_of(once_exec);
}

double box_fault_us(void)
{
	return median_of(once_fault);
}
