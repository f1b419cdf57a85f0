"""Return on investment: what came back for what was spent.

files → books → measures (sums by group) → metrics (ratios of those sums) → Result.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from kpi_cli import measures, metrics
from kpi_cli.ask import Ask
from kpi_cli.books import Books
from kpi_cli.coverage import longest_gap
from kpi_cli.measures import Key, Measures
from kpi_cli.opening import open_books
from kpi_cli.period import Window, previous
from kpi_cli.questions.allocating import allocate
from kpi_cli.questions.explaining import PAID, explain
from kpi_cli.questions.figures import Answer, Figure, of_all_channels
from kpi_cli.questions.laying_out import figure_columns, lay_out
from kpi_cli.result import Result
from kpi_cli.texts import label, money_text, note, share_text

USES = ("spend", "sales", "costs")
NEEDS = (("sales",), ("spend", "costs"))
ZERO = Decimal(0)

FIGURES = (
    Figure("revenue", "money", "higher"),
    Figure("media_cost", "money", "lower"),
    Figure("cost", "money", "lower"),
    Figure("profit", "money", "higher"),
    Figure("roi", "rate", "higher"),
    Figure("roas", "multiple", "higher"),
)
MER = Figure("mer", "multiple", "higher", total_only=True)


def roi(ask: Ask) -> Result:
    """Revenue, cost, profit, ROI and ROAS by the dimensions asked for.

    Raises:
        UsageError: a dimension no file has.
        InputError: what cannot be read or added for certain.
        NoDataError: no sales, no cost, or none in the period.
    """
    books = open_books(ask, USES, NEEDS, enough=None if ask.allocate == "customers" else "sums")
    measures.check_dimensions(books, USES)
    answer = _answer(books, books.window)
    before = None
    if earlier := compared_with(books):
        before = (earlier, _answer(books, earlier))
    tell_unattributed(books)
    tell_below_zero(books, answer)
    columns = figure_columns((*FIGURES, MER), ask.profit_share)
    result = lay_out("roi", books, columns, answer, before)
    if ask.explain:
        explain(result, ask.profit_share, answer.total)
    return result


def calculate(revenue: Decimal, cost: Decimal, margin: Decimal | None) -> Result:
    """ROI of two figures given by hand."""
    total, reasons = _figures({"revenue": revenue, "media_cost": cost, "cost": cost}, margin)
    total["mer"] = total["roas"]
    nulls: dict[Key | None, dict[str, str]] = {None: reasons}
    columns = figure_columns((*FIGURES, MER), margin)
    result = lay_out("roi", None, columns, Answer({}, total, nulls), None)
    explain(result, margin)
    return result


def compared_with(books: Books) -> Window | None:
    """The period compared with. Where it is cut as the data end, a note tells what later cost has nothing beside it."""
    how, window = books.ask.period.compare, books.window
    if not (how and window):
        return None
    last = through(books)
    if last and last >= window.start:
        rest = Window(last + dt.timedelta(days=1), window.end)
        cost = measures.cost_by_day(measures.ungrouped(books), rest)
        if cost:
            books.notes.append(note("cost_past_data", day=last, amount=money_text(cost, books.currency)))
    return previous(window, how, last)


def through(books: Books) -> dt.date | None:
    """The last day with data, where they end inside the window: that of the sales, as far as they reach over a gap."""
    ends = [(s.role, s.period[1]) for s in books.store.sources if s.period and s.role in books.uses]
    sold = max((day for role, day in ends if role == "sales"), default=None)
    if sold is None or books.window is None or sold >= books.window.end:
        return None
    if sold + longest_gap(books) < books.window.end:
        return sold
    last = max((day for role, day in ends if role not in {"sales", "costs"}), default=books.window.end)
    return max(last, sold) if last < books.window.end else None


def _answer(books: Books, window: Window | None) -> Answer:
    """Every group's figures and the total's, for one window."""
    groups = measures.joined(
        measures.sales(books, window),
        measures.spend(books, window),
        measures.costs(books, window),
    )
    if not books.ask.dimensions:
        groups = {(): groups.get((), {})}
    allocate(books, window, groups)
    attributable = measures.attributable(books, window)
    answer = Answer({}, {}, {})
    for key, found in rows_of(books, window, groups, attributable).items():
        answer.rows[key], answer.reasons[key] = found
    answer.total, answer.reasons[None] = total_of(books, window, groups, attributable)
    if not books.ask.dimensions:
        answer.rows.clear()
        answer.reasons = {None: answer.reasons[None]}
    return answer


def rows_of(
    books: Books, window: Window | None, groups: dict[Key, Measures], attributable: bool
) -> dict[Key, tuple[Measures, dict[str, str]]]:
    """Each group's figures, and why some are null: of one channel, or, where rows hold all channels, of those."""
    if not of_all_channels(books):
        return {key: _row_of(books, sums, attributable) for key, sums in sorted(groups.items())}
    paid = measures.revenue_of_paid_channels(books, window)
    return {key: whole_of(books, sums, attributable, paid.get(key, ZERO)) for key, sums in sorted(groups.items())}


def _row_of(books: Books, sums: Measures, attributable: bool) -> tuple[Measures, dict[str, str]]:
    """One group's figures, and why some are null."""
    media = sums.get("media_cost", ZERO)
    cost = media + sums.get("other_cost", ZERO)  # type: ignore[operator]  # sums of money are never None here
    given: Measures = {"revenue": sums.get("revenue", ZERO), "media_cost": media, "cost": cost}
    if not attributable and cost:
        return _unattributed(given)
    return _figures(given, books.ask.profit_share)


def _unattributed(given: Measures) -> tuple[Measures, dict[str, str]]:
    """A row with cost when no sale says where it came from: its revenue is not known."""
    names = ("revenue", "profit", "roi", "roas")
    return given | dict.fromkeys(names), dict.fromkeys(names, "sales_without_source")


def _figures(given: Measures, margin: Decimal | None) -> tuple[Measures, dict[str, str]]:
    """The metrics of one row of sums, and the reasons of those that are null."""
    values = dict(given)
    reasons = {}
    for name in ("profit", "roi", "roas"):
        value, reason = metrics.evaluate(name, {**given, "margin": margin})
        values[name] = value  # type: ignore[assignment]  # these metrics give numbers
        if reason:
            reasons[name] = reason
    return values, reasons


def total_of(
    books: Books, window: Window | None, groups: dict[Key, Measures], attributable: bool
) -> tuple[Measures, dict[str, str]]:
    """The total's figures: ratios of the sums over all groups, and why some are null."""

    def whole(name: str) -> Decimal:
        return sum((Decimal(sums.get(name) or 0) for sums in groups.values()), ZERO)

    sums: Measures = {name: whole(name) for name in ("revenue", "media_cost", "other_cost")}
    paid = measures.revenue_of_paid_channels(measures.ungrouped(books), window)
    total, reasons = whole_of(books, sums, attributable, paid.get((), ZERO))
    total["mer"], reason = metrics.evaluate("mer", total)  # type: ignore[assignment]
    if reason:
        reasons["mer"] = reason
    return total, reasons


def whole_of(books: Books, sums: Measures, attributable: bool, paid: Decimal) -> tuple[Measures, dict[str, str]]:
    """The figures of all channels together: their ROAS is that of the channels that have media cost."""
    media = Decimal(sums.get("media_cost") or 0)
    cost = media + Decimal(sums.get("other_cost") or 0)
    given: Measures = {"revenue": sums.get("revenue", ZERO), "media_cost": media, "cost": cost}
    whole, reasons = _figures(given, books.ask.profit_share)
    if media and not attributable:
        whole["roas"], reasons["roas"] = None, "sales_without_source"
    elif media:
        whole[PAID] = paid
        whole["roas"] = metrics.evaluate("roas", {**given, "revenue": paid})[0]  # type: ignore[assignment]
    return whole, reasons


def tell_below_zero(books: Books, answer: Answer) -> None:
    """Name the groups that were credited more than they were charged, whose ratios mean little."""
    below = [key for key, row in [*answer.rows.items(), (None, answer.total)] if (row["cost"] or 0) < 0]
    if below:
        names = ", ".join(" / ".join(label(part, "special") for part in key or ("Total",)) for key in below)
        books.notes.append(note("negative_cost", names=names))


def tell_unattributed(books: Books) -> None:
    """Notes on revenue of which nobody says where it came from."""
    if not measures.attributable(books, books.window):
        books.notes.append(note("sales_without_source"))
        return
    lost, whole = measures.unattributed_revenue(books, books.window)
    if lost:
        share = share_text(lost / whole) if whole else "–"
        amount = money_text(lost, books.currency)
        books.notes.append(note("unattributed_revenue", amount=amount, share=share))
