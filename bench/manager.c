/* SPDX-License-Identifier: MIT */
/*
 * The manager beside what it is made of: the operation on the table and the one on the address
 * space, each done by itself for the same pages in the same order. What the manager costs above
 * their sum is the record: entries, names, and who maps what memory.
 */

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/vmm.h>

#define PAGE       UINT64_C(4096)
#define FRAMES_PA  UINT64_C(0x40000000)
#define ARENA_SIZE (UINT64_C(16) << 20)
#define MEMORY_PA  UINT64_C(0x100000000)
#define DEVICE_PA  UINT64_C(0x1000000000)
#define AREA       UINT64_C(0x8000000000)
#define WINDOW     UINT64_C(0x10000000000)
#define MAX        100000u
/* So many operations are timed together. */
#define OPERATIONS 20000u

static uint8_t *arena;
static struct vmm_bump bump;
static struct vmm_table table;
static struct vmm_space space;
static struct vmm vmm;
static struct vmm_mapping *pool;
static struct vmm_range *ranges;

/* A mapping of one page. The first half of them is there, the second is not. */
struct page {
	uint64_t va;
	uint64_t pa;
	uint32_t range;
};

static struct page *pages;

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

static void start_table(void)
{
	struct vmm_table_config config = { 0 };
	vmm_pa_region_t memory = VMM_PA_REGION_INIT(FRAMES_PA, ARENA_SIZE);

	memset(&bump, 0, sizeof(bump));
	memset(&table, 0, sizeof(table));
	bench_require(vmm_bump_init(&bump, memory, 12, (uint64_t)(uintptr_t)arena - FRAMES_PA) ==
			      VMM_OK,
		      "frames");
	config.format = &vmm_aarch64_4k;
	config.frames = &bump.frames;
	bench_require(vmm_table_init(&table, &config) == VMM_OK, "table");
}

static void start_space(void)
{
	memset(&space, 0, sizeof(space));
	memset(ranges, 0, 2 * MAX * sizeof(*ranges));
	bench_require(vmm_space_init(&space, region(AREA, 4 * MAX * PAGE), NULL) == VMM_OK,
		      "space");
}

static void start_vmm(uint32_t count)
{
	struct vmm_config config = { 0 };

	start_table();
	memset(&vmm, 0, sizeof(vmm));
	config.table = &table;
	config.pool = pool;
	config.pool_count = count + 1;
	config.area = region(AREA, 4 * MAX * PAGE);
	config.mmio_window = region(WINDOW, 4 * MAX * PAGE);
	bench_require(vmm_init(&vmm, &config) == VMM_OK, "manager");
}

/* --- the three, for fixed addresses: true if it went well --- */

static bool vmm_on(struct page *page)
{
	return vmm_map_at(&vmm, "page", region(page->va, PAGE), vmm_pa(page->pa), VMM_KERNEL_RW,
			  NULL) == VMM_OK;
}

static bool vmm_off(struct page *page)
{
	return vmm_unmap(&vmm, vmm_va(page->va), NULL) == VMM_OK;
}

static bool table_on(struct page *page)
{
	return vmm_table_map(&table, region(page->va, PAGE), vmm_pa(page->pa), VMM_KERNEL_RW,
			     NULL) == VMM_OK;
}

static bool table_off(struct page *page)
{
	return vmm_table_unmap(&table, region(page->va, PAGE), NULL) == VMM_OK;
}

static bool space_on(struct page *page)
{
	return vmm_space_reserve_at(&space, region(page->va, PAGE), NULL, &ranges[page->range],
				    NULL) == VMM_OK;
}

static bool space_off(struct page *page)
{
	return vmm_space_release_at(&space, vmm_va(page->va), NULL) == VMM_OK;
}

/* --- the same for devices; the address is the manager's and the space's choice --- */

static bool vmm_device_on(struct page *page)
{
	vmm_va_t va;
	bool ok = vmm_map_mmio(&vmm, "device", vmm_pa(page->pa), PAGE, &va, NULL) == VMM_OK;

	page->va = vmm_va_raw(va);
	return ok;
}

static bool vmm_device_off(struct page *page)
{
	return vmm_unmap_mmio(&vmm, vmm_va(page->va), "device", NULL) == VMM_OK;
}

/* Anywhere, as nobody chooses. */
static bool table_device_on(struct page *page)
{
	page->va = AREA + page->range * PAGE;
	return vmm_table_map(&table, region(page->va, PAGE), vmm_pa(page->pa), VMM_DEVICE, NULL) ==
	       VMM_OK;
}

static bool space_device_on(struct page *page)
{
	struct vmm_range *range = &ranges[page->range];
	struct vmm_want want = { 0 };
	bool ok;

	want.size = PAGE;
	ok = vmm_space_reserve(&space, &want, range) == VMM_OK;
	page->va = vmm_va_raw(vmm_va_region_start(vmm_range_region(range)));
	return ok;
}

/* By address, as a driver does. */
#define space_device_off space_off

/* A further user of a device that is there, and its end. */
static bool share(struct page *page)
{
	vmm_va_t va;

	return vmm_map_mmio(&vmm, "other", vmm_pa(page->pa), PAGE, &va, NULL) == VMM_OK &&
	       vmm_unmap_mmio(&vmm, va, "other", NULL) == VMM_OK;
}

/* --- the workload --- */

static void shuffle(uint32_t count)
{
	struct bench_random random = { 99 };
	uint32_t i;

	for (i = count - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(bench_next(&random) % (i + 1));
		struct page page = pages[i];

		pages[i] = pages[j];
		pages[j] = page;
	}
}

/* `count` pages that are there and as many that are not, all at random places. */
static void choose(uint32_t count, uint64_t first_pa)
{
	uint32_t i;

	for (i = 0; i < 2 * count; i++) {
		pages[i].va = AREA + i * 2 * PAGE;
		pages[i].pa = first_pa + i * 2 * PAGE;
		pages[i].range = i;
	}
	shuffle(2 * count);
}

typedef bool (*operation)(struct page *page);

/* By calls through a pointer, which costs the same for all. */
static double run(operation op, uint32_t first, uint32_t count)
{
	double start = bench_now();
	bool ok = true;
	uint32_t i;

	for (i = first; i < first + count; i++) {
		ok &= op(&pages[i]);
	}
	start = bench_since(start);
	bench_require(ok, "operation of the manager, the table or the space");
	return start;
}

struct figures {
	struct bench_figure on, off;
};

/* With `count` there: takes a quarter away, puts as many others there, and back again. */
static void measure_round(operation on, operation off, uint32_t count, struct figures *figures)
{
	uint32_t batch = count / 4;
	uint32_t batches = OPERATIONS / (2 * batch) + 1;
	double on_time = 0;
	double off_time = 0;
	uint32_t i;

	for (i = 0; i < batches; i++) {
		off_time += run(off, 0, batch);
		on_time += run(on, count, batch);
		off_time += run(off, count, batch);
		on_time += run(on, 0, batch);
	}
	bench_sample(&figures->on, on_time / (2 * batches * batch));
	bench_sample(&figures->off, off_time / (2 * batches * batch));
}

static struct figures measure_one(operation on, operation off, uint32_t count,
				  unsigned int rounds)
{
	struct figures figures;
	unsigned int i;

	bench_start(&figures.on);
	bench_start(&figures.off);
	run(on, 0, count);
	/* Else those that choose addresses themselves would find all in order. */
	shuffle(count);
	for (i = 0; i < rounds; i++) {
		measure_round(on, off, count, &figures);
	}
	return figures;
}

static void report(uint32_t count, const char *on, const char *off, const char *who,
		   const struct figures *figures)
{
	char subject[32];

	snprintf(subject, sizeof(subject), "%u", count);
	bench_report("manager", subject, on, who, figures->on.lowest, "ns");
	bench_report("manager", subject, off, who, figures->off.lowest, "ns");
}

static void measure_fixed(uint32_t count, unsigned int rounds)
{
	struct figures figures;

	choose(count, MEMORY_PA);
	start_vmm(2 * count);
	figures = measure_one(vmm_on, vmm_off, count, rounds);
	report(count, "map_at", "unmap", "lib", &figures);
	bench_require(vmm_check(&vmm) == VMM_OK, "the manager is sound");
	start_table();
	figures = measure_one(table_on, table_off, count, rounds);
	report(count, "map_at", "unmap", "table", &figures);
	start_space();
	figures = measure_one(space_on, space_off, count, rounds);
	report(count, "map_at", "unmap", "space", &figures);
}

static void measure_devices(uint32_t count, unsigned int rounds)
{
	struct bench_figure shared;
	struct figures figures;
	char subject[32];
	unsigned int i;

	choose(count, DEVICE_PA);
	start_space();
	figures = measure_one(space_device_on, space_device_off, count, rounds);
	report(count, "map_mmio", "unmap_mmio", "space", &figures);
	start_table();
	figures = measure_one(table_device_on, table_off, count, rounds);
	report(count, "map_mmio", "unmap_mmio", "table", &figures);
	choose(count, DEVICE_PA);
	start_vmm(2 * count);
	figures = measure_one(vmm_device_on, vmm_device_off, count, rounds);
	report(count, "map_mmio", "unmap_mmio", "lib", &figures);
	bench_start(&shared);
	for (i = 0; i < rounds; i++) {
		bench_sample(&shared, run(share, 0, count) / count);
	}
	snprintf(subject, sizeof(subject), "%u", count);
	bench_report("manager", subject, "share a device", "lib", shared.lowest, "ns");
	bench_require(vmm_check(&vmm) == VMM_OK, "the manager is sound");
}

int main(int argc, char **argv)
{
	static const uint32_t counts[] = { 64, 1000, 10000, MAX };
	unsigned int rounds = bench_rounds(argc, argv);
	/* Of what one wants to know more about. */
	uint32_t only = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
	unsigned int i;

	arena = bench_memory(ARENA_SIZE);
	pool = bench_memory((2 * MAX + 1) * sizeof(*pool));
	ranges = bench_memory(2 * MAX * sizeof(*ranges));
	pages = bench_memory(2 * MAX * sizeof(*pages));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (only == 0 || only == counts[i]) {
			measure_fixed(counts[i], rounds);
			measure_devices(counts[i], rounds);
		}
	}
	return 0;
}
