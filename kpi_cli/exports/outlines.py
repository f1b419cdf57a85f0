"""An outline in one column: a platform on a row of its own, and beside it a row for each of its campaigns.

    ask_of_outlines(sheet)   asks about rows of a hand-made table that are the sums of those next to them

A compact pivot table looks so. Only the amounts tell it, and how far the names are set in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from kpi_cli.exports.dialect import Record
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import settle_doubt, sum_words
from kpi_cli.exports.subtotals import HEAD, ROLES, ROUNDED, value
from kpi_cli.safe import folded

_LONG = 500  # rows; nobody keeps a longer outline by hand
_SET_IN = re.compile(r"\s|[-–—•·*>→↳└├▪◦]\s*\w")
_FEW, _ENOUGH = 4, 6  # digits that agree: of sums that leave few rows alone, and of any


def ask_of_outlines(sheet: Sheet) -> None:
    """Ask about rows that are the sums of those below or above them, where that is no chance.

    Raises:
        InputError: there are such rows, and kpi.yml does not say whether they count.
    """
    if sum_words(sheet) is None or sheet.role not in ROLES:
        return
    columns = [sheet.columns[c] for c in TABLES[sheet.role].sums if sheet.has(c)]
    rows = _few(sheet)
    index = _only_name(sheet, rows)
    if index is None:
        return
    numbers = [[value(sheet, row, i) for i in columns] for row in rows]
    for step in (1, -1):
        outline = _outline(numbers[::step], [row.cells[index] for row in rows][::step])
        if _is_no_chance(outline, sheet.role):
            for head in sorted((rows[::step][at] for at in outline.heads), key=lambda row: row.line):
                settle_doubt(sheet, [head], index, HEAD)
            return


def _few(sheet: Sheet) -> list[Record]:
    """The rows of a table that is short enough to be an outline; none of a longer one."""
    rows = list[Record]()
    for record in sheet.records():
        if record.line not in sheet.left_out:
            rows.append(record)
        if len(rows) > _LONG:
            return []
    return rows


def _only_name(sheet: Sheet, rows: Sequence[Record]) -> int | None:
    """The one column that tells the rows apart, each by a name of its own."""
    known = {c: i for c, i in sheet.columns.items() if kind(c) in {"text", "day"} and c != "currency"}
    names = {c: {folded(row.cells[i]) for row in rows} for c, i in known.items()}
    telling = [c for c, found in names.items() if len(found) > 1]
    if len(telling) != 1 or kind(telling[0]) == "day" or len(names[telling[0]] - {""}) < len(rows):
        return None
    return known[telling[0]]


class _Outline(Struct):
    """Which rows are the sum of those that follow, and what speaks for it."""

    heads: dict[int, int]  # the place of each, and how many rows it adds up
    digits: int  # that agree
    is_set_in: bool  # the names of what is added up are, and those of the sums are not
    alone: int  # rows with an amount that are neither
    rows: int
    is_sorted: bool  # by amount, as a list whose first row may well be as much as the next two


def _outline(numbers: Sequence[Sequence[Decimal]], names: Sequence[str]) -> _Outline:
    """What the rows are, if each sum stands before what it adds up."""
    heads, alone, at = dict[int, int](), 0, 0
    while at < len(numbers):
        if count := _added_up(numbers, at):
            heads[at] = count
        alone += bool(not count and numbers[at][0])
        at += 1 + count
    if alone:  # then one row that is as much as the next is no sum
        heads = {at: count for at, count in heads.items() if count > 1}
    parts = [names[at + i] for at, count in heads.items() for i in range(1, count + 1)]
    set_in = [_SET_IN.match(name) is not None for name in parts]
    return _Outline(
        heads,
        sum(_digits(number) for at in heads for number in numbers[at]),
        bool(heads) and all(set_in) and not any(_SET_IN.match(names[at]) for at in heads),
        alone,
        len(numbers),
        all(a[0] >= b[0] for a, b in pairwise(numbers)),
    )


def _added_up(numbers: Sequence[Sequence[Decimal]], at: int) -> int:
    """How many of the rows that follow one come to it, in all the numbers that it has; 0 where they do not."""
    wanted = numbers[at]
    sums = [Decimal()] * len(wanted)
    for count, row in enumerate(numbers[at + 1 :], 1):
        sums = [held + more for held, more in zip(sums, row, strict=True)]
        allowed = ROUNDED * (count + 1)
        if wanted[0] and all(not b or abs(a - b) <= allowed for a, b in zip(sums, wanted, strict=True)):
            return count
        if sums[0] > wanted[0] + allowed:
            break
    return 0


def _digits(number: Decimal) -> int:
    """How many digits of a number say something: 1 of 300, 5 of 312.47."""
    return len(number.normalize().as_tuple().digits) if number else 0


def _is_no_chance(outline: _Outline, role: str) -> bool:
    large = sum(count > 1 for count in outline.heads.values())
    if not large or (outline.is_sorted and not outline.is_set_in):
        return False
    digits = _FEW if len(outline.heads) > 1 and 4 * outline.alone <= outline.rows else _ENOUGH
    is_told = outline.digits >= digits and 2 * outline.alone <= outline.rows
    return is_told or outline.is_set_in or (large > 1 and not outline.alone and role in {"spend", "costs"})
