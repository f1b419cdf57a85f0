"""A worksheet can be named, and is then read alone: book.xlsx/Sales."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kpi_cli.commands.app import main
from kpi_cli.exports import layout

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


def _book(name: str, rows: list[list[Any]]) -> tuple[xlsxwriter.Workbook, Any]:
    book = xlsxwriter.Workbook(name)
    sheet = book.add_worksheet("Media")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    return book, sheet


def test_rows_that_a_filter_hides_count_and_are_told(kpi: Run) -> None:
    rows = [["2026-10-05", name, cost, 1] for name, cost in (("Google", 20), ("Meta", 70), ("Meta", 5))]
    book, sheet = _book("spend.xlsx", [["Date", "Platform", "Cost", "Clicks"], *rows])
    sheet.autofilter(0, 0, 3, 3)
    for row in (2, 3, 9):  # the last one is empty
        sheet.set_row(row, None, None, {"hidden": True})
    book.close()
    _, answer, _ = kpi("check", "spend.xlsx")
    [source] = answer["sources"]
    [told] = [note for note in source["notes"] if note["code"] == "hidden_rows"]
    assert (source["sums"][0]["cost"], told["line"], told["text"][:6]) == (95, 3, "2 rows")


def test_a_name_or_a_day_that_is_merged_over_rows_is_each_ones_and_an_amount_once(kpi: Run) -> None:
    costs = [["A", 100, 9], ["B", 50, 8], ["C", 30, 7], ["D", "", 6]]
    book, sheet = _book("spend.xlsx", [["Platform", "Month", "Campaign", "Cost", "Clicks"]])
    for number, row in enumerate(costs, 1):
        sheet.write_row(number, 2, row)
    sheet.merge_range("A2:A3", "Google Ads")
    sheet.merge_range("A4:A5", "Meta")
    sheet.merge_range("B2:B5", "2026-10")
    sheet.merge_range("D4:D5", 30)
    book.close()
    _, answer, _ = kpi("roi", "spend.xlsx", SALES, "--by", "platform", "--currency", "EUR", "--month", "2026-10")
    assert {row["platform"]: row["cost"] for row in answer["rows"] if row["cost"]} == {"Google Ads": 150, "Meta": 30}
    assert [note["line"] for note in answer["notes"] if note["code"] == "merged_cells"] == [3]


def _write_again(book: str, part: str, old: bytes, new: bytes) -> None:
    """Change one part of a workbook."""
    with zipfile.ZipFile(book) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(book, "w") as written:
        for name, content in parts.items():
            written.writestr(name, content)


def test_a_worksheet_is_found_whatever_the_case_of_its_part(kpi: Run) -> None:
    _write_again("book.xlsx", "xl/_rels/workbook.xml.rels", b"worksheets/sheet2.xml", b"worksheets/Sheet2.xml")
    code, answer, _ = kpi("check", SALES)
    assert (code, answer["sources"][0]["sums"][0]["revenue_net"]) == (0, 90)


def test_a_workbook_with_a_damaged_list_of_worksheets_is_refused(kpi: Run) -> None:
    _write_again("book.xlsx", "xl/_rels/workbook.xml.rels", b"</Relationships>", b"</Relationships><x")
    code, answer, _ = kpi("check", SALES)
    assert (code, answer["sources"][0]["error"]["code"]) == (3, "bad_workbook")


@pytest.mark.parametrize(("old", "new"), [(b'hidden="1"', b"hidden = 'true'"), (b"<row ", b"<x:row ")])
def test_how_rows_are_shown_is_read_however_it_is_written_and_wherever_it_is_cut(
    old: bytes, new: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    book, sheet = _book("spend.xlsx", [["Date", "Cost"], ["2026-10-05", 20], ["2026-10-06", 30]])
    sheet.merge_range("A4:A6", "2026-10-07")
    sheet.set_row(2, None, None, {"hidden": True})
    book.close()
    _write_again("spend.xlsx", "xl/worksheets/sheet1.xml", old, new)
    for size in (1 << 20, 16, 3):
        monkeypatch.setattr(layout, "_CHUNK", size)
        assert layout.layouts(Path("spend.xlsx")) == {"Media": layout.Layout({2}, [((3, 0), (5, 0))])}
