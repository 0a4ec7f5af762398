/* SPDX-License-Identifier: MIT */
#ifndef TEST_MODEL_SPACE_H
#define TEST_MODEL_SPACE_H

/**
 * @file test_model_space.h
 * The address space against a plain array of pages: random reservations of every kind, at
 * addresses, releases, lookups, probes and moves in memory. The model goes through all gaps and all
 * addresses for each answer; after every step the space has to agree, and to be sound.
 */

#include "test_random.h"

/** Sets up a space of random size and options, and does 500 steps, or fewer if bytes run out. */
void test_model_space_run(struct test_random *random);

#endif /* TEST_MODEL_SPACE_H */
