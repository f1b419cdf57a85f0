"""How English and French write numbers, money, dates and the names of languages: one spelling each, everywhere.

The facts are those of Babel's locale data (CLDR); exports/compile.py takes from them what is needed here, for
Babel itself takes longer to load than most answers take to compute.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from kpi_cli.packaged import DATA, compiled

LANGUAGES = ("en", "fr")


def facts(lang: str) -> Mapping[str, Any]:
    """What data.json holds of a locale."""
    found: Mapping[str, Any] = compiled(DATA)["locales"]["data"][lang]
    return found


def number(value: Decimal, places: int, lang: str, sign: str = "") -> str:
    """A grouped figure with so many decimals; `sign="+"` marks gains too.

    >>> number(Decimal("1234.565"), 2, "en"), number(Decimal("-0.001"), 2, "en")
    ('1,234.56', '0.00')
    """
    return format(value, f"{sign}z,.{places}f").translate(_signs(lang))


@cache
def _signs(lang: str) -> dict[int, str]:
    known = facts(lang)
    return str.maketrans({",": known["group"], ".": known["decimal"]})


def percent(text: str, lang: str) -> str:
    """A figure that stands for hundredths, with its sign.

    >>> percent("8.2", "en"), percent("8,2", "fr")
    ('8.2%', '8,2\xa0%')
    """
    return text + str(facts(lang)["percent"])


def money(value: Decimal, places: int, currency: str | None, lang: str) -> str:
    """An amount with its currency's symbol, or its code where the language has none.

    >>> money(Decimal("-1234.5"), 2, "EUR", "en"), money(Decimal(5), 0, "CHF", "fr")
    ('-€1,234.50', '5\xa0CHF')
    """
    if currency is None:
        return number(value, places, lang)
    symbol = currency_symbol(currency, lang)
    pattern = facts(lang)["money"][value < 0].replace("¤", symbol + "\u00a0" * symbol[-1:].isalpha())
    return str(pattern.format(number(abs(value), places, lang)).rstrip("\u00a0"))


def date(day: dt.date, pattern: str, lang: str) -> str:
    """A day by a CLDR pattern of `d`, `MMM`, `MMMM` and `y`.

    >>> date(dt.date(2026, 10, 5), "d MMMM y", "fr")
    '5 octobre 2026'
    """
    months = facts(lang)["months"]
    parts = {"d": str(day.day), "y": str(day.year)} | {p: names[day.month - 1] for p, names in months.items()}
    return re.sub("MMMM|MMM|d|y", lambda found: parts[found[0]], pattern)


def day(date_: dt.date, lang: str) -> str:
    """A day, the short way a reader writes it.

    >>> day(dt.date(2026, 10, 5), "en")
    'Oct 5, 2026'
    """
    return date(date_, facts(lang)["day"], lang)


def bucket(name: str, lang: str) -> str:
    """A row's day, month or quarter as a reader writes it; weeks, years and anything else as they are.

    >>> bucket("2026-05", "en"), bucket("2026-05", "fr"), bucket("2026-Q4", "fr"), bucket("2026-W40", "en")
    ('May 2026', 'mai 2026', 'T4 2026', '2026-W40')
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d", name):
            return date(dt.date.fromisoformat(f"{name}-01"), "MMM y", lang)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", name):
            return day(dt.date.fromisoformat(name), lang)
    except ValueError:
        return name
    if quarter := re.fullmatch(r"(\d{4})-Q([1-4])", name):
        return f"{'T' if lang == 'fr' else 'Q'}{quarter[2]} {quarter[1]}"
    return name


def span(start: dt.date, end: dt.date, lang: str) -> str:
    """A period: a month by its name, a year by its number, else its first and last day.

    >>> span(dt.date(2026, 10, 1), dt.date(2026, 10, 31), "en")
    'October 2026'
    """
    after = end + dt.timedelta(1)
    if start.day == after.day == 1 and start.year == end.year:
        if start.month == end.month:
            return date(start, "MMMM y", lang)
        if (start.month, end.month) == (1, 12):
            return str(start.year)
    return interval(start, end, lang)


def interval(start: dt.date, end: dt.date, lang: str) -> str:
    """From one day to another, saying once what both have in common.

    >>> interval(dt.date(2026, 10, 5), dt.date(2026, 10, 9), "fr")
    '5–9 oct. 2026'
    """
    if start == end:
        return date(start, facts(lang)["day"], lang)
    differs = "y" if start.year != end.year else "M" if start.month != end.month else "d"
    first, last = facts(lang)["intervals"][differs]
    return date(start, first, lang) + date(end, last, lang)


def currency_symbol(code: str, lang: str) -> str:
    """A currency's symbol where the language has one, else its code."""
    return str(facts(lang)["symbols"].get(code, code))


def currency_decimals(code: str) -> int:
    """How many decimals a currency's smallest unit is.

    >>> currency_decimals("EUR"), currency_decimals("JPY")
    (2, 0)
    """
    return int(compiled(DATA)["locales"]["data"]["decimals"].get(code, 2))
