#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What must not compile, and what must. Prints TAP.

  compile.py misuse ROOT      each snippet in misuse/ is refused, for the reason it states, and
                              compiles when the mistake is taken out (-DFIXED)
  compile.py headers ROOT     each public header stands alone: C11 with nothing but the compiler's
                              own headers, and C++11
  compile.py twins ROOT       virtual and physical addresses and regions have the same functions
  compile.py pages ROOT       the C in README.md, docs/ and every other page compiles, but for what is
                              an excerpt of a file that compiles. A block with an #include begins a
                              file, the blocks without one that follow belong to it.

Runs with those of gcc, clang, g++ and clang++ that exist; skipped if none does.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs"))
import blocks  # noqa: E402

SKIPPED = 77

COMMON = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow",
          "-Wundef", "-Werror", "-fdiagnostics-color=never"]
C11 = ["-std=c11", "-ffreestanding", "-Wcast-qual", "-Wmissing-prototypes", "-Wstrict-prototypes",
       "-Wvla"] + COMMON
CXX11 = ["-std=c++11"] + COMMON

# What gcc adds once a statement has been refused.
NO_SEQUELS = ["-Wno-return-type", "-Wno-unused-but-set-parameter"]


class Tap:
    """Test points, numbered; what failed is shown as comments."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def point(self, good, name, details=""):
        self.count += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name))
        if not good:
            for line in details.splitlines():
                print("# " + line)

    def end(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0


def compilers(names):
    """Those that are installed. None at all is a skipped test, and said so."""
    found = [name for name in names if shutil.which(name)]
    for name in names:
        if name not in found:
            print("# %s is not installed" % name)
    if not found:
        print("1..0 # SKIP no compiler")
        sys.exit(SKIPPED)
    return found


def include_dirs(root):
    """The directories whose vmm/ is installed: the core's and each architecture's."""
    ports = os.path.join(root, "ports")
    dirs = [os.path.join(root, "libvmm", "include")]
    for port in sorted(os.listdir(ports)):
        path = os.path.join(ports, port, "include")
        if os.path.isdir(os.path.join(path, "vmm")):
            dirs.append(path)
    return dirs


def include_args(root):
    return ["-I" + path for path in include_dirs(root)]


def run(command, text=None):
    """Whether it succeeds, and what it says. In English, whatever the user speaks."""
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, env=dict(os.environ, LC_ALL="C"))
    return done.returncode == 0, done.stdout


def refused_for_the_reason(says, pattern):
    """Every error is the expected one: a typing mistake in the snippet is another."""
    errors = [line for line in says.splitlines() if re.search(r": (fatal )?error: ", line)]
    return bool(errors) and all(re.search(pattern, line) for line in errors)


def misuse(root, tap):
    folder = os.path.join(root, "test", "compile", "misuse")
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as file:
            pattern = re.search(r"^/\* must say: (.+) \*/$", file.read(), re.MULTILINE)
        if not pattern:
            tap.point(False, name, "it does not state what the compiler must say")
            continue
        for compiler in compilers(["gcc", "clang"]):
            # With code generation: gcc looks for dropped results after parsing.
            command = [compiler] + C11 + include_args(root) + ["-c", "-o", os.devnull, path]
            accepted, says = run(command + NO_SEQUELS)
            tap.point(not accepted and refused_for_the_reason(says, pattern.group(1)),
                      "%s refuses %s" % (compiler, name),
                      "it must say: %s\nit says:\n%s" % (pattern.group(1), says))
            accepted, says = run(command + ["-DFIXED"])
            tap.point(accepted, "%s accepts %s without the mistake" % (compiler, name), says)


def headers_of(root):
    """As they are included: vmm/addr.h."""
    for path in include_dirs(root):
        for folder, _, names in os.walk(path):
            for name in sorted(names):
                if name.endswith(".h"):
                    yield os.path.relpath(os.path.join(folder, name), path)


def headers(root, tap):
    checks = [(compiler, "c", C11) for compiler in compilers(["gcc", "clang"])]
    checks += [(compiler, "c++", CXX11) for compiler in compilers(["g++", "clang++"])]
    for header in headers_of(root):
        # Twice, for the guard. The declaration is for C, where a file needs one.
        text = "#include <%s>\n#include <%s>\nextern int not_empty;\n" % (header, header)
        for compiler, language, args in checks:
            command = [compiler] + args + include_args(root)
            if language == "c":
                own = run([compiler, "-print-file-name=include"])[1].strip()
                command += ["-nostdinc", "-isystem", own]
            good, says = run(command + ["-fsyntax-only", "-x", language, "-"], text)
            tap.point(good, "%s compiles <%s> alone" % (compiler, header), says)


def functions(text, space):
    return set(re.findall(r"\bvmm_%s((?:_(?!t\b|region_t\b)\w+)?)\(" % space, text))


def twins(root, tap):
    only_virtual = {"addr.h": {"_from_ptr", "_ptr"}, "region.h": set()}
    for name, extra in only_virtual.items():
        with open(os.path.join(root, "libvmm", "include", "vmm", name), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
        virtual = functions(text, "va")
        physical = functions(text, "pa")
        tap.point(len(physical) > 10 and virtual == physical | extra,
                  "%s has the same functions for both spaces" % name,
                  "only virtual: %s\nonly physical: %s" % (sorted(virtual - physical - extra),
                                                           sorted(physical - virtual)))


def units_of(root, path):
    units = []
    for block in blocks.blocks_of(root, path):
        if block.language != "c" or {"excerpt", "write"} & set(block.facts):
            continue
        if "#include" in block.text or not units:
            units.append([])
        units[-1].append(block)
    return units


def pages(root, tap):
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in blocks.pages(root):
            for unit in units_of(root, path):
                count += 1
                text = "".join(block.text for block in unit)
                for compiler in compilers(["gcc", "clang"]):
                    # Shown to be read, so declarations may stand where they are explained.
                    args = ["-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion",
                            "-Wno-unused-function", "-Wno-unused-variable", "-Werror"]
                    args += ["-I" + os.path.join(root, folder)
                             for folder in ("tools", "ports/include")]
                    good, says = run([compiler] + args + include_args(root) +
                                     ["-c", "-o", os.path.join(scratch, "unit.o"), "-x", "c", "-"],
                                     text)
                    tap.point(good, "%s compiles %s" % (compiler, unit[0]), says + "\n" + text)
    tap.point(count > 1, "there is C in the pages")


def main():
    checks = {"misuse": misuse, "headers": headers, "twins": twins, "pages": pages}
    if len(sys.argv) != 3 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    tap = Tap()
    checks[sys.argv[1]](sys.argv[2], tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
