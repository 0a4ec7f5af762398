#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one page of page.html, its styles and its scripts, and a C header of the page.

  embed.py PAGE.HTML PAGE.CSS OUTPUT SCRIPT.JS...

The header has two arrays: the page before and behind the data, whose place is marked @DATA@.
"""

import sys


def strip_license(text):
    """One licence line per page is enough: page.html's."""
    first, rest = text.split("\n", 1)
    return rest if "SPDX" in first else text


def array(name, text):
    data = text.encode("utf-8")
    rows = [", ".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n\t" + ",\n\t".join(rows) + "\n};\n"


def main(argv):
    page, style, output, *scripts = argv
    read = lambda path: open(path, encoding="utf-8").read()
    text = read(page)
    text = text.replace("@STYLE@", strip_license(read(style)))
    text = text.replace("@SCRIPT@", "\n".join(strip_license(read(path)) for path in scripts))
    before, after = text.split("@DATA@")
    with open(output, "w", encoding="utf-8") as file:
        file.write("/* SPDX-License-Identifier: MIT */\n/* Made by embed.py. */\n")
        file.write(array("page_before", before))
        file.write(array("page_after", after))


if __name__ == "__main__":
    main(sys.argv[1:])
