"""What customers won in the window will buy and bring: BG/NBD with Gamma-Gamma on their histories.

Everything is as of one day, `end`: the last covered day of the window, an earlier --as-of, or, with a holdout,
the last day before it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from kpi_cli import customers
from kpi_cli.books import Books
from kpi_cli.errors import InputError, UsageError
from kpi_cli.measures import Key, Measures
from kpi_cli.period import Duration, Window, as_of
from kpi_cli.texts import label, note

if TYPE_CHECKING:
    from kpi_cli.models.clv import BgNbd, Fitted, GammaGamma

NAME = "BG/NBD with Gamma-Gamma"
FIGURES = ("alive", "expected_purchases", "expected_revenue")
_YEAR = Duration(Decimal(12), "month")
_BANDS = ("1", "2", "3", "4+")  # purchases made so far
_CENTURY = 36_525  # days
_BLOCK = 50_000


class Wanted(Struct, frozen=True):
    """What is to be predicted.

    Args:
        horizon: how far ahead; by default the holdout's length, else 12 months.
        holdout: how much of the data, at its end, the prediction is held against instead of learning from it.
        monthly_discount: a fraction a month.
        first_purchase: whether a new customer's value counts the first purchase.

    Raises:
        UsageError: a length of time shorter than the model's unit, the week, or longer than a century.
    """

    horizon: Duration | None = None
    holdout: Duration | None = None
    monthly_discount: Decimal = Decimal(0)
    first_purchase: bool = False

    def __post_init__(self) -> None:
        for option, length in (("--horizon", self.horizon), ("--holdout", self.holdout)):
            if length and length.days < 7:
                raise UsageError(
                    "short_horizon", f"{option} {length} is shorter than a week, the model's unit", "give 1w or more"
                )
            if length and length.days > _CENTURY:
                raise UsageError("long_horizon", f"{option} {length} is longer than a century", "give 100y or less")

    @property
    def weeks(self) -> float:
        """The horizon in weeks."""
        return float((self.horizon or self.holdout or _YEAR).weeks)


class Prediction(Struct):
    """The `model` of contract §6, the predicted figures by group and in total, and why some are null."""

    model: dict[str, Any]
    total: Measures
    reasons: dict[str, str] = field(default_factory=dict)
    groups: dict[Key, Measures] = field(default_factory=dict)
    fitted: Models | None = None


class Models(Struct, frozen=True):
    """The two fitted models, and what they are asked: the horizon in weeks and the discount a month."""

    purchases: BgNbd
    values: GammaGamma
    weeks: float
    discount: float

    @property
    def reasons(self) -> dict[str, str]:
        """Why figures cannot be given: value needs both models, the others the first."""
        why = self.purchases.reason
        names = FIGURES if why else ("expected_revenue",) if self.values.reason else ()
        return dict.fromkeys(names, why or self.values.reason or "")

    def of(self, histories: customers.Arrays) -> dict[str, Any]:
        """P(alive), purchases and discounted value of each history's customers, one customer each."""
        import numpy as np

        from kpi_cli.models import clv

        history = clv.History(histories["x"], histories["recency"] / 7, histories["age"] / 7)
        unknown = np.full(len(histories["x"]), np.nan)
        if self.purchases.reason:
            return dict.fromkeys((*FIGURES, "expected_value"), unknown)
        worth = unknown
        if not self.values.reason:
            # The expected value is linear in the mean, so the mean of customers alike gives theirs together.
            mean = histories["spent"] / np.maximum(histories["n"] * histories["paid"], 1)
            worth = clv.expected_value(self.values, histories["paid"], mean)
        return {
            "alive": clv.p_alive(self.purchases, *history),
            "expected_purchases": clv.expected_purchases(self.purchases, self.weeks, *history),
            "expected_revenue": clv.customer_value(self.purchases, history, worth, self.weeks, self.discount),
            "expected_value": worth,
        }


def predict(books: Books, wanted: Wanted, dims: Sequence[str]) -> Prediction:
    """Fit on the customers won in the window and predict from its end.

    Raises:
        UsageError: a holdout, or an --as-of, that leaves nothing to learn from.
        InputError: under --strict, data that do not settle the model.
    """
    if books.window is None:
        return nothing("no_dates")
    window, held = _calibration(books, wanted)
    count = customers.fill_histories(books, window)
    groups, histories = customers.histories(books, dims)
    models = _fitted(histories, customers.repeat_values(books), wanted)
    _tell(books, models, window)
    each = models.of(histories)
    weights = histories["n"]
    total = _total(each, weights)
    model = {
        "name": NAME,
        "time_unit": "week",
        **_said(models),
        "end": window.end,
        "customers": count,
        "horizon": wanted.weeks,
        "monthly_discount": wanted.monthly_discount,
        **total,
        "new_customer": _new_customer(books, models, wanted),
        "holdout": _held_out(books, models, histories, held),
        "segments": _segments(groups, histories, each, dims),
    }
    by_group = {key: _part(each, weights, histories["segment"] == place) for place, key in enumerate(groups)}
    return Prediction(model, total, models.reasons, by_group if dims else {}, models)


def nothing(reason: str) -> Prediction:
    """A prediction that cannot be made, every figure null."""
    nulls: dict[str, Any] = dict.fromkeys(FIGURES)
    model = {
        "name": NAME,
        "time_unit": "week",
        "parameters": {
            "bg_nbd": dict.fromkeys(("r", "alpha", "a", "b")),
            "gamma_gamma": dict.fromkeys(("p", "q", "v")),
        },
        "standard_errors": {
            "bg_nbd": dict.fromkeys(("r", "alpha", "a", "b")),
            "gamma_gamma": dict.fromkeys(("p", "q", "v")),
        },
        "log_likelihood": {"bg_nbd": None, "gamma_gamma": None},
        "reasons": {"bg_nbd": reason, "gamma_gamma": reason},
        **dict.fromkeys(("end", "customers", "horizon", "monthly_discount")),
        **nulls,
        "new_customer": None,
        "holdout": None,
        "segments": [],
    }
    return Prediction(model, dict(nulls), dict.fromkeys(FIGURES, reason))


def _calibration(books: Books, wanted: Wanted) -> tuple[Window, Window | None]:
    """What is learned from, and what is held out of it."""
    assert books.window is not None
    covered = [s.period[1] for s in books.store.of_role("sales") if s.period]
    said = [as_of(books.ask.period)] if books.ask.period.as_of else []
    last = min([books.window.end, max(covered, default=books.window.end), *said])
    held = None
    if wanted.holdout:
        after = last + dt.timedelta(days=1)
        held = Window(wanted.holdout.before(after), last)
        last = held.start - dt.timedelta(days=1)
    first = customers.first_purchase(books, books.window)
    if first and last < first:
        option = "--holdout" if wanted.holdout else "--as-of"
        raise UsageError(
            "nothing_to_learn", f"{option} leaves no sale to learn from", "give a later day or hold out less"
        )
    return Window(min(books.window.start, last), last), held


def _fitted(histories: customers.Arrays, values: customers.Arrays, wanted: Wanted) -> Models:
    from kpi_cli.models import clv

    columns = histories["x"], histories["recency"] / 7, histories["age"] / 7
    return Models(
        clv.fit_bg_nbd(*columns, histories["n"]),
        clv.fit_gamma_gamma(values["paid"], values["mean"], values["n"]),
        wanted.weeks,
        float(wanted.monthly_discount),
    )


def _said(models: Models) -> dict[str, Any]:
    """What the fits say of themselves; parameters that are not settled are null."""
    fits: dict[str, tuple[Fitted, str]] = {
        "bg_nbd": (models.purchases, "r alpha a b"),
        "gamma_gamma": (models.values, "p q v"),
    }
    return {
        "parameters": {
            name: {p: None if fit.reason else getattr(fit, p) for p in names.split()}
            for name, (fit, names) in fits.items()
        },
        "standard_errors": {
            name: {p: None if fit.reason else fit.standard_errors.get(p) for p in names.split()}
            for name, (fit, names) in fits.items()
        },
        "log_likelihood": {name: fit.log_likelihood for name, (fit, _) in fits.items()},
        "reasons": {name: fit.reason for name, (fit, _) in fits.items()},
    }


def _total(each: dict[str, Any], n: Any) -> Measures:
    return {name: _known(float((each[name] * n).sum())) for name in FIGURES}


def _part(each: dict[str, Any], n: Any, chosen: Any) -> Measures:
    return _total({name: each[name][chosen] for name in FIGURES}, n[chosen])


def _known(value: float) -> Any:
    """A figure, None when it is not a number."""
    return value if value == value else None


def _segments(
    groups: Sequence[Key], histories: customers.Arrays, each: dict[str, Any], dims: Sequence[str]
) -> list[dict[str, Any]]:
    """Customers, and P(alive), purchases and value summed, by group, else by purchases made so far."""
    import numpy as np

    names = [" / ".join(key) for key in groups] if dims else list(_BANDS)
    place = histories["segment"] if dims else np.minimum(histories["x"], len(_BANDS) - 1)
    found = []
    for number, name in enumerate(names):
        chosen = place == number
        count = int(histories["n"][chosen].sum())
        if count:
            found.append({"segment": name, "customers": count, **_part(each, histories["n"], chosen)})
    return found


def _new_customer(books: Books, models: Models, wanted: Wanted) -> Measures:
    """What a customer won today buys again within the horizon, and brings; the first purchase only if asked for."""
    import numpy as np

    today = {name: np.zeros(1) for name in ("x", "recency", "age", "paid", "spent")} | {"n": np.ones(1)}
    each = models.of(today)
    first = customers.mean_first_value(books) if wanted.first_purchase else 0.0
    return {
        "expected_purchases": _known(float(each["expected_purchases"][0])),
        "expected_revenue": _known(float(each["expected_revenue"][0]) + first),
    }


def _held_out(books: Books, models: Models, histories: customers.Arrays, held: Window | None) -> dict[str, Any] | None:
    """Predicted against actual purchase days in the window held out, of the customers known before it."""
    from kpi_cli.models import clv

    if held is None:
        return None
    actual = customers.purchases_in(books, held)
    predicted = None
    if not models.purchases.reason:
        columns = histories["x"], histories["recency"] / 7, histories["age"] / 7
        each = clv.expected_purchases(models.purchases, held.days / 7, *columns)
        predicted = float((each * histories["n"]).sum())
    error = predicted / actual - 1 if predicted is not None and actual else None
    return {"start": held.start, "end": held.end, "predicted": predicted, "actual": actual, "error": error}


def _tell(books: Books, models: Models, window: Window) -> None:
    """What was done with refunds, same-day purchases and zero values, and what the models could not settle."""
    same_day, free, refunded = customers.purchase_facts(books, window)
    books.notes.append(note("purchases_counted", same_day=same_day, free=free, refunded=refunded))
    if models.values.dropped:
        books.notes.append(note("no_repeat_value", count=models.values.dropped))
    for name, fit in (("BG/NBD", models.purchases), ("Gamma-Gamma", models.values)):
        if fit.reason:
            code = "not_converged" if fit.reason == "not_converged" else "not_identified"
            said = note(code, model=name, reason=label(fit.reason, "reasons"))
            books.notes.append(said)
            if books.ask.reading.strict:
                raise InputError(code, said.text, "give a longer history, or leave --strict out")


# --------------------------------------------------------------------------------- a row a customer

CUSTOMER_COLUMNS = (
    *("platform", "customer", "first_purchase", "last_purchase", "frequency", "recency", "T", "mean_value"),
    *("p_alive", "expected_purchases", "expected_value", "expected_revenue"),
)


def customers_csv(books: Books, models: Models) -> bytes:
    """One row a customer as CSV; no id in it starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CUSTOMER_COLUMNS)
    for platform, name, *figures in each_customer(books, models):
        guard = "'" if name.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else ""
        writer.writerow([platform, guard + name, *(_text(f) if isinstance(f, float) else f for f in figures)])
    return out.getvalue().encode()


def each_customer(books: Books, models: Models) -> Iterator[tuple[Any, ...]]:
    """One row a customer: history in weeks, P(alive), expected purchases, value of one, and all of it; else NaN."""
    platforms = {str(s.format) for s in books.store.of_role("sales")}
    for block in customers.each_customer(books, _BLOCK):
        yield from _rows(block, models, platforms)


def _rows(block: list[tuple[Any, ...]], models: Models, platforms: set[str]) -> Iterator[tuple[Any, ...]]:
    import numpy as np

    ids, firsts, lasts, *columns = zip(*block, strict=True)
    x, recency, age, paid, spent = (np.array(column, float) for column in columns)
    each = models.of({"x": x, "recency": recency, "age": age, "paid": paid, "spent": spent, "n": np.ones(len(x))})
    mean = np.where(paid > 0, spent / np.maximum(paid, 1), np.nan)
    figures = [recency / 7, age / 7, mean, each["alive"]]
    figures += [each[name] for name in ("expected_purchases", "expected_value", "expected_revenue")]
    numbers = zip(*(column.tolist() for column in figures), strict=True)
    for name, first, last, days, row in zip(ids, firsts, lasts, x.astype(int).tolist(), numbers, strict=True):
        yield *_named(name, platforms), first, last, days, *row


def _named(customer: str, platforms: set[str]) -> tuple[str, str]:
    """Where an id comes from, and the id as the export writes it; an e-mail address is its own."""
    platform, colon, name = customer.partition(":")
    return (platform, name) if colon and platform in platforms else ("", customer)


def _text(value: float) -> str:
    return "" if value != value else f"{value:.6f}".rstrip("0").rstrip(".")
