"""Cohorts as triangles, and what is said of a prediction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kpi_cli.render.lifetime import blocks, drawn, said
from kpi_cli.render.page import Page
from kpi_cli.result import Result

COHORTS = [
    {
        "cohort": "2026-01",
        "size": 40,
        "at_risk": [40, 40, 40],
        "active": [40, 10, 2],
        "revenue_per_customer": [Decimal(20), Decimal(30), Decimal("32.5")],
        "margin_per_customer": [None, None, None],
    },
    {
        "cohort": "2026-02\x1b[31m",
        "size": 50,
        "at_risk": [50, 50, 0],
        "active": [50, 0, None],
        "revenue_per_customer": [Decimal(10), Decimal(10), None],
        "margin_per_customer": [None, None, None],
    },
]
MODEL: dict[str, Any] = {
    "end": "2026-03-31",
    "expected_purchases": 12.5,
    "parameters": {"bg_nbd": {"r": 1.5}, "gamma_gamma": {"p": None}},
    "standard_errors": {"bg_nbd": {"r": 0.25}, "gamma_gamma": {"p": None}},
    "log_likelihood": {"bg_nbd": -100.25, "gamma_gamma": None},
    "reasons": {"bg_nbd": None, "gamma_gamma": "spend_not_identified"},
    "holdout": None,
    "segments": [],
}


def answer(model: dict[str, Any] | None = None) -> Result:
    extra = {"cohort_unit": "month", "cohorts": COHORTS, "model": model}
    return Result("ltv", [], [], {}, currency="EUR", extra=extra)


def test_blank_cells_are_blank_and_revenue_stands_in_where_no_margin_is_known() -> None:
    again, value = blocks(answer(), "en")
    assert again.headings == ["Cohort", "Customers", "1", "2"]
    assert [row[1:] for row in again.rows] == [["40", "25", "5"], ["50", "0", ""]]
    assert value.title == "Revenue per customer to date, by months since the first purchase, EUR"
    assert [row[2:] for row in value.rows] == [["20.00", "30.00", "32.50"], ["10.00", "10.00", ""]]


def test_a_larger_share_is_warmer_and_nothing_is_not_painted() -> None:
    lines = list(drawn(answer(), Page(colour=True)))
    first, second = (next(line for line in lines if line.startswith(name)) for name in ("Jan 2026", "2026-02"))
    assert "\x1b[38;5;16;48;5;209m  25\x1b[0m" in first
    assert "\x1b[38;5;16;48;5;230m  5\x1b[0m" in first
    assert "48;5" not in second


def test_without_colour_nothing_is_painted_and_names_are_made_harmless() -> None:
    text = "\n".join(drawn(answer(), Page()))
    assert "\x1b" not in text
    assert "2026-02\\x1b[31m" in text


def test_months_that_do_not_fit_are_named() -> None:
    lines = list(drawn(answer(), Page(width=34)))
    assert "Not shown at this width: 1, 2" in lines
    assert all(len(line) <= 34 for line in lines if line.startswith("2026"))


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_no_line_is_longer_than_the_page(width: int) -> None:
    """Titles and what is not shown are wrapped at words, and so are long names: none of it is lost."""
    long = "Photographing people in natural light"
    named = answer()
    named.extra["cohorts"] = [COHORTS[0] | {"cohort": long}]
    lines = list(drawn(named, Page(width=width)))
    assert max(map(len, lines)) <= width
    told = " ".join(" ".join(lines).split())
    assert "Bought again, % of the customers won, by months since the first purchase" in told
    assert [word for word in long.split() if word not in told] == []


def test_only_models_that_are_settled_have_parameters_to_show() -> None:
    assert said(answer(MODEL), "en") == ["BG/NBD, in weeks: r 1.500 ± 0.250; log-likelihood -100.2"]
    assert said(answer(), "en") == []
