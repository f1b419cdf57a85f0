"""Large plain files of which first orders are asked: the answer of the reading row by row, and its ledger."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.errors import KpiError
from kpi_cli.exports import bulk, firsts
from kpi_cli.exports.plain import AsRead

SPEND = "date,channel,cost,currency\n2026-01-01,Email,10.00,EUR\n2026-03-31,Paid Search,20.00,EUR\n"
CLEAN = """date,order_id,customer_id,channel,amount,refunded,currency,status,product
2026-01-05,101,c-1,Email,100.00,0,EUR,paid,Course A
2026-01-05,99,c-1,Paid Search,50.50,50.50,EUR,paid,Course B
2026-01-06,102,c-2,Email,50.50,,EUR,paid,Course A
2026-02-06,103,c-3,Paid Search,19.99,4.99,EUR,paid,Course B
2026-02-06,104,c-4,Paid Search,19,0,EUR,failed,Course A
2026-02-07,105,c-4,Email,19,0,EUR,paid,Course A
2026-03-07,106,c-5,,7.5,0,EUR,refunded,Course B
2026-03-07,107,,,0.25,0,EUR,paid,Course B
2026-03-20,1000,c-6,Email,0,0,EUR,refunded,Course B
2026-03-21,108,c-2,Paid Search,1000,0,EUR,refunded,Course A
"""
QUESTIONS: dict[str, Any] = {
    "cac": lambda *f, **o: kpi_cli.cac(*f, by="channel", **o),
    "cac by month and product": lambda *f, **o: kpi_cli.cac(*f, by="month,product", **o),
    "cac of a month": lambda *f, **o: kpi_cli.cac(*f, month="2026-03", compare="previous", **o),
    "cac by revenue": lambda *f, **o: kpi_cli.cac(*f, by="channel", allocate="revenue", **o),
    "channels": lambda *f, **o: kpi_cli.channels(*f, **o),
    "channels gross": lambda *f, **o: kpi_cli.channels(*f, gross=True, **o),
    "channels by network": lambda *f, **o: kpi_cli.channels(*f, by="network", **o),
}


@contextmanager
def large_from(rows: int) -> Iterator[None]:
    """Files of more rows than these count as large, and are read by DuckDB."""
    before = firsts.ROWS, bulk.ROWS
    firsts.ROWS = bulk.ROWS = rows
    try:
        yield
    finally:
        firsts.ROWS, bulk.ROWS = before


def write(folder: Path, sales: str) -> tuple[str, str]:
    (folder / "sales.csv").write_bytes(sales.encode())
    (folder / "spend.csv").write_text(SPEND)
    return str(folder / "sales.csv"), str(folder / "spend.csv")


def said(files: Sequence[str], question: str, rows: int, **options: Any) -> tuple[dict[str, Any], str]:
    """The answer, or what it is refused with, but for what needs every id; and the checks of the sales."""
    try:
        with large_from(rows):
            found = QUESTIONS[question](*files, **options).to_dict()
    except KpiError as error:
        return error.to_dict(), "refused"
    (checks,) = {s["checks"] for s in found["sources"] if s["role"] == "sales"}
    for source in found["sources"]:
        source.update(sha256=None, checks=None)
        for sums in source["sums"]:
            sums.update(orders=None, customers=None)
    return found, checks


def assert_alike(files: Sequence[str], question: str, **options: Any) -> str:
    """Both readings say the same; which checks the one of large files made."""
    by_rows, _ = said(files, question, 10**9, **options)
    as_groups, checks = said(files, question, 0, **options)
    assert as_groups == by_rows
    return checks


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_clean_file_is_read_as_groups_with_the_same_answer_and_ledger(question: str, tmp_path: Path) -> None:
    assert assert_alike(write(tmp_path, CLEAN), question) == "rows"


def test_a_customer_is_of_the_channel_of_the_least_order_id_on_the_first_day(tmp_path: Path) -> None:
    """Order 99 was made before 101, and so c-1 came by search."""
    found, checks = said(write(tmp_path, CLEAN), "cac", 0)
    assert checks == "rows"
    # c-2, c-4 and c-6 by e-mail, c-1 and c-3 by search; of c-5 nothing is known.
    assert {row["channel"]: row["new_customers"] for row in found["rows"]} == {
        "Email": 3,
        "Paid Search": 2,
        "(unattributed)": 1,
    }


@pytest.mark.parametrize("ids", [("1", "2", "3"), ("#9", "#10", "#8"), ("o-a", "o-b", "x"), ("20-1", "20-2", "20-3")])
@pytest.mark.parametrize(
    "times",
    [
        (" 09:30", " 10:00", " 08:00"),
        (" 09:30:01", " 09:30:02", " 09:30:00"),
        ("T09:30:00.5Z", "T09:30:00.75Z", "T09:30:00.25Z"),
        (" 00:00:01", " 23:59:59", ""),
    ],
)
def test_of_several_orders_on_the_first_day_the_earliest_hour_counts(
    times: Sequence[str], ids: Sequence[str], tmp_path: Path
) -> None:
    """The third order is the earliest, whatever the ids say, and however the file is read."""
    channels = ("Email", "Audio", "Paid Search")
    rows = [f"2026-01-01{t},{i},c-1,{channel},5.25" for t, i, channel in zip(times, ids, channels, strict=True)]
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,amount", *rows, ""]))
    assert assert_alike(files, "cac", currency="EUR") == "rows"
    for rows_of_large_files in (0, 10**9):
        found, _ = said(files, "cac", rows_of_large_files, currency="EUR")
        assert {r["channel"]: r["new_customers"] for r in found["rows"] if r["new_customers"]} == {"Paid Search": 1}
    worth = kpi_cli.ltv(*files, by="channel", currency="EUR").to_dict()
    assert {row["channel"]: row["customers"] for row in worth["rows"] if row["customers"]} == {"Paid Search": 1}


@pytest.mark.parametrize(
    ("ids", "checks"),
    [
        (["#1001", "#1002", "#999", "#1004"], "rows"),
        (["o-a", "o-b", "o", "o-b1"], "rows"),
        (["001", "002", "003", "010"], "rows"),
        (["20-9", "20-10", "20-11", "20-8"], "rows"),
        (["0x9", "0x10", "10", "0b11"], "rows"),
        (["11", "0x10", "1_0", "12"], "rows"),
        (["1", "2", "3", "9" * 25], "rows"),
        (["'7", "8", "9", "10"], "full"),
        (["1", "2", "3", "2"], "full"),
        (["1", "2", "3", ""], "full"),
        (["1e3", "1000", "3", "4"], "rows"),
        (["1.0", "1", "-1", "+1"], "full"),
    ],
)
def test_whatever_order_ids_are_the_answer_is_that_of_the_rows(ids: list[str], checks: str, tmp_path: Path) -> None:
    rows = [
        f"2026-01-05,{one},c-1,{channel},5.00"
        for one, channel in zip(ids, ("Email", "", "Audio", "Email"), strict=True)
    ]
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,amount", *rows, ""]))
    assert assert_alike(files, "channels", currency="EUR") == checks


@pytest.mark.parametrize("last", ["999", "0900", "0999", " 999", "999.", "9e2", "9E2", "+99", "-99", "9_9", "1000", ""])
def test_an_id_far_below_that_is_written_otherwise_comes_first_where_its_text_does(last: str, tmp_path: Path) -> None:
    rows = [f"2026-01-{1 + i % 28:02},{900 + i},c-{i},{'Audio' if i % 2 else 'Email'},5.25" for i in range(99)]
    again = f"2026-01-23,{last},c-50,Audio,5.25"  # of the day on which c-50 bought by e-mail too
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,amount", *rows, again, ""]))
    assert_alike(files, "channels", currency="EUR")


@pytest.mark.parametrize("amount", ["7", "7.5", "1,5", "1.234", "1.2345678", "", " 7.50", "1e2", "1_000", "-3.00", "x"])
def test_an_amount_far_below_is_read_as_it_is_row_by_row(
    amount: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[Mapping[int, str]] = []
    source_sql = firsts.source_sql

    def noted(text: Any, sheet: Any, read: AsRead) -> str:
        typed.append(read.types)
        return source_sql(text, sheet, read)

    monkeypatch.setattr(firsts, "source_sql", noted)
    rows = [f"2026-01-{1 + i % 28:02},{i},c-{i % 9},Email,5.25,1.00" for i in range(100)]
    header, last = "date,order_id,customer_id,channel,amount,refunded", f"2026-01-31,500,c-1,,{amount},0"
    files = write(tmp_path, "\n".join([header, *rows, last, ""]))
    assert_alike(files, "channels", currency="EUR")
    assert (4 in typed[0]) == ("_" not in amount)  # the first rows prove the dot, and a sign takes it back
    assert_alike(write(tmp_path, "\n".join([header, *rows, ""])), "cac", currency="EUR")


@pytest.mark.parametrize(
    "day",
    [
        *("2026-1-5", " 2026-01-05", "2026-01-05 ", "2026-01-05 10:00:00", "2026-01-05T10:00:00Z", "2026/01/05"),
        *("2026-01-05 23:30:00+05:00", "20260105", "05/01/2026", "26-01-05", "2026-02-30", "1989-12-31", "2101-01-01"),
        *("2026 01 05", "2026-01-05 (BC)", "epoch", "infinity", "", "x", "2026-1-5  ", "2026-1-05\t", "2026- 1-05"),
        *("02026-1-05", "2026-001-05", "20260-01-05", "-2026-01-05", "2026\\01\\05", "2026-01-05x", "\u00a02026-01-05"),
    ],
)
def test_a_day_far_below_that_is_written_otherwise_is_read_as_it_is_row_by_row(
    day: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[AsRead] = []
    source_sql = firsts.source_sql
    monkeypatch.setattr(firsts, "source_sql", lambda *asked: (read.append(asked[2]), source_sql(*asked))[1])
    rows = [f"2026-01-{1 + i % 28:02},{i},c-{i % 9},Email,5.25" for i in range(100)]
    sales = "\n".join(["date,order_id,customer_id,channel,amount", *rows, f"{day},500,c-1,Email,5.25", ""])
    assert_alike(write(tmp_path, sales), "channels", currency="EUR")
    assert (read[0].types[0], read[0].day) == ("DATE", "%Y-%m-%d")  # the first rows prove how days are written


def test_ids_that_are_no_numbers_after_all_are_texts(tmp_path: Path) -> None:
    rows = [f"2026-01-{1 + i % 28:02},{i},c-{i % 9},Email,5.00" for i in range(100)]
    files = write(
        tmp_path, "\n".join(["date,order_id,customer_id,channel,amount", *rows, "2026-01-31,x,c-1,,1.00", ""])
    )
    assert assert_alike(files, "channels", currency="EUR") == "rows"


def test_orders_that_their_status_calls_refunded_are_counted_where_rows_are_groups(tmp_path: Path) -> None:
    rows = [f"2026-01-05,{i},c-{i},Email,5.00,{'refunded' if i % 3 else 'paid'}" for i in range(1, 31)]
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,amount,status", *rows, ""]))
    by_rows, as_groups = (said(files, "channels", n, currency="EUR")[0] for n in (10**9, 0))
    (told,) = (note for note in as_groups["notes"] if note["code"] == "refunded_in_full")
    assert "20" in told["text"]
    assert as_groups["rows"] == by_rows["rows"]
    assert [note["text"] for note in as_groups["notes"]] == [note["text"] for note in by_rows["notes"]]


HEADER = "date,order_id,customer_id,channel,amount,refunded,status,product"
PLAIN = [
    f"2026-01-{1 + i % 28:02},{i},c-{i % 23},{('Email', 'Audio', '', 'Paid Search')[i % 4]},5.25,1.00,"
    f"{'failed' if i % 7 == 0 else 'paid'},Course {'AB'[i % 2]}"
    for i in range(1, 121)
]


@pytest.fixture
def kept_as(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the reading kept the cells of which first orders were found."""
    ways: list[str] = []
    fill_won = firsts._fill_won

    def noted(store: Any, cells: Any, ids: Any, *, all_kept: bool) -> None:
        fill_won(store, cells, ids, all_kept=all_kept)
        ways.append("texts" if cells.combination is None else "names")

    monkeypatch.setattr(firsts, "_fill_won", noted)
    return ways


@pytest.mark.parametrize(
    ("last", "way"),
    [
        ("2026-01-31,900,c-99,Email,5.25,1.00,paid,Course A", "names"),
        ("2026-01-31,900,c-99,,5.25,1.00,paid,Course A", "names"),
        ("2026-01-31,900,,Email,5.25,1.00,paid,Course A", "names"),
        ("2026-01-31,900,c-99,Heard of nowhere else,5.25,1.00,paid,Course A", "texts"),
        ("2026-01-31,900,c-99, Email,5.25,1.00,paid,Course A", "texts"),
        ("2026-01-31,900,c-99,Réseaux sociaux,5.25,1.00,paid,Course A", "texts"),
        ("2026-01-31,0900,c-99,Email,5.25,1.00,paid,Course A", "names"),
        ("2026-01-31,900,c-99,Email,5.25,5.25,refunded,Course A", "texts"),
        ("2026-01-31,900,c-99,Email,5,1,paid,Course A", "names"),
    ],
)
@pytest.mark.parametrize("question", ["cac", "cac by month and product", "channels"])
def test_cells_are_names_where_those_are_known_and_else_texts(
    last: str, way: str, question: str, tmp_path: Path, kept_as: list[str]
) -> None:
    files = write(tmp_path, "\n".join([HEADER, *PLAIN, last, ""]))
    assert assert_alike(files, question, currency="EUR") == "rows"
    assert kept_as == [way]


@pytest.mark.parametrize("first", ["order_id", "channel", "customer_id", "product"])
@pytest.mark.parametrize("last", ["900,c-99,Email", "900,,Email", "900,c-99,", "900,c-99,Réseaux sociaux"])
def test_the_date_may_be_the_second_column(first: str, last: str, tmp_path: Path, kept_as: list[str]) -> None:
    columns = HEADER.split(",")
    order = sorted(range(len(columns)), key=lambda i: (columns[i] != first, columns[i] != "date", i))
    rows = [HEADER, *PLAIN, f"2026-01-31,{last},5.25,1.00,paid,{'' if first == 'product' else 'Course A'}"]
    text = "\n".join(",".join(row.split(",")[i] for i in order) for row in rows) + "\n"
    assert assert_alike(write(tmp_path, text), "cac", currency="EUR") == "rows"
    assert kept_as == ["texts" if "é" in last else "names"]


@pytest.mark.parametrize("customer", ["c-5", "C-5", "c 5", "", "c-5 ", " c-5", "  ", "ç-5", "c+5", "'c-5", "[c-5]"])
def test_a_customer_far_below_that_is_written_otherwise_is_the_one_of_the_rows(customer: str, tmp_path: Path) -> None:
    """c-5 bought before, by another channel: whoever is told apart from them is won once more."""
    last = f"2026-02-27,900,{customer},Organic Search,5.25,1.00,paid,Course A"
    assert_alike(write(tmp_path, "\n".join([HEADER, *PLAIN, last, ""])), "cac", currency="EUR")


def test_more_names_than_a_byte_tells_apart_are_texts(tmp_path: Path, kept_as: list[str]) -> None:
    rows = [f"2026-01-{1 + i % 28:02},{i},c-{i % 99},Channel {i},5.25,1.00,paid,Course" for i in range(300)]
    for count, way in ((200, "names"), (300, "texts")):
        again = [*rows[:count], *(f"2026-02-01,{1000 + i},c-{i},Channel {i},5.25,1.00,paid,Course" for i in range(2))]
        files = write(tmp_path, "\n".join([HEADER, rows[0].replace(",0,", ",999,", 1), *again, ""]))
        assert assert_alike(files, "channels", currency="EUR") == "rows"
        assert kept_as.pop() == way


@pytest.mark.parametrize(("campaigns", "way"), [(40, "names"), (250, "texts")])
def test_combinations_of_names_are_numbered_as_long_as_they_are_few(
    campaigns: int, way: str, tmp_path: Path, kept_as: list[str]
) -> None:
    rows = [
        f"2026-01-{1 + i % 28:02},{7 * i % 2003},c-{i % 401},source-{i % 30},medium-{i % 11},offer-{i % campaigns},5.25"
        for i in range(1, 1501)
    ]
    header = "date,order_id,customer_id,utm_source,utm_medium,utm_campaign,amount"
    files = write(tmp_path, "\n".join([header, *rows, rows[0].replace(",7,", ",2500,"), ""]))
    assert assert_alike(files, "cac", currency="EUR") == "rows"
    assert kept_as == [way]


@pytest.mark.parametrize(
    ("ids", "type_"),
    [
        (["100000000", "100000002", "100000001"], "BIGINT"),
        (["99", "100", "1000"], "BIGINT"),
        (["0003", "12", "11"], "BIGINT"),
        (["0", "7", "10"], "BIGINT"),
        (["1", "10", "999999999999999999"], "HUGEINT"),
        (["999999999999999997", "999999999999999998", "999999999999999996"], "BIGINT"),
    ],
)
def test_the_least_of_order_ids_counts_first_however_wide_their_numbers_are(
    ids: list[str], type_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    number_key = firsts._number_key

    def noted(store: Any, combinations: int) -> tuple[str, str, str]:
        found = number_key(store, combinations)
        keys.append(found[0])
        return found

    monkeypatch.setattr(firsts, "_number_key", noted)
    channels = ("Email", "Audio", "Paid Search")
    rows = [f"2026-01-05,{one},c-1,{channel},5.25" for one, channel in zip(ids, channels, strict=True)]
    rows.append(f"2026-03-05,{int(ids[1]) - 3},c-2,Email,5.25")
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,amount", *rows, ""]))
    assert assert_alike(files, "cac", currency="EUR") == "rows"
    assert type_ in keys[0]
    found, _ = said(files, "cac", 0, currency="EUR")
    won = dict(zip(ids, channels, strict=True))[min(ids, key=int)]
    assert next(row["new_customers"] for row in found["rows"] if row["channel"] == won) >= 1


@pytest.mark.parametrize(
    ("times", "won"),
    [
        (("9:05", "14:00", "08:59"), "Paid Search"),
        (("9:05 PM", "11:00 AM", "12:10 PM"), "Audio"),
        (("noon", "14:00", "15:00"), "Email"),  # a word is no time, and a day without one begins at midnight
        (("24:00", "14:00", "15:00"), "Email"),  # nor is this, though DuckDB takes it for the next day's
        (("9:5:7", "08:00", "15:00"), "Email"),
        (("09:05:00.5", "09:05:00.25", "09:05:01"), "Audio"),
        (("14h02", "9h05", "10h00"), "Audio"),
        (("14.02", "9.05", "10.00"), "Audio"),
        (("14.02.26", "09.05.26", "10.00.26"), "Audio"),  # no days, whose order would be asked
        (("2:00  PM", "9:00  AM", "10:00 AM"), "Audio"),
        (("14:02+01:00", "09:05Z", "10:00 CET"), "Audio"),
        (("2026-01-01 14:02:00", "2026-01-01 09:05:00", "2026-01-01 10:00:00"), "Audio"),
        (("01/01/2026 14:02", "01/01/2026 09:05", "01/01/2026 10:00"), "Audio"),
    ],
)
def test_the_hour_may_stand_in_a_column_of_its_own(times: Sequence[str], won: str, tmp_path: Path) -> None:
    channels = ("Email", "Audio", "Paid Search")
    rows = [f"2026-01-01,{t},{9 + i},c-1,{c},5.25" for i, (t, c) in enumerate(zip(times, channels, strict=True))]
    files = write(tmp_path, "\n".join(["date,time,order_id,customer_id,channel,amount", *rows, ""]))
    assert_alike(files, "cac", currency="EUR")
    found, _ = said(files, "cac", 10**9, currency="EUR")
    assert {row["channel"]: row["new_customers"] for row in found["rows"] if row["new_customers"]} == {won: 1}


def test_where_the_column_of_hours_is_blank_those_beside_the_day_count(tmp_path: Path) -> None:
    rows = [f"2026-01-01 {t},,{i},c-1,{c},5.25" for t, i, c in (("10:00", 1, "Email"), ("09:00", 2, "Audio"))]
    files = write(tmp_path, "\n".join(["date,time,order_id,customer_id,channel,amount", *rows, ""]))
    assert_alike(files, "cac", currency="EUR")
    found, _ = said(files, "cac", 10**9, currency="EUR")
    assert {row["channel"]: row["new_customers"] for row in found["rows"] if row["new_customers"]} == {"Audio": 1}


@pytest.mark.parametrize(
    ("later", "earlier", "date_format"),
    [
        ("46023.5", "46023.25", "excel"),
        ("2026010114", "2026010109", None),
        ("1 janv. 2026 14h02", "1 janv. 2026 9h05", None),
        ("1 Jan 2026 9:02  PM", "1 Jan 2026 10:02 AM", None),
        ("1 Jan 2026 14:02 PM", "1 Jan 2026 9:02 AM", None),
        ("01/01/26 2:05 PM", "01/01/26 11:05 AM", "dmy"),
        ("2026-01-01|14", "2026-01-01|09", None),
    ],
)
def test_every_way_to_write_an_hour_says_which_order_was_first(
    later: str, earlier: str, date_format: str | None, tmp_path: Path
) -> None:
    rows = [f"{later},1,c-1,Email,5.25", f"{earlier},2,c-1,Audio,5.25"]
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,amount", *rows, ""]))
    found, _ = said(files, "cac", 10**9, currency="EUR", date_format=date_format)
    assert {row["channel"]: row["new_customers"] for row in found["rows"] if row["new_customers"]} == {"Audio": 1}


@pytest.mark.parametrize("date", ["1 janv. 2026 25h02", "2026-01-01|25", "september-26", "1 Jan 2026 13:02 AM"])
def test_an_hour_that_is_none_leaves_a_day_that_is_right(date: str, tmp_path: Path) -> None:
    files = write(tmp_path, f"date,order_id,customer_id,channel,amount\n{date},1,c-1,Email,5.25\n")
    worth = kpi_cli.ltv(files[0], currency="EUR", date_format="dmy" if "-26" in date else None).to_dict()
    assert worth["total"]["customers"] == 1


@pytest.mark.parametrize("products", [("Course B", "Course A"), ("Course A", "Course B")])
def test_of_lines_as_dear_the_lesser_text_counts_whatever_their_order(products: Sequence[str], tmp_path: Path) -> None:
    rows = [f"2026-01-01,o-1,c-1,Email,{product},5.25" for product in products]
    files = write(tmp_path, "\n".join(["date,order_id,customer_id,channel,product,amount", *rows, ""]))
    won = kpi_cli.cac(*files, by="product", currency="EUR").to_dict()
    worth = kpi_cli.ltv(files[0], by="product", currency="EUR").to_dict()
    assert {row["product"]: row["new_customers"] for row in won["rows"] if row["new_customers"]} == {"Course A": 1}
    assert {row["product"]: row["customers"] for row in worth["rows"] if row["customers"]} == {"Course A": 1}


def test_what_people_brought_since_is_found_row_by_row(tmp_path: Path) -> None:
    assert assert_alike(write(tmp_path, CLEAN), "cac", margin="0.5") == "full"


@pytest.mark.parametrize(
    "change",
    [
        ("EUR,paid,Course B", "EUR,unheard-of,Course B"),
        ("1000,0,EUR", "abc,0,EUR"),
        ("2026-03-21", "2026-02-30"),
        ("2026-03-21", "Total"),
        ("1000,0,EUR", "1000,2000,EUR"),
        ("1000,0,EUR", "1000,0,USD"),
        ("c-6,Email", "c-6,Email,too many"),
        ("c-6,", "' c-6,"),
        ("0.25,0,EUR", "0.25,0,eur"),
    ],
    ids=lambda change: change[1],
)
def test_what_is_unusual_is_told_as_if_the_file_were_small(change: tuple[str, str], tmp_path: Path) -> None:
    assert change[0] in CLEAN
    assert_alike(write(tmp_path, CLEAN.replace(*change)), "channels")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 6),
            st.integers(1, 20_000),
            st.sampled_from(["a@example.com", "A@example.com", "b@example.com", "c-1", ""]),
            st.sampled_from(["Email", "Paid Search", "Audio", ""]),
            st.integers(0, 3),
            st.booleans(),
            st.sampled_from(["paid", "refunded", "failed"]),
        ),
        min_size=1,
        max_size=25,
        unique_by=lambda row: row[1],
    ),
    tax=st.booleans(),
    prefix=st.sampled_from(["", "#", "o-"]),
    question=st.sampled_from(["cac", "cac by month and product", "channels", "channels gross"]),
)
def test_any_plain_sales_give_the_same_answer_both_ways(
    tmp_path: Path, rows: list[tuple[Any, ...]], tax: bool, prefix: str, question: str
) -> None:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    named = "tax" if tax else "note"
    table.writerow(f"date,order_id,email,customer_id,channel,amount,refunded,{named},status,product".split(","))
    sold = (3, 30_000, "d@example.com", "Audio", 2, False, "paid")  # a file of which no row counts has no dimensions
    for day, order, who, channel, euros, back, status in [*rows, sold]:
        email, number = (who, "") if "@" in who else ("", who)
        money = [f"{euros}.00", f"{euros}.00" if back else "0", f"0.1{order % 7}"]
        bought = "A" if order % 2 else "B"
        table.writerow([f"2026-0{day}-15", f"{prefix}{order}", email, number, channel, *money, status, bought])
    assert_alike(write(tmp_path, out.getvalue()), question, currency="EUR")
