"""The first look at a file: which records are rows, and what its cells settle for all of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.errors import InputError
from kpi_cli.exports.files import Asked
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.reading import read
from kpi_cli.exports.sheet import Sheet

Settle = Callable[..., Sheet]


@pytest.fixture
def sheet(tmp_path: Path) -> Settle:
    """Write a file, read it with these answers, and give its sheet; the error of a refused one is raised."""

    def settled(text: str, name: str = "spend.csv", **answers: Any) -> Sheet:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        [source] = read([Asked(str(path), ReadOptions(**answers))], ReadOptions()).sources
        if source.error:
            raise source.error
        assert source.sheet is not None
        return source.sheet

    return settled


def spend(*costs: str, delimiter: str = ";") -> str:
    """A sheet of costs."""
    rows = [f"2026-10-{n:02};Email;{cost}" for n, cost in enumerate(costs, 1)]
    return "\n".join(["date;channel;cost", *rows, ""]).replace(";", delimiter)


def dated(*days: str) -> str:
    """A sheet of costs on these days."""
    return "date,channel,cost\n" + "".join(f'"{day}",Email,10\n' for day in days)


class TestDecimalMark:
    @pytest.mark.parametrize(
        ("costs", "mark"),
        [
            (["1.234", "12,5"], ","),
            (["1.234", "12.5"], "."),
            (["1.234.567"], ","),
            (["1 234,56"], ","),
            (["1,234.56"], "."),
            (["10", "0"], "."),
        ],
    )
    def test_one_cell_settles_it_for_the_file(self, sheet: Settle, costs: list[str], mark: str) -> None:
        assert sheet(spend(*costs)).decimal == mark

    def test_a_number_that_nothing_settles_is_asked_about_with_its_place(self, sheet: Settle) -> None:
        with pytest.raises(InputError) as asked:
            sheet(spend("10", "1.234"))
        assert (asked.value.code, asked.value.line, asked.value.column) == ("decimal_open", 3, 3)
        assert sheet(spend("10", "1.234"), decimal=",").decimal == ","

    def test_cells_that_contradict_each_other_are_refused_with_both_lines(self, sheet: Settle) -> None:
        with pytest.raises(InputError) as refused:
            sheet(spend("12.5", "10", "12,5"))
        assert (refused.value.code, refused.value.line) == ("decimal_contradiction", 4)
        assert "line 2" in refused.value.text

    def test_an_answer_that_the_file_contradicts_is_refused(self, sheet: Settle) -> None:
        with pytest.raises(InputError, match=r"12\.5"):
            sheet(spend("12.5"), decimal=",")

    def test_a_lone_comma_between_commas_is_asked_about(self, sheet: Settle) -> None:
        with pytest.raises(InputError) as asked:
            sheet('date,channel,cost\n2026-10-01,Email,"1,23"\n')
        assert asked.value.code == "decimal_open"

    def test_a_platforms_own_mark_settles_what_its_file_leaves_open(self, sheet: Settle) -> None:
        text = '"Campaign name",Day,Reach,Impressions,"Amount spent (EUR)"\nA,2026-10-01,5,10,1.234\n'
        assert sheet(text).decimal == "."


class TestDateOrder:
    @pytest.mark.parametrize(
        ("days", "order"),
        [(["05/06/2026", "13/06/2026"], "dmy"), (["05/06/2026", "06/13/2026"], "mdy"), (["5.6.2026"], "dmy")],
    )
    def test_one_cell_settles_it_for_the_file(self, sheet: Settle, days: list[str], order: str) -> None:
        assert sheet(dated(*days)).date_order == order

    @pytest.mark.parametrize(
        ("days", "code", "line"),
        [
            (["05/05/2026", "05/06/2026"], "date_order_open", 3),
            (["13/05/2026", "05/13/2026"], "date_contradiction", 3),
            (["45000"], "date_open", 2),
            (["05/06/26"], "date_open", 2),
            (["2026-10-05 10:00:00 +0000", "2026-10-05 10:00:00 +0500"], "zones_differ", 3),
            (["2026-10-05", "2026-02-30"], "bad_date", 3),
            (["2026-10-05", ""], "bad_date", 3),
        ],
    )
    def test_what_nothing_settles_is_refused_with_its_place(
        self, sheet: Settle, days: list[str], code: str, line: int
    ) -> None:
        with pytest.raises(InputError) as refused:
            sheet(dated(*days))
        assert (refused.value.code, refused.value.line, refused.value.column) == (code, line, 1)

    def test_an_answer_settles_it(self, sheet: Settle) -> None:
        assert sheet(dated("05/06/2026"), date_format="mdy").date_order == "mdy"

    def test_the_range_above_the_header_settles_it(self, sheet: Settle) -> None:
        title = 'Campaign report\n"June 1, 2026 - June 30, 2026"\n'
        found = sheet(title + "Day,Campaign,Currency code,Cost,Impr.,Clicks\n05/06/2026,A,EUR,10,100,5\n")
        assert (found.date_order, str(found.first_day), str(found.last_day)) == ("dmy", "2026-06-01", "2026-06-30")


class TestRows:
    def test_a_repeated_header_and_blank_rows_are_no_rows(self, sheet: Settle) -> None:
        found = sheet("date,channel,cost\n2026-10-01,Email,1\n,,\ndate,channel,cost\n2026-10-02,Email,2\n")
        assert found.left_out == {3: "blank", 4: "repeated_header"}

    def test_a_total_at_the_end_is_kept_as_a_control_sum(self, sheet: Settle) -> None:
        found = sheet("date,channel,cost\n2026-10-01,Email,1\nTotal,,1\n")
        assert [(total.label, total.scope) for total in found.totals] == [("Total", "rows")]

    def test_a_campaign_whose_name_begins_like_a_total_is_a_row(self, sheet: Settle) -> None:
        found = sheet("campaign,date,cost\nTotal Recall,2026-10-01,1\nTotally,2026-10-02,2\n")
        assert (found.totals, found.left_out) == ([], {})

    def test_a_row_of_a_day_that_is_named_like_a_total_is_asked_about(self, sheet: Settle) -> None:
        with pytest.raises(InputError) as refused:
            sheet("campaign,date,cost\nSpring,2026-10-01,1\nTotal,2026-10-02,2\n")
        assert (refused.value.code, refused.value.line, refused.value.column) == ("total_or_name", 3, 1)

    def test_a_row_that_is_short_or_long_is_refused_with_its_place(self, sheet: Settle) -> None:
        for row, column in (("2026-10-02,Email", 3), ("2026-10-02,Email,1,5", 4)):
            with pytest.raises(InputError) as refused:
                sheet(f"date,channel,cost\n2026-10-01,Email,1\n{row}\n")
            assert (refused.value.code, refused.value.line, refused.value.column) == ("wrong_field_count", 3, column)

    def test_one_delimiter_too_many_in_every_row_is_only_noted(self, sheet: Settle) -> None:
        found = sheet("date,channel,cost\n2026-10-01,Email,1,\n2026-10-02,Email,2,\n")
        assert [note.code for note in found.notes] == ["trailing_delimiter"]

    def test_a_first_row_of_totals_is_set_aside_where_the_platform_puts_one(self, sheet: Settle) -> None:
        titles = '"Campaign name",Day,Reach,Impressions,"Amount spent (EUR)"\n'
        found = sheet(titles + ",,9,30,15\nA,2026-10-01,5,10,5\nB,2026-10-01,4,20,10\n")
        assert [total.record.line for total in found.totals] == [2]


def test_rows_alike_in_every_cell_and_on_one_line_are_all_kept(tmp_path: Path) -> None:
    path, record = tmp_path / "costs.json", '{"date": "2026-10-01", "category": "tools", "cost": "10.50"}'
    path.write_text(f"[{record}, {record}, {record}]")
    [costs] = read([Asked(str(path), ReadOptions())], ReadOptions()).sources
    assert costs.used == 3
    assert costs.sums == [{"currency": None, "cost": Decimal("31.5")}]
