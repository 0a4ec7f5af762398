/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

/**
 * @file fuzz.h
 * What the fuzz targets share. Each has the entry point of libFuzzer, fuzz_one(), and turns bytes
 * into operations; what it expects it asserts as the tests do, and an assertion aborts.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <vmm/format.h>

#include "test_random.h"

#define fuzz_one LLVMFuzzerTestOneInput

/** libFuzzer's names: clang -fsanitize=fuzzer, "compiler-rt/lib/fuzzer". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define FUZZ_FORMAT_COUNT 6

const struct vmm_format *fuzz_format(struct test_random *random);

/**
 * A 64-bit number of the kind that breaks arithmetic: around 0, around powers of 2 and their
 * negatives, page numbers, or any.
 */
uint64_t fuzz_number(struct test_random *random);

/** Attributes, mostly some that exist. */
vmm_attr_t fuzz_attr(struct test_random *random);

/** What an independent look at a region says, in the order that the headers promise. */
enum vmm_err fuzz_judge_region(const struct vmm_table *table, uint64_t start, uint64_t size);

/** The same of the physical side. */
enum vmm_err fuzz_judge_output(const struct vmm_table *table, uint64_t pa, uint64_t size);

#endif /* FUZZ_H */
