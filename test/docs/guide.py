#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what a page says, in an empty directory: writes its files, runs its commands, and compares what
they print with what the page shows.

  guide.py [--tool VMM-PRECOMPUTE] SOURCE_ROOT CPU PAGE[:STEP]=NAME...

A block with write=PATH is a file, others with step=STEP are commands; run=NAME-CPU is what they print.
STEP is 1 unless given, for files, too. What is for one CPU only has cpu=CPU. Each page goes on where
the one before ended. `libvmm` is this tree, with the tool in it as if it were built there.
"""

import os
import signal
import subprocess
import sys
import tempfile

import blocks
import transcript

LONGEST = 180 # seconds, of one block of commands


def clone(root, place, tool):
    """What looks like a clone, with the tool built in it."""
    os.mkdir(place)
    for name in os.listdir(root):
        if name != "build":
            os.symlink(os.path.join(os.path.abspath(root), name), os.path.join(place, name))
    if tool:
        directory = os.path.join(place, "build", "tools", "precompute")
        os.makedirs(directory)
        os.symlink(os.path.abspath(tool), os.path.join(directory, "vmm-precompute"))


def run(commands, place):
    """What is wrong with how commands ended, or None; and what they printed."""
    with subprocess.Popen(["sh", "-e", "-c", commands], cwd=place, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True) as process:
        try:
            text, status = process.communicate(timeout=LONGEST)[0], process.returncode
            return status and f"status {status}", text.replace("\r", "")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL) # QEMU, too
            text = process.communicate()[0]
            return f"no end after {LONGEST} s", text.replace("\r", "")


def follow(root, cpu, page, step, place):
    """Does what a page says; returns what its commands printed, and how many blocks it had."""
    text, files, steps = "", 0, 0
    for block in blocks.blocks_of(root, page):
        facts = block.facts
        if facts.get("cpu", cpu) != cpu or not {"step", "write"} & set(facts) \
                or facts.get("step", "1") != step:
            continue
        if "write" in facts:
            with open(os.path.join(place, facts["write"]), "w", encoding="utf-8") as file:
                file.write(block.text)
            files += 1
        else:
            status, printed = run(block.text, place)
            text += printed
            steps += 1
            if status:
                raise ValueError(f"{text}{block}: {status}")
    if not files or not steps:
        raise ValueError(f"{page}:{step} has no file, or no step")
    return text, files, steps


def judge(root, cpu, entry, place):
    """Follows a page; yields what is wrong."""
    where, _, name = entry.partition("=")
    page, _, step = where.partition(":")
    try:
        text, files, steps = follow(root, cpu, page, step or "1", place)
    except ValueError as error:
        yield str(error)
        return
    print(f"{text}{where}: {files} files, {steps} steps")
    name = f"{name}-{cpu}"
    yield from transcript.differences(root, name, text)
    if name not in {block.facts.get("run") for block in blocks.blocks_of(root, page)}:
        yield f"{page} does not show what {name} prints"


def main(argv):
    tool = argv[1] if argv[0] == "--tool" else None
    root, cpu, *entries = argv[2 if tool else 0:]
    failed = False
    with tempfile.TemporaryDirectory(prefix="libvmm-guide-") as place:
        clone(root, os.path.join(place, "libvmm"), tool)
        for entry in entries:
            for fault in judge(root, cpu, entry, place):
                print("FAIL: " + fault)
                failed = True
            if failed:
                break
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
