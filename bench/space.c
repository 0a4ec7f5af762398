/* SPDX-License-Identifier: MIT */
/*
 * The address space beside two rivals: three plain red-black trees, which keep all its promises,
 * and bins with a hash, which keep none.
 *
 * Sizes are log-uniform in 1 to 256 pages, and the space is four fifths full: filled, then stirred
 * by three pairs for each range, then measured. A pair releases a random range and reserves one of
 * another size by best fit. Everybody does the same in the same order, and the memory of a node is
 * used again for the next range.
 */

#include "bench.h"
#include "rival_bins.h"
#include "rival_trees.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmm/space.h>

#define PAGE  UINT64_C(4096)
#define START (UINT64_C(1) << 40)
#define SIZES 4096u
#define LIVE_MAX 1000000u

static uint64_t sizes[SIZES];
static double mean_size;

static void make_sizes(void)
{
	unsigned int i;

	for (i = 0; i < SIZES; i++) {
		sizes[i] = (uint64_t)pow(257.0, (i + 0.5) / SIZES);
		mean_size += (double)sizes[i] / SIZES;
	}
}

/* What happens next: which range goes, and what size comes. */
struct choice {
	uint32_t index;
	uint64_t pages;
};

static inline struct choice choose(struct bench_random *random, uint32_t live)
{
	uint64_t word = bench_next(random);
	struct choice choice;

	choice.index = (uint32_t)((word >> 32) * live >> 32);
	choice.pages = sizes[word % SIZES];
	return choice;
}

/* What an allocator consists of, so that it can be put back to how it was. */
struct part {
	void *at;
	size_t size;
};

#define PARTS 6

/* --- the library; nodes of 80 bytes, side by side --- */

static struct vmm_space lib;
static struct vmm_bin lib_bins[VMM_SPACE_BINS_MAX];
static struct vmm_range *lib_ranges;

static void lib_setup(uint64_t pages, uint32_t live, unsigned int bin_count, bool exact)
{
	struct vmm_space_config config = { 0 };
	vmm_va_region_t area = VMM_VA_REGION_INIT(START, pages * PAGE);

	config.bins = bin_count != 0 ? lib_bins : NULL;
	config.bin_count = bin_count;
	config.exact_gaps = exact;
	memset(&lib, 0, sizeof(lib));
	memset(lib_ranges, 0, live * sizeof(*lib_ranges));
	bench_require(vmm_space_init(&lib, area, &config) == VMM_OK, "space");
}

static void lib_parts(struct part *parts, uint32_t live)
{
	parts[0] = (struct part){ &lib, sizeof(lib) };
	parts[1] = (struct part){ lib_bins, sizeof(lib_bins) };
	parts[2] = (struct part){ lib_ranges, live * sizeof(*lib_ranges) };
}

static void lib256_init(uint64_t pages, uint32_t live)
{
	lib_setup(pages, live, 256, false);
}

static void lib64_init(uint64_t pages, uint32_t live)
{
	lib_setup(pages, live, 64, false);
}

static void lib0_init(uint64_t pages, uint32_t live)
{
	lib_setup(pages, live, 0, false);
}

static void libexact_init(uint64_t pages, uint32_t live)
{
	lib_setup(pages, live, 256, true);
}

static inline bool lib_reserve(uint32_t i, uint64_t pages)
{
	struct vmm_want want = { 0 };

	want.size = pages * PAGE;
	return vmm_space_reserve(&lib, &want, &lib_ranges[i]) == VMM_OK;
}

static inline void lib_release(uint32_t i)
{
	vmm_space_release(&lib, &lib_ranges[i]);
}

static inline uint64_t lib_start(uint32_t i)
{
	return vmm_va_raw(vmm_va_region_start(vmm_range_region(&lib_ranges[i])));
}

static inline bool lib_find(uint64_t address)
{
	return vmm_space_find(&lib, vmm_va(address), NULL) != NULL;
}

#define lib256_parts lib_parts
#define lib256_reserve lib_reserve
#define lib256_release lib_release
#define lib256_start   lib_start
#define lib256_find    lib_find
#define lib64_parts lib_parts
#define lib64_reserve  lib_reserve
#define lib64_release  lib_release
#define lib64_start    lib_start
#define lib64_find     lib_find
#define lib0_parts lib_parts
#define lib0_reserve   lib_reserve
#define lib0_release   lib_release
#define lib0_start     lib_start
#define lib0_find      lib_find
#define libexact_parts lib_parts
#define libexact_reserve lib_reserve
#define libexact_release lib_release
#define libexact_start lib_start
#define libexact_find  lib_find

/* By address: what was reserved there is looked for first. */
#define libaddr_init    lib256_init
#define libaddr_parts   lib_parts
#define libaddr_reserve lib_reserve
#define libaddr_start   lib_start
#define libaddr_find    lib_find

static inline void libaddr_release(uint32_t i)
{
	struct vmm_range *range;

	if (vmm_space_release_at(&lib, vmm_va(lib_start(i)), &range) != VMM_OK) {
		abort();
	}
}

/* --- three plain trees --- */

static struct rival_trees trees;
static struct rival_used *tree_used;
static struct rival_free *tree_free;

static void trees_init(uint64_t pages, uint32_t live)
{
	rival_trees_init(&trees, START, pages * PAGE, tree_free, (size_t)live + 2);
}

static void trees_parts(struct part *parts, uint32_t live)
{
	parts[0] = (struct part){ &trees, sizeof(trees) };
	parts[1] = (struct part){ tree_used, live * sizeof(*tree_used) };
	parts[2] = (struct part){ tree_free, ((size_t)live + 2) * sizeof(*tree_free) };
}

static inline bool trees_reserve(uint32_t i, uint64_t pages)
{
	return rival_trees_reserve(&trees, pages * PAGE, &tree_used[i]);
}

static inline void trees_release(uint32_t i)
{
	rival_trees_release(&trees, &tree_used[i]);
}

static inline uint64_t trees_start(uint32_t i)
{
	return tree_used[i].start;
}

static inline bool trees_find(uint64_t address)
{
	return rival_trees_find(&trees, address) != NULL;
}

#define treesaddr_init    trees_init
#define treesaddr_parts   trees_parts
#define treesaddr_reserve trees_reserve
#define treesaddr_start   trees_start
#define treesaddr_find    trees_find

static inline void treesaddr_release(uint32_t i)
{
	rival_trees_release(&trees, rival_trees_find(&trees, tree_used[i].start));
}

/* --- bins with a hash --- */

static struct rival_bins bins;
static struct rival_node *bin_nodes;
static struct rival_node **bin_buckets;
static struct rival_node **bin_live;

static unsigned int bucket_log(uint32_t live)
{
	unsigned int log = 4;

	while (((uint32_t)1 << log) < live) {
		log++;
	}
	return log;
}

static void bins_parts(struct part *parts, uint32_t live)
{
	parts[0] = (struct part){ &bins, sizeof(bins) };
	parts[1] = (struct part){ bin_nodes, ((size_t)live * 2 + 2) * sizeof(*bin_nodes) };
	parts[2] = (struct part){ bin_buckets, sizeof(*bin_buckets) << bucket_log(live) };
	parts[3] = (struct part){ bin_live, live * sizeof(*bin_live) };
}

static void bins_init(uint64_t pages, uint32_t live)
{
	rival_bins_init(&bins, START / PAGE, pages, bin_nodes, (size_t)live * 2 + 2, bin_buckets,
			bucket_log(live));
}

static inline bool bins_reserve(uint32_t i, uint64_t pages)
{
	bin_live[i] = rival_bins_reserve(&bins, pages);
	return bin_live[i] != NULL;
}

static inline void bins_release(uint32_t i)
{
	rival_bins_release(&bins, bin_live[i]);
}

static inline uint64_t bins_start(uint32_t i)
{
	return bin_live[i]->start * PAGE;
}

/* Exact starts only. */
static inline bool bins_find(uint64_t address)
{
	return rival_bins_find(&bins, address / PAGE) != NULL;
}

/* --- nothing at all: what the workload itself costs --- */

static uint64_t *nothing;

static void empty_init(uint64_t pages, uint32_t live)
{
	(void)pages;
	(void)live;
}

static void empty_parts(struct part *parts, uint32_t live)
{
	parts[0] = (struct part){ nothing, live * sizeof(*nothing) };
}

static inline bool empty_reserve(uint32_t i, uint64_t pages)
{
	nothing[i] = pages;
	return true;
}

static inline void empty_release(uint32_t i)
{
	nothing[i] = 0;
}

static inline uint64_t empty_start(uint32_t i)
{
	return START + i * PAGE;
}

static inline bool empty_find(uint64_t address)
{
	return address != 0;
}

/* --- the workload --- */

/* Each in a function of its own, compiled for each of them. */
struct who {
	const char *name;
	void (*init)(uint64_t pages, uint32_t live);
	void (*parts)(struct part *parts, uint32_t live);
	void (*fill)(struct bench_random *random, uint32_t live);
	void (*pairs)(struct bench_random *random, uint32_t live, uint32_t count);
	void (*timed)(struct bench_random *random, uint32_t live, uint32_t count, uint32_t *least);
	uint64_t (*starts)(uint64_t *at, uint32_t live);
	void (*lookups)(const uint64_t *at, uint32_t count);
	double (*brim)(struct bench_random *random, uint64_t pages, uint32_t live);
};

#define NOINLINE static __attribute__((noinline))

static uint16_t *brim_pages;
static uint32_t *brim_ids;

#define WORKLOAD(w)										\
	NOINLINE void w##_fill(struct bench_random *random, uint32_t live)			\
	{											\
		uint32_t i;									\
												\
		for (i = 0; i < live; i++) {							\
			if (!w##_reserve(i, choose(random, live).pages)) {			\
				bench_require(false, "fill");					\
			}									\
		}										\
	}											\
	NOINLINE void w##_pairs(struct bench_random *random, uint32_t live, uint32_t count)	\
	{											\
		while (count-- > 0) {								\
			struct choice choice = choose(random, live);				\
												\
			w##_release(choice.index);						\
			while (!w##_reserve(choice.index, choice.pages)) {			\
				choice.pages = choice.pages / 2 + 1;				\
			}									\
		}										\
	}											\
	NOINLINE void w##_timed(struct bench_random *random, uint32_t live, uint32_t count,	\
				  uint32_t *least)						\
	{											\
		uint32_t i;									\
												\
		for (i = 0; i < count; i++) {							\
			struct choice choice = choose(random, live);				\
			uint64_t start = bench_ticks();						\
			uint64_t middle, end;							\
												\
			w##_release(choice.index);						\
			middle = bench_ticks();							\
			while (!w##_reserve(choice.index, choice.pages)) {			\
				choice.pages = choice.pages / 2 + 1;				\
			}									\
			end = bench_ticks();							\
			if (middle - start < least[2 * i]) {					\
				least[2 * i] = (uint32_t)(middle - start);			\
			}									\
			if (end - middle < least[2 * i + 1]) {					\
				least[2 * i + 1] = (uint32_t)(end - middle);			\
			}									\
		}										\
	}											\
	NOINLINE uint64_t w##_starts(uint64_t *at, uint32_t live)				\
	{											\
		uint32_t i;									\
												\
		for (i = 0; i < live; i++) {							\
			at[i] = w##_start(i);							\
		}										\
		return live;									\
	}											\
	NOINLINE void w##_lookups(const uint64_t *at, uint32_t count)				\
	{											\
		bool ok = true;									\
		uint32_t i;									\
												\
		for (i = 0; i < count; i++) {							\
			ok &= w##_find(at[i]);							\
		}										\
		bench_require(ok, "every lookup finds something");				\
	}											\
	/* Fills to the first failure, then churns there: the mean free share at each failure. */\
	NOINLINE double w##_brim(struct bench_random *random, uint64_t pages, uint32_t live)	\
	{											\
		uint64_t used = 0;								\
		uint32_t count = 0;								\
		uint32_t failures = 0;								\
		uint32_t tries;									\
		uint64_t waste = 0;								\
												\
		while (failures < live) {							\
			struct choice choice = choose(random, 1);				\
												\
			/* A request that fails is made again until enough has gone for it. */	\
			for (tries = 0; !w##_reserve(brim_ids[count], choice.pages); tries++) {	\
				uint32_t index = choose(random, count).index;			\
				uint32_t id = brim_ids[index];					\
												\
				failures += tries == 0;						\
				waste += tries == 0 ? pages - used : 0;				\
				used -= brim_pages[id];						\
				count--;							\
				brim_ids[index] = brim_ids[count];				\
				brim_ids[count] = id;						\
				w##_release(id);						\
			}									\
			brim_pages[brim_ids[count]] = (uint16_t)choice.pages;			\
			used += choice.pages;							\
			count++;								\
			bench_require(count < live, "nodes for the brim");			\
		}										\
		return (double)waste / (double)failures / (double)pages * 100;			\
	}											\
	static const struct who w##_is = {							\
		#w, w##_init, w##_parts, w##_fill, w##_pairs, w##_timed, w##_starts,		\
		w##_lookups, w##_brim,								\
	}

WORKLOAD(lib256);
WORKLOAD(lib64);
WORKLOAD(lib0);
WORKLOAD(libexact);
WORKLOAD(libaddr);
WORKLOAD(trees);
WORKLOAD(treesaddr);
WORKLOAD(bins);
WORKLOAD(empty);

/* Who is measured when. */
struct guest {
	const struct who *who;
	bool always;   /* also for each alignment */
	bool million;  /* with a million ranges, too */
	bool worst;
};

static const struct guest guests[] = {
	{ &lib256_is, true, true, true },
	{ &lib64_is, false, false, false },
	{ &lib0_is, true, true, true },
	{ &libexact_is, false, true, true },
	{ &libaddr_is, false, false, false },
	{ &trees_is, true, true, true },
	{ &treesaddr_is, false, false, false },
	{ &bins_is, true, true, true },
	{ &empty_is, true, true, false },
};

#define GUESTS (sizeof(guests) / sizeof(guests[0]))

static uint64_t space_of(uint32_t live)
{
	return (uint64_t)(live * mean_size / 0.8) + 1;
}

/* How it was after it was filled and stirred. */
static struct part parts_kept[PARTS];
static uint8_t *memory_kept;

static void keep(const struct who *who, uint32_t live)
{
	uint8_t *to = memory_kept;
	unsigned int i;

	memset(parts_kept, 0, sizeof(parts_kept));
	who->parts(parts_kept, live);
	for (i = 0; i < PARTS && parts_kept[i].at != NULL; i++) {
		memcpy(to, parts_kept[i].at, parts_kept[i].size);
		to += parts_kept[i].size;
	}
}

static void restore(void)
{
	const uint8_t *from = memory_kept;
	unsigned int i;

	for (i = 0; i < PARTS && parts_kept[i].at != NULL; i++) {
		memcpy(parts_kept[i].at, from, parts_kept[i].size);
		from += parts_kept[i].size;
	}
}

static void prepare(const struct who *who, uint32_t live, struct bench_random *random)
{
	random->state = 88172645463325252u + live;
	who->init(space_of(live), live);
	who->fill(random, live);
	who->pairs(random, live, 3 * live);
	keep(who, live);
}

/* --- mean costs --- */

static void measure_mean(const struct who *who, uint32_t live, unsigned int rounds,
			 struct bench_random random)
{
	static uint64_t starts[LIVE_MAX];
	static uint64_t at[65536];
	uint32_t pairs = live < 20000 ? 20000 : 100000;
	uint32_t lookups = live < 20000 ? 20000 : 65536;
	struct bench_figure pair, lookup;
	char subject[32];
	unsigned int i;
	uint32_t k;

	bench_start(&pair);
	bench_start(&lookup);
	who->starts(starts, live);
	for (i = 0; i < rounds; i++) {
		struct bench_random again = random;
		double start;

		for (k = 0; k < lookups; k++) {
			at[k] = starts[choose(&again, live).index];
		}
		start = bench_now();
		who->lookups(at, lookups);
		bench_sample(&lookup, bench_since(start) / lookups);
	}
	for (i = 0; i < rounds; i++) {
		struct bench_random again = random;
		double start;

		restore();
		start = bench_now();
		who->pairs(&again, live, pairs);
		bench_sample(&pair, bench_since(start) / pairs);
	}
	snprintf(subject, sizeof(subject), "%u", live);
	bench_report("space", subject, "pair", who->name, pair.lowest, "ns");
	bench_report("space", subject, "lookup", who->name, lookup.lowest, "ns");
}

/* --- the slowest operations --- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/*
 * The same operations several times over, from the same start, and of each the shortest time: what
 * is slow every time is the allocator's, what is slow once is the machine's.
 */
static void measure_worst(const struct who *who, uint32_t live, unsigned int rounds,
			  struct bench_random random)
{
	const uint32_t pairs = 100000;
	const uint32_t count = 2 * pairs;
	static uint32_t least[200000];
	double tick = bench_tick();
	char subject[32];
	unsigned int i;

	memset(least, 0xff, sizeof(least));
	for (i = 0; i < rounds; i++) {
		struct bench_random again = random;

		restore();
		who->timed(&again, live, pairs, least);
	}
	qsort(least, count, sizeof(least[0]), compare);
	snprintf(subject, sizeof(subject), "%u", live);
	bench_report("space", subject, "op p50", who->name, least[count / 2] * tick, "ns");
	bench_report("space", subject, "op p99", who->name, least[count / 100 * 99] * tick, "ns");
	bench_report("space", subject, "op p99.99", who->name,
		     least[count - 1 - count / 10000] * tick, "ns");
	bench_report("space", subject, "op worst", who->name, least[count - 1] * tick, "ns");
}

static void measure_brim(const struct who *who, uint32_t live)
{
	struct bench_random random = { 4711 };
	uint64_t pages = (uint64_t)(live * mean_size);
	char subject[32];

	for (uint32_t i = 0; i < 2 * live; i++) {
		brim_ids[i] = i;
	}
	who->init(pages, 2 * live);
	snprintf(subject, sizeof(subject), "%u", live);
	bench_report("space", subject, "waste at the brim", who->name,
		     who->brim(&random, pages, 2 * live), "%");
}

/* --- the machine --- */

struct line {
	struct line *next;
	uint64_t other[7];
};

/* What a load costs that must wait for the one before, by how much memory it may be in. */
static void measure_loads(unsigned int rounds)
{
	static const unsigned int kib[] = { 16, 256, 1024, 4096, 16384, 65536, 262144 };
	unsigned int k;

	for (k = 0; k < sizeof(kib) / sizeof(kib[0]); k++) {
		uint32_t count = kib[k] * 16;
		struct line *lines = bench_memory(count * sizeof(*lines));
		uint32_t *order = bench_memory(count * sizeof(*order));
		struct bench_random random = { 5 };
		struct bench_figure load;
		char subject[32];
		struct line *at = lines;
		unsigned int round;
		uint32_t i;

		for (i = 0; i < count; i++) {
			order[i] = i;
		}
		for (i = count - 1; i > 0; i--) {
			uint32_t j = (uint32_t)(bench_next(&random) % (i + 1));
			uint32_t kept = order[i];

			order[i] = order[j];
			order[j] = kept;
		}
		for (i = 0; i < count; i++) {
			lines[order[i]].next = &lines[order[(i + 1) % count]];
		}
		bench_start(&load);
		for (round = 0; round < rounds; round++) {
			double start = bench_now();

			for (i = 0; i < 200000; i++) {
				at = at->next;
			}
			bench_use((uint64_t)(uintptr_t)at);
			bench_sample(&load, bench_since(start) / 200000);
		}
		snprintf(subject, sizeof(subject), "%u KiB", kib[k]);
		bench_report("space", subject, "dependent load", "limit", load.lowest, "ns");
		free(order);
		free(lines);
	}
}

static void measure(uint32_t live, unsigned int rounds, enum bench_part part, const char *only)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		const struct guest *guest = &guests[i];
		struct bench_random random;

		if ((only != NULL && strcmp(only, guest->who->name) != 0) ||
		    (part == BENCH_MAIN && !guest->always) ||
		    (live == LIVE_MAX && !guest->million)) {
			continue;
		}
		prepare(guest->who, live, &random);
		measure_mean(guest->who, live, rounds, random);
		if (part == BENCH_ALL && guest->worst && (live == 100000 || live == LIVE_MAX)) {
			measure_worst(guest->who, live, rounds, random);
		}
		if (part == BENCH_ALL && guest->worst && live == 100000) {
			measure_brim(guest->who, live);
		}
	}
}

static void take_memory(size_t live)
{
	lib_ranges = bench_memory(live * sizeof(*lib_ranges));
	tree_used = bench_memory(live * sizeof(*tree_used));
	tree_free = bench_memory((live + 2) * sizeof(*tree_free));
	bin_nodes = bench_memory((2 * live + 2) * sizeof(*bin_nodes));
	bin_buckets = bench_memory((size_t)(1 << 20) * sizeof(*bin_buckets));
	bin_live = bench_memory(live * sizeof(*bin_live));
	nothing = bench_memory(live * sizeof(*nothing));
	brim_pages = bench_memory(2 * live * sizeof(*brim_pages));
	brim_ids = bench_memory(2 * live * sizeof(*brim_ids));
	memory_kept = bench_memory(live * 160);
}

int main(int argc, char **argv)
{
	static const uint32_t curve[] = { 10, 30, 100, 300, 3000, 10000, 30000, 300000, 1000000 };
	unsigned int rounds = bench_rounds(argc, argv);
	enum bench_part part = bench_part(argc, argv);
	const char *only = argc > 3 ? argv[3] : NULL;
	unsigned int i;

	make_sizes();
	take_memory(part == BENCH_ALL ? LIVE_MAX : 100000);
	if (argc > 4) {
		/* Of one number only, for those who look with a profiler. */
		measure((uint32_t)strtoul(argv[4], NULL, 10), rounds, part, only);
		return 0;
	}
	measure(1000, rounds, part, only);
	measure(100000, rounds, part, only);
	if (part == BENCH_ALL) {
		for (i = 0; i < sizeof(curve) / sizeof(curve[0]); i++) {
			measure(curve[i], rounds, part, only);
		}
		measure_loads(rounds);
	}
	return 0;
}
