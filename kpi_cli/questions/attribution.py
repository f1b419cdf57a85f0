"""Which channels are credited with the conversions: one attribution model, or all of them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from kpi_cli import touch_paths
from kpi_cli.ask import OF_COST, Ask, without
from kpi_cli.books import Books
from kpi_cli.errors import UsageError
from kpi_cli.models.attribution import HALF_LIFE, MODELS, ORDERLESS, Credit
from kpi_cli.opening import open_books
from kpi_cli.questions.figures import Answer, Figure
from kpi_cli.questions.laying_out import lay_out
from kpi_cli.result import Column, Result
from kpi_cli.safe import quoted
from kpi_cli.texts import label, note, number_text

ALL = "all"
ROLES = ("touches",)
_MOST = 3  # how many channels a note names
Credits = Mapping[str, Credit | None]


def attribution(ask: Ask, model: str = ALL, half_life: float = HALF_LIFE) -> Result:
    """Conversions and their value credited to channels; credits sum exactly to the conversions.

    Args:
        ask: a file of touches, or of paths.
        model: one of `kpi_cli.models.attribution.MODELS`, dashes allowed, or "all".
        half_life: days, of time-decay.

    Raises:
        UsageError: an unknown model, other rows than channels, or time-decay without times.
        InputError: a touch that has no place in a path.
        NoDataError: no touches, or none in the period.
    """
    name = model.replace("-", "_")
    if name not in (*MODELS, ALL):
        known = ", ".join(m.replace("_", "-") for m in (*MODELS, ALL))
        raise UsageError("unknown_model", f"no attribution model {quoted(model)}", f"choose one of {known}")
    if ask.every or ask.period.compare or set(ask.by) - {"channel"}:
        raise UsageError(
            "by_channel_only", "attribution is by channel, for one period", "leave --by, --every, --compare out"
        )
    without(ask, OF_COST, "credit is no cost")
    ask = replace(ask, by=("channel",))
    books = open_books(ask, ROLES, (ROLES,), enough="people")
    tied = touch_paths.fill_steps(books, books.window)
    if tied and name not in ORDERLESS:
        books.notes.append(note("touches_tied", count=tied))
    return _all(books, half_life) if name == ALL else _one(books, name, half_life)


def _one(books: Books, model: str, half_life: float) -> Result:
    found = touch_paths.credits(books, model, half_life)
    answer = Answer({}, {}, {None: {}})
    for channel, credit in found.items():
        answer.rows[(channel,)] = {"credit": credit.conversions, "credited_value": credit.value}
        answer.reasons[(channel,)] = _no_value(credit)
    worth = [credit.value for credit in found.values() if credit.value is not None]
    if worth and books.currency is None:
        books.notes.append(note("currency_unstated", file=books.store.of_role("touches")[0].file))
    answer.total["credit"] = sum((credit.conversions for credit in found.values()), Decimal(0))
    answer.total["credited_value"] = sum(worth, Decimal(0)) if worth else None
    answer.reasons[None] = {} if worth else {"credited_value": "no_value"}
    heading = f"{label('credit')}: {label(f'credit_{model}')}"
    columns = [
        (Figure("credit", "count", "higher"), Column("credit", heading, "count", "higher")),
        _column(Figure("credited_value", "money", "higher")),
    ]
    return lay_out("channels", books, columns, answer, None)


def _no_value(credit: Credit) -> dict[str, str]:
    return {"credited_value": "no_value"} if credit.value is None else {}


def _column(figure: Figure) -> tuple[Figure, Column]:
    return figure, Column(figure.name, label(figure.name), figure.unit, figure.better)


def _all(books: Books, half_life: float) -> Result:
    """A column a model; time-decay is null where paths are written without times."""
    found = {model: _credits_or_none(books, model, half_life) for model in MODELS}
    names = [f"credit_{model}" for model in MODELS]
    answer = Answer({}, {}, {})
    for channel in next(credits for credits in found.values() if credits):
        row = {f"credit_{m}": credits[channel].conversions if credits else None for m, credits in found.items()}
        known = [credit for credit in row.values() if credit is not None]
        answer.rows[(channel,)] = {**row, "credit_spread": max(known) - min(known)}
    for name in names:
        column = [row[name] for row in answer.rows.values()]
        answer.total[name] = None if None in column else sum((Decimal(credit or 0) for credit in column), Decimal(0))
    untimed = {name: "no_touch_times" for name in names if answer.total[name] is None}
    answer.reasons = dict.fromkeys([*answer.rows, None], untimed)
    _tell_moves(books, answer)
    figures = [*(Figure(name, "count", "higher") for name in names), Figure("credit_spread", "count")]
    return lay_out("channels", books, [_column(figure) for figure in figures], answer, None)


def _credits_or_none(books: Books, model: str, half_life: float) -> dict[str, Credit] | None:
    try:
        return touch_paths.credits(books, model, half_life)
    except UsageError as error:
        if error.code != "no_touch_times":
            raise
        return None


def _tell_moves(books: Books, answer: Answer) -> None:
    """Name the channels whose credit depends most on the model."""
    spread = sorted(answer.rows, key=lambda key: (-Decimal(answer.rows[key]["credit_spread"] or 0), key))
    said = []
    for key in spread[:_MOST]:
        row = {name: value for name, value in answer.rows[key].items() if value is not None and name != "credit_spread"}
        low, high = min(row, key=lambda name: row[name] or 0), max(row, key=lambda name: row[name] or 0)
        if row[low] != row[high]:
            said.append(f"{key[0]}, {_told(row[low])} ({label(low)}) – {_told(row[high])} ({label(high)})")
    if said:
        books.notes.append(note("credit_moves", moves="; ".join(said)))


def _told(credit: Decimal | int | None) -> str:
    """A credit in a sentence: one decimal at most."""
    return number_text(round(Decimal(credit or 0), 1))
