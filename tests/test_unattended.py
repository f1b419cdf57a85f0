"""What goes wrong while nobody looks is told with its place, and the page of last month stays byte for byte."""

from __future__ import annotations

import errno
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_cli.commands.app import main

ROOT = Path(__file__).resolve().parent.parent
SPEND = "date,channel,cost,currency,clicks\n2026-10-01,Paid Search,20.00,EUR,0\n2026-10-31,Email,30.00,EUR,0\n"
SALES = """\
date,order_id,email,channel,amount,tax,currency
2026-10-01,o1,learner1@example.com,Paid Search,90.00,15.00,EUR
2026-10-31,o2,learner2@example.com,Email,60.00,10.00,USD
"""
RATES = "currency: EUR\nrates: [{date: 2026-10-01, currency: USD, rate: 0.5}]\n"
SOURCES = "sources: [spend.csv, sales.csv]\n"
OLD = "what was written last month"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Last month's page, where this month's is to go."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("spend.csv", SPEND), ("sales.csv", SALES), ("kpi.yml", SOURCES + RATES)):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "page.html").write_text(OLD, "utf-8")
    return tmp_path / "page.html"


LINE = ["report", "--month", "2026-10", "-o", "page.html"]

MISTAKES = [
    ("marge: 60%", "kpi.yml:4:1: unknown key “marge”; did you mean “margin”?"),
    ("targets:\n  caac: 20", "kpi.yml:5:3: “caac” is no metric; did you mean “cac”?"),
    ("margin: [60%]", "kpi.yml:4:9: a list where a text is due"),
    ("vat: twenty", "kpi.yml:4:6: “twenty” is not a number"),
    ("report: October", "kpi.yml:4:9: “October” where keys and values are due"),
    ("metrics:\n  x: {formula: cost / klicks, unit: rate}", "kpi.yml:5:23: the formula uses “klicks”"),
    ("metrics:\n  x: {formula: cost.real, unit: rate}", "kpi.yml:5:20: “.” is not part of a formula"),
    ("metrics:\n  x: {formula: __import__('os'), unit: rate}", "kpi.yml:5:26: “(” where + − × ÷ or the end is due"),
    ("metrics:\n  x: {formula: y + 1, unit: rate}\n  y: {formula: x, unit: rate}", "is computed from itself"),
    ("metrics:\n  x: {formula: cost / 0 / 0 /, unit: rate}", "kpi.yml:5:30: the end of the formula"),
    ("metrics:\n  x: {formula: cost, unit: euros}", "kpi.yml:5:28: “euros” is not known here"),
    ("measures:\n  x: {sum: Klicks, role: spend}", "kpi.yml:5:12: no file of spend has the column “Klicks”"),
    ("measures:\n  channel: {sum: clicks, role: spend}", "kpi.yml:5:3: “channel” is what kpi calls a column"),
    ("metrics:\n  roi: {formula: cost, unit: rate}", "kpi.yml:5:3: “roi” is a built-in measure or metric already"),
    ("benchmarks: [{metric: raoi, value: 1, sector: s, year: 2026, source: s}]", "kpi.yml:4:23: “raoi” is no metric"),
    ("targets: {Paid Serch: {roi: 80%}}", "kpi.yml:4:11: “Paid Serch” is no channel; did you mean “Paid Search”?"),
    ("budgets:\n  total: 90\n  Emial: 50", "kpi.yml:6:3: “Emial” is no channel; did you mean “Email”?"),
    ("budgets: {Email: 50, email: 60}", "kpi.yml:4:22: “email” is the channel “Email” again; keep one of them"),
    ("costs: [people.csv]", "kpi.yml:4:9: there is no file “people.csv”; check the name"),
    ("measures:\n  x: {sum: channel, role: spend}", "spend.csv:2:2: channel “Paid Search” is not a number"),
]


@pytest.mark.parametrize(("lines", "said"), MISTAKES)
def test_a_mistake_in_kpi_yml_is_told_with_its_place_and_nothing_is_written(
    page: Path, lines: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("kpi.yml").write_text(f"{SOURCES}{RATES}{lines}\n", "utf-8")
    assert main(LINE) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert page.read_text("utf-8") == OLD


def test_every_mistake_of_a_kpi_yml_is_told_at_once(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("kpi.yml").write_text("marge: 60%\nvat: twenty\ncurrency: euros\n", "utf-8")
    assert main(LINE) == 3
    assert [line.split(":")[3] for line in capsys.readouterr().err.splitlines()] == ["1", "2", "3"]


def test_a_formula_over_a_count_of_zero_is_null_with_its_reason(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metric = "metrics:\n  cost_per_click: {formula: cost / clicks, unit: money}\n"
    Path("kpi.yml").write_text(SOURCES + RATES + metric, "utf-8")
    assert main([*LINE[:3], "-f", "markdown"]) == 0
    assert "Cost per click: no clicks" in capsys.readouterr().out
    assert main([*LINE, "--fail-if", "total.cost_per_click > 5"]) == 4, "what is not known cannot be called well"
    assert "total is not known" in capsys.readouterr().err


def test_a_day_without_a_rate_is_refused_with_its_line(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("kpi.yml").write_text(SOURCES + RATES.replace("2026-10-01", "2026-11-01"), "utf-8")
    assert main(LINE) == 3
    assert "sales.csv:3: there is no rate for USD on 2026-10-31" in capsys.readouterr().err
    assert page.read_text("utf-8") == OLD


def test_the_folder_of_a_report_is_made_for_it(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LINE[:3], "-o", "reports/{month}.html"]) == 0
    assert Path("reports/2026-10.html").read_text("utf-8").startswith("<!doctype html>")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("line", [[*LINE[:3], "-o", "no/where/page.html"], ["roi", *LINE[1:3], "-o", "no/page.html"]])
def test_a_longer_path_or_the_folder_of_another_answer_is_not_made(
    page: Path, line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line) == 3
    assert f"{line[-1]}: there is no such folder; create it first" in capsys.readouterr().err
    assert not Path("no").exists()


def test_a_folder_made_in_vain_is_taken_away_again(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("kpi_cli.render.output._write_all", full)
    assert main([*LINE[:3], "-o", "reports/page.html"]) == 1
    assert not Path("reports").exists()


def report(limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """The program as cron runs it; `limit` is how many bytes a file may have, as on a disk that is full."""
    start = "import sys; from kpi_cli.__main__ import entry; entry()"

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    line = [sys.executable, "-c", start, *LINE]
    home = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(line, env=home, capture_output=True, text=True, preexec_fn=limited)


def test_a_disk_that_fills_up_leaves_the_old_page_and_no_other_file(page: Path) -> None:
    before = {path.name for path in page.parent.iterdir()}
    ran = report(limit=5000)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "page.html: there is no room left" in ran.stderr
    assert page.read_text("utf-8") == OLD
    assert {path.name for path in page.parent.iterdir()} == before
    assert (report().returncode, page.read_text("utf-8")[:9]) == (0, "<!doctype")


@pytest.mark.parametrize(
    ("sources", "code", "told"),
    [
        ("[spend.csv, sale.csv]", 3, "kpi.yml:1:22: there is no file “sale.csv”; check the name"),
        ("[spend.csv, {files: [sales.csv, 'exports/*.csv']}]", 5, "kpi.yml:1:42: no file matches “exports/*.csv”"),
    ],
)
def test_an_export_that_is_not_there_is_told_with_the_place_that_names_it(
    page: Path, sources: str, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("kpi.yml").write_text(f"sources: {sources}\n{RATES}", "utf-8")
    assert main(LINE) == code
    assert told in capsys.readouterr().err
    assert page.read_text("utf-8") == OLD


def test_a_channels_target_and_budget_hold_however_the_channel_is_spelled(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goals = "targets: {recherche payante: {roas: 3}}\nbudgets: {paid search: 500}\n"
    Path("kpi.yml").write_text(SOURCES + RATES + goals, "utf-8")
    assert main(["roi", "--by", "channel", "--month", "2026-10", "--json"]) == 0
    row = next(row for row in json.loads(capsys.readouterr().out)["rows"] if row["channel"] == "Paid Search")
    assert (row["budget"], row["roas_target"]) == (500, 3)


@pytest.mark.parametrize("file", ["unknown_status.csv", "bad_date.csv", "empty_file.csv", "no_such_file.csv"])
def test_a_refusal_is_one_line_and_nothing_is_said_as_the_process_ends(file: str) -> None:
    argv = [sys.executable, "-m", "kpi_cli", "roi", file, "--no-config"]
    done = subprocess.run(argv, cwd=ROOT / "tests" / "errors", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"kpi: error: {file}")
    assert done.stderr.count("\n") == 1
