/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_SMP_PAGE_H
#define EXAMPLES_SMP_PAGE_H

/*
 * Between the kernel and its program: a page that tells what the program may expect of another one,
 * and where it tells what it found.
 */

#include <stdint.h>

/* Addresses in the program's space, beside those of calls.h. */
#define PAGE_ADDRESS  0x600000
#define STACK_ADDRESS 0x480000 /* of number 0; the others' follow */
#define STACK_STEP    0x20000
#define NEAR_ADDRESS  0x700000             /* shares every table with the program */
#define FAR_ADDRESS   UINT64_C(0x40000000) /* has tables of its own: they come and go with it */

#define WORKER_MAX 4

/* What may be expected. */
#define EXPECT_READ  1
#define EXPECT_WRITE 2

/* What a worker found. */
struct found {
	uint64_t checks; /* made so far, in whole phases */
	uint64_t faults; /* of these, expected faults */
	uint64_t wrong;  /* 1: something was not as expected; the worker has ended */
	uint64_t phase;  /* then: in which phase, */
	uint64_t word;   /* and what it read, */
	uint64_t did;    /* and what it could do: EXPECT_ bits */
	uint64_t unused[2];
};

/*
 * A sequence lock: the phase is odd while anything changes. What was found in one even phase,
 * between two looks at it, must be as expected.
 */
struct page {
	uint64_t phase;   /* PHASE_END: there is no more */
	uint64_t address; /* of the words looked at: word 0 is the same in all phases of a frame, */
	uint64_t expect;  /* EXPECT_ bits */
	uint64_t word;    /* and this one */
	uint64_t unused[4];
	struct found found[WORKER_MAX];
};

#define PHASE_END UINT64_C(0xfffffffffffffffe)

#endif /* EXAMPLES_SMP_PAGE_H */
