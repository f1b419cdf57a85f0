"""Files as platforms and people write them give the figures worked out for them by hand.

corpus/expect.json lists the cases; corpus/make_corpus.py writes it and the files.
Only what a case states is compared.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parent / "corpus"
FILES = HERE / "files"
CASES: list[dict[str, Any]] = json.loads((HERE / "expect.json").read_text("utf-8"), parse_float=Decimal)
STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
MISSING = object()


class Run(NamedTuple):
    """What one command gave."""

    code: int
    out: bytes
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON on stdout, its numbers exact."""
        answer: dict[str, Any] = json.loads(self.out, parse_float=Decimal, parse_constant=_no_constant)
        return answer

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors, from stderr's last line and from the sources of a check."""
        found: list[dict[str, Any]] = []
        lines = self.err.strip().splitlines()
        if lines and lines[-1].startswith("{"):
            found += json.loads(lines[-1])["errors"]
        if self.out.strip():
            found += [source["error"] for source in self.answer["sources"] if source.get("error")]
        return found


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def run(argv: list[str], capsys: pytest.CaptureFixture[bytes]) -> Run:
    from kpi_cli.commands.app import main

    code: int | None
    try:
        code = main(argv)
    except SystemExit as stop:
        code = stop.code if stop.code is None or isinstance(stop.code, int) else 1
    out, err = capsys.readouterr()
    return Run(code or 0, out, err.decode())


def picked(value: Any, wanted: str) -> Any:
    """The one item of a list that has these values: `channel=Email&month=2026-10`."""
    asked = dict(pair.split("=", 1) for pair in wanted.split("&"))
    hits = [item for item in value if all(str(item.get(key)) == text for key, text in asked.items())]
    return hits[0] if len(hits) == 1 else MISSING


def at(value: Any, path: str) -> Any:
    """The value at a path such as `sources.0.sums.0.cost` or `rows[channel=Email].roi`."""
    for wanted, name in STEP.findall(path):
        if wanted:
            value = picked(value, wanted)
        elif isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else MISSING
        else:
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        if value is MISSING:
            return "(nothing there)"
    return value


def note_codes(answer: dict[str, Any]) -> set[str]:
    notes = [*answer["notes"], *(note for source in answer["sources"] for note in source["notes"])]
    return {note["code"] for note in notes}


def null_is_listed(answer: dict[str, Any], wanted: dict[str, Any]) -> bool:
    rows, key = answer["rows"], wanted["row"]
    place = None if key is None else next((n for n, row in enumerate(rows) if key.items() <= row.items()), -1)
    return any(
        null["row"] == place
        and null["column"] == wanted["column"]
        and wanted.get("reason", null["reason"]) == null["reason"]
        for null in answer["nulls"]
    )


def error_is_listed(errors: list[dict[str, Any]], wanted: dict[str, Any]) -> bool:
    def fits(error: dict[str, Any]) -> bool:
        file = Path(error["file"] or "").name
        return all((file if key == "file" else error[key]) == value for key, value in wanted.items())

    return any(fits(error) for error in errors)


def numbers_named(errors: list[dict[str, Any]]) -> set[int]:
    """Every whole number that the errors name, their lines included."""
    said = " ".join(f"{error['line']} {error['text']} {error['fix']}" for error in errors)
    return {int(number) for number in re.findall(r"(?<![\w./-])\d+(?![\w/-])", said)}


def differences(case: dict[str, Any], ran: Run) -> list[str]:
    """Each thing that the case states and the run did not give."""
    wants = case.get("want", {})
    answer = ran.answer if wants or case.get("notes") or case.get("nulls") or case.get("some_note") else {}
    found = [
        f"{path}: {at(answer, path)!r}, not {value!r}" for path, value in wants.items() if at(answer, path) != value
    ]
    found += [f"no error {error}" for error in case.get("errors", []) if not error_is_listed(ran.errors, error)]
    found += [f"no null {null}" for null in case.get("nulls", []) if not null_is_listed(answer, null)]
    found += [f"{text!r} is not said" for text in case.get("mentions", []) if text not in ran.err]
    if case.get("numbers"):
        found += [f"{n} is not named" for n in case["numbers"] if n not in numbers_named(ran.errors)]
    return found + note_differences(case, ran)


def note_differences(case: dict[str, Any], ran: Run) -> list[str]:
    if not any(case.get(key) for key in ("notes", "no_notes", "some_note")):
        return []
    codes = note_codes(ran.answer)
    found = [f"no note {code}" for code in case.get("notes", []) if code not in codes]
    found += [f"note {code}" for code in case.get("no_notes", []) if code in codes]
    return found + (["no note at all"] if case.get("some_note") and not codes else [])


def unaccounted(answer: dict[str, Any]) -> list[str]:
    """The sources whose records are not all used or left out for a reason."""
    ledgers = [(source["file"], source["rows"]) for source in answer["sources"] if source["rows"]]
    return [file for file, rows in ledgers if rows["read"] != rows["used"] + sum(rows["left_out"].values())]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_file_gives_the_figures_worked_out_by_hand(
    case: dict[str, Any], capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FILES)
    ran = run(case["argv"], capsysbinary)
    asked = case["exit"] if isinstance(case["exit"], list) else [case["exit"]]
    told = f"{case['why']}\n{ran.err[-2000:]}"
    assert asked == [None] or ran.code in asked, told
    assert "Traceback" not in ran.err
    if case["argv"][0] != "check" and ran.code in (2, 3):
        assert ran.out == b"", "a refused question prints no figure"
    elif ran.code in (0, 4):
        assert not unaccounted(ran.answer), "every record is used or left out for a reason"
    assert not differences(case, ran), told


def test_every_case_stands_on_a_sentence_and_has_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names)
    assert all(case["why"] for case in CASES)


def test_the_script_writes_the_corpus_again_byte_for_byte(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_corpus", HERE / "make_corpus.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules["make_corpus"] = script
    spec.loader.exec_module(script)
    script.write(tmp_path)
    # Packed bytes depend on the version of the packing library; what they hold is checked by the cases.
    packed = (".xlsx", ".gz", ".zip", "xlsx_inside.csv")
    written = {p.relative_to(tmp_path): p for p in tmp_path.rglob("*") if p.is_file() and not p.name.endswith(packed)}
    assert {str(name) for name, p in written.items() if p.read_bytes() != (HERE / name).read_bytes()} == set()
