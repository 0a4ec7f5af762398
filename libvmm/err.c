/* SPDX-License-Identifier: MIT */
/* The texts of the errors. */

#include <vmm/err.h>

/*
 * Rows of characters and no pointers: a table of pointers, or a switch that the compiler turns into
 * one, holds link-time addresses, which are wrong in code that runs before it is relocated.
 */
static const char texts[][48] = {
	"success",
	"size is zero",
	"not aligned",
	"passes the end of the 64-bit space",
	"address out of range",
	"physical address out of range",
	"attributes cannot be expressed",
	"writable and executable",
	"already mapped or reserved",
	"not mapped or reserved",
	"no frame for a translation table",
	"no free virtual range fits",
	"record is full",
	"owned or in use",
	"not supported by this CPU",
	"damaged",
	"would take away memory that is in use",
};

VMM_STATIC_ASSERT(sizeof(texts) / sizeof(texts[0]) == 1 - VMM_ERR_PINNED,
		  "every error has a text, the last one included");

const char *vmm_err_str(enum vmm_err err)
{
	if (err > VMM_OK || err < VMM_ERR_PINNED) {
		return "unknown error";
	}
	return texts[-err];
}
