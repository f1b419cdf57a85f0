"""A made-up shop's tables with what sets engines apart: nulls, refunds, ties, moments around midnight, odd names.

The same rows for the same seed. Every table is a list of columns, each with the type it has in a database, and rows.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

ZONE = "Europe/Paris"
_PARIS = ZoneInfo(ZONE)
_FIRST = dt.date(2026, 9, 1)
_CHANNELS = ("Paid Search", "Paid Social", "Email", "Direct", None)
_CAMPAIGNS = ("autumn", "NULL", "Été, “deux”", "001")


class TableData(NamedTuple):
    """A table: its role, its columns with their SQL types (DuckDB's and Postgres' alike), and its rows."""

    role: str
    columns: dict[str, str]
    rows: list[tuple[Any, ...]]


def tables(seed: int = 7) -> dict[str, TableData]:
    """Every table by its name."""
    draw = random.Random(seed)
    return {
        "orders": TableData("sales", _ORDERS, [*_orders(draw)]),
        "ads": TableData("spend", _ADS, [*_ads(draw)]),
        "expenses": TableData("costs", _EXPENSES, [*_expenses()]),
        "visits": TableData("traffic", _VISITS, [*_visits(draw)]),
        "crm": TableData("leads", _CRM, [*_crm(draw)]),
        "log": TableData("events", _LOG, [*_log(draw)]),
        "contacts": TableData("touches", _CONTACTS, [*_contacts(draw)]),
    }


_ORDERS = {
    **{"created_at": "TIMESTAMPTZ", "order_id": "TEXT", "email": "TEXT", "product": "TEXT"},
    **{"amount": "NUMERIC(12,2)", "refunded": "NUMERIC(12,2)", "tax": "NUMERIC(12,4)", "currency": "TEXT"},
    **{"status": "TEXT", "channel": "TEXT", "utm_campaign": "TEXT", "note": "TEXT"},
}
_ADS = {
    **{"date": "DATE", "platform": "TEXT", "channel": "TEXT", "campaign": "TEXT", "cost": "DOUBLE PRECISION"},
    **{"currency": "TEXT", "impressions": "BIGINT", "clicks": "INTEGER", "conversions": "NUMERIC(9,2)"},
}
_EXPENSES = {"month": "TEXT", "category": "TEXT", "channel": "TEXT", "cost": "NUMERIC(12,2)", "currency": "TEXT"}
_VISITS = {"date": "DATE", "source": "TEXT", "medium": "TEXT", "visits": "BIGINT", "key_events": "INTEGER"}
_CRM = {"date": "TIMESTAMP", "lead_id": "TEXT", "email": "TEXT", "channel": "TEXT"}
_LOG = {"user": "TEXT", "event": "TEXT", "time": "TIMESTAMP", "country": "TEXT"}
_CONTACTS = {
    **{"user": "TEXT", "time": "TIMESTAMP", "channel": "TEXT", "conversion": "INTEGER", "value": "NUMERIC(12,2)"},
    "currency": "TEXT",
}


def _moment(draw: random.Random, day: int) -> dt.datetime:
    """A moment of a day in Paris, now and then a minute from midnight."""
    minute = draw.choice((0, 1, 1438, 1439, draw.randrange(1440)))
    local = dt.datetime.combine(_FIRST + dt.timedelta(day), dt.time(minute // 60, minute % 60), _PARIS)
    return local.astimezone(dt.timezone.utc)  # noqa: UP017 (as drivers give it)


def _orders(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in range(900):
        amount = Decimal(draw.randrange(0, 40_000)).scaleb(-2)
        refunded = draw.choice((None, Decimal("0.00"), Decimal("0.00"), amount, (amount / 3).quantize(Decimal("0.01"))))
        tax = (amount / 6).quantize(Decimal("0.0001"))
        email = draw.choice((None, *[f"learner{draw.randrange(160)}@example.com"] * 9))
        email = email.upper() if email and number % 11 == 0 else email
        status = draw.choice(("paid", "paid", "paid", "refunded", "failed", "test"))
        yield (
            *(_moment(draw, draw.randrange(90)), f"{number:05d}", email, draw.choice(("Course A", "cours “B”", None))),
            *(amount, refunded, tax, "EUR", status, draw.choice(_CHANNELS), draw.choice((None, *_CAMPAIGNS))),
            draw.choice((None, "", "a note, with “quotes”")),
        )


def _ads(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    for day in range(90):
        for campaign in _CAMPAIGNS:
            cost = draw.choice((draw.randrange(9_000) / 100, draw.randrange(9_000_000) / 1e6, 0.1 + 0.2, 0.0))
            channel = "Paid Social" if campaign == "001" else "Paid Search"
            yield (
                *(_FIRST + dt.timedelta(day), "google_ads", channel, campaign, round(cost, 6), "EUR"),
                *(draw.randrange(5_000), draw.choice((None, draw.randrange(400))), Decimal(draw.randrange(900)) / 100),
            )


def _expenses() -> Iterator[tuple[Any, ...]]:
    for month in ("2026-09", "2026-10", "2026-11"):
        yield (month, "people", None, Decimal("1000.10"), "EUR")
        yield (month, "tools", "Email", Decimal("33.33"), "EUR")


def _visits(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    sources = (("google", "cpc"), ("google", "organic"), ("newsletter", "email"), ("(direct)", "(none)"))
    for day in range(90):
        for source, medium in sources:
            yield (_FIRST + dt.timedelta(day), source, medium, draw.randrange(500), draw.choice((None, 1, 5)))


def _crm(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in range(200):
        moment = _moment(draw, draw.randrange(90)).astimezone(_PARIS).replace(tzinfo=None)
        yield (moment, f"lead-{number}", f"learner{number}@example.com", draw.choice(_CHANNELS[:4]))


def _log(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    for user in range(150):
        start = dt.datetime(2026, 9, 1 + user % 28, 23, 59, 59, draw.choice((0, 500_000, 999_999)))
        for step, event in enumerate(("visit", "sign up", "purchase")):
            for _ in range(draw.choice((0, 1, 1, 2))):
                late = dt.timedelta(microseconds=draw.choice((0, 0, 1, 86_400_000_000 * step, 40 * 86_400_000_000)))
                yield (f"u-{user}", event, start + late, draw.choice(("FR", "DE", None)))


def _contacts(draw: random.Random) -> Iterator[tuple[Any, ...]]:
    for user in range(120):
        moment = dt.datetime(2026, 9, 2, 10) + dt.timedelta(hours=draw.randrange(1_500))
        for _ in range(draw.randrange(1, 5)):
            won = draw.choice((0, 0, 1))
            value = Decimal(draw.randrange(-900, 9_000)).scaleb(-2) if won or not draw.randrange(9) else None
            name = draw.choice((f"u-{user}", f"U-{user}"))
            yield (name, moment, draw.choice(_CHANNELS), won, value, "EUR")
            moment += dt.timedelta(seconds=draw.choice((0, 1, 90_000)))


def write_csv(table: TableData, path: Path) -> Path:
    """The table as a spreadsheet has it: moments are local, with their offset."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for row in table.rows:
            writer.writerow(["" if value is None else _text(value) for value in row])
    return path


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return (value.astimezone(_PARIS) if value.tzinfo else value).isoformat(" ")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
