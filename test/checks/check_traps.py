#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library stops no CPU: no object has an instruction that traps, but for those that are meant.

  check_traps.py OBJDUMP READELF LIBRARY RULES

A compiler puts one where it takes a path for impossible, such as one that follows a pointer that is
NULL there: either the path is there and a fault, or the source is clearer without it. Each row of
the rules is a pattern for object and function, and the reason; one that nothing needs any more is
reported, too, if the object is there.
"""

import re
import sys

import objects

# As objdump spells them: Arm, RISC-V, x86.
TRAP = re.compile(r"^(brk|hlt|udf|(c\.)?ebreak|(c\.)?unimp|ud[012][ab]?|int3|int)$")


def main(objdump, readelf, library, rules):
    archive = objects.Archive(objdump, readelf, library)
    meant = {row.split()[0]: False for row in objects.read_rules(rules)}
    faults = 0
    count = 0
    for function in archive.functions:
        found = sorted({" ".join(i).strip() for i in function.instructions if TRAP.match(i[0])})
        count += len(function.instructions)
        if not found:
            continue
        reason = next((p for p in meant if re.fullmatch(p, function.full_name)), None)
        faults += reason is None
        if reason is not None:
            meant[reason] = True
        print(f"{'FAIL: a trap' if reason is None else 'meant'}: {function.full_name}: "
              f"{', '.join(found)}")
    members = {function.full_name.split(":")[0] for function in archive.functions}
    for pattern, is_used in meant.items():
        if not is_used and pattern.split(":")[0] in members:
            faults += 1
            print(f"FAIL: nothing that {pattern} means has a trap any more: take the row out")
    print(f"{len(archive.functions)} functions, {count} instructions")
    if not count:
        print("FAIL: the library is empty")
        faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
