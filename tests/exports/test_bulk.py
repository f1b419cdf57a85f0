"""Bulk: what DuckDB reads itself becomes the rows, the ledger and the notes of the reading row by row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.exports import bulk, dialect, reading
from kpi_cli.exports.engine import connect
from kpi_cli.exports.files import Asked
from kpi_cli.exports.options import ReadOptions
from kpi_cli.exports.plain import half_even_sql, millionths_sql
from kpi_cli.exports.recognising import catalogue
from kpi_cli.exports.tables import Store
from kpi_cli.safe import folded

EVENTS = """user,event,time,channel
u-1,view,2026-01-05 10:00:00,Email
u-2,view,2026-01-05 10:00:00.25,Paid Search
u-1,lead,2026-01-06T11:02:03Z,Email
u-3,view,2026-01-07,
u-1,buy,2026-02-01 00:00,Email
u-4,buy,2026-03-07 23:59:59,Étranger
"""
TOUCHES = """user,time,channel,conversion,value
u-1,2026-01-05 10:00:00,Email,0,
u-1,2026-01-06 10:00:00,Paid Search,yes,12.50
u-2,2026-01-07 10:00:00,Direct,,0
u-2,2026-03-07 10:00:00,Email,TRUE,3
"""
PATHS = """path,conversions,non_conversions,value
Email > Paid Search,3,10,99.50
Direct,0,4,
Réseaux > Direct > Email,1,,0.25
"""
SALES = """date,order_id,email,customer_id,channel,amount,refunded,tax,currency,status,customer_type
2026-01-05,o-1,learner1@example.com,c-1,Email,100.00,0,20.00,EUR,paid,new
2026-01-05 10:11:12,o-2,Learner2@Example.com,c-2,Email,50.50,50.50,10.10,EUR,paid,returning
2026-01-06,o-3,,c-3,,60.00,7,10.01,EUR,paid,
2026-02-06,#o-4,learner1@example.com,,Paid Search,19.99,4.99,0.01,EUR,refunded,
2026-02-06,o-5,learner5@example.com,c-5,Paid Search,19,0,3,EUR,failed,new
2026-03-07,o-6,,,Affiliates & co,7.5,0,0,EUR,refunded,
2026-03-07,o-7,learner7@example.com,c-7, Email ,0.25,,0.02,EUR,paid,
"""
KINDS = {"events": EVENTS, "touches": TOUCHES, "paths": PATHS, "sales": SALES}


@contextmanager
def bulk_from(rows: int) -> Iterator[None]:
    """Files of more lines than these are read in bulk."""
    before, bulk.ROWS = bulk.ROWS, rows
    try:
        yield
    finally:
        bulk.ROWS = before


def write(folder: Path, text: str | bytes, name: str = "file.csv") -> str:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(folder / name)


def told(store: Store) -> dict[str, Any]:
    """Everything a store holds: its sources as `check` prints them, and every row of every table."""
    found: dict[str, Any] = {"sources": [source.to_dict() for source in store.sources]}
    for role, columns in sorted(store.columns.items()):
        names = sorted(columns, key=lambda name: (name != "line", name))
        for name in ("line", "currency") if role == "events" else ():  # kept only where a row needs them
            if name in names and not store.rows(f"SELECT 1 FROM events WHERE {name} IS NOT NULL LIMIT 1"):
                names.remove(name)
        listed = ", ".join(f'"{name}"' for name in names)
        found[role] = [names, *store.rows(f"SELECT {listed} FROM {role} ORDER BY ALL")]
    return found


def both(*paths: str, **options: Any) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
    """What is told of files read row by row, and in bulk; which of them were."""
    asked = [Asked(path, ReadOptions(**options)) for path in paths]
    with bulk_from(10**9):
        slow = reading.read(asked, ReadOptions(**options))
    taken: set[str] = set()
    load = reading.load
    with bulk_from(-1), pytest.MonkeyPatch.context() as patch:

        def noted(store: Store, source: Any, plan: Any) -> Any:
            ledger = load(store, source, plan)
            taken.add(source.file)
            return ledger

        patch.setattr(reading, "load", noted)
        fast = reading.read(asked, ReadOptions(**options))
    if "events" in slow.columns and "line" not in fast.columns["events"]:
        slow.con.execute(f"UPDATE {slow.table('events')} SET line = NULL")
    return told(slow), told(fast), taken


def is_alike(*paths: str, **options: Any) -> bool:
    """Whether files were read in bulk, having shown that they are read alike both ways."""
    slow, fast, taken = both(*paths, **options)
    assert fast == slow
    return taken == set(paths)


# ------------------------------------------------------------------------------------- the same rows


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_file_becomes_the_same_rows_and_ledger(kind, end, tmp_path):
    assert is_alike(write(tmp_path, KINDS[kind].replace("\n", end)))
    assert is_alike(write(tmp_path, KINDS[kind].rstrip("\n").replace("\n", end), "unended.csv"))


def test_sums_periods_and_rows_left_out_are_told_of_a_file_read_in_bulk(tmp_path):
    _, fast, taken = both(write(tmp_path, SALES))
    [source] = fast["sources"]
    assert taken
    assert source["rows"] == {"read": 7, "used": 6, "left_out": {"failed": 1}}
    assert source["period"] == {"start": "2026-01-05", "end": "2026-03-07"}
    [sums] = source["sums"]
    # o-2 went back by its column, o-3 in part, o-4 in part whatever its status says, o-6 whole by its status.
    assert Decimal(str(sums["revenue_gross"])) == Decimal("238.24")
    assert Decimal(str(sums["refunds"])) == Decimal("50.50") + 7 + Decimal("4.99") + Decimal("7.50")
    kept = {"o-1": Fraction(20), "o-3": Fraction("10.01") * 53 / 60, "o-4": Fraction("0.01") * 15 / Fraction("19.99")}
    tax = sum(Decimal(round(t * 10**6)).scaleb(-6) for t in kept.values()) + Decimal("0.02")
    assert Decimal(str(sums["tax"])) == tax
    assert (sums["orders"], sums["customers"]) == (6, 4)
    assert len(source["sha256"]) == 64


def test_every_row_has_its_line_whatever_block_it_was_read_in(tmp_path):
    rows = 300_000  # several row groups, several threads
    lines = "".join(f"u-{n},2026-01-05 10:00:00,Email,{n % 2},{n}\n" for n in range(rows))
    path = write(tmp_path, "user,time,channel,conversion,value\n" + lines)
    store = reading.read([Asked(path, ReadOptions())], ReadOptions())
    found = store.rows("""SELECT count(*), bool_and(value = line - 2 AND "user" = 'u-' || (line - 2)) FROM touches""")
    assert found == [(rows, True)]


def test_people_without_an_id_are_told_with_the_first_line_that_lacks_one(tmp_path):
    slow, fast, taken = both(write(tmp_path, EVENTS.replace("u-3", "")))
    assert taken
    assert fast == slow
    names, *rows = fast["events"]
    assert [row[names.index("line")] for row in rows if row[names.index("user")] is None] == [5]


def test_addresses_of_people_in_a_log_are_one_however_they_are_spelt(tmp_path):
    text = EVENTS.replace("u-1", "Learner1@Example.com", 1).replace("u-1", "learner1@example.com")
    slow, fast, taken = both(write(tmp_path, text))
    assert taken
    assert fast == slow
    names, *rows = fast["events"]
    people = [row[names.index("user")] for row in rows]
    assert people.count("learner1@example.com") == EVENTS.count("u-1,")


def event_type(store: Store) -> str:
    return str(store.rows("SELECT typeof(event) FROM events LIMIT 1")[0][0])


def read_in_bulk(*paths: str) -> Store:
    with bulk_from(-1):
        return reading.read([Asked(path, ReadOptions()) for path in paths], ReadOptions())


def test_names_of_events_are_kept_as_numbers_where_a_sample_knows_them_all(tmp_path, monkeypatch):
    path = write(tmp_path, EVENTS)
    assert event_type(read_in_bulk(path)) == "ENUM('buy', 'lead', 'view')"
    monkeypatch.setattr(bulk, "_FEW", 2)
    assert event_type(read_in_bulk(path)) == "VARCHAR"
    assert is_alike(path)


@pytest.mark.parametrize("names", [("join AS guest", "buy"), ("join AS guest", "pay AS guest")], ids=["one", "two"])
def test_names_of_events_may_hold_a_word_of_sql(names, tmp_path):
    rows = "".join(f"u-1,{name},2026-01-05 10:00:00\n" for name in names * 3)
    path = write(tmp_path, f"user,event,time\n{rows}")
    assert is_alike(path)
    assert event_type(read_in_bulk(path)).startswith("ENUM")


def test_a_funnel_by_event_is_answered_whether_names_are_numbers_or_texts(tmp_path: Path) -> None:
    path = write(tmp_path, EVENTS)

    def asked(rows: int) -> Any:
        with bulk_from(rows):
            return kpi_cli.funnel(path, steps="view,buy", by="event").to_dict()["rows"]

    assert asked(0) == asked(10**9) != []


def test_a_name_that_the_sample_lacks_is_read_like_any_other(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "_PIECES", 1)
    monkeypatch.setattr(bulk, "_PIECE", 100)
    path = write(tmp_path, EVENTS)
    assert is_alike(path)
    assert event_type(read_in_bulk(path)) == "VARCHAR"


@pytest.mark.parametrize("other", ["u-9,refund,2026-01-09", 'u-9,"refund",2026-01-09'], ids=["bulk", "by row"])
def test_a_second_log_may_have_other_names(other, tmp_path):
    first, second = write(tmp_path, EVENTS), write(tmp_path, f"user,event,time\n{other}\n", "second.csv")
    for paths in ((first, second), (second, first)):
        slow, fast, taken = both(*paths)
        assert taken >= {first}
        assert fast["sources"] == slow["sources"]
        assert event_rows_of(fast) == event_rows_of(slow)


@pytest.mark.parametrize("between", [" ", "T"])
@pytest.mark.parametrize("zone", ["", "Z"])
@pytest.mark.parametrize("columns", ["user,event,time", "time,user,event", "event,time,user"])
def test_moments_are_read_at_once_where_the_first_lines_write_them_in_one_way(between, zone, columns, tmp_path):
    path = write(tmp_path, log_of(columns, [f"2026-01-05{between}10:{n:02}:59{zone}" for n in range(60)]))
    assert is_alike(path)
    [plan, _] = plans_of(path)
    assert plan.read.moment == f"%Y-%m-%d{between}%H:%M:%S{zone}"


@pytest.mark.parametrize(
    "moment",
    [
        *("2026-01-05T10:00:00", "2026-01-05 10:00:00Z", "2026-01-05", "2026-01-05 10:00", "2026-01-05 10:00:00.5"),
        *("2026-01-05 10:00:00+02:00", "2026-01-05 10:00:00-05", "2026-01-05 10:00:00 UTC", "05/01/2026 10:00:00"),
        *("2026-02-30 10:00:00", "2026-01-05 24:00:00", "2026-01-05 10:00:60", "26-01-05 10:00:00", "", "infinity"),
        *("1989-12-31 10:00:00", "2101-01-01 10:00:00", "epoch", "2026-01-05  10:00:00", " 2026-01-05 10:00:00 ", "x"),
    ],
)
def test_a_moment_far_below_that_is_written_otherwise_is_read_as_in_a_small_file(moment, tmp_path):
    path = write(
        tmp_path, log_of("user,event,time", [*["2026-01-05 10:00:00"] * 60, *["2026-03-07 10:00:00"] * 9, moment])
    )
    slow, fast, _ = both(path)
    assert fast == slow
    assert plans_of(path)[0].read.moment


def log_of(columns: str, moments: Iterable[str]) -> str:
    rows = [{"user": f"u-{n}", "event": "view", "time": moment} for n, moment in enumerate(moments)]
    return "\n".join([columns, *(",".join(row[name] for name in columns.split(",")) for row in rows), ""])


def plans_of(path: str) -> list[bulk.Plan]:
    """The ways in which a file would be read in bulk."""
    found: list[bulk.Plan] = []
    with bulk_from(-1), pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "plans", lambda sheet: found.extend(bulk.plans(sheet)) or ())
        reading.read([Asked(path, ReadOptions())], ReadOptions())
    return found


def test_a_log_without_rows_before_another_adds_none(tmp_path):
    first, second = write(tmp_path, "user,event,time\n", "empty.csv"), write(tmp_path, EVENTS)
    for paths in ((first, second), (second, first)):
        slow, fast, _ = both(*paths)
        assert fast["sources"] == slow["sources"]
        assert event_rows_of(fast) == event_rows_of(slow)
        assert len(event_rows_of(fast)) == EVENTS.count("\n") - 1


def event_rows_of(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Who did what, and when, whether or not the rows have their lines."""
    names, *rows = found["events"]
    return sorted(tuple(str(row[names.index(name)]) for name in ("user", "event", "time")) for row in rows)


def test_other_columns_of_days_are_left_to_the_reading_row_by_row(tmp_path):
    text = "\n".join(line + "," + end for line, end in zip(SALES.split(), ["start"] + ["2026-01-01"] * 9, strict=False))
    assert not is_alike(write(tmp_path, text + "\n"))


def test_a_platform_format_with_simple_rows_is_read_in_bulk(tmp_path):
    text = """id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer Email,Customer ID
ch_1,2026-01-05 10:11:12,100.00,0.00,eur,true,Paid,learner1@example.com,cus_1
ch_2,2026-01-06 10:11:12,50.50,50.50,eur,true,Refunded,Learner2@Example.com,cus_2
ch_3,2026-01-07 10:11:12,20.00,0.00,eur,true,Failed,,cus_3
ch_4,2026-01-07 10:11:12,20.00,0.00,usd,true,Paid,,cus_3
"""
    assert is_alike(write(tmp_path, text))


def test_the_same_order_in_two_files_counts_once(tmp_path):
    paths = write(tmp_path, SALES), write(tmp_path, SALES.replace("o-7", "o-8"), "again.csv")
    slow, fast, taken = both(*paths)
    assert taken == set(paths)
    assert fast == slow
    left = [source["rows"]["left_out"].get("seen_in_other_file", 0) for source in fast["sources"]]
    assert left[:2] == [5, 0]  # of rows that say the same, those of the first file by name stay


@pytest.mark.parametrize(
    ("options", "checks"), [({}, "rows"), ({"strict": True}, "full"), ({"every_id": True}, "full")]
)
def test_a_large_log_is_hashed_where_every_check_is_asked_for(options, checks, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "ROWS", 2)
    monkeypatch.setattr(dialect, "SMALL", 0)  # small files are hashed in any case
    path = write(tmp_path, EVENTS)
    with bulk_from(-1):
        store = reading.read([Asked(path, ReadOptions())], ReadOptions(**options))
    [source] = (source.to_dict() for source in store.sources)
    assert source["checks"] == checks
    assert (source["sha256"] is None) == (checks == "rows")


days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)).map(str)
clock = st.sampled_from(["", " 10:11", "T23:59:59", " 00:00:00", " 10:11:12.5", "T10:11:12.000001Z", "T10:11Z"])
name = st.sampled_from(["Email", "", " Email", "Émile ", "NULL", "001", "-", "a  b", "\u00a0x", "O'Hara", "日本", "#1"])
event = st.one_of(st.sampled_from(["view", "lead", ""]), name)
event_rows = st.lists(st.tuples(name, event, days, clock, name), min_size=1, max_size=9)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=event_rows)
def test_any_plain_log_is_read_alike(tmp_path, rows):
    lines = [f"{user},{event},{day}{clock},{channel}" for user, event, day, clock, channel in rows]
    is_alike(write(tmp_path, "\n".join(["user,event,time,channel", *lines, ""])))


money = st.sampled_from(
    ["10", "10.5", "10.50", "0.25", "1234.50", "99.9999", "007.10", "1e2", "0", "25e-7", "+3", "5."]
)
back = st.sampled_from(["", "0", "0.00", "0.25", "0.1", "10"])
status = st.sampled_from(["paid", "refunded", "failed", "", "Chargeback", "partially refunded", "Zahlung"])
who = st.sampled_from(
    ["learner1@example.com", "Learner1@Example.com", "", " learner2@example.com", "straße@example.com"]
)
coin = st.sampled_from(["EUR", "EUR", "eur", ""])
sale_rows = st.lists(st.tuples(days, money, back, money, status, who, coin, name), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=sale_rows, tax=st.booleans(), vat=st.sampled_from([None, None, "0.2"]))
def test_any_plain_sales_are_read_alike(tmp_path, rows, tax, vat):
    head = f"order_id,date,amount,refunded,{'tax,' * tax}status,email,currency,channel"
    lines = [
        f"o-{n},{day},{amount},{back},{(taxed + ',') * tax}{state},{email},{code},{channel}"
        for n, (day, amount, back, taxed, state, email, code, channel) in enumerate(rows)
    ]
    is_alike(write(tmp_path, "\n".join([head, *lines, ""])), vat=vat)


@settings(max_examples=60, deadline=None)
@given(charged=st.integers(1, 10**8), back=st.integers(0, 10**8), tax=st.integers(0, 10**8))
def test_tax_on_what_was_kept_is_exact_and_rounded_half_even(charged, back, tax):
    back = min(back, charged)
    product = f"({millionths_sql(f'{tax}::DECIMAL(18,6)')} * {millionths_sql(f'{charged - back}::DECIMAL(18,6)')})"
    with connect() as con:
        sql = half_even_sql(product, millionths_sql(f"{charged}::DECIMAL(18,6)"))
        [[found]] = con.execute(f"SELECT CAST({sql} AS DECIMAL(18,0)) * 0.000001").fetchall()
    exact = Fraction(tax * (charged - back), charged)
    assert found == Decimal(round(exact * 10**6)).scaleb(-6).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


# ---------------------------------------------------------------------------------- every kind of damage

DAMAGE: dict[str, Callable[[str], str | bytes]] = {
    "a field too few": lambda t: re.sub(r",[^,\n]*\n$", "\n", t),
    "a field too many": lambda t: t[:-1] + ",x\n",
    "an empty field too many": lambda t: t[:-1] + ",\n",
    "a field too many everywhere": lambda t: t.replace("\n", ",\n"),
    "a blank line": lambda t: t.replace("\n", "\n\n", 2),
    "a line of blanks": lambda t: t + " \n",
    "empty cells alone": lambda t: t + "," * t.splitlines()[0].count(",") + "\n",
    "blank lines at the end": lambda t: t + "\n\n",
    "the header again": lambda t: t + t.splitlines(keepends=True)[0],
    "a total": lambda t: t + "Total" + "," * t.splitlines()[0].count(",") + "\n",
    "a total of figures": lambda t: t + re.sub("[^,]+", "17", t.splitlines()[0]).replace("17", "Total", 1) + "\n",
    "a footer": lambda t: t + "© Example" + "," * t.splitlines()[0].count(",") + "\n",
    "no data": lambda t: (
        t + t.splitlines()[-1].replace(t.splitlines()[-1].split(",")[0], "No data available", 1) + "\n"
    ),
    "a quoted cell": lambda t: t.replace("Email", '"Email"', 1),
    "an open quote": lambda t: t.replace("Email", '"Email', 1),
    "a guarded cell": lambda t: t.replace("Email", "'=Email", 1),
    "a cell that begins with a quote": lambda t: t.replace("Email", "'twas", 1),
    "an id in brackets": lambda t: t.replace("o-1", "[o-1]", 1),
    "an id in powers of ten": lambda t: t.replace("o-7", "1.23E+12"),
    "a tab around a cell": lambda t: t.replace("Email", "\tEmail", 1),
    "a wide blank around a cell": lambda t: t.replace("Email", "Email\u3000", 1),
    "a day that is none": lambda t: t.replace("2026-03-07", "2026-02-30"),
    "a day first": lambda t: t.replace("2026-03-07", "07/03/2026"),
    "no day": lambda t: t.replace("2026-03-07", ""),
    "a bare number for a day": lambda t: t.replace("2026-03-07", "45000"),
    "a year far away": lambda t: t.replace("2026-03-07", "2204-03-07"),
    "an endless day": lambda t: t.replace("2026-03-07", "infinity"),
    "an hour too many": lambda t: t.replace("2026-03-07", "2026-03-07 24:00:00"),
    "two zones": lambda t: t.replace("2026-03-07", "2026-03-07 10:00 +0900").replace(
        "2026-01-05", "2026-01-05 10:00 +0100", 1
    ),
    "a month": lambda t: t.replace("2026-03-07", "2026-03"),
    "a word for a number": lambda t: re.sub(r"0\.25|12\.50", "abc", t),
    "a number not known": lambda t: re.sub(r"0\.25|12\.50", "--", t),
    "a decimal comma": lambda t: re.sub(r"0\.25|12\.50", "0,25", t),
    "thousands with a dot": lambda t: re.sub(r"0\.25|12\.50", "1.234", t),
    "an underscore in a number": lambda t: re.sub(r"0\.25|12\.50", "1_000", t),
    "seven decimals": lambda t: re.sub(r"0\.25|12\.50", "0.2500005", t),
    "a negative": lambda t: re.sub(r"0\.25|12\.50", "-5", t),
    "a currency sign": lambda t: re.sub(r"0\.25|12\.50", "0.25 €", t),
    "a huge number": lambda t: re.sub(r"0\.25|12\.50", "9999999999999", t),
    "a flag not known": lambda t: t.replace("yes", "perhaps"),
    "a status not known": lambda t: t.replace("failed", "perhaps"),
    "a refund in its own row": lambda t: t.replace("100.00", "-100.00"),
    "more refunded than charged": lambda t: t.replace(",7,10.01", ",70,10.01"),
    "two currencies": lambda t: t.replace("EUR", "USD", 1),
    "a currency not known": lambda t: t.replace("EUR", "gold", 1),
    "no currency": lambda t: t.replace("EUR", "", 1),
    "a byte of zero": lambda t: t.replace("Email", "Em\0ail", 1),
    "bytes of another encoding": lambda t: t.replace("Email", "é", 1).encode("cp1252", "ignore"),
    "lone carriage returns": lambda t: t.replace("\n", "\r"),
    "mixed line ends": lambda t: t.replace("\n", "\r\n", 3),
    "a carriage return in a cell": lambda t: t.replace("Email", "Em\rail", 1),
    "a mark at the beginning": lambda t: "\ufeff" + t,
    "a mark in the middle": lambda t: t.replace("Email", "\ufeffEmail", 1),
    "another delimiter": lambda t: t.replace(",", ";"),
    "tabs": lambda t: t.replace(",", "\t"),
    "a row twice": lambda t: t + t.splitlines(keepends=True)[1],
    "an order twice with two amounts": lambda t: t + t.splitlines(keepends=True)[1].replace("100.00", "90.00"),
    "a row called a total": lambda t: t.replace("Email", "Total", 1),
    "a user or an order called a total": lambda t: t.replace("u-1", "TOTAL", 1).replace("o-1", "Totaux", 1),
    "a row for all channels": lambda t: t.replace("Email", "Tous canaux", 1),
    "letters of another width": lambda t: t.replace("u-1", "ｕ-1").replace("o-1", "ｏ-1"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_unusual_is_told_as_if_the_file_were_small(damage, kind, tmp_path):
    is_alike(write(tmp_path, damage(KINDS[kind])))


@pytest.mark.parametrize("day", ["2026-1-5", " 2026-01-05\t", "26-01-05", "2026/01/05", "02026-1-05", "infinity", ""])
def test_a_day_far_below_that_is_written_otherwise_is_read_as_in_a_small_file(day, tmp_path):
    rows = [f"2026-01-{1 + i % 28:02},{i},c-{i % 9},Email,5.25" for i in range(100)]
    sales = "\n".join(["date,order_id,customer_id,channel,amount", *rows, f"{day},500,c-1,Email,5.25", ""])
    is_alike(write(tmp_path, sales), currency="EUR")


@pytest.mark.parametrize("last", ["c-1", "", "ç-1", "c 1", "Total", "Course A, c-1"])
@pytest.mark.parametrize("day", ["2026-01-05", "2026-1-5", ""])
def test_days_behind_another_column_are_read_at_once(last, day, tmp_path, monkeypatch):
    failed = []
    attempt = reading.attempt

    @contextmanager
    def noted(store):
        with attempt(store):
            try:
                yield
            except Exception as error:
                failed.append(error)
                raise

    monkeypatch.setattr(reading, "attempt", noted)
    rows = [f"c-{i % 9},2026-01-{1 + i % 28:02},{i},Email,5.25" for i in range(100)]
    sales = "\n".join(["customer_id,date,order_id,channel,amount", *rows, f"{last},{day},500,Email,5.25", ""])
    is_plain = bool(day) and last in {"c-1", "", "ç-1", "c 1"}
    assert is_alike(write(tmp_path, sales), currency="EUR") == is_plain
    assert bool(failed) != is_plain


def test_a_name_with_a_pattern_in_it_is_one_file(tmp_path):
    assert not is_alike(write(tmp_path, EVENTS, "log[1].csv"))


@pytest.mark.parametrize(
    "pattern", sorted({p for fmt in catalogue() for p in fmt.get("no_data", ())}), ids=lambda pattern: pattern[:20]
)
def test_every_word_for_no_data_has_a_blank(pattern):
    # What bulk.py rests on: of a first cell without a blank nothing need be asked.
    @settings(max_examples=30, deadline=None)
    @given(st.from_regex(pattern))
    def has_a_blank(text: str) -> None:
        assert " " in text or re.search(pattern, folded(text)) is None

    has_a_blank()
