/* SPDX-License-Identifier: MIT */
#ifndef TEST_TLB_H
#define TEST_TLB_H

/**
 * @file test_tlb.h
 * The set of all that the CPUs of a system could have cached of one translation table: leaves,
 * and table descriptors on the way to them.
 *
 * A CPU may cache anything that it could read at any time and keeps it for as long as it likes,
 * so the set only shrinks by invalidations, which take effect when they are complete. Whoever
 * drives the set adds whatever becomes readable; what the set tells is what a CPU could still
 * use.
 */

#include <vmm/table.h>

#include "test_arch.h"

/** One cached descriptor. */
struct test_tlb_item {
	uint64_t va; /**< first address it is about, without extension */
	uint64_t desc;
	uint32_t epoch; /**< when it was added last */
	int32_t next;   /* of the same hash */
	uint8_t level;
	bool is_walk; /**< a table descriptor */
	/* An invalidation of its address missed it, because of... */
	bool missed_asid;
	bool missed_level;
	bool missed_scope;
};

struct test_tlb {
	const struct test_arch *arch;
	const struct vmm_table *table;
	bool may_resize; /**< set: Arm leaves of different sizes for one address are all right */
	bool has_global; /**< a global leaf was ever cached */
	uint32_t epoch;  /**< what add() stamps on items; the driver's to raise */
	size_t count;
	struct test_tlb_item *items;
	size_t capacity;
	int32_t *heads;
	size_t head_count;
};

void test_tlb_init(struct test_tlb *self, const struct test_arch *arch,
		   const struct vmm_table *table);
void test_tlb_fini(struct test_tlb *self);

/** Forgets everything, but not that there was a global leaf. */
void test_tlb_clear(struct test_tlb *self);

/** Why two cached leaves must not exist at once. */
enum test_tlb_clash {
	TEST_TLB_NO_CLASH,
	TEST_TLB_CLASH,    /**< Arm ARM D8.17.1 RWHZWS: size, memory type or output differ */
	TEST_TLB_CLASH_RUN /**< Svnapot: part of a run, and not */
};

/**
 * Adds a descriptor, or stamps the same one that is there with the epoch. Tells of a leaf added
 * whether another one in the set clashes with it.
 */
enum test_tlb_clash test_tlb_add(struct test_tlb *self, uint64_t va, unsigned int level,
				 uint64_t desc, bool is_walk);

/** The next item, after `from` or from the first on (NULL), that starts at va on this level. */
const struct test_tlb_item *test_tlb_at(const struct test_tlb *self, uint64_t va,
					unsigned int level, const struct test_tlb_item *from);

/** Whether it is about what other tables share with this one: they have ASIDs of their own. */
bool test_tlb_is_shared(const struct test_tlb *self, const struct test_tlb_item *item);

/** Whether an invalidation, once complete, takes the item. */
bool test_tlb_is_hit(const struct test_tlb *self, const struct test_tlb_item *item,
		     const struct vmm_invalidation *request);

/** Completes an invalidation: drops what it takes. */
void test_tlb_drop(struct test_tlb *self, const struct vmm_invalidation *request);

#endif /* TEST_TLB_H */
