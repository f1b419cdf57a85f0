"""`--explain`: the formula that is shown, with the numbers that are shown, gives the figure that is shown."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

SCHOOL = Path(__file__).parents[2] / "sample_data" / "kpi.yml"


def explained(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, dict[str, Any]]:
    assert main([*argv, "--explain", "--json"]) == 0
    return {entry["metric"]: entry for entry in json.loads(capsys.readouterr().out)["explain"]["metrics"]}


@pytest.mark.parametrize("question", ["roi", "cac", "channels", "ltv"])
def test_a_formula_with_its_numbers_gives_its_value(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    entries = explained(capsys, question, "--config", str(SCHOOL), "--month", "2026-10")
    assert entries
    for entry in entries.values():
        formula = entry["formula"].replace("×", "*").replace("−", "-").replace("365.25", "Fraction(1461, 4)")
        inputs = {name: Fraction(str(value)) for name, value in entry["inputs"].items()}
        found = eval(formula, {"Fraction": Fraction, **inputs})
        assert float(found) == pytest.approx(entry["value"], abs=1e-6), entry


@pytest.mark.parametrize("question", ["roi", "channels"])
def test_roas_is_told_of_the_revenue_it_is_computed_from(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside MER, whose revenue is all there is, `revenue / media_cost` twice would give two answers."""
    entry = explained(capsys, question, "--config", str(SCHOOL), "--month", "2026-10")["roas"]
    assert entry["formula"] == "revenue_of_paid_channels / media_cost"
    assert list(entry["inputs"]) == ["revenue_of_paid_channels", "media_cost"]


def test_numbers_are_shown_as_the_table_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts whole, and money to the cent however much it is."""
    given = {
        "sales.csv": "date,order_id,customer_id,channel,amount\n2026-01-05,1,c-1,Email,123456.78\n",
        "spend.csv": "date,channel,cost,leads\n2026-01-05,Email,20000.10,8\n",
    }
    for name, text in given.items():
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in given]
    for question in ("roi", "cac"):
        assert main([question, *files, "--currency", "EUR", "--no-config", "--explain", "--lang", "en"]) == 0
    shown = capsys.readouterr().out.replace("\n  ", " ")
    assert "Profit = revenue × margin − cost = 123,456.78 × 1 − 20,000.10 = 103,456.68" in shown
    assert "CPL = cost / leads = 20,000.10 / 8 = 2,500.01" in shown
    assert "CAC = cost / new_customers = 20,000.10 / 1 = 20,000.10" in shown


def test_a_price_below_a_cent_is_no_nought(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spend.csv").write_text("date,channel,cost,leads\n2026-01-05,Email,3.40,1000\n")
    assert (
        main(["cac", str(tmp_path / "spend.csv"), "--currency", "EUR", "--no-config", "--explain", "--lang", "en"]) == 0
    )
    assert "CPL = cost / leads = 3.40 / 1,000 = 0.0034" in capsys.readouterr().out.replace("\n  ", " ")
