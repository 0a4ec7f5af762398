#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/performance.md: what was measured last, as tables and charts.

    page.py           writes them anew from docs/figures/performance.json
    page.py --check   says whether they are what that file gives

The text is written by hand; what stands between "<!-- begin NAME -->" and "<!-- end -->" is not.
"""

import json
import os
import re
import sys

import bars
import chart

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
DATA = os.path.join(ROOT, "docs", "figures", "performance.json")
PAGE = os.path.join(ROOT, "docs", "performance.md")
COLUMNS = ("area", "subject", "operation", "who", "compiler", "unit", "median", "low", "high", "places")
ORDER = ("tables", "space", "manager", "guest")
FORMATS = ("aarch64-4k", "aarch64-16k", "aarch64-64k", "riscv-sv39", "riscv-sv48", "riscv-sv57")


def short(value):
    return float(f"{value:.4g}") if isinstance(value, float) else value


def load():
    with open(DATA, encoding="ascii") as file:
        return json.load(file)


def rows_of(section):
    return [dict(zip(COLUMNS, row)) for row in section["figures"]]


def keep(name, section):
    """Puts a section in the place of the one that was there, and writes the page anew."""
    data = load() if os.path.exists(DATA) else {}
    if "figures" in section:
        section = dict(section)
        section["figures"] = [[short(row.get(column)) for column in COLUMNS]
                              for row in section["figures"]]
        # Areas that were not measured now keep what they had.
        areas = {row[0] for row in section["figures"]}
        section["figures"] += [row for row in data.get(name, {}).get("figures", [])
                               if row[0] not in areas]
        section["figures"].sort(key=lambda row: ORDER.index(row[0]))
    section.pop("bars", None)
    data["//"] = "SPDX-License-Identifier: MIT"
    data[name] = section
    with open(DATA, "w", encoding="ascii") as file:
        # A row of figures is a line.
        text = json.dumps(data, indent=1, sort_keys=True)
        text = re.sub(r"\[\n\s+((?:[^\[\]{}]|\n)*?)\n\s+\]",
                      lambda match: "[" + re.sub(r"\s*\n\s*", " ", match[1]) + "]", text)
        file.write(text + "\n")
    write()


def mark(text, met):
    return text if met else f"**{text}**"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def pair(items, text):
    """One cell for both compilers."""
    return " / ".join(mark(text(item), item["met"]) for item in items)


def machine(data):
    host = data["bench"]["machine"]
    compilers = "; ".join(data["bench"]["compilers"].values())
    return [f"{host['cpu']}, {host['caches']}" + (", a virtual machine" if host["virtual"] else "")
            + (", pinned to one CPU" if host["pinned"] else "") + f"; load when it began {host['load']:.1f}; "
            f"{host['system']}; {compilers}; {host['date']}."]


def tables(data):
    items = [item for item in bars.all_bars(bars.Figures(rows_of(data["bench"]))) if item["area"] == "tables"]
    rows = []
    for operation, against, limit in dict.fromkeys((i["operation"], i["against"], i["limit"]) for i in items):
        cells = []
        for subject in FORMATS:
            own = [i for i in items if (i["operation"], i["against"], i["subject"]) ==
                   (operation, against, subject)]
            cells.append(pair(own, lambda item: f"{item['ratio']:.2f}"))
        rows.append([f"{operation}, by {against}", f"{limit:g}"] + cells)
    return table(["gcc / clang", "bar"] + list(FORMATS), rows)


def costs(data):
    figures = bars.Figures(rows_of(data["bench"]))
    rows = []
    for operation in ("map one call", "map 1 MiB calls", "protect one call", "unmap one call",
                      "unmap 1 MiB calls", "translate", "query", "random pair", "largest block",
                      "512 of the next"):
        for who in ("lib", "hand"):
            cells = []
            for subject in FORMATS:
                values = [figures.get("tables", subject, operation, who, c) for c in bars.COMPILERS]
                cells.append(" / ".join("" if v is None else f"{v:.3g}" for v in values))
            row = figures.row("tables", FORMATS[0], operation, who, "gcc")
            rows.append([f"{operation}, {'library' if who == 'lib' else 'by hand'}",
                         row["unit"] if row else ""] + cells)
    pages = {"aarch64-16k": 65536, "aarch64-64k": 16384}
    for name in ("map", "unmap"):
        cells = []
        for subject in FORMATS:
            values = [figures.get("tables", subject, f"{name} one call", "lib", c) for c in bars.COMPILERS]
            cells.append(" / ".join(f"{v * pages.get(subject, 262144) / 1000:.3g}" for v in values if v))
        rows.append([f"{name} one GiB of pages", "us"] + cells)
    return table(["gcc / clang", ""] + list(FORMATS), rows)


def space(data):
    figures = bars.Figures(rows_of(data["bench"]))
    rows = []
    names = {"lib256": "library, 256 bins", "lib64": "library, 64 bins", "lib0": "library, no bins",
             "libexact": "library, 256 bins, exact gaps", "libaddr": "library, 256 bins, release by address",
             "trees": "three plain trees", "treesaddr": "three plain trees, release by address",
             "bins": "bins with a hash", "empty": "the workload alone"}
    for who, name in names.items():
        cells = []
        for operation in ("pair", "lookup"):
            for live in ("1000", "100000", "1000000"):
                values = [figures.get("space", live, operation, who, c) for c in bars.COMPILERS]
                cells.append(" / ".join(f"{v:.0f}" for v in values if v is not None))
        rows.append([name] + cells)
    result = table(["ns, gcc / clang", "pair, 1e3", "1e5", "1e6", "lookup, 1e3", "1e5", "1e6"], rows)
    rows = []
    for operation, live in (("op p50", "100000"), ("op p99", "100000"), ("op p99.99", "100000"),
                            ("op worst", "100000"), ("op p50", "1000000"), ("op p99.99", "1000000"),
                            ("op worst", "1000000"), ("waste at the brim", "100000")):
        cells = []
        for who in ("lib256", "lib0", "libexact", "trees", "bins"):
            values = [figures.get("space", live, operation, who, c) for c in bars.COMPILERS]
            cells.append(" / ".join(f"{v:.3g}" for v in values if v is not None))
        unit = "%" if operation.startswith("waste") else "ns"
        rows.append([f"{operation}, {live} ranges, {unit}"] + cells)
    return result + [""] + table(["gcc / clang", "256 bins", "no bins", "exact gaps", "three plain trees",
                                  "bins with a hash"], rows)


def space_bars(data):
    items = [item for item in bars.all_bars(bars.Figures(rows_of(data["bench"]))) if item["area"] == "space"]
    rows = []
    for subject, operation, against, limit in dict.fromkeys(
            (i["subject"], i["operation"], i["against"], i["limit"]) for i in items):
        own = [i for i in items if (i["subject"], i["operation"], i["against"]) ==
               (subject, operation, against)]
        if operation == "pair":
            rows.append([f"{subject} ranges: {operation}, times faster than {against}",
                         f"at least {1 / limit:.1f}", pair(own, lambda i: f"{1 / i['ratio']:.2f}")])
        elif against:
            rows.append([f"{subject} ranges: {operation}, by {against}", f"{limit:g}",
                         pair(own, lambda i: f"{i['ratio']:.2f}")])
        else:
            rows.append([f"{subject} ranges: {operation}, {own[0]['unit']}", f"{limit:g}",
                         pair(own, lambda i: f"{i['value']:.3g}")])
    return table(["", "bar", "gcc / clang"], rows)


def manager(data):
    figures = bars.Figures(rows_of(data["bench"]))
    items = [item for item in bars.all_bars(figures) if item["area"] == "manager"]
    subjects = figures.subjects("manager")
    rows = []
    for operation in ("map_at", "unmap", "map_mmio", "unmap_mmio"):
        cells = []
        for subject in subjects:
            own = [i for i in items if (i["operation"], i["subject"]) == (operation, subject)]
            cells.append(pair(own, lambda i: f"{i['ratio']:.2f}")
                         + " (" + " / ".join(f"{i['value']:.0f}" for i in own) + " ns)")
        rows.append([operation, "2"] + cells)
    cells = []
    for subject in subjects:
        values = [figures.get("manager", subject, "share a device", "lib", c) for c in bars.COMPILERS]
        cells.append(" / ".join(f"{v:.0f}" for v in values if v is not None) + " ns")
    rows.append(["one more user of a device, and its end", ""] + cells)
    return table(["gcc / clang", "bar"] + [f"{subject} entries" for subject in subjects], rows)


def size(data):
    builds = data["size"]["builds"]
    rows = []
    for program in data["size"]["programs"]:
        rows.append([program["what"], str(program["limit"])]
                    + [mark(str(value), value <= program["limit"]) for value in program["code"]])
    result = table(["bytes of code, -Os", "bar"] + builds, rows)
    if "parts" in data["size"]:
        result += ["", "What the bytes of one format are for:", ""]
        result += table(["bytes of functions, -Os"] + builds,
                        [[what] + [str(value) for value in values] for what, values in data["size"]["parts"]])
    rows = [[f"`{name}`", "512"] + [mark(str(v), v <= 512) if isinstance(v, int) else "" for v in values]
            for name, values in data["size"]["stacks"]]
    return result + ["", f"Of {data['size']['functions']} public functions {data['size']['within']} need at most "
                     "512 bytes of stack at -O2, everything that they call included. The deepest:", ""] \
        + table(["bytes of stack, -O2", "bar"] + builds, rows)


def guest(data):
    figures = bars.Figures(rows_of(data["guest"]))
    rows = []
    seen = [subject for subject in figures.subjects("guest") if subject in FORMATS]
    operations = list(dict.fromkeys(r["operation"] for r in figures.rows if r["subject"] in FORMATS))
    for operation in operations:
        rows.append([operation] + [" / ".join(str(figures.get("guest", s, operation, "lib", c))
                                              for c in bars.COMPILERS) for s in seen])
    result = table(["instructions, gcc / clang"] + seen, rows)
    rows = []
    for subject in figures.subjects("guest"):
        if subject not in FORMATS:
            rows.append([subject] + [str(figures.get("guest", subject, "start of hello to MMU on", "lib", c))
                                     for c in bars.COMPILERS])
    return result + [""] + table(["first instruction of hello to MMU on", "gcc", "clang"], rows)


def summary(data):
    items = bars.all_bars(bars.Figures(rows_of(data["bench"])))
    lines = []
    for area in ("tables", "space", "manager"):
        own = [i for i in items if i["area"] == area]
        lines.append(f"{sum(i['met'] for i in own)} of {len(own)} for {area}")
    return ["Bars met: " + ", ".join(lines) + ". A figure in **bold** misses its bar."]


PARTS = {"machine": machine, "summary": summary, "tables": tables, "costs": costs, "space": space,
         "space-bars": space_bars, "manager": manager, "size": size, "guest": guest}


NEEDS = {"size": "size", "guest": "guest"}


def curve(figures, area, pattern, who, compiler):
    points = []
    for row in figures.rows:
        if (row["area"], row["who"], row["compiler"]) == (area, who, compiler):
            x = pattern(row)
            if x is not None:
                points.append((x, row["median"]))
    return sorted(set(points))


def charts(data):
    if "bench" not in data:
        return {}
    figures = bars.Figures(rows_of(data["bench"]))
    result = {}

    def pages(name):
        def x(row):
            match = re.fullmatch(name + r" by (\d+)", row["operation"])
            return int(match[1]) if match and row["subject"] == "aarch64-4k" else None
        return x

    lines = []
    for color, name in enumerate(("map", "protect", "unmap")):
        for who, style in (("lib", "solid"), ("hand", "dashed")):
            points = curve(figures, "tables", pages(name), who, "gcc")
            if points:
                lines.append((f"{name}, {'library' if who == 'lib' else 'by hand'}", color, style, points))
    result["performance-tables.svg"] = chart.draw(
        "A page of 4 KiB, AArch64, by how many one call changes (gcc)", "pages in a call", "ns per page", lines, 2)
    for operation in ("pair", "lookup"):
        lines = []
        for color, (who, name) in enumerate((("lib256", "library, 256 bins"), ("lib0", "library, no bins"),
                                             ("trees", "three plain trees"), ("bins", "bins with a hash"))):
            points = curve(figures, "space",
                           lambda row: int(row["subject"]) if row["operation"] == operation else None, who, "gcc")
            if points:
                lines.append((name, color, "solid" if who.startswith("lib") else "dashed", points))
        what = "Release and reserve a range" if operation == "pair" else "Find the range of an address"
        result[f"performance-{operation}.svg"] = chart.draw(
            f"{what}, by how many there are (gcc)", "ranges", "ns", lines)
    return result


def made():
    """{path: text}, as it has to be."""
    data = load()
    files = {os.path.join(ROOT, "docs", "figures", name): text for name, text in charts(data).items()}
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()

    def part(match):
        if NEEDS.get(match[1], "bench") not in data:
            return match[0]
        return f"<!-- begin {match[1]} -->\n" + "\n".join(PARTS[match[1]](data)) + "\n<!-- end -->"

    files[PAGE] = re.sub(r"<!-- begin ([\w-]+) -->\n.*?<!-- end -->", part, page, flags=re.S)
    return files


def write():
    for path, text in made().items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    if sys.argv[1:] != ["--check"]:
        write()
        return 0
    status = 0
    for path, text in made().items():
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                print(f"{os.path.relpath(path, ROOT)} isn't what docs/figures/performance.json gives: "
                      "python3 bench/page.py")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
