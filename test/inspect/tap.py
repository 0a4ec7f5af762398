# SPDX-License-Identifier: MIT
"""Test cases in Python that print TAP: each is a function, its docstring the sentence it is known by."""

import traceback


class Failure(Exception):
    """What a case says when something isn't as it should be."""


def same(got, wanted, what):
    """Fails unless both are equal, and says how they differ."""
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, not {wanted!r}")


def true(condition, what):
    """Fails with a sentence unless the condition holds."""
    if not condition:
        raise Failure(what)


def run(cases):
    """Runs (name, function) pairs; returns the exit status."""
    failed = 0
    print(f"1..{len(cases)}")
    for number, (name, function) in enumerate(cases, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception as error:  # whatever it is, the other cases run
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            if isinstance(error, Failure):
                print(f"# {error}")
            else:
                print("# " + traceback.format_exc().replace("\n", "\n# "))
    return 1 if failed else 0
