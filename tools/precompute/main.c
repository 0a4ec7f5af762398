/* SPDX-License-Identifier: MIT */
/* vmm-precompute: options, and the order of things. */

#include "tool.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *message_file;

static void message(const char *kind, const char *format, va_list arguments)
{
	fflush(stdout);
	fprintf(stderr, "vmm-precompute: ");
	if (message_file != NULL) {
		fprintf(stderr, "%s: ", message_file);
	}
	fprintf(stderr, "%s", kind);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

_Noreturn void refuse(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	message("", format, arguments);
	va_end(arguments);
	exit(STATUS_REFUSED);
}

void warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	message("warning: ", format, arguments);
	va_end(arguments);
}

void *get_memory(size_t count, size_t size)
{
	void *memory = calloc(count != 0 ? count : 1, size);

	if (memory == NULL) {
		refuse("out of memory");
	}
	return memory;
}

void *get_more(void *memory, size_t count, size_t size)
{
	void *more = count > SIZE_MAX / size ? NULL : realloc(memory, count * size);

	if (more == NULL) {
		refuse("out of memory");
	}
	return more;
}

static const char usage_text[] =
	"usage: vmm-precompute KERNEL.ELF [-o OUT.ELF] [OPTION...]\n"
	"\n"
	"Makes the translation tables of a linked kernel and writes them into its ELF file;\n"
	"without -o, into the file itself, which is replaced as a whole.\n"
	"\n"
	"  -o, --output FILE   where to write\n"
	"      --check         write nothing; verify an image made before\n"
	"  -q, --quiet         no report\n"
	"      --json          a report for programs\n"
	"  -h, --help          this text\n"
	"\n"
	"What the kernel wants, if it does not say so itself (precompute.h). Numbers may be\n"
	"sums of symbols and numbers:\n"
	"\n"
	"      --format NAME                     aarch64-4k, aarch64-16k, aarch64-64k,\n"
	"                                        riscv-sv39, riscv-sv48, riscv-sv57\n"
	"      --half lower|upper|any            refuse addresses of the other half\n"
	"      --va-bits N, --pa-bits N          sizes of addresses\n"
	"      --svpbmt, --svnapot               the CPU has these extensions\n"
	"      --map NAME:START:END:WORDS        a part of the image\n"
	"      --map-at NAME:VA:SIZE:PA:WORDS    other memory\n"
	"      --guard NAME:START:END            addresses that nothing is mapped at\n"
	"      --window VA:SIZE                  addresses kept free for devices\n"
	"      --lazy NAME:VA:SIZE:PA:WORDS      addresses held for memory\n"
	"      --identity NAME:START:END:WORDS   a part of the image at its physical address\n"
	"      --skip START:END                  a part of the image that stays unmapped\n"
	"      --no-segments                     map nothing but what is named\n"
	"      --tables START:END                where the tables go\n"
	"      --into ADDRESS                    where their addresses go: 64 bytes\n"
	"      --blob START:END                  where the record goes\n"
	"\n"
	"WORDS: ro, rw, rx, uro, urw or urx; device, nc, wt; local; pages; contig\n";

/* Options that are about what is wanted; kept until the image is read, as they name symbols. */
struct asked {
	const char *option;
	const char *value;
};

struct arguments {
	const char *input;
	const char *output;
	bool check;
	bool quiet;
	bool json;
	struct asked *asked;
	size_t asked_count;
};

enum {
	OPTION_CHECK = 256,
	OPTION_JSON,
	OPTION_WANT
};

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"quiet", no_argument, NULL, 'q'},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{"format", required_argument, NULL, OPTION_WANT},
	{"half", required_argument, NULL, OPTION_WANT},
	{"va-bits", required_argument, NULL, OPTION_WANT},
	{"pa-bits", required_argument, NULL, OPTION_WANT},
	{"svpbmt", no_argument, NULL, OPTION_WANT},
	{"svnapot", no_argument, NULL, OPTION_WANT},
	{"map", required_argument, NULL, OPTION_WANT},
	{"map-at", required_argument, NULL, OPTION_WANT},
	{"guard", required_argument, NULL, OPTION_WANT},
	{"window", required_argument, NULL, OPTION_WANT},
	{"lazy", required_argument, NULL, OPTION_WANT},
	{"identity", required_argument, NULL, OPTION_WANT},
	{"skip", required_argument, NULL, OPTION_WANT},
	{"no-segments", no_argument, NULL, OPTION_WANT},
	{"tables", required_argument, NULL, OPTION_WANT},
	{"into", required_argument, NULL, OPTION_WANT},
	{"blob", required_argument, NULL, OPTION_WANT},
	{NULL, 0, NULL, 0},
};

static _Noreturn void usage(int status)
{
	fputs(usage_text, status == 0 ? stdout : stderr);
	exit(status);
}

static void take_option(struct arguments *arguments, int option, int index)
{
	switch (option) {
	case 'o':
		arguments->output = optarg;
		break;
	case 'q':
		arguments->quiet = true;
		break;
	case OPTION_CHECK:
		arguments->check = true;
		break;
	case OPTION_JSON:
		arguments->json = true;
		break;
	case OPTION_WANT:
		arguments->asked[arguments->asked_count].option = options[index].name;
		arguments->asked[arguments->asked_count].value = optarg;
		arguments->asked_count++;
		break;
	default:
		usage(option == 'h' ? 0 : STATUS_USAGE);
	}
}

static void read_arguments(struct arguments *arguments, int argc, char **argv)
{
	int index = 0;
	int option;

	memset(arguments, 0, sizeof(*arguments));
	arguments->asked = get_memory((size_t)argc, sizeof(*arguments->asked));
	while ((option = getopt_long(argc, argv, "o:qh", options, &index)) != -1) {
		take_option(arguments, option, index);
	}
	if (optind != argc - 1 || (arguments->check && arguments->output != NULL)) {
		usage(STATUS_USAGE);
	}
	arguments->input = argv[optind];
	if (arguments->output == NULL && !arguments->check) {
		arguments->output = arguments->input;
	}
}

static void collect(struct wants *wants, const struct image *image,
		    const struct arguments *arguments)
{
	memset(wants, 0, sizeof(*wants));
	wants->half = -1;
	wants_read(wants, image);
	for (size_t i = 0; i < arguments->asked_count; i++) {
		const struct asked *asked = &arguments->asked[i];

		if (!wants_option(wants, image, asked->option, asked->value)) {
			usage(STATUS_USAGE);
		}
	}
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct image image;
	struct wants wants;
	struct plan plan;
	struct patches patches;
	struct walk walks[2];
	struct report report;

	read_arguments(&arguments, argc, argv);
	message_file = arguments.input;
	image_read(&image, arguments.input);
	collect(&wants, &image, &arguments);
	plan_make(&plan, &image, &wants);
	if (!arguments.check) {
		unsigned char *tables = build_tables(&plan);

		patch_image(&image, &plan, tables);
		free(tables);
	}
	verify_image(&image, &plan, walks);
	patch_list(&image, &plan, &patches);
	if (!arguments.check) {
		patch_save(&image, arguments.output);
	}
	report.image = &image;
	report.plan = &plan;
	report.patches = &patches;
	report.walks = walks;
	report.input = arguments.input;
	report.output = arguments.output;
	if (arguments.json) {
		report_json(&report);
	} else if (!arguments.quiet) {
		report_text(&report);
	}
	walk_free(&walks[0]);
	walk_free(&walks[1]);
	plan_free(&plan);
	wants_free(&wants);
	image_free(&image);
	free(arguments.asked);
	return fflush(stdout) == 0 ? 0 : STATUS_REFUSED;
}
