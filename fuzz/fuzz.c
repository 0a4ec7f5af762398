/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200112L /* setenv */

#include <stdlib.h>

#include "fuzz.h"

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

__extension__ typedef unsigned __int128 wide;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* Outside of a test CMocka would end the program; libFuzzer wants to see a signal. */
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

const struct vmm_format *fuzz_format(struct test_random *random)
{
	static const struct vmm_format *const formats[FUZZ_FORMAT_COUNT] = {
		&vmm_aarch64_4k, &vmm_aarch64_16k, &vmm_aarch64_64k,
		&vmm_riscv_sv39, &vmm_riscv_sv48,  &vmm_riscv_sv57,
	};

	return formats[test_random_below(random, FUZZ_FORMAT_COUNT)];
}

uint64_t fuzz_number(struct test_random *random)
{
	uint64_t kind = test_random_below(random, 8);
	uint64_t power = UINT64_C(1) << test_random_below(random, 64);

	switch (kind) {
	case 0:
		return test_random_next(random);
	case 1:
		return 0 - test_random_below(random, 4);
	case 2:
		return power + test_random_below(random, 4) - 2;
	case 3:
		return 0 - power + test_random_below(random, 4) - 2;
	case 4:
		return 0 - (test_random_below(random, 256) << 12);
	case 5:
		return 0 - power;
	case 6:
		return power;
	default:
		return test_random_below(random, 256) << 12;
	}
}

vmm_attr_t fuzz_attr(struct test_random *random)
{
	static const vmm_attr_t usual[] = {
		{ VMM_ATTR_EXEC(VMM_EXEC_KERNEL) | VMM_ATTR_GLOBAL },
		{ VMM_ATTR_GLOBAL },
		{ VMM_ATTR_WRITE | VMM_ATTR_GLOBAL },
		{ VMM_ATTR_MEM(VMM_MEM_DEV_NGNRE) | VMM_ATTR_WRITE | VMM_ATTR_GLOBAL },
		{ VMM_ATTR_WRITE | VMM_ATTR_USER },
		{ VMM_ATTR_EXEC(VMM_EXEC_USER) | VMM_ATTR_USER },
	};
	uint64_t choice = test_random_below(random, 10);

	if (choice < 6) {
		return vmm_attr(usual[choice].bits |
				(test_random_one_in(random, 2) ? VMM_ATTR_CONTIG : 0));
	}
	if (choice < 8) {
		return vmm_attr((uint32_t)test_random_below(random, VMM_ATTR_ALL + 1));
	}
	return vmm_attr((uint32_t)test_random_next(random));
}

/* Of a table for both halves, either one may hold all of it. */
static int is_in_half(const struct vmm_table *table, wide start, wide end)
{
	wide space = (wide)1 << 64;
	wide size = (wide)1 << (table->half == VMM_BOTH_HALVES ? table->va_bits - 1 : table->va_bits);
	int is_lower = end <= size;
	int is_upper = start >= space - size;

	if (table->half == VMM_BOTH_HALVES) {
		return is_lower || is_upper;
	}
	return table->half == VMM_LOWER_HALF ? is_lower : is_upper;
}

enum vmm_err fuzz_judge_region(const struct vmm_table *table, uint64_t start, uint64_t size)
{
	uint64_t page = UINT64_C(1) << table->format->geometry->page_shift;
	wide end = (wide)start + size;

	if (size == 0) {
		return VMM_ERR_EMPTY;
	}
	if (end > (wide)1 << 64) {
		return VMM_ERR_WRAP;
	}
	if (start % page != 0 || size % page != 0) {
		return VMM_ERR_ALIGN;
	}
	return is_in_half(table, start, end) ? VMM_OK : VMM_ERR_RANGE;
}

enum vmm_err fuzz_judge_output(const struct vmm_table *table, uint64_t pa, uint64_t size)
{
	uint64_t page = UINT64_C(1) << table->format->geometry->page_shift;

	if (pa % page != 0) {
		return VMM_ERR_ALIGN;
	}
	return (wide)pa + size <= (wide)1 << table->pa_bits ? VMM_OK : VMM_ERR_PHYS;
}
