# SPDX-License-Identifier: MIT
"""What the checks know of an archive of relocatable objects: functions, calls, data."""

import collections
import glob
import os
import re
import subprocess

SECTION = re.compile(r"^Disassembly of section (\S+):$")
LABEL = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(\S+)\s*(.*)$")
RELOCATION = re.compile(r"^\s+([0-9a-f]+): (R_\w+)\s+(\S+)")
DIRECT = ("R_AARCH64_CALL26", "R_AARCH64_JUMP26", "R_RISCV_CALL", "R_RISCV_CALL_PLT", "R_RISCV_JAL")
# Calls that come back. "b", "j" and "jr" are a function's last act, for which its frame is given up.
RETURNING = ("bl", "jal", "jalr")


class Function:
    def __init__(self, member, name, is_global):
        self.member, self.name, self.is_global = member, name, is_global
        # "libvmm_bump:bump_alloc", for rules that mean one of several statics.
        self.full_name = re.sub(r"\.[cS]\.o$", "", member) + ":" + name
        self.calls = set()        # names as the relocations have them
        self.returning = set()    # of these, the ones that come back; others are jumped to at the end
        self.indirect = []        # instructions
        self.relocations = []     # (type, target)
        self.instructions = []
        self.stack = None         # bytes, None: no report

    def __str__(self):
        return self.name if self.is_global else f"{self.name} ({self.member})"


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def read_rules(path):
    """Rows of a rules file: columns are separated by blanks, the last one is the reason."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line and not line.startswith("#"):
                rows.append(line)
    return rows


class Archive:
    """The functions of an archive by objdump and readelf, their stack by the compiler's .su files."""

    def __init__(self, objdump, readelf, path):
        self.objdump, self.readelf, self.path = objdump, readelf, path
        self.functions = []
        self.data = []            # (member, section, offset, relocation, target)
        self.undefined = collections.defaultdict(set)
        self._by_place = {}       # (member, section, offset) -> name of a function
        self._place_of = {}       # (member, name) -> its place; identical functions share one
        self._function_at = {}    # place -> Function
        self.globals = {}         # name -> (member, section, offset, size)
        self.objects = collections.defaultdict(list)   # (member, section) -> [(offset, size, name)]
        self._symbols()
        self._disassemble()
        self._data_relocations()
        self._stack()

    def _symbols(self):
        member, sections = None, {}
        self.code_size = collections.Counter()
        for line in run(self.readelf, "-SsW", self.path).splitlines():
            match = re.match(r"^File: .*\((.+)\)$", line)
            if match:
                member, sections = match[1], {}
                continue
            match = re.match(r"^\s+\[\s*(\d+)\] (\S+)\s+(?:PROGBITS|NOBITS|INIT_ARRAY)\s+"
                             r"[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", line)
            if match:
                sections[match[1]] = match[2]
                if match[2].startswith(".text"):
                    self.code_size[member] += int(match[3], 16)
                continue
            match = re.match(r"^\s+\d+: ([0-9a-f]+)\s+(\w+)\s+(\w+)\s+(\w+)\s+\w+\s+(\S+)\s+(\S+)$",
                             line)
            if not match:
                continue
            value, size, kind, bind, index, name = match.groups()
            place = (member, sections.get(index), int(value, 16))
            if index == "UND":
                self.undefined[name].add(member)
            elif kind == "FUNC" or (kind == "NOTYPE" and bind == "GLOBAL"):
                self._by_place[place] = name
                self._place_of[(member, name)] = place
            if kind == "OBJECT":
                self.objects[place[:2]].append((place[2], int(size, 0), name))
            if bind in ("GLOBAL", "WEAK") and index != "UND":
                self.globals[name] = place
        for name in self.globals:
            self.undefined.pop(name, None)

    def _disassemble(self):
        member = section = function = None
        pending_call = inner_call = None
        for line in run(self.objdump, "-dr", "--no-show-raw-insn", self.path).splitlines():
            match = re.match(r"^(\S+):\s+file format", line)
            if match:
                member = match[1]
                continue
            match = SECTION.match(line)
            if match:
                section, function = match[1], None
                continue
            match = LABEL.match(line)
            if match:
                name = match[2]
                place = (member, section, int(match[1], 16))
                if self._by_place.get(place) or function is None:
                    name = self._by_place.get(place, name)
                    function = Function(member, name, self.globals.get(name, (None,))[0] == member)
                    self.functions.append(function)
                    self._function_at[place] = function
                continue
            match = RELOCATION.match(line)
            if match and function:
                kind, target = match[2], match[3]
                function.relocations.append((kind, target))
                if inner_call:
                    # What the instruction itself says is only what the relocation will replace.
                    function.calls, function.returning = inner_call
                    inner_call = None
                if kind in DIRECT:
                    if not target.startswith(".L"):
                        function.calls.add(target)
                    # The jump register of auipc and jalr holds what this relocation says.
                    pending_call = target if kind.startswith("R_RISCV_CALL") else None
                    if not pending_call and function.instructions[-1][0] in RETURNING:
                        function.returning.add(target)
                continue
            match = INSTRUCTION.match(line)
            if match and function:
                mnemonic, operands = match[2], match[3].split("#")[0].split("//")[0].strip()
                function.instructions.append((mnemonic, operands))
                if mnemonic in ("blr", "br", "jalr", "jr"):
                    # Within a section the assembler may have put the target of auipc and jalr in.
                    known = re.search(r"# [0-9a-f]+ <([^+>]+)>", match[3])
                    if pending_call:
                        if mnemonic in RETURNING:
                            function.returning.add(pending_call)
                        pending_call = None
                    elif known and mnemonic == "jalr":
                        function.calls.add(known[1])
                        function.returning.add(known[1])
                    elif not (mnemonic == "jr" and operands == "ra"):
                        function.indirect.append(f"{mnemonic} {operands}")
                inner_call = None
                # A direct call inside a section, which needs no relocation. A jump to the own start
                # is a loop.
                inner = re.search(r"<([^+>]+)>$", operands)
                if inner and mnemonic in ("bl", "b", "jal", "j") \
                        and (member, inner[1]) in self._place_of \
                        and (mnemonic in RETURNING or inner[1] != function.name):
                    inner_call = set(function.calls), set(function.returning)
                    function.calls.add(inner[1])
                    if mnemonic in RETURNING:
                        function.returning.add(inner[1])

    def _data_relocations(self):
        member = section = None
        for line in run(self.readelf, "-rW", self.path).splitlines():
            match = re.match(r"^File: .*\((.+)\)$", line)
            if match:
                member = match[1]
                continue
            match = re.match(r"^Relocation section '\.rela(\S+)'", line)
            if match:
                section = match[1]
                continue
            match = re.match(r"^([0-9a-f]{16})\s+[0-9a-f]+\s+(R_\w+)\s+[0-9a-f]+\s*(\S*)", line)
            if match:
                self.data.append((member, section, int(match[1], 16), match[2], match[3]))

    def _stack(self):
        sizes = {}
        for path in glob.glob(os.path.join(self.path + ".p", "**", "*.su"), recursive=True):
            member = os.path.basename(path)[:-3] + ".o"
            with open(path, encoding="utf-8") as file:
                for line in file:
                    place, size, kind = line.rstrip("\n").split("\t")
                    key = (member, place.rsplit(":", 1)[-1].split(".")[0])
                    size = int(size) if kind in ("static", "dynamic,bounded") else 1 << 30
                    sizes[key] = max(size, sizes.get(key, 0))
        # A compiler that finds the functions of two formats identical keeps one, and reports its stack
        # under the name of the other: then the most of any format counts.
        alike = collections.defaultdict(int)
        for (member, name), size in sizes.items():
            alike[member, self._any_format(name)] = max(size, alike[member, self._any_format(name)])
        for function in self.functions:
            key = (function.member, function.name.split(".")[0])
            function.stack = sizes.get(key, alike.get((key[0], self._any_format(key[1]))))

    @staticmethod
    def _any_format(name):
        return re.sub(r"_(sv)?\d+k?_", "_#_", name)

    def resolve(self, function, target):
        """The function that a call's target means, or None if another object has to supply it."""
        base, _, offset = target.partition("+")
        place = (function.member, base, int(offset or "0", 0))
        if place not in self._function_at:
            place = self._place_of.get((function.member, base)) or self.globals.get(base)
        if place in self._function_at:
            return self._function_at[place]
        if base not in self.undefined:
            raise ValueError(f"{function} calls {target}, which isn't understood")
        return None

    def object_named(self, function, target):
        """(name, member) of the data that a relocation in a function refers to, as objects has it."""
        base, _, offset = target.partition("+")
        place = (function.member, base, int(offset or "0", 0))
        if not base.startswith("."):
            place = self.globals.get(base) or next(
                ((m, s, o) for (m, s), entries in self.objects.items() for o, _, n in entries
                 if n == base and m == function.member), None)
        if place is None:
            return None
        return self.object_at(*place), place[0]

    def object_at(self, member, section, offset):
        for start, size, name in self.objects[(member, section)]:
            if start <= offset < start + size:
                return name
        return section
