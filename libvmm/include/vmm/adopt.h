/* SPDX-License-Identifier: MIT */
#ifndef VMM_ADOPT_H
#define VMM_ADOPT_H

/**
 * @file adopt.h
 * Taking over tables that exist, and a record of what they map: from a build tool, from firmware,
 * or from an earlier stage.
 *
 *     static struct vmm_table table;
 *     static struct vmm vmm;
 *     static struct vmm_mapping pool[32];
 *     struct vmm_adoption adoption = {
 *             .manager = { .table = &table, .pool = pool, .pool_count = 32 },
 *             .tables = { .format = &vmm_aarch64_4k, .frames = &bump.frames,
 *                         .sync = &vmm_aarch64_sync },
 *             .blob = &vmm_precomputed_blob[vmm_precomputed.upper_blob],
 *             .blob_size = vmm_precomputed.upper_blob_size,
 *     };
 *
 *     err = vmm_adopt(&vmm, &adoption, &detail);
 */

#include <vmm/blob.h>
#include <vmm/vmm.h>

VMM_BEGIN_DECLS

/** What is taken over. Members that are 0 mean the default. */
struct vmm_adoption {
	/** As for vmm_init(), but with a zeroed table. The window is by default the blob's. */
	struct vmm_config manager;
	/**
	 * As for vmm_table_init(). `format` and `frames` are needed always; the frames' window has
	 * to reach the adopted tables. `sync` is needed if a CPU walks them: &vmm_aarch64_sync and
	 * its like. With a blob, `half`, `va_bits` and `borrowed` are the blob's, whatever they are
	 * here; `root` and `pa_bits` are the blob's by default; and `flags` are added to the
	 * blob's.
	 */
	struct vmm_table_config tables;
	/** A blob, which is borrowed while the record has its names; NULL: there is none. */
	const void *blob;
	size_t blob_size; /**< in bytes */
	/** Without a blob: the name of everything that is found. NULL: the empty name. */
	const char *name;
};

/**
 * Sets up config->manager.table with tables that exist, and `vmm` with entries for what they map.
 *
 * With a blob the entries are those that it lists, by name. Without one, each piece that is
 * contiguous and alike becomes an entry. Entries, and what is mapped, outside the manager's area
 * and window are left alone: another manager on the same table can have them. Afterwards record and
 * tables agree in the area and the window: an audit finds nothing but aliases that the tables have
 * of their own. The adopted frames are changed in place and never given to the frame source.
 *
 * All or nothing: on an error the table, `vmm` and the array of entries are zeroed, and the adopted
 * tables untouched. They are never written to here, and nothing outside them and the frame
 * source's span is read, whatever they hold.
 *
 * @param vmm     zeroed
 * @param detail  may be NULL; with VMM_ERR_NOENT to VMM_ERR_EXISTS and VMM_ERR_CORRUPT, where
 * @return VMM_OK, or
 *  - VMM_ERR_BUSY: `vmm` or the table is set up already; without a blob: something is mapped in
 *    the MMIO window
 *  - VMM_ERR_UNSUPPORTED: no table, format or frame source; a blob of another version, format or
 *    page size; and as of vmm_table_init() and vmm_init()
 *  - VMM_ERR_EMPTY: a blob that nobody wrote, or neither blob nor borrowed frames
 *  - VMM_ERR_CORRUPT: no sound blob, or one for another root; a descriptor that the format does not
 *    have or that leads outside of the tables
 *  - VMM_ERR_FULL: too few entries
 *  - VMM_ERR_NOENT: the blob has it, the tables do not map it
 *  - VMM_ERR_EXISTS: the tables map it, the blob does not have it, or as a guard
 *  - VMM_ERR_PHYS, VMM_ERR_ATTR: it is mapped to other memory than the blob says, or with other
 *    attributes
 *  - VMM_ERR_WX, VMM_ERR_ATTR: attributes that vmm_table_effective() refuses; tables that firmware
 *    made may need VMM_TABLE_ALLOW_WX
 *  - VMM_ERR_RANGE: the errors of vmm_table_init() and vmm_init(), or an entry that is partly in
 *    the area. VMM_ERR_ALIGN, VMM_ERR_WRAP: as there
 *
 * Cost: O(n log n + leaves).
 */
VMM_MUST_CHECK enum vmm_err vmm_adopt(struct vmm *vmm, const struct vmm_adoption *adoption,
				      struct vmm_detail *detail);

VMM_END_DECLS

#endif /* VMM_ADOPT_H */
