/* SPDX-License-Identifier: MIT */
/*
 * The record: free entries, users, and the tree of mappings by physical address.
 *
 * Mappings of the same memory overlap, so the tree is one of intervals: ordered by physical start,
 * then virtual start, and each node knows how far up its subtree reaches (pa_bound).
 */

#include "record_impl.h"
#include "rb.h"
#include "space_impl.h"

/* The nodes are the record's own, whoever looks at a link. */
static struct vmm_mapping *mapping_of(const struct vmm_link_ *link)
{
	return (struct vmm_mapping *)((uintptr_t)link - offsetof(struct vmm_mapping, by_pa));
}

/* The highest last byte of the subtree: by the node itself and the bounds of its children. */
static uint64_t bound_of(const struct vmm_link_ *link)
{
	uint64_t bound = mapping_of(link)->pa_last;

	for (unsigned int side = 0; side < 2; side++) {
		if (link->child[side] != NULL && mapping_of(link->child[side])->pa_bound > bound) {
			bound = mapping_of(link->child[side])->pa_bound;
		}
	}
	return bound;
}

/* Mends the bounds from `link` up to `top`. */
static void mend_bounds_to(struct vmm_link_ *link, const struct vmm_link_ *top)
{
	mapping_of(link)->pa_bound = bound_of(link);
	while (link != top) {
		link = vmm_rb_parent_(link);
		mapping_of(link)->pa_bound = bound_of(link);
	}
}

/* Mends the bounds above a change of `link` alone: up to where one was right already. */
static void mend_bounds(struct vmm_link_ *link)
{
	uint64_t bound;

	for (; link != NULL; link = vmm_rb_parent_(link)) {
		bound = bound_of(link);
		if (mapping_of(link)->pa_bound == bound) {
			return;
		}
		mapping_of(link)->pa_bound = bound;
	}
}

static void rotated(struct vmm_link_ *riser, struct vmm_link_ *sinker, bool flag)
{
	(void)flag;
	mapping_of(riser)->pa_bound = mapping_of(sinker)->pa_bound;
	mapping_of(sinker)->pa_bound = bound_of(sinker);
}

static void replaced(struct vmm_link_ *heir, const struct vmm_link_ *gone, struct vmm_link_ *from,
		     bool flag)
{
	(void)gone;
	(void)flag;
	mend_bounds_to(from, heir);
}

static const struct vmm_rb_hooks_ hooks = {
	.rotated = rotated,
	.replaced = replaced,
};

static bool is_before(const struct vmm_mapping *a, const struct vmm_mapping *b)
{
	return a->pa < b->pa || (a->pa == b->pa && a->range.start < b->range.start);
}

static void clear(struct vmm_mapping *mapping)
{
	mapping->by_pa.child[0] = NULL;
	mapping->by_pa.child[1] = NULL;
	mapping->by_pa.parent = 0;
	mapping->pa = 0;
	mapping->pa_last = 0;
	mapping->pa_bound = 0;
	mapping->name = NULL;
	mapping->users = NULL;
	mapping->asked = vmm_attr(0);
	mapping->stored = vmm_attr(0);
	mapping->user_count = 0;
	mapping->kind = 0;
}

static void clear_range(struct vmm_range *range)
{
	range->by_addr.child[0] = NULL;
	range->by_addr.child[1] = NULL;
	range->by_addr.parent = 0;
	range->largest = 0;
	range->size = 0;
	range->start = 0;
	range->gap = 0;
	range->by_gap.child[0] = NULL;
	range->by_gap.child[1] = NULL;
	range->by_gap.parent = 0;
}

void vmm_record_init_(struct vmm_record *record, struct vmm_mapping *pool, uint32_t count)
{
	record->pool = pool;
	record->free = NULL;
	record->by_pa = NULL;
	record->pool_count = count;
	record->free_count = 0;
	record->mapped_count = 0;
	/* From the last one on, so that the first is taken first. */
	for (uint32_t i = count; i > 0; i--) {
		clear_range(&pool[i - 1].range);
		vmm_record_put_(record, &pool[i - 1]);
	}
}

struct vmm_mapping *vmm_record_take_(struct vmm_record *record, const char *name,
				     enum vmm_mapping_kind kind)
{
	struct vmm_mapping *mapping = record->free;

	record->free = mapping->users;
	record->free_count--;
	mapping->users = NULL;
	mapping->name = name != NULL ? name : "";
	mapping->user_count = 1;
	mapping->kind = (uint32_t)kind;
	return mapping;
}

void vmm_record_put_(struct vmm_record *record, struct vmm_mapping *mapping)
{
	clear(mapping);
	mapping->users = record->free;
	record->free = mapping;
	record->free_count++;
}

void vmm_record_link_below_(struct vmm_record *record, struct vmm_mapping *mapping,
			    struct vmm_link_ *above)
{
	struct vmm_link_ *parent = above;
	struct vmm_link_ *at = above != NULL ? above->child[0] : record->by_pa;
	unsigned int side = 0;

	mapping->pa_last = mapping->pa + (vmm_range_usable_(&mapping->range).bytes.size - 1);
	mapping->pa_bound = mapping->pa_last;
	while (at != NULL) {
		parent = at;
		side = is_before(mapping_of(at), mapping);
		at = at->child[side];
	}
	/* No bound is below that of a child: the first that is high enough ends it. */
	for (at = parent; at != NULL && mapping_of(at)->pa_bound < mapping->pa_last;
	     at = vmm_rb_parent_(at)) {
		mapping_of(at)->pa_bound = mapping->pa_last;
	}
	vmm_rb_insert_(&record->by_pa, parent, side, &mapping->by_pa, &hooks, false);
	record->mapped_count++;
}

void vmm_record_link_(struct vmm_record *record, struct vmm_mapping *mapping)
{
	vmm_record_link_below_(record, mapping, NULL);
}

void vmm_record_unlink_(struct vmm_record *record, struct vmm_mapping *mapping)
{
	/* Reaching nowhere first, so that no bound above depends on it when it goes. */
	mapping->pa_last = 0;
	mend_bounds(&mapping->by_pa);
	vmm_rb_erase_(&record->by_pa, &mapping->by_pa, &hooks, false);
	record->mapped_count--;
}

/*
 * The first node of the subtree that has a byte of [first, last].
 *
 * If the left side reaches up to `first`, then the answer is there or nowhere: the node that
 * reaches so far either starts at or below `last`, or everything behind it starts even higher. For
 * the same reason, if there is none, the way that was gone is that to where one would be linked: it
 * ends left of a node, `above`, that starts behind `last`, or at the root, which ends before
 * `first`.
 */
static struct vmm_mapping *first_below(struct vmm_link_ *link, uint64_t first, uint64_t last,
				       struct vmm_link_ **above)
{
	struct vmm_mapping *mapping;

	while (link != NULL && mapping_of(link)->pa_bound >= first) {
		mapping = mapping_of(link);
		if (link->child[0] != NULL && mapping_of(link->child[0])->pa_bound >= first) {
			link = link->child[0];
		} else if (mapping->pa > last) {
			*above = link;
			return NULL;
		} else if (mapping->pa_last >= first) {
			return mapping;
		} else {
			link = link->child[1];
		}
	}
	return NULL;
}

struct vmm_mapping *vmm_record_seek_(const struct vmm_record *record, uint64_t first,
				     uint64_t last, struct vmm_link_ **above)
{
	*above = NULL;
	return first_below(record->by_pa, first, last, above);
}

struct vmm_mapping *vmm_record_first_at_(const struct vmm_record *record, uint64_t first,
					 uint64_t last)
{
	struct vmm_link_ *above;

	return vmm_record_seek_(record, first, last, &above);
}

struct vmm_mapping *vmm_record_next_at_(const struct vmm_mapping *mapping, uint64_t first,
					uint64_t last)
{
	const struct vmm_link_ *link = &mapping->by_pa;
	const struct vmm_link_ *below;
	struct vmm_link_ *above;
	struct vmm_mapping *found;

	for (;;) {
		found = first_below(link->child[1], first, last, &above);
		if (found != NULL) {
			return found;
		}
		do {
			below = link;
			link = vmm_rb_parent_(below);
		} while (link != NULL && link->child[1] == below);
		if (link == NULL || mapping_of(link)->pa > last) {
			return NULL;
		}
		if (mapping_of(link)->pa_last >= first) {
			return mapping_of(link);
		}
	}
}

struct vmm_mapping *vmm_record_lowest_(const struct vmm_record *record)
{
	if (record->by_pa == NULL) {
		return NULL;
	}
	return mapping_of(vmm_rb_outermost_(record->by_pa, 0));
}

struct vmm_mapping *vmm_record_above_(const struct vmm_mapping *mapping)
{
	const struct vmm_link_ *link = vmm_rb_beside_(&mapping->by_pa, 1);

	return link == NULL ? NULL : mapping_of(link);
}

void vmm_record_add_user_(struct vmm_mapping *mapping, struct vmm_mapping *user)
{
	struct vmm_mapping *last = mapping->users;

	if (last == NULL) {
		user->users = user;
	} else {
		user->users = last->users;
		last->users = user;
	}
	mapping->users = user;
	mapping->user_count++;
}

/* Takes the user behind `before` out of the circle. */
static struct vmm_mapping *take_user_behind(struct vmm_mapping *mapping, struct vmm_mapping *before)
{
	struct vmm_mapping *user = before->users;

	if (user == before) {
		mapping->users = NULL;
	} else {
		before->users = user->users;
		if (mapping->users == user) {
			mapping->users = before;
		}
	}
	mapping->user_count--;
	return user;
}

static bool is_same_name(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	return *a == *b;
}

struct vmm_mapping *vmm_record_drop_user_(struct vmm_mapping *mapping, const char *name)
{
	struct vmm_mapping *before = mapping->users;

	name = name != NULL ? name : "";
	if (is_same_name(mapping->name, name)) {
		if (before == NULL) {
			return mapping;
		}
		/* The second user moves up. */
		mapping->name = before->users->name;
		return take_user_behind(mapping, before);
	}
	if (before == NULL) {
		return NULL;
	}
	do {
		if (is_same_name(before->users->name, name)) {
			return take_user_behind(mapping, before);
		}
		before = before->users;
	} while (before != mapping->users);
	return NULL;
}

bool vmm_record_has_(const struct vmm_record *record, const void *pointer)
{
	uint64_t offset = (uint64_t)(uintptr_t)pointer - (uint64_t)(uintptr_t)record->pool;

	return offset % sizeof(struct vmm_mapping) == 0 &&
	       offset / sizeof(struct vmm_mapping) < record->pool_count;
}

static bool chain_is_sound(const struct vmm_record *record)
{
	const struct vmm_mapping *mapping = record->free;
	uint32_t left = record->free_count;

	while (mapping != NULL) {
		if (left == 0 || !vmm_record_has_(record, mapping) ||
		    vmm_range_is_reserved(&mapping->range) || mapping->user_count != 0) {
			return false;
		}
		left--;
		mapping = mapping->users;
	}
	return left == 0;
}

static bool tree_is_sound(const struct vmm_record *record)
{
	const struct vmm_mapping *before = NULL;
	const struct vmm_mapping *mapping;
	struct vmm_rb_walk_ walk;
	struct vmm_link_ *link;

	for (link = vmm_rb_walk_first_(&walk, record->by_pa, record->mapped_count); link != NULL;
	     link = vmm_rb_walk_next_(&walk)) {
		mapping = mapping_of(link);
		if (!vmm_record_has_(record, mapping) || mapping->pa_bound != bound_of(link) ||
		    (before != NULL && !is_before(before, mapping))) {
			return false;
		}
		before = mapping;
	}
	return !walk.corrupt && walk.left == 0;
}

bool vmm_record_is_sound_(const struct vmm_record *record, uint64_t held, uint64_t users,
			  uint64_t mapped)
{
	return record->mapped_count == mapped &&
	       held + users + record->free_count == record->pool_count &&
	       chain_is_sound(record) && tree_is_sound(record);
}

static const void *moved(const void *pointer, uint64_t delta)
{
	return pointer == NULL ? NULL : (const void *)((uintptr_t)pointer + (uintptr_t)delta);
}

static struct vmm_mapping *moved_mapping(const struct vmm_mapping *mapping, uint64_t delta)
{
	return (struct vmm_mapping *)(uintptr_t)moved(mapping, delta);
}

void vmm_record_rebase_(struct vmm_record *record, uint64_t delta)
{
	record->pool = moved_mapping(record->pool, delta);
	record->free = moved_mapping(record->free, delta);
	record->by_pa = vmm_rb_moved_(record->by_pa, delta);
	for (uint32_t i = 0; i < record->pool_count; i++) {
		struct vmm_mapping *mapping = &record->pool[i];

		vmm_rb_rebase_(&mapping->by_pa, delta);
		mapping->name = moved(mapping->name, delta);
		mapping->users = moved_mapping(mapping->users, delta);
	}
}

const char *vmm_mapping_name(const struct vmm_mapping *mapping)
{
	return mapping->name;
}

enum vmm_mapping_kind vmm_mapping_kind(const struct vmm_mapping *mapping)
{
	return (enum vmm_mapping_kind)mapping->kind;
}

vmm_va_region_t vmm_mapping_va(const struct vmm_mapping *mapping)
{
	return vmm_range_region(&mapping->range);
}

vmm_pa_region_t vmm_mapping_pa(const struct vmm_mapping *mapping)
{
	vmm_pa_region_t pa = VMM_PA_REGION_INIT(0, 0);

	if (mapping->kind != VMM_MAPPING_GUARD) {
		pa.bytes.start = mapping->pa;
		pa.bytes.size = vmm_va_region_size(vmm_range_region(&mapping->range));
	}
	return pa;
}

vmm_attr_t vmm_mapping_attr(const struct vmm_mapping *mapping)
{
	return mapping->asked;
}

vmm_attr_t vmm_mapping_stored(const struct vmm_mapping *mapping)
{
	return mapping->stored;
}

uint32_t vmm_mapping_user_count(const struct vmm_mapping *mapping)
{
	return mapping->user_count;
}

const struct vmm_mapping *vmm_mapping_next_user(const struct vmm_mapping *mapping,
						const struct vmm_mapping *user)
{
	if (mapping->users == NULL || user == mapping->users) {
		return NULL;
	}
	return user == mapping ? mapping->users->users : user->users;
}
