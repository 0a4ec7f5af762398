#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One version everywhere: Meson's, CMake's, the header's, and the one that NEWS.md begins with.

  check_version.py SOURCE_ROOT VERSION_OF_MESON
"""

import os
import re
import sys

PLACES = {
    "meson.build": r"^\s*version: '([^']+)'",
    "CMakeLists.txt": r"^project\(libvmm VERSION (\S+)",
    "libvmm/include/vmm/version.h": r'^#define VMM_VERSION_STRING "([^"]+)"',
    "NEWS.md": r"^## (\d+\.\d+\.\d+)",
}


def main(root, version):
    failed = not re.fullmatch(r"\d+\.\d+\.\d+", version)
    for name, pattern in PLACES.items():
        with open(os.path.join(root, name), encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
        if not found or found[1] != version:
            failed = True
            print(f"FAIL: {name} says {found[1] if found else 'nothing'}, Meson {version}")
    print(f"{version} in {len(PLACES)} places")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
