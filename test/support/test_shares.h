/* SPDX-License-Identifier: MIT */
#ifndef TEST_SHARES_H
#define TEST_SHARES_H

/**
 * @file test_shares.h An owner, two tables that may join it, and what was asked for at the seam:
 * for the tests of sharing, each on tables of every kind. A test program has one fixture, `f`.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#include "test_frames.h"

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

static inline const uint64_t *root_of(const struct vmm_table *table)
{
	return vmm_frames_ptr(table->frames, vmm_table_root(table));
}

static inline unsigned int first_slot(void)
{
	return (unsigned int)((f.part.bytes.start & f.owner.va_mask) / f.slot);
}

/* --- the seam --- */

static inline void watch_publish(const struct vmm_table *table)
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

static inline void watch_mapped(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	(void)table;
	f.record.mapped++;
	f.record.mapped_any += added->any_asid;
	f.record.mapped_walk += added->scope == VMM_SCOPE_WALK;
}

static inline void watch_invalidate(const struct vmm_table *table,
				    const struct vmm_invalidation *request)
{
	f.record.invalidations++;
	f.record.any_asid += request->any_asid;
	f.record.own_asid += !request->any_asid && request->asid == table->asid;
}

static inline void watch_complete(const struct vmm_table *table)
{
	(void)table;
}

static inline void watch_clean(const struct vmm_table *table, const void *start, size_t size)
{
	(void)table;
	(void)start;
	f.clean_bytes += size;
}

static inline bool never_active(const struct vmm_table *table)
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

static inline void forget_record(void)
{
	memset(&f.record, 0, sizeof(f.record));
	f.clean_bytes = 0;
}

/* --- the fixture --- */

static inline struct vmm_table_config config_of(const struct variant *variant, uint16_t asid)
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

static inline void place_part(void)
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

static inline void set_up_tables(const struct variant *variant)
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
static inline void set_up(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(vmm_table_join(&f.users[i], &f.owner), VMM_OK);
	}
	forget_record();
}

/* Nothing of what they had in common is left in a table that ended. */
static inline void tear_down(void)
{
	static const struct vmm_table zero;

	for (unsigned int i = 0; i < USER_COUNT; i++) {
		vmm_table_fini(&f.users[i]);
		assert_memory_equal(&f.users[i], &zero, sizeof(zero));
	}
	vmm_table_fini(&f.owner);
	assert_memory_equal(&f.owner, &zero, sizeof(zero));
	test_frames_fini(&f.frames);
}

static inline vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t made = VMM_VA_REGION_INIT(start, size);

	return made;
}

/* An address in the part: so many slots, and then so many pages, behind its start. */
static inline uint64_t inside(uint64_t slots, uint64_t pages)
{
	return f.part.bytes.start + slots * f.slot + pages * f.page;
}

/* An address outside of the part, in the same half, in the slot next to it. */
static inline uint64_t outside(uint64_t pages)
{
	uint64_t start = f.variant->at_start ? f.part.bytes.start + f.part.bytes.size :
					       f.part.bytes.start - f.slot;

	return start + pages * f.page;
}

static inline void map(struct vmm_table *table, uint64_t va, uint64_t pa, uint64_t size,
		       vmm_attr_t attr)
{
	assert_int_equal(vmm_table_map(table, region(va, size), vmm_pa(pa), attr, NULL), VMM_OK);
}

static inline void unmap(struct vmm_table *table, uint64_t va, uint64_t size)
{
	assert_int_equal(vmm_table_unmap(table, region(va, size), NULL), VMM_OK);
}

/* Where the table leads; UINT64_MAX: nowhere. */
static inline uint64_t target(const struct vmm_table *table, uint64_t va)
{
	vmm_pa_t pa;
	enum vmm_err err = vmm_table_translate(table, vmm_va(va), &pa);

	if (err == VMM_ERR_NOENT) {
		return UINT64_MAX;
	}
	assert_int_equal(err, VMM_OK);
	return vmm_pa_raw(pa);
}

static inline void assert_shows_everywhere(uint64_t va, uint64_t pa)
{
	assert_int_equal(target(&f.owner, va), pa);
	for (unsigned int i = 0; i < USER_COUNT; i++) {
		assert_int_equal(target(&f.users[i], va), pa);
	}
}

/* The root descriptors of the part: valid, alike in all tables, and frames that are out. */
static inline void assert_part_is_whole(void)
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

#endif /* TEST_SHARES_H */
