/* SPDX-License-Identifier: MIT */
/* The manager: every operation by example, and what its errors leave as it was. */

#include "support/test_manager.h"

#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define GIB(n) (UINT64_C(n) << 30)

#define WINDOW_START GIB(2)
#define WINDOW_SIZE MIB(16)
#define UART UINT64_C(0x09000000)

static struct test_manager manager;

static int set_up(void **state)
{
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.window = VMM_VA_REGION_INIT(WINDOW_START, WINDOW_SIZE),
	};

	test_manager_init(&manager, &config);
	*state = &manager;
	return 0;
}

static int tear_down(void **state)
{
	test_manager_fini(*state);
	return 0;
}

static enum vmm_err map_at(struct test_manager *self, const char *name, uint64_t va, uint64_t pa,
			   uint64_t size)
{
	return vmm_map_at(&self->vmm, name, test_va_region(va, size), vmm_pa(pa), VMM_KERNEL_RW,
			  NULL);
}

static uint64_t pa_of(const struct test_manager *self, uint64_t va)
{
	vmm_pa_t pa;

	assert_int_equal(vmm_translate(&self->vmm, vmm_va(va), &pa), VMM_OK);
	return vmm_pa_raw(pa);
}

static void assert_unmapped(const struct test_manager *self, uint64_t va)
{
	vmm_pa_t pa;

	assert_int_equal(vmm_translate(&self->vmm, vmm_va(va), &pa), VMM_ERR_NOENT);
}

static void assert_entry(const struct test_manager *self, uint64_t va, const char *name,
			 uint64_t start, uint64_t size)
{
	const struct vmm_mapping *mapping = vmm_find(&self->vmm, vmm_va(va));

	assert_non_null(mapping);
	assert_string_equal(vmm_mapping_name(mapping), name);
	assert_int_equal(vmm_va_raw(vmm_va_region_start(vmm_mapping_va(mapping))), start);
	assert_int_equal(vmm_va_region_size(vmm_mapping_va(mapping)), size);
}

/* --- init, fini, rebase --- */

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

/* Leaves of any level that the format has would not fit a table of one level. */
static void map_any_knows_how_many_levels_there_are(void **state)
{
	struct test_manager_config setup = { .format = &vmm_aarch64_64k, .va_bits = 29 };
	struct test_manager *self = *state;
	struct vmm_leaf leaf;
	vmm_va_t va;

	test_manager_fini(self);
	test_manager_init(self, &setup);
	assert_int_equal(vmm_map_any(&self->vmm, "data", test_pa_region(GIB(1), MIB(2)),
				     vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_LEAF_MAX(1)), NULL, &va,
				     NULL), VMM_OK);
	assert_int_equal(vmm_table_query(&self->table, va, &leaf), VMM_OK);
	assert_int_equal(leaf.level, 0);
	test_manager_check(self);
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
	assert_false(self->vmm.area.exact);
	assert_false(self->vmm.window.exact);
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

/* --- map_at, guard_at --- */

static void a_mapping_is_in_the_tables_and_in_the_record(void **state)
{
	struct test_manager *self = *state;
	const struct vmm_mapping *mapping;

	assert_int_equal(map_at(self, "kernel data", MIB(2), MIB(80), KIB(64)), VMM_OK);
	assert_int_equal(pa_of(self, MIB(2) + 5), MIB(80) + 5);
	assert_entry(self, MIB(2) + KIB(64) - 1, "kernel data", MIB(2), KIB(64));
	mapping = vmm_find(&self->vmm, vmm_va(MIB(2)));
	assert_int_equal(vmm_mapping_kind(mapping), VMM_MAPPING_PLAIN);
	assert_int_equal(vmm_mapping_attr(mapping).bits, VMM_KERNEL_RW.bits);
	assert_int_equal(vmm_pa_raw(vmm_pa_region_start(vmm_mapping_pa(mapping))), MIB(80));
	assert_null(vmm_find(&self->vmm, vmm_va(MIB(2) - 1)));
	assert_null(vmm_find(&self->vmm, vmm_va(MIB(2) + KIB(64))));
	test_manager_check(self);
}

static void mapping_over_an_entry_names_its_first_address(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail = { 0 };

	assert_int_equal(map_at(self, "a", MIB(2), 0, KIB(8)), VMM_OK);
	assert_int_equal(vmm_map_at(&self->vmm, "b", test_va_region(MIB(1), MIB(2)), vmm_pa(0),
				    VMM_KERNEL_RO, &detail), VMM_ERR_EXISTS);
	assert_int_equal(vmm_va_raw(detail.va), MIB(2));
	assert_int_equal(detail.level, -1);
}

static void mapping_over_what_is_not_recorded_is_refused_too(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail = { 0 };

	assert_int_equal(vmm_table_map(&self->table, test_va_region(MIB(2), KIB(4)), vmm_pa(0),
				       VMM_KERNEL_RO, NULL), VMM_OK);
	assert_int_equal(vmm_map_at(&self->vmm, "b", test_va_region(MIB(1), MIB(2)), vmm_pa(0),
				    VMM_KERNEL_RO, &detail), VMM_ERR_EXISTS);
	assert_int_equal(vmm_va_raw(detail.va), MIB(2));
	assert_null(vmm_first(&self->vmm));
}

static void mapping_by_hand_into_the_window_is_refused(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail;

	assert_int_equal(map_at(self, "x", WINDOW_START, UART, KIB(4)), VMM_ERR_BUSY);
	assert_int_equal(map_at(self, "x", WINDOW_START - KIB(4), UART, KIB(8)), VMM_ERR_BUSY);
	assert_int_equal(map_at(self, "x", WINDOW_START + WINDOW_SIZE - KIB(4), UART, KIB(8)),
			 VMM_ERR_BUSY);
	assert_int_equal(map_at(self, "x", 0, 0, GIB(4)), VMM_ERR_BUSY);
	assert_int_equal(vmm_guard_at(&self->vmm, "x", test_va_region(WINDOW_START, KIB(4)), NULL),
			 VMM_ERR_BUSY);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(WINDOW_START), &detail), VMM_ERR_BUSY);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(WINDOW_START), VMM_KERNEL_RO, &detail),
			 VMM_ERR_BUSY);
	assert_int_equal(vmm_unmap_part(&self->vmm, test_va_region(WINDOW_START, KIB(4)), &detail),
			 VMM_ERR_BUSY);
	assert_int_equal(map_at(self, "x", WINDOW_START - KIB(4), UART, KIB(4)), VMM_OK);
	assert_int_equal(map_at(self, "x", WINDOW_START + WINDOW_SIZE, UART, KIB(4)), VMM_OK);
}

static void a_window_apart_from_the_area_is_not_mapped_by_hand_either(void **state)
{
	struct test_manager self;
	struct test_manager_config config = {
		.format = &vmm_riscv_sv39,
		.area = VMM_VA_REGION_INIT(0, GIB(4)),
		.window = VMM_VA_REGION_INIT(0 - GIB(1), GIB(1)),
	};
	vmm_va_t va;

	(void)state;
	test_manager_init(&self, &config);
	assert_int_equal(map_at(&self, "x", 0 - GIB(1), 0, KIB(4)), VMM_ERR_BUSY);
	assert_int_equal(map_at(&self, "low", MIB(1), 0, KIB(4)), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self.vmm, "uart", vmm_pa(0x10000000), 8, &va, NULL), VMM_OK);
	assert_true(vmm_va_raw(va) >= 0 - GIB(1));
	assert_string_equal(vmm_mapping_name(vmm_first(&self.vmm)), "low");
	assert_string_equal(vmm_mapping_name(vmm_next(&self.vmm, vmm_first(&self.vmm))), "uart");
	test_manager_check(&self);
	test_manager_fini(&self);
}

static void wrong_arguments_are_refused_and_change_nothing(void **state)
{
	struct test_manager *self = *state;
	struct test_manager_snapshot *before;
	vmm_attr_t rwx = vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_EXEC(VMM_EXEC_KERNEL));
	vmm_attr_t dx = vmm_attr(VMM_DEVICE.bits | VMM_ATTR_EXEC(VMM_EXEC_KERNEL));
	struct vmm *vmm = &self->vmm;

	assert_int_equal(map_at(self, "kernel", MIB(1), 0, MIB(1)), VMM_OK);
	before = test_manager_save(self);
	assert_int_equal(map_at(self, "x", MIB(4), 0, 0), VMM_ERR_EMPTY);
	assert_int_equal(map_at(self, "x", MIB(4) + 1, 0, KIB(4)), VMM_ERR_ALIGN);
	assert_int_equal(map_at(self, "x", MIB(4), 0, KIB(5)), VMM_ERR_ALIGN);
	assert_int_equal(map_at(self, "x", MIB(4), 8, KIB(4)), VMM_ERR_ALIGN);
	assert_int_equal(map_at(self, "x", MIB(4), UINT64_C(1) << 52, KIB(4)), VMM_ERR_PHYS);
	assert_int_equal(map_at(self, "x", MIB(4), 0 - KIB(4), KIB(8)), VMM_ERR_PHYS);
	assert_int_equal(map_at(self, "x", UINT64_C(1) << 48, 0, KIB(4)), VMM_ERR_RANGE);
	assert_int_equal(map_at(self, "x", 0 - KIB(4), 0, KIB(8)), VMM_ERR_WRAP);
	/* Before any table is asked. */
	assert_int_equal(vmm_lazy_at(vmm, "x", test_va_region(MIB(4), KIB(8)), vmm_pa(0 - KIB(4)),
				     VMM_KERNEL_RW, NULL), VMM_ERR_PHYS);
	assert_int_equal(vmm_lazy_at(vmm, "x", test_va_region(MIB(4), KIB(4)), vmm_pa(8),
				     VMM_KERNEL_RW, NULL), VMM_ERR_ALIGN);
	assert_int_equal(vmm_map_at(vmm, "x", test_va_region(MIB(4), KIB(4)), vmm_pa(0), rwx, NULL),
			 VMM_ERR_WX);
	assert_int_equal(vmm_map_at(vmm, "x", test_va_region(MIB(4), KIB(4)), vmm_pa(0), dx, NULL),
			 VMM_ERR_ATTR);
	assert_int_equal(vmm_unmap(vmm, vmm_va(MIB(1) + KIB(4)), NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_unmap(vmm, vmm_va(MIB(8)), NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_protect(vmm, vmm_va(MIB(8)), VMM_KERNEL_RO, NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_protect(vmm, vmm_va(MIB(1)), rwx, NULL), VMM_ERR_WX);
	assert_int_equal(vmm_protect(vmm, vmm_va(MIB(1)), VMM_DEVICE, NULL), VMM_ERR_ATTR);
	assert_int_equal(vmm_unmap_part(vmm, test_va_region(MIB(1), 0), NULL), VMM_ERR_EMPTY);
	assert_int_equal(vmm_unmap_part(vmm, test_va_region(MIB(1), 5), NULL), VMM_ERR_ALIGN);
	assert_int_equal(vmm_unmap_part(vmm, test_va_region(MIB(1), 0 - MIB(1) + KIB(4)), NULL),
			 VMM_ERR_WRAP);
	assert_int_equal(vmm_unmap_part(vmm, test_va_region(MIB(1), MIB(2)), NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_protect_part(vmm, test_va_region(MIB(1) - KIB(4), KIB(8)),
					  VMM_KERNEL_RO, NULL), VMM_ERR_NOENT);
	assert_int_equal(vmm_map_part(vmm, test_va_region(MIB(1), KIB(4)), NULL), VMM_ERR_NOENT);
	test_manager_assert_same(self, before);
	test_manager_release(before);
}

static void guards_keep_their_place_free(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail;

	assert_int_equal(vmm_guard_at(&self->vmm, "boot stack", test_va_region(MIB(1), KIB(4)),
				      NULL), VMM_OK);
	assert_unmapped(self, MIB(1));
	assert_entry(self, MIB(1) + 7, "boot stack", MIB(1), KIB(4));
	assert_int_equal(vmm_mapping_attr(vmm_find(&self->vmm, vmm_va(MIB(1)))).bits, 0);
	assert_int_equal(map_at(self, "stack", MIB(1), 0, KIB(8)), VMM_ERR_EXISTS);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(MIB(1)), VMM_KERNEL_RO, &detail),
			 VMM_ERR_NOENT);
	test_manager_check(self);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(MIB(1)), NULL), VMM_OK);
	assert_int_equal(map_at(self, "stack", MIB(1), 0, KIB(8)), VMM_OK);
}

static void unmap_takes_everything_back(void **state)
{
	struct test_manager *self = *state;
	struct test_manager_snapshot *before = test_manager_save(self);

	assert_int_equal(map_at(self, "a", MIB(2), MIB(2), MIB(6)), VMM_OK);
	assert_int_equal(map_at(self, "b", GIB(16), MIB(2), KIB(4)), VMM_OK);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(MIB(2)), NULL), VMM_OK);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(GIB(16)), NULL), VMM_OK);
	assert_unmapped(self, MIB(2));
	assert_int_equal(self->frames.out_count, 1);
	assert_int_equal(vmm_space_free_size(&self->vmm.area), (UINT64_C(1) << 48) - WINDOW_SIZE);
	test_manager_release(before);
}

/* --- map_any --- */

static uint64_t map_any(struct test_manager *self, uint64_t pa, uint64_t size, uint32_t bits,
			const struct vmm_place *place)
{
	vmm_va_t va = { 0 };

	assert_int_equal(vmm_map_any(&self->vmm, "any", test_pa_region(pa, size),
				     vmm_attr(VMM_KERNEL_RW.bits | bits), place, &va, NULL),
			 VMM_OK);
	assert_int_equal(pa_of(self, vmm_va_raw(va)), pa);
	assert_int_equal(pa_of(self, vmm_va_raw(va) + (size - 1)), pa + (size - 1));
	return vmm_va_raw(va);
}

static uint64_t leaf_size(const struct test_manager *self, uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&self->table, vmm_va(va), &leaf), VMM_OK);
	return leaf.size;
}

static void map_any_is_congruent_to_the_largest_useful_leaf(void **state)
{
	struct test_manager *self = *state;
	uint64_t va;

	va = map_any(self, GIB(3) - MIB(2), GIB(1) + MIB(4), 0, NULL);
	assert_int_equal(leaf_size(self, va + MIB(2)), GIB(1));
	assert_int_equal(va % GIB(1), GIB(1) - MIB(2));
	va = map_any(self, MIB(34) + KIB(4), MIB(4), 0, NULL);
	assert_int_equal(va % MIB(2), KIB(4));
	assert_int_equal(leaf_size(self, va + MIB(2)), MIB(2));
	test_manager_check(self);
}

/* Addresses that only look congruent cost room: what has no large leaf in it is put anywhere. */
static void memory_without_a_large_leaf_goes_to_the_lowest_page(void **state)
{
	static const struct {
		uint64_t pa;
		uint64_t size;
		uint32_t bits;
	} cases[] = {
		{ MIB(64) + KIB(4), MIB(2), 0 },
		{ MIB(66) - KIB(4), MIB(2), 0 },
		{ KIB(64) + KIB(12), KIB(4), VMM_ATTR_CONTIG },
		{ MIB(64) + KIB(8), KIB(64), VMM_ATTR_CONTIG },
		{ MIB(64), MIB(4), VMM_ATTR_LEAF_MAX(0) },
		{ MIB(64), MIB(64), VMM_ATTR_LEAF_MAX(0) },
	};
	struct test_manager *self = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t va = map_any(self, cases[i].pa, cases[i].size, cases[i].bits, NULL);

		assert_int_equal(va, KIB(4));
		assert_int_equal(vmm_unmap(&self->vmm, vmm_va(va), NULL), VMM_OK);
	}
	/* One behind the other, with nothing in between. */
	assert_int_equal(map_any(self, KIB(4), KIB(4), 0, NULL), KIB(4));
	assert_int_equal(map_any(self, KIB(12), KIB(4), 0, NULL), KIB(8));
}

static void memory_with_a_large_leaf_behind_its_first_pages_is_congruent(void **state)
{
	struct test_manager *self = *state;
	uint64_t va = map_any(self, MIB(66) - KIB(4), MIB(2) + KIB(8), 0, NULL);

	assert_int_equal(va, MIB(2) - KIB(4));
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(va), NULL), VMM_OK);
	/* As large as asked for and no larger. */
	va = map_any(self, GIB(4), GIB(1), VMM_ATTR_LEAF_MAX(1), NULL);
	assert_int_equal(va, MIB(2));
}

static void map_any_follows_the_hints(void **state)
{
	struct test_manager *self = *state;
	uint64_t va;

	va = map_any(self, MIB(32), MIB(32), VMM_ATTR_CONTIG, NULL);
	assert_int_equal(va % MIB(32), 0);
	va = map_any(self, MIB(96), MIB(4), VMM_ATTR_LEAF_MAX(0), NULL);
	assert_int_equal(leaf_size(self, va), KIB(4));
	/* A run of 16 pages asks for 64 KiB. */
	va = map_any(self, KIB(64) * 5, KIB(64), VMM_ATTR_LEAF_MAX(0) | VMM_ATTR_CONTIG, NULL);
	assert_int_equal(va % KIB(64), 0);
}

static void map_any_never_gives_address_0(void **state)
{
	struct test_manager *self = *state;
	struct vmm_place place = { .window = VMM_VA_REGION_INIT(0, KIB(8)) };
	vmm_va_t va = { 7 };

	assert_int_equal(map_any(self, MIB(1) + KIB(8), KIB(4), 0, NULL), KIB(4));
	assert_int_equal(vmm_map_any(&self->vmm, "x", test_pa_region(0, KIB(4)), VMM_KERNEL_RW,
				     &place, &va, NULL), VMM_ERR_NOSPACE);
	place.window.bytes.size = KIB(4);
	assert_int_equal(vmm_map_any(&self->vmm, "x", test_pa_region(0, KIB(4)), VMM_KERNEL_RW,
				     &place, &va, NULL), VMM_ERR_NOSPACE);
	assert_int_equal(vmm_va_raw(va), 7);
	/* By hand it is allowed. */
	assert_int_equal(map_at(self, "vectors", 0, 0, KIB(4)), VMM_OK);
}

static void map_any_takes_smaller_leaves_where_there_is_no_other_place(void **state)
{
	struct test_manager *self = *state;
	struct vmm_place place = { .window = VMM_VA_REGION_INIT(MIB(1), MIB(3)) };
	uint64_t va = map_any(self, MIB(8), MIB(2), 0, &place);

	assert_int_equal(va, MIB(2));
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(va), NULL), VMM_OK);
	place.window = test_va_region(MIB(1), MIB(2));
	assert_int_equal(map_any(self, MIB(8), MIB(2), 0, &place), MIB(1));
}

static void map_any_finds_the_place_that_is_asked_for(void **state)
{
	struct test_manager *self = *state;
	struct vmm_place place = {
		.window = VMM_VA_REGION_INIT(GIB(4), MIB(1)),
		.guards = { 1, 2 },
		.fit = VMM_FIT_HIGHEST,
	};
	uint64_t va = map_any(self, KIB(4), KIB(4), 0, &place);
	struct vmm_detail detail;

	assert_int_equal(va, GIB(4) + MIB(1) - KIB(12));
	assert_null(vmm_find(&self->vmm, vmm_va(va + KIB(4))));
	assert_int_equal(vmm_guard_at(&self->vmm, "x", test_va_region(va + KIB(8), KIB(4)),
				      &detail), VMM_ERR_EXISTS);
	assert_int_equal(vmm_guard_at(&self->vmm, "x", test_va_region(va - KIB(4), KIB(4)),
				      &detail), VMM_ERR_EXISTS);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(va - KIB(4)), &detail), VMM_ERR_NOENT);
	test_manager_check(self);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(va), NULL), VMM_OK);
	assert_int_equal(vmm_guard_at(&self->vmm, "x", test_va_region(va - KIB(4), KIB(16)),
				      &detail), VMM_OK);
}

static void map_any_refuses_wrong_arguments_and_changes_nothing(void **state)
{
	struct test_manager *self = *state;
	struct test_manager_snapshot *before = test_manager_save(self);
	struct vmm_place outside = { .window = VMM_VA_REGION_INIT(UINT64_C(1) << 48, KIB(8)) };
	struct vmm_place guarded = { .guards = { 0, VMM_SPACE_GUARDS_MAX + 1 } };
	struct vmm_detail detail;
	vmm_va_t va = { 7 };

	/* No address was found, so none is named. */
#define REFUSED(err, start, size, attr, place)                                              \
	do {                                                                                \
		detail.va = vmm_va(7);                                                      \
		assert_int_equal(vmm_map_any(&self->vmm, "x", test_pa_region(start, size),  \
					     attr, place, &va, &detail), err);              \
		assert_int_equal(vmm_va_raw(detail.va), 0);                                 \
	} while (0)
	REFUSED(VMM_ERR_EMPTY, 0, 0, VMM_KERNEL_RW, NULL);
	REFUSED(VMM_ERR_ALIGN, 1, KIB(4), VMM_KERNEL_RW, NULL);
	REFUSED(VMM_ERR_ALIGN, 0, 1, VMM_KERNEL_RW, NULL);
	REFUSED(VMM_ERR_WRAP, 0 - KIB(4), KIB(8), VMM_KERNEL_RW, NULL);
	REFUSED(VMM_ERR_ATTR, 0, KIB(4), vmm_attr(1u << 20), NULL);
	REFUSED(VMM_ERR_NOSPACE, 0, UINT64_C(1) << 48, VMM_KERNEL_RW, NULL);
	REFUSED(VMM_ERR_RANGE, 0, KIB(4), VMM_KERNEL_RW, &outside);
	REFUSED(VMM_ERR_UNSUPPORTED, 0, KIB(4), VMM_KERNEL_RW, &guarded);
#undef REFUSED
	assert_int_equal(vmm_map_any(&self->vmm, "x", test_pa_region(0 - KIB(4), KIB(4)),
				     VMM_KERNEL_RW, NULL, &va, &detail), VMM_ERR_PHYS);
	assert_int_equal(vmm_va_raw(va), 7);
	test_manager_assert_same(self, before);
	test_manager_release(before);
}

/* --- adopt_at --- */

static void what_the_table_maps_already_can_be_adopted(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail = { 0 };
	vmm_va_region_t va = test_va_region(MIB(2), MIB(2) + KIB(8));

	assert_int_equal(vmm_table_map(&self->table, va, vmm_pa(MIB(64)), VMM_KERNEL_RX, NULL),
			 VMM_OK);
	assert_int_equal(vmm_adopt_at(&self->vmm, "x", va, vmm_pa(MIB(66)), VMM_KERNEL_RX, &detail),
			 VMM_ERR_PHYS);
	assert_int_equal(vmm_adopt_at(&self->vmm, "x", va, vmm_pa(MIB(64)), VMM_KERNEL_RO, &detail),
			 VMM_ERR_ATTR);
	va.bytes.size += KIB(4);
	assert_int_equal(vmm_adopt_at(&self->vmm, "x", va, vmm_pa(MIB(64)), VMM_KERNEL_RX, &detail),
			 VMM_ERR_NOENT);
	assert_int_equal(vmm_va_raw(detail.va), MIB(4) + KIB(8));
	va.bytes.size -= KIB(4);
	/* From within a leaf on, and what comes behind that leaf is other memory. */
	assert_int_equal(vmm_table_map(&self->table, test_va_region(MIB(4) + KIB(8), KIB(4)),
				       vmm_pa(MIB(80)), VMM_KERNEL_RX, NULL), VMM_OK);
	assert_int_equal(vmm_adopt_at(&self->vmm, "x", test_va_region(MIB(3), MIB(1) + KIB(12)),
				      vmm_pa(MIB(65)), VMM_KERNEL_RX, &detail), VMM_ERR_PHYS);
	assert_int_equal(vmm_va_raw(detail.va), MIB(4) + KIB(8));
	assert_int_equal(vmm_table_unmap(&self->table, test_va_region(MIB(4) + KIB(8), KIB(4)),
					 NULL), VMM_OK);
	assert_null(vmm_first(&self->vmm));
	assert_int_equal(vmm_adopt_at(&self->vmm, "kernel", va, vmm_pa(MIB(64)), VMM_KERNEL_RX,
				      NULL), VMM_OK);
	test_manager_check(self);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(MIB(2)), NULL), VMM_OK);
	assert_unmapped(self, MIB(2));
}

/* --- lazy ranges --- */

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

/* --- protect and parts --- */

static void protect_changes_tables_and_record(void **state)
{
	struct test_manager *self = *state;
	uint32_t hint = VMM_ATTR_LEAF_MAX(0);
	const struct vmm_mapping *mapping;
	struct vmm_leaf leaf;

	assert_int_equal(vmm_map_at(&self->vmm, "code", test_va_region(MIB(2), KIB(64)), vmm_pa(0),
				    vmm_attr(VMM_KERNEL_RW.bits | hint), NULL), VMM_OK);
	assert_int_equal(vmm_protect(&self->vmm, vmm_va(MIB(2)), VMM_KERNEL_RX, NULL), VMM_OK);
	mapping = vmm_find(&self->vmm, vmm_va(MIB(2)));
	assert_int_equal(vmm_mapping_attr(mapping).bits, VMM_KERNEL_RX.bits | hint);
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

/* --- mmio --- */

static uint64_t map_mmio(struct test_manager *self, const char *name, uint64_t pa, uint64_t size)
{
	vmm_va_t va = { 0 };

	assert_int_equal(vmm_map_mmio(&self->vmm, name, vmm_pa(pa), size, &va, NULL), VMM_OK);
	assert_true(vmm_va_region_contains(self->config.mmio_window, va));
	assert_int_equal(pa_of(self, vmm_va_raw(va)), pa);
	return vmm_va_raw(va);
}

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

/* --- finding --- */

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

/* --- what fails in the tables --- */

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

static void what_cannot_be_adopted_is_told_before_the_tables(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(vmm_adopt_at(&self->vmm, "x", test_va_region(0, 0), vmm_pa(0),
				      VMM_KERNEL_RW, NULL), VMM_ERR_EMPTY);
	assert_int_equal(vmm_adopt_at(&self->vmm, "x", test_va_region(WINDOW_START, KIB(4)),
				      vmm_pa(0), VMM_KERNEL_RW, NULL), VMM_ERR_BUSY);
}

/* A mapping in the middle of a leaf that was there before: to unmap it takes frames. */
static void an_unmap_that_lacks_a_frame_changes_nothing(void **state)
{
	struct test_manager *self = *state;
	struct test_manager_snapshot *before;
	vmm_va_region_t page = test_va_region(MIB(4) + KIB(4), KIB(4));
	vmm_va_t va;

	assert_int_equal(vmm_table_map(&self->table, test_va_region(MIB(4), MIB(2)), vmm_pa(MIB(4)),
				       VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_adopt_at(&self->vmm, "page", page, vmm_pa(MIB(4) + KIB(4)),
				      VMM_KERNEL_RW, NULL), VMM_OK);
	/* A device, too, over which someone mapped a block by hand. */
	assert_int_equal(vmm_map_mmio(&self->vmm, "uart", vmm_pa(UART), 8, &va, NULL), VMM_OK);
	assert_int_equal(vmm_table_unmap(&self->table, test_va_region(WINDOW_START, KIB(4)), NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_map(&self->table, test_va_region(WINDOW_START, MIB(2)),
				       vmm_pa(MIB(64)), VMM_DEVICE, NULL), VMM_OK);
	before = test_manager_save(self);
	test_frames_limit(&self->frames, 0);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(MIB(4) + KIB(4)), NULL), VMM_ERR_NOMEM);
	assert_int_equal(vmm_unmap_mmio(&self->vmm, va, "uart", NULL), VMM_ERR_NOMEM);
	test_manager_assert_same(self, before);
	test_manager_release(before);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(MIB(4) + KIB(4)), NULL), VMM_OK);
	assert_int_equal(vmm_unmap_mmio(&self->vmm, va, "uart", NULL), VMM_OK);
	assert_null(vmm_first(&self->vmm));
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

/* Runs are of Svnapot, which the table was not told of. */
static void map_any_follows_no_hint_that_the_table_can_not(void **state)
{
	struct test_manager_config setup = { .format = &vmm_riscv_sv39 };
	struct test_manager *self = *state;
	vmm_va_t va;

	test_manager_fini(self);
	test_manager_init(self, &setup);
	assert_int_equal(vmm_map_any(&self->vmm, "a", test_pa_region(MIB(1) + KIB(4), KIB(124)),
				     vmm_attr(VMM_ATTR_WRITE | VMM_ATTR_CONTIG), NULL, &va, NULL),
			 VMM_OK);
	/* The lowest page but that of address 0, whatever it is modulo a run. */
	assert_int_equal(vmm_va_raw(va), KIB(4));
	test_manager_check(self);
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
		TEST(a_mapping_is_in_the_tables_and_in_the_record),
		TEST(mapping_over_an_entry_names_its_first_address),
		TEST(mapping_over_what_is_not_recorded_is_refused_too),
		TEST(mapping_by_hand_into_the_window_is_refused),
		TEST(a_window_apart_from_the_area_is_not_mapped_by_hand_either),
		TEST(wrong_arguments_are_refused_and_change_nothing),
		TEST(guards_keep_their_place_free),
		TEST(unmap_takes_everything_back),
		TEST(map_any_is_congruent_to_the_largest_useful_leaf),
		TEST(memory_without_a_large_leaf_goes_to_the_lowest_page),
		TEST(memory_with_a_large_leaf_behind_its_first_pages_is_congruent),
		TEST(map_any_follows_the_hints),
		TEST(map_any_never_gives_address_0),
		TEST(map_any_takes_smaller_leaves_where_there_is_no_other_place),
		TEST(map_any_finds_the_place_that_is_asked_for),
		TEST(map_any_refuses_wrong_arguments_and_changes_nothing),
		TEST(what_the_table_maps_already_can_be_adopted),
		TEST(a_lazy_range_is_mapped_piece_by_piece),
		TEST(protect_changes_tables_and_record),
		TEST(protecting_a_part_makes_it_an_entry_of_its_own),
		TEST(unmapping_a_part_leaves_both_sides),
		TEST(a_part_of_a_guard_is_given_up_without_the_tables),
		TEST(guard_pages_stay_at_the_ends_of_a_cut_mapping),
		TEST(a_device_is_mapped_in_the_window_with_its_offset_kept),
		TEST(registers_across_a_page_boundary_take_both_pages),
		TEST(drivers_of_one_page_share_one_mapping),
		TEST(there_are_as_many_users_as_drivers),
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
		TEST(entries_come_in_the_order_of_addresses),
		TEST(a_window_below_the_area_comes_first),
		TEST(mappings_are_found_by_physical_address),
		TEST(another_table_is_busy),
		TEST(what_was_not_set_up_has_nothing_to_move),
		TEST(map_any_knows_how_many_levels_there_are),
		TEST(a_manager_without_a_window_moves),
		TEST(damage_of_either_space_or_of_an_entry_is_found),
		TEST(an_upper_table_has_no_lower_area),
		TEST(what_cannot_be_adopted_is_told_before_the_tables),
		TEST(an_unmap_that_lacks_a_frame_changes_nothing),
		TEST(a_part_of_nothing_is_neither_unmapped_nor_protected),
		TEST(memory_past_the_end_of_everything_is_nobodys),
		TEST(a_range_that_is_no_entry_is_damage),
		TEST(map_any_follows_no_hint_that_the_table_can_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
