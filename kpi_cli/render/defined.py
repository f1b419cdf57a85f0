"""`kpi explain` on a screen: one definition as labelled lines, or all of them as a list."""

from __future__ import annotations

from kpi_cli.render.checked import Fact
from kpi_cli.render.words import word
from kpi_cli.result import Result, Row
from kpi_cli.safe import printable
from kpi_cli.texts import label

_LINES = ("formula", "needs", "edges", "source")


def is_definition(result: Result) -> bool:
    """Whether an answer defines metrics."""
    return result.question == "explain"


def headed(result: Result, lang: str) -> str:
    """What stands above: the metric's label and name, or how many there are."""
    if len(result.rows) == 1:
        row = result.rows[0]
        return printable(f"{row['label']} · {row['metric']}")
    return word("defined", lang, len(result.rows))


def described(result: Result) -> list[Fact]:
    """The lines of one definition, or a line for each of many."""
    if len(result.rows) > 1:
        return [Fact(printable(str(row["metric"])), printable(str(row["formula"]))) for row in result.rows]
    row = result.rows[0]
    lines = [Fact(label("unit", "definitions"), _unit(row))]
    for name in _LINES:
        parts = str(row[name] or "").split("; ") if name == "edges" else [str(row[name] or "")]
        lines += [Fact(label(name, "definitions"), printable(part)) for part in parts if part]
    return lines


def _unit(row: Row) -> str:
    unit = label(str(row["unit"]), "units")
    return f"{unit}, {label(str(row['better']), 'units')}" if row["better"] else unit
