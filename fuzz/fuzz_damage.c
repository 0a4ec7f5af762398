/* SPDX-License-Identifier: MIT */
/*
 * Tables with any words in them. Visit and audit read no frame that isn't the table's, always go
 * forward and end; translate and query do where links lead to tables; taking such a table down
 * gives no frame back twice.
 */
#include <string.h>

#include "fuzz.h"
#include "test_frames.h"

#include <vmm/vmm.h>

#define FRAME_COUNT  16
#define SOUND_STEPS  6
#define DAMAGE_STEPS 24
#define LOOKS        8
/* More leaves than this are not looked at: tables that link each other map very much. */
#define VISITS_MAX   4000

struct fixture {
	struct test_frames frames;
	struct vmm_table table;
	struct vmm vmm;
	struct vmm_mapping pool[8];
	struct test_random *random;
	bool is_wild; /* links lead anywhere */
};

static struct fixture fixture;

static unsigned int page_shift(const struct fixture *self)
{
	return self->table.format->geometry->page_shift;
}

static void set_up(struct fixture *self)
{
	struct vmm_table_config config;
	struct vmm_config manager;

	memset(self->pool, 0, sizeof(self->pool));
	memset(&self->table, 0, sizeof(self->table));
	memset(&self->vmm, 0, sizeof(self->vmm));
	memset(&config, 0, sizeof(config));
	memset(&manager, 0, sizeof(manager));
	config.format = fuzz_format(self->random);
	test_frames_init(&self->frames, config.format->geometry->page_shift, FRAME_COUNT,
			 UINT64_C(0x40000000));
	config.frames = &self->frames.frames;
	config.flags = (uint32_t)test_random_below(self->random, 128) &
		       config.format->geometry->flags;
	self->is_wild = test_random_one_in(self->random, 2);
	assert_int_equal(vmm_table_init(&self->table, &config), VMM_OK);
	manager.table = &self->table;
	manager.pool = self->pool;
	manager.pool_count = sizeof(self->pool) / sizeof(self->pool[0]);
	assert_int_equal(vmm_init(&self->vmm, &manager), VMM_OK);
}

static void map_something(struct fixture *self)
{
	uint64_t page = UINT64_C(1) << page_shift(self);
	unsigned int level = (unsigned int)test_random_below(self->random,
							     self->table.root_level + 1u);
	uint64_t reach = page << level * self->table.format->geometry->index_bits;
	vmm_va_region_t va;

	va.bytes.start = reach * test_random_below(self->random, 4) +
			 page * test_random_below(self->random, 4);
	va.bytes.size = page * (1 + test_random_below(self->random, 600));
	/* Whether it works doesn't matter. */
	(void)!vmm_map_at(&self->vmm, "something", va, vmm_pa(va.bytes.start & 0xffffffff),
			  fuzz_attr(self->random), NULL);
}

static uint64_t pick_out(struct fixture *self)
{
	uint64_t first = self->frames.frames.first;
	uint64_t pa = first + (test_random_below(self->random, FRAME_COUNT) << page_shift(self));

	return test_frames_is_out(&self->frames, vmm_pa(pa)) ? pa : self->table.root;
}

/* A descriptor; what looks like a table in it leads to one, unless links may be wild. */
static uint64_t pick_word(struct fixture *self, uint64_t old)
{
	bool is_riscv = self->table.format->geometry->sign_extended;
	uint64_t link = is_riscv ? pick_out(self) >> 2 | 1 : pick_out(self) | 3;
	uint64_t word;

	switch (test_random_below(self->random, 4)) {
	case 0:
		return link;
	case 1:
		word = old ^ UINT64_C(1) << test_random_below(self->random, 64);
		break;
	case 2:
		word = link ^ UINT64_C(1) << test_random_below(self->random, 64);
		break;
	default:
		word = test_random_next(self->random);
		break;
	}
	if (!self->is_wild && (word & (is_riscv ? 0xf : 3)) == (is_riscv ? 1 : 3)) {
		/* On Arm a page looks like it; as an address of a table it is harmless, too. */
		return is_riscv ? (word & 0x300) | link : link;
	}
	return word;
}

static void damage(struct fixture *self)
{
	uint64_t pa = pick_out(self);
	uint64_t *words = vmm_frames_ptr(&self->frames.frames, vmm_pa(pa));
	unsigned int bits = self->table.format->geometry->index_bits;
	uint64_t index = test_random_below(self->random, 8);

	if (test_random_one_in(self->random, 4)) {
		index = test_random_below(self->random, UINT64_C(1) << bits);
	}
	words[index] = pick_word(self, words[index]);
}

static void visit(struct fixture *self, bool each)
{
	struct vmm_cursor cursor = { 0, false, each };
	struct vmm_detail detail;
	struct vmm_leaf leaf;
	uint64_t last = 0;

	for (unsigned int i = 0; i < VISITS_MAX; i++) {
		enum vmm_err err = vmm_table_visit(&self->table, &cursor, &leaf, &detail);

		if (err == VMM_ERR_NOENT) {
			return;
		}
		assert_true(err == VMM_OK || err == VMM_ERR_CORRUPT);
		assert_true(cursor.done || cursor.next > last);
		last = cursor.next;
	}
}

static void audit(struct fixture *self)
{
	struct vmm_audit_cursor cursor = { .cursor = { 0, false, false } };
	struct vmm_difference difference;

	for (unsigned int i = 0; i < VISITS_MAX; i++) {
		if (vmm_audit_next(&self->vmm, &cursor, &difference) != VMM_OK) {
			return;
		}
	}
}

static void look(struct fixture *self)
{
	vmm_va_t va = vmm_va(test_random_next(self->random) & self->table.va_mask >> 1);
	struct vmm_leaf leaf;
	vmm_pa_t pa;
	enum vmm_err err = vmm_table_translate(&self->table, va, &pa);

	assert_true(err == VMM_OK || err == VMM_ERR_NOENT || err == VMM_ERR_CORRUPT);
	assert_int_equal(vmm_table_query(&self->table, va, &leaf), err);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct fixture *self = &fixture;
	struct test_frames_snapshot *before;
	struct test_random random;

	test_random_from(&random, data, size);
	self->random = &random;
	set_up(self);
	for (unsigned int i = 0; i < SOUND_STEPS; i++) {
		map_something(self);
	}
	for (unsigned int i = 0; i < DAMAGE_STEPS && !test_random_is_done(&random); i++) {
		damage(self);
	}
	before = test_frames_save(&self->frames);
	visit(self, false);
	visit(self, true);
	audit(self);
	if (!self->is_wild) {
		for (unsigned int i = 0; i < LOOKS; i++) {
			look(self);
		}
	}
	test_frames_assert_same(&self->frames, before);
	test_frames_release(before);
	vmm_fini(&self->vmm);
	if (!self->is_wild) {
		/* A frame that is given back twice, or without being out, fails in the source. */
		vmm_table_fini(&self->table);
	}
	test_frames_discard(&self->frames);
	return 0;
}
