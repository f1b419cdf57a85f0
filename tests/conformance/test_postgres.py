"""A Postgres as people set it up: what the address, the environment and the role say holds, and figures do not move."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import quote

import pytest

import kpi_cli
from kpi_cli.commands.app import main
from kpi_cli.errors import KpiError
from kpi_cli.warehouse import engines

PASSWORD = "a+b/c?d#e %[f]&g=@h:canary"


@pytest.fixture(scope="module")
def place(postgres: str) -> str:
    """Where the server is, with a role that has odd settings and two tables of one name, of 10 and of 20 euros."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute(f"CREATE ROLE night LOGIN PASSWORD '{PASSWORD}'")
        for setting in ("DateStyle='German'", "extra_float_digits=-10", "timezone='Asia/Tokyo'"):
            con.execute(f"ALTER ROLE night SET {setting}")
        con.execute("CREATE SCHEMA branch")
        for table, amount in (("public.sold", 10), ("branch.sold", 20)):
            con.execute(
                f"CREATE TABLE {table} AS SELECT TIMESTAMPTZ '2026-10-01 22:30:00+00' AS date, 'o-1' AS order_id, "
                f"{amount}.25::float8 AS amount, 'EUR' AS currency"
            )
        con.execute("GRANT USAGE ON SCHEMA branch TO night; GRANT SELECT ON sold, branch.sold TO night")
    return postgres.partition("@")[2]


@pytest.fixture(autouse=True)
def spend(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spend.csv").write_text("date,channel,cost,currency\n2026-10-02,Email,5.00,EUR\n")


def revenue(address: str) -> Any:
    return kpi_cli.roi("spend.csv", address, tz="Europe/Paris").to_dict()["total"]["revenue"]


def test_a_password_may_have_any_sign_and_a_plus_is_a_plus(place: str) -> None:
    encoded = quote(PASSWORD, safe="")
    assert revenue(f"postgres://night:{encoded}@{place}?table=sold") == 10.25
    assert revenue(f"postgres://night:{encoded.replace('%2B', '+')}@{place}?table=sold") == 10.25
    assert revenue(f"postgres://{place}?user=night&password={encoded}&table=sold") == 10.25


def test_options_of_the_address_and_of_the_environment_hold(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    night = f"postgres://night:{quote(PASSWORD, safe='')}@{place}?table=sold"
    assert revenue(f"{night}&options=-c%20search_path=branch%20-c%20default_transaction_read_only=off") == 20.25
    monkeypatch.setenv("PGOPTIONS", "-c search_path=branch")
    assert revenue(night) == 20.25


def test_what_the_address_leaves_out_comes_from_the_environment(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host, _, port = place.partition("/")[0].partition(":")
    said = {"PGHOST": host, "PGPORT": port, "PGUSER": "night", "PGPASSWORD": PASSWORD, "PGDATABASE": "postgres"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert revenue("postgres:///?table=sold") == 10.25


def test_a_query_may_end_in_a_comment_and_is_one_query(place: str) -> None:
    night = f"postgres://night:{quote(PASSWORD, safe='')}@{place}"
    assert revenue(f"{night}?query=SELECT date, order_id, amount+amount AS amount, currency FROM sold -- twice") == 20.5
    with pytest.raises(KpiError) as raised:
        revenue(f"{night}?query=SELECT * FROM sold; SELECT 1")
    assert raised.value.code == "engine_error"


def test_a_table_may_be_named_in_quotes(place: str, postgres: str) -> None:
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute('CREATE TABLE "Sold Here" AS SELECT * FROM public.sold')
    for table in ('"Sold Here"', "Sold Here", 'public."Sold Here"'):
        assert revenue(f"{postgres}?table={table}") == 10.25


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_a_day_that_never_comes_is_refused_by_its_place(place: str, postgres: str, kind: str) -> None:
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute(
            f"CREATE TABLE endless_{kind} AS SELECT 'o-1' AS order_id, 'infinity'::{kind} AS date, 10 AS amount"
        )
    with pytest.raises(KpiError) as raised:
        revenue(f"{postgres}?table=endless_{kind}")
    assert (raised.value.code, raised.value.line, raised.value.column) == ("bad_date", 2, 2)
    assert f"table=endless_{kind}" in str(raised.value)
    assert "infinity" in raised.value.text


def test_a_server_that_does_not_answer_is_given_up(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "_PATIENCE", 2)  # the least that the driver knows
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgres://night:canary@127.0.0.1:{silent.getsockname()[1]}/shop?table=sold"
        assert main(["roi", "spend.csv", address]) == 3
    told = capsys.readouterr().err
    assert "timeout" in told
    assert "canary" not in told
