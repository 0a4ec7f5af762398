/* SPDX-License-Identifier: MIT */
/* The manager: parts of a mapping, and lazy ranges. */

#include "support/test_rooms.h"

static void a_lazy_range_is_mapped_piece_by_piece(void **state)
{
	struct test_manager *self = *state;
	struct vmm *vmm = &self->vmm;
	struct vmm_detail detail;

	assert_int_equal(vmm_lazy_at(vmm, "direct", test_va_region(GIB(8), GIB(1)), vmm_pa(MIB(2)),
				     VMM_KERNEL_RW, NULL), VMM_OK);
	assert_unmapped(self, GIB(8));
	test_manager_check(self);
	assert_int_equal(vmm_map_part(vmm, test_va_region(GIB(8) + MIB(2), MIB(4)), NULL), VMM_OK);
	assert_int_equal(pa_of(self, GIB(8) + MIB(3)), MIB(5));
	assert_int_equal(leaf_size(self, GIB(8) + MIB(3)), MIB(2));
	assert_unmapped(self, GIB(8));
	assert_int_equal(vmm_map_part(vmm, test_va_region(GIB(8), GIB(1)), &detail),
			 VMM_ERR_EXISTS);
	assert_int_equal(vmm_va_raw(detail.va), GIB(8) + MIB(2));
	assert_int_equal(vmm_map_part(vmm, test_va_region(GIB(8), GIB(2)), &detail),
			 VMM_ERR_NOENT);
	test_manager_check(self);
	assert_int_equal(vmm_unmap_part(vmm, test_va_region(GIB(8) + MIB(3), KIB(4)), NULL),
			 VMM_OK);
	assert_unmapped(self, GIB(8) + MIB(3));
	assert_int_equal(pa_of(self, GIB(8) + MIB(4)), MIB(6));
	assert_entry(self, GIB(8) + MIB(3), "direct", GIB(8), GIB(1));
	test_manager_check(self);
	assert_int_equal(vmm_protect(vmm, vmm_va(GIB(8)), VMM_KERNEL_RO, NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_protect_part(vmm, test_va_region(GIB(8) + MIB(4), KIB(4)),
					  VMM_KERNEL_RO, &detail), VMM_ERR_NOENT);
	assert_int_equal(vmm_va_raw(detail.va), GIB(8) + MIB(4));
	assert_int_equal(self->vmm.record.free_count, TEST_POOL_COUNT - 1);
	assert_int_equal(vmm_unmap(vmm, vmm_va(GIB(8)), NULL), VMM_OK);
	assert_int_equal(self->frames.out_count, 1);
}

static void protect_changes_tables_and_record(void **state)
{
	struct test_manager *self = *state;
	uint32_t hint = VMM_ATTR_LEAF_MAX(0);
	const struct vmm_mapping *mapping;
	struct vmm_leaf leaf;
	vmm_attr_t stored;

	assert_int_equal(vmm_map_at(&self->vmm, "code", test_va_region(MIB(2), KIB(64)), vmm_pa(0),
				    vmm_attr(VMM_KERNEL_RW.bits | hint), NULL), VMM_OK);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(MIB(2)), VMM_KERNEL_RX, NULL), VMM_OK);
	mapping = vmm_find(&self->vmm, vmm_va(MIB(2)));
	assert_int_equal(vmm_mapping_attr(mapping).bits, VMM_KERNEL_RX.bits | hint);
	/* What the record keeps for itself is what the table makes of that, too. */
	assert_int_equal(vmm_table_effective(&self->table, vmm_mapping_attr(mapping), &stored),
			 VMM_OK);
	assert_int_equal(mapping->stored.bits, stored.bits);
	assert_int_equal(vmm_table_query(&self->table, vmm_va(MIB(2)), &leaf), VMM_OK);
	assert_true(vmm_attr_is_same(leaf.attr, VMM_KERNEL_RX));
	test_manager_check(self);
}

static void protecting_a_part_makes_it_an_entry_of_its_own(void **state)
{
	struct test_manager *self = *state;
	struct vmm_leaf leaf;

	assert_int_equal(map_at(self, "block", MIB(2), MIB(32), MIB(2)), VMM_OK);
	assert_int_equal(leaf_size(self, MIB(2)), MIB(2));
	assert_int_equal(vmm_protect_part(&self->vmm, test_va_region(MIB(3), KIB(4)), VMM_KERNEL_RO,
					  NULL), VMM_OK);
	assert_entry(self, MIB(2), "block", MIB(2), MIB(1));
	assert_entry(self, MIB(3), "block", MIB(3), KIB(4));
	assert_entry(self, MIB(3) + KIB(4), "block", MIB(3) + KIB(4), MIB(1) - KIB(4));
	assert_int_equal(vmm_table_query(&self->table, vmm_va(MIB(3)), &leaf), VMM_OK);
	assert_false(vmm_attr_has(leaf.attr, VMM_ATTR_WRITE));
	assert_int_equal(vmm_table_query(&self->table, vmm_va(MIB(3) + KIB(4)), &leaf), VMM_OK);
	assert_true(vmm_attr_has(leaf.attr, VMM_ATTR_WRITE));
	assert_int_equal(pa_of(self, MIB(4) - 1), MIB(34) - 1);
	test_manager_check(self);
	/* At either end. */
	assert_int_equal(vmm_protect_part(&self->vmm, test_va_region(MIB(2), KIB(4)), VMM_KERNEL_RO,
					  NULL), VMM_OK);
	assert_int_equal(vmm_protect_part(&self->vmm, test_va_region(MIB(4) - KIB(4), KIB(4)),
					  VMM_KERNEL_RO, NULL), VMM_OK);
	assert_entry(self, MIB(4) - 1, "block", MIB(4) - KIB(4), KIB(4));
	assert_entry(self, MIB(2), "block", MIB(2), KIB(4));
	assert_int_equal(self->vmm.record.free_count, TEST_POOL_COUNT - 5);
	test_manager_check(self);
	/* The whole of one, as a part. */
	assert_int_equal(vmm_protect_part(&self->vmm, test_va_region(MIB(3), KIB(4)), VMM_KERNEL_RW,
					  NULL), VMM_OK);
	assert_int_equal(self->vmm.record.free_count, TEST_POOL_COUNT - 5);
	test_manager_check(self);
}

static void unmapping_a_part_leaves_both_sides(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(map_at(self, "block", MIB(2), MIB(32), MIB(2)), VMM_OK);
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(3), KIB(8)), NULL), VMM_OK);
	assert_entry(self, MIB(2), "block", MIB(2), MIB(1));
	assert_entry(self, MIB(4) - 1, "block", MIB(3) + KIB(8), MIB(1) - KIB(8));
	assert_int_equal(vmm_mapping_attr(vmm_find(&self->vmm, vmm_va(MIB(4) - 1))).bits,
			 VMM_KERNEL_RW.bits);
	assert_null(vmm_find(&self->vmm, vmm_va(MIB(3))));
	assert_unmapped(self, MIB(3));
	assert_int_equal(pa_of(self, MIB(3) + KIB(8)), MIB(33) + KIB(8));
	test_manager_check(self);
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(2), KIB(4)), NULL), VMM_OK);
	assert_entry(self, MIB(2) + KIB(4), "block", MIB(2) + KIB(4), MIB(1) - KIB(4));
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(4) - KIB(4), KIB(4)), NULL),
			 VMM_OK);
	assert_entry(self, MIB(3) + KIB(8), "block", MIB(3) + KIB(8), MIB(1) - KIB(12));
	assert_int_equal(vmm_unmap_part(&self->vmm,
					test_va_region(MIB(3) + KIB(8), MIB(1) - KIB(12)), NULL),
			 VMM_OK);
	assert_int_equal(self->vmm.record.free_count, TEST_POOL_COUNT - 1);
	test_manager_check(self);
}

static void a_part_of_a_guard_is_given_up_without_the_tables(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(vmm_guard_at(&self->vmm, "stack", test_va_region(MIB(1), KIB(16)), NULL),
			 VMM_OK);
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(1) + KIB(4), KIB(4)), NULL),
			 VMM_OK);
	assert_entry(self, MIB(1), "stack", MIB(1), KIB(4));
	assert_entry(self, MIB(1) + KIB(8), "stack", MIB(1) + KIB(8), KIB(8));
	assert_int_equal(map_at(self, "x", MIB(1) + KIB(4), 0, KIB(4)), VMM_OK);
	test_manager_check(self);
	/* Nor do the tables have to say that it is no page. */
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(1) + KIB(8), 5), NULL),
			 VMM_ERR_ALIGN);
}

static void guard_pages_stay_at_the_ends_of_a_cut_mapping(void **state)
{
	struct test_manager *self = *state;
	struct vmm_place place = { .guards = { 1, 1 } };
	uint64_t va = map_any(self, MIB(1), KIB(16), 0, &place);
	bool in_guard = false;

	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(va + KIB(4), KIB(4)), NULL),
			 VMM_OK);
	assert_non_null(vmm_space_find(&self->vmm.area, vmm_va(va - 1), &in_guard));
	assert_true(in_guard);
	assert_null(vmm_space_find(&self->vmm.area, vmm_va(va + KIB(4)), &in_guard));
	in_guard = false;
	assert_non_null(vmm_space_find(&self->vmm.area, vmm_va(va + KIB(16)), &in_guard));
	assert_true(in_guard);
	test_manager_check(self);
}

static void a_part_of_nothing_is_neither_unmapped_nor_protected(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(1), KIB(4)), NULL),
			 VMM_ERR_NOENT);
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(MIB(1), 0), NULL),
			 VMM_ERR_EMPTY);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(MIB(1)), VMM_KERNEL_RO, NULL),
			 VMM_ERR_NOENT);
	/* A mapping is named by its start. */
	assert_int_equal(map_at(self, "data", MIB(1), MIB(1), KIB(8)), VMM_OK);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(MIB(1) + KIB(4)), VMM_KERNEL_RO, NULL),
			 VMM_ERR_NOENT);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(MIB(1)), VMM_KERNEL_RO, NULL), VMM_OK);
}

/* A manager with so many entries. */
static void restart(struct test_manager *self, uint32_t pool_count)
{
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.pool_count = pool_count,
		.window = VMM_VA_REGION_INIT(GIB(2), MIB(16)),
	};

	test_manager_fini(self);
	test_manager_init(self, &config);
}

static void as_many_entries_as_there_are_pieces_are_enough(void **state)
{
	const vmm_va_region_t middle = test_va_region(MIB(2) + KIB(8), KIB(4));
	const vmm_va_region_t first = test_va_region(MIB(2), KIB(4));
	const vmm_va_region_t last = test_va_region(MIB(2) + KIB(16), KIB(4));
	struct test_manager *self = *state;
	struct vmm *vmm = &self->vmm;

	for (uint32_t free = 0; free <= 2; free++) {
		restart(self, free + 1);
		assert_int_equal(map_at(self, "block", MIB(2), MIB(32), KIB(20)), VMM_OK);
		assert_int_equal(vmm_protect_part(vmm, middle, VMM_KERNEL_RO, NULL),
				 free >= 2 ? VMM_OK : VMM_ERR_FULL);
		restart(self, free + 1);
		assert_int_equal(map_at(self, "block", MIB(2), MIB(32), KIB(20)), VMM_OK);
		assert_int_equal(vmm_protect_part(vmm, first, VMM_KERNEL_RO, NULL),
				 free >= 1 ? VMM_OK : VMM_ERR_FULL);
		restart(self, free + 1);
		assert_int_equal(map_at(self, "block", MIB(2), MIB(32), KIB(20)), VMM_OK);
		assert_int_equal(vmm_unmap_part(vmm, middle, NULL),
				 free >= 1 ? VMM_OK : VMM_ERR_FULL);
		restart(self, free + 1);
		assert_int_equal(map_at(self, "block", MIB(2), MIB(32), KIB(20)), VMM_OK);
		assert_int_equal(vmm_unmap_part(vmm, first, NULL), VMM_OK);
		assert_int_equal(vmm_unmap_part(vmm, last, NULL), VMM_OK);
		assert_int_equal(vmm_protect(vmm, vmm_va(MIB(2) + KIB(4)), VMM_KERNEL_RO, NULL),
				 VMM_OK);
		test_manager_check(self);
	}
}

static void the_last_entry_is_used_and_then_no_address_is_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail = { .va = { 7 } };
	vmm_va_t va;

	restart(self, 3);
	assert_int_equal(vmm_map_any(&self->vmm, "a", test_pa_region(0, KIB(4)), VMM_KERNEL_RW,
				     NULL, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "b", vmm_pa(0x9000000), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "c", vmm_pa(0x9000000), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "d", vmm_pa(0x9000000), 4, &va, &detail),
			 VMM_ERR_FULL);
	assert_int_equal(vmm_va_raw(detail.va), 0);
	detail.va = vmm_va(7);
	assert_int_equal(vmm_map_mmio(&self->vmm, "d", vmm_pa(0xa000000), 4, &va, &detail),
			 VMM_ERR_FULL);
	assert_int_equal(vmm_va_raw(detail.va), 0);
	detail.va = vmm_va(7);
	assert_int_equal(vmm_map_any(&self->vmm, "d", test_pa_region(0, KIB(4)), VMM_KERNEL_RW,
				     NULL, &va, &detail), VMM_ERR_FULL);
	assert_int_equal(vmm_va_raw(detail.va), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(as_many_entries_as_there_are_pieces_are_enough),
		TEST(the_last_entry_is_used_and_then_no_address_is_named),
		TEST(a_lazy_range_is_mapped_piece_by_piece),
		TEST(protect_changes_tables_and_record),
		TEST(protecting_a_part_makes_it_an_entry_of_its_own),
		TEST(unmapping_a_part_leaves_both_sides),
		TEST(a_part_of_a_guard_is_given_up_without_the_tables),
		TEST(guard_pages_stay_at_the_ends_of_a_cut_mapping),
		TEST(a_part_of_nothing_is_neither_unmapped_nor_protected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
