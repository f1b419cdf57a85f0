"""A download whose columns the user chose is still its platform's: what it lacks is said, and its sales count once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

STRIPE = """\
id,{created},Amount,Currency,Description,Status,Customer Email
ch_1,2026-10-01 10:00,10.00,eur,Course A,Paid,learner1@example.com
ch_2,2026-10-31 10:00,10.00,eur,Course A,Paid,learner2@example.com
"""
WHOLE = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer Email
ch_1,2026-10-01 10:00,10.00,0.00,eur,Paid,learner1@example.com
ch_2,2026-10-31 10:00,10.00,4.00,eur,Paid,learner2@example.com
"""
KAJABI = """\
ID,Type,Status,Amount,Currency,Offer,Member,Email,Created At
1,charge,success,10.00,EUR,Course A,Ann,learner1@example.com,2026-10-01 10:00:00 +0200
2,charge,success,10.00,EUR,Course A,Bob,learner2@example.com,2026-10-31 10:00:00 +0200
"""


@pytest.mark.parametrize("created", ["Created (UTC)", "Created date (UTC)"])
def test_stripe_payments_without_their_refunds_are_stripes_and_say_so(created: str, check: Any) -> None:
    [source] = check(("payments.csv", STRIPE.format(created=created)))
    assert (source["format"], source.sum("revenue_net"), source.sum("orders")) == ("stripe_payments", 20, 2)
    assert "refunds_unstated" in source.codes


def test_stripe_payments_with_their_refunds_do_not_say_that_they_lack_them(check: Any) -> None:
    [source] = check(("payments.csv", WHOLE))
    assert source.sum("refunds") == 4
    assert "refunds_unstated" not in source.codes


@pytest.mark.parametrize(
    ("column", "said"), [("Arrival Date (UTC)", "payouts of Stripe"), ("Due by (UTC)", "disputes of Stripe")]
)
def test_stripes_payouts_and_disputes_are_no_sales(column: str, said: str, check: Any) -> None:
    text = f"id,Amount,Created (UTC),Currency,Status,{column}\npo_1,9.00,2026-10-01 10:00,eur,Paid,2026-10-03 00:00\n"
    [source] = check(("list.csv", text), code=3)
    assert source["error"]["code"] == "not_a_report"
    assert said in source["error"]["text"]


@pytest.mark.parametrize("column", ["Charge ID", "Interval"])
def test_stripes_refunds_and_subscriptions_are_not_its_payments(column: str, check: Any) -> None:
    text = f"id,Amount,Created (UTC),Currency,Status,{column}\nre_1,9.00,2026-10-01 10:00,eur,succeeded,x\n"
    [source] = check(("list.csv", text))
    assert source["format"] == "generic"


def test_a_list_made_by_hand_with_such_columns_is_not_stripes(check: Any) -> None:
    [source] = check(("list.csv", STRIPE.format(created="Created")))
    assert source["format"] == "generic"


def test_their_sales_are_not_added_to_those_of_the_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("payments.csv").write_text(STRIPE.format(created="Created (UTC)"))
    Path("kajabi.csv").write_text(KAJABI)
    Path("whole.csv").write_text(WHOLE)
    assert main(["ltv", "payments.csv", "kajabi.csv"]) == 3
    assert "--sales-from" in capsys.readouterr().err
    assert main(["ltv", "payments.csv", "whole.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["orders"] == 2
