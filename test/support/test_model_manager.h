/* SPDX-License-Identifier: MIT */
#ifndef TEST_MODEL_MANAGER_H
#define TEST_MODEL_MANAGER_H

/**
 * @file test_model_manager.h
 * Random operations of the manager on every format against a plain list of entries. After each step
 * the record is checked and compared with the list, entry by entry and user by user, and an
 * independent reader translates an address; now and then the audit has to be content.
 */

#include <stddef.h>

#include "test_random.h"

/** Kinds of operations: the first are those of enum vmm_mapping_kind. */
#define TEST_MODEL_MANAGER_OPS 12

size_t test_model_manager_count(void);

/**
 * Runs so many steps on a new manager, fewer if the bytes behind `random` are used up.
 * @param done  TEST_MODEL_MANAGER_OPS counters: how many operations of a kind succeeded is added
 */
void test_model_manager_run(size_t variant, struct test_random *random, uint64_t steps,
			    uint64_t *done);

#endif /* TEST_MODEL_MANAGER_H */
