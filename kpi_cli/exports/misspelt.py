"""A header one slip away from a name that counts is asked: a column passed over takes the rows’ meaning along.

A `Stats` column where Stripe writes `Status` would let failed payments be counted as sales, without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from kpi_cli.exports.roles import IDENTITY, MONEY, kind

_SHORTEST = 5  # below this a slip makes another word as often as not
MANY = 200  # more strange headers than this are no slips
_RULES = ("left_out", "refund_rows", "refund_undone", "fully_refunded", "disputed")


def one_slip(one: str, other: str) -> bool:
    """Whether one letter too many, too few, changed or swapped with the next parts two words.

    >>> one_slip("stats", "status"), one_slip("amuont", "amount"), one_slip("date", "rate")
    (True, True, False)
    """
    if one == other or max(len(one), len(other)) < _SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def counts(column: str, spec: Mapping[str, Any]) -> bool:
    """Whether a canonical column decides what a row's money is, when, whose, or whether it counts at all."""
    if column in MONEY | IDENTITY | {"currency"} or kind(column) == "day":
        return True
    rules = [rule for name in _RULES for rule in spec.get(name, ())]
    return column in spec.get("used", {}) or any(column in rule for rule in rules)


def slips(names: Sequence[str], known: Collection[str], meant: Iterable[tuple[str, str]]) -> dict[int, tuple[str, str]]:
    """The headers that nobody knows and that are one slip away from a meant one: place → that header, its column.

    Args:
        names: the header row, folded.
        known: every header that means something somewhere.
        meant: (header, canonical column) pairs that would be missed.
    """
    strange = [(i, name.replace('"', "")) for i, name in enumerate(names) if name and name not in known]
    pairs = list(meant) if strange else []
    found: dict[int, tuple[str, str]] = {}
    for index, name in strange:
        hit = next((pair for pair in pairs if name == pair[0] or one_slip(name, pair[0])), None)
        if hit:
            found[index] = hit
    return found
