"""How English and French write dates, currencies and the names of languages.

The facts are those of Babel's locale data (CLDR); exports/compile.py takes from them what is needed here, for
Babel itself takes longer to load than most answers take to compute.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from kpi_cli.packaged import DATA, compiled

LANGUAGES = ("en", "fr")


def facts(lang: str) -> Mapping[str, Any]:
    """What data.json holds of a locale."""
    found: Mapping[str, Any] = compiled(DATA)["locales"]["data"][lang]
    return found


def date(day: dt.date, pattern: str, lang: str) -> str:
    """A day by a CLDR pattern of `d`, `MMM`, `MMMM` and `y`.

    >>> date(dt.date(2026, 10, 5), "d MMMM y", "fr")
    '5 octobre 2026'
    """
    months = facts(lang)["months"]
    parts = {"d": str(day.day), "y": str(day.year)} | {p: names[day.month - 1] for p, names in months.items()}
    return re.sub("MMMM|MMM|d|y", lambda found: parts[found[0]], pattern)


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
