"""Addresses: what is an engine, what is a table, and that no credential is ever part of a name."""

from __future__ import annotations

import pytest

import kpi_cli
from kpi_cli.errors import KpiError, UsageError
from kpi_cli.warehouse.addresses import parse_address
from kpi_cli.warehouse.engines import masked

SECRET = "canary-9f2e"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"postgres://shop:{SECRET}@db.example/shop?table=orders", "postgres://db.example/shop?table=orders"),
        (f"postgresql://shop:{SECRET}@db.example:5432/shop?table=a.b", "postgres://db.example:5432/shop?table=a.b"),
        (f"snowflake://u:{SECRET}@account/db?table=t&token={SECRET}", "snowflake://account/db?table=t"),
        ("duckdb:///shop.db?table=orders", "duckdb:///shop.db?table=orders"),
        ("spark://local-cluster[2,1,1024]?path=/lake/orders", "spark://local-cluster[2,1,1024]?path=/lake/orders"),
        ("postgres://db.example/shop?query=SELECT 1 AS amount", "postgres://db.example/shop?query=5a3c5de9"),
    ],
)
def test_a_name_holds_the_place_and_the_table_and_no_credential(text: str, name: str) -> None:
    address = parse_address(text)
    assert address.name.partition("?query=")[0] == name.partition("?query=")[0]
    assert SECRET not in address.name
    assert SECRET not in repr(address)


def test_two_queries_of_one_database_have_two_names() -> None:
    one, other = (parse_address("duckdb:///a.db", query=q).name for q in ("SELECT 1", "SELECT 2"))
    assert one != other


def test_the_driver_is_given_its_own_settings_and_none_of_ours() -> None:
    assert parse_address("postgres://h/d?table=t&sslmode=require").url == "postgres://h/d?sslmode=require"


@pytest.mark.parametrize("text", ["https://files.example/orders.csv", "s3://bucket/orders", "mongodb://h/d"])
def test_what_is_no_engine_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="no engine is called"):
        parse_address(text)


@pytest.mark.parametrize("password", [f"a{sign}{SECRET}" for sign in "/?#[&="] + [f"7?{SECRET}"])
@pytest.mark.parametrize("engine", ["postgres", "trino", "mysql"])
def test_a_sign_in_a_password_that_parts_the_address_is_asked_about_and_no_piece_is_told(
    engine: str, password: str
) -> None:
    try:
        told = parse_address(f"{engine}://shop:{password}@db.example/shop?table=orders").name
    except UsageError as error:
        told = str(error)
    assert SECRET not in told
    assert "shop:" not in told


@pytest.mark.parametrize(
    "place",
    [f"h/d;password={SECRET}?table=t", f"h/d&password={SECRET}&table=t", f"h:pass{SECRET}/d?table=t"],
)
def test_what_may_be_a_password_in_the_wrong_place_is_in_no_name(place: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_address(f"postgres://{place}")
    assert SECRET not in str(raised.value)


def test_two_tables_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="names table and table"):
        parse_address("postgres://h/d?table=a&table=b")


@pytest.mark.parametrize("said", ["table", "query"])
@pytest.mark.parametrize("address", ["postgres://h/d?table=a", "duckdb:///a.db?query=q", "spark://?path=/lake/a"])
def test_a_table_of_the_address_and_another_beside_it_are_one_too_many(address: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"names .* and {said}"):
        parse_address(address, **{said: "b"})


def test_a_file_may_have_an_at_sign_in_its_name() -> None:
    assert parse_address("duckdb:////data/shop@night.db?table=t").place == "//data/shop@night.db"


@pytest.mark.parametrize(
    "text",
    [
        f"jdbc:postgresql://shop:a/b{SECRET}@db.example/shop",
        f"postgres:/shop:{SECRET}@db.example/shop",
        f"host=db.example user=shop password={SECRET}",
        f"jdbc:postgresql://db.example/shop?user=shop&sslpassword={SECRET}",
    ],
)
def test_what_was_meant_as_an_address_and_is_none_is_told_without_its_password(text: str) -> None:
    with pytest.raises(KpiError) as raised:
        kpi_cli.roi(text)
    assert SECRET not in str(raised.value)


def test_a_table_and_a_query_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="names table and query"):
        parse_address(f"postgres://u:{SECRET}@h/d?table=t&query=q")


def test_what_a_driver_says_is_one_line_without_the_credentials() -> None:
    address = parse_address(f"postgres://shop:{SECRET}@db.example/shop?password={SECRET}2&table=t")
    said = f"cannot connect to postgres://shop:{SECRET}@db.example/shop (password={SECRET}2)\nHINT: {SECRET}"
    assert SECRET not in masked(said, address)
    assert "\n" not in masked(said, address)


def test_a_password_with_encoded_signs_is_masked_as_the_driver_writes_it() -> None:
    assert "p@ss" not in masked("bad password p@ss", parse_address("postgres://u:p%40ss@h/d?table=t"))
    assert "p@ss" not in masked("bad password p@ss", parse_address("postgres://h/d?password=p%40ss&table=t"))


def test_only_secrets_are_masked_and_no_words_of_plain_settings() -> None:
    address = parse_address(
        f"postgres://h/d?sslmode=require&connect_timeout=2&password={SECRET}&options={SECRET}2&table=t"
    )
    said = f"SSL was required, 2 times ({SECRET}, {SECRET}2)"
    assert masked(said, address) == "SSL was required, 2 times (***, ***2)"


def test_a_plus_is_a_plus_and_no_space_of_a_form() -> None:
    found = parse_address("postgres://shop:a+b@db.example/shop?query=SELECT 1+1 AS cost&application_name=a+b")
    assert found.query == "SELECT 1+1 AS cost"
    assert found.url == "postgres://shop:a%2Bb@db.example/shop?application_name=a%2Bb"
