"""Every formula of the house, once: unit, direction, formula, source, edge cases.

Pure functions of numbers (int, Decimal, float, None) or pandas Series. Rates are fractions. A ratio without
a denominator is None (NA in a Series), never 0, infinity or NaN. One Decimal among the inputs makes the
answer a Decimal. A group's or a total's ratio is the formula over its sums, never a mean of ratios.

`METRICS` holds each metric by name; `evaluate` computes one from a row of measures and says why it is empty.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar, cast

from msgspec import Struct

from kpi_cli.errors import UsageError
from kpi_cli.result import Better, Unit, Value

Number: TypeAlias = Any
"""int, Decimal, float or None, or a pandas Series of them (never imported here, so not named)."""

_Formula = TypeVar("_Formula", bound=Callable[..., Number])

MARKETING_METRICS = "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics"
_FLOAT_DUST = 1e-12  # more than float rounding leaves of 1 − 0.57 − 0.43, less than any rate means


class Metric(Struct, frozen=True):
    """What is known of a metric.

    `inputs` are its measures, in the formula's terms; `defaults` those that may be left out; `empty` gives
    the reason code for an input, or a divisor, that is missing or zero; `edges` is what happens at the edges.
    """

    name: str
    unit: Unit
    better: Better
    formula: str
    source: str
    inputs: tuple[str, ...]
    defaults: Mapping[str, Number]
    empty: Mapping[str, str]
    edges: tuple[str, ...]
    function: Callable[..., Number]

    def why_missing(self, name: str) -> str:
        """The reason code when input `name` is not known."""
        return self.empty.get(name, f"no_{name}")

    def why_undivided(self, values: Mapping[str, Number]) -> str:
        """The reason code when all inputs are known and the formula still has no answer."""
        zero = next((name for name in self.empty if name in values and values[name] == 0), None)
        return self.empty[zero or list(self.empty)[-1]]


METRICS: dict[str, Metric] = {}


def evaluate(name: str, values: Mapping[str, Value]) -> tuple[Value, str | None]:
    """Metric `name` from a row of measures: (value, None), or (None, reason code).

    Inputs are picked by name and others ignored; an optional one that is absent or None takes its default.

    Raises:
        UsageError: no such metric, or an input outside what the formula allows.

    >>> evaluate("roi", {"revenue": Decimal(10000), "cost": Decimal(8000)})
    (Decimal('0.25'), None)
    >>> evaluate("cac", {"cost": Decimal(5000), "new_customers": 0})
    (None, 'no_new_customers')
    """
    if name not in METRICS:
        raise UsageError("unknown_metric", f"there is no metric {name}", f"one of: {', '.join(METRICS)}")
    metric = METRICS[name]
    given: dict[str, Number] = {}
    for wanted in metric.inputs:
        value = values.get(wanted)
        given[wanted] = metric.defaults.get(wanted) if _missing(value) else value
        if given[wanted] is None:
            return None, metric.why_missing(wanted)
    answer = metric.function(**given)
    return (None, metric.why_undivided(given)) if answer is None else (answer, None)


def ratio(numerator: Number, denominator: Number) -> Number:
    """numerator / denominator; None (NA in a Series) when either is missing or the denominator is 0.

    >>> ratio(Decimal(1), Decimal(8)), ratio(3, 0), ratio(3, None)
    (Decimal('0.125'), None, None)
    """
    if _is_series(numerator) or _is_series(denominator):
        return _series_ratio(numerator, denominator)
    if _missing(numerator) or _missing(denominator) or denominator == 0:
        return None
    above, below = _harmonised([numerator, denominator])
    quotient = above / below
    return None if _missing(quotient) else quotient


def metric(  # noqa: PLR0913 - the six facts of a metric, all given by name
    *,
    unit: Unit,
    better: Better,
    formula: str,
    source: str = MARKETING_METRICS,
    empty: Mapping[str, str] | None = None,
    edges: tuple[str, ...] = (),
) -> Callable[[_Formula], _Formula]:
    """Register a formula under its function's name.

    The function then gives None when a number it needs is None, NaN or infinite, computes in Decimal when any
    of them is one, and closes its docstring with the formula and its source.
    """

    def register(function: _Formula) -> _Formula:
        @functools.wraps(function)
        def checked(*args: Number, **kwargs: Number) -> Number:
            if any(_missing(value) for value in (*args, *kwargs.values())):
                return None
            values = _harmonised([*args, *kwargs.values()])
            return function(*values[: len(args)], **dict(zip(kwargs, values[len(args) :], strict=True)))

        checked.__doc__ = f"{function.__doc__}\n    Formula: {formula}\n    Source: {source}\n    "
        parameters = inspect.signature(function).parameters
        defaults = {key: p.default for key, p in parameters.items() if p.default is not p.empty}
        name = function.__name__
        METRICS[name] = Metric(
            name, unit, better, formula, source, tuple(parameters), defaults, empty or {}, edges, checked
        )
        return cast(_Formula, checked)

    return register


def _is_series(value: Number) -> bool:
    return hasattr(value, "where")


def _missing(value: Number) -> bool:
    """Whether a number is not known: None, NaN, infinite. A Series knows its own gaps."""
    if value is None:
        return True
    if isinstance(value, Decimal):
        return not value.is_finite()
    return isinstance(value, float) and not math.isfinite(value)


def _harmonised(values: list[Number]) -> list[Number]:
    """The values, all Decimal when any is: money and a float margin must multiply."""
    exact = any(isinstance(v, Decimal) or (_is_series(v) and v.dtype == object) for v in values)
    return [_as_decimal(value) for value in values] if exact else values


def _as_decimal(value: Number) -> Number:
    if _is_series(value):
        return value.map(_as_decimal, na_action="ignore").astype(object)
    return Decimal(str(value)) if isinstance(value, float) else value


def _series_ratio(numerator: Number, denominator: Number) -> Number:
    if not _is_series(denominator):
        denominator = denominator + numerator * 0
    quotient = numerator / denominator.where(denominator != 0)
    return quotient.where(quotient - quotient == 0)  # an infinite numerator has no ratio either


def _where(condition: Number, value: Number) -> Number:
    """The value where the condition holds, else missing."""
    if _is_series(value):
        return value.where(condition)
    return value if condition else None


def _refuse(wrong: Number, code: str, text: str, fix: str) -> None:
    """Raise a UsageError when `wrong`, a truth value or a Series of them, holds anywhere."""
    if wrong.any() if _is_series(wrong) else wrong:
        raise UsageError(code, text, fix)


# Return


@metric(
    unit="rate",
    better="higher",
    formula="(revenue × margin − cost) / cost",
    empty={"cost": "no_cost"},
    edges=(
        "cost 0: null",
        "revenue can be negative after refunds, so less than −100% can occur",
        "without a margin it is the revenue ROI, and labelled so",
    ),
)
def roi(revenue: Number, cost: Number, margin: Number = 1) -> Number:
    """Return on investment, a fraction of what was spent.

    `revenue` and `cost` in one currency; `margin` the fraction of revenue kept before marketing.

    >>> roi(Decimal(10000), Decimal(8000)), roi(Decimal(10000), Decimal(5000), 0.6)
    (Decimal('0.25'), Decimal('0.2'))
    """
    return ratio(revenue * margin - cost, cost)


@metric(
    unit="multiple",
    better="higher",
    formula="revenue / media_cost",
    empty={"media_cost": "no_media_cost"},
    edges=(
        "media cost 0: null",
        "of several channels: the revenue of those that have media cost",
        "breaks even at 1 / margin",
        "not ROI: revenue ROI = ROAS − 1",
    ),
)
def roas(revenue: Number, media_cost: Number) -> Number:
    """Return on ad spend: revenue of the channels that have media cost, per unit of it.

    >>> roas(10000, 8000)
    1.25
    """
    return ratio(revenue, media_cost)


@metric(
    unit="multiple",
    better="higher",
    formula="revenue / media_cost",
    source="common usage; “blended ROAS”",
    empty={"media_cost": "no_media_cost"},
    edges=("media cost 0: null", "revenue of every channel, paid for or not"),
)
def mer(revenue: Number, media_cost: Number) -> Number:
    """Marketing efficiency ratio: all revenue per unit of media cost.

    >>> mer(12000, 8000)
    1.5
    """
    return ratio(revenue, media_cost)


@metric(unit="money", better="higher", formula="revenue × margin − cost")
def profit(revenue: Number, cost: Number, margin: Number = 1) -> Number:
    """What is left of the revenue's margin after the cost, in currency units.

    >>> profit(Decimal(10000), Decimal(7000))
    Decimal('3000')
    """
    return revenue * margin - cost


@metric(
    unit="rate",
    better="higher",
    formula="(gain − direct_cost − indirect_cost) / (direct_cost + indirect_cost)",
    source="Phillips, Return on Investment in Training and Performance Improvement Programs",
    empty={"cost": "no_cost"},
    edges=("direct + indirect cost 0: null",),
)
def training_roi(gain: Number, direct_cost: Number, indirect_cost: Number) -> Number:
    """Return on a training, a fraction of its full cost.

    `direct_cost` is material and platform, `indirect_cost` the participants' time (see `indirect_cost`).

    >>> training_roi(9000, 2000, 4000)
    0.5
    """
    cost = direct_cost + indirect_cost
    return ratio(gain - cost, cost)


@metric(
    unit="money",
    better="lower",
    formula="participants × hours × hourly_cost",
    source="Phillips, Return on Investment in Training and Performance Improvement Programs",
)
def indirect_cost(participants: Number, hours: Number, hourly_cost: Number) -> Number:
    """The cost of the time a training takes: `hours` each, `hourly_cost` in currency units.

    >>> indirect_cost(10, 8, Decimal("35.50"))
    Decimal('2840.00')
    """
    return participants * hours * hourly_cost


# What things cost


@metric(
    unit="money",
    better="lower",
    formula="cost / leads",
    empty={"leads": "no_leads"},
    edges=("no leads: null, the cost still shown",),
)
def cpl(cost: Number, leads: Number) -> Number:
    """Cost per lead, in currency units.

    >>> cpl(Decimal(500), 40)
    Decimal('12.5')
    """
    return ratio(cost, leads)


@metric(
    unit="money",
    better="lower",
    formula="cost / conversions",
    empty={"conversions": "no_conversions"},
    edges=("no conversions: null, the cost still shown", "conversions are events, CAC counts people"),
)
def cpa(cost: Number, conversions: Number) -> Number:
    """Cost per conversion, in currency units; conversions may be fractional.

    >>> cpa(Decimal(550), Decimal("12.5"))
    Decimal('44')
    """
    return ratio(cost, conversions)


@metric(
    unit="money",
    better="lower",
    formula="cost / new_customers",
    empty={"new_customers": "no_new_customers"},
    edges=("no new customers: null, the cost still shown", "cost and customers of the same period"),
)
def cac(cost: Number, new_customers: Number) -> Number:
    """Customer acquisition cost, in currency units per person whose first purchase falls in the period.

    >>> cac(5000, 10)
    500.0
    """
    return ratio(cost, new_customers)


@metric(
    unit="money",
    better="lower",
    formula="media_cost / new_customers",
    empty={"new_customers": "no_new_customers"},
    edges=("no new customers: null, the cost still shown",),
)
def cac_media(media_cost: Number, new_customers: Number) -> Number:
    """Media cost alone per new customer, in currency units.

    >>> cac_media(2000, 10)
    200.0
    """
    return ratio(media_cost, new_customers)


@metric(
    unit="money",
    better="lower",
    formula="cost / new_customers",
    empty={"new_customers": "no_new_customers"},
    edges=("no new customers: null, the cost still shown", "media, people, tools, time and other costs"),
)
def cac_loaded(cost: Number, new_customers: Number) -> Number:
    """Fully loaded acquisition cost, media and all other costs, in currency units per new customer.

    >>> cac_loaded(5000, 10)
    500.0
    """
    return ratio(cost, new_customers)


@metric(
    unit="money",
    better="lower",
    formula="cost / clicks",
    empty={"clicks": "no_clicks"},
    edges=("no clicks: null", "cost is what the platform charged for them"),
)
def cpc(cost: Number, clicks: Number) -> Number:
    """Cost per click, in currency units.

    >>> cpc(Decimal(60), 48)
    Decimal('1.25')
    """
    return ratio(cost, clicks)


@metric(
    unit="money",
    better="lower",
    formula="1000 × cost / impressions",
    empty={"impressions": "no_impressions"},
    edges=("no impressions: null", "cost is what the platform charged for them"),
)
def cpm(cost: Number, impressions: Number) -> Number:
    """Cost per thousand impressions, in currency units.

    >>> cpm(Decimal(60), 8000)
    Decimal('7.5')
    """
    return ratio(1000 * cost, impressions)


@metric(
    unit="months",
    better="lower",
    formula="cac / (monthly_revenue × margin)",
    empty={"margin": "no_margin", "monthly_revenue": "no_revenue"},
    edges=(
        "monthly revenue × margin of 0 or less never pays back: null",
        "from files: the first month in which a cohort's margin per customer reaches its CAC",
    ),
)
def payback_months(cac: Number, monthly_revenue: Number, margin: Number = 1) -> Number:
    """Months until a customer has paid back what winning them cost, at a steady revenue.

    `monthly_revenue` per customer, in the currency of `cac`; `margin` a fraction.

    >>> payback_months(120, 50, 0.8)
    3.0
    """
    monthly_margin = monthly_revenue * margin
    return ratio(cac, _where(monthly_margin > 0, monthly_margin))


# Rates


@metric(
    unit="rate",
    better="higher",
    formula="clicks / impressions",
    empty={"impressions": "no_impressions"},
    edges=("no impressions: null",),
)
def ctr(clicks: Number, impressions: Number) -> Number:
    """Click-through rate, a fraction.

    >>> ctr(50, 2000)
    0.025
    """
    return ratio(clicks, impressions)


@metric(
    unit="rate",
    better="higher",
    formula="conversions / clicks",
    empty={"clicks": "no_clicks"},
    edges=("no clicks: null", "above 100%: a note, the platform counts several conversions a click"),
)
def click_conversion_rate(conversions: Number, clicks: Number) -> Number:
    """Platform-counted conversions per click, a fraction.

    >>> click_conversion_rate(Decimal("2.5"), 50)
    Decimal('0.05')
    """
    return ratio(conversions, clicks)


@metric(
    unit="rate",
    better="higher",
    formula="orders / visits",
    empty={"visits": "no_visits"},
    edges=("no visits: null", "above 100%: a note"),
)
def conversion_rate(orders: Number, visits: Number) -> Number:
    """Orders per visit, a fraction.

    >>> conversion_rate(30, 1200)
    0.025
    """
    return ratio(orders, visits)


@metric(
    unit="rate",
    better="higher",
    formula="leads / visits",
    empty={"visits": "no_visits"},
    edges=("no visits: null", "above 100%: a note"),
)
def lead_rate(leads: Number, visits: Number) -> Number:
    """Leads per visit, a fraction.

    >>> lead_rate(60, 1200)
    0.05
    """
    return ratio(leads, visits)


@metric(
    unit="rate",
    better="higher",
    formula="organic_visits / visits",
    source="Google Analytics default channel group",
    empty={"visits": "no_visits"},
    edges=("no visits: null", "Organic Search only: the same share can be taken of leads or customers"),
)
def organic_share(organic_visits: Number, visits: Number) -> Number:
    """Organic Search visits as a fraction of all visits.

    >>> organic_share(300, 1200)
    0.25
    """
    return ratio(organic_visits, visits)


@metric(
    unit="rate",
    better="higher",
    formula="social_visits / visits",
    source="Google Analytics default channel group",
    empty={"visits": "no_visits"},
    edges=("no visits: null", "Organic Social and Paid Social together"),
)
def social_share(social_visits: Number, visits: Number) -> Number:
    """Organic and Paid Social visits as a fraction of all visits.

    >>> social_share(150, 1200)
    0.125
    """
    return ratio(social_visits, visits)


@metric(
    unit="multiple",
    better="lower",
    formula="claimed_conversions / orders",
    source="common usage; platforms each claim the same sale",
    empty={"orders": "no_orders"},
    edges=("no orders: null", "only where the platform's conversions are purchases", "never added to orders"),
)
def overclaim(claimed_conversions: Number, orders: Number) -> Number:
    """Purchases the platforms claim per order in the books.

    >>> overclaim(130, 100)
    1.3
    """
    return ratio(claimed_conversions, orders)


@metric(
    unit="rate",
    better="higher",
    formula="engagements / impressions",
    empty={"impressions": "no_impressions"},
    edges=("no impressions: null", "of reach where that is what the export has, and the answer says which"),
)
def engagement_rate(engagements: Number, impressions: Number) -> Number:
    """Engagements per impression, or per person reached, a fraction.

    >>> engagement_rate(45, 1500)
    0.03
    """
    return ratio(engagements, impressions)


@metric(
    unit="rate",
    better="higher",
    formula="completed / enrolled",
    source="common usage of course platforms",
    empty={"enrolled": "no_enrolled"},
    edges=("nobody enrolled: null", "by course"),
)
def completion_rate(completed: Number, enrolled: Number) -> Number:
    """Learners who completed a course, of those enrolled in it.

    >>> completion_rate(21, 60)
    0.35
    """
    return ratio(completed, enrolled)


# What customers do and are worth


@metric(
    unit="money",
    better="higher",
    formula="revenue / orders",
    empty={"orders": "no_orders"},
    edges=("no orders: null",),
)
def aov(revenue: Number, orders: Number) -> Number:
    """Average order value, in currency units.

    >>> aov(Decimal(5960), 40)
    Decimal('149')
    """
    return ratio(revenue, orders)


@metric(
    unit="multiple",
    better="higher",
    formula="repeat_orders / (customer_days / 365.25)",
    source="events per unit of exposure; Rothman, Greenland & Lash, Modern Epidemiology, ch. 3",
    empty={"customer_days": "too_few_customer_days"},
    edges=(
        "under 30 customer-days: null",
        "a first order is not a repeat order",
        "the time of those who bought nothing in the period counts too",
    ),
)
def purchase_frequency(repeat_orders: Number, customer_days: Number) -> Number:
    """Repeat orders per customer and year.

    `customer_days` adds up, over all customers won by the period's end, the days of it after the first purchase.

    >>> purchase_frequency(12, 1461)
    3.0
    """
    return ratio(repeat_orders * 1461, _where(customer_days >= 30, customer_days * 4))


@metric(
    unit="rate",
    better="higher",
    formula="repeat_customers / customers",
    empty={"customers": "no_customers"},
    edges=("no customers: null", "orders on one day are one purchase day"),
)
def repeat_rate(repeat_customers: Number, customers: Number) -> Number:
    """Customers with two purchase days or more, of all customers.

    >>> repeat_rate(12, 40)
    0.3
    """
    return ratio(repeat_customers, customers)


@metric(
    unit="rate",
    better="higher",
    formula="retained / at_risk",
    empty={"at_risk": "no_customers"},
    edges=("nobody at risk: null", "existing customers only", "what cannot be observed yet is blank, not 0"),
)
def retention_rate(retained: Number, at_risk: Number) -> Number:
    """Existing customers who stayed, of those who could have left.

    >>> retention_rate(45, 60)
    0.75
    """
    return ratio(retained, at_risk)


@metric(
    unit="rate",
    better="lower",
    formula="(at_risk − retained) / at_risk",
    empty={"at_risk": "no_customers"},
    edges=("nobody at risk: null", "1 − retention rate"),
)
def churn_rate(retained: Number, at_risk: Number) -> Number:
    """Existing customers who left, of those who could have.

    >>> churn_rate(45, 60)
    0.25
    """
    return ratio(at_risk - retained, at_risk)


@metric(
    unit="money",
    better="higher",
    formula="revenue × margin / customers",
    empty={"customers": "no_customers"},
    edges=(
        "no customers: null",
        "value to date: shown with the span observed, never stretched by an observed lifespan",
        "orders per customer × average order value × margin comes to the same",
    ),
)
def ltv(revenue: Number, customers: Number, margin: Number = 1) -> Number:
    """What a customer has brought to date, in currency units: orders per customer × AOV × margin.

    >>> ltv(Decimal(12000), 40, 0.5)
    Decimal('150.0')
    """
    return ratio(revenue * margin, customers)


@metric(
    unit="money",
    better="higher",
    formula="average_sale × purchases_per_period × retention_periods × margin",
    source="common usage",
    edges=("purchases and retention in the same period", "the retention time is the user's own figure"),
)
def ltv_simple(
    average_sale: Number, purchases_per_period: Number, retention_periods: Number, margin: Number = 1
) -> Number:
    """Lifetime value by the simple formula, in currency units.

    150 a sale, 3 sales a year, kept 12 months = 1 year; with 3 sales a month it is 12 periods and 5 400.

    >>> ltv_simple(150, 3, 1), ltv_simple(150, 3, 12)
    (450, 5400)
    """
    return average_sale * purchases_per_period * retention_periods * margin


_CONTRACTUAL: dict[str, Any] = {
    "unit": "money",
    "better": "higher",
    "source": "Gupta & Lehmann 2003, Customers as Assets; Fader & Hardie 2012, Clarifying CLV Formulas",
    "empty": {"churn": "no_churn"},
    "edges": ("churn 0 with discount 0 has no end: null", "churn outside 0 to 1, discount below 0: refused"),
}


@metric(
    formula="period_margin × (1 + discount_rate) / (1 + discount_rate − retention_rate)",
    **_CONTRACTUAL,
)
def ltv_first_included(period_margin: Number, retention_rate: Number, discount_rate: Number = 0) -> Number:
    """Contractual lifetime value, paid at the start of each period, the first payment included.

    `period_margin` in currency units a period; `retention_rate` and `discount_rate` fractions a period.

    Raises:
        UsageError: retention outside 0 to 1, or a discount below 0.

    >>> round(ltv_first_included(100, 0.8, 0.1), 2)
    366.67
    """
    _check_rates(retention_rate, discount_rate)
    return ratio(period_margin * (1 + discount_rate), 1 + discount_rate - retention_rate)


@metric(formula="period_margin × retention_rate / (1 + discount_rate − retention_rate)", **_CONTRACTUAL)
def ltv_first_excluded(period_margin: Number, retention_rate: Number, discount_rate: Number = 0) -> Number:
    """Contractual lifetime value still to come: paid at the start of each period, the first payment left out.

    Units and errors as in `ltv_first_included`.

    >>> round(ltv_first_excluded(100, 0.8, 0.1), 2)
    266.67
    """
    _check_rates(retention_rate, discount_rate)
    return ratio(period_margin * retention_rate, 1 + discount_rate - retention_rate)


@metric(formula="period_margin / (1 + discount_rate − retention_rate)", **_CONTRACTUAL)
def ltv_period_end(period_margin: Number, retention_rate: Number, discount_rate: Number = 0) -> Number:
    """Contractual lifetime value, paid at the end of each period.

    Units and errors as in `ltv_first_included`.

    >>> round(ltv_period_end(100, 0.8, 0.1), 2)
    333.33
    """
    _check_rates(retention_rate, discount_rate)
    return ratio(period_margin, 1 + discount_rate - retention_rate)


@metric(
    unit="rate",
    better="higher",
    formula="gain / (1 + discount_rate − retention_rate − gain)",
    source="the contractual formula at both rates; Reichheld & Schefter 2000, E-Loyalty, is the quotation",
    edges=(
        "retention + gain of 1 or more: refused",
        "of the value with its first payment included",
        "+5 points give 25% at a retention of 75%, 95% at 89.74%: a quotation, not a law",
    ),
)
def retention_gain(retention_rate: Number, gain: Number, discount_rate: Number = 0) -> Number:
    """How much a customer's value grows, as a fraction, when retention rises by `gain` points (a fraction).

    Raises:
        UsageError: retention outside 0 to 1, a discount below 0, retention + gain outside 0 to below 1.

    >>> round(retention_gain(0.75, 0.05), 6)
    0.25
    """
    _check_rates(retention_rate, discount_rate)
    left = 1 - retention_rate - gain
    _refuse(
        (left < _FLOAT_DUST) | (left > 1),
        "bad_retention_gain",
        "retention + gain must stay from 0 to below 1",
        "give a smaller gain: 5pp adds five points, 5% a twentieth of the rate",
    )
    return ratio(gain, left + discount_rate)


@metric(
    unit="multiple",
    better="higher",
    formula="margin_ltv / cac",
    empty={"cac": "no_cac", "margin_ltv": "no_margin"},
    edges=("without a margin: null, revenue is no value to hold against a cost", "CAC null or 0: null"),
)
def ltv_cac(margin_ltv: Number, cac: Number) -> Number:
    """What a customer is worth, in margin, per currency unit spent to win them.

    >>> ltv_cac(360, 120)
    3.0
    """
    return ratio(margin_ltv, cac)


def _check_rates(retention: Number, discount: Number) -> None:
    _refuse(
        (retention < 0) | (retention > 1),
        "bad_retention_rate",
        "a retention or churn rate lies between 0 and 1",
        "write 80% or 0.8",
    )
    _refuse(discount < 0, "bad_discount", "a discount rate cannot be below 0", "write 1%/month or 0")
