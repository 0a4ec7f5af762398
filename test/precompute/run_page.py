#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what docs/precompute.md says, and compares what it shows.

  run_page.py TOOL SOURCE_ROOT

The commands run in a directory that looks like a clone in which the tool was built; those that build
it, the first ones, are left out. Each `text` block must be in the output of the commands before it.
"""

import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lines_of(text):
    return [line.rstrip() for line in text.replace("\r", "").strip("\n").split("\n")]


def is_in(part, whole):
    return any(whole[i:i + len(part)] == part for i in range(len(whole) - len(part) + 1))


def main(tool, root):
    with open(os.path.join(root, "docs", "precompute.md"), encoding="utf-8") as file:
        blocks = BLOCK.findall(file.read())
    output, faults, compared = None, [], 0
    with tempfile.TemporaryDirectory() as place:
        os.makedirs(os.path.join(place, "build", "tools", "precompute"))
        os.symlink(os.path.abspath(tool),
                   os.path.join(place, "build", "tools", "precompute", "vmm-precompute"))
        os.symlink(os.path.join(os.path.abspath(root), "tools"), os.path.join(place, "tools"))
        for kind, text in blocks:
            if kind == "sh" and "meson" in text:
                output = None # what builds the tool
            elif kind == "sh":
                output = subprocess.run(["sh", "-c", text], cwd=place, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        timeout=60, check=False).stdout.decode("utf-8", "replace")
                print(output, end="")
            elif output is not None:
                compared += 1
                if not is_in(lines_of(text), lines_of(output)):
                    faults.append(f"not in the output:\n{text}")
    for fault in faults:
        print("FAIL: " + fault)
    print(f"{compared} blocks compared")
    return 1 if faults or compared < 5 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
