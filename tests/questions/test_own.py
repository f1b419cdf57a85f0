"""Own measures and metrics of kpi.yml work in every command like the built-in ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_cli.commands.app import main
from kpi_cli.exports import bulk, firsts, large, reading, sums

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


@pytest.mark.parametrize("question", ["roi", "cac", "channels", "ltv", "funnel"])
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
    assert capsys.readouterr().err.startswith("kpi: error: kpi.yml:3:21: no file of spend has the column “Result”")


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


def column_of(shop: Path, capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, object]:
    """Each channel's figure of the column asked for last."""
    *line, name = argv
    rows = answered(capsys, *line, "--month", "2026-10", "--by", "channel")["rows"]
    return {row["channel"]: row[name] for row in rows}  # type: ignore[attr-defined]


def test_in_a_funnel_a_group_s_figure_stands_in_the_row_of_its_last_stage(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answered(capsys, "funnel", "--month", "2026-10", "--by", "channel", "--sort=-click_rate")
    found = [(row["channel"], row["stage"], row["click_rate"]) for row in answer["rows"]]  # type: ignore[attr-defined]
    assert [row for row in found if row[2] is not None] == [
        ("Paid Social", "customers", 0.05),
        ("Paid Search", "customers", 0.025),
    ]
    assert main(["funnel", "--month", "2026-10"]) == 0
    assert "Click rate 4.00%" in capsys.readouterr().out


def test_a_defined_metric_that_no_question_shows_may_be_defined_anew(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engaged = SPEND.replace("Results", "engagements").replace("3.5", "8").replace("2.5", "1")
    (shop / "spend.csv").write_text(engaged, "utf-8")
    metric = 'engagement_rate: {formula: "engagements / impressions", unit: rate, better: higher, label: {fr: Taux}}'
    (shop / "kpi.yml").write_text(f"sources: [spend.csv, sales.csv]\nmetrics:\n  {metric}\n", "utf-8")
    assert answered(capsys, "roi", "--month", "2026-10")["total"]["engagement_rate"] == 0.008  # type: ignore[index]
    assert main(["explain", "engagement_rate", "--lang", "fr"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Taux · engagement_rate")
    assert "kpi.yml:3" in out


@pytest.mark.parametrize("name", ["roi", "cost", "conversion_rate"])
def test_a_figure_that_questions_show_keeps_its_meaning(
    shop: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "kpi.yml").write_text(
        f"sources: [spend.csv]\nmetrics:\n  {name}: {{formula: 1 + 1, unit: rate}}\n", "utf-8"
    )
    assert main(["roi"]) == 3
    assert f"kpi.yml:3:3: “{name}” is a built-in measure or metric already" in capsys.readouterr().err


def test_any_defined_figure_can_be_sorted_by_and_held_to_a_limit(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = column_of(shop, capsys, "cac", "--no-config", "spend.csv", "sales.csv", "--sort", "cpc", "cpc")
    assert list(found.items()) == [("Paid Social", 1.333333), ("Paid Search", 2)]
    line = ["ltv", "--no-config", "spend.csv", "sales.csv", "--month", "2026-10", "-f", "csv", "-q"]
    assert main([*line, "--fail-if", "ctr <= 4%"]) == 4
    assert "total is 0.04" in capsys.readouterr().err
    assert main([*line, "--fail-if", "retention_rate < 4%"]) == 2, "no file says who was at risk"


def test_files_without_the_column_are_named_and_their_groups_are_null(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "more.csv").write_text("date,channel,campaign,cost,currency\n2026-10-02,Display,banner,5.00,EUR\n", "utf-8")
    (shop / "kpi.yml").write_text(CONFIG.replace("spend.csv,", "spend.csv, more.csv,"), "utf-8")
    answer = answered(capsys, "roi", "--month", "2026-10", "--by", "channel")
    rows = {row["channel"]: row for row in answer["rows"]}  # type: ignore[attr-defined]
    assert (rows["Display"]["ad_results"], rows["Display"]["click_rate"]) == (None, None)
    told = [note["text"] for note in answer["notes"] if note["code"] == "measure_in_part"]  # type: ignore[attr-defined]
    assert "Ad results: counted without more.csv, where there is no such column" in told
    assert "Clicks: counted without more.csv, where there is no such column" in told


def test_revenue_is_as_unknown_in_a_formula_as_in_its_own_column(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "sales.csv").write_text(
        "date,order_id,email,amount,currency\n2026-10-01,o1,a@example.com,90,EUR\n", "utf-8"
    )
    config = "sources: [spend.csv, sales.csv]\nmetrics:\n  again: {formula: revenue / cost, unit: multiple}\n"
    (shop / "kpi.yml").write_text(config, "utf-8")
    for question in ("roi", "cac"):
        answer = answered(capsys, question, "--month", "2026-10", "--by", "channel")
        rows = {row["channel"]: row for row in answer["rows"]}  # type: ignore[attr-defined]
        assert rows["Paid Search"]["again"] is None
        why = {(null["row"], null["reason"]) for null in answer["nulls"] if null["column"] == "again"}  # type: ignore[attr-defined]
        assert (list(rows).index("Paid Search"), "sales_without_source") in why
        assert answer["total"]["again"] == 1.5  # type: ignore[index]


def test_roas_in_a_formula_is_the_roas_that_is_shown(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "sales.csv").write_text(SALES + "2026-10-03,o4,learner3@example.com,Email,600.00,EUR,1\n", "utf-8")
    config = "sources: [spend.csv, sales.csv]\nmetrics:\n  same: {formula: roas × 1, unit: multiple}\n"
    (shop / "kpi.yml").write_text(config, "utf-8")
    shown = answered(capsys, "roi", "--month", "2026-10")["total"]
    assert shown["roas"] == shown["same"] == 2  # type: ignore[index]
    assert answered(capsys, "cac", "--month", "2026-10")["total"]["same"] == 2  # type: ignore[index]


def test_targets_and_benchmarks_of_own_figures_stand_in_the_report(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goals = "targets:\n  click_rate: 5%\n  cpc: 1\n  Paid Search: {click_rate: 3%}\n"
    mark = "benchmarks:\n  - {metric: click_rate, value: 2%, sector: schools, year: 2020, source: nobody}\n"
    (shop / "kpi.yml").write_text(CONFIG + goals + mark, "utf-8")
    assert main(["report", "--month", "2026-10", "-f", "markdown", "--fail-if", "click_rate < target"]) == 4
    out, err = capsys.readouterr()
    assert "| Click rate | 4% | 0.0\u00a0pt on Sep 1\u2009–\u20092, 2026; Target 5% missed |" in out
    assert "| CPC | €1.50 |" in out
    assert "| Click rate | 4% | 2% | schools | nobody, 2020 (old) |" in out
    assert "click_rate < target: Paid Search is 0.025" in err
    assert "click_rate < target: total is 0.04" in err


def test_campaigns_are_not_ranked_where_no_sale_names_one(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--month", "2026-10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "campaigns" not in told["parts"]
    assert "campaigns_unnamed" in [note["code"] for note in told["notes"]]


# ------------------------------------------------------------------------------------------ large files

MANY = bulk.ROWS + 100
BY_SIZE = {bulk, firsts, large, reading, sums}  # what goes another way from so many rows on
LARGE = [
    ("sales", "roi --by channel"),
    ("sales", "cac --every month"),
    ("sales", "ltv"),
    ("leads", "cac --by channel"),
    ("traffic", "channels"),
    ("traffic", "funnel"),
    ("events", "funnel --steps view,buy"),
    ("touches", "channels --model last"),
]
HEADERS = {
    "sales": "date,order_id,email,channel,amount,currency",
    "leads": "date,lead_id,email,channel",
    "traffic": "date,channel,visits,key_events",
    "events": "time,user,event,channel",
    "touches": "time,user,channel,conversion,value",
}


def large_row(role: str, n: int) -> list[object]:
    """A row that differs from those around it, of a channel by its number."""
    channel, day = ("Paid Search", "Email", "Direct")[n % 3], f"2026-10-{1 + n % 31:02}"
    person = f"learner{n % 700}@example.com"
    return {
        "sales": [day, f"o-{n}", person, channel, f"{n % 90}.{n % 100:02}", "EUR"],
        "leads": [day, f"l-{n}", person, channel],
        "traffic": [day, channel, n % 40, n % 7],
        "events": [f"{day} 10:{n % 60:02}:00", person, ("view", "buy")[n % 2], channel],
        "touches": [f"{day} 10:{n % 60:02}:00", person, channel, n % 2, n % 2 * 5],
    }[role]


def write_large(folder: Path, role: str) -> tuple[float, int]:
    """A file just over the threshold with a column of its own; the sum of it, and how many of its cells are filled."""
    seats = [("", "0.5", "3", "12.25")[n * 7 % 4] for n in range(MANY)]
    rows = [",".join(map(str, [*large_row(role, n), seats[n]])) for n in range(MANY)]
    (folder / f"{role}.csv").write_text("\n".join([f"{HEADERS[role]},Seats", *rows, ""]), "utf-8")
    (folder / "spend.csv").write_text(SPEND, "utf-8")
    (folder / "kpi.yml").write_text(
        "currency: EUR\n"
        f"sources: [{{files: {role}.csv, role: {role}}}, spend.csv]\n"
        f"measures:\n  seats: {{sum: Seats, role: {role}}}\n  seated: {{count: Seats, role: {role}}}\n"
        "metrics:\n  seats_each: {formula: seats / seated, unit: count}\n",
        "utf-8",
    )
    return sum(float(seat or 0) for seat in seats), sum(map(bool, seats))


@pytest.mark.parametrize(("role", "question"), LARGE)
def test_own_measures_of_a_large_file_are_those_of_its_rows_read_one_by_one(
    role: str, question: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    seats, seated = write_large(tmp_path, role)
    answers = []
    for modules, rows in ((BY_SIZE, 10**9), (BY_SIZE - {bulk}, bulk.ROWS)):
        with monkeypatch.context() as patch:
            for module in modules:
                patch.setattr(module, "ROWS", rows)
            answers.append(answered(capsys, *question.split(), "--month", "2026-10"))
    by_rows, as_large = answers
    assert as_large == by_rows
    total = as_large["total"]
    assert isinstance(total, dict)
    assert (total["seats"], total["seated"], total["seats_each"]) == (seats, seated, round(seats / seated, 6))
