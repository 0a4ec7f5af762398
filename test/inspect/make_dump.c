/* SPDX-License-Identifier: MIT */
/*
 * Makes what vmm-inspect is tested with: memory that holds tables which the library built, and what
 * the library itself says about them.
 *
 *     make_dump FORMAT VARIANT DIRECTORY
 *
 * writes memory.bin, names.txt and expected.json. Variant 0 is a kernel with nothing odd but what
 * it has on purpose; variant 1 is the same after a few changes, for comparisons.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/riscv.h>

#define BASE UINT64_C(0x40000000)
#define SIZE (UINT64_C(4) << 20)

/* Frames lie behind the first MiB of the dump, so that it isn't all tables. */
#define TABLES_AT (UINT64_C(1) << 20)

static const struct named_format {
	const char *name;
	const struct vmm_format *format;
} formats[] = {
	{"aarch64-4k", &vmm_aarch64_4k},   {"aarch64-16k", &vmm_aarch64_16k},
	{"aarch64-64k", &vmm_aarch64_64k}, {"riscv-sv39", &vmm_riscv_sv39},
	{"riscv-sv48", &vmm_riscv_sv48},   {"riscv-sv57", &vmm_riscv_sv57},
};

static struct vmm_bump bump;
static FILE *names;

static _Noreturn void give_up(const char *what, enum vmm_err err)
{
	fprintf(stderr, "make_dump: %s: %s\n", what, vmm_err_str(err));
	exit(1);
}

static void must(const char *what, enum vmm_err err)
{
	if (err != VMM_OK) {
		give_up(what, err);
	}
}

static FILE *open_in(const char *directory, const char *file)
{
	char path[1024];
	FILE *opened;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	opened = fopen(path, "wb");
	if (opened == NULL) {
		perror(path);
		exit(1);
	}
	return opened;
}

static void name(const char *text, const char *kind, uint64_t va, uint64_t size)
{
	fprintf(names, "0x%" PRIx64 " 0x%" PRIx64 " %s %s\n", va, size, kind, text);
}

static void map(struct vmm_table *table, const char *text, uint64_t va, uint64_t size, uint64_t pa,
		vmm_attr_t attr)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(va, size);

	must(text, vmm_table_map(table, region, vmm_pa(pa), attr, NULL));
	name(text, vmm_attr_is_device(attr) ? "device" : "mapping", va, size);
}

/* User programs: low addresses, not global. */
static void map_user(struct vmm_table *table, int variant)
{
	uint64_t page = vmm_table_page_size(table);
	uint64_t va = UINT64_C(0x10000000);
	uint64_t pa = BASE + SIZE;

	map(table, "Program code", va, 4 * page, pa, VMM_USER_RX);
	map(table, "Program constants", va + 4 * page, 2 * page, pa + 8 * page, VMM_USER_RO);
	map(table, "Program data", va + 8 * page, 3 * page, pa + 16 * page, VMM_USER_RW);
	name("Program stack", "guard", va + 15 * page, page);
	map(table, "Program stack", va + 16 * page, 8 * page, pa + 32 * page, VMM_USER_RW);
	if (variant == 1) {
		map(table, "Heap", va + 64 * page, page, pa + 64 * page, VMM_USER_RW);
	}
}

/* A whole table of pages where one block would do. */
static void map_small(struct vmm_table *table, uint64_t va, uint64_t pa)
{
	uint64_t block = vmm_table_page_size(table) << table->format->geometry->index_bits;

	map(table, "Page by page", va, block, pa & ~(block - 1),
	    vmm_attr(VMM_KERNEL_RW.bits | VMM_ATTR_LEAF_MAX(0)));
}

static void map_kernel(struct vmm_table *table, uint64_t start, int variant)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	uint64_t page = vmm_table_page_size(table);
	uint64_t block = page << geometry->index_bits;
	uint64_t run = page << geometry->run_shift[0];
	vmm_va_region_t code = VMM_VA_REGION_INIT(start, 2 * page);

	map(table, "Kernel code", start, 8 * page, BASE, VMM_KERNEL_RX);
	map(table, "Kernel constants", start + 8 * page, 2 * page, BASE + 8 * page, VMM_KERNEL_RO);
	map(table, "Kernel data", start + 10 * page, 6 * page, BASE + 10 * page, VMM_KERNEL_RW);
	name("Kernel stack", "guard", start + 16 * page, page);
	map(table, "Kernel stack", start + 17 * page, 4 * page, BASE + 32 * page, VMM_KERNEL_RW);
	map(table, "Console", start + 3 * block, page, 0x9000000, VMM_DEVICE);
	map(table, "Framebuffer", start + 3 * block + run, 2 * run, 0x80000000,
	    vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL |
		     VMM_ATTR_CONTIG));
	map(table, "More memory", start + 4 * block, 3 * block, UINT64_C(1) << 37, VMM_KERNEL_RW);
	/* The code once more, writable: an alias that no good kernel has. */
	map(table, "Patching", start + 8 * block, page, BASE, VMM_KERNEL_RW);
	map(table, "Trampoline", start + 8 * block + 2 * page, page, 0x50000000,
	    vmm_attr(VMM_KERNEL_RX.bits | VMM_ATTR_WRITE));
	map_small(table, start + 16 * block, UINT64_C(1) << 36);
	if (variant == 1) {
		must("protect", vmm_table_protect(table, code, VMM_KERNEL_RO, NULL));
		code.bytes.start = start + 4 * block;
		code.bytes.size = page;
		must("unmap", vmm_table_unmap(table, code, NULL));
	}
}

static void put_leaves(FILE *out, const struct vmm_table *table, bool each)
{
	struct vmm_cursor cursor = {.each = each};
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	bool first = true;
	enum vmm_err err;

	fputs("[", out);
	while ((err = vmm_table_visit(table, &cursor, &leaf, &detail)) == VMM_OK) {
		fprintf(out,
			"%s\n[\"0x%" PRIx64 "\",\"0x%" PRIx64 "\",\"0x%" PRIx64 "\",%d,%" PRIu32
			",\"0x%" PRIx64 "\"]",
			first ? "" : ",", vmm_va_raw(leaf.va), vmm_pa_raw(leaf.pa), leaf.size,
			vmm_table_arch_level(table, leaf.level), leaf.attr.bits, leaf.descriptor);
		first = false;
	}
	if (err != VMM_ERR_NOENT) {
		give_up("visit", err);
	}
	fputs("]", out);
}

static void put_table(FILE *out, const struct vmm_table *table)
{
	fprintf(out, "{\"root\":\"0x%" PRIx64 "\",\"joined\":", vmm_pa_raw(vmm_table_root(table)));
	put_leaves(out, table, false);
	fputs(",\"each\":", out);
	put_leaves(out, table, true);
	fputs("}", out);
}

static void init_table(struct vmm_table *table, const struct vmm_format *format, enum vmm_half half)
{
	struct vmm_table_config config = {
		.format = format,
		.frames = &bump.frames,
		.half = half,
		.flags = VMM_TABLE_ALLOW_WX |
			 (format->geometry->flags & (VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT)),
	};

	must("table", vmm_table_init(table, &config));
}

static void put_all(const char *directory, const struct vmm_table *lower,
		    const struct vmm_table *upper, const void *memory)
{
	FILE *out = open_in(directory, "expected.json");
	FILE *dump = open_in(directory, "memory.bin");

	fprintf(out, "{\"base\":\"0x%" PRIx64 "\",\"frames\":%" PRIu64 ",\"tables\":[\n", BASE,
		(SIZE - TABLES_AT) / vmm_table_page_size(lower) - vmm_bump_available(&bump));
	put_table(out, lower);
	if (upper != lower) {
		fputs(",\n", out);
		put_table(out, upper);
	}
	fputs("]}\n", out);
	if (fwrite(memory, 1, SIZE, dump) != SIZE || fclose(dump) != 0 || fclose(out) != 0 ||
	    fclose(names) != 0) {
		perror(directory);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static struct vmm_table lower;
	static struct vmm_table upper;
	const struct vmm_format *format = NULL;
	vmm_pa_region_t frames = VMM_PA_REGION_INIT(BASE + TABLES_AT, SIZE - TABLES_AT);
	struct vmm_table *kernel = &upper;
	unsigned char *memory;
	bool riscv;

	for (size_t i = 0; argc == 4 && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, argv[1]) == 0) {
			format = formats[i].format;
		}
	}
	memory = aligned_alloc(65536, SIZE);
	if (format == NULL || memory == NULL) {
		fprintf(stderr, "usage: make_dump FORMAT VARIANT DIRECTORY\n");
		return 1;
	}
	memset(memory, 0x5b, SIZE);
	riscv = format->geometry->sign_extended;
	must("frames", vmm_bump_init(&bump, frames, format->geometry->page_shift,
				     (uint64_t)(uintptr_t)memory - BASE));
	names = open_in(argv[3], "names.txt");
	init_table(&lower, format, riscv ? VMM_BOTH_HALVES : VMM_LOWER_HALF);
	if (riscv) {
		kernel = &lower;
	} else {
		init_table(&upper, format, VMM_UPPER_HALF);
	}
	map_user(&lower, atoi(argv[2]));
	map_kernel(kernel,
		   vmm_va_raw(vmm_va_region_start(vmm_table_region(kernel, VMM_UPPER_HALF))),
		   atoi(argv[2]));
	put_all(argv[3], &lower, kernel, memory);
	free(memory);
	return 0;
}
