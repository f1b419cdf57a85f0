"""Large tables left where they are: what is not plain in them is read row by row, with the same answer or refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import kpi_cli
from kpi_cli.errors import KpiError
from kpi_cli.warehouse import log, relation, touches

ORDERS = """
    CREATE TABLE orders (date DATE, order_id VARCHAR, email VARCHAR, amount DECIMAL(12, 2), refunded DECIMAL(12, 2),
                         tax DECIMAL(12, 4), currency VARCHAR, status VARCHAR, channel VARCHAR);
    INSERT INTO orders
    SELECT DATE '2026-09-01' + CAST(i % 61 AS INTEGER), 'o-' || i, 'learner' || i % 23 || '@example.com', 10 + i % 7,
           CASE i % 5 WHEN 0 THEN 3.33 END, (10 + i % 7) / 6.0, 'EUR',
           CASE i % 9 WHEN 0 THEN 'refunded' WHEN 1 THEN 'failed' ELSE 'paid' END,
           CASE i % 3 WHEN 0 THEN 'Email' WHEN 1 THEN 'Direct' END
    FROM range(200) r(i)"""
LOG = """
    CREATE TABLE log ("user" VARCHAR, event VARCHAR, time TIMESTAMP, country VARCHAR);
    INSERT INTO log
    SELECT 'u-' || i % 17, CASE i % 3 WHEN 0 THEN 'visit' WHEN 1 THEN 'sign up' ELSE 'purchase' END,
           TIMESTAMP '2026-10-01' + to_minutes(CAST(i * 97 % 9000 AS INTEGER)), CASE i % 2 WHEN 0 THEN 'FR' END
    FROM range(300) r(i)"""
TOUCHES = """
    CREATE TABLE touches ("user" VARCHAR, time TIMESTAMP, source VARCHAR, medium VARCHAR, conversion {kind},
                          value DECIMAL(12, 2), currency VARCHAR);
    INSERT INTO touches
    SELECT 'u-' || i % 31, TIMESTAMP '2026-10-01' + to_minutes(CAST(i * 97 % 9000 AS INTEGER)),
           CASE i % 4 WHEN 0 THEN 'google' WHEN 1 THEN 'newsletter' WHEN 2 THEN '(direct)' END,
           CASE i % 4 WHEN 0 THEN 'cpc' WHEN 1 THEN 'email' WHEN 2 THEN '(none)' END,
           {said}, CASE i % 6 WHEN 0 THEN 3.33 * (i % 5) WHEN 1 THEN 0 END, 'EUR'
    FROM range(400) r(i)"""
FLAGS = {
    "INTEGER": "CAST(i % 3 = 0 AS INTEGER)",
    "BOOLEAN": "i % 3 = 0",
    "VARCHAR": "CASE i % 3 WHEN 0 THEN 'yes' WHEN 1 THEN 'No' END",
}
ROW = """
    INSERT INTO orders
    VALUES (DATE '2026-09-20', {id}, {email}, {amount}, {refunded}, 1, {currency}, {status}, 'Email')"""
PLAIN = {
    **{"id": "'x-1'", "email": "'learner99@example.com'", "amount": "20", "refunded": "0"},
    **{"currency": "'EUR'", "status": "'paid'"},
}
PAYMENTS = """
    CREATE TABLE payments (id VARCHAR, "Created date (UTC)" TIMESTAMP, "Amount" DECIMAL(12, 2),
                           "Amount Refunded" DECIMAL(12, 2), "Currency" VARCHAR, "Captured" BOOLEAN, "Mode" VARCHAR,
                           "Status" VARCHAR, "Customer ID" VARCHAR, "Customer Email" VARCHAR, "UTM Source" VARCHAR);
    INSERT INTO payments
    SELECT 'ch_' || i, TIMESTAMP '2026-09-01' + to_hours(CAST(i * 7 AS INTEGER)), 10 + i % 7,
           CASE i % 9 WHEN 3 THEN 2.5 WHEN 4 THEN 1 ELSE 0 END, 'eur', i % 11 <> 0,
           CASE i % 13 WHEN 0 THEN 'Test' ELSE 'Live' END,
           CASE i % 9 WHEN 0 THEN 'Refunded' WHEN 1 THEN 'Failed' WHEN 2 THEN 'Disputed' WHEN 3 THEN 'Partial refund'
                      ELSE 'Paid' END,
           'cus_' || i % 31, CASE i % 2 WHEN 0 THEN 'learner' || i % 31 || '@example.com' END,
           CASE i % 3 WHEN 0 THEN 'newsletter' END
    FROM range(200) r(i)"""
STORE = """
    CREATE TABLE store ("Name" VARCHAR, "Email" VARCHAR, "Financial Status" VARCHAR, "Currency" VARCHAR,
                        "Taxes" DECIMAL(12, 2), "Total" DECIMAL(12, 2), "Created at" DATE,
                        "Refunded Amount" DECIMAL(12, 2), "Lineitem name" VARCHAR);
    INSERT INTO store
    SELECT '#' || i, 'learner' || i % 23 || '@example.com',
           CASE i % 9 WHEN 0 THEN 'refunded' WHEN 1 THEN 'pending' WHEN 2 THEN 'partially_refunded' ELSE 'paid' END,
           'EUR', (10 + i % 7) / 6.0, 10 + i % 7, DATE '2026-09-01' + CAST(i % 61 AS INTEGER),
           CASE i % 9 WHEN 2 THEN 4.25 WHEN 0 THEN 10 + i % 7 ELSE 0 END, 'Course ' || i % 3
    FROM range(200) r(i)"""
EVENT = "INSERT INTO log VALUES ({user}, {event}, {time}, {country})"
SEEN = {"user": "'u-99'", "event": "'visit'", "time": "TIMESTAMP '2026-10-02 10:00:00'", "country": "'FR'"}


TOUCH = "INSERT INTO touches VALUES ({user}, {time}, 'google', {medium}, {conversion}, {value}, 'EUR')"
MET = {
    **{"user": "'u-1'", "time": "TIMESTAMP '2026-10-02 10:00:00'", "medium": "'cpc'", "conversion": "'yes'"},
    "value": "5",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A folder with shop.db and spend.csv; what is called adds to the database."""
    monkeypatch.chdir(tmp_path)
    Path("spend.csv").write_text("date,channel,cost,currency\n2026-09-01,Email,50,EUR\n2026-10-31,Direct,9,EUR\n")

    def add(sql: str) -> None:
        with duckdb.connect("shop.db") as con:
            con.execute(sql)

    add(ORDERS)
    add(LOG)
    add(TOUCHES.format(kind="VARCHAR", said=FLAGS["VARCHAR"]))
    return add


def asked(question: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, rows: int) -> tuple[Any, str | None]:
    """An answer and how its tables were checked, or the refusal, where tables of more rows than these are large."""
    with monkeypatch.context() as patch:
        patch.setattr(relation, "ROWS", rows)
        patch.setattr(log, "ROWS", rows)
        patch.setattr(touches, "ROWS", rows)
        try:
            found = question().to_dict()
        except KpiError as error:
            return (error.code, error.line, str(error)), None
    checks = [s["checks"] for s in found["sources"] if s["role"] not in {"spend", "traffic"}]
    codes = sorted(n["code"] for n in found["notes"] if n["code"] != "duplicates_kept")  # not looked for in many rows
    return [{k: v for k, v in found.items() if k not in {"sources", "notes"}}, codes], checks[0]


def cac() -> Any:
    return kpi_cli.cac("spend.csv", "duckdb:///shop.db?table=orders", by="channel", margin="0.5")


def roi() -> Any:
    return kpi_cli.roi("spend.csv", "duckdb:///shop.db?table=orders", by="channel")


def ltv() -> Any:
    return kpi_cli.ltv("duckdb:///shop.db?table=orders", by="channel")


def funnel() -> Any:
    return kpi_cli.funnel("duckdb:///shop.db?table=log", steps="visit,sign up,purchase", by="country", within="3d")


def with_vat() -> Any:
    untaxed = "duckdb:///shop.db?query=SELECT * EXCLUDE (tax) FROM orders"
    return kpi_cli.cac("spend.csv", untaxed, by="channel", vat="0.19", margin="0.5")


def with_vat_gross() -> Any:
    untaxed = "duckdb:///shop.db?query=SELECT * EXCLUDE (tax) FROM orders"
    return kpi_cli.ltv(untaxed, every="month", vat="0.055", gross=True)


def credits() -> Any:
    return kpi_cli.attribution("duckdb:///shop.db?table=touches", to="2026-10-05", from_="2026-10-01")


def variants() -> Any:
    Path("visits.csv").write_text("date,variant,visits\n2026-09-10,A,300\n2026-09-10,B,310\n")
    table = "(SELECT *, CASE WHEN hash(order_id) % 2 = 0 THEN 'A' ELSE 'B' END AS variant FROM orders)"
    address = f"duckdb:///shop.db?query=SELECT * FROM {table}"
    return kpi_cli.funnel("visits.csv", address, by="variant", test=True, month="2026-09")


def aov() -> Any:
    return kpi_cli.cac("spend.csv", "duckdb:///shop.db?table=orders", by="channel", sort="-aov")


def buyers() -> Any:
    return kpi_cli.roi("spend.csv", "duckdb:///shop.db?table=orders", by="channel", sort="-customers")


def strict() -> Any:
    return kpi_cli.roi("spend.csv", "duckdb:///shop.db?table=orders", by="channel", strict=True)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "question", [cac, ltv, funnel, credits, variants, with_vat, with_vat_gross, aov, buyers, strict]
)
def test_a_plain_table_is_left_where_it_is(question: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = (asked(question, monkeypatch, rows) for rows in (1_000_000, 0))
    assert (here[1], there[1]) == ("full", "rows")
    assert there[0] == here[0]


@pytest.mark.parametrize("question", [cac, ltv, with_vat])
@pytest.mark.parametrize(
    "ids",
    [
        "['o-9', 'o-10', 'o-11']",
        "['0003', '12', '11']",
        "['1e1', '12', '11']",
        "['0xA', '12', '11']",
        "['20-9', '20-10', '20-11']",
    ],
)
@pytest.mark.parametrize(("kind", "won"), [("TIMESTAMP", "Paid Search"), ("DATE", "Email")])
def test_the_first_of_several_orders_of_a_day_is_the_earliest_or_else_the_one_of_the_least_id(
    kind: str,
    won: str,
    ids: str,
    question: Callable[[], Any],
    shop: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop(f"""CREATE OR REPLACE TABLE orders AS
             SELECT CAST(date AS {kind}) AS date, order_id, email, amount, refunded, tax, currency, status, channel
             FROM orders LIMIT 0;
             INSERT INTO orders
             SELECT TIMESTAMP '2026-09-01 23:00:00' - to_hours(CAST(i AS INTEGER)), {ids}[i + 1],
                    'learner1@example.com', 20, 0, 1, 'EUR', 'paid', ['Email', 'Direct', 'Paid Search'][i + 1]
             FROM range(3) r(i)""")
    here, there = (asked(question, monkeypatch, rows) for rows in (1_000_000, 0))
    assert (here[1], there[1]) == ("full", "full" if "1e1" in ids or "0x" in ids else "rows")  # 10, for DuckDB
    assert there[0] == here[0]
    measure = "customers" if question is ltv else "new_customers"
    assert {row["channel"]: row[measure] for row in here[0][0]["rows"] if row[measure]} == {won: 1}


@pytest.mark.parametrize("table", [PAYMENTS, STORE])
def test_a_plain_table_of_a_platform_is_left_where_it_is(
    table: str, shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(table)
    name = "payments" if table is PAYMENTS else "store"
    for question in (kpi_cli.ltv, kpi_cli.channels, kpi_cli.funnel, kpi_cli.roi):
        data = ["spend.csv"] * (question is kpi_cli.roi)
        here, there = (
            asked(lambda: question(*data, f"duckdb:///shop.db?table={name}", by="channel"), monkeypatch, rows)  # noqa: B023
            for rows in (1_000_000, 0)
        )
        assert (here[1], there[1]) == ("full", "rows")
        assert there[0] == here[0]


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE payments SET "Amount Refunded" = 0 WHERE id = 'ch_3'""",  # a part went back, and how much is not said
        """UPDATE payments SET "Amount Refunded" = 11 WHERE id = 'ch_0'""",
        """UPDATE payments SET "Status" = 'Strange' WHERE id = 'ch_5'""",
        """UPDATE payments SET id = 'ch_6' WHERE id = 'ch_5'""",
        """UPDATE payments SET "Amount" = NULL WHERE id = 'ch_5'""",
        """ALTER TABLE payments DROP COLUMN "Amount Refunded" """,
    ],
)
def test_a_table_of_a_platform_that_is_not_plain_is_read_row_by_row(
    change: str, shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(f"{PAYMENTS};{change}")
    here, there = (
        asked(lambda: kpi_cli.ltv("duckdb:///shop.db?table=payments"), monkeypatch, rows) for rows in (1_000_000, 0)
    )
    assert there == here
    assert there[1] in {"full", None}


def test_amounts_in_millionths_are_read_row_by_row(
    shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("ALTER TABLE orders DROP COLUMN refunded; ALTER TABLE orders DROP COLUMN tax")
    shop("ALTER TABLE orders ALTER amount TYPE BIGINT USING amount * 1000000")
    shop("ALTER TABLE orders RENAME amount TO amount_micros")
    source = "sources:\n  - from: duckdb:///shop.db\n    table: orders\n    columns: {amount: amount_micros}\n"
    Path("kpi.yml").write_text(source)
    here, there = (
        asked(lambda: kpi_cli.ltv(config="kpi.yml", by="channel"), monkeypatch, rows) for rows in (1_000_000, 0)
    )
    assert there == here


@pytest.mark.parametrize("rows", [1_000_000, 0])
def test_a_total_in_a_table_is_held_against_its_rows(
    rows: int, shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("CREATE TABLE ads (campaign VARCHAR, date DATE, channel VARCHAR, cost DECIMAL(12, 2), currency VARCHAR)")
    shop("INSERT INTO ads VALUES ('a', '2026-09-01', 'Email', 5, 'EUR'), ('b', '2026-09-02', 'Email', 6, 'EUR')")
    shop("INSERT INTO ads VALUES ('Total', NULL, NULL, 12, NULL)")
    monkeypatch.setattr(relation, "ROWS", rows)
    found = kpi_cli.channels("duckdb:///shop.db?table=ads").to_dict()
    assert found["sources"][0]["rows"] == {"read": 3, "used": 2, "left_out": {"totals_row": 1}}
    assert "control_total_differs" in {note["code"] for note in found["notes"]}


@pytest.mark.parametrize(
    "called",
    [
        {"id": "'Total'"},
        {"id": "' GRAND-TOTAL 2026'"},
        {"id": "'TOTAL GÉNÉRAL :'"},
        {"id": "'Grand  Total'"},
        {"id": "'Total' || chr(9)"},
        {"id": "chr(160) || 'Grand–Total'"},
        {"email": "'Totals (12 rows)'"},
        {"email": "'Total amount'"},
    ],
    ids=str,
)
def test_a_row_of_sales_that_is_called_a_total_where_only_sums_are_wanted_is_asked_about(
    called: dict[str, str], shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(ROW.format(**PLAIN | called))
    here, there = (asked(roi, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there == here
    assert here[0][0] == "total_or_name"


def test_ids_of_a_type_of_their_own_are_asked_too(shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    shop("CREATE OR REPLACE TABLE orders AS SELECT * REPLACE (md5(order_id)::UUID AS order_id) FROM orders")
    here, there = (asked(roi, monkeypatch, rows) for rows in (1_000_000, 0))
    assert (here[1], there[1]) == ("full", "rows")
    assert there[0] == here[0]


def test_rows_whose_names_begin_as_totals_do_are_left_where_they_are(
    shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("total-7", "Totally", "sum", "Grand", "'totals"):
        shop(ROW.format(**PLAIN | {"id": "'" + name.replace("'", "''") + "'"}))
    here, there = (asked(roi, monkeypatch, rows) for rows in (1_000_000, 0))
    assert (here[1], there[1]) == ("full", "rows")
    assert there[0] == here[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "'o-7'"},  # an order in two rows
        {"id": "NULL"},
        {"id": "' x-1 '"},
        {"id": "'1.23E+12'"},
        {"email": "' Learner1@example.com'"},
        {"email": "'élève@example.com'"},
        {"amount": "NULL"},
        {"amount": "-5"},
        {"refunded": "21"},
        {"refunded": "-1"},
        {"currency": "'USD'"},
        {"status": "'strange'"},
        {"status": "' paid'"},
        {"id": "'Total'"},
        {"email": "'TOTAL'"},
    ],
    ids=str,
)
def test_sales_that_are_not_plain_are_read_row_by_row(
    odd: dict[str, str], shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(ROW.format(**PLAIN | odd))
    here, there = (asked(cac, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there == here
    assert there[1] in {"full", None}


@pytest.mark.parametrize(
    "odd",
    [
        {"user": "' u-1'"},
        {"user": "'ü'"},
        {"user": "'Gesamt'"},
        {"event": "'visit '"},
        {"time": "NULL"},
        {"country": "' FR'"},
    ],
    ids=str,
)
def test_a_log_that_is_not_plain_is_read_row_by_row(
    odd: dict[str, str], shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(EVENT.format(**SEEN | odd))
    here, there = (asked(funnel, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there == here
    assert there[1] in {"full", None}


def test_a_row_of_a_log_is_asked_by_the_columns_that_nobody_groups_by(
    shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(EVENT.format(**SEEN | {"country": "'Total'"}))
    address = "duckdb:///shop.db?table=log"
    here, there = (
        asked(lambda: kpi_cli.funnel(address, steps="visit,purchase"), monkeypatch, rows) for rows in (1_000_000, 0)
    )
    assert there == here
    assert here[0][0] == "total_or_name"


@pytest.mark.parametrize("kind", FLAGS)
def test_a_conversion_is_said_in_any_type(
    kind: str, shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("DROP TABLE touches;" + TOUCHES.format(kind=kind, said=FLAGS[kind]))
    here, there = (asked(credits, monkeypatch, rows) for rows in (1_000_000, 0))
    assert (here[1], there[1]) == ("full", "rows")
    assert there[0] == here[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"user": "NULL"},
        {"user": "' u-1'"},
        {"user": "'ü'"},
        {"user": "'Totaux'"},
        {"time": "NULL"},
        {"medium": "'cpc '"},
        {"conversion": "'perhaps'"},
    ],
    ids=str,
)
def test_touches_that_are_not_plain_are_read_row_by_row(
    odd: dict[str, str], shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(TOUCH.format(**MET | odd))
    here, there = (asked(credits, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there == here
    assert there[1] in {"full", None}


@pytest.mark.parametrize("odd", [{"user": "'U-1'"}, {"value": "-7.25"}, {"value": "NULL"}], ids=str)
def test_touches_that_are_plain_are_left_there(
    odd: dict[str, str], shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(TOUCH.format(**MET | odd))
    here, there = (asked(credits, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there[0] == here[0]
    assert there[1] == "rows"


def test_touches_that_stand_twice_are_told_under_strict(
    shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(";".join([TOUCH.format(**MET)] * 2))

    def strict_credits() -> Any:
        return kpi_cli.attribution("duckdb:///shop.db?table=touches", strict=True)

    here, there = (asked(strict_credits, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there == here


def test_paths_that_an_engine_cuts_short_are_refused(
    shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("UPDATE touches SET \"user\" = 'u-1', conversion = 'no' WHERE conversion IS NULL OR conversion = 'No'")
    monkeypatch.setattr(touches, "ROWS", 0)
    whole = touches.Touches._journeys

    def cut(self: touches.Touches, codes: Any) -> str:
        return (
            whole(self, codes).replace("string_agg(", "left(string_agg(").replace("ORDER BY nth)", "ORDER BY nth), 9)")
        )

    monkeypatch.setattr(touches.Touches, "_journeys", cut)
    with pytest.raises(KpiError) as raised:
        credits()
    assert raised.value.code == "engine_error"


def test_counted_conversions_make_the_same_paths(shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    shop("ALTER TABLE touches ADD COLUMN conversions DECIMAL(9, 2)")
    shop("UPDATE touches SET conversions = CASE WHEN conversion = 'yes' THEN 1.25 WHEN value = 0 THEN 0 END")
    shop("ALTER TABLE touches DROP COLUMN conversion")
    here, there = (asked(credits, monkeypatch, rows) for rows in (1_000_000, 0))
    assert (here[1], there[1]) == ("full", "rows")
    assert there[0] == here[0]


def test_a_log_whose_strategies_are_words_of_our_own_is_read_row_by_row(
    shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("UPDATE log SET country = 'Organic' WHERE country IS NOT NULL")
    Path("kpi.yml").write_text(
        "sources:\n  - from: duckdb:///shop.db\n    table: log\n    columns: {strategy: country}\n"
    )
    here, there = (
        asked(lambda: kpi_cli.funnel(config="kpi.yml", steps="visit,purchase", by="strategy"), monkeypatch, rows)
        for rows in (1_000_000, 0)
    )
    assert there == here


@pytest.mark.parametrize("user", ["NULL", "''"])
def test_events_of_nobody_are_counted_and_left_there(
    user: str, shop: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(EVENT.format(**SEEN | {"user": user}))
    here, there = (asked(funnel, monkeypatch, rows) for rows in (1_000_000, 0))
    assert there[0] == here[0]
    assert there[1] == "rows"


@pytest.mark.usefixtures("shop")
def test_parquet_that_changes_while_it_is_asked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect("shop.db", read_only=True) as con:
        con.execute("COPY log TO 'log.parquet'; COPY (FROM log UNION ALL FROM log) TO 'longer.parquet'")
    monkeypatch.setattr(log, "ROWS", 0)
    once = log.Log.followed

    def grown(self: log.Log, *given: Any) -> Any:
        Path("longer.parquet").replace("log.parquet")
        return once(self, *given)

    monkeypatch.setattr(log.Log, "followed", grown)
    with pytest.raises(KpiError) as raised:
        kpi_cli.funnel("log.parquet", steps="visit,purchase")
    assert raised.value.code == "changed_while_read"
