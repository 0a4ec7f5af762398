/* SPDX-License-Identifier: MIT */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

/**
 * @file test_random.h
 * Random numbers for tests against models: fast, the same on every machine, and repeatable.
 *
 * A test starts with test_random_init(), which prints the seed. VMM_SEED in the environment sets
 * it; without, each run has another. VMM_STEPS multiplies the work of tests that ask
 * test_random_steps(), for long runs by hand.
 *
 * A fuzzer has its bytes decide in place of the generator: test_random_from(). Then the same tests
 * go where its coverage leads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_random {
	uint64_t state;
	const uint8_t *bytes; /* what decides instead, if not NULL */
	size_t left;
};

/** Seeds the generator and prints the seed under the test's name. */
void test_random_init(struct test_random *self, const char *name);

/** Seeds the generator with what you say. */
void test_random_seed(struct test_random *self, uint64_t seed);

/** Takes every decision from the bytes, as few of them as it needs; behind the last all are 0. */
void test_random_from(struct test_random *self, const uint8_t *bytes, size_t size);

/** Whether the bytes are used up. Never true of a generator. */
bool test_random_is_done(const struct test_random *self);

/** 64 random bits. */
uint64_t test_random_next(struct test_random *self);

/** A number from 0 to `bound` - 1; 0 if `bound` is 0. */
uint64_t test_random_below(struct test_random *self, uint64_t bound);

/** True in one of `n` cases. */
bool test_random_one_in(struct test_random *self, uint64_t n);

/** `count`, times VMM_STEPS if that is in the environment. */
uint64_t test_random_steps(uint64_t count);

#endif /* TEST_RANDOM_H */
