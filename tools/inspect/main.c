/* SPDX-License-Identifier: MIT */
/* vmm-inspect: shows translation tables, in words, in figures and in a picture. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "remote.h"
#include "show.h"

#include <vmm/version.h>

static const char usage[] =
	"usage: vmm-inspect [OPTION]... [KERNEL.ELF]\n"
	"       vmm-inspect [OPTION]... --diff [OPTION]... [KERNEL.ELF]\n"
	"\n"
	"Shows translation tables. What to look at:\n"
	"  KERNEL.ELF             tables that vmm-precompute made; or memory, with --root\n"
	"  --raw FILE@ADDRESS     bytes of physical memory from ADDRESS on; may be repeated\n"
	"  --gdb WHERE            QEMU's gdb stub, HOST:PORT or a unix socket's path. The machine\n"
	"                         stops, and stays stopped\n"
	"  --resume               let the machine go on afterwards\n"
	"  --cpu NUMBER           whose registers to read, default 0\n"
	"  --root ADDRESS         the physical address of the root table: of the lower half on\n"
	"                         AArch64, of both halves on RISC-V\n"
	"  --upper-root ADDRESS   of the upper half\n"
	"  --format FORMAT        aarch64-4k, aarch64-16k, aarch64-64k, riscv-sv39, riscv-sv48 or\n"
	"                         riscv-sv57\n"
	"  --va-bits N, --pa-bits N  sizes of addresses, default: the format's largest\n"
	"  --mair VALUE           MAIR_EL1, default: the library's\n"
	"  --names FILE           lines START SIZE KIND NAME; KIND: mapping, device, guard, lazy\n"
	"  --limit N              the most descriptors to read below a root, default 16777216\n"
	"\n"
	"What to show; without any of these, --list and --summary:\n"
	"  --list                 every mapping\n"
	"  --tree                 every table, with its descriptors in words\n"
	"  --all                  in the tree, each leaf by itself\n"
	"  --summary              sizes, costs and oddities\n"
	"  --walk ADDRESS         the way from the root to an address\n"
	"  --json FILE            everything, for other programs; - is standard output\n"
	"  --dot FILE             the tables as a graph, for Graphviz\n"
	"  --html FILE            a page with a picture, for a browser\n"
	"  --diff                 what the image that the options behind it describe, taking from\n"
	"                         those before it what they don't say, maps differently\n"
	"  --help, --version\n"
	"\n"
	"Status: 0, or 1 if --walk finds nothing mapped or --diff finds a difference, or 2 if it\n"
	"can't be done.\n";

/* What to do. */
struct request {
	struct input input;
	struct input other; /* behind --diff */
	bool diff;
	bool list;
	bool tree;
	bool all;
	bool summary;
	bool has_walk;
	uint64_t walk;
	const char *json;
	const char *dot;
	const char *html;
};

static uint64_t number_of(const char *option, const char *text)
{
	uint64_t number;

	if (!parse_number(text, &number)) {
		give_up("%s %s: not a number", option, text);
	}
	return number;
}

static void add_raw(struct input *input, const char *text)
{
	const char *at = strrchr(text, '@');
	struct raw_input *raw;

	if (at == NULL || !parse_number(at + 1, &(uint64_t){0})) {
		give_up("--raw %s: not FILE@ADDRESS", text);
	}
	if (input->raw_count == RAW_INPUTS_MAX) {
		give_up("more than %d files of memory", RAW_INPUTS_MAX);
	}
	raw = &input->raw[input->raw_count++];
	raw->path = keep_text(text);
	*strrchr(raw->path, '@') = '\0';
	raw->pa = number_of("--raw", at + 1);
}

/* Options that take a value and describe an image; false: it is none of them. */
static bool take_input(struct input *input, const char *option, const char *value)
{
	if (strcmp(option, "--raw") == 0) {
		add_raw(input, value);
	} else if (strcmp(option, "--gdb") == 0) {
		input->gdb = value;
	} else if (strcmp(option, "--cpu") == 0) {
		input->cpu = (unsigned int)number_of(option, value);
	} else if (strcmp(option, "--names") == 0) {
		input->names = value;
	} else if (strcmp(option, "--root") == 0) {
		input->has_root = true;
		input->root = number_of(option, value);
	} else if (strcmp(option, "--upper-root") == 0) {
		input->has_upper_root = true;
		input->upper_root = number_of(option, value);
	} else if (strcmp(option, "--format") == 0) {
		input->format = format_find(value);
		if (input->format == NULL) {
			give_up("--format %s: none of %s", value, FORMAT_NAMES);
		}
	} else if (strcmp(option, "--va-bits") == 0) {
		input->va_bits = number_of(option, value);
	} else if (strcmp(option, "--pa-bits") == 0) {
		input->pa_bits = number_of(option, value);
	} else if (strcmp(option, "--mair") == 0) {
		input->has_mair = true;
		input->mair = number_of(option, value);
	} else if (strcmp(option, "--limit") == 0) {
		input->limit = number_of(option, value);
	} else {
		return false;
	}
	return true;
}

/* Options that take a value and say what to show. */
static bool take_output(struct request *request, const char *option, const char *value)
{
	if (strcmp(option, "--walk") == 0) {
		request->has_walk = true;
		request->walk = number_of(option, value);
	} else if (strcmp(option, "--json") == 0) {
		request->json = value;
	} else if (strcmp(option, "--dot") == 0) {
		request->dot = value;
	} else if (strcmp(option, "--html") == 0) {
		request->html = value;
	} else {
		return false;
	}
	return true;
}

static void begin_diff(struct request *request)
{
	if (request->diff) {
		give_up("--diff compares two images, not more");
	}
	request->diff = true;
	request->other = request->input;
	/* What the other one is, is said behind --diff; how to read it, is as before. */
	request->other.elf = NULL;
	request->other.gdb = NULL;
	request->other.raw_count = 0;
}

/* Options without a value. */
static bool take_flag(struct request *request, struct input *input, const char *option)
{
	if (strcmp(option, "--list") == 0) {
		request->list = true;
	} else if (strcmp(option, "--tree") == 0) {
		request->tree = true;
	} else if (strcmp(option, "--all") == 0) {
		request->tree = true;
		request->all = true;
	} else if (strcmp(option, "--summary") == 0) {
		request->summary = true;
	} else if (strcmp(option, "--resume") == 0) {
		input->resume = true;
	} else if (strcmp(option, "--diff") == 0) {
		begin_diff(request);
	} else if (strcmp(option, "--help") == 0) {
		fputs(usage, stdout);
		exit(0);
	} else if (strcmp(option, "--version") == 0) {
		puts("vmm-inspect " VMM_VERSION_STRING);
		exit(0);
	} else {
		return false;
	}
	return true;
}

static void take_arguments(struct request *request, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct input *input = request->diff ? &request->other : &request->input;
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (take_flag(request, input, argv[i])) {
			continue;
		}
		if (argv[i][0] != '-') {
			if (input->elf != NULL) {
				give_up("two ELF files, %s and %s: put --diff between them",
					input->elf, argv[i]);
			}
			input->elf = argv[i];
		} else if (value == NULL || (!take_input(input, argv[i], value) &&
					     !take_output(request, argv[i], value))) {
			give_up("%s: no such option, or it needs a value; see --help", argv[i]);
		} else {
			i++;
		}
	}
}

static FILE *open_output(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");

	if (file == NULL) {
		give_up("%s: %s", path, strerror(errno));
	}
	return file;
}

static void close_output(FILE *file, const char *path)
{
	bool is_written = fflush(file) == 0 && ferror(file) == 0;

	if (file != stdout) {
		is_written = fclose(file) == 0 && is_written;
	}
	if (!is_written) {
		give_up("%s: can't be written", path);
	}
}

static void show_files(const struct request *request, const struct image *image,
		       const struct summary *summary)
{
	FILE *file;

	if (request->json != NULL) {
		file = open_output(request->json);
		show_json(file, image, summary);
		close_output(file, request->json);
	}
	if (request->dot != NULL) {
		file = open_output(request->dot);
		show_dot(file, image);
		close_output(file, request->dot);
	}
	if (request->html != NULL) {
		file = open_output(request->html);
		show_html(file, image, summary);
		close_output(file, request->html);
	}
}

/* Returns whether an address is mapped, if one was asked for. */
static bool show_all(const struct request *request, const struct image *image,
		     const struct summary *summary)
{
	bool by_default = request->json == NULL && request->dot == NULL && request->html == NULL &&
			  !request->list && !request->tree && !request->summary &&
			  !request->has_walk;
	bool is_mapped = true;

	if (request->list || by_default) {
		show_list(stdout, image);
	}
	if (request->tree) {
		show_tree(stdout, image, request->all);
	}
	if (by_default) {
		putchar('\n');
	}
	if (request->summary || by_default) {
		show_summary(stdout, image, summary);
	}
	if (request->has_walk) {
		is_mapped = show_walk(stdout, image, request->walk);
	}
	show_files(request, image, summary);
	return is_mapped;
}

static void close_image(struct image *image, const struct input *input)
{
	if (image->memory.remote != NULL) {
		remote_close(image->memory.remote, input->resume);
	}
}

int main(int argc, char **argv)
{
	static struct request request;
	static struct summary summary;
	static struct image other;
	static struct image image;
	bool is_fine;

	take_arguments(&request, argc, argv);
	input_read(&request.input, &image);
	if (request.diff) {
		input_read(&request.other, &other);
		is_fine = !show_diff(stdout, &image, &other);
		close_image(&other, &request.other);
	} else {
		summarize(&image, &summary);
		is_fine = show_all(&request, &image, &summary);
	}
	close_image(&image, &request.input);
	close_output(stdout, "standard output");
	return is_fine ? 0 : 1;
}
