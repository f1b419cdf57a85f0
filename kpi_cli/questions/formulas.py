"""Lifetime value by hand: the simple formula and the contractual one, from figures with their units."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from kpi_cli import metrics
from kpi_cli.errors import UsageError
from kpi_cli.period import Duration, Every
from kpi_cli.questions.figures import Figure
from kpi_cli.questions.laying_out import figure_columns
from kpi_cli.result import Column, Note, Null, Result, Row
from kpi_cli.texts import formula_text, label, note

FirstPayment = Literal["included", "excluded", "period-end"]
Per = tuple[Decimal, Every]  # a figure, and the unit of time it is per

FORMULAS: dict[FirstPayment, str] = {
    "included": "ltv_first_included",
    "excluded": "ltv_first_excluded",
    "period-end": "ltv_period_end",
}
_FROM_FILES = ("customers", "orders", "aov", "purchase_frequency", "repeat_rate")


def simple(average_sale: Decimal, purchases: Per, retention: Duration, margin: Decimal | None) -> Result:
    """Average sale × purchases a period × retention time in that period × margin.

    Args:
        average_sale: currency units, ≥ 0.
        purchases: how many in which unit of time, ≥ 0.
        retention: how long a customer is kept, in any unit.
        margin: a fraction; without it the answer is revenue, and labelled so.

    Raises:
        UsageError: a figure below 0.

    >>> result = simple(Decimal(150), (Decimal(3), "year"), Duration(Decimal(12), "month"), None)
    >>> result.total["ltv"] == 450
    True
    """
    count, unit = purchases
    _not_negative({"--average-sale": average_sale, "--purchases": count})
    kept = retention.to(unit)
    given: Row = {"average_sale": average_sale, "purchases_per_period": count, "retention_periods": kept}
    value, _ = metrics.evaluate("ltv_simple", {**given, "margin": margin})
    said = note(
        "ltv_simple",
        average_sale=_plain(average_sale),
        purchases=_plain(count),
        unit=label(unit, "per"),
        periods=_plain(kept),
        margin="" if margin is None else f" × {_plain(margin)}",
        value=_plain(value),
    )
    figures = (Figure("average_sale", "money", "higher"), Figure("ltv", "money", "higher"))
    columns = [column for _, column in figure_columns(figures, margin)]
    return _answered(columns, {**given, "ltv": value}, {"name": "simple"}, [said])


class Contract(Struct, frozen=True):
    """A subscription: what an account pays a period, and the rates of that same period.

    Args:
        arpa: average revenue per account, currency units a period.
        unit: the period.
        retention: the share of accounts kept from one period to the next.
        discount: a fraction a period.
        first_payment: included at the start of the first period, excluded, or paid at its end.
        gain: points of retention (a fraction) to be gained; None when that is not asked.
    """

    arpa: Decimal
    unit: Every
    retention: Decimal
    discount: Decimal = Decimal(0)
    first_payment: FirstPayment = "included"
    gain: Decimal | None = None


def contractual(contract: Contract, margin: Decimal | None) -> Result:
    """The value of a subscriber who stays with the same chance every period.

    Raises:
        UsageError: a figure outside what the formula allows; retention + gain of 1 or more.

    Source: Gupta & Lehmann 2003; Fader & Hardie 2012, Clarifying CLV Formulas.

    >>> contract = Contract(Decimal(100), "month", Decimal("0.8"), Decimal("0.1"))
    >>> round(contractual(contract, None).total["ltv"], 2)
    Decimal('366.67')
    """
    _not_negative({"--arpa": contract.arpa})
    given: Row = {
        "period_margin": contract.arpa * (1 if margin is None else margin),
        "retention_rate": contract.retention,
        "churn_rate": 1 - contract.retention,
        "discount_rate": contract.discount,
    }
    value, reason = metrics.evaluate(FORMULAS[contract.first_payment], given)
    total, notes = {**given, "ltv": value}, [_variant_note(contract)]
    named = label("revenue_ltv" if margin is None else "ltv")
    columns = [
        Column("period_margin", label("revenue_a_period" if margin is None else "period_margin"), "money", "higher"),
        Column("retention_rate", label("retention_rate"), "rate", "higher"),
        Column("discount_rate", label("discount_rate"), "rate"),
        Column("ltv", f"{named}, {label(contract.first_payment, 'first_payment')}", "money", "higher"),
    ]
    if contract.gain is not None:
        total["retention_gain"], _ = metrics.evaluate("retention_gain", {**given, "gain": contract.gain})
        columns.append(Column("retention_gain", label("retention_gain"), "rate", "higher"))
        notes.append(_gain_note(given, contract.gain))
    result = _answered(columns, total, {"name": "contractual", "first_payment": contract.first_payment}, notes)
    if reason:
        result.nulls.append(Null(None, "ltv", reason))
    return result


def _variant_note(contract: Contract) -> Note:
    code = FORMULAS[contract.first_payment]
    return note("ltv_variant", formula=formula_text(metrics.METRICS[code].formula), unit=label(contract.unit, "per"))


def _gain_note(given: Row, gain: Decimal) -> Note:
    """What the gain does to the value with its first payment included, of which the formula speaks."""
    before = metrics.evaluate("ltv_first_included", given)[0]
    retention = Decimal(str(given["retention_rate"])) + gain
    after = metrics.evaluate("ltv_first_included", {**given, "retention_rate": retention})[0]
    return note(
        "retention_gain",
        points=_plain(100 * gain),
        before=_plain(given["retention_rate"], 100),
        after=_plain(retention, 100),
        value=_plain(before),
        gained=_plain(after),
    )


def _answered(columns: list[Column], total: Row, formula: dict[str, str], notes: list[Note]) -> Result:
    """The Result; what only files can say is null."""
    from_files: Row = dict.fromkeys(_FROM_FILES)
    return Result(
        "ltv",
        columns,
        [],
        from_files | total,
        nulls=[Null(None, name, "not_from_files") for name in _FROM_FILES],
        notes=notes,
        extra={"formula": formula, "cohorts": [], "model": None},
    )


def _not_negative(figures: dict[str, Decimal]) -> None:
    for option, figure in figures.items():
        if figure < 0:
            raise UsageError("negative_figure", f"{option} is below 0", "give 0 or more")


def _plain(value: object, times: int = 1) -> str:
    """A figure in a sentence: as many decimals as it has, two at most for what has no end."""
    if value is None:
        return "–"
    exact = Decimal(str(value)) * times
    shown = exact if exact == exact.quantize(Decimal("0.0001")) else exact.quantize(Decimal("0.01"))
    return f"{shown.normalize():f}"
