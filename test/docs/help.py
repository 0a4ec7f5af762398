#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""./dev explains each of its commands, in both ways to ask.

  help.py SOURCE_ROOT
"""

import os
import re
import subprocess
import sys


def say(root, *arguments):
    done = subprocess.run([os.path.join(root, "dev"), *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


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
    print(f"{len(commands)} commands: {' '.join(commands)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
