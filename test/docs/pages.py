#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the pages refer to is there: links, excerpts, and the programs whose output they show. And each
example and port has a page.

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


def read(root, *names):
    with open(os.path.join(root, *names), encoding="utf-8") as file:
        return file.read()


def kernels_and_ports(root):
    """Names of kernels with their directories, names of ports, directories of boards."""
    ports = read(root, "ports", "meson.build")
    return (re.findall(r"^\s+'(\w+)': \{'dir': '(\w+)'", read(root, "examples", "meson.build"),
                       re.MULTILINE),
            re.findall(r"^\s+'([\w-]+)': \{'board'", ports, re.MULTILINE),
            sorted(set(re.findall(r"\{'board': '([\w-]+)'", ports))))


def lacking_pages(root):
    kernels, _, boards = kernels_and_ports(root)
    overview = read(root, "examples", "README.md")
    for kernel, folder in kernels:
        row = re.search(rf"^\| \[{kernel}\]\((\w+)/\)", overview, re.MULTILINE)
        if not row:
            yield f"examples/README.md has no row for {kernel}"
        for place in {folder, row[1] if row else folder}:
            if not os.path.exists(os.path.join(root, "examples", place, "README.md")):
                yield f"examples/{place} has no README.md"
    for board in boards:
        if not os.path.exists(os.path.join(root, "ports", board, "README.md")):
            yield f"ports/{board} has no README.md"


def programs(root):
    """Names that run= may have."""
    yield from ("format", "consumer-aarch64", "consumer-riscv64")
    for guide in ("porting-guide", "higher-half-guide", "higher-half-precomputed"):
        yield from (f"{guide}-aarch64", f"{guide}-riscv64")
    host = os.path.join(root, "examples", "host")
    for name in os.listdir(host):
        if name.endswith(".c"):
            yield name[:-2]
    kernels, ports, _ = kernels_and_ports(root)
    for port in ports:
        for kernel, _ in kernels:
            yield f"{kernel}-{port}"


def main(root):
    faults, excerpts, runs = list(lacking_pages(root)), 0, 0
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
