/* SPDX-License-Identifier: MIT */
/*
 * Regions against sets: every region inside a window of 64 bytes is compared with the 64-bit word
 * that has one bit per byte. The window stands at the start, in the middle and at the very end of
 * the space. Each test runs for virtual and for physical regions, from one list of functions.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vmm/region.h>

/** The functions of one region type, over spans. What one type lacks does not compile. */
struct region_type {
	enum vmm_err (*from)(uint64_t start, uint64_t size, struct vmm_span *out);
	enum vmm_err (*from_pages)(uint64_t start, uint64_t page_count, unsigned int shift,
				   struct vmm_span *out);
	enum vmm_err (*from_last)(uint64_t first, uint64_t last, struct vmm_span *out);
	struct vmm_span (*empty)(void);
	uint64_t (*start)(struct vmm_span s);
	uint64_t (*last)(struct vmm_span s);
	uint64_t (*size)(struct vmm_span s);
	bool (*is_valid)(struct vmm_span s);
	bool (*is_empty)(struct vmm_span s);
	bool (*is_aligned)(struct vmm_span s, unsigned int shift);
	bool (*contains)(struct vmm_span s, uint64_t addr);
	bool (*overlaps)(struct vmm_span a, struct vmm_span b);
	bool (*encloses)(struct vmm_span a, struct vmm_span b);
	bool (*equal)(struct vmm_span a, struct vmm_span b);
	struct vmm_span (*intersect)(struct vmm_span a, struct vmm_span b);
	enum vmm_err (*align_out)(struct vmm_span s, unsigned int shift, struct vmm_span *out);
	enum vmm_err (*split)(struct vmm_span s, uint64_t low_size, struct vmm_span *low,
			      struct vmm_span *high);
	enum vmm_err (*take)(struct vmm_span *rest, uint64_t page_count, unsigned int shift,
			     struct vmm_span *taken);
	uint64_t (*page_count)(struct vmm_span s, unsigned int shift);
	bool (*first_page)(struct vmm_span s, unsigned int shift, uint64_t *page);
	bool (*next_page)(struct vmm_span s, unsigned int shift, uint64_t *page);
};

/*
 * XX is the address type; `skin` puts its region type over a span. PLAIN wraps a function that
 * returns a value, OUT one with a region as its out-parameter, TWO one with two, PAGE one with an
 * address.
 */
#define PLAIN(XX, result, name, parameters, call) \
	static result on_##XX##_##name parameters \
	{                                         \
		return call;                      \
	}
#define OUT(XX, name, parameters, call)                        \
	static enum vmm_err on_##XX##_##name parameters        \
	{                                                      \
		vmm_##XX##_region_t to = on_##XX##_skin(*out); \
		enum vmm_err err = vmm_##XX##_##call;          \
                                                               \
		*out = to.bytes;                               \
		return err;                                    \
	}
#define TWO(XX, name, parameters, one, two, call)                  \
	static enum vmm_err on_##XX##_##name parameters            \
	{                                                          \
		vmm_##XX##_region_t one##_ = on_##XX##_skin(*one); \
		vmm_##XX##_region_t two##_ = on_##XX##_skin(*two); \
		enum vmm_err err = vmm_##XX##_region_##call;       \
                                                                   \
		*one = one##_.bytes;                               \
		*two = two##_.bytes;                               \
		return err;                                        \
	}
#define PAGE(XX, name)                                                                      \
	static bool on_##XX##_##name(struct vmm_span s, unsigned int shift, uint64_t *page) \
	{                                                                                   \
		vmm_##XX##_t to = vmm_##XX(*page);                                          \
		bool more = vmm_##XX##_region_##name(on_##XX##_skin(s), shift, &to);        \
                                                                                            \
		*page = to.raw;                                                             \
		return more;                                                                \
	}

#define DEFINE_REGION_TYPE(XX)                                                                     \
	static vmm_##XX##_region_t on_##XX##_skin(struct vmm_span s)                               \
	{                                                                                          \
		vmm_##XX##_region_t region;                                                        \
                                                                                                   \
		region.bytes = s;                                                                  \
		return region;                                                                     \
	}                                                                                          \
	OUT(XX, from, (uint64_t start, uint64_t size, struct vmm_span * out),                      \
	    region(vmm_##XX(start), size, &to))                                                    \
	OUT(XX, from_pages,                                                                        \
	    (uint64_t start, uint64_t page_count, unsigned int shift, struct vmm_span *out),       \
	    region_from_pages(vmm_##XX(start), page_count, shift, &to))                            \
	OUT(XX, from_last, (uint64_t first, uint64_t last, struct vmm_span * out),                 \
	    region_from_last(vmm_##XX(first), vmm_##XX(last), &to))                                \
	PLAIN(XX, struct vmm_span, empty, (void), vmm_##XX##_region_empty().bytes)                 \
	PLAIN(XX, uint64_t, start, (struct vmm_span s),                                            \
	      vmm_##XX##_region_start(on_##XX##_skin(s)).raw)                                      \
	PLAIN(XX, uint64_t, last, (struct vmm_span s),                                             \
	      vmm_##XX##_region_last(on_##XX##_skin(s)).raw)                                       \
	PLAIN(XX, uint64_t, size, (struct vmm_span s), vmm_##XX##_region_size(on_##XX##_skin(s)))  \
	PLAIN(XX, bool, is_valid, (struct vmm_span s),                                             \
	      vmm_##XX##_region_is_valid(on_##XX##_skin(s)))                                       \
	PLAIN(XX, bool, is_empty, (struct vmm_span s),                                             \
	      vmm_##XX##_region_is_empty(on_##XX##_skin(s)))                                       \
	PLAIN(XX, bool, is_aligned, (struct vmm_span s, unsigned int shift),                       \
	      vmm_##XX##_region_is_aligned(on_##XX##_skin(s), shift))                              \
	PLAIN(XX, bool, contains, (struct vmm_span s, uint64_t addr),                              \
	      vmm_##XX##_region_contains(on_##XX##_skin(s), vmm_##XX(addr)))                       \
	PLAIN(XX, bool, overlaps, (struct vmm_span a, struct vmm_span b),                          \
	      vmm_##XX##_region_overlaps(on_##XX##_skin(a), on_##XX##_skin(b)))                    \
	PLAIN(XX, bool, encloses, (struct vmm_span a, struct vmm_span b),                          \
	      vmm_##XX##_region_encloses(on_##XX##_skin(a), on_##XX##_skin(b)))                    \
	PLAIN(XX, bool, equal, (struct vmm_span a, struct vmm_span b),                             \
	      vmm_##XX##_region_equal(on_##XX##_skin(a), on_##XX##_skin(b)))                       \
	PLAIN(XX, struct vmm_span, intersect, (struct vmm_span a, struct vmm_span b),              \
	      vmm_##XX##_region_intersect(on_##XX##_skin(a), on_##XX##_skin(b)).bytes)             \
	OUT(XX, align_out, (struct vmm_span s, unsigned int shift, struct vmm_span *out),          \
	    region_align_out(on_##XX##_skin(s), shift, &to))                                       \
	TWO(XX, split,                                                                             \
	    (struct vmm_span s, uint64_t low_size, struct vmm_span * low, struct vmm_span * high), \
	    low, high, split(on_##XX##_skin(s), low_size, &low_, &high_))                          \
	TWO(XX, take,                                                                              \
	    (struct vmm_span * rest, uint64_t count, unsigned int shift, struct vmm_span *taken),  \
	    rest, taken, take(&rest_, count, shift, &taken_))                                      \
	PLAIN(XX, uint64_t, page_count, (struct vmm_span s, unsigned int shift),                   \
	      vmm_##XX##_region_page_count(on_##XX##_skin(s), shift))                              \
	PAGE(XX, first_page)                                                                       \
	PAGE(XX, next_page)                                                                        \
	static struct region_type on_##XX = {                                                      \
		on_##XX##_from,       on_##XX##_from_pages, on_##XX##_from_last,                   \
		on_##XX##_empty,      on_##XX##_start,      on_##XX##_last,                        \
		on_##XX##_size,       on_##XX##_is_valid,   on_##XX##_is_empty,                    \
		on_##XX##_is_aligned, on_##XX##_contains,   on_##XX##_overlaps,                    \
		on_##XX##_encloses,   on_##XX##_equal,      on_##XX##_intersect,                   \
		on_##XX##_align_out,  on_##XX##_split,      on_##XX##_take,                        \
		on_##XX##_page_count, on_##XX##_first_page, on_##XX##_next_page,                   \
	}

DEFINE_REGION_TYPE(va);
DEFINE_REGION_TYPE(pa);

#define WINDOW_SIZE 64
#define SENTINEL    UINT64_C(0x5e5e5e5e5e5e5e5e)

/* Multiples of the window's size, so that alignment is the same at each. */
static const uint64_t windows[] = {0, UINT64_C(0x7fffffffffffffc0), UINT64_MAX - 63};

/** Every region of one window, each with the set of its bytes. */
struct model {
	uint64_t base;
	unsigned int count;
	struct {
		struct vmm_span span;
		uint64_t set;
	} of[WINDOW_SIZE * (WINDOW_SIZE + 3) / 2];
};

static struct model model;

static uint64_t set_of(unsigned int start, unsigned int size)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < size; i++) {
		set |= UINT64_C(1) << (start + i);
	}
	return set;
}

/** The same for what the library gave back; anything outside the window fails the test. */
static uint64_t set_of_span(struct vmm_span span)
{
	if (span.size == 0) {
		return 0;
	}
	if (span.start < model.base || span.start - model.base >= WINDOW_SIZE ||
	    span.size > WINDOW_SIZE - (span.start - model.base)) {
		fail_msg("0x%llx bytes at 0x%llx are outside the window",
			 (unsigned long long)span.size, (unsigned long long)span.start);
	}
	return set_of((unsigned int)(span.start - model.base), (unsigned int)span.size);
}

static void build_model(const struct region_type *type, uint64_t base)
{
	model.base = base;
	model.count = 0;
	for (unsigned int start = 0; start < WINDOW_SIZE; start++) {
		for (unsigned int size = 0; size <= WINDOW_SIZE - start; size++) {
			struct vmm_span span = {SENTINEL, SENTINEL};

			assert_int_equal(type->from(base + start, size, &span), VMM_OK);
			model.of[model.count].span = span;
			model.of[model.count].set = set_of(start, size);
			model.count++;
		}
	}
	assert_int_equal(model.count, WINDOW_SIZE * (WINDOW_SIZE + 3) / 2);
}

static bool is_sentinel(struct vmm_span span)
{
	return span.start == SENTINEL && span.size == SENTINEL;
}

/** Runs `check` on every region of every window. */
static void for_each_region(const struct region_type *type,
			    void (*check)(const struct region_type *type, struct vmm_span span,
					  uint64_t set))
{
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		build_model(type, windows[w]);
		for (unsigned int i = 0; i < model.count; i++) {
			check(type, model.of[i].span, model.of[i].set);
		}
	}
}

static void check_bytes(const struct region_type *type, struct vmm_span span, uint64_t set)
{
	uint64_t size = 0;
	uint64_t last = span.start;

	for (unsigned int i = 0; i < WINDOW_SIZE; i++) {
		bool in = (set >> i & 1) != 0;

		assert_int_equal(type->contains(span, model.base + i), in);
		size += in;
		last = in ? model.base + i : last;
	}
	assert_false(type->contains(span, model.base - 1));
	assert_false(type->contains(span, model.base + WINDOW_SIZE));
	assert_false(type->contains(span, model.base ^ UINT64_C(0x1000000000000000)));
	assert_int_equal(type->start(span), span.start);
	assert_int_equal(type->size(span), size);
	assert_int_equal(type->last(span), last);
	assert_int_equal(type->is_empty(span), set == 0);
	assert_true(type->is_valid(span));
}

static void a_region_has_exactly_its_bytes(void **state)
{
	for_each_region(*state, check_bytes);
}

static void check_pairs(const struct region_type *type, struct vmm_span a, uint64_t a_set)
{
	for (unsigned int i = 0; i < model.count; i++) {
		struct vmm_span b = model.of[i].span;
		uint64_t b_set = model.of[i].set;
		struct vmm_span both = type->intersect(a, b);

		if (type->overlaps(a, b) != ((a_set & b_set) != 0) ||
		    type->encloses(a, b) != ((b_set & ~a_set) == 0) ||
		    type->equal(a, b) != (a_set == b_set) || set_of_span(both) != (a_set & b_set) ||
		    (both.size == 0 && both.start != 0)) {
			fail_msg("wrong about sets 0x%llx and 0x%llx", (unsigned long long)a_set,
				 (unsigned long long)b_set);
		}
	}
}

static void pairs_of_regions_relate_as_sets_of_bytes_do(void **state)
{
	for_each_region(*state, check_pairs);
}

static void check_split(const struct region_type *type, struct vmm_span span, uint64_t set)
{
	for (uint64_t low_size = 0; low_size <= WINDOW_SIZE + 2; low_size++) {
		struct vmm_span low = {SENTINEL, SENTINEL};
		struct vmm_span high = {SENTINEL, SENTINEL};
		enum vmm_err err = type->split(span, low_size, &low, &high);

		if (low_size > span.size) {
			assert_int_equal(err, VMM_ERR_RANGE);
			assert_true(is_sentinel(low) && is_sentinel(high));
			continue;
		}
		assert_int_equal(err, VMM_OK);
		assert_int_equal(low.size, low_size);
		assert_int_equal(set_of_span(low) & set_of_span(high), 0);
		assert_true((set_of_span(low) | set_of_span(high)) == set);
		assert_true(low.size == 0 ? low.start == 0 : low.start == span.start);
		assert_true(high.size != 0 || high.start == 0);
	}
}

static void split_leaves_every_byte_in_one_of_two_parts(void **state)
{
	for_each_region(*state, check_split);
}

static void check_take(const struct region_type *type, struct vmm_span span, uint64_t set)
{
	for (unsigned int shift = 0; shift <= 7; shift++) {
		for (uint64_t count = 0; count <= WINDOW_SIZE + 1; count++) {
			struct vmm_span rest = span;
			struct vmm_span taken = {SENTINEL, SENTINEL};
			enum vmm_err err = type->take(&rest, count, shift, &taken);
			enum vmm_err want = span.start % (UINT64_C(1) << shift) != 0 ? VMM_ERR_ALIGN
					    : count << shift > span.size             ? VMM_ERR_RANGE
										     : VMM_OK;

			assert_int_equal(err, want);
			if (err != VMM_OK) {
				assert_true(is_sentinel(taken));
				assert_true(rest.start == span.start && rest.size == span.size);
				continue;
			}
			assert_int_equal(taken.size, count << shift);
			assert_true((set_of_span(taken) | set_of_span(rest)) == set);
			assert_int_equal(set_of_span(taken) & set_of_span(rest), 0);
			assert_true(taken.size == 0 || taken.start == span.start);
		}
	}
}

static void take_hands_out_the_lowest_whole_pages(void **state)
{
	for_each_region(*state, check_take);
}

static void check_pages(const struct region_type *type, struct vmm_span span, uint64_t set)
{
	for (unsigned int shift = 0; shift <= 6; shift++) {
		unsigned int unit = 1u << shift;
		uint64_t page = SENTINEL;
		bool more = type->first_page(span, shift, &page);
		uint64_t pages = 0;
		uint64_t cover = 0;
		struct vmm_span out = {SENTINEL, SENTINEL};

		for (unsigned int at = 0; at < WINDOW_SIZE; at += unit) {
			if ((set & set_of(at, unit)) == 0) {
				continue;
			}
			assert_true(more);
			assert_int_equal(page, model.base + at);
			pages++;
			cover |= set_of(at, unit);
			more = type->next_page(span, shift, &page);
		}
		assert_false(more);
		assert_true(pages != 0 || page == SENTINEL);
		assert_false(type->next_page(span, shift, &page));
		assert_int_equal(type->page_count(span, shift), pages);
		assert_int_equal(type->align_out(span, shift, &out), VMM_OK);
		assert_true(set_of_span(out) == cover);
		assert_true(out.size != 0 || out.start == 0);
		assert_int_equal(type->is_aligned(span, shift),
				 span.start % unit == 0 && span.size % unit == 0);
	}
}

static void the_pages_of_a_region_are_those_with_one_of_its_bytes(void **state)
{
	for_each_region(*state, check_pages);
}

static void check_last(const struct region_type *type, struct vmm_span span, uint64_t set)
{
	struct vmm_span out = {SENTINEL, SENTINEL};

	if (set == 0) {
		return;
	}
	assert_int_equal(type->from_last(type->start(span), type->last(span), &out), VMM_OK);
	assert_true(type->equal(out, span));
	if (span.size > 1) {
		struct vmm_span none = {SENTINEL, SENTINEL};

		assert_int_equal(type->from_last(type->last(span), type->start(span), &none),
				 VMM_ERR_RANGE);
		assert_true(is_sentinel(none));
	}
}

static void first_and_last_byte_make_the_same_region(void **state)
{
	for_each_region(*state, check_last);
}

static void a_region_past_the_last_byte_is_refused(void **state)
{
	const struct region_type *type = *state;

	for (uint64_t below = 1; below <= WINDOW_SIZE; below++) {
		for (uint64_t size = 0; size <= 2 * WINDOW_SIZE; size++) {
			/* `below` bytes are left from here to the end of the space. */
			uint64_t start = UINT64_MAX - below + 1;
			struct vmm_span out = {SENTINEL, SENTINEL};
			struct vmm_span by_hand = {start, size};
			enum vmm_err err = type->from(start, size, &out);

			assert_int_equal(err, size <= below ? VMM_OK : VMM_ERR_WRAP);
			assert_true(err == VMM_OK || is_sentinel(out));
			assert_int_equal(type->is_valid(by_hand), size <= below);
		}
	}
}

static void the_largest_region_is_one_byte_less_than_the_space(void **state)
{
	const struct region_type *type = *state;
	struct vmm_span out = {SENTINEL, SENTINEL};

	assert_int_equal(type->from_last(0, UINT64_MAX, &out), VMM_ERR_WRAP);
	assert_int_equal(type->from(1, UINT64_MAX, &out), VMM_OK);
	assert_int_equal(type->last(out), UINT64_MAX);
	assert_false(type->contains(out, 0));
	assert_true(type->contains(out, UINT64_MAX));
	assert_int_equal(type->page_count(out, 0), UINT64_MAX);
	assert_int_equal(type->page_count(out, 12), UINT64_C(1) << 52);
	assert_int_equal(type->page_count(out, 63), 2);
	assert_int_equal(type->page_count(out, 64), 1);
	assert_int_equal(type->align_out(out, 12, &out), VMM_ERR_WRAP);
	assert_int_equal(out.start, 1);
	assert_int_equal(type->from_last(0, UINT64_MAX - 1, &out), VMM_OK);
	assert_int_equal(out.size, UINT64_MAX);
	assert_int_equal(type->from_last(1, UINT64_MAX - 1, &out), VMM_OK);
	assert_int_equal(out.size, UINT64_MAX - 1);
}

static void the_last_page_of_the_space_is_a_page_like_any_other(void **state)
{
	const struct region_type *type = *state;
	uint64_t top = UINT64_C(0xfffffffffffff000);
	struct vmm_span out = {SENTINEL, SENTINEL};
	struct vmm_span taken = {SENTINEL, SENTINEL};
	uint64_t page = SENTINEL;

	assert_int_equal(type->from_pages(top - 0x1000, 2, 12, &out), VMM_OK);
	assert_int_equal(type->last(out), UINT64_MAX);
	assert_true(type->first_page(out, 12, &page));
	assert_int_equal(page, top - 0x1000);
	assert_true(type->next_page(out, 12, &page));
	assert_int_equal(page, top);
	assert_false(type->next_page(out, 12, &page));
	assert_int_equal(page, top);
	assert_int_equal(type->take(&out, 1, 12, &taken), VMM_OK);
	assert_int_equal(out.start, top);
	assert_int_equal(type->take(&out, 1, 12, &taken), VMM_OK);
	assert_int_equal(taken.start, top);
	assert_true(type->is_empty(out));
	assert_int_equal(out.start, 0);
}

static void pages_that_start_unaligned_or_do_not_fit_are_refused(void **state)
{
	const struct region_type *type = *state;
	struct vmm_span out = {SENTINEL, SENTINEL};

	assert_int_equal(type->from_pages(0x1800, 1, 12, &out), VMM_ERR_ALIGN);
	assert_int_equal(type->from_pages(UINT64_C(0xfffffffffffff000), 2, 12, &out), VMM_ERR_WRAP);
	assert_int_equal(type->from_pages(0, UINT64_C(1) << 52, 12, &out), VMM_ERR_WRAP);
	assert_int_equal(type->from_pages(0, 1, 64, &out), VMM_ERR_WRAP);
	assert_int_equal(type->from_pages(0, UINT64_MAX, 12, &out), VMM_ERR_WRAP);
	assert_true(is_sentinel(out));
	assert_int_equal(type->from_pages(0x2000, 3, 12, &out), VMM_OK);
	assert_int_equal(out.start, 0x2000);
	assert_int_equal(out.size, 0x3000);
	assert_int_equal(type->from_pages(0x4000, 0, 12, &out), VMM_OK);
	assert_true(type->is_empty(out));
	assert_int_equal(type->start(out), 0x4000);
}

static void more_pages_than_the_space_has_are_out_of_range_to_take(void **state)
{
	const struct region_type *type = *state;
	struct vmm_span rest = {0, 0x10000};
	struct vmm_span taken = {SENTINEL, SENTINEL};

	/* 2^52 pages are 2^64 bytes: shifted carelessly, none. */
	assert_int_equal(type->take(&rest, UINT64_C(1) << 52, 12, &taken), VMM_ERR_RANGE);
	assert_int_equal(type->take(&rest, 1, 64, &taken), VMM_ERR_RANGE);
	assert_int_equal(type->take(&rest, UINT64_MAX, 63, &taken), VMM_ERR_RANGE);
	assert_true(is_sentinel(taken));
	assert_int_equal(rest.size, 0x10000);
}

static void a_unit_larger_than_the_space_is_one_page(void **state)
{
	const struct region_type *type = *state;
	struct vmm_span span = {0x1000, 0x1000};
	struct vmm_span out = {SENTINEL, SENTINEL};
	uint64_t page = SENTINEL;

	assert_int_equal(type->page_count(span, 64), 1);
	assert_int_equal(type->page_count(span, 4000000000u), 1);
	assert_true(type->first_page(span, 64, &page));
	assert_int_equal(page, 0);
	assert_false(type->next_page(span, 64, &page));
	assert_false(type->is_aligned(span, 64));
	assert_int_equal(type->align_out(span, 64, &out), VMM_ERR_WRAP);
	assert_int_equal(type->align_out(span, 63, &out), VMM_OK);
	assert_int_equal(out.size, UINT64_C(1) << 63);
}

static void an_empty_region_is_a_zeroed_one(void **state)
{
	const struct region_type *type = *state;
	struct vmm_span empty = type->empty();

	assert_int_equal(empty.start, 0);
	assert_int_equal(empty.size, 0);
	assert_true(type->is_empty(empty));
}

static void static_regions_are_checked_at_compile_time(void **state)
{
	static const vmm_va_region_t high =
		VMM_VA_REGION_INIT(UINT64_C(0xffffffc000000000), UINT64_C(0x4000000000));
	static const vmm_pa_region_t low = VMM_PA_REGION_INIT(0x80000000, 0x1000);

	VMM_STATIC_ASSERT(VMM_REGION_FITS(UINT64_C(0xffffffc000000000), UINT64_C(0x4000000000)),
			  "the upper 256 GiB");
	VMM_STATIC_ASSERT(!VMM_REGION_FITS(UINT64_C(0xffffffc000000000), UINT64_C(0x4000000001)),
			  "one byte more");
	VMM_STATIC_ASSERT(VMM_REGION_FITS(UINT64_MAX, 0), "an empty region fits everywhere");
	(void)state;
	assert_true(vmm_va_region_is_valid(high));
	assert_int_equal(vmm_va_region_last(high).raw, UINT64_MAX);
	assert_int_equal(vmm_pa_region_last(low).raw, 0x80000fff);
}

#define FOR_BOTH(test)                                  \
	{#test " (va)", test, NULL, NULL, &on_va},      \
	{                                               \
#test " (pa)", test, NULL, NULL, &on_pa \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOR_BOTH(a_region_has_exactly_its_bytes),
		FOR_BOTH(pairs_of_regions_relate_as_sets_of_bytes_do),
		FOR_BOTH(split_leaves_every_byte_in_one_of_two_parts),
		FOR_BOTH(take_hands_out_the_lowest_whole_pages),
		FOR_BOTH(the_pages_of_a_region_are_those_with_one_of_its_bytes),
		FOR_BOTH(first_and_last_byte_make_the_same_region),
		FOR_BOTH(a_region_past_the_last_byte_is_refused),
		FOR_BOTH(the_largest_region_is_one_byte_less_than_the_space),
		FOR_BOTH(the_last_page_of_the_space_is_a_page_like_any_other),
		FOR_BOTH(pages_that_start_unaligned_or_do_not_fit_are_refused),
		FOR_BOTH(more_pages_than_the_space_has_are_out_of_range_to_take),
		FOR_BOTH(a_unit_larger_than_the_space_is_one_page),
		FOR_BOTH(an_empty_region_is_a_zeroed_one),
		cmocka_unit_test(static_regions_are_checked_at_compile_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
