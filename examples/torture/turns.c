/* SPDX-License-Identifier: MIT */
/*
 * What one core does and all look at: points, turns to look at them, and looks at what isn't
 * changed while tables are.
 */

#include "torture.h"

/* Looks of a core while another one changes tables once: more only take time from it. */
#define LOOK_BESIDE_MAX 8

/*
 * Between the steps `turn` tells the others to look, and
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
	unsigned int differs; /* 1: somebody is about to write it; 2: it is there */
	/* From turn_start() on: */
	struct kernel *kernel;
	const struct space *lower;
	uint64_t seed;
} shared;

static unsigned int core_count = 1;

static void publish_difference(void)
{
	unsigned int none = 0;

	if (difference.what != NULL &&
	    __atomic_compare_exchange_n(&shared.differs, &none, 1, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		shared.difference = difference;
		__atomic_store_n(&shared.differs, 2, __ATOMIC_RELEASE);
	}
}

/* --- points --- */

/* Mostly one that can be touched. */
static uint64_t pick_unit(const struct window *window, uint64_t first, uint64_t count)
{
	uint64_t unit = first + random_below(count);

	for (unsigned int i = 0; i < 8 && !model_touches(window, unit); i++) {
		unit = first + random_below(count);
	}
	return unit;
}

void point_add(const struct window *window, uint64_t unit)
{
	if (unit < window->count && shared.point_count < POINT_MAX) {
		probe_pick(&shared.points[shared.point_count++], window, unit);
	}
}

/* The edges of what changed, something in it and around it, and something else. */
void point_choose(const struct step *step)
{
	const struct window *other = &windows[random_below(window_count)];

	point_add(step->window, step->first - 1);
	point_add(step->window, step->first);
	point_add(step->window, step->first + step->count - 1);
	point_add(step->window, step->first + step->count);
	for (unsigned int i = 0; i < 3; i++) {
		point_add(step->window, pick_unit(step->window, step->first, step->count));
	}
	for (unsigned int i = 0; i < 2; i++) {
		point_add(step->window, pick_unit(step->window, 0, step->window->count));
	}
	point_add(other, pick_unit(other, 0, other->count));
}

void point_keep(unsigned int before)
{
	shared.point_count -= before;
	for (unsigned int i = 0; i < shared.point_count; i++) {
		shared.points[i] = shared.points[before + i];
	}
}

void point_clear(void)
{
	shared.point_count = 0;
}

unsigned int point_count(void)
{
	return shared.point_count;
}

const struct point *point_at(unsigned int number)
{
	return &shared.points[number];
}

/* --- turns --- */

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
	random_seed(shared.seed + number);
	cpu_adopt(shared.kernel, shared.lower->table);
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

unsigned int turn_start(struct kernel *kernel, const struct space *lower, uint64_t seed)
{
	shared.kernel = kernel;
	shared.lower = lower;
	shared.seed = seed;
	core_count = cores_start(kernel, work);
	return core_count;
}

void turn_take(void)
{
	uint64_t others = (core_count - 1) * (shared.turn + 1);

	__atomic_store_n(&shared.turn, shared.turn + 1, __ATOMIC_RELEASE);
	look(0);
	while (__atomic_load_n(&shared.arrived, __ATOMIC_ACQUIRE) != others) {
		cores_pause();
	}
}

void turn_begin_change(const struct step *step)
{
	shared.busy = step->window;
	shared.busy_first = step->first >> step->window->index_bits;
	shared.busy_last = (step->first + step->count - 1) >> step->window->index_bits;
	__atomic_store_n(&shared.phase, shared.phase + 1, __ATOMIC_SEQ_CST);
}

void turn_end_change(void)
{
	__atomic_store_n(&shared.phase, shared.phase + 1, __ATOMIC_SEQ_CST);
}

void turn_note_mapped(bool mapped)
{
	shared.mapped = mapped;
}

void turn_end(void)
{
	shared.ends = true;
	turn_take();
}

const struct difference *turn_difference(void)
{
	unsigned int differs;

	publish_difference();
	while ((differs = __atomic_load_n(&shared.differs, __ATOMIC_ACQUIRE)) == 1) {
		cores_pause();
	}
	return differs != 0 ? &shared.difference : NULL;
}
