/* SPDX-License-Identifier: MIT */
/* The words for memory faults. Rows of characters and no pointers, for the reason err.c gives. */

#include <vmm/fault.h>

static const char kinds[][24] = {
	"other fault",       "translation fault",  "permission fault",
	"access flag fault", "address size fault", "alignment fault",
	"TLB conflict",      "external abort",     "page fault",
};

VMM_STATIC_ASSERT(sizeof(kinds) / sizeof(kinds[0]) == VMM_FAULT_PAGE + 1,
		  "every kind has its words, the last one included");

static const char accesses[][12] = {
	"read",
	"write",
	"execute",
	"maintenance",
};

VMM_STATIC_ASSERT(sizeof(accesses) / sizeof(accesses[0]) == VMM_FAULT_MAINTENANCE + 1,
		  "every access has its word, the last one included");

const char *vmm_fault_kind_str(enum vmm_fault_kind kind)
{
	unsigned int row = (unsigned int)kind;

	return kinds[row <= VMM_FAULT_PAGE ? row : VMM_FAULT_OTHER];
}

const char *vmm_fault_access_str(enum vmm_fault_access access)
{
	unsigned int row = (unsigned int)access;

	if (row > VMM_FAULT_MAINTENANCE) {
		return "access";
	}
	return accesses[row];
}
