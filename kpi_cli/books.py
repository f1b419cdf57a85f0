"""Books: the files of a question, read and made ready: one currency, one window, a channel on every row."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from kpi_cli.ask import Ask
from kpi_cli.errors import InputError, NoDataError
from kpi_cli.exports.tables import Store
from kpi_cli.grouping import Grouping
from kpi_cli.period import Window, buckets
from kpi_cli.result import Note, Span

Slices = tuple[int, ...] | InputError


class ChannelSales(Struct, frozen=True):
    """What a channel sold in a unit of time; with no units, in all of the window."""

    unit: str | None
    channel: str
    revenue: Decimal
    has_orders: bool


class Books(Struct):
    """Everything a question may ask of its files."""

    store: Store
    ask: Ask
    grouping: Grouping
    window: Window | None = None
    currency: str | None = None
    days_with_data: int = 0
    leads_from: str | None = None  # the role that leads are counted from
    uses: tuple[str, ...] = ()  # the roles drawn on
    other_slices: dict[str, Slices] = field(default_factory=dict)  # by column: visits files that give way to another
    notes: list[Note] = field(default_factory=list)
    has_firsts: bool = False  # whether the table `first_orders` is filled
    # By window and unit of time, what is known of it already.
    sales_by_channel: dict[tuple[Window | None, str | None], list[ChannelSales]] = field(default_factory=dict)

    def has(self, role: str) -> bool:
        """Whether a role has rows."""
        return role in self.store.columns and bool(self.store.of_role(role))

    def column(self, role: str, name: str) -> bool:
        """Whether the table of a role has a column."""
        return name in self.store.columns.get(role, {})

    @property
    def span(self) -> Span | None:
        """The period as the answer states it."""
        return Span(self.window.start, self.window.end, self.days_with_data) if self.window else None


def need_rows(books: Books, group: Sequence[str]) -> None:
    """One of these roles has a row, and in the window if there is one.

    Raises:
        NoDataError: none has.
    """
    inside = "true"
    if books.window:
        inside = f"\"end\" >= DATE '{books.window.start}' AND \"start\" <= DATE '{books.window.end}'"
    for role in group:
        if books.has(role) and books.store.rows(
            f"SELECT 1 FROM {books.store.bare(role)} WHERE fate IS NULL AND {inside} LIMIT 1"
        ):
            return
    files = ", ".join(s.file for role in group for s in books.store.of_role(role)) or None
    roles = " or ".join(group)
    if books.window is None:
        raise NoDataError("no_row", f"no {roles} row that counts", "export again, with rows", files)
    days = f"{books.window.start} to {books.window.end}"
    raise NoDataError("no_row_in_period", f"no {roles} row from {days}", "check the period", files)


_BUCKETS = """
    CREATE OR REPLACE TEMP TABLE buckets AS
    SELECT unnest($1::VARCHAR[]) AS label, unnest($2::DATE[]) AS "start", unnest($3::DATE[]) AS "end"
"""


def fill_buckets(books: Books, window: Window | None) -> list[str]:
    """The table `buckets` (label, start, end) of the rows of time asked for; its labels in order."""
    every = books.ask.every
    rows: list[tuple[Any, ...]] = []
    if window is None:
        rows = [(None, None, None)]
    elif every:
        rows = [(label, part.start.isoformat(), part.end.isoformat()) for label, part in buckets(window, every)]
    else:
        rows = [(None, window.start.isoformat(), window.end.isoformat())]
    if rows != books.store.buckets:
        books.store.con.execute(_BUCKETS, [list(column) for column in zip(*rows, strict=True)])
        books.store.buckets = rows
    return [row[0] for row in rows if row[0]]
