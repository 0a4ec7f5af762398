/* SPDX-License-Identifier: MIT */
/*
 * Two tiny formats, exhaustively: from an empty table on, breadth first, every operation on every
 * range in every state that is found, up to a number of states. Each operation is compared with a
 * plain array of pages, which also says how large each leaf has to be; needs exactly the frames
 * that `need` says, and with one fewer changes nothing; and is watched by the judge of the seam.
 *
 * With VMM_STEPS=30 the tables of 4 and 8 pages are done to the last state: four of the tests then
 * say "which are all".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_random.h"
#include "test_seam.h"
#include "test_toy_model.h"

#define TEST_TOY_PAGES_MAX 64 /* va_bits 11 */
#define FRAMES_MAX         26

/* What is tried, and how much of it. */
struct plan {
	const char *name;
	const struct vmm_format *format;
	const struct test_arch *arch;
	uint8_t va_bits;
	uint32_t flags;
	enum vmm_half half;
	uint16_t flush_max;
	size_t state_max;    /* states from which operations are tried; VMM_STEPS multiplies it */
	unsigned int one_in; /* of the states that are found one in so many is kept */
	const struct test_toy_op *ops;
};

/* A state of table and frames, to come back to. */
struct state {
	struct vmm_table table;
	size_t out_count;
	uint8_t buffer[(FRAMES_MAX + 2) * 32];
	uint16_t counts[FRAMES_MAX];
	bool is_out[FRAMES_MAX];
	size_t stack[FRAMES_MAX];
};

struct world {
	const struct plan *plan;
	struct test_seam seam;
	unsigned int page_count;
	size_t state_max;
	struct state *states;
	uint64_t *hashes; /* of the states, open addressing; 0: free */
	size_t hash_size;
	size_t state_count;
	uint64_t hash;      /* of what read_pages() read */
	size_t table_count; /* tables that it read */
	uint64_t op_count;
	uint64_t refused_count;
};

static struct world world;

/* --- coming back to a state --- */

static void save(struct state *state)
{
	const struct test_frames *frames = &world.seam.frames;

	state->table = world.seam.table;
	state->out_count = frames->out_count;
	memcpy(state->buffer, frames->buffer, (frames->frame_count + 2) * 32);
	memcpy(state->counts, frames->frames.counts, frames->frame_count * sizeof(uint16_t));
	memcpy(state->is_out, frames->is_out, frames->frame_count * sizeof(bool));
	memcpy(state->stack, frames->stack, frames->frame_count * sizeof(size_t));
}

static void restore(const struct state *state)
{
	struct test_frames *frames = &world.seam.frames;

	world.seam.table = state->table;
	world.seam.tlb.has_global = state->table.has_global;
	frames->out_count = state->out_count;
	frames->event_count = 0;
	memset(world.seam.unclean, 0, frames->frame_count * 4);
	memcpy(frames->buffer, state->buffer, (frames->frame_count + 2) * 32);
	memcpy(frames->frames.counts, state->counts, frames->frame_count * sizeof(uint16_t));
	memcpy(frames->is_out, state->is_out, frames->frame_count * sizeof(bool));
	memcpy(frames->stack, state->stack, frames->frame_count * sizeof(size_t));
}

/* Nothing of a state has changed, but for what events and allocations were counted. */
static void assert_still(const struct state *state)
{
	const struct test_frames *frames = &world.seam.frames;

	assert_memory_equal(&state->table, &world.seam.table, sizeof(state->table));
	assert_int_equal(frames->out_count, state->out_count);
	assert_memory_equal(state->buffer, frames->buffer, (frames->frame_count + 2) * 32);
	assert_memory_equal(state->is_out, frames->is_out, frames->frame_count * sizeof(bool));
	assert_memory_equal(state->stack, frames->stack,
			    (frames->frame_count - frames->out_count) * sizeof(size_t));
	for (size_t i = 0; i < frames->frame_count; i++) {
		if (frames->is_out[i]) {
			assert_int_equal(frames->frames.counts[i], state->counts[i]);
		}
	}
}

/* --- reading the tables --- */

static void mix(uint64_t value)
{
	world.hash = (world.hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	world.hash ^= world.hash >> 29;
}

static void read_leaf(struct test_toy_pages *pages, uint64_t desc, unsigned int level, uint64_t va)
{
	const struct test_arch *arch = world.plan->arch;
	uint64_t reach = test_arch_reach(arch, level);

	for (uint64_t at = va; at < va + reach && at <= world.seam.table.va_mask; at += 32) {
		struct test_toy_page *page = &pages->page[at / 32];

		page->mapped = (desc & 1) != 0;
		page->level = (uint8_t)level;
		page->in_run = page->mapped && arch->in_run(desc);
		page->write = page->mapped && (desc & arch->permission) != 0;
		page->global = page->mapped && arch->is_global(desc);
		page->pa = page->mapped ? (uint16_t)arch->output(arch, desc, level, at) : 0;
	}
}

/* Reads a table and all below it. Returns how many of its descriptors are valid. */
static unsigned int read_table(struct test_toy_pages *pages, uint64_t pa, unsigned int level,
			       uint64_t va)
{
	const struct test_arch *arch = world.plan->arch;
	const struct test_frames *frames = &world.seam.frames;
	const uint64_t *words = vmm_frames_ptr(&frames->frames, vmm_pa(pa));
	unsigned int valid = 0;

	assert_true(test_frames_is_out(frames, vmm_pa(pa)));
	world.table_count++;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t at = va + i * test_arch_reach(arch, level);
		enum test_what what = arch->what(arch, words[i], level);

		if (at > world.seam.table.va_mask) {
			assert_int_equal(words[i], 0);
			continue;
		}
		assert_int_not_equal(what, TEST_FAULT);
		valid += what != TEST_NOTHING;
		mix(what == TEST_TABLE ? 2 : words[i]);
		if (what == TEST_TABLE) {
			unsigned int below = read_table(pages, arch->next(words[i]), level - 1, at);

			assert_true(below > 0 || (world.plan->flags & VMM_TABLE_KEEP) != 0);
		} else {
			assert_true(what == TEST_LEAF || words[i] == 0);
			read_leaf(pages, words[i], level, at);
		}
	}
	assert_int_equal(frames->frames.counts[(pa - frames->frames.first) / 32], valid);
	return valid;
}

static void read_pages(struct test_toy_pages *pages)
{
	const struct vmm_table *table = &world.seam.table;

	pages->arch = world.plan->arch;
	world.hash = table->has_global ? 3 : 1;
	world.table_count = 0;
	(void)read_table(pages, table->root, table->root_level, 0);
	assert_int_equal(world.table_count, world.seam.frames.out_count);
	world.hash |= 1;
}

/* --- one operation --- */

static uint64_t va_of(unsigned int page)
{
	uint64_t va = (uint64_t)page * 32;
	const struct vmm_table *table = &world.seam.table;
	bool is_upper = table->half == VMM_UPPER_HALF ||
			(table->half == VMM_BOTH_HALVES && va > table->va_mask >> 1);

	return is_upper ? va | ~table->va_mask : va;
}

static enum vmm_err run(const struct vmm_request *request, struct vmm_detail *detail)
{
	struct test_seam *seam = &world.seam;
	enum vmm_err err;

	test_seam_begin(seam);
	if (request->op == VMM_OP_MAP) {
		err = vmm_table_map(&seam->table, request->va, request->pa, request->attr, detail);
	} else if (request->op == VMM_OP_UNMAP) {
		seam->unmap_first = request->va.bytes.start & seam->table.va_mask;
		seam->unmap_last = seam->unmap_first + (request->va.bytes.size - 1);
		err = vmm_table_unmap(&seam->table, request->va, detail);
	} else {
		err = vmm_table_protect(&seam->table, request->va, request->attr, detail);
	}
	test_seam_end(seam, err);
	test_seam_assert_sound(seam);
	world.op_count++;
	return err;
}

static void assert_page(const struct test_toy_page *found, const struct test_toy_page *expected)
{
	assert_int_equal(found->mapped, expected->mapped);
	if (expected->mapped) {
		assert_int_equal(found->pa, expected->pa);
		assert_int_equal(found->write, expected->write);
		assert_int_equal(found->global, expected->global);
		assert_int_equal(found->level, expected->level);
		assert_int_equal(found->in_run, expected->in_run);
	}
}

static void try_refused(const struct state *state, const struct vmm_request *request,
			enum vmm_err err, unsigned int where)
{
	struct vmm_detail detail;
	uint64_t need = 77;

	assert_int_equal(vmm_table_need(&world.seam.table, request, &need, &detail), err);
	assert_int_equal(need, 77);
	assert_int_equal(run(request, &detail), err);
	assert_int_equal(vmm_va_raw(detail.va), va_of(where));
	assert_still(state);
	world.refused_count++;
}

static void try_allowed(const struct state *state, const struct vmm_request *request,
			const struct test_toy_pages *expected)
{
	struct test_frames *frames = &world.seam.frames;
	struct test_toy_pages found;
	uint64_t taken = frames->alloc_count;
	uint64_t need;

	assert_int_equal(vmm_table_need(&world.seam.table, request, &need, NULL), VMM_OK);
	if (need > 0) {
		test_frames_limit(frames, need - 1);
		assert_int_equal(run(request, NULL), VMM_ERR_NOMEM);
		assert_still(state);
		taken = frames->alloc_count;
	}
	test_frames_limit(frames, need);
	assert_int_equal(run(request, NULL), VMM_OK);
	test_frames_limit(frames, TEST_FRAMES_NO_LIMIT);
	assert_int_equal(frames->alloc_count - taken, need);
	read_pages(&found);
	for (unsigned int i = 0; i < world.page_count; i++) {
		assert_page(&found.page[i], &expected->page[i]);
	}
}

/* --- every operation in every state --- */

/* Where a hash is, or where it belongs. */
static size_t hash_slot(uint64_t hash)
{
	size_t slot = (size_t)(hash >> 20) & (world.hash_size - 1);

	while (world.hashes[slot] != 0 && world.hashes[slot] != hash) {
		slot = (slot + 1) & (world.hash_size - 1);
	}
	return slot;
}

/* Keeps the state that was read last, if it is new and there is room. */
static void keep_state(void)
{
	size_t slot = hash_slot(world.hash);

	if (world.hashes[slot] == 0 && world.state_count < world.state_max &&
	    (world.state_count == 0 || (world.hash >> 8) % world.plan->one_in == 0)) {
		world.hashes[slot] = world.hash;
		save(&world.states[world.state_count++]);
	}
}

static void describe(const struct test_toy_op *op, unsigned int from, unsigned int to, size_t state)
{
	static const char *const words[] = {"", "map", "unmap", "protect"};

	print_error("%s: %s pages %u to %u, offset %#x, bits %#x, state %zu\n", world.plan->name,
		    words[op->what], from, to, op->offset, op->bits, state);
}

/* What is tried at the moment, to be told if it fails. */
static struct {
	const struct test_toy_op *op;
	unsigned int from, to;
	size_t state;
} trying;

static void try_op(const struct state *state, const struct test_toy_pages *pages,
		   const struct test_toy_op *op, unsigned int from, unsigned int to)
{
	static const enum vmm_op kinds[] = {VMM_OP_MAP, VMM_OP_MAP, VMM_OP_UNMAP, VMM_OP_PROTECT};
	struct vmm_request request;
	struct test_toy_pages expected = *pages;
	unsigned int where = from;
	enum vmm_err err = test_toy_verdict(pages, op, from, to, &where);

	request.op = kinds[op->what];
	request.va.bytes.start = va_of(from);
	request.va.bytes.size = (uint64_t)(to - from + 1) * 32;
	request.pa = vmm_pa((uint64_t)from * 32 + op->offset);
	request.attr = vmm_attr(op->bits | (op->limit < 7 ? VMM_ATTR_LEAF_MAX(op->limit) : 0));
	if (err != VMM_OK) {
		try_refused(state, &request, err, where);
		return;
	}
	test_toy_apply(&expected, op, from, to);
	try_allowed(state, &request, &expected);
	keep_state();
	restore(state);
}

static void try_trim(const struct state *state, const struct test_toy_pages *pages)
{
	struct test_toy_pages found;

	test_seam_trim(&world.seam);
	world.op_count++;
	read_pages(&found);
	for (unsigned int i = 0; i < world.page_count; i++) {
		assert_page(&found.page[i], &pages->page[i]);
	}
	keep_state();
	restore(state);
}

static void try_state(size_t index)
{
	const struct plan *plan = world.plan;
	struct state *state = &world.states[index];
	unsigned int half = world.page_count / 2;
	struct test_toy_pages pages;

	restore(state);
	read_pages(&pages);
	trying.state = index;
	for (unsigned int from = 0; from < world.page_count; from++) {
		for (unsigned int to = from; to < world.page_count; to++) {
			/* No range passes from one half to the other. */
			if (plan->arch->riscv && from < half && to >= half) {
				break;
			}
			for (size_t i = 0; plan->ops[i].what != TEST_TOY_END; i++) {
				trying.op = &plan->ops[i];
				trying.from = from;
				trying.to = to;
				try_op(state, &pages, &plan->ops[i], from, to);
			}
		}
	}
	if ((plan->flags & VMM_TABLE_KEEP) != 0) {
		try_trim(state, &pages);
	}
}

static void world_init(const struct plan *plan)
{
	struct vmm_table_config config;
	struct test_toy_pages pages;

	memset(&world, 0, sizeof(world));
	memset(&config, 0, sizeof(config));
	world.plan = plan;
	world.page_count = 1u << (plan->va_bits - TEST_TOY_PAGE_SHIFT);
	world.state_max = (size_t)test_random_steps(plan->state_max);
	world.states = calloc(world.state_max, sizeof(*world.states));
	world.hash_size = 64;
	while (world.hash_size < world.state_max * 4) {
		world.hash_size *= 2;
	}
	world.hashes = calloc(world.hash_size, sizeof(*world.hashes));
	assert_non_null(world.states);
	assert_non_null(world.hashes);
	config.format = plan->format;
	config.va_bits = plan->va_bits;
	config.flags = plan->flags;
	config.half = plan->half;
	config.flush_max = plan->flush_max;
	test_seam_init(&world.seam, plan->arch, &config, FRAMES_MAX);
	world.seam.frames.fill = TEST_FRAMES_IN_TURN;
	read_pages(&pages);
	keep_state();
}

static void exhaust(void **fixture)
{
	size_t done = 0;

	world_init(*fixture);
	while (done < world.state_count) {
		try_state(done++);
	}
	restore(&world.states[0]);
	print_message("# %s: %llu operations and %llu refusals in %zu states%s\n", world.plan->name,
		      (unsigned long long)world.op_count, (unsigned long long)world.refused_count,
		      done,
		      done < world.state_max && world.plan->one_in == 1 ? ", which are all" : "");
	test_seam_fini(&world.seam);
	free(world.states);
	free(world.hashes);
	memset(&world, 0, sizeof(world));
}

/* Says what failed, if it did. */
static int tear_down(void **fixture)
{
	(void)fixture;
	if (world.plan != NULL) {
		describe(trying.op, trying.from, trying.to, trying.state);
		test_seam_discard(&world.seam);
		free(world.states);
		free(world.hashes);
	}
	return 0;
}

/* --- runs that need not break --- */

static struct {
	unsigned int count;
	bool was_valid; /* the page that stays, when the other one is to be forgotten */
} cut;

static void look_while_forgetting(const struct vmm_table *table,
				  const struct vmm_invalidation *request)
{
	vmm_pa_t pa;

	(void)request;
	cut.count++;
	cut.was_valid = vmm_table_translate(table, vmm_va(32), &pa) == VMM_OK;
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

static void cut_a_run(const struct vmm_format *format, bool stays_valid)
{
	static const struct vmm_sync sync = {
		.publish = no_call,
		.mapped = no_request,
		.invalidate = look_while_forgetting,
		.complete = no_call,
		.is_active = never_active,
	};
	vmm_va_region_t run = VMM_VA_REGION_INIT(0, 64);
	vmm_va_region_t page = VMM_VA_REGION_INIT(0, 32);
	struct vmm_table_config config;
	struct test_frames frames;
	struct vmm_table table;
	vmm_pa_t pa;

	memset(&cut, 0, sizeof(cut));
	memset(&config, 0, sizeof(config));
	memset(&table, 0, sizeof(table));
	test_frames_init(&frames, TEST_TOY_PAGE_SHIFT, 4, 0x400);
	config.format = format;
	config.frames = &frames.frames;
	config.sync = &sync;
	config.va_bits = 7;
	assert_int_equal(vmm_table_init(&table, &config), VMM_OK);
	assert_int_equal(vmm_table_map(&table, run, vmm_pa(0), vmm_attr(VMM_ATTR_CONTIG), NULL),
			 VMM_OK);
	assert_int_equal(vmm_table_unmap(&table, page, NULL), VMM_OK);
	assert_int_equal(cut.count, 1);
	assert_int_equal(cut.was_valid, stays_valid);
	assert_int_equal(vmm_table_translate(&table, vmm_va(0), &pa), VMM_ERR_NOENT);
	assert_int_equal(vmm_table_translate(&table, vmm_va(32), &pa), VMM_OK);
	vmm_table_fini(&table);
	test_frames_fini(&frames);
}

static void a_run_is_broken_only_where_it_must_be(void **fixture)
{
	(void)fixture;
	cut_a_run(&test_toy_riscv, false);
	cut_a_run(&test_toy_calm, true);
}

/* --- what is tried --- */

/* Output addresses that are congruent for every leaf; for pairs of blocks no more; for blocks no
 * more; for pairs of pages no more. */
#define MAP       TEST_TOY_MAP
#define UNMAP     TEST_TOY_UNMAP
#define PROTECT   TEST_TOY_PROTECT
#define END       TEST_TOY_END
#define FAR       0x400
#define ODD_BLOCK 0x480
#define ODD_PAIR  0x440
#define ODD_PAGE  0x420

#define ANY  9
#define RO   0
#define RW   VMM_ATTR_WRITE
#define RUNS VMM_ATTR_CONTIG
#define ALL  VMM_ATTR_GLOBAL

static const struct test_toy_op few[] = {
	{MAP, FAR, RW | RUNS, ANY}, {MAP, FAR, RW, 0},     {UNMAP, 0, 0, 0},
	{PROTECT, 0, RO, ANY},      {PROTECT, 0, RW, ANY}, {END, 0, 0, 0},
};

static const struct test_toy_op many[] = {
	{MAP, FAR, RW | RUNS, ANY},
	{MAP, ODD_BLOCK, RW | RUNS, ANY},
	{MAP, ODD_PAIR, RW | RUNS, ANY},
	{MAP, ODD_PAGE, RO | RUNS, ANY},
	{MAP, FAR, RW, ANY},
	{MAP, FAR, RW | RUNS, 1},
	{MAP, FAR, RO | RUNS, 0},
	{MAP, FAR, RW | RUNS | ALL, ANY},
	{UNMAP, 0, 0, 0},
	{PROTECT, 0, RO, ANY},
	{PROTECT, 0, RW, ANY},
	{PROTECT, 0, RO | ALL, ANY},
	{END, 0, 0, 0},
};

#define ARM   &test_toy_arm, &test_toy_arm_arch
#define RISCV &test_toy_riscv, &test_toy_riscv_arch
#define KEEP  VMM_TABLE_KEEP
#define LIVE  VMM_TABLE_RESIZE_LIVE
#define LOWER VMM_LOWER_HALF
#define UPPER VMM_UPPER_HALF

int main(void)
{
	static const struct plan plans[] = {
		{"Arm, 4 pages", ARM, 7, 0, LOWER, 64, 1000, 1, many},
		{"Arm, 8 pages", ARM, 8, 0, LOWER, 64, 1000, 1, few},
		{"Arm, 8 pages, resized live", ARM, 8, LIVE, LOWER, 64, 200, 30, many},
		{"Arm, 8 pages, tables kept", ARM, 8, KEEP, LOWER, 2, 500, 3, few},
		{"Arm, 16 pages", ARM, 9, 0, UPPER, 3, 60, 30, many},
		{"Arm, 32 pages", ARM, 10, 0, LOWER, 7, 20, 500, many},
		{"Arm, 64 pages", ARM, 11, 0, UPPER, 64, 6, 1000, few},
		{"RISC-V, 4 pages", RISCV, 7, 0, LOWER, 64, 1000, 1, many},
		{"RISC-V, 8 pages", RISCV, 8, 0, LOWER, 64, 1000, 1, few},
		{"RISC-V, 8 pages, tables kept", RISCV, 8, KEEP, LOWER, 2, 500, 3, few},
		{"RISC-V, 16 pages", RISCV, 9, 0, LOWER, 3, 60, 30, many},
		{"RISC-V, 32 pages", RISCV, 10, 0, LOWER, 64, 20, 100, many},
		{"RISC-V, 64 pages", RISCV, 11, 0, LOWER, 7, 6, 200, few},
	};
	struct CMUnitTest tests[sizeof(plans) / sizeof(plans[0]) + 1];

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		tests[i].name = plans[i].name;
		tests[i].test_func = exhaust;
		tests[i].teardown_func = tear_down;
		tests[i].initial_state = (void *)(uintptr_t)&plans[i];
	}
	tests[sizeof(plans) / sizeof(plans[0])].name = "a run is broken only where it must be";
	tests[sizeof(plans) / sizeof(plans[0])].test_func = a_run_is_broken_only_where_it_must_be;
	return cmocka_run_group_tests_name("toy", tests, NULL, NULL);
}
