/* SPDX-License-Identifier: MIT */
/* vmm/asid.h: more address spaces than numbers for them. */

#include <vmm/asid.h>

#include "host.h"

int main(void)
{
	static struct vmm_asid_cpu cpus[1];
	static struct vmm_asids asids;
	static struct vmm_asid tasks[4]; /* one in each address space */
	struct vmm_asids_config config = {.cpus = cpus, .cpu_count = 1, .bits = 2};
	struct vmm_asid_use use;

	/* Two bits, and 0 is the kernel's: three numbers for four tasks. */
	require("init", vmm_asids_init(&asids, &config));
	for (unsigned int step = 0; step < 6; step++) {
		unsigned int task = step % 4;

		require("switch", vmm_asids_switch(&asids, 0, &tasks[task], &use));
		printf("task %u runs under ASID %u%s%s\n", task, use.asid,
		       use.is_new ? ", which is new" : "",
		       use.flush ? ", and this CPU forgets everything" : "");
	}
	return 0;
}
