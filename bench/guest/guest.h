/* SPDX-License-Identifier: MIT */
#ifndef GUEST_H
#define GUEST_H

/**
 * @file guest.h
 * What guest.c needs of the CPU and of QEMU's virt board.
 */

#include <stdint.h>

#include <vmm/format.h>

struct guest_format {
	const char *name;
	const struct vmm_format *format;
};

extern const struct guest_format guest_formats[];
extern const unsigned int guest_format_count;

/** Instructions since some time. */
uint64_t guest_count(void);

void guest_print(const char *text);

__attribute__((noreturn)) void guest_exit(void);

void guest_main(void);

#endif /* GUEST_H */
