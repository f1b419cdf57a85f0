"""Which cells of a workbook show a percentage: they hold 0.2 where a reader sees 20%.

The library that reads workbooks gives what cells hold and no formats; those are looked up in the workbook's own XML,
and cell by cell only where it has a format of percentages at all.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.parsers.expat import ExpatError, ParserCreate

Start = Callable[[str, dict[str, str]], None]
Cells = set[tuple[int, int]]

_BUILT_IN = {9, 10}  # 0% and 0.00% (ECMA-376 part 1, 18.8.30)
_UNSHOWN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')  # of a format: literal text, conditions and colours


def percent_cells(path: Path) -> dict[str, Cells]:
    """The cells that show a percentage, as (row, column) from 0, by the names of their worksheets.

    Raises:
        ValueError: it is no sound workbook.
    """
    with workbook(path) as book:
        styles = _percent_styles(book)
        return {name: _cells(book, part, styles) for name, part in worksheets(book)} if styles else {}


@contextmanager
def workbook(path: Path) -> Iterator[zipfile.ZipFile]:
    """The parts of a workbook, to be read.

    Raises:
        ValueError: it is no sound workbook.
    """
    try:
        with zipfile.ZipFile(path) as book:
            yield book
    except (zipfile.BadZipFile, ExpatError, KeyError) as error:
        raise ValueError("no sound workbook") from error


def _read(file: IO[bytes], start: Start) -> None:
    """Have every element's name, without its namespace, and attributes looked at."""
    parser = ParserCreate()
    parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    parser.ParseFile(file)


def _elements(book: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    with book.open(part) as file:
        _read(file, lambda name, given: found.append((name, given)))
    return found


def _percent_styles(book: zipfile.ZipFile) -> set[str]:
    """The styles of cells, by number, whose format shows a percentage."""
    if "xl/styles.xml" not in book.namelist():
        return set()
    elements = _elements(book, "xl/styles.xml")
    own = {int(a["numFmtId"]): a.get("formatCode", "") for name, a in elements if name == "numFmt"}
    shown = _BUILT_IN | {number for number, code in own.items() if "%" in _UNSHOWN.sub("", code)}
    names = [name for name, _ in elements]
    first = names.index("cellXfs") + 1 if "cellXfs" in names else len(names)
    formats = [int(a.get("numFmtId", 0)) for name, a in elements[first:] if name == "xf"]
    return {str(style) for style, number in enumerate(formats) if number in shown}


def worksheets(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The names of the worksheets, each with the part of the file it is kept in, whatever the case of its name."""
    there = {name.lower(): name for name in book.namelist()}
    related = _elements(book, "xl/_rels/workbook.xml.rels")
    parts = {a["Id"]: posixpath.join("/xl", a["Target"]).lstrip("/") for name, a in related if name == "Relationship"}
    for name, given in _elements(book, "xl/workbook.xml"):
        if name == "sheet":
            part = parts[next((value for key, value in given.items() if key.endswith(":id")), "")]
            yield given["name"], there[part.lower()]


def _cells(book: zipfile.ZipFile, part: str, styles: set[str]) -> Cells:
    """The cells of one worksheet that have one of these styles; a place that is not written follows the one before."""
    found: Cells = set()
    row = column = -1

    def look(name: str, given: dict[str, str]) -> None:
        nonlocal row, column
        if name == "row":
            row, column = int(given["r"]) - 1 if "r" in given else row + 1, -1
        elif name == "c":
            column = column_of(given["r"]) if "r" in given else column + 1
            if given.get("s") in styles:
                found.add((row, column))

    with book.open(part) as file:
        _read(file, look)
    return found


def column_of(place: str) -> int:
    """The column of a cell's place, from 0.

    >>> column_of("A1"), column_of("AB12")
    (0, 27)
    """
    number = 0
    for letter in place.rstrip("0123456789"):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
