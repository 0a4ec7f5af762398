/* SPDX-License-Identifier: MIT */
/* Uses the library, so that linking it means something. */

#include <vmm/err.h>
#include <vmm/region.h>
#include <vmm/version.h>

int main(void);

int main(void)
{
	vmm_va_region_t region;

	if (vmm_version_number() != VMM_VERSION_NUMBER) {
		return 1;
	}
	return vmm_va_region_from_pages(vmm_va(0x10000), 1, 16, &region) == VMM_OK ? 0 : 2;
}
