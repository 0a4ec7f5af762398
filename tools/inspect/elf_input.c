/* SPDX-License-Identifier: MIT */
/* A linked kernel's segments, and the tables and the record that vmm-precompute put into it. */

#include "elf_input.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include <vmm/blob.h>

/* A file that is open, and what is loaded of it. */
struct elf_file {
	const char *path;
	const unsigned char *bytes;
	size_t size;
	Elf *elf;
};

static void open_elf(struct elf_file *file, const char *path)
{
	GElf_Ehdr header;

	file->path = path;
	file->bytes = memory_map_file(path, &file->size);
	if (elf_version(EV_CURRENT) == EV_NONE) {
		give_up("libelf is too old");
	}
	/* libelf takes a pointer to what it could write to, and does not write. */
	file->elf = elf_memory((char *)(uintptr_t)file->bytes, file->size);
	if (file->elf == NULL || elf_kind(file->elf) != ELF_K_ELF ||
	    gelf_getehdr(file->elf, &header) == NULL) {
		give_up("%s: no ELF file; give a dump of memory as --raw %s@ADDRESS", path, path);
	}
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
		give_up("%s: not a 64-bit little-endian ELF file", path);
	}
}

/* The segment `index`, cut to what is in the file; false: there is none, or it isn't loaded. */
static bool segment_at(const struct elf_file *file, size_t index, GElf_Phdr *segment)
{
	if (gelf_getphdr(file->elf, (int)index, segment) == NULL || segment->p_type != PT_LOAD ||
	    segment->p_offset >= file->size) {
		return false;
	}
	if (segment->p_filesz > file->size - segment->p_offset) {
		segment->p_filesz = file->size - segment->p_offset;
	}
	return segment->p_filesz != 0;
}

static size_t segment_count(const struct elf_file *file)
{
	size_t count;

	return elf_getphdrnum(file->elf, &count) == 0 ? count : 0;
}

/* The bytes at a virtual address, and how many follow in the file; NULL: none. */
static const unsigned char *bytes_at(const struct elf_file *file, uint64_t va, uint64_t *size)
{
	size_t count = segment_count(file);
	GElf_Phdr segment;

	for (size_t i = 0; i < count; i++) {
		if (segment_at(file, i, &segment) && va - segment.p_vaddr < segment.p_filesz) {
			*size = segment.p_filesz - (va - segment.p_vaddr);
			return file->bytes + segment.p_offset + (va - segment.p_vaddr);
		}
	}
	return NULL;
}

/* The value of a symbol, by name; false: there is none. */
static bool find_symbol(const struct elf_file *file, const char *name, uint64_t *value)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section)) != NULL) {
		Elf_Data *data;
		GElf_Shdr header;
		GElf_Sym symbol;

		if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB) {
			continue;
		}
		data = elf_getdata(section, NULL);
		for (int i = 0; data != NULL && gelf_getsym(data, i, &symbol) != NULL; i++) {
			const char *found = elf_strptr(file->elf, header.sh_link, symbol.st_name);

			if (found != NULL && strcmp(found, name) == 0) {
				*value = symbol.st_value;
				return true;
			}
		}
	}
	return false;
}

static uint64_t number_at(const unsigned char *bytes, unsigned int size)
{
	uint64_t number = 0;

	while (size-- > 0) {
		number = number << 8 | bytes[size];
	}
	return number;
}

static void add_names(struct names *names, const struct vmm_blob *blob)
{
	static const enum name_kind kinds[] = {
		[VMM_MAPPING_PLAIN] = NAME_MAPPING,
		[VMM_MAPPING_MMIO] = NAME_DEVICE,
		[VMM_MAPPING_GUARD] = NAME_GUARD,
		[VMM_MAPPING_LAZY] = NAME_LAZY,
	};

	for (uint32_t i = 0; i < blob->head.entry_count; i++) {
		struct vmm_blob_entry entry;

		vmm_blob_get(blob, i, &entry);
		names_add(names, vmm_va_raw(vmm_va_region_start(entry.va)),
			  vmm_va_region_size(entry.va), kinds[entry.kind], entry.name);
	}
}

/* A table's record, at an offset from vmm_precomputed_blob: its names and its root. */
static void take_blob(struct image *image, const struct elf_file *file, uint64_t va, uint64_t size)
{
	const struct format *format;
	const unsigned char *bytes;
	struct vmm_blob blob;
	struct space *space;
	enum vmm_err err;
	uint64_t room;

	bytes = bytes_at(file, va, &room);
	if (bytes == NULL || size > room) {
		give_up("%s: its record is not in the file", file->path);
	}
	err = vmm_blob_open(&blob, bytes, (size_t)size);
	if (err != VMM_OK) {
		give_up("%s: its record can't be read: %s", file->path, vmm_err_str(err));
	}
	format = format_find(blob.head.format);
	if (format == NULL) {
		give_up("%s: its tables are of a format that is not known: %s", file->path,
			blob.head.format);
	}
	add_names(&image->names, &blob);
	space = &image->spaces[image->space_count++];
	decoder_init(&space->decoder, format);
	space->decoder.probe.flags = blob.head.flags;
	space->decoder.probe.pa_bits = blob.head.pa_bits;
	space->half = blob.head.half;
	space->va_bits = blob.head.va_bits;
	space->root = vmm_pa_raw(blob.head.root);
}

/* What struct vmm_precomputed of precompute.h holds, by offset. */
enum {
	AT_LOWER_ROOT = 0,
	AT_UPPER_ROOT = 8,
	AT_LOWER_BLOB = 48,
	AT_LOWER_BLOB_SIZE = 52,
	AT_UPPER_BLOB = 56,
	AT_UPPER_BLOB_SIZE = 60,
	PRECOMPUTED_SIZE = 64
};

static bool take_precomputed(struct image *image, const struct elf_file *file)
{
	const unsigned char *precomputed;
	uint64_t lower_size;
	uint64_t upper_size;
	uint64_t blob;
	uint64_t room;
	uint64_t va;

	if (!find_symbol(file, "vmm_precomputed", &va) ||
	    !find_symbol(file, "vmm_precomputed_blob", &blob)) {
		return false;
	}
	precomputed = bytes_at(file, va, &room);
	if (precomputed == NULL || room < PRECOMPUTED_SIZE) {
		return false;
	}
	lower_size = number_at(precomputed + AT_LOWER_BLOB_SIZE, 4);
	upper_size = number_at(precomputed + AT_UPPER_BLOB_SIZE, 4);
	if (lower_size != 0) {
		take_blob(image, file, blob + number_at(precomputed + AT_LOWER_BLOB, 4),
			  lower_size);
	}
	/* One table for both halves has one record. */
	if (upper_size != 0 && number_at(precomputed + AT_LOWER_ROOT, 8) !=
				       number_at(precomputed + AT_UPPER_ROOT, 8)) {
		take_blob(image, file, blob + number_at(precomputed + AT_UPPER_BLOB, 4),
			  upper_size);
	}
	return image->space_count != 0;
}

bool elf_input_read(struct image *image, const char *path, bool only_names)
{
	struct elf_file file;
	GElf_Phdr segment;
	size_t count;
	bool found;

	open_elf(&file, path);
	count = segment_count(&file);
	for (size_t i = 0; i < count && !only_names; i++) {
		if (segment_at(&file, i, &segment)) {
			memory_add(&image->memory, segment.p_paddr, file.bytes + segment.p_offset,
				   segment.p_filesz);
		}
	}
	found = take_precomputed(image, &file);
	(void)elf_end(file.elf);
	return found;
}
