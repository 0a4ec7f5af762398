# SPDX-License-Identifier: MIT
"""Fenced blocks of the project's Markdown, and what stands behind the language in their first line:

    ```c                   a file to compile: an #include begins one, blocks without go on with it
    <!-- c                 C as well, up to a line "-->": what a reader can do without, such as the
                           function around some statements
    ```c excerpt=FILE      a part of a file of this project, perhaps indented differently
    ```text run=NAME       what a program prints: an example of examples/host, <kernel>-<port>, or what
                           pages.py names besides. Elsewhere than where "..." stands, line by line
    ```c write=PATH        a file of a guide, and step=1 commands of it; cpu=NAME, of one CPU only:
                           see guide.py
                           A line "..." stands for any number of lines
"""

import os
import re
import textwrap

FENCE = re.compile(r"^```(\S*)(.*)$")


class Block:
    def __init__(self, path, line, language, words):
        self.path, self.line, self.language = path, line, language
        self.facts = dict(word.split("=", 1) for word in words.split() if "=" in word)
        self.lines = []

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)

    def __str__(self):
        return f"{self.path}:{self.line}"


def pages(root):
    """Every Markdown file, relative to the root. Consumers' and tools' are among them."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders
                            if not name.startswith((".", "build")) and name != "subprojects")
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), root)


def blocks_of(root, path):
    block = None
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            match = FENCE.match(line)
            if block is None and match:
                block, end = Block(path, number, match[1], match[2]), FENCE
            elif block is None and line == "<!-- c":
                block, end = Block(path, number, "c", ""), re.compile("-->")
            elif block is not None and end.match(line):
                yield block
                block = None
            elif block is not None:
                block.lines.append(line)
    if block is not None:
        raise ValueError(f"{block}: a block without an end")


def all_blocks(root):
    for path in pages(root):
        yield from blocks_of(root, path)


def contains(text, part):
    """Whether the lines of part stand in text one after the other, as a whole more or less indented."""
    lines = [line.rstrip() for line in text.split("\n")]
    wanted = [line.rstrip() for line in textwrap.dedent(part).rstrip("\n").split("\n")]
    for first in range(len(lines) - len(wanted) + 1):
        piece = "\n".join(lines[first:first + len(wanted)])
        if textwrap.dedent(piece).split("\n") == wanted:
            return True
    return False


def missing_line(lines, wanted):
    """The first of the wanted lines that isn't where it belongs, or None. "..." skips any number."""
    lines = [line.rstrip() for line in lines]
    wanted = [line.rstrip() for line in wanted]
    pieces, piece = [], []
    for line in wanted:
        if line.strip() == "...":
            pieces.append(piece)
            piece = []
        else:
            piece.append(line)
    pieces.append(piece)
    position = 0
    for piece in pieces:
        for first in range(position, len(lines) - len(piece) + 1):
            if lines[first:first + len(piece)] == piece:
                position = first + len(piece)
                break
        else:
            return next((line for line in piece if line not in lines[position:]), piece[0])
    return None
