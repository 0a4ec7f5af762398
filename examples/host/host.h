/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_HOST_H
#define EXAMPLES_HOST_H

/**
 * @file host.h
 * What the programs here share: a machine's memory, played by an array, and an end after an error.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <vmm/err.h>
#include <vmm/region.h>

/** Physical memory, 1 MiB from 1 GiB on. */
#define RAM_START UINT64_C(0x40000000)
#define RAM_SIZE  UINT64_C(0x100000)

static _Alignas(0x10000) unsigned char ram_bytes[RAM_SIZE];

/** All of it. */
static const vmm_pa_region_t ram = VMM_PA_REGION_INIT(RAM_START, RAM_SIZE);

/** Pointer = physical address + window: a kernel that maps memory 1:1 has 0 here. */
static inline uint64_t ram_window(void)
{
	return (uintptr_t)ram_bytes - RAM_START;
}

/** Ends the program if something that can't fail here did. */
static inline void require(const char *what, enum vmm_err err)
{
	if (err != VMM_OK) {
		printf("%s: %s\n", what, vmm_err_str(err));
		exit(1);
	}
}

/** Where the library's printing goes. */
static inline void put(char c)
{
	(void)putchar(c);
}

#endif /* EXAMPLES_HOST_H */
