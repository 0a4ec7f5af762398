#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every file says its licence in one of its first three lines.

  check_spdx.py SOURCE_ROOT

Files are those that git tracks; in an unpacked archive without git, those that are there.
"""

import os
import subprocess
import sys

LINE = "SPDX-License-Identifier: MIT"
# Text that is read as it stands: its licence is the LICENSE beside it.
EXEMPT = ("LICENSE", ".gitignore", ".gitattributes")


def files(root):
    if os.path.exists(os.path.join(root, ".git")):
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        return [name for name in listed.split("\0") if name]
    return [os.path.relpath(os.path.join(path, name), root)
            for path, dirs, names in os.walk(root) for name in names
            if not os.path.relpath(path, root).startswith("build")]


def main(root):
    checked = faults = 0
    for name in sorted(files(root)):
        path = os.path.join(root, name)
        if os.path.basename(name) in EXEMPT or name.endswith(".md") or not os.path.isfile(path):
            continue
        checked += 1
        with open(path, encoding="utf-8") as file:
            head = [file.readline() for _ in range(3)]
        if not any(LINE in line for line in head):
            faults += 1
            print(f"FAIL: {name} doesn't say its licence")
    print(f"{checked} files, {faults} without a licence")
    return 1 if faults or not checked else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
