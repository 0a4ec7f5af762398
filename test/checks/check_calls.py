#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No recursion, no indirect call that isn't on the list, and a bound for the stack.

  check_calls.py OBJDUMP READELF LIBRARY RULES LIMIT

A row of RULES allows indirect calls: a function, how many it may have, what they may call, and why it
is through a pointer. Function and callees are regular expressions; "-" as callee is what the library
doesn't hold. A function may be given as object:name. A row "@name expression" gives callees a name.

The number is what the source has: one more is a call that the compiler was to fold away.

The call graph is made of direct calls and of these rows: it must have no cycle, and the deepest path in
it must take at most LIMIT bytes, the frames of hooks not counted. A function that ends by a jump to another
has given up its frame by then.
"""

import re
import sys

import objects


def read_rules(path):
    names, rows = {"-": None}, []
    for row in objects.read_rules(path):
        if row.startswith("@"):
            name, names[name] = row.split(None, 1)
        else:
            function, number, callees, _ = row.split(None, 3)
            callees = [names.get(callee, callee) for callee in callees.split(",")]
            rows.append((function, int(number), [callee for callee in callees if callee]))
    return rows


class Graph:
    def __init__(self, archive, rules):
        self.archive = archive
        self.rules = read_rules(rules)
        self.edges, self.faults = {}, []
        self.returning = {}
        for function in archive.functions:
            self.edges[function] = self._callees(function)
            jumped = {archive.resolve(function, t) for t in function.calls - function.returning}
            self.returning[function] = self.edges[function] - jumped | {
                archive.resolve(function, t) for t in function.returning}

    def _callees(self, function):
        callees = {c for t in function.calls if (c := self.archive.resolve(function, t))}
        if not function.indirect:
            return callees
        rows = [row for row in self.rules
                if re.fullmatch(row[0], function.name) or re.fullmatch(row[0], function.full_name)]
        if not rows:
            self.faults.append(f"{function.full_name} has {len(function.indirect)} indirect calls "
                               f"({', '.join(function.indirect)}) and no row in the rules")
        elif len(function.indirect) > max(row[1] for row in rows):
            self.faults.append(f"{function} has {len(function.indirect)} indirect calls, more than the "
                               f"{max(row[1] for row in rows)} of the rules")
        for _, _, patterns in rows:
            callees |= {f for f in self.archive.functions for pattern in patterns
                        if re.fullmatch(pattern, f.name)}
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
            found = [(function.stack or 0, [function])]
            for callee in self.edges[function]:
                size, path = self.deepest(callee, known)
                if callee in self.returning[function]:
                    size, path = size + (function.stack or 0), [function] + path
                found.append((size, path))
            known[function] = max(found, key=lambda entry: entry[0])
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
        print(f"figure: deepest stack {size} bytes (limit {limit}): "
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
