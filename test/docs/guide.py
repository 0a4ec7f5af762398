#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what a page says, in an empty directory: writes its files, runs its commands, and compares what
they print with what the page shows.

  guide.py SOURCE_ROOT PAGE NAME

A block with write=PATH is a file, one with step=1 is commands; run=NAME is what they print. `libvmm`
is this tree.
"""

import os
import subprocess
import sys
import tempfile

import blocks
import transcript


def main(root, page, name):
    text, files, steps = "", 0, 0
    with tempfile.TemporaryDirectory(prefix="libvmm-guide-") as place:
        os.symlink(os.path.abspath(root), os.path.join(place, "libvmm"))
        for block in blocks.blocks_of(root, page):
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
                    print(f"{text}FAIL: {block}: status {done.returncode}")
                    return 1
    faults = list(transcript.differences(root, name, text))
    print(text)
    for fault in faults:
        print("FAIL: " + fault)
    print(f"{page}: {files} files, {steps} steps")
    return 1 if faults or not files or not steps else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
