/* SPDX-License-Identifier: MIT */
/*
 * Damage of a space. Every pointer is redirected to every node in turn, every number changed by a
 * page: the check ends, and says so, unless nothing depends on the word.
 */
#include "support/test_area.h"

static void spread_ranges(bool exact)
{
	struct vmm_space_config config = {
		.bins = fixture.bins, .bin_count = 4, .exact_gaps = exact,
	};
	uint64_t page = 1;

	set_up_space(&config);
	for (unsigned int i = 0; i < RANGES - 4; i++) {
		occupy(i, page, 1 + i % 2);
		page += 1 + i % 2 + i % 4;
	}
	assert_in_range(page, PAGES - 20, PAGES);
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
}

static struct vmm_range *node(unsigned int index)
{
	return index < RANGES - 4 ? &fixture.ranges[index] : &fixture.space.head;
}

static void assert_pointer_matters(struct vmm_link_ **pointer)
{
	struct vmm_link_ *saved = *pointer;

	for (unsigned int i = 0; i < 2 * (RANGES - 3) + 1; i++) {
		*pointer = i == 2 * (RANGES - 3) ? NULL :
			   i % 2 == 0 ? &node(i / 2)->by_addr : &node(i / 2)->by_gap;
		assert_int_equal(vmm_space_check(&fixture.space),
				 *pointer == saved ? VMM_OK : VMM_ERR_CORRUPT);
	}
	*pointer = saved;
}

static void assert_link_matters(struct vmm_link_ *link)
{
	uintptr_t saved = link->parent;

	assert_pointer_matters(&link->child[0]);
	assert_pointer_matters(&link->child[1]);
	for (unsigned int i = 0; i < 4 * (RANGES - 3) + 2; i++) {
		struct vmm_link_ *parent = i / 4 == RANGES - 3 ? NULL :
					   i % 4 < 2 ? &node(i / 4)->by_addr :
					   &node(i / 4)->by_gap;

		link->parent = (uintptr_t)parent | (i & 1);
		assert_int_equal(vmm_space_check(&fixture.space),
				 link->parent == saved ? VMM_OK : VMM_ERR_CORRUPT);
	}
	link->parent = saved;
}

static void assert_number_matters(uint64_t *number, uint64_t step)
{
	uint64_t saved = *number;

	*number = saved + step;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
	*number = saved - step;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
	*number = saved;
}

/* To itself, to nobody, to somebody else. */
static void assert_neighbor_matters(struct vmm_range *range, unsigned int side)
{
	int32_t saved = range->beside[side];

	for (int32_t distance = -3; distance <= 3; distance++) {
		range->beside[side] = distance * (int32_t)(sizeof(struct vmm_range) / 8);
		assert_int_equal(vmm_space_check(&fixture.space),
				 range->beside[side] == saved ? VMM_OK : VMM_ERR_CORRUPT);
	}
	range->beside[side] = INT32_MIN;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
	range->beside[side] = saved;
}

/* Two that take each other for neighbors, at a distance at which neither is. */
static void assert_distance_matters(struct vmm_range *before)
{
	struct vmm_range *range = vmm_space_next(&fixture.space, before);
	int32_t saved = before->beside[1];

	if (range != NULL) {
		before->beside[1] = saved + 1;
		range->beside[0] = -before->beside[1];
		assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
		before->beside[1] = saved;
		range->beside[0] = -saved;
	}
}

static void check_notices_damage(bool exact)
{
	spread_ranges(exact);
	for (unsigned int i = 0; i < RANGES - 3; i++) {
		struct vmm_range *range = node(i);

		assert_link_matters(&range->by_addr);
		if (range->gap != 0) {
			assert_link_matters(&range->by_gap);
		}
		assert_number_matters(&range->start, PAGE);
		assert_number_matters(&range->size, PAGE);
		assert_number_matters(&range->gap, PAGE);
		assert_number_matters(&range->gap, 8);
		/* A higher upper bound, below its parent's, is as good. */
		if (exact) {
			assert_number_matters(&range->largest, PAGE);
			assert_number_matters(&range->start, 1);
			continue;
		}
		assert_neighbor_matters(range, 0);
		assert_neighbor_matters(range, 1);
		assert_distance_matters(range);
		if (range->gap != 0) {
			uint64_t start = range->start;

			range->start = (start & ~(PAGE - 1)) | (range->gap / PAGE - 1);
			assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
			range->start = start;
		}
	}
	for (unsigned int i = 0; i < 4; i++) {
		assert_pointer_matters(&fixture.bins[i].root);
		assert_pointer_matters(&fixture.bins[i].lowest);
		fixture.space.bin_map[0] ^= UINT64_C(1) << i;
		assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
		fixture.space.bin_map[0] ^= UINT64_C(1) << i;
	}
	assert_int_equal(vmm_space_check(&fixture.space), VMM_OK);
}

static void check_notices_each_wrong_word_of_a_node_and_a_bin(void **state)
{
	(void)state;
	check_notices_damage(false);
	check_notices_damage(true);
}

static void check_notices_each_wrong_word_of_the_space(void **state)
{
	struct vmm_space *space = &fixture.space;

	(void)state;
	spread_ranges(false);
	assert_pointer_matters(&space->used);
	assert_pointer_matters(&space->large);
	assert_number_matters(&space->area_size, PAGE);
	assert_number_matters(&space->free_size, PAGE);
	assert_number_matters(&space->range_count, 1);
	assert_number_matters(&space->bin_map[0], UINT64_C(1) << 4);
	assert_number_matters(&space->bin_map[3], UINT64_C(1) << 63);
	space->page_shift++;
	assert_int_equal(vmm_space_check(space), VMM_ERR_CORRUPT);
	space->page_shift = 64;
	assert_int_equal(vmm_space_check(space), VMM_ERR_CORRUPT);
	space->page_shift = 12;
	space->bin_count = 2;
	assert_int_equal(vmm_space_check(space), VMM_ERR_CORRUPT);
	space->bin_count = VMM_SPACE_BINS_MAX + 1;
	assert_int_equal(vmm_space_check(space), VMM_ERR_CORRUPT);
	space->bin_count = 4;
	space->bins = NULL;
	assert_int_equal(vmm_space_check(space), VMM_ERR_CORRUPT);
	space->bins = fixture.bins;
	/* Guards that leave nothing usable: 4 bits each, before and after. */
	fixture.ranges[0].size |= 0x11;
	assert_int_equal(vmm_space_check(space), VMM_ERR_CORRUPT);
	fixture.ranges[0].size &= ~UINT64_C(0x11);
	assert_int_equal(vmm_space_check(space), VMM_OK);
}

static void check_notices_a_gap_that_is_filed_twice(void **state)
{
	struct vmm_bin *bin = &fixture.bins[3];

	(void)state;
	spread_ranges(false);
	assert_null(bin->root);
	bin->root = &fixture.ranges[0].by_gap;
	bin->lowest = bin->root;
	fixture.space.bin_map[0] |= UINT64_C(1) << 3;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
}

/* A leaf of the tree of a bin; the bins of 1 to 3 pages have five gaps each. */
static struct vmm_link_ *leaf_of(const struct vmm_bin *bin)
{
	struct vmm_link_ *link = bin->root;

	while (link->child[0] != NULL || link->child[1] != NULL) {
		link = link->child[link->child[1] != NULL];
	}
	return link;
}

static struct vmm_link_ *parent_of(const struct vmm_link_ *link)
{
	return (struct vmm_link_ *)(link->parent & ~(uintptr_t)1);
}

/* Hangs `link` where `old` is a leaf. */
static void replace_leaf(const struct vmm_link_ *old, struct vmm_link_ *link)
{
	struct vmm_link_ *parent = parent_of(old);

	parent->child[parent->child[1] == old] = link;
	*link = *old;
}

static void check_notices_gaps_that_are_filed_under_each_others_size(void **state)
{
	struct vmm_link_ *one;
	struct vmm_link_ *two;
	struct vmm_link_ saved;

	(void)state;
	spread_ranges(false);
	/* The last of the smaller and the first of the larger: both trees stay in order. */
	one = leaf_of(&fixture.bins[0]);
	two = fixture.bins[1].lowest;
	assert_null(two->child[1]);
	saved = *one;
	parent_of(one)->child[parent_of(one)->child[1] == one] = two;
	parent_of(two)->child[parent_of(two)->child[1] == two] = one;
	*one = *two;
	*two = saved;
	fixture.bins[1].lowest = one;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
}

static void check_notices_gaps_that_are_filed_in_the_wrong_order(void **state)
{
	struct vmm_link_ *leaf;
	struct vmm_link_ *parent;
	struct vmm_link_ *beside;

	(void)state;
	spread_ranges(false);
	leaf = leaf_of(&fixture.bins[0]);
	parent = parent_of(leaf);
	beside = parent->child[0];
	parent->child[0] = parent->child[1];
	parent->child[1] = beside;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
}

static void check_notices_a_gap_that_belongs_to_no_range(void **state)
{
	struct vmm_range copy;
	struct vmm_link_ *leaf;
	struct vmm_link_ *unfiled = NULL;

	(void)state;
	spread_ranges(false);
	leaf = leaf_of(&fixture.bins[0]);
	copy = *VMM_CONTAINER_OF(leaf, struct vmm_range, by_gap);
	replace_leaf(leaf, &copy.by_gap);
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
	/* Even if the range that has the gap looks as if it were filed, below one without a gap. */
	for (unsigned int i = 0; i < RANGES - 4; i++) {
		if (fixture.ranges[i].gap == 0) {
			unfiled = &fixture.ranges[i].by_gap;
		}
	}
	assert_non_null(unfiled);
	unfiled->child[0] = leaf;
	leaf->parent = (uintptr_t)unfiled;
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
}

static void check_notices_a_gap_of_another_space(void **state)
{
	static struct fixture other;
	const struct vmm_range *range;
	struct vmm_link_ *leaf;

	(void)state;
	spread_ranges(false);
	other = fixture;
	vmm_space_rebase(&other.space,
			 (uint64_t)(uintptr_t)&other - (uint64_t)(uintptr_t)&fixture);
	assert_int_equal(vmm_space_check(&other.space), VMM_OK);
	leaf = leaf_of(&fixture.bins[0]);
	range = VMM_CONTAINER_OF(leaf, struct vmm_range, by_gap);
	replace_leaf(leaf, &other.ranges[range - fixture.ranges].by_gap);
	assert_int_equal(vmm_space_check(&fixture.space), VMM_ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_notices_each_wrong_word_of_a_node_and_a_bin),
		cmocka_unit_test(check_notices_each_wrong_word_of_the_space),
		cmocka_unit_test(check_notices_a_gap_that_is_filed_twice),
		cmocka_unit_test(check_notices_gaps_that_are_filed_under_each_others_size),
		cmocka_unit_test(check_notices_gaps_that_are_filed_in_the_wrong_order),
		cmocka_unit_test(check_notices_a_gap_that_belongs_to_no_range),
		cmocka_unit_test(check_notices_a_gap_of_another_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
