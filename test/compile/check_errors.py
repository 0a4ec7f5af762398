#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the types are there to refuse doesn't compile.

  check_errors.py SOURCE COMPILER...

The source compiles with CASE defined as 0, and with none of its cases. A case starts with
  #if CASE == 1 /* what it is: a regular expression for the compiler's message */
and must fail for the reason it states. Prints TAP.
"""

import re
import subprocess
import sys

CASE = re.compile(r"^#if CASE == (\d+) /\* (.+?): (.+) \*/$", re.MULTILINE)


def build(compiler, source, case):
    result = subprocess.run(compiler + [f"-DCASE={case}", "-std=c11", "-Wall", "-Wextra", "-Werror",
                                        "-c", "-o", "/dev/null", source],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.returncode, result.stdout


def main(source, *compiler):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    cases = CASE.findall(text)
    if not cases or len(cases) != text.count("#if CASE"):
        sys.exit(f"{source}: a case without a reason, or none at all")
    print(f"1..{len(cases) + 1}")
    status, output = build(list(compiler), source, 0)
    failed = status != 0
    print(f"{'not ok' if failed else 'ok'} 1 - without a mistake it compiles")
    if failed:
        print("".join(f"# {line}\n" for line in output.splitlines()), end="")
    for number, (case, name, reason) in enumerate(cases, 2):
        status, output = build(list(compiler), source, case)
        good = status != 0 and re.search(reason, output)
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# expected an error that matches {reason!r}, got:"
                  + (output and "\n# " + output.replace("\n", "\n# ") or " success"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
