#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a fuzz target: the corpus first, then whatever libFuzzer makes of it.

  run.py TARGET CORPUS --seconds N [--keep DIR]

The corpus is only read. With --keep, inputs that reach new code are collected in DIR, and go on from
there the next time. An input that fails is left beside the target as TARGET-crash-...; run the target
with it as its argument to see the failure again. The exit status is libFuzzer's.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile


def run(target, corpus, seconds, keep):
    command = [os.path.abspath(target), keep]
    if os.path.isdir(corpus):
        command.append(os.path.abspath(corpus))
    command += [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-print_final_stats=1",
        "-verbosity=1",
        f"-artifact_prefix={os.path.abspath(target)}-",
    ]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target")
    parser.add_argument("corpus")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--keep")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if args.keep:
            os.makedirs(args.keep, exist_ok=True)
        result = run(args.target, args.corpus, args.seconds, args.keep or scratch)
    text = result.stdout.decode(errors="replace")
    if result.returncode != 0:
        print(text[-6000:])
        return result.returncode
    units = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
    reached = re.findall(r"cov: (\d+)", text)
    name = os.path.basename(args.target)
    # ./dev prints what begins so.
    print(f"figure: {name}: {units.group(1) if units else '?'} inputs in {args.seconds} s, "
          f"{reached[-1] if reached else '?'} edges reached")
    return 0


if __name__ == "__main__":
    sys.exit(main())
