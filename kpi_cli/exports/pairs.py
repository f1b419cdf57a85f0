"""The other currency of a table of exchange rates: what they turn into, or out of, must be known to read them right.

A list of pairs writes `from, to, rate`; with `from` alone, the pound to the dollar would be read as one to the euro.
"""

from __future__ import annotations

from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.safe import folded


def keep_other_currency(sheet: Sheet) -> None:
    """Keep a column of codes that is not read beside that of the currency, as what it says by its header."""
    if sheet.role != "rates":
        return
    left = [index for index in range(len(sheet.header.names)) if index not in sheet.columns.values()]
    rows = [record.cells for record in sheet.records()] if left else []
    own = _codes(rows, sheet.columns["currency"]) if sheet.has("currency") else None
    for index in left:
        codes = _codes(rows, index)
        if codes != own and any(codes) and set(codes) <= {"", *vocabulary().currencies}:
            is_base = folded(sheet.header.names[index]) in sheet.header.format.spec["bases"]
            sheet.columns.setdefault("base" if is_base else "into", index)


def _codes(rows: list[list[str]], index: int) -> list[str]:
    return [row[index].strip().upper() if index < len(row) else "" for row in rows]
