"""Rows of hand-made tables that are sums of the rows above them, whatever they bear beside: their amounts tell.

A pivot table has a row “Total Google” below Google's campaigns; a list of invoices ends in “Total HT”, the tax on it
and “Total TTC”. A campaign called “Total Body” that is no sum stays a row.
"""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from kpi_cli.exports.dialect import Record
from kpi_cli.exports.roles import TABLES
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import naming, settle_doubt, sum_words
from kpi_cli.exports.values import BadValue, amount, is_unknown
from kpi_cli.safe import folded

_ROLES = {"spend", "costs", "traffic", "leads"}


def set_aside_subtotals(sheet: Sheet) -> None:
    """Leave out the rows that are called sums and are; ask where such a row bears a day or another name, too.

    Raises:
        InputError: a row that may be a sum, or something that is called like one.
    """
    columns = [sheet.columns[c] for c in TABLES[sheet.role].sums if sheet.has(c)]
    called = sum_words(sheet)
    if sheet.role not in _ROLES or not (called and sheet.calls_sums and columns):
        return
    found, names = _called_sums(sheet, columns, called)
    for one in found:
        if one.name not in names:
            settle_doubt(sheet, [one.record], one.index, _DOUBT, None if one.is_open else "subtotal_row")


_DOUBT = "is the sum of rows above it, or the name of something"


class _Sum(Struct, frozen=True):
    """A row that is called a sum, by its cell in one column, and is one; open where it may be something else."""

    record: Record
    index: int
    name: str
    is_open: bool


def _called_sums(sheet: Sheet, columns: list[int], called: re.Pattern[str]) -> tuple[list[_Sum], set[str]]:
    """The rows that are called sums and are, and the names of those that are called so and are none."""
    texts = naming(sheet)
    telling = [i for c, i in sheet.columns.items() if i in texts and c != "currency"]
    rows: list[Record] = []
    found, names = list[_Sum](), set[str]()
    for record in sheet.records():
        if record.line in sheet.left_out:
            continue
        index = next((i for i in texts if i < len(record.cells) and called.search(folded(record.cells[i]))), None)
        if index is not None:
            name = folded(record.cells[index])
            count = _rows_added(sheet, rows, record, columns)
            is_alone = all(i == index or is_unknown(record.cells[i]) for i in telling)
            is_named = count > 0 and _names(called.sub(" ", name), rows[-1])
            if count > 1 or is_named or (count and is_alone):
                found.append(_Sum(record, index, name, is_open=not (is_alone and (count > 1 or is_named))))
                continue
            names.add(name)
        rows.append(record)
    return found, names


def _rows_added(sheet: Sheet, rows: list[Record], record: Record, columns: list[int]) -> int:
    """How many of the last rows a row adds up, in all its numbers; 0 where it adds up none."""
    wanted = [_value(sheet, record, i) for i in columns]
    if not wanted[0]:
        return 0
    sums = [ZERO] * len(columns)
    for count, row in enumerate(reversed(rows), 1):
        sums = [held + _value(sheet, row, i) for held, i in zip(sums, columns, strict=True)]
        allowed = _ROUNDED * (count + 1)
        pairs = list(zip(sums, wanted, columns, strict=True))
        if all(abs(a - b) <= allowed or is_unknown(record.cells[i]) for a, b, i in pairs):
            return count
        if sums[0] > wanted[0] + allowed:
            break
    return 0


def _names(rest: str, row: Record) -> bool:
    """Whether what a sum is called, but for the word, stands in a row: “Total Google” below Google Ads."""
    bare = " ".join(re.findall(r"[^\W_]+", rest))
    return bool(bare) and any(bare in folded(cell) for cell in row.cells)


ZERO = Decimal(0)
_ROUNDED = Decimal("0.005")


def _value(sheet: Sheet, record: Record, index: int) -> Decimal:
    cell = record.cells[index] if index < len(record.cells) else ""
    try:
        return ZERO if is_unknown(cell) else amount(cell, sheet.decimal or ".")
    except BadValue:
        return ZERO  # told where it is read
