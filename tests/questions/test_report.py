"""`kpi report`: one value from the other questions' answers, and conditions on it."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli import locales
from kpi_cli.commands.app import main
from kpi_cli.commands.options import Common, asked
from kpi_cli.questions import report as module
from kpi_cli.questions.report import report
from kpi_cli.render.telling import said
from kpi_cli.reporting import Report, Split
from kpi_cli.result import Previous, Result, Span

ROOT = Path(__file__).resolve().parents[2]
SCHOOL = ROOT / "sample_data"

SPEND = "date,platform,channel,campaign,cost,currency,clicks\n"
SALES = "date,order_id,email,amount,currency,channel\n"
CONFIG = """\
sources: [spend.csv, sales.csv]
margin: 50%
vat: 0%
targets:
  cac: 30
  roi: {from: 2026-10, value: 50%}
budgets:
  total: 100
  Paid Search: 40
benchmarks:
  - {metric: cac, value: 25, sector: courses, year: 2021, source: A survey}
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two months of a shop whose figures can be worked out by hand.

    September: cost 60, revenue 200, 2 new customers. October: cost 120, revenue 400 (300 + 100), 3 new ones.
    """
    monkeypatch.chdir(tmp_path)
    days = {"2026-09": ("01", "30"), "2026-10": ("01", "31")}
    cost = {("2026-09", "Paid Search"): 30, ("2026-10", "Paid Search"): 45, ("2026-09", "Paid Social"): 30}
    cost[("2026-10", "Paid Social")] = 75
    lines = [
        f"{month}-{day},{name},{name},{name} campaign,{amount / 2:.2f},EUR,10\n"
        for (month, name), amount in cost.items()
        for day in days[month]
    ]
    (tmp_path / "spend.csv").write_text(SPEND + "".join(sorted(lines)))
    (tmp_path / "sales.csv").write_text(
        SALES
        + "2026-09-01,o1,learner1@example.com,150.00,EUR,Paid Search\n"
        + "2026-09-30,o2,learner2@example.com,50.00,EUR,Paid Social\n"
        + "2026-10-01,o3,learner3@example.com,300.00,EUR,Paid Search\n"
        + "2026-10-15,o4,learner4@example.com,60.00,EUR,Paid Social\n"
        + "2026-10-31,o5,learner5@example.com,40.00,EUR,Paid Social\n"
    )
    (tmp_path / "kpi.yml").write_text(CONFIG)
    return tmp_path


def october(**more: object) -> Report:
    return report(asked(None, Common(month="2026-10", **more)))  # type: ignore[arg-type]


def test_headline_figures_stand_beside_the_month_before(small: Path) -> None:
    found = october()
    shown = {head.column.name: (head.value, head.previous) for head in found.headlines}
    assert shown["revenue"] == (400, 200)
    assert shown["cost"] == (120, 60)
    assert shown["profit"] == (Decimal(80), Decimal(40))
    assert shown["new_customers"] == (3, 2)
    assert shown["cac"] == (40, 30)
    assert (found.previous and found.previous.start.isoformat()) == "2026-09-01"


def test_a_month_that_the_files_do_not_cover_is_not_compared_with_and_that_is_said(small: Path) -> None:
    found = october()
    assert found.year is None
    assert {head.year for head in found.headlines} == {None}
    assert {note.file for note in found.notes if note.code == "not_comparable"} == {"spend.csv", "sales.csv"}


def test_costs_that_only_some_of_the_months_have_are_told(small: Path) -> None:
    """September's return would look better than October's because nobody wrote down what people cost."""
    costs = "costs:\n  - {month: 2026-10, category: people, cost: 1000, currency: EUR}\n"
    assert "trend_incomplete" not in {note.code for note in october().notes}
    (small / "kpi.yml").write_text(CONFIG + costs)
    told = [(note.file, note.text) for note in october().notes if note.code == "trend_incomplete"]
    assert [file for file, _ in told] == ["kpi.yml"]
    assert "covers only October 2026" in told[0][1]


def test_targets_budgets_and_benchmarks_stand_beside_the_figures(small: Path) -> None:
    found = october()
    assert found.headline("cac").target == 30  # type: ignore[union-attr]
    assert found.headline("cost").budget == 100  # type: ignore[union-attr]
    budgets = found.part("budgets")
    assert budgets is not None
    assert budgets.rows == [{"channel": "Paid Search", "cost": 45, "budget": 40, "over_budget": 5}]
    standing = found.standings[0]
    assert (standing.value, standing.benchmark, standing.old) == (40, 25, True)


def test_the_channels_whose_revenue_changed_most_come_first(small: Path) -> None:
    moves = [(move.name, move.before, move.now) for move in october().moves]
    assert moves == [("Paid Search", 150, 300), ("Paid Social", 50, 100)]


def test_a_change_of_cac_is_split_into_cost_and_customers(small: Path) -> None:
    # 60 / 2 = 30 became 120 / 3 = 40. Cost alone: 60 more at 2 customers is +30, at 3 it is +20: +25.
    # Customers alone: 60 / 3 - 60 / 2 = -10, 120 / 3 - 120 / 2 = -20: -15.
    assert october().split == Split(Decimal(30), Decimal(40), Decimal(25), Decimal(-15))


@settings(max_examples=60)
@given(*[st.integers(1, 10**6)] * 4)
def test_the_two_causes_of_a_change_of_cac_add_up_to_it(cost: int, people: int, old_cost: int, old_people: int) -> None:
    span = Span(module.dt.date(2026, 9, 1), module.dt.date(2026, 9, 30), 30)
    before = Previous(span, [], {"cost": old_cost, "new_customers": old_people})
    won = Result("cac", [], [], {"cost": cost, "new_customers": people}, previous=before)
    split = module._cac_split([(won, module._FROM_CAC)])
    assert split is not None
    assert abs(split.by_cost + split.by_customers - (split.now - split.before)) < Decimal("1e-15")
    assert (split.by_cost > 0) == (cost > old_cost)
    assert cost == old_cost or abs(split.by_cost) > 0


def test_the_twelve_months_up_to_the_period_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCHOOL)
    trend = october().part("trend")
    assert trend is not None
    assert [row["month"] for row in trend.rows] == [f"2025-{m}" for m in (11, 12)] + [
        f"2026-{m:02}" for m in range(1, 11)
    ]


def test_a_figure_is_the_one_that_its_own_question_gives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(SCHOOL)
    told = {head["name"]: head for head in october().to_dict()["headlines"]}
    for question, names in (("roi", ("revenue", "cost", "roi")), ("cac", ("cac", "leads")), ("channels", ("visits",))):
        for compare, key in (("previous", "previous"), ("year", "year")):
            assert main([question, "--month", "2026-10", "--compare", compare, "--json"]) == 0
            answer = json.loads(capsys.readouterr().out)
            for name in names:
                assert told[name]["value"] == answer["total"][name]
                assert told[name][key] == answer["previous"]["total"][name]


def test_every_row_of_every_file_is_accounted_for_with_its_checksum(small: Path) -> None:
    import hashlib

    for source in october().sources:
        rows = source["rows"]
        assert rows["read"] == rows["used"] + sum(rows["left_out"].values())
        assert source["sha256"] == hashlib.sha256(Path(source["file"]).read_bytes()).hexdigest()


def test_the_files_are_read_once(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kpi_cli import opening

    read, counted = opening.read, []

    def counting(*given: object, **named: object) -> object:
        counted.append(given)
        return read(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(opening, "read", counting)
    october()
    assert len(counted) == 1


@pytest.mark.parametrize("option", [["--by", "channel"], ["--every", "month"], ["--sort", "cost"]])
def test_a_report_chooses_its_own_rows(small: Path, option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--month", "2026-10", *option]) == 2
    assert option[0] in capsys.readouterr().err


def test_the_json_fits_its_schema(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((ROOT / "kpi_cli" / "schema.json").read_text("utf-8"))
    assert main(["report", "--month", "2026-10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, {**schema, "anyOf": [{"$ref": "#/$defs/report"}]})
    assert told["cac_split"] == {"before": 30, "now": 40, "by_cost": 25, "by_customers": -15}
    assert main(["explain", "--json"]) == 0
    jsonschema.validate(json.loads(capsys.readouterr().out), {**schema, "anyOf": [{"$ref": "#/$defs/answer"}]})


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "Customers who bought (October 2026): value to date."),
        ("fr", "Clients ayant acheté (octobre 2026) : valeur à ce jour."),
    ],
)
def test_customers_of_a_month_are_not_said_to_be_those_since_it(lang: str, told: str) -> None:
    days = (dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert said("won_in", lang, locales.span(*days, lang)) == told


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_the_sample_report_in_the_documentation_is_what_is_written_now(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SCHOOL)
    assert main(["report", "--month", "2026-10", "-o", str(tmp_path / f"now.{ending}")]) == 0
    kept = ROOT / "docs" / "report" / f"2026-10.{ending}"
    assert kept.read_text("utf-8") == (tmp_path / f"now.{ending}").read_text("utf-8"), "if that was meant: make picture"


# ------------------------------------------------------------------------------------------- cron


def test_a_kind_of_export_without_a_row_in_the_period_exits_5_and_is_named(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "spend.csv").write_text(SPEND + "2026-09-01,Paid Search,Paid Search,brand,30.00,EUR,10\n")
    (small / "costs.csv").write_text("month,cost,currency\n2026-10,10,EUR\n")
    (small / "kpi.yml").write_text(CONFIG + "costs: costs.csv\n")
    assert main(["report", "--month", "2026-10", "-o", "page.html"]) == 5
    assert "spend.csv" in capsys.readouterr().err
    assert not Path("page.html").exists()


def test_a_partly_covered_period_is_a_note_and_exit_5_under_strict(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (small / "spend.csv").read_text().splitlines(keepends=True)
    (small / "spend.csv").write_text("".join(line for line in lines if "2026-10-31" not in line))
    assert main(["report", "--month", "2026-10", "-o", "page.md"]) == 0
    assert "covers only Oct 1, 2026 of the period" in Path("page.md").read_text()
    assert main(["report", "--month", "2026-10", "--strict", "-o", "strict.md"]) == 5
    assert not Path("strict.md").exists()
    capsys.readouterr()


@pytest.mark.parametrize("ending", ["html", "md", "json", "xlsx", "csv", "txt"])
def test_a_good_run_writes_the_month_and_says_nothing(
    small: Path, ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--last", "month", "--as-of", "2026-11-01", "-o", f"{{month}}.{ending}"]) == 0
    assert capfd.readouterr() == ("", "")
    assert (small / f"2026-10.{ending}").stat().st_size > 0


def test_the_same_files_give_the_same_bytes_whatever_the_day_hash_seed_time_zone_and_locale(small: Path) -> None:
    code = "import sys; from kpi_cli.commands.app import main; sys.exit(main(sys.argv[1:]))"
    written = set()
    for seed, zone, locale in (("1", "UTC", "C"), ("2", "Asia/Tokyo", "fr_FR.UTF-8")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": str(ROOT)}
        for ending in ("html", "xlsx", "json"):
            argv = ["report", "--last", "month", "-o", f"{seed}.{ending}", "--as-of", "2026-11-01", "--tz", "UTC"]
            subprocess.run([sys.executable, "-c", code, *argv], env=environment, check=True, cwd=small)
        written.add(tuple((small / f"{seed}.{ending}").read_bytes() for ending in ("html", "xlsx", "json")))
    assert len(written) == 1


@pytest.fixture
def kept(small: Path) -> Path:
    page = small / "page.html"
    page.write_text("the report of last month")
    return page


def test_a_run_that_fails_leaves_the_old_report(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("sales.csv").write_text(SALES + "2026-10-01,o3,learner3@example.com,12..5,EUR,Paid Search\n")
    assert main(["report", "--month", "2026-10", "-o", str(kept)]) == 3
    assert kept.read_text() == "the report of last month"
    assert [path.name for path in kept.parent.glob(".kpi-*")] == []
    capsys.readouterr()


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("cac > 39", 4),
        ("cac > 120", 0),
        ("cac > target", 4),
        ("total.roi < target", 0),
        ("cost > budget", 4),
        ("revenue change < -20%", 0),
        ("total.revenue change > 99%", 4),
        ("ltv < 1", 0),
    ],
)
def test_a_condition_on_a_figure_a_target_a_budget_or_a_change_decides_the_exit_code(
    small: Path, condition: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--month", "2026-10", "--fail-if", condition, "-o", "page.json"]) == code
    assert Path("page.json").exists(), "the output is complete whatever the condition"
    assert capsys.readouterr().err.count("fail-if:") >= (code == 4)


def test_a_channel_over_its_own_budget_trips_though_the_whole_is_within(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "kpi.yml").write_text(CONFIG.replace("total: 100", "total: 500"))
    assert main(["report", "--month", "2026-10", "--fail-if", "cost > budget", "-o", "page.json"]) == 4
    assert capsys.readouterr().err == "kpi: fail-if: cost > budget: Paid Search is 45\n"


def test_a_target_that_is_not_set_cannot_be_a_condition(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--month", "2026-10", "--fail-if", "profit < target"]) == 2
    assert "no target" in capsys.readouterr().err


@pytest.mark.parametrize("condition", ["roi < target", "cost > budget"])
def test_other_commands_hold_their_rows_against_targets_too(
    small: Path, condition: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # October: ROI 80 / 120 = 67 %, above 50 %; September has no ROI target, and cost stays within 100.
    assert main(["roi", "--every", "month", "--fail-if", condition, "-f", "csv", "-q"]) == (
        4 if "cost" in condition else 0
    )
    head, *rows = capsys.readouterr().out.splitlines()
    assert "roi_target" in head.split(",")
    assert "budget" in head.split(",")
    assert len(rows) == 2


def test_no_address_of_a_customer_stands_in_any_report(small: Path) -> None:
    for ending in ("html", "md", "json", "xlsx", "csv", "txt"):
        assert main(["report", "--month", "2026-10", "-o", f"page.{ending}", "-q"]) == 0
        assert b"learner" not in Path(f"page.{ending}").read_bytes()


def test_the_library_gives_the_report_of_the_command(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import kpi_cli

    assert main(["report", "--month", "2026-10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = kpi_cli.report(config="kpi.yml", month="2026-10")
    assert found.to_dict() == told
    frame = found.to_pandas()
    assert {str(frame[name].dtype) for name in ("value", "previous", "year", "target", "budget")} == {"float64"}
    figures = frame.set_index("name")["value"]
    assert figures["roi"] == told["headlines"][3]["value"]
    channels = found.part("channels")
    assert channels is not None
    assert list(channels.to_pandas()["channel"]) == [row["channel"] for row in told["parts"]["channels"]["rows"]]


def test_a_figure_that_is_not_known_trips_its_condition_and_is_no_unknown_column(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "sales.csv").write_text(SALES.replace("email,", "") + "2026-10-05,o1,400.00,EUR,Paid Search\n")
    line = ["report", "--month", "2026-10", "-o", "page.html"]
    assert main([*line, "--fail-if", "total.cac > 120", "--fail-if", "cac > target"]) == 4
    told = capsys.readouterr().err
    assert "kpi: fail-if: total.cac > 120: total is not known" in told
    assert "kpi: fail-if: cac > target: total is not known" in told
