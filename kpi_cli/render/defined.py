"""`kpi explain` on a screen: one definition as labelled lines, or all of them as a list."""

from __future__ import annotations

from kpi_cli.render.checked import Fact
from kpi_cli.render.words import word
from kpi_cli.result import Result, Row
from kpi_cli.safe import printable
from kpi_cli.texts import formula_text, label

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
        return [Fact(printable(str(row["metric"])), _formula(row)) for row in result.rows]
    row = result.rows[0]
    lines = [Fact(label("unit", "definitions"), _unit(row))]
    for name in _LINES:
        said = _SHOWN[name](row) if name in _SHOWN else str(row[name] or "")
        parts = said.split("; ") if name == "edges" else [said]
        lines += [Fact(label(name, "definitions"), printable(part)) for part in parts if part]
    return lines


def _formula(row: Row) -> str:
    """The formula of a metric with its names in the reader's language; of a measure, a sentence."""
    return printable(formula_text(str(row["formula"])) if row["needs"] else str(row["formula"]))


def _needs(row: Row) -> str:
    """What a formula is made of: the names that kpi.yml takes, after what the reader calls them."""
    parts = {need: formula_text(need.partition(" ")[0]) for need in str(row["needs"] or "").split(", ")}
    return ", ".join(need if said == need.partition(" ")[0] else f"{said} ({need})" for need, said in parts.items())


_SHOWN = {"formula": _formula, "needs": _needs}


def _unit(row: Row) -> str:
    unit = label(str(row["unit"]), "units")
    return f"{unit}, {label(str(row['better']), 'units')}" if row["better"] else unit
