"""The format's rules on sales that were read in bulk: each combination of the cells they look at is judged once.

    judge(store, number, sheet, …)   rows are left out, orders went back whole, currencies and customers are named

The combinations are few (a status, a type, a currency), and the rules are those of the ordinary reading, asked about
one row of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from kpi_cli.exports.cells import BARE
from kpi_cli.exports.charges import flagged, flags_of
from kpi_cli.exports.composing import customer_types
from kpi_cli.exports.dialect import Record
from kpi_cli.exports.fates import Fate
from kpi_cli.exports.plain import first_rows
from kpi_cli.exports.recognising import GENERIC
from kpi_cli.exports.rows import Block, Ledger, Reader
from kpi_cli.exports.sheet import Sheet
from kpi_cli.exports.tables import Store

COMBINATIONS = 1000  # more are no rules' cells
_RULED = ("currency", "customer_type")  # whose cells become something else


class NotPlain(Exception):  # noqa: N818 (no error: the file is only read the other way)
    """Something whose reading is not beyond doubt."""


class _Kind(Struct, frozen=True):
    """The rows of one combination: which they are, as SQL, how many, what stands in them, and one of them."""

    rows: str
    count: int
    cells: Mapping[str, str | None]
    record: Record


def judge(store: Store, number: int, sheet: Sheet, ruled: Mapping[str, int], ledger: Ledger) -> None:
    """Follow the rules on the rows of one file.

    Args:
        number: the file's, in the table of sales.
        ruled: columns of that table that rules look at, each with the index of its cells in the file.
        ledger: is told how many rows are left out, and why.

    Raises:
        NotPlain: refunds in rows of their own or of 0 and 1, or too many combinations.
        InputError: a status or a currency that is not known.
    """
    if sheet.has("tax"):
        sheet.taxed = bool(store.rows(f"SELECT 1 FROM sales WHERE file = {number} AND tax_charged > 0 LIMIT 1"))
    if may_be_flags(store, number, sheet):
        raise NotPlain
    fate, kept = Fate(sheet), []
    for kind in _kinds(store, number, sheet, ruled):
        reason = fate(kind.record)
        if reason:
            ledger.left_out[reason] += kind.count
            store.con.execute(f"DELETE FROM sales WHERE {kind.rows}")
        else:
            kept.append(kind)
    if kept:
        _settle(store, sheet, kept)


def may_be_flags(store: Store, number: int, sheet: Sheet) -> bool:
    """Whether the refunds of a hand-made file, read as they stand or added up, may be 0 and 1 for no and yes."""
    if sheet.header.format.name != GENERIC or not sheet.has("refunded"):
        return False
    index = sheet.columns["refunded"]
    if sheet.text and any(row[index].strip() not in BARE for row in first_rows(sheet.text, sheet)):
        return False
    are_counts = 'bool_and(refunds % 1 = 0 AND refunds <= "rows") AND max(refunds) > 0'
    return bool(store.rows(f"SELECT {are_counts} FROM sales WHERE file = {number}")[0][0])


def _kinds(store: Store, number: int, sheet: Sheet, ruled: Mapping[str, int]) -> list[_Kind]:
    listed = "".join(f'"{name}", ' for name in ruled)
    combinations = store.rows(
        f"""SELECT {listed}CAST(sum("rows") AS BIGINT) FROM sales WHERE file = {number}
            GROUP BY ALL ORDER BY ALL LIMIT {COMBINATIONS + 1}"""
    )
    if len(combinations) > COMBINATIONS:
        raise NotPlain
    found = []
    for *values, count in combinations:
        cells = dict(zip(ruled, values, strict=True))
        alike = [f'"{name}" IS NOT DISTINCT FROM {literal(cell)}' for name, cell in cells.items()]
        row = [""] * len(sheet.header.names)
        for name, index in ruled.items():
            row[index] = cells[name] or ""
        rows = " AND ".join([f"file = {number}", *alike])
        found.append(_Kind(rows, count, cells, Record(sheet.header.line + 1, row)))
    return found


def _settle(store: Store, sheet: Sheet, kept: Sequence[_Kind]) -> None:
    reader, block = Reader(sheet), Block([kind.record for kind in kept])
    marks = flags_of(sheet)
    flags = {name: flagged(reader, block, marks, name) for name in marks}
    if any(flags["refund_undone"] + flags["refund_rows"]):
        raise NotPlain
    codes, types = reader.currency.of(block, reader), customer_types(reader, block)
    for place, kind in enumerate(kept):
        is_marked = {name: found[place] for name, found in flags.items()}
        named = dict(zip(_RULED, (codes[place], types[place]), strict=True))
        sets = [f"{c} = {literal(v)}" for c, v in named.items() if c in kind.cells and kind.cells[c] != v]
        if is_marked["partly_refunded"] and not is_marked["disputed"]:
            _refund_stated(store, kind)
        elif is_marked["fully_refunded"] or is_marked["disputed"]:
            sets += _gone_back(always=is_marked["disputed"])
        if sets:
            store.con.execute(f"UPDATE sales SET {', '.join(sets)} WHERE {kind.rows}")


def _gone_back(*, always: bool) -> Iterator[str]:
    """What was charged went back whole: always, or where no refund is stated."""
    whole = "true" if always else "refunds = 0"
    yield f"refunds = CASE WHEN {whole} THEN charged ELSE refunds END"
    yield f"tax_kept = CASE WHEN NOT ({whole}) THEN tax_kept WHEN charged = 0 THEN tax_charged ELSE 0 END"


def _refund_stated(store: Store, kind: _Kind) -> None:
    """Raise NotPlain where an order went back in part and its row does not say how much."""
    if store.rows(f"SELECT 1 FROM sales WHERE {kind.rows} AND refunds = 0 LIMIT 1"):
        raise NotPlain


def literal(text: str | None) -> str:
    """A text as SQL.

    >>> literal("d'or"), literal(None)
    ("'d''or'", 'NULL')
    """
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"
