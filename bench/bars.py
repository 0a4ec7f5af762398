# SPDX-License-Identifier: MIT
"""What is compared with what, and how much it may cost: one list for the table, the check and the page."""

COMPILERS = ("gcc", "clang")

# Operation, who of the library, limit, who of the limit, factor. Each of the six formats has to keep them.
TABLES = [
    ("map one call", "lib", "map one call", "hand", 1.3),
    ("map one call", "lib", "map one call", "stores", 1.6),
    ("map 1 MiB calls", "lib", "map 1 MiB calls", "hand", 1.3),
    ("unmap 1 MiB calls", "lib", "unmap 1 MiB calls", "hand", 1.5),
    ("protect one call", "lib", "protect one call", "hand", 2.0),
    ("translate", "lib", "translate", "hand", 1.3),
    ("query", "lib", "query", "hand", 2.0),
    ("random pair", "lib", "random pair", "hand, freeing", 1.5),
    ("random pair", "lib, keeping", "random pair", "hand", 1.3),
    ("random pair, in order", "lib", "random pair, in order", "hand, freeing", 1.5),
    ("random pair, in order", "lib, keeping", "random pair, in order", "hand", 1.3),
    ("largest block", "lib", "largest block", "hand", 1.3),
    ("512 of the next", "lib", "512 of the next", "hand", 1.3),
]

# Live ranges: how many times faster than three plain trees, which the same compiler made.
SPACE_PAIR = {"1000": 2.3, "100000": 3.0, "1000000": 2.3}


class Figures:
    """Medians by (area, subject, operation, who, compiler)."""

    def __init__(self, rows):
        self.rows = rows
        self.by_key = {(r["area"], r["subject"], r["operation"], r["who"], r["compiler"]): r
                       for r in rows}

    def row(self, area, subject, operation, who, compiler):
        return self.by_key.get((area, subject, operation, who, compiler))

    def get(self, area, subject, operation, who, compiler):
        row = self.row(area, subject, operation, who, compiler)
        return None if row is None else row["median"]

    def best(self, area, subject, operation, who):
        """Of what is compared with, the better of the two compilers' counts."""
        values = [self.get(area, subject, operation, who, compiler) for compiler in COMPILERS]
        values = [value for value in values if value is not None]
        return min(values) if values else None

    def subjects(self, area):
        seen = []
        for row in self.rows:
            if row["area"] == area and row["subject"] not in seen:
                seen.append(row["subject"])
        return seen


def bar(area, subject, operation, against, compiler, value, other, ratio, limit, met, unit):
    return {"area": area, "subject": subject, "operation": operation, "against": against,
            "compiler": compiler, "value": value, "other": other, "ratio": ratio, "limit": limit,
            "met": met, "unit": unit}


def table_bars(figures, compiler):
    for subject in figures.subjects("tables"):
        for operation, who, other, whose, limit in TABLES:
            value = figures.get("tables", subject, operation, who, compiler)
            bound = figures.best("tables", subject, other, whose)
            if value is None or bound is None:
                continue
            name = operation + (" (tables kept)" if who == "lib, keeping" else "")
            unit = figures.row("tables", subject, operation, who, compiler)["unit"]
            yield bar("tables", subject, name, whose, compiler, value, bound, value / bound, limit,
                      value / bound <= limit, unit)
        unmap = figures.get("tables", subject, "unmap one call", "lib", compiler)
        each = figures.best("tables", subject, "protect one call", "hand")
        if unmap is not None and each is not None:
            yield bar("tables", subject, "unmap of covered tables", "a pass over the pages", compiler,
                      unmap, each, unmap / each, 0.25, unmap / each <= 0.25, "ns/page")


def space_bars(figures, compiler):
    for live, factor in SPACE_PAIR.items():
        value = figures.get("space", live, "pair", "lib256", compiler)
        trees = figures.get("space", live, "pair", "trees", compiler)
        if value is not None and trees is not None:
            yield bar("space", live, "pair", "three plain trees", compiler, value, trees,
                      value / trees, 1 / factor, trees / value >= factor, "ns")
        value = figures.get("space", live, "lookup", "lib256", compiler)
        trees = figures.get("space", live, "lookup", "trees", compiler)
        if value is not None and trees is not None:
            yield bar("space", live, "lookup", "three plain trees", compiler, value, trees,
                      value / trees, 1.0, value <= trees, "ns")
    absolute = [("100000", "op worst", 1000), ("1000000", "op p99.99", 3000),
                ("1000000", "op worst", 4000), ("100000", "waste at the brim", 1.7)]
    for live, operation, limit in absolute:
        value = figures.get("space", live, operation, "lib256", compiler)
        if value is not None:
            unit = figures.row("space", live, operation, "lib256", compiler)["unit"]
            yield bar("space", live, operation, "", compiler, value, None, None, limit,
                      value <= limit, unit)


def manager_bars(figures, compiler):
    for subject in figures.subjects("manager"):
        for operation in ("map_at", "unmap", "map_mmio", "unmap_mmio"):
            parts = [figures.get("manager", subject, operation, who, compiler)
                     for who in ("lib", "table", "space")]
            if None in parts:
                continue
            value, total = parts[0], parts[1] + parts[2]
            yield bar("manager", subject, operation, "table + space", compiler, value, total,
                      value / total, 2.0, value / total <= 2.0, "ns")


def all_bars(figures, compilers=COMPILERS):
    result = []
    for compiler in compilers:
        for bars in (table_bars, space_bars, manager_bars):
            result += bars(figures, compiler)
    return result
