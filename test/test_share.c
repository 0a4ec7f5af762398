/* SPDX-License-Identifier: MIT */
/*
 * A part of an address space that several tables have in common: the owner's operations show in all
 * of them, theirs leave it alone, and it ends with its owner.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/aarch64.h>
#include <vmm/bump.h>
#include <vmm/riscv.h>

#include "support/test_frames.h"

#define SLOT_COUNT 4
#define USER_COUNT 2
#define FRAME_COUNT 64
#define OWNER_ASID 0x11
#define USER_ASID 0x21
#define PHYSICAL UINT64_C(0x40000000)

/* Where the part is: the last root descriptors of the table, or the first. */
struct variant {
	const char *name;
	const struct vmm_format *format;
	enum vmm_half half;
	uint8_t va_bits;
	bool at_start;
};

static const struct variant variants[] = {
	{"4 KiB, three levels", &vmm_aarch64_4k, VMM_LOWER_HALF, 39, false},
	{"4 KiB, four levels", &vmm_aarch64_4k, VMM_LOWER_HALF, 48, false},
	{"4 KiB, upper half", &vmm_aarch64_4k, VMM_UPPER_HALF, 48, false},
	{"16 KiB, two levels", &vmm_aarch64_16k, VMM_LOWER_HALF, 36, true},
	{"16 KiB, a root of two", &vmm_aarch64_16k, VMM_LOWER_HALF, 48, true},
	{"64 KiB, two levels", &vmm_aarch64_64k, VMM_LOWER_HALF, 42, false},
	{"64 KiB, three levels", &vmm_aarch64_64k, VMM_LOWER_HALF, 48, false},
	{"Sv39", &vmm_riscv_sv39, VMM_LOWER_HALF, 39, false},
	{"Sv48", &vmm_riscv_sv48, VMM_LOWER_HALF, 48, false},
	{"Sv48, lower half", &vmm_riscv_sv48, VMM_LOWER_HALF, 48, true},
	{"Sv57", &vmm_riscv_sv57, VMM_LOWER_HALF, 57, false},
};

#define VARIANT_COUNT (sizeof(variants) / sizeof(variants[0]))

/* What was asked for at the seam since it was last cleared. */
struct record {
	unsigned int invalidations;
	unsigned int any_asid;  /* of these, for every ASID */
	unsigned int own_asid;  /* of these, for the table's */
	unsigned int mapped;
	unsigned int mapped_any;
	unsigned int mapped_walk; /* with new table descriptors */
	unsigned int publishes;
	unsigned int out_of_order; /* links that a walker could see before what they link */
};

struct fixture {
	const struct variant *variant;
	struct test_frames frames;
	struct vmm_table owner;
	struct vmm_table users[USER_COUNT];
	vmm_va_region_t part;
	uint64_t slot;  /* bytes of a root descriptor */
	uint64_t page;
	unsigned int slots; /* of the part */
	struct record record;
	uint64_t clean_bytes;
	bool is_watched;    /* count stores of links against publishes */
};

static struct fixture f;

static const uint64_t *root_of(const struct vmm_table *table)
{
	return vmm_frames_ptr(table->frames, vmm_table_root(table));
}

static unsigned int first_slot(void)
{
	return (unsigned int)((f.part.bytes.start & f.owner.va_mask) / f.slot);
}

/* --- the seam --- */

static void watch_publish(const struct vmm_table *table)
{
	unsigned int links = 0;

	f.record.publishes++;
	if (!f.is_watched) {
		return;
	}
	for (unsigned int i = 0; i < f.slots; i++) {
		links += (root_of(table)[first_slot() + i] & 1) != 0;
	}
	/* Each link stands only after a publish of its own. */
	f.record.out_of_order += links >= f.record.publishes;
}

static void watch_mapped(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	(void)table;
	f.record.mapped++;
	f.record.mapped_any += added->any_asid;
	f.record.mapped_walk += added->scope == VMM_SCOPE_WALK;
}

static void watch_invalidate(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	f.record.invalidations++;
	f.record.any_asid += request->any_asid;
	f.record.own_asid += !request->any_asid && request->asid == table->asid;
}

static void watch_complete(const struct vmm_table *table)
{
	(void)table;
}

static void watch_clean(const struct vmm_table *table, const void *start, size_t size)
{
	(void)table;
	(void)start;
	f.clean_bytes += size;
}

static bool never_active(const struct vmm_table *table)
{
	(void)table;
	return false;
}

static const struct vmm_sync watching = {
	.publish = watch_publish,
	.mapped = watch_mapped,
	.invalidate = watch_invalidate,
	.complete = watch_complete,
	.clean = watch_clean,
	.is_active = never_active,
};

static void forget_record(void)
{
	memset(&f.record, 0, sizeof(f.record));
	f.clean_bytes = 0;
}

/* --- the fixture --- */

static struct vmm_table_config config_of(const struct variant *variant, uint16_t asid)
{
	const struct vmm_table_config config = {
		.format = variant->format,
		.frames = &f.frames.frames,
		.sync = &watching,
		.half = variant->half,
		.va_bits = variant->va_bits,
		.asid = asid,
	};

	return config;
}

static void place_part(void)
{
	const struct vmm_geometry *geometry = f.variant->format->geometry;
	unsigned int shift = geometry->page_shift + f.owner.root_level * geometry->index_bits;
	uint64_t size = f.owner.va_mask + 1;
	uint64_t all;

	f.page = UINT64_C(1) << geometry->page_shift;
	f.slot = UINT64_C(1) << shift;
	all = size >> shift;
	/* A root of two descriptors is shared by half. */
	f.slots = all > 2 * SLOT_COUNT ? SLOT_COUNT : (unsigned int)(all / 2);
	f.part.bytes.size = f.slots * f.slot;
	if (f.variant->at_start) {
		f.part.bytes.start = f.variant->half == VMM_UPPER_HALF ? 0 - size : 0;
	} else if (f.owner.half == VMM_LOWER_HALF) {
		f.part.bytes.start = size - f.part.bytes.size;
	} else {
		f.part.bytes.start = 0 - f.part.bytes.size;
	}
}

static void set_up_tables(const struct variant *variant)
{
	struct vmm_table_config config = config_of(variant, OWNER_ASID);

	memset(&f, 0, sizeof(f));
	f.variant = variant;
	print_message("# %s\n", variant->name);
	test_frames_init(&f.frames, variant->format->geometry->page_shift, FRAME_COUNT,
			 UINT64_C(0x80000000));
	assert_int_equal(vmm_table_init(&f.owner, &config), VMM_OK);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		config = config_of(variant, (uint16_t)(USER_ASID + i));
		assert_int_equal(vmm_table_init(&f.users[i], &config), VMM_OK);
	}
	place_part();
	forget_record();
}

/* An owner that shares and users that joined. */
static void set_up(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(vmm_table_join(&f.users[i], &f.owner), VMM_OK);
	}
	forget_record();
}

static void tear_down(void)
{
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		vmm_table_fini(&f.users[i]);
	}
	vmm_table_fini(&f.owner);
	test_frames_fini(&f.frames);
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

/* An address in the part: so many slots, and then so many pages, behind its start. */
static uint64_t inside(uint64_t slots, uint64_t pages)
{
	return f.part.bytes.start + slots * f.slot + pages * f.page;
}

/* An address outside of the part, in the same half, in the slot next to it. */
static uint64_t outside(uint64_t pages)
{
	uint64_t start = f.variant->at_start ? f.part.bytes.start + f.part.bytes.size :
					       f.part.bytes.start - f.slot;

	return start + pages * f.page;
}

static void map(struct vmm_table *table, uint64_t va, uint64_t pa, uint64_t size, vmm_attr_t attr)
{
	assert_int_equal(vmm_table_map(table, region(va, size), vmm_pa(pa), attr, NULL), VMM_OK);
}

static void unmap(struct vmm_table *table, uint64_t va, uint64_t size)
{
	assert_int_equal(vmm_table_unmap(table, region(va, size), NULL), VMM_OK);
}

/* Where the table leads; UINT64_MAX: nowhere. */
static uint64_t target(const struct vmm_table *table, uint64_t va)
{
	vmm_pa_t pa;
	enum vmm_err err = vmm_table_translate(table, vmm_va(va), &pa);

	if (err == VMM_ERR_NOENT) {
		return UINT64_MAX;
	}
	assert_int_equal(err, VMM_OK);
	return vmm_pa_raw(pa);
}

static void assert_shows_everywhere(uint64_t va, uint64_t pa)
{
	assert_int_equal(target(&f.owner, va), pa);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(target(&f.users[i], va), pa);
	}
}

/* The root descriptors of the part: valid, alike in all tables, and frames that are out. */
static void assert_part_is_whole(void)
{
	for (unsigned int i = 0; i < f.slots; i++) {
		uint64_t word = root_of(&f.owner)[first_slot() + i];

		assert_true((word & 1) != 0);
		for (unsigned int k = 0; k < USER_COUNT; k++) {
			assert_int_equal(root_of(&f.users[k])[first_slot() + i], word);
		}
	}
}

#define EACH_VARIANT(test)                                               \
	static void test##_each(void **state)                            \
	{                                                                \
		(void)state;                                             \
		for (size_t i = 0; i < VARIANT_COUNT; i++) {             \
			test(&variants[i]);                              \
		}                                                        \
	}

/* --- share --- */

static void sharing_gives_every_root_descriptor_an_empty_table(const struct variant *variant)
{
	set_up_tables(variant);
	size_t before = f.frames.out_count;

	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(f.frames.out_count, before + f.slots);
	for (unsigned int i = 0; i < f.slots; i++) {
		assert_true((root_of(&f.owner)[first_slot() + i] & 1) != 0);
	}
	for (unsigned int i = 0; i < f.slots; i++) {
		assert_int_equal(target(&f.owner, inside(i, 0)), UINT64_MAX);
		assert_int_equal(target(&f.owner, inside(i, 1)), UINT64_MAX);
		assert_int_equal(target(&f.owner, inside(i + 1, 0) - f.page), UINT64_MAX);
	}
	struct vmm_cursor cursor = {0};
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_visit(&f.owner, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	tear_down();
}
EACH_VARIANT(sharing_gives_every_root_descriptor_an_empty_table)

static void
sharing_publishes_and_cleans_tables_before_they_are_linked(const struct variant *variant)
{
	set_up_tables(variant);
	f.is_watched = true;
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(f.record.out_of_order, 0);
	/* Once more at the end, for the last link. */
	assert_int_equal(f.record.publishes, f.slots + 1);
	assert_int_equal(f.clean_bytes, f.slots * (f.page + sizeof(uint64_t)));
	assert_int_equal(f.record.invalidations, 0);
	/* That there was no table may have been cached, and later maps speak of leaves only. */
	assert_int_equal(f.record.mapped_any, 1);
	assert_int_equal(f.record.mapped_walk, 1);
	f.is_watched = false;
	tear_down();
}
EACH_VARIANT(sharing_publishes_and_cleans_tables_before_they_are_linked)

static void what_was_mapped_in_the_part_before_stays_mapped(const struct variant *variant)
{
	set_up_tables(variant);
	map(&f.owner, inside(1, 3) - f.slot, PHYSICAL, f.page, VMM_KERNEL_RW);
	size_t before = f.frames.out_count;

	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(f.frames.out_count, before + f.slots - 1);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(vmm_table_join(&f.users[i], &f.owner), VMM_OK);
	}
	assert_shows_everywhere(inside(0, 3), PHYSICAL);
	/* Nor is the table that was there before freed now. */
	unmap(&f.owner, inside(0, 3), f.page);
	assert_part_is_whole();
	map(&f.owner, inside(0, 5), PHYSICAL, f.page, VMM_KERNEL_RW);
	assert_shows_everywhere(inside(0, 5), PHYSICAL);
	tear_down();
}
EACH_VARIANT(what_was_mapped_in_the_part_before_stays_mapped)

static void leaves_in_the_part_stay_below_the_root(const struct variant *variant)
{
	struct vmm_leaf leaf;

	set_up_tables(variant);
	/* Without sharing the root has the leaf, where the format has one of that size. */
	map(&f.owner, inside(0, 0), 0, f.slot, VMM_KERNEL_RW);
	assert_int_equal(vmm_table_query(&f.owner, vmm_va(inside(0, 0)), &leaf), VMM_OK);
	bool has_root_leaf = leaf.level == f.owner.root_level;

	assert_int_equal(has_root_leaf,
			 f.owner.root_level <= variant->format->geometry->leaf_level_max);
	unmap(&f.owner, inside(0, 0), f.slot);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	map(&f.owner, inside(0, 0), 0, f.slot, VMM_KERNEL_RW);
	assert_int_equal(vmm_table_query(&f.owner, vmm_va(inside(0, 0)), &leaf), VMM_OK);
	assert_true(leaf.level < f.owner.root_level);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_int_equal(target(&f.users[0], inside(1, 0) - 1), f.slot - 1);
	tear_down();
}

static void leaves_in_the_part_stay_below_the_root_each(void **state)
{
	(void)state;
	/* With four levels and more a root descriptor's reach takes many frames, or is no leaf. */
	for (size_t i = 0; i < VARIANT_COUNT; i++) {
		uint64_t levels = variants[i].format->geometry->level_count;

		if (variants[i].va_bits < 48 || levels == 5) {
			leaves_in_the_part_stay_below_the_root(&variants[i]);
		}
	}
}

static enum vmm_err share(uint64_t start, uint64_t size, struct vmm_detail *detail)
{
	enum vmm_err err = vmm_table_share(&f.owner, region(start, size), detail);

	if (err != VMM_OK) {
		assert_int_equal(f.owner.shared.bytes.size, 0);
		assert_null(f.owner.owner);
	}
	return err;
}

static void what_cannot_be_shared_is_refused(const struct variant *variant)
{
	struct vmm_detail detail = {{0}, 1, 7};
	uint64_t start;

	set_up_tables(variant);
	start = f.part.bytes.start;
	struct test_frames_snapshot *before = test_frames_save(&f.frames);

	assert_int_equal(share(start, 0, &detail), VMM_ERR_EMPTY);
	assert_int_equal(share(0 - f.slot, 2 * f.slot, &detail), VMM_ERR_WRAP);
	assert_int_equal(share(start + f.page, f.slot, &detail), VMM_ERR_ALIGN);
	assert_int_equal(share(start, f.slot - f.page, &detail), VMM_ERR_ALIGN);
	assert_int_equal(share(start, f.slot + f.page, &detail), VMM_ERR_ALIGN);
	if (f.owner.half == VMM_LOWER_HALF) {
		assert_int_equal(share(f.owner.va_mask + 1, f.slot, &detail), VMM_ERR_RANGE);
		assert_int_equal(vmm_va_raw(detail.va), f.owner.va_mask + 1);
		assert_int_equal(share(f.owner.va_mask + 1 - f.slot, 2 * f.slot, NULL),
				 VMM_ERR_RANGE);
	} else {
		assert_int_equal(share(UINT64_C(1) << 62, f.slot, &detail), VMM_ERR_RANGE);
		assert_int_equal(vmm_va_raw(detail.va), UINT64_C(1) << 62);
	}
	test_frames_assert_same(&f.frames, before);
	test_frames_release(before);

	assert_int_equal(share(start, f.part.bytes.size, NULL), VMM_OK);
	before = test_frames_save(&f.frames);
	assert_int_equal(vmm_table_share(&f.owner, f.part, &detail), VMM_ERR_BUSY);
	assert_int_equal(vmm_table_share(&f.owner, region(outside(0), f.slot), &detail),
			 VMM_ERR_BUSY);
	assert_true(vmm_va_region_equal(f.owner.shared, f.part));
	/* Nor does a table that joined share anything of its own. */
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	test_frames_release(before);
	before = test_frames_save(&f.frames);
	assert_int_equal(vmm_table_share(&f.users[0], region(outside(0), f.slot), NULL),
			 VMM_ERR_BUSY);
	assert_int_equal(vmm_table_share(&f.users[0], f.part, NULL), VMM_ERR_BUSY);
	test_frames_assert_same(&f.frames, before);
	test_frames_release(before);
	tear_down();
}
EACH_VARIANT(what_cannot_be_shared_is_refused)

static void a_leaf_in_the_root_is_not_shared(void **state)
{
	(void)state;
	for (size_t i = 0; i < VARIANT_COUNT; i++) {
		struct vmm_detail detail = {{0}, 0, -1};

		set_up_tables(&variants[i]);
		if (f.owner.root_level > variants[i].format->geometry->leaf_level_max) {
			tear_down();
			continue;
		}
		uint64_t last = inside(f.slots - 1, 0);

		map(&f.owner, last, 0, f.slot, VMM_KERNEL_RW);
		struct test_frames_snapshot *before = test_frames_save(&f.frames);

		assert_int_equal(vmm_table_share(&f.owner, f.part, &detail), VMM_ERR_EXISTS);
		assert_int_equal(vmm_va_raw(detail.va), last);
		assert_int_equal(detail.level, f.owner.root_level);
		assert_int_equal(detail.descriptor, root_of(&f.owner)[first_slot() + f.slots - 1]);
		test_frames_assert_same(&f.frames, before);
		test_frames_release(before);
		tear_down();
	}
}

static void a_table_of_one_level_has_nothing_to_share(void **state)
{
	const struct variant flat = {"one level", &vmm_aarch64_64k, VMM_LOWER_HALF, 29, true};
	struct vmm_table_config config;

	(void)state;
	memset(&f, 0, sizeof(f));
	test_frames_init(&f.frames, 16, 4, UINT64_C(0x80000000));
	config = config_of(&flat, 0);
	assert_int_equal(vmm_table_init(&f.owner, &config), VMM_OK);
	assert_int_equal(vmm_table_share(&f.owner, region(0, 1 << 16), NULL), VMM_ERR_UNSUPPORTED);
	tear_down();
}

static void without_frames_nothing_is_shared(const struct variant *variant)
{
	set_up_tables(variant);
	struct test_frames_snapshot *before = test_frames_save(&f.frames);

	for (unsigned int i = 0; i < f.slots; i++) {
		size_t mark = test_frames_mark(&f.frames);
		struct vmm_detail detail = {{0}, 0, 5};

		test_frames_limit(&f.frames, i);
		assert_int_equal(share(f.part.bytes.start, f.part.bytes.size, &detail),
				 VMM_ERR_NOMEM);
		assert_int_equal(vmm_va_raw(detail.va), f.part.bytes.start);
		assert_int_equal(detail.level, -1);
		test_frames_assert_rolled_back(&f.frames, mark);
		test_frames_assert_same(&f.frames, before);
	}
	assert_int_equal(f.record.publishes, 0);
	test_frames_limit(&f.frames, TEST_FRAMES_NO_LIMIT);
	f.frames.fail_err = VMM_ERR_CORRUPT;
	test_frames_fail_nth(&f.frames, 1);
	assert_int_equal(share(f.part.bytes.start, f.part.bytes.size, NULL), VMM_ERR_CORRUPT);
	test_frames_assert_same(&f.frames, before);
	test_frames_limit(&f.frames, f.slots);
	assert_int_equal(share(f.part.bytes.start, f.part.bytes.size, NULL), VMM_OK);
	test_frames_limit(&f.frames, TEST_FRAMES_NO_LIMIT);
	test_frames_release(before);
	tear_down();
}
EACH_VARIANT(without_frames_nothing_is_shared)

/* --- join --- */

static void joining_makes_what_is_mapped_and_will_be_mapped_show(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	map(&f.owner, inside(0, 1), PHYSICAL, f.page, VMM_KERNEL_RW);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(target(&f.users[i], inside(0, 1)), UINT64_MAX);
		assert_int_equal(vmm_table_join(&f.users[i], &f.owner), VMM_OK);
	}
	assert_shows_everywhere(inside(0, 1), PHYSICAL);
	map(&f.owner, inside(f.slots, 0) - f.page, PHYSICAL + f.page, f.page, VMM_KERNEL_RO);
	assert_shows_everywhere(inside(f.slots, 0) - f.page, PHYSICAL + f.page);
	assert_int_equal(vmm_table_protect(&f.owner, region(inside(0, 1), f.page), VMM_KERNEL_RO,
					   NULL),
			 VMM_OK);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		struct vmm_leaf leaf;

		assert_int_equal(vmm_table_query(&f.users[i], vmm_va(inside(0, 1)), &leaf),
				 VMM_OK);
		assert_false(vmm_attr_has(leaf.attr, VMM_ATTR_WRITE));
	}
	unmap(&f.owner, inside(0, 1), f.page);
	assert_shows_everywhere(inside(0, 1), UINT64_MAX);
	tear_down();
}
EACH_VARIANT(joining_makes_what_is_mapped_and_will_be_mapped_show)

static void joining_tells_the_cpu_and_takes_no_frame(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	forget_record();
	size_t before = f.frames.out_count;

	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_int_equal(f.frames.out_count, before);
	assert_int_equal(f.record.publishes, 1);
	assert_int_equal(f.record.mapped, 1);
	assert_int_equal(f.record.mapped_any, 1);
	assert_int_equal(f.record.mapped_walk, 1);
	assert_int_equal(f.clean_bytes, f.slots * sizeof(uint64_t));
	/* Again it changes nothing. */
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_int_equal(f.record.publishes, 1);
	tear_down();
}
EACH_VARIANT(joining_tells_the_cpu_and_takes_no_frame)

/* A table like the users', but for what the caller changed in the configuration, doesn't join. */
static void refuse_join(const struct vmm_table_config *config, enum vmm_err expected)
{
	struct vmm_table other = {0};

	assert_int_equal(vmm_table_init(&other, config), VMM_OK);
	struct test_frames_snapshot *before = test_frames_save(&f.frames);

	assert_int_equal(vmm_table_join(&other, &f.owner), expected);
	assert_int_equal(other.shared.bytes.size, 0);
	assert_null(other.owner);
	test_frames_assert_same(&f.frames, before);
	test_frames_release(before);
	vmm_table_fini(&other);
}

static void tables_that_differ_do_not_join(void **state)
{
	const struct variant *variant = &variants[1];
	struct vmm_table_config config;
	struct test_frames elsewhere;
	struct vmm_table never = {0};

	(void)state;
	set_up_tables(variant);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(vmm_table_join(&f.owner, &f.owner), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_table_join(&never, &f.owner), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_table_join(&f.users[0], &never), VMM_ERR_UNSUPPORTED);
	config = config_of(variant, 0);
	config.va_bits = 47;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	config = config_of(variant, 0);
	config.pa_bits = 40;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	config = config_of(variant, 0);
	config.half = VMM_UPPER_HALF;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	/* Table frames that it would reach elsewhere. */
	test_frames_init(&elsewhere, 12, 4, UINT64_C(0x80000000));
	config = config_of(variant, 0);
	config.frames = &elsewhere.frames;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	test_frames_fini(&elsewhere);
	/* Only an owner can be joined. */
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[1], &f.users[0]), VMM_ERR_UNSUPPORTED);
	tear_down();
}

static void tables_with_other_kinds_of_descriptors_do_not_join(void **state)
{
	const struct variant *variant = &variants[7];
	struct vmm_table_config config;

	(void)state;
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	config = config_of(variant, 0);
	config.flags = VMM_TABLE_SVNAPOT;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	config.flags = VMM_TABLE_SVPBMT;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	config = config_of(variant, 0);
	config.format = &vmm_riscv_sv48;
	config.va_bits = 48;
	refuse_join(&config, VMM_ERR_UNSUPPORTED);
	/* How a table is used doesn't matter. */
	config = config_of(variant, 0);
	config.flags = VMM_TABLE_KEEP | VMM_TABLE_ALLOW_WX;
	struct vmm_table other = {0};

	assert_int_equal(vmm_table_init(&other, &config), VMM_OK);
	assert_int_equal(vmm_table_join(&other, &f.owner), VMM_OK);
	vmm_table_fini(&other);
	tear_down();
}

static void a_table_that_shares_already_does_not_join(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(vmm_table_share(&f.users[0], f.part, NULL), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_ERR_BUSY);
	assert_null(f.users[0].owner);
	assert_int_equal(vmm_table_join(&f.users[1], &f.users[0]), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[1], &f.owner), VMM_ERR_BUSY);
	assert_ptr_equal(f.users[1].owner, &f.users[0]);
	vmm_table_fini(&f.users[1]);
	tear_down();
}
EACH_VARIANT(a_table_that_shares_already_does_not_join)

static void a_table_with_something_in_the_part_does_not_join(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	map(&f.users[0], inside(f.slots - 1, 7), PHYSICAL, f.page, VMM_USER_RW);
	struct test_frames_snapshot *before = test_frames_save(&f.frames);

	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_ERR_EXISTS);
	test_frames_assert_same(&f.frames, before);
	test_frames_release(before);
	assert_int_equal(target(&f.users[0], inside(f.slots - 1, 7)), PHYSICAL);
	unmap(&f.users[0], inside(f.slots - 1, 7), f.page);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	tear_down();
}
EACH_VARIANT(a_table_with_something_in_the_part_does_not_join)

/* --- what the users may do --- */

static void refuse(enum vmm_op op, uint64_t start, uint64_t size, uint64_t conflict)
{
	const struct vmm_request request = {op, region(start, size), vmm_pa(PHYSICAL),
					    VMM_USER_RW};
	uint64_t frame_count = 77;
	struct vmm_detail detail = {{0}, 1, 9};
	enum vmm_err err;

	switch (op) {
	case VMM_OP_MAP:
		err = vmm_table_map(&f.users[0], request.va, request.pa, request.attr, &detail);
		break;
	case VMM_OP_UNMAP:
		err = vmm_table_unmap(&f.users[0], request.va, &detail);
		break;
	case VMM_OP_PROTECT:
	default:
		err = vmm_table_protect(&f.users[0], request.va, request.attr, &detail);
		break;
	}
	assert_int_equal(err, VMM_ERR_BUSY);
	assert_int_equal(vmm_va_raw(detail.va), conflict);
	assert_int_equal(detail.level, -1);
	assert_int_equal(detail.descriptor, 0);
	assert_int_equal(vmm_table_need(&f.users[0], &request, &frame_count, &detail),
			 VMM_ERR_BUSY);
	assert_int_equal(frame_count, 77);
}

static void users_may_not_change_what_is_shared(const struct variant *variant)
{
	static const enum vmm_op ops[] = {VMM_OP_MAP, VMM_OP_UNMAP, VMM_OP_PROTECT};

	set_up(variant);
	map(&f.owner, inside(0, 0), PHYSICAL, 4 * f.page, VMM_KERNEL_RW);
	struct test_frames_snapshot *before = test_frames_save(&f.frames);

	forget_record();
	for (unsigned int i = 0; i < 3; i++) {
		refuse(ops[i], inside(0, 0), f.page, inside(0, 0));
		refuse(ops[i], inside(f.slots, 0) - f.page, f.page, inside(f.slots, 0) - f.page);
		refuse(ops[i], f.part.bytes.start, f.part.bytes.size, f.part.bytes.start);
		/* A range that begins outside and ends inside, or the other way round. */
		if (variant->at_start) {
			refuse(ops[i], inside(f.slots, 0) - f.page, 2 * f.page,
			       inside(f.slots, 0) - f.page);
		} else {
			refuse(ops[i], inside(0, 0) - 3 * f.page, 4 * f.page, inside(0, 0));
		}
	}
	test_frames_assert_same(&f.frames, before);
	test_frames_release(before);
	assert_int_equal(f.record.publishes + f.record.invalidations + f.record.mapped, 0);
	tear_down();
}
EACH_VARIANT(users_may_not_change_what_is_shared)

static void what_is_next_to_the_part_is_each_tables_own(const struct variant *variant)
{
	/* The page that touches the part. */
	uint64_t beside;

	set_up(variant);
	beside = variant->at_start ? inside(f.slots, 0) : inside(0, 0) - f.page;
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		map(&f.users[i], beside, PHYSICAL + i * f.page, f.page, VMM_USER_RW);
	}
	map(&f.owner, beside, PHYSICAL + 8 * f.page, f.page, VMM_KERNEL_RW);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(target(&f.users[i], beside), PHYSICAL + i * f.page);
	}
	unmap(&f.users[0], beside, f.page);
	assert_int_equal(target(&f.users[0], beside), UINT64_MAX);
	assert_int_equal(target(&f.users[1], beside), PHYSICAL + f.page);
	assert_int_equal(target(&f.owner, beside), PHYSICAL + 8 * f.page);
	tear_down();
}
EACH_VARIANT(what_is_next_to_the_part_is_each_tables_own)

/* --- nothing of the part is freed before its owner ends --- */

static void no_unmap_or_trim_frees_a_table_of_the_part(const struct variant *variant)
{
	set_up(variant);
	size_t before = f.frames.out_count;

	/* A page that comes and goes, each whole slot, all of the part, and more than it. */
	map(&f.owner, inside(1, 0) - f.page, PHYSICAL, f.page, VMM_KERNEL_RW);
	unmap(&f.owner, inside(1, 0) - f.page, f.page);
	assert_part_is_whole();
	for (unsigned int i = 0; i < f.slots; i++) {
		map(&f.owner, inside(i, 2), PHYSICAL, f.page, VMM_KERNEL_RW);
		unmap(&f.owner, inside(i, 0), f.slot);
		assert_part_is_whole();
	}
	map(&f.owner, inside(0, 2), PHYSICAL, f.page, VMM_KERNEL_RW);
	unmap(&f.owner, f.part.bytes.start, f.part.bytes.size);
	assert_part_is_whole();
	map(&f.owner, inside(0, 2), PHYSICAL, f.page, VMM_KERNEL_RW);
	map(&f.owner, outside(0), PHYSICAL, f.page, VMM_KERNEL_RW);
	if (variant->at_start) {
		unmap(&f.owner, f.part.bytes.start, f.part.bytes.size + f.slot);
	} else {
		unmap(&f.owner, f.part.bytes.start - f.slot, f.part.bytes.size + f.slot);
	}
	assert_part_is_whole();
	assert_int_equal(f.frames.out_count, before);
	vmm_table_trim(&f.owner);
	assert_part_is_whole();
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		vmm_table_trim(&f.users[i]);
		assert_part_is_whole();
	}
	assert_int_equal(f.frames.out_count, before);
	map(&f.owner, inside(0, 4), PHYSICAL, f.page, VMM_KERNEL_RW);
	assert_shows_everywhere(inside(0, 4), PHYSICAL);
	tear_down();
}
EACH_VARIANT(no_unmap_or_trim_frees_a_table_of_the_part)

static void tables_below_the_part_s_own_come_and_go(const struct variant *variant)
{
	set_up(variant);
	size_t before = f.frames.out_count;

	map(&f.owner, inside(0, 1), PHYSICAL, f.page, VMM_KERNEL_RW);
	assert_int_equal(f.frames.out_count, before + f.owner.root_level - 1u);
	unmap(&f.owner, inside(0, 1), f.page);
	assert_int_equal(f.frames.out_count, before);
	/* A user's trim leaves the owner's tables alone, the empty ones, too. */
	tear_down();
}
EACH_VARIANT(tables_below_the_part_s_own_come_and_go)

static void trim_of_a_user_spares_what_the_owner_keeps(const struct variant *variant)
{
	struct vmm_table_config config;

	set_up_tables(variant);
	vmm_table_fini(&f.owner);
	config = config_of(variant, OWNER_ASID);
	config.flags = VMM_TABLE_KEEP;
	assert_int_equal(vmm_table_init(&f.owner, &config), VMM_OK);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[1], &f.owner), VMM_OK);
	size_t before = f.frames.out_count;

	map(&f.owner, inside(0, 1), PHYSICAL, f.page, VMM_KERNEL_RW);
	unmap(&f.owner, f.part.bytes.start, f.part.bytes.size);
	size_t kept = f.frames.out_count;

	assert_int_equal(kept, before + f.owner.root_level - 1u);
	vmm_table_trim(&f.users[0]);
	assert_int_equal(f.frames.out_count, kept);
	forget_record();
	vmm_table_trim(&f.owner);
	assert_int_equal(f.frames.out_count, before);
	/* Walks under any ASID may have passed the tables that are gone. */
	assert_int_equal(f.record.any_asid, kept != before);
	assert_int_equal(f.record.invalidations, f.record.any_asid);
	assert_part_is_whole();
	tear_down();
}
EACH_VARIANT(trim_of_a_user_spares_what_the_owner_keeps)

static void a_user_ends_with_its_own_frames_only(const struct variant *variant)
{
	set_up(variant);
	map(&f.owner, inside(0, 1), PHYSICAL, f.page, VMM_KERNEL_RW);
	map(&f.users[0], outside(1), PHYSICAL, f.page, VMM_USER_RW);
	size_t before = f.frames.out_count;

	vmm_table_fini(&f.users[0]);
	assert_int_equal(f.frames.out_count, before - 1 - f.owner.root_level);
	assert_int_equal(target(&f.owner, inside(0, 1)), PHYSICAL);
	assert_int_equal(target(&f.users[1], inside(0, 1)), PHYSICAL);
	map(&f.owner, inside(0, 2), PHYSICAL, f.page, VMM_KERNEL_RW);
	assert_int_equal(target(&f.users[1], inside(0, 2)), PHYSICAL);
	/* The object can be used again. */
	struct vmm_table_config config = config_of(variant, USER_ASID);

	assert_int_equal(vmm_table_init(&f.users[0], &config), VMM_OK);
	assert_int_equal(target(&f.users[0], inside(0, 2)), UINT64_MAX);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_shows_everywhere(inside(0, 2), PHYSICAL);
	tear_down();
}
EACH_VARIANT(a_user_ends_with_its_own_frames_only)

static void the_owner_s_end_frees_the_part(const struct variant *variant)
{
	set_up(variant);
	map(&f.owner, inside(0, 1), PHYSICAL, f.page, VMM_KERNEL_RW);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		vmm_table_fini(&f.users[i]);
	}
	forget_record();
	vmm_table_fini(&f.owner);
	assert_int_equal(f.frames.out_count, 0);
	/* Walks under any ASID may have passed its tables. */
	assert_int_equal(f.record.invalidations, 1);
	assert_int_equal(f.record.any_asid, 1);
	test_frames_fini(&f.frames);
}
EACH_VARIANT(the_owner_s_end_frees_the_part)

/* --- invalidations --- */

/* Not global, which would be for every ASID anyway. */
#define PRIVATE vmm_attr(VMM_ATTR_WRITE)
#define PRIVATE_RO vmm_attr(0)

static void changes_of_the_part_reach_every_asid(const struct variant *variant)
{
	set_up(variant);
	forget_record();
	map(&f.owner, inside(0, 1), PHYSICAL, 2 * f.page, PRIVATE);
	assert_int_equal(f.record.mapped, 1);
	assert_int_equal(f.record.mapped_any, 1);
	assert_int_equal(f.record.invalidations, 0);
	assert_int_equal(vmm_table_protect(&f.owner, region(inside(0, 1), f.page), PRIVATE_RO,
					   NULL),
			 VMM_OK);
	assert_int_equal(f.record.invalidations, 1);
	assert_int_equal(f.record.any_asid, 1);
	unmap(&f.owner, inside(0, 1), f.page);
	assert_int_equal(f.record.invalidations, 2);
	assert_int_equal(f.record.any_asid, 2);
	/* The last page, with which tables go, too. */
	unmap(&f.owner, inside(0, 2), f.page);
	assert_true(f.record.invalidations > 2);
	assert_int_equal(f.record.any_asid, f.record.invalidations);
	/* More than can be said by address. */
	forget_record();
	map(&f.owner, inside(0, 0), PHYSICAL, 100 * f.page, PRIVATE);
	unmap(&f.owner, inside(0, 0), 100 * f.page);
	assert_true(f.record.invalidations > 0);
	assert_int_equal(f.record.any_asid, f.record.invalidations);
	tear_down();
}
EACH_VARIANT(changes_of_the_part_reach_every_asid)

/* One operation across the border of the part. */
static void a_change_that_ends_in_the_part_reaches_every_asid(const struct variant *variant)
{
	uint64_t start;

	set_up(variant);
	start = variant->at_start ? inside(f.slots, 0) - f.page : inside(0, 0) - f.page;
	map(&f.owner, start, PHYSICAL, 2 * f.page, PRIVATE);
	assert_int_equal(f.record.mapped_any, f.record.mapped);
	unmap(&f.owner, start, 2 * f.page);
	assert_true(f.record.invalidations > 0);
	assert_int_equal(f.record.any_asid, f.record.invalidations);
	tear_down();
}
EACH_VARIANT(a_change_that_ends_in_the_part_reaches_every_asid)

static void change_one_page(struct vmm_table *table, uint64_t va)
{
	map(table, va, PHYSICAL, f.page, VMM_USER_RW);
	map(table, va + f.page, PHYSICAL, f.page, VMM_USER_RW);
	assert_int_equal(vmm_table_protect(table, region(va, f.page), VMM_USER_RO, NULL), VMM_OK);
	unmap(table, va, f.page);
}

/* Of the record's invalidations all name the table's own ASID, or in an upper half, where leaves
 * are cached with the lower table's, none does. */
static void assert_narrow(unsigned int at_least)
{
	assert_true(f.record.invalidations >= at_least);
	assert_int_equal(f.record.own_asid,
			 f.variant->half == VMM_UPPER_HALF ? 0 : f.record.invalidations);
	assert_int_equal(f.record.mapped_any, 0);
	forget_record();
}

static void changes_elsewhere_name_one_asid(const struct variant *variant)
{
	set_up(variant);
	change_one_page(&f.users[0], outside(0));
	assert_narrow(2);
	change_one_page(&f.owner, outside(0));
	assert_narrow(2);
	/* Tables go, but not the part's. */
	unmap(&f.users[0], outside(1), f.page);
	assert_narrow(1);
	vmm_table_fini(&f.users[0]);
	assert_narrow(1);
	tear_down();
}
EACH_VARIANT(changes_elsewhere_name_one_asid)

/* --- what the CPU stands on --- */

static uint64_t around(uintptr_t code, uint64_t size)
{
	return (uint64_t)code & ~(size - 1);
}

/*
 * The CPU may translate the part by a table that joined, so whether the owner's is active tells
 * nothing about what it stands on. A run of Svnapot is cut through invalid descriptors.
 */
static void a_leaf_under_the_code_in_the_part_is_pinned_while_a_user_runs(void **state)
{
	const struct variant sv48 = {"Sv48 with runs", &vmm_riscv_sv48, VMM_LOWER_HALF, 48, true};
	struct vmm_table_config config;
	struct vmm_detail detail;
	uint64_t code = around((uintptr_t)watch_publish, 0x10000);

	(void)state;
	memset(&f, 0, sizeof(f));
	f.variant = &sv48;
	test_frames_init(&f.frames, 12, 16, UINT64_C(0x80000000));
	config = config_of(&sv48, 0);
	config.flags = VMM_TABLE_SVNAPOT;
	assert_int_equal(vmm_table_init(&f.owner, &config), VMM_OK);
	place_part();
	if (code >> 47 != 0) {
		tear_down();
		skip();
	}
	uint64_t slot = code & ~(f.slot - 1);

	for (unsigned int shared = 0; shared < 2; shared++) {
		const vmm_attr_t run = vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_CONTIG);

		if (shared != 0) {
			assert_int_equal(vmm_table_share(&f.owner, region(slot, f.slot), NULL),
					 VMM_OK);
		}
		map(&f.owner, code, 0x10000, 0x10000, run);
		/* Beside what is shared nobody stands on a table that isn't active. */
		enum vmm_err err = vmm_table_unmap(&f.owner, region(code, 0x1000), &detail);

		assert_int_equal(err, shared != 0 ? VMM_ERR_PINNED : VMM_OK);
		assert_int_equal(target(&f.owner, code), shared != 0 ? 0x10000 : UINT64_MAX);
		unmap(&f.owner, code, 0x10000);
	}
	tear_down();
}

/* --- tables of others --- */

/* The owner's tables were made by somebody else: none of its frames is the source's. */
static void what_an_owner_adopted_can_be_visited_by_its_users(void **state)
{
	static _Alignas(4096) uint8_t memory[2][12 * 4096];
	static struct vmm_bump bumps[2];
	const vmm_va_region_t part = VMM_VA_REGION_INIT(0xffffffc000000000, 0x40000000);
	const vmm_va_region_t va = VMM_VA_REGION_INIT(0xffffffc000003000, 0x1000);
	struct vmm_table maker = {0}, owner = {0}, user = {0};
	struct vmm_table_config config = {.format = &vmm_riscv_sv39};
	struct vmm_cursor cursor = {0};
	struct vmm_leaf leaf;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		vmm_pa_region_t frames =
			VMM_PA_REGION_INIT((uint64_t)(uintptr_t)memory[i], sizeof(memory[i]));

		memset(&bumps[i], 0, sizeof(bumps[i]));
		assert_int_equal(vmm_bump_init(&bumps[i], frames, 12, 0), VMM_OK);
	}
	config.frames = &bumps[0].frames;
	assert_int_equal(vmm_table_init(&maker, &config), VMM_OK);
	map(&maker, 0xffffffc000003000, PHYSICAL, 0x1000, VMM_KERNEL_RW);
	config.frames = &bumps[1].frames;
	assert_int_equal(vmm_table_init(&user, &config), VMM_OK);
	config.borrowed.bytes.start = (uint64_t)(uintptr_t)memory[0];
	config.borrowed.bytes.size = sizeof(memory[0]);
	config.root = vmm_table_root(&maker);
	assert_int_equal(vmm_table_init(&owner, &config), VMM_OK);
	assert_int_equal(vmm_table_share(&owner, part, NULL), VMM_OK);
	assert_int_equal(vmm_table_join(&user, &owner), VMM_OK);
	assert_int_equal(vmm_table_visit(&user, &cursor, &leaf, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(leaf.va), va.bytes.start);
	assert_int_equal(vmm_pa_raw(leaf.pa), PHYSICAL);
	assert_int_equal(vmm_table_visit(&user, &cursor, &leaf, NULL), VMM_ERR_NOENT);
	/* Borrowed tables aren't counted, but stay linked as all of the part's do. */
	unmap(&owner, part.bytes.start, part.bytes.size);
	map(&owner, va.bytes.start, PHYSICAL, 0x1000, VMM_KERNEL_RW);
	assert_int_equal(target(&user, va.bytes.start), PHYSICAL);
	vmm_table_fini(&user);
	vmm_table_fini(&owner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sharing_gives_every_root_descriptor_an_empty_table_each),
		cmocka_unit_test(sharing_publishes_and_cleans_tables_before_they_are_linked_each),
		cmocka_unit_test(what_was_mapped_in_the_part_before_stays_mapped_each),
		cmocka_unit_test(leaves_in_the_part_stay_below_the_root_each),
		cmocka_unit_test(what_cannot_be_shared_is_refused_each),
		cmocka_unit_test(a_leaf_in_the_root_is_not_shared),
		cmocka_unit_test(a_table_of_one_level_has_nothing_to_share),
		cmocka_unit_test(without_frames_nothing_is_shared_each),
		cmocka_unit_test(joining_makes_what_is_mapped_and_will_be_mapped_show_each),
		cmocka_unit_test(joining_tells_the_cpu_and_takes_no_frame_each),
		cmocka_unit_test(tables_that_differ_do_not_join),
		cmocka_unit_test(tables_with_other_kinds_of_descriptors_do_not_join),
		cmocka_unit_test(a_table_that_shares_already_does_not_join_each),
		cmocka_unit_test(a_table_with_something_in_the_part_does_not_join_each),
		cmocka_unit_test(users_may_not_change_what_is_shared_each),
		cmocka_unit_test(what_is_next_to_the_part_is_each_tables_own_each),
		cmocka_unit_test(no_unmap_or_trim_frees_a_table_of_the_part_each),
		cmocka_unit_test(tables_below_the_part_s_own_come_and_go_each),
		cmocka_unit_test(trim_of_a_user_spares_what_the_owner_keeps_each),
		cmocka_unit_test(a_user_ends_with_its_own_frames_only_each),
		cmocka_unit_test(the_owner_s_end_frees_the_part_each),
		cmocka_unit_test(changes_of_the_part_reach_every_asid_each),
		cmocka_unit_test(a_change_that_ends_in_the_part_reaches_every_asid_each),
		cmocka_unit_test(changes_elsewhere_name_one_asid_each),
		cmocka_unit_test(a_leaf_under_the_code_in_the_part_is_pinned_while_a_user_runs),
		cmocka_unit_test(what_an_owner_adopted_can_be_visited_by_its_users),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
