/* SPDX-License-Identifier: MIT */
/* Finds out what to read: from options, from a kernel's record, or from a CPU's registers. */

#include "input.h"

#include <inttypes.h>
#include <string.h>

#include "elf_input.h"
#include "remote.h"

/* Bits of TCR_EL1, SCTLR_EL1 and TTBRn_EL1 (Arm ARM D24.2). */
#define TCR_EPD0     (UINT64_C(1) << 7)
#define TCR_EPD1     (UINT64_C(1) << 23)
#define TCR_HPD0     (UINT64_C(1) << 41)
#define TCR_HPD1     (UINT64_C(1) << 42)
#define TCR_DS       (UINT64_C(1) << 59)
#define SCTLR_M      (UINT64_C(1) << 0)
#define SCTLR_WXN    (UINT64_C(1) << 19)
#define TTBR_ADDRESS UINT64_C(0x0000fffffffffffe)

/* Modes of satp ("Supervisor Address Translation and Protection"). */
#define SATP_MODE_SHIFT 60
#define SATP_SV39       8u
#define SATP_SV57       10u
#define SATP_PPN        ((UINT64_C(1) << 44) - 1)

static struct space *add_space(struct image *image, const struct format *format, enum vmm_half half,
			       uint64_t root)
{
	struct space *space = &image->spaces[image->space_count++];

	decoder_init(&space->decoder, format);
	space->half = half;
	space->root = root;
	space->va_bits = format->codec->geometry.va_bits_max;
	return space;
}

static uint64_t need_register(struct remote *remote, const char *name)
{
	uint64_t value;

	if (!remote_register(remote, name, &value)) {
		give_up("the gdb stub does not tell the register %s", name);
	}
	return value;
}

/* log2 of the granule, which TG0 and TG1 tell differently; 0: reserved (D24.2, "TCR_EL1"). */
static unsigned int granule_of(uint64_t tcr, enum vmm_half half)
{
	static const uint8_t lower[] = {12, 16, 14, 0};
	static const uint8_t upper[] = {0, 14, 12, 16};

	return half == VMM_LOWER_HALF ? lower[tcr >> 14 & 3] : upper[tcr >> 30 & 3];
}

static void take_half(struct image *image, struct remote *remote, enum vmm_half half, uint64_t tcr)
{
	static const uint8_t output_bits[] = {32, 36, 40, 42, 44, 48, 48, 48};
	bool lower = half == VMM_LOWER_HALF;
	unsigned int size_field = (unsigned int)(lower ? tcr : tcr >> 16) & 63;
	const struct format *format = format_of_granule(granule_of(tcr, half));
	struct space *space;
	uint64_t root;

	if ((tcr & (lower ? TCR_EPD0 : TCR_EPD1)) != 0) {
		return;
	}
	if (format == NULL || size_field < 16 || size_field > 39 || (tcr & TCR_DS) != 0) {
		give_up("the %s's tables are of a kind that is not known: TCR_EL1 is 0x%" PRIx64,
			half_text(half), tcr);
	}
	root = need_register(remote, lower ? "TTBR0_EL1" : "TTBR1_EL1") & TTBR_ADDRESS;
	space = add_space(image, format, half, root);
	space->va_bits = (uint8_t)(64 - size_field);
	space->decoder.probe.pa_bits = output_bits[tcr >> 32 & 7];
	space->decoder.mair = need_register(remote, "MAIR_EL1");
	space->decoder.flat = (tcr & (lower ? TCR_HPD0 : TCR_HPD1)) != 0;
}

static void take_aarch64(struct image *image, struct remote *remote)
{
	uint64_t sctlr = need_register(remote, "SCTLR");
	uint64_t tcr = need_register(remote, "TCR_EL1");

	if ((sctlr & SCTLR_M) == 0) {
		give_up("this CPU does not translate at EL1 (SCTLR_EL1.M is 0); give --root and "
			"--format");
	}
	take_half(image, remote, VMM_LOWER_HALF, tcr);
	take_half(image, remote, VMM_UPPER_HALF, tcr);
	for (unsigned int i = 0; i < image->space_count; i++) {
		image->spaces[i].decoder.wxn = (sctlr & SCTLR_WXN) != 0;
	}
}

static void take_riscv(struct image *image, uint64_t satp)
{
	unsigned int mode = (unsigned int)(satp >> SATP_MODE_SHIFT);

	if (mode < SATP_SV39 || mode > SATP_SV57) {
		give_up("this hart does not translate by a format that is known: satp is 0x%" PRIx64
			"; give --root and --format",
			satp);
	}
	(void)add_space(image, format_of_riscv(39 + 9 * (mode - SATP_SV39)), VMM_BOTH_HALVES,
			(satp & SATP_PPN) << 12);
}

static void take_registers(struct image *image, struct remote *remote)
{
	uint64_t satp;
	uint64_t ttbr;

	if (remote_register(remote, "satp", &satp)) {
		take_riscv(image, satp);
	} else if (remote_register(remote, "TTBR0_EL1", &ttbr)) {
		take_aarch64(image, remote);
	} else {
		give_up("the gdb stub tells neither satp nor TTBR0_EL1; give --root and --format");
	}
}

/* Tables as the options say. */
static void take_roots(const struct input *input, struct image *image)
{
	if (input->format == NULL) {
		give_up("--root needs --format: %s", FORMAT_NAMES);
	}
	image->space_count = 0;
	if (input->format->riscv) {
		if (input->has_upper_root) {
			give_up("RISC-V has one table for both halves: --root alone");
		}
		(void)add_space(image, input->format, VMM_BOTH_HALVES, input->root);
		return;
	}
	if (input->has_root) {
		(void)add_space(image, input->format, VMM_LOWER_HALF, input->root);
	}
	if (input->has_upper_root) {
		(void)add_space(image, input->format, VMM_UPPER_HALF, input->upper_root);
	}
}

/* What the options say in place of what was found, which may be damaged. */
static void take_sizes(const struct input *input, struct space *space)
{
	const struct vmm_geometry *geometry = &space->decoder.format->codec->geometry;
	uint64_t va_bits = input->va_bits != 0 ? input->va_bits : space->va_bits;
	uint64_t pa_bits = input->pa_bits != 0 ? input->pa_bits : space->decoder.probe.pa_bits;

	if (va_bits < geometry->va_bits_min || va_bits > geometry->va_bits_max) {
		give_up("%s has virtual addresses of %u to %u bits (--va-bits), not %" PRIu64,
			space->decoder.format->name, geometry->va_bits_min, geometry->va_bits_max,
			va_bits);
	}
	if (pa_bits < 32 || pa_bits > geometry->pa_bits_max) {
		give_up("%s has physical addresses of 32 to %u bits (--pa-bits), not %" PRIu64,
			space->decoder.format->name, geometry->pa_bits_max, pa_bits);
	}
	if ((space->half == VMM_BOTH_HALVES) != geometry->sign_extended) {
		give_up("%s does not translate the %s", space->decoder.format->name,
			half_text(space->half));
	}
	space->va_bits = (uint8_t)va_bits;
	space->decoder.probe.pa_bits = (uint8_t)pa_bits;
	if (input->has_mair) {
		space->decoder.mair = input->mair;
	}
	space->limit = input->limit;
}

static const char *source_of(const struct input *input)
{
	if (input->gdb != NULL) {
		return input->gdb;
	}
	return input->elf != NULL ? input->elf : input->raw[0].path;
}

void input_read(const struct input *input, struct image *image)
{
	memset(image, 0, sizeof(*image));
	if (input->elf == NULL && input->gdb == NULL && input->raw_count == 0) {
		give_up("nothing to look at: an ELF file, --raw FILE@ADDRESS or --gdb WHERE");
	}
	image->source = source_of(input);
	for (unsigned int i = 0; i < input->raw_count; i++) {
		size_t size;
		const unsigned char *bytes = memory_map_file(input->raw[i].path, &size);

		memory_add(&image->memory, input->raw[i].pa, bytes, size);
	}
	if (input->elf != NULL) {
		/* A machine that runs knows better than the file what is in its memory. */
		(void)elf_input_read(image, input->elf, input->gdb != NULL);
	}
	if (input->gdb != NULL) {
		image->memory.remote = remote_open(input->gdb);
		remote_choose_cpu(image->memory.remote, input->cpu);
	}
	if (input->names != NULL) {
		names_read(&image->names, input->names);
	}
	if (input->has_root || input->has_upper_root) {
		take_roots(input, image);
	} else if (input->gdb != NULL) {
		image->space_count = 0;
		take_registers(image, image->memory.remote);
	} else if (image->space_count == 0) {
		give_up("%s has no precomputed tables: say where they are by --root ADDRESS and "
			"--format",
			image->source);
	}
	for (unsigned int i = 0; i < image->space_count; i++) {
		take_sizes(input, &image->spaces[i]);
		scan_space(image, i);
	}
}
