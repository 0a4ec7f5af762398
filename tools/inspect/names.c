/* SPDX-License-Identifier: MIT */
/* What ranges of addresses are called. */

#include "names.h"

#include <errno.h>
#include <string.h>

static const char *const kinds[] = {"mapping", "device", "guard", "lazy"};

const char *name_kind_text(enum name_kind kind)
{
	return kinds[kind];
}

/* The index of the first name that ends at `va` or above. */
static size_t index_from(const struct names *names, uint64_t va)
{
	size_t low = 0;
	size_t high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->list[middle].last < va) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

const struct name *names_from(const struct names *names, uint64_t va)
{
	size_t index = index_from(names, va);

	return index < names->count ? &names->list[index] : NULL;
}

void names_add(struct names *names, uint64_t va, uint64_t size, enum name_kind kind,
	       const char *text)
{
	size_t index = index_from(names, va);
	struct name *name;

	if (size == 0 || UINT64_MAX - va < size - 1 ||
	    (index < names->count && names->list[index].va <= va + (size - 1))) {
		return;
	}
	names->list = grow(names->list, names->count, sizeof(*names->list));
	name = &names->list[index];
	memmove(name + 1, name, (names->count - index) * sizeof(*name));
	names->count++;
	name->va = va;
	name->last = va + (size - 1);
	name->kind = kind;
	name->text = keep_text(text);
}

static bool add_line(struct names *names, const char *line)
{
	char start[33];
	char size[33];
	char kind[9];
	uint64_t start_number;
	uint64_t size_number;
	int text = 0;

	if (sscanf(line, "%32s %32s %8s %n", start, size, kind, &text) != 3 ||
	    !parse_number(start, &start_number) || !parse_number(size, &size_number)) {
		return false;
	}
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kind, kinds[i]) == 0) {
			names_add(names, start_number, size_number, (enum name_kind)i, line + text);
			return true;
		}
	}
	return false;
}

void names_read(struct names *names, const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int number = 0;
	char line[512];

	if (file == NULL) {
		give_up("%s: %s", path, strerror(errno));
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[0] != '#' && !add_line(names, line)) {
			give_up("%s:%u: not START SIZE KIND NAME: %s", path, number, line);
		}
	}
	(void)fclose(file);
}
