/* SPDX-License-Identifier: MIT */
/* What a kernel asks for: by requests in its image (precompute.h), and by options. */

#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kinds of requests in precompute.h. */
enum request_kind {
	REQUEST_FORMAT = 1,
	REQUEST_MAP = 2,
	REQUEST_MAP_AT = 3,
	REQUEST_GUARD = 4,
	REQUEST_WINDOW = 5,
	REQUEST_LAZY = 6,
	REQUEST_IDENTITY = 7,
	REQUEST_SKIP = 8
};

/* A request of either origin. */
struct request {
	uint64_t kind;
	uint64_t number[3];
	const char *words;
	const char *name;
};

#define WANT_COUNT_MAX 4096

static const struct {
	const char *word;
	uint32_t bits;
} rights[] = {
	{"ro", VMM_ATTR_GLOBAL},
	{"rw", VMM_ATTR_GLOBAL | VMM_ATTR_WRITE},
	{"rx", VMM_ATTR_GLOBAL | VMM_ATTR_EXEC(VMM_EXEC_KERNEL)},
	{"uro", VMM_ATTR_USER},
	{"urw", VMM_ATTR_USER | VMM_ATTR_WRITE},
	{"urx", VMM_ATTR_USER | VMM_ATTR_EXEC(VMM_EXEC_USER)},
};

static const struct {
	const char *word;
	uint32_t mem;
} memories[] = {
	{"device", VMM_MEM_DEV_NGNRE},
	{"nc", VMM_MEM_NC},
	{"wt", VMM_MEM_WT},
};

/* One word of attributes. False: there is no such word, or one like it was there before. */
static bool add_word(const char *word, uint32_t *bits, bool *has_rights, bool *is_local)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (strcmp(word, rights[i].word) == 0) {
			*bits |= rights[i].bits;
			return !*has_rights && (*has_rights = true);
		}
	}
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
		if (strcmp(word, memories[i].word) == 0 && (*bits & VMM_ATTR_MEM_MASK) == 0) {
			*bits |= VMM_ATTR_MEM(memories[i].mem);
			return true;
		}
	}
	if (strcmp(word, "local") == 0) {
		*is_local = true;
		return true;
	}
	if (strcmp(word, "pages") == 0) {
		*bits |= VMM_ATTR_LEAF_MAX(0);
		return true;
	}
	if (strcmp(word, "contig") == 0) {
		*bits |= VMM_ATTR_CONTIG;
		return true;
	}
	return false;
}

/* Takes the next word off a text, separated by spaces or commas; "" at its end. */
static const char *next_word(const char **text, char word[16])
{
	const char *start = *text + strspn(*text, " ,");
	size_t length = strcspn(start, " ,");

	*text = start + length;
	snprintf(word, 16, "%.*s", (int)(length < 16 ? length : 15), start);
	return word;
}

static vmm_attr_t read_attr(const char *name, const char *words)
{
	uint32_t bits = 0;
	bool has_rights = false;
	bool is_local = false;
	const char *text = words;
	char word[16];

	while (next_word(&text, word)[0] != '\0') {
		if (strcmp(word, "rwx") == 0 || strcmp(word, "urwx") == 0) {
			refuse("'%s' is asked for writable and executable", name);
		}
		if (!add_word(word, &bits, &has_rights, &is_local)) {
			refuse("'%s': attributes '%s': '%s' is unknown or too much", name, words,
			       word);
		}
	}
	if (!has_rights) {
		refuse("'%s': attributes '%s' lack ro, rw, rx, uro, urw or urx", name, words);
	}
	if (vmm_attr_is_device(vmm_attr(bits)) && vmm_attr_exec(vmm_attr(bits)) != VMM_EXEC_NEVER) {
		refuse("'%s' is asked for as device memory that is executable", name);
	}
	return vmm_attr(is_local ? bits & ~VMM_ATTR_GLOBAL : bits);
}

static char *copy_text(const char *text)
{
	char *copy = get_memory(strlen(text) + 1, 1);

	strcpy(copy, text);
	return copy;
}

static void set_half(struct wants *wants, const char *word)
{
	if (strcmp(word, "lower") == 0) {
		wants->half = VMM_LOWER_HALF;
	} else if (strcmp(word, "upper") == 0) {
		wants->half = VMM_UPPER_HALF;
	} else if (strcmp(word, "any") == 0) {
		wants->half = -1;
	} else {
		refuse("'%s' is no half: lower, upper or any", word);
	}
}

static void add_format_word(struct wants *wants, const char *word)
{
	if (strcmp(word, "svpbmt") == 0) {
		wants->flags |= VMM_TABLE_SVPBMT;
	} else if (strcmp(word, "svnapot") == 0) {
		wants->flags |= VMM_TABLE_SVNAPOT;
	} else {
		set_half(wants, word);
	}
}

static void set_format(struct wants *wants, const char *format)
{
	free(wants->format);
	/* The name of the C object is as good: vmm_aarch64_4k. */
	wants->format = copy_text(strncmp(format, "vmm_", 4) == 0 ? format + 4 : format);
	for (char *c = wants->format; *c != '\0'; c++) {
		*c = *c == '_' ? '-' : *c;
	}
}

static void take_format(struct wants *wants, const struct request *request)
{
	const char *text = request->words;
	char word[16];

	if (wants->format != NULL) {
		refuse("it asks for two formats, '%s' and '%s'", wants->format, request->name);
	}
	if (request->number[0] > 64 || request->number[1] > 64) {
		refuse("addresses have at most 64 bits, not %llu and %llu",
		       (unsigned long long)request->number[0],
		       (unsigned long long)request->number[1]);
	}
	set_format(wants, request->name);
	wants->va_bits = (unsigned int)request->number[0];
	wants->pa_bits = (unsigned int)request->number[1];
	while (next_word(&text, word)[0] != '\0') {
		add_format_word(wants, word);
	}
}

static struct want *add_want(struct wants *wants, enum want_kind kind, const char *name)
{
	struct want *want;

	if (wants->count == WANT_COUNT_MAX) {
		refuse("it asks for more than %d things", WANT_COUNT_MAX);
	}
	wants->list = get_more(wants->list, wants->count + 1, sizeof(*wants->list));
	want = &wants->list[wants->count++];
	memset(want, 0, sizeof(*want));
	want->kind = kind;
	want->name = copy_text(name);
	return want;
}

static void set_extent(struct want *want, uint64_t va, uint64_t size, uint64_t pa)
{
	if (size == 0) {
		refuse("'%s' is empty", want->name);
	}
	if (size - 1 > UINT64_MAX - va || size - 1 > UINT64_MAX - pa) {
		refuse("'%s' passes the end of the address space", want->name);
	}
	want->va = va;
	want->size = size;
	want->pa = pa;
}

/* A part of the image, between two symbols. */
static void take_part(struct wants *wants, const struct request *request, enum want_kind kind)
{
	uint64_t start = request->number[0];
	uint64_t end = request->number[1];
	struct want *want = add_want(wants, kind, request->name);

	if (end < start) {
		refuse("'%s' ends at 0x%llx, below its start at 0x%llx", want->name,
		       (unsigned long long)end, (unsigned long long)start);
	}
	set_extent(want, start, end - start, 0);
	want->is_image = true;
	if (kind == WANT_MAP) {
		want->attr = read_attr(want->name, request->words);
	}
}

static void take_memory(struct wants *wants, const struct request *request, enum want_kind kind)
{
	struct want *want = add_want(wants, kind, request->name);

	set_extent(want, request->number[0], request->number[1], request->number[2]);
	if (kind != WANT_WINDOW) {
		want->attr = read_attr(want->name, request->words);
	}
}

static void take_request(struct wants *wants, const struct request *request)
{
	switch (request->kind) {
	case REQUEST_FORMAT:
		take_format(wants, request);
		break;
	case REQUEST_MAP:
		take_part(wants, request, WANT_MAP);
		break;
	case REQUEST_MAP_AT:
		take_memory(wants, request, WANT_MAP);
		break;
	case REQUEST_GUARD:
		take_part(wants, request, WANT_GUARD);
		break;
	case REQUEST_WINDOW:
		take_memory(wants, request, WANT_WINDOW);
		break;
	case REQUEST_LAZY:
		take_memory(wants, request, WANT_LAZY);
		break;
	case REQUEST_IDENTITY:
		take_part(wants, request, WANT_MAP);
		wants->list[wants->count - 1].is_identity = true;
		break;
	case REQUEST_SKIP:
		take_part(wants, request, WANT_SKIP);
		break;
	default:
		refuse("its request of kind %llu is unknown to this version",
		       (unsigned long long)request->kind);
	}
}

/* --- requests in the image --- */

/* Takes a text with its end off the bytes; NULL: it has no end. */
static const char *take_text(const unsigned char **bytes, size_t *left)
{
	const char *text = (const char *)*bytes;
	const unsigned char *end = *left == 0 ? NULL : memchr(*bytes, 0, *left);

	if (end == NULL) {
		return NULL;
	}
	*left -= (size_t)(end + 1 - *bytes);
	*bytes = end + 1;
	return text;
}

static uint64_t take_number(const unsigned char **bytes, size_t *left)
{
	uint64_t number = 0;

	for (unsigned int i = 8; i > 0; i--) {
		number = number << 8 | (*bytes)[i - 1];
	}
	*bytes += 8;
	*left -= 8;
	return number;
}

void wants_read(struct wants *wants, const struct image *image)
{
	const unsigned char *bytes = image->requests;
	size_t left = image->request_size;
	struct request request;

	while (left > 0) {
		if (left < 32) {
			refuse("its section .vmm_requests ends within a request");
		}
		request.kind = take_number(&bytes, &left);
		for (unsigned int i = 0; i < 3; i++) {
			request.number[i] = take_number(&bytes, &left);
		}
		request.words = take_text(&bytes, &left);
		request.name = request.words != NULL ? take_text(&bytes, &left) : NULL;
		if (request.name == NULL) {
			refuse("its section .vmm_requests ends within a request");
		}
		take_request(wants, &request);
	}
}

/* --- requests on the command line --- */

/* How an option's value is taken apart: which fields it has, separated by colons. */
static const struct {
	const char *option;
	enum request_kind kind;
	bool has_name;
	unsigned int number_count;
	bool has_words;
} forms[] = {
	{"map", REQUEST_MAP, true, 2, true},      {"map-at", REQUEST_MAP_AT, true, 3, true},
	{"guard", REQUEST_GUARD, true, 2, false}, {"window", REQUEST_WINDOW, false, 2, false},
	{"lazy", REQUEST_LAZY, true, 3, true},    {"identity", REQUEST_IDENTITY, true, 2, true},
	{"skip", REQUEST_SKIP, false, 2, false},
};

/* Takes the field up to the next colon off *text, which becomes NULL behind the last one. */
static char *next_field(char **text, const char *option)
{
	char *field = *text;
	char *colon;

	if (field == NULL) {
		refuse("--%s: too few fields", option);
	}
	colon = strchr(field, ':');
	if (colon != NULL) {
		*colon = '\0';
	}
	*text = colon == NULL ? NULL : colon + 1;
	return field;
}

static void take_form(struct wants *wants, const struct image *image, size_t form,
		      const char *value)
{
	const char *option = forms[form].option;
	struct request request = {(uint64_t)forms[form].kind, {0, 0, 0}, "", ""};
	char *copy = copy_text(value);
	char *rest = copy;

	if (forms[form].has_name) {
		request.name = next_field(&rest, option);
	}
	for (unsigned int i = 0; i < forms[form].number_count; i++) {
		request.number[i] = image_value(image, option, next_field(&rest, option));
	}
	if (forms[form].has_words) {
		request.words = next_field(&rest, option);
	}
	if (rest != NULL) {
		refuse("--%s: '%s' is too much", option, rest);
	}
	take_request(wants, &request);
	free(copy);
}

static unsigned int read_bits(const struct image *image, const char *option, const char *value)
{
	uint64_t bits = image_value(image, option, value);

	if (bits > 64) {
		refuse("--%s: addresses have at most 64 bits", option);
	}
	return (unsigned int)bits;
}

bool wants_option(struct wants *wants, const struct image *image, const char *option,
		  const char *value)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(option, forms[i].option) == 0) {
			take_form(wants, image, i, value);
			return true;
		}
	}
	if (strcmp(option, "format") == 0) {
		set_format(wants, value);
	} else if (strcmp(option, "half") == 0) {
		set_half(wants, value);
	} else if (strcmp(option, "va-bits") == 0) {
		wants->va_bits = read_bits(image, option, value);
	} else if (strcmp(option, "pa-bits") == 0) {
		wants->pa_bits = read_bits(image, option, value);
	} else if (strcmp(option, "svpbmt") == 0 || strcmp(option, "svnapot") == 0) {
		add_format_word(wants, option);
	} else if (strcmp(option, "no-segments") == 0) {
		wants->no_segments = true;
	} else if (strcmp(option, "tables") == 0) {
		wants->tables = value;
	} else if (strcmp(option, "into") == 0) {
		wants->into = value;
	} else if (strcmp(option, "blob") == 0) {
		wants->blob = value;
	} else {
		return false;
	}
	return true;
}

void wants_free(struct wants *wants)
{
	for (size_t i = 0; i < wants->count; i++) {
		free(wants->list[i].name);
	}
	free(wants->list);
	free(wants->format);
}
