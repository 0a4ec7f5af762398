# SPDX-License-Identifier: MIT
"""Runs test cases on the library with a change in effect: see mutate.py."""

import concurrent.futures
import hashlib
import json
import mmap
import os
import re
import signal
import subprocess

from mutate.build import Disturbed

ENDLESS = (signal.SIGPROF, signal.SIGALRM)
ENV = {"VMM_SEED": "1", "VMM_STEPS": "1", "CMOCKA_MESSAGE_OUTPUT": "TAP"}
SLOT_BYTES = 256 * 2048
QUICK = 0.06 # seconds; longer cases are run when all changes were tried with quick ones
BUDGET = 0.5 # seconds of quick cases; more of them are run with the longer ones


class Server:
    """A test program that starts itself as often as it is asked to."""

    def __init__(self, program, library_dir, cwd, slots=None):
        ours, theirs = os.pipe(), os.pipe()
        env = dict(os.environ, **ENV, LD_LIBRARY_PATH=library_dir,
                   VMM_MUTATE=f"{ours[0]} {theirs[1]}")
        if slots is not None:
            env["VMM_MUTATE_SLOTS"] = slots
        self.process = subprocess.Popen([program], env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        pass_fds=(ours[0], theirs[1]))
        os.close(ours[0])
        os.close(theirs[1])
        self.asks = os.fdopen(ours[1], "w")
        self.answers = os.fdopen(theirs[0], "r")

    def run(self, change, seconds, case):
        """Returns how it ended, "passed", "failed" or "endless", and the CPU seconds it took."""
        self.asks.write(f"{change} {int(seconds * 1000)} {case}\n")
        self.asks.flush()
        answer = self.answers.readline().split()
        if len(answer) != 2:
            raise Disturbed("a test program doesn't answer")
        status, taken = int(answer[0]), int(answer[1]) / 1e6
        if status == 0:
            return "passed", taken
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in ENDLESS:
            return "endless", taken
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            raise Disturbed("a test was ended from outside")
        return "failed", taken

    def close(self):
        self.asks.close()
        self.process.wait()
        self.answers.close()


class Case:
    __slots__ = ("test", "name", "seconds", "slots")

    def __init__(self, test, name, seconds, slots):
        self.test, self.name, self.seconds, self.slots = test, name, seconds, frozenset(slots)

    def title(self):
        return f"{os.path.basename(self.test)[5:-2]}: {self.name}"


def names_of(program, library_dir, cwd):
    """The names of a program's cases, and whether all of them pass."""
    result = subprocess.run([program], env=dict(os.environ, **ENV, LD_LIBRARY_PATH=library_dir),
                            cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, errors="replace", check=False)
    found = re.findall(r"^(?:not )?ok \d+ - (.*)$", result.stdout, re.M)
    return list(dict.fromkeys(found)), result.returncode == 0


class Cases:
    """All test cases, how long they take and which slots they come to."""

    def __init__(self, build):
        self.build, self.all, self.by_slot, self.failing = build, [], {}, []
        self.programs = {} # by test: what it is
        self.path = os.path.join(build.dir, "cases.json")
        known = {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                known = json.load(file)
        digests = {test: self.digest(test) for test in build.tests}
        other = [test for test in build.tests if known.get(test, {}).get("digest") != digests[test]]
        with concurrent.futures.ThreadPoolExecutor(build.jobs) as pool:
            names = [self.known_names(known.get(test, {}), test) for test in other]
            for test, found in zip(other, pool.map(self.measure, other, names)):
                known[test] = {"digest": digests[test], "source": self.source_of(test),
                               "cases": found}
        for test in build.tests:
            for name, (seconds, slots) in known[test]["cases"].items():
                case = Case(test, name, seconds, slots)
                self.all.append(case)
                for slot in case.slots:
                    self.by_slot.setdefault(slot, []).append(case)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(known, file)
        os.replace(self.path + ".new", self.path)

    def digest(self, test):
        digest = hashlib.sha1()
        for path in (self.build.tree.bin_path(test), self.build.tree.lib_path()):
            with open(path, "rb") as file:
                digest.update(file.read())
            self.programs.setdefault(test, digest.hexdigest())
        return digest.hexdigest()

    def coming(self, change):
        """The cases that come to the change; for one that is in no slot that isn't known."""
        if not change.slots:
            return set(self.all)
        return {case for slot in change.slots for case in self.by_slot.get(slot.number, ())}

    def source_of(self, test):
        with open(os.path.join(self.build.root, test), "rb") as file:
            return hashlib.sha1(file.read()).hexdigest()

    def known_names(self, known, test):
        """The names of the cases, if the test's source is as it was."""
        return list(known["cases"]) if known.get("source") == self.source_of(test) else None

    def measure(self, test, names):
        build, found = self.build, {}
        program, library_dir = build.tree.bin_path(test), os.path.dirname(build.tree.lib_path())
        if names is None:
            names, passed = names_of(program, library_dir, build.dir)
            if not passed or not names:
                print(f"{test} fails on the library as it is", flush=True)
                self.failing.append(test)
        slots_path = program + ".slots"
        with open(slots_path, "wb") as file:
            file.truncate(SLOT_BYTES)
        with open(slots_path, "r+b") as file, mmap.mmap(file.fileno(), SLOT_BYTES) as slots:
            server = Server(program, library_dir, build.dir, slots_path)
            for name in names:
                slots[:] = bytes(SLOT_BYTES)
                end, seconds = server.run(0, 300, name)
                if end != "passed":
                    print(f"{test}: {name}: {end} on the library as it is", flush=True)
                    self.failing.append(test)
                    continue
                found[name] = [seconds, [m.start() for m in re.finditer(b"\1", slots[:])]]
            server.close()
        os.remove(slots_path)
        return found


def is_about(test, file):
    """Whether the names say that the test is about the file."""
    stem = re.sub(r"\W", "_", os.path.splitext(os.path.basename(file))[0])
    return os.path.basename(test)[5:-2].startswith(stem.split("_")[0])


def quick_ones(cases):
    """The first ones that take no longer than BUDGET together, without those that aren't quick."""
    found, seconds = [], 0
    for case in cases:
        if case.seconds < QUICK and seconds < BUDGET:
            found.append(case)
            seconds += case.seconds
    return found


class Worker:
    """Tries changes one after the other; has test programs of its own."""

    def __init__(self, build, cases, one, limit):
        self.build, self.cases, self.one, self.limit = build, cases, one, limit
        self.servers = {}
        self.recent = {} # by function: cases that noticed something, the last first

    def server(self, test):
        if test not in self.servers:
            tree = self.build.tree
            self.servers[test] = Server(tree.bin_path(test), os.path.dirname(tree.lib_path()),
                                        self.build.dir)
        return self.servers[test]

    def close(self):
        for server in self.servers.values():
            server.close()
        self.servers = {}

    def in_order(self, change, cases, limit):
        """First what noticed other changes of the function or the file, then by time."""
        head = []
        for key in ((change.file, change.function), (change.file, None)):
            head += [case for case in self.recent.setdefault(key, [])
                     if case in cases and case not in head and case.seconds < limit]
        rest = sorted(cases.difference(head), key=lambda case: (
            case.seconds * (0.1 if is_about(case.test, change.file) else 1), case.test, case.name))
        return head + rest

    def noticing(self, cases, run):
        """The first of the cases that notices a change, or None."""
        endless, patient = [], False
        for case in cases:
            limit = 10 * case.seconds + 3 if patient else 5 * case.seconds + 0.06
            end, _ = run(case, limit)
            if end == "failed" or (end == "endless" and patient):
                return case
            if end == "endless":
                endless.append(case)
                # Slow is not wrong, and two that don't end may be the same endless loop.
                patient = len(endless) == 2
                if patient and run(case, 10 * case.seconds + 3)[0] != "passed":
                    return case
        for case in endless:
            if run(case, 10 * case.seconds + 3)[0] != "passed":
                return case
        return None

    def judge(self, change, known):
        """Returns (verdict, the case that noticed it or None); `known` is "unnoticed" if quick cases
        were run."""
        if change.slots:
            run = lambda case, limit: self.server(case.test).run(change.id, limit, case.name)
            return self.judge_with(change, run, known)
        programs = self.one.link(change)
        if programs is None:
            return "invalid", None
        servers, library_dir = {}, os.path.dirname(self.one.tree.lib_path())

        def run_alone(case, limit):
            if case.test not in servers:
                servers[case.test] = Server(programs[case.test], library_dir, self.build.dir)
            return servers[case.test].run(0, limit, case.name)

        try:
            return self.judge_with(change, run_alone, known)
        finally:
            for server in servers.values():
                server.close()

    def judge_with(self, change, run, known):
        finish = known == "unnoticed"
        if finish and self.one.is_same_code(change):
            return "same", None
        cases = self.in_order(change, self.cases.coming(change), 1 if finish else QUICK)
        tried = [case for case in cases if case.seconds <= self.limit] if finish \
            else quick_ones(cases)
        case = self.noticing(tried, run)
        if case is None:
            return "survived" if len(tried) == len(cases) else "unnoticed", None
        for key in ((change.file, change.function), (change.file, None)):
            recent = self.recent.setdefault(key, [])
            if case in recent:
                recent.remove(case)
            recent.insert(0, case)
            del recent[4:]
        return "noticed", case
