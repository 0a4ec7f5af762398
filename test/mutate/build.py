# SPDX-License-Identifier: MIT
"""Compiles the library with all changes, or with one, and its tests: see mutate.py."""

import concurrent.futures
import glob
import hashlib
import os
import re
import shutil
import subprocess
import threading

from mutate.places import Change, Slot, Source

CC = os.environ.get("CC", "gcc")
CFLAGS = ["-std=c11", "-g0", "-fPIC", "-w", "-Werror=implicit-function-declaration", "-D_FILE_OFFSET_BITS=64",
          '-DPROJECT_VERSION="0.1.0"']
# What isn't set has a value that nothing expects, instead of one that the compiler chooses.
TRIED = ["-O1", "-ftrivial-auto-var-init=pattern", "-fno-inline", "-fno-ipa-cp", "-fno-ident",
         "-include", "test/mutate/choice.h"]
OPTIMIZED = ["-O2", "-fno-ident"]
INCLUDES = ["-I" + path for path in (
    "test/support", "test", "libvmm", "ports/aarch64", "ports/riscv", "libvmm/include",
    "ports/aarch64/include", "ports/riscv/include")]
SCOPE = ["libvmm/*.c", "libvmm/*.h", "libvmm/include/vmm/*.h", "libvmm/include/vmm/engine/*.h",
         "ports/aarch64/*.c", "ports/aarch64/*.h", "ports/riscv/*.c", "ports/riscv/*.h"]
# For a CPU alone, or nothing that a test could notice.
OUT_OF_SCOPE = ("ports/aarch64/mmu.c", "ports/aarch64/switch.c", "ports/aarch64/sync.c",
                "ports/aarch64/aarch64_mmu.h", "ports/riscv/mmu.c", "ports/riscv/switch.c")
# Programs that are built in a way of their own, and one whose threads don't do the same twice.
NOT_TESTS = ("test/test_space_cost.c", "test/test_format_x86.c", "test/test_threads.c")
SERVER = "test/mutate/server.c"


class Disturbed(Exception):
    """Something from outside ended a compiler or a test: what it would have said is not known."""


def names(root, patterns):
    return sorted(os.path.relpath(path, root) for pattern in patterns
                  for path in glob.glob(os.path.join(root, pattern)))


def sources_in_scope(root):
    return [name for name in names(root, SCOPE) if name not in OUT_OF_SCOPE]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_if_other(path, text):
    if not os.path.exists(path) or read(path) != text:
        write(path, text)


def run_compiler(command, cwd):
    """Returns what it complained of, or None if it took the source."""
    result = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True, errors="replace", check=False)
    if result.returncode < 0 or "Killed signal" in result.stderr \
            or "unable to execute" in result.stderr:
        raise Disturbed(f"{command[0]} was ended from outside")
    return None if result.returncode == 0 else result.stderr


def copy_tree(root, to):
    """A tree of sources of its own; files that are the same stay as they are."""
    wanted = set()
    for top in ("libvmm", "ports", "test"):
        for path, _, found in os.walk(os.path.join(root, top)):
            for name in found:
                if name.endswith((".c", ".h", ".inc")):
                    source = os.path.join(path, name)
                    relative = os.path.relpath(source, root)
                    wanted.add(relative)
                    write_if_other(os.path.join(to, relative), read(source))
    for path, _, found in os.walk(to):
        for name in found:
            if os.path.relpath(os.path.join(path, name), to) not in wanted:
                os.remove(os.path.join(path, name))


class Tree:
    """A tree of sources and what is compiled of it."""

    def __init__(self, directory, library):
        self.dir, self.library = directory, set(library)
        self.sources = os.path.join(directory, "tree")
        for part in ("obj", "lib", "bin"):
            os.makedirs(os.path.join(directory, part), exist_ok=True)

    def object_of(self, source, kind=""):
        return os.path.join(self.dir, "obj", source.replace("/", "_") + kind + ".o")

    def compile(self, source, flags, kind=""):
        """Compiles what isn't there as it would be; returns None, or what the compiler said."""
        target = self.object_of(source, kind)
        freestanding = ["-ffreestanding"] if source in self.library else []
        command = [CC, *CFLAGS, *flags, *freestanding, *INCLUDES, "-MD", "-MF", target + ".d", "-c",
                   source, "-o", target]
        key_path = target + ".key"
        if os.path.exists(key_path) and os.path.exists(target) \
                and read(key_path) == self.key(command, target):
            return None
        if os.path.exists(key_path):
            os.remove(key_path)
        said = run_compiler(command, self.sources)
        if said is None:
            write(key_path, self.key(command, target))
        return said

    def depends(self, target):
        text = read(target + ".d").replace("\\\n", " ").split(":", 1)[1]
        return [os.path.normpath(path) for path in text.split() if not path.startswith("/")]

    def key(self, command, target):
        digest = hashlib.sha1(" ".join(command).encode())
        for path in self.depends(target):
            full = os.path.join(self.sources, path)
            digest.update(read(full).encode() if os.path.exists(full) else b"?")
        return digest.hexdigest()

    def lib_path(self):
        return os.path.join(self.dir, "lib", "libvmm_mutated.so")

    def bin_path(self, test):
        return os.path.join(self.dir, "bin", os.path.basename(test)[:-2])

    def link(self, objects, to, library_dir=None):
        kind = ["-L", library_dir, "-lvmm_mutated", "-lcmocka"] if library_dir else \
            ["-shared", "-Wl,-Bsymbolic", "-lcmocka"]
        said = run_compiler([CC, "-o", to + ".new", *objects, *kind], self.sources)
        if said is not None:
            raise Disturbed(f"{to} was not linked: {said}")
        os.replace(to + ".new", to)


class Build:
    """The library with all changes at once, and all tests linked with it."""

    def __init__(self, root, directory, jobs):
        self.root, self.dir, self.jobs = root, directory, jobs
        in_scope = sources_in_scope(root)
        self.library = [s for s in names(root, ["libvmm/*.c", "ports/aarch64/*.c",
                                                "ports/riscv/*.c"]) if s not in OUT_OF_SCOPE]
        self.support = names(root, ["test/support/*.c"])
        self.tests = [s for s in names(root, ["test/test_*.c"]) if s not in NOT_TESTS]
        self.tree = Tree(os.path.join(directory, "all"), self.library)
        self.single = set() # keys of changes that can't be there with others
        self.sources = {}
        self.texts = {name: read(os.path.join(root, name)) for name in in_scope}
        self.order = in_scope
        self.depends = {}
        self.plain = []
        self.lock = threading.Lock()

    def read_places(self):
        for index, name in enumerate(self.order):
            self.sources[name] = Source(name, self.texts[name], index, self.single)

    def all(self):
        single_path = os.path.join(self.dir, "single.txt")
        if os.path.exists(single_path):
            self.single = set(read(single_path).split())
        copy_tree(self.root, os.path.join(self.dir, "plain"))
        cc_header = os.path.join(self.tree.sources, "libvmm/include/vmm/cc.h")
        while True:
            self.read_places()
            self.put_all(cc_header)
            errors = self.compile_all()
            if not errors:
                break
            self.take_out(errors)
            write(single_path, "\n".join(sorted(self.single)) + "\n")
        self.link_all()

    def put_all(self, cc_header):
        plain = os.path.join(self.dir, "plain")
        for path, _, found in os.walk(plain):
            for name in found:
                relative = os.path.relpath(os.path.join(path, name), plain)
                text = self.sources[relative].all_at_once() if relative in self.sources else \
                    read(os.path.join(path, name))
                if relative == "libvmm/include/vmm/cc.h":
                    # Inlined, choices in choices would be without end.
                    text = text.replace("__attribute__((always_inline, unused))",
                                        "__attribute__((unused))")
                write_if_other(os.path.join(self.tree.sources, relative), text)

    def compile_all(self):
        whole = self.library + self.support + self.tests + [SERVER]
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            said = list(pool.map(lambda source: self.tree.compile(source, TRIED), whole))
        for source in whole:
            if os.path.exists(self.tree.object_of(source) + ".d"):
                self.depends[source] = set(self.tree.depends(self.tree.object_of(source)))
        return "\n".join(text for text in said if text is not None)

    def take_out(self, errors):
        """Changes that can't be compiled as a choice are tried one by one."""
        found = 0
        for path, line in set(re.findall(
                r"^([^\s:]+):(\d+):\d+: (?:error:|note: in expansion of)", errors, re.M)):
            source = self.sources.get(os.path.normpath(path))
            what = source.by_line.get(int(line)) if source else None
            if isinstance(what, Slot):
                what = [change for change, _ in what.changes]
            elif isinstance(what, Change):
                what = [what]
            for change in what or []:
                found += change.key not in self.single
                self.single.add(change.key)
        if not found:
            raise SystemExit(f"can't be compiled with all changes:\n{errors[:3000]}")

    def link_all(self):
        tree = self.tree
        tree.link([tree.object_of(s) for s in self.library + [SERVER]], tree.lib_path())
        support = [tree.object_of(s) for s in self.support]

        def link(test):
            tree.link([tree.object_of(test), *support], tree.bin_path(test),
                      os.path.dirname(tree.lib_path()))

        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(link, self.tests))

    def affected(self, name):
        return [s for s in self.library + self.support + self.tests if name in self.depends[s]]


class One:
    """A tree with one change at most: for what can't be a choice, and to see the code of it."""

    def __init__(self, build, number):
        self.build = build
        self.tree = Tree(os.path.join(build.dir, f"one-{number}"), build.library)
        if os.path.exists(self.tree.sources):
            shutil.rmtree(self.tree.sources)
        shutil.copytree(os.path.join(build.dir, "plain"), self.tree.sources)

    def put(self, name, text):
        write(os.path.join(self.tree.sources, name), text)

    def link(self, change):
        """Links what has the change; returns {test: program}, or None if it isn't C."""
        build, tree, name = self.build, self.tree, change.file
        affected = set(build.affected(name))
        try:
            self.put(name, change.applied(build.texts[name]))
            for source in sorted(affected):
                if tree.compile(source, TRIED) is not None:
                    return None
        finally:
            self.put(name, build.texts[name])
        object_of = lambda s: (tree if s in affected else build.tree).object_of(s)
        tree.link([object_of(s) for s in build.library + [SERVER]], tree.lib_path())
        support_changes = any(s in affected for s in build.support)
        programs = {}
        for test in build.tests:
            programs[test] = build.tree.bin_path(test)
            if test in affected or support_changes:
                programs[test] = tree.bin_path(test)
                tree.link([object_of(test), *map(object_of, build.support)], programs[test],
                          os.path.dirname(tree.lib_path()))
        return programs

    def is_same_code(self, change):
        """Whether the optimizer makes the same of the library with the change."""
        build, tree, name = self.build, self.tree, change.file
        for source in build.affected(name):
            if source not in build.library:
                continue
            if tree.compile(source, OPTIMIZED, ".whole") is not None:
                raise Disturbed(f"{source} doesn't compile")
            self.put(name, change.applied(build.texts[name]))
            try:
                if tree.compile(source, OPTIMIZED, ".changed") is not None:
                    return False
            finally:
                self.put(name, build.texts[name])
            if self.code(tree.object_of(source, ".whole")) != \
                    self.code(tree.object_of(source, ".changed")):
                return False
        return True

    @staticmethod
    def code(path):
        with open(path, "rb") as file:
            return file.read()
