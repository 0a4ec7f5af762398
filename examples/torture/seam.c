/* SPDX-License-Identifier: MIT */
/*
 * The seam that tables are changed by: the CPU's, or one that is broken on purpose, which the
 * kernel must notice.
 */

#include "torture.h"

/* Ways to break it, by the word in the mailbox. */
enum sabotage {
	SABOTAGE_NONE,
	SABOTAGE_DROP,     /* nothing is invalidated */
	SABOTAGE_LOCAL,    /* on this core only */
	SABOTAGE_NARROW,   /* the first address of several */
	SABOTAGE_BESIDE,   /* the address behind */
	SABOTAGE_PUBLISH,  /* stores are not waited for */
	SABOTAGE_COMPLETE, /* nor invalidations */
	SABOTAGE_MAPPED,   /* nothing is done after a map */
	SABOTAGE_COUNT
};

static const char *const sabotage_names[SABOTAGE_COUNT] = {
	"nothing",
	"invalidations dropped",
	"invalidations of one core",
	"invalidations too narrow",
	"invalidations beside",
	"no publish",
	"no complete",
	"nothing after map",
};

static enum sabotage sabotage_of(uint64_t how)
{
	return (enum sabotage)(how % SABOTAGE_COUNT);
}

const char *seam_broken(uint64_t how)
{
	return sabotage_names[sabotage_of(how)];
}

static void do_nothing(const struct vmm_table *table)
{
	(void)table;
}

static void do_nothing_about(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	(void)table;
	(void)request;
}

static void invalidate_first(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	struct vmm_invalidation less = *request;

	less.count = 1;
	cpu_sync->invalidate(table, &less);
}

static void invalidate_beside(const struct vmm_table *table, const struct vmm_invalidation *request)
{
	struct vmm_invalidation other = *request;

	other.va = vmm_va(vmm_va_raw(other.va) + (UINT64_C(1) << other.stride_shift));
	cpu_sync->invalidate(table, &other);
}

const struct vmm_sync *seam_make(uint64_t how)
{
	static struct vmm_sync seam;

	seam = *cpu_sync;
	switch (sabotage_of(how)) {
	case SABOTAGE_DROP:
		seam.invalidate = do_nothing_about;
		break;
	case SABOTAGE_LOCAL:
		seam.invalidate = cores_machine_invalidate_here;
		break;
	case SABOTAGE_NARROW:
		seam.invalidate = invalidate_first;
		break;
	case SABOTAGE_BESIDE:
		seam.invalidate = invalidate_beside;
		break;
	case SABOTAGE_PUBLISH:
		seam.publish = do_nothing;
		break;
	case SABOTAGE_COMPLETE:
		seam.complete = do_nothing;
		break;
	case SABOTAGE_MAPPED:
		seam.mapped = do_nothing_about;
		break;
	case SABOTAGE_NONE:
	case SABOTAGE_COUNT:
		break;
	}
	return &seam;
}
