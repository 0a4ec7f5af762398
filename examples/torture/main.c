/* SPDX-License-Identifier: MIT */
/*
 * torture: thousands of random operations on the tables that all cores translate by, and after each
 * of them every core looks whether the addresses are what a model says.
 */

#include <inttypes.h>
#include <stdio.h>

#include "torture.h"

#include "../common/user.h"

#define DEFAULT_SEED UINT64_C(1)
/* Cores that wait for each other take long where a host has few. */
#define DEFAULT_STEPS      UINT64_C(1000)
#define DEFAULT_STEPS_MANY UINT64_C(120)

/* Looks of a core while another one changes tables once: more only take time from it. */
#define LOOK_BESIDE_MAX 8

#define STATUS_DIFFERENCE 3

/* Steps between two turns of all cores, each in a window of its own; and what is looked at for one,
 * before it and after it. */
#define ROUND_MAX      4
#define STEP_POINT_MAX 10
#define POINT_MAX      (3 * ROUND_MAX * STEP_POINT_MAX)

/* Words in the mailbox, all 0 unless somebody left others. */
enum word {
	WORD_SEED,
	WORD_STEPS,
	WORD_CORES, /* at most so many */
	WORD_SABOTAGE,
	WORD_COUNT
};

/* Ways to break the seam on purpose. */
enum sabotage {
	SABOTAGE_NONE,
	SABOTAGE_DROP,     /* nothing is invalidated */
	SABOTAGE_LOCAL,    /* on this core only */
	SABOTAGE_NARROW,   /* the first address of several */
	SABOTAGE_BESIDE,   /* the address behind */
	SABOTAGE_PUBLISH,  /* stores are not waited for */
	SABOTAGE_COMPLETE, /* nor invalidations */
	SABOTAGE_MAPPED,   /* nothing is done after a map */
	SABOTAGE_COUNT
};

static const char *const sabotage_names[SABOTAGE_COUNT] = {
	"nothing",
	"invalidations dropped",
	"invalidations of one core",
	"invalidations too narrow",
	"invalidations beside",
	"no publish",
	"no complete",
	"nothing after map",
};

static struct kernel *kernel;
static uint64_t words[WORD_COUNT];
static struct space lower, upper;
static struct step steps[ROUND_MAX];
static unsigned int step_count;
static unsigned int core_count = 1;

/* --- the seam, as it is or broken --- */

static struct vmm_sync seam;

static void do_nothing(const struct vmm_table *table)
{
	(void)table;
}

static void do_nothing_about(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static void invalidate_less(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	struct vmm_invalidation less = *request;

	less.count = 1;
	if (words[WORD_SABOTAGE] == SABOTAGE_BESIDE) {
		less.count = request->count;
		less.va = vmm_va(vmm_va_raw(less.va) + (UINT64_C(1) << less.stride_shift));
	}
	cpu_sync->invalidate(table, &less);
}

static void make_seam(void)
{
	seam = *cpu_sync;
	switch ((enum sabotage)words[WORD_SABOTAGE]) {
	case SABOTAGE_DROP:
		seam.invalidate = do_nothing_about;
		break;
	case SABOTAGE_LOCAL:
		seam.invalidate = cores_machine_invalidate_here;
		break;
	case SABOTAGE_NARROW:
	case SABOTAGE_BESIDE:
		seam.invalidate = invalidate_less;
		break;
	case SABOTAGE_PUBLISH:
		seam.publish = do_nothing;
		break;
	case SABOTAGE_COMPLETE:
		seam.complete = do_nothing;
		break;
	case SABOTAGE_MAPPED:
		seam.mapped = do_nothing_about;
		break;
	case SABOTAGE_NONE:
	case SABOTAGE_COUNT:
		break;
	}
}

/* --- turns --- */

/*
 * What one core does and all look at. Between the steps `turn` tells the others to look, and
 * `arrived` that they have. While tables change, `phase` is odd and `busy` says where; the others
 * look elsewhere meanwhile. What they find counts if the phase is the same afterwards.
 */
static struct {
	uint64_t turn;
	uint64_t arrived;
	uint64_t phase;
	const struct window *busy;
	uint64_t busy_first; /* blocks */
	uint64_t busy_last;
	bool mapped;
	bool ends;
	struct point points[POINT_MAX];
	unsigned int point_count;
	struct difference difference; /* the first one that anybody found */
	unsigned int differs;
} shared;

static void publish_difference(void)
{
	unsigned int none = 0;

	if (difference.what != NULL &&
	    __atomic_compare_exchange_n(&shared.differs, &none, 1, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		shared.difference = difference;
	}
}

/* Each core begins with another point. */
static void look(unsigned int number)
{
	others_mapped = number != 0 && shared.mapped;
	cpu_synchronize();
	for (unsigned int i = 0; i < shared.point_count; i++) {
		probe(&shared.points[(i + number * 5) % shared.point_count], false);
	}
	publish_difference();
}

/* A block's leaves all vanish for a moment when one of them is cut out. */
static bool is_stable(const struct window *window, uint64_t unit)
{
	uint64_t block = unit >> window->index_bits;

	return window != shared.busy || block < shared.busy_first || block > shared.busy_last;
}

/* Mostly one that can be touched. */
static uint64_t pick_unit(const struct window *window, uint64_t first, uint64_t count)
{
	uint64_t unit = first + random_below(count);

	for (unsigned int i = 0; i < 8 && !model_touches(window, unit); i++) {
		unit = first + random_below(count);
	}
	return unit;
}

static bool may_look(uint64_t phase)
{
	static _Thread_local uint64_t last_phase;
	static _Thread_local unsigned int looks;

	looks = phase == last_phase ? looks + 1 : 0;
	last_phase = phase;
	return (phase & 1) != 0 && looks < LOOK_BESIDE_MAX;
}

static void look_beside(void)
{
	uint64_t phase = __atomic_load_n(&shared.phase, __ATOMIC_ACQUIRE);
	const struct window *window;
	struct point point;
	uint64_t unit;

	if (!may_look(phase)) {
		return;
	}
	window = &windows[random_below(window_count)];
	unit = pick_unit(window, 0, window->count);
	if (!is_stable(window, unit)) {
		return;
	}
	cpu_synchronize();
	probe_pick(&point, window, unit);
	probe(&point, true);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&shared.phase, __ATOMIC_ACQUIRE) == phase) {
		publish_difference();
	}
	difference.what = NULL;
}

static void work(unsigned int number)
{
	uint64_t turn = 0;

	probe_core(number);
	while (__atomic_load_n(&shared.turn, __ATOMIC_ACQUIRE) == turn) {
		cores_pause();
	}
	random_seed(words[WORD_SEED] + number);
	cpu_adopt(kernel, lower.table);
	while (!shared.ends) {
		turn++;
		look(number);
		__atomic_fetch_add(&shared.arrived, 1, __ATOMIC_ACQ_REL);
		while (__atomic_load_n(&shared.turn, __ATOMIC_ACQUIRE) == turn) {
			look_beside();
			cores_pause();
		}
	}
	__atomic_fetch_add(&shared.arrived, 1, __ATOMIC_ACQ_REL);
}

static void take_turn(void)
{
	uint64_t others = (core_count - 1) * (shared.turn + 1);

	__atomic_store_n(&shared.turn, shared.turn + 1, __ATOMIC_RELEASE);
	look(0);
	while (__atomic_load_n(&shared.arrived, __ATOMIC_ACQUIRE) != others) {
		cores_pause();
	}
}

static void begin_change(const struct step *step)
{
	shared.busy = step->window;
	shared.busy_first = step->first >> step->window->index_bits;
	shared.busy_last = (step->first + step->count - 1) >> step->window->index_bits;
	__atomic_store_n(&shared.phase, shared.phase + 1, __ATOMIC_SEQ_CST);
}

static void end_change(void)
{
	__atomic_store_n(&shared.phase, shared.phase + 1, __ATOMIC_SEQ_CST);
}

/* --- steps --- */

static struct {
	uint64_t steps;
	uint64_t done[3]; /* by enum vmm_op */
	uint64_t refused;
	uint64_t short_of_frames;
	uint64_t blocks_cut;
	uint64_t runs_cut;
	uint64_t holes;
} tally;

static const char *const op_names[] = {"map", "unmap", "protect"};

static vmm_va_region_t region_of(const struct step *step)
{
	vmm_va_region_t va = VMM_VA_REGION_INIT(model_va(step->window, step->first),
						step->count << step->window->unit_shift);

	return va;
}

static enum vmm_err run(const struct step *step, struct vmm_detail *detail)
{
	struct vmm_table *table = step->window->space->table;

	switch (step->op) {
	case VMM_OP_MAP:
		return vmm_table_map(table, region_of(step), vmm_pa(step->pa), step->attr, detail);
	case VMM_OP_UNMAP:
		return vmm_table_unmap(table, region_of(step), detail);
	case VMM_OP_PROTECT:
		break;
	}
	return vmm_table_protect(table, region_of(step), step->attr, detail);
}

/* Whether the leaf or run that `inside` is in goes on beyond `beyond`. */
static void count_cut(const struct vmm_table *table, uint64_t inside, uint64_t beyond)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	struct vmm_leaf leaf;
	uint64_t run;

	if (vmm_table_query(table, vmm_va(inside), &leaf) != VMM_OK) {
		return;
	}
	run = leaf.size << geometry->run_shift[leaf.level];
	if (beyond - vmm_va_raw(leaf.va) < leaf.size) {
		tally.blocks_cut++;
	} else if (vmm_attr_has(leaf.attr, VMM_ATTR_CONTIG) && (inside ^ beyond) < run) {
		tally.runs_cut++;
	}
}

static void count_cuts(const struct vmm_table *table, vmm_va_region_t va)
{
	uint64_t start = vmm_va_raw(vmm_va_region_start(va));
	uint64_t last = vmm_va_raw(vmm_va_region_last(va));

	count_cut(table, start, start - 1);
	count_cut(table, last, last + 1);
}

/* One frame fewer than it takes: the step must leave no trace. */
static bool run_short(const struct step *step)
{
	const struct vmm_request request = {step->op, region_of(step), vmm_pa(step->pa),
					    step->attr};
	uint64_t used = frames_used();
	uint64_t need;
	enum vmm_err err;

	if (vmm_table_need(step->window->space->table, &request, &need, NULL) != VMM_OK ||
	    need == 0) {
		return false;
	}
	frames_limit(need - 1);
	err = run(step, NULL);
	frames_limit(FRAMES_NO_LIMIT);
	if (err != VMM_ERR_NOMEM || frames_used() != used) {
		differ("one frame too few", model_va(step->window, step->first), used,
		       (uint64_t)err);
	}
	tally.short_of_frames++;
	return true;
}

/*
 * Whether there are frames for what is to be done, perhaps after a trim: tables that are kept, and those of cut
 * leaves, add up to more than there are in the end.
 */
static bool has_frames(const struct space *space, const struct vmm_request *request)
{
	uint64_t need;

	if (!space->is_limited || vmm_table_need(space->table, request, &need, NULL) != VMM_OK ||
	    need <= frames_left()) {
		return true;
	}
	vmm_table_trim(space->table);
	return vmm_table_need(space->table, request, &need, NULL) == VMM_OK &&
	       need <= frames_left();
}

static void take_step(const struct step *step)
{
	const struct vmm_request request = {step->op, region_of(step), vmm_pa(step->pa),
					    step->attr};
	uint64_t start = model_va(step->window, step->first);
	struct vmm_detail detail = {.level = -1};
	enum vmm_err err;

	begin_change(step);
	if (step->expect == VMM_OK && !has_frames(step->window->space, &request)) {
		end_change();
		return;
	}
	if (step->expect == VMM_OK && step->op != VMM_OP_MAP) {
		count_cuts(step->window->space->table, region_of(step));
	}
	if (step->expect == VMM_OK && step->window->space->is_limited && random_one_in(8) &&
	    run_short(step)) {
		end_change();
		return;
	}
	err = run(step, &detail);
	if (err != step->expect) {
		differ(op_names[step->op], start, (uint64_t)step->expect, (uint64_t)err);
	} else if (err == VMM_OK) {
		model_apply(step);
		tally.done[step->op]++;
	} else {
		tally.refused++;
		if (vmm_va_raw(detail.va) != step->expect_va) {
			differ("refused where", start, step->expect_va, vmm_va_raw(detail.va));
		}
	}
	end_change();
}

static void add_point(const struct window *window, uint64_t unit)
{
	if (unit < window->count && shared.point_count < POINT_MAX) {
		probe_pick(&shared.points[shared.point_count++], window, unit);
	}
}

/* The edges of what changed, something in it and around it, and something else. */
static void choose_points(const struct step *step)
{
	const struct window *other = &windows[random_below(window_count)];

	add_point(step->window, step->first - 1);
	add_point(step->window, step->first);
	add_point(step->window, step->first + step->count - 1);
	add_point(step->window, step->first + step->count);
	for (unsigned int i = 0; i < 3; i++) {
		add_point(step->window, pick_unit(step->window, step->first, step->count));
	}
	for (unsigned int i = 0; i < 2; i++) {
		add_point(step->window, pick_unit(step->window, 0, step->window->count));
	}
	add_point(other, pick_unit(other, 0, other->count));
}

static void change_page(const struct step *step, const struct vmm_request *request)
{
	struct vmm_table *table = step->window->space->table;
	bool unmaps = request->op == VMM_OP_UNMAP;
	enum vmm_err err;

	begin_change(step);
	err = unmaps ? vmm_table_unmap(table, request->va, NULL)
		     : vmm_table_map(table, request->va, request->pa, request->attr, NULL);
	if (err != VMM_OK) {
		differ("a page of a leaf", vmm_va_raw(vmm_va_region_start(request->va)), 0,
		       (uint64_t)err);
	}
	model_set_hole(unmaps ? vmm_va_raw(vmm_va_region_start(request->va)) : 0,
		       unmaps ? vmm_va_region_size(request->va) : 0);
	end_change();
	shared.mapped = !unmaps;
	take_turn();
}

/* One page of a large leaf goes, is looked at, and comes back: tables of more than one level. */
static void make_hole(const struct step *step)
{
	const struct window *window = step->window;
	uint64_t unit = step->first + random_below(step->count);
	struct vmm_request request = {.op = VMM_OP_UNMAP};
	struct point *point = &shared.points[0];
	uint64_t page;

	if (window->level == 0 || window->units[unit] == 0) {
		return;
	}
	shared.point_count = 0;
	add_point(window, unit);
	add_point(window, unit);
	take_turn();
	page = model_at(window, point->va);
	request.va = (vmm_va_region_t)VMM_VA_REGION_INIT(point->va,
							 UINT64_C(1) << pool.page_shift);
	request.pa = vmm_pa(page & ~UNIT_FLAGS);
	request.attr.bits = probe_attr(page);
	begin_change(step);
	if (!has_frames(window->space, &request)) {
		end_change();
		return;
	}
	end_change();
	count_cuts(window->space->table, request.va);
	change_page(step, &request);
	request.op = VMM_OP_MAP;
	change_page(step, &request);
	tally.holes++;
}

static _Noreturn void report(void)
{
	const struct difference *found = &shared.difference;

	printf("difference: %s at 0x%" PRIx64 ", expected 0x%" PRIx64 ", got 0x%" PRIx64
	       ", core %u\n",
	       found->what, found->va, found->expected, found->got, found->core);
	printf("after %" PRIu64 " steps of seed 0x%" PRIx64 ", of which the last:\n", tally.steps,
	       words[WORD_SEED]);
	for (unsigned int i = 0; i < step_count; i++) {
		const struct step *step = &steps[i];

		printf("%s 0x%" PRIx64 " bytes at 0x%" PRIx64 " to 0x%" PRIx64
		       ", attributes 0x%" PRIx32 "\n",
		       op_names[step->op], step->count << step->window->unit_shift,
		       model_va(step->window, step->first), step->pa, step->attr.bits);
	}
	board_exit(STATUS_DIFFERENCE);
}

static void check(void)
{
	publish_difference();
	if (__atomic_load_n(&shared.differs, __ATOMIC_ACQUIRE) != 0) {
		report();
	}
}

/* Each in another window, so that one doesn't depend on what came of another; the points are looked
 * at before, and translations are cached that must be forgotten. */
static void choose_steps(unsigned int *ends)
{
	unsigned int window = (unsigned int)random_below(window_count);
	unsigned int most = window_count < ROUND_MAX ? window_count : ROUND_MAX;

	step_count = core_count == 1 ? 1 : 1 + (unsigned int)random_below(most);
	for (unsigned int i = 0; i < step_count; i++) {
		pick_step(&steps[i], &windows[(window + i) % window_count]);
		choose_points(&steps[i]);
		ends[i] = shared.point_count;
	}
}

/* This core looks after each step, all of them before the next round. */
static void take_steps(const unsigned int *ends, unsigned int before)
{
	unsigned int first = before;

	others_mapped = false;
	shared.mapped = false;
	for (unsigned int i = 0; i < step_count; i++) {
		unsigned int count = shared.point_count;

		take_step(&steps[i]);
		shared.mapped = shared.mapped || steps[i].op == VMM_OP_MAP;
		choose_points(&steps[i]);
		for (; first < ends[i]; first++) {
			probe(&shared.points[first], false);
		}
		for (; count < shared.point_count; count++) {
			probe(&shared.points[count], false);
		}
		tally.steps++;
		check();
	}
}

/* What was looked at after the last round is looked at once more, by all. */
static void keep_points(unsigned int before)
{
	shared.point_count -= before;
	for (unsigned int i = 0; i < shared.point_count; i++) {
		shared.points[i] = shared.points[before + i];
	}
}

static void go_on(uint64_t wanted)
{
	uint64_t shown = 0;
	unsigned int ends[ROUND_MAX];

	while (tally.steps < wanted) {
		unsigned int before = shared.point_count;

		choose_steps(ends);
		take_turn();
		check();
		take_steps(ends, before);
		keep_points(before);
		if (random_one_in(8)) {
			take_turn();
			check();
			make_hole(&steps[0]);
			check();
		}
		if (tally.steps - shown > wanted / 4) {
			shown = tally.steps;
			printf("%" PRIu64 " steps\n", shown);
		}
	}
	take_turn();
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
		shared.point_count = 0;
		choose_points(step);
		take_turn();
		take_step(step);
		shared.mapped = false;
		take_turn();
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

/* --- around it --- */

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
	words[WORD_SABOTAGE] %= SABOTAGE_COUNT;
}

static void make_spaces(struct vmm_frames *frames)
{
	static const uint16_t flush_limits[] = {0, 1, 8, 512};
	struct vmm_table_config config = {
		.format = machine_format,
		.frames = frames,
		.sync = &seam,
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
		core_count = cores_start(kernel, work);
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
	       words[WORD_STEPS], sabotage_names[words[WORD_SABOTAGE]]);
	printf("cores that run: %u\n", core_count);
	pool_init(kernel);
	frames = frames_init(kernel);
	model_init(kernel, &lower, &upper);
	make_seam();
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
	shared.ends = true;
	take_turn();
	summarize();
	printf("\ntorture: done\n");
	return 0;
}
