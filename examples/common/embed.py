#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a linked user program as a C header: the bytes of its code and of its data.

  embed.py OBJCOPY ELF HEADER
"""

import os
import subprocess
import sys
import tempfile


def section(objcopy, elf, name):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "bytes")
        subprocess.run([objcopy, "-O", "binary", "-j", name, elf, path], check=True)
        with open(path, "rb") as file:
            return file.read()


def main(objcopy, elf, header):
    with open(header, "w", encoding="ascii") as file:
        file.write("/* Generated from a user program. */\n#include <stdint.h>\n")
        for name in ("text", "data"):
            data = section(objcopy, elf, "." + name)
            if not data:
                sys.exit(f"{elf}: no section .{name}")
            file.write(f"static const uint8_t program_{name}[{len(data)}] = {{\n")
            for i in range(0, len(data), 16):
                file.write("\t" + " ".join(f"0x{byte:02x}," for byte in data[i:i + 16]) + "\n")
            file.write("};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
