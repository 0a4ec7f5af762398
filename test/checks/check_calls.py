#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No recursion, no indirect call that isn't on the list, and a bound for the stack.

  check_calls.py OBJDUMP READELF LIBRARY RULES LIMIT

A row of RULES allows indirect calls: a function, what it may call through a pointer, and why; the
first two are regular expressions. "-" as the second column is a function that the library doesn't
hold. The call graph is made of direct calls and of these rows: it must have no cycle, and the deepest
path in it must take at most LIMIT bytes, the frames of hooks not counted.
"""

import re
import sys

import objects


class Graph:
    def __init__(self, archive, rules):
        self.archive = archive
        self.rules = [row.split(None, 2) for row in objects.read_rules(rules)]
        self.used = set()
        self.edges, self.faults = {}, []
        for function in archive.functions:
            self.edges[function] = self._callees(function)

    def _callees(self, function):
        callees = {c for t in function.calls if (c := self.archive.resolve(function, t))}
        if not function.indirect:
            return callees
        rows = [i for i, row in enumerate(self.rules) if re.fullmatch(row[0], function.name)]
        self.used.update(rows)
        if not rows:
            self.faults.append(f"{function} has an indirect call ({', '.join(function.indirect)}) "
                               "and no row in the rules")
        for row in (self.rules[i] for i in rows):
            if row[1] == "-":
                continue
            found = {f for f in self.archive.functions if re.fullmatch(row[1], f.name)}
            callees |= found
        return callees

    def cycle(self):
        state, path = {}, []
        for start in self.edges:
            if start in state:
                continue
            work = [(start, iter(sorted(self.edges[start], key=str)))]
            state[start] = "open"
            path = [start]
            while work:
                function, rest = work[-1]
                callee = next(rest, None)
                if callee is None:
                    state[function] = "done"
                    work.pop()
                    path.pop()
                elif state.get(callee) == "open":
                    return path[path.index(callee):] + [callee]
                elif callee not in state:
                    state[callee] = "open"
                    path.append(callee)
                    work.append((callee, iter(sorted(self.edges[callee], key=str))))
        return None

    def deepest(self, function, known):
        """Returns (bytes, path) of the deepest path from a function. Only for graphs without cycle."""
        if function not in known:
            below = max((self.deepest(c, known) for c in self.edges[function]),
                        key=lambda entry: entry[0], default=(0, []))
            known[function] = ((function.stack or 0) + below[0], [function] + below[1])
        return known[function]


def main(objdump, readelf, library, rules, limit):
    archive = objects.Archive(objdump, readelf, library)
    graph = Graph(archive, rules)
    faults = graph.faults

    cycle = graph.cycle()
    if cycle:
        faults.append("recursion: " + " -> ".join(map(str, cycle)))
    for function in archive.functions:
        if function.stack is None and function.member.endswith(".c.o"):
            faults.append(f"{function}: no stack usage reported")
        elif function.stack is not None and function.stack >= 1 << 30:
            faults.append(f"{function}: its stack has no bound")

    indirect = [f for f in archive.functions if f.indirect]
    print(f"{len(archive.functions)} functions, {sum(map(len, graph.edges.values()))} calls, "
          f"{len(indirect)} functions with indirect calls")
    for function in indirect:
        print(f"  indirect: {function}: {len(function.indirect)}")
    if not cycle and archive.functions:
        known = {}
        ranking = sorted((graph.deepest(f, known) for f in archive.functions), key=lambda e: -e[0])
        size, path = ranking[0]
        print(f"deepest stack: {size} bytes (limit {limit}): "
              + " > ".join(f"{f.name} {f.stack or 0}" for f in path))
        largest = sorted((f for f in archive.functions if f.stack), key=lambda f: -f.stack)[:5]
        print("largest frames: " + ", ".join(f"{f.name} {f.stack}" for f in largest))
        if size > int(limit):
            faults.append(f"the stack needs {size} bytes, more than {limit}")
    if not archive.functions:
        faults.append("the library has no function")
    for fault in faults:
        print("FAIL: " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
