#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots the kernels of built cross build directories, for ./dev boot.

  boot.py [--port PORT] [--kernel KERNEL] [--list] BUILD_DIR...

Every boot test of Meson is a run of run_kernel.py: this repeats them with the output shown live.
"""

import argparse
import json
import os
import subprocess
import sys


def kernels(build_dir):
    path = os.path.join(build_dir, "meson-info", "intro-tests.json")
    with open(path, encoding="utf-8") as file:
        for test in json.load(file):
            if any(word.endswith("run_kernel.py") for word in test["cmd"]):
                kernel, port = test["name"].split("-", 1)
                yield kernel, port, test["cmd"], build_dir


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port")
    parser.add_argument("--kernel")
    parser.add_argument("--list", action="store_true", help="only name what there is")
    parser.add_argument("build_dir", nargs="+")
    args = parser.parse_args()

    there = sorted((port, kernel, cmd, build_dir) for name in args.build_dir
                   for kernel, port, cmd, build_dir in kernels(name))
    chosen = [entry for entry in there
              if args.port in (None, entry[0]) and args.kernel in (None, entry[1])]
    if args.list or not chosen:
        if not args.list:
            print("No such kernel. There are:")
        for port, kernel, _, _ in there:
            print(f"  {port:20} {kernel}")
        return 0 if args.list else 2

    failed = []
    for number, (port, kernel, cmd, build_dir) in enumerate(chosen, 1):
        print(f"==> [{number}/{len(chosen)}] {kernel} on {port}", flush=True)
        split = next(i for i, word in enumerate(cmd) if word.endswith("run_kernel.py")) + 1
        if subprocess.run(cmd[:split] + ["--live"] + cmd[split:], check=False,
                          cwd=build_dir).returncode:
            failed.append(f"{kernel} on {port}")
        print(flush=True)
    for name in failed:
        print("failed: " + name)
    print(f"verdict: {'FAIL' if failed else 'PASS'}")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
