#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots the kernel fault, and compares what it says about its traps with QEMU's own log of them.

  run_faults.py --count NUMBER -- QEMU ARGUMENT...

QEMU logs each exception with the registers that it sets (-d int). What the kernel prints as cause,
address and PC must be there, in the same order, and nothing else may have happened in the kernel.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

PRINTED = re.compile(r"cause 0x([0-9a-f]+), address 0x([0-9a-f]+), pc 0x([0-9a-f]+)")
AARCH64 = re.compile(r"Taking exception \d+ \[(?:Data|Prefetch) Abort\]"
                     r".*?with ESR 0x[0-9a-f]+/0x([0-9a-f]+)"
                     r".*?with FAR 0x([0-9a-f]+).*?with ELR 0x([0-9a-f]+)", re.DOTALL)
# Without the traps of firmware: what the kernel gets are page faults, 12, 13 and 15.
RISCV = re.compile(r"async:0, cause:0*([cdf]), epc:0x([0-9a-f]+), tval:0x([0-9a-f]+)")


def triples(log):
    found = [(esr, far, elr) for esr, far, elr in AARCH64.findall(log)]
    found += [(cause, tval, epc) for cause, epc, tval in RISCV.findall(log)]
    return [tuple(int(word, 16) for word in triple) for triple in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--timeout", type=float, default=30, help="seconds, default 30")
    parser.add_argument("--count", type=int, required=True, help="how many faults there are")
    parser.add_argument("command", nargs="+", help="QEMU and its arguments")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "log")
        done = subprocess.run(args.command + ["-d", "int", "-D", path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=args.timeout, check=False)
        with open(path, encoding="utf-8", errors="replace") as file:
            logged = triples(file.read())
    text = done.stdout.replace(b"\r", b"").decode("utf-8", "replace")
    print(text)
    printed = [tuple(int(word, 16) for word in triple) for triple in PRINTED.findall(text)]

    for name, found in (("kernel", printed), ("QEMU", logged)):
        for cause, address, pc in found:
            print(f"{name:6}: cause {cause:#x}, address {address:#x}, pc {pc:#x}")
    faults = []
    if done.returncode != 0:
        faults.append(f"exit status {done.returncode}")
    if len(printed) != args.count:
        faults.append(f"the kernel spoke of {len(printed)} faults, not of {args.count}")
    if printed != logged:
        faults.append("kernel and QEMU disagree")
    for fault in faults:
        print("FAIL: " + fault)
    if not faults:
        print(f"PASS: {len(printed)} faults as QEMU logged them")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
