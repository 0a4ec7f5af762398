# SPDX-License-Identifier: MIT
"""Where a source can be changed, and the source with all changes in it at once: see mutate.py.

A slot is an expression or a simple statement. In the source with all changes, each slot becomes a
choice between itself and itself with one change, by the number in `vmm_mutant`; that it was come to
is stored in `vmm_slot`. So one compilation serves all changes of all files.
"""

import hashlib
import re

IDS = 8192   # numbers of changes per file
SLOTS = 2048 # numbers of slots per file

TOKEN = re.compile(r"""
    (?P<skip>\s+|/\*.*?\*/|//[^\n]*)
  | (?P<directive>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>UINT(?:64|32|16)_C\(\s*(?:0[xX][0-9a-fA-F]+|\d+)\s*\)|0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^!~<>=?:;,.(){}\[\]])
""", re.VERBOSE | re.DOTALL)

SWAPS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "<<": [">>"], ">>": ["<<"], "&": ["|"], "|": ["&", "^"], "^": ["|"],
    "%": ["/"], "/": ["*"], "+=": ["-="], "-=": ["+="], "|=": ["&=", "="], "&=": ["|=", "="],
}
BINARY_ONLY = {"+", "-", "&", "|", "^", "*", "<", ">"}
NAMES = {"true": ["false"], "false": ["true"], "break": ["continue"], "continue": ["break"],
         "NULL": []}
# Functions whose results depend on their arguments alone, which are values.
PURE = re.compile(r"vmm_(va|pa)(_raw|_offset|_region_(start|last|size|intersect|is_\w+))?"
                  r"|vmm_attr(_(mem|exec|has|is_\w+))?")
KEYWORDS = {"if", "while", "for", "switch", "return", "do", "else", "case", "default", "sizeof",
            "struct", "enum", "static", "const", "break", "continue", "typedef", "extern",
            "unsigned", "union", "goto"}
TYPES = re.compile(r"^(u?int\d+_t|uintptr_t|size_t|bool|char|int|unsigned|void|vmm_\w+_t|struct|enum"
                   r"|const|static|union|float|double)$")


class Token:
    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)


def tokens_of(source):
    found, at = [], 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            at += 1
            continue
        if match.lastgroup != "skip":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return found


def bodies(tokens):
    """Yields (name, first, last) of each function body: token indices between its braces."""
    depth, i = 0, 0
    while i < len(tokens):
        token = tokens[i]
        if token.text == "{" and depth == 0:
            j = i - 1
            is_function = j >= 0 and tokens[j].text == ")"
            level, k = 1, i + 1
            while k < len(tokens) and level:
                level += {"{": 1, "}": -1}.get(tokens[k].text, 0)
                k += 1
            if is_function:
                level, j = 1, j - 1
                while j >= 0 and level:
                    level += {")": 1, "(": -1}.get(tokens[j].text, 0)
                    j -= 1
                if j >= 0 and tokens[j].kind == "name":
                    yield tokens[j].text, i + 1, k - 1
            elif j >= 1 and any(t.text == "extern" for t in tokens[max(0, j - 1):i]):
                i += 1 # extern "C" {
                continue
            i = k
            continue
        i += 1


def closing(tokens, i):
    """Index of the bracket that closes the one at i."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opens, closes, level = tokens[i].text, pairs[tokens[i].text], 0
    for j in range(i, len(tokens)):
        level += (tokens[j].text == opens) - (tokens[j].text == closes)
        if level == 0:
            return j
    return None


def is_binary(tokens, i):
    before = tokens[i - 1]
    return (before.kind in ("number", "string") or before.text in (")", "]")
            or (before.kind == "name" and before.text not in KEYWORDS
                and not TYPES.match(before.text)))


def other_number(text):
    match = re.compile(r"0[xX][0-9a-fA-F]+|\d+").search(text, text.find("(") + 1)
    value = int(match.group(), 0)
    others = [1] if value == 0 else [value - 1, value + 1]
    return [text[:match.start()] + str(other) + text[match.end():] for other in others]


def statements(tokens, first, last):
    """Yields (start, end) token indices, end inclusive, of the simple statements of a body."""
    start = first
    i = first
    while i < last:
        text = tokens[i].text
        if text in ("{", "}"):
            start = i + 1
        elif text == ":" and start < i and tokens[start].text in ("case", "default"):
            start = i + 1
        elif text == "(" and i > first and tokens[i - 1].text in ("if", "while", "for", "switch"):
            i = closing(tokens, i)
            start = i + 1
        elif text == "else" or text == "do":
            start = i + 1
        elif text == ";":
            if start < i:
                yield start, i
            start = i + 1
        i += 1


def is_declaration(tokens, start):
    if TYPES.match(tokens[start].text) and tokens[start].text != "void":
        return True
    return tokens[start].text == "void" or tokens[start].kind == tokens[start + 1].kind == "name"


def assignment(tokens):
    """(names on the left, names on the right, index) of `a.b->c[0] = ...` without calls; None of
    others."""
    texts = [token.text for token in tokens]
    if texts[-1] in ("++", "--"):
        tokens = tokens[:-1] + [Token("op", "+=", 0), Token("number", "1", 0)]
        texts = [token.text for token in tokens]
    signs = [i for i, text in enumerate(texts) if text in ("=", "|=", "&=", "+=", "-=")]
    if len(signs) != 1:
        return None
    at = signs[0]
    left, right = tokens[:at], tokens[at + 1:]
    index = ""
    if texts[at - 1] == "]" and left[-2].kind == "number":
        left, index = left[:-3], left[-2].text
    if any(t.kind != "name" and t.text not in ("->", ".") for t in left):
        return None
    for i, token in enumerate(right):
        called = (token.kind == "name" and i + 1 < len(right) and right[i + 1].text == "("
                  and not PURE.fullmatch(token.text))
        points = token.text in ("*", "&") and (i == 0 or not is_binary(right, i))
        if called or points or token.text in ("++", "--", "[", "{"):
            return None
    return ([t.text for t in left if t.kind == "name"], {t.text for t in right if t.kind == "name"},
            index)


def commute(one, two):
    """Whether two assignments surely do the same in any order: neither names what the other stores,
    both add to the same, or they
    are two of one array."""
    signs = [{token.text for token in tokens} & {"|=", "+="} for tokens in (one, two)]
    one, two = assignment(one), assignment(two)
    if one is None or two is None:
        return False
    if one[0] == two[0] and (one[2] != two[2] or (signs[0] == signs[1] and signs[0])):
        return one[0][-1] not in one[1] | two[1]
    return (one[0][-1] not in two[1] and one[0][-1] not in two[0]
            and two[0][-1] not in one[1] and two[0][-1] not in one[0])


def mutations_of(source):
    """Returns [(start, end, replacement, what, function)]."""
    tokens = tokens_of(source)
    found = []

    def add(start, end, text, what, function):
        found.append((start, end, text, what, function))

    for function, first, last in bodies(tokens):
        for i in range(first, last):
            token = tokens[i]
            if token.kind == "op" and token.text in SWAPS:
                if token.text in BINARY_ONLY and not is_binary(tokens, i):
                    continue
                for other in SWAPS[token.text]:
                    add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.kind == "number":
                for other in other_number(token.text):
                    add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.kind == "name" and token.text in NAMES:
                for other in NAMES[token.text]:
                    add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.kind == "name" and token.text.startswith("VMM_ERR_"):
                other = "VMM_ERR_CORRUPT" if token.text != "VMM_ERR_CORRUPT" else "VMM_ERR_PINNED"
                add(token.start, token.end, other, f"{token.text} -> {other}", function)
            elif token.text == "!" and not tokens[i + 1].text == "=":
                add(token.start, token.end, "", "! left out", function)
            elif token.text in ("if", "while") and tokens[i + 1].text == "(":
                close = closing(tokens, i + 1)
                inner = source[tokens[i + 1].end:tokens[close].start]
                add(tokens[i + 1].end, tokens[close].start, f"!({inner})", "condition negated",
                    function)
                if token.text == "if":
                    add(tokens[i + 1].end, tokens[close].start, f"({inner}) || 1", "always true",
                        function)
                    add(tokens[i + 1].end, tokens[close].start, f"({inner}) && 0", "always false",
                        function)
            elif token.text == "return" and tokens[i + 1].text == "VMM_OK":
                add(tokens[i + 1].start, tokens[i + 1].end, "VMM_ERR_CORRUPT",
                    "VMM_OK -> VMM_ERR_CORRUPT", function)
        before = None
        for start, end in statements(tokens, first, last):
            if tokens[start].text == "(" and tokens[start + 1].text == "void":
                continue # a parameter that isn't used
            simple = (tokens[start].kind == "name" and tokens[start].text not in KEYWORDS
                      or tokens[start].text in ("*", "(", "++", "--"))
            if not simple or is_declaration(tokens, start):
                before = None
                continue
            add(tokens[start].start, tokens[end].end, ";", "statement left out", function)
            if before is not None and before[1] + 1 == start:
                one = source[tokens[before[0]].start:tokens[before[1]].end]
                two = source[tokens[start].start:tokens[end].end]
                between = source[tokens[before[1]].end:tokens[start].start]
                if one != two and not commute(tokens[before[0]:before[1]],
                                              tokens[start:end]):
                    add(tokens[before[0]].start, tokens[end].end, two + between + one,
                        "exchanged with the next statement", function)
            before = (start, end)
    return found

# --- slots -------------------------------------------------------------------------------------


class Slot:
    __slots__ = ("kind", "start", "end", "function", "changes", "number")

    def __init__(self, kind, start, end, function):
        self.kind, self.start, self.end, self.function = kind, start, end, function
        self.changes, self.number = [], 0 # (id, text instead)


class Reader:
    """Finds the slots of one function: kinds are value, condition, statement and jump."""

    def __init__(self, tokens, function, found, removed):
        self.tokens, self.function, self.found, self.removed = tokens, function, found, removed

    def add(self, kind, first, last):
        if first <= last:
            self.found.append(Slot(kind, self.tokens[first].start, self.tokens[last].end,
                                   self.function))

    def until(self, i, ends):
        """Index of the next token among `ends` that is in no bracket."""
        level = 0
        while True:
            text = self.tokens[i].text
            if level == 0 and text in ends:
                return i
            level += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            i += 1

    def statement(self, i):
        """Reads the statement at i; returns the index after it."""
        tokens, text = self.tokens, self.tokens[i].text
        if text == "{":
            close = closing(tokens, i)
            i += 1
            while i < close:
                i = self.statement(i)
            return close + 1
        if text in ("if", "while", "switch"):
            close = closing(tokens, i + 1)
            self.add("value" if text == "switch" else "condition", i + 2, close - 1)
            i = self.statement(close + 1)
            if text == "if" and tokens[i].text == "else":
                i = self.statement(i + 1)
            return i
        if text == "do":
            i = self.statement(i + 1)
            close = closing(tokens, i + 1)
            self.add("condition", i + 2, close - 1)
            return close + 2
        if text == "for":
            close = closing(tokens, i + 1)
            one = self.until(i + 2, (";",))
            two = self.until(one + 1, (";",))
            self.simple(i + 2, one, "value")
            self.add("condition", one + 1, two - 1)
            self.add("value", two + 1, close - 1)
            return self.statement(close + 1)
        if text in ("case", "default"):
            return self.until(i, (":",)) + 1
        end = self.until(i, (";",))
        if text == "return":
            self.add("value", i + 1, end - 1)
        elif text in ("break", "continue"):
            self.add("jump", i, end)
        elif text != ";":
            self.simple(i, end, "statement")
        return end + 1

    def simple(self, i, end, kind):
        if i >= end:
            return
        if not is_declaration(self.tokens, i):
            self.add(kind, i, end if kind == "statement" else end - 1)
            return
        if self.tokens[i].text == "static":
            # What is in it can be a choice if it is no constant.
            self.removed.append((self.tokens[i].start, self.tokens[i].end))
        while i < end:
            i = self.until(i, ("=", ",", ";"))
            if self.tokens[i].text == "=":
                after = self.until(i + 1, (",", ";"))
                self.initializer(i + 1, after)
                i = after
            i += 1

    def initializer(self, i, end):
        if self.tokens[i].text.endswith("_INIT"):
            i += 1 # a macro that is a list in braces
        elif self.tokens[i].text != "{":
            self.add("value", i, end - 1)
            return
        i += 1
        while self.tokens[i].text not in ("}", ")"):
            after = self.until(i, (",", "}", ")"))
            at = i
            if self.tokens[at].text in (".", "["):
                at = self.until(at, ("=",)) + 1
            self.initializer(at, after)
            i = after + (self.tokens[after].text == ",")


def slots_of(source):
    """The slots, and the places of words that have to go."""
    tokens, found, removed = tokens_of(source), [], []
    for function, first, last in bodies(tokens):
        reader = Reader(tokens, function, found, removed)
        i = first
        while i < last:
            i = reader.statement(i)
    return found, removed


def in_one_line(text):
    return " ".join(token.text for token in tokens_of(text))


class Change:
    """One change of a file."""
    __slots__ = ("file", "start", "end", "text", "what", "function", "line", "shown", "key", "id",
                 "slots")

    def __init__(self, file, source, place, number):
        self.file = file
        self.start, self.end, self.text, self.what, self.function = place
        self.line = source.count("\n", 0, self.start) + 1
        self.shown = source.split("\n")[self.line - 1].strip()
        self.key = identity(file, self.function, source, self.start, self.what)
        self.id, self.slots = number, []

    def applied(self, source):
        return source[:self.start] + self.text + source[self.end:]


def identity(file, function, source, start, what):
    """Stays the same while the function's name, the line and its surroundings do."""
    line = source.count("\n", 0, start)
    lines = source.split("\n")
    around = "\n".join(lines[max(0, line - 1):line + 2])
    column = start - (source.rfind("\n", 0, start) + 1)
    return hashlib.sha1(f"{file}\n{function}\n{around}\n{column}\n{what}".encode()).hexdigest()[:16]


class Source:
    """A file, its changes, and its text with all of them but those in `single`."""

    def __init__(self, file, source, index, single):
        self.file, self.source = file, source
        # In their order, so that a slot's numbers are neighbors.
        self.changes = [Change(file, source, place, index * IDS + i + 1)
                        for i, place in enumerate(sorted(mutations_of(source)))]
        seen = {}
        for change in self.changes:
            again = seen[change.key] = seen.get(change.key, 0) + 1
            change.key += f"-{again}" if again > 1 else ""
        self.slots, self.removed = slots_of(source)
        if len(self.changes) >= IDS or len(self.slots) >= SLOTS:
            raise ValueError(f"{file} has too many places")
        for i, slot in enumerate(self.slots):
            slot.number = index * SLOTS + i
        for change in self.changes:
            if change.key not in single:
                self.place(change)
        self.by_line = {}

    def place(self, change):
        if change.what == "exchanged with the next statement":
            one = [s for s in self.slots if s.kind == "statement" and s.start == change.start]
            two = [s for s in self.slots if s.kind == "statement" and s.end == change.end]
            if one and two:
                one[0].changes.append((change, self.source[two[0].start:two[0].end]))
                two[0].changes.append((change, self.source[one[0].start:one[0].end]))
                change.slots = [one[0], two[0]]
            return
        for slot in self.slots:
            if slot.start <= change.start and change.end <= slot.end:
                slot.changes.append((change, self.source[slot.start:change.start] + change.text
                                     + self.source[change.end:slot.end]))
                change.slots = [slot]
                return

    def all_at_once(self):
        """The text with all changes; fills by_line: which change, or slot, is in which line."""
        self.by_line, pieces, at = {}, [], 0
        parts = [(slot.start, slot.end, slot) for slot in self.slots if slot.changes]
        parts += [(start, end, "") for start, end in self.removed]
        for start, end, part in sorted(parts, key=lambda part: part[:2]):
            pieces += [self.source[at:start], part]
            at = end
        pieces.append(self.source[at:])
        text, line = [], 1
        for piece in pieces:
            if isinstance(piece, Slot):
                piece = self.choice(piece, line)
            text.append(piece)
            line += piece.count("\n")
        return "".join(text)

    def choice(self, slot, line):
        """The slot as a choice, each of them in a line of its own, which begin after `line`."""
        own = in_one_line(self.source[slot.start:slot.end])
        ids = [change.id for change, _ in slot.changes]
        chosen = f"VMM_SLOT_({slot.number}, {min(ids)}, {max(ids)})"
        lines = []

        def put(text, what):
            lines.append(text)
            self.by_line[line + len(lines)] = what

        if slot.kind in ("value", "condition"):
            begin, end = ("!!(", ")") if slot.kind == "condition" else ("(", ")")
            for change, text in slot.changes:
                put(f"vmm_mutant == {change.id} ? {begin}{in_one_line(text)}{end} :", change)
            put(f"{begin}{own}{end}", slot)
            return (f"({chosen} ? (\n" + "\n".join(lines) + f"\n) : {begin}{own}{end})")
        for change, text in slot.changes:
            put(f"if (vmm_mutant == {change.id}) {{ {in_one_line(text)} }} else", change)
        put(f"{{ {own} }}", slot)
        return f"{{ if ({chosen}) {{\n" + "\n".join(lines) + f"\n}} else {{ {own} }} }}"
