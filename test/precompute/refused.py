# SPDX-License-Identifier: MIT
"""A kernel for each thing that can be wrong with one: vmm-precompute says what, and writes nothing."""

import os

import elf
from images import LOAD, Kernel
from place import CASES, case, check


def wrong(pattern, *arguments, form="aarch64-4k"):
    """Makes a case of a function that does one thing wrong to a kernel."""
    def decorator(function):
        def refused(place):
            kernel = Kernel(form)
            data = function(kernel)
            place.refuse(kernel.bytes() if data is None else data, pattern, *arguments)
        refused.__name__ = function.__name__ + "_is_refused"
        CASES.append(refused)
        return refused
    return decorator


@wrong("'B' .* and 'Kernel code' .* overlap")
def a_mapping_over_a_segment(kernel):
    kernel.ask(elf.MAP_AT, (kernel.code.va, 0x1000, 0x80000000), "rw", "B")


@wrong("'Stack' .* and 'Stack' .* overlap")
def a_guard_over_a_mapping(kernel):
    kernel.ask(elf.GUARD, (kernel.guard + 0x1000, kernel.guard + 0x2000), "", "Stack")


@wrong("'UART' .* and 'Memory' .* overlap")
def memory_over_a_device(kernel):
    kernel.ask(elf.LAZY, (kernel.device, 1 << 30, 0), "rw", "Memory")


@wrong("'B' .* and the window for devices overlap")
def a_mapping_partly_in_the_window(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base + 0x17fff0000, 0x20000, 0), "rw device", "B")


@wrong("two windows")
def a_second_window(kernel):
    kernel.ask(elf.WINDOW, (kernel.base + (1 << 40), 0x1000))


@wrong("segments 0 and 3 overlap at")
def a_segment_over_another(kernel):
    kernel.elf.segments.append(elf.Segment(kernel.code.va + 0x80, LOAD + 0x80 + (1 << 30),
                                           elf.R | elf.X, b"more"))


@wrong("overlap in physical memory")
def a_segment_loaded_over_another(kernel):
    kernel.elf.segments.append(elf.Segment(kernel.base, LOAD, elf.R, b"more"))


@wrong("segments 0 and 3 share the page at")
def a_page_shared_by_code_and_data(kernel):
    kernel.elf.segments.append(elf.Segment(kernel.code.va + 0x800, LOAD + 0x800, elf.R | elf.W,
                                           b"data"))


@wrong("segment 0, which is loaded, is not mapped at", "--no-segments")
def a_segment_that_nobody_maps(kernel):
    kernel.ask(elf.MAP, (kernel.data.va, kernel.guard), "rw", "data")


@wrong("segment 0, which is loaded, is not mapped at")
def a_segment_skipped_in_part(kernel):
    kernel.ask(elf.SKIP, (kernel.code.va, kernel.code.va + 16))


@wrong("segment 2 is writable and executable")
def a_segment_with_all_rights(kernel):
    kernel.data.flags |= elf.X


@wrong("segment 1 can't be read")
def a_segment_without_rights(kernel):
    kernel.rodata.flags = 0


@wrong("'B' is asked for writable and executable")
def a_request_with_all_rights(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0), "rwx", "B")


@wrong("'B' is asked for as device memory that is executable")
def an_executable_device(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0), "rx device", "B")


@wrong("attributes 'rw no': 'no' is unknown")
def an_unknown_attribute(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0), "rw no", "B")


@wrong("attributes 'device' lack ro")
def an_attribute_without_rights(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0), "device", "B")


@wrong("'B'.*'nc' is unknown or too much")
def two_kinds_of_memory_at_once(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0), "rw device nc", "B")


@wrong("'B' can't be mapped at .*: attributes", form="riscv-sv39")
def memory_that_the_format_does_not_have(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0), "rw nc", "B")


@wrong("room for tables, .* is outside the image")
def room_for_tables_outside_the_image(kernel):
    kernel.elf.symbols["vmm_precomputed_tables"] += 1 << 32
    kernel.elf.symbols["vmm_precomputed_tables_end"] += 1 << 32


@wrong("room for tables, .* has no bytes in the file")
def room_for_tables_in_bss(kernel):
    kernel.elf.symbols["vmm_precomputed_tables"] = kernel.guard
    kernel.elf.symbols["vmm_precomputed_tables_end"] = kernel.guard + 0x5000


@wrong("the room for tables .* does not begin on a page")
def room_for_tables_off_a_page(kernel):
    kernel.elf.symbols["vmm_precomputed_tables"] += 8


@wrong("the room for tables is smaller than one page")
def room_for_half_a_table(kernel):
    kernel.elf.symbols["vmm_precomputed_tables_end"] = kernel.data.va + 0x800


@wrong("it needs 6 tables of 0x1000 bytes, and there is room for 5")
def room_for_one_table_too_few(kernel):
    kernel.elf.symbols["vmm_precomputed_tables_end"] = kernel.data.va + 0x5000


@wrong("room for tables has no room")
def room_that_ends_before_it_starts(kernel):
    kernel.elf.symbols["vmm_precomputed_tables_end"] = kernel.data.va


@wrong("the record needs [0-9]+ bytes, and there is room for 100")
def room_for_half_a_record(kernel):
    kernel.elf.symbols["vmm_precomputed_blob_end"] = \
        kernel.elf.symbols["vmm_precomputed_blob"] + 100


@wrong("room for the record overlap")
def a_root_among_the_tables(kernel):
    kernel.elf.symbols["vmm_precomputed"] = kernel.data.va


@wrong("the place of the root, .* is outside the image")
def a_root_outside_the_image(kernel):
    kernel.elf.symbols["vmm_precomputed"] = (1 << 64) - 32


@wrong("'B' is at physical .* beyond the 36 bits", "--pa-bits", "36")
def memory_beyond_the_physical_bits(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x2000, (1 << 36) - 0x1000), "rw", "B")


@wrong("'B' is at physical .* beyond the 48 bits")
def memory_beyond_the_format(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 1 << 48), "rw", "B")


@wrong("'Memory' is at physical .* beyond the 56 bits", form="riscv-sv57")
def lazy_memory_beyond_the_format(kernel):
    kernel.ask(elf.LAZY, (kernel.base, 0x1000, 1 << 56), "rw", "Memory")


@wrong("'Kernel code' is at physical .* beyond the 30 bits", "--pa-bits", "30")
def a_segment_beyond_the_physical_bits(kernel):
    del kernel


@wrong("physical addresses of 60 bits; the format has 13 to 48", "--pa-bits", "60")
def more_physical_bits_than_there_are(kernel):
    del kernel


@wrong("virtual addresses of 40 bits; the format has 48 to 48", "--va-bits", "40",
       form="riscv-sv48")
def fewer_virtual_bits_than_there_are(kernel):
    del kernel


@wrong("'B' .* is not in a half of aarch64-4k with 48 bits")
def an_address_between_the_halves(kernel):
    kernel.ask(elf.MAP_AT, (1 << 48, 0x1000, 0), "rw", "B")


@wrong("'B' .* is not in a half of riscv-sv39 with 39 bits", form="riscv-sv39")
def an_address_that_is_not_canonical(kernel):
    kernel.ask(elf.MAP_AT, (1 << 38, 0x1000, 0), "rw", "B")


@wrong("'Kernel code' .* is not in the lower half", "--half", "lower")
def an_address_in_the_other_half(kernel):
    del kernel


@wrong("a table of riscv-sv39 has both halves", "--half", "upper", form="riscv-sv39")
def a_half_where_there_is_none(kernel):
    del kernel


@wrong("'B' passes the end of the address space")
def a_mapping_that_wraps(kernel):
    kernel.ask(elf.MAP_AT, (-0x1000, 0x2000, 0), "rw", "B")


@wrong("'B' is empty")
def an_empty_mapping(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0, 0), "rw", "B")


@wrong("'B' ends at .* below its start")
def a_part_that_ends_before_it_starts(kernel):
    kernel.ask(elf.MAP, (kernel.guard, kernel.guard - 0x1000), "rw", "B")


@wrong("'B' .* is not made of whole pages")
def a_mapping_of_half_a_page(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x800, 0), "rw", "B")


@wrong("'B' .* is not made of whole pages")
def a_mapping_to_half_a_page(kernel):
    kernel.ask(elf.MAP_AT, (kernel.base, 0x1000, 0x800), "rw", "B")


@wrong("'B' .* is not within a loaded segment")
def a_part_of_no_segment(kernel):
    kernel.ask(elf.MAP, (kernel.base, kernel.base + 0x1000), "rw", "B")


@wrong("'B' .* is not within a loaded segment")
def a_part_that_leaves_its_segment(kernel):
    kernel.ask(elf.MAP, (kernel.guard + 0x5000 - 0x1000, kernel.guard + 0x6000), "rw", "B")


@wrong("a guard at .* covers loaded bytes of segment 1")
def a_guard_over_loaded_bytes(kernel):
    kernel.ask(elf.GUARD, (kernel.rodata.va, kernel.rodata.va + 0x1000), "", "guard")


@wrong("segment 0 is linked at .* and loaded at .*: different places in a page")
def a_segment_off_its_place_in_a_page(kernel):
    kernel.code.pa += 0x10


@wrong("there is no symbol 'vmm_precomputed_tables'")
def a_missing_symbol_for_tables(kernel):
    del kernel.elf.symbols["vmm_precomputed_tables"]


@wrong("there is no symbol 'vmm_precomputed'")
def a_missing_symbol_for_the_root(kernel):
    del kernel.elf.symbols["vmm_precomputed"]


@wrong("there is no symbol 'vmm_precomputed_blob_end'")
def a_missing_symbol_for_the_records_end(kernel):
    del kernel.elf.symbols["vmm_precomputed_blob_end"]


@wrong("map: there is no symbol 'nobody'", "--map", "A:nobody:0x1000:rw")
def a_missing_symbol_of_an_option(kernel):
    del kernel


@wrong("map: '0x10zz' is no number", "--map", "A:0x10zz:0x1000:rw")
def a_number_that_is_none(kernel):
    del kernel


@wrong("--guard: too few fields", "--guard", "A:0x1000")
def an_option_with_too_few_fields(kernel):
    del kernel


@wrong("--skip: '3' is too much", "--skip", "1:2:3")
def an_option_with_too_many_fields(kernel):
    del kernel


@wrong("it does not say which format")
def a_kernel_without_a_format(kernel):
    kernel.elf.requests = b""


@wrong("'aarch64-8k' is no format", "--format", "aarch64-8k")
def an_unknown_format(kernel):
    del kernel


@wrong("two formats, 'aarch64-4k' and 'aarch64-64k'")
def a_second_format(kernel):
    kernel.ask(elf.FORMAT, (0, 0), "", "aarch64-64k")


@wrong("format riscv-sv39 on a kernel for AArch64", "--format", "riscv-sv39")
def a_format_of_another_machine(kernel):
    del kernel


@wrong("has no Svpbmt or Svnapot", "--svpbmt")
def an_extension_of_another_machine(kernel):
    del kernel


@wrong("request of kind 99 is unknown")
def an_unknown_request(kernel):
    kernel.ask(99, (), "", "")


@wrong("ends within a request")
def a_request_without_an_end(kernel):
    kernel.elf.requests = kernel.elf.requests[:-1]


@wrong("ends within a request")
def half_a_request(kernel):
    kernel.elf.requests += b"\2" * 20


# --- refusals: files that are no kernels ---

@wrong("an ELF file of 32 bits|its header is cut off")
def a_file_of_32_bits(kernel):
    kernel.elf.elf_class = 1


@wrong("big-endian")
def a_big_endian_header(kernel):
    data = bytearray(kernel.bytes())
    data[5] = 2
    # Every field that is looked at before has to be readable in the other order.
    data[16:20] = bytes((0, 2, 0, 183))
    return bytes(data)


@wrong("for machine 62; only AArch64")
def another_machine(kernel):
    kernel.elf.machine = elf.EM_X86_64


@wrong("an ELF file of type 1; a linked kernel is needed")
def an_object_file(kernel):
    kernel.elf.type = 1


@wrong("it has no segment to load")
def a_file_without_segments(kernel):
    kernel.elf.segments = []


@wrong("segment 1 has more bytes in the file than in memory")
def a_segment_smaller_than_its_bytes(kernel):
    kernel.rodata.size = 1


@wrong("segment 2 passes the end of the file: it is truncated")
def a_segment_beyond_the_file(kernel):
    kernel.data.file_size = kernel.data.size = 1 << 40


@wrong("segment 0 passes the end of the address space")
def a_segment_that_wraps(kernel):
    kernel.code.size = (1 << 64) - 1


@wrong("it is no ELF file")
def a_text_file(kernel):
    del kernel
    return b"#!/bin/sh\n" * 100


@wrong("has between 1 byte and 1 GiB, this has 0 bytes")
def an_empty_file(kernel):
    del kernel
    return b""


@case
def what_is_no_file_is_refused(place):
    place.refuse(None, "can't open it: No such file", source="nobody.elf")
    os.mkdir(place.path("directory"))
    place.refuse(None, "it is no regular file", source="directory")


@case
def every_truncation_is_refused_or_harmless(place):
    data = Kernel().bytes()
    for size in sorted({1, 4, 16, 63, 64, 100, 200, *range(300, len(data), len(data) // 24),
                        len(data) - 1}):
        place.write(data[:size])
        done = place.run("kernel.elf", "-o", "out.elf", "-q")
        place.judge(done, ".")
        check(not os.path.exists(place.path("out.elf")), f"{size} bytes: output")
