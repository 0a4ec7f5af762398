/* SPDX-License-Identifier: MIT */
/* The audit: every kind of difference is named once, and any damage comes to an end. */

#include "manager.h"
#include "support/test_manager.h"
#include "support/test_random.h"

#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define GIB(n) (UINT64_C(n) << 30)

static struct test_manager manager;

static void start(struct test_manager *self, const struct vmm_format *format, uint64_t window)
{
	struct test_manager_config config = {
		.format = format,
		.window = VMM_VA_REGION_INIT(window, MIB(16)),
	};

	test_manager_init(self, &config);
}

static int set_up(void **state)
{
	start(&manager, &vmm_aarch64_4k, GIB(2));
	*state = &manager;
	return 0;
}

/* For tests that leave damaged tables or a damaged record behind. */
static int discard(void **state)
{
	struct test_manager *self = *state;

	test_frames_discard(&self->frames);
	return 0;
}

static int tear_down(void **state)
{
	test_manager_fini(*state);
	return 0;
}

static void map(struct test_manager *self, const char *name, uint64_t va, uint64_t pa,
		uint64_t size, vmm_attr_t attr)
{
	assert_int_equal(vmm_map_at(&self->vmm, name, test_va_region(va, size), vmm_pa(pa), attr,
				    NULL), VMM_OK);
}

static void table_map(struct test_manager *self, uint64_t va, uint64_t pa, uint64_t size,
		      vmm_attr_t attr)
{
	assert_int_equal(vmm_table_map(&self->table, test_va_region(va, size), vmm_pa(pa), attr,
				       NULL), VMM_OK);
}

static void table_unmap(struct test_manager *self, uint64_t va, uint64_t size)
{
	assert_int_equal(vmm_table_unmap(&self->table, test_va_region(va, size), NULL), VMM_OK);
}

static void next(struct test_manager *self, struct vmm_audit_cursor *audit,
		 struct vmm_difference *difference)
{
	bool is_alias;

	/* What the object held before is no part of the answer. */
	memset(difference, 1, sizeof(*difference));
	assert_int_equal(vmm_audit_next(&self->vmm, audit, difference), VMM_OK);
	is_alias = difference->kind == VMM_DIFFERENCE_ALIAS_WX ||
		   difference->kind == VMM_DIFFERENCE_ALIAS_TYPE;
	assert_int_equal(difference->other != NULL, is_alias);
	if (difference->kind != VMM_DIFFERENCE_DESCRIPTOR) {
		assert_int_equal(difference->descriptor, 0);
		assert_int_equal(difference->level, -1);
	}
	if (difference->kind == VMM_DIFFERENCE_UNMAPPED ||
	    difference->kind == VMM_DIFFERENCE_DESCRIPTOR ||
	    difference->kind == VMM_DIFFERENCE_RECORD) {
		assert_int_equal(vmm_pa_raw(difference->pa), 0);
		assert_int_equal(difference->attr.bits, 0);
	}
}

static void assert_end(struct test_manager *self, struct vmm_audit_cursor *audit)
{
	struct vmm_difference difference;

	assert_int_equal(vmm_audit_next(&self->vmm, audit, &difference), VMM_ERR_NOENT);
	assert_int_equal(vmm_audit_next(&self->vmm, audit, &difference), VMM_ERR_NOENT);
}

static void assert_where(const struct vmm_difference *difference, enum vmm_difference_kind kind,
			 uint64_t start_va, uint64_t size, const char *name)
{
	assert_int_equal(difference->kind, kind);
	assert_int_equal(difference->va.bytes.start, start_va);
	assert_int_equal(difference->va.bytes.size, size);
	if (name == NULL) {
		assert_null(difference->mapping);
	} else {
		assert_string_equal(vmm_mapping_name(difference->mapping), name);
	}
}

static void assert_audit_prints(struct test_manager *self, uint64_t count, const char *expected)
{
	test_text_init(&self->text);
	assert_int_equal(vmm_audit(&self->vmm, &self->text.out), count);
	assert_string_equal(self->text.text, expected);
}

static void record_and_tables_that_agree_have_no_difference(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	vmm_va_t va;

	assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
	map(self, "a", MIB(1), MIB(64), MIB(7), VMM_KERNEL_RW);
	/* Joined with the one before in the tables, but not in the record. */
	map(self, "b", MIB(8), MIB(71), KIB(4), VMM_KERNEL_RW);
	assert_int_equal(vmm_map_mmio(&self->vmm, "c", vmm_pa(0x9000000), 4, &va, NULL), VMM_OK);
	assert_end(self, &audit);
	assert_audit_prints(self, 0, "");
}

static void what_is_gone_from_the_tables_is_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "data", MIB(2), MIB(64), KIB(32), VMM_KERNEL_RW);
	map(self, "more", MIB(4), MIB(68), KIB(8), VMM_KERNEL_RW);
	table_unmap(self, MIB(2) + KIB(4), KIB(8));
	table_unmap(self, MIB(2) + KIB(28), MIB(2) + KIB(4));
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNMAPPED, MIB(2) + KIB(4), KIB(8), "data");
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNMAPPED, MIB(2) + KIB(28), KIB(4), "data");
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNMAPPED, MIB(4), KIB(8), "more");
	assert_end(self, &audit);
	assert_audit_prints(self, 3,
		"0x0000_0000_0020_1000..0x0000_0000_0020_2fff in 'data': recorded, but not mapped\n"
		"0x0000_0000_0020_7000..0x0000_0000_0020_7fff in 'data': recorded, but not mapped\n"
		"0x0000_0000_0040_0000..0x0000_0000_0040_1fff in 'more': recorded, but not mapped\n"
		);
}

static void what_is_mapped_past_the_record_is_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "data", MIB(2), MIB(64), KIB(8), VMM_KERNEL_RW);
	table_map(self, MIB(2) - KIB(8), MIB(64) - KIB(8), KIB(8), VMM_KERNEL_RW);
	table_map(self, MIB(2) + KIB(8), MIB(64) + KIB(8), KIB(4), VMM_KERNEL_RW);
	table_map(self, GIB(2), 0, KIB(4), VMM_DEVICE);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNRECORDED, MIB(2) - KIB(8), KIB(8), NULL);
	assert_int_equal(vmm_pa_raw(difference.pa), MIB(64) - KIB(8));
	assert_int_equal(difference.attr.bits, VMM_KERNEL_RW.bits);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNRECORDED, MIB(2) + KIB(8), KIB(4), NULL);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNRECORDED, GIB(2), KIB(4), NULL);
	assert_end(self, &audit);
	assert_audit_prints(self, 3,
		"0x0000_0000_001f_e000..0x0000_0000_001f_ffff: mapped to 0x3ffe000 as C   RW XN "
		"(0x140), but not recorded\n"
		"0x0000_0000_0020_2000..0x0000_0000_0020_2fff: mapped to 0x4002000 as C   RW XN "
		"(0x140), but not recorded\n"
		"0x0000_0000_8000_0000..0x0000_0000_8000_0fff: mapped to 0x0 as Dev RW XN "
		"(0x144), but not recorded\n");
}

static void other_memory_and_other_attributes_are_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "code", MIB(2), MIB(64), KIB(16), VMM_KERNEL_RX);
	table_unmap(self, MIB(2) + KIB(4), KIB(4));
	table_map(self, MIB(2) + KIB(4), MIB(96), KIB(4), VMM_KERNEL_RX);
	assert_int_equal(vmm_table_protect(&self->table, test_va_region(MIB(2) + KIB(8), KIB(4)),
					   VMM_KERNEL_RW, NULL), VMM_OK);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_PHYSICAL, MIB(2) + KIB(4), KIB(4), "code");
	assert_int_equal(vmm_pa_raw(difference.pa), MIB(96));
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_ATTR, MIB(2) + KIB(8), KIB(4), "code");
	assert_true(vmm_attr_is_same(difference.attr, VMM_KERNEL_RW));
	assert_end(self, &audit);
	assert_audit_prints(self, 2,
		"0x0000_0000_0020_1000..0x0000_0000_0020_1fff in 'code': mapped to 0x6000000 "
		"instead of 0x4001000\n"
		"0x0000_0000_0020_2000..0x0000_0000_0020_2fff in 'code': mapped as C   RW XN "
		"(0x140) instead of C   RO X  (0x110)\n");
}

static void guards_that_are_mapped_are_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;
	struct vmm_place place = { .window = VMM_VA_REGION_INIT(MIB(8), MIB(1)),
				   .guards = { 1, 0 } };
	vmm_va_t va;

	assert_int_equal(vmm_guard_at(&self->vmm, "stack", test_va_region(MIB(1), KIB(8)), NULL),
			 VMM_OK);
	assert_int_equal(vmm_map_any(&self->vmm, "irq", test_pa_region(0, KIB(4)), VMM_KERNEL_RW,
				     &place, &va, NULL), VMM_OK);
	table_map(self, MIB(1) + KIB(4), MIB(7), KIB(8), VMM_KERNEL_RW);
	table_map(self, vmm_va_raw(va) - KIB(4), MIB(9), KIB(4), VMM_KERNEL_RW);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_GUARD, MIB(1) + KIB(4), KIB(4), "stack");
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNRECORDED, MIB(1) + KIB(8), KIB(4), NULL);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_GUARD, vmm_va_raw(va) - KIB(4), KIB(4), "irq");
	assert_end(self, &audit);
}

static void other_managers_addresses_are_not_looked_at(void **state)
{
	struct test_manager self;
	struct test_manager_config config = {
		.format = &vmm_riscv_sv39,
		.area = VMM_VA_REGION_INIT(MIB(4), MIB(4)),
		.window = VMM_VA_REGION_INIT(MIB(16), MIB(4)),
	};

	(void)state;
	test_manager_init(&self, &config);
	table_map(&self, 0, 0, MIB(4), VMM_KERNEL_RW);
	table_map(&self, MIB(8), MIB(8), MIB(8), VMM_KERNEL_RW);
	table_map(&self, 0 - GIB(1), 0, GIB(1), VMM_KERNEL_RW);
	assert_int_equal(vmm_audit(&self.vmm, NULL), 0);
	/* One leaf from before the area to behind the window: both are named, and nothing else. */
	table_unmap(&self, 0, MIB(16));
	table_map(&self, 0, 0, GIB(1), VMM_KERNEL_RW);
	assert_audit_prints(&self, 2,
		"0x0000_0000_0040_0000..0x0000_0000_007f_ffff: mapped to 0x400000 as PMA RW XN "
		"(0x146), but not recorded\n"
		"0x0000_0000_0100_0000..0x0000_0000_013f_ffff: mapped to 0x1000000 as PMA RW XN "
		"(0x146), but not recorded\n");
	test_manager_fini(&self);
}

/* --- aliases --- */

static void a_writable_alias_of_code_is_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "code", MIB(2), MIB(64), KIB(16), VMM_KERNEL_RX);
	map(self, "patch", MIB(16), MIB(64) + KIB(12), KIB(16), VMM_KERNEL_RW);
	map(self, "read only is fine", MIB(32), MIB(64), KIB(16), VMM_KERNEL_RO);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_ALIAS_WX, MIB(16), KIB(4), "patch");
	assert_string_equal(vmm_mapping_name(difference.other), "code");
	assert_int_equal(vmm_pa_raw(difference.pa), MIB(64) + KIB(12));
	assert_end(self, &audit);
	assert_audit_prints(self, 1,
		"0x0000_0000_0100_0000..0x0000_0000_0100_0fff in 'patch': same memory, from "
		"0x4003000 on, as 'code': writable here, executable there\n");
}

static void each_of_many_conflicting_aliases_is_named(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;
	unsigned int named = 0;

	/* A long one first, whose end reaches over short ones that do not reach so far. */
	map(self, "0", MIB(2), MIB(64), MIB(1), VMM_KERNEL_RW);
	map(self, "1", MIB(4), MIB(64), KIB(4), VMM_KERNEL_RX);
	map(self, "2", MIB(6), MIB(64) + KIB(8), KIB(4), VMM_KERNEL_RX);
	map(self, "3", MIB(8), MIB(64) + KIB(16), KIB(4), VMM_KERNEL_RW);
	map(self, "4", MIB(10), MIB(65) - KIB(4), KIB(8), VMM_KERNEL_RX);
	map(self, "5", MIB(12), MIB(65), KIB(4), VMM_KERNEL_RW);
	map(self, "6", MIB(14), MIB(65) + KIB(4), KIB(4), VMM_KERNEL_RX);
	while (vmm_audit_next(&self->vmm, &audit, &difference) == VMM_OK) {
		assert_int_equal(difference.kind, VMM_DIFFERENCE_ALIAS_WX);
		named |= 1u << (vmm_mapping_name(difference.mapping)[0] - '0');
		named |= 1u << (vmm_mapping_name(difference.other)[0] - '0');
	}
	assert_int_equal(named, 0x37);
}

static void two_types_of_memory_for_the_same_pages_are_named(void **state)
{
	struct test_manager *self = *state;
	vmm_attr_t nc = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE);

	map(self, "ram", MIB(2), MIB(64), MIB(2), VMM_KERNEL_RW);
	map(self, "dma", MIB(16), MIB(65), KIB(4), nc);
	assert_audit_prints(self, 1,
		"0x0000_0000_0100_0000..0x0000_0000_0100_0fff in 'dma': same memory, from "
		"0x4100000 on, as 'ram': two types of memory\n");
}

static void a_lazy_range_is_compared_where_it_is_mapped(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	assert_int_equal(vmm_lazy_at(&self->vmm, "direct", test_va_region(GIB(8), GIB(1)),
				     vmm_pa(0), VMM_KERNEL_RW, NULL), VMM_OK);
	map(self, "code", MIB(2), MIB(64), KIB(8), VMM_KERNEL_RX);
	map(self, "more code", MIB(4), MIB(66), KIB(8), VMM_KERNEL_RX);
	assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(GIB(8) + MIB(64), MIB(4)), NULL),
			 VMM_OK);
	table_map(self, GIB(8), MIB(2), KIB(4), VMM_KERNEL_RW);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_PHYSICAL, GIB(8), KIB(4), "direct");
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_ALIAS_WX, GIB(8) + MIB(64), KIB(8), "direct");
	assert_string_equal(vmm_mapping_name(difference.other), "code");
	next(self, &audit, &difference);
	assert_int_equal(difference.kind, VMM_DIFFERENCE_ALIAS_WX);
	assert_string_equal(vmm_mapping_name(difference.other), "more code");
	assert_int_equal(vmm_pa_raw(difference.pa), MIB(66));
	assert_end(self, &audit);
}

/* --- damage --- */

/* The descriptor of `va` at a level, counted from the leaf, and where it is. */
static uint64_t *descriptor_of(struct test_manager *self, uint64_t va, unsigned int level)
{
	const struct vmm_geometry *geometry = self->table.format->geometry;
	uint64_t mask = (UINT64_C(1) << geometry->index_bits) - 1;
	uint64_t table = self->table.root;
	uint64_t *word;

	for (unsigned int at = self->table.root_level;; at--) {
		word = vmm_frames_ptr(&self->frames.frames, vmm_pa(table));
		word += ((va & self->table.va_mask) >>
			 (geometry->page_shift + at * geometry->index_bits)) & mask;
		if (at == level) {
			return word;
		}
		table = *word & UINT64_C(0xfffffffff000);
	}
}

static void a_damaged_descriptor_is_named_once(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;
	uint64_t *word;

	map(self, "data", MIB(2), MIB(64), KIB(32), VMM_KERNEL_RW);
	map(self, "more", MIB(2) + KIB(64), MIB(68), KIB(4), VMM_KERNEL_RW);
	/* Valid, but with the type bit of a page clear: reserved at the last level. */
	word = descriptor_of(self, MIB(2) + KIB(4), 0);
	*word &= ~UINT64_C(2);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_DESCRIPTOR, MIB(2) + KIB(4), KIB(4), "data");
	assert_int_equal(difference.descriptor, *word);
	assert_int_equal(difference.level, 0);
	assert_end(self, &audit);
	/* A table that is its own root: it stands for 2 MiB, in which nothing else is named. */
	word = descriptor_of(self, MIB(2), 1);
	*word = (*word & ~UINT64_C(0xfffffffff000)) | self->table.root;
	memset(&audit, 0, sizeof(audit));
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_DESCRIPTOR, MIB(2), MIB(2), "data");
	assert_int_equal(difference.level, 1);
	assert_end(self, &audit);
}

static void a_damaged_record_is_named_and_the_tables_are_still_read(void **state)
{
	struct test_manager *self = *state;

	map(self, "data", MIB(2), MIB(64), KIB(32), VMM_KERNEL_RW);
	*descriptor_of(self, MIB(2), 0) &= ~UINT64_C(2);
	self->pool[0].pa_last++;
	assert_int_equal(vmm_check(&self->vmm), VMM_ERR_CORRUPT);
	test_text_init(&self->text);
	assert_int_equal(vmm_audit(&self->vmm, &self->text.out), 2);
	assert_true(strncmp(self->text.text, "the record is damaged\n", 22) == 0);
	assert_non_null(strstr(self->text.text, "0x0000_0000_0020_0000..0x0000_0000_0020_0fff: "
						"damaged descriptor 0x"));
	assert_non_null(strstr(self->text.text, " at level 3\n"));
}

static void check_names_damage_of_entries_and_users(void **state)
{
	struct test_manager *self = *state;
	struct vmm *vmm = &self->vmm;
	struct vmm_mapping *mapping;
	vmm_va_t va;

	map(self, "data", MIB(2), MIB(64), KIB(32), VMM_KERNEL_RW);
	assert_int_equal(vmm_map_mmio(vmm, "a", vmm_pa(0x9000000), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(vmm, "b", vmm_pa(0x9000000), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(vmm, "c", vmm_pa(0x9000000), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_check(vmm), VMM_OK);
	mapping = &self->pool[1];
#define DAMAGED(damage, repair)                                       \
	do {                                                          \
		damage;                                               \
		assert_int_equal(vmm_check(vmm), VMM_ERR_CORRUPT);    \
		repair;                                               \
		assert_int_equal(vmm_check(vmm), VMM_OK);             \
	} while (0)
	DAMAGED(mapping->user_count++, mapping->user_count--);
	DAMAGED(mapping->user_count--, mapping->user_count++);
	DAMAGED(mapping->user_count = 0, mapping->user_count = 3);
	DAMAGED(mapping->kind = VMM_MAPPING_PLAIN, mapping->kind = VMM_MAPPING_MMIO);
	DAMAGED(mapping->kind = 9, mapping->kind = VMM_MAPPING_MMIO);
	DAMAGED(mapping->users = NULL, mapping->users = &self->pool[3]);
	DAMAGED(self->pool[2].users = NULL, self->pool[2].users = &self->pool[3]);
	DAMAGED(self->pool[2].users = &self->pool[2], self->pool[2].users = &self->pool[3]);
	DAMAGED(mapping->pa += KIB(4), mapping->pa -= KIB(4));
	DAMAGED(vmm->record.free = self->pool[4].users, vmm->record.free = &self->pool[4]);
	DAMAGED(vmm->record.mapped_count++, vmm->record.mapped_count--);
#undef DAMAGED
}

static const struct vmm_format *const formats[] = {
	&vmm_aarch64_4k, &vmm_aarch64_16k, &vmm_aarch64_64k,
	&vmm_riscv_sv39, &vmm_riscv_sv48, &vmm_riscv_sv57,
};

static void fill(struct test_manager *self, struct test_random *random)
{
	uint64_t page = vmm_table_page_size(&self->table);
	uint64_t large = page << self->table.format->geometry->index_bits;
	vmm_va_t va;

	for (uint64_t i = 0; i < 6; i++) {
		map(self, "m", i * 2 * large, (i + 1) * 2 * large,
		    test_random_one_in(random, 2) ? large
						  : page * (1 + test_random_below(random, 20)),
		    VMM_KERNEL_RW);
	}
	assert_int_equal(vmm_map_mmio(&self->vmm, "d", vmm_pa(large), 4, &va, NULL), VMM_OK);
}

/* A word in a table that is in use. */
static uint64_t *any_word(struct test_manager *self, struct test_random *random)
{
	uint64_t page = vmm_table_page_size(&self->table);
	vmm_pa_t frame;

	do {
		frame = vmm_pa(self->frames.frames.first +
			       page * test_random_below(random, self->frames.frames.frame_count));
	} while (!test_frames_is_out(&self->frames, frame));
	return (uint64_t *)vmm_frames_ptr(&self->frames.frames, frame) +
	       test_random_below(random, page / 8);
}

static void any_damage_of_the_tables_comes_to_an_end_and_is_named(void **state)
{
	struct test_manager *self = &manager;
	/* What the words of 4 KiB frames were before any damage: some of it may undo another's. */
	static uint64_t sound[48 * 512];
	struct test_random random;

	(void)state;
	test_random_init(&random, "audit");
	for (uint64_t step = 0; step < test_random_steps(300); step++) {
		const uint64_t *first;
		uint64_t *word;
		uint64_t was;

		start(self, formats[step % 6], GIB(128));
		fill(self, &random);
		assert_int_equal(vmm_audit(&self->vmm, NULL), 0);
		assert_int_equal(self->frames.frames.frame_count, 48);
		first = vmm_frames_ptr(&self->frames.frames, vmm_pa(self->frames.frames.first));
		memcpy(sound, first, self->table.format == &vmm_aarch64_4k ? sizeof(sound) : 0);
		for (int i = 0; i < 20; i++) {
			word = any_word(self, &random);
			was = *word;
			switch (test_random_below(&random, 4)) {
			case 0:
				*word = test_random_next(&random) | 1;
				break;
			case 1:
				*word ^= UINT64_C(1) << test_random_below(&random, 64);
				break;
			case 2:
				*word = *any_word(self, &random);
				break;
			default:
				*word = *any_word(self, &random) +
					(test_random_below(&random, 64) << 12);
				break;
			}
			/* At most one for each word of each frame and for each mapping. */
			assert_true(vmm_audit(&self->vmm, NULL) <=
				    self->frames.out_count * vmm_table_page_size(&self->table) /
					    8 + 64);
			/* The others' roots have words that no address leads to, or another half. */
			if (self->table.format == &vmm_aarch64_4k &&
			    ((sound[word - first] ^ *word) & 1) != 0) {
				assert_true(vmm_audit(&self->vmm, NULL) > 0);
			}
			if (test_random_one_in(&random, 2)) {
				*word = was;
			}
		}
		test_frames_discard(&self->frames);
	}
}

/* --- corners --- */

static void a_mapped_guard_is_told_from_what_is_not_recorded(void **state)
{
	struct test_manager *self = *state;

	assert_int_equal(vmm_guard_at(&self->vmm, "stack", test_va_region(MIB(1), KIB(4)), NULL),
			 VMM_OK);
	table_map(self, MIB(1), MIB(7), KIB(4), VMM_KERNEL_RW);
	assert_audit_prints(self, 1,
		"0x0000_0000_0010_0000..0x0000_0000_0010_0fff in 'stack': mapped to 0x700000 as "
		"C   RW XN (0x140), but is a guard\n");
}

static void a_lazy_range_may_have_aliases_that_agree(void **state)
{
	struct test_manager *self = *state;

	/* In the order of physical addresses: one that agrees, one of another type, one of code. */
	map(self, "same", MIB(2), MIB(64), KIB(4), VMM_KERNEL_RO);
	map(self, "dma", MIB(4), MIB(64) + KIB(8),
	    KIB(4), vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE));
	map(self, "code", MIB(6), MIB(64) + KIB(16), KIB(4), VMM_KERNEL_RX);
	assert_int_equal(vmm_lazy_at(&self->vmm, "lazy", test_va_region(MIB(16), MIB(2)),
				     vmm_pa(MIB(64)), VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(MIB(16), KIB(64)), NULL), VMM_OK);
	assert_audit_prints(self, 2,
		"0x0000_0000_0100_0000..0x0000_0000_0100_2fff in 'lazy': same memory, from "
		"0x4002000 on, as 'dma': two types of memory\n"
		"0x0000_0000_0100_3000..0x0000_0000_0100_4fff in 'lazy': same memory, from "
		"0x4004000 on, as 'code': writable here, executable there\n");
}

static void a_leaf_from_a_window_into_the_area_above_is_named_twice(void **state)
{
	struct test_manager self;
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.area = VMM_VA_REGION_INIT(MIB(16), MIB(4)),
		.window = VMM_VA_REGION_INIT(MIB(4), MIB(4)),
	};

	(void)state;
	test_manager_init(&self, &config);
	table_map(&self, 0, 0, GIB(1), VMM_KERNEL_RW);
	assert_audit_prints(&self, 2,
		"0x0000_0000_0040_0000..0x0000_0000_007f_ffff: mapped to 0x400000 as C   RW XN "
		"(0x140), but not recorded\n"
		"0x0000_0000_0100_0000..0x0000_0000_013f_ffff: mapped to 0x1000000 as C   RW XN "
		"(0x140), but not recorded\n");
	test_manager_fini(&self);
}

/* What is writable in both, and what lies behind or reaches beyond what is mapped of it. */
static void a_lazy_range_is_compared_as_far_as_it_is_mapped(void **state)
{
	struct test_manager *self = *state;
	vmm_attr_t nc = vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE);

	map(self, "writable too", MIB(2), MIB(64), KIB(4), VMM_KERNEL_RW);
	map(self, "behind", MIB(4), MIB(64) + KIB(16), KIB(8), nc);
	map(self, "beyond", MIB(6), MIB(64) + KIB(32), KIB(64), nc);
	assert_int_equal(vmm_lazy_at(&self->vmm, "lazy", test_va_region(MIB(16), MIB(2)),
				     vmm_pa(MIB(64)), VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(MIB(16), KIB(16)), NULL), VMM_OK);
	assert_audit_prints(self, 0, "");
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(MIB(16) + KIB(24), KIB(12)), NULL),
			 VMM_OK);
	table_map(self, MIB(18), MIB(80), KIB(4), VMM_KERNEL_RO);
	assert_audit_prints(self, 2,
		"0x0000_0000_0100_6000..0x0000_0000_0100_8fff in 'lazy': same memory, from "
		"0x4008000 on, as 'beyond': two types of memory\n"
		"0x0000_0000_0120_0000..0x0000_0000_0120_0fff: mapped to 0x5000000 as C   RO XN "
		"(0x100), but not recorded\n");
}

static void code_that_is_lazy_conflicts_with_what_is_writable(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "text", MIB(2), MIB(64), KIB(4), VMM_KERNEL_RX);
	map(self, "patch", MIB(4), MIB(64) + KIB(8), KIB(4), VMM_KERNEL_RW);
	assert_int_equal(vmm_lazy_at(&self->vmm, "lazy", test_va_region(MIB(16), MIB(2)),
				     vmm_pa(MIB(64)), VMM_KERNEL_RX, NULL), VMM_OK);
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(MIB(16), KIB(4)), NULL), VMM_OK);
	/* "patch" is writable, but not mapped in the lazy range yet. */
	assert_audit_prints(self, 0, "");
	assert_int_equal(vmm_map_part(&self->vmm, test_va_region(MIB(16) + KIB(8), KIB(4)), NULL),
			 VMM_OK);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_ALIAS_WX, MIB(16) + KIB(8), KIB(4), "lazy");
	assert_string_equal(vmm_mapping_name(difference.other), "patch");
	assert_end(self, &audit);
}

static void what_follows_a_damaged_descriptor_is_compared(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "data", MIB(2), MIB(64), KIB(32), VMM_KERNEL_RW);
	*descriptor_of(self, MIB(2) + KIB(4), 0) &= ~UINT64_C(2);
	table_map(self, MIB(4), MIB(80), KIB(4), VMM_KERNEL_RW);
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_DESCRIPTOR, MIB(2) + KIB(4), KIB(4), "data");
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNRECORDED, MIB(4), KIB(4), NULL);
	assert_end(self, &audit);
}

static void a_damaged_record_is_nowhere(void **state)
{
	struct test_manager *self = *state;
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	map(self, "data", MIB(2), MIB(64), KIB(32), VMM_KERNEL_RW);
	self->pool[0].pa_last++;
	next(self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_RECORD, 0, 0, NULL);
	assert_end(self, &audit);
}

/* With nothing recorded: a leaf of somebody else's, and then one here. */
static void what_is_not_recorded_is_found_behind_what_is_not_managed(void **state)
{
	struct test_manager self;
	struct test_manager_config config = {
		.format = &vmm_aarch64_4k,
		.area = VMM_VA_REGION_INIT(MIB(16), MIB(4)),
		.window = VMM_VA_REGION_INIT(MIB(4), MIB(4)),
	};
	struct vmm_audit_cursor audit = { 0 };
	struct vmm_difference difference;

	(void)state;
	test_manager_init(&self, &config);
	table_map(&self, MIB(1), MIB(64), KIB(4), VMM_KERNEL_RW);
	table_map(&self, MIB(17), MIB(80), KIB(4), VMM_KERNEL_RW);
	next(&self, &audit, &difference);
	assert_where(&difference, VMM_DIFFERENCE_UNRECORDED, MIB(17), KIB(4), NULL);
	assert_end(&self, &audit);
	test_manager_fini(&self);
}

/* Each pair of three types: the second conflicts with one below it, the third with two. */
static void three_types_of_memory_conflict_in_pairs(void **state)
{
	struct test_manager *self = *state;

	map(self, "ram", MIB(2), MIB(64), KIB(4), VMM_KERNEL_RW);
	map(self, "dma", MIB(4), MIB(64), KIB(4),
	    vmm_attr(VMM_ATTR_MEM(VMM_MEM_NC) | VMM_ATTR_WRITE));
	map(self, "io", MIB(6), MIB(64), KIB(4),
	    vmm_attr(VMM_ATTR_MEM(VMM_MEM_DEV_NGNRE) | VMM_ATTR_WRITE));
	assert_int_equal(vmm_audit(&self->vmm, NULL), 3);
}

/* Arm counts downwards from the page's 3: with 52 bits of 4 KiB pages the root is level -1. */
static void a_level_below_zero_is_printed(void **state)
{
	struct test_manager *self = *state;
	struct vmm_difference difference = {
		.kind = VMM_DIFFERENCE_DESCRIPTOR,
		.va = VMM_VA_REGION_INIT(MIB(2), KIB(4)),
		.descriptor = 0xbad,
		.level = 4,
	};

	vmm_difference_print(&self->vmm, &difference, &self->text.out);
	assert_non_null(strstr(self->text.text, "damaged descriptor 0xbad at level -1"));
	difference.level = 3;
	test_text_init(&self->text);
	vmm_difference_print(&self->vmm, &difference, &self->text.out);
	assert_non_null(strstr(self->text.text, "damaged descriptor 0xbad at level 0"));
}

/* Inside of the library a cursor is not zeroed, but started. */
static void a_cursor_that_is_started_is_as_one_that_is_zeroed(void **state)
{
	struct vmm_audit_cursor audit;

	(void)state;
	memset(&audit, 1, sizeof(audit));
	vmm_audit_start_(&audit);
	assert_int_equal(audit.cursor.next, 0);
	assert_false(audit.cursor.done);
	assert_false(audit.cursor.each);
	assert_int_equal(audit.leaf.size, 0);
	assert_null(audit.mapping);
	assert_int_equal(audit.used, 0);
	for (size_t i = 0; i < sizeof(audit.widest) / sizeof(audit.widest[0]); i++) {
		assert_null(audit.widest[i]);
	}
	assert_int_equal(audit.stage, 0);
	assert_int_equal(audit.part, 0);
	assert_false(audit.leaf_is_bad);
	assert_false(audit.no_leaf);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define DAMAGE(name) cmocka_unit_test_setup_teardown(name, set_up, discard)
	const struct CMUnitTest tests[] = {
		TEST(record_and_tables_that_agree_have_no_difference),
		TEST(what_is_gone_from_the_tables_is_named),
		TEST(what_is_mapped_past_the_record_is_named),
		TEST(other_memory_and_other_attributes_are_named),
		TEST(guards_that_are_mapped_are_named),
		cmocka_unit_test(other_managers_addresses_are_not_looked_at),
		TEST(a_writable_alias_of_code_is_named),
		TEST(each_of_many_conflicting_aliases_is_named),
		TEST(two_types_of_memory_for_the_same_pages_are_named),
		TEST(a_lazy_range_is_compared_where_it_is_mapped),
		DAMAGE(a_damaged_descriptor_is_named_once),
		DAMAGE(a_damaged_record_is_named_and_the_tables_are_still_read),
		TEST(check_names_damage_of_entries_and_users),
		cmocka_unit_test(any_damage_of_the_tables_comes_to_an_end_and_is_named),
		TEST(a_mapped_guard_is_told_from_what_is_not_recorded),
		TEST(a_lazy_range_may_have_aliases_that_agree),
		cmocka_unit_test(a_leaf_from_a_window_into_the_area_above_is_named_twice),
		TEST(a_lazy_range_is_compared_as_far_as_it_is_mapped),
		TEST(code_that_is_lazy_conflicts_with_what_is_writable),
		DAMAGE(what_follows_a_damaged_descriptor_is_compared),
		DAMAGE(a_damaged_record_is_nowhere),
		cmocka_unit_test(what_is_not_recorded_is_found_behind_what_is_not_managed),
		TEST(three_types_of_memory_conflict_in_pairs),
		TEST(a_level_below_zero_is_printed),
		cmocka_unit_test(a_cursor_that_is_started_is_as_one_that_is_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
