/* SPDX-License-Identifier: MIT */
/*
 * The blob. Contract and layout: blob.h.
 *
 * Numbers are read and written byte by byte: the blob may lie anywhere, and the machine that wrote
 * it may have been of the other byte order.
 */

#include <vmm/blob.h>

/* Offsets; see blob.h. */
#define AT_VERSION     8
#define AT_SIZE        12
#define AT_HALF        16
#define AT_VA_BITS     17
#define AT_PA_BITS     18
#define AT_PAGE_SHIFT  19
#define AT_FLAGS       20
#define AT_ROOT        24
#define AT_BORROWED    32
#define AT_WINDOW      48
#define AT_ENTRY_COUNT 64
#define AT_FORMAT      68
#define HEAD_SIZE      72

#define AT_ENTRY_VA   0
#define AT_ENTRY_SIZE 8
#define AT_ENTRY_PA   16
#define AT_ENTRY_ATTR 24
#define AT_ENTRY_KIND 28
#define AT_ENTRY_NAME 32
#define AT_ENTRY_ZERO 36
#define ENTRY_SIZE    40

/* "vmm blob", the first letter in the lowest byte. */
#define MAGIC UINT64_C(0x626f6c62206d6d76)

static uint64_t get(const unsigned char *bytes, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = size; i > 0; i--) {
		value = value << 8 | bytes[i - 1];
	}
	return value;
}

static uint64_t get64(const unsigned char *bytes)
{
	return get(bytes, 8);
}

static uint32_t get32(const unsigned char *bytes)
{
	return (uint32_t)get(bytes, 4);
}

static void put(unsigned char *bytes, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		bytes[i] = (unsigned char)(value >> 8 * i);
	}
}

static vmm_va_region_t va_region(uint64_t start, uint64_t size)
{
	vmm_va_region_t region = VMM_VA_REGION_INIT(start, size);

	return region;
}

static vmm_pa_region_t pa_region(uint64_t start, uint64_t size)
{
	vmm_pa_region_t region = VMM_PA_REGION_INIT(start, size);

	return region;
}

static const unsigned char *entry_bytes(const struct vmm_blob *blob, uint32_t index)
{
	return &blob->bytes[HEAD_SIZE + (size_t)index * ENTRY_SIZE];
}

/* --- reading --- */

static const char *string_at(const struct vmm_blob *blob, uint32_t offset)
{
	return (const char *)&blob->bytes[blob->strings + offset];
}

static void read_head(struct vmm_blob *blob)
{
	const unsigned char *bytes = blob->bytes;
	struct vmm_blob_head *head = &blob->head;

	head->format = string_at(blob, get32(&bytes[AT_FORMAT]));
	head->half = (enum vmm_half)bytes[AT_HALF];
	head->va_bits = bytes[AT_VA_BITS];
	head->pa_bits = bytes[AT_PA_BITS];
	head->page_shift = bytes[AT_PAGE_SHIFT];
	head->flags = get32(&bytes[AT_FLAGS]);
	head->root = vmm_pa(get64(&bytes[AT_ROOT]));
	head->borrowed = pa_region(get64(&bytes[AT_BORROWED]), get64(&bytes[AT_BORROWED + 8]));
	head->window = va_region(get64(&bytes[AT_WINDOW]), get64(&bytes[AT_WINDOW + 8]));
}

void vmm_blob_get(const struct vmm_blob *blob, uint32_t index, struct vmm_blob_entry *entry)
{
	const unsigned char *bytes = entry_bytes(blob, index);

	entry->name = string_at(blob, get32(&bytes[AT_ENTRY_NAME]));
	entry->va = va_region(get64(&bytes[AT_ENTRY_VA]), get64(&bytes[AT_ENTRY_SIZE]));
	entry->pa = vmm_pa(get64(&bytes[AT_ENTRY_PA]));
	entry->attr = vmm_attr(get32(&bytes[AT_ENTRY_ATTR]));
	entry->kind = (enum vmm_mapping_kind)get32(&bytes[AT_ENTRY_KIND]);
}

/* Whether the sizes and offsets fit each other, so that every part is within the bytes. */
static bool layout_is_sound(struct vmm_blob *blob, size_t room)
{
	const unsigned char *bytes = blob->bytes;
	uint32_t count = get32(&bytes[AT_ENTRY_COUNT]);
	uint32_t size = get32(&bytes[AT_SIZE]);
	uint32_t string_size;

	if (size > room || size < HEAD_SIZE || count > (size - HEAD_SIZE) / ENTRY_SIZE) {
		return false;
	}
	blob->size = size;
	blob->strings = HEAD_SIZE + count * ENTRY_SIZE;
	blob->head.entry_count = count;
	/* With a 0 as the very last byte every offset below the size is a string that ends. */
	string_size = size - blob->strings;
	if (string_size == 0 || bytes[size - 1] != 0 || get32(&bytes[AT_FORMAT]) >= string_size) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (get32(&entry_bytes(blob, i)[AT_ENTRY_NAME]) >= string_size ||
		    get32(&entry_bytes(blob, i)[AT_ENTRY_ZERO]) != 0) {
			return false;
		}
	}
	return true;
}

static bool head_is_sound(const struct vmm_blob_head *head)
{
	unsigned int shift = head->page_shift;

	return (unsigned int)head->half <= VMM_BOTH_HALVES && shift > 0 && shift < 64 &&
	       head->va_bits > shift && head->va_bits <= 64 && head->pa_bits > shift &&
	       head->pa_bits <= 64 && vmm_pa_region_is_valid(head->borrowed) &&
	       vmm_pa_region_is_aligned(head->borrowed, shift) &&
	       vmm_pa_is_aligned(head->root, shift) &&
	       vmm_pa_region_contains(head->borrowed, head->root) &&
	       vmm_va_region_is_valid(head->window) &&
	       vmm_va_region_is_aligned(head->window, shift);
}

static bool entry_is_sound(const struct vmm_blob_head *head, const struct vmm_blob_entry *entry)
{
	uint64_t size = vmm_va_region_size(entry->va);
	bool is_in_window = vmm_va_region_encloses(head->window, entry->va);

	return size != 0 && vmm_va_region_is_valid(entry->va) &&
	       vmm_va_region_is_aligned(entry->va, head->page_shift) &&
	       vmm_pa_region_is_valid(pa_region(vmm_pa_raw(entry->pa), size)) &&
	       vmm_pa_is_aligned(entry->pa, head->page_shift) &&
	       (entry->attr.bits & ~VMM_ATTR_ALL) == 0 &&
	       (unsigned int)entry->kind <= VMM_MAPPING_LAZY &&
	       is_in_window == vmm_va_region_overlaps(head->window, entry->va) &&
	       is_in_window == (entry->kind == VMM_MAPPING_MMIO);
}

/* Whether every entry is sound and lies behind the one before it. */
static bool entries_are_sound(const struct vmm_blob *blob)
{
	struct vmm_blob_entry entry;
	uint64_t last = 0;

	for (uint32_t i = 0; i < blob->head.entry_count; i++) {
		vmm_blob_get(blob, i, &entry);
		if (!entry_is_sound(&blob->head, &entry) ||
		    (i > 0 && vmm_va_raw(vmm_va_region_start(entry.va)) <= last)) {
			return false;
		}
		last = vmm_va_raw(vmm_va_region_last(entry.va));
	}
	return true;
}

enum vmm_err vmm_blob_open(struct vmm_blob *blob, const void *bytes, size_t size)
{
	struct vmm_blob found;

	if (bytes == NULL || size == 0) {
		return VMM_ERR_EMPTY;
	}
	if (size < HEAD_SIZE) {
		return VMM_ERR_CORRUPT;
	}
	found.bytes = (const unsigned char *)bytes;
	if (get64(found.bytes) != MAGIC) {
		return get64(found.bytes) == 0 ? VMM_ERR_EMPTY : VMM_ERR_CORRUPT;
	}
	if (get32(&found.bytes[AT_VERSION]) != VMM_BLOB_VERSION) {
		return VMM_ERR_UNSUPPORTED;
	}
	if (!layout_is_sound(&found, size)) {
		return VMM_ERR_CORRUPT;
	}
	read_head(&found);
	if (!head_is_sound(&found.head) || !entries_are_sound(&found)) {
		return VMM_ERR_CORRUPT;
	}
	blob->bytes = found.bytes;
	blob->strings = found.strings;
	blob->size = found.size;
	blob->head.entry_count = found.head.entry_count;
	read_head(blob);
	return VMM_OK;
}

/* --- writing --- */

/* Of a string with its end. */
static size_t string_size(const char *string)
{
	size_t size = 1;

	while (string[size - 1] != '\0') {
		size++;
	}
	return size;
}

size_t vmm_blob_size(const struct vmm_blob_head *head, const struct vmm_blob_entry *entries)
{
	size_t size = HEAD_SIZE + (size_t)head->entry_count * ENTRY_SIZE;

	size += string_size(head->format);
	for (uint32_t i = 0; i < head->entry_count; i++) {
		size += string_size(entries[i].name);
	}
	return size;
}

/* Puts a string at *offset, which moves behind it, and its place among the strings at `place`. */
static void put_string(unsigned char *bytes, uint32_t strings, uint32_t *offset,
		       unsigned char *place, const char *string)
{
	put(place, *offset, 4);
	do {
		bytes[strings + *offset] = (unsigned char)*string;
		(*offset)++;
	} while (*string++ != '\0');
}

static void put_head(unsigned char *bytes, const struct vmm_blob_head *head, size_t size)
{
	put(bytes, MAGIC, 8);
	put(&bytes[AT_VERSION], VMM_BLOB_VERSION, 4);
	put(&bytes[AT_SIZE], size, 4);
	bytes[AT_HALF] = (unsigned char)head->half;
	bytes[AT_VA_BITS] = head->va_bits;
	bytes[AT_PA_BITS] = head->pa_bits;
	bytes[AT_PAGE_SHIFT] = head->page_shift;
	put(&bytes[AT_FLAGS], head->flags, 4);
	put(&bytes[AT_ROOT], vmm_pa_raw(head->root), 8);
	put(&bytes[AT_BORROWED], head->borrowed.bytes.start, 8);
	put(&bytes[AT_BORROWED + 8], head->borrowed.bytes.size, 8);
	put(&bytes[AT_WINDOW], head->window.bytes.start, 8);
	put(&bytes[AT_WINDOW + 8], head->window.bytes.size, 8);
	put(&bytes[AT_ENTRY_COUNT], head->entry_count, 4);
}

static void put_entry(unsigned char *bytes, const struct vmm_blob_entry *entry)
{
	put(&bytes[AT_ENTRY_VA], entry->va.bytes.start, 8);
	put(&bytes[AT_ENTRY_SIZE], entry->va.bytes.size, 8);
	put(&bytes[AT_ENTRY_PA], vmm_pa_raw(entry->pa), 8);
	put(&bytes[AT_ENTRY_ATTR], entry->attr.bits, 4);
	put(&bytes[AT_ENTRY_KIND], (uint32_t)entry->kind, 4);
	put(&bytes[AT_ENTRY_ZERO], 0, 4);
}

enum vmm_err vmm_blob_write(void *bytes, size_t room, const struct vmm_blob_head *head,
			    const struct vmm_blob_entry *entries)
{
	size_t size = vmm_blob_size(head, entries);
	unsigned char *to = (unsigned char *)bytes;
	struct vmm_blob blob;
	uint32_t strings;
	uint32_t offset = 0;

	if (size > room || size > UINT32_MAX) {
		return VMM_ERR_NOSPACE;
	}
	strings = (uint32_t)(HEAD_SIZE + (size_t)head->entry_count * ENTRY_SIZE);
	put_head(to, head, size);
	put_string(to, strings, &offset, &to[AT_FORMAT], head->format);
	for (uint32_t i = 0; i < head->entry_count; i++) {
		unsigned char *entry = &to[HEAD_SIZE + (size_t)i * ENTRY_SIZE];

		put_entry(entry, &entries[i]);
		put_string(to, strings, &offset, &entry[AT_ENTRY_NAME], entries[i].name);
	}
	return vmm_blob_open(&blob, bytes, size);
}
