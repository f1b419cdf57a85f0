"""`--explain`: each ratio's formula, the same formula with its numbers, and the files behind them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kpi_cli.metrics import METRICS
from kpi_cli.result import Result, Value


def explain(result: Result, margin: Decimal | None, sums: Mapping[str, Value] | None = None) -> None:
    """Put into a result how its total comes about: `explain` lists the metrics, with formula and inputs.

    `sums` are inputs that the answer itself does not show.
    """
    given: dict[str, Value] = {**(sums or {}), **result.total, "margin": margin}
    entries = [_entry(name, given, result) for name in result.total if name in METRICS]
    used = [
        {"file": s["file"], "role": s["role"], "read": s["rows"]["read"], "used": s["rows"]["used"]}
        for s in result.sources
        if s.get("rows") and s["rows"]["used"]
    ]
    result.extra["explain"] = {"metrics": entries, "files": used}


def _entry(name: str, given: Mapping[str, Value], result: Result) -> dict[str, Any]:
    metric = METRICS[name]
    inputs: dict[str, Value] = {i: _input(metric.defaults, given, i) for i in metric.inputs}
    if name == "roas" and "roas_revenue" in result.extra:
        inputs["revenue"] = result.extra.pop("roas_revenue")
    return {
        "metric": name,
        "formula": metric.formula,
        "inputs": inputs,
        "value": result.total[name],
        "source": metric.source,
    }


def _input(defaults: Mapping[str, Any], given: Mapping[str, Value], name: str) -> Value:
    value = given.get(name)
    return defaults.get(name) if value is None else value
