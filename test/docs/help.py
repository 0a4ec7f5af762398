#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""./dev explains each of its commands, in both ways to ask, and is plain where no terminal is.

  help.py SOURCE_ROOT
"""

import os
import pty
import re
import subprocess
import sys


def say(root, *arguments):
    done = subprocess.run([os.path.join(root, "dev"), *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def headline(root, terminal):
    """What the function that every command's headlines come from prints."""
    with open(os.path.join(root, "dev"), encoding="utf-8") as file:
        part = re.search(r"^bold=.*?^say\(\) {.*?^}", file.read(), re.MULTILINE | re.DOTALL)
    command = ["bash", "-c", part[0] + "\nsay building"]
    if not terminal:
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    master, slave = pty.openpty()
    with subprocess.Popen(command, stdout=slave):
        os.close(slave)
        text = os.read(master, 4096)
    os.close(master)
    return text


def main(root):
    status, usage = say(root)
    commands = re.findall(r"^  ([a-z]+)\b", usage.split("\n\nMeson")[0], re.MULTILINE)
    failed = status != 0 or len(commands) < 5
    for name in commands:
        answers = {say(root, name, "--help"), say(root, "help", name)} if name != "help" \
            else {say(root, name)}
        status, text = answers.pop()
        if answers or status or f"./dev {name}" not in text and name != "help":
            failed = True
            print(f"FAIL: ./dev {name} --help and ./dev help {name} say: {status} {text}{answers}")
    if say(root, "no-such-command")[0] != 2 or say(root, "help", "no-such-command")[0] != 2:
        failed = True
        print("FAIL: a command that there is not is taken")
    if headline(root, False) != b"==> building\n" or b"\x1b[1m==> building" not in headline(root, True):
        failed = True
        print(f"FAIL: headlines: {headline(root, False)} and {headline(root, True)}")
    print(f"{len(commands)} commands: {' '.join(commands)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
