"""`kpi explain`: what a measure or metric is, from the one place where each is defined."""

from __future__ import annotations

from kpi_cli.config import Config
from kpi_cli.definitions import Definition, definitions
from kpi_cli.errors import UsageError, did_you_mean
from kpi_cli.result import Column, Result, Row
from kpi_cli.safe import quoted
from kpi_cli.texts import label

_COLUMNS = ("metric", "label", "unit", "better", "formula", "needs", "edges", "source")


def define(config: Config, name: str | None = None) -> Result:
    """One measure or metric, or all of them.

    Raises:
        UsageError: there is none of that name.
    """
    known = {found.name: found for found in definitions(config)}
    if name is not None and name.casefold() not in known:
        said = f"there is no measure or metric {quoted(name)}"
        raise UsageError("unknown_metric", said, did_you_mean(name, known, "kpi explain lists them"))
    chosen = known.values() if name is None else [known[name.casefold()]]
    columns = [Column(column, label(column, "definitions"), "text") for column in _COLUMNS]
    result = Result("explain", columns, [_row(found) for found in chosen], {}, by=["metric"])
    if config.file:
        result.config = {"file": config.file, "sha256": config.sha256 or ""}
    return result


def _row(found: Definition) -> Row:
    return {
        "metric": found.name,
        "label": found.label,
        "unit": found.unit,
        "better": found.better,
        "formula": found.formula,
        "needs": ", ".join(found.needs) or None,
        "edges": "; ".join(found.edges) or None,
        "source": found.source or None,
    }
