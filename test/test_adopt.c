/* SPDX-License-Identifier: MIT */
/*
 * Adoption: tables that one source of frames gave are taken over with the help of another.
 *
 * A host buffer plays physical memory. Its first half is what a build tool would have patched into
 * an image; the second half is the kernel's own source. Both are reached through one window.
 */

#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/adopt.h>
#include <vmm/bump.h>
#include <vmm/riscv.h>

#include "test_manager.h"
#include "test_random.h"

#define HALF_SIZE   UINT64_C(0x100000)
#define IMAGE_PA    UINT64_C(0x40000000)
#define SOURCE_PA   (IMAGE_PA + HALF_SIZE)
#define ROOM        1024
#define POOL_COUNT  16
#define PAGE        UINT64_C(0x10000) /* a whole number of pages in every format */
#define WINDOW_SIZE (16 * PAGE)

/* The places of what the image maps, from the base of its part of the address space on. */
#define AT_CODE   (UINT64_C(4) << 20)
#define AT_DATA   (AT_CODE + 2 * PAGE)
#define AT_GUARD  (AT_CODE + 5 * PAGE)
#define AT_LAZY   (UINT64_C(64) << 20)
#define AT_WINDOW (UINT64_C(128) << 20)

static const struct {
	const struct vmm_format *format;
	enum vmm_half half;
	uint64_t base;
} formats[] = {
	{&vmm_aarch64_4k, VMM_LOWER_HALF, 0},
	{&vmm_aarch64_4k, VMM_UPPER_HALF, UINT64_C(0xffff000000000000)},
	{&vmm_aarch64_16k, VMM_LOWER_HALF, 0},
	{&vmm_aarch64_16k, VMM_UPPER_HALF, UINT64_C(0xffff000000000000)},
	{&vmm_aarch64_64k, VMM_LOWER_HALF, 0},
	{&vmm_aarch64_64k, VMM_UPPER_HALF, UINT64_C(0xffff000000000000)},
	{&vmm_riscv_sv39, VMM_BOTH_HALVES, 0},
	{&vmm_riscv_sv39, VMM_BOTH_HALVES, UINT64_C(0xffffffc000000000)},
	{&vmm_riscv_sv48, VMM_BOTH_HALVES, 0},
	{&vmm_riscv_sv48, VMM_BOTH_HALVES, UINT64_C(0xffff800000000000)},
	{&vmm_riscv_sv57, VMM_BOTH_HALVES, 0},
	{&vmm_riscv_sv57, VMM_BOTH_HALVES, UINT64_C(0xff00000000000000)},
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

struct world {
	uint64_t base; /* of the addresses in use */
	unsigned char *memory;
	struct vmm_bump image;
	struct vmm_bump source;
	struct vmm_table made; /* by the tool; forgotten, not ended */
	struct vmm_blob_head head;
	struct vmm_blob_entry entries[8];
	unsigned char blob[ROOM];
	/* The kernel's own. */
	struct vmm_table table;
	struct vmm vmm;
	struct vmm_mapping pool[POOL_COUNT];
	struct vmm_adoption adoption;
	struct vmm_detail detail;
};

static struct world world;

static enum vmm_half init_half(enum vmm_half half)
{
	return half == VMM_BOTH_HALVES ? VMM_LOWER_HALF : half;
}

static void list(struct world *self, const char *name, uint64_t offset, uint64_t size, uint64_t pa,
		 vmm_attr_t attr, enum vmm_mapping_kind kind)
{
	struct vmm_blob_entry *entry = &self->entries[self->head.entry_count++];

	entry->name = name;
	entry->va = test_va_region(self->base + offset, size);
	entry->pa = vmm_pa(pa);
	entry->attr = attr;
	entry->kind = kind;
	if (kind == VMM_MAPPING_PLAIN || kind == VMM_MAPPING_MMIO) {
		assert_int_equal(vmm_table_map(&self->made, entry->va, entry->pa, attr, NULL),
				 VMM_OK);
	}
}

static void make_tables(struct world *self, const struct vmm_format *format, enum vmm_half half)
{
	struct vmm_table_config config = {
		.format = format,
		.frames = &self->image.frames,
		.half = init_half(half),
	};

	assert_int_equal(vmm_table_init(&self->made, &config), VMM_OK);
	list(self, "code", AT_CODE, 2 * PAGE, IMAGE_PA, VMM_KERNEL_RX, VMM_MAPPING_PLAIN);
	list(self, "data", AT_DATA, 3 * PAGE, IMAGE_PA + 2 * PAGE, VMM_KERNEL_RW,
	     VMM_MAPPING_PLAIN);
	list(self, "stack", AT_GUARD, PAGE, 0, vmm_attr(0), VMM_MAPPING_GUARD);
	list(self, "memory", AT_LAZY, 64 * PAGE, UINT64_C(0x80000000), VMM_KERNEL_RW,
	     VMM_MAPPING_LAZY);
	list(self, "uart", AT_WINDOW + PAGE, PAGE, UINT64_C(0x9000000), VMM_DEVICE,
	     VMM_MAPPING_MMIO);
}

static void write_blob(struct world *self)
{
	assert_int_equal(vmm_blob_write(self->blob, ROOM, &self->head, self->entries), VMM_OK);
}

static void describe(struct world *self)
{
	self->head.format = self->made.format->geometry->name;
	self->head.half = (enum vmm_half)self->made.half;
	self->head.va_bits = self->made.va_bits;
	self->head.pa_bits = self->made.pa_bits;
	self->head.page_shift = self->made.format->geometry->page_shift;
	self->head.root = vmm_table_root(&self->made);
	self->head.borrowed = test_pa_region(self->image.frames.first,
					     self->image.next - self->image.frames.first);
	self->head.window = test_va_region(self->base + AT_WINDOW, WINDOW_SIZE);
	write_blob(self);
}

static void set_up_world(struct world *self, size_t index)
{
	const struct vmm_format *format = formats[index].format;
	unsigned int page_shift = format->geometry->page_shift;
	uint64_t window;

	memset(self, 0, sizeof(*self));
	self->memory = aligned_alloc(PAGE, 2 * HALF_SIZE);
	assert_non_null(self->memory);
	memset(self->memory, 0, 2 * HALF_SIZE);
	window = (uint64_t)(uintptr_t)self->memory - IMAGE_PA;
	self->base = formats[index].base;
	assert_int_equal(vmm_bump_init(&self->image, test_pa_region(IMAGE_PA, HALF_SIZE),
				       page_shift, window),
			 VMM_OK);
	assert_int_equal(vmm_bump_init(&self->source, test_pa_region(SOURCE_PA, HALF_SIZE),
				       page_shift, window),
			 VMM_OK);
	make_tables(self, format, formats[index].half);
	describe(self);
	self->adoption.manager.table = &self->table;
	self->adoption.manager.pool = self->pool;
	self->adoption.manager.pool_count = POOL_COUNT;
	self->adoption.manager.area = test_va_region(self->base, UINT64_C(256) << 20);
	self->adoption.tables.format = format;
	self->adoption.tables.frames = &self->source.frames;
	self->adoption.blob = self->blob;
	self->adoption.blob_size = ROOM;
}

/* For tests of what does not depend on the format. */
static int set_up(void **state)
{
	set_up_world(&world, 0);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *self = *state;

	free(self->memory);
	return 0;
}

static void assert_untouched(const void *object, size_t size)
{
	const unsigned char *bytes = object;

	for (size_t i = 0; i < size; i++) {
		assert_int_equal(bytes[i], 0);
	}
}

/* Fails unless the adoption is refused so and leaves nothing behind. */
static void assert_refused(struct world *self, enum vmm_err err)
{
	unsigned char *before = malloc(2 * HALF_SIZE);

	assert_non_null(before);
	memcpy(before, self->memory, 2 * HALF_SIZE);
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, &self->detail), err);
	assert_memory_equal(before, self->memory, 2 * HALF_SIZE);
	assert_untouched(&self->vmm, sizeof(self->vmm));
	assert_untouched(&self->table, sizeof(self->table));
	assert_untouched(self->pool, sizeof(self->pool));
	free(before);
}

static void assert_refused_at(struct world *self, enum vmm_err err, uint64_t va)
{
	assert_refused(self, err);
	assert_int_equal(vmm_va_raw(self->detail.va), va);
}

static void without_blob(struct world *self, const char *name)
{
	self->adoption.blob = NULL;
	self->adoption.name = name;
	self->adoption.tables.half = init_half((enum vmm_half)self->made.half);
	self->adoption.tables.borrowed = self->head.borrowed;
	self->adoption.tables.root = self->head.root;
}

static void adopt(struct world *self)
{
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, &self->detail), VMM_OK);
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
}

static const struct vmm_mapping *entry_at(const struct world *self, uint64_t offset,
					  const char *name, enum vmm_mapping_kind kind)
{
	const struct vmm_mapping *mapping = vmm_find(&self->vmm, vmm_va(self->base + offset));

	assert_non_null(mapping);
	assert_string_equal(vmm_mapping_name(mapping), name);
	assert_int_equal(vmm_mapping_kind(mapping), kind);
	return mapping;
}

/* --- with a blob --- */

/* Maps, protects and unmaps in adopted tables, and ends them; all frames come back. */
static void use(struct world *self)
{
	uint64_t frame_count = vmm_bump_available(&self->source);
	vmm_va_t va;
	vmm_va_t again;

	assert_int_equal(vmm_map_any(&self->vmm, "more", test_pa_region(0xa0000000, 4 * PAGE),
				     VMM_KERNEL_RW, NULL, &va, NULL),
			 VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "console", vmm_pa(0x9000000), 16, &va, NULL),
			 VMM_OK);
	assert_int_equal(vmm_va_raw(va), self->base + AT_WINDOW + PAGE);
	assert_int_equal(vmm_map_mmio(&self->vmm, "timer", vmm_pa(0xa000000), 16, &again, NULL),
			 VMM_OK);
	assert_true(vmm_va_region_contains(self->head.window, again));
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(self->base + AT_LAZY, PAGE), NULL),
			 VMM_OK);
	assert_int_equal(vmm_protect_part(&self->vmm,
					  test_va_region(self->base + AT_DATA + PAGE, PAGE),
					  VMM_KERNEL_RO, NULL),
			 VMM_OK);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(self->base + AT_CODE), NULL), VMM_OK);
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
	vmm_fini(&self->vmm);
	vmm_table_fini(&self->table);
	assert_int_equal(vmm_bump_available(&self->source), frame_count);
}

static void every_format_is_adopted_used_and_ended(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct world *self = &world;
		const struct vmm_mapping *code;

		set_up_world(self, i);
		adopt(self);
		code = entry_at(self, AT_CODE, "code", VMM_MAPPING_PLAIN);
		assert_true(vmm_va_region_equal(vmm_mapping_va(code), self->entries[0].va));
		assert_int_equal(vmm_mapping_pa(code).bytes.start, IMAGE_PA);
		assert_int_equal(vmm_mapping_attr(code).bits, VMM_KERNEL_RX.bits);
		entry_at(self, AT_DATA, "data", VMM_MAPPING_PLAIN);
		entry_at(self, AT_GUARD, "stack", VMM_MAPPING_GUARD);
		entry_at(self, AT_LAZY + 5 * PAGE, "memory", VMM_MAPPING_LAZY);
		entry_at(self, AT_WINDOW + PAGE, "uart", VMM_MAPPING_MMIO);
		assert_true(vmm_pa_equal(vmm_table_root(&self->table), self->head.root));
		use(self);
		free(self->memory);
	}
}

static void adopted_frames_never_reach_the_source(void **state)
{
	struct world *self = *state;
	uint64_t taken = self->image.next;
	uint64_t frame_count = vmm_bump_available(&self->source);

	adopt(self);
	while (vmm_first(&self->vmm) != NULL) {
		vmm_va_t va = vmm_va_region_start(vmm_mapping_va(vmm_first(&self->vmm)));
		enum vmm_err err = vmm_unmap(&self->vmm, va, NULL);

		if (err == VMM_ERR_BUSY) {
			err = vmm_unmap_mmio(&self->vmm, va, "uart", NULL);
		}
		assert_int_equal(err, VMM_OK);
	}
	vmm_table_trim(&self->table);
	vmm_fini(&self->vmm);
	vmm_table_fini(&self->table);
	assert_int_equal(vmm_bump_available(&self->source), frame_count);
	assert_int_equal(self->image.next, taken);
	assert_int_equal(self->image.chain_count, 0);
}

static void what_the_configuration_says_beside_the_blob_holds(void **state)
{
	static struct vmm_bin bins[40];
	struct world *self = *state;

	self->adoption.tables.root = self->head.root;
	self->adoption.tables.pa_bits = 40;
	self->adoption.tables.asid = 7;
	self->adoption.tables.flags = VMM_TABLE_KEEP;
	self->adoption.tables.flush_max = 5;
	self->adoption.tables.asid_bits = 9;
	self->adoption.manager.bins = bins;
	self->adoption.manager.bin_count = 40;
	adopt(self);
	assert_int_equal(self->table.flush_max, 5);
	assert_int_equal(self->table.asid_bits, 9);
	assert_ptr_equal(self->vmm.area.bins, bins);
	assert_int_equal(self->table.pa_bits, 40);
	assert_int_equal(self->table.asid, 7);
	assert_int_equal(self->table.flags, VMM_TABLE_KEEP);
}

static void what_the_blob_says_of_the_tables_holds(void **state)
{
	struct world *self = *state;
	const struct vmm_table_config config = {
		.format = &vmm_aarch64_4k,
		.frames = &self->image.frames,
		.va_bits = 32,
		.pa_bits = 40,
		.flags = VMM_TABLE_RESIZE_LIVE,
	};

	memset(&self->made, 0, sizeof(self->made));
	assert_int_equal(vmm_table_init(&self->made, &config), VMM_OK);
	self->base = 0;
	self->head.entry_count = 0;
	list(self, "code", AT_CODE, PAGE, IMAGE_PA, VMM_KERNEL_RX, VMM_MAPPING_PLAIN);
	self->head.flags = VMM_TABLE_RESIZE_LIVE;
	describe(self);
	self->adoption.manager.area = test_va_region(0, UINT64_C(256) << 20);
	self->adoption.tables.flags = VMM_TABLE_KEEP;
	adopt(self);
	assert_int_equal(self->table.va_bits, 32);
	assert_int_equal(self->table.pa_bits, 40);
	assert_int_equal(self->table.flags, VMM_TABLE_RESIZE_LIVE | VMM_TABLE_KEEP);
	entry_at(self, AT_CODE, "code", VMM_MAPPING_PLAIN);
}

static void a_device_keeps_the_attributes_that_were_asked_for(void **state)
{
	struct world *self = *state;

	adopt(self);
	assert_int_equal(vmm_mapping_attr(entry_at(self, AT_WINDOW + PAGE, "uart",
						   VMM_MAPPING_MMIO)).bits, VMM_DEVICE.bits);
}

/* The page behind it can't be read. */
static void nothing_behind_the_blob_is_read(void **state)
{
	const size_t room = 4 * (size_t)PAGE;
	struct world *self = *state;
	unsigned char *pages;
	struct vmm_blob blob;

	pages = mmap(NULL, 2 * room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + room, room, PROT_NONE), 0);
	/* All texts together are shorter than an entry. */
	for (uint32_t i = 0; i < self->head.entry_count; i++) {
		self->entries[i].name = "";
	}
	write_blob(self);
	assert_int_equal(vmm_blob_open(&blob, self->blob, ROOM), VMM_OK);
	self->adoption.blob = memcpy(pages + room - blob.size, self->blob, blob.size);
	self->adoption.blob_size = blob.size;
	adopt(self);
	munmap(pages, 2 * room);
}

static void what_lies_outside_the_area_is_left_to_others(void **state)
{
	struct world *self = *state;

	self->adoption.manager.area = test_va_region(self->base + AT_DATA, AT_LAZY - AT_DATA);
	self->adoption.manager.mmio_window = test_va_region(self->base + (UINT64_C(1) << 40), PAGE);
	adopt(self);
	assert_null(vmm_find(&self->vmm, vmm_va(self->base + AT_CODE)));
	entry_at(self, AT_DATA, "data", VMM_MAPPING_PLAIN);
	entry_at(self, AT_GUARD, "stack", VMM_MAPPING_GUARD);
	assert_null(vmm_next(&self->vmm, entry_at(self, AT_GUARD, "stack", VMM_MAPPING_GUARD)));
}

static void what_is_set_up_already_is_busy(void **state)
{
	struct world *self = *state;

	adopt(self);
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, NULL), VMM_ERR_BUSY);
	vmm_fini(&self->vmm);
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, NULL), VMM_ERR_BUSY);
	vmm_table_fini(&self->table);
	adopt(self);
}

static void what_is_missing_is_unsupported(void **state)
{
	struct world *self = *state;

	self->adoption.tables.format = &vmm_aarch64_64k;
	assert_refused(self, VMM_ERR_UNSUPPORTED);
	self->adoption.tables.format = &vmm_riscv_sv39;
	assert_refused(self, VMM_ERR_UNSUPPORTED);
	self->adoption.tables.format = NULL;
	assert_refused(self, VMM_ERR_UNSUPPORTED);
	self->adoption.tables.format = &vmm_aarch64_4k;
	self->adoption.tables.frames = NULL;
	assert_refused(self, VMM_ERR_UNSUPPORTED);
	self->adoption.tables.frames = &self->source.frames;
	self->adoption.manager.pool = NULL;
	assert_refused(self, VMM_ERR_UNSUPPORTED);
	self->adoption.manager.table = NULL;
	assert_refused(self, VMM_ERR_UNSUPPORTED);
}

static void a_format_whose_name_only_begins_alike_is_another(void **state)
{
	struct world *self = *state;
	char name[32];
	size_t length = strlen(self->head.format);

	assert_true(length < sizeof(name));
	memcpy(name, self->head.format, length + 1);
	name[length - 1] ^= 1;
	self->head.format = name;
	write_blob(self);
	assert_refused(self, VMM_ERR_UNSUPPORTED);
	name[length - 1] = '\0';
	write_blob(self);
	assert_refused(self, VMM_ERR_UNSUPPORTED);
}

static void an_empty_or_damaged_blob_is_refused(void **state)
{
	struct world *self = *state;

	self->blob[0] = 'V';
	assert_refused(self, VMM_ERR_CORRUPT);
	memset(self->blob, 0, ROOM);
	assert_refused(self, VMM_ERR_EMPTY);
	self->adoption.blob = NULL;
	assert_refused(self, VMM_ERR_EMPTY);
}

static void a_blob_for_another_root_is_refused(void **state)
{
	struct world *self = *state;

	self->adoption.tables.root = vmm_pa(vmm_pa_raw(self->head.root) + 0x1000);
	assert_refused(self, VMM_ERR_CORRUPT);
}

static void too_few_entries_are_refused(void **state)
{
	struct world *self = *state;

	self->adoption.manager.pool_count = 4;
	assert_refused_at(self, VMM_ERR_FULL, self->base + AT_WINDOW + PAGE);
	self->adoption.manager.pool_count = 1;
	assert_refused_at(self, VMM_ERR_FULL, self->base + AT_DATA);
	for (uint32_t count = 1; count <= 4; count++) {
		self->adoption.manager.pool_count = count;
		assert_refused(self, VMM_ERR_FULL);
	}
	/* And no more than there are. */
	self->adoption.manager.pool_count = 5;
	adopt(self);
}

static void an_entry_that_is_partly_outside_is_refused(void **state)
{
	struct world *self = *state;

	self->adoption.manager.area = test_va_region(self->base + AT_CODE + PAGE, AT_LAZY);
	self->adoption.manager.mmio_window = test_va_region(self->base + (UINT64_C(1) << 40), PAGE);
	assert_refused_at(self, VMM_ERR_RANGE, self->base + AT_CODE);
}

/* --- tables that differ from the blob --- */

static void a_mapping_that_the_tables_lack_is_refused(void **state)
{
	struct world *self = *state;

	self->entries[1].va.bytes.size += PAGE;
	self->entries[2] = self->entries[3];
	self->entries[3] = self->entries[4];
	self->head.entry_count = 4;
	write_blob(self);
	assert_refused_at(self, VMM_ERR_NOENT, self->base + AT_GUARD);
}

static void a_mapping_that_the_blob_lacks_is_refused(void **state)
{
	struct world *self = *state;

	assert_int_equal(vmm_table_map(&self->made,
				       test_va_region(self->base + AT_GUARD + PAGE, PAGE),
				       vmm_pa(0x50000000), VMM_KERNEL_RW, NULL),
			 VMM_OK);
	assert_refused_at(self, VMM_ERR_EXISTS, self->base + AT_GUARD + PAGE);
}

static void a_guard_that_is_mapped_is_refused(void **state)
{
	struct world *self = *state;

	assert_int_equal(vmm_table_map(&self->made, self->entries[2].va, vmm_pa(0x50000000),
				       VMM_KERNEL_RW, NULL),
			 VMM_OK);
	assert_refused_at(self, VMM_ERR_EXISTS, self->base + AT_GUARD);
}

static void other_memory_or_attributes_are_refused(void **state)
{
	struct world *self = *state;

	self->entries[1].pa = vmm_pa(0x50000000);
	write_blob(self);
	assert_refused_at(self, VMM_ERR_PHYS, self->base + AT_DATA);
	assert_int_equal(self->detail.level, -1);
	self->entries[1].pa = vmm_pa(IMAGE_PA + 2 * PAGE);
	self->entries[1].attr = VMM_KERNEL_RO;
	write_blob(self);
	assert_refused_at(self, VMM_ERR_ATTR, self->base + AT_DATA);
	self->entries[1].attr = vmm_attr(VMM_KERNEL_RX.bits | VMM_ATTR_WRITE);
	write_blob(self);
	assert_refused_at(self, VMM_ERR_WX, self->base + AT_DATA);
}

static void a_link_that_leads_outside_is_refused_and_not_followed(void **state)
{
	struct world *self = *state;
	uint64_t *root = vmm_frames_ptr(&self->image.frames, self->head.root);

	root[3] = UINT64_C(0x7ffffff000) | 3;
	assert_refused(self, VMM_ERR_CORRUPT);
	assert_int_equal(self->detail.descriptor, UINT64_C(0x7ffffff003));
	without_blob(self, "firmware");
	assert_refused(self, VMM_ERR_CORRUPT);
	self->adoption.blob = self->blob;
	root[3] = vmm_pa_raw(self->head.root) | 3;
	assert_refused(self, VMM_ERR_CORRUPT);
}

/* A sanitizer watches: the buffer is a block of its own. */
static void no_damage_of_the_tables_does_harm(void **state)
{
	struct test_random random;

	(void)state;
	test_random_init(&random, "no_damage_of_the_tables_does_harm");
	for (unsigned int round = 0; round < 240; round++) {
		struct world *self = &world;
		uint64_t *words;
		size_t word_count;

		set_up_world(self, round % FORMAT_COUNT);
		words = vmm_frames_ptr(&self->image.frames, self->head.root);
		word_count = (size_t)(self->head.borrowed.bytes.size / sizeof(*words));
		for (unsigned int i = 0; i < 4; i++) {
			size_t at = (size_t)test_random_below(&random, word_count);

			while (at < word_count - 1 && words[at] == 0 && i != 0) {
				at++;
			}
			words[at] ^= UINT64_C(1) << test_random_below(&random, 64);
		}
		if (round % 2 != 0) {
			self->adoption.tables.borrowed = self->head.borrowed;
			self->adoption.tables.root = self->head.root;
			self->adoption.blob = NULL;
		}
		if (vmm_adopt(&self->vmm, &self->adoption, &self->detail) == VMM_OK) {
			assert_int_equal(vmm_check(&self->vmm), VMM_OK);
		} else {
			assert_untouched(&self->vmm, sizeof(self->vmm));
		}
		free(self->memory);
	}
}

/* --- without a blob --- */

static void what_a_visit_finds_becomes_entries_in_every_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct world *self = &world;
		const struct vmm_mapping *code;

		set_up_world(self, i);
		without_blob(self, "firmware");
		adopt(self);
		code = entry_at(self, AT_CODE, "firmware", VMM_MAPPING_PLAIN);
		assert_int_equal(vmm_va_region_size(vmm_mapping_va(code)), 2 * PAGE);
		entry_at(self, AT_DATA, "firmware", VMM_MAPPING_PLAIN);
		entry_at(self, AT_WINDOW + PAGE, "firmware", VMM_MAPPING_PLAIN);
		assert_null(vmm_find(&self->vmm, vmm_va(self->base + AT_GUARD)));
		assert_int_equal(vmm_unmap(&self->vmm, vmm_va(self->base + AT_CODE), NULL), VMM_OK);
		assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
		free(self->memory);
	}
}

static void a_leaf_that_is_partly_in_the_area_is_recorded_in_part(void **state)
{
	struct world *self = *state;
	const struct vmm_mapping *data;

	without_blob(self, NULL);
	self->adoption.manager.area = test_va_region(self->base + AT_DATA + PAGE, AT_LAZY);
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, NULL), VMM_OK);
	data = entry_at(self, AT_DATA + PAGE, "", VMM_MAPPING_PLAIN);
	assert_int_equal(vmm_va_region_size(vmm_mapping_va(data)), 2 * PAGE);
	assert_int_equal(vmm_mapping_pa(data).bytes.start, IMAGE_PA + 3 * PAGE);
	assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
}

static void a_leaf_in_the_window_is_busy(void **state)
{
	struct world *self = *state;

	without_blob(self, "firmware");
	self->adoption.manager.mmio_window = self->head.window;
	assert_refused_at(self, VMM_ERR_BUSY, self->base + AT_WINDOW + PAGE);
	/* The same if the window is no part of the area. */
	self->adoption.manager.area = test_va_region(self->base, AT_WINDOW);
	assert_refused_at(self, VMM_ERR_BUSY, self->base + AT_WINDOW + PAGE);
}

static void writable_and_executable_needs_the_option(void **state)
{
	struct world *self = *state;

	self->made.flags |= VMM_TABLE_ALLOW_WX;
	assert_int_equal(vmm_table_map(&self->made, self->entries[2].va, vmm_pa(0x50000000),
				       vmm_attr(VMM_KERNEL_RX.bits | VMM_ATTR_WRITE), NULL),
			 VMM_OK);
	without_blob(self, "firmware");
	assert_refused_at(self, VMM_ERR_WX, self->base + AT_GUARD);
	self->adoption.tables.flags = VMM_TABLE_ALLOW_WX;
	adopt(self);
}

/* --- corners --- */

static void a_blob_of_the_same_format_and_another_page_is_refused(void **state)
{
	struct world *self = *state;

	self->head.page_shift = 11;
	write_blob(self);
	assert_refused(self, VMM_ERR_UNSUPPORTED);
}

static void a_device_with_attributes_that_there_are_not_is_refused(void **state)
{
	struct world *self = *state;

	self->entries[4].attr = vmm_attr(VMM_DEVICE.bits | VMM_ATTR_EXEC(VMM_EXEC_KERNEL));
	write_blob(self);
	assert_refused_at(self, VMM_ERR_ATTR, self->base + AT_WINDOW + PAGE);
	/* Before anything is taken for it. */
	self->adoption.manager.pool_count = 4;
	assert_refused_at(self, VMM_ERR_ATTR, self->base + AT_WINDOW + PAGE);
}

static void a_device_partly_in_the_window_is_refused(void **state)
{
	struct world *self = *state;

	/* Two pages of the format: a window of one's own ends between them. */
	self->adoption.manager.mmio_window =
		test_va_region(self->base + AT_WINDOW, PAGE + PAGE / 2);
	assert_refused(self, VMM_ERR_RANGE);
}

static void whoever_asks_for_no_detail_gets_none(void **state)
{
	struct world *self = *state;

	self->entries[1].pa = vmm_pa(0x50000000);
	write_blob(self);
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, NULL), VMM_ERR_PHYS);
}

/* Firmware may map memory twice: that is for an audit to say, not for the adoption to refuse. */
static void aliases_of_the_tables_are_adopted(void **state)
{
	struct world *self = *state;
	vmm_attr_t nc = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC));

	assert_int_equal(vmm_table_map(&self->made, self->entries[2].va, vmm_pa(IMAGE_PA),
				       VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_table_map(&self->made,
				       test_va_region(self->base + AT_GUARD + PAGE, PAGE),
				       vmm_pa(IMAGE_PA + PAGE), nc, NULL), VMM_OK);
	without_blob(self, "firmware");
	assert_int_equal(vmm_adopt(&self->vmm, &self->adoption, &self->detail), VMM_OK);
	assert_int_equal(vmm_audit(&self->vmm, NULL), 2);
	assert_int_equal(self->detail.level, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_adopted_used_and_ended),
		cmocka_unit_test_setup_teardown(adopted_frames_never_reach_the_source, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_the_configuration_says_beside_the_blob_holds,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_blob_says_of_the_tables_holds, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_device_keeps_the_attributes_that_were_asked_for,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_behind_the_blob_is_read, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_format_whose_name_only_begins_alike_is_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_lies_outside_the_area_is_left_to_others,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_set_up_already_is_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_missing_is_unsupported, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_or_damaged_blob_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_blob_for_another_root_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(too_few_entries_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_entry_that_is_partly_outside_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_mapping_that_the_tables_lack_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_mapping_that_the_blob_lacks_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_guard_that_is_mapped_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(other_memory_or_attributes_are_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_link_that_leads_outside_is_refused_and_not_followed, set_up, tear_down),
		cmocka_unit_test(no_damage_of_the_tables_does_harm),
		cmocka_unit_test(what_a_visit_finds_becomes_entries_in_every_format),
		cmocka_unit_test_setup_teardown(
			a_leaf_that_is_partly_in_the_area_is_recorded_in_part, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_leaf_in_the_window_is_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writable_and_executable_needs_the_option, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_blob_of_the_same_format_and_another_page_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_device_with_attributes_that_there_are_not_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_device_partly_in_the_window_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(whoever_asks_for_no_detail_gets_none,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(aliases_of_the_tables_are_adopted,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
