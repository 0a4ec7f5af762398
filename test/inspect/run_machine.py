#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stops a kernel where it ends, and compares what it printed with what gdb and vmm-inspect find.

  run_machine.py --gdb GDB --script VMM-GDB.PY --inspect VMM_INSPECT --elf KERNEL --manager EXPRESSION
                 -- QEMU ARGUMENT...

gdb comes first, by vmm-gdb.py, and leaves the machine stopped; then vmm-inspect looks at the same
machine, with the names that gdb wrote.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import tap

# A line of vmm_print: addresses, none behind them for a guard, rights, the name.
PRINTED = re.compile(r"^ *(0x[0-9a-f_]+)\.\.(0x[0-9a-f_]+) (?:--> (0x[0-9a-f_]+)\.\.0x[0-9a-f_]+)? *"
                     r"\|[^|]*\| ([^|]*?) *\| (.*?)\r?$", re.MULTILINE)
# A line of `vmm record`.
RECORDED = re.compile(r"^(0x[0-9a-f_]+)-([0-9a-f_]+) \([^)]*\) (?:no access|at (0x[0-9a-f_]+), (.*?)), "
                      r"(mapping|device|guard|lazy): (.*)$", re.MULTILINE)


def number(text):
    return int(text.replace("_", ""), 16)


class Machine:
    """QEMU, a kernel and both tools' findings."""

    def __init__(self, args, directory):
        self.socket = os.path.join(directory, "gdb")
        self.names = os.path.join(directory, "names")
        self.args = args
        command = args.command + ["-S", "-chardev",
                                  f"socket,path={self.socket},server=on,wait=off,id=gdb",
                                  "-gdb", "chardev:gdb"]
        with open(os.path.join(directory, "console"), "w+b") as console:
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console,
                                  stderr=subprocess.STDOUT) as process:
                try:
                    self.wait_for_socket()
                    self.found = self.run_gdb(directory)
                    self.by_walk = self.inspect("--names", self.names, "--list", "--walk", "0",
                                                allowed=(0, 1))
                    self.document = json.loads(self.inspect("--names", self.names, "--json", "-"))
                finally:
                    process.kill()
            console.seek(0)
            self.console = console.read().decode("utf-8", "replace")

    def wait_for_socket(self):
        deadline = time.monotonic() + 30
        while not os.path.exists(self.socket):
            tap.true(time.monotonic() < deadline, "QEMU doesn't listen for gdb")
            time.sleep(0.02)

    def run_gdb(self, directory):
        script = os.path.join(directory, "script.gdb")
        steps = [
            "set pagination off", "set confirm off", "set width 0",
            f"target remote {self.socket}", "hbreak board_exit", "continue", "delete",
            f"source {self.args.script}", f"set $vmm = &({self.args.manager})",
            "echo --record\\n", "vmm record", "echo --print\\n", "print *$vmm",
            "echo --pool\\n", "print $vmm->record.pool[0]", "print $vmm->area",
            "print *$vmm->table", "print $vmm->table->borrowed",
            "echo --space\\n", "vmm space $vmm->area", "echo --tree\\n",
            "vmm space /t $vmm->area", "echo --table\\n", "vmm table",
            f"echo --names\\n\nvmm names {self.names}",
            "echo --walk\\n",
            f"python [gdb.execute('vmm walk ' + line.split()[0]) for line in open('{self.names}')]",
            "echo --physical\\n",
            f"python [gdb.execute('vmm walk /p ' + line.split()[0]) for line in open('{self.names}')]",
            "disconnect",
        ]
        with open(script, "w", encoding="utf-8") as file:
            file.write("\n".join(steps) + "\n")
        done = subprocess.run([self.args.gdb, "-nx", "-batch", "-x", script, self.args.elf],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
        text = done.stdout.decode("utf-8", "replace")
        tap.true(done.returncode == 0 and "--physical" in text, f"gdb failed:\n{text}")
        parts = re.split(r"^--(\w+)$", text, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2]))

    def inspect(self, *options, allowed=(0,)):
        done = subprocess.run([self.args.inspect, "--gdb", self.socket, *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                              check=False)
        tap.true(done.returncode in allowed, done.stderr.decode())
        return done.stdout.decode()

    def printed(self):
        """What the kernel printed last: (first, last, physical or None, rights, name)."""
        rows = PRINTED.findall(self.console)
        tap.true(rows, f"the kernel printed no record:\n{self.console}")
        starts = [i for i, row in enumerate(rows) if i == 0 or number(row[0]) < number(rows[i - 1][0])]
        return [(number(first), number(last), number(pa) if pa else None, rights, name)
                for first, last, pa, rights, name in rows[starts[-1]:]]

    def recorded(self, part="record"):
        return [(number(first), number(last), number(pa) if pa else None, rights, kind, names)
                for first, last, pa, rights, kind, names in RECORDED.findall(self.found[part])]


def compare_record(machine):
    recorded = machine.recorded()
    printed = machine.printed()
    tap.same([row[:3] for row in recorded], [row[:3] for row in printed], "addresses")
    for found, said in zip(recorded, printed):
        if said[2] is not None:
            words = found[3].split()
            access = " ".join(said[3].split()[1:])
            tap.true(said[3].split()[0] == words[0] and access in found[3],
                     f"{said[4]}: {found[3]!r}, not {said[3]!r}")
        tap.same(found[5].split(", ")[0], said[4], "a name")
    tap.same(machine.recorded("print"), recorded, "what print shows")


def compare_names(machine):
    with open(machine.names, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(" ", 3) for line in file]
    tap.same([(int(start, 16), int(start, 16) + int(size, 16) - 1, kind, name)
              for start, size, kind, name in rows],
             [(row[0], row[1], row[4], row[5]) for row in machine.recorded()], "names")


def compare_space(machine):
    """Ranges and gaps fill the area without a hole; the tree has the same ranges."""
    pieces = re.findall(r"^  (range|guard|gap  ) (0x[0-9a-f_]+)-([0-9a-f_]+)",
                        machine.found["space"], re.MULTILINE)
    area = re.search(r"^(0x[0-9a-f_]+)-([0-9a-f_]+)", machine.found["space"].strip())
    position = number(area.group(1))
    for _, first, last in pieces:
        tap.same(number(first), position, "where a piece starts")
        position = number(last) + 1
    tap.same(position, number(area.group(2)) + 1, "where the last piece ends")
    ranges = [first for kind, first, _ in pieces if kind == "range"]
    tree = re.findall(r"^ +(?:red|black) (0x[0-9a-f_]+)", machine.found["tree"], re.MULTILINE)
    tap.same(tree, ranges, "ranges in the tree")
    colors = re.findall(r"^( +)(red|black) ", machine.found["tree"], re.MULTILINE)
    tap.same([color for indent, color in colors if len(indent) == 2], ["black"], "the root's color")


def compare_walks(machine):
    for part in ("walk", "physical"):
        text = machine.found[part]
        for first, _, pa, _, kind, name in machine.recorded():
            at = text.split(grouped(first) + "\n", 1)
            tap.true(len(at) == 2, f"{name}: not walked")
            end = re.search(r"^  (?:physical (0x[0-9a-f_]+)|(not mapped))$", at[1], re.MULTILINE)
            if kind == "lazy":
                continue
            tap.same(number(end.group(1)) if end.group(1) else None, pa, f"where {name} leads")


def grouped(address):
    digits = f"{address:016x}"
    return "0x" + "_".join(digits[i:i + 4] for i in range(0, 16, 4))


def compare_document(machine):
    """What vmm-inspect finds by the CPU's registers is what is recorded."""
    mappings = {}
    for space in machine.document["spaces"]:
        for mapping in space["mappings"]:
            mappings.setdefault(mapping.get("name"), []).append(mapping)
    for first, last, pa, _, kind, name in machine.recorded():
        found = [m for m in mappings.get(name, []) if int(m["va"], 16) == first]
        if kind == "lazy":
            continue
        if kind == "guard":
            tap.true(any(hole.get("guard") == name for hole in
                         machine.document["summary"]["holes"]), f"no hole for the guard {name}")
            continue
        tap.same([(int(m["pa"], 16), int(m["size"], 16)) for m in found], [(pa, last - first + 1)],
                 f"{name} at {first:#x}")
    tap.same(machine.document["summary"]["mismatches"], [], "record and tables")
    tap.same(machine.document["summary"]["wx"], [], "writable and executable")
    tap.same([p for space in machine.document["spaces"] for p in space["problems"]], [], "damage")
    for name in (row[5] for row in machine.recorded() if row[4] != "lazy"):
        tap.true(name in machine.by_walk, f"the list doesn't have {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("gdb", "script", "inspect", "elf", "manager"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("command", nargs="+", help="QEMU and its arguments")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        machine = []

        def start():
            machine.append(Machine(args, directory))

        return tap.run([
            ("gdb stops the kernel, and both tools read it", start),
            ("vmm record shows what the kernel printed", lambda: compare_record(machine[0])),
            ("vmm names writes it down", lambda: compare_names(machine[0])),
            ("vmm space shows ranges, gaps and the tree", lambda: compare_space(machine[0])),
            ("vmm walk leads where the record says", lambda: compare_walks(machine[0])),
            ("vmm-inspect finds the same by the registers", lambda: compare_document(machine[0])),
        ])


if __name__ == "__main__":
    sys.exit(main())
