/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_frames.h"

/* Looks like a valid table descriptor, or a valid leaf, to every format. */
#define POISON UINT64_C(0xdeadbeefdeadbeef)
/* More than a table has entries: who adds to it instead of setting it is noticed. */
#define COUNT_GARBAGE UINT16_C(0xa5a5)
/* Frames are not aligned to their size on the host, only to this: physical addresses are. */
#define BUFFER_ALIGN 64
#define BUFFER_SKEW  64

#define PRINTABLE(value) ((unsigned long long)(value))

struct test_frames_event {
	bool is_free;
	bool clean;
	size_t index;
};

struct test_frames_snapshot {
	uint8_t *buffer;
	uint16_t *counts;
	bool *is_out;
	size_t *stack;
	size_t out_count;
};

/**
 * Fails the running test with a sentence. As a failed assertion of the code under test, so that
 * expect_assert_failure() can show that this fixture notices.
 */
__attribute__((format(printf, 1, 2), noreturn)) static void complain(const char *format, ...)
{
	static char sentence[256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	mock_assert(0, sentence, __FILE__, __LINE__);
	abort();
}

static size_t frame_size(const struct test_frames *self)
{
	return (size_t)1 << self->frames.page_shift;
}

static size_t words_per_frame(const struct test_frames *self)
{
	return frame_size(self) / sizeof(uint64_t);
}

static size_t buffer_size(const struct test_frames *self)
{
	return (self->frame_count + 2) << self->frames.page_shift;
}

static vmm_pa_t frame_at(const struct test_frames *self, size_t index)
{
	return vmm_pa(self->frames.first + ((uint64_t)index << self->frames.page_shift));
}

/** Words of the frame with this index; -1 and frame_count are the guards. */
static uint64_t *words_at(const struct test_frames *self, ptrdiff_t index)
{
	return (uint64_t *)(void *)(self->buffer + (size_t)(index + 1) * frame_size(self));
}

static void fill_words(const struct test_frames *self, ptrdiff_t index, uint64_t word,
		       uint64_t step)
{
	uint64_t *words = words_at(self, index);

	for (size_t i = 0; i < words_per_frame(self); i++) {
		words[i] = word + step * i;
	}
}

static void assert_filled(const struct test_frames *self, ptrdiff_t index, uint64_t word,
			  const char *sentence)
{
	const uint64_t *words = words_at(self, index);

	for (size_t i = 0; i < words_per_frame(self); i++) {
		if (words[i] != word) {
			complain("%s: frame %#llx, word %zu is %#llx, not %#llx", sentence,
				 PRINTABLE(vmm_pa_raw(frame_at(self, 0)) +
					   ((uint64_t)index << self->frames.page_shift)),
				 i, PRINTABLE(words[i]), PRINTABLE(word));
		}
	}
}

static size_t index_of(const struct test_frames *self, vmm_pa_t pa)
{
	if (!vmm_frames_owns(&self->frames, pa)) {
		complain("%#llx is no frame of this source", PRINTABLE(vmm_pa_raw(pa)));
	}
	return (size_t)((vmm_pa_raw(pa) - self->frames.first) >> self->frames.page_shift);
}

static void log_event(struct test_frames *self, bool is_free, size_t index, bool clean)
{
	if (self->event_count == self->event_capacity) {
		self->event_capacity = self->event_capacity * 2 + 64;
		self->events = realloc(self->events, self->event_capacity * sizeof(*self->events));
		assert_non_null(self->events);
	}
	self->events[self->event_count].is_free = is_free;
	self->events[self->event_count].index = index;
	self->events[self->event_count].clean = clean;
	self->event_count++;
}

static bool must_fail(struct test_frames *self)
{
	if (self->fail_nth != 0) {
		self->fail_nth--;
		if (self->fail_nth == 0) {
			return true;
		}
	}
	return self->limit == 0 || self->out_count == self->frame_count;
}

/** Fills the frame as its new owner shall find it; returns whether it is said to be clean. */
static bool prepare(const struct test_frames *self, size_t index)
{
	bool in_turn = self->fill == TEST_FRAMES_IN_TURN;
	bool clean = self->fill == TEST_FRAMES_CLEAN || (in_turn && self->alloc_count % 2 != 0);

	if (clean || self->fill == TEST_FRAMES_ZERO_UNTOLD) {
		fill_words(self, (ptrdiff_t)index, 0, 0);
	} else {
		fill_words(self, (ptrdiff_t)index, self->dirt, self->dirt_step);
	}
	return clean;
}

static enum vmm_err take(struct vmm_frames *frames, vmm_pa_t *frame, bool *clean)
{
	struct test_frames *self = VMM_CONTAINER_OF(frames, struct test_frames, frames);
	size_t index;

	if (must_fail(self)) {
		self->fail_count++;
		return self->fail_err;
	}
	index = self->stack[self->frame_count - self->out_count - 1];
	assert_filled(self, (ptrdiff_t)index, POISON, "written to while it was not out");
	*clean = prepare(self, index);
	*frame = frame_at(self, index);
	self->is_out[index] = true;
	self->frames.counts[index] = COUNT_GARBAGE;
	self->out_count++;
	self->out_peak = self->out_count > self->out_peak ? self->out_count : self->out_peak;
	self->alloc_count++;
	self->limit -= self->limit != TEST_FRAMES_NO_LIMIT;
	log_event(self, false, index, *clean);
	if (self->taken != NULL) {
		self->taken(self, *frame);
	}
	return VMM_OK;
}

static void give_back(struct vmm_frames *frames, vmm_pa_t frame, bool clean)
{
	struct test_frames *self = VMM_CONTAINER_OF(frames, struct test_frames, frames);
	size_t index = index_of(self, frame);

	if (!vmm_pa_is_aligned(frame, self->frames.page_shift)) {
		complain("%#llx is not the start of a frame", PRINTABLE(vmm_pa_raw(frame)));
	}
	if (!self->is_out[index]) {
		complain("frame %#llx was given back twice, or never taken",
			 PRINTABLE(vmm_pa_raw(frame)));
	}
	if (clean) {
		assert_filled(self, (ptrdiff_t)index, 0, "given back as clean, but it isn't");
	}
	fill_words(self, (ptrdiff_t)index, POISON, 0);
	self->is_out[index] = false;
	self->frames.counts[index] = COUNT_GARBAGE;
	self->out_count--;
	self->stack[self->frame_count - self->out_count - 1] = index;
	self->free_count++;
	log_event(self, true, index, clean);
	if (self->returned != NULL) {
		self->returned(self, frame, clean);
	}
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	assert_non_null(memory);
	return memory;
}

/** Deterministic, so that a failure repeats; scrambled, so that no order is right by chance. */
static void scramble(struct test_frames *self)
{
	uint64_t state = 1;

	for (size_t i = 0; i < self->frame_count; i++) {
		self->stack[i] = i;
	}
	for (size_t i = self->frame_count - 1; i > 0; i--) {
		size_t other;
		size_t index = self->stack[i];

		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		other = (size_t)((state >> 33) % (i + 1));
		self->stack[i] = self->stack[other];
		self->stack[other] = index;
	}
}

static void make_buffer(struct test_frames *self)
{
	uintptr_t start;

	self->allocation = allocate(1, buffer_size(self) + BUFFER_ALIGN + BUFFER_SKEW);
	start = ((uintptr_t)self->allocation + BUFFER_ALIGN - 1) & ~(uintptr_t)(BUFFER_ALIGN - 1);
	/* Never page-aligned on the host: a pointer mistaken for an address shows. */
	if ((start & (frame_size(self) - 1)) == 0 && frame_size(self) > BUFFER_SKEW) {
		start += BUFFER_SKEW;
	}
	self->buffer = (uint8_t *)start;
	for (size_t i = 0; i < self->frame_count + 2; i++) {
		fill_words(self, (ptrdiff_t)i - 1, POISON, 0);
	}
}

void test_frames_init(struct test_frames *self, unsigned int page_shift, size_t frame_count,
		      uint64_t first)
{
	assert_in_range(page_shift, 3, 20);
	assert_true(frame_count > 0);
	assert_true(vmm_pa_is_aligned(vmm_pa(first), page_shift) && first >> page_shift > 0);
	memset(self, 0, sizeof(*self));
	self->frames.page_shift = (uint8_t)page_shift;
	self->frame_count = frame_count;
	make_buffer(self);
	self->count_buffer = allocate(frame_count + 2, sizeof(uint16_t));
	for (size_t i = 0; i < frame_count + 2; i++) {
		self->count_buffer[i] = COUNT_GARBAGE;
	}
	self->is_out = allocate(frame_count, sizeof(bool));
	self->stack = allocate(frame_count, sizeof(size_t));
	self->open = allocate(frame_count, sizeof(size_t));
	scramble(self);
	self->frames.alloc = take;
	self->frames.free = give_back;
	self->frames.first = first;
	self->frames.frame_count = frame_count;
	self->frames.counts = self->count_buffer + 1;
	self->frames.window = (uint64_t)(uintptr_t)words_at(self, 0) - first;
	self->dirt = UINT64_MAX;
	self->fail_err = VMM_ERR_NOMEM;
	self->limit = TEST_FRAMES_NO_LIMIT;
}

void test_frames_discard(struct test_frames *self)
{
	free(self->allocation);
	free(self->count_buffer);
	free(self->is_out);
	free(self->stack);
	free(self->open);
	free(self->events);
	memset(self, 0, sizeof(*self));
}

void test_frames_fini(struct test_frames *self)
{
	for (size_t i = 0; i < self->frame_count; i++) {
		if (self->is_out[i]) {
			complain("%zu frames are still out; the first is %#llx", self->out_count,
				 PRINTABLE(vmm_pa_raw(frame_at(self, i))));
		}
	}
	test_frames_check(self);
	test_frames_discard(self);
}

void test_frames_check(const struct test_frames *self)
{
	assert_filled(self, -1, POISON, "written to below the first frame");
	assert_filled(self, (ptrdiff_t)self->frame_count, POISON, "written to past the last frame");
	if (self->count_buffer[0] != COUNT_GARBAGE ||
	    self->count_buffer[self->frame_count + 1] != COUNT_GARBAGE) {
		complain("written to before the first count or behind the last one");
	}
	for (size_t i = 0; i < self->frame_count; i++) {
		if (self->is_out[i]) {
			continue;
		}
		assert_filled(self, (ptrdiff_t)i, POISON, "written to while it is not out");
		if (self->frames.counts[i] != COUNT_GARBAGE) {
			complain("the count of frame %#llx was written to while it is not out",
				 PRINTABLE(vmm_pa_raw(frame_at(self, i))));
		}
	}
}

void test_frames_limit(struct test_frames *self, uint64_t count)
{
	self->limit = count;
}

void test_frames_fail_nth(struct test_frames *self, uint64_t n)
{
	self->fail_nth = n;
}

bool test_frames_is_out(const struct test_frames *self, vmm_pa_t pa)
{
	return vmm_frames_owns(&self->frames, pa) &&
	       vmm_pa_is_aligned(pa, self->frames.page_shift) && self->is_out[index_of(self, pa)];
}

size_t test_frames_available(const struct test_frames *self)
{
	return self->frame_count - self->out_count;
}

uint64_t test_frames_word(const struct test_frames *self, vmm_pa_t pa, size_t index)
{
	assert_true(index < words_per_frame(self));
	return words_at(self, (ptrdiff_t)index_of(self, pa))[index];
}

size_t test_frames_mark(const struct test_frames *self)
{
	return self->event_count;
}

static void assert_undone(const struct test_frames *self, const struct test_frames_event *taken,
			  const struct test_frames_event *returned)
{
	if (returned->index != taken->index) {
		complain("frame %#llx was given back where it was the turn of %#llx",
			 PRINTABLE(vmm_pa_raw(frame_at(self, returned->index))),
			 PRINTABLE(vmm_pa_raw(frame_at(self, taken->index))));
	}
	if (returned->clean != taken->clean) {
		complain("frame %#llx was taken %s and given back %s",
			 PRINTABLE(vmm_pa_raw(frame_at(self, taken->index))),
			 taken->clean ? "clean" : "dirty", returned->clean ? "clean" : "dirty");
	}
}

void test_frames_assert_rolled_back(const struct test_frames *self, size_t mark)
{
	/* Takings that are not undone yet, as numbers of events. */
	size_t *open = self->open;
	size_t open_count = 0;

	for (size_t i = mark; i < self->event_count; i++) {
		const struct test_frames_event *event = &self->events[i];

		if (!event->is_free) {
			open[open_count++] = i;
			continue;
		}
		if (open_count == 0) {
			complain("frame %#llx was given back, but not taken by this operation",
				 PRINTABLE(vmm_pa_raw(frame_at(self, event->index))));
		}
		assert_undone(self, &self->events[open[--open_count]], event);
	}
	if (open_count != 0) {
		complain("frame %#llx was taken, but not given back",
			 PRINTABLE(vmm_pa_raw(frame_at(self, self->events[open[0]].index))));
	}
}

static void *copy(const void *source, size_t size)
{
	void *made = allocate(1, size);

	memcpy(made, source, size);
	return made;
}

struct test_frames_snapshot *test_frames_save(const struct test_frames *self)
{
	struct test_frames_snapshot *snapshot = allocate(1, sizeof(*snapshot));

	snapshot->buffer = copy(self->buffer, buffer_size(self));
	snapshot->counts = copy(self->count_buffer, (self->frame_count + 2) * sizeof(uint16_t));
	snapshot->is_out = copy(self->is_out, self->frame_count * sizeof(bool));
	snapshot->stack = copy(self->stack, self->frame_count * sizeof(size_t));
	snapshot->out_count = self->out_count;
	return snapshot;
}

static void assert_same_owners(const struct test_frames *self,
			       const struct test_frames_snapshot *before)
{
	for (size_t i = 0; i < self->frame_count; i++) {
		if (self->is_out[i] != before->is_out[i]) {
			complain("frame %#llx is %s, but was %s",
				 PRINTABLE(vmm_pa_raw(frame_at(self, i))),
				 self->is_out[i] ? "out" : "not out",
				 before->is_out[i] ? "out" : "not out");
		}
	}
}

static void assert_same_order(const struct test_frames *self,
			      const struct test_frames_snapshot *before)
{
	for (size_t i = 0; i < self->frame_count - self->out_count; i++) {
		if (self->stack[i] != before->stack[i]) {
			complain("the frames that are not out are in another order");
		}
	}
}

static void assert_same_words(const struct test_frames *self,
			      const struct test_frames_snapshot *before)
{
	for (size_t i = 0; i < self->frame_count + 2; i++) {
		size_t offset = i * frame_size(self);

		for (size_t word = 0; word < words_per_frame(self); word++) {
			uint64_t now = words_at(self, (ptrdiff_t)i - 1)[word];
			uint64_t then;

			memcpy(&then, before->buffer + offset + word * sizeof(then), sizeof(then));
			if (now != then) {
				complain("frame %#llx, word %zu is %#llx, but was %#llx",
					 PRINTABLE(self->frames.first - frame_size(self) + offset),
					 word, PRINTABLE(now), PRINTABLE(then));
			}
		}
	}
}

void test_frames_assert_same_set(const struct test_frames *self,
				 const struct test_frames_snapshot *before)
{
	assert_same_owners(self, before);
	if (memcmp(self->buffer, before->buffer, buffer_size(self)) != 0) {
		assert_same_words(self, before);
	}
	for (size_t i = 0; i < self->frame_count + 2; i++) {
		if (self->count_buffer[i] != before->counts[i]) {
			complain("the count of frame %#llx is %u, but was %u",
				 PRINTABLE(self->frames.first - frame_size(self) +
					   i * frame_size(self)),
				 self->count_buffer[i], before->counts[i]);
		}
	}
}

void test_frames_assert_same(const struct test_frames *self,
			     const struct test_frames_snapshot *before)
{
	test_frames_assert_same_set(self, before);
	assert_same_order(self, before);
}

void test_frames_release(struct test_frames_snapshot *snapshot)
{
	free(snapshot->buffer);
	free(snapshot->counts);
	free(snapshot->is_out);
	free(snapshot->stack);
	free(snapshot);
}
