"""What an answer takes grows with its rows, not with their square."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kpi_cli import period
from kpi_cli.commands.app import main
from kpi_cli.exports.tables import Store

SETTINGS = """
currency: EUR
targets: {roi: 50%, cac: 120}
budgets: {total: 3100, Email: 310}
metrics: {cost_per_order: {formula: cost / orders, unit: money, better: lower}}
"""


def write_shop(folder: Path, days: int) -> None:
    start = dt.date(2026, 1, 1)
    dates = [start + dt.timedelta(n) for n in range(days)]
    channels = ("Email", "Direct", "Referral")
    spend = [f"{day},{channel},5\n" for day in dates for channel in channels]
    sales = [f"{channel}-{day},{day},c-{day},30,{channel}\n" for day in dates for channel in channels]
    (folder / "spend.csv").write_text("date,channel,cost\n" + "".join(spend))
    (folder / "sales.csv").write_text("order_id,date,customer_id,amount,channel\n" + "".join(sales))
    (folder / "kpi.yml").write_text("sources: [spend.csv, sales.csv]" + SETTINGS)


@pytest.mark.parametrize("question", ["roi", "cac", "channels"])
def test_what_is_worked_out_once_is_not_worked_out_for_every_row(
    question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {"queries": 0, "units of time": 0}

    def counted(name: str, plain: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            calls[name] += 1
            return plain(*given, **named)

        return call

    monkeypatch.setattr(Store, "rows", counted("queries", Store.rows))
    monkeypatch.setattr(period, "unit_around", counted("units of time", period.unit_around))
    monkeypatch.chdir(tmp_path)
    found = []
    for days in (20, 60):
        write_shop(tmp_path, days)
        calls.update(dict.fromkeys(calls, 0))
        assert main([question, "--by", "day,channel", "-o", "out.json"]) == 0
        found.append(dict(calls))
    few, many = found
    assert many["queries"] == few["queries"]
    assert many["units of time"] <= 3.5 * few["units of time"]
