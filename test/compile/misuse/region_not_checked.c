/* SPDX-License-Identifier: MIT */
/* A region whose construction may have failed. */
/* must say: ignoring return value */

#include <vmm/region.h>

vmm_pa_region_t all(vmm_pa_t start, uint64_t size);
vmm_pa_region_t all(vmm_pa_t start, uint64_t size)
{
#ifdef FIXED
	vmm_pa_region_t region = VMM_PA_REGION_INIT(0, 0);

	if (vmm_pa_region(start, size, &region) != VMM_OK) {
		return vmm_pa_region_empty();
	}
	return region;
#else
	vmm_pa_region_t region = VMM_PA_REGION_INIT(0, 0);

	vmm_pa_region(start, size, &region);
	return region;
#endif
}
