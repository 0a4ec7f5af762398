/* SPDX-License-Identifier: MIT */
/*
 * A part of an address space that several tables have in common: who may share and join, and what
 * each of them may do then.
 */
#include "support/test_shares.h"

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
	detail.descriptor = 7;
	detail.level = 7;
	assert_int_equal(vmm_table_share(&f.owner, f.part, &detail), VMM_ERR_BUSY);
	assert_int_equal(vmm_va_raw(detail.va), start);
	assert_int_equal(detail.descriptor, 0);
	assert_int_equal(detail.level, -1);
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
	struct vmm_detail detail = {{7}, 7, 7};
	struct vmm_table_config config;

	(void)state;
	memset(&f, 0, sizeof(f));
	test_frames_init(&f.frames, 16, 4, UINT64_C(0x80000000));
	config = config_of(&flat, 0);
	assert_int_equal(vmm_table_init(&f.owner, &config), VMM_OK);
	assert_int_equal(vmm_table_share(&f.owner, region(0, 1 << 16), &detail),
			 VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_va_raw(detail.va), 0);
	assert_int_equal(detail.descriptor, 0);
	assert_int_equal(detail.level, -1);
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

/* What is beside the part is no part of it. */
static void a_table_with_something_beside_the_part_joins(const struct variant *variant)
{
	set_up_tables(variant);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	map(&f.users[0], variant->at_start ? inside(f.slots, 0) : inside(0, 0) - f.page, PHYSICAL,
	    f.page, VMM_USER_RW);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	tear_down();
}
EACH_VARIANT(a_table_with_something_beside_the_part_joins)

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
	/* What both have doesn't part them. */
	struct vmm_table owner = {0};

	config.flags = VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT;
	assert_int_equal(vmm_table_init(&owner, &config), VMM_OK);
	assert_int_equal(vmm_table_share(&owner, f.part, NULL), VMM_OK);
	assert_int_equal(vmm_table_init(&other, &config), VMM_OK);
	assert_int_equal(vmm_table_join(&other, &owner), VMM_OK);
	vmm_table_fini(&other);
	vmm_table_fini(&owner);
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
		cmocka_unit_test(a_table_with_something_beside_the_part_joins_each),
		cmocka_unit_test(a_table_with_something_in_the_part_does_not_join_each),
		cmocka_unit_test(users_may_not_change_what_is_shared_each),
		cmocka_unit_test(what_is_next_to_the_part_is_each_tables_own_each),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
