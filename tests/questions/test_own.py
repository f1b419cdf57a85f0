"""Own measures and metrics of kpi.yml work in every command like the built-in ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_cli.commands.app import main

SPEND = """\
date,channel,campaign,cost,currency,impressions,clicks,Results,Note
2026-09-01,Paid Search,brand,10.00,EUR,100,4,2.5,
2026-10-01,Paid Search,brand,20.00,EUR,400,10,3.5,seen
2026-10-02,Paid Social,reach,40.00,EUR,600,30,,seen
"""
SALES = """\
date,order_id,email,channel,amount,currency,Seats
2026-09-01,o1,learner1@example.com,Paid Search,50.00,EUR,1
2026-10-01,o2,learner2@example.com,Paid Search,80.00,EUR,2
2026-10-02,o3,learner2@example.com,Paid Social,40.00,EUR,3
"""
CONFIG = """\
sources: [spend.csv, sales.csv]
measures:
  ad_results: {sum: Results, role: spend}
  seen: {count: Note, role: spend}
  seats: {sum: seats, role: sales, label: {en: Seats sold, fr: Places}}
metrics:
  click_rate: {formula: clicks / impressions, unit: rate, better: higher, label: {en: Click rate}}
  cost_per_result: {formula: cost / ad_results, unit: money, better: lower}
  twice: {formula: "2 × cost_per_result + 0", unit: money}
  order_share: {formula: customers / orders, unit: rate}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("spend.csv", SPEND), ("sales.csv", SALES), ("kpi.yml", CONFIG)):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def answered(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, object]:
    assert main([*argv, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("question", ["roi", "cac", "channels", "ltv"])
def test_own_figures_stand_in_the_total_of_every_question(
    shop: Path, question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    total = answered(capsys, question, "--month", "2026-10")["total"]
    assert isinstance(total, dict)
    assert (total["ad_results"], total["seen"], total["seats"]) == (3.5, 2, 5)
    assert total["click_rate"] == 0.04
    assert total["cost_per_result"] == pytest.approx(60 / 3.5, abs=1e-6)
    assert total["twice"] == pytest.approx(120 / 3.5, abs=1e-6)
    assert total["order_share"] == 0.5, "one customer with two orders, counted and not added"


def test_own_figures_stand_in_rows_and_before_and_the_ratio_of_a_group_is_of_its_sums(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answered(capsys, "roi", "--month", "2026-10", "--by", "channel", "--compare", "previous")
    rows = {row["channel"]: row for row in answer["rows"]}  # type: ignore[attr-defined,union-attr]
    assert rows["Paid Search"]["click_rate"] == 0.025
    assert rows["Paid Social"]["cost_per_result"] is None
    assert {"row": 1, "column": "cost_per_result", "reason": "no_ad_results"} in answer["nulls"]  # type: ignore[operator]
    assert answer["previous"]["total"]["click_rate"] == 0.04  # type: ignore[index]
    units = {column["name"]: (column["unit"], column["better"]) for column in answer["columns"]}  # type: ignore[attr-defined]
    assert units["click_rate"] == ("rate", "higher")


def test_own_figures_are_sorted_by_and_decide_exit_codes(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["roi", "--month", "2026-10", "--by", "channel", "--sort", "-click_rate", "-f", "csv", "-q"]
    assert main([*line, "--fail-if", "click_rate < 3%"]) == 4
    out, err = capsys.readouterr()
    assert [row.split(",")[0] for row in out.splitlines()[1:]] == ["Paid Social", "Paid Search"]
    assert "Paid Search is 0.025" in err


def test_own_figures_stand_in_the_report_with_their_label(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--month", "2026-10", "-f", "markdown"]) == 0
    out = capsys.readouterr().out
    assert "| Click rate | 4% |" in out
    assert "| Seats sold | 5 |" in out
    assert main(["report", "--month", "2026-10", "-f", "markdown", "--lang", "fr"]) == 0
    assert "| Places | 5 |" in capsys.readouterr().out


def test_a_column_that_no_file_of_the_role_has_is_refused_with_the_line_of_kpi_yml(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "kpi.yml").write_text(CONFIG.replace("sum: Results", "sum: Result"), "utf-8")
    assert main(["roi", "--month", "2026-10"]) == 3
    assert capsys.readouterr().err.startswith("kpi: error: kpi.yml:3: no file of spend has the column “Result”")


def test_a_cell_of_an_own_column_that_is_no_number_is_refused_with_its_place(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "spend.csv").write_text(SPEND.replace("3.5,seen", "many,seen"), "utf-8")
    assert main(["roi", "--month", "2026-10"]) == 3
    assert capsys.readouterr().err.startswith("kpi: error: spend.csv:3:8: Results “many” is not")


def test_a_metric_over_a_role_that_the_question_does_not_use_reads_its_files(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "visits.csv").write_text("date,channel,visits\n2026-10-01,Paid Search,40\n2026-10-02,Direct,10\n")
    (shop / "kpi.yml").write_text(
        "sources: [spend.csv, sales.csv, visits.csv]\n"
        "metrics:\n  cost_per_visit: {formula: cost / visits, unit: money}\n"
    )
    answer = answered(capsys, "roi", "--month", "2026-10")
    assert answer["total"]["cost_per_visit"] == 1.2  # type: ignore[index]
    assert not [note for note in answer["notes"] if note["code"] == "unused_file"]  # type: ignore[attr-defined]


def test_a_metric_without_files_for_its_measures_is_null_with_a_reason(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "kpi.yml").write_text(
        "sources: [spend.csv, sales.csv]\nmetrics:\n  cost_per_visit: {formula: cost / visits, unit: money}\n"
    )
    answer = answered(capsys, "roi", "--month", "2026-10")
    assert answer["total"]["cost_per_visit"] is None  # type: ignore[index]
    assert {"row": None, "column": "cost_per_visit", "reason": "no_visits"} in answer["nulls"]  # type: ignore[operator]


def test_a_built_in_metric_is_a_part_like_any_other(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "kpi.yml").write_text(
        "sources: [spend.csv, sales.csv]\nmetrics:\n  half_aov: {formula: aov ÷ 2, unit: money}\n", "utf-8"
    )
    assert answered(capsys, "roi", "--month", "2026-10")["total"]["half_aov"] == 30  # type: ignore[index]
