#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests vmm-precompute on kernels made here: good ones of every format, one for each refusal, damaged
images, full disks, and files with bytes of chance.

  run_precompute.py TOOL

Prints TAP. VMM_SEED and VMM_FUZZ_SECONDS steer the last case.
"""

import os
import random
import resource
import signal
import sys
import tempfile
import time

from images import Kernel
from place import CASES, Failure, Place, case, check
import good
import refused
import damaged


# --- files ---

@case
def a_full_disk_leaves_nothing_behind(place):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    data = place.write(Kernel().bytes())
    for arguments in (("-o", "out.elf"), ()):
        done = place.run("kernel.elf", *arguments, preexec_fn=limit)
        place.judge(done, "can't write '(out|kernel).elf': File too large")
        check(os.listdir(place.directory) == ["kernel.elf"], "a file was left behind")
        check(place.read("kernel.elf") == data, "the input was changed")


@case
def a_directory_that_is_not_there_is_refused(place):
    place.write(Kernel().bytes())
    done = place.run("kernel.elf", "-o", "nowhere/out.elf")
    place.judge(done, "can't make a file beside 'nowhere/out.elf'")


@case
def an_older_output_stays_when_the_tool_refuses(place):
    place.write(b"older", "out.elf")
    place.write(Kernel().bytes()[:-1])
    done = place.run("kernel.elf", "-o", "out.elf")
    check(done.returncode == 1 and place.read() == b"older", "the older output is gone")


# --- fuzzing ---

def mutated(chance, data):
    """A file with some of its bytes changed; most often where headers and requests are."""
    data = bytearray(data)
    edges = list(range(0, 64 + 3 * 56)) + list(range(len(data) - 2600, len(data)))
    kind = chance.randrange(10)
    if kind == 0:
        return bytes(data[:chance.randrange(len(data))])
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        offset = chance.choice(edges) if kind < 8 else chance.randrange(len(data))
        if chance.randrange(4) == 0:
            value = chance.choice((0, 1, 0x7f, 0x80, 0xff))
            width = chance.choice((1, 2, 4, 8))
            data[offset:offset + width] = bytes([value]) * len(data[offset:offset + width])
        else:
            data[offset] ^= 1 << chance.randrange(8)
    return bytes(data)


@case
def no_mutation_crashes_it_or_leaves_half_an_image(place):
    seed = int(os.environ.get("VMM_SEED", time.time_ns() % 1_000_000))
    print(f"# VMM_SEED={seed}")
    chance = random.Random(seed)
    originals = [Kernel("aarch64-4k").bytes(), Kernel("riscv-sv39", 0).bytes()]
    deadline = time.monotonic() + float(os.environ.get("VMM_FUZZ_SECONDS", 4))
    verdicts = {0: 0, 1: 0}
    rounds = 0
    while time.monotonic() < deadline or rounds < 100:
        rounds += 1
        data = mutated(chance, chance.choice(originals))
        place.write(data)
        done = place.run("kernel.elf", "-o", "out.elf", "-q")
        check(done.returncode in verdicts, f"round {rounds}: {done.returncode}: {done.stderr}")
        verdicts[done.returncode] += 1
        there = sorted(os.listdir(place.directory))
        check(there == ["kernel.elf"] + ["out.elf"] * (done.returncode == 0), f"left: {there}")
        if done.returncode == 0:
            again = place.run("--check", "-q", "out.elf")
            check(again.returncode == 0, f"round {rounds}: its own image: {again.stderr}")
            os.unlink(place.path("out.elf"))
    print(f"# {rounds} files: {verdicts[0]} accepted, {verdicts[1]} refused")
    check(verdicts[0] and verdicts[1], f"one-sided: {verdicts}")


def main(argv):
    Place.tool = os.path.abspath(argv[1])
    failed = False
    print(f"1..{len(CASES)}")
    for index, function in enumerate(CASES, 1):
        name = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as directory:
            try:
                function(Place(directory))
            except Failure as failure:
                failed = True
                print(f"not ok {index} - {name}")
                print("".join(f"# {line}\n" for line in str(failure).splitlines()), end="")
            else:
                print(f"ok {index} - {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
