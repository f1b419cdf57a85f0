"""Large files: what is read as sums gives the answer, and the ledger, of the reading row by row."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.commands.app import main
from kpi_cli.errors import KpiError
from kpi_cli.exports import bulk, large, reading, sums
from kpi_cli.exports.engine import connect

SPEND = "date,channel,cost,currency\n2026-01-01,Email,10.00,EUR\n2026-03-31,Paid Search,20.00,EUR\n"
CLEAN = """date,order_id,channel,amount,refunded,currency,status
2026-01-05,o-1,Email,100.00,0,EUR,paid
2026-01-05,o-2,Email,50.50,50.50,EUR,paid
2026-01-05,o-3,Email,50.50,,EUR,paid
2026-02-06,o-4,Paid Search,19.99,4.99,EUR,paid
2026-02-06,o-5,Paid Search,19,0,EUR,failed
2026-03-07,o-6,,7.5,0,EUR,refunded
2026-03-07,o-7,,0.25,0,EUR,paid
2026-04-20,o-8,Email,1000,0,EUR,paid
"""


HEADER, *_ROWS = CLEAN.replace(",,EUR", ",0,EUR").splitlines(keepends=True)
PROVEN = HEADER + "2026-01-05,t-{},Email,10.25,0,EUR,paid\n" * 70 + "".join(_ROWS)  # read as numbers at once
PROVEN = PROVEN.format(*range(70))


WAYS = {"groups": True, "records": False}  # as sums.py reads them, and as large.py does what that leaves
in_groups = True


@pytest.fixture(params=WAYS, autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every promise here is held to both ways of reading large files."""
    monkeypatch.setattr(sys.modules[__name__], "in_groups", WAYS[request.param])
    return str(request.param)


@contextmanager
def large_from(rows: int) -> Iterator[None]:
    """Files of more rows than these count as large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "ROWS", rows)
        for module in (sums, bulk):
            patch.setattr(module, "ROWS", rows if in_groups else 10**9)
        yield


def write(folder: Path, sales: str | bytes) -> tuple[str, str]:
    (folder / "sales.csv").write_bytes(sales if isinstance(sales, bytes) else sales.encode())
    (folder / "spend.csv").write_text(SPEND)
    return str(folder / "sales.csv"), str(folder / "spend.csv")


def answer(files: tuple[str, ...], rows: int, **options: Any) -> tuple[dict[str, Any], set[str]]:
    """The answer when files of more than so many rows are large, without what needs ids; the checks of the sales."""
    with large_from(rows):
        found = kpi_cli.roi(*files, **{"by": "month,channel"} | options).to_dict()
    checks = {s["checks"] for s in found["sources"] if s["role"] == "sales"}
    return without_ids(found), checks


def without_ids(found: dict[str, Any]) -> dict[str, Any]:
    for source in found.get("sources", ()):
        source.update(sha256=None, checks=None)
        for entry in source["sums"]:
            entry.update(orders=None, customers=None)
    return found


def answers(files: tuple[str, ...], **options: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The answer read row by row, the one read as sums, and which checks the second made."""
    (by_rows, _), (by_sums, [checks]) = answer(files, 10**9, **options), answer(files, 0, **options)
    return by_rows, by_sums, checks


def said(files: tuple[str, ...], rows: int, **options: Any) -> object:
    """The answer, or what it is refused with."""
    try:
        return answer(files, rows, **options)[0]
    except KpiError as error:
        return error.to_dict()


# ------------------------------------------------------------------------------------- the same answer


def test_a_clean_file_is_read_as_sums_with_the_same_answer_and_ledger(tmp_path):
    rows, sums, checks = answers(write(tmp_path, CLEAN))
    assert checks == "rows"
    assert sums == rows
    sales = next(s for s in sums["sources"] if s["role"] == "sales")
    assert sales["rows"] == {"read": 8, "used": 6, "left_out": {"failed": 1, "outside_period": 1}}
    # January: 100 + 50.50; February: 19.99 − 4.99; March: 7.50 went back whole, 0.25 stays.
    assert Decimal(str(sums["total"]["revenue"])) == Decimal("165.75")


def test_what_a_plan_has_for_rows_is_read_as_groups_and_the_rest_as_records(tmp_path, monkeypatch, way):
    taken: list[bool] = []
    load_sums = reading.load_sums

    def noted(*asked: Any) -> bool:
        taken.append(load_sums(*asked))
        return taken[-1]

    monkeypatch.setattr(reading, "load_sums", noted)
    for text in (CLEAN, PROVEN, re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", CLEAN)):
        answer(write(tmp_path, text), 0)
    assert taken[::2] == [way == "groups", way == "groups", False]


def test_of_a_file_read_as_sums_orders_and_hash_are_not_claimed(tmp_path):
    files = write(tmp_path, CLEAN)
    with large_from(0):
        sales = kpi_cli.roi(*files).to_dict()["sources"][0]
    assert (sales["checks"], sales["sha256"]) == ("rows", None)
    assert sales["sums"][0]["orders"] is None


@pytest.mark.parametrize("counted", ["customers", "new_customers", "cac", "orders", "aov"])
def test_what_is_counted_beside_the_sums_is_counted_in_large_files_too(tmp_path, counted):
    lines = [line.split(",") for line in CLEAN.splitlines()]
    people = ["customer_id", "c-1", "c-2", "c-1", "c-3", "c-4", "c-4", "c-5", "c-1"]
    text = "".join(",".join([*line, who]) + "\n" for line, who in zip(lines, people, strict=True))
    by_rows, by_sums, _ = answers(write(tmp_path, text), sort=f"-{counted}", by="channel")
    assert by_sums["total"] == by_rows["total"]
    assert by_sums["rows"] == by_rows["rows"]
    assert by_rows["total"][counted]


def test_a_header_above_blank_lines_is_no_sale(tmp_path):
    files = write(tmp_path, CLEAN.splitlines()[0] + "\n" * 5)
    assert said(files, 0) == said(files, 10**9)


@pytest.mark.parametrize("options", [{"strict": True}, {"allocate": "customers"}])
def test_a_question_that_needs_every_id_reads_row_by_row(tmp_path, options):
    text = CLEAN.replace("channel,amount", "channel,customer_id,amount,tax", 1)
    head, *lines = text.splitlines()
    rows = [
        ",".join([*line.split(",")[:3], f"c-{n}", line.split(",")[3], "0.01", *line.split(",")[4:]])
        for n, line in enumerate(lines[:-1])
    ]
    with large_from(0):
        found = kpi_cli.roi(*write(tmp_path, "\n".join([head, *rows, ""])), by="channel", **options).to_dict()
    assert {s["checks"] for s in found["sources"]} == {"full"}


def test_a_tax_that_may_be_a_rate_is_asked_about_however_many_rows_there_are(tmp_path):
    head, *lines = CLEAN.replace("channel,amount", "channel,amount,tax", 1).splitlines()
    rows = [",".join([*(cells := line.split(","))[:4], "20", *cells[4:]]) for line in lines[:-1]]
    with large_from(0), pytest.raises(KpiError, match="20 beside different amounts, which can be money or a rate"):
        kpi_cli.roi(*write(tmp_path, "\n".join([head, *rows, ""])), by="channel")


@pytest.mark.parametrize("taxes", [["0"] * 70 + ["20"] * 7, ["20.00"] * 77, [""] * 70 + ["20", "20.00"] * 4])
@pytest.mark.parametrize("ask", ["roi", "cac"])
def test_a_rate_that_only_later_rows_have_is_asked_about(ask, taxes, tmp_path):
    text = RATED + "".join(f"2026-01-05,o-{n},c-{n},{10 + n}.50,{tax},EUR\n" for n, tax in enumerate(taxes))
    with large_from(0), pytest.raises(KpiError, match="which can be money or a rate"):
        getattr(kpi_cli, ask)(*write(tmp_path, text))


@pytest.mark.parametrize("taxes", [["0"] * 77, ["0"] * 70 + ["20"] * 6 + ["19.5"], ["20"] * 76 + ["3"]])
def test_taxes_that_are_no_rate_are_added_up_though_the_first_look_like_one(taxes, tmp_path):
    amounts = ["120.00"] * 76 + ["18.00"]
    rows = enumerate(zip(taxes, amounts, strict=True))
    days = ["2026-01-01", "2026-03-31"]
    text = RATED + "".join(f"{days[n % 2]},o-{n},c-{n},{amount},{tax},EUR\n" for n, (tax, amount) in rows)
    with large_from(0):
        found = kpi_cli.roi(*write(tmp_path, text)).to_dict()
    assert [source["checks"] for source in found["sources"] if source["role"] == "sales"] == ["rows"]
    assert found["total"]["revenue"] == 76 * 120 + 18 - sum(map(float, taxes))


RATED = "date,order_id,customer_id,amount,tax,currency\n"


def test_check_reads_every_row_and_hashes_the_file(tmp_path):
    with large_from(0):
        found = kpi_cli.check(write(tmp_path, CLEAN)[0]).to_dict()["sources"][0]
    assert found["checks"] == "full"
    assert len(found["sha256"]) == 64
    assert found["sums"][0]["orders"] == 7


cells = st.sampled_from(["10", "10.5", "10.50", "0.25", "1234.50", "99.9999", "007.10", "1e2", "0"])
row = st.tuples(
    st.sampled_from(["2026-01-05", "2026-01-05 10:11", "2026-01-06T23:59:59", "2026-02-07 10:11:12 +0100"]),
    st.sampled_from(["Email", "Paid Search", "", "NULL", "Étoile", " Email "]),
    cells,
    st.sampled_from(["", "0", "0.00", "0.25"]),
    st.sampled_from(["0", "1.23", "0.01", ""]),
    st.sampled_from(["paid", "refunded", "failed", ""]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(row, min_size=1, max_size=12),
    tax=st.booleans(),
    vat=st.sampled_from([None, "0.2", "0.055"]),
    end=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
)
def test_any_plain_file_gives_the_same_answer_both_ways(tmp_path, rows, tax, vat, end, final):
    head = ["date", "order_id", "channel", "amount", "refunded", *(["tax"] if tax else []), "status", "currency"]
    lines = [",".join(head)]
    for number, (day, channel, amount, back, taxed, status) in enumerate(rows):
        back = back if amount != "0" else ""
        lines.append(",".join([day, f"o-{number}", channel, amount, back, *([taxed] if tax else []), status, "EUR"]))
    files = write(tmp_path, end.join(lines) + end * final)
    assert said(files, 0, vat=vat) == said(files, 10**9, vat=vat)


ODD = (
    *("1.230", "1.2300000", "1.2299995", "1.0000005", "1.2300004", "0.005", "12.345", "0.10", "1.2.3", "1.234.567"),
    *("1e2", "1e-2", "12e-1", "1.5e1", "5e-7", "+3", "-2", "-0", "5.", ".5", ".120", "007", "007.10", "1_000", "1,5"),
    *("999999999999.99", "1000000000000", "NaN", "inf", "true", "0x1F", "1/2", "--", "٣", "1'", "1'000.50", "10.-"),
    *("", " 5.10", "5.10 ", "\u00a05.10", "1 000.50", "\t2"),
)
odd = st.sampled_from(ODD)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.lists(st.tuples(odd, st.sampled_from(["0", "0.1", "0.010", "1e-1", " 0", "", "0.0000004"])), max_size=3)
)
def test_however_an_amount_is_written_below_those_that_prove_the_dot_it_is_read_the_same(tmp_path, amounts):
    more = "".join(f"2026-03-08,x-{n},Email,{a},{b},EUR,paid\n" for n, (a, b) in enumerate(amounts))
    files = write(tmp_path, PROVEN + more)
    assert said(files, 0) == said(files, 10**9)


@pytest.mark.parametrize(("text", "is_typed"), [(PROVEN, True), (CLEAN, False), (PROVEN.replace(".25,0", ",0"), False)])
def test_amounts_are_read_as_numbers_at_once_where_the_first_lines_prove_the_dot(text, is_typed, tmp_path, monkeypatch):
    asked: list[Any] = []
    source_sql = large.source_sql

    def noted(text: Any, sheet: Any, read: Any, limit: int | None) -> str:
        asked.append(read.types)
        return source_sql(text, sheet, read, limit)

    for module in (sums, large):
        monkeypatch.setattr(module, "source_sql", noted)
    _, checks = answer(write(tmp_path, text), 0)
    assert (checks, any(asked)) == ({"rows"}, is_typed)


def test_tax_taken_out_by_rate_is_rounded_row_by_row(tmp_path):
    # A fifth on top is a sixth of the whole: 0.05 holds 0.008333 (3), 3 × that, never 0.025 of 0.15.
    lines = [f"2026-01-05,o-{n},Email,0.05,EUR" for n in range(3)] + ["2026-03-31,o-9,Email,0.07,EUR"]
    text = "\n".join(["date,order_id,channel,amount,currency", *lines, ""])
    by_rows, by_sums, checks = answers(write(tmp_path, text), vat="0.2", by="channel")
    each = [Fraction(a, 100) / 6 for a in (5, 5, 5, 7)]
    tax = sum(Decimal(round(e * 10**6)).scaleb(-6) for e in each)
    assert checks == "rows"
    assert by_sums == by_rows
    assert Decimal(str(by_sums["total"]["revenue"])) == (Decimal("0.22") - tax).quantize(tax, ROUND_HALF_EVEN)


def test_a_price_and_a_quantity_are_multiplied_row_by_row(tmp_path):
    lines = ["2026-01-05,o-1,Email,10.00,3,EUR", "2026-01-05,o-2,Email,10.00,3,EUR", "2026-03-31,o-3,Email,7.00,,EUR"]
    text = "\n".join(["date,order_id,channel,unit_price,quantity,currency", *lines, ""])
    by_rows, by_sums, checks = answers(write(tmp_path, text))
    assert checks == "rows"
    assert by_sums == by_rows
    assert Decimal(str(by_sums["total"]["revenue"])) == 67


def test_any_dimension_asked_for_is_kept(tmp_path):
    lines = [f"2026-0{1 + n % 3}-01,o-{n},Email,course-{n % 2},{n},EUR" for n in range(9)]
    text = "\n".join(["date,order_id,channel,product,amount,currency", *lines, ""])
    by_rows, by_sums, checks = answers(write(tmp_path, text), by="product")
    assert checks == "rows"
    assert by_sums == by_rows
    assert {r["product"] for r in by_sums["rows"]} >= {"course-0", "course-1"}


def test_sales_that_were_free_did_not_go_back_whatever_their_status_says(tmp_path):
    amounts = ["10.00", "0.00", "0.00", "5.50", "7.00"]
    lines = [
        f"2026-0{1 + n // 2}-01,o-{n},Email,{a},EUR,{'paid' if n > 3 else 'refunded'}" for n, a in enumerate(amounts)
    ]
    text = "\n".join(["date,order_id,channel,amount,currency,status", *lines, ""])
    by_rows, by_sums, checks = answers(write(tmp_path, text), by="channel")
    assert checks == "rows"
    assert [n | {"line": None} for n in by_sums["notes"]] == [n | {"line": None} for n in by_rows["notes"]]
    assert by_sums["rows"] == by_rows["rows"]
    [told] = (note["text"] for note in by_sums["notes"] if note["code"] == "refunded_in_full")
    assert "2 " in told


def test_further_lines_of_an_order_hold_no_money(tmp_path):
    text = """Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,\
Refunded Amount,Created at,Lineitem quantity,Lineitem name
#1001,learner1@example.com,paid,,fulfilled,EUR,100.00,0.00,20.00,120.00,0.00,2026-01-05 10:00:00 +0100,1,Course A
#1001,learner1@example.com,,,,,,,,,,2026-01-05 10:00:00 +0100,1,Course B
#1002,learner2@example.com,refunded,,fulfilled,EUR,50.00,0.00,10.00,60.00,60.00,2026-03-31 10:00:00 +0100,1,Course A
"""
    by_rows, by_sums, checks = answers(write(tmp_path, text), by="month")
    assert checks == "rows"
    assert by_sums == by_rows
    assert next(s for s in by_sums["sources"] if s["role"] == "sales")["rows"]["used"] == 3


def test_refunds_that_are_rows_are_dated_to_their_orders_by_reading_every_row(tmp_path):
    text = CLEAN + "2026-03-30,o-1,,-40.00,0,EUR,paid\n"
    by_rows, by_sums, checks = answers(write(tmp_path, text))
    assert checks == "full"
    assert by_sums == by_rows


# ---------------------------------------------------------------------------------- every kind of damage

LAST = "2026-03-07,o-7,,0.25,0,EUR,paid\n"
DAMAGE: dict[str, Callable[[str], str | bytes]] = {
    "a field too few": lambda t: t.replace(LAST, LAST.replace(",paid", "")),
    "a field too many": lambda t: t.replace(LAST, LAST.replace("paid", "paid,x")),
    "an empty field too many": lambda t: t.replace(LAST, LAST.replace("paid", "paid,")),
    "a blank line": lambda t: t.replace(LAST, "\n" + LAST),
    "a line of blanks": lambda t: t.replace(LAST, ",,,,,,\n" + LAST),
    "a decimal comma": lambda t: t.replace("0.25", "0,25"),
    "a word for an amount": lambda t: t.replace("0.25", "abc"),
    "no amount": lambda t: t.replace("0.25", ""),
    "an amount not known": lambda t: t.replace("0.25", "--"),
    "a percentage": lambda t: t.replace("0.25", "25%"),
    "an underscore in a number": lambda t: t.replace("1000", "1_000"),
    "thousands with a dot": lambda t: t.replace("0.25", "1.234"),
    "seven decimals": lambda t: t.replace("0.25", "0.2500005"),
    "a currency sign": lambda t: t.replace("0.25", "0.25 €"),
    "brackets": lambda t: t.replace("0.25", "(0.25)"),
    "a huge amount": lambda t: t.replace("0.25", "9999999999999"),
    "a quoted cell": lambda t: t.replace("o-7", '"o-7"'),
    "an open quote": lambda t: t.replace("o-7", '"o-7'),
    "a day that is none": lambda t: t.replace("2026-03-07,o-7", "2026-02-30,o-7"),
    "a date with its day first": lambda t: t.replace("2026-03-07,o-7", "07/03/2026,o-7"),
    "no date": lambda t: t.replace("2026-03-07,o-7", ",o-7"),
    "an impossible time": lambda t: t.replace("2026-03-07,o-7", "2026-03-07 25:00,o-7"),
    "two zones": lambda t: t.replace("2026-03-07,o-7", "2026-03-07 10:00 +0900,o-7").replace(
        "2026-01-05,o-1", "2026-01-05 10:00 +0100,o-1"
    ),
    "a total": lambda t: t + "Total,,,1247.74,55.49,,\n",
    "a wrong total": lambda t: t + "Total,,,99.00,55.49,,\n",
    "the header again": lambda t: t.replace(LAST, t.splitlines(keepends=True)[0] + LAST),
    "a status not known": lambda t: t.replace("0.25,0,EUR,paid", "0.25,0,EUR,perhaps"),
    "more refunded than charged": lambda t: t.replace("0.25,0,", "0.25,1,"),
    "an id in powers of ten": lambda t: t.replace("o-7", "1.23E+12"),
    "two currencies": lambda t: t.replace("0.25,0,EUR", "0.25,0,USD"),
    "a byte of zero": lambda t: t.replace("o-7", "o\0-7"),
    "bytes of another encoding": lambda t: t.replace("o-7", "é-7").encode("cp1252"),
    "lone carriage returns": lambda t: t.replace("\n", "\r"),
    "mixed line ends": lambda t: t.replace(LAST, LAST.replace("\n", "\r\n")),
    "an id that says there is no data": lambda t: t.replace("o-7", "no data").replace("date,order_id", "order_id,date"),
}


def outcome(files: tuple[str, str], rows: int, capsys) -> tuple[int, str, str]:
    with large_from(rows):
        code = main(["roi", *files, "--no-config", "--by", "month,channel", "--json"])
    said = capsys.readouterr()
    found = without_ids(json.loads(said.out)) if said.out else {}
    return code, json.dumps(found, indent=1), said.err


@pytest.mark.parametrize("text", [CLEAN, PROVEN], ids=["", "after a proof of the dot"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_unusual_is_told_as_if_the_file_were_small(damage, text, tmp_path, capsys):
    files = write(tmp_path, damage(text))
    small, big = (outcome(files, rows, capsys) for rows in (10**9, 0))
    if "currencies_mixed" in small[2]:  # of sums, no single line can be named
        small = (small[0], small[1], "currencies_mixed")
        big = (big[0], big[1], "currencies_mixed" if "currencies_mixed" in big[2] else big[2])
    assert big == small


def test_a_name_with_a_pattern_in_it_is_one_file(tmp_path):
    sales, spend = write(tmp_path, CLEAN)
    named = tmp_path / "sales[1]*.csv"
    Path(sales).rename(named)
    by_rows, by_sums, _ = answers((str(named), spend))
    assert by_sums == by_rows


def test_too_many_groups_are_read_row_by_row(tmp_path, monkeypatch):
    for module in (sums, large):
        monkeypatch.setattr(module, "GROUPS", 2)
    by_rows, by_sums, checks = answers(write(tmp_path, CLEAN))
    assert checks == "full"
    assert by_sums == by_rows


def test_two_files_that_may_hold_the_same_orders_are_read_row_by_row(tmp_path):
    sales, spend = write(tmp_path, CLEAN)
    again = tmp_path / "again.csv"
    again.write_text(CLEAN)
    by_rows, _ = answer((sales, str(again), spend), 10**9)
    by_sums, checks = answer((sales, str(again), spend), 0)
    assert checks == {"full"}
    assert by_sums == by_rows
    left = [source["rows"]["left_out"].get("seen_in_other_file", 0) for source in by_sums["sources"]]
    assert left[:2] == [7, 0]  # of rows that say the same, those of the first file by name stay


def test_files_of_different_months_are_read_as_sums_each(tmp_path):
    sales, spend = write(tmp_path, CLEAN)
    later = tmp_path / "later.csv"
    later.write_text(CLEAN.replace("2026-0", "2025-0").replace(",o-", ",p-"))
    by_rows, _ = answer((sales, str(later), spend), 10**9)
    by_sums, checks = answer((sales, str(later), spend), 0)
    assert checks == {"rows"}
    assert by_sums == by_rows


def test_no_query_draws_a_progress_bar_into_the_answer():
    with connect() as con:
        assert con.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
