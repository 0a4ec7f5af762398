#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every object of the library was compiled with the flags that its objects can't show.

  check_flags.py COMPILE_COMMANDS TARGET FLAG...

An access by a pointer looks the same whether the compiler knows it to be aligned or doesn't care: only
the command tells.
"""

import json
import shlex
import sys


def main(path, target, *flags):
    with open(path, encoding="utf-8") as file:
        commands = [c for c in json.load(file) if c["output"].startswith(target + ".p/")]
    faults = 0
    for command in commands:
        missing = set(flags) - set(shlex.split(command["command"]))
        if missing:
            faults += 1
            print(f"FAIL: {command['file']} without {' '.join(sorted(missing))}")
    print(f"{len(commands)} objects, each with {' '.join(flags)}")
    if not commands:
        print("FAIL: no object")
    return 1 if faults or not commands else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
