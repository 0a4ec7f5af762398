#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program and compares what it prints with what the pages say that it prints.

  transcript.py [--update] SOURCE_ROOT NAME COMMAND...

--update puts what it printed into the pages instead, into blocks without "...".
"""

import os
import subprocess
import sys

import blocks


def differences(root, name, text):
    """Of each block with run=NAME that isn't in the text."""
    lines = text.split("\n")
    for block in blocks.all_blocks(root):
        if block.facts.get("run") == name:
            line = blocks.missing_line(lines, block.lines)
            if line is not None:
                yield f"{block}: {name} doesn't print, or not there: {line!r}"


def update(root, name, text):
    for block in list(blocks.all_blocks(root)):
        if block.facts.get("run") != name or "..." in block.lines:
            continue
        path = os.path.join(root, block.path)
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        lines[block.line:block.line + len(block.lines)] = text.rstrip("\n").split("\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


def main(argv):
    new = argv[0] == "--update"
    root, name, *command = argv[1 if new else 0:]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=False)
    print(done.stdout, end="")
    if done.returncode:
        print(f"FAIL: status {done.returncode}")
        return 1
    if new:
        update(root, name, done.stdout)
    faults = list(differences(root, name, done.stdout))
    if name not in {block.facts.get("run") for block in blocks.all_blocks(root)}:
        faults.append(f"no page shows what {name} prints")
    for fault in faults:
        print("FAIL: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
