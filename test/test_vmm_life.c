/* SPDX-License-Identifier: MIT */
/* The manager: set-up, moves, damage, and finding entries. */

#include "support/test_rooms.h"

#include <string.h>

#include <vmm/riscv.h>

static void init_again_with_the_same_arguments_changes_nothing(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(map_at(self, "data", MIB(1), MIB(1), KIB(4)), VMM_OK);
	assert_int_equal(vmm_init(&self->vmm, &self->config), VMM_OK);
	assert_entry(self, MIB(1), "data", MIB(1), KIB(4));
}

static void init_again_with_other_arguments_is_refused(void **state)
{
	struct test_manager *self = *state;
	struct vmm_config config = self->config;

	config.pool_count--;
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
	config = self->config;
	config.mmio_window.bytes.size -= KIB(4);
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
	config = self->config;
	config.area = test_va_region(0, GIB(512));
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
	config = self->config;
	config.mmio_guards.after = 1;
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
	config = self->config;
	config.mmio_guards.before = 1;
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
	config = self->config;
	config.pool = &self->pool[1];
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
}

static void another_table_is_busy(void **state)
{
	struct test_manager *self = *state;
	struct vmm_config config = self->config;
	struct vmm_table other = self->table;

	config.table = &other;
	assert_int_equal(vmm_init(&self->vmm, &config), VMM_ERR_BUSY);
}

static void what_was_not_set_up_has_nothing_to_move(void **state)
{
	static const struct vmm zero;
	struct vmm vmm = zero;

	(void)state;
	vmm_rebase(&vmm, 0x1000);
	assert_memory_equal(&vmm, &zero, sizeof(vmm));
}

static void a_manager_without_a_window_moves(void **state)
{
	struct test_manager *self = *state;
	struct vmm_config config = self->config;
	struct vmm_mapping pool[2];
	struct vmm vmm = { 0 };

	config.mmio_window = vmm_va_region_empty();
	config.pool = pool;
	config.pool_count = 2;
	assert_int_equal(vmm_init(&vmm, &config), VMM_OK);
	vmm_rebase(&vmm, 0);
	assert_int_equal(vmm_check(&vmm), VMM_OK);
	vmm_fini(&vmm);
}

static void damage_of_either_space_or_of_an_entry_is_found(void **state)
{
	struct test_manager *self = *state;
	struct vmm_mapping *mapping;
	struct vmm_mapping saved;
	vmm_va_t va;

	assert_int_equal(vmm_map_mmio(&self->vmm, "a", vmm_pa(UART), 8, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "b", vmm_pa(UART), 8, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "c", vmm_pa(UART), 8, &va, NULL), VMM_OK);
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	self->vmm.area.free_size++;
	assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT);
	self->vmm.area.free_size--;
	self->vmm.window.free_size++;
	assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT);
	self->vmm.window.free_size--;
	mapping = &self->pool[0];
	saved = *mapping;
#define FOUND(change)                                                  \
	do {                                                           \
		change;                                                \
		assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT); \
		*mapping = saved;                                      \
	} while (0)
	FOUND(mapping->kind = VMM_MAPPING_LAZY + 1);
	FOUND(mapping->kind = VMM_MAPPING_PLAIN);
	FOUND(mapping->user_count = 2);
	FOUND(mapping->user_count = 4);
	FOUND(mapping->user_count = 1);
	FOUND(mapping->users = NULL);
	FOUND(mapping->users = mapping);
	FOUND(mapping->users = &self->pool[TEST_POOL_COUNT]);
	FOUND(mapping->pa_last++);
	FOUND(mapping->by_pa.parent = (uintptr_t)&self->pool[1].by_pa);
	mapping = &self->pool[1];
	saved = *mapping;
	FOUND(mapping->users = NULL);
	FOUND(mapping->range.size = KIB(4));
#undef FOUND
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
}

/* Neither is in a tree by physical address, so nothing else would notice. */
static void damage_of_what_is_not_mapped_is_found(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(vmm_guard_at(&self->vmm, "stack", test_va_region(MIB(1), KIB(4)), NULL),
			 VMM_OK);
	self->pool[0].kind = VMM_MAPPING_LAZY + 1;
	assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT);
	self->pool[0].kind = VMM_MAPPING_GUARD;
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
	/* One user, and a circle of further ones. */
	self->pool[0].users = &self->pool[0];
	assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT);
	self->pool[0].users = NULL;
}

static void as_many_guard_pages_as_a_range_can_have_are_accepted(void **state)
{
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.window = VMM_VA_REGION_INIT(WINDOW_START, WINDOW_SIZE),
		.guards = { VMM_SPACE_GUARDS_MAX, VMM_SPACE_GUARDS_MAX },
	};
	struct test_manager *self = *state;
	vmm_va_t va;

	test_manager_fini(self);
	test_manager_init(self, &config);
	assert_int_equal(vmm_map_mmio(&self->vmm, "uart", vmm_pa(UART), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_va_raw(va), WINDOW_START + VMM_SPACE_GUARDS_MAX * KIB(4));
	/* And no more is kept of the gaps than is looked for here. */
	assert_int_equal(self->vmm.area.exact, false);
	assert_int_equal(self->vmm.window.exact, false);
}

static void init_refuses_what_cannot_be(void **state)
{
	struct test_manager *self = *state;
	static const struct vmm zero;
	struct vmm_table no_table = { 0 };
	struct vmm_config config;
	struct vmm vmm = { 0 };

#define REFUSED(err, change)                                          \
	do {                                                          \
		config = self->config;                                \
		change;                                               \
		assert_int_equal(vmm_init(&vmm, &config), err);       \
		assert_memory_equal(&vmm, &zero, sizeof(vmm));        \
	} while (0)
	REFUSED(VMM_ERR_UNSUPPORTED, config.table = NULL);
	REFUSED(VMM_ERR_UNSUPPORTED, config.table = &no_table);
	REFUSED(VMM_ERR_UNSUPPORTED, config.pool = NULL);
	REFUSED(VMM_ERR_UNSUPPORTED, config.pool_count = 0);
	REFUSED(VMM_ERR_UNSUPPORTED, config.bin_count = 4);
	REFUSED(VMM_ERR_UNSUPPORTED, config.mmio_guards.before = VMM_SPACE_GUARDS_MAX + 1);
	REFUSED(VMM_ERR_UNSUPPORTED, config.mmio_guards.after = VMM_SPACE_GUARDS_MAX + 1);
	REFUSED(VMM_ERR_RANGE, config.area = test_va_region(0, UINT64_C(1) << 49));
	REFUSED(VMM_ERR_RANGE, config.area = test_va_region(0 - GIB(1), GIB(1)));
	REFUSED(VMM_ERR_RANGE, config.area = test_va_region(0, WINDOW_START + KIB(4)));
	REFUSED(VMM_ERR_RANGE, config.mmio_window = test_va_region(UINT64_C(1) << 48, KIB(4)));
	REFUSED(VMM_ERR_WRAP, config.area = test_va_region(KIB(4), UINT64_MAX));
	REFUSED(VMM_ERR_WRAP, config.mmio_window = test_va_region(KIB(4), UINT64_MAX));
	REFUSED(VMM_ERR_ALIGN, config.area = test_va_region(0, GIB(4) + 1));
	REFUSED(VMM_ERR_ALIGN, config.mmio_window = test_va_region(GIB(2), KIB(5)));
#undef REFUSED
}

static void the_area_is_what_the_table_translates(void **state)
{
	struct test_manager self;
	struct test_manager_config config = { .format = &vmm_riscv_sv39 };
	vmm_va_region_t upper = VMM_VA_REGION_INIT(0 - GIB(256), GIB(256));

	(void)state;
	test_manager_init(&self, &config);
	assert_int_equal(map_at(&self, "low", GIB(256) - KIB(4), MIB(1), KIB(4)), VMM_OK);
	assert_int_equal(map_at(&self, "no", GIB(256), MIB(1), KIB(4)), VMM_ERR_RANGE);
	assert_int_equal(map_at(&self, "no", 0 - KIB(4), MIB(1), KIB(4)), VMM_ERR_RANGE);
	test_manager_fini(&self);
	config.area = upper;
	test_manager_init(&self, &config);
	assert_int_equal(map_at(&self, "last page", 0 - KIB(4), MIB(1), KIB(4)), VMM_OK);
	assert_int_equal(pa_of(&self, UINT64_MAX), MIB(1) + KIB(4) - 1);
	assert_int_equal(map_at(&self, "no", MIB(1), MIB(1), KIB(4)), VMM_ERR_RANGE);
	test_manager_check(&self);
	test_manager_fini(&self);
}

static void fini_leaves_the_tables_alone(void **state)
{
	struct test_manager *self = *state;
	vmm_pa_t pa;

	assert_int_equal(map_at(self, "kernel", MIB(1), MIB(3), KIB(8)), VMM_OK);
	vmm_fini(&self->vmm);
	assert_int_equal(vmm_table_translate(&self->table, vmm_va(MIB(1)), &pa), VMM_OK);
	assert_int_equal(vmm_init(&self->vmm, &self->config), VMM_OK);
	assert_null(vmm_first(&self->vmm));
	assert_int_equal(vmm_audit(&self->vmm, NULL), 1);
}

/* Everything that moves together, as the image of a kernel does. */
struct image {
	struct vmm_table table;
	struct vmm vmm;
	struct vmm_mapping pool[8];
	struct vmm_bin bins[4];
	char names[4][8];
};

static void a_moved_manager_is_used_where_it_is_now(void **state)
{
	static struct image low;
	static struct image high;
	struct test_manager *self = *state;
	uint64_t delta = (uint64_t)(uintptr_t)&high - (uint64_t)(uintptr_t)&low;
	struct vmm_config config = self->config;
	vmm_va_t va;

	low.table = self->table;
	memcpy(low.names, "kernel\0\0uart\0\0\0\0gpio\0\0\0\0guard\0\0", 32);
	config.table = &low.table;
	config.pool = low.pool;
	config.pool_count = 8;
	config.bins = low.bins;
	config.bin_count = 4;
	assert_int_equal(vmm_init(&low.vmm, &config), VMM_OK);
	assert_int_equal(vmm_map_at(&low.vmm, low.names[0], test_va_region(MIB(1), MIB(1)),
				    vmm_pa(0), VMM_KERNEL_RX, NULL), VMM_OK);
	assert_int_equal(vmm_guard_at(&low.vmm, low.names[3], test_va_region(MIB(4), KIB(4)), NULL),
			 VMM_OK);
	assert_int_equal(vmm_map_mmio(&low.vmm, low.names[1], vmm_pa(UART), 8, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&low.vmm, low.names[2], vmm_pa(UART + 8), 8, &va, NULL),
			 VMM_OK);
	high = low;
	memset(&low, 0x5a, sizeof(low));
	vmm_rebase(&high.vmm, delta);
	assert_int_equal(vmm_check(&high.vmm), VMM_OK);
	assert_int_equal(vmm_audit(&high.vmm, NULL), 0);
	assert_ptr_equal(vmm_find(&high.vmm, vmm_va(MIB(1))), &high.pool[0]);
	assert_ptr_equal(vmm_mapping_name(vmm_find(&high.vmm, vmm_va(MIB(4)))), high.names[3]);
	assert_int_equal(vmm_unmap_mmio(&high.vmm, va, "uart", NULL), VMM_OK);
	assert_int_equal(vmm_unmap_mmio(&high.vmm, va, "gpio", NULL), VMM_OK);
	assert_int_equal(vmm_unmap(&high.vmm, vmm_va(MIB(1)), NULL), VMM_OK);
	assert_int_equal(vmm_unmap(&high.vmm, vmm_va(MIB(4)), NULL), VMM_OK);
	assert_int_equal(vmm_check(&high.vmm), VMM_OK);
	vmm_fini(&high.vmm);
	self->table = high.table;
}

static void entries_come_in_the_order_of_addresses(void **state)
{
	struct test_manager *self = *state;
	static const char *const order[] = { "low", "uart", "timer", "high" };
	const struct vmm_mapping *mapping;
	size_t i = 0;

	assert_null(vmm_first(&self->vmm));
	assert_int_equal(map_at(self, "high", GIB(4), MIB(32), KIB(4)), VMM_OK);
	assert_string_equal(vmm_mapping_name(vmm_first(&self->vmm)), "high");
	map_mmio(self, "uart", UART, 4);
	map_mmio(self, "timer", UART + MIB(1), 4);
	assert_int_equal(map_at(self, "low", MIB(1), MIB(34), KIB(4)), VMM_OK);
	for (mapping = vmm_first(&self->vmm); mapping != NULL;
	     mapping = vmm_next(&self->vmm, mapping)) {
		assert_string_equal(vmm_mapping_name(mapping), order[i]);
		i++;
	}
	assert_int_equal(i, 4);
}

static void a_window_below_the_area_comes_first(void **state)
{
	struct test_manager self;
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.area = VMM_VA_REGION_INIT(GIB(4), GIB(4)),
		.window = VMM_VA_REGION_INIT(GIB(2), GIB(1)),
	};

	(void)state;
	test_manager_init(&self, &config);
	assert_null(vmm_first(&self.vmm));
	assert_int_equal(map_at(&self, "memory", GIB(4), 0, KIB(4)), VMM_OK);
	assert_string_equal(vmm_mapping_name(vmm_first(&self.vmm)), "memory");
	assert_null(vmm_next(&self.vmm, vmm_first(&self.vmm)));
	map_mmio(&self, "uart", UART, 4);
	assert_string_equal(vmm_mapping_name(vmm_first(&self.vmm)), "uart");
	assert_string_equal(vmm_mapping_name(vmm_next(&self.vmm, vmm_first(&self.vmm))), "memory");
	assert_null(vmm_next(&self.vmm, vmm_next(&self.vmm, vmm_first(&self.vmm))));
	test_manager_check(&self);
	test_manager_fini(&self);
}

static void mappings_are_found_by_physical_address(void **state)
{
	struct test_manager *self = *state;
	const struct vmm_mapping *mapping;

	assert_int_equal(map_at(self, "a", MIB(2), MIB(64), KIB(8)), VMM_OK);
	assert_int_equal(map_at(self, "b", MIB(1), MIB(64) + KIB(4), KIB(8)), VMM_OK);
	assert_int_equal(vmm_guard_at(&self->vmm, "g", test_va_region(0, KIB(4)), NULL), VMM_OK);
	mapping = vmm_find_pa(&self->vmm, test_pa_region(MIB(64) + KIB(4), 1), NULL);
	assert_string_equal(vmm_mapping_name(mapping), "a");
	mapping = vmm_find_pa(&self->vmm, test_pa_region(MIB(64) + KIB(4), 1), mapping);
	assert_string_equal(vmm_mapping_name(mapping), "b");
	assert_null(vmm_find_pa(&self->vmm, test_pa_region(MIB(64) + KIB(4), 1), mapping));
	assert_null(vmm_find_pa(&self->vmm, test_pa_region(0, MIB(64)), NULL));
	assert_null(vmm_find_pa(&self->vmm, test_pa_region(MIB(64), 0), NULL));
}

static void an_upper_table_has_no_lower_area(void **state)
{
	struct test_manager_config setup = { .format = &vmm_aarch64_4k, .half = VMM_UPPER_HALF };
	struct test_manager *self = *state;
	struct vmm_config config;
	struct vmm vmm = { 0 };

	test_manager_fini(self);
	test_manager_init(self, &setup);
	config = self->config;
	config.area = test_va_region(0, GIB(1));
	assert_int_equal(vmm_init(&vmm, &config), VMM_ERR_RANGE);
}

static void memory_past_the_end_of_everything_is_nobodys(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(map_at(self, "data", MIB(1), MIB(1), KIB(4)), VMM_OK);
	assert_null(vmm_find_pa(&self->vmm, test_pa_region(MIB(1), UINT64_MAX), NULL));
	assert_null(vmm_find_pa(&self->vmm, test_pa_region(MIB(1), 0), NULL));
}

static void a_range_that_is_no_entry_is_damage(void **state)
{
	static struct vmm_mapping elsewhere;
	struct test_manager *self = *state;
	struct vmm_want want = { .size = KIB(4) };

	memset(&elsewhere, 0, sizeof(elsewhere));
	elsewhere.user_count = 1;
	elsewhere.kind = VMM_MAPPING_GUARD;
	assert_int_equal(vmm_space_reserve(&self->vmm.area, &want, &elsewhere.range), VMM_OK);
	assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT);
	vmm_space_release(&self->vmm.area, &elsewhere.range);
	assert_int_equal(vmm_check(&self->vmm), VMM_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(init_again_with_the_same_arguments_changes_nothing),
		TEST(init_again_with_other_arguments_is_refused),
		TEST(damage_of_what_is_not_mapped_is_found),
		TEST(as_many_guard_pages_as_a_range_can_have_are_accepted),
		TEST(init_refuses_what_cannot_be),
		TEST(the_area_is_what_the_table_translates),
		TEST(fini_leaves_the_tables_alone),
		TEST(a_moved_manager_is_used_where_it_is_now),
		TEST(entries_come_in_the_order_of_addresses),
		TEST(a_window_below_the_area_comes_first),
		TEST(mappings_are_found_by_physical_address),
		TEST(another_table_is_busy),
		TEST(what_was_not_set_up_has_nothing_to_move),
		TEST(a_manager_without_a_window_moves),
		TEST(damage_of_either_space_or_of_an_entry_is_found),
		TEST(an_upper_table_has_no_lower_area),
		TEST(memory_past_the_end_of_everything_is_nobodys),
		TEST(a_range_that_is_no_entry_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
