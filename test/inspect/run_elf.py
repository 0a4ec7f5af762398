#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what vmm-inspect finds in kernels with precomputed tables with vmm-precompute's report.

  run_elf.py VMM_INSPECT VMM_PRECOMPUTE KERNEL.ELF...
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import tap


def run(*command, allowed=(0,)):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)
    tap.true(done.returncode in allowed,
             f"{' '.join(command)}: status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout.decode()


def rights_of(attributes):
    words = attributes.split()
    return "r" + ("w" if "RW" in words else "-") + ("x" if "X" in words else "-") + "---"


def check_kernel(inspect, precompute, elf):
    report = json.loads(run(precompute, "--check", "--json", elf))
    document = json.loads(run(inspect, elf, "--json", "-"))
    tap.same([space["format"] for space in document["spaces"]],
             [report["format"]] * len(report["tables"]), "formats")
    tap.same([space["root"] for space in document["spaces"]],
             [table["root"] for table in report["tables"]], "roots")
    found = sorted((m["va"], m["pa"], m["size"], m["name"], m["rights"])
                   for space in document["spaces"] for m in space["mappings"])
    told = sorted((m["va"], m["pa"], m["size"], m["name"], rights_of(m["attributes"]))
                  for m in report["mappings"] if m["kind"] != "guard")
    tap.same(found, told, "mappings")
    guards = [(name["va"], name["name"]) for name in document["names"] if name["kind"] == "guard"]
    tap.same(guards, [(m["va"], m["name"]) for m in report["mappings"] if m["kind"] == "guard"],
             "guards")
    tap.same(document["summary"]["mismatches"], [], "record and tables")
    tap.same(document["summary"]["table_frames"], sum(t["count"] for t in report["tables"]),
             "frames of tables")


def check_options(inspect, elf):
    """The file as memory, with the root given: the same mappings, without --root's need for a record."""
    document = json.loads(run(inspect, elf, "--json", "-"))
    options = ["--format", document["spaces"][0]["format"]]
    for space in document["spaces"]:
        options += ["--upper-root" if space["half"] == "upper" else "--root", space["root"]]
    again = json.loads(run(inspect, elf, *options, "--json", "-"))
    tap.same([space["mappings"] for space in again["spaces"]],
             [space["mappings"] for space in document["spaces"]], "mappings by the root")


def check_damaged(inspect, elf, directory, seed):
    """Any byte of the file may be wrong: the program says so, or shows what is left."""
    generator = random.Random(seed)
    with open(elf, "rb") as file:
        content = bytearray(file.read())
    # Headers, sections' headers and what lies between: the ends of the file most of all.
    for _ in range(generator.choice((1, 4, 60))):
        at = generator.choice((generator.randrange(512), len(content) - 1 -
                               generator.randrange(2048), generator.randrange(len(content))))
        content[at] = generator.randrange(256)
    if generator.random() < 0.3:
        del content[generator.randrange(len(content)):]
    path = os.path.join(directory, "damaged.elf")
    with open(path, "wb") as file:
        file.write(content)
    run(inspect, path, "--list", "--tree", "--summary", "--json", os.devnull, allowed=(0, 2))


def main():
    inspect, precompute, *kernels = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        cases = []
        for elf in kernels:
            name = os.path.basename(elf)
            cases += [
                (f"the kernel has what the report says ({name})",
                 lambda elf=elf: check_kernel(inspect, precompute, elf)),
                (f"the file serves as memory, too ({name})",
                 lambda elf=elf: check_options(inspect, elf)),
            ]

        def damage():
            for seed in range(60):
                check_damaged(inspect, kernels[seed % len(kernels)], directory, seed)

        cases.append(("damaged files end in no crash", damage))
        return tap.run(cases)


if __name__ == "__main__":
    sys.exit(main())
