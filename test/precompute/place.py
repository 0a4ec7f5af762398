# SPDX-License-Identifier: MIT
"""What the tests of vmm-precompute share: cases, and a directory with a kernel and the tool in it."""

import json
import os
import re
import subprocess

CASES = []


class Failure(Exception):
    pass


def case(function):
    CASES.append(function)
    return function


def check(condition, what):
    if not condition:
        raise Failure(what)


class Place:
    """A directory with a kernel in it, and the tool."""

    tool = None

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, data, name="kernel.elf"):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return data

    def read(self, name="out.elf"):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run(self, *arguments, **options):
        return subprocess.run([self.tool, *arguments], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, timeout=60,
                              errors="replace", **options)

    def make(self, kernel, *arguments):
        """Runs the tool on a kernel that it has to accept; returns the report."""
        self.write(kernel.bytes())
        done = self.run("kernel.elf", "-o", "out.elf", "--json", *arguments)
        check(done.returncode == 0, f"refused: {done.stderr}")
        return json.loads(done.stdout)

    def refuse(self, data, pattern, *arguments, source="kernel.elf"):
        """The tool says why, writes nothing, and leaves its input alone."""
        if data is not None:
            self.write(data, source)
        before = sorted(os.listdir(self.directory))
        done = self.run(source, "-o", "out.elf", *arguments)
        self.judge(done, pattern)
        check(sorted(os.listdir(self.directory)) == before, "a file was left behind")
        if data is not None:
            check(self.read(source) == data, "the input was changed")

    def judge(self, done, pattern):
        check(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
        check(re.search(pattern, done.stderr), f"no match for {pattern!r}: {done.stderr}")
        check(done.stderr.startswith("vmm-precompute: ") and done.stderr.count("\n") == 1,
              f"not one sentence: {done.stderr!r}")
        check(done.stdout == "", f"output: {done.stdout!r}")

    def damage(self, data, pattern):
        """--check refuses a damaged image."""
        self.write(data, "damaged.elf")
        done = self.run("--check", "damaged.elf")
        self.judge(done, pattern)


def number(text):
    return int(text, 16)


def patch_of(report, what):
    return next(p for p in report["patches"] if p["what"].startswith(what))


def walked(report):
    return [(number(e["va"]), number(e["pa"]), number(e["size"]), e["write"], e["execute"])
            for e in report["walk"]]
