"""Free text beside tables is left out with a note that names it; what could hold money is never."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kpi_cli.commands.app import main

SPEND = [["date", "campaign", "cost", "currency"], ["2026-10-05", "Brand", "20.00", "EUR"]]
SALES = [
    ["date", "order_id", "email", "amount", "tax", "currency"],
    ["2026-10-05", "A-1", "learner01@example.com", "90", "15", "EUR"],
]
NOTES = [["What this is"], ["Sent on the 5th."], ["2026-10-05", "prices changed"], ["1. check the totals"]]
README = "Exports of October.\n\nWhat it cost, and what it brought: two files.\n1. Open them\n2. Send them\n"


def workbook(path: Path, **sheets: list[list[str]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path


def csv(rows: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def check(capsys: pytest.CaptureFixture[str], *names: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["check", *names, "--no-config", "--json"])
    return code, json.loads(capsys.readouterr().out)["sources"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_sheet_of_notes_is_left_out_with_a_note_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    workbook(Path("oct.xlsx"), Spend=SPEND, Sales=SALES, Notes=NOTES)
    code, sources = check(capsys, "oct.xlsx")
    assert code == 0
    assert [s["file"] for s in sources] == ["oct.xlsx/Spend", "oct.xlsx/Sales", "oct.xlsx/Notes"]
    assert [s["role"] for s in sources] == ["spend", "sales", None]
    assert [note["code"] for note in sources[2]["notes"]] == ["free_text"]
    assert main(["roi", "oct.xlsx", "--no-config", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["total"]["revenue"] == 75
    assert [n["file"] for n in answer["notes"] if n["code"] == "free_text"] == ["oct.xlsx/Notes"]
    assert "unused_file" not in {n["code"] for n in answer["notes"]}


@pytest.mark.parametrize("row", [["Ads", "450"], ["Ads", "450 euros"], ["Ads", "€45"], ["Ads", "EUR 45"]])
def test_a_sheet_that_sets_a_figure_beside_something_is_never_left_out(
    row: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    workbook(Path("oct.xlsx"), Spend=SPEND, Sales=SALES, Other=[["What"], row])
    code, sources = check(capsys, "oct.xlsx")
    assert code == 3
    assert sources[2]["error"]["code"] == "columns_unknown"
    assert sources[2]["error"]["file"] == sources[2]["file"] == "oct.xlsx/Other"


def test_a_workbook_of_notes_alone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    workbook(Path("one.xlsx"), Notes=NOTES)
    workbook(Path("two.xlsx"), Notes=NOTES, More=NOTES)
    Path("spend.csv").write_text(csv(SPEND))
    code, sources = check(capsys, "one.xlsx", "two.xlsx", "spend.csv")
    assert code == 3
    assert [s["error"] is None for s in sources] == [False, False, False, True]


def test_a_workbook_is_not_written_over_by_its_own_answer(capsys: pytest.CaptureFixture[str]) -> None:
    before = workbook(Path("oct.xlsx"), Spend=SPEND, Sales=SALES).read_bytes()
    assert main(["roi", "oct.xlsx", "--no-config", "-o", "oct.xlsx"]) == 2
    assert "one of the inputs" in capsys.readouterr().err
    assert Path("oct.xlsx").read_bytes() == before


def test_a_readme_in_a_folder_an_archive_or_a_pattern_is_left_out_with_a_note(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("exports").mkdir()
    files = {"spend.csv": csv(SPEND), "sales.csv": csv(SALES), "README.txt": README}
    with zipfile.ZipFile("exports.zip", "w") as archive:
        for name, content in files.items():
            Path("exports", name).write_text(content)
            archive.writestr(name, content)
    for named in ("exports", "exports.zip", "exports/*"):
        code, sources = check(capsys, named)
        assert code == 0
        [left] = [s for s in sources if s["role"] is None]
        assert left["file"].endswith("/README.txt")
        assert [note["code"] for note in left["notes"]] == ["free_text"]
    code, sources = check(capsys, "exports/README.txt", "exports/spend.csv", "exports/sales.csv")
    assert code == 3
    assert sources[0]["error"]["code"] == "no_header"


@pytest.mark.parametrize(
    ("name", "content"),
    [("table.txt", "who;what\nx;12,50\ny;3,10\n"), ("table.txt", "who\twhat\nx\t€5\n"), ("prose.csv", README)],
)
def test_what_could_be_a_damaged_export_is_refused_wherever_it_is(
    name: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("exports").mkdir()
    Path("exports", name).write_text(content)
    Path("exports", "spend.csv").write_text(csv(SPEND))
    code, sources = check(capsys, "exports")
    assert code == 3
    assert [s["file"] for s in sources if s["error"]] == [f"exports/{name}"]


@pytest.mark.parametrize("header", [["Email", "Source"], ["Prénom", "Email", "Date"], ["Date", "Client", "Canal"]])
def test_a_list_of_people_without_a_figure_is_no_free_text(
    header: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [header, *([f"{cell} {i}" for cell in header] for i in range(2))]
    workbook(tmp_path / "book.xlsx", Sales=SALES, People=people)
    Path("out").mkdir()
    Path("out/sales.csv").write_text(csv(SALES))
    Path("out/people.txt").write_text(csv(people))
    for name in ("book.xlsx", "out"):
        code, sources = check(capsys, name)
        assert (code, sorted(str((source["error"] or {}).get("code")) for source in sources)[-1]) == (
            3,
            "columns_unknown",
        )
