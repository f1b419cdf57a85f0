"""Shares of an amount that add up to it exactly: largest remainder on the last millionth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

Weight = Decimal | Fraction | int | float
MILLION = 1_000_000


def apportion(total: Decimal, weights: Sequence[Weight]) -> list[Decimal] | None:
    """`total` shared out in proportion to `weights`; the parts sum to it exactly.

    Args:
        total: any sign, at most 6 decimals.
        weights: any scale; a negative one (a channel that refunded more than it sold) counts as 0.

    Returns:
        One part per weight, or None when the weights sum to 0: there is no key to share by.

    Raises:
        ValueError: the total has more than 6 decimals, or a figure is not finite.

    Source: Hamilton's method of largest remainders; of equal remainders the earlier weight is served first.

    >>> [str(part) for part in apportion(Decimal("100"), [1, 1, 1])]
    ['33.333334', '33.333333', '33.333333']
    """
    keys = [max(Fraction(weight), Fraction(0)) for weight in weights]
    whole = sum(keys)
    if not whole:
        return None
    return settle([Fraction(total) * key / whole for key in keys])


def settle(parts: Sequence[Fraction]) -> list[Decimal]:
    """Exact parts of an amount, rounded to the millionth so that their sum does not change.

    Args:
        parts: any sign; together they make a whole number of millionths.

    Raises:
        ValueError: they do not.

    >>> settle([Fraction(1, 3), Fraction(2, 3)])
    [Decimal('0.333333'), Decimal('0.666667')]
    """
    exact = [part * MILLION for part in parts]
    floors = [math.floor(part) for part in exact]
    missing = sum(exact, Fraction(0)) - sum(floors)
    if missing.denominator != 1:
        raise ValueError("an amount to share has at most 6 decimals")
    by_remainder = sorted(range(len(exact)), key=lambda at: (floors[at] - exact[at], at))
    for at in by_remainder[: int(missing)]:
        floors[at] += 1
    return [Decimal(units).scaleb(-6) for units in floors]
