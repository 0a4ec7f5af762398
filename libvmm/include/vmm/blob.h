/* SPDX-License-Identifier: MIT */
#ifndef VMM_BLOB_H
#define VMM_BLOB_H

/**
 * @file blob.h
 * A record as bytes: what a table maps, under which names, for whoever adopts the table later.
 *
 * A build tool writes it next to the tables that it made; vmm_adopt() (adopt.h) makes entries of
 * it. The bytes do not depend on the machine that wrote them: every number is little-endian.
 *
 *     offset  bytes  what
 *          0      8  "vmm blob"
 *          8      4  version: 1
 *         12      4  size of all of it
 *         16      4  half, va_bits, pa_bits and page_shift, a byte each
 *         20      4  options of the table: VMM_TABLE_ bits
 *         24      8  physical address of the root
 *         32     16  the tables' frames: physical address, size
 *         48     16  the MMIO window: virtual address, size; size 0: none
 *         64      4  number of entries
 *         68      4  the format's name, as an offset into the strings
 *         72     40  for each entry, in the order of addresses: virtual address, size, physical
 *                    address, 8 bytes each; attributes, kind, name, and 0, 4 bytes each
 *                    strings up to the end, each with a 0 behind it
 *
 * Everything here runs without relocation and needs no alignment. Callers serialize.
 */

#include <vmm/record.h>
#include <vmm/table.h>

VMM_BEGIN_DECLS

/** The version that is written, and the only one that is read. */
#define VMM_BLOB_VERSION 1

/** What a blob says about the table. */
struct vmm_blob_head {
	const char *format; /**< vmm_geometry::name */
	enum vmm_half half; /**< as the table was set up */
	uint8_t va_bits; /**< input address size */
	uint8_t pa_bits; /**< output address size */
	uint8_t page_shift; /**< log2 of a page, in bytes */
	uint32_t flags; /**< VMM_TABLE_ bits */
	vmm_pa_t root; /**< the root table, in `borrowed` */
	vmm_pa_region_t borrowed; /**< the frames of the tables */
	vmm_va_region_t window;   /**< for devices; empty: none */
	uint32_t entry_count; /**< what vmm_blob_get() has */
};

/** What a blob says about a range of addresses. */
struct vmm_blob_entry {
	const char *name; /**< in the blob; never NULL */
	vmm_va_region_t va; /**< whole pages */
	vmm_pa_t pa;                /**< of a guard: 0 */
	vmm_attr_t attr;            /**< as asked for */
	enum vmm_mapping_kind kind; /**< MMIO within the window, and only there */
};

/** A blob that was looked through. Only `head` is for you. */
struct vmm_blob {
	struct vmm_blob_head head; /**< what it says about the table */
	/** @privatesection */
	const unsigned char *bytes;
	uint32_t strings; /* offset of the first */
	uint32_t size;
};

/**
 * Looks a blob through, so that everything in it can be relied on afterwards, whoever wrote it.
 *
 * The bytes are borrowed, and names point into them. What is checked: the layout; that the window
 * and the entries are regions of whole pages with attributes and kinds that exist; that entries
 * come in the order of addresses and do not overlap; that those in the window, and only those, are
 * of the kind VMM_MAPPING_MMIO; that the root is a frame of the tables. Whether tables say the
 * same, and whether the addresses exist in their format, is not.
 *
 * @param size  of what may be read; the blob itself may be smaller
 * @return VMM_OK, or VMM_ERR_EMPTY: `bytes` is NULL, or `size` or the blob's magic number is 0, as
 *  in room that nobody wrote to; VMM_ERR_UNSUPPORTED: another version; VMM_ERR_CORRUPT: anything
 *  else. *blob is written only on VMM_OK. O(size).
 */
VMM_MUST_CHECK enum vmm_err vmm_blob_open(struct vmm_blob *blob, const void *bytes, size_t size);

/** Reads the entry `index`, which is below head.entry_count. O(1). */
void vmm_blob_get(const struct vmm_blob *blob, uint32_t index, struct vmm_blob_entry *entry);

/** The bytes that a blob of these entries takes. O(size). */
size_t vmm_blob_size(const struct vmm_blob_head *head, const struct vmm_blob_entry *entries);

/**
 * Writes a blob of head->entry_count entries into `bytes`.
 *
 * @return VMM_OK, or VMM_ERR_NOSPACE: it takes more than `room` bytes, and none was written; or
 *  the errors of vmm_blob_open() for what would not be read again, after which `bytes` hold what is
 *  no blob. O(size).
 */
VMM_MUST_CHECK enum vmm_err vmm_blob_write(void *bytes, size_t room,
					   const struct vmm_blob_head *head,
					   const struct vmm_blob_entry *entries);

VMM_END_DECLS

#endif /* VMM_BLOB_H */
