#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The CPU's own instructions stand in the order that a rule of docs/rules.md demands.

  check_order.py OBJDUMP READELF LIBRARY RULES [NAME]...

With NAMEs only those rules of the file RULES are judged. No machine here would notice if they
were broken: an emulator's CPU keeps an order of its own.
"""

import re
import sys

import objects

# Barriers, maintenance of caches and TLBs, registers of the system, calls of firmware.
KEPT = re.compile(r"^(dsb|dmb|isb|tlbi|ic|dc|at|msr|mrs|sys|fence.*|sfence.*|csr\w+|ecall)$")
REGISTER = re.compile(r"\b(x\d+|w\d+|[ast]\d+|ra|gp|tp|fp)\b")


def words_of(function):
    """The instructions as one line: registers are r, calls are "call"."""
    words = []
    for i, (mnemonic, operands) in enumerate(function.instructions):
        if mnemonic == "bl" or (mnemonic == "b" and i + 1 == len(function.instructions)):
            words.append("call")
        elif mnemonic in ("jal", "jalr", "jr", "j", "tail", "call") and function.calls \
                and not (mnemonic == "jr" and operands == "ra"):
            words.append("call")
        elif KEPT.match(mnemonic):
            words.append(f"{mnemonic} {REGISTER.sub('r', operands)}".strip())
    return words


def reached(archive, function):
    """The function and all that it calls."""
    found, queue = [], [function]
    while queue:
        here = queue.pop()
        if here in found:
            continue
        found.append(here)
        for target in sorted(here.calls):
            callee = archive.resolve(here, target)
            if callee is not None:
                queue.append(callee)
    return found


def is_kept(archive, place, wanted):
    if place == "*":
        text = "; ".join(word for function in archive.functions for word in words_of(function))
        return re.search(wanted, text) is None, "somewhere"
    name = place.lstrip("+")
    functions = [f for f in archive.functions if name in (f.name, f.full_name)]
    if len(functions) != 1:
        return False, f"{len(functions)} functions have the name"
    if place.startswith("+"):
        words = [word for f in reached(archive, functions[0]) for word in words_of(f)]
    else:
        words = words_of(functions[0])
    if "call" not in wanted:
        words = [word for word in words if word != "call"]
    return re.fullmatch(wanted, "; ".join(words)) is not None, "; ".join(words)


def main(objdump, readelf, library, rules, *wanted_names):
    archive = objects.Archive(objdump, readelf, library)
    judged = faults = 0
    for row in objects.read_rules(rules):
        names, place, wanted = [column.strip() for column in row.split(" | ")]
        if wanted_names and not set(wanted_names) & set(names.split()):
            continue
        judged += 1
        good, found = is_kept(archive, place, wanted)
        faults += not good
        if good:
            print(f"{names}: {place}")
        else:
            print(f"FAIL: {names}: {place} has {found}; wanted: {wanted}")
    print(f"{judged} rows, {faults} faults")
    return 1 if faults or not judged else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
