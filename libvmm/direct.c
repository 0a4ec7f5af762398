/* SPDX-License-Identifier: MIT */
/*
 * Direct mappings: a lazy range of the manager, filled with stretches of memory.
 *
 *     memory:   [ region           ]   [ region               ]
 *     holes:          [ hole ]                   [ hole ]
 *     stretch:  [     )      [     )   [         )      [     )
 *     pieces:   |         |         |         |         |
 *
 * A piece is mapped with all of its stretches or with none, so one of its pages tells whether it
 * is.
 */

#include <vmm/direct.h>

#include "manager.h"

/* The pieces that one undo covers: one bit each. */
#define LOT_PIECES 64

static unsigned int page_shift(const struct vmm_direct *direct)
{
	return vmm_space_page_shift(&direct->vmm->area);
}

/* The physical memory behind the window. */
static struct vmm_span behind_window(const struct vmm_direct *direct)
{
	struct vmm_span span;

	span.start = vmm_pa_raw(direct->map.base);
	span.size = vmm_va_region_size(direct->map.window);
	return span;
}

/* The whole pages of a region; empty if there are none. */
static struct vmm_span pages_in(vmm_pa_region_t region, unsigned int shift)
{
	uint64_t mask = vmm_addr_mask_(shift);
	uint64_t lead = (0 - region.bytes.start) & mask;
	struct vmm_span span = { 0, 0 };

	if (lead < region.bytes.size) {
		span.start = region.bytes.start + lead;
		span.size = (region.bytes.size - lead) & ~mask;
	}
	return span;
}

/* Where memory goes on at or behind `at`: in the region that has it, or the lowest one behind. */
static bool find_memory(const struct vmm_direct *direct, uint64_t at, struct vmm_span *found)
{
	bool is_found = false;

	for (uint32_t i = 0; i < direct->memory_count; i++) {
		struct vmm_span pages = pages_in(direct->memory[i], page_shift(direct));

		if (pages.size == 0 || vmm_span_last_(pages) < at) {
			continue;
		}
		if (pages.start < at) {
			pages.size -= at - pages.start;
			pages.start = at;
		}
		if (!is_found || pages.start < found->start) {
			*found = pages;
			is_found = true;
		}
	}
	return is_found;
}

/* Cuts the stretch before the hole. False: it begins in the hole, which ends before *at. */
static bool cut_before(const struct vmm_direct *direct, vmm_pa_region_t hole,
		       struct vmm_span *stretch, uint64_t *at, bool *is_last)
{
	uint64_t mask = vmm_addr_mask_(page_shift(direct));
	uint64_t first = hole.bytes.start & ~mask;
	uint64_t last = vmm_span_last_(hole.bytes) | mask;

	if (hole.bytes.size == 0 || last < stretch->start || first > vmm_span_last_(*stretch)) {
		return true;
	}
	if (first > stretch->start) {
		stretch->size = first - stretch->start;
		return true;
	}
	*is_last = last == UINT64_MAX;
	*at = last + 1;
	return false;
}

/* The next stretch of memory, without holes, at or behind `at`. */
static bool find_stretch(const struct vmm_direct *direct, uint64_t at, struct vmm_span *stretch)
{
	bool is_last = false;
	bool is_whole;

	/* Each turn but the last one goes past the end of a hole. */
	while (!is_last && find_memory(direct, at, stretch)) {
		is_whole = true;
		for (uint32_t i = 0; i < direct->hole_count && is_whole; i++) {
			is_whole = cut_before(direct, direct->holes[i], stretch, &at, &is_last);
		}
		if (is_whole) {
			return true;
		}
	}
	return false;
}

/* The next stretch in [at, last], cut to it. */
static bool find_stretch_in(const struct vmm_direct *direct, uint64_t at, uint64_t last,
			    struct vmm_span *stretch)
{
	if (!find_stretch(direct, at, stretch) || stretch->start > last) {
		return false;
	}
	if (vmm_span_last_(*stretch) > last) {
		stretch->size = last - stretch->start + 1;
	}
	return true;
}

static vmm_va_region_t va_of(const struct vmm_direct *direct, struct vmm_span pa)
{
	vmm_va_region_t va;

	va.bytes.start = vmm_va_raw(vmm_va_region_start(direct->map.window)) +
			 (pa.start - vmm_pa_raw(direct->map.base));
	va.bytes.size = pa.size;
	return va;
}

/* Unmaps the stretches in [first, last], which were mapped by this call: that takes no frame. */
static enum vmm_err unmap_stretches(struct vmm_direct *direct, uint64_t first, uint64_t last)
{
	struct vmm_span stretch;
	enum vmm_err err = VMM_OK;

	while (err == VMM_OK && find_stretch_in(direct, first, last, &stretch)) {
		err = vmm_table_unmap(direct->vmm->table, va_of(direct, stretch), NULL);
		if (vmm_span_last_(stretch) == last) {
			break;
		}
		first = vmm_span_last_(stretch) + 1;
	}
	return err;
}

/* Maps a stretch of the lazy range, or of what shall become one, as `hold` says. */
static enum vmm_err map_stretch(struct vmm_direct *direct, struct vmm_span stretch,
				const struct vmm_hold_ *hold, struct vmm_detail *detail)
{
	vmm_va_region_t va = va_of(direct, stretch);

	if (hold == NULL) {
		return vmm_map_part(direct->vmm, va, detail);
	}
	return vmm_table_map(direct->vmm->table, va, vmm_pa(stretch.start), hold->attr, detail);
}

/* Maps all stretches in [first, last], or none; `hold` as for map_stretch(). */
static enum vmm_err map_stretches(struct vmm_direct *direct, uint64_t first, uint64_t last,
				  const struct vmm_hold_ *hold, struct vmm_detail *detail)
{
	struct vmm_span stretch;
	uint64_t at = first;
	enum vmm_err err;

	while (find_stretch_in(direct, at, last, &stretch)) {
		err = map_stretch(direct, stretch, hold, detail);
		if (err != VMM_OK) {
			if (stretch.start == first) {
				return err;
			}
			return unmap_stretches(direct, first, stretch.start - 1) == VMM_OK
				       ? err
				       : VMM_ERR_CORRUPT;
		}
		if (vmm_span_last_(stretch) == last) {
			break;
		}
		at = vmm_span_last_(stretch) + 1;
	}
	return VMM_OK;
}

static bool are_valid(const vmm_pa_region_t *regions, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!vmm_pa_region_is_valid(regions[i])) {
			return false;
		}
	}
	return true;
}

static uint8_t default_piece_shift(const struct vmm_table *table)
{
	const struct vmm_geometry *geometry = table->format->geometry;
	bool has_block = geometry->leaf_level_max > 0 && table->root_level > 0;

	return (uint8_t)(geometry->page_shift + (has_block ? geometry->index_bits : 0));
}

static enum vmm_err check_config(const struct vmm *vmm, const struct vmm_direct_config *config)
{
	if (!are_valid(config->memory, config->memory_count) ||
	    !are_valid(config->holes, config->hole_count)) {
		return VMM_ERR_WRAP;
	}
	if (config->piece_shift > 63 ||
	    (config->piece_shift != 0 &&
	     config->piece_shift < vmm_space_page_shift(&vmm->area))) {
		return VMM_ERR_UNSUPPORTED;
	}
	return VMM_OK;
}

static void set_up(struct vmm_direct *direct, struct vmm *vmm,
		   const struct vmm_direct_config *config)
{
	direct->map.window = config->map.window;
	direct->map.base = config->map.base;
	direct->vmm = vmm;
	direct->memory = config->memory;
	direct->holes = config->holes;
	direct->memory_count = config->memory_count;
	direct->hole_count = config->hole_count;
	direct->piece_shift = config->piece_shift != 0 ? config->piece_shift
						       : default_piece_shift(vmm->table);
	direct->eager = config->eager;
}

static void clear(struct vmm_direct *direct)
{
	direct->map.window = vmm_va_region_empty();
	direct->map.base = vmm_pa(0);
	direct->vmm = NULL;
	direct->memory = NULL;
	direct->holes = NULL;
	direct->memory_count = 0;
	direct->hole_count = 0;
	direct->piece_shift = 0;
	direct->eager = false;
}

static void set_hold(const struct vmm_direct_config *config, struct vmm_hold_ *hold)
{
	hold->name = config->name;
	hold->va = config->map.window;
	hold->pa = config->map.base;
	hold->attr = config->attr.bits != 0 ? config->attr : VMM_KERNEL_RW;
	hold->kind = VMM_MAPPING_LAZY;
}

/* The window is held last: nothing of that needs to be undone. */
static enum vmm_err start(struct vmm_direct *direct, const struct vmm_direct_config *config,
			  struct vmm_detail *detail)
{
	struct vmm *vmm = direct->vmm;
	struct vmm_hold_ hold;
	enum vmm_err err;

	set_hold(config, &hold);
	err = vmm_hold_look_(vmm, &hold, detail);
	if (err == VMM_OK && direct->eager) {
		err = map_stretches(direct, vmm_pa_raw(config->map.base),
				    vmm_span_last_(behind_window(direct)), &hold, detail);
	}
	if (err == VMM_OK) {
		vmm_hold_take_(&vmm->record, &vmm->area, &hold);
	}
	return err;
}

enum vmm_err vmm_direct_init(struct vmm_direct *direct, struct vmm *vmm,
			     const struct vmm_direct_config *config, struct vmm_detail *detail)
{
	struct vmm_direct_map map;
	enum vmm_err err;

	if (direct->vmm != NULL) {
		return vmm_fail_at_(detail, config->map.window.bytes.start, VMM_ERR_BUSY);
	}
	err = vmm_direct_map_init(&map, config->map.window, config->map.base);
	if (err == VMM_OK) {
		err = check_config(vmm, config);
	}
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, config->map.window.bytes.start, err);
	}
	set_up(direct, vmm, config);
	err = start(direct, config, detail);
	if (err != VMM_OK) {
		clear(direct);
	}
	return err;
}

/* Whether all of `pa` is memory that is not in a hole. */
static bool is_memory(const struct vmm_direct *direct, struct vmm_span pa)
{
	struct vmm_span stretch;

	while (find_stretch_in(direct, pa.start, vmm_span_last_(pa), &stretch)) {
		if (stretch.start != pa.start) {
			return false;
		}
		if (stretch.size == pa.size) {
			return true;
		}
		pa.start += stretch.size;
		pa.size -= stretch.size;
	}
	return false;
}

/* What the piece of `at` has of the window. */
static struct vmm_span piece_of(const struct vmm_direct *direct, uint64_t at)
{
	uint64_t mask = vmm_addr_mask_(direct->piece_shift);
	struct vmm_span window = behind_window(direct);
	uint64_t first = at & ~mask;
	uint64_t last = at | mask;
	struct vmm_span piece;

	piece.start = first > window.start ? first : window.start;
	last = last < vmm_span_last_(window) ? last : vmm_span_last_(window);
	piece.size = last - piece.start + 1;
	return piece;
}

/* Whether nothing is to be done for the piece: it is mapped, or has no memory. */
static bool is_done(const struct vmm_direct *direct, struct vmm_span piece)
{
	struct vmm_span stretch;
	vmm_pa_t pa;

	return !find_stretch_in(direct, piece.start, vmm_span_last_(piece), &stretch) ||
	       vmm_translate(direct->vmm, vmm_va_region_start(va_of(direct, stretch)), &pa) ==
		       VMM_OK;
}

/* Unmaps those of the pieces before `count` whose bit is set. */
static enum vmm_err undo_lot(struct vmm_direct *direct, uint64_t first, unsigned int count,
			     uint64_t mapped)
{
	struct vmm_span piece = piece_of(direct, first);
	enum vmm_err err = VMM_OK;

	for (unsigned int i = 0; i < count && err == VMM_OK; i++) {
		if ((mapped >> i & 1) != 0) {
			err = unmap_stretches(direct, piece.start, vmm_span_last_(piece));
		}
		piece = piece_of(direct, vmm_span_last_(piece) + 1);
	}
	return err;
}

/*
 * Maps the next pieces from `*at` up to the one of `last`, all or none. `*at` becomes the start of
 * the piece behind them; 0 if that one was mapped.
 */
static enum vmm_err map_lot(struct vmm_direct *direct, uint64_t *at, uint64_t last,
			    struct vmm_detail *detail)
{
	uint64_t mapped = 0;
	struct vmm_span piece;
	uint64_t next = *at;
	enum vmm_err err;

	for (unsigned int i = 0; i < LOT_PIECES; i++) {
		piece = piece_of(direct, next);
		if (!is_done(direct, piece)) {
			err = map_stretches(direct, piece.start, vmm_span_last_(piece), NULL,
					    detail);
			if (err != VMM_OK) {
				return undo_lot(direct, *at, i, mapped) == VMM_OK
					       ? err
					       : VMM_ERR_CORRUPT;
			}
			mapped |= UINT64_C(1) << i;
		}
		if (vmm_span_last_(piece) >= last) {
			next = 0;
			break;
		}
		next = vmm_span_last_(piece) + 1;
	}
	*at = next;
	return VMM_OK;
}

static enum vmm_err map_pieces(struct vmm_direct *direct, struct vmm_span pa,
			       struct vmm_detail *detail)
{
	uint64_t at = pa.start;
	enum vmm_err err;

	do {
		err = map_lot(direct, &at, vmm_span_last_(pa), detail);
	} while (err == VMM_OK && at != 0);
	return err;
}

enum vmm_err vmm_direct_ensure(struct vmm_direct *direct, vmm_pa_region_t pa, vmm_va_t *va,
			       struct vmm_detail *detail)
{
	vmm_va_region_t where;
	enum vmm_err err;

	if (!vmm_pa_region_is_valid(pa)) {
		return vmm_fail_at_(detail, 0, VMM_ERR_WRAP);
	}
	err = vmm_direct_va_region(&direct->map, pa, &where);
	if (err != VMM_OK) {
		return vmm_fail_at_(detail, 0, err);
	}
	if (!is_memory(direct, pa.bytes)) {
		return vmm_fail_at_(detail, where.bytes.start, VMM_ERR_NOENT);
	}
	if (!direct->eager) {
		err = map_pieces(direct, pa.bytes, detail);
	}
	if (err == VMM_OK && va != NULL) {
		*va = vmm_va_region_start(where);
	}
	return err;
}

enum vmm_err vmm_direct_fini(struct vmm_direct *direct, struct vmm_detail *detail)
{
	enum vmm_err err;

	if (direct->vmm == NULL) {
		return VMM_OK;
	}
	err = vmm_unmap(direct->vmm, vmm_va_region_start(direct->map.window), detail);
	if (err == VMM_OK) {
		clear(direct);
	}
	return err;
}

static const vmm_pa_region_t *moved(const vmm_pa_region_t *regions, uint64_t delta)
{
	return regions == NULL ? NULL
			       : (const vmm_pa_region_t *)((uintptr_t)regions + (uintptr_t)delta);
}

void vmm_direct_rebase(struct vmm_direct *direct, uint64_t delta)
{
	if (direct->vmm != NULL) {
		direct->vmm = (struct vmm *)((uintptr_t)direct->vmm + (uintptr_t)delta);
		direct->memory = moved(direct->memory, delta);
		direct->holes = moved(direct->holes, delta);
	}
}
