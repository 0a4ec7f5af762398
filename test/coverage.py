#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads gcovr's JSON and tells which branches of the library no test takes.

  coverage.py JSON SOURCE_ROOT EXPLAINED

Counted are all branches of libvmm/, of the formats and of the seam's host side. EXPLAINED has a
line for each place that has one that can't be taken, and why:

  FILE | a piece of the line's text | how many of its branches | the reason

Prints what is missing, then figures. The exit status is 1 if a branch or a line that no test takes
isn't explained, or an explanation is about a place where none, or another number, is missing.
"""

import json
import os
import sys

from explained import refuse, rows as explained_rows

SCOPE = ("libvmm/", "ports/aarch64/", "ports/riscv/")


def explanations(path):
    form = "FILE | text | number of branches | reason"
    found = []
    for number, (file, text, count, _) in explained_rows(path, form):
        if not count.isdigit():
            refuse(path, number, form)
        found.append({"file": file, "text": text, "count": int(count), "used": 0})
    return found


def explain(explained, name, text, untaken):
    for entry in explained:
        if entry["file"] == name and entry["text"] in text and entry["count"] == untaken:
            entry["used"] += 1
            return True
    return False


class Figures:
    def __init__(self):
        self.lines = self.lines_run = self.branches = self.taken = self.excluded = 0

    def add(self, other):
        self.lines += other.lines
        self.lines_run += other.lines_run
        self.branches += other.branches
        self.taken += other.taken
        self.excluded += other.excluded

    def percent(self):
        return 100.0 * (self.taken + self.excluded) / self.branches if self.branches else 100.0


def look(file, source, explained):
    """Returns the figures of a file and what is missing in it: (line number, text, what)."""
    figures, missing = Figures(), []
    for line in file["lines"]:
        if line.get("gcovr/noncode"):
            continue
        counts = [branch["count"] for branch in line["branches"]]
        untaken = sum(count == 0 for count in counts)
        figures.lines += 1
        figures.lines_run += line["count"] > 0
        figures.branches += len(counts)
        figures.taken += len(counts) - untaken
        if untaken == 0 and line["count"] > 0:
            continue
        text = source[line["line_number"] - 1].strip()
        if line["count"] > 0 and explain(explained, file["file"], text, untaken):
            figures.excluded += untaken
        elif line["count"] == 0:
            missing.append((line["line_number"], text, "never run"))
        else:
            which = ",".join(str(i) for i, count in enumerate(counts) if count == 0)
            missing.append((line["line_number"], text, f"branch {which} of {len(counts)}"))
    return figures, missing


def main(argv):
    if len(argv) != 4:
        sys.exit(__doc__)
    with open(argv[1], encoding="utf-8") as file:
        files = json.load(file)["files"]
    explained = explanations(argv[3])
    total, bad = Figures(), 0
    for file in sorted(files, key=lambda f: f["file"]):
        if not file["file"].startswith(SCOPE):
            continue
        with open(os.path.join(argv[2], file["file"]), encoding="utf-8") as text:
            source = text.read().split("\n")
        figures, missing = look(file, source, explained)
        total.add(figures)
        print(f"{file['file']}: {figures.taken} of {figures.branches} branches"
              + (f", {figures.excluded} explained" if figures.excluded else ""))
        for number, text, what in missing:
            print(f"    {file['file']}:{number}: {what}: {text}")
        bad += len(missing)
    for entry in explained:
        if entry["used"] == 0:
            print(f"{argv[3]}: nothing is missing there: {entry['file']} | {entry['text']}")
            bad += 1
    print(f"figure: {total.lines_run} of {total.lines} lines, {total.taken} of {total.branches} "
          f"branches taken, {total.excluded} explained: {total.percent():.2f} %")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
