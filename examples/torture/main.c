/* SPDX-License-Identifier: MIT */
/*
 * torture: thousands of random operations on the tables that all cores translate by, and after each
 * of them every core looks whether the addresses are what a model says. Here: how a boot goes, from
 * the words in the mailbox over rounds of steps to the summary or the report of a difference.
 */

#include <inttypes.h>
#include <stdio.h>

#include "torture.h"

#include "../common/user.h"

#define DEFAULT_SEED UINT64_C(1)
/* Cores that wait for each other take long where a host has few. */
#define DEFAULT_STEPS      UINT64_C(1000)
#define DEFAULT_STEPS_MANY UINT64_C(120)

#define STATUS_DIFFERENCE 3

/* Words in the mailbox, all 0 unless somebody left others. */
enum word {
	WORD_SEED,
	WORD_STEPS,
	WORD_CORES, /* at most so many */
	WORD_SABOTAGE,
	WORD_COUNT
};

static struct kernel *kernel;
static uint64_t words[WORD_COUNT];
static struct space lower, upper;
static unsigned int core_count = 1;

/* The steps of a round, and how many there were in all rounds. */
static struct step steps[ROUND_MAX];
static unsigned int step_count;
static uint64_t steps_taken;

/* --- differences --- */

static _Noreturn void report(const struct difference *found)
{
	printf("difference: %s at 0x%" PRIx64 ", expected 0x%" PRIx64 ", got 0x%" PRIx64
	       ", core %u\n",
	       found->what, found->va, found->expected, found->got, found->core);
	printf("after %" PRIu64 " steps of seed 0x%" PRIx64 ", of which the last:\n", steps_taken,
	       words[WORD_SEED]);
	for (unsigned int i = 0; i < step_count; i++) {
		step_print(&steps[i]);
	}
	board_exit(STATUS_DIFFERENCE);
}

static void check(void)
{
	const struct difference *found = turn_difference();

	if (found != NULL) {
		report(found);
	}
}

/* --- rounds --- */

/* Each in another window, so that one doesn't depend on what came of another; the points are looked
 * at before, and translations are cached that must be forgotten. */
static void choose_steps(unsigned int *ends)
{
	unsigned int window = (unsigned int)random_below(window_count);
	unsigned int most = window_count < ROUND_MAX ? window_count : ROUND_MAX;

	step_count = core_count == 1 ? 1 : 1 + (unsigned int)random_below(most);
	for (unsigned int i = 0; i < step_count; i++) {
		pick_step(&steps[i], &windows[(window + i) % window_count]);
		point_choose(&steps[i]);
		ends[i] = point_count();
	}
}

/* This core looks after each step, all of them before the next round. */
static void take_steps(const unsigned int *ends, unsigned int before)
{
	unsigned int first = before;

	others_mapped = false;
	turn_note_mapped(false);
	for (unsigned int i = 0; i < step_count; i++) {
		unsigned int count = point_count();

		step_take(&steps[i]);
		if (steps[i].op == VMM_OP_MAP) {
			turn_note_mapped(true);
		}
		point_choose(&steps[i]);
		for (; first < ends[i]; first++) {
			probe(point_at(first), false);
		}
		for (; count < point_count(); count++) {
			probe(point_at(count), false);
		}
		steps_taken++;
		check();
	}
}

static void go_on(uint64_t wanted)
{
	uint64_t shown = 0;
	unsigned int ends[ROUND_MAX];

	while (steps_taken < wanted) {
		unsigned int before = point_count();

		choose_steps(ends);
		turn_take();
		check();
		take_steps(ends, before);
		point_keep(before);
		if (random_one_in(8)) {
			turn_take();
			check();
			step_make_hole(&steps[0]);
			check();
		}
		if (steps_taken - shown > wanted / 4) {
			shown = steps_taken;
			printf("%" PRIu64 " steps\n", shown);
		}
	}
	turn_take();
	check();
}

/* Every unit there is, mapped or not, by one core. */
static void sweep(void)
{
	for (unsigned int i = 0; i < window_count; i++) {
		for (uint64_t unit = 0; unit < windows[i].count; unit++) {
			struct point point;

			probe_pick(&point, &windows[i], unit);
			point.accesses = model_touches(&windows[i], unit) ? point.accesses : 0;
			probe(&point, false);
		}
		check();
	}
}

/* Everything goes, window by window, and nothing but what was there before is left. */
static void clear_all(uint64_t frames)
{
	unsigned int fixed[] = {lower.fixed_count, upper.fixed_count};
	struct step *step = &steps[0];

	sweep();
	step_count = 1;
	*step = (struct step){.op = VMM_OP_UNMAP};
	for (unsigned int i = 0; i < window_count; i++) {
		step->window = &windows[i];
		step->count = windows[i].count;
		model_judge(step);
		point_clear();
		point_choose(step);
		turn_take();
		step_take(step);
		turn_note_mapped(false);
		turn_take();
		check();
	}
	vmm_table_trim(lower.table);
	model_note_fixed(&lower);
	model_note_fixed(&upper);
	if (lower.fixed_count != fixed[0] || upper.fixed_count != fixed[1]) {
		kernel_fail("something is left in the tables");
	}
	if (frames_used() != frames) {
		kernel_fail("frames were lost");
	}
	if (vmm_audit(&kernel->vmm, NULL) != 0) {
		kernel_fail("record and tables differ");
	}
}

/* --- set-up and summary --- */

static void read_mailbox(void)
{
	struct vmm_detail detail = {.level = -1};
	const volatile uint64_t *mailbox;
	vmm_va_t va;

	kernel_require("mailbox",
		       vmm_map_any(&kernel->vmm, "Mailbox", board.mailbox, VMM_KERNEL_RO, NULL, &va,
				   &detail),
		       &detail);
	mailbox = vmm_va_ptr(va);
	for (unsigned int i = 0; i < WORD_COUNT; i++) {
		words[i] = mailbox[i];
	}
	words[WORD_SEED] += words[WORD_SEED] == 0 ? DEFAULT_SEED : 0;
}

static void make_spaces(struct vmm_frames *frames)
{
	static const uint16_t flush_limits[] = {0, 1, 8, 512};
	struct vmm_table_config config = {
		.format = machine_format,
		.frames = frames,
		.sync = seam_make(words[WORD_SABOTAGE]),
		.asid = (uint16_t)random_below(0x10000),
		.flush_max = flush_limits[random_below(4)],
		.flags = random_one_in(2) ? VMM_TABLE_ALLOW_WX : 0,
	};

	config.flags |= random_one_in(4) ? VMM_TABLE_KEEP : 0;
	config.flags |= random_one_in(4) ? VMM_TABLE_FLUSH_WHOLE : 0;
	config.flags |= random_one_in(2) ? VMM_TABLE_FENCE_ALL : 0;
	config.flags |= random_one_in(2) ? VMM_TABLE_RESIZE_LIVE : 0;
	cpu_make_tables(kernel, config, &lower, &upper);
	printf("table: ASID 0x%x, options 0x%" PRIx32 ", by address up to %u\n", config.asid,
	       config.flags, config.flush_max);
}

static void start_cores(void)
{
	struct vmm_detail detail = {.level = -1};

	if (words[WORD_CORES] != 1) {
		kernel_require("sharing the kernel's half",
			       user_machine_share(kernel->table, &detail), &detail);
		core_count = turn_start(kernel, &lower, words[WORD_SEED]);
	}
	if (words[WORD_STEPS] == 0) {
		words[WORD_STEPS] = core_count == 1 ? DEFAULT_STEPS : DEFAULT_STEPS_MANY;
	}
}

static void set_up(void)
{
	struct vmm_frames *frames;

	kernel = kernel_set_up();
	printf("torture: " PORT_NAME ", %s\n\n", board.name);
	read_mailbox();
	random_seed(words[WORD_SEED]);
	start_cores();
	printf("seed 0x%" PRIx64 ", %" PRIu64 " steps, broken: %s\n", words[WORD_SEED],
	       words[WORD_STEPS], seam_broken(words[WORD_SABOTAGE]));
	printf("cores that run: %u\n", core_count);
	pool_init(kernel);
	frames = frames_init(kernel);
	model_init(kernel, &lower, &upper);
	make_spaces(frames);
	probe_init(kernel, &lower);
	model_note_fixed(&lower);
	model_note_fixed(&upper);
	cpu_adopt(kernel, lower.table);
}

static void summarize(void)
{
	struct counts all = {0};
	uint64_t total = 0;

	for (unsigned int i = 0; i < CORES_MAX; i++) {
		for (unsigned int j = 0; j < ACCESS_COUNT; j++) {
			all.done[j] += counts[i].done[j];
			total += counts[i].done[j];
		}
		all.translation += counts[i].translation;
		all.permission += counts[i].permission;
		all.asked += counts[i].asked;
		all.queried += counts[i].queried;
		all.stable += counts[i].stable;
		all.spurious += counts[i].spurious;
	}
	printf("\noperations: %" PRIu64 " map, %" PRIu64 " unmap, %" PRIu64 " protect, %" PRIu64
	       " refused, %" PRIu64 " short of a frame, %" PRIu64 " holes\n",
	       tally.done[VMM_OP_MAP], tally.done[VMM_OP_UNMAP], tally.done[VMM_OP_PROTECT],
	       tally.refused, tally.short_of_frames, tally.holes);
	printf("cut: %" PRIu64 " blocks, %" PRIu64 " runs\n", tally.blocks_cut, tally.runs_cut);
	printf("accesses: %" PRIu64 "; kernel: %" PRIu64 " read, %" PRIu64 " write, %" PRIu64
	       " execute; user: %" PRIu64 " read, %" PRIu64 " write, %" PRIu64 " execute\n",
	       total, all.done[KERNEL_READ], all.done[KERNEL_WRITE], all.done[KERNEL_EXECUTE],
	       all.done[USER_READ], all.done[USER_WRITE], all.done[USER_EXECUTE]);
	printf("faults: %" PRIu64 " translation, %" PRIu64 " permission; %" PRIu64 " spurious\n",
	       all.translation, all.permission, all.spurious);
	printf("asked: %" PRIu64 " %s, %" PRIu64 " the library; %" PRIu64
	       " points while tables changed\n",
	       all.asked, cpu_asks_hardware ? "AT" : "walk", all.queried, all.stable);
	printf("differences: 0\n");
}

int kernel_main(void)
{
	set_up();
	uint64_t frames = frames_used();

	go_on(words[WORD_STEPS]);
	clear_all(frames);
	turn_end();
	summarize();
	printf("\ntorture: done\n");
	return 0;
}
