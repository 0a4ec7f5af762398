/* SPDX-License-Identifier: MIT */
/*
 * Address arithmetic against long-hand models, at the edges of the space and with every kind of
 * shift. Each test runs for virtual and for physical addresses, from one list of functions.
 */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vmm/addr.h>

/** The functions of one address type, over integers. What one type lacks does not compile. */
struct addr_type {
	uint64_t (*there_and_back)(uint64_t raw);
	bool (*is_aligned)(uint64_t addr, unsigned int shift);
	uint64_t (*align_down)(uint64_t addr, unsigned int shift);
	uint64_t (*offset)(uint64_t addr, unsigned int shift);
	enum vmm_err (*align_up)(uint64_t addr, unsigned int shift, uint64_t *out);
	enum vmm_err (*add)(uint64_t addr, uint64_t size, uint64_t *out);
	enum vmm_err (*sub)(uint64_t addr, uint64_t size, uint64_t *out);
	enum vmm_err (*add_pages)(uint64_t addr, uint64_t count, unsigned int shift, uint64_t *out);
	enum vmm_err (*sub_pages)(uint64_t addr, uint64_t count, unsigned int shift, uint64_t *out);
	enum vmm_err (*distance)(uint64_t low, uint64_t high, uint64_t *size);
	int (*compare)(uint64_t a, uint64_t b);
	bool (*equal)(uint64_t a, uint64_t b);
};

/* A wrapper that returns a value, and one that returns an error and an address. */
#define PLAIN(XX, result, name, parameters, call) \
	static result on_##XX##_##name parameters \
	{                                         \
		return call;                      \
	}
#define CHECKED(XX, name, parameters, call)             \
	static enum vmm_err on_##XX##_##name parameters \
	{                                               \
		vmm_##XX##_t to = vmm_##XX(*out);       \
		enum vmm_err err = call;                \
                                                        \
		*out = to.raw;                          \
		return err;                             \
	}

#define DEFINE_ADDR_TYPE(XX)                                                                       \
	PLAIN(XX, uint64_t, there_and_back, (uint64_t raw), vmm_##XX##_raw(vmm_##XX(raw)))         \
	PLAIN(XX, bool, is_aligned, (uint64_t addr, unsigned int shift),                           \
	      vmm_##XX##_is_aligned(vmm_##XX(addr), shift))                                        \
	PLAIN(XX, uint64_t, align_down, (uint64_t addr, unsigned int shift),                       \
	      vmm_##XX##_align_down(vmm_##XX(addr), shift).raw)                                    \
	PLAIN(XX, uint64_t, offset, (uint64_t addr, unsigned int shift),                           \
	      vmm_##XX##_offset(vmm_##XX(addr), shift))                                            \
	CHECKED(XX, align_up, (uint64_t addr, unsigned int shift, uint64_t *out),                  \
		vmm_##XX##_align_up(vmm_##XX(addr), shift, &to))                                   \
	CHECKED(XX, add, (uint64_t addr, uint64_t size, uint64_t * out),                           \
		vmm_##XX##_add(vmm_##XX(addr), size, &to))                                         \
	CHECKED(XX, sub, (uint64_t addr, uint64_t size, uint64_t * out),                           \
		vmm_##XX##_sub(vmm_##XX(addr), size, &to))                                         \
	CHECKED(XX, add_pages, (uint64_t addr, uint64_t count, unsigned int shift, uint64_t *out), \
		vmm_##XX##_add_pages(vmm_##XX(addr), count, shift, &to))                           \
	CHECKED(XX, sub_pages, (uint64_t addr, uint64_t count, unsigned int shift, uint64_t *out), \
		vmm_##XX##_sub_pages(vmm_##XX(addr), count, shift, &to))                           \
	PLAIN(XX, enum vmm_err, distance, (uint64_t low, uint64_t high, uint64_t * size),          \
	      vmm_##XX##_distance(vmm_##XX(low), vmm_##XX(high), size))                            \
	PLAIN(XX, int, compare, (uint64_t a, uint64_t b),                                          \
	      vmm_##XX##_compare(vmm_##XX(a), vmm_##XX(b)))                                        \
	PLAIN(XX, bool, equal, (uint64_t a, uint64_t b),                                           \
	      vmm_##XX##_equal(vmm_##XX(a), vmm_##XX(b)))                                          \
	static struct addr_type on_##XX = {                                                        \
		on_##XX##_there_and_back,                                                          \
		on_##XX##_is_aligned,                                                              \
		on_##XX##_align_down,                                                              \
		on_##XX##_offset,                                                                  \
		on_##XX##_align_up,                                                                \
		on_##XX##_add,                                                                     \
		on_##XX##_sub,                                                                     \
		on_##XX##_add_pages,                                                               \
		on_##XX##_sub_pages,                                                               \
		on_##XX##_distance,                                                                \
		on_##XX##_compare,                                                                 \
		on_##XX##_equal,                                                                   \
	}

DEFINE_ADDR_TYPE(va);
DEFINE_ADDR_TYPE(pa);

#define SENTINEL        UINT64_C(0x5e5e5e5e5e5e5e5e)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t edges[] = {
	0,
	1,
	2,
	3,
	0xfff,
	0x1000,
	0x1001,
	0x1fff,
	0xffff,
	0x10000,
	UINT64_C(0xffffffff),
	UINT64_C(0x100000000),
	UINT64_C(0x7fffffffffff),
	UINT64_C(0x123456789abcdef0),
	UINT64_C(0x7ffffffffffff000),
	UINT64_C(0x7fffffffffffffff),
	UINT64_C(0x8000000000000000),
	UINT64_C(0x8000000000000001),
	UINT64_C(0xfffffffffffeffff),
	UINT64_C(0xffffffffffff0000),
	UINT64_C(0xfffffffffffff000),
	UINT64_C(0xfffffffffffff001),
	UINT64_MAX - 1,
	UINT64_MAX,
};

static const unsigned int shifts[] = {0, 1, 12, 14, 16, 30, 39, 62, 63, 64, 65, 128, UINT_MAX};

/* Whether a + b needs a 65th bit, by halves. */
static bool sum_overflows(uint64_t a, uint64_t b)
{
	return (a / 2 + b / 2 + (a % 2 + b % 2) / 2) >> 63 != 0;
}

/* count * 2^shift by doubling; false when a bit falls out. */
static bool pages_fit(uint64_t count, unsigned int shift, uint64_t *size)
{
	*size = count;
	for (unsigned int i = 0; i < shift && *size != 0; i++) {
		if (*size >> 63 != 0) {
			return false;
		}
		*size += *size;
	}
	return true;
}

/* The out-parameter by address: it is read after the call that is the first argument. */
static void expect(enum vmm_err err, const uint64_t *got, bool fits, uint64_t want,
		   enum vmm_err error)
{
	assert_int_equal(err, fits ? VMM_OK : error);
	assert_int_equal(*got, fits ? want : SENTINEL);
}

static void a_raw_value_comes_back_as_it_went_in(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		assert_int_equal(type->there_and_back(edges[i]), edges[i]);
	}
}

static void align_down_and_offset_are_quotient_and_remainder(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (unsigned int shift = 0; shift < 64; shift++) {
			uint64_t unit = UINT64_C(1) << shift;

			assert_int_equal(type->offset(edges[i], shift), edges[i] % unit);
			assert_int_equal(type->align_down(edges[i], shift), edges[i] / unit * unit);
			assert_int_equal(type->is_aligned(edges[i], shift), edges[i] % unit == 0);
		}
	}
}

static void align_up_finds_the_next_multiple_or_says_wrap(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (unsigned int shift = 0; shift < 64; shift++) {
			uint64_t unit = UINT64_C(1) << shift;
			uint64_t quotient = edges[i] / unit + (edges[i] % unit != 0 ? 1 : 0);
			uint64_t out = SENTINEL;
			enum vmm_err err = type->align_up(edges[i], shift, &out);

			expect(err, &out, quotient <= UINT64_MAX / unit, quotient * unit,
			       VMM_ERR_WRAP);
		}
	}
}

static void only_zero_is_a_multiple_of_a_unit_larger_than_the_space(void **state)
{
	static const unsigned int large[] = {64, 65, 127, 128, 1000, UINT_MAX};
	const struct addr_type *type = *state;

	for (size_t k = 0; k < COUNT_OF(large); k++) {
		for (size_t i = 0; i < COUNT_OF(edges); i++) {
			uint64_t out = SENTINEL;
			enum vmm_err err = type->align_up(edges[i], large[k], &out);

			assert_int_equal(type->is_aligned(edges[i], large[k]), edges[i] == 0);
			assert_int_equal(type->align_down(edges[i], large[k]), 0);
			assert_int_equal(type->offset(edges[i], large[k]), edges[i]);
			expect(err, &out, edges[i] == 0, 0, VMM_ERR_WRAP);
		}
	}
}

static void a_sum_or_difference_outside_the_space_is_wrap(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (size_t k = 0; k < COUNT_OF(edges); k++) {
			uint64_t a = edges[i];
			uint64_t b = edges[k];
			uint64_t sum = SENTINEL;
			uint64_t difference = SENTINEL;

			expect(type->add(a, b, &sum), &sum, !sum_overflows(a, b), a + b,
			       VMM_ERR_WRAP);
			expect(type->sub(a, b, &difference), &difference, b <= a, a - b,
			       VMM_ERR_WRAP);
		}
	}
}

static void pages_are_added_and_taken_away_like_their_bytes(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (size_t k = 0; k < COUNT_OF(edges); k++) {
			for (size_t s = 0; s < COUNT_OF(shifts); s++) {
				uint64_t a = edges[i];
				uint64_t size;
				bool fit = pages_fit(edges[k], shifts[s], &size);
				uint64_t sum = SENTINEL;
				uint64_t difference = SENTINEL;

				expect(type->add_pages(a, edges[k], shifts[s], &sum), &sum,
				       fit && !sum_overflows(a, size), a + size, VMM_ERR_WRAP);
				expect(type->sub_pages(a, edges[k], shifts[s], &difference),
				       &difference, fit && size <= a, a - size, VMM_ERR_WRAP);
			}
		}
	}
}

static void the_distance_is_what_must_be_added_and_never_negative(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (size_t k = 0; k < COUNT_OF(edges); k++) {
			uint64_t size = SENTINEL;
			enum vmm_err err = type->distance(edges[i], edges[k], &size);

			/* The edges ascend, so their order is that of their indices. */
			expect(err, &size, i <= k, edges[k] - edges[i], VMM_ERR_RANGE);
		}
	}
}

static void addresses_compare_as_unsigned_numbers(void **state)
{
	const struct addr_type *type = *state;

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (size_t k = 0; k < COUNT_OF(edges); k++) {
			int order = type->compare(edges[i], edges[k]);

			assert_int_equal(order < 0, i < k);
			assert_int_equal(order > 0, i > k);
			assert_int_equal(type->equal(edges[i], edges[k]), i == k);
		}
	}
}

static void an_address_may_be_replaced_by_its_own_result(void **state)
{
	vmm_va_t va = VMM_VA_INIT(0x1001);
	vmm_pa_t pa = VMM_PA_INIT(0x1001);

	(void)state;
	assert_int_equal(vmm_va_align_up(va, 12, &va), VMM_OK);
	assert_int_equal(vmm_va_add(va, 0x10, &va), VMM_OK);
	assert_int_equal(vmm_va_sub_pages(va, 1, 12, &va), VMM_OK);
	assert_int_equal(va.raw, 0x1010);
	assert_int_equal(vmm_pa_align_up(pa, 12, &pa), VMM_OK);
	assert_int_equal(vmm_pa_add_pages(pa, 1, 12, &pa), VMM_OK);
	assert_int_equal(vmm_pa_sub(pa, 0x10, &pa), VMM_OK);
	assert_int_equal(pa.raw, 0x2ff0);
}

static void a_pointer_becomes_a_virtual_address_and_back(void **state)
{
	int object = 0;
	vmm_va_t va = vmm_va_from_ptr(&object);

	assert_true(vmm_va_ptr(va) == (void *)&object);
	assert_true(va.raw == (uint64_t)(uintptr_t)&object);
	assert_int_equal(vmm_va_from_ptr(NULL).raw, 0);
	(void)state;
}

#define FOR_BOTH(test)                                  \
	{#test " (va)", test, NULL, NULL, &on_va},      \
	{                                               \
#test " (pa)", test, NULL, NULL, &on_pa \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOR_BOTH(a_raw_value_comes_back_as_it_went_in),
		FOR_BOTH(align_down_and_offset_are_quotient_and_remainder),
		FOR_BOTH(align_up_finds_the_next_multiple_or_says_wrap),
		FOR_BOTH(only_zero_is_a_multiple_of_a_unit_larger_than_the_space),
		FOR_BOTH(a_sum_or_difference_outside_the_space_is_wrap),
		FOR_BOTH(pages_are_added_and_taken_away_like_their_bytes),
		FOR_BOTH(the_distance_is_what_must_be_added_and_never_negative),
		FOR_BOTH(addresses_compare_as_unsigned_numbers),
		cmocka_unit_test(an_address_may_be_replaced_by_its_own_result),
		cmocka_unit_test(a_pointer_becomes_a_virtual_address_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
