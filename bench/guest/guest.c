/* SPDX-License-Identifier: MIT */
/*
 * Instructions per operation, counted by the CPU that QEMU plays: with -icount shift=0 its counters
 * count instructions, each time the same. The MMU is off and nobody is told of a change, so that
 * what is counted is the library alone.
 */

#include "guest.h"

#include <vmm/bump.h>
#include <vmm/table.h>

#define ARENA_SIZE (UINT64_C(4) << 20)
#define VA         (UINT64_C(4) << 30)
#define PA         UINT64_C(0x80000000)

static uint8_t arena[ARENA_SIZE] __attribute__((aligned(1 << 16)));
static struct vmm_bump bump;
static struct vmm_table table;
static uint64_t nothing; /* what reading the counter twice counts */

/* Zeroed structs become calls of it; the library makes none. */
void *memset(void *memory, int value, size_t size);

void *memset(void *memory, int value, size_t size)
{
	volatile uint8_t *byte = memory;

	while (size-- > 0) {
		*byte++ = (uint8_t)value;
	}
	return memory;
}

static void print_number(uint64_t number)
{
	char digits[21];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		at--;
		digits[at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	guest_print(&digits[at]);
}

static void report(const struct guest_format *format, const char *operation, uint64_t count)
{
	guest_print("guest\t");
	guest_print(format->name);
	guest_print("\t");
	guest_print(operation);
	guest_print("\tlib\t");
	print_number(count);
	guest_print("\tinstructions\n");
}

static void require(enum vmm_err err)
{
	if (err != VMM_OK) {
		guest_print("an operation failed\n");
		guest_exit();
	}
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

static uint64_t map(uint64_t va, uint64_t pa, uint64_t size)
{
	uint64_t start = guest_count();
	enum vmm_err err = vmm_table_map(&table, region(va, size), vmm_pa(pa), VMM_KERNEL_RW, NULL);
	uint64_t end = guest_count();

	require(err);
	return end - start - nothing;
}

static uint64_t unmap(uint64_t va, uint64_t size)
{
	uint64_t start = guest_count();
	enum vmm_err err = vmm_table_unmap(&table, region(va, size), NULL);
	uint64_t end = guest_count();

	require(err);
	return end - start - nothing;
}

static uint64_t protect(uint64_t va, uint64_t size)
{
	uint64_t start = guest_count();
	enum vmm_err err = vmm_table_protect(&table, region(va, size), VMM_KERNEL_RO, NULL);
	uint64_t end = guest_count();

	require(err);
	return end - start - nothing;
}

static uint64_t translate(uint64_t va)
{
	vmm_pa_t pa;
	uint64_t start = guest_count();
	enum vmm_err err = vmm_table_translate(&table, vmm_va(va), &pa);
	uint64_t end = guest_count();

	require(err);
	return end - start - nothing;
}

static uint64_t query(uint64_t va)
{
	struct vmm_leaf leaf;
	uint64_t start = guest_count();
	enum vmm_err err = vmm_table_query(&table, vmm_va(va), &leaf);
	uint64_t end = guest_count();

	require(err);
	return end - start - nothing;
}

static void start(const struct guest_format *format)
{
	struct vmm_table_config config = { 0 };
	vmm_pa_region_t memory = VMM_PA_REGION_INIT((uintptr_t)arena, ARENA_SIZE);
	unsigned int shift = format->format->geometry->page_shift;

	bump = (struct vmm_bump){ 0 };
	table = (struct vmm_table){ 0 };
	require(vmm_bump_init(&bump, memory, shift, 0));
	config.format = format->format;
	config.frames = &bump.frames;
	require(vmm_table_init(&table, &config));
}

static void measure(const struct guest_format *format)
{
	const struct vmm_geometry *geometry = format->format->geometry;
	uint64_t page = UINT64_C(1) << geometry->page_shift;
	uint64_t reach = page << geometry->index_bits;
	uint64_t block = reach;
	uint64_t va = VA;

	start(format);
	report(format, "first page, making every table", map(va, PA + page, page));
	report(format, "page into a table that exists", map(va + page, PA, page));
	report(format, "translate", translate(va));
	report(format, "query", query(va));
	report(format, "protect a page", protect(va, page));
	report(format, "unmap a page", unmap(va, page));
	report(format, "unmap the last page of a table", unmap(va + page, page));
	require(vmm_table_map(&table, region(va, page), vmm_pa(PA), VMM_KERNEL_RW, NULL));
	va += reach;
	report(format, "512 pages into a new table", map(va, PA + page, 512 * page));
	report(format, "protect 512 pages", protect(va, 512 * page));
	report(format, "unmap 512 pages", unmap(va, 512 * page));
	va += reach;
	report(format, "fill 4 tables with pages", map(va, PA + page, 4 * reach));
	report(format, "unmap 4 full tables", unmap(va, 4 * reach));
	va = (va + 8 * reach) & ~(block - 1);
	report(format, "block", map(va, (PA + block) & ~(block - 1), block));
	report(format, "translate in a block", translate(va));
	report(format, "unmap a block", unmap(va, block));
	vmm_table_fini(&table);
}

void guest_main(void)
{
	uint64_t before = guest_count();
	unsigned int i;

	nothing = guest_count() - before;
	for (i = 0; i < guest_format_count; i++) {
		measure(&guest_formats[i]);
	}
	guest_print("done\n");
	guest_exit();
}
