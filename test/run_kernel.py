#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots a kernel in QEMU and judges it.

The kernel passes when QEMU exits with the expected status before the timeout, and every expected
line appears. An expectation file holds one regular expression per line: each is searched in the
lines after the one that the expression before it matched. "!" in front means that no line matches.
Empty lines and lines that start with "#" are ignored, "\\!" and "\\#" start an expression.

With --pages what the project's pages show of this kernel's output has to be in it, too.
"""

import argparse
import os
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "docs"))
import transcript  # noqa: E402


def read_expectations(paths):
    wanted, forbidden = [], []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\n")
                if not line.strip() or line.startswith("#"):
                    continue
                place = f"{os.path.basename(path)}:{number}"
                target = forbidden if line.startswith("!") else wanted
                if line.startswith("!"):
                    line = line[1:]
                try:
                    target.append((place, re.compile(line)))
                except re.error as error:
                    sys.exit(f"{place}: {line!r} is no regular expression: {error}")
    if not wanted:
        sys.exit(f"no expectation in {', '.join(paths)}")
    return wanted, forbidden


def run(command, timeout, live):
    """Returns the transcript, the exit status (None: killed at the timeout) and the seconds."""
    start = time.monotonic()
    deadline = start + timeout
    chunks, status = [], None
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        fd = process.stdout.fileno()
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                process.kill()
                break
            data = os.read(fd, 65536)
            if not data:
                try:
                    status = process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                break
            data = data.replace(b"\r", b"")
            chunks.append(data)
            if live:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
    return b"".join(chunks).decode("utf-8", "replace"), status, time.monotonic() - start


def judge(text, wanted, forbidden):
    faults = []
    lines = text.split("\n")
    position = 0
    for place, pattern in wanted:
        for number in range(position, len(lines)):
            if pattern.search(lines[number]):
                position = number + 1
                break
        else:
            faults.append(f"{place}: no line matches {pattern.pattern!r}"
                          + (f" after line {position}, {lines[position - 1]!r}" if position else ""))
            break
    for place, pattern in forbidden:
        for number, line in enumerate(lines, 1):
            if pattern.search(line):
                faults.append(f"{place}: line {number} must not match {pattern.pattern!r}: {line!r}")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--timeout", type=float, default=30, help="seconds, default 30")
    parser.add_argument("--expect", action="append", required=True, metavar="FILE")
    parser.add_argument("--status", type=int, default=0, help="expected exit status, default 0")
    parser.add_argument("--pages", nargs=2, metavar=("ROOT", "NAME"),
                        help="where pages are, and the name that this output has in them")
    parser.add_argument("--live", action="store_true", help="show the output while it comes")
    parser.add_argument("command", nargs="+", help="QEMU and its arguments")
    args = parser.parse_args()

    wanted, forbidden = read_expectations(args.expect)
    # So that the command can be repeated from anywhere.
    args.command = [os.path.abspath(word) if os.path.isfile(word) else word
                    for word in args.command]
    text, status, seconds = run(args.command, args.timeout, args.live)
    faults = []
    if status is None:
        faults.append(f"no exit within {args.timeout:g} s")
    elif status != args.status:
        faults.append(f"exit status {status}, expected {args.status}")
    faults += judge(text, wanted, forbidden)
    if args.pages:
        faults += transcript.differences(*args.pages, text)

    if not args.live:
        sys.stdout.write(text)
    if text and not text.endswith("\n"):
        print()
    if faults:
        print("command: " + " ".join(args.command))
        for fault in faults:
            print("FAIL: " + fault)
        return 1
    print(f"PASS: exit status {status}, {len(wanted)} expected lines in order, {seconds:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
