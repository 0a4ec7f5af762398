# SPDX-License-Identifier: MIT
"""gdb: libvmm's objects in words.

    (gdb) source tools/vmm-gdb.py
    (gdb) vmm record kernel.vmm         who mapped what, under which name
    (gdb) vmm space kernel.vmm.area     ranges and the gaps between them; /t: as the tree that they are
    (gdb) vmm table *kernel.vmm.table   a table's facts
    (gdb) vmm walk 0x40080000 *kernel.vmm.table
    (gdb) vmm names kernel.vmm FILE     the record as vmm-inspect --names reads it

and `print` shows addresses, regions, attributes, ranges, mappings, spaces, tables and managers in
words. Objects are given as expressions, by value or as pointers; `$vmm` stands for one that isn't
given: `set $vmm = &kernel.vmm`. Nothing runs in the program and nothing is written to it: trees and
tables are read as they are in memory, however damaged.
"""

import gdb
import gdb.printing

LIMIT = 100000  # nodes of a tree, before it counts as damaged
KINDS = ("mapping", "device", "guard", "lazy")
MEMORY = ("C", "WT", "NC", "Dev nGnRnE", "Dev nGnRE", "Dev GRE", "PMA")
HALVES = ("lower half", "upper half", "both halves")
UINT64 = 1 << 64

# vmm_attr_t, and vmm_range.size and .start below the page: see attr.h and space.h.
ATTR_WRITE, ATTR_USER, ATTR_GLOBAL, ATTR_CONTIG = 1 << 6, 1 << 7, 1 << 8, 1 << 9
RANGE_BITS = 4095


def number(value):
    """A gdb value as an unsigned number of 64 bits."""
    return int(value) % UINT64


def address_text(address):
    digits = f"{address:016x}"
    return "0x" + "_".join(digits[i:i + 4] for i in range(0, 16, 4))


def size_text(size):
    unit = 0
    while size and size % 1024 == 0 and unit < 6:
        size //= 1024
        unit += 1
    return f"{size} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB')[unit]}"


def about_text(size):
    """The same in at most four digits, rounded up."""
    scale = 1
    while size > 9999 * scale and size % (scale * 1024):
        scale *= 1024
    return size_text(-(-size // scale) * scale)


def region_text(start, size):
    if size == 0:
        return "empty"
    return f"{address_text(start)}-{address_text(start + size - 1)[2:]} ({about_text(size)})"


def attr_text(bits):
    memory = MEMORY[bits & 15] if bits & 15 < len(MEMORY) else f"memory {bits & 15}"
    execute = bits >> 4 & 3
    words = [memory, "RW" if bits & ATTR_WRITE else "RO", ("XN", "X", "XU", "X?")[execute]]
    if bits & ATTR_USER:
        words.append("U")
    if bits & ATTR_GLOBAL:
        words.append("global")
    if bits & ATTR_CONTIG:
        words.append("contig")
    if bits >> 10 & 3:
        words.append(f"software {bits >> 10 & 3}")
    return " ".join(words)


def name_text(pointer):
    """The text that a name points to. It is borrowed, so that it may be gone."""
    if number(pointer) == 0:
        return ""
    try:
        return pointer.string("utf-8", "replace", length=-1)
    except gdb.MemoryError:
        return f"<no memory at {address_text(number(pointer))}>"


def container(link, type_name, member):
    """The object that a node is a member of."""
    kind = gdb.lookup_type(type_name)
    offset = next(field.bitpos // 8 for field in kind.fields() if field.name == member)
    return gdb.Value(number(link) - offset).cast(kind.pointer()).dereference()


def tree(root):
    """The nodes below a link, in order: (link, depth, whether it is red). Ends on any damage."""
    stack, seen = [], set()
    link, depth = root, 0
    while stack or number(link) != 0:
        while number(link) != 0:
            if number(link) in seen or len(seen) > LIMIT:
                raise gdb.GdbError(f"the tree is damaged at {address_text(number(link))}")
            seen.add(number(link))
            stack.append((link, depth))
            link, depth = link["child"][0], depth + 1
        link, depth = stack.pop()
        yield link, depth, number(link["parent"]) & 1 != 0
        link, depth = link["child"][1], depth + 1


def range_parts(entry):
    """Start and size without guards, bytes of the guards before and behind, and the gap."""
    word = number(entry["size"])
    page = 1 << (12 + (word >> 8 & 15))
    before, after = (word & 15) * page, (word >> 4 & 15) * page
    whole = word & ~RANGE_BITS
    start = number(entry["start"]) & ~RANGE_BITS
    return start + before, whole - before - after, before, after, number(entry["gap"])


def bound_text(space, entry):
    """What a node says about the largest gap below it; see vmm_bound_of_() in space_impl.h."""
    if space["exact"]:
        return about_text(number(entry["largest"]))
    size_class = number(entry["start"]) & RANGE_BITS
    if size_class < 2048:
        return about_text(size_class << 12)
    doublings, steps = divmod(size_class - 2048, 32)
    return f"below {about_text(33 + steps << 18 + doublings)}"


def nodes(space):
    """The tree by address: (range, depth, whether it is red, whether it is the space's own head)."""
    head = number(space["head"].address)
    for link, depth, red in tree(space["used"]):
        entry = container(link, "struct vmm_range", "by_addr")
        yield entry, depth, red, number(entry.address) == head


def ranges(space):
    """The ranges that somebody reserved, by address."""
    return (entry for entry, _, _, is_head in nodes(space) if not is_head)


def mapping_of(entry):
    """The entry of the record that a range is the first member of."""
    return entry.address.cast(gdb.lookup_type("struct vmm_mapping").pointer()).dereference()


def is_hole(vmm, entry):
    """Whether a range of the area is what keeps the MMIO window free, and no entry."""
    return number(entry.address) == number(vmm["hole"].address)


def mappings(vmm):
    """The record's entries by address: those of the area and of the window."""
    found = [mapping_of(entry) for space in ("area", "window")
             for entry in ranges(vmm[space]) if not is_hole(vmm, entry)]
    return sorted(found, key=lambda mapping: range_parts(mapping["range"])[0])


def users(mapping):
    """Names of all users: the mapping's own, then a circle that its `users` is the last of."""
    yield name_text(mapping["name"])
    last = mapping["users"]
    user = last
    for _ in range(LIMIT):
        if number(last) == 0:
            return
        user = user["users"]
        yield name_text(user["name"])
        if number(user) == number(last):
            return


def kind_of(mapping):
    kind = number(mapping["kind"])
    return KINDS[kind] if kind < len(KINDS) else f"kind {kind}"


def mapping_line(mapping):
    start, size, _, _, _ = range_parts(mapping["range"])
    kind = kind_of(mapping)
    where = "no access" if kind == "guard" else (
        f"at {address_text(number(mapping['pa']))}, {attr_text(number(mapping['stored']['bits']))}")
    return f"{region_text(start, size)} {where}, {kind}: {', '.join(users(mapping))}"


# --- tables ---

def geometry(table):
    if number(table["format"]) == 0:
        raise gdb.GdbError("this table is not set up")
    return table["format"]["geometry"]


def level_shift(facts, level):
    return number(facts["page_shift"]) + level * number(facts["index_bits"])


def level_number(facts, level):
    return int(facts["arch_level_of_page"]) + level * int(facts["arch_level_step"])


def read_word(table, pa):
    """A descriptor, through the window by which the library itself reads it."""
    window = number(table["frames"]["window"])
    at = (pa + window) % UINT64
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(at, 8)), "little")


def rights_text(read, write, execute):
    return ("r" if read else "-") + ("w" if write else "-") + ("x" if execute else "-")


def look_aarch64(desc, level, facts):
    """Kind, address and words of a valid descriptor: Arm ARM D8.3."""
    address = desc & 0xfffffffff000
    if level > 0 and desc & 2:
        return "table", address & ~((1 << level_shift(facts, 0)) - 1), "table"
    if level > int(facts["leaf_level_max"]) or (level == 0 and not desc & 2):
        return "bad", 0, "reserved"
    # AttrIndx as the library sets MAIR_EL1.
    memory = ("device nGnRE", "write-back", "not cacheable", "write-through", "device nGnRnE",
              "device GRE", "?", "?")[desc >> 2 & 7]
    user, write = desc >> 6 & 1, not desc >> 7 & 1
    kernel = rights_text(True, write, not desc >> 53 & 1 and not (user and write))
    words = [memory, f"kernel {kernel}"]
    if user or not desc >> 54 & 1:
        words.append(f"user {rights_text(user, user and write, not desc >> 54 & 1)}")
    words.append("of one ASID" if desc >> 11 & 1 else "global")
    if not desc >> 10 & 1:
        words.append("access flag clear")
    if desc >> 52 & 1:
        words.append("in a run")
    return "leaf", address & ~((1 << level_shift(facts, level)) - 1), ", ".join(words)


def look_riscv(desc, level, facts):
    """The same: RISC-V privileged specification, "Sv39"."""
    address = (desc >> 10 & (1 << 44) - 1) << 12
    if not desc & 0xe:
        return ("table", address, "table") if level > 0 else ("bad", 0, "reserved")
    if desc & 6 == 4 or address & ((1 << level_shift(facts, level)) - 1) and not desc >> 63:
        return "bad", 0, "reserved"
    rights = rights_text(desc >> 1 & 1, desc >> 2 & 1, desc >> 3 & 1)
    words = [("by platform", "not cacheable", "device", "reserved type")[desc >> 61 & 3],
             f"{'user' if desc >> 4 & 1 else 'kernel'} {rights}",
             "global" if desc >> 5 & 1 else "of one ASID"]
    if not desc >> 6 & 1:
        words.append("not accessed")
    if not desc >> 7 & 1:
        words.append("not dirty")
    if desc >> 63:
        words.append("in a run")
    return "leaf", address, ", ".join(words)


def walk(table, va):
    """Steps of a walk: (level, table, index, descriptor, kind, address, words)."""
    facts = geometry(table)
    riscv = bool(facts["sign_extended"])
    mask = number(table["va_mask"])
    extension = va & ~mask
    sign = va & (mask + 1 >> 1)
    upper = number(table["half"]) == 1 or (number(table["half"]) == 2 and sign)
    if extension != (UINT64 - 1 & ~mask if upper else 0):
        raise gdb.GdbError(f"{address_text(va)} is no address of this table")
    at, level = number(table["root"]), int(table["root_level"])
    while True:
        shift = level_shift(facts, level)
        index = (va & mask) >> shift & (1 << number(facts["index_bits"])) - 1
        desc = read_word(table, at + index * 8)
        kind, address, words = "empty", 0, "empty" if desc == 0 else "not valid"
        if desc & 1:
            kind, address, words = (look_riscv if riscv else look_aarch64)(desc, level, facts)
        if kind == "leaf":
            inside = (1 << shift) - 1
            if riscv and desc >> 63:
                inside = 0xffff
            address = address & ~inside | va & inside
        yield level, at, index, desc, kind, address, words
        if kind != "table" or level == 0:
            return
        at, level = address, level - 1


def table_text(table):
    if number(table["format"]) == 0:
        return "not set up"
    facts = geometry(table)
    text = (f"{facts['name'].string()}, {HALVES[number(table['half'])]}, "
            f"{number(table['va_bits'])}-bit addresses, root at "
            f"{address_text(number(table['root']))}, ASID {number(table['asid'])}")
    if number(table["shared"]["bytes"]["size"]):
        shared = table["shared"]["bytes"]
        owner = "its own" if number(table["owner"]) == 0 else "another's"
        text += (f", shares {owner} "
                 f"{region_text(number(shared['start']), number(shared['size']))}")
    return text


# --- print ---

class Text:
    """Shows a value as what a function says of it."""

    def __init__(self, function):
        self.function = function

    def __call__(self, value):
        return Shown(self.function, value)


class Shown:
    def __init__(self, function, value):
        self.function, self.value = function, value

    def to_string(self):
        return self.function(self.value)


def manager_text(vmm):
    """A manager, and a line for each entry of its record."""
    record = vmm["record"]
    if number(vmm["table"]) == 0:
        return "a manager that is not set up"
    used = number(record["pool_count"]) - number(record["free_count"])
    head = (f"a manager of {table_text(vmm['table'].dereference())}; "
            f"{used} of {number(record['pool_count'])} entries in use")
    return "\n".join([head] + [mapping_line(mapping) for mapping in mappings(vmm)])


def space_text(space):
    if number(space["area_size"]) == 0:
        return "a space without room"
    start = number(space["head"]["start"]) & ~RANGE_BITS
    return (f"{region_text(start, number(space['area_size']))}, "
            f"{number(space['range_count'])} ranges, {about_text(number(space['free_size']))} free")


def range_text(entry):
    start, size, before, after, gap = range_parts(entry)
    text = region_text(start, size)
    if before or after:
        text += f", guards of {size_text(before)} before and {size_text(after)} behind"
    return text + f", then a gap of {size_text(gap)}"


def raw_text(value):
    return address_text(number(value["raw"]))


def span_text(value):
    return region_text(number(value["bytes"]["start"]), number(value["bytes"]["size"]))


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("libvmm")
    for pattern, printer in (
            ("^vmm_(va|pa)(_t)?$", Text(raw_text)),
            ("^vmm_(va|pa)_region(_t)?$", Text(span_text)),
            ("^vmm_attr(_t)?$", Text(lambda value: attr_text(number(value["bits"])))),
            ("^vmm_range$", Text(range_text)),
            ("^vmm_mapping$", Text(mapping_line)),
            ("^vmm_space$", Text(space_text)),
            ("^vmm_table$", Text(table_text)),
            ("^vmm$", Text(manager_text))):
        collection.add_printer(pattern, pattern, printer)
    return collection


# --- commands ---

def evaluated(expression, type_name):
    """An object by value or by pointer, or $vmm; of that type."""
    value = gdb.parse_and_eval(expression or "$vmm")
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_VOID:
        raise gdb.GdbError("say which one, or set $vmm = &...")
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
        value = value.dereference()
    tag = value.type.strip_typedefs().unqualified().name
    if tag == "vmm" and type_name == "vmm_table":
        return value["table"].dereference()
    if tag != type_name:
        raise gdb.GdbError(f"that is a {value.type}, not a struct {type_name}")
    return value


class Vmm(gdb.Command):
    """libvmm's objects in words: record, space, table, walk, names."""

    def __init__(self):
        super().__init__("vmm", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class Record(gdb.Command):
    """vmm record [MANAGER]: who mapped what, under which name, in the order of addresses."""

    def __init__(self):
        super().__init__("vmm record", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        print(manager_text(evaluated(argument, "vmm")))


class Space(gdb.Command):
    """vmm space [/t] SPACE: ranges and gaps by address; /t: as a tree, with the colors of nodes."""

    def __init__(self):
        super().__init__("vmm space", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        as_tree = argument.startswith("/t")
        expression = argument[2:].strip() if as_tree else argument
        if not expression:
            raise gdb.GdbError("vmm space [/t] SPACE")
        space = evaluated(expression, "vmm_space")
        print(space_text(space))
        for entry, depth, red, is_head in nodes(space):
            start, size, before, after, gap = range_parts(entry)
            if as_tree:
                what = "head" if is_head else region_text(start, size)
                print(f"  {'    ' * depth}{'red' if red else 'black'} {what}, "
                      f"gap {about_text(gap)}, bound {bound_text(space, entry)}")
                continue
            if before:
                print(f"  guard {region_text(start - before, before)}")
            if not is_head:
                print(f"  range {region_text(start, size)}")
            if after:
                print(f"  guard {region_text(start + size, after)}")
            if gap:
                print(f"  gap   {region_text(start + size + after, gap)}")


class Table(gdb.Command):
    """vmm table [TABLE or MANAGER]: a table's facts."""

    def __init__(self):
        super().__init__("vmm table", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        print(table_text(evaluated(argument, "vmm_table")))


class Walk(gdb.Command):
    """vmm walk ADDRESS [TABLE or MANAGER]: the way from the root to an address.

    Tables are read through their frame source's window, as the library does it. Where this CPU
    doesn't map that, `maintenance packet Qqemu.PhyMemMode:1` has QEMU take physical addresses, and a
    window of 0 is then right: `vmm walk /p ADDRESS TABLE` does both.
    """

    def __init__(self):
        super().__init__("vmm walk", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        physical = argument.startswith("/p")
        words = (argument[2:] if physical else argument).strip().split(None, 1)
        if not words:
            raise gdb.GdbError("vmm walk [/p] ADDRESS [TABLE]")
        va = number(gdb.parse_and_eval(words[0]))
        table = evaluated(words[1] if len(words) > 1 else "", "vmm_table")
        print(address_text(va))
        self.show(table, va, physical)

    def show(self, table, va, physical):
        facts = geometry(table)
        for level, at, index, desc, kind, address, words in (
                physical_walk(table, va) if physical else walk(table, va)):
            line = (f"  level {level_number(facts, level)}, table at {address_text(at)}, "
                    f"descriptor {index}: 0x{desc:016x}, {words}")
            if kind == "table":
                line += f" at {address_text(address)}"
            print(line)
        print(f"  physical {address_text(address)}" if kind == "leaf" else "  not mapped")


def physical_walk(table, va):
    """A walk with QEMU's addresses physical; what is at virtual ones is read before."""
    known = Known(table)
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        # gdb keeps what it read at virtual addresses.
        gdb.execute("maintenance flush dcache", to_string=True)
        return list(walk(known, va))
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)


class Known:
    """What a walk needs of a table, read at once, with a window of 0."""

    def __init__(self, table):
        facts = geometry(table)
        self.members = {name: number(table[name])
                        for name in ("root", "root_level", "va_mask", "half")}
        self.members["format"] = {"geometry": {name: int(facts[name]) for name in (
            "page_shift", "index_bits", "leaf_level_max", "sign_extended", "arch_level_of_page",
            "arch_level_step")}}
        self.members["frames"] = {"window": 0}

    def __getitem__(self, name):
        member = self.members[name]
        return Format(member) if name == "format" else member


class Format(dict):
    """A pointer that is never NULL, for geometry()."""

    def __int__(self):
        return 1


class Names(gdb.Command):
    """vmm names MANAGER FILE: writes the record for vmm-inspect --names."""

    def __init__(self):
        super().__init__("vmm names", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        words = argument.rsplit(None, 1)
        if not words:
            raise gdb.GdbError("vmm names [MANAGER] FILE")
        vmm = evaluated(words[0] if len(words) > 1 else "", "vmm")
        count = 0
        with open(words[-1], "w", encoding="utf-8") as file:
            for mapping in mappings(vmm):
                start, size, _, _, _ = range_parts(mapping["range"])
                file.write(f"{start:#x} {size:#x} {kind_of(mapping)} {', '.join(users(mapping))}\n")
                count += 1
        print(f"{count} names written to {words[-1]}")


gdb.printing.register_pretty_printer(None, printers(), replace=True)
Vmm()
Record()
Space()
Table()
Walk()
Names()
