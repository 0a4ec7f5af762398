/* SPDX-License-Identifier: MIT */
#ifndef PROVE_H
#define PROVE_H

/**
 * @file prove.h
 * For properties: see prove.py. What they say is written from the manuals and the headers' promises,
 * in numbers of its own, and not with the library's constants.
 */

#include <stdbool.h>
#include <stdint.h>

/** Arguments that a property is not about. */
#define ONLY_IF(condition)    \
	do {                  \
		if (!(condition)) { \
			return true; \
		}             \
	} while (0)

/** What must hold. */
#define HOLDS(condition)      \
	do {                  \
		if (!(condition)) { \
			return false; \
		}             \
	} while (0)

/** Bits [high:low]. */
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

__extension__ typedef unsigned __int128 wide;

#endif /* PROVE_H */
