/* SPDX-License-Identifier: MIT */
/*
 * What several tables have in common: how long it lives, and what CPUs are told of its changes.
 */
#include <vmm/bump.h>

#include "support/test_shares.h"

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

static void trim_of_a_user_frees_its_own_and_names_its_asid(const struct variant *variant)
{
	struct vmm_table_config config;

	set_up_tables(variant);
	vmm_table_fini(&f.users[0]);
	config = config_of(variant, USER_ASID);
	config.flags = VMM_TABLE_KEEP;
	assert_int_equal(vmm_table_init(&f.users[0], &config), VMM_OK);
	assert_int_equal(vmm_table_share(&f.owner, f.part, NULL), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[0], &f.owner), VMM_OK);
	assert_int_equal(vmm_table_join(&f.users[1], &f.owner), VMM_OK);
	size_t before = f.frames.out_count;

	map(&f.users[0], outside(1), PHYSICAL, f.page, VMM_USER_RW);
	unmap(&f.users[0], outside(1), f.page);
	assert_int_equal(f.frames.out_count, before + f.owner.root_level);
	forget_record();
	vmm_table_trim(&f.users[0]);
	assert_int_equal(f.frames.out_count, before);
	assert_int_equal(f.record.invalidations, 1);
	/* The upper half has no ASID of its own. */
	assert_int_equal(f.record.own_asid, variant->half == VMM_LOWER_HALF);
	assert_part_is_whole();
	tear_down();
}
EACH_VARIANT(trim_of_a_user_frees_its_own_and_names_its_asid)

/* A CPU may have the root still: what it could walk to is the owner's, and goes on to change. */
static void a_user_s_end_unlinks_the_part_before_it_forgets(const struct variant *variant)
{
	set_up(variant);
	f.is_watched = true;
	vmm_table_fini(&f.users[0]);
	assert_int_equal(f.record.publishes, 1);
	assert_int_equal(f.record.out_of_order, 0);
	assert_int_equal(f.record.invalidations, 1);
	f.is_watched = false;
	tear_down();
}
EACH_VARIANT(a_user_s_end_unlinks_the_part_before_it_forgets)

static void a_link_to_neither_s_frames_is_named(const struct variant *variant)
{
	struct vmm_cursor cursor = {0};
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	uint64_t *slot, whole;

	set_up(variant);
	slot = vmm_frames_ptr(f.users[0].frames, vmm_table_root(&f.users[0]));
	slot += first_slot();
	whole = *slot;
	*slot = variant->format->geometry->sign_extended ? whole - (UINT64_C(0x80000000) >> 2)
							  : whole - UINT64_C(0x80000000);
	assert_int_equal(vmm_table_visit(&f.users[0], &cursor, &leaf, &detail), VMM_ERR_CORRUPT);
	assert_int_equal(vmm_va_raw(detail.va), f.part.bytes.start);
	*slot = whole;
	tear_down();
}
EACH_VARIANT(a_link_to_neither_s_frames_is_named)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_unmap_or_trim_frees_a_table_of_the_part_each),
		cmocka_unit_test(tables_below_the_part_s_own_come_and_go_each),
		cmocka_unit_test(trim_of_a_user_spares_what_the_owner_keeps_each),
		cmocka_unit_test(trim_of_a_user_frees_its_own_and_names_its_asid_each),
		cmocka_unit_test(a_link_to_neither_s_frames_is_named_each),
		cmocka_unit_test(a_user_s_end_unlinks_the_part_before_it_forgets_each),
		cmocka_unit_test(a_user_ends_with_its_own_frames_only_each),
		cmocka_unit_test(the_owner_s_end_frees_the_part_each),
		cmocka_unit_test(changes_of_the_part_reach_every_asid_each),
		cmocka_unit_test(a_change_that_ends_in_the_part_reaches_every_asid_each),
		cmocka_unit_test(changes_elsewhere_name_one_asid_each),
		cmocka_unit_test(a_leaf_under_the_code_in_the_part_is_pinned_while_a_user_runs),
		cmocka_unit_test(what_an_owner_adopted_can_be_visited_by_its_users),
	};

	return cmocka_run_group_tests_name("share life", tests, NULL, NULL);
}
