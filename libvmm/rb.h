/* SPDX-License-Identifier: MIT */
#ifndef VMM_RB_H
#define VMM_RB_H

/**
 * @file rb.h
 * Red-black trees over links that are embedded in the caller's objects. Private.
 *
 * The five properties: a node is red or black; the root is black; a missing child counts as black;
 * a red node has black children; every way from a node to a missing child below it passes the same
 * number of black nodes. So n nodes are at most 2 log2(n + 1) high.
 *
 * A tree is a pointer to its root. Finding a place is the user's loop, so that the comparison is
 * inlined: descend, remember parent and side, vmm_rb_insert_. Whoever keeps a summary of each
 * subtree in its nodes gives hooks; they are constant, and folded into the code of each user.
 *
 * Sides are 0 for what is before a node and 1 for what is behind it; !side is the other one.
 */

#include <vmm/space.h>

/** How a summary of each subtree is kept up to date. `flag` is passed through from the call. */
struct vmm_rb_hooks_ {
	/** `riser` was a child of `sinker` and has taken its place; `sinker` is its child now. */
	void (*rotated)(struct vmm_link_ *riser, struct vmm_link_ *sinker, bool flag);
	/**
	 * `heir`, until now deeper below `gone`, has taken its place. The lowest node that lost it
	 * is `from`; that is `heir` itself if it was a child of `gone`.
	 */
	void (*replaced)(struct vmm_link_ *heir, const struct vmm_link_ *gone,
			 struct vmm_link_ *from, bool flag);
};

VMM_INLINE void vmm_rb_ignore_rotated_(struct vmm_link_ *riser, struct vmm_link_ *sinker, bool flag)
{
	(void)riser;
	(void)sinker;
	(void)flag;
}

VMM_INLINE void vmm_rb_ignore_replaced_(struct vmm_link_ *heir, const struct vmm_link_ *gone,
					struct vmm_link_ *from, bool flag)
{
	(void)heir;
	(void)gone;
	(void)from;
	(void)flag;
}

/** The hooks of a tree without summaries. */
static const struct vmm_rb_hooks_ vmm_rb_plain_ __attribute__((unused)) = {
	.rotated = vmm_rb_ignore_rotated_,
	.replaced = vmm_rb_ignore_replaced_,
};

/** The color bit in `parent`. */
#define VMM_RB_RED_ ((uintptr_t)1)

VMM_STATIC_ASSERT(_Alignof(struct vmm_link_) > 1, "the lowest bit of a link's address is free");

VMM_INLINE struct vmm_link_ *vmm_rb_parent_(const struct vmm_link_ *link)
{
	return (struct vmm_link_ *)(link->parent & ~VMM_RB_RED_);
}

VMM_INLINE bool vmm_rb_is_red_(const struct vmm_link_ *link)
{
	return (link->parent & VMM_RB_RED_) != 0;
}

VMM_INLINE void vmm_rb_set_parent_(struct vmm_link_ *link, const struct vmm_link_ *parent)
{
	link->parent = (uintptr_t)parent | (link->parent & VMM_RB_RED_);
}

VMM_INLINE void vmm_rb_paint_black_(struct vmm_link_ *link)
{
	link->parent &= ~VMM_RB_RED_;
}

VMM_INLINE void vmm_rb_paint_red_(struct vmm_link_ *link)
{
	link->parent |= VMM_RB_RED_;
}

/** Which child of `parent` the link is. */
VMM_INLINE unsigned int vmm_rb_side_(const struct vmm_link_ *parent, const struct vmm_link_ *link)
{
	return parent->child[1] == link;
}

/** The first (side 0) or last (side 1) node of the subtree, which is not empty. */
VMM_INLINE struct vmm_link_ *vmm_rb_outermost_(struct vmm_link_ *link, unsigned int side)
{
	while (link->child[side] != NULL) {
		link = link->child[side];
	}
	return link;
}

/** The node directly before (side 0) or behind (side 1) this one, or NULL. */
VMM_INLINE struct vmm_link_ *vmm_rb_beside_(const struct vmm_link_ *link, unsigned int side)
{
	struct vmm_link_ *parent;

	if (link->child[side] != NULL) {
		return vmm_rb_outermost_(link->child[side], !side);
	}
	parent = vmm_rb_parent_(link);
	while (parent != NULL && parent->child[side] == link) {
		link = parent;
		parent = vmm_rb_parent_(link);
	}
	return parent;
}

/** The same where it is known that there is one. */
VMM_INLINE struct vmm_link_ *vmm_rb_known_beside_(const struct vmm_link_ *link, unsigned int side)
{
	const struct vmm_link_ *below;
	struct vmm_link_ *parent;

	if (link->child[side] != NULL) {
		return vmm_rb_outermost_(link->child[side], !side);
	}
	do {
		below = link;
		parent = vmm_rb_parent_(below);
		link = parent;
	} while (parent->child[side] == below);
	return parent;
}

/** Puts `heir` (NULL: nothing) where `link` is below `parent` (NULL: at the root). */
VMM_INLINE void vmm_rb_hang_(struct vmm_link_ **root, struct vmm_link_ *parent,
			     const struct vmm_link_ *link, struct vmm_link_ *heir)
{
	if (parent == NULL) {
		*root = heir;
	} else {
		parent->child[vmm_rb_side_(parent, link)] = heir;
	}
}

/**
 * Lets `sinker` sink to `side`; its child on the other side takes its place. Colors stay.
 *
 *       sinker             riser             (side 0)
 *       /    \             /   \
 *      a    riser   =>  sinker  c
 *           /   \       /    \
 *          b     c     a      b
 */
VMM_INLINE void vmm_rb_rotate_(struct vmm_link_ **root, struct vmm_link_ *sinker, unsigned int side,
			       const struct vmm_rb_hooks_ *hooks, bool flag)
{
	struct vmm_link_ *riser = sinker->child[!side];
	struct vmm_link_ *inner = riser->child[side];
	struct vmm_link_ *parent = vmm_rb_parent_(sinker);

	sinker->child[!side] = inner;
	if (inner != NULL) {
		vmm_rb_set_parent_(inner, sinker);
	}
	riser->child[side] = sinker;
	vmm_rb_hang_(root, parent, sinker, riser);
	vmm_rb_set_parent_(riser, parent);
	vmm_rb_set_parent_(sinker, riser);
	hooks->rotated(riser, sinker, flag);
}

/** Hangs a new red leaf at a free place, or at the root of an empty tree (parent NULL). */
VMM_INLINE void vmm_rb_link_(struct vmm_link_ **root, struct vmm_link_ *parent, unsigned int side,
			     struct vmm_link_ *link)
{
	link->child[0] = NULL;
	link->child[1] = NULL;
	link->parent = (uintptr_t)parent | VMM_RB_RED_;
	if (parent == NULL) {
		*root = link;
	} else {
		parent->child[side] = link;
	}
}

/** Mends the colors above a new red leaf. At most two rotations; O(1) amortized. */
VMM_INLINE void vmm_rb_balance_(struct vmm_link_ **root, struct vmm_link_ *link,
				const struct vmm_rb_hooks_ *hooks, bool flag)
{
	struct vmm_link_ *parent;
	struct vmm_link_ *grand;
	struct vmm_link_ *uncle;
	unsigned int side;

	/* Invariant: link is red, and the only fault is that its parent may be red as well. */
	for (;;) {
		parent = vmm_rb_parent_(link);
		if (parent == NULL) {
			vmm_rb_paint_black_(link);
			return;
		}
		if (!vmm_rb_is_red_(parent)) {
			return;
		}
		/* A red node is not the root. */
		grand = vmm_rb_parent_(parent);
		side = vmm_rb_side_(grand, parent);
		uncle = grand->child[!side];
		if (uncle == NULL || !vmm_rb_is_red_(uncle)) {
			break;
		}
		vmm_rb_paint_black_(parent);
		vmm_rb_paint_black_(uncle);
		vmm_rb_paint_red_(grand);
		link = grand;
	}
	if (parent->child[!side] == link) {
		vmm_rb_rotate_(root, parent, side, hooks, flag);
		parent = link;
	}
	vmm_rb_paint_black_(parent);
	vmm_rb_paint_red_(grand);
	vmm_rb_rotate_(root, grand, !side, hooks, flag);
}

/** Adds a node below `parent` on `side`, where there is none; parent NULL: to an empty tree. */
VMM_INLINE void vmm_rb_insert_(struct vmm_link_ **root, struct vmm_link_ *parent, unsigned int side,
			       struct vmm_link_ *link, const struct vmm_rb_hooks_ *hooks, bool flag)
{
	vmm_rb_link_(root, parent, side, link);
	vmm_rb_balance_(root, link, hooks, flag);
}

/** Mends the tree where ways through `side` of `parent` lack a black node. Three rotations. */
VMM_INLINE void vmm_rb_blacken_(struct vmm_link_ **root, struct vmm_link_ *parent,
				unsigned int side, const struct vmm_rb_hooks_ *hooks, bool flag)
{
	struct vmm_link_ *sibling;
	struct vmm_link_ *grand;

	/* Invariant: the sibling's ways have a black node, so there is a sibling. */
	for (;;) {
		sibling = parent->child[!side];
		if (vmm_rb_is_red_(sibling)) {
			vmm_rb_paint_black_(sibling);
			vmm_rb_paint_red_(parent);
			vmm_rb_rotate_(root, parent, side, hooks, flag);
			sibling = parent->child[!side];
		}
		if ((sibling->child[0] != NULL && vmm_rb_is_red_(sibling->child[0])) ||
		    (sibling->child[1] != NULL && vmm_rb_is_red_(sibling->child[1]))) {
			break;
		}
		/* Take the black node from the sibling's ways too; the lack moves up. */
		vmm_rb_paint_red_(sibling);
		if (vmm_rb_is_red_(parent)) {
			vmm_rb_paint_black_(parent);
			return;
		}
		grand = vmm_rb_parent_(parent);
		if (grand == NULL) {
			return;
		}
		side = vmm_rb_side_(grand, parent);
		parent = grand;
	}
	if (sibling->child[!side] == NULL || !vmm_rb_is_red_(sibling->child[!side])) {
		vmm_rb_rotate_(root, sibling, !side, hooks, flag);
		sibling = parent->child[!side];
	}
	/* The sibling takes the parent's place and color; both its children become black. */
	sibling->parent = (sibling->parent & ~VMM_RB_RED_) | (parent->parent & VMM_RB_RED_);
	vmm_rb_paint_black_(sibling->child[!side]);
	vmm_rb_paint_black_(parent);
	vmm_rb_rotate_(root, parent, side, hooks, flag);
}

/**
 * Takes a node out whose neighbor `before` is known already; NULL: it is not. At most three
 * rotations; O(1) amortized. The link keeps its old contents.
 */
VMM_INLINE void vmm_rb_erase_behind_(struct vmm_link_ **root, struct vmm_link_ *link,
				     struct vmm_link_ *before, const struct vmm_rb_hooks_ *hooks,
				     bool flag)
{
	struct vmm_link_ *heir;  /* takes the place of link */
	struct vmm_link_ *child; /* the one child of the place that becomes vacant, or NULL */
	struct vmm_link_ *parent; /* above the vacant place */
	unsigned int side;
	bool lacks_black;

	/* Both at once: one branch that nothing foresees, not two. */
	if ((link->child[0] != NULL) & (link->child[1] != NULL)) {
		heir = before != NULL ? before : vmm_rb_outermost_(link->child[0], 1);
		child = heir->child[0];
		parent = vmm_rb_parent_(heir);
		side = parent != link;
		lacks_black = !vmm_rb_is_red_(heir);
		if (parent == link) {
			parent = heir;
		} else {
			parent->child[1] = child;
			heir->child[0] = link->child[0];
			vmm_rb_set_parent_(heir->child[0], heir);
		}
		heir->child[1] = link->child[1];
		vmm_rb_set_parent_(heir->child[1], heir);
		vmm_rb_hang_(root, vmm_rb_parent_(link), link, heir);
		heir->parent = link->parent;
		hooks->replaced(heir, link, parent, flag);
	} else {
		child = link->child[link->child[0] == NULL];
		parent = vmm_rb_parent_(link);
		side = parent != NULL ? vmm_rb_side_(parent, link) : 0;
		lacks_black = !vmm_rb_is_red_(link);
		vmm_rb_hang_(root, parent, link, child);
	}
	/* An only child is a red leaf: painted black it makes up for the node that is gone. */
	if (child != NULL) {
		child->parent = (uintptr_t)parent;
	} else if (lacks_black && parent != NULL) {
		vmm_rb_blacken_(root, parent, side, hooks, flag);
	}
}

/** The same without knowing a neighbor. */
VMM_INLINE void vmm_rb_erase_(struct vmm_link_ **root, struct vmm_link_ *link,
			      const struct vmm_rb_hooks_ *hooks, bool flag)
{
	vmm_rb_erase_behind_(root, link, NULL, hooks, flag);
}

/** An iteration in order that trusts no link and no color. */
struct vmm_rb_walk_ {
	struct vmm_link_ *link;
	uint64_t left;       /* nodes that may still be entered: what ends a circle */
	unsigned int black;  /* black nodes from the root to link, both included */
	unsigned int height; /* black nodes on the first way that ended, the measure of all */
	bool measured;
	bool corrupt;
};

VMM_INLINE void vmm_rb_walk_enter_(struct vmm_rb_walk_ *walk, struct vmm_link_ *link)
{
	const struct vmm_link_ *parent = walk->link;

	if (walk->left == 0 || vmm_rb_parent_(link) != parent ||
	    (vmm_rb_is_red_(link) && (parent == NULL || vmm_rb_is_red_(parent)))) {
		walk->corrupt = true;
		return;
	}
	walk->left--;
	walk->black += !vmm_rb_is_red_(link);
	walk->link = link;
}

VMM_INLINE void vmm_rb_walk_measure_(struct vmm_rb_walk_ *walk)
{
	if (!walk->measured) {
		walk->measured = true;
		walk->height = walk->black;
	}
	walk->corrupt |= walk->height != walk->black;
}

/** Goes on to the first node of the subtree of `link`, a child of walk->link; NULL: of none. */
VMM_INLINE void vmm_rb_walk_descend_(struct vmm_rb_walk_ *walk, struct vmm_link_ *link)
{
	for (; link != NULL && !walk->corrupt; link = link->child[0]) {
		vmm_rb_walk_enter_(walk, link);
	}
	vmm_rb_walk_measure_(walk);
}

/** Starts at the first node. A tree of more than `limit` nodes is damage. */
VMM_INLINE struct vmm_link_ *vmm_rb_walk_first_(struct vmm_rb_walk_ *walk, struct vmm_link_ *root,
						uint64_t limit)
{
	walk->link = NULL;
	walk->left = limit;
	walk->black = 0;
	walk->height = 0;
	walk->measured = false;
	walk->corrupt = false;
	vmm_rb_walk_descend_(walk, root);
	return walk->corrupt ? NULL : walk->link;
}

/** Goes on to the next node; NULL at the end, and at damage with walk->corrupt set. */
VMM_INLINE struct vmm_link_ *vmm_rb_walk_next_(struct vmm_rb_walk_ *walk)
{
	const struct vmm_link_ *below;

	if (walk->link->child[1] != NULL) {
		vmm_rb_walk_descend_(walk, walk->link->child[1]);
		return walk->corrupt ? NULL : walk->link;
	}
	vmm_rb_walk_measure_(walk);
	/* All parents on the way were checked when it went down. */
	do {
		below = walk->link;
		walk->black -= !vmm_rb_is_red_(below);
		walk->link = vmm_rb_parent_(below);
	} while (walk->link != NULL && walk->link->child[1] == below);
	return walk->corrupt ? NULL : walk->link;
}

/** Whether the link is where its parent, or the root, says; false for one in no tree. O(1). */
VMM_INLINE bool vmm_rb_is_hung_(const struct vmm_link_ *root, const struct vmm_link_ *link)
{
	const struct vmm_link_ *parent = vmm_rb_parent_(link);

	if (parent == NULL) {
		return root == link;
	}
	return parent->child[0] == link || parent->child[1] == link;
}

/** A stored pointer to what has moved by `delta` bytes; NULL stays NULL. */
VMM_INLINE struct vmm_link_ *vmm_rb_moved_(const struct vmm_link_ *pointer, uint64_t delta)
{
	return pointer == NULL ? NULL : (struct vmm_link_ *)((uintptr_t)pointer + (uintptr_t)delta);
}

/** Moves the three pointers of a link. */
VMM_INLINE void vmm_rb_rebase_(struct vmm_link_ *link, uint64_t delta)
{
	link->child[0] = vmm_rb_moved_(link->child[0], delta);
	link->child[1] = vmm_rb_moved_(link->child[1], delta);
	vmm_rb_set_parent_(link, vmm_rb_moved_(vmm_rb_parent_(link), delta));
}

#endif /* VMM_RB_H */
