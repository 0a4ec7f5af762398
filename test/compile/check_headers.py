#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public header compiles alone and twice, as C11 and as C++11, without a warning.

  check_headers.py INCLUDE_DIR... -- COMPILER...

Prints TAP, a case per header and language.
"""

import os
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wcast-qual", "-Wundef", "-Werror"]
LANGUAGES = {
    "C11": ["-x", "c", "-std=c11", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"],
    # Without -Wshadow: a function that has a structure's name is no news to C++.
    "C++11": ["-x", "c++", "-std=c++11"],
}


def headers(include_dir):
    for path, _, names in os.walk(include_dir):
        for name in names:
            if name.endswith(".h"):
                yield os.path.relpath(os.path.join(path, name), include_dir)


def main(argv):
    split = argv.index("--")
    include_dirs, compiler = argv[:split], argv[split + 1:]
    cases = [(name, language) for name in sorted(h for d in include_dirs for h in headers(d))
             for language in LANGUAGES]
    print(f"1..{len(cases)}")
    failed = not cases
    for number, (name, language) in enumerate(cases, 1):
        command = (compiler + LANGUAGES[language] + WARNINGS + ["-fsyntax-only"]
                   + [f"-I{d}" for d in include_dirs] + ["-"])
        source = f"#include <{name}>\n#include <{name}>\nextern int translation_unit;\n"
        result = subprocess.run(command, input=source, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False)
        print(f"{'not ok' if result.returncode else 'ok'} {number} - {name} as {language}")
        if result.returncode:
            failed = True
            print("".join(f"# {line}\n" for line in result.stdout.splitlines()), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
