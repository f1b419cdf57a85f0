"""Tables side by side on one sheet: never half of what a file holds without a word."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter

SPEND = ["Date,Campaign,Cost,Clicks", "2026-10-01,A,100,10", "2026-10-02,B,50,5"]
SALES = ["Date,Order ID,Email,Amount", "2026-10-01,1,a@example.com,90", "2026-10-03,2,b@example.com,60"]
COSTS = ["Mois,Poste,Montant", "2026-10,Outils,30", "2026-10,Salaires,900"]
AGAIN = ["Day,Ad group,Spend,Impressions", "2026-10-01,X,70,700", "2026-10-02,Y,80,800"]
SUMMARY = ["Summary,Value", "Total,150", "Budget,500", "Left,350"]


def beside(left: list[str], right: list[str], lower: int = 0) -> list[list[str]]:
    """The cells of two tables, with an empty column between them."""
    tables = [[line.split(",") for line in part] for part in (left, ["," * right[0].count(",")] * lower + right)]
    height, width = max(map(len, tables)), len(tables[0][0])
    rows = [[table[i] if i < len(table) else [""] * len(table[0]) for table in tables] for i in range(height)]
    return [[*(first + [""] * (width - len(first))), "", *second] for first, second in rows]


def workbook(rows: list[list[str]]) -> bytes:
    """A worksheet of these cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_numbers": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return out.getvalue()


def files(rows: list[list[str]]) -> list[tuple[str, str | bytes]]:
    """The same cells as CSV and as a workbook."""
    return [("both.csv", "\n".join(",".join(row) for row in rows)), ("both.xlsx", workbook(rows))]


@pytest.mark.parametrize("right", [SPEND, SALES, COSTS, AGAIN], ids=["the same", "sales", "told costs", "other names"])
@pytest.mark.parametrize("lower", [0, 2], ids=["level", "lower"])
@pytest.mark.parametrize("kind", [0, 1], ids=["csv", "xlsx"])
def test_two_tables_side_by_side_are_refused(right: list[str], lower: int, kind: int, check: Any) -> None:
    [source] = check(files(beside(SPEND, right, lower))[kind], code=3)
    assert source["error"]["code"] == "two_tables"


@pytest.mark.parametrize("kind", [0, 1], ids=["csv", "xlsx"])
def test_a_summary_beside_a_table_is_passed_over_and_told(kind: int, check: Any) -> None:
    for rows, column in ((beside(SPEND, SUMMARY), 6), (beside(SUMMARY, SPEND), 1)):
        [source] = check(files(rows)[kind])
        assert (source.sum("cost"), source["rows"]["used"]) == (150, 2)
        [told] = [note["text"] for note in source["notes"] if note["code"] == "stands_apart"]
        assert f"from column {column} on" in told


def test_an_empty_column_within_one_table_parts_nothing(check: Any) -> None:
    utm = ["Utm source,Utm medium,Utm campaign", "google,cpc,A", "google,cpc,B"]
    [source] = check(files(beside(SALES, utm))[0])
    assert (source.sum("revenue_gross"), source["columns"]["utm_campaign"]) == (150, "Utm campaign")
    [source] = check(files(beside(["Date,Campaign", "2026-10-01,A"], ["Cost,Clicks", "100,10"]))[0])
    assert (source.sum("cost"), "stands_apart" in source.codes) == (100, False)
