/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_MAPPINGS_H
#define INSPECT_MAPPINGS_H

/**
 * @file mappings.h
 * From tables that were read to mappings and problems, in the order of addresses.
 */

#include "scan.h"

/** Fills space->mappings and space->problems. The names must outlive the mappings. */
void mappings_find(struct space *space, const struct names *names);

#endif /* INSPECT_MAPPINGS_H */
