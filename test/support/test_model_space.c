/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <vmm/space.h>

#include "test_model_space.h"

#define PAGES_MAX 1200
#define RANGES_MAX 600
#define FREE (-1)

/* All that stored pointers lead to, in one piece, so that it can be moved. */
struct memory {
	struct vmm_space space;
	struct vmm_bin bins[VMM_SPACE_BINS_MAX];
	struct vmm_range ranges[RANGES_MAX];
};

struct model {
	int owner[PAGES_MAX];       /* index of the range, or FREE */
	bool guard[PAGES_MAX];
	unsigned int start[RANGES_MAX]; /* of the usable part, if size is not 0 */
	unsigned int size[RANGES_MAX];  /* usable pages; 0: not reserved */
	struct vmm_guards guards[RANGES_MAX];
	unsigned int page_count;
	unsigned int page_shift;
	uint64_t base;              /* page number of page 0 */
	struct vmm_space_config config;
	struct memory *memory;
	struct memory *other_memory;
	struct test_random *random;
};

/* A request in pages; the same thing as struct vmm_want. */
struct request {
	unsigned int size;
	unsigned int first; /* the window, in pages of the area */
	unsigned int count;
	uint64_t align; /* in pages, a power of two */
	uint64_t offset;
	struct vmm_guards guards;
	enum vmm_fit fit;
};

static struct memory memories[2];
static struct model model;

static unsigned int below(struct model *m, unsigned int bound)
{
	return (unsigned int)test_random_below(m->random, bound);
}

static uint64_t address(const struct model *m, unsigned int page)
{
	return (m->base + page) << m->page_shift;
}

static bool is_free(const struct model *m, unsigned int page)
{
	return page < m->page_count && m->owner[page] == FREE;
}

/* Whether the request can have its first page, which is a guard if it has one, here. */
static bool may_start_at(const struct model *m, const struct request *r, unsigned int page)
{
	unsigned int total = r->size + r->guards.before + r->guards.after;

	if ((m->base + page + r->guards.before) % r->align != r->offset || page < r->first ||
	    page + total > r->first + r->count) {
		return false;
	}
	for (unsigned int i = 0; i < total; i++) {
		if (!is_free(m, page + i)) {
			return false;
		}
	}
	return true;
}

static unsigned int gap_size_around(const struct model *m, unsigned int page)
{
	unsigned int size = 0;

	while (page > 0 && is_free(m, page - 1)) {
		page--;
	}
	while (is_free(m, page + size)) {
		size++;
	}
	return size;
}

/* The page that reserve has to choose as the first usable one; FREE if there is none. */
static int choose(const struct model *m, const struct request *r)
{
	unsigned int best_gap = UINT32_MAX;
	int best = FREE;

	for (unsigned int page = 0; page < m->page_count; page++) {
		unsigned int gap;

		if (!may_start_at(m, r, page)) {
			continue;
		}
		if (r->fit == VMM_FIT_LOWEST && best != FREE) {
			break;
		}
		gap = r->fit == VMM_FIT_BEST ? gap_size_around(m, page) : 0;
		if (r->fit == VMM_FIT_HIGHEST || gap < best_gap) {
			best_gap = gap;
			best = (int)(page + r->guards.before);
		}
	}
	return best;
}

static void fill(struct model *m, unsigned int index, unsigned int start, unsigned int size,
		 struct vmm_guards guards)
{
	m->start[index] = start;
	m->size[index] = size;
	m->guards[index] = guards;
	for (unsigned int page = start - guards.before; page < start + size + guards.after; page++) {
		assert_int_equal(m->owner[page], FREE);
		m->owner[page] = (int)index;
		m->guard[page] = page < start || page >= start + size;
	}
}

static void clear(struct model *m, unsigned int index)
{
	for (unsigned int page = 0; page < m->page_count; page++) {
		if (m->owner[page] == (int)index) {
			m->owner[page] = FREE;
			m->guard[page] = false;
		}
	}
	m->size[index] = 0;
}

static int unused_index(struct model *m)
{
	unsigned int from = below(m, RANGES_MAX);

	for (unsigned int i = 0; i < RANGES_MAX; i++) {
		unsigned int index = (from + i) % RANGES_MAX;

		if (m->size[index] == 0) {
			return (int)index;
		}
	}
	return FREE;
}

static void assert_region(const struct model *m, vmm_va_region_t region, unsigned int page,
			  unsigned int size)
{
	assert_true(vmm_va_raw(vmm_va_region_start(region)) == address(m, page));
	assert_true(vmm_va_region_size(region) == (uint64_t)size << m->page_shift);
}

static struct vmm_guards random_guards(struct model *m)
{
	struct vmm_guards guards = { 0, 0 };

	if (below(m, 3) == 0) {
		guards.before = (uint8_t)below(m, 3);
		guards.after = (uint8_t)below(m, 3);
	}
	return guards;
}

static struct request random_request(struct model *m)
{
	struct request r = { .first = 0, .count = m->page_count, .align = 1, .offset = 0 };

	r.fit = (enum vmm_fit)below(m, 3);
	r.size = 1 + below(m, below(m, 4) == 0 ? 24 : 4);
	r.guards = random_guards(m);
	if (below(m, 3) == 0) {
		r.align = UINT64_C(1) << below(m, 7);
		r.offset = below(m, 2) == 0 ? 0 : below(m, (unsigned int)r.align);
	}
	if (below(m, 3) == 0) {
		r.first = below(m, m->page_count);
		r.count = 1 + below(m, m->page_count - r.first);
	}
	return r;
}

static struct vmm_want want_of(struct model *m, const struct request *r)
{
	struct vmm_want want = { .size = (uint64_t)r->size << m->page_shift };
	uint64_t cut = 0;

	want.fit = r->fit;
	want.guards = r->guards;
	want.align_offset = r->offset << m->page_shift;
	if (r->align > 1) {
		while (UINT64_C(1) << want.align_shift != r->align) {
			want.align_shift++;
		}
		want.align_shift = (uint8_t)(want.align_shift + m->page_shift);
	}
	if (r->count != m->page_count) {
		/* A window with a part of a page at either end is the same as one without. */
		cut = r->first > 0 && below(m, 2) == 0 ? 1 : 0;
		want.window.bytes.start = address(m, r->first) - cut;
		want.window.bytes.size = ((uint64_t)r->count << m->page_shift) + cut;
		if (r->first + r->count < m->page_count && below(m, 2) == 0) {
			want.window.bytes.size += 1 + below(m, (1u << m->page_shift) - 1);
		}
	}
	return want;
}

static void step_reserve(struct model *m)
{
	struct vmm_space *space = &m->memory->space;
	struct request r = random_request(m);
	struct vmm_want want = want_of(m, &r);
	vmm_va_region_t found = vmm_va_region_empty();
	enum vmm_err expected = VMM_OK;
	int index = unused_index(m);
	int page = choose(m, &r);

	if (index == FREE) {
		return;
	}
	expected = page == FREE ? VMM_ERR_NOSPACE : VMM_OK;
	if (below(m, 4) == 0) {
		assert_int_equal(vmm_space_probe(space, &want, &found), expected);
		if (page != FREE) {
			assert_region(m, found, (unsigned int)page, r.size);
		}
	}
	assert_int_equal(vmm_space_reserve(space, &want, &m->memory->ranges[index]), expected);
	if (page == FREE) {
		assert_false(vmm_range_is_reserved(&m->memory->ranges[index]));
		return;
	}
	assert_region(m, vmm_range_region(&m->memory->ranges[index]), (unsigned int)page, r.size);
	fill(m, (unsigned int)index, (unsigned int)page, r.size, r.guards);
}

static void step_reserve_at(struct model *m)
{
	struct vmm_guards guards = random_guards(m);
	unsigned int start = below(m, m->page_count);
	unsigned int size = 1 + below(m, 8);
	vmm_va_region_t where = VMM_VA_REGION_INIT(address(m, start),
						   (uint64_t)size << m->page_shift);
	vmm_va_t conflict = vmm_va(1);
	enum vmm_err expected = VMM_OK;
	uint64_t expected_conflict = 1;
	int index = unused_index(m);

	if (index == FREE || start + size > m->page_count) {
		return;
	}
	if (start < guards.before || start + size + guards.after > m->page_count) {
		expected = VMM_ERR_RANGE;
	} else {
		for (unsigned int page = start + size + guards.after;
		     page > start - guards.before; page--) {
			if (!is_free(m, page - 1)) {
				expected = VMM_ERR_EXISTS;
				expected_conflict = address(m, page - 1);
			}
		}
	}
	assert_int_equal(vmm_space_reserve_at(&m->memory->space, where, &guards,
					      &m->memory->ranges[index], &conflict), expected);
	assert_true(vmm_va_raw(conflict) == expected_conflict);
	if (expected == VMM_OK) {
		fill(m, (unsigned int)index, start, size, guards);
	}
}

static void step_release(struct model *m)
{
	unsigned int index = below(m, RANGES_MAX);

	/* A range that is not reserved is left alone. */
	vmm_space_release(&m->memory->space, &m->memory->ranges[index]);
	assert_false(vmm_range_is_reserved(&m->memory->ranges[index]));
	clear(m, index);
}

static void step_release_at(struct model *m)
{
	unsigned int page = below(m, m->page_count);
	int index = m->owner[page];
	struct vmm_range *released = NULL;
	bool starts = index != FREE && m->start[index] == page;

	assert_int_equal(vmm_space_release_at(&m->memory->space, vmm_va(address(m, page)),
					      &released), starts ? VMM_OK : VMM_ERR_NOENT);
	assert_ptr_equal(released, starts ? &m->memory->ranges[index] : NULL);
	if (starts) {
		clear(m, (unsigned int)index);
	}
}

/* Moves everything to the other memory, which holds garbage, and spoils the old one. */
static void step_move(struct model *m)
{
	struct memory *from = m->memory;
	struct memory *to = m->other_memory;

	memcpy(to, from, sizeof(*to));
	memset(from, 0xa5, sizeof(*from));
	vmm_space_rebase(&to->space, (uint64_t)(uintptr_t)to - (uint64_t)(uintptr_t)from);
	m->memory = to;
	m->other_memory = from;
	m->config.bins = to->bins;
}

static void check_page(struct model *m, unsigned int page)
{
	vmm_va_t va = vmm_va(address(m, page) + below(m, 1u << m->page_shift));
	bool in_guard = false;
	const struct vmm_range *range = vmm_space_find(&m->memory->space, va, &in_guard);
	vmm_va_region_t gap = vmm_space_gap_at(&m->memory->space, va);

	if (is_free(m, page)) {
		assert_null(range);
		assert_true(vmm_va_region_contains(gap, va));
		assert_true(vmm_va_region_size(gap) ==
			    (uint64_t)gap_size_around(m, page) << m->page_shift);
	} else {
		assert_ptr_equal(range, &m->memory->ranges[m->owner[page]]);
		assert_true(in_guard == m->guard[page]);
		assert_true(vmm_va_region_is_empty(gap));
	}
}

static void check_totals(struct model *m)
{
	const struct vmm_space *space = &m->memory->space;
	unsigned int free_count = 0;
	unsigned int largest = 0;
	unsigned int largest_at = 0;
	unsigned int run = 0;
	vmm_va_region_t gap = vmm_space_largest_gap(space);

	for (unsigned int page = 0; page < m->page_count; page++) {
		run = is_free(m, page) ? run + 1 : 0;
		free_count += is_free(m, page);
		if (run > largest) {
			largest = run;
			largest_at = page + 1 - run;
		}
	}
	assert_true(vmm_space_free_size(space) == (uint64_t)free_count << m->page_shift);
	assert_true(vmm_space_used_size(space) ==
		    (uint64_t)(m->page_count - free_count) << m->page_shift);
	if (largest == 0) {
		assert_true(vmm_va_region_is_empty(gap));
	} else {
		assert_region(m, gap, largest_at, largest);
	}
}

/* Both ways through all ranges, page by page. */
static void check_order(struct model *m)
{
	const struct vmm_space *space = &m->memory->space;
	struct vmm_range *range = vmm_space_first(space);
	struct vmm_range *last = NULL;
	unsigned int count = 0;
	unsigned int page = 0;

	while (page < m->page_count) {
		unsigned int index = (unsigned int)m->owner[page];
		unsigned int whole;

		if (is_free(m, page)) {
			page++;
			continue;
		}
		whole = m->size[index] + m->guards[index].before + m->guards[index].after;
		assert_ptr_equal(range, &m->memory->ranges[index]);
		assert_region(m, vmm_range_region(range), m->start[index], m->size[index]);
		assert_region(m, vmm_range_whole(range), page, whole);
		assert_int_equal(vmm_range_guards(range).before, m->guards[index].before);
		assert_int_equal(vmm_range_guards(range).after, m->guards[index].after);
		assert_ptr_equal(vmm_space_prev(space, range), last);
		page += whole;
		count++;
		last = range;
		range = vmm_space_next(space, range);
	}
	assert_null(range);
	assert_ptr_equal(vmm_space_last(space), last);
	assert_true(vmm_space_range_count(space) == count);
}

/* Many equal gaps: every `pitch`-th page is reserved, for searches that find few of them useful. */
static void comb(struct model *m, unsigned int pitch)
{
	static const struct vmm_guards none = { 0, 0 };

	for (unsigned int index = 0; index < RANGES_MAX - 100; index++) {
		unsigned int page = index * pitch;
		vmm_va_region_t where = VMM_VA_REGION_INIT(address(m, page),
							   UINT64_C(1) << m->page_shift);

		if (page >= m->page_count) {
			break;
		}
		assert_int_equal(vmm_space_reserve_at(&m->memory->space, where, NULL,
						      &m->memory->ranges[index], NULL), VMM_OK);
		fill(m, index, page, 1, none);
	}
}

static void step(struct model *m, unsigned int fullness)
{
	unsigned int what = below(m, 100);

	if (what < fullness) {
		step_reserve(m);
	} else if (what < fullness + 8) {
		step_reserve_at(m);
	} else if (what < 92) {
		step_release(m);
	} else if (what < 99) {
		step_release_at(m);
	} else {
		step_move(m);
	}
	assert_int_equal(vmm_space_check(&m->memory->space), VMM_OK);
	check_page(m, below(m, m->page_count));
	check_totals(m);
}

static void set_up(struct model *m)
{
	static const unsigned int page_counts[] = { 1, 20, 90, 400, PAGES_MAX };
	static const uint32_t bin_counts[] = { 0, 1, 5, 64, 100, VMM_SPACE_BINS_MAX };
	static const uint8_t page_shifts[] = { 0, 12, 14, 16, 27 };
	vmm_va_region_t area;
	uint64_t pages_in_all;

	m->memory = &memories[0];
	m->other_memory = &memories[1];
	memset(m->memory, 0, sizeof(*m->memory));
	memset(m->memory->bins, 0xa5, sizeof(m->memory->bins));
	memset(m->size, 0, sizeof(m->size));
	for (unsigned int page = 0; page < PAGES_MAX; page++) {
		m->owner[page] = FREE;
		m->guard[page] = false;
	}
	m->page_count = page_counts[below(m, 5)];
	m->config.bin_count = bin_counts[below(m, 6)];
	m->config.bins = m->config.bin_count != 0 ? m->memory->bins : NULL;
	m->config.exact_gaps = below(m, 2) == 0;
	m->config.page_shift = page_shifts[below(m, 5)];
	m->page_shift = m->config.page_shift != 0 ? m->config.page_shift : 12;
	/* At the bottom, at the top, or somewhere. */
	pages_in_all = UINT64_C(1) << (64 - m->page_shift);
	m->base = below(m, 3) == 0 ? 0 : pages_in_all - m->page_count;
	if (m->base != 0 && below(m, 2) == 0) {
		m->base = test_random_below(m->random, m->base);
	}
	area.bytes.start = address(m, 0);
	area.bytes.size = (uint64_t)m->page_count << m->page_shift;
	assert_int_equal(vmm_space_init(&m->memory->space, area, &m->config), VMM_OK);
	assert_true(vmm_va_region_equal(vmm_space_area(&m->memory->space), area));
}

static void end(struct model *m)
{
	struct vmm_space *space = &m->memory->space;
	const struct vmm_space_config same = {
		.bins = m->config.bin_count != 0 ? m->memory->bins : NULL,
		.bin_count = m->config.bin_count,
		.page_shift = m->config.page_shift,
		.exact_gaps = m->config.exact_gaps,
	};

	assert_int_equal(vmm_space_init(space, vmm_space_area(space), &same), VMM_OK);
	check_order(m);
	vmm_space_fini(space);
	for (unsigned int i = 0; i < RANGES_MAX; i++) {
		assert_false(vmm_range_is_reserved(&m->memory->ranges[i]));
	}
}

void test_model_space_run(struct test_random *random)
{
	struct model *m = &model;

	m->random = random;
	set_up(m);
	if (below(m, 3) == 0) {
		comb(m, 2 + below(m, 4));
	}
	for (unsigned int i = 0; i < 500 && !test_random_is_done(random); i++) {
		/* Filling up, churning when almost full, emptying. */
		step(m, i < 250 ? 75 : i < 400 ? 45 : 15);
		if (i % 16 == 0) {
			check_order(m);
		}
	}
	end(m);
}
