"""Figures as a reader of English or French expects them: money, percent, multiples, counts, days.

Every figure is rounded half even, once, from its exact value; a column is given one number of decimals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from kpi_cli import locales
from kpi_cli.locales import number
from kpi_cli.result import Unit, Value

DASH = "–"
_LARGE = 10_000


def exactly(value: Value) -> Decimal | None:
    """The number a value is; None for what is no finite number.

    >>> exactly(0.1), exactly(float("nan"))
    (Decimal('0.1'), None)
    """
    if isinstance(value, float):
        value = Decimal(repr(value))
    elif isinstance(value, int):
        value = Decimal(value)
    return value if isinstance(value, Decimal) and value.is_finite() else None


_TENTH = Decimal("0.0005")  # of a percent: what rounds to less than 0.1 % shows two decimals


def places(unit: Unit, values: Iterable[Value], currency: str | None = None) -> int:
    """How many decimals a column of figures needs: cents below 10 000, one rule for all its cells.

    >>> places("money", [Decimal("9.5"), 120]), places("money", [10_000, 3]), places("count", [1, 2.5])
    (2, 0, 1)
    >>> places("rate", [0.5]), places("rate", [2.5, 0.01]), places("rate", [2.5, 0.0002])
    (2, 1, 2)
    """
    known = [exact for exact in map(exactly, values) if exact is not None]
    top = max((abs(value) for value in known), default=Decimal(0))
    if unit == "money":
        return 0 if top >= _LARGE else _cents(top, currency)
    if unit == "rate":
        least = min((abs(value) for value in known if value), default=top)
        return 1 if top > 1 and least >= _TENTH else 2
    if unit == "multiple":
        return 1 if top >= 100 else 2
    return _decimals(known, most=(2 if top < 1000 else 0 if top >= _LARGE else 1) if unit == "count" else 1)


def _cents(top: Decimal, currency: str | None) -> int:
    """The currency's own decimals; four for prices of a few cents or less, such as a cost per click."""
    if 0 < top < Decimal("0.1"):
        return 4
    if currency is None:
        return 2
    return locales.currency_decimals(currency)


def _decimals(values: Iterable[Decimal], most: int) -> int:
    """The decimals that are there, up to `most`."""
    return max((min(most, -_exponent(value)) for value in values), default=0)


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return min(0, exponent) if isinstance(exponent, int) else 0


def figure(value: Value, unit: Unit, decimals: int, lang: str) -> str:
    """A cell of a column: money without its symbol, which stands once in the title.

    >>> figure(0.428571, "rate", 2, "en"), figure(Decimal("1.428"), "multiple", 2, "fr")
    ('42.86%', '1,43×')
    """
    if isinstance(value, dt.date):
        return locales.day(value, lang)
    exact = exactly(value)
    if exact is None:
        return DASH
    if unit == "rate":
        return locales.percent(number(exact * 100, decimals, lang), lang)
    return number(exact, decimals, lang) + ("×" if unit == "multiple" else "")


def amount(value: Value, currency: str | None, lang: str, places: int | None = None) -> str:
    """Money on its own with its currency, to the cent unless `places` says otherwise.

    >>> amount(Decimal("-1234.5"), "EUR", "en"), amount(None, "EUR", "en")
    ('-€1,234.50', '–')
    >>> amount(Decimal("0.05"), "EUR", "en"), amount(Decimal("0.0512"), "EUR", "en")
    ('€0.05', '€0.0512')
    """
    exact = exactly(value)
    if exact is None:
        return DASH
    if places is None:
        in_cents = exact == round(exact, 2)
        places = _cents(Decimal(1) if in_cents else abs(exact), currency)
    return locales.money(exact, places, currency, lang)


def accounted(value: Value, lang: str) -> str:
    """Money as a ledger shows it: every decimal it has, two at least.

    >>> accounted(Decimal("1164.1"), "en"), accounted(Decimal("0.123456"), "en")
    ('1,164.10', '0.123456')
    """
    exact = exactly(value)
    return DASH if exact is None else number(exact, max(2, _decimals([exact], most=6)), lang)


def change(now: Value, before: Value, unit: Unit, lang: str, points: str = "pt") -> str:
    """How far a figure moved: rates by points, all else by percent of what it was.

    >>> change(12, 10, "count", "en"), change(0.25, 0.3, "rate", "en"), change(5, 0, "count", "en")
    ('+20.0%', '-5.0\xa0pt', '–')
    """
    new, old = exactly(now), exactly(before)
    if new is None or old is None:
        return DASH
    if unit == "rate":
        return _moved((new - old) * 100, lang) + "\u00a0" + points
    if old == 0:
        return DASH
    return locales.percent(_moved((new - old) / abs(old) * 100, lang), lang)


def _moved(change: Decimal, lang: str) -> str:
    """A change with its sign; one too small to be seen has none."""
    return number(change, 1, lang, "+" if round(change, 1) else "")


def language(code: str, lang: str) -> str:
    """What a language is called.

    >>> language("fr", "en")
    'French'
    """
    return str(locales.facts(lang)["languages"].get(code, code))
