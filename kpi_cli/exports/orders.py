"""Rows of sales that stand for several orders, as sheets added up by day or product do: how many, and only if sure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from kpi_cli.errors import InputError
from kpi_cli.exports.rows import Block, Reader, Texts
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.values import BadValue, number
from kpi_cli.safe import quoted

_CENTS = re.compile(r"[.,](?!0$)\d{1,2}$")


def orders_counted(reader: Reader, block: Block, charged: Texts) -> Texts:
    """How many orders each row stands for, where the file counts them.

    Raises:
        InputError: the counts may be amounts, or the orders' numbers; or a row stands for several orders of one
            customer, whose days are then unknown.
    """
    sheet, is_said = reader.sheet, any(column == "orders" for _, column, _ in reader.sheet.options.columns)
    cells = block.cells(sheet.columns["orders"])
    priced = None if is_said else next((cell for cell in dict.fromkeys(cells) if is_priced(cell)), None)
    if priced is not None:
        raise _amounts_open(sheet, block.line_of(sheet.columns["orders"], priced))
    counts = reader.number_texts(block, "orders")
    if not is_said:
        rows = [(Decimal(count), Decimal(money or 0)) for count, money in zip(counts, charged, strict=True) if count]
        if may_be_ids(rows):
            raise _ids_open(sheet, block.records[0].line)
        if may_be_amounts(rows):
            raise _amounts_open(sheet, block.records[0].line)
    _refuse_orders_of_one(sheet, block, counts)
    return counts


def _refuse_orders_of_one(sheet: Sheet, block: Block, counts: Texts) -> None:
    """Refuse several orders in a row that says who made them: whose were the first, and when, is then unknown."""
    of_one = next((c for c in ("email", "customer_id", "customer_type") if sheet.has(c)), None)
    for record, count in zip(block.records, counts, strict=True) if of_one else ():
        cell = record.cells[sheet.columns[of_one or ""]]
        if Decimal(count or 1) > 1 and cell.strip():
            who = f"{quoted(cell.strip())} customers" if of_one == "customer_type" else "one customer"
            said = f"a row of {count} orders of {who} does not say when each was made"
            raise sheet.error("orders_of_one", said, "give a row for each order", record.line, "orders")


def _ids_open(sheet: Sheet, line: int) -> InputError:
    header = _header(sheet)
    said = f"{quoted(header)} can be how many orders a row stands for, or the number of each"
    fix = f"say which with --map sales.orders={header}, or sales.order_id={header} for numbers"
    return sheet.error("orders_open", said, fix, line, "orders")


def _amounts_open(sheet: Sheet, line: int) -> InputError:
    header = _header(sheet)
    said = f"{quoted(header)} can be how many orders a row stands for, or what they brought"
    fix = f"say which with --map sales.orders={header}, sales.amount={header} for what was charged, "
    return sheet.error("orders_open", said, f"{fix}or sales.amount_net={header} for a part of it", line, "orders")


def _header(sheet: Sheet) -> str:
    return sheet.header.names[sheet.columns["orders"]].strip()


def is_priced(cell: str) -> bool:
    """Whether a cell where a count is due is written as money is: with cents, or the sign of a currency.

    >>> [is_priced(cell) for cell in ("1250.00", "€1250", "12.5", "12", "12.0", "1,250", "–")]
    [True, True, True, False, False, False, False]
    """
    try:
        parts = number(cell)
    except BadValue:
        return False
    return parts.symbol is not None or _CENTS.search(parts.core) is not None


def may_be_ids(rows: Sequence[tuple[Decimal, Decimal]]) -> bool:
    """Whether counts of orders, each beside its money, look like the orders' numbers.

    No two are alike, and they go in steps of one, or exceed the money. A single 1 is a count.

    >>> def look(counts, money): return may_be_ids([(Decimal(c), Decimal(m)) for c, m in zip(counts, money)])
    >>> look([1001, 1003], ["60.00", "75.00"]), look([1, 2, 3], ["60.00"] * 3), look([1001], ["60.00"])
    (True, True, True)
    >>> look([3, 5, 2], ["60.00"] * 3), look([1, 1], ["60.00"] * 2), look([1], ["0.50"])
    (False, False, False)
    """
    values = [count for count, _ in rows]
    if values in ([], [Decimal(1)]) or len({*values}) < len(values):
        return False
    steps = {after - before for before, after in pairwise(values)}
    return (len(values) > 2 and steps in ({Decimal(1)}, {Decimal(-1)})) or all(count > money for count, money in rows)


def may_be_amounts(rows: Sequence[tuple[Decimal, Decimal]]) -> bool:
    """Whether counts of orders look like money beside money: each is half of it at least. A single 1 is a count.

    >>> may_be_amounts([(Decimal(1250), Decimal(1300)), (Decimal(900), Decimal(900))])
    True
    >>> may_be_amounts([(Decimal(12), Decimal(588)), (Decimal(900), Decimal(900))])
    False
    """
    told = [(count, money) for count, money in rows if count > 1]
    return bool(told) and all(2 * count >= money > 0 for count, money in told)
