/* SPDX-License-Identifier: MIT */
/* The page: what the build made of page/, with the JSON object in it. */

#include "show.h"

#include "page.h"

void show_html(FILE *out, const struct image *image, const struct summary *summary)
{
	(void)fwrite(page_before, 1, sizeof(page_before), out);
	show_json(out, image, summary);
	(void)fwrite(page_after, 1, sizeof(page_after), out);
}
