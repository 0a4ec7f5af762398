/* SPDX-License-Identifier: MIT */
#ifndef VMM_VERSION_H
#define VMM_VERSION_H

/**
 * @file version.h
 * Which libvmm this is: of the headers at compile time, of the library at run time.
 *
 * Versions follow SemVer: below 1.0 a minor version may break source, from 1.0 on only a major one.
 */

#include <vmm/cc.h>

VMM_BEGIN_DECLS

#define VMM_VERSION_MAJOR  0 /**< a change breaks source from 1.0 on */
#define VMM_VERSION_MINOR  1 /**< something new; below 1.0 it may break source */
#define VMM_VERSION_PATCH  0 /**< something mended */
#define VMM_VERSION_STRING "0.1.0" /**< all three */

/** One number per version, in the order of versions; each part goes up to 999. For `#if`, too. */
#define VMM_VERSION_NUMBER_OF(major, minor, patch) (1000000 * (major) + 1000 * (minor) + (patch))

/** The headers' version: `#if VMM_VERSION_NUMBER >= VMM_VERSION_NUMBER_OF(0, 2, 0)`. */
#define VMM_VERSION_NUMBER \
	VMM_VERSION_NUMBER_OF(VMM_VERSION_MAJOR, VMM_VERSION_MINOR, VMM_VERSION_PATCH)

/** The version of the library that was linked, as "major.minor.patch". Constant; never NULL. */
const char *vmm_version(void);

/** The version of the library that was linked, as VMM_VERSION_NUMBER. */
uint32_t vmm_version_number(void);

VMM_END_DECLS

#endif /* VMM_VERSION_H */
