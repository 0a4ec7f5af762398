/* SPDX-License-Identifier: MIT */
#ifndef VMM_RECORD_H
#define VMM_RECORD_H

/**
 * @file record.h
 * Who mapped what, under which name.
 *
 * An entry is a node in the caller's array and holds its range of the address space, so that it is
 * found by virtual address; a tree by physical address finds every mapping of given memory. The
 * entries are made and taken back by vmm.h. Here is what can be read from one.
 *
 * Everything here is O(1).
 */

#include <vmm/attr.h>
#include <vmm/space.h>

VMM_BEGIN_DECLS

/** What a range is held for. */
enum vmm_mapping_kind {
	/** Mapped, all of it, by vmm_map_at(), vmm_map_any() or vmm_adopt_at(). */
	VMM_MAPPING_PLAIN = 0,
	/** Mapped in the MMIO window, and shared by its users. */
	VMM_MAPPING_MMIO = 1,
	/** Never mapped: touching it is a fault that is told apart by its name. */
	VMM_MAPPING_GUARD = 2,
	/** Mapped piece by piece, by vmm_map_part(): the lazy direct map. */
	VMM_MAPPING_LAZY = 3
};

/**
 * An entry of the record: a mapping, or a further user of one.
 *
 * The memory is the caller's, an array of them: from vmm_init() to vmm_fini() it is the manager's
 * and stays where it is. Members are private; the layout is public so that you can have an array.
 */
struct vmm_mapping {
	/** @privatesection */
	struct vmm_range range; /* first, so that a range is its entry; not reserved: a user's entry */
	struct vmm_link_ by_pa; /* among all that are mapped, by physical address, then virtual */
	uint64_t pa;
	uint64_t pa_last;       /* of the last byte */
	uint64_t pa_bound;      /* the highest pa_last in this subtree of by_pa */
	const char *name;       /* borrowed */
	/* In a mapping: the last of its further users, who are a circle in the order of arrival. In
	 * a user's entry: the next user. In a free entry: the next free one. */
	struct vmm_mapping *users;
	vmm_attr_t asked;
	vmm_attr_t stored;
	uint32_t user_count;
	uint32_t kind;
};

VMM_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct vmm_mapping) == 160,
		  "an entry of the record costs 160 bytes");

/** The name of the mapping's first user, as given; never NULL. */
const char *vmm_mapping_name(const struct vmm_mapping *mapping);

/** What it is held for. */
enum vmm_mapping_kind vmm_mapping_kind(const struct vmm_mapping *mapping);

/** Its virtual addresses, without guard pages. */
vmm_va_region_t vmm_mapping_va(const struct vmm_mapping *mapping);

/** What they are mapped to; of a guard, an empty region. */
vmm_pa_region_t vmm_mapping_pa(const struct vmm_mapping *mapping);

/** The attributes that were asked for. */
vmm_attr_t vmm_mapping_attr(const struct vmm_mapping *mapping);

/** The attributes that the format stores for them; what audit compares the tables with. */
vmm_attr_t vmm_mapping_stored(const struct vmm_mapping *mapping);

/** How many use it; 1 unless it is in the MMIO window. */
uint32_t vmm_mapping_user_count(const struct vmm_mapping *mapping);

/**
 * The entry of the user behind `user`; NULL: there is none. The mapping itself is its first user:
 *
 *     for (user = mapping; user != NULL; user = vmm_mapping_next_user(mapping, user)) {
 *             use(vmm_mapping_name(user));
 *
 * Only the name of a further user's entry has a meaning.
 */
const struct vmm_mapping *vmm_mapping_next_user(const struct vmm_mapping *mapping,
						const struct vmm_mapping *user);

/** The free entries of an array, and the tree by physical address. Members are private. */
struct vmm_record {
	/** @privatesection */
	struct vmm_mapping *pool;
	struct vmm_mapping *free;
	struct vmm_link_ *by_pa;
	uint32_t pool_count;
	uint32_t free_count;
	uint32_t mapped_count; /* entries in by_pa */
};

VMM_END_DECLS

#endif /* VMM_RECORD_H */
