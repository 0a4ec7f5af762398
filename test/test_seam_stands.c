/* SPDX-License-Identifier: MIT */
/*
 * What the library stands on while it breaks a block or run must not be in it, where this CPU
 * translates by the table: its code and stack, the objects that it reads, the slots that it writes.
 *
 * The tables map addresses of this very program. Nothing walks them, so that does no harm. Each
 * object is in memory of its own, farther from the others than any block reaches, or one would
 * answer for the other.
 */
/* Memory that is only reserved is no part of C or POSIX. */
#define _DEFAULT_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "test_arch.h"
#include "test_formats.h"

#include <vmm/engine/shared.h>

#define RUNS vmm_attr(VMM_ATTR_USER | VMM_ATTR_WRITE | VMM_ATTR_CONTIG)

/* Places, each at the start of its own 2 GiB; only what is used of them is there. */
enum place {
	AT_NOTHING,
	AT_SOURCE,
	AT_TABLE,
	AT_SYNC,
	AT_FUNCTION,
	AT_FORMAT,
	AT_FRAMES,
	PLACE_COUNT
};

#define PLACE_SHIFT 31
/* The frames go on behind the last place. */
#define FRAME_PLACES 8
#define FRAME_COUNT  16

struct source {
	struct vmm_frames frames;
	uint64_t next;
	uint64_t stride; /* frames that no unit holds two of */
};

struct stage {
	const struct test_arch *arch;
	uint8_t *memory;
	struct source *source;
	struct vmm_table *table;
	struct vmm_sync *sync;
	uint16_t *counts;
};

static bool is_in_use;

static enum vmm_err take(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean)
{
	struct source *self = VMM_CONTAINER_OF(frames, struct source, frames);

	assert_true(self->next < FRAME_COUNT);
	*frame = vmm_pa(frames->first + ((self->next++ * self->stride) << frames->page_shift));
	*clean = true;
	return VMM_OK;
}

static void give_back(struct vmm_frames *frames, vmm_pa_t frame, bool clean)
{
	(void)frames;
	(void)frame;
	(void)clean;
}

static void no_call(const struct vmm_table *table)
{
	(void)table;
}

static void no_request(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static void no_clean(const struct vmm_table *table, const void *start, size_t size)
{
	(void)table;
	(void)start;
	(void)size;
}

static bool is_active(const struct vmm_table *table)
{
	(void)table;
	return is_in_use;
}

/* Arm: a block of level 1. RISC-V: a run. Both break where they are cut. */
static uint64_t unit_size(const struct stage *stage)
{
	return test_arch_reach(stage->arch, stage->arch->riscv ? 0 : 1) *
	       (stage->arch->riscv ? 16 : 1);
}

static uint64_t place_of(const struct stage *stage, unsigned int place)
{
	return (uint64_t)(uintptr_t)stage->memory + ((uint64_t)place << PLACE_SHIFT);
}

/* Makes memory out of what is only reserved. */
static void *bring(uint64_t address, size_t size)
{
	void *start = (void *)(uintptr_t)address;

	assert_int_equal(mprotect(start, size, PROT_READ | PROT_WRITE), 0);
	return start;
}

static void make_source(struct stage *stage)
{
	uint64_t stride = 2 * unit_size(stage) >> stage->arch->page_shift;
	struct vmm_frames *frames;

	stage->source = bring(place_of(stage, AT_SOURCE), 4096);
	stage->counts = calloc(stride * FRAME_COUNT, sizeof(*stage->counts));
	assert_non_null(stage->counts);
	stage->source->stride = stride;
	frames = &stage->source->frames;
	frames->alloc = take;
	frames->free = give_back;
	frames->page_shift = (uint8_t)stage->arch->page_shift;
	frames->first = UINT64_C(1) << 30;
	frames->frame_count = stride * FRAME_COUNT;
	frames->counts = stage->counts;
	frames->window = place_of(stage, AT_FRAMES) - frames->first;
	for (uint64_t i = 0; i < FRAME_COUNT; i++) {
		uint64_t offset = (i * stride) << frames->page_shift;

		(void)bring(place_of(stage, AT_FRAMES) + offset, (size_t)1 << frames->page_shift);
	}
}

static void make_sync(struct stage *stage)
{
	stage->sync = bring(place_of(stage, AT_SYNC), 4096);
	stage->sync->publish = no_call;
	stage->sync->mapped = no_request;
	stage->sync->invalidate = no_request;
	stage->sync->complete = no_call;
	stage->sync->clean = no_clean;
	stage->sync->is_active = is_active;
}

/* False: the format has no addresses as high as this program's. */
static bool stage_init(struct stage *stage, const struct vmm_format *format)
{
	struct vmm_table_config config;
	size_t size = (size_t)(PLACE_COUNT + FRAME_PLACES) << PLACE_SHIFT;

	memset(stage, 0, sizeof(*stage));
	memset(&config, 0, sizeof(config));
	is_in_use = true;
	stage->arch = test_arch_of(format);
	stage->memory =
		mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(stage->memory != MAP_FAILED);
	make_source(stage);
	make_sync(stage);
	stage->table = bring(place_of(stage, AT_TABLE), 4096);
	config.format = format;
	config.frames = &stage->source->frames;
	config.sync = stage->sync;
	config.flags = stage->arch->riscv ? VMM_TABLE_SVNAPOT : 0;
	assert_int_equal(vmm_table_init(stage->table, &config), VMM_OK);
	return (uint64_t)(uintptr_t)stage->memory + size <= stage->table->va_mask >> 1;
}

static void stage_fini(struct stage *stage)
{
	free(stage->counts);
	(void)munmap(stage->memory, (size_t)(PLACE_COUNT + FRAME_PLACES) << PLACE_SHIFT);
}

static vmm_va_region_t region(uint64_t va, uint64_t size)
{
	vmm_va_region_t made;

	made.bytes.start = va;
	made.bytes.size = size;
	return made;
}

static void map_unit(struct stage *stage, uint64_t va)
{
	uint64_t size = unit_size(stage);

	assert_int_equal(vmm_table_map(stage->table, region(va & ~(size - 1), size), vmm_pa(size),
				       RUNS, NULL),
			 VMM_OK);
}

/* Unmaps a page of the unit that holds va, but not va's. */
static enum vmm_err cut(struct stage *stage, uint64_t va)
{
	uint64_t size = test_arch_reach(stage->arch, 0);
	uint64_t first = va & ~(unit_size(stage) - 1);
	uint64_t page = va - first < 2 * size ? first + 3 * size : first;

	return vmm_table_unmap(stage->table, region(page, size), NULL);
}

/* Refused where the table is in use, and only there. */
static void expect_held(struct stage *stage, uint64_t va)
{
	map_unit(stage, va);
	assert_int_equal(cut(stage, va), VMM_ERR_PINNED);
	is_in_use = false;
	assert_int_equal(cut(stage, va), VMM_OK);
}

static void expect_held_at(const struct vmm_format *format, unsigned int place)
{
	struct stage stage;

	if (stage_init(&stage, format)) {
		expect_held(&stage, place_of(&stage, place));
	}
	stage_fini(&stage);
}

/* --- objects --- */

static void the_table_object(const struct vmm_format *format)
{
	expect_held_at(format, AT_TABLE);
}

static void the_sync_object(const struct vmm_format *format)
{
	expect_held_at(format, AT_SYNC);
}

static void the_source_of_frames(const struct vmm_format *format)
{
	expect_held_at(format, AT_SOURCE);
}

/* A copy of it: what is in the program lies now in one unit with the code, now in another. */
static void the_format(const struct vmm_format *format)
{
	struct stage stage;

	if (stage_init(&stage, format)) {
		struct vmm_format copy = *format;
		void *place = bring(place_of(&stage, AT_FORMAT), 4096);

		copy.geometry = memcpy(place, format->geometry, sizeof(struct vmm_codec));
		stage.table->format = &copy;
		expect_held(&stage, place_of(&stage, AT_FORMAT));
	}
	stage_fini(&stage);
}

/* --- code and stack --- */

static void the_stack(const struct vmm_format *format)
{
	uint64_t frame = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	struct stage stage;

	/* The frames below this one are in the same unit, unless they just leave it. */
	if (stage_init(&stage, format) && (frame & (unit_size(&stage) - 1)) > 4096) {
		expect_held(&stage, frame);
	}
	stage_fini(&stage);
}

static void the_code(const struct vmm_format *format)
{
	const uintptr_t functions[] = {(uintptr_t)vmm_settle_, (uintptr_t)vmm_gather_issue_};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		struct stage stage;

		if (stage_init(&stage, format)) {
			expect_held(&stage, functions[i]);
		}
		stage_fini(&stage);
	}
}

/* The functions of a seam lie elsewhere: where nothing is, as a refused operation calls none. */
static void the_functions_of_the_seam(const struct vmm_format *format)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct stage stage;
		struct vmm_sync real;
		uint64_t place;

		if (!stage_init(&stage, format)) {
			stage_fini(&stage);
			continue;
		}
		place = place_of(&stage, AT_FUNCTION);
		map_unit(&stage, place);
		real = *stage.sync;
		/* One of publish, invalidate, complete and clean. */
		switch (i) {
		case 0:
			memcpy(&stage.sync->publish, &place, sizeof(place));
			break;
		case 1:
			memcpy(&stage.sync->invalidate, &place, sizeof(place));
			break;
		case 2:
			memcpy(&stage.sync->complete, &place, sizeof(place));
			break;
		default:
			memcpy(&stage.sync->clean, &place, sizeof(place));
			break;
		}
		assert_int_equal(cut(&stage, place), VMM_ERR_PINNED);
		*stage.sync = real;
		assert_int_equal(cut(&stage, place), VMM_OK);
		stage_fini(&stage);
	}
}

/* --- tables --- */

/* Where this program sees the table that holds the last descriptor on the way to va. */
static uint64_t table_seen(const struct stage *stage, uint64_t va)
{
	const struct test_arch *arch = stage->arch;
	uint64_t pa = stage->table->root;
	unsigned int level = stage->table->root_level;

	for (;;) {
		const uint64_t *words = vmm_frames_ptr(&stage->source->frames, vmm_pa(pa));
		uint64_t desc =
			words[(va >> test_arch_shift(arch, level)) & (test_arch_entries(arch) - 1)];

		if (arch->what(arch, desc, level) != TEST_TABLE) {
			return (uint64_t)(uintptr_t)words;
		}
		pa = arch->next(desc);
		level--;
	}
}

static void the_slots_that_it_writes(const struct vmm_format *format)
{
	struct stage stage;
	unsigned int held = 0;

	if (!stage_init(&stage, format)) {
		stage_fini(&stage);
		return;
	}
	/*
	 * A unit over each frame that is taken: one of them holds its own slots, the others do
	 * not.
	 */
	for (uint64_t i = 0; i < 5; i++) {
		uint64_t frame = place_of(&stage, AT_FRAMES) + i * 2 * unit_size(&stage);
		uint64_t unit = frame & ~(unit_size(&stage) - 1);
		uint64_t seen;

		map_unit(&stage, frame);
		seen = table_seen(&stage, unit) & ~(unit_size(&stage) - 1);
		held += seen == unit;
		assert_int_equal(cut(&stage, frame), seen == unit ? VMM_ERR_PINNED : VMM_OK);
	}
	assert_in_range(held, 1, 2);
	map_unit(&stage, place_of(&stage, AT_NOTHING));
	assert_int_equal(cut(&stage, place_of(&stage, AT_NOTHING)), VMM_OK);
	stage_fini(&stage);
}

/* Of a range that cuts two units, one holds the slots of the other. */
static void the_slots_of_the_other_unit(const struct vmm_format *format)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct stage stage;
		uint64_t size, other, holder, first, last;

		if (!stage_init(&stage, format)) {
			stage_fini(&stage);
			continue;
		}
		size = unit_size(&stage);
		/* Below and above the frames. */
		other = place_of(&stage, AT_NOTHING) & ~(size - 1);
		if (i == 1) {
			other = place_of(&stage, PLACE_COUNT + FRAME_PLACES - 1) & ~(size - 1);
		}
		map_unit(&stage, other);
		holder = table_seen(&stage, other) & ~(size - 1);
		map_unit(&stage, holder);
		first = (i == 0 ? other : holder) + size / 2;
		last = (i == 0 ? holder : other) + size / 2;
		assert_int_equal(vmm_table_unmap(stage.table, region(first, last - first), NULL),
				 VMM_ERR_PINNED);
		is_in_use = false;
		assert_int_equal(vmm_table_unmap(stage.table, region(first, last - first), NULL),
				 VMM_OK);
		stage_fini(&stage);
	}
}

static void a_seam_without_clean(const struct vmm_format *format)
{
	struct stage stage;

	if (stage_init(&stage, format)) {
		stage.sync->clean = NULL;
		expect_held(&stage, place_of(&stage, AT_TABLE));
	}
	stage_fini(&stage);
}

int main(void)
{
	static const struct test_case cases[] = {
		{"the table object is not broken", the_table_object, TEST_ALL},
		{"the sync object is not broken", the_sync_object, TEST_ALL},
		{"the source of frames is not broken", the_source_of_frames, TEST_ALL},
		{"the format is not broken", the_format, TEST_ALL},
		{"the stack is not broken", the_stack, TEST_ALL},
		{"the code is not broken", the_code, TEST_ALL},
		{"the functions of the seam are not broken", the_functions_of_the_seam, TEST_ALL},
		{"the slots that it writes are not broken", the_slots_that_it_writes, TEST_ALL},
		{"the slots of the other unit are not broken", the_slots_of_the_other_unit,
		 TEST_ALL},
		{"a seam without clean has one function less", a_seam_without_clean, TEST_ALL},
	};

	return test_formats_run("seam stands", cases, sizeof(cases) / sizeof(cases[0]));
}
