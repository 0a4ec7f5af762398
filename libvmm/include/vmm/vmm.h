/* SPDX-License-Identifier: MIT */
#ifndef VMM_VMM_H
#define VMM_VMM_H

/**
 * @file vmm.h
 * The manager: one object that keeps translation tables, address space and record in step.
 *
 * It has two spaces: the area, where memory is mapped at addresses of your choice or of its own,
 * and the MMIO window, where drivers' registers are mapped when they ask for them.
 *
 * **All or nothing.** Where an operation returns an error, tables, spaces, record, free entries,
 * frames and out-parameters are as before, bit for bit; only *detail is written, which may be NULL.
 * A place and an entry are looked for before the tables change and taken after that, so that neither
 * the frame source nor the seam, when called in between, find the new entry; they change nothing of
 * the manager.
 *
 * **Entries.** Every mapping takes one entry of the array given to vmm_init(), and so does every
 * further user of an MMIO mapping. Names are borrowed: the text must outlive the entry. NULL is
 * taken for the empty name.
 *
 * **Callers serialize.** The functions that take a const struct vmm only read and may run beside
 * each other. Costs are for n entries, beside those of the operation on the tables (table.h).
 */

#include <vmm/out.h>
#include <vmm/record.h>
#include <vmm/table.h>

VMM_BEGIN_DECLS

struct vmm_fault;

/** How a manager is set up. Members that are 0 mean the default. */
struct vmm_config {
	/** Set up already, and not for another manager's use in the same addresses. */
	struct vmm_table *table;
	/** Entries of the record, the manager's until vmm_fini(); they need not be zeroed. */
	struct vmm_mapping *pool;
	uint32_t pool_count; /**< number of entries in `pool` */
	/** Number of `bins`; 0: none. See struct vmm_space_config. */
	uint32_t bin_count;
	/** Memory for bins of the area, which speed up vmm_map_any(); the manager's until fini. */
	struct vmm_bin *bins;
	/**
	 * The addresses it manages; default: all that the table translates, and if that is both
	 * halves, the lower one. vmm_table_region(table, VMM_UPPER_HALF) is the upper one.
	 */
	vmm_va_region_t area;
	/** Where devices are mapped, within the area or apart from it; empty: nowhere. */
	vmm_va_region_t mmio_window;
	/** Pages left unmapped around each mapping in the window. */
	struct vmm_guards mmio_guards;
};

/** A manager. Zeroed before init. Members are private. */
struct vmm {
	/** @privatesection */
	struct vmm_table *table;
	struct vmm_record record;
	struct vmm_space area;
	struct vmm_space window;
	struct vmm_range hole; /* keeps the window free in the area */
	struct vmm_guards mmio_guards;
};

/** Where vmm_map_any() may put a mapping. Members that are 0 mean the default. */
struct vmm_place {
	/** Within these addresses; default: the whole area. */
	vmm_va_region_t window;
	/** Unmapped pages before and behind, which belong to the mapping; see space.h. */
	struct vmm_guards guards;
	/** Which of the addresses where it fits. */
	enum vmm_fit fit;
};

/**
 * Sets up a manager with an empty record. What the table maps already stays mapped: name it with
 * vmm_adopt_at(), or audit will.
 *
 * `config` is read during the call only. The window is enclosed by the area or does not touch it.
 * Called again with the same arguments it changes nothing.
 *
 * VMM_ERR_UNSUPPORTED: no table, a table that is not set up, or no array of entries; what
 * vmm_space_init() does not support. VMM_ERR_RANGE: the area or the window is not within the
 * addresses that the table translates, or the window is partly in the area. VMM_ERR_ALIGN: area or
 * window are not of whole pages. VMM_ERR_WRAP: one of them passes the last byte of the 64-bit
 * space. VMM_ERR_BUSY: set up already, with other arguments.
 *
 * Cost: O(pool_count + bin_count).
 */
VMM_MUST_CHECK enum vmm_err vmm_init(struct vmm *vmm, const struct vmm_config *config);

/**
 * Forgets every entry and zeroes the object and the array. The tables are not touched: what was
 * mapped stays mapped until vmm_table_fini(). Cost: O(n + pool_count).
 */
void vmm_fini(struct vmm *vmm);

/**
 * Makes a manager usable at a new virtual address: adds `delta` to every stored pointer.
 *
 * For a kernel that starts at a low address and moves to a high one. The object, its array, its
 * bins, its table and the names have all moved by the same `delta` bytes (new minus old, modulo
 * 2^64), and `vmm` is the new address. The addresses that are mapped do not change. The table has
 * stored pointers of its own.
 *
 * Cost: O(pool_count + bin_count).
 */
void vmm_rebase(struct vmm *vmm, uint64_t delta);

/**
 * Maps `va` to the memory that starts at `pa`.
 *
 * The errors of vmm_table_map(), and
 * VMM_ERR_RANGE: not in the area. VMM_ERR_BUSY: some of it is in the MMIO window.
 * VMM_ERR_EXISTS: something is recorded, or mapped past the record, at detail->va. VMM_ERR_FULL: no
 * free entry.
 *
 * Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_map_at(struct vmm *vmm, const char *name, vmm_va_region_t va,
				       vmm_pa_t pa, vmm_attr_t attr, struct vmm_detail *detail);

/**
 * Maps `pa` at an address of the manager's choice, which goes to *va.
 *
 * The address is congruent to `pa` modulo the largest leaf that fits in it, so that the fewest
 * leaves are used; only where there is no such place, modulo the next smaller one. It is never 0.
 * `place` may be NULL for the defaults.
 *
 * The errors of vmm_table_map(), and VMM_ERR_NOSPACE: it fits nowhere. VMM_ERR_RANGE: the place's
 * window is not in the area. VMM_ERR_UNSUPPORTED: more than VMM_SPACE_GUARDS_MAX guard pages on a
 * side. VMM_ERR_FULL: no free entry.
 *
 * Cost: that of vmm_space_reserve(), once for each size of leaf in the worst case, and for the
 * lowest or highest address, or in a window, up to twice. As an error changes nothing, a search in
 * vain makes the next one no cheaper: O(n) in the worst case.
 */
VMM_MUST_CHECK enum vmm_err vmm_map_any(struct vmm *vmm, const char *name, vmm_pa_region_t pa,
					vmm_attr_t attr, const struct vmm_place *place,
					vmm_va_t *va, struct vmm_detail *detail);

/**
 * Records what the table maps already: what firmware or an earlier stage mapped, or a precomputed
 * image. Afterwards it is a mapping like any other.
 *
 * The errors of vmm_map_at() without VMM_ERR_NOMEM, and VMM_ERR_NOENT: nothing is mapped at
 * detail->va. VMM_ERR_PHYS, VMM_ERR_ATTR: it is mapped to other memory there, or with other
 * attributes.
 *
 * Cost: O(log n), and a query for each leaf.
 */
VMM_MUST_CHECK enum vmm_err vmm_adopt_at(struct vmm *vmm, const char *name, vmm_va_region_t va,
					 vmm_pa_t pa, vmm_attr_t attr, struct vmm_detail *detail);

/**
 * Holds `va` so that nothing is ever mapped there. `name` is what it guards: "boot stack".
 *
 * For a guard that belongs to a mapping of vmm_map_any(), see struct vmm_place.
 *
 * VMM_ERR_EMPTY, VMM_ERR_ALIGN, VMM_ERR_WRAP, VMM_ERR_RANGE, VMM_ERR_BUSY, VMM_ERR_EXISTS,
 * VMM_ERR_FULL: as for vmm_map_at(). What the table maps there past the record isn't noticed here,
 * but by audit.
 *
 * Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_guard_at(struct vmm *vmm, const char *name, vmm_va_region_t va,
					 struct vmm_detail *detail);

/**
 * Holds `va` for memory from `pa` on, and maps nothing yet; vmm_map_part() does, piece by piece.
 *
 * The errors of vmm_map_at() without VMM_ERR_NOMEM. `pa` and the end of its region are not checked
 * against what the CPU has before they are mapped. Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_lazy_at(struct vmm *vmm, const char *name, vmm_va_region_t va,
					vmm_pa_t pa, vmm_attr_t attr, struct vmm_detail *detail);

/**
 * Maps a part of what vmm_lazy_at() holds, as said there.
 *
 * The errors of vmm_table_map(), among them VMM_ERR_EXISTS if some of it is mapped already, and
 * VMM_ERR_NOENT: not within one lazy range. Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_map_part(struct vmm *vmm, vmm_va_region_t va,
					 struct vmm_detail *detail);

/**
 * Unmaps the whole mapping that starts at `va`, or gives up the guard or the lazy range with all
 * that is mapped in it.
 *
 * The errors of vmm_table_unmap(), and VMM_ERR_NOENT: nothing recorded starts at `va`.
 * VMM_ERR_BUSY: it is in the MMIO window; use vmm_unmap_mmio(). Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_unmap(struct vmm *vmm, vmm_va_t va, struct vmm_detail *detail);

/**
 * Unmaps a part of one mapping, guard or lazy range. Of a mapping or guard, what is before and
 * behind the part keeps its name, in entries of their own: one more is taken if both are left. A
 * lazy range stays as it is, so that the part can be mapped again.
 *
 * The errors of vmm_table_unmap(), and VMM_ERR_NOENT: not within one entry. VMM_ERR_BUSY: it is
 * in the MMIO window. VMM_ERR_FULL: no free entry for what is behind the part.
 *
 * Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_unmap_part(struct vmm *vmm, vmm_va_region_t va,
					   struct vmm_detail *detail);

/**
 * Changes access, execute, user and software bits of the whole mapping that starts at `va`.
 *
 * The errors of vmm_table_protect(), and VMM_ERR_NOENT: no mapping starts at `va`, but nothing, a
 * guard or a lazy range. VMM_ERR_BUSY: it is in the MMIO window. Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_protect(struct vmm *vmm, vmm_va_t va, vmm_attr_t attr,
					struct vmm_detail *detail);

/**
 * The same for a part of one mapping. It becomes an entry of its own, and so does what is left
 * before and behind it, under the same name: one or two more entries are taken. Entries are not
 * joined again when their attributes become alike.
 *
 * The errors of vmm_protect(), with VMM_ERR_NOENT: not within one mapping. VMM_ERR_FULL: too few
 * free entries.
 *
 * Cost: O(log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_protect_part(struct vmm *vmm, vmm_va_region_t va, vmm_attr_t attr,
					     struct vmm_detail *detail);

/**
 * Gives the driver `name` access to `size` bytes of registers at `pa`, in the MMIO window.
 *
 * If a mapping in the window has all of the pages already, with the same attributes, the driver
 * becomes a further user of it. Else the pages get a range of their own in the window, mapped with
 * VMM_DEVICE. *va is the virtual address of `pa`, its offset into the page kept. `pa` and `size`
 * need not be aligned.
 *
 * VMM_ERR_EMPTY: `size` is 0. VMM_ERR_WRAP: it passes the last byte of the physical space.
 * VMM_ERR_EXISTS: some of the pages are mapped as another type of memory, in the window or by hand,
 * at detail->va; two types for the same memory lose or tear accesses (Arm ARM D8.18.3).
 * VMM_ERR_NOSPACE: no room in the window, or no window. VMM_ERR_FULL: no free entry. The errors
 * of vmm_table_map().
 *
 * Cost: O(log n), also for finding a mapping that exists; but a search among k mappings in the
 * window that partly overlap the pages: O(k log n).
 */
VMM_MUST_CHECK enum vmm_err vmm_map_mmio(struct vmm *vmm, const char *name, vmm_pa_t pa,
					 uint64_t size, vmm_va_t *va, struct vmm_detail *detail);

/**
 * The same with other attributes: VMM_MEM_NC for a framebuffer, VMM_MEM_DEV_NGNRNE, read-only.
 */
VMM_MUST_CHECK enum vmm_err vmm_map_mmio_as(struct vmm *vmm, const char *name, vmm_pa_t pa,
					    uint64_t size, vmm_attr_t attr, vmm_va_t *va,
					    struct vmm_detail *detail);

/**
 * Ends the use that `name` makes of the mapping at `va`, any address in it. The last user's end
 * unmaps it. Of several users with the same name, the first one goes.
 *
 * VMM_ERR_NOENT: nothing is mapped at `va` in the window, or not for that name. The errors of
 * vmm_table_unmap(), for the last user only.
 *
 * Cost: O(log n), and by the number of its users.
 */
VMM_MUST_CHECK enum vmm_err vmm_unmap_mmio(struct vmm *vmm, vmm_va_t va, const char *name,
					   struct vmm_detail *detail);

/** As vmm_table_translate(): by the tables, not by the record. */
VMM_MUST_CHECK enum vmm_err vmm_translate(const struct vmm *vmm, vmm_va_t va, vmm_pa_t *pa);

/** The entry that has `va`, guard pages around a mapping excluded, or NULL. Cost: O(log n). */
const struct vmm_mapping *vmm_find(const struct vmm *vmm, vmm_va_t va);

/**
 * The mapping with the lowest physical start that has a byte of `pa`, or, with `after`, a mapping
 * that this function returned, the next one. NULL: there is no more. Lazy ranges are not found.
 * Cost: O(log n).
 */
const struct vmm_mapping *vmm_find_pa(const struct vmm *vmm, vmm_pa_region_t pa,
				      const struct vmm_mapping *after);

/** The entry with the lowest address, or NULL: area and window. Cost: O(log n). */
const struct vmm_mapping *vmm_first(const struct vmm *vmm);

/** The entry with the next higher address, or NULL. Cost: O(log n), O(n) for all together. */
const struct vmm_mapping *vmm_next(const struct vmm *vmm, const struct vmm_mapping *mapping);

/**
 * Prints the record as a table, one line for each entry in the order of addresses and one more for
 * each further user. What is shown are the attributes stored:
 *
 * - `C`, `WT`, `NC`: normal memory, write-back, write-through or not cacheable; `Dev`: device;
 *   `PMA`: the platform decides;
 * - `RO`, `RW`; `X`: the kernel may execute it, `XU`: user programs may, `XN`: nobody may;
 * - `U` behind that: user programs may access it. The column is only there if there are any.
 *
 * Guards show `no access` and no physical address. Sizes of more than four digits are rounded up;
 * the addresses are exact. Allowed with the MMU off. Cost: O(n).
 */
void vmm_print(const struct vmm *vmm, struct vmm_out *out);

/** Prints to a function that takes characters. */
void vmm_print_chars(const struct vmm *vmm, void (*put)(char c));

/**
 * Prints one line about a fault: what was tried, why it failed, and what the record knows about the
 * address. For example:
 *
 *     write to 0x0000_0000_4008_0040: permission fault at level 3 (read-only) in 'Kernel code',
 *     0x40 bytes in
 *
 * on one line. `vmm` may be NULL, for a fault before there is a record. Cost: O(log n) and a walk.
 */
void vmm_explain(const struct vmm *vmm, const struct vmm_fault *fault, struct vmm_out *out);

/** How record and tables differ, or what is wrong with them. */
enum vmm_difference_kind {
	/** Recorded as mapped, but the table maps nothing there. */
	VMM_DIFFERENCE_UNMAPPED = 1,
	/** Mapped, but not recorded. */
	VMM_DIFFERENCE_UNRECORDED = 2,
	/** Mapped to other physical memory than recorded. */
	VMM_DIFFERENCE_PHYSICAL = 3,
	/** Mapped with other attributes than recorded as stored. */
	VMM_DIFFERENCE_ATTR = 4,
	/** A guard that is mapped. */
	VMM_DIFFERENCE_GUARD = 5,
	/** A descriptor that the format does not have, or that leads nowhere or in a circle. */
	VMM_DIFFERENCE_DESCRIPTOR = 6,
	/** The same memory is writable through one mapping and executable through another. */
	VMM_DIFFERENCE_ALIAS_WX = 7,
	/** The same memory has two types. */
	VMM_DIFFERENCE_ALIAS_TYPE = 8,
	/** The record is damaged in itself; nothing is compared with it. */
	VMM_DIFFERENCE_RECORD = 9
};

/** A difference. Members that the kind has no use for are empty or NULL. */
struct vmm_difference {
	enum vmm_difference_kind kind; /**< what differs */
	vmm_va_region_t va;                /**< where, of the greatest extent */
	const struct vmm_mapping *mapping; /**< the entry concerned */
	const struct vmm_mapping *other;   /**< of an alias: the other mapping */
	vmm_pa_t pa;                       /**< PHYSICAL, UNRECORDED, GUARD: where it is mapped to */
	vmm_attr_t attr;                   /**< ATTR, UNRECORDED, GUARD: as in the table */
	uint64_t descriptor;               /**< DESCRIPTOR */
	int level;                         /**< DESCRIPTOR: counted from the leaf */
};

/** Where an audit stands. Zeroed, it stands at the beginning. Members are private. */
struct vmm_audit_cursor {
	/** @privatesection */
	struct vmm_cursor cursor;
	struct vmm_leaf leaf;                /* what is left of it; size 0: the next one is due */
	const struct vmm_mapping *mapping;   /* the current entry; NULL: there is no more */
	uint64_t used;                       /* bytes of it that were compared */
	const struct vmm_mapping *widest[9]; /* of each class, the one that reaches the highest */
	uint8_t stage;
	uint8_t part;
	bool leaf_is_bad;
	bool no_leaf;
};

/**
 * Looks for the next difference between record and tables, in the area and the window.
 *
 * First the record is checked in itself, then compared with the tables, then with itself: aliases
 * that are writable here and executable there, and aliases of different memory types. Of several
 * conflicting aliases each is named at least once, not each pair. Nothing must change in between.
 *
 * VMM_OK: *difference is the next one. VMM_ERR_NOENT: there is no more.
 *
 * Ends on any damage of the tables; of the record, as vmm_space_check() says. All calls together
 * cost O(n + leaves).
 */
VMM_MUST_CHECK enum vmm_err vmm_audit_next(const struct vmm *vmm, struct vmm_audit_cursor *audit,
					   struct vmm_difference *difference);

/** Counts the differences and prints a line for each; `out` may be NULL. Cost: O(n + leaves). */
uint64_t vmm_audit(const struct vmm *vmm, struct vmm_out *out);

/** Prints one difference as a line: "0x..: mapped, but not recorded". */
void vmm_difference_print(const struct vmm *vmm, const struct vmm_difference *difference,
			  struct vmm_out *out);

/**
 * Checks every invariant of the record and of both spaces, not the tables.
 *
 * VMM_ERR_CORRUPT: something does not hold. Cost: O(pool_count + bin_count).
 */
VMM_MUST_CHECK enum vmm_err vmm_check(const struct vmm *vmm);

VMM_END_DECLS

#endif /* VMM_VMM_H */
