#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests vmm-precompute on kernels that compilers and linkers made: tools/example, as it is and with one
thing wrong.

  run_linked.py TOOL SOURCE_ROOT COMPILER...

A compiler is a command, `clang` stands for clang and lld for both machines. Prints TAP.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

from images import FORMATS

LOADS = {"aarch64": 0x40200000, "riscv": 0x80200000}
EXTRA = {
    "aarch64-4k": ["-DTG0=0", "-DTG1=2"],
    "aarch64-16k": ["-DTG0=2", "-DTG1=1"],
    "aarch64-64k": ["-DTG0=1", "-DTG1=3"],
    "riscv-sv39": ["-DSATP_MODE=8"],
    "riscv-sv48": ["-DSATP_MODE=9"],
    "riscv-sv57": ["-DSATP_MODE=10"],
}

# One more request, which makes the kernel wrong; BASE is the start of its half.
REQUESTS = [
    ("a mapping over the code", 'MAP_AT("B", __boot_start, 0x1000, 0x80000000, "rw")', "overlap"),
    ("a guard over the code", 'GUARD("B", __boot_start, __boot_start + 0x1000)',
     "covers loaded bytes of segment [01]"),
    ("a request with all rights", 'MAP("B", __stack_top - 0x1000, __stack_top, "rwx")',
     "'B' is asked for writable and executable"),
    ("an executable device", 'MAP_AT("B", BASE + 0x200000000, 0x1000, 0, "rx device")',
     "'B' is asked for as device memory that is executable"),
    ("memory beyond the format", 'MAP_AT("B", BASE + 0x200000000, 0x1000, 1 << 57, "rw")',
     "'B' is at physical .* beyond the"),
    ("an address between the halves", 'MAP_AT("B", 1 << 60, 0x1000, 0, "rw")', "is not in a half"),
    ("a part that is not of whole pages", 'MAP("B", __stack_top - 0x800, __stack_top, "rw")',
     "is not made of whole pages"),
    ("code that is skipped in part", "SKIP(__boot_start, __boot_start + 8)",
     "segment [01], which is loaded, is not mapped"),
]

# A change of a linker script, which makes the kernel wrong: script, text, what takes its place.
SCRIPTS = [
    ("a data segment with all rights", "kernel.ld", "FLAGS(6)", "FLAGS(7)",
     "segment [23] is writable and executable"),
    ("read-only data in the code's last page", "kernel.ld",
     ". = ALIGN(PAGE_SIZE);\n\t.rodata", ".rodata", "segments [01] and [12] share the page"),
    ("room for tables in .bss", "precompute.ld", ".vmm_precomputed :", ".vmm_precomputed (NOLOAD) :",
     "the room for tables, .* (has no bytes in the file|is outside the image)"),
    ("no room for tables", "precompute.ld", "vmm_precomputed_tables_end = .;", "",
     "there is no symbol 'vmm_precomputed_tables_end'"),
]

# Options of the compiler that links.
LINKS = [
    ("a kernel without symbols", ["-Wl,-s"], "there is no symbol 'vmm_precomputed_tables'"),
    ("room for too few tables", ["-Wl,--defsym=VMM_PRECOMPUTE_TABLE_COUNT=2"],
     "it needs [0-9]+ tables of 0x[0-9a-f]+ bytes, and there is room for 2"),
]


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


class Toolchain:
    """A way to make kernels for one machine."""

    def __init__(self, command, machine):
        self.command, self.machine = command, machine
        self.name = f"{os.path.basename(command[0])} for {machine}"
        if machine == "riscv":
            self.command = self.command + ["-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]
            self.command += ["-misa-spec=2.2"] if "gcc" in command[0] else ["-mno-relax"]
        self.formats = [form for form in FORMATS if form.startswith(machine)]

    @staticmethod
    def all(compilers):
        for compiler in compilers:
            base = os.path.basename(compiler)
            if "clang" in base:
                for machine, target in (("aarch64", "aarch64"), ("riscv", "riscv64")):
                    yield Toolchain([compiler, f"--target={target}-none-elf", "-fuse-ld=lld"],
                                    machine)
            else:
                yield Toolchain([compiler], "aarch64" if "aarch64" in base else "riscv")


class Builder:
    """Compiles and links in a directory."""

    def __init__(self, toolchain, tool, root, directory):
        self.toolchain, self.tool, self.directory = toolchain, tool, directory
        self.example = os.path.join(root, "tools", "example")
        self.scripts = {}
        for name, folder in (("kernel.ld", self.example), ("precompute.ld",
                                                           os.path.join(root, "tools"))):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                self.scripts[name] = file.read()

    def run(self, *command):
        done = subprocess.run(command, cwd=self.directory, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, stdin=subprocess.DEVNULL)
        check(done.returncode == 0,
              f"{' '.join(command)}: status {done.returncode}: {done.stdout}")

    def compile(self, form, source, output):
        self.run(*self.toolchain.command, "-std=c11", "-Os", "-g", "-ffreestanding", "-fno-pic",
                 f'-DFORMAT="{form}"', f"-DBASE={FORMATS[form][1]:#x}", *EXTRA[form],
                 "-I", self.example, "-c", source, "-o", output)

    def objects(self, form):
        names = []
        for name in ("kernel.c", f"start_{self.toolchain.machine}.S"):
            names.append(f"{name}-{form}.o")
            if not os.path.exists(os.path.join(self.directory, names[-1])):
                self.compile(form, os.path.join(self.example, name), names[-1])
        return names

    def write_scripts(self, changed=None):
        for name, text in {**self.scripts, **(changed or {})}.items():
            with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
                file.write(text)

    def link(self, form, extra=(), scripts=None, options=()):
        self.write_scripts(scripts)
        count = "" if any("TABLE_COUNT" in option for option in options) else \
            "-Wl,--defsym=VMM_PRECOMPUTE_TABLE_COUNT=16"
        self.run(*self.toolchain.command, "-nostdlib", "-static", "-L.", "-T", "kernel.ld",
                 "-Wl,--build-id=none", f"-Wl,--defsym=PAGE_SIZE={FORMATS[form][0]:#x}",
                 f"-Wl,--defsym=LOAD_ADDRESS={LOADS[self.toolchain.machine]:#x}",
                 f"-Wl,--defsym=OFFSET={FORMATS[form][1]:#x}", *filter(None, [count]), *options,
                 *self.objects(form), *extra, "-o", "kernel.elf")

    def precompute(self, *arguments):
        return subprocess.run([self.tool, *arguments], cwd=self.directory, text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def refuses(self, pattern):
        output = os.path.join(self.directory, "out.elf")
        done = self.precompute("kernel.elf", "-o", "out.elf")
        check(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
        check(re.search(pattern, done.stderr), f"no match for {pattern!r}: {done.stderr}")
        check(not os.path.exists(output), "an image was written")

    def extra(self, form, request):
        path = os.path.join(self.directory, "extra.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#include "../precompute.h"\nVMM_PRECOMPUTE_{request};\n')
        # Where the example's sources are, so that its includes work.
        self.compile(form, path, "extra.o")
        return ["extra.o"]


def accepts_every_format(builder):
    for form in builder.toolchain.formats:
        builder.link(form)
        done = builder.precompute("kernel.elf", "-o", "out.elf", "--json")
        check(done.returncode == 0 and done.stderr == "", f"{form}: {done.stderr}")
        report = json.loads(done.stdout)
        check(builder.precompute("--check", "-q", "out.elf").returncode == 0, f"{form}: --check")
        code = [e for e in report["walk"] if e["execute"]]
        check(len(code) == 2 and {int(e["pa"], 16) for e in code}
              == {LOADS[builder.toolchain.machine]}, f"{form}: code at {code}")
        check(not any(e["write"] for e in code), f"{form}: code is writable")
        os.unlink(os.path.join(builder.directory, "out.elf"))


def accepts_a_position_independent_image(builder):
    """Linked at 0; the addresses in requests are right although nobody relocated them."""
    form = builder.toolchain.formats[0]
    path = os.path.join(builder.directory, "pie.c")
    with open(path, "w", encoding="utf-8") as file:
        file.write('#include "../precompute.h"\nVMM_PRECOMPUTE_FORMAT(FORMAT, 0, 0, "");\n'
                   'VMM_PRECOMPUTE_MAP("Table", table, table + 0x1000, "ro");\n'
                   'int _start(void);\nint _start(void) { return 0; }\n'
                   '__attribute__((aligned(0x1000), used)) char table[0x1000] = {1};\n')
    builder.run(*builder.toolchain.command, "-Os", "-ffreestanding", "-fPIE", f'-DFORMAT="{form}"',
                "-I", builder.example, "-c", path, "-o", "pie.o")
    with open(os.path.join(builder.directory, "pie.ld"), "w", encoding="utf-8") as file:
        file.write("PHDRS { code PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); dynamic PT_DYNAMIC; }\n"
                   "PAGE_SIZE = 0x1000; VMM_PRECOMPUTE_TABLE_COUNT = 8;\n"
                   "VMM_PRECOMPUTE_BLOB_SIZE = 1024;\n"
                   "SECTIONS { . = 0x10000; .text : { *(.text*) } :code\n"
                   ". = ALIGN(0x1000); .data : { *(.data*) *(.got*) } :data\n"
                   ".dynamic : { *(.dynamic) } :data :dynamic\n"
                   ".more : { BYTE(0) } :data\n"
                   "INCLUDE precompute.ld\n /DISCARD/ : { *(.interp .eh_frame* .note*) } }\n")
    builder.write_scripts()
    builder.run(*builder.toolchain.command, "-nostdlib", "-Wl,-pie", "-Wl,--no-dynamic-linker",
                "-Wl,--build-id=none", "-L.", "-T", "pie.ld", "pie.o", "-o", "kernel.elf")
    done = builder.precompute("kernel.elf", "-o", "out.elf", "--json")
    check(done.returncode == 0, done.stderr)
    table = next(m for m in json.loads(done.stdout)["mappings"] if m["name"] == "Table")
    check(int(table["va"], 16) >= 0x10000 and table["size"] == "0x1000", f"table at {table}")


def refuses_an_object_file(builder):
    form = builder.toolchain.formats[0]
    names = builder.objects(form)
    os.replace(os.path.join(builder.directory, names[0]),
               os.path.join(builder.directory, "kernel.elf"))
    builder.refuses("an ELF file of type 1")


def refuses_request(request, pattern):
    def refuses(builder):
        # Of a table format that has a 4 KiB page, as the requests are written for that.
        form = builder.toolchain.formats[0]
        builder.link(form)
        builder.link(form, extra=builder.extra(form, request))
        builder.refuses(pattern)
    return refuses


def refuses_script(script, old, new, pattern):
    def refuses(builder):
        text = builder.scripts[script]
        check(old in text, f"{script} has no {old!r}")
        builder.link(builder.toolchain.formats[0], scripts={script: text.replace(old, new)})
        builder.refuses(pattern)
    return refuses


def refuses_link(options, pattern):
    def refuses(builder):
        builder.link(builder.toolchain.formats[0], options=options)
        builder.refuses(pattern)
    return refuses


def cases(toolchain):
    yield "every format is accepted", accepts_every_format
    if "unknown-elf" not in toolchain.command[0]: # whose linker makes none
        yield "a position-independent image is accepted", accepts_a_position_independent_image
    yield "an object file is refused", refuses_an_object_file
    for name, request, pattern in REQUESTS:
        yield name + " is refused", refuses_request(request, pattern)
    for name, script, old, new, pattern in SCRIPTS:
        yield name + " is refused", refuses_script(script, old, new, pattern)
    for name, options, pattern in LINKS:
        yield name + " is refused", refuses_link(options, pattern)


def main(argv):
    tool, root = os.path.abspath(argv[1]), os.path.abspath(argv[2])
    plan = [(toolchain, name, function) for toolchain in Toolchain.all(argv[3:])
            for name, function in cases(toolchain)]
    failed = False
    print(f"1..{len(plan)}")
    for index, (toolchain, name, function) in enumerate(plan, 1):
        with tempfile.TemporaryDirectory() as directory:
            try:
                function(Builder(toolchain, tool, root, directory))
            except Failure as failure:
                failed = True
                print(f"not ok {index} - {toolchain.name}: {name}")
                print("".join(f"# {line}\n" for line in str(failure).splitlines()), end="")
            else:
                print(f"ok {index} - {toolchain.name}: {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
