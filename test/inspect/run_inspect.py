#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs vmm-inspect on memory that make_dump made, and compares it with what the library says.

  run_inspect.py VMM_INSPECT MAKE_DUMP
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading

import tap

FORMATS = ("aarch64-4k", "aarch64-16k", "aarch64-64k", "riscv-sv39", "riscv-sv48", "riscv-sv57")
MEMORY = ("write-back", "write-through", "not cacheable", "device nGnRnE", "device nGnRE",
          "device GRE", "by platform")
# Bits of vmm_attr_t.
WRITE, USER, GLOBAL = 1 << 6, 1 << 7, 1 << 8
EXEC_KERNEL, EXEC_USER = 1, 2


class Dump:
    """Memory with tables of a format, and what the library says of them."""

    def __init__(self, make_dump, directory, name, variant=0):
        self.name = name
        self.riscv = name.startswith("riscv")
        self.directory = os.path.join(directory, f"{name}-{variant}")
        os.mkdir(self.directory)
        subprocess.run([make_dump, name, str(variant), self.directory], check=True)
        with open(os.path.join(self.directory, "expected.json"), encoding="utf-8") as file:
            self.expected = json.load(file)
        self.memory = os.path.join(self.directory, "memory.bin")
        self.names = os.path.join(self.directory, "names.txt")
        self.base = int(self.expected["base"], 16)
        self.roots = [table["root"] for table in self.expected["tables"]]

    def options(self, names=True):
        options = ["--raw", f"{self.memory}@{self.base:#x}", "--format", self.name,
                   "--root", self.roots[0]]
        if len(self.roots) > 1:
            options += ["--upper-root", self.roots[1]]
        return options + (["--names", self.names] if names else [])

    def space(self, document, index):
        return document["spaces"][index]


class Tool:
    """vmm-inspect. Whatever it is given, it ends by itself, with a status of its own."""

    def __init__(self, path):
        self.path = path

    def run(self, *options, status=0):
        done = subprocess.run([self.path, *options], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=False)
        self.error = done.stderr.decode()
        allowed = (status,) if isinstance(status, int) else status
        tap.true(done.returncode in allowed,
                 f"{' '.join(options)}: status {done.returncode}\n{self.error}")
        return done.stdout.decode()

    def json(self, *options):
        return json.loads(self.run(*options, "--json", "-"))


def rights_of(attr, riscv):
    """What the library's attributes let the kernel and user programs do."""
    execute, user = attr >> 4 & 3, attr & USER
    letters = lambda read, run: (("r" if read else "-") + ("w" if read and attr & WRITE else "-")
                                 + ("x" if run else "-"))
    kernel = letters(not (user and riscv), execute == EXEC_KERNEL)
    return kernel + letters(user, execute == EXEC_USER)


def compare_mappings(dump, document):
    for space, table in zip(document["spaces"], dump.expected["tables"]):
        tap.same(len(space["mappings"]), len(table["joined"]), "number of mappings")
        for got, (va, pa, size, _, attr, descriptor) in zip(space["mappings"], table["joined"]):
            tap.same((got["va"], got["pa"], got["size"], got["descriptor"]),
                     (va, pa, size, descriptor), "a mapping")
            tap.same(got["rights"], rights_of(attr, dump.riscv), f"rights at {va}")
            tap.same(got["memory"], MEMORY[attr & 15], f"memory at {va}")
            tap.same(got["global"], bool(attr & GLOBAL), f"global at {va}")


def leaves_of(space):
    """Every leaf of the tables in the JSON, by address."""
    bits = space["va_bits"]
    leaves = {}
    for table in space["tables"]:
        size = next(int(level["leaf_size"], 16) for level in space["levels"]
                    if level["level"] == table["level"])
        for index, count, desc, step, kind, _, pa, _ in table["runs"]:
            for i in range(count if kind == "leaf" else 0):
                va = int(table["va"], 16) + (index + i) * size
                if space["half"] == "both" and va >> (bits - 1) & 1:
                    va |= (1 << 64) - (1 << bits)
                leaves[va] = (int(pa, 16) + i * size, size, table["level"],
                              (int(desc, 16) + i * int(step, 16)) % 2 ** 64)
    return leaves


def compare_leaves(dump, document):
    for space, table in zip(document["spaces"], dump.expected["tables"]):
        leaves = leaves_of(space)
        tap.same(len(leaves), len(table["each"]), "number of leaves")
        for va, pa, size, level, _, descriptor in table["each"]:
            tap.same(leaves.get(int(va, 16)),
                     (int(pa, 16), int(size, 16), level, int(descriptor, 16)), f"the leaf at {va}")


def names_of(path):
    names = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            start, size, kind, text = line.rstrip("\n").split(" ", 3)
            names.append((int(start, 16), int(size, 16), kind, text))
    return sorted(names)


def compare_names(dump, document):
    named = sorted((int(m["va"], 16), int(m["size"], 16), m["name"])
                   for space in document["spaces"] for m in space["mappings"])
    tap.same(named, [(va, size, text) for va, size, kind, text in names_of(dump.names)
                     if kind != "guard"], "names of mappings")
    guards = [(int(hole["va"], 16), hole["guard"]) for hole in document["summary"]["holes"]
              if "guard" in hole]
    tap.same([text for _, text in guards], ["Program stack", "Kernel stack"], "guards")


def check_summary(dump, document):
    summary = document["summary"]
    wx = [m["va"] for space in document["spaces"] for m in space["mappings"]
          if m["name"] == "Trampoline"]
    tap.same(summary["wx"], wx, "what is writable and executable")
    tap.same(int(summary["mapped"], 16),
             sum(int(m[2], 16) for table in dump.expected["tables"] for m in table["joined"]),
             "bytes mapped")
    aliases = [alias for alias in summary["aliases"] if alias["mixed_wx"]]
    names = {m["va"]: m["name"] for space in document["spaces"] for m in space["mappings"]}
    tap.same([(names[a["a"]], names[a["b"]]) for a in aliases], [("Kernel code", "Patching")],
             "aliases that make code writable")
    tap.same([names[larger["va"]] for larger in summary["could_be_larger"]], ["Page by page"],
             "what could be a larger leaf")
    tap.same(summary["mismatches"], [], "differences from the record")
    # Everything that is not mapped is a hole, and nothing else is.
    whole = sum(2 ** space["va_bits"] for space in document["spaces"])
    holes = sum(int(hole["size"], 16) for hole in summary["holes"])
    tap.same(holes + int(summary["mapped"], 16), whole, "holes and mappings together")


def check_list(tool, dump, document):
    text = tool.run(*dump.options(), "--list")
    for space in document["spaces"]:
        for mapping in space["mappings"]:
            line = next((line for line in text.split("\n")
                         if line.startswith(f"{grouped(mapping['va'])}-")), "")
            for word in (grouped(mapping["pa"]), mapping["memory"], mapping["name"],
                         f"kernel {mapping['rights'][:3]}"):
                tap.true(word in line, f"the list doesn't say {word!r} in {line!r}")
    tap.same(text.count("no access"), 2, "guards in the list")
    tap.same(text.count("WRITABLE AND EXECUTABLE"), 1, "warnings in the list")


def grouped(address):
    digits = f"{int(address, 16):016x}"
    return "0x" + "_".join(digits[i:i + 4] for i in range(0, 16, 4))


def check_tree(tool, dump, document):
    """Every descriptor is in the long tree once, and every table in the short one and the graph."""
    tree = tool.run(*dump.options(), "--all")
    leaves = [leaf for table in dump.expected["tables"] for leaf in table["each"]]
    shown = re.findall(r"^ *\[\d+\] (\S+): (0x[0-9a-f]{16}), (?:page|block) of .*"
                       r", physical (\S+)$", tree, re.MULTILINE)
    tap.same(sorted((va, int(desc, 16), pa) for va, desc, pa in shown),
             sorted((grouped(va), int(desc, 16), grouped(pa)) for va, pa, _, _, _, desc in leaves),
             "leaves in the tree")
    short = tool.run(*dump.options(), "--tree")
    dot = tool.run(*dump.options(), "--dot", "-")
    tables = [table for space in document["spaces"] for table in space["tables"]]
    for table in tables:
        tap.true(f"able at {grouped(table['pa'])}, level {table['level']}" in short,
                 f"the tree doesn't have the table at {table['pa']}")
        tap.true(f"level {table['level']} table at {grouped(table['pa'])}\\n" in dot,
                 f"the graph doesn't have the table at {table['pa']}")
    tap.true(dot.startswith("digraph") and dot.endswith("}\n"), "the graph is one")
    tap.same(len(re.findall(r"-> s\dt\d+ ", dot)), len(tables) - len(document["spaces"]),
             "links between tables in the graph")


def check_walks(tool, dump):
    """Walks lead where the library's leaves say, and nowhere beside them."""
    generator = random.Random(dump.name)
    leaves = [leaf for table in dump.expected["tables"] for leaf in table["each"]]
    for va, pa, size, level, _, descriptor in generator.sample(leaves, 6):
        offset = generator.randrange(int(size, 16))
        text = tool.run(*dump.options(), "--walk", hex(int(va, 16) + offset))
        tap.true(text.endswith(f"  physical {grouped(hex(int(pa, 16) + offset))}\n"),
                 f"{va} doesn't lead to {pa}:\n{text}")
        last = text.split("\n")[-3]
        tap.true(last.startswith(f"  level {level}, ") and f"{int(descriptor, 16):016x}" in last,
                 f"{va}: not the leaf's descriptor: {last}")
    guard = next(name for name in names_of(dump.names) if name[2] == "guard")
    text = tool.run(*dump.options(), "--walk", hex(guard[0] + 16), status=1)
    tap.true(f"in guard '{guard[3]}', 0x10 bytes in" in text and "not mapped" in text, text)
    tap.true("no table translates it" in
             tool.run(*dump.options(), "--walk", "0x0fff000000000000", status=1), "a gap")


def check_format(tool, dump):
    document = tool.json(*dump.options(names=False))
    compare_mappings(dump, document)
    compare_leaves(dump, document)
    named = tool.json(*dump.options())
    compare_leaves(dump, named)
    compare_names(dump, named)
    check_summary(dump, named)
    check_list(tool, dump, named)
    check_tree(tool, dump, named)
    check_walks(tool, dump)


def check_diff(tool, old, new):
    tap.same(tool.run(*old.options(), "--diff", *old.options()), "0 differences\n", "no difference")
    lines = tool.run(*old.options(), "--diff", *new.options(), status=1).splitlines()
    tap.same([(line[0], line.split(", ")[-1]) for line in lines[:-1]],
             [("+", "Heap"), ("<", "Kernel code"), (">", "Kernel code"), ("-", "More memory")],
             "what differs")
    tap.same(lines[-1], "3 differences", "the last line")
    tap.true("kernel r-x" in lines[1] and "kernel r--" in lines[2], "rights before and after")
    back = tool.run(*new.options(), "--diff", *old.options(), status=1).splitlines()
    tap.same([line[0] for line in back[:-1]], ["-", "<", ">", "+"], "signs the other way round")


def damaged(dump, directory, change):
    """Options for a copy of a dump, changed."""
    with open(dump.memory, "rb") as file:
        memory = bytearray(file.read())
    change(memory)
    path = os.path.join(directory, "damaged.bin")
    with open(path, "wb") as file:
        file.write(memory)
    options = dump.options(names=False)
    options[1] = f"{path}@{dump.base:#x}"
    return options


def put(memory, offset, word):
    memory[offset:offset + 8] = word.to_bytes(8, "little")


def check_damage(tool, dump, directory):
    root = int(dump.roots[0], 16)
    offset = root - dump.base
    link = 1 if dump.riscv else 3
    to = lambda pa: (pa >> 2 if dump.riscv else pa) | link
    entries = (tool.json(*dump.options(names=False)))["spaces"][0]["tables"][0]["entries"]

    def change(memory):
        put(memory, offset + 8, to(root))
        put(memory, offset + 16, to(0x123456 << 16))
        put(memory, offset + 24, 1 << 58 | 5 if dump.riscv else 1 << 47 | to(1 << 16) | 1 << 11)

    tap.true(entries > 3, "the root has room for damage")
    document = tool.json(*damaged(dump, directory, change))
    problems = [problem["why"] for problem in document["spaces"][0]["problems"]]
    tap.same(problems[:2], ["the table is one of those that lead to it",
                            "the table is outside the memory that is known"], "problems")
    # What is sound is still there.
    tap.same([m["va"] for m in document["spaces"][0]["mappings"]][:1], ["0x10000000"],
             "the first mapping")
    text = tool.run(*damaged(dump, directory, change))
    tap.true("damaged, " in text and "one of those that lead to it" in text, "the summary says so")


def fuzz(tool, dump, directory, seed):
    """Random descriptors, of kinds that lead somewhere, in place of some or all of the tables."""
    generator = random.Random(seed)

    def change(memory):
        share = generator.choice((1, 0.3, 0.01))
        tables = range(1 << 20, min(len(memory), (1 << 20) + (1 << 17)), 8)
        for at in tables:
            if generator.random() < share:
                pa = dump.base + (generator.randrange(1 << 17) & ~0xfff) + (1 << 20)
                word = generator.choice((
                    generator.getrandbits(64), generator.getrandbits(64) | 3,
                    (pa >> 2 | 1) if dump.riscv else (pa | 3), 0,
                    (pa >> 2 | generator.getrandbits(10)) if dump.riscv
                    else pa | generator.getrandbits(12)))
                put(memory, at, word)

    options = damaged(dump, directory, change) + ["--limit", "100000"]
    tool.run(*options, "--list", "--tree", "--summary", "--walk",
             hex(generator.getrandbits(30)), "--json", os.devnull, "--dot", os.devnull, "--html",
             os.devnull, status=(0, 1))
    tool.run(*options, "--diff", *dump.options(), status=1)


def check_limits(tool, dump):
    document = tool.json(*dump.options(), "--limit", "1")
    tap.true(document["spaces"][0]["cut"] and document["spaces"][0]["mappings"] == [],
             "nothing is read beyond the limit")
    options = dump.options()
    options[options.index("--root") + 1] = "0x7fff0000"
    document = tool.json(*options)
    tap.same(document["spaces"][0]["problems"][0]["why"],
             "the table is outside the memory that is known", "a root that isn't there")


def check_refusals(tool, dump, directory):
    sentences = {
        (): "nothing to look at",
        ("--raw", "memory"): "not FILE@ADDRESS",
        ("--raw", dump.memory + "@0x1000"): "say where they are by --root",
        ("--raw", dump.memory + "@0x1000", "--root", "0"): "--root needs --format",
        ("--raw", dump.memory + "@12z"): "not FILE@ADDRESS",
        ("--raw", os.path.join(directory, "absent") + "@0"): "No such file",
        ("--format", "x86"): "none of aarch64-4k",
        ("--wrong", "1"): "no such option",
        ("--walk",): "no such option",
        (dump.memory,): "no ELF file",
        ("--gdb", os.path.join(directory, "absent")): "no connection",
        (*dump.options(), "--va-bits", "12"): "(--va-bits), not 12",
        (*dump.options(), "--pa-bits", "60"): "(--pa-bits), not 60",
        (*dump.options(), "--html", directory): "directory",
        (*dump.options(), "--diff", "--diff"): "compares two images",
    }
    for options, sentence in sentences.items():
        tool.run(*options, status=2)
        tap.true(sentence in tool.error, f"{options}: {tool.error}")
    tap.true(tool.run("--help").startswith("usage: vmm-inspect"), "--help")
    tap.true(re.fullmatch(r"vmm-inspect \d+\.\d+\.\d+\n", tool.run("--version")), "--version")


class Stub(threading.Thread):
    """A gdb stub as QEMU's, for one connection: registers as said, memory of a dump."""

    def __init__(self, path, description, registers, memory, base, damage=None):
        super().__init__(daemon=True)
        self.description, self.registers = description, registers
        self.memory, self.base, self.damage = memory, base, damage
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.start()

    def answer(self, command):
        if command.startswith("qXfer:features:read:"):
            name, place = command[20:].split(":")
            start, size = (int(number, 16) for number in place.split(","))
            text = self.description.get(name, "")
            return ("m" if start + size < len(text) else "l") + text[start:start + size]
        if command.startswith("m"):
            start, size = (int(number, 16) for number in command[1:].split(","))
            start -= self.base
            return (self.memory[start:start + size].hex()
                    if 0 <= start and start + size <= len(self.memory) else "E14")
        if command.startswith("p"):
            return self.registers[int(command[1:], 16)].to_bytes(8, "little").hex()
        return {"?": "T05thread:01;", "Qqemu.PhyMemMode:1": "OK", "Hg1": "OK"}.get(command, "")

    def run(self):
        connection, _ = self.listener.accept()
        data = b""
        try:
            while True:
                while not re.search(rb"\$[^#]*#..", data):
                    data += connection.recv(4096)
                found = re.search(rb"\$([^#]*)#..", data)
                data = data[found.end():]
                text = self.answer(found.group(1).decode()).encode()
                text = re.sub(rb"[}$#*]", lambda match: b"}" + bytes([match.group()[0] ^ 0x20]), text)
                packet = b"+$" + text + b"#%02x" % (sum(text) & 255)
                connection.sendall(self.damage(packet) if self.damage else packet)
        except OSError:
            pass
        finally:
            connection.close()
            self.listener.close()


AARCH64_DESCRIPTION = {
    "target.xml": '<target><xi:include href="core.xml"/><xi:include href="system.xml"/></target>',
    "core.xml": '<feature><reg name="x0" bitsize="64" regnum="0"/><reg name="x1"/></feature>',
    "system.xml": '<feature><reg name="TTBR0_EL1" bitsize="64" regnum="0x50"/>'
                  '<reg name="TTBR1_EL1"/><reg bitsize="64" name="TCR_EL1" regnum="90"/>'
                  '<reg name="MAIR_EL1" regnum="91"/><reg name="SCTLR" regnum="92"/></feature>',
}
RISCV_DESCRIPTION = {"target.xml": '<target><reg name="zero" regnum="0"/>'
                                   '<reg name="satp" bitsize="64" regnum="449"/></target>'}


def registers_of(dump):
    roots = [int(root, 16) for root in dump.roots]
    if dump.riscv:
        mode = {"riscv-sv39": 8, "riscv-sv48": 9, "riscv-sv57": 10}[dump.name]
        return RISCV_DESCRIPTION, {449: mode << 60 | 7 << 44 | roots[0] >> 12}
    # TG0, TG1 and IPS of 48 bits; the ASID in TTBR0.
    granule = {"aarch64-4k": 2 << 30, "aarch64-16k": 2 << 14 | 1 << 30,
               "aarch64-64k": 1 << 14 | 3 << 30}[dump.name]
    return AARCH64_DESCRIPTION, {0x50: 7 << 48 | roots[0], 0x51: roots[1],
                                 90: 16 | 16 << 16 | 5 << 32 | granule,
                                 91: 0x0c00bb44ff04, 92: 0x30d0198d}


def check_stub(tool, dump, directory):
    with open(dump.memory, "rb") as file:
        memory = file.read()
    path = os.path.join(directory, "stub-" + dump.name)
    description, registers = registers_of(dump)
    Stub(path, description, registers, memory, dump.base)
    by_stub = tool.json("--gdb", path, "--names", dump.names)
    by_file = tool.json(*dump.options())
    by_stub["source"] = by_file["source"]
    tap.same(by_stub, by_file, "what is read from a machine")


def check_bad_stub(tool, dump, directory):
    generator = random.Random(1)
    cut = lambda packet: packet[:generator.randrange(len(packet) + 1)]
    flip = lambda packet: bytes(byte ^ (generator.random() < 0.05) for byte in packet)
    repeat = lambda packet: b"+$" + b"a*~" * 3000 + b"#00"
    for number, damage in enumerate((cut, cut, cut, flip, flip, repeat)):
        path = os.path.join(directory, f"bad-{number}")
        description, registers = registers_of(dump)
        Stub(path, description, registers, b"", 0,
             damage=lambda packet, damage=damage: damage(packet) or b"+$#01")
        tool.run("--gdb", path, status=2)


def main():
    tool = Tool(os.path.abspath(sys.argv[1]))
    with tempfile.TemporaryDirectory() as directory:
        dumps = {name: Dump(sys.argv[2], directory, name) for name in FORMATS}
        small = dumps["aarch64-4k"], dumps["riscv-sv39"]
        cases = [(f"everything is as the library has it ({name})",
                  lambda dump=dump: check_format(tool, dump)) for name, dump in dumps.items()]
        cases += [(f"two images are compared ({name})",
                   lambda name=name: check_diff(tool, dumps[name],
                                                Dump(sys.argv[2], directory, name, 1)))
                  for name in ("aarch64-16k", "riscv-sv57")]
        cases += [(f"damage is found, and what is sound is shown ({dump.name})",
                   lambda dump=dump: check_damage(tool, dump, directory)) for dump in small]
        cases += [(f"random memory ends in no crash ({dump.name}, {seed})",
                   lambda dump=dump, seed=seed: fuzz(tool, dump, directory, seed))
                  for dump in small for seed in range(4)]
        cases += [(f"a machine is read through its gdb stub ({name})",
                   lambda dump=dump: check_stub(tool, dump, directory))
                  for name, dump in dumps.items()]
        cases += [
            ("a gdb stub that sends nonsense is refused",
             lambda: check_bad_stub(tool, small[0], directory)),
            ("nothing is read beyond the limit", lambda: check_limits(tool, small[0])),
            ("what can't be done is refused in a sentence",
             lambda: check_refusals(tool, small[1], directory)),
        ]
        return tap.run(cases)


if __name__ == "__main__":
    sys.exit(main())
