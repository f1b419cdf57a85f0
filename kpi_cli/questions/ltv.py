"""What customers are worth: observed to date and by cohort, and, when asked, predicted.

files → books → customers (SQL over the sales) → metrics (ratios of those sums) → Result.
The answers from figures alone, simple and contractual, are in formulas.py.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from kpi_cli import customers, measures, metrics
from kpi_cli.ask import Ask, without
from kpi_cli.books import Books
from kpi_cli.customers import Cell
from kpi_cli.errors import InputError
from kpi_cli.exports.tables import Source
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.opening import open_books
from kpi_cli.period import Every, Window, shift, start_of
from kpi_cli.questions import predicting
from kpi_cli.questions.cac import acquisition, tell_first_purchases, tell_free
from kpi_cli.questions.explaining import explain
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.questions.laying_out import figure_columns, lay_out
from kpi_cli.questions.predicting import Models, Prediction, Wanted
from kpi_cli.questions.roi import compared_with, tell_below_zero
from kpi_cli.result import Column, Null, Result, Row
from kpi_cli.texts import label, money_text, note

USES = ("sales", "spend", "costs")
NEEDS = (("sales",),)

FIGURES = (
    Figure("customers", "count", "higher"),
    Figure("orders", "count", "higher"),
    Figure("aov", "money", "higher"),
    Figure("purchase_frequency", "multiple", "higher"),
    Figure("repeat_rate", "rate", "higher"),
    Figure("days_between_purchases", "days", "lower"),
    Figure("ltv", "money", "higher"),
)
AGAINST_COST = (
    Figure("cac", "money", "lower"),
    Figure("ltv_cac", "multiple", "higher"),
    Figure("payback_months", "months", "lower"),
)
AHEAD = (
    Figure("alive", "count", "higher"),
    Figure("expected_purchases", "count", "higher"),
    Figure("expected_revenue", "money", "higher"),
)
_OF_CUSTOMERS = ("customers", "purchase_frequency", "repeat_rate", "days_between_purchases", "ltv")


class Worth(Struct):
    """An answer, and what a file with a row a customer can be made from."""

    result: Result
    books: Books
    prediction: Prediction | None = None

    def fitted(self) -> Models:
        """The models that rows a customer are made with, settled or not.

        Raises:
            InputError: the sales name no customers, or have no dates.
        """
        if self.prediction and self.prediction.fitted:
            return self.prediction.fitted
        source = self.books.store.of_role("sales")[0]
        file = source.file
        if customers.names_buyers(self.books):
            raise InputError("no_dates", "the sales have no dates to predict from", "give sales with dates", file)
        raise InputError("no_customer_id", "the sales name no customers", _customer_columns(source), file)


def ltv(ask: Ask, wanted: Wanted | None = None) -> Worth:
    """Customers, orders, value to date and cohorts by the dimensions of the first order; the future if wanted.

    Raises:
        UsageError: a dimension that the sales do not have; a holdout longer than the sales.
        InputError: what cannot be read or added for certain; under --strict, a model that is not settled.
        NoDataError: no sales, or none in the period.
    """
    books = open_books(ask, USES, NEEDS, enough="people")
    measures.check_dimensions(books, ("sales",))
    named = customers.fill_buyers(books)
    _tell(books, named=named)
    prediction = None
    if wanted:
        dims = ask.dimensions
        prediction = predicting.predict(books, wanted, dims) if named else predicting.nothing("no_customer_id")
    answer = _answer(books, books.window, prediction, named=named)
    before = None
    if earlier := compared_with(books):
        before = (earlier, _answer(books, earlier, None, named=named))
    if _has_cost(books) and named:
        tell_free(books, answer)
        tell_below_zero(books, answer)
    figures = FIGURES + (AGAINST_COST if _has_cost(books) else ()) + (AHEAD if prediction else ())
    cohorts = _cohorts(books) if named else []
    if cohorts and not any(at_risk for cohort in cohorts for at_risk in cohort["at_risk"]):
        books.notes.append(note("cohorts_too_young", unit=label(_unit(books)).lower()))
    result = lay_out("ltv", books, figure_columns(figures, ask.profit_share), answer, before)
    if ask.profit_share is None:
        result.nulls.append(Null(None, "margin_per_customer", "no_margin"))
    result.extra |= {
        "cohort_unit": _unit(books),
        "cohorts": cohorts,
        "model": prediction.model if prediction else None,
    }
    if ask.explain:
        _explain(result, answer.total, ask.profit_share)
    return Worth(result, books, prediction)


def _has_cost(books: Books) -> bool:
    return books.has("spend") or books.has("costs")


def _tell(books: Books, *, named: bool) -> None:
    """Notes on whom the figures speak of."""
    if _has_cost(books) and named:
        tell_first_purchases(books)
    if not named:
        for source in books.store.of_role("sales"):
            books.notes.append(note("no_customer_id", file=source.file, hint=_customer_columns(source)))
        return
    orders, revenue = customers.unnamed(books, books.window)
    if orders:
        amount = money_text(revenue, books.currency)
        books.notes.append(note("sales_without_customer", count=orders, amount=amount))
    if books.window and (older := customers.bought_before(books, books.window)):
        books.notes.append(note("bought_before", count=older))


def _customer_columns(source: Source) -> str:
    """How an export of this format comes to say who bought."""
    hint = label(f"{source.format}", "customer_columns")
    return label("generic", "customer_columns") if hint == source.format else hint


def _explain(result: Result, sums: Measures, margin: Decimal | None) -> None:
    """How the total's ratios come about; payback is read off the months, not computed by a formula."""
    explain(result, margin, {**sums, "margin_ltv": result.total["ltv"]})
    told = result.extra["explain"]
    told["metrics"] = [entry for entry in told["metrics"] if entry["metric"] != "payback_months"]


# ------------------------------------------------------------------------------------------- observed


def _answer(books: Books, window: Window | None, prediction: Prediction | None, *, named: bool) -> Answer:
    """Every group's figures and the total's, for one window."""
    if not named:
        return Answer({}, *_nameless(books, window, prediction))
    dims = books.ask.dimensions
    rows: Table = customers.observed(books, window, dims) if dims else {}
    costs = acquisition(books, window) if _has_cost(books) else Answer({}, {}, {})
    answer = Answer({}, {}, {})
    for key, sums in sorted(rows.items()):
        of_cost = costs.rows.get(key, {}), costs.reasons.get(key, {})
        answer.rows[key], answer.reasons[key] = _figures(books, sums, of_cost)
        if prediction:
            answer.rows[key] |= prediction.groups.get(key, dict.fromkeys(predicting.FIGURES))
            answer.reasons[key] |= prediction.reasons
    whole = customers.observed(books, window, ()).get((), {})
    answer.total, answer.reasons[None] = _figures(books, whole, (costs.total, costs.reasons.get(None, {})))
    if prediction:
        answer.total |= prediction.total
        answer.reasons[None] |= prediction.reasons
    return answer


def _figures(books: Books, sums: Measures, of_cost: tuple[Measures, dict[str, str]]) -> tuple[Measures, dict[str, str]]:
    """The metrics of one row of sums, and the reasons of those that are null."""
    margin = books.ask.profit_share
    spent, why = of_cost
    values: Measures = {"customers": 0, "orders": 0, "days_between_purchases": None, **sums}
    reasons = {}
    if values["days_between_purchases"] is None:
        reasons["days_between_purchases"] = "no_repeat_purchases"
    for name in ("aov", "purchase_frequency", "repeat_rate", "ltv"):
        _evaluate(name, {**sums, "margin": margin}, values, reasons)
    if _has_cost(books):
        values |= {name: spent.get(name) for name in ("cost", "new_customers", "cac", "payback_months")}
        reasons |= {name: why.get(name, "no_cost") for name in ("cac", "payback_months") if values[name] is None}
        worth = None if margin is None else values["ltv"]
        _evaluate("ltv_cac", {"margin_ltv": worth, "cac": values["cac"]}, values, reasons)
    if books.window is None:
        values["repeat_rate"] = values["purchase_frequency"] = None
        reasons |= dict.fromkeys(("repeat_rate", "purchase_frequency", "days_between_purchases"), "no_dates")
    return values, reasons


def _evaluate(name: str, given: Measures, values: Measures, reasons: dict[str, str]) -> None:
    values[name], reason = metrics.evaluate(name, given)  # type: ignore[assignment]  # these metrics give numbers
    if reason:
        reasons[name] = reason


def _nameless(
    books: Books, window: Window | None, prediction: Prediction | None
) -> tuple[Measures, dict[Key | None, dict[str, str]]]:
    """The total of sales that say nothing of who bought: orders and their mean, the rest null."""
    orders, revenue = customers.unnamed(books, window)
    names = [*_OF_CUSTOMERS, *(predicting.FIGURES if prediction else ())]
    names += [figure.name for figure in AGAINST_COST] if _has_cost(books) else []
    total: Measures = {"orders": orders, **dict.fromkeys(names)}
    reasons = dict.fromkeys(names, "no_customer_id")
    _evaluate("aov", {"revenue": revenue, "orders": orders}, total, reasons)
    return total, {None: reasons}


# -------------------------------------------------------------------------------------------- cohorts

Cohort = dict[str, Any]


def _unit(books: Books) -> Every:
    """The unit of time cohorts are followed by."""
    return books.ask.every or "month"  # type: ignore[return-value]  # one of UNITS, or open_books has refused it


def _cohorts(books: Books) -> list[Cohort]:
    """Each cohort's customers, and by units of time since they were won: active, and value per customer to date.

    A cell speaks of the customers won long enough ago for its unit of time to be over (`at_risk`), and is null
    where there are none. Their value to date is per customer won, whether active or not.
    """
    unit, dims = _unit(books), books.ask.dimensions or ("month",)
    window, observed = books.window, customers.observed_through(books, unit)
    if window is None or observed is None:
        return []
    sizes: dict[Key, dict[dt.date, int]] = defaultdict(dict)
    for (key, won), count in customers.cohort_sizes(books, window, dims, unit).items():
        sizes[key][won] = count
    cells: dict[Key, dict[tuple[dt.date, int], Cell]] = defaultdict(dict)
    for cell in customers.cohort_cells(books, window, dims, unit):
        cells[cell.key][cell.won, cell.age] = cell
    past = _past_units(observed, unit)
    earliest = min((won for group in sizes.values() for won in group), default=past)
    ages = range(max(_age(earliest, past, unit) + 1, 1))
    return [
        {"cohort": " / ".join(key), "size": sum(group.values()), **_followed(books, group, cells[key], ages, past)}
        for key, group in sorted(sizes.items(), key=lambda item: _order(books, *item))
    ]


def _order(books: Books, key: Key, group: dict[dt.date, int]) -> tuple[int, Key]:
    """Cohorts stand by time, else the largest first."""
    by_time = bool(books.ask.every) or not books.ask.dimensions
    return 0 if by_time else -sum(group.values()), key


def _past_units(observed: dt.date, unit: Every) -> dt.date:
    """The first day of the last unit of time that is over by the end of that day."""
    return shift(start_of(observed + dt.timedelta(days=1), unit), -1, unit)


def _age(won: dt.date, day: dt.date, unit: Every) -> int:
    """How many units of time after another one begins; below 0 where it is before."""
    if unit in ("day", "week"):
        return (day - won).days // (7 if unit == "week" else 1)
    months = 12 * (day.year - won.year) + day.month - won.month
    return months // {"month": 1, "quarter": 3, "year": 12}[unit]


def _followed(
    books: Books, group: dict[dt.date, int], cells: dict[tuple[dt.date, int], Cell], ages: range, past: dt.date
) -> dict[str, list[Any]]:
    unit, margin = _unit(books), books.ask.profit_share
    followed: dict[str, list[Any]] = {
        name: [] for name in ("at_risk", "active", "revenue_per_customer", "margin_per_customer")
    }
    brought: dict[dt.date, Decimal] = defaultdict(Decimal)
    for age in ages:
        for won in group:
            brought[won] += cells[won, age].revenue if (won, age) in cells else 0
        old = [won for won in group if _age(won, past, unit) >= age]
        at_risk = sum(group[won] for won in old)
        per_customer = sum((brought[won] for won in old), Decimal(0)) / at_risk if at_risk else None
        active = sum(cells[won, age].active for won in old if (won, age) in cells)
        followed["at_risk"].append(at_risk)
        followed["active"].append(active if at_risk else None)
        followed["revenue_per_customer"].append(per_customer)
        known = per_customer is not None and margin is not None
        followed["margin_per_customer"].append(per_customer * margin if known else None)  # type: ignore[operator]
    return followed


def cohort_rows(worth: Worth) -> Result:
    """The same answer with a row a cohort and unit of time, as a spreadsheet takes it.

    Raises:
        UsageError: rows in another order, or some of them only.
    """
    without(worth.books.ask, ("--sort", "--top", "--compare"), "cohorts stand in their own order")
    result = worth.result
    unit = str(result.extra["cohort_unit"])
    columns = [
        Column("cohort", label("cohort"), "text"),
        Column("age", label(f"{unit}s_since"), "count"),
        Column("size", label("size"), "count", "higher"),
        Column("at_risk", label("at_risk"), "count"),
        Column("active", label("active"), "count", "higher"),
        Column("retention_rate", label("retention_rate"), "rate", "higher"),
        Column("revenue_per_customer", label("revenue_per_customer"), "money", "higher"),
        Column("margin_per_customer", label("margin_per_customer"), "money", "higher"),
    ]
    rows = list(_cells(result.extra["cohorts"]))
    nulls = [null for null in result.nulls if null.row is None]
    return Result(
        result.question,
        columns,
        rows,
        result.total,
        by=["cohort", "age"],
        currency=result.currency,
        period=result.period,
        nulls=nulls,
        notes=result.notes,
        sources=result.sources,
        config=result.config,
        extra=result.extra,
    )


def _cells(cohorts: Sequence[Cohort]) -> Iterator[Row]:
    for cohort in cohorts:
        for age, at_risk in enumerate(cohort["at_risk"]):
            if at_risk:
                cell: Row = {"cohort": cohort["cohort"], "age": age, "size": cohort["size"], "at_risk": at_risk}
                active = cohort["active"][age]
                cell |= {"active": active, "retention_rate": metrics.retention_rate(Decimal(active), at_risk)}
                names = ("revenue_per_customer", "margin_per_customer")
                yield cell | {name: cohort[name][age] for name in names}
