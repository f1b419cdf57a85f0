"""How `--explain` reads: a formula, the same with its numbers, and the files behind it."""

from __future__ import annotations

import re
from typing import Any

from kpi_cli.render import numbers
from kpi_cli.render.words import word
from kpi_cli.result import Result, Unit
from kpi_cli.safe import printable
from kpi_cli.texts import formula_text


def explained(result: Result, lang: str) -> list[str]:
    """The lines that explain a result; none when it was not asked for."""
    found: dict[str, Any] | None = result.extra.get("explain")
    if not found:
        return []
    lines = [_formula(entry, result, lang) for entry in found["metrics"]]
    return lines + [_file(entry, lang) for entry in found["files"]]


def _formula(entry: dict[str, Any], result: Result, lang: str) -> str:
    """`ROI = (revenue × margin − cost) / cost = (10,000 × 1 − 7,000) / 7,000 = 42.86%`."""
    column = next(c for c in result.columns if c.name == entry["metric"])
    counts = {c.name for c in result.columns if c.unit == "count"}
    shown = {name: _figure(value, lang, is_count=name in counts) for name, value in entry["inputs"].items()}
    names = sorted(shown, key=len, reverse=True)
    pattern = "|".join(rf"\b{re.escape(name)}\b" for name in names)
    filled = re.sub(pattern, lambda match: shown[match[0]], entry["formula"])
    answer = _answer(entry["value"], column.unit, lang)
    return f"{printable(column.label)} = {formula_text(entry['formula'])} = {filled} = {answer}"


def _figure(value: Any, lang: str, *, is_count: bool) -> str:
    """A number that went in: a count with the decimals it has, all else as a ledger shows it."""
    exact = numbers.exactly(value)
    if exact is None:
        return "–" if value is None else str(value)
    if is_count or isinstance(value, int):
        return numbers.figure(exact, "count", numbers.places("count", [exact]), lang)
    return numbers.accounted(exact, lang)


def _answer(value: Any, unit: Unit, lang: str) -> str:
    """What came out, as the tables have it where it stands alone."""
    if unit == "money":
        return numbers.amount(value, None, lang)
    return numbers.figure(value, unit, numbers.places(unit, [value]), lang)


def _file(entry: dict[str, Any], lang: str) -> str:
    return printable(f"{entry['file']}: {word('used_of', lang, entry['used'], entry['read'])}")
