"""Times that bear a zone: their days are those of that zone, and who says another one is told so."""

from __future__ import annotations

from typing import Any

import pytest

HEADER = "date,order_id,amount,currency\n"


def orders(count: int, *moments: str) -> str:
    """As many orders of 10 euros, at these moments in turn."""
    return HEADER + "".join(f"{moments[n % len(moments)]},o-{n},10.00,EUR\n" for n in range(count))


@pytest.mark.parametrize("count", [2, 6000])  # the larger file is read by DuckDB
@pytest.mark.parametrize(
    ("moments", "tz", "is_told"),
    [
        (["2026-10-01T23:30:00Z"], "Europe/Paris", True),
        (["2026-10-01T23:30:00Z"], "Africa/Abidjan", False),  # UTC by another name
        (["2026-10-01 23:30:00 +0200"], "Europe/Paris", False),
        (["2026-10-01 23:30:00 +0200"], "America/Lima", True),
        (["2026-10-01 23:30:00"], "America/Lima", False),
        (["2026-10-01"], "America/Lima", False),
    ],
)
def test_another_zone_than_that_of_all_times_changes_no_day_and_says_so(
    count: int, moments: list[str], tz: str, is_told: bool, check: Any
) -> None:
    [source] = check(("orders.csv", orders(count, *moments)), options=("--tz", tz))
    assert source["period"] == {"start": "2026-10-01", "end": "2026-10-01"}
    assert ("zone_as_written" in source.codes) == is_told


@pytest.mark.parametrize("count", [2, 6000])
def test_times_of_two_zones_are_taken_to_the_one_that_is_said(count: int, check: Any) -> None:
    moments = ("2026-10-01T23:30:00Z", "2026-10-02T01:30:00+05:00")
    [source] = check(("orders.csv", orders(count, *moments)), options=("--tz", "Europe/Paris"))
    assert source["period"] == {"start": "2026-10-01", "end": "2026-10-02"}  # 22:30 and 01:30 in Paris
    assert "zone_as_written" not in source.codes


@pytest.mark.parametrize("count", [2, 6000])
@pytest.mark.parametrize(("tz", "is_told"), [("America/New_York", False), ("Europe/Paris", True)])
def test_summer_and_winter_time_are_one_zone_whose_days_count(count: int, tz: str, is_told: bool, check: Any) -> None:
    moments = ("2026-07-01T23:30:00-04:00", "2026-12-01T23:30:00-05:00")
    [source] = check(("orders.csv", orders(count, *moments)), options=("--tz", tz))
    assert source["period"] == {"start": "2026-07-01", "end": "2026-12-01"}
    assert ("zone_as_written" in source.codes) == is_told
