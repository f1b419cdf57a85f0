"""Totals rows as control sums: what the file says its rows add up to, beside what they add up to."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from kpi_cli.exports.roles import TABLES
from kpi_cli.exports.values import BadValue, amount, is_unknown, number
from kpi_cli.result import Note
from kpi_cli.texts import note, number_text

if TYPE_CHECKING:
    from kpi_cli.exports.sheet import Sheet, Totals
    from kpi_cli.exports.tables import Source

_SALES = ("amount", "revenue", "refunded")


def control_sums(source: Source) -> tuple[list[dict[str, Any]], list[Note]]:
    """One entry per total row and column (contract §7), and what to say of them."""
    sheet = source.sheet
    assert sheet is not None
    names = _SALES if sheet.role == "sales" else TABLES[sheet.role].sums
    count = source.used
    entries: list[dict[str, Any]] = []
    differing: list[dict[str, Any]] = []
    others = cache(lambda column: tuple(_other_sums(source, column)))
    for total in sheet.totals:
        for column in (c for c in names if sheet.has(c)):
            stated = _stated(sheet, total, column)
            own = source.summed(column)
            if stated is None or own is None:
                continue
            value, tolerance = stated
            allowed = tolerance * (count + 1)
            if abs(value - own) > allowed:
                parts = [*others(column), *_block_sum(sheet, total, column)]
                own = next((s for s in parts if abs(value - s) <= allowed), own)
            agrees = abs(value - own) <= allowed
            entry = {
                "label": total.label,
                "line": total.record.line,
                "column": column,
                "stated": value,
                "summed": own,
                "agrees": True if agrees else (False if total.scope == "rows" else None),
            }
            entries.append(entry)
            if entry["agrees"] is False:
                differing.append(entry)
    return entries, _say(source.file, entries, differing)


def _other_sums(source: Source, column: str) -> Iterator[Decimal]:
    """What the total may add up instead: cells as they stand, of the rows that are used or of all of them."""
    sheet = source.sheet
    assert sheet is not None
    if column in source.ledger.raw:
        yield source.ledger.raw[column]
    yield _added(sheet, column, range(sys.maxsize))


def _block_sum(sheet: Sheet, total: Totals, column: str) -> Iterator[Decimal]:
    """What the rows since the total before add up to, if there are any: tables may stand under one another."""
    first = max((other.record.line for other in sheet.totals if other.record.line < total.record.line), default=0)
    block = range(first, total.record.line)
    if any(record.line in block and record.line not in sheet.left_out for record in sheet.records()):
        yield _added(sheet, column, block)


def _added(sheet: Sheet, column: str, lines: range) -> Decimal:
    """The cells of a column as they stand, on lines that are not left out."""
    index, every = sheet.columns[column], Decimal(0)
    cells = Counter(r.cells[index] for r in sheet.records() if sheet.left_out.get(r.line) is None and r.line in lines)
    for cell, count in cells.items():
        if not is_unknown(cell):
            try:
                every += count * amount(cell, sheet.decimal or ".")
            except BadValue:
                continue
    return every


def _say(file: str, entries: list[dict[str, Any]], differing: list[dict[str, Any]]) -> list[Note]:
    if differing:
        return [
            note(
                "control_total_differs",
                file=file,
                line=e["line"],
                column=e["column"],
                stated=_told(e["stated"]),
                summed=_told(e["summed"]),
            )
            for e in differing
        ]
    if any(e["agrees"] for e in entries):
        return [note("control_total_agrees", file=file, line=entries[0]["line"])]
    return []


def _told(figure: Decimal | int) -> str:
    """A figure in a sentence: whole, or with two decimals and more where it has more."""
    exponent = Decimal(figure).normalize().as_tuple().exponent
    return number_text(figure, max(2, -exponent) if isinstance(exponent, int) and exponent < 0 else 0)


def _stated(sheet: Sheet, total: Totals, column: str) -> tuple[Decimal, Decimal] | None:
    """A total's value and half of its last printed decimal."""
    index, cells = sheet.columns[column], total.record.cells
    cell = cells[index] if index < len(cells) else ""
    if is_unknown(cell):
        return None
    mark = sheet.decimal or "."
    try:
        value = amount(cell, mark)
        core = number(cell).core
    except BadValue:
        return None
    decimals = len(core.partition(mark)[2])
    return value, Decimal(1).scaleb(-decimals) / 2
