/* SPDX-License-Identifier: MIT */
/* The manager: whole mappings of the area, and what its errors leave as it was. */

#include "support/test_rooms.h"

#include <vmm/riscv.h>

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
	/* Of a GiB, with blocks of 2 MiB in the root: none is larger. */
	test_manager_fini(self);
	setup.format = &vmm_aarch64_4k;
	setup.va_bits = 30;
	test_manager_init(self, &setup);
	assert_int_equal(vmm_map_any(&self->vmm, "data", test_pa_region(GIB(1), MIB(4)),
				     VMM_KERNEL_RW, NULL, &va, NULL), VMM_OK);
	assert_int_equal(vmm_table_query(&self->table, va, &leaf), VMM_OK);
	assert_int_equal(leaf.level, 1);
	test_manager_check(self);
}

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
	/* Nor larger than any leaf of the format. */
	va = map_any(self, GIB(1024), GIB(512), VMM_ATTR_LEAF_MAX(3), NULL);
	assert_int_equal(va, GIB(3));
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

/* Runs are of Svnapot, which the table was not told of. */
static void map_any_follows_no_hint_that_the_table_can_not(void **state)
{
	struct test_manager_config setup = { .format = &vmm_riscv_sv39 };
	struct test_manager *self = *state;
	vmm_va_t va;

	test_manager_fini(self);
	test_manager_init(self, &setup);
	assert_int_equal(vmm_map_any(&self->vmm, "a", test_pa_region(MIB(1) + KIB(8), KIB(120)),
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
		TEST(map_any_knows_how_many_levels_there_are),
		TEST(what_cannot_be_adopted_is_told_before_the_tables),
		TEST(an_unmap_that_lacks_a_frame_changes_nothing),
		TEST(map_any_follows_no_hint_that_the_table_can_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
