#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks the library in one line for each rule of the hardware, and looks who notices.

  teeth.py [--build DIR] [RULE]...

test/teeth.txt has a change for each rule of docs/rules.md that the library obeys. The library is
built with it, and the program that tests the rule has to fail in a test that has the rule's number
in its name; for rules that only instructions keep, checks/check_order.py has to. A change that is
found by another name only, or by nobody, is reported. The exit status is 1 then, 77 if a compiler is
missing.

  RULE PROGRAM FILE
   a line before or after, where the changed one alone could be several
  -the line, or a piece of it
  +what takes its place
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

from mutate.build import OUT_OF_SCOPE, Disturbed, Tree, copy_tree, names, read, run_compiler, write

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
# What checks/check_order.py judges, and by which tools it is made.
TARGETS = {
    "aarch64": ["aarch64-linux-gnu-", "-O2", "-mgeneral-regs-only", "-mno-outline-atomics",
                "-mstrict-align"],
    "riscv": ["riscv64-unknown-elf-", "-O2", "-mcmodel=medany", "-mstrict-align", "-mabi=lp64",
              "-march=rv64imac_zicsr_zifencei"],
}
OPTIONS = ["-std=c11", "-w", "-ffreestanding", "-fno-pic", "-ffunction-sections"]


class Variant:
    def __init__(self, head):
        self.rule, self.program, self.file = head.split()
        self.old, self.new = [], []

    def apply(self, source):
        """The source with the change, or None if it is not there exactly once."""
        changed = [old for old, is_kept in self.old if not is_kept]
        lines = source.split("\n")
        count = len(self.old)
        found = [i for i in range(len(lines) - count + 1)
                 if all(piece.strip() in lines[i + j] for j, (piece, _) in enumerate(self.old))]
        if len(found) != 1 or len(changed) != 1 or len(self.new) > 1:
            return None
        at = found[0] + [is_kept for _, is_kept in self.old].index(False)
        lines[at] = lines[at].replace(changed[0].strip(), "".join(self.new).strip(), 1)
        return "\n".join(lines)


def variants(path):
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n"):
            if not line.strip() or line.startswith("#"):
                continue
            if line[0] in " -":
                found[-1].old.append((line[1:], line[0] == " "))
            elif line[0] == "+":
                found[-1].new.append(line[1:])
            else:
                found.append(Variant(line))
    return found


def failed_names(tree, program):
    """(names of the tests that fail, exit status). Where one never ends, it is killed: -9."""
    env = dict(os.environ, VMM_SEED="1", VMM_STEPS="1", CMOCKA_MESSAGE_OUTPUT="STDOUT",
               LD_LIBRARY_PATH=os.path.dirname(tree.lib_path()))
    with subprocess.Popen([tree.bin_path(f"test_{program}.c")], env=env, cwd=tree.dir,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        try:
            text = process.communicate(timeout=120)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            text = process.communicate()[0]
    return set(re.findall(r"^\[  FAILED  \] (?!\d)(\w+)", text, re.MULTILINE)), process.returncode


class Host:
    """The library with a change, and the programs that test the rules."""

    def __init__(self, directory, programs):
        self.library = [s for s in names(ROOT, ["libvmm/*.c", "ports/aarch64/*.c", "ports/riscv/*.c"])
                        if s not in OUT_OF_SCOPE]
        self.support = names(ROOT, ["test/support/*.c"])
        self.tests = [f"test/test_{name}.c" for name in programs]
        self.tree = Tree(directory, self.library)
        copy_tree(ROOT, self.tree.sources)
        said = self.build(self.tests)
        if said is not None:
            sys.exit(said)
        for name in programs:
            if failed_names(self.tree, name) != (set(), 0):
                sys.exit(f"test_{name} fails without a change")

    def build(self, tests):
        """Compiles what has changed and links it. Returns None, or what the compiler said."""
        tree = self.tree
        for source in self.library + self.support + tests:
            said = tree.compile(source, ["-O0"])
            if said is not None:
                return said
        tree.link([tree.object_of(s) for s in self.library], tree.lib_path())
        for test in tests:
            tree.link([tree.object_of(s) for s in [test] + self.support], tree.bin_path(test),
                      os.path.dirname(tree.lib_path()))
        return None

    def judge(self, variant):
        place = os.path.join(self.tree.sources, variant.file)
        whole = read(place)
        text = variant.apply(whole)
        if text is None:
            return None, "the line to be changed is not there, or several are"
        try:
            write(place, text)
            if self.build([f"test/test_{variant.program}.c"]) is not None:
                return None, "the changed library does not compile"
            return failed_names(self.tree, variant.program)[0], ""
        finally:
            write(place, whole)


def judge_order(variant, directory):
    """Names of the rules that check_order.py finds broken."""
    cpu = variant.file.split("/")[1]
    prefix, *options = TARGETS[cpu]
    with open(os.path.join(ROOT, variant.file), encoding="utf-8") as file:
        text = variant.apply(file.read())
    if text is None:
        return None, "the line to be changed is not there, or several are"
    where = os.path.join(directory, "order")
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    objects = []
    for name in sorted(os.listdir(os.path.join(ROOT, "ports", cpu))):
        if not name.endswith((".c", ".S")) or name == "sync_host.c":
            continue
        source = os.path.join(ROOT, "ports", cpu, name)
        if source == os.path.join(ROOT, variant.file):
            source = os.path.join(where, name)
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
        objects.append(os.path.join(where, f"ports_{cpu}_{name}.o"))
        command = [prefix + "gcc", *(["-D__ASSEMBLY__"] if name.endswith(".S") else OPTIONS),
                   *options, *(f"-I{ROOT}/{path}" for path in
                               ("libvmm/include", "libvmm", f"ports/{cpu}", f"ports/{cpu}/include")),
                   "-c", source, "-o", objects[-1]]
        if run_compiler(command, ROOT) is not None:
            return None, f"{name} does not compile"
    archive = os.path.join(where, "libvmm.a")
    subprocess.run([prefix + "ar", "rcs", archive, *objects], check=True)
    rules = os.path.join(HERE, "checks", f"order-{'aarch64' if cpu == 'aarch64' else 'riscv64'}.txt")
    result = subprocess.run([sys.executable, os.path.join(HERE, "checks", "check_order.py"),
                             prefix + "objdump", prefix + "readelf", archive, rules],
                            stdout=subprocess.PIPE, text=True, check=False)
    names = set()
    for row in re.findall(r"^FAIL: ([AR0-9 ]+):", result.stdout, re.MULTILINE):
        names |= {f"{name.lower()}_" for name in row.split()}
    return names, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build/dev/teeth"))
    parser.add_argument("rules", nargs="*")
    args = parser.parse_args()
    wanted = {rule.upper() for rule in args.rules}
    chosen = [v for v in variants(os.path.join(HERE, "teeth.txt")) if not wanted or v.rule in wanted]
    missing = [f"{TARGETS[v.file.split('/')[1]][0]}gcc" for v in chosen if v.program == "order"]
    missing = [tool for tool in ["gcc", *missing] if shutil.which(tool) is None]
    if missing or not chosen:
        print(f"Nothing was broken: there is no {missing[0] if missing else 'such rule'}.")
        return 77 if missing else 2
    directory = os.path.abspath(args.build)
    os.makedirs(directory, exist_ok=True)
    host = None
    programs = sorted({v.program for v in chosen} - {"order"})
    if programs:
        host = Host(directory, programs)
    bad = 0
    for variant in chosen:
        names, why = judge_order(variant, directory) if variant.program == "order" \
            else host.judge(variant)
        number = variant.rule.lower()
        hits = sorted(name for name in names or ()
                      if number in re.match(r"(?:[ar]\d+_)*", name).group().split("_"))
        if hits:
            what = "check_order.py" if variant.program == "order" else hits[0]
            print(f"{variant.rule}: noticed by {what}", flush=True)
            continue
        bad += 1
        others = ", ".join(sorted(names or ())[:4]) or "nobody"
        print(f"{variant.rule}: {why or f'noticed by {others}'}", flush=True)
    rules = {v.rule for v in chosen}
    print(f"figure: {len(rules)} rules, {len(chosen)} broken variants, {len(chosen) - bad} noticed by "
          f"the rule's name")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Disturbed as error:
        sys.exit(f"{error}; nothing was decided by it. Run it again.")
