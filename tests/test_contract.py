"""Every command keeps the contract: its JSON fits the schema, nulls have reasons, exit codes their meaning."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kpi_cli.commands.app import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((files("kpi_cli") / "schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SCHOOL = "--config sample_data/kpi.yml"
ERRORS = ROOT / "tests" / "errors"

ASKED = {
    "roi": [
        f"{SCHOOL} --by channel --month 2026-10",
        f"{SCHOOL} --by month,channel --last quarter --as-of 2026-11-02",
        f"{SCHOOL} --month 2026-10 --compare previous --by campaign --top 3 --lang fr",
        "--revenue 10000 --cost 7000 --margin 60%",
    ],
    "cac": [
        f"{SCHOOL} --by channel --month 2026-10",
        f"{SCHOOL} --month 2026-10 --compare previous",
        "--cost 5000 --customers 40",
    ],
    "channels": [
        f"{SCHOOL} --month 2026-10",
        f"{SCHOOL} --last quarter --as-of 2026-11-02 --compare previous",
    ],
    "ltv": [SCHOOL, f"{SCHOOL} --predict", "--average-sale 150 --purchases 3/year --retention 12mo"],
    "funnel": [
        f"{SCHOOL} --month 2026-10",
        "--stage visits=5000 --stage leads=200",
        "--a 400/5000 --b 470/5100",
    ],
    "check": [
        "sample_data/exports/*.csv sample_data/costs.yaml",
        "tests/errors/bad_date.csv tests/errors/spend.csv",
    ],
}
CASES = [pytest.param(name, line, id=f"{name} {line}") for name in COMMANDS for line in ASKED.get(name, [])]
DOCUMENTS = {"report", "init", "explain", "watch"}  # they write other things, and have tests of their own
QUESTIONS = [name for name in COMMANDS if name in ASKED and name != "check"]
NO_BY = ("--revenue", "--cost", "--stage", "--a")


def ask(capsys: pytest.CaptureFixture[str], command: str, line: str) -> tuple[int, str, str]:
    code = main([command, *line.split()])
    out, err = capsys.readouterr()
    return code, out, err


def plain_json(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def misfits(answer: Any, of: str) -> list[str]:
    """What does not fit, told for the part of the schema that was meant."""
    validator = jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{of}"}]})
    found = [leaf for error in validator.iter_errors(answer) for leaf in (error.context or [error])]
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert VALIDATOR.is_valid(
        {"errors": [dict.fromkeys(["file", "line", "column"]) | {"code": "a", "text": "b", "fix": ""}]}
    )
    assert not VALIDATOR.is_valid({"schema": 1, "question": "check", "notes": []})


def test_every_command_is_asked_here() -> None:
    assert set(COMMANDS) - ASKED.keys() <= DOCUMENTS


@pytest.mark.parametrize(("command", "line"), CASES)
def test_the_json_fits_the_schema(command: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ask(capsys, command, f"{line} --json")
    answer = plain_json(out)
    assert misfits(answer, "check" if command == "check" else "answer") == []
    assert answer["question"] == command


@pytest.mark.parametrize(("command", "line"), [case for case in CASES if case.values[0] != "check"])
def test_columns_rows_nulls_and_sources_agree(command: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ask(capsys, command, f"{line} --json")
    answer = plain_json(out)
    names = {column["name"] for column in answer["columns"]}
    rows = answer["rows"]
    figures = {column["name"] for column in answer["columns"] if column["unit"] not in {"text", "date"}}
    assert all(set(row) <= names for row in rows)
    reasoned = {(null["row"], null["column"]) for null in answer["nulls"]}
    blank: set[tuple[int | None, str]] = {
        (n, name) for n, row in enumerate(rows) for name, value in row.items() if value is None and name in figures
    }
    blank |= {(None, name) for name, value in answer["total"].items() if value is None and name in figures}
    assert blank - reasoned == set(), "every null has its reason"
    assert all(s["rows"]["read"] == s["rows"]["used"] + sum(s["rows"]["left_out"].values()) for s in answer["sources"])


@pytest.mark.parametrize(("command", "line"), CASES)
def test_the_same_question_has_the_same_bytes(command: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, command, f"{line} --json") == ask(capsys, command, f"{line} --json")


@pytest.mark.parametrize(("command", "line"), [case for case in CASES if not str(case.values[1]).startswith(NO_BY)])
def test_no_customer_is_named(command: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = ask(capsys, command, f"{line} --json")
    _, table, notes = ask(capsys, command, line)
    assert "@" not in out + err + table + notes


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_first_and_the_options_of_the_command_before_the_common_ones(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ask(capsys, command, "--help")
    assert (code, err) == (0, "")
    assert f"\n  kpi {command} " in out.partition("Options:")[0]
    assert out.index("Options:") < out.index("Rows and figures:") < out.index("Output:")


@pytest.mark.parametrize("command", QUESTIONS)
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("--no-such-option", 2),
        (f"{ERRORS}/spend.csv --month 2026-10 --last month", 2),
        (f"{ERRORS}/bad_number.csv {ERRORS}/sales.csv", 3),
        (f"{ERRORS}/no_such_file.csv", 3),
        (f"{ERRORS}/currency_unstated.csv --month 1999-01", 5),
    ],
)
def test_a_refusal_has_its_exit_code_its_json_and_an_empty_stdout(
    command: str, line: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, err = ask(capsys, command, f"{line} --json")
    *lines, last = err.splitlines()
    told = plain_json(last)
    assert (ended, out) == (code, "")
    assert misfits(told, "errors") == []
    assert len(lines) == len(told["errors"])
    assert all(text.startswith("kpi: error: ") for text in lines)


def test_check_prints_what_it_could_read_beside_a_refused_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "check", f"{ERRORS}/bad_number.csv {ERRORS}/spend.csv --json")
    refused, read = plain_json(out)["sources"]
    assert code == 3
    assert (refused["error"]["code"], refused["rows"], refused["sums"]) == ("bad_number", None, [])
    assert (read["error"], read["sums"][0]["cost"]) == (None, 50)
    assert plain_json(err.splitlines()[-1])["errors"] == [refused["error"]]


@pytest.mark.parametrize("missing", ["no_such_file.csv", "no_such_*.csv no_such_file.csv"])
def test_check_lists_what_is_not_there_and_the_others_are_complete(
    missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = plain_json(ask(capsys, "check", f"{ERRORS}/spend.csv --json")[1])["sources"]
    code, out, _ = ask(capsys, "check", f"{missing} {ERRORS}/spend.csv --json")
    *absent, read = plain_json(out)["sources"]
    assert (code, [read]) == (3, alone)
    assert [source["file"] for source in absent] == missing.split()
    assert {source["error"]["code"] for source in absent} <= {"no_such_file", "no_file"}
    code, out, _ = ask(capsys, "check", f"{ERRORS}/spend.csv {missing}")
    assert code == 3
    assert "Cost\u00a050.00" in out
    assert "no_such_file.csv" in out


def test_every_file_that_is_not_there_is_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "roi", f"a.csv {ERRORS}/spend.csv b.csv")
    assert (code, out) == (3, "")
    assert [line.partition(": there is")[0] for line in err.splitlines()] == ["kpi: error: a.csv", "kpi: error: b.csv"]


def test_a_threshold_that_is_crossed_leaves_the_output_whole(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{SCHOOL} --by channel --month 2026-10 --json"
    calm = ask(capsys, "roi", line)
    code, out, _ = ask(capsys, "roi", f"{line} --fail-if total.roi<1000%")
    assert (calm[0], code) == (0, 4)
    assert out == calm[1]
