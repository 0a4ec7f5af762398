/* SPDX-License-Identifier: MIT */
#include "test_toy_model.h"

/* Pages that the leaf, or the run, of a page covers: [*first, *last]. */
static void extent(unsigned int at, unsigned int level, bool in_run, unsigned int *first,
		   unsigned int *last)
{
	unsigned int count = (1u << level * TEST_TOY_INDEX_BITS) * (in_run ? 2 : 1);

	*first = at / count * count;
	*last = *first + count - 1;
}

static bool is_inside(unsigned int first, unsigned int last, unsigned int from, unsigned int to)
{
	return from <= first && last <= to;
}

static void expect_map(struct test_toy_pages *pages, const struct test_toy_op *op,
		       unsigned int from, unsigned int to)
{
	const struct test_arch *arch = pages->arch;

	for (unsigned int i = from; i <= to; i++) {
		struct test_toy_page *page = &pages->page[i];
		unsigned int level = page->level < arch->leaf_max ? page->level : arch->leaf_max;
		unsigned int first, last;

		level = level < op->limit ? level : op->limit;
		for (;; level--) {
			extent(i, level, false, &first, &last);
			if (level == 0 || (is_inside(first, last, from, to) &&
					   op->offset % test_arch_reach(arch, level) == 0)) {
				break;
			}
		}
		page->level = (uint8_t)level;
		page->mapped = true;
		page->pa = (uint16_t)(i * 32 + op->offset);
		page->write = (op->bits & VMM_ATTR_WRITE) != 0;
		page->global = (op->bits & VMM_ATTR_GLOBAL) != 0;
		page->in_run = false;
	}
	/* Where two leaves of one size make a pair that is inside and congruent, they are a run. */
	for (unsigned int i = from; i <= to && (op->bits & VMM_ATTR_CONTIG) != 0; i++) {
		unsigned int level = pages->page[i].level;
		unsigned int first, last;

		extent(i, level, true, &first, &last);
		pages->page[i].in_run = arch->run[level] != 0 && is_inside(first, last, from, to) &&
					op->offset % (2 * test_arch_reach(arch, level)) == 0 &&
					pages->page[first].level == level &&
					pages->page[last].level == level;
	}
}

/*
 * A range that ends inside a leaf cuts it into the largest pieces that lie on one side of each end;
 * one that ends inside a run makes plain leaves of it. `before` is the page at the end, as it was.
 */
static void expect_cut(struct test_toy_pages *pages, const struct test_toy_page *before,
		       unsigned int end, unsigned int from, unsigned int to)
{
	unsigned int first, last;

	if (!before->mapped) {
		return;
	}
	extent(end, before->level, before->in_run, &first, &last);
	if (before->in_run && !is_inside(first, last, from, to)) {
		for (unsigned int i = first; i <= last; i++) {
			pages->page[i].in_run &= pages->page[i].level != before->level;
		}
	}
	extent(end, before->level, false, &first, &last);
	if (is_inside(first, last, from, to)) {
		return;
	}
	for (unsigned int i = first; i <= last; i++) {
		unsigned int level = before->level;
		unsigned int low, high;

		do {
			extent(i, --level, false, &low, &high);
		} while (!is_inside(low, high, from, to) && high >= from && low <= to);
		pages->page[i].level = (uint8_t)level;
		/* Leaves of a run are cut into runs, where these can be. */
		extent(i, level, true, &low, &high);
		pages->page[i].in_run = before->in_run && pages->arch->run[level] != 0 &&
					(is_inside(low, high, from, to) || high < from || low > to);
	}
}

static void expect_unmap(struct test_toy_pages *pages, unsigned int from, unsigned int to)
{
	struct test_toy_page ends[2] = {pages->page[from], pages->page[to]};

	expect_cut(pages, &ends[0], from, from, to);
	expect_cut(pages, &ends[1], to, from, to);
	for (unsigned int i = from; i <= to; i++) {
		pages->page[i].mapped = false;
	}
}

static void expect_protect(struct test_toy_pages *pages, const struct test_toy_op *op,
			   unsigned int from, unsigned int to)
{
	struct test_toy_page ends[2] = {pages->page[from], pages->page[to]};
	bool write = (op->bits & VMM_ATTR_WRITE) != 0;

	if (ends[0].write != write) {
		expect_cut(pages, &ends[0], from, from, to);
	}
	if (ends[1].write != write) {
		expect_cut(pages, &ends[1], to, from, to);
	}
	for (unsigned int i = from; i <= to; i++) {
		pages->page[i].write = write;
	}
}

enum vmm_err test_toy_verdict(const struct test_toy_pages *pages, const struct test_toy_op *op,
			      unsigned int from, unsigned int to, unsigned int *where)
{
	bool global = (op->bits & VMM_ATTR_GLOBAL) != 0;

	for (unsigned int i = from; i <= to && op->what != TEST_TOY_UNMAP; i++) {
		*where = i;
		if (op->what == TEST_TOY_MAP && pages->page[i].mapped) {
			return VMM_ERR_EXISTS;
		}
		if (op->what == TEST_TOY_PROTECT && !pages->page[i].mapped) {
			return VMM_ERR_NOENT;
		}
		if (op->what == TEST_TOY_PROTECT && pages->page[i].global != global) {
			return VMM_ERR_ATTR;
		}
	}
	return VMM_OK;
}

void test_toy_apply(struct test_toy_pages *pages, const struct test_toy_op *op, unsigned int from,
		    unsigned int to)
{
	if (op->what == TEST_TOY_MAP) {
		expect_map(pages, op, from, to);
	} else if (op->what == TEST_TOY_UNMAP) {
		expect_unmap(pages, from, to);
	} else {
		expect_protect(pages, op, from, to);
	}
}
