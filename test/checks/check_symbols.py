#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library needs nothing but the hooks that it documents: not libc, not libgcc, no mem*.

  check_symbols.py OBJDUMP READELF LIBRARY RULES
"""

import re
import sys

import objects


def main(objdump, readelf, library, rules):
    archive = objects.Archive(objdump, readelf, library)
    allowed = [row.split()[0] for row in objects.read_rules(rules)]
    faults = 0
    for name, members in sorted(archive.undefined.items()):
        ok = any(re.fullmatch(pattern, name) for pattern in allowed)
        faults += not ok
        print(f"{'hook' if ok else 'FAIL: undefined'}: {name}, wanted by {', '.join(sorted(members))}")
    writable = [(m, s, n) for (m, s), all_ in archive.objects.items() for _, size, n in all_
                if s and size and s.startswith((".data", ".bss", ".sdata", ".sbss", ".tdata", ".tbss"))
                and not s.startswith(".data.rel.ro")]
    for member, section, name in writable:
        faults += 1
        print(f"FAIL: {name} in {member} is a global that changes ({section})")
    print(f"{len(archive.globals)} global symbols, {len(archive.undefined)} undefined, "
          f"{len(writable)} variables")
    if not archive.globals:
        print("FAIL: the library is empty")
        faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
