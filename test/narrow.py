#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds library and tests with pointers of 32 bits, and runs them.

  narrow.py DIR [TEST]...

Addresses are 64 bits everywhere in the library, whatever a pointer is; here that is tried. There is
seldom a CMocka for 32 bits beside one for 64, so narrow/cmocka.h stands in for it. Without gcc's
second set of libraries (Debian: gcc-12-multilib, libc6-dev-i386) the library alone is compiled, as
the compiler takes it without. The exit status is 1 if something doesn't compile or fails.
"""

import glob
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wcast-qual", "-Wmissing-prototypes",
            "-Wstrict-prototypes", "-Wundef", "-Wvla", "-Werror"]
FLAGS = ["-m32", "-std=c11", "-O1", "-g", "-D_FILE_OFFSET_BITS=64",
         '-DPROJECT_VERSION="0.1.0"', "-fsanitize=undefined", "-fno-sanitize-recover=all",
         # A word of a table that a test laid out is aligned to 4 bytes on i386, and meant to be.
         "-fno-sanitize=alignment"]
INCLUDES = [f"-I{ROOT}/{path}" for path in ("libvmm/include", "libvmm", "ports/aarch64",
                                            "ports/aarch64/include", "ports/riscv",
                                            "ports/riscv/include")]
TARGET_ONLY = ("mmu.c", "switch.c", "sync.c")
# What is about pointers of 64 bits, or needs a machine that has the addresses.
NOT_NARROW = {
    "test_beside": "needs stores of 64 bits",
    "test_seam_stands": "lays objects out over 20 GiB of addresses",
    "test_space_cost": "is built in a way of its own",
    "test_threads": "needs stores of 64 bits",
}
# Sources of its own that a test has beside the library's.
MORE = {"test_format_x86": ["examples/format/x86_64.c"]}


def names(pattern):
    return sorted(glob.glob(os.path.join(ROOT, pattern)))


def compiled(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False)
    if result.returncode:
        print("\n".join(result.stdout.split("\n")[:12]))
    return result.returncode == 0


def has_libraries(directory):
    source = os.path.join(directory, "try.c")
    with open(source, "w", encoding="ascii") as file:
        file.write("#include <stdio.h>\nint main(void) { return printf(\"\\n\") != 1; }\n")
    return subprocess.run(["gcc", "-m32", "-fsanitize=undefined", source, "-o", source + ".out"],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def main(argv):
    if len(argv) < 2:
        sys.exit(__doc__)
    directory = os.path.abspath(argv[1])
    os.makedirs(directory, exist_ok=True)
    complete = has_libraries(directory)
    library = [path for path in names("libvmm/*.c") + names("ports/aarch64/*.c")
               + names("ports/riscv/*.c") if os.path.basename(path) not in TARGET_ONLY]
    objects, bad = [], 0

    def build(path, flags):
        to = os.path.join(directory, os.path.relpath(path, ROOT).replace("/", "_") + ".o")
        return to if compiled(["gcc", *FLAGS[:3 if not complete else None], *flags, *INCLUDES, "-c",
                               path, "-o", to]) else None

    for path in library:
        objects.append(build(path, [*WARNINGS, "-ffreestanding"]))
    bad += objects.count(None)
    print(f"gcc-32: {len(objects) - bad} of {len(objects)} sources of the library compile without a "
          f"warning")
    if not complete:
        print("gcc-32: no test ran, as there are no libraries of 32 bits; Debian's packages are "
              "gcc-12-multilib and libc6-dev-i386")
        return 1 if bad else 0
    own = [f"-I{ROOT}/test/narrow", f"-I{ROOT}/test/support", f"-I{ROOT}/test", f"-I{ROOT}"]
    shared = [build(path, [*own, "-w"]) for path in
              names("test/support/*.c") + names("test/narrow/*.c")]
    if bad or None in shared:
        return 1
    passed = 0
    for path in names("test/test_*.c"):
        name = os.path.basename(path)[:-2]
        if name in NOT_NARROW or (argv[2:] and name[5:] not in argv[2:]):
            continue
        tests = [build(path, [*own, "-w"]) for path in
                 [path] + [os.path.join(ROOT, more) for more in MORE.get(name, [])]]
        program = os.path.join(directory, name)
        if None in tests or not compiled(["gcc", *FLAGS, *tests, *shared, *objects, "-o",
                                          program]):
            bad += 1
            continue
        result = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, errors="replace", check=False, timeout=900)
        if result.returncode:
            print(f"gcc-32: {name} failed:\n" + "\n".join(result.stdout.split("\n")[-12:]))
            bad += 1
        else:
            passed += 1
    print(f"gcc-32: {passed} programs passed, {bad} failed; left out: "
          + "; ".join(f"{name}, as it {why}" for name, why in NOT_NARROW.items()))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
