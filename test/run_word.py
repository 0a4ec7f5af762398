#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots the kernel hello with a word of chance, and asks QEMU where the word is.

  run_word.py --mailbox ADDRESS -- QEMU ARGUMENT...

The word goes to the board's mailbox, and a second one makes the kernel wait when it is done. The
kernel says at which virtual address it wrote the word and where that leads. QEMU is asked the same
(gva2gpa), for the word at that physical address, and, on RISC-V, for the list of what is mapped.
"""

import argparse
import json
import os
import re
import secrets
import select
import socket
import subprocess
import sys
import tempfile
import time

LEADS = re.compile(r"virtual 0x([0-9a-f]+) is physical 0x([0-9a-f]+) by the table, "
                   r"0x([0-9a-f]+) by")


class Monitor:
    """QEMU's human monitor, through QMP."""

    def __init__(self, path, deadline):
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.socket.settimeout(max(0.1, deadline - time.monotonic()))
        self.file = self.socket.makefile("rw", encoding="utf-8")
        json.loads(self.file.readline())
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                return None
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']}")

    def ask(self, command):
        answer = self.execute("human-monitor-command", **{"command-line": command})
        answer = answer.replace("\r", "").strip()
        print(f"(qemu) {command}\n{answer}")
        return answer


def read_until(process, pattern, deadline):
    data = b""
    while not re.search(pattern, data):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            break
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        data += piece
    return data.replace(b"\r", b"").decode("utf-8", "replace")


def judge_list(text, va, pa):
    """Only QEMU for RISC-V has a list: of pages that are contiguous and alike, in one line."""
    rows = re.findall(r"^([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{16}) (\S+)", text, re.MULTILINE)
    if not rows:
        return []
    faults = []
    if not any(int(start, 16) <= va < int(start, 16) + int(size, 16)
               and int(to, 16) - int(start, 16) == pa - va and attributes.startswith("rw-")
               for start, to, size, attributes in rows):
        faults.append(f"QEMU's list doesn't have {va:#x} at {pa:#x}, readable and writable")
    faults += [f"writable and executable: {row}" for row in rows if re.match(".wx", row[3])]
    return faults


def judge(text, word, monitor):
    if "hello: held" not in text:
        return ["the kernel did not come to wait"]
    leads = LEADS.findall(text)
    va, by_table, by_cpu = leads[-1]
    faults = []
    if f"wrote 0x{word:x} at virtual 0x{va}" not in text:
        faults.append(f"the kernel did not write 0x{word:x}")
    if by_cpu != by_table:
        faults.append("CPU and table disagree")
    if monitor.ask(f"gva2gpa 0x{va}") != f"gpa: 0x{by_table}":
        faults.append(f"QEMU doesn't translate 0x{va} to 0x{by_table}")
    if not monitor.ask(f"xp /1gx 0x{by_table}").endswith(f"0x{word:016x}"):
        faults.append("QEMU doesn't see the word there")
    faults += judge_list(monitor.ask("info mem"), int(va, 16), int(by_table, 16))
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--timeout", type=float, default=30, help="seconds, default 30")
    parser.add_argument("--mailbox", type=lambda s: int(s, 0), required=True)
    parser.add_argument("command", nargs="+", help="QEMU and its arguments")
    args = parser.parse_args()

    word = secrets.randbits(64) | 1
    deadline = time.monotonic() + args.timeout
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "qmp")
        command = args.command + ["-qmp", f"unix:{path},server=on,wait=off"]
        for offset, data in ((0, word), (8, 1)):
            command += ["-device", f"loader,addr={args.mailbox + offset:#x},data={data:#x},"
                        "data-len=8"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            try:
                monitor = Monitor(path, deadline)
                text = read_until(process, rb"hello: held|failed|trap", deadline)
                print(text)
                faults = judge(text, word, monitor)
            finally:
                process.kill()
    for fault in faults:
        print("FAIL: " + fault)
    if not faults:
        print(f"PASS: 0x{word:x} is where the table says")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
