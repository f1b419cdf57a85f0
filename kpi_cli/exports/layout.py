"""How a workbook shows its rows, in the workbook's own XML: which are hidden, and which cells are merged.

The library that reads workbooks gives the value of merged cells in the first of them only, and hidden rows as others.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from msgspec import Struct, field

from kpi_cli.exports.percent import column_of, workbook, worksheets


class Layout(Struct):
    """Of one worksheet the rows that are hidden, and the first and last (row, column) of merged cells, from 0."""

    hidden: set[int] = field(default_factory=set)
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)


def layouts(path: Path) -> dict[str, Layout]:
    """The layout of each worksheet, by its name.

    Raises:
        ValueError: it is no sound workbook.
    """
    with workbook(path) as book:
        return {name: _layout(book, part) for name, part in worksheets(book)}


def _layout(book: zipfile.ZipFile, part: str) -> Layout:
    found, row = Layout(), -1
    with book.open(part) as file:
        for tag, given in _tags(file):
            if tag == b"mergeCell":
                first, _, last = _given(given, b"ref").partition(b":")
                found.merged.append((_place(first), _place(last or first)))
            else:
                row = int(_given(given, b"r") or row + 2) - 1
                if _given(given, b"hidden") in {b"1", b"true"}:
                    found.hidden.add(row)
    return found


_TAG = re.compile(rb"<(?:\w+:)?(row|mergeCell)\b([^>]*)>")
_CHUNK = 1 << 20


def _tags(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The rows and merged cells, each with what is said of it: a parser would look at every cell."""
    rest = b""
    while chunk := file.read(_CHUNK):
        text = rest + chunk
        begun = max(text.rfind(b"<"), 0)  # the last tag may go on in the next chunk
        for match in _TAG.finditer(text, 0, begun):
            yield match[1], match[2]
        rest = text[begun:]


def _given(text: bytes, name: bytes) -> bytes:
    match = re.search(rb"\b" + name + rb"\s*=\s*[\"']([^\"']*)", text)
    return match[1] if match else b""


def _place(cell: bytes) -> tuple[int, int]:
    """A cell's row and column from 0.

    >>> _place(b"B12")
    (11, 1)
    """
    name = cell.decode("ascii", "replace").replace("$", "")
    letters = name.rstrip("0123456789")
    return int(name[len(letters) :] or 1) - 1, column_of(letters)
