import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_cli.errors import UsageError
from kpi_cli.render import WRITERS, Options, format_of, notes_text, target_of, write
from kpi_cli.result import CheckResult, Result, Span


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (Options(), "table"),
        (Options(output="a.md"), "markdown"),
        (Options(output="a.JSON"), "json"),
        (Options(output="a.csv"), "csv"),
        (Options(output="a.html"), "html"),
        (Options(output="a.xlsx"), "xlsx"),
        (Options(output="a.txt"), "table"),
        (Options("csv", "a.md"), "csv"),
    ],
)
def test_the_format_asked_for_wins_and_the_ending_of_the_file_decides_otherwise(options: Options, name: str) -> None:
    assert format_of(options) == name


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_holds_what_stdout_would(
    name: str, by_channel: Result, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(by_channel, Options(name))
    write(by_channel, Options(name, str(tmp_path / "out")))
    assert capsysbinary.readouterr().out == (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("name", WRITERS)
def test_no_output_holds_an_e_mail_address(
    name: str, by_channel: Result, checked: CheckResult, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    canary = "canary17@example.com"
    by_channel.rows[0]["channel"] = canary
    by_channel.columns[0] = type(by_channel.columns[0])("revenue", canary, "money")
    checked.sources[0] |= {"file": f"{canary}.csv", "notes": [{"code": "x", "text": canary, "line": 1}]}
    checked.sources[0]["columns"] = {"cost": canary}
    checked.sources[0]["control"][0]["label"] = canary
    checked.sources[1]["error"] |= {"text": canary, "file": canary}
    for answer in (by_channel, checked):
        answer.notes[0] = type(answer.notes[0])("unused_file", canary, canary)
        write(answer, Options(name))
        assert b"canary17" not in (out := capsysbinary.readouterr().out)
        assert out
        assert "canary17" not in notes_text(answer)


def test_an_unknown_format_names_the_known_ones(by_channel: Result) -> None:
    with pytest.raises(UsageError, match="choose from table, json, csv, markdown"):
        write(by_channel, Options("yaml"))


def test_the_month_of_the_answer_goes_into_the_file_name(by_channel: Result, tmp_path: Path) -> None:
    write(by_channel, Options(output=str(tmp_path / "{month}.json")))
    assert [path.name for path in tmp_path.iterdir()] == ["2026-10.json"]


def test_an_answer_about_no_single_month_refuses_a_month_in_the_file_name(
    by_channel: Result, calculator: Result, checked: CheckResult
) -> None:
    by_channel.period = Span(dt.date(2026, 8, 1), dt.date(2026, 10, 31), 92)
    for answer in (by_channel, calculator, checked):
        with pytest.raises(UsageError, match="one month"):
            target_of("{month}.html", answer)


def test_an_input_is_never_overwritten(by_channel: Result, tmp_path: Path) -> None:
    source = tmp_path / "sales.csv"
    source.write_text("date,amount\n")
    by_channel.sources = [{"file": str(source)}]
    with pytest.raises(UsageError, match="one of the inputs"):
        write(by_channel, Options(output=str(tmp_path / "." / "sales.csv")))
    assert source.read_text() == "date,amount\n"


def test_notes_for_stderr_are_one_line_each(by_channel: Result) -> None:
    assert notes_text(by_channel) == "kpi: note: google_ads.csv:36: the total row agrees\n"


def test_importing_the_writers_brings_nothing_heavy() -> None:
    code = "import kpi_cli.render, sys; print(*{'rich', 'babel', 'pandas', 'duckdb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_the_same_answer_is_the_same_bytes_under_any_locale_hash_seed_and_terminal() -> None:
    code = (
        "from kpi_cli.render import Options, write; from kpi_cli.result import Column, Result;"
        "write(Result('roi', [Column('roi', 'ROI', 'rate')], [], {'roi': 0.5}), Options())"
    )
    settings: list[dict[str, str]] = [
        {"LANG": "C", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "fr_FR.UTF-8", "PYTHONHASHSEED": "2", "COLUMNS": "20", "TERM": "dumb", "FORCE_COLOR": "1"},
    ]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PATH": os.defpath} | setting, capture_output=True, check=True
        ).stdout
        for setting in settings
    ]
    assert outputs == [b"ROI\n\nROI  50.00%\n"] * 2
