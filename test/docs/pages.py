#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the pages refer to is there: links, excerpts, and the programs whose output they show.

  pages.py SOURCE_ROOT
"""

import os
import re
import sys

import blocks

LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(root, path):
    """As GitHub makes them of headings."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for line in file:
            if re.match(r"#+ ", line):
                title = re.sub(r"[^\w\- ]", "", line.lstrip("# ").strip().lower())
                yield title.replace(" ", "-")


def broken_links(root, path):
    fenced = False
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            fenced ^= line.startswith("```")
            for target in [] if fenced else LINK.findall(re.sub(r"`[^`]*`", "", line)):
                name, _, anchor = target.partition("#")
                if re.match(r"[a-z]+:", name):
                    continue
                there = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if not os.path.exists(os.path.join(root, there)):
                    yield f"{path}:{number}: there is no {there}"
                elif anchor and anchor not in anchors(root, there):
                    yield f"{path}:{number}: there is no {anchor} in {there}"


def programs(root):
    """Names that run= may have."""
    yield from ("format", "consumer-aarch64", "consumer-riscv64")
    for guide in ("porting-guide", "higher-half-guide", "higher-half-precomputed"):
        yield from (f"{guide}-aarch64", f"{guide}-riscv64")
    host = os.path.join(root, "examples", "host")
    for name in os.listdir(host):
        if name.endswith(".c"):
            yield name[:-2]
    with open(os.path.join(root, "ports", "meson.build"), encoding="utf-8") as file:
        ports = re.findall(r"^\s+'([\w-]+)': \{'board'", file.read(), re.MULTILINE)
    with open(os.path.join(root, "examples", "meson.build"), encoding="utf-8") as file:
        kernels = re.findall(r"^\s+'(\w+)': \{'dir'", file.read(), re.MULTILINE)
    for port in ports:
        for kernel in kernels:
            yield f"{kernel}-{port}"


def main(root):
    faults, excerpts, runs = [], 0, 0
    known = set(programs(root))
    paths = list(blocks.pages(root))
    for path in paths:
        faults += broken_links(root, path)
    for block in blocks.all_blocks(root):
        source = block.facts.get("excerpt")
        if source:
            excerpts += 1
            place = os.path.join(root, source)
            if not os.path.exists(place):
                faults.append(f"{block}: there is no {source}")
            else:
                with open(place, encoding="utf-8") as file:
                    if not blocks.contains(file.read(), block.text):
                        faults.append(f"{block}: this isn't in {source}")
        if "run" in block.facts:
            runs += 1
            if block.facts["run"] not in known:
                faults.append(f"{block}: there is no program {block.facts['run']}")
    for fault in faults:
        print("FAIL: " + fault)
    print(f"{len(paths)} pages, {excerpts} excerpts, {runs} transcripts")
    return 1 if faults or not excerpts or not runs else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
