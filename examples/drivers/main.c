/* SPDX-License-Identifier: MIT */
/*
 * drivers: the kernel mapped by section, its drivers mapped when they ask for it, and the table of
 * who mapped what.
 */

#include <inttypes.h>
#include <stdio.h>

#include <vmm/bump.h>
#include <vmm/vmm.h>

#include "../common/kernel.h"

static struct vmm_bump bump;
static struct vmm_table *table;
static struct vmm_mapping pool[32]; /* one for each mapping, and for each further driver of one */
static struct vmm vmm;

/* Two drivers have one mapping if their registers share a page. */
static void show_sharing(void)
{
	for (unsigned int i = 0; i < board.device_count; i++) {
		const struct vmm_mapping *mapping = vmm_find(&vmm, board_device_base(i));

		if (mapping == NULL) {
			kernel_fail("a driver's mapping isn't in the record");
		}
		printf("%-26s at %p, users of its mapping: %u\n", board.devices[i].name,
		       vmm_va_ptr(board_device_base(i)),
		       (unsigned int)vmm_mapping_user_count(mapping));
	}
}

int kernel_main(void)
{
	vmm_pa_region_t frames = kernel_take_ram(KERNEL_FRAME_COUNT);
	struct vmm_detail detail = {.level = -1};
	struct vmm_out_chars out;

	board_puts("drivers: " PORT_NAME ", ");
	board_puts(board.name);
	board_puts("\n\n1. Where tables come from, an empty table, and the manager\n");
	kernel_require("bump",
		       vmm_bump_init(&bump, frames, machine_format->geometry->page_shift, 0), NULL);
	kernel_require("table",
		       machine_table_init(
			       &(struct vmm_table_config){
				       .format = machine_format,
				       .frames = &bump.frames,
			       },
			       &table),
		       NULL);
	kernel_require("manager",
		       vmm_init(&vmm,
				&(struct vmm_config){
					.table = table,
					.pool = pool,
					.pool_count = sizeof(pool) / sizeof(pool[0]),
					.mmio_window = VMM_VA_REGION_INIT(KERNEL_MMIO_START,
									  KERNEL_MMIO_SIZE),
				}),
		       NULL);

	board_puts("2. Map the kernel by section\n");
	kernel_require("kernel", kernel_map_self(&vmm, frames, &detail), &detail);

	/* The console's registers aren't mapped, so from here on nothing can be said. */
	board_puts("3. Switch translation on, then bring up the drivers\n");
	kernel_require("enable", machine_enable(table), NULL);
	kernel_require("drivers", kernel_start_drivers(&vmm, &detail), &detail);
	printf("translation is %s, and this is printed through the remapped console\n\n",
	       machine_is_enabled() ? "on" : "off");

	show_sharing();
	printf("\n4. The record\n");
	vmm_print_chars(&vmm, board_putc);

	printf("\n5. Do record and tables agree?\n");
	vmm_out_chars_init(&out, board_putc);
	printf("%" PRIu64 " differences\n", vmm_audit(&vmm, &out.out));
	if (vmm_audit(&vmm, NULL) != 0) {
		kernel_fail("they don't");
	}

	printf("\n6. What the manager refuses\n");
	vmm_va_region_t window_page = VMM_VA_REGION_INIT(KERNEL_MMIO_START + KERNEL_MMIO_SIZE / 2,
							 vmm_table_page_size(table));
	enum vmm_err err = vmm_map_at(&vmm, "a hand", window_page,
				      vmm_pa_region_start(board.mailbox), VMM_KERNEL_RW, &detail);
	printf("mapping into the MMIO window by hand: %s\n", vmm_err_str(err));
	if (err != VMM_ERR_BUSY) {
		kernel_fail("the window is open");
	}

	printf("\ndrivers: done\n");
	return 0;
}
