/* SPDX-License-Identifier: MIT */
/*
 * Every operation of the manager with every frame and every entry missing in turn: it fails with
 * the right error and leaves everything as it was, until it has what it needs, and then it succeeds.
 */

#include "support/test_manager.h"

#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/direct.h>
#include <vmm/riscv.h>

#define GIB(n) (UINT64_C(n) << 30)

/* Large enough, and at a multiple of the largest leaves of each format. */
#define BLOCK_AT GIB(64)
#define WINDOW_AT GIB(128)
#define LAZY_AT GIB(192)
#define KEPT_AT GIB(208)
#define DIRECT_AT GIB(224)
#define EAGER_AT GIB(240)

static const struct vmm_format *const formats[] = {
	&vmm_aarch64_4k, &vmm_aarch64_16k, &vmm_aarch64_64k,
	&vmm_riscv_sv39, &vmm_riscv_sv48, &vmm_riscv_sv57,
};

static uint64_t page(const struct test_manager *self)
{
	return vmm_table_page_size(&self->table);
}

/* Bytes of a leaf of level 1. */
static uint64_t block(const struct test_manager *self)
{
	return page(self) << self->table.format->geometry->index_bits;
}

/* Of pages alone, so that each piece takes a table. */
static struct vmm_direct direct;
static struct vmm_direct eager;
static vmm_pa_region_t memory[2];

static struct vmm_direct_config direct_config(const struct test_manager *self, uint64_t window)
{
	struct vmm_direct_config config = {
		.name = "direct",
		.map = VMM_DIRECT_MAP_INIT(window, 4 * block(self), GIB(16)),
		.memory = memory,
		.memory_count = 2,
		.attr = vmm_attr(VMM_KERNEL_RW.bits | VMM_ATTR_LEAF_MAX(0)),
	};

	/* Two pieces and a page of a third, and a page at the end. */
	memory[0] = test_pa_region(GIB(16), 2 * block(self) + page(self));
	memory[1] = test_pa_region(GIB(16) + 4 * block(self) - page(self), page(self));
	return config;
}

/*
 * What is there before the operation: a block, a device, a lazy range, a direct mapping. It takes
 * four entries.
 */
#define PRELUDE_ENTRIES 4

static void prelude(struct test_manager *self)
{
	struct vmm_direct_config config = direct_config(self, DIRECT_AT);
	vmm_va_t va;

	memset(&direct, 0, sizeof(direct));
	memset(&eager, 0, sizeof(eager));

	assert_int_equal(vmm_map_at(&self->vmm, "block", test_va_region(BLOCK_AT, block(self)),
				    vmm_pa(0), VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_map_mmio(&self->vmm, "device", vmm_pa(GIB(8)), 4, &va, NULL), VMM_OK);
	assert_int_equal(vmm_lazy_at(&self->vmm, "lazy",
				     test_va_region(LAZY_AT, 4 * block(self)), vmm_pa(GIB(4)),
				     VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
}

static enum vmm_err do_map_at(struct test_manager *self)
{
	uint64_t start = GIB(32) - page(self);

	/* Across the largest boundary there is, with a block in between where that is one. */
	return vmm_map_at(&self->vmm, "x", test_va_region(start, block(self) + 2 * page(self)),
			  vmm_pa(start), VMM_KERNEL_RX, NULL);
}

static enum vmm_err do_map_any(struct test_manager *self)
{
	vmm_va_t va = { 7 };
	enum vmm_err err;

	err = vmm_map_any(&self->vmm, "x",
			  test_pa_region(GIB(2) - page(self), block(self) + page(self)),
			  VMM_KERNEL_RW, NULL, &va, NULL);
	assert_true((err == VMM_OK) == (vmm_va_raw(va) != 7));
	return err;
}

static enum vmm_err do_guard_at(struct test_manager *self)
{
	return vmm_guard_at(&self->vmm, "x", test_va_region(GIB(1), page(self)), NULL);
}

static enum vmm_err do_lazy_at(struct test_manager *self)
{
	return vmm_lazy_at(&self->vmm, "x", test_va_region(GIB(1), page(self)), vmm_pa(0),
			   VMM_KERNEL_RW, NULL);
}

static enum vmm_err do_map_part(struct test_manager *self)
{
	return vmm_map_part(&self->vmm, test_va_region(LAZY_AT + page(self), 3 * block(self)),
			    NULL);
}

static enum vmm_err do_map_mmio(struct test_manager *self)
{
	vmm_va_t va = { 7 };
	enum vmm_err err;

	err = vmm_map_mmio(&self->vmm, "x", vmm_pa(GIB(16) + 5), 2 * block(self), &va, NULL);
	assert_true((err == VMM_OK) == (vmm_va_raw(va) != 7));
	return err;
}

static enum vmm_err do_share_mmio(struct test_manager *self)
{
	vmm_va_t va;

	return vmm_map_mmio(&self->vmm, "x", vmm_pa(GIB(8) + 16), 4, &va, NULL);
}

static enum vmm_err do_overlap_mmio(struct test_manager *self)
{
	vmm_va_t va;

	return vmm_map_mmio(&self->vmm, "x", vmm_pa(GIB(8)), 2 * page(self), &va, NULL);
}

static enum vmm_err do_unmap_mmio(struct test_manager *self)
{
	const struct vmm_mapping *mapping;

	mapping = vmm_find_pa(&self->vmm, test_pa_region(GIB(8), 1), NULL);
	return vmm_unmap_mmio(&self->vmm, vmm_va_region_start(vmm_mapping_va(mapping)), "device",
			      NULL);
}

static enum vmm_err do_unmap(struct test_manager *self)
{
	return vmm_unmap(&self->vmm, vmm_va(BLOCK_AT), NULL);
}

static enum vmm_err do_unmap_middle(struct test_manager *self)
{
	return vmm_unmap_part(&self->vmm,
			      test_va_region(BLOCK_AT + page(self), block(self) - 2 * page(self)),
			      NULL);
}

static enum vmm_err do_unmap_end(struct test_manager *self)
{
	return vmm_unmap_part(&self->vmm, test_va_region(BLOCK_AT + page(self),
							 block(self) - page(self)), NULL);
}

static enum vmm_err do_protect(struct test_manager *self)
{
	return vmm_protect(&self->vmm, vmm_va(BLOCK_AT), VMM_KERNEL_RX, NULL);
}

static enum vmm_err do_protect_middle(struct test_manager *self)
{
	return vmm_protect_part(&self->vmm, test_va_region(BLOCK_AT + page(self), page(self)),
				VMM_KERNEL_RO, NULL);
}

static enum vmm_err do_protect_start(struct test_manager *self)
{
	return vmm_protect_part(&self->vmm, test_va_region(BLOCK_AT, page(self)), VMM_KERNEL_RO,
				NULL);
}

/* A piece each of whose pages is mapped, and the one page that there is of another. */
static enum vmm_err do_ensure(struct test_manager *self)
{
	struct vmm_direct before = direct;
	vmm_va_t va = { 7 };
	enum vmm_err err;

	err = vmm_direct_ensure(&direct,
				test_pa_region(GIB(16) + 2 * block(self) - page(self),
					       2 * page(self)), &va, NULL);
	assert_true((err == VMM_OK) == (vmm_va_raw(va) != 7));
	assert_memory_equal(&direct, &before, sizeof(before));
	return err;
}

static enum vmm_err do_direct_init(struct test_manager *self)
{
	static const struct vmm_direct zero;
	struct vmm_direct_config config = direct_config(self, EAGER_AT);
	enum vmm_err err;

	config.eager = true;
	err = vmm_direct_init(&eager, &self->vmm, &config, NULL);
	assert_int_equal(memcmp(&eager, &zero, sizeof(zero)) != 0, err == VMM_OK);
	return err;
}

/* A block that was mapped before the manager knew, all of it recorded but for one page in the middle. */
#define RECORDED_ENTRIES 2

static void prepare_block(struct test_manager *self)
{
	uint64_t at = KEPT_AT + 3 * page(self);

	assert_int_equal(vmm_table_map(&self->table, test_va_region(KEPT_AT, block(self)),
				       vmm_pa(GIB(48)), VMM_KERNEL_RW, NULL), VMM_OK);
	assert_int_equal(vmm_adopt_at(&self->vmm, "low", test_va_region(KEPT_AT, at - KEPT_AT),
				      vmm_pa(GIB(48)), VMM_KERNEL_RW, NULL), VMM_OK);
	at += page(self);
	assert_int_equal(vmm_adopt_at(&self->vmm, "high",
				      test_va_region(at, KEPT_AT + block(self) - at),
				      vmm_pa(GIB(48) + at - KEPT_AT), VMM_KERNEL_RW, NULL), VMM_OK);
}

static enum vmm_err do_adopt_at(struct test_manager *self)
{
	return vmm_adopt_at(&self->vmm, "x", test_va_region(KEPT_AT + 3 * page(self), page(self)),
			    vmm_pa(GIB(48) + 3 * page(self)), VMM_KERNEL_RW, NULL);
}

/* And that page, too. */
static void prepare_pages(struct test_manager *self)
{
	prepare_block(self);
	assert_int_equal(do_adopt_at(self), VMM_OK);
}

/* Whole mappings, for which a leaf has to be split all the same. */
static enum vmm_err do_unmap_adopted(struct test_manager *self)
{
	return vmm_unmap(&self->vmm, vmm_va(KEPT_AT + 3 * page(self)), NULL);
}

static enum vmm_err do_protect_adopted(struct test_manager *self)
{
	return vmm_protect(&self->vmm, vmm_va(KEPT_AT), VMM_KERNEL_RO, NULL);
}

static enum vmm_err do_unmap_start(struct test_manager *self)
{
	return vmm_unmap_part(&self->vmm, test_va_region(BLOCK_AT, 3 * page(self)), NULL);
}

static enum vmm_err do_map_guarded(struct test_manager *self)
{
	const struct vmm_place place = {
		.window = VMM_VA_REGION_INIT(GIB(2), GIB(4)), .guards = { 1, 2 }, .fit = VMM_FIT_HIGHEST,
	};
	vmm_va_t va = { 7 };
	enum vmm_err err;

	err = vmm_map_any(&self->vmm, "x", test_pa_region(GIB(3), 3 * block(self) + page(self)),
			  VMM_KERNEL_RW, &place, &va, NULL);
	assert_true((err == VMM_OK) == (vmm_va_raw(va) != 7));
	return err;
}

static enum vmm_err do_map_mmio_as(struct test_manager *self)
{
	vmm_va_t va = { 7 };
	enum vmm_err err;

	err = vmm_map_mmio_as(&self->vmm, "x", vmm_pa(GIB(20) + 7), block(self), VMM_DEVICE, &va,
			      NULL);
	assert_true((err == VMM_OK) == (vmm_va_raw(va) != 7));
	return err;
}

static const struct operation {
	enum vmm_err (*run)(struct test_manager *self);
	uint32_t entry_count; /* that it takes */
	bool takes_frames;
	bool has_steps;       /* they are undone, so frames may be given back in another order */
	void (*prepare)(struct test_manager *self);
	uint32_t prepared;    /* entries that this takes */
} operations[] = {
	{ do_adopt_at, 1, false, false, prepare_block, RECORDED_ENTRIES },
	{ do_unmap_adopted, 0, true, false, prepare_pages, RECORDED_ENTRIES + 1 },
	{ do_protect_adopted, 0, true, false, prepare_pages, RECORDED_ENTRIES + 1 },
	{ do_unmap_start, 0, true, false, NULL, 0 },
	{ do_map_guarded, 1, true, false, NULL, 0 },
	{ do_map_mmio_as, 1, true, false, NULL, 0 },
	{ do_map_at, 1, true, false, NULL, 0 },
	{ do_map_any, 1, true, false, NULL, 0 },
	{ do_guard_at, 1, false, false, NULL, 0 },
	{ do_lazy_at, 1, false, false, NULL, 0 },
	{ do_map_part, 0, true, false, NULL, 0 },
	{ do_map_mmio, 1, true, false, NULL, 0 },
	{ do_share_mmio, 1, false, false, NULL, 0 },
	{ do_overlap_mmio, 1, false, false, NULL, 0 },
	{ do_unmap_mmio, 0, false, false, NULL, 0 },
	{ do_unmap, 0, false, false, NULL, 0 },
	{ do_unmap_middle, 1, true, false, NULL, 0 },
	{ do_unmap_end, 0, true, false, NULL, 0 },
	{ do_protect, 0, false, false, NULL, 0 },
	{ do_protect_middle, 2, true, false, NULL, 0 },
	{ do_protect_start, 1, true, false, NULL, 0 },
	{ do_ensure, 0, true, true, NULL, 0 },
	{ do_direct_init, 1, true, true, NULL, 0 },
};

/* More than any operation takes. */
#define FREE_ENTRIES 8

#define OPERATION_COUNT (sizeof(operations) / sizeof(operations[0]))

static struct test_manager manager;

/* All that is there before the operation (NULL: any), and so many free entries. */
static void start(struct test_manager *self, const struct vmm_format *format,
		  const struct operation *operation, uint32_t entries)
{
	struct test_manager_config config = {
		.format = format,
		.pool_count = PRELUDE_ENTRIES + entries +
			      (operation != NULL ? operation->prepared : 0),
		.window = VMM_VA_REGION_INIT(WINDOW_AT, GIB(8)),
	};

	test_manager_init(self, &config);
	prelude(self);
	if (operation != NULL && operation->prepare != NULL) {
		operation->prepare(self);
	}
}

static void assert_as_before(const struct test_manager *self, const struct operation *operation,
			     const struct test_manager_snapshot *before)
{
	if (operation->has_steps) {
		test_manager_assert_undone(self, before);
	} else {
		test_manager_assert_same(self, before);
	}
}

/* With `count` frames: whether the operation succeeds; if not, nothing has changed. */
static bool succeeds_with(struct test_manager *self, const struct operation *operation,
			  uint64_t count)
{
	struct test_manager_snapshot *before = test_manager_save(self);
	size_t mark = test_frames_mark(&self->frames);
	enum vmm_err err;

	test_frames_limit(&self->frames, count);
	err = operation->run(self);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	if (err != VMM_OK) {
		assert_int_equal(err, VMM_ERR_NOMEM);
		assert_as_before(self, operation, before);
		if (!operation->has_steps) {
			test_frames_assert_rolled_back(&self->frames, mark);
		}
	}
	test_manager_release(before);
	return err == VMM_OK;
}

static void sweep_frames(const struct vmm_format *format, const struct operation *operation,
			 enum test_frames_fill fill)
{
	struct test_manager *self = &manager;
	uint64_t count = 0;

	start(self, format, operation, FREE_ENTRIES);
	self->frames.fill = fill;
	while (!succeeds_with(self, operation, count)) {
		count++;
		assert_true(count < 40);
	}
	assert_true((count > 0) == operation->takes_frames);
	test_manager_check(self);
	test_manager_fini(self);
}

/* A frame that another error comes with is forwarded, and undone, too. */
static void forward_error(const struct vmm_format *format, const struct operation *operation)
{
	struct test_manager *self = &manager;
	struct test_manager_snapshot *before;

	start(self, format, operation, FREE_ENTRIES);
	before = test_manager_save(self);
	self->frames.fail_err = VMM_ERR_CORRUPT;
	test_frames_limit(&self->frames, 0);
	assert_int_equal(operation->run(self), VMM_ERR_CORRUPT);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	assert_as_before(self, operation, before);
	test_manager_release(before);
	test_manager_fini(self);
}

static void sweep_entries(const struct vmm_format *format, const struct operation *operation)
{
	struct test_manager *self = &manager;
	struct test_manager_snapshot *before;

	for (uint32_t count = 0; count < operation->entry_count; count++) {
		start(self, format, operation, count);
		before = test_manager_save(self);
		assert_int_equal(operation->run(self), VMM_ERR_FULL);
		assert_as_before(self, operation, before);
		test_manager_release(before);
		test_manager_fini(self);
	}
	start(self, format, operation, operation->entry_count);
	assert_int_equal(operation->run(self), VMM_OK);
	test_manager_check(self);
	test_manager_fini(self);
}

static void any_frame_can_be_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		for (size_t k = 0; k < OPERATION_COUNT; k++) {
			sweep_frames(formats[i], &operations[k], TEST_FRAMES_DIRTY);
			sweep_frames(formats[i], &operations[k], TEST_FRAMES_IN_TURN);
		}
	}
}

static void errors_of_the_frame_source_are_forwarded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		for (size_t k = 0; k < OPERATION_COUNT; k++) {
			if (operations[k].takes_frames) {
				forward_error(formats[i], &operations[k]);
			}
		}
	}
}

static void any_entry_can_be_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		for (size_t k = 0; k < OPERATION_COUNT; k++) {
			sweep_entries(formats[i], &operations[k]);
		}
	}
}

/*
 * What the nodes say about gaps below them, in the low bits of their starts, all together: it falls as
 * bounds get better.
 */
static uint64_t bounds_of(const struct test_manager *self)
{
	uint64_t sum = self->vmm.area.head.start & 4095;

	for (size_t i = 0; i < TEST_POOL_COUNT; i++) {
		sum += self->pool[i].range.start & 4095;
	}
	return sum;
}

static enum vmm_err map_lowest(struct test_manager *self, uint64_t window)
{
	struct vmm_place place = {
		.window = VMM_VA_REGION_INIT(GIB(1), window),
		.fit = VMM_FIT_LOWEST,
	};
	vmm_va_t va = { 7 };
	enum vmm_err err;

	err = vmm_map_any(&self->vmm, "x", test_pa_region(0, 8 * page(self)), VMM_KERNEL_RW,
			  &place, &va, NULL);
	assert_true((err == VMM_OK) == (vmm_va_raw(va) != 7));
	return err;
}

/* Gaps that were large when the ranges before them came, and of which a page is left. */
static void fill_gaps(struct test_manager *self)
{
	for (uint64_t i = 0; i < 16; i++) {
		assert_int_equal(vmm_guard_at(&self->vmm, "left",
					      test_va_region(GIB(1) + 32 * i * page(self),
							     page(self)), NULL), VMM_OK);
	}
	for (uint64_t i = 0; i < 16; i++) {
		assert_int_equal(vmm_guard_at(&self->vmm, "right",
					      test_va_region(GIB(1) + (32 * i + 2) * page(self),
							     30 * page(self)), NULL), VMM_OK);
	}
}

static void bounds_get_better_by_what_succeeds_only(void **state)
{
	struct test_manager *self = &manager;
	struct test_manager_snapshot *before;
	uint64_t bounds;

	(void)state;
	start(self, &vmm_aarch64_4k, NULL, TEST_POOL_COUNT - PRELUDE_ENTRIES);
	fill_gaps(self);
	before = test_manager_save(self);
	bounds = bounds_of(self);
	assert_int_equal(map_lowest(self, 512 * page(self)), VMM_ERR_NOSPACE);
	test_manager_assert_same(self, before);
	test_frames_limit(&self->frames, 0);
	assert_int_equal(map_lowest(self, 1024 * page(self)), VMM_ERR_NOMEM);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	test_manager_assert_same(self, before);
	test_manager_release(before);
	assert_int_equal(map_lowest(self, 1024 * page(self)), VMM_OK);
	assert_true(bounds_of(self) < bounds);
	test_manager_check(self);
	test_manager_fini(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_frame_can_be_missing),
		cmocka_unit_test(errors_of_the_frame_source_are_forwarded),
		cmocka_unit_test(any_entry_can_be_missing),
		cmocka_unit_test(bounds_get_better_by_what_succeeds_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
