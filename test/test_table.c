/* SPDX-License-Identifier: MIT */
/*
 * Tables of every format by example: how they are set up and ended, what they refuse, and what
 * damage they name. What they map is the models' business.
 */
#include <stdio.h>
#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#include "test_formats.h"
#include "test_frames.h"

#define FRAME_COUNT 32
#define PHYSICAL    UINT64_C(0x80000000)

struct fixture {
	struct test_frames frames;
	struct vmm_table table;
	struct vmm_table_config config;
	struct vmm_sync sync;
	uint64_t page;
	uint64_t block;
};

static struct fixture f;

/* What the seam was asked for since it was cleared. */
static unsigned int by_space;
static unsigned int by_address;

static void nothing(const struct vmm_table *table)
{
	(void)table;
}

static void count_request(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	if (request->scope == VMM_SCOPE_SPACE) {
		by_space++;
	} else {
		by_address++;
	}
}

static void no_request(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static bool never_active(const struct vmm_table *table)
{
	(void)table;
	return false;
}

static void prepare(const struct vmm_format *format)
{
	memset(&f, 0, sizeof(f));
	f.page = test_formats_page(format);
	f.block = test_formats_leaf(format, 1);
	test_frames_init(&f.frames, format->geometry->page_shift, FRAME_COUNT, PHYSICAL);
	f.sync.publish = nothing;
	f.sync.mapped = no_request;
	f.sync.invalidate = count_request;
	f.sync.complete = nothing;
	f.sync.is_active = never_active;
	f.config.format = format;
	f.config.frames = &f.frames.frames;
}

static void set_up(const struct vmm_format *format)
{
	prepare(format);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
}

static void tear_down(void)
{
	vmm_table_fini(&f.table);
	test_frames_fini(&f.frames);
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

static enum vmm_err map(uint64_t va, uint64_t pa, uint64_t size)
{
	return vmm_table_map(&f.table, region(va, size), vmm_pa(pa), VMM_KERNEL_RW, NULL);
}

static void assert_zeroed(void)
{
	static const struct vmm_table zero;

	assert_memory_equal(&f.table, &zero, sizeof(zero));
}

/* --- set up --- */

static void defaults_are_the_largest_that_the_format_has(const struct vmm_format *format)
{
	set_up(format);
	assert_int_equal(f.table.va_bits, format->geometry->va_bits_max);
	assert_int_equal(f.table.pa_bits, format->geometry->pa_bits_max);
	assert_int_equal(f.table.asid_bits, 16);
	assert_int_equal(f.table.flush_max, 64);
	assert_int_equal(f.table.half, test_formats_is_riscv(format) ? VMM_BOTH_HALVES
								     : VMM_LOWER_HALF);
	tear_down();
}

/* Sets up with one member changed, and changes it back. */
#define REFUSED(member, value, expected)                                         \
	do {                                                                     \
		const struct vmm_table_config kept = f.config;                   \
                                                                                 \
		f.config.member = (value);                                       \
		assert_int_equal(vmm_table_init(&f.table, &f.config), expected); \
		f.config = kept;                                                 \
	} while (0)

static void what_the_format_does_not_have_is_refused(const struct vmm_format *format)
{
	const struct vmm_geometry *geometry = format->geometry;

	prepare(format);
	REFUSED(format, NULL, VMM_ERR_UNSUPPORTED);
	REFUSED(frames, NULL, VMM_ERR_UNSUPPORTED);
	REFUSED(half, (enum vmm_half)3, VMM_ERR_UNSUPPORTED);
	REFUSED(half, test_formats_is_riscv(format) ? VMM_UPPER_HALF : VMM_BOTH_HALVES,
		VMM_ERR_UNSUPPORTED);
	REFUSED(va_bits, (uint8_t)(geometry->va_bits_min - 1), VMM_ERR_UNSUPPORTED);
	REFUSED(va_bits, (uint8_t)(geometry->va_bits_max + 1), VMM_ERR_UNSUPPORTED);
	REFUSED(pa_bits, geometry->page_shift, VMM_ERR_UNSUPPORTED);
	REFUSED(pa_bits, (uint8_t)(geometry->pa_bits_max + 1), VMM_ERR_UNSUPPORTED);
	REFUSED(asid_bits, 17, VMM_ERR_UNSUPPORTED);
	REFUSED(flags, ~geometry->flags & 0x7f, VMM_ERR_UNSUPPORTED);
	f.config.asid_bits = 8;
	REFUSED(asid, 0x100, VMM_ERR_UNSUPPORTED);
	f.frames.frames.page_shift++;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_ERR_UNSUPPORTED);
	f.frames.frames.page_shift--;
	assert_zeroed();
	assert_int_equal(f.frames.alloc_count, 0);
	tear_down();
}

/* The numbers at either end of what there is are taken. */
static void the_smallest_and_the_largest_sizes_are_taken(const struct vmm_format *format)
{
	const struct vmm_geometry *geometry = format->geometry;

	prepare(format);
	f.config.va_bits = geometry->va_bits_min;
	f.config.pa_bits = geometry->pa_bits_max;
	f.config.asid_bits = 1;
	f.config.asid = 1;
	f.config.flags = geometry->flags;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	assert_int_equal(map(0, 0, f.page), VMM_OK);
	tear_down();
	prepare(format);
	f.config.va_bits = geometry->va_bits_max;
	f.config.asid_bits = 16;
	f.config.asid = 0xffff;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	tear_down();
}

static void once_more_is_fine_with_the_same_and_busy_with_other(const struct vmm_format *format)
{
	struct vmm_frames other;

	prepare(format);
	f.config.asid_bits = 8;
	f.config.asid = 1;
	f.config.pa_bits = 40;
	f.config.va_bits = format->geometry->va_bits_max;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	assert_int_equal(f.frames.alloc_count, 1);
	other = f.frames.frames;
	REFUSED(frames, &other, VMM_ERR_BUSY);
	REFUSED(sync, &f.sync, VMM_ERR_BUSY);
	REFUSED(pa_bits, 39, VMM_ERR_BUSY);
	REFUSED(asid_bits, 9, VMM_ERR_BUSY);
	REFUSED(asid, 2, VMM_ERR_BUSY);
	REFUSED(flush_max, 63, VMM_ERR_BUSY);
	REFUSED(flags, VMM_TABLE_KEEP, VMM_ERR_BUSY);
	REFUSED(borrowed.bytes.size, f.page, VMM_ERR_BUSY);
	if (!test_formats_is_riscv(format)) {
		REFUSED(half, VMM_UPPER_HALF, VMM_ERR_BUSY);
		REFUSED(va_bits, 39, VMM_ERR_BUSY);
	}
	f.config.borrowed.bytes.start = PHYSICAL;
	f.config.borrowed.bytes.size = 4 * f.page;
	f.config.root = vmm_pa(PHYSICAL);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_ERR_BUSY);
	tear_down();
}

static void another_format_is_busy(const struct vmm_format *format)
{
	const struct vmm_format *other = format == &vmm_riscv_sv39 ? &vmm_riscv_sv48
								   : &vmm_riscv_sv39;

	if (format->geometry->page_shift != 12) {
		return;
	}
	set_up(format);
	REFUSED(format, other, VMM_ERR_BUSY);
	tear_down();
}

static void an_adopted_root_is_a_frame_among_the_borrowed_ones(const struct vmm_format *format)
{
	uint64_t first = PHYSICAL + FRAME_COUNT * f.page;

	prepare(format);
	f.config.borrowed.bytes.start = first;
	f.config.borrowed.bytes.size = 4 * f.page;
	REFUSED(root, vmm_pa(first + 8), VMM_ERR_ALIGN);
	REFUSED(root, vmm_pa(first + 1), VMM_ERR_ALIGN);
	REFUSED(root, vmm_pa(first + f.page / 2), VMM_ERR_ALIGN);
	REFUSED(root, vmm_pa(first - f.page), VMM_ERR_RANGE);
	REFUSED(root, vmm_pa(first + 4 * f.page), VMM_ERR_RANGE);
	f.config.root = vmm_pa(first);
	REFUSED(pa_bits, 31, VMM_ERR_RANGE);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	/* Whatever is in it. */
	assert_true(f.table.has_global);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	REFUSED(root, vmm_pa(first + f.page), VMM_ERR_BUSY);
	REFUSED(borrowed.bytes.size, 3 * f.page, VMM_ERR_BUSY);
	f.config.borrowed.bytes.start += f.page;
	f.config.root = vmm_pa(first + f.page);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_ERR_BUSY);
	/* Up to the last frame that the CPU has addresses for. */
	memset(&f.table, 0, sizeof(f.table));
	f.config.pa_bits = 40;
	f.config.borrowed.bytes.start = (UINT64_C(1) << 40) - 4 * f.page;
	f.config.root = vmm_pa((UINT64_C(1) << 40) - f.page);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	/* No frame of the source is out, and there is no memory behind the borrowed ones. */
	memset(&f.table, 0, sizeof(f.table));
	tear_down();
}

/* --- frames --- */

/* What the source says next, in place of a frame of its own. */
static uint64_t wrong_frame;
static unsigned int wrong_returned;

static enum vmm_err alloc_wrong(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	(void)self;
	(void)clean;
	*frame = vmm_pa(wrong_frame);
	return VMM_OK;
}

static void free_wrong(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	(void)self;
	assert_false(clean);
	assert_int_equal(vmm_pa_raw(frame), wrong_frame);
	wrong_returned++;
}

static void a_frame_that_is_none_of_the_source_is_given_back(const struct vmm_format *format)
{
	uint64_t wrong[5];
	struct vmm_frames frames;

	prepare(format);
	f.config.pa_bits = 40;
	wrong[0] = PHYSICAL + 8;
	wrong[1] = PHYSICAL - f.page;
	wrong[2] = PHYSICAL + FRAME_COUNT * f.page;
	wrong[3] = UINT64_C(1) << 40;
	wrong[4] = PHYSICAL + 1;
	frames = f.frames.frames;
	frames.alloc = alloc_wrong;
	frames.free = free_wrong;
	f.config.frames = &frames;
	wrong_returned = 0;
	for (unsigned int i = 0; i < 5; i++) {
		/* Even if the source says that the frame is its own. */
		frames.frame_count = i == 3 ? UINT64_C(1) << 40 : FRAME_COUNT;
		wrong_frame = wrong[i];
		assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_ERR_PHYS);
		assert_int_equal(wrong_returned, i + 1);
		assert_zeroed();
	}
	test_frames_fini(&f.frames);
}

static void the_frame_that_is_the_last_one_of_the_cpu_is_taken(const struct vmm_format *format)
{
	prepare(format);
	test_frames_fini(&f.frames);
	test_frames_init(&f.frames, format->geometry->page_shift, 1,
			 (UINT64_C(1) << 40) - test_formats_page(format));
	f.config.pa_bits = 40;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	tear_down();
}

static void errors_of_the_source_are_forwarded(const struct vmm_format *format)
{
	prepare(format);
	f.frames.fail_err = VMM_ERR_CORRUPT;
	test_frames_limit(&f.frames, 0);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_ERR_CORRUPT);
	assert_zeroed();
	test_frames_limit(&f.frames, 1);
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	assert_int_equal(map(0, 0, f.page), VMM_ERR_CORRUPT);
	test_frames_limit(&f.frames, TEST_FRAMES_NO_LIMIT);
	tear_down();
}

/* The source of the fixture, but for what it says of its frames: nothing. */
static enum vmm_err alloc_silent(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	bool ignored;

	(void)self;
	(void)clean;
	return f.frames.frames.alloc(&f.frames.frames, frame, &ignored);
}

static void free_silent(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	(void)self;
	f.frames.frames.free(&f.frames.frames, frame, clean);
}

static void a_frame_of_which_nothing_is_said_is_not_clean(const struct vmm_format *format)
{
	struct vmm_frames silent;

	prepare(format);
	silent = f.frames.frames;
	silent.alloc = alloc_silent;
	silent.free = free_silent;
	f.config.frames = &silent;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	for (size_t word = 0; word < f.page / 8; word++) {
		assert_int_equal(test_frames_word(&f.frames, vmm_table_root(&f.table), word), 0);
	}
	tear_down();
}

static void a_root_is_zero_however_its_frame_came(const struct vmm_format *format)
{
	static const enum test_frames_fill fills[] = { TEST_FRAMES_DIRTY, TEST_FRAMES_CLEAN,
						       TEST_FRAMES_ZERO_UNTOLD };

	for (unsigned int i = 0; i < 3; i++) {
		prepare(format);
		f.frames.fill = fills[i];
		assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
		for (size_t word = 0; word < f.page / 8; word++) {
			assert_int_equal(test_frames_word(&f.frames, vmm_table_root(&f.table),
							  word), 0);
		}
		tear_down();
	}
}

/* --- arguments --- */

static void regions_are_judged_before_all_else(const struct vmm_format *format)
{
	uint64_t end;
	vmm_va_region_t whole;
	struct vmm_detail detail;

	set_up(format);
	whole = vmm_table_region(&f.table, VMM_LOWER_HALF);
	end = whole.bytes.start + whole.bytes.size;
	assert_int_equal(map(0, 0, 0), VMM_ERR_EMPTY);
	assert_int_equal(map(0 - f.page, 0, 2 * f.page), VMM_ERR_WRAP);
	assert_int_equal(map(1, 0, f.page), VMM_ERR_ALIGN);
	assert_int_equal(map(0, 0, 1), VMM_ERR_ALIGN);
	assert_int_equal(map(8, 0, 8), VMM_ERR_ALIGN);
	assert_int_equal(map(0, 0, f.page + 8), VMM_ERR_ALIGN);
	assert_int_equal(map(end, 0, f.page), VMM_ERR_RANGE);
	assert_int_equal(vmm_table_map(&f.table, region(end - f.page, 2 * f.page), vmm_pa(0),
				       VMM_KERNEL_RW, &detail), VMM_ERR_RANGE);
	assert_int_equal(vmm_va_raw(detail.va), end + f.page - 1);
	assert_int_equal(detail.level, -1);
	assert_int_equal(map(end - f.page, 0, f.page), VMM_OK);
	tear_down();
}

/* From the last page of the lower half to the first of the upper one is no region. */
static void a_region_does_not_jump_over_what_is_not_canonical(const struct vmm_format *format)
{
	uint64_t half;

	set_up(format);
	half = (f.table.va_mask >> 1) + 1;
	assert_int_equal(map(half - f.page, 0, 0 - 2 * half + 2 * f.page), VMM_ERR_RANGE);
	assert_int_equal(map(0 - half, 0, f.page), VMM_OK);
	assert_int_equal(map(0 - f.page, 0, f.page), VMM_OK);
	tear_down();
}

static void physical_addresses_are_judged(const struct vmm_format *format)
{
	uint64_t limit = UINT64_C(1) << 40;

	prepare(format);
	f.config.pa_bits = 40;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	assert_int_equal(map(0, 8, f.page), VMM_ERR_ALIGN);
	assert_int_equal(map(0, limit, f.page), VMM_ERR_PHYS);
	assert_int_equal(map(0, limit - f.page, 2 * f.page), VMM_ERR_PHYS);
	assert_int_equal(map(0, 0 - f.page, 2 * f.page), VMM_ERR_PHYS);
	assert_int_equal(map(0, limit - f.page, f.page), VMM_OK);
	tear_down();
}

static void attributes_are_judged(const struct vmm_format *format)
{
	vmm_attr_t wx = vmm_attr(VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_WRITE);

	set_up(format);
	assert_int_equal(vmm_table_map(&f.table, region(0, f.page), vmm_pa(0), wx, NULL),
			 VMM_ERR_WX);
	assert_int_equal(map(0, 0, f.page), VMM_OK);
	assert_int_equal(vmm_table_protect(&f.table, region(0, f.page), wx, NULL), VMM_ERR_WX);
	assert_int_equal(vmm_table_protect(&f.table, region(0, f.page), vmm_attr(UINT32_MAX), NULL),
			 VMM_ERR_ATTR);
	tear_down();
}

static void addresses_of_other_tables_are_not_translated(const struct vmm_format *format)
{
	struct vmm_leaf leaf = { .level = 77 };
	vmm_pa_t pa = vmm_pa(77);
	vmm_va_t outside;

	set_up(format);
	outside = vmm_va(f.table.va_mask + 1);
	assert_int_equal(vmm_table_translate(&f.table, outside, &pa), VMM_ERR_RANGE);
	assert_int_equal(vmm_table_query(&f.table, outside, &leaf), VMM_ERR_RANGE);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(f.page), &pa), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_query(&f.table, vmm_va(f.page), &leaf), VMM_ERR_NOENT);
	assert_int_equal(vmm_pa_raw(pa), 77);
	assert_int_equal(leaf.level, 77);
	tear_down();
}

/* --- looking --- */

static void a_visit_of_each_descriptor_joins_none(const struct vmm_format *format)
{
	struct vmm_cursor cursor = { 0, false, true };
	struct vmm_leaf leaf;

	set_up(format);
	assert_int_equal(map(f.block - 2 * f.page, f.block - 2 * f.page, f.block + 2 * f.page),
			 VMM_OK);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(leaf.size, f.page);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(leaf.va), f.block - f.page);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(leaf.size, f.block);
	assert_int_equal(leaf.level, 1);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_visit(&f.table, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	tear_down();
}

static void levels_are_told_as_the_architecture_counts(const struct vmm_format *format)
{
	set_up(format);
	assert_int_equal(vmm_table_arch_level(&f.table, 0), test_formats_is_riscv(format) ? 0 : 3);
	assert_int_equal(vmm_table_arch_level(&f.table, 2), test_formats_is_riscv(format) ? 2 : 1);
	tear_down();
}

/* --- what an operation must have forgotten --- */

static void scattered_leaves_are_forgotten_one_by_one_or_all(const struct vmm_format *format)
{
	prepare(format);
	f.config.sync = &f.sync;
	f.config.flags = VMM_TABLE_KEEP;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	/* Every other page: eight stretches can be named, a ninth one can't. */
	for (uint64_t count = 8; count <= 9; count++) {
		for (uint64_t i = 0; i < count; i++) {
			assert_int_equal(map(2 * i * f.page, 0, f.page), VMM_OK);
		}
		by_space = by_address = 0;
		assert_int_equal(vmm_table_unmap(&f.table, region(0, 2 * count * f.page), NULL),
				 VMM_OK);
		assert_int_equal(by_address, count == 8 ? 8 : 0);
		assert_int_equal(by_space, count == 8 ? 0 : 1);
	}
	tear_down();
}

/* --- damage --- */

/* The descriptor for an address at a level, by the format's geometry alone. */
static uint64_t *slot_of(uint64_t va, unsigned int level)
{
	const struct vmm_geometry *geometry = f.table.format->geometry;
	uint64_t mask = (UINT64_C(1) << geometry->index_bits) - 1;
	unsigned int at = f.table.root_level;
	uint64_t *words = vmm_frames_ptr(&f.frames.frames, vmm_table_root(&f.table));

	for (;;) {
		unsigned int shift = geometry->page_shift + at * geometry->index_bits;
		uint64_t *slot = &words[(va >> shift) & mask];

		if (at == level) {
			return slot;
		}
		at--;
		words = vmm_frames_ptr(&f.frames.frames,
				       vmm_pa(geometry->sign_extended
						      ? (*slot >> 10 & 0xfffffffffff) << 12
						      : *slot & 0xfffffffff000));
	}
}

/* A descriptor that is valid and reserved: on Arm bits 50 and 51 of a leaf, on RISC-V bit 54. */
static uint64_t spoil(uint64_t va, unsigned int level)
{
	uint64_t *slot = slot_of(va, level);
	uint64_t whole = *slot;

	*slot ^= test_formats_is_riscv(f.table.format) ? UINT64_C(1) << 54 : UINT64_C(3) << 50;
	return whole;
}

static void expect_corrupt(enum vmm_err err, const struct vmm_detail *detail, uint64_t va,
			   unsigned int level)
{
	assert_int_equal(err, VMM_ERR_CORRUPT);
	assert_int_equal(vmm_va_raw(detail->va), va);
	assert_int_equal(detail->level, level);
	assert_int_equal(detail->descriptor, *slot_of(va, level));
}

static void damage_at_the_edge_of_a_change_is_named(const struct vmm_format *format)
{
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	uint64_t whole;
	vmm_pa_t pa;

	set_up(format);
	assert_int_equal(map(0, 0, f.block), VMM_OK);
	whole = spoil(0, 1);
	expect_corrupt(vmm_table_unmap(&f.table, region(f.page, f.page), &detail), &detail, f.page,
		       1);
	expect_corrupt(vmm_table_unmap(&f.table, region(f.page, 2 * f.block - f.page), &detail),
		       &detail, f.page, 1);
	expect_corrupt(vmm_table_protect(&f.table, region(0, f.block), VMM_KERNEL_RO, &detail),
		       &detail, 0, 1);
	expect_corrupt(vmm_table_map(&f.table, region(0, f.page), vmm_pa(0), VMM_KERNEL_RW, &detail),
		       &detail, 0, 1);
	assert_int_equal(vmm_table_translate(&f.table, vmm_va(0), &pa), VMM_ERR_CORRUPT);
	assert_int_equal(vmm_table_query(&f.table, vmm_va(0), &leaf), VMM_ERR_CORRUPT);
	*slot_of(0, 1) = whole;
	assert_int_equal(vmm_table_unmap(&f.table, region(f.page, f.page), &detail), VMM_OK);
	tear_down();
}

/* Whether it ends or begins where the damage does: what is reserved maps nothing, and is cleared. */
static void damage_that_a_range_covers_is_unmapped(const struct vmm_format *format)
{
	set_up(format);
	assert_int_equal(map(0, 0, f.block), VMM_OK);
	assert_int_equal(map(f.block, f.block, f.page), VMM_OK);
	spoil(0, 1);
	assert_int_equal(vmm_table_unmap(&f.table, region(0, f.block), NULL), VMM_OK);
	assert_int_equal(*slot_of(0, 1), 0);
	spoil(f.block, 0);
	assert_int_equal(vmm_table_unmap(&f.table, region(0, f.block + f.page), NULL), VMM_OK);
	assert_int_equal(f.frames.out_count, 1);
	tear_down();
}

/* Two descriptors that lead to one table: there is one frame, and it goes back once. */
static void a_table_that_is_linked_twice_is_given_back_once(const struct vmm_format *format)
{
	set_up(format);
	assert_int_equal(map(0, 0, f.page), VMM_OK);
	*slot_of(f.block, 1) = *slot_of(0, 1);
	vmm_table_fini(&f.table);
	assert_int_equal(f.frames.free_count, f.frames.alloc_count);
	tear_down();
}

/* --- end and moves --- */

static void what_was_not_set_up_ends_without_a_trace(const struct vmm_format *format)
{
	prepare(format);
	vmm_table_fini(&f.table);
	format->fini(&f.table);
	assert_zeroed();
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	format->fini(&f.table);
	assert_zeroed();
	tear_down();
}

static void a_rebase_moves_every_pointer_that_there_is(const struct vmm_format *format)
{
	struct vmm_pin pins[2] = { { { { 0, 1 } }, NULL }, { { { 0, 1 } }, NULL } };
	const uint64_t delta = UINT64_C(0x1000);
	struct vmm_table moved;

	set_up(format);
	moved = f.table;
	vmm_table_rebase(&moved, delta);
	assert_int_equal((uintptr_t)moved.format, (uintptr_t)f.table.format + delta);
	assert_int_equal((uintptr_t)moved.frames, (uintptr_t)f.table.frames + delta);
	assert_null(moved.sync);
	assert_null(moved.owner);
	assert_null(moved.pins);
	moved = f.table;
	moved.sync = &f.sync;
	moved.owner = &f.table;
	vmm_table_rebase(&moved, delta);
	assert_int_equal((uintptr_t)moved.sync, (uintptr_t)&f.sync + delta);
	assert_int_equal((uintptr_t)moved.owner, (uintptr_t)&f.table + delta);
	/* By nothing, so that the pins can be followed. */
	vmm_table_pin(&f.table, &pins[0]);
	vmm_table_pin(&f.table, &pins[1]);
	moved = f.table;
	moved.sync = &f.sync;
	moved.owner = &f.table;
	vmm_table_rebase(&moved, 0);
	assert_ptr_equal(moved.pins, &pins[1]);
	assert_ptr_equal(pins[1].next, &pins[0]);
	assert_null(pins[0].next);
	assert_ptr_equal(moved.sync, &f.sync);
	assert_ptr_equal(moved.owner, &f.table);
	tear_down();
}

/* The pins move, too: linked by pointers to where they will be. */
/* Whatever it was and did: what comes at its place next begins with zeroes. */
static void a_table_that_was_used_ends_without_a_trace(const struct vmm_format *format)
{
	struct vmm_pin pin = { .range = region(0, 8) };

	prepare(format);
	f.config.sync = &f.sync;
	f.config.asid = 5;
	f.config.flags = VMM_TABLE_KEEP | VMM_TABLE_ALLOW_WX;
	f.config.flush_max = 3;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	vmm_table_pin(&f.table, &pin);
	for (unsigned int i = 1; i < 4; i++) {
		assert_int_equal(map(i * f.page, 0, f.page), VMM_OK);
	}
	vmm_table_fini(&f.table);
	assert_zeroed();
	tear_down();
}

static void a_pin_that_is_taken_out_leads_nowhere(const struct vmm_format *format)
{
	struct vmm_pin pins[2] = { { .range = region(0, 8) }, { .range = region(0, 8) } };

	set_up(format);
	vmm_table_pin(&f.table, &pins[0]);
	vmm_table_pin(&f.table, &pins[1]);
	assert_int_equal(vmm_table_unpin(&f.table, &pins[1]), VMM_OK);
	assert_null(pins[1].next);
	assert_ptr_equal(f.table.pins, &pins[0]);
	assert_int_equal(vmm_table_unpin(&f.table, &pins[0]), VMM_OK);
	assert_null(f.table.pins);
	tear_down();
}

static void a_rebase_moves_the_pins(const struct vmm_format *format)
{
	struct vmm_pin pins[4];
	const uint64_t delta = 2 * sizeof(struct vmm_pin);
	struct vmm_table moved;

	set_up(format);
	memset(pins, 0, sizeof(pins));
	moved = f.table;
	moved.pins = &pins[0];
	pins[2].next = &pins[1];
	vmm_table_rebase(&moved, delta);
	assert_ptr_equal(moved.pins, &pins[2]);
	assert_ptr_equal(pins[2].next, &pins[3]);
	assert_null(pins[3].next);
	tear_down();
}

static bool any_asid;

static void keep_any_asid(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	any_asid |= request->any_asid;
}

static void map_as(uint64_t va, uint64_t pages, vmm_attr_t attr)
{
	assert_int_equal(vmm_table_map(&f.table, region(va, pages * f.page), vmm_pa(0), attr, NULL),
			 VMM_OK);
}

/* Whether unmapping asks for the leaves of every ASID. */
static bool unmap_asks_for_any(uint64_t va, uint64_t pages)
{
	any_asid = false;
	assert_int_equal(vmm_table_unmap(&f.table, region(va, pages * f.page), NULL), VMM_OK);
	return any_asid;
}

/* Wherever it is among others: in a row, behind a hole, in another table, or what is cut. */
static void one_global_leaf_is_forgotten_for_every_asid(const struct vmm_format *format)
{
	const vmm_attr_t attrs[] = { VMM_USER_RW, VMM_KERNEL_RW };

	prepare(format);
	f.sync.invalidate = keep_any_asid;
	f.config.sync = &f.sync;
	f.config.flags = VMM_TABLE_KEEP;
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	for (unsigned int first = 0; first < 2; first++) {
		for (unsigned int second = 0; second < 2; second++) {
			map_as(0, 4, attrs[first]);
			map_as(8 * f.page, 4, attrs[second]);
			assert_int_equal(unmap_asks_for_any(0, 12), first | second);
			map_as(f.block - f.page, 1, attrs[first]);
			map_as(f.block, 1, attrs[second]);
			assert_int_equal(unmap_asks_for_any(f.block - f.page, 2), first | second);
		}
		map_as(2 * f.block, f.block / f.page, attrs[first]);
		assert_int_equal(unmap_asks_for_any(2 * f.block + f.page, 1), first);
		assert_int_equal(unmap_asks_for_any(2 * f.block, f.block / f.page), first);
	}
	tear_down();
}

/* What is remembered of attributes is all of them. */
static void leaves_like_the_last_ones_are_no_more_global_than_those(const struct vmm_format *format)
{
	set_up(format);
	for (unsigned int i = 0; i < 3; i++) {
		map_as(i * f.page, 1, VMM_USER_RW);
		assert_false(f.table.has_global);
	}
	map_as(4 * f.page, 1, VMM_KERNEL_RW);
	assert_true(f.table.has_global);
	tear_down();
}

static vmm_va_t space_va;

static void keep_space_va(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	if (request->scope == VMM_SCOPE_SPACE) {
		space_va = request->va;
	}
}

/* What ends is forgotten from its first address on. */
static void the_end_of_a_table_names_its_first_address(const struct vmm_format *format)
{
	set_up(format);
	f.sync.invalidate = keep_space_va;
	vmm_table_set_sync(&f.table, &f.sync);
	assert_int_equal(map(f.page, 0, f.page), VMM_OK);
	space_va = vmm_va(7);
	vmm_table_fini(&f.table);
	assert_int_equal(vmm_va_raw(space_va), 0);
	tear_down();
}

/* At both ends, in a table that is set up as the fixture says by now. */
static void cut_the_first_block(void)
{
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	assert_int_equal(map(0, 0, f.block), VMM_OK);
	assert_int_equal(vmm_table_protect(&f.table, region(f.page, f.page), VMM_KERNEL_RO, NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_unmap(&f.table, region(0, f.page), NULL), VMM_OK);
}

/* Nobody is there to be told, whatever the options want to be told. */
static void without_a_seam_a_block_is_cut_in_silence(const struct vmm_format *format)
{
	prepare(format);
	f.config.flags = VMM_TABLE_FLUSH_WHOLE;
	cut_the_first_block();
	tear_down();
}

static bool always_active(const struct vmm_table *table)
{
	(void)table;
	return true;
}

/* A seam without a function for cleaning has none at address 0 either. */
static void a_block_at_address_0_holds_nothing_of_the_seam(const struct vmm_format *format)
{
	prepare(format);
	f.sync.is_active = always_active;
	f.config.sync = &f.sync;
	cut_the_first_block();
	tear_down();
}

static void a_sync_may_come_later(const struct vmm_format *format)
{
	prepare(format);
	vmm_table_set_sync(&f.table, &f.sync);
	assert_zeroed();
	assert_int_equal(vmm_table_init(&f.table, &f.config), VMM_OK);
	by_space = by_address = 0;
	assert_int_equal(map(0, 0, f.page), VMM_OK);
	vmm_table_set_sync(&f.table, &f.sync);
	assert_int_equal(vmm_table_unmap(&f.table, region(0, f.page), NULL), VMM_OK);
	assert_int_equal(by_space + by_address > 0, 1);
	tear_down();
}

/* The seam of a host does nothing, whatever it is asked. */
static void tables_for_no_cpu_work_with_the_ports_seam(const struct vmm_format *format)
{
	bool is_riscv = test_formats_is_riscv(format);
	const struct vmm_sync *own = is_riscv ? &vmm_riscv_sync : &vmm_aarch64_sync;
	struct vmm_aarch64_table arm;
	struct vmm_riscv_table riscv;

	memset(&arm, 0, sizeof(arm));
	memset(&riscv, 0, sizeof(riscv));
	prepare(format);
	if (is_riscv) {
		assert_int_equal(vmm_riscv_table_init(&riscv, &f.config), VMM_OK);
		f.table = riscv.base;
	} else {
		assert_int_equal(vmm_aarch64_table_init(&arm, &f.config), VMM_OK);
		f.table = arm.base;
	}
	assert_ptr_equal(f.table.sync, own);
	assert_int_equal(map(0, 0, f.block), VMM_OK);
	assert_int_equal(vmm_table_unmap(&f.table, region(f.page, f.page), NULL), VMM_OK);
	assert_int_equal(f.frames.out_count > 1, 1);
	tear_down();
}

static void a_sync_of_ones_own_is_kept(const struct vmm_format *format)
{
	struct vmm_aarch64_table arm;
	struct vmm_riscv_table riscv;

	memset(&arm, 0, sizeof(arm));
	memset(&riscv, 0, sizeof(riscv));
	prepare(format);
	f.config.sync = &f.sync;
	if (test_formats_is_riscv(format)) {
		assert_int_equal(vmm_riscv_table_init(&riscv, &f.config), VMM_OK);
		f.table = riscv.base;
	} else {
		assert_int_equal(vmm_aarch64_table_init(&arm, &f.config), VMM_OK);
		f.table = arm.base;
	}
	assert_ptr_equal(f.table.sync, &f.sync);
	tear_down();
}

static void a_table_that_was_not_set_up_has_nothing_to_move(const struct vmm_format *format)
{
	static const struct vmm_table zero;
	struct vmm_table table = zero;

	(void)format;
	vmm_table_rebase(&table, 0x1000);
	assert_memory_equal(&table, &zero, sizeof(zero));
}

int main(void)
{
	static const struct test_case cases[] = {
		TEST_CASE(defaults_are_the_largest_that_the_format_has, TEST_ALL),
		TEST_CASE(what_the_format_does_not_have_is_refused, TEST_ALL),
		TEST_CASE(the_smallest_and_the_largest_sizes_are_taken, TEST_ALL),
		TEST_CASE(once_more_is_fine_with_the_same_and_busy_with_other, TEST_ALL),
		TEST_CASE(another_format_is_busy, TEST_ALL),
		TEST_CASE(an_adopted_root_is_a_frame_among_the_borrowed_ones, TEST_ALL),
		TEST_CASE(a_frame_that_is_none_of_the_source_is_given_back, TEST_ALL),
		TEST_CASE(the_frame_that_is_the_last_one_of_the_cpu_is_taken, TEST_ALL),
		TEST_CASE(errors_of_the_source_are_forwarded, TEST_ALL),
		TEST_CASE(a_frame_of_which_nothing_is_said_is_not_clean, TEST_ALL),
		TEST_CASE(a_root_is_zero_however_its_frame_came, TEST_ALL),
		TEST_CASE(regions_are_judged_before_all_else, TEST_ALL),
		TEST_CASE(a_region_does_not_jump_over_what_is_not_canonical, TEST_RISCV),
		TEST_CASE(physical_addresses_are_judged, TEST_ALL),
		TEST_CASE(attributes_are_judged, TEST_ALL),
		TEST_CASE(addresses_of_other_tables_are_not_translated, TEST_ALL),
		TEST_CASE(a_visit_of_each_descriptor_joins_none, TEST_ALL),
		TEST_CASE(levels_are_told_as_the_architecture_counts, TEST_ALL),
		TEST_CASE(scattered_leaves_are_forgotten_one_by_one_or_all, TEST_ALL),
		TEST_CASE(damage_at_the_edge_of_a_change_is_named, TEST_ALL),
		TEST_CASE(damage_that_a_range_covers_is_unmapped, TEST_ALL),
		TEST_CASE(a_table_that_is_linked_twice_is_given_back_once, TEST_ALL),
		TEST_CASE(what_was_not_set_up_ends_without_a_trace, TEST_ALL),
		TEST_CASE(a_rebase_moves_every_pointer_that_there_is, TEST_ALL),
		TEST_CASE(a_table_that_was_used_ends_without_a_trace, TEST_ALL),
		TEST_CASE(a_pin_that_is_taken_out_leads_nowhere, TEST_ALL),
		TEST_CASE(a_rebase_moves_the_pins, TEST_ALL),
		TEST_CASE(a_table_that_was_not_set_up_has_nothing_to_move, TEST_ALL),
		TEST_CASE(one_global_leaf_is_forgotten_for_every_asid, TEST_ALL),
		TEST_CASE(leaves_like_the_last_ones_are_no_more_global_than_those, TEST_ALL),
		TEST_CASE(a_block_at_address_0_holds_nothing_of_the_seam, TEST_ALL),
		TEST_CASE(the_end_of_a_table_names_its_first_address, TEST_ALL),
		TEST_CASE(without_a_seam_a_block_is_cut_in_silence, TEST_ALL),
		TEST_CASE(a_sync_may_come_later, TEST_ALL),
		TEST_CASE(tables_for_no_cpu_work_with_the_ports_seam, TEST_ALL),
		TEST_CASE(a_sync_of_ones_own_is_kept, TEST_ALL),
	};

	return test_formats_run("table", cases, sizeof(cases) / sizeof(cases[0]));
}
