"""A worksheet can be named, and is then read alone: book.xlsx/Sales."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kpi_cli.commands.app import main

SHEETS = {
    "Media": [["date", "campaign", "amount", "currency"], ["2026-10-05", "Brand", 20, "EUR"]],
    "Sales": [["date", "order_id", "email", "amount", "currency"], ["2026-10-05", "A-1", "a@example.com", 90, "EUR"]],
    "Plan 2026": [["What", "How much"], ["New camera", 900]],
}
MEDIA, SALES, PLAN = (f"book.xlsx/{name}" for name in SHEETS)
Run = Any


@pytest.fixture
def kpi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    with xlsxwriter.Workbook("book.xlsx") as book:
        for name, rows in SHEETS.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)

    def run(*arguments: str) -> tuple[int, Any, str]:
        code, printed = main([*arguments, "--json"]), capsys.readouterr()
        return code, json.loads(printed.out) if printed.out else None, printed.err

    return run


def _files(answer: Any) -> list[str]:
    return [source["file"] for source in answer["sources"]]


def test_a_worksheet_that_is_named_is_read_alone(kpi: Run) -> None:
    code, answer, _ = kpi("check", SALES)
    assert (code, _files(answer)) == (0, [SALES])
    assert answer["sources"][0]["sums"][0]["revenue_net"] == 90
    code, answer, _ = kpi("roi", SALES, "--spend", MEDIA)
    assert (code, sorted(_files(answer))) == (0, [MEDIA, SALES])
    assert (answer["total"]["revenue"], answer["total"]["cost"]) == (90, 20)


def test_kpi_yml_names_worksheets_too(kpi: Run) -> None:
    Path("kpi.yml").write_text(f"sources: [{{files: {MEDIA}, role: spend}}, {SALES}]\n")
    code, answer, _ = kpi("roi")
    assert (code, answer["total"]["revenue"], answer["total"]["cost"]) == (0, 90, 20)


@pytest.mark.parametrize("rest", [["book.xlsx", "--spend", MEDIA], [SALES, SALES, "--spend", MEDIA]])
def test_a_worksheet_named_beside_its_workbook_is_read_once(rest: list[str], kpi: Run) -> None:
    code, answer, _ = kpi("check", *rest)
    found = {source["file"]: source["role"] for source in answer["sources"]}
    assert len(found) == len(answer["sources"])
    assert (found[MEDIA], found[SALES]) == ("spend", "sales")
    assert code == (3 if PLAN in found else 0)


def test_a_sheet_that_is_no_table_says_how_to_leave_it_out(kpi: Run) -> None:
    code, answer, said = kpi("check", "book.xlsx")
    assert code == 3
    assert answer["sources"][2]["error"]["fix"].endswith(f"or name the worksheets that count, such as “{MEDIA}”")
    assert "book.xlsx/Plan 2026" in said


def test_a_workbook_whose_sheets_are_all_named_is_not_called_empty(kpi: Run) -> None:
    code, answer, _ = kpi("check", "book.xlsx", "--spend", MEDIA, "--sales", SALES, "--costs", PLAN)
    assert (code, len(answer["sources"])) == (3, 3)
    assert {source["error"] and source["error"]["code"] for source in answer["sources"]} == {None, "columns_unknown"}


def test_a_worksheet_that_is_not_there_names_those_that_are(kpi: Run) -> None:
    code, _, said = kpi("roi", "book.xlsx/Sale")
    assert code == 3
    assert "book.xlsx/Sale: the workbook has no such worksheet; it has “Media”, “Sales”, “Plan 2026”" in said


def test_a_named_worksheet_is_an_input_and_no_output(kpi: Run) -> None:
    before = Path("book.xlsx").read_bytes()
    code, _, said = kpi("roi", SALES, "--spend", MEDIA, "-o", "book.xlsx")
    assert (code, "is one of the inputs" in said, Path("book.xlsx").read_bytes() == before) == (2, True, True)


def test_a_draft_names_the_worksheets_that_count(kpi: Run, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", "book.xlsx", "--spend", MEDIA, "-o", "-"])
    drafted = capsys.readouterr().out
    assert "  - book.xlsx/Sales\n" in drafted
    assert "- book.xlsx\n" not in drafted
    assert '# - "book.xlsx/Plan 2026"\n' in drafted


def test_a_hidden_worksheet_is_told_and_left_out_unless_it_is_named(kpi: Run) -> None:
    with xlsxwriter.Workbook("spend.xlsx") as book:
        for name, cost in (("Oct", 20), ("Old", 70)):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["date", "campaign", "cost", "currency"])
            sheet.write_row(1, 0, ["2026-10-05", name, cost, "EUR"])
        sheet.hide()
    _, answer, _ = kpi("roi", "spend.xlsx", SALES)
    assert answer["total"]["cost"] == 20
    assert [n["file"] for n in answer["notes"] if n["code"] == "hidden_worksheet"] == ["spend.xlsx/Old"]
    _, answer, _ = kpi("roi", "spend.xlsx/Oct", "spend.xlsx/Old", SALES)
    assert answer["total"]["cost"] == 90
