"""`--allocate KEY`: cost that names no channel, spread over those that are named; the parts add up exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from kpi_cli import measures
from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET, UNATTRIBUTED
from kpi_cli.books import Books
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.period import Window
from kpi_cli.texts import label, money_text, note

Held = TypeVar("Held")

_KEYS = {"revenue": "revenue", "media": "media_cost", "customers": "new_customers"}
_TABLES = {"revenue": (measures.sales,), "media": (measures.spend,), "customers": (measures.new_customers,)}
_COSTS = ("media_cost", "other_cost")
NAMELESS = frozenset({UNATTRIBUTED, NOT_SET, NOT_ALLOCATED})
ZERO = Decimal(0)


def allocate(books: Books, window: Window | None, groups: dict[Key, Measures]) -> None:
    """Spread the cost of `(not allocated)` and of shared rows over the named ones of the same unit of time.

    Rows in brackets, such as (unattributed), bear none. Where the key sums to 0 the cost stays where it is.
    """
    if books.ask.allocate is None or not books.ask.dimensions:
        return
    weights = _by_time(books, _weights(books, window))
    spread = kept = ZERO
    for unit, keys in _by_time(books, groups).items():
        for giver in [key for key in keys if is_shared(books, key) and any(_cost(groups[key]))]:
            amount = sum(_cost(groups[giver]), ZERO)
            if _moved(groups, giver, weights.get(unit, {})):
                spread += amount
            else:
                kept += amount
    _tell(books, spread, kept)


def _weights(books: Books, window: Window | None) -> dict[Key, Decimal]:
    """What each named row has of the key, the same in every question; of a strategy, what its named channels have."""
    how, dims = str(books.ask.allocate), books.ask.dimensions
    by_strategy = "strategy" in dims and "channel" not in dims
    asked = measures.by_channel_too(books) if by_strategy else books
    found: dict[Key, Decimal] = {}
    for key, sums in measures.joined(*(table(asked, window) for table in _tables(books, how))).items():
        row = key[:-1] if by_strategy else key
        if NAMELESS.isdisjoint(key) and not is_shared(books, row):
            weight = Decimal(1) if how == "even" else Decimal(sums.get(_KEYS[how]) or 0)
            found[row] = found.get(row, ZERO) + max(weight, ZERO)
    return found


def _tables(books: Books, how: str) -> Sequence[Callable[[Books, Window | None], Table]]:
    """Where a key is counted; even shares are of who sold, or else has leads, or cost something."""
    brought = measures.sales if books.has("sales") else measures.leads
    return _TABLES.get(how, (brought, measures.spend, measures.costs))


def _by_time(books: Books, rows: Mapping[Key, Held]) -> dict[str, dict[Key, Held]]:
    """The rows, sorted, of each unit of time; all together where rows are not by time."""
    found: dict[str, dict[Key, Held]] = defaultdict(dict)
    for key in sorted(rows):
        found[key[0] if books.ask.every else ""][key] = rows[key]
    return found


def is_shared(books: Books, key: Key) -> bool:
    """Whether a row's cost belongs to no channel of its own: (not allocated), or the strategy `shared`."""
    named = dict(zip(books.ask.dimensions, key, strict=True))
    return NOT_ALLOCATED in key or named.get("strategy") == "shared"


def _cost(sums: Measures) -> list[Decimal]:
    return [Decimal(sums.get(name) or 0) for name in _COSTS]


def _moved(groups: dict[Key, Measures], giver: Key, weights: Mapping[Key, Decimal]) -> bool:
    """Move a row's cost to the others, if the key gives a way to."""
    from kpi_cli.apportion import apportion

    for name, amount in zip(_COSTS, _cost(groups[giver]), strict=True):
        parts = apportion(amount, list(weights.values()))
        if parts is None:
            return False
        for taker, part in zip(weights, parts, strict=True):
            if part:
                sums = groups.setdefault(taker, {})
                sums[name] = Decimal(sums.get(name) or 0) + part
        groups[giver][name] = ZERO
    if not any(groups[giver].values()):
        del groups[giver]
    return True


def _tell(books: Books, spread: Decimal, kept: Decimal) -> None:
    """Which key spread how much, and what it could not spread; said once, for the window asked for."""
    key = label(str(books.ask.allocate), "allocation")
    for code, amount in (("allocated", spread), ("allocation_key_zero", kept)):
        if amount and not any(n.code == code for n in books.notes):
            books.notes.append(note(code, amount=money_text(amount, books.currency), key=key))
