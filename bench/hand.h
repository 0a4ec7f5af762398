/* SPDX-License-Identifier: MIT */
#ifndef HAND_H
#define HAND_H

/**
 * @file hand.h
 * Bounds: for each operation a walk written by hand for one format, nothing of the library in it.
 *
 * They do the least that the work needs and no more: arguments aren't checked, attributes come as a
 * finished word, frames come from a pointer that is increased, nothing counts what is in a table,
 * nobody is told of a change. Map looks for what is in its way before it writes into a table that
 * exists; a new table is filled with plain stores and linked when it is full. Stores to tables that
 * are linked are single volatile ones.
 *
 * Everything is inlined with a constant `struct hand_format`, so that each format gets code of its
 * own.
 */

#include <stdbool.h>
#include <stdint.h>

#define HAND_INLINE static inline __attribute__((always_inline, unused))

struct hand_format {
	unsigned int page_shift;
	unsigned int index_bits;
	unsigned int levels;
	bool arm; /* else RISC-V */
};

/** A table of a format; frames are taken from `next` on, or from the list of those given back. */
struct hand_table {
	uint64_t root;
	uint64_t window;
	uint64_t next;
	uint64_t free; /* 0: none */
	uint64_t first;
	uint16_t *counts; /* NULL: tables are kept when they are empty */
};

#define HAND_ADDRESS UINT64_C(0x0000fffffffff000)
#define HAND_PPN     UINT64_C(0x003ffffffffffc00)

HAND_INLINE unsigned int hand_shift(const struct hand_format *f, unsigned int level)
{
	return f->page_shift + level * f->index_bits;
}

HAND_INLINE unsigned int hand_entries(const struct hand_format *f)
{
	return 1u << f->index_bits;
}

HAND_INLINE unsigned int hand_index(const struct hand_format *f, unsigned int level, uint64_t va)
{
	return (unsigned int)(va >> hand_shift(f, level)) & (hand_entries(f) - 1);
}

HAND_INLINE uint64_t hand_link(const struct hand_format *f, uint64_t pa)
{
	return f->arm ? pa | 3 : pa >> 2 | 1;
}

HAND_INLINE uint64_t hand_next(const struct hand_format *f, uint64_t desc)
{
	return f->arm ? desc & HAND_ADDRESS : (desc & HAND_PPN) << 2;
}

HAND_INLINE bool hand_is_link(const struct hand_format *f, uint64_t desc)
{
	return f->arm ? (desc & 3) == 3 : (desc & 15) == 1;
}

HAND_INLINE uint64_t hand_leaf(const struct hand_format *f, uint64_t pa, uint64_t word,
			       unsigned int level)
{
	return f->arm ? pa | word | (level == 0 ? 3 : 1) : pa >> 2 | word;
}

HAND_INLINE uint64_t *hand_at(const struct hand_table *t, uint64_t pa)
{
	return (uint64_t *)(uintptr_t)(pa + t->window);
}

HAND_INLINE void hand_store(uint64_t *slot, uint64_t desc)
{
	*(volatile uint64_t *)slot = desc;
}

HAND_INLINE uint64_t hand_load(const uint64_t *slot)
{
	return *(const volatile uint64_t *)slot;
}

HAND_INLINE uint64_t hand_take(const struct hand_format *f, struct hand_table *t)
{
	uint64_t pa = t->next;

	t->next += UINT64_C(1) << f->page_shift;
	return pa;
}

HAND_INLINE void hand_zero(uint64_t *words, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		words[i] = 0;
	}
}

/** One level down, where a new, empty table is linked if there is none. */
HAND_INLINE uint64_t *hand_down(const struct hand_format *f, struct hand_table *t, uint64_t *table,
				unsigned int level, uint64_t va)
{
	uint64_t *slot = &table[hand_index(f, level, va)];
	uint64_t desc = *slot;

	if ((desc & 1) == 0) {
		uint64_t pa = hand_take(f, t);

		hand_zero(hand_at(t, pa), hand_entries(f));
		desc = hand_link(f, pa);
		hand_store(slot, desc);
	}
	return hand_at(t, hand_next(f, desc));
}

/** The table whose descriptors are of `level`, which is above the last. */
HAND_INLINE uint64_t *hand_descend(const struct hand_format *f, struct hand_table *t, uint64_t va,
				   unsigned int level)
{
	uint64_t *table = hand_at(t, t->root);

	if (f->levels > 4 && level < 4) {
		table = hand_down(f, t, table, 4, va);
	}
	if (f->levels > 3 && level < 3) {
		table = hand_down(f, t, table, 3, va);
	}
	if (f->levels > 2 && level < 2) {
		table = hand_down(f, t, table, 2, va);
	}
	return table;
}

/** Maps leaves of `level`, which is below the root; false if something is in the way. */
HAND_INLINE bool hand_map(const struct hand_format *f, struct hand_table *t, uint64_t va,
			  uint64_t pa, uint64_t size, uint64_t word, unsigned int level)
{
	const unsigned int shift = hand_shift(f, level);
	const uint64_t step = (UINT64_C(1) << shift) >> (f->arm ? 0 : 2);

	while (size > 0) {
		uint64_t *above = hand_descend(f, t, va, level + 1);
		uint64_t *slot = &above[hand_index(f, level + 1, va)];
		uint64_t link = *slot;
		uint64_t desc = hand_leaf(f, pa, word, level);
		uint64_t *leaves;
		unsigned int first = hand_index(f, level, va);
		unsigned int count = hand_entries(f) - first;
		unsigned int i;

		if (size >> shift < count) {
			count = (unsigned int)(size >> shift);
		}
		if ((link & 1) == 0) {
			uint64_t frame = hand_take(f, t);

			leaves = hand_at(t, frame);
			hand_zero(leaves, first);
			for (i = 0; i < count; i++) {
				leaves[first + i] = desc + i * step;
			}
			hand_zero(&leaves[first + count], hand_entries(f) - first - count);
			hand_store(slot, hand_link(f, frame));
		} else {
			if (!hand_is_link(f, link)) {
				return false;
			}
			leaves = &hand_at(t, hand_next(f, link))[first];
			for (i = 0; i < count; i++) {
				if ((leaves[i] & 1) != 0) {
					return false;
				}
			}
			for (i = 0; i < count; i++) {
				hand_store(&leaves[i], desc + i * step);
			}
		}
		va += (uint64_t)count << shift;
		pa += (uint64_t)count << shift;
		size -= (uint64_t)count << shift;
	}
	return true;
}

/** Maps one leaf into the root. */
HAND_INLINE bool hand_map_root(const struct hand_format *f, struct hand_table *t, uint64_t va,
			       uint64_t pa, uint64_t word)
{
	uint64_t *slot = &hand_at(t, t->root)[hand_index(f, f->levels - 1, va)];

	if ((*slot & 1) != 0) {
		return false;
	}
	hand_store(slot, hand_leaf(f, pa, word, f->levels - 1));
	return true;
}

HAND_INLINE void hand_give(struct hand_table *t, uint64_t pa)
{
	*hand_at(t, pa) = t->free;
	t->free = pa;
}

/** Frees the last-level tables below one, and it. */
HAND_INLINE void hand_drop(const struct hand_format *f, struct hand_table *t, uint64_t pa)
{
	const uint64_t *descs = hand_at(t, pa);
	unsigned int i;

	for (i = 0; i < hand_entries(f); i++) {
		if (hand_is_link(f, descs[i])) {
			hand_give(t, hand_next(f, descs[i]));
		}
	}
	hand_give(t, pa);
}

/** One level down on the way to what is mapped; NULL if nothing is. */
HAND_INLINE uint64_t *hand_follow(const struct hand_format *f, const struct hand_table *t,
				  const uint64_t *table, unsigned int level, uint64_t va)
{
	uint64_t desc = hand_load(&table[hand_index(f, level, va)]);

	return hand_is_link(f, desc) ? hand_at(t, hand_next(f, desc)) : NULL;
}

/** Unmaps pages. A range that covers a table drops it; other tables stay, empty or not. */
HAND_INLINE bool hand_unmap(const struct hand_format *f, struct hand_table *t, uint64_t va,
			    uint64_t size)
{
	while (size > 0) {
		uint64_t *table = hand_at(t, t->root);
		uint64_t *slot;
		uint64_t done = UINT64_C(1) << hand_shift(f, 2);
		unsigned int first, count, i;

		if (f->levels > 4 && (table = hand_follow(f, t, table, 4, va)) == NULL) {
			return false;
		}
		if (f->levels > 3 && (table = hand_follow(f, t, table, 3, va)) == NULL) {
			return false;
		}
		slot = &table[hand_index(f, 2, va)];
		if (!hand_is_link(f, *slot)) {
			return false;
		}
		if ((va & (done - 1)) == 0 && size >= done) {
			uint64_t pa = hand_next(f, *slot);

			hand_store(slot, 0);
			hand_drop(f, t, pa);
			va += done;
			size -= done;
			continue;
		}
		slot = &hand_at(t, hand_next(f, *slot))[hand_index(f, 1, va)];
		if (!hand_is_link(f, *slot)) {
			return false;
		}
		done = UINT64_C(1) << hand_shift(f, 1);
		if ((va & (done - 1)) == 0 && size >= done) {
			uint64_t pa = hand_next(f, *slot);

			hand_store(slot, 0);
			hand_give(t, pa);
			va += done;
			size -= done;
			continue;
		}
		first = hand_index(f, 0, va);
		count = hand_entries(f) - first;
		if (size >> f->page_shift < count) {
			count = (unsigned int)(size >> f->page_shift);
		}
		slot = &hand_at(t, hand_next(f, *slot))[first];
		for (i = 0; i < count; i++) {
			hand_store(&slot[i], 0);
		}
		va += (uint64_t)count << f->page_shift;
		size -= (uint64_t)count << f->page_shift;
	}
	return true;
}

/** Where the page at `va` stands: its descriptor in the last level, or NULL. */
HAND_INLINE uint64_t *hand_page(const struct hand_format *f, const struct hand_table *t,
				uint64_t va)
{
	uint64_t *table = hand_at(t, t->root);

	if (f->levels > 4 && (table = hand_follow(f, t, table, 4, va)) == NULL) {
		return NULL;
	}
	if (f->levels > 3 && (table = hand_follow(f, t, table, 3, va)) == NULL) {
		return NULL;
	}
	if ((table = hand_follow(f, t, table, 2, va)) == NULL) {
		return NULL;
	}
	if ((table = hand_follow(f, t, table, 1, va)) == NULL) {
		return NULL;
	}
	return &table[hand_index(f, 0, va)];
}

/** Changes the bits `mask` of pages to those of `word`, in place. */
HAND_INLINE bool hand_protect(const struct hand_format *f, const struct hand_table *t, uint64_t va,
			      uint64_t size, uint64_t mask, uint64_t word)
{
	while (size > 0) {
		uint64_t *slot = hand_page(f, t, va);
		unsigned int count = hand_entries(f) - hand_index(f, 0, va);
		unsigned int i;

		if (slot == NULL) {
			return false;
		}
		if (size >> f->page_shift < count) {
			count = (unsigned int)(size >> f->page_shift);
		}
		for (i = 0; i < count; i++) {
			uint64_t desc = hand_load(&slot[i]);

			if ((desc & 1) == 0) {
				return false;
			}
			hand_store(&slot[i], (desc & ~mask) | word);
		}
		va += (uint64_t)count << f->page_shift;
		size -= (uint64_t)count << f->page_shift;
	}
	return true;
}

/** What a walk finds: a leaf of any level. */
struct hand_found {
	uint64_t pa;
	uint64_t desc;
	unsigned int shift; /* log2 of its size */
};

#define HAND_STEP(f, t, level)                                                             \
	if ((level) < (f)->levels) {                                                       \
		desc = hand_load(&table[hand_index(f, level, va)]);                        \
		shift = hand_shift(f, level);                                              \
		if ((level) == 0 || !hand_is_link(f, desc)) {                              \
			goto found;                                                        \
		}                                                                          \
		table = hand_at(t, hand_next(f, desc));                                    \
	}

/** Walks to the leaf that maps an address, of whatever size. */
HAND_INLINE bool hand_query(const struct hand_format *f, const struct hand_table *t, uint64_t va,
			    struct hand_found *found)
{
	const uint64_t *table = hand_at(t, t->root);
	uint64_t desc, inside;
	unsigned int shift;

	HAND_STEP(f, t, 4)
	HAND_STEP(f, t, 3)
	HAND_STEP(f, t, 2)
	HAND_STEP(f, t, 1)
	desc = hand_load(&table[hand_index(f, 0, va)]);
	shift = f->page_shift;
found:
	if ((desc & 1) == 0) {
		return false;
	}
	inside = (UINT64_C(1) << shift) - 1;
	found->pa = (hand_next(f, desc) & ~inside) | (va & inside);
	found->desc = desc;
	found->shift = shift;
	return true;
}

/* --- single pages, random places --- */

HAND_INLINE uint16_t *hand_count(const struct hand_format *f, const struct hand_table *t,
				 uint64_t pa)
{
	return &t->counts[(pa - t->first) >> f->page_shift];
}

/** Unmaps one page. With counts a table that becomes empty is unlinked and given back. */
HAND_INLINE bool hand_unmap_page(const struct hand_format *f, struct hand_table *t, uint64_t va)
{
	uint64_t *above = hand_at(t, t->root);
	uint64_t *slot;
	uint64_t pa;

	if (f->levels > 4 && (above = hand_follow(f, t, above, 4, va)) == NULL) {
		return false;
	}
	if (f->levels > 3 && (above = hand_follow(f, t, above, 3, va)) == NULL) {
		return false;
	}
	if ((above = hand_follow(f, t, above, 2, va)) == NULL) {
		return false;
	}
	above = &above[hand_index(f, 1, va)];
	if (!hand_is_link(f, *above)) {
		return false;
	}
	pa = hand_next(f, *above);
	slot = &hand_at(t, pa)[hand_index(f, 0, va)];
	if ((*slot & 1) == 0) {
		return false;
	}
	hand_store(slot, 0);
	if (t->counts != NULL && --*hand_count(f, t, pa) == 0) {
		hand_store(above, 0);
		hand_give(t, pa);
	}
	return true;
}

/** Maps one page. With counts the table may be missing; one given back has but its link. */
HAND_INLINE bool hand_map_page(const struct hand_format *f, struct hand_table *t, uint64_t va,
			       uint64_t desc)
{
	uint64_t *above = hand_at(t, t->root);
	uint64_t *slot;

	if (f->levels > 4 && (above = hand_follow(f, t, above, 4, va)) == NULL) {
		return false;
	}
	if (f->levels > 3 && (above = hand_follow(f, t, above, 3, va)) == NULL) {
		return false;
	}
	if ((above = hand_follow(f, t, above, 2, va)) == NULL) {
		return false;
	}
	above = &above[hand_index(f, 1, va)];
	if (t->counts != NULL) {
		uint64_t link = *above;
		uint64_t pa = hand_next(f, link);

		if ((link & 1) == 0) {
			pa = t->free;
			if (pa != 0) {
				t->free = *hand_at(t, pa);
				*hand_at(t, pa) = 0;
			} else {
				pa = hand_take(f, t);
				hand_zero(hand_at(t, pa), hand_entries(f));
			}
			*hand_count(f, t, pa) = 1;
			hand_at(t, pa)[hand_index(f, 0, va)] = desc;
			hand_store(above, hand_link(f, pa));
			return true;
		}
		slot = &hand_at(t, pa)[hand_index(f, 0, va)];
		if ((*slot & 1) != 0) {
			return false;
		}
		++*hand_count(f, t, pa);
		hand_store(slot, desc);
		return true;
	}
	slot = &hand_at(t, hand_next(f, *above))[hand_index(f, 0, va)];
	if ((*slot & 1) != 0) {
		return false;
	}
	hand_store(slot, desc);
	return true;
}

#endif /* HAND_H */
