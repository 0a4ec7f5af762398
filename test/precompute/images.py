# SPDX-License-Identifier: MIT
"""The kernels that the tests of vmm-precompute begin with, and what each format has."""

import elf

KIB = 1 << 10

# Page, base of the upper half, address bits, physical bits.
FORMATS = {
    "aarch64-4k": (0x1000, 0xffff000000000000, 48, 48),
    "aarch64-16k": (0x4000, 0xffff000000000000, 48, 48),
    "aarch64-64k": (0x10000, 0xffff000000000000, 48, 48),
    "riscv-sv39": (0x1000, 0xffffffc000000000, 39, 56),
    "riscv-sv48": (0x1000, 0xffff800000000000, 48, 56),
    "riscv-sv57": (0x1000, 0xff00000000000000, 57, 56),
}
LOAD = 0x40200000
TABLES = 20
BLOB_SIZE = 2048


class Kernel:
    """Code, read-only data, data with the room in it, .bss and a guarded stack behind them."""

    def __init__(self, form="aarch64-4k", base=None, tables=TABLES):
        self.form = form
        self.page, upper, self.va_bits, self.pa_bits = FORMATS[form]
        self.base = upper if base is None else base
        machine = elf.EM_AARCH64 if form.startswith("aarch64") else elf.EM_RISCV
        self.elf = elf.Elf(machine)
        page, start = self.page, LOAD + self.base
        self.code = elf.Segment(start, LOAD, elf.R | elf.X, b"\x13\0\0\0" * 64)
        self.rodata = elf.Segment(start + page, LOAD + page, elf.R, b"read-only" * 9)
        room = b"\0" * (tables * page + 64 + BLOB_SIZE)
        self.data = elf.Segment(start + 2 * page, LOAD + 2 * page, elf.R | elf.W, room)
        self.guard = self.up(self.data.va + len(room) + page)
        self.data.size = self.guard + 5 * page - self.data.va
        self.elf.segments = [self.code, self.rodata, self.data]
        into = self.data.va + tables * page
        self.elf.symbols = {
            "_start": start,
            "stack_guard": self.guard,
            "stack_bottom": self.guard + page,
            "stack_top": self.guard + 5 * page,
            "vmm_precomputed_tables": self.data.va,
            "vmm_precomputed_tables_end": into,
            "vmm_precomputed": into,
            "vmm_precomputed_blob": into + 64,
            "vmm_precomputed_blob_end": into + 64 + BLOB_SIZE,
        }
        self.ask(elf.FORMAT, (0, 0), "", form)
        self.ask(elf.GUARD, (self.guard, self.guard + page), "", "Stack")
        self.ask(elf.MAP, (self.guard + page, self.guard + 5 * page), "rw", "Stack")
        # A device apart from the image, in the same half, beyond 4 GiB.
        self.device = self.base + 0x140000000
        self.ask(elf.MAP_AT, (self.device, page, 0x09000000 // page * page), "rw device", "UART")
        self.ask(elf.WINDOW, (self.base + 0x180000000, 16 * page))

    def up(self, value):
        return -(-value // self.page) * self.page

    def ask(self, *arguments):
        self.elf.requests += elf.request(*arguments)
        return self

    def bytes(self):
        return self.elf.bytes()

    def expected(self):
        """(va, pa, size, write, execute) of all that must be mapped, extents alike as one."""
        page, distance = self.page, LOAD - self.code.va
        end = self.guard + 5 * page
        rows = [
            (self.code.va, self.code.va + distance, page, False, True),
            (self.rodata.va, self.rodata.va + distance, page, False, False),
            (self.data.va, self.data.va + distance, self.guard - self.data.va, True, False),
            (self.guard + page, self.guard + page + distance, end - self.guard - page, True, False),
            (self.device, 0x09000000 // page * page, page, True, False),
        ]
        return sorted(rows)
