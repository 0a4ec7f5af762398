#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes the library a little, again and again, and looks whether a test notices.

  mutate.py [--build DIR] [--seed N] [--sample N] [--slow] [--again] [FILE]...

Each FILE of the library (by default all of libvmm/ and the formats) is changed in one place at a
time: an operator, a constant, a condition, a return value, a statement left out, two neighbors
exchanged. What depends on it is compiled again, and the tests run, the fastest and the likeliest
first, up to the first that fails. A change that no test notices is a survivor; if the optimizer
makes the same code of it, it is no change. test/mutate.txt explains survivors:

  FILE | a piece of the changed line, or the function it is in as name() | the change, or * | the reason

Results are kept in DIR and used again for what is the same. --sample N looks at N changes of each
file, chosen by the seed; --slow also runs tests that take more than five seconds; --again repeats what
survived before and isn't explained. The exit status is 1 if there are survivors without an explanation.
"""

import argparse
import glob
import hashlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

from explained import rows as explained_rows

CC = os.environ.get("CC", "gcc")
CFLAGS = ["-std=c11", "-O0", "-g0", "-fPIC", "-w", "-D_FILE_OFFSET_BITS=64",
          '-DPROJECT_VERSION="0.1.0"']
OPTIMIZED = ["-O2", "-fno-ident"]
FAST = 5.0 # seconds; longer tests are slow ones
SCOPE = ["libvmm/*.c", "libvmm/*.h", "libvmm/include/vmm/*.h", "libvmm/include/vmm/engine/*.h",
         "ports/aarch64/*.c", "ports/aarch64/*.h", "ports/riscv/*.c", "ports/riscv/*.h"]
# For a CPU alone, or nothing that a test could notice.
OUT_OF_SCOPE = ("ports/aarch64/mmu.c", "ports/aarch64/switch.c", "ports/aarch64/sync.c",
                "ports/aarch64/aarch64_mmu.h", "ports/riscv/mmu.c", "ports/riscv/switch.c")
# What a file is tested by, where the names don't say so.
ABOUT = {
    "span": ("region",), "invalidate": ("seam", "seam_rules"), "reclaim": ("oom", "share"),
    "vmm_map": ("vmm",), "vmm_part": ("vmm",), "vmm_mmio": ("vmm",), "line": ("print",),
    "space_read": ("space",), "cut": ("table_changes", "seam"), "change": ("table_changes", "seam"),
    "map": ("table",), "read": ("table_damage",), "shared": ("share",), "walk": ("table",),
    "runs": ("table_changes",), "engine": ("table", "seam_pins", "seam_stands"),
}
# Programs that are built in a way of their own.
NOT_TESTS = ("test_space_cost", "test_format_x86")

# --- places ------------------------------------------------------------------------------------

TOKEN = re.compile(r"""
    (?P<skip>\s+|/\*.*?\*/|//[^\n]*)
  | (?P<directive>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>UINT(?:64|32|16)_C\(\s*(?:0[xX][0-9a-fA-F]+|\d+)\s*\)|0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^!~<>=?:;,.(){}\[\]])
""", re.VERBOSE | re.DOTALL)

SWAPS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "<<": [">>"], ">>": ["<<"], "&": ["|"], "|": ["&", "^"], "^": ["|"],
    "%": ["/"], "/": ["*"], "+=": ["-="], "-=": ["+="], "|=": ["&=", "="], "&=": ["|=", "="],
}
BINARY_ONLY = {"+", "-", "&", "|", "^", "*", "<", ">"}
NAMES = {"true": ["false"], "false": ["true"], "break": ["continue"], "continue": ["break"],
         "NULL": []}
KEYWORDS = {"if", "while", "for", "switch", "return", "do", "else", "case", "default", "sizeof",
            "struct", "enum", "static", "const", "break", "continue", "typedef", "extern",
            "unsigned", "union", "goto"}
TYPES = re.compile(r"^(u?int\d+_t|uintptr_t|size_t|bool|char|int|unsigned|void|vmm_\w+_t|struct|enum"
                   r"|const|static|union|float|double)$")


class Token:
    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)


def tokens_of(source):
    found, at = [], 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            at += 1
            continue
        if match.lastgroup != "skip":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return found


def bodies(tokens):
    """Yields (name, first, last) of each function body: token indices between its braces."""
    depth, i = 0, 0
    while i < len(tokens):
        token = tokens[i]
        if token.text == "{" and depth == 0:
            j = i - 1
            is_function = j >= 0 and tokens[j].text == ")"
            level, k = 1, i + 1
            while k < len(tokens) and level:
                level += {"{": 1, "}": -1}.get(tokens[k].text, 0)
                k += 1
            if is_function:
                level, j = 1, j - 1
                while j >= 0 and level:
                    level += {")": 1, "(": -1}.get(tokens[j].text, 0)
                    j -= 1
                if j >= 0 and tokens[j].kind == "name":
                    yield tokens[j].text, i + 1, k - 1
            elif j >= 1 and any(t.text == "extern" for t in tokens[max(0, j - 1):i]):
                i += 1 # extern "C" {
                continue
            i = k
            continue
        i += 1


def closing(tokens, i):
    """Index of the bracket that closes the one at i."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opens, closes, level = tokens[i].text, pairs[tokens[i].text], 0
    for j in range(i, len(tokens)):
        level += (tokens[j].text == opens) - (tokens[j].text == closes)
        if level == 0:
            return j
    return None


def is_binary(tokens, i):
    before = tokens[i - 1]
    return (before.kind in ("number", "string") or before.text in (")", "]")
            or (before.kind == "name" and before.text not in KEYWORDS
                and not TYPES.match(before.text)))


def other_number(text):
    match = re.search(r"0[xX][0-9a-fA-F]+|\d+", text)
    value = int(match.group(), 0)
    others = [1] if value == 0 else [value - 1, value + 1]
    return [text[:match.start()] + str(other) + text[match.end():] for other in others]


def statements(tokens, first, last):
    """Yields (start, end) token indices, end inclusive, of the simple statements of a body."""
    start = first
    i = first
    while i < last:
        text = tokens[i].text
        if text in ("{", "}"):
            start = i + 1
        elif text == ":" and start < i and tokens[start].text in ("case", "default"):
            start = i + 1
        elif text == "(" and i > first and tokens[i - 1].text in ("if", "while", "for", "switch"):
            i = closing(tokens, i)
            start = i + 1
        elif text == "else" or text == "do":
            start = i + 1
        elif text == ";":
            if start < i:
                yield start, i
            start = i + 1
        i += 1


def is_declaration(tokens, start):
    if TYPES.match(tokens[start].text) and tokens[start].text != "void":
        return True
    return tokens[start].text == "void"


def mutations_of(source):
    """Returns [(start, end, replacement, what, function)]."""
    tokens = tokens_of(source)
    found = []

    def add(start, end, text, what, function):
        found.append((start, end, text, what, function))

    for function, first, last in bodies(tokens):
        for i in range(first, last):
            token = tokens[i]
            if token.kind == "op" and token.text in SWAPS:
                if token.text in BINARY_ONLY and not is_binary(tokens, i):
                    continue
                for other in SWAPS[token.text]:
                    add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.kind == "number":
                for other in other_number(token.text):
                    add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.kind == "name" and token.text in NAMES:
                for other in NAMES[token.text]:
                    add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.kind == "name" and token.text.startswith("VMM_ERR_"):
                other = "VMM_ERR_CORRUPT" if token.text != "VMM_ERR_CORRUPT" else "VMM_ERR_PINNED"
                add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.text == "!" and not tokens[i + 1].text == "=":
                add(token.start, token.end, "", "! left out", function)
            elif token.text in ("if", "while") and tokens[i + 1].text == "(":
                close = closing(tokens, i + 1)
                inner = source[tokens[i + 1].end:tokens[close].start]
                add(tokens[i + 1].end, tokens[close].start, f"!({inner})", "condition negated",
                    function)
                if token.text == "if":
                    add(tokens[i + 1].end, tokens[close].start, f"({inner}) || 1", "always true",
                        function)
                    add(tokens[i + 1].end, tokens[close].start, f"({inner}) && 0", "always false",
                        function)
            elif token.text == "return" and tokens[i + 1].text == "VMM_OK":
                add(tokens[i + 1].start, tokens[i + 1].end, "VMM_ERR_CORRUPT",
                    "VMM_OK -> VMM_ERR_CORRUPT", function)
        before = None
        for start, end in statements(tokens, first, last):
            simple = (tokens[start].kind == "name" and tokens[start].text not in KEYWORDS
                      or tokens[start].text in ("*", "(", "++", "--"))
            if not simple or is_declaration(tokens, start):
                before = None
                continue
            add(tokens[start].start, tokens[end].end, ";", "statement left out", function)
            if before is not None and before[1] + 1 == start:
                one = source[tokens[before[0]].start:tokens[before[1]].end]
                two = source[tokens[start].start:tokens[end].end]
                between = source[tokens[before[1]].end:tokens[start].start]
                if one != two:
                    add(tokens[before[0]].start, tokens[end].end, two + between + one,
                        "exchanged with the next statement", function)
            before = (start, end)
    return found


class Disturbed(Exception):
    """Something from outside ended a compiler or a test: what it would have said is not known."""


def compiled(command):
    """Runs a compiler; whether it took the source."""
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            errors="replace", check=False)
    if result.returncode < 0 or "Killed signal" in result.stderr or "unable to execute" in \
            result.stderr:
        raise Disturbed(f"{command[0]} was ended from outside")
    return result.returncode == 0


# --- building ----------------------------------------------------------------------------------

class Build:
    """All objects as they are, and what each depends on."""

    def __init__(self, root, directory):
        self.root, self.dir = root, directory
        self.env = dict(os.environ, VMM_SEED="1", LD_LIBRARY_PATH=os.path.join(directory, "lib"),
                        CMOCKA_MESSAGE_OUTPUT="STDOUT", VMM_STEPS="1")
        self.includes = ["-I" + os.path.join(root, path) for path in (
            "test/support", "test", "libvmm", "ports/aarch64", "ports/riscv", "libvmm/include",
            "ports/aarch64/include", "ports/riscv/include")]
        names = lambda pattern: sorted(os.path.relpath(p, root)
                                       for p in glob.glob(os.path.join(root, pattern)))
        self.library = [s for s in names("libvmm/*.c") + names("ports/aarch64/*.c")
                        + names("ports/riscv/*.c") if s not in OUT_OF_SCOPE]
        self.support = names("test/support/*.c")
        self.tests = [s for s in names("test/test_*.c")
                      if os.path.basename(s)[:-2] not in NOT_TESTS]
        self.depends = {}
        self.seconds = {}

    def object_of(self, source, suffix=".o"):
        return os.path.join(self.dir, "obj", source.replace("/", "_") + suffix)

    def compile(self, source, to, flags=(), where=None):
        freestanding = ["-ffreestanding"] if source in self.library else []
        command = [CC, *CFLAGS, *flags, *freestanding, *(where or []), *self.includes, "-MD", "-MF",
                   to + ".d", "-c", os.path.join(self.root, source), "-o", to]
        return compiled(command)

    def link_library(self, objects, to):
        if not compiled([CC, "-shared", "-Wl,-Bsymbolic", "-o", to, *objects]):
            raise Disturbed(f"{to} was not linked")

    def link_test(self, name, test_object, support_objects, to):
        if not compiled([CC, "-o", to, test_object, *support_objects, "-L",
                         os.path.join(self.dir, "lib"), "-lvmm_mutated", "-lcmocka"]):
            raise Disturbed(f"{to} was not linked")

    def is_fresh(self, source):
        """Whether an earlier run has compiled it as it is."""
        target = self.object_of(source)
        if not os.path.exists(target) or not os.path.exists(target + ".d"):
            return False
        with open(target + ".d", encoding="utf-8") as file:
            depends = file.read().replace("\\\n", " ").split(":", 1)[1].split()
        return all(os.path.exists(path) and os.path.getmtime(path) < os.path.getmtime(target)
                   for path in depends)

    def all(self):
        os.makedirs(os.path.join(self.dir, "obj"), exist_ok=True)
        os.makedirs(os.path.join(self.dir, "lib"), exist_ok=True)
        os.makedirs(os.path.join(self.dir, "bin"), exist_ok=True)
        for source in self.library + self.support + self.tests:
            if not self.is_fresh(source) and not self.compile(source, self.object_of(source)):
                sys.exit(f"{source} doesn't compile")
            with open(self.object_of(source) + ".d", encoding="utf-8") as file:
                text = file.read().replace("\\\n", " ").split(":", 1)[1]
            self.depends[source] = {os.path.relpath(p, self.root) for p in text.split()
                                    if p.startswith(self.root)}
        self.link_library([self.object_of(s) for s in self.library], self.lib_path())
        support = [self.object_of(s) for s in self.support]
        for test in self.tests:
            self.link_test(test, self.object_of(test), support, self.bin_path(test))

    def lib_path(self):
        return os.path.join(self.dir, "lib", "libvmm_mutated.so")

    def bin_path(self, test):
        return os.path.join(self.dir, "bin", os.path.basename(test)[:-2])

    def run(self, path, limit):
        """Returns (whether it passed, CPU seconds)."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)

        def bounds():
            # The soft limit ends it with SIGXCPU; SIGKILL comes from outside.
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 30))
            resource.setrlimit(resource.RLIMIT_AS, (64 << 30, 64 << 30))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        try:
            result = subprocess.run([path], env=self.env, cwd=self.dir, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                    preexec_fn=bounds, timeout=20 * limit + 20, check=False)
            if result.returncode == -signal.SIGKILL:
                raise Disturbed(f"{path} was ended from outside")
            passed = result.returncode == 0
        except subprocess.TimeoutExpired:
            passed = False
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return passed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def measure(self, slow):
        """Returns how many tests can't be used; without `slow` none is waited for that is slow."""
        failing = []
        path = os.path.join(self.dir, "seconds.json")
        known = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                known = json.load(file)
        for test in self.tests:
            programs = hashlib.sha1()
            for name in (self.lib_path(), self.bin_path(test)):
                with open(name, "rb") as file:
                    programs.update(file.read())
            if known.get(test, [None])[0] == programs.hexdigest():
                self.seconds[test] = known[test][1]
                continue
            passed, seconds = self.run(self.bin_path(test), 120 if slow else FAST)
            if not passed and seconds >= FAST and not slow:
                self.seconds[test] = seconds
                continue
            if not passed:
                print(f"{test} fails on the library as it is, and is left out", flush=True)
                failing.append(test)
            else:
                known[test] = [programs.hexdigest(), seconds]
            self.seconds[test] = seconds
        save(path, known)
        self.tests = [test for test in self.tests if test not in failing]
        return len(failing)


def related(test, source):
    """Whether the names say that the test is about the source."""
    stem = re.sub(r"\W", "_", os.path.splitext(os.path.basename(source))[0])
    stem = stem.replace("aarch64_", "").replace("_impl", "")
    name = os.path.basename(test)[5:-2]
    return (name in ABOUT.get(stem, ()) or stem == name or name.startswith(stem + "_")
            or name.endswith("_" + stem))


class Mutator:
    def __init__(self, build, slow):
        self.build, self.slow = build, slow
        self.killers = {}
        self.coming = {}

    def order(self, source):
        """Those that killed before, those by name, then by time."""
        build = self.build
        tests = [t for t in self.coming.get(source, build.tests)
                 if self.slow or build.seconds[t] < FAST]
        kills = self.killers.get(source, {})
        return sorted(tests, key=lambda t: (-min(kills.get(t, 0), 3) if build.seconds[t] < 0.3 else 0,
                                            build.seconds[t] * (0.02 if related(t, source) else 1)))

    def find_coming(self, source, whole):
        """Finds the tests that come to the source at all: those that a trap in all of it ends."""
        if not source.endswith(".c"):
            return
        tokens, text = tokens_of(whole), whole
        for _, first, _ in reversed(list(bodies(tokens))):
            at = tokens[first].start
            text = text[:at] + "__builtin_trap(); " + text[at:]
        coming = list(self.failing(source, text, self.build.tests))
        if None not in coming:
            self.coming[source] = coming

    def variant(self, source):
        return os.path.join(self.build.dir, "mutant", os.path.relpath(source, "."))

    def overlay(self, source, text):
        """Compiler options under which `source` is read as `text`."""
        path = os.path.join(self.build.dir, "mutant", source)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def compile_mutant(self, source, text, flags=()):
        """Compiles what depends on the source; {source: object}, or None if it isn't C."""
        build = self.build
        path = self.overlay(source, text)
        objects = {}
        affected = [s for s in build.library if source in build.depends[s]]
        if source.endswith(".h"):
            affected += [s for s in build.support + build.tests if source in build.depends[s]
                         and (s in build.support or related(s, source) or "toy" in s)]
        for other in affected:
            to = build.object_of(other, ".mutant.o")
            if other == source:
                where = ["-I" + os.path.dirname(os.path.join(build.root, source))]
                ok = self.compile_at(path, to, where, flags, other)
            else:
                ok = self.compile_with(source, path, other, to, flags)
            if not ok:
                return None
            objects[other] = to
        return objects

    def compile_at(self, path, to, where, flags, source):
        build = self.build
        freestanding = ["-ffreestanding"] if source in build.library else []
        return compiled([CC, *CFLAGS, *flags, *freestanding, *where, *build.includes, "-c", path,
                         "-o", to])

    def compile_with(self, header, path, source, to, flags):
        """The header is put in its place for so long; a build has a tree of its own."""
        build = self.build
        place = os.path.join(build.root, header)
        with open(place, encoding="utf-8") as file:
            whole = file.read()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            with open(place, "w", encoding="utf-8") as file:
                file.write(text)
            return build.compile(source, to, flags)
        finally:
            with open(place, "w", encoding="utf-8") as file:
                file.write(whole)

    def same_code(self, source, text, whole):
        """Whether the optimizer makes the same of it."""
        build = self.build
        codes = []
        for version in (whole, text):
            objects = self.compile_mutant(source, version, OPTIMIZED)
            if objects is None:
                return False
            code = b""
            for name in sorted(objects):
                if name not in build.library:
                    continue
                subprocess.run(["strip", "-g", objects[name]], check=False)
                with open(objects[name], "rb") as file:
                    # The name of the file is in it.
                    code += file.read().replace(build.dir.encode(), b"").replace(
                        build.root.encode(), b"")
            codes.append(code)
        return codes[0] == codes[1]

    def failing(self, source, text, tests):
        """Yields the tests that fail with the source read as `text`; None if it isn't C."""
        build = self.build
        objects = self.compile_mutant(source, text)
        if objects is None:
            yield None
            return
        library = [objects.get(s, build.object_of(s)) for s in build.library]
        whole = build.lib_path() + ".whole"
        os.rename(build.lib_path(), whole)
        try:
            build.link_library(library, build.lib_path())
            support = [objects.get(s, build.object_of(s)) for s in build.support]
            stale = any(s in objects for s in build.support)
            for test in tests:
                path = build.bin_path(test)
                if test in objects or (stale and "toy" in test):
                    path += ".mutant"
                    build.link_test(test, objects.get(test, build.object_of(test)), support, path)
                passed, _ = build.run(path, 10 * build.seconds[test] + 3)
                if not passed:
                    yield test
        finally:
            os.replace(whole, build.lib_path())

    def judge(self, source, text):
        """Returns ("killed", test), ("survived", None) or ("invalid", None)."""
        found = self.failing(source, text, self.order(source))
        test = next(found, "")
        found.close()
        if test is None:
            return "invalid", None
        if test == "":
            return "survived", None
        kills = self.killers.setdefault(source, {})
        kills[test] = kills.get(test, 0) + 1
        return "killed", test


# --- results -----------------------------------------------------------------------------------

def explanations(path):
    if not os.path.exists(path):
        return []
    return [fields for _, fields in explained_rows(path, "FILE | line or function() | change | reason")]


def reason_for(explained, source, line, function, what):
    for file, place, change, reason in explained:
        if file != source or (change != "*" and change != what):
            continue
        if place == function + "()" or (not place.endswith("()") and place in line) \
                or (place.endswith("()") and place != function + "()" and place in line):
            return reason
    return None


def identity(source, text, start, what):
    """Stays the same while the line and its surroundings do."""
    line = text.count("\n", 0, start)
    lines = text.split("\n")
    around = "\n".join(lines[max(0, line - 1):line + 2])
    column = start - (text.rfind("\n", 0, start) + 1)
    return hashlib.sha1(f"{source}\n{around}\n{column}\n{what}".encode()).hexdigest()[:16]


def save(path, results):
    """At once and whole: a run may be ended at any time and go on later."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file)
    os.replace(path + ".new", path)


def copy_tree(root, to):
    """The build changes headers for a moment, so it has a tree of its own."""
    for top in ("libvmm", "ports", "test"):
        for path, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if not name.endswith((".c", ".h")):
                    continue
                target = os.path.join(to, os.path.relpath(os.path.join(path, name), root))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(os.path.join(path, name), "rb") as file:
                    data = file.read()
                with open(target, "wb") as file:
                    file.write(data)
                times = os.stat(os.path.join(path, name))
                os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--build", default="build/dev/mutate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--list", action="store_true", help="only says how many there are")
    args = parser.parse_args()
    root = os.path.abspath(args.root)
    files = args.files or sorted(
        name for pattern in SCOPE for name in
        (os.path.relpath(p, root) for p in glob.glob(os.path.join(root, pattern)))
        if name not in OUT_OF_SCOPE)
    directory = os.path.abspath(args.build)
    tree = os.path.join(directory, "tree")
    os.makedirs(tree, exist_ok=True)
    subprocess.run(["rm", "-rf", tree], check=True)
    copy_tree(root, tree)
    results_path = os.path.join(directory, "results.json")
    results = {}
    if os.path.exists(results_path):
        with open(results_path, encoding="utf-8") as file:
            results = json.load(file)
    explained = explanations(os.path.join(root, "test/mutate.txt"))
    build = Build(tree, directory)
    mutator = Mutator(build, args.slow)
    bad = 0
    if not args.list:
        build.all()
        bad = build.measure(args.slow)
    total = {"killed": 0, "survived": 0, "same": 0, "invalid": 0, "explained": 0}
    for source in files:
        with open(os.path.join(tree, source), encoding="utf-8") as file:
            whole = file.read()
        places = mutations_of(whole)
        if args.sample and len(places) > args.sample:
            places = sorted(random.Random(args.seed).sample(places, args.sample))
        if args.list:
            print(f"{source}: {len(places)}")
            continue
        count = {"killed": 0, "survived": 0, "same": 0, "invalid": 0, "explained": 0}
        begin = time.time()
        if any(identity(source, whole, place[0], place[3]) not in results for place in places):
            mutator.find_coming(source, whole)
        for start, end, replacement, what, function in places:
            text = whole[:start] + replacement + whole[end:]
            key = identity(source, whole, start, what)
            known = results.get(key)
            number = whole.count("\n", 0, start) + 1
            line = whole.split("\n")[number - 1].strip()
            reason = reason_for(explained, source, line, function, what)
            if known is None or (known == "survived" and args.again and reason is None):
                verdict, killer = mutator.judge(source, text)
                if verdict == "survived" and mutator.same_code(source, text, whole):
                    verdict = "same"
                results[key] = verdict
                save(results_path, results)
            verdict = results[key]
            if verdict == "survived":
                if reason is not None:
                    verdict = "explained"
                else:
                    bad += 1
                    print(f"{source}:{number}: {function}(): {what}: {line}", flush=True)
            count[verdict] += 1
        for verdict, number in count.items():
            total[verdict] += number
        print(f"{source}: {count['killed']} killed, {count['same']} no change, "
              f"{count['explained']} explained, {count['survived']} survived "
              f"({time.time() - begin:.0f} s)", flush=True)
    changes = total["killed"] + total["survived"] + total["explained"]
    if changes:
        print(f"figure: {changes} changes, {total['killed']} noticed, {total['explained']} explained, "
              f"{total['survived']} not: {100.0 * total['killed'] / changes:.1f} % noticed")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Disturbed as error:
        sys.exit(f"{error}; nothing was decided by it. Run it again.")
