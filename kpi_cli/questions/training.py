"""Return on a training: what it brought, for its direct cost and the time of those who took part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from kpi_cli import measures, metrics
from kpi_cli.ask import ROWS, Ask, without
from kpi_cli.books import Books
from kpi_cli.errors import InputError, NoDataError
from kpi_cli.metrics import METRICS
from kpi_cli.opening import open_books
from kpi_cli.period import PeriodOptions, Window, whole_unit
from kpi_cli.questions.laying_out import on_books
from kpi_cli.result import Column, Null, Result, Row, Unit, Value
from kpi_cli.texts import label, note
from kpi_cli.training import Training

_UNITS: dict[str, Unit] = {
    "gain": "money",
    "direct_cost": "money",
    "indirect_cost": "money",
    "cost": "money",
    "profit": "money",
    "roi": "rate",
}
_OTHERS = ("revenue", "media_cost", "roas", "mer")  # of `kpi roi`; a training has none of them


def training_roi(ask: Ask, training: Training) -> Result:
    """The return on one training, its gain stated in the file or measured on sales before and after.

    Raises:
        UsageError: an option that asks for rows or another period.
        InputError: periods that cannot be compared, or sales that cannot be read for certain.
        NoDataError: no sales in those periods.
    """
    without(ask, (*ROWS, "--allocate"), "a training is one figure, and its file says its periods")
    books = _sales_books(ask, training)
    gain = _gain(ask, training, books)
    indirect = training.participants * training.hours * training.hourly_cost
    direct = sum(training.direct.values(), Decimal(0))
    given: Row = {"gain": gain, "direct_cost": direct, "indirect_cost": indirect}
    value, reason = metrics.evaluate("training_roi", given)
    total: Row = {**given, "cost": direct + indirect, "profit": gain - direct - indirect, "roi": value}
    nulls = [Null(None, "roi", reason)] if reason else []
    nulls += [Null(None, name, "training") for name in _OTHERS]
    result = Result("roi", _columns(), [], total | dict.fromkeys(_OTHERS), nulls=nulls)
    if books:
        on_books(result, books)
    result.currency = training.currency or result.currency
    result.extra = {"training": _facts(training), "explain": _explained(training, given, value)}
    return result


def _columns() -> list[Column]:
    lower = {"direct_cost", "indirect_cost", "cost"}
    names = {"roi": "training_roi"}
    return [
        Column(name, label(names.get(name, name)), unit, "lower" if name in lower else "higher")
        for name, unit in _UNITS.items()
    ]


def _sales_books(ask: Ask, training: Training) -> Books | None:
    """The sales of both periods, when the gain is to be measured on files."""
    measured = training.sales
    if measured is None or not (isinstance(measured.before, Window) and isinstance(measured.after, Window)):
        return None
    before, after = measured.before, measured.after
    if before.days != after.days and not (whole_unit(before) and whole_unit(before) == whole_unit(after)):
        text = f"{before.days} days before are held against {after.days} after"
        raise InputError("unequal_periods", text, "give two periods of one length", training.file)
    period = PeriodOptions(from_=min(before.start, after.start), to=max(before.end, after.end))
    books = open_books(replace(ask, period=period, by=()), ("sales",), (("sales",),))
    if training.currency and books.currency != training.currency:
        said = f"costs in {training.currency} are held against sales in {books.currency or 'no stated currency'}"
        raise InputError("currencies_mixed", said, "give both in one currency, or say --currency", training.file)
    return books


def _gain(ask: Ask, training: Training, books: Books | None) -> Decimal:
    """What is stated, else the margin of the sales after, less that of the sales before."""
    if training.sales is None:
        return training.gain or Decimal(0)
    before, after, margin = training.sales
    sums = [_revenue(books, side) if books and isinstance(side, Window) else side for side in (before, after)]
    share = margin if margin is not None else ask.profit_share
    if share is None and books:
        books.notes.append(note("gain_is_revenue"))
    earlier, later = (Decimal(str(side)) for side in sums)
    return (later - earlier) * (1 if share is None else share)


def _revenue(books: Books, window: Window) -> Decimal:
    spans = [source.period for source in books.store.of_role("sales") if source.period]
    if not any(first <= window.end and last >= window.start for first, last in spans):
        said = f"no sales file covers {window.start} to {window.end}"
        raise NoDataError("no_row_in_period", said, "add one that does")
    return Decimal(measures.sales(books, window).get((), {}).get("revenue") or 0)


def _facts(training: Training) -> dict[str, Any]:
    return {
        "name": training.name,
        "direct": dict(training.direct),
        "participants": training.participants,
        "hours": training.hours,
        "hourly_cost": training.hourly_cost,
    }


def _explained(training: Training, given: Row, value: Value) -> dict[str, Any]:
    """Both formulas with their numbers."""
    time: Row = {"participants": training.participants, "hours": training.hours, "hourly_cost": training.hourly_cost}
    steps: list[tuple[str, str, Row, Value]] = [
        ("indirect_cost", "indirect_cost", time, given["indirect_cost"]),
        ("roi", "training_roi", given, value),
    ]
    entries = [
        {"metric": column, "formula": METRICS[n].formula, "inputs": inputs, "value": v, "source": METRICS[n].source}
        for column, n, inputs, v in steps
    ]
    return {"metrics": entries, "files": []}
