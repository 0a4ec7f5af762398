#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a kernel of the upper half runs before translation is on follows no address of the linker.

  check_early.py [--beyond] OBJDUMP READELF KERNEL BOUNDARY ADDRESSES INDIRECT

KERNEL is linked with --emit-relocs. From _start on, every function is followed that is called, jumped
to or whose address is taken, up to those of BOUNDARY. In their code only relocations relative to
the PC are allowed, and no data that they refer to may hold an address that the linker stored, except
as ADDRESSES, the rules for the library, says. What they call through pointers must be a frame
source's or a seam's function, by INDIRECT, the library's rules for that: never a format's table.

With --beyond the walk doesn't stop at early_record(), which is not early: then it has to find both, so
that it is known to see them.
"""

import bisect
import collections
import re
import subprocess
import sys

# Thread-local offsets are relative to the thread pointer; the low bits of an address do not change
# when an image moves by whole pages.
RELATIVE = re.compile(r"""
    R_AARCH64_( ADR_PREL_LO21 | ADR_PREL_PG_HI21(_NC)? | ADD_ABS_LO12_NC | LDST\d+_ABS_LO12_NC
              | CALL26 | JUMP26 | CONDBR19 | TSTBR14 | LD_PREL_LO19 | PREL32 | PREL64
              | TLSLE_\w+ )
  | R_RISCV_( PCREL_HI20 | PCREL_LO12_[IS] | CALL | CALL_PLT | BRANCH | JAL | RVC_BRANCH | RVC_JUMP
            | RELAX | ALIGN | 32_PCREL | TPREL_\w+ | NONE )
""", re.VERBOSE)
STORED = re.compile(r"R_AARCH64_ABS\d+|R_RISCV_(32|64)")
# Of those, the ones that say which code or data is meant; others only complete them.
TARGET = re.compile(r"R_AARCH64_(ADR_PREL_\w+|CALL26|JUMP26|CONDBR19|TSTBR14|LD_PREL_LO19)"
                    r"|R_RISCV_(PCREL_HI20|CALL|CALL_PLT|JAL|BRANCH|RVC_BRANCH|RVC_JUMP)")
INDIRECT = re.compile(r"blr|br|jalr|jr|c\.jalr|c\.jr")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(\S+)\s*(.*)$")
# A branch to an address that the assembler knew, or auipc and jalr, which the disassembler adds up.
BRANCH_TO = re.compile(r"(?:^|[\s,])([0-9a-f]{5,16}) <[^>]+>$|# ([0-9a-f]{5,16}) <[^>]+>$")
BRANCHES = re.compile(r"b|bl|b\..+|cbn?z|tbn?z|j|jal|jalr|jr|b(eq|ne|lt|ge|ltu|geu|gt|le|gtu|leu)z?")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def read_rules(path):
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file if line.strip() and not line.startswith("#")]


class Symbol:
    def __init__(self, name, start, size, kind):
        self.name, self.start, self.size, self.kind = name, start, size, kind

    def __str__(self):
        return self.name


class Kernel:
    """The linked image: symbols with a size, code, and relocations by their place."""

    def __init__(self, objdump, readelf, path):
        self.objdump, self.path = objdump, path
        self.sections, self.symbols, self.by_name = [], [], collections.defaultdict(list)
        self._symbols(readelf)
        self.starts = [symbol.start for symbol in self.symbols]
        self.relocations = []       # (place, type, target address, text), sorted
        self._relocations(readelf)
        self.places = [relocation[0] for relocation in self.relocations]

    def _symbols(self, readelf):
        for line in run(readelf, "-SsW", self.path).splitlines():
            match = re.match(r"^\s+\[\s*(\d+)\] (\S+)\s+(PROGBITS|NOBITS)\s+([0-9a-f]{16})\s+"
                             r"[0-9a-f]+\s+([0-9a-f]+)\s+[0-9a-f]+\s+(\w*)", line)
            if match and "A" in match[6]:
                self.sections.append((int(match[4], 16), int(match[5], 16), match[2], match[6]))
                continue
            match = re.match(r"^\s+\d+: ([0-9a-f]{16})\s+(\S+)\s+(\w+)\s+\w+\s+\w+\s+(\S+)\s+(\S+)$",
                             line)
            if match:
                size = int(match[2], 0)
                symbol = Symbol(match[5], int(match[1], 16), size, match[3])
                self.by_name[symbol.name].append(symbol)
                if size and match[3] in ("FUNC", "OBJECT"):
                    self.symbols.append(symbol)
        self.symbols.sort(key=lambda symbol: (symbol.start, -symbol.size))

    def _relocations(self, readelf):
        for line in run(readelf, "-rW", self.path).splitlines():
            match = re.match(r"^([0-9a-f]{16})\s+[0-9a-f]+\s+(R_\w+)(?:\s+([0-9a-f]{16})\s+(\S+)"
                             r"(?: ([+-]) ([0-9a-f]+))?)?", line)
            if not match:
                continue
            target = int(match[3], 16) if match[3] else 0
            if match[6]:
                target += int(match[6], 16) * (1 if match[5] == "+" else -1)
            self.relocations.append((int(match[1], 16), match[2], target & (1 << 64) - 1,
                                     match[4] or ""))
        self.relocations.sort()

    def relocations_in(self, start, end):
        return self.relocations[bisect.bisect_left(self.places, start):
                                bisect.bisect_left(self.places, end)]

    def section_of(self, address):
        for start, size, name, flags in self.sections:
            if start <= address < start + size:
                return name, flags
        return None, ""

    def symbol_at(self, address):
        index = bisect.bisect_right(self.starts, address) - 1
        while index >= 0 and self.symbols[index].start >= address - (1 << 20):
            symbol = self.symbols[index]
            if symbol.start <= address < symbol.start + symbol.size:
                return symbol
            index -= 1
        return None

    def data_at(self, address):
        """(name, start, end) of the data: a symbol's, or what is up to the next symbol."""
        symbol = self.symbol_at(address)
        if symbol:
            return symbol.name, symbol.start, symbol.start + symbol.size
        index = bisect.bisect_right(self.starts, address)
        end = self.starts[index] if index < len(self.starts) else address + (1 << 20)
        return f"unnamed data at {address:#x}", address, end

    def code(self, function):
        """(address, mnemonic, operands) of each instruction."""
        text = run(self.objdump, "-d", "--no-show-raw-insn",
                   f"--start-address={function.start:#x}",
                   f"--stop-address={function.start + function.size:#x}", self.path)
        for line in text.splitlines():
            match = INSTRUCTION.match(line)
            if match:
                yield int(match[1], 16), match[2], match[3].strip()


class Walk:
    def __init__(self, kernel, boundary, addresses, indirect):
        self.kernel, self.addresses, self.indirect = kernel, addresses, indirect
        self.boundary = [row[0] for row in boundary if row[0] != "@edge"]
        self.edges = [row[1] for row in boundary if row[0] == "@edge"]
        self.faults, self.reached, self.data = [], {}, {}
        self.stopped, self.kinds, self.pointers = set(), collections.Counter(), {}
        self.instructions = 0

    def follow(self, names):
        work = [symbol for name in names for symbol in self.kernel.by_name.get(name, ())
                if symbol.kind == "FUNC" and symbol.size]
        if len(work) != len(names):
            self.faults.append(f"not every one of {', '.join(names)} is a function")
        while work:
            function = work.pop()
            if function.start in self.reached:
                continue
            if any(re.fullmatch(pattern, function.name) for pattern in self.boundary):
                self.stopped.add(function.name)
                continue
            self.reached[function.start] = function
            for target in self._targets(function):
                symbol = self.kernel.symbol_at(target)
                if symbol is None:
                    self.faults.append(f"{function} refers to code at {target:#x} without a name")
                else:
                    work.append(symbol)

    def _targets(self, function):
        """Addresses of code that the function calls, jumps to or takes."""
        targets = set()
        end = function.start + function.size
        for place, kind, target, name in self.kernel.relocations_in(function.start, end):
            self.kinds[kind] += 1
            if not RELATIVE.fullmatch(kind):
                self.faults.append(f"{function}+{place - function.start:#x}: {kind} {name}")
            elif TARGET.fullmatch(kind):
                if "X" in self.kernel.section_of(target)[1]:
                    targets.add(target)
                elif not any(re.fullmatch(pattern, name) for pattern in self.edges):
                    self._refer(function, target)
        calls = []
        for _, mnemonic, operands in self.kernel.code(function):
            self.instructions += 1
            to = BRANCH_TO.search(operands)
            if to and BRANCHES.fullmatch(mnemonic):
                targets.add(int(to[1] or to[2], 16))
            elif INDIRECT.fullmatch(mnemonic) and operands.split("#")[0].strip() not in (
                    "ra", "x30", "zero,0(ra)"):
                calls.append(f"{mnemonic} {operands}")
        if calls:
            self._call(function, calls)
        return {target for target in targets if not function.start <= target < end}

    def _refer(self, function, target):
        name, start, end = self.kernel.data_at(target)
        holds = [relocation for relocation in self.kernel.relocations_in(start, end)
                 if STORED.fullmatch(relocation[1])]
        self.data.setdefault(name, [len(holds), set()])[1].add(function.name)
        if holds and not any(re.fullmatch(row[0], name) and re.fullmatch(row[1], function.name)
                             for row in self.addresses):
            self.faults.append(f"{function} refers to {name}, which holds {len(holds)} addresses, "
                               f"the first one of {holds[0][3]}")

    def _call(self, function, calls):
        rows = [row for row in self.indirect
                if re.fullmatch(row[0], function.name)]
        # enter_high.S goes up by a branch to a register: the end of what is early.
        if function.name == "board_enter" and len(calls) == 1:
            self.stopped.add("the branch up in board_enter")
            return
        callees = {callee for row in rows for callee in row[2].split(",")}
        if not rows or not callees <= {"@frames", "@sync", "@clean"}:
            self.faults.append(f"{function} calls through a pointer ({', '.join(calls)}), of what "
                               f"isn't a frame source or a seam")
        self.pointers[function.name] = callees


def lost(walk):
    """Whether the walk came where it has to come, and ended where early code ends."""
    names = {function.name.split(".")[0] for function in walk.reached.values()}
    through, ends = ["board_enter", "vmm_(aarch64|riscv)_enable"], ["board_main"]
    if "kernel_early" in walk.kernel.by_name:
        through += ["kernel_early", "early_tables", "early_enable"]
        ends.append("early_record")
    for pattern in through:
        if not any(re.fullmatch(pattern, name) for name in names):
            yield f"{pattern} isn't reached: the walk has lost its way"
    for name in ends:
        if name not in walk.stopped:
            yield f"the walk did not come to {name}"


def report(walk):
    names = sorted(function.name for function in walk.reached.values())
    print(f"{len(names)} functions with {walk.instructions} instructions run before translation is on: "
          + ", ".join(names))
    print("the walk ended at: " + ", ".join(sorted(walk.stopped)))
    for kind, number in sorted(walk.kinds.items()):
        print(f"{kind}: {number}")
    for name, (number, users) in sorted(walk.data.items()):
        if number:
            print(f"holds {number} addresses: {name}, used by {', '.join(sorted(users))}")
    for name, callees in sorted(walk.pointers.items()):
        print(f"pointers: {name} calls {', '.join(sorted(callees)) or 'what is not known'}")


def main(*args):
    beyond = args[0] == "--beyond"
    objdump, readelf, path, boundary, addresses, indirect = args[beyond:]
    kernel = Kernel(objdump, readelf, path)
    rows = [row for row in read_rules(boundary) if not beyond or row[0] != "early_record"]
    walk = Walk(kernel, rows, read_rules(addresses),
                [row for row in read_rules(indirect) if not row[0].startswith("@")])
    walk.follow(["_start"])
    report(walk)
    if beyond:
        for fault in walk.faults:
            print("found: " + fault)
        faults = [f"no function was found that {what}" for what in ("refers to", "calls through")
                  if not any(what in fault for fault in walk.faults)]
    else:
        faults = walk.faults + list(lost(walk))
    if not kernel.relocations:
        faults.append("the kernel wasn't linked with --emit-relocs")
    for fault in faults:
        print("FAIL: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
