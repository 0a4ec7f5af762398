#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the API reference with Doxygen, which must not have a single warning.

  reference.py DOXYGEN SOURCE_ROOT [OUTPUT_DIRECTORY]

Without a directory the result is thrown away: a test.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile


def main(doxygen, root, output=None):
    with tempfile.TemporaryDirectory() as scratch:
        place = output or scratch
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(root, "docs", "Doxyfile"), encoding="utf-8") as file:
            config = file.read() + f"\nOUTPUT_DIRECTORY = \"{os.path.abspath(place)}\"\n"
        done = subprocess.run([doxygen, "-"], input=config, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, cwd=root, check=False)
        if done.returncode or done.stdout.strip():
            print(done.stdout.replace(os.path.abspath(root) + "/", ""))
            return 1
        # Doxygen leaves drawings where they are.
        shutil.copytree(os.path.join(root, "docs", "figures"),
                        os.path.join(place, "html", "figures"), dirs_exist_ok=True)
        pages = os.listdir(os.path.join(place, "html"))
        with open(os.path.join(place, "html", "table_8h.html"), encoding="utf-8") as file:
            found = re.search(r"vmm_table_map", file.read())
        if not found:
            print("vmm_table_map() is not in the reference")
            return 1
        if output:
            print(f"{len(pages)} files in {place}/html; begin with index.html")
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
