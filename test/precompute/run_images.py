#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Asks vmm-precompute about every image that the build made with it, and holds docs/precompute.md to the
figures.

  run_images.py TOOL SOURCE_ROOT READELF precomputed-NAME.elf...

Prints TAP.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "inspect"))
import tap

ROW = re.compile(r"^\| `([\w-]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
SECTION = re.compile(r"\] \.vmm_precomputed +PROGBITS +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)")
LAST_WORD = 8 # gives the room bytes in the file, see precompute.ld


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def name_of(image):
    return re.sub(r"^precomputed-(minimal-)?|\.elf$", "", os.path.basename(image))


class Images:
    def __init__(self, tool, root, readelf):
        self.tool, self.readelf = tool, readelf
        with open(os.path.join(root, "docs", "precompute.md"), encoding="utf-8") as file:
            self.rows = {row[0]: tuple(int(n) for n in row[1:]) for row in ROW.findall(file.read())}

    def report(self, image):
        status, text, errors = run(self.tool, "--check", "--json", image)
        tap.same((status, errors), (0, ""), "the tool")
        return json.loads(text)

    def room(self, image):
        """Address, offset and size of what was reserved, as the linker says."""
        found = SECTION.search(run(self.readelf, "-SW", image)[1])
        tap.true(found, "there is no section .vmm_precomputed")
        return tuple(int(number, 16) for number in found.groups())

    def is_right(self, image):
        report = self.report(image)
        address, offset, size = self.room(image)
        tap.same((report["input"], report["output"]), (image, None), "names")
        tap.true(report["walk"], "nothing is mapped")
        for extent in report["walk"]:
            tap.true(not (extent["write"] and (extent["execute"] or extent["user_execute"])),
                     f"writable and executable: {extent}")
        patch = report["patches"][0]
        tap.same((patch["what"], int(patch["va"], 16), patch["offset"], patch["size"]),
                 ("tables", address, offset, report["table_bytes"]), "the tables")
        tap.same(report["carried_bytes"] + LAST_WORD, size, "what the image carries")
        # Everything that was written lies in the room, and nothing twice.
        places = sorted((p["offset"], p["size"]) for p in report["patches"]
                        if not p["what"].startswith("root"))
        for (first, length), (then, _) in zip(places, places[1:]):
            tap.true(first + length <= then, f"patches overlap at {then:#x}")
        tap.true(offset <= places[0][0] and sum(places[-1]) <= offset + size, "outside the room")

    def is_as_the_page_says(self, image):
        report = self.report(image)
        tap.same((sum(table["count"] for table in report["tables"]), report["table_bytes"],
                  report["full_bytes"], report["record_bytes"], self.room(image)[2]),
                 self.rows.get(name_of(image)), "docs/precompute.md")

    def is_refused_when_changed(self, image, directory):
        report = self.report(image)
        with open(image, "rb") as file:
            data = bytearray(file.read())
        for patch in report["patches"]:
            if patch["what"].startswith("root"):
                continue
            at = patch["offset"]
            if patch["what"] == "tables": # the first descriptor
                at = next(word for word in range(at, at + patch["size"], 8)
                          if data[word:word + 8] != bytes(8))
            elif "record" in patch["what"]: # somewhere in a name or a number
                at += patch["size"] // 2
            changed = bytearray(data)
            changed[at + 1] ^= 0x10
            path = os.path.join(directory, "changed.elf")
            with open(path, "wb") as file:
                file.write(changed)
            status, text, errors = run(self.tool, "--check", path)
            tap.true(status == 1 and not text and errors.count("\n") == 1,
                     f"{patch['what']} changed at {at:#x}: {status}: {text}{errors}")


def main(argv):
    images, paths = Images(*argv[1:4]), argv[4:]
    with tempfile.TemporaryDirectory() as directory:
        cases = []
        for path in paths:
            name = os.path.basename(path)
            cases += [
                (f"{name} is what --check --json says",
                 lambda path=path: images.is_right(path)),
                (f"{name} costs what the page says",
                 lambda path=path: images.is_as_the_page_says(path)),
                (f"{name} is refused when a bit of it is changed",
                 lambda path=path: images.is_refused_when_changed(path, directory)),
            ]
        return tap.run(cases)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
