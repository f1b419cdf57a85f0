from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_cli.apportion import apportion, settle

amounts = st.decimals(-(10**11), 10**11, places=6)
weights = st.lists(
    st.one_of(st.integers(0, 10**9), st.decimals(0, 10**9, places=6), st.floats(0, 1e9)),
    min_size=1,
    max_size=30,
)


@given(amounts, weights)
def test_parts_sum_exactly_to_the_total(total: Decimal, keys: list[Decimal | int | float]) -> None:
    parts = apportion(total, keys)
    assert (parts is None) == (sum(Fraction(key) for key in keys) == 0)
    if parts is not None:
        assert sum(map(Fraction, parts)) == Fraction(total)


@given(amounts, weights)
def test_every_part_is_within_a_millionth_of_its_exact_share(total: Decimal, keys: list[Decimal | int | float]) -> None:
    parts = apportion(total, keys) or []
    whole = sum(Fraction(key) for key in keys)
    assert all(
        abs(Fraction(part) - Fraction(total) * Fraction(key) / whole) < Fraction(1, 10**6)
        for part, key in zip(parts, keys, strict=False)
    )


@given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.integers(1, 10**6))
def test_the_scale_of_the_weights_does_not_matter(total: Decimal, keys: list[int], scale: int) -> None:
    assert apportion(total, [key * scale for key in keys]) == apportion(total, keys)


def test_weights_that_sum_to_zero_give_no_parts() -> None:
    assert apportion(Decimal(100), [0, 0]) is None
    assert apportion(Decimal(100), []) is None
    assert apportion(Decimal(100), [Decimal(-5), 0]) is None


def test_a_negative_weight_counts_as_zero() -> None:
    assert apportion(Decimal(100), [-50, 25, 75]) == [Decimal(0), Decimal(25), Decimal(75)]


def test_equal_remainders_serve_the_earlier_weight_first() -> None:
    assert apportion(Decimal("0.000002"), [1, 1, 1]) == [Decimal("0.000001"), Decimal("0.000001"), 0]


def test_the_largest_remainder_is_served_first() -> None:
    # Quotas 1.4, 2.8 and 1.8 of six: floors 1, 2, 1, and the two .8s take what is left.
    assert apportion(Decimal("0.000006"), [14, 28, 18]) == [
        Decimal("0.000001"),
        Decimal("0.000003"),
        Decimal("0.000002"),
    ]


def test_a_worked_cost_of_five_thousand_by_revenue_adds_up() -> None:
    parts = apportion(Decimal(5000), [Decimal("1200.50"), Decimal("799.50"), Decimal(1000)])
    assert parts == [Decimal("2000.833333"), Decimal("1332.500000"), Decimal("1666.666667")]


def test_a_total_finer_than_a_millionth_is_refused() -> None:
    with pytest.raises(ValueError, match="6 decimals"):
        apportion(Decimal("0.0000001"), [1, 1])
    with pytest.raises(ValueError, match="6 decimals"):
        settle([Fraction(1, 3)])


def test_parts_of_either_sign_keep_their_sum() -> None:
    assert settle([Fraction(-1, 3), Fraction(4, 3)]) == [Decimal("-0.333333"), Decimal("1.333333")]
