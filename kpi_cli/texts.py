"""What the program says: labels, reasons and notes, in English and French, from texts.yaml and labels.yaml."""

from __future__ import annotations

import os
from contextvars import ContextVar
from decimal import Decimal
from functools import cache
from typing import Any

from kpi_cli.packaged import package_data
from kpi_cli.result import Note

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")


@cache
def _texts() -> dict[str, Any]:
    return dict(package_data("texts.yaml"))


@cache
def _labels() -> dict[str, Any]:
    return dict(package_data("labels.yaml"))


def note(code: str, *, file: str | None = None, line: int | None = None, **facts: object) -> Note:
    """The note of that code, in the language of the run, with its facts filled in."""
    template = _texts()["notes"][code][LANGUAGE.get()]
    return Note(code, template.format(**facts), file, line)


def label(name: str, kind: str = "metrics") -> str:
    """What a column, a special row or a reason is called in the language of the run."""
    entry = _labels().get(kind, {}).get(name)
    if entry is None:
        return name.replace("_", " ").capitalize() if kind == "metrics" else name
    return str(entry[LANGUAGE.get()])


def money_text(amount: Decimal | int, currency: str | None) -> str:
    """Money in a sentence, in the language of the run.

    >>> money_text(Decimal("1061.666"), "EUR")
    '1,061.67 EUR'
    """
    text = f"{amount:,.2f}"
    if LANGUAGE.get() == "fr":
        text = text.replace(",", "\u202f").replace(".", ",")
    return f"{text} {currency}" if currency else text


def share_text(share: Decimal | float | None) -> str:
    """A share in a sentence, in the language of the run.

    >>> share_text(0.3548), share_text(None)
    ('35.5%', '–')
    """
    if share is None:
        return "–"
    text = f"{100 * share:.1f}"
    return f"{text.replace('.', ',')}\u202f%" if LANGUAGE.get() == "fr" else f"{text}%"


def environment_language() -> str | None:
    """The language that LC_ALL, LC_MESSAGES or LANG names, if it is one of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value[:2] if value[:2] in {"en", "fr"} else None
    return None
