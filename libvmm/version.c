/* SPDX-License-Identifier: MIT */
/* The version that was built, for programs that were compiled with other headers. */

#include <vmm/version.h>

const char *vmm_version(void)
{
	return VMM_VERSION_STRING;
}

uint32_t vmm_version_number(void)
{
	return VMM_VERSION_NUMBER;
}
