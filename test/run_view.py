#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots a kernel with precomputed tables, and compares QEMU's view of them with the tool's report.

  run_view.py --mailbox ADDRESS --tool VMM-PRECOMPUTE --image ELF -- QEMU ARGUMENT...
  run_view.py --gdb GDB --stop FUNCTION --tool VMM-PRECOMPUTE --image ELF -- QEMU ARGUMENT...

A word in the mailbox makes the kernel wait with its tables on; or gdb stops it where nothing in them
has been changed yet. On RISC-V QEMU lists all that is mapped
(info mem), which has to be the report's list. On AArch64 it is asked address by address (gva2gpa): the
first and last page of each extent in the report, the pages beside it, and every guard.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from run_word import Monitor, read_until

ROW = re.compile(r"^([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{16}) (\S+)", re.MULTILINE)


def number(text):
    return int(text, 16)


def read_report(tool, image):
    text = subprocess.run([tool, "--check", "--json", image], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)


def joined(rows):
    """Rows (va, pa, size, rights) in order, those that continue each other as one."""
    result = []
    for va, pa, size, rights in sorted(rows):
        if result:
            last = result[-1]
            if (last[0] + last[2], last[1] + last[2], last[3]) == (va, pa, rights):
                result[-1] = (last[0], last[1], last[2] + size, rights)
                continue
        result.append((va, pa, size, rights))
    return result


def rights_of(extent):
    execute = extent["execute"] or extent["user_execute"]
    return "".join((
        "r",
        "w" if extent["write"] else "-",
        "x" if execute else "-",
        "u" if extent["user"] else "-",
        "g" if extent["global"] else "-",
    ))


def compare_lists(report, text):
    """The accessed and dirty bits, which info mem shows last, are no rights."""
    seen = joined((number(va), number(pa), number(size), attributes[:5])
                  for va, pa, size, attributes in ROW.findall(text))
    told = joined((number(e["va"]), number(e["pa"]), number(e["size"]), rights_of(e))
                  for e in report["walk"])
    if not seen:
        return ["QEMU lists nothing"]
    faults = [f"only QEMU has {va:#x} {pa:#x} {size:#x} {rights}"
              for va, pa, size, rights in seen if (va, pa, size, rights) not in told]
    faults += [f"QEMU lacks {va:#x} {pa:#x} {size:#x} {rights}"
               for va, pa, size, rights in told if (va, pa, size, rights) not in seen]
    return faults


def questions(report):
    """Addresses, and where the report says that they lead; None: nowhere."""
    page = report["page_size"]
    extents = [(number(e["va"]), number(e["pa"]), number(e["size"])) for e in report["walk"]]

    def leads_to(va):
        for start, pa, size in extents:
            if start <= va < start + size:
                return pa + va - start
        return None

    addresses = set()
    for start, _, size in extents:
        addresses |= {start, start + size - 1, start + size // 2, start + size}
        addresses |= {start - page} if start >= page else set()
    for mapping in report["mappings"]:
        if mapping["kind"] == "guard":
            addresses |= {number(mapping["va"]), number(mapping["va"]) + page - 1}
    return [(va, leads_to(va)) for va in sorted(addresses) if va < 1 << 64]


def compare_addresses(report, monitor):
    faults = []
    for va, pa in questions(report):
        answer = monitor.ask(f"gva2gpa {va:#x}")
        if answer != ("Unmapped" if pa is None else f"gpa: {pa:#x}"):
            faults.append(f"QEMU says that {va:#x} is '{answer}', the report "
                          + ("that it is unmapped" if pa is None else f"{pa:#x}"))
    return faults


def judge(report, monitor):
    guards = [m for m in report["mappings"] if m["kind"] == "guard"]
    if not report["walk"] or not guards:
        return ["the report has no mapping, or no guard"]
    faults = compare_addresses(report, monitor)
    if report["format"].startswith("riscv"):
        faults += compare_lists(report, monitor.ask("info mem"))
    return faults


def wait_for_word(process, deadline):
    """By the kernel itself, which finds a word in its mailbox."""
    text = read_until(process, rb"held|failed|trap", deadline)
    print(text)
    return [] if "held" in text else ["the kernel did not come to wait"]


def stop_by_gdb(args, path):
    """Leaves the machine stopped at the function."""
    script = f"{path}.script"
    with open(script, "w", encoding="utf-8") as file:
        file.write("set pagination off\nset confirm off\n"
                   f"target remote {path}\nhbreak {args.stop}\ncontinue\n"
                   "echo --stopped\\n\ninfo symbol $pc\ndisconnect\n")
    done = subprocess.run([args.gdb, "-nx", "-batch", "-x", script, args.image],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30, check=False, text=True)
    print(done.stdout)
    is_there = re.search(rf"^--stopped\n{args.stop} ", done.stdout, re.MULTILINE)
    return [] if is_there else [f"gdb did not stop at {args.stop}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--timeout", type=float, default=30, help="seconds, default 30")
    parser.add_argument("--mailbox", type=lambda s: int(s, 0))
    parser.add_argument("--gdb")
    parser.add_argument("--stop")
    parser.add_argument("--tool", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("command", nargs="+", help="QEMU and its arguments")
    args = parser.parse_args()

    report = read_report(args.tool, args.image)
    deadline = time.monotonic() + args.timeout
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "qmp")
        stub = os.path.join(directory, "gdb")
        command = args.command + ["-qmp", f"unix:{path},server=on,wait=off"]
        if args.gdb:
            command += ["-S", "-chardev", f"socket,path={stub},server=on,wait=off,id=gdb",
                        "-gdb", "chardev:gdb"]
        else:
            command += ["-device", f"loader,addr={args.mailbox:#x},data=1,data-len=8"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            try:
                monitor = Monitor(path, deadline)
                faults = (stop_by_gdb(args, stub) if args.gdb
                          else wait_for_word(process, deadline))
                faults = faults or judge(report, monitor)
            finally:
                process.kill()
    for fault in faults:
        print("FAIL: " + fault)
    if not faults:
        print(f"PASS: QEMU finds what the report says, {len(report['walk'])} extents")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
