/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "test_arch.h"
#include "test_formats.h"

#include <vmm/aarch64.h>
#include <vmm/riscv.h>

static const struct vmm_format *const formats[] = {
	&vmm_aarch64_4k, &vmm_aarch64_16k, &vmm_aarch64_64k,
	&vmm_riscv_sv39, &vmm_riscv_sv48,  &vmm_riscv_sv57,
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))
#define TESTS_MAX    400

/* A case on a format. */
struct instance {
	const struct test_case *test;
	const struct vmm_format *format;
	char name[120];
};

static struct instance instances[TESTS_MAX];
static struct CMUnitTest tests[TESTS_MAX];

static void run_instance(void **state)
{
	const struct instance *instance = *state;

	instance->test->run(instance->format);
}

bool test_formats_is_riscv(const struct vmm_format *format)
{
	return test_arch_of(format)->riscv;
}

uint64_t test_formats_page(const struct vmm_format *format)
{
	return test_formats_leaf(format, 0);
}

uint64_t test_formats_leaf(const struct vmm_format *format, unsigned int level)
{
	return test_arch_reach(test_arch_of(format), level);
}

uint64_t test_formats_run_count(const struct vmm_format *format)
{
	return test_arch_of(format)->run[0];
}

int test_formats_run(const char *group, const struct test_case *cases, size_t case_count)
{
	size_t count = 0;

	for (size_t i = 0; i < case_count * FORMAT_COUNT; i++) {
		struct instance *instance = &instances[count];

		instance->test = &cases[i / FORMAT_COUNT];
		instance->format = formats[i % FORMAT_COUNT];
		if ((instance->test->formats &
		     (test_formats_is_riscv(instance->format) ? TEST_RISCV : TEST_ARM)) == 0) {
			continue;
		}
		(void)snprintf(instance->name, sizeof(instance->name), "%s (%s)",
			       instance->test->name, instance->format->geometry->name);
		memset(&tests[count], 0, sizeof(tests[count]));
		tests[count].name = instance->name;
		tests[count].test_func = run_instance;
		tests[count].initial_state = instance;
		count++;
		if (count == TESTS_MAX) {
			return 1;
		}
	}
	return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}
