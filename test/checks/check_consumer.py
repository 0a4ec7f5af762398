#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The three ways into somebody else's program work: subproject, installation, sources.

  check_consumer.py SOURCE_ROOT BUILD_ROOT MESON SOURCE... -- COMPILER...

Prints TAP.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile


class Failure(Exception):
    pass


def run(*command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, **options)
    if result.returncode:
        raise Failure(f"{' '.join(command)}: status {result.returncode}\n{result.stdout}")
    return result.stdout


def subproject(place, root, _build, meson, _sources, compiler, *setup):
    shutil.copytree(os.path.join(root, "test", "consumer"), place, dirs_exist_ok=True)
    os.mkdir(os.path.join(place, "subprojects"))
    os.symlink(root, os.path.join(place, "subprojects", "libvmm"))
    with open(os.path.join(place, "subprojects", "libvmm.wrap"), "w", encoding="utf-8") as file:
        file.write("[wrap-file]\ndirectory = libvmm\n\n[provide]\ndependency_names = libvmm\n")
    build = os.path.join(place, "build")
    env = dict(os.environ, CC=" ".join(compiler))
    run(meson, "setup", build, place, *setup, env=env)
    run("ninja", "-C", build)
    tests = json.loads(run(meson, "introspect", build, "--tests"))
    installed = json.loads(run(meson, "introspect", build, "--installed"))
    if [t["name"] for t in tests if "libvmm" in "".join(t["suite"])] or installed:
        raise Failure(f"the subproject brings tests or installs files: {tests} {installed}")
    return build


def as_subproject(place, *args):
    build = subproject(place, *args)
    run(os.path.join(build, "main"))


def as_subproject_of_a_kernel(place, root, *args):
    build = subproject(place, root, *args, "--cross-file",
                       os.path.join(root, "test", "consumer", "cross.ini"))
    commands = json.load(open(os.path.join(build, "compile_commands.json"), encoding="utf-8"))
    ours = [c["command"] for c in commands if "subprojects/libvmm" in c["output"]]
    theirs = [c["command"] for c in commands if "subprojects/libvmm" not in c["output"]]
    if not ours or not all("-mstrict-align" in c for c in ours):
        raise Failure("the library was compiled as for an operating system")
    if any("-mstrict-align" in c for c in theirs):
        raise Failure("the library's flags are on the consumer's sources")


def installed(place, root, build, meson, _sources, compiler):
    run(meson, "install", "-C", build, "--no-rebuild", "--destdir", place)
    prefix = json.loads(run(meson, "introspect", build, "--buildoptions"))
    prefix = next(o["value"] for o in prefix if o["name"] == "prefix")
    found = [p for p, _, names in os.walk(place) if "libvmm.pc" in names]
    if len(found) != 1:
        raise Failure(f"libvmm.pc is in {found}")
    env = dict(os.environ, PKG_CONFIG_PATH=found[0], PKG_CONFIG_SYSROOT_DIR=place)
    flags = run("pkg-config", "--cflags", "--libs", "libvmm", env=env).split()
    if f"{place}{prefix}/include" not in " ".join(flags):
        raise Failure(f"pkg-config says {flags}")
    program = os.path.join(place, "main")
    run(*compiler, "-std=c11", os.path.join(root, "test", "consumer", "main.c"), "-o", program, *flags)
    run(program)


INCLUDES = ("libvmm/include", "ports/aarch64/include", "ports/riscv/include")


def as_sources(place, root, _build, _meson, sources, compiler):
    program = os.path.join(place, "main")
    run(*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", *(f"-I{root}/{i}" for i in INCLUDES),
        *sources, os.path.join(root, "test", "consumer", "main.c"), "-o", program)
    run(program)


def main(argv):
    root, build, meson = os.path.realpath(argv[0]), os.path.realpath(argv[1]), argv[2]
    split = argv.index("--")
    files = [os.path.realpath(name) for name in argv[3:split]]
    cases = (as_subproject, as_subproject_of_a_kernel, installed, as_sources)
    print(f"1..{len(cases)}")
    failed = False
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as place:
            try:
                case(place, root, build, meson, files, argv[split + 1:])
            except Failure as failure:
                failed = True
                print(f"not ok {number} - {name}")
                print("".join(f"# {line}\n" for line in str(failure).splitlines()), end="")
            else:
                print(f"ok {number} - {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
