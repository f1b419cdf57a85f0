"""Numbers that a workbook keeps as text are read by the mark they show, or asked about: never by chance."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

import kpi_cli
from kpi_cli.errors import InputError

HEADER = ["Date", "Campagne", "Clics", "Dépenses"]


def workbook(folder: Path, *costs: str | float, clicks: str | float = 7, total: str | None = None) -> Path:
    path = folder / "spend.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for n, cost in enumerate(costs, 1):
            sheet.write_row(n, 0, [f"2026-10-{n:02}", "Marque", clicks, cost])
        if total:
            sheet.write_row(len(costs) + 1, 0, ["Total", "", "", total])
    return path


def cost(path: Path, **options: str) -> Decimal:
    """What `kpi check` adds up."""
    [source] = kpi_cli.check(path, **options).sources
    if source["error"]:
        raise InputError(source["error"]["code"], source["error"]["text"])
    [sums] = source["sums"]
    return Decimal(str(sums["cost"]))


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (["12,50 €", "20,25 €"], "32.75"),
        (["12,50", "20,25"], "32.75"),
        (["1 234,10 €", "20,20 €"], "1254.30"),
        (["1\u202f234,10\u00a0€", 20.2], "1254.30"),
        (["1.234,10", "1.234.567"], "1235801.10"),
        ([12.5, "1234,50"], "1247"),
        (["$1,234.50", "0.50"], "1235"),
        (["(12,50 €)", 20], "7.50"),
    ],
)
def test_a_text_is_read_by_the_mark_it_shows(tmp_path: Path, cells: list[str | float], right: str) -> None:
    assert cost(workbook(tmp_path, *cells)) == Decimal(right)


@pytest.mark.parametrize(
    "cells", [["1,234"], ["1.234", "2.500"], [12.5, "1,234"], ["12,50", "1,234"], ["1.234,10", "1.234"]]
)
def test_a_text_that_can_be_two_numbers_is_asked_about(tmp_path: Path, cells: list[str | float]) -> None:
    path = workbook(tmp_path, *cells)
    with pytest.raises(InputError) as asked:
        cost(path)
    assert asked.value.code == "decimal_open"


def test_the_answer_to_decimal_holds_for_texts_and_not_for_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path, 12.5, "1,234")
    assert cost(path, decimal=",") == Decimal("13.734")
    assert cost(path, decimal=".") == Decimal("1246.5")
    assert cost(workbook(tmp_path, 12.5, 1234.5), decimal=",") == Decimal(1247)


@pytest.mark.parametrize(
    ("cells", "options", "code"),
    [
        (["12,50", "12.50"], {}, "decimal_contradiction"),
        (["12,50"], {"decimal": "."}, "decimal_contradicted"),
        (["12,5,0"], {}, "bad_number"),
    ],
)
def test_texts_that_contradict_one_another_or_the_user_are_refused(
    tmp_path: Path, cells: list[str], options: dict[str, str], code: str
) -> None:
    with pytest.raises(InputError) as refused:
        cost(workbook(tmp_path, *cells), **options)
    assert refused.value.code == code


def test_counts_that_are_texts_group_their_thousands(tmp_path: Path) -> None:
    for clicks, mark in (("1,234", "12.50"), ("1.234", "12,50"), ("1 234", "12,50")):
        [source] = kpi_cli.check(workbook(tmp_path, mark, clicks=clicks)).sources
        assert (source["sums"][0]["clicks"], source["sums"][0]["cost"]) == (1234, Decimal("12.5"))


def test_a_total_that_is_text_is_the_control_of_the_texts_above_it(tmp_path: Path) -> None:
    [source] = kpi_cli.check(workbook(tmp_path, "12,50 €", "20,25 €", total="32,75 €")).sources
    assert source["rows"]["left_out"] == {"totals_row": 1}
    assert [entry["agrees"] for entry in source["control"] if entry["column"] == "cost"] == [True]
