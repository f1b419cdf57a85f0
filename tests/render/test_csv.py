import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.render.csv_ import write_csv
from kpi_cli.render.page import Page
from kpi_cli.result import CheckResult, Column, Result, Row
from kpi_cli.safe import printable

PIPE, FILE = Page(), Page(file=True)


def read(answer: Result | CheckResult, page: Page = PIPE) -> list[list[str]]:
    return list(csv.reader(io.StringIO(write_csv(answer, page).decode(), newline="")))


def campaigns(*names: str) -> Result:
    rows: list[Row] = [{"campaign": name, "profit": Decimal("-12.5")} for name in names]
    return Result("roi", [Column("profit", "Profit", "money")], rows, {"profit": Decimal(-25)}, by=["campaign"])


def test_rows_have_column_names_commas_and_dots_but_no_total_and_no_notes(by_channel: Result) -> None:
    assert write_csv(by_channel, PIPE).decode() == (
        "channel,revenue,media_cost,cost,profit,roi,roas\n"
        "Paid Search,5230.4,1164.1,1164.1,4066.3,3.493085,4.493085\n"
        "Organic Search,3110,0,0,3110,,\n"
        "Paid Video,149,612.5,612.5,-463.5,-0.756735,0.243265\n"
    )


def test_without_a_grouping_the_total_is_the_one_row(calculator: Result) -> None:
    assert read(calculator) == [
        ["revenue", "media_cost", "cost", "profit", "roi", "roas", "mer"],
        ["10000", "7000", "7000", "3000", "0.428571", "1.428571", ""],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_in_a_file_no_text_starts_a_formula(start: str) -> None:
    name = start + "SUM(A1)"
    assert read(campaigns(name), FILE)[1] == ["'" + printable(name), "-12.5"]
    assert read(campaigns(name), PIPE)[1] == [printable(name), "-12.5"]


@settings(max_examples=100)
@given(st.lists(st.text(), min_size=1, max_size=3))
def test_names_come_back_as_they_were_printed(names: list[str]) -> None:
    assert [row[0] for row in read(campaigns(*names))[1:]] == [printable(name) for name in names]


@settings(max_examples=50)
@given(st.decimals("-999999999999.999999", "999999999999.999999", places=6))
def test_money_keeps_every_digit(amount: Decimal) -> None:
    result = Result("roi", [Column("cost", "Cost", "money")], [], {"cost": amount})
    assert Decimal(read(result, FILE)[1][0]) == amount


def test_a_check_is_a_row_a_file(checked: CheckResult) -> None:
    header, spend, refused = read(checked)
    assert dict(zip(header, spend, strict=True))["cost"] == "1164.1"
    assert dict(zip(header, spend, strict=True))["left_out"] == "3"
    assert dict(zip(header, refused, strict=True))["error"] == "bad_date"
