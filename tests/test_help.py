"""The help of every command starts with one line and an example that runs; a slip is met with what was meant."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from kpi_cli.commands.app import SUMMARIES, main

SCHOOL = Path(__file__).resolve().parent.parent / "sample_data"
SHOWN = 80  # columns of a terminal, in which a summary is one line


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample school's folder, with the folder that reports go to."""
    shutil.copytree(SCHOOL, tmp_path / "school")
    (tmp_path / "school" / "reports").mkdir()
    monkeypatch.chdir(tmp_path / "school")
    return tmp_path / "school"


@pytest.mark.parametrize("command", SUMMARIES)
def test_help_starts_with_one_line_and_one_example_that_runs(
    school: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(SHOWN))
    assert main([command, "--help"]) == 0
    usage, _, summary, _, example, after, *_ = capsys.readouterr().out.splitlines()
    assert usage.startswith(f"Usage: kpi {command}")
    assert summary.strip() == SUMMARIES[command]
    assert after == ""
    if command == "init":
        (school / "kpi.yml").unlink()
    words = shlex.split(example)
    files = [str(path) for word in words[1:] for path in (sorted(Path().glob(word)) if "*" in word else [word])]
    as_of = ["--as-of", "2026-11-02"] if command == "report" else []
    assert words[0] == "kpi"
    assert main([*files, *as_of]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), ([], 2), (["--help", "roi"], 0)])
def test_the_program_s_help_shows_every_summary_whole(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(SHOWN))
    assert main(arguments) == code
    told = capsys.readouterr().out
    assert [name for name, summary in SUMMARIES.items() if not re.search(rf"{name} +{re.escape(summary)}", told)] == []


SLIPS = [
    (["rio"], "did you mean 'roi'?"),
    (["roi", "--mnth", "2026-10"], "did you mean --month?"),
    (["roi", "--by", "chanel"], "did you mean “channel”?"),
    (["channels", "--by", "landingpage"], "known: “campaign”"),
    (["ltv", "--by", "prodct"], "did you mean “product”?"),
    (["roi", "--by", "channel", "--sort", "-reveneu"], "did you mean “revenue”?"),
    (["cac", "--by", "channel", "--sort", "paybak_months"], "did you mean “payback_months”?"),
    (["cac", "--fail-if", "new_custmers < 3"], "did you mean “new_customers”?"),
    (["explain", "convertion_rate"], "did you mean “conversion_rate”?"),
    (["funnel", "--steps", "vists,leads"], "did you mean “visits”?"),
    (["roi", "--sales-from", "stripe_payment"], "did you mean “stripe_payments”?"),
    (["roi", "--last", "mnth"], "write month, quarter, year"),
    (["roi", "-f", "jsn"], "choose from table, json"),
]


@pytest.mark.parametrize(("line", "fix"), SLIPS, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_slip_is_met_with_what_was_probably_meant(
    line: list[str], fix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(SCHOOL)
    assert main([*line, *([] if "--last" in line or "explain" in line else ["--month", "2026-10"])]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert fix in err
