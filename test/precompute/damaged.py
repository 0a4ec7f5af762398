# SPDX-License-Identifier: MIT
"""Images that were right and are damaged in one place: the check finds it."""

import random
import struct

import elf
from images import BLOB_SIZE, FORMATS, LOAD, Kernel
from place import case, check, number, patch_of


def tables_of(place, form="aarch64-4k", base=None):
    kernel = Kernel(form, base)
    report = place.make(kernel)
    return kernel, report, bytearray(place.read())


def leaf_offset(report, data, va):
    """The offset in the file of the descriptor that decides about an address."""
    patch = patch_of(report, "tables")
    page, bits = report["page_size"], report["va_bits"]
    shift, index_bits = page.bit_length() - 1, page.bit_length() - 4
    arm = report["format"].startswith("aarch64")
    level = (bits - shift - 1) // index_bits
    at = number(report["tables"][0]["root"])
    while True:
        index = (va % (1 << bits)) >> (shift + level * index_bits) & ((1 << index_bits) - 1)
        offset = patch["offset"] + at - number(patch["pa"]) + 8 * index
        word = struct.unpack_from("<Q", data, offset)[0]
        link = word & 3 == 3 and level > 0 if arm else word & 0xf == 1
        if not link:
            return offset
        at = word & 0xfffffffff000 if arm else (word >> 10 & (1 << 44) - 1) << 12
        level -= 1


def change(data, offset, function):
    word = struct.unpack_from("<Q", data, offset)[0]
    changed = bytearray(data)
    struct.pack_into("<Q", changed, offset, function(word))
    return bytes(changed)


@case
def an_image_without_tables_fails_the_check(place):
    place.damage(Kernel().bytes(), "it has no tables yet")


@case
def a_leaf_with_all_rights_fails_the_check(place):
    for form, change_word in (("aarch64-4k", lambda w: w & ~(1 << 7)),
                              ("riscv-sv39", lambda w: w | 0x84)):
        kernel, report, data = tables_of(place, form)
        offset = leaf_offset(report, data, kernel.code.va)
        place.damage(change(data, offset, change_word), "is writable and executable")


@case
def a_device_that_is_executable_fails_the_check(place):
    kernel, report, data = tables_of(place)
    offset = leaf_offset(report, data, kernel.device)
    # Read-only, or the other rule strikes first.
    place.damage(change(data, offset, lambda w: w & ~(1 << 53) | 1 << 7),
                 "is device memory and executable")


@case
def a_link_that_leads_outside_fails_the_check(place):
    for form, where in (("aarch64-16k", 0), ("riscv-sv48", 0)):
        kernel, report, data = tables_of(place, form)
        offset = patch_of(report, "root")["offset"]
        while struct.unpack_from("<Q", data, offset)[0] == where:
            offset += 8
        step = 1 << (30 if form.startswith("aarch64") else 28)
        place.damage(change(data, offset, lambda w, s=step: w + s), "is outside the image's room")


@case
def a_table_linked_twice_fails_the_check(place):
    kernel, report, data = tables_of(place)
    offset = patch_of(report, "root")["offset"]
    index = next(i for i in range(512) if data[offset + 8 * i] & 1)
    word = struct.unpack_from("<Q", data, offset + 8 * index)[0]
    place.damage(change(data, offset + 8 * (index + 1), lambda w: word), "is linked twice")


@case
def a_leaf_too_many_fails_the_check(place):
    kernel, report, data = tables_of(place)
    offset = leaf_offset(report, data, kernel.guard)
    below = struct.unpack_from("<Q", data, offset - 8)[0]
    place.damage(change(data, offset, lambda w: below + 0x1000), "the guard 'Stack' is mapped")
    kernel, report, data = tables_of(place)
    offset = leaf_offset(report, data, kernel.device + 0x1000)
    word = struct.unpack_from("<Q", data, offset - 8)[0]
    place.damage(change(data, offset, lambda w: word + 0x1000), "bytes are mapped in the upper half")


@case
def a_leaf_too_few_fails_the_check(place):
    kernel, report, data = tables_of(place)
    place.damage(change(data, leaf_offset(report, data, kernel.rodata.va), lambda w: 0),
                 "'Kernel read-only data' is not mapped at")


@case
def a_leaf_that_leads_elsewhere_fails_the_check(place):
    kernel, report, data = tables_of(place)
    place.damage(change(data, leaf_offset(report, data, kernel.rodata.va), lambda w: w + 0x1000),
                 "'Kernel read-only data' is mapped to physical")


@case
def a_leaf_with_other_attributes_fails_the_check(place):
    kernel, report, data = tables_of(place)
    offset = leaf_offset(report, data, kernel.rodata.va)
    place.damage(change(data, offset, lambda w: w | 1 << 11), "mapped with other attributes")
    place.damage(change(data, offset, lambda w: w & ~(1 << 10)), "lacks the access flag")
    place.damage(change(data, offset, lambda w: w & ~2), "is reserved at its level")
    place.damage(change(data, offset, lambda w: w | 1 << 51), "has bits that nobody asked for")
    kernel, report, data = tables_of(place, "riscv-sv39")
    offset = leaf_offset(report, data, kernel.rodata.va)
    place.damage(change(data, offset, lambda w: w & ~(1 << 6)), "lacks the accessed or dirty bit")
    place.damage(change(data, offset, lambda w: w | 1 << 54), "has reserved bits")
    place.damage(change(data, offset, lambda w: w | 1 << 61), "uses Svpbmt")
    place.damage(change(data, offset, lambda w: w | 1 << 63), "uses Svnapot")


@case
def an_address_beyond_the_physical_bits_fails_the_check(place):
    kernel = Kernel()
    kernel.elf.requests = kernel.elf.requests[len(elf.request(1, (), "", "aarch64-4k")):]
    kernel.ask(elf.FORMAT, (0, 36), "", "aarch64-4k")
    report = place.make(kernel)
    data = bytearray(place.read())
    offset = leaf_offset(report, data, kernel.device)
    place.damage(change(data, offset, lambda w: w | 1 << 40), "beyond 36 bits")


@case
def wrong_addresses_of_the_tables_fail_the_check(place):
    kernel, report, data = tables_of(place)
    offset = patch_of(report, "addresses")["offset"]
    place.damage(change(data, offset + 8, lambda w: 0), "it has no tables yet")
    place.damage(change(data, offset + 8, lambda w: w + 0x1000), "verification")
    place.damage(change(data, offset + 8, lambda w: 1 << 30), "is outside the image's room")
    place.damage(change(data, offset, lambda w: LOAD), "the lower half has a root")
    place.damage(change(data, offset + 16, lambda w: w + 0x1000), "outside the room")
    place.damage(change(data, offset + 24, lambda w: w + 0x1000), "are not those behind")
    place.damage(change(data, offset + 24, lambda w: 0), "outside the room")
    place.damage(change(data, offset + 40, lambda w: w - 8), "are not those behind")
    place.damage(change(data, offset + 56, lambda w: BLOB_SIZE), "record of the upper half")


@case
def tables_that_are_said_to_be_in_use_and_are_not_fail_the_check(place):
    kernel = Kernel()
    del kernel.elf.symbols["vmm_precomputed_blob"]
    report = place.make(kernel)
    data = place.read()
    offset = patch_of(report, "addresses")["offset"]
    for at, step in ((24, 0x1000), (32, 0x1000), (40, -0x1000)):
        data = change(data, offset + at, lambda w, s=step: w + s)
    place.damage(data, "6 tables are linked, 7 are said to be in use")


@case
def a_damaged_record_fails_the_check(place):
    kernel, report, data = tables_of(place)
    offset = patch_of(report, "record")["offset"]
    place.damage(change(data, offset, lambda w: w ^ 1), "record of the upper half is damaged")
    place.damage(change(data, offset + 24, lambda w: w + 0x1000), "record .* is of other tables")
    place.damage(change(data, offset + 72 + 16, lambda w: w + 0x1000), "the record lacks 'Kernel")
    place.damage(change(data, offset + 64, lambda w: w + 1), "record .* is damaged")


def tables_with_a_run(place, form):
    """A kernel with contiguous leaves; without Svnapot there are none on RISC-V."""
    kernel = Kernel(form)
    kernel.ask(elf.MAP_AT, (kernel.base + (1 << 33), 1 << 21, 1 << 33), "rw contig pages", "run")
    report = place.make(kernel, *(["--svnapot"] if form.startswith("riscv") else []))
    return kernel, report, place.read()


@case
def no_flipped_bit_in_the_tables_passes_the_check(place):
    chance = random.Random(4)
    for form in FORMATS:
        is_riscv = form.startswith("riscv")
        _, report, data = tables_with_a_run(place, form)
        patch = patch_of(report, "tables")
        words = [o for o in range(patch["offset"], patch["offset"] + patch["size"], 8)
                 if data[o:o + 8] != bytes(8)]
        for bit in range(64):
            # Two bits of a RISC-V leaf are software's, and mean nothing.
            if is_riscv and bit in (8, 9):
                continue
            offset = chance.choice(words)
            place.write(change(data, offset, lambda w, b=bit: w ^ 1 << b), "damaged.elf")
            done = place.run("--check", "-q", *(["--svnapot"] if is_riscv else []), "damaged.elf")
            word = struct.unpack_from("<Q", data, offset)[0]
            dirty_read_only = is_riscv and bit == 7 and word & 4 == 0
            check(done.returncode == 1 or dirty_read_only,
                  f"{form}: bit {bit} of {word:#x} at {offset:#x} makes no difference")


@case
def a_run_that_is_not_whole_fails_the_check(place):
    for form in ("aarch64-4k", "aarch64-16k", "aarch64-64k"):
        kernel, report, data = tables_with_a_run(place, form)
        offset = leaf_offset(report, data, kernel.base + (1 << 33))
        word = struct.unpack_from("<Q", data, offset)[0]
        check(word >> 52 & 1, f"{form}: {word:#x} is of no run")
        place.damage(change(data, offset + 24, lambda w: w & ~(1 << 52)), "a run that isn't whole")
        # A single leaf that says that it is of a run, at a place where none can be.
        offset = leaf_offset(report, data, kernel.rodata.va)
        place.damage(change(data, offset, lambda w: w | 1 << 52), "is of a run")
