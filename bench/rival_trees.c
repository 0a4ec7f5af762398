/* SPDX-License-Identifier: MIT */
#include "rival_trees.h"

#define OWNER(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))

static struct rival_link *parent_of(const struct rival_link *n)
{
	return (struct rival_link *)((uintptr_t)n->parent_color & ~(uintptr_t)1);
}

static bool is_red(const struct rival_link *n)
{
	return n != NULL && ((uintptr_t)n->parent_color & 1) != 0;
}

static void set(struct rival_link *n, const struct rival_link *parent, bool red)
{
	n->parent_color = (struct rival_link *)((uintptr_t)parent | red);
}

static void set_parent(struct rival_link *n, const struct rival_link *parent)
{
	set(n, parent, is_red(n));
}

static void set_red(struct rival_link *n, bool red)
{
	set(n, parent_of(n), red);
}

/* Puts `heir` where `n` is. */
static void transplant(struct rival_link **root, const struct rival_link *n,
		       struct rival_link *heir)
{
	struct rival_link *parent = parent_of(n);

	if (parent == NULL) {
		*root = heir;
	} else if (parent->left == n) {
		parent->left = heir;
	} else {
		parent->right = heir;
	}
	if (heir != NULL) {
		set_parent(heir, parent);
	}
}

static void rotate_left(struct rival_link **root, struct rival_link *n)
{
	struct rival_link *up = n->right;

	n->right = up->left;
	if (up->left != NULL) {
		set_parent(up->left, n);
	}
	transplant(root, n, up);
	up->left = n;
	set_parent(n, up);
}

static void rotate_right(struct rival_link **root, struct rival_link *n)
{
	struct rival_link *up = n->left;

	n->left = up->right;
	if (up->right != NULL) {
		set_parent(up->right, n);
	}
	transplant(root, n, up);
	up->right = n;
	set_parent(n, up);
}

static void insert(struct rival_link **root, struct rival_link *parent, struct rival_link **at,
		   struct rival_link *n)
{
	n->left = n->right = NULL;
	set(n, parent, true);
	*at = n;
	while (is_red(parent = parent_of(n))) {
		struct rival_link *grand = parent_of(parent);
		struct rival_link *uncle = parent == grand->left ? grand->right : grand->left;

		if (is_red(uncle)) {
			set_red(parent, false);
			set_red(uncle, false);
			set_red(grand, true);
			n = grand;
		} else if (parent == grand->left) {
			if (n == parent->right) {
				rotate_left(root, parent);
				parent = n;
			}
			set_red(parent, false);
			set_red(grand, true);
			rotate_right(root, grand);
			break;
		} else {
			if (n == parent->left) {
				rotate_right(root, parent);
				parent = n;
			}
			set_red(parent, false);
			set_red(grand, true);
			rotate_left(root, grand);
			break;
		}
	}
	set_red(*root, false);
}

static void erase_fix(struct rival_link **root, struct rival_link *n, struct rival_link *parent)
{
	while (n != *root && !is_red(n)) {
		bool left = parent->left == n;
		struct rival_link *sibling = left ? parent->right : parent->left;
		struct rival_link *outer;

		if (is_red(sibling)) {
			set_red(sibling, false);
			set_red(parent, true);
			left ? rotate_left(root, parent) : rotate_right(root, parent);
			sibling = left ? parent->right : parent->left;
		}
		if (!is_red(sibling->left) && !is_red(sibling->right)) {
			set_red(sibling, true);
			n = parent;
			parent = parent_of(n);
			continue;
		}
		outer = left ? sibling->right : sibling->left;
		if (!is_red(outer)) {
			set_red(left ? sibling->left : sibling->right, false);
			set_red(sibling, true);
			left ? rotate_right(root, sibling) : rotate_left(root, sibling);
			sibling = left ? parent->right : parent->left;
			outer = left ? sibling->right : sibling->left;
		}
		set_red(sibling, is_red(parent));
		set_red(parent, false);
		set_red(outer, false);
		left ? rotate_left(root, parent) : rotate_right(root, parent);
		n = *root;
	}
	if (n != NULL) {
		set_red(n, false);
	}
}

static void erase(struct rival_link **root, struct rival_link *n)
{
	struct rival_link *child, *parent;
	bool was_red = is_red(n);

	if (n->left == NULL || n->right == NULL) {
		child = n->left != NULL ? n->left : n->right;
		parent = parent_of(n);
		transplant(root, n, child);
	} else {
		struct rival_link *next = n->right;

		while (next->left != NULL) {
			next = next->left;
		}
		was_red = is_red(next);
		child = next->right;
		if (parent_of(next) == n) {
			parent = next;
		} else {
			parent = parent_of(next);
			transplant(root, next, child);
			next->right = n->right;
			set_parent(next->right, next);
		}
		transplant(root, n, next);
		next->left = n->left;
		set_parent(next->left, next);
		set_red(next, is_red(n));
	}
	if (!was_red) {
		erase_fix(root, child, parent);
	}
}

static void insert_used(struct rival_trees *trees, struct rival_used *node)
{
	struct rival_link **at = &trees->used;
	struct rival_link *parent = NULL;

	while (*at != NULL) {
		parent = *at;
		at = OWNER(parent, struct rival_used, link)->start < node->start ? &parent->right
										 : &parent->left;
	}
	insert(&trees->used, parent, at, &node->link);
}

static void insert_by_start(struct rival_trees *trees, struct rival_free *node)
{
	struct rival_link **at = &trees->free_by_start;
	struct rival_link *parent = NULL;

	while (*at != NULL) {
		parent = *at;
		at = OWNER(parent, struct rival_free, by_start)->start < node->start
			     ? &parent->right
			     : &parent->left;
	}
	insert(&trees->free_by_start, parent, at, &node->by_start);
}

static void insert_by_size(struct rival_trees *trees, struct rival_free *node)
{
	struct rival_link **at = &trees->free_by_size;
	struct rival_link *parent = NULL;

	while (*at != NULL) {
		const struct rival_free *other;

		parent = *at;
		other = OWNER(parent, struct rival_free, by_size);
		at = other->size < node->size ||
				     (other->size == node->size && other->start < node->start)
			     ? &parent->right
			     : &parent->left;
	}
	insert(&trees->free_by_size, parent, at, &node->by_size);
}

void rival_trees_init(struct rival_trees *trees, uint64_t start, uint64_t size,
		      struct rival_free *nodes, size_t count)
{
	size_t i;

	trees->used = trees->free_by_start = trees->free_by_size = NULL;
	trees->spare = NULL;
	for (i = count; i > 1; i--) {
		nodes[i - 1].by_start.left = trees->spare == NULL ? NULL : &trees->spare->by_start;
		trees->spare = &nodes[i - 1];
	}
	nodes[0].start = start;
	nodes[0].size = size;
	insert_by_start(trees, &nodes[0]);
	insert_by_size(trees, &nodes[0]);
}

static void drop(struct rival_trees *trees, struct rival_free *node)
{
	erase(&trees->free_by_start, &node->by_start);
	node->by_start.left = trees->spare == NULL ? NULL : &trees->spare->by_start;
	trees->spare = node;
}

bool rival_trees_reserve(struct rival_trees *trees, uint64_t size, struct rival_used *node)
{
	struct rival_link *link = trees->free_by_size;
	struct rival_free *best = NULL;

	while (link != NULL) {
		struct rival_free *at = OWNER(link, struct rival_free, by_size);

		if (at->size >= size) {
			best = at;
			link = link->left;
		} else {
			link = link->right;
		}
	}
	if (best == NULL) {
		return false;
	}
	erase(&trees->free_by_size, &best->by_size);
	node->start = best->start;
	node->size = size;
	if (best->size == size) {
		drop(trees, best);
	} else {
		/* Its place among the free ranges by address is the same. */
		best->start += size;
		best->size -= size;
		insert_by_size(trees, best);
	}
	insert_used(trees, node);
	return true;
}

void rival_trees_release(struct rival_trees *trees, struct rival_used *node)
{
	struct rival_link *link = trees->free_by_start;
	struct rival_free *before = NULL;
	struct rival_free *behind = NULL;

	erase(&trees->used, &node->link);
	while (link != NULL) {
		struct rival_free *at = OWNER(link, struct rival_free, by_start);

		if (at->start < node->start) {
			before = at;
			link = link->right;
		} else {
			behind = at;
			link = link->left;
		}
	}
	if (before != NULL && before->start + before->size != node->start) {
		before = NULL;
	}
	if (behind != NULL && node->start + node->size != behind->start) {
		behind = NULL;
	}
	if (before != NULL) {
		erase(&trees->free_by_size, &before->by_size);
		before->size += node->size;
		if (behind != NULL) {
			erase(&trees->free_by_size, &behind->by_size);
			before->size += behind->size;
			drop(trees, behind);
		}
		insert_by_size(trees, before);
	} else if (behind != NULL) {
		erase(&trees->free_by_size, &behind->by_size);
		behind->start = node->start;
		behind->size += node->size;
		insert_by_size(trees, behind);
	} else {
		before = trees->spare;
		trees->spare = before->by_start.left == NULL
				       ? NULL
				       : OWNER(before->by_start.left, struct rival_free, by_start);
		before->start = node->start;
		before->size = node->size;
		insert_by_start(trees, before);
		insert_by_size(trees, before);
	}
}

struct rival_used *rival_trees_find(const struct rival_trees *trees, uint64_t address)
{
	struct rival_link *link = trees->used;

	while (link != NULL) {
		struct rival_used *at = OWNER(link, struct rival_used, link);

		if (address < at->start) {
			link = link->left;
		} else if (address - at->start < at->size) {
			return at;
		} else {
			link = link->right;
		}
	}
	return NULL;
}
