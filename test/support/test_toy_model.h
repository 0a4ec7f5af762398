/* SPDX-License-Identifier: MIT */
#ifndef TEST_TOY_MODEL_H
#define TEST_TOY_MODEL_H

/**
 * @file test_toy_model.h
 * What an operation on a toy's table has to do, told on a plain array of pages: what each is
 * mapped to, and how large a leaf. It knows of no tables.
 */

#include "test_toy.h"

#define TEST_TOY_PAGES_MAX 64 /* 11 bits */

/* What the tables say about a page, or should. */
struct test_toy_page {
	uint16_t pa;
	bool mapped;
	bool write;
	bool global;
	bool in_run;
	uint8_t level; /* of the descriptor that decides: a leaf, or an invalid one */
};

struct test_toy_pages {
	const struct test_arch *arch;
	struct test_toy_page page[TEST_TOY_PAGES_MAX];
};

enum test_toy_what {
	TEST_TOY_END, /* ends a list */
	TEST_TOY_MAP,
	TEST_TOY_UNMAP,
	TEST_TOY_PROTECT
};

/* One operation, still without a range. */
struct test_toy_op {
	enum test_toy_what what;
	uint16_t offset;    /* output address minus input address */
	uint32_t bits;      /* attributes and hints */
	unsigned int limit; /* the largest level asked for; 9: no limit */
};

/** The error that an operation on the pages [from, to] must return, and for which page; or OK. */
enum vmm_err test_toy_verdict(const struct test_toy_pages *pages, const struct test_toy_op *op,
			      unsigned int from, unsigned int to, unsigned int *where);

/** Does an operation that test_toy_verdict() allows. */
void test_toy_apply(struct test_toy_pages *pages, const struct test_toy_op *op, unsigned int from,
		    unsigned int to);

#endif /* TEST_TOY_MODEL_H */
