/* SPDX-License-Identifier: MIT */
/* Direct mappings: what is mapped of memory with holes, at once or as used. */

#include "support/test_manager.h"
#include "support/test_random.h"

#include <string.h>

#include <vmm/aarch64.h>
#include <vmm/direct.h>
#include <vmm/riscv.h>

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define GIB(n) (UINT64_C(n) << 30)

/* As on Sv39: the window in the upper half, memory from 2 GiB on. */
#define WINDOW VMM_SV39_DIRECT_START
#define RAM GIB(2)

static struct test_manager manager;
static struct vmm_direct direct;

static const vmm_pa_region_t memory[] = {
	VMM_PA_REGION_INIT(RAM + GIB(2), MIB(32)),
	VMM_PA_REGION_INIT(RAM, GIB(1)),
};

/* Firmware, and an image; the second in two parts that overlap. */
static const vmm_pa_region_t holes[] = {
	VMM_PA_REGION_INIT(RAM + MIB(2) + KIB(64), KIB(64)),
	VMM_PA_REGION_INIT(RAM, MIB(2)),
	VMM_PA_REGION_INIT(RAM + MIB(2), KIB(64) + 1),
};

static struct vmm_direct_config config_of(bool eager)
{
	struct vmm_direct_config config = {
		.name = "direct",
		.map = VMM_DIRECT_MAP_INIT(WINDOW, GIB(64), 0),
		.memory = memory,
		.memory_count = 2,
		.holes = holes,
		.hole_count = 3,
		.eager = eager,
	};

	return config;
}

static int set_up(void **state)
{
	struct test_manager_config config = {
		.format = &vmm_riscv_sv39,
		.area = VMM_VA_REGION_INIT(0 - GIB(256), GIB(256)),
	};

	test_manager_init(&manager, &config);
	memset(&direct, 0, sizeof(direct));
	*state = &manager;
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	test_manager_fini(*state);
	return 0;
}

static void start(bool eager)
{
	struct vmm_direct_config config = config_of(eager);

	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
}

static bool is_mapped(uint64_t pa)
{
	vmm_pa_t found;
	enum vmm_err err = vmm_translate(&manager.vmm, vmm_va(WINDOW + pa), &found);

	if (err == VMM_OK) {
		assert_int_equal(vmm_pa_raw(found), pa);
	}
	return err == VMM_OK;
}

static uint64_t leaf_size(uint64_t pa)
{
	struct vmm_leaf leaf;

	assert_int_equal(vmm_table_query(&manager.table, vmm_va(WINDOW + pa), &leaf), VMM_OK);
	return leaf.size;
}

static enum vmm_err ensure(uint64_t pa, uint64_t size)
{
	vmm_va_t va = { 7 };
	enum vmm_err err = vmm_direct_ensure(&direct, test_pa_region(pa, size), &va, NULL);

	assert_int_equal(vmm_va_raw(va), err == VMM_OK ? WINDOW + pa : 7);
	return err;
}

/* Holes are as wide as the pages that they touch. */
static void assert_around_the_holes(void)
{
	assert_false(is_mapped(RAM));
	assert_false(is_mapped(RAM + MIB(2) + KIB(128) - 1));
	assert_true(is_mapped(RAM + MIB(2) + KIB(128)));
}

static void eager_maps_all_memory_but_the_holes_with_the_largest_leaves(void **state)
{
	start(true);
	assert_around_the_holes();
	assert_false(is_mapped(RAM - 1));
	assert_true(is_mapped(RAM + GIB(1) - 1));
	assert_false(is_mapped(RAM + GIB(1)));
	assert_true(is_mapped(RAM + GIB(2)));
	assert_true(is_mapped(RAM + GIB(2) + MIB(32) - 1));
	assert_false(is_mapped(RAM + GIB(2) + MIB(32)));
	assert_int_equal(leaf_size(RAM + MIB(2) + KIB(128)), KIB(4));
	assert_int_equal(leaf_size(RAM + MIB(4)), MIB(2));
	test_manager_check(*state);
	assert_int_equal(ensure(RAM + MIB(8), MIB(1)), VMM_OK);
	assert_int_equal(ensure(RAM, 1), VMM_ERR_NOENT);
}

static void memory_without_holes_is_mapped_with_leaves_of_a_gigabyte(void **state)
{
	struct vmm_direct_config config = config_of(true);

	config.hole_count = 0;
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	assert_int_equal(leaf_size(RAM), GIB(1));
	assert_int_equal(leaf_size(RAM + GIB(2)), MIB(2));
	test_manager_check(*state);
}

static void lazy_maps_nothing_until_it_is_asked(void **state)
{
	size_t frames = manager.frames.out_count;

	start(false);
	assert_int_equal(manager.frames.out_count, frames);
	assert_false(is_mapped(RAM + MIB(4)));
	assert_int_equal(ensure(RAM + MIB(4) + 5, 1), VMM_OK);
	assert_int_equal(leaf_size(RAM + MIB(4)), MIB(2));
	assert_false(is_mapped(RAM + MIB(6)));
	assert_int_equal(ensure(RAM + MIB(8) - 1, 2), VMM_OK);
	assert_true(is_mapped(RAM + MIB(6)));
	assert_true(is_mapped(RAM + MIB(10) - 1));
	assert_false(is_mapped(RAM + MIB(10)));
	/* Again, and across what is mapped and what is not. */
	assert_int_equal(ensure(RAM + MIB(4), MIB(12)), VMM_OK);
	assert_true(is_mapped(RAM + MIB(16) - 1));
	assert_false(is_mapped(RAM + MIB(16)));
	test_manager_check(*state);
}

static void a_piece_is_mapped_without_its_holes(void **state)
{
	start(false);
	assert_int_equal(ensure(RAM + MIB(3), KIB(4)), VMM_OK);
	assert_around_the_holes();
	test_manager_check(*state);
}

static void what_is_no_memory_is_refused_and_nothing_is_mapped(void **state)
{
	struct vmm_detail detail = { 0 };
	vmm_va_t va;

	start(false);
	assert_int_equal(ensure(RAM - 1, 2), VMM_ERR_NOENT);
	assert_int_equal(ensure(RAM + MIB(2) + KIB(128) - 1, 2), VMM_ERR_NOENT);
	assert_int_equal(ensure(RAM + GIB(1) - 1, 2), VMM_ERR_NOENT);
	assert_int_equal(ensure(RAM + MIB(4), GIB(4)), VMM_ERR_NOENT);
	assert_int_equal(ensure(RAM + MIB(4), 0), VMM_ERR_EMPTY);
	assert_int_equal(ensure(GIB(64) - 1, 2), VMM_ERR_RANGE);
	assert_int_equal(ensure(RAM, 0 - RAM + 1), VMM_ERR_WRAP);
	assert_int_equal(vmm_direct_ensure(&direct, test_pa_region(RAM, 1), &va, &detail),
			 VMM_ERR_NOENT);
	assert_int_equal(vmm_va_raw(detail.va), WINDOW + RAM);
	assert_int_equal(manager.frames.out_count, 1);
	test_manager_check(*state);
}

static void pieces_can_be_chosen(void **state)
{
	struct vmm_direct_config config = config_of(false);

	config.piece_shift = 16;
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	assert_int_equal(ensure(RAM + MIB(5), 1), VMM_OK);
	assert_true(is_mapped(RAM + MIB(5) + KIB(64) - 1));
	assert_false(is_mapped(RAM + MIB(5) + KIB(64)));
	assert_false(is_mapped(RAM + MIB(5) - 1));
	test_manager_check(*state);
}

static void pages_that_are_partly_memory_are_not_mapped(void **state)
{
	static const vmm_pa_region_t odd[] = {
		VMM_PA_REGION_INIT(RAM + 1, KIB(16)),
		VMM_PA_REGION_INIT(RAM + MIB(1) + 1, KIB(4)),
	};
	struct vmm_direct_config config = config_of(true);

	config.memory = odd;
	config.hole_count = 0;
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	assert_false(is_mapped(RAM + KIB(4) - 1));
	assert_true(is_mapped(RAM + KIB(4)));
	assert_true(is_mapped(RAM + KIB(16) - 1));
	assert_false(is_mapped(RAM + KIB(16)));
	assert_false(is_mapped(RAM + MIB(1) + KIB(4)));
	test_manager_check(*state);
}

static void what_does_not_fit_is_refused_and_leaves_nothing(void **state)
{
	static const vmm_pa_region_t wraps[] = { VMM_PA_REGION_INIT(RAM, UINT64_MAX) };
	static const struct vmm_direct zero;
	struct test_manager *self = *state;
	struct test_manager_snapshot *before = test_manager_save(self);
	struct vmm_direct_config config;

#define REFUSED(err, change)                                                                   \
	do {                                                                                   \
		config = config_of(true);                                                      \
		change;                                                                        \
		assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), err);    \
		assert_memory_equal(&direct, &zero, sizeof(direct));                           \
		test_manager_assert_same(self, before);                                        \
	} while (0)
	REFUSED(VMM_ERR_EMPTY, config.map.window.bytes.size = 0);
	REFUSED(VMM_ERR_WRAP, config.map.base = vmm_pa(0 - GIB(1)));
	REFUSED(VMM_ERR_WRAP, config.memory = wraps; config.memory_count = 1);
	REFUSED(VMM_ERR_WRAP, config.holes = wraps; config.hole_count = 1);
	REFUSED(VMM_ERR_UNSUPPORTED, config.piece_shift = 11);
	REFUSED(VMM_ERR_UNSUPPORTED, config.piece_shift = 64);
	REFUSED(VMM_ERR_ALIGN, config.map.base = vmm_pa(1));
	REFUSED(VMM_ERR_ALIGN, config.map.window.bytes.size--);
	REFUSED(VMM_ERR_RANGE, config.map.window.bytes.start = GIB(1));
	REFUSED(VMM_ERR_ATTR, config.attr = vmm_attr(UINT32_C(1) << 30));
#undef REFUSED
	test_manager_release(before);
	start(false);
	config = config_of(false);
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_ERR_BUSY);
}

static void an_eager_one_that_lacks_a_frame_leaves_nothing(void **state)
{
	static const struct vmm_direct zero;
	struct test_manager *self = *state;
	struct vmm_direct_config config = config_of(true);
	uint64_t count = 0;
	enum vmm_err err;

	for (;;) {
		test_frames_limit(&self->frames, count);
		err = vmm_direct_init(&direct, &self->vmm, &config, NULL);
		test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
		if (err == VMM_OK) {
			break;
		}
		assert_int_equal(err, VMM_ERR_NOMEM);
		assert_int_equal(self->frames.out_count, 1);
		assert_null(vmm_first(&self->vmm));
		test_manager_check(self);
		assert_memory_equal(&direct, &zero, sizeof(direct));
		count++;
	}
	assert_int_equal(count, 3);
}

/* From address 0 on, and one behind the other: each takes a table more than the one before. */
static void regions_that_touch_are_undone_whole(void **state)
{
	static const vmm_pa_region_t touching[] = {
		VMM_PA_REGION_INIT(0, KIB(4)),
		VMM_PA_REGION_INIT(KIB(4), MIB(2)),
		VMM_PA_REGION_INIT(MIB(2) + KIB(4), GIB(1)),
		VMM_PA_REGION_INIT(GIB(1) + MIB(2) + KIB(4), KIB(4)),
	};
	struct test_manager *self = *state;
	struct vmm_direct_config config = config_of(true);
	uint64_t count = 0;
	enum vmm_err err;

	config.memory = touching;
	config.memory_count = 4;
	config.hole_count = 0;
	for (;;) {
		test_frames_limit(&self->frames, count);
		err = vmm_direct_init(&direct, &self->vmm, &config, NULL);
		test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
		if (err == VMM_OK) {
			break;
		}
		assert_int_equal(err, VMM_ERR_NOMEM);
		assert_int_equal(self->frames.out_count, 1);
		assert_null(vmm_first(&self->vmm));
		test_manager_check(self);
		count++;
	}
	assert_true(count > 2);
}

static void what_was_mapped_before_a_request_that_fails_stays(void **state)
{
	struct test_manager *self = *state;
	struct vmm_direct_config config = config_of(false);

	config.piece_shift = 20;
	config.attr = vmm_attr(VMM_KERNEL_RW.bits | VMM_ATTR_LEAF_MAX(0));
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	assert_int_equal(ensure(RAM + MIB(8), 1), VMM_OK);
	test_frames_limit(&self->frames, 0);
	assert_int_equal(ensure(RAM + MIB(8), MIB(4)), VMM_ERR_NOMEM);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	assert_true(is_mapped(RAM + MIB(8)));
	assert_false(is_mapped(RAM + MIB(9)));
	test_manager_check(self);
}

static void a_request_that_lacks_a_frame_maps_no_piece(void **state)
{
	struct test_manager *self = *state;
	struct vmm_direct_config config = config_of(false);
	size_t frames;
	uint64_t count = 0;
	enum vmm_err err;

	/* Pieces of 1 MiB, each of pages, two to a table; one of them is mapped already. */
	config.piece_shift = 20;
	config.attr = vmm_attr(VMM_KERNEL_RW.bits | VMM_ATTR_LEAF_MAX(0));
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	assert_int_equal(ensure(RAM + MIB(9), 1), VMM_OK);
	frames = self->frames.out_count;
	for (;;) {
		test_frames_limit(&self->frames, count);
		err = ensure(RAM + MIB(3), MIB(20));
		test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
		if (err == VMM_OK) {
			break;
		}
		assert_int_equal(err, VMM_ERR_NOMEM);
		assert_int_equal(self->frames.out_count, frames);
		for (uint64_t mib = 3; mib < 23; mib++) {
			assert_int_equal(is_mapped(RAM + (mib << 20)), mib == 9);
		}
		test_manager_check(self);
		count++;
	}
	assert_int_equal(count, 10);
	assert_true(is_mapped(RAM + MIB(23) - 1));
	assert_false(is_mapped(RAM + MIB(23)));
	test_manager_check(self);
}

static void a_large_request_is_whole_in_lots_of_64_pieces(void **state)
{
	struct test_manager *self = *state;
	struct vmm_direct_config config = config_of(false);

	config.piece_shift = 12;
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	/* 128 pages up to a table's end, and 72 in a table that there is no frame for. */
	assert_int_equal(ensure(RAM + MIB(4) - KIB(516), 1), VMM_OK);
	test_frames_limit(&self->frames, 0);
	assert_int_equal(ensure(RAM + MIB(4) - KIB(512), KIB(800)), VMM_ERR_NOMEM);
	assert_true(is_mapped(RAM + MIB(4) - 1));
	assert_false(is_mapped(RAM + MIB(4)));
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	assert_int_equal(ensure(RAM + MIB(4) - KIB(512), KIB(800)), VMM_OK);
	assert_true(is_mapped(RAM + MIB(4) + KIB(288) - 1));
	assert_false(is_mapped(RAM + MIB(4) + KIB(288)));
	test_manager_check(self);
}

static void fini_gives_up_the_window(void **state)
{
	struct test_manager *self = *state;

	start(false);
	assert_int_equal(ensure(RAM + MIB(4), MIB(8)), VMM_OK);
	assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	assert_null(vmm_first(&self->vmm));
	assert_int_equal(self->frames.out_count, 1);
	assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	start(true);
}

static void a_moved_one_uses_its_lists_where_they_are(void **state)
{
	static struct {
		struct vmm_direct direct;
		vmm_pa_region_t memory[2];
		vmm_pa_region_t holes[3];
	} low, high;
	struct vmm_direct_config config = config_of(false);
	uint64_t delta = (uint64_t)(uintptr_t)&high - (uint64_t)(uintptr_t)&low;
	struct test_manager *self = *state;

	memcpy(low.memory, memory, sizeof(memory));
	memcpy(low.holes, holes, sizeof(holes));
	config.memory = low.memory;
	config.holes = low.holes;
	assert_int_equal(vmm_direct_init(&low.direct, &self->vmm, &config, NULL), VMM_OK);
	high = low;
	memset(&low, 0x5a, sizeof(low));
	vmm_direct_rebase(&high.direct, delta);
	/* Only the lists have moved here, and not the manager. */
	assert_ptr_equal((const char *)high.direct.vmm - delta, &self->vmm);
	high.direct.vmm = &self->vmm;
	direct = high.direct;
	assert_int_equal(ensure(RAM + MIB(3), 1), VMM_OK);
	assert_around_the_holes();
}

/* --- random lists against one bit per page --- */

#define PAGES 256

static void fill_list(struct test_random *random, vmm_pa_region_t *list, size_t count,
		      uint64_t page, bool inside, bool *bits, bool value)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t first = test_random_below(random, PAGES * page);
		uint64_t size = test_random_below(random, 64 * page);
		uint64_t low = inside ? (first + page - 1) / page : first / page;
		uint64_t high = inside ? (first + size) / page : (first + size + page - 1) / page;

		list[i] = test_pa_region(first, size);
		for (uint64_t k = low; k < high && k < PAGES && size > 0; k++) {
			bits[k] = value;
		}
	}
}

static void any_lists_are_followed_to_the_page(void **state)
{
	static const struct vmm_format *const formats[] = { &vmm_aarch64_4k, &vmm_riscv_sv48,
							    &vmm_aarch64_64k };
	struct test_random random;

	(void)state;
	test_random_init(&random, "direct");
	for (uint64_t step = 0; step < test_random_steps(150); step++) {
		struct test_manager_config setup = { .format = formats[step % 3] };
		struct vmm_direct_config config = { .name = "d" };
		vmm_pa_region_t lists[2][6];
		bool expected[PAGES] = { false };
		uint64_t page;
		vmm_pa_t pa;

		test_manager_init(&manager, &setup);
		memset(&direct, 0, sizeof(direct));
		page = vmm_table_page_size(&manager.table);
		config.memory_count = 1 + (uint32_t)test_random_below(&random, 6);
		config.hole_count = (uint32_t)test_random_below(&random, 7);
		fill_list(&random, lists[0], config.memory_count, page, true, expected, true);
		fill_list(&random, lists[1], config.hole_count, page, false, expected, false);
		config.memory = lists[0];
		config.holes = lists[1];
		config.eager = step % 2 == 0;
		config.piece_shift = (uint8_t)(setup.format->geometry->page_shift + step % 5);
		config.map.window = test_va_region(GIB(8), PAGES * page);
		assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
		for (uint64_t i = 0; i < PAGES && !config.eager; i++) {
			vmm_pa_region_t one = test_pa_region(i * page + 3, 1);

			assert_int_equal(vmm_direct_ensure(&direct, one, NULL, NULL),
					 expected[i] ? VMM_OK : VMM_ERR_NOENT);
		}
		for (uint64_t i = 0; i < PAGES; i++) {
			assert_int_equal(vmm_translate(&manager.vmm, vmm_va(GIB(8) + i * page),
						       &pa),
					 expected[i] ? VMM_OK : VMM_ERR_NOENT);
		}
		test_manager_check(&manager);
		assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
		test_manager_fini(&manager);
	}
}

/* --- corners --- */

static void a_hole_that_is_empty_or_reaches_the_end_of_everything(void **state)
{
	static const vmm_pa_region_t to_the_end[] = {
		VMM_PA_REGION_INIT(RAM + MIB(8), 0),
		VMM_PA_REGION_INIT(RAM + MIB(16), UINT64_MAX - (RAM + MIB(16)) + 1),
	};
	struct vmm_direct_config config = config_of(true);

	config.holes = to_the_end;
	config.hole_count = 2;
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	assert_true(is_mapped(RAM + MIB(8)));
	assert_true(is_mapped(RAM + MIB(16) - 1));
	assert_false(is_mapped(RAM + MIB(16)));
	assert_false(is_mapped(RAM + GIB(2)));
	test_manager_check(*state);
}

/* With a table that is the last level there is no block to map at once. */
static void pieces_are_pages_where_there_are_no_blocks(void **state)
{
	static const vmm_pa_region_t low[] = { VMM_PA_REGION_INIT(0, MIB(1)) };
	struct test_manager_config setup = { .format = &vmm_aarch64_64k, .va_bits = 29 };
	struct vmm_direct_config config = {
		.name = "direct",
		.map = VMM_DIRECT_MAP_INIT(MIB(16), MIB(1), 0),
		.memory = low,
		.memory_count = 1,
	};
	vmm_pa_t pa;

	(void)state;
	test_manager_init(&manager, &setup);
	memset(&direct, 0, sizeof(direct));
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	assert_int_equal(vmm_direct_ensure(&direct, test_pa_region(KIB(64), 1), NULL, NULL), VMM_OK);
	assert_int_equal(vmm_translate(&manager.vmm, vmm_va(MIB(16) + KIB(64)), &pa), VMM_OK);
	assert_int_equal(vmm_translate(&manager.vmm, vmm_va(MIB(16)), &pa), VMM_ERR_NOENT);
	assert_int_equal(vmm_translate(&manager.vmm, vmm_va(MIB(16) + KIB(128)), &pa),
			 VMM_ERR_NOENT);
	assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	test_manager_fini(&manager);
}

static void one_whose_window_was_unmapped_by_hand_says_so(void **state)
{
	struct test_manager *self = *state;
	struct vmm_detail detail;

	start(false);
	assert_int_equal(vmm_unmap(&self->vmm, vmm_va(WINDOW), NULL), VMM_OK);
	assert_int_equal(vmm_direct_fini(&direct, &detail), VMM_ERR_NOENT);
	assert_int_equal(vmm_va_raw(detail.va), WINDOW);
	/* And goes on to say so. */
	assert_int_equal(vmm_direct_fini(&direct, &detail), VMM_ERR_NOENT);
	memset(&direct, 0, sizeof(direct));
}

static void the_window_has_name_and_attributes_as_asked(void **state)
{
	struct test_manager *self = *state;
	struct vmm_direct_config config = config_of(false);
	const struct vmm_mapping *mapping;

	start(false);
	mapping = vmm_find(&self->vmm, vmm_va(WINDOW));
	assert_string_equal(vmm_mapping_name(mapping), "direct");
	assert_int_equal(vmm_mapping_attr(mapping).bits, VMM_KERNEL_RW.bits);
	assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	config.attr = vmm_attr(VMM_ATTR_WRITE);
	config.piece_shift = 63;
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	mapping = vmm_find(&self->vmm, vmm_va(WINDOW));
	assert_int_equal(vmm_mapping_attr(mapping).bits, VMM_ATTR_WRITE);
}

/* Neither before nor behind what the window has room for. */
static void memory_beyond_the_window_is_not_mapped(void **state)
{
	static const vmm_pa_region_t around[] = { VMM_PA_REGION_INIT(RAM, MIB(64)) };
	struct vmm_direct_config config = config_of(true);
	vmm_pa_t pa;

	(void)state;
	config.memory = around;
	config.memory_count = 1;
	config.hole_count = 0;
	config.map.base = vmm_pa(RAM + MIB(8) + KIB(4));
	config.map.window.bytes.size = MIB(16) + KIB(4);
	for (unsigned int eager = 0; eager < 2; eager++) {
		config.eager = eager != 0;
		assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
		assert_int_equal(vmm_direct_ensure(&direct,
						   test_pa_region(RAM + MIB(24) + KIB(8) - 1, 1),
						   NULL, NULL), VMM_OK);
		assert_int_equal(vmm_translate(&manager.vmm,
					       vmm_va(WINDOW + MIB(16) + KIB(4) - 1), &pa), VMM_OK);
		assert_int_equal(vmm_pa_raw(pa), RAM + MIB(24) + KIB(8) - 1);
		assert_int_equal(vmm_translate(&manager.vmm, vmm_va(WINDOW + MIB(16) + KIB(4)),
					       &pa), VMM_ERR_NOENT);
		test_manager_check(&manager);
		assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	}
}

/* Regions that touch are one piece of memory, to be asked for at once or by their last byte. */
static void regions_that_touch_are_mapped_to_their_last_bytes(void **state)
{
	static const vmm_pa_region_t touching[] = {
		VMM_PA_REGION_INIT(RAM, KIB(8)),
		VMM_PA_REGION_INIT(RAM + KIB(8), KIB(12)),
		VMM_PA_REGION_INIT(RAM + KIB(20), KIB(4)),
	};
	struct vmm_direct_config config = config_of(false);

	config.memory = touching;
	config.memory_count = 3;
	config.hole_count = 0;
	for (uint8_t shift = 12; shift < 15; shift++) {
		config.piece_shift = shift;
		config.eager = false;
		assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
		assert_int_equal(ensure(RAM + KIB(24) - 1, 1), VMM_OK);
		assert_int_equal(ensure(RAM + KIB(8) - 1, 1), VMM_OK);
		assert_int_equal(ensure(RAM + KIB(4), KIB(20)), VMM_OK);
		assert_int_equal(ensure(RAM, KIB(24) + 1), VMM_ERR_NOENT);
		assert_true(is_mapped(RAM + KIB(12)));
		assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
		config.eager = true;
		assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
		assert_int_equal(ensure(RAM, KIB(24)), VMM_OK);
		assert_true(is_mapped(RAM + KIB(24) - 1));
		assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	}
	test_manager_check(*state);
}

/* A block each, in a format with blocks of one level alone and in tables of two levels. */
static void pieces_are_blocks_where_there_are_any(void **state)
{
	static const vmm_pa_region_t low[] = { VMM_PA_REGION_INIT(0, GIB(1)) };
	struct test_manager_config setup = { .format = &vmm_aarch64_64k, .va_bits = 42 };
	struct vmm_direct_config config = {
		.name = "direct",
		.map = VMM_DIRECT_MAP_INIT(GIB(512), GIB(1), 0),
		.memory = low,
		.memory_count = 1,
	};
	struct vmm_leaf leaf;

	(void)state;
	test_manager_init(&manager, &setup);
	memset(&direct, 0, sizeof(direct));
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	assert_int_equal(vmm_direct_ensure(&direct, test_pa_region(KIB(64), 1), NULL, NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_query(&manager.table, vmm_va(GIB(512)), &leaf), VMM_OK);
	assert_int_equal(leaf.size, MIB(512));
	assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
	test_manager_fini(&manager);
}

static void a_refusal_without_an_address_names_none(void **state)
{
	struct vmm_detail detail = { .va = { 7 } };

	(void)state;
	start(false);
	assert_int_equal(vmm_direct_ensure(&direct, test_pa_region(RAM, UINT64_MAX), NULL, &detail),
			 VMM_ERR_WRAP);
	assert_int_equal(vmm_va_raw(detail.va), 0);
	detail.va = vmm_va(7);
	assert_int_equal(vmm_direct_ensure(&direct, test_pa_region(GIB(64), 1), NULL, &detail),
			 VMM_ERR_RANGE);
	assert_int_equal(vmm_va_raw(detail.va), 0);
}

static void one_that_was_not_set_up_or_has_no_lists_moves(void **state)
{
	static const struct vmm_direct zero;
	struct vmm_direct_config config = config_of(false);

	(void)state;
	vmm_direct_rebase(&direct, 0x1000);
	assert_memory_equal(&direct, &zero, sizeof(zero));
	config.memory = NULL;
	config.memory_count = 0;
	config.holes = NULL;
	config.hole_count = 0;
	assert_int_equal(vmm_direct_init(&direct, &manager.vmm, &config, NULL), VMM_OK);
	vmm_direct_rebase(&direct, 0x1000);
	assert_null(direct.memory);
	assert_null(direct.holes);
	vmm_direct_rebase(&direct, 0 - UINT64_C(0x1000));
	assert_int_equal(ensure(RAM, 1), VMM_ERR_NOENT);
}

/* --- tables that are damaged while something is undone --- */

/* What the seam damages: the descriptor of 2 MiB above the page that was mapped as the n-th. */
static struct {
	unsigned int countdown;
	uint64_t *slot;
	uint64_t whole;
} damage;

static uint64_t *slot_of_2_mib(uint64_t va)
{
	const uint64_t *root = vmm_frames_ptr(&manager.frames.frames,
					      vmm_table_root(&manager.table));
	uint64_t link = root[va >> 30 & 511];
	uint64_t *words = vmm_frames_ptr(&manager.frames.frames, vmm_pa(link >> 10 << 12));

	return &words[va >> 21 & 511];
}

/* A leaf that is writable and not readable, which is reserved. */
static void damage_2_mib(uint64_t va)
{
	damage.slot = slot_of_2_mib(va);
	damage.whole = *damage.slot;
	*damage.slot = 5;
}

static void damage_mapped(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	(void)table;
	if (damage.countdown != 0 && --damage.countdown == 0) {
		damage_2_mib(vmm_va_raw(added->va));
	}
}

static void no_request(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static void no_call(const struct vmm_table *table)
{
	(void)table;
}

static bool never_active(const struct vmm_table *table)
{
	(void)table;
	return false;
}

static const struct vmm_sync damaging = {
	.publish = no_call,
	.mapped = damage_mapped,
	.invalidate = no_request,
	.complete = no_call,
	.is_active = never_active,
};

static void a_stretch_that_cannot_be_undone_is_told(void **state)
{
	/* Each in a table of its own, and both in one piece. */
	static const vmm_pa_region_t apart[] = {
		VMM_PA_REGION_INIT(RAM, KIB(4)),
		VMM_PA_REGION_INIT(RAM + MIB(4), KIB(4)),
		VMM_PA_REGION_INIT(RAM + MIB(8), KIB(4)),
	};
	struct vmm_direct_config config = config_of(false);
	struct test_manager *self = *state;

	config.memory = apart;
	config.memory_count = 3;
	config.hole_count = 0;
	config.piece_shift = 30;
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	vmm_table_set_sync(&self->table, &damaging);
	for (unsigned int n = 1; n <= 2; n++) {
		/* The n-th is mapped, and then damaged; for the one behind it a frame is missing. */
		damage.countdown = n;
		test_frames_limit(&self->frames, 1 + n);
		assert_int_equal(ensure(RAM, 1), VMM_ERR_CORRUPT);
		test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
		*damage.slot = damage.whole;
		assert_int_equal(is_mapped(RAM), n == 1);
		assert_int_equal(is_mapped(RAM + MIB(4)), n == 2);
		assert_int_equal(vmm_direct_fini(&direct, NULL), VMM_OK);
		assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	}
}

static void a_piece_that_cannot_be_undone_is_told(void **state)
{
	struct vmm_direct_config config = config_of(false);
	struct test_manager *self = *state;

	config.piece_shift = 12;
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
	vmm_table_set_sync(&self->table, &damaging);
	/* Two pages at the end of a table, the second of which damages it, and one behind it. */
	damage.countdown = 2;
	test_frames_limit(&self->frames, 2);
	assert_int_equal(ensure(RAM + MIB(6) - KIB(8), KIB(12)), VMM_ERR_CORRUPT);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	*damage.slot = damage.whole;
	assert_true(is_mapped(RAM + MIB(6) - KIB(8)));
	assert_true(is_mapped(RAM + MIB(6) - KIB(4)));
	assert_false(is_mapped(RAM + MIB(6)));
}

static void an_eager_one_that_cannot_be_undone_is_told(void **state)
{
	static const struct vmm_direct zero;
	static const vmm_pa_region_t apart[] = {
		VMM_PA_REGION_INIT(RAM + MIB(2), KIB(4)),
		VMM_PA_REGION_INIT(RAM + MIB(4), KIB(4)),
	};
	struct vmm_direct_config config = config_of(true);
	struct test_manager *self = *state;

	config.memory = apart;
	config.memory_count = 2;
	config.hole_count = 0;
	vmm_table_set_sync(&self->table, &damaging);
	/* The first is mapped, and then damaged; for the second a frame is missing. */
	damage.countdown = 1;
	test_frames_limit(&self->frames, 2);
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_ERR_CORRUPT);
	assert_memory_equal(&direct, &zero, sizeof(direct));
	assert_null(vmm_first(&self->vmm));
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	*damage.slot = damage.whole;
	assert_true(is_mapped(RAM + MIB(2)));
	assert_false(is_mapped(RAM + MIB(4)));
	assert_int_equal(vmm_table_unmap(&self->table,
					 test_va_region(WINDOW + RAM + MIB(2), KIB(4)), NULL),
			 VMM_OK);
	vmm_table_set_sync(&self->table, NULL);
	assert_int_equal(vmm_direct_init(&direct, &self->vmm, &config, NULL), VMM_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(eager_maps_all_memory_but_the_holes_with_the_largest_leaves),
		TEST(memory_without_holes_is_mapped_with_leaves_of_a_gigabyte),
		TEST(lazy_maps_nothing_until_it_is_asked),
		TEST(a_piece_is_mapped_without_its_holes),
		TEST(what_is_no_memory_is_refused_and_nothing_is_mapped),
		TEST(pieces_can_be_chosen),
		TEST(pages_that_are_partly_memory_are_not_mapped),
		TEST(what_does_not_fit_is_refused_and_leaves_nothing),
		TEST(an_eager_one_that_lacks_a_frame_leaves_nothing),
		TEST(regions_that_touch_are_undone_whole),
		TEST(what_was_mapped_before_a_request_that_fails_stays),
		TEST(a_request_that_lacks_a_frame_maps_no_piece),
		TEST(a_large_request_is_whole_in_lots_of_64_pieces),
		TEST(fini_gives_up_the_window),
		TEST(a_moved_one_uses_its_lists_where_they_are),
		cmocka_unit_test(any_lists_are_followed_to_the_page),
		TEST(a_hole_that_is_empty_or_reaches_the_end_of_everything),
		TEST(the_window_has_name_and_attributes_as_asked),
		TEST(memory_beyond_the_window_is_not_mapped),
		TEST(regions_that_touch_are_mapped_to_their_last_bytes),
		cmocka_unit_test(pieces_are_blocks_where_there_are_any),
		TEST(a_refusal_without_an_address_names_none),
		TEST(one_whose_window_was_unmapped_by_hand_says_so),
		TEST(one_that_was_not_set_up_or_has_no_lists_moves),
		cmocka_unit_test(pieces_are_pages_where_there_are_no_blocks),
		TEST(a_stretch_that_cannot_be_undone_is_told),
		TEST(a_piece_that_cannot_be_undone_is_told),
		TEST(an_eager_one_that_cannot_be_undone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
