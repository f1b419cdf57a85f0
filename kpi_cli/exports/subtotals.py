"""Rows of hand-made tables that are sums of the rows above them, whatever they bear beside: their amounts tell.

A pivot table has a row “Total Google” below Google's campaigns; a list of invoices ends in “Total HT”, the tax on it
and “Total TTC”. A campaign called “Total Body” that is no sum stays a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from kpi_cli.exports.dialect import Record
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.roles import TABLES, kind
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.structure import settle_doubt
from kpi_cli.exports.values import BadValue, amount, is_unknown
from kpi_cli.safe import folded

_ROLES = {"spend", "costs", "traffic", "leads"}


def set_aside_subtotals(sheet: Sheet) -> None:
    """Leave out the rows that are called sums and are; ask where such a row bears a day or another name, too.

    Raises:
        InputError: a row that may be a sum, or something that is called like one.
    """
    fmt = sheet.header.format
    if sheet.role not in _ROLES or fmt.name != GENERIC:
        return
    column = next((c for c in TABLES[sheet.role].sums if sheet.has(c)), None)
    called = re.compile("|".join(fmt.get("undated_subtotals", ())))
    texts = [i for i in range(len(sheet.header.names)) if _is_text(sheet, i)]
    for record, index, is_alone in list(_sums(sheet, column, texts, called)) if column else ():
        reason = "subtotal_row" if is_alone else None
        settle_doubt(sheet, [record], index, _DOUBT, reason)


_DOUBT = "is the sum of rows above it, or the name of something"


def _is_text(sheet: Sheet, index: int) -> bool:
    named = [column for column, i in sheet.columns.items() if i == index]
    return not named or kind(named[0]) in {"text", "day"}


def _sums(sheet: Sheet, column: str, texts: list[int], called: re.Pattern[str]) -> Iterator[tuple[Record, int, bool]]:
    """The rows that are called sums and are, each with its column and whether it says nothing else."""
    telling = [i for i in texts if i in sheet.columns.values()]
    part, whole, rows = ZERO, ZERO, 0
    for record in sheet.records():
        if reason := sheet.left_out.get(record.line):
            part, rows = (ZERO, 0) if reason in _BREAKS else (part, rows)
            continue
        value = _value(sheet, record, column)
        index = next((i for i in texts if i < len(record.cells) and called.search(folded(record.cells[i]))), None)
        if index is not None and value and value in {part, whole}:
            is_alone = all(i == index or is_unknown(record.cells[i]) for i in telling)
            if is_alone or rows > 1:
                yield record, index, is_alone
                part, rows = ZERO, 0
                continue
        part, whole, rows = part + value, whole + value, rows + 1


_BREAKS = {"totals_row", "subtotal_row", "repeated_header"}
ZERO = Decimal(0)


def _value(sheet: Sheet, record: Record, column: str) -> Decimal:
    cell = record.cells[sheet.columns[column]]
    try:
        return ZERO if is_unknown(cell) else amount(cell, sheet.decimal or ".")
    except BadValue:
        return ZERO  # told where it is read
