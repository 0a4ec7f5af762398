/* SPDX-License-Identifier: MIT */
/*
 * Translation tables, every format: the library beside walks written by hand for the same work.
 *
 * One GiB of pages at 4 GiB, onto memory that is congruent to pages only; a fresh root each time,
 * tables made inside the measured time. Then single pages at random places, and blocks. Nobody
 * walks the tables, so that barriers and invalidations cost nothing on either side; "synced"
 * figures call empty functions.
 */

#include "bench.h"
#include "hand.h"

#include <stdio.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/riscv.h>

#define GIB         (UINT64_C(1) << 30)
#define VA          (4 * GIB)
#define PA          UINT64_C(0x80000000)
#define FRAMES_PA   UINT64_C(0x40000000)
#define ARENA_SIZE  (UINT64_C(140) << 20)
#define WINDOW_SIZE (64 * GIB)
#define LIVE        65536u
#define LOOKUPS     262144u

/* Leaf words of kernel memory, writable and read-only, and the bits that tell them apart. */
#define ARM_WORD    UINT64_C(0x0060000000000704)
#define ARM_MASK    (UINT64_C(3) << 6 | UINT64_C(0xf) << 53)
#define ARM_READ    (UINT64_C(1) << 7 | UINT64_C(3) << 53)
#define RISCV_WORD  UINT64_C(0xe7)
#define RISCV_MASK  UINT64_C(0x3de)
#define RISCV_READ  UINT64_C(0xc2)

/* The walks by hand for one format, each compiled with the format as a constant. */
struct hand_calls {
	struct hand_format format;
	uint64_t word;
	void (*map)(struct hand_table *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t chunk);
	void (*unmap)(struct hand_table *t, uint64_t va, uint64_t size, uint64_t chunk);
	void (*protect)(struct hand_table *t, uint64_t va, uint64_t size, uint64_t chunk);
	uint64_t (*translate)(const struct hand_table *t, uint64_t va, uint64_t mask);
	uint64_t (*query)(const struct hand_table *t, uint64_t va, uint64_t mask);
	void (*pairs)(struct hand_table *t, const uint64_t *old, const uint64_t *new, bool barriers);
	void (*block)(struct hand_table *t, uint64_t va, uint64_t pa, uint64_t size,
		      unsigned int level);
};

#define HAND_CALLS(name, page_shift_, index_bits_, levels_, arm_, word_, mask_, read_)             \
	static const struct hand_format name##_format = { page_shift_, index_bits_, levels_,       \
							  arm_ };                                  \
	static __attribute__((noinline)) void name##_map(struct hand_table *t, uint64_t va,        \
							 uint64_t pa, uint64_t size,               \
							 uint64_t chunk)                           \
	{                                                                                          \
		bool ok = true;                                                                    \
		uint64_t at;                                                                       \
                                                                                                   \
		for (at = 0; at < size; at += chunk) {                                             \
			ok &= hand_map(&name##_format, t, va + at, pa + at, chunk, word_, 0);      \
		}                                                                                  \
		bench_require(ok, "map by hand");                                                  \
	}                                                                                          \
	static __attribute__((noinline)) void name##_unmap(struct hand_table *t, uint64_t va,      \
							   uint64_t size, uint64_t chunk)          \
	{                                                                                          \
		bool ok = true;                                                                    \
		uint64_t at;                                                                       \
                                                                                                   \
		for (at = 0; at < size; at += chunk) {                                             \
			ok &= hand_unmap(&name##_format, t, va + at, chunk);                       \
		}                                                                                  \
		bench_require(ok, "unmap by hand");                                                \
	}                                                                                          \
	static __attribute__((noinline)) void name##_protect(struct hand_table *t, uint64_t va,    \
							     uint64_t size, uint64_t chunk)        \
	{                                                                                          \
		bool ok = true;                                                                    \
		uint64_t at;                                                                       \
                                                                                                   \
		for (at = 0; at < size; at += chunk) {                                             \
			ok &= hand_protect(&name##_format, t, va + at, chunk, mask_, read_);       \
		}                                                                                  \
		bench_require(ok, "protect by hand");                                              \
	}                                                                                          \
	static __attribute__((noinline)) uint64_t name##_translate(const struct hand_table *t,     \
								   uint64_t va, uint64_t mask)     \
	{                                                                                          \
		struct bench_random random = { 1 };                                                \
		uint64_t sum = 0;                                                                  \
		unsigned int i;                                                                    \
                                                                                                   \
		for (i = 0; i < LOOKUPS; i++) {                                                    \
			struct hand_found found;                                                   \
                                                                                                   \
			if (hand_query(&name##_format, t, va + (bench_next(&random) & mask),       \
				       &found)) {                                                  \
				sum += found.pa;                                                   \
			}                                                                          \
		}                                                                                  \
		return sum;                                                                        \
	}                                                                                          \
	static __attribute__((noinline)) uint64_t name##_query(const struct hand_table *t,         \
							       uint64_t va, uint64_t mask)         \
	{                                                                                          \
		struct bench_random random = { 1 };                                                \
		uint64_t sum = 0;                                                                  \
		unsigned int i;                                                                    \
                                                                                                   \
		for (i = 0; i < LOOKUPS; i++) {                                                    \
			struct hand_found found;                                                   \
                                                                                                   \
			if (hand_query(&name##_format, t, va + (bench_next(&random) & mask),       \
				       &found)) {                                                  \
				sum += found.pa;                                                   \
				bench_use(found.desc & (mask_));                                   \
				bench_use(found.shift);                                            \
			}                                                                          \
		}                                                                                  \
		return sum;                                                                        \
	}                                                                                          \
	static __attribute__((noinline)) void name##_pairs(struct hand_table *t,                   \
							   const uint64_t *old,                    \
							   const uint64_t *new, bool barriers)     \
	{                                                                                          \
		uint64_t desc = hand_leaf(&name##_format, PA, word_, 0);                           \
		bool ok = true;                                                                    \
		unsigned int i;                                                                    \
                                                                                                   \
		for (i = 0; i < LIVE; i++) {                                                       \
			ok &= hand_unmap_page(&name##_format, t, old[i]);                          \
			if (barriers) {                                                            \
				bench_barrier();                                                   \
			}                                                                          \
			ok &= hand_map_page(&name##_format, t, new[i], desc);                      \
			if (barriers) {                                                            \
				bench_barrier();                                                   \
			}                                                                          \
		}                                                                                  \
		bench_require(ok, "pairs by hand");                                                \
	}                                                                                          \
	static __attribute__((noinline)) void name##_block(struct hand_table *t, uint64_t va,      \
							   uint64_t pa, uint64_t size,             \
							   unsigned int level)                     \
	{                                                                                          \
		bool ok = false;                                                                   \
                                                                                                   \
		if (level + 1 == name##_format.levels) {                                           \
			ok = hand_map_root(&name##_format, t, va, pa, word_);                      \
		} else if (level == 0) {                                                           \
			ok = hand_map(&name##_format, t, va, pa, size, word_, 0);                  \
		} else if (level == 1) {                                                           \
			ok = hand_map(&name##_format, t, va, pa, size, word_, 1);                  \
		} else if (level == 2 && name##_format.levels > 3) {                               \
			ok = hand_map(&name##_format, t, va, pa, size, word_, 2);                  \
		} else if (level == 3 && name##_format.levels > 4) {                               \
			ok = hand_map(&name##_format, t, va, pa, size, word_, 3);                  \
		}                                                                                  \
		bench_require(ok, "blocks by hand");                                               \
	}                                                                                          \
	static const struct hand_calls name##_calls = {                                            \
		{ page_shift_, index_bits_, levels_, arm_ },                                       \
		word_,                                                                             \
		name##_map,                                                                        \
		name##_unmap,                                                                      \
		name##_protect,                                                                    \
		name##_translate,                                                                  \
		name##_query,                                                                      \
		name##_pairs,                                                                      \
		name##_block,                                                                      \
	}

HAND_CALLS(aarch64_4k, 12, 9, 4, true, ARM_WORD, ARM_MASK, ARM_READ);
HAND_CALLS(aarch64_16k, 14, 11, 4, true, ARM_WORD, ARM_MASK, ARM_READ);
HAND_CALLS(aarch64_64k, 16, 13, 3, true, ARM_WORD, ARM_MASK, ARM_READ);
HAND_CALLS(riscv_sv39, 12, 9, 3, false, RISCV_WORD, RISCV_MASK, RISCV_READ);
HAND_CALLS(riscv_sv48, 12, 9, 4, false, RISCV_WORD, RISCV_MASK, RISCV_READ);
HAND_CALLS(riscv_sv57, 12, 9, 5, false, RISCV_WORD, RISCV_MASK, RISCV_READ);

/* What is measured: a format, and where its figures go. */
struct subject {
	const char *name;
	const struct vmm_format *format;
	const struct hand_calls *hand;
};

static const struct subject subjects[] = {
	{ "aarch64-4k", &vmm_aarch64_4k, &aarch64_4k_calls },
	{ "aarch64-16k", &vmm_aarch64_16k, &aarch64_16k_calls },
	{ "aarch64-64k", &vmm_aarch64_64k, &aarch64_64k_calls },
	{ "riscv-sv39", &vmm_riscv_sv39, &riscv_sv39_calls },
	{ "riscv-sv48", &vmm_riscv_sv48, &riscv_sv48_calls },
	{ "riscv-sv57", &vmm_riscv_sv57, &riscv_sv57_calls },
};

/* --- tables over one arena, which both sides use in turn --- */

static uint8_t *arena;
static struct vmm_bump bump;
static struct vmm_table table;
static struct hand_table hand;
static uint16_t hand_counts[ARENA_SIZE >> 12];
static uint64_t live_pages[LIVE];
static uint64_t other_pages[LIVE];

static void say_nothing(const struct vmm_table *of)
{
	(void)of;
}

static void say_nothing_of(const struct vmm_table *of, const struct vmm_invalidation *what)
{
	(void)of;
	(void)what;
}

static bool is_never(const struct vmm_table *of)
{
	(void)of;
	return false;
}

static const struct vmm_sync empty_sync = {
	say_nothing, say_nothing_of, say_nothing_of, say_nothing, NULL, is_never,
};

static void start_lib(const struct subject *s, uint32_t flags, const struct vmm_sync *sync)
{
	struct vmm_table_config config = { 0 };
	vmm_pa_region_t memory;

	memset(&bump, 0, sizeof(bump));
	memset(&table, 0, sizeof(table));
	memory.bytes.start = FRAMES_PA;
	memory.bytes.size = ARENA_SIZE;
	bench_require(vmm_bump_init(&bump, memory, s->format->geometry->page_shift,
				    (uint64_t)(uintptr_t)arena - FRAMES_PA) == VMM_OK,
		      "frames");
	config.format = s->format;
	config.frames = &bump.frames;
	config.flags = flags;
	config.sync = sync;
	bench_require(vmm_table_init(&table, &config) == VMM_OK, "table");
}

static void start_hand(const struct subject *s, bool counting)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;

	hand.window = (uint64_t)(uintptr_t)arena - FRAMES_PA;
	hand.first = hand.root = FRAMES_PA;
	hand.next = FRAMES_PA + page;
	hand.free = 0;
	hand.counts = counting ? hand_counts : NULL;
	memset(arena, 0, page);
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

static void map_chunks(uint64_t va, uint64_t pa, uint64_t size, uint64_t chunk)
{
	uint64_t at;
	bool ok = true;

	for (at = 0; at < size; at += chunk) {
		ok &= vmm_table_map(&table, region(va + at, chunk), vmm_pa(pa + at), VMM_KERNEL_RW,
				    NULL) == VMM_OK;
	}
	bench_require(ok, "map");
}

static void unmap_chunks(uint64_t va, uint64_t size, uint64_t chunk)
{
	uint64_t at;
	bool ok = true;

	for (at = 0; at < size; at += chunk) {
		ok &= vmm_table_unmap(&table, region(va + at, chunk), NULL) == VMM_OK;
	}
	bench_require(ok, "unmap");
}

static void protect_chunks(uint64_t va, uint64_t size, uint64_t chunk)
{
	uint64_t at;
	bool ok = true;

	for (at = 0; at < size; at += chunk) {
		ok &= vmm_table_protect(&table, region(va + at, chunk), VMM_KERNEL_RO, NULL) ==
		      VMM_OK;
	}
	bench_require(ok, "protect");
}

/* --- ranges --- */

static void report(const struct subject *s, const char *operation, const char *who,
		   const struct bench_figure *figure, double count, const char *unit)
{
	bench_report("tables", s->name, operation, who, figure->lowest / count, unit);
}

/* Map, protect and unmap a GiB in calls of `chunk` bytes. */
static void measure_range(const struct subject *s, uint64_t chunk, unsigned int rounds,
			  const char *calls, const struct vmm_sync *sync)
{
	enum { MAP, PROTECT, UNMAP, OPERATIONS };
	static const char *const names[OPERATIONS] = { "map", "protect", "unmap" };
	struct bench_figure lib[OPERATIONS], bound[OPERATIONS];
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	double pages = (double)(GIB / page);
	uint64_t pa = PA + page;
	unsigned int i;

	for (i = 0; i < OPERATIONS; i++) {
		bench_start(&lib[i]);
		bench_start(&bound[i]);
	}
	for (i = 0; i < rounds; i++) {
		double start;

		start_lib(s, 0, sync);
		start = bench_now();
		map_chunks(VA, pa, GIB, chunk);
		bench_sample(&lib[MAP], bench_since(start));
		start = bench_now();
		protect_chunks(VA, GIB, chunk);
		bench_sample(&lib[PROTECT], bench_since(start));
		start = bench_now();
		unmap_chunks(VA, GIB, chunk);
		bench_sample(&lib[UNMAP], bench_since(start));

		start_hand(s, false);
		start = bench_now();
		s->hand->map(&hand, VA, pa, GIB, chunk);
		bench_sample(&bound[MAP], bench_since(start));
		start = bench_now();
		s->hand->protect(&hand, VA, GIB, chunk);
		bench_sample(&bound[PROTECT], bench_since(start));
		start = bench_now();
		s->hand->unmap(&hand, VA, GIB, chunk);
		bench_sample(&bound[UNMAP], bench_since(start));
	}
	for (i = 0; i < OPERATIONS; i++) {
		char operation[64];

		snprintf(operation, sizeof(operation), "%s %s", names[i], calls);
		report(s, operation, "lib", &lib[i], pages, "ns/page");
		report(s, operation, "hand", &bound[i], pages, "ns/page");
	}
}

/* The limit of any map: so many words stored, where nobody looks. */
static __attribute__((noinline)) void store_words(uint64_t *words, size_t count, uint64_t first,
						  uint64_t step)
{
	size_t i;

	for (i = 0; i < count; i++) {
		words[i] = first + i * step;
	}
}

static void measure_stores(const struct subject *s, unsigned int rounds)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	size_t count = (size_t)(GIB / page);
	struct bench_figure stores;
	unsigned int i;

	bench_start(&stores);
	for (i = 0; i < rounds; i++) {
		double start = bench_now();

		store_words((uint64_t *)(void *)arena, count, PA | 0x703, page);
		bench_use((uint64_t)(uintptr_t)arena);
		bench_sample(&stores, bench_since(start));
	}
	report(s, "map one call", "stores", &stores, (double)count, "ns/page");
}

/* --- lookups --- */

static void measure_lookups(const struct subject *s, unsigned int rounds)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	struct bench_figure translate, query, hand_translate, hand_query_, visit;
	unsigned int i, k;

	bench_start(&translate);
	bench_start(&query);
	bench_start(&hand_translate);
	bench_start(&hand_query_);
	bench_start(&visit);
	start_lib(s, 0, NULL);
	map_chunks(VA, PA + page, GIB, GIB);
	/* The walk by hand reads the same tables. */
	hand.root = vmm_pa_raw(vmm_table_root(&table));
	hand.window = (uint64_t)(uintptr_t)arena - FRAMES_PA;
	for (i = 0; i < rounds; i++) {
		struct bench_random random = { 1 };
		struct vmm_cursor cursor = { 0 };
		struct vmm_leaf leaf;
		uint64_t sum = 0;
		uint64_t sum_query = 0;
		uint64_t count = 0;
		double start = bench_now();

		for (k = 0; k < LOOKUPS; k++) {
			vmm_va_t va = vmm_va(VA + (bench_next(&random) & (GIB - 1)));
			vmm_pa_t pa;

			if (vmm_table_translate(&table, va, &pa) == VMM_OK) {
				sum += vmm_pa_raw(pa);
			}
		}
		bench_sample(&translate, bench_since(start));
		random.state = 1;
		start = bench_now();
		for (k = 0; k < LOOKUPS; k++) {
			uint64_t va = VA + (bench_next(&random) & (GIB - 1));

			if (vmm_table_query(&table, vmm_va(va), &leaf) == VMM_OK) {
				sum_query += vmm_pa_raw(leaf.pa) + (va & (leaf.size - 1));
				bench_use(leaf.attr.bits);
			}
		}
		bench_sample(&query, bench_since(start));
		bench_require(sum == sum_query, "translate and query agree");
		start = bench_now();
		bench_require(s->hand->translate(&hand, VA, GIB - 1) == sum, "hand agrees");
		bench_sample(&hand_translate, bench_since(start));
		start = bench_now();
		bench_require(s->hand->query(&hand, VA, GIB - 1) == sum, "hand agrees");
		bench_sample(&hand_query_, bench_since(start));
		cursor.each = true;
		start = bench_now();
		while (vmm_table_visit(&table, &cursor, &leaf, NULL) == VMM_OK) {
			count++;
		}
		bench_sample(&visit, bench_since(start));
		bench_require(count == GIB / page, "visit sees every page");
	}
	report(s, "translate", "lib", &translate, LOOKUPS, "ns");
	report(s, "translate", "hand", &hand_translate, LOOKUPS, "ns");
	report(s, "query", "lib", &query, LOOKUPS, "ns");
	report(s, "query", "hand", &hand_query_, LOOKUPS, "ns");
	report(s, "visit", "lib", &visit, (double)(GIB / page), "ns/page");
}

/* --- single pages at random places --- */

/* Different random pages of the window: the ones that are mapped first, and where they go. */
static void choose_pages(uint64_t page)
{
	struct bench_random random = { 42 };
	uint64_t pages = WINDOW_SIZE / page;
	uint8_t *taken = bench_memory(pages);
	unsigned int i;

	memset(taken, 0, pages);
	for (i = 0; i < 2 * LIVE; i++) {
		uint64_t chosen;

		do {
			chosen = bench_next(&random) % pages;
		} while (taken[chosen] != 0);
		taken[chosen] = 1;
		*(i < LIVE ? &live_pages[i] : &other_pages[i - LIVE]) = VA + chosen * page;
	}
}

static void pairs(const uint64_t *old, const uint64_t *new, uint64_t page, bool barriers)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < LIVE; i++) {
		ok &= vmm_table_unmap(&table, region(old[i], page), NULL) == VMM_OK;
		if (barriers) {
			bench_barrier();
		}
		ok &= vmm_table_map(&table, region(new[i], page), vmm_pa(PA + page), VMM_KERNEL_RW,
				    NULL) == VMM_OK;
		if (barriers) {
			bench_barrier();
		}
	}
	bench_require(ok, "pairs");
}

/* There and back again, so that each round starts with the same pages. */
static double time_pairs(const struct subject *s, bool by_hand, bool barriers, bool back)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	const uint64_t *old = back ? other_pages : live_pages;
	const uint64_t *new = back ? live_pages : other_pages;
	double start = bench_now();

	if (by_hand) {
		s->hand->pairs(&hand, old, new, barriers);
	} else {
		pairs(old, new, page, barriers);
	}
	return bench_since(start);
}

/*
 * Free-running, and with a barrier after each operation, as there is one wherever a CPU translates by the table:
 * without, the CPU works on as many pairs at a time as fit into what it looks ahead.
 */
static void measure_pairs_of(const struct subject *s, bool by_hand, const char *who,
			     unsigned int rounds)
{
	struct bench_figure free_running, ordered;
	unsigned int i;

	bench_start(&free_running);
	bench_start(&ordered);
	for (i = 0; i < rounds; i++) {
		bench_sample(&free_running, time_pairs(s, by_hand, false, false));
		bench_sample(&ordered, time_pairs(s, by_hand, true, true));
		bench_sample(&ordered, time_pairs(s, by_hand, true, false));
		bench_sample(&free_running, time_pairs(s, by_hand, false, true));
	}
	report(s, "random pair", who, &free_running, LIVE, "ns");
	report(s, "random pair, in order", who, &ordered, LIVE, "ns");
}

static void map_live(const struct subject *s, bool by_hand)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	unsigned int i;

	for (i = 0; i < LIVE; i++) {
		if (by_hand) {
			s->hand->map(&hand, live_pages[i], PA + page, page, page);
		} else {
			map_chunks(live_pages[i], PA + page, page, page);
		}
	}
}

/* Makes every last-level table of the window. */
static void make_tables(const struct subject *s, bool by_hand)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	uint64_t reach = page << s->hand->format.index_bits;
	uint64_t at;

	for (at = 0; at < WINDOW_SIZE; at += reach) {
		if (by_hand) {
			s->hand->map(&hand, VA + at, PA + page, page, page);
			s->hand->unmap(&hand, VA + at, page, page);
		} else {
			map_chunks(VA + at, PA + page, page, page);
			unmap_chunks(VA + at, page, page);
		}
	}
}

/* How many pages each table of the walk by hand has, for the walk that frees those without any. */
static void count_live(const struct subject *s)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	unsigned int i;

	memset(hand_counts, 0, sizeof(hand_counts));
	for (i = 0; i < LIVE; i++) {
		struct hand_table *t = &hand;
		uint64_t at = hand.root;
		unsigned int level;

		for (level = s->hand->format.levels - 1; level > 0; level--) {
			at = hand_next(&s->hand->format,
				       hand_at(t, at)[hand_index(&s->hand->format, level,
								 live_pages[i])]);
		}
		hand_counts[(at - FRAMES_PA) / page]++;
	}
}

static void measure_pairs(const struct subject *s, unsigned int rounds)
{
	choose_pages(UINT64_C(1) << s->hand->format.page_shift);
	start_hand(s, false);
	make_tables(s, true);
	map_live(s, true);
	measure_pairs_of(s, true, "hand", rounds);

	start_hand(s, false);
	map_live(s, true);
	count_live(s);
	hand.counts = hand_counts;
	measure_pairs_of(s, true, "hand, freeing", rounds);

	start_lib(s, VMM_TABLE_KEEP, NULL);
	make_tables(s, false);
	map_live(s, false);
	measure_pairs_of(s, false, "lib, keeping", rounds);

	start_lib(s, 0, NULL);
	map_live(s, false);
	measure_pairs_of(s, false, "lib", rounds);

	start_lib(s, 0, &empty_sync);
	map_live(s, false);
	measure_pairs_of(s, false, "lib, synced", rounds);
}

/* --- blocks --- */

/* Fresh tables that are timed together, as one call is over before a clock can tell. */
#define TABLES 64u

static struct vmm_table tables[TABLES];
static struct hand_table hand_roots[TABLES];

static double time_blocks(const struct subject *s, uint64_t va, uint64_t pa, uint64_t size)
{
	struct vmm_table_config config = { 0 };
	unsigned int i;
	bool ok = true;
	double start;

	start_lib(s, 0, NULL);
	memset(tables, 0, sizeof(tables));
	config.format = s->format;
	config.frames = &bump.frames;
	for (i = 0; i < TABLES; i++) {
		ok &= vmm_table_init(&tables[i], &config) == VMM_OK;
	}
	start = bench_now();
	for (i = 0; i < TABLES; i++) {
		ok &= vmm_table_map(&tables[i], region(va, size), vmm_pa(pa), VMM_KERNEL_RW,
				    NULL) == VMM_OK;
	}
	start = bench_since(start);
	bench_require(ok, "blocks");
	return start / TABLES;
}

static double time_blocks_by_hand(const struct subject *s, uint64_t va, uint64_t pa, uint64_t size,
				  unsigned int level)
{
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	unsigned int i;
	double start;

	start_hand(s, false);
	memset(arena, 0, TABLES * page);
	for (i = 0; i < TABLES; i++) {
		hand_roots[i] = hand;
		hand_roots[i].root = FRAMES_PA + i * page;
		/* Enough for what one block takes. */
		hand_roots[i].next = FRAMES_PA + (TABLES + i * 4) * page;
	}
	start = bench_now();
	for (i = 0; i < TABLES; i++) {
		s->hand->block(&hand_roots[i], va, pa, size, level);
	}
	return bench_since(start) / TABLES;
}

static void measure_block(const struct subject *s, const char *operation, uint64_t pa,
			  uint64_t size, unsigned int level, unsigned int rounds)
{
	/* Where the block fits, above what is small. */
	uint64_t va = size > VA ? size : VA;
	struct bench_figure lib, bound;
	unsigned int i;

	bench_start(&lib);
	bench_start(&bound);
	for (i = 0; i < 4 * rounds; i++) {
		bench_sample(&lib, time_blocks(s, va, pa, size));
		bench_sample(&bound, time_blocks_by_hand(s, va, pa, size, level));
	}
	report(s, operation, "lib", &lib, 1, "ns");
	report(s, operation, "hand", &bound, 1, "ns");
}

static void measure_blocks(const struct subject *s, unsigned int rounds)
{
	const struct vmm_geometry *geometry = s->format->geometry;
	unsigned int level = geometry->leaf_level_max;
	unsigned int shift = geometry->page_shift + level * geometry->index_bits;
	unsigned int next = shift - geometry->index_bits;
	uint64_t largest = UINT64_C(1) << shift;
	uint64_t smaller = UINT64_C(1) << next;

	measure_block(s, "largest block", largest > PA ? 0 : PA, largest, level, rounds);
	measure_block(s, "512 of the next", smaller > PA ? smaller : PA + smaller, 512 * smaller,
		      level - 1, rounds);
}

static void measure(const struct subject *s, unsigned int rounds, enum bench_part part)
{
	static const unsigned int pages[] = { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144 };
	uint64_t page = UINT64_C(1) << s->hand->format.page_shift;
	unsigned int i;

	measure_stores(s, rounds);
	measure_range(s, GIB, rounds, "one call", NULL);
	measure_range(s, UINT64_C(1) << 20, rounds, "1 MiB calls", NULL);
	measure_range(s, UINT64_C(1) << 20, rounds, "1 MiB calls synced", &empty_sync);
	measure_lookups(s, rounds);
	measure_pairs(s, rounds);
	measure_blocks(s, rounds);
	if (part == BENCH_MAIN) {
		return;
	}
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]) && pages[i] * page <= GIB; i++) {
		char calls[32];

		snprintf(calls, sizeof(calls), "by %u", pages[i]);
		measure_range(s, pages[i] * page, rounds < 3 ? rounds : 3, calls, NULL);
	}
}

int main(int argc, char **argv)
{
	unsigned int rounds = bench_rounds(argc, argv);
	unsigned int i;

	arena = bench_memory(ARENA_SIZE);
	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (argc < 4 || strcmp(argv[3], subjects[i].name) == 0) {
			measure(&subjects[i], rounds, bench_part(argc, argv));
		}
	}
	return 0;
}
