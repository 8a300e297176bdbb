# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of JMESPath that people write after --query: fields, indexes, [*], [], multiselects, pipes."""

import re


class JmesError(Exception):
    pass


_TOKENS = re.compile(r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|"(?P<quoted>[^"]*)"|(?P<number>-?\d+)|(?P<sign>\[\*\]|\[\]|[.\[\]{}:,|@*]))""", re.VERBOSE)


def _tokens(text):
    found, at = [], 0
    while text[at:].strip():
        match = _TOKENS.match(text, at)
        if match is None:
            raise JmesError(text)
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found + [("end", "")]


class _Parser:
    def __init__(self, text):
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at]

    def next(self, wanted=None):
        token = self.tokens[self.at]
        if wanted is not None and token != ("sign", wanted):
            raise JmesError(self.text)
        self.at += 1
        return token

    def pipe(self):
        left = self.chain()
        while self.peek() == ("sign", "|"):
            self.next()
            left = _then(left, self.chain())
        return left

    def chain(self):
        """A term, and everything after it; after a projection the rest applies to each item."""
        term = self.term()
        return self.rest(term)

    def rest(self, left):
        token = self.peek()
        if token == ("sign", "."):
            self.next()
            return self.rest(_then(left, self.term(after_dot=True)))
        if token == ("sign", "["):
            self.next()
            number = self.next()
            if number[0] != "number":
                raise JmesError(self.text)
            self.next("]")
            index = int(number[1])
            return self.rest(_then(left, lambda v: v[index] if isinstance(v, list) and -len(v) <= index < len(v) else None))
        if token in (("sign", "[*]"), ("sign", "[]")):
            self.next()
            after = self.rest(lambda v: v)
            return lambda v: _project(left(v), after)
        return left

    def term(self, after_dot=False):
        kind, value = self.next()
        if kind in ("name", "quoted"):
            return lambda v: v.get(value) if isinstance(v, dict) else None
        if (kind, value) == ("sign", "@") and not after_dot:
            return lambda v: v
        if (kind, value) == ("sign", "{"):
            fields = []
            while True:
                key_kind, key = self.next()
                if key_kind not in ("name", "quoted"):
                    raise JmesError(self.text)
                self.next(":")
                fields.append((key, self.pipe()))
                if self.peek() == ("sign", ","):
                    self.next()
                    continue
                self.next("}")
                return lambda v: None if v is None else {k: f(v) for k, f in fields}
        if (kind, value) == ("sign", "[") and self.peek()[0] != "number":
            items = []
            while True:
                items.append(self.pipe())
                if self.peek() == ("sign", ","):
                    self.next()
                    continue
                self.next("]")
                return lambda v: None if v is None else [f(v) for f in items]
        if (kind, value) in (("sign", "["), ("sign", "[*]"), ("sign", "[]")) and not after_dot:
            self.at -= 1
            return lambda v: v
        raise JmesError(self.text)


def _then(left, right):
    return lambda v: right(left(v))


def _project(value, after):
    if not isinstance(value, list):
        return None
    return [r for r in (after(item) for item in value) if r is not None]


def search(expression, value):
    """The value of a JMESPath expression; raises JmesError where it is none, or uses a part not known here."""
    parser = _Parser(expression)
    call = parser.pipe()
    if parser.peek()[0] != "end":
        raise JmesError(expression)
    return call(value)
