#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what a page says, in an empty directory: writes its files, runs its commands, and compares what
they print with what the page shows.

  guide.py SOURCE_ROOT CPU NAME PAGE...

A block with write=PATH is a file, one with step=1 is commands; run=NAME-CPU is what they print. What is
for one CPU only has cpu=CPU. Of several pages each goes on where the one before ended, and what the
last one prints is compared. `libvmm` is this tree.
"""

import os
import subprocess
import sys
import tempfile

import blocks
import transcript


def follow(root, cpu, page, place):
    """Does what a page says; returns what its commands printed, and how many blocks it had."""
    text, files, steps = "", 0, 0
    for block in blocks.blocks_of(root, page):
        if block.facts.get("cpu", cpu) != cpu:
            continue
        if "write" in block.facts:
            with open(os.path.join(place, block.facts["write"]), "w", encoding="utf-8") as file:
                file.write(block.text)
            files += 1
        elif "step" in block.facts:
            done = subprocess.run(["sh", "-e", "-c", block.text], cwd=place, timeout=200,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            text += done.stdout.replace("\r", "")
            steps += 1
            if done.returncode:
                raise ValueError(f"{text}{block}: status {done.returncode}")
    if not files or not steps:
        raise ValueError(f"{page} has no file, or no step")
    return text, files, steps


def main(root, cpu, name, *pages):
    with tempfile.TemporaryDirectory(prefix="libvmm-guide-") as place:
        os.symlink(os.path.abspath(root), os.path.join(place, "libvmm"))
        for page in pages:
            try:
                text, files, steps = follow(root, cpu, page, place)
            except ValueError as error:
                print(f"FAIL: {error}")
                return 1
            print(f"{text}{page}: {files} files, {steps} steps")
    name = f"{name}-{cpu}"
    faults = list(transcript.differences(root, name, text))
    if name not in {block.facts.get("run") for block in blocks.blocks_of(root, pages[-1])}:
        faults.append(f"{pages[-1]} does not show what is printed")
    for fault in faults:
        print("FAIL: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
