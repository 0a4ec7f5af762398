#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How large the library's code is, and how much stack it takes.

  size.py measure --build NAME --cc COMMAND... --small LIBRARY --library LIBRARY --kernel ELF
                  --objdump OBJDUMP --readelf READELF --indirect RULES --baseline FILE [--out JSON]
  size.py report [--update] [--keep] --baseline FILE JSON...

`small` is the library built for size, `library` as usual. Three programs are linked with the former, each
of nothing but what it names: all operations of one format; init_bare, map and translate of one; what
the drivers kernel uses. The baseline has the size of each and of each function in it. A program that
has grown by more than LIMIT fails, and the message says which functions did it.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "checks"))
import check_calls  # noqa: E402
import objects  # noqa: E402
import page  # noqa: E402

LIMIT = 0.05
FORMAT = {"aarch64": "vmm_aarch64_4k", "riscv64": "vmm_riscv_sv39"}
OPERATIONS = ("init", "effective", "need", "map", "unmap", "protect", "translate", "query", "visit",
              "share", "trim", "fini")
# Program: what it is, and how many bytes of code it may have.
PROGRAMS = {
    "format": ("one format, all operations", 7168),
    "minimal": ("init_bare, map and translate", 3072),
    "drivers": ("what the drivers kernel uses", 20480),
}
STACK = 512

# What one format's bytes are for, by the names of its functions: the first that fits.
PARTS = (
    ("unmap and protect: cuts, runs, break-before-make",
     r"_((un|)map_short_|unmap|protect|protect_(long|row|short)_|change_\w+|plan_change_|build_split_|clear_row_|"
     r"store_unit_)$|vmm_(settle|may_break|split_of|unit_\w+|words_(change|clear))_$|^holds"),
    ("map: plan and commit, rows of words",
     r"_(map|map_long_|map_or_plan_|put_row_)$|vmm_(words_\w+|survey_row|tell_mapped|mapped)_$"),
    ("translate, query and visit", r"_(translate|query|visit|walk_)$"),
    ("tables given back, trim and fini",
     r"_(prune_|chain_subtree_|trim|fini)$|vmm_(bury|chain_dead|push_empty|give_back|is_empty|unlink|leave)_$"),
    ("share and need", r"_(share|need)$|shared"),
    ("set-up and arguments",
     r"_(init|init_bare|effective)$|vmm_(init|reset|fail|(refuse|check)_\w+|span_overlaps)_$"),
    ("invalidations, barriers and cleaning", r"gather|forget|issue|vmm_(publish|clean|complete)_$"),
    ("attributes and descriptors", r"^aarch64_|^vmm_riscv_(?!sv\d)\w+_$|attr"),
    ("frames, counts, and what compilers share", r""),
)


def symbols(readelf, path, prefix):
    """{name: size} of functions and of constants, and the bytes of code and constants in sections."""
    places = {}
    sections = {"code": 0, "constants": 0}
    for line in objects.run(readelf, "-SsW", path).splitlines():
        match = re.match(r"^\s+\[\s*\d+\] (\S+)\s+PROGBITS\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", line)
        if match and match[1].startswith(".text"):
            sections["code"] += int(match[2], 16)
        elif match and match[1].startswith((".rodata", ".data.rel.ro", ".srodata")):
            sections["constants"] += int(match[2], 16)
        match = re.match(r"^\s+\d+: ([0-9a-f]+)\s+(\w+)\s+(FUNC|OBJECT)\s+\w+\s+\w+\s+\d+\s+(\S+)$", line)
        if match:
            # A compiler's copies of a function are the function's; what it cuts out of several is nobody's.
            name = re.sub(r"\.(isra|constprop|part|cold|llvm)\b.*", "", match[4])
            name = re.sub(r"^OUTLINED_FUNCTION_\d+$", "OUTLINED", name)
            places.setdefault((match[3], match[1], int(match[2], 0)), []).append(name)
    found = {"FUNC": collections.Counter(), "OBJECT": collections.Counter()}
    for (kind, _, size), names in places.items():
        # Identical functions of several formats are one, which has all their names.
        found[kind][min(names, key=lambda name: (not name.startswith(prefix), name))] += size
    return found["FUNC"], found["OBJECT"], sections


def parts_of(functions):
    """Bytes for each of PARTS."""
    sizes = [0] * len(PARTS)
    for name, size in functions.items():
        sizes[next(i for i, (_, names) in enumerate(PARTS) if re.search(names, name))] += size
    return sizes


def globals_of(readelf, path):
    names = set()
    for line in objects.run(readelf, "-sW", path).splitlines():
        match = re.match(r"^\s+\d+: [0-9a-f]+\s+\w+\s+(?:FUNC|OBJECT|NOTYPE)\s+GLOBAL\s+\w+\s+(\w+)\s+"
                         r"(\S+)$", line)
        if match and match[1] != "UND":
            names.add(match[2])
    return names


def link(options, roots, prefix):
    """What is left of the library if only the roots are used."""
    with tempfile.TemporaryDirectory() as folder:
        output, empty = os.path.join(folder, "program.elf"), os.path.join(folder, "empty.o")
        # lld wants an object beside the archive.
        compilation = [word for word in options.cc if not word.startswith(("-fuse-ld", "-no"))]
        subprocess.run(compilation + ["-x", "c", "-c", os.devnull, "-o", empty], check=True,
                       stderr=subprocess.DEVNULL)
        command = options.cc + ["-nostdlib", "-static", "-Wl,--gc-sections", "-Wl,-e,0",
                                "-Wl,--build-id=none", "-Wl,-Ttext=0x80000000",
                                "-Wl,--defsym=memcpy=0x80000000", "-Wl,--defsym=memset=0x80000000",
                                empty]
        command += [f"-Wl,-u,{root}" for root in sorted(roots)] + [options.small, "-o", output]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            sys.exit(f"the linker failed: {result.stdout}")
        return symbols(options.readelf, output, prefix)


def stacks(options):
    """The deepest stack of each public function."""
    archive = objects.Archive(options.objdump, options.readelf, options.library)
    graph = check_calls.Graph(archive, options.indirect)
    known, found = {}, {}
    for function in archive.functions:
        if function.is_global and re.fullmatch(r"vmm_\w*[^_]", function.name):
            size, path = graph.deepest(function, known)
            found[function.name] = {"bytes": size,
                                    "path": [f"{f.name} {f.stack or 0}" for f in path if f.stack]}
    return found


def measure(options):
    name = FORMAT[options.build.split("-")[0]]
    in_library = globals_of(options.readelf, options.small)
    roots = {
        "format": {f"{name}_{operation}" for operation in OPERATIONS},
        "minimal": {f"{name}_{operation}" for operation in ("init_bare", "map", "translate")},
        "drivers": globals_of(options.readelf, options.kernel) & in_library,
    }
    result = {"build": options.build, "programs": {}, "stacks": stacks(options)}
    for program, names in roots.items():
        functions, constants, sections = link(options, names, name)
        result["programs"][program] = {"code": sections["code"], "constants": sections["constants"],
                                       "symbols": functions + constants}
        if program == "format":
            result["parts"] = parts_of(functions)
    return result


def read_baseline(path):
    """{build: {program: {symbol or "": bytes}}}: in the file, a line has a column for each build."""
    baseline, builds = {}, []
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[:2] == ["program", "symbol"]:
                builds = words[2:]
            elif words and not line.startswith("#"):
                symbol = "" if words[1] == "(total)" else words[1]
                for build, size in zip(builds, words[2:]):
                    if size != "-":
                        programs = baseline.setdefault(build, {})
                        programs.setdefault(words[0], {})[symbol] = int(size)
    return baseline


def write_baseline(path, results):
    builds = [result["build"] for result in results]
    rows = [["program", "symbol"] + builds]
    for program in PROGRAMS:
        if program == "minimal":
            # Every symbol of it is in `format`, too.
            rows.append([program, "(total)"] + [str(r["programs"][program]["code"]) for r in results])
            continue
        names = set().union(*(r["programs"][program]["symbols"] for r in results))
        rows.append([program, "(total)"] + [str(r["programs"][program]["code"]) for r in results])
        for name in sorted(names):
            rows.append([program, name] + [str(r["programs"][program]["symbols"].get(name, "-"))
                                           for r in results])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    with open(path, "w", encoding="ascii") as file:
        file.write("# SPDX-License-Identifier: MIT\n"
                   "# Bytes at -Os: of each program all code, then each function and constant in it.\n"
                   "# Written by ./dev size --update; a program may grow by 5 % before a test fails.\n")
        for row in rows:
            cells = [cell.ljust(width) if i < 2 else cell.rjust(width)
                     for i, (cell, width) in enumerate(zip(row, widths))]
            file.write("  ".join(cells).rstrip() + "\n")


def check(result, baseline):
    """Messages for what has grown too much."""
    faults = []
    before = baseline.get(result["build"], {})
    for program, (what, _) in PROGRAMS.items():
        now = result["programs"][program]
        old = before.get(program, {}).get("")
        if old is None:
            faults.append(f"{result['build']}: the baseline has no '{program}': ./dev size --update")
        elif now["code"] > old * (1 + LIMIT):
            known = before.get(program, {})
            known = known if len(known) > 1 else before.get("format", {})
            grown = sorted(((size - known.get(name, 0), name) for name, size in now["symbols"].items()
                            if size > known.get(name, 0)), reverse=True)[:8]
            faults.append(f"{result['build']}: {what}: {now['code']} bytes of code, {old} before: "
                          + ", ".join(f"{name} +{more}" for more, name in grown))
    return faults


def stack_rows(results):
    names = set().union(*(result["stacks"] for result in results))
    deepest = {name: max(r["stacks"].get(name, {"bytes": 0})["bytes"] for r in results) for name in names}
    return sorted(names, key=lambda name: (-deepest[name], name))


def report(results, baseline):
    builds = [result["build"] for result in results]
    width = max(len(build) for build in builds) + 2
    print(f"{'bytes of code at -Os':38}" + "".join(build.rjust(width) for build in builds) + "  limit")
    for program, (what, limit) in PROGRAMS.items():
        sizes = [result["programs"][program]["code"] for result in results]
        met = all(size <= limit for size in sizes)
        print(f"{what:38}" + "".join(str(size).rjust(width) for size in sizes)
              + f"  {limit} {'met' if met else 'NOT MET'}")
        print(f"{'  and of constants':38}" + "".join(
            str(r["programs"][program]["constants"]).rjust(width) for r in results))
    print("of one format's bytes:")
    for i, (what, _) in enumerate(PARTS):
        print(f"  {what:36}" + "".join(str(r["parts"][i]).rjust(width) for r in results))
    names = stack_rows(results)
    above = [name for name in names
             if any(r["stacks"].get(name, {"bytes": 0})["bytes"] > STACK for r in results)]
    print(f"bytes of stack at -O2, everything below included: limit {STACK}, "
          f"{len(names) - len(above)} of {len(names)} functions keep it")
    for name in names[:12]:
        print(f"  {name:36}" + "".join(
            str(r["stacks"].get(name, {"bytes": "-"})["bytes"]).rjust(width) for r in results))
    for result in results:
        name = max(result["stacks"], key=lambda n: result["stacks"][n]["bytes"])
        print(f"deepest, {result['build']}: " + " > ".join(result["stacks"][name]["path"]))


def section(results):
    """What docs/performance.md shows of it."""
    names = stack_rows(results)
    return {"builds": [result["build"] for result in results],
            "programs": [{"what": what, "limit": limit,
                          "code": [result["programs"][program]["code"] for result in results]}
                         for program, (what, limit) in PROGRAMS.items()],
            "parts": [[what, [r["parts"][i] for r in results]] for i, (what, _) in enumerate(PARTS)],
            "stacks": [[name, [r["stacks"].get(name, {"bytes": None})["bytes"] for r in results]]
                       for name in names[:12]],
            "functions": len(names),
            "within": sum(all(r["stacks"].get(name, {"bytes": 0})["bytes"] <= STACK for r in results)
                          for name in names)}


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("measure")
    for name in ("build", "small", "library", "kernel", "objdump", "readelf", "indirect"):
        one.add_argument("--" + name, required=True)
    one.add_argument("--cc", nargs="+", required=True)
    one.add_argument("--out")
    all_builds = commands.add_parser("report")
    all_builds.add_argument("--update", action="store_true")
    all_builds.add_argument("--keep", action="store_true")
    all_builds.add_argument("results", nargs="+")
    for command in (one, all_builds):
        command.add_argument("--baseline", required=True)
    argv = sys.argv[1:]
    # What follows --cc up to --end is the compiler with its own options.
    compiler = []
    if "--cc" in argv:
        start, end = argv.index("--cc"), argv.index("--end")
        compiler, argv[start:end + 1] = argv[start + 1:end], ["--cc", "cc"]
    options = parser.parse_args(argv)
    if options.command == "measure":
        options.cc = compiler
        result = measure(options)
        if options.out:
            with open(options.out, "w", encoding="ascii") as file:
                json.dump(result, file)
        faults = check(result, read_baseline(options.baseline))
    else:
        results = []
        for path in options.results:
            with open(path, encoding="ascii") as file:
                results.append(json.load(file))
        if options.update:
            write_baseline(options.baseline, results)
        if options.keep:
            page.keep("size", section(results))
        baseline = read_baseline(options.baseline)
        report(results, baseline)
        faults = [fault for result in results for fault in check(result, baseline)]
    for fault in faults:
        print("FAIL: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
