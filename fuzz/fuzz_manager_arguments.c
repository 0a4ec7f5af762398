/* SPDX-License-Identifier: MIT */
/*
 * Arguments of every value to the manager. Whatever fails has to leave record, spaces, tables and
 * frames as they were; whatever succeeds has to be in the record as asked for.
 */
#include <string.h>

#include "fuzz.h"
#include "test_manager.h"
#include "test_reader.h"

#include <vmm/fault.h>

#define FRAME_COUNT 20
#define STEPS       40

struct fixture {
	struct test_manager manager;
	struct test_random *random;
	unsigned int shift;
};

static struct fixture fixture;

static vmm_va_region_t pick_region(struct fixture *self)
{
	vmm_va_region_t area = self->manager.config.area;
	vmm_va_region_t region = test_va_region(fuzz_number(self->random),
						fuzz_number(self->random));

	if (!test_random_one_in(self->random, 4)) {
		region.bytes.start = area.bytes.start +
				     (test_random_below(self->random, 64) << self->shift);
	}
	if (!test_random_one_in(self->random, 4)) {
		region.bytes.size = test_random_below(self->random, 8) << self->shift;
	}
	return region;
}

static bool set_up(struct fixture *self)
{
	struct test_manager *manager = &self->manager;
	struct vmm_table_config table;

	memset(self->manager.pool, 0xa5, sizeof(self->manager.pool));
	memset(&manager->vmm, 0, sizeof(manager->vmm));
	memset(&manager->table, 0, sizeof(manager->table));
	memset(&manager->config, 0, sizeof(manager->config));
	memset(&table, 0, sizeof(table));
	table.format = fuzz_format(self->random);
	self->shift = table.format->geometry->page_shift;
	test_frames_init(&manager->frames, self->shift, FRAME_COUNT, 0x40000000);
	table.frames = &manager->frames.frames;
	if (!table.format->geometry->sign_extended) {
		table.half = (enum vmm_half)test_random_below(self->random, 2);
	}
	assert_int_equal(vmm_table_init(&manager->table, &table), VMM_OK);
	manager->config.table = &manager->table;
	manager->config.pool = manager->pool;
	manager->config.pool_count = 1 + (uint32_t)test_random_below(self->random, 12);
	if (test_random_one_in(self->random, 2)) {
		manager->config.area = pick_region(self);
	}
	if (test_random_one_in(self->random, 2)) {
		manager->config.mmio_window = pick_region(self);
	}
	manager->config.mmio_guards.before = (uint8_t)test_random_below(self->random, 18);
	manager->config.mmio_guards.after = (uint8_t)test_random_below(self->random, 18);
	return vmm_init(&manager->vmm, &manager->config) == VMM_OK;
}

static struct vmm_place pick_place(struct fixture *self)
{
	struct vmm_place place;

	memset(&place, 0, sizeof(place));
	if (test_random_one_in(self->random, 3)) {
		place.window = pick_region(self);
	}
	place.guards.before = (uint8_t)test_random_below(self->random, 18);
	place.guards.after = (uint8_t)test_random_below(self->random, 18);
	place.fit = (enum vmm_fit)test_random_below(self->random, 3);
	return place;
}

static enum vmm_err run_map_any(struct fixture *self, struct vmm_detail *detail)
{
	struct vmm *vmm = &self->manager.vmm;
	vmm_va_region_t pa = pick_region(self);
	struct vmm_place place = pick_place(self);
	vmm_va_t va = vmm_va(1);
	enum vmm_err err = vmm_map_any(vmm, "any", test_pa_region(pa.bytes.start, pa.bytes.size),
				       fuzz_attr(self->random), &place, &va, detail);

	if (err != VMM_OK) {
		assert_true(vmm_va_raw(va) == 1);
		return err;
	}
	assert_true(vmm_va_raw(va) != 0);
	assert_true(vmm_va_region_is_empty(place.window) ||
		    vmm_va_region_contains(place.window, va));
	assert_non_null(vmm_find(vmm, va));
	return err;
}

static enum vmm_err run_mmio(struct fixture *self, struct vmm_detail *detail)
{
	struct vmm *vmm = &self->manager.vmm;
	vmm_pa_t pa = vmm_pa(fuzz_number(self->random));
	uint64_t size = fuzz_number(self->random);
	vmm_va_t va = vmm_va(1);
	enum vmm_err err = vmm_map_mmio_as(vmm, "device", pa, size, fuzz_attr(self->random), &va,
					   detail);
	vmm_pa_t got;

	if (err != VMM_OK) {
		assert_true(vmm_va_raw(va) == 1);
		return err;
	}
	assert_int_equal(vmm_translate(vmm, va, &got), VMM_OK);
	assert_true(vmm_pa_equal(got, pa));
	return err;
}

static enum vmm_err run(struct fixture *self)
{
	struct vmm *vmm = &self->manager.vmm;
	vmm_va_region_t region = pick_region(self);
	vmm_va_t start = vmm_va_region_start(region);
	vmm_pa_t pa = vmm_pa(fuzz_number(self->random));
	vmm_attr_t attr = fuzz_attr(self->random);
	struct vmm_detail detail;

	switch (test_random_below(self->random, 14)) {
	case 0:
	case 1:
		return vmm_map_at(vmm, "at", region, pa, attr, &detail);
	case 2:
		return vmm_guard_at(vmm, NULL, region, &detail);
	case 3:
		return vmm_lazy_at(vmm, "lazy", region, pa, attr, &detail);
	case 4:
		return vmm_adopt_at(vmm, "adopt", region, pa, attr, &detail);
	case 5:
		return vmm_map_part(vmm, region, &detail);
	case 6:
		return vmm_unmap(vmm, start, &detail);
	case 7:
		return vmm_unmap_part(vmm, region, &detail);
	case 8:
		return vmm_protect(vmm, start, attr, NULL);
	case 9:
		return vmm_protect_part(vmm, region, attr, &detail);
	case 10:
		return vmm_unmap_mmio(vmm, start, "device", NULL);
	case 11:
		return run_mmio(self, &detail);
	default:
		return run_map_any(self, &detail);
	}
}

static void look(struct fixture *self)
{
	struct vmm *vmm = &self->manager.vmm;
	vmm_va_t va = vmm_va(fuzz_number(self->random));
	const struct vmm_mapping *mapping = vmm_find(vmm, va);
	struct vmm_fault fault;
	vmm_pa_region_t pa = test_pa_region(fuzz_number(self->random), fuzz_number(self->random));

	assert_true(mapping == NULL || vmm_va_region_contains(vmm_mapping_va(mapping), va));
	mapping = vmm_find_pa(vmm, pa, NULL);
	if (mapping != NULL && vmm_pa_region_is_valid(pa)) {
		assert_true(vmm_pa_region_overlaps(vmm_mapping_pa(mapping), pa));
	}
	memset(&fault, 0, sizeof(fault));
	fault.va = va;
	fault.kind = (enum vmm_fault_kind)test_random_below(self->random, 12);
	fault.access = (enum vmm_fault_access)test_random_below(self->random, 5);
	fault.has_va = !test_random_one_in(self->random, 8);
	fault.has_level = test_random_one_in(self->random, 2);
	fault.level = (int)test_random_below(self->random, 12) - 3;
	test_text_init(&self->manager.text);
	vmm_explain(vmm, &fault, &self->manager.text.out);
	test_text_init(&self->manager.text);
	vmm_print(vmm, &self->manager.text.out);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct fixture *self = &fixture;
	static const struct vmm zero;
	struct test_random random;

	test_random_from(&random, data, size);
	self->random = &random;
	if (!set_up(self)) {
		assert_memory_equal(&self->manager.vmm, &zero, sizeof(zero));
		vmm_table_fini(&self->manager.table);
		test_frames_fini(&self->manager.frames);
		return 0;
	}
	for (unsigned int i = 0; i < STEPS && !test_random_is_done(&random); i++) {
		struct test_manager_snapshot *before = test_manager_save(&self->manager);

		if (run(self) != VMM_OK) {
			test_manager_assert_same(&self->manager, before);
		}
		assert_int_equal(vmm_check(&self->manager.vmm), VMM_OK);
		test_manager_release(before);
		look(self);
	}
	test_reader_check(&self->manager.table, &self->manager.frames, false, NULL);
	test_manager_fini(&self->manager);
	return 0;
}
