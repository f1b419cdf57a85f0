"""Cells of a workbook that show a percentage are read as what they show, not as the fraction that they hold."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

import kpi_cli
from kpi_cli.commands.app import main
from kpi_cli.errors import KpiError
from kpi_cli.exports.percent import percent_cells

SALES = ["date", "order_id", "montant", "TVA", "devise"]
ORDERS = [["2026-10-01", "A-1", 120, 0.2, "EUR"], ["2026-10-03", "A-2", 60, 0.2, "EUR"]]
COURSE = [["email", "course", "progress"], *([f"learner{n}@example.com", "SEO", n / 4] for n in range(5))]


def workbook(path: Path, rows: list[list[object]], shown: dict[int, str], at: tuple[int, int] = (0, 0)) -> Path:
    """A workbook of these rows, some of whose columns have a format of numbers."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Feuil1")
        formats = {column: book.add_format({"num_format": code}) for column, code in shown.items()}
        for i, row in enumerate(rows, at[0]):
            for k, value in enumerate(row):
                sheet.write(i, k + at[1], value, formats.get(k) if i > at[0] else None)
    return path


def rewritten(path: Path, part: str, pattern: str, by: str) -> Path:
    """The workbook with one of its parts written another way."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    changed = re.sub(pattern, by, parts[part].decode())
    assert changed.encode() != parts[part]
    with zipfile.ZipFile(path, "w") as book:
        for name, content in (parts | {part: changed.encode()}).items():
            book.writestr(name, content)
    return path


def completed(path: Path) -> dict[str, object]:
    [sums] = kpi_cli.check(path).to_dict()["sources"][0]["sums"]
    return {name: sums[name] for name in ("enrolled", "started", "completed")}


def test_a_rate_of_tax_is_refused_and_not_taken_for_20_cents(tmp_path: Path) -> None:
    path = workbook(tmp_path / "sales.xlsx", [SALES, *ORDERS], {3: "0%"})
    with pytest.raises(KpiError, match=re.escape("sales.xlsx:2:4: TVA “20%” is a percentage")):
        kpi_cli.roi(path)


def test_an_amount_of_tax_of_20_cents_is_one(tmp_path: Path) -> None:
    orders = [[*ORDERS[0][:3], 0.2, "EUR"], [*ORDERS[1][:3], 0.1, "EUR"]]
    path = workbook(tmp_path / "sales.xlsx", [SALES, *orders], {3: "0.00"})
    [sums] = kpi_cli.check(path).to_dict()["sources"][0]["sums"]
    assert sums["tax"] == pytest.approx(0.3)


@pytest.mark.parametrize("code", ["0%", "0.00%", "# ##0,0 %", "0.0%;[Red]-0.0%", '[>=1]0%;0.00%" done"'])
def test_all_of_a_course_is_100_percent(tmp_path: Path, code: str) -> None:
    path = workbook(tmp_path / "progress.xlsx", COURSE, {2: code})
    assert completed(path) == {"enrolled": 5, "started": 4, "completed": 1}


@pytest.mark.parametrize("code", ["General", "0.00", '0.00" %"', r"0.00\%", "[$%-409]0.00"])
def test_a_format_whose_percent_sign_is_mere_text_shows_no_percentage(tmp_path: Path, code: str) -> None:
    assert not any(percent_cells(workbook(tmp_path / "progress.xlsx", COURSE, {2: code})).values())


def test_progress_named_a_fraction_may_be_shown_as_a_percentage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [["email", "course", "done"], ["learner1@example.com", "SEO", 0.01], ["learner2@example.com", "SEO", 1.0]]
    path = workbook(tmp_path / "progress.xlsx", rows, {2: "0%"})
    assert main(["check", "--progress", str(path), "--map", "progress.progress_fraction=done", "--json"]) == 0
    [sums] = json.loads(capsys.readouterr().out)["sources"][0]["sums"]
    assert (sums["started"], sums["completed"]) == (2, 1)  # a hundredth, and all


def test_a_table_may_start_anywhere_and_bear_formats_below_its_last_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "progress.xlsx", [*COURSE, ["", "", ""]], {2: "0%"}, at=(3, 2))
    assert completed(path) == {"enrolled": 5, "started": 4, "completed": 1}


def test_each_worksheet_has_its_own_cells(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "two.xlsx") as book:
        shown = book.add_format({"num_format": "0%"})
        book.add_worksheet("plain").write_row(0, 0, [1, 2])
        book.add_worksheet("shown").write_row(2, 1, [1, 2], shown)
    assert percent_cells(tmp_path / "two.xlsx") == {"plain": set(), "shown": {(2, 1), (2, 2)}}


@pytest.mark.parametrize(
    ("part", "pattern", "by"),
    [
        ("xl/worksheets/sheet1.xml", r'(<(?:row|c)) r="\w+"', r"\1"),  # places that follow one another
        ("xl/worksheets/sheet1.xml", r'(<c) (r="\w+") (s="\d+")', r"\1 \3 \2"),
        ("xl/_rels/workbook.xml.rels", r'"worksheets/', '"/xl/worksheets/'),
    ],
)
def test_other_programs_write_a_workbook_otherwise(tmp_path: Path, part: str, pattern: str, by: str) -> None:
    path = rewritten(workbook(tmp_path / "progress.xlsx", COURSE, {2: "0%"}), part, pattern, by)
    assert completed(path) == {"enrolled": 5, "started": 4, "completed": 1}


def test_a_workbook_whose_styles_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = rewritten(workbook(tmp_path / "progress.xlsx", COURSE, {2: "0%"}), "xl/styles.xml", "</styleSheet>", "")
    with pytest.raises(KpiError, match="the workbook cannot be opened"):
        kpi_cli.ltv(path)
