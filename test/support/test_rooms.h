/* SPDX-License-Identifier: MIT */
#ifndef TEST_ROOMS_H
#define TEST_ROOMS_H

/**
 * @file test_rooms.h
 * What the tests of the manager's rooms share: a manager of 4 KiB pages with a window for devices,
 * and short ways to map and to look.
 */

#include "test_manager.h"

#include <vmm/aarch64.h>

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define GIB(n) (UINT64_C(n) << 30)

#define WINDOW_START GIB(2)
#define WINDOW_SIZE MIB(16)
#define UART UINT64_C(0x09000000)

static struct test_manager manager;

static inline int set_up(void **state)
{
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.window = VMM_VA_REGION_INIT(WINDOW_START, WINDOW_SIZE),
	};

	test_manager_init(&manager, &config);
	*state = &manager;
	return 0;
}

static inline int tear_down(void **state)
{
	test_manager_fini(*state);
	return 0;
}

static inline enum vmm_err map_at(struct test_manager *self, const char *name, uint64_t va,
				  uint64_t pa, uint64_t size)
{
	return vmm_map_at(&self->vmm, name, test_va_region(va, size), vmm_pa(pa), VMM_KERNEL_RW,
			  NULL);
}

static inline uint64_t pa_of(const struct test_manager *self, uint64_t va)
{
	vmm_pa_t pa;

	assert_int_equal(vmm_translate(&self->vmm, vmm_va(va), &pa), VMM_OK);
	return vmm_pa_raw(pa);
}

static inline void assert_unmapped(const struct test_manager *self, uint64_t va)
{
	vmm_pa_t pa;

	assert_int_equal(vmm_translate(&self->vmm, vmm_va(va), &pa), VMM_ERR_NOENT);
}

static inline void assert_entry(const struct test_manager *self, uint64_t va, const char *name,
				uint64_t start, uint64_t size)
{
	const struct vmm_mapping *mapping = vmm_find(&self->vmm, vmm_va(va));

	assert_non_null(mapping);
	assert_string_equal(vmm_mapping_name(mapping), name);
	assert_int_equal(vmm_va_raw(vmm_va_region_start(vmm_mapping_va(mapping))), start);
	assert_int_equal(vmm_va_region_size(vmm_mapping_va(mapping)), size);
}

static inline uint64_t map_any(struct test_manager *self, uint64_t pa, uint64_t size,
			       uint32_t bits, const struct vmm_place *place)
{
	vmm_va_t va = { 0 };

	assert_int_equal(vmm_map_any(&self->vmm, "any", test_pa_region(pa, size),
				     vmm_attr(VMM_KERNEL_RW.bits | bits), place, &va, NULL),
			 VMM_OK);
	assert_int_equal(pa_of(self, vmm_va_raw(va)), pa);
	assert_int_equal(pa_of(self, vmm_va_raw(va) + (size - 1)), pa + (size - 1));
	return vmm_va_raw(va);
}

static inline uint64_t leaf_size(const struct test_manager *self, uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&self->table, vmm_va(va), &leaf), VMM_OK);
	return leaf.size;
}

static inline uint64_t map_mmio(struct test_manager *self, const char *name, uint64_t pa,
				uint64_t size)
{
	vmm_va_t va = { 0 };

	assert_int_equal(vmm_map_mmio(&self->vmm, name, vmm_pa(pa), size, &va, NULL), VMM_OK);
	assert_true(vmm_va_region_contains(self->config.mmio_window, va));
	assert_int_equal(pa_of(self, vmm_va_raw(va)), pa);
	return vmm_va_raw(va);
}

#endif /* TEST_ROOMS_H */
