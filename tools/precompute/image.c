/* SPDX-License-Identifier: MIT */
/*
 * The ELF file: read by libelf, checked, and never trusted.
 *
 * The whole file is read once. libelf looks at that memory, and patches are made in it, so what was
 * checked is what is written.
 */

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any kernel has, and less than would hurt the machine that builds. */
#define FILE_SIZE_MAX (UINT64_C(1) << 30)

static void read_file(struct image *image, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &status) != 0) {
		refuse("can't open it: %s", strerror(errno));
	}
	if (!S_ISREG(status.st_mode)) {
		refuse("it is no regular file");
	}
	if (status.st_size <= 0 || (uint64_t)status.st_size > FILE_SIZE_MAX) {
		refuse("a kernel has between 1 byte and 1 GiB, this has %lld bytes",
		       (long long)status.st_size);
	}
	image->size = (size_t)status.st_size;
	image->mode = status.st_mode & 07777;
	image->bytes = get_memory(image->size, 1);
	while (done < image->size) {
		ssize_t got = read(fd, image->bytes + done, image->size - done);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			refuse("can't read it: %s",
			       got < 0 ? strerror(errno) : "it became shorter");
		}
		done += (size_t)got;
	}
	close(fd);
}

static void check_header(struct image *image)
{
	GElf_Ehdr header;

	if (elf_kind(image->elf) != ELF_K_ELF || gelf_getehdr(image->elf, &header) == NULL) {
		refuse("it is no ELF file, or its header is cut off");
	}
	if (header.e_ident[EI_CLASS] != ELFCLASS64) {
		refuse("an ELF file of 32 bits; the formats are of 64");
	}
	if (header.e_ident[EI_DATA] != ELFDATA2LSB) {
		refuse("big-endian; only little-endian kernels are supported");
	}
	if (header.e_machine != EM_AARCH64 && header.e_machine != EM_RISCV) {
		refuse("for machine %u; only AArch64 (183) and RISC-V (243) are supported",
		       header.e_machine);
	}
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
		refuse("an ELF file of type %u; a linked kernel is needed (2 or 3)", header.e_type);
	}
	image->machine = header.e_machine;
}

static void check_segment(const struct image *image, const GElf_Phdr *header, unsigned int index)
{
	if (header->p_filesz > header->p_memsz) {
		refuse("segment %u has more bytes in the file than in memory", index);
	}
	if (header->p_offset > image->size || header->p_filesz > image->size - header->p_offset) {
		refuse("segment %u passes the end of the file: it is truncated", index);
	}
	if (header->p_memsz - 1 > UINT64_MAX - header->p_vaddr ||
	    header->p_memsz - 1 > UINT64_MAX - header->p_paddr) {
		refuse("segment %u passes the end of the address space", index);
	}
}

static void read_segments(struct image *image)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(image->elf, &count) != 0 || count > image->size) {
		refuse("its program headers can't be read: %s", elf_errmsg(-1));
	}
	image->segments = get_memory(count + 1, sizeof(*image->segments));
	for (size_t i = 0; i < count; i++) {
		struct segment *segment = &image->segments[image->segment_count];

		if (gelf_getphdr(image->elf, (int)i, &header) == NULL) {
			refuse("program header %zu is not in the file: it is truncated", i);
		}
		if (header.p_type != PT_LOAD || header.p_memsz == 0) {
			continue;
		}
		check_segment(image, &header, (unsigned int)i);
		segment->index = (unsigned int)i;
		segment->va = header.p_vaddr;
		segment->pa = header.p_paddr;
		segment->size = header.p_memsz;
		segment->offset = header.p_offset;
		segment->file_size = header.p_filesz;
		segment->flags = header.p_flags;
		image->segment_count++;
	}
	if (image->segment_count == 0) {
		refuse("it has no segment to load");
	}
}

static void read_symbols(struct image *image, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count =
		data != NULL && header->sh_entsize != 0 ? data->d_size / header->sh_entsize : 0;

	if (count > INT32_MAX) {
		refuse("its symbol table can't be read");
	}
	image->symbols =
		get_more(image->symbols, image->symbol_count + count + 1, sizeof(*image->symbols));
	for (size_t i = 0; i < count; i++) {
		struct symbol *symbol = &image->symbols[image->symbol_count];
		GElf_Sym found;

		if (gelf_getsym(data, (int)i, &found) == NULL) {
			refuse("its symbol table can't be read: %s", elf_errmsg(-1));
		}
		if (found.st_shndx == SHN_UNDEF || GELF_ST_TYPE(found.st_info) == STT_SECTION ||
		    GELF_ST_TYPE(found.st_info) == STT_FILE) {
			continue;
		}
		symbol->name = elf_strptr(image->elf, header->sh_link, found.st_name);
		if (symbol->name == NULL) {
			refuse("a symbol's name is not in the file: %s", elf_errmsg(-1));
		}
		symbol->value = found.st_value;
		symbol->is_global = GELF_ST_BIND(found.st_info) != STB_LOCAL;
		image->symbol_count++;
	}
}

static void read_requests(struct image *image, Elf_Scn *section)
{
	Elf_Data *data = elf_rawdata(section, NULL);

	if (data == NULL || (data->d_buf == NULL && data->d_size != 0)) {
		refuse("its requests can't be read: %s", elf_errmsg(-1));
	}
	image->requests = data->d_buf;
	image->request_size = data->d_size;
}

static void read_sections(struct image *image)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(image->elf, &names) != 0) {
		refuse("its section headers can't be read: %s", elf_errmsg(-1));
	}
	while ((section = elf_nextscn(image->elf, section)) != NULL) {
		const char *name;

		if (gelf_getshdr(section, &header) == NULL) {
			refuse("a section header can't be read: %s", elf_errmsg(-1));
		}
		if (header.sh_type == SHT_SYMTAB) {
			read_symbols(image, section, &header);
			continue;
		}
		name = elf_strptr(image->elf, names, header.sh_name);
		if (name != NULL && strcmp(name, ".vmm_requests") == 0 &&
		    header.sh_type == SHT_PROGBITS) {
			read_requests(image, section);
		}
	}
}

/* By name; of one name, the global one first. */
static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *first = a;
	const struct symbol *second = b;
	int order = strcmp(first->name, second->name);

	return order != 0 ? order : (int)second->is_global - (int)first->is_global;
}

void image_read(struct image *image, const char *path)
{
	memset(image, 0, sizeof(*image));
	read_file(image, path);
	if (elf_version(EV_CURRENT) == EV_NONE) {
		refuse("libelf is too old");
	}
	image->elf = elf_memory((char *)image->bytes, image->size);
	if (image->elf == NULL) {
		refuse("it is no ELF file: %s", elf_errmsg(-1));
	}
	check_header(image);
	read_segments(image);
	read_sections(image);
	if (image->symbol_count != 0) {
		qsort(image->symbols, image->symbol_count, sizeof(*image->symbols),
		      compare_symbols);
	}
}

void image_free(struct image *image)
{
	elf_end(image->elf);
	free(image->symbols);
	free(image->segments);
	free(image->bytes);
}

const struct symbol *image_symbol(const struct image *image, const char *name)
{
	size_t low = 0;
	size_t high = image->symbol_count;

	/* Invariant: the first symbol that is not below the name is in [low, high]. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(image->symbols[middle].name, name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == image->symbol_count || strcmp(image->symbols[low].name, name) != 0) {
		return NULL;
	}
	return &image->symbols[low];
}

static uint64_t term_value(const struct image *image, const char *what, const char *term)
{
	const struct symbol *symbol;
	unsigned long long number;
	char *end;

	if (term[0] >= '0' && term[0] <= '9') {
		errno = 0;
		number = strtoull(term, &end, 0);
		if (*end != '\0' || errno != 0) {
			refuse("%s: '%s' is no number", what, term);
		}
		return number;
	}
	symbol = image_symbol(image, term);
	if (symbol == NULL) {
		refuse("%s: there is no symbol '%s'", what, term);
	}
	return symbol->value;
}

uint64_t image_value(const struct image *image, const char *what, const char *expression)
{
	uint64_t value = 0;
	char sign = '+';
	const char *at = expression;
	char term[256];

	for (;;) {
		size_t length = strcspn(at, "+-");
		uint64_t operand;

		if (length == 0 || length >= sizeof(term)) {
			refuse("%s: '%s' is no sum of symbols and numbers", what, expression);
		}
		memcpy(term, at, length);
		term[length] = '\0';
		operand = term_value(image, what, term);
		value = sign == '+' ? value + operand : value - operand;
		if (at[length] == '\0') {
			return value;
		}
		sign = at[length];
		at += length + 1;
	}
}

const struct segment *image_segment(const struct image *image, uint64_t va, uint64_t size)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct segment *segment = &image->segments[i];

		if (va - segment->va < segment->size &&
		    size <= segment->size - (va - segment->va)) {
			return segment;
		}
	}
	return NULL;
}

unsigned char *image_at(const struct image *image, uint64_t pa, uint64_t size)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct segment *segment = &image->segments[i];
		uint64_t at = pa - segment->pa;

		if (at < segment->file_size && size <= segment->file_size - at) {
			return image->bytes + segment->offset + at;
		}
	}
	return NULL;
}
