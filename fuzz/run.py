#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a fuzz target: the corpus first, then whatever libFuzzer makes of it.

  run.py TARGET CORPUS [--seconds N] [--keep DIR]   runs it; 3 s by default
  run.py TARGET CORPUS --shrink DIR                 writes CORPUS anew: the fewest inputs of DIR that
                                                    reach all that DIR reaches

CORPUS is a text file: one input per line, in hexadecimal digits. With --keep, inputs that reach
new code are collected in DIR, and go on from there the next time. An input that fails is left beside
the target as TARGET-crash-...; run the target with it as its argument to see the failure again. The
exit status is libFuzzer's.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

HEAD = "# SPDX-License-Identifier: MIT\n"


def unpack(corpus, directory):
    if not os.path.exists(corpus):
        return
    with open(corpus, encoding="ascii") as file:
        inputs = [bytes.fromhex(line) for line in file if not line.startswith("#")]
    for number, data in enumerate(inputs):
        with open(os.path.join(directory, f"corpus-{number}"), "wb") as file:
            file.write(data)


def pack(directory, corpus):
    inputs = []
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            inputs.append(file.read())
    with open(corpus, "w", encoding="ascii") as file:
        file.write(HEAD)
        file.writelines(data.hex() + "\n" for data in sorted(inputs, key=lambda i: (len(i), i)))
    return len(inputs)


def run(target, directories, options):
    command = [os.path.abspath(target), *options, "-max_len=4096", "-timeout=20",
               f"-artifact_prefix={os.path.abspath(target)}-", *directories]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False)
    return result.returncode, result.stdout.decode(errors="replace")


def fuzz(args):
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as found:
        unpack(args.corpus, scratch)
        if args.keep:
            os.makedirs(args.keep, exist_ok=True)
        status, text = run(args.target, [args.keep or found, scratch],
                           [f"-max_total_time={args.seconds}", "-print_final_stats=1"])
    if status != 0:
        print(text[-6000:])
        return status
    units = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
    reached = re.findall(r"cov: (\d+)", text)
    # ./dev prints what begins so.
    print(f"figure: {os.path.basename(args.target)}: {units.group(1) if units else '?'} inputs in "
          f"{args.seconds} s, {reached[-1] if reached else '?'} edges reached")
    return 0


def shrink(args):
    with tempfile.TemporaryDirectory() as scratch:
        # Edges alone, not how often each was passed: that would take very many inputs.
        status, text = run(args.target, [scratch, args.shrink], ["-merge=1", "-use_counters=0"])
        if status != 0:
            print(text[-6000:])
            return status
        print(f"{args.corpus}: {pack(scratch, args.corpus)} inputs")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target")
    parser.add_argument("corpus")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--keep")
    parser.add_argument("--shrink")
    args = parser.parse_args()
    return shrink(args) if args.shrink else fuzz(args)


if __name__ == "__main__":
    sys.exit(main())
