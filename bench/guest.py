# SPDX-License-Identifier: MIT
"""Instructions of a guest, counted exactly by QEMU.

    guest.py [--json FILE] [--keep] --build NAME=DIR...

Operations: a program without MMU reads its CPU's counter before and after each; with -icount shift=0
the counter counts instructions. Until the MMU is on: QEMU executes the hello kernel instruction by instruction,
and tells each address.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import page

COMMON = ["-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none"]
GUEST = {"aarch64": ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53", "-m", "128M"],
         "riscv64": ["qemu-system-riscv64", "-M", "virt", "-bios", "none", "-m", "128M"]}
OBJDUMP = {"aarch64": "aarch64-linux-gnu-objdump", "riscv64": "riscv64-unknown-elf-objdump"}
READELF = {"aarch64": "aarch64-linux-gnu-readelf", "riscv64": "riscv64-unknown-elf-readelf"}
# The function that switches the MMU on, and the instruction in it that does.
ENABLE = {"aarch64": ("vmm_aarch64_enable", r"\bmsr\s+sctlr_el1"),
          "riscv64": ("vmm_riscv_enable", r"\bcsrw\s+satp")}
MOST = 20_000_000


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def operations(build, folder):
    cpu = build.split("-")[0]
    command = GUEST[cpu] + COMMON + ["-icount", "shift=0,sleep=off",
                                     "-kernel", os.path.join(folder, "bench", "guest.elf")]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            timeout=120)
    lines = result.stdout.splitlines()
    if not lines or lines[-1] != "done":
        sys.exit(f"{build}: {lines[-1] if lines else 'the guest printed nothing'}")
    for line in lines[:-1]:
        _, subject, operation, _, value, _ = line.split("\t")
        yield subject, operation, int(value)


def address_of_enable(cpu, elf):
    function, pattern = ENABLE[cpu]
    inside = False
    for line in run([OBJDUMP[cpu], "-d", elf]).splitlines():
        label = re.match(r"^[0-9a-f]+ <(.+)>:$", line)
        if label:
            inside = label[1] == function
        elif inside and re.search(pattern, line):
            return int(line.split(":")[0], 16)
    sys.exit(f"{elf} never switches the MMU on")


def entry_of(cpu, elf):
    return int(re.search(r"Entry point address:\s+0x([0-9a-f]+)", run([READELF[cpu], "-h", elf]))[1], 16)


def boots(folder):
    """The tests that boot the hello kernel: port and QEMU's command."""
    for test in json.loads(run(["meson", "introspect", "--tests", folder])):
        match = re.fullmatch(r"hello-([\w-]+)", test["name"])
        if match:
            yield match[1], test["cmd"][test["cmd"].index("--") + 1:]


def until_enabled(cpu, folder, port, command):
    """Instructions from the kernel's first one until the MMU is on. Firmware before it isn't counted."""
    elf = os.path.join(folder, "examples", f"hello-{port}.elf")
    first, last = entry_of(cpu, elf), address_of_enable(cpu, elf)
    count, started = 0, False
    with tempfile.TemporaryDirectory() as place:
        pipe = os.path.join(place, "log")
        os.mkfifo(pipe)
        # Other cores wait in loops of the board's own: only the first one is counted.
        process = subprocess.Popen(command + ["-singlestep", "-d", "exec,nochain", "-D", pipe,
                                              "-dfilter", f"{first:#x}+0x1000000"],
                                   cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with open(pipe, encoding="ascii", errors="replace") as log:
            for line in log:
                match = re.match(r"Trace 0: \S+ \[[0-9a-f]+/([0-9a-f]+)/", line)
                address = int(match[1], 16) if match else None
                started = started or address == first
                count += started and match is not None
                if started and address == last or count == MOST:
                    break
        process.kill()
        process.wait()
    if not started or count == MOST:
        sys.exit(f"{elf}: the MMU was not switched on within {MOST} instructions")
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", action="append", required=True)
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    rows = []
    for build, folder in (text.split("=", 1) for text in options.build):
        cpu, compiler = build.split("-")

        def add(subject, operation, value):
            rows.append({"area": "guest", "subject": subject, "operation": operation, "who": "lib",
                         "compiler": compiler, "unit": "instructions", "median": value})

        for subject, operation, value in operations(build, folder):
            add(subject, operation, value)
        for port, command in boots(folder):
            add(port, "start of hello to MMU on", until_enabled(cpu, folder, port, command))
    print(f"{'instructions':54}{'gcc':>12}{'clang':>12}")
    values = {(row["subject"], row["operation"], row["compiler"]): row["median"] for row in rows}
    for subject, operation in dict.fromkeys((row["subject"], row["operation"]) for row in rows):
        cells = [values.get((subject, operation, compiler), "") for compiler in ("gcc", "clang")]
        print(f"{subject:18}{operation:36}" + "".join(f"{cell:>12}" for cell in cells))
    if options.keep:
        page.keep("guest", {"figures": rows})
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"figures": rows}, file, indent=1)
            file.write("\n")


main()
