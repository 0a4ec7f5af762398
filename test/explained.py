# SPDX-License-Identifier: MIT
"""Reads what is explained away: the rows of coverage.txt, lint.txt and mutate.txt, of four columns."""

import sys


def rows(path, form):
    """Yields (number of the line, its four fields); a line that isn't of the form ends the program."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = [field.strip() for field in line.strip().split(" | ")]
            if len(fields) != 4:
                refuse(path, number, form)
            yield number, fields


def refuse(path, number, form):
    sys.exit(f"{path}:{number}: {form}")
