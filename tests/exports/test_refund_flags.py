"""A column of refunds that holds 0 and 1 alone may say no and yes: it is asked about, never read as money."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import kpi_cli
from kpi_cli.errors import InputError
from kpi_cli.exports import bulk, firsts, large, sums

HEADER = "date,order_id,email,amount,refunded"
FLAGS = f"{HEADER}\n2026-10-01,A1,learner1@example.com,100.00,0\n2026-10-02,A2,learner2@example.com,80.00,1\n"


@pytest.mark.parametrize("ones", ["1", " 1 "])
def test_refunds_of_0_and_1_beside_larger_amounts_are_asked_about_at_their_first_1(ones: str, check: Any) -> None:
    [source] = check(("sales.csv", FLAGS.replace(",1\n", f",{ones}\n")), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("refund_open", 3, 5)
    assert "--map sales.refund_flag=refunded" in error["fix"]


def test_the_answer_says_whether_they_are_flags_or_amounts(check: Any) -> None:
    [flags] = check(("sales.csv", FLAGS), options=("--map", "sales.refund_flag=refunded"))
    [amounts] = check(("sales.csv", FLAGS), options=("--map", "sales.refunded=refunded"))
    assert (flags.sum("refunds"), flags.sum("revenue_net")) == (80, 100)
    assert (amounts.sum("refunds"), amounts.sum("revenue_net")) == (1, 179)


@pytest.mark.parametrize(
    ("rows", "refunds"),
    [
        ("100.00,0\n2026-10-02,A2,b@example.com,80.00,1.00", 1),
        ("100.00,0\n2026-10-02,A2,b@example.com,80.00,0", 0),
        ("100.00,\n2026-10-02,A2,b@example.com,80.00,12", 12),
        ("1,1\n2026-10-02,A2,b@example.com,1,0", 1),
    ],
    ids=["written as money", "none", "an amount among them", "sales of 1"],
)
def test_refunds_that_can_only_be_amounts_are_read_as_such(rows: str, refunds: int, check: Any) -> None:
    [source] = check(("sales.csv", f"{HEADER}\n2026-10-01,A1,a@example.com,{rows}\n"))
    assert source.sum("refunds") == refunds


WAYS: dict[str, tuple[ModuleType, ...]] = {
    "row by row": (),
    "in bulk": (bulk,),
    "in groups": (bulk, large, sums),
    "as records": (large,),
    "with first orders": (bulk, firsts),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("most", [1, 12], ids=["flags", "amounts"])
def test_however_large_a_file_is_it_is_asked_the_same(
    way: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in WAYS[way]:
        monkeypatch.setattr(module, "ROWS", 2)
    rows = [f"2026-10-{1 + i % 28:02},A{i},learner{i}@example.com,100.00,{most * (i % 2)}" for i in range(300)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    question = kpi_cli.cac if way == "with first orders" else kpi_cli.roi
    (tmp_path / "spend.csv").write_text("date,campaign,cost\n2026-10-01,a,10.00\n2026-10-28,a,10.00\n")
    files = (str(path), str(tmp_path / "spend.csv"))
    if most == 1:
        with pytest.raises(InputError) as raised:
            question(*files)
        assert (raised.value.code, raised.value.line) == ("refund_open", 3)
    else:
        answer = question(*files)
        assert answer.total.get("revenue", 30_000 - 150 * 12) == 30_000 - 150 * 12


WORDS = """Order number,Date,Customer email,Status,Currency,Total,Tax,Refunded,Refunded amount
1,2026-10-01,learner1@example.com,paid,EUR,120.00,20.00,false,0.00
2,2026-10-02,learner2@example.com,refunded,EUR,60.00,10.00,true,60.00
3,2026-10-03,learner3@example.com,partial_refund,EUR,60.00,10.00,true,15.00
"""


def test_refunds_of_true_and_false_are_flags_beside_the_amounts(check: Any) -> None:
    [source] = check(("orders.csv", WORDS))
    assert (source.sum("revenue_gross"), source.sum("refunds")) == (240, 75)
    assert source.sum("revenue_net") == 137.5  # (120 − 20) + 0 + (60 − 15) ÷ 1.2


def test_an_order_that_went_back_without_an_amount_went_back_in_full_and_it_is_said(check: Any) -> None:
    rows = (
        "order id,date,email,amount,refunded\n"
        "1,2026-10-01,a@example.com,120.00,False\n2,2026-10-02,b@example.com,60.00,True\n"
    )
    [source] = check(("orders.csv", rows))
    assert (source.sum("refunds"), source.sum("revenue_net")) == (60, 120)
    assert "refunded_in_full" in source.codes


def test_a_part_of_unknown_size_is_asked_for(check: Any) -> None:
    rows = "order id,date,email,amount,status,refunded\n1,2026-10-02,b@example.com,60.00,partial_refund,true\n"
    [source] = check(("orders.csv", rows), code=3)
    assert source["error"]["line"] == 2


@pytest.mark.parametrize("header", ["Refunded?", "Disputed?"])
def test_a_flag_that_is_an_amount_is_refused_and_never_taken_for_no(header: str, check: Any) -> None:
    rows = (
        f"order id,date,email,amount,{header}\n"
        "1,2026-10-01,a@example.com,120.00,no\n2,2026-10-02,b@example.com,60.00,12.00\n"
    )
    [source] = check(("orders.csv", rows), code=3)
    assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("unknown_status", 3, 5)


def test_a_tick_says_that_an_order_went_back(check: Any) -> None:
    rows = (
        "order id,date,email,amount,Refunded?\n1,2026-10-01,a@example.com,120.00,\n2,2026-10-02,b@example.com,60.00,✓\n"
    )
    [source] = check(("orders.csv", rows))
    assert source.sum("revenue_net") == 120
