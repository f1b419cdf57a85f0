"""Answers of a fictional course school, as the questions give them."""

import datetime as dt
from decimal import Decimal

import pytest

from kpi_cli.result import CheckResult, Column, Note, Null, Previous, Result, Row, Span

COLUMNS = [
    Column("revenue", "Revenue", "money", "higher"),
    Column("media_cost", "Media cost", "money", "lower"),
    Column("cost", "Cost", "money", "lower"),
    Column("profit", "Profit", "money", "higher"),
    Column("roi", "Revenue ROI", "rate", "higher"),
    Column("roas", "ROAS", "multiple", "higher"),
    Column("mer", "MER", "multiple", "higher"),
]


def row(revenue: str, cost: str, **names: str) -> Row:
    income, spent = Decimal(revenue), Decimal(cost)
    return {
        **names,
        "revenue": income,
        "media_cost": spent,
        "cost": spent,
        "profit": income - spent,
        "roi": (income - spent) / spent if spent else None,
        "roas": income / spent if spent else None,
    }


def roi(rows: list[Row], total: Row, **more: object) -> Result:
    return Result(
        "roi",
        list(COLUMNS),
        rows,
        total,
        by=["channel"] if rows else [],
        currency="EUR",
        period=Span(dt.date(2026, 10, 1), dt.date(2026, 10, 31), 31),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def by_channel() -> Result:
    rows = [
        row("5230.40", "1164.10", channel="Paid Search"),
        row("3110", "0", channel="Organic Search"),
        row("149", "612.50", channel="Paid Video"),
    ]
    total = row("8489.40", "1776.60") | {"mer": Decimal("4.7785")}
    return roi(
        rows,
        total,
        nulls=[Null(1, "roi", "no_cost"), Null(1, "roas", "no_cost")],
        notes=[Note("unattributed_revenue", "the total row agrees", "google_ads.csv", 36)],
    )


@pytest.fixture
def compared(by_channel: Result) -> Result:
    before = Span(dt.date(2026, 9, 1), dt.date(2026, 9, 30), 30)
    rows = [row("5000", "1200", channel="Paid Search"), row("149", "600", channel="Paid Video")]
    by_channel.previous = Previous(before, rows, row("5149", "1800"))
    return by_channel


@pytest.fixture
def calculator() -> Result:
    return Result("roi", list(COLUMNS), [], row("10000", "7000"), currency="EUR")


@pytest.fixture
def checked() -> CheckResult:
    spend = {
        "file": "google_ads.csv",
        "sha256": "0" * 64,
        "role": "spend",
        "format": "google_ads",
        "language": "fr",
        "encoding": "utf-8",
        "delimiter": ";",
        "header_line": 3,
        "decimal": ",",
        "date_order": "ymd",
        "currency": ["EUR"],
        "period": {"start": "2026-10-01", "end": "2026-10-31"},
        "grain": "day",
        "columns": {"date": "Jour", "cost": "Coût"},
        "checks": "full",
        "rows": {"read": 34, "used": 31, "left_out": {"totals_row": 3}},
        "control": [
            {"label": "Total : compte", "line": 36, "column": "cost", "agrees": True}
            | {"stated": Decimal("1164.09"), "summed": Decimal("1164.10")},
            {"label": "Total : campagnes", "line": 37, "column": "clicks", "agrees": False}
            | {"stated": 868, "summed": 867},
            {"label": "Total : Réseau de Recherche", "line": 38, "column": "clicks", "agrees": None}
            | {"stated": 800, "summed": 867},
        ],
        "sums": [{"currency": "EUR", "cost": Decimal("1164.10"), "impressions": 40585, "clicks": 867}],
        "notes": [{"code": "unknown_cells", "text": "2 cells were skipped", "line": 12}],
        "error": None,
    }
    refused: dict[str, object] = {
        "file": "sales.csv",
        "role": "sales",
        "format": "generic",
        "rows": None,
        "sums": [],
        "error": {
            "code": "bad_date",
            "file": "sales.csv",
            "line": 17,
            "column": 3,
            "text": "“2023-02-29” is not a date",
            "fix": "mend the cell",
        },
    }
    return CheckResult([spend, refused], [Note("unused_file", "not used", "notes.csv")])
