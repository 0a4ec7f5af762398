/* SPDX-License-Identifier: MIT */
/*
 * Tables of Sv39, Sv48 and Sv57 as the CPU would read them: the walk that follows satp is the judge
 * of what the operations stored.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/riscv.h>

#include "support/test_frames.h"

static const struct vmm_format *const formats[] = {
	&vmm_riscv_sv39,
	&vmm_riscv_sv48,
	&vmm_riscv_sv57,
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

struct fixture {
	struct test_frames frames;
	struct vmm_riscv_table table;
};

static void set_up(struct fixture *f, const struct vmm_format *format, uint32_t flags)
{
	struct vmm_table_config config = { 0 };

	f->table = (struct vmm_riscv_table){ 0 };
	test_frames_init(&f->frames, 12, 64, 0x80000000);
	config.format = format;
	config.frames = &f->frames.frames;
	config.asid = 5;
	config.flags = flags;
	assert_int_equal(vmm_riscv_table_init(&f->table, &config), VMM_OK);
}

static void tear_down(struct fixture *f)
{
	vmm_table_fini(&f->table.base);
	test_frames_fini(&f->frames);
}

static vmm_va_region_t region(uint64_t start, uint64_t size)
{
	vmm_va_region_t result;

	assert_int_equal(vmm_va_region(vmm_va(start), size, &result), VMM_OK);
	return result;
}

static void map(struct fixture *f, uint64_t va, uint64_t pa, uint64_t size, vmm_attr_t attr)
{
	assert_int_equal(vmm_table_map(&f->table.base, region(va, size), vmm_pa(pa), attr, NULL),
			 VMM_OK);
}

/* What the CPU finds at `va`; UINT64_MAX: a page fault. */
static uint64_t seen(const struct fixture *f, uint64_t va, bool write)
{
	vmm_pa_t pa;

	if (vmm_riscv_walk(vmm_riscv_satp(&f->table.base), f->frames.frames.window, vmm_va(va),
			   write, &pa) != VMM_OK) {
		return UINT64_MAX;
	}
	return vmm_pa_raw(pa);
}

static uint64_t descriptor(const struct fixture *f, uint64_t va)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&f->table.base, vmm_va(va), &leaf), VMM_OK);
	return leaf.descriptor;
}

static void a_table_gets_the_ports_fences_unless_it_has_its_own(void **state)
{
	struct vmm_sync own = vmm_riscv_sync;
	struct vmm_table_config config = { 0 };
	struct vmm_riscv_table other = { 0 };
	struct fixture f;

	(void)state;
	set_up(&f, &vmm_riscv_sv39, 0);
	assert_ptr_equal(f.table.base.sync, &vmm_riscv_sync);
	assert_false(vmm_riscv_sync.is_active(&f.table.base));
	config.format = &vmm_riscv_sv39;
	config.frames = &f.frames.frames;
	config.sync = &own;
	config.flags = VMM_TABLE_RESIZE_LIVE;
	assert_int_equal(vmm_riscv_table_init(&other, &config), VMM_ERR_UNSUPPORTED);
	config.flags = VMM_TABLE_FENCE_ALL;
	config.sync = NULL;
	assert_int_equal(vmm_riscv_table_init(&other, &config), VMM_ERR_UNSUPPORTED);
	assert_ptr_equal(other.base.format, NULL);
	config.sync = &own;
	assert_int_equal(vmm_riscv_table_init(&other, &config), VMM_OK);
	assert_ptr_equal(other.base.sync, &own);
	vmm_table_fini(&other.base);
	tear_down(&f);
}

static void satp_names_mode_asid_and_root(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < FORMAT_COUNT; i++) {
		struct fixture f;

		set_up(&f, formats[i], 0);
		assert_int_equal(vmm_riscv_satp(&f.table.base),
				 (8 + i) << 60 | UINT64_C(5) << 44 |
					 vmm_pa_raw(vmm_table_root(&f.table.base)) >> 12);
		tear_down(&f);
	}
}

static void the_cpu_finds_what_was_mapped_in_both_halves(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < FORMAT_COUNT; i++) {
		uint64_t top = (UINT64_C(1) << (formats[i]->geometry->va_bits_max - 1)) - 0x3000;
		struct fixture f;

		set_up(&f, formats[i], 0);
		map(&f, top, 0x80200000, 0x3000, VMM_KERNEL_RX);
		map(&f, 0xffffffffc0000000, 0x80000000, 0x40000000, VMM_KERNEL_RW);
		assert_int_equal(seen(&f, top + 0x2fff, false), 0x80202fff);
		assert_int_equal(seen(&f, top + 0x2fff, true), UINT64_MAX);
		assert_int_equal(seen(&f, top + 0x3000, false), UINT64_MAX);
		assert_int_equal(seen(&f, 0xffffffffffffffff, true), 0xbfffffff);
		assert_int_equal(seen(&f, 0xffffffffbfffffff, false), UINT64_MAX);
		assert_int_equal(descriptor(&f, 0xffffffffc0000000), 0x00000000200000E7);
		tear_down(&f);
	}
}

static void each_format_uses_leaves_up_to_its_root(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < FORMAT_COUNT; i++) {
		unsigned int root_shift = formats[i]->geometry->va_bits_max - 9u;
		struct vmm_leaf leaf;
		struct fixture f;

		set_up(&f, formats[i], 0);
		map(&f, 0, 0, UINT64_C(1) << root_shift, VMM_KERNEL_RW);
		assert_int_equal(vmm_table_query(&f.table.base, vmm_va(0x1234000), &leaf), VMM_OK);
		assert_int_equal(leaf.size, UINT64_C(1) << root_shift);
		assert_int_equal(vmm_table_arch_level(&f.table.base, leaf.level), 2 + i);
		assert_int_equal(seen(&f, (UINT64_C(1) << root_shift) - 1, true),
				 (UINT64_C(1) << root_shift) - 1);
		tear_down(&f);
	}
}

static void a_cut_leaf_still_maps_what_is_left(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, &vmm_riscv_sv39, 0);
	map(&f, 0x40000000, 0x80000000, 0x40000000, VMM_KERNEL_RW);
	assert_int_equal(vmm_table_unmap(&f.table.base, region(0x40201000, 0x1000), NULL), VMM_OK);
	assert_int_equal(seen(&f, 0x40200fff, true), 0x80200fff);
	assert_int_equal(seen(&f, 0x40201000, false), UINT64_MAX);
	assert_int_equal(seen(&f, 0x40202000, true), 0x80202000);
	assert_int_equal(seen(&f, 0x7fffffff, true), 0xbfffffff);
	assert_int_equal(vmm_table_protect(&f.table.base, region(0x60000000, 0x1000),
					   VMM_KERNEL_RO, NULL), VMM_OK);
	assert_int_equal(seen(&f, 0x60000000, false), 0xa0000000);
	assert_int_equal(seen(&f, 0x60000000, true), UINT64_MAX);
	assert_int_equal(seen(&f, 0x60001000, true), 0xa0001000);
	tear_down(&f);
}

static void napot_runs_hold_one_word_and_are_broken_up(void **state)
{
	vmm_attr_t attr = vmm_attr(VMM_KERNEL_RW.bits | VMM_ATTR_CONTIG);
	struct fixture f;

	(void)state;
	set_up(&f, &vmm_riscv_sv39, VMM_TABLE_SVNAPOT);
	map(&f, 0x4000f000, 0x8020f000, 0x12000, attr);
	assert_int_equal(descriptor(&f, 0x4000f000), 0x0000000020083CE7);
	assert_int_equal(descriptor(&f, 0x40020000), 0x00000000200880E7);
	for (uint64_t page = 0; page < 16; page++) {
		assert_int_equal(descriptor(&f, 0x40010000 + page * 0x1000), 0x80000000200860E7);
		assert_int_equal(seen(&f, 0x40010000 + page * 0x1000, true),
				 0x80210000 + page * 0x1000);
	}
	assert_int_equal(vmm_table_unmap(&f.table.base, region(0x40017000, 0x1000), NULL), VMM_OK);
	assert_int_equal(seen(&f, 0x40017000, false), UINT64_MAX);
	assert_int_equal(descriptor(&f, 0x40016000), 0x00000000200858E7);
	assert_int_equal(seen(&f, 0x40018000, true), 0x80218000);
	tear_down(&f);
}

static void without_svnapot_the_hint_is_dropped(void **state)
{
	vmm_attr_t attr = vmm_attr(VMM_KERNEL_RW.bits | VMM_ATTR_CONTIG);
	struct fixture f;

	(void)state;
	set_up(&f, &vmm_riscv_sv39, 0);
	map(&f, 0x40010000, 0x80210000, 0x10000, attr);
	assert_int_equal(descriptor(&f, 0x40011000), 0x00000000200844E7);
	tear_down(&f);
}

static void a_fault_is_explained_by_the_table(void **state)
{
	const uint64_t sstatus = 0x100;
	struct vmm_fault fault;
	struct fixture f;

	(void)state;
	set_up(&f, &vmm_riscv_sv39, 0);
	map(&f, 0x1000, 0x80201000, 0x1000, VMM_KERNEL_RO);
	vmm_riscv_fault_decode(13, 0x1008, sstatus, &fault);
	assert_true(vmm_riscv_is_spurious(&f.table.base, sstatus, &fault));
	vmm_riscv_fault_decode(15, 0x1008, sstatus, &fault);
	vmm_riscv_fault_refine(&f.table.base, sstatus, &fault);
	assert_int_equal(fault.kind, VMM_FAULT_PERMISSION);
	vmm_riscv_fault_decode(13, 0x2000, sstatus, &fault);
	vmm_riscv_fault_refine(&f.table.base, sstatus, &fault);
	assert_int_equal(fault.kind, VMM_FAULT_TRANSLATION);
	vmm_riscv_fault_decode(13, 0x4000000000, sstatus, &fault);
	vmm_riscv_fault_refine(&f.table.base, sstatus, &fault);
	assert_int_equal(fault.kind, VMM_FAULT_TRANSLATION);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_gets_the_ports_fences_unless_it_has_its_own),
		cmocka_unit_test(satp_names_mode_asid_and_root),
		cmocka_unit_test(the_cpu_finds_what_was_mapped_in_both_halves),
		cmocka_unit_test(each_format_uses_leaves_up_to_its_root),
		cmocka_unit_test(a_cut_leaf_still_maps_what_is_left),
		cmocka_unit_test(napot_runs_hold_one_word_and_are_broken_up),
		cmocka_unit_test(without_svnapot_the_hint_is_dropped),
		cmocka_unit_test(a_fault_is_explained_by_the_table),
	};

	return cmocka_run_group_tests_name("riscv_table", tests, NULL, NULL);
}
