"""Sales added up by day or product: a row stands for as many orders as it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

DAILY = (
    "date,product,{orders},revenue\n2026-10-01,Photo,3,300.00\n2026-10-02,Photo,2,200.00\n2026-10-31,Video,4,90.00\n"
)
SPEND = "date,campaign,cost\n2026-10-01,a,10.00\n2026-10-31,a,10.00\n"


@pytest.mark.parametrize("header", ["orders", "Number of orders", "ventes", "Bestellungen", "pedidos"])
def test_the_orders_that_a_row_counts_are_its_orders(header: str, check: Any) -> None:
    [source] = check(("daily.csv", DAILY.format(orders=header)))
    assert (source.sum("orders"), source.sum("revenue_net")) == (9, 590)
    assert source["rows"] == {"read": 3, "used": 3, "left_out": {}}


def test_the_period_cuts_orders_and_rows_each_by_their_own_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("daily.csv").write_text(DAILY.format(orders="orders"))
    Path("spend.csv").write_text(SPEND)
    question = ["channels", "daily.csv", "spend.csv", "--from", "2026-10-01", "--to", "2026-10-15", "--json"]
    assert main(question) == 0
    answer = json.loads(capsys.readouterr().out)
    [rows] = [source["rows"] for source in answer["sources"] if source["file"] == "daily.csv"]
    assert answer["total"]["orders"] == 5
    assert rows == {"read": 3, "used": 2, "left_out": {"outside_period": 1}}


def test_orders_with_numbers_of_their_own_are_counted_by_these(check: Any) -> None:
    [source] = check(("sales.csv", "date,order_id,orders,revenue\n2026-10-01,A1,3,300.00\n2026-10-02,A2,2,20.00\n"))
    assert source.sum("orders") == 2


def test_several_orders_of_one_customer_in_a_row_are_refused_and_one_is_not(check: Any) -> None:
    text = "date,customer,orders,revenue\n2026-10-01,c-1,{},300.00\n2026-10-02,c-2,1,20.00\n"
    [source] = check(("sales.csv", text.format(2)), code=3)
    assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("orders_of_one", 2, 3)
    for one in ("1", "1.0", "0"):
        [source] = check(("sales.csv", text.format(one)))
        assert source.sum("customers") == 2


IDS = "date,product,orders,revenue\n2026-10-01,Photo,{},60.00\n2026-10-02,Photo,{},70.00\n2026-10-03,Video,{},80.00\n"


@pytest.mark.parametrize("ids", [(1001, 1004, 1002), (1, 2, 3), (12, 11, 10)])
def test_what_may_be_the_numbers_of_orders_is_asked_about_until_it_is_said(
    ids: tuple[int, int, int], check: Any
) -> None:
    text = IDS.format(*ids)
    [source] = check(("sales.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["column"]) == ("orders_open", 3)
    [source] = check(("sales.csv", text), options=("--map", "sales.orders=orders"))
    assert source.sum("orders") == sum(ids)
    [source] = check(("sales.csv", text), options=("--map", "sales.order_id=orders"))
    assert source.sum("orders") == 3


@pytest.mark.parametrize("counts", [(3, 4, 2), (1, 1, 1), (2, 1, 3), (0, 0, 5)])
def test_counts_are_not_taken_for_numbers(counts: tuple[int, int, int], check: Any) -> None:
    [source] = check(("sales.csv", IDS.format(*counts)))
    assert source.sum("orders") == sum(counts)


def test_a_single_row_whose_count_exceeds_its_money_is_asked_about(check: Any) -> None:
    [source] = check(("one.csv", "date,product,orders,revenue\n2026-10-01,Photo,1001,60.00\n"), code=3)
    assert source["error"]["code"] == "orders_open"


def test_orders_that_name_no_customer_are_told_by_their_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sales = "date,email,orders,revenue\n2026-10-01,learner1@example.com,1,30.00\n"
    Path("daily.csv").write_text(sales + "2026-10-02,,5,500.00\n2026-10-31,,4,400.00\n")
    Path("spend.csv").write_text(SPEND)
    assert main(["cac", "daily.csv", "spend.csv", "--currency", "EUR", "--json"]) == 0
    notes = {note["code"]: note["text"] for note in json.loads(capsys.readouterr().out)["notes"]}
    assert notes["orders_without_customer"].startswith("9 orders")


AMOUNTS = "Date,Product,{header},Revenue\n2026-10-01,Photo,{one},1300.00\n2026-10-02,Photo,{other},950.50\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1250.00", "900.00"),
        ("1250.50", "900.00"),
        ("12", "900.00"),
        ("€1250", "€900"),
        ("1250", "900"),
        ("900", "900"),
    ],
)
@pytest.mark.parametrize("header", ["Sales", "Ventes"])
def test_what_may_be_money_is_asked_about_until_it_is_said(header: str, one: str, other: str, check: Any) -> None:
    text = AMOUNTS.format(header=header, one=one, other=other)
    [source] = check(("daily.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["column"]) == ("orders_open", 3)
    assert f"sales.amount={header}" in source["error"]["fix"]
    [source] = check(("daily.csv", text), options=("--map", f"sales.amount_net={header}"))
    assert (source.sum("revenue_net"), source.sum("orders")) == (2250.5, 2)
    if "€" not in one:
        [source] = check(("daily.csv", text), options=("--map", f"sales.amount={header}"))
        assert (source.sum("revenue_net"), source.sum("orders")) == (float(one) + float(other), 2)


def test_a_count_that_is_said_to_be_one_is_one(check: Any) -> None:
    text = AMOUNTS.format(header="Sales", one="1250", other="900.00")
    [source] = check(("daily.csv", text), options=("--map", "sales.orders=Sales"))
    assert (source.sum("revenue_net"), source.sum("orders")) == (2250.5, 2150)


@pytest.mark.parametrize(("one", "other"), [("12", "9"), ("12.0", "9.0"), ("1", "1"), ("650", "12")])
def test_counts_beside_money_are_counts(one: str, other: str, check: Any) -> None:
    [source] = check(("daily.csv", AMOUNTS.format(header="Sales", one=one, other=other)))
    assert source.sum("orders") == float(one) + float(other)


def test_several_orders_of_new_customers_are_not_called_those_of_one(check: Any) -> None:
    [source] = check(("d.csv", "date,product,customer type,orders,revenue\n2026-10-01,A,new,3,300.00\n"), code=3)
    assert source["error"]["text"] == "a row of 3 orders of “new” customers does not say when each was made"
    assert source["error"]["code"] == "orders_of_one"
