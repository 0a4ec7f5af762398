/* SPDX-License-Identifier: MIT */
/* What goes into the image, and the image into a file. */

#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(unsigned char *bytes, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		bytes[i] = (unsigned char)(value >> 8 * i);
	}
}

static uint64_t get(const unsigned char *bytes, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = size; i > 0; i--) {
		value = value << 8 | bytes[i - 1];
	}
	return value;
}

/* The bytes of a place, which the plan has found to be in the file. */
static unsigned char *place_bytes(const struct image *image, const struct place *place)
{
	unsigned char *bytes = image_at(image, place->pa, place->size);

	if (bytes == NULL) {
		refuse("0x%llx is not in the file", (unsigned long long)place->va);
	}
	return bytes;
}

/* --- struct vmm_precomputed --- */

static void put_found(unsigned char *bytes, const struct found *found)
{
	put(&bytes[0], found->root[0], 8);
	put(&bytes[8], found->root[1], 8);
	put(&bytes[16], found->tables, 8);
	put(&bytes[24], found->tables_size, 8);
	put(&bytes[32], found->spare, 8);
	put(&bytes[40], found->spare_size, 8);
	put(&bytes[48], found->blob[0], 4);
	put(&bytes[52], found->blob_size[0], 4);
	put(&bytes[56], found->blob[1], 4);
	put(&bytes[60], found->blob_size[1], 4);
}

void patch_find(const struct image *image, const struct plan *plan, struct found *found)
{
	const unsigned char *bytes = place_bytes(image, &plan->into);

	found->root[0] = get(&bytes[0], 8);
	found->root[1] = get(&bytes[8], 8);
	found->tables = get(&bytes[16], 8);
	found->tables_size = get(&bytes[24], 8);
	found->spare = get(&bytes[32], 8);
	found->spare_size = get(&bytes[40], 8);
	found->blob[0] = (uint32_t)get(&bytes[48], 4);
	found->blob_size[0] = (uint32_t)get(&bytes[52], 4);
	found->blob[1] = (uint32_t)get(&bytes[56], 4);
	found->blob_size[1] = (uint32_t)get(&bytes[60], 4);
}

/* --- blobs --- */

static void describe(const struct plan *plan, unsigned int table, struct vmm_blob_head *head)
{
	head->format = plan->format->format->geometry->name;
	head->half = plan->tables[table].half;
	head->va_bits = (uint8_t)plan->va_bits;
	head->pa_bits = (uint8_t)plan->pa_bits;
	head->page_shift = (uint8_t)plan->page_shift;
	head->flags = plan->flags;
	head->root = vmm_pa(plan->tables[table].root);
	head->borrowed.bytes.start = plan->room.pa;
	head->borrowed.bytes.size = plan->used;
	head->window = plan->tables[table].window;
	head->entry_count = 0;
}

/* Writes the blob of a table at an offset of the room; returns its size. */
static size_t put_blob(const struct plan *plan, unsigned int table, unsigned char *bytes,
		       size_t offset)
{
	struct vmm_blob_entry *entries = get_memory(plan->item_count, sizeof(*entries));
	size_t room = (size_t)plan->blob.size - offset;
	struct vmm_blob_head head;
	enum vmm_err err;
	size_t size;

	describe(plan, table, &head);
	for (size_t i = 0; i < plan->item_count; i++) {
		const struct item *item = &plan->items[i];
		struct vmm_blob_entry *entry = &entries[head.entry_count];

		if (item->table != table) {
			continue;
		}
		entry->name = item->name;
		entry->va.bytes.start = item->va;
		entry->va.bytes.size = item->size;
		entry->pa = vmm_pa(item->pa);
		entry->attr = item->attr;
		entry->kind = item->kind;
		head.entry_count++;
	}
	size = vmm_blob_size(&head, entries);
	err = vmm_blob_write(&bytes[offset], room, &head, entries);
	free(entries);
	if (err == VMM_ERR_NOSPACE) {
		refuse("the record needs %zu bytes, and there is room for %zu", offset + size,
		       (size_t)plan->blob.size);
	}
	if (err != VMM_OK) {
		refuse("the record can't be written: %s", vmm_err_str(err));
	}
	return size;
}

/* A table of both halves stands for each of them. */
static void note_table(const struct plan *plan, unsigned int table, struct found *found,
		       size_t offset, size_t size)
{
	for (unsigned int half = 0; half < 2; half++) {
		enum vmm_half planned = plan->tables[table].half;

		if (planned != (enum vmm_half)half && planned != VMM_BOTH_HALVES) {
			continue;
		}
		found->root[half] = plan->tables[table].root;
		found->blob[half] = (uint32_t)offset;
		found->blob_size[half] = (uint32_t)size;
	}
}

static void patch_blobs(struct image *image, const struct plan *plan, struct found *found)
{
	unsigned char *bytes = NULL;
	size_t offset = 0;

	if (plan->blob.size != 0) {
		bytes = place_bytes(image, &plan->blob);
		memset(bytes, 0, (size_t)plan->blob.size);
	}
	for (unsigned int i = 0; i < plan->table_count; i++) {
		size_t size = bytes == NULL ? 0 : put_blob(plan, i, bytes, offset);

		note_table(plan, i, found, offset, size);
		/* So that the next one begins at a multiple of 8. */
		offset = (offset + size + 7) & ~(size_t)7;
	}
}

void patch_image(struct image *image, const struct plan *plan, const unsigned char *tables)
{
	unsigned char *room = place_bytes(image, &plan->room);
	struct found found;

	memset(&found, 0, sizeof(found));
	memset(room, 0, (size_t)plan->room.size);
	memcpy(room, tables, (size_t)plan->used);
	patch_blobs(image, plan, &found);
	found.tables = plan->room.pa;
	found.tables_size = plan->used;
	found.spare = plan->room.pa + plan->used;
	found.spare_size = plan->room.size - plan->used;
	put_found(place_bytes(image, &plan->into), &found);
}

/* --- what was written --- */

static void note(struct patches *patches, const struct image *image, const char *what,
		 const struct place *place, uint64_t offset, uint64_t size)
{
	struct patch *patch = &patches->list[patches->count++];

	snprintf(patch->what, sizeof(patch->what), "%s", what);
	patch->va = place->va + offset;
	patch->pa = place->pa + offset;
	patch->offset = (uint64_t)(place_bytes(image, place) - image->bytes) + offset;
	patch->size = size;
}

void patch_list(const struct image *image, const struct plan *plan, struct patches *patches)
{
	struct found found;
	char what[48];

	memset(patches, 0, sizeof(*patches));
	patch_find(image, plan, &found);
	note(patches, image, "tables", &plan->room, 0, plan->used);
	for (unsigned int i = 0; i < plan->table_count; i++) {
		unsigned int side = plan->tables[i].half == VMM_UPPER_HALF ? 1 : 0;

		snprintf(what, sizeof(what), "root, %s", plan_half_name(plan, i));
		note(patches, image, what, &plan->room, found.root[side] - plan->room.pa,
		     UINT64_C(1) << plan->page_shift);
		if (found.blob_size[side] != 0) {
			snprintf(what, sizeof(what), "record, %s", plan_half_name(plan, i));
			note(patches, image, what, &plan->blob, found.blob[side],
			     found.blob_size[side]);
		}
	}
	note(patches, image, "addresses", &plan->into, 0, FOUND_SIZE);
}

/* --- the file --- */

static bool write_all(int fd, const unsigned char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, bytes, size);

		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done <= 0) {
			return false;
		}
		bytes += done;
		size -= (size_t)done;
	}
	return true;
}

void patch_save(const struct image *image, const char *path)
{
	size_t length = strlen(path);
	char *name = get_memory(length + sizeof(".XXXXXX"), 1);
	bool is_good;
	int error;
	int fd;

	memcpy(name, path, length);
	strcpy(name + length, ".XXXXXX");
	fd = mkstemp(name);
	if (fd < 0) {
		refuse("can't make a file beside '%s': %s", path, strerror(errno));
	}
	is_good = write_all(fd, image->bytes, image->size) && fchmod(fd, image->mode) == 0 &&
		  fsync(fd) == 0;
	error = errno;
	is_good = close(fd) == 0 && is_good;
	if (!is_good || rename(name, path) != 0) {
		error = is_good ? errno : error;
		unlink(name);
		refuse("can't write '%s': %s", path, strerror(error));
	}
	free(name);
}
