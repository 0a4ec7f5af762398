/* SPDX-License-Identifier: MIT */
#ifndef PRECOMPUTE_TOOL_H
#define PRECOMPUTE_TOOL_H

/**
 * @file tool.h
 * vmm-precompute: what its parts share.
 *
 * The way of a kernel through it: image.c reads the ELF file; wants.c collects what the kernel asks
 * for; plan.c makes of that, and of the segments, what shall be mapped; build.c makes tables by
 * libvmm; patch.c writes them into the image; walk.c reads them there again, knowing nothing of
 * libvmm; verify.c compares; report.c tells.
 *
 * Whatever is wrong with the input ends the program with a sentence: refuse().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/blob.h>
#include <vmm/table.h>

/** Exit statuses. */
#define STATUS_REFUSED 1
#define STATUS_USAGE   2

/** The file that messages are about, or NULL. */
extern const char *message_file;

/** Prints "vmm-precompute: FILE: SENTENCE" to stderr and ends the program. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Prints a warning in the same form. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** malloc and its like, which never return NULL. */
void *get_memory(size_t count, size_t size);
void *get_more(void *memory, size_t count, size_t size);

/* --- image.c --- */

/** A segment that is loaded. Its end, and that of its file bytes, are within their spaces. */
struct segment {
	unsigned int index; /* among the program headers */
	uint64_t va;
	uint64_t pa;
	uint64_t size;
	uint64_t offset;
	uint64_t file_size;
	uint32_t flags; /* PF_ */
};

struct symbol {
	const char *name;
	uint64_t value;
	bool is_global;
};

struct image {
	unsigned char *bytes;
	size_t size;
	unsigned int mode;
	uint16_t machine; /* EM_AARCH64 or EM_RISCV */
	struct segment *segments;
	unsigned int segment_count;
	struct symbol *symbols; /* by name */
	size_t symbol_count;
	const unsigned char *requests; /* contents of .vmm_requests, or NULL */
	size_t request_size;
	void *elf;
};

/** Reads and checks an ELF file. */
void image_read(struct image *image, const char *path);
void image_free(struct image *image);

const struct symbol *image_symbol(const struct image *image, const char *name);

/** The value of a sum of symbols and numbers. @p what is for the message. */
uint64_t image_value(const struct image *image, const char *what, const char *expression);

/** The segment that has all of [va, va + size), or NULL. */
const struct segment *image_segment(const struct image *image, uint64_t va, uint64_t size);

/** The bytes of the file that are loaded to [pa, pa + size), or NULL if not all of them are. */
unsigned char *image_at(const struct image *image, uint64_t pa, uint64_t size);

/* --- wants.c --- */

enum want_kind {
	WANT_MAP,
	WANT_GUARD,
	WANT_WINDOW,
	WANT_LAZY,
	WANT_SKIP
};

struct want {
	enum want_kind kind;
	char *name;
	uint64_t va;
	uint64_t size;
	uint64_t pa;
	vmm_attr_t attr;
	bool is_image;    /* a part of the image: its physical address is the segment's */
	bool is_identity; /* at its physical address, with whole pages around it */
};

struct wants {
	struct want *list;
	size_t count;
	char *format;         /* as named by the kernel or the user */
	unsigned int va_bits; /* 0: the largest */
	unsigned int pa_bits;
	uint32_t flags; /* VMM_TABLE_ */
	int half;       /* enum vmm_half, or -1: any */
	bool no_segments;
	const char *tables; /* START:END, expressions; NULL: by the usual symbols */
	const char *into;
	const char *blob;
};

/** Takes the requests of the image. */
void wants_read(struct wants *wants, const struct image *image);

/** Options, as on the command line, that are about what is wanted. False: it is none of them. */
bool wants_option(struct wants *wants, const struct image *image, const char *option,
		  const char *value);
void wants_free(struct wants *wants);

/* --- plan.c --- */

/** Something that the tables, or the record, shall have. */
struct item {
	enum vmm_mapping_kind kind;
	const char *name;
	uint64_t va;
	uint64_t size;
	uint64_t pa;
	vmm_attr_t attr;
	vmm_attr_t stored;  /* as the format holds it; set by build.c or verify.c */
	unsigned int table; /* 0 or 1 */
};

/** Where something lies in the image. */
struct place {
	uint64_t va;
	uint64_t pa;
	uint64_t size;
};

/** A format, by the names that people use. */
struct known_format {
	const char *name;
	uint16_t machine;
	const struct vmm_format *format;
};
extern const struct known_format known_formats[];
extern const size_t known_format_count;

/** A table that the plan needs. */
struct planned_table {
	enum vmm_half half;
	vmm_va_region_t window; /* for devices; empty: none */
	uint64_t root;          /* set by build.c, or read by verify.c */
};

struct plan {
	const struct known_format *format;
	unsigned int page_shift;
	unsigned int va_bits;
	unsigned int pa_bits;
	uint32_t flags;
	struct planned_table tables[2];
	unsigned int table_count;
	struct item *items; /* by address */
	size_t item_count;
	struct place *skips; /* parts of segments that stay unmapped */
	size_t skip_count;
	struct place room; /* for tables */
	struct place into; /* for struct vmm_precomputed */
	struct place blob; /* for blobs; size 0: none */
	uint64_t used;     /* bytes of tables in use */
};

void plan_make(struct plan *plan, const struct image *image, const struct wants *wants);

/* Its parts: what segments have (segments.c), and where things go (places.c). */
void plan_segments(struct plan *plan, const struct image *image, const struct wants *wants);
void plan_places(struct plan *plan, const struct image *image, const struct wants *wants);
uint64_t plan_page_mask(const struct plan *plan);
uint64_t plan_round_up(const struct plan *plan, uint64_t value);
struct item *plan_add_item(struct plan *plan, enum vmm_mapping_kind kind, const char *name);
void plan_free(struct plan *plan);

/** For messages: "lower half", "upper half", "address space". */
const char *plan_half_name(const struct plan *plan, unsigned int table);

/* --- build.c --- */

/** Makes the tables, in memory that is the caller's to free, as they shall lie in the room. */
unsigned char *build_tables(struct plan *plan);

/** The attributes that the format holds for those of each item, in item.stored. */
void build_effective(struct plan *plan);

/* --- patch.c --- */

/** Something that was written into the image. */
struct patch {
	char what[48];
	uint64_t va;
	uint64_t pa;
	uint64_t offset;
	uint64_t size;
};

#define PATCH_MAX 8

struct patches {
	struct patch list[PATCH_MAX];
	unsigned int count;
};

/** Writes tables, blobs, and what says where they are, into the image's bytes. */
void patch_image(struct image *image, const struct plan *plan, const unsigned char *tables);

/** Lists what was written, into an image that was verified. */
void patch_list(const struct image *image, const struct plan *plan, struct patches *patches);

/** Writes the image to a new file beside @p path, and then gives it that name. */
void patch_save(const struct image *image, const char *path);

/** struct vmm_precomputed, as found in the image. */
struct found {
	uint64_t root[2]; /* lower, upper */
	uint64_t tables;
	uint64_t tables_size;
	uint64_t spare;
	uint64_t spare_size;
	uint32_t blob[2];
	uint32_t blob_size[2];
};

#define FOUND_SIZE 64

void patch_find(const struct image *image, const struct plan *plan, struct found *found);

/* --- walk.c --- */

/** What a descriptor, or several alike in a row, map, as the architecture says. */
struct extent {
	uint64_t va;
	uint64_t pa;
	uint64_t size;
	bool write;
	bool execute; /* by the kernel */
	bool user;
	bool user_execute;
	bool global;
	int mem; /* enum vmm_mem */
};

struct walk {
	struct extent *list;
	size_t count;
	uint64_t table_count;
};

/** Walks the table with that root in the image; every frame must lie in the tables found. */
void walk_tables(struct walk *walk, const struct image *image, const struct plan *plan,
		 const struct found *found, unsigned int table);
void walk_free(struct walk *walk);

/* --- verify.c --- */

/** Refuses an image whose tables and blobs are not what the plan says. Fills in walks. */
void verify_image(const struct image *image, struct plan *plan, struct walk walks[2]);

/* --- report.c --- */

struct report {
	const struct image *image;
	const struct plan *plan;
	const struct patches *patches;
	const struct walk *walks;
	const char *input;
	const char *output; /* NULL: nothing was written */
};

void report_text(const struct report *report);
void report_json(const struct report *report);

#endif /* PRECOMPUTE_TOOL_H */
