/* SPDX-License-Identifier: MIT */
/* The manager: devices in the MMIO window, and who shares them. */

#include "support/test_rooms.h"

static void a_device_is_mapped_in_the_window_with_its_offset_kept(void **state)
{
	struct test_manager *self = *state;
	uint64_t va = map_mmio(self, "uart", UART + 0x48, 0x10);
	struct vmm_leaf leaf;

	assert_int_equal(va % KIB(4), 0x48);
	assert_int_equal(vmm_table_query(&self->table, vmm_va(va), &leaf), VMM_OK);
	assert_true(vmm_attr_is_same(leaf.attr, VMM_DEVICE));
	assert_entry(self, va, "uart", va - 0x48, KIB(4));
	assert_int_equal(vmm_mapping_kind(vmm_find(&self->vmm, vmm_va(va))), VMM_MAPPING_MMIO);
	assert_int_equal(vmm_mapping_attr(vmm_find(&self->vmm, vmm_va(va))).bits, VMM_DEVICE.bits);
	test_manager_check(self);
}

static void registers_across_a_page_boundary_take_both_pages(void **state)
{
	struct test_manager *self = *state;
	uint64_t va = map_mmio(self, "x", UART + KIB(4) - 4, 8);

	assert_int_equal(pa_of(self, va + 7), UART + KIB(4) + 3);
	assert_entry(self, va, "x", va - (KIB(4) - 4), KIB(8));
}

static void drivers_of_one_page_share_one_mapping(void **state)
{
	struct test_manager *self = *state;
	uint64_t uart = map_mmio(self, "uart", UART, 0x100);
	uint64_t gpio = map_mmio(self, "gpio", UART + 0x200, 0x100);
	const struct vmm_mapping *mapping = vmm_find(&self->vmm, vmm_va(uart));
	const struct vmm_mapping *user;

	assert_int_equal(gpio, uart + 0x200);
	assert_int_equal(vmm_mapping_user_count(mapping), 2);
	user = vmm_mapping_next_user(mapping, mapping);
	assert_string_equal(vmm_mapping_name(user), "gpio");
	assert_null(vmm_mapping_next_user(mapping, user));
	assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(gpio), "spi", NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(gpio), "uart", NULL), VMM_OK);
	assert_int_equal(pa_of(self, gpio), UART + 0x200);
	assert_string_equal(vmm_mapping_name(mapping), "gpio");
	test_manager_check(self);
	assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(gpio), "gpio", NULL), VMM_OK);
	assert_unmapped(self, gpio);
	assert_null(vmm_first(&self->vmm));
	assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(gpio), "gpio", NULL), VMM_ERR_NOENT);
	assert_int_equal(self->frames.out_count, 1);
}

static void there_are_as_many_users_as_drivers(void **state)
{
	struct test_manager *self = *state;
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	uint64_t va = 0;

	for (size_t i = 0; i < 10; i++) {
		va = map_mmio(self, names[i], UART + 4 * i, 4);
	}
	assert_int_equal(vmm_mapping_user_count(vmm_find(&self->vmm, vmm_va(va))), 10);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(va), names[i], NULL), VMM_OK);
		test_manager_check(self);
	}
	assert_int_equal(pa_of(self, va), UART + 36);
}

/* Larger than the address that it is at. */
static void a_device_at_the_start_of_memory_is_mapped(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(map_mmio(self, "low", KIB(4), KIB(64)) % KIB(4), 0);
	test_manager_check(self);
}

static void a_part_of_a_larger_mapping_is_shared(void **state)
{
	struct test_manager *self = *state;
	uint64_t all = map_mmio(self, "all", UART, KIB(64));

	assert_int_equal(map_mmio(self, "one", UART + KIB(32) + 12, 4), all + KIB(32) + 12);
	assert_int_equal(self->vmm.record.mapped_count, 1);
}

static void a_partial_overlap_of_the_same_type_gets_its_own_range(void **state)
{
	struct test_manager *self = *state;
	uint64_t low = map_mmio(self, "low", UART, KIB(8));
	uint64_t high = map_mmio(self, "high", UART + KIB(4), KIB(8));
	uint64_t both = map_mmio(self, "both", UART, KIB(12));

	assert_true(high >= low + KIB(8) || low >= high + KIB(8));
	assert_int_equal(self->vmm.record.mapped_count, 3);
	assert_int_equal(map_mmio(self, "shares high", UART + KIB(8), KIB(4)) % KIB(4), 0);
	assert_int_equal(self->vmm.record.mapped_count, 3);
	assert_int_not_equal(both, low);
	test_manager_check(self);
	assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(low), "low", NULL), VMM_OK);
	assert_int_equal(pa_of(self, both), UART);
	test_manager_check(self);
}

static void of_two_mappings_that_have_all_pages_the_first_is_shared(void **state)
{
	struct test_manager *self = *state;
	uint64_t low = map_mmio(self, "low", UART, KIB(8));

	map_mmio(self, "high", UART + KIB(4), KIB(8));
	assert_int_equal(map_mmio(self, "both have it", UART + KIB(4), 4), low + KIB(4));
	test_manager_check(self);
}

static void what_was_mapped_by_hand_is_no_device_to_give_back(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(map_at(self, "data", MIB(1), MIB(1), KIB(4)), VMM_OK);
	assert_int_equal(vmm_unmap_mmio(&self->vmm, vmm_va(MIB(1)), "data", NULL), VMM_ERR_NOENT);
	assert_entry(self, MIB(1), "data", MIB(1), KIB(4));
	test_manager_check(self);
}

static void another_type_for_the_same_memory_is_refused(void **state)
{
	struct test_manager *self = *state;
	vmm_attr_t nc = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL);
	uint64_t uart = map_mmio(self, "uart", UART, KIB(8));
	struct test_manager_snapshot *before = test_manager_save(self);
	struct vmm_detail detail = { 0 };
	vmm_va_t va = { 7 };

	assert_int_equal(vmm_map_mmio_as(&self->vmm, "fb", vmm_pa(UART + KIB(4)), KIB(8), nc, &va,
					 &detail), VMM_ERR_EXISTS);
	assert_int_equal(vmm_va_raw(detail.va), uart + KIB(4));
	assert_int_equal(vmm_va_raw(va), 7);
	test_manager_assert_same(self, before);
	test_manager_release(before);
	/* Memory that was mapped by hand counts, too. */
	assert_int_equal(map_at(self, "ram", MIB(2), MIB(64), MIB(2)), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "dma", vmm_pa(MIB(65)), 0, &va, &detail),
			 VMM_ERR_EMPTY);
	assert_int_equal(vmm_map_mmio(&self->vmm, "dma", vmm_pa(MIB(65)), 4, &va, &detail),
			 VMM_ERR_EXISTS);
	assert_int_equal(vmm_va_raw(detail.va), MIB(3));
}

static void the_same_type_with_other_access_gets_its_own_range(void **state)
{
	struct test_manager *self = *state;
	vmm_attr_t ro = vmm_attr(VMM_DEVICE.bits & ~VMM_ATTR_WRITE);
	uint64_t uart = map_mmio(self, "uart", UART, 4);
	vmm_va_t va;

	assert_int_equal(vmm_map_mmio_as(&self->vmm, "watcher", vmm_pa(UART), 4, ro, &va, NULL),
			 VMM_OK);
	assert_int_not_equal(vmm_va_raw(va), uart);
	test_manager_check(self);
}

static void a_framebuffer_is_not_cacheable_and_uses_large_leaves(void **state)
{
	struct test_manager *self = *state;
	vmm_attr_t nc = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL);
	struct vmm_leaf leaf;
	vmm_va_t va;

	assert_int_equal(vmm_map_mmio_as(&self->vmm, "fb", vmm_pa(MIB(256)), MIB(8), nc, &va, NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_query(&self->table, va, &leaf), VMM_OK);
	assert_int_equal(leaf.size, MIB(2));
	assert_true(vmm_attr_is_same(leaf.attr, nc));
}

static void a_device_mapped_by_hand_is_not_shared_but_has_its_alias(void **state)
{
	struct test_manager *self = *state;
	vmm_va_t va;

	assert_int_equal(vmm_map_at(&self->vmm, "early uart", test_va_region(UART, KIB(4)),
				    vmm_pa(UART), VMM_DEVICE, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "uart", vmm_pa(UART), 4, &va, NULL), VMM_OK);
	assert_true(vmm_va_raw(va) >= WINDOW_START);
	test_manager_check(self);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(UART), NULL), VMM_OK);
}

static void guard_pages_surround_each_device(void **state)
{
	struct test_manager self;
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.window = VMM_VA_REGION_INIT(WINDOW_START, KIB(24)),
		.guards = { 1, 1 },
	};
	uint64_t a;
	uint64_t b;
	vmm_va_t va;

	(void)state;
	test_manager_init(&self, &config);
	a = map_mmio(&self, "a", UART, 4);
	b = map_mmio(&self, "b", UART + MIB(1), 4);
	assert_int_equal(a, WINDOW_START + KIB(4));
	assert_int_equal(b, WINDOW_START + KIB(16));
	assert_int_equal(vmm_map_mmio(&self.vmm, "c", vmm_pa(UART + MIB(2)), 4, &va, NULL),
			 VMM_ERR_NOSPACE);
	assert_int_equal(vmm_unmap_mmio(&self.vmm, vmm_va(a - 1), "a", NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_unmap_mmio(&self.vmm, vmm_va(a), "a", NULL), VMM_OK);
	test_manager_check(&self);
	test_manager_fini(&self);
}

static void mmio_refuses_wrong_arguments_and_changes_nothing(void **state)
{
	struct test_manager *self = *state;
	struct test_manager_snapshot *before = test_manager_save(self);
	struct vmm *vmm = &self->vmm;
	vmm_attr_t dx = vmm_attr(VMM_DEVICE.bits | VMM_ATTR_EXEC(VMM_EXEC_KERNEL));
	struct vmm_detail detail = { .va = { 7 } };
	vmm_va_t va = { 7 };

	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(UART), 0, &va, NULL), VMM_ERR_EMPTY);
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(UART + 4), 0, &va, NULL), VMM_ERR_EMPTY);
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(0 - KIB(4)), KIB(8), &va, NULL),
			 VMM_ERR_WRAP);
	/* Up to the last byte: not past it, but all pages there are have no size. */
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(1), UINT64_MAX, &va, NULL), VMM_ERR_WRAP);
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(KIB(4)), 0 - KIB(4), &va, NULL),
			 VMM_ERR_NOSPACE);
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(UINT64_MAX), 1, &va, NULL), VMM_ERR_PHYS);
	/* In the middle of all addresses: as far from the start as from the end. */
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa((UINT64_C(1) << 63) - KIB(4)), KIB(8), &va,
				      NULL), VMM_ERR_PHYS);
	assert_int_equal(vmm_map_mmio(vmm, "x", vmm_pa(0), MIB(17), &va, &detail), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_va_raw(detail.va), 0);
	detail.va = vmm_va(7);
	detail.descriptor = 7;
	assert_int_equal(vmm_map_mmio_as(vmm, "x", vmm_pa(0), 4, dx, &va, &detail), VMM_ERR_ATTR);
	assert_int_equal(vmm_va_raw(detail.va), 0);
	assert_int_equal(detail.descriptor, 0);
	assert_int_equal(detail.level, -1);
	assert_int_equal(vmm_va_raw(va), 7);
	test_manager_assert_same(self, before);
	test_manager_release(before);
}

static void without_a_window_there_is_no_room_for_devices(void **state)
{
	struct test_manager self;
	struct test_manager_config config = { .format = &vmm_aarch64_4k };
	vmm_va_t va;

	(void)state;
	test_manager_init(&self, &config);
	assert_int_equal(vmm_map_mmio(&self.vmm, "x", vmm_pa(UART), 4, &va, NULL), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_unmap_mmio(&self.vmm, vmm_va(MIB(1)), "x", NULL), VMM_ERR_NOENT);
	test_manager_fini(&self);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_device_is_mapped_in_the_window_with_its_offset_kept),
		TEST(registers_across_a_page_boundary_take_both_pages),
		TEST(drivers_of_one_page_share_one_mapping),
		TEST(there_are_as_many_users_as_drivers),
		TEST(a_device_at_the_start_of_memory_is_mapped),
		TEST(a_part_of_a_larger_mapping_is_shared),
		TEST(a_partial_overlap_of_the_same_type_gets_its_own_range),
		TEST(of_two_mappings_that_have_all_pages_the_first_is_shared),
		TEST(what_was_mapped_by_hand_is_no_device_to_give_back),
		TEST(another_type_for_the_same_memory_is_refused),
		TEST(the_same_type_with_other_access_gets_its_own_range),
		TEST(a_framebuffer_is_not_cacheable_and_uses_large_leaves),
		TEST(a_device_mapped_by_hand_is_not_shared_but_has_its_alias),
		TEST(guard_pages_surround_each_device),
		TEST(mmio_refuses_wrong_arguments_and_changes_nothing),
		TEST(without_a_window_there_is_no_room_for_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
