"""`kpi ltv`: by a formula, observed, and predicted."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli.ask import Ask, Files
from kpi_cli.commands.app import main
from kpi_cli.errors import InputError, KpiError
from kpi_cli.period import Duration
from kpi_cli.questions.formulas import Contract, contractual
from kpi_cli.questions.ltv import ltv
from kpi_cli.questions.predicting import Wanted

Row = dict[str, Any]
Answered = tuple[int, dict[str, Any], str]
Asking = Callable[..., Answered]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Run `kpi ltv … --json` in an empty folder: exit code, answer, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Answered:
        code = main(["ltv", *arguments, "--json"])
        shown = capsys.readouterr()
        return code, json.loads(shown.out) if shown.out else {}, shown.err

    return run


def write(path: Path, rows: Sequence[Sequence[object]], header: str = "date,order_id,customer_id,amount") -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(header + "\n")
        csv.writer(file, lineterminator="\n").writerows(rows)
    return str(path)


def codes(answer: dict[str, Any]) -> list[str]:
    return [note["code"] for note in answer["notes"]]


def reason(answer: dict[str, Any], column: str) -> str | None:
    found = (null["reason"] for null in answer["nulls"] if null["row"] is None and null["column"] == column)
    return next(found, None)


# ---------------------------------------------------------------------------------------- the formulas

SIMPLE = ("--average-sale", "150", "--retention", "12mo")


@pytest.mark.parametrize(("purchases", "value"), [("3/year", 450), ("3/month", 5400)])
def test_the_simple_formula_keeps_its_units_apart(ask: Asking, purchases: str, value: int) -> None:
    """The worked example of marketing courses: 150 a sale, 3 sales, 12 months."""
    code, answer, _ = ask(*SIMPLE, "--purchases", purchases)
    assert (code, answer["total"]["ltv"]) == (0, value)


def test_without_a_margin_the_simple_value_is_called_revenue(ask: Asking) -> None:
    labels = []
    for more in ((), ("--margin", "40%")):
        _, answer, _ = ask(*SIMPLE, "--purchases", "3/year", *more)
        labels.append((answer["columns"][-1]["label"], answer["total"]["ltv"]))
    assert labels == [("Revenue LTV", 450), ("LTV", 180)]


@pytest.mark.parametrize(
    ("arguments", "readings"),
    [
        ((*SIMPLE, "--purchases", "3"), ("3/month", "3/year")),
        (("--average-sale", "150", "--purchases", "3/year", "--retention", "12"), ("12mo", "12y")),
        (("--average-sale", "150", "--purchases", "3/year", "--retention", "12m"), ("12mo", "12w")),
        (("--arpa", "18.45", "--retention-rate", "99%"), ("18.45/month", "18.45/year")),
        (("--arpa", "18/month", "--retention-rate", "90%", "--retention-gain", "5"), ("5pp", "5%")),
    ],
)
def test_a_bare_number_is_refused_with_the_readings_it_could_have(
    ask: Asking, arguments: tuple[str, ...], readings: tuple[str, str]
) -> None:
    code, answer, error = ask(*arguments)
    assert (code, answer) == (2, {})
    assert all(reading in error for reading in readings)


@pytest.mark.parametrize(
    ("which", "value", "label"),
    [
        ("included", 366.666667, "Revenue LTV, first payment included"),
        ("excluded", 266.666667, "Revenue LTV, first payment excluded"),
        ("period-end", 333.333333, "Revenue LTV, paid at period end"),
    ],
)
def test_the_contractual_variants_are_those_of_fader_and_hardie_2012(
    ask: Asking, which: str, value: float, label: str
) -> None:
    """m = 100, r = .8, d = .1, in each of the three timings; the answer names its own."""
    _, answer, _ = ask(
        "--arpa", "100/month", "--retention-rate", "0.8", "--discount", "10%/month", "--first-payment", which
    )
    assert answer["total"]["ltv"] == value
    assert label in [column["label"] for column in answer["columns"]]
    assert answer["formula"] == {"name": "contractual", "first_payment": which}


def test_a_subscription_of_18_45_a_month_is_worth_1242_30(ask: Asking) -> None:
    """18.45 × 1.01 / (1.01 − .995) = 18.6345 / .015."""
    _, answer, _ = ask("--arpa", "18.45/month", "--retention-rate", "0.995", "--discount", "1%/month")
    assert answer["total"]["ltv"] == 1242.3


@pytest.mark.parametrize(
    ("rate", "gain", "grows"),
    [("75%", "5pp", 0.25), ("89.74%", "5pp", 0.95), ("80%", "5%", 0.25)],
)
def test_what_five_percent_more_retention_means(ask: Asking, rate: str, gain: str, grows: float) -> None:
    """Reichheld's “25 to 95 %”, at no discount, are the ends of 75 % to 89.74 %; 5 % of 80 % are four points."""
    _, answer, _ = ask("--arpa", "10/month", "--retention-rate", rate, "--retention-gain", gain)
    assert answer["total"]["retention_gain"] == pytest.approx(grows, abs=0.001)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--arpa", "10/month", "--retention-rate", "97%", "--retention-gain", "5pp"),
        ("--arpa", "10/month", "--churn-rate", "120%"),
        ("--arpa", "10/month", "--churn-rate", "1.2"),
        ("--arpa", "10/month", "--retention-rate", "97%", "--churn-rate", "3%"),
        ("--arpa", "10/month", "--retention-rate", "97%", "--discount", "10%/year"),
        ("--arpa", "10/month", "--retention-rate", "97%", "--discount", "-1%/month"),
        ("--arpa", "-10/month", "--retention-rate", "97%"),
        ("--average-sale", "-5", "--purchases", "3/year", "--retention", "1y"),
        ("--average-sale", "5", "--purchases", "3/year"),
        (*SIMPLE, "--purchases", "300%/year"),
        ("--arpa", "18%/month", "--retention-rate", "97%"),
        ("--arpa", "10/month", "--retention-rate", "97%", "--discount", "10/month"),
        (*SIMPLE, "--purchases", "3/year", "--arpa", "10/month"),
        (*SIMPLE, "--purchases", "3/year", "--discount", "1%/month"),
        (*SIMPLE, "--purchases", "3/year", "sales.csv"),
        (*SIMPLE, "--purchases", "3/year", "--predict"),
        ("--arpa", "10/month", "--retention-rate", "97%", "--first-payment", "late"),
    ],
)
def test_figures_that_mean_nothing_together_are_a_usage_error(ask: Asking, arguments: tuple[str, ...]) -> None:
    code, answer, error = ask(*arguments)
    assert (code, answer) == (2, {})
    assert error.startswith("kpi: error: ")


def test_no_churn_and_no_discount_have_no_value(ask: Asking) -> None:
    _, answer, _ = ask("--arpa", "10/month", "--churn-rate", "0")
    assert (answer["total"]["ltv"], reason(answer, "ltv")) == (None, "no_churn")


@settings(max_examples=60, deadline=None)
@given(st.decimals("0.5", "0.99", places=3), st.lists(st.decimals(0, "0.5", places=3), min_size=2, unique=True))
def test_a_subscription_is_worth_less_the_higher_the_discount(retention: Decimal, discounts: list[Decimal]) -> None:
    values: list[Any] = [
        contractual(Contract(Decimal(10), "month", retention, discount), None).total["ltv"]
        for discount in sorted(discounts)
    ]
    assert all(later < earlier for earlier, later in pairwise(values))


# -------------------------------------------------------------------------------------------- observed

SALES = [  # c-1 buys in January, twice on one day in February, and in April; c-2 in January and March; c-3 in March
    ("2026-01-10", "o-1", "c-1", "100"),
    ("2026-01-20", "o-2", "c-2", "50"),
    ("2026-02-10", "o-3", "c-1", "30"),
    ("2026-02-10", "o-4", "c-1", "10"),
    ("2026-03-01", "o-5", "c-2", "20"),
    ("2026-03-15", "o-6", "c-3", "90"),
    ("2026-04-30", "o-7", "c-1", "60"),
]


def test_the_total_is_worked_out_by_hand(ask: Asking, tmp_path: Path) -> None:
    _, answer, _ = ask(write(tmp_path / "sales.csv", SALES), "--margin", "50%")
    total = answer["total"]
    assert (total["customers"], total["orders"], total["aov"]) == (3, 7, 51.428571)
    assert total["ltv"] == 60  # 360 × .5 / 3
    assert total["repeat_rate"] == 0.666667
    assert total["days_between_purchases"] == 40  # of 31, 79 and 40
    days = 110 + 100 + 46  # from each first purchase to 30 April
    assert total["purchase_frequency"] == pytest.approx(4 * 365.25 / days, abs=1e-6)


def test_a_later_period_counts_the_time_of_those_who_bought_nothing_in_it(ask: Asking, tmp_path: Path) -> None:
    """Else everyone seen in a month would buy every month."""
    rows = [(f"2026-01-{day:02}", f"o-{day}", f"c-{day}", "10", "Email") for day in range(1, 11)]
    rows += [("2026-04-10", "o-11", "c-1", "10", "Email"), ("2026-04-20", "o-12", "c-12", "10", "Email")]
    rows += [("2026-04-30", "o-13", "c-13", "10", "Direct")]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,channel")
    _, answer, _ = ask(sales, "--month", "2026-04", "--by", "channel")
    email = next(row for row in answer["rows"] if row["channel"] == "Email")
    assert (email["customers"], email["orders"]) == (2, 2)
    days = 10 * 30 + 10  # ten people all of April, one since the 20th
    for figures in (email, answer["total"]):
        assert figures["purchase_frequency"] == pytest.approx(365.25 / days, abs=1e-6)


def test_cohorts_by_month_of_the_first_purchase_have_blanks_to_the_right(ask: Asking, tmp_path: Path) -> None:
    _, answer, _ = ask(write(tmp_path / "sales.csv", SALES), "--margin", "50%")
    january, march = answer["cohorts"]
    assert (january["cohort"], january["size"]) == ("2026-01", 2)
    assert january["active"] == [2, 1, 1, 1]
    assert january["revenue_per_customer"] == [75, 95, 105, 135]
    assert january["margin_per_customer"] == [37.5, 47.5, 52.5, 67.5]
    assert (march["active"], march["revenue_per_customer"]) == ([1, 0, None, None], [90, 90, None, None])


def test_a_month_that_is_not_over_is_blank(ask: Asking, tmp_path: Path) -> None:
    sales = write(tmp_path / "sales.csv", SALES)
    _, answer, _ = ask(sales, "--from", "2026-01-01", "--to", "2026-04-29")
    assert [cohort["active"] for cohort in answer["cohorts"]] == [[2, 1, 1], [1, None, None]]


def test_a_month_that_the_file_ends_in_is_blank_unless_it_was_asked_for(ask: Asking, tmp_path: Path) -> None:
    """The export may be of 15 March; only a period asked for says that nothing was sold in the rest of the month."""
    rows = [("2026-01-05", "o-1", "c-1", "10"), ("2026-02-20", "o-2", "c-1", "10"), ("2026-03-15", "o-3", "c-2", "10")]
    sales = write(tmp_path / "sales.csv", rows)
    _, answer, _ = ask(sales)
    assert [cohort["active"] for cohort in answer["cohorts"]] == [[1, 1], [None, None]]
    _, answer, _ = ask(sales, "--from", "2026-01-01", "--to", "2026-03-31")
    assert [cohort["active"] for cohort in answer["cohorts"]] == [[1, 1, 0], [1, None, None]]


def test_cohorts_whose_first_month_is_not_over_are_said_to_be_too_young(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no table without rows is drawn."""
    sales = write(tmp_path / "sales.csv", [("2026-10-05", "o-1", "c-1", "10"), ("2026-10-08", "o-2", "c-2", "10")])
    for shape in ("table", "markdown", "html"):
        assert main(["ltv", sales, "--cohorts", "--no-config", "-f", shape]) == 0
        shown = capsys.readouterr().out
        assert "its first month is not over" in shown
        assert not any(empty in shown for empty in ("\n\n\n", "|  |", "<tbody></tbody>"))


def test_a_cohort_of_many_months_speaks_of_those_old_enough(ask: Asking, tmp_path: Path) -> None:
    rows = [(*row, "Email") for row in SALES]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,channel")
    _, answer, _ = ask(sales, "--by", "channel")
    (email,) = answer["cohorts"]
    assert (email["cohort"], email["size"], email["at_risk"]) == ("Email", 3, [3, 3, 2, 2])
    assert email["active"] == [3, 1, 1, 1]
    assert email["revenue_per_customer"] == [80, 93.333333, 105, 135]


def test_a_customer_stands_in_the_group_of_the_first_order(ask: Asking, tmp_path: Path) -> None:
    rows = [
        ("2026-01-10", "o-1", "c-1", "100", "Email", "Portrait"),
        ("2026-02-10", "o-2", "c-1", "40", "Direct", "Retouche"),
        ("2026-02-11", "o-3", "c-2", "60", "Direct", "Retouche"),
    ]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,channel,product")
    for dimension, first, second in (("channel", "Email", "Direct"), ("product", "Portrait", "Retouche")):
        _, answer, _ = ask(sales, "--by", dimension)
        found = {row[dimension]: (row["customers"], row["orders"], row["ltv"]) for row in answer["rows"]}
        assert found == {first: (1, 2, 140), second: (1, 1, 60)}


def test_the_product_of_a_first_order_is_its_dearest_line(ask: Asking, tmp_path: Path) -> None:
    rows = [("2026-01-10", "o-1", "c-1", "0", "Booklet"), ("2026-01-10", "o-1", "c-1", "100", "Portrait")]
    rows += [("2026-01-10", "o-2", "c-1", "500", "Retouche"), ("2026-01-31", "o-3", "c-2", "5", "Booklet")]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,product")
    spend = write(tmp_path / "spend.csv", [("2026-01-10", "8"), ("2026-01-31", "8")], "date,cost")
    _, answer, _ = ask("--sales", sales, "--spend", spend, "--by", "product")
    found = {row["product"]: (row["customers"], row["ltv"]) for row in answer["rows"]}
    assert found == {"Booklet": (1, 5), "Portrait": (1, 600)}
    won = kpi_cli.cac(by="product", roles={"sales": sales, "spend": spend}).to_pandas().set_index("product")
    assert won.new_customers.reindex(["Booklet", "Portrait"]).tolist() == [1, 1]


def test_an_email_is_one_customer_however_it_is_written(ask: Asking, tmp_path: Path) -> None:
    rows = [
        ("2026-01-10", "o-1", "learner17@example.com", "10"),
        ("2026-02-10", "o-2", " Learner17@Example.com ", "10"),
    ]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows, "date,order_id,email,amount"))
    assert (answer["total"]["customers"], answer["total"]["repeat_rate"]) == (1, 1)


def test_refunds_come_off_the_value_and_their_orders_stay(ask: Asking, tmp_path: Path) -> None:
    rows = [("2026-01-10", "o-1", "c-1", "100", "100"), ("2026-01-11", "o-2", "c-2", "60", "20")]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,refunded")
    _, answer, _ = ask(sales)
    _, gross, _ = ask(sales, "--gross")
    assert (answer["total"]["orders"], answer["total"]["customers"], answer["total"]["ltv"]) == (2, 2, 20)
    assert gross["total"]["ltv"] == 80


def test_orders_that_name_no_customer_are_left_out_with_their_amount(ask: Asking, tmp_path: Path) -> None:
    rows = [*SALES, ("2026-04-02", "o-8", "", "1000")]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows))
    assert (answer["total"]["orders"], answer["total"]["ltv"]) == (7, 120)
    (said,) = (note["text"] for note in answer["notes"] if note["code"] == "sales_without_customer")
    assert "1 order (1,000.00)" in said


def test_sales_without_customer_ids_say_which_export_has_them(ask: Asking, tmp_path: Path) -> None:
    rows = [("pi_1", "2026-01-10 10:00:00", "30.00", "0.00", "eur", "Paid")]
    header = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status"
    code, answer, _ = ask(write(tmp_path / "stripe.csv", rows, header), "--predict")
    assert (code, answer["total"]["orders"], answer["total"]["aov"]) == (0, 1, 30)
    names = ("customers", "ltv", "repeat_rate", "expected_purchases")
    assert [(answer["total"][name], reason(answer, name)) for name in names] == [(None, "no_customer_id")] * 4
    (said,) = (note["text"] for note in answer["notes"] if note["code"] == "no_customer_id")
    assert "Customer ID" in said


def test_customers_won_before_the_window_count_but_stand_in_no_cohort(ask: Asking, tmp_path: Path) -> None:
    _, answer, _ = ask(write(tmp_path / "sales.csv", SALES), "--month", "2026-03")
    assert (answer["total"]["customers"], answer["total"]["ltv"]) == (2, 55)
    assert [(cohort["cohort"], cohort["size"]) for cohort in answer["cohorts"]] == [("2026-03", 1)]
    assert "bought_before" in codes(answer)


def test_a_customer_the_shop_calls_returning_was_not_won_here(ask: Asking, tmp_path: Path) -> None:
    rows = [("2026-01-10", "o-1", "c-1", "10", "returning"), ("2026-01-31", "o-2", "c-2", "10", "new")]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,customer_type")
    _, answer, _ = ask(sales)
    assert (answer["total"]["customers"], [cohort["size"] for cohort in answer["cohorts"]]) == (2, [1])


def test_an_order_of_several_lines_is_one_order_wherever_they_stand(ask: Asking, tmp_path: Path) -> None:
    """o-1 has two lines on one day, o-2 one in January and one in February, o-3 is shared by two customers."""
    rows = [
        ("2026-01-10", "o-1", "c-1", "10"),
        ("2026-01-10", "o-1", "c-1", "20"),
        ("2026-01-31", "o-2", "c-1", "10"),
        ("2026-02-01", "o-2", "c-1", "10"),
        ("2026-02-03", "o-3", "c-1", "10"),
        ("2026-02-28", "o-3", "c-2", "10"),
    ]
    sales = write(tmp_path / "sales.csv", rows)
    for period, orders in ((), 3), (("--month", "2026-01"), 2), (("--month", "2026-02"), 2):
        assert ask(sales, *period)[1]["total"]["orders"] == orders
    _, answer, _ = ask(sales, "--by", "month")
    assert [(row["month"], row["orders"]) for row in answer["rows"]] == [("2026-01", 3), ("2026-02", 1)]
    _, answer, _ = ask(sales, "--predict")
    (said,) = (note["text"] for note in answer["notes"] if note["code"] == "purchases_counted")
    assert "joined to it: 0;" in said


def test_negative_totals_and_refunds_without_their_sale_come_off_and_are_said(ask: Asking, tmp_path: Path) -> None:
    """c-2 bought for 40 and has 15 back of an order that is in no file; c-3 is known by a refund alone."""
    rows = [
        ("2026-01-10", "o-1", "c-1", "100"),
        ("2026-02-10", "o-2", "c-2", "40"),
        ("2026-03-10", "o-3", "c-2", "-15"),
        ("2026-03-31", "o-4", "c-3", "-20"),
    ]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows), "--horizon", "12mo")
    total = answer["total"]
    assert (total["customers"], total["orders"], total["repeat_rate"], total["ltv"]) == (2, 2, 0, 52.5)
    assert answer["model"]["customers"] == 2
    (said,) = (note["text"] for note in answer["notes"] if note["code"] == "refund_without_sale")
    assert "2 refunds (35.00)" in said


def test_a_day_with_a_refund_alone_is_no_purchase_day(ask: Asking, tmp_path: Path) -> None:
    rows = [
        ("2026-01-10", "o-1", "c-1", "100"),
        ("2026-01-20", "o-2", "c-1", "-5"),
        ("2026-01-30", "o-3", "c-1", "40"),
        ("2026-01-31", "o-4", "c-2", "40"),
    ]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows))
    total = answer["total"]
    assert (total["orders"], total["repeat_rate"], total["days_between_purchases"]) == (3, 0.5, 20)


def test_who_bought_on_many_days_of_a_month_was_active_once_in_it(ask: Asking, tmp_path: Path) -> None:
    days = ("2026-01-10", "2026-01-20", "2026-02-01", "2026-02-02", "2026-02-28")
    rows = [(day, f"o-{n}", "c-1", "10") for n, day in enumerate(days)]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows))
    assert answer["cohorts"][0]["active"] == [1, 1]


def test_customers_whose_orders_were_all_for_nothing_are_worth_nothing(ask: Asking, tmp_path: Path) -> None:
    rows = [(day, f"o-{n}", f"c-{n % 2}", "0") for n, day in enumerate(("2026-01-01", "2026-01-09", "2026-03-31"))]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows), "--predict")
    assert (answer["total"]["customers"], answer["total"]["aov"], answer["total"]["ltv"]) == (2, 0, 0)
    assert (answer["total"]["expected_revenue"], answer["model"]["reasons"]["gamma_gamma"]) == (None, "no_repeat_value")


SPEND = [("2026-01-01", "Email", "60"), ("2026-04-30", "Direct", "300")]


def test_with_spend_value_is_held_against_what_winning_a_customer_cost(ask: Asking, tmp_path: Path) -> None:
    """Two customers for 60 and one for 300 at a margin of a half: Email is paid back in month 0, Direct not yet."""
    channels = {"c-1": "Email", "c-2": "Email", "c-3": "Direct"}
    rows = [(*row, channels[row[2]]) for row in SALES]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,channel")
    spend = write(tmp_path / "spend.csv", SPEND, "date,channel,cost")
    period = ("--from", "2026-01-01", "--to", "2026-04-30")
    _, answer, _ = ask("--sales", sales, "--spend", spend, *period, "--by", "channel", "--margin", "50%")
    found = {row["channel"]: row for row in answer["rows"]}
    assert (found["Email"]["cac"], found["Email"]["ltv_cac"], found["Email"]["payback_months"]) == (30, 2.25, 0)
    assert (found["Direct"]["cac"], found["Direct"]["ltv_cac"], found["Direct"]["payback_months"]) == (300, 0.15, None)
    assert (answer["total"]["cac"], answer["total"]["ltv_cac"]) == (120, 0.5)
    assert "new_customers_overstated" in codes(answer)


def test_without_a_margin_value_is_not_held_against_cost(ask: Asking, tmp_path: Path) -> None:
    sales = write(tmp_path / "sales.csv", SALES)
    spend = write(tmp_path / "spend.csv", SPEND, "date,channel,cost")
    _, answer, _ = ask("--sales", sales, "--spend", spend, "--from", "2026-01-01", "--to", "2026-04-30")
    assert (answer["total"]["ltv_cac"], reason(answer, "ltv_cac")) == (None, "no_margin")
    assert answer["cohorts"][0]["margin_per_customer"] == [None] * 4


def test_value_beside_no_cost_or_less_says_that_its_ratio_means_nothing(ask: Asking, tmp_path: Path) -> None:
    head = "date,order_id,customer_id,amount,refunded,channel"
    rows = [("2026-10-01", "o-1", "c-0001", 50, 50, "Email"), ("2026-10-02", "o-2", "c-0002", 80, 0, "Paid Search")]
    files = (
        write(tmp_path / "sales.csv", rows, head),
        write(
            tmp_path / "spend.csv",
            [("2026-10-01", "Paid Search", -20), ("2026-10-01", "Audio", 5)],
            "date,channel,cost",
        ),
    )
    _, answer, _ = ask(*files, "--by", "channel", "--margin", "50%")
    rows_of = {row["channel"]: place for place, row in enumerate(answer["rows"])}
    why = {null["row"]: null["reason"] for null in answer["nulls"] if null["column"] == "ltv_cac"}
    assert why == {rows_of["Email"]: "no_cac"}, "a margin is given, and no cost"
    assert {"customers_without_cost", "negative_cost"} <= set(codes(answer))


def test_under_30_customer_days_no_frequency_is_given(ask: Asking, tmp_path: Path) -> None:
    rows = [("2026-01-01", "o-1", "c-1", "10"), ("2026-01-29", "o-2", "c-1", "10")]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows))
    assert reason(answer, "purchase_frequency") == "too_few_customer_days"


def test_sales_without_dates_still_have_a_value(ask: Asking, tmp_path: Path) -> None:
    rows = [("o-1", "c-1", "10"), ("o-2", "c-1", "30")]
    code, answer, _ = ask(write(tmp_path / "sales.csv", rows, "order_id,customer_id,amount"), "--predict")
    assert (code, answer["total"]["ltv"], answer["cohorts"]) == (0, 40, [])
    assert (reason(answer, "repeat_rate"), reason(answer, "expected_revenue")) == ("no_dates", "no_dates")


def test_a_spreadsheet_takes_a_row_a_cohort_and_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ltv", write(tmp_path / "sales.csv", SALES), "--cohorts", "-f", "csv", "--quiet"]) == 0
    first, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert first[:6] == ["cohort", "age", "size", "at_risk", "active", "retention_rate"]
    assert [row[:6] for row in rows][:2] == [
        ["2026-01", "0", "2", "2", "2", "1"],
        ["2026-01", "1", "2", "2", "1", "0.5"],
    ]
    assert len(rows) == 6


def test_without_cohorts_a_spreadsheet_takes_the_headings_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [("o-1", "c-1", "10"), ("o-2", "c-1", "30")]
    sales = write(tmp_path / "sales.csv", rows, "order_id,customer_id,amount")
    assert main(["ltv", sales, "--cohorts", "-f", "csv", "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_table_shows_both_triangles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ltv", write(tmp_path / "sales.csv", SALES), "--lang", "fr"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["janv.", "2026", "2", "50", "50", "50"] in lines
    assert ["janv.", "2026", "2", "75", "95", "105", "135"] in lines


# ----------------------------------------------------------------------- a second, plain computation

Sale = tuple[int, int, int]  # day, customer, amount
sales_lists = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 12), st.integers(0, 500)), min_size=1, max_size=40)
DAY = dt.date(2026, 1, 1)


def as_rows(sales: Iterable[Sale]) -> list[tuple[object, ...]]:
    return [(DAY + dt.timedelta(day), f"o-{n}", f"c-{who}", amount) for n, (day, who, amount) in enumerate(sales)]


def plainly(sales: list[Sale]) -> dict[str, Any]:
    """Customers, repeat rate and each month's cohort sizes and first revenue, by loops alone."""
    first = {who: min(day for day, other, _ in sales if other == who) for _, who, _ in sales}
    days = {who: {day for day, other, _ in sales if other == who} for who in first}
    month = {who: (DAY + dt.timedelta(day)).strftime("%Y-%m") for who, day in first.items()}
    revenue: dict[str, int] = {}
    for day, who, amount in sales:
        if (DAY + dt.timedelta(day)).strftime("%Y-%m") == month[who]:
            revenue[month[who]] = revenue.get(month[who], 0) + amount
    sizes = {name: sum(own == name for own in month.values()) for name in month.values()}
    return {
        "customers": len(first),
        "repeaters": sum(len(own) > 1 for own in days.values()),
        "ltv": Decimal(sum(amount for *_, amount in sales)) / len(first),
        "sizes": sizes,
        "first": {name: Decimal(revenue[name]) / size for name, size in sizes.items()},
    }


def observed(paths: Sequence[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    result = ltv(Ask(files=Files(tuple((path, "sales") for path in paths)))).result
    return result.total, result.extra["cohorts"]


anew = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@anew
@given(sales_lists)
def test_totals_and_cohorts_agree_with_plain_loops(tmp_path: Path, sales: list[Sale]) -> None:
    total, cohorts = observed([write(tmp_path / "sales.csv", as_rows(sales))])
    expected = plainly(sales)
    assert (total["customers"], total["ltv"]) == (expected["customers"], expected["ltv"])
    assert total["repeat_rate"] * total["customers"] == pytest.approx(expected["repeaters"])
    assert {cohort["cohort"]: cohort["size"] for cohort in cohorts} == expected["sizes"]
    for cohort in cohorts:
        if cohort["revenue_per_customer"][0] is not None:
            assert cohort["revenue_per_customer"][0] == expected["first"][cohort["cohort"]]


@anew
@given(sales_lists, st.randoms(use_true_random=False), st.integers(0, 40))
def test_neither_row_order_nor_splitting_changes_a_figure(
    tmp_path: Path, sales: list[Sale], order: random.Random, cut: int
) -> None:
    rows = as_rows(sales)
    whole = observed([write(tmp_path / "sales.csv", rows)])
    order.shuffle(rows)
    parts = [part for part in (rows[:cut], rows[cut:]) if part]
    paths = [write(tmp_path / f"part{n}.csv", part) for n, part in enumerate(parts)]
    assert observed(paths) == whole


# ------------------------------------------------------------------------------------------- predicted

TRUE = {"r": 0.9, "alpha": 5.0, "a": 0.8, "b": 2.4, "p": 6.25, "q": 3.74, "v": 15.44}


def simulated(customers: int = 800, seed: int = 11, days: int = 546) -> list[tuple[object, ...]]:
    """Customers as BG/NBD and Gamma-Gamma have them, bought in 12 weeks and followed for 78."""
    chance = random.Random(seed)
    rows: list[tuple[object, ...]] = []
    for who in range(customers):
        rate = chance.gammavariate(TRUE["r"], 1 / TRUE["alpha"]) / 7
        leaves = chance.betavariate(TRUE["a"], TRUE["b"])
        spends = chance.gammavariate(TRUE["q"], 1 / TRUE["v"])
        first = when = float(chance.randrange(84))
        while when < days:
            amount = max(chance.gammavariate(TRUE["p"], 1 / spends), 0.01)
            rows.append((DAY + dt.timedelta(int(when)), f"o-{len(rows):05}", f"c-{who:04}", f"{amount:.2f}"))
            if when > first and chance.random() < leaves:
                break
            when += chance.expovariate(rate)
    return rows


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(tmp_path_factory.mktemp("school") / "sales.csv", simulated())


def model_of(path: str, **wanted: Any) -> dict[str, Any]:
    model: dict[str, Any] = ltv(Ask(files=Files(((path, "sales"),))), Wanted(**wanted)).result.extra["model"]
    return model


def weeks(count: int) -> Duration:
    return Duration(Decimal(count), "week")


def test_simulated_customers_are_recovered_within_four_standard_errors(school: str) -> None:
    model = model_of(school)
    for fit in ("bg_nbd", "gamma_gamma"):
        for name, value in model["parameters"][fit].items():
            assert abs(value - TRUE[name]) < 4 * model["standard_errors"][fit][name], name


def test_a_window_held_out_is_predicted_from_what_came_before(ask: Asking, school: str) -> None:
    """The dates are those of CDNOW's split: 78 weeks, of which the last 39 are held out."""
    _, answer, _ = ask(school, "--holdout", "39w", "--from", "2026-01-01", "--to", "2027-06-30")
    model = answer["model"]
    assert (model["end"], model["holdout"]["start"], model["holdout"]["end"]) == (
        "2026-09-30",
        "2026-10-01",
        "2027-06-30",
    )
    rows = simulated()
    actual = len({(day, who) for day, _, who, _ in rows if str(day) >= "2026-10-01"})
    assert (model["holdout"]["actual"], model["horizon"]) == (actual, 39)
    assert model["holdout"]["predicted"] == pytest.approx(actual, rel=0.1)
    assert model["holdout"]["error"] == pytest.approx(model["holdout"]["predicted"] / actual - 1, abs=1e-5)


def test_segments_and_customers_add_up_to_the_total(ask: Asking, school: str, tmp_path: Path) -> None:
    out = tmp_path / "customers.csv"
    _, answer, _ = ask(school, "--horizon", "12mo", "--customers-out", str(out))
    total, model = answer["total"], answer["model"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == total["customers"] == sum(part["customers"] for part in model["segments"])
    columns = {"alive": "p_alive", "expected_purchases": "expected_purchases", "expected_revenue": "expected_revenue"}
    for name, column in columns.items():
        assert sum(part[name] for part in model["segments"]) == pytest.approx(total[name])
        assert sum(float(row[column]) for row in rows) == pytest.approx(total[name], rel=1e-6)
        assert model[name] == total[name]


def test_ids_stand_in_the_file_asked_for_and_nowhere_else(
    tmp_path: Path, school: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ltv", school, "--customers-out", "who.csv"]) == 0
    shown = capsys.readouterr()
    assert "c-0001" in (tmp_path / "who.csv").read_text()
    assert "c-0001" not in shown.out + shown.err
    assert stat.S_IMODE((tmp_path / "who.csv").stat().st_mode) == 0o600


def test_without_ids_no_file_of_customers_is_written_and_the_export_that_has_them_is_named(
    ask: Asking, tmp_path: Path
) -> None:
    header = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status"
    sales = write(tmp_path / "stripe.csv", [("pi_1", "2026-01-10 10:00:00", "30.00", "0.00", "eur", "Paid")], header)
    code, answer, error = ask(sales, "--customers-out", "who.csv")
    assert (code, answer, (tmp_path / "who.csv").exists()) == (3, {}, False)
    assert "choose all columns: Customer ID" in error
    with pytest.raises(InputError, match="name no customers"):
        kpi_cli.predict(sales)


def test_where_the_answer_cannot_be_written_neither_is_the_file_of_customers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sales = write(tmp_path / "sales.csv", SALES)
    for place, why in ("nowhere/out.json", "no such folder"), (".", "this is a folder"):
        assert main(["ltv", sales, "--customers-out", "who.csv", "-o", place]) == 3
        assert why in capsys.readouterr().err
        assert not (tmp_path / "who.csv").exists()


def test_the_file_of_customers_takes_the_place_of_a_link_and_of_an_open_file(ask: Asking, tmp_path: Path) -> None:
    kept, link, there = (tmp_path / name for name in ("kept.txt", "link.csv", "there.csv"))
    kept.write_text("mine")
    link.symlink_to(kept)
    there.write_text("old")
    there.chmod(0o644)
    for path in link, there:
        assert ask(write(tmp_path / "sales.csv", SALES), "--customers-out", path.name)[0] == 0
        assert (path.is_symlink(), stat.S_IMODE(path.lstat().st_mode)) == (False, 0o600)
        assert "c-1" in path.read_text()
    assert kept.read_text() == "mine"


def test_an_id_in_the_file_can_start_no_formula(tmp_path: Path, ask: Asking) -> None:
    rows = [("2026-01-10", "o-1", "=1+1", "10"), ("2026-03-10", "o-2", "c-2", "10")]
    ask(write(tmp_path / "sales.csv", rows), "--customers-out", "who.csv")
    assert "generic,'=1+1," in (tmp_path / "who.csv").read_text()


def test_same_day_orders_are_one_purchase_and_those_of_0_have_no_value(tmp_path: Path, ask: Asking) -> None:
    """Three repeat days, one of amount 0 and one with two orders: frequency 3, the value a mean of two days."""
    rows = [
        ("2026-01-01", "o-1", "c-1", "50"),
        ("2026-01-08", "o-2", "c-1", "0"),
        ("2026-01-15", "o-3", "c-1", "10"),
        ("2026-01-15", "o-4", "c-1", "20"),
        ("2026-01-22", "o-5", "c-1", "70"),
        ("2026-02-05", "o-6", "c-2", "5"),
    ]
    _, answer, _ = ask(write(tmp_path / "sales.csv", rows), "--customers-out", "who.csv")
    first = next(csv.DictReader((tmp_path / "who.csv").read_text().splitlines()))
    found = [first[name] for name in ("frequency", "recency", "T", "mean_value")]
    assert found == ["3", "3", "5", "50"]
    (said,) = (note["text"] for note in answer["notes"] if note["code"] == "purchases_counted")
    assert "joined to it: 1;" in said
    assert "learned from: 1;" in said


def test_an_order_with_a_free_line_is_not_free_and_a_refund_without_its_sale_not_taken_off_it(
    tmp_path: Path, ask: Asking
) -> None:
    """Of four orders, two have a line of 0 beside one that was paid, and one is of 0 alone; -5 belongs to none."""
    rows = [
        ("2026-01-01", "o-1", "c-1", "50", "0"),
        ("2026-01-01", "o-1", "c-1", "0", "0"),
        ("2026-02-01", "o-2", "c-1", "0", "0"),
        ("2026-02-01", "o-2", "c-1", "30", "10"),
        ("2026-03-01", "o-3", "c-1", "0", "0"),
        ("2026-03-05", "o-4", "c-1", "-5", "0"),
        ("2026-03-31", "o-5", "c-2", "40", "0"),
        ("2026-03-31", "o-5", "c-2", "-7", "0"),
    ]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,refunded")
    for more, refunds in ((), 2), (("--gross",), 0):
        _, answer, _ = ask(sales, "--predict", *more)
        (said,) = (note["text"] for note in answer["notes"] if note["code"] == "purchases_counted")
        assert "learned from: 1;" in said
        assert said.endswith(f"taken off their order: {refunds}")


def test_a_prediction_does_not_depend_on_row_order_or_splitting(school: str, tmp_path: Path) -> None:
    rows = simulated()
    random.Random(5).shuffle(rows)
    paths = [write(tmp_path / f"{n}.csv", part) for n, part in enumerate((rows[:700], rows[700:]))]
    files = Files(tuple((path, "sales") for path in paths))
    assert ltv(Ask(files=files), Wanted()).result.extra["model"] == model_of(school)


def test_a_prediction_scales_with_the_currency(school: str, tmp_path: Path) -> None:
    rows = [(*row[:3], f"{100 * float(str(row[3])):.0f}") for row in simulated()]
    cents = model_of(write(tmp_path / "cents.csv", rows))
    euros = model_of(school)
    assert cents["parameters"]["bg_nbd"] == euros["parameters"]["bg_nbd"]
    assert cents["expected_revenue"] == pytest.approx(100 * euros["expected_revenue"], rel=1e-6)


def test_what_is_expected_is_worth_less_the_higher_the_discount(school: str) -> None:
    values = [model_of(school, monthly_discount=Decimal(rate))["expected_revenue"] for rate in ("0", "0.01", "0.05")]
    assert values[0] > values[1] > values[2] > 0


def test_the_first_purchase_counts_only_when_asked(school: str) -> None:
    without, included = (model_of(school, first_purchase=asked)["new_customer"] for asked in (False, True))
    assert included["expected_purchases"] == without["expected_purchases"]
    assert included["expected_revenue"] > without["expected_revenue"] + 20


def test_groups_asked_for_are_the_segments(ask: Asking, tmp_path: Path) -> None:
    rows = [(*row, "Email" if str(row[2]) < "c-0400" else "Direct") for row in simulated()]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,channel")
    _, answer, _ = ask(sales, "--predict", "--by", "channel")
    by_row = {row["channel"]: row["expected_purchases"] for row in answer["rows"]}
    by_segment = {part["segment"]: part["expected_purchases"] for part in answer["model"]["segments"]}
    assert by_row == by_segment
    assert sum(by_row.values()) == pytest.approx(answer["total"]["expected_purchases"])


def test_as_of_an_earlier_day_later_sales_are_not_known(ask: Asking, school: str) -> None:
    _, answer, _ = ask(school, "--predict", "--as-of", "2026-06-30")
    assert answer["model"]["end"] == "2026-06-30"
    known = {row[2] for row in simulated() if str(row[0]) <= "2026-06-30"}
    assert answer["model"]["customers"] == len(known)


HOPELESS = {
    "one_customer": [("2026-01-01", "o-1", "c-1", "10"), ("2026-03-01", "o-2", "c-1", "10")],
    "no_repeat_purchases": [("2026-01-01", "o-1", "c-1", "10"), ("2026-03-01", "o-2", "c-2", "10")],
    "no_time_observed": [("2026-01-01", "o-1", "c-1", "10"), ("2026-01-01", "o-2", "c-2", "10")],
}


@pytest.mark.parametrize("why", HOPELESS)
def test_what_the_data_cannot_settle_is_null_with_its_reason(ask: Asking, tmp_path: Path, why: str) -> None:
    code, answer, _ = ask(write(tmp_path / "sales.csv", HOPELESS[why]), "--predict")
    assert (code, answer["total"]["expected_purchases"], reason(answer, "expected_purchases")) == (0, None, why)
    assert answer["model"]["parameters"]["bg_nbd"] == dict.fromkeys(("r", "alpha", "a", "b"))
    assert "not_identified" in codes(answer)


def test_customers_who_were_all_won_elsewhere_leave_nothing_to_predict(ask: Asking, tmp_path: Path) -> None:
    rows = [("2026-01-10", "o-1", "c-1", "10", "returning"), ("2026-03-31", "o-2", "c-1", "10", "returning")]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,customer_type")
    code, answer, _ = ask(sales, "--predict")
    assert (code, answer["cohorts"], reason(answer, "expected_purchases")) == (0, [], "no_customers")


def test_under_strict_a_model_that_is_not_settled_is_refused(ask: Asking, tmp_path: Path) -> None:
    rows = [(*row, "EUR", "1") for row in HOPELESS["no_repeat_purchases"]]
    sales = write(tmp_path / "sales.csv", rows, "date,order_id,customer_id,amount,currency,tax")
    code, answer, error = ask(sales, "--predict", "--strict", "--customers-out", "who.csv")
    assert (code, answer) == (3, {})
    assert "BG/NBD is not settled: nobody bought twice" in error
    assert not (tmp_path / "who.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--horizon", "3d"), "shorter than a week"),
        (("--holdout", "2y"), "leaves no sale to learn from"),
        (("--as-of", "2025-12-31", "--predict"), "leaves no sale to learn from"),
        (("--horizon", "12"), "12mo"),
        (("--horizon", "101y"), "longer than a century"),
        (("--predict", "--discount", "-1%/month"), "cannot be below 0"),
        (("--discount", "1%/month"), "--predict"),
        (("--predict", "--first-payment", "period-end"), "included or excluded"),
        (("--by", "chanel"), "did you mean"),
        (("--customers-out", "who.csv", "-f", "rtf"), "no format"),
        (("--customers-out", "who.csv", "-o", "who.csv"), "same file"),
        (("--customers-out", "who.csv", "-o", "../{}/who.csv"), "same file"),
        (("--customers-out", ""), "names no file"),
    ],
)
def test_options_that_cannot_be_met_are_a_usage_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = tuple(argument.replace("{}", tmp_path.name) for argument in arguments)
    assert main(["ltv", write(tmp_path / "sales.csv", SALES), *arguments]) == 2
    shown = capsys.readouterr()
    assert (shown.out, said in shown.err) == ("", True)
    assert not (tmp_path / "who.csv").exists()


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [((), ("pandas", "numpy", "scipy")), (("--predict", "--customers-out", "who.csv"), ("pandas", "scipy.stats"))],
)
def test_an_answer_imports_only_what_it_is_made_with(
    tmp_path: Path, school: str, wanted: Sequence[str], unwanted: Sequence[str]
) -> None:
    arguments = ["ltv", school, "--no-config", "-o", "out.json", *wanted]
    program = (
        "import sys; from kpi_cli.commands.app import main;"
        f"print(main({arguments!r}), [name for name in {unwanted!r} if name in sys.modules])"
    )
    environment = {"PYTHONPATH": str(Path(kpi_cli.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert done.stdout == "0 []\n"


# ----------------------------------------------------------------------------------------- the library


def frame(rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["date", "order_id", "customer_id", "amount"])


def test_pandas_frames_go_in_and_come_out() -> None:
    sales = frame(SALES)
    assert kpi_cli.ltv(sales, margin=0.5).to_pandas().loc[0, ["customers", "ltv"]].tolist() == [3, 60]
    cells = kpi_cli.cohorts(sales, margin=0.5).to_pandas()
    january = cells[cells.cohort == "2026-01"]
    assert january.age.tolist() == [0, 1, 2, 3]
    assert january.retention_rate.tolist() == [1, 0.5, 0.5, 0.5]
    assert january.margin_per_customer.tolist() == [37.5, 47.5, 52.5, 67.5]


@pytest.mark.parametrize("left", [["order_id", "customer_id", "amount"], ["date", "order_id", "amount"]])
def test_without_cohorts_their_frame_is_empty_and_has_its_columns(left: list[str]) -> None:
    cells = kpi_cli.cohorts(frame(SALES)[left])
    assert cells.to_pandas().shape == (0, 8)
    assert list(cells.to_pandas()) == [column.name for column in cells.columns]


def test_frames_without_rows_or_with_a_column_twice_are_refused() -> None:
    for data, why in (frame([]), "no sales row"), (pd.concat([frame(SALES)] * 2, axis=1), "“date” stands twice"):
        with pytest.raises(KpiError, match=why):
            kpi_cli.ltv(data)


def test_a_predicted_frame_has_a_row_a_customer_with_ids_as_they_are() -> None:
    rows = [(*row[:2], f"={row[2]}", row[3]) for row in simulated()]
    found = kpi_cli.predict(frame(rows), horizon="12mo")
    assert sorted(found.customer) == sorted({row[2] for row in rows})
    assert {found[name].dtype.kind for name in ("mean_value", "p_alive", "expected_revenue")} == {"f"}
    assert found.first_purchase.min() == pd.Timestamp(DAY)
    assert found.mean_value.isna().equals(found.frequency == 0)
    assert found.expected_purchases.sum() == pytest.approx(
        ltv(Ask(files=Files((), ((frame(rows), "sales"),))), Wanted()).result.total["expected_purchases"]
    )


@pytest.mark.parametrize("why", HOPELESS)
def test_a_frame_that_settles_no_model_is_refused(why: str) -> None:
    with pytest.raises(InputError, match="settle no model of purchases") as refused:
        kpi_cli.predict(frame(HOPELESS[why]))
    assert refused.value.code == "not_identified"
