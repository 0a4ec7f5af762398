#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/rules.md says what is so: every rule has its row, and what the rows name exists.

  check_rules.py SOURCE_ROOT

A rule that applies has a test with its number in its name, or a row of checks/order-*.txt, and a
change in test/teeth.txt that still fits the library.
"""

import glob
import os
import re
import sys

RULES = [f"A{n}" for n in range(1, 36)] + [f"R{n}" for n in range(1, 31)]
QUOTED = re.compile(r"`([^`]+)`")


def read(*names):
    texts = []
    for name in names:
        with open(name, encoding="utf-8") as file:
            texts.append(file.read())
    return "\n".join(texts)


def rows(text, columns):
    """The rows of tables that have so many columns, without their heads."""
    for line in text.split("\n"):
        if not line.startswith("|") or line.startswith("|---"):
            continue
        cells = [cell.strip() for cell in line[1:].rstrip("|").split("|")]
        if len(cells) == columns:
            yield cells


def numbers_of(test):
    return {number.upper() for number in re.match(r"(?:[ar]\d+_)*", test).group().split("_") if number}


class Sources:
    def __init__(self, root):
        self.root = root
        names = lambda pattern: sorted(glob.glob(os.path.join(root, pattern)))
        self.tests = read(*names("test/test_*.c"))
        self.meson = read(*names("test/**/meson.build"), os.path.join(root, "examples/meson.build"),
                          os.path.join(root, "test/checks/meson.build"))
        self.library = read(*names("libvmm/*.[ch]"), *names("libvmm/include/vmm/*.h"),
                            *names("libvmm/include/vmm/engine/*.h"),
                            *(n for cpu in ("aarch64", "riscv") for n in
                              names(f"ports/{cpu}/*.[chS]") + names(f"ports/{cpu}/include/vmm/*.h")))
        self.ordered = set()
        for row in read(*names("test/checks/order-*.txt")).split("\n"):
            if " | " in row and not row.startswith("#"):
                self.ordered |= set(row.split(" | ")[0].split())

    def has_test(self, name):
        if name == "check_order.py":
            return True
        if name.startswith("smp_local_"):
            return "smp_local_" in self.meson and f"'{name[10:]}'" in self.meson
        if re.fullmatch(r"[a-z]\w+", name):
            return re.search(rf"\b{name}\b[^;{{]*\)\s*\{{", self.tests) is not None
        return f'"{name}"' in self.tests or f"'{name}'" in self.meson

    def has_place(self, place):
        if "/" in place or place.endswith(".build"):
            return os.path.exists(os.path.join(self.root, place))
        name = place[:-2] if place.endswith("()") else place.removeprefix("struct ")
        return re.search(rf"\b{re.escape(name)}\b", self.library) is not None


def check_rule(sources, cells, variants, complain):
    rule, demand, manual, where, tests, broken = cells
    if not demand or not manual or not where:
        complain(f"{rule} lacks what is demanded, its source, or the place")
    for place in QUOTED.findall(where):
        if not sources.has_place(place):
            complain(f"{rule}: there is no {place}")
    if where.startswith("Does not apply: "):
        if tests or broken or rule in variants:
            complain(f"{rule} does not apply, but is tested")
        return
    names = QUOTED.findall(tests)
    for name in names:
        if not sources.has_test(name):
            complain(f"{rule}: there is no test {name}")
        elif "_" in name and name != "check_order.py" and not name.startswith("smp_") \
                and rule not in numbers_of(name):
            complain(f"{rule}: {name} hasn't got its number")
    if "check_order.py" in names and rule not in sources.ordered:
        complain(f"{rule} is in no checks/order-*.txt")
    if not any(rule in numbers_of(name) for name in names) and "check_order.py" not in names:
        complain(f"{rule} has no test by its number")
    if not broken or rule not in variants:
        complain(f"{rule} is not broken by test/teeth.txt")


def main(root):
    sys.path.insert(0, os.path.join(root, "test"))
    sys.dont_write_bytecode = True
    import teeth  # pylint: disable=import-outside-toplevel

    faults = []
    sources = Sources(root)
    text = read(os.path.join(root, "docs/rules.md"))
    variants = teeth.variants(os.path.join(root, "test/teeth.txt"))
    for variant in variants:
        if variant.apply(read(os.path.join(root, variant.file))) is None:
            faults.append(f"test/teeth.txt: {variant.rule}: its line is not in {variant.file}, or not once")
    broken = {variant.rule for variant in variants}
    seen = []
    for cells in rows(text, 6):
        if re.fullmatch(r"[AR]\d+", cells[0]):
            seen.append(cells[0])
            check_rule(sources, cells, broken, faults.append)
    faults += [f"{rule} has {seen.count(rule)} rows" for rule in RULES if seen.count(rule) != 1]
    faults += [f"{rule} is no rule" for rule in set(seen) - set(RULES)]
    mistakes = 0
    for cells in rows(text, 3):
        if cells[0] == "Mistake":
            continue
        mistakes += 1
        names = QUOTED.findall(cells[2])
        if not names:
            faults.append(f"no test for: {cells[0]}")
        faults += [f"{cells[0]}: there is no test {name}" for name in names if not sources.has_test(name)]
    # What has a number and isn't on the page.
    for name in set(re.findall(r"static void ((?:[ar]\d+_)+\w+)\(", sources.tests)):
        if f"`{name}`" not in text:
            faults.append(f"{name} is not on the page")
    said = re.search(r"(\d+) rules, (\d+) variants", text)
    if said is None or (int(said[1]), int(said[2])) != (len(broken), len(variants)):
        faults.append(f"the page says another number than {len(broken)} rules, {len(variants)} variants")
    for fault in faults:
        print(f"FAIL: {fault}")
    print(f"{len(seen)} rules, {len(broken)} of them broken in {len(variants)} ways, {mistakes} mistakes, "
          f"{len(faults)} faults")
    return 1 if faults or not mistakes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
