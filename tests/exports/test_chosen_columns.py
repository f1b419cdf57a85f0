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


@pytest.mark.parametrize("own", ["re", "pyr", "dp", "du", "po", "tr", "in", "sub", "cus", "cn", "price"])
@pytest.mark.parametrize(
    "header",
    [
        "id,Amount,Created (UTC),Currency,Status,Charge ID",
        "id,Amount,Created (UTC),Currency,Status,Interval",
        "id,Amount,Created (UTC),Currency,Status,Description",
        "id,Amount,Date,Currency,State,Customer Email",
    ],
)
def test_other_lists_of_stripe_are_no_sales_whatever_columns_were_chosen(own: str, header: str, check: Any) -> None:
    rows = "".join(f"{own}_{n}xY,9.00,2026-10-0{n} 10:00,eur,succeeded,a{n}@example.com\n" for n in (1, 2))
    [source] = check(("list.csv", f"{header}\n{rows}"), code=3)
    assert source["error"]["code"] == "not_a_report"
    assert "of Stripe" in source["error"]["text"]
    assert "export Stripe's payments" in source["error"]["fix"]


def test_a_list_of_refunds_is_told_by_its_own_ids_beside_those_of_the_charges(check: Any) -> None:
    header = "Charge id,Amount,Currency,Status,Created (UTC),Customer Email,Reference"
    [source] = check(("list.csv", f"{header}\nch_1,9.00,eur,succeeded,2026-10-01 10:00,a@example.com,re_1\n"), code=3)
    assert source["error"]["text"] == "this is a list of refunds of Stripe"


def test_sales_that_name_the_price_of_stripe_are_read_and_a_list_of_prices_is_not(check: Any) -> None:
    [sales] = check(("sales.csv", "Date,Customer,Price ID,Amount\n2026-10-01,c-0001,price_1Ab,9.00\n"))
    assert sales.sum("revenue_net") == 9
    [prices] = check(("prices.csv", "Price ID,Product ID,Product,Amount\nprice_1Ab,prod_1,Course,9.00\n"), code=3)
    assert prices["error"]["text"] == "this is a list of prices of Stripe"


def test_a_list_that_names_its_charges_beside_no_id_of_its_own_is_no_list_of_charges(check: Any) -> None:
    text = (
        "Charge id,Amount,Currency,Status,{},Customer Email\nch_1,9.00,eur,succeeded,2026-10-01 10:00,a@example.com\n"
    )
    [source] = check(("list.csv", text.format("Created (UTC)")), code=3)
    assert source["error"]["text"] == "this is a list of refunds or disputes of Stripe"
    [source] = check(("by_hand.csv", text.format("Date")))
    assert (source["format"], source.sum("revenue_net")) == ("generic", 9)


def test_refunds_whose_texts_are_broken_over_lines_are_refunds(check: Any) -> None:
    rows = "".join(f're_{n}aB,9.00,eur,succeeded,2026-10-0{n} 10:00,"not what\n  I, alas,\nexpected"\n' for n in (1, 2))
    [source] = check(("list.csv", f"id,Amount,Currency,Status,Created (UTC),Description\n{rows}"), code=3)
    assert source["error"]["text"] == "this is a list of refunds of Stripe"


@pytest.mark.parametrize("own", ["ch", "py", "pi"])
def test_payments_are_read_with_the_ids_of_what_belongs_to_them(own: str, check: Any) -> None:
    header = "id,Created (UTC),Amount,Currency,Status,Customer ID,Invoice ID,Subscription,Payout,Refund ID"
    rows = f"{own}_1,2026-10-01 10:00,9.00,eur,Paid,cus_1,in_1,sub_1,po_1,re_1\n"
    rows += f"{own}_2,2026-10-02 10:00,9.00,eur,Paid,cus_1,in_2,sub_1,po_1,\n"
    [source] = check(("list.csv", f"{header}\n{rows}"))
    assert (source["format"], source.sum("orders"), source.sum("revenue_net")) == ("stripe_payments", 2, 18)


def test_charges_and_refunds_in_one_list_made_by_hand_are_read(check: Any) -> None:
    text = "id,Date,Amount,Email\nch_1,2026-10-01,9.00,a@example.com\nre_1,2026-10-02,-4.00,a@example.com\n"
    [source] = check(("list.csv", text))
    assert (source.sum("revenue_gross"), source.sum("refunds")) == (9, 4)


def test_campaigns_that_begin_like_refunds_are_campaigns(check: Any) -> None:
    text = "Date,Campaign,Cost\n2026-10-01,re_targeting,9.00\n2026-10-02,re_engaging,4.00\n"
    [source] = check(("spend.csv", text))
    assert source.sum("cost") == 13


@pytest.mark.parametrize("spent", ["Total Spend", "Total Spent"])
def test_what_customers_have_spent_is_no_spend_of_ours(spent: str, check: Any) -> None:
    text = f"Customer ID,Email,Created (UTC),{spent},Total Orders\nc-1,a@example.com,2026-10-01,90.00,2\n"
    [source] = check(("customers.csv", text), code=3)
    assert source["error"]["code"] == "columns_unknown"


@pytest.mark.parametrize(
    "text",
    [
        "Name,City,Total Spent,Orders Count\nAna,Lyon,120.00,2\n",
        "Customer,Spend,Orders,Last order date\nc-0001,120.00,2,2026-10-01\n",
        "First Name,City,Total Spent,Source\nAna,Lyon,120.00,google\n",
        "Prénom;Ville;Dépenses;Téléphone;Date\nAna;Lyon;120,00;01;2026-10-01\n",
    ],
)
def test_what_customers_without_an_address_have_spent_is_asked_about(text: str, check: Any) -> None:
    [source] = check(("customers.csv", text), code=3)
    assert (source["error"]["code"], "--spend FILE" in source["error"]["fix"]) == ("role_open", True)


@pytest.mark.parametrize("other", ["Régie", "Week", "Name,Impressions", "Kurs", "Campaign", "Account"])
def test_a_cost_beside_what_only_ads_have_is_spend(other: str, check: Any) -> None:
    row = ",".join(["2026-10-05", "1"][: other.count(",") + 1])
    [source] = check(("spend.csv", f"{other},Total Spent\n{row},120.00\n"))
    assert (source["role"], source.sum("cost")) == ("spend", 120)


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
