/* SPDX-License-Identifier: MIT */
/*
 * The red-black tree: every shape that insertions of seven keys make, taken apart in every order,
 * with a summary per subtree kept through the hooks; and every kind of damage to a walk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rb.h"

#define KEYS 7
#define ORDERS 5040 /* 7! */

struct item {
	struct vmm_link_ link;
	unsigned int key;
	unsigned int count; /* nodes in this subtree: the summary */
};

static struct item *item_of(struct vmm_link_ *link)
{
	return VMM_CONTAINER_OF(link, struct item, link);
}

static unsigned int count_of(struct vmm_link_ *link)
{
	return link != NULL ? item_of(link)->count : 0;
}

static unsigned int sum_of(struct vmm_link_ *link)
{
	return 1 + count_of(link->child[0]) + count_of(link->child[1]);
}

static void count_rotated(struct vmm_link_ *riser, struct vmm_link_ *sinker, bool flag)
{
	assert_true(flag);
	item_of(riser)->count = item_of(sinker)->count;
	item_of(sinker)->count = sum_of(sinker);
}

static void count_replaced(struct vmm_link_ *heir, const struct vmm_link_ *gone,
			   struct vmm_link_ *from, bool flag)
{
	assert_true(flag);
	for (; from != heir; from = vmm_rb_parent_(from)) {
		item_of(from)->count--;
	}
	item_of(heir)->count = VMM_CONTAINER_OF_CONST(gone, struct item, link)->count - 1;
}

static const struct vmm_rb_hooks_ count_hooks = {
	.rotated = count_rotated,
	.replaced = count_replaced,
};

static void insert(struct vmm_link_ **root, struct item *item)
{
	struct vmm_link_ *parent = NULL;
	struct vmm_link_ *link = *root;
	unsigned int side = 0;

	while (link != NULL) {
		item_of(link)->count++;
		side = item_of(link)->key < item->key;
		parent = link;
		link = link->child[side];
	}
	item->count = 1;
	vmm_rb_insert_(root, parent, side, &item->link, &count_hooks, true);
}

static void erase(struct vmm_link_ **root, struct item *item)
{
	struct vmm_link_ *above = vmm_rb_parent_(&item->link);

	for (; above != NULL; above = vmm_rb_parent_(above)) {
		item_of(above)->count--;
	}
	vmm_rb_erase_(root, &item->link, &count_hooks, true);
}

/* Returns the number of black nodes on each way down, after checking everything below `link`. */
static unsigned int check_subtree(struct vmm_link_ *link, const struct vmm_link_ *parent,
				  unsigned int *next_key, uint64_t present)
{
	unsigned int black;

	if (link == NULL) {
		return 0;
	}
	assert_ptr_equal(vmm_rb_parent_(link), parent);
	assert_false(vmm_rb_is_red_(link) && (parent == NULL || vmm_rb_is_red_(parent)));
	assert_int_equal(item_of(link)->count, sum_of(link));
	black = check_subtree(link->child[0], link, next_key, present);
	while ((present >> *next_key & 1) == 0) {
		++*next_key;
	}
	assert_int_equal(item_of(link)->key, *next_key);
	++*next_key;
	assert_int_equal(check_subtree(link->child[1], link, next_key, present), black);
	return black + !vmm_rb_is_red_(link);
}

static void check_tree(struct vmm_link_ *root, uint64_t present)
{
	struct vmm_rb_walk_ walk;
	struct vmm_link_ *link;
	unsigned int next_key = 0;
	unsigned int count = 0;

	check_subtree(root, NULL, &next_key, present);
	assert_int_equal(present >> next_key, 0);
	for (link = vmm_rb_walk_first_(&walk, root, KEYS); link != NULL;
	     link = vmm_rb_walk_next_(&walk)) {
		count++;
	}
	assert_false(walk.corrupt);
	assert_int_equal(count, count_of(root));
}

/* The order with this number: order[i] is the i-th key. */
static void make_order(unsigned int number, unsigned int order[KEYS])
{
	unsigned int keys[KEYS];

	for (unsigned int i = 0; i < KEYS; i++) {
		keys[i] = i;
	}
	for (unsigned int i = 0; i < KEYS; i++) {
		unsigned int left = KEYS - i;
		unsigned int pick = number % left;

		number /= left;
		order[i] = keys[pick];
		keys[pick] = keys[left - 1];
	}
}

/* Two bits per place, breadth first: absent, red or black. Places below depth 4 do not occur. */
static uint64_t shape_of(struct vmm_link_ *root)
{
	struct vmm_link_ *places[32] = { NULL, root };
	uint64_t shape = 0;

	for (unsigned int i = 1; i < 32; i++) {
		if (places[i] == NULL) {
			continue;
		}
		shape |= (uint64_t)(vmm_rb_is_red_(places[i]) ? 2 : 1) << (2 * i);
		if (i < 16) {
			places[2 * i] = places[i]->child[0];
			places[2 * i + 1] = places[i]->child[1];
		}
	}
	return shape;
}

static struct vmm_link_ *build(struct item items[KEYS], unsigned int order_number, bool check)
{
	unsigned int order[KEYS];
	unsigned int present = 0;
	struct vmm_link_ *root = NULL;

	make_order(order_number, order);
	for (unsigned int i = 0; i < KEYS; i++) {
		items[order[i]].key = order[i];
		insert(&root, &items[order[i]]);
		present |= 1u << order[i];
		if (check) {
			check_tree(root, present);
		}
	}
	return root;
}

static void take_apart_in_every_order(unsigned int built_as)
{
	for (unsigned int number = 0; number < ORDERS; number++) {
		struct item items[KEYS];
		struct vmm_link_ *root = build(items, built_as, false);
		unsigned int order[KEYS];
		unsigned int present = (1u << KEYS) - 1;

		make_order(number, order);
		for (unsigned int i = 0; i < KEYS; i++) {
			erase(&root, &items[order[i]]);
			present &= ~(1u << order[i]);
			check_tree(root, present);
		}
		assert_null(root);
	}
}

static void every_insertion_and_deletion_order_of_seven_keys_keeps_the_tree(void **state)
{
	uint64_t shapes[64];
	unsigned int shape_count = 0;

	(void)state;
	for (unsigned int number = 0; number < ORDERS; number++) {
		struct item items[KEYS];
		uint64_t shape = shape_of(build(items, number, true));
		unsigned int i = 0;

		while (i < shape_count && shapes[i] != shape) {
			i++;
		}
		if (i == shape_count) {
			assert_in_range(shape_count, 0, 63);
			shapes[shape_count++] = shape;
			take_apart_in_every_order(number);
		}
	}
	assert_in_range(shape_count, 8, 63);
}

static void neighbors_are_found_in_both_directions(void **state)
{
	struct item items[KEYS];
	struct vmm_link_ *root = build(items, 1234, false);

	(void)state;
	assert_ptr_equal(vmm_rb_outermost_(root, 0), &items[0].link);
	assert_ptr_equal(vmm_rb_outermost_(root, 1), &items[KEYS - 1].link);
	for (unsigned int i = 0; i < KEYS; i++) {
		assert_ptr_equal(vmm_rb_beside_(&items[i].link, 0), i > 0 ? &items[i - 1].link : NULL);
		assert_ptr_equal(vmm_rb_beside_(&items[i].link, 1),
				 i < KEYS - 1 ? &items[i + 1].link : NULL);
	}
}

static bool walk_finds_damage(struct vmm_link_ *root)
{
	struct vmm_rb_walk_ walk;
	struct vmm_link_ *link = vmm_rb_walk_first_(&walk, root, KEYS);
	unsigned int steps = 0;

	for (; link != NULL; link = vmm_rb_walk_next_(&walk)) {
		steps++;
		assert_in_range(steps, 1, 2 * KEYS);
	}
	/* A subtree that is gone leaves a tree in which only the count is wrong. */
	return walk.corrupt || steps != KEYS;
}

static void a_walk_notices_each_flipped_color(void **state)
{
	(void)state;
	for (unsigned int number = 0; number < ORDERS; number += 7) {
		struct item items[KEYS];
		struct vmm_link_ *root = build(items, number, false);

		assert_false(walk_finds_damage(root));
		for (unsigned int i = 0; i < KEYS; i++) {
			items[i].link.parent ^= VMM_RB_RED_;
			assert_true(walk_finds_damage(root));
			items[i].link.parent ^= VMM_RB_RED_;
		}
	}
}

static void a_walk_ends_and_notices_each_link_to_the_wrong_node(void **state)
{
	(void)state;
	for (unsigned int number = 0; number < ORDERS; number += 35) {
		struct item items[KEYS];
		struct vmm_link_ *root = build(items, number, false);

		for (unsigned int i = 0; i < KEYS * 3 * (KEYS + 1); i++) {
			struct vmm_link_ *link = &items[i % KEYS].link;
			unsigned int field = i / KEYS % 3;
			unsigned int target = i / KEYS / 3;
			struct vmm_link_ *wrong = target < KEYS ? &items[target].link : NULL;
			struct vmm_link_ saved = *link;

			if (field == 2) {
				vmm_rb_set_parent_(link, wrong);
			} else {
				link->child[field] = wrong;
			}
			if (link->child[0] != saved.child[0] || link->child[1] != saved.child[1] ||
			    link->parent != saved.parent) {
				assert_true(walk_finds_damage(root));
			}
			*link = saved;
		}
	}
}

/* A way that ends at the missing child of the one has fewer black nodes than those of the other. */
static void a_walk_notices_a_missing_child_beside_a_black_one(void **state)
{
	(void)state;
	for (unsigned int side = 0; side < 2; side++) {
		struct vmm_link_ root = { { NULL, NULL }, 0 };
		struct vmm_link_ child = { { NULL, NULL }, (uintptr_t)&root };
		struct vmm_rb_walk_ walk;
		struct vmm_link_ *link;

		root.child[side] = &child;
		for (link = vmm_rb_walk_first_(&walk, &root, 2); link != NULL;
		     link = vmm_rb_walk_next_(&walk)) {
		}
		assert_true(walk.corrupt);
		vmm_rb_paint_red_(&child);
		for (link = vmm_rb_walk_first_(&walk, &root, 2); link != NULL;
		     link = vmm_rb_walk_next_(&walk)) {
		}
		assert_false(walk.corrupt);
	}
}

static void a_tree_with_more_nodes_than_the_limit_is_damage(void **state)
{
	struct item items[KEYS];
	struct vmm_link_ *root = build(items, 0, false);
	struct vmm_rb_walk_ walk;
	struct vmm_link_ *link;

	(void)state;
	for (link = vmm_rb_walk_first_(&walk, root, KEYS - 1); link != NULL;
	     link = vmm_rb_walk_next_(&walk)) {
	}
	assert_true(walk.corrupt);
}

static void a_link_is_hung_only_where_its_parent_says_so(void **state)
{
	struct item items[KEYS];
	struct item other = { .link = { { NULL, NULL }, 0 } };
	struct vmm_link_ *root = build(items, 42, false);

	(void)state;
	for (unsigned int i = 0; i < KEYS; i++) {
		assert_true(vmm_rb_is_hung_(root, &items[i].link));
	}
	assert_false(vmm_rb_is_hung_(root, &other.link));
	vmm_rb_set_parent_(&other.link, root);
	assert_false(vmm_rb_is_hung_(root, &other.link));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_insertion_and_deletion_order_of_seven_keys_keeps_the_tree),
		cmocka_unit_test(neighbors_are_found_in_both_directions),
		cmocka_unit_test(a_walk_notices_each_flipped_color),
		cmocka_unit_test(a_walk_ends_and_notices_each_link_to_the_wrong_node),
		cmocka_unit_test(a_walk_notices_a_missing_child_beside_a_black_one),
		cmocka_unit_test(a_tree_with_more_nodes_than_the_limit_is_damage),
		cmocka_unit_test(a_link_is_hung_only_where_its_parent_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
