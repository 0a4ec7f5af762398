#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots the torture kernel many times with fresh seeds, for ./dev torture.

  torture.py [--boots N] [--port PORT] [--cores N] [--steps N] [--seed SEED] [--qemu DIR]
             BUILD_DIR...

The boots of each port are on one core and on four in turn. What is run is Meson's boot tests of the
kernel, with other words in the mailbox. The first boot that goes wrong is shown and ends it, with
the command that repeats it.
"""

import argparse
import collections
import json
import os
import re
import secrets
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run_kernel  # noqa: E402

SUMMARY = re.compile(r"^(?:operations|cut|accesses|faults|asked): .*", re.MULTILINE)
FIGURE = re.compile(r"(\d+) ([A-Za-z ]+)")
# Words of the mailbox: see examples/torture/main.c.
SEED, STEPS, CORES = 0x00, 0x08, 0x10


def boots(build_dir):
    """The ports of a build: how QEMU is called for each, and where the mailbox is."""
    path = os.path.join(build_dir, "meson-info", "intro-tests.json")
    with open(path, encoding="utf-8") as file:
        tests = json.load(file)
    for test in tests:
        if test["name"].startswith("torture_one-"):
            cmd = test["cmd"]
            split = cmd.index("--")
            mailbox = int(re.search(r"addr=(0x[0-9a-f]+)", cmd[-1]).group(1), 16) - CORES
            one = cmd[cmd.index("--expect") + 1]
            expect = {1: one, 4: one.replace("-one", "")}
            yield test["name"].split("-", 1)[1], cmd[split + 1:-2], mailbox, expect, build_dir


def command_of(qemu, mailbox, cores, seed, steps, directory):
    command = list(qemu)
    if directory:
        command[0] = os.path.join(directory, os.path.basename(command[0]))
    # A machine that can have fewer cores has one; on the others the rest is not started.
    if cores == 1 and "raspi3b" not in command:
        command[command.index("-smp") + 1] = "1"
    for offset, word in ((SEED, seed), (STEPS, steps), (CORES, cores % 4)):
        if word != 0:
            command += ["-device", f"loader,addr={mailbox + offset:#x},data={word:#x},data-len=8"]
    return command


def judge(command, expect, timeout, cwd):
    os.chdir(cwd)
    text, status, seconds = run_kernel.run(command, timeout, False)
    wanted, forbidden = run_kernel.read_expectations([expect])
    # The seed is another one, and with few steps little is cut.
    wanted = [(place, pattern) for place, pattern in wanted
              if re.match(r"\^(torture|cores|differences)", pattern.pattern)]
    faults = run_kernel.judge(text, wanted, forbidden)
    if status != 0:
        faults.append("no exit" if status is None else f"exit status {status}")
    return text, faults, seconds


def add_up(text, total):
    """What the summary counts, by its own words."""
    for line in SUMMARY.findall(text):
        for figure, word in FIGURE.findall(line):
            total[word.strip()] += int(figure)
    total["accesses"] += sum(int(n) for n in re.findall(r"^accesses: (\d+)", text, re.MULTILINE))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--boots", type=int, default=10, help="of each port, default 10")
    parser.add_argument("--port")
    parser.add_argument("--steps", type=int, default=0, help="default: the kernel's own")
    parser.add_argument("--cores", type=int, choices=(1, 4), help="default: both in turn")
    parser.add_argument("--seed", type=lambda s: int(s, 0), help="of every boot, default: random")
    parser.add_argument("--qemu", metavar="DIR", help="where QEMU's programs are")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("build_dir", nargs="+")
    args = parser.parse_args()

    there = sorted((entry for name in args.build_dir for entry in boots(os.path.abspath(name))),
                   key=lambda entry: entry[0])
    chosen = [entry for entry in there if args.port in (None, entry[0])]
    if not chosen:
        print("No such port. There are: " + " ".join(entry[0] for entry in there))
        return 2
    total, count, begin = collections.Counter(), 0, time.monotonic()
    for port, qemu, mailbox, expect, cwd in chosen:
        start = time.monotonic()
        for number in range(args.boots):
            seed = args.seed or secrets.randbits(63) | 1
            cores = args.cores or (1, 4)[number % 2]
            command = command_of(qemu, mailbox, cores, seed, args.steps, args.qemu)
            text, faults, seconds = judge(command, expect[cores], args.timeout, cwd)
            count += 1
            if faults:
                print(text)
                print(f"in {cwd}: " + " ".join(command))
                for fault in faults:
                    print(f"FAIL: {port}, boot {number + 1}: {fault}")
                print(f"verdict: FAIL after {count - 1} good boots, the last took {seconds:.1f} s")
                return 1
            add_up(text, total)
        print(f"{port}: {args.boots} boots in {time.monotonic() - start:.0f} s", flush=True)
    print(", ".join(f"{figure} {word}" for word, figure in total.items()))
    print(f"verdict: PASS, {count} boots in {time.monotonic() - begin:.0f} s, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
