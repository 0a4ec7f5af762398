/* SPDX-License-Identifier: MIT */
#ifndef VMM_ERR_H
#define VMM_ERR_H

/**
 * @file err.h
 * Why an operation did not happen.
 *
 * A function that returns `enum vmm_err` did all of its work if the result is VMM_OK, and left
 * every object and out-parameter as it was if not; exceptions say so where they are declared. Each
 * function lists the errors it can return and what they mean for that call.
 */

#include <vmm/cc.h>

VMM_BEGIN_DECLS

/** 0 or negative; a closed list, whose values are part of the interface and never reused. */
enum vmm_err {
	/** It happened. */
	VMM_OK = 0,
	/** The size or count is 0. */
	VMM_ERR_EMPTY = -1,
	/** An address or size is no multiple of the granule, or of the alignment asked for. */
	VMM_ERR_ALIGN = -2,
	/** The result lies outside the 64-bit space: past the last byte, or below 0. */
	VMM_ERR_WRAP = -3,
	/** An address outside this table's half, this window, region or space; not canonical. */
	VMM_ERR_RANGE = -4,
	/** A physical address beyond what the format or the CPU can express. */
	VMM_ERR_PHYS = -5,
	/** Attributes that this format cannot express, or device memory that is executable. */
	VMM_ERR_ATTR = -6,
	/** Writable and executable, and the table was not set up for that. */
	VMM_ERR_WX = -7,
	/** Something is mapped or reserved there already. */
	VMM_ERR_EXISTS = -8,
	/** Nothing is mapped or reserved there. */
	VMM_ERR_NOENT = -9,
	/** No frame for a translation table. */
	VMM_ERR_NOMEM = -10,
	/** No free virtual range that fits. */
	VMM_ERR_NOSPACE = -11,
	/** No free entry in the record. */
	VMM_ERR_FULL = -12,
	/** Owned or in use: a mapping by hand in the MMIO window, a second init, a shared table. */
	VMM_ERR_BUSY = -13,
	/** The CPU lacks the granule, mode or size. */
	VMM_ERR_UNSUPPORTED = -14,
	/** A check, an audit, a visit or a double free found damage. */
	VMM_ERR_CORRUPT = -15,
	/**
	 * A break-before-make would take away a leaf that the library's own code, stack or tables,
	 * or a pinned range, stands on.
	 */
	VMM_ERR_PINNED = -16
};

/**
 * Describes an error in a few lower-case English words, without a full stop.
 *
 * Never NULL; for a value that is not in the list, "unknown error". The string is the library's and
 * constant. Holds no stored pointers, so it may be called before relocation. O(1).
 */
const char *vmm_err_str(enum vmm_err err);

VMM_END_DECLS

#endif /* VMM_ERR_H */
