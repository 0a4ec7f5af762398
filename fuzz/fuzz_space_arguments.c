/* SPDX-License-Identifier: MIT */
/*
 * Arguments of every value to an address space. Each error has to have its reason, what is reserved
 * has to be what was wanted, and after every step the space has to be sound.
 */
#include <string.h>

#include "fuzz.h"

#include <vmm/space.h>

#define RANGE_COUNT 24
#define STEPS       60

struct fixture {
	struct vmm_space space;
	struct vmm_bin bins[VMM_SPACE_BINS_MAX];
	struct vmm_range ranges[RANGE_COUNT];
	struct test_random *random;
	vmm_va_region_t area;
	unsigned int shift;
};

static vmm_va_region_t pick_region(struct fixture *self)
{
	vmm_va_region_t region;

	region.bytes.start = fuzz_number(self->random);
	region.bytes.size = fuzz_number(self->random);
	if (test_random_one_in(self->random, 2)) {
		region.bytes.start = self->area.bytes.start +
				     (test_random_below(self->random, 64) << self->shift);
	}
	if (test_random_one_in(self->random, 2)) {
		region.bytes.size = test_random_below(self->random, 16) << self->shift;
	}
	return region;
}

static bool is_paged(const struct fixture *self, uint64_t number)
{
	return (number & ((UINT64_C(1) << self->shift) - 1)) == 0;
}

static bool set_up(struct fixture *self)
{
	struct vmm_space_config config;
	uint64_t page_shift = test_random_below(self->random, 32);
	uint64_t bin_count = test_random_below(self->random, 300);
	bool legal;
	enum vmm_err err;

	memset(&config, 0, sizeof(config));
	config.page_shift = (uint8_t)page_shift;
	config.bin_count = (uint32_t)bin_count;
	config.bins = test_random_one_in(self->random, 8) ? NULL : self->bins;
	config.exact_gaps = test_random_one_in(self->random, 2);
	self->shift = page_shift == 0 ? 12 : (unsigned int)page_shift;
	self->area.bytes.start = 0;
	self->area = pick_region(self);
	legal = (page_shift == 0 || (page_shift >= 12 && page_shift <= 27)) &&
		bin_count <= VMM_SPACE_BINS_MAX && (bin_count == 0 || config.bins != NULL);
	err = vmm_space_init(&self->space, self->area, &config);
	switch (err) {
	case VMM_OK:
		assert_true(legal);
		break;
	case VMM_ERR_EMPTY:
		assert_true(self->area.bytes.size == 0);
		break;
	case VMM_ERR_WRAP:
		assert_false(vmm_va_region_is_valid(self->area));
		break;
	case VMM_ERR_ALIGN:
		assert_false(is_paged(self, self->area.bytes.start | self->area.bytes.size));
		break;
	default:
		assert_int_equal(err, VMM_ERR_UNSUPPORTED);
		assert_false(legal);
		break;
	}
	return err == VMM_OK;
}

static void check_reason(struct fixture *self, const struct vmm_want *want, enum vmm_err err,
			 bool was_reserved)
{
	bool windowed = want->window.bytes.size != 0;
	uint64_t align = want->align_shift < 64 ? UINT64_C(1) << want->align_shift : 0;

	switch (err) {
	case VMM_ERR_EMPTY:
		assert_true(want->size == 0);
		break;
	case VMM_ERR_ALIGN:
		assert_true(!is_paged(self, want->size | want->align_offset) || align == 0 ||
			    (want->align_offset != 0 && want->align_offset >= align));
		break;
	case VMM_ERR_RANGE:
		assert_true(windowed && !vmm_va_region_encloses(self->area, want->window));
		break;
	case VMM_ERR_WRAP:
		assert_true(windowed && !vmm_va_region_is_valid(want->window));
		break;
	case VMM_ERR_UNSUPPORTED:
		assert_true(want->guards.before > VMM_SPACE_GUARDS_MAX ||
			    want->guards.after > VMM_SPACE_GUARDS_MAX);
		break;
	case VMM_ERR_BUSY:
		assert_true(was_reserved);
		break;
	default:
		assert_int_equal(err, VMM_ERR_NOSPACE);
		break;
	}
}

static void check_reserved(struct fixture *self, const struct vmm_want *want,
			   const struct vmm_range *range)
{
	vmm_va_region_t region = vmm_range_region(range);
	vmm_va_region_t whole = vmm_range_whole(range);
	uint64_t align = UINT64_C(1) << want->align_shift;

	assert_true(region.bytes.size == want->size);
	assert_true(vmm_va_region_encloses(self->area, whole));
	assert_true(vmm_va_region_encloses(whole, region));
	assert_true(want->window.bytes.size == 0 ||
		    vmm_va_region_encloses(want->window, whole));
	assert_true(((region.bytes.start - want->align_offset) & (align - 1)) == 0);
	assert_true(region.bytes.start - whole.bytes.start ==
		    (uint64_t)want->guards.before << self->shift);
}

static void step_reserve(struct fixture *self, struct vmm_range *range)
{
	bool was_reserved = vmm_range_is_reserved(range);
	vmm_va_region_t found = VMM_VA_REGION_INIT(1, 0);
	struct vmm_want want;
	enum vmm_err probed, err;

	memset(&want, 0, sizeof(want));
	want.size = pick_region(self).bytes.size;
	want.align_shift = (uint8_t)test_random_below(self->random, 70);
	if (test_random_one_in(self->random, 4)) {
		want.align_offset = fuzz_number(self->random);
	}
	if (test_random_one_in(self->random, 3)) {
		want.window = pick_region(self);
	}
	want.fit = (enum vmm_fit)test_random_below(self->random, 3);
	want.guards.before = (uint8_t)test_random_below(self->random, 18);
	want.guards.after = (uint8_t)test_random_below(self->random, 18);
	probed = vmm_space_probe(&self->space, &want, &found);
	err = vmm_space_reserve(&self->space, &want, range);
	if (was_reserved) {
		assert_true(err == VMM_ERR_BUSY || err == probed);
		assert_true(err != VMM_OK);
	} else {
		assert_int_equal(err, probed);
	}
	if (err != VMM_OK) {
		check_reason(self, &want, err, was_reserved);
		assert_true(vmm_range_is_reserved(range) == was_reserved);
	} else {
		check_reserved(self, &want, range);
		assert_true(vmm_va_region_equal(found, vmm_range_region(range)));
	}
	if (probed != VMM_OK) {
		assert_true(found.bytes.start == 1);
	}
}

static void step_reserve_at(struct fixture *self, struct vmm_range *range)
{
	bool was_reserved = vmm_range_is_reserved(range);
	vmm_va_region_t where = pick_region(self);
	struct vmm_guards guards = { (uint8_t)test_random_below(self->random, 18),
				     (uint8_t)test_random_below(self->random, 18) };
	bool guarded = test_random_one_in(self->random, 3);
	vmm_va_t conflict = vmm_va(1);
	enum vmm_err err = vmm_space_reserve_at(&self->space, where, guarded ? &guards : NULL,
						range, &conflict);

	assert_true((err == VMM_ERR_EXISTS) == (vmm_va_raw(conflict) != 1));
	assert_true(err == VMM_OK ? vmm_range_is_reserved(range) && !was_reserved
				  : vmm_range_is_reserved(range) == was_reserved);
	if (err == VMM_OK) {
		assert_true(vmm_va_region_equal(vmm_range_region(range), where));
		assert_true(vmm_va_region_encloses(self->area, vmm_range_whole(range)));
	} else if (err == VMM_ERR_EXISTS) {
		assert_non_null(vmm_space_find(&self->space, conflict, NULL));
	} else if (err == VMM_ERR_RANGE) {
		assert_true(guarded || !vmm_va_region_encloses(self->area, where));
	} else if (err == VMM_ERR_WRAP) {
		assert_false(vmm_va_region_is_valid(where));
	}
}

static void step(struct fixture *self)
{
	struct vmm_range *range = &self->ranges[test_random_below(self->random, RANGE_COUNT)];
	vmm_va_t va = vmm_va(fuzz_number(self->random));
	vmm_va_region_t gap;

	switch (test_random_below(self->random, 4)) {
	case 0:
		vmm_space_release(&self->space, range);
		assert_false(vmm_range_is_reserved(range));
		break;
	case 1:
		step_reserve_at(self, range);
		break;
	default:
		step_reserve(self, range);
		break;
	}
	gap = vmm_space_gap_at(&self->space, va);
	assert_true(vmm_va_region_is_empty(gap) || vmm_va_region_contains(gap, va));
	assert_true(vmm_space_find(&self->space, va, NULL) == NULL || vmm_va_region_is_empty(gap));
	assert_true(vmm_space_free_size(&self->space) + vmm_space_used_size(&self->space) ==
		    self->area.bytes.size);
	assert_int_equal(vmm_space_check(&self->space), VMM_OK);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	static struct fixture fixture;
	static const struct vmm_space zero;
	struct fixture *self = &fixture;
	struct test_random random;

	memset(self, 0, sizeof(*self));
	test_random_from(&random, data, size);
	self->random = &random;
	if (set_up(self)) {
		for (unsigned int i = 0; i < STEPS && !test_random_is_done(&random); i++) {
			step(self);
		}
		vmm_space_fini(&self->space);
	}
	assert_memory_equal(&self->space, &zero, sizeof(zero));
	return 0;
}
