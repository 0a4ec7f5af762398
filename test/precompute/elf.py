# SPDX-License-Identifier: MIT
"""Makes ELF files as small as they get, whole or broken on purpose."""

import struct

EM_AARCH64, EM_RISCV, EM_X86_64 = 183, 243, 62
R, W, X = 4, 2, 1
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")

FORMAT, MAP, MAP_AT, GUARD, WINDOW, LAZY, IDENTITY, SKIP = range(1, 9)


def request(kind, numbers=(), words="", name=""):
    """A request as precompute.h emits it."""
    numbers = [n % (1 << 64) for n in (list(numbers) + [0, 0, 0])[:3]]
    return struct.pack("<4Q", kind, *numbers) + words.encode() + b"\0" + name.encode() + b"\0"


class Segment:
    def __init__(self, va, pa, flags, data=b"", size=None):
        self.va, self.pa, self.flags, self.data = va, pa, flags, data
        self.size = len(data) if size is None else size
        self.file_size = len(data)
        self.offset = None


class Elf:
    """Segments, symbols and requests; members may be changed before bytes() to break the file."""

    def __init__(self, machine=EM_AARCH64):
        self.machine, self.type, self.elf_class, self.data = machine, 2, 2, 1
        self.segments, self.symbols, self.requests = [], {}, b""
        self.has_sections = True

    def _place(self):
        """Offsets as a linker has them: congruent to the address modulo a large page."""
        offset = HEADER.size + SEGMENT.size * len(self.segments)
        for segment in self.segments:
            offset += (segment.va - offset) % 0x1000
            if segment.offset is None:
                segment.offset = offset
            offset += len(segment.data)
        return offset

    def _sections(self, offset):
        """Contents and headers of .symtab, .strtab, .vmm_requests and .shstrtab."""
        strings, symbols = b"\0", SYMBOL.pack(0, 0, 0, 0, 0, 0)
        for name, value in self.symbols.items():
            symbols += SYMBOL.pack(len(strings), 0x10, 0, 0xfff1, value % (1 << 64), 0)
            strings += name.encode() + b"\0"
        names = b"\0.symtab\0.strtab\0.vmm_requests\0.shstrtab\0"
        blocks = [(1, 2, symbols, 2, 1, SYMBOL.size), (9, 3, strings, 0, 0, 0),
                  (17, 1, self.requests, 0, 0, 0), (31, 3, names, 0, 0, 0)]
        contents, headers = b"", SECTION.pack(*[0] * 10)
        for name, kind, data, link, info, size in blocks:
            contents += b"\0" * (-(offset + len(contents)) % 8)
            headers += SECTION.pack(name, kind, 0, 0, offset + len(contents), len(data), link, info,
                                    8, size)
            contents += data
        contents += b"\0" * (-(offset + len(contents)) % 8)
        return contents, headers

    def bytes(self):
        end = self._place()
        contents, headers = self._sections(end) if self.has_sections else (b"", b"")
        count = len(headers) // SECTION.size
        ident = b"\x7fELF" + bytes((self.elf_class, self.data, 1)) + b"\0" * 9
        image = bytearray(HEADER.pack(
            ident, self.type, self.machine, 1, self.segments[0].va if self.segments else 0,
            HEADER.size, end + len(contents) if count else 0, 0, HEADER.size, SEGMENT.size,
            len(self.segments), SECTION.size, count, count - 1 if count else 0))
        for segment in self.segments:
            image += SEGMENT.pack(1, segment.flags, segment.offset, segment.va, segment.pa,
                                  segment.file_size, segment.size, 0x1000)
        for segment in self.segments:
            image += b"\0" * (segment.offset - len(image)) + segment.data
        return bytes(image) + contents + headers
