#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes the library a little, again and again, and looks whether a test notices.

  mutate.py [--build DIR] [--jobs N] [--seed N] [--sample N] [--again] [--quick] [--limit S] [--table] [FILE]...

Each FILE of the library (by default all of libvmm/ and the formats) is changed in one place at a
time: an operator, a constant, a condition, a return value, a statement left out, two neighbors
exchanged. All changes are compiled at once, each to be switched on by its number; what can't be
compiled so is compiled alone. The test cases that come to the place are run, one by one, the
likeliest and the fastest first, up to the first that fails. A change that no test notices is a
survivor; if the optimizer makes the same code of it, it is no change. test/mutate.txt explains
survivors:

  FILE | a piece of the changed line, or the function it is in as name(), or * | the change, or * | the
  reason

where \\| is a | that doesn't end a column.

Results are kept in DIR and used again for what is the same; survivors without an explanation are
tried again when a test that comes to them has changed, with --again all survivors. --sample N looks
at N changes of each file, chosen by the seed; --table prints what is known as a table. The exit
status is 1 if there are survivors without an explanation.
"""

import argparse
import hashlib
import json
import os
import queue
import random
import sys
import threading
import time

from explained import rows as explained_rows
from mutate.build import Build, Disturbed, One
from mutate.runs import Cases, Worker

OPEN = ("unnoticed", "survived") # by quick cases, by all
VERDICTS = ("noticed", "same", "invalid", "explained", "survived")


def explanations(path):
    if not os.path.exists(path):
        return []
    return [[field.replace("\\|", "|") for field in fields]
            for _, fields in explained_rows(path, "FILE | line or function() | change | reason")]


def reason_for(explained, change):
    for file, place, what, reason in explained:
        if file == change.file and what in ("*", change.what) \
                and (place in ("*", change.function + "()") or place in change.shown):
            return reason
    return None


class Results:
    """What is known of each change, by its key: verdict, the case that noticed it, what it holds for."""

    def __init__(self, path):
        self.path, self.saved, self.lock = path, time.time(), threading.Lock()
        self.known = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.known = json.load(file)

    def put(self, change, verdict, case, holds_for):
        with self.lock:
            self.known[change.key] = [verdict, case.title() if case else None, holds_for]
            if time.time() - self.saved > 5:
                self.save()

    def save(self):
        """At once and whole: a run may be ended at any time and go on later."""
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.known, file)
        os.replace(self.path + ".new", self.path)
        self.saved = time.time()


class Judge:
    """Tries what isn't known, on several processors."""

    def __init__(self, build, cases, results, explained, args):
        self.build, self.cases, self.results, self.explained = build, cases, results, explained
        self.again, self.limit = args.again, args.limit
        self.titles = {case.title() for case in cases.all} if cases else set()
        self.failure = None

    def holds_for(self, change, verdict):
        """What the verdict stays true for: a survivor for the tests that come to it."""
        if verdict in OPEN:
            tests = sorted({case.test for case in self.cases.coming(change)})
            text = " ".join(self.cases.programs[test] for test in tests)
        else:
            text = self.build.texts[change.file]
        return hashlib.sha1(text.encode()).hexdigest()

    def is_known(self, change):
        known = self.results.known.get(change.key)
        if known is None:
            return False
        verdict, title, holds_for = known
        if verdict == "noticed":
            return title in self.titles
        if verdict in OPEN and not self.again:
            return (reason_for(self.explained, change) is not None
                    or holds_for == self.holds_for(change, verdict))
        return verdict not in OPEN and holds_for == self.holds_for(change, verdict)

    def work(self, number, changes):
        worker = Worker(self.build, self.cases, One(self.build, number), self.limit)
        try:
            while self.failure is None:
                try:
                    change, known = changes.get_nowait()
                except queue.Empty:
                    break
                verdict, case = worker.judge(change, known)
                self.results.put(change, verdict, case, self.holds_for(change, verdict))
                if verdict in OPEN and reason_for(self.explained, change) is None:
                    print(shown(change, verdict), flush=True)
        except (Disturbed, OSError) as error:
            self.failure = error
        finally:
            worker.close()

    def run(self, wanted, jobs):
        """Tries pairs of a change and what is known of it."""
        changes = queue.Queue()
        for pair in wanted:
            changes.put(pair)
        threads = [threading.Thread(target=self.work, args=(i, changes)) for i in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.results.save()
        if self.failure is not None:
            raise Disturbed(str(self.failure))

    def all(self, wanted, jobs):
        self.run([(change, None) for change in wanted if not self.is_known(change)], jobs)

    def finish(self, wanted, jobs):
        """Long cases for what quick ones didn't notice and nothing explains."""
        left = [change for change in wanted if self.results.known[change.key][0] == "unnoticed"
                and (self.again or reason_for(self.explained, change) is None)]
        self.run([(change, "unnoticed") for change in left], jobs)


def of_nothing(explained, build):
    """The explanations that no change has."""
    changes = [change for source in build.sources.values() for change in source.changes]
    return [row for row in explained if not any(reason_for([row], change) for change in changes)]


def shown(change, verdict):
    return f"{verdict}: {change.file}:{change.line}: {change.function}(): {change.what}: {change.shown}"


def count_of(changes, results, explained):
    count = dict.fromkeys(VERDICTS, 0)
    for change in changes:
        verdict = results.known.get(change.key, (None,))[0]
        if verdict in OPEN:
            verdict = "survived" if reason_for(explained, change) is None else "explained"
        if verdict is not None:
            count[verdict] += 1
    return count


def row(name, of, count):
    tried = sum(count.values())
    cells = [of, tried, count["same"] + count["invalid"], count["noticed"], count["explained"],
             count["survived"]]
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


def print_table(build, results, explained):
    print("| File | Of | Tried | No change, or not C | Noticed | Explained | Not noticed |")
    print("|---|---|---|---|---|---|---|")
    total, of = dict.fromkeys(VERDICTS, 0), 0
    for name, source in build.sources.items():
        count = count_of(source.changes, results, explained)
        of += len(source.changes)
        for verdict in VERDICTS:
            total[verdict] += count[verdict]
        if source.changes:
            print(row(f"`{name}`", len(source.changes), count))
    print(row("together", of, total))


def report(build, chosen, results, explained):
    """Prints each file's figures; returns how many survivors nothing explains."""
    total = dict.fromkeys(VERDICTS, 0)
    for name, changes in chosen.items():
        count = count_of(changes, results, explained)
        for change in changes:
            verdict = results.known[change.key][0]
            if verdict in OPEN and reason_for(explained, change) is None:
                print(shown(change, verdict))
        for verdict in VERDICTS:
            total[verdict] += count[verdict]
        print(f"{name}: {count['noticed']} noticed, {count['same'] + count['invalid']} no change, "
              f"{count['explained']} explained, {count['survived']} survived")
    changes = total["noticed"] + total["survived"] + total["explained"]
    if changes:
        print(f"figure: {changes} changes, {total['noticed']} noticed, {total['explained']} explained, "
              f"{total['survived']} not: {100.0 * total['noticed'] / changes:.1f} % noticed")
    return total["survived"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--build", default="build/dev/mutate")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--quick", action="store_true", help="leaves out cases that take long")
    parser.add_argument("--limit", type=float, default=1000, help="of the seconds of a case")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--list", action="store_true", help="only says how many there are")
    args = parser.parse_args()
    root, directory = os.path.abspath(args.root), os.path.abspath(args.build)
    os.makedirs(directory, exist_ok=True)
    build = Build(root, directory, args.jobs)
    build.read_places()
    results = Results(os.path.join(directory, "results.json"))
    explained = explanations(os.path.join(root, "test/mutate.txt"))
    unknown = [name for name in args.files if name not in build.sources]
    if unknown:
        sys.exit(f"{unknown[0]} is no file that is changed")
    if args.table:
        print_table(build, results, explained)
        return 0
    chosen = {}
    for name in args.files or build.order:
        changes = build.sources[name].changes
        if args.list:
            print(f"{name}: {len(changes)}")
        elif args.sample and len(changes) > args.sample:
            changes = sorted(random.Random(args.seed).sample(changes, args.sample),
                             key=lambda change: change.id)
        chosen[name] = changes
    if args.list:
        return 0
    build.all()
    cases = Cases(build)
    # The changes know their slots since all of it was compiled.
    by_key = {change.key: change for source in build.sources.values() for change in source.changes}
    chosen = {name: [by_key[change.key] for change in changes] for name, changes in chosen.items()}
    begin = time.time()
    judge = Judge(build, cases, results, explained, args)
    wanted = [change for changes in chosen.values() for change in changes]
    judge.all(wanted, args.jobs)
    if not args.quick:
        judge.finish(wanted, args.jobs)
    bad = report(build, chosen, results, explained)
    for fields in of_nothing(explained, build):
        print(f"explains nothing: {' | '.join(fields)}")
        bad += 1
    print(f"{time.time() - begin:.0f} s")
    return 1 if bad or cases.failing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Disturbed as error:
        sys.exit(f"{error}; nothing was decided by it. Run it again.")
