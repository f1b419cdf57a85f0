"""YAML as people write it, read strictly: text first, a place for every value, no surprises.

Nothing is typed here. `NO`, `012`, `1:30` and `12.10` stay the text they are; whoever knows what is due
makes a number or a date of it. Tags, anchors, aliases, repeated keys, several documents, deep nesting and
outsized files are refused with their line. Whatever the parser trips over becomes an `InputError`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NoReturn

from msgspec import Struct, field

from kpi_cli.errors import InputError
from kpi_cli.safe import printable, quoted

MAX_DEPTH = 64
MAX_CHARACTERS = 16 * 2**20

Plain = dict[str, "Plain"] | list["Plain"] | str | None


_FIGURE = re.compile(r"\d[\d.]*(?: ?(?:[€$£%]|[A-Za-z]{1,3}))?\Z")  # `{cost: 1,200}` says cost: 1 and an empty 200


class Scalar(Struct):
    """One value as written. `quoted` tells the text "null" from the word null."""

    text: str
    quoted: bool
    line: int
    column: int
    typed: bool = False  # a number, true, false or null of JSON, which has one way of writing them

    @property
    def null(self) -> bool:
        """Nothing, `~` or `null`, without quotes. Other words, NULL among them, are names."""
        return not self.quoted and self.text in {"", "~", "null"}


class Sequence(Struct):
    """A list of values."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


class Mapping(Struct):
    """Keys and their values, in the file's order; `keys` holds each key's own place."""

    line: int
    column: int
    items: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)

    def add(self, key: Scalar, value: Node, file: str) -> None:
        """Put a value under its key; a key that is there already is refused, naming the first."""
        if isinstance(value, Scalar) and not (value.text or value.quoted or key.quoted) and _FIGURE.match(key.text):
            said = f"{quoted(key.text)} stands behind a comma, without a value"
            refuse("bad_key", said, "write a number with a point and ungrouped, such as 1200.50", file, key)
        if key.text in self.keys:
            first = self.keys[key.text].line
            fix = "keep one of them"
            refuse("duplicate_key", f"key {quoted(key.text)} is already in line {first}", fix, file, key)
        self.keys[key.text] = key
        self.items[key.text] = value


Node = Scalar | Sequence | Mapping


def load(text: str, file: str) -> Node:
    """The tree of a YAML text; an empty one gives an empty `Scalar`.

    Raises:
        InputError: with the file, line and column, 1-based.

    >>> plain(load("country: NO\\nlength: 1:30\\nprice: 12.10\\nnote:", "a.yaml"))
    {'country': 'NO', 'length': '1:30', 'price': '12.10', 'note': None}
    """
    text = admitted(text, file)
    unfit = _UNFIT.search(text)
    if unfit:
        what = f"character U+{ord(unfit[0]):04X} cannot stand in YAML"
        refuse("bad_yaml", what, "remove it", file, Places(text).of(unfit.start()))
    tree = _Tree(file)
    for event in _events(text, file):
        tree.take(event)
    return tree.root or Scalar("", False, 1, 1)


def plain(node: Node) -> Plain:
    """The tree as dicts, lists and text; None for a null."""
    if isinstance(node, Mapping):
        return {key: plain(item) for key, item in node.items.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None if node.null else node.text


# What YAML 1.1 does not admit; looked for here because libyaml names only a byte.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile("\r\n|\r|\n")


def refuse(code: str, text: str, fix: str, file: str, place: Node) -> NoReturn:
    """Say what is wrong at a place of a file."""
    raise InputError(code, text, fix, file, place.line, place.column)


def admitted(text: str, file: str) -> str:
    """The text without a byte-order mark, if it is not too large."""
    if len(text) > MAX_CHARACTERS:
        limit = f"{MAX_CHARACTERS // 2**20} MiB"
        raise InputError("too_large", f"larger than {limit}", "split it, or save it as CSV", file)
    return text.removeprefix("\ufeff")


class Places:
    """Lines and columns of offsets in a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def of(self, offset: int) -> Scalar:
        """The place of one offset, as a value without text."""
        line = bisect_right(self._starts, offset)
        return Scalar("", False, line, offset - self._starts[line - 1] + 1)


_HINTS = {
    "mapping values are not allowed": "put quotes around a text that holds “: ”",
    "\\t": "indent with spaces, not tabs",
    "tab character": "indent with spaces, not tabs",
    "while scanning a quoted scalar": "close the quote",
    "unexpected end of stream": "close the quote",
    "cannot start any token": "put quotes around a text that starts with a sign",
    "escape": "use single quotes around a text that holds “\\”",
}


def _events(text: str, file: str) -> Iterator[Any]:
    """PyYAML's event stream: it neither types nor nests, so no depth of file can exhaust the stack."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except Exception as error:  # besides YAMLError, PyYAML lets ValueError, AttributeError, IndexError… out
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be parsed"
        fix = next((hint for sign, hint in _HINTS.items() if sign in str(error)), "mend this place")
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise InputError("bad_yaml", f"not YAML: {printable(said)}", fix, file, line, column) from None


class _Tree:
    """Events into nodes, with an explicit stack."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self._file = file
        self._open: list[Mapping | Sequence] = []
        self._keys: list[Scalar | None] = []  # the key that waits for its value, one for each open node

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._open.pop()
            self._keys.pop()
        elif kind == "DocumentStartEvent" and self.root is not None:
            fix = "keep one document a file"
            refuse("several_documents", "a second document starts here", fix, self._file, _at(event))
        elif kind in {"ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"}:
            self._check(event, kind)
            self._add(_node(event, kind))

    def _check(self, event: Any, kind: str) -> None:
        if kind == "AliasEvent" or event.anchor is not None:
            fix = "write the value out; quote a text that starts with & or *"
            refuse("yaml_alias", "anchors and aliases are not read", fix, self._file, _at(event))
        if event.tag is not None:
            fix = "remove the tag; quote a text that starts with !"
            refuse("yaml_tag", f"tag {quoted(event.tag)} is not read", fix, self._file, _at(event))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
        else:
            self._put(self._open[-1], node)
        if not isinstance(node, Scalar):
            if len(self._open) == MAX_DEPTH:
                refuse("too_deep", f"nested deeper than {MAX_DEPTH} levels", "flatten it", self._file, node)
            self._open.append(node)
            self._keys.append(None)

    def _put(self, parent: Mapping | Sequence, node: Node) -> None:
        key = self._keys[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif key is not None:
            parent.add(key, node, self._file)
            self._keys[-1] = None
        elif isinstance(node, Scalar) and (node.text or node.quoted):
            self._keys[-1] = node
        else:
            refuse("bad_key", "a key must be a text", "write “key: value”", self._file, node)


def _at(event: Any) -> Scalar:
    mark = event.start_mark
    return Scalar("", False, mark.line + 1, mark.column + 1)


def _node(event: Any, kind: str) -> Node:
    mark = event.start_mark
    if kind == "ScalarEvent":
        return Scalar(event.value, bool(event.style), mark.line + 1, mark.column + 1)
    made = Mapping if kind == "MappingStartEvent" else Sequence
    return made(mark.line + 1, mark.column + 1)
