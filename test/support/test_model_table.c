/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "test_extents.h"
#include "test_frames.h"
#include "test_model_table.h"
#include "test_reader.h"

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

/* One way to set up a table. */
struct variant {
	const char *name;
	const struct vmm_format *format;
	enum vmm_half half;
	uint8_t va_bits;
	uint32_t flags;
};

static const struct variant variants[] = {
	{ "4k lower 48", &vmm_aarch64_4k, VMM_LOWER_HALF, 48, 0 },
	{ "4k upper 39", &vmm_aarch64_4k, VMM_UPPER_HALF, 39, VMM_TABLE_ALLOW_WX },
	{ "4k lower 25", &vmm_aarch64_4k, VMM_LOWER_HALF, 25, 0 },
	{ "4k lower 33 resize live", &vmm_aarch64_4k, VMM_LOWER_HALF, 33, VMM_TABLE_RESIZE_LIVE },
	{ "4k lower 40 keep", &vmm_aarch64_4k, VMM_LOWER_HALF, 40, VMM_TABLE_KEEP },
	{ "16k lower 48", &vmm_aarch64_16k, VMM_LOWER_HALF, 48, 0 },
	{ "16k upper 25 (one level)", &vmm_aarch64_16k, VMM_UPPER_HALF, 25, 0 },
	{ "16k upper 40", &vmm_aarch64_16k, VMM_UPPER_HALF, 40, 0 },
	{ "64k lower 48", &vmm_aarch64_64k, VMM_LOWER_HALF, 48, 0 },
	{ "64k lower 29 (one level)", &vmm_aarch64_64k, VMM_LOWER_HALF, 29, 0 },
	{ "64k upper 42", &vmm_aarch64_64k, VMM_UPPER_HALF, 42, 0 },
	{ "Sv39", &vmm_riscv_sv39, VMM_LOWER_HALF, 39, 0 },
	{ "Sv39 Svnapot Svpbmt", &vmm_riscv_sv39, VMM_LOWER_HALF, 39,
	  VMM_TABLE_SVNAPOT | VMM_TABLE_SVPBMT },
	{ "Sv48 Svnapot keep", &vmm_riscv_sv48, VMM_LOWER_HALF, 48,
	  VMM_TABLE_SVNAPOT | VMM_TABLE_KEEP },
	{ "Sv57", &vmm_riscv_sv57, VMM_LOWER_HALF, 57, VMM_TABLE_SVPBMT },
};

#define FRAME_COUNT 96
#define VARIANT_COUNT (sizeof(variants) / sizeof(variants[0]))

struct fixture {
	struct test_random *random;
	struct test_frames frames;
	struct vmm_table table;
	struct test_extents model;
	uint32_t flags;
	uint64_t ops[3]; /* that succeeded, by kind */
	uint64_t leaf_count; /* before the step */
};

static struct fixture fixture;

static uint64_t mask_of(unsigned int bits)
{
	return (UINT64_C(1) << bits) - 1;
}

/* Sizes and places around every boundary that matters: pages, runs, blocks, tables, the ends. */
static void pick_range(struct fixture *self, uint64_t *va, uint64_t *size)
{
	const struct vmm_geometry *geometry = self->table.format->geometry;
	unsigned int page = geometry->page_shift;
	unsigned int level = (unsigned int)test_random_below(self->random,
							     self->table.root_level + 1u);
	unsigned int shift = page + level * geometry->index_bits;
	uint64_t reach = UINT64_C(1) << shift;
	uint64_t run = reach << test_random_below(self->random, 6);
	uint64_t slots = self->table.va_mask / run + 1;
	uint64_t base;

	/* A few neighborhoods, so that operations meet. */
	base = test_random_below(self->random, slots < 3 ? slots : 3) * run;
	if (test_random_one_in(self->random, 4)) {
		base = (self->table.va_mask + 1) - run * (1 + test_random_below(self->random, 2));
		base &= self->table.va_mask;
	}
	*va = base & ~mask_of(page);
	*size = reach * (1 + test_random_below(self->random, 5));
	if (test_random_one_in(self->random, 2)) {
		*va += test_random_below(self->random, 40) << page;
	}
	if (test_random_one_in(self->random, 2)) {
		*size += test_random_below(self->random, 40) << page;
	}
	if (test_random_one_in(self->random, 3)) {
		*size = (1 + test_random_below(self->random, 40)) << page;
	}
	*va &= self->table.va_mask & ~mask_of(page);
	if (*size - 1 > self->table.va_mask - *va) {
		*size = self->table.va_mask - *va + 1;
	}
	/* No region crosses from one half of a sign-extended space to the other. */
	if (geometry->sign_extended && ((*va ^ (*va + *size - 1)) & ~(self->table.va_mask >> 1)) != 0) {
		*size = (self->table.va_mask >> 1) + 1 - *va;
	}
}

/* A part of what is mapped, from anywhere to anywhere: the range of most cuts. */
static void pick_part(struct fixture *self, uint64_t *va, uint64_t *size)
{
	unsigned int page = self->table.format->geometry->page_shift;
	const struct test_extent *extent;
	uint64_t first, last, pages;

	pick_range(self, va, size);
	if (self->model.count == 0 || test_random_one_in(self->random, 4)) {
		return;
	}
	extent = &self->model.list[test_random_below(self->random, self->model.count)];
	first = *va > extent->va && *va < extent->last ? *va : extent->va;
	last = first + *size - 1 < extent->last ? first + *size - 1 : extent->last;
	pages = (last - first + 1) >> page;
	if (test_random_one_in(self->random, 2)) {
		first += test_random_below(self->random, pages) << page;
	}
	*va = first;
	*size = last - first + 1;
}

static uint64_t pick_pa(struct fixture *self, uint64_t va, uint64_t size)
{
	unsigned int page = self->table.format->geometry->page_shift;
	uint64_t space = mask_of(self->table.pa_bits);
	uint64_t pa = va;

	if (test_random_one_in(self->random, 3)) {
		pa = test_random_below(self->random, 64) << page;
	} else if (test_random_one_in(self->random, 2)) {
		pa = va + ((UINT64_C(1) << (page + test_random_below(self->random, 30))) & space);
	}
	pa &= space;
	if (size - 1 > space - pa) {
		pa = 0;
	}
	return pa;
}

static vmm_attr_t pick_attr(struct fixture *self)
{
	static const uint32_t mems[] = { VMM_MEM_WB, VMM_MEM_WB, VMM_MEM_DEV_NGNRE };
	uint32_t bits = VMM_ATTR_MEM(mems[test_random_below(self->random, 3)]);

	bits |= test_random_one_in(self->random, 2) ? VMM_ATTR_WRITE : 0;
	bits |= test_random_one_in(self->random, 4) ? 0 : VMM_ATTR_GLOBAL;
	bits |= test_random_one_in(self->random, 5) ? VMM_ATTR_USER : 0;
	bits |= test_random_one_in(self->random, 8) ? VMM_ATTR_SW(1) : 0;
	if (bits == (VMM_ATTR_GLOBAL | VMM_ATTR_MEM(VMM_MEM_WB))) {
		bits |= VMM_ATTR_EXEC(VMM_EXEC_KERNEL);
	}
	return vmm_attr(bits);
}

static vmm_va_region_t region_of(struct fixture *self, uint64_t va, uint64_t size)
{
	const struct vmm_table *table = &self->table;
	vmm_va_region_t region;
	bool upper = table->half == VMM_UPPER_HALF ||
		     (table->half == VMM_BOTH_HALVES && va > table->va_mask >> 1);

	region.bytes.start = upper ? va | ~table->va_mask : va;
	region.bytes.size = size;
	return region;
}

static enum vmm_err run_request(struct fixture *self, const struct vmm_request *request,
				struct vmm_detail *detail)
{
	switch (request->op) {
	case VMM_OP_MAP:
		return vmm_table_map(&self->table, request->va, request->pa, request->attr, detail);
	case VMM_OP_UNMAP:
		return vmm_table_unmap(&self->table, request->va, detail);
	case VMM_OP_PROTECT:
		return vmm_table_protect(&self->table, request->va, request->attr, detail);
	}
	return VMM_ERR_UNSUPPORTED;
}

/* One frame fewer than needed, and nothing has changed. */
static void run_short(struct fixture *self, const struct vmm_request *request, uint64_t need)
{
	struct test_frames_snapshot *before = test_frames_save(&self->frames);
	size_t mark = test_frames_mark(&self->frames);
	struct vmm_table table = self->table;

	test_frames_limit(&self->frames, need - 1);
	assert_int_equal(run_request(self, request, NULL), VMM_ERR_NOMEM);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	test_frames_assert_rolled_back(&self->frames, mark);
	test_frames_assert_same(&self->frames, before);
	assert_memory_equal(&table, &self->table, sizeof(table));
	test_frames_release(before);
}

static void run_refused(struct fixture *self, const struct vmm_request *request,
			struct test_verdict verdict)
{
	struct test_frames_snapshot *before = test_frames_save(&self->frames);
	struct vmm_detail detail;
	uint64_t need = 77;

	assert_int_equal(vmm_table_need(&self->table, request, &need, &detail), verdict.err);
	assert_int_equal(need, 77);
	assert_int_equal(run_request(self, request, &detail), verdict.err);
	assert_int_equal(vmm_va_raw(detail.va) & self->table.va_mask, verdict.va);
	test_frames_assert_same(&self->frames, before);
	test_frames_release(before);
}

/*
 * The fewest leaves that can map a range: from the largest size downwards, the blocks that fit whole, and what
 * is left on both sides by the smaller ones. No table is involved.
 */
static uint64_t fewest_leaves(const struct vmm_geometry *geometry, unsigned int level, uint64_t va,
			      uint64_t pa, uint64_t size)
{
	uint64_t block = UINT64_C(1) << (geometry->page_shift + level * geometry->index_bits);
	uint64_t low = (va + block - 1) / block * block;
	uint64_t high = (va + size) / block * block;

	if (level == 0) {
		return size / block;
	}
	if ((va - pa) % block != 0 || high <= low) {
		return fewest_leaves(geometry, level - 1, va, pa, size);
	}
	return (high - low) / block + fewest_leaves(geometry, level - 1, va, pa, low - va) +
	       fewest_leaves(geometry, level - 1, high, pa + (high - va), va + size - high);
}

static void check_leaf_count(struct fixture *self, const struct vmm_request *request, uint64_t va)
{
	const struct vmm_geometry *geometry = self->table.format->geometry;
	unsigned int level = geometry->leaf_level_max;
	unsigned int limit = (request->attr.bits & VMM_ATTR_LEAF_MAX_MASK) >> 12;
	struct test_census census;

	if (level > self->table.root_level) {
		level = self->table.root_level;
	}
	if (limit != 0 && limit - 1 < level) {
		level = limit - 1;
	}
	test_reader_check(&self->table, &self->frames, (self->flags & VMM_TABLE_KEEP) != 0,
			  &census);
	/* A table that was kept stays, and what would fit a larger leaf goes into it. */
	if ((self->flags & VMM_TABLE_KEEP) == 0) {
		assert_int_equal(census.leaf_count - self->leaf_count,
				 fewest_leaves(geometry, level, va, vmm_pa_raw(request->pa),
					       request->va.bytes.size));
	}
}

static void apply(struct fixture *self, const struct vmm_request *request, uint64_t va)
{
	uint64_t last = va + request->va.bytes.size - 1;
	vmm_attr_t stored = vmm_attr(0);

	if (request->op != VMM_OP_UNMAP) {
		assert_int_equal(vmm_table_effective(&self->table, request->attr, &stored), VMM_OK);
	}
	switch (request->op) {
	case VMM_OP_MAP:
		test_extents_map(&self->model, va, last, vmm_pa_raw(request->pa), stored);
		break;
	case VMM_OP_UNMAP:
		test_extents_unmap(&self->model, va, last);
		break;
	case VMM_OP_PROTECT:
		test_extents_protect(&self->model, va, last, stored);
		break;
	}
}

static struct test_verdict judge(struct fixture *self, const struct vmm_request *request,
				 uint64_t va)
{
	uint64_t last = va + request->va.bytes.size - 1;
	struct test_verdict verdict = { VMM_OK, va };
	vmm_attr_t stored;

	if (request->op == VMM_OP_UNMAP) {
		return verdict;
	}
	verdict.err = vmm_table_effective(&self->table, request->attr, &stored);
	if (verdict.err != VMM_OK) {
		return verdict;
	}
	if (request->op == VMM_OP_MAP) {
		return test_extents_judge_map(&self->model, va, last);
	}
	return test_extents_judge_protect(&self->model, va, last, stored,
					  VMM_ATTR_MEM_MASK | VMM_ATTR_GLOBAL);
}

static void run_step(struct fixture *self)
{
	struct vmm_request request;
	struct test_verdict verdict;
	struct vmm_detail detail;
	uint64_t va, size, need, taken;
	static const enum vmm_op ops[] = { VMM_OP_MAP,	  VMM_OP_MAP,	  VMM_OP_MAP,
					   VMM_OP_UNMAP,  VMM_OP_PROTECT, VMM_OP_PROTECT };

	request.op = ops[test_random_below(self->random, 6)];
	if (request.op == VMM_OP_MAP) {
		pick_range(self, &va, &size);
	} else {
		pick_part(self, &va, &size);
	}
	request.va = region_of(self, va, size);
	request.pa = vmm_pa(pick_pa(self, va, size));
	request.attr = pick_attr(self);
	if (request.op == VMM_OP_PROTECT) {
		const struct test_extent *extent = test_extents_find(&self->model, va);

		/* Mostly the type that is there, or every protect would be refused. */
		if (extent != NULL && !test_random_one_in(self->random, 8)) {
			request.attr = vmm_attr(extent->attr.bits ^
						(test_random_one_in(self->random, 2)
							 ? VMM_ATTR_WRITE
							 : VMM_ATTR_SW(1)));
		}
	}
	if (test_random_one_in(self->random, 2)) {
		request.attr.bits |= VMM_ATTR_CONTIG;
	}
	if (request.op == VMM_OP_MAP && test_random_one_in(self->random, 6) &&
	    size >> self->table.format->geometry->page_shift < 4096) {
		request.attr.bits |= VMM_ATTR_LEAF_MAX(test_random_below(self->random, 3));
	}
	verdict = judge(self, &request, va);
	if (verdict.err != VMM_OK) {
		run_refused(self, &request, verdict);
		return;
	}
	assert_int_equal(vmm_table_need(&self->table, &request, &need, &detail), VMM_OK);
	if (need > 0) {
		run_short(self, &request, need);
	}
	taken = self->frames.alloc_count;
	if (need > test_frames_available(&self->frames)) {
		assert_int_equal(run_request(self, &request, &detail), VMM_ERR_NOMEM);
		return;
	}
	test_frames_limit(&self->frames, need);
	assert_int_equal(run_request(self, &request, &detail), VMM_OK);
	test_frames_limit(&self->frames, TEST_FRAMES_NO_LIMIT);
	assert_int_equal(self->frames.alloc_count - taken, need);
	self->ops[request.op]++;
	if (request.op == VMM_OP_MAP) {
		check_leaf_count(self, &request, va);
	}
	apply(self, &request, va);
}

static void probe(struct fixture *self)
{
	uint64_t va, size, pa, desc;
	const struct test_extent *extent;
	vmm_pa_t got;
	enum vmm_err err;

	pick_range(self, &va, &size);
	va += test_random_below(self->random, size);
	extent = test_extents_find(&self->model, va);
	err = vmm_table_translate(&self->table, vmm_va(region_of(self, va, 1).bytes.start), &got);
	assert_int_equal(err, extent == NULL ? VMM_ERR_NOENT : VMM_OK);
	assert_int_equal(test_reader_translate(&self->table, va, &pa, &desc), extent != NULL);
	if (extent != NULL) {
		assert_int_equal(pa, extent->pa + (va - extent->va));
		assert_int_equal(vmm_pa_raw(got), pa);
	}
}

size_t test_model_table_count(void)
{
	return VARIANT_COUNT;
}

const char *test_model_table_name(size_t variant)
{
	return variants[variant].name;
}

static void set_up(struct fixture *self, const struct variant *variant)
{
	struct vmm_table_config config;

	memset(self, 0, sizeof(*self));
	memset(&config, 0, sizeof(config));
	test_frames_init(&self->frames, variant->format->geometry->page_shift, FRAME_COUNT,
			 UINT64_C(0x80000000));
	config.format = variant->format;
	config.frames = &self->frames.frames;
	config.half = variant->half;
	config.va_bits = variant->va_bits;
	config.flags = variant->flags;
	self->flags = variant->flags;
	assert_int_equal(vmm_table_init(&self->table, &config), VMM_OK);
}

void test_model_table_run(size_t variant, struct test_random *random, uint64_t steps,
			  struct test_model_table_done *done)
{
	struct fixture *self = &fixture;
	bool keeps = (variants[variant].flags & VMM_TABLE_KEEP) != 0;
	struct test_census census;

	set_up(self, &variants[variant]);
	self->random = random;
	for (uint64_t i = 0; i < steps && !test_random_is_done(random); i++) {
		self->frames.fill = (enum test_frames_fill)test_random_below(random, 3);
		run_step(self);
		probe(self);
		test_reader_check(&self->table, &self->frames, keeps, &census);
		self->leaf_count = census.leaf_count;
		test_extents_assert_table(&self->model, &self->table);
		if (test_random_one_in(random, 50)) {
			vmm_table_trim(&self->table);
			test_reader_check(&self->table, &self->frames, false, NULL);
			test_extents_assert_table(&self->model, &self->table);
		}
	}
	done->mapped = self->ops[VMM_OP_MAP];
	done->unmapped = self->ops[VMM_OP_UNMAP];
	done->protected = self->ops[VMM_OP_PROTECT];
	vmm_table_fini(&self->table);
	test_frames_fini(&self->frames);
}
