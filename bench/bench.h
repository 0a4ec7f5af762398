/* SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

/**
 * @file bench.h
 * What the benchmarks share: a clock, memory, random numbers, and how a figure is reported.
 *
 * A program prints one line for each figure, fields separated by a tab:
 *
 *     area  subject  operation  who  value  unit
 *
 * `who` is "lib" for the library, and else the limit or the rival that did the same work in the
 * same process. bench.py runs the programs and compares.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Nanoseconds that this thread has run, so that what else the machine does isn't counted. */
double bench_now(void);

/** The same since `start`, without what asking costs. */
double bench_since(double start);

/** Memory for tables and nodes, aligned to 2 MiB, touched, and of large pages where the system
 *  grants them. Ends the program where there is none. Never given back. */
void *bench_memory(size_t size);

/** Starts a figure; the lowest of its samples is reported by bench_report(). */
struct bench_figure {
	double lowest;
};

static inline void bench_start(struct bench_figure *figure)
{
	figure->lowest = 1e300;
}

static inline void bench_sample(struct bench_figure *figure, double value)
{
	if (value < figure->lowest) {
		figure->lowest = value;
	}
}

void bench_report(const char *area, const char *subject, const char *operation, const char *who,
		  double value, const char *unit);

/** Ends the program with a message unless the condition holds: a benchmark that does not do its
 *  work is worse than none. */
void bench_require(bool condition, const char *what);

/** The compiler must take the value as used, and memory as changed. */
static inline void bench_use(uint64_t value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

/** xorshift64*: cheap, and the same in every program. */
struct bench_random {
	uint64_t state;
};

static inline uint64_t bench_next(struct bench_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/** What single operations are timed with: the finest clock, and nanoseconds of one tick. */
static inline uint64_t bench_ticks(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	/* Waits for what is before, lets nothing behind it start early. */
	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(ticks) : : "memory");
	return ticks;
#else
	return (uint64_t)bench_now();
#endif
}

double bench_tick(void);

/** Everything before it is done before anything behind it starts: what a barrier after each change does. */
static inline void bench_barrier(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("lfence" : : : "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dsb ish; isb" : : : "memory");
#else
	__sync_synchronize();
#endif
}

/** The rounds that each figure is the lowest of: the first argument of the program, or 7. */
unsigned int bench_rounds(int argc, char **argv);

/** What a program does: the second argument, "main" (what has a bar, and is run for each alignment)
 *  or "all" (also what only the charts and the notes show); default: all. */
enum bench_part { BENCH_MAIN, BENCH_ALL };

enum bench_part bench_part(int argc, char **argv);

#endif /* BENCH_H */
