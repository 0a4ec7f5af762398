# SPDX-License-Identifier: MIT
"""Runs the benchmarks of both compilers, several alignments each, and prints what they cost.

    bench.py [--quick] [--json FILE] [--keep] [--rounds N] --build COMPILER=DIR... [AREA]...

A figure is the lowest of several rounds in one process; then the median over processes whose code lies
at different places. `spread` is how far these places are apart.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import bars
import page

PADS = ("0", "16", "32", "48", "1040")
AREAS = ("tables", "space", "manager")


def read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def machine(cpu):
    """What the figures were taken on."""
    model = ""
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    caches = []
    base = f"/sys/devices/system/cpu/cpu{cpu or 0}/cache"
    for index in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        if index.startswith("index"):
            kind = {"Data": "d", "Instruction": "i"}.get(read(f"{base}/{index}/type"), "")
            caches.append(f"L{read(f'{base}/{index}/level')}{kind} {read(f'{base}/{index}/size')}")
    return {"cpu": model or platform.machine(), "caches": ", ".join(caches),
            "virtual": "hypervisor" in read("/proc/cpuinfo"), "cpus": os.cpu_count(),
            "pinned": cpu is not None, "load": os.getloadavg()[0],
            "system": f"{platform.system()} {platform.release()}",
            "date": datetime.date.today().isoformat()}


def version_of(compiler):
    try:
        text = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, text=True, check=True)
        return text.stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        return compiler


def choose_cpu():
    """The last CPU there is, as interrupts like the first; None where it can't be chosen."""
    try:
        cpu = max(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpu})
        return cpu
    except (AttributeError, OSError):
        return None


def run(program, rounds, part):
    result = subprocess.run([program, str(rounds), part], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{program} failed")
    for line in result.stdout.splitlines():
        area, subject, operation, who, value, unit = line.split("\t")
        yield (area, subject, operation, who), float(value), unit


def collect(builds, areas, options):
    samples, units = {}, {}
    pads = PADS[:1] if options.quick else PADS
    jobs = []
    for number, pad in enumerate(pads):
        for area in areas:
            # The charts and the notes need one alignment only.
            part = "all" if number == 0 and not options.quick else "main"
            jobs += [(compiler, folder, area, pad, part) for compiler, folder in builds.items()]
    start = time.monotonic()
    for number, (compiler, folder, area, pad, part) in enumerate(jobs):
        print(f"\r[{number + 1}/{len(jobs)}] {area}, {compiler}, code moved by {pad} bytes, "
              f"{time.monotonic() - start:.0f} s  ", end="", file=sys.stderr, flush=True)
        program = os.path.join(folder, "bench", f"{area}-{pad}")
        for key, value, unit in run(program, options.rounds, part):
            samples.setdefault(key + (compiler,), []).append(value)
            units[key] = unit
    print(file=sys.stderr)
    rows = []
    for key, values in samples.items():
        area, subject, operation, who, compiler = key
        rows.append({"area": area, "subject": subject, "operation": operation, "who": who,
                     "compiler": compiler, "unit": units[key[:4]],
                     "median": statistics.median(values), "low": min(values), "high": max(values),
                     "places": len(values)})
    return rows


def number(value):
    if value is None:
        return ""
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def spread(figures, item):
    """How far the library's figure moved with its place, as a share of the median."""
    row = figures.row(item["area"], item["subject"], item["operation"].replace(" (tables kept)", ""),
                      {"space": "lib256"}.get(item["area"], "lib"), item["compiler"])
    if row is None or row["places"] < 2:
        return ""
    return f"{(row['high'] - row['low']) / row['median'] * 100:.0f} %"


def print_table(figures, items):
    head = ("", "operation", "against", "cc", "cost", "against it", "ratio", "bar", "", "spread")
    rows = [head]
    for item in items:
        ratio, limit = item["ratio"], item["limit"]
        if item["area"] == "space" and ratio is not None and limit < 1:
            shown, wanted = f"{1 / ratio:.2f} x faster", f"{1 / limit:.1f} x"
        elif ratio is None:
            shown, wanted = "", f"{limit:g} {item['unit']}"
        else:
            shown, wanted = f"{ratio:.2f}", f"{limit:g}"
        rows.append((item["subject"], item["operation"], item["against"], item["compiler"],
                     f"{number(item['value'])} {item['unit']}", number(item["other"]), shown, wanted,
                     "met" if item["met"] else "NOT MET", spread(figures, item)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def print_latency(figures, compilers):
    for subject in figures.subjects("tables"):
        for compiler in compilers:
            cost = [figures.get("tables", subject, f"{operation} one call", "lib", compiler)
                    for operation in ("map", "unmap")]
            if None not in cost:
                pages = {"16": 65536, "64": 16384}.get(subject[-3:-1], 262144)
                print(f"{subject}, {compiler}: 1 GiB of pages in one call takes "
                      f"{cost[0] * pages / 1000:.0f} us to map, {cost[1] * pages / 1000:.1f} us to unmap")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", action="append", required=True)
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("areas", nargs="*")
    options = parser.parse_args()
    builds = dict(build.split("=", 1) for build in options.build)
    areas = options.areas or AREAS
    if options.keep and options.quick:
        sys.exit("--keep wants every place and every size")
    for area in areas:
        if area not in AREAS:
            sys.exit(f"There is no area '{area}'. There are: {' '.join(AREAS)}, guest")
    cpu = choose_cpu()
    host = machine(cpu)
    rows = collect(builds, areas, options)
    figures = bars.Figures(rows)
    items = bars.all_bars(figures, tuple(builds))
    print(f"{host['cpu']}, {host['caches']}"
          f"{', a virtual machine' if host['virtual'] else ''}"
          f"{', pinned to one CPU' if host['pinned'] else ', not pinned'}; load {host['load']:.1f}")
    print_table(figures, items)
    print_latency(figures, tuple(builds))
    print(f"{sum(item['met'] for item in items)} of {len(items)} bars met")
    result = {"machine": host, "compilers": {name: version_of(name) for name in builds},
              "figures": rows, "bars": items}
    if options.keep:
        page.keep("bench", result)
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(result, file, indent=1)
            file.write("\n")


main()
