"""Columns of hand-made sales that say the tax or the payment of an order in parts, of which one alone would be read.

part_columns(sheet)   which they are, by what they are parts of
refuse_parts(sheet)   taxes beside the tax, payments that come to another amount, what a gift card paid
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from kpi_cli.errors import InputError
from kpi_cli.exports.charges import price_rule
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.subtotals import ROUNDED, value
from kpi_cli.safe import folded, quoted

_LONGEST = Decimal(10) ** 7  # more is the number of a card


def part_columns(sheet: Sheet) -> dict[str, list[int]]:
    """The columns of `taxes`, `payments` and `gifts` that are taken for nothing."""
    rules = sheet.header.format.get("parts", {}) if sheet.role == "sales" else {}
    taken = {index for column, index in sheet.columns.items() if column != "discount_code"}
    if _is_named(sheet, price_rule(sheet)["column"] if rules else ""):
        rules = {what: pattern for what, pattern in rules.items() if what == "taxes"}
    names = {i: folded(name) for i, name in enumerate(sheet.header.names) if i not in taken}
    found = {what: [i for i, name in names.items() if re.search(pattern, name)] for what, pattern in rules.items()}
    return {what: places for what, places in found.items() if places}


def refuse_parts(sheet: Sheet) -> None:
    """Look at those columns.

    Raises:
        InputError: a tax that is not read, payments that are not what was charged, or a gift card's part of it.
    """
    found = part_columns(sheet)
    refuse = {"taxes": _tax_left_over, "payments": _paid_in_part, "gifts": _gift}
    for what, places in found.items():
        for record in (record for record in sheet.records() if record.line not in sheet.left_out):
            if any(_values(sheet, record, places)) and (error := refuse[what](sheet, record, places)):
                raise error


def _values(sheet: Sheet, record: Record, places: Sequence[int]) -> Iterator[Decimal]:
    return (value(sheet, record, i) for i in places)


def _is_named(sheet: Sheet, column: str) -> bool:
    return any(named == column for _, named, _ in sheet.options.columns)


def _tax_left_over(sheet: Sheet, record: Record, places: Sequence[int]) -> InputError | None:
    """A tax beside the one that is read, unless that is the sum of all."""
    parts = sum(_values(sheet, record, places))
    if sheet.has("tax") and abs(value(sheet, record, sheet.columns["tax"]) - parts) <= ROUNDED * len(places):
        return None
    index = next(i for i in places if value(sheet, record, i))
    header, shown = sheet.header.names[index].strip(), quoted(sheet.header.names[index].strip())
    if not sheet.has("tax") and len(places) == 1:
        said = f"{shown} is not read, and may be the tax in what was charged"
        return sheet.error("tax_open", said, f"say --map sales.tax={header}", record.line, index)
    other = sheet.columns["tax"] if sheet.has("tax") else next(i for i in places if i != index)
    said = f"{shown} is a tax beside {quoted(sheet.header.names[other].strip())}, and one column of tax is read"
    fix = "add them up in one column, and name it with --map sales.tax=HEADER"
    return sheet.error("tax_open", said, fix, record.line, index)


def _paid_in_part(sheet: Sheet, record: Record, places: Sequence[int]) -> InputError | None:
    """Payments, or a deposit, that come to another amount than was charged."""
    price = sheet.columns[price_rule(sheet)["column"]]
    paid, due = sum(_values(sheet, record, places)), value(sheet, record, price)
    if abs(paid - due) <= ROUNDED * (len(places) + 1):
        return None
    index = next(i for i in places if value(sheet, record, i))
    shown, whole = (quoted(sheet.header.names[i].strip()) for i in (index, price))
    said = f"{shown} says that another amount was paid than {whole} says"
    return sheet.error("column_open", said, _ways(sheet, price, "what was paid"), record.line, index)


def _gift(sheet: Sheet, record: Record, places: Sequence[int]) -> InputError | None:
    """What a gift card paid: it may be in the price, or off it already."""
    index = next((i for i in places if 0 < abs(value(sheet, record, i)) < _LONGEST), None)
    if index is None:
        return None
    price = sheet.columns[price_rule(sheet)["column"]]
    shown, whole = (quoted(sheet.header.names[i].strip()) for i in (index, price))
    said = f"{shown} may be in {whole}, or off it already"
    return sheet.error("column_open", said, _ways(sheet, price, "what counts"), record.line, index)


def _ways(sheet: Sheet, price: int, what: str) -> str:
    column, header = price_rule(sheet)["column"], sheet.header.names[price].strip()
    other = f"name the column of {what} with --map sales.amount=HEADER"
    return f"{other}, or say --map sales.{column}={header} to count that"
