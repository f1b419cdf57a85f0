"""How files are to be read, as far as the user says: one value passed all the way through."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

from msgspec import Struct

from kpi_cli.exports.own import OwnColumn


class ReadOptions(Struct, frozen=True):
    """Answers to what a file leaves open. Empty means: the file must settle it."""

    decimal: str | None = None
    date_format: str | None = None
    encoding: str | None = None
    currency: str | None = None
    default_currency: str | None = None
    converted: bool = False  # there are exchange rates: `currency` is what to convert into, where a file says another
    tz: str | None = None
    role: str | None = None
    format: str | None = None
    columns: tuple[tuple[str, str, str], ...] = ()
    statuses: tuple[tuple[str, str], ...] = ()
    gross: bool = False
    dedupe: bool = False
    strict: bool = False
    separate_accounts: bool = False
    sales_from: tuple[str, ...] = ()
    vat: str | None = None
    every_id: bool = False
    own: tuple[OwnColumn, ...] = ()


# Sums of money and counts; those and people: their first orders, histories and steps through a log of events.
Sufficient = Literal["sums", "people"]


class Enough(NamedTuple):
    """What suffices of large sources, where not every row with its own ids is wanted."""

    what: Sufficient
    by: Collection[str]  # the dimensions they may be grouped by
