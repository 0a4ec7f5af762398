#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts what tests really did, for ./dev.

  report.py log NAME BUILD_DIR TALLY     the results of `meson test` in BUILD_DIR
  report.py failure NAME TALLY           one failure that left no log: a build that broke
  report.py sum TALLY                    prints "N passed, N failed", the exit status follows it

A test that prints TAP counts case by case, every other as one. A program that skips, for want of an
optional tool, counts as nothing and says why. Each count is a line in TALLY.
"""

import json
import os
import re
import sys

PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
# A case that printed text without a newline has its verdict behind it, not at the line's start.
CASE = re.compile(r"(not ok|ok) \d+( - |\s+# SKIP )(.*)$", re.MULTILINE)


def count(entry):
    """Returns (passed, failed, names of failed cases) of one test."""
    good = entry["result"] in ("OK", "EXPECTEDFAIL")
    if entry["result"] == "SKIP":
        return 0, 0, []
    text = entry.get("stdout") or ""
    plans = [int(n) for n in PLAN.findall(text)]
    if not plans:
        return (1, 0, []) if good else (0, 1, [entry["result"]])
    passed, bad = 0, []
    for verdict, mark, name in CASE.findall(text):
        if verdict == "ok":
            passed += 1
        elif "SKIP" in mark:
            bad.append(name + " (skipped)")
        else:
            bad.append(name)
    missing = sum(plans) - passed - len(bad)
    if missing > 0:
        bad += [f"{missing} of {sum(plans)} cases didn't run"] + [""] * (missing - 1)
    elif not good and not bad:
        bad.append(f"every case passed, but the program ended with {entry['result']}")
    return passed, len(bad), [name for name in bad if name]


def add(tally, name, passed, failed):
    with open(tally, "a", encoding="utf-8") as file:
        file.write(f"{passed} {failed} {name}\n")


def log(name, build_dir, tally):
    path = os.path.join(build_dir, "meson-logs", "testlog.json")
    if not os.path.exists(path):
        print(f"{name}: no test ran")
        add(tally, name, 0, 1)
        return 1
    passed = failed = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            good, bad, names = count(entry)
            passed += good
            failed += bad
            if entry["result"] == "SKIP":
                print(f"--- {name}: {entry['name'].split(' / ')[-1]} skipped: "
                      + (entry.get("stdout") or "it doesn't say why").strip())
            for figure in re.findall(r"^figure: (.*)$", entry.get("stdout") or "", re.MULTILINE):
                print(f"{name}: {figure}")
            if bad:
                print(f"--- {name}: {entry['name'].split(' / ')[-1]} failed: {'; '.join(names)}")
                print("    " + " ".join(entry["command"]))
                for stream in ("stdout", "stderr"):
                    text = re.sub(r"^ok \d+.*\n", "", entry.get(stream) or "", flags=re.MULTILINE)
                    if text.strip():
                        print(text.rstrip("\n"))
                print("---")
    if passed + failed == 0:
        print(f"{name}: no test ran")
        failed = 1
    add(tally, name, passed, failed)
    print(f"{name}: {passed} passed, {failed} failed")
    return 1 if failed else 0


def total(tally):
    passed = failed = 0
    if os.path.exists(tally):
        with open(tally, encoding="utf-8") as file:
            for line in file:
                good, bad, _ = line.split(" ", 2)
                passed += int(good)
                failed += int(bad)
    # Nothing at all isn't a success.
    verdict = "FAIL" if failed or not passed else "PASS"
    print(f"verdict: {verdict}")
    print(f"{passed} passed, {failed} failed")
    return 0 if verdict == "PASS" else 1


def main(argv):
    if len(argv) == 5 and argv[1] == "log":
        return log(*argv[2:])
    if len(argv) == 4 and argv[1] == "failure":
        add(argv[3], argv[2], 0, 1)
        return 0
    if len(argv) == 3 and argv[1] == "sum":
        return total(argv[2])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
