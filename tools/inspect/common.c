/* SPDX-License-Identifier: MIT */
/* What every part of vmm-inspect needs. */

#include "common.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("vmm-inspect: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(2);
}

void *grow(void *array, size_t count, size_t element_size)
{
	size_t capacity = count < 8 ? 8 : count * 2;
	void *larger;

	if (count != 0 && (count < 8 || (count & (count - 1)) != 0)) {
		return array;
	}
	larger =
		capacity > SIZE_MAX / element_size ? NULL : realloc(array, capacity * element_size);
	if (larger == NULL) {
		give_up("out of memory");
	}
	return larger;
}

char *keep_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (copy == NULL) {
		give_up("out of memory");
	}
	memcpy(copy, text, size);
	return copy;
}

static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

const char *text_size(char text[TEXT_MAX], uint64_t size)
{
	unsigned int unit = 0;

	while (unit < 6 && size != 0 && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	snprintf(text, TEXT_MAX, "%" PRIu64 " %s", size, units[unit]);
	return text;
}

const char *text_size_about(char text[TEXT_MAX], uint64_t size)
{
	unsigned int unit = 0;
	uint64_t scale = 1;

	while (unit < 6 && size / scale >= 1024) {
		scale *= 1024;
		unit++;
	}
	if (size % scale == 0) {
		return text_size(text, size);
	}
	if (size / scale < 10) {
		/* In tenths; the scale is at least 1024, so it doesn't overflow. */
		uint64_t tenths = size / scale * 10 + (size % scale * 10 + scale - 1) / scale;

		snprintf(text, TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
			 units[unit]);
	} else {
		snprintf(text, TEXT_MAX, "%" PRIu64 " %s", size / scale + 1, units[unit]);
	}
	return text;
}

const char *text_address(char text[TEXT_MAX], uint64_t address)
{
	snprintf(text, TEXT_MAX, "0x%04x_%04x_%04x_%04x", (unsigned int)(address >> 48),
		 (unsigned int)(address >> 32) & 0xffff, (unsigned int)(address >> 16) & 0xffff,
		 (unsigned int)address & 0xffff);
	return text;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

bool parse_number(const char *text, uint64_t *number)
{
	unsigned int base = 10;
	uint64_t value = 0;
	bool any = false;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	for (; *text != '\0'; text++) {
		unsigned int digit = (unsigned int)digit_value(*text);

		if (*text == '_' && any) {
			continue;
		}
		if (digit >= base || value > (UINT64_MAX - digit) / base) {
			return false;
		}
		value = value * base + digit;
		any = true;
	}
	if (any) {
		*number = value;
	}
	return any;
}

void json_text(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == '"' || c == '\\' || c == '<' || c >= 0x7f) {
			/* Bytes beyond ASCII are shown as the code points of Latin-1. */
			fprintf(file, "\\u%04x", c);
		} else {
			fputc(c, file);
		}
	}
	fputc('"', file);
}
