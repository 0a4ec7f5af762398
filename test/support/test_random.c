/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "test_random.h"

static uint64_t fresh_seed(void)
{
	struct timespec now = {0, 0};

	(void)timespec_get(&now, TIME_UTC);
	return ((uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec) &
	       UINT64_C(0xffffffffff);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 0) : otherwise;
}

void test_random_init(struct test_random *self, const char *name)
{
	uint64_t seed = from_environment("VMM_SEED", fresh_seed());

	printf("# %s: VMM_SEED=%llu\n", name, (unsigned long long)seed);
	(void)fflush(stdout);
	test_random_seed(self, seed);
}

void test_random_seed(struct test_random *self, uint64_t seed)
{
	self->state = seed;
	self->bytes = NULL;
	self->left = 0;
}

void test_random_from(struct test_random *self, const uint8_t *bytes, size_t size)
{
	self->state = 0;
	self->bytes = bytes;
	self->left = size;
}

bool test_random_is_done(const struct test_random *self)
{
	return self->bytes != NULL && self->left == 0;
}

/* A number of so many bytes, the first one lowest. */
static uint64_t take(struct test_random *self, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count && self->left > 0; i++) {
		value |= (uint64_t)*self->bytes << 8 * i;
		self->bytes++;
		self->left--;
	}
	return value;
}

static unsigned int bytes_for(uint64_t bound)
{
	unsigned int count = 1;

	while (count < 8 && bound > UINT64_C(1) << 8 * count) {
		count++;
	}
	return count;
}

/* SplitMix64: every seed is as good as any other. */
uint64_t test_random_next(struct test_random *self)
{
	uint64_t mixed;

	if (self->bytes != NULL) {
		return take(self, 8);
	}
	self->state += UINT64_C(0x9e3779b97f4a7c15);
	mixed = self->state;
	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

uint64_t test_random_below(struct test_random *self, uint64_t bound)
{
	if (bound <= 1) {
		return 0;
	}
	if (self->bytes != NULL) {
		return take(self, bytes_for(bound)) % bound;
	}
	return test_random_next(self) % bound;
}

bool test_random_one_in(struct test_random *self, uint64_t n)
{
	return test_random_below(self, n) == 0;
}

uint64_t test_random_steps(uint64_t count)
{
	return count * from_environment("VMM_STEPS", 1);
}
