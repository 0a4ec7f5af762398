/* SPDX-License-Identifier: MIT */
/* Memory that is mapped more than once, and what that means. */

#include <stdlib.h>

#include "summary.h"

static int compare_by_pa(const void *a, const void *b)
{
	const struct mapping *first = *(const struct mapping *const *)a;
	const struct mapping *second = *(const struct mapping *const *)b;

	if (first->pa != second->pa) {
		return first->pa > second->pa ? 1 : -1;
	}
	return (first->va > second->va) - (first->va < second->va);
}

static void add_alias(struct summary *summary, const struct mapping *low,
		      const struct mapping *high)
{
	uint64_t left_of_low = low->size - (high->pa - low->pa);
	bool in_order = low->va <= high->va;
	struct alias *alias;

	summary->aliases = grow(summary->aliases, summary->alias_count, sizeof(*summary->aliases));
	alias = &summary->aliases[summary->alias_count++];
	alias->a = in_order ? low : high;
	alias->b = in_order ? high : low;
	alias->pa = high->pa;
	alias->size = left_of_low < high->size ? left_of_low : high->size;
	alias->mixed_wx = !mapping_is_wx(low) && !mapping_is_wx(high) &&
			  ((low->look.rights | high->look.rights) & RIGHTS_WRITE) != 0 &&
			  ((low->look.rights | high->look.rights) & RIGHTS_EXECUTE) != 0;
	alias->mixed_type = low->look.mem != high->look.mem;
}

void summarize_aliases(const struct image *image, struct summary *summary)
{
	const struct mapping **list = NULL;
	size_t count = 0;

	for (unsigned int i = 0; i < image->space_count; i++) {
		for (size_t j = 0; j < image->spaces[i].mapping_count; j++) {
			list = grow(list, count, sizeof(*list));
			list[count++] = &image->spaces[i].mappings[j];
		}
	}
	if (count != 0) {
		qsort(list, count, sizeof(*list), compare_by_pa);
	}
	/* Each step of the inner loop but its last adds an alias, so that the cost is bounded. */
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count && list[j]->pa - list[i]->pa < list[i]->size;
		     j++) {
			if (summary->alias_count == ALIASES_MAX) {
				summary->more_aliases = true;
				free(list);
				return;
			}
			add_alias(summary, list[i], list[j]);
		}
	}
	free(list);
}
