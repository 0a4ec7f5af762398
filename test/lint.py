#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Static analysis of the library and of the formats, by every tool that is there.

  lint.py [TOOL]...     gcc, clang-tidy, cppcheck, sparse, misra; by default all of them

gcc -fanalyzer, clang-tidy, cppcheck and sparse have to find nothing but what test/lint.txt explains:

  TOOL | FILE | the finding's name or a piece of its text | the reason

cppcheck's MISRA C:2012 addon is reported by rule and counted, not judged: the library follows no
standard of rules, and deviates from some on purpose (docs/testing.md says from which). A tool that
is not there is skipped with a message. The exit status is 1 if something was found.
"""

import collections
import glob
import os
import re
import shutil
import subprocess
import sys

from explained import rows as explained_rows

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDES = [f"-I{path}" for path in ("libvmm/include", "libvmm", "ports/aarch64",
                                     "ports/aarch64/include", "ports/riscv",
                                     "ports/riscv/include")]
# What a CPU alone can run has its own instructions; the cross compilers judge it.
TARGET_ONLY = ("mmu.c", "switch.c", "sync.c")
PACKAGES = {"gcc": "gcc", "clang-tidy": "clang-tidy", "cppcheck": "cppcheck", "sparse": "sparse",
            "misra": "cppcheck"}
TIDY = ",".join((
    "-*", "bugprone-*", "cert-*", "clang-analyzer-*", "misc-*", "performance-*", "portability-*",
    "readability-misleading-indentation", "readability-redundant-*",
    # Two parameters of one type side by side can't be helped where there are addresses and sizes.
    "-bugprone-easily-swappable-parameters",
    # Names that end in _ are the library's own; none begins so.
    "-bugprone-reserved-identifier", "-cert-dcl37-c", "-cert-dcl51-cpp",
    # Padding of structs that are compared member by member.
    "-clang-analyzer-optin.performance.Padding",
    # Tables are at addresses, which are integers here: the window makes pointers of them.
    "-performance-no-int-to-ptr",
    # Annex K is in no freestanding C library.
    "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling",
    # A static function in a header is how the engine is written once for every format.
    "-misc-definitions-in-headers"))


def sources():
    found = glob.glob("libvmm/*.c") + glob.glob("ports/aarch64/*.c") + glob.glob("ports/riscv/*.c")
    return sorted(path for path in found if os.path.basename(path) not in TARGET_ONLY)


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace", check=False)
    if result.returncode < 0:
        sys.exit(f"{command[0]} ended with signal {-result.returncode}; nothing was judged")
    return result


def gcc():
    """Paths through the code at three levels: what is inlined differs, and with it what is found."""
    for level in ("-O0", "-O1", "-O2"):
        for path in sources():
            result = run(["gcc", "-std=c11", "-ffreestanding", level, "-Wall", "-Wextra",
                          "-fanalyzer", *INCLUDES, "-c", path, "-o", os.devnull])
            yield from re.findall(r"^([^\s:]+):(\d+):\d+: (?:warning|error): (.*)$", result.stdout,
                                  re.MULTILINE)


def clang_tidy():
    for path in sources():
        result = run(["clang-tidy", "--quiet", f"--checks={TIDY}",
                      f"--header-filter={ROOT}/(libvmm|ports)/.*", path, "--", "-std=c11",
                      "-ffreestanding", *INCLUDES])
        for name, line, text in re.findall(r"^([^\s:]+):(\d+):\d+: (?:warning|error): (.*)$",
                                           result.stdout, re.MULTILINE):
            yield os.path.relpath(name, ROOT), line, text


def cppcheck():
    # Variables are declared at the head of the function that has them.
    result = run(["cppcheck", "--quiet", "--std=c11", "--language=c", "--inline-suppr",
                  "--enable=warning,style,performance,portability", "--suppress=missingIncludeSystem",
                  "--suppress=variableScope",
                  "--template={file}:{line}: {severity}: {message} [{id}]", *INCLUDES, *sources()])
    yield from re.findall(r"^([^\s:]+):(\d+): \w+: (.*)$", result.stdout, re.MULTILINE)


def sparse():
    for path in sources():
        result = run(["sparse", "-std=c11", "-ffreestanding", "-Wsparse-all", "-Wno-declaration-after-statement",
                      "-Wno-decl", *INCLUDES, path])
        yield from re.findall(r"^([^\s:]+):(\d+):\d+: (?:warning|error): (.*)$", result.stdout,
                              re.MULTILINE)


def misra():
    result = run(["cppcheck", "--quiet", "--std=c11", "--language=c", "--addon=misra",
                  "--template={file}:{line}: {id}", *INCLUDES, *sources()])
    count = collections.Counter(re.findall(r"misra-c2012-(\d+\.\d+)", result.stdout))
    for rule, number in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        print(f"misra: rule {rule}: {number}")
    print(f"figure: MISRA C:2012: {sum(count.values())} remarks by {len(count)} rules, not judged")
    return iter(())


TOOLS = {"gcc": gcc, "clang-tidy": clang_tidy, "cppcheck": cppcheck, "sparse": sparse,
         "misra": misra}


def explanations(path):
    return [fields for _, fields in explained_rows(path, "TOOL | FILE | text | reason")]


def main(argv):
    os.chdir(ROOT)
    explained = explanations("test/lint.txt")
    wanted = argv[1:] or list(TOOLS)
    bad = 0
    missing = []
    for tool in wanted:
        if tool not in TOOLS:
            sys.exit(__doc__)
        if shutil.which("cppcheck" if tool == "misra" else tool) is None:
            print(f"{tool}: skipped, as it isn't there; Debian's package is {PACKAGES[tool]}")
            missing.append(tool)
            continue
        accepted = 0
        findings = sorted(set(TOOLS[tool]()))
        for name, line, text in findings:
            if any(tool == t and name == f and piece in text for t, f, piece, _ in explained):
                accepted += 1
                continue
            print(f"{tool}: {name}:{line}: {text}")
            bad += 1
        if tool != "misra":
            print(f"{tool}: {len(findings) - accepted} findings, {accepted} more explained",
                  flush=True)
    judges = [tool for tool in wanted if tool not in missing and tool != "misra"]
    print(f"lint: {'FAILED' if bad else 'passed'}: {bad} findings that nothing explains, by "
          f"{', '.join(judges) or 'nobody'}" + (f"; not there: {', '.join(missing)}" if missing else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
