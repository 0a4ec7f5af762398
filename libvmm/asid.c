/* SPDX-License-Identifier: MIT */
/*
 * Numbers of address spaces, by generations.
 *
 * A tag is a generation and a number. No bitmap is needed: within a generation numbers are handed
 * out in ascending order and not given back, so a number is free if it is not below `next` and no
 * CPU kept it when the generation began. Invariant: two spaces never have the same number in one
 * generation, and a CPU that has not switched since older generations goes on under a number that
 * is still that space's alone.
 */

#include <vmm/asid.h>

#define NUMBER_BITS 16
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)

static uint64_t make_tag(const struct vmm_asids *asids, uint64_t number)
{
	/* 2^48 generations: one in each microsecond lasts for nine years. */
	return asids->generation << NUMBER_BITS | number;
}

static bool is_current(const struct vmm_asids *asids, uint64_t tag)
{
	return tag >> NUMBER_BITS == asids->generation;
}

static bool is_kept(const struct vmm_asids *asids, uint32_t number)
{
	for (uint32_t i = 0; i < asids->cpu_count; i++) {
		/* Of a CPU that keeps nothing it is 0, which is no space's number. */
		if ((asids->cpus[i].kept & NUMBER_MASK) == number) {
			return true;
		}
	}
	return false;
}

/* What a CPU translates by stays as it is, with the entries that it cached. It flushes only when it
 * switches: until then it uses no other number. */
static void start_generation(struct vmm_asids *asids)
{
	asids->generation++;
	asids->next = asids->first;
	for (uint32_t i = 0; i < asids->cpu_count; i++) {
		asids->cpus[i].kept = asids->cpus[i].active;
		asids->cpus[i].is_flush_pending = true;
	}
}

/*
 * A tag that was kept moves to this generation with its number. Every CPU that runs the space
 * learns the new one: the next generation must keep what the space then has, not what it had.
 */
static bool carry_over(struct vmm_asids *asids, uint64_t old, uint64_t now)
{
	bool was_kept = false;

	for (uint32_t i = 0; i < asids->cpu_count; i++) {
		struct vmm_asid_cpu *cpu = &asids->cpus[i];

		was_kept |= cpu->kept == old;
		if (cpu->active == old) {
			cpu->active = now;
		}
	}
	return was_kept;
}

/* Ends: there are more numbers than CPUs to keep them. */
static uint64_t take_tag(struct vmm_asids *asids)
{
	for (;;) {
		while (asids->next <= asids->last) {
			uint32_t number = asids->next++;

			if (!is_kept(asids, number)) {
				return make_tag(asids, number);
			}
		}
		start_generation(asids);
	}
}

static uint64_t renew_tag(struct vmm_asids *asids, uint64_t old)
{
	if (old != 0) {
		uint64_t now = make_tag(asids, old & NUMBER_MASK);

		if (carry_over(asids, old, now)) {
			return now;
		}
	}
	return take_tag(asids);
}

enum vmm_err vmm_asids_init(struct vmm_asids *asids, const struct vmm_asids_config *config)
{
	uint32_t first = (uint32_t)config->kernel_last + 1;
	uint32_t count = UINT32_C(1) << (config->bits & 31);

	if (config->cpus == NULL || config->cpu_count == 0) {
		return VMM_ERR_EMPTY;
	}
	if (config->bits > NUMBER_BITS || first > count || count - first <= config->cpu_count) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (asids->generation != 0) {
		bool is_same = asids->cpus == config->cpus &&
			       asids->cpu_count == config->cpu_count && asids->first == first &&
			       asids->last == count - 1;

		return is_same ? VMM_OK : VMM_ERR_BUSY;
	}
	asids->cpus = config->cpus;
	asids->cpu_count = config->cpu_count;
	asids->first = first;
	asids->last = count - 1;
	asids->next = first;
	asids->generation = 1;
	for (uint32_t i = 0; i < config->cpu_count; i++) {
		asids->cpus[i].active = 0;
		asids->cpus[i].kept = 0;
		asids->cpus[i].is_flush_pending = false;
	}
	return VMM_OK;
}

enum vmm_err vmm_asids_switch(struct vmm_asids *asids, uint32_t cpu, struct vmm_asid *asid,
			      struct vmm_asid_use *use)
{
	uint64_t old = asid->tag;

	if (cpu >= asids->cpu_count) {
		return VMM_ERR_RANGE;
	}
	if (!is_current(asids, old)) {
		asid->tag = renew_tag(asids, old);
	}
	/* Nothing was ever cached in this generation under a number just handed out, and what was
	 * before goes with the flush that the generation asks of each CPU. */
	use->asid = (uint16_t)(asid->tag & NUMBER_MASK);
	use->is_new = (old & NUMBER_MASK) != use->asid;
	use->flush = asids->cpus[cpu].is_flush_pending;
	asids->cpus[cpu].is_flush_pending = false;
	asids->cpus[cpu].active = asid->tag;
	return VMM_OK;
}

enum vmm_err vmm_asids_leave(struct vmm_asids *asids, uint32_t cpu)
{
	if (cpu >= asids->cpu_count) {
		return VMM_ERR_RANGE;
	}
	asids->cpus[cpu].active = 0;
	return VMM_OK;
}

uint64_t vmm_asids_generation(const struct vmm_asids *asids)
{
	return asids->generation;
}
