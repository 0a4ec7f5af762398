/* SPDX-License-Identifier: MIT */
#ifndef VMM_ENGINE_H
#define VMM_ENGINE_H

/**
 * @file engine.h
 * The engine behind every format, and the line that instantiates it. For authors of formats, in C only.
 *
 *     engine/walk.h     levels, indices, single descriptors
 *     engine/runs.h     leaves side by side; where the contiguous bit is set
 *     engine/map.h      map: plan and commit
 *     engine/cut.h      leaves and runs that a range cuts; break-before-make
 *     engine/change.h   unmap and protect
 *     engine/reclaim.h  who frees an empty table, and when; trim and fini
 *     engine/read.h     translate, query, visit
 *     engine/share.h    parts that several tables have in common
 *     engine/shared.h   what is compiled once for all formats
 */

#include <vmm/engine/change.h>
#include <vmm/engine/map.h>
#include <vmm/engine/read.h>
#include <vmm/engine/reclaim.h>
#include <vmm/engine/share.h>

/** A function of a format that is compiled once and never inlined: see vmm_engine_. */
#define VMM_ENGINE_FUNCTION_ static __attribute__((noinline, unused))

/**
 * Defines `symbol`, its plain functions, and nothing else. @p codec_ is a `static const struct vmm_codec`.
 *
 * Map and change, the two large ones, are compiled once per format and serve `need` too; so are the parts
 * that they use several times, and the short ways, whose stack is then gone where the long ones begin.
 */
#define VMM_FORMAT_DEFINE(symbol, codec_)							   \
	static const struct vmm_engine_ symbol##_engine_;					   \
	VMM_ENGINE_FUNCTION_ void symbol##_walk_(const struct vmm_table *table, uint64_t va,	   \
						 struct vmm_spot_ *spot)			   \
	{											   \
		vmm_walk_(&(codec_), table, va, spot);						   \
	}											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_attr_word_(					   \
		const struct vmm_table *table, vmm_attr_t attr, vmm_attr_t *stored,		   \
		uint64_t *word)									   \
	{											   \
		return vmm_attr_word_(&(codec_), table, attr, stored, word);			   \
	}											   \
	VMM_ENGINE_FUNCTION_ void symbol##_put_row_(const struct vmm_table *table,		   \
						    const struct vmm_row_ *row)			   \
	{											   \
		vmm_put_row_(&(codec_), table, row);						   \
	}											   \
	VMM_ENGINE_FUNCTION_ unsigned int symbol##_clear_row_(					   \
		const struct vmm_table *table, const struct vmm_spot_ *spot, uint64_t va,	   \
		unsigned int count, struct vmm_gather_ *gather)					   \
	{											   \
		return vmm_clear_row_(&(codec_), table, spot, va, count, gather);		   \
	}											   \
	VMM_ENGINE_FUNCTION_ unsigned int symbol##_protect_row_(				   \
		const struct vmm_table *table, const struct vmm_spot_ *spot, uint64_t va,	   \
		unsigned int count, uint64_t word, struct vmm_gather_ *gather)			   \
	{											   \
		return vmm_protect_row_(&(codec_), table, spot, va, count, word, gather);	   \
	}											   \
	VMM_ENGINE_FUNCTION_ void symbol##_chain_subtree_(					   \
		const struct vmm_table *table, uint64_t pa, unsigned int level,			   \
		struct vmm_chain_ *dead)							   \
	{											   \
		vmm_chain_subtree_(&(codec_), table, pa, level, dead);				   \
	}											   \
	VMM_ENGINE_FUNCTION_ void symbol##_prune_(						   \
		const struct vmm_table *table, unsigned int level, uint64_t va,			   \
		struct vmm_gather_ *gather, struct vmm_chain_ *dead)				   \
	{											   \
		vmm_prune_(&(codec_), table, level, va, gather, dead);				   \
	}											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_plan_change_(				   \
		const struct vmm_table *table, const vmm_attr_t *attr,				   \
		struct vmm_change_ *change, struct vmm_cut_ *cut, struct vmm_detail *detail)	   \
	{											   \
		return vmm_plan_change_(&symbol##_engine_, table, attr, change, cut, detail);	   \
	}											   \
	VMM_ENGINE_FUNCTION_ void symbol##_build_split_(					   \
		const struct vmm_table *table, struct vmm_unit_ *unit,				   \
		const struct vmm_change_ *change, struct vmm_chain_ *chain)			   \
	{											   \
		vmm_build_split_(&symbol##_engine_, table, unit, change, chain);		   \
	}											   \
	VMM_ENGINE_FUNCTION_ void symbol##_change_inside_(					   \
		const struct vmm_table *table, const struct vmm_change_ *change,		   \
		const struct vmm_cut_ *cut, struct vmm_gather_ *gather,				   \
		struct vmm_chain_ *dead)							   \
	{											   \
		vmm_change_inside_(&symbol##_engine_, table, change, cut, gather, dead);	   \
	}											   \
	VMM_ENGINE_FUNCTION_ unsigned int symbol##_store_unit_(					   \
		const struct vmm_table *table, const struct vmm_cut_ *cut,			   \
		const struct vmm_change_ *change, const struct vmm_unit_ *unit,			   \
		struct vmm_gather_ *gather)							   \
	{											   \
		return vmm_store_unit_(&(codec_), table, cut, change, unit, gather);		   \
	}											   \
	static const struct vmm_engine_ symbol##_engine_ = {					   \
		&(codec_),									   \
		symbol##_walk_,									   \
		symbol##_attr_word_,								   \
		symbol##_put_row_,								   \
		symbol##_clear_row_,								   \
		symbol##_protect_row_,								   \
		symbol##_chain_subtree_,							   \
		symbol##_prune_,								   \
		symbol##_plan_change_,								   \
		symbol##_build_split_,								   \
		symbol##_change_inside_,							   \
		symbol##_store_unit_,								   \
	};											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_map_or_plan_(				   \
		const struct vmm_table *table, struct vmm_table *commit, uint64_t start,	   \
		uint64_t size, uint64_t pa, vmm_attr_t attr, uint64_t *frame_count,		   \
		struct vmm_detail *detail)							   \
	{											   \
		return vmm_engine_map_(&symbol##_engine_, table, commit, start, size, pa, attr,	   \
				       frame_count, detail);					   \
	}											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_change_or_plan_(				   \
		const struct vmm_table *table, struct vmm_table *commit, uint64_t start,	   \
		uint64_t size, const vmm_attr_t *attr, uint64_t *frame_count,			   \
		struct vmm_detail *detail)							   \
	{											   \
		return vmm_engine_change_(&symbol##_engine_, table, commit, start, size, attr,	   \
					  (uintptr_t)symbol##_change_or_plan_, frame_count,	   \
					  detail);						   \
	}											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_map_long_(					   \
		struct vmm_table *table, uint64_t start, uint64_t size, uint64_t pa,		   \
		vmm_attr_t attr, struct vmm_detail *detail)					   \
	{											   \
		uint64_t frame_count;								   \
												   \
		return symbol##_map_or_plan_(table, table, start, size, pa, attr, &frame_count,	   \
					     detail);						   \
	}											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_change_long_(				   \
		struct vmm_table *table, uint64_t start, uint64_t size, const vmm_attr_t *attr,	   \
		struct vmm_detail *detail)							   \
	{											   \
		uint64_t frame_count;								   \
												   \
		return symbol##_change_or_plan_(table, table, start, size, attr, &frame_count,	   \
						detail);					   \
	}											   \
	VMM_ENGINE_FUNCTION_ enum vmm_err symbol##_protect_long_(				   \
		struct vmm_table *table, uint64_t start, uint64_t size, vmm_attr_t attr,	   \
		struct vmm_detail *detail)							   \
	{											   \
		return symbol##_change_long_(table, start, size, &attr, detail);		   \
	}											   \
	enum vmm_err symbol##_init(struct vmm_table *table, const struct vmm_table_config *config) \
	{                                                                                          \
		return vmm_engine_init_(&(codec_), &symbol, table, config);                        \
	}                                                                                          \
	enum vmm_err symbol##_effective(const struct vmm_table *table, vmm_attr_t attr,            \
					vmm_attr_t *stored)                                        \
	{                                                                                          \
		return vmm_effective_(&(codec_), table, attr, stored);                             \
	}                                                                                          \
	enum vmm_err symbol##_map(struct vmm_table *table, vmm_va_region_t va, vmm_pa_t pa,        \
				  vmm_attr_t attr, struct vmm_detail *detail)                      \
	{                                                                                          \
		if (!VMM_FOR_SIZE &&                                                               \
		    vmm_map_short_(&symbol##_engine_, table, va.bytes.start, va.bytes.size,        \
				   vmm_pa_raw(pa), attr)) {                                        \
			return VMM_OK;                                                             \
		}                                                                                  \
		return symbol##_map_long_(table, va.bytes.start, va.bytes.size, vmm_pa_raw(pa),    \
					  attr, detail);                                           \
	}                                                                                          \
	enum vmm_err symbol##_unmap(struct vmm_table *table, vmm_va_region_t va,                   \
				    struct vmm_detail *detail)                                     \
	{                                                                                          \
		if (!VMM_FOR_SIZE && vmm_unmap_short_(&symbol##_engine_, table, va.bytes.start,    \
						      va.bytes.size)) {                            \
			return VMM_OK;                                                             \
		}                                                                                  \
		return symbol##_change_long_(table, va.bytes.start, va.bytes.size, NULL, detail);  \
	}                                                                                          \
	enum vmm_err symbol##_protect(struct vmm_table *table, vmm_va_region_t va,                 \
				      vmm_attr_t attr, struct vmm_detail *detail)                  \
	{                                                                                          \
		if (!VMM_FOR_SIZE && vmm_protect_short_(&symbol##_engine_, table, va.bytes.start,  \
							va.bytes.size, attr)) {                    \
			return VMM_OK;                                                             \
		}                                                                                  \
		return symbol##_protect_long_(table, va.bytes.start, va.bytes.size, attr, detail); \
	}                                                                                          \
	enum vmm_err symbol##_need(const struct vmm_table *table,                                  \
				   const struct vmm_request *request, uint64_t *frame_count,       \
				   struct vmm_detail *detail)                                      \
	{                                                                                          \
		uint64_t start = request->va.bytes.start;                                          \
		uint64_t size = request->va.bytes.size;                                            \
		uint64_t count = 0;                                                                \
		enum vmm_err err;                                                                  \
                                                                                                   \
		if (request->op == VMM_OP_MAP) {                                                   \
			err = symbol##_map_or_plan_(table, NULL, start, size,                      \
						    vmm_pa_raw(request->pa), request->attr,        \
						    &count, detail);                               \
		} else {                                                                           \
			err = symbol##_change_or_plan_(                                            \
				table, NULL, start, size,                                          \
				request->op == VMM_OP_PROTECT ? &request->attr : NULL, &count,     \
				detail);                                                           \
		}                                                                                  \
		if (err == VMM_OK) {                                                               \
			*frame_count = count;                                                      \
		}                                                                                  \
		return err;                                                                        \
	}                                                                                          \
	enum vmm_err symbol##_translate(const struct vmm_table *table, vmm_va_t va, vmm_pa_t *pa)  \
	{                                                                                          \
		return vmm_engine_translate_(&(codec_), table, va, pa);                            \
	}                                                                                          \
	enum vmm_err symbol##_query(const struct vmm_table *table, vmm_va_t va,                    \
				    struct vmm_leaf *leaf)                                         \
	{                                                                                          \
		return vmm_engine_query_(&(codec_), table, va, leaf);                              \
	}                                                                                          \
	enum vmm_err symbol##_visit(const struct vmm_table *table, struct vmm_cursor *cursor,      \
				    struct vmm_leaf *leaf, struct vmm_detail *detail)              \
	{                                                                                          \
		return vmm_engine_visit_(&(codec_), table, cursor, leaf, detail);                  \
	}                                                                                          \
	enum vmm_err symbol##_share(struct vmm_table *table, vmm_va_region_t va,                   \
				    struct vmm_detail *detail)                                     \
	{                                                                                          \
		return vmm_engine_share_(&(codec_), table, va, detail);                            \
	}                                                                                          \
	void symbol##_trim(struct vmm_table *table)                                                \
	{                                                                                          \
		vmm_engine_trim_(&(codec_), table);                                                \
	}                                                                                          \
	void symbol##_fini(struct vmm_table *table)                                                \
	{                                                                                          \
		vmm_engine_fini_(&symbol##_engine_, table);                                        \
	}                                                                                          \
	static const struct vmm_format symbol##_bare_ = {					   \
		&(codec_).geometry, vmm_bare_init_,      vmm_bare_effective_,			   \
		vmm_bare_need_,     vmm_bare_map_,       vmm_bare_change_,			   \
		vmm_bare_protect_,  vmm_bare_translate_, vmm_bare_query_,			   \
		vmm_bare_visit_,    vmm_bare_change_,    vmm_bare_end_,				   \
		vmm_bare_end_,									   \
	};											   \
	enum vmm_err symbol##_init_bare(struct vmm_table *table,				   \
					const struct vmm_table_config *config)			   \
	{											   \
		return vmm_engine_init_(&(codec_), &symbol##_bare_, table, config);		   \
	}											   \
	const struct vmm_format symbol = { &(codec_).geometry,                                     \
					   symbol##_init,                                          \
					   symbol##_effective,                                     \
					   symbol##_need,                                          \
					   symbol##_map,                                           \
					   symbol##_unmap,                                         \
					   symbol##_protect,                                       \
					   symbol##_translate,                                     \
					   symbol##_query,                                         \
					   symbol##_visit,                                         \
					   symbol##_share,                                         \
					   symbol##_trim,                                          \
					   symbol##_fini };

#endif /* VMM_ENGINE_H */
