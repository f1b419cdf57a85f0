"""JSON as people write it, read as strictly as YAML: text first, a place for every value, no surprises."""

from __future__ import annotations

import re
from typing import NoReturn

from kpi_cli.exports.strict_yaml import MAX_DEPTH, Mapping, Node, Places, Scalar, Sequence, admitted, refuse

_SPACE = re.compile(r"[ \t\r\n]*+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"')
_BARE = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|true|false|null")
_NO_NUMBER = re.compile(r"-?Infinity|NaN")
_SURROGATE = re.compile("[\ud800-\udfff]")


def load_json(text: str, file: str) -> Node:
    """The tree of a JSON text; numbers are kept as they are written.

    Raises:
        InputError: with the file, line and column, 1-based.

    >>> from kpi_cli.exports.strict_yaml import plain
    >>> plain(load_json('[{"price": 12.10, "paid": true, "note": null}]', "a.json"))
    [{'price': '12.10', 'paid': 'true', 'note': None}]
    """
    return _Json(admitted(text, file), file).document()


class _Json:
    """A recursive descent over the text; the depth limit bounds the recursion."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file, self._offset = text, file, 0
        self._places = Places(text)

    def document(self) -> Node:
        node = self._value(1)
        if isinstance(node, Mapping) and self._next() == "{":  # a record a line, as databases export them
            node = Sequence(node.line, node.column, [node])
            while self._next() == "{":
                node.items.append(self._value(2))
        if self._next():
            self._refuse("more text after the end", "keep one JSON value a file")
        return node

    def _refuse(self, text: str, fix: str = "mend this place") -> NoReturn:
        place = self._places.of(self._offset)
        refuse("bad_json", f"not JSON: {text}", fix, self._file, place)

    def _next(self) -> str:
        """The next character that is no space, "" at the end."""
        match = _SPACE.match(self._text, self._offset)
        self._offset = match.end() if match else self._offset
        return self._text[self._offset : self._offset + 1]

    def _skip(self, sign: str) -> bool:
        """Pass over a sign if it comes next."""
        found = self._next() == sign
        self._offset += found
        return found

    def _value(self, depth: int) -> Node:
        start = self._next()
        if start not in {"{", "["}:
            return self._scalar()
        place = self._places.of(self._offset)
        if depth > MAX_DEPTH:
            refuse("too_deep", f"nested deeper than {MAX_DEPTH} levels", "flatten it", self._file, place)
        self._offset += 1
        if start == "{":
            return self._mapping(Mapping(place.line, place.column), depth)
        return self._sequence(Sequence(place.line, place.column), depth)

    def _mapping(self, node: Mapping, depth: int) -> Mapping:
        more = not self._skip("}")
        while more:
            if self._next() != '"':
                self._refuse("a key in double quotes is due")
            key = self._scalar()
            if not self._skip(":"):
                self._refuse("“:” is due")
            node.add(key, self._value(depth + 1), self._file)
            more = self._another("}")
        return node

    def _sequence(self, node: Sequence, depth: int) -> Sequence:
        more = not self._skip("]")
        while more:
            node.items.append(self._value(depth + 1))
            more = self._another("]")
        return node

    def _another(self, end: str) -> bool:
        """Whether a comma announces one more item, or the end has come."""
        if self._skip(","):
            return True
        if not self._skip(end):
            self._refuse(f"“,” or “{end}” is due" if self._next() else f"the file ends before “{end}”")
        return False

    def _scalar(self) -> Scalar:
        place = self._places.of(self._offset)
        match = _STRING.match(self._text, self._offset) or _BARE.match(self._text, self._offset)
        if match is None:
            self._no_value()
        place.quoted = match[0].startswith('"')
        place.typed = not place.quoted
        place.text = self._unquoted(match[0]) if place.quoted else match[0]
        self._offset = match.end()
        return place

    def _unquoted(self, string: str) -> str:
        if "\\" not in string:
            return string[1:-1]
        import json  # for the rare text that has escapes

        try:
            text = str(json.loads(string))
        except ValueError:
            self._refuse("an unknown escape in this text", "write “\\\\” for a backslash")
        if _SURROGATE.search(text):
            self._refuse("half a character (a lone surrogate) in this text")
        return text

    def _no_value(self) -> NoReturn:
        word = _NO_NUMBER.match(self._text, self._offset)
        if word:
            self._refuse(f"{word[0]} is not a number", "write null where nothing is known")
        if self._next() == '"':
            self._refuse("a text that holds a control character or does not end", "close the quote")
        self._refuse("a value is due" if self._next() else "the file ends where a value is due")
