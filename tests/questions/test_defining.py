"""`kpi explain` and `kpi init`."""

from __future__ import annotations

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from kpi_cli.commands.app import main
from kpi_cli.config import Config
from kpi_cli.config.loading import load_config
from kpi_cli.definitions import built_in, load_settings
from kpi_cli.exports import strict_yaml
from kpi_cli.metrics import METRICS, Metric
from kpi_cli.packaged import package_data
from kpi_cli.questions.defining import define

ROOT = Path(__file__).resolve().parents[2]
EXPORTS = ROOT / "sample_data" / "exports"
ERRORS = ROOT / "tests" / "errors"

OWN = """\
measures:
  ad_results: {sum: Results, role: spend, unit: count, label: {en: Ad results, fr: Résultats}}
metrics:
  cost_per_result: {formula: cost / ad_results, unit: money, better: lower, label: {fr: Coût par résultat}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ------------------------------------------------------------------------------------------------ explain


def test_explaining_a_metric_prints_its_formula_unit_edge_cases_and_source(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "cac"]) == 0
    out = capsys.readouterr().out
    for said in ("cost / new_customers", "money, lower is better", "no new customers: null", "Marketing Metrics"):
        assert said in out


def french_words() -> dict[str, str]:
    return dict(package_data("texts.yaml")["french"])


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_edge_source_and_name_of_a_formula_has_french_words(metric: Metric) -> None:
    french, labels = french_words(), package_data("labels.yaml")["metrics"]
    assert [edge for edge in metric.edges if edge not in french] == []
    assert metric.source in french or metric.source[0].isupper(), "a title stays, what is said of it does not"
    named = set(re.findall(r"[a-z_]{2,}", metric.formula)) | {metric.name}
    assert [name for name in named if not labels.get(name, {}).get("fr")] == []


def test_no_french_words_are_kept_for_what_is_no_longer_said() -> None:
    said = {"{} 0: null", *(m.source for m in METRICS.values()), *(edge for m in METRICS.values() for edge in m.edges)}
    assert set(french_words()) <= said
    assert all("; " not in french_words()[edge] for m in METRICS.values() for edge in m.edges), "one line each"


def test_a_french_reader_is_told_in_french_and_a_script_the_same_as_ever(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "cac", "--lang", "fr"]) == 0
    out = capsys.readouterr().out
    for said in ("coût / nouveaux clients", "coût (cost), nouveaux clients (new_customers)", "aucun nouveau client"):
        assert said in out
    assert main(["explain", "cac", "--lang", "fr", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert (row["formula"], row["needs"]) == ("cost / new_customers", "cost, new_customers")
    assert main(["roi", "--revenue", "10000", "--cost", "7000", "--margin", "0.6", "--explain", "--lang", "fr"]) == 0
    assert "Bénéfice = CA × marge − coût = 10\u202f000,00 × 0,60 − 7\u202f000,00 = " in capsys.readouterr().out


def test_without_a_name_every_measure_and_metric_is_listed() -> None:
    listed = {str(row["metric"]) for row in define(Config.empty()).rows}
    assert listed == built_in()
    assert set(METRICS) <= listed


def test_an_own_metric_is_explained_like_a_built_in_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "kpi.yml").write_text(OWN, "utf-8")
    assert main(["explain", "cost_per_result"]) == 0
    out = capsys.readouterr().out
    for said in ("cost / ad_results", "money, lower is better", "ad_results 0: null", "kpi.yml:4"):
        assert said in out
    assert main(["explain", "ad_results", "--lang", "fr"]) == 0
    assert "Résultats · ad_results" in capsys.readouterr().out


def test_a_name_like_no_other_is_answered_by_where_the_names_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "zzzz", "--no-config"]) == 2
    assert capsys.readouterr().err.endswith("kpi explain lists them\n")


def test_a_misspelt_metric_gets_a_suggestion(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "rois"]) == 2
    assert "did you mean “roi”?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets:\n  rio: 20%\n", "kpi.yml:2:3: “rio” is no metric; did you mean “roi”?"),
        (
            "metrics:\n  m: {formula: costs / leads, unit: money}\n",
            "kpi.yml:2:16: the formula uses “costs”, which is no measure or metric; did you mean “cost”?",
        ),
        (
            "metrics:\n  roi: {formula: cost / leads, unit: money}\n",
            "kpi.yml:2:3: “roi” is a built-in measure or metric already; choose another name",
        ),
    ],
)
def test_a_name_that_kpi_yml_gets_wrong_is_refused_by_every_command(
    text: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "kpi.yml").write_text(text, "utf-8")
    assert main(["explain"]) == 3
    assert capsys.readouterr().err == f"kpi: error: {said}\n"


# --------------------------------------------------------------------------------------------------- init


def school(folder: Path) -> None:
    shutil.copytree(EXPORTS, folder / "exports")


def test_a_drafted_kpi_yml_is_read_back_and_answers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school(here)
    assert main(["init", "exports/"]) == 0
    config = load_config(Path("kpi.yml"))
    assert [source.files for source in config.sources] == [("exports/*.csv",)]
    assert config.currency == "EUR"
    capsys.readouterr()
    assert main(["roi", "--month", "2026-10", "-f", "csv", "-q"]) == 0
    assert capsys.readouterr().out.startswith("revenue,")


def test_every_proposal_of_a_draft_is_yaml_that_kpi_takes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school(here)
    main(["init", "exports/", "-q"])
    lines = Path("kpi.yml").read_text("utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("currency:"))
    kept = []
    for line in lines[start:]:
        bare = line.removeprefix("# ")
        is_yaml = bare != line and (bare.startswith(("  ", "- ")) or bare.split(" #")[0].split(":")[0].isidentifier())
        if is_yaml and ":" in bare:
            kept.append(bare)
    text = "\n".join(kept) + "\n"
    assert isinstance(strict_yaml.load(text, "draft.yml"), strict_yaml.Mapping)
    Path("draft.yml").write_text(text, "utf-8")
    config = load_config(Path("draft.yml"))
    assert (config.margin, config.vat) == (Decimal("0.6"), Decimal("0.2"))
    assert [goal.metric for goal in config.targets] == ["roi", "cac"]
    assert set(config.products) >= {"L'appareil en main"}
    assert config.metrics[0].name == "cost_per_click"


def test_a_file_that_leaves_something_open_stands_in_a_comment_with_the_key_that_settles_it(here: Path) -> None:
    school(here)
    shutil.copy(ERRORS / "decimal_open.tsv", here / "exports")
    shutil.copy(ERRORS / "bad_number.csv", here / "exports")
    assert main(["init", "exports/"]) == 0
    text = Path("kpi.yml").read_text("utf-8")
    assert '# - {files: exports/decimal_open.tsv, decimal: …}  # "," or "."' in text
    assert "# bad_number.csv (line 2): cost “15%” is a percentage" in text
    assert "exports/*.csv" not in text, "a pattern would take the damaged file in"
    assert load_config(Path("kpi.yml")).sources[0].files == ("exports/course_progress.csv",)


def test_a_file_whose_role_is_open_is_proposed_with_those_it_may_have(here: Path) -> None:
    (here / "people.csv").write_text("date,email\n2026-10-01,learner17@example.com\n")
    (here / "money.csv").write_text("date,amount\n2026-10-01,10.00\n")
    (here / "spend.csv").write_text("date,cost\n2026-10-01,10.00\n")
    assert main(["init", "."]) == 0
    text = Path("kpi.yml").read_text("utf-8")
    assert "# - {files: people.csv, role: …}  # leads" in text
    assert "# - {files: money.csv, role: …}  # spend or sales or costs" in text


def test_an_existing_kpi_yml_is_left_alone_unless_forced(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school(here)
    Path("kpi.yml").write_text("margin: 50%\n", "utf-8")
    assert main(["init", "exports/"]) == 2
    assert Path("kpi.yml").read_text("utf-8") == "margin: 50%\n"
    assert "--force" in capsys.readouterr().err
    assert main(["init", "exports/", "--force"]) == 0
    assert "margin: 50%" not in Path("kpi.yml").read_text("utf-8")


def test_a_folder_without_exports_is_no_data(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "exports").mkdir()
    assert main(["init", "exports/"]) == 5
    assert not Path("kpi.yml").exists()


def test_a_draft_holds_no_address_of_anybody(here: Path) -> None:
    (here / "sales.csv").write_text(
        "date,order_id,email,product,amount\n2026-10-01,o-1,learner17@example.com,for learner17@example.com,10.00\n"
    )
    assert main(["init", "sales.csv"]) == 0
    assert "learner17" not in Path("kpi.yml").read_text("utf-8")


def test_a_pattern_takes_in_what_was_looked_at_and_nothing_else(here: Path) -> None:
    school(here)
    assert main(["init", "exports/stripe_payments.csv", "exports/google_ads.csv"]) == 0
    files = [source.files[0] for source in load_config(Path("kpi.yml")).sources]
    assert files == ["exports/stripe_payments.csv", "exports/google_ads.csv"]


def test_settings_in_a_folder_of_exports_are_no_export(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school(here)
    shutil.copy(ROOT / "sample_data" / "costs.yaml", here / "costs.yml")
    assert main(["init", "."]) == 0
    assert main(["check", ".", "--no-config"]) == 0
    capsys.readouterr()
    assert main(["check", "*.yml", "--no-config", "--json"]) == 0
    files = [source["file"] for source in json.loads(capsys.readouterr().out)["sources"]]
    assert files == ["costs.yml"]
    assert main(["check", "kpi.yml"]) == 3, "named, it is refused as what it is"


def test_a_draft_in_french_is_answered_in_french(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school(here)
    assert main(["init", "exports/", "--lang", "fr"]) == 0
    assert main(["roi", "--month", "2026-10"]) == 0
    assert "CA " in capsys.readouterr().out
    assert main(["init", "exports/", "--force"]) == 0
    assert load_config(Path("kpi.yml")).lang is None


def test_a_draft_names_the_sheets_of_a_workbook_by_its_name(here: Path) -> None:
    with xlsxwriter.Workbook("oct.xlsx") as book:
        for name, rows in {
            "Spend": [["date", "campaign", "cost"], ["2026-10-05", "Brand", 20]],
            "Notes": [["Sent on the 5th."]],
        }.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    assert main(["init", "oct.xlsx"]) == 0
    text = Path("kpi.yml").read_text("utf-8")
    assert "# oct.xlsx/Spend: generic, spend" in text
    assert "Notes" not in text
    assert [source.files for source in load_config(Path("kpi.yml")).sources] == [("*.xlsx",)]


# ------------------------------------------------------------------------------------------------ rates


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets: {roi: 50}", "kpi.yml:1:16: roi “50” could be 50% or 5,000%; write it with its %, such as 50%"),
        ("targets: {conversion_rate: 2.5}", "kpi.yml:1:28: conversion_rate “2.5” could be 2.5% or 250%"),
        ("targets: {Email: {roi: [{value: 80}]}}", "kpi.yml:1:33: roi “80” could be 80% or 8,000%"),
        (
            "benchmarks: [{metric: ctr, value: 2, sector: x, year: 2026, source: y}]",
            "kpi.yml:1:35: ctr “2” could be 2% or 200%",
        ),
    ],
)
def test_a_goal_that_may_lack_its_percent_sign_is_asked_about(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (here / "kpi.yml").write_text(text, "utf-8")
    assert main(["explain"]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("goal", ["roi: 3", "roi: 5000%", "roi: 0.5", "ctr: 0.02", "cac: 120", "ltv_cac: 30"])
def test_a_goal_that_can_be_read_one_way_is_taken(here: Path, goal: str) -> None:
    (here / "kpi.yml").write_text(f"targets: {{{goal}}}", "utf-8")
    [target] = load_settings(here / "kpi.yml").targets
    assert str(target.value) in {"3", "50", "50.00", "0.5", "0.02", "120", "30"}


@pytest.mark.parametrize(
    ("condition", "code"),
    [("roi < 50", 2), ("revenue change < -20", 2), ("roi > 3", 0), ("roi > 5000%", 0), ("total.cost > 9000", 0)],
)
def test_a_threshold_that_may_lack_its_percent_sign_is_asked_about(
    here: Path, capsys: pytest.CaptureFixture[str], condition: str, code: int
) -> None:
    assert main(["roi", "--revenue", "10000", "--cost", "7000", "--fail-if", condition]) == code
    assert ("could be" in capsys.readouterr().err) == (code == 2)
