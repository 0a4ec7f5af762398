/* SPDX-License-Identifier: MIT */
/*
 * The user program of the kernel smp: looks again and again whether a page is what it should be.
 */

#include "page.h"

#include "../common/program.h"

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* One look. Returns whether it counts: nothing changed meanwhile. */
static bool look(struct page *page, struct found *found, uint64_t number, uint64_t phase)
{
	uint64_t address = load(&page->address);
	uint64_t expect = load(&page->expect);
	uint64_t word = load(&page->word);
	uint64_t no_read = 0;
	uint64_t no_write = 0;
	uint64_t got;
	uint64_t did;

	/* Each worker writes a word of its own: what they are about is the page. */
	got = program_probe_read((const volatile uint64_t *)address, &no_read);
	program_probe_write((volatile uint64_t *)address + 1 + number, phase, &no_write);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (load(&page->phase) != phase) {
		return false;
	}
	did = (no_read != 0 ? 0 : EXPECT_READ) | (no_write != 0 ? 0 : EXPECT_WRITE);
	if (did != expect || (no_read == 0 && got != word)) {
		found->phase = phase;
		found->word = got;
		found->did = did;
		__atomic_store_n(&found->wrong, 1, __ATOMIC_RELEASE);
		return false;
	}
	found->faults += no_read + no_write;
	__atomic_store_n(&found->checks, found->checks + 1, __ATOMIC_RELEASE);
	return true;
}

uint64_t program_main(uint64_t number)
{
	struct page *page = (struct page *)(uintptr_t)PAGE_ADDRESS;
	struct found *found = &page->found[number];

	while (found->wrong == 0) {
		uint64_t phase = load(&page->phase);

		if (phase == PHASE_END) {
			return 0;
		}
		/* Now and then the kernel has a turn, to look at a page of its own. */
		if ((phase & 1) != 0 || !look(page, found, number, phase) ||
		    found->checks % 8 == 0) {
			(void)program_call(CALL_YIELD, 0, 0);
		}
	}
	return 1;
}
