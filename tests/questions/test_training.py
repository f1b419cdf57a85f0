"""`kpi roi --training`: a training's return, its gain stated or measured on sales before and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

STATED = """training: Selling online
currency: EUR
direct: {material: 1200, platform: 800}
participants: 12
hours: 14
hourly_cost: 25
gain: 9000
"""
SALES = """date,order_id,customer_id,amount,tax,currency
2026-08-10,o1,c-0001,1200,200,EUR
2026-09-10,o2,c-0002,9000,0,EUR
2026-10-10,o3,c-0003,4800,800,EUR
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ask(capsys: pytest.CaptureFixture[str], text: str, *files: str) -> dict[str, Any]:
    Path("training.yaml").write_text(text, "utf-8")
    code = main(["roi", *files, "--training", "training.yaml", "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    answer: dict[str, Any] = json.loads(out)
    return answer


def test_the_return_is_the_gain_less_direct_and_indirect_cost_by_that_cost(capsys: pytest.CaptureFixture[str]) -> None:
    # metrics.md: (gain − direct − indirect) / (direct + indirect); indirect: participants × hours × hourly cost
    total = ask(capsys, STATED)["total"]
    assert (total["direct_cost"], total["indirect_cost"], total["cost"]) == (2000, 4200, 6200)
    assert total["profit"] == 2800
    assert total["roi"] == pytest.approx(2800 / 6200, abs=1e-6)


def test_the_gain_may_be_the_margin_of_the_sales_after_less_those_before(capsys: pytest.CaptureFixture[str]) -> None:
    text = STATED.replace("gain: 9000", "sales: {before: 40000, after: 52000, margin: 60%}")
    assert ask(capsys, text)["total"]["gain"] == 7200


def test_the_gain_may_be_measured_on_the_sales_of_two_periods(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sales.csv").write_text(SALES)
    text = STATED.replace("gain: 9000", "sales: {before: 2026-08, after: 2026-10, margin: 50%}")
    # 4 000 in October, 1 000 in August, tax taken out; half of the difference
    assert ask(capsys, text, "sales.csv")["total"]["gain"] == 1500


@pytest.mark.parametrize(
    ("before", "after", "code", "said"),
    [
        ("EUR", "USD", 3, "costs in EUR are held against sales in USD"),
        ("2026-08-10,o1,c-0001,1200,200,EUR\n", "", 5, "no sales file covers 2026-08-01 to 2026-08-31"),
    ],
)
def test_sales_that_cannot_be_held_against_the_costs_are_refused(
    capsys: pytest.CaptureFixture[str], before: str, after: str, code: int, said: str
) -> None:
    Path("sales.csv").write_text(SALES.replace(before, after))
    Path("training.yaml").write_text(STATED.replace("gain: 9000", "sales: {before: 2026-08, after: 2026-10}"))
    assert main(["roi", "sales.csv", "--training", "training.yaml"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_figures_beside_a_training_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("training.yaml").write_text(STATED)
    assert main(["roi", "--training", "training.yaml", "--revenue", "5", "--cost", "3"]) == 2
    assert "figures and files" in capsys.readouterr().err


def test_without_a_margin_the_gain_is_called_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sales.csv").write_text(SALES)
    text = STATED.replace("gain: 9000", "sales: {before: 2026-08, after: 2026-10}")
    answer = ask(capsys, text, "sales.csv")
    assert answer["total"]["gain"] == 3000
    assert "gain_is_revenue" in {note["code"] for note in answer["notes"]}


def test_keys_of_roi_that_a_training_has_not_are_null_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(capsys, STATED)
    reasons = {null["column"]: null["reason"] for null in answer["nulls"]}
    for name in ("revenue", "media_cost", "roas", "mer"):
        assert answer["total"][name] is None
        assert reasons[name] == "training"


def test_a_training_that_cost_nothing_has_no_return(capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(capsys, "direct: {material: 0}\ngain: 100\n")
    assert answer["total"]["roi"] is None
    assert {"row": None, "column": "roi", "reason": "no_cost"} in answer["nulls"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STATED.replace("hours", "hourz"), "training.yaml:5:1: unknown key “hourz”; did you mean “hours”?"),
        (STATED.replace("gain: 9000\n", ""), "training.yaml:1:1: the gain is stated or measured; give one of"),
        (STATED + "sales: {before: 1, after: 2}\n", "training.yaml:1:1: the gain is stated or measured; give one of"),
        (STATED.replace("participants: 12", "participants: -1"), "training.yaml:4:15: “-1” is below 0"),
        (STATED.replace("gain: 9000", "gain: soon"), "training.yaml:7:7: “soon” is not a number"),
        (
            STATED.replace("gain: 9000", "sales: {before: 2026-08, after: 5000}"),
            "training.yaml:7:8: one of before and after is an amount, the other a period",
        ),
        (
            STATED.replace("gain: 9000", "sales: {before: 2026-08, after: {from: 2026-10-01, to: 2026-10-10}}"),
            "training.yaml: 31 days before are held against 10 after",
        ),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    Path("training.yaml").write_text(text, "utf-8")
    assert main(["roi", "--training", "training.yaml"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"kpi: error: {said}")
