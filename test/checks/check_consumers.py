#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Brings the library into somebody else's program or kernel, outside of this tree, and runs that.

  check_consumers.py WAY CPU COMPILER SOURCE_ROOT SOURCE...

WAY: subproject, installed, cmake-subdirectory, cmake-package or make. CPU: host, aarch64 or riscv64.
COMPILER: gcc or clang. SOURCE: what the library is made of there, by Meson's lists.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs"))
import transcript  # noqa: E402

# What the owner of the other project chose: nothing of it is this project's choice. The machines
# have other memory than the examples', and the kernels are linked elsewhere.
KERNELS = {
    "aarch64": {
        "gcc": ["aarch64-linux-gnu-gcc"],
        "clang": ["clang", "--target=aarch64-none-elf"],
        "binutils": "aarch64-linux-gnu-",
        "flags": ["-march=armv8.2-a", "-mgeneral-regs-only"],
        "gcc flags": ["-mno-outline-atomics", "-fno-pie"],
        "clang flags": [],
        "link": ["-Wl,--defsym=LOAD_ADDRESS=0x58000000"],
        "gcc link": ["-no-pie"],
        "qemu": ["qemu-system-aarch64", "-M", "virt", "-cpu", "max", "-m", "1G"],
    },
    "riscv64": {
        "gcc": ["riscv64-unknown-elf-gcc"],
        "clang": ["clang", "--target=riscv64-none-elf"],
        "binutils": "riscv64-unknown-elf-",
        "flags": ["-mabi=lp64", "-mcmodel=medany"],
        "gcc flags": ["-march=rv64imac_zicsr_zifencei"],
        "clang flags": ["-march=rv64imac", "-mno-relax"],
        "link": ["-Wl,--defsym=LOAD_ADDRESS=0x90000000"],
        "gcc link": [],
        "qemu": ["qemu-system-riscv64", "-M", "virt", "-m", "512M"],
    },
}
QUIET = ["-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none"]
OURS_ONLY = "-fno-jump-tables"    # a flag of the library that no other source may get


class Failure(Exception):
    pass


def run(*command, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode:
        last = "\n".join(result.stdout.splitlines()[-60:])
        raise Failure(f"{' '.join(command)}: status {result.returncode}\n{last}")
    return result.stdout


class Toolchain:
    def __init__(self, cpu, compiler):
        self.cpu, self.compiler = cpu, compiler
        self.is_kernel = cpu != "host"
        self.flags, self.link, self.ar = ["-Os"], [], "ar"
        if not self.is_kernel:
            self.cc = [compiler]
            return
        facts = KERNELS[cpu]
        self.cc, self.ar = facts[compiler], facts["binutils"] + "ar"
        self.flags += ["-ffreestanding"] + facts["flags"] + facts[compiler + " flags"]
        self.link = ["-nostdlib", "-static", "-Wl,-z,noexecstack", "-Wl,--gc-sections"]
        self.link += facts["link"]
        self.link += ["-fuse-ld=lld"] if compiler == "clang" else facts["gcc link"]

    def meson_file(self, path):
        """A cross file, with a system that the library can't know."""
        def words(items):
            return "[" + ", ".join(f"'{item}'" for item in items) + "]"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[binaries]\nc = {words(self.cc)}\nar = '{self.ar}'\n"
                       f"pkgconfig = 'pkg-config'\n\n[built-in options]\n"
                       f"c_args = {words(self.flags)}\nc_link_args = {words(self.link)}\n\n"
                       f"[properties]\nskip_sanity_check = true\n\n[host_machine]\nsystem = 'theirs'\n"
                       f"cpu_family = '{self.cpu}'\ncpu = '{self.cpu}'\nendian = 'little'\n")

    def cmake_file(self, path):
        lines = ["set(CMAKE_SYSTEM_NAME Generic)", f"set(CMAKE_SYSTEM_PROCESSOR {self.cpu})",
                 "set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)"]
        for language in ("C", "ASM"):
            lines += [f"set(CMAKE_{language}_COMPILER {self.cc[0]})",
                      f"set(CMAKE_{language}_FLAGS_INIT \"{' '.join(self.flags)}\")"]
            if len(self.cc) > 1:
                target = self.cc[1].partition("=")[2]
                lines.append(f"set(CMAKE_{language}_COMPILER_TARGET {target})")
        lines += [f"set(CMAKE_AR {shutil.which(self.ar)})",
                  f"set(CMAKE_EXE_LINKER_FLAGS_INIT \"{' '.join(self.link)}\")"]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def copy_tree(root, place):
    """A copy of what belongs to this project: no build directory, nothing that git ignores."""
    if os.path.exists(os.path.join(root, ".git")):
        names = run("git", "-C", root, "ls-files", "-z", "-c", "-o", "--exclude-standard").split("\0")
        for name in set(names) - {""}:
            if os.path.isfile(os.path.join(root, name)):
                os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
                shutil.copy(os.path.join(root, name), os.path.join(place, name))
    else:
        shutil.copytree(root, place, ignore=shutil.ignore_patterns("build*"))


def their_project(place, ours, way):
    consumers = os.path.join(ours, "test", "consumers")
    shutil.copytree(os.path.join(consumers, way), place)
    shutil.copytree(os.path.join(consumers, "kernel"), os.path.join(place, "kernel"))
    shutil.copy(os.path.join(consumers, "program.c"), place)


def check_flags(build):
    """The library has its own flags, and the other project's sources have none of them."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    ours = [c["command"] for c in commands if "libvmm/" in c["file"]]
    theirs = [c["command"] for c in commands if "libvmm/" not in c["file"]]
    if not theirs or not ours or not all(OURS_ONLY in c for c in ours if ".S " not in c + " "):
        raise Failure("the library was not compiled for a kernel")
    if any(OURS_ONLY in c for c in theirs):
        raise Failure("the library's flags are on the other project's sources")


def objects_of(tools, archive, sources):
    """What an archive was made of. Meson puts the directories in front of an object's name."""
    made = []
    for path in run(tools.ar, "t", archive).split():
        name = re.sub(r"\.o(bj)?$", "", os.path.basename(path))
        known = [source for source in sources if name == source or name.endswith("_" + source)]
        made.append(max(known, key=len, default=name))
    return sorted(made)


def subproject(place, ours, tools):
    theirs, build = os.path.join(place, "theirs"), os.path.join(place, "build")
    their_project(theirs, ours, "meson")
    git = ["git", "-C", ours, "-c", "user.name=test", "-c", "user.email=test@localhost"]
    run("git", "-C", ours, "init", "-q")
    run(*git, "add", "-A")
    run(*git, "commit", "-q", "-m", "the tree as it is")
    wrap = os.path.join(theirs, "subprojects", "libvmm.wrap")
    with open(wrap, encoding="utf-8") as file:
        text = file.read()
    with open(wrap, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^url = .*$", f"url = file://{ours}", text))
    setup = ["meson", "setup", build, theirs]
    env = dict(os.environ)
    if tools.is_kernel:
        cross = os.path.join(place, "cross.ini")
        tools.meson_file(cross)
        setup.append("--cross-file=" + cross)
    else:
        env["CC"] = tools.cc[0]
    run(*setup, env=env)
    run("ninja", "-C", build, "-j2")
    tests = [t["name"] for t in json.loads(run("meson", "introspect", build, "--tests"))]
    installed = json.loads(run("meson", "introspect", build, "--installed"))
    if tests != ([] if tools.is_kernel else ["program"]) or installed:
        raise Failure(f"the subproject brings tests or installs files: {tests} {installed}")
    if tools.is_kernel:
        check_flags(build)
    return build, os.path.join(build, "subprojects", "libvmm", "libvmm.a")


def install(place, ours, tools):
    """Meson's installation of the library alone, as for somebody who has no QEMU and no picolibc."""
    build, prefix = os.path.join(place, "build"), os.path.join(place, "prefix")
    setup = ["meson", "setup", build, ours, "-Dlibrary_only=true", "--prefix=" + prefix,
             "--libdir=lib"]
    env = dict(os.environ)
    if tools.is_kernel:
        port = {"aarch64": "aarch64", "riscv64": "riscv"}[tools.cpu]
        name = "cross.ini" if tools.compiler == "gcc" else "cross-clang.ini"
        setup.append("--cross-file=" + os.path.join(ours, "ports", port, name))
    else:
        env["CC"] = tools.cc[0]
    run(*setup, env=env)
    run("ninja", "-C", build, "-j2")
    run("meson", "install", "-C", build, "--no-rebuild")
    return prefix


def make(place, tools, *variables):
    cpu = [f"CPU={tools.cpu}"] if tools.is_kernel else []
    run("make", "-C", place, "-j2", "kernel.elf" if tools.is_kernel else "program", *cpu, *variables,
        "CC=" + " ".join(tools.cc), "AR=" + tools.ar, "LDFLAGS=" + " ".join(tools.link),
        env=dict(os.environ, CFLAGS=" ".join(tools.flags)))


def installed(place, ours, tools):
    theirs = os.path.join(place, "theirs")
    prefix = install(place, ours, tools)
    their_project(theirs, ours, "pkgconfig")
    directory = os.path.join(prefix, "lib", "pkgconfig")
    make(theirs, tools, f"PKG_CONFIG=PKG_CONFIG_LIBDIR={directory} pkg-config")
    return theirs, os.path.join(prefix, "lib", "libvmm.a")


def cmake(source, build, place, tools, *options):
    arguments = ["-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options]
    if tools.is_kernel:
        toolchain = os.path.join(place, "toolchain.cmake")
        tools.cmake_file(toolchain)
        arguments.append("-DCMAKE_TOOLCHAIN_FILE=" + toolchain)
    else:
        arguments += ["-DCMAKE_C_COMPILER=" + tools.cc[0], "-DCMAKE_BUILD_TYPE=MinSizeRel"]
    run("cmake", "-G", "Ninja", "-S", source, "-B", build, *arguments)
    run("ninja", "-C", build, "-j2")


def cmake_subdirectory(place, ours, tools):
    theirs, build = os.path.join(place, "theirs"), os.path.join(place, "build")
    their_project(theirs, ours, "cmake")
    shutil.move(ours, os.path.join(theirs, "libvmm"))
    cmake(theirs, build, place, tools)
    if tools.is_kernel:
        check_flags(build)
    tests = re.findall(r"Test +#\d+: (\S+)", run("ctest", "-N", cwd=build))
    run("cmake", "--install", build, "--prefix", os.path.join(place, "prefix"))
    brought = [name for _, _, names in os.walk(os.path.join(place, "prefix")) for name in names]
    if tests != ([] if tools.is_kernel else ["program"]) or brought:
        raise Failure(f"the subdirectory brings tests or installs files: {tests} {brought}")
    return build, os.path.join(build, "libvmm", "libvmm.a")


def cmake_package(place, ours, tools):
    theirs, prefix = os.path.join(place, "theirs"), os.path.join(place, "prefix")
    own, build = os.path.join(place, "own"), os.path.join(place, "build")
    cmake(ours, own, place, tools)
    run("cmake", "--install", own, "--prefix", prefix)
    their_project(theirs, ours, "cmake")
    cmake(theirs, build, place, tools, "-DTHEIRS_INSTALLED=ON", "-DCMAKE_PREFIX_PATH=" + prefix)
    return build, os.path.join(prefix, "lib", "libvmm.a")


def copied(place, ours, tools):
    theirs = os.path.join(place, "theirs")
    their_project(theirs, ours, "make")
    ports = {"aarch64": ["aarch64"], "riscv64": ["riscv"]}.get(tools.cpu, ["aarch64", "riscv"])
    for name in ["libvmm"] + ["ports/" + port for port in ports]:
        shutil.copytree(os.path.join(ours, name), os.path.join(theirs, "vmm", name))
    make(theirs, tools)
    return theirs, os.path.join(theirs, "vmm", "libvmm.a")


WAYS = {"subproject": subproject, "installed": installed, "cmake-subdirectory": cmake_subdirectory,
        "cmake-package": cmake_package, "make": copied}


def judge(directory, tools, root):
    """Runs what was built: a kernel in QEMU, which firmware switches off in the end."""
    if not tools.is_kernel:
        text = run(os.path.join(directory, "program"))
        wanted = [r"AArch64", r"0x00_0900_0000\.\.0x00_0900_0fff .* UART", r"Sv39",
                  r"libvmm .*: success"]
    else:
        try:
            text = run(*KERNELS[tools.cpu]["qemu"], *QUIET, "-kernel",
                       os.path.join(directory, "kernel.elf"), timeout=30)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"no end within 30 s: {late.output}") from late
        wanted = [r"theirs: translation is off", r"printed through their", r"\| Code",
                  r"\| their (PL011|NS16550)", r"theirs: good"]
        for fault in transcript.differences(root, "consumer-" + tools.cpu, text.replace("\r", "")):
            raise Failure(f"{fault}\n{text}")
    for pattern in wanted:
        found = re.search(pattern, text)
        if not found:
            raise Failure(f"{pattern!r} is missing in\n{text}")
        text = text[found.end():]


def main(way, cpu, compiler, root, *sources):
    tools = Toolchain(cpu, compiler)
    with tempfile.TemporaryDirectory(prefix="libvmm-") as place:
        place = os.path.realpath(place)
        ours = os.path.join(place, "ours")
        copy_tree(root, ours)
        try:
            directory, archive = WAYS[way](place, ours, tools)
            judge(directory, tools, root)
            wanted = sorted(os.path.basename(name) for name in sources)
            made = objects_of(tools, archive, wanted)
            if made != wanted:
                raise Failure(f"the library is made of {made}, not of {wanted}")
        except Failure as failure:
            print(failure)
            return 1
    print(f"{way} for {cpu} by {compiler}: works")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
