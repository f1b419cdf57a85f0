"""What the program says: labels, reasons and notes, in English and French, from texts.yaml and labels.yaml."""

from __future__ import annotations

import datetime as dt
import os
import re
from contextvars import ContextVar
from decimal import Decimal
from functools import cache
from typing import Any

from kpi_cli import locales
from kpi_cli.packaged import package_data
from kpi_cli.result import Note

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")


@cache
def _texts() -> dict[str, Any]:
    return dict(package_data("texts.yaml"))


@cache
def _labels() -> dict[str, Any]:
    return dict(package_data("labels.yaml"))


class _Count:
    """A count in a sentence: `{count:# row is|# rows are}` picks the words that agree with it."""

    def __init__(self, count: int | Decimal) -> None:
        self.count = count

    def __format__(self, words: str) -> str:
        one, _, many = (words or "#|#").partition("|")
        singular = -2 < self.count < 2 if LANGUAGE.get() == "fr" else self.count == 1
        return (one if singular else many).replace("#", number_text(self.count))


def note(code: str, *, file: str | None = None, line: int | None = None, **facts: object) -> Note:
    """The note of that code, in the language of the run, with its facts filled in."""
    template = _texts()["notes"][code][LANGUAGE.get()]
    told = {name: _told(fact) for name, fact in facts.items()}
    return Note(code, template.format(**told), file, line)


def _told(fact: object) -> object:
    if isinstance(fact, dt.date):
        return day_text(fact)
    return _Count(fact) if isinstance(fact, int | Decimal) else fact


def label(name: str, kind: str = "metrics") -> str:
    """What a column, a special row or a reason is called in the language of the run."""
    entry = _labels().get(kind, {}).get(name)
    if entry is None:
        return name.replace("_", " ").capitalize() if kind == "metrics" else name
    return str(entry[LANGUAGE.get()])


def sentence(text: str) -> str:
    """A sentence of the definitions in the language of the run; names of books stay as they are."""
    return str(_texts()["french"].get(text, text)) if LANGUAGE.get() == "fr" else text


def formula_text(formula: str) -> str:
    """A formula as a reader sees it: in French with the names that stand in tables, in English as kpi.yml takes it.

    >>> token = LANGUAGE.set("fr")
    >>> formula_text("(revenue × margin − cost) / new_customers")
    '(CA × marge − coût) / nouveaux clients'
    >>> LANGUAGE.reset(token)
    """
    if LANGUAGE.get() == "en":
        return formula
    named = re.sub(r"[^\W\d]\w*", lambda name: _within(name[0]), formula)
    return re.sub(r"(?<=\d)\.(?=\d)", ",", named)


def _within(name: str) -> str:
    """What a figure is called in the middle of a sentence."""
    said = label(name) if name in _labels()["metrics"] else name
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def number_text(amount: Decimal | int, places: int | None = None) -> str:
    """A number in a sentence, in the language of the run; with as many decimals as it has unless `places` says.

    >>> number_text(Decimal("1061.500000")), number_text(Decimal("0.0815"), 1)
    ('1,061.5', '0.1')
    """
    if places is not None:
        return locales.number(Decimal(amount), places, LANGUAGE.get())
    exponent = Decimal(amount).normalize().as_tuple().exponent
    return locales.number(Decimal(amount), max(0, -int(exponent)), LANGUAGE.get())


def money_text(amount: Decimal | int, currency: str | None) -> str:
    """Money in a sentence, in the language of the run.

    >>> money_text(Decimal("1061.666"), "EUR")
    '€1,061.67'
    """
    places = locales.currency_decimals(currency) if currency else 2
    return locales.money(Decimal(amount), places, currency, LANGUAGE.get())


def share_text(share: Decimal | float | None) -> str:
    """A share in a sentence, in the language of the run.

    >>> share_text(0.3548), share_text(None)
    ('35.5%', '–')
    """
    if share is None:
        return "–"
    return locales.percent(number_text(Decimal(str(share)) * 100, 1), LANGUAGE.get())


def day_text(day: dt.date) -> str:
    """A day in a sentence, in the language of the run.

    >>> day_text(dt.date(2026, 10, 5))
    'Oct 5, 2026'
    """
    return locales.day(day, LANGUAGE.get())


def span_text(start: dt.date, end: dt.date) -> str:
    """A period in a sentence, in the language of the run.

    >>> span_text(dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    'October 2026'
    """
    return locales.span(start, end, LANGUAGE.get())


def environment_language() -> str | None:
    """The language that LC_ALL, LC_MESSAGES or LANG names, if it is one of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value[:2] if value[:2] in {"en", "fr"} else None
    return None
