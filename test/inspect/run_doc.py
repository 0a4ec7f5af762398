#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the commands in docs/inspect.md again, and compares what they say with what is written there.

  run_doc.py --doc DOC --inspect VMM_INSPECT --dump MAKE_DUMP        commands on dumps, letter by letter
  run_doc.py --doc DOC --inspect VMM_INSPECT --elf KERNEL            commands on kernel.elf
  run_doc.py --doc DOC --gdb GDB --script VMM-GDB.PY --elf KERNEL -- QEMU ARGUMENT...   gdb's

What depends on how a kernel was compiled is compared without numbers. --write writes the document anew.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import tap

BLOCK = re.compile(r"^```(console|gdb)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def without_numbers(text):
    text = re.sub(r"(0x)?[0-9a-f_]*[0-9][0-9a-f_]*", "#", text)
    text = re.sub(r"\b(bytes|[KMGTPE]iB)\b", "U", text)
    return [" ".join(line.split()) for line in text.splitlines()]


def commands(body, prompt):
    """(command, what it printed) of a block."""
    parts = re.split(rf"^{re.escape(prompt)} (.*)\n", body, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def run_console(args, directory, command):
    words = shlex.split(command)
    words[0] = os.path.abspath(args.inspect)
    return subprocess.run(words, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=60, check=False, text=True).stdout


def lay_out(args, directory):
    """The files that the commands name."""
    if args.elf:
        shutil.copy(args.elf, os.path.join(directory, "kernel.elf"))
        return
    for variant, name in enumerate(("before", "after")):
        made = os.path.join(directory, "made-" + name)
        os.mkdir(made)
        subprocess.run([args.dump, "riscv-sv39", str(variant), made], check=True)
        os.rename(os.path.join(made, "memory.bin"), os.path.join(directory, name + ".bin"))
    os.rename(os.path.join(directory, "made-before", "names.txt"),
              os.path.join(directory, "names.txt"))


def run_gdb(args, directory, asked):
    """What gdb says to each command."""
    socket = os.path.join(directory, "gdb")
    steps = ["set pagination off", "set confirm off", "set width 0", f"target remote {socket}",
             "hbreak board_exit", "continue", f"source {args.script}"]
    for command in asked:
        steps += ["echo \\n--command\\n", command]
    script = os.path.join(directory, "script.gdb")
    with open(script, "w", encoding="utf-8") as file:
        file.write("\n".join(steps + ["disconnect"]) + "\n")
    machine = args.command + ["-S", "-chardev", f"socket,path={socket},server=on,wait=off,id=gdb",
                              "-gdb", "chardev:gdb"]
    with subprocess.Popen(machine, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 30
            while not os.path.exists(socket) and time.monotonic() < deadline:
                time.sleep(0.02)
            text = subprocess.run([args.gdb, "-nx", "-batch", "-x", script, args.elf],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60,
                                  check=False, text=True).stdout
        finally:
            process.kill()
    said = text.split("\n--command\n")[1:]
    tap.same(len(said), len(asked), "commands that gdb came to")
    said[-1] = said[-1].split("[Inferior")[0]
    return [part.rstrip("\n") + "\n" if part.strip() else "" for part in said]


def fresh(args, kind, asked):
    """What the commands print now."""
    with tempfile.TemporaryDirectory() as directory:
        if kind == "gdb":
            return run_gdb(args, directory, asked)
        lay_out(args, directory)
        return [run_console(args, directory, command) for command in asked]


def is_mine(args, kind, command):
    if kind == "gdb" or args.gdb:
        return kind == "gdb" and bool(args.gdb)
    return ("kernel.elf" in command) == bool(args.elf)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--doc", required=True)
    for name in ("inspect", "dump", "elf", "gdb", "script"):
        parser.add_argument("--" + name)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("command", nargs="*", help="QEMU and its arguments")
    args = parser.parse_args()

    with open(args.doc, encoding="utf-8") as file:
        text = file.read()
    cases, written = [], text
    for match in BLOCK.finditer(text):
        kind, body = match.groups()
        prompt = "(gdb)" if kind == "gdb" else "$"
        asked = commands(body, prompt)
        if not is_mine(args, kind, asked[0][0]):
            continue

        def check(kind=kind, asked=asked):
            for (command, told), said in zip(asked, fresh(args, kind, [a[0] for a in asked])):
                if args.elf:
                    said, told = without_numbers(said), without_numbers(told)
                tap.same(said, told, command)

        if args.write:
            now = fresh(args, kind, [command for command, _ in asked])
            lines = "".join(f"{prompt} {command}\n{said}"
                            for (command, _), said in zip(asked, now))
            written = written.replace(match.group(0), f"```{kind}\n{lines}```")
        cases.append((f"{asked[0][0][:60]}", check))
    tap.true(cases, "the document has no such command")
    if args.write:
        with open(args.doc, "w", encoding="utf-8") as file:
            file.write(written)
        return 0
    return tap.run(cases)


if __name__ == "__main__":
    sys.exit(main())
