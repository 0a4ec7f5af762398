# SPDX-License-Identifier: MIT
"""What vmm-precompute makes of kernels that are right, and what it says."""

import os
import pty
import struct
import subprocess

import elf
from images import FORMATS, LOAD, TABLES, Kernel
from place import Failure, case, check, number, patch_of, walked

HERE = os.path.dirname(os.path.abspath(__file__))


@case
def every_format_and_half_gets_what_it_asks_for(place):
    for form, (_, upper, _, _) in FORMATS.items():
        for base in (0, upper):
            kernel = Kernel(form, base)
            report = place.make(kernel)
            check(walked(report) == kernel.expected(),
                  f"{form} at {base:#x}: {walked(report)} and not {kernel.expected()}")
            check(place.run("--check", "-q", "out.elf").returncode == 0, f"{form}: --check")
            check(report["table_bytes"] <= report["room_bytes"], "more tables than room")
            check(report["table_bytes"] < report["full_bytes"], f"{form}: nothing is packed")


@case
def nothing_but_the_patches_changes_in_the_file(place):
    kernel = Kernel()
    report = place.make(kernel)
    before, after = place.read("kernel.elf"), place.read()
    check(len(before) == len(after), "the size changed")
    allowed = set()
    for patch in report["patches"]:
        allowed |= set(range(patch["offset"], patch["offset"] + patch["size"]))
    changed = {i for i, (a, b) in enumerate(zip(before, after)) if a != b}
    check(changed and changed <= allowed, "bytes changed that no patch names")


@case
def the_roots_and_the_spare_frames_are_where_the_image_says(place):
    kernel = Kernel("aarch64-4k")
    report = place.make(kernel)
    found = struct.unpack_from("<6Q4I", place.read(), patch_of(report, "addresses")["offset"])
    tables, used = LOAD + 2 * kernel.page, report["table_bytes"]
    check(found[0] == 0, "a lower half that nothing is in has a root")
    check(found[1] == number(report["tables"][0]["root"]), "the upper root")
    check(found[2:4] == (tables, used), "the tables")
    check(found[4:6] == (tables + used, TABLES * kernel.page - used), "the spare frames")
    check(found[6:8] == (0, 0) and found[9] == report["record_bytes"], "the record")


@case
def frames_that_are_spare_are_zero_whatever_the_linker_left_there(place):
    kernel = Kernel()
    kernel.data.data = b"\xa5" * len(kernel.data.data)
    report = place.make(kernel)
    data, tables = place.read(), patch_of(report, "tables")
    spare = data[tables["offset"] + tables["size"]:patch_of(report, "addresses")["offset"]]
    check(len(spare) >= kernel.page and not any(spare), "spare frames are not zero")


@case
def one_table_of_both_halves_has_two_equal_roots(place):
    kernel = Kernel("riscv-sv39").ask(elf.IDENTITY, (Kernel("riscv-sv39").code.va,
                                                     Kernel("riscv-sv39").code.va + 8), "rx", "Low")
    report = place.make(kernel)
    found = struct.unpack_from("<6Q4I", place.read(), patch_of(report, "addresses")["offset"])
    check(len(report["tables"]) == 1 and found[0] == found[1] != 0, f"roots {found[:2]}")
    check((LOAD, LOAD, kernel.page, False, True) in walked(report), "no identity mapping")


@case
def an_identity_mapping_on_aarch64_gets_a_table_and_a_record_of_its_own(place):
    kernel = Kernel("aarch64-16k")
    kernel.ask(elf.IDENTITY, (kernel.code.va + 4, kernel.code.va + 8), "rx", "Low")
    report = place.make(kernel)
    found = struct.unpack_from("<6Q4I", place.read(), patch_of(report, "addresses")["offset"])
    check([t["half"] for t in report["tables"]] == ["lower half", "upper half"], "two tables")
    check(0 not in found[:2] and found[0] != found[1], f"roots {found[:2]}")
    check(found[7] != 0 and found[9] != 0 and found[8] >= found[7], "two records")
    check((LOAD, LOAD, kernel.page, False, True) in walked(report), "no identity mapping")


@case
def a_second_run_gives_the_same_image(place):
    place.make(Kernel())
    first = place.read()
    check(place.run("-q", "out.elf").returncode == 0, "refused its own output")
    check(place.read() == first, "another image")


@case
def without_an_output_the_file_itself_is_replaced_and_keeps_its_mode(place):
    place.make(Kernel())
    os.chmod(place.path("kernel.elf"), 0o750)
    done = place.run("--quiet", "kernel.elf")
    check(done.returncode == 0 and done.stdout + done.stderr == "", "--quiet says something")
    check(place.read("kernel.elf") == place.read("out.elf"), "another image")
    check(os.stat(place.path("kernel.elf")).st_mode & 0o777 == 0o750, "another mode")


@case
def options_ask_as_requests_do(place):
    kernel = Kernel()
    wanted = place.make(kernel)
    kernel.elf.requests = b""
    kernel.elf.symbols["mmio"] = kernel.base + 0x180000000
    got = place.make(kernel, "--format", "vmm_aarch64_4k", "--guard",
                     "Stack:stack_guard:stack_guard+0x1000", "--map",
                     "Stack:stack_bottom:stack_top:rw", "--map-at",
                     f"UART:{kernel.device:#x}:0x1000:0x09000000:device,rw", "--window",
                     "mmio:0x10000", "--half", "upper")
    check(got == wanted, "another report")


@case
def places_may_have_other_names(place):
    kernel = Kernel()
    names = kernel.elf.symbols
    kernel.elf.symbols = {("my" + n if n.startswith("vmm") else n): v for n, v in names.items()}
    report = place.make(kernel, "--tables", "myvmm_precomputed_tables:myvmm_precomputed_tables_end",
                        "--into", "myvmm_precomputed",
                        "--blob", "myvmm_precomputed_blob:myvmm_precomputed_blob_end")
    check(report["record_bytes"] > 0, "no record")


@case
def a_kernel_may_do_without_a_record(place):
    kernel = Kernel()
    del kernel.elf.symbols["vmm_precomputed_blob"]
    report = place.make(kernel)
    check(report["record_bytes"] == 0, "a record without room")
    check(place.run("--check", "-q", "out.elf").returncode == 0, "--check")


@case
def words_give_the_attributes_that_they_name(place):
    kernel = Kernel("aarch64-4k")
    rows = {"ro": "C   RO XN", "rw nc": "NC  RW XN", "ro,wt": "WT  RO XN", "rx local": "C   RO X",
            "uro": "C   RO XN U", "urw": "C   RW XN U", "urx": "C   RO XU U",
            "rw device pages": "Dev RW XN"}
    for index, words in enumerate(rows):
        kernel.ask(elf.MAP_AT, (kernel.base + 0x200000000 + index * 0x10000, 0x1000, 0x50000000),
                   words, words)
    report = place.make(kernel)
    for words, text in rows.items():
        got = next(m["attributes"] for m in report["mappings"] if m["name"] == words)
        check(got == text, f"{words}: {got!r}, not {text!r}")
    local = next(e for e in report["walk"] if number(e["va"]) == kernel.base + 0x200030000)
    check(not local["global"] and local["execute"], f"local: {local}")


@case
def large_leaves_are_used_unless_pages_are_asked_for(place):
    counts = []
    for words in ("rw", "rw pages"):
        kernel = Kernel("aarch64-4k")
        kernel.ask(elf.MAP_AT, (kernel.base + (1 << 33), 1 << 23, 1 << 33), words, "memory")
        counts.append(place.make(kernel)["tables"][0]["count"])
    check(counts[1] == counts[0] + 4, f"tables: {counts}")


@case
def runs_of_large_leaves_are_verified(place):
    for form in FORMATS:
        options = ["--svnapot"] if form.startswith("riscv") else []
        kernel = Kernel(form)
        kernel.ask(elf.MAP_AT, (kernel.base + (1 << 36), 1 << 34, 1 << 34), "rw contig", "memory")
        report = place.make(kernel, *options)
        check((kernel.base + (1 << 36), 1 << 34, 1 << 34, True, False) in walked(report), form)
        check(place.run("--check", "-q", *options, "out.elf").returncode == 0, f"{form}: --check")


@case
def what_is_skipped_is_not_mapped(place):
    kernel = Kernel()
    kernel.elf.segments.append(elf.Segment(0x1000 << 36, 0x48000000, elf.R | elf.X, b"boot"))
    place.refuse(kernel.bytes(), "'Kernel code' .* is not in a half")
    kernel.ask(elf.SKIP, (0x1000 << 36, (0x1000 << 36) + 4))
    check(walked(place.make(kernel)) == kernel.expected(), "it is mapped")


@case
def segments_that_share_a_page_and_agree_are_mapped_once(place):
    kernel = Kernel()
    kernel.elf.segments[0].data = b"x" * 0x800
    kernel.elf.segments[0].size = kernel.elf.segments[0].file_size = 0x800
    kernel.elf.segments.append(elf.Segment(kernel.code.va + 0x800, LOAD + 0x800, elf.R | elf.X,
                                           b"more"))
    check(walked(place.make(kernel)) == kernel.expected(), "not as one page")


# --- what people and programs see ---

def golden(place, kernel, name, *arguments):
    place.write(kernel.bytes())
    done = place.run("kernel.elf", "-o", "out.elf", *arguments)
    check(done.returncode == 0 and done.stderr == "", f"refused: {done.stderr}")
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        wanted = file.read().split("\n", 1)[1]
    if done.stdout != wanted:
        raise Failure(f"{name} is\n{done.stdout}")


def golden_kernel():
    kernel = Kernel("aarch64-64k")
    kernel.ask(elf.IDENTITY, (kernel.code.va, kernel.code.va + 4), "rx", "Boot code")
    kernel.ask(elf.LAZY, (kernel.base + (1 << 40), 1 << 30, LOAD), "rw", "Memory")
    kernel.ask(elf.MAP_AT, (kernel.base + 0x180000000, 0x10000, 0x0a000000), "rw device", "Timer")
    return kernel


@case
def the_report_is_what_it_was(place):
    golden(place, golden_kernel(), "report.txt")


@case
def the_report_for_programs_is_what_it_was(place):
    golden(place, golden_kernel(), "report-json.txt", "--json")


@case
def colors_are_for_terminals_only(place):
    place.make(Kernel())
    check("\033" not in place.run("--check", "out.elf").stdout, "escapes in a pipe")
    for extra, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        env.update({"TERM": "xterm", **extra})
        master, slave = pty.openpty()
        with subprocess.Popen([place.tool, "--check", "out.elf"], cwd=place.directory, env=env,
                              stdout=slave, stdin=subprocess.DEVNULL) as process:
            os.close(slave)
            text = b""
            try:
                while piece := os.read(master, 65536):
                    text += piece
            except OSError:
                pass
            process.wait()
        os.close(master)
        check((b"\033[1m" in text) == wanted, f"colors with {extra}: {not wanted}")


@case
def wrong_usage_says_how_it_is_used(place):
    for arguments in ((), ("a", "b"), ("--no-such-option", "a"), ("--check", "-o", "b", "a")):
        done = place.run(*arguments)
        check(done.returncode == 2 and "usage:" in done.stderr, f"{arguments}: {done}")
    done = place.run("--help")
    check(done.returncode == 0 and done.stdout.startswith("usage:"), "--help")


@case
def writable_and_executable_at_two_addresses_is_a_warning(place):
    kernel = Kernel()
    kernel.ask(elf.MAP_AT, (kernel.base + (1 << 33), 0x1000, LOAD), "rw", "alias")
    place.write(kernel.bytes())
    done = place.run("-q", "kernel.elf", "-o", "out.elf")
    check(done.returncode == 0 and "warning: memory is writable" in done.stderr, done.stderr)


@case
def tables_that_the_kernel_cannot_write_are_a_warning(place):
    kernel = Kernel()
    end = kernel.elf.symbols["vmm_precomputed_tables_end"]
    kernel.ask(elf.MAP, (kernel.data.va, end), "ro", "Tables")
    place.write(kernel.bytes())
    done = place.run("-q", "kernel.elf", "-o", "out.elf")
    check(done.returncode == 0 and "warning: the tables are not mapped" in done.stderr, done.stderr)
