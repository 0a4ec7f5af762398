/* SPDX-License-Identifier: MIT */
/* The supplied layouts against their tables, written out as addresses; and direct mappings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vmm/layout.h>

#define SENTINEL        UINT64_C(0x5e5e5e5e5e5e5e5e)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** First and last address of an area, from the tables in docs/layouts.md. */
struct expectation {
	enum vmm_area area;
	uint64_t first;
	uint64_t last;
};

static const struct expectation sv39[] = {
	{VMM_AREA_USER, 0, UINT64_C(0x0000003fbfffffff)},
	{VMM_AREA_STACK, UINT64_C(0x0000003fc0000000), UINT64_C(0x0000003fffffffff)},
	{VMM_AREA_DIRECT, UINT64_C(0xffffffc000000000), UINT64_C(0xffffffffbfffffff)},
	{VMM_AREA_IO, UINT64_C(0xffffffffc0000000), UINT64_C(0xffffffffffffffff)},
};

static const struct expectation sv48[] = {
	{VMM_AREA_USER, 0, UINT64_C(0x00003fffffffffff)},
	{VMM_AREA_KERNEL, UINT64_C(0xffffc00000000000), UINT64_C(0xffffc07fffffffff)},
	{VMM_AREA_IO, UINT64_C(0xffffc08000000000), UINT64_C(0xffffc0ffffffffff)},
	{VMM_AREA_VMEMMAP, UINT64_C(0xffffc10000000000), UINT64_C(0xffffc4ffffffffff)},
	{VMM_AREA_DIRECT, UINT64_C(0xffffc50000000000), UINT64_C(0xffffc6ffffffffff)},
};

static const struct expectation sv57[] = {
	{VMM_AREA_USER, 0, UINT64_C(0x007fffffffffffff)},
	{VMM_AREA_KERNEL, UINT64_C(0xff80000000000000), UINT64_C(0xff80ffffffffffff)},
	{VMM_AREA_IO, UINT64_C(0xff81000000000000), UINT64_C(0xff81ffffffffffff)},
	{VMM_AREA_VMEMMAP, UINT64_C(0xff82000000000000), UINT64_C(0xff89ffffffffffff)},
	{VMM_AREA_DIRECT, UINT64_C(0xff8a000000000000), UINT64_C(0xff8dffffffffffff)},
};

static void expect_layout(const struct vmm_layout *layout, const struct expectation *expected,
			  size_t count)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < count; i++) {
		vmm_va_region_t area = layout->areas[expected[i].area];

		assert_int_equal(vmm_va_region_start(area).raw, expected[i].first);
		assert_int_equal(vmm_va_region_last(area).raw, expected[i].last);
		assert_int_equal(vmm_layout_find(layout, vmm_va(expected[i].first)),
				 expected[i].area);
		assert_int_equal(vmm_layout_find(layout, vmm_va(expected[i].last)),
				 expected[i].area);
		seen |= 1u << expected[i].area;
	}
	for (unsigned int i = 0; i < VMM_AREA_COUNT; i++) {
		assert_int_equal(vmm_va_region_is_empty(layout->areas[i]), (seen >> i & 1) == 0);
	}
	assert_int_equal(vmm_layout_check(layout), VMM_OK);
}

static void the_sv39_layout_is_the_one_of_the_table(void **state)
{
	(void)state;
	assert_int_equal(vmm_layout_sv39.va_bits, 39);
	assert_int_equal(vmm_layout_sv39.entry_shift, 30);
	expect_layout(&vmm_layout_sv39, sv39, COUNT_OF(sv39));
}

static void the_sv48_layout_is_the_one_of_the_table(void **state)
{
	(void)state;
	assert_int_equal(vmm_layout_sv48.va_bits, 48);
	assert_int_equal(vmm_layout_sv48.entry_shift, 39);
	expect_layout(&vmm_layout_sv48, sv48, COUNT_OF(sv48));
}

static void the_sv57_layout_is_the_one_of_the_table(void **state)
{
	(void)state;
	assert_int_equal(vmm_layout_sv57.va_bits, 57);
	assert_int_equal(vmm_layout_sv57.entry_shift, 48);
	expect_layout(&vmm_layout_sv57, sv57, COUNT_OF(sv57));
}

static void every_root_entry_of_sv39_belongs_to_one_area(void **state)
{
	(void)state;
	for (uint64_t entry = 0; entry < 512; entry++) {
		/* Sign extension: entries from 256 on are in the upper half. */
		uint64_t first = (entry << 30) | (entry < 256 ? 0 : UINT64_C(0xffffff8000000000));
		enum vmm_area want = entry < 255    ? VMM_AREA_USER
				     : entry == 255 ? VMM_AREA_STACK
				     : entry < 511  ? VMM_AREA_DIRECT
						    : VMM_AREA_IO;

		assert_int_equal(vmm_layout_find(&vmm_layout_sv39, vmm_va(first)), want);
		assert_int_equal(vmm_layout_find(&vmm_layout_sv39, vmm_va(first + 0x3fffffff)),
				 want);
	}
}

static void an_address_outside_every_area_is_in_none(void **state)
{
	(void)state;
	assert_int_equal(vmm_layout_find(&vmm_layout_sv39, vmm_va(UINT64_C(0x4000000000))),
			 VMM_AREA_COUNT);
	assert_int_equal(vmm_layout_find(&vmm_layout_sv39, vmm_va(UINT64_C(0xffffffbfffffffff))),
			 VMM_AREA_COUNT);
	assert_int_equal(vmm_layout_find(&vmm_layout_sv48, vmm_va(UINT64_C(0x400000000000))),
			 VMM_AREA_COUNT);
	assert_int_equal(vmm_layout_find(&vmm_layout_sv48, vmm_va(UINT64_C(0xffffc70000000000))),
			 VMM_AREA_COUNT);
	assert_int_equal(vmm_layout_find(&vmm_layout_sv48, vmm_va(UINT64_MAX)), VMM_AREA_COUNT);
}

static enum vmm_err check_with(enum vmm_area area, uint64_t start, uint64_t size)
{
	struct vmm_layout layout = vmm_layout_sv39;

	layout.areas[area].bytes.start = start;
	layout.areas[area].bytes.size = size;
	return vmm_layout_check(&layout);
}

static void a_layout_that_breaks_a_rule_is_told_which(void **state)
{
	static const uint64_t gib = UINT64_C(1) << 30;

	(void)state;
	/* The lower half is full, so each begins with a smaller userspace. */
	assert_int_equal(check_with(VMM_AREA_USER, 0, 10 * gib), VMM_OK);
	assert_int_equal(check_with(VMM_AREA_USER, 0x1001, 0), VMM_OK);
	assert_int_equal(check_with(VMM_AREA_USER, 0, 10 * gib + 0x1000), VMM_ERR_ALIGN);
	assert_int_equal(check_with(VMM_AREA_USER, 0x1000, gib), VMM_ERR_ALIGN);
	assert_int_equal(check_with(VMM_AREA_USER, 0, 256 * gib), VMM_ERR_EXISTS);
	assert_int_equal(check_with(VMM_AREA_KERNEL, 3 * gib, gib), VMM_ERR_EXISTS);
	assert_int_equal(check_with(VMM_AREA_STACK, 255 * gib, 2 * gib), VMM_ERR_RANGE);
	assert_int_equal(check_with(VMM_AREA_STACK, 256 * gib, gib), VMM_ERR_RANGE);
	assert_int_equal(check_with(VMM_AREA_VMEMMAP, VMM_GIB_BELOW_END(257), gib), VMM_ERR_RANGE);
	assert_int_equal(check_with(VMM_AREA_VMEMMAP, VMM_GIB_BELOW_END(1), 2 * gib), VMM_ERR_WRAP);
	/* Both ends canonical, one in each half. */
	assert_int_equal(check_with(VMM_AREA_STACK, 255 * gib, VMM_GIB_BELOW_END(510)),
			 VMM_ERR_RANGE);
}

static void the_userspace_of_the_sv48_sketch_is_refused(void **state)
{
	struct vmm_layout layout = vmm_layout_sv48;

	(void)state;
	layout.areas[VMM_AREA_USER].bytes.start = VMM_GIB_BELOW_END(58368);
	assert_int_equal(vmm_layout_check(&layout), VMM_ERR_WRAP);
}

static void a_layout_of_impossible_geometry_is_refused(void **state)
{
	struct vmm_layout layout = {0};

	(void)state;
	assert_int_equal(vmm_layout_check(&layout), VMM_ERR_UNSUPPORTED);
	layout.va_bits = 65;
	layout.entry_shift = 39;
	assert_int_equal(vmm_layout_check(&layout), VMM_ERR_UNSUPPORTED);
	layout.va_bits = 39;
	assert_int_equal(vmm_layout_check(&layout), VMM_ERR_UNSUPPORTED);
	layout.va_bits = 64;
	assert_int_equal(vmm_layout_check(&layout), VMM_OK);
	layout.va_bits = 40;
	assert_int_equal(vmm_layout_check(&layout), VMM_OK);
}

/* 16 bytes of memory from 0x100 on, in a window at the very end of the space. */
static const struct vmm_direct_map top = VMM_DIRECT_MAP_INIT(UINT64_MAX - 15, 16, 0x100);

/* The same memory in a window with addresses on both sides. */
static const struct vmm_direct_map middle = VMM_DIRECT_MAP_INIT(0x1000, 16, 0x100);

static void an_address_beside_the_window_has_no_counterpart(void **state)
{
	vmm_va_t va = vmm_va(SENTINEL);
	vmm_pa_t pa = vmm_pa(SENTINEL);

	(void)state;
	assert_int_equal(vmm_direct_va(&middle, vmm_pa(0xff), &va), VMM_ERR_RANGE);
	assert_int_equal(vmm_direct_va(&middle, vmm_pa(0x110), &va), VMM_ERR_RANGE);
	assert_int_equal(vmm_direct_pa(&middle, vmm_va(0xfff), &pa), VMM_ERR_RANGE);
	assert_int_equal(vmm_direct_pa(&middle, vmm_va(0x1010), &pa), VMM_ERR_RANGE);
	assert_int_equal(va.raw, SENTINEL);
	assert_int_equal(pa.raw, SENTINEL);
	assert_int_equal(vmm_direct_va(&middle, vmm_pa(0x10f), &va), VMM_OK);
	assert_int_equal(va.raw, 0x100f);
	assert_int_equal(vmm_direct_pa(&middle, vmm_va(0x100f), &pa), VMM_OK);
	assert_int_equal(pa.raw, 0x10f);
}

static void a_direct_mapping_adds_a_base_inside_its_window(void **state)
{
	(void)state;
	for (uint64_t raw = 0xf0; raw < 0x120; raw++) {
		bool behind = raw >= 0x100 && raw < 0x110;
		vmm_va_t va = vmm_va(SENTINEL);
		vmm_pa_t back = vmm_pa(SENTINEL);

		assert_int_equal(vmm_direct_va(&top, vmm_pa(raw), &va),
				 behind ? VMM_OK : VMM_ERR_RANGE);
		assert_int_equal(va.raw, behind ? UINT64_MAX - 15 + (raw - 0x100) : SENTINEL);
		if (behind) {
			assert_int_equal(vmm_direct_pa(&top, va, &back), VMM_OK);
			assert_int_equal(back.raw, raw);
		}
	}
}

static void an_address_outside_the_window_has_no_physical_one(void **state)
{
	static const uint64_t outside[] = {0, 1, 15, 0x100, UINT64_MAX - 16, UINT64_MAX - 17};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(outside); i++) {
		vmm_pa_t pa = vmm_pa(SENTINEL);

		assert_int_equal(vmm_direct_pa(&top, vmm_va(outside[i]), &pa), VMM_ERR_RANGE);
		assert_int_equal(pa.raw, SENTINEL);
	}
}

static void a_region_is_in_a_direct_mapping_whole_or_not_at_all(void **state)
{
	(void)state;
	for (uint64_t start = 0xf0; start < 0x120; start++) {
		for (uint64_t size = 0; size < 0x20; size++) {
			vmm_pa_region_t pa = VMM_PA_REGION_INIT(start, size);
			vmm_pa_region_t back = VMM_PA_REGION_INIT(SENTINEL, 1);
			vmm_va_region_t va = VMM_VA_REGION_INIT(SENTINEL, 1);
			bool whole = start >= 0x100 && start + size <= 0x110;
			enum vmm_err want = size == 0 ? VMM_ERR_EMPTY
					    : whole   ? VMM_OK
						      : VMM_ERR_RANGE;

			assert_int_equal(vmm_direct_va_region(&top, pa, &va), want);
			if (want != VMM_OK) {
				assert_int_equal(vmm_va_region_start(va).raw, SENTINEL);
				continue;
			}
			assert_int_equal(vmm_va_region_size(va), size);
			assert_int_equal(vmm_direct_pa_region(&top, va, &back), VMM_OK);
			assert_true(vmm_pa_region_equal(back, pa));
		}
	}
}

static void a_region_partly_outside_the_window_has_no_memory(void **state)
{
	vmm_va_region_t before = VMM_VA_REGION_INIT(UINT64_MAX - 16, 2);
	vmm_va_region_t behind = VMM_VA_REGION_INIT(0x101e, 3);
	vmm_va_region_t inside = VMM_VA_REGION_INIT(0x1000, 0x20);
	vmm_va_region_t none = VMM_VA_REGION_INIT(UINT64_MAX - 15, 0);
	struct vmm_direct_map map = VMM_DIRECT_MAP_INIT(0x1000, 0x20, 0x4000);
	vmm_pa_region_t found;
	vmm_pa_region_t pa = VMM_PA_REGION_INIT(SENTINEL, 1);

	(void)state;
	/* Each right behind one that is inside, of which nothing must be left. */
	assert_int_equal(vmm_direct_pa_region(&map, inside, &found), VMM_OK);
	assert_int_equal(vmm_direct_pa_region(&top, before, &pa), VMM_ERR_RANGE);
	assert_int_equal(vmm_direct_pa_region(&map, inside, &found), VMM_OK);
	assert_int_equal(vmm_direct_pa_region(&map, behind, &pa), VMM_ERR_RANGE);
	assert_int_equal(vmm_direct_pa_region(&top, none, &pa), VMM_ERR_EMPTY);
	assert_int_equal(vmm_pa_region_start(pa).raw, SENTINEL);
}

static void a_window_is_refused_where_it_or_its_memory_wraps(void **state)
{
	struct vmm_direct_map map = VMM_DIRECT_MAP_INIT(SENTINEL, 1, SENTINEL);
	vmm_va_region_t two = VMM_VA_REGION_INIT(0x1000, 2);
	vmm_va_region_t wraps = VMM_VA_REGION_INIT(UINT64_MAX, 2);

	(void)state;
	assert_int_equal(vmm_direct_map_init(&map, vmm_va_region_empty(), vmm_pa(0)),
			 VMM_ERR_EMPTY);
	assert_int_equal(vmm_direct_map_init(&map, wraps, vmm_pa(0)), VMM_ERR_WRAP);
	assert_int_equal(vmm_direct_map_init(&map, two, vmm_pa(UINT64_MAX)), VMM_ERR_WRAP);
	assert_int_equal(map.base.raw, SENTINEL);
	assert_int_equal(map.window.bytes.start, SENTINEL);
	assert_int_equal(vmm_direct_map_init(&map, two, vmm_pa(UINT64_MAX - 1)), VMM_OK);
	assert_int_equal(map.base.raw, UINT64_MAX - 1);
	assert_int_equal(map.window.bytes.start, 0x1000);
}

static void a_map_made_by_hand_that_wraps_gives_no_address_beyond_the_space(void **state)
{
	static const struct vmm_direct_map bad = VMM_DIRECT_MAP_INIT(UINT64_MAX - 1, 16, 0x100);
	static const struct vmm_direct_map far = VMM_DIRECT_MAP_INIT(0x1000, 16, UINT64_MAX - 1);
	vmm_va_t va = vmm_va(SENTINEL);
	vmm_pa_t pa = vmm_pa(SENTINEL);

	(void)state;
	assert_int_equal(vmm_direct_va(&bad, vmm_pa(0x102), &va), VMM_ERR_RANGE);
	assert_int_equal(va.raw, SENTINEL);
	assert_int_equal(vmm_direct_pa(&far, vmm_va(0x1002), &pa), VMM_ERR_RANGE);
	assert_int_equal(pa.raw, SENTINEL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sv39_layout_is_the_one_of_the_table),
		cmocka_unit_test(the_sv48_layout_is_the_one_of_the_table),
		cmocka_unit_test(the_sv57_layout_is_the_one_of_the_table),
		cmocka_unit_test(every_root_entry_of_sv39_belongs_to_one_area),
		cmocka_unit_test(an_address_outside_every_area_is_in_none),
		cmocka_unit_test(a_layout_that_breaks_a_rule_is_told_which),
		cmocka_unit_test(the_userspace_of_the_sv48_sketch_is_refused),
		cmocka_unit_test(a_layout_of_impossible_geometry_is_refused),
		cmocka_unit_test(an_address_beside_the_window_has_no_counterpart),
		cmocka_unit_test(a_direct_mapping_adds_a_base_inside_its_window),
		cmocka_unit_test(an_address_outside_the_window_has_no_physical_one),
		cmocka_unit_test(a_region_is_in_a_direct_mapping_whole_or_not_at_all),
		cmocka_unit_test(a_region_partly_outside_the_window_has_no_memory),
		cmocka_unit_test(a_window_is_refused_where_it_or_its_memory_wraps),
		cmocka_unit_test(a_map_made_by_hand_that_wraps_gives_no_address_beyond_the_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
