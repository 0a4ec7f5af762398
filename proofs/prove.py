#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves properties of the library's arithmetic for all inputs.

  prove.py [--check N] [--show] [FILE[:PROPERTY]]...

A property is a C function `bool prove_...(integers)` in a file beside this one, which includes the
library's own sources. clang translates it to straight code without calls or loops; that is read here
as formulas over bit vectors, and z3 looks for arguments for which the function is false, or for
which it shifts by more than there are bits. If there are none, the property holds.

--check N runs each property as compiled by gcc on N random arguments, too, and compares every
result with what the formulas say: that is a test of the translation, and of the properties.

The exit status is 1 if a property does not hold, 77 if clang or z3 is missing.
"""

import argparse
import ctypes
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
INCLUDES = [f"-I{ROOT}/{path}" for path in ("libvmm/include", "libvmm", "ports/aarch64",
                                            "ports/aarch64/include", "ports/riscv",
                                            "ports/riscv/include")]
FLAGS = ["-std=c11", "-O2", "-ffreestanding", "-fno-vectorize", "-fno-slp-vectorize",
         "-mllvm", "-inline-threshold=100000", "-mllvm", "-unroll-threshold=100000",
         # What the library leaves to the compiler to inline is inlined before it is looked at.
         "-Dinline=inline __attribute__((always_inline))",
         "-mllvm", "-unroll-max-count=4096", "-fno-discard-value-names", "-Wall", "-Wextra",
         "-Wno-unused-function", "-Wno-unused-const-variable"]
LIMIT = 600 # seconds for one property


class Unknown(Exception):
    """The code has something that is not translated."""


# --- the intermediate code ---------------------------------------------------------------------

NAME = r"(?:[-\w.$]+|\"[^\"]*\")"
VALUE = r"(?:%" + NAME + r"|-?\d+|true|false|undef|poison|zeroinitializer)"


def width_of(kind):
    match = re.fullmatch(r"i(\d+)", kind)
    if match is None:
        raise Unknown(f"type {kind}")
    return int(match.group(1))


class Module:
    def __init__(self, text):
        self.functions = {}
        self.tables = {}
        self.structs = {}
        for match in re.finditer(r"^%(" + NAME + r") = type \{(.*)\}$", text, re.MULTILINE):
            self.structs[match.group(1)] = [kind.strip() for kind in match.group(2).split(",")]
        for match in re.finditer(r"^@(" + NAME + r") = [^\n]*?constant (.*)$", text, re.MULTILINE):
            self.tables[match.group(1)] = match.group(2)
        pattern = re.compile(r"^define [^@\n]*@(prove_\w+)\(([^)]*)\)[^{]*\{\n(.*?)^\}",
                             re.MULTILINE | re.DOTALL)
        for name, parameters, body in pattern.findall(text):
            self.functions[name] = Function(name, parameters, body)


class Function:
    def __init__(self, name, parameters, body):
        self.name = name
        self.parameters = []
        for parameter in filter(None, (p.strip() for p in parameters.split(","))):
            words = parameter.split()
            self.parameters.append((words[-1], width_of(words[0])))
        self.blocks = {} # label: list of instructions
        label = "entry"
        for line in body.split("\n"):
            line = re.sub(r"\s*;.*$", "", line).rstrip()
            line = re.sub(r", !\w+ !\d+", "", line)
            if not line:
                continue
            match = re.fullmatch(r"(" + NAME + r"):", line)
            if match:
                label = match.group(1).strip('"')
                self.blocks[label] = []
            else:
                self.blocks.setdefault(label, []).append(line.strip())
        self.join_lines()

    def join_lines(self):
        """A switch is on several lines."""
        for label, lines in self.blocks.items():
            joined, open_line = [], None
            for line in lines:
                if open_line is not None:
                    open_line += " " + line
                    if line.endswith("]"):
                        joined.append(open_line)
                        open_line = None
                elif line.startswith("switch ") and not line.endswith("]"):
                    open_line = line
                else:
                    joined.append(line)
            self.blocks[label] = joined

    def targets(self, label):
        return [name.strip('"') for name in
                re.findall(r"label %(" + NAME + r")", self.blocks[label][-1])]

    def order(self):
        """Blocks, each behind all that lead to it."""
        done, order, active = set(), [], set()

        def visit(label):
            if label in active:
                raise Unknown(f"{self.name}: a loop is left at {label}")
            if label in done:
                return
            active.add(label)
            for target in self.targets(label):
                visit(target)
            active.discard(label)
            done.add(label)
            order.append(label)

        visit(next(iter(self.blocks)))
        return list(reversed(order))


# --- what formulas and numbers have in common --------------------------------------------------

class Numbers:
    """Computes with integers: for comparing with what a compiler makes of the code."""

    def const(self, value, width):
        return value & ((1 << width) - 1)

    def signed(self, value, width):
        return value - (1 << width) if value >> (width - 1) else value

    def binary(self, op, a, b, width):
        mask = (1 << width) - 1
        if op in ("shl", "lshr", "ashr") and b >= width:
            return 0
        return {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b,
                "and": lambda: a & b, "or": lambda: a | b, "xor": lambda: a ^ b,
                "shl": lambda: a << b, "lshr": lambda: a >> b,
                "ashr": lambda: self.signed(a, width) >> b,
                "udiv": lambda: a // b if b else mask,
                "urem": lambda: a % b if b else a}[op]() & mask

    def compare(self, op, a, b, width):
        if op[0] == "s":
            a, b = self.signed(a, width), self.signed(b, width)
        return int({"eq": a == b, "ne": a != b, "lt": a < b, "le": a <= b, "gt": a > b,
                    "ge": a >= b}[op if op in ("eq", "ne") else op[1:]])

    def choose(self, condition, a, b, _width):
        return a if condition else b

    def extend(self, value, width, to, sign):
        return self.const(self.signed(value, width) if sign else value, to)

    def cut(self, value, _width, to):
        return self.const(value, to)

    def name(self, value, _width):
        return value


class Formulas:
    """Writes SMT-LIB; every value gets a name, so that formulas stay short."""

    OPS = {"add": "bvadd", "sub": "bvsub", "mul": "bvmul", "and": "bvand", "or": "bvor",
           "xor": "bvxor", "shl": "bvshl", "lshr": "bvlshr", "ashr": "bvashr", "udiv": "bvudiv",
           "urem": "bvurem"}
    COMPARES = {"ult": "bvult", "ule": "bvule", "ugt": "bvugt", "uge": "bvuge", "slt": "bvslt",
                "sle": "bvsle", "sgt": "bvsgt", "sge": "bvsge"}

    def __init__(self):
        self.lines = []
        self.count = 0

    def const(self, value, width):
        return f"(_ bv{value & ((1 << width) - 1)} {width})"

    def binary(self, op, a, b, _width):
        return f"({self.OPS[op]} {a} {b})"

    def compare(self, op, a, b, _width):
        if op == "eq":
            test = f"(= {a} {b})"
        elif op == "ne":
            test = f"(distinct {a} {b})"
        else:
            test = f"({self.COMPARES[op]} {a} {b})"
        return f"(ite {test} #b1 #b0)"

    def choose(self, condition, a, b, _width):
        return f"(ite (= {condition} #b1) {a} {b})"

    def extend(self, value, width, to, sign):
        return f"((_ {'sign' if sign else 'zero'}_extend {to - width}) {value})"

    def cut(self, value, _width, to):
        return f"((_ extract {to - 1} 0) {value})"

    def name(self, value, width):
        if re.fullmatch(r"[\w.]+|#b[01]|\(_ bv\d+ \d+\)", value):
            return value
        self.count += 1
        name = f"v{self.count}"
        self.lines.append(f"(define-fun {name} () (_ BitVec {width}) {value})")
        return name


# --- carrying a function out -------------------------------------------------------------------

class Run:
    """A function on arguments that are formulas or numbers."""

    def __init__(self, module, function, domain, arguments):
        self.module, self.function, self.domain = module, function, domain
        self.values = {}
        self.poison = {} # name: when it is no value at all; missing: never
        self.pointers = {}
        self.aggregates = {}
        self.wrong = [] # (condition, what): must never be true
        for (name, width), value in zip(function.parameters, arguments):
            self.set(name, value, width)
        self.result = self.run()

    def set(self, name, value, width, poison=None):
        self.values[name] = self.domain.name(value, width)
        if poison is not None:
            self.poison[name] = self.domain.name(poison, 1)

    def any(self, *conditions):
        """Whether one of them is true; None stands for never."""
        total = None
        for condition in conditions:
            if condition is not None:
                total = condition if total is None else self.domain.binary("or", total, condition, 1)
        return total

    def use(self, text, what):
        """Where no value at all would be undefined behavior."""
        poison = self.poison.get(text.strip())
        if poison is not None:
            self.wrong.append((self.both(self.here, poison), what))

    def get(self, text, width):
        text = text.strip()
        if text in ("true", "false"):
            return self.domain.const(int(text == "true"), width)
        if re.fullmatch(r"-?\d+", text):
            return self.domain.const(int(text), width)
        if text in ("undef", "poison"):
            raise Unknown(text)
        return self.values[text]

    def both(self, a, b):
        return self.domain.name(self.domain.binary("and", a, b, 1), 1)

    def inverse(self, a):
        return self.domain.binary("xor", a, self.domain.const(1, 1), 1)

    def run(self):
        domain = self.domain
        order = self.function.order()
        reached = {order[0]: domain.const(1, 1)}
        self.edges = {} # (from, to): condition
        result = domain.const(0, 1)
        for label in order:
            if label not in reached:
                reached[label] = self.sum_of_edges(label)
            self.here = reached[label]
            for line in self.function.blocks[label]:
                returned = self.step(label, line)
                if returned is not None:
                    result = domain.name(domain.choose(self.here, returned, result, 1), 1)
        return result

    def sum_of_edges(self, label):
        total = self.domain.const(0, 1)
        for (_, to), condition in self.edges.items():
            if to == label:
                total = self.domain.name(self.domain.binary("or", total, condition, 1), 1)
        return total

    def edge(self, start, to, condition):
        condition = self.both(self.here, condition)
        before = self.edges.get((start, to))
        if before is not None:
            condition = self.domain.name(self.domain.binary("or", before, condition, 1), 1)
        self.edges[start, to] = condition

    def step(self, label, line):
        if line.startswith("ret "):
            match = re.fullmatch(r"ret i1 (" + VALUE + ")", line)
            if match is None:
                raise Unknown(line)
            self.use(match.group(1), "an undefined result")
            return self.get(match.group(1), 1)
        if line.startswith("br ") or line.startswith("switch "):
            self.jump(label, line)
            return None
        if line == "unreachable":
            self.wrong.append((self.here, "what the compiler takes for impossible"))
            return None
        if line.startswith("call void @llvm.") or line.startswith("tail call void @llvm."):
            self.assumption(line)
            return None
        match = re.fullmatch(r"(%" + NAME + r") = (.*)", line)
        if match is None:
            raise Unknown(line)
        self.assign(label, match.group(1), match.group(2))
        return None

    def one_of(self, condition, a, b):
        """The one or the other, of conditions that may be None for never."""
        if a is None and b is None:
            return None
        never = self.domain.const(0, 1)
        return self.domain.choose(condition, never if a is None else a, never if b is None else b, 1)

    def assumption(self, line):
        if "llvm.assume" in line:
            match = re.search(r"i1 (?:noundef )?(" + VALUE + r")\)", line)
            condition = self.inverse(self.get(match.group(1), 1))
            self.wrong.append((self.both(self.here, condition), "what the compiler assumes"))
        elif not re.search(r"llvm\.(lifetime|experimental\.noalias)", line):
            raise Unknown(line)

    def jump(self, label, line):
        match = re.fullmatch(r"br label %(" + NAME + ")", line)
        if match:
            self.edge(label, match.group(1).strip('"'), self.domain.const(1, 1))
            return
        match = re.fullmatch(r"br i1 (" + VALUE + r"), label %(" + NAME + r"), label %(" + NAME + ")",
                             line)
        if match:
            condition = self.get(match.group(1), 1)
            self.use(match.group(1), f"an undefined condition: {line}")
            self.edge(label, match.group(2).strip('"'), condition)
            self.edge(label, match.group(3).strip('"'), self.inverse(condition))
            return
        match = re.fullmatch(r"switch (i\d+) (" + VALUE + r"), label %(" + NAME + r") \[(.*)\]", line)
        if match is None:
            raise Unknown(line)
        width = width_of(match.group(1))
        value = self.get(match.group(2), width)
        self.use(match.group(2), f"an undefined condition: {line}")
        other = self.domain.const(1, 1)
        for case, to in re.findall(r"i\d+ (-?\d+|true|false), label %(" + NAME + ")",
                                   match.group(4)):
            condition = self.domain.name(
                self.domain.compare("eq", value, self.get(case, width), width), 1)
            self.edge(label, to.strip('"'), condition)
            other = self.both(other, self.inverse(condition))
        self.edge(label, match.group(3).strip('"'), other)

    def assign(self, label, name, text):
        domain = self.domain
        match = re.fullmatch(r"(add|sub|mul|and|or|xor|shl|lshr|ashr|udiv|urem)((?: nuw| nsw| exact)*)"
                             r" (i\d+) (" + VALUE + "), (" + VALUE + ")", text)
        if match:
            op, width = match.group(1), width_of(match.group(3))
            a, b = self.get(match.group(4), width), self.get(match.group(5), width)
            poison = self.any(self.poison.get(match.group(4)), self.poison.get(match.group(5)))
            if op in ("shl", "lshr", "ashr") and not re.fullmatch(r"\d+", match.group(5)):
                poison = self.any(poison, domain.compare("uge", b, domain.const(width, width),
                                                         width))
            self.set(name, domain.binary(op, a, b, width), width, poison)
            return
        match = re.fullmatch(r"icmp (\w+) (i\d+) (" + VALUE + "), (" + VALUE + ")", text)
        if match:
            width = width_of(match.group(2))
            self.set(name, domain.compare(match.group(1), self.get(match.group(3), width),
                                          self.get(match.group(4), width), width), 1,
                     self.any(self.poison.get(match.group(3)), self.poison.get(match.group(4))))
            return
        match = re.fullmatch(r"select i1 (" + VALUE + r"), (i\d+) (" + VALUE + r"), i\d+ (" + VALUE
                             + ")", text)
        if match:
            width = width_of(match.group(2))
            condition = self.get(match.group(1), 1)
            self.set(name, domain.choose(condition, self.get(match.group(3), width),
                                         self.get(match.group(4), width), width), width,
                     self.any(self.poison.get(match.group(1)),
                              self.one_of(condition, self.poison.get(match.group(3)),
                                          self.poison.get(match.group(4)))))
            return
        match = re.fullmatch(r"(zext|sext|trunc) (i\d+) (" + VALUE + r") to (i\d+)", text)
        if match:
            width, to = width_of(match.group(2)), width_of(match.group(4))
            value = self.get(match.group(3), width)
            poison = self.poison.get(match.group(3))
            if match.group(1) == "trunc":
                self.set(name, domain.cut(value, width, to), to, poison)
            else:
                self.set(name, domain.extend(value, width, to, match.group(1) == "sext"), to,
                         poison)
            return
        match = re.fullmatch(r"freeze (i\d+) (" + VALUE + ")", text)
        if match:
            width = width_of(match.group(1))
            self.use(match.group(2), f"an undefined value: {text}")
            self.set(name, self.get(match.group(2), width), width)
            return
        if text.startswith("phi {"):
            self.aggregate(label, name, text)
        elif text.startswith("phi "):
            self.phi(label, name, text)
        elif re.match(r"(tail )?call ", text):
            self.call(name, text)
        elif text.startswith("getelementptr "):
            self.pointers[name] = text
        elif text.startswith("load "):
            self.load(name, text)
        elif text.startswith(("insertvalue ", "extractvalue ")):
            self.aggregate(label, name, text)
        else:
            raise Unknown(text)

    def aggregate(self, label, name, text):
        match = re.fullmatch(r"insertvalue \{ [^}]* \} (" + VALUE + r"), (i\d+) (" + VALUE
                             + r"), (\d+)", text)
        if match:
            members = dict(self.aggregates.get(match.group(1), {}))
            members[match.group(4)] = match.group(3)
            self.aggregates[name] = members
            return
        match = re.match(r"phi \{ [^}]* \} (.*)$", text)
        if match:
            self.aggregates[name] = ("phi", label, match.group(1))
            return
        match = re.fullmatch(r"extractvalue \{ ([^}]*) \} (%" + NAME + r"), (\d+)", text)
        if match is None or match.group(2) not in self.aggregates:
            raise Unknown(text)
        width = width_of(match.group(1).split(",")[int(match.group(3))].strip())
        value, poison = self.member(match.group(2), match.group(3), width)
        self.set(name, value, width, poison)

    def member(self, aggregate, number, width):
        if aggregate == "zeroinitializer":
            return self.domain.const(0, width), None
        parts = self.aggregates[aggregate]
        if not isinstance(parts, tuple):
            return self.get(parts[number], width), self.poison.get(parts[number])
        _, label, sources = parts
        choices = [(start.strip('"'),) + self.member(value, number, width) for value, start in
                   re.findall(r"\[ (" + VALUE + r"), %(" + NAME + r") \]", sources)
                   if (start.strip('"'), label) in self.edges]
        return self.joined(label, choices, width)

    def joined(self, label, choices, width):
        """The value that comes along the edge that was taken: choices are (start, value, poison)."""
        result = poison = None
        for start, value, undefined in choices:
            if result is None:
                result, poison = value, undefined
            else:
                condition = self.edges[start, label]
                result = self.domain.choose(condition, value, result, width)
                poison = self.one_of(condition, undefined, poison)
        return result, poison

    def phi(self, label, name, text):
        width = width_of(text.split()[1])
        choices = [(start.strip('"'), self.get(value, width), self.poison.get(value))
                   for value, start in re.findall(r"\[ (" + VALUE + r"), %(" + NAME + r") \]", text)
                   if (start.strip('"'), label) in self.edges]
        value, poison = self.joined(label, choices, width)
        self.set(name, value, width, poison)

    def call(self, name, text):
        domain = self.domain
        match = re.search(r"call (i\d+) @llvm\.(\w+)(?:\.\w+)*\.i\d+\((.*)\)", text)
        if match is None:
            raise Unknown(text)
        width = width_of(match.group(1))
        parts = [part.split() for part in match.group(3).split(",")]
        values = [self.get(part[-1], width) for part in parts if part[0] == match.group(1)]
        poison = self.any(*(self.poison.get(part[-1]) for part in parts))
        kind = re.search(r"@llvm\.([\w.]+)\.i\d+\(", text).group(1)
        if kind in ("umin", "umax", "smin", "smax"):
            op = ("u" if kind[0] == "u" else "s") + ("lt" if kind.endswith("min") else "gt")
            self.set(name, domain.choose(domain.compare(op, values[0], values[1], width),
                                         values[0], values[1], width), width, poison)
        elif kind == "usub.sat":
            less = domain.compare("ult", values[0], values[1], width)
            self.set(name, domain.choose(less, domain.const(0, width),
                                         domain.binary("sub", values[0], values[1], width),
                                         width), width, poison)
        elif kind in ("fshl", "fshr") and re.search(r"i\d+ (\d+)\)", text):
            by = int(re.search(r"i\d+ (\d+)\)", text).group(1)) % width
            by = by if kind == "fshl" else width - by
            high = domain.binary("shl", values[0], domain.const(by, width), width)
            low = domain.binary("lshr", values[1], domain.const(width - by, width), width)
            self.set(name, domain.binary("or", high, low, width) if by % width else values[0],
                     width, poison)
        else:
            raise Unknown(text)

    def load(self, name, text):
        match = re.fullmatch(r"load (i\d+), \S+ (%" + NAME + r"), align \d+", text)
        if match is None or match.group(2) not in self.pointers:
            raise Unknown(text)
        width = width_of(match.group(1))
        pointer = re.fullmatch(r"getelementptr inbounds \[(\d+) x ([^\]]*)\], \[[^\]]*\]\* @(" + NAME
                               + r"), i64 0, (i\d+) (" + VALUE + r")(?:, i32 (\d+))?",
                               self.pointers[match.group(2)])
        if pointer is None:
            raise Unknown(self.pointers[match.group(2)])
        count = int(pointer.group(1))
        entries = self.table(pointer.group(3), count,
                             int(pointer.group(6)) if pointer.group(6) else None)
        index_width = width_of(pointer.group(4))
        index = self.get(pointer.group(5), index_width)
        self.use(pointer.group(5), f"an undefined index: {text}")
        beyond = self.domain.compare("uge", index, self.domain.const(count, index_width),
                                     index_width)
        self.wrong.append((self.both(self.here, beyond), f"an index beyond {pointer.group(3)}"))
        value = self.domain.const(entries[0], width)
        for i, entry in enumerate(entries[1:], 1):
            hit = self.domain.compare("eq", index, self.domain.const(i, index_width), index_width)
            value = self.domain.choose(hit, self.domain.const(entry, width), value, width)
        self.set(name, value, width)

    def table(self, name, count, member):
        text = self.module.tables[name]
        string = re.match(r"\[\d+ x i8\] c\"(.*?)\"", text)
        if string:
            data = re.sub(r"\\([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)),
                          string.group(1))
            entries = [ord(c) for c in data]
        elif member is None:
            entries = [int(n) if n not in ("true", "false") else int(n == "true")
                       for n in re.findall(r"i\d+ (-?\d+|true|false)(?=[,\]])", text)]
        else:
            entries = []
            for body in re.findall(r"\{ ([^{}]*) \}|(?:%\S+ )(zeroinitializer)", text):
                if body[1]:
                    entries.append(0)
                else:
                    entries.append(int(re.findall(r"i\d+ (-?\d+)", body[0])[member]))
        if len(entries) != count:
            raise Unknown(f"{name}: {text}")
        return entries


# --- the two uses ------------------------------------------------------------------------------

def formula_of(module, function):
    domain = Formulas()
    names = [f"a{i}" for i in range(len(function.parameters))]
    run = Run(module, function, domain, names)
    wrong = domain.name(run.inverse(run.result), 1)
    for condition, _ in run.wrong:
        wrong = domain.name(domain.binary("or", wrong, condition, 1), 1)
    head = ["(set-logic QF_BV)"] + [f"(declare-const {name} (_ BitVec {width}))" for
                                    name, (_, width) in zip(names, function.parameters)]
    return "\n".join(head + domain.lines + [f"(assert (= {wrong} #b1))", "(check-sat)",
                                            "(get-model)"]) + "\n"


def prove(module, function, show):
    text = formula_of(module, function)
    if show:
        print(text)
    begin = time.time()
    try:
        result = subprocess.run(["z3", "-in", f"-T:{LIMIT}"], input=text, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False)
        answer = result.stdout.split("\n", maxsplit=1)[0] or f"z3 ended with {result.returncode}"
    except OSError as error:
        answer = str(error)
    seconds = time.time() - begin
    if answer == "unsat":
        print(f"proved: {function.name} ({seconds:.1f} s)", flush=True)
        return True
    print(f"NOT PROVED: {function.name}: {answer} ({seconds:.1f} s)")
    if answer == "sat":
        values = dict(re.findall(r"\(define-fun (a\d+) \(\) \(_ BitVec \d+\)\s+(#[xb]\w+)\)",
                                 result.stdout))
        for i, (name, _) in enumerate(function.parameters):
            print(f"    {name[1:]} = {values.get(f'a{i}', 'any').replace('#', '0')}")
    else:
        print(result.stdout)
    return False


def some_number(width):
    kind = random.randrange(6)
    value = random.getrandbits(width)
    if kind == 0:
        value = random.getrandbits(3)
    elif kind == 1:
        value = -random.getrandbits(4)
    elif kind == 2:
        value = (1 << random.randrange(width)) + random.randrange(-2, 3)
    elif kind == 3:
        value &= ~0xfff
    elif kind == 4:
        value &= random.getrandbits(width) & random.getrandbits(width)
    return value & ((1 << width) - 1)


def check(module, function, library, count):
    """Compares the translation with what another compiler makes of the function."""
    types = {1: ctypes.c_bool, 8: ctypes.c_uint8, 16: ctypes.c_uint16, 32: ctypes.c_uint32,
             64: ctypes.c_uint64}
    compiled = getattr(library, function.name)
    compiled.restype = ctypes.c_bool
    compiled.argtypes = [types[width] for _, width in function.parameters]
    for _ in range(count):
        arguments = [some_number(width) for _, width in function.parameters]
        run = Run(module, function, Numbers(), arguments)
        wrong = [what for condition, what in run.wrong if condition]
        if wrong or run.result != int(compiled(*arguments)):
            print(f"{function.name}: the translation differs, or errs, for {arguments}: {wrong}")
            return False
        if not run.result:
            print(f"{function.name}: false for {arguments}")
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", nargs="*")
    parser.add_argument("--check", type=int, default=0)
    parser.add_argument("--only-check", action="store_true", help="no z3")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    sys.setrecursionlimit(100000)
    for tool in ("clang", "gcc") + (() if args.only_check else ("z3",)):
        if shutil.which(tool) is None:
            print(f"Nothing proved: there is no {tool}. ./dev setup all installs it.")
            return 77
    wanted = [tuple(what.split(":")) for what in args.what]
    files = sorted({os.path.join(HERE, os.path.basename(w[0])) for w in wanted}
                   or glob.glob(os.path.join(HERE, "*.c")))
    good = bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            code = subprocess.run(["clang", *FLAGS, *INCLUDES, "-S", "-emit-llvm", path, "-o", "-"],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout
            module = Module(code)
            library = None
            if args.check:
                shared = os.path.join(scratch, os.path.basename(path) + ".so")
                subprocess.run(["gcc", "-std=c11", "-O1", "-ffreestanding", "-shared", "-fPIC",
                                *INCLUDES, path, "-o", shared], check=True)
                library = ctypes.CDLL(shared)
            for name, function in module.functions.items():
                chosen = [w for w in wanted if os.path.basename(w[0]) == os.path.basename(path)]
                if any(len(w) > 1 for w in chosen) and (os.path.basename(path), name) not in \
                        [(os.path.basename(w[0]), w[-1]) for w in chosen]:
                    continue
                try:
                    holds = library is None or check(module, function, library, args.check)
                    if not args.only_check:
                        holds = prove(module, function, args.show) and holds
                except Unknown as error:
                    print(f"NOT PROVED: {name}: not translated: {error}")
                    holds = False
                good += holds
                bad += not holds
    verb = "checked" if args.only_check else "proved"
    print(f"figure: {good} properties {verb}, {bad} not")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main())
