"""Databases as sources: how they are named in kpi.yml, what is refused, and that nothing but a database is called."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path
from typing import Any

import duckdb
import pytest

import kpi_cli
from kpi_cli.commands.app import main
from kpi_cli.errors import InputError, KpiError
from kpi_cli.warehouse import relation

ROWS = "(VALUES (DATE '2026-10-01', 'a-1', 10.50::DECIMAL(9,2), 'EUR'), (DATE '2026-10-02', 'a-2', 4.25, 'EUR'))"
ORDERS = f"SELECT * FROM {ROWS} AS t(date, order_id, amount, currency)"
SPEND = "date,channel,cost,currency\n2026-10-01,Email,5.00,EUR\n2026-10-02,Email,0.90,EUR\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with shop.db and spend.csv, which is the one we are in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spend.csv").write_text(SPEND)
    with duckdb.connect("shop.db") as con:
        con.execute(f"CREATE TABLE orders AS {ORDERS}")
    return tmp_path


def add(sql: str) -> None:
    with duckdb.connect("shop.db") as con:
        con.execute(sql)


@pytest.mark.usefixtures("shop")
def test_spend_from_a_file_and_sales_from_a_database_give_one_roi() -> None:
    total = kpi_cli.roi("spend.csv", "duckdb:///shop.db?table=orders").to_dict()["total"]
    assert (total["revenue"], total["cost"], total["profit"]) == (14.75, 5.9, 8.85)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "source",
    [
        "{from: 'duckdb:///shop.db', table: orders}",
        "{from: 'duckdb:///shop.db', query: SELECT * FROM orders}",
        "'duckdb:///shop.db?table=orders'",
        "{from: 'duckdb:///shop.db', query: 'SELECT date, amount AS paid_in, currency FROM orders', "
        "role: sales, columns: {amount: paid_in}}",
    ],
)
def test_a_database_in_kpi_yml_is_found_from_its_folder(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("kpi.yml").write_text(f"sources:\n  - spend.csv\n  - {source}\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert kpi_cli.roi(config="../kpi.yml").to_dict()["total"]["revenue"] == 14.75


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{from: 'duckdb:///shop.db', files: spend.csv, table: orders}", "two_keys"),
        ("{files: spend.csv, table: orders}", "missing_key"),
        ("{from: shop.db, table: orders}", "bad_address"),
    ],
)
def test_a_source_of_kpi_yml_that_says_too_much_or_too_little_is_refused(source: str, code: str) -> None:
    Path("kpi.yml").write_text(f"sources:\n  - {source}\n")
    with pytest.raises(KpiError) as raised:
        kpi_cli.roi(config="kpi.yml")
    assert code in {part.code for part in raised.value.parts()}


def refusal(*data: Any, **options: Any) -> KpiError:
    with pytest.raises(KpiError) as raised:
        kpi_cli.roi(*data, **options)
    return raised.value


@pytest.mark.usefixtures("shop")
def test_a_table_that_is_not_there_is_told_in_the_words_of_the_engine() -> None:
    error = refusal("duckdb:///shop.db?table=order")
    assert (error.code, error.file) == ("engine_error", "duckdb:///shop.db?table=order")
    assert "does not exist" in error.text


@pytest.mark.usefixtures("shop")
def test_a_table_may_be_named_in_quotes() -> None:
    add('CREATE SCHEMA "my.shop"; CREATE TABLE "my.shop"."Paid ""up""" AS SELECT * FROM orders')
    add('CREATE TABLE "Paid Orders" AS SELECT * FROM orders')
    for table in ('"Paid Orders"', "Paid Orders", 'main."Paid Orders"', '"my.shop"."Paid ""up"""'):
        assert kpi_cli.roi("spend.csv", f"duckdb:///shop.db?table={table}").to_dict()["total"]["revenue"] == 14.75


@pytest.mark.usefixtures("shop")
def test_two_columns_of_one_name_in_a_query_cannot_be_told_apart() -> None:
    error = refusal("duckdb:///shop.db?query=SELECT date, order_id, amount, 2 * amount AS amount FROM orders -- ;")
    assert (error.code, error.line, error.column) == ("duplicate_header", 1, 4)
    besides = "duckdb:///shop.db?query=SELECT *, 1 AS x, 2 AS x FROM orders"
    assert kpi_cli.roi("spend.csv", besides).to_dict()["total"]["revenue"] == 14.75


@pytest.mark.usefixtures("shop")
def test_an_address_without_a_table_asks_for_one() -> None:
    assert refusal("duckdb:///shop.db").code == "no_table"


@pytest.mark.usefixtures("shop")
def test_a_database_that_is_not_there_is_no_such_file() -> None:
    assert refusal("duckdb:///shap.db?table=orders").code == "no_such_file"
    assert not Path("shap.db").exists()


@pytest.mark.usefixtures("shop")
def test_moments_need_a_time_zone_to_have_a_day() -> None:
    add("CREATE TABLE late AS SELECT TIMESTAMPTZ '2026-10-01 23:30:00+00' AS date, 5.00 AS amount, 'x' AS order_id")
    assert refusal("duckdb:///shop.db?table=late", by="day").code == "zone_open"
    days = {
        tz: kpi_cli.check("duckdb:///shop.db?table=late", tz=tz).to_dict()["sources"][0]["period"]["start"]
        for tz in ("UTC", "Europe/Paris")
    }
    assert days == {"UTC": "2026-10-01", "Europe/Paris": "2026-10-02"}


@pytest.mark.usefixtures("shop")
def test_money_of_single_precision_is_refused() -> None:
    add("CREATE TABLE rough AS SELECT DATE '2026-10-01' AS date, 0.1::FLOAT AS amount, 'x' AS order_id")
    assert refusal("duckdb:///shop.db?table=rough").code == "imprecise_column"


@pytest.mark.usefixtures("shop")
def test_a_column_of_bytes_is_no_text_and_refused_where_it_is_needed() -> None:
    add("CREATE TABLE raw AS SELECT *, 'Email'::BLOB AS channel FROM orders")
    assert refusal("duckdb:///shop.db?table=raw").code == "binary_column"
    add("CREATE TABLE besides AS SELECT *, 'Email'::BLOB AS picture FROM orders")
    assert kpi_cli.roi("spend.csv", "duckdb:///shop.db?table=besides").to_dict()["total"]["revenue"] == 14.75


@pytest.mark.usefixtures("shop")
def test_orders_on_two_engines_cannot_be_counted_together() -> None:
    Path("orders.csv").write_text("date,order_id,amount,currency\n2026-10-02,a-2,4.25,EUR\n")
    with pytest.raises(InputError) as raised:
        kpi_cli.cac("spend.csv", "orders.csv", "duckdb:///shop.db?table=orders")
    assert raised.value.code == "two_engines"


@pytest.mark.usefixtures("shop")
def test_an_amount_that_is_too_large_to_add_up_is_named_though_rows_are_added_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add("CREATE TABLE huge AS SELECT DATE '2026-10-01' AS date, 'x' AS order_id, 1e15::DOUBLE AS amount")
    monkeypatch.setattr(relation, "ROWS", 0)
    assert "999 999 999 999" in refusal("duckdb:///shop.db?table=huge").text


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("type_", ["DECIMAL(9,2)", "INTEGER", "DOUBLE", "VARCHAR"])
def test_a_tax_that_may_be_a_rate_is_asked_about_though_rows_are_added_up(
    monkeypatch: pytest.MonkeyPatch, type_: str
) -> None:
    add(f"CREATE TABLE taxed AS SELECT *, CAST(20 AS {type_}) AS vat FROM orders")
    monkeypatch.setattr(relation, "ROWS", 0)
    assert refusal("duckdb:///shop.db?table=taxed").code == "tax_open"


@pytest.mark.usefixtures("shop")
def test_a_query_cannot_write() -> None:
    before = Path("shop.db").read_bytes()
    assert refusal("duckdb:///shop.db?query=DELETE FROM orders RETURNING *").code == "engine_error"
    assert Path("shop.db").read_bytes() == before


@pytest.mark.usefixtures("shop")
def test_no_socket_is_opened_for_files_and_databases_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", opened)
    monkeypatch.setattr(socket, "create_connection", opened)
    assert kpi_cli.roi("spend.csv", "duckdb:///shop.db?table=orders").to_dict()["total"]["revenue"] == 14.75


@pytest.mark.usefixtures("shop")
@pytest.mark.skipif(importlib.util.find_spec("ibis") is not None, reason="Ibis is installed")
def test_an_engine_that_is_not_installed_says_how_to_install_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roi", "postgres://shop:canary-77@127.0.0.1:9/shop?table=orders"]) == 3
    told = capsys.readouterr().err
    assert "pip install 'kpi-cli[warehouse]'" in told
    assert "canary-77" not in told


@pytest.mark.usefixtures("shop")
@pytest.mark.skipif(importlib.util.find_spec("ibis") is None, reason="Ibis is not installed: kpi-cli[warehouse]")
def test_a_database_that_cannot_be_reached_is_told_without_the_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roi", "postgres://shop:canary-77@127.0.0.1:9/shop?table=orders", "--json"]) == 3
    out, told = capsys.readouterr()
    assert out == ""
    assert "postgres://127.0.0.1:9/shop?table=orders: OperationalError: connection failed" in told
    assert "canary-77" not in told


@pytest.mark.usefixtures("shop")
@pytest.mark.skipif(importlib.util.find_spec("ibis") is None, reason="Ibis is not installed: kpi-cli[warehouse]")
def test_an_engine_that_nobody_tried_answers_with_a_note_that_says_so(tmp_path: Path) -> None:
    import sqlite3

    con = sqlite3.connect("shop.sqlite")
    con.execute("CREATE TABLE orders (date TEXT, order_id TEXT, amount REAL, currency TEXT)")
    con.executemany("INSERT INTO orders VALUES (?, ?, ?, 'EUR')", [("2026-10-01", "a-1", 10.5)])
    con.commit()
    con.close()
    found = kpi_cli.roi("spend.csv", f"sqlite://{tmp_path}/shop.sqlite?table=orders").to_dict()
    assert found["total"]["revenue"] == 10.5
    assert "engine_untested" in {note["code"] for note in found["notes"]}


@pytest.mark.usefixtures("shop")
def test_a_folder_of_parquet_parts_is_one_table_whose_parts_name_a_column() -> None:
    add("COPY (SELECT *, '01' AS store FROM orders) TO 'lake' (FORMAT parquet, PARTITION_BY (currency, store))")
    found = kpi_cli.check("lake").to_dict()["sources"]
    assert [(s["file"], s["rows"]["used"], s["currency"]) for s in found] == [("lake", 2, ["EUR"])]


@pytest.mark.usefixtures("shop")
@pytest.mark.skipif(importlib.util.find_spec("zstandard") is None, reason="zstandard is not installed")
def test_a_zst_file_is_unpacked_and_a_damaged_one_refused() -> None:
    import zstandard

    packed = zstandard.compress(SPEND.encode() * 1)
    Path("spend.csv.zst").write_bytes(packed)
    assert kpi_cli.check("spend.csv.zst").to_dict()["sources"][0]["sums"][0]["cost"] == 5.9
    Path("cut.csv.zst").write_bytes(packed[:-8])
    assert kpi_cli.check("cut.csv.zst").to_dict()["sources"][0]["error"] is not None
