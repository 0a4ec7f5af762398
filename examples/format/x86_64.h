/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_X86_64_H
#define EXAMPLES_X86_64_H

/**
 * @file x86_64.h
 * A seventh format, made outside of the library: x86-64's 4-level paging.
 */

#include <vmm/format.h>

/** Pages of 4 KiB, 2 MiB and 1 GiB; 48 bits of virtual address, sign-extended. */
VMM_FORMAT_DECLARE(x86_64);

#endif /* EXAMPLES_X86_64_H */
