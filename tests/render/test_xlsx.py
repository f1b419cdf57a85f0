"""A workbook holds typed cells; nothing from a file becomes a formula or a link."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from kpi_cli.commands.app import main
from kpi_cli.render.page import Page
from kpi_cli.render.xlsx import write_xlsx
from kpi_cli.result import CheckResult, Column, Note, Result

PAGE = Page(file=True)
ROOT = Path(__file__).resolve().parents[2]


def sheets(data: bytes) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def test_figures_are_numbers_under_their_format_and_the_total_closes_the_rows(by_channel: Result) -> None:
    data = write_xlsx(by_channel, PAGE)
    rows = sheets(data)["roi"]
    assert rows[0][:3] == ["Revenue", "Media cost", "Cost"]
    assert rows[1][0] == 5230.40
    assert isinstance(rows[-1][0], float)
    assert rows[-1][0] == 8489.40
    styles = parts(data)["xl/styles.xml"]
    for shape in ("#,##0.00", "0.00%"):
        assert shape in styles or f'numFmtId="{10 if shape == "0.00%" else 4}"' in styles


def test_the_row_of_the_whole_funnel_is_named_as_the_total_and_not_as_its_last_stage(tmp_path: Path) -> None:
    out = str(tmp_path / "funnel.xlsx")
    assert main(["funnel", "--no-config", "--stage", "visits=5000", "--stage", "customers=50", "-o", out]) == 0
    rows = sheets(Path(out).read_bytes())["funnel"]
    assert [row[:2] for row in rows[1:]] == [["visits", 5000], ["customers", 50], ["Total", 50]]


def test_the_header_stays_in_sight(by_channel: Result) -> None:
    sheet = parts(write_xlsx(by_channel, PAGE))["xl/worksheets/sheet1.xml"]
    assert re.search(r'<pane [^>]*ySplit="1"[^>]*state="frozen"', sheet)


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "http://x.example", "internal:a", "12", "a\x1b[31m"])
def test_a_name_from_a_file_is_a_text_cell_whatever_it_looks_like(by_channel: Result, evil: str) -> None:
    by_channel.columns.insert(0, Column("channel", "Channel", "text"))
    by_channel.rows[0]["channel"] = evil
    by_channel.notes.append(Note("x", evil, evil))
    data = write_xlsx(by_channel, PAGE)
    assert sheets(data)["roi"][1][0] == evil.replace("\x1b", "\\x1b")
    assert not [name for name, text in parts(data).items() if "<f>" in text or "<hyperlink" in text]


def test_an_empty_figure_is_an_empty_cell_not_a_zero(by_channel: Result) -> None:
    rows = sheets(write_xlsx(by_channel, PAGE))["roi"]
    assert rows[2][4] == ""


def test_a_date_is_a_date() -> None:
    columns = [Column("day", "Day", "date"), Column("cost", "Cost", "money")]
    result = Result("roi", columns, [{"day": "2026-10-05", "cost": Decimal("1.50")}], {}, by=["day"])
    assert sheets(write_xlsx(result, PAGE))["roi"][1] == [dt.date(2026, 10, 5), 1.5]


def test_the_same_answer_gives_the_same_bytes(by_channel: Result) -> None:
    assert write_xlsx(by_channel, PAGE) == write_xlsx(by_channel, PAGE)


def test_notes_and_files_have_worksheets_of_their_own(checked: CheckResult) -> None:
    found = sheets(write_xlsx(checked, PAGE))
    assert [row[0] for row in found["Notes"][1:]] == ["unused_file"]
    assert found["Files and rows"][1][:3] == ["google_ads.csv", "google_ads", "spend"]
    assert found["Files and rows"][1][5:7] == [34, 31]


def test_a_report_has_a_worksheet_a_table_and_its_figures_are_those_of_the_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT / "sample_data")
    assert main(["report", "--month", "2026-10", "-o", str(tmp_path / "page.xlsx")]) == 0
    found = sheets((tmp_path / "page.xlsx").read_bytes())
    assert list(found)[:2] == ["Summary", "Channels"]
    assert main(["roi", "--month", "2026-10", "-f", "csv", "-q"]) == 0
    head, row = (line.split(",") for line in capsys.readouterr().out.splitlines())
    revenue = next(cells for cells in found["Summary"] if cells[0] == "Revenue")
    assert revenue[1] == float(row[head.index("revenue")])


def test_cohorts_and_predicted_segments_have_a_worksheet_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the JSON of the same answer has them; a cell that is blank there has no row."""
    monkeypatch.chdir(tmp_path)
    sales = str(ROOT / "sample_data" / "print_shop.csv")
    for output in "ltv.json", "ltv.xlsx":
        assert main(["ltv", sales, "--margin", "50%", "--predict", "-o", output]) == 0
    answer = json.loads(Path("ltv.json").read_text())
    found = sheets(Path("ltv.xlsx").read_bytes())
    head, *cells = found["Cohort"]
    assert (head[:2], head[-1]) == (["Cohort", "Months since"], "Margin per customer")
    names = ("at_risk", "active", "revenue_per_customer", "margin_per_customer")
    assert cells == [
        [cohort["cohort"], age, cohort["size"], *(cohort[name][age] for name in names)]
        for cohort in answer["cohorts"]
        for age, at_risk in enumerate(cohort["at_risk"])
        if at_risk
    ]
    segments = found["Predicted from Oct 31, 2026"][1:]
    told = answer["model"]["segments"]
    assert [row[:2] for row in segments] == [[each["segment"], each["customers"]] for each in told]
    assert sum(row[-1] for row in segments) == pytest.approx(answer["total"]["expected_revenue"])


def test_months_stay_dates_shown_as_a_reader_writes_them_and_whole_counts_have_no_point() -> None:
    columns = [Column("month", "Month", "text"), Column("orders", "Orders", "count")]
    rows = [{"month": "2026-05", "orders": 12}, {"month": "2026-06", "orders": Decimal("1.5")}]
    data = write_xlsx(Result("roi", columns, rows, {}, by=["month"]), Page(file=True, lang="fr"))
    assert sheets(data)["roi"][1:] == [[dt.date(2026, 5, 1), 12.0], [dt.date(2026, 6, 1), 1.5]]
    styles = parts(data)["xl/styles.xml"]
    assert "[$-40C]mmm yyyy" in styles
    assert "#,##0.##" not in styles
