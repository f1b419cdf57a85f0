"""`--explain`: each ratio's formula, the same formula with its numbers, and the files behind them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kpi_cli.metrics import METRICS
from kpi_cli.result import Result, Value

PAID = "revenue_of_paid_channels"  # the revenue that ROAS holds against media cost where there are channels


def explain(result: Result, margin: Decimal | None, sums: Mapping[str, Value] | None = None) -> None:
    """Put into a result how its total comes about: `explain` lists the metrics, with formula and inputs.
    What is null has its reason instead.

    `sums` are inputs that the answer itself does not show.
    """
    given: dict[str, Value] = {**(sums or {}), **result.total, "margin": margin}
    known = [name for name, value in result.total.items() if name in METRICS and value is not None]
    entries = [_entry(name, given, result) for name in known]
    used = [
        {"file": s["file"], "role": s["role"], "read": s["rows"]["read"], "used": s["rows"]["used"]}
        for s in result.sources
        if s.get("rows") and s["rows"]["used"]
    ]
    result.extra["explain"] = {"metrics": entries, "files": used}


def _entry(name: str, given: Mapping[str, Value], result: Result) -> dict[str, Any]:
    metric = METRICS[name]
    inputs: dict[str, Value] = {i: _input(metric.defaults, given, i) for i in metric.inputs}
    formula = metric.formula
    if name == "roas" and given.get(PAID) is not None:
        inputs = {PAID: given[PAID]} | {i: value for i, value in inputs.items() if i != "revenue"}
        formula = formula.replace("revenue", PAID)
    return {
        "metric": name,
        "formula": formula,
        "inputs": inputs,
        "value": result.total[name],
        "source": metric.source,
    }


def _input(defaults: Mapping[str, Any], given: Mapping[str, Value], name: str) -> Value:
    value = given.get(name)
    return defaults.get(name) if value is None else value
