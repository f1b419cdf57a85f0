"""`--allocate KEY`: cost that names no channel, spread over those that are named; the parts add up exactly."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET, UNATTRIBUTED
from kpi_cli.books import Books
from kpi_cli.measures import Key, Measures
from kpi_cli.texts import label, money_text, note

_KEYS = {"revenue": "revenue", "media": "media_cost", "customers": "new_customers"}
_COSTS = ("media_cost", "other_cost")
NAMELESS = frozenset({UNATTRIBUTED, NOT_SET, NOT_ALLOCATED})
ZERO = Decimal(0)


def allocate(books: Books, groups: dict[Key, Measures]) -> None:
    """Spread the cost of `(not allocated)` and of shared rows over the named ones of the same unit of time.

    Rows in brackets, such as (unattributed), bear none. Where the key sums to 0 the cost stays where it is.
    """
    if books.ask.allocate is None or not books.ask.dimensions:
        return
    spread = kept = ZERO
    for keys in _by_time(books, groups).values():
        givers = [key for key in keys if is_shared(books, key) and any(_cost(groups[key]))]
        takers = [key for key in keys if not is_shared(books, key) and NAMELESS.isdisjoint(key)]
        weights = [_weight(books.ask.allocate, groups[key]) for key in takers]
        for giver in givers:
            amount = sum(_cost(groups[giver]), ZERO)
            if _moved(groups, giver, takers, weights):
                spread += amount
            else:
                kept += amount
    _tell(books, spread, kept)


def _by_time(books: Books, groups: dict[Key, Measures]) -> dict[str, list[Key]]:
    """The keys, sorted, of each unit of time; all together where rows are not by time."""
    found: dict[str, list[Key]] = defaultdict(list)
    for key in sorted(groups):
        found[key[0] if books.ask.every else ""].append(key)
    return found


def is_shared(books: Books, key: Key) -> bool:
    """Whether a row's cost belongs to no channel of its own: (not allocated), or the strategy `shared`."""
    named = dict(zip(books.ask.dimensions, key, strict=True))
    return NOT_ALLOCATED in key or named.get("strategy") == "shared"


def _cost(sums: Measures) -> list[Decimal]:
    return [Decimal(sums.get(name) or 0) for name in _COSTS]


def _weight(how: str, sums: Measures) -> Decimal:
    return Decimal(1) if how == "even" else Decimal(sums.get(_KEYS[how]) or 0)


def _moved(groups: dict[Key, Measures], giver: Key, takers: list[Key], weights: list[Decimal]) -> bool:
    """Move a row's cost to the others, if the key gives a way to."""
    from kpi_cli.apportion import apportion

    for name, amount in zip(_COSTS, _cost(groups[giver]), strict=True):
        parts = apportion(amount, weights)
        if parts is None:
            return False
        for taker, part in zip(takers, parts, strict=True):
            groups[taker][name] = Decimal(groups[taker].get(name) or 0) + part
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
