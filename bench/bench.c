/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define HUGE_PAGE (UINT64_C(1) << 21)

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double bench_since(double start)
{
	static double cost = -1;
	double now = bench_now();
	unsigned int i;

	if (cost < 0) {
		cost = 1e9;
		for (i = 0; i < 1000; i++) {
			double before = bench_now();
			double between = bench_now() - before;

			cost = between < cost ? between : cost;
		}
	}
	return now - start - cost;
}

void *bench_memory(size_t size)
{
	void *memory;

	size = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	if (posix_memalign(&memory, HUGE_PAGE, size) != 0) {
		fprintf(stderr, "no memory: %zu bytes\n", size);
		exit(1);
	}
#ifdef MADV_HUGEPAGE
	/* Kernels reach tables through large pages, too. */
	(void)madvise(memory, size, MADV_HUGEPAGE);
#endif
	memset(memory, 0x5a, size);
	return memory;
}

void bench_report(const char *area, const char *subject, const char *operation, const char *who,
		  double value, const char *unit)
{
	printf("%s\t%s\t%s\t%s\t%.6g\t%s\n", area, subject, operation, who, value, unit);
}

void bench_require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "benchmark failed: %s\n", what);
		exit(1);
	}
}

unsigned int bench_rounds(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 7;

	return rounds > 0 ? (unsigned int)rounds : 1;
}

enum bench_part bench_part(int argc, char **argv)
{
	return argc > 2 && strcmp(argv[2], "main") == 0 ? BENCH_MAIN : BENCH_ALL;
}

double bench_tick(void)
{
	struct timespec start, now;
	uint64_t ticks = bench_ticks();
	double elapsed;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		elapsed = (double)(now.tv_sec - start.tv_sec) * 1e9 +
			  (double)(now.tv_nsec - start.tv_nsec);
	} while (elapsed < 2e7);
	return elapsed / (double)(bench_ticks() - ticks);
}
