/* SPDX-License-Identifier: MIT */
/* Threads that play CPUs, and what they have in common. */

/* Barriers and locks of POSIX, which C11 by itself does not show. */
#define _POSIX_C_SOURCE 200809L

#include "test_parallel.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

bool test_parallel_careless;

/* --- workers --- */

static void *start(void *argument)
{
	struct test_worker *self = argument;

	(void)pthread_barrier_wait(&self->all->start);
	self->run(self);
	return NULL;
}

void test_parallel_add(struct test_parallel *self, void (*run)(struct test_worker *), void *what)
{
	struct test_worker *worker;

	assert_in_range(self->count, 0, TEST_PARALLEL_MAX - 1);
	worker = &self->workers[self->count];
	worker->run = run;
	worker->what = what;
	worker->index = self->count++;
	worker->all = self;
}

void test_parallel_run(struct test_parallel *self, struct test_random *random)
{
	self->busy = self->count;
	assert_int_equal(pthread_barrier_init(&self->start, NULL, self->count), 0);
	for (unsigned int i = 0; i < self->count; i++) {
		struct test_worker *worker = &self->workers[i];

		test_random_seed(&worker->random, test_random_next(random));
		assert_int_equal(pthread_create(&worker->thread, NULL, start, worker), 0);
	}
	for (unsigned int i = 0; i < self->count; i++) {
		assert_int_equal(pthread_join(self->workers[i].thread, NULL), 0);
	}
	(void)pthread_barrier_destroy(&self->start);
	for (unsigned int i = 0; i < self->count; i++) {
		if (self->workers[i].fault != NULL) {
			fail_msg("CPU %u: %s", i, self->workers[i].fault);
		}
	}
}

bool test_parallel_expect(struct test_worker *self, bool holds, const char *sentence)
{
	if (!holds && self->fault == NULL) {
		self->fault = sentence;
	}
	return holds;
}

/* Relaxed: who waits for another so is not ordered behind what that one did. */
bool test_parallel_is_busy(struct test_worker *self)
{
	return __atomic_load_n(&self->all->busy, __ATOMIC_RELAXED) != 0;
}

void test_parallel_done(struct test_worker *self)
{
	(void)__atomic_sub_fetch(&self->all->busy, 1, __ATOMIC_RELAXED);
}

void test_parallel_look_on(struct test_worker *self)
{
	(void)__atomic_add_fetch(&self->all->lookers, 1, __ATOMIC_RELAXED);
	test_parallel_done(self);
}

#define YIELDS_MAX 100

/* Adds one to a count and waits until another one has moved. Relaxed: nothing is ordered by it. */
static void take_turns(struct test_worker *self, unsigned int *mine, const unsigned int *other)
{
	unsigned int before = __atomic_load_n(other, __ATOMIC_RELAXED);

	(void)__atomic_add_fetch(mine, 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < YIELDS_MAX; i++) {
		if (__atomic_load_n(&self->all->lookers, __ATOMIC_RELAXED) == 0 ||
		    __atomic_load_n(other, __ATOMIC_RELAXED) != before ||
		    !test_parallel_is_busy(self)) {
			return;
		}
		(void)sched_yield();
	}
}

void test_parallel_looked(struct test_worker *self)
{
	take_turns(self, &self->all->looks, &self->all->changes);
}

void test_parallel_changed(struct test_worker *self)
{
	take_turns(self, &self->all->changes, &self->all->looks);
}

/* --- locks --- */

void test_lock_init(struct test_lock *self)
{
	assert_int_equal(pthread_rwlock_init(&self->lock, NULL), 0);
}

void test_lock_fini(struct test_lock *self)
{
	assert_int_equal(pthread_rwlock_destroy(&self->lock), 0);
}

void test_lock_take(struct test_lock *self)
{
	if (!test_parallel_careless) {
		(void)pthread_rwlock_wrlock(&self->lock);
	}
}

void test_lock_share(struct test_lock *self)
{
	if (!test_parallel_careless) {
		(void)pthread_rwlock_rdlock(&self->lock);
	}
}

void test_lock_give(struct test_lock *self)
{
	if (!test_parallel_careless) {
		(void)pthread_rwlock_unlock(&self->lock);
	}
}

/* --- frames --- */

#define FIRST_FRAME UINT64_C(0x40000000)

static enum vmm_err alloc_locked(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean)
{
	struct test_locked *self = (struct test_locked *)frames;
	enum vmm_err err;

	test_lock_take(&self->lock);
	err = self->buddy.frames.alloc(&self->buddy.frames, frame, clean);
	test_lock_give(&self->lock);
	return err;
}

static void free_locked(struct vmm_frames *frames, vmm_pa_t frame, bool clean)
{
	struct test_locked *self = (struct test_locked *)frames;

	test_lock_take(&self->lock);
	self->buddy.frames.free(&self->buddy.frames, frame, clean);
	test_lock_give(&self->lock);
}

void test_locked_init(struct test_locked *self, unsigned int page_shift, unsigned int frame_count)
{
	uint64_t size = (uint64_t)frame_count << page_shift;
	vmm_pa_region_t span = VMM_PA_REGION_INIT(FIRST_FRAME, size);
	struct vmm_buddy_config config = { .span = span, .page_shift = page_shift };

	memset(self, 0, sizeof(*self));
	test_lock_init(&self->lock);
	self->bytes = malloc(size);
	self->state = malloc(vmm_buddy_state_size(span, page_shift));
	self->counts = malloc(vmm_buddy_counts_size(span, page_shift));
	assert_true(self->bytes != NULL && self->state != NULL && self->counts != NULL);
	memset(self->bytes, 0xff, size);
	config.window = (uint64_t)(uintptr_t)self->bytes - FIRST_FRAME;
	config.state = self->state;
	config.counts = self->counts;
	assert_int_equal(vmm_buddy_init(&self->buddy, &config), VMM_OK);
	assert_int_equal(vmm_buddy_add(&self->buddy, span), VMM_OK);
	self->frames = self->buddy.frames;
	self->frames.alloc = alloc_locked;
	self->frames.free = free_locked;
}

void test_locked_fini(struct test_locked *self)
{
	assert_int_equal(vmm_buddy_check(&self->buddy), VMM_OK);
	assert_int_equal(vmm_buddy_available(&self->buddy), vmm_buddy_total(&self->buddy));
	test_lock_fini(&self->lock);
	free(self->bytes);
	free(self->state);
	free(self->counts);
}

/* --- the seam --- */

static unsigned int calls;

static void count_call(void)
{
	(void)__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}

static void publish(const struct vmm_table *table)
{
	(void)table;
	count_call();
}

static void request(const struct vmm_table *table, const struct vmm_invalidation *what)
{
	(void)table;
	(void)what;
	count_call();
}

static bool is_active(const struct vmm_table *table)
{
	(void)table;
	return false;
}

const struct vmm_sync test_parallel_sync = {
	.publish = publish,
	.mapped = request,
	.invalidate = request,
	.complete = publish,
	.clean = NULL,
	.is_active = is_active,
};

/* --- changes --- */

#define MORE_PAGES 16

void test_area_init(struct test_area *self, struct vmm_table *table, uint64_t start)
{
	self->table = table;
	self->start = start;
	self->page = vmm_table_page_size(table);
	self->page_count = (UINT64_C(2) << table->format->geometry->index_bits) + MORE_PAGES;
	self->mapped = calloc(self->page_count, sizeof(*self->mapped));
	assert_true(self->mapped != NULL);
}

void test_area_fini(struct test_area *self)
{
	free(self->mapped);
}

uint64_t test_area_any(const struct test_area *self, struct test_worker *worker)
{
	return self->start + test_random_below(&worker->random, self->page_count) * self->page;
}

/* How many of some pages the model has mapped. */
static uint64_t mapped_count(const struct test_area *self, uint64_t first, uint64_t count)
{
	uint64_t mapped = 0;

	for (uint64_t i = first; i < first + count; i++) {
		mapped += self->mapped[i];
	}
	return mapped;
}

static void set_mapped(struct test_area *self, uint64_t first, uint64_t count, bool mapped)
{
	for (uint64_t i = first; i < first + count; i++) {
		self->mapped[i] = mapped;
	}
}

/* A page, some, or most of what there is: from the start of a block now and then. */
static void choose(const struct test_area *self, struct test_worker *worker, uint64_t *first,
		   uint64_t *count)
{
	uint64_t block = (self->page_count - MORE_PAGES) / 2;

	*first = test_random_below(&worker->random, self->page_count);
	switch (test_random_below(&worker->random, 4)) {
	case 0:
		*count = 1;
		break;
	case 1:
		*count = 1 + test_random_below(&worker->random, 40);
		break;
	case 2:
		*first = test_random_below(&worker->random, 2) * block;
		*count = block;
		break;
	default:
		*count = 1 + test_random_below(&worker->random, self->page_count);
		break;
	}
	if (*count > self->page_count - *first) {
		*count = self->page_count - *first;
	}
}

static bool is_as_modeled(uint64_t mapped, uint64_t count, unsigned int what, enum vmm_err err)
{
	switch (what) {
	case 0:
		return err == (mapped == 0 ? VMM_OK : VMM_ERR_EXISTS);
	case 1:
		return err == VMM_OK;
	default:
		return err == (mapped == count ? VMM_OK : VMM_ERR_NOENT);
	}
}

void test_area_change(struct test_area *self, struct test_worker *worker)
{
	unsigned int what = (unsigned int)test_random_below(&worker->random, 3);
	vmm_attr_t attr = VMM_USER_RW;
	vmm_va_region_t va;
	uint64_t first, count, mapped;
	vmm_pa_t pa;
	enum vmm_err err;

	choose(self, worker, &first, &count);
	va.bytes.start = self->start + first * self->page;
	va.bytes.size = count * self->page;
	mapped = mapped_count(self, first, count);
	if (what == 0) {
		attr.bits |= test_random_one_in(&worker->random, 2) ? VMM_ATTR_CONTIG : 0;
		err = vmm_table_map(self->table, va, vmm_pa(va.bytes.start + TEST_PARALLEL_AWAY),
				    attr, NULL);
	} else if (what == 1) {
		err = vmm_table_unmap(self->table, va, NULL);
	} else {
		err = vmm_table_protect(self->table, va,
					test_random_one_in(&worker->random, 2) ? VMM_USER_RO :
										VMM_USER_RW, NULL);
	}
	(void)test_parallel_expect(worker, is_as_modeled(mapped, count, what, err),
				   "an operation ended as its model does not");
	if (err == VMM_OK && what < 2) {
		set_mapped(self, first, count, what == 0);
	}
	first = test_random_below(&worker->random, self->page_count);
	err = vmm_table_translate(self->table, vmm_va(self->start + first * self->page), &pa);
	(void)test_parallel_expect(worker, err == (self->mapped[first] ? VMM_OK : VMM_ERR_NOENT),
				   "a page is mapped, or is not, against the model");
}

/* --- looks --- */

static bool is_there(uint64_t va, uint64_t pa)
{
	return pa == va + TEST_PARALLEL_AWAY;
}

void test_area_look(const struct test_area *self, const struct vmm_table *table,
		    struct test_worker *worker)
{
	uint64_t va = test_area_any(self, worker) + test_random_below(&worker->random, self->page);
	struct vmm_cursor cursor = { .each = test_random_one_in(&worker->random, 2) };
	struct vmm_leaf leaf;
	vmm_pa_t pa;
	enum vmm_err err = vmm_table_translate(table, vmm_va(va), &pa);

	(void)test_parallel_expect(worker,
				   err == VMM_ERR_NOENT ||
				   (err == VMM_OK && is_there(va, vmm_pa_raw(pa))),
				   "translate leads somewhere else");
	err = vmm_table_query(table, vmm_va(va), &leaf);
	(void)test_parallel_expect(worker,
				   err == VMM_ERR_NOENT ||
				   (err == VMM_OK && va - vmm_va_raw(leaf.va) < leaf.size &&
				    is_there(vmm_va_raw(leaf.va), vmm_pa_raw(leaf.pa))),
				   "query tells of another leaf");
	if (!test_random_one_in(&worker->random, 16)) {
		return;
	}
	while ((err = vmm_table_visit(table, &cursor, &leaf, NULL)) == VMM_OK) {
		(void)test_parallel_expect(worker,
					   is_there(vmm_va_raw(leaf.va), vmm_pa_raw(leaf.pa)),
					   "visit tells of another leaf");
	}
	(void)test_parallel_expect(worker, err == VMM_ERR_NOENT, "visit meets damage");
}
