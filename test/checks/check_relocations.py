#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Code runs at any address, and before the MMU and the FPU are on.

  check_relocations.py OBJDUMP READELF LIBRARY RULES

In code only PC-relative relocations, no global offset table, no floating-point register, no
instruction that needs more than general registers. Data that holds addresses, which are the linker's
until someone relocates them, has to be named in RULES: the object, the functions that may refer to it,
and why it is one; the first two are regular expressions.
"""

import collections
import re
import sys

import objects

PC_RELATIVE = re.compile(r"""
    R_AARCH64_( ADR_PREL_LO21 | ADR_PREL_PG_HI21(_NC)? | ADD_ABS_LO12_NC | LDST\d+_ABS_LO12_NC
              | CALL26 | JUMP26 | CONDBR19 | TSTBR14 | LD_PREL_LO19 | PREL32 | PREL64 )
  | R_RISCV_( PCREL_HI20 | PCREL_LO12_[IS] | CALL | CALL_PLT | BRANCH | JAL | RVC_BRANCH | RVC_JUMP
            | RELAX | ALIGN | 32_PCREL )
""", re.VERBOSE)
ADDRESS = re.compile(r"R_AARCH64_ABS\d+|R_RISCV_(32|64)")
# A SIMD or floating-point register of AArch64 as an operand; RISC-V's rv64imac has none.
# Branches have addresses as operands, which look alike.
BRANCH = re.compile(r"b|bl|b\..*|cbn?z|tbn?z|adrp?")
FLOAT = re.compile(r"(?<![\w#<.])(?:[vqdshb]\d{1,2})(?:\.\w+)?(?=[,\]} ]|$)")
IGNORED = re.compile(r"\.(debug|eh_frame|comment|note|riscv)")


def main(objdump, readelf, library, rules):
    archive = objects.Archive(objdump, readelf, library)
    allowed = [row.split(None, 2) for row in objects.read_rules(rules)]
    faults = []
    kinds = collections.Counter()
    holders = collections.defaultdict(int)
    for member, section, offset, kind, target in archive.data:
        if section.startswith(".text"):
            kinds[kind] += 1
            if not PC_RELATIVE.fullmatch(kind):
                faults.append(f"{member} {section}+{offset:#x}: {kind} {target} in code")
        elif not IGNORED.match(section) and ADDRESS.fullmatch(kind):
            holders[(archive.object_at(member, section, offset), member, section)] += 1

    referrers = collections.defaultdict(set)
    for function in archive.functions:
        for _, target in function.relocations:
            referrers[archive.object_named(function, target)].add(function)
    for (name, member, section), number in sorted(holders.items()):
        users = referrers.get((name, member), set())
        print(f"addresses in data: {name} ({member}): {number}, used by "
              + (", ".join(sorted(map(str, users))) or "no code"))
        rows = [row for row in allowed if re.fullmatch(row[0], name)]
        if not rows:
            faults.append(f"{name} in {member} ({section}) holds {number} addresses and isn't in the "
                          "rules")
        for function in users:
            if rows and not any(re.fullmatch(row[1], function.name) for row in rows):
                faults.append(f"{function} refers to {name}, which holds addresses")

    instructions = 0
    arm = any(kind.startswith("R_AARCH64") for kind in kinds) or "aarch64" in objdump
    for function in archive.functions:
        instructions += len(function.instructions)
        for mnemonic, operands in function.instructions if arm else ():
            if not BRANCH.fullmatch(mnemonic) and FLOAT.search(operands):
                faults.append(f"{function}: {mnemonic} {operands} uses a floating-point register")
    for kind, number in sorted(kinds.items()):
        print(f"{kind}: {number}")
    formats = {m: n for m, n in archive.code_size.items() if "_format." in m}
    print(f"figure: {sum(archive.code_size.values())} bytes of code, "
          f"{sum(formats.values())} of them in {', '.join(formats) or 'formats'}")
    print(f"{len(archive.functions)} functions, {instructions} instructions, "
          f"{sum(kinds.values())} relocations in code")
    if not instructions:
        faults.append("the library has no code")
    for fault in faults:
        print("FAIL: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
