/* SPDX-License-Identifier: MIT */
/*
 * ASIDs by generations. The judge of the model tests is a set of caches, one for each CPU: whatever
 * a CPU uses stays in its cache under the number that it had, and must never be used for another
 * space.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <vmm/aarch64.h>
#include <vmm/asid.h>
#include <vmm/riscv.h>

#include "support/test_frames.h"
#include "support/test_random.h"

#define CPU_MAX 8

static struct vmm_asid_cpu cpus[CPU_MAX];
static struct vmm_asids asids;

static void set_up(uint32_t cpu_count, unsigned int bits, unsigned int kernel_last)
{
	const struct vmm_asids_config config = { cpus, cpu_count, (uint8_t)bits,
						 (uint16_t)kernel_last };

	memset(&asids, 0, sizeof(asids));
	memset(cpus, 0xa5, sizeof(cpus));
	assert_int_equal(vmm_asids_init(&asids, &config), VMM_OK);
}

static struct vmm_asid_use use_on(uint32_t cpu, struct vmm_asid *asid)
{
	struct vmm_asid_use use = { 0xdead, false, true };

	assert_int_equal(vmm_asids_switch(&asids, cpu, asid, &use), VMM_OK);
	return use;
}

/* --- by example --- */

static void numbers_are_handed_out_once_each_from_1_on(void **state)
{
	struct vmm_asid spaces[3] = { { 0 } };

	(void)state;
	set_up(1, 2, 0);
	for (unsigned int i = 0; i < 3; i++) {
		struct vmm_asid_use use = use_on(0, &spaces[i]);

		assert_int_equal(use.asid, i + 1);
		assert_true(use.is_new);
		assert_false(use.flush);
	}
	for (unsigned int i = 0; i < 3; i++) {
		struct vmm_asid_use use = use_on(0, &spaces[i]);

		assert_int_equal(use.asid, i + 1);
		assert_false(use.is_new);
		assert_false(use.flush);
	}
	assert_int_equal(vmm_asids_generation(&asids), 1);
}

static void the_kernel_keeps_as_many_numbers_as_it_wants(void **state)
{
	struct vmm_asid space = { 0 };

	(void)state;
	set_up(2, 4, 12);
	assert_int_equal(use_on(0, &space).asid, 13);
}

static void every_number_up_to_the_last_of_16_bits_is_handed_out(void **state)
{
	(void)state;
	set_up(1, 16, 0);
	for (unsigned int i = 1; i <= 0xffff; i++) {
		struct vmm_asid space = { 0 };

		assert_int_equal(use_on(0, &space).asid, i);
	}
	assert_int_equal(vmm_asids_generation(&asids), 1);
	struct vmm_asid space = { 0 };

	assert_int_equal(use_on(0, &space).asid, 1);
	assert_int_equal(vmm_asids_generation(&asids), 2);
}

static void a_new_generation_asks_each_cpu_once_to_forget_when_it_switches(void **state)
{
	struct vmm_asid spaces[5] = { { 0 } };
	struct vmm_asid other = { 0 };

	(void)state;
	set_up(2, 3, 2);
	use_on(1, &other);
	/* 3 is other's; 4 to 7 are left. */
	for (unsigned int i = 0; i < 4; i++) {
		assert_false(use_on(0, &spaces[i]).flush);
	}
	assert_true(use_on(0, &spaces[4]).flush);
	assert_int_equal(vmm_asids_generation(&asids), 2);
	assert_false(use_on(0, &spaces[0]).flush);
	/* CPU 1 goes on; the same space again is a switch, too. */
	assert_true(use_on(1, &other).flush);
	assert_false(use_on(1, &other).flush);
}

static void what_a_cpu_translates_by_keeps_its_number_in_a_new_generation(void **state)
{
	struct vmm_asid spaces[4] = { { 0 } };
	struct vmm_asid busy = { 0 };

	(void)state;
	set_up(2, 2, 0);
	assert_int_equal(use_on(1, &busy).asid, 1);
	use_on(0, &spaces[0]);
	use_on(0, &spaces[1]);
	/* 3, the number of the space that CPU 0 leaves by this switch, is kept, too. */
	assert_int_equal(use_on(0, &spaces[2]).asid, 2);
	assert_int_equal(vmm_asids_generation(&asids), 2);
	struct vmm_asid_use use = use_on(0, &busy);

	assert_int_equal(use.asid, 1);
	assert_false(use.is_new);
	use = use_on(0, &spaces[1]);
	assert_int_equal(use.asid, 3);
	assert_false(use.is_new);
	assert_false(use.flush);
}

static void a_number_stays_kept_over_any_number_of_generations(void **state)
{
	struct vmm_asid busy = { 0 };

	(void)state;
	set_up(2, 2, 0);
	assert_int_equal(use_on(1, &busy).asid, 1);
	for (unsigned int i = 0; i < 100; i++) {
		struct vmm_asid space = { 0 };

		assert_int_not_equal(use_on(0, &space).asid, 1);
	}
	assert_true(vmm_asids_generation(&asids) > 30);
	assert_int_equal(use_on(1, &busy).asid, 1);
}

/* The space was carried over by CPU 0 while CPU 1 never switched: the next generation has to know.
 * */
static void a_number_carried_over_by_one_cpu_is_kept_for_the_other(void **state)
{
	struct vmm_asid busy = { 0 };

	(void)state;
	set_up(2, 2, 0);
	assert_int_equal(use_on(1, &busy).asid, 1);
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t generation = vmm_asids_generation(&asids);

		while (vmm_asids_generation(&asids) == generation) {
			struct vmm_asid space = { 0 };

			assert_int_not_equal(use_on(0, &space).asid, 1);
		}
		assert_int_equal(use_on(0, &busy).asid, 1);
	}
}

static void a_cpu_that_left_keeps_nothing(void **state)
{
	struct vmm_asid idle = { 0 };
	struct vmm_asid spaces[4] = { { 0 } };

	(void)state;
	set_up(2, 2, 0);
	use_on(1, &idle);
	assert_int_equal(vmm_asids_leave(&asids, 1), VMM_OK);
	for (unsigned int i = 0; i < 2; i++) {
		use_on(0, &spaces[i]);
	}
	assert_int_equal(use_on(0, &spaces[2]).asid, 1);
	/* It has to forget all the same, and finds its old number taken. */
	struct vmm_asid_use use = use_on(1, &idle);

	assert_true(use.flush);
	assert_true(use.is_new);
	assert_int_equal(use.asid, 2);
}

static void a_cpu_that_never_ran_keeps_nothing(void **state)
{
	struct vmm_asid spaces[4] = { { 0 } };

	(void)state;
	set_up(2, 2, 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(use_on(0, &spaces[i]).asid, i + 1);
	}
	assert_int_equal(use_on(0, &spaces[3]).asid, 1);
}

/* The array of CPUs need not be clear: what it held before the set-up is nobody's number. */
static void what_was_in_the_array_of_cpus_is_forgotten(void **state)
{
	const struct vmm_asids_config config = { cpus, 2, 2, 0 };
	struct vmm_asid spaces[4] = { { 0 } };
	struct vmm_asid_cpu behind;

	(void)state;
	memset(&asids, 0, sizeof(asids));
	memset(cpus, 0xa5, sizeof(cpus));
	cpus[1].active = (UINT64_C(1) << 16) | 1;
	cpus[1].kept = (UINT64_C(1) << 16) | 2;
	behind = cpus[2];
	assert_int_equal(vmm_asids_init(&asids, &config), VMM_OK);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(use_on(0, &spaces[i]).asid, i % 3 + 1);
	}
	assert_memory_equal(&cpus[2], &behind, sizeof(behind));
}

/* What is behind the last CPU of the array is somebody else's. */
static void no_more_cpus_are_asked_than_there_are(void **state)
{
	struct vmm_asid spaces[4] = { { 0 } };
	struct vmm_asid_cpu behind;

	(void)state;
	set_up(2, 2, 0);
	for (unsigned int i = 0; i < 4; i++) {
		use_on(0, &spaces[i]);
	}
	/* It looks as if it ran the first space, in the last generation and now. */
	cpus[2].kept = spaces[0].tag;
	cpus[2].active = spaces[0].tag;
	behind = cpus[2];
	assert_int_equal(use_on(0, &spaces[0]).asid, 2);
	assert_memory_equal(&cpus[2], &behind, sizeof(behind));
}

static void one_space_on_two_cpus_has_one_number(void **state)
{
	struct vmm_asid space = { 0 };

	(void)state;
	set_up(2, 8, 0);
	assert_int_equal(use_on(0, &space).asid, use_on(1, &space).asid);
}

static void what_cannot_be_set_up_is_refused(void **state)
{
	static const struct {
		struct vmm_asids_config config;
		enum vmm_err err;
	} cases[] = {
		{ { cpus, 0, 8, 0 }, VMM_ERR_EMPTY },
		{ { NULL, 1, 8, 0 }, VMM_ERR_EMPTY },
		{ { cpus, 1, 0, 0 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 1, 17, 0 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 1, 64, 0 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 1, 1, 0 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 3, 2, 0 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 2, 2, 1 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 1, 2, 3 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 1, 8, 0x100 }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 1, 16, 0xffff }, VMM_ERR_UNSUPPORTED },
		{ { cpus, 2, 2, 0 }, VMM_OK },
		{ { cpus, 1, 2, 1 }, VMM_OK },
		{ { cpus, 1, 16, 0xfffd }, VMM_OK },
	};
	const struct vmm_asids zero = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&asids, 0, sizeof(asids));
		assert_int_equal(vmm_asids_init(&asids, &cases[i].config), cases[i].err);
		if (cases[i].err != VMM_OK) {
			assert_memory_equal(&asids, &zero, sizeof(zero));
		}
	}
}

static void a_second_set_up_changes_nothing_or_is_refused(void **state)
{
	const struct vmm_asids_config same = { cpus, 2, 3, 1 };
	const struct vmm_asids_config others[] = {
		{ cpus + 1, 2, 3, 1 }, { cpus, 3, 3, 1 }, { cpus, 2, 4, 1 }, { cpus, 2, 3, 2 }
	};
	struct vmm_asids before;
	struct vmm_asid space = { 0 };

	(void)state;
	set_up(2, 3, 1);
	use_on(1, &space);
	before = asids;
	assert_int_equal(vmm_asids_init(&asids, &same), VMM_OK);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(vmm_asids_init(&asids, &others[i]), VMM_ERR_BUSY);
	}
	assert_memory_equal(&asids, &before, sizeof(before));
	assert_false(use_on(1, &space).is_new);
}

static void a_cpu_that_is_none_is_refused(void **state)
{
	struct vmm_asid space = { 0 };
	struct vmm_asid_use use = { 7, true, true };

	(void)state;
	set_up(2, 3, 0);
	assert_int_equal(vmm_asids_switch(&asids, 2, &space, &use), VMM_ERR_RANGE);
	assert_int_equal(vmm_asids_leave(&asids, 2), VMM_ERR_RANGE);
	assert_int_equal(space.tag, 0);
	assert_int_equal(use.asid, 7);
	memset(&asids, 0, sizeof(asids));
	assert_int_equal(vmm_asids_switch(&asids, 0, &space, &use), VMM_ERR_RANGE);
	assert_int_equal(vmm_asids_leave(&asids, 0), VMM_ERR_RANGE);
	assert_int_equal(vmm_asids_generation(&asids), 0);
}

/* --- against a model of the CPUs' caches --- */

#define SPACE_COUNT 40
#define NUMBER_COUNT 64

struct model {
	struct test_random random;
	struct vmm_asid spaces[SPACE_COUNT];
	uint16_t number[SPACE_COUNT]; /* as the table of the space would have it */
	int runs[CPU_MAX];            /* which space; -1: none */
	int cached[CPU_MAX][NUMBER_COUNT]; /* of which space; -1: nothing */
	unsigned int cpu_count;
	uint64_t flush_count;
};

static struct model model;

/* Whatever a CPU translates by it may cache at any time, and it uses what it cached. */
static void touch(void)
{
	for (unsigned int cpu = 0; cpu < model.cpu_count; cpu++) {
		int space = model.runs[cpu];

		if (space >= 0) {
			int *cached = &model.cached[cpu][model.number[space]];

			if (*cached >= 0 && *cached != space) {
				fail_msg("CPU %u uses what it cached of space %d for space %d", cpu,
					 *cached, space);
			}
			*cached = space;
		}
	}
}

static void judge(void)
{
	for (unsigned int a = 0; a < model.cpu_count; a++) {
		for (unsigned int b = 0; b < a; b++) {
			if (model.runs[a] >= 0 && model.runs[b] >= 0 &&
			    model.runs[a] != model.runs[b]) {
				assert_int_not_equal(model.number[model.runs[a]],
						     model.number[model.runs[b]]);
			}
		}
	}
}

static void switch_to(unsigned int cpu, int space)
{
	struct vmm_asid_use use = use_on(cpu, &model.spaces[space]);

	assert_true(use.asid > 0 && use.asid < NUMBER_COUNT);
	if (use.is_new) {
		for (unsigned int i = 0; i < model.cpu_count; i++) {
			/* CPUs that run it would go on under the old number, unreachable. */
			assert_int_not_equal(model.runs[i], space);
		}
		model.number[space] = use.asid;
	}
	assert_int_equal(model.number[space], use.asid);
	model.runs[cpu] = space;
	if (use.flush) {
		model.flush_count++;
		memset(model.cached[cpu], -1, sizeof(model.cached[cpu]));
	}
}

/* A space ends on all CPUs and its object is another one's. What was cached stays: vmm_table_fini()
 * would invalidate it, so it does here. */
static void end_space(int space)
{
	for (unsigned int cpu = 0; cpu < model.cpu_count; cpu++) {
		if (model.runs[cpu] == space) {
			assert_int_equal(vmm_asids_leave(&asids, cpu), VMM_OK);
			model.runs[cpu] = -1;
		}
		for (unsigned int i = 0; i < NUMBER_COUNT; i++) {
			if (model.cached[cpu][i] == space && model.number[space] == i) {
				model.cached[cpu][i] = -1;
			}
		}
	}
	/* Under numbers of older generations something may be left: of nobody now. */
	for (unsigned int cpu = 0; cpu < model.cpu_count; cpu++) {
		for (unsigned int i = 0; i < NUMBER_COUNT; i++) {
			if (model.cached[cpu][i] == space) {
				model.cached[cpu][i] = SPACE_COUNT;
			}
		}
	}
	model.spaces[space].tag = 0;
}

static void run_model(unsigned int cpu_count, unsigned int bits, unsigned int space_count)
{
	uint64_t steps = test_random_steps(20000);

	set_up(cpu_count, bits, 0);
	memset(model.spaces, 0, sizeof(model.spaces));
	memset(model.runs, -1, sizeof(model.runs));
	memset(model.cached, -1, sizeof(model.cached));
	model.cpu_count = cpu_count;
	model.flush_count = 0;
	for (uint64_t i = 0; i < steps; i++) {
		unsigned int cpu = (unsigned int)test_random_below(&model.random, cpu_count);
		int space = (int)test_random_below(&model.random, space_count);

		if (test_random_one_in(&model.random, 50)) {
			assert_int_equal(vmm_asids_leave(&asids, cpu), VMM_OK);
			model.runs[cpu] = -1;
		} else if (test_random_one_in(&model.random, 50)) {
			end_space(space);
		} else if (cpu != 0 || cpu_count == 1 || test_random_one_in(&model.random, 40)) {
			/* CPU 0 switches seldom, so that it lives through many generations. */
			switch_to(cpu, space);
		}
		touch();
		judge();
	}
}

static void several_cpus_never_use_what_they_cached_of_another_space(void **state)
{
	(void)state;
	test_random_init(&model.random, "several_cpus");
	run_model(1, 2, 10);
	assert_true(model.flush_count > 1000);
	run_model(2, 2, 10);
	assert_true(model.flush_count > 1000);
	run_model(4, 3, 20);
	assert_true(model.flush_count > 1000);
	run_model(7, 4, SPACE_COUNT);
	assert_true(model.flush_count > 1000);
}

static void spaces_that_fit_cost_no_flush_at_all(void **state)
{
	(void)state;
	test_random_init(&model.random, "spaces_that_fit");
	set_up(4, 6, 0);
	memset(model.spaces, 0, sizeof(model.spaces));
	memset(model.runs, -1, sizeof(model.runs));
	memset(model.cached, -1, sizeof(model.cached));
	model.cpu_count = 4;
	model.flush_count = 0;
	for (unsigned int i = 0; i < 20000; i++) {
		switch_to((unsigned int)test_random_below(&model.random, 4),
			  (int)test_random_below(&model.random, SPACE_COUNT));
		touch();
		judge();
	}
	assert_int_equal(model.flush_count, 0);
}

/* --- with tables: what a switch costs at the seam --- */

static uint64_t seam_calls;
static uint64_t invalidations;
static uint16_t invalidated_asid;

static void count_call(const struct vmm_table *table)
{
	(void)table;
	seam_calls++;
}

static void count_mapped(const struct vmm_table *table, const struct vmm_invalidation *added)
{
	(void)table;
	(void)added;
	seam_calls++;
}

static void count_invalidation(const struct vmm_table *table,
			       const struct vmm_invalidation *request)
{
	(void)table;
	seam_calls++;
	invalidations++;
	assert_false(request->any_asid);
	invalidated_asid = request->asid;
}

static bool is_inactive(const struct vmm_table *table)
{
	(void)table;
	return false;
}

static const struct vmm_sync counting = {
	.publish = count_call,
	.mapped = count_mapped,
	.invalidate = count_invalidation,
	.complete = count_call,
	.clean = NULL,
	.is_active = is_inactive,
};

struct task {
	struct vmm_table table;
	struct vmm_asid asid;
};

static struct test_frames frames;
static struct task tasks[2];

static const vmm_va_region_t page = VMM_VA_REGION_INIT(0x10000, 0x10000);

static void set_up_tasks(const struct vmm_format *format)
{
	test_frames_init(&frames, format->geometry->page_shift, 32, 0x80000000);
	seam_calls = 0;
	invalidations = 0;
	for (unsigned int i = 0; i < 2; i++) {
		const struct vmm_table_config config = {
			.format = format,
			.frames = &frames.frames,
			.sync = &counting,
			.asid_bits = 8,
		};

		memset(&tasks[i], 0, sizeof(tasks[i]));
		assert_int_equal(vmm_table_init(&tasks[i].table, &config), VMM_OK);
		assert_int_equal(vmm_table_map(&tasks[i].table, page, vmm_pa((i + 1) << 20),
					       VMM_USER_RW, NULL),
				 VMM_OK);
	}
}

static void tear_down_tasks(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		vmm_table_fini(&tasks[i].table);
	}
	test_frames_fini(&frames);
}

/* What a kernel does, up to the registers. Returns what they would hold. */
static uint64_t switch_task(struct task *task, bool *flush)
{
	struct vmm_asid_use use = use_on(0, &task->asid);

	if (use.is_new) {
		assert_int_equal(vmm_table_set_asid(&task->table, use.asid), VMM_OK);
	}
	*flush = use.flush;
	return task->table.half == VMM_BOTH_HALVES ? vmm_riscv_satp(&task->table) >> 44 & 0xffff :
						     vmm_aarch64_ttbr(&task->table) >> 48;
}

static void a_thousand_switches_invalidate_nothing(void **state)
{
	const struct vmm_format *const formats[] = { &vmm_aarch64_4k, &vmm_aarch64_64k,
						     &vmm_riscv_sv39, &vmm_riscv_sv48 };

	(void)state;
	for (unsigned int f = 0; f < 4; f++) {
		set_up_tasks(formats[f]);
		set_up(1, 8, 0);
		seam_calls = 0;
		for (unsigned int i = 0; i < 1000; i++) {
			bool flush;

			assert_int_equal(switch_task(&tasks[i % 2], &flush), i % 2 + 1);
			assert_false(flush);
		}
		assert_int_equal(seam_calls, 0);
		assert_int_equal(vmm_asids_generation(&asids), 1);
		tear_down_tasks();
	}
}

static void invalidations_name_the_number_that_the_space_has_now(void **state)
{
	struct vmm_asid others[3] = { { 0 } };
	bool flush;

	(void)state;
	set_up_tasks(&vmm_riscv_sv39);
	set_up(1, 2, 0);
	assert_int_equal(switch_task(&tasks[0], &flush), 1);
	for (unsigned int i = 0; i < 3; i++) {
		use_on(0, &others[i]);
	}
	/* 3 was kept: the CPU translated by it when the numbers were used up. */
	assert_int_equal(switch_task(&tasks[0], &flush), 2);
	assert_int_equal(vmm_table_unmap(&tasks[0].table, page, NULL), VMM_OK);
	assert_true(invalidations > 0);
	assert_int_equal(invalidated_asid, 2);
	tear_down_tasks();
}

static void a_table_refuses_an_asid_that_it_has_no_bits_for(void **state)
{
	(void)state;
	set_up_tasks(&vmm_aarch64_4k);
	assert_int_equal(vmm_table_set_asid(&tasks[0].table, 0xff), VMM_OK);
	assert_int_equal(vmm_table_set_asid(&tasks[0].table, 0x100), VMM_ERR_UNSUPPORTED);
	assert_int_equal(vmm_aarch64_ttbr(&tasks[0].table) >> 48, 0xff);
	tear_down_tasks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_handed_out_once_each_from_1_on),
		cmocka_unit_test(the_kernel_keeps_as_many_numbers_as_it_wants),
		cmocka_unit_test(every_number_up_to_the_last_of_16_bits_is_handed_out),
		cmocka_unit_test(a_new_generation_asks_each_cpu_once_to_forget_when_it_switches),
		cmocka_unit_test(what_a_cpu_translates_by_keeps_its_number_in_a_new_generation),
		cmocka_unit_test(a_number_stays_kept_over_any_number_of_generations),
		cmocka_unit_test(a_number_carried_over_by_one_cpu_is_kept_for_the_other),
		cmocka_unit_test(a_cpu_that_left_keeps_nothing),
		cmocka_unit_test(a_cpu_that_never_ran_keeps_nothing),
		cmocka_unit_test(what_was_in_the_array_of_cpus_is_forgotten),
		cmocka_unit_test(no_more_cpus_are_asked_than_there_are),
		cmocka_unit_test(one_space_on_two_cpus_has_one_number),
		cmocka_unit_test(what_cannot_be_set_up_is_refused),
		cmocka_unit_test(a_second_set_up_changes_nothing_or_is_refused),
		cmocka_unit_test(a_cpu_that_is_none_is_refused),
		cmocka_unit_test(several_cpus_never_use_what_they_cached_of_another_space),
		cmocka_unit_test(spaces_that_fit_cost_no_flush_at_all),
		cmocka_unit_test(a_thousand_switches_invalidate_nothing),
		cmocka_unit_test(invalidations_name_the_number_that_the_space_has_now),
		cmocka_unit_test(a_table_refuses_an_asid_that_it_has_no_bits_for),
	};

	return cmocka_run_group_tests_name("asid", tests, NULL, NULL);
}
