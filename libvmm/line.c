/* SPDX-License-Identifier: MIT */
/* Lines of text: numbers, names and attributes in characters, one byte at a time. */

#include "line.h"

static void flush(struct vmm_line_ *line)
{
	line->out->write(line->out, line->text, line->used);
	line->used = 0;
}

void vmm_line_init_(struct vmm_line_ *line, struct vmm_out *out)
{
	line->out = out;
	line->used = 0;
}

void vmm_line_char_(struct vmm_line_ *line, char c)
{
	if (line->used == VMM_OUT_PIECE_MAX) {
		flush(line);
	}
	line->text[line->used] = c;
	line->used++;
}

void vmm_line_end_(struct vmm_line_ *line)
{
	vmm_line_char_(line, '\n');
	flush(line);
}

void vmm_line_chars_(struct vmm_line_ *line, char c, unsigned int count)
{
	for (; count > 0; count--) {
		vmm_line_char_(line, c);
	}
}

void vmm_line_text_(struct vmm_line_ *line, const char *text)
{
	for (; *text != '\0'; text++) {
		vmm_line_char_(line, *text);
	}
}

void vmm_line_name_(struct vmm_line_ *line, const char *text)
{
	vmm_line_char_(line, '\'');
	vmm_line_text_(line, text);
	vmm_line_char_(line, '\'');
}

static void hex_digit(struct vmm_line_ *line, uint64_t value, unsigned int place)
{
	unsigned int digit = (unsigned int)(value >> (4 * place)) & 15;

	vmm_line_char_(line, (char)(digit < 10 ? '0' + digit : 'a' + (digit - 10)));
}

void vmm_line_groups_(struct vmm_line_ *line, uint64_t value, unsigned int digits)
{
	vmm_line_text_(line, "0x");
	for (unsigned int place = digits; place > 0; place--) {
		hex_digit(line, value, place - 1);
		if (place % 4 == 1 && place > 1) {
			vmm_line_char_(line, '_');
		}
	}
}

void vmm_line_hex_(struct vmm_line_ *line, uint64_t value)
{
	unsigned int digits = 1;

	while (digits < 16 && value >> (4 * digits) != 0) {
		digits++;
	}
	vmm_line_text_(line, "0x");
	for (; digits > 0; digits--) {
		hex_digit(line, value, digits - 1);
	}
}

void vmm_line_decimal_(struct vmm_line_ *line, uint64_t value, unsigned int width)
{
	uint64_t unit = 1;
	unsigned int digits = 1;

	for (; value / unit >= 10; unit *= 10) {
		digits++;
	}
	vmm_line_chars_(line, ' ', width > digits ? width - digits : 0);
	for (; unit > 0; unit /= 10) {
		vmm_line_char_(line, (char)('0' + value / unit % 10));
	}
}

void vmm_line_va_(struct vmm_line_ *line, vmm_va_t va)
{
	vmm_line_groups_(line, vmm_va_raw(va), 16);
}

/* Rows of characters and no pointers: those would be link-time addresses (err.c). */
static const char mems[][4] = { "C  ", "WT ", "NC ", "Dev", "Dev", "Dev", "PMA", "?  " };
static const char execs[][4] = { "XN", "X ", "XU", "? " };

void vmm_line_attr_(struct vmm_line_ *line, vmm_attr_t attr)
{
	unsigned int mem = (unsigned int)vmm_attr_mem(attr);

	vmm_line_text_(line, mems[mem <= VMM_MEM_PLATFORM ? mem : VMM_MEM_PLATFORM + 1]);
	vmm_line_text_(line, vmm_attr_has(attr, VMM_ATTR_WRITE) ? " RW " : " RO ");
	vmm_line_text_(line, execs[vmm_attr_exec(attr)]);
}
