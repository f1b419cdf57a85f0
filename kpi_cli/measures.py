"""Measures: sums and distinct counts by group, as SQL over the typed tables.

A row that covers several days is cut at the edges of a bucket exactly: its share is the difference of two
rounded running sums, so the parts always add up to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET
from kpi_cli.books import Books, fill_buckets
from kpi_cli.errors import InputError, UsageError
from kpi_cli.formula import did_you_mean
from kpi_cli.period import UNITS, Window
from kpi_cli.safe import quoted
from kpi_cli.texts import note

Key = tuple[str, ...]
Measures = dict[str, Decimal | int | None]
Table = dict[Key, Measures]

_GIVEN = {"channel", "strategy", "platform", "campaign"}
_RANGED = {"spend": ("cost",), "costs": ("cost",)}
_HIDDEN = frozenset(
    "file line fate start end currency customer order_id row_id is_order is_line charged refunds tax_charged tax_kept"
    " format_channel by_channel by_strategy by_platform by_campaign reference customer_type".split()
)


def dimensions(books: Books, roles: Sequence[str]) -> set[str]:
    """Every dimension that the files of these roles have."""
    found = {"channel", "strategy", "platform", "campaign", *UNITS}
    for role in roles:
        columns = books.store.columns.get(role, {})
        found |= {name for name, kind in columns.items() if kind == "VARCHAR" and name not in _HIDDEN}
    return found


def check_dimensions(books: Books, roles: Sequence[str]) -> None:
    """Raise UsageError for a dimension that no file has."""
    known = dimensions(books, roles)
    for name in books.ask.dimensions:
        if name not in known:
            raise UsageError(
                "unknown_dimension",
                f"no file has the dimension {quoted(name)}",
                did_you_mean(name, known) or f"choose from {', '.join(sorted(known))}",
            )


def sales(books: Books, window: Window | None) -> Table:
    """Revenue of each group: charged, less refunds, less tax; with --gross the refunds stay in."""
    revenue = "charged - tax_charged" if books.ask.reading.gross else "charged - refunds - tax_kept"
    return _by_group(
        books,
        "sales",
        window,
        f"""sum({revenue}) AS revenue,
            count(DISTINCT order_id) FILTER (is_order) + count(*) FILTER (is_order AND order_id IS NULL) AS orders""",
    )


def spend(books: Books, window: Window | None) -> Table:
    """Media cost of each group."""
    _no_edge_inside(books, window)
    return _by_group(books, "spend", window, f"sum({_cut('cost')}) AS media_cost")


def costs(books: Books, window: Window | None) -> Table:
    """Other costs of each group: people, tools, time; always spread by day."""
    return _by_group(books, "costs", window, f"sum({_cut('cost')}) AS other_cost")


def _by_group(books: Books, role: str, window: Window | None, sums: str) -> Table:
    """One role's sums by the dimensions asked for; the empty key holds the sum when nothing is asked."""
    if not books.has(role):
        return {}
    fill_buckets(books, window)
    dims = [_dimension(books, role, name) for name in books.ask.dimensions]
    keys = ", ".join(f"{sql} AS k{i}" for i, sql in enumerate(dims))
    overlap = 't."start" <= b."end" AND t."end" >= b."start"' if window else "true"
    rows = books.store.rows(
        f"""SELECT {keys + "," if keys else ""} {sums} FROM {role} t JOIN buckets b ON {overlap}
            WHERE t.fate IS NULL {"GROUP BY ALL ORDER BY ALL" if keys else ""}"""
    )
    names = [part.rpartition(" AS ")[2].strip() for part in _split(sums)]
    width = len(dims)
    return {tuple(row[:width]): dict(zip(names, row[width:], strict=True)) for row in rows}


def _split(sums: str) -> list[str]:
    """The select list, one expression each; commas inside brackets do not count."""
    parts, depth, start = [], 0, 0
    for i, sign in enumerate(sums):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(sums[start:i])
            start = i + 1
    return [*parts, sums[start:]]


def _dimension(books: Books, role: str, name: str) -> str:
    """A dimension of a role as SQL; rows that cannot have it stand in a row of their own."""
    if name in UNITS:
        return "coalesce(b.label, '')"
    blank = NOT_ALLOCATED if role in {"spend", "costs"} and not books.column(role, name) else NOT_SET
    blank = NOT_ALLOCATED if role == "costs" else blank
    if name in _GIVEN:
        return f"t.by_{name}"
    if not books.column(role, name):
        return f"'{blank}'"
    return f"coalesce(t.\"{name}\", '{blank}')"


def _cut(column: str) -> str:
    """The part of a row's money that falls into the bucket: exact, and all parts add up."""
    days = "(date_diff('day', t.\"start\", t.\"end\") + 1)"

    def running(edge: str) -> str:
        upto = f"date_diff('day', t.\"start\", {edge})"
        return f"CAST(round(CAST(t.{column} AS DOUBLE) * {upto} / {days}, 6) AS DECIMAL(18,6))"

    inside = 'b."start" IS NULL OR t."start" IS NULL OR (t."start" >= b."start" AND t."end" <= b."end")'
    first = 'greatest(t."start", b."start")'
    after = 'least(t."end", b."end") + 1'
    return f"CASE WHEN {inside} THEN t.{column} ELSE {running(after)} - {running(first)} END"


def _no_edge_inside(books: Books, window: Window | None) -> None:
    """A spend row that crosses an edge of the window or of a bucket is refused unless --prorate spreads it."""
    if not books.has("spend") or window is None:
        return
    fill_buckets(books, window)
    crossing = books.store.rows(
        """SELECT count(DISTINCT (t.file, t.line)), min((t.file, t.line)) FROM spend t JOIN buckets b
           ON t."start" <= b."end" AND t."end" >= b."start"
           WHERE t.fate IS NULL AND NOT (t."start" >= b."start" AND t."end" <= b."end")"""
    )[0]
    if not crossing[0]:
        return
    if not books.ask.prorate:
        number, line = crossing[1].values() if isinstance(crossing[1], dict) else crossing[1]
        file = next(s.file for s in books.store.sources if s.number == number)
        raise InputError(
            "range_crosses_edge",
            "this row covers days on both sides of an edge of the period",
            "ask for the row's own period, export by day, or spread it with --prorate",
            file,
            line,
        )
    if not any(n.code == "prorated" for n in books.notes):
        books.notes.append(note("prorated", count=crossing[0]))
