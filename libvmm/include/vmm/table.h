/* SPDX-License-Identifier: MIT */
#ifndef VMM_TABLE_H
#define VMM_TABLE_H

/**
 * @file table.h
 * Translation tables: one interface for every format.
 *
 * A table maps virtual pages to physical ones for one half (Arm) or the whole (RISC-V) of an
 * address space. It knows nothing of names or of who uses what; see vmm.h for that.
 *
 * **All or nothing.** Every operation first plans: it checks everything and takes every table frame
 * that it will need. Only then it writes, and from there on it can't fail. Where it returns an
 * error, the tables, the frames and every out-parameter are as before; only *detail is written.
 *
 * **Levels** count from the leaf: level 0 holds pages, level 1 the next larger blocks. What is
 * shown to people is the architecture's number; vmm_table_arch_level() converts.
 *
 * **Callers serialize**: one writer per table. query, translate and visit may run beside a writer
 * that frees nothing (see VMM_TABLE_KEEP). The library takes no locks.
 *
 * Each operation is reached through the format's constant function table, or directly as a plain
 * function of the format (`vmm_aarch64_4k_map`), which code that runs before relocation must use,
 * and by which a program links only the operations that it calls.
 */

#include <vmm/attr.h>
#include <vmm/frames.h>

VMM_BEGIN_DECLS

struct vmm_table;
struct vmm_format;

/** The most levels that any format has. */
#define VMM_LEVELS_MAX 6

/** Where and why an operation failed. The only thing that is written on failure. */
struct vmm_detail {
	vmm_va_t va;         /**< the first address in conflict: a mapping, a hole, a wrong argument */
	uint64_t descriptor; /**< the descriptor found there; 0 if none was looked at */
	int level;           /**< its level, counted from the leaf; -1 if no descriptor was looked at */
};

/** Which part of the 64-bit space a table translates. */
enum vmm_half {
	VMM_LOWER_HALF = 0, /**< [0, 2^va_bits) */
	VMM_UPPER_HALF = 1, /**< [2^64 - 2^va_bits, 2^64) */
	VMM_BOTH_HALVES = 2 /**< sign-extended addresses of va_bits: what RISC-V formats always have */
};

/** Options of a table, or-ed together in vmm_table_config::flags. */
enum {
	/** Accept mappings both writable and executable; otherwise VMM_ERR_WX. */
	VMM_TABLE_ALLOW_WX = 1 << 0,
	/** FEAT_BBM level 2, and no TLB conflict aborts: sizes change without an invalid moment. */
	VMM_TABLE_RESIZE_LIVE = 1 << 1,
	/** The CPU has Svnapot: VMM_ATTR_CONTIG makes 64 KiB runs. */
	VMM_TABLE_SVNAPOT = 1 << 2,
	/** The CPU has Svpbmt: descriptors hold the memory type. */
	VMM_TABLE_SVPBMT = 1 << 3,
	/** Keep tables that become empty; vmm_table_trim() frees them. */
	VMM_TABLE_KEEP = 1 << 4,
	/** Never invalidate by address (for CPUs whose by-address form is broken). */
	VMM_TABLE_FLUSH_WHOLE = 1 << 5,
	/** RISC-V: after a map fence on every hart, not only here; see vmm_sync::mapped. */
	VMM_TABLE_FENCE_ALL = 1 << 6
};

/** How far an invalidation reaches. */
enum vmm_scope {
	VMM_SCOPE_LEAF,  /**< cached leaves of the addresses; cached table descriptors may stay */
	VMM_SCOPE_WALK,  /**< the addresses' leaves and every cached table descriptor above them */
	VMM_SCOPE_SPACE  /**< everything of the address space, leaves and table descriptors */
};

/** One request to forget cached translations. No barriers are implied. */
struct vmm_invalidation {
	enum vmm_scope scope; /**< how far it reaches */
	bool any_asid;      /**< for every ASID, global leaves too; else for `asid` (and global leaves
	                         of the addresses where the architecture's instruction takes them) */
	uint16_t asid; /**< whose translations, unless `any_asid` */
	uint8_t level;      /**< level of the leaves, counted from the leaf; LEAF scope only: a hint */
	uint8_t stride_shift; /**< log2 of the distance between two addresses, in bytes */
	vmm_va_t va;        /**< first address; SPACE: the first address changed */
	uint64_t count;     /**< number of addresses; one invalidation each, or one for all of them */
};

/**
 * The seam: every barrier, invalidation and cache operation of the library goes through here.
 *
 * The order in which the library calls is what the hardware demands (Arm ARM D8.17.1, K11.5.3;
 * RISC-V Privileged, SFENCE.VMA): stores, publish, invalidate..., complete, and only then frames
 * are given back or broken descriptors made again. Tests record with their own. A table whose
 * `sync` is NULL makes no calls: no CPU walks it yet.
 */
struct vmm_sync {
	/** Stores to tables made before are observed by every walker before what follows. */
	void (*publish)(const struct vmm_table *table);
	/** New mappings, published before, may be used by the code that follows on this CPU (A64: ISB;
	 *  RISC-V: a fence, as invalid descriptors may be cached). The extent is in @p added; scope WALK
	 *  if new tables lead to it. */
	void (*mapped)(const struct vmm_table *table, const struct vmm_invalidation *added);
	/** Starts forgetting cached translations, on every CPU that uses the table. */
	void (*invalidate)(const struct vmm_table *table, const struct vmm_invalidation *request);
	/** Waits until all invalidations before have taken effect on every CPU. Errata hook. */
	void (*complete)(const struct vmm_table *table);
	/** Makes stores to [start, start + size) visible to walkers that bypass this CPU's caches. May
	 *  be NULL where every walker is coherent. */
	void (*clean)(const struct vmm_table *table, const void *start, size_t size);
	/** Whether this CPU translates by this table now, the code that is running included. */
	bool (*is_active)(const struct vmm_table *table);
};

/**
 * A range of addresses that must never vanish, not even for the moment of a break-before-make:
 * exception vectors, per-CPU data, another CPU's stack. Yours from vmm_table_pin() to fini.
 */
struct vmm_pin {
	vmm_va_region_t range; /**< any bytes; not only whole pages */
	struct vmm_pin *next; /**< private */
};

/** How a table is set up. Members that are zero mean the default; what isn't supported is refused. */
struct vmm_table_config {
	const struct vmm_format *format; /**< used by vmm_table_init() only */
	struct vmm_frames *frames;       /**< where tables come from; page_shift must be the granule's */
	const struct vmm_sync *sync;     /**< default: none. The ports' init functions put theirs in */
	enum vmm_half half;              /**< default: lower; formats of RISC-V take both always */
	uint8_t va_bits;                 /**< input address size; default: the format's largest */
	uint8_t pa_bits;                 /**< output address size of CPU; default: the format's largest */
	uint8_t asid_bits;               /**< 8 or 16 on Arm, 0 to 16 on RISC-V; default: 16 */
	uint16_t asid;                   /**< of this table's non-global leaves */
	uint16_t flush_max;              /**< more addresses than this are invalidated by space;
	                                      default: 64 */
	uint32_t flags;                  /**< VMM_TABLE_ bits */
	/**
	 * Frames that exist already: tables that firmware or a build tool made, which the table
	 * adopts with `root` as its root. They are used and changed in place, but they are not the
	 * source's: they are never given to it, and a borrowed table that becomes empty stays
	 * linked or is forgotten. Size 0: a new, empty table.
	 */
	vmm_pa_region_t borrowed;
	vmm_pa_t root;                   /**< adopted root, in `borrowed`; ignored without it */
};

/** A leaf, or with vmm_table_visit() several alike that are contiguous in both address spaces. */
struct vmm_leaf {
	vmm_va_t va;         /**< first address */
	vmm_pa_t pa;         /**< what it maps to */
	uint64_t size;       /**< in bytes */
	vmm_attr_t attr;     /**< as stored; VMM_ATTR_CONTIG: the leaf is part of a run */
	uint64_t descriptor; /**< the (first) descriptor */
	int level;           /**< counted from the leaf */
};

/** What an operation does. */
enum vmm_op {
	VMM_OP_MAP,
	VMM_OP_UNMAP,
	VMM_OP_PROTECT
};

/** An operation, described: what vmm_table_need() is asked about. */
struct vmm_request {
	enum vmm_op op; /**< which operation */
	vmm_va_region_t va; /**< as for the operation */
	vmm_pa_t pa;     /**< MAP only */
	vmm_attr_t attr; /**< MAP and PROTECT only */
};

/** Where an iteration stands. Zeroed, it stands before the first leaf. */
struct vmm_cursor {
	uint64_t next; /**< private */
	bool done;     /**< private */
	bool each;     /**< set it to see every descriptor; otherwise leaves alike are joined */
};

/** What a format's tables look like. */
struct vmm_geometry {
	const char *name;      /**< for people: "AArch64 4 KiB" */
	uint8_t page_shift;    /**< log2 of a page, which is also a table frame, in bytes */
	uint8_t index_bits;    /**< log2 of the descriptors in a table */
	uint8_t level_count;   /**< levels at va_bits_max */
	uint8_t leaf_level_max; /**< the highest level at which a leaf may stand */
	uint8_t va_bits_min; /**< input address size, in bits: the smallest */
	uint8_t va_bits_max; /**< the largest */
	uint8_t pa_bits_max; /**< output address size, in bits: the largest */
	int8_t arch_level_of_page; /**< the architecture's number of level 0 */
	int8_t arch_level_step;    /**< what the architecture adds per level towards the root */
	bool sign_extended;    /**< one table for both halves */
	uint8_t run_shift[VMM_LEVELS_MAX]; /**< log2 of the leaves in a contiguous run; 0: no runs */
	uint32_t run_flag;     /**< option of the table that runs need; 0: none */
	uint32_t flags;        /**< the VMM_TABLE_ options that the format knows */
};

/** A format as its users see it: facts, and one function per operation. One constant object each. */
struct vmm_format {
	const struct vmm_geometry *geometry; /**< what its tables look like */
	/** vmm_table_init() */
	enum vmm_err (*init)(struct vmm_table *table, const struct vmm_table_config *config);
	/** vmm_table_effective() */
	enum vmm_err (*effective)(const struct vmm_table *table, vmm_attr_t attr, vmm_attr_t *stored);
	/** vmm_table_need() */
	enum vmm_err (*need)(const struct vmm_table *table, const struct vmm_request *request,
			     uint64_t *frame_count, struct vmm_detail *detail);
	/** vmm_table_map() */
	enum vmm_err (*map)(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa, vmm_attr_t attr,
			    struct vmm_detail *detail);
	/** vmm_table_unmap() */
	enum vmm_err (*unmap)(struct vmm_table *table, vmm_va_region_t va, struct vmm_detail *detail);
	/** vmm_table_protect() */
	enum vmm_err (*protect)(struct vmm_table *table, vmm_va_region_t va, vmm_attr_t attr,
				struct vmm_detail *detail);
	/** vmm_table_translate() */
	enum vmm_err (*translate)(const struct vmm_table *table, vmm_va_t va, vmm_pa_t *pa);
	/** vmm_table_query() */
	enum vmm_err (*query)(const struct vmm_table *table, vmm_va_t va, struct vmm_leaf *leaf);
	/** vmm_table_visit() */
	enum vmm_err (*visit)(const struct vmm_table *table, struct vmm_cursor *cursor,
			      struct vmm_leaf *leaf, struct vmm_detail *detail);
	/** vmm_table_share() */
	enum vmm_err (*share)(struct vmm_table *table, vmm_va_region_t va,
			      struct vmm_detail *detail);
	/** vmm_table_trim() */
	void (*trim)(struct vmm_table *table);
	/** vmm_table_fini() */
	void (*fini)(struct vmm_table *table);
};

/** Members are private; the layout is public so that you can embed it. Zeroed before init. */
struct vmm_table {
	/** @privatesection */
	const struct vmm_format *format;
	struct vmm_frames *frames;
	const struct vmm_sync *sync;
	struct vmm_pin *pins;
	uint64_t root;    /* physical address of the root table; 0 and format NULL: not set up */
	uint64_t va_mask; /* 2^va_bits - 1: an address without its extension indexes the tables */
	uint64_t origin;  /* the first address translated: the others follow it modulo 2^64 */
	uint64_t page_mask; /* the bits that tell an ordinary page: all but address and attributes */
	uint64_t link_mask; /* the bits that tell a table descriptor: all but address and software's */
	vmm_pa_region_t borrowed; /* frames that the source does not own and that are never freed */
	vmm_va_region_t shared;   /* what other tables share with this one; size 0: nothing */
	const struct vmm_table *owner; /* of what is shared; NULL: this table, or nothing is */
	uint64_t last_word;     /* what the attributes of the last map or protect come to, which are */
	vmm_attr_t last_attr;   /* nearly always those of the next; 0: there was none, as words are valid */
	vmm_attr_t last_stored;
	uint32_t flags;
	uint16_t asid;
	uint16_t flush_max;
	uint8_t half;
	uint8_t va_bits;
	uint8_t pa_bits;
	uint8_t asid_bits;
	uint8_t root_level;
	bool has_global; /* a global leaf was ever mapped: invalidations of tables cover every ASID */
};

/**
 * Sets up an empty table and takes a frame for its root.
 *
 * @param table   zeroed before the first call; stays where it is until vmm_table_fini()
 * @param config  read during the call only, but what it points to stays in use
 * @return VMM_OK, also (changing nothing) when called again with the same config, or
 *  - VMM_ERR_BUSY: already set up, with another config
 *  - VMM_ERR_UNSUPPORTED: a size, half, ASID or flag that the format does not have; a frame source
 *    whose page_shift is not the format's, or that is missing
 *  - VMM_ERR_ALIGN, VMM_ERR_RANGE: the adopted root is no frame, or outside the borrowed frames
 *  - VMM_ERR_NOMEM: no frame for the root; VMM_ERR_PHYS: the source's frame is outside its span,
 *    misaligned or beyond pa_bits. Errors of the source are forwarded.
 *
 * Cost: one frame, which is zeroed unless it is clean.
 */
VMM_MUST_CHECK enum vmm_err vmm_table_init(struct vmm_table *table,
					   const struct vmm_table_config *config);

/**
 * Gives back every frame of the table and zeroes the object. The mapped memory is not touched.
 *
 * No CPU may translate by the table any more. Cached translations of its ASID are invalidated
 * before the frames are freed. A table that was not set up is left alone. Borrowed frames are not
 * freed. Cost: by table frame.
 */
void vmm_table_fini(struct vmm_table *table);

/** Physical address of the root table, aligned to the granule: what TTBR or satp hold. */
VMM_INLINE vmm_pa_t vmm_table_root(const struct vmm_table *table)
{
	return vmm_pa(table->root);
}

/** Bytes of a page of this table. */
VMM_INLINE uint64_t vmm_table_page_size(const struct vmm_table *table)
{
	return UINT64_C(1) << table->format->geometry->page_shift;
}

/** The architecture's number for @p level, which counts from the leaf (Arm: 3 is a page). */
VMM_INLINE int vmm_table_arch_level(const struct vmm_table *table, int level)
{
	const struct vmm_geometry *geometry = table->format->geometry;

	return geometry->arch_level_of_page + level * geometry->arch_level_step;
}

/**
 * The attributes that a mapping asked for with @p attr will really have, hints included.
 *
 * @return VMM_OK; VMM_ERR_ATTR: the format can't hold them, nor anything at least as strict;
 *  VMM_ERR_WX: writable and executable without VMM_TABLE_ALLOW_WX. *stored is then untouched.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_effective(const struct vmm_table *table,
							   vmm_attr_t attr, vmm_attr_t *stored)
{
	return table->format->effective(table, attr, stored);
}

/**
 * The exact number of frames that an operation would take from the source now.
 *
 * With that many it succeeds, with one fewer it returns VMM_ERR_NOMEM. Errors are those of the
 * operation, except VMM_ERR_NOMEM, and VMM_ERR_PINNED is not foreseen. Cost: the plan of the
 * operation.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_need(const struct vmm_table *table,
						      const struct vmm_request *request,
						      uint64_t *frame_count,
						      struct vmm_detail *detail)
{
	return table->format->need(table, request, frame_count, detail);
}

/**
 * Maps [va, va + size) to [pa, pa + size), all of it or none of it, with the largest leaves that
 * fit.
 *
 * @param va      a multiple of the page in both start and size, inside the table's half
 * @param pa      a multiple of the page
 * @param detail  may be NULL; where the operation failed
 * @return VMM_OK, or
 *  - VMM_ERR_EMPTY: size 0
 *  - VMM_ERR_ALIGN: va, its size or pa is no multiple of the page
 *  - VMM_ERR_WRAP: a hand-made region that passes the last byte of the 64-bit space
 *  - VMM_ERR_RANGE: not within the table's half, not canonical
 *  - VMM_ERR_BUSY: it touches what another table shares with this one
 *  - VMM_ERR_PHYS: beyond the format's or the CPU's physical addresses
 *  - VMM_ERR_ATTR, VMM_ERR_WX: see vmm_table_effective()
 *  - VMM_ERR_EXISTS: something is mapped there; detail names the first address in conflict
 *  - VMM_ERR_NOMEM: a frame was missing; all frames taken were given back
 *  - VMM_ERR_PHYS: the source's frame is outside its span, misaligned or beyond pa_bits
 *  - VMM_ERR_CORRUPT: a descriptor that the format does not have; detail names it
 *
 * After it the calling CPU may use the mapping. Other CPUs: on Arm after their next context
 * synchronization (ISB, exception); on RISC-V they may take one spurious fault
 * (VMM_TABLE_FENCE_ALL). Whoever wrote code there cares for the instruction caches: the library
 * touches none (Arm ARM B2.7.4; RISC-V: FENCE.I). Cost: one store per leaf, one frame per missing
 * table.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_map(struct vmm_table *table, vmm_va_region_t va,
						     vmm_pa_t pa, vmm_attr_t attr,
						     struct vmm_detail *detail)
{
	return table->format->map(table, va, pa, attr, detail);
}

/**
 * Unmaps [va, va + size): afterwards nothing is mapped there. Holes are fine.
 *
 * Any page range can be unmapped. A leaf or a contiguous run that reaches beyond the range is
 * split, which takes frames, and on Arm makes the whole leaf vanish for a moment
 * (break-before-make) while other CPUs may take a translation fault on its other addresses.
 *
 * @return VMM_OK, or EMPTY, ALIGN, WRAP, RANGE, CORRUPT as for map, or
 *  - VMM_ERR_NOMEM: a frame to split a leaf was missing; all were given back
 *  - VMM_ERR_PINNED: a leaf that would vanish for a moment holds a pinned range or what the library
 *    itself stands on: its code, its stack, the table that it changes; detail names the leaf
 *
 * When it returns no CPU uses the old mapping, and tables that became empty are given back, unless
 * VMM_TABLE_KEEP. Cost: one store per leaf; a range that covers a whole table costs by table.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_unmap(struct vmm_table *table, vmm_va_region_t va,
						       struct vmm_detail *detail)
{
	return table->format->unmap(table, va, detail);
}

/**
 * Changes access, execute, user and software bits of a range that is mapped without holes.
 *
 * In place: unless a leaf or run must be cut at an end of the range, no address is ever unmapped.
 * Hints in @p attr are ignored; memory type and globality must be those of the mapping.
 *
 * @return VMM_OK, or the errors of unmap, or
 *  - VMM_ERR_NOENT: nothing is mapped at detail->va
 *  - VMM_ERR_ATTR, VMM_ERR_WX: see vmm_table_effective(); ATTR also if the memory type or globality
 *    of the leaf at detail->va is another one: unmap it and map it anew
 *
 * When it returns no CPU uses the old permissions. Cost: one load and one store per leaf.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_protect(struct vmm_table *table,
							 vmm_va_region_t va, vmm_attr_t attr,
							 struct vmm_detail *detail)
{
	return table->format->protect(table, va, attr, detail);
}

/**
 * The physical address that @p va maps to, by walking the tables in memory.
 *
 * @return VMM_OK; VMM_ERR_RANGE: outside the table's half or not canonical; VMM_ERR_NOENT: not
 * mapped;
 *  VMM_ERR_CORRUPT: a descriptor that the format does not have. *pa is written only on VMM_OK.
 * Cost: one load per level.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_translate(const struct vmm_table *table,
							   vmm_va_t va, vmm_pa_t *pa)
{
	return table->format->translate(table, va, pa);
}

/**
 * The leaf that maps @p va: where it starts, its size, attributes, level and descriptor. Errors and
 * cost as vmm_table_translate(). A run shows as its single leaves, with VMM_ATTR_CONTIG set.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_query(const struct vmm_table *table, vmm_va_t va,
						       struct vmm_leaf *leaf)
{
	return table->format->query(table, va, leaf);
}

/**
 * The next mapping at or after the cursor, in order of index: lower half before upper.
 *
 * Leaves of any size that are contiguous in both address spaces and alike in their attributes are
 * joined into one; with cursor->each every descriptor comes by itself.
 *
 * @return VMM_OK: *leaf was written and the cursor stands behind it; VMM_ERR_NOENT: there is no
 *  more; VMM_ERR_CORRUPT: a descriptor that the format does not have, a table outside the frame
 *  source and the borrowed frames, or one that contains itself: detail names it, and the cursor stands behind
 *  it so that the iteration can go on. Ends on any damage. A table
 *  that is linked from several descriptors is passed once for each.
 * Cost: one load per descriptor of the tables passed.
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_visit(const struct vmm_table *table,
						       struct vmm_cursor *cursor,
						       struct vmm_leaf *leaf,
						       struct vmm_detail *detail)
{
	return table->format->visit(table, cursor, leaf, detail);
}

/** Frees every table that maps nothing: what VMM_TABLE_KEEP kept. Cost: by table. */
VMM_INLINE void vmm_table_trim(struct vmm_table *table)
{
	table->format->trim(table);
}

/**
 * Sets up a part of the table for sharing: the kernel's part, which every user's table has too.
 *
 * Every root descriptor of the part gets a table of its own, which from then on is never freed
 * before vmm_table_fini(), so that tables which join later may copy the root descriptors once and
 * for all. Leaves in the part stay below the root. Whatever is mapped there must be the same for
 * every ASID; invalidations there always reach all of them.
 *
 * @param va  a multiple of what one root descriptor covers, in start and size
 * @return VMM_OK, or
 *  - VMM_ERR_EMPTY, VMM_ERR_WRAP, VMM_ERR_RANGE: as for map
 *  - VMM_ERR_ALIGN: no multiple of what a root descriptor covers
 *  - VMM_ERR_BUSY: a part is shared already; it can't be changed
 *  - VMM_ERR_EXISTS: a leaf stands in the root at detail->va
 *  - VMM_ERR_UNSUPPORTED: the root is the last level
 *  - VMM_ERR_NOMEM, VMM_ERR_PHYS: as for map; nothing changed
 */
VMM_MUST_CHECK VMM_INLINE enum vmm_err vmm_table_share(struct vmm_table *table, vmm_va_region_t va,
						       struct vmm_detail *detail)
{
	return table->format->share(table, va, detail);
}

/**
 * Joins what @p owner shares: @p table translates it like the owner from now on, later changes
 * included.
 *
 * Only the owner changes it: an operation of @p table on the part is refused with VMM_ERR_BUSY. The
 * owner ends last. The call excludes writers of both tables. After it they are independent: what
 * @p table does elsewhere touches nothing of the owner's.
 *
 * @return VMM_OK, also (changing nothing) when it has joined this owner already, or
 *  - VMM_ERR_UNSUPPORTED: the owner shares nothing of its own, or the tables differ in format, half,
 *    input or output size, VMM_TABLE_SVNAPOT or VMM_TABLE_SVPBMT, or in their frame sources' window
 *  - VMM_ERR_BUSY: @p table shares something already
 *  - VMM_ERR_EXISTS: a root descriptor of the part is in use in @p table
 *
 * Cost: one load and store per root descriptor.
 */
VMM_MUST_CHECK enum vmm_err vmm_table_join(struct vmm_table *table, const struct vmm_table *owner);

/**
 * Moves the stored pointers of a table that was set up before relocation: its format, frame source,
 * sync, pins and owner, all of which moved by @p delta. The frame source has a rebase of its own.
 */
void vmm_table_rebase(struct vmm_table *table, uint64_t delta);

/**
 * Gives a table that was built without a `sync` the one that its CPU needs, so that changes may be
 * made while CPUs translate by it. Code that runs before relocation builds without: a sync is made
 * of link-time pointers.
 *
 * What was changed before stays yours to make visible, on Arm with vmm_aarch64_clean(). @p sync
 * outlives the table; a table that was not set up takes none.
 */
void vmm_table_set_sync(struct vmm_table *table, const struct vmm_sync *sync);

/**
 * Pins a range: an operation that would make it vanish for a moment is refused with VMM_ERR_PINNED.
 * Unmapping it on purpose is not. @p pin is linked until vmm_table_unpin() or fini.
 */
void vmm_table_pin(struct vmm_table *table, struct vmm_pin *pin);

/** Undoes vmm_table_pin(). VMM_ERR_NOENT: it is not pinned here. */
VMM_MUST_CHECK enum vmm_err vmm_table_unpin(struct vmm_table *table, struct vmm_pin *pin);

/**
 * Changes the ASID that invalidations name from now on, and that the registers for this table hold:
 * after a change of numbers (asid.h). What is cached under the old one stays cached.
 *
 * An operation of a writer. No CPU may translate by the table under the old number.
 *
 * @return VMM_OK; VMM_ERR_UNSUPPORTED: it has more bits than the table's ASIDs. Cost: O(1).
 */
VMM_MUST_CHECK enum vmm_err vmm_table_set_asid(struct vmm_table *table, uint16_t asid);

/** Whether @p va lies in the part of the address space that the table translates. */
bool vmm_table_covers(const struct vmm_table *table, vmm_va_t va);

/** The first and last address that the table translates; for both halves: the lower one's. */
vmm_va_region_t vmm_table_region(const struct vmm_table *table, enum vmm_half half);

VMM_END_DECLS

#endif /* VMM_TABLE_H */
