/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "test_reader.h"

/* What the manuals say of each granule; levels counted from the page. */
struct facts {
	bool riscv;
	unsigned int page_shift;
	unsigned int index_bits;
	unsigned int levels;
	unsigned int block_levels; /* blocks at levels 1 to this */
	unsigned int run[4];       /* leaves in a contiguous run by level */
};

static struct facts facts_of(const struct vmm_table *table)
{
	const char *name = table->format->geometry->name;
	static const struct facts arm_4k = { false, 12, 9, 0, 2, { 16, 16, 16, 0 } };
	static const struct facts arm_16k = { false, 14, 11, 0, 1, { 128, 32, 0, 0 } };
	static const struct facts arm_64k = { false, 16, 13, 0, 1, { 32, 32, 0, 0 } };
	static const struct facts riscv = { true, 12, 9, 0, 4, { 16, 0, 0, 0 } };
	struct facts facts = riscv;

	if (strstr(name, "AArch64 4 KiB") != NULL) {
		facts = arm_4k;
	} else if (strstr(name, "AArch64 16 KiB") != NULL) {
		facts = arm_16k;
	} else if (strstr(name, "AArch64 64 KiB") != NULL) {
		facts = arm_64k;
	} else if (strstr(name, "Sv") == NULL) {
		fail_msg("no facts about %s", name);
	}
	facts.levels = (table->va_bits - facts.page_shift + facts.index_bits - 1) / facts.index_bits;
	return facts;
}

enum what {
	NOTHING,
	LEAF,
	TABLE,
	FAULT
};

static enum what what_is(const struct facts *facts, uint64_t desc, unsigned int level)
{
	if ((desc & 1) == 0) {
		return NOTHING;
	}
	if (facts->riscv) {
		if ((desc & 0xe) == 0) {
			return level > 0 && (desc & 0xffc00000000000d0) == 0 ? TABLE : FAULT;
		}
		return (desc & 0x6) == 0x4 ? FAULT : LEAF;
	}
	if ((desc & 2) != 0) {
		return level > 0 ? TABLE : LEAF;
	}
	return level > 0 && level <= facts->block_levels ? LEAF : FAULT;
}

static bool in_run(const struct facts *facts, uint64_t desc)
{
	return facts->riscv ? desc >> 63 != 0 : (desc >> 52 & 1) != 0;
}

static uint64_t address_in(const struct facts *facts, uint64_t desc)
{
	return facts->riscv ? (desc >> 10 & 0xfffffffffff) << 12 : desc & 0xfffffffff000;
}

static uint64_t reach(const struct facts *facts, unsigned int level)
{
	return UINT64_C(1) << (facts->page_shift + level * facts->index_bits);
}

/* The output address of the leaf's first byte. */
static uint64_t output(const struct facts *facts, uint64_t desc, unsigned int level, uint64_t va)
{
	uint64_t pa = address_in(facts, desc);

	if (facts->riscv && in_run(facts, desc)) {
		assert_int_equal(pa >> 12 & 0xf, 8);
		pa = (pa & ~UINT64_C(0xffff)) | (va & 0xf000);
	}
	assert_int_equal(pa & (reach(facts, level) - 1), 0);
	return pa;
}

static uint64_t word_at(const struct vmm_table *table, uint64_t pa, uint64_t index)
{
	const uint64_t *words = (const uint64_t *)(uintptr_t)(pa + table->frames->window);

	return words[index];
}

bool test_reader_translate(const struct vmm_table *table, uint64_t va, uint64_t *pa, uint64_t *desc)
{
	struct facts facts = facts_of(table);
	unsigned int level = facts.levels;
	uint64_t at = vmm_pa_raw(vmm_table_root(table));

	while (level-- > 0) {
		uint64_t index = va / reach(&facts, level) % (1u << facts.index_bits);

		*desc = word_at(table, at, index);
		switch (what_is(&facts, *desc, level)) {
		case LEAF:
			*pa = output(&facts, *desc, level, va) + va % reach(&facts, level);
			return true;
		case TABLE:
			at = address_in(&facts, *desc);
			break;
		default:
			return false;
		}
	}
	return false;
}

struct reading {
	const struct vmm_table *table;
	const struct test_frames *frames;
	struct facts facts;
	struct test_census census;
	uint8_t *seen; /* by frame */
	bool keeps_empty;
};

/* A run's members: all there, contiguous from an aligned address on, alike in everything else. */
static void check_run(const struct reading *reading, uint64_t at, uint64_t index,
		      unsigned int level, uint64_t va)
{
	const struct facts *facts = &reading->facts;
	unsigned int members = level < 4 ? facts->run[level] : 0;
	uint64_t first = word_at(reading->table, at, index);
	uint64_t pa = output(facts, first, level, va);
	unsigned int i;

	assert_int_not_equal(members, 0);
	assert_int_equal(index % members, 0);
	assert_int_equal(pa % (members * reach(facts, level)), 0);
	for (i = 1; i < members; i++) {
		uint64_t desc = word_at(reading->table, at, index + i);
		uint64_t here = va + i * reach(facts, level);

		assert_int_equal(what_is(facts, desc, level), LEAF);
		assert_true(in_run(facts, desc));
		assert_int_equal(output(facts, desc, level, here), pa + i * reach(facts, level));
		assert_int_equal(facts->riscv ? desc : desc & ~UINT64_C(0xfffffffff000),
				 facts->riscv ? first : first & ~UINT64_C(0xfffffffff000));
	}
}

static void check_table(struct reading *reading, uint64_t at, unsigned int level, uint64_t va,
			bool is_root)
{
	const struct facts *facts = &reading->facts;
	const struct vmm_frames *frames = reading->table->frames;
	uint64_t slot = (at - frames->first) >> frames->page_shift;
	uint64_t entries = UINT64_C(1) << facts->index_bits;
	uint64_t valid = 0;
	uint64_t i;

	assert_true(test_frames_is_out(reading->frames, vmm_pa(at)));
	assert_int_equal(reading->seen[slot], 0);
	reading->seen[slot] = 1;
	reading->census.table_count++;
	for (i = 0; i < entries; i++) {
		uint64_t desc = word_at(reading->table, at, i);
		uint64_t here = va + i * reach(facts, level);
		enum what what = what_is(facts, desc, level);

		assert_int_not_equal(what, FAULT);
		valid += what != NOTHING;
		if (what == NOTHING) {
			/* Nothing that hardware or a later map could take for something. */
			assert_int_equal(desc, 0);
		} else if (what == TABLE) {
			check_table(reading, address_in(facts, desc), level - 1, here, false);
		} else {
			unsigned int members = level < 4 ? facts->run[level] : 0;

			reading->census.leaf_count++;
			(void)output(facts, desc, level, here);
			if (in_run(facts, desc) && members != 0 && i % members == 0) {
				check_run(reading, at, i, level, here);
				reading->census.run_count++;
			} else if (in_run(facts, desc)) {
				assert_int_not_equal(members, 0);
				assert_true(in_run(facts, word_at(reading->table, at,
								  i - i % members)));
			}
		}
	}
	assert_int_equal(frames->counts[slot], valid);
	assert_true(valid != 0 || is_root || reading->keeps_empty);
}

void test_reader_check(const struct vmm_table *table, const struct test_frames *frames,
		       bool keeps_empty, struct test_census *census)
{
	struct reading reading;

	memset(&reading, 0, sizeof(reading));
	reading.table = table;
	reading.frames = frames;
	reading.facts = facts_of(table);
	reading.keeps_empty = keeps_empty;
	reading.seen = calloc(1, table->frames->frame_count);
	assert_non_null(reading.seen);
	check_table(&reading, vmm_pa_raw(vmm_table_root(table)), reading.facts.levels - 1, 0, true);
	free(reading.seen);
	assert_int_equal(reading.census.table_count, frames->out_count);
	if (census != NULL) {
		*census = reading.census;
	}
}
