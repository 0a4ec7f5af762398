#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Descriptors that walkers may be reading are stored by one instruction of 64 bits each.

  check_stores.py OBJDUMP READELF LIBRARY

In the loops that write rows of live descriptors every store is of one 64-bit register: nothing is torn, doubled
or made a vector of, whatever the compiler thought of the loop. The loop for tables that nobody sees yet may and on
AArch64 must store two at a time: this is where mapping spends its time.
"""

import re
import sys

import objects

LIVE = ("vmm_words_store_", "vmm_words_change_")
HIDDEN = "vmm_words_fill_"
STORE = re.compile(r"^(st\w+|c\.s[bhwd](sp)?|s[bhwd]|v?mov[au]p[sd]|vs\w+)$")
# Mnemonic and operands of a store of one 64-bit register.
SINGLE = re.compile(r"^(stu?r x\w+,.*|(c\.)?sd \w+,.*)$")
PAIR = re.compile(r"^stp x\w+, *x\w+,.*$")


def stores_of(archive, name):
    found = [f for f in archive.functions if f.name == name]
    if len(found) != 1:
        return None
    return [f"{mnemonic} {operands}" for mnemonic, operands in found[0].instructions
            if STORE.match(mnemonic)]


def main(objdump, readelf, library):
    archive = objects.Archive(objdump, readelf, library)
    faults = 0
    for name in (*LIVE, HIDDEN):
        stores = stores_of(archive, name)
        if not stores:
            print(f"FAIL: {name}: no such function, or it stores nothing")
            faults += 1
            continue
        if name in LIVE:
            wrong = [store for store in stores if not SINGLE.match(store)]
        else:
            is_arm = any(re.search(r"\bx\d", store) for store in stores)
            wrong = [] if not is_arm or any(map(PAIR.match, stores)) else ["one word at a time"]
        print(f"{name}: {len(stores)} stores")
        for store in wrong:
            print(f"FAIL: {name}: {store}")
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
