"""The shared formulas: published and worked figures, an exact oracle, edges, Series, labels."""

from __future__ import annotations

import inspect
import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import kpi_cli
from kpi_cli import metrics
from kpi_cli.errors import UsageError
from kpi_cli.metrics import METRICS, evaluate, ratio

LABELS = yaml.safe_load((Path(kpi_cli.__path__[0]) / "labels.yaml").read_text("utf-8"))
CONTRACTUAL = ("ltv_first_included", "ltv_first_excluded", "ltv_period_end")

IN_THE_TABLE = """
roi roas mer profit cpl cpa cac cac_media cac_loaded cpc cpm ctr click_conversion_rate
conversion_rate lead_rate payback_months aov purchase_frequency repeat_rate retention_rate
churn_rate ltv ltv_simple ltv_first_included ltv_first_excluded ltv_period_end retention_gain
ltv_cac completion_rate engagement_rate organic_share social_share overclaim training_roi
"""

IN_THE_CONTRACT = """
revenue media_cost cost profit roi roas mer leads new_customers cpl cac_media cac_loaded cac
payback_months channel strategy visits visit_share lead_rate orders conversion_rate
claimed_conversions overclaim organic_share social_share credit credited_value credit_first
credit_last stage count step_rate overall_rate lost variant n conversions rate difference lift z p
srm_p verdict customers aov purchase_frequency repeat_rate ltv ltv_cac cohort size active
revenue_per_customer margin_per_customer expected_purchases expected_revenue predicted actual
refunds impressions clicks engagements reach cpa cpc cpm ctr click_conversion_rate retention_rate
churn_rate claimed_revenue enrolled started completed completion_rate engagement_rate revenue_gross
revenue_net tax key_events campaign platform product landing_page country day week month quarter
year
"""


def exact(formula: str, values: dict[str, Any]) -> Fraction | None:
    """The written formula over Fractions: an oracle that shares no code with the function."""
    python = formula.replace("×", "*").replace("−", "-").replace("365.25", "Fraction('365.25')")
    try:
        return Fraction(eval(python, {"Fraction": Fraction}, values))
    except ZeroDivisionError:
        return None


def measures_for(name: str, draw: Any) -> dict[str, Decimal]:
    rates = {"margin", "retention_rate", "gain", "discount_rate"}
    money = st.decimals(0, 10**9, places=6)
    values = {}
    for wanted in METRICS[name].inputs:
        values[wanted] = draw(st.decimals(0, 1, places=4) if wanted in rates else money)
    if name == "retention_gain":
        values["retention_rate"], values["gain"] = values["retention_rate"] / 2, values["gain"] / 3
    if name == "purchase_frequency":
        values["customer_days"] += 30
    return values


@pytest.mark.parametrize("name", sorted(METRICS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_metric_is_its_written_formula_to_24_digits(name: str, data: st.DataObject) -> None:
    values = measures_for(name, data.draw)
    want = exact(METRICS[name].formula, {key: Fraction(value) for key, value in values.items()})
    got, reason = evaluate(name, values)
    if want is None:
        assert got is None
        assert reason in LABELS["reasons"]
        return
    assert isinstance(got, Decimal)
    assert reason is None
    size = max(map(abs, [Fraction(1), want, *map(Fraction, values.values())]))
    assert abs(Fraction(got) - want) <= size * max(Fraction(1), abs(want)) / 10**24


def test_every_row_of_the_metrics_table_is_registered() -> None:
    assert set(IN_THE_TABLE.split()) <= set(METRICS)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_knows_its_unit_direction_formula_source_and_inputs(name: str) -> None:
    known = METRICS[name]
    assert known.name == name
    assert known.unit in ("money", "rate", "multiple", "months")
    assert known.better in ("higher", "lower")
    assert known.source
    assert all(wanted in known.formula for wanted in known.inputs)
    assert list(known.inputs) == list(inspect.signature(getattr(metrics, name)).parameters)
    assert known.formula in str(inspect.getdoc(known.function))


# Published and worked figures


def test_the_calculator_example_of_the_contract() -> None:
    sale = {"revenue": Decimal(10000), "cost": Decimal(7000), "media_cost": Decimal(7000)}
    assert round(Decimal(str(evaluate("roi", sale)[0])), 6) == Decimal("0.428571")
    assert round(Decimal(str(evaluate("roas", sale)[0])), 6) == Decimal("1.428571")
    assert evaluate("profit", sale) == (Decimal(3000), None)


def test_inbound_worked_example_five_thousand_for_ten_customers_is_a_cac_of_500() -> None:
    assert metrics.cac(5000, 10) == 500


def test_simple_ltv_150_three_a_year_for_a_year_is_450_and_three_a_month_is_5400() -> None:
    assert metrics.ltv_simple(Decimal(150), Decimal(3), Decimal(1)) == 450
    assert metrics.ltv_simple(Decimal(150), Decimal(3), Decimal(12)) == 5400


@pytest.mark.parametrize(
    ("name", "want"),
    [("ltv_first_included", "366.67"), ("ltv_first_excluded", "266.67"), ("ltv_period_end", "333.33")],
)
def test_gupta_lehmann_variants_at_100_a_period_retention_80_discount_10(name: str, want: str) -> None:
    got = METRICS[name].function(Decimal(100), Decimal("0.8"), Decimal("0.1"))
    assert round(got, 2) == Decimal(want)


@pytest.mark.parametrize("name", CONTRACTUAL)
def test_contractual_ltv_is_the_sum_of_its_discounted_payments(name: str) -> None:
    first = 1 if name == "ltv_first_excluded" else 0
    late = 1 if name == "ltv_period_end" else 0
    payments = (100 * 0.8**t / 1.1 ** (t + late) for t in range(first, 400))
    assert METRICS[name].function(100, 0.8, 0.1) == pytest.approx(math.fsum(payments), rel=1e-12)


def test_five_points_of_retention_give_25_percent_at_75_and_95_at_89_74() -> None:
    assert metrics.retention_gain(Decimal("0.75"), Decimal("0.05")) == Decimal("0.25")
    assert round(metrics.retention_gain(0.8974, 0.05), 2) == 0.95


@given(
    st.decimals("0.1", "0.9", places=3),
    st.decimals("0.001", "0.09", places=3),
    st.decimals(0, "0.3", places=3),
)
@settings(max_examples=50)
def test_retention_gain_is_the_growth_of_the_first_payment_included_value(
    rate: Decimal, gain: Decimal, discount: Decimal
) -> None:
    before = metrics.ltv_first_included(100, rate, discount)
    after = metrics.ltv_first_included(100, rate + gain, discount)
    assert abs(metrics.retention_gain(rate, gain, discount) - (after / before - 1)) < Decimal("1e-20")


def test_revenue_roi_is_roas_less_one() -> None:
    assert metrics.roi(Decimal(9100), Decimal(8000)) == metrics.roas(Decimal(9100), Decimal(8000)) - 1


def test_roas_breaks_even_at_one_over_the_margin() -> None:
    assert metrics.roas(Decimal(2500), Decimal(1000)) == 1 / Decimal("0.4")
    assert metrics.roi(Decimal(2500), Decimal(1000), Decimal("0.4")) == 0


def test_refunds_can_take_roi_below_minus_100_percent() -> None:
    assert metrics.roi(Decimal(-50), Decimal(100)) == Decimal("-1.5")


def test_ltv_to_date_is_orders_per_customer_times_order_value_times_margin() -> None:
    revenue, orders, customers, margin = Decimal(12000), 60, 40, Decimal("0.5")
    long_way = Decimal(orders) / customers * metrics.aov(revenue, orders) * margin
    assert metrics.ltv(revenue, customers, margin) == long_way


def test_training_roi_of_ten_people_for_a_day() -> None:
    indirect = metrics.indirect_cost(10, 8, Decimal(30))
    assert indirect == 2400
    assert metrics.training_roi(Decimal(8000), Decimal(1600), indirect) == 1


def test_purchase_frequency_needs_30_customer_days() -> None:
    assert evaluate("purchase_frequency", {"repeat_orders": 1, "customer_days": 29}) == (
        None,
        "too_few_customer_days",
    )
    assert metrics.purchase_frequency(1, 30) == pytest.approx(365.25 / 30)


def test_payback_never_comes_without_a_positive_margin() -> None:
    assert metrics.payback_months(120, 50, Decimal("0.8")) == 3
    assert evaluate("payback_months", {"cac": 120, "monthly_revenue": 50, "margin": 0}) == (None, "no_margin")
    assert evaluate("payback_months", {"cac": 120, "monthly_revenue": 0}) == (None, "no_revenue")
    assert metrics.payback_months(120, -50) is None


# Empty answers and refusals

ZERO = [
    ("roi", "cost", "no_cost"),
    ("roas", "media_cost", "no_media_cost"),
    ("mer", "media_cost", "no_media_cost"),
    ("cpl", "leads", "no_leads"),
    ("cpa", "conversions", "no_conversions"),
    ("cac", "new_customers", "no_new_customers"),
    ("cac_media", "new_customers", "no_new_customers"),
    ("cac_loaded", "new_customers", "no_new_customers"),
    ("cpc", "clicks", "no_clicks"),
    ("cpm", "impressions", "no_impressions"),
    ("ctr", "impressions", "no_impressions"),
    ("click_conversion_rate", "clicks", "no_clicks"),
    ("conversion_rate", "visits", "no_visits"),
    ("lead_rate", "visits", "no_visits"),
    ("aov", "orders", "no_orders"),
    ("repeat_rate", "customers", "no_customers"),
    ("retention_rate", "at_risk", "no_customers"),
    ("churn_rate", "at_risk", "no_customers"),
    ("ltv", "customers", "no_customers"),
    ("ltv_cac", "cac", "no_cac"),
    ("completion_rate", "enrolled", "no_enrolled"),
    ("engagement_rate", "impressions", "no_impressions"),
    ("organic_share", "visits", "no_visits"),
    ("social_share", "visits", "no_visits"),
    ("overclaim", "orders", "no_orders"),
]


@pytest.mark.parametrize(("name", "divisor", "reason"), ZERO)
def test_nothing_to_divide_by_is_null_with_its_reason(name: str, divisor: str, reason: str) -> None:
    full: dict[str, Any] = dict.fromkeys(METRICS[name].inputs, Decimal(5))
    for nothing in (0, Decimal(0), Decimal("0.000000"), 0.0, None, math.nan, Decimal("NaN")):
        assert evaluate(name, full | {divisor: nothing}) == (None, reason)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_an_unknown_input_gives_null_with_a_reason_that_has_words(name: str) -> None:
    known = METRICS[name]
    full: dict[str, Any] = dict.fromkeys(known.inputs, Decimal("0.25"))
    for wanted in known.inputs:
        value, reason = evaluate(name, full | {wanted: None})
        if wanted in known.defaults:
            assert value is not None or name == "purchase_frequency"
        else:
            assert value is None
            assert reason in LABELS["reasons"]


def test_training_without_cost_and_value_without_end_have_their_reasons() -> None:
    assert evaluate("training_roi", {"gain": 5, "direct_cost": 0, "indirect_cost": 0}) == (None, "no_cost")
    for name in CONTRACTUAL:
        assert evaluate(name, {"period_margin": 100, "retention_rate": 1}) == (None, "no_churn")


def test_value_against_cost_needs_a_margin() -> None:
    assert evaluate("ltv_cac", {"margin_ltv": None, "cac": Decimal(100)}) == (None, "no_margin")


def test_an_optional_margin_that_is_absent_or_none_is_one() -> None:
    row = {"revenue": Decimal(300), "cost": Decimal(200)}
    assert evaluate("roi", row) == evaluate("roi", row | {"margin": None}) == (Decimal("0.5"), None)


def test_evaluate_takes_no_notice_of_other_figures_in_the_row() -> None:
    assert evaluate("cpl", {"cost": Decimal(10), "leads": 4, "channel": "Email"}) == (Decimal("2.5"), None)


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(UsageError, match="no metric bounce"):
        evaluate("bounce", {})


@pytest.mark.parametrize("name", CONTRACTUAL)
@pytest.mark.parametrize(("retention", "discount"), [(1.01, 0), (-0.01, 0), (0.8, -0.01)])
def test_churn_outside_0_to_1_and_a_negative_discount_are_refused(name: str, retention: float, discount: float) -> None:
    with pytest.raises(UsageError):
        METRICS[name].function(100, retention, discount)


@pytest.mark.parametrize(("rate", "gain"), [(0.95, 0.05), (0.57, 0.43), (0.9, 0.2), (0.1, -0.2)])
def test_retention_and_gain_of_one_or_more_or_below_none_are_refused(rate: float, gain: float) -> None:
    for convert in (float, lambda x: Decimal(str(x))):
        with pytest.raises(UsageError):
            metrics.retention_gain(convert(rate), convert(gain))


# Numbers and Series


def test_one_decimal_makes_the_answer_decimal_whatever_the_margin_is() -> None:
    got = metrics.roi(Decimal("1000.10"), Decimal("500.05"), 0.6)
    assert got == Decimal("0.2")
    assert isinstance(got, Decimal)
    assert metrics.roi(revenue=1000, cost=Decimal(500), margin=0.6) == Decimal("0.2")


def test_a_ratio_is_never_infinite_or_nan() -> None:
    for numerator, denominator in [(1, 0), (0, 0), (1.0, 0.0), (math.inf, 2.0), (1e308, 1e-10), (1, None)]:
        assert ratio(numerator, denominator) is None
    assert metrics.aov(math.nan, 3) is None
    assert metrics.aov(math.inf, 3) is None


@pytest.mark.parametrize("dtype", ["float64", "Float64", "decimal"])
def test_a_series_gives_what_its_numbers_give_and_na_where_they_give_none(dtype: str) -> None:
    revenue, cost = [1000.5, 0.0, -20.25, 300.0, None, 7.0], [400.25, 10.0, 8.0, 0.0, 5.0, None]
    got = list(metrics.roi(series(revenue, dtype), series(cost, dtype), 0.6))
    for answer, gained, spent in zip(got, revenue, cost, strict=True):
        want = metrics.roi(gained, spent, 0.6)
        assert pd.isna(answer) if want is None else float(answer) == pytest.approx(want, rel=1e-12)


def series(values: list[float | None], dtype: str) -> pd.Series[Any]:
    if dtype == "decimal":
        return pd.Series([None if x is None else Decimal(str(x)) for x in values], dtype=object)
    return pd.Series(values, dtype=dtype)


@pytest.mark.parametrize("dtype", ["int64", "Int64"])
def test_counts_divided_by_zero_counts_are_na(dtype: str) -> None:
    got = metrics.lead_rate(pd.Series([3, 0, 5], dtype=dtype), pd.Series([4, 0, 0], dtype=dtype))
    assert list(got.isna()) == [False, True, True]
    assert got.iloc[0] == 0.75


def test_a_series_of_decimals_stays_decimal() -> None:
    money = pd.Series([Decimal("10.10"), Decimal("0.30")], dtype=object)
    assert list(metrics.aov(money, pd.Series([2, 3]))) == [Decimal("5.05"), Decimal("0.1")]
    assert list(metrics.profit(money, pd.Series([0.1, 0.1]), 0.5)) == [Decimal("4.95"), Decimal("0.05")]


def test_a_series_and_a_single_zero_are_all_na() -> None:
    assert metrics.aov(pd.Series([1.0, math.inf]), 0).isna().all()
    assert metrics.aov(pd.Series([1.0, math.inf]), 2).isna().tolist() == [False, True]


def test_thresholds_and_refusals_hold_in_a_series() -> None:
    assert metrics.purchase_frequency(1, pd.Series([29, 30])).isna().tolist() == [True, False]
    assert metrics.payback_months(100, pd.Series([-5.0, 50.0])).isna().tolist() == [True, False]
    with pytest.raises(UsageError):
        metrics.ltv_period_end(100, pd.Series([0.5, 1.5]))
    with pytest.raises(UsageError):
        metrics.retention_gain(pd.Series([0.5, 0.97]), 0.05)


# The house


@pytest.mark.parametrize("name", sorted({*METRICS, *IN_THE_CONTRACT.split(), "revenue_roi"}))
def test_every_metric_measure_and_dimension_has_a_short_heading_in_both_languages(name: str) -> None:
    assert {lang for lang, text in LABELS["metrics"][name].items() if text} == {"en", "fr"}


def test_every_input_of_a_metric_has_a_heading() -> None:
    assert {wanted for known in METRICS.values() for wanted in known.inputs} <= set(LABELS["metrics"])


@pytest.mark.parametrize("section", ["metrics", "special", "reasons"])
def test_every_label_is_text_in_english_and_french(section: str) -> None:
    for words in LABELS[section].values():
        assert list(words) == ["en", "fr"]
        assert all(isinstance(text, str) and text.strip() == text != "" for text in words.values())


def test_every_reason_a_metric_can_give_has_words() -> None:
    given_out = {reason for known in METRICS.values() for reason in known.empty.values()}
    assert given_out | {"sales_without_source", "no_margin"} <= set(LABELS["reasons"])


def test_the_formulas_need_no_library() -> None:
    code = "import sys, kpi_cli.metrics; print({'pandas', 'numpy', 'duckdb', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
